//! From a dump's file to the selected series of its cell, and what is to be said about it.

use crate::model::fault::{Fault, FaultKind, Refusal};
use crate::model::grid::Cell;
use crate::place::{self, CellSeries, Seen};
use crate::plan::{Plan, PlannedCell};
use crate::run::silence::Silence;
use crate::run::survey::{Span, Unusable};
use crate::source::stamp::Stamp;
use crate::source::{Clock, Content, Desk, Item, Memory, ReadStep, Reading, Series, Wanted};
use crate::spool::record::Counts;

use super::stats::{Stage, Stats};
use crate::place::overlap;

/// What one dump gave beside its values.
#[derive(Default)]
pub(super) struct Found {
    pub stamp: Option<Stamp>,
    /// Dumps of the cell's other periods that were looked at.
    pub peeked: Vec<(Cell, u32, Option<Stamp>)>,
    pub largest: u64,
    pub faults: Vec<Fault>,
    pub seen: Seen,
    pub counts: Counts,
    pub is_strict: bool,
    /// What has no value at its end.
    pub silence: Option<Silence>,
}

/// Reads a cell's dump of a period into `series`.
///
/// # Errors
/// Why the dump gives nothing.
pub(super) fn load(
    plan: &Plan,
    stats: &Stats,
    memory: &mut Memory,
    planned: PlannedCell,
    period_index: usize,
    series: &mut CellSeries,
    found: &mut Found,
) -> Result<(), Refusal> {
    let Some(&period) = plan.periods.get(period_index) else { return Ok(()) };
    let wants = |key: &str| plan.wants(key);
    let mut desk = Desk { limits: &plan.memory.limits, memory, clock: stats };
    let source = plan.run.source();
    let mut take =
        |content: &Content<'_>| place(plan, stats, planned, (period_index, period), content, series, found);
    let reading = source.period(planned.cell, period.period, Wanted::Keys(&wants), &mut desk, &mut take);
    found.note(&reading);
    reading.result
}

impl Found {
    /// Notes what was read.
    fn note(&mut self, reading: &Reading) {
        self.stamp = reading.stamp;
        self.counts.dumps_read = u64::from(reading.read.is_some());
        self.counts.bytes_read = reading.read.unwrap_or(0);
        self.counts.dumps_decoded = u64::from(reading.decoded.is_some());
        self.largest = reading.decoded.unwrap_or(0);
    }
}

/// Puts what a dump holds where its days are.
fn place(
    plan: &Plan,
    stats: &Stats,
    planned: PlannedCell,
    (index, period): (usize, Span),
    content: &Content<'_>,
    series: &mut CellSeries,
    found: &mut Found,
) -> Result<(), Refusal> {
    let span = place::span_on_axis(content, &plan.axis)?;
    found.is_strict = !overlap::is_usual(plan, &period, span);
    let mut peeked = |period, stamp| found.peeked.push((planned.cell, period, stamp));
    let short = overlap::check(plan, planned, index, span, &mut peeked)?;
    let faults = &mut found.faults;
    let mut tell = |variable: Option<&str>, kind, message| {
        let (cell, variable) = (planned.cell, variable.map(str::to_owned));
        faults.push(Fault { cell, period: Some(period.period), year: None, variable, kind, message });
    };
    if let Some(message) = overlap::off_axis(plan, span) {
        tell(None, FaultKind::OffAxis, message);
    }
    if let Some((kind, message)) = short {
        tell(None, kind, message);
    }
    let survey = &plan.survey;
    for (key, series) in content.all_series() {
        let is_planned = survey.variables.iter().any(|variable| variable.key == key);
        let is_refused =
            survey.unusable.iter().any(|(name, reason)| name == key && *reason != Unusable::NoValues);
        if series.days() > 0 && series.rows() > 0 && !is_planned && !is_refused {
            tell(Some(key), FaultKind::Unplanned, "has values here, but not in the dumps sampled".into());
        }
    }
    for (key, reason) in content.others().filter(|(_, reason)| reason.is_loss()) {
        let is_planned = survey.variables.iter().any(|variable| variable.key == key);
        if !is_planned && !survey.unusable.iter().any(|(name, known)| name == key && known.is_loss()) {
            tell(Some(key), FaultKind::Unplanned, format!("{reason}; the dumps sampled do not have it"));
        }
    }
    let what = || Item::period(planned.cell, period.period).to_string();
    found.seen = stats.time(Stage::Extract, what, || {
        let seen = series.fill_from(content, span.0, &plan.layers, &mut |key, kind, message| {
            tell(Some(key), kind, message);
        });
        (seen, plan.memory.cell_bytes(span.1 as u64))
    });
    found.silence = silence(plan, content, span.0);
    Ok(())
}

/// What of a dump has no value at its end; its first day is counted on the axis.
fn silence(plan: &Plan, content: &Content<'_>, first: i64) -> Option<Silence> {
    let axis = &plan.axis;
    let days = (axis.first_day, axis.first_day + i64::from(axis.days) - 1);
    let mut last: Option<(&str, Option<Series<'_>>)> = None;
    let fields = plan.layers.iter().map(|layer| {
        let series = match last {
            Some((key, series)) if key == layer.key => series,
            _ => place::fitting(content, layer).ok(),
        };
        last = Some((&layer.key, series));
        series.map(|series| (series, layer.row))
    });
    let living = plan.settings.table.living().filter_map(|key| content.series(key));
    Silence::of(content, axis.first_day + first, days, fields, living)
}

impl Clock for Stats {
    fn time(&self, step: ReadStep, item: Item, work: &mut dyn FnMut() -> u64) {
        let stage = match step {
            ReadStep::Read => Stage::Read,
            ReadStep::Decode => Stage::Decode,
        };
        Stats::time(self, stage, || item.to_string(), || ((), work()));
    }
}
