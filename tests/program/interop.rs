//! What other programs must read, other programs read: netCDF4, xarray, h5py, compliance-checker, CDO, ncdump, GDAL, R.
//!
//! Nothing runs where they are not there; a line says so.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use gridloom_testkit::files::{self, name};
use gridloom_testkit::{here, program};

/// The outputs of a run, made once for all tests: the run, where the files are.
struct Made {
    run: PathBuf,
    out: PathBuf,
    _folder: tempfile::TempDir,
}

fn grid(run: &Path, options: &[&str]) -> Made {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("out");
    let mut command = Command::new(program::path());
    let output =
        command.arg("grid").arg(run).arg("-o").arg(&out).args(options).output().expect("the program");
    let status = output.status.code();
    assert!(matches!(status, Some(0 | 3)), "{}: {status:?} {}", run.display(), text(&output));
    Made { run: run.to_owned(), out, _folder: folder }
}

fn sample() -> &'static Made {
    static MADE: OnceLock<Made> = OnceLock::new();
    MADE.get_or_init(|| grid(&files::sample(), &[]))
}

/// The real runs: folders that hold gridcells.
fn real() -> &'static [Made] {
    static MADE: OnceLock<Vec<Made>> = OnceLock::new();
    MADE.get_or_init(|| {
        let Some(folder) = here::real_runs() else { return Vec::new() };
        let mut runs: Vec<PathBuf> = std::fs::read_dir(folder)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").path())
            .collect();
        let is_cell = |entry: std::io::Result<std::fs::DirEntry>| {
            entry.is_ok_and(|entry| entry.file_name().to_string_lossy().starts_with("grd_"))
        };
        runs.retain(|run| std::fs::read_dir(run).is_ok_and(|mut entries| entries.any(is_cell)));
        runs.sort();
        runs.iter().map(|run| grid(run, &[])).collect()
    })
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn python_finds_every_number_where_it_belongs() {
    let Some(python) = here::python() else { return };
    for made in std::iter::once(sample()).chain(real()) {
        here::script(&python, "check_exact.py", &[&made.run, &made.out]);
    }
    let whole = grid(&files::sample(), &["--rows", "dimension", "--variables", "csoil,npp"]);
    here::script(&python, "check_exact.py", &[&whole.run, &whole.out]);
}

#[test]
fn xarray_netcdf4_and_h5py_agree_without_a_warning() {
    let Some(python) = here::python() else { return };
    for made in std::iter::once(sample()).chain(real()) {
        here::script(&python, "check_readers.py", &[&made.out]);
    }
    let whole = grid(&files::sample(), &["--rows", "dimension", "--variables", "csoil,npp"]);
    here::script(&python, "check_readers.py", &[&whole.out]);
}

#[test]
fn metadata_stand_in_front_of_data_and_others_can_add_to_a_file() {
    let Some(python) = here::python() else { return };
    here::script(&python, "check_packing.py", &[&sample().out]);
    let whole = grid(&files::sample(), &["--rows", "dimension", "--variables", "csoil", "--chunk", "7,2,2"]);
    here::script(&python, "check_packing.py", &[&whole.out]);
    let plain = grid(
        &files::sample(),
        &["--no-checksum", "--variables", "npp", "--every", "month", "--stat", "mean"],
    );
    here::script(&python, "check_packing.py", &[&plain.out, Path::new("--no-checksum")]);
}

#[test]
fn the_compliance_checker_has_nothing_to_say() {
    let Some(python) = here::python() else { return };
    for made in std::iter::once(sample()).chain(real()) {
        here::script(&python, "check_compliance.py", &[&made.out]);
    }
}

/// A file of plain values, one of a row of a variable, and one with a dimension of rows.
fn files() -> Vec<PathBuf> {
    static WHOLE: OnceLock<Made> = OnceLock::new();
    let options = ["--rows", "dimension", "--variables", "csoil"];
    let whole = WHOLE.get_or_init(|| grid(&files::sample(), &options));
    let mut files = Vec::new();
    for (out, prefix) in [(&sample().out, "npp_"), (&sample().out, "csoil_2_"), (&whole.out, "csoil_")] {
        files.extend(files::files_below(out, prefix));
    }
    assert_eq!(files.len(), 3, "{files:?}");
    files
}

/// GDAL takes a third dimension for a height or a time; rows of a variable are neither.
fn is_known(line: &str) -> bool {
    line.ends_with("dimension #1 (csoil_row) is not a Time dimension.")
}

/// Runs a program on a file; any other word on stderr, and any warning at all, is a failure.
fn reads(program: &str, before: &[&str], file: &Path, after: &[&Path]) -> String {
    let output = Command::new(program).args(before).arg(file).args(after).output().expect("a program");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let what = format!("{program} {before:?} {}", file.display());
    assert!(output.status.success(), "{what}: {:?} {stdout} {stderr}", output.status);
    let said = stderr.lines().filter(|line| !line.trim().is_empty() && !is_known(line));
    assert_eq!(said.collect::<Vec<_>>(), [""; 0], "{what}");
    assert!(!stdout.to_ascii_lowercase().contains("warning"), "{what}: {stdout}");
    stdout.into_owned()
}

#[test]
fn cdo_reads_and_averages() {
    if !here::on_path("cdo") {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    for file in files() {
        let info = reads("cdo", &["-s", "sinfon"], &file, &[]);
        assert!(info.contains("1979-01-01 00:00:00") && info.contains("lonlat"), "{info}");
        let years = folder.path().join("years.nc");
        reads("cdo", &["-s", "yearmean"], &file, &[&years]);
        let info = reads("cdo", &["-s", "ntime"], &years, &[]);
        assert_eq!(info.trim(), "3", "three years");
    }
}

#[test]
fn ncdump_shows_the_header() {
    if !here::on_path("ncdump") {
        return;
    }
    for file in files() {
        let header = reads("ncdump", &["-h"], &file, &[]);
        assert!(
            header.contains("time = UNLIMITED") && header.contains(":Conventions = \"CF-1.11"),
            "{header}"
        );
        reads("ncdump", &[], &file, &[]);
    }
}

#[test]
fn gdal_finds_the_place() {
    if !here::on_path("gdalinfo") {
        return;
    }
    for file in files() {
        let variable = if file.to_string_lossy().contains("npp_") { "npp" } else { "csoil" };
        let name = match file.file_name().expect("a name").to_string_lossy().starts_with("csoil_2_") {
            true => "csoil_2",
            false => variable,
        };
        let subset = PathBuf::from(format!("NETCDF:\"{}\":{name}", file.display()));
        let info = reads("gdalinfo", &[], &subset, &[]);
        assert!(info.contains("WGS 84") && info.contains("Pixel Size = (0.5"), "{info}");
        let origin = info.lines().find(|line| line.starts_with("Origin")).unwrap_or_default();
        assert!(origin.contains("-69.0") && origin.contains("5.0"), "{origin}");
    }
}

/// A grid of one row, one of one column, and one of one cell.
fn narrow() -> &'static [Made; 3] {
    static MADE: OnceLock<[Made; 3]> = OnceLock::new();
    MADE.get_or_init(|| {
        ["5,4.5,-70,-60", "5,0,-68.5,-68", "5,4.5,-68.5,-68"].map(|bbox| {
            let bbox = format!("--bbox={bbox}");
            grid(&files::sample(), &[&bbox, "--variables", "npp"])
        })
    })
}

/// Where they are: west, north, columns and rows of half a degree.
const NARROW: [(f64, f64, f64, f64); 3] =
    [(-70.0, 5.0, 20.0, 1.0), (-68.5, 5.0, 1.0, 10.0), (-68.5, 5.0, 1.0, 1.0)];

#[test]
fn gdal_finds_the_place_of_a_single_row_or_column() {
    if !here::on_path("gdalinfo") {
        return;
    }
    for (made, (west, north, columns, rows)) in narrow().iter().zip(NARROW) {
        let file = files::files_below(&made.out, "npp_").remove(0);
        let subset = format!("NETCDF:\"{}\":npp", file.display());
        let output = Command::new("gdalinfo").arg(&subset).output().expect("gdalinfo");
        let info = text(&output);
        let origin = format!("Origin = ({west:.15},{north:.15})");
        let east = format!("({:12.7},{:12.7})", west + columns / 2.0, north - rows / 2.0);
        let corner = info.lines().find(|line| line.starts_with("Lower Right")).unwrap_or_default();
        assert!(info.contains(&origin) && info.contains("Pixel Size = (0.500000000000000,-0.5"), "{info}");
        assert!(corner.contains(&east), "{corner}: {east}");
    }
    // Where coordinates say it, nothing can go stale.
    for file in files() {
        if here::on_path("ncdump") {
            assert!(!reads("ncdump", &["-h"], &file, &[]).contains("GeoTransform"), "{}", file.display());
        }
    }
    if let Some(python) = here::python() {
        here::script(&python, "check_compliance.py", &[&narrow()[0].out]);
    }
}

/// Projections of every method, and EPSG's number of those that have one.
const PROJECTIONS: [(&str, &str); 10] = [
    ("EPSG:32632", "32632"),
    ("EPSG:32720", "32720"),
    ("EPSG:3035", "None"),
    ("EPSG:3031", "None"),
    ("EPSG:3413", "None"),
    ("EPSG:5070", "None"),
    ("EPSG:3395", "None"),
    ("+proj=tmerc +lat_0=49 +lon_0=-2 +k=0.9996 +x_0=400000 +y_0=-100000 +ellps=WGS84", "None"),
    ("+proj=lcc +lat_1=30 +lat_2=50 +lat_0=40 +lon_0=10 +x_0=10 +y_0=20 +R=6370000", "None"),
    ("+proj=merc +lat_ts=33 +lon_0=7 +x_0=1 +y_0=2 +ellps=GRS80", "None"),
];

#[test]
fn others_find_the_place_of_a_projection() {
    let folder = tempfile::tempdir().expect("a folder");
    let records = folder.path().join("points.csv");
    std::fs::write(&records, "id,day,v\n1,2001-01-01,1\n2,2001-01-01,2\n6,2001-01-01,6\n").expect("records");
    for (index, (crs, code)) in PROJECTIONS.into_iter().enumerate() {
        for (rows, columns) in [(1, 6), (6, 1), (3, 2)] {
            let description = folder.path().join("points.toml");
            let text = format!(
                "[source]\nfiles = 'points.csv'\n[source.cell]\nid = 'id'\nfirst = 1\n\
                 order = ['south-north', 'west-east']\nshape = [{rows}, {columns}]\ncrs = '{crs}'\nsize = 5000\n\
                 south_west = [300000, 400000]\n[source.time]\nstamp = {{ column = 'day', format = '%Y-%m-%d' }}\nstep = 'day'\n"
            );
            std::fs::write(&description, text).expect("a description");
            let out = folder.path().join(format!("out{index}_{rows}"));
            let output = gridloom_testkit::program::command()
                .args(["grid", files::name(&description), "-o", files::name(&out), "-q"])
                .output()
                .expect("the program");
            assert!(output.status.success(), "{crs}: {}", self::text(&output));
            let file = files::files_below(&out, "v_").remove(0);
            if here::on_path("gdalinfo") {
                let info = self::text(
                    &Command::new("gdalinfo")
                        .arg(format!("NETCDF:\"{}\":v", file.display()))
                        .output()
                        .expect("gdalinfo"),
                );
                let north = 400_000 + 5000 * rows;
                assert!(
                    info.contains(&format!("Origin = (300000.000000000000000,{north}.000000000000000)")),
                    "{crs} {rows}: {info}"
                );
                assert!(
                    info.contains("Pixel Size = (5000.000000000000000,-5000.000000000000000)"),
                    "{crs} {rows}: {info}"
                );
            }
            if let Some(python) = here::python() {
                let found = here::script(&python, "check_projection.py", &[&file, Path::new(crs)]);
                assert_eq!(found, code, "{crs}");
            }
        }
    }
}

/// A program of R, where R has the package; what it printed.
fn r(package: &str, name: &str, arguments: &[&str]) -> Option<String> {
    if !here::on_path("Rscript") {
        return None;
    }
    let ask = format!("quit(status = !requireNamespace('{package}', quietly = TRUE))");
    if !Command::new("Rscript").args(["-e", &ask]).output().expect("R").status.success() {
        here::lack("r", &format!("R has no {package}"));
        return None;
    }
    let path = files::project("tests/r").join(name);
    let output = Command::new("Rscript").arg("--vanilla").arg(path).args(arguments).output().expect("R");
    assert!(output.status.success(), "{name} {arguments:?}: {}", text(&output));
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The values that R printed, as the floats that they are, and what it said of them.
fn series(text: &str) -> (String, Vec<Option<f32>>) {
    let (head, values) = text.split_once('\n').expect("a head");
    (
        head.to_owned(),
        values.lines().map(|line| line.trim().parse().ok().filter(|v: &f32| !v.is_nan())).collect(),
    )
}

#[test]
fn r_reads_grids_and_archives() {
    let sample = files::sample();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = files::files_below(&self::sample().out, "npp_").remove(0);
    let Some(found) = r("ncdf4", "read_series.R", &[name(&file), "npp", "4.75", "-68.25"]) else { return };
    let (head, grid) = series(&found);
    assert_eq!(head, "npp|6|5|1004|kg m-2 year-1|Net primary productivity");
    assert_eq!((grid.len(), grid[364]), (1004, Some(0.93386376)));
    for options in [&[][..], &["--tune", "random"], &["--tune", "archive"], &["--no-compress"]] {
        let archive = folder.path().join(format!("archive{}.nc", options.concat()));
        let mut command = Command::new(program::path());
        command.args(["cells", "write", "--quiet"]).args(options).arg(&sample).arg("-o").arg(&archive);
        assert_eq!(command.output().expect("the program").status.code(), Some(3));
        if options.contains(&"random") {
            // Its codec is one that R's library may lack.
            continue;
        }
        let found = r("ncdf4", "read_series.R", &[name(&archive), "grd_170-223/npp"]).expect("R");
        let (head, values) = series(&found);
        assert_eq!(head, "grd_170-223/npp|1004|kg m-2 year-1|Net primary productivity", "{options:?}");
        assert_eq!(values, grid, "{options:?}");
        let found = r("ncdf4", "read_series.R", &[name(&archive), "grd_170-223/csoil"]).expect("R");
        assert!(
            found.starts_with("grd_170-223/csoil|1004|4|"),
            "{}",
            found.lines().next().unwrap_or_default()
        );
    }
}

#[test]
fn r_sees_the_layers_with_their_dates_and_nothing_else() {
    let file = files::files_below(&sample().out, "npp_").remove(0);
    let Some(found) = r("terra", "read_layers.R", &[name(&file)]) else { return };
    assert_eq!(found, "layers 1004 \nvariables npp \ndates 1979-01-01 1981-09-30 \nmean 1.00959 \n");
}

#[test]
fn r_finds_the_place() {
    let file = files::files_below(&sample().out, "npp_").remove(0);
    let place = |file: &Path| r("terra", "read_place.R", &[name(file), "npp", "4.75", "-68.25"]);
    let Some(found) = place(&file) else { return };
    assert_eq!(found, "extent -69 -66 2.5 5 \nresolution 0.5 0.5 \nlayers 1004 \nvalue 0.858891785 \n");
    for (made, (west, north, columns, rows)) in narrow().iter().zip(NARROW) {
        let found = place(&files::files_below(&made.out, "npp_").remove(0)).expect("R");
        let (east, south) = (west + columns / 2.0, north - rows / 2.0);
        assert!(
            found.starts_with(&format!("extent {west} {east} {south} {north} \nresolution 0.5 0.5")),
            "{found}"
        );
        assert!(found.ends_with("value 0.858891785 \n"), "{found}");
    }
}
