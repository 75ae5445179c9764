//! Grids as the source of tables, read anew by their coordinates.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::derive::{self, Formulas, Over};
use crate::error::{Argument, Error, Result};
use crate::grid::read::DailyGrid;
use crate::model::element::Element;
use crate::model::grid::Grid;
use crate::plan::{Layer, Plan, PlannedCell, Settings};
use crate::source::Series;

use super::Verification;
use super::cell::CellData;
use super::inputs::Input;
use super::silences::{Heard, Silences};
use super::slab::CellDump;

/// Files of daily grids that tables were made of.
pub(super) struct SourceGrids {
    files: Vec<DailyGrid>,
}

/// A layer's values of a block of cells, and where each cell is in it.
struct Slab {
    bytes: Vec<u8>,
    rows: Range<usize>,
    columns: Range<usize>,
}

/// The files of a folder, or the one file, by the names that the settings have.
///
/// # Errors
/// [`Argument`](crate::ErrorKind::Argument) where the tables were not made of grids, or of other ones.
pub(super) fn inputs(source: &Path, settings: Option<&Settings>) -> Result<Vec<PathBuf>> {
    let refuse = |reason: &str| Error::selection(Argument::Source, source.display(), reason);
    let settings = settings.filter(|settings| !settings.inputs.is_empty());
    let settings = settings
        .ok_or_else(|| refuse("is not a run, and what is in OUT was not made of grids; give the run"))?;
    let names: Vec<PathBuf> = settings
        .inputs
        .iter()
        .filter_map(|input| Path::new(&input.path).file_name().map(PathBuf::from))
        .collect();
    if source.is_dir() {
        return Ok(names.iter().map(|name| source.join(name)).collect());
    }
    match names.as_slice() {
        [name] if source.file_name() == Some(name.as_os_str()) => Ok(vec![source.to_owned()]),
        _ => Err(refuse("is not the one file that the tables were made of; give the folder of the grids")),
    }
}

impl SourceGrids {
    /// # Errors
    /// [`Library`](crate::ErrorKind::Library) where a file cannot be read.
    pub fn open(paths: &[PathBuf], grid: &Grid, result: &mut Verification) -> Result<Self> {
        let mut files = Vec::new();
        for path in paths {
            for (file, findings) in DailyGrid::open_all(path, grid)? {
                result.add(&file.name(), findings);
                files.push(file);
            }
        }
        Ok(SourceGrids { files })
    }

    /// What the files have of some cells; a cell has days where any layer has a value.
    ///
    /// # Errors
    /// [`Library`](crate::ErrorKind::Library).
    pub fn block(&self, plan: &Plan, cells: &[PlannedCell]) -> Result<Vec<CellData>> {
        let mut all: Vec<CellData> = cells.iter().map(|_| CellData::default()).collect();
        let formulas = Formulas::of(&plan.settings.table)?;
        let spans: BTreeSet<(i64, usize)> =
            self.files.iter().map(|file| (file.extent.days.first, file.extent.days.count)).collect();
        let axis = plan.axis.first_day..plan.axis.first_day.saturating_add(i64::from(plan.axis.days));
        let is_on_axis = |&(first, days): &(i64, usize)| {
            first < axis.end && axis.start < first.saturating_add(days as i64)
        };
        for (first_day, days) in spans.into_iter().filter(is_on_axis) {
            let mut slabs: Vec<Option<Slab>> = Vec::new();
            for layer in &plan.layers {
                if formulas.keys().any(|key| key == layer.key) {
                    slabs.push(self.calculated(plan, &formulas, layer, (first_day, days), cells)?);
                    continue;
                }
                let file = self.files.iter().find_map(|file| {
                    let own = &file.extent.days;
                    let is_here = (own.first, own.count) == (first_day, days);
                    is_here.then(|| row_in(file, layer)).flatten().map(|row| (file, row))
                });
                slabs.push(match file {
                    Some((file, row)) => read(file, row, layer.element.size(), days, cells)?,
                    None => None,
                });
            }
            let first = first_day - plan.axis.first_day;
            let has: Vec<bool> = slabs.iter().map(Option::is_some).collect();
            let number = plan.periods.iter().find(|span| span.first_day == first_day).map(|span| span.period);
            all.par_iter_mut().zip(cells).for_each(|(data, planned)| {
                let place = self.files.first().and_then(|file| file.extent.cells.positions()(planned.cell));
                if let Some(place) = place {
                    let parts = parts(plan, planned, &slabs, place, first, days);
                    if let Some(number) = number {
                        let input = Input::Period(planned.cell, number);
                        data.inputs.insert(input, None);
                        data.silent.add(input, Heard::of_parts(plan, first, days, &parts, &has));
                    }
                    data.dumps.extend(parts);
                }
            });
        }
        for data in all.iter_mut().filter(|data| data.dumps.is_empty()) {
            // What is masked throughout may be the sea, and is no cell.
            data.silent = Silences::unused(&data.inputs);
        }
        Ok(all)
    }
}

impl SourceGrids {
    /// What the formula of a layer gives, calculated anew.
    fn calculated(
        &self,
        plan: &Plan,
        formulas: &Formulas,
        layer: &Layer,
        (first_day, days): (i64, usize),
        cells: &[PlannedCell],
    ) -> Result<Option<Slab>> {
        let here = |file: &&DailyGrid| (file.extent.days.first, file.extent.days.count) == (first_day, days);
        let mut inputs: Vec<(&str, Element, Option<usize>, Vec<u8>)> = Vec::new();
        let mut around = None;
        for key in formulas.inputs(&layer.key) {
            let is_of =
                |file: &&DailyGrid| file.file.variable() == key || file.dump_key.as_deref() == Some(key);
            let whole = self.files.iter().filter(here).find(is_of);
            let numbered = (1..).map_while(|number| {
                let name = format!("{key}_{number}");
                self.files.iter().filter(here).find(|file| file.file.variable() == name)
            });
            let parts: Vec<(&DailyGrid, Option<usize>)> = match whole {
                Some(file) => match file.rows() {
                    Some(rows) => (0..rows).map(|row| (file, file.row_of(row))).collect(),
                    None => vec![(file, None)],
                },
                None => numbered.map(|file| (file, None)).collect(),
            };
            let element = parts.first().and_then(|(file, _)| Element::parse(file.file.element()?));
            let Some(element) = element else { return Ok(None) };
            let rows =
                (parts.len() > 1 || whole.is_none_or(|file| file.rows().is_some())).then_some(parts.len());
            let mut bytes = Vec::new();
            for (file, row) in parts {
                let Some(slab) = read(file, row, element.size(), days, cells)? else { return Ok(None) };
                bytes.extend(slab.bytes);
                around = Some((slab.rows, slab.columns));
            }
            inputs.push((key, element, rows, bytes));
        }
        let Some((rows, columns)) = around else { return Ok(None) };
        let places = rows.len() * columns.len();
        let count = days * places;
        let fetch = |key: &str| {
            let (_, element, rows, bytes) = inputs.iter().find(|(known, ..)| *known == key)?;
            Some(Series::of_made(*element, *rows, count, bytes))
        };
        let over = Over { fetch: &fetch, count, places, steps: (&plan.axis.unit, first_day), is_proof: true };
        let Ok(mut values) = over.values(formulas, &layer.key) else { return Ok(None) };
        derive::fill_masked(&mut values, layer.element);
        let length = count * layer.element.size();
        let own = values.get(layer.row * length..(layer.row + 1) * length);
        Ok(own.map(|own| Slab { bytes: own.to_vec(), rows, columns }))
    }
}

/// The place of a layer in a file's dimension of rows, if the file has the layer.
fn row_in(file: &DailyGrid, layer: &Layer) -> Option<Option<usize>> {
    if file.file.variable() == layer.row_name && file.rows().is_none() {
        return Some(None);
    }
    (file.file.variable() == layer.name).then(|| file.row_of(layer.row)).flatten().map(Some)
}

fn read(
    file: &DailyGrid,
    row: Option<usize>,
    size: usize,
    days: usize,
    cells: &[PlannedCell],
) -> Result<Option<Slab>> {
    let position = file.extent.cells.positions();
    let places: Vec<(usize, usize)> = cells.iter().filter_map(|planned| position(planned.cell)).collect();
    let around = |of: fn(&(usize, usize)) -> usize| {
        let least = places.iter().map(of).min()?;
        Some(least..places.iter().map(of).max()? + 1)
    };
    let Some((rows, columns)) = around(|place| place.0).zip(around(|place| place.1)) else { return Ok(None) };
    let bytes = file.file.read(row, [0..days, rows.clone(), columns.clone()], size)?;
    Ok(Some(Slab { bytes, rows, columns }))
}

/// A cell's days, cut where no layer has a value.
fn parts(
    plan: &Plan,
    planned: &PlannedCell,
    slabs: &[Option<Slab>],
    (row, column): (usize, usize),
    first: i64,
    days: usize,
) -> Vec<CellDump> {
    let value = |layer: usize, day: usize| {
        let (slab, size) = (slabs.get(layer)?.as_ref()?, plan.layers.get(layer)?.element.size());
        let (row, column) = (row.checked_sub(slab.rows.start)?, column.checked_sub(slab.columns.start)?);
        let at = ((day * slab.rows.len() + row) * slab.columns.len() + column) * size;
        slab.bytes.get(at..at + size)
    };
    let has_value = |day: usize| {
        plan.layers
            .iter()
            .enumerate()
            .any(|(index, layer)| value(index, day).is_some_and(|value| layer.element.fill_bytes() != value))
    };
    let mut parts: Vec<CellDump> = Vec::new();
    let mut day = 0;
    while day < days {
        if !has_value(day) {
            day += 1;
            continue;
        }
        let start = day;
        while day < days && has_value(day) {
            day += 1;
        }
        let series = |layer: usize| -> Option<Vec<u8>> {
            slabs.get(layer)?.as_ref()?;
            Some((start..day).filter_map(|day| value(layer, day)).flatten().copied().collect())
        };
        parts.push(CellDump {
            period: 0,
            cell: planned.cell,
            position: (0, 0),
            first: first + start as i64,
            days: day - start,
            layers: (0..plan.layers.len()).map(series).collect(),
        });
    }
    parts
}
