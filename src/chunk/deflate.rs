//! Deflate in the zlib format (RFC 1950 and 1951), made for shuffled chunks.
//!
//! A general encoder spends its time on searching. In a shuffled chunk it is known where repetitions are: the bytes of a
//! plane repeat what the same cell had a day before, at the distance of one row, and gaps between cells are runs of one
//! byte. Only these two distances are looked at, eight bytes at a time; which of them to take, or neither, is decided
//! by what symbols cost in the codes of the block before, or at first in those of a sample. Each plane gets blocks of
//! its own. Only where the sample shows that it pays, matches are also looked for at other distances.

mod bits;
mod block;
mod codes;
mod costs;
mod header;
mod huffman;
mod parse;
mod search;
mod symbols;
#[cfg(test)]
mod tests;

use block::{Block, Writer};
use codes::{Codes, Frequencies};
use costs::Costs;
use symbols::Sequence;

/// The farthest that a match can reach back.
const WINDOW: usize = 1 << 15;
/// Bytes of a block at most.
const BLOCK: usize = 1 << 19;
/// Bytes at the start of a plane from which its first costs are taken.
const SAMPLE: usize = 1 << 12;
/// Planes that are shorter share blocks.
const SHORT: usize = 1 << 12;
/// What is left at the end, if it is no longer, belongs to the last plane.
const TAIL: usize = 64;

/// Compresses chunks; keeps its memory between them.
#[derive(Debug, Default)]
pub struct Deflater {
    sequences: Vec<Sequence>,
    table: search::Table,
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
        let row = if (1..=WINDOW).contains(&row) { row } else { 1 };
        let plane = plane.max(1);
        let planes = plane.saturating_mul(SHORT.div_ceil(plane));
        let mut writer = Writer::default();
        let mut start = 0usize;
        loop {
            let mut end = start.saturating_add(planes);
            if bytes.len().saturating_sub(end) <= TAIL {
                end = bytes.len();
            }
            self.compress_plane(bytes, (start, end), row, &mut writer, output);
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
        row: usize,
        writer: &mut Writer,
        output: &mut Vec<u8>,
    ) {
        let sample = (start + SAMPLE).min(end);
        let mut sampled = self.sample(bytes, (start, sample), row, false);
        let mut searching = false;
        if sampled.may_search {
            self.table.clear();
            let other = self.sample(bytes, (start, sample), row, true);
            // Searching takes three times as long.
            if other.bits + other.bits / 16 < sampled.bits {
                (sampled, searching) = (other, true);
                self.table.clear();
            }
        }
        let mut costs = sampled.costs;
        loop {
            let limit = (start + BLOCK).min(end);
            let until = self.parse(bytes, (start, limit), row, &costs, searching);
            let content = bytes.get(start..until).unwrap_or_default();
            let frequencies = Frequencies::count(content, &self.sequences);
            let codes = Codes::new(&frequencies);
            let last = until >= bytes.len();
            let block = Block {
                bytes: content,
                sequences: &self.sequences,
                frequencies: &frequencies,
                codes: &codes,
            };
            writer.write(&block, last, output);
            costs = codes.costs();
            start = until;
            if start >= end {
                break;
            }
        }
    }

    /// Parses the start of a plane to find out what symbols cost there.
    fn sample(&mut self, bytes: &[u8], (start, end): (usize, usize), row: usize, searching: bool) -> Sampled {
        let until = self.parse(bytes, (start, end), row, &Costs::default(), searching);
        let mut frequencies =
            Frequencies::count(bytes.get(start..until).unwrap_or_default(), &self.sequences);
        let codes = Codes::new(&frequencies);
        let (bits, length) = (codes.bits(&frequencies), (until - start) as u64);
        // Where literals are noise, nothing is found; where there are hardly any, nothing is gained.
        let may_search =
            4 * bits > length && 2 * bits < 9 * length && !codes.are_literals_noise(&frequencies);
        frequencies.smooth();
        Sampled { costs: Codes::new(&frequencies).costs(), bits, may_search }
    }

    fn parse(
        &mut self,
        bytes: &[u8],
        range: (usize, usize),
        row: usize,
        costs: &Costs,
        searching: bool,
    ) -> usize {
        if searching {
            search::parse(bytes, range, row, costs, &mut self.table, &mut self.sequences)
        } else {
            parse::parse(bytes, range, row, costs, &mut self.sequences)
        }
    }
}

/// What the start of a plane is like.
struct Sampled {
    costs: Costs,
    bits: u64,
    /// Whether a search for other distances is worth a try.
    may_search: bool,
}
