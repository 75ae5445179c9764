//! From the fields of finished blocks to NetCDF files.

use std::ops::Range;

use rayon::prelude::*;
use twox_hash::XxHash3_64;

use crate::chunk::Shape;
use crate::error::{Error, Result};
use crate::grid::form::Chunk;
use crate::grid::products;
use crate::observer::Counted;
use crate::plan::Layer;
use crate::shared::{Draft, Site};
use crate::spool::held::FileKind;
use crate::spool::record::Content;
use crate::table::Map;
use crate::write::{Provenance, Schema, Subject};

use super::fragment::{self, Part};
use super::identity;
use super::pass::{Scratch, Workshop};
use super::product::Product;
use super::published::{Published, is_there, name};
use super::stats::Stage;
use super::table_files::Files;

/// A block's values of a field: of these cells of the layout, all intervals of a cell together, from one on.
struct Values {
    cells: Range<usize>,
    intervals: Range<usize>,
    bytes: Vec<u8>,
}

impl Files<'_> {
    /// Publishes the products of all fields; `None` where a piece is damaged.
    pub(super) fn publish_maps(&self, products: &[products::Product]) -> Result<Option<Vec<Published>>> {
        let provenance = Provenance { created: self.header.created, digest: self.digest.to_owned() };
        let schema = Schema::new(provenance);
        let mut published = Vec::new();
        for product in products {
            if self.shop.halt.is_closing() {
                break;
            }
            match self.maps(product, &schema)? {
                Some(file) => published.push(file),
                None => return Ok(None),
            }
        }
        Ok(Some(published))
    }

    /// Publishes a product: a field, or a store of several.
    fn maps(&self, product: &products::Product, schema: &Schema) -> Result<Option<Published>> {
        let Workshop { stats, progress, .. } = self.shop;
        let maps: Vec<(u32, &Map)> =
            product.parts.iter().filter_map(|&part| Some((part as u32, self.maps.get(part)?))).collect();
        let contents: Vec<u64> = maps
            .iter()
            .map(|&(index, map)| self.content_of_map(index, map, &product.file, schema))
            .collect::<Result<_>>()?;
        let content = identity::of_parts(&contents);
        let names: Vec<&str> = maps.iter().map(|(_, map)| map.output.name.as_str()).collect();
        let entry = |bytes, chunks| Published {
            file: product.file.clone(),
            kind: FileKind::Aggregate,
            variable: names.join(", "),
            bytes,
            chunks,
        };
        let published = match is_there(self.contents, self.folder, &product.file, content) {
            Some(bytes) => entry(bytes, 0),
            None => {
                let what = || product.file.clone();
                let written =
                    stats.time(Stage::Publish, what, || (self.write_maps(product, &maps, schema), 0));
                let Some((draft, chunks)) = written? else { return Ok(None) };
                entry(name(self.shop, self.folder, draft, &product.file, content)?, chunks)
            }
        };
        progress.advance(Counted::Files, 1);
        Ok(Some(published))
    }

    /// A digest of all that a field is made of.
    fn content_of_map(&self, index: u32, map: &Map, file: &str, schema: &Schema) -> Result<u64> {
        let plan = self.shop.plan;
        let digest = identity::map(identity::of_file("aggregate", plan)?, map, file);
        let digest = identity::place(digest, &plan.axis, &plan.window);
        let digest = identity::provenance(digest, schema.provenance()).number(self.header.epoch);
        let pieces = self.pieces().filter(|(_, piece)| piece.content == Content::Map(index));
        Ok(pieces.fold(digest, |digest, (_, piece)| digest.number(piece.place.checksum)).finish())
    }

    /// Writes a product; also returns how many chunks were written.
    fn write_maps(
        &self,
        product: &products::Product,
        maps: &[(u32, &Map)],
        schema: &Schema,
    ) -> Result<Option<(Draft, usize)>> {
        let site = Site::new(self.folder, self.mark, &product.file);
        let mut file = Product::new(product.form, &site);
        let mut chunks = 0;
        let form = product.form;
        let subjects = maps.iter().map(|&(_, map)| Subject::map(self.shop.plan, map));
        let subjects: Vec<Subject<'_>> =
            subjects.map(|subject| subject.in_form(form.ending(), form.is_store())).collect();
        let Some((first, others)) = subjects.split_first() else {
            return Err(Error::bug("a product without a field"));
        };
        let mut skeleton = schema.skeleton(first, others);
        for (data, (_, map)) in skeleton.data.iter_mut().zip(maps) {
            data.chunk = product.chunk(&map.output);
        }
        for (at, &(index, map)) in maps.iter().enumerate() {
            match at {
                0 => file.begin(self.shop, &site, &skeleton)?,
                _ => file.next()?,
            }
            match self.write_map(&mut file, index, map, product.chunk(&map.output))? {
                Some(written) => chunks += written,
                None => return Ok(None),
            }
        }
        Ok(Some((file.close()?, chunks)))
    }

    /// Writes the chunks of a field, one row of tiles after another: only what they are made of is in memory. Returns how many there were.
    fn write_map(&self, file: &mut Product, index: u32, map: &Map, shape: Shape) -> Result<Option<usize>> {
        let Workshop { plan, .. } = self.shop;
        let output = &map.output;
        let count = map.steps.intervals.len() as u32;
        let (times, columns) = (count.div_ceil(shape.days), plan.window.columns.div_ceil(shape.columns));
        let mut written = 0;
        // A row of tiles has few values, but for daily ones of a wide window: then it is gone through several times.
        let row_bytes = u64::from(shape.rows * plan.window.columns) * output.element.size() as u64;
        let at_once = plan.memory.budget / 4 / (row_bytes * u64::from(shape.days)).max(1);
        let at_once = u32::try_from(at_once).unwrap_or(u32::MAX).clamp(1, times.max(1));
        let passes = (0..plan.window.rows.div_ceil(shape.rows))
            .flat_map(|row| (0..times).step_by(at_once as usize).map(move |first| (row, first)));
        for (row, first) in passes {
            let range = first..(first + at_once).min(times);
            let intervals = (range.start * shape.days) as usize..(range.end * shape.days).min(count) as usize;
            let Some(values) =
                self.values(index, map, row * shape.rows..(row + 1) * shape.rows, intervals)?
            else {
                return Ok(None);
            };
            let keys: Vec<(u32, u32)> =
                range.flat_map(|time| (0..columns).map(move |column| (time, column))).collect();
            // Few at a time, since encoded chunks wait for their turn.
            for keys in keys.chunks(4 * plan.memory.threads) {
                let encode = |&(time, column): &(u32, u32)| {
                    let work =
                        |scratch: &mut Scratch| self.chunk(scratch, map, shape, &values, [time, row, column]);
                    self.shop.with_scratch(work).transpose().map(Option::flatten)
                };
                let chunks: Vec<Result<Option<Vec<u8>>>> = keys.par_iter().map(encode).collect();
                for (&(time, column), chunk) in keys.iter().zip(chunks) {
                    if let Some(bytes) = chunk? {
                        let checksum = XxHash3_64::oneshot(&bytes);
                        let index = [time, row, column];
                        file.put(Chunk { layer: 0, index, bytes: &bytes, checksum })?;
                        written += 1;
                    }
                }
            }
        }
        Ok(Some(written))
    }

    /// The values of some intervals of blocks with cells in some rows of the window; `None` where a piece is damaged.
    fn values(
        &self,
        index: u32,
        map: &Map,
        rows: Range<u32>,
        intervals: Range<usize>,
    ) -> Result<Option<Vec<Values>>> {
        let mut values = Vec::new();
        let (size, all) = (map.output.element.size(), map.steps.intervals.len());
        for state in &self.accepted.blocks {
            let (cells, own) = self.layout.block(state.block.number)?;
            let is_here = own.iter().any(|cell| {
                let position = self.shop.plan.window.position(cell.planned.cell);
                position.is_some_and(|(row, _)| rows.contains(&row))
            });
            let piece = state.block.pieces.iter().find(|piece| piece.content == Content::Map(index));
            if let (true, Some(piece)) = (is_here, piece) {
                let Some(mut bytes) = self.read(state.id.task, piece)? else { return Ok(None) };
                if intervals.len() < all {
                    let part = |cell: &[u8]| {
                        cell.get(intervals.start * size..intervals.end * size).unwrap_or_default().to_vec()
                    };
                    bytes = bytes.chunks(all * size).flat_map(part).collect();
                }
                values.push(Values { cells, intervals: intervals.clone(), bytes });
            }
        }
        Ok(Some(values))
    }

    /// Encodes a chunk; `None` where all of it is masked.
    fn chunk(
        &self,
        scratch: &mut Scratch,
        map: &Map,
        shape: Shape,
        values: &[Values],
        [time, row, column]: [u32; 3],
    ) -> Result<Option<Vec<u8>>> {
        let plan = self.shop.plan;
        let output = &map.output;
        let size = output.element.size();
        let count = map.steps.intervals.len();
        let from = (time * shape.days) as usize;
        let until = (from + shape.days as usize).min(count);
        let parts = values.iter().flat_map(|Values { cells, intervals, bytes }| {
            let (own, skip) = (intervals.len(), intervals.start);
            cells.clone().enumerate().filter_map(move |(index, cell)| {
                let cell = self.layout.cells.get(cell)?.planned.cell;
                let (y, x) = plan.window.position(cell)?;
                let is_here = y / shape.rows == row && x / shape.columns == column;
                let place = (y % shape.rows) * shape.columns + x % shape.columns;
                let first = index * own;
                let values = bytes.get((first + from - skip) * size..(first + until - skip) * size)?;
                is_here.then_some(Part { place, first: 0, values })
            })
        });
        let layer = Layer { chunk: shape, ..map.layer() };
        let what = || output.file.clone();
        let (any, _) = fragment::assemble(&mut scratch.chunk, &layer, self.shop.filters, parts);
        if !any {
            return Ok(None);
        }
        self.shop.encode(scratch, what)?;
        Ok(Some(scratch.bytes.clone()))
    }
}
