//! HDF5's Fletcher-32 (`H5_checksum_fletcher32`): sums over big-endian 16-bit words, modulo 65,535.
//!
//! The second sum weights a word by how many words come from it on. Both sums are linear, so they can be taken over blocks
//! in any layout, and a chunk that is filled with one value and then gets series here and there needs no pass of its own:
//! its sums are those of the fill value, and the differences that each series makes.

use pulp::{Arch, Simd, WithSimd};

/// Elements whose sums fit into 32 bits: the weighted one is below 256² / 2 × 65,535.
const BLOCK: usize = 256;

/// Both sums, not reduced.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    plain: i128,
    weighted: i128,
}

impl Sums {
    /// Adds words whose plain sum is `plain`, and whose sum weighted by distance to the end is `weighted`.
    fn add(&mut self, plain: u64, weighted: u64) {
        self.plain += i128::from(plain);
        self.weighted += i128::from(weighted);
    }

    /// The sums of elements of `N` bytes, an even number, that are all the same.
    pub(super) fn of_fill<const N: usize>(value: [u8; N], elements: usize) -> Self {
        let mut sums = Sums::default();
        sums.add_same(value, 0, 1, elements, elements, 1);
        sums
    }

    /// Replaces fill values by `values` at the element `first` and every `step` elements from there, of `elements`.
    pub(super) fn replace<const N: usize>(
        &mut self,
        fill: [u8; N],
        values: &[[u8; N]],
        first: usize,
        step: usize,
        elements: usize,
    ) {
        // Running sums weight a word by how many days come from it on; one addition each is all that a value costs.
        let (mut plain, mut running) = ([0u64; 4], [0u64; 4]);
        for value in values {
            for ((pair, plain), running) in value.chunks_exact(2).zip(&mut plain).zip(&mut running) {
                let word = match *pair {
                    [high, low] => u64::from(high) << 8 | u64::from(low),
                    _ => 0,
                };
                *plain += word;
                *running += *plain;
            }
        }
        let days = values.len() as u64;
        for (word, (plain, running)) in plain.iter().zip(&running).enumerate().take(N / 2) {
            let ranked = days * plain - running;
            self.add_ranked::<N>(word, *plain, ranked, first, step, elements, 1);
        }
        self.add_same(fill, first, step, values.len(), elements, -1);
    }

    fn add_same<const N: usize>(
        &mut self,
        value: [u8; N],
        first: usize,
        step: usize,
        count: usize,
        elements: usize,
        sign: i128,
    ) {
        let count = count as u64;
        for (word, pair) in value.chunks_exact(2).enumerate() {
            let number = match *pair {
                [high, low] => u64::from(high) << 8 | u64::from(low),
                _ => 0,
            };
            let ranks = count * count.saturating_sub(1) / 2;
            self.add_ranked::<N>(word, number * count, number * ranks, first, step, elements, sign);
        }
    }

    /// Adds the `word`th words of elements: their plain sum, and their sum weighted by rank, from the element `first` on.
    #[allow(clippy::too_many_arguments)]
    fn add_ranked<const N: usize>(
        &mut self,
        word: usize,
        plain: u64,
        ranked: u64,
        first: usize,
        step: usize,
        elements: usize,
        sign: i128,
    ) {
        let words_each = (N / 2) as i128;
        let left = (elements as i128 - first as i128) * words_each - word as i128;
        self.plain += sign * i128::from(plain);
        self.weighted += sign * (left * i128::from(plain) - step as i128 * words_each * i128::from(ranked));
    }

    pub(super) fn finish(self) -> u32 {
        // A sum that is a multiple of 65,535, but not zero, stays 65,535: HDF5 folds carries back instead of dividing.
        let fold = |sum: i128| if sum <= 0 { 0 } else { ((sum - 1) % 65_535 + 1) as u32 };
        fold(self.weighted) << 16 | fold(self.plain)
    }
}

/// The checksum of bytes in their own order.
pub(crate) fn of_bytes(bytes: &[u8]) -> u32 {
    let words = bytes.len().div_ceil(2) as u64;
    let mut sums = Sums::default();
    for (block, chunk) in bytes.chunks(2 * BLOCK).enumerate() {
        let (mut plain, mut ranked) = (0u32, 0u32);
        for (index, pair) in chunk.chunks(2).enumerate() {
            let word = match *pair {
                [high, low] => u32::from(high) << 8 | u32::from(low),
                [high] => u32::from(high) << 8,
                _ => 0,
            };
            plain += word;
            ranked += word * index as u32;
        }
        let left = words - (block * BLOCK) as u64;
        sums.add(u64::from(plain), left * u64::from(plain) - u64::from(ranked));
    }
    sums.finish()
}

/// The checksum of elements of an even size whose bytes stand in planes: byte `b` of element `e` at `b * stride + e`.
pub(super) fn of_planes(bytes: &[u8], stride: usize, elements: usize, size: usize) -> u32 {
    Arch::new().dispatch(Planes { bytes, stride, elements, size }).finish()
}

/// A job for whatever vectors the processor has: sums of whole numbers are the same with all.
struct Planes<'a> {
    bytes: &'a [u8],
    stride: usize,
    elements: usize,
    size: usize,
}

impl WithSimd for Planes<'_> {
    type Output = Sums;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Sums {
        let Planes { bytes, stride, elements, size } = self;
        let words_each = (size / 2) as u64;
        let words = words_each * elements as u64;
        let mut sums = Sums::default();
        let plane = |byte: usize| bytes.get(byte * stride..byte * stride + elements).unwrap_or_default();
        for word in 0..size / 2 {
            let (high, low) = (plane(2 * word), plane(2 * word + 1));
            for (block, (high, low)) in high.chunks(BLOCK).zip(low.chunks(BLOCK)).enumerate() {
                let (mut plain, mut ranked) = (0u32, 0u32);
                for (index, (&high, &low)) in high.iter().zip(low).enumerate() {
                    let word = u32::from(high) << 8 | u32::from(low);
                    plain += word;
                    ranked += word * index as u32;
                }
                let left = words - word as u64 - (block * BLOCK) as u64 * words_each;
                sums.add(u64::from(plain), left * u64::from(plain) - words_each * u64::from(ranked));
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same as HDF5 writes it: word after word, carries folded back every 360 words.
    fn reference(bytes: &[u8]) -> u32 {
        let fold = |sum: u32| (sum & 0xffff) + (sum >> 16);
        let (mut first, mut second) = (0u32, 0u32);
        let (pairs, rest) = bytes.as_chunks::<2>();
        for block in pairs.chunks(360) {
            for pair in block {
                first += u32::from(u16::from_be_bytes(*pair));
                second += first;
            }
            (first, second) = (fold(first), fold(second));
        }
        if let [last] = rest {
            first += u32::from(*last) << 8;
            second += first;
            (first, second) = (fold(first), fold(second));
        }
        fold(second) << 16 | fold(first)
    }

    #[test]
    fn blocks_sum_to_what_hdf5_computes() {
        let mut state = 7u64;
        for length in [0, 1, 2, 3, 511, 512, 513, 720, 721, 5000, 70_001] {
            for kind in 0..4 {
                let bytes: Vec<u8> = (0..length)
                    .map(|_| {
                        state = state.wrapping_mul(6364136223846793005).wrapping_add(1);
                        [0, 0xff, (state >> 60) as u8, (state >> 56) as u8][kind]
                    })
                    .collect();
                assert_eq!(of_bytes(&bytes), reference(&bytes), "{length} bytes of kind {kind}");
            }
        }
    }
}
