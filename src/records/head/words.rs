//! The words of a line, and where they end.

use crate::records::schema::Separator;

/// A word of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Its text, without blanks around it and quotes. Bytes that are not UTF-8 are shown as `\u{fffd}`.
    pub text: String,
    /// The byte behind its last one.
    pub end: usize,
}

/// The words of a line. Columns of widths that are not known are those of its blanks.
pub fn words(line: &[u8], separator: &Separator) -> Vec<Word> {
    match separator {
        Separator::Blanks => blanks(line),
        Separator::Fixed(widths) if widths.is_empty() => blanks(line),
        Separator::Fixed(widths) => {
            let mut start = 0usize;
            let column = |&width: &u32| {
                let end = start.saturating_add(width as usize).min(line.len());
                let bytes = line.get(start..end).unwrap_or_default();
                let word = word(bytes, start);
                start = end;
                word
            };
            widths.iter().map(column).collect()
        }
        Separator::Byte(separator) => {
            let mut found = Vec::new();
            let (mut start, mut quoted) = (0, false);
            for (at, &byte) in line.iter().enumerate() {
                // A quote begins a field, or is a part of it.
                let begins =
                    || line.get(start..at).is_some_and(|before| before.iter().all(|byte| *byte == b' '));
                if byte == b'"' && (quoted || begins()) {
                    quoted = !quoted;
                } else if byte == *separator && !quoted {
                    found.push(word(line.get(start..at).unwrap_or_default(), start));
                    start = at + 1;
                }
            }
            found.push(word(line.get(start..).unwrap_or_default(), start));
            found
        }
    }
}

fn blanks(line: &[u8]) -> Vec<Word> {
    let is_blank = |byte: u8| matches!(byte, b' ' | b'\t');
    let mut found = Vec::new();
    let mut start = None;
    for (at, &byte) in line.iter().chain(b" ").enumerate() {
        match (start, is_blank(byte)) {
            (None, false) => start = Some(at),
            (Some(first), true) => {
                found.push(word(line.get(first..at).unwrap_or_default(), first));
                start = None;
            }
            _ => {}
        }
    }
    found
}

fn word(bytes: &[u8], start: usize) -> Word {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r');
    let end = bytes.iter().rposition(|byte| !is_blank(byte)).map_or(0, |last| last + 1);
    let begin = bytes.iter().position(|byte| !is_blank(byte)).unwrap_or(end);
    let trimmed = bytes.get(begin..end).unwrap_or_default();
    let inner = trimmed.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
    let text = match inner {
        Some(inner) => String::from_utf8_lossy(inner).replace("\"\"", "\""),
        None => String::from_utf8_lossy(trimmed).into_owned(),
    };
    Word { text, end: start + end }
}

/// Whether a word is a number, as any of the models writes one, or stands for a value that is none.
pub fn is_value(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let unsigned = lower.trim_start_matches(['+', '-']);
    let is_word = ["", "nan", "na", "n/a", "inf", "infinity", "null", "none", "?", "."].contains(&unsigned)
        || unsigned.starts_with("1.#")
        || unsigned.bytes().all(|byte| byte == b'*');
    let number = lower.replace(['d', ','], "e").replace("e.", ".");
    is_word || number.parse::<f64>().is_ok() || lower.replace(',', ".").parse::<f64>().is_ok()
}
