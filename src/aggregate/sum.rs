//! Sums that keep what rounding takes from ordinary ones.
//!
//! A [`DoubleDouble`] is an unevaluated sum of two `f64`, which together hold 106 bits. The algorithms are those of
//! Dekker (1971) and Knuth (two-sum), as in Joldes, Muller and Popescu, "Tight and rigorous error bounds for basic
//! building blocks of double-word arithmetic" (2017).
//!
//! ```
//! # use gridloom::aggregate::sum::DoubleDouble;
//! let mut sum = DoubleDouble::ZERO;
//! for value in [1e16, 1.0, 0.1, -1e16] {
//!     sum += value;
//! }
//! assert_eq!(sum.to_f64(), 1.1);
//! ```
//!
//! # Limits
//! One addition or multiplication errs by less than 2⁻¹⁰⁰ of the numbers that go into it. Products above 2⁹⁹⁶ or below
//! 2⁻⁹⁶⁹ have ordinary precision. Infinities and NaN go the way they go in ordinary sums.

use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

/// A number of 106 bits, the sum of two `f64`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct DoubleDouble {
    high: f64,
    low: f64,
}

impl DoubleDouble {
    /// Nothing.
    pub const ZERO: Self = DoubleDouble { high: 0.0, low: 0.0 };

    /// The two parts as [`DoubleDouble::parts`] gave them; any other two are taken as they are.
    pub fn from_parts(high: f64, low: f64) -> Self {
        DoubleDouble { high, low }
    }

    /// The number rounded to an `f64`, and what is left of it.
    pub fn parts(self) -> (f64, f64) {
        (self.high, self.low)
    }

    /// The nearest `f64`.
    pub fn to_f64(self) -> f64 {
        self.high
    }

    /// `a * b`, exactly.
    pub fn product(a: f64, b: f64) -> Self {
        let (high, low) = two_product(a, b);
        DoubleDouble { high, low }
    }

    /// Divided by a number of one part, which is cheaper than by one of two.
    #[inline(always)]
    pub(super) fn over(self, divisor: f64) -> Self {
        let quotient = self.high / divisor;
        let (product, error) = two_product(quotient, divisor);
        let correction = (((self.high - product) - error) + self.low) / divisor;
        join(quotient, if correction.is_finite() { correction } else { 0.0 })
    }

    /// Adds a number whose `low` is small against its `high`, as that of [`two_product`] is; cheaper than the addition of
    /// two sums, which have to keep their precision where they cancel each other.
    #[inline]
    pub(super) fn add_pair(&mut self, high: f64, low: f64) {
        let (sum, error) = two_sum(self.high, high);
        *self = join(sum, error + (self.low + low));
    }
}

/// The sum of a large and a small part.
#[inline(always)]
pub(super) fn join(high: f64, low: f64) -> DoubleDouble {
    if high.is_finite() {
        let sum = high + low;
        DoubleDouble { high: sum, low: low - (sum - high) }
    } else {
        // The error of an infinite sum is no number, but its value is.
        DoubleDouble { high, low: 0.0 }
    }
}

/// `a + b` rounded, and the error of that; exact.
#[inline(always)]
pub(super) fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let of_b = sum - a;
    (sum, (a - (sum - of_b)) + (b - of_b))
}

/// `a * b` rounded, and the error of that; exact.
#[inline]
pub(super) fn two_product(a: f64, b: f64) -> (f64, f64) {
    let product = a * b;
    let error = if cfg!(target_feature = "fma") {
        a.mul_add(b, -product)
    } else {
        // Without the instruction `mul_add` is a call into the C library, many times slower than this.
        let ((a1, a2), (b1, b2)) = (split(a), split(b));
        ((a1 * b1 - product) + a1 * b2 + a2 * b1) + a2 * b2
    };
    (product, if error.is_finite() { error } else { 0.0 })
}

/// Two numbers of 26 bits each, whose products are exact (Veltkamp).
#[inline]
fn split(a: f64) -> (f64, f64) {
    let scaled = a * 134_217_729.0;
    let high = scaled - (scaled - a);
    (high, a - high)
}

impl From<f64> for DoubleDouble {
    fn from(value: f64) -> Self {
        DoubleDouble { high: value, low: 0.0 }
    }
}

impl AddAssign<f64> for DoubleDouble {
    #[inline]
    fn add_assign(&mut self, value: f64) {
        self.add_pair(value, 0.0);
    }
}

impl Add for DoubleDouble {
    type Output = Self;

    #[inline]
    fn add(self, other: Self) -> Self {
        let (high, high_error) = two_sum(self.high, other.high);
        let (low, low_error) = two_sum(self.low, other.low);
        let sum = join(high, high_error + low);
        join(sum.high, sum.low + low_error)
    }
}

impl AddAssign for DoubleDouble {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Neg for DoubleDouble {
    type Output = Self;

    #[inline]
    fn neg(self) -> Self {
        DoubleDouble { high: -self.high, low: -self.low }
    }
}

impl Sub for DoubleDouble {
    type Output = Self;

    #[inline]
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for DoubleDouble {
    type Output = Self;

    #[inline]
    fn mul(self, other: Self) -> Self {
        let (product, error) = two_product(self.high, other.high);
        let crossed = self.high * other.low + self.low * other.high;
        join(product, if crossed.is_finite() { error + crossed } else { error })
    }
}

impl Div for DoubleDouble {
    type Output = Self;

    #[inline]
    fn div(self, other: Self) -> Self {
        let quotient = self.high / other.high;
        let rest = self - other * DoubleDouble::from(quotient);
        let correction = rest.high / other.high;
        join(quotient, if correction.is_finite() { correction } else { 0.0 })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A number in units of 2⁻¹²⁰, cut off there.
    fn exact(value: f64) -> i128 {
        let bits = value.to_bits();
        let exponent = (bits >> 52 & 0x7ff) as i32 - 1023 - 52 + 120;
        let mantissa = (bits & ((1 << 52) - 1) | 1 << 52) as i128;
        let size =
            if exponent < 0 { mantissa >> exponent.abs().min(100) } else { mantissa << exponent.min(74) };
        if value < 0.0 { -size } else { size }
    }

    fn exact_sum(sum: DoubleDouble) -> i128 {
        exact(sum.high) + exact(sum.low)
    }

    /// Numbers between 2⁻⁶⁰ and 2⁴, of any sign.
    fn value() -> impl Strategy<Value = f64> {
        (-1.0..1.0_f64, -59..4_i32)
            .prop_map(|(value, exponent)| (1.0 + value.abs()).copysign(value) * 2f64.powi(exponent - 1))
    }

    #[test]
    fn what_ordinary_sums_lose() {
        let mut sum = DoubleDouble::ZERO;
        for _ in 0..100 {
            sum += 0.1;
        }
        assert_eq!(exact_sum(sum), 100 * exact(0.1));
    }

    #[test]
    fn sums_that_cancel_keep_their_tails() {
        let (half, last) = (2f64.powi(-54), 2f64.powi(-106));
        let sum = DoubleDouble::from_parts(1.0, half + last) + DoubleDouble::from_parts(-1.0, half);
        assert_eq!(sum.parts(), (2.0 * half, last));
    }

    #[test]
    fn infinities_and_nan() {
        let sum = |values: &[f64]| {
            let mut sum = DoubleDouble::ZERO;
            values.iter().for_each(|&value| sum += value);
            (sum.to_f64(), (sum + DoubleDouble::from(1.0)).to_f64(), (sum * sum).to_f64())
        };
        let (most, inf) = (f64::MAX, f64::INFINITY);
        assert_eq!(sum(&[1.0, inf, 2.0]), (inf, inf, inf));
        assert_eq!(sum(&[-inf, 2.0]), (-inf, -inf, inf));
        assert_eq!(sum(&[most, most, -most]), (inf, inf, inf));
        assert!(sum(&[inf, -inf]).0.is_nan() && sum(&[f64::NAN, 1.0]).0.is_nan());
        let (high, low) = DoubleDouble::product(1e305, 1.1).parts();
        assert!(high == 1e305 * 1.1 && low.abs() < 1e290, "{low}");
        assert_eq!(DoubleDouble::product(1e300, 1e300).to_f64(), inf);
        let divided = |a: f64, b: f64| (DoubleDouble::from(a) / DoubleDouble::from(b)).to_f64();
        assert_eq!((divided(1.0, 0.0), divided(-1.0, inf), divided(inf, 2.0)), (inf, 0.0, inf));
        assert!(divided(0.0, 0.0).is_nan());
    }

    proptest! {
        #[test]
        fn sums_are_exact(values in prop::collection::vec(value(), 0..60), cut in 0..60_usize) {
            let all = |values: &[f64]| {
                values.iter().fold(DoubleDouble::ZERO, |mut sum, &value| {
                    sum += value;
                    sum
                })
            };
            let truth: i128 = values.iter().map(|&value| exact(value)).sum();
            let size: i128 = values.iter().map(|&value| exact(value).abs()).sum();
            let (left, right) = values.split_at(cut.min(values.len()));
            for sum in [all(&values), all(left) + all(right), all(right) - -all(left)] {
                // Units of 2⁻¹²⁰ are the last bits of what is at most 2⁴.
                prop_assert!((exact_sum(sum) - truth).abs() <= (size >> 96) + 64, "{sum:?}");
                prop_assert_eq!(sum.high, sum.high + sum.low);
            }
        }

        #[test]
        fn products_are_exact(a in -(1_i64 << 53)..1 << 53, b in -(1_i64 << 53)..1 << 53) {
            let (high, low) = DoubleDouble::product(a as f64, b as f64).parts();
            prop_assert_eq!(high as i128 + low as i128, i128::from(a) * i128::from(b));
        }

        #[test]
        fn products_and_quotients(
            a in -(1_i128 << 100)..1_i128 << 100,
            b in 1_i128 << 90..1_i128 << 100,
        ) {
            let number = |value: i128| {
                let mut sum = DoubleDouble::from((value >> 50) as f64 * 2f64.powi(50));
                sum += (value & ((1 << 50) - 1)) as f64;
                sum
            };
            let (a, b) = (number(a), number(b));
            let back = (a / b) * b - a;
            prop_assert!(back.to_f64().abs() <= a.to_f64().abs() * 2f64.powi(-100), "{back:?}");
            let back = a.over(b.to_f64()) * DoubleDouble::from(b.to_f64()) - a;
            prop_assert!(back.to_f64().abs() <= a.to_f64().abs() * 2f64.powi(-100), "{back:?}");
        }
    }
}
