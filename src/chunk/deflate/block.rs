//! Blocks, and how they are written (RFC 1951, section 3.2.3 to 3.2.7).

use super::bits::{Bits, Rest};
use super::codes::{Codes, Frequencies};
use super::header::Header;
use super::huffman;
use super::symbols::{DISTANCES, END, LENGTHS, LITERALS, LONGEST, Sequence, distance_symbol};

/// The longest stored block.
const STORED: usize = 65_535;

/// Bytes, and how they are coded.
pub(super) struct Block<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) sequences: &'a [Sequence],
    pub(super) frequencies: &'a Frequencies,
    pub(super) codes: &'a Codes,
}

/// Writes blocks behind each other.
#[derive(Debug, Default)]
pub(super) struct Writer {
    rest: Rest,
}

impl Writer {
    /// Writes a block in the way that takes the least room.
    pub(super) fn write(&mut self, block: &Block<'_>, last: bool, output: &mut Vec<u8>) {
        let Block { bytes, frequencies, codes, .. } = *block;
        let header = Header::new(codes);
        let dynamic = header.bits() + codes.bits(frequencies);
        let fixed_codes = Codes::fixed();
        let fixed = fixed_codes.bits(frequencies);
        let parts = bytes.len().div_ceil(STORED).max(1) as u64;
        let stored = parts * 40 + 8 * bytes.len() as u64;
        let content = dynamic.min(fixed).min(stored);
        let start = output.len();
        output.resize(start + content as usize / 8 + 24, 0);
        let mut bits = Bits::new(output.get_mut(start..).unwrap_or_default(), self.rest);
        if stored <= dynamic.min(fixed) {
            let mut left = parts;
            for part in bytes.chunks(STORED).chain(bytes.is_empty().then_some(bytes)) {
                left -= 1;
                bits.put(u64::from(last && left == 0), 3);
                bits.align();
                let length = part.len() as u64;
                bits.put(length | (!length & 0xffff) << 16, 32);
                bits.flush();
                bits.put_bytes(part);
            }
        } else if fixed <= dynamic {
            bits.put(u64::from(last) | 1 << 1, 3);
            body(&mut bits, block, &fixed_codes);
        } else {
            bits.put(u64::from(last) | 2 << 1, 3);
            header.write(&mut bits);
            body(&mut bits, block, codes);
        }
        let (written, rest) = bits.finish();
        self.rest = rest;
        output.truncate(start + written);
    }

    /// Fills the last byte.
    pub(super) fn finish(&mut self, output: &mut Vec<u8>) {
        let start = output.len();
        output.resize(start + 16, 0);
        let mut bits = Bits::new(output.get_mut(start..).unwrap_or_default(), self.rest);
        bits.align();
        let (written, rest) = bits.finish();
        self.rest = rest;
        output.truncate(start + written);
    }
}

/// Bits in the low 56, their number above.
#[derive(Clone, Copy, Default)]
struct Entry(u64);

impl Entry {
    fn new(bits: u64, count: u32) -> Self {
        Entry(bits | u64::from(count) << 56)
    }

    #[inline(always)]
    fn put(self, bits: &mut Bits<'_>) {
        bits.put(self.0 & ((1 << 56) - 1), (self.0 >> 56) as u32);
    }
}

/// Writes the symbols of a block.
fn body(bits: &mut Bits<'_>, block: &Block<'_>, codes: &Codes) {
    let mut literal_codes = [0; LITERALS];
    huffman::codes(&codes.literal_lengths, &mut literal_codes);
    let mut distance_codes = [0; DISTANCES];
    huffman::codes(&codes.distance_lengths, &mut distance_codes);

    let mut literals = [Entry::default(); 256];
    for (entry, (&code, &length)) in literals.iter_mut().zip(literal_codes.iter().zip(&codes.literal_lengths))
    {
        *entry = Entry::new(u64::from(code), u32::from(length));
    }
    let mut lengths = [Entry::default(); LONGEST + 1];
    for (entry, &(symbol, value, extra)) in lengths.iter_mut().zip(&LENGTHS).skip(3) {
        let symbol = usize::from(symbol) % LITERALS;
        let count = u32::from(codes.literal_lengths[symbol]);
        *entry = Entry::new(
            u64::from(literal_codes[symbol]) | u64::from(value) << count,
            count + u32::from(extra),
        );
    }
    let mut distances = [Entry::default(); DISTANCES];
    for (entry, (&code, &length)) in
        distances.iter_mut().zip(distance_codes.iter().zip(&codes.distance_lengths))
    {
        *entry = Entry::new(u64::from(code), u32::from(length));
    }

    bits.flush();
    let mut rest = block.bytes;
    for sequence in block.sequences {
        let (run, after) = rest.split_at(rest.len().min(sequence.literals as usize));
        let (quads, tail) = run.as_chunks::<4>();
        for quad in quads {
            for byte in quad {
                literals[usize::from(*byte)].put(bits);
            }
            bits.flush();
        }
        for byte in tail {
            literals[usize::from(*byte)].put(bits);
        }
        bits.flush();
        let length = usize::from(sequence.length).min(LONGEST);
        if length > 0 {
            lengths[length].put(bits);
            let (symbol, value, extra) = distance_symbol(sequence.distance);
            distances[symbol % DISTANCES].put(bits);
            bits.put(value, extra);
            bits.flush();
        }
        rest = after.get(length..).unwrap_or_default();
    }
    bits.put(u64::from(literal_codes[END]), u32::from(codes.literal_lengths[END]));
    bits.flush();
}
