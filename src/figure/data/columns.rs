//! Columns of Parquet tables that gridloom made, read a batch of rows at a time.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int32Type, Int64Type, TimestampMillisecondType};
use arrow_array::{Array, ArrayRef, StringArray};
use arrow_schema::SchemaRef;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use crate::error::{Error, Result, Verdict};
use crate::seal::Seal;

/// How a Parquet file begins and ends.
const MARK: [u8; 4] = *b"PAR1";
/// Rows that are read at a time.
const ROWS: usize = 8192;

/// What a table says of itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct About {
    /// The run, by the table's metadata.
    pub run: String,
    /// By the columns' names, in alphabetical order: long name and units.
    pub columns: BTreeMap<String, [String; 2]>,
}

/// A table that is open.
pub(super) struct Opened {
    pub reader: ParquetRecordBatchReader,
    pub about: About,
}

/// Some rows of the columns that were asked for.
pub(crate) struct Batch {
    columns: Vec<Column>,
    pub rows: usize,
}

enum Column {
    /// NaN where there is none; truths are 0 and 1, dates milliseconds since 1970.
    Numbers(Vec<f64>),
    Texts(Vec<String>),
}

impl Batch {
    /// A number of a column, by its place among those that were asked for. NaN where there is none.
    pub fn number(&self, column: usize, row: usize) -> f64 {
        match self.columns.get(column) {
            Some(Column::Numbers(numbers)) => numbers.get(row).copied().unwrap_or(f64::NAN),
            _ => f64::NAN,
        }
    }

    /// A whole number of a column; none where there is none.
    pub fn whole(&self, column: usize, row: usize) -> Option<i32> {
        let number = self.number(column, row);
        (number.fract() == 0.0 && number.abs() <= f64::from(i32::MAX)).then_some(number as i32)
    }

    /// A text of a column; empty where there is none.
    pub fn text(&self, column: usize, row: usize) -> &str {
        match self.columns.get(column) {
            Some(Column::Texts(texts)) => texts.get(row).map_or("", String::as_str),
            _ => "",
        }
    }
}

/// What a table says of itself, and which columns it has. `table` is the name of such tables' files.
///
/// # Errors
/// [`Io`](crate::ErrorKind::Io) where it cannot be read, [`Library`](crate::ErrorKind::Library) where it is no sound table.
pub(crate) fn about(path: &Path, table: &str) -> Result<About> {
    sound(path, || {
        let (builder, _) = builder(path, table)?;
        Ok(said(builder.schema()))
    })
}

/// Shows all rows, some at a time and in their order, with the columns of these names.
///
/// # Errors
/// As [`about`], and where it has no such columns.
pub(crate) fn each(
    path: &Path,
    table: &str,
    names: &[&str],
    mut show: impl FnMut(&Batch) -> Result<()>,
) -> Result<()> {
    sound(path, || {
        let fail = |reason: String| Error::in_table(path, "draw the table", reason);
        for batch in open(path, table, names)?.reader {
            let batch = batch.map_err(|error| fail(error.to_string()))?;
            let mut columns = Vec::new();
            for name in names {
                let column = batch.column_by_name(name);
                let column = column.ok_or_else(|| fail(format!("it has no column {name}")))?;
                let column = read(column)
                    .ok_or_else(|| fail(format!("its column {name} has neither numbers nor texts")))?;
                columns.push(column);
            }
            show(&Batch { columns, rows: batch.num_rows() })?;
        }
        Ok(())
    })
}

/// The library panics at some damage of files without a seal.
pub(super) fn sound<T>(path: &Path, work: impl FnOnce() -> Result<T>) -> Result<T> {
    crate::guard::guarded(work)
        .unwrap_or_else(|| Err(Error::in_table(path, "draw the table", Verdict::damaged("it is damaged"))))
}

fn builder(path: &Path, table: &str) -> Result<(ParquetRecordBatchReaderBuilder<File>, SchemaRef)> {
    let refuse = |reason: Verdict| Error::in_table(path, "draw the table", reason);
    let read = |source| Error::io("read", path, source);
    let file = crate::shared::open_input(path).map_err(read)?;
    if crate::table::seal_of_parquet(path).map_err(read)? == Seal::Broken {
        return Err(refuse(Verdict::damaged("it is damaged: its bytes are not what was published")));
    }
    refuse_others(&file, table).map_err(read)?.map_or(Ok(()), |reason| Err(refuse(reason)))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file);
    let builder = builder.map_err(|error| refuse(error.to_string().into()))?;
    let schema = builder.schema().clone();
    Ok((builder, schema))
}

/// Opens a table for some of its columns.
///
/// # Errors
/// As [`each`].
pub(super) fn open(path: &Path, table: &str, names: &[&str]) -> Result<Opened> {
    let fail = |reason: String| Error::in_table(path, "draw the table", reason);
    let (builder, schema) = builder(path, table)?;
    let has = |name: &str| schema.field_with_name(name).is_ok();
    // Carbon per area of the strategies' own ground does not add up.
    if names.contains(&"carbon") && !has("carbon") && has("cveg") && has("pls_id") {
        let reason = "it has no column \"carbon\", since an older gridloom made it; make it again";
        return Err(fail(reason.to_owned()));
    }
    if let Some(name) = names.iter().find(|name| !has(name)) {
        return Err(fail(format!("it has no column {name:?}; gridloom's {table} has")));
    }
    let mask = ProjectionMask::columns(builder.parquet_schema(), names.iter().copied());
    let reader = builder.with_projection(mask).with_batch_size(ROWS).build();
    Ok(Opened { reader: reader.map_err(|error| fail(error.to_string()))?, about: said(&schema) })
}

fn said(schema: &SchemaRef) -> About {
    let title = schema.metadata().get("title").cloned().unwrap_or_default();
    let run = title.rsplit_once(" of ").map_or_else(String::new, |(_, run)| run.to_owned());
    let said = |field: &arrow_schema::Field| {
        let of = |key: &str| field.metadata().get(key).cloned().unwrap_or_default();
        (field.name().clone(), ["long_name", "units"].map(of))
    };
    About { run, columns: schema.fields().iter().map(|field| said(field)).collect() }
}

/// Whether a file begins as Parquet does.
pub(crate) fn is_parquet(path: &Path) -> bool {
    let mut start = [0; 4];
    let read = crate::shared::open_input(path).and_then(|file| file.read_exact_at(&mut start, 0));
    read.is_ok() && start == MARK
}

/// What a file is that does not begin and end as Parquet does; the library tells no more than that it cannot read it.
fn refuse_others(file: &File, table: &str) -> std::io::Result<Option<Verdict>> {
    let length = file.metadata()?.len();
    let (mut start, mut end) = ([0; 4], [0; 4]);
    if length >= 8 {
        file.read_exact_at(&mut start, 0)?;
        file.read_exact_at(&mut end, length - 4)?;
    }
    Ok(match (start == MARK, end == MARK) {
        (true, true) => None,
        (true, false) => Some(Verdict::damaged("it is damaged: it is cut short")),
        (false, _) => {
            Some(format!("it is not a Parquet file; give {table}, or the folder that it is in").into())
        }
    })
}

fn read(column: &ArrayRef) -> Option<Column> {
    let numbers = |numbers: Vec<Option<f64>>| {
        Some(Column::Numbers(numbers.into_iter().map(|number| number.unwrap_or(f64::NAN)).collect()))
    };
    if let Some(column) = column.as_primitive_opt::<Float64Type>() {
        return numbers(column.iter().collect());
    }
    if let Some(column) = column.as_primitive_opt::<Float32Type>() {
        return numbers(column.iter().map(|number| number.map(f64::from)).collect());
    }
    if let Some(column) = column.as_primitive_opt::<Int32Type>() {
        return numbers(column.iter().map(|number| number.map(f64::from)).collect());
    }
    if let Some(column) = column.as_primitive_opt::<Int64Type>() {
        return numbers(column.iter().map(|number| number.map(|number| number as f64)).collect());
    }
    if let Some(column) = column.as_primitive_opt::<TimestampMillisecondType>() {
        return numbers(column.iter().map(|number| number.map(|number| number as f64)).collect());
    }
    if let Some(column) = column.as_boolean_opt() {
        return numbers(column.iter().map(|truth| truth.map(|truth| f64::from(u8::from(truth)))).collect());
    }
    let texts = |at: &dyn Fn(usize) -> Option<String>| {
        Some(Column::Texts((0..column.len()).map(|row| at(row).unwrap_or_default()).collect()))
    };
    if let Some(column) = column.as_string_opt::<i32>() {
        return texts(&|row| column.is_valid(row).then(|| column.value(row).to_owned()));
    }
    let dictionary = column.as_dictionary_opt::<Int32Type>()?;
    let words: &StringArray = dictionary.values().as_string_opt::<i32>()?;
    texts(&|row| {
        let key = dictionary.key(row).filter(|&key| key < words.len() && words.is_valid(key))?;
        Some(words.value(key).to_owned())
    })
}
