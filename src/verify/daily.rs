//! Daily grids: every value, bit by bit.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::error::{Error, Result, Trouble};
use crate::grid::form::GridForm;
use crate::grid::read::{Cells, Days, Extent};
use crate::model::axis::Axis;
use crate::model::fault::{Fault, FaultKind};
use crate::place;
use crate::place::overlap;
use crate::plan::selection::ALL_PERIODS;
use crate::plan::{Area, Plan, Selection, Settings};
use crate::source::{Content, Desk, Memory, Wanted};
use crate::write::Subject;

use super::grid::Grid;
use super::inputs::{self, Input};
use super::made::Made;
use super::silences::Heard;
use super::slab::{self, CellDump, Slab, Tally};
use super::{Prover, Verification, metadata};

/// Files that are gone through together: of one extent, and with chunks of one width, so that none is decoded more often than it has to be.
type Groups = BTreeMap<(Extent, [Option<usize>; 2]), Vec<Grid>>;

/// Compares the daily grids of a plan, which are there.
pub(super) fn planned(
    prover: &Prover<'_>,
    plan: &Plan,
    files: &[(&'static dyn GridForm, usize, std::path::PathBuf)],
    made: &Made,
    result: &mut Verification,
) {
    let mut groups: Groups = BTreeMap::new();
    for (form, index, path) in files {
        let Some(output) = plan.outputs.get(*index) else { continue };
        let subject = Subject::daily(plan, output).in_form(form.ending(), form.is_store());
        let steps = metadata::Steps::daily(plan);
        let Some(found) = metadata::compare(*form, path, &subject, &steps, made, result) else { continue };
        match Grid::of_product(*form, path, plan, &output.name, &found) {
            Ok((file, findings)) => {
                result.add(&file.name, findings);
                groups.entry((file.extent.clone(), file.tile())).or_default().push(file);
            }
            Err(reason) => {
                result.differ_in(&metadata::file_of(path), "a daily grid that can be read", &reason)
            }
        }
    }
    for ((extent, _), files) in groups {
        compare(prover, plan, &extent, &files, result);
    }
}

/// Compares daily grids of which nothing is known but what stands in them; `report.json` beside them may know the periods
/// and cells.
pub(super) fn found(
    prover: &Prover<'_>,
    files: Vec<Grid>,
    made: &Made,
    result: &mut Verification,
) -> Result<()> {
    let mut groups: Groups = BTreeMap::new();
    for file in files {
        groups.entry((file.extent.clone(), file.tile())).or_default().push(file);
    }
    for ((extent, _), files) in groups {
        let variables = files.iter().map(|file| file.variable.clone()).collect();
        let settings = Settings {
            selection: Selection {
                variables,
                // What was written is compared, however the periods fit together.
                periods: match made.settings.periods.as_slice() {
                    [] => vec![ALL_PERIODS],
                    periods => periods.iter().map(|&period| period..=period).collect(),
                },
                from: extent.days.first_date(),
                to: extent.days.last_date(),
                area: match &made.settings.cells {
                    Some(cells) => Area::List(cells.clone()),
                    // The file's y and x are no degrees; cells that it lacks are not looked for.
                    None if prover.run.grid.projection().is_some() => Area::Cells,
                    None => Area::Bounds(extent.bounds()),
                },
            },
            table: prover.table.clone(),
            ..prover.settings()
        };
        let plan = match Plan::new(prover.run.clone(), settings).map_err(Error::into_trouble) {
            Ok(plan) => plan,
            // Not daily grids of this run, such as yearly ones of vegetation.
            Err(Trouble::Selection { reason, .. }) => {
                let reason = reason.to_string();
                files.iter().for_each(|file| result.unseen(&file.name, &reason));
                continue;
            }
            Err(trouble) => return Err(trouble.into()),
        };
        for file in &files {
            let reason = "all but its values and places: no report.json says how it was made";
            result.unseen(&file.name, reason);
        }
        result.faults.extend(plan.missing.iter().cloned());
        compare(prover, &on_steps_of(plan, &extent.days), &extent, &files, result);
    }
    Ok(())
}

/// The plan of a file that no report tells of, on its own steps: dates select whole days, of which it may have a part.
fn on_steps_of(plan: Plan, days: &Days) -> Plan {
    if !plan.written.unit.step().is_within_a_day() {
        return plan;
    }
    let before = days.first.saturating_sub(plan.written.first_day);
    let count = u32::try_from(days.count).unwrap_or(u32::MAX);
    let axis = |axis: &Axis| Axis {
        unit: axis.unit.clone(),
        first_day: axis.first_day.saturating_add(before),
        days: count,
    };
    let (axis, written) = (axis(&plan.axis), axis(&plan.written));
    Plan { axis, written, ..plan }
}

fn compare(prover: &Prover<'_>, plan: &Plan, extent: &Extent, files: &[Grid], result: &mut Verification) {
    let Days { units, calendar, .. } = &extent.days;
    let unit = &plan.written.unit;
    if unit.text() != units || unit.calendar().name() != calendar {
        for file in files {
            let expected = format!("time in {:?}, {}", unit.text(), unit.calendar().name());
            result.differ_in(&file.name, &expected, &format!("{units:?}, {calendar}"));
        }
        return;
    }
    let length = unit.step();
    if length.is_within_a_day() && length != extent.days.step {
        for file in files {
            let (own, found) = (length.words(), extent.days.step.words());
            result.differ_in(&file.name, &format!("steps of {own}"), &format!("steps of {found}"));
        }
        return;
    }
    prover.pool.install(|| blocks(plan, &extent.cells, files, result));
}

/// Goes through the window in blocks of rows as high as chunks are, or less where the memory wants it.
fn blocks(plan: &Plan, all: &Cells, files: &[Grid], result: &mut Verification) {
    let height = files.iter().filter_map(|file| file.tile()[0]).min().unwrap_or(16).max(1);
    let width = files.iter().filter_map(|file| file.tile()[1]).min().unwrap_or(16).max(1);
    let longest = plan.periods.iter().map(|period| period.days() as u64).max().unwrap_or(1);
    let cell = plan.memory.cell_bytes(longest).max(1);
    let width = width.min((plan.memory.units_bytes / cell).max(1) as usize);
    let height = height.min((plan.memory.units_bytes / cell / width as u64).max(1) as usize);
    let across = all.width().div_ceil(width);
    let mut cells: Vec<Vec<Placed>> = vec![Vec::new(); across * all.height().div_ceil(height)];
    let positions = all.positions();
    for &planned in &plan.cells {
        if let Some((row, column)) = positions(planned.cell)
            && let Some(block) = cells.get_mut(row / height * across + column / width)
        {
            block.push((planned, (row % height, column % width)));
        }
    }
    for (index, cells) in cells.iter().enumerate() {
        let (top, left) = (index / across * height, index % across * width);
        let rows = top..(top + height).min(all.height());
        let columns = left..(left + width).min(all.width());
        block(plan, files, cells, rows, columns, result);
    }
}

/// A cell, and its row and column in a block.
type Placed = (crate::plan::PlannedCell, (usize, usize));

fn block(
    plan: &Plan,
    files: &[Grid],
    cells: &[Placed],
    rows: std::ops::Range<usize>,
    columns: std::ops::Range<usize>,
    result: &mut Verification,
) {
    let mut tallies: Vec<Tally> = files.iter().map(|_| Tally::default()).collect();
    let axis_days = i64::from(plan.axis.days);
    for (index, period) in plan.periods.iter().enumerate() {
        let read: Vec<_> = cells
            .par_iter()
            .filter(|(planned, _)| {
                plan.run.cells.get(planned.index).is_some_and(|cell| cell.has(period.period))
            })
            .map(|&(planned, position)| {
                let input = Input::Period(planned.cell, period.period);
                (input, read_dump(plan, planned, position, index))
            })
            .collect();
        let mut dumps = Vec::new();
        for (input, ReadDump { dump, digest, faults, heard }) in read {
            result.inputs.insert(input, digest);
            result.silent.add(input, heard);
            result.faults.extend(faults);
            dumps.extend(dump);
        }
        result.dumps += dumps.len() as u64;
        // The slabs of all periods are the whole axis, so that every place is looked at once.
        let start = if index == 0 { 0 } else { (period.first_day - plan.axis.first_day).clamp(0, axis_days) };
        let next = plan.periods.get(index + 1).map(|next| next.first_day - plan.axis.first_day);
        let end = next.unwrap_or(axis_days).clamp(start, axis_days);
        for (file, tally) in files.iter().zip(&mut tallies) {
            for layer in layers(file, plan) {
                if result.unreadable.contains(&file.name) {
                    break;
                }
                let slab = Slab { start, end, rows: rows.clone(), columns: columns.clone() };
                // A damaged file keeps no other from being compared.
                if let Err(error) = slab::compare(plan, file, layer, &slab, &dumps, tally, result) {
                    result.unreadable.insert(file.name.clone());
                    result.differ_in(&file.name, "values that can be read", &error.in_full());
                }
            }
        }
    }
    for (file, tally) in files.iter().zip(tallies) {
        tally.finish(file, plan, result);
    }
}

/// The layers of the plan that a file holds: index in the plan, and index in the file's dimension of rows.
fn layers(file: &Grid, plan: &Plan) -> Vec<(usize, Option<usize>)> {
    let variable = &file.variable;
    let mut layers = Vec::new();
    for (index, layer) in plan.layers.iter().enumerate() {
        if !file.has_rows() {
            let output = plan.outputs.get(layer.output);
            layers.extend(output.filter(|output| output.name == *variable).map(|_| (index, None)));
        } else if layer.name == *variable {
            layers.extend(file.row_of(layer.row).map(|row| (index, Some(row))));
        }
    }
    layers
}

/// What reading a cell's dump gives.
#[derive(Default)]
pub(super) struct ReadDump {
    pub dump: Option<CellDump>,
    /// The digest of its file.
    pub digest: Option<u64>,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
    /// On which days it has values.
    pub heard: Option<Heard>,
}

/// A cell's dump of a period.
pub(super) fn read_dump(
    plan: &Plan,
    planned: crate::plan::PlannedCell,
    position: (usize, usize),
    period: usize,
) -> ReadDump {
    let cell = planned.cell;
    let Some(span) = plan.periods.get(period) else { return ReadDump::default() };
    let mut faults = Vec::new();
    let (mut found, mut heard) = (None, None);
    let mut take = |content: &Content<'_>| {
        let (first, days) = place::span_on_axis(content, &plan.axis)?;
        let short = overlap::check(plan, planned, period, (first, days), &mut |_, _| {})?;
        if let Some(message) = overlap::off_axis(plan, (first, days)) {
            faults.push(place::fault_of(cell, span.period, (FaultKind::OffAxis, message)));
        }
        faults.extend(short.map(|short| place::fault_of(cell, span.period, short)));
        let layers = plan.layers.iter().map(|layer| match place::fitting(content, layer) {
            Ok(series) => {
                let (start, step) = series.layout(layer.row);
                let size = layer.element.size();
                let values = (0..days).filter_map(|day| {
                    let at = start + day * step;
                    let mut value = series.data().get(at..at + size)?.to_vec();
                    if series.is_big_endian() {
                        value.reverse();
                    }
                    Some(value)
                });
                Some(values.flatten().collect())
            }
            Err((kind, message)) => {
                let variable = Some(layer.key.clone());
                let fault = Fault { cell, period: Some(span.period), year: None, variable, kind, message };
                if !faults.contains(&fault) {
                    faults.push(fault);
                }
                None
            }
        });
        let dump = CellDump { cell, period: span.period, position, first, days, layers: layers.collect() };
        heard = Heard::of_dump(plan, content, &dump);
        found = Some(dump);
        Ok(())
    };
    let mut memory = Memory::default();
    let mut desk = Desk::new(&plan.memory.limits, &mut memory);
    // Whether anything lives is asked of the whole dump.
    let is_living = |key: &str| plan.settings.table.living().any(|one| one == key);
    let wants = |key: &str| plan.layers.iter().any(|layer| layer.key == key) || is_living(key);
    let reading = plan.run.source().period(cell, span.period, Wanted::Keys(&wants), &mut desk, &mut take);
    let digest = inputs::digest(&plan.run, &reading, &memory);
    match reading.result {
        Ok(()) => ReadDump { dump: found, digest, faults, heard },
        Err(refusal) => {
            faults.push(place::fault_of(cell, span.period, refusal));
            ReadDump { digest, faults, ..ReadDump::default() }
        }
    }
}
