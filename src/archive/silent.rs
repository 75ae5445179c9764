//! Cells that hold nothing in the dumps that are archived.

use std::collections::BTreeMap;

use super::gather::CellParts;
use super::selected::Selected;
use crate::model::grid::Cell;
use crate::run::silence::{EmptyCells, Named, Silence, SilentDumps};

/// A number that no period has: dumps of a cell that are not read.
const BEFORE: u32 = u32::MAX;

/// Dumps that have no values up to their ends, and all dumps of their cells, in order.
#[derive(Debug, Clone, Default)]
pub(super) struct SilentCells {
    dumps: Vec<SilentDumps>,
    periods: BTreeMap<Cell, Vec<u32>>,
}

impl SilentCells {
    /// Adds a cell that was read.
    pub fn add(&mut self, parts: &CellParts) {
        if parts.silent.iter().all(|(_, silence)| *silence == Silence::unused()) {
            return;
        }
        let read = parts.records.iter().skip(parts.known.0).filter_map(|record| record.period);
        // What was archived before is not looked at again, and may have held something.
        let before = (parts.known.0 > 0).then_some(BEFORE);
        self.periods.insert(parts.cell, before.into_iter().chain(read).collect());
        for (period, silence) in &parts.silent {
            SilentDumps::add(&mut self.dumps, parts.cell, *period, silence.clone());
        }
    }

    /// The cells that hold nothing, when all are done.
    pub fn found(&self, selected: &Selected<'_>) -> Vec<EmptyCells> {
        let (_, names) = selected.survey.fields();
        let named = Named { grid: selected.run.grid, unit: &selected.unit, names: &names };
        named.cells(&self.dumps, |cell| self.periods.get(&cell).cloned().unwrap_or_default())
    }
}
