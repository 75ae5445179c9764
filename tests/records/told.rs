//! What each command says of records that it could not use, and of what was found out for the user.

use std::path::Path;

use gridloom_testkit::{files, program};

/// A table with a line that cannot be read.
const BAD: &str =
    "lat,lon,year,npp,lai\n10.25,20.25,2000,1.5,2.25\n10.25,20.75,2000,x1,3.25\n9.75,20.25,2000,3.5,4.25\n";

fn run(words: &[&str], folder: &Path) -> (Option<i32>, String) {
    let output = program::command().args(words).current_dir(folder).output().expect("the program");
    (output.status.code(), program::talk(&output))
}

#[test]
fn no_command_loses_a_line_without_a_word() {
    let _turn = program::alone();
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("a.csv"), BAD).expect("a file");
    files::settle(&folder.path().join("a.csv"));
    for words in [
        &["plan", "a.csv"][..],
        &["grid", "a.csv", "-o", "grids"],
        &["grid", "a.csv", "-o", "stores", "--format", "zarr"],
        &["tables", "a.csv", "-o", "tables", "--format", "csv"],
        &["cells", "write", "a.csv", "-o", "a.nc"],
        &["verify", "a.csv", "grids"],
        &["verify", "a.csv", "tables"],
        &["cells", "verify", "a.nc", "a.csv"],
    ] {
        let (code, said) = run(words, folder.path());
        assert_eq!(code, Some(3), "{words:?}: {said}");
        assert!(said.contains("a.csv, line 3: "), "{words:?}: {said}");
        assert!(!words.contains(&"verify") || said.contains("0 differ"), "{words:?}: {said}");
    }
    // All that --quiet leaves is one line.
    let (code, said) = run(&["cells", "write", "a.csv", "-o", "b.nc", "--quiet"], folder.path());
    let is_told = said.starts_with("incomplete: ") && said.contains(" of records missing or damaged; ");
    assert!(code == Some(3) && is_told && said.lines().count() == 1, "{said}");
}

#[test]
fn what_is_found_out_is_told_with_its_evidence() {
    let _turn = program::alone();
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(
        folder.path().join("a.csv"),
        BAD.replace("x1", "2.5").replace("npp,lai", "npp,note").replace(".25\n", "good\n"),
    )
    .expect("a file");
    for words in [
        &["grid", "a.csv", "-o", "grids"][..],
        &["plan", "a.csv"],
        &["cells", "write", "a.csv", "-o", "a.nc"],
    ] {
        let (code, said) = run(words, folder.path());
        assert_eq!(code, Some(0), "{words:?}: {said}");
        for found in [
            "found out: cell.at = ",
            "found out: cell.step = 0.5",
            "found out: time.step = ",
            "found out: values.ignore = ",
        ] {
            assert!(said.contains(found), "{words:?}: {found} in {said}");
        }
    }
}

/// A number for places without a record may have more decimals than the records: it is kept as it was given.
#[test]
fn decimals_of_an_absent_value_are_kept() {
    let _turn = program::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let text = "lat,lon,year,npp\n10.25,20.25,2000,1.1\n10.25,20.75,2000,2.3\n10.25,20.25,2001,3.7\n";
    std::fs::write(folder.path().join("a.csv"), text).expect("a file");
    let description =
        "[source]\nfiles = \"a.csv\"\nabsent = 0.15\nkeep = \"decimals\"\n[source.cell]\nstep = 0.5\n";
    std::fs::write(folder.path().join("a.toml"), description).expect("a description");
    let (code, said) = run(&["grid", "a.toml", "-o", "out", "--quiet"], folder.path());
    assert_eq!(code, Some(0), "{said}");
    let path = files::files_below(&folder.path().join("out"), "npp").into_iter().next().expect("a grid");
    let values: Vec<f32> = netcdf::open(path)
        .and_then(|file| file.variable("npp").expect("a variable").get_values(..))
        .expect("values");
    let printed: Vec<String> = values.iter().map(|value| format!("{value:.2}")).collect();
    assert_eq!(printed, ["1.10", "2.30", "3.70", "0.15"]);
}

/// Parts of a run may have their columns in another order: a record that both have is a repeated one all the same.
#[test]
fn a_record_in_two_parts_of_other_columns_is_named() {
    let _turn = program::alone();
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in [
        ("1.csv", "lat,lon,year,npp,lai\n10.25,20.25,2000,1.5,2.5\n10.25,20.75,2000,1.25,3.5\n"),
        ("2.csv", "lat,lon,year,lai,npp\n10.25,20.75,2000,9.5,9.25\n9.75,20.25,2000,4.5,4.25\n"),
    ] {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    let description = "[source]\nfiles = \"*.csv\"\n[source.cell]\nstep = 0.5\n";
    std::fs::write(folder.path().join("a.toml"), description).expect("a description");
    let (code, said) = run(&["grid", "a.toml", "-o", "out"], folder.path());
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("2.csv, line 2: ") && said.contains("repeat"), "{said}");
    for (variable, expected) in [("npp", [1.5, 1.25, 4.25]), ("lai", [2.5, 3.5, 4.5])] {
        let path =
            files::files_below(&folder.path().join("out"), variable).into_iter().next().expect("a grid");
        let values: Vec<f32> = netcdf::open(path)
            .and_then(|file| file.variable(variable).expect("a variable").get_values(..))
            .expect("values");
        assert_eq!(values[..3], expected, "{variable}");
    }
}

/// Work goes on in a folder as long as the description makes the same of the files; where it makes something else, that is made.
#[test]
fn what_a_description_says_now_counts() {
    let _turn = program::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let text = "lat,lon,year,npp\n10.25,20.25,2000,1.125\n10.25,20.75,2000,2.375\n10.25,20.25,2001,3.5\n";
    std::fs::write(folder.path().join("a.csv"), text).expect("a file");
    files::settle(&folder.path().join("a.csv"));
    let values = |more: &str| {
        let description = format!("[source]\nfiles = \"a.csv\"\n{more}\n[source.cell]\nstep = 0.5\n");
        std::fs::write(folder.path().join("a.toml"), description).expect("a description");
        let (code, said) = run(&["grid", "a.toml", "-o", "out", "--quiet"], folder.path());
        assert_eq!(code, Some(0), "{more}: {said}");
        let path = files::files_below(&folder.path().join("out"), "npp").into_iter().next().expect("a grid");
        let read =
            netcdf::open(path).and_then(|file| file.variable("npp").expect("npp").get_values::<f32, _>(..));
        read.expect("values")
    };
    assert_eq!(values(""), [1.125, 2.375, 3.5, 1e20]);
    assert_eq!(values("absent = 0.5"), [1.125, 2.375, 3.5, 0.5]);
    assert_eq!(values("absent = 0.25"), [1.125, 2.375, 3.5, 0.25]);
    assert_eq!(values("repeated = \"sum\""), [1.125, 2.375, 3.5, 1e20]);
}
