//! The series of cells out of the chunks of grids, tile by tile and some days at a time, into the spool.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use rayon::prelude::*;

use crate::derive::Formulas;
use crate::error::{Error, Result};
use crate::model::grid::Cell;
use crate::observer::Counted;
use crate::place;
use crate::plan::{Plan, Tile};
use crate::run::survey::Span;
use crate::spool::contents::Contents;
use crate::spool::record::{self, Record, RecordId};

use super::super::pass::Workshop;
use super::super::stats::Stage;
use super::silent::{Ends, Silent};
use super::{Grids, derived};

/// Days that are read at a time, where they fit: those of a chunk.
const DAYS: u64 = 1024;

/// The work of putting series into the spool.
pub(super) struct Import<'a> {
    pub grids: &'a Grids,
    pub shop: &'a Workshop<'a>,
    /// Of the files; another one than that of the tables where windows are compared.
    pub plan: &'a Plan,
    /// Days of the plan's axis that are wanted, ends excluded; all where nothing is said.
    pub days: Option<&'a [Range<i64>]>,
}

impl Import<'_> {
    /// Does it, but for what is done already. Returns the units' records.
    ///
    /// # Errors
    /// [`Library`](crate::ErrorKind::Library), [`Io`](crate::ErrorKind::Io); [`Stopped`](crate::ErrorKind::Stopped) on request.
    pub fn run(&self, id: u64, contents: &Contents) -> Result<HashSet<RecordId>> {
        let Import { shop, plan, .. } = *self;
        let mut done: HashMap<((u32, u32), u32), RecordId> = HashMap::new();
        for unit in contents.units.iter().filter(|unit| unit.plan == id) {
            if !plan.periods.iter().any(|period| period.period == unit.period) {
                continue;
            }
            done.entry((unit.tile, unit.period)).or_insert(unit.id);
        }
        let units = (plan.tiles.len() * plan.periods.len()) as u64;
        shop.progress.start(Counted::Units, units, done.len() as u64);
        for tile in &plan.tiles {
            for period in &plan.periods {
                let key = ((tile.row, tile.column), period.period);
                if !done.contains_key(&key) {
                    if shop.halt.is_closing() {
                        return Err(Error::stopped(done.len() as u64, units));
                    }
                    done.insert(key, self.unit(tile, period)?);
                    shop.progress.advance(Counted::Units, 1);
                }
            }
        }
        Ok(done.into_values().collect())
    }

    fn unit(&self, tile: &Tile, period: &Span) -> Result<RecordId> {
        let Import { shop, plan, .. } = *self;
        let mut record = record::Unit {
            tile: (tile.row, tile.column),
            period: period.period,
            usual: (period.first_day, period.last_day),
            ..record::Unit::default()
        };
        let shape = plan.layers.first().map(|layer| layer.chunk);
        let Some(shape) = shape else { return shop.record(Record::Unit(record), String::new) };
        let row = tile.row * shape.rows;
        let column = tile.column * shape.columns;
        let rows = row..(row + shape.rows).min(plan.window.rows);
        let columns = column..(column + shape.columns).min(plan.window.columns);
        let tile_day = (rows.len() * columns.len()) as u64 * plan.memory.cell_day_bytes;
        // Formulas are calculated of whole slabs, in numbers of double precision.
        let formulas = Formulas::of(&plan.settings.table)?;
        let parts = if formulas.keys().next().is_some() { 32 } else { 4 };
        let step = (plan.memory.budget / parts / tile_day.max(1)).clamp(1, DAYS) as usize;
        let days = period.days() as usize;
        let mut silent = Silent::default();
        for first in (0..days).step_by(step) {
            let slab = Slab {
                first: period.first_day - plan.axis.first_day + first as i64,
                days: first..(first + step).min(days),
                rows: rows.clone(),
                columns: columns.clone(),
            };
            if self.is_wanted(&slab) {
                self.slab(tile, (period.period, &formulas), &slab, &mut silent, &mut record)?;
            }
        }
        // What is compared says itself what of it is empty.
        if self.days.is_none() {
            record.silent = silent.finish(plan, period);
        }
        let what = || format!("tile {}, {}, period {}", tile.row, tile.column, period.period);
        shop.record(Record::Unit(record), what)
    }

    fn is_wanted(&self, slab: &Slab) -> bool {
        let end = slab.first.saturating_add(slab.days.len() as i64);
        self.days.is_none_or(|all| all.iter().any(|days| slab.first < days.end && days.start < end))
    }

    fn slab(
        &self,
        tile: &Tile,
        (period, formulas): (u32, &Formulas),
        slab: &Slab,
        silent: &mut Silent,
        record: &mut record::Unit,
    ) -> Result<()> {
        let Import { grids, shop, plan, .. } = *self;
        let mut layers: Vec<Option<Vec<u8>>> = Vec::new();
        let mut made = derived::MadeSlabs::default();
        for (index, layer) in plan.layers.iter().enumerate() {
            if formulas.keys().any(|key| key == layer.key) {
                let made = made.of(layer, || self.calculated(&layer.key, (period, formulas), slab))?;
                layers.push(made);
                continue;
            }
            let Some((file, row)) = grids.file(plan, index, period) else {
                layers.push(None);
                continue;
            };
            layers.push(Some(self.values((file, row), &layer.key, layer.element.size(), slab)?));
        }
        let cells = plan.cells.get(tile.cells.clone()).unwrap_or_default();
        let parts: Vec<(Cell, Vec<Vec<u8>>, Ends)> = cells
            .par_iter()
            .filter_map(|planned| {
                let (row, column) = plan.window.position(planned.cell)?;
                let at = ((row - slab.rows.start) as usize, (column - slab.columns.start) as usize);
                let (parts, ends) = parts(plan, slab, &layers, at);
                Some((planned.cell, parts, ends))
            })
            .collect();
        for (cell, parts, ends) in parts {
            silent.add(cell, ends);
            for part in parts {
                record.seen.values +=
                    part.len() as u64 / plan.memory.cell_day_bytes.max(1) * layers.len() as u64;
                let bytes = part.len() as u64;
                let what = || format!("series of cell {cell}");
                let place = shop.stats.time(Stage::Spool, what, || (shop.spool.append(&part), bytes))?;
                record.series.push((cell, place));
            }
        }
        Ok(())
    }
}

/// Some days of a tile.
pub(super) struct Slab {
    /// The first day on the axis.
    pub first: i64,
    /// Days of the file.
    pub days: Range<usize>,
    /// Rows and columns of the window.
    pub rows: Range<u32>,
    pub columns: Range<u32>,
}

/// A cell's series in a slab, serialized: one for each run of days with any value; and what is silent at its end.
fn parts(
    plan: &Plan,
    slab: &Slab,
    layers: &[Option<Vec<u8>>],
    (row, column): (usize, usize),
) -> (Vec<Vec<u8>>, Ends) {
    let (height, width, days) = (slab.rows.len(), slab.columns.len(), slab.days.len());
    let mut has_value = vec![false; days];
    let mut series: Vec<Option<Vec<u8>>> = Vec::with_capacity(layers.len());
    for (layer, bytes) in plan.layers.iter().zip(layers) {
        let size = layer.element.size();
        let fill = layer.element.fill_bytes();
        series.push(bytes.as_ref().map(|bytes| {
            let mut own = Vec::with_capacity(days * size);
            for (day, has_value) in has_value.iter_mut().enumerate() {
                let at = ((day * height + row) * width + column) * size;
                let value = bytes.get(at..at + size).unwrap_or(fill);
                *has_value |= value != fill;
                own.extend_from_slice(value);
            }
            own
        }));
    }
    let mut parts = Vec::new();
    let mut from = 0;
    while let Some(start) = has_value.iter().skip(from).position(|&has| has).map(|start| from + start) {
        let end = has_value.iter().skip(start).position(|&has| !has).map_or(days, |length| start + length);
        let of = |layer: usize| -> Option<&[u8]> {
            let size = plan.layers.get(layer)?.element.size();
            series.get(layer)?.as_ref()?.get(start * size..end * size)
        };
        parts.push(place::series_bytes(slab.first + start as i64, end - start, &plan.layers, of));
        from = end;
    }
    (parts, Ends::of(plan, slab.first, days, &series, has_value.contains(&true)))
}
