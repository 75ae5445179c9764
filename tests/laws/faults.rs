//! A missing or damaged dump leaves its own cell masked, is named with its cause, and touches nothing else.

use gridloom::plan::Selection;
use gridloom_testkit::dumps::{
    self, Array, Cell, Dump, Entry, Folder, Kind, Model, Variable, check, five_rows, five_rows_model, pickle,
};

use crate::work;

type Entries = Vec<(String, Entry)>;

fn array<'a>(entries: &'a mut Entries, key: &str) -> &'a mut Array {
    match entries.iter_mut().find(|(name, _)| name == key) {
        Some((_, Entry::Array(array))) => array,
        _ => panic!("{key} is no array"),
    }
}

fn set(entries: &mut Entries, key: &str, value: Entry) {
    entries.iter_mut().find(|(name, _)| name == key).expect("the key").1 = value;
}

/// Writes the run with the dump of one cell's second period changed.
fn with(model: &Model, cell: Cell, change: impl FnOnce(&mut Entries)) -> Folder {
    let folder = model.write();
    let dump = dump_of(model, cell);
    let mut entries = model.entries(dump);
    change(&mut entries);
    folder.put(dump, &entries);
    folder
}

fn dump_of(model: &Model, cell: Cell) -> &Dump {
    model.dumps.iter().find(|dump| dump.cell == cell && dump.period == 2).expect("the dump")
}

/// Grids in parts of the files' order; everything but the named dump's, or its variable's, values must be exact.
fn assert_fault(model: &Model, folder: &Folder, cell: Cell, variable: Option<&str>, kind: &str) {
    let report = work::grid(folder, work::settings()).expect("one bad dump is no error");
    let name = variable.map(|name| format!(" {name}")).unwrap_or_default();
    assert_eq!(
        work::faults(&report.faults),
        [format!("{}-{} 2{name}: {kind}", cell.0, cell.1)],
        "{:?}",
        report.faults
    );
    assert!(!report.is_complete());
    assert!(!report.faults[0].message.is_empty());
    let bad =
        |dump: &Dump, key: &str| (dump.cell, dump.period) == (cell, 2) && variable.is_none_or(|v| v == key);
    let seen = check::exact_but(model, &folder.out(), |dump, variable| !bad(dump, &variable.key));
    assert_eq!((seen.files, seen.days), (4, 100));
    let verified = work::assert_verified(folder);
    assert_eq!(work::faults(&verified.faults), work::faults(&report.faults), "verify names the same");
    let json = std::fs::read(folder.out().join("report.json")).expect("a report");
    let json: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
    assert_eq!(json["faults"].as_array().map(Vec::len), Some(1));
    assert_eq!((&json["faults"][0]["kind"], &json["faults"][0]["period"]), (&kind.into(), &2.into()));
}

/// In the sample of planning, and out of it.
fn both_ways(check: impl Fn(Cell)) {
    check(five_rows()[10]);
    check(five_rows()[11]);
}

#[test]
fn a_missing_dump() {
    both_ways(|cell| {
        let folder = five_rows_model().write();
        std::fs::remove_file(folder.dump(cell, 2)).expect("a file");
        assert_fault(&five_rows_model(), &folder, cell, None, "missing");
    });
}

#[test]
fn an_empty_dump() {
    both_ways(|cell| {
        let folder = five_rows_model().write();
        std::fs::write(folder.dump(cell, 2), b"").expect("a file");
        assert_fault(&five_rows_model(), &folder, cell, None, "empty");
    });
}

#[test]
fn a_truncated_dump_wherever_it_ends() {
    let model = five_rows_model();
    for container in [dumps::Container::Lz4, dumps::Container::Zlib, dumps::Container::Plain] {
        let (cell, folder) = (five_rows()[11], model.write());
        let dump = Dump {
            style: dumps::Style { container, ..dump_of(&model, cell).style },
            ..dump_of(&model, cell).clone()
        };
        let bytes = pickle::write(&model.entries(&dump), dump.style);
        for length in [1, 6, 100, bytes.len() / 2, bytes.len() - 5, bytes.len() - 1] {
            std::fs::write(folder.dump(cell, 2), &bytes[..length]).expect("a file");
            assert_fault(&model, &folder, cell, None, "damaged");
            std::fs::remove_dir_all(folder.out()).expect("the output");
        }
    }
}

#[test]
fn garbage_and_other_pickles() {
    let model = five_rows_model();
    let text = pickle::write(&[("hello".to_owned(), Entry::Int(1))], dumps::Style::default());
    both_ways(|cell| {
        let folder = model.write();
        for bytes in [&b"this is a text, no dump"[..], &[0; 4096], &text] {
            std::fs::write(folder.dump(cell, 2), bytes).expect("a file");
            assert_fault(&model, &folder, cell, None, "damaged");
            std::fs::remove_dir_all(folder.out()).expect("the output");
        }
    });
}

#[test]
fn a_folder_in_the_place_of_a_dump() {
    let (model, cell) = (five_rows_model(), five_rows()[11]);
    let folder = model.write();
    std::fs::remove_file(folder.dump(cell, 2)).expect("a file");
    std::fs::create_dir(folder.dump(cell, 2)).expect("a folder");
    assert_fault(&model, &folder, cell, None, "unreadable");
}

#[test]
fn a_series_of_another_length_than_its_dates() {
    both_ways(|cell| {
        for days in [59, 61, 1] {
            let other = Dump { days, ..dump_of(&five_rows_model(), cell).clone() };
            let longer = five_rows_model().entries(&other);
            let folder = with(&five_rows_model(), cell, |entries| {
                let longer = longer.iter().find(|(key, _)| key == "lai").expect("lai").1.clone();
                set(entries, "lai", longer);
            });
            assert_fault(&five_rows_model(), &folder, cell, Some("lai"), "length");
        }
    });
}

#[test]
fn a_series_of_another_type() {
    both_ways(|cell| {
        for dtype in ["<i4", "<f8", "<c8"] {
            let folder = with(&five_rows_model(), cell, |entries| {
                let array = array(entries, "npp");
                let size: usize = dtype[2..].parse().expect("a size");
                (array.dtype, array.bytes) = (dtype.to_owned(), vec![7; 60 * size]);
            });
            assert_fault(&five_rows_model(), &folder, cell, Some("npp"), "type");
        }
        let folder =
            with(&five_rows_model(), cell, |entries| set(entries, "npp", Entry::Text("gone".to_owned())));
        assert_fault(&five_rows_model(), &folder, cell, Some("npp"), "type");
    });
}

#[test]
fn a_series_of_other_rows() {
    both_ways(|cell| {
        for shape in [vec![3, 60], vec![1, 60], vec![60]] {
            let folder = with(&five_rows_model(), cell, |entries| {
                let array = array(entries, "csoil");
                (array.fortran, array.bytes) =
                    (shape.len() == 2, vec![1; shape.iter().product::<usize>() * 8]);
                array.shape = shape;
            });
            assert_fault(&five_rows_model(), &folder, cell, Some("csoil"), "rows");
        }
    });
}

#[test]
fn a_variable_that_a_dump_lacks() {
    both_ways(|cell| {
        let folder = with(&five_rows_model(), cell, |entries| entries.retain(|(key, _)| key != "csoil"));
        assert_fault(&five_rows_model(), &folder, cell, Some("csoil"), "no_variable");
    });
}

#[test]
fn another_calendar_or_a_unit_that_does_not_fit() {
    both_ways(|cell| {
        for (key, value) in [("calendar", "noleap"), ("time_unit", "days since 1860-01-01 06:00:00")] {
            let folder =
                with(&five_rows_model(), cell, |entries| set(entries, key, Entry::Text(value.to_owned())));
            assert_fault(&five_rows_model(), &folder, cell, None, "calendar");
        }
    });
}

#[test]
fn dates_that_make_no_sense() {
    both_ways(|cell| {
        for (key, value) in [
            ("eind", Entry::Int(39)),
            ("eind", Entry::Int(1 << 40)),
            ("sind", Entry::Text("x".to_owned())),
            ("calendar", Entry::Text("lunar".to_owned())),
            ("time_unit", Entry::Text("fortnights since 1860".to_owned())),
        ] {
            let folder = with(&five_rows_model(), cell, |entries| set(entries, key, value));
            assert_fault(&five_rows_model(), &folder, cell, None, "damaged");
        }
    });
}

/// Not lost, since nothing of it was planned, but named: only the dumps that were not sampled have values.
#[test]
fn a_variable_that_has_values_in_one_cell_only() {
    let mut model = five_rows_model();
    let cell = five_rows()[11];
    model.variables.push(Variable::new("emaxm", Kind::F64, None));
    let folder = model.write();
    for dump in model.dumps.iter().filter(|dump| (dump.cell, dump.period) != (cell, 2)) {
        let mut entries = model.entries(dump);
        let array = array(&mut entries, "emaxm");
        (array.shape, array.bytes) = (vec![0], Vec::new());
        folder.put(dump, &entries);
    }
    let report = work::grid(&folder, work::settings()).expect("a run");
    assert_eq!(work::faults(&report.faults), ["162-231 2 emaxm: unplanned"]);
    assert!(report.is_complete());
    assert!(report.unusable_variables.contains_key("emaxm"));
    assert_eq!(check::exact(&model, &folder.out()).files, 4);
    work::assert_verified(&folder);
}

/// The same of a variable that no sampled dump has at all.
#[test]
fn a_variable_that_no_sampled_dump_has_is_named() {
    let mut model = five_rows_model();
    let cell = five_rows()[11];
    let folder = model.write();
    model.variables.push(Variable::new("surprise", Kind::F64, None));
    let dump = dump_of(&model, cell);
    folder.put(dump, &model.entries(dump));
    let report = work::grid(&folder, work::settings()).expect("a run");
    assert_eq!(work::faults(&report.faults), ["162-231 2 surprise: unplanned"]);
    assert!(report.is_complete());
    assert_eq!(check::exact(&model, &folder.out()).files, 4);
}

/// Faults of variables that were not asked for are nobody's loss.
#[test]
fn a_fault_outside_of_the_selection_is_none() {
    let folder = with(&five_rows_model(), five_rows()[11], |entries| entries.retain(|(key, _)| key != "npp"));
    let selection = Selection::default().variables(vec!["lai".to_owned(), "csoil_2".to_owned()]);
    let report = work::grid(&folder, work::settings().selection(selection)).expect("a run");
    assert!(report.is_complete() && report.faults.is_empty(), "{:?}", report.faults);
    assert_eq!(check::exact(&five_rows_model(), &folder.out()).files, 2);
}
