//! The index of chunks that any library since HDF5 1.8 reads: a version 1 B-tree (§III.A.1, node type 1).
//!
//! Its nodes have one size and no checksum. The tree is written when all chunks are known, into room that was kept in front of them;
//! its root is at the beginning of that.

use super::{NONE, Problem, Result};

/// Children of a node at most: twice the rank that files have unless they say another one.
const CHILDREN: usize = 64;
/// Bytes of a node's head.
const HEAD: usize = 24;

/// A stored chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tile {
    /// Its first element in each dimension; those behind the last dimension are 0.
    pub first: [u64; 4],
    pub address: u64,
    /// Bytes in the file.
    pub bytes: u32,
}

/// Bytes of a node over chunks of so many dimensions.
fn node_bytes(rank: usize) -> usize {
    HEAD + CHILDREN * 8 + (CHILDREN + 1) * key_bytes(rank)
}

/// Bytes of a key: length, filters that were skipped, and the first element in each dimension and within an element.
fn key_bytes(rank: usize) -> usize {
    8 + 8 * (rank + 1)
}

/// Nodes of each level over so many chunks, the leaves first.
fn levels(count: u64) -> Vec<u64> {
    let mut levels = vec![count.div_ceil(CHILDREN as u64).max(1)];
    while let Some(&last) = levels.last().filter(|&&last| last > 1) {
        levels.push(last.div_ceil(CHILDREN as u64));
    }
    levels
}

/// Bytes of a tree of so many chunks, or fewer.
pub(crate) fn room(count: u64, rank: usize) -> u64 {
    levels(count).iter().sum::<u64>().saturating_mul(node_bytes(rank) as u64)
}

/// A tree of chunks of some shape, in the order of their first elements, to stand at `address`, which is that of its root. Without chunks there is none.
pub(crate) fn encode(address: u64, shape: &[u64], element: u64, tiles: &[Tile]) -> Result<Vec<u8>> {
    let rank = shape.len();
    if !tiles.is_sorted_by(|one, next| one.first < next.first) {
        return Err(Problem::new("a chunk is twice there"));
    }
    let size = node_bytes(rank) as u64;
    // The root first, the leaves last.
    let counts = levels(tiles.len() as u64);
    let mut first_of = vec![0; counts.len()];
    let mut nodes = 0;
    for (level, count) in counts.iter().enumerate().rev() {
        if let Some(first) = first_of.get_mut(level) {
            *first = address + nodes * size;
        }
        nodes += count;
    }
    let mut bytes = Vec::with_capacity((nodes * size) as usize);
    for (level, count) in counts.iter().enumerate().rev() {
        // Chunks under each child.
        let below = (CHILDREN as u64).saturating_pow(level as u32);
        let at = |level: usize, index: u64| first_of.get(level).map_or(NONE, |first| first + index * size);
        for node in 0..*count {
            let start = bytes.len();
            let from = node * below * CHILDREN as u64;
            let until = (from + below * CHILDREN as u64).min(tiles.len() as u64);
            let children = (until - from).div_ceil(below);
            bytes.extend_from_slice(b"TREE\x01");
            bytes.push(level as u8);
            bytes.extend_from_slice(&(children as u16).to_le_bytes());
            let left = node.checked_sub(1).map_or(NONE, |left| at(level, left));
            let right = if node + 1 < *count { at(level, node + 1) } else { NONE };
            bytes.extend_from_slice(&left.to_le_bytes());
            bytes.extend_from_slice(&right.to_le_bytes());
            for child in 0..children {
                let Some(tile) = tiles.get((from + child * below) as usize) else { continue };
                key(&mut bytes, tile.bytes, tile.first.iter().take(rank).copied(), 0);
                let address = match level {
                    0 => tile.address,
                    _ => at(level - 1, node * CHILDREN as u64 + child),
                };
                bytes.extend_from_slice(&address.to_le_bytes());
            }
            // What lies behind the last child: one that is right of it stands in the next node, or comes after all.
            match tiles.get(until as usize) {
                Some(next) => key(&mut bytes, next.bytes, next.first.iter().take(rank).copied(), 0),
                None => {
                    let last = tiles.last().map_or([0; 4], |last| last.first);
                    key(&mut bytes, 0, last.iter().zip(shape).map(|(first, length)| first + length), element);
                }
            }
            bytes.resize(start + size as usize, 0);
        }
    }
    Ok(bytes)
}

fn key(bytes: &mut Vec<u8>, length: u32, first: impl Iterator<Item = u64>, within: u64) {
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&[0; 4]);
    for place in first.chain([within]) {
        bytes.extend_from_slice(&place.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goes through a tree as a reader does; gives its chunks in order.
    fn walk(bytes: &[u8], base: u64, at: u64, rank: usize, found: &mut Vec<Tile>) {
        let number = |place: usize, count: usize| {
            let mut wide = [0; 8];
            wide[..count].copy_from_slice(&bytes[place..place + count]);
            u64::from_le_bytes(wide)
        };
        let start = (at - base) as usize;
        assert_eq!(&bytes[start..start + 5], b"TREE\x01");
        let (level, children) = (bytes[start + 5], number(start + 6, 2) as usize);
        assert!(children <= CHILDREN && (children > 0 || bytes.len() == node_bytes(rank)));
        let each = key_bytes(rank) + 8;
        for child in 0..children {
            let key = start + HEAD + child * each;
            let address = number(key + key_bytes(rank), 8);
            match level {
                0 => {
                    let mut first = [0; 4];
                    first
                        .iter_mut()
                        .take(rank)
                        .enumerate()
                        .for_each(|(n, place)| *place = number(key + 8 + 8 * n, 8));
                    found.push(Tile { first, address, bytes: number(key, 4) as u32 });
                }
                _ => walk(bytes, base, address, rank, found),
            }
        }
    }

    #[test]
    fn trees_of_any_number_of_chunks_hold_them_in_order() {
        for (count, rank) in
            [(0u64, 3), (1, 1), (63, 3), (64, 3), (65, 3), (4096, 2), (4097, 4), (300_000, 3)]
        {
            let tile = |n: u64| {
                let mut first = [n / 7 * 100, n % 7 * 16, 0, 0];
                first.iter_mut().skip(rank.max(2)).for_each(|place| *place = 0);
                if rank == 1 {
                    first = [n * 100, 0, 0, 0];
                }
                Tile { first, address: 10_000_000 + n * 50, bytes: 50 }
            };
            let tiles: Vec<Tile> = (0..count).map(tile).collect();
            let shape = [100, 16, 4, 4];
            let bytes = encode(777, &shape[..rank], 4, &tiles).expect("a tree");
            assert_eq!(bytes.len() as u64, room(count, rank), "{count}");
            let mut found = Vec::new();
            walk(&bytes, 777, 777, rank, &mut found);
            assert_eq!(found, tiles, "{count} chunks of {rank} dimensions");
        }
    }

    #[test]
    fn a_chunk_that_is_twice_there_is_refused() {
        let tile = Tile { first: [0; 4], address: 1, bytes: 1 };
        assert!(encode(0, &[1], 1, &[tile, tile]).is_err());
    }
}
