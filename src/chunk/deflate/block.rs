//! Blocks: symbols, their codes, and how they are written (RFC 1951, sections 3.2.3 to 3.2.7).

use super::bits::{Bits, Rest};
use super::huffman;
use super::parse::{Distances, KINDS, LONGEST, Sequence};

/// Literals, the end of the block and lengths; the last two are in no block, but take part in the fixed codes.
const LITERALS: usize = 288;
/// Distances.
const DISTANCES: usize = 30;
const END: usize = 256;
/// One bit less than the format allows, so that four literals always fit into the bit buffer.
const LITERAL_LIMIT: u8 = 14;
const DISTANCE_LIMIT: u8 = 15;
/// The order in which the lengths of the code length code are written.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
/// The longest stored block.
const STORED: usize = 65_535;

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

const LENGTHS: [(u16, u8, u8); LONGEST + 1] = {
    let mut table = [(0, 0, 0); LONGEST + 1];
    let mut length = 3;
    while length <= LONGEST {
        let (symbol, value, extra) = length_symbol(length);
        table[length] = (symbol as u16, value as u8, extra as u8);
        length += 1;
    }
    table
};

/// The symbol of a distance, with the extra bits and their number.
fn distance_symbol(distance: usize) -> (usize, u64, u32) {
    let value = distance.saturating_sub(1);
    if value < 4 {
        return (value, 0, 0);
    }
    let extra = value.ilog2() - 1;
    (2 * extra as usize + (value >> extra), (value & ((1 << extra) - 1)) as u64, extra)
}

/// How often symbols occur in a block.
pub(super) struct Frequencies {
    literals: [u32; LITERALS],
    kinds: [u32; KINDS],
}

impl Frequencies {
    pub(super) fn count(bytes: &[u8], sequences: &[Sequence]) -> Self {
        // Four tables, since the same byte twice in a row would wait for its own count.
        let mut tables = [[0u32; 256]; 4];
        let mut literals = [0; LITERALS];
        let mut lengths = [0u32; LONGEST + 1];
        let mut kinds = [0; KINDS];
        let mut rest = bytes;
        for sequence in sequences {
            let (run, after) = rest.split_at(rest.len().min(sequence.literals as usize));
            let (quads, tail) = run.as_chunks::<4>();
            for quad in quads {
                for (table, byte) in tables.iter_mut().zip(quad) {
                    table[usize::from(*byte)] += 1;
                }
            }
            for (table, byte) in tables.iter_mut().zip(tail) {
                table[usize::from(*byte)] += 1;
            }
            let length = usize::from(sequence.length).min(LONGEST);
            lengths[length] += 1;
            kinds[usize::from(sequence.kind) % KINDS] += u32::from(length > 0);
            rest = after.get(length..).unwrap_or_default();
        }
        for (byte, target) in literals.iter_mut().take(256).enumerate() {
            *target = tables.iter().map(|table| table[byte]).sum();
        }
        for (length, count) in lengths.iter().enumerate().skip(3) {
            literals[usize::from(LENGTHS[length].0)] += count;
        }
        literals[END] = 1;
        Frequencies { literals, kinds }
    }

    /// Makes every symbol occur, for a sample that may miss some.
    pub(super) fn smooth(&mut self) {
        for count in self.literals.iter_mut().take(286) {
            *count += 1;
        }
        for count in &mut self.kinds {
            *count += 1;
        }
    }
}

/// The codes of a block.
pub(super) struct Codes {
    literal_lengths: [u8; LITERALS],
    distance_lengths: [u8; DISTANCES],
}

impl Codes {
    pub(super) fn new(frequencies: &Frequencies, distances: &Distances) -> Self {
        let mut codes = Codes { literal_lengths: [0; LITERALS], distance_lengths: [0; DISTANCES] };
        huffman::lengths(&frequencies.literals, LITERAL_LIMIT, &mut codes.literal_lengths);
        let mut counts = [0; DISTANCES];
        for (&distance, count) in distances.iter().zip(frequencies.kinds) {
            if let Some(target) = counts.get_mut(distance_symbol(distance).0) {
                *target += count;
            }
        }
        huffman::lengths(&counts, DISTANCE_LIMIT, &mut codes.distance_lengths);
        codes
    }

    fn fixed() -> Self {
        let mut codes = Codes { literal_lengths: [8; LITERALS], distance_lengths: [5; DISTANCES] };
        codes.literal_lengths[144..256].fill(9);
        codes.literal_lengths[256..280].fill(7);
        codes
    }

    /// Bits of a block's content.
    fn bits(&self, frequencies: &Frequencies, distances: &Distances) -> u64 {
        let mut sum = 0;
        for (symbol, (&count, &length)) in frequencies.literals.iter().zip(&self.literal_lengths).enumerate()
        {
            let extra = if (265..285).contains(&symbol) { (symbol as u64 - 261) / 4 } else { 0 };
            sum += u64::from(count) * (u64::from(length) + extra);
        }
        for (&distance, count) in distances.iter().zip(frequencies.kinds) {
            let (symbol, _, extra) = distance_symbol(distance);
            let length = self.distance_lengths.get(symbol).copied().unwrap_or(0);
            sum += u64::from(count) * u64::from(u32::from(length) + extra);
        }
        sum
    }

    /// What symbols cost with these codes.
    pub(super) fn costs(&self, distances: &Distances) -> Costs {
        let cost = |length: u8, missing: u32| if length == 0 { missing } else { u32::from(length) };
        let mut costs = Costs::default();
        for (target, &length) in costs.literals.iter_mut().zip(&self.literal_lengths) {
            *target = cost(length, 12) as u8;
        }
        for (target, &(symbol, _, extra)) in costs.lengths.iter_mut().zip(&LENGTHS) {
            let length = self.literal_lengths.get(usize::from(symbol)).copied().unwrap_or(0);
            *target = (cost(length, 10) + u32::from(extra)) as u8;
        }
        for (target, &distance) in costs.kinds.iter_mut().zip(distances) {
            let (symbol, _, extra) = distance_symbol(distance);
            *target = cost(self.distance_lengths.get(symbol).copied().unwrap_or(0), 3) + extra;
        }
        costs
    }
}

/// What symbols cost, in bits.
pub(super) struct Costs {
    literals: [u8; 256],
    lengths: [u8; LONGEST + 1],
    kinds: [u32; KINDS],
}

impl Default for Costs {
    fn default() -> Self {
        Costs { literals: [7; 256], lengths: [8; LONGEST + 1], kinds: [1; KINDS] }
    }
}

impl Costs {
    /// Before anything is known.
    pub(super) fn guess(distances: &Distances) -> Self {
        let mut costs = Costs::default();
        for (target, &distance) in costs.kinds.iter_mut().zip(distances) {
            *target = 1 + distance_symbol(distance).2;
        }
        costs
    }

    #[inline(always)]
    pub(super) fn literal(&self, byte: u8) -> u32 {
        u32::from(self.literals[usize::from(byte)])
    }

    #[inline(always)]
    pub(super) fn matched(&self, length: usize, kind: usize) -> u32 {
        u32::from(self.lengths[length.min(LONGEST)]) + self.kinds[kind % KINDS]
    }
}

/// The code lengths of a dynamic block as symbols of the code length code, with extra bits.
struct Header {
    symbols: Vec<(u8, u8)>,
    lengths: [u8; 19],
    literals: usize,
    distances: usize,
    listed: usize,
}

impl Header {
    fn new(codes: &Codes) -> Self {
        let used = |lengths: &[u8], least: usize| {
            lengths.iter().rposition(|&length| length > 0).map_or(least, |last| (last + 1).max(least))
        };
        let (literals, distances) = (used(&codes.literal_lengths, 257), used(&codes.distance_lengths, 1));
        let all: Vec<u8> = codes
            .literal_lengths
            .iter()
            .take(literals)
            .chain(codes.distance_lengths.iter().take(distances))
            .copied()
            .collect();
        let mut symbols: Vec<(u8, u8)> = Vec::with_capacity(all.len());
        for run in all.chunk_by(|one, other| one == other) {
            let length = run.first().copied().unwrap_or(0);
            let mut left = run.len();
            if length != 0 {
                symbols.push((length, 0));
                left -= 1;
            }
            while left >= 3 {
                let (symbol, least, most) = match (length, left) {
                    (0, 11..) => (18, 11, 138),
                    (0, _) => (17, 3, 10),
                    _ => (16, 3, 6),
                };
                let part = left.min(most);
                symbols.push((symbol, (part - least) as u8));
                left -= part;
            }
            symbols.extend(std::iter::repeat_n((length, 0), left));
        }
        let mut counts = [0; 19];
        for &(symbol, _) in &symbols {
            counts[usize::from(symbol)] += 1;
        }
        let mut lengths = [0; 19];
        huffman::lengths(&counts, 7, &mut lengths);
        let listed =
            ORDER.iter().rposition(|&symbol| lengths[symbol] > 0).map_or(4, |last| (last + 1).max(4));
        Header { symbols, lengths, literals, distances, listed }
    }

    fn extra(symbol: u8) -> u32 {
        match symbol {
            16 => 2,
            17 => 3,
            18 => 7,
            _ => 0,
        }
    }

    fn bits(&self) -> u64 {
        let symbols = self.symbols.iter().map(|&(symbol, _)| {
            u64::from(self.lengths[usize::from(symbol)]) + u64::from(Self::extra(symbol))
        });
        14 + 3 * self.listed as u64 + symbols.sum::<u64>()
    }

    fn write(&self, bits: &mut Bits<'_>) {
        bits.put((self.literals - 257) as u64, 5);
        bits.put((self.distances - 1) as u64, 5);
        bits.put((self.listed - 4) as u64, 4);
        bits.flush();
        for &symbol in ORDER.iter().take(self.listed) {
            bits.put(u64::from(self.lengths[symbol]), 3);
            bits.flush();
        }
        let mut codes = [0; 19];
        huffman::codes(&self.lengths, &mut codes);
        for &(symbol, value) in &self.symbols {
            let index = usize::from(symbol);
            bits.put(u64::from(codes[index]), u32::from(self.lengths[index]));
            bits.put(u64::from(value), Self::extra(symbol));
            bits.flush();
        }
    }
}

/// Writes blocks behind each other.
#[derive(Debug, Default)]
pub(super) struct Writer {
    rest: Rest,
}

impl Writer {
    /// Writes a block in the way that takes the least room.
    pub(super) fn write(
        &mut self,
        bytes: &[u8],
        sequences: &[Sequence],
        frequencies: &Frequencies,
        codes: &Codes,
        distances: &Distances,
        last: bool,
        output: &mut Vec<u8>,
    ) {
        let header = Header::new(codes);
        let dynamic = header.bits() + codes.bits(frequencies, distances);
        let fixed_codes = Codes::fixed();
        let fixed = fixed_codes.bits(frequencies, distances);
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
            body(&mut bits, bytes, sequences, &fixed_codes, distances);
        } else {
            bits.put(u64::from(last) | 2 << 1, 3);
            header.write(&mut bits);
            body(&mut bits, bytes, sequences, codes, distances);
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

fn body(bits: &mut Bits<'_>, bytes: &[u8], sequences: &[Sequence], codes: &Codes, distances: &Distances) {
    let mut literal_codes = [0; LITERALS];
    huffman::codes(&codes.literal_lengths, &mut literal_codes);
    let mut distance_codes = [0; DISTANCES];
    huffman::codes(&codes.distance_lengths, &mut distance_codes);

    let mut literals = [Entry::default(); 256];
    for (entry, (&code, &length)) in literals.iter_mut().zip(literal_codes.iter().zip(&codes.literal_lengths))
    {
        *entry = Entry::new(u64::from(code), u32::from(length));
    }
    let mut matches = [[Entry::default(); LONGEST + 1]; KINDS];
    for (table, &distance) in matches.iter_mut().zip(distances) {
        let (symbol, value, extra) = distance_symbol(distance);
        let at = symbol.min(DISTANCES - 1);
        let (code, count) = (u64::from(distance_codes[at]), u32::from(codes.distance_lengths[at]));
        for (entry, &(symbol, length_value, length_extra)) in table.iter_mut().zip(&LENGTHS).skip(3) {
            let symbol = usize::from(symbol) % LITERALS;
            let mut all = u64::from(literal_codes[symbol]);
            let mut total = u32::from(codes.literal_lengths[symbol]);
            for (bits, count) in
                [(u64::from(length_value), u32::from(length_extra)), (code, count), (value, extra)]
            {
                all |= bits << total;
                total += count;
            }
            *entry = Entry::new(all, total);
        }
    }

    bits.flush();
    let mut rest = bytes;
    for sequence in sequences {
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
            matches[usize::from(sequence.kind) % KINDS][length].put(bits);
            bits.flush();
        }
        rest = after.get(length..).unwrap_or_default();
    }
    bits.put(u64::from(literal_codes[END]), u32::from(codes.literal_lengths[END]));
    bits.flush();
}
