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
use arrow_schema::{DataType, FieldRef, Schema};
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::super::parquet::seal;
use super::rows::{Column, Heading, Rows};
use super::{BATCH, Described, Description, Pairs, Reader};

/// What columns are by a schema: names, types, and all that is said of each.
pub(in crate::table) fn described(schema: &Schema, file: Pairs) -> Description {
    let pairs = |pairs: &std::collections::HashMap<String, String>| -> Pairs {
        pairs.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
    };
    let column = |field: &FieldRef| Described {
        name: field.name().clone(),
        group: None,
        kind: Some(field.data_type().to_string()),
        is_nullable: Some(field.is_nullable()),
        pairs: Some(pairs(field.metadata())),
        texts: None,
    };
    Description { file: Some(file), columns: schema.fields().iter().map(column).collect(), is_ordered: true }
}

/// What a Parquet file says of itself.
pub(in crate::table) fn describe_parquet(path: &Path) -> Result<Description, String> {
    let found = seal::look(path).map_err(|error| error.to_string())?;
    if found == crate::seal::Seal::Broken {
        return Err("it is damaged: its bytes are not what was published".to_owned());
    }
    let builder = builder(path)?;
    let pairs = builder.metadata().file_metadata().key_value_metadata().cloned().unwrap_or_default();
    let pairs = pairs.into_iter().filter(|pair| !["ARROW:schema", seal::KEY].contains(&pair.key.as_str()));
    let pairs = pairs.map(|pair| (pair.key, pair.value.unwrap_or_default())).collect();
    Ok(described(builder.schema(), pairs))
}

/// The same of a Feather file.
pub(in crate::table) fn describe_feather(path: &Path) -> Result<Description, String> {
    let schema = feather_reader(path)?.schema();
    let pairs = schema.metadata().iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    Ok(described(&schema, pairs))
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
pub(in crate::table) fn parquet(
    path: &Path,
    heading: &Heading,
    skip: u64,
) -> Result<Box<dyn Reader>, String> {
    let skip = usize::try_from(skip).map_err(|error| error.to_string())?;
    let reader = builder(path)?.with_batch_size(BATCH).with_offset(skip).build();
    let reader: ParquetRecordBatchReader = reader.map_err(|error| error.to_string())?;
    check(reader.schema().as_ref(), heading)?;
    let heading = heading.clone();
    Ok(Box::new(Batches { batches: Box::new(reader), heading, skip: 0, told: HashSet::new() }))
}

/// Rows of a Feather file behind some.
pub(in crate::table) fn feather(
    path: &Path,
    heading: &Heading,
    skip: u64,
) -> Result<Box<dyn Reader>, String> {
    let reader = feather_reader(path)?;
    check(reader.schema().as_ref(), heading)?;
    let heading = heading.clone();
    Ok(Box::new(Batches { batches: Box::new(reader), heading, skip, told: HashSet::new() }))
}

/// Rows without a column cannot be compared, which is told with the columns.
fn check(schema: &Schema, heading: &Heading) -> Result<(), String> {
    match heading.columns.iter().find(|column| schema.index_of(&column.name).is_err()) {
        None => Ok(()),
        Some(column) => Err(format!("it has no column {}", column.name)),
    }
}

struct Batches {
    batches: Box<dyn Iterator<Item = Result<RecordBatch, arrow_schema::ArrowError>> + Send>,
    heading: Heading,
    skip: u64,
    /// Problems of dictionaries that were told.
    told: HashSet<String>,
}

impl Reader for Batches {
    fn read(&mut self, rows: &mut Rows) -> Result<bool, String> {
        let batch = self.batches.next().transpose().map_err(|error| error.to_string())?;
        let Some(batch) = batch else { return Ok(false) };
        let skipped = (self.skip as usize).min(batch.num_rows());
        self.skip -= skipped as u64;
        let mut columns = Vec::new();
        for column in self.heading.columns.iter() {
            let array = batch.column_by_name(&column.name);
            let array = array.ok_or_else(|| format!("it has no column {}", column.name))?;
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
