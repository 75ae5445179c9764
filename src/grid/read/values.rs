//! Values as numbers: which stand for none, and how shuffled bytes become numbers for whatever vectors the processor has.

#![allow(
    clippy::needless_range_loop,
    reason = "loops over indices of arrays become vectors, iterators less so"
)]

use pulp::{Arch, Simd, WithSimd};

/// What is as large is no value of a model, whether the file says so or not: near the fill value of grids.
pub(super) const LARGEST: f64 = 1e19f32 as f64;

/// Makes NaN of values that stand for none; says whether others are left.
pub(super) fn mask(values: &mut [f64], fill: Option<f64>) -> bool {
    let mut any = false;
    let fill = fill.unwrap_or(f64::NAN);
    for value in values {
        *value = if *value == fill || value.abs() >= LARGEST { f64::NAN } else { *value };
        any |= !value.is_nan();
    }
    any
}

/// Elements of a shuffled chunk, each byte in a plane of its own, as numbers; NaN for `fill` and for what is too large. Says
/// whether there is any value. Planes are as long as the target.
pub(super) fn unshuffled(planes: [&[u8]; 4], fill: Option<f64>, target: &mut [f64]) -> bool {
    // A fill value that is no float32 is equal to none.
    let fill = fill.map(|fill| fill as f32).filter(|&float| fill == Some(f64::from(float)));
    Arch::new().dispatch(Unshuffled { planes, fill: fill.unwrap_or(f32::NAN), target })
}

struct Unshuffled<'a> {
    planes: [&'a [u8]; 4],
    fill: f32,
    target: &'a mut [f64],
}

/// Elements that are put together at a time.
const BLOCK: usize = 64;

impl WithSimd for Unshuffled<'_> {
    type Output = bool;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> bool {
        let Unshuffled { planes, fill, target } = self;
        let mut any = 0;
        let [(a, a_rest), (b, b_rest), (c, c_rest), (d, d_rest)] = planes.map(|plane| plane.as_chunks());
        let (blocks, rest) = target.as_chunks_mut();
        for ((((target, a), b), c), d) in blocks.iter_mut().zip(a).zip(b).zip(c).zip(d) {
            any |= block([a, b, c, d], fill, target);
        }
        // What is left is done as if it were more: a loop of another length would not be made of vectors.
        let mut padded = [[0; BLOCK]; 4];
        for (bytes, plane) in padded.iter_mut().zip([a_rest, b_rest, c_rest, d_rest]) {
            for (byte, other) in bytes.iter_mut().zip(plane) {
                *byte = *other;
            }
        }
        let mut numbers = [0.0; BLOCK];
        block(padded.each_ref(), fill, &mut numbers);
        for (value, number) in rest.iter_mut().zip(numbers) {
            *value = number;
        }
        any != 0 || rest.iter().any(|value| !value.is_nan())
    }
}

#[inline(always)]
fn block([a, b, c, d]: [&[u8; BLOCK]; 4], fill: f32, target: &mut [f64; BLOCK]) -> u32 {
    let (most, mut any) = (LARGEST as f32, 0);
    let mut floats = [0f32; BLOCK];
    for index in 0..BLOCK {
        let low = u16::from(a[index]) | u16::from(b[index]) << 8;
        let high = u16::from(c[index]) | u16::from(d[index]) << 8;
        let value = f32::from_bits(u32::from(low) | u32::from(high) << 16);
        let there = (value.abs() < most) & (value != fill);
        any |= u32::from(there);
        floats[index] = if there { value } else { f32::NAN };
    }
    for index in 0..BLOCK {
        target[index] = f64::from(floats[index]);
    }
    any
}

#[cfg(test)]
mod tests;
