//! Grids: daily, aggregates, yearly; values and all that stands beside them.

use std::path::Path;

use gridloom_testkit::{files, here};

use super::{assert_equal, file_of, made, verified};

type Change = fn(&mut netcdf::FileMut, &str) -> netcdf::Result<()>;

fn put_text(file: &mut netcdf::FileMut, variable: &str, name: &str, text: &str) -> netcdf::Result<()> {
    file.variable_mut(variable).expect("a variable").put_attribute(name, text).map(drop)
}

fn nudge(file: &mut netcdf::FileMut, name: &str, at: [usize; 3]) -> netcdf::Result<()> {
    let mut variable = file.variable_mut(name).expect("the data");
    match variable.vartype() {
        netcdf::types::NcVariableType::Float(netcdf::types::FloatType::F32) => {
            let value: f32 = variable.get_value(at)?;
            variable.put_value(if value.abs() < 1e19 { value.next_up() } else { 1.0 }, at)
        }
        _ => {
            let value: f64 = variable.get_value(at)?;
            // A standard deviation is right in its last bit but one.
            variable.put_value(if value.abs() < 1e19 { value.next_up().next_up() } else { 1.0 }, at)
        }
    }
}

/// The first place with a value.
fn place(file: &netcdf::FileMut, name: &str) -> [usize; 3] {
    let values: Vec<f64> = file.variable(name).expect("the data").get_values(..).expect("values");
    let lengths: Vec<usize> =
        file.variable(name).expect("the data").dimensions().iter().map(|dimension| dimension.len()).collect();
    let at = values.iter().position(|value| value.abs() < 1e19 && *value != 0.0).expect("a value");
    [at / (lengths[1] * lengths[2]), at / lengths[2] % lengths[1], at % lengths[2]]
}

fn masked(file: &netcdf::FileMut, name: &str) -> [usize; 3] {
    let values: Vec<f64> = file.variable(name).expect("the data").get_values(..).expect("values");
    let lengths: Vec<usize> =
        file.variable(name).expect("the data").dimensions().iter().map(|dimension| dimension.len()).collect();
    let at = values.iter().position(|value| value.abs() > 1e19).expect("a masked place");
    [at / (lengths[1] * lengths[2]), at / lengths[2] % lengths[1], at % lengths[2]]
}

/// What is changed, and what the difference must name.
const CHANGES: [(&str, Change, &str); 19] = [
    ("a value", |file, name| nudge(file, name, place(file, name)), "the dumps say"),
    (
        "a value that is masked",
        |file, name| {
            let at = place(file, name);
            file.variable_mut(name).expect("the data").put_value(1e20f64, at)
        },
        "the file says masked",
    ),
    (
        "a masked place with a value",
        |file, name| {
            let at = masked(file, name);
            file.variable_mut(name).expect("the data").put_value(0f64, at)
        },
        "the dumps say masked",
    ),
    ("a date", |file, _| file.variable_mut("time").expect("time").put_value(1.5e4, [1]), "time[1]"),
    (
        "a bound",
        |file, _| file.variable_mut("time_bnds").expect("bounds").put_value(7.0, [0, 1]),
        "time_bnds",
    ),
    ("a latitude", |file, _| file.variable_mut("lat").expect("lat").put_value(7.0, [0]), "lat[0]"),
    (
        "a longitude's bound",
        |file, _| file.variable_mut("lon_bnds").expect("bounds").put_value(7.0, [0, 0]),
        "lon_bnds",
    ),
    (
        "an area",
        |file, _| {
            let mut area = file.variable_mut("cell_area_lat_lon").expect("areas");
            let value: f64 = area.get_value([0, 0])?;
            area.put_value(value.next_up(), [0, 0])
        },
        "cell_area_lat_lon[0, 0]",
    ),
    ("the unit", |file, name| put_text(file, name, "units", "furlong"), "units"),
    ("the unit of time", |file, _| put_text(file, "time", "units", "days since 1850-01-01"), "time:units"),
    ("the calendar", |file, _| put_text(file, "time", "calendar", "noleap"), "time:calendar"),
    ("the long name", |file, name| put_text(file, name, "long_name", "another"), "long_name"),
    ("the methods", |file, name| put_text(file, name, "cell_methods", "time: point"), "cell_methods"),
    ("the grid mapping", |file, name| put_text(file, name, "grid_mapping", "nothing"), "grid_mapping"),
    (
        "the ellipsoid",
        |file, _| {
            file.variable_mut("crs").expect("crs").put_attribute("semi_major_axis", 6_371_000.0).map(drop)
        },
        "crs:semi_major_axis",
    ),
    (
        "the unit of areas",
        |file, _| put_text(file, "cell_area_lat_lon", "units", "km2"),
        "cell_area_lat_lon:units",
    ),
    (
        "what stands for missing values",
        |file, name| {
            file.variable_mut(name).expect("the data").put_attribute("missing_value", 7f32).map(drop)
        },
        "missing_value",
    ),
    ("the title", |file, _| file.add_attribute("title", "another").map(drop), "title"),
    ("one attribute more", |file, name| put_text(file, name, "scale_factor", "2"), "scale_factor"),
];

fn assert_found(file: &Path, what: &str, change: Change, wanted: &str) {
    let sound = std::fs::read(file).expect("a file");
    let name = file.file_name().expect("a name").to_string_lossy().into_owned();
    let mut known = ["npp", "cveg", "limitation_leaf_none_area", "uptake_p_am_hyphae_carbon"].into_iter();
    let variable = known.find(|variable| name.contains(variable)).expect("a variable");
    files::change_netcdf(file, |file| change(file, variable));
    let (status, talk) = verified(file, &[]);
    assert_eq!(status, 4, "{what} of {name}: {talk}");
    assert!(
        talk.contains("differs: ") && talk.contains(wanted),
        "{what} of {name}: {wanted:?} is not in {talk}"
    );
    std::fs::write(file, sound).expect("a file");
}

#[test]
fn whatever_is_changed_in_a_daily_grid_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    made("grid", folder.path(), &["--variables", "npp", "--to", "1979-06-30"]);
    assert_equal(folder.path());
    for (what, change, wanted) in CHANGES {
        assert_found(&file_of(folder.path(), "npp_"), what, change, wanted);
    }
    assert_equal(folder.path());
}

#[test]
fn every_statistic_is_proven_exactly() {
    let folder = tempfile::tempdir().expect("a folder");
    for every in ["month", "season", "year"] {
        let out = folder.path().join(every);
        // Both ends cut a month, a season and a year; tsoil and csoil have rows and other sizes.
        let options = ["--variables", "npp,csoil_2,tsoil", "--from", "1979-01-15", "--to", "1981-03-10"];
        let options = [&options[..], &["--every", every, "--stat", "mean,sum,min,max,std"]].concat();
        made("grid", &out, &options);
        assert_equal(&out);
        for stat in ["mean", "sum", "min", "max", "std"] {
            let file = file_of(&out, &format!("npp_{every}_{stat}"));
            let (what, change, wanted) = CHANGES[0];
            assert_found(&file, what, change, wanted);
        }
        if every != "month" {
            continue;
        }
        for (what, change, wanted) in CHANGES {
            assert_found(&file_of(&out, "npp_month_mean"), what, change, wanted);
        }
        let file = file_of(&out, "npp_month_std");
        assert_found(
            &file,
            "days",
            |file, _| file.variable_mut("days").expect("days").put_value(30i32, [1]),
            "days[1]",
        );
        let complete: Change = |file, _| file.variable_mut("complete").expect("complete").put_value(1i8, [0]);
        assert_found(&file, "complete", complete, "complete[0]");
    }
}

#[test]
fn whatever_is_changed_in_a_yearly_grid_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    made("tables", folder.path(), &["--tables", "annual,annual_limitation"]);
    assert_equal(folder.path());
    for file in ["annual_cveg", "annual_limitation_leaf_none_area", "annual_uptake_p_am_hyphae_carbon"] {
        for (what, change, wanted) in CHANGES {
            if !what.starts_with("what stands") {
                assert_found(&file_of(folder.path(), file), what, change, wanted);
            }
        }
    }
}

/// A group is no part of a grid, and nothing that no report tells is called proven or different.
#[test]
fn what_was_added_and_what_no_report_tells() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path();
    made("tables", out, &["--tables", "region,annual", "--variables", "npp", "--format", "hdf5"]);
    let (status, talk) = verified(out, &[]);
    assert_eq!(status, 0, "{talk}");
    std::fs::remove_file(out.join("report.json")).expect("a report");
    let (status, talk) = verified(out, &[]);
    assert_eq!(status, 3, "{talk}");
    assert!(talk.contains("not looked at: region.h5"), "{talk}");
    let Some(program) = here::python() else { return };
    made("grid", &out.join("grids"), &["--variables", "npp"]);
    let change = |script: &str, file: &Path| {
        let script = format!("import sys, h5py\nwith h5py.File(sys.argv[1], 'a') as f: {script}");
        let done = std::process::Command::new(&program).args(["-c", &script]).arg(file).status();
        assert!(done.expect("python").success());
    };
    let grid = files::files_below(&out.join("grids"), "npp").remove(0);
    change("f.create_group('zz', track_order=True)", &grid);
    let (status, talk) = verified(&grid, &[]);
    assert_eq!(status, 4, "{talk}");
    assert!(talk.contains("zz"), "{talk}");
    for script in [
        "f.create_group('zz')",
        "f['data'].attrs['new'] = 1",
        "f.attrs['new'] = 1",
        "f['metadata'].create_dataset('zz', data=[1])",
    ] {
        let tables = out.join("tables");
        let _ = std::fs::remove_dir_all(&tables);
        made("tables", &tables, &["--tables", "region", "--variables", "npp", "--format", "hdf5"]);
        change(script, &tables.join("region.h5"));
        let (status, talk) = verified(&tables, &[]);
        assert_eq!(status, 4, "{script}: {talk}");
    }
}
