//! Numbers by the standard library.

use crate::records::rows::{MISSING, RecordFaultKind as Kind};

/// A text as the standard library has numbers, where it is made of what numbers are made of.
fn plain(text: &[u8], decimal: u8) -> Option<String> {
    let mut plain = String::new();
    for &byte in text {
        plain.push(match byte {
            byte if byte == decimal => '.',
            b'0'..=b'9' | b'+' | b'-' | b'e' | b'E' => char::from(byte),
            b'd' | b'D' => 'e',
            _ => return None,
        });
    }
    Some(plain)
}

fn word(text: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(text).ok()?.to_ascii_lowercase();
    let bare = text.strip_prefix(['+', '-']).unwrap_or(&text);
    matches!(bare, "nan" | "inf" | "infinity").then_some(text)
}

/// A float; `None` where it is missing.
pub(super) fn float<T: std::str::FromStr + Into<f64> + Copy>(
    text: &[u8],
    decimal: u8,
) -> Result<Option<T>, Kind> {
    if text.len() > crate::records::text::number::LONGEST {
        return Err(Kind::TooLarge);
    }
    if text == b"NA" {
        return Ok(None);
    }
    if let Some(word) = word(text) {
        return Ok(word.parse::<T>().ok().filter(|value| !Into::<f64>::into(*value).is_nan()));
    }
    let value: T = plain(text, decimal).and_then(|text| text.parse().ok()).ok_or(Kind::Number)?;
    if Into::<f64>::into(value).is_finite() { Ok(Some(value)) } else { Err(Kind::Number) }
}

pub(super) fn is_number(text: &[u8], decimal: u8) -> bool {
    let is_form = || plain(text, decimal).is_some_and(|text| text.parse::<f64>().is_ok());
    text == b"NA" || word(text).is_some() || is_form()
}

/// A whole number; `None` where it is missing, and [`Kind::Header`], which no number can be, where it has a fraction.
pub(super) fn whole(text: &[u8], decimal: u8) -> Result<Option<i64>, Kind> {
    if text.len() > crate::records::text::number::LONGEST {
        return Err(Kind::TooLarge);
    }
    match word(text) {
        Some(word) => return if word.ends_with("nan") { Ok(None) } else { Err(Kind::Number) },
        None if text == b"NA" => return Ok(None),
        None => {}
    }
    let text = plain(text, decimal).filter(|text| text.parse::<f64>().is_ok()).ok_or(Kind::Number)?;
    let text = text.to_ascii_lowercase();
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, digits.strip_prefix('+').unwrap_or(digits)),
    };
    let (before, behind) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{before}{behind}");
    let all = all.trim_start_matches('0');
    if all.is_empty() {
        return Ok(Some(0));
    }
    // No exponent beyond this leaves a whole number of eight bytes.
    let exponent = exponent.parse::<i64>().unwrap_or(if exponent.starts_with('-') { -9_999 } else { 9_999 });
    let zeros = exponent.clamp(-9_999, 9_999) - behind.len() as i64;
    let short = all.trim_end_matches('0');
    let zeros = zeros + (all.len() - short.len()) as i64;
    if zeros < 0 {
        return Err(Kind::Header);
    }
    if short.len() as i64 + zeros > 19 {
        return Err(Kind::Number);
    }
    let value: i128 = format!("{short}{}", "0".repeat(zeros as usize)).parse().map_err(|_| Kind::Number)?;
    i64::try_from(sign * value).ok().filter(|value| *value != MISSING).map(Some).ok_or(Kind::Number)
}
