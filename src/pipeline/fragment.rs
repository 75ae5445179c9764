//! Parts of chunks: how they are kept while a chunk is incomplete, and how a chunk is put together from them.

use crate::chunk::{Buffer, Filters};
use crate::model::element::Element;
use crate::plan::Layer;

/// Days of one cell in a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part<'a> {
    /// The cell's element in a day of the chunk.
    pub place: u32,
    /// The first day, counted from the chunk's first.
    pub first: u32,
    /// Values of consecutive days.
    pub values: &'a [u8],
}

/// Days that are placed at a time: few enough that a block of all planes stays in a core's own cache.
const BLOCK: usize = 64;

/// Serializes parts: place, first day and number of bytes (32 bits each, little endian), then the values.
pub(super) fn write<'a>(parts: impl Iterator<Item = Part<'a>>, size: usize, output: &mut Vec<u8>) {
    output.clear();
    for part in parts {
        debug_assert_eq!(part.values.len() % size, 0);
        for number in [part.place, part.first, part.values.len() as u32] {
            output.extend_from_slice(&number.to_le_bytes());
        }
        output.extend_from_slice(part.values);
    }
}

/// The parts that [`write`] serialized.
pub(super) fn read(bytes: &[u8]) -> impl Iterator<Item = Part<'_>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let mut number = || {
            let (head, tail) = rest.split_first_chunk::<4>()?;
            rest = tail;
            Some(u32::from_le_bytes(*head))
        };
        let (place, first, length) = (number()?, number()?, number()?);
        let (values, tail) = rest.split_at_checked(length as usize)?;
        rest = tail;
        Some(Part { place, first, values })
    })
}

/// Fills a chunk with parts, everything else masked. Says whether any value is not the fill value, and how many bytes
/// were placed.
pub(super) fn assemble<'a>(
    chunk: &mut Buffer,
    layer: &Layer,
    filters: Filters,
    parts: impl Iterator<Item = Part<'a>>,
) -> (bool, u64) {
    let parts: Vec<Part<'_>> = parts.collect();
    let any = parts.iter().any(|part| holds_values(part, layer.element));
    if !any {
        return (false, 0);
    }
    chunk.reset(layer.element, layer.chunk, filters);
    (true, place(chunk, layer, &parts))
}

/// Writes parts into a chunk; returns how many bytes.
pub(super) fn place(chunk: &mut Buffer, layer: &Layer, parts: &[Part<'_>]) -> u64 {
    let (size, cells) = (layer.element.size(), layer.chunk.cells());
    let mut bytes = 0;
    let longest = parts.iter().map(|part| part.values.len() / size).max().unwrap_or(0);
    for block in (0..longest).step_by(BLOCK) {
        for part in parts {
            let end = ((block + BLOCK) * size).min(part.values.len());
            if let Some(values) = part.values.get(block * size..end) {
                let first = (part.first as usize + block) * cells + part.place as usize;
                chunk.place(first, cells, values);
                bytes += values.len() as u64;
            }
        }
    }
    bytes
}

/// Whether a part has anything but fill values.
pub(super) fn holds_values(part: &Part<'_>, element: Element) -> bool {
    let fill = element.fill_bytes();
    part.values.chunks_exact(element.size()).any(|value| value != fill)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parts_come_back_as_they_were(
            parts in prop::collection::vec((any::<u32>(), any::<u32>(), prop::collection::vec(any::<[u8; 4]>(), 0..9)), 0..9)
        ) {
            let parts: Vec<(u32, u32, Vec<u8>)> =
                parts.into_iter().map(|(place, first, values)| (place, first, values.concat())).collect();
            let borrowed: Vec<Part<'_>> =
                parts.iter().map(|(place, first, values)| Part { place: *place, first: *first, values }).collect();
            let mut bytes = Vec::new();
            write(borrowed.iter().copied(), 4, &mut bytes);
            prop_assert_eq!(read(&bytes).collect::<Vec<_>>(), borrowed);
        }
    }
}
