//! Chunks that came in several pieces are put together.

use std::ops::Range;

use rayon::prelude::*;
use twox_hash::XxHash3_64;

use crate::chunk::Buffer;
use crate::error::Result;
use crate::spool::contents::{Index, Piece};
use crate::spool::record::{self, ChunkKey, Record, RecordId};

use super::fragment::{self, Part};
use super::pass::{self, Scratch, Workshop};
use super::stats::Stage;
use crate::sync::lock;

/// How joining ended.
pub(super) enum Joined {
    /// The final piece of each chunk, by layer, days, row and column; chunks without one are masked as a whole.
    Chunks(Vec<Piece>),
    /// Some pieces are not what was written, or no chunks: these records have such. None where a piece could not be read
    /// this time.
    Damaged(Vec<RecordId>),
}

/// What became of one chunk.
enum Chunk {
    /// Its final piece, if it has any value.
    Final(Option<Piece>),
    /// It has a piece that is not what was written.
    Damaged(RecordId),
}

/// Encodes every chunk that has several pieces, from all of them, unless that was done before. Only chunks that are
/// `wanted` are looked at.
pub(super) fn join(
    shop: &Workshop<'_>,
    index: &Index,
    wanted: impl Fn(ChunkKey) -> bool + Sync,
) -> Result<Joined> {
    let mut chunks: Vec<Range<usize>> = Vec::new();
    for (at, piece) in index.pieces.iter().enumerate() {
        match chunks.last_mut() {
            Some(range) if index.pieces.get(range.start).is_some_and(|first| first.chunk == piece.chunk) => {
                range.end = at + 1;
            }
            _ => chunks.push(at..at + 1),
        }
    }
    let results: Result<Vec<Chunk>> = chunks
        .into_par_iter()
        .filter_map(|range| match index.pieces.get(range)? {
            [piece] if piece.is_encoded => Some(Ok(Chunk::Final(Some(*piece)))),
            pieces if pieces.first().is_some_and(|piece| wanted(piece.chunk)) => {
                Some(join_chunk(shop, index, pieces))
            }
            _ => None,
        })
        .collect();
    shop.halt.check()?;
    let mut damaged = Vec::new();
    let mut finals = Vec::new();
    for chunk in results? {
        match chunk {
            Chunk::Final(piece) => finals.extend(piece),
            Chunk::Damaged(record) => damaged.push(record),
        }
    }
    Ok(if damaged.is_empty() { Joined::Chunks(finals) } else { Joined::Damaged(damaged) })
}

fn join_chunk(shop: &Workshop<'_>, index: &Index, pieces: &[Piece]) -> Result<Chunk> {
    let Some(key) = pieces.first().map(|piece| piece.chunk) else { return Ok(Chunk::Final(None)) };
    let source = source_of(pieces);
    let known =
        index.joined.get(&key).and_then(|joined| joined.iter().rfind(|joined| joined.source == source));
    let finished = |id: RecordId, place: Option<record::Location>| {
        Chunk::Final(place.map(|place| Piece { chunk: key, is_encoded: true, source: id, place }))
    };
    if let Some(known) = known {
        return Ok(finished(known.id, known.place));
    }
    if shop.halt.is_over() {
        return Ok(Chunk::Final(None));
    }
    let what = || pass::describe(shop.plan, key);
    let mut contents = Vec::new();
    for piece in pieces {
        let mut bytes = Vec::new();
        let is_sound = shop.stats.time(Stage::Spool, what, || {
            (shop.spool.read(piece.source.task, &piece.place, &mut bytes), u64::from(piece.place.length))
        });
        if !is_sound? {
            return Ok(Chunk::Damaged(piece.source));
        }
        contents.push((piece, bytes));
    }
    let merged = shop.with_scratch(|scratch| merge(shop, scratch, key, &contents, what)).transpose()?;
    let place = match merged {
        Some(Merged::Damaged(record)) => return Ok(Chunk::Damaged(record)),
        None | Some(Merged::Empty) => None,
        Some(Merged::Filled) => shop.with_scratch(|scratch| shop.append(scratch, what)).transpose()?,
    };
    let is_reopened = pieces.iter().any(|piece| piece.is_encoded);
    let joined = record::Join { chunk: key, source, place, is_reopened };
    let id = shop.record(Record::Join(joined), what)?;
    *lock(&shop.joined) += joined.counts();
    Ok(finished(id, place))
}

/// What a chunk is made of, whoever made the pieces and in which order.
fn source_of(pieces: &[Piece]) -> u64 {
    let mut bytes = Vec::with_capacity(pieces.len() * 12);
    for piece in pieces {
        bytes.extend_from_slice(&piece.place.checksum.to_le_bytes());
        bytes.extend_from_slice(&piece.place.length.to_le_bytes());
    }
    XxHash3_64::oneshot(&bytes)
}

/// What stands in the scratch memory after merging.
enum Merged {
    /// The chunk, encoded.
    Filled,
    /// Nothing: the chunk has no value.
    Empty,
    /// Nothing: this record's piece is no chunk.
    Damaged(RecordId),
}

fn merge(
    shop: &Workshop<'_>,
    scratch: &mut Scratch,
    key: ChunkKey,
    contents: &[(&Piece, Vec<u8>)],
    what: impl Fn() -> String + Copy,
) -> Result<Merged> {
    let layer = shop.plan.layer(key.layer as usize)?;
    let filters = shop.filters;
    let fragments = contents.iter().filter(|(piece, _)| !piece.is_encoded);
    let parts = || fragments.clone().flat_map(|(_, bytes)| fragment::read(bytes));
    let mut encoded = contents.iter().filter(|(piece, _)| piece.is_encoded);
    let filled = match encoded.next() {
        None => shop
            .stats
            .time(Stage::Place, what, || fragment::assemble(&mut scratch.chunk, layer, filters, parts())),
        // The chunk was complete when it was encoded, but a cell with unusual dates, or of a later run, has days in it.
        Some((first, bytes)) => {
            scratch.chunk.lay_out(layer.element, layer.chunk, filters);
            if !scratch.decoder.decode(bytes, &mut scratch.chunk) {
                return Ok(Merged::Damaged(first.source));
            }
            for (piece, bytes) in encoded {
                let mut other = Buffer::default();
                other.lay_out(layer.element, layer.chunk, filters);
                if !scratch.decoder.decode(bytes, &mut other) {
                    return Ok(Merged::Damaged(piece.source));
                }
                scratch.chunk.overlay(&other, layer.element);
            }
            let parts: Vec<Part<'_>> = parts().collect();
            fragment::place(&mut scratch.chunk, layer, &parts);
            true
        }
    };
    if !filled {
        return Ok(Merged::Empty);
    }
    shop.encode(scratch, what)?;
    Ok(Merged::Filled)
}
