//! What files and the program say of what was made: titles, the time that is covered, losses, lines of records.

use std::path::Path;
use std::process::Output;

use gridloom_testkit::files::{files_below, name, sample};
use gridloom_testkit::program::{self, talk};

fn gridloom(words: &[&str]) -> Output {
    program::command().args(words).env("SOURCE_DATE_EPOCH", "0").output().expect("the program")
}

fn made(words: &[&str]) {
    let output = gridloom(words);
    assert!(matches!(output.status.code(), Some(0 | 3)), "{words:?}: {}", talk(&output));
}

/// Attributes of a folder's only file whose name begins so.
fn said(folder: &Path, prefix: &str) -> Vec<String> {
    let files = files_below(folder, prefix);
    let file = netcdf::open(&files[0]).expect("NetCDF");
    let names = ["title", "start", "end", "duration", "resolution"];
    let text = |name: &&str| {
        let own = if **name == *"title" { "title".to_owned() } else { format!("time_coverage_{name}") };
        match file.attribute(&own).expect(&own).value() {
            Ok(netcdf::AttributeValue::Str(text)) => text,
            other => panic!("{own}: {other:?}"),
        }
    };
    names.iter().map(text).collect()
}

#[test]
fn titles_say_what_is_in_files_and_the_time_covered_ends_with_the_last_day() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = |of: &str| folder.path().join(of);
    let run = sample();
    let run = name(&run);
    let npp = ["--variables", "npp"];
    made(&[&["grid", run, "-o", name(&out("day"))], &npp[..]].concat());
    for every in ["month", "season", "year"] {
        made(
            &[&["grid", run, "-o", name(&out(every)), "--every", every, "--stat", "std"], &npp[..]].concat(),
        );
    }
    made(&["tables", run, "-o", name(&out("annual")), "--tables", "annual,annual_limitation"]);
    let windows = [
        "--from",
        "1980-01-01",
        "--to",
        "1980-12-31",
        "--reference-from",
        "1979-01-01",
        "--reference-to",
        "1979-12-31",
    ];
    made(&[&["grid", run, "-o", name(&out("change"))], &npp[..], &windows].concat());
    let of_npp = "of net primary productivity of sample_run";
    let (first, last) = ("1979-01-01", "1981-09-30");
    for (of, prefix, title, [first, last], duration, resolution) in [
        ("day", "npp", "Net primary productivity of sample_run", [first, last], "P1004D", "P1D"),
        ("month", "npp", &*format!("Monthly standard deviation {of_npp}"), [first, last], "P1004D", "P1M"),
        ("season", "npp", &*format!("Seasonal standard deviation {of_npp}"), [first, last], "P1004D", "P3M"),
        ("year", "npp", &*format!("Yearly standard deviation {of_npp}"), [first, last], "P1004D", "P1Y"),
        (
            "annual",
            "annual_cveg",
            "Annual carbon in vegetation, weighted by occupation of sample_run",
            [first, "1981-12-31"],
            "P1096D",
            "P1Y",
        ),
        (
            "change",
            "npp_change_s",
            "Net primary productivity, change of sample_run",
            ["1980-01-01", "1980-12-31"],
            "P366D",
            "P366D",
        ),
    ] {
        let expected =
            [title, &format!("{first}T00:00:00Z"), &format!("{last}T00:00:00Z"), duration, resolution];
        assert_eq!(said(&out(of), prefix), expected, "{of}");
    }
    for file in files_below(&out("annual"), "annual_") {
        assert!(
            said(&out("annual"), name(Path::new(file.file_name().expect("a name"))))[0]
                .starts_with("Annual ")
        );
    }
}

#[test]
fn a_loss_is_one_line_where_all_else_is_quiet() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = |of: &str| folder.path().join(of);
    let run = sample();
    for (words, of, where_told) in [
        (&["grid", "--variables", "lai"][..], "grids", "report.json names them"),
        (&["tables", "--tables", "region", "--variables", "lai"], "tables", "report.json names them"),
        (&["cells", "write"], "run.h5", "without --quiet they are named"),
    ] {
        let output = gridloom(&[words, &[name(&run), "-o", name(&out(of)), "--quiet"]].concat());
        let words = talk(&output);
        assert_eq!(output.status.code(), Some(3), "{words}");
        let is_told = words.starts_with("incomplete: ") && words.contains(" missing or damaged; ");
        assert!(is_told && words.contains(where_told) && words.lines().count() == 1, "{words}");
    }
    // What is whole is quiet.
    let output = gridloom(&[
        "grid",
        name(&run),
        "-o",
        name(&out("whole")),
        "--variables",
        "lai",
        "--periods",
        "1",
        "-q",
    ]);
    assert_eq!((output.status.code(), talk(&output).as_str()), (Some(0), ""));
}

#[test]
fn one_cell_is_one_and_headers_are_no_loss() {
    let folder = tempfile::tempdir().expect("a folder");
    let cell = folder.path().join("one/grd_170-223");
    std::fs::create_dir_all(&cell).expect("a folder");
    for file in files_below(&sample().join("grd_170-223"), "") {
        std::fs::copy(&file, cell.join(file.file_name().expect("a name"))).expect("a copy");
    }
    let output = gridloom(&["inspect", name(&folder.path().join("one"))]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.starts_with("one: 1 cell, 3 dumps\n"), "{text}");
    let header = "lat,lon,year,npp\n";
    for (file, text) in [
        (
            "a.csv",
            format!(
                "{header}-3.25,58.75,2000,1\n-3.25,58.75,2001,2\n-3.25,59.25,2000,1\n-3.25,59.25,2001,2\n"
            ),
        ),
        ("b.csv", format!("{header}-3.75,58.75,2000,1\n{header}\n-3.75,58.75,2001,2\n-3.75,59.25,2000,1\n")),
    ] {
        std::fs::write(folder.path().join(file), text).expect("a file");
    }
    let output =
        gridloom(&["grid", name(&folder.path().join("*.csv")), "-o", name(&folder.path().join("out"))]);
    let words = talk(&output);
    assert!(
        words.contains(
            "7 records, 3 header lines, 1 of these inside of files, 1 left out as the description says"
        ),
        "{words}"
    );
}

/// A folder that was begun with another window, or with tables, says so in few words.
#[test]
fn what_differs_from_the_first_command_is_told_in_few_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = sample();
    let window = |year: &str| {
        let (first, last) = (format!("{year}-01-01"), format!("{year}-06-30"));
        ["--from".to_owned(), first, "--to".to_owned(), last]
    };
    let before =
        ["--reference-from", "1979-01-01", "--reference-to", "1979-06-30", "--variables", "npp,csoil"];
    for (command, more, out) in [
        ("grid", &[][..], "alone"),
        ("tables", &["--tables", "change,region"], "tables"),
        ("grid", &["--shard", "0/2"], "shards"),
    ] {
        let out = folder.path().join(out);
        let one = |year: &str| {
            let window = window(year);
            let window: Vec<&str> = window.iter().map(String::as_str).collect();
            gridloom(&[&[command, name(&run), "-o", name(&out), "-q"], &window[..], &before, more].concat())
        };
        assert!(matches!(one("1980").status.code(), Some(0 | 3)));
        let output = one("1981");
        let words = talk(&output).replace(name(&out), "OUT");
        assert_eq!(output.status.code(), Some(2), "{words}");
        let error = words.lines().find(|line| line.starts_with("error: ")).expect("an error");
        assert_eq!(
            error,
            "error: OUT was begun with other settings: change.window: 1980-01-01 to 1980-06-30 then, 1981-01-01 to 1981-06-30 now"
        );
        assert!(words.contains("hint: give the same options to continue, --fresh to start over"), "{words}");
    }
    let output =
        gridloom(&["tables", name(&run), "-o", name(&folder.path().join("alone")), "--tables", "biomass"]);
    let words = talk(&output).replace(name(folder.path()), "");
    let error = words.lines().find(|line| line.starts_with("error: ")).expect("an error");
    assert!(error.contains("was begun with other settings") && error.len() <= 300, "{error}");
}
