//! Taking rows out of an array.

use super::{GATHERED, GrowingFile, Store};
use crate::error::Result;
use crate::hdf5::tree::Nodes;

impl Store {
    /// Takes rows out, whose numbers ascend; those behind them move up, from the chunk of the first on. After an error the array is of no use.
    pub fn delete(&mut self, rows: &[u64], place: &mut GrowingFile<'_>) -> Result<()> {
        let Some(&first) = rows.first() else { return Ok(()) };
        // What follows is read from the file, while the array grows again behind what stays.
        self.flush(place)?;
        let (start, end) = (first / self.chunk, self.rows);
        let after = self.chunks.split_off((start as usize).min(self.chunks.len()));
        self.moved.retain(|&index| index < start);
        // An index of fewer chunks has other nodes.
        self.nodes = Nodes::default();
        self.is_new = true;
        self.rows = start * self.chunk;
        let mut gone = rows.iter().copied().peekable();
        let mut row = self.rows;
        let mut kept = Vec::new();
        for chunk in after {
            let chunk = self.fetch(chunk, place.source)?;
            for bytes in chunk.chunks_exact(self.row).take((end - row) as usize) {
                if gone.next_if_eq(&row).is_none() {
                    kept.extend_from_slice(bytes);
                }
                row += 1;
            }
            let whole = kept.len() / self.chunk_bytes() * self.chunk_bytes();
            if whole >= GATHERED {
                self.append(kept.get(..whole).unwrap_or_default(), place)?;
                kept.drain(..whole);
            }
        }
        self.append(&kept, place)
    }
}
