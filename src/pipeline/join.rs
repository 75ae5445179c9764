//! Chunks that came in several pieces are put together.

use rayon::prelude::*;

use crate::chunk::Buffer;
use crate::error::{Error, Result};

use super::fragment::{self, Part};
use super::pass::{self, ChunkKey, Pass, Piece, PieceKind};
use super::stats::Stage;

/// Encodes every chunk that has fragments, from all its pieces. Returns the final piece of each chunk, by layer, days and
/// tile; chunks without one are masked as a whole.
pub(super) fn join(pass: &Pass<'_>, mut pieces: Vec<Piece>) -> Result<Vec<Piece>> {
    // Pieces of one chunk lie in the order of units, which differs from run to run; that does not matter, because no day
    // of a cell is in two of them.
    pieces.sort_by_key(|piece| (piece.chunk, piece.kind));
    let chunks: Vec<&[Piece]> = pieces.chunk_by(|a, b| a.chunk == b.chunk).collect();
    let (whole, split): (Vec<&[Piece]>, Vec<&[Piece]>) =
        chunks.into_iter().partition(|chunk| matches!(chunk, [piece] if piece.kind == PieceKind::Encoded));
    split.par_iter().try_for_each(|chunk| join_chunk(pass, chunk))?;
    let mut done: Vec<Piece> = whole.into_iter().flatten().copied().collect();
    done.extend(pass.take_pieces());
    done.sort_by_key(|piece| piece.chunk);
    Ok(done)
}

fn join_chunk(pass: &Pass<'_>, pieces: &[Piece]) -> Result<()> {
    let Some(key) = pieces.first().map(|piece| piece.chunk) else { return Ok(()) };
    let what = || pass::describe(pass.plan, key);
    let mut fragments = Vec::new();
    let mut encoded = None;
    for piece in pieces {
        let mut bytes = Vec::new();
        pass.stats.time(Stage::Spool, what, || {
            (pass.spool.read(&piece.place, &mut bytes), piece.place.len() as u64)
        })?;
        match piece.kind {
            PieceKind::Encoded => encoded = Some(bytes),
            PieceKind::Fragment => fragments.push(bytes),
        }
    }
    let result = pass.with_scratch(|scratch| merge(pass, scratch, key, &fragments, encoded.as_deref(), what));
    result.unwrap_or(Ok(()))
}

fn merge(
    pass: &Pass<'_>,
    scratch: &mut pass::Scratch,
    key: ChunkKey,
    fragments: &[Vec<u8>],
    encoded: Option<&[u8]>,
    what: impl Fn() -> String + Copy,
) -> Result<()> {
    let Some(layer) = pass.plan.layers.get(key.layer as usize) else { return Ok(()) };
    let codec = pass.plan.settings.codec;
    let parts = || fragments.iter().flat_map(|bytes| fragment::read(bytes));
    let filled = match encoded {
        None => pass
            .stats
            .time(Stage::Place, what, || fragment::assemble(&mut scratch.chunk, layer, codec, parts())),
        // The chunk was taken for complete, but a cell with unusual dates has days in it.
        Some(bytes) => {
            pass.counts.chunks_reopened.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let chunk: &mut Buffer = &mut scratch.chunk;
            chunk.lay_out(layer.element, layer.chunk, codec.shuffles());
            if !scratch.decoder.decode(bytes, chunk) {
                let path = pass.spool.path().to_owned();
                return Err(Error::Spool { path, offset: 0, reason: "a chunk cannot be decoded" });
            }
            let parts: Vec<Part<'_>> = parts().collect();
            fragment::place(chunk, layer, &parts);
            true
        }
    };
    if !filled {
        pass.counts.chunks_of_fill.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        return Ok(());
    }
    pass.encode(scratch, what)?;
    pass.append(scratch, key, PieceKind::Encoded, what)
}
