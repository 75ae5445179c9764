//! Sums without any rounding until the end, so that their order does not matter.
//!
//! A sum is kept as an *expansion*: numbers of eight bytes that do not overlap, whose sum it is. Adding to one loses nothing (J. R. Shewchuk,
//! "Adaptive precision floating-point arithmetic and fast robust geometric predicates", 1997); it is rounded once, when it is asked for.
//!
//! # Limits
//! Infinities and sums beyond the range of eight bytes become what an ordinary sum would.

/// An exact sum. Most have one part or two.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ExactSum {
    /// From the smallest to the largest, none of which is 0.
    parts: Vec<f64>,
}

impl ExactSum {
    /// Adds a number.
    pub fn add(&mut self, value: f64) {
        let mut carry = value;
        let mut kept = 0;
        for index in 0..self.parts.len() {
            let Some(&part) = self.parts.get(index) else { break };
            let (sum, error) = two_sum(carry, part);
            if error != 0.0 {
                if let Some(slot) = self.parts.get_mut(kept) {
                    *slot = error;
                }
                kept += 1;
            }
            carry = sum;
        }
        self.parts.truncate(kept);
        if carry != 0.0 || !carry.is_finite() {
            self.parts.push(carry);
        }
    }

    /// The parts, from the smallest to the largest. Adding them all gives the same sum.
    pub fn parts(&self) -> &[f64] {
        &self.parts
    }

    /// Makes it nothing.
    pub fn clear(&mut self) {
        self.parts.clear();
    }

    /// The nearest number of eight bytes; of two that are as near, the even one.
    pub fn to_f64(&self) -> f64 {
        to_f64(&self.parts)
    }

    /// The nearest number of four bytes.
    pub fn to_f32(&self) -> f32 {
        to_f32(&self.parts)
    }
}

/// A sum of few terms that two numbers hold exactly: most sums are so.
#[derive(Debug, Clone, Copy, Default)]
pub struct ShortSum {
    high: f64,
    low: f64,
    count: u32,
}

impl ShortSum {
    /// Adds a number, or where it is none, nothing. What two numbers do not hold any more is kept in `lost`.
    #[inline(always)]
    fn add(&mut self, value: f64, lost: &mut f64) {
        // No branch: which values are missing cannot be foreseen. Nought has no sign in a sum.
        let is_there = !value.is_nan();
        let value = if is_there { value } else { 0.0 };
        self.count += u32::from(is_there);
        let (high, error) = errors(self.high, value);
        let (low, left) = errors(self.low, error);
        (self.high, self.low) = (high, low);
        *lost += left.abs();
    }

    /// The sum of the numbers that are none as a number of eight bytes and what is left in four, and how many there are. The sum is `None` where it is not so.
    #[inline]
    pub fn of(values: impl Iterator<Item = f64>) -> (Option<(f64, f32)>, u32) {
        let (mut sum, mut lost) = (ShortSum::default(), 0.0);
        values.for_each(|value| sum.add(value, &mut lost));
        let (high, rest) = errors(sum.high, sum.low);
        let low = rest as f32;
        // Errors of what is not finite are none.
        let is_whole = lost == 0.0 && high.is_finite() && f64::from(low) == rest;
        (is_whole.then_some((high, low)), sum.count)
    }
}

/// The number of eight bytes that is nearest to the sum of parts, as [`ExactSum::parts`] gives them, with noughts where ever.
pub fn to_f64(parts: &[f64]) -> f64 {
    let (high, rest) = rounded(parts);
    // Half a unit and a little more, or less, is only seen in the parts below.
    match rest {
        Some((error, below)) if error != 0.0 && (error > 0.0) == (below > 0.0) && below != 0.0 => {
            let twice = error * 2.0;
            let up = high + twice;
            if up - high == twice { up } else { high }
        }
        _ => high,
    }
}

/// The number of four bytes that is nearest to the sum of parts.
pub fn to_f32(parts: &[f64]) -> f32 {
    let (high, rest) = rounded(parts);
    let Some((left, _)) = rest else { return high as f32 };
    // Rounding to odd first: what is left over only decides whether the number is exact, and in which direction it is not.
    if !high.is_finite() || high == 0.0 {
        return high as f32;
    }
    let bits = high.to_bits();
    // Between this number and the next towards or away from nought; the odd one of the two.
    let odd = if (left > 0.0) == (high > 0.0) { bits | 1 } else { (bits - 1) | 1 };
    f64::from_bits(odd) as f32
}

/// The number of four bytes that is nearest to what is left below a number of eight bytes and that number, as a store has them; NaN where they are none.
#[inline]
pub fn short_to_f32(bytes: [u8; 12]) -> f32 {
    let [a, b, c, d, high @ ..] = bytes;
    let (low, high) = (f32::from_le_bytes([a, b, c, d]), f64::from_le_bytes(high));
    match low == 0.0 {
        true => high as f32,
        false if low.is_nan() => f32::NAN,
        false => to_f32(&[f64::from(low), high]),
    }
}

/// The largest part of a sum as one number, and where it errs by something, that and a number with the sign of all that is left below.
fn rounded(parts: &[f64]) -> (f64, Option<(f64, f64)>) {
    let mut parts = parts.iter().rev().copied().filter(|&part| part != 0.0);
    let Some(mut high) = parts.next() else { return (0.0, None) };
    for part in parts.by_ref() {
        let (sum, error) = two_sum(high, part);
        high = sum;
        if error != 0.0 {
            return (high, Some((error, parts.next().unwrap_or(0.0))));
        }
    }
    (high, None)
}

impl Extend<f64> for ExactSum {
    fn extend<T: IntoIterator<Item = f64>>(&mut self, values: T) {
        values.into_iter().for_each(|value| self.add(value));
    }
}

fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let (sum, error) = errors(a, b);
    (sum, if sum.is_finite() { error } else { 0.0 })
}

/// The sum of two numbers as rounded, and by how much that errs; no number where the sum is not finite.
#[inline(always)]
fn errors(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let own = sum - a;
    (sum, (a - (sum - own)) + (b - own))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sum(values: &[f64]) -> ExactSum {
        let mut sum = ExactSum::default();
        sum.extend(values.iter().copied());
        sum
    }

    /// A number times 2^1100 as a whole number of any length, little endian in parts of 32 bits with a sign.
    fn exact(values: &[f64]) -> num::Big {
        values.iter().fold(num::Big::default(), |sum, &value| sum.plus(value))
    }

    /// Whole numbers that are long enough for all sums, in two's complement.
    mod num {
        #[derive(Clone, PartialEq, Debug)]
        pub struct Big([u64; 36]);

        impl Default for Big {
            fn default() -> Self {
                Big([0; 36])
            }
        }

        impl Big {
            pub fn plus(&self, value: f64) -> Self {
                let bits = value.to_bits();
                let exponent = (bits >> 52 & 0x7ff) as usize;
                let fraction = bits & ((1 << 52) - 1);
                let (mantissa, shift) =
                    if exponent == 0 { (fraction, 0) } else { (fraction | 1 << 52, exponent - 1) };
                let mut term = [0u64; 36];
                let wide = u128::from(mantissa) << (shift % 64);
                term[shift / 64] = wide as u64;
                term[shift / 64 + 1] = (wide >> 64) as u64;
                if value.is_sign_negative() {
                    let mut carry = true;
                    for part in &mut term {
                        let (next, over) = (!*part).overflowing_add(u64::from(carry));
                        (*part, carry) = (next, over);
                    }
                }
                let (mut sum, mut carry) = (self.0, false);
                for (part, term) in sum.iter_mut().zip(term) {
                    let (one, first) = part.overflowing_add(term);
                    let (two, second) = one.overflowing_add(u64::from(carry));
                    (*part, carry) = (two, first || second);
                }
                Big(sum)
            }

            /// Whether it is below, at or above 0.
            pub fn sign(&self) -> std::cmp::Ordering {
                if self.0[35] >> 63 == 1 {
                    std::cmp::Ordering::Less
                } else if self.0 == [0; 36] {
                    std::cmp::Ordering::Equal
                } else {
                    std::cmp::Ordering::Greater
                }
            }
        }
    }

    #[test]
    fn sums_beyond_numbers_are_left_to_others() {
        let of = |values: &[f64]| ShortSum::of(values.iter().copied());
        for values in [
            &[f64::INFINITY][..],
            &[1.0, f64::NEG_INFINITY],
            &[f64::MAX, f64::MAX],
            &[f64::INFINITY, f64::NEG_INFINITY, 1.0],
        ] {
            assert_eq!(of(values), (None, values.len() as u32), "{values:?}");
        }
        assert_eq!(
            of(&[1.0, f64::NAN, 2f64.powi(-30), 2f64.powi(-90)]),
            (Some((1.0 + 2f64.powi(-30), 2f32.powi(-90))), 3)
        );
        assert_eq!(of(&[1.0, 2f64.powi(-60), 2f64.powi(-180)]), (None, 3));
        assert_eq!((of(&[]), of(&[f64::NAN])), ((Some((0.0, 0.0)), 0), (Some((0.0, 0.0)), 0)));
    }

    fn numbers() -> impl Strategy<Value = Vec<f64>> {
        let number = (any::<i32>(), -60i32..60, any::<bool>()).prop_map(|(mantissa, exponent, wide)| {
            let value = f64::from(mantissa) * 2f64.powi(exponent);
            if wide { value * (1.0 + f64::EPSILON) } else { value }
        });
        prop::collection::vec(number, 0..40)
    }

    proptest! {
        /// No order of the terms changes a sum, and its parts are the sum exactly.
        #[test]
        fn order_does_not_matter(values in numbers(), turn in 0usize..40) {
            let one = sum(&values);
            prop_assert_eq!(exact(one.parts()), exact(&values));
            let mut other = values.clone();
            other.reverse();
            let turn = turn.min(other.len());
            other.rotate_left(turn);
            let other = sum(&other);
            prop_assert_eq!(one.to_f64().to_bits(), other.to_f64().to_bits());
            prop_assert_eq!(one.to_f32().to_bits(), other.to_f32().to_bits());
        }

        /// What two numbers hold is the sum; what they do not, they say.
        #[test]
        fn short_sums_are_sums(values in numbers()) {
            let mut with_gaps = values.clone();
            with_gaps.insert(values.len() / 2, f64::NAN);
            let (short, count) = ShortSum::of(with_gaps.into_iter());
            prop_assert_eq!(count as usize, values.len());
            if let Some((high, low)) = short {
                prop_assert_eq!(exact(&[high, f64::from(low)]), exact(&values));
                // The larger one is the nearest, and nought has no sign.
                prop_assert_eq!(high.to_bits(), (sum(&values).to_f64() + 0.0).to_bits());
            }
        }

        /// Rounding gives the nearest: neither neighbour is nearer, and of two that are as near it is the even one.
        #[test]
        fn rounding_is_to_the_nearest(values in numbers()) {
            let one = sum(&values);
            let near = |found: f64, below: f64, above: f64, is_even: bool| {
                // Twice the sum less both neighbours' middles.
                let twice = [values.as_slice(), values.as_slice()].concat();
                let low = exact(&[twice.as_slice(), &[-found, -below]].concat()).sign();
                let high = exact(&[twice.as_slice(), &[-found, -above]].concat()).sign();
                let reaches = |sign: std::cmp::Ordering, wrong| sign != wrong && (sign.is_ne() || is_even);
                reaches(low, std::cmp::Ordering::Less) && reaches(high, std::cmp::Ordering::Greater)
            };
            let double = one.to_f64();
            prop_assert!(near(double, double.next_down(), double.next_up(), double.to_bits() & 1 == 0), "{double}");
            let single = one.to_f32();
            let (below, above) = (f64::from(single.next_down()), f64::from(single.next_up()));
            prop_assert!(near(f64::from(single), below, above, single.to_bits() & 1 == 0), "{single}");
        }
    }
}
