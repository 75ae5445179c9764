//! Grids of one value an interval: aggregates of the daily series, and the yearly vegetation.

use std::path::PathBuf;

use rayon::prelude::*;

use crate::error::Result;
use crate::grid::form::{GridForm, GridReader};
use crate::model::element::Element;
use crate::plan::Plan;
use crate::plan::tables::{TableKind, Tables};
use crate::table::{self, Map};
use crate::write::Subject;

use super::cell::{CellData, Needs};
use super::interval::{self, Interval};
use super::made::Made;
use super::statistics::Right;
use super::traits::Scale;
use super::{Difference, Prover, Verification, limitation, metadata, traits, vegetation};

/// Files that are open at the same time.
const OPEN: usize = 200;
/// Rows and columns of cells whose values are looked at together; those of the files' chunks by default.
const TILE: usize = 16;
/// Bytes of a value that is made anew.
const VALUE: u64 = std::mem::size_of::<Right>() as u64;

/// A grid that is compared.
struct MapFile<'a> {
    map: &'a Map,
    name: String,
    file: Box<dyn GridReader>,
    /// Intervals of the axis, for aggregates.
    intervals: Vec<Interval>,
    /// Years, for the yearly vegetation.
    years: Vec<i32>,
    is_sound: bool,
}

impl MapFile<'_> {
    fn steps(&self) -> usize {
        self.intervals.len().max(self.years.len())
    }
}

/// The yearly grids and aggregates of a plan.
///
/// # Errors
/// Those of [`table::maps`].
pub(super) fn planned(plan: &Plan, tables: &Tables) -> Result<Vec<Map>> {
    table::maps(plan, tables, &table::wanted_years(plan, tables))
}

/// Compares grids that are there with the dumps.
pub(super) fn compare(
    prover: &Prover<'_>,
    plan: &Plan,
    tables: &Tables,
    files: &[(&'static dyn GridForm, &Map, PathBuf)],
    made: &Made,
    result: &mut Verification,
) {
    let years = table::wanted_years(plan, tables);
    for files in files.chunks(OPEN) {
        let mut open = Vec::new();
        for (form, map, path) in files {
            open.extend(open_file(*form, plan, map, path, &years, made, result));
        }
        prover.pool.install(|| tiles(plan, &years, &mut open, result));
    }
}

fn open_file<'a>(
    form: &dyn GridForm,
    plan: &Plan,
    map: &'a Map,
    path: &std::path::Path,
    years: &[i32],
    made: &Made,
    result: &mut Verification,
) -> Option<MapFile<'a>> {
    let (mut intervals, mut all) = (Vec::new(), Vec::new());
    let steps = match map.aggregate() {
        Some(aggregate) => {
            intervals = interval::intervals(&plan.axis, aggregate.every);
            metadata::Steps::of(plan, &intervals)
        }
        None => {
            let (first, last) = years.first().zip(years.last()).unwrap_or((&0, &-1));
            let spans: Vec<(i32, (i64, i64))> = (*first..=*last)
                .filter_map(|year| Some((year, interval::year_on(&plan.axis, year)?)))
                .collect();
            all = spans.iter().map(|(year, _)| *year).collect();
            metadata::Steps::spans(plan, &spans.into_iter().map(|(_, span)| span).collect::<Vec<_>>())
        }
    };
    let subject = Subject::map(plan, map).in_form(form.ending(), form.is_store());
    metadata::compare(form, path, &subject, &steps, made, result)?;
    let name = metadata::file_of(path);
    match form.open(path, &map.output.name) {
        Ok(file) => Some(MapFile { map, name, file, intervals, years: all, is_sound: true }),
        Err(error) => {
            result.differ_in(&name, "a file that can be read", &error);
            None
        }
    }
}

fn tiles(plan: &Plan, years: &[i32], files: &mut [MapFile<'_>], result: &mut Verification) {
    let (rows, columns) = (plan.window.rows as usize, plan.window.columns as usize);
    let is_yearly = files.iter().any(|file| !file.years.is_empty());
    let needs = Needs {
        days: files.iter().any(|file| file.map.is_of_days()),
        // Years between them that were not asked for are masked, and nothing is missing of them.
        years: if is_yearly { years.to_vec() } else { Vec::new() },
    };
    let table = plan.settings.tables.as_ref().and_then(|tables| tables.traits.as_ref());
    let scales = table.map(traits::scales).unwrap_or_default();
    // As many cells as have their values in a part of the memory.
    let cell: u64 = files.iter().map(|file| file.steps() as u64 * VALUE).sum();
    let cells = usize::try_from(plan.memory.budget / 4 / cell.max(1)).unwrap_or(TILE * TILE);
    let across = cells.clamp(1, TILE);
    let down = (cells / across).clamp(1, TILE);
    for top in (0..rows).step_by(down) {
        for left in (0..columns).step_by(across) {
            let height = top..(top + down).min(rows);
            let width = left..(left + across).min(columns);
            let cells: Vec<(crate::plan::PlannedCell, usize)> = plan
                .cells
                .iter()
                .filter_map(|&planned| {
                    let (row, column) = plan.window.position(planned.cell)?;
                    let (row, column) = (row as usize, column as usize);
                    let is_here = height.contains(&row) && width.contains(&column);
                    is_here.then(|| (planned, (row - top) * width.len() + column - left))
                })
                .collect();
            let done: Vec<(usize, Vec<Vec<Right>>, CellData)> = cells
                .par_iter()
                .map(|&(planned, place)| {
                    let mut data = CellData::read(plan, planned, &needs);
                    let values = values(plan, files, &data, &scales);
                    // What was read is not needed any more.
                    data.dumps.clear();
                    data.years.clear();
                    (place, values, data)
                })
                .collect();
            let mut of_place: Vec<Option<Vec<Vec<Right>>>> = vec![None; height.len() * width.len()];
            for (place, values, data) in done {
                result.dumps += data.read;
                result.faults.extend(data.faults);
                result.inputs.extend(data.inputs);
                result.silent.extend(data.silent);
                if let Some(target) = of_place.get_mut(place) {
                    *target = Some(values);
                }
            }
            for (index, file) in files.iter_mut().enumerate() {
                tile(plan, file, index, &height, &width, &of_place, result);
            }
        }
    }
    for (index, file) in files.iter().enumerate() {
        // A store counts once, however many fields it has.
        let is_first = !files.iter().take(index).any(|other| other.name == file.name);
        result.files += usize::from(file.is_sound && is_first);
    }
}

/// For each file the values of a cell.
fn values(plan: &Plan, files: &[MapFile<'_>], data: &CellData, scales: &[Scale]) -> Vec<Vec<Right>> {
    // Of all statistics of a layer its days are looked up once.
    let mut last: Option<(usize, Vec<f64>)> = None;
    let mut all = Vec::with_capacity(files.len());
    // All shares of a year are made at once.
    let has_shares = files.iter().any(|file| file.map.kind() == TableKind::AnnualLimitation);
    let shares: Vec<_> = data.years.iter().filter(|_| has_shares).map(limitation::shares).collect();
    let table = plan.settings.tables.as_ref().and_then(|tables| tables.traits.as_ref());
    let table = table.filter(|_| files.iter().any(|file| file.map.kind() == TableKind::AnnualTraits));
    let of_traits = |table| data.years.iter().map(move |year| traits::indices(table, scales, year));
    let traits: Vec<_> = table.into_iter().flat_map(of_traits).collect();
    for file in files {
        let Some((layer, aggregate)) = file.map.layer_index().zip(file.map.aggregate()) else {
            let of = |year: &i32| {
                let key = &file.map.output.key;
                let Some(place) = data.years.iter().position(|found| found.year == *year) else {
                    return Right::MISSING;
                };
                Right::only(match (file.map.kind(), data.years.get(place)) {
                    (TableKind::AnnualLimitation, _) => {
                        shares.get(place).and_then(|of| of.get(key)).copied().unwrap_or(f64::NAN)
                    }
                    (TableKind::AnnualTraits, _) => {
                        traits.get(place).and_then(|of| of.get(key)).copied().unwrap_or(f64::NAN)
                    }
                    (_, Some(year)) => vegetation::annual(key, year),
                    _ => f64::NAN,
                })
            };
            all.push(file.years.iter().map(of).collect());
            continue;
        };
        if last.as_ref().is_none_or(|(known, _)| *known != layer) {
            let element = plan.layers.get(layer).map_or(Element::Float32, |layer| layer.element);
            last = Some((layer, data.on_axis(layer, element, plan.axis.days as usize)));
        }
        let days = last.as_ref().map_or(&[][..], |(_, days)| days);
        let lengths = interval::lengths(plan, layer);
        let of = |interval: &Interval| interval.reduce(days, aggregate.stat, lengths.as_deref());
        all.push(file.intervals.iter().map(of).collect());
    }
    all
}

/// Compares a tile of a file.
fn tile(
    plan: &Plan,
    file: &mut MapFile<'_>,
    index: usize,
    height: &std::ops::Range<usize>,
    width: &std::ops::Range<usize>,
    of_place: &[Option<Vec<Vec<Right>>>],
    result: &mut Verification,
) {
    if !file.is_sound {
        return;
    }
    let steps = file.steps();
    let element = file.map.output.element;
    let size = element.size();
    let bytes = match file.file.bytes(None, [0..steps, height.clone(), width.clone()], size) {
        Ok(bytes) => bytes,
        Err(reason) => {
            file.is_sound = false;
            return result.differ_in(&file.name, "values that can be read", &reason.to_string());
        }
    };
    let places = height.len() * width.len();
    for (at, found) in bytes.chunks_exact(size).enumerate() {
        let (step, place) = (at / places, at % places);
        let right = of_place.get(place).and_then(Option::as_ref).and_then(|of| of.get(index)?.get(step));
        let is_cell = right.is_some();
        let right = right.copied().unwrap_or(Right::MISSING);
        match right.best.is_nan() {
            true => result.masked += 1,
            false => result.numbers += 1,
        }
        if is_right(element, found, right) {
            continue;
        }
        let (row, column) = (height.start + place / width.len(), width.start + place % width.len());
        let date = match file.intervals.get(step) {
            Some(interval) => Some(interval.start.to_string()),
            None => file.years.get(step).map(ToString::to_string),
        };
        let expected = match (is_cell, right.best.is_nan()) {
            (false, _) => "masked, there is no dump".to_owned(),
            (_, true) => "masked".to_owned(),
            _ => show(element, right.best),
        };
        let cell = cell_at(plan, row, column);
        let found = match super::value::number(element, found) {
            Some(value) => show(element, value),
            None if found == fill(element) => "masked".to_owned(),
            None => "NaN".to_owned(),
        };
        result.differ(Difference { file: file.name.clone(), cell, date, expected, found });
    }
}

fn cell_at(plan: &Plan, row: usize, column: usize) -> Option<crate::model::grid::Cell> {
    let grid_row = plan.window.first_row + u32::try_from(row).ok()?;
    let grid_column = (plan.window.first_column + u32::try_from(column).ok()?) % plan.window.grid.columns();
    Some(crate::model::grid::Cell { row: grid_row, column: grid_column })
}

fn fill(element: Element) -> Vec<u8> {
    element.fill_bytes().to_vec()
}

/// Whether a value in a file is what it should be, rounded once to the file's type.
fn is_right(element: Element, found: &[u8], right: Right) -> bool {
    if right.best.is_nan() {
        return found == fill(element);
    }
    let Some(value) = super::value::number(element, found) else {
        // A value that is what stands for a missing one.
        return [right.low, right.best, right.high]
            .iter()
            .any(|&value| value as f32 == 1e20 || value == 1e20);
    };
    match element {
        Element::Float32 => {
            let narrow = |value: f64| f64::from(value as f32);
            let narrowed =
                Right { best: narrow(right.best), low: narrow(right.low), high: narrow(right.high) };
            narrowed.has(value)
        }
        _ => right.has(value),
    }
}

fn show(element: Element, value: f64) -> String {
    match element {
        Element::Float32 => format!("{:e}", value as f32),
        _ => format!("{value:e}"),
    }
}
