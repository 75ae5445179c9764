//! The examples run, and say what their first lines promise.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use gridloom_testkit::{files, program};

/// Cargo puts examples beside the folder of test programs.
fn example(name: &str) -> PathBuf {
    let mut path = std::env::current_exe().expect("the test has a path");
    path.pop();
    path.pop();
    path.join("examples").join(name)
}

fn run(name: &str, arguments: &[&str]) -> String {
    let output = Command::new(example(name))
        .current_dir(files::project(""))
        .args(arguments)
        .output()
        .expect("the example is there: `cargo test` and `cargo build --examples` build it");
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn survey_run_lists_periods_and_variables() {
    let text = run("survey_run", &[]);
    assert!(text.contains("sample_run: 12 cells") && text.contains("csoil: float32, rows Some(4)"), "{text}");
}

#[test]
fn read_cell_reads_each_period() {
    assert_eq!(run("read_cell", &["data/sample_run", "170-223", "npp"]).lines().count(), 3);
}

#[test]
fn grid_run_writes_and_verifies() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = run("grid_run", &["data/sample_run", folder.path().to_str().expect("text")]);
    assert!(
        text.contains("csoil_2_sample_run_19790101_19810930.nc") && text.ends_with(" 0 differ\n"),
        "{text}"
    );
}

#[test]
fn read_all_reads_all_sound_dumps() {
    let text = run("read_all", &[]);
    assert!(text.contains("\"dumps\":34,") && text.contains("\"days\":11409,"), "{text}");
}

#[test]
fn read_archive_times_an_archive() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sample.nc");
    let grid = gridloom::model::grid::Grid::from_resolution(0.5).expect("half a degree divides the globe");
    let run = files::sample();
    let run = gridloom::run::Run::open(&run, grid).expect("a run");
    let (settings, nobody) = (gridloom::archive::Settings::default(), gridloom::Nobody);
    gridloom::archive::write(&run, &path, &settings, &nobody).expect("an archive");
    let text = run_archive(path.to_str().expect("text"));
    assert!(text.contains("list 12 cells") && text.contains("20 years at random"), "{text}");
}

fn run_archive(path: &str) -> String {
    run("read_archive", &[path, "20"])
}

#[test]
fn write_arrays_writes_changes_and_reads() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = run("write_arrays", &[folder.path().join("arrays.h5").to_str().expect("text")]);
    let wanted = ["zstd: [45, 4] float32", "log_places: [29, 2] uint64", "[101.0, 101.25, 101.5, 101.75]"];
    assert!(
        wanted.iter().all(|part| text.contains(part)) && text.contains("record 7: year 8: xxxxxxxx\n"),
        "{text}"
    );
}

/// Each command that the page for users of `dataframes.py` names does its work on the sample run, and what its CSVs say is what the dumps do.
#[test]
fn what_stands_beside_each_old_function_works() {
    let page = std::fs::read_to_string(files::project("docs/from-dataframes.md")).expect("the page");
    let folder = tempfile::tempdir().expect("a folder");
    let run = folder.path().join("RUN");
    files::copy(&files::sample(), &run);
    for name in ["pan_amazon_hist", "cities_MPI-ESM1-2-HR_hist"] {
        files::copy(&files::sample(), &folder.path().join("outputs").join(name));
    }
    let mut done = 0;
    for (index, span) in page.split('`').enumerate().filter(|(index, _)| index % 2 == 1) {
        let Some(command) = span.strip_prefix("gridloom ") else { continue };
        // Those of a table of contents, of a loop, of states, which others make, and of CSVs, which are tried below.
        if command.contains(" RUN OUT")
            || !command.contains(' ')
            || command.contains('*')
            || command.contains('$')
            || command.contains(".psz")
        {
            continue;
        }
        let command = command.replace('…', "npp").replace("-o OUT", &format!("-o out{index}"));
        let output = program::command()
            .current_dir(folder.path())
            .args(command.split(' '))
            .output()
            .expect("the program");
        assert!(matches!(output.status.code(), Some(0 | 3)), "{command}: {}", program::talk(&output));
        done += 1;
    }
    assert!(done >= 9, "{done} commands");
    let run_in = |arguments: &str| {
        let output = program::command()
            .current_dir(folder.path())
            .args(arguments.split(' '))
            .output()
            .expect("the program");
        assert!(matches!(output.status.code(), Some(0 | 3)), "{arguments}: {}", program::talk(&output));
    };
    run_in("tables RUN -o csv --tables daily --variables npp,csoil --per-cell --format csv -q");
    run_in("grid csv/grd_*.csv -o again --preset caete-csv -q");
    run_in("grid RUN -o first --variables npp,csoil -q");
    let kinds = |out: &str| -> BTreeSet<String> {
        let grids = files::files_below(&folder.path().join(out), "").into_iter();
        let names =
            grids.filter_map(|path| Some(path.file_name()?.to_str()?.split_once("_1979")?.0.to_owned()));
        names.map(|name| name.replace("_grd", "").replace("_RUN", "")).collect()
    };
    assert_eq!((kinds("again"), kinds("again").len()), (kinds("first"), 5));
    let table = |grids: &str| {
        let grid = files::files_below(&folder.path().join(grids), "npp_").remove(0);
        let out = format!("{grids}_table");
        run_in(&format!("tables {} -o {out} --tables daily --format csv -q", grid.display()));
        std::fs::read_to_string(folder.path().join(out).join("daily.csv")).expect("a table")
    };
    let (again, first) = (table("again"), table("first"));
    assert!(first.lines().count() > 11_000 && again == first);
}
