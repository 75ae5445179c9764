//! What Python writes, in every container, protocol and form of array.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use gridloom::caete;
use gridloom::caete::CommunityYear;
use gridloom::dump::{Array, Container, Dump, Limits, Value, ValueKind};
use gridloom_testkit::{files, here};
use serde_json::Value as Json;

use super::expected::{as_json, normal};

#[test]
fn every_dump_that_python_writes_is_read_as_python_means_it() {
    let Some(python) = here::python() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let script = files::project("tests/python/make_containers.py");
    let status = Command::new(python).arg(script).arg(folder.path()).status().expect("Python runs");
    assert!(status.success());

    let mut containers = BTreeSet::new();
    let dumps: Vec<_> = files::files_below(folder.path(), "")
        .into_iter()
        .filter(|path| path.extension() != Some("json".as_ref()) && !path.ends_with("mixed.pkz"))
        .collect();
    assert!(dumps.len() >= 50, "only {} dumps", dumps.len());
    for path in dumps {
        let dump =
            Dump::open(&path, &Limits::default()).unwrap_or_else(|error| panic!("{error:#}: {error:?}"));
        let (found, wanted) = (as_json(dump.root()), wanted(&path));
        assert_eq!(found, wanted, "{}", path.display());
        views_agree(dump.root());
        containers.insert(dump.container().to_string());
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("container_") || name.starts_with("period_") {
            let period = caete::period(dump.root()).expect("a period");
            assert_eq!((period.days(), period.first_day()), (7, 43464), "{name}");
        }
        if name.starts_with("year_") || name.starts_with("content_year") {
            let year = CommunityYear::read(dump.root()).expect("a year");
            let strategies: Vec<_> =
                year.communities.iter().map(|held| (held.index, held.ids.len())).collect();
            assert_eq!((year.year, strategies), (1979, vec![(0, 5), (2, 1)]), "{name}");
            assert_eq!(year.totals.anpp, f64::from(302.4f32), "{name}");
        }
    }
    mixed(&folder.path().join("mixed.pkz"));
    assert_eq!(containers.len(), super::pack::ALL.len(), "{containers:?}");
    assert!(containers.contains(&Container::LzmaAlone.to_string()));
}

/// Masked arrays and lists are series; all else is named with the reason.
fn mixed(path: &Path) {
    let dump = Dump::open(path, &Limits::default()).expect("a dump");
    let period = caete::period(dump.root()).expect("a period");
    let values = |key: &str| {
        let series = period.series(key).unwrap_or_else(|| panic!("{key}: {:?}", period.not_series(key)));
        let size = series.size();
        let row = |row| {
            let (first, step) = series.layout(row);
            (0..series.days()).map(move |day| series.data()[first + day * step..][..size].to_vec())
        };
        let bytes: Vec<Vec<u8>> = (0..series.rows()).flat_map(row).collect();
        let masked: u64 = (0..series.rows()).map(|row| series.masked(row)).sum();
        (series.type_name().to_string(), series.has_rows(), bytes.concat(), masked)
    };
    let singles = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    let doubles = |values: &[f64]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    let whole = |values: &[i64]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    let (nan, double) = (f64::NAN, "float64".to_owned());
    assert_eq!(values("npp"), ("float32".to_owned(), false, singles(&[1.0, f32::NAN]), 1));
    assert_eq!(values("rows"), (double.clone(), true, doubles(&[nan, 2.0, nan, 4.0, nan, 6.0]), 3));
    assert_eq!(values("floats"), (double.clone(), false, doubles(&[1.5, 2.5]), 0));
    assert_eq!(values("whole"), ("int64".to_owned(), false, whole(&[1, 2]), 0));
    assert_eq!(values("mixed"), (double.clone(), false, doubles(&[1.0, 2.5]), 0));
    assert_eq!(values("scalars"), ("float32".to_owned(), false, singles(&[1.5, -2.5]), 0));
    assert_eq!(values("same"), ("float32".to_owned(), false, singles(&[1.5, 1.5]), 0));
    assert_eq!(values("truth"), ("bool".to_owned(), false, vec![1, 0], 0));
    assert_eq!(values("lists"), (double.clone(), true, doubles(&[1.0, 2.0, 3.0, 4.0]), 0));
    assert_eq!(values("empty"), (double, false, Vec::new(), 0));
    let series: Vec<&str> = period.all_series().map(|(key, _)| key).collect();
    let strange = ["records", "dates", "masked_records", "complex", "long", "half"];
    let kept = ["npp", "rows", "floats", "whole", "mixed", "scalars", "same", "truth", "lists", "empty"];
    assert!(series.iter().all(|key| kept.contains(key) || strange.contains(key)), "{series:?}");
    let others: Vec<String> = period.others().map(|(key, reason)| format!("{key}: {reason}")).collect();
    let wanted = [
        "objects: it is an array of Python objects, not an array or list of numbers",
        "words: it is a list of 2 items, and the one at 0 is a text, not a number",
        "ragged: it is a list of 2 items, and as lists they are of different lengths: 1 values, but 2 at 1",
        "holes: it is a list of 2 items, and the one at 1 is None, not a number",
        "huge: it is a list of 2 items, and the one at 0 is a whole number of more than 64 bits, not a number",
        "coarse: it is a list of 2 items, and the one at 1 has no exact counterpart among doubles",
        "cube: it has 3 dimensions, where a series has one or two",
        "dict: it is a dict, not an array or list of numbers",
        "text: it is a single value, not a series of days",
        "one: it is a single value, not a series of days",
        "5: its key is not a text",
        "none: it is a single value, not a series of days",
    ];
    assert_eq!(others, wanted);
}

fn wanted(path: &Path) -> Json {
    let path = format!("{}.json", path.display());
    normal(&serde_json::from_slice(&std::fs::read(path).expect("expectations")).expect("JSON"))
}

/// The numbers that the crate makes of an array are those that its bits mean.
fn views_agree(value: Value<'_>) {
    if let ValueKind::Array(array) = value.kind() {
        numbers_agree(&array);
    }
    value.items().for_each(views_agree);
    value.entries().for_each(|(_, value)| views_agree(value));
}

fn numbers_agree(array: &Array<'_>) {
    let big = array.dtype().big_endian;
    let name = array.dtype().to_string();
    let size = array.dtype().size;
    let order = |bytes: &[u8]| -> Vec<u8> {
        if big { bytes.iter().rev().copied().collect() } else { bytes.to_vec() }
    };
    let bytes = array.data().chunks(size).map(order);
    let floats: Option<Vec<f64>> = match name.trim_end_matches(", big endian") {
        "float32" => Some(bytes.map(|b| f32::from_le_bytes(b.try_into().expect("4")).into()).collect()),
        "float64" => Some(bytes.map(|b| f64::from_le_bytes(b.try_into().expect("8"))).collect()),
        "int16" => Some(bytes.map(|b| i16::from_le_bytes(b.try_into().expect("2")).into()).collect()),
        "uint64" => Some(bytes.map(|b| u64::from_le_bytes(b.try_into().expect("8")) as f64).collect()),
        _ => None,
    };
    if let Some(floats) = floats {
        let found = array.to_f64().expect("numbers");
        assert_eq!(bits(&found), bits(&floats), "{name}");
    }
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}
