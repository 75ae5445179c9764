//! Another model's cells as a source: one trait, and every product follows.
//!
//! The model here computes its cells while they are asked for; another one would read files. What is made: daily grids with monthly means, tables,
//! and an archive, all of them proved against the source.
//!
//! usage: cargo run --example own_source -- OUT

use std::path::Path;
use std::sync::Arc;

use gridloom::aggregate::interval::Step;
use gridloom::aggregate::reduce::Stat;
use gridloom::archive;
use gridloom::model::calendar::Calendar;
use gridloom::model::element::Element;
use gridloom::model::fault::Refusal;
use gridloom::model::grid::{Cell, Grid};
use gridloom::model::time_unit::TimeUnit;
use gridloom::pipeline::{self, Options};
use gridloom::plan::tables::{Aggregate, Tables};
use gridloom::plan::{Plan, Settings};
use gridloom::run::{Listing, Run, RunCell};
use gridloom::source::stamp::Stamp;
use gridloom::source::{CellSource, Content, Desk, Item, Part, Reading, Series, Wanted};
use gridloom::verify::verify;

/// Ten years of a lake's temperature and of ice on it, each year a period.
#[derive(Debug)]
struct Lakes {
    unit: TimeUnit,
}

impl Lakes {
    fn temperature(cell: Cell, day: i64) -> f32 {
        let season = (day as f32 / 58.09).sin();
        8.0 + 0.01 * (cell.row as f32) + 9.0 * season
    }
}

impl CellSource for Lakes {
    fn kind(&self) -> &'static str {
        "lakes"
    }

    fn name_of(&self, part: Part) -> String {
        format!("{part:?}")
    }

    fn has(&self, item: Item) -> bool {
        matches!(item.part, Part::Period(1..=10))
    }

    // What is computed never changes.
    fn holds(&self, item: Item, known: &Stamp) -> bool {
        known.digest == stamp(item.cell).digest
    }

    fn period(
        &self,
        cell: Cell,
        number: u32,
        _: Wanted<'_>,
        _: &mut Desk<'_>,
        take: &mut dyn FnMut(&Content<'_>) -> Result<(), Refusal>,
    ) -> Reading {
        let first = i64::from(number - 1) * 365;
        let days = first..first + 365;
        let temperature: Vec<u8> =
            days.clone().flat_map(|day| Self::temperature(cell, day).to_le_bytes()).collect();
        let ice: Vec<u8> = days.map(|day| u8::from(Self::temperature(cell, day) < 0.0)).collect();
        let mut content = Content::new(self.unit.clone(), first, first + 364);
        let series = [("temperature", Element::Float32, &temperature), ("ice", Element::Int8, &ice)];
        for (key, element, values) in series {
            if let Some(series) = Series::of_days(element, values) {
                content.push(key, series);
            }
        }
        let bytes = Some((temperature.len() + ice.len()) as u64);
        let result = take(&content);
        Reading { stamp: Some(stamp(cell)), read: bytes, decoded: bytes, container: None, result }
    }
}

fn stamp(cell: Cell) -> Stamp {
    let digest = u64::from(cell.row) << 32 | u64::from(cell.column);
    Stamp { bytes: 365 * 5, modified: 0, is_settled: true, digest }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let out = std::env::args().nth(1).ok_or("usage: own_source OUT")?;
    make(Path::new(&out))
}

/// Makes all products in a folder and proves them.
///
/// # Errors
/// What could not be made, or is not what its source holds.
pub fn make(out: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let cell =
        |row, column| RunCell { cell: Cell { row, column }, periods: (1..=10).collect(), years: Vec::new() };
    let listing = Listing {
        kind: "lakes".to_owned(),
        path: std::env::current_dir()?,
        name: "lakes".to_owned(),
        grid: Grid::from_resolution(0.5).ok_or("half a degree divides the globe")?,
        cells: vec![cell(50, 400), cell(50, 401), cell(52, 398)],
        ignored: Vec::new(),
        faults: Vec::new(),
    };
    let unit = TimeUnit::parse("days since 1990-01-01", Calendar::NoLeap)?;
    let run = Run::new(listing, Arc::new(Lakes { unit }));

    let monthly = Aggregate { every: Step::Month, stat: Stat::Mean };
    let tables = Some(Tables::default().aggregates(vec![monthly]));
    let settings = Settings::default().tables(tables);
    let plan = Plan::new(run.clone(), settings.clone())?;
    let report = pipeline::grid(&plan, out.join("lakes"), &Options::default(), &gridloom::Nobody)?;
    for file in &report.files {
        println!("{}: {} bytes", file.file, file.bytes);
    }
    let path = out.join("lakes.nc");
    let archived = archive::write(&run, &path, &archive::Settings::default(), &gridloom::Nobody)?;
    println!("lakes.nc: {} cells", archived.cells);

    let (limits, resources) = (&settings.limits, settings.resources);
    for product in [out.join("lakes"), path] {
        let proof = verify(&run, &product, &settings.table, limits, resources)?;
        if proof.differences > 0 || !proof.is_whole() || !proof.faults.is_empty() {
            return Err(format!("{} is not what its source holds", product.display()).into());
        }
    }
    println!("proved against their source");
    Ok(())
}
