//! Eight characters at once, in a register: the first one is the lowest byte.

const ZEROS: u64 = 0x3030_3030_3030_3030;
const HIGH: u64 = 0x8080_8080_8080_8080;
const ONES: u64 = 0x0101_0101_0101_0101;
pub(super) const BLANKS: u64 = 0x2020_2020_2020_2020;

/// Eight bytes from a place; zeros where there are none.
#[inline(always)]
pub(super) fn eight(bytes: &[u8], at: usize) -> u64 {
    match bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        Some(chunk) => u64::from_le_bytes(*chunk),
        None => rest(bytes, at) as u64,
    }
}

/// Sixteen bytes from a place; zeros where there are none.
#[inline(always)]
pub(super) fn sixteen(bytes: &[u8], at: usize) -> u128 {
    match bytes.get(at..).and_then(|rest| rest.first_chunk::<16>()) {
        Some(chunk) => u128::from_le_bytes(*chunk),
        None => rest(bytes, at),
    }
}

#[cold]
fn rest(bytes: &[u8], at: usize) -> u128 {
    let rest = bytes.get(at..).unwrap_or_default().iter().take(16);
    rest.rev().fold(0, |word, &byte| word << 8 | u128::from(byte))
}

/// The high bit of each byte that is no digit, of text from which [`ZEROS`] were taken by exclusive or. Exact up to the first byte that is
/// not ASCII.
#[inline(always)]
fn no_digits(text: u64) -> u64 {
    (text.wrapping_add(0x7676_7676_7676_7676) | text) & HIGH
}

/// The bytes before the first high bit.
#[inline(always)]
fn before(high: u64) -> u32 {
    high.trailing_zeros() / 8
}

/// Bytes below one.
#[inline(always)]
pub(super) fn below(byte: u32) -> u64 {
    1u64.checked_shl(8 * byte).map_or(u64::MAX, |bit| bit.wrapping_sub(1))
}

/// The number of eight digits 0 to 9, each a byte.
#[inline(always)]
fn number(digits: u64) -> u64 {
    const PAIRS: u64 = 0x0000_00ff_0000_00ff;
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let high = (pairs & PAIRS).wrapping_mul(0x000f_4240_0000_0064);
    let low = (pairs >> 16 & PAIRS).wrapping_mul(0x0000_2710_0000_0001);
    high.wrapping_add(low) >> 32
}

/// The number of the first digits of a text, as many as are said, of at least one.
#[inline(always)]
fn first(text: u64, digits: u32) -> u64 {
    number(text << (8 * (8 - digits)))
}

const TENS: [u64; 8] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];

/// Digits, with or without a point: a whole number, how many of its digits are behind the point, and where they end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Digits {
    pub(super) mantissa: u64,
    pub(super) decimals: u32,
    pub(super) has_point: bool,
    pub(super) end: usize,
}

/// Reads digits from a place; `None` where there are none, and where there are more than 14 or 15.
#[inline(always)]
pub(super) fn digits(bytes: &[u8], at: usize, point: u8) -> Option<Digits> {
    let text = eight(bytes, at) ^ ZEROS;
    let others = no_digits(text);
    let whole = before(others);
    if others == 0 {
        // Eight digits and more.
        let more = eight(bytes, at + 8) ^ ZEROS;
        let end = no_digits(more);
        let count = before(end);
        let tens = *TENS.get(count as usize)?;
        if bytes.get(at + 8 + count as usize) == Some(&point) {
            return None;
        }
        let behind = if count == 0 { 0 } else { first(more, count) };
        let end = at + 8 + count as usize;
        return Some(Digits { mantissa: number(text) * tens + behind, decimals: 0, has_point: false, end });
    }
    if (text ^ ZEROS) >> (8 * whole) & 0xff != u64::from(point) {
        return (whole > 0).then(|| Digits {
            mantissa: first(text, whole),
            decimals: 0,
            has_point: false,
            end: at + whole as usize,
        });
    }
    // The point is taken out.
    let joined = text & below(whole) | text >> 8 & !below(whole);
    let others = others & (others - 1);
    if others != 0 {
        let end = before(others);
        let mantissa = if end == 1 { return None } else { first(joined, end - 1) };
        return Some(Digits { mantissa, decimals: end - whole - 1, has_point: true, end: at + end as usize });
    }
    let more = eight(bytes, at + 8) ^ ZEROS;
    let count = before(no_digits(more));
    let tens = *TENS.get(count as usize)?;
    let behind = if count == 0 { 0 } else { first(more, count) };
    Some(Digits {
        mantissa: first(joined, 7) * tens + behind,
        decimals: 7 - whole + count,
        has_point: true,
        end: at + 8 + count as usize,
    })
}

/// For so many digits the largest number that they can stand behind, so that all stay below 10^19.
const MOST_BEFORE: [u64; 9] = {
    let mut most = [0; 9];
    let (mut count, mut by) = (0, 1u64);
    while count < 9 {
        most[count] = (10_000_000_000_000_000_000 - 1) / by - 1;
        (count, by) = (count + 1, by * 10);
    }
    most
};

/// Reads digits with a point and more of them than [`digits`] reads; `None` where there are more than 19 that count, more than 7 before the point
/// or more than 31 behind it, or no point.
#[inline(always)]
pub(super) fn many_digits(bytes: &[u8], at: usize, point: u8) -> Option<Digits> {
    let text = eight(bytes, at) ^ ZEROS;
    let whole = before(no_digits(text));
    if !(1..8).contains(&whole) || (text ^ ZEROS) >> (8 * whole) & 0xff != u64::from(point) {
        return None;
    }
    let mut mantissa = first(text, whole);
    let mut end = at + whole as usize + 1;
    let mut decimals = 0;
    for _ in 0..4 {
        let text = eight(bytes, end) ^ ZEROS;
        let count = before(no_digits(text));
        let (behind, by) = match count {
            0 => (0, 1),
            8 => (number(text), 100_000_000),
            count => (first(text, count), *TENS.get(count as usize)?),
        };
        if mantissa > *MOST_BEFORE.get(count as usize)? {
            return None;
        }
        mantissa = mantissa * by + behind;
        decimals += count;
        end += count as usize;
        if count < 8 {
            return (decimals > 0).then_some(Digits { mantissa, decimals, has_point: true, end });
        }
    }
    None
}

/// The bytes before the first that is a blank or a control character.
#[inline(always)]
pub(super) fn to_blank(bytes: &[u8], at: usize) -> usize {
    let mut end = at;
    loop {
        let text = eight(bytes, end);
        let blanks = text.wrapping_sub(0x2121_2121_2121_2121) & !text & HIGH;
        end += before(blanks) as usize;
        if blanks != 0 || end >= bytes.len() {
            return end.min(bytes.len());
        }
    }
}

/// The bytes before the first that is a separator or the end of a line.
#[inline(always)]
pub(super) fn to_separator(bytes: &[u8], at: usize, separator: u8) -> usize {
    let mut end = at;
    let zero = |text: u64| text.wrapping_sub(ONES) & !text & HIGH;
    loop {
        let text = eight(bytes, end);
        let found = zero(text ^ (ONES * u64::from(separator))) | zero(text ^ (ONES * u64::from(b'\n')));
        end += before(found) as usize;
        if found != 0 || end >= bytes.len() {
            return end.min(bytes.len());
        }
    }
}

/// The place of the first byte that is no blank.
#[inline(always)]
pub(super) fn skip_blanks(bytes: &[u8], at: usize) -> usize {
    let at = at + before(eight(bytes, at) ^ BLANKS) as usize;
    match bytes.get(at) {
        Some(b' ' | b'\t') => {
            let rest = bytes.get(at..).unwrap_or_default();
            at + rest.iter().take_while(|&&byte| byte == b' ' || byte == b'\t').count()
        }
        _ => at,
    }
}

/// A number of a column that ends with its eighth byte, behind blanks: its digits and whether it is negative. `None` where it is anything else than
/// blanks, a sign or none, digits, and a point before the last `decimals` of them.
#[inline(always)]
pub(super) fn column(text: u64, decimals: u32) -> Option<(u64, bool)> {
    let (text, is_right) = if decimals == 0 {
        (text, true)
    } else {
        let point = 7 - decimals;
        let joined = text & !below(point + 1) | (text & below(point)) << 8 | 0x20;
        (joined, text >> (8 * point) & 0xff == u64::from(b'.'))
    };
    let blanks = before(text ^ BLANKS | 1 << 63).min(7);
    let is_negative = text >> (8 * blanks) & 0xff == u64::from(b'-');
    // The sign becomes a blank.
    let text = text ^ (u64::from(is_negative) * u64::from(b'-' ^ b' ')) << (8 * blanks);
    let blanks = blanks + u32::from(is_negative);
    let digits = (text | 0x1010_1010_1010_1010) ^ ZEROS;
    let inner = !text & 0x1010_1010_1010_1010 & !below(blanks);
    let is_right = is_right && blanks <= 8 - decimals.max(1) && inner | no_digits(digits) == 0;
    is_right.then(|| (number(digits), is_negative))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn places_of_blanks_and_separators() {
        let line = b"ab      \t  cdefghijklmn\n";
        assert_eq!((skip_blanks(line, 2), skip_blanks(line, 0), to_blank(line, 11)), (11, 0, 23));
        assert_eq!((to_separator(line, 0, b'm'), to_separator(line, 0, b';')), (21, 23));
        assert_eq!((to_blank(b"abc", 1), to_separator(b"abc", 1, b';'), eight(b"abc", 1)), (3, 3, 0x6362));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn digits_are_those_of_the_text(whole in "[0-9]{0,16}", tail in "(\\.[0-9]{0,16})?", end in "[ ,\n;e-]") {
            let text = format!("{whole}{tail}{end}");
            let bare = format!("{whole}{tail}");
            if let Some(found) = digits(text.as_bytes(), 0, b'.') {
                let plain = bare.replace('.', "");
                prop_assert_eq!(found.mantissa, plain.parse::<u64>().expect("digits"), "{}", text);
                prop_assert_eq!(found.decimals as usize, tail.len().saturating_sub(1));
                prop_assert_eq!((found.end, found.has_point), (bare.len(), !tail.is_empty()));
            } else {
                prop_assert!(bare.len() > 15 || bare == "." || bare.is_empty() || whole.len() > 7, "{}", text);
            }
        }

        #[test]
        fn many_digits_are_those_of_the_text(whole in "0|[0-9]{1,8}", zeros in "0{0,9}", tail in "[0-9]{0,22}", end in "[ ,\n;e-]") {
            let text = format!("{whole}.{zeros}{tail}{end}");
            let bare = format!("{whole}{zeros}{tail}");
            let counted = bare.trim_start_matches('0').len();
            match many_digits(text.as_bytes(), 0, b'.') {
                Some(found) => {
                    prop_assert_eq!(Ok(found.mantissa), bare.parse::<u64>(), "{}", text);
                    prop_assert_eq!((found.decimals as usize, found.end), (zeros.len() + tail.len(), text.len() - 1));
                }
                // The largest of 19 digits may be left to others.
                None => prop_assert!(counted > 18 || whole.len() > 7 || zeros.len() + tail.len() == 0, "{}", text),
            }
        }

        #[test]
        fn a_column_is_a_number_or_none(text in "[ 0-9.-]{8}", decimals in 0u32..7) {
            let trimmed = text.trim_start();
            let point = trimmed.len().checked_sub(decimals as usize + 1);
            let is_form = match decimals {
                0 => !trimmed.contains('.'),
                _ => point.is_some_and(|point| trimmed.as_bytes()[point] == b'.') && trimmed.matches('.').count() == 1,
            };
            let digits = trimmed.strip_prefix('-').unwrap_or(trimmed).replace('.', "");
            let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) && trimmed != "-.";
            let wanted = (is_form && is_number).then(|| (digits.parse::<u64>().expect("digits"), trimmed.starts_with('-')));
            prop_assert_eq!(column(eight(text.as_bytes(), 0), decimals), wanted, "{:?} {}", text, decimals);
        }

        #[test]
        fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..40), at in 0usize..40, point: u8, decimals in 0u32..8) {
            let _ = (digits(&bytes, at, point), to_blank(&bytes, at), skip_blanks(&bytes, at), sixteen(&bytes, at));
            let _ = (to_separator(&bytes, at, point), column(eight(&bytes, at), decimals), many_digits(&bytes, at, point));
        }
    }
}
