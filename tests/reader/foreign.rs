//! What Python writes, in every container, protocol and form of array.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use gridloom::dump::{Array, Container, Dump, Kind, Limits, Value};
use serde_json::Value as Json;

use super::expected::{as_json, normal};
use crate::common;

#[test]
fn every_dump_that_python_writes_is_read_as_python_means_it() {
    let Some(python) = common::python() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let script = common::project("tests/python/make_containers.py");
    let status = Command::new(python).arg(script).arg(folder.path()).status().expect("Python runs");
    assert!(status.success());

    let mut containers = BTreeSet::new();
    let dumps: Vec<_> = common::files_below(folder.path(), "")
        .into_iter()
        .filter(|path| path.extension() != Some("json".as_ref()))
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
            let period = dump.period().expect("a period");
            assert_eq!((period.days(), period.first_day()), (7, 43464), "{name}");
        }
        if name.starts_with("year_") || name.starts_with("content_year") {
            let year = dump.community_year().expect("a year");
            let strategies: Vec<_> =
                year.communities.iter().map(|held| (held.index, held.ids.len())).collect();
            assert_eq!((year.year, strategies), (1979, vec![(0, 5), (2, 1)]), "{name}");
            assert_eq!(year.totals.anpp, f64::from(302.4f32), "{name}");
        }
    }
    assert_eq!(containers.len(), super::pack::ALL.len(), "{containers:?}");
    assert!(containers.contains(&Container::LzmaAlone.to_string()));
}

fn wanted(path: &Path) -> Json {
    let path = format!("{}.json", path.display());
    normal(&serde_json::from_slice(&std::fs::read(path).expect("expectations")).expect("JSON"))
}

/// The numbers that the crate makes of an array are those that its bits mean.
fn views_agree(value: Value<'_>) {
    if let Kind::Array(array) = value.kind() {
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
