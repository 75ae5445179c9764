//! Arrow's file format: batches are encoded by themselves, as files of one batch, and put together by copying them.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use arrow_array::RecordBatch;
use arrow_ipc::convert::IpcSchemaEncoder;
use arrow_ipc::writer::{
    DictionaryTracker, FileWriter, IpcDataGenerator, IpcWriteOptions, StreamWriter, write_message,
};
use arrow_ipc::{
    Block, CompressionType, FooterBuilder, MetadataVersion, reader::StreamReader, root_as_footer,
};
use arrow_schema::{ArrowError, SchemaRef};
use flatbuffers::FlatBufferBuilder;

use super::form::{Failure, TableForm, TableWriter};
use super::read::{self, Description, Heading, Pairs, Reader};
use super::schema::Table;
use crate::shared;

type Result<T> = std::result::Result<T, ArrowError>;

/// Arrow's file format ("Feather version 2"), compressed with zstd.
#[derive(Debug)]
pub(super) struct Feather;

impl TableForm for Feather {
    fn name(&self) -> &'static str {
        "feather"
    }

    fn ending(&self) -> &'static str {
        "feather"
    }

    fn encode(&self, _: &Table, rows: &RecordBatch, bytes: &mut Vec<u8>) -> std::result::Result<(), Failure> {
        Ok(encode(rows, bytes)?)
    }

    fn create(
        &self,
        path: &Path,
        table: &Table,
        _: &[(String, String)],
    ) -> std::result::Result<Box<dyn TableWriter>, Failure> {
        Ok(Box::new(Writer::create(path, table)?))
    }

    // When and of what a file was made has no place in its schema, which all batches share.
    fn expected(&self, table: &Table, _: Pairs) -> Description {
        let pairs = table.schema.metadata().iter().map(|(key, value)| (key.clone(), value.clone()));
        read::arrow::described(&table.schema, pairs.collect())
    }

    fn describe(&self, path: &Path) -> std::result::Result<Description, String> {
        read::arrow::describe_feather(path)
    }

    fn open(
        &self,
        path: &Path,
        heading: &Heading,
        skip: u64,
    ) -> std::result::Result<Box<dyn Reader>, String> {
        read::arrow::feather(path, heading, skip)
    }
}

impl TableWriter for Writer {
    fn add(&mut self, part: Vec<u8>) -> std::result::Result<(), Failure> {
        Ok(self.append(&part)?)
    }

    fn finish(self: Box<Self>) -> std::result::Result<(), Failure> {
        Ok(self.close()?)
    }
}

const MAGIC: &[u8; 6] = b"ARROW1";
/// What messages are aligned to.
const ALIGNMENT: usize = 64;

fn options() -> Result<IpcWriteOptions> {
    IpcWriteOptions::try_new(ALIGNMENT, false, MetadataVersion::V5)?
        .try_with_compression(Some(CompressionType::ZSTD))
}

/// Encodes rows as a batch.
fn encode(rows: &RecordBatch, bytes: &mut Vec<u8>) -> Result<()> {
    bytes.clear();
    let mut writer = FileWriter::try_new_with_options(bytes, &rows.schema(), options()?)?;
    writer.write(rows)?;
    writer.finish()
}

/// Writes rows as they are, for [`read_rows`].
pub(super) fn write_rows(rows: &RecordBatch, bytes: &mut Vec<u8>) -> Result<()> {
    bytes.clear();
    let mut writer = StreamWriter::try_new(bytes, &rows.schema())?;
    writer.write(rows)?;
    writer.finish()
}

/// The rows that [`write_rows`] wrote.
pub(super) fn read_rows(bytes: &[u8]) -> Result<Vec<RecordBatch>> {
    StreamReader::try_new(bytes, None)?.collect()
}

/// A file that batches are added to.
struct Writer {
    file: BufWriter<File>,
    schema: SchemaRef,
    end: i64,
    dictionaries: Vec<Block>,
    batches: Vec<Block>,
}

impl Writer {
    fn create(path: &Path, table: &Table) -> Result<Self> {
        let mut file = BufWriter::with_capacity(1 << 20, shared::open(path, File::options().write(true))?);
        let mut header = MAGIC.to_vec();
        header.resize(ALIGNMENT, 0);
        file.write_all(&header)?;
        let mut tracker = DictionaryTracker::new(true);
        let options = options()?;
        let generator = IpcDataGenerator::default();
        let schema = generator.schema_to_bytes_with_dictionary_tracker(&table.schema, &mut tracker, &options);
        let (head, body) = write_message(&mut file, schema, &options)?;
        let end = (header.len() + head + body) as i64;
        let schema = table.schema.clone();
        Ok(Writer { file, schema, end, dictionaries: Vec::new(), batches: Vec::new() })
    }

    /// Adds what [`encode`] made. The texts of a column are the same in all batches; those of the first are kept.
    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        let (dictionaries, batches) = blocks(bytes)?;
        if self.dictionaries.is_empty() {
            for block in dictionaries {
                let block = self.copy(bytes, block)?;
                self.dictionaries.push(block);
            }
        }
        for block in batches {
            let block = self.copy(bytes, block)?;
            self.batches.push(block);
        }
        Ok(())
    }

    fn copy(&mut self, bytes: &[u8], block: Block) -> Result<Block> {
        let length = i64::from(block.metaDataLength()) + block.bodyLength();
        let range = usize::try_from(block.offset()).ok().zip(usize::try_from(length).ok());
        let message = range.and_then(|(offset, length)| bytes.get(offset..offset.checked_add(length)?));
        let message = message.ok_or_else(|| ArrowError::IpcError("a batch is cut short".to_owned()))?;
        self.file.write_all(message)?;
        let copied = Block::new(self.end, block.metaDataLength(), block.bodyLength());
        self.end += length;
        Ok(copied)
    }

    fn close(mut self) -> Result<()> {
        // The end of the stream, as a message of no length.
        self.file.write_all(&[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0])?;
        let mut buffer = FlatBufferBuilder::new();
        let dictionaries = buffer.create_vector(&self.dictionaries);
        let batches = buffer.create_vector(&self.batches);
        let mut tracker = DictionaryTracker::new(true);
        let schema = IpcSchemaEncoder::new()
            .with_dictionary_tracker(&mut tracker)
            .schema_to_fb_offset(&mut buffer, &self.schema);
        let mut footer = FooterBuilder::new(&mut buffer);
        footer.add_version(MetadataVersion::V5);
        footer.add_schema(schema);
        footer.add_dictionaries(dictionaries);
        footer.add_recordBatches(batches);
        let root = footer.finish();
        buffer.finish(root, None);
        let footer = buffer.finished_data();
        self.file.write_all(footer)?;
        self.file.write_all(&(footer.len() as i32).to_le_bytes())?;
        self.file.write_all(MAGIC)?;
        self.file.flush()?;
        Ok(())
    }
}

/// Where a file's dictionaries and batches are.
fn blocks(bytes: &[u8]) -> Result<(Vec<Block>, Vec<Block>)> {
    let damaged = || ArrowError::IpcError("no footer".to_owned());
    let (rest, _) = bytes.split_last_chunk::<6>().ok_or_else(damaged)?;
    let (rest, length) = rest.split_last_chunk::<4>().ok_or_else(damaged)?;
    let length = usize::try_from(i32::from_le_bytes(*length)).map_err(|_| damaged())?;
    let footer = rest.len().checked_sub(length).and_then(|first| rest.get(first..)).ok_or_else(damaged)?;
    let footer = root_as_footer(footer).map_err(|error| ArrowError::IpcError(error.to_string()))?;
    let list = |blocks: Option<flatbuffers::Vector<'_, Block>>| {
        blocks.map(|blocks| blocks.iter().copied().collect()).unwrap_or_default()
    };
    Ok((list(footer.dictionaries()), list(footer.recordBatches())))
}
