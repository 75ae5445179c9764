//! What was asked for by its number, or by a list, and is not in the run.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::RangeInclusive;

use crate::model::grid::{Bounds, Cell};
use crate::run::survey::Survey;
use crate::run::{Run, RunCell};

use super::selection::ALL_PERIODS;
use super::tables::{Region, RegionCells, TableKind, Tables};
use crate::model::axis::Axis;

use super::Selection;

/// Periods that were named and that no selected cell has. Their absence between others, and what other cells tell of their days, is
/// told as lost periods.
pub(crate) fn periods<'a>(
    run: &Run,
    cells: impl Iterator<Item = &'a RunCell>,
    survey: &Survey,
    wanted: &[RangeInclusive<u32>],
) -> Vec<String> {
    let selected = cells.flat_map(|cell| cell.periods.iter().copied());
    let selected = selected.chain(survey.lost.iter().map(|lost| lost.period));
    let all = run.periods().into_iter().map(i64::from).collect();
    let wanted = wanted.iter().filter(|range| **range != ALL_PERIODS);
    let wanted = wanted.map(|range| (i64::from(*range.start()), i64::from(*range.end())));
    numbers("period", wanted, &all, &selected.map(i64::from).collect())
}

/// Periods, years of yearly tables, and regions, that were asked for and of which the run, or its selected cells, have nothing.
pub(super) fn absent(
    run: &Run,
    survey: &Survey,
    selection: &Selection,
    tables: Option<&Tables>,
    cells: &BTreeSet<Cell>,
) -> Vec<String> {
    let selected = || run.cells.iter().filter(|cell| cells.contains(&cell.cell));
    let mut absent = periods(run, selected(), survey, &selection.periods);
    for (name, mask) in masks(tables) {
        if mask.is_empty() {
            absent.push(format!("region {name}: no cell's centre is inside"));
        } else if mask.is_disjoint(cells) {
            absent.push(format!("region {name}: none of its {} cells is in the run", mask.len()));
        }
    }
    for (name, bounds) in boxes(tables) {
        let inside = run.grid.inside(bounds);
        if !inside.is_some_and(|is_inside| cells.iter().any(|&cell| is_inside(cell))) {
            let Bounds { north, south, west, east } = bounds;
            let place = format!("{north} to {south} N, {west} to {east} E");
            absent.push(format!("region {name}: no selected cell's centre is inside of {place}"));
        }
    }
    if let Some(tables) = tables.filter(|tables| tables.needs_years()) {
        let years = |cell: &RunCell| cell.years.iter().copied().map(i64::from).collect::<Vec<_>>();
        let all = run.cells.iter().flat_map(years).collect();
        let wanted = tables.years.iter().map(|range| (i64::from(*range.start()), i64::from(*range.end())));
        absent.extend(numbers("year", wanted, &all, &selected().flat_map(years).collect()));
    }
    absent
}

/// Regions, where means over them are made.
fn regions(tables: Option<&Tables>) -> impl Iterator<Item = &Region> {
    let tables = tables.filter(|tables| tables.kinds.contains(&TableKind::Region));
    tables.into_iter().flat_map(|tables| &tables.regions)
}

/// The names and cells of those that are masks.
fn masks(tables: Option<&Tables>) -> impl Iterator<Item = (&str, BTreeSet<Cell>)> {
    regions(tables).filter_map(|region| match &region.cells {
        RegionCells::Mask(mask) => Some((region.name.as_str(), mask.iter().copied().collect())),
        _ => None,
    })
}

/// The names and edges of those that are boxes.
fn boxes(tables: Option<&Tables>) -> impl Iterator<Item = (&str, Bounds)> {
    regions(tables).filter_map(|region| match region.cells {
        RegionCells::Bounds(bounds) => Some((region.name.as_str(), bounds)),
        _ => None,
    })
}

/// The parts of ranges before the first and behind the last number of the selected cells: those that no cell of the run has, and
/// those that others have.
fn numbers(
    noun: &str,
    wanted: impl Iterator<Item = (i64, i64)>,
    all: &BTreeSet<i64>,
    selected: &BTreeSet<i64>,
) -> Vec<String> {
    let mut absent = Vec::new();
    for (first, last) in wanted {
        let Some((&least, &most)) = all.first().zip(all.last()) else { continue };
        absent.extend(around((first, last), all).iter().map(|range| told(noun, range, "in the run")));
        let others = around((first.max(least), last.min(most)), selected);
        absent.extend(others.iter().map(|range| told(noun, range, "in any selected cell")));
    }
    absent
}

/// The parts of a range before the first and behind the last of some numbers.
fn around((first, last): (i64, i64), there: &BTreeSet<i64>) -> Vec<RangeInclusive<i64>> {
    let Some((&least, &most)) = there.first().zip(there.last()) else { return Vec::new() };
    let parts = [first..=last.min(least - 1), first.max(most + 1)..=last];
    parts.into_iter().filter(|part| !part.is_empty()).collect()
}

fn told(noun: &str, range: &RangeInclusive<i64>, place: &str) -> String {
    let (first, last) = (range.start(), range.end());
    if first == last {
        format!("{noun} {first} is not {place}")
    } else {
        format!("{noun}s {first} to {last} are not {place}")
    }
}

/// Masks of regions with cells that the run does not have, names of cells that tables have no place for, and days of the axis off all
/// dumps. A mask may be of more than the run, and an axis longer, so this is no loss.
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
    let all: Vec<(&str, BTreeSet<Cell>)> = masks(tables).collect();
    let outside = cells.iter().filter(|cell| !all.iter().any(|(_, mask)| mask.contains(cell))).count();
    if outside > 0 && !all.is_empty() {
        let regions = crate::words::many(all.len() as u64, "masked region");
        remarks.push(format!("{outside} of the {} cells are in none of the {regions}", cells.len()));
    }
    remarks.extend(tables.and_then(|tables| without_stations(cells, tables)));
    let (first, last) = survey.extent;
    let end = axis.first_day + i64::from(axis.days) - 1;
    let mut days = |count: i64, place: &str, side: &dyn Display| {
        if count > 0 {
            let (days, step) = (axis.unit.step().counted(count), axis.step_noun().trim_end_matches('s'));
            remarks.push(format!("{days} of the time axis {side} {place} {step} of any dump: masked"));
        }
    };
    if first <= last {
        let length = end - axis.first_day + 1;
        days(first.saturating_sub(axis.first_day).min(length), "the first", &"before");
        days(end.saturating_sub(last).min(length), "the last", &"behind");
    }
    remarks
}

/// That tables by upstream's names have no column, and their files no part, for the names of cells; `None` where all tables have one.
fn without_stations(cells: &BTreeSet<Cell>, tables: &Tables) -> Option<String> {
    let named = tables.stations.keys().filter(|cell| cells.contains(cell)).count();
    let kinds: Vec<&str> =
        tables.kinds.iter().filter(|kind| tables.is_upstream(**kind)).map(|kind| kind.name()).collect();
    (named > 0 && !kinds.is_empty()).then(|| {
        let (names, kinds) = (crate::words::many(named as u64, "station"), kinds.join(" and "));
        format!("the names of {names} are not in {kinds}: upstream's names have no column station; tables by gridloom's have")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_before_the_first_and_behind_the_last() {
        let of = |there: &[i64]| there.iter().copied().collect::<BTreeSet<i64>>();
        assert_eq!(around((1, 9), &of(&[1, 2, 3])), [4..=9]);
        assert_eq!(around((0, 3), &of(&[1, 3])), [0..=0]);
        assert_eq!(around((7, 9), &of(&[1, 3])), [7..=9]);
        assert!(around((1, 3), &of(&[1, 3])).is_empty() && around((2, 2), &of(&[1, 3])).is_empty());
        let said = numbers("year", [(1, 9), (1995, 1995)].into_iter(), &of(&[3, 4, 5, 6]), &of(&[4]));
        assert_eq!(
            said,
            [
                "years 1 to 2 are not in the run",
                "years 7 to 9 are not in the run",
                "year 3 is not in any selected cell",
                "years 5 to 6 are not in any selected cell",
                "year 1995 is not in the run",
            ]
        );
    }
}
