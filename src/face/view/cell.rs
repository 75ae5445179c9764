//! The series of one cell on some steps of the axis, by the rules of the pass (`docs/design.md`, Placing by date).

use crate::error::{Error, Result};
use crate::model::fault::{Fault, FaultKind};
use crate::place::{self, CellSeries, overlap};
use crate::plan::{Layer, PlannedCell};
use crate::source::{Desk, Memory, Wanted};

use super::View;

/// A range of steps of the axis.
type Steps = std::ops::Range<i64>;

/// What is being read of a cell.
struct Cell<'a> {
    planned: PlannedCell,
    layers: &'a [Layer],
    /// All wanted steps, and those between them.
    hull: Steps,
    /// Values of the layers on the hull.
    values: Vec<Vec<u8>>,
    series: CellSeries,
    faults: Vec<Fault>,
}

impl View {
    /// The wanted steps of a cell's layers, layer after layer, and what could not be read.
    pub(super) fn series(
        &self,
        planned: PlannedCell,
        layers: &[Layer],
        steps: &[usize],
        memory: &mut Memory,
    ) -> Result<(Vec<u8>, Vec<Fault>)> {
        let ends = steps.iter().min().zip(steps.iter().max());
        let hull = ends.map_or(0..0, |(&first, &last)| first as i64..last as i64 + 1);
        let length = usize::try_from(hull.end - hull.start).unwrap_or(0);
        let masked = |layer: &Layer| super::filled(layer.element, [length, 1, 1]);
        let values = layers.iter().map(masked).collect::<Result<Vec<_>>>()?;
        let (series, faults) = (CellSeries::default(), Vec::new());
        let mut cell = Cell { planned, layers, hull, values, series, faults };
        self.fill(&mut cell, memory)?;
        let mut bytes = Vec::new();
        for (layer, values) in layers.iter().zip(&cell.values) {
            let size = layer.element.size();
            for step in steps {
                let at = usize::try_from(*step as i64 - cell.hull.start).unwrap_or(0) * size;
                bytes.extend_from_slice(values.get(at..at + size).unwrap_or_default());
            }
        }
        Ok((bytes, cell.faults))
    }

    fn fill(&self, cell: &mut Cell<'_>, memory: &mut Memory) -> Result<()> {
        let plan = &self.plan;
        let has = |period: u32| plan.run.cells.get(cell.planned.index).is_some_and(|own| own.has(period));
        let there: Vec<(usize, Steps)> = plan
            .periods
            .iter()
            .enumerate()
            .filter(|(_, span)| has(span.period))
            .map(|(index, span)| {
                let first = span.first_day - plan.axis.first_day;
                (index, first..first + span.days())
            })
            .collect();
        let (usual, others): (Vec<_>, Vec<_>) =
            there.into_iter().partition(|(_, days)| meets(days, &cell.hull));
        let mut covered: Vec<Steps> = Vec::new();
        for (index, days) in usual {
            if self.dump(cell, index, memory)? == Some(days.clone()) {
                covered.push(days);
            }
        }
        // A dump with its usual dates goes before all others, so that these can only hold what is still open.
        if is_covered(&cell.hull, &covered) {
            return Ok(());
        }
        for (index, days) in others {
            let found = self.dates(cell.planned, index, memory)?;
            if found.is_some_and(|found| found != days && meets(&found, &cell.hull)) {
                self.dump(cell, index, memory)?;
            }
        }
        Ok(())
    }

    /// Reads a dump and puts what it holds into its places; the steps that it has.
    fn dump(&self, cell: &mut Cell<'_>, index: usize, memory: &mut Memory) -> Result<Option<Steps>> {
        let plan = &self.plan;
        let Some(span) = plan.periods.get(index) else { return Ok(None) };
        let (planned, layers) = (cell.planned, cell.layers);
        let keys: Vec<&str> = layers.iter().map(|layer| layer.key.as_str()).collect();
        let (mut found, mut faults) = (None, Vec::new());
        let mut tell = |variable: Option<&str>, kind: FaultKind, message: String| {
            let (cell, variable) = (planned.cell, variable.map(str::to_owned));
            faults.push(Fault { cell, period: Some(span.period), year: None, variable, kind, message });
        };
        let mut desk = Desk::new(&plan.memory.limits, memory);
        let source = plan.run.source();
        let reading =
            source.period(planned.cell, span.period, Wanted::Only(&keys), &mut desk, &mut |content| {
                let days = place::span_on_axis(content, &plan.axis)?;
                let short = overlap::check(plan, planned, index, days, &mut |_, _| {})?;
                if let Some(message) = overlap::off_axis(plan, days) {
                    tell(None, FaultKind::OffAxis, message);
                }
                if let Some((kind, message)) = short {
                    tell(None, kind, message);
                }
                let tell_of = &mut |key: &str, kind, message| tell(Some(key), kind, message);
                cell.series.fill_from(content, days.0, layers, tell_of);
                found = Some(days.0..days.0 + days.1 as i64);
                Ok(())
            });
        self.check(planned, span.period, reading.stamp.map(|stamp| stamp.modified))?;
        cell.faults.append(&mut faults);
        match reading.result {
            Ok(()) => cell.put(),
            Err(refusal) => {
                cell.faults.push(place::fault_of(planned.cell, span.period, refusal));
                return Ok(None);
            }
        }
        Ok(found)
    }

    /// The steps that a dump has, where it can be read.
    fn dates(&self, planned: PlannedCell, index: usize, memory: &mut Memory) -> Result<Option<Steps>> {
        let plan = &self.plan;
        let Some(span) = plan.periods.get(index) else { return Ok(None) };
        let mut found = None;
        let mut desk = Desk::new(&plan.memory.limits, memory);
        let source = plan.run.source();
        let reading = source.period(planned.cell, span.period, Wanted::Dates, &mut desk, &mut |content| {
            let days = place::span_on_axis(content, &plan.axis)?;
            found = Some(days.0..days.0 + days.1 as i64);
            Ok(())
        });
        self.check(planned, span.period, reading.stamp.map(|stamp| stamp.modified))?;
        Ok(found)
    }

    /// Refuses a dump that was changed since the run was listed.
    fn check(&self, planned: PlannedCell, period: u32, modified: Option<i64>) -> Result<()> {
        if self.is_loose && modified.is_some_and(|modified| modified > self.opened) {
            let reason = format!("period {period} of cell {} was written later", planned.cell);
            return Err(Error::changed(&self.plan.run.path, reason));
        }
        Ok(())
    }
}

impl Cell<'_> {
    /// Puts the series that were read last onto the hull.
    fn put(&mut self) {
        for (row, (layer, values)) in self.layers.iter().zip(&mut self.values).enumerate() {
            let size = layer.element.size();
            let part = self.series.part(row, layer.element, self.hull.start, self.hull.end);
            let Some((first, bytes)) = part else { continue };
            let at = usize::try_from(first - self.hull.start).unwrap_or(0) * size;
            if let Some(target) = values.get_mut(at..at + bytes.len()) {
                target.copy_from_slice(bytes);
            }
        }
    }
}

fn meets(one: &Steps, other: &Steps) -> bool {
    one.start < other.end && other.start < one.end
}

/// Whether some ranges leave nothing of another.
fn is_covered(wanted: &Steps, ranges: &[Steps]) -> bool {
    let mut ranges = ranges.to_vec();
    ranges.sort_by_key(|range| range.start);
    let mut at = wanted.start;
    for range in ranges.iter().filter(|range| range.end > wanted.start) {
        if range.start > at {
            return false;
        }
        at = at.max(range.end);
    }
    at >= wanted.end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_cover_where_they_leave_no_gap() {
        assert!(is_covered(&(3..9), &[6..9, 0..6]));
        assert!(is_covered(&(3..3), &[]));
        for ranges in [&[0..6, 7..9][..], &[0..8, 1..2], &[4..9, 5..6], &[]] {
            assert!(!is_covered(&(3..9), ranges), "{ranges:?}");
        }
    }
}
