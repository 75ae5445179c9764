//! Rows of Parquet and Feather, by the Arrow and Parquet crates' own readers.

use std::collections::HashSet;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMillisecondType, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchReader};
use arrow_ipc::reader::FileReader;
use arrow_schema::{DataType, Schema};
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::merge::{BATCH, Reader};
use super::rows::{Column, Form, Rows};
use super::sound;

type Pairs = std::collections::BTreeMap<String, String>;

/// What a Parquet file says of itself: its columns, and pairs of key and value.
pub(in super::super) fn describe_parquet(path: &Path) -> Result<(Schema, Pairs), String> {
    sound(|| describe_sound_parquet(path))
}

fn describe_sound_parquet(path: &Path) -> Result<(Schema, Pairs), String> {
    let seal = crate::table::seal_of_parquet(path).map_err(|error| error.to_string())?;
    if seal == crate::seal::Seal::Broken {
        return Err("it is damaged: its bytes are not what was published".to_owned());
    }
    let builder = builder(path)?;
    let pairs = builder.metadata().file_metadata().key_value_metadata().cloned().unwrap_or_default();
    let pairs =
        pairs.into_iter().filter(|pair| !["ARROW:schema", crate::table::SEAL].contains(&pair.key.as_str()));
    let pairs = pairs.map(|pair| (pair.key, pair.value.unwrap_or_default())).collect();
    Ok((builder.schema().as_ref().clone(), pairs))
}

/// The same of a Feather file.
pub(in super::super) fn describe_feather(path: &Path) -> Result<(Schema, Pairs), String> {
    let reader = sound(|| feather_reader(path))?;
    let schema = reader.schema().as_ref().clone();
    let pairs = schema.metadata().iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    Ok((schema, pairs))
}

fn builder(path: &Path) -> Result<ParquetRecordBatchReaderBuilder<File>, String> {
    let file = crate::shared::open_input(path).map_err(|error| error.to_string())?;
    ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| error.to_string())
}

fn feather_reader(path: &Path) -> Result<FileReader<BufReader<File>>, String> {
    let file = crate::shared::open_input(path).map_err(|error| error.to_string())?;
    super::bounds::check(&file)?;
    FileReader::try_new(BufReader::new(file), None).map_err(|error| error.to_string())
}

/// Rows of a Parquet file behind some.
pub(in super::super) fn parquet(path: &Path, form: &Form, skip: u64) -> Result<Box<dyn Reader>, String> {
    let skip = usize::try_from(skip).map_err(|error| error.to_string())?;
    let reader: ParquetRecordBatchReader = sound(|| {
        let reader = builder(path)?.with_batch_size(BATCH).with_offset(skip).build();
        reader.map_err(|error| error.to_string())
    })?;
    check(reader.schema().as_ref(), form)?;
    Ok(Box::new(Batches { batches: Box::new(reader), form: form.clone(), skip: 0, told: HashSet::new() }))
}

/// Rows of a Feather file behind some.
pub(in super::super) fn feather(path: &Path, form: &Form, skip: u64) -> Result<Box<dyn Reader>, String> {
    let reader = sound(|| feather_reader(path))?;
    check(reader.schema().as_ref(), form)?;
    Ok(Box::new(Batches { batches: Box::new(reader), form: form.clone(), skip, told: HashSet::new() }))
}

/// Rows of another form cannot be compared, which is told with the columns.
fn check(schema: &Schema, form: &Form) -> Result<(), String> {
    match schema.fields().len() == form.columns.len() {
        true => Ok(()),
        false => Err(format!("it has {} columns", schema.fields().len())),
    }
}

struct Batches {
    batches: Box<dyn Iterator<Item = Result<RecordBatch, arrow_schema::ArrowError>> + Send>,
    form: Form,
    skip: u64,
    /// Problems of dictionaries that were told.
    told: HashSet<String>,
}

impl Reader for Batches {
    fn read(&mut self, rows: &mut Rows) -> Result<bool, String> {
        let batch = sound(|| self.batches.next().transpose().map_err(|error| error.to_string()))?;
        let Some(batch) = batch else { return Ok(false) };
        let skipped = (self.skip as usize).min(batch.num_rows());
        self.skip -= skipped as u64;
        let mut columns = Vec::new();
        for (array, column) in batch.columns().iter().zip(&self.form.columns) {
            let mut problems = Vec::new();
            columns.push(bits(array, column, &mut problems)?);
            rows.problems.extend(problems.into_iter().filter(|problem| self.told.insert(problem.clone())));
        }
        for row in skipped..batch.num_rows() {
            for column in &columns {
                rows.push(column.get(row).copied().flatten());
            }
        }
        Ok(true)
    }
}

fn bits(array: &ArrayRef, column: &Column, problems: &mut Vec<String>) -> Result<Vec<Option<u64>>, String> {
    macro_rules! of {
        ($kind:ty, |$value:ident| $bits:expr) => {
            array.as_primitive::<$kind>().iter().map(|value| value.map(|$value| $bits)).collect()
        };
    }
    let values: Vec<Option<u64>> = match array.data_type() {
        DataType::Float32 => of!(Float32Type, |value| u64::from(value.to_bits())),
        DataType::Float64 => of!(Float64Type, |value| value.to_bits()),
        DataType::Int8 => of!(Int8Type, |value| i64::from(value) as u64),
        DataType::Int16 => of!(Int16Type, |value| i64::from(value) as u64),
        DataType::Int32 => of!(Int32Type, |value| i64::from(value) as u64),
        DataType::Int64 => of!(Int64Type, |value| value as u64),
        DataType::UInt8 => of!(UInt8Type, |value| u64::from(value)),
        DataType::UInt16 => of!(UInt16Type, |value| u64::from(value)),
        DataType::UInt32 => of!(UInt32Type, |value| u64::from(value)),
        DataType::UInt64 => of!(UInt64Type, |value| value),
        DataType::Timestamp(arrow_schema::TimeUnit::Millisecond, None) => {
            of!(TimestampMillisecondType, |value| value as u64)
        }
        DataType::Boolean => array.as_boolean().iter().map(|value| value.map(u64::from)).collect(),
        DataType::Dictionary(keys, texts) if **keys == DataType::Int32 && **texts == DataType::Utf8 => {
            dictionary(array, column, problems)?
        }
        DataType::Utf8 => {
            let number = |text: &str| column.texts.as_ref().map_or(0, |texts| texts.number(text));
            array.as_string::<i32>().iter().map(|text| text.map(number)).collect()
        }
        other => return Err(format!("{} has the type {other}", column.name)),
    };
    Ok(values)
}

/// Texts by their keys. The entries of a dictionary are distinct, and all of them are known.
fn dictionary(
    array: &ArrayRef,
    column: &Column,
    problems: &mut Vec<String>,
) -> Result<Vec<Option<u64>>, String> {
    let array = array.as_dictionary::<Int32Type>();
    let Some(known) = &column.texts else { return Err(format!("{} is a dictionary", column.name)) };
    let mut seen = HashSet::new();
    let mut numbers = Vec::new();
    for text in array.values().as_string::<i32>() {
        let Some(text) = text else {
            problems.push(format!("an entry of the dictionary of {} is null", column.name));
            numbers.push(None);
            continue;
        };
        if !seen.insert(text) {
            problems.push(format!("{text:?} stands in the dictionary of {} twice", column.name));
        }
        if !known.is_known(text) {
            problems.push(format!("{text:?} stands in the dictionary of {}", column.name));
        }
        numbers.push(Some(known.number(text)));
    }
    let number = |key: i32| numbers.get(usize::try_from(key).ok()?).copied().flatten();
    Ok(array.keys().iter().map(|key| key.and_then(number)).collect())
}
