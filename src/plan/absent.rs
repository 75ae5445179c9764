//! What was asked for by its number, or by a list, and is not in the run.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::RangeInclusive;

use crate::model::grid::Cell;
use crate::run::Run;
use crate::run::survey::Survey;

use super::selection::ALL_PERIODS;
use super::tables::{Kind, RegionCells, Tables};
use crate::model::axis::Axis;

use super::Selection;

/// Periods that were named and that no cell has. Their absence between others is told elsewhere.
pub(crate) fn periods(run: &Run, wanted: &[RangeInclusive<u32>]) -> Vec<String> {
    let there: Vec<i64> = run.periods().into_iter().map(i64::from).collect();
    let wanted = wanted.iter().filter(|range| **range != ALL_PERIODS);
    let wanted = wanted.map(|range| (i64::from(*range.start()), i64::from(*range.end())));
    wanted.flat_map(|wanted| around(wanted, &there)).map(|range| told("period", &range)).collect()
}

/// Periods, years of yearly tables, and regions by a mask, that were asked for and of which the run, or its selected cells, have nothing.
pub(super) fn absent(
    run: &Run,
    selection: &Selection,
    tables: Option<&Tables>,
    cells: &BTreeSet<Cell>,
) -> Vec<String> {
    let mut absent = periods(run, &selection.periods);
    for (name, mask) in masks(tables) {
        if mask.is_disjoint(cells) {
            absent.push(format!("region {name}: none of its {} cells is in the run", mask.len()));
        }
    }
    if let Some(tables) = tables.filter(|tables| tables.needs_years()) {
        let years: BTreeSet<i64> =
            run.cells.iter().flat_map(|cell| cell.years.iter().copied().map(i64::from)).collect();
        let years: Vec<i64> = years.into_iter().collect();
        let wanted = tables.years.iter().map(|range| (i64::from(*range.start()), i64::from(*range.end())));
        absent.extend(wanted.flat_map(|wanted| around(wanted, &years)).map(|range| told("year", &range)));
    }
    absent
}

/// The names and cells of regions that are masks, where means over regions are made.
fn masks(tables: Option<&Tables>) -> impl Iterator<Item = (&str, BTreeSet<Cell>)> {
    let tables = tables.filter(|tables| tables.kinds.contains(&Kind::Region));
    tables.into_iter().flat_map(|tables| &tables.regions).filter_map(|region| match &region.cells {
        RegionCells::Mask(mask) => Some((region.name.as_str(), mask.iter().copied().collect())),
        _ => None,
    })
}

/// The parts of a range before the first and behind the last of some numbers in order.
fn around((first, last): (i64, i64), there: &[i64]) -> Vec<RangeInclusive<i64>> {
    let (Some(&least), Some(&most)) = (there.first(), there.last()) else { return Vec::new() };
    let parts = [first..=last.min(least - 1), first.max(most + 1)..=last];
    parts.into_iter().filter(|part| !part.is_empty()).collect()
}

fn told(noun: &str, range: &RangeInclusive<i64>) -> String {
    let (first, last) = (range.start(), range.end());
    if first == last {
        format!("{noun} {first} is not in the run")
    } else {
        format!("{noun}s {first} to {last} are not in the run")
    }
}

/// Masks of regions with cells that the run does not have, and days of the axis off all dumps. A mask may be of more than the
/// run, and an axis longer, so this is no loss.
pub(super) fn remarks(
    cells: &BTreeSet<Cell>,
    survey: &Survey,
    axis: &Axis,
    tables: Option<&Tables>,
) -> Vec<String> {
    let mut remarks = Vec::new();
    for (name, mask) in masks(tables) {
        let (all, absent) = (mask.len(), mask.difference(cells).count());
        if absent > 0 && absent < all {
            remarks.push(format!("region {name}: {absent} of its {all} cells are not in the run"));
        }
    }
    let (first, last) = survey.extent;
    let end = axis.first_day + i64::from(axis.days) - 1;
    let mut days = |count: i64, place: &str, side: &dyn Display| {
        if count > 0 {
            let days = if count == 1 { "1 day".to_owned() } else { format!("{count} days") };
            remarks.push(format!("{days} of the time axis {side} {place} day of any dump: masked"));
        }
    };
    if first <= last {
        let length = end - axis.first_day + 1;
        days(first.saturating_sub(axis.first_day).min(length), "the first", &"before");
        days(end.saturating_sub(last).min(length), "the last", &"behind");
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_before_the_first_and_behind_the_last() {
        assert_eq!(around((1, 9), &[1, 2, 3]), [4..=9]);
        assert_eq!(around((0, 3), &[1, 3]), [0..=0]);
        assert_eq!(around((7, 9), &[1, 3]), [7..=9]);
        assert!(around((1, 3), &[1, 3]).is_empty() && around((2, 2), &[1, 3]).is_empty());
        assert_eq!(told("year", &(1995..=1995)), "year 1995 is not in the run");
        assert_eq!(told("period", &(4..=9)), "periods 4 to 9 are not in the run");
    }
}
