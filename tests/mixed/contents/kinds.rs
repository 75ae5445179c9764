//! Masked arrays and lists are series; all else is named, everywhere in the same words.

use std::path::Path;
use std::sync::Arc;

use gridloom::archive;
use gridloom::run::Run;
use gridloom_testkit::dumps::{self, Array, Entry, Folder, Kind, Model, Values, Variable, check};

use super::{alone, out, program, talk};
use crate::work;

/// Places that are masked: a third of all.
fn is_masked((y, x): dumps::Cell, row: usize, day: i64) -> bool {
    (i64::from(y + x) + row as i64 + day) % 3 == 0
}

/// NaN, or the fill value of whole numbers, where a dump's mask is.
fn masked() -> Values {
    let plain = dumps::plain();
    Arc::new(move |variable, row, cell, day| match variable.kind {
        _ if !is_masked(cell, row, day) => plain(variable, row, cell, day),
        Kind::F32 => u64::from(f32::NAN.to_bits()),
        Kind::F64 => f64::NAN.to_bits(),
        kind => kind.fill(),
    })
}

fn model() -> Model {
    let mut variables = vec![
        Variable::new("npp", Kind::F32, None),
        Variable::new("csoil", Kind::F64, Some(2)),
        Variable::new("nupt", Kind::F64, Some(3)),
        Variable::new("ls", Kind::I16, None),
        Variable::new("f5", Kind::U8, Some(2)),
    ];
    variables[2].fortran = false;
    variables[3].big_endian = true;
    let cells = [(170, 230), (170, 231), (171, 230)];
    Model { value: masked(), ..Model::new(&cells, &[(0, 31), (31, 20)], variables) }
}

/// The dumps of a model as masked arrays, with rubbish under the masks.
fn write_masked(model: &Model, style: dumps::Style) -> Folder {
    let folder = Folder::new();
    for dump in &model.dumps {
        let mut entries = model.entries(dump);
        for (key, entry) in &mut entries {
            let Some(variable) = model.variables.iter().find(|variable| variable.key == *key) else {
                continue;
            };
            let Entry::Array(array) = entry else { continue };
            let (size, rows) = (variable.kind.size(), variable.rows.unwrap_or(1));
            let mut mask = Vec::new();
            for (at, place) in array.bytes.chunks_mut(size).enumerate() {
                let days = dump.days as usize;
                let (row, day) =
                    if array.fortran || rows == 1 { (at % rows, at / rows) } else { (at / days, at % days) };
                mask.push(u8::from(is_masked(dump.cell, row, dump.first + day as i64)));
                if mask.last() == Some(&1) {
                    place.fill(0x41);
                }
            }
            *entry = Entry::Masked(array.clone(), mask);
        }
        folder.put(&dumps::Dump { style, ..dump.clone() }, &entries);
    }
    folder
}

#[test]
fn a_mask_is_data() {
    let _turn = alone();
    let model = model();
    for protocol in [2, 5] {
        let folder = write_masked(&model, dumps::Style { protocol, ..dumps::Style::default() });
        let report = work::grid(&folder, work::settings()).expect("a run");
        assert!(report.is_complete(), "{:?}", report.faults);
        let seen = check::exact(&model, &folder.out());
        assert_eq!(seen.files, 9);
        assert_eq!((report.values.nan, report.values.equal_fill), (0, 0));
        assert_eq!(report.values.masked, report.values.values - seen.values as u64);
        work::assert_verified(&folder);
    }
}

/// Tables of masked arrays are those of arrays with NaN, byte by byte.
#[test]
fn masked_places_are_null_in_tables() {
    let _turn = alone();
    let floats: Vec<Variable> = model().variables.into_iter().filter(|v| v.kind.size() >= 4).collect();
    let model = Model { variables: floats, ..model() };
    let tables = |folder: &Folder, format: &str| {
        let out = out(folder, format);
        let options = ["--tables", "daily,stats,region", "--format", format];
        let output = program(&["tables"], &folder.run(), Some(&out), &options);
        assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
        ["daily", "stats", "region"]
            .map(|table| std::fs::read(out.join(format!("{table}.{format}"))).expect("a table"))
    };
    let (masked, plain) = (write_masked(&model, dumps::Style::default()), model.write());
    assert_eq!(tables(&masked, "csv"), tables(&plain, "csv"));
}

/// An archive keeps the masks: NaN, and the `_FillValue` of whole numbers. Grids of it are those of the dumps.
#[test]
fn archives_keep_masks() {
    let _turn = alone();
    let model = model();
    let folder = write_masked(&model, dumps::Style::default());
    let run = Run::open(folder.run(), work::half_degree()).expect("a run");
    let file = out(&folder, "made_up.nc");
    let settings = archive::Settings::default().resources(work::resources());
    let report = archive::write(&run, &file, &settings, &gridloom::Nobody).expect("an archive");
    assert!(report.is_complete(), "{:?}", report.faults);
    let found = archive::verify(&file, Some(&run), &Default::default()).expect("an archive");
    assert_eq!((found.differences.as_slice(), found.dumps), (&[][..], 6));
    let file_of_cells = netcdf::open(&file).expect("an archive");
    let group = file_of_cells.group("grd_170-231").expect("groups").expect("a cell");
    let fills = |name: &str| group.variable(name).expect("a variable").attribute("_FillValue").is_some();
    assert_eq!(["npp", "ls", "f5"].map(fills), [false, true, true]);
    drop(file_of_cells);
    let output = program(&["grid"], &file, Some(&folder.out()), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
    assert!(!talk(&output).contains("equal the fill value"), "{}", talk(&output));
    assert_eq!(check::exact(&model, &folder.out()).files, 9);
}

#[test]
fn lists_of_numbers_are_series() {
    let _turn = alone();
    let variables = vec![Variable::new("npp", Kind::F64, None), Variable::new("csoil", Kind::F64, Some(2))];
    let model = Model::new(&[(170, 230), (171, 231)], &[(0, 10), (10, 7)], variables);
    let folder = Folder::new();
    for dump in &model.dumps {
        let mut entries = model.entries(dump);
        let row = |variable: usize, row: usize| -> Vec<f64> {
            let bits = |day| (model.value)(&model.variables[variable], row, dump.cell, dump.first + day);
            (0..dump.days).map(|day| f64::from_bits(bits(day))).collect()
        };
        entries[0].1 = Entry::List(row(0, 0));
        entries[1].1 = Entry::Lists(vec![row(1, 0), row(1, 1)]);
        folder.put(dump, &entries);
    }
    let report = work::grid(&folder, work::settings()).expect("a run");
    assert!(report.is_complete() && report.unusable_variables.is_empty(), "{:?}", report.faults);
    assert_eq!(check::exact(&model, &folder.out()).files, 3);
    work::assert_verified(&folder);
    let file = out(&folder, "made_up.nc");
    let output = program(&["cells", "write"], &folder.run(), Some(&file), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
    let output = program::command()
        .args(["cells", "verify"])
        .arg(&file)
        .arg(folder.run())
        .output()
        .expect("the program");
    assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
}

/// What is no series: its key, operations that push it, and what is said of it.
fn strange() -> Vec<(&'static str, Entry, &'static str)> {
    let array = |dtype: &str, size: usize| {
        Entry::Array(Array {
            dtype: dtype.to_owned(),
            shape: vec![10],
            fortran: false,
            bytes: vec![0; 10 * size],
        })
    };
    vec![
        ("gpp", array("<c8", 8), "its type, complex64, has no exact counterpart in NetCDF"),
        ("when", array("<M8", 8), "its type, datetime64, has no exact counterpart in NetCDF"),
        (
            "words",
            Entry::Raw(b"](X\x01\x00\x00\x00aK\x01e".to_vec()),
            "it is a list of 2 items, and the one at 0 is a text, not a number",
        ),
        ("odd", Entry::Raw(b"}".to_vec()), "it is a dict, not an array or list of numbers"),
        (
            "frame",
            Entry::Raw(b"cpandas.core.series\nSeries\n)R".to_vec()),
            "it is an object of pandas.core.series.Series, not an array or list of numbers",
        ),
        ("quad", array("<f16", 16), "its type, long double of 16 bytes, has no exact counterpart in NetCDF"),
    ]
}

fn write_strange() -> (Model, Folder) {
    let model =
        Model::new(&[(170, 230), (171, 231)], &[(0, 10)], vec![Variable::new("npp", Kind::F32, None)]);
    let folder = Folder::new();
    for dump in &model.dumps {
        let mut entries = model.entries(dump);
        entries.extend(strange().into_iter().map(|(key, entry, _)| (key.to_owned(), entry)));
        let empty = Array { dtype: "<f8".to_owned(), shape: vec![0], fortran: false, bytes: Vec::new() };
        entries.push(("emaxm".to_owned(), Entry::Array(empty)));
        entries.push(("version".to_owned(), Entry::Text("3".to_owned())));
        folder.put(dump, &entries);
    }
    (model, folder)
}

fn json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(path).expect("a report")).expect("JSON")
}

#[test]
fn all_else_is_named_in_the_same_words_everywhere() {
    let _turn = alone();
    let (model, folder) = write_strange();
    let (grids, tables) = (folder.out(), out(&folder, "tables"));
    let empty = ("emaxm", "it has no values in any dump that was read");
    let single = ("version", "it is a single value, not a series of days");
    let strange: Vec<(&str, &str)> = strange().into_iter().map(|(key, _, reason)| (key, reason)).collect();
    let all: Vec<(&str, &str)> = strange.iter().copied().chain([empty, single]).collect();

    let inspected = program(&["inspect"], &folder.run(), None, &["--json"]);
    let inspected: serde_json::Value = serde_json::from_slice(&inspected.stdout).expect("JSON");
    for (command, to) in [("grid", &grids), ("tables", &tables)] {
        let options: &[&str] = if command == "grid" { &[] } else { &["--tables", "daily"] };
        let output = program(&[command], &folder.run(), Some(to), options);
        assert_eq!(output.status.code(), Some(3), "{}", talk(&output));
        let report = json(&to.join("report.json"));
        for (key, reason) in &all {
            let is_lost = strange.iter().any(|(name, _)| name == key);
            let line =
                format!("{}: {key} is not written: {reason}\n", if is_lost { "left out" } else { "note" });
            assert!(talk(&output).contains(&line), "{line} is not in {}", talk(&output));
            assert_eq!(report["unusable_variables"][key], *reason);
            assert_eq!(inspected["unusable_variables"][key], *reason);
        }
        assert_eq!(report["lost_variables"].as_array().map(Vec::len), Some(strange.len()));
    }
    assert_eq!(check::exact(&model, &grids).files, 1);

    // What was not asked for is nobody's loss; what was asked for by name is told why.
    let output = program(&["grid"], &folder.run(), Some(&out(&folder, "some")), &["--variables", "npp"]);
    assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
    for (key, reason) in &all {
        let output = program(&["grid"], &folder.run(), Some(&out(&folder, "none")), &["--variables", key]);
        assert_eq!(output.status.code(), Some(2));
        assert!(
            talk(&output).contains(reason) && !talk(&output).contains("did you mean"),
            "{}",
            talk(&output)
        );
    }
    let output = program(&["grid"], &folder.run(), Some(&out(&folder, "wild")), &["--variables", "npp,gp*"]);
    assert_eq!(output.status.code(), Some(2), "{}", talk(&output));

    let file = out(&folder, "made_up.nc");
    let output = program(&["cells", "write"], &folder.run(), Some(&file), &[]);
    assert_eq!(output.status.code(), Some(3), "{}", talk(&output));
    for (key, reason) in &all {
        assert!(
            talk(&output).contains(&format!("{key}: {reason}"))
                || talk(&output).contains(&format!("{key} is not written: {reason}")),
            "{key}: {}",
            talk(&output)
        );
        let options = ["--cell", "170-230", "--variables", key];
        let output = program(&["cells", "get"], &file, None, &options);
        assert_eq!(output.status.code(), Some(2));
        let wanted = if *key == "emaxm" { "it has no values there" } else { reason };
        assert!(talk(&output).contains(wanted), "{key}: {}", talk(&output));
    }
    let output = program::command()
        .args(["cells", "verify"])
        .arg(&file)
        .arg(folder.run())
        .output()
        .expect("the program");
    assert!(talk(&output).contains("14 in all: 14 type"), "{}", talk(&output));
    assert!(matches!(output.status.code(), Some(0 | 3)), "{}", talk(&output));
}

/// Only some dumps have it as something else: these are named, and nothing else is lost.
#[test]
fn a_series_that_is_something_else_in_one_dump() {
    let _turn = alone();
    let model = dumps::five_rows_model();
    let folder = model.write();
    let dump = model
        .dumps
        .iter()
        .find(|dump| dump.cell == dumps::five_rows()[11] && dump.period == 2)
        .expect("a dump");
    let mut entries = model.entries(dump);
    let place = entries.iter().position(|(key, _)| key == "npp").expect("npp");
    entries[place].1 = Entry::Raw(b"](Ne".to_vec());
    entries.push(("extra".to_owned(), Entry::Raw(b"}".to_vec())));
    folder.put(dump, &entries);
    let report = work::grid(&folder, work::settings()).expect("a run");
    assert_eq!(work::faults(&report.faults), ["162-231 2 extra: unplanned", "162-231 2 npp: type"]);
    let message = |variable: &str| {
        let fault = report.faults.iter().find(|fault| fault.variable.as_deref() == Some(variable));
        fault.map(|fault| fault.message.clone()).unwrap_or_default()
    };
    assert_eq!(message("npp"), "it is a list of 1 items, and the one at 0 is None, not a number");
    assert!(message("extra").starts_with("it is a dict, not an array"), "{}", message("extra"));
    check::exact_but(&model, &folder.out(), |other, variable| {
        variable.key != "npp" || (other.cell, other.period) != (dump.cell, dump.period)
    });
}
