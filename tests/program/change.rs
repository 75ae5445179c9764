//! The change between two windows of time, of one run and of two, through all products and sources.

use std::path::Path;
use std::process::Output;
use std::sync::Arc;

use gridloom_testkit::dumps::pickle::{Array, Entry};
use gridloom_testkit::dumps::{Folder, Kind, Model, Variable, scramble};
use gridloom_testkit::files::{assert_same, bytes, files_below, name, set_modified, settle};
use gridloom_testkit::here;
use gridloom_testkit::program::{self, assert_done, talk};

mod grids;

/// Days of 1980 to 1990; dumps of two years, and one of the last.
const PERIODS: [(i64, i64); 6] = [(0, 731), (731, 730), (1461, 731), (2192, 730), (2922, 731), (3653, 365)];
const UNIT: &str = "days since 1980-01-01";
/// Both within dumps, so that two are of both windows.
const WINDOWS: [&str; 8] = [
    "--from",
    "1985-03-01",
    "--to",
    "1990-12-31",
    "--reference-from",
    "1980-01-01",
    "--reference-to",
    "1985-02-28",
];

mod history;
mod older;
mod records;

fn gridloom(words: &[&str]) -> Output {
    program::command().args(words).env("SOURCE_DATE_EPOCH", "0").output().expect("the program")
}

fn done(words: &[&str]) {
    assert_done(&gridloom(words));
}

/// A run whose values drift, differently in every cell; some are missing, all of one cell's, and those of another cancel each other.
fn model(cells: &[(u32, u32)], seed: u64) -> Model {
    let variables = vec![
        Variable::new("npp", Kind::F32, None),
        Variable::new("csoil", Kind::F64, Some(2)),
        Variable::new("ls", Kind::I16, None),
    ];
    let value = move |variable: &Variable, row: usize, (y, x): (u32, u32), day: i64| {
        let hash = scramble(
            seed ^ scramble(u64::from(y) << 40 ^ u64::from(x) << 20 ^ row as u64) ^ scramble(day as u64),
        );
        let noise = (hash % 1000) as f64 / 1000.0 - 0.5;
        let slope = f64::from(x % 5) - 2.0;
        let value = match (x % 5, variable.key.as_str()) {
            (3, "npp") => f64::NAN,
            (4, "npp") => {
                if day % 2 == 0 {
                    1e6
                } else {
                    -1e6
                }
            }
            _ => 2.0 + row as f64 + slope * day as f64 / 4000.0 + noise,
        };
        let value = if hash.is_multiple_of(97) { f64::NAN } else { value };
        match variable.kind {
            Kind::F32 => u64::from((value as f32).to_bits()),
            Kind::F64 => value.to_bits(),
            kind => kind.number((100.0 * value) as i64),
        }
    };
    Model { unit: UNIT.to_owned(), value: Arc::new(value), ..Model::new(cells, &PERIODS, variables) }
}

const CELLS: [(u32, u32); 10] = [
    (170, 220),
    (170, 221),
    (170, 222),
    (170, 223),
    (170, 224),
    (171, 220),
    (171, 221),
    (171, 222),
    (171, 223),
    (171, 224),
];

fn old(folder: &Folder) {
    files_below(&folder.run(), "").iter().for_each(|file| settle(file));
}

fn written(model: &Model) -> Folder {
    let folder = model.write();
    old(&folder);
    folder
}

#[test]
fn numbers_are_those_of_numpy_and_scipy() {
    let Some(python) = here::python() else { return };
    let (one, other) = (written(&model(&CELLS, 1)), written(&model(&CELLS, 2)));
    let at = |path: &str| name(&one.path().join(path)).to_owned();
    let (run, reference) = (one.run(), other.run());
    let (run, reference) = (name(&run), name(&reference));
    for (run, out) in [(run, "days"), (reference, "other_days")] {
        done(&["grid", run, "-o", &at(out)]);
    }
    done(&[&["grid", run, "-o", &at("change")][..], &WINDOWS].concat());
    done(&[&["grid", run, "-o", &at("between"), "--reference", reference][..], &WINDOWS].concat());
    done(
        &[
            "tables",
            run,
            "-o",
            &at("tables"),
            "--tables",
            "change,region",
            "--format",
            "csv",
            "--least",
            "2.1",
        ]
        .iter()
        .chain(&WINDOWS)
        .copied()
        .collect::<Vec<_>>(),
    );
    println!("{}", here::script(&python, "check_change.py", &[at("days"), at("days"), at("change")]));
    println!("{}", here::script(&python, "check_change.py", &[at("days"), at("other_days"), at("between")]));
    println!(
        "{}",
        here::script(&python, "check_change.py", &["--tables".to_owned(), at("days"), at("tables")])
    );
    // An archive is compared as its dumps are.
    done(&["cells", "write", run, "-o", &at("run.h5")]);
    done(
        &[
            &["grid", &at("run.h5"), "-o", &at("archived"), "--name", "{variable}_run_{start}_{end}.nc"][..],
            &WINDOWS,
        ]
        .concat(),
    );
    println!("{}", here::script(&python, "check_change.py", &[at("days"), at("days"), at("archived")]));
    for out in ["change", "between", "tables"] {
        let proved = gridloom(&["verify", run, &at(out)]);
        assert_eq!(proved.status.code(), Some(0), "{out}: {}", talk(&proved));
    }
    let file = &files_below(Path::new(&at("change")), "npp_change_percent")[0];
    here::script(&python, "check_change.py", &["--spoil", name(file)]);
    assert_eq!(gridloom(&["verify", run, &at("change")]).status.code(), Some(4));
}

#[test]
fn bytes_are_the_same_whatever_the_shards_and_threads() {
    let one = written(&model(&CELLS, 3));
    let at = |path: &str| name(&one.path().join(path)).to_owned();
    let run = one.run();
    let grid = |out: &str, more: &[&str]| {
        [&["grid", name(&run), "-o", out, "--chunk", "1,1,2"][..], &WINDOWS, more]
            .concat()
            .iter()
            .map(|word| (*word).to_owned())
            .collect::<Vec<String>>()
    };
    let go = |words: &[String]| done(&words.iter().map(String::as_str).collect::<Vec<_>>());
    go(&grid(&at("alone"), &["--threads", "1"]));
    for shard in ["1/3", "0/3", "2/3"] {
        go(&grid(&at("shards"), &["--shard", shard]));
    }
    done(&["publish", &at("shards")]);
    let of = |out: &str| {
        let mut all = bytes(Path::new(&at(out)));
        all.retain(|name, _| name.to_string_lossy().ends_with(".nc"));
        assert!(all.len() >= 28, "{}", all.len());
        all
    };
    assert_same(&of("alone"), &of("shards"));
    // The same again reads nothing; where a dump changed, its tile is read again, and only that.
    let again = |left: u64| {
        go(&grid(&at("alone"), &["--threads", "2"]));
        let units = &gridloom_testkit::files::report(Path::new(&at("alone")))["units"];
        let number = |key: &str| units[key].as_u64().expect("a number");
        assert_eq!((number("total"), number("total") - number("found")), (6, left));
    };
    again(0);
    set_modified(&one.dump((170, 221), 3), std::time::SystemTime::now() - std::time::Duration::from_secs(50));
    again(1);
    assert_same(&of("alone"), &of("shards"));
}

#[test]
fn what_cannot_be_compared_is_refused_or_named() {
    let one = written(&model(&CELLS, 4));
    let other = written(&model(&CELLS[..9], 5));
    let at = |path: &str| name(&one.path().join(path)).to_owned();
    let (run, reference) = (one.run(), other.run());
    let (run, reference) = (name(&run), name(&reference));
    let refused = |words: &[&str], expected: &str| {
        let output = gridloom(&[&["grid", run, "-o", &at("none")], words].concat());
        assert_eq!(output.status.code(), Some(2), "{}", talk(&output));
        assert!(talk(&output).contains(expected), "{expected}: {}", talk(&output));
    };
    refused(&["--change"], "--from and --to");
    refused(
        &["--change", "--from", "1985-01-01", "--to", "1985-12-31"],
        "--reference-from and --reference-to",
    );
    refused(&["--least", "1"], "not asked for");
    let window = ["--from", "1985-01-01", "--to", "1985-12-31"];
    let with = |more: &[&'static str]| [&window[..], more].concat();
    refused(
        &with(&["--reference-from", "1979-01-01", "--reference-to", "1980-12-31"]),
        "no data from 1979-01-01 to 1979-12-31",
    );
    refused(
        &with(&["--reference-from", "1970-01-01", "--reference-to", "1971-12-31"]),
        "--reference-from, --reference-to",
    );
    refused(
        &with(&["--reference-from", "1981-01-01", "--reference-to", "1980-12-31"]),
        "ends before it begins",
    );
    refused(&with(&["--reference-from", "1981-01-01"]), "--reference-from and --reference-to");
    let tables = |words: &[&str], expected: &str| {
        let output = gridloom(&[&["tables", run, "-o", &at("none")], words].concat());
        assert_eq!(output.status.code(), Some(2), "{}", talk(&output));
        assert!(talk(&output).contains(expected), "{expected}: {}", talk(&output));
    };
    tables(&["--tables", "change"], "--from and --to");
    for (words, expected) in [
        (&["--tables", "stats"][..], "change and region"),
        (&["--tables", "change,daily"], "change and region"),
        (&["--tables", "change,region", "--every", "year"], "has one interval"),
        (&["--names", "upstream"], "none of which is asked for by --tables change"),
    ] {
        tables(&[words, &WINDOWS].concat(), expected);
    }
    refused(&[&["--rows", "dimension"][..], &WINDOWS].concat(), "a change of its own");
    let of_other = [&["--reference", reference, "--variables", "npp,hresp"][..], &WINDOWS].concat();
    refused(&of_other, "no such variable");
    // Without a table that is named it is the change.
    done(&[&["tables", run, "-o", &at("usual"), "--format", "csv", "--by-month"][..4], &WINDOWS].concat());
    assert!(Path::new(&at("usual")).join("change.parquet").exists());
    let periods = [
        &with(&["--reference-from", "1981-01-01", "--reference-to", "1982-12-31", "--periods"])[..],
        &["1-4,9"],
    ];
    refused(&periods.concat(), "the run has no such period");
    // A cell that lacks a dump of a window is masked and named, and so is one that only one of the runs has.
    std::fs::remove_file(one.dump((170, 222), 2)).expect("a dump");
    std::fs::write(one.dump((171, 220), 6), b"x").expect("a dump");
    let output = gridloom(&[&["grid", run, "-o", &at("lost")][..], &WINDOWS].concat());
    assert_eq!(output.status.code(), Some(3), "{}", talk(&output));
    for cell in ["170-222: period 2: the file is missing", "171-220: period 6"] {
        assert!(talk(&output).contains(cell), "{cell}: {}", talk(&output));
    }
    let output =
        gridloom(&[&["grid", run, "-o", &at("few"), "--reference", reference][..], &WINDOWS].concat());
    assert_eq!(output.status.code(), Some(3), "{}", talk(&output));
    let proved = |run: &str, out: &str| {
        let proved = gridloom(&["verify", run, &at(out)]);
        assert_eq!(
            proved.status.code(),
            Some(0),
            "what is missing is missing, and nothing differs: {}",
            talk(&proved)
        );
        assert!(talk(&proved).contains("; 0 differ"), "{}", talk(&proved));
    };
    proved(run, "lost");
    proved(run, "few");
    let expected = "171-224: the reference, made_up, has no such cell";
    assert!(talk(&output).contains(expected), "{}", talk(&output));
    let output =
        gridloom(&[&["grid", reference, "-o", &at("more"), "--reference", run][..], &WINDOWS].concat());
    assert_eq!(output.status.code(), Some(3), "{}", talk(&output));
    assert!(talk(&output).contains("171-224: made_up has no such cell"), "{}", talk(&output));
}

#[test]
fn what_only_one_of_the_runs_has_is_named() {
    let one = model(&CELLS[..2], 6);
    let mut other = one.clone();
    other.variables.retain(|variable| variable.key != "csoil");
    other.variables.push(Variable::new("lai", Kind::F32, None));
    let (one, other) = (one, written(&other));
    let folder = one.write();
    // Complex numbers have no place in a grid.
    for dump in &one.dumps {
        let mut entries = one.entries(dump);
        let (days, bytes) = (dump.days as usize, vec![0; 16 * dump.days as usize]);
        let odd = Array { dtype: "<c16".to_owned(), shape: vec![days], fortran: false, bytes };
        entries.push(("odd".to_owned(), Entry::Array(odd)));
        folder.put(dump, &entries);
    }
    old(&folder);
    let at = |path: &str| name(&folder.path().join(path)).to_owned();
    let (run, reference) = (folder.run(), other.run());
    let made = |run: &Path, out: &str, more: &[&str], named: &[&str]| {
        let output = gridloom(&[&["grid", name(run), "-o", &at(out)][..], &WINDOWS, more].concat());
        assert_eq!(output.status.code(), Some(3), "{}", talk(&output));
        for key in named {
            assert!(talk(&output).contains(key), "{key}: {}", talk(&output));
        }
        let files = files_below(Path::new(&at(out)), "");
        assert!(
            !files.iter().any(|file| named.iter().any(|key| name(file).contains(&format!("/{key}_")))),
            "{files:?}"
        );
        assert!(files.len() >= 7 * 2, "{files:?}");
    };
    made(&run, "alone", &[], &["odd"]);
    made(&run, "both", &["--reference", name(&reference)], &["odd", "csoil_1", "csoil_2", "lai"]);
    made(&reference, "turned", &["--reference", name(&run)], &["odd", "csoil_1", "lai"]);
    let chosen =
        gridloom(&[&["grid", name(&run), "-o", &at("chosen"), "--variables", "npp"][..], &WINDOWS].concat());
    assert_eq!(chosen.status.code(), Some(0), "what is not asked for is not missing: {}", talk(&chosen));
}

#[test]
fn a_period_that_no_cell_has_is_no_part_of_a_window() {
    let one = written(&model(&CELLS[..3], 7));
    let (run, out) = (one.run(), one.path().join("out"));
    for cell in &CELLS[..3] {
        std::fs::remove_file(one.dump(*cell, 2)).expect("a dump");
    }
    let output = gridloom(&[&["grid", name(&run), "-o", name(&out)][..], &WINDOWS].concat());
    assert_eq!(output.status.code(), Some(2), "{}", talk(&output));
    assert!(talk(&output).contains("no data from 1982-01-01 to 1983-12-31"), "{}", talk(&output));
}

#[test]
fn infinite_values_and_a_missing_first_dump_are_proved() {
    let mut one = model(&CELLS[..3], 8);
    let value = one.value.clone();
    one.value = Arc::new(move |variable, row, cell, day| match (variable.key.as_str(), day % 365) {
        ("npp", 7) if cell == CELLS[0] => u64::from(f32::INFINITY.to_bits()),
        ("csoil", _) if cell == CELLS[1] => 1.7e308f64.to_bits(),
        _ => value(variable, row, cell, day),
    });
    let one = written(&one);
    let (run, out) = (one.run(), one.path().join("out"));
    std::fs::remove_file(one.dump(CELLS[2], 1)).expect("a dump");
    let made = gridloom(&[&["grid", name(&run), "-o", name(&out)][..], &WINDOWS].concat());
    assert_eq!(made.status.code(), Some(3), "{}", talk(&made));
    let proved = gridloom(&["verify", name(&run), name(&out)]);
    assert_eq!(proved.status.code(), Some(0), "{}", talk(&proved));
    assert!(talk(&proved).contains("; 0 differ"), "{}", talk(&proved));
}

const RECORDS: &str = r#"
[source]
files = "*.csv"
[source.text]
separator = ","
header = "line"
[source.cell]
lat = "lat"
lon = "lon"
at = "centre"
step = 0.5
[source.time]
step = "day"
calendar = "standard"
[source.time.stamp]
column = "date"
format = "%Y-%m-%d"
[source.values]
type = "f4"
"#;

#[test]
fn lines_of_records_are_accounted_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |path: &str| name(&folder.path().join(path)).to_owned();
    let description = at("t.toml");
    std::fs::write(&description, RECORDS).expect("a description");
    let dates = (1981..=1984).flat_map(|year| (1..=28).map(move |day| format!("{year}-02-{day:02}")));
    let mut lines: Vec<String> = vec!["lat,lon,date,npp".to_owned()];
    lines.extend(dates.enumerate().map(|(at, date)| format!("-1.75,-60.75,{date},{}.5", at % 9)));
    let window = [
        "--from",
        "1983-01-01",
        "--to",
        "1984-02-28",
        "--reference-from",
        "1981-02-01",
        "--reference-to",
        "1982-02-28",
    ];
    for (out, spoilt, code) in [("whole", None, 0), ("spoilt", Some(20), 3)] {
        if let Some(line) = spoilt {
            lines[line] = "-1.75,-60.75,1981-02-20,oops".to_owned();
        }
        std::fs::write(at("t.csv"), lines.join("\n") + "\n").expect("records");
        settle(Path::new(&at("t.csv")));
        let made = gridloom(&[&["grid", &description, "-o", &at(out)][..], &window].concat());
        assert_eq!(made.status.code(), Some(code), "{}", talk(&made));
        let proved = gridloom(&["verify", &description, &at(out)]);
        assert_eq!(proved.status.code(), Some(code), "{}", talk(&proved));
        assert_eq!(talk(&made).contains("line 21"), code == 3, "{}", talk(&made));
    }
}
