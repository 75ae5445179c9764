//! What of the dumps that a survey read has no values up to its end.

use crate::model::fault::FaultKind;
use crate::model::variables::VariableTable;
use crate::run::silence::{EmptyCells, Named, Silence, SilentDumps, Steps};
use crate::run::{Run, RunCell};
use crate::source::{Content, Series};

use super::{Facts, SeriesEnd, SeriesFacts, Survey, Variable, lost};

fn rows_of(variable: &Variable) -> usize {
    variable.rows.unwrap_or(1)
}

/// The ends of a dump's series that are silent.
pub(super) fn ends(content: &Content<'_>) -> Vec<SeriesEnd> {
    let mut ends = Vec::new();
    for (index, (_, series)) in content.all_series().enumerate() {
        for row in 0..series.rows() {
            let days = series.days();
            let still = content.silent_end(series.still_end(row, days), days) as u32;
            if still > 0 {
                let empty = content.silent_end(series.empty_end(row, days), days) as u32;
                ends.push(SeriesEnd { series: index as u32, row: row as u32, empty, still });
            }
        }
    }
    ends
}

impl Survey {
    /// The rows of all variables, and what they are called.
    pub(crate) fn fields(&self) -> (Vec<(&Variable, usize)>, Vec<String>) {
        let rows = |variable| (0..rows_of(variable)).map(move |row| (variable, row));
        let fields: Vec<(&Variable, usize)> = self.variables.iter().flat_map(rows).collect();
        let name = |(variable, row): &(&Variable, usize)| match variable.rows {
            Some(_) => match variable.labels.get(*row) {
                Some(label) => format!("{}_{label}", variable.name),
                None => format!("{}_{}", variable.name, row + 1),
            },
            None => variable.name.clone(),
        };
        let names = fields.iter().map(name).collect();
        (fields, names)
    }

    /// What of a dump has no value up to its end; `first` is its first day, counted in the survey's unit.
    pub(crate) fn silence_of(
        &self,
        content: &Content<'_>,
        first: i64,
        table: &VariableTable,
    ) -> Option<Silence> {
        let fields = self.variables.iter().flat_map(|variable| {
            let fits = |series: &Series<'_>| {
                series.element() == Some(variable.element)
                    && series.has_rows().then_some(series.rows()) == variable.rows
                    && series.days() == content.days()
            };
            let series = content.series(&variable.key).filter(fits);
            (0..rows_of(variable)).map(move |row| series.map(|series| (series, row)))
        });
        let living = table.living().filter_map(|key| content.series(key));
        Silence::of(content, first, (i64::MIN, i64::MAX), fields, living)
    }

    /// The cells of a run that hold nothing. Wants all dumps of the cells.
    pub fn empty_cells(&self, run: &Run, table: &VariableTable) -> Vec<EmptyCells> {
        let (fields, names) = self.fields();
        let mut silent = Vec::new();
        for facts in &self.facts {
            if let Some(silence) = self.silence(facts, &fields, table) {
                SilentDumps::add(&mut silent, facts.cell, facts.period, silence);
            }
        }
        let is_gone = |kind: FaultKind| !matches!(kind, FaultKind::Short | FaultKind::Older);
        for fault in self.faults.iter().filter(|fault| fault.variable.is_none() && is_gone(fault.kind)) {
            if let Some(period) = fault.period {
                SilentDumps::add(&mut silent, fault.cell, period, Silence::unused());
            }
        }
        let mut spans = self.spans.clone();
        spans.sort_by_key(|span| (span.first_day, span.period));
        let periods = |cell| {
            let there = run.cells.binary_search_by_key(&cell, |one| one.cell).ok();
            let there: Option<&RunCell> = there.and_then(|index| run.cells.get(index));
            spans
                .iter()
                .map(|span| span.period)
                .filter(move |&period| there.is_some_and(|one| one.has(period)))
        };
        Named { grid: run.grid, steps: Steps::Days(&self.unit), names: &names }.cells(&silent, periods)
    }

    fn silence(
        &self,
        facts: &Facts,
        fields: &[(&Variable, usize)],
        table: &VariableTable,
    ) -> Option<Silence> {
        let days = lost::days_of(facts, &self.unit)?;
        let count = usize::try_from(days.1 - days.0 + 1).unwrap_or(0);
        let find = |key: &str| {
            let index = facts.series.iter().position(|series| series.key == key)?;
            Some((index as u32, facts.series.get(index)?))
        };
        let end = |series: u32, row: usize| {
            facts.ends.iter().find(|end| (end.series, end.row as usize) == (series, row))
        };
        let field = |&(variable, row): &(&Variable, usize)| {
            let (index, series) = find(&variable.key)?;
            let fits = series.element == Some(variable.element)
                && series.rows == variable.rows
                && series.days == count;
            fits.then(|| end(index, row).map_or(0, |end| end.empty as usize))
        };
        let still = |(index, series): (u32, &SeriesFacts)| {
            let rows = if series.days == count { series.rows.unwrap_or(1) } else { 0 };
            (0..rows).map(move |row| end(index, row).map_or(0, |end| end.still as usize))
        };
        let dead = table.living().filter_map(find).flat_map(still).min();
        Silence::of_ends(days, fields.iter().map(field), dead)
    }
}
