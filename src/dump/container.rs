//! The compression around a dump, told by its first bytes, never by its name.
//!
//! joblib writes LZ4 frames, zlib, gzip, bz2, lzma-alone, xz, or nothing; region objects are zstd. Every decoder
//! stops at [`Limits::decoded_bytes`], whatever the file claims of itself.

use std::fmt;
use std::io::{BufRead, Read};

use super::error::DumpError;
use super::limits::Limits;
use super::lz4;

/// What a dump is compressed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum Container {
    /// Not compressed.
    Plain,
    /// LZ4 frames.
    Lz4,
    /// A zlib stream (RFC 1950).
    Zlib,
    /// gzip members (RFC 1952).
    Gzip,
    /// bzip2 streams.
    Bzip2,
    /// The old `.lzma` format, without a checksum.
    LzmaAlone,
    /// xz streams.
    Xz,
    /// Zstandard frames (RFC 8878).
    Zstd,
}

impl Container {
    /// Tells the container from a file's first bytes; `None` where they belong to none.
    pub fn detect(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x04, 0x22, 0x4d, 0x18, ..] => Some(Self::Lz4),
            // A skippable frame may stand before the first frame of LZ4 and of zstd alike; joblib writes none.
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Zstd),
            [0xfd, b'7', b'z', b'X', b'Z', 0x00, ..] => Some(Self::Xz),
            [0x5d, 0x00, 0x00, ..] => Some(Self::LzmaAlone),
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Some(Self::Bzip2),
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [0x80, 2..=5, ..] => Some(Self::Plain),
            [cmf, flags, ..] if cmf & 0x0f == 8 && (u16::from(*cmf) << 8 | u16::from(*flags)) % 31 == 0 => {
                Some(Self::Zlib)
            }
            _ => None,
        }
    }
}

impl fmt::Display for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "uncompressed",
            Self::Lz4 => "LZ4",
            Self::Zlib => "zlib",
            Self::Gzip => "gzip",
            Self::Bzip2 => "bzip2",
            Self::LzmaAlone => "lzma",
            Self::Xz => "xz",
            Self::Zstd => "zstd",
        })
    }
}

/// Decompresses a whole dump into `decoded`, whose old content is dropped and whose memory is used again.
///
/// # Errors
/// [`DumpError::Empty`], [`DumpError::UnknownContainer`], [`DumpError::Container`] where the data is cut or damaged,
/// [`DumpError::TooLarge`] as soon as the limit is passed.
pub fn decompress(bytes: &[u8], decoded: &mut Vec<u8>, limits: &Limits) -> Result<Container, DumpError> {
    decoded.clear();
    if bytes.is_empty() {
        return Err(DumpError::Empty);
    }
    let container = Container::detect(bytes).ok_or_else(|| DumpError::UnknownContainer {
        first: bytes.iter().take(6).map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" "),
    })?;
    let damaged = |error: std::io::Error| DumpError::Container { container, reason: error.to_string() };
    match container {
        Container::Plain => {
            if bytes.len() > limits.decoded_bytes {
                return Err(DumpError::TooLarge { limit: limits.decoded_bytes });
            }
            decoded.extend_from_slice(bytes);
        }
        Container::Lz4 => lz4::decompress(bytes, decoded, limits)?,
        Container::Zlib => {
            let mut reader = flate2::bufread::ZlibDecoder::new(bytes);
            read_all(&mut reader, decoded, limits, container)?;
            nothing_left(reader.into_inner(), container)?;
        }
        Container::Gzip => {
            read_all(flate2::bufread::MultiGzDecoder::new(bytes), decoded, limits, container)?;
        }
        Container::Bzip2 => {
            read_all(bzip2::bufread::MultiBzDecoder::new(bytes), decoded, limits, container)?;
        }
        Container::LzmaAlone => {
            let stream = liblzma::stream::Stream::new_lzma_decoder(limits.dictionary_bytes)
                .map_err(|error| damaged(error.into()))?;
            let mut reader = liblzma::bufread::XzDecoder::new_stream(bytes, stream);
            read_all(&mut reader, decoded, limits, container)?;
            nothing_left(reader.into_inner(), container)?;
        }
        Container::Xz => {
            let stream = liblzma::stream::Stream::new_stream_decoder(
                limits.dictionary_bytes,
                liblzma::stream::CONCATENATED,
            )
            .map_err(|error| damaged(error.into()))?;
            read_all(liblzma::bufread::XzDecoder::new_stream(bytes, stream), decoded, limits, container)?;
        }
        Container::Zstd => {
            let mut reader = zstd::stream::read::Decoder::with_buffer(bytes).map_err(damaged)?;
            let window = limits.dictionary_bytes.max(1 << 10).ilog2().min(31);
            reader.window_log_max(window).map_err(damaged)?;
            read_all(reader, decoded, limits, container)?;
        }
    }
    Ok(container)
}

/// Reads to the end in pieces, so that memory never runs ahead of what was really decoded.
fn read_all(
    reader: impl Read,
    decoded: &mut Vec<u8>,
    limits: &Limits,
    container: Container,
) -> Result<(), DumpError> {
    let limit = limits.decoded_bytes;
    let bound = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    reader
        .take(bound)
        .read_to_end(decoded)
        .map_err(|error| DumpError::Container { container, reason: error.to_string() })?;
    if decoded.len() > limit {
        decoded.clear();
        return Err(DumpError::TooLarge { limit });
    }
    Ok(())
}

fn nothing_left(mut rest: impl BufRead, container: Container) -> Result<(), DumpError> {
    match rest.fill_buf() {
        Ok([]) => Ok(()),
        _ => Err(DumpError::Container { container, reason: "bytes are left over after its end".into() }),
    }
}
