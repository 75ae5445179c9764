//! Compression of chunks, and its reverse.

use std::fmt;

use libdeflater::{CompressionLvl, Compressor, Decompressor};

use super::buffer::Buffer;
use super::deflate::Deflater;
use super::{Filters, fletcher32};

/// How chunks are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Codec {
    /// Not at all: neither shuffled nor compressed.
    None,
    /// Shuffle, then deflate in the zlib format, level 1 to 12. Every netCDF library reads it.
    Deflate(u8),
    /// Shuffle, then Zstandard, level 1 to 22. Readers need the HDF5 plugin of filter 32015.
    Zstd(u8),
}

impl Default for Codec {
    fn default() -> Self {
        Codec::Deflate(4)
    }
}

impl Codec {
    /// Whether the shuffle filter is on.
    pub fn shuffles(self) -> bool {
        self != Codec::None
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Codec::None => f.write_str("none"),
            Codec::Deflate(level) => write!(f, "deflate {level}"),
            Codec::Zstd(level) => write!(f, "zstd {level}"),
        }
    }
}

/// Bytes of the checksum.
const CHECKSUM: usize = 4;

/// Compresses chunks; one a thread.
pub struct Encoder {
    encoding: Encoding,
    checksum: bool,
}

/// From this level on libdeflate searches for every repetition; below, only those are taken that a chunk's layout makes
/// likely, which is several times faster and hardly larger.
pub(crate) const SEARCHING: u8 = 6;

enum Encoding {
    None,
    Rows(Deflater),
    Deflate(Compressor),
    Zstd(zstd::bulk::Compressor<'static>),
}

/// Why a codec cannot compress.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{codec}: {reason}")]
pub struct EncodeError {
    codec: &'static str,
    reason: String,
}

impl Encoder {
    /// An encoder of chunks that are shuffled as the filters say. Levels out of range are brought into it.
    ///
    /// # Errors
    /// Where there is no memory for it.
    pub fn new(filters: Filters) -> Result<Self, EncodeError> {
        let encoding = match filters.codec {
            Codec::None => Encoding::None,
            Codec::Deflate(level) if level < SEARCHING => Encoding::Rows(Deflater::default()),
            Codec::Deflate(level) => {
                let level = CompressionLvl::new(i32::from(level.min(12))).unwrap_or_default();
                Encoding::Deflate(Compressor::new(level))
            }
            Codec::Zstd(level) => Encoding::Zstd(
                zstd::bulk::Compressor::new(i32::from(level.clamp(1, 22)))
                    .map_err(|error| EncodeError { codec: "zstd", reason: error.to_string() })?,
            ),
        };
        Ok(Encoder { encoding, checksum: filters.checksum })
    }

    /// Compresses a chunk into `output`, whose old content is dropped.
    ///
    /// # Errors
    /// What the codec says; none is known to occur.
    pub fn encode(&mut self, chunk: &Buffer, output: &mut Vec<u8>) -> Result<(), EncodeError> {
        match &mut self.encoding {
            Encoding::Rows(deflater) => {
                deflater.zlib_compress(chunk.bytes(), chunk.row_bytes(), chunk.plane_bytes(), output);
                self.seal(output);
                Ok(())
            }
            _ => self.encode_bytes(chunk.bytes(), output),
        }
    }

    /// Puts the checksum behind what is compressed, where there is one.
    fn seal(&self, output: &mut Vec<u8>) {
        if self.checksum {
            let sum = fletcher32(output);
            output.extend_from_slice(&sum.to_le_bytes());
        }
    }

    /// Compresses bytes of which nothing is known.
    pub(crate) fn encode_bytes(&mut self, bytes: &[u8], output: &mut Vec<u8>) -> Result<(), EncodeError> {
        match &mut self.encoding {
            Encoding::None => {
                output.clear();
                output.extend_from_slice(bytes);
            }
            Encoding::Rows(deflater) => deflater.zlib_compress(bytes, bytes.len(), bytes.len(), output),
            Encoding::Deflate(compressor) => {
                output.resize(compressor.zlib_compress_bound(bytes.len()), 0);
                let length = compressor
                    .zlib_compress(bytes, output)
                    .map_err(|error| EncodeError { codec: "deflate", reason: error.to_string() })?;
                output.truncate(length);
            }
            Encoding::Zstd(compressor) => {
                output.resize(zstd::zstd_safe::compress_bound(bytes.len()), 0);
                let length = compressor
                    .compress_to_buffer(bytes, output.as_mut_slice())
                    .map_err(|error| EncodeError { codec: "zstd", reason: error.to_string() })?;
                output.truncate(length);
            }
        }
        self.seal(output);
        Ok(())
    }
}

/// Decompresses chunks that [`Encoder`] made.
pub struct Decoder {
    filters: Filters,
    deflate: Decompressor,
}

impl Decoder {
    /// A decoder of chunks that went through these filters.
    pub fn new(filters: Filters) -> Self {
        Decoder { filters, deflate: Decompressor::new() }
    }

    /// Decompresses into a buffer that is laid out for the chunk; says whether data and checksum are sound.
    pub fn decode(&mut self, bytes: &[u8], chunk: &mut Buffer) -> bool {
        let bytes = match (self.filters.checksum, bytes.split_last_chunk::<CHECKSUM>()) {
            (false, _) => bytes,
            (true, Some((body, sum))) if fletcher32(body) == u32::from_le_bytes(*sum) => body,
            (true, _) => return false,
        };
        let output = chunk.bytes_mut();
        let length = match self.filters.codec {
            Codec::None if bytes.len() == output.len() => {
                output.copy_from_slice(bytes);
                Some(bytes.len())
            }
            Codec::None => None,
            Codec::Deflate(_) => self.deflate.zlib_decompress(bytes, output).ok(),
            Codec::Zstd(_) => zstd::bulk::decompress_to_buffer(bytes, output).ok(),
        };
        length == Some(chunk.bytes().len()) && chunk.is_sound()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Shape;
    use super::*;
    use crate::model::element::Element;

    #[test]
    fn what_is_encoded_decodes_and_damage_shows() {
        for codec in [Codec::None, Codec::Deflate(4), Codec::Deflate(12), Codec::Zstd(3)] {
            let filters = Filters::netcdf(codec);
            let mut chunk = Buffer::default();
            let shape = Shape { days: 100, rows: 2, columns: 5 };
            chunk.reset(Element::Float64, shape, filters);
            let values: Vec<u8> = (0..300).flat_map(|n| f64::from(n).sqrt().to_le_bytes()).collect();
            chunk.place(1, 3, &values);
            let mut encoded = Vec::new();
            Encoder::new(filters).expect("memory").encode(&chunk, &mut encoded).expect("encodes");
            let mut back = Buffer::default();
            back.lay_out(Element::Float64, shape, filters);
            assert!(Decoder::new(filters).decode(&encoded, &mut back), "{codec}");
            assert_eq!(back.bytes(), chunk.bytes(), "{codec}");
            for place in [0, encoded.len() / 2, encoded.len() - 1] {
                let mut flipped = encoded.clone();
                flipped[place] ^= 4;
                assert!(
                    !Decoder::new(filters).decode(&flipped, &mut back),
                    "{codec}: a flipped bit went unseen"
                );
            }
        }
    }
}
