//! The header of a block with codes of its own (RFC 1951, section 3.2.7).

use super::bits::Bits;
use super::codes::Codes;
use super::huffman;

/// The order in which the lengths of the code length code are written.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
/// The code lengths of a dynamic block as symbols of the code length code, with extra bits.
pub(super) struct Header {
    symbols: Vec<(u8, u8)>,
    lengths: [u8; 19],
    literals: usize,
    distances: usize,
    listed: usize,
}

impl Header {
    pub(super) fn new(codes: &Codes) -> Self {
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

    pub(super) fn bits(&self) -> u64 {
        let symbols = self.symbols.iter().map(|&(symbol, _)| {
            u64::from(self.lengths[usize::from(symbol)]) + u64::from(Self::extra(symbol))
        });
        14 + 3 * self.listed as u64 + symbols.sum::<u64>()
    }

    pub(super) fn write(&self, bits: &mut Bits<'_>) {
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
