//! Tables and aggregates as others read them, and as they come out of a work that was cut into pieces.
//!
//! Everything is done by the program: a child process would inherit the files that a test has open.

mod faults;
mod periods;
mod restarts;
mod scenarios;
mod sources;
mod stations;
mod traits;
mod upstream;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use gridloom_testkit::dumps::{self, Kind, Model, Variable};
use gridloom_testkit::files::{self, assert_same, bytes, name, report, sample};
use gridloom_testkit::here;
use gridloom_testkit::program::{self, assert_done, talk};

const ALL: &str =
    "daily,biomass,strategies,community,cell_year,limitation,annual,annual_limitation,region,stats";
const ROWS: &str = "daily,biomass,strategies,community,cell_year,limitation,region,stats";
/// A few series of each sort, where all of them would take long.
const SOME: [&str; 2] = ["--variables", "npp,csoil,lai,tsoil"];

/// A folder with the sample as `run`, to be changed.
fn copy_of_sample() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    files::copy(&sample(), &folder.path().join("run"));
    folder
}

fn program(command: &str, input: &Path, out: &Path, options: &[&str]) -> assert_cmd::Command {
    let mut program = program::command();
    program.arg(command).arg(input).arg("-o").arg(out).args(options).env("SOURCE_DATE_EPOCH", "0");
    program.timeout(Duration::from_secs(120));
    program
}

fn tables(run: &Path, out: &Path, options: &[&str]) -> Output {
    program("tables", run, out, options).output().expect("the program")
}

/// Compares a folder's tables with the dumps, where there is a Python.
fn check(run: &Path, out: &Path, options: &[&str]) {
    let Some(program) = here::python() else { return };
    let (run, out) = (run.to_str().expect("a name"), out.to_str().expect("a name"));
    println!("{}", here::script(&program, "check_tables.py", &[&[run, out][..], options].concat()));
}

#[test]
fn every_number_is_that_of_the_dumps() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("sample");
    assert_done(&tables(
        &sample(),
        &out,
        &["--tables", ALL, "--by-month", "--quantiles", "0,0.025,0.5,0.9,1"],
    ));
    check(&sample(), &out, &["--by-month", "--tables", ALL]);
    for run in ["k34_region", "meta_cell"] {
        let Some(runs) = here::real_runs() else { return };
        let (run, out) = (runs.join(run), folder.path().join(run));
        if run.is_dir() {
            assert_done(&tables(&run, &out, &["--tables", ALL, "--every", "season"]));
            check(&run, &out, &["--every", "season", "--tables", ALL]);
        }
    }
}

#[test]
fn all_formats_hold_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    for options in [
        vec!["--format", "feather"],
        vec!["--format", "csv"],
        vec!["--format", "csv", "--compress", "gzip"],
        vec!["--format", "csv", "--compress", "zstd"],
        vec!["--format", "hdf5"],
    ] {
        let out = folder.path().join(options.join(""));
        let options = [&SOME[..], &["--tables", ROWS, "--every", "year"], &options].concat();
        assert_done(&tables(&sample(), &out, &options));
        check(&sample(), &out, &[&SOME[..], &["--every", "year", "--tables", ROWS]].concat());
    }
}

#[test]
fn the_files_of_a_partition_are_the_whole_table() {
    let folder = tempfile::tempdir().expect("a folder");
    let wanted = ["--variables", "npp,csoil", "--tables", ROWS];
    for (by, first, count) in [
        ("year", "daily/year=1979/part-0.parquet", 3),
        ("month", "daily/year=1979/month=1/part-0.parquet", 33),
        ("lat-band", "daily/lat_band=0/part-0.parquet", 1),
        ("cell", "grd_170_223_19790101_19810930.parquet", 12),
    ] {
        for format in ["parquet", "feather", "csv", "hdf5"] {
            if format != "parquet" && !matches!((by, format), ("year", _) | ("month", "feather")) {
                continue;
            }
            let whole = folder.path().join(format!("whole-{format}"));
            let wanted = [&wanted[..], &["--format", format]].concat();
            if !whole.exists() {
                assert_done(&tables(&sample(), &whole, &wanted));
            }
            let out = folder.path().join(format!("{by}-{format}"));
            let options = if by == "cell" { vec!["--per-cell"] } else { vec!["--partition", by] };
            assert_done(&tables(&sample(), &out, &[&wanted[..], &options].concat()));
            let files = bytes(&out);
            let first = Path::new(first).with_extension(if format == "hdf5" { "h5" } else { format });
            assert!(files.contains_key(&first), "{by}: {:?}", files.keys());
            let is_daily =
                |path: &&PathBuf| path.starts_with("daily") || path.to_string_lossy().starts_with("grd_");
            assert_eq!(files.keys().filter(is_daily).count(), count, "{by}: {:?}", files.keys());
            check(&sample(), &out, &["--variables", "npp,csoil"]);
            // Readers of HDF5 know nothing of such folders.
            if let (Some(program), false, false) = (here::python(), by == "cell", format == "hdf5") {
                println!("{}", here::script(&program, "check_partition.py", &[name(&whole), name(&out), by]));
            }
        }
    }
}

/// Bands of latitude south of the equator have negative names.
#[test]
fn the_files_of_southern_bands_are_the_whole_table() {
    let Some(program) = here::python() else { return };
    let variables = vec![Variable::new("npp", Kind::F32, None)];
    let cells = [(178, 230), (181, 230), (199, 231), (201, 230), (300, 7)];
    let folder = Model::new(&cells, &[(0, 40)], variables).write();
    let (whole, out) = (folder.path().join("whole"), folder.path().join("bands"));
    assert_done(&tables(&folder.run(), &whole, &["--tables", "daily,stats"]));
    assert_done(&tables(&folder.run(), &out, &["--tables", "daily,stats", "--partition", "lat-band"]));
    assert!(out.join("daily/lat_band=-70/part-0.parquet").is_file(), "{:?}", bytes(&out).keys());
    here::script(&program, "check_partition.py", &[name(&whole), name(&out), "lat-band"]);
}

/// What the page on tables says of reading them is run.
#[test]
fn the_examples_of_the_page_read_what_they_say() {
    let Some(program_of_python) = here::python() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    std::fs::create_dir(&out).expect("a folder");
    for (command, options) in [
        ("tables", &["--tables", "daily,cell_year"][..]),
        ("tables", &["--tables", "daily,cell_year", "--partition", "year"]),
        ("tables", &["--tables", "region", "--format", "hdf5"]),
        ("grid", &["--every", "month", "--stat", "mean"]),
    ] {
        let part = folder.path().join(format!("{command} {options:?}"));
        let options = [options, &["--variables", "npp"]].concat();
        assert_done(&program(command, &sample(), &part, &options).output().expect("the program"));
        for entry in std::fs::read_dir(&part).expect("a folder") {
            let entry = entry.expect("an entry");
            let is_file = !entry.file_name().to_string_lossy().contains("gridloom")
                && entry.file_name() != "report.json";
            if is_file {
                std::fs::rename(entry.path(), out.join(entry.file_name())).expect("a name");
            }
        }
    }
    let page = files::project("docs/tables.md");
    println!(
        "{}",
        here::script(&program_of_python, "check_docs.py", &[name(&page), name(&out), "sample_run"])
    );
}

#[test]
fn regions_are_boxes_and_lists_of_cells() {
    let folder = tempfile::tempdir().expect("a folder");
    let (list, out) = (folder.path().join("two.csv"), folder.path().join("out"));
    std::fs::write(&list, "lat,lon\n4.75,-68.25\n3.25,-67.25\n").expect("a list");
    let options = ["--tables", "region", "--every", "month", "--regions", "all", "--mask", name(&list)];
    assert_done(&tables(&sample(), &out, &[&options[..], &SOME].concat()));
    let all = files::files_below(&sample(), "spin0001").into_iter().map(|path| {
        let cell = path.parent().and_then(Path::file_name).expect("a cell").to_string_lossy().into_owned();
        cell.trim_start_matches("grd_").to_owned()
    });
    let all = format!("all:{}", all.collect::<Vec<_>>().join("/"));
    check(&sample(), &out, &[&SOME[..], &["--regions", &all, "two:170-223/173-225"]].concat());
}

#[test]
fn a_part_of_the_axis_and_of_the_years() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let dates = ["--from", "1979-12-15", "--to", "1981-03-10"];
    let options =
        ["--tables", "daily,biomass,community,cell_year,region,stats", "--every", "season", "--by-month"];
    assert_done(&tables(&sample(), &out, &[&SOME[..], &dates, &options, &["--years", "1979,1981"]].concat()));
    let options = ["--every", "season", "--by-month", "--years", "1979,1981"];
    check(&sample(), &out, &[&SOME[..], &dates, &options].concat());
}

/// Calendars of other programs' weather: days without a date of ours are texts.
#[test]
fn days_of_other_calendars() {
    for calendar in ["noleap", "360_day", "julian", "all_leap"] {
        let variables = vec![
            Variable::new("npp", Kind::F32, None),
            Variable::new("csoil", Kind::F64, Some(2)),
            Variable::new("ls", Kind::I16, None),
        ];
        let cells = [(160, 230), (160, 231), (161, 230)];
        // With 29 February 1980, where the calendar has one.
        let model = Model::new(&cells, &[(43_150, 400), (43_550, 500)], variables);
        let folder = Model { calendar: calendar.to_owned(), ..model }.write();
        for format in ["parquet", "csv", "hdf5", "feather"] {
            let out = folder.path().join(format);
            let options = ["--tables", "daily,region,stats", "--by-month", "--format", format];
            let output = tables(&folder.run(), &out, &options);
            assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
            check(&folder.run(), &out, &["--by-month"]);
        }
    }
}

#[test]
fn nothing_selected_is_a_mistake() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    for options in [
        vec!["--bbox=80,70,0,10"],
        vec!["--tables", "daily,biomass", "--years", "2050-2060"],
        vec!["--from", "2050-01-01"],
        vec!["--variables", "nothing"],
    ] {
        let output = tables(&sample(), &out, &options);
        assert_eq!(output.status.code(), Some(2), "{options:?}: {}", talk(&output));
        assert!(talk(&output).contains("error: "), "{}", talk(&output));
        assert!(!out.exists(), "{options:?}");
    }
}

#[test]
fn aggregates_are_those_of_cdo() {
    if !here::on_path("cdo") {
        return;
    }
    let Some(program_of_python) = here::python() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let daily = folder.path().join("daily");
    // Both ends cut a month, a season and a year.
    let options = ["--variables", "npp,csoil_2,tsoil", "--from", "1979-01-15", "--to", "1981-03-10"];
    assert_done(&program("grid", &sample(), &daily, &options).output().expect("the program"));
    for every in ["month", "season", "year"] {
        let out = folder.path().join(every);
        let options = [&options[..], &["--every", every, "--stat", "mean,sum,min,max,std"]].concat();
        assert_done(&program("grid", &sample(), &out, &options).output().expect("the program"));
        println!("{}", here::script(&program_of_python, "check_aggregates.py", &[name(&daily), name(&out)]));
        let std = files::files_below(&out, &format!("npp_{every}_std"));
        let sum = files::files_below(&out, &format!("tsoil_{every}_sum"));
        for file in std.iter().chain(&sum) {
            here::script(&program_of_python, "check_compliance.py", &[name(file)]);
        }
    }
}
