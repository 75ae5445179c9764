//! Decimal text as numbers: the nearest `f4`, the nearest `f8`, or a whole number, each found by itself and never through another type.
//!
//! A number is `[+-] digits [. digits] [exponent]` with at least one digit; an exponent is `e`, `E`, `d` or `D` and a whole number. Where
//! all digits are a whole number that the type holds, and the power of ten is one that it holds, a single multiplication or division is the
//! nearest value (Clinger 1990); where it is not, lines that are as most are divide by more bits ([`decimal`]); all else goes to fast-float2.

use super::decimal;

/// Longer numbers are refused: nothing writes them, and exponents beyond what a decoder counts can only be told for certain in shorter ones.
pub(super) const LONGEST: usize = 1_000;

/// Why a text is not a number of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::records) enum Bad {
    /// It is none at all.
    Form,
    /// It is beyond the type.
    Beyond,
    /// It is not whole.
    Fraction,
    /// It is too long.
    Long,
}

/// A number, or what stands for none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::records) enum Field<T> {
    Number(T),
    Missing,
}

/// The parts of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Scanned {
    is_negative: bool,
    /// All digits as a whole number, where there are at most 19 behind leading zeros.
    mantissa: Option<u64>,
    /// The power of ten of the last digit.
    power: i64,
    /// Whether all digits are 0.
    is_zero: bool,
}

/// Takes a number apart; `None` where it is none.
fn scan(text: &[u8], decimal: u8) -> Option<Scanned> {
    let (is_negative, mut rest) = match text.split_first()? {
        (b'-', rest) => (true, rest),
        (b'+', rest) => (false, rest),
        _ => (false, text),
    };
    let (mut mantissa, mut significant, mut digits, mut power) = (0u64, 0u32, 0u32, 0i64);
    let mut is_fraction = false;
    while let Some((&byte, behind)) = rest.split_first() {
        if byte.is_ascii_digit() {
            digits += 1;
            if significant > 0 || byte != b'0' {
                significant += 1;
            }
            if significant <= 19 {
                mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(byte - b'0'));
            }
            power -= i64::from(is_fraction);
        } else if byte == decimal && !is_fraction {
            is_fraction = true;
        } else {
            break;
        }
        rest = behind;
    }
    if digits == 0 {
        return None;
    }
    if let Some((b'e' | b'E' | b'd' | b'D', exponent)) = rest.split_first() {
        let (sign, exponent) = match exponent.split_first()? {
            (b'-', rest) => (-1, rest),
            (b'+', rest) => (1, rest),
            _ => (1, exponent),
        };
        if exponent.is_empty() || !exponent.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let value =
            exponent.iter().fold(0i64, |sum, digit| (sum * 10 + i64::from(digit - b'0')).min(1 << 40));
        power += sign * value;
    } else if !rest.is_empty() {
        return None;
    }
    let mantissa = (significant <= 19).then_some(mantissa);
    Some(Scanned { is_negative, mantissa, power, is_zero: significant == 0 })
}

/// A type of float.
pub(in crate::records) trait Float: Copy {
    /// The nearest value of a whole number times a power of ten, where one operation gives it.
    fn exact(mantissa: u64, power: i64) -> Option<Self>;
    /// The same for a whole number with so many decimals.
    fn quotient(mantissa: u64, decimals: u32) -> Option<Self>;
    /// The same for any whole number; `None` where these decimals are not divided here.
    fn divided(mantissa: u64, decimals: u32) -> Option<Self>;
    /// The nearest value of a number as fast-float2 reads it, and the bytes that it has.
    fn begin(text: &[u8]) -> Option<(Self, usize)>;
    fn negative(self) -> Self;
    fn is_finite(self) -> bool;
    const INFINITY: Self;
}

const POWERS_F8: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];
const POWERS_F4: [f32; 11] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10];

impl Float for f64 {
    #[inline]
    fn exact(mantissa: u64, power: i64) -> Option<f64> {
        if mantissa > 1 << 53 {
            return None;
        }
        let by = *POWERS_F8.get(usize::try_from(power.unsigned_abs()).ok()?)?;
        Some(if power < 0 { mantissa as f64 / by } else { mantissa as f64 * by })
    }

    #[inline(always)]
    fn quotient(mantissa: u64, decimals: u32) -> Option<f64> {
        let by = *POWERS_F8.get(decimals as usize)?;
        (mantissa <= 1 << 53).then(|| mantissa as f64 / by)
    }

    #[inline(always)]
    fn divided(mantissa: u64, decimals: u32) -> Option<f64> {
        decimal::nearest(&decimal::F8, mantissa, decimals as usize).map(f64::from_bits)
    }

    #[inline]
    fn begin(text: &[u8]) -> Option<(f64, usize)> {
        fast_float2::parse_partial(text).ok()
    }

    #[inline]
    fn negative(self) -> f64 {
        -self
    }

    #[inline]
    fn is_finite(self) -> bool {
        self.is_finite()
    }

    const INFINITY: f64 = f64::INFINITY;
}

impl Float for f32 {
    #[inline]
    fn exact(mantissa: u64, power: i64) -> Option<f32> {
        if mantissa > 1 << 24 {
            return None;
        }
        let by = *POWERS_F4.get(usize::try_from(power.unsigned_abs()).ok()?)?;
        Some(if power < 0 { mantissa as f32 / by } else { mantissa as f32 * by })
    }

    #[inline(always)]
    fn quotient(mantissa: u64, decimals: u32) -> Option<f32> {
        let by = *POWERS_F4.get(decimals as usize)?;
        (mantissa <= 1 << 24).then(|| mantissa as f32 / by)
    }

    #[inline(always)]
    fn divided(mantissa: u64, decimals: u32) -> Option<f32> {
        decimal::nearest(&decimal::F4, mantissa, decimals as usize).map(|bits| f32::from_bits(bits as u32))
    }

    #[inline]
    fn begin(text: &[u8]) -> Option<(f32, usize)> {
        fast_float2::parse_partial(text).ok()
    }

    #[inline]
    fn negative(self) -> f32 {
        -self
    }

    #[inline]
    fn is_finite(self) -> bool {
        self.is_finite()
    }

    const INFINITY: f32 = f32::INFINITY;
}

/// A whole field as a float.
pub(in crate::records) fn float<T: Float>(text: &[u8], decimal: u8) -> Result<Field<T>, Bad> {
    if text.len() > LONGEST {
        return Err(Bad::Long);
    }
    let Some(scanned) = scan(text, decimal) else {
        return word(text).ok_or(Bad::Form);
    };
    let signed = |value: T| if scanned.is_negative { value.negative() } else { value };
    if let Some(value) = scanned.mantissa.and_then(|mantissa| T::exact(mantissa, scanned.power)) {
        return Ok(Field::Number(signed(value)));
    }
    let mut plain = [0; LONGEST];
    let digits = text.strip_prefix(b"+").or(text.strip_prefix(b"-")).unwrap_or(text);
    for (place, &byte) in plain.iter_mut().zip(digits) {
        *place = match byte {
            byte if byte == decimal => b'.',
            b'd' | b'D' => b'e',
            byte => byte,
        };
    }
    let plain = plain.get(..digits.len()).unwrap_or_default();
    match T::begin(plain) {
        Some((value, length)) if length == plain.len() && value.is_finite() => {
            Ok(Field::Number(signed(value)))
        }
        Some((_, length)) if length == plain.len() => Err(Bad::Beyond),
        _ => Err(Bad::Form),
    }
}

/// A whole field as a whole number that is greater than the least `i64`, which stands for a missing one.
pub(in crate::records) fn whole(text: &[u8], decimal: u8) -> Result<Field<i64>, Bad> {
    if text.len() > LONGEST {
        return Err(Bad::Long);
    }
    let Some(scanned) = scan(text, decimal) else {
        return match word::<f64>(text) {
            Some(Field::Missing) => Ok(Field::Missing),
            Some(Field::Number(_)) => Err(Bad::Beyond),
            None => Err(Bad::Form),
        };
    };
    if scanned.is_zero {
        return Ok(Field::Number(0));
    }
    let Some(mut value) = scanned.mantissa else {
        return exact_whole(text, decimal, scanned.power);
    };
    let mut power = scanned.power;
    while power < 0 {
        if value % 10 != 0 {
            return Err(Bad::Fraction);
        }
        value /= 10;
        power += 1;
    }
    let times = u32::try_from(power).ok().and_then(|power| 10u64.checked_pow(power));
    let value = times.and_then(|times| value.checked_mul(times)).and_then(|value| i64::try_from(value).ok());
    let value = value.ok_or(Bad::Beyond)?;
    Ok(Field::Number(if scanned.is_negative { -value } else { value }))
}

/// A whole number of more than 19 digits, most of which have to be zeros at its end.
fn exact_whole(text: &[u8], decimal: u8, power: i64) -> Result<Field<i64>, Bad> {
    let end = text.iter().position(|byte| byte.is_ascii_alphabetic()).unwrap_or(text.len());
    let digits = text.get(..end).unwrap_or_default().iter().filter(|byte| byte.is_ascii_digit());
    let digits: Vec<u8> = digits.copied().skip_while(|&digit| digit == b'0').collect();
    let zeros = digits.iter().rev().take_while(|&&digit| digit == b'0').count();
    let kept = digits.len() - zeros;
    let power = power.saturating_add(zeros as i64);
    if power < 0 {
        return Err(Bad::Fraction);
    }
    let mut short = Vec::with_capacity(40);
    short.extend(text.first().filter(|&&sign| sign == b'-'));
    short.extend(digits.iter().take(kept.min(20)));
    if kept > 19 {
        return Err(Bad::Beyond);
    }
    short.extend(format!("e{power}").bytes());
    whole(&short, decimal)
}

/// What is no number and yet a value: missing, or infinite.
fn word<T: Float>(text: &[u8]) -> Option<Field<T>> {
    if text == b"NA" {
        return Some(Field::Missing);
    }
    let (is_negative, word) = match text.split_first()? {
        (b'-', rest) => (true, rest),
        (b'+', rest) => (false, rest),
        _ => (false, text),
    };
    if word.eq_ignore_ascii_case(b"nan") {
        return Some(Field::Missing);
    }
    let is_infinite = word.eq_ignore_ascii_case(b"inf") || word.eq_ignore_ascii_case(b"infinity");
    is_infinite.then(|| Field::Number(if is_negative { T::INFINITY.negative() } else { T::INFINITY }))
}

/// Whether a text is a number, or stands for one as `nan` and `inf` do.
pub(super) fn is_number(text: &[u8], decimal: u8) -> bool {
    scan(text, decimal).is_some() || word::<f64>(text).is_some()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn f8(text: &str) -> Result<Field<f64>, Bad> {
        float(text.as_bytes(), b'.')
    }

    #[test]
    fn forms_of_numbers() {
        for (text, value) in [
            ("+1.5", 1.5),
            (".5", 0.5),
            ("5.", 5.0),
            ("-.5e1", -5.0),
            ("1D-03", 1e-3),
            ("1d3", 1e3),
            ("1e-400", 0.0),
            ("inf", f64::INFINITY),
            ("-Infinity", f64::NEG_INFINITY),
            ("0.1234567890123456789012345", 0.123_456_789_012_345_68),
            (
                "179769313486231570814527423731704356798070567525844996598917476803157260780028538760589558632766878171540458953514382464234321326889464182768467546703537516986049910576551282076245490090389328944075868508455133942304583236903222948165808559332123347274797826204144723168738177180919299881250404026184124858368",
                f64::MAX,
            ),
        ] {
            assert_eq!(f8(text), Ok(Field::Number(value)), "{text}");
        }
        for missing in ["nan", "-nan", "NaN", "NAN", "NA"] {
            assert_eq!(
                (f8(missing), whole(missing.as_bytes(), b'.')),
                (Ok(Field::Missing), Ok(Field::Missing))
            );
        }
        for text in [
            "", "-", "+", ".", "e5", "1e", "1e+", "1.2.3", "1,5", "--1", "1-", "0x10", "1_0", "********",
            "1.#QNAN", "1.#INF", "-1.#IND", "na", "n", "infinit", "1e5.", "1.5-103", "\u{0661}", "1 2",
        ] {
            assert_eq!(f8(text), Err(Bad::Form), "{text}");
            assert_eq!(whole(text.as_bytes(), b'.'), Err(Bad::Form), "{text}");
        }
        assert_eq!(f8("1e309"), Err(Bad::Beyond));
        assert_eq!(float::<f32>(b"1e39", b'.'), Err(Bad::Beyond));
        assert_eq!(
            float::<f32>(b"3.4028235677973367e38", b'.'),
            Err(Bad::Beyond),
            "half a step above the largest"
        );
        assert_eq!(float::<f32>(b"3.4028235677973366e38", b'.'), Ok(Field::Number(f32::MAX)));
        assert_eq!(float::<f64>(b"-1,5", b','), Ok(Field::Number(-1.5)));
        assert_eq!(float::<f64>(b"1.5", b','), Err(Bad::Form));
        assert_eq!(float::<f64>(&[b'9'; 1_001], b'.'), Err(Bad::Long));
        assert!(matches!(float::<f64>(&[b'0'; 1_000], b'.'), Ok(Field::Number(zero)) if zero == 0.0));
    }

    #[test]
    fn whole_numbers() {
        let of = |text: &str| whole(text.as_bytes(), b'.');
        for (text, value) in [
            ("0", 0),
            ("-0", 0),
            ("007", 7),
            ("+12", 12),
            ("12.0", 12),
            ("1e3", 1_000),
            ("1500e-2", 15),
            ("-1.5e1", -15),
            ("9223372036854775807", i64::MAX),
            ("-9223372036854775807", -i64::MAX),
            ("0.00e999999999999999999999", 0),
            ("1000000000000000000000000e-20", 10_000),
            ("10.000000000000000000000000", 10),
            ("00000000000000000000000000012", 12),
        ] {
            assert_eq!(of(text), Ok(Field::Number(value)), "{text}");
        }
        for text in [
            "9223372036854775808",
            "-9223372036854775808",
            "1e19",
            "1e99999999999999",
            "inf",
            "123456789012345678901",
        ] {
            assert_eq!(of(text), Err(Bad::Beyond), "{text}");
        }
        for text in ["1.5", "1e-1", "12345678901234567890.5", "0.1"] {
            assert_eq!(of(text), Err(Bad::Fraction), "{text}");
        }
    }

    fn agree(text: &str) -> Result<(), TestCaseError> {
        let wanted: f64 = text.parse().expect("a number");
        match f8(text) {
            Ok(Field::Number(value)) => prop_assert_eq!(value.to_bits(), wanted.to_bits(), "{}", text),
            Err(Bad::Beyond) => prop_assert!(wanted.is_infinite(), "{}", text),
            other => prop_assert!(false, "{}: {:?}", text, other),
        }
        let wanted: f32 = text.parse().expect("a number");
        match float::<f32>(text.as_bytes(), b'.') {
            Ok(Field::Number(value)) => prop_assert_eq!(value.to_bits(), wanted.to_bits(), "{}", text),
            Err(Bad::Beyond) => prop_assert!(wanted.is_infinite(), "{}", text),
            other => prop_assert!(false, "{}: {:?}", text, other),
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn floats_are_the_nearest(text in "[+-]?([0-9]{1,25}|[0-9]{0,12}\\.[0-9]{1,12}|[0-9]{1,9}\\.)(e[+-]?[0-9]{1,3})?") {
            agree(&text)?;
        }

        #[test]
        fn floats_beside_half_way_are_the_nearest(bits: u32, tail in "[0-9]{0,3}", cut in 1usize..60) {
            // Half way between two floats of four bytes, of eight bytes where the exponent is that far, with digits cut off or added.
            let low = f32::from_bits(bits & 0x7f7f_ffff);
            let high = f32::from_bits(low.to_bits() + 1);
            let middle = (f64::from(low) + f64::from(high)) / 2.0;
            if high.is_finite() {
                let text = format!("{middle:.60}");
                let cut = text.len().saturating_sub(cut).max(1);
                agree(&text)?;
                agree(&format!("{}{tail}", &text[..cut]))?;
                agree(&format!("{middle:e}"))?;
            }
        }

        #[test]
        fn whole_numbers_come_back(value: i64, zeros in 0usize..25) {
            if value != i64::MIN {
                for text in [format!("{value}"), format!("{value}.{:0<zeros$}", ""), format!("{value}{:0<zeros$}e-{zeros}", "")] {
                    prop_assert_eq!(whole(text.as_bytes(), b'.'), Ok(Field::Number(value)), "{}", text);
                }
            }
        }

        #[test]
        fn any_bytes(text: Vec<u8>, decimal: u8) {
            let _ = (float::<f32>(&text, decimal), float::<f64>(&text, decimal), whole(&text, decimal));
        }
    }
}
