//! Files that somebody made up: what they say is not worth memory or time before the file bears it out.

use super::*;

/// The most that a refusal may take: far below what the made-up numbers would.
const SECONDS: u64 = 30;
const MEBIBYTES: u64 = 600;

/// Runs commands with a limit on memory and processor time; says what the last one said.
fn bounded(words: &str, paths: &[&Path]) -> Output {
    let line = format!("ulimit -t {SECONDS}; ulimit -v {}; exec \"$@\"", (MEBIBYTES + 1400) << 10);
    let mut command = Command::new("sh");
    // Another test may have begun a process while a file was open here, which then has its lock as well.
    command.env("HDF5_USE_FILE_LOCKING", "FALSE");
    command.args(["-c", &line, "sh"]).arg(program::path());
    let mut paths = paths.iter();
    for word in words.split(' ') {
        match word {
            "@" => command.arg(paths.next().expect("a path")),
            word => command.arg(word),
        };
    }
    command.output().expect("a shell")
}

/// Makes a NetCDF file.
fn netcdf(path: &Path, make: impl Fn(&mut netcdf::FileMut)) {
    gridloom_testkit::files::change_netcdf(path, |file| {
        make(file);
        Ok(())
    });
}

fn axes(file: &mut netcdf::FileMut, days: usize, rows: usize, columns: usize) {
    for (name, length, units) in [
        ("time", days, "days since 1860-01-01"),
        ("lat", rows, "degrees_north"),
        ("lon", columns, "degrees_east"),
    ] {
        file.add_dimension(name, length).expect("a dimension");
        let mut variable = file.add_variable::<f64>(name, &[name]).expect("a variable");
        if length > 1000 {
            variable.set_chunking(&[length.min(1 << 16)]).expect("chunks");
            variable.set_compression(9, true).expect("a filter");
        } else {
            let values: Vec<f64> = (0..length).map(|index| 10.25 - 0.5 * index as f64).collect();
            variable.put_values(&values, ..).expect("values");
        }
        variable.put_attribute("units", units).expect("an attribute");
    }
    let mut data = file.add_variable::<f32>("npp", &["time", "lat", "lon"]).expect("a variable");
    data.set_chunking(&[1, rows.min(64), columns.min(64)]).expect("chunks");
    data.put_attribute("units", "kg m-2 s-1").expect("an attribute");
}

#[test]
fn small_grids_that_say_they_are_large_are_refused_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, picture) = (folder.path().join("large.nc"), folder.path().join("map.svg"));
    for [days, rows, columns] in [[1 << 40, 4, 4], [1 << 28, 4, 4], [2, 1 << 14, 1 << 14], [2, 4, 1 << 40]] {
        let _ = std::fs::remove_file(&path);
        netcdf(&path, |file| axes(file, days, rows, columns));
        assert!(path.metadata().expect("a file").len() < 100_000);
        for (words, paths) in [
            ("plot map @ -o @ -q", vec![path.as_path(), &picture]),
            ("tables @ -o @ -q", vec![path.as_path(), &folder.path().join("tables")]),
        ] {
            let output = bounded(words, &paths);
            let what = format!("{days} x {rows} x {columns}, {words}");
            assert_orderly(&output, &what);
            assert_eq!(output.status.code(), Some(1), "{what}: {}", talk(&output));
            assert!(talk(&output).contains("does not fit"), "{what}: {}", talk(&output));
        }
    }
}

#[test]
fn long_attributes_are_drawn_in_no_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, picture) = (folder.path().join("long.nc"), folder.path().join("map.svg"));
    let long = "a long name of many words ".repeat(16_000);
    netcdf(&path, |file| {
        axes(file, 1, 4, 4);
        file.add_attribute("title", long.as_str()).expect("an attribute");
        let mut data = file.variable_mut("npp").expect("the variable");
        data.put_attribute("long_name", long.as_str()).expect("an attribute");
        data.put_values(&[1f32; 16], ..).expect("values");
    });
    let output = bounded("plot map @ -o @ -q", &[&path, &picture]);
    assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
}

/// Changes an archive by HDF5's library, which makes its checksums right.
fn change(archive: &Path, change: impl Fn(&hdf5_metno::Group) -> hdf5_metno::Result<()>) {
    let file = hdf5_metno::File::open_rw(archive).expect("an archive");
    let cell = file.group("grd_171-226").expect("a cell");
    change(&cell).expect("a change");
}

fn count(cell: &hdf5_metno::Group, name: &str, count: i64) -> hdf5_metno::Result<()> {
    let dataset = cell.dataset(&format!("annual/{name}"))?;
    let mut counts = dataset.read_raw::<i64>()?;
    counts[0] = count;
    dataset.write_raw(&counts)
}

#[test]
fn archives_that_count_more_than_they_hold_are_refused_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let (sound, archive, copy, out) = (at("sound.nc"), at("run.nc"), at("copy.nc"), at("out"));
    assert_eq!(run("cells write @ -o @ -q", &[&sample(), &sound]).status.code(), Some(3));
    type Change = fn(&hdf5_metno::Group) -> hdf5_metno::Result<()>;
    let changes: [(&str, Change); 4] = [
        ("communities", |cell| count(cell, "communities", 1 << 47)),
        ("strategies", |cell| count(cell, "strategies", -1)),
        ("npp", |cell| cell.dataset("npp")?.resize([1 << 47])),
        ("time", |cell| cell.dataset("time")?.resize([1 << 30])),
    ];
    for (name, craft) in changes {
        std::fs::copy(&sound, &archive).expect("a copy");
        change(&archive, craft);
        let (run, crafted) = (sample(), std::fs::read(&archive).expect("an archive"));
        let commands: [(&str, &[&Path]); 14] = [
            ("cells verify @", &[&archive]),
            ("cells verify @ @", &[&archive, &run]),
            ("cells list @ --json", &[&archive]),
            ("cells list @ --cell 171-226", &[&archive]),
            ("cells get @ --cell 171-226 --format json", &[&archive]),
            ("cells stream @", &[&archive]),
            ("cells append @ @ -q", &[&run, &archive]),
            ("cells replace @ @ --cells 171-226 -q", &[&run, &archive]),
            ("cells drop @ --cells 171-226 -q", &[&archive]),
            ("cells repack @ -q", &[&archive]),
            ("cells write @ -o @ --overwrite --fresh -q", &[&archive, &copy]),
            ("tables @ -o @ --tables biomass,community,strategies --fresh -q", &[&archive, &out]),
            ("inspect @ --deep", &[&archive]),
            ("verify @ @", &[&run, &archive]),
        ];
        for (words, paths) in commands {
            std::fs::write(&archive, &crafted).expect("an archive");
            let start = std::time::Instant::now();
            let output = bounded(words, paths);
            let what = format!("{name}, {words}");
            assert_orderly(&output, &what);
            assert!(start.elapsed().as_secs() < 60, "{what} takes {:?}", start.elapsed());
            if words.contains("verify") {
                assert_eq!(output.status.code(), Some(4), "{what}: {}", talk(&output));
                assert!(talk(&output).contains("171-226"), "{what}: {}", talk(&output));
            }
        }
    }
}

/// What a picture takes grows with its size.
#[test]
fn pictures_that_are_too_large_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("small.nc");
    netcdf(&path, |file| {
        axes(file, 1, 4, 4);
        file.variable_mut("npp").expect("the variable").put_values(&[1f32; 16], ..).expect("values");
    });
    for (end, size, code) in [
        ("png", "2000 --dpi 600", 2),
        ("png", "100000 --dpi 10", 2),
        ("png", "1e9", 2),
        ("svg", "1e9", 2),
        ("pdf", "1e9", 2),
        ("png", "100 --dpi 1e9", 2),
        ("png", "300 --dpi 600", 0),
    ] {
        let picture = folder.path().join(format!("map.{end}"));
        let output = bounded(&format!("plot map @ -o @ -q --size {size}"), &[&path, &picture]);
        let what = format!("{end} {size}: {}", talk(&output));
        assert_orderly(&output, &what);
        assert_eq!(output.status.code(), Some(code), "{what}");
        assert_eq!(picture.exists(), code == 0, "{what}");
    }
}

/// HDF5 checks no text, and its crate takes all for UTF-8.
#[test]
fn texts_of_tables_that_are_not_utf8_are_differences() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let words = "tables @ -o @ --tables biomass --format hdf5 --drop-spool -q";
    assert!(matches!(run(words, &[&sample(), &out]).status.code(), Some(0 | 3)));
    let path = out.join("biomass.h5");
    let sound = std::fs::read(&path).expect("a table");
    for (text, place) in [(&b"kg m-2"[..], 5), (b"grid_y,grid_x,latitude", 21)] {
        let mut bytes = sound.clone();
        let at = bytes.windows(text.len()).position(|window| window == text).expect("a text");
        bytes[at + place] = 0xff;
        bytes[at + place + 1] = 0xe2;
        std::fs::write(&path, bytes).expect("a table");
        let output = run("verify @ @", &[&sample(), &out]);
        assert_orderly(&output, "verify");
        assert_eq!(output.status.code(), Some(4), "{}", talk(&output));
    }
}
