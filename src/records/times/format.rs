//! Texts of times in a format of strftime.

use super::{Part, Parts, month_of_name};

/// Whether all of a format is understood: `%Y %m %d %H %M %S %j %y %b %B %F %T %%` and other characters, which stand for themselves.
pub(super) fn problem(format: &str) -> Option<String> {
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            continue;
        }
        match letters.next() {
            Some('Y' | 'm' | 'd' | 'H' | 'M' | 'S' | 'j' | 'y' | 'b' | 'B' | 'F' | 'T' | '%') => {}
            Some(other) => return Some(format!("`%{other}` is not understood")),
            None => return Some("it ends with a single `%`".to_owned()),
        }
    }
    None
}

/// Reads all of a text; `None` where it is not of the format.
pub(super) fn parse(format: &[u8], text: &[u8]) -> Option<Parts> {
    let mut parts = Parts::default();
    let rest = run(format, text, &mut parts)?;
    rest.is_empty().then_some(parts)
}

fn run<'a>(mut format: &[u8], mut text: &'a [u8], parts: &mut Parts) -> Option<&'a [u8]> {
    while let Some((&letter, behind)) = format.split_first() {
        if letter != b'%' {
            text = text.strip_prefix(&[letter])?;
            format = behind;
            continue;
        }
        let (&word, behind) = behind.split_first()?;
        format = behind;
        // Digits that follow at once belong to the next part.
        let is_closed =
            !matches!(behind, [b'%', next, ..] if *next != b'%' && !next.eq_ignore_ascii_case(&b'b'));
        text = match word {
            b'Y' => {
                let (sign, digits) = match text.split_first() {
                    Some((b'-', rest)) => (-1, rest),
                    _ => (1, text),
                };
                let (year, rest) = number(digits, if is_closed { 5 } else { 4 })?;
                parts.set(Part::Year, sign * year);
                rest
            }
            b'y' => {
                let (year, rest) = number(text, 2)?;
                parts.set(Part::Year, if year < 69 { 2_000 + year } else { 1_900 + year });
                rest
            }
            b'm' => set(parts, Part::Month, text, 2)?,
            b'd' => set(parts, Part::Day, text, 2)?,
            b'H' => set(parts, Part::Hour, text, 2)?,
            b'M' => set(parts, Part::Minute, text, 2)?,
            b'S' => set(parts, Part::Second, text, 2)?,
            b'j' => set(parts, Part::DayOfYear, text, 3)?,
            b'b' | b'B' => {
                let length = text.iter().take_while(|letter| letter.is_ascii_alphabetic()).count();
                let (name, rest) = text.split_at_checked(length)?;
                parts.set(Part::Month, month_of_name(name)?);
                rest
            }
            b'F' => run(b"%Y-%m-%d", text, parts)?,
            b'T' => run(b"%H:%M:%S", text, parts)?,
            b'%' => text.strip_prefix(b"%")?,
            _ => return None,
        };
    }
    Some(text)
}

fn set<'a>(parts: &mut Parts, part: Part, text: &'a [u8], most: usize) -> Option<&'a [u8]> {
    let (value, rest) = number(text, most)?;
    parts.set(part, value);
    Some(rest)
}

/// A number of one digit to so many.
fn number(text: &[u8], most: usize) -> Option<(i64, &[u8])> {
    let length = text.iter().take(most).take_while(|digit| digit.is_ascii_digit()).count();
    let (digits, rest) = text.split_at_checked(length).filter(|_| length > 0)?;
    Some((digits.iter().fold(0, |sum, digit| 10 * sum + i64::from(digit - b'0')), rest))
}
