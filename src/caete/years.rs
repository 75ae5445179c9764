//! Looking through all yearly files of a run.

use rayon::prelude::*;

use crate::dump::Limits;
use crate::model::fault::Fault;
use crate::run::{Run, RunCell};
use crate::source::{Desk, Memory};

/// Yearly community files that cannot be read, of all that cells have.
///
/// Memory: one file a thread.
pub fn unreadable_years(run: &Run, cells: &[RunCell], limits: &Limits) -> Vec<Fault> {
    let of_cell = |cell: &RunCell| {
        let mut memory = Memory::default();
        let fault = |&year: &i32| {
            let mut desk = Desk::new(limits, &mut memory);
            let reading = run
                .source()
                .year(cell.cell, year, &mut desk, &mut |root| super::year_of(root, year).map(drop));
            let (kind, message) = reading.result.err()?;
            Some(Fault { cell: cell.cell, period: None, year: Some(year), variable: None, kind, message })
        };
        cell.years.iter().filter_map(fault).collect::<Vec<_>>()
    };
    cells.par_iter().flat_map_iter(of_cell).collect()
}
