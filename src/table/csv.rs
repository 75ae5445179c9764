//! Text with commas, as RFC 4180 has it, with a line of names first. Numbers are the shortest that read back as the same
//! number; a missing value is nothing between two commas.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMillisecondType, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, BooleanArray, PrimitiveArray, RecordBatch, StringArray};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use arrow_schema::{DataType, Field, Schema};

use crate::model::calendar::{Calendar, Date};
use crate::shared;

use super::columns::DAY;
use super::form::{Failure, Parts, TableForm, TableWriter};
use super::packing::Packing;
use super::read::{self, Described, Description, Heading, Pairs, Reader};
use super::schema::Table;
use super::schema::is_moment;
use super::texts::Texts;

/// Rows that become text at once: text needs no groups, and takes several times the memory of numbers.
const TEXT_ROWS: usize = 16_384;

/// Text with commas.
#[derive(Debug)]
pub(super) struct Csv(pub Packing);

/// Names are all that such a file says of itself.
fn described(names: impl Iterator<Item = String>) -> Description {
    let columns = names.map(|name| Described { name, ..Described::default() }).collect();
    Description { file: None, columns, is_ordered: true }
}

impl TableForm for Csv {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn packing(&self) -> Option<&'static str> {
        Some(match self.0 {
            Packing::Plain => "plain",
            Packing::Gzip => "gzip",
            Packing::Zstd => "zstd",
        })
    }

    fn ending(&self) -> &'static str {
        match self.0 {
            Packing::Plain => "csv",
            Packing::Gzip => "csv.gz",
            Packing::Zstd => "csv.zst",
        }
    }

    fn parts(&self) -> Parts {
        Parts::Any
    }

    fn most_rows(&self) -> usize {
        TEXT_ROWS
    }

    fn encoded_bytes(&self, table: &Table) -> usize {
        match self.0 {
            Packing::Plain => row_bytes(table),
            _ => 2 * row_bytes(table),
        }
    }

    fn is_marked(&self) -> bool {
        false
    }

    fn encode(&self, _: &Table, rows: &RecordBatch, bytes: &mut Vec<u8>) -> Result<(), Failure> {
        Ok(encode(rows, self.0, bytes)?)
    }

    fn create(
        &self,
        path: &Path,
        table: &Table,
        _: &[(String, String)],
    ) -> Result<Box<dyn TableWriter>, Failure> {
        let mut file = BufWriter::with_capacity(1 << 20, shared::open(path, File::options().write(true))?);
        let mut bytes = Vec::new();
        pack(header(&table.schema), self.0, &mut bytes)?;
        file.write_all(&bytes)?;
        Ok(Box::new(Lines(file)))
    }

    fn expected(&self, table: &Table, _: Pairs) -> Description {
        described(table.schema.fields().iter().map(|field| field.name().clone()))
    }

    fn describe(&self, path: &Path) -> Result<Description, String> {
        read::csv::names(path, self.0).map(|names| described(names.into_iter()))
    }

    fn open(&self, path: &Path, heading: &Heading, skip: u64) -> Result<Box<dyn Reader>, String> {
        read::csv::rows(path, self.0, heading, skip)
    }
}

/// A file that lines are added to.
struct Lines(BufWriter<File>);

impl TableWriter for Lines {
    fn add(&mut self, part: Vec<u8>) -> Result<(), Failure> {
        Ok(self.0.write_all(&part)?)
    }

    fn finish(mut self: Box<Self>) -> Result<(), Failure> {
        Ok(self.0.flush()?)
    }
}

/// The line of names.
fn header(schema: &Schema) -> Vec<u8> {
    let mut line = Vec::new();
    for (index, field) in schema.fields().iter().enumerate() {
        if index > 0 {
            line.push(b',');
        }
        text(&mut line, field.name());
    }
    line.push(b'\n');
    line
}

/// A column that is being written.
enum Column<'a> {
    Float32(&'a PrimitiveArray<Float32Type>),
    Float64(&'a PrimitiveArray<Float64Type>),
    Int8(&'a PrimitiveArray<Int8Type>),
    Int16(&'a PrimitiveArray<Int16Type>),
    Int32(&'a PrimitiveArray<Int32Type>),
    Int64(&'a PrimitiveArray<Int64Type>),
    UInt8(&'a PrimitiveArray<UInt8Type>),
    UInt16(&'a PrimitiveArray<UInt16Type>),
    UInt32(&'a PrimitiveArray<UInt32Type>),
    UInt64(&'a PrimitiveArray<UInt64Type>),
    Day(&'a PrimitiveArray<TimestampMillisecondType>),
    Moment(&'a PrimitiveArray<TimestampMillisecondType>),
    Boolean(&'a BooleanArray),
    Text(&'a PrimitiveArray<Int32Type>, &'a StringArray),
}

impl<'a> Column<'a> {
    fn of(field: &Field, array: &'a dyn Array) -> Option<Self> {
        Some(match array.data_type() {
            DataType::Float32 => Column::Float32(array.as_primitive_opt()?),
            DataType::Float64 => Column::Float64(array.as_primitive_opt()?),
            DataType::Int8 => Column::Int8(array.as_primitive_opt()?),
            DataType::Int16 => Column::Int16(array.as_primitive_opt()?),
            DataType::Int32 => Column::Int32(array.as_primitive_opt()?),
            DataType::Int64 => Column::Int64(array.as_primitive_opt()?),
            DataType::UInt8 => Column::UInt8(array.as_primitive_opt()?),
            DataType::UInt16 => Column::UInt16(array.as_primitive_opt()?),
            DataType::UInt32 => Column::UInt32(array.as_primitive_opt()?),
            DataType::UInt64 => Column::UInt64(array.as_primitive_opt()?),
            DataType::Timestamp(..) if is_moment(field) => Column::Moment(array.as_primitive_opt()?),
            DataType::Timestamp(..) => Column::Day(array.as_primitive_opt()?),
            DataType::Boolean => Column::Boolean(array.as_boolean_opt()?),
            DataType::Dictionary(..) => {
                let texts = array.as_dictionary_opt::<Int32Type>()?;
                Column::Text(texts.keys(), texts.values().as_string_opt()?)
            }
            _ => return None,
        })
    }

    fn array(&self) -> &dyn Array {
        match self {
            Column::Float32(array) => *array,
            Column::Float64(array) => *array,
            Column::Int8(array) => *array,
            Column::Int16(array) => *array,
            Column::Int32(array) | Column::Text(array, _) => *array,
            Column::Int64(array) => *array,
            Column::UInt8(array) => *array,
            Column::UInt16(array) => *array,
            Column::UInt32(array) => *array,
            Column::UInt64(array) => *array,
            Column::Day(array) | Column::Moment(array) => *array,
            Column::Boolean(array) => *array,
        }
    }

    fn write(&self, row: usize, line: &mut Vec<u8>) {
        if self.array().is_null(row) {
            return;
        }
        let mut whole = itoa::Buffer::new();
        let mut float = zmij::Buffer::new();
        let number = match self {
            Column::Float32(array) => float.format(array.value(row)),
            Column::Float64(array) => float.format(array.value(row)),
            Column::Int8(array) => whole.format(array.value(row)),
            Column::Int16(array) => whole.format(array.value(row)),
            Column::Int32(array) => whole.format(array.value(row)),
            Column::Int64(array) => whole.format(array.value(row)),
            Column::UInt8(array) => whole.format(array.value(row)),
            Column::UInt16(array) => whole.format(array.value(row)),
            Column::UInt32(array) => whole.format(array.value(row)),
            Column::UInt64(array) => whole.format(array.value(row)),
            Column::Boolean(array) => {
                if array.value(row) {
                    "true"
                } else {
                    "false"
                }
            }
            Column::Day(array) => return date(line, array.value(row).div_euclid(DAY)),
            Column::Moment(array) => return moment(line, array.value(row)),
            Column::Text(keys, texts) => {
                let key = usize::try_from(keys.value(row)).unwrap_or(usize::MAX);
                return text(line, if key < texts.len() { texts.value(key) } else { "" });
            }
        };
        line.extend_from_slice(number.as_bytes());
    }
}

/// The longest that a line of a table can be.
fn row_bytes(table: &Table) -> usize {
    let longest = |data_type: &DataType| match data_type {
        DataType::Boolean => 5,
        DataType::Int8 | DataType::UInt8 => 4,
        DataType::Int16 | DataType::UInt16 => 6,
        DataType::Int32 | DataType::UInt32 => 11,
        DataType::Timestamp(..) => 24,
        DataType::Int64 | DataType::UInt64 => 20,
        DataType::Float32 => 15,
        _ => 24,
    };
    let texts =
        |texts: &Texts| texts.values.iter().flatten().map(|text| 2 * text.len() + 2).max().unwrap_or(0);
    let fields = table.schema.fields().iter().zip(&table.texts);
    fields.map(|(field, own)| 1 + own.as_ref().map_or_else(|| longest(field.data_type()), texts)).sum()
}

/// Writes rows as lines.
fn encode(rows: &RecordBatch, packing: Packing, bytes: &mut Vec<u8>) -> std::io::Result<()> {
    let columns: Option<Vec<Column<'_>>> = rows
        .columns()
        .iter()
        .zip(rows.schema_ref().fields())
        .map(|(array, field)| Column::of(field, array.as_ref()))
        .collect();
    let columns = columns.ok_or_else(|| std::io::Error::other("a column has a type that no table has"))?;
    // Without a guess of what will be needed, half of it would be copied again and again.
    let mut lines = Vec::with_capacity(rows.num_rows() * columns.len() * 8);
    for row in 0..rows.num_rows() {
        for (index, column) in columns.iter().enumerate() {
            if index > 0 {
                lines.push(b',');
            }
            column.write(row, &mut lines);
        }
        lines.push(b'\n');
    }
    pack(lines, packing, bytes)
}

/// Compresses text as one member or frame: those of all pieces together are a file that every reader takes.
fn pack(text: Vec<u8>, packing: Packing, bytes: &mut Vec<u8>) -> std::io::Result<()> {
    match packing {
        Packing::Plain => *bytes = text,
        Packing::Zstd => *bytes = zstd::bulk::compress(&text, 3)?,
        Packing::Gzip => {
            let level = libdeflater::CompressionLvl::new(4).unwrap_or_default();
            let mut compressor = libdeflater::Compressor::new(level);
            bytes.clear();
            bytes.resize(compressor.gzip_compress_bound(text.len()), 0);
            let length = compressor.gzip_compress(&text, bytes).map_err(std::io::Error::other)?;
            bytes.truncate(length);
        }
    }
    Ok(())
}

/// Days since 1970-01-01 as YYYY-MM-DD.
fn date(line: &mut Vec<u8>, day: i64) {
    const EPOCH: i64 = 719_162;
    let date = Calendar::ProlepticGregorian.date(day + EPOCH).unwrap_or(Date { year: 1, month: 1, day: 1 });
    if let (0..=9999, month, day) = (date.year, date.month, date.day) {
        let year = date.year;
        let digit = |number: i32| b'0' + (number % 10) as u8;
        line.extend_from_slice(&[digit(year / 1000), digit(year / 100), digit(year / 10), digit(year), b'-']);
        let pair = |number: u8| [b'0' + number / 10, b'0' + number % 10];
        line.extend_from_slice(&pair(month));
        line.push(b'-');
        line.extend_from_slice(&pair(day));
    } else {
        line.extend_from_slice(date.to_string().as_bytes());
    }
}

/// Milliseconds since 1970-01-01 as YYYY-MM-DDTHH:MM:SS, with decimals where there are any.
fn moment(line: &mut Vec<u8>, time: i64) {
    date(line, time.div_euclid(DAY));
    let (seconds, rest) = (time.rem_euclid(DAY) / 1000, time.rem_euclid(1000));
    line.extend_from_slice(
        format!("T{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60).as_bytes(),
    );
    if rest != 0 {
        line.extend_from_slice(format!(".{rest:03}").as_bytes());
    }
}

/// What a column's values are, in a word.
pub(super) fn type_name(field: &Field) -> &'static str {
    match field.data_type() {
        DataType::Float32 => "float32",
        DataType::Float64 => "float64",
        DataType::Int8 => "int8",
        DataType::Int16 => "int16",
        DataType::Int32 => "int32",
        DataType::Int64 => "int64",
        DataType::UInt8 => "uint8",
        DataType::UInt16 => "uint16",
        DataType::UInt32 => "uint32",
        DataType::UInt64 => "uint64",
        DataType::Boolean => "bool",
        DataType::Timestamp(..) if is_moment(field) => "time",
        DataType::Timestamp(..) => "date",
        _ => "text",
    }
}

/// Adds a field.
pub(super) fn text(line: &mut Vec<u8>, text: &str) {
    if text.contains([',', '"', '\n', '\r']) {
        line.push(b'"');
        line.extend_from_slice(text.replace('"', "\"\"").as_bytes());
        line.push(b'"');
    } else {
        line.extend_from_slice(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_texts() {
        let written = |write: &dyn Fn(&mut Vec<u8>)| {
            let mut line = Vec::new();
            write(&mut line);
            String::from_utf8(line).expect("UTF-8")
        };
        assert_eq!(written(&|line| date(line, 0)), "1970-01-01");
        assert_eq!(written(&|line| date(line, -1)), "1969-12-31");
        assert_eq!(written(&|line| date(line, 11_016)), "2000-02-29");
        assert_eq!(written(&|line| moment(line, -1)), "1969-12-31T23:59:59.999");
        assert_eq!(written(&|line| moment(line, 11_016 * DAY + 3_600_000)), "2000-02-29T01:00:00");
        assert_eq!(written(&|line| text(line, "a \"b\", c")), "\"a \"\"b\"\", c\"");
    }
}
