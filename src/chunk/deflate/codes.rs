//! Symbols, how often they occur, and their codes (RFC 1951, section 3.2.5 and 3.2.6).

use super::costs::Costs;
use super::huffman;
use super::symbols::{DISTANCES, END, LENGTHS, LITERALS, LONGEST, Sequence, distance_symbol};

/// One bit less than the format allows, so that four literals always fit into the bit buffer.
const LITERAL_LIMIT: u8 = 14;
const DISTANCE_LIMIT: u8 = 15;
/// How often symbols occur in a block.
pub(super) struct Frequencies {
    literals: [u32; LITERALS],
    distances: [u32; DISTANCES],
}

impl Frequencies {
    pub(super) fn count(bytes: &[u8], sequences: &[Sequence]) -> Self {
        // Four tables, since the same byte twice in a row would wait for its own count.
        let mut tables = [[0u32; 256]; 4];
        let mut literals = [0; LITERALS];
        let mut lengths = [0u32; LONGEST + 1];
        let mut distances = [0; DISTANCES];
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
            distances[distance_symbol(sequence.distance).0 % DISTANCES] += u32::from(length > 0);
            rest = after.get(length..).unwrap_or_default();
        }
        for (byte, target) in literals.iter_mut().take(256).enumerate() {
            *target = tables.iter().map(|table| table[byte]).sum();
        }
        for (length, count) in lengths.iter().enumerate().skip(3) {
            literals[usize::from(LENGTHS[length].0)] += count;
        }
        literals[END] = 1;
        Frequencies { literals, distances }
    }

    /// Makes every literal and length occur, for a sample that may miss some.
    pub(super) fn smooth(&mut self) {
        for count in self.literals.iter_mut().take(286) {
            *count += 1;
        }
    }
}

/// The codes of a block.
#[derive(Debug)]
pub(super) struct Codes {
    pub(super) literal_lengths: [u8; LITERALS],
    pub(super) distance_lengths: [u8; DISTANCES],
}

impl Codes {
    pub(super) fn new(frequencies: &Frequencies) -> Self {
        let mut codes = Codes { literal_lengths: [0; LITERALS], distance_lengths: [0; DISTANCES] };
        huffman::lengths(&frequencies.literals, LITERAL_LIMIT, &mut codes.literal_lengths);
        huffman::lengths(&frequencies.distances, DISTANCE_LIMIT, &mut codes.distance_lengths);
        codes
    }

    pub(super) fn fixed() -> Self {
        let mut codes = Codes { literal_lengths: [8; LITERALS], distance_lengths: [5; DISTANCES] };
        codes.literal_lengths[144..256].fill(9);
        codes.literal_lengths[256..280].fill(7);
        codes
    }

    /// Whether literals take more than 6.5 bits on average.
    pub(super) fn are_literals_noise(&self, frequencies: &Frequencies) -> bool {
        let (mut bits, mut sum) = (0, 0);
        for (&count, &length) in frequencies.literals.iter().zip(&self.literal_lengths).take(END) {
            bits += u64::from(count) * u64::from(length);
            sum += u64::from(count);
        }
        2 * bits > 13 * sum
    }

    /// Bits of a block's content.
    pub(super) fn bits(&self, frequencies: &Frequencies) -> u64 {
        let mut sum = 0;
        for (symbol, (&count, &length)) in frequencies.literals.iter().zip(&self.literal_lengths).enumerate()
        {
            let extra = if (265..285).contains(&symbol) { (symbol as u64 - 261) / 4 } else { 0 };
            sum += u64::from(count) * (u64::from(length) + extra);
        }
        for (symbol, (&count, &length)) in
            frequencies.distances.iter().zip(&self.distance_lengths).enumerate()
        {
            let extra = (symbol as u64 / 2).saturating_sub(1);
            sum += u64::from(count) * (u64::from(length) + extra);
        }
        sum
    }

    /// What symbols cost with these codes.
    pub(super) fn costs(&self) -> Costs {
        let cost = |length: u8, missing: u32| if length == 0 { missing } else { u32::from(length) };
        let mut costs = Costs::default();
        for (target, &length) in costs.literals.iter_mut().zip(&self.literal_lengths) {
            *target = cost(length, 12) as u8;
        }
        for (target, &(symbol, _, extra)) in costs.lengths.iter_mut().zip(&LENGTHS) {
            let length = self.literal_lengths.get(usize::from(symbol)).copied().unwrap_or(0);
            *target = (cost(length, 10) + u32::from(extra)) as u8;
        }
        for (symbol, (target, &length)) in costs.distances.iter_mut().zip(&self.distance_lengths).enumerate()
        {
            *target = (cost(length, 3) + (symbol as u32 / 2).saturating_sub(1)) as u8;
        }
        costs
    }
}
