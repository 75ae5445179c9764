//! What was stored of values, decoded as Zarr's codecs have it. Nothing in it is trusted.

use serde_json::Value;

use super::blosc::{AS_IS, CODEC, HEAD, SHUFFLED, UNSPLIT, ZLIB, ZSTD};

/// A step from stored bytes to values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Blosc,
    Crc32c,
}

/// The steps that a list of codecs asks for, those of storing first. Values are little endian.
pub(super) fn steps(codecs: &Value, size: usize) -> Result<Vec<Step>, String> {
    let codecs = codecs.as_array().map(Vec::as_slice).unwrap_or_default();
    let name = |codec: &Value| codec["name"].as_str().unwrap_or_default().to_owned();
    let Some((first, rest)) = codecs.split_first() else { return Err("it names no codec".to_owned()) };
    let is_little = first["configuration"]["endian"] == "little" || size == 1;
    if name(first) != "bytes" || !is_little {
        return Err(format!("its first codec is {first}"));
    }
    let step = |codec: &Value| match name(codec).as_str() {
        "blosc" => Ok(Step::Blosc),
        "crc32c" => Ok(Step::Crc32c),
        other => Err(format!("it has the codec {other:?}")),
    };
    rest.iter().map(step).collect()
}

/// Decodes `all` bytes of values.
pub(super) fn decoded(
    mut bytes: Vec<u8>,
    steps: &[Step],
    size: usize,
    all: usize,
) -> Result<Vec<u8>, String> {
    for step in steps.iter().rev() {
        bytes = match step {
            Step::Blosc => blosc(&bytes, size, all)?,
            Step::Crc32c => checked(bytes)?,
        };
    }
    if bytes.len() == all { Ok(bytes) } else { Err(format!("it has {} bytes instead of {all}", bytes.len())) }
}

/// Cuts a checksum off that is right.
pub(super) fn checked(mut bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    let Some((values, &checksum)) = bytes.split_last_chunk::<4>() else {
        return Err("it is too short for a checksum".to_owned());
    };
    if crc32c::crc32c(values) != u32::from_le_bytes(checksum) {
        return Err("its checksum is wrong".to_owned());
    }
    bytes.truncate(bytes.len() - 4);
    Ok(bytes)
}

/// The values in a container of Blosc.
pub(super) fn blosc(bytes: &[u8], size: usize, all: usize) -> Result<Vec<u8>, String> {
    let damaged = || "its Blosc container is damaged".to_owned();
    let number = |place: usize| {
        let four = bytes.get(place..place.checked_add(4)?)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(four)).ok()
    };
    let (Some(&[2, _, flags, typesize]), Some(values), Some(block), Some(own)) =
        (bytes.first_chunk::<4>(), number(4), number(8), number(12))
    else {
        return Err(damaged());
    };
    if values != all
        || own != bytes.len()
        || usize::from(typesize) != size
        || block == 0
        || flags & SHUFFLED == 0
    {
        return Err(damaged());
    }
    if flags & AS_IS != 0 {
        return bytes.get(HEAD..).filter(|rest| rest.len() == all).map(<[u8]>::to_vec).ok_or_else(damaged);
    }
    if flags & UNSPLIT == 0 {
        return Err("its Blosc container has parts of blocks".to_owned());
    }
    let mut decoded = Vec::with_capacity(all);
    for index in 0..all.div_ceil(block) {
        let length = block.min(all - index * block);
        let place = number(HEAD + index * 4).ok_or_else(damaged)?;
        let packed = number(place).ok_or_else(damaged)?;
        let start = place + 4;
        let packed = start.checked_add(packed).and_then(|end| bytes.get(start..end)).ok_or_else(damaged)?;
        let mut planes = vec![0; length];
        let count = match flags >> CODEC {
            _ if packed.len() == length => {
                planes.copy_from_slice(packed);
                Some(length)
            }
            ZLIB => libdeflater::Decompressor::new().zlib_decompress(packed, &mut planes).ok(),
            ZSTD => zstd::bulk::decompress_to_buffer(packed, &mut planes).ok(),
            _ => None,
        };
        if count != Some(length) {
            return Err(damaged());
        }
        let elements = length / size;
        let byte = |element: usize| (0..size).map(move |byte| byte * elements + element);
        let whole = (0..elements).flat_map(byte).filter_map(|place| planes.get(place).copied());
        decoded.extend(whole);
        decoded.extend_from_slice(planes.get(elements * size..).unwrap_or_default());
    }
    Ok(decoded)
}
