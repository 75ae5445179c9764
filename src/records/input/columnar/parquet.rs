//! Lines of the records of a Parquet file.

use std::fmt::Write as _;
use std::io;

use arrow_schema::DataType;
use parquet::data_type::{ByteArray, Decimal};
use parquet::file::reader::FileReader;
use parquet::file::serialized_reader::SerializedFileReader;
use parquet::record::Field;
use parquet::record::reader::RowIter;
use parquet::schema::types::Type;

use crate::guard::guarded;
use crate::records::columnar::Opened;

use super::{LINES, Write, dated, decimal, double, end, strange, word};

fn failed(error: impl std::fmt::Display) -> io::Error {
    io::Error::other(format!("as Parquet it cannot be read: {error}"))
}

/// What writes the lines of a file.
pub(super) fn lines(opened: &Opened, wanted: &[bool]) -> io::Result<Write> {
    let kinds: Vec<DataType> =
        opened.schema().fields().iter().map(|field| field.data_type().clone()).collect();
    // What holds no single values is not read: each of its values is shown as its type.
    let is_read = |index: usize| {
        wanted.get(index) == Some(&true) && kinds.get(index).is_some_and(|kind| strange(kind).is_none())
    };
    let columns: Vec<usize> = (0..kinds.len()).filter(|&index| is_read(index)).collect();
    let file = opened.checked(&columns)?;
    let records = guarded(|| -> Result<RowIter<'static>, parquet::errors::ParquetError> {
        let reader = SerializedFileReader::new(file)?;
        let root = reader.metadata().file_metadata().schema().clone();
        let own = root.get_fields().iter().enumerate();
        let own = own.filter(|(index, _)| columns.contains(index)).map(|(_, field)| field.clone());
        let projected = Type::group_type_builder(root.name()).with_fields(own.collect()).build()?;
        RowIter::from_file_into(Box::new(reader)).project(Some(projected))
    });
    let mut records = match records {
        Some(Ok(records)) => Records(records),
        Some(Err(error)) => return Err(failed(error)),
        None => return Err(failed("its metadata are damaged")),
    };
    let fixed: Vec<Option<String>> = (0..kinds.len())
        .map(|index| match is_read(index) {
            true => None,
            false => Some(kinds.get(index).filter(|_| wanted.get(index) == Some(&true)))
                .map(|kind| kind.and_then(strange).unwrap_or_default()),
        })
        .collect();
    Ok(Box::new(move |text| {
        while text.len() < LINES {
            let row = match records.0.next() {
                None => return Ok(false),
                Some(row) => row.map_err(|error| error.to_string())?,
            };
            let begin = text.len();
            let mut fields = row.get_column_iter();
            for (index, (kind, fixed)) in kinds.iter().zip(&fixed).enumerate() {
                if index > 0 {
                    text.push(',');
                }
                match fixed {
                    Some(fixed) => word(text, fixed),
                    None => {
                        let (_, field) = fields.next().ok_or("a record of it is cut")?;
                        value(text, field, kind)?;
                    }
                }
            }
            let is_empty = text.len() == begin;
            end(text, kinds.len(), is_empty);
        }
        Ok(true)
    }))
}

/// Records of a file that a thread hands on to another.
struct Records(RowIter<'static>);

/// Writes a value of a column of a type.
fn value(text: &mut String, field: &Field, kind: &DataType) -> Result<(), String> {
    let kind = match kind {
        DataType::Dictionary(_, values) => values.as_ref(),
        kind => kind,
    };
    let whole = match *field {
        Field::Null => return Ok(()),
        Field::Bool(value) => i128::from(value),
        Field::Byte(value) => i128::from(value),
        Field::Short(value) => i128::from(value),
        Field::Int(value) | Field::Date(value) | Field::TimeMillis(value) => i128::from(value),
        Field::Long(value) | Field::TimeMicros(value) | Field::TimestampMicros(value) => i128::from(value),
        // Moments of twelve bytes come in thousandths, whatever the column says.
        Field::TimestampMillis(value) => match kind {
            DataType::Timestamp(arrow_schema::TimeUnit::Nanosecond, _) => i128::from(value) * 1_000_000,
            _ => i128::from(value),
        },
        Field::UByte(value) => i128::from(value),
        Field::UShort(value) => i128::from(value),
        Field::UInt(value) => i128::from(value),
        Field::ULong(value) => i128::from(value),
        Field::Float16(value) => {
            double(text, value.to_f64());
            return Ok(());
        }
        Field::Float(value) => {
            _ = write!(text, "{value}");
            return Ok(());
        }
        Field::Double(value) => {
            double(text, value);
            return Ok(());
        }
        Field::Str(ref value) => {
            word(text, value);
            return Ok(());
        }
        Field::Bytes(ref value) => return bytes(text, value, kind),
        Field::Decimal(ref value) => return of_decimal(text, value),
        Field::Group(_) | Field::ListInternal(_) | Field::MapInternal(_) => {
            return Err("a column of it holds what is no single value".to_owned());
        }
    };
    // Older files say by words alone that a number has no sign.
    let whole = match kind {
        DataType::UInt8 => whole & 0xff,
        DataType::UInt16 => whole & 0xffff,
        DataType::UInt32 => whole & 0xffff_ffff,
        DataType::UInt64 => whole & i128::from(u64::MAX),
        DataType::Decimal32(_, scale) | DataType::Decimal64(_, scale) | DataType::Decimal128(_, scale) => {
            decimal(text, whole, *scale);
            return Ok(());
        }
        _ => whole,
    };
    let is_dated = i64::try_from(whole).is_ok_and(|whole| dated(text, kind, whole));
    if !is_dated {
        _ = write!(text, "{whole}");
    }
    Ok(())
}

fn bytes(text: &mut String, value: &ByteArray, kind: &DataType) -> Result<(), String> {
    match kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            word(text, std::str::from_utf8(value.data()).map_err(|error| error.to_string())?);
            Ok(())
        }
        DataType::Decimal32(_, scale) | DataType::Decimal64(_, scale) | DataType::Decimal128(_, scale) => {
            decimal(text, signed(value.data())?, *scale);
            Ok(())
        }
        _ => Err("a column of it holds bytes".to_owned()),
    }
}

fn of_decimal(text: &mut String, value: &Decimal) -> Result<(), String> {
    let scale = i8::try_from(value.scale()).map_err(|error| error.to_string())?;
    decimal(text, signed(value.data())?, scale);
    Ok(())
}

/// A number with a sign, its greatest byte first.
fn signed(bytes: &[u8]) -> Result<i128, String> {
    let (&first, _) = bytes.split_first().ok_or("a decimal of no bytes")?;
    let start: i128 = if first >= 0x80 { -1 } else { 0 };
    if bytes.len() > 16 {
        return Err("a decimal of more than 16 bytes".to_owned());
    }
    Ok(bytes.iter().fold(start, |sum, &byte| sum << 8 | i128::from(byte)))
}
