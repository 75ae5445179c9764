//! Parquet and Arrow files as lines of text, a record a line: to find out what they hold as it is found out of any table, and to prove what was read of
//! their columns ([`columnar`](crate::records::columnar)), with which this shares nothing but how a file is opened: of Parquet, values come by records, a
//! field after the other.
//!
//! A number is written with the digits that give the very same number back in its own type, a date as `2001-01-31`, a moment as
//! `2001-01-31T23:00:00`, a missing value as an empty field. What holds no single values (lists, bytes) is written as its type in angle brackets.
//!
//! # Limits
//! Memory is a batch of rows and what the libraries need for it: a page of each column, of Arrow's files a batch as it was written.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

use arrow_schema::{DataType, TimeUnit};

use crate::guard::guarded;
use crate::records::columnar::heading::{heading, word};
use crate::records::columnar::{Opened, is_single};

use super::Packing;

mod arrow;
mod parquet;

/// Bytes of lines that are made at once.
const LINES: usize = 128 << 10;

/// What writes lines behind a text, as many as it has at hand; false where there are no more.
type Write = Box<dyn FnMut(&mut String) -> Result<bool, String> + Send>;

/// A columnar file that reads as text.
pub(super) struct Columnar {
    write: Write,
    text: String,
    at: usize,
}

impl Columnar {
    /// Opens a file; of columns that are not `wanted`, lines have no values.
    pub fn open(file: &Arc<File>, packing: Packing, wanted: &dyn Fn(usize) -> bool) -> io::Result<Self> {
        let opened = Opened::of_file(file.try_clone()?, packing)?;
        let mut text = String::new();
        heading(opened.schema(), &mut text);
        let wanted: Vec<bool> = (0..opened.schema().fields().len()).map(wanted).collect();
        let write = match packing {
            Packing::Parquet => parquet::lines(&opened, &wanted)?,
            _ => arrow::lines(&opened, &wanted)?,
        };
        Ok(Columnar { write, text, at: 0 })
    }
}

impl Read for Columnar {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at >= self.text.len() {
            self.text.clear();
            self.at = 0;
            let (write, text) = (&mut self.write, &mut self.text);
            match guarded(|| write(text)) {
                None => return Err(io::Error::other("it is damaged")),
                Some(Err(error)) => return Err(io::Error::other(error)),
                Some(Ok(false)) if self.text.is_empty() => return Ok(0),
                Some(Ok(_)) => {}
            }
        }
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        self.at += count;
        Ok(count)
    }
}

/// The columns of a file and their own types, as a description has them; nothing of columns that are no numbers.
pub(in crate::records) fn types(path: &std::path::Path) -> Option<Vec<(String, &'static str)>> {
    let opened = Opened::of(path).ok()??;
    let fields = opened.schema().fields().iter();
    let types = fields.filter_map(|field| Some((field.name().clone(), own_type(field.data_type())?)));
    Some(types.collect())
}

/// A type as a description has it; nothing of one that is no number.
fn own_type(kind: &DataType) -> Option<&'static str> {
    Some(match kind {
        DataType::Float16 | DataType::Float32 => "f4",
        DataType::Float64 | DataType::Decimal32(..) | DataType::Decimal64(..) | DataType::Decimal128(..) => {
            "f8"
        }
        DataType::Boolean | DataType::Int8 => "i1",
        DataType::Int16 | DataType::UInt8 => "i2",
        DataType::Int32 | DataType::UInt16 => "i4",
        DataType::Int64 | DataType::UInt32 | DataType::UInt64 => "i8",
        DataType::Dictionary(_, values) => own_type(values)?,
        _ => return None,
    })
}

/// What stands for the values of a column that are no single ones.
fn strange(kind: &DataType) -> Option<String> {
    (!is_single(kind)).then(|| format!("<{kind}>").replace(',', ";"))
}

/// Writes a number of eight bytes: with the fewest digits that give it back, or where these could be rounded otherwise than itself, with all.
fn double(text: &mut String, value: f64) {
    // Half of what the number of four bytes next to it is away from the one behind that.
    let near = f64::from(value as f32);
    let is_exact = value.is_finite() && value != near && {
        let (step, least) = (2.0 * (value - near), f64::from(f32::from_bits(1)));
        let is_far = near.is_infinite() && value.abs() == 2f64.powi(128) - 2f64.powi(103);
        is_far || (step.abs() >= least && f64::from((near + step) as f32) == near + step)
    };
    _ = match is_exact {
        true => write!(text, "{value:.200}"),
        false => write!(text, "{value}"),
    };
}

/// A moment of the real calendar, in seconds since 1970, and a part of a second.
fn moment(text: &mut String, seconds: i64, part: i64, is_date: bool) {
    let Some(at) = chrono::DateTime::from_timestamp(seconds, 0) else {
        _ = write!(text, "{seconds}");
        return;
    };
    _ = match (is_date, part) {
        (true, _) => write!(text, "{}", at.format("%Y-%m-%d")),
        (false, 0) => write!(text, "{}", at.format("%Y-%m-%dT%H:%M:%S")),
        // No step is a part of a second: it is told as a fault with its text.
        (false, part) => write!(text, "{}.{part}", at.format("%Y-%m-%dT%H:%M:%S")),
    };
}

/// Writes a whole number that a type makes a day or a moment.
fn dated(text: &mut String, kind: &DataType, value: i64) -> bool {
    let parts = match kind {
        DataType::Date32 => {
            moment(text, value.saturating_mul(86_400), 0, true);
            return true;
        }
        DataType::Date64 => {
            moment(text, value.div_euclid(1_000), 0, true);
            return true;
        }
        DataType::Timestamp(TimeUnit::Second, _) => 1,
        DataType::Timestamp(TimeUnit::Millisecond, _) => 1_000,
        DataType::Timestamp(TimeUnit::Microsecond, _) => 1_000_000,
        DataType::Timestamp(TimeUnit::Nanosecond, _) => 1_000_000_000,
        _ => return false,
    };
    moment(text, value.div_euclid(parts), value.rem_euclid(parts), false);
    true
}

/// Writes a decimal: its digits, of which so many are behind the point.
fn decimal(text: &mut String, value: i128, scale: i8) {
    let mut digits = value.unsigned_abs().to_string();
    let scale = i32::from(scale);
    for _ in scale..0 {
        digits.push('0');
    }
    while (digits.len() as i32) <= scale {
        digits.insert(0, '0');
    }
    if scale > 0 {
        digits.insert(digits.len() - scale as usize, '.');
    }
    _ = write!(text, "{}{digits}", if value < 0 { "-" } else { "" });
}

/// Ends a line. Where its only field is empty, that is written, so that it is no line of nothing.
fn end(text: &mut String, columns: usize, is_empty: bool) {
    if columns == 1 && is_empty {
        text.push_str("\"\"");
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_half_way_are_written_with_all_digits() {
        for bits in [0u32, 1, 0x007f_ffff, 0x0080_0000, 0x3f80_0000, 0x7f7f_fffe, 0x7f7f_ffff] {
            let low = f32::from_bits(bits);
            let high = if bits == 0x7f7f_ffff { 2f64.powi(128) } else { f64::from(low.next_up()) };
            for value in [(f64::from(low) + high) / 2.0, -(f64::from(low) + high) / 2.0] {
                for near in [value, value.next_up(), value.next_down(), f64::from(low)] {
                    let mut text = String::new();
                    super::double(&mut text, near);
                    assert_eq!(text.parse(), Ok(near));
                    let wanted = near as f32;
                    assert_eq!(text.parse().map(f32::to_bits), Ok(wanted.to_bits()), "{near:e}");
                }
            }
        }
    }
}
