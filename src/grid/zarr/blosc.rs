//! Blosc's container, of one block that is compressed as a whole.
//!
//! ```text
//! u8 version 2, u8 version of the codec's format 1, u8 flags, u8 bytes of an element,
//! u32 bytes of the values, u32 bytes of a block, u32 bytes of all of this
//! u32 where the block begins, u32 its bytes, the block
//! ```
//!
//! A block that would not be smaller than its values is not compressed: then the values follow the first 16 bytes as they are.

use crate::chunk::Codec;
use crate::error::Failure;

/// Bytes before the places of blocks.
pub(super) const HEAD: usize = 16;

const VERSION: u8 = 2;
const OF_CODEC: u8 = 1;
pub(super) const SHUFFLED: u8 = 1;
pub(super) const AS_IS: u8 = 1 << 1;
pub(super) const UNSPLIT: u8 = 1 << 4;
/// Where the codec's number begins.
pub(super) const CODEC: u32 = 5;
pub(super) const ZLIB: u8 = 3;
pub(super) const ZSTD: u8 = 4;

/// Wraps values of `all` bytes that were shuffled and compressed by a codec.
///
/// # Errors
/// Where they do not decompress, which those have to that are no smaller than the values; where there are 2 GiB and more.
pub(super) fn wrap(encoded: &[u8], codec: Codec, size: usize, all: usize) -> Result<Vec<u8>, Failure> {
    let number = if matches!(codec, Codec::Zstd(_)) { ZSTD } else { ZLIB };
    let is_smaller = encoded.len() < all;
    let body = if is_smaller { HEAD + 8 + encoded.len() } else { HEAD + all };
    let counted = |length: usize| i32::try_from(length).map(i32::cast_unsigned);
    let (own, values) = (counted(body)?, counted(all)?);
    let kind = if is_smaller { 0 } else { AS_IS };
    let mut bytes = Vec::with_capacity(body);
    bytes.extend([VERSION, OF_CODEC, SHUFFLED | kind | UNSPLIT | number << CODEC, u8::try_from(size)?]);
    for number in [values, values, own] {
        bytes.extend(number.to_le_bytes());
    }
    if is_smaller {
        bytes.extend((HEAD as u32 + 4).to_le_bytes());
        bytes.extend(counted(encoded.len())?.to_le_bytes());
        bytes.extend_from_slice(encoded);
        return Ok(bytes);
    }
    let mut planes = vec![0; all];
    let length = match codec {
        Codec::Zstd(_) => zstd::bulk::decompress_to_buffer(encoded, &mut planes)?,
        _ => libdeflater::Decompressor::new().zlib_decompress(encoded, &mut planes)?,
    };
    if length != all {
        return Err("a chunk that is not what was encoded".into());
    }
    bytes.resize(body, 0);
    let count = all / size.max(1);
    for (index, byte) in planes.iter().enumerate() {
        let place = HEAD + index % count * size + index / count;
        if let Some(target) = bytes.get_mut(place) {
            *target = *byte;
        }
    }
    Ok(bytes)
}

/// Puts byte 0 of all elements first, then byte 1 of all, and so on.
pub(super) fn shuffled(values: &[u8], size: usize) -> Vec<u8> {
    let byte = |byte: usize| values.iter().skip(byte).step_by(size.max(1));
    (0..size).flat_map(byte).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::super::decode;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_wrapped_comes_back(
            values in prop_oneof![
                prop::collection::vec(any::<u8>(), 1..600),
                prop::collection::vec(0u8..2, 1..600),
            ],
            size in prop::sample::select(vec![1usize, 2, 4, 8]),
            codec in prop::sample::select(vec![Codec::Deflate(4), Codec::Zstd(3)]),
            flip in any::<prop::sample::Index>(),
        ) {
            let values: Vec<u8> = values.iter().copied().cycle().take(values.len() * size).collect();
            let planes = shuffled(&values, size);
            let encoded = match codec {
                Codec::Zstd(_) => zstd::bulk::compress(&planes, 3).expect("zstd"),
                _ => {
                    let mut compressor = libdeflater::Compressor::new(libdeflater::CompressionLvl::default());
                    let mut bytes = vec![0; compressor.zlib_compress_bound(planes.len())];
                    let length = compressor.zlib_compress(&planes, &mut bytes).expect("zlib");
                    bytes.truncate(length);
                    bytes
                }
            };
            let mut bytes = wrap(&encoded, codec, size, values.len()).expect("wrapped");
            prop_assert!(bytes.len() <= values.len() + HEAD + 8);
            prop_assert_eq!(&decode::blosc(&bytes, size, values.len()).expect("decoded"), &values);
            // Whatever else it says is an error or other values, and nothing worse.
            let place = flip.index(bytes.len());
            bytes[place] ^= 1 << (place % 8);
            drop(decode::blosc(&bytes, size, values.len()));
        }
    }
}
