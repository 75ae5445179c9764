//! From a dump's file to the selected series of its cell, and what is to be said about it.

use crate::dump::{Period, Series};
use crate::model::grid::Cell;
use crate::place::{self, CellSeries, Seen};
use crate::plan::{Plan, PlannedCell};
use crate::run::fault::{self, Fault, FaultKind, Refusal};
use crate::run::silence::Silence;
use crate::run::stamp::Stamp;
use crate::run::survey::Unusable;
use crate::spool::record::Counts;

use super::overlap;
use super::stats::{Stage, Stats};

/// Memory that is used for one dump after another.
#[derive(Default)]
pub(super) struct Buffers {
    pub raw: Vec<u8>,
    pub decoded: Vec<u8>,
}

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
    buffers: &mut Buffers,
    planned: PlannedCell,
    period_index: usize,
    series: &mut CellSeries,
    found: &mut Found,
) -> Result<(), Refusal> {
    let Some(&period) = plan.periods.get(period_index) else { return Ok(()) };
    let limits = &plan.memory.limits;
    let path = plan.run.dump_path(planned.cell, period.period);
    let what = || format!("cell {}, period {}", planned.cell, period.period);
    let (stamp, read) = stats.time(Stage::Read, what, || {
        let result = fault::read_file(&path, limits, &mut buffers.raw);
        (result, buffers.raw.len() as u64)
    });
    found.stamp = stamp;
    read?;
    found.counts.dumps_read = 1;
    found.counts.bytes_read = buffers.raw.len() as u64;
    let buffer = std::mem::take(&mut buffers.decoded);
    let dump = stats.time(Stage::Decode, what, || {
        let dump = crate::dump::Dump::decode(&buffers.raw, buffer, limits);
        let bytes = dump.as_ref().map_or(0, |dump| dump.decoded_bytes() as u64);
        (dump, bytes)
    });
    let dump = dump.map_err(|error| (FaultKind::of(&error), error.to_string()))?;
    found.counts.dumps_decoded = 1;
    let content = fault::period_of(&dump)?;
    let span = place::span_on_axis(&content, &plan.axis)?;
    found.is_strict = !overlap::is_usual(plan, &period, span);
    found.largest = dump.decoded_bytes() as u64;
    let mut peeked = |period, stamp| found.peeked.push((planned.cell, period, stamp));
    let short = overlap::check(plan, planned, period_index, span, &mut peeked)?;
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
        if !is_planned && !survey.unusable.iter().any(|(name, known)| *name == key && known.is_loss()) {
            tell(Some(&key), FaultKind::Unplanned, format!("{reason}; the dumps sampled do not have it"));
        }
    }
    let seen = stats.time(Stage::Extract, what, || {
        let seen = series.fill_from(&content, span.0, &plan.layers, &mut |key, kind, message| {
            tell(Some(key), kind, message);
        });
        (seen, plan.memory.cell_bytes(span.1 as u64))
    });
    found.seen = seen;
    found.silence = silence(plan, &content, span.0);
    buffers.decoded = dump.into_buffer();
    Ok(())
}

/// What of a dump has no value at its end; its first day is counted on the axis.
fn silence(plan: &Plan, content: &Period<'_>, first: i64) -> Option<Silence> {
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
