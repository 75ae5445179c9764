//! Reads one variable of one cell straight from its dumps: dates and values, nothing copied until asked for.
//!
//! usage: cargo run --example read_cell -- [RUN] [Y-X] [VARIABLE]

use gridloom::caete;
use gridloom::dump::{Array, Dump, Limits};
use gridloom::model::grid::{Cell, Grid};
use gridloom::run::Run;
use gridloom::source::Item;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().unwrap_or_else(|| "data/sample_run".into());
    let cell: Cell = arguments.next().unwrap_or_else(|| "170-223".into()).parse()?;
    let variable = arguments.next().unwrap_or_else(|| "npp".into());
    let grid = Grid::from_resolution(0.5).ok_or("half a degree divides the globe")?;
    let run = Run::open(&path, grid)?;
    let found = run.cells.iter().find(|found| found.cell == cell).ok_or("the run has no such cell")?;
    for &number in &found.periods {
        let dump = Dump::open(
            caete::Folder::new(&run.path).path_of(Item::period(cell, number)),
            &Limits::default(),
        )?;
        let period = caete::period(dump.root())?;
        let array: Array<'_> =
            dump.root().get(&variable).and_then(|value| value.as_array()).ok_or("no such variable")?;
        let values = array.to_f64().ok_or("the variable is not of numbers")?;
        let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
        let dates = period.first_date().zip(period.last_date());
        let (first, last) = dates.ok_or("the period has no dates")?;
        println!("{variable} of {cell}, {first} to {last}: {} values, mean {mean:.6}", values.len());
    }
    Ok(())
}
