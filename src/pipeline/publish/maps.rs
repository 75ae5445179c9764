//! Files of maps: the chunks of the pass are opened once more, and cut another way.
//!
//! All chunks of some steps are decoded together, as many steps as a part of the memory holds, and chunks of whole steps are made of them.
//! So nothing of it is in the checkpoint, and what is made depends on the chunks alone.

use std::ops::Range;

use rayon::prelude::*;
use twox_hash::XxHash3_64;

use crate::chunk::Shape;
use crate::error::{Error, Result};
use crate::grid::form::Chunk;
use crate::plan::{Layer, Output};
use crate::spool::contents::Piece;

use super::super::pass::{Scratch, chunk_days};
use super::super::product::Product as Writing;
use super::Publisher;

/// The values of a chunk of the pass, of some of its steps.
struct Tile {
    /// Its place in chunks.
    row: u32,
    column: u32,
    /// The first of the steps, counted from the axis' first.
    first: u32,
    /// `[step, row, column]`, little endian.
    values: Vec<u8>,
}

/// Chunks of maps that are made together.
struct Sheet<'a> {
    layer: &'a Layer,
    map: Shape,
    tiles: Vec<Tile>,
    /// The steps that the tiles have.
    steps: Range<u32>,
}

impl Publisher<'_> {
    /// Writes the chunks of an output's maps; `false` where a piece is damaged.
    pub(super) fn maps(
        &self,
        file: &mut Writing,
        output: &Output,
        map: Shape,
        chunks: &[Piece],
    ) -> Result<bool> {
        for pieces in chunks
            .chunk_by(|one, next| (one.chunk.layer, one.chunk.days) == (next.chunk.layer, next.chunk.days))
        {
            let Some(first) = pieces.first() else { continue };
            let layer = self.shop.plan.layer(first.chunk.layer as usize)?;
            let (from, until) = chunk_days(self.shop.plan, layer, first.chunk.days);
            let (from, until) = (from as u32, until as u32);
            let at_once = self.at_once_of(layer, map);
            for start in (from..until).step_by(at_once as usize) {
                let steps = start..(start + at_once).min(until);
                let Some(tiles) = self.tiles(layer, pieces, &steps, from)? else { return Ok(false) };
                let sheet = Sheet { layer, map, tiles, steps };
                self.sheet(file, &sheet, first.chunk.layer - output.layers.start as u32)?;
            }
        }
        Ok(true)
    }

    /// Steps that are decoded together, whole chunks of maps.
    fn at_once_of(&self, layer: &Layer, map: Shape) -> u32 {
        let plan = self.shop.plan;
        let cells = u64::from(plan.window.rows + layer.chunk.rows)
            * u64::from(plan.window.columns + layer.chunk.columns);
        let steps = plan.memory.budget / 8 / (cells * layer.element.size() as u64).max(1);
        let whole = steps / u64::from(map.days) * u64::from(map.days);
        whole.clamp(u64::from(map.days), u64::from(layer.chunk.days.max(map.days))) as u32
    }

    /// Some steps of all chunks that begin at one; `None` where a piece is damaged.
    fn tiles(
        &self,
        layer: &Layer,
        pieces: &[Piece],
        steps: &Range<u32>,
        begin: u32,
    ) -> Result<Option<Vec<Tile>>> {
        let cells = layer.chunk.cells();
        let read = |piece: &Piece| -> Result<Option<Tile>> {
            if self.shop.halt.is_over() {
                self.shop.halt.check()?;
                return Err(Error::stopped(0, 0));
            }
            let mut bytes = Vec::new();
            if !self.shop.spool.read(piece.source.task, &piece.place, &mut bytes)? {
                return Ok(None);
            }
            let decoded = self.shop.with_scratch(|scratch: &mut Scratch| {
                scratch.chunk.lay_out(layer.element, layer.chunk, self.shop.filters);
                scratch.decoder.decode(&bytes, &mut scratch.chunk).then(|| {
                    let first = (steps.start - begin) as usize * cells;
                    scratch.chunk.values(first, steps.len() * cells)
                })
            });
            let tile = |values| Tile {
                row: piece.chunk.row,
                column: piece.chunk.column,
                first: steps.start,
                values,
            };
            Ok(decoded.flatten().map(tile))
        };
        pieces.par_iter().map(read).collect()
    }

    /// Encodes chunks of maps and puts them in their order.
    fn sheet(&self, file: &mut Writing, sheet: &Sheet<'_>, layer: u32) -> Result<()> {
        let Shape { days, rows, .. } = sheet.map;
        let window = &self.shop.plan.window;
        let bands = 0..window.rows.div_ceil(rows);
        let times = sheet.steps.start / days..sheet.steps.end.div_ceil(days);
        let keys: Vec<(u32, u32)> =
            times.flat_map(|time| bands.clone().map(move |band| (time, band))).collect();
        // Few at a time, since encoded chunks wait for their turn.
        for keys in keys.chunks(2 * self.shop.plan.memory.threads) {
            let encode = |&(time, band): &(u32, u32)| {
                let work = |scratch: &mut Scratch| self.chunk_of_maps(scratch, sheet, time, band);
                self.shop.with_scratch(work).transpose().map(Option::flatten)
            };
            let encoded: Vec<Result<Option<Vec<u8>>>> = keys.par_iter().map(encode).collect();
            for (&(time, band), bytes) in keys.iter().zip(encoded) {
                if let Some(bytes) = bytes? {
                    let checksum = XxHash3_64::oneshot(&bytes);
                    file.put(Chunk { layer, index: [time, band, 0], bytes: &bytes, checksum })?;
                }
            }
        }
        Ok(())
    }

    /// A chunk of whole steps; `None` where all of it is masked.
    fn chunk_of_maps(
        &self,
        scratch: &mut Scratch,
        sheet: &Sheet<'_>,
        time: u32,
        band: u32,
    ) -> Result<Option<Vec<u8>>> {
        let Sheet { layer, map, tiles, steps } = sheet;
        let window = &self.shop.plan.window;
        let (size, tile) = (layer.element.size(), layer.chunk);
        let fill = layer.element.fill_bytes();
        let own_steps = (time * map.days).max(steps.start)..((time + 1) * map.days).min(steps.end);
        let own_rows = band * map.rows..((band + 1) * map.rows).min(window.rows);
        scratch.chunk.reset(layer.element, *map, self.shop.filters);
        let mut any = false;
        for one in tiles {
            let left = one.column * tile.columns;
            let wide = tile.columns.min(window.columns.saturating_sub(left)) as usize;
            let rows =
                (one.row * tile.rows).max(own_rows.start)..((one.row + 1) * tile.rows).min(own_rows.end);
            for step in own_steps.clone() {
                for row in rows.clone() {
                    let from = ((step - one.first) * tile.rows + row - one.row * tile.rows) * tile.columns;
                    let values = one.values.get(from as usize * size..(from as usize + wide) * size);
                    let values = values.unwrap_or_default();
                    any |= values.chunks_exact(size).any(|value| value != fill);
                    let place =
                        ((step - time * map.days) * map.rows + row - own_rows.start) * map.columns + left;
                    scratch.chunk.place(place as usize, 1, values);
                }
            }
        }
        if !any {
            return Ok(None);
        }
        let what = || format!("{}, map {time}", layer.key);
        self.shop.encode(scratch, what)?;
        Ok(Some(scratch.bytes.clone()))
    }
}
