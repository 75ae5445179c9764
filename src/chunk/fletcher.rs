//! HDF5's Fletcher-32 (`H5_checksum_fletcher32`): sums over big-endian 16-bit words, modulo 65,535.
//!
//! The second sum weights a word by how many words come from it on. Both sums are linear, so they can be taken over blocks
//! in any layout.

use pulp::{Arch, Simd, WithSimd};

/// Elements whose sums fit into 32 bits: the weighted one is below 256² / 2 × 65,535.
const BLOCK: usize = 256;

/// Both sums, not reduced.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    plain: u128,
    weighted: u128,
}

impl Sums {
    /// Adds words whose plain sum is `plain`, and whose sum weighted by distance to the end is `weighted`.
    fn add(&mut self, plain: u64, weighted: u64) {
        self.plain += u128::from(plain);
        self.weighted += u128::from(weighted);
    }

    pub(super) fn finish(self) -> u32 {
        // A sum that is a multiple of 65,535, but not zero, stays 65,535: HDF5 folds carries back instead of dividing.
        let fold = |sum: u128| if sum == 0 { 0 } else { ((sum - 1) % 65_535 + 1) as u32 };
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
