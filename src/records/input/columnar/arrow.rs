//! Lines of the batches of a file of Arrow.

use std::fmt::Write as _;
use std::io;

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;

use crate::records::columnar::Opened;

use super::{LINES, Write, dated, decimal, double, end, strange, word};

/// What writes the lines of a file.
pub(super) fn lines(opened: &Opened, wanted: &[bool]) -> io::Result<Write> {
    let columns = (0..wanted.len()).filter(|&index| wanted.get(index) == Some(&true));
    let columns: Vec<usize> = columns.collect();
    let mut batches = opened.all(&columns)?;
    let count = wanted.len();
    let mut here: Option<(RecordBatch, usize)> = None;
    Ok(Box::new(move |text| {
        let (batch, mut row) = match here.take() {
            Some(here) => here,
            None => match batches.next() {
                None => return Ok(false),
                Some(batch) => (batch?, 0),
            },
        };
        let fields: Vec<Field<'_>> = batch.columns().iter().map(|column| field(column.as_ref())).collect();
        while row < batch.num_rows() && text.len() < LINES {
            line(text, &fields, &columns, count, row);
            row += 1;
        }
        drop(fields);
        if row < batch.num_rows() {
            here = Some((batch, row));
        }
        Ok(true)
    }))
}

fn line(text: &mut String, fields: &[Field<'_>], columns: &[usize], count: usize, row: usize) {
    let begin = text.len();
    let mut next = fields.iter().zip(columns).peekable();
    for index in 0..count {
        if index > 0 {
            text.push(',');
        }
        if let Some((field, _)) = next.next_if(|(_, column)| **column == index) {
            field(row, text);
        }
    }
    let is_empty = text.len() == begin;
    end(text, count, is_empty);
}

/// Writes numbers as they are shown: with the fewest digits that give them back.
macro_rules! number {
    ($column:ident, $type:ty) => {{
        let values = $column.as_primitive::<$type>();
        Box::new(move |row, text| _ = write!(text, "{}", values.value(row)))
    }};
}

/// Whole numbers that are days or moments.
macro_rules! time {
    ($column:ident, $type:ty) => {{
        let values = $column.as_primitive::<$type>();
        Box::new(move |row, text| _ = dated(text, $column.data_type(), i64::from(values.value(row))))
    }};
}

/// Writes the value of a row.
type Field<'a> = Box<dyn Fn(usize, &mut String) + 'a>;

/// How the values of a column are written; missing ones are not.
fn field(column: &dyn Array) -> Field<'_> {
    let value = values(column);
    Box::new(move |row, text| {
        if !column.is_null(row) {
            value(row, text);
        }
    })
}

fn values(column: &dyn Array) -> Field<'_> {
    use arrow_schema::TimeUnit::*;
    match column.data_type() {
        DataType::Null => Box::new(|_, _| {}),
        DataType::Int8 => number!(column, Int8Type),
        DataType::Int16 => number!(column, Int16Type),
        DataType::Int32 => number!(column, Int32Type),
        DataType::Int64 => number!(column, Int64Type),
        DataType::UInt8 => number!(column, UInt8Type),
        DataType::UInt16 => number!(column, UInt16Type),
        DataType::UInt32 => number!(column, UInt32Type),
        DataType::UInt64 => number!(column, UInt64Type),
        DataType::Float32 => number!(column, Float32Type),
        DataType::Float16 => {
            let values = column.as_primitive::<Float16Type>();
            Box::new(move |row, text| double(text, values.value(row).to_f64()))
        }
        DataType::Float64 => {
            let values = column.as_primitive::<Float64Type>();
            Box::new(move |row, text| double(text, values.value(row)))
        }
        DataType::Boolean => {
            let values = column.as_boolean();
            Box::new(move |row, text| text.push(if values.value(row) { '1' } else { '0' }))
        }
        DataType::Decimal32(_, scale) => {
            let (values, scale) = (column.as_primitive::<Decimal32Type>(), *scale);
            Box::new(move |row, text| decimal(text, i128::from(values.value(row)), scale))
        }
        DataType::Decimal64(_, scale) => {
            let (values, scale) = (column.as_primitive::<Decimal64Type>(), *scale);
            Box::new(move |row, text| decimal(text, i128::from(values.value(row)), scale))
        }
        DataType::Decimal128(_, scale) => {
            let (values, scale) = (column.as_primitive::<Decimal128Type>(), *scale);
            Box::new(move |row, text| decimal(text, values.value(row), scale))
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
        DataType::Date32 => time!(column, Date32Type),
        DataType::Date64 => time!(column, Date64Type),
        DataType::Timestamp(Second, _) => time!(column, TimestampSecondType),
        DataType::Timestamp(Millisecond, _) => time!(column, TimestampMillisecondType),
        DataType::Timestamp(Microsecond, _) => time!(column, TimestampMicrosecondType),
        DataType::Timestamp(Nanosecond, _) => time!(column, TimestampNanosecondType),
        DataType::Dictionary(..) if strange(column.data_type()).is_none() => {
            let Some(dictionary) = column.as_any_dictionary_opt() else { return Box::new(|_, _| {}) };
            let keys = dictionary.normalized_keys();
            let values = field(dictionary.values().as_ref());
            let length = dictionary.values().len();
            Box::new(move |row, text| {
                if let Some(&key) = keys.get(row).filter(|&&key| key < length) {
                    values(key, text);
                }
            })
        }
        other => {
            let name = strange(other).unwrap_or_default();
            Box::new(move |_, text| word(text, &name))
        }
    }
}
