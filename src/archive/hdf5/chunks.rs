//! Where chunks are: a version 2 B-tree of one node (§III.A.2, records of type 11).

use super::{Fields, NONE, Problem, Result, checked, seal};

/// Chunks of a dataset at most: what one node's count of two bytes allows.
pub(in crate::archive) const MOST: usize = 65_535;

/// Bytes of a tree's head.
pub(in crate::archive) const HEAD: usize = 38;

/// One stored chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::archive) struct Chunk {
    pub address: u64,
    /// Bytes in the file.
    pub length: u64,
    /// Its place along the last dimension, counted in chunks. It is the first along all others.
    pub index: u64,
}

/// Bytes that a chunk's stored length takes, by the bytes that a chunk has in memory.
fn length_bytes(chunk_bytes: u64) -> usize {
    (1 + (chunk_bytes.max(1).ilog2() as usize + 8) / 8).min(8)
}

fn record(rank: usize, chunk_bytes: u64) -> usize {
    8 + length_bytes(chunk_bytes) + 4 + 8 * rank
}

/// Bytes of the one node.
pub(super) fn node(rank: usize, chunk_bytes: u64, count: usize) -> usize {
    10 + count.max(1) * record(rank, chunk_bytes)
}

/// A tree of chunks, in their order, to stand at `address`: head and node.
pub(super) fn encode(address: u64, rank: usize, chunk_bytes: u64, chunks: &[Chunk]) -> Result<Vec<u8>> {
    let count = u16::try_from(chunks.len())
        .map_err(|_| Problem::new(format!("{} chunks are too many; make them larger", chunks.len())))?;
    let mut head = b"BTHD\x00\x0b".to_vec();
    head.extend_from_slice(&(node(rank, chunk_bytes, chunks.len()) as u32).to_le_bytes());
    head.extend_from_slice(&(record(rank, chunk_bytes) as u16).to_le_bytes());
    head.extend_from_slice(&[0, 0, 100, 40]);
    let root = if chunks.is_empty() { NONE } else { address + HEAD as u64 };
    head.extend_from_slice(&root.to_le_bytes());
    head.extend_from_slice(&count.to_le_bytes());
    head.extend_from_slice(&u64::from(count).to_le_bytes());
    let mut bytes = seal(head);
    if chunks.is_empty() {
        return Ok(bytes);
    }
    let mut leaf = b"BTLF\x00\x0b".to_vec();
    for chunk in chunks {
        leaf.extend_from_slice(&chunk.address.to_le_bytes());
        leaf.extend_from_slice(
            chunk.length.to_le_bytes().get(..length_bytes(chunk_bytes)).unwrap_or_default(),
        );
        leaf.extend_from_slice(&[0; 4]);
        leaf.resize(leaf.len() + 8 * (rank - 1), 0);
        leaf.extend_from_slice(&chunk.index.to_le_bytes());
    }
    bytes.extend(seal(leaf));
    Ok(bytes)
}

/// How many chunks a tree has and where they stand, by its head.
pub(in crate::archive) fn decode_head(bytes: &[u8]) -> Result<(usize, u64)> {
    let mut fields = Fields(checked(bytes, "the index of chunks")?);
    fields.require(b"BTHD\x00\x0b", "the index of chunks")?;
    fields.take(6)?;
    if fields.number(2)? != 0 {
        return Err(Problem::new("the index of chunks was changed by another program"));
    }
    fields.take(2)?;
    let root = fields.number(8)?;
    Ok((fields.number(2)? as usize, root))
}

/// Bytes of a node of so many chunks.
pub(in crate::archive) fn node_length(rank: usize, chunk_bytes: u64, count: usize) -> usize {
    node(rank, chunk_bytes, count)
}

/// The chunks of a node.
pub(in crate::archive) fn decode_node(bytes: &[u8], rank: usize, chunk_bytes: u64) -> Result<Vec<Chunk>> {
    let mut fields = Fields(checked(bytes, "the index of chunks")?);
    fields.require(b"BTLF\x00\x0b", "the index of chunks")?;
    let mut chunks: Vec<Chunk> = Vec::new();
    while !fields.0.is_empty() {
        let address = fields.number(8)?;
        let length = fields.number(length_bytes(chunk_bytes))?;
        fields.take(4)?;
        let other = (1..rank).map(|_| fields.number(8)).collect::<Result<Vec<u64>>>()?;
        let index = fields.number(8)?;
        let follows = chunks.last().is_none_or(|last| last.index < index);
        if other.iter().any(|&place| place != 0) || !follows {
            return Err(Problem::new("chunks are not as `gridloom cells` puts them"));
        }
        chunks.push(Chunk { address, length, index });
    }
    Ok(chunks)
}
