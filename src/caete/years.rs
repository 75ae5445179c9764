//! Looking through all yearly files of a run.

use rayon::prelude::*;

use crate::dump::Limits;
use crate::model::fault::Fault;
use crate::model::grid::Cell;
use crate::run::silence::{EmptyCells, Silence, SilentDumps, year_number};
use crate::run::{Run, RunCell};
use crate::source::{Desk, Memory};

/// What all yearly files of a run say.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Years {
    /// Those that cannot be read.
    pub faults: Vec<Fault>,
    /// Cells whose files hold nothing.
    pub empty: Vec<EmptyCells>,
}

/// Looks through all yearly community files that cells have.
///
/// Memory: one file a thread, and some bytes of each that cannot be read or holds nothing.
pub fn look_at_years(run: &Run, cells: &[RunCell], limits: &Limits) -> Years {
    let of_cell = |cell: &RunCell| {
        let mut memory = Memory::default();
        let look = |&year: &i32| {
            let mut desk = Desk::new(limits, &mut memory);
            let mut silent = None;
            let reading = run.source().year(cell.cell, year, &mut desk, &mut |root| {
                silent = super::silence(&super::year_of(root, year)?);
                Ok(())
            });
            let fault = reading.result.err().map(|(kind, message)| {
                silent = Some(Silence::unused());
                Fault { cell: cell.cell, period: None, year: Some(year), variable: None, kind, message }
            });
            (cell.cell, year, fault, silent)
        };
        cell.years.iter().map(look).collect::<Vec<_>>()
    };
    let (mut faults, mut silent) = (Vec::new(), Vec::new());
    let found: Vec<_> = cells
        .par_iter()
        .flat_map_iter(of_cell)
        .filter(|(_, _, fault, silent)| fault.is_some() || silent.is_some())
        .collect();
    for (cell, year, fault, what) in found {
        faults.extend(fault);
        if let Some(what) = what {
            SilentDumps::add(&mut silent, cell, year_number(year), what);
        }
    }
    let years = |cell: Cell| super::year_numbers(run, cell, |_| true);
    Years { faults, empty: super::empty_cells(run, &silent, years) }
}
