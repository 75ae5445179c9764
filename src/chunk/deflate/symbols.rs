//! The alphabet of deflate: literals, lengths and distances (RFC 1951, section 3.2.5), and what becomes of them.

/// The longest match of the format.
pub(super) const LONGEST: usize = 258;
/// The shortest.
pub(super) const SHORTEST: usize = 3;
/// Sequences of a block at most.
pub(super) const SEQUENCES: usize = 1 << 15;

/// Literals, then a match; `length` is 0 where there is none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sequence {
    pub(super) literals: u32,
    pub(super) length: u16,
    /// Less one, so that the farthest one fits.
    pub(super) distance: u16,
}

/// Literals, the end of the block and lengths; the last two are in no block, but take part in the fixed codes.
pub(super) const LITERALS: usize = 288;
/// Distances.
pub(super) const DISTANCES: usize = 30;
/// The symbol of the end.
pub(super) const END: usize = 256;

/// The symbol of a length, with the extra bits and their number.
const fn length_symbol(length: usize) -> (usize, u64, u32) {
    if length >= LONGEST {
        return (285, 0, 0);
    }
    let value = length.saturating_sub(3);
    if value < 8 {
        return (257 + value, 0, 0);
    }
    let extra = value.ilog2() - 2;
    let symbol = 257 + 4 * extra as usize + (value >> extra);
    (symbol, (value & ((1 << extra) - 1)) as u64, extra)
}

/// The symbols of lengths, with the extra bits and their number.
pub(super) const LENGTHS: [(u16, u8, u8); LONGEST + 1] = {
    let mut table = [(0, 0, 0); LONGEST + 1];
    let mut length = 3;
    while length <= LONGEST {
        let (symbol, value, extra) = length_symbol(length);
        table[length] = (symbol as u16, value as u8, extra as u8);
        length += 1;
    }
    table
};

/// The symbol of a distance less one, with the extra bits and their number.
#[inline(always)]
pub(super) fn distance_symbol(value: u16) -> (usize, u64, u32) {
    let value = usize::from(value & 0x7fff);
    let extra = (value | 2).ilog2() - 1;
    (2 * extra as usize + (value >> extra), (value & ((1 << extra) - 1)) as u64, extra)
}
