//! What was expected of a run, what of it was lost, and which of its cells hold nothing.

use std::collections::BTreeSet;

use crate::caete;
use crate::model::fault::Fault;
use crate::model::grid::Cell;
use crate::plan::{Plan, Tables};
use crate::run::silence::{EmptyCells, Named, SilentDumps, Steps};
use crate::table::wanted_years;

/// Inputs and cells that a plan expects, whether they are there or not.
pub(super) struct Expected {
    /// Periods and years of each cell.
    each: u64,
    /// Cells.
    pub cells: u64,
}

impl Expected {
    pub fn of(plan: &Plan) -> Self {
        let dated = |period: u32| plan.periods.iter().any(|span| span.period == period);
        let lost = plan.lost.iter().filter(|lost| lost.is_loss() && !dated(lost.period));
        let periods = if needs_days(plan) { plan.periods.len() + lost.count() } else { 0 };
        let tables = plan.settings.tables.as_ref().filter(|tables| tables.needs_years());
        let years = tables.map_or(0, |tables| wanted_years(plan, tables).len());
        let here = |cell: Cell| plan.run.cells.binary_search_by_key(&cell, |one| one.cell).is_ok();
        let elsewhere = plan.missing.iter().map(|fault| fault.cell).filter(|&cell| !here(cell));
        let elsewhere: BTreeSet<Cell> = elsewhere.collect();
        let cells = plan.cells.len() as u64 + elsewhere.len() as u64;
        Expected { each: periods as u64 + years as u64, cells }
    }

    /// Inputs that were expected.
    pub fn inputs(&self) -> u64 {
        self.cells * self.each
    }

    /// Inputs that faults have cost, whole or in part: each counts once.
    pub fn lost(&self, plan: &Plan, faults: &[Fault]) -> u64 {
        let losses = || faults.iter().filter(|fault| fault.is_loss());
        let is_whole = |fault: &&Fault| fault.period.is_none() && fault.year.is_none();
        let whole: BTreeSet<Cell> = losses().filter(is_whole).map(|fault| fault.cell).collect();
        let there = |cell: Cell| {
            let index = plan.run.cells.binary_search_by_key(&cell, |one| one.cell);
            index.ok().and_then(|index| plan.run.cells.get(index))
        };
        // Of a cell that could not be listed, what was listed before is used.
        let used = |&cell: &Cell| {
            let periods =
                plan.periods.iter().filter(|span| there(cell).is_some_and(|one| one.has(span.period)));
            periods.count() as u64
        };
        let whole_inputs: u64 = whole.iter().map(|cell| self.each.saturating_sub(used(cell))).sum();
        let single: BTreeSet<_> = losses()
            .filter(|fault| !is_whole(fault))
            .map(|fault| (fault.cell, fault.period, fault.year))
            .collect();
        whole_inputs + single.len() as u64
    }
}

/// The cells of a plan that hold nothing, by their dumps and by their yearly files.
pub(super) fn empty_cells(
    plan: &Plan,
    silent: &[SilentDumps],
    silent_years: &[SilentDumps],
) -> Vec<EmptyCells> {
    let names: Vec<String> = plan.layers.iter().map(|layer| layer.row_name.clone()).collect();
    let named = Named { grid: plan.run.grid, steps: Steps::Days(&plan.axis.unit), names: &names };
    let periods = |cell: Cell| {
        let index = plan.run.cells.binary_search_by_key(&cell, |one| one.cell);
        let there = index.ok().and_then(|index| plan.run.cells.get(index));
        plan.periods
            .iter()
            .map(|span| span.period)
            .filter(move |&period| there.is_some_and(|one| one.has(period)))
    };
    let mut empty = named.cells(silent, periods);
    if let Some(tables) = plan.settings.tables.as_ref().filter(|tables| tables.needs_years()) {
        let wanted = wanted_years(plan, tables);
        let years =
            |cell: Cell| caete::year_numbers(&plan.run, cell, |year| wanted.binary_search(&year).is_ok());
        empty.extend(caete::empty_cells(&plan.run, silent_years, years));
    }
    empty
}

/// Whether daily series are wanted at all.
pub(super) fn needs_days(plan: &Plan) -> bool {
    plan.settings.grids || plan.settings.tables.as_ref().is_some_and(Tables::needs_days)
}
