//! What of a run is archived.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::record::DumpRecord;
use super::settings::Settings;
use crate::dump::Limits;
use crate::error::{Argument, Error, Result};
use crate::model::fault::Fault;
use crate::model::grid::Cell;
use crate::model::time_unit::TimeUnit;
use crate::plan::selection::select_periods;
use crate::plan::{Area, run_faults};
use crate::run::days;
use crate::run::mixture::{self, Mixture};
use crate::run::survey::{Depth, Span, Survey, survey};
use crate::run::{Run, RunCell};

/// A run as it is to be archived.
pub(super) struct Selected<'a> {
    pub run: &'a Run,
    pub cells: Vec<RunCell>,
    /// Periods in the order of their dates, or of their numbers.
    pub periods: Vec<u32>,
    /// Whether days are by the numbers of periods and not by date.
    pub is_by_period: bool,
    pub survey: Survey,
    pub mixture: Mixture,
    pub limits: Limits,
    pub days: u64,
    pub threads: usize,
    /// The archive's unit of days.
    pub unit: TimeUnit,
    /// The numbers of periods that were chosen; empty for all.
    pub chosen: Vec<RangeInclusive<u32>>,
}

impl<'a> Selected<'a> {
    /// Reads a sample of the dumps.
    pub fn new(run: &'a Run, settings: &Settings) -> Result<Self> {
        let cells = select_cells(run, &settings.selection.area)?;
        let periods = select_periods(&settings.selection.periods, &run.periods())?;
        let survey = survey(run, &cells, &periods, Depth::Sample, &settings.limits)?;
        let mut spans: Vec<Span> = survey.spans.clone();
        spans.sort_by_key(|span| (span.first_day, span.period));
        let mixture = mixture::look(run, &survey, &spans);
        if settings.selection.periods.is_empty() {
            mixture.refuse(run)?;
        }
        let mut ordered: Vec<u32> = spans.iter().map(|span| span.period).collect();
        // Periods of which no dump was sound come last; others may be.
        ordered.extend(periods.iter().filter(|period| !spans.iter().any(|span| span.period == **period)));
        let days: u64 = spans.iter().map(|span| span.days().max(0) as u64).sum();
        let decoded = survey.facts.iter().map(|facts| facts.decoded_bytes).max().unwrap_or(0);
        let bound = (4 * decoded).max(16 << 20).min(settings.limits.decoded_bytes as u64) as usize;
        let limits = Limits { decoded_bytes: bound, ..settings.limits };
        // A thread holds a dump, and what a cell's become: at most as much as they decode to.
        let chunks = u64::from(settings.tune.chunk_bytes) * survey.variables.len() as u64;
        let series = decoded * ordered.len() as u64;
        let each = 3 * decoded + series + chunks.min(series) + (1 << 20);
        let budget = settings.resources.memory;
        if each > budget {
            return Err(Error::memory(budget, each));
        }
        let threads = usize::try_from(budget / each).unwrap_or(usize::MAX);
        let threads = threads.min(settings.resources.threads).clamp(1, cells.len().max(1));
        let unit = survey.unit.clone();
        let chosen = settings.selection.periods.clone();
        let (periods, is_by_period) = (ordered, false);
        Ok(Selected {
            run,
            cells,
            periods,
            is_by_period,
            survey,
            mixture,
            limits,
            days,
            threads,
            unit,
            chosen,
        })
    }

    /// Whether a period is among those that were chosen.
    pub fn is_asked_for(&self, period: u32) -> bool {
        self.chosen.is_empty() || self.chosen.iter().any(|range| range.contains(&period))
    }

    /// That a dump lacks usual days of its period, which the cell's other dumps do not have; days by period are none of others.
    pub fn short(&self, records: &[DumpRecord], record: &DumpRecord, cell: Cell) -> Option<Fault> {
        let days = |&(first, count): &(i64, u64)| (first, first.saturating_add_unsigned(count) - 1);
        let own = record.days.as_ref().map(days)?;
        let span = self.survey.spans.iter().find(|span| Some(span.period) == record.period)?;
        let shift = self.survey.unit.shift_to(&self.unit)?;
        let usual = (span.first_day + shift, span.last_day + shift);
        if own == usual {
            return None;
        }
        let is_meant = |other: &&DumpRecord| !self.is_by_period || other.period == record.period;
        let all = records.iter().filter(is_meant).filter_map(|record| record.days.as_ref().map(days));
        let gaps = days::uncovered(usual, all);
        let (kind, message) = days::short(&self.unit, own, &gaps)?;
        Some(Fault { cell, period: record.period, year: None, variable: None, kind, message })
    }

    /// What listing the run found in the way of its cells.
    pub fn faults(&self, area: &Area) -> Vec<Fault> {
        run_faults(self.run, area, |cell| self.cells.binary_search_by_key(&cell, |one| one.cell).is_ok())
    }

    /// Keys that nothing is archived of, and why.
    pub fn unusable(&self) -> BTreeMap<String, String> {
        self.survey.unusable.iter().map(|(key, reason)| (key.clone(), reason.to_string())).collect()
    }
}

/// The cells of a run in an area. Cells of a list that the run lacks are there without dumps, so that they are missed.
pub(super) fn select_cells(run: &Run, area: &Area) -> Result<Vec<RunCell>> {
    let inside = |is_in: &dyn Fn(Cell) -> bool| -> Vec<RunCell> {
        run.cells.iter().filter(|cell| is_in(cell.cell)).cloned().collect()
    };
    let cells = match area {
        Area::Cells | Area::Global => run.cells.clone(),
        Area::Bounds(bounds) => {
            let in_box = run.grid.inside(*bounds);
            inside(&|cell| in_box.as_ref().is_some_and(|is_in| is_in(cell)))
        }
        Area::List(list) => {
            let find = |cell: &Cell| {
                let there = run.cells.binary_search_by_key(cell, |one| one.cell).ok();
                let there = there.and_then(|index| run.cells.get(index)).cloned();
                there.unwrap_or(RunCell { cell: *cell, periods: Vec::new(), years: Vec::new() })
            };
            list.iter().map(find).collect()
        }
    };
    if cells.is_empty() {
        return Err(Error::selection(Argument::CellsOfArea, "", "no cell of the run lies in it"));
    }
    Ok(cells)
}
