//! Parquet and Arrow files, read as the columns that they are: of those that the schema needs, some thousand values at a time, each in its own type.
//!
//! An [`Opened`] file knows its groups of rows (row groups of Parquet, batches of Arrow): a part of a file is the groups that begin in it, so that threads and
//! tasks share a file as they share one of text. [`read`] makes rows of columns. A value is what its shortest decimal text would be read as, which for
//! values in their own type is itself; a second reader does make that text ([`input`](super::input)), and proves this one.
//!
//! # Limits
//! Memory is a batch of the columns needed and what the libraries need for it: a page of each column of Parquet, of Arrow a batch as it was written. Pages
//! that claim more than 256 MiB are refused.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Schema, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};

use crate::guard::guarded;

use super::packing::{InputFault, Packing};
use super::rows::RecordFaultKind;
use super::schema::{Head, Role, Separator, Table};

mod bads;
mod batches;
mod cells;
mod claims;
pub(super) mod heading;
mod ipc;
mod keys;
mod own;
mod read;
mod values;

pub(super) use cells::is_single;
use ipc::Outline;
use own::Own;
pub(super) use read::read;

/// Rows that a file's group may claim: more cannot be counted in lines.
const MOST_ROWS: i64 = u32::MAX as i64;

type Batches = Box<dyn Iterator<Item = Result<RecordBatch, String>> + Send>;

/// Rows of a file that are read from one place on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Group {
    /// The byte of the file that decides about the part it is of.
    start: u64,
    /// The rows before it.
    first: u64,
    /// Rows.
    rows: u64,
}

/// How a file is read.
#[derive(Debug)]
enum Form {
    Parquet(ArrowReaderMetadata),
    File,
    Stream,
}

/// A columnar file whose metadata were read.
#[derive(Debug)]
pub(super) struct Opened {
    file: Arc<File>,
    before: (u64, i64, i64),
    form: Form,
    schema: SchemaRef,
    groups: Vec<Group>,
}

/// Size and time of change, by which a file is known to be as it was.
fn state(metadata: &Metadata) -> (u64, i64, i64) {
    (metadata.len(), metadata.mtime(), metadata.mtime_nsec())
}

fn failed(what: &str, error: impl std::fmt::Display) -> io::Error {
    io::Error::other(format!("as {what} it cannot be read: {error}"))
}

impl Opened {
    /// Opens a file; `None` where it is not columnar.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn of(path: &Path) -> Result<Option<Self>, InputFault> {
        Self::open(path).map_err(|error| InputFault::of(&error))
    }

    fn open(path: &Path) -> io::Result<Option<Self>> {
        let mut file = crate::shared::open_input(path)?;
        let mut first = Vec::new();
        (&mut file).take(10).read_to_end(&mut first)?;
        match Packing::detect(&first) {
            packing @ (Packing::Parquet | Packing::Arrow | Packing::ArrowStream) => {
                Self::of_file(file, packing).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// An open file that is known by its first bytes.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn of_file(file: File, packing: Packing) -> io::Result<Self> {
        let before = state(&file.metadata()?);
        let file = Arc::new(file);
        let (form, (schema, groups)) = match packing {
            Packing::Parquet => Self::parquet(&file, before.0)?,
            _ => {
                let is_stream = packing == Packing::ArrowStream;
                let found = guarded(|| ipc::outline(&file, before.0, is_stream));
                let outline = found.unwrap_or_else(|| Err(failed("Arrow", "it is damaged")))?;
                (if is_stream { Form::Stream } else { Form::File }, outline)
            }
        };
        let mut rows = 0u64;
        let mut numbered = Vec::with_capacity(groups.len());
        for (start, count) in groups {
            let count = (0..=MOST_ROWS).contains(&count).then_some(count.unsigned_abs());
            let Some(count) = count else {
                return Err(failed(packing.name(), "a group of it claims more rows than can be counted"));
            };
            // Each group is of the part that its first byte is in, in the order of groups whatever they say.
            let last = numbered.last().map_or(0, |group: &Group| group.start);
            let start = u64::try_from(start).unwrap_or(0).clamp(last, before.0.saturating_sub(1).max(last));
            numbered.push(Group { start, first: rows, rows: count });
            rows = rows.saturating_add(count);
        }
        Ok(Opened { file, before, form, schema, groups: numbered })
    }

    fn parquet(file: &Arc<File>, size: u64) -> io::Result<(Form, Outline)> {
        claims::footer(file, size)?;
        let loaded = guarded(|| ArrowReaderMetadata::load(&Own::of(file), ArrowReaderOptions::new()));
        let metadata = match loaded {
            Some(Ok(metadata)) => metadata,
            Some(Err(error)) => return Err(failed("Parquet", error)),
            None => return Err(failed("Parquet", "its metadata are damaged")),
        };
        let groups = metadata.metadata().row_groups().iter().map(|group| {
            let start = group.columns().first().map_or(0, |column| {
                column
                    .dictionary_page_offset()
                    .map_or(column.data_page_offset(), |first| first.min(column.data_page_offset()))
            });
            (start, group.num_rows())
        });
        let groups = groups.collect();
        let schema = metadata.schema().clone();
        Ok((Form::Parquet(metadata), (schema, groups)))
    }

    /// Whether parts of it can be read by themselves.
    pub(super) fn is_divisible(&self) -> bool {
        self.groups.len() > 1 && !matches!(self.form, Form::Stream)
    }

    /// The beginning of a text with such columns: its names, and where its records would begin.
    pub(super) fn head(&self) -> Head {
        let names: Vec<String> = self.schema.fields().iter().map(|field| field.name().clone()).collect();
        Head {
            separator: Separator::Byte(b','),
            columns: names.len(),
            names: Some(names),
            edges: Vec::new(),
            header: Vec::new(),
            units: None,
            comments: Vec::new(),
            start: heading::length(&self.schema),
            lines: 0,
        }
    }

    /// The columns and their types.
    pub(super) fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Why it cannot be read, where some of the columns that are wanted hold no single values.
    pub(super) fn strange(&self, table: &Table) -> Option<String> {
        let wanted = |index: usize| table.roles.get(index).is_some_and(|role| *role != Role::Ignored);
        let fields = self.schema.fields().iter().enumerate().filter(|(index, _)| wanted(*index));
        let mut strange = fields.filter(|(_, field)| !is_single(field.data_type()));
        let (_, field) = strange.next()?;
        let kind = match field.data_type() {
            DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => "lists",
            DataType::Struct(_) => "structures",
            DataType::Map(..) => "maps",
            DataType::Binary | DataType::LargeBinary | DataType::FixedSizeBinary(_) => "bytes",
            _ => "what is no single value",
        };
        Some(format!("the column {} holds {kind}", crate::printable::printable(field.name())))
    }

    /// The groups of a part.
    fn part(&self, range: Option<&Range<u64>>) -> Vec<usize> {
        let is_in = |group: &Group| range.is_none_or(|range| range.contains(&group.start));
        let numbers = self.groups.iter().enumerate().filter(|(_, group)| is_in(group));
        numbers.map(|(number, _)| number).collect()
    }

    /// The batches of groups, of columns by their numbers; of one of labels with each text once.
    fn batches(
        &self,
        groups: &[usize],
        columns: &[usize],
        label: Option<usize>,
        rows: usize,
    ) -> io::Result<Batches> {
        match &self.form {
            Form::Parquet(metadata) => self.row_groups(metadata, groups, columns, label, rows),
            Form::File => ipc::batches(&self.file, groups, columns),
            Form::Stream => ipc::stream(&self.file, columns),
        }
    }

    fn row_groups(
        &self,
        metadata: &ArrowReaderMetadata,
        groups: &[usize],
        columns: &[usize],
        label: Option<usize>,
        rows: usize,
    ) -> io::Result<Batches> {
        let mask = ProjectionMask::roots(metadata.parquet_schema(), columns.iter().copied());
        self.look_at_claims(metadata, groups, &mask)?;
        let (metadata, groups) = (self.with_dictionary(metadata, label), groups.to_vec());
        let file = Own::of(&self.file);
        let built = guarded(move || {
            let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
            builder.with_projection(mask).with_row_groups(groups).with_batch_size(rows).build()
        });
        match built {
            Some(Ok(reader)) => Ok(Box::new(reader.map(|batch| batch.map_err(|error| error.to_string())))),
            Some(Err(error)) => Err(failed("Parquet", error)),
            None => Err(failed("Parquet", "its metadata are damaged")),
        }
    }

    /// Looks at what the pages of some columns claim.
    fn look_at_claims(
        &self,
        metadata: &ArrowReaderMetadata,
        groups: &[usize],
        mask: &ProjectionMask,
    ) -> io::Result<()> {
        for group in groups.iter().filter_map(|&group| metadata.metadata().row_groups().get(group)) {
            for (_, column) in
                group.columns().iter().enumerate().filter(|(leaf, _)| mask.leaf_included(*leaf))
            {
                let range = guarded(|| column.byte_range());
                let (start, length) = range.ok_or_else(|| failed("Parquet", "its metadata are damaged"))?;
                let end = start.checked_add(length).filter(|&end| end <= self.before.0);
                let end = end.ok_or_else(|| failed("Parquet", "a column of it is beyond its end"))?;
                claims::pages(&self.file, start..end, column.num_values())?;
            }
        }
        Ok(())
    }

    /// The file itself, to be read by others, of whose columns some were looked at for what they claim.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn checked(&self, columns: &[usize]) -> io::Result<Own> {
        if let Form::Parquet(metadata) = &self.form {
            let mask = ProjectionMask::roots(metadata.parquet_schema(), columns.iter().copied());
            self.look_at_claims(metadata, &self.part(None), &mask)?;
        }
        Ok(Own::of(&self.file))
    }

    /// All batches, of columns by their numbers.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn all(&self, columns: &[usize]) -> io::Result<Batches> {
        self.batches(&self.part(None), columns, None, 4_096)
    }

    /// The metadata with a column of texts as numbers of a list of texts.
    fn with_dictionary(&self, metadata: &ArrowReaderMetadata, label: Option<usize>) -> ArrowReaderMetadata {
        let of_label = || {
            let label = label?;
            let is_text =
                |kind: &DataType| matches!(kind, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
            is_text(self.schema.fields().get(label)?.data_type()).then_some(())?;
            let fields = self.schema.fields().iter().enumerate().map(|(index, field)| match index == label {
                true => {
                    let kind = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
                    Arc::new(field.as_ref().clone().with_data_type(kind))
                }
                false => field.clone(),
            });
            let schema =
                Schema::new_with_metadata(fields.collect::<Vec<_>>(), self.schema.metadata().clone());
            let options = ArrowReaderOptions::new().with_schema(Arc::new(schema));
            guarded(|| ArrowReaderMetadata::try_new(metadata.metadata().clone(), options))?.ok()
        };
        of_label().unwrap_or_else(|| metadata.clone())
    }

    /// Whether the file is still what it was when it was opened.
    ///
    /// # Errors
    /// [`Changed`](RecordFaultKind::Changed), and what the system says.
    fn finish(&self) -> Result<(), InputFault> {
        let now = self.file.metadata().map_err(|error| InputFault::of(&error))?;
        match state(&now) == self.before {
            true => Ok(()),
            false => {
                let message = "it was written to while it was read";
                Err(InputFault::new(RecordFaultKind::Changed, message))
            }
        }
    }
}

#[cfg(test)]
mod tests;
