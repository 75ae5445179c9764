//! Bits that the decimals of a text never had.
//!
//! `3.142` as a number of four bytes is 3.1419999599…: digits that nobody wrote, and bits that no codec can press. Of each column the number of
//! decimals is known by which all of its values are told; a value then keeps as many bits as it takes to print these decimals.

/// More decimals than these are not looked for: a value of eight bytes has 15 digits.
const MOST: u32 = 12;

/// Values of either size.
pub trait Float: Copy {
    /// As a number of eight bytes.
    fn wide(self) -> f64;
    /// The nearest of its own size.
    fn narrow(value: f64) -> Self;
    /// Whether two are the same number.
    fn is(self, other: Self) -> bool;
}

impl Float for f32 {
    fn wide(self) -> f64 {
        self.into()
    }

    fn narrow(value: f64) -> Self {
        value as f32
    }

    fn is(self, other: Self) -> bool {
        self == other
    }
}

impl Float for f64 {
    fn wide(self) -> f64 {
        self
    }

    fn narrow(value: f64) -> Self {
        value
    }

    fn is(self, other: Self) -> bool {
        self == other
    }
}

/// The fewest decimals by which each of some values, and those that `before` was found for, is told: it is the nearest number to a decimal of so
/// many digits behind the point. `None` where these would be too many.
pub fn needed<T: Float>(values: &[T], before: u32) -> Option<u32> {
    let mut decimals = before;
    let mut scale = power(decimals);
    for &value in values {
        if !value.wide().is_finite() {
            continue;
        }
        while !T::narrow((value.wide() * scale).round() / scale).is(value) {
            if decimals == MOST {
                return None;
            }
            decimals += 1;
            scale = power(decimals);
        }
    }
    Some(decimals)
}

fn power(decimals: u32) -> f64 {
    (0..decimals).fold(1.0, |power, _| power * 10.0)
}

/// A power of two that is at most a bit less than half of the last decimal: what rounding to multiples of twice of it errs by.
fn half(decimals: u32) -> i32 {
    let most = 0.49 / power(decimals);
    let mut exponent = -(4 * decimals as i32 + 2);
    while 2f64.powi(exponent + 1) <= most {
        exponent += 1;
    }
    exponent
}

/// Drops the bits of values that so many decimals do not need. Each still prints the same decimals.
pub fn trim(bytes: &mut [u8], size: usize, decimals: u32) {
    let (unit, scale) = (2f64.powi(half(decimals) + 1), power(decimals));
    match size {
        4 => {
            let (values, _) = bytes.as_chunks_mut::<4>();
            values
                .iter_mut()
                .for_each(|bytes| *bytes = rounded(f32::from_le_bytes(*bytes), unit, scale).to_le_bytes());
        }
        _ => {
            let (values, _) = bytes.as_chunks_mut::<8>();
            values
                .iter_mut()
                .for_each(|bytes| *bytes = rounded(f64::from_le_bytes(*bytes), unit, scale).to_le_bytes());
        }
    }
}

/// The multiple of a power of two that is nearest to a value's decimals. A value that has no bits to drop stays as it is.
fn rounded<T: Float>(value: T, unit: f64, scale: f64) -> T {
    let decimal = (value.wide() * scale).round() / scale;
    let counted = decimal / unit;
    if counted.is_nan() || counted.abs() >= 2f64.powi(52) {
        return value;
    }
    // Of what is nearly nought, nought keeps the sign.
    let kept = counted.round_ties_even() * unit;
    let narrow = T::narrow(kept);
    if narrow.wide() == kept { narrow } else { value }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number() -> impl Strategy<Value = (i64, u32)> {
        (-99_999_999i64..99_999_999, 0u32..7)
    }

    fn text((digits, decimals): (i64, u32)) -> String {
        let whole = format!("{:0width$}", digits.abs(), width = decimals as usize + 1);
        let (whole, fraction) = whole.split_at(whole.len() - decimals as usize);
        let sign = if digits < 0 { "-" } else { "" };
        if decimals == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
    }

    proptest! {
        /// Whatever decimals a text has: no more are found, and its number prints them still when its bits are dropped.
        #[test]
        fn dropped_bits_are_none_of_the_text(numbers in prop::collection::vec(number(), 1..20)) {
            let texts: Vec<String> = numbers.iter().copied().map(text).collect();
            let most = numbers.iter().map(|number| number.1).max().unwrap_or(0);
            let single: Vec<f32> = texts.iter().map(|text| text.parse().expect("a number")).collect();
            let double: Vec<f64> = texts.iter().map(|text| text.parse().expect("a number")).collect();
            let found = [needed(&single, 0), needed(&double, 0)];
            for decimals in found.into_iter().map(|found| found.expect("few decimals")) {
                prop_assert!(decimals <= most);
            }
            let mut bytes: Vec<u8> = single.iter().flat_map(|value| value.to_le_bytes()).collect();
            trim(&mut bytes, 4, most);
            for (bytes, value) in bytes.chunks_exact(4).zip(&single) {
                let kept = f32::from_le_bytes(bytes.try_into().expect("four bytes"));
                let prints = |value: f32| format!("{value:.*}", most as usize);
                prop_assert_eq!(prints(kept), prints(*value));
            }
            let mut bytes: Vec<u8> = double.iter().flat_map(|value| value.to_le_bytes()).collect();
            trim(&mut bytes, 8, most);
            for ((bytes, value), text) in bytes.chunks_exact(8).zip(&double).zip(&texts) {
                let kept = f64::from_le_bytes(bytes.try_into().expect("eight bytes"));
                let prints = |value: f64| format!("{value:.*}", most as usize);
                prop_assert_eq!(prints(kept), prints(*value), "{}", text);
                let zeros = kept.to_bits().trailing_zeros();
                let needs = value.abs().max(1e-9).log2() + f64::from(most) * 10f64.log2() + 3.0;
                prop_assert!(kept == 0.0 || f64::from(zeros) >= 52.0 - needs, "{} keeps {} bits", text, 64 - zeros);
            }
        }
    }

    #[test]
    fn what_has_no_decimals_keeps_all_bits() {
        assert_eq!(needed(&[std::f64::consts::PI], 0), None);
        assert_eq!(needed(&[1.5f32, f32::NAN, 2.25], 0), Some(2));
        let mut bytes = [f32::NAN.to_le_bytes(), 1e20f32.to_le_bytes()].concat();
        let before = bytes.clone();
        trim(&mut bytes, 4, 3);
        assert_eq!(bytes, before);
    }
}
