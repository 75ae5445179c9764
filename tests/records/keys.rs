//! Sums over a column that tells records apart: the same key twice in one cell and time is a record twice.

use std::io::Write;
use std::path::Path;

use gridloom::observer::Nobody;
use gridloom::records::{Gathering, Records};
use gridloom_testkit::{files, program};

const HEADER: &str = "lat,lon,date,country,calls\n";

fn write(folder: &Path, name: &str, lines: &[&str]) {
    let path = folder.join(name);
    std::fs::write(&path, format!("{HEADER}{}\n", lines.join("\n"))).expect("a file");
    files::settle(&path);
}

fn run(words: &[&str], folder: &Path) -> (Option<i32>, String) {
    let output = program::command().args(words).current_dir(folder).output().expect("the program");
    (output.status.code(), program::talk(&output))
}

fn description(more: &str) -> String {
    format!(
        "[source]\nname = \"calls\"\nfiles = \"day*.csv{{,.gz}}\"\n{more}\n[source.cell]\nlat = \"lat\"\nlon = \"lon\"\nstep = 0.5\nat = \"centre\"\n\
         [source.time]\nstamp = {{ column = \"date\", format = \"%Y-%m-%d\" }}\nstep = \"day\"\ncalendar = \"standard\"\n\
         [source.values]\nover = {{ country = \"sum\" }}\ntype = \"f8\"\n"
    )
}

/// The grid's values in the order of dates and cells, NaN where they are masked, and what was said.
fn grid(folder: &Path, more: &str, status: i32) -> (Vec<f64>, String) {
    std::fs::write(folder.join("calls.toml"), description(more)).expect("a description");
    let out = folder.join("out");
    let _ = std::fs::remove_dir_all(&out);
    let (code, said) = run(&["grid", "calls.toml", "-o", "out"], folder);
    assert_eq!(code, Some(status), "{said}");
    let (code, proof) = run(&["verify", "calls.toml", "out"], folder);
    assert_eq!(code, Some(status), "{proof}");
    assert!(proof.contains("0 differ"), "{proof}");
    let path = files::files_below(&out, "calls_").into_iter().next().expect("a grid");
    let values: Vec<f64> =
        netcdf::open(path).expect("NetCDF").variable("calls").expect("calls").get_values(..).expect("values");
    (values.into_iter().map(|value| if value > 1e19 { f64::NAN } else { value }).collect(), said)
}

fn same(found: &[f64], wanted: &[f64]) -> bool {
    found.len() == wanted.len()
        && found.iter().zip(wanted).all(|(one, other)| one == other || one.is_nan() && other.is_nan())
}

#[test]
fn a_key_twice_in_a_file_is_named_and_counts_once() {
    let _turn = program::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let lines = [
        "10.25,20.25,2001-01-01,39,1",
        "10.25,20.25,2001-01-01,0,2",
        "10.25,20.75,2001-01-01,39,4",
        "10.25,20.25,2001-01-01,39,8",
        "10.25,20.25,2001-01-02,39,16",
        "10.25,20.25,2001-01-01,a longer country,32",
        "10.25,20.25,2001-01-01,a longer country,64",
    ];
    write(folder.path(), "day1.csv", &lines);
    let (values, said) = grid(folder.path(), "repeated = \"error\"", 3);
    assert!(same(&values, &[35.0, 4.0, 16.0, f64::NAN]), "{values:?}");
    assert!(said.contains("day1.csv, line 5: ") && said.contains("day1.csv, line 8: "), "{said}");
    // Where a description says that they may be there twice, nothing is noticed.
    let (values, said) = grid(folder.path(), "repeated = \"sum\"", 0);
    assert!(same(&values, &[107.0, 4.0, 16.0, f64::NAN]), "{values:?}: {said}");
}

/// What was named: its file, its line, and the words.
type Named = (String, Option<u64>, String);

/// Values of files that are read together, or each by itself, and what was named: the file, the line and the words.
fn gathered(folder: &Path, piece: u64) -> (Vec<f64>, Vec<Named>, u64) {
    let records = Records::open(folder.join("calls.toml")).expect("a description");
    let how = Gathering::detect().threads(2).piece(piece);
    let run = records.gather(&folder.join(format!("store{piece}")), how, &Nobody).expect("records");
    let account = run.source().account().expect("an account").clone();
    let table = run.source().variables().expect("variables");
    let out = folder.join(format!("out{piece}"));
    let _ = std::fs::remove_dir_all(&out);
    run.plan().table(table).make(&out).expect("grids");
    let path = files::files_below(&out, "calls_").into_iter().next().expect("a grid");
    let file = netcdf::open(path).expect("NetCDF");
    let values: Vec<f64> = file.variable("calls").expect("calls").get_values(..).expect("values");
    let values = values.into_iter().map(|value| if value > 1e19 { f64::NAN } else { value }).collect();
    let named = account.faults.iter().map(|fault| (fault.file.clone(), fault.line, fault.message.clone()));
    (values, named.collect(), account.repeated)
}

#[test]
fn a_key_twice_in_several_files_is_named() {
    let _turn = program::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let days: [(&str, &[&str]); 4] = [
        (
            "day1.csv.gz",
            &[
                "10.25,20.25,2001-01-01,39,1",
                "10.25,20.25,2001-01-01,0,2",
                "10.25,20.75,2001-01-01,39,4",
                "10.25,20.25,2001-01-03,39,128",
            ],
        ),
        // Other keys of the same cell and time are other records.
        ("day2.csv.gz", &["10.25,20.25,2001-01-01,44,8", "10.25,20.25,2001-01-02,39,16"]),
        // All that a file has of a step again, from two others.
        (
            "day3.csv.gz",
            &[
                "10.25,20.25,2001-01-01,44,1024",
                "10.25,20.25,2001-01-01,0,2048",
                "10.25,20.25,2001-01-02,44,32",
            ],
        ),
        // A part of it again.
        ("day4.csv.gz", &["10.25,20.75,2001-01-01,39,5", "10.25,20.75,2001-01-01,1,6"]),
    ];
    for (name, lines) in days {
        let path = folder.path().join(name);
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(format!("{HEADER}{}\n", lines.join("\n")).as_bytes()).expect("memory");
        std::fs::write(&path, packed.finish().expect("memory")).expect("a file");
        files::settle(&path);
    }
    std::fs::write(folder.path().join("calls.toml"), description("repeated = \"error\""))
        .expect("a description");
    // Together: each record by itself, and the first counts.
    let (values, named, repeated) = gathered(folder.path(), u64::MAX);
    assert!(same(&values, &[11.0, 10.0, 48.0, f64::NAN, 128.0, f64::NAN]), "{values:?}");
    let lines: Vec<(&str, Option<u64>)> =
        named.iter().map(|(file, line, _)| (file.as_str(), *line)).collect();
    assert_eq!(lines, [("day3.csv.gz", Some(2)), ("day3.csv.gz", Some(3)), ("day4.csv.gz", Some(2))]);
    assert_eq!(repeated, 3);
    // Apart: what is there already as a whole does not count, and what is so in part is not known.
    let (values, named, _) = gathered(folder.path(), 10);
    assert!(same(&values, &[11.0, f64::NAN, 48.0, f64::NAN, 128.0, f64::NAN]), "{values:?} {named:?}");
    let of = |file: &str| {
        named.iter().find(|(own, ..)| own == file).map(|(_, line, words)| (*line, words.as_str()))
    };
    let (line, words) = of("day3.csv.gz").expect("it is named");
    assert!(line == Some(2) && words.contains("day1.csv.gz") && words.contains("which count"), "{words}");
    let (line, words) = of("day4.csv.gz").expect("it is named");
    assert!(
        line == Some(2) && words.contains("1 step cannot be told") && words.contains("masked"),
        "{words}"
    );
}

#[test]
fn other_words_for_repeated_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "day1.csv", &["10.25,20.25,2001-01-01,39,1", "10.75,20.25,2001-01-01,0,2"]);
    let text = "[source]\nfiles = \"day1.csv\"\nrepeated = \"last\"\n[source.values]\nover = { country = \"sum\" }\n";
    std::fs::write(folder.path().join("a.toml"), text).expect("a description");
    let (code, said) = run(&["plan", "a.toml"], folder.path());
    assert!(code == Some(2) || code == Some(1), "{code:?}: {said}");
    assert!(said.contains("`repeated` can be \"error\" or the same word"), "{said}");
}
