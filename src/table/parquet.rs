//! Parquet: row groups are encoded by themselves, as files of one row group, and put together by copying their columns.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::DataType;
use bytes::Bytes;
use parquet::arrow::arrow_writer::{ArrowWriter, ArrowWriterOptions};
use parquet::arrow::{ArrowSchemaConverter, add_encoded_arrow_schema_to_metadata};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, ParquetMetaDataReader, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;

use super::form::{Failure, TableForm, TableWriter};
use super::read::{self, Description, Heading, Pairs, Reader};
use super::schema::Table;
use crate::shared;
use seal::Digesting;

pub(crate) mod seal;

type Result<T> = std::result::Result<T, ParquetError>;

/// Parquet, compressed with zstd.
#[derive(Debug)]
pub(super) struct Parquet;

impl TableForm for Parquet {
    fn name(&self) -> &'static str {
        "parquet"
    }

    fn ending(&self) -> &'static str {
        "parquet"
    }

    fn encode(
        &self,
        table: &Table,
        rows: &RecordBatch,
        bytes: &mut Vec<u8>,
    ) -> std::result::Result<(), Failure> {
        Ok(encode(table, rows, bytes)?)
    }

    fn create(
        &self,
        path: &Path,
        table: &Table,
        about: &[(String, String)],
    ) -> std::result::Result<Box<dyn TableWriter>, Failure> {
        Ok(Box::new(Writer::create(path, table, about)?))
    }

    fn expected(&self, table: &Table, about: Pairs) -> Description {
        read::arrow::described(&table.schema, about)
    }

    fn describe(&self, path: &Path) -> std::result::Result<Description, String> {
        read::arrow::describe_parquet(path)
    }

    fn open(
        &self,
        path: &Path,
        heading: &Heading,
        skip: u64,
    ) -> std::result::Result<Box<dyn Reader>, String> {
        read::arrow::parquet(path, heading, skip)
    }
}

impl TableWriter for Writer {
    fn add(&mut self, part: Vec<u8>) -> std::result::Result<(), Failure> {
        Ok(self.append(part)?)
    }

    fn finish(self: Box<Self>) -> std::result::Result<(), Failure> {
        Ok(self.close()?)
    }
}

/// How a table's columns are encoded. Floats of different magnitudes compress best when their bytes stand apart; columns
/// that say which row it is repeat themselves.
fn properties(table: &Table) -> WriterProperties {
    let mut builder = WriterProperties::builder()
        .set_created_by(format!("gridloom {}", env!("CARGO_PKG_VERSION")))
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .set_max_row_group_row_count(None)
        .set_write_batch_size(8192)
        .set_dictionary_enabled(true);
    for field in table.schema.fields() {
        let path = ColumnPath::from(field.name().as_str());
        let is_key = table.key.contains(&field.name().as_str());
        match field.data_type() {
            DataType::Timestamp(..) => {
                builder = builder
                    .set_column_dictionary_enabled(path.clone(), false)
                    .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED);
            }
            DataType::Float32 | DataType::Float64
                if !is_key && !matches!(field.name().as_str(), "latitude" | "longitude") =>
            {
                builder = builder
                    .set_column_dictionary_enabled(path.clone(), false)
                    .set_column_encoding(path, Encoding::BYTE_STREAM_SPLIT);
            }
            _ => {}
        }
    }
    builder.set_sorting_columns(sorting(table)).build()
}

fn sorting(table: &Table) -> Option<Vec<SortingColumn>> {
    let column = |name: &str| {
        let index = table.schema.index_of(name).ok()?;
        Some(SortingColumn { column_idx: i32::try_from(index).ok()?, descending: false, nulls_first: false })
    };
    let columns: Option<Vec<SortingColumn>> = table.sorted_by().map(column).collect();
    columns.filter(|columns| !columns.is_empty())
}

/// Encodes rows as a row group.
fn encode(table: &Table, rows: &RecordBatch, bytes: &mut Vec<u8>) -> Result<()> {
    let options = ArrowWriterOptions::new().with_properties(properties(table)).with_skip_arrow_metadata(true);
    bytes.clear();
    let mut writer = ArrowWriter::try_new_with_options(bytes, table.schema.clone(), options)?;
    writer.write(rows)?;
    writer.close().map(drop)
}

/// A file that row groups are added to.
struct Writer {
    path: PathBuf,
    file: SerializedFileWriter<Digesting<BufWriter<File>>>,
}

impl Writer {
    fn create(path: &Path, table: &Table, metadata: &[(String, String)]) -> Result<Self> {
        let schema = ArrowSchemaConverter::new().schema_root("table").convert(&table.schema)?;
        let mut properties = properties(table);
        let pairs = metadata.iter().map(|(key, value)| KeyValue::new(key.clone(), value.clone()));
        let pairs = pairs.chain([KeyValue::new(seal::KEY.to_owned(), seal::EMPTY.to_owned())]);
        properties = properties.into_builder().set_key_value_metadata(Some(pairs.collect())).build();
        add_encoded_arrow_schema_to_metadata(&table.schema, &mut properties);
        let file = Digesting::new(BufWriter::with_capacity(
            1 << 20,
            shared::open(path, File::options().write(true))?,
        ));
        let file = SerializedFileWriter::new(file, schema.root_schema_ptr(), Arc::new(properties))?;
        Ok(Writer { path: path.to_owned(), file })
    }

    /// Adds what [`encode`] made.
    fn append(&mut self, bytes: Vec<u8>) -> Result<()> {
        let bytes = Bytes::from(bytes);
        let metadata = ParquetMetaDataReader::new().parse_and_finish(&bytes)?;
        for group in metadata.row_groups() {
            let mut writer = self.file.next_row_group()?;
            for column in group.columns() {
                let close = ColumnCloseResult {
                    bytes_written: u64::try_from(column.compressed_size()).unwrap_or(0),
                    rows_written: u64::try_from(group.num_rows()).unwrap_or(0),
                    metadata: column.clone(),
                    bloom_filter: None,
                    column_index: None,
                    offset_index: None,
                };
                writer.append_column(&bytes, close)?;
            }
            writer.close()?;
        }
        Ok(())
    }

    /// Completes and seals the file.
    fn close(self) -> Result<()> {
        let (mut file, seal) = self.file.into_inner()?.finish();
        file.flush()?;
        drop(file);
        Ok(seal::put(&self.path, &seal)?)
    }
}
