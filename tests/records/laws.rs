//! The laws: exact values, the same bytes, nothing vanishes, work goes on after a kill.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_array::{ArrayRef, Float32Array, Float64Array, Int16Array, RecordBatch};
use gridloom_testkit::{files, program};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

use super::table::Table;

fn grid(description: &Path, out: &Path, more: &[&str]) -> Output {
    let mut command = program::command();
    command
        .arg("grid")
        .arg(description)
        .arg("-o")
        .arg(out)
        .args(["--rows", "dimension", "--quiet"])
        .args(more);
    command.output().expect("the program")
}

fn gzip(text: &str) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(text.as_bytes()).expect("memory");
    packed.finish().expect("memory")
}

/// The columns of a table's text in their own types.
fn columns(text: &str) -> RecordBatch {
    let mut lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let names = lines.next().expect("a header");
    let lines: Vec<Vec<&str>> = lines.collect();
    let column = |index: usize, name: &&str| -> (String, ArrayRef) {
        let fields = lines.iter().map(|line| line[index]);
        let column: ArrayRef = match *name {
            "Lat" | "Lon" => Arc::new(fields.map(|text| text.parse().ok()).collect::<Float64Array>()),
            "Year" => Arc::new(fields.map(|text| text.parse().ok()).collect::<Int16Array>()),
            _ => Arc::new(fields.map(|text| text.parse().ok()).collect::<Float32Array>()),
        };
        ((*name).to_owned(), column)
    };
    let columns = names.iter().enumerate().map(|(index, name)| column(index, name));
    RecordBatch::try_from_iter(columns).expect("a batch")
}

fn parquet(text: &str) -> Vec<u8> {
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(7)).build();
    let batch = columns(text);
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).expect("a writer");
    writer.write(&batch).expect("memory");
    writer.into_inner().expect("memory")
}

fn arrow(text: &str) -> Vec<u8> {
    let batch = columns(text);
    let mut writer = arrow_ipc::writer::FileWriter::try_new(Vec::new(), &batch.schema()).expect("a writer");
    for start in (0..batch.num_rows()).step_by(5) {
        writer.write(&batch.slice(start, 5.min(batch.num_rows() - start))).expect("memory");
    }
    writer.finish().expect("memory");
    writer.into_inner().expect("memory")
}

fn made(folder: &Path, name: &str, pattern: &str, of: &[(&str, Vec<u8>)]) -> (PathBuf, PathBuf) {
    let folder = folder.join(name);
    std::fs::create_dir_all(&folder).expect("a folder");
    (Table::small().describe(&folder, pattern, of), folder.join("out"))
}

/// A file's values as `[time][row][lat][lon]`, and its sizes.
fn values(out: &Path, variable: &str) -> (Vec<f32>, [usize; 4]) {
    let path = files::files_below(out, variable).into_iter().next().expect("a grid");
    let file = netcdf::open(path).expect("NetCDF");
    let variable = file.variable(variable).expect("a variable");
    let sizes: Vec<usize> = variable.dimensions().iter().map(netcdf::Dimension::len).collect();
    (variable.get_values(..).expect("values"), sizes.try_into().expect("four dimensions"))
}

/// That a grid holds a table's numbers, each the one of four bytes that is nearest to its text, but for those that are left out.
pub fn assert_holds(out: &Path, table: &Table, is_left_out: impl Fn(u32, i32) -> bool) {
    let (values, [years, labels, rows, columns]) = values(out, "lai");
    assert_eq!((years, labels), (table.years.len(), table.labels.len()));
    assert_eq!((rows, columns), (table.rows as usize, table.columns as usize));
    for cell in 0..table.cells() {
        // Tables run from south to north, grids from north to south.
        let (row, column) = (rows - 1 - (cell / table.columns) as usize, (cell % table.columns) as usize);
        for (time, year) in table.years.clone().enumerate() {
            for label in 0..labels {
                let found = values[((time * labels + label) * rows + row) * columns + column];
                let expected: f32 = match is_left_out(cell, year) {
                    true => 1e20,
                    false => table.value(cell, year, label).parse().expect("a number"),
                };
                assert_eq!(found.to_bits(), expected.to_bits(), "cell {cell}, {year}, label {label}");
            }
        }
    }
}

#[test]
fn parts_packings_order_and_threads_change_no_byte() {
    let _turn = program::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let table = Table::small();
    let whole = table.text(0..table.cells());
    let halves = [table.text((0..table.cells()).step_by(2)), table.text((1..table.cells()).step_by(2))];
    let backwards = table.text((0..table.cells()).rev());
    let bytes = |text: &str| text.as_bytes().to_vec();
    let (one, one_out) = made(folder.path(), "one", "lai.out", &[("lai.out", bytes(&whole))]);
    let done = grid(&one, &one_out, &["--threads", "1"]);
    assert_eq!(done.status.code(), Some(0), "{}", program::talk(&done));
    assert_holds(&one_out, &table, |_, _| false);
    let expected = files::bytes(&one_out);
    let [first, second] = &halves;
    let packed = zstd::encode_all(whole.as_bytes(), 1).expect("memory");
    for (name, pattern, of) in [
        ("parts", "run*/lai.out", vec![("run1/lai.out", bytes(first)), ("run2/lai.out", bytes(second))]),
        ("swapped", "run*/lai.out", vec![("run1/lai.out", bytes(second)), ("run2/lai.out", bytes(first))]),
        ("gzip", "lai.out.gz", vec![("lai.out.gz", gzip(&whole))]),
        (
            "mixed",
            "run*/lai.out{,.gz}",
            vec![("run1/lai.out.gz", gzip(first)), ("run2/lai.out", bytes(second))],
        ),
        ("zstd", "lai.out", vec![("lai.out", packed)]),
        ("backwards", "lai.out", vec![("lai.out", bytes(&backwards))]),
        ("joined", "lai.out", vec![("lai.out", [bytes(first), bytes(second)].concat())]),
        ("parquet", "lai.out", vec![("lai.out", parquet(&backwards))]),
        ("arrow", "run*/lai.out", vec![("run1/lai.out", arrow(second)), ("run2/lai.out", parquet(first))]),
    ] {
        let (description, out) = made(folder.path(), name, pattern, &of);
        let done = grid(&description, &out, &["--threads", "2"]);
        assert_eq!(done.status.code(), Some(0), "{name}: {}", program::talk(&done));
        files::assert_same(&files::bytes(&out), &expected);
        if matches!(name, "parquet" | "arrow") {
            let proof =
                program::command().arg("verify").arg(&description).arg(&out).output().expect("the program");
            assert_eq!(proof.status.code(), Some(0), "{name}: {}", program::talk(&proof));
        }
    }
}

#[test]
fn shards_give_the_bytes_of_one_process() {
    let _turn = program::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let table = Table::small();
    let parts: Vec<(String, Vec<u8>)> = (0..table.cells())
        .map(|cell| (format!("run{cell}/lai.out"), table.text(cell..cell + 1).into_bytes()))
        .collect();
    let parts: Vec<(&str, Vec<u8>)> =
        parts.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    let (description, out) = made(folder.path(), "one", "run*/lai.out", &parts);
    assert_eq!(grid(&description, &out, &[]).status.code(), Some(0));
    let shared = folder.path().join("shared");
    let tasks: Vec<_> = (0..3)
        .map(|task| {
            let (description, shared) = (description.clone(), shared.clone());
            std::thread::spawn(move || grid(&description, &shared, &["--shard", &format!("{task}/3")]))
        })
        .collect();
    for task in tasks {
        let done = task.join().expect("a task");
        assert_eq!(done.status.code(), Some(0), "{}", program::talk(&done));
    }
    let published = program::command().arg("publish").arg(&shared).output().expect("the program");
    assert_eq!(published.status.code(), Some(0), "{}", program::talk(&published));
    files::assert_same(&files::bytes(&shared), &files::bytes(&out));
}

/// A table in which everything went wrong that may: all of it is named with file and line, and nothing else is lost.
#[test]
fn what_cannot_be_used_is_named_and_nothing_else_is_lost() {
    let _turn = program::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let table = Table::small();
    let (mut first, mut second) = (table.header(), table.header());
    for cell in 0..table.cells() {
        let text = if cell < 15 { &mut first } else { &mut second };
        for year in table.years.clone() {
            let line = table.line(cell, year);
            match (cell, year) {
                (3, 1995) => *text += &line.replace('.', ","),
                (4, 1991) => *text += &format!("{} 7.000\n", line.trim_end()),
                (5, 1992) => *text += &line.replace("1992", "abcd"),
                (6, 1990) => *text += &(table.header() + &line),
                (7, 1999) => *text += &(line.clone() + &line),
                // The end of a process that was killed.
                (14, 1999) => *text += &line[..line.len() - 12],
                _ => *text += &line,
            }
        }
    }
    second += &format!("{:>9.2}{:>9.2}{:>8}{:>10}{:>10}{:>10}{:>10}\n", 1.01, 50.25, 1990, 1, 2, 3, 4);
    let (description, out) = made(
        folder.path(),
        "bad",
        "run*/lai.out",
        &[
            ("run1/lai.out", first.into_bytes()),
            ("run2/lai.out", second.into_bytes()),
            ("run3/lai.out", Vec::new()),
            ("run4/lai.out", table.header().into_bytes()),
        ],
    );
    let done = grid(&description, &out, &[]);
    assert_eq!(done.status.code(), Some(3), "{}", program::talk(&done));
    assert_holds(&out, &table, |cell, year| {
        [(3, 1995), (4, 1991), (5, 1992), (14, 1999)].contains(&(cell, year))
    });
    let report = files::report(&out);
    let records = &report["records"];
    let count = |name: &str| records["lines"][name].as_u64().expect("a number");
    assert_eq!(count("lines"), count("records") + count("skipped") + count("faulty"), "{records}");
    assert_eq!((count("faulty"), count("headers")), (4, 1), "{records}");
    assert_eq!((&records["repeated"], &records["off_grid"]), (&1.into(), &1.into()), "{records}");
    let faults = records["faults"].as_array().expect("a list");
    let named = |file: &str, kind: &str| {
        let found = faults.iter().find(|fault| fault["file"] == file && fault["kind"] == kind);
        found.unwrap_or_else(|| panic!("{kind} of {file} in {faults:?}"))["line"].as_u64()
    };
    assert_eq!(named("run1/lai.out", "partial"), Some(153), "{faults:?}");
    assert_eq!(named("run1/lai.out", "repeated"), Some(83), "{faults:?}");
    assert_eq!(named("run2/lai.out", "place"), Some(152), "{faults:?}");
    named("run3/lai.out", "empty");
    named("run4/lai.out", "no_records");
    // Another reader finds the same, line by line; and that a report says something else.
    let verify = || {
        let done =
            program::command().arg("verify").arg(&description).arg(&out).output().expect("the program");
        (done.status.code(), program::talk(&done))
    };
    let (code, said) = verify();
    assert!(code == Some(3) && said.contains("0 differ"), "{code:?} {said}");
    let path = out.join("report.json");
    let whole = std::fs::read_to_string(&path).expect("a report");
    for (from, to) in [
        ("\"records\": 29", "\"records\": 30"),
        ("\"line\": 54", "\"line\": 55"),
        ("\"repeated\": 1", "\"repeated\": 0"),
    ] {
        assert!(whole.contains(from), "{from} in {whole}");
        std::fs::write(&path, whole.replacen(from, to, 1)).expect("a report");
        let (code, said) = verify();
        assert!(code != Some(3) && said.contains("differs: report.json"), "{from}: {code:?} {said}");
    }
}

/// A process that is killed, whenever that is, goes on where it was, and gives the bytes of one that was not.
#[test]
fn a_kill_costs_little_and_changes_no_byte() {
    let _turn = program::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let table = Table::small();
    let parts: Vec<(String, Vec<u8>)> = (0..600)
        .map(|part| {
            let text =
                if part < table.cells() { table.text(part..part + 1) } else { table.header() + &pad(part) };
            (format!("run{part}/lai.out"), text.into_bytes())
        })
        .collect();
    let parts: Vec<(&str, Vec<u8>)> =
        parts.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    let (description, out) = made(folder.path(), "one", "run*/lai.out", &parts);
    let start = Instant::now();
    program::assert_done(&grid(&description, &out, &[]));
    let whole = start.elapsed();
    let expected = files::bytes(&out);
    for part in 1..8u32 {
        let out = folder.path().join(format!("killed{part}"));
        let mut child = std::process::Command::new(program::path())
            .env("SOURCE_DATE_EPOCH", "1700000000")
            .args(["grid", "--quiet", "--rows", "dimension", "-o"])
            .args([&out, &description])
            .spawn()
            .expect("the program");
        std::thread::sleep(whole * part / 8 + Duration::from_millis(1));
        let _ = child.kill();
        child.wait().expect("an end");
        program::assert_done(&grid(&description, &out, &[]));
        files::assert_same(&files::bytes(&out), &expected);
    }
}

/// A cell far to the north with many years, so that there is something to read.
fn pad(part: u32) -> String {
    let mut text = String::new();
    for year in 1990..2000 {
        text += &format!(
            "{:>9.2}{:>9.2}{year:>8}",
            f64::from(part % 60) / 2.0 + 0.25,
            f64::from(part / 60) / 2.0 + 60.25
        );
        text += &format!("{:>10.3}{:>10.3}{:>10.3}{:>10.3}\n", part, year, 0.5, 1.25);
    }
    text
}

/// What `verify` compares, it compares for certain: a number that was changed in the source afterwards, or in a grid, is found.
#[test]
fn verify_finds_a_changed_number() {
    let _turn = program::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let table = Table::small();
    let text = table.text(0..table.cells());
    let (description, out) = made(folder.path(), "one", "lai.out", &[("lai.out", text.clone().into_bytes())]);
    assert_eq!(grid(&description, &out, &[]).status.code(), Some(0));
    let verify = || {
        let done =
            program::command().arg("verify").arg(&description).arg(&out).output().expect("the program");
        (done.status.code(), program::talk(&done))
    };
    let (code, said) = verify();
    assert_eq!(code, Some(0), "{said}");
    let other = text.replacen(&format!("{:>10}", table.value(9, 1994, 2)), &format!("{:>10}", "0.125"), 1);
    assert_ne!(other, text);
    std::fs::write(folder.path().join("one/lai.out"), other).expect("a file");
    let (code, said) = verify();
    assert_ne!(code, Some(0), "{said}");
    assert!(said.contains("1 differ") || said.contains("differs:"), "{said}");
}

/// Files that come later are added; what was read of the others is not read again, and what nobody wants any more goes.
#[test]
fn years_are_added_and_what_is_kept_can_be_dropped() {
    let _turn = program::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let (early, late) =
        (Table { years: 1990..1995, ..Table::small() }, Table { years: 1995..2000, ..Table::small() });
    let text = |table: &Table| table.text(0..table.cells()).into_bytes();
    let (description, out) = made(folder.path(), "one", "run*/lai.out", &[("run1/lai.out", text(&early))]);
    assert_eq!(grid(&description, &out, &[]).status.code(), Some(0));
    assert_holds(&out, &early, |_, _| false);
    let kept = out.join(".gridloom/records/segments-0000");
    let before = std::fs::metadata(&kept).expect("what was read").len();
    let more = folder.path().join("one/run2/lai.out");
    std::fs::create_dir_all(more.parent().expect("a folder")).expect("a folder");
    std::fs::write(&more, text(&late)).expect("a file");
    files::settle(&more);
    let done = grid(&description, &out, &["--drop-spool"]);
    assert_eq!(done.status.code(), Some(0), "{}", program::talk(&done));
    assert_holds(&out, &Table::small(), |_, _| false);
    assert!(before > 0 && !out.join(".gridloom").exists());
}

/// Without a description: the pattern, with letters that mean something in one, is the same to each shard.
#[test]
fn shards_of_a_pattern_know_each_others_work() {
    let folder = tempfile::tempdir().expect("a folder");
    let table = Table::small();
    let text = table.text(0..table.cells());
    for name in ["run1/lai.out", "run[1]/lai.out"] {
        let file = folder.path().join(name);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        std::fs::write(file, &text).expect("a file");
    }
    for (pattern, number) in [("./run1*/lai.out", 1), ("run1/lai.out", 2), ("run[1]/lai.out", 3)] {
        let out = format!("out{number}");
        let command = |words: &[&str]| {
            let mut command = program::command();
            command.current_dir(folder.path()).args(words);
            let done = command.output().expect("the program");
            assert_eq!(done.status.code(), Some(0), "{pattern}: {}", program::talk(&done));
        };
        for shard in ["0/2", "1/2", "0/2"] {
            command(&["grid", pattern, "--preset", "lpj-guess", "-o", &out, "--shard", shard]);
        }
        command(&["publish", &out]);
        assert!(folder.path().join(&out).join("report.json").exists(), "{pattern}");
    }
}
