//! The binary format of COPY, written straight from Arrow's arrays.
//!
//! The format is that of "COPY, Binary Format" in PostgreSQL's manual: a header, for each row the number of its fields and
//! for each field its length (-1 where it is null) and its bytes, big endian, and a trailer. Floats go bit for bit, NaN and
//! its payload included.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type};
use arrow_array::types::{UInt8Type, UInt16Type, UInt32Type, UInt64Type};
use arrow_array::{Array, ArrayRef};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;

use super::moment::Moments;
use super::types::SqlType;

/// Signature, flags and the length of the header's extension.
pub(super) const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// In place of a row's number of fields.
pub(super) const TRAILER: &[u8] = &[0xff, 0xff];

type Written = Result<(), &'static str>;
/// Appends length and bytes of the value in a row.
type Writer<'a> = Box<dyn Fn(usize, &mut Vec<u8>) -> Written + 'a>;

/// Columns that are written as rows.
pub(super) struct Encoder<'a> {
    columns: Vec<(Option<NullBuffer>, Writer<'a>)>,
    fields: i16,
}

/// A value that has no place in its column.
pub(super) struct Refused {
    pub column: usize,
    pub row: usize,
    pub reason: &'static str,
}

impl<'a> Encoder<'a> {
    /// An encoder of columns of one length, with the types they have in the database; at most 1,600. Fails with the number of
    /// a column whose array has another type.
    pub fn new(columns: impl Iterator<Item = (&'a ArrayRef, SqlType)>) -> Result<Self, usize> {
        let mut all = Vec::new();
        for (at, (array, sql)) in columns.enumerate() {
            all.push((
                array.logical_nulls().filter(|nulls| nulls.null_count() > 0),
                writer(array, sql).ok_or(at)?,
            ));
        }
        let fields = i16::try_from(all.len()).map_err(|_| all.len())?;
        Ok(Encoder { columns: all, fields })
    }

    /// Appends a row.
    pub fn row(&self, row: usize, out: &mut Vec<u8>) -> Result<(), Refused> {
        out.extend_from_slice(&self.fields.to_be_bytes());
        for (column, (nulls, write)) in self.columns.iter().enumerate() {
            match nulls {
                Some(nulls) if nulls.is_null(row) => out.extend_from_slice(&(-1i32).to_be_bytes()),
                _ => write(row, out).map_err(|reason| Refused { column, row, reason })?,
            }
        }
        Ok(())
    }
}

fn two(value: i16, out: &mut Vec<u8>) {
    out.extend_from_slice(&[0, 0, 0, 2]);
    out.extend_from_slice(&value.to_be_bytes());
}

/// Length and value at one go.
fn four(bits: u32, out: &mut Vec<u8>) {
    out.extend_from_slice(&(4 << 32 | u64::from(bits)).to_be_bytes());
}

fn eight(bits: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(&(8 << 64 | u128::from(bits)).to_be_bytes()[4..]);
}

macro_rules! plain {
    ($array:expr, $kind:ty, |$value:ident, $out:ident| $write:expr) => {{
        let values = $array.as_primitive_opt::<$kind>()?.values();
        Box::new(move |row, $out: &mut Vec<u8>| {
            let $value = values.get(row).copied().unwrap_or_default();
            $write;
            Ok(())
        })
    }};
}

/// Nothing where array and type do not belong together.
fn writer<'a>(array: &'a ArrayRef, sql: SqlType) -> Option<Writer<'a>> {
    Some(match (sql, array.data_type()) {
        (SqlType::SmallInt, DataType::Int8) => plain!(array, Int8Type, |value, out| two(value.into(), out)),
        (SqlType::SmallInt, DataType::UInt8) => plain!(array, UInt8Type, |value, out| two(value.into(), out)),
        (SqlType::SmallInt, _) => plain!(array, Int16Type, |value, out| two(value, out)),
        (SqlType::Integer, DataType::UInt16) => {
            plain!(array, UInt16Type, |value, out| four(value.into(), out))
        }
        (SqlType::Integer, _) => plain!(array, Int32Type, |value, out| four(value.cast_unsigned(), out)),
        (SqlType::BigInt, DataType::UInt32) => {
            plain!(array, UInt32Type, |value, out| eight(value.into(), out))
        }
        (SqlType::BigInt, _) => plain!(array, Int64Type, |value, out| eight(value.cast_unsigned(), out)),
        (SqlType::Numeric, _) => plain!(array, UInt64Type, |value, out| numeric(value, out)),
        (SqlType::Real, _) => plain!(array, Float32Type, |value, out| four(value.to_bits(), out)),
        (SqlType::Double, _) => plain!(array, Float64Type, |value, out| eight(value.to_bits(), out)),
        (SqlType::Boolean, _) => {
            let values = array.as_boolean_opt()?.values();
            Box::new(move |row, out| {
                out.extend_from_slice(&[0, 0, 0, 1, u8::from(values.value(row))]);
                Ok(())
            })
        }
        (SqlType::Date, _) => {
            let Moments { counts, per_day } = Moments::of(array)?;
            Box::new(move |row, out| {
                let count = counts.get(row).copied().unwrap_or_default();
                four(Moments::date(count, per_day)?.cast_unsigned(), out);
                Ok(())
            })
        }
        (SqlType::Timestamp, _) => {
            let Moments { counts, per_day } = Moments::of(array)?;
            Box::new(move |row, out| {
                let count = counts.get(row).copied().unwrap_or_default();
                eight(Moments::timestamp(count, per_day)?.cast_unsigned(), out);
                Ok(())
            })
        }
        (SqlType::Text, DataType::Dictionary(..)) => {
            let dictionary = array.as_any_dictionary_opt()?;
            let values = dictionary.values();
            // A dictionary without values has nulls only.
            let keys = if values.is_empty() { Vec::new() } else { dictionary.normalized_keys() };
            let write = writer(values, SqlType::Text)?;
            Box::new(move |row, out| write(keys.get(row).copied().unwrap_or_default(), out))
        }
        (SqlType::Text, DataType::LargeUtf8) => {
            let values = array.as_string_opt::<i64>()?;
            Box::new(move |row, out| text(values.value(row), out))
        }
        (SqlType::Text, _) => {
            let values = array.as_string_opt::<i32>()?;
            Box::new(move |row, out| text(values.value(row), out))
        }
    })
}

fn text(value: &str, out: &mut Vec<u8>) -> Written {
    if value.as_bytes().contains(&0) {
        return Err("PostgreSQL's texts cannot hold a zero byte");
    }
    let length = i32::try_from(value.len()).map_err(|_| "the text is longer than a GiB")?;
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(value.as_bytes());
    Ok(())
}

/// A numeric without decimals: digits of base 10,000, those at the end left out where they are zero.
fn numeric(value: u64, out: &mut Vec<u8>) {
    const BASE: u64 = 10_000;
    let mut digits = [0; 5];
    let mut rest = value;
    for digit in digits.iter_mut().rev() {
        *digit = (rest % BASE) as u16;
        rest /= BASE;
    }
    let first = digits.iter().position(|&digit| digit > 0).unwrap_or(digits.len());
    let last = digits.iter().rposition(|&digit| digit > 0).map_or(first, |last| last + 1);
    let digits = digits.get(first..last).unwrap_or_default();
    // The weight is the power of the first digit; sign and scale are zero.
    let weight = if digits.is_empty() { 0 } else { 4 - first as i16 };
    out.extend_from_slice(&(8 + 2 * digits.len() as i32).to_be_bytes());
    out.extend_from_slice(&(digits.len() as i16).to_be_bytes());
    out.extend_from_slice(&weight.to_be_bytes());
    out.extend_from_slice(&[0; 4]);
    for digit in digits {
        out.extend_from_slice(&digit.to_be_bytes());
    }
}

#[cfg(test)]
mod tests;
