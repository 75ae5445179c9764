//! The nearest float of a whole number with decimals, where one division does not give it: by 128 bits of the power of ten (D. Lemire, "Number
//! parsing at a gigabyte per second", 2021). Whole numbers below 2^64 with up to 27 decimals never need more bits than these.

/// Decimals that are read here at the most: 5^27 is the last power of five below 2^63.
pub(super) const MOST: usize = 27;

/// For each number of decimals the first 128 bits of what 1 is divided by so many fives, rounded up: the upper half and the lower.
const FIVES: [(u64, u64); MOST + 1] = {
    let mut fives = [(0, 0); MOST + 1];
    let (mut decimals, mut by) = (1, 5u64);
    while decimals <= MOST {
        // Division bit by bit, from the first bit that is not 0.
        let (mut quotient, mut rest) = (0u128, 1u128);
        while quotient >> 127 == 0 {
            rest <<= 1;
            quotient <<= 1;
            if rest >= by as u128 {
                rest -= by as u128;
                quotient |= 1;
            }
        }
        quotient += 1;
        fives[decimals] = ((quotient >> 64) as u64, quotient as u64);
        (decimals, by) = (decimals + 1, by * if decimals < MOST { 5 } else { 1 });
    }
    fives
};

/// What an IEEE float has.
pub(super) struct Form {
    /// Bits of its fraction.
    pub fraction: u32,
    /// What its exponent is counted from.
    pub bias: i32,
    /// Decimals with which a whole number can be half way between two floats, at the most.
    pub ties: usize,
}

pub(super) const F8: Form = Form { fraction: 52, bias: 1023, ties: 4 };
pub(super) const F4: Form = Form { fraction: 23, bias: 127, ties: 17 };

/// The bits of the float that is nearest to a whole number with so many decimals, of 1 to [`MOST`]; `None` where these are others.
#[inline(always)]
pub(super) fn nearest(form: &Form, mantissa: u64, decimals: usize) -> Option<u64> {
    if mantissa == 0 {
        return Some(0);
    }
    let &(upper, lower) = FIVES.get(decimals).filter(|_| decimals > 0)?;
    let Form { fraction, bias, ties } = *form;
    let zeros = mantissa.leading_zeros();
    let wide = mantissa << zeros;
    let product = u128::from(wide) * u128::from(upper);
    let (mut high, mut low) = ((product >> 64) as u64, product as u64);
    // Bits below those that count are all set: what is left out may carry over.
    let below = u64::MAX >> (fraction + 3);
    if high & below == below {
        let more = ((u128::from(wide) * u128::from(lower)) >> 64) as u64;
        let (sum, carries) = low.overflowing_add(more);
        (low, high) = (sum, high + u64::from(carries));
    }
    let top = (high >> 63) as u32;
    let shift = top + 61 - fraction;
    let mut bits = high >> shift;
    // The power of two of a product whose first bit is set: that of 5^-decimals, of 2^-decimals, and of the shift.
    let power = (-(decimals as i32) * 217_706) >> 16;
    let mut exponent = power + 63 + top as i32 - zeros as i32 + bias;
    // Half way between two: to the even one.
    if low <= 1 && decimals <= ties && bits & 3 == 1 && bits << shift == high {
        bits &= !1;
    }
    bits = (bits + (bits & 1)) >> 1;
    if bits >> (fraction + 1) != 0 {
        bits = 1 << fraction;
        exponent += 1;
    }
    let is_plain = exponent > 0 && exponent < 2 * bias + 1;
    is_plain.then(|| (bits & !(1 << fraction)) | (exponent as u64) << fraction)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn f8(mantissa: u64, decimals: usize) -> Option<f64> {
        nearest(&F8, mantissa, decimals).map(f64::from_bits)
    }

    fn f4(mantissa: u64, decimals: usize) -> Option<f32> {
        nearest(&F4, mantissa, decimals).map(|bits| f32::from_bits(bits as u32))
    }

    fn compare(mantissa: u64, decimals: usize) {
        let text = format!("{mantissa}e-{decimals}");
        let (wide, short): (f64, f32) = (text.parse().expect("a number"), text.parse().expect("a number"));
        assert_eq!(f8(mantissa, decimals).map(f64::to_bits), Some(wide.to_bits()), "{text}");
        assert_eq!(f4(mantissa, decimals).map(f32::to_bits), Some(short.to_bits()), "{text}");
    }

    #[test]
    fn ends_and_others() {
        for decimals in 1..=MOST {
            for mantissa in [0, 1, 9, (1 << 24) + 1, (1 << 53) + 1, u64::MAX - 1, u64::MAX] {
                compare(mantissa, decimals);
            }
        }
        assert_eq!((f8(1, 0), f8(1, MOST + 1)), (None, None));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40_000))]

        #[test]
        fn any_number(mantissa: u64, bits in 0u32..64, decimals in 1..=MOST) {
            compare(mantissa >> bits, decimals);
        }

        /// Numbers half way between two floats of four bytes, and those beside them.
        #[test]
        fn half_way(fraction in 1u64 << 23..1 << 24, twos in 0u32..17, beside in -1i64..=1) {
            // (2 f + 1) / 2^k is a whole number with k decimals times 5^k.
            let odd = 2 * fraction + 1;
            let exact = 5u64.checked_pow(twos).and_then(|fives| odd.checked_mul(fives));
            if let Some(exact) = exact {
                compare(exact.saturating_add_signed(beside), twos.max(1) as usize);
            }
        }

        /// The same of eight bytes.
        #[test]
        fn half_way_of_eight(fraction in 1u64 << 52..1 << 53, twos in 1u32..5, beside in -1i64..=1) {
            let exact = 5u64.checked_pow(twos).and_then(|fives| (2 * fraction + 1).checked_mul(fives));
            if let Some(exact) = exact {
                compare(exact.saturating_add_signed(beside), twos as usize);
            }
        }
    }
}
