//! Cells that hold nothing in the dumps that are archived.

use std::collections::BTreeMap;

use super::gather::CellParts;
use super::record::DumpRecord;
use super::selected::Selected;
use crate::caete;
use crate::model::grid::Cell;
use crate::run::silence::{EmptyCells, Named, Silence, SilentDumps, Steps, year_number};

/// A number that no period or year has: dumps of a cell that are not read.
const BEFORE: u32 = 1 << 31;

/// What is silent, and all dumps of its cells.
#[derive(Debug, Clone, Default)]
struct Silent {
    dumps: Vec<SilentDumps>,
    /// By cell their numbers, in order.
    numbers: BTreeMap<Cell, Vec<u32>>,
}

impl Silent {
    /// Adds a cell, some of whose dumps may have been archived before.
    fn add(
        &mut self,
        cell: Cell,
        has_more: bool,
        read: impl Iterator<Item = u32>,
        silent: impl Iterator<Item = (u32, Silence)> + Clone,
    ) {
        if silent.clone().all(|(_, silence)| silence == Silence::unused()) {
            return;
        }
        // What was archived before is not looked at again, and may have held something.
        self.numbers.insert(cell, has_more.then_some(BEFORE).into_iter().chain(read).collect());
        for (number, silence) in silent {
            SilentDumps::add(&mut self.dumps, cell, number, silence);
        }
    }

    fn numbers_of(&self, cell: Cell) -> Vec<u32> {
        self.numbers.get(&cell).cloned().unwrap_or_default()
    }
}

/// Dumps that have no values up to their ends, and yearly files that hold nothing.
#[derive(Debug, Clone, Default)]
pub(super) struct SilentCells {
    periods: Silent,
    years: Silent,
}

impl SilentCells {
    /// Adds a cell that was read.
    pub fn add(&mut self, parts: &CellParts) {
        let CellParts { cell, records, silent, silent_years, known: (known, _), .. } = parts;
        let (before, read) = records.split_at((*known).min(records.len()));
        let has_more = |is_one: fn(&DumpRecord) -> bool| before.iter().any(is_one);
        let periods = read.iter().filter_map(|record| record.period);
        let is_period = |record: &DumpRecord| record.period.is_some();
        self.periods.add(*cell, has_more(is_period), periods, silent.iter().cloned());
        let years = read.iter().filter_map(|record| record.year).map(year_number);
        let silent = silent_years.iter().map(|(year, silence)| (year_number(*year), silence.clone()));
        self.years.add(*cell, has_more(|record| record.year.is_some()), years, silent);
    }

    /// The cells that hold nothing, when all are done.
    pub fn found(&self, selected: &Selected<'_>) -> Vec<EmptyCells> {
        let (_, names) = selected.survey.fields();
        let steps = Steps::Days(&selected.unit);
        let named = Named { grid: selected.run.grid, steps, names: &names };
        let mut empty = named.cells(&self.periods.dumps, |cell| self.periods.numbers_of(cell));
        let years = |cell| self.years.numbers_of(cell);
        empty.extend(caete::empty_cells(selected.run, &self.years.dumps, years));
        empty
    }
}
