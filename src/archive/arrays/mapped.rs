//! Rows of plain arrays in the mapped file.

use std::sync::{Arc, OnceLock};

use crate::archive::hdf5::chunks::Chunk;
use crate::archive::memory::Map;

/// The rows of a plain array, read where they are. Threads may share it.
#[derive(Debug, Clone)]
pub struct Mapped {
    map: Arc<OnceLock<Map>>,
    chunks: Arc<Vec<Chunk>>,
    row: usize,
    chunk: u64,
    rows: u64,
}

impl Mapped {
    pub(super) fn new(
        map: Arc<OnceLock<Map>>,
        chunks: Arc<Vec<Chunk>>,
        (row, chunk, rows): (usize, u64, u64),
    ) -> Self {
        Mapped { map, chunks, row, chunk, rows }
    }

    /// Rows.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The bytes of a row, little endian; `None` behind the last.
    pub fn row(&self, row: u64) -> Option<&[u8]> {
        Self::find(&self.map.get()?.0, &self.chunks, (self.row, self.chunk, self.rows), row)
    }

    fn find<'a>(
        map: &'a [u8],
        chunks: &[Chunk],
        (length, chunk, rows): (usize, u64, u64),
        row: u64,
    ) -> Option<&'a [u8]> {
        if row >= rows {
            return None;
        }
        let address = chunks.get((row / chunk) as usize)?.address as usize;
        let start = address + (row % chunk) as usize * length;
        map.get(start..start + length)
    }

    /// Rows at some places, one after another; `None` where one is behind the last.
    pub fn points(&self, rows: &[u64]) -> Option<Vec<u8>> {
        let map: &[u8] = &self.map.get()?.0;
        let mut bytes = Vec::with_capacity(rows.len() * self.row);
        for &row in rows {
            let found = Self::find(map, &self.chunks, (self.row, self.chunk, self.rows), row)?;
            bytes.extend_from_slice(found);
        }
        Some(bytes)
    }
}
