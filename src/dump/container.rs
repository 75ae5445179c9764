//! The compression around a dump, told by its first bytes, never by its name.
//!
//! joblib writes LZ4 frames, zlib, gzip, bz2, lzma-alone, xz, or nothing; region objects are zstd. Every decoder
//! stops at [`Limits::decoded_bytes`], whatever the file claims of itself.

use std::io::{BufRead, Read};

use super::error::DumpError;
use super::kind::Container;
use super::limits::Limits;
use super::lz4;

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
