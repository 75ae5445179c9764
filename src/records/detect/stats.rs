//! What the fields of a column look like.

use std::collections::BTreeMap;
use std::path::Path;

use crate::records::head::is_value;

/// Digits that a float of four bytes can tell apart.
pub(super) const DIGITS: u32 = 9;
/// Whole numbers up to which a float of four bytes has all.
const WHOLE: u64 = 1 << 24;
/// Different texts that are remembered of a column.
const TEXTS: usize = 8;
/// What programs write for a missing value, where it is far from all others.
const CODES: [f64; 6] = [-999.0, -9_999.0, -99_999.0, 1e20, -1e20, 9.969_209_968_386_869e36];

/// What the fields of a column look like.
#[derive(Debug, Default, Clone)]
pub(super) struct Stats {
    pub numbers: u64,
    /// Fields that are no numbers and no words for missing values.
    others: u64,
    pub texts: Vec<String>,
    pub digits: u32,
    /// A field with most digits, and where it is.
    pub longest: Option<(String, String, Option<u64>)>,
    pub least: f64,
    pub greatest: f64,
    /// Fields that may stand for missing values, as they are written.
    pub codes: BTreeMap<String, (u64, f64)>,
    pub words: BTreeMap<String, (u64, String, Option<u64>)>,
    whole_beyond: bool,
}

impl Stats {
    pub fn add(&mut self, field: &[u8], file: &Path, line: Option<u64>) {
        let text = std::str::from_utf8(field).unwrap_or_default();
        let number = match field.iter().any(|byte| matches!(byte, b',' | b'd' | b'D')) {
            true => text.replace(',', ".").replace(['d', 'D'], "e").parse::<f64>(),
            false => text.parse::<f64>(),
        };
        match number {
            Ok(number) if number.is_finite() && CODES.contains(&number) => {
                if let Some((count, _)) = self.codes.get_mut(text) {
                    *count += 1;
                } else if self.codes.len() < TEXTS {
                    self.codes.insert(text.to_owned(), (1, number));
                }
            }
            Ok(number) if number.is_finite() => {
                if self.numbers == 0 {
                    (self.least, self.greatest) = (number, number);
                }
                self.numbers += 1;
                self.least = self.least.min(number);
                self.greatest = self.greatest.max(number);
                let digits = digits(text);
                if digits > self.digits {
                    self.digits = digits;
                    self.longest = Some((text.to_owned(), file.display().to_string(), line));
                }
                self.whole_beyond |= number.fract() == 0.0 && number.abs() > WHOLE as f64 && digits <= DIGITS;
            }
            _ if text.is_empty() => {}
            _ if is_value(text) => {
                if self.words.len() < TEXTS || self.words.contains_key(text) {
                    self.words
                        .entry(text.to_owned())
                        .or_insert_with(|| (0, file.display().to_string(), line))
                        .0 += 1;
                }
            }
            _ => {
                self.others += 1;
                if self.texts.len() < TEXTS && !self.texts.iter().any(|known| known == text) {
                    self.texts.push(text.to_owned());
                }
            }
        }
    }

    /// Whether most fields are texts.
    pub fn is_text(&self) -> bool {
        self.others > self.numbers
    }

    /// Whether floats of four bytes do not tell its numbers apart.
    pub fn needs_eight(&self) -> bool {
        self.digits > DIGITS || self.whole_beyond
    }
}

/// Digits of a number that say something.
fn digits(text: &str) -> u32 {
    // Zeros at the beginning say nothing, and those at the end of a whole number, or of decimals, are said by fewer digits.
    let (mut all, mut last) = (0, 0);
    for byte in text.bytes().take_while(|byte| !matches!(byte, b'e' | b'E' | b'd' | b'D')) {
        if byte.is_ascii_digit() && (all > 0 || byte != b'0') {
            all += 1;
            last = if byte == b'0' { last } else { all };
        }
    }
    last
}
