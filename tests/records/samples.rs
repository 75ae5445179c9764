//! The samples of `data/records`: their descriptions, completed, are read as they are written, and grids of them hold the files' numbers.

use std::path::{Path, PathBuf};

use gridloom::records::description::{Description, Header};
use gridloom_testkit::{files, program};

const SAMPLES: [&str; 5] =
    ["lpj-guess/lpj-guess.toml", "vic/vic.toml", "city/city.toml", "crops/crops.toml", "psims/psims.toml"];

fn sample(name: &str) -> PathBuf {
    files::project("data/records").join(name)
}

fn run(words: &[&str]) -> (Option<i32>, String, String) {
    let output = program::command().args(words).output().expect("the program");
    (output.status.code(), String::from_utf8(output.stdout.clone()).expect("UTF-8"), program::talk(&output))
}

/// A grid of a sample, proved.
fn grid(name: &str, out: &Path) {
    let (path, folder) = (sample(name).display().to_string(), out.display().to_string());
    let (status, _, talk) = run(&["grid", &path, "-o", &folder, "--rows", "dimension", "--quiet"]);
    assert_eq!(status, Some(0), "{name}: {talk}");
    let (status, _, talk) = run(&["verify", &path, &folder]);
    assert_eq!(status, Some(0), "{name}: {talk}");
}

fn open(out: &Path, variable: &str) -> netcdf::File {
    netcdf::open(files::files_below(out, &format!("{variable}_")).into_iter().next().expect("a grid"))
        .expect("NetCDF")
}

#[test]
fn completed_descriptions_of_samples_are_read_again() {
    for name in SAMPLES {
        let (status, text, talk) = run(&["describe", &sample(name).display().to_string()]);
        assert_eq!(status, Some(0), "{name}: {talk}");
        let found = Description::from_toml(&text).unwrap_or_else(|error| panic!("{name}: {error}\n{text}"));
        let written = found.to_toml();
        assert_eq!(Description::from_toml(&written).as_ref(), Ok(&found), "{written}");
        // Nothing is left open.
        assert!(
            found.text.separator.is_some() && found.time.step.is_some() && found.time.calendar.is_some(),
            "{text}"
        );
        assert!(
            found.values.type_.is_some() && (found.cell.step.is_some() || found.cell.size.is_some()),
            "{text}"
        );
    }
}

#[test]
fn glued_columns_and_headers_inside_lose_nothing() {
    let out = tempfile::tempdir().expect("a folder");
    grid("lpj-guess/lpj-guess.toml", out.path());
    let file = open(out.path(), "cmass");
    let variable = file.variable("cmass").expect("carbon mass");
    let values: Vec<f32> = variable.get_values(..).expect("values");
    assert_eq!(values.iter().filter(|value| **value == -123.456).count(), 1);
    assert_eq!(values.iter().filter(|value| **value < 1e19).count(), 9 * 10 * 5);
    let report = std::fs::read_to_string(out.path().join("report.json")).expect("a report");
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!(report["faults"], serde_json::json!([]), "{report}");
}

#[test]
fn rounded_names_find_their_cells() {
    let out = tempfile::tempdir().expect("a folder");
    grid("vic/vic.toml", out.path());
    let file = open(out.path(), "OUT_SOIL_LIQ");
    let of = |name: &str| -> Vec<f64> { file.variable(name).expect(name).get_values(..).expect("values") };
    assert_eq!(of("lat"), [48.28125, 48.21875]);
    assert_eq!(of("lon"), [-120.71875, -120.65625, -120.59375]);
    let variable = file.variable("OUT_SOIL_LIQ").expect("soil water");
    let sizes: Vec<usize> = variable.dimensions().iter().map(netcdf::Dimension::len).collect();
    assert_eq!(sizes, [60, 3, 2, 3]);
    // The text of one file, on its first day: north-western cell.
    let text = std::fs::read_to_string(sample("vic/fluxes_48.28_-120.72.txt")).expect("a file");
    let line = text.lines().nth(3).expect("a record");
    let wanted: f32 = line.split_whitespace().nth(6).expect("a field").parse().expect("a number");
    let values: Vec<f32> = variable.get_values((0, 0, 0, 0)).expect("a value");
    assert_eq!(values, [wanted]);
}

#[test]
fn a_city_is_summed_over_countries() {
    let out = tempfile::tempdir().expect("a folder");
    grid("city/city.toml", out.path());
    let file = open(out.path(), "internet");
    let values: Vec<f64> = file.variable("internet").expect("a variable").get_values(..).expect("values");
    let text = std::fs::read_to_string(sample("city/activity-2013-11-01.txt")).expect("a file");
    let mut sums = [[None; 100]; 6];
    for line in text.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let square: usize = fields[0].parse().expect("a square");
        let interval = (fields[1].parse::<u64>().expect("a stamp") - 1_383_260_400_000) / 600_000;
        let slot: &mut Option<Option<f64>> = &mut sums[interval as usize][square - 1];
        let sum = slot.get_or_insert(None);
        if let Ok(value) = fields[7].parse::<f64>() {
            *sum = Some(sum.unwrap_or(0.0) + value);
        }
    }
    for (interval, squares) in sums.iter().enumerate() {
        for (square, wanted) in squares.iter().enumerate() {
            // Squares are numbered from the south, rows of a grid from the north.
            let found = values[(interval * 10 + 9 - square / 10) * 10 + square % 10];
            match wanted {
                None => assert_eq!(found, 0.0, "no record is no activity: {interval} {square}"),
                Some(None) => assert!(found.is_nan() || found.abs() >= 1e19, "{interval} {square}: {found}"),
                Some(Some(wanted)) => {
                    assert!((found - wanted).abs() < 1e-12, "{interval} {square}: {found} {wanted}")
                }
            }
        }
    }
}

#[test]
fn labels_in_a_column_are_a_dimension() {
    let out = tempfile::tempdir().expect("a folder");
    grid("crops/crops.toml", out.path());
    let file = open(out.path(), "yield");
    let variable = file.variable("yield").expect("yields");
    let values: Vec<f32> = variable.get_values(..).expect("values");
    let text = std::fs::read_to_string(sample("crops/yields.csv")).expect("a file");
    let failed = text.lines().filter(|line| line.contains(",-9999,")).count();
    assert_eq!(
        (values.len(), values.iter().filter(|value| value.is_nan() || value.abs() >= 1e19).count()),
        (200, failed)
    );
}

#[test]
fn parts_of_psims_are_found_by_their_paths() {
    let out = tempfile::tempdir().expect("a folder");
    grid("psims/psims.toml", out.path());
    let file = open(out.path(), "yield");
    let values: Vec<f32> = file.variable("yield").expect("yields").get_values(..).expect("values");
    let of = |name: &str| -> Vec<f64> { file.variable(name).expect(name).get_values(..).expect("values") };
    assert_eq!((of("lat"), of("lon")), (vec![39.75, 39.25, 38.75], vec![-29.75, -29.25, -28.75]));
    let mut there = 0;
    for path in files::files_below(&sample("psims/parts"), "") {
        let part = netcdf::open(path).expect("NetCDF");
        let own: Vec<f32> = part.variable("yield").expect("yields").get_values(..).expect("values");
        there += own.iter().filter(|value| **value != -99.0).count();
    }
    assert_eq!((values.len(), values.iter().filter(|value| **value < 1e19).count()), (8 * 2 * 3 * 3, there));
}

/// The generator writes what is there.
#[test]
fn samples_are_those_of_their_generator() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = std::process::Command::new("python3")
        .arg(files::project("scripts/make-records-samples"))
        .arg(folder.path())
        .output();
    match made {
        Ok(made) if made.status.success() => {
            for name in SAMPLES {
                let (one, other) = (sample(name), folder.path().join(name));
                let both = [&one, &other].map(|path| {
                    let parts = files::files_below(path.parent().expect("a folder"), "");
                    parts
                        .into_iter()
                        .map(|path| {
                            (path.file_name().map(ToOwned::to_owned), std::fs::read(&path).expect("a file"))
                        })
                        .collect::<Vec<_>>()
                });
                assert!(both[0] == both[1], "{name} differs");
            }
        }
        other => assert!(std::env::var_os("GRIDLOOM_CI").is_none(), "{other:?}"),
    }
    let header = Description::from_toml(&std::fs::read_to_string(sample("vic/vic.toml")).expect("a file"));
    assert_eq!(header.map(|found| found.text.header), Ok(Some(Header::Any)));
}
