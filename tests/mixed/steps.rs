//! Steps of time of any length go through every product, and every product is proved.

use std::path::Path;

use gridloom::aggregate::interval::Step;
use gridloom::aggregate::reduce::Stat;
use gridloom::archive;
use gridloom::model::calendar::Calendar;
use gridloom::model::grid::{Cell, Grid, Lattice};
use gridloom::model::projection::Projection;
use gridloom::pipeline::{self, Options};
use gridloom::plan::tables::{Aggregate, Partition, TableKind, Tables};
use gridloom::plan::{Format, Plan, Settings};
use gridloom::run::Run;
use gridloom::verify::verify;
use gridloom_testkit::files::names;
use gridloom_testkit::here;
use gridloom_testkit::program::{self, alone};

mod source;

pub use source::Sensors;

fn prove(run: &Run, path: &Path, settings: &Settings) {
    let proof = verify(run, path, &settings.table, &settings.limits, settings.resources).expect("a proof");
    assert_eq!(
        (proof.differences, proof.is_whole(), proof.faults.len()),
        (0, true, 0),
        "{:#?} {:#?}",
        proof.first_differences.iter().take(6).collect::<Vec<_>>(),
        proof.not_looked_at
    );
    assert!(proof.values > 0);
}

/// Makes grids, aggregates, tables and an archive, proves them, and makes the grids of the archive once more. Returns the names of the
/// grids.
fn make(sensors: &Sensors, out: &Path, aggregates: &[(Step, Stat)]) -> Vec<String> {
    let run = sensors.run();
    let aggregates = aggregates.iter().map(|&(every, stat)| Aggregate { every, stat }).collect();
    let every = if sensors.unit.step().is_within_a_day() { Step::Day } else { Step::Year };
    let kinds = Tables::default().every(every).aggregates(aggregates);
    let settings = Settings::default().tables(Some(kinds));
    let plan = Plan::new(run.clone(), settings.clone()).expect("a plan");
    let made = out.join("made");
    pipeline::grid(&plan, &made, &Options::default(), &gridloom::Nobody).expect("grids");
    prove(&run, &made, &settings);

    let path = out.join("sensors.nc");
    archive::write(&run, &path, &archive::Settings::default(), &gridloom::Nobody).expect("an archive");
    prove(&run, &path, &settings);
    let archived = gridloom::open(&path).expect("the archive");
    let again = out.join("again");
    let plan = Plan::new(archived.clone(), settings.clone()).expect("a plan");
    pipeline::grid(&plan, &again, &Options::default(), &gridloom::Nobody).expect("grids of the archive");
    let grids = |folder: &Path| -> Vec<String> {
        names(folder).into_iter().filter(|name| name.ends_with(".nc") || name.ends_with(".parquet")).collect()
    };
    assert_eq!(grids(&again), grids(&made));
    prove(&run, &again, &settings);
    tables(sensors, out, every);
    figures(&made, out);
    if let Some(python) = here::python() {
        let tables = out.join("tables");
        here::script(
            &python,
            "check_steps.py",
            &[made.as_os_str(), tables.as_os_str(), sensors.place().as_ref()],
        );
    }
    grids(&made)
}

/// Makes tables in all formats, a partition among them, and proves them.
fn tables(sensors: &Sensors, out: &Path, every: Step) {
    let run = sensors.run();
    for (name, format, partition) in [
        ("parquet", Format::named("parquet"), Some(Partition::Month)),
        ("feather", Format::named("feather"), None),
        ("csv", Format::packed("csv", "plain"), None),
        ("hdf5", Format::named("hdf5"), None),
    ] {
        let kinds = vec![TableKind::Daily, TableKind::Region, TableKind::Stats];
        let tables =
            Tables::default().kinds(kinds).every(every).by_month(true).format(format).partition(partition);
        let settings = Settings::default().grids(false).tables(Some(tables));
        let plan = Plan::new(run.clone(), settings.clone()).expect("a plan");
        let folder = out.join("tables").join(name);
        pipeline::grid(&plan, &folder, &Options::default(), &gridloom::Nobody).expect(name);
        prove(&run, &folder, &settings);
    }
}

/// Has the program draw the grids, make tables of them, and prove these.
fn figures(made: &Path, out: &Path) {
    let grid = names(made).into_iter().find(|name| name.starts_with("level_sensors")).expect("a grid");
    let (grid, pictures) = (made.join(grid), out.join("pictures"));
    std::fs::create_dir(&pictures).expect("a folder");
    for kind in ["map", "series", "hovmoller"] {
        let picture = pictures.join(kind).with_extension("svg");
        let output = program::command().args(["plot", kind]).arg(&grid).arg("-o").arg(&picture).output();
        program::assert_done(&output.expect("the program"));
        assert!(picture.exists(), "{kind}");
    }
    let page = pictures.join("page.html");
    let output = program::command().arg("report").arg(made).arg("-o").arg(&page).output();
    program::assert_done(&output.expect("the program"));
    let again = out.join("of_grids");
    let output = program::command().arg("tables").arg(&grid).arg("-o").arg(&again).output();
    program::assert_done(&output.expect("the program"));
    let output = program::command().arg("verify").arg(&grid).arg(&again).output();
    program::assert_done(&output.expect("the program"));
}

#[test]
fn steps_within_a_day() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let sensors = Sensors::new("minutes since 2013-11-01", Calendar::Standard, "PT10M", 36, [400, 500]);
    let names = make(&sensors, folder.path(), &[(Step::Day, Stat::Mean), (Step::Month, Stat::Sum)]);
    assert_eq!(
        names,
        [
            "code_day_mean_sensors_201311010600_201311071150.nc",
            "code_month_sum_sensors_201311010600_201311071150.nc",
            "code_sensors_201311010600_201311071150.nc",
            "daily.parquet",
            "level_day_mean_sensors_201311010600_201311071150.nc",
            "level_month_sum_sensors_201311010600_201311071150.nc",
            "level_sensors_201311010600_201311071150.nc",
        ]
    );
    let grid = folder.path().join("made").join(&names[6]);
    let map = |date: &str| {
        let picture = folder.path().join("map.svg");
        let command = ["plot", "map", "--overwrite", "--date", date];
        let output =
            program::command().args(command).arg(&grid).arg("-o").arg(picture).output().expect("the program");
        (output.status.code(), program::talk(&output))
    };
    let (code, talk) = map("2013-11-02T06:10");
    assert!(code == Some(0) && talk.contains("2013-11-02T06:10"), "{talk}");
    let (code, talk) = map("2013-11-01T05:50");
    assert!(code == Some(2) && talk.contains("no such time"), "{code:?} {talk}");
    let (code, talk) = map("2013-11-01T25:00");
    assert!(code == Some(2) && talk.contains("write times as"), "{code:?} {talk}");
}

#[test]
fn hours_in_days() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    // An hour is not a whole number of days in binary.
    let sensors = Sensors::new("days since 1999-12-30", Calendar::NoLeap, "PT1H", 0, [100, 44]);
    let names = make(&sensors, folder.path(), &[(Step::Day, Stat::Max), (Step::Year, Stat::Mean)]);
    assert!(names.contains(&"level_sensors_199912300000_200001042300.nc".to_owned()), "{names:?}");
}

#[test]
fn months() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let sensors = Sensors::new("days since 1901-01-01", Calendar::ProlepticGregorian, "P1M", -3, [20, 31]);
    let aggregates = [(Step::Year, Stat::Mean), (Step::Season, Stat::Mean), (Step::Year, Stat::Sum)];
    let names = make(&sensors, folder.path(), &aggregates);
    assert!(names.contains(&"level_sensors_19001001_19041231.nc".to_owned()), "{names:?}");
}

#[test]
fn years() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let sensors = Sensors::new("hours since 1500-01-01", Calendar::Julian, "P1Y", 70, [20, 31]);
    let names = make(&sensors, folder.path(), &[]);
    assert!(names.contains(&"level_sensors_15700101_16201231.nc".to_owned()), "{names:?}");
}

#[test]
fn intervals_that_are_shorter_than_steps_are_refused_and_dates_select_whole_days() {
    let sensors = Sensors::new("days since 1901-01-01", Calendar::Standard, "P1M", 0, [20, 31]);
    let monthly = |every| {
        let aggregates = vec![Aggregate { every, stat: Stat::Mean }];
        let settings = Settings::default().tables(Some(Tables::default().aggregates(aggregates)));
        Plan::new(sensors.run(), settings)
    };
    let error = monthly(Step::Day).expect_err("days of months").to_string();
    assert!(error.contains("the run has steps of 1 month"), "{error}");
    assert!(monthly(Step::Month).is_ok() && monthly(Step::Season).is_ok());

    let sensors = Sensors::new("minutes since 2013-11-01", Calendar::Standard, "PT10M", 36, [400, 500]);
    let mut settings = Settings::default();
    settings.selection.from = "2013-11-02".parse().ok();
    settings.selection.to = "2013-11-03".parse().ok();
    let plan = Plan::new(sensors.run(), settings).expect("a plan");
    let ends = (plan.axis().label(0), plan.axis().label(i64::from(plan.axis().days) - 1));
    assert_eq!(ends, (Some("2013-11-02T00:00".to_owned()), Some("2013-11-03T23:50".to_owned())));
}

/// A grid of 250 m in UTM.
fn milan() -> Grid {
    let projection = Projection::parse("EPSG:32632").expect("UTM");
    let lattice = Lattice {
        north: 5_040_000.0,
        west: 500_000.0,
        height: 250.0,
        width: 250.0,
        projection: Some(projection),
    };
    Grid::regular(lattice, 80, 100).expect("a grid")
}

#[test]
fn a_projected_grid_in_steps_of_10_minutes() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let cells = [(10, 20), (11, 25), (14, 20)].map(|(row, column)| Cell { row, column }).to_vec();
    let sensors = Sensors {
        grid: milan(),
        cells,
        ..Sensors::new("minutes since 2013-11-01", Calendar::Standard, "PT10M", 36, [200, 100])
    };
    let names = make(&sensors, folder.path(), &[(Step::Day, Stat::Mean)]);
    // Files alone, without a report, are proved by where their cells are.
    let alone = folder.path().join("alone");
    std::fs::create_dir(&alone).expect("a folder");
    let grid = names.iter().find(|name| name.starts_with("level_sensors")).expect("a grid");
    std::fs::copy(folder.path().join("made").join(grid), alone.join(grid)).expect("a copy");
    let settings = Settings::default();
    let (run, limits) = (sensors.run(), settings.limits);
    let proof = verify(&run, &alone, &settings.table, &limits, settings.resources).expect("a proof");
    assert_eq!(proof.differences, 0, "{:#?}", proof.first_differences);
    assert!(proof.values > 0, "{:#?}", proof.not_looked_at);
}

#[test]
fn a_grid_of_degrees_that_is_not_the_globes() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let lattice = Lattice { north: 12.05, west: -70.0, height: 0.0625, width: 0.1, projection: None };
    let sensors = Sensors {
        grid: Grid::regular(lattice, 300, 400).expect("a grid"),
        cells: [(10, 20), (11, 25), (14, 20)].map(|(row, column)| Cell { row, column }).to_vec(),
        ..Sensors::new("hours since 2013-11-01", Calendar::NoLeap, "PT6H", 0, [200, 100])
    };
    make(&sensors, folder.path(), &[(Step::Month, Stat::Mean)]);
}

/// Files are read again, whatever their steps are: those that do not divide a day, the reform of 1582 and the years around 0 among them.
#[test]
fn steps_that_are_seldom() {
    for (units, calendar, step, first) in [
        ("hours since 1582-10-01 12:30", Calendar::Standard, "PT7H", -3),
        ("days since 1582-09-30 12:00", Calendar::Standard, "PT36H", 0),
        ("minutes since 0001-01-01 00:05", Calendar::Julian, "PT45M", -30),
        ("days since 0000-02-27", Calendar::ProlepticGregorian, "P5D", -9),
        ("days since 0001-03-01", Calendar::Standard, "P1M", -9),
        ("days since 1999-12-15", Calendar::Day360, "PT90S", 30_000),
        ("seconds since 1582-01-01", Calendar::Standard, "P3M", 0),
    ] {
        let _alone = alone();
        let folder = tempfile::tempdir().expect("a folder");
        let sensors = Sensors::new(units, calendar, step, first, [20, 31]);
        make(&sensors, folder.path(), &[(Step::Year, Stat::Mean)]);
    }
}

#[test]
fn periods_that_leave_years_out_are_told_by_time_not_by_the_number_of_steps() {
    let plan = |step: &str, gap: i64| {
        let sensors =
            Sensors { gap, ..Sensors::new("days since 2013-11-01", Calendar::Standard, step, 0, [20, 31]) };
        match Plan::new(sensors.run(), Settings::default()) {
            Ok(plan) => (true, plan.mixture().remarks.join(" ")),
            Err(error) => (false, error.in_full()),
        }
    };
    for (step, gap, is_one_run, words) in [
        ("PT10M", 400, true, "400 steps are left out"),
        ("PT10M", 60_000, false, "60000 steps are left out"),
        ("P1D", 359, true, "359 days are left out"),
        ("P1D", 360, false, "360 days are left out"),
        ("P1M", 11, true, "11 steps are left out"),
        ("P1M", 12, false, "12 steps are left out"),
    ] {
        let (is_made, said) = plan(step, gap);
        assert!(is_made == is_one_run && said.contains(words), "{step} {gap}: {is_made} {said}");
    }
}

#[test]
fn a_projection_of_another_ellipsoid_in_months() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let projection = Projection::parse("EPSG:3035").expect("Europe");
    let lattice = Lattice {
        north: 5_500_000.0,
        west: 2_500_000.0,
        height: 50_000.0,
        width: 50_000.0,
        projection: Some(projection),
    };
    let sensors = Sensors {
        grid: Grid::regular(lattice, 100, 100).expect("a grid"),
        cells: [(10, 20), (11, 25), (14, 20)].map(|(row, column)| Cell { row, column }).to_vec(),
        ..Sensors::new("days since 1901-01-01", Calendar::Standard, "P1M", 5, [30, 20])
    };
    make(&sensors, folder.path(), &[(Step::Season, Stat::Mean)]);
    let file = netcdf::open(folder.path().join("sensors.nc")).expect("the archive");
    let crs = file.variable("crs").expect("a grid mapping");
    let flattening = crs.attribute_value("inverse_flattening").expect("a number").expect("a number");
    assert_eq!(flattening, netcdf::AttributeValue::Double(298.257_222_101));
}
