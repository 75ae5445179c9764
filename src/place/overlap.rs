//! Cells whose dates are unusual: what they may overlap, and what of them falls off the axis.

use crate::model::fault::{FaultKind, Refusal};
use crate::place;
use crate::plan::{Plan, PlannedCell};
use crate::run::days;
use crate::run::survey::Span;
use crate::source::stamp::Stamp;
use crate::source::{Desk, Memory, Wanted};

/// First day on the axis, number of days.
type OnAxis = (i64, usize);

/// Says whether a dump may be placed where its dates say.
///
/// Usual dates never overlap: that was checked when the run was planned. A dump with other dates than usual is compared
/// with the cell's other dumps, which are read once more for that. It gives way to one with its usual dates, and to one
/// of a lower number: the rule needs no order of work, so every thread, task and later run comes to the same end. What was
/// looked at is told to `peeked`, by period: the end is another one when those dumps are.
///
/// Returns what is to be said where the dump lacks usual days of its period, and the cell's other dumps do not have them.
///
/// # Errors
/// [`FaultKind::Overlap`] where the dump must give way.
pub(crate) fn check(
    plan: &Plan,
    planned: PlannedCell,
    period: usize,
    span: OnAxis,
    peeked: &mut impl FnMut(u32, Option<Stamp>),
) -> Result<Option<Refusal>, Refusal> {
    let Some(own) = plan.periods.get(period) else { return Ok(None) };
    if is_usual(plan, own, span) {
        return Ok(None);
    }
    let mut covered = vec![span];
    // Where each period is taken by itself, others may have the same dates.
    let is_other = |other: &&Span| other.period != own.period && !plan.settings.allows_repeats();
    for other in plan.periods.iter().filter(is_other) {
        if !plan.run.cells.get(planned.index).is_some_and(|cell| cell.has(other.period)) {
            continue;
        }
        let (mut memory, mut theirs) = (Memory::default(), None);
        let mut desk = Desk::new(&plan.memory.limits, &mut memory);
        let (cell, number) = (planned.cell, other.period);
        let reading = plan.run.source().period(cell, number, Wanted::Dates, &mut desk, &mut |content| {
            theirs = place::span_on_axis(content, &plan.axis).ok();
            Ok(())
        });
        peeked(number, reading.stamp);
        let Some(theirs) = theirs else { continue };
        covered.push(theirs);
        let overlaps = span.0 < theirs.0 + theirs.1 as i64 && theirs.0 < span.0 + span.1 as i64;
        if overlaps && (theirs == usual(plan, other) || other.period < own.period) {
            let dates = |span: OnAxis| {
                let date = |day: i64| plan.axis.label(day).unwrap_or_default();
                format!("{} to {}", date(span.0), date(span.0 + span.1 as i64 - 1))
            };
            let message = format!(
                "its dates, {}, overlap those of period {} of the same cell, {}; the dump is left out",
                dates(span),
                other.period,
                dates(theirs)
            );
            return Err((FaultKind::Overlap, message));
        }
    }
    let days = |(first, days): OnAxis| {
        let first = plan.axis.first_day + first;
        (first, first + days as i64 - 1)
    };
    let end = plan.axis.first_day + i64::from(plan.axis.days) - 1;
    let wanted = (own.first_day.max(plan.axis.first_day), own.last_day.min(end));
    let gaps = days::uncovered(wanted, covered.into_iter().map(days));
    Ok(days::short(&plan.axis.unit, days(span), &gaps))
}

/// Whether a dump has the usual dates of its period.
pub(crate) fn is_usual(plan: &Plan, period: &Span, span: OnAxis) -> bool {
    span == usual(plan, period)
}

fn usual(plan: &Plan, span: &Span) -> OnAxis {
    (span.first_day - plan.axis.first_day, span.days() as usize)
}

/// Names days of a dump that are off an axis whose ends the user did not choose.
pub(crate) fn off_axis(plan: &Plan, span: OnAxis) -> Option<String> {
    let selection = &plan.settings.selection;
    let before = if selection.from.is_none() { (-span.0).max(0) } else { 0 };
    let end = span.0 + span.1 as i64;
    let after = if selection.to.is_none() { (end - i64::from(plan.axis.days)).max(0) } else { 0 };
    if before + after == 0 {
        return None;
    }
    let date = |day: i64| plan.axis.label(day).unwrap_or_default();
    Some(format!(
        "{} of its days are off the time axis and left out; a time axis from {} to {} takes them in",
        before + after,
        date(span.0.min(0)),
        date(end.max(i64::from(plan.axis.days)) - 1)
    ))
}
