//! Parquet and Arrow files as lines of text, a record a line, so that they are read as any table is.
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

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, SchemaRef, TimeUnit};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::guard::guarded;

/// Rows that are decoded at once.
const ROWS: usize = 4096;

type Batches = Box<dyn Iterator<Item = Result<RecordBatch, String>> + Send>;

/// A columnar file that reads as text.
pub(super) struct Columnar {
    batches: Batches,
    text: String,
    at: usize,
}

fn failed(what: &str, error: impl std::fmt::Display) -> io::Error {
    io::Error::other(format!("as {what} it cannot be read: {error}"))
}

impl Columnar {
    /// Opens a Parquet file.
    pub fn parquet(file: &Arc<File>) -> io::Result<Self> {
        let file = file.try_clone()?;
        let opened = guarded(move || {
            let builder = ParquetRecordBatchReaderBuilder::try_new(file)?;
            let schema = builder.schema().clone();
            builder.with_batch_size(ROWS).build().map(|reader| (schema, reader))
        });
        let (schema, reader) = match opened {
            Some(Ok(opened)) => opened,
            Some(Err(error)) => return Err(failed("Parquet", error)),
            None => return Err(failed("Parquet", "its metadata are damaged")),
        };
        let batches = reader.map(|batch| batch.map_err(|error| error.to_string()));
        Ok(Self::of(&schema, Box::new(batches)))
    }

    /// Opens an Arrow IPC file, or a stream of it.
    pub fn arrow(file: &Arc<File>, is_stream: bool) -> io::Result<Self> {
        let file = file.try_clone()?;
        let opened = guarded(move || -> Result<(SchemaRef, Batches), arrow_schema::ArrowError> {
            let text = |batch: Result<RecordBatch, arrow_schema::ArrowError>| {
                batch.map_err(|error| error.to_string())
            };
            let file = io::BufReader::new(file);
            if is_stream {
                let reader = arrow_ipc::reader::StreamReader::try_new(file, None)?;
                return Ok((reader.schema(), Box::new(reader.map(text))));
            }
            let reader = arrow_ipc::reader::FileReader::try_new(file, None)?;
            Ok((reader.schema(), Box::new(reader.map(text))))
        });
        match opened {
            Some(Ok((schema, batches))) => Ok(Self::of(&schema, batches)),
            Some(Err(error)) => Err(failed("Arrow", error)),
            None => Err(failed("Arrow", "its metadata are damaged")),
        }
    }

    fn of(schema: &SchemaRef, batches: Batches) -> Self {
        let mut text = String::new();
        for (index, field) in schema.fields().iter().enumerate() {
            if index > 0 {
                text.push(',');
            }
            word(&mut text, field.name());
        }
        text.push('\n');
        Columnar { batches, text, at: 0 }
    }
}

impl Read for Columnar {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at >= self.text.len() {
            let batches = &mut self.batches;
            let next = guarded(|| batches.next());
            let batch = match next {
                None => return Err(io::Error::other("it is damaged")),
                Some(None) => return Ok(0),
                Some(Some(Err(error))) => return Err(io::Error::other(error)),
                Some(Some(Ok(batch))) => batch,
            };
            self.text.clear();
            self.at = 0;
            let text = &mut self.text;
            guarded(|| lines(&batch, text)).ok_or_else(|| io::Error::other("it is damaged"))?;
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
    let file = crate::shared::open_input(path).ok()?;
    let schema = guarded(move || {
        let mut start = [0; 4];
        io::Read::read_exact(&mut &file, &mut start).ok()?;
        io::Seek::rewind(&mut &file).ok()?;
        match &start {
            b"PAR1" => Some(ParquetRecordBatchReaderBuilder::try_new(file).ok()?.schema().clone()),
            b"ARRO" => {
                Some(arrow_ipc::reader::FileReader::try_new(io::BufReader::new(file), None).ok()?.schema())
            }
            _ => {
                Some(arrow_ipc::reader::StreamReader::try_new(io::BufReader::new(file), None).ok()?.schema())
            }
        }
    })??;
    let of = |kind: &DataType| {
        Some(match kind {
            DataType::Float32 => "f4",
            DataType::Float64 => "f8",
            DataType::Boolean | DataType::Int8 => "i1",
            DataType::Int16 | DataType::UInt8 => "i2",
            DataType::Int32 | DataType::UInt16 => "i4",
            DataType::Int64 | DataType::UInt32 | DataType::UInt64 => "i8",
            _ => return None,
        })
    };
    Some(
        schema
            .fields()
            .iter()
            .filter_map(|field| Some((field.name().clone(), of(field.data_type())?)))
            .collect(),
    )
}

/// A text as a field: in quotes where it would not be one otherwise.
fn word(text: &mut String, word: &str) {
    let is_plain = !word.contains([',', '"', '\n', '\r']) && word.trim() == word;
    match is_plain {
        true => text.push_str(word),
        // An end of a line inside would be one of the record.
        false => _ = write!(text, "\"{}\"", word.replace('"', "\"\"").replace(['\n', '\r'], " ")),
    }
}

fn lines(batch: &RecordBatch, text: &mut String) {
    let columns: Vec<Field<'_>> = batch.columns().iter().map(|column| field(column.as_ref())).collect();
    for row in 0..batch.num_rows() {
        for (index, (column, array)) in columns.iter().zip(batch.columns()).enumerate() {
            if index > 0 {
                text.push(',');
            }
            if !array.is_null(row) {
                column(row, text);
            }
        }
        text.push('\n');
    }
}

/// Writes numbers as they are shown: with the fewest digits that give them back.
macro_rules! number {
    ($column:ident, $type:ty) => {{
        let values = $column.as_primitive::<$type>();
        Box::new(move |row, text| _ = write!(text, "{}", values.value(row)))
    }};
}

/// Writes the value of a row.
type Field<'a> = Box<dyn Fn(usize, &mut String) + 'a>;

/// How the values of a column are written.
fn field(column: &dyn Array) -> Field<'_> {
    match column.data_type() {
        DataType::Int8 => number!(column, Int8Type),
        DataType::Int16 => number!(column, Int16Type),
        DataType::Int32 => number!(column, Int32Type),
        DataType::Int64 => number!(column, Int64Type),
        DataType::UInt8 => number!(column, UInt8Type),
        DataType::UInt16 => number!(column, UInt16Type),
        DataType::UInt32 => number!(column, UInt32Type),
        DataType::UInt64 => number!(column, UInt64Type),
        DataType::Float32 => number!(column, Float32Type),
        DataType::Float64 => number!(column, Float64Type),
        DataType::Boolean => {
            let values = column.as_boolean();
            Box::new(move |row, text| text.push(if values.value(row) { '1' } else { '0' }))
        }
        DataType::Utf8 => {
            let values = column.as_string::<i32>();
            Box::new(move |row, text| word(text, values.value(row)))
        }
        DataType::LargeUtf8 => {
            let values = column.as_string::<i64>();
            Box::new(move |row, text| word(text, values.value(row)))
        }
        DataType::Utf8View => {
            let values = column.as_string_view();
            Box::new(move |row, text| word(text, values.value(row)))
        }
        DataType::Date32 => {
            let values = column.as_primitive::<Date32Type>();
            Box::new(move |row, text| {
                moment(text, i64::from(values.value(row)).saturating_mul(86_400), 0, true)
            })
        }
        DataType::Date64 => {
            let values = column.as_primitive::<Date64Type>();
            Box::new(move |row, text| moment(text, values.value(row).div_euclid(1_000), 0, true))
        }
        DataType::Timestamp(unit, _) => {
            let parts = match unit {
                TimeUnit::Second => 1,
                TimeUnit::Millisecond => 1_000,
                TimeUnit::Microsecond => 1_000_000,
                TimeUnit::Nanosecond => 1_000_000_000,
            };
            let values: Box<dyn Fn(usize) -> i64 + '_> = match unit {
                TimeUnit::Second => Box::new(|row| column.as_primitive::<TimestampSecondType>().value(row)),
                TimeUnit::Millisecond => {
                    Box::new(|row| column.as_primitive::<TimestampMillisecondType>().value(row))
                }
                TimeUnit::Microsecond => {
                    Box::new(|row| column.as_primitive::<TimestampMicrosecondType>().value(row))
                }
                TimeUnit::Nanosecond => {
                    Box::new(|row| column.as_primitive::<TimestampNanosecondType>().value(row))
                }
            };
            Box::new(move |row, text| {
                let value = values(row);
                moment(text, value.div_euclid(parts), value.rem_euclid(parts), false);
            })
        }
        DataType::Dictionary(..) => match column.as_any_dictionary_opt() {
            Some(dictionary) => {
                let keys = dictionary.normalized_keys();
                let values = field(dictionary.values().as_ref());
                let is_null: Vec<bool> =
                    (0..dictionary.values().len()).map(|key| dictionary.values().is_null(key)).collect();
                Box::new(move |row, text| {
                    if let Some(&key) = keys.get(row)
                        && is_null.get(key) == Some(&false)
                    {
                        values(key, text);
                    }
                })
            }
            None => Box::new(|_, text| text.push_str("<dictionary>")),
        },
        other => {
            let name = format!("<{other}>").replace(',', ";");
            Box::new(move |_, text| word(text, &name))
        }
    }
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
