//! Rows that are being collected, column by column, until there are enough of them for a batch.
//!
//! Columns hold bytes: the values of a dump's series are copied as they are, and no code is made twice for another type
//! of number. A masked value keeps its bytes and is marked as null. Who fills them calls them by name: a column that the table does
//! not have takes nothing, and one that is left out of a row shows when the rows are taken.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, StringArray, make_array};
use arrow_buffer::{BooleanBuffer, Buffer, MutableBuffer, NullBuffer, NullBufferBuilder};
use arrow_data::ArrayData;
use arrow_schema::{ArrowError, DataType, Schema, SchemaRef};

use crate::model::element::Element;

use super::schema::Table;
use super::texts::Texts;

/// Milliseconds of a day.
pub(super) const DAY: i64 = 86_400_000;

/// A column.
struct Column {
    bytes: MutableBuffer,
    nulls: NullBufferBuilder,
    size: usize,
}

impl Column {
    fn new(data_type: &DataType, usual: usize) -> Self {
        let size = match data_type {
            // A byte each until they are packed.
            DataType::Boolean => 1,
            // Keys of texts are 32 bits wide.
            other => other.primitive_width().unwrap_or(4),
        };
        Column { bytes: MutableBuffer::with_capacity(usual * size), nulls: NullBufferBuilder::new(0), size }
    }

    fn repeat<const N: usize>(&mut self, value: [u8; N], count: usize) {
        if let (Some(&narrow), 8) = (value.first_chunk::<4>().filter(|_| N == 4), self.size) {
            // Upstream's whole numbers are wider.
            return self.repeat(i64::from(i32::from_le_bytes(narrow)).to_le_bytes(), count);
        }
        debug_assert_eq!(self.size, N);
        self.bytes.repeat_slice_n_times(&value, count);
        self.nulls.append_n_non_nulls(count);
    }

    fn nulls(&mut self, count: usize) {
        self.bytes.extend_zeros(count * self.size);
        self.nulls.append_n_nulls(count);
    }
}

/// The columns of a table.
pub(super) struct Columns {
    schema: SchemaRef,
    /// For each column the texts that its keys stand for; `None` for numbers.
    texts: Vec<Option<Texts>>,
    columns: Vec<Column>,
    /// The column behind the one that was filled last.
    next: usize,
    /// How many rows there is memory for at once.
    usual: usize,
}

impl Columns {
    /// No rows of a table yet; `usual` says how many are expected.
    pub fn new(table: &Table, usual: usize) -> Self {
        let Table { schema, texts, .. } = table;
        let columns = schema.fields().iter().map(|field| Column::new(field.data_type(), usual)).collect();
        Columns { schema: schema.clone(), texts: texts.clone(), columns, next: 0, usual }
    }

    /// No columns.
    pub fn none() -> Self {
        let schema = Arc::new(Schema::empty());
        Columns { schema, texts: Vec::new(), columns: Vec::new(), next: 0, usual: 0 }
    }

    /// Where a column is; nowhere where files leave it out, since the name of their folder says it.
    fn place(&mut self, name: &str) -> Option<usize> {
        let fields = self.schema.fields();
        let next = self.next.min(fields.len());
        // Rows are filled column by column, so that the one behind the last is most often meant.
        let mut places = (next..fields.len()).chain(0..next);
        let place = places.find(|&place| fields.get(place).is_some_and(|field| field.name() == name))?;
        self.next = place + 1;
        Some(place)
    }

    fn column(&mut self, name: &str) -> Option<&mut Column> {
        let place = self.place(name)?;
        self.columns.get_mut(place)
    }

    /// Rows so far, by the first column.
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |column| column.bytes.len() / column.size.max(1))
    }

    /// Adds values as they stand in memory, little endian. Those that equal the element's fill value are null.
    pub fn extend(&mut self, column: &str, values: &[u8], element: Element) {
        let Some(column) = self.column(column) else { return };
        column.bytes.extend_from_slice(values);
        let fill = element.fill();
        match element.size() {
            1 => mark::<1>(values, fill, &mut column.nulls),
            2 => mark::<2>(values, fill, &mut column.nulls),
            4 => mark::<4>(values, fill, &mut column.nulls),
            _ => mark::<8>(values, fill, &mut column.nulls),
        }
    }

    /// Adds a value.
    pub fn push<const N: usize>(&mut self, column: &str, value: [u8; N]) {
        self.repeat(column, value, 1);
    }

    /// Adds the same value several times.
    pub fn repeat<const N: usize>(&mut self, column: &str, value: [u8; N], count: usize) {
        if let Some(column) = self.column(column) {
            column.repeat(value, count);
        }
    }

    /// Adds nulls.
    pub fn nulls(&mut self, column: &str, count: usize) {
        if let Some(column) = self.column(column) {
            column.nulls(count);
        }
    }

    /// Adds a number of double precision; null where there is none, or NaN.
    pub fn number(&mut self, column: &str, value: Option<f64>) {
        match value.filter(|value| !value.is_nan()) {
            Some(value) => self.push(column, value.to_le_bytes()),
            None => self.nulls(column, 1),
        }
    }

    /// Adds the text of a thing; null where it has none.
    pub fn text(&mut self, column: &str, number: usize) {
        self.repeat_text(column, number, 1);
    }

    /// Adds the text of a thing several times; null where it has none.
    pub fn repeat_text(&mut self, column: &str, number: usize, count: usize) {
        let Some(place) = self.place(column) else { return };
        let key = self.texts.get(place).and_then(Option::as_ref).and_then(|texts| texts.key(number));
        let Some(column) = self.columns.get_mut(place) else { return };
        match key {
            Some(key) => column.repeat(key.to_le_bytes(), count),
            None => column.nulls(count),
        }
    }

    /// Adds the texts of things that follow each other.
    pub fn texts(&mut self, column: &str, numbers: std::ops::Range<usize>) {
        numbers.for_each(|number| self.text(column, number));
    }

    /// Adds values by their bits, of which a column takes the low bytes; null where there is none.
    pub fn bits(&mut self, column: &str, values: impl Iterator<Item = Option<u64>>) {
        let Some(column) = self.column(column) else { return };
        for value in values {
            // The low bytes of a number are the number, whatever its sign.
            let bytes = value.unwrap_or(0).to_le_bytes();
            column.bytes.extend_from_slice(bytes.get(..column.size).unwrap_or(&bytes));
            column.nulls.append(value.is_some());
        }
    }

    /// Adds values that need no look, such as days.
    pub fn values<const N: usize>(&mut self, column: &str, values: impl Iterator<Item = [u8; N]>) {
        let Some(column) = self.column(column) else { return };
        let before = column.bytes.len();
        values.for_each(|value| column.bytes.extend_from_slice(&value));
        column.nulls.append_n_non_nulls((column.bytes.len() - before) / N);
    }

    /// Takes all rows away as a batch.
    ///
    /// # Errors
    /// Where columns are not of one length: a mistake of whoever filled them.
    pub fn take(&mut self) -> Result<RecordBatch, ArrowError> {
        let arrays: Result<Vec<ArrayRef>, ArrowError> = self
            .columns
            .iter_mut()
            .zip(self.schema.fields())
            .zip(&self.texts)
            .map(|((column, field), texts)| {
                let length = column.bytes.len() / column.size.max(1);
                let next = MutableBuffer::with_capacity(self.usual * column.size);
                let bytes = std::mem::replace(&mut column.bytes, next);
                let nulls = column.nulls.finish();
                if *field.data_type() == DataType::Boolean {
                    let values = BooleanBuffer::collect_bool(length, |index| bytes.get(index) == Some(&1));
                    return Ok(Arc::new(BooleanArray::new(values, nulls)) as ArrayRef);
                }
                if let (DataType::Utf8, Some(texts)) = (field.data_type(), texts) {
                    return plain_texts(&bytes.into(), nulls.as_ref(), texts);
                }
                let nulls = nulls.map(|nulls| nulls.into_inner().into_inner());
                let children =
                    texts.iter().map(|texts| arrow_array::Array::to_data(&*texts.values)).collect();
                let data_type = field.data_type().clone();
                let buffers = vec![bytes.into()];
                ArrayData::try_new(data_type, length, nulls, 0, buffers, children).map(make_array)
            })
            .collect();
        RecordBatch::try_new(self.schema.clone(), arrays?)
    }
}

/// Texts by their keys, each written out.
fn plain_texts(keys: &Buffer, nulls: Option<&NullBuffer>, texts: &Texts) -> Result<ArrayRef, ArrowError> {
    let is_there = |row: usize| nulls.is_none_or(|nulls| nulls.is_valid(row));
    let text = |(row, &key): (usize, &i32)| {
        let place = usize::try_from(key).ok().filter(|&place| is_there(row) && place < texts.values.len());
        place.map(|place| texts.values.value(place))
    };
    Ok(Arc::new(keys.typed_data::<i32>().iter().enumerate().map(text).collect::<StringArray>()))
}

/// Marks values that equal the fill value as null; most often there is none.
fn mark<const N: usize>(values: &[u8], fill: [u8; 8], nulls: &mut NullBufferBuilder) {
    let Some(fill) = fill.first_chunk::<N>() else { return };
    let (values, _) = values.as_chunks::<N>();
    // Without an early end the comparison is done on many values at once.
    let masked = values.iter().fold(0, |count, value| count + usize::from(value == fill));
    if masked == 0 {
        nulls.append_n_non_nulls(values.len());
    } else if masked == values.len() {
        nulls.append_n_nulls(values.len());
    } else {
        values.iter().for_each(|value| nulls.append(value != fill));
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::Array;
    use arrow_array::cast::AsArray;
    use arrow_array::types::Float32Type;
    use arrow_schema::Field;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn fill_values_are_null_and_all_others_keep_their_bits(bits in prop::collection::vec(any::<u32>(), 0..50), masked: u64) {
            let schema = Arc::new(Schema::new(vec![Field::new("npp", DataType::Float32, true)]));
            let kind = crate::plan::tables::TableKind::Daily;
            let table = Table { kind, schema, key: Vec::new(), texts: vec![None] };
            let mut columns = Columns::new(&table, 7);
            let is_masked = |index: usize| masked >> (index % 64) & 1 == 1;
            let values: Vec<f32> = bits.iter().enumerate()
                .map(|(index, &bits)| if is_masked(index) { 1e20 } else { f32::from_bits(bits) }).collect();
            let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            let half = bytes.len() / 8 * 4;
            columns.extend("npp", &bytes[..half], Element::Float32);
            columns.extend("npp", &bytes[half..], Element::Float32);
            prop_assert_eq!(columns.rows(), values.len());
            let batch = columns.take().expect("a batch");
            let array = batch.column(0).as_primitive::<Float32Type>();
            for (index, value) in values.iter().enumerate() {
                prop_assert_eq!(array.is_null(index), *value == 1e20);
                prop_assert_eq!(array.value(index).to_bits(), value.to_bits());
            }
            prop_assert_eq!(columns.rows(), 0);
        }
    }
}
