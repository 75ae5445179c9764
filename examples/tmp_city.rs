#[path = "../tests/mixed/steps/source.rs"]
#[allow(dead_code)]
mod source;
use gridloom::aggregate::{interval::Step, reduce::Stat};
use gridloom::model::{
    calendar::Calendar,
    grid::{Cell, Grid, Lattice},
    projection::Projection,
};
use gridloom::plan::{
    Plan, Settings,
    tables::{Aggregate, Kind, Tables},
};
fn main() {
    let projection = Projection::parse("EPSG:32632").unwrap();
    let lattice = Lattice {
        north: 5_040_000.0,
        west: 500_000.0,
        height: 250.0,
        width: 250.0,
        projection: Some(projection),
    };
    let sensors = source::Sensors {
        grid: Grid::regular(lattice, 80, 100).unwrap(),
        cells: (0..60).flat_map(|r| (0..80).map(move |c| Cell { row: r + 5, column: c + 3 })).collect(),
        ..source::Sensors::new("minutes since 2013-11-01", Calendar::Standard, "PT10M", 36, [200, 100])
    };
    let mut settings = Settings::default();
    settings = settings.tables(Some(
        Tables::default()
            .kinds(vec![Kind::Region, Kind::Stats, Kind::Daily])
            .every(Step::Day)
            .aggregates(vec![Aggregate { every: Step::Day, stat: Stat::Mean }]),
    ));
    let plan = Plan::new(sensors.run(), settings).unwrap();
    plan.make("/tmp/city").unwrap();
    // LAEA Europe, monthly
    let lattice = Lattice {
        north: 5_500_000.0,
        west: 2_500_000.0,
        height: 50_000.0,
        width: 50_000.0,
        projection: Some(Projection::parse("EPSG:3035").unwrap()),
    };
    let sensors = source::Sensors {
        grid: Grid::regular(lattice, 100, 100).unwrap(),
        cells: (0..70).flat_map(|r| (0..70).map(move |c| Cell { row: r + 5, column: c + 3 })).collect(),
        ..source::Sensors::new("days since 1901-01-01", Calendar::Standard, "P1M", 36, [200, 100])
    };
    let plan = Plan::new(sensors.run(), Settings::default()).unwrap();
    plan.make("/tmp/europe").unwrap();
}
