//! LZ4 frames, decoded block by block straight into one buffer.
//!
//! Follows the LZ4 frame format 1.6.4. A linked block refers to the 64 KiB before it, which already stand in the
//! output: decoding in place saves the copies that a streaming reader makes. Blocks are decoded by `lz4_flex`.

use std::hash::Hasher;

use twox_hash::XxHash32;

use super::error::DumpError;
use super::kind::Container;
use super::limits::Limits;

const FRAME: u32 = 0x184d_2204;
const SKIPPABLE: std::ops::RangeInclusive<u32> = 0x184d_2a50..=0x184d_2a5f;
/// How far back a block can refer.
const WINDOW: usize = 64 << 10;

/// Decodes all frames of a file and appends them to `decoded`.
pub(super) fn decompress(mut bytes: &[u8], decoded: &mut Vec<u8>, limits: &Limits) -> Result<(), DumpError> {
    while !bytes.is_empty() {
        let magic = take_u32(&mut bytes)?;
        if magic == FRAME {
            frame(&mut bytes, decoded, limits)?;
        } else if SKIPPABLE.contains(&magic) {
            let length = take_u32(&mut bytes)? as usize;
            take(&mut bytes, length)?;
        } else {
            return Err(damaged("bytes are left over after its end"));
        }
    }
    Ok(())
}

fn frame(bytes: &mut &[u8], decoded: &mut Vec<u8>, limits: &Limits) -> Result<(), DumpError> {
    let start = decoded.len();
    let header = Header::read(bytes)?;
    // Every block but the last is full, so counting them tells the size before anything is decoded.
    let bound = header.size_bound(bytes)?.min(limits.decoded_bytes.saturating_sub(start).saturating_add(1));
    decoded.resize(start + bound, 0);
    let mut end = start;
    let result = blocks(bytes, &header, decoded, start, &mut end, limits);
    decoded.truncate(end);
    result?;
    let content = decoded.get(start..).unwrap_or_default();
    if header.content_checksum && take_u32(bytes)? != xxh32(content) {
        return Err(damaged("the checksum of the content is wrong"));
    }
    if header.content_size.is_some_and(|size| size != content.len() as u64) {
        return Err(damaged("the size differs from what the header says"));
    }
    Ok(())
}

fn blocks(
    bytes: &mut &[u8],
    header: &Header,
    decoded: &mut [u8],
    start: usize,
    end: &mut usize,
    limits: &Limits,
) -> Result<(), DumpError> {
    loop {
        let (length, stored) = match take_u32(bytes)? {
            0 => return Ok(()),
            word => ((word & 0x7fff_ffff) as usize, word >> 31 == 1),
        };
        let block = take(bytes, length)?;
        if header.block_checksums && take_u32(bytes)? != xxh32(block) {
            return Err(damaged("the checksum of a block is wrong"));
        }
        let (before, after) = decoded.split_at_mut(*end);
        // One byte more than the limit is there to be written, so that passing the limit shows.
        let capped = before.len() + after.len() > limits.decoded_bytes;
        let room = after.len().min(header.block_size);
        let after = after.get_mut(..room).unwrap_or_default();
        let written = if stored {
            match after.get_mut(..length) {
                Some(target) => {
                    target.copy_from_slice(block);
                    Ok(length)
                }
                None => Err("a stored block is too large".to_owned()),
            }
        } else {
            let window = if header.linked { end.saturating_sub(WINDOW).max(start) } else { *end };
            let dictionary = before.get(window..).unwrap_or_default();
            lz4_flex::block::decompress_into_with_dict(block, after, dictionary)
                .map_err(|error| error.to_string())
        };
        match written {
            Ok(count) => *end += count,
            Err(_) if capped && room < header.block_size => {
                return Err(DumpError::TooLarge { limit: limits.decoded_bytes });
            }
            Err(reason) => return Err(damaged(&reason)),
        }
        if *end > limits.decoded_bytes {
            return Err(DumpError::TooLarge { limit: limits.decoded_bytes });
        }
    }
}

struct Header {
    linked: bool,
    block_checksums: bool,
    content_checksum: bool,
    content_size: Option<u64>,
    block_size: usize,
}

impl Header {
    fn read(bytes: &mut &[u8]) -> Result<Self, DumpError> {
        let all = *bytes;
        let [flags, descriptor] = take_array(bytes)?;
        if flags >> 6 != 1 {
            return Err(damaged("the version of the frame is unknown"));
        }
        let block_size = match (descriptor >> 4) & 7 {
            4 => 64 << 10,
            5 => 256 << 10,
            6 => 1 << 20,
            7 => 4 << 20,
            _ => return Err(damaged("the block size is invalid")),
        };
        let content_size =
            if flags & 0x08 != 0 { Some(u64::from_le_bytes(take_array(bytes)?)) } else { None };
        if flags & 0x01 != 0 {
            return Err(damaged("it needs a dictionary"));
        }
        let described = all.get(..all.len() - bytes.len()).unwrap_or_default();
        let [checksum] = take_array(bytes)?;
        if checksum != (xxh32(described) >> 8) as u8 {
            return Err(damaged("the checksum of the header is wrong"));
        }
        Ok(Header {
            linked: flags & 0x20 == 0,
            block_checksums: flags & 0x10 != 0,
            content_checksum: flags & 0x04 != 0,
            content_size,
            block_size,
        })
    }

    /// The most that the blocks ahead can decode to, by their number and their compressed sizes.
    fn size_bound(&self, mut bytes: &[u8]) -> Result<usize, DumpError> {
        let mut bound = 0usize;
        loop {
            let word = take_u32(&mut bytes)?;
            if word == 0 {
                return Ok(bound);
            }
            let length = (word & 0x7fff_ffff) as usize;
            take(&mut bytes, length + if self.block_checksums { 4 } else { 0 })?;
            // A byte of LZ4 stands for 255 at the most.
            bound = bound.saturating_add(self.block_size.min(length.saturating_mul(255)));
        }
    }
}

fn xxh32(bytes: &[u8]) -> u32 {
    let mut hasher = XxHash32::with_seed(0);
    hasher.write(bytes);
    hasher.finish_32()
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Result<&'a [u8], DumpError> {
    let (head, tail) = bytes.split_at_checked(count).ok_or_else(|| damaged("it is cut short"))?;
    *bytes = tail;
    Ok(head)
}

fn take_array<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], DumpError> {
    let (head, tail) = bytes.split_first_chunk().ok_or_else(|| damaged("it is cut short"))?;
    *bytes = tail;
    Ok(*head)
}

fn take_u32(bytes: &mut &[u8]) -> Result<u32, DumpError> {
    take_array(bytes).map(u32::from_le_bytes)
}

fn damaged(reason: &str) -> DumpError {
    DumpError::Container { container: Container::Lz4, reason: reason.to_owned() }
}
