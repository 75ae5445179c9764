//! Which chunks a unit's pieces are of, in short, since there may be hundreds of pieces a unit.

use std::collections::BTreeSet;

use super::record::Piece;

/// Chunks in time that layers which follow each other have pieces of.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stretch {
    /// The first of the layers, and the one behind the last.
    layers: (u32, u32),
    /// How many chunks, and the first and last of them.
    chunks: (u32, u32, u32),
}

/// The chunks that a unit has pieces of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    runs: Vec<Stretch>,
    /// Pieces that are whole chunks.
    pub encoded: u64,
    /// Pieces that are parts of chunks.
    pub fragments: u64,
    /// Whether a chunk has several pieces, which no unit leaves.
    pub is_doubled: bool,
}

impl Coverage {
    /// Looks at a unit's pieces.
    pub fn of(pieces: &[Piece]) -> Self {
        let chunks: BTreeSet<(u32, u32)> = pieces.iter().map(|piece| (piece.layer, piece.days)).collect();
        let mut of_layers: Vec<Stretch> = Vec::new();
        for &(layer, days) in &chunks {
            match of_layers.last_mut() {
                Some(run) if run.layers.0 == layer => {
                    let (count, first, _) = run.chunks;
                    run.chunks = (count + 1, first, days);
                }
                _ => of_layers
                    .push(Stretch { layers: (layer, layer.saturating_add(1)), chunks: (1, days, days) }),
            }
        }
        let mut runs: Vec<Stretch> = Vec::new();
        for next in of_layers {
            match runs.last_mut() {
                Some(run) if run.layers.1 == next.layers.0 && run.chunks == next.chunks => {
                    run.layers.1 = next.layers.1;
                }
                _ => runs.push(next),
            }
        }
        let encoded = pieces.iter().filter(|piece| piece.is_encoded).count() as u64;
        let fragments = pieces.len() as u64 - encoded;
        Coverage { runs, encoded, fragments, is_doubled: chunks.len() < pieces.len() }
    }

    /// The highest layer.
    pub fn last_layer(&self) -> u32 {
        self.runs.last().map_or(0, |run| run.layers.1 - 1)
    }

    /// How many chunks of a layer have a piece; `None` where one of them lies outside of a range.
    pub fn within(&self, layer: u32, first: u32, last: u32) -> Option<u32> {
        let run = self.runs.iter().find(|run| (run.layers.0..run.layers.1).contains(&layer));
        let Some(&Stretch { chunks: (count, from, until), .. }) = run else { return Some(0) };
        (from >= first && until <= last).then_some(count)
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::Location;
    use super::*;

    fn pieces(chunks: &[(u32, u32)]) -> Vec<Piece> {
        let place = Location { offset: 0, length: 0, checksum: 0 };
        chunks.iter().map(|&(layer, days)| Piece { layer, days, is_encoded: days > 0, place }).collect()
    }

    #[test]
    fn layers_of_the_same_chunks_stand_together() {
        let all: Vec<(u32, u32)> = (0..50).flat_map(|layer| (2..6).map(move |days| (layer, days))).collect();
        let coverage = Coverage::of(&pieces(&all));
        assert_eq!((coverage.runs.len(), coverage.last_layer(), coverage.encoded), (1, 49, 200));
        assert_eq!(
            (coverage.within(7, 2, 5), coverage.within(7, 3, 5), coverage.within(50, 2, 5)),
            (Some(4), None, Some(0))
        );
        let others = Coverage::of(&pieces(&[(0, 0), (0, 3), (2, 1), (2, 1)]));
        assert_eq!((others.runs.len(), others.encoded, others.fragments), (2, 3, 1));
        assert!(others.is_doubled && others.within(0, 0, 3) == Some(2) && others.within(1, 0, 3) == Some(0));
    }
}
