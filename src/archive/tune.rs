//! The trade-off between size, reading all of a series and reading a few days of it.

use super::codec::Codec;

/// How large chunks are and how they are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tune {
    /// Bytes of a chunk in memory, about.
    pub chunk_bytes: u32,
    /// The codec.
    pub codec: Codec,
}

impl Tune {
    /// Few days from anywhere: small chunks, a light codec.
    pub const RANDOM: Tune = Tune { chunk_bytes: 8 << 10, codec: Codec::Deflate(1) };
    /// Neither slow to read nor large.
    pub const BALANCED: Tune = Tune { chunk_bytes: 64 << 10, codec: Codec::Deflate(4) };
    /// To keep: a series in few chunks, as small as deflate makes them.
    pub const ARCHIVE: Tune = Tune { chunk_bytes: 1 << 20, codec: Codec::Deflate(12) };

    /// Values of a row in a chunk, where a day has so many bytes and a series about so many days. Chunks divide the series evenly,
    /// since the last one is stored as long as the others.
    pub(super) fn chunk(&self, day_bytes: usize, days: u64) -> usize {
        const STEP: usize = 64;
        let most = (self.chunk_bytes as usize / day_bytes.max(1)).max(STEP) / STEP * STEP;
        let days = usize::try_from(days).unwrap_or(usize::MAX / 2).max(1);
        days.div_ceil(days.div_ceil(most)).next_multiple_of(STEP)
    }
}

impl Default for Tune {
    fn default() -> Self {
        Tune::BALANCED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_as_long_as_wanted_or_as_the_series() {
        assert_eq!(Tune::BALANCED.chunk(4, 1_000_000), 16_192);
        assert_eq!(Tune::BALANCED.chunk(32, 1_000_000), 2048);
        assert_eq!(Tune::BALANCED.chunk(16, 5479), 2752);
        assert_eq!(Tune::ARCHIVE.chunk(4, 5479), 5504);
        assert_eq!(Tune::RANDOM.chunk(100_000, 10), 64);
        assert_eq!(Tune::RANDOM.chunk(4, 0), 64);
    }

    #[test]
    fn the_last_chunk_is_nearly_full() {
        for days in [1, 63, 64, 65, 4096, 4097, 5479, 100_001] {
            for day_bytes in [1, 4, 8, 16, 48] {
                let chunk = Tune::BALANCED.chunk(day_bytes, days) as u64;
                assert!(chunk as usize * day_bytes <= 64 << 10);
                let chunks = days.div_ceil(chunk);
                assert!(chunks * chunk - days < 64 * chunks, "{days} days of {day_bytes} bytes: {chunk}");
            }
        }
    }
}
