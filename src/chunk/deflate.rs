//! Deflate in the zlib format (RFC 1950 and 1951), made for shuffled chunks.
//!
//! A general encoder spends its time on searching. In a shuffled chunk it is known where repetitions are: the bytes of a
//! plane repeat what the same cell had a day before, at the distance of one row, and gaps between cells are runs of one
//! byte. Only these two distances are looked at, eight bytes at a time; which of them to take, or neither, is decided
//! by what symbols cost in the codes of the block before. Each plane gets blocks of its own.

mod bits;
mod block;
mod huffman;
mod parse;
#[cfg(test)]
mod tests;

use block::{Codes, Costs, Frequencies, Writer};
use parse::{Distances, Sequence};

/// The farthest that a match can reach back.
const WINDOW: usize = 1 << 15;
/// Bytes of a block at most.
const BLOCK: usize = 1 << 19;
/// Bytes at the start of a plane from which its first costs are taken.
const SAMPLE: usize = 1 << 14;

/// Compresses chunks; keeps its memory between them.
#[derive(Debug, Default)]
pub struct Deflater {
    sequences: Vec<Sequence>,
}

impl Deflater {
    /// Compresses bytes into `output`, whose old content is dropped.
    ///
    /// `row` is the distance at which repetitions are likely, the number of elements a day; `plane` is the number of
    /// bytes after which statistics change, the number of elements in all. They decide how well and how fast bytes are
    /// compressed; any values are right.
    pub fn zlib_compress(&mut self, bytes: &[u8], row: usize, plane: usize, output: &mut Vec<u8>) {
        output.clear();
        // A window of 32 KiB, a fast algorithm.
        output.extend_from_slice(&[0x78, 0x5e]);
        let distances = [1, if (2..=WINDOW).contains(&row) { row } else { 1 }];
        let plane = plane.max(1);
        let mut writer = Writer::default();
        let mut start = 0;
        loop {
            let end = (start + plane).min(bytes.len());
            self.compress_plane(bytes, (start, end), &distances, &mut writer, output);
            start = end;
            if start >= bytes.len() {
                break;
            }
        }
        writer.finish(output);
        output.extend_from_slice(&libdeflater::adler32(bytes).to_be_bytes());
    }

    fn compress_plane(
        &mut self,
        bytes: &[u8],
        (mut start, end): (usize, usize),
        distances: &Distances,
        writer: &mut Writer,
        output: &mut Vec<u8>,
    ) {
        let sample = (start + SAMPLE).min(end);
        let mut costs = Costs::guess(distances);
        let sampled = parse::parse(bytes, (start, sample), distances, &costs, &mut self.sequences);
        let mut frequencies =
            Frequencies::count(bytes.get(start..sampled).unwrap_or_default(), &self.sequences);
        frequencies.smooth();
        costs = Codes::new(&frequencies, distances).costs(distances);
        loop {
            let limit = (start + BLOCK).min(end);
            let until = parse::parse(bytes, (start, limit), distances, &costs, &mut self.sequences);
            let content = bytes.get(start..until).unwrap_or_default();
            let frequencies = Frequencies::count(content, &self.sequences);
            let codes = Codes::new(&frequencies, distances);
            let last = until >= bytes.len();
            writer.write(content, &self.sequences, &frequencies, &codes, distances, last, output);
            costs = codes.costs(distances);
            start = until;
            if start >= end {
                break;
            }
        }
    }
}
