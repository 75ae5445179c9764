//! Files and streams of Arrow: where their batches are, and what these claim.

use std::fs::File;
use std::io::{self, BufReader};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, SchemaRef};

use crate::guard::guarded;

use super::own::Own;
use super::{Batches, failed};

/// Bytes that describe a message, or the end of a file, at the most.
const MOST_WORDS: u64 = 64 << 20;
/// Bytes that a column of a batch may unpack to.
const MOST_UNPACKED: i64 = 1 << 30;

fn reader(file: &Arc<File>) -> BufReader<Own> {
    BufReader::with_capacity(256 << 10, Own::of(file))
}

/// The columns of a file, and where its batches begin, with their rows.
pub(super) type Outline = (SchemaRef, Vec<(i64, i64)>);

/// The outline of a file. To be guarded: the library panics at some that are damaged.
///
/// # Errors
/// What is wrong with it, and what it claims and cannot have.
pub(super) fn outline(file: &File, size: u64, is_stream: bool) -> io::Result<Outline> {
    match is_stream {
        true => of_stream(file, size),
        false => of_file(file, size),
    }
}

fn of_file(file: &File, size: u64) -> io::Result<Outline> {
    let damaged = || failed("Arrow", "its metadata are damaged");
    let at = size.checked_sub(10).ok_or_else(damaged)?;
    let mut end = [0; 10];
    file.read_exact_at(&mut end, at)?;
    let length = arrow_ipc::reader::read_footer_length(end).map_err(|error| failed("Arrow", error))? as u64;
    let start = at.checked_sub(length).filter(|_| length <= MOST_WORDS).ok_or_else(damaged)?;
    let mut bytes = vec![0; length as usize];
    file.read_exact_at(&mut bytes, start)?;
    let footer = arrow_ipc::root_as_footer(&bytes).map_err(|error| failed("Arrow", error))?;
    let schema = footer.schema().ok_or_else(damaged)?;
    let schema = arrow_ipc::convert::fb_to_schema(schema);
    let mut groups = Vec::new();
    let blocks = footer.dictionaries().into_iter().flatten().map(|block| (block, false));
    let blocks = blocks.chain(footer.recordBatches().into_iter().flatten().map(|block| (block, true)));
    for (block, is_batch) in blocks {
        let [start, words, body] = [block.offset(), i64::from(block.metaDataLength()), block.bodyLength()];
        let places = [start, words, body].map(|number| u64::try_from(number).ok());
        let [Some(at), Some(words), Some(body)] = places else { return Err(damaged()) };
        let rows = message(file, size, at, words, Some(body))?.rows;
        if is_batch {
            groups.push((start, rows));
        }
    }
    Ok((Arc::new(schema), groups))
}

/// A message of a file.
struct Message {
    rows: i64,
    body: u64,
}

/// Looks at a message: its words have no more claims than its body holds.
fn message(file: &File, size: u64, at: u64, words: u64, body: Option<u64>) -> io::Result<Message> {
    let damaged = || failed("Arrow", "a batch of it is damaged");
    let body_at = at.checked_add(words).filter(|&end| end <= size && words <= MOST_WORDS);
    let body_at = body_at.ok_or_else(damaged)?;
    let mut bytes = vec![0; words as usize];
    file.read_exact_at(&mut bytes, at)?;
    // Newer files have a mark before the length, older ones the length alone.
    let skip = if bytes.starts_with(&[0xff; 4]) { 8 } else { 4 };
    let told = arrow_ipc::root_as_message(bytes.get(skip..).unwrap_or_default());
    let told = told.map_err(|error| failed("Arrow", error))?;
    let own = u64::try_from(told.bodyLength()).map_err(|_| damaged())?;
    let body = body.unwrap_or(own);
    let end = body_at.checked_add(body.max(own)).filter(|&end| end <= size).ok_or_else(damaged)?;
    let records = told.header_as_record_batch();
    let rows = records.map_or(0, |batch| batch.length());
    let batch = records.or_else(|| told.header_as_dictionary_batch().and_then(|batch| batch.data()));
    let Some(batch) = batch else { return Ok(Message { rows: 0, body }) };
    for buffer in batch.buffers().into_iter().flatten() {
        let place = u64::try_from(buffer.offset()).ok().zip(u64::try_from(buffer.length()).ok());
        let (start, length) = place.ok_or_else(damaged)?;
        let start = body_at.checked_add(start).ok_or_else(damaged)?;
        start.checked_add(length).filter(|&behind| behind <= end).ok_or_else(damaged)?;
        if batch.compression().is_some() && length >= 8 {
            let mut claim = [0; 8];
            file.read_exact_at(&mut claim, start)?;
            let claim = i64::from_le_bytes(claim);
            if claim > MOST_UNPACKED {
                let words = format!("a column of a batch would be {claim} bytes, more than {MOST_UNPACKED}");
                return Err(failed("Arrow", words));
            }
        }
    }
    Ok(Message { rows, body })
}

fn of_stream(file: &File, size: u64) -> io::Result<Outline> {
    let damaged = || failed("Arrow", "it is cut, or damaged");
    let mut groups = Vec::new();
    let mut at = 0u64;
    while at + 4 <= size {
        let mut first = [0; 8];
        let count = usize::try_from(size - at).unwrap_or(8).min(8);
        file.read_exact_at(first.get_mut(..count).unwrap_or_default(), at)?;
        let [a, b, c, d, rest @ ..] = first;
        let (mark, length) = match [a, b, c, d] {
            [0xff, 0xff, 0xff, 0xff] => (8, u32::from_le_bytes(rest)),
            length => (4, u32::from_le_bytes(length)),
        };
        if length == 0 {
            break;
        }
        let words = mark + u64::from(length);
        let Message { rows, body } = message(file, size, at, words, None)?;
        groups.push((i64::try_from(at).map_err(|_| damaged())?, rows));
        at = at.checked_add(words).and_then(|at| at.checked_add(body)).ok_or_else(damaged)?;
    }
    let own = Arc::new(file.try_clone()?);
    let schema = StreamReader::try_new(reader(&own), None).map_err(|error| failed("Arrow", error))?.schema();
    Ok((schema, groups))
}

fn text(batch: Result<arrow_array::RecordBatch, ArrowError>) -> Result<arrow_array::RecordBatch, String> {
    batch.map_err(|error| error.to_string())
}

fn opened<T>(what: impl FnOnce() -> Result<T, ArrowError>) -> io::Result<T> {
    match guarded(what) {
        Some(Ok(opened)) => Ok(opened),
        Some(Err(error)) => Err(failed("Arrow", error)),
        None => Err(failed("Arrow", "its metadata are damaged")),
    }
}

/// The batches of a file by their numbers.
pub(super) fn batches(file: &Arc<File>, groups: &[usize], columns: &[usize]) -> io::Result<Batches> {
    let mut reader = opened(|| FileReader::try_new(reader(file), Some(columns.to_vec())))?;
    let groups = groups.to_vec();
    Ok(Box::new(groups.into_iter().filter_map(move |number| {
        if let Err(error) = reader.set_index(number) {
            return Some(Err(error.to_string()));
        }
        reader.next().map(text)
    })))
}

/// All batches of a stream.
pub(super) fn stream(file: &Arc<File>, columns: &[usize]) -> io::Result<Batches> {
    let reader = opened(|| StreamReader::try_new(reader(file), Some(columns.to_vec())))?;
    Ok(Box::new(reader.map(text)))
}
