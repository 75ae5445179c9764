//! Chunks: the blocks of `[time, lat, lon]` that outputs are stored in, and how they are encoded.
//!
//! A chunk is built in the byte order in which it is compressed: where the shuffle filter is on, byte 0 of all elements,
//! then byte 1 of all, and so on. Values are written straight to those places, which saves the pass over the chunk that
//! a filter pipeline makes. Which filters there are is the word of the form that a chunk is written in ([`Filters`]).

mod buffer;
mod codec;
mod deflate;
mod fletcher;

pub use buffer::Buffer;
pub(crate) use codec::SEARCHING;
pub use codec::{Codec, Decoder, EncodeError, Encoder};
pub(crate) use deflate::Deflater;
pub(crate) use fletcher::of_bytes as fletcher32;

/// How a chunk is encoded, in this order. A form of files asks for what it stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Filters {
    /// Whether byte 0 of all elements comes first, then byte 1 of all, and so on.
    pub shuffle: bool,
    /// How the result is compressed.
    pub codec: Codec,
    /// Whether Fletcher-32's checksum of the compressed bytes stands behind them.
    pub checksum: bool,
}

impl Filters {
    /// Those that gridloom's NetCDF files have where settings say no more than the codec.
    pub fn netcdf(codec: Codec) -> Self {
        Filters { shuffle: codec.shuffles(), codec, checksum: true }
    }

    /// Those of a chunk that is stored in a form that is decoded here, and whether the checksum comes first, before the values are shuffled.
    #[cfg(feature = "netcdf")]
    pub(crate) fn of_stored(stored: &[StoredFilter]) -> Option<(Self, bool)> {
        use StoredFilter::{Deflate, Fletcher32, Shuffle, Zstd};
        let (rest, checksum, is_first) = match stored {
            [Fletcher32, rest @ ..] => (rest, false, true),
            [rest @ .., Fletcher32] => (rest, true, false),
            rest => (rest, false, false),
        };
        let (rest, shuffle) = match rest {
            [Shuffle, rest @ ..] => (rest, true),
            rest => (rest, false),
        };
        let codec = match rest {
            [] => Codec::None,
            [Deflate(level)] => Codec::Deflate(*level),
            [Zstd] => Codec::Zstd(3),
            _ => return None,
        };
        Some((Filters { shuffle, codec, checksum }, is_first))
    }
}

/// A filter of a chunk that is stored in HDF5, of those in the order in which the chunk passed them.
#[cfg(feature = "netcdf")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StoredFilter {
    Shuffle,
    Deflate(u8),
    Zstd,
    Fletcher32,
    /// One that has no other name here.
    Other(String),
}

/// The shape of a chunk. Axis order: time, lat, lon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Shape {
    /// Days.
    pub days: u32,
    /// Rows of the grid.
    pub rows: u32,
    /// Columns of the grid.
    pub columns: u32,
}

impl Shape {
    /// Cells in a chunk.
    pub fn cells(&self) -> usize {
        self.rows as usize * self.columns as usize
    }

    /// Elements in a chunk.
    pub fn elements(&self) -> usize {
        self.days as usize * self.cells()
    }
}

#[cfg(all(test, feature = "netcdf"))]
mod tests {
    use super::StoredFilter::{Deflate, Fletcher32, Other, Shuffle};
    use super::*;

    #[test]
    fn filters_are_known_with_the_checksum_first_last_or_left_out() {
        let of = |stored: &[StoredFilter]| {
            let (Filters { shuffle, codec, checksum }, is_first) = Filters::of_stored(stored)?;
            Some((shuffle, codec, checksum, is_first))
        };
        let packed = Codec::Deflate(4);
        assert_eq!(of(&[Fletcher32, Shuffle, Deflate(4)]), Some((true, packed, false, true)));
        assert_eq!(of(&[Shuffle, Deflate(4), Fletcher32]), Some((true, packed, true, false)));
        assert_eq!(of(&[Shuffle, Deflate(4)]), Some((true, packed, false, false)));
        assert_eq!(of(&[Deflate(4)]), Some((false, packed, false, false)));
        assert_eq!(of(&[Fletcher32]), Some((false, Codec::None, false, true)));
        assert_eq!(of(&[]), Some((false, Codec::None, false, false)));
        // Neither two checksums nor another order is decoded here, nor a filter that nobody knows.
        assert_eq!(of(&[Fletcher32, Shuffle, Deflate(4), Fletcher32]), None);
        assert_eq!(of(&[Deflate(4), Shuffle]), None);
        assert_eq!(of(&[Other("szip".to_owned())]), None);
    }
}
