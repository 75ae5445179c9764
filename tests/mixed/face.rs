//! The library's short ways: what they give is what the long ways and the dumps give.

use gridloom::caete;
use gridloom::dump::Dump;
use gridloom::model::grid::Grid;
use gridloom::observer::{Counted, Observer};
use gridloom::plan::{Plan, Selection, Settings};
use gridloom::{Cell, ErrorKind, Stat, Step};
use gridloom_testkit::files::sample;
use gridloom_testkit::program::alone;

const CELL: Cell = Cell { row: 170, column: 223 };

/// Bits of values, so that NaN would be found.
fn bits(values: impl IntoIterator<Item = f32>) -> Vec<u32> {
    values.into_iter().map(f32::to_bits).collect()
}

#[test]
fn a_cell_is_read_as_its_dumps_have_it() {
    let run = gridloom::open(sample()).expect("the sample");
    let csoil = run.read::<f32>(CELL, "csoil").expect("soil carbon");
    assert_eq!((csoil.rows.len(), csoil.values.nrows()), (4, 4));
    assert_eq!(csoil.values.ncols(), csoil.axis.days as usize);
    assert!(csoil.faults.is_empty());
    assert_eq!(csoil.units.as_deref(), Some("g m-2"));
    let periods = &run.cells.iter().find(|one| one.cell == CELL).expect("the cell").periods;
    let mut seen = 0;
    for number in periods {
        let path = sample().join(format!("grd_{CELL}/spin{number:04}.pkz"));
        let dump = Dump::open(&path, &Default::default()).expect("a dump");
        let content = caete::period(dump.root()).expect("a period");
        let series = content.series("csoil").expect("soil carbon");
        let shift = content.unit().shift_to(&csoil.axis.unit).expect("one calendar");
        let first = (content.first_day() + shift - csoil.axis.first_day) as usize;
        for row in 0..4 {
            let (start, step) = series.layout(row);
            let value = |day: usize| series.data()[start + day * step..][..4].try_into().expect("four bytes");
            let wanted = (0..content.days()).map(|day| f32::from_le_bytes(value(day)));
            let found = (0..content.days()).map(|day| csoil.values[[row, first + day]]);
            assert_eq!(bits(found), bits(wanted), "period {number}, row {row}");
        }
        seen += content.days();
    }
    let masked = csoil.mask.iter().filter(|masked| **masked).count();
    assert_eq!(masked, 4 * (csoil.axis.days as usize - seen), "days that no dump has");
}

#[test]
fn what_is_not_there_or_of_another_type_is_refused() {
    let run = gridloom::open(sample()).expect("the sample");
    let error = run.read::<f64>(CELL, "npp").expect_err("its type is float32");
    assert!(error.to_string().contains("float32, not float64"), "{error}");
    let error = run.read::<f32>(Cell { row: 0, column: 0 }, "npp").expect_err("no such cell");
    assert!(error.kind() == ErrorKind::Argument, "{error}");
    assert!(run.read::<f32>(CELL, "gpp").is_err());
}

#[test]
fn a_dump_that_is_damaged_is_masked_and_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = folder.path().join("run");
    let cell = run.join(format!("grd_{CELL}"));
    std::fs::create_dir_all(&cell).expect("a folder");
    for entry in std::fs::read_dir(sample().join(format!("grd_{CELL}"))).expect("the cell").flatten() {
        std::fs::copy(entry.path(), cell.join(entry.file_name())).expect("a dump");
    }
    std::fs::write(cell.join("spin0002.pkz"), b"no dump").expect("a file");
    let whole = gridloom::open(sample()).expect("the sample").read::<f32>(CELL, "npp").expect("a variable");
    let found = gridloom::open(&run).expect("a run").read::<f32>(CELL, "npp").expect("a variable");
    assert!(found.faults.iter().any(|fault| fault.period == Some(2)), "{:?}", found.faults);
    let values = |array: &gridloom::CellArray<f32>| array.mask.iter().filter(|masked| !**masked).count();
    assert!(0 < values(&found) && values(&found) < values(&whole));
}

#[test]
fn short_and_long_ways_make_the_same_bytes() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let run = gridloom::open(sample()).expect("the sample");
    let short = run.plan().variables(["npp"]).every(Step::Month, Stat::Mean).build().expect("a plan");
    let aggregates = vec![gridloom::plan::tables::Aggregate { every: Step::Month, stat: Stat::Mean }];
    let tables = gridloom::plan::Tables::default().kinds(Vec::new()).aggregates(aggregates);
    let selection = Selection::default().variables(vec!["npp".to_owned()]);
    let settings = Settings::default().selection(selection).tables(Some(tables));
    let long = Plan::new(run.clone(), settings).expect("a plan");
    let text = |plan: &Plan| serde_json::to_string(plan.settings()).expect("settings");
    assert_eq!(text(&short), text(&long));
    let made = short.make(folder.path().join("maps")).expect("grids");
    assert_eq!(made.files.len(), 2);
    let archived = run.archive(folder.path().join("run.nc")).expect("an archive");
    assert_eq!(archived.cells, run.cells.len() as u64);
    for name in ["maps", "run.nc"] {
        let proof = run.verify(folder.path().join(name)).expect("a proof");
        assert_eq!(proof.differences, 0, "{:?}", proof.first_differences);
    }
    // An archive stands for its run, on its own grid.
    let archive = gridloom::open(folder.path().join("run.nc")).expect("the archive");
    assert_eq!(archive.grid, Grid::from_resolution(0.5).expect("half a degree"));
    let (one, other) = (run.read::<f32>(CELL, "npp"), archive.read::<f32>(CELL, "npp"));
    let (one, other) = (one.expect("of dumps"), other.expect("of the archive"));
    assert_eq!(bits(one.values), bits(other.values));
}

/// Counts what it is told, and stops when so many units are done.
struct Seen {
    counts: std::sync::Mutex<std::collections::HashMap<Counted, (u64, u64)>>,
    last: u64,
}

impl Seen {
    fn until(last: u64) -> Self {
        Seen { counts: Default::default(), last }
    }

    /// How many there are, and are done.
    fn of(&self, what: Counted) -> (u64, u64) {
        self.counts.lock().expect("counts").get(&what).copied().unwrap_or_default()
    }
}

impl Observer for Seen {
    fn started(&self, what: Counted, all: u64, done: u64) {
        self.counts.lock().expect("counts").insert(what, (all, done));
    }

    fn advanced(&self, what: Counted, by: u64) {
        self.counts.lock().expect("counts").entry(what).or_default().1 += by;
    }

    fn is_stopped(&self) -> bool {
        self.of(Counted::Units).1 >= self.last
    }
}

#[test]
fn who_watches_is_told_of_all_work_and_may_stop_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = gridloom::open(sample()).expect("the sample");
    let plan = || run.plan().variables(["npp"]).threads(1);
    let out = folder.path().join("maps");
    let stopping = Seen::until(1);
    let error = plan().make_watched(&out, &stopping).expect_err("it is stopped");
    assert!(error.kind() == ErrorKind::Stopped, "{error}");
    let (units, done) = stopping.of(Counted::Units);
    assert!(0 < done && done < units, "{done} of {units}");
    let seen = Seen::until(u64::MAX);
    let report = plan().make_watched(&out, &seen).expect("maps");
    assert!(report.units.found > 0, "what was done stays");
    for what in [Counted::Units, Counted::Dumps, Counted::Files] {
        let (all, done) = seen.of(what);
        assert!(all > 0 && done == all, "{what:?}: {done} of {all}");
    }
    assert!(seen.of(Counted::Faults).1 > 0, "the sample has a damaged dump");

    let path = folder.path().join("run.nc");
    let error = run.archive_watched(&path, &Seen::until(0)).expect_err("it is stopped");
    assert!(error.kind() == ErrorKind::Stopped && !path.exists(), "{error}");
    let seen = Seen::until(u64::MAX);
    run.archive_watched(&path, &seen).expect("an archive");
    let (all, done) = seen.of(Counted::Dumps);
    assert!(all > 0 && done == all, "{done} of {all}");
}

#[test]
fn quantiles_and_moments_are_those_of_the_tables() {
    let run = gridloom::open(sample()).expect("the sample");
    let npp = run.read::<f32>(CELL, "npp").expect("npp");
    let there = npp.there(0);
    assert!(there.len() > 300 && there.iter().all(|value| value.abs() < 1e10));
    let shares = [0.0, 0.05, 0.5, 0.75, 1.0];
    let found = npp.quantiles(0, &shares).expect("values");
    let wanted = gridloom::aggregate::quantile::quantiles(&there.to_vec(), &shares, &mut Vec::new());
    for (found, wanted) in found.iter().zip(&wanted) {
        assert!((found - wanted).abs() <= 1e-12 * wanted.abs(), "{found} {wanted}");
    }
    let std = gridloom::aggregate::reduce::reduce(&there.to_vec(), gridloom::Stat::Std);
    let moments = npp.central_moments(0, 2).expect("values");
    assert!((moments[2].sqrt() / std - 1.0).abs() < 1e-9, "{moments:?} {std}");
    assert!(
        npp.quantiles(0, &[1.5]).is_none() && npp.quantiles(1, &[0.5]).is_none() && npp.there(9).is_empty()
    );
}
