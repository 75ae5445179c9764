//! The change between windows, of steps of any length on any grid, and of runs whose variables have other units.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use gridloom::change;
use gridloom::model::calendar::Calendar;
use gridloom::model::fault::Refusal;
use gridloom::model::grid::{Cell, Grid, Lattice};
use gridloom::model::projection::Projection;
use gridloom::pipeline::{self, Grids, Options};
use gridloom::plan::tables::{TableKind, Tables};
use gridloom::plan::{Comparison, Dates, Format, Plan, Settings};
use gridloom::run::Run;
use gridloom::source::stamp::Stamp;
use gridloom::source::{CellSource, Content, Desk, Item, Part, Reading, Wanted};
use gridloom::verify::{verify, verify_grids};
use gridloom::{Argument, Date};

use super::steps::Sensors;

fn dates(from: &str, to: &str) -> Dates {
    Dates { from: from.parse().expect("a date"), to: to.parse().expect("a date") }
}

fn compared(run: &Run, reference: Option<Run>, windows: [Dates; 2]) -> gridloom::Result<(Run, Settings)> {
    let [before, window] = windows;
    let table = run.source().variables().unwrap_or_default();
    let settings = Settings::default().table(table);
    let kinds = Tables::default()
        .kinds(vec![TableKind::Change, TableKind::Region])
        .format(Format::packed("csv", "plain"));
    let change = Comparison::between(before, window, &settings)?;
    change::compared(run.clone(), reference, settings.tables(Some(kinds)).change(Some(Box::new(change))))
}

/// Makes grids and tables, proves them, and returns the table of cells.
fn made(run: &Run, reference: Option<Run>, windows: [Dates; 2], out: &Path) -> Vec<Vec<String>> {
    let alone = reference.is_none();
    let (compared, settings) = compared(run, reference, windows).expect("a change");
    let plan = Plan::new(compared, settings.clone()).expect("a plan");
    pipeline::grid(&plan, out, &Options::default(), &gridloom::Nobody).expect("files");
    // Another run is looked for at its path, where these have none.
    if alone {
        let proof = verify(run, out, &settings.table, &settings.limits, settings.resources).expect("a proof");
        assert_eq!((proof.differences, proof.is_whole()), (0, true), "{:#?}", proof.first_differences);
        assert!(proof.values > 0 && proof.rows > 0);
    }
    let text = std::fs::read_to_string(out.join("change.csv")).expect("a table");
    text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

/// A column by its name.
fn column(table: &[Vec<String>], name: &str) -> Vec<f64> {
    let place = table[0].iter().position(|one| one == name).expect("the column");
    table[1..].iter().map(|row| row[place].parse().unwrap_or(f64::NAN)).collect()
}

/// The mean of a cell's values over steps of so many days each.
fn mean(sensors: &Sensors, cell: Cell, window: Dates) -> f64 {
    let unit = &sensors.unit;
    let (first, last) =
        (unit.first_on(window.from).expect("a step"), unit.last_on(window.to).expect("a step"));
    let all = (first..=last).map(|step| {
        let length = unit.seconds_of(step).expect("a length") as f64;
        (f64::from(Sensors::value(cell, step) + sensors.more), length)
    });
    let (mut sum, mut whole) = (0.0, 0.0);
    for (value, length) in all.filter(|(value, _)| !value.is_nan()) {
        sum += value * length;
        whole += length;
    }
    sum / whole
}

#[test]
fn steps_of_any_length_on_any_grid() {
    let folder = tempfile::tempdir().expect("a folder");
    let projection = Projection::parse("EPSG:32632").expect("a projection");
    let lattice = Lattice {
        north: 5_100_000.0,
        west: 500_000.0,
        height: 250.0,
        width: 250.0,
        projection: Some(projection),
    };
    let projected = Grid::regular(lattice, 100, 100).expect("a grid");
    let cells = [(10, 20), (10, 21), (12, 18)].map(|(row, column)| Cell { row, column }).to_vec();
    let ten = Sensors {
        grid: projected,
        cells,
        ..Sensors::new(
            "minutes since 2020-01-01",
            Calendar::ProlepticGregorian,
            "PT10M",
            0,
            [144 * 3, 144 * 4],
        )
    };
    let hours = Sensors::new("hours since 2020-01-01", Calendar::NoLeap, "PT1H", 0, [24 * 3, 24 * 4]);
    let months = Sensors::new("days since 2000-01-01", Calendar::ProlepticGregorian, "P1M", 0, [30, 90]);
    let years = Sensors::new("days since 1900-01-01", Calendar::Day360, "P1Y", 0, [30, 40]);
    let days = [dates("2020-01-01", "2020-01-02"), dates("2020-01-04", "2020-01-07")];
    for (name, sensors, windows) in [
        ("ten", ten, days),
        ("hours", hours, days),
        ("months", months, [dates("2000-01-01", "2004-06-30"), dates("2004-07-01", "2009-12-31")]),
        ("years", years, [dates("1900-01-01", "1929-12-30"), dates("1930-01-01", "1969-12-30")]),
    ] {
        let [before, window] = windows;
        let table = made(&sensors.run(), None, windows, &folder.path().join(name));
        let number = |name: &str| column(&table, name);
        let (now, then, change, p) = (
            number("level_mean"),
            number("level_reference"),
            number("level_change"),
            number("level_change_p_value"),
        );
        for (row, &cell) in sensors.cells.iter().enumerate() {
            let (wanted, reference) = (mean(&sensors, cell, window), mean(&sensors, cell, before));
            assert!((now[row] - wanted).abs() <= 1e-12 * wanted.abs(), "{name}: {} {wanted}", now[row]);
            assert!(
                (then[row] - reference).abs() <= 1e-12 * reference.abs(),
                "{name}: {} {reference}",
                then[row]
            );
            assert_eq!(change[row], now[row] - then[row], "{name}");
            // Days hold no whole year.
            assert_eq!(p[row].is_nan(), ["ten", "hours"].contains(&name), "{name}: {}", p[row]);
        }
    }
}

#[test]
fn another_run_is_read_in_the_units_of_the_first() {
    let folder = tempfile::tempdir().expect("a folder");
    let of = |units: &'static str, more: f32| Sensors {
        units: Some(units),
        more,
        ..Sensors::new("days since 2000-01-01", Calendar::ProlepticGregorian, "P1M", 0, [30, 90])
    };
    let window = dates("2000-01-01", "2004-12-31");
    let (run, other) = (of("m", 0.0), of("cm", 100.0));
    let table = made(&run.run(), Some(other.run()), [window, window], folder.path());
    let reference = column(&table, "level_reference");
    for (row, &cell) in run.cells.iter().enumerate() {
        let wanted = mean(&other, cell, window) / 100.0;
        assert!((reference[row] - wanted).abs() <= 1e-6 * wanted, "{} {wanted}", reference[row]);
    }
    let error = compared(&run.run(), Some(of("kg", 0.0).run()), [window, window]).expect_err("other units");
    assert_eq!(error.argument(), Some(Argument::Units), "{error}");
    let grid = Grid::from_resolution(0.25).expect("a grid");
    let fine = Sensors { grid, ..of("m", 0.0) };
    let error = compared(&run.run(), Some(fine.run()), [window, window]).expect_err("another grid");
    assert_eq!(error.argument(), Some(Argument::Reference), "{error}");
    let late: Date = "2030-01-01".parse().expect("a date");
    let error = compared(&run.run(), None, [window, Dates { from: late, to: late }]).expect_err("no days");
    assert_eq!(error.argument(), Some(Argument::Dates), "{error}");
    let error = compared(&run.run(), None, [Dates { from: late, to: late }, window]).expect_err("no days");
    assert_eq!(error.argument(), Some(Argument::ReferenceDates), "{error}");
}

#[test]
fn grids_of_months_are_compared_as_their_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let sensors = Sensors::new("days since 2000-01-01", Calendar::ProlepticGregorian, "P1M", 0, [30, 90]);
    let (run, at) = (sensors.run(), |name: &str| folder.path().join(name));
    let windows = [dates("2000-01-01", "2004-06-30"), dates("2004-07-01", "2009-12-31")];
    let of_run = made(&run, None, windows, &at("of_run"));
    let plan = Plan::new(run.clone(), Settings::default()).expect("a plan");
    pipeline::grid(&plan, at("months"), &Options::default(), &gridloom::Nobody).expect("grids");
    let mut paths: Vec<_> = std::fs::read_dir(at("months"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "nc"))
        .collect();
    paths.sort_unstable();
    let kinds = Tables::default().kinds(vec![TableKind::Change]).format(Format::packed("csv", "plain"));
    let settings = Settings::default().grids(false).tables(Some(kinds));
    let [before, window] = windows;
    let change = Comparison::between(before, window, &settings).expect("windows");
    let settings = settings.change(Some(Box::new(change)));
    let grids = Grids::open(&paths, run.grid, &settings).expect("grids");
    let plan = grids.plan(settings.clone()).expect("a plan");
    pipeline::tables_of_grids(&plan, &grids, at("of_grids"), &Options::default(), &gridloom::Nobody)
        .expect("tables");
    let text = std::fs::read_to_string(at("of_grids").join("change.csv")).expect("a table");
    let of_grids: Vec<Vec<String>> =
        text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect();
    for name in ["level_mean", "level_reference", "level_change", "level_change_p_value"] {
        let (ours, theirs) = (column(&of_grids, name), column(&of_run, name));
        assert_eq!(ours.len(), sensors.cells.len());
        let is_near = |(one, other): (&f64, &f64)| (one - other).abs() <= 1e-12 * other.abs();
        assert!(ours.iter().zip(&theirs).all(is_near), "{name}: {ours:?} {theirs:?}");
    }
    let (limits, resources) = (settings.limits, settings.resources);
    let proof = verify_grids(at("months"), run.grid, at("of_grids"), &limits, resources).expect("a proof");
    assert_eq!((proof.differences, proof.is_whole()), (0, true), "{:#?}", proof.first_differences);
    assert!(proof.rows > 0);
    // Grids that are compared with others must be opened with these.
    let other = Comparison::between(before, window, &settings).expect("windows");
    let other = settings.change(Some(Box::new(other.reference_run(Some(at("months"))))));
    let error = grids.plan(other.clone()).expect_err("another reference");
    assert_eq!(error.argument(), Some(Argument::Reference), "{error}");
    assert!(Grids::open(&paths, run.grid, &other).expect("both").plan(other).is_ok());
}

/// Counts how often each item is read.
#[derive(Debug)]
struct Counting {
    sensors: Sensors,
    reads: Mutex<BTreeMap<(Cell, u32), usize>>,
}

impl CellSource for Counting {
    fn kind(&self) -> &'static str {
        self.sensors.kind()
    }

    fn name_of(&self, part: Part) -> String {
        self.sensors.name_of(part)
    }

    fn has(&self, item: Item) -> bool {
        self.sensors.has(item)
    }

    fn holds(&self, item: Item, known: &Stamp) -> bool {
        self.sensors.holds(item, known)
    }

    fn period(
        &self,
        cell: Cell,
        number: u32,
        wanted: Wanted<'_>,
        desk: &mut Desk<'_>,
        take: &mut dyn FnMut(&Content<'_>) -> Result<(), Refusal>,
    ) -> Reading {
        *self.reads.lock().expect("no panic").entry((cell, number)).or_default() += 1;
        self.sensors.period(cell, number, wanted, desk, take)
    }
}

#[test]
fn what_both_windows_have_is_read_once_to_plan_and_once_to_compare() {
    let folder = tempfile::tempdir().expect("a folder");
    let sensors = Sensors::new("days since 2000-01-01", Calendar::ProlepticGregorian, "P1M", 0, [30, 90]);
    let counting = Arc::new(Counting { sensors: sensors.clone(), reads: Mutex::default() });
    let run = Run::new(sensors.run().listing().clone(), counting.clone());
    let windows = [dates("2000-01-01", "2004-06-30"), dates("2004-07-01", "2009-12-31")];
    let (compared, settings) = compared(&run, None, windows).expect("a change");
    let plan = Plan::new(compared, settings).expect("a plan");
    let reads = || counting.reads.lock().expect("no panic").values().copied().collect::<Vec<_>>();
    assert_eq!(reads(), [1; 6], "the sample");
    pipeline::grid(&plan, folder.path(), &Options::default(), &gridloom::Nobody).expect("files");
    assert_eq!(reads(), [2; 6], "the sample, and each dump");
}
