//! `verify` finds whatever differs from the dumps, and says where.

use std::path::PathBuf;

use gridloom::chunk::Shape;
use gridloom_testkit::dumps::{self, Folder, Kind, Model, Variable, check};

use crate::work;

/// 1860-01-01 is day 0. Cell 171-231 is not there.
fn model() -> Model {
    let variables = vec![
        Variable::new("npp", Kind::F32, None),
        Variable::new("lai", Kind::F32, None),
        Variable::new("csoil", Kind::F64, Some(2)),
    ];
    let cells = [(170, 230), (170, 231), (171, 230), (172, 232)];
    Model::new(&cells, &[(0, 31), (31, 29), (70, 10)], variables)
}

fn made() -> Folder {
    let folder = model().write();
    let settings = work::settings().chunk(Some(Shape { days: 16, rows: 2, columns: 2 }));
    work::grid(&folder, settings).expect("a run");
    work::assert_verified(&folder);
    folder
}

fn change<T>(path: &PathBuf, work: impl FnOnce(&mut netcdf::FileMut) -> netcdf::Result<T>) -> T {
    let mut file = netcdf::append(path).expect("a file");
    let result = work(&mut file).expect("a change");
    file.close().expect("a file");
    result
}

/// Writes one value, by its place in the file: day, row and column.
fn put<T: netcdf::NcTypeDescriptor>(folder: &Folder, name: &str, at: [usize; 3], value: T) {
    change(&check::file_of(&folder.out(), name), |file| {
        file.variable_mut(name).expect("the data").put_value(value, at)
    });
}

/// Differences found, as the program shows them, or the error.
fn verified(folder: &Folder) -> Result<Vec<String>, String> {
    match work::verify(folder) {
        Ok(found) if found.differences == 0 => Ok(Vec::new()),
        Ok(found) => {
            assert!(!found.first_differences.is_empty());
            Ok(found.first_differences.iter().map(ToString::to_string).collect())
        }
        Err(error) => Err(error.to_string()),
    }
}

/// Verifies, and finds at least one difference.
fn differences(folder: &Folder) -> Vec<String> {
    let found = verified(folder).expect("the files can be read");
    assert!(!found.is_empty(), "no difference is found");
    found
}

fn assert_named(found: &[String], wanted: &str) {
    assert!(found.iter().any(|line| line.contains(wanted)), "{wanted:?} is not in {found:#?}");
}

#[test]
fn one_flipped_bit_is_found_and_named() {
    let model = model();
    for (day, bit) in [(0, 0), (30, 31), (31, 7), (79, 22)] {
        let folder = made();
        let bits = model.expected(&model.variables[0], 0, (171, 230), day) as u32;
        let (right, wrong) = (f32::from_bits(bits), f32::from_bits(bits ^ 1 << bit));
        put(&folder, "npp", [day as usize, 1, 0], wrong);
        let found = work::verify(&folder).expect("the files can be read");
        assert_eq!(found.differences, 1, "{:?}", found.first_differences);
        let difference = &found.first_differences[0];
        assert_eq!(difference.cell.map(|cell| cell.to_string()).as_deref(), Some("171-230"));
        let unit = (day as u32 / 31, day);
        let date = match unit {
            (0, day) => format!("1860-01-{:02}", day + 1),
            (1, day) => format!("1860-02-{:02}", day - 30),
            (_, day) => format!("1860-03-{:02}", day - 59),
        };
        assert_eq!(difference.date.as_deref(), Some(date.as_str()));
        assert_eq!(
            (difference.expected.as_str(), difference.found.as_str()),
            (format!("{right:e}").as_str(), format!("{wrong:e}").as_str())
        );
        let line = format!("cell 171-230, {date}: the dumps say {right:e}, the file says {wrong:e}");
        assert_named(&differences(&folder), &line);
    }
}

#[test]
fn a_last_bit_of_a_double_is_found_in_its_row() {
    let folder = made();
    let bits = model().expected(&model().variables[2], 1, (172, 232), 5);
    put(&folder, "csoil_2", [5, 2, 2], f64::from_bits(bits + 1));
    let found = work::verify(&folder).expect("the files can be read");
    assert_eq!(found.differences, 1);
    assert!(found.first_differences[0].file.starts_with("csoil_2_"), "{:?}", found.first_differences);
}

#[test]
fn a_zero_in_a_masked_place_is_found() {
    // A place without a cell, one in a gap between periods, and one that no chunk is stored for.
    for (at, cell, date) in [
        ([3, 1, 1], "171-231", "1860-01-04"),
        ([65, 0, 0], "170-230", "1860-03-06"),
        ([0, 0, 2], "170-232", "1860-01-01"),
        ([79, 2, 0], "172-230", "1860-03-20"),
    ] {
        let folder = made();
        put(&folder, "lai", at, 0f32);
        let found = work::verify(&folder).expect("the files can be read");
        assert_eq!(found.differences, 1, "{at:?}: {:?}", found.first_differences);
        let line = format!("cell {cell}, {date}: the dumps say masked, there is no dump, the file says 0e0");
        assert_named(&differences(&folder), &line);
    }
}

#[test]
fn a_masked_place_that_should_have_a_value_is_found() {
    let folder = made();
    put(&folder, "lai", [70, 2, 2], 1e20f32);
    let found = differences(&folder);
    assert_named(&found, "cell 172-232, 1860-03-11: the dumps say ");
    assert_named(&found, "the file says masked");
}

#[test]
fn shifted_coordinates_are_found() {
    for (axis, index, value) in [
        ("lat", 0, 5.25),
        ("lat", 1, 4.250_000_001),
        ("lon", 2, -63.25),
        ("time", 0, 1.0),
        ("time", 40, 40.5),
    ] {
        let folder = made();
        change(&check::file_of(&folder.out(), "npp"), |file| {
            file.variable_mut(axis).expect("an axis").put_value(value, [index])
        });
        assert_named(&differences(&folder), "npp_made_up");
    }
    for (name, at) in [("lat_bnds", [1, 0]), ("lon_bnds", [0, 1]), ("time_bnds", [60, 1])] {
        let folder = made();
        change(&check::file_of(&folder.out(), "npp"), |file| {
            file.variable_mut(name).expect("bounds").put_value(0.125, at)
        });
        assert_named(&differences(&folder), name);
    }
}

/// Each coordinate agrees with the ones beside it, but all are one cell or one day off.
#[test]
fn an_axis_that_is_shifted_as_a_whole_is_found() {
    for (axis, step) in
        [("lat", -0.5), ("lat", 0.5), ("lon", 0.5), ("lon", -0.5), ("time", 1.0), ("time", -1.0)]
    {
        let folder = made();
        change(&check::file_of(&folder.out(), "npp"), |file| {
            for name in [axis.to_owned(), format!("{axis}_bnds")] {
                let values: Vec<f64> = check::doubles(file, &name).iter().map(|value| value + step).collect();
                let mut variable = file.variable_mut(&name).expect("an axis");
                match values.len().is_multiple_of(2) && name.ends_with("_bnds") {
                    true => variable.put_values(&values, (.., ..))?,
                    false => variable.put_values(&values, ..)?,
                }
            }
            Ok(())
        });
        let found = verified(&folder);
        assert!(found.as_ref().is_ok_and(|found| !found.is_empty()), "{axis} by {step}: {found:?}");
    }
}

#[test]
fn another_calendar_or_unit_is_found() {
    for (name, value) in [("calendar", "noleap"), ("units", "days since 1861-01-01 00:00:00")] {
        let folder = made();
        change(&check::file_of(&folder.out(), "npp"), |file| {
            file.variable_mut("time").expect("time").put_attribute(name, value).map(drop)
        });
        assert_ne!(verified(&folder), Ok(Vec::new()), "{name}");
    }
}

#[test]
fn values_of_another_variable_are_found() {
    let folder = made();
    let (npp, lai) = (check::file_of(&folder.out(), "npp"), check::file_of(&folder.out(), "lai"));
    let values: Vec<f32> = {
        let file = netcdf::open(&lai).expect("a file");
        file.variable("lai").expect("the data").get_values((.., .., ..)).expect("values")
    };
    change(&npp, |file| file.variable_mut("npp").expect("the data").put_values(&values, (.., .., ..)));
    let found = work::verify(&folder).expect("the files can be read");
    assert_eq!(found.differences, 4 * 70, "every value differs");
    assert!(found.first_differences.len() >= 10 && found.first_differences.len() < 100);
}

#[test]
fn a_truncated_file_is_an_error_that_names_it() {
    let folder = made();
    let path = check::file_of(&folder.out(), "csoil_1");
    let bytes = std::fs::read(&path).expect("a file");
    for length in [0, 100, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&path, &bytes[..length]).expect("a file");
        match verified(&folder) {
            Err(error) => assert!(error.contains("csoil_1_made_up"), "{length} bytes: {error}"),
            Ok(found) => assert!(!found.is_empty(), "{length} bytes: no difference"),
        }
    }
}

#[test]
fn a_dump_that_changed_after_gridding_is_found() {
    let folder = made();
    let model = Model { value: dumps::mixed(1), ..model() };
    let dump = model.dumps.iter().find(|dump| dump.cell == (170, 231) && dump.period == 2).expect("a dump");
    folder.put(dump, &model.entries(dump));
    let found = work::verify(&folder).expect("the files can be read");
    assert!(found.differences > 0);
    assert!(found.first_differences.iter().all(|d| d.cell.is_some_and(|cell| cell.to_string() == "170-231")));
    std::fs::remove_file(folder.dump((170, 231), 2)).expect("a dump");
    let found = work::verify(&folder).expect("the files can be read");
    assert_eq!(
        found.differences,
        4 * 29 + 2,
        "values without a dump, which the report does not name, and the digest"
    );
}

#[test]
fn one_file_may_be_verified_by_itself() {
    let folder = made();
    let path = check::file_of(&folder.out(), "csoil_2");
    let found = work::verify_at(&folder, &path).expect("the file can be read");
    assert_eq!((found.files, found.differences, found.values), (1, 0, 4 * 70));
}

/// Without a report nobody knows what attributes a grid should have, and that is said.
#[test]
fn what_no_report_tells_is_not_proven_in_silence() {
    let model = dumps::five_rows_model();
    let folder = model.write();
    work::grid(&folder, work::settings()).expect("a run");
    assert!(work::verify(&folder).expect("files").not_looked_at.is_empty());
    std::fs::remove_file(folder.out().join("report.json")).expect("a report");
    let found = work::verify(&folder).expect("files");
    assert_eq!((found.differences, found.not_looked_at.len()), (0, found.files), "{:?}", found.not_looked_at);
}
