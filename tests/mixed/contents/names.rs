//! Keys that outputs need for something else, or that no file can have as a name.

use gridloom_testkit::dumps::{Kind, Model, Variable, check};
use gridloom_testkit::here;

use super::{alone, out, program, talk};
use crate::work;

const KEYS: [&str; 24] = [
    "day",
    "latitude",
    "grid_y",
    "csoil_sum",
    "csoil_1",
    "days",
    "complete",
    "time",
    "lat",
    "crs",
    "cell_area_lat_lon",
    "time_bnds",
    "month",
    "count",
    "NPP",
    "npp_month_mean",
    "a/b",
    ".hidden",
    "tab\there",
    "xmin",
    "year",
    "region",
    "5",
    "annual_cveg",
];

/// A run with all of these keys beside `npp` and `csoil`, and what outputs call each.
fn model() -> (Model, Vec<(String, String)>) {
    let mut variables =
        vec![Variable::new("npp", Kind::F32, None), Variable::new("csoil", Kind::F64, Some(4))];
    variables.extend(KEYS.iter().map(|key| Variable::new(key, Kind::F32, None)));
    variables.push(Variable::new(&"long".repeat(60), Kind::F32, None));
    let model = Model::new(&[(170, 230), (170, 231), (171, 231)], &[(0, 31), (31, 29)], variables);
    let name = |key: &str| match key {
        "a/b" => "a_b".to_owned(),
        ".hidden" => "v__hidden".to_owned(),
        "tab\there" => "tab_here".to_owned(),
        "5" => "v_5".to_owned(),
        key if key.len() > 100 => "long".repeat(60)[..50].to_owned(),
        key => format!("{key}__2"),
    };
    let names = model.variables.iter().skip(2).map(|v| (v.key.clone(), name(&v.key))).collect();
    (model, names)
}

/// The model with the names that outputs have.
fn renamed(model: &Model) -> Model {
    let (_, names) = self::model();
    let mut renamed = model.clone();
    let keys: Vec<String> = model.variables.iter().map(|variable| variable.key.clone()).collect();
    for variable in &mut renamed.variables {
        if let Some((_, name)) = names.iter().find(|(key, _)| *key == variable.key) {
            variable.key = name.clone();
        }
    }
    // Values are made of keys: those of the dumps.
    let value = model.value.clone();
    let (old, new) = (model.variables.clone(), renamed.variables.clone());
    renamed.value = std::sync::Arc::new(move |variable, row, cell, day| {
        let index = new.iter().position(|other| other.key == variable.key).expect("a variable");
        value(&old[index], row, cell, day)
    });
    assert_eq!(keys.len(), renamed.variables.len());
    renamed
}

#[test]
fn every_key_is_in_grids_and_aggregates_under_a_name_of_its_own() {
    let _turn = alone();
    let (model, names) = model();
    let folder = model.write();
    let report = work::grid(&folder, work::settings()).expect("a run");
    assert!(report.is_complete() && report.unusable_variables.is_empty(), "{:?}", report.unusable_variables);
    let found: Vec<(String, String)> = report.renamed_variables.into_iter().collect();
    let mut wanted = names.clone();
    wanted.sort();
    assert_eq!(found, wanted);
    assert_eq!(check::exact(&renamed(&model), &folder.out()).files, model.variables.len() + 3);
    work::assert_verified(&folder);
    for path in check::files(&folder.out()) {
        let file = netcdf::open(&path).expect("a file");
        for (key, name) in &names {
            if file.variable(name).is_some() {
                assert_eq!(check::text(&file, Some(name), "dump_key"), *key);
            }
        }
    }
    let monthly = out(&folder, "monthly");
    let output = program(&["grid"], &folder.run(), Some(&monthly), &["--every", "month", "--stat", "mean"]);
    assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
    assert_eq!(check::files(&monthly).len(), model.variables.len() + 3);
    for (key, name) in &names {
        assert!(
            talk(&output).contains(&format!("note: {key:?} is written as {name}: ")),
            "{}",
            talk(&output)
        );
    }
    // By its key and by its name.
    for (at, wanted) in ["latitude", "latitude__2", "NPP", "csoil_1"].iter().zip([1, 1, 1, 2]) {
        let some = out(&folder, &format!("some_{at}"));
        let output = program(&["grid"], &folder.run(), Some(&some), &["--variables", at]);
        assert_eq!(
            (output.status.code(), check::files(&some).len()),
            (Some(0), wanted),
            "{at}: {}",
            talk(&output)
        );
    }
}

#[test]
fn tables_have_a_column_for_each() {
    let _turn = alone();
    let (model, names) = model();
    let folder = model.write();
    for format in ["csv", "parquet", "feather", "hdf5"] {
        let to = out(&folder, format);
        let options = ["--tables", "daily,region,stats", "--format", format];
        let output = program(&["tables"], &folder.run(), Some(&to), &options);
        assert_eq!(output.status.code(), Some(0), "{format}: {}", talk(&output));
        if format == "csv" {
            let text = std::fs::read_to_string(to.join("daily.csv")).expect("a table");
            let mut lines = text.lines();
            let header: Vec<&str> = lines.next().expect("a header").split(',').collect();
            let first = [
                "grid_y",
                "grid_x",
                "latitude",
                "longitude",
                "day",
                "npp",
                "csoil_1",
                "csoil_2",
                "csoil_3",
                "csoil_4",
                "csoil_sum",
            ];
            let wanted: Vec<&str> =
                first.into_iter().chain(names.iter().map(|(_, name)| name.as_str())).collect();
            assert_eq!(header, wanted);
            let line: Vec<&str> = lines.next().expect("a row").split(',').collect();
            for (variable, place) in model.variables.iter().skip(2).zip(11..) {
                let bits = (model.value)(variable, 0, (170, 230), 0) as u32;
                assert_eq!(line[place].parse::<f32>().map(f32::to_bits), Ok(bits), "{}", variable.key);
            }
        }
    }
    let partitioned = out(&folder, "partitioned");
    let options = ["--tables", "daily", "--partition", "month"];
    let output = program(&["tables"], &folder.run(), Some(&partitioned), &options);
    assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
    let Some(python) = here::python() else { return };
    let script = "import sys, pandas\n\
        for path in sys.argv[1:]:\n    frame = pandas.read_parquet(path)\n    names = [name.lower() for name in frame.columns]\n    assert len(set(names)) == len(names) >= 34, names\n    assert len(frame) == 180\n";
    let status = std::process::Command::new(python)
        .args(["-c", script])
        .arg(out(&folder, "parquet").join("daily.parquet"))
        .arg(partitioned.join("daily"))
        .status()
        .expect("Python runs");
    assert!(status.success());
}

/// An archive has its own names and gives the keys back: grids of it are those of the dumps.
#[test]
fn archives_give_the_keys_back() {
    let _turn = alone();
    let (model, _) = model();
    let folder = model.write();
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
    let output = program(&["grid"], &file, Some(&folder.out()), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
    assert_eq!(check::exact(&renamed(&model), &folder.out()).files, model.variables.len() + 3);
}

/// Tables of grids call keys as the grids do.
#[test]
fn tables_of_grids_keep_the_names() {
    let _turn = alone();
    let (model, _) = model();
    let folder = model.write();
    work::grid(&folder, work::settings()).expect("a run");
    let (of_run, of_grids) = (out(&folder, "of_run"), out(&folder, "of_grids"));
    let options = ["--tables", "daily", "--format", "csv"];
    let output = program(&["tables"], &folder.run(), Some(&of_run), &options);
    assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
    let mut command = program::command();
    command.arg("tables").args(check::files(&folder.out())).arg("-o").arg(&of_grids).args(options);
    let output = command.output().expect("the program");
    assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
    let header = |folder: &std::path::Path| {
        let text = std::fs::read_to_string(folder.join("daily.csv")).expect("a table");
        let mut names: Vec<String> =
            text.lines().next().expect("a header").split(',').map(str::to_owned).collect();
        names.sort();
        names
    };
    assert_eq!(header(&of_grids), header(&of_run));
}
