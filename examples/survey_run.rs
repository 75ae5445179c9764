//! Says what a run holds: cells, periods, variables.
//!
//! usage: cargo run --example survey_run -- [RUN]

use gridloom::dump::Limits;
use gridloom::model::grid::Grid;
use gridloom::run::Run;
use gridloom::run::survey::{Depth, survey};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "data/sample_run".into());
    let grid = Grid::from_resolution(0.5).ok_or("half a degree divides the globe")?;
    let run = Run::open(&path, grid)?;
    let survey = survey(&run, &run.cells, &run.periods(), Depth::Sample, &Limits::default())?;
    println!("{}: {} cells", run.name, run.cells.len());
    for span in &survey.spans {
        let (first, last) = (survey.unit.date(span.first_day), survey.unit.date(span.last_day));
        println!("period {}: {:?} to {:?}, {} days", span.period, first, last, span.days());
    }
    for variable in &survey.variables {
        println!("{}: {}, rows {:?}", variable.key, variable.element.name(), variable.rows);
    }
    Ok(())
}
