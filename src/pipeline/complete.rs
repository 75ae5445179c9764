//! What finished units and blocks must have left, by plan and record.
//!
//! A line of a journal may have a right checksum and be made up all the same, since others may write to the folder. One that names fewer
//! pieces than its unit leaves would mask days. What it says of chunks without any value cannot be known without the dumps.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::model::fault::{Fault, FaultKind};
use crate::model::grid::Cell;
use crate::plan::tables::TableKind;
use crate::plan::{Plan, Tables};
use crate::source::Part;
use crate::spool::contents::UnitState;
use crate::spool::record::{Block, Content};
use crate::table::{Layout, Map, Table};

/// Whether a fault is of a dump as a whole, which gives nothing.
fn is_whole(fault: &&Fault) -> bool {
    use FaultKind::{OffAxis, Older, Short};
    fault.variable.is_none() && !matches!(fault.kind, OffAxis | Older | Short)
}

/// Whether a unit that fits a plan names all pieces that it must have left.
pub(super) fn is_unit(plan: &Plan, unit: &UnitState) -> bool {
    if unit.dumps.is_empty() {
        // Grids that tables are made of have no dumps.
        return true;
    }
    let (counts, covered) = (&unit.counts, &unit.covered);
    if covered.is_doubled || (covered.encoded, covered.fragments) != (counts.chunks_encoded, counts.fragments)
    {
        return false;
    }
    let lost: BTreeSet<Cell> = unit.faults.iter().filter(is_whole).map(|fault| fault.cell).collect();
    let sound = unit.dumps.iter().filter(|(cell, _)| !lost.contains(cell)).count();
    let wants_series = plan.settings.tables.as_ref().is_some_and(Tables::needs_days);
    if unit.series != if wants_series { sound } else { 0 } {
        return false;
    }
    // Of unusual dates only the dumps themselves know.
    if unit.is_strict {
        return sound > 0 || covered.encoded + covered.fragments == 0;
    }
    let (first, last) = (unit.usual.0 - plan.axis.first_day, unit.usual.1 - plan.axis.first_day);
    let (first, last) = (first.max(0), last.min(i64::from(plan.axis.days) - 1));
    let mut missing = 0;
    for (index, layer) in plan.layers.iter().enumerate() {
        let chunk = |day: i64| u32::try_from(day / i64::from(layer.chunk.days.max(1))).unwrap_or(u32::MAX);
        let (from, until) = (chunk(first), chunk(last));
        let Some(there) = covered.within(index as u32, from, until) else { return false };
        let is_absent = |cell: &Cell| {
            let mut faults = unit.faults.iter().filter(|fault| fault.cell == *cell);
            faults.any(|fault| fault.variable.as_deref() == Some(&layer.key))
        };
        // A variable that no dump has leaves nothing.
        if there == 0 && unit.dumps.iter().all(|(cell, _)| is_absent(cell)) {
            continue;
        }
        let all = if first <= last { until - from + 1 } else { 0 };
        missing += u64::from(all.saturating_sub(there));
    }
    missing <= counts.chunks_of_fill
}

/// Whether a block of tables names all pieces that it must have left. `series` are the days that cells have for certain, where the block
/// is made of series in the spool.
pub(super) fn is_block(
    layout: &Layout<'_>,
    maps: &[Map],
    block: &Block,
    series: Option<&HashMap<Cell, u64>>,
) -> bool {
    let Ok((cells, own)) = layout.block(block.number) else { return false };
    let mut rows = vec![0u64; layout.tables.len()];
    let (mut of_maps, mut regions) = (vec![0u32; maps.len()], 0);
    for piece in &block.pieces {
        match piece.content {
            Content::Rows(table, _) => match rows.get_mut(table as usize) {
                Some(rows) => *rows = rows.saturating_add(piece.rows),
                None => return false,
            },
            Content::Regions => regions += 1,
            Content::Map(map) => {
                let (Some(count), Some(map)) = (of_maps.get_mut(map as usize), maps.get(map as usize)) else {
                    return false;
                };
                let values = cells.len() * map.steps.intervals.len() * map.output.element.size();
                if u64::from(piece.place.length) != values as u64 {
                    return false;
                }
                *count += 1;
            }
        }
    }
    let all_rows = rows.iter().fold(0, |sum: u64, rows| sum.saturating_add(*rows));
    if of_maps.iter().any(|&count| count != 1)
        || regions > 1
        || (block.pieces.len() as u64, all_rows) != block.left
    {
        return false;
    }
    let lost = |cell: Cell, part: Part| {
        let mut faults = block.faults.iter().filter(is_whole).filter(|fault| fault.cell == cell);
        faults.any(|fault| match part {
            Part::Period(period) => fault.period == Some(period),
            Part::Year(year) => fault.year == Some(year),
        })
    };
    // A year is a row of its cell.
    let years =
        block.files.iter().filter(|(cell, part, _)| matches!(part, Part::Year(_)) && !lost(*cell, *part));
    let years = years.count() as u64;
    let planned = own.iter().map(|cell| cell.planned.cell);
    let days = match series {
        Some(series) => planned.filter_map(|cell| series.get(&cell)).sum(),
        None => days_at_least(layout.plan, block),
    };
    let is_right = |(table, &rows): (&Table, &u64)| match table.kind {
        TableKind::CellYear | TableKind::Limitation => rows == years,
        TableKind::Daily | TableKind::Change => rows >= days,
        _ => true,
    };
    layout.tables.iter().zip(&rows).all(is_right)
}

/// Days that a block's dumps have for certain. Of a cell with a dump that was compared with others, or of which anything is to be said,
/// no more is known.
fn days_at_least(plan: &Plan, block: &Block) -> u64 {
    let mut of_cells: BTreeMap<Cell, Vec<u32>> = BTreeMap::new();
    for (cell, part, _) in &block.files {
        if let Part::Period(period) = part {
            of_cells.entry(*cell).or_default().push(*period);
        }
    }
    for fault in block.faults.iter().filter(|fault| fault.year.is_none()) {
        of_cells.remove(&fault.cell);
    }
    let of_cell = |periods: &Vec<u32>| {
        let different: BTreeSet<u32> = periods.iter().copied().collect();
        let is_certain = periods.len() > 1 && different.len() == periods.len();
        if is_certain { different.into_iter().map(|period| days_of(plan, period)).sum() } else { 0 }
    };
    of_cells.values().map(of_cell).sum::<u64>()
}

/// The days of a period that are on the axis.
fn days_of(plan: &Plan, number: u32) -> u64 {
    let Some(period) = plan.periods.iter().find(|span| span.period == number) else { return 0 };
    let first = (period.first_day - plan.axis.first_day).max(0);
    let end = (period.last_day + 1 - plan.axis.first_day).min(i64::from(plan.axis.days));
    u64::try_from(end - first).unwrap_or(0)
}

/// Days that the cells have for certain in series that units left: those of periods of which all records say that their dates are usual.
pub(super) fn days_of_units(plan: &Plan, units: &[UnitState]) -> HashMap<Cell, u64> {
    let mut usual: BTreeMap<(Cell, u32), bool> = BTreeMap::new();
    for unit in units {
        for (cell, _) in &unit.dumps {
            *usual.entry((*cell, unit.period)).or_insert(true) &= !unit.is_strict;
        }
    }
    let mut days = HashMap::new();
    for ((cell, period), _) in usual.into_iter().filter(|(_, is_usual)| *is_usual) {
        *days.entry(cell).or_default() += days_of(plan, period);
    }
    days
}
