//! LZ4 frames of every make, and frames that lie.

use gridloom::dump::{Container, DumpError, Limits, container};
use proptest::prelude::*;

use super::pack::{Frame, xxh32};

fn decode(bytes: &[u8]) -> Result<Vec<u8>, DumpError> {
    let mut decoded = Vec::new();
    container::decompress(bytes, &mut decoded, &Limits::default())?;
    Ok(decoded)
}

fn refused(bytes: &[u8], reason: &str) {
    match decode(bytes) {
        Err(DumpError::Container { container: Container::Lz4, reason: found }) => {
            assert!(found.contains(reason), "{found}, not {reason}");
        }
        other => panic!("{other:?} instead of {reason}"),
    }
}

fn frames() -> impl Iterator<Item = Frame> {
    (4..8).flat_map(|block_code| {
        (0..16u8).map(move |bits| Frame {
            linked: bits & 1 != 0,
            block_checksums: bits & 2 != 0,
            content_checksum: bits & 4 != 0,
            content_size: bits & 8 != 0,
            block_code,
        })
    })
}

/// Bytes with a memory: repeats from far back, so that linked blocks refer to each other.
fn content(length: usize) -> Vec<u8> {
    let mut state = 1u32;
    let mut bytes: Vec<u8> = Vec::with_capacity(length);
    while bytes.len() < length {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let back = 1 + (state >> 8) as usize % 65_535;
        if state >> 31 == 1 && back + 64 < bytes.len() {
            let start = bytes.len() - back;
            bytes.extend_from_within(start..(start + 64).min(start + back));
        } else {
            bytes.extend(state.to_le_bytes());
        }
    }
    bytes.truncate(length);
    bytes
}

#[test]
fn frames_of_every_make_are_read() {
    for frame in frames() {
        for length in [0, 1, 13, 65_535, 65_536, 65_537, 300_000] {
            let content = content(length);
            assert_eq!(
                decode(&frame.write(&content)).expect("a frame"),
                content,
                "{frame:?}, {length} bytes"
            );
        }
    }
}

#[test]
fn joblib_and_lz4_flex_write_the_same_format() {
    use lz4_flex::frame::{BlockMode, BlockSize, FrameEncoder, FrameInfo};
    use std::io::Write;
    let content = content(400_000);
    for mode in [BlockMode::Linked, BlockMode::Independent] {
        let info = FrameInfo::new().block_mode(mode).block_size(BlockSize::Max64KB).content_checksum(true);
        let mut encoder = FrameEncoder::with_frame_info(info, Vec::new());
        // Short blocks are allowed anywhere.
        for piece in content.chunks(37_001) {
            encoder.write_all(piece).expect("writes");
            encoder.flush().expect("flushes");
        }
        assert_eq!(decode(&encoder.finish().expect("finishes")).expect("a frame"), content);
    }
}

#[test]
fn wrong_checksums_are_told_apart() {
    let content = content(1000);
    let good = Frame::CHECKED.write(&content);
    let damage = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        bytes
    };
    refused(&damage(14), "the checksum of the header is wrong");
    refused(&damage(6), "the checksum of the header is wrong");
    refused(&damage(20), "the checksum of a block is wrong");
    let end = good.len();
    refused(&damage(end - 1), "the checksum of the content is wrong");
    refused(&damage(end - 9), "the checksum of a block is wrong");
}

#[test]
fn sizes_that_lie_are_refused() {
    let content = content(1000);
    for claimed in [0, 999, 1001, u64::MAX] {
        let mut bytes = Frame::CHECKED.header(claimed);
        bytes.extend(Frame::CHECKED.block(&content, &[]));
        bytes.extend(Frame::CHECKED.end(&content));
        refused(&bytes, "the size differs");
    }
    let frame = Frame { content_size: false, content_checksum: false, ..Frame::CHECKED };
    let blocks = |blocks: &[Vec<u8>]| [frame.header(0), blocks.concat(), frame.end(&[])].concat();
    refused(&blocks(&[frame.raw_block(0x7fff_ffff, &content)]), "cut short");
    refused(&blocks(&[frame.raw_block(0x8000_0000 | 1001, &content)]), "");
    // A block that decodes to more than the frame's size of blocks, stored and compressed.
    let large = vec![7; (64 << 10) + 1];
    refused(&blocks(&[frame.raw_block(1 << 31 | large.len() as u32, &large)]), "too large");
    let large = lz4_flex::block::compress(&large);
    refused(&blocks(&[frame.raw_block(large.len() as u32, &large)]), "");
}

#[test]
fn references_to_before_the_frame_are_refused() {
    let frame =
        Frame { content_size: false, content_checksum: false, block_checksums: false, ..Frame::CHECKED };
    let linked = Frame { linked: true, ..frame };
    // A literal, then a match of four bytes from two bytes back, which is one before the block.
    let reaching = [0x10, b'a', 2, 0, 0x50, b'b', b'b', b'b', b'b', b'b'];
    let block = frame.raw_block(reaching.len() as u32, &reaching);
    let first = frame.block(b"first", &[]);
    let end = frame.end(&[]);
    refused(&[frame.header(0), block.clone(), end.clone()].concat(), "");
    refused(&[frame.header(0), first.clone(), block.clone(), end.clone()].concat(), "");
    refused(&[linked.header(0), block.clone(), end.clone()].concat(), "");
    let two = [linked.header(0), first, block.clone(), end.clone()].concat();
    assert_eq!(decode(&two).expect("linked blocks"), b"firstatatabbbbb"[..].to_vec());
    // Not into the frame before, either.
    refused(&[Frame::JOBLIB.write(b"first"), linked.header(0), block, end].concat(), "");
}

#[test]
fn heads_of_other_makes_are_refused() {
    let with_flags = |flags: u8, descriptor: u8, more: &[u8]| {
        let described = [&[flags, descriptor], more].concat();
        let checksum = (xxh32(&described) >> 8) as u8;
        [&0x184d_2204u32.to_le_bytes()[..], &described, &[checksum], &[0; 4]].concat()
    };
    assert!(decode(&with_flags(0x60, 0x40, &[])).expect("an empty frame").is_empty());
    refused(&with_flags(0x20, 0x40, &[]), "version");
    refused(&with_flags(0x60, 0x30, &[]), "block size");
    refused(&with_flags(0x61, 0x40, &[1, 2, 3, 4]), "dictionary");
    let content = Frame::JOBLIB.write(b"content");
    let skippable = [&0x184d_2a53u32.to_le_bytes()[..], &3u32.to_le_bytes(), b"any"].concat();
    assert_eq!(
        decode(&[&content[..], &skippable, &content].concat()).expect("two frames"),
        b"contentcontent"
    );
    refused(&[&content[..], &skippable[..9]].concat(), "cut short");
    refused(&[&content[..], b"junk"].concat(), "left over");
}

#[test]
fn the_limit_holds_at_every_size() {
    let content = content(200_000);
    for frame in [Frame::JOBLIB, Frame::CHECKED, Frame { block_code: 7, ..Frame::JOBLIB }] {
        let bytes = frame.write(&content);
        for limit in [0, 1, 65_535, 65_536, 65_537, 131_072, 199_999, 200_000, 200_001] {
            let limits = Limits { decoded_bytes: limit, ..Limits::default() };
            let result = container::decompress(&bytes, &mut Vec::new(), &limits);
            match result {
                Ok(_) => assert!(limit >= content.len()),
                Err(DumpError::TooLarge { .. }) => assert!(limit < content.len(), "{limit}"),
                Err(other) => panic!("{frame:?} with limit {limit}: {other}"),
            }
        }
    }
}

proptest! {
    #[test]
    fn any_content_survives_any_frame(content: Vec<u8>, repeats in 1usize..200, bits in 0usize..64) {
        let content = content.repeat(repeats);
        let frame = frames().nth(bits).expect("a frame");
        prop_assert_eq!(decode(&frame.write(&content)).expect("a frame"), content);
    }
}
