//! The filters of an archive's chunks: shuffle, codec, Fletcher-32, in this order.
//!
//! The checksum is over the compressed bytes, so that damage is found before anything is decoded.

mod lz4;

use std::fmt;
use std::str::FromStr;

use libdeflater::{CompressionLvl, Compressor, Decompressor};

use crate::chunk::{Deflater, SEARCHING, fletcher32};
use crate::hdf5::dataset::Filter;

pub(super) const DEFLATE: u16 = 1;
pub(super) const SHUFFLE: u16 = 2;
pub(super) const FLETCHER: u16 = 3;
const LZ4: u16 = 32_004;
pub(super) const ZSTD: u16 = 32_015;

/// Bytes of the checksum.
const CHECKSUM: usize = 4;

/// How the chunks of an archive are compressed. Every reader of HDF5 has deflate; the others need plugins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(into = "String")]
pub enum Codec {
    /// Not at all: neither shuffled nor compressed.
    None,
    /// Deflate in the zlib format, level 1 to 12.
    Deflate(u8),
    /// Zstandard, level 1 to 22: the plugin of filter 32015.
    Zstd(u8),
    /// LZ4: the plugin of filter 32004.
    Lz4,
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Codec::None => f.write_str("none"),
            Codec::Deflate(level) => write!(f, "deflate {level}"),
            Codec::Zstd(level) => write!(f, "zstd {level}"),
            Codec::Lz4 => f.write_str("lz4"),
        }
    }
}

impl From<Codec> for String {
    fn from(codec: Codec) -> Self {
        codec.to_string()
    }
}

/// A text that does not name a codec.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("codecs are none, lz4, deflate with a level of 1 to 12, and zstd with one of 1 to 22")]
pub struct ParseCodecError;

impl FromStr for Codec {
    type Err = ParseCodecError;

    /// Reads what [`Codec`] displays.
    fn from_str(text: &str) -> Result<Self, ParseCodecError> {
        let level = |text: &str, last| {
            text.parse().ok().filter(|level| (1..=last).contains(level)).ok_or(ParseCodecError)
        };
        match text.split_once(' ').unwrap_or((text, "")) {
            ("none", "") => Ok(Codec::None),
            ("lz4", "") => Ok(Codec::Lz4),
            ("deflate", text) => level(text, 12).map(Codec::Deflate),
            ("zstd", text) => level(text, 22).map(Codec::Zstd),
            _ => Err(ParseCodecError),
        }
    }
}

impl Codec {
    /// The pipeline of a dataset whose elements have so many bytes, in chunks of so many.
    pub(super) fn filters(self, size: usize) -> Vec<Filter> {
        // Without its filters a chunk is not written.
        let own = |id, values| Filter { id, is_optional: false, name: "", values };
        let mut filters = Vec::new();
        if self != Codec::None && size > 1 {
            filters.push(own(SHUFFLE, vec![size as u32]));
        }
        match self {
            Codec::None => {}
            // A note for readers who compress again; zlib knows nine levels.
            Codec::Deflate(level) => filters.push(own(DEFLATE, vec![u32::from(level.clamp(1, 9))])),
            Codec::Zstd(level) => {
                filters.push(Filter { name: "zstd", ..own(ZSTD, vec![u32::from(level)]) });
            }
            Codec::Lz4 => filters.push(Filter { name: "lz4", ..own(LZ4, vec![0]) }),
        }
        filters.push(own(FLETCHER, Vec::new()));
        filters
    }
}

/// Compresses chunks; one a thread.
pub(super) struct Encoder {
    codec: Codec,
    rows: Deflater,
    deflate: Compressor,
    zstd: Option<zstd::bulk::Compressor<'static>>,
    shuffled: Vec<u8>,
    compressed: Vec<u8>,
}

impl Encoder {
    pub fn new(codec: Codec) -> Result<Self, String> {
        let level = if let Codec::Deflate(level) = codec { level.clamp(1, 12) } else { 1 };
        let zstd = match codec {
            Codec::Zstd(level) => Some(
                zstd::bulk::Compressor::new(i32::from(level.clamp(1, 22)))
                    .map_err(|error| format!("zstd: {error}"))?,
            ),
            _ => None,
        };
        let deflate = Compressor::new(CompressionLvl::new(i32::from(level)).unwrap_or_default());
        Ok(Encoder {
            codec,
            rows: Deflater::default(),
            deflate,
            zstd,
            shuffled: Vec::new(),
            compressed: Vec::new(),
        })
    }

    /// Encodes a chunk of elements of `size` bytes behind what is in `output`; says how many bytes that took.
    pub fn encode(&mut self, chunk: &[u8], size: usize, output: &mut Vec<u8>) -> Result<usize, String> {
        let start = output.len();
        let elements = chunk.len() / size.max(1);
        let bytes = if self.codec == Codec::None || size < 2 {
            chunk
        } else {
            shuffle(chunk, size, &mut self.shuffled);
            &self.shuffled
        };
        match self.codec {
            Codec::None => output.extend_from_slice(bytes),
            Codec::Deflate(level) if level < SEARCHING => {
                self.compressed.clear();
                self.rows.zlib_compress(bytes, 1, elements, &mut self.compressed);
                output.extend_from_slice(&self.compressed);
            }
            Codec::Deflate(_) => {
                output.resize(start + self.deflate.zlib_compress_bound(bytes.len()), 0);
                let room = output.get_mut(start..).unwrap_or_default();
                let length =
                    self.deflate.zlib_compress(bytes, room).map_err(|error| format!("deflate: {error}"))?;
                output.truncate(start + length);
            }
            Codec::Zstd(_) => {
                let compressor = self.zstd.as_mut().ok_or("there is no encoder of zstd")?;
                let encoded = compressor.compress(bytes).map_err(|error| format!("zstd: {error}"))?;
                output.extend_from_slice(&encoded);
            }
            Codec::Lz4 => lz4::encode(bytes, output),
        }
        let checksum = fletcher32(output.get(start..).unwrap_or_default());
        output.extend_from_slice(&checksum.to_le_bytes());
        Ok(output.len() - start)
    }
}

/// What is wrong with a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChunkProblem {
    /// It is too short for its checksum.
    #[error("the chunk is cut off")]
    Short,
    /// The bytes are not those that were written.
    #[error("the chunk is damaged: its checksum is wrong")]
    Checksum,
    /// The bytes are those that were written, but do not decode.
    #[error("the chunk does not decode")]
    Undecodable,
    /// The pipeline has filters that are not known here.
    #[error("the chunk has filters that are not known here")]
    Filters,
}

/// Decodes chunks; one a thread.
pub(super) struct Decoder {
    deflate: Decompressor,
    /// Made when it is first needed: making one takes longer than decoding a small chunk.
    zstd: Option<zstd::bulk::Decompressor<'static>>,
    shuffled: Vec<u8>,
}

impl Default for Decoder {
    fn default() -> Self {
        Decoder { deflate: Decompressor::new(), zstd: None, shuffled: Vec::new() }
    }
}

impl Decoder {
    /// Decodes a chunk into `output`, which has its length in memory.
    pub fn decode(
        &mut self,
        chunk: &[u8],
        filters: &[Filter],
        size: usize,
        output: &mut [u8],
    ) -> Result<(), ChunkProblem> {
        let mut bytes = chunk;
        let mut filters = filters;
        if let [rest @ .., Filter { id: FLETCHER, .. }] = filters {
            bytes = check(chunk)?;
            filters = rest;
        }
        let is_shuffled = match filters {
            [Filter { id: SHUFFLE, values, .. }, rest @ ..] if values[..] == [size as u32] => {
                filters = rest;
                true
            }
            _ => false,
        };
        if !is_shuffled {
            return self.decompress(bytes, filters, output);
        }
        let mut shuffled = std::mem::take(&mut self.shuffled);
        shuffled.resize(output.len(), 0);
        let result = self.decompress(bytes, filters, &mut shuffled);
        if result.is_ok() {
            unshuffle(&shuffled, size, output);
        }
        self.shuffled = shuffled;
        result
    }

    fn decompress(
        &mut self,
        bytes: &[u8],
        filters: &[Filter],
        output: &mut [u8],
    ) -> Result<(), ChunkProblem> {
        let length = match filters {
            [] if bytes.len() == output.len() => {
                output.copy_from_slice(bytes);
                Some(bytes.len())
            }
            [] => None,
            [Filter { id: DEFLATE, .. }] => self.deflate.zlib_decompress(bytes, output).ok(),
            [Filter { id: ZSTD, .. }] => self.unzstd(bytes, output),
            [Filter { id: LZ4, .. }] => lz4::decode(bytes, output),
            _ => return Err(ChunkProblem::Filters),
        };
        if length == Some(output.len()) { Ok(()) } else { Err(ChunkProblem::Undecodable) }
    }
}

impl Decoder {
    fn unzstd(&mut self, bytes: &[u8], output: &mut [u8]) -> Option<usize> {
        if self.zstd.is_none() {
            self.zstd = zstd::bulk::Decompressor::new().ok();
        }
        self.zstd.as_mut()?.decompress_to_buffer(bytes, output).ok()
    }
}

/// A chunk without its checksum, which must be right.
pub(super) fn check(chunk: &[u8]) -> Result<&[u8], ChunkProblem> {
    let (bytes, stored) = chunk.split_last_chunk::<CHECKSUM>().ok_or(ChunkProblem::Short)?;
    match cfg!(fuzzing) || fletcher32(bytes) == u32::from_le_bytes(*stored) {
        true => Ok(bytes),
        false => Err(ChunkProblem::Checksum),
    }
}

/// HDF5's shuffle: byte 0 of all elements, then byte 1 of all, and so on.
fn shuffle(bytes: &[u8], size: usize, output: &mut Vec<u8>) {
    fn fixed<const N: usize>(bytes: &[u8], output: &mut [u8]) {
        let (elements, _) = bytes.as_chunks::<N>();
        let mut planes = output.chunks_mut(elements.len().max(1));
        let planes: [&mut [u8]; N] = std::array::from_fn(|_| planes.next().unwrap_or_default());
        for (byte, plane) in planes.into_iter().enumerate() {
            for (target, element) in plane.iter_mut().zip(elements) {
                *target = element[byte];
            }
        }
    }
    output.resize(bytes.len(), 0);
    match size {
        2 => fixed::<2>(bytes, output),
        4 => fixed::<4>(bytes, output),
        8 => fixed::<8>(bytes, output),
        _ => output.copy_from_slice(bytes),
    }
}

fn unshuffle(bytes: &[u8], size: usize, output: &mut [u8]) {
    fn fixed<const N: usize>(bytes: &[u8], output: &mut [u8]) {
        let (elements, _) = output.as_chunks_mut::<N>();
        let mut planes = bytes.chunks(elements.len().max(1));
        let planes: [&[u8]; N] = std::array::from_fn(|_| planes.next().unwrap_or_default());
        if planes.iter().any(|plane| plane.len() < elements.len()) {
            return;
        }
        let planes = planes.map(|plane| plane.get(..elements.len()).unwrap_or_default());
        for (index, element) in elements.iter_mut().enumerate() {
            for (byte, plane) in element.iter_mut().zip(&planes) {
                *byte = plane.get(index).copied().unwrap_or(0);
            }
        }
    }
    match size {
        2 => fixed::<2>(bytes, output),
        4 => fixed::<4>(bytes, output),
        8 => fixed::<8>(bytes, output),
        _ => output.copy_from_slice(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [Codec; 8] = [
        Codec::None,
        Codec::Deflate(1),
        Codec::Deflate(4),
        Codec::Deflate(6),
        Codec::Deflate(12),
        Codec::Zstd(1),
        Codec::Zstd(19),
        Codec::Lz4,
    ];

    proptest! {
        #[test]
        fn what_is_encoded_decodes_and_damage_shows(
            codec in prop::sample::select(ALL.to_vec()),
            size in prop::sample::select(vec![1usize, 2, 4, 8]),
            values in prop::collection::vec(any::<u8>(), 0..700),
            repeat in 1usize..9,
            at in any::<prop::sample::Index>(),
        ) {
            let mut chunk = values.repeat(repeat);
            chunk.truncate(chunk.len() / size * size);
            let mut encoded = vec![7];
            let length = Encoder::new(codec).unwrap().encode(&chunk, size, &mut encoded).unwrap();
            prop_assert_eq!((length, encoded[0]), (encoded.len() - 1, 7));
            let mut back = vec![0; chunk.len()];
            let filters = codec.filters(size);
            Decoder::default().decode(&encoded[1..], &filters, size, &mut back).unwrap();
            prop_assert_eq!(&back, &chunk);
            let at = 1 + at.index(encoded.len() - 1);
            encoded[at] ^= 1;
            prop_assert!(Decoder::default().decode(&encoded[1..], &filters, size, &mut back).is_err());
        }

        #[test]
        fn any_bytes_are_refused_or_decoded(
            codec in prop::sample::select(ALL.to_vec()),
            mut bytes in prop::collection::vec(any::<u8>(), 0..200),
            length in 0usize..300,
        ) {
            let sum = fletcher32(&bytes).to_le_bytes();
            bytes.extend(sum);
            let length = length / 8 * 8;
            let _ = Decoder::default().decode(&bytes, &codec.filters(8), 8, &mut vec![0; length]);
        }
    }

    #[test]
    fn names_of_codecs_are_read_back() {
        for codec in ALL {
            assert_eq!(codec.to_string().parse(), Ok(codec));
        }
        for text in ["", "deflate", "deflate 13", "zstd 0", "lz4 1", "none 1", "snappy"] {
            assert_eq!(text.parse::<Codec>(), Err(ParseCodecError), "{text}");
        }
    }
}
