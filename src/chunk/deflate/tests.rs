use std::io::Read;

use proptest::prelude::*;

use super::{Deflater, huffman};

/// Compresses, and decompresses with two decoders.
fn round_trip(deflater: &mut Deflater, bytes: &[u8], row: usize, plane: usize) -> usize {
    let mut output = vec![1; 3];
    deflater.zlib_compress(bytes, row, plane, &mut output);
    let mut back = vec![0; bytes.len()];
    let length = libdeflater::Decompressor::new().zlib_decompress(&output, &mut back);
    assert_eq!(length, Ok(bytes.len()), "row {row}, plane {plane}");
    assert!(back == bytes, "row {row}, plane {plane}");
    back.clear();
    flate2::read::ZlibDecoder::new(&output[..]).read_to_end(&mut back).unwrap();
    assert!(back == bytes, "row {row}, plane {plane}");
    output.len()
}

fn random(mut seed: u64, length: usize) -> Vec<u8> {
    let mut next = || {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 56) as u8
    };
    (0..length).map(|_| next()).collect()
}

/// A plane of days of cells: `live` of `row` cells change by up to `spread`, the others are constant.
fn sparse(seed: u64, length: usize, row: usize, live: usize, spread: u8) -> Vec<u8> {
    let mut bytes = random(seed, length);
    for (index, byte) in bytes.iter_mut().enumerate() {
        let cell = index % row.max(1);
        let is_live = cell.wrapping_mul(2_654_435_761) % row.max(1) < live;
        *byte = if is_live { 60u8.wrapping_add(*byte % spread.max(1)) } else { 0x7c };
    }
    bytes
}

#[test]
fn every_small_size_round_trips() {
    let mut deflater = Deflater::default();
    let noise = random(1, 600);
    let calm: Vec<u8> = noise.iter().map(|byte| byte >> 7).collect();
    for size in 0..=600 {
        for bytes in [&noise, &calm] {
            for (row, plane) in [(0, 0), (1, 7), (5, 100), (16, 160), (258, 1000), (usize::MAX, usize::MAX)] {
                round_trip(&mut deflater, &bytes[..size], row, plane);
            }
        }
    }
}

#[test]
fn a_constant_shrinks_to_next_to_nothing() {
    let bytes = vec![7; 10 << 20];
    let mut deflater = Deflater::default();
    for (row, plane) in [(256, 1 << 18), (1, 1), (1 << 15, usize::MAX)] {
        let plane = if plane == 1 { 1 << 20 } else { plane };
        let length = round_trip(&mut deflater, &bytes, row, plane);
        assert!(length < 20_000, "{length} bytes");
    }
}

#[test]
fn noise_hardly_grows() {
    let mut deflater = Deflater::default();
    for size in [1, 100, 65_535, 65_536, 1 << 20, (3 << 20) + 1] {
        let bytes = random(3, size);
        for (row, plane) in [(256, 1 << 18), (240, usize::MAX), (1, 100_000), (0, 1)] {
            let length = round_trip(&mut deflater, &bytes, row, plane);
            let planes = size.div_ceil(plane.max(4096));
            let bound = size + 6 + 6 * (size.div_ceil(65_535) + planes);
            assert!(length <= bound, "{size} bytes became {length}");
        }
    }
}

#[test]
fn the_same_bytes_give_the_same_output_whatever_came_before() {
    let bytes = sparse(5, 300_000, 256, 20, 200);
    let (mut used, mut fresh) = (Deflater::default(), Deflater::default());
    let (mut one, mut other) = (Vec::new(), Vec::new());
    used.zlib_compress(&random(9, 100_000), 16, 1000, &mut one);
    used.zlib_compress(&bytes, 256, 1 << 16, &mut one);
    fresh.zlib_compress(&bytes, 256, 1 << 16, &mut other);
    assert!(one == other);
}

#[test]
fn distances_beyond_the_window_are_not_used() {
    let mut deflater = Deflater::default();
    for row in [1 << 15, (1 << 15) + 1, 1 << 20] {
        let noise = random(4, row);
        round_trip(&mut deflater, &noise.repeat(3), row, 1 << 17);
    }
}

#[test]
fn codes_of_any_frequencies_are_complete_and_short_enough() {
    let mut fibonacci = vec![1u32, 1];
    while fibonacci.len() < 40 {
        fibonacci.push(fibonacci.iter().rev().take(2).sum());
    }
    let powers: Vec<u32> = (0..24).map(|power| 1 << power).collect();
    let many: Vec<u32> = (0..288).map(|symbol| if symbol < 24 { 1 << symbol } else { 1 }).collect();
    let few = [0, 0, 9, 0].to_vec();
    let cases =
        [(&fibonacci, 15), (&powers, 15), (&powers, 14), (&many, 14), (&many, 9), (&few, 7), (&fibonacci, 6)];
    for (frequencies, limit) in cases {
        let mut lengths = vec![0; frequencies.len()];
        huffman::lengths(frequencies, limit, &mut lengths);
        let used = || lengths.iter().filter(|&&length| length > 0);
        assert!(used().all(|&length| length <= limit));
        assert!(frequencies.iter().zip(&lengths).all(|(&count, &length)| count == 0 || length > 0));
        assert_eq!(used().map(|&length| 1u32 << (15 - length)).sum::<u32>(), 1 << 15);
    }
    let mut lengths = [0; 5];
    huffman::lengths(&[5, 1, 1, 2, 9], 15, &mut lengths);
    assert_eq!(lengths, [2, 4, 4, 3, 1]);
}

#[test]
fn pathological_bytes_round_trip() {
    // Bytes that occur as often as the Fibonacci numbers say would have codes of more than 20 bits.
    let (mut one, mut other) = (1usize, 1usize);
    let mut bytes = Vec::new();
    for byte in 0..24u8 {
        bytes.extend(std::iter::repeat_n(byte, one));
        (one, other) = (other, one + other);
    }
    // Spread, so that they stay literals.
    let spread: Vec<u8> = (0..bytes.len()).map(|index| bytes[index * 7919 % bytes.len()]).collect();
    for bytes in [&bytes, &spread] {
        round_trip(&mut Deflater::default(), bytes, 256, usize::MAX);
    }
}

proptest! {
    #[test]
    fn random_bytes_round_trip(
        bytes in prop::collection::vec(any::<u8>(), 0..3000), row in 0usize..400, plane in 0usize..4000,
    ) {
        round_trip(&mut Deflater::default(), &bytes, row, plane);
    }

    #[test]
    fn repetitive_bytes_round_trip(
        runs in prop::collection::vec((0u8..4, 1usize..400), 0..200), row in 0usize..400, plane in 0usize..9000,
    ) {
        let bytes: Vec<u8> =
            runs.into_iter().flat_map(|(byte, length)| std::iter::repeat_n(byte, length)).collect();
        round_trip(&mut Deflater::default(), &bytes, row, plane);
    }

    #[test]
    fn planes_round_trip(
        seed in any::<u64>(), row in 1usize..300, days in 1usize..300, live in 0usize..300, spread in any::<u8>(),
        shift in 0usize..3, plane in prop::option::of(1usize..100_000),
    ) {
        let bytes = sparse(seed, row * days + shift, row, live, spread);
        let plane = plane.unwrap_or(row * days / 2 + shift);
        round_trip(&mut Deflater::default(), &bytes, row + shift / 2, plane);
    }
}
