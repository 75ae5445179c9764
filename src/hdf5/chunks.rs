//! Where chunks are: records of a version 2 B-tree (§III.A.2, types 10 and 11). `tree.rs` puts them into nodes.

use super::{Fields, Problem, Result};

/// One stored chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chunk {
    pub address: u64,
    /// Bytes in the file.
    pub length: u64,
    /// Its place along the dimension that is cut, counted in chunks. It is the first along all others.
    pub index: u64,
}

/// How the chunks of a dataset are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Form {
    /// Dimensions.
    pub rank: usize,
    /// The one that is cut into chunks.
    pub axis: usize,
    /// Bytes of a chunk in memory.
    pub chunk_bytes: u64,
    /// Whether chunks go through filters, so that their lengths differ.
    pub is_filtered: bool,
}

impl Form {
    /// The type of the tree.
    pub(super) fn kind(self) -> u8 {
        if self.is_filtered { 11 } else { 10 }
    }

    /// Bytes that a chunk's stored length takes.
    fn length_bytes(self) -> usize {
        (1 + (self.chunk_bytes.max(1).ilog2() as usize + 8) / 8).min(8)
    }

    /// Bytes of a record.
    pub(super) fn record(self) -> usize {
        let filtered = if self.is_filtered { self.length_bytes() + 4 } else { 0 };
        8 + filtered + 8 * self.rank
    }

    pub(super) fn encode(self, chunk: &Chunk, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&chunk.address.to_le_bytes());
        if self.is_filtered {
            let length = chunk.length.to_le_bytes();
            bytes.extend_from_slice(length.get(..self.length_bytes()).unwrap_or_default());
            bytes.extend_from_slice(&[0; 4]);
        }
        for axis in 0..self.rank {
            let place = if axis == self.axis { chunk.index } else { 0 };
            bytes.extend_from_slice(&place.to_le_bytes());
        }
    }

    pub(super) fn decode(self, fields: &mut Fields<'_>) -> Result<Chunk> {
        let address = fields.number(8)?;
        let mut length = self.chunk_bytes;
        if self.is_filtered {
            length = fields.number(self.length_bytes())?;
            if fields.number(4)? != 0 {
                return Err(Problem::new("a chunk went through some of its filters only"));
            }
        }
        let mut index = 0;
        for axis in 0..self.rank {
            match fields.number(8)? {
                place if axis == self.axis => index = place,
                0 => {}
                _ => return Err(Problem::new("chunks are not as gridloom puts them")),
            }
        }
        Ok(Chunk { address, length, index })
    }
}
