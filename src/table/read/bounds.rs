//! Feather files before a library reads them: it takes as much memory as they say, and what they say may be damaged.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;

use arrow_ipc::{Block, RecordBatch, root_as_footer, root_as_message};

/// What stands at the end of a file, behind the footer and its length.
const MAGIC: &[u8; 6] = b"ARROW1";

/// A column of a batch has so many bytes at most, and so many for each byte of the file.
const LONGEST: u64 = 1 << 30;
const RATIO: u64 = 4096;

/// Whether a file holds the blocks that it names, and their columns are of a size that it can hold.
///
/// # Errors
/// That it is damaged.
pub(super) fn check(file: &File) -> Result<(), String> {
    let damaged = || "it is damaged: it names more than it holds".to_owned();
    let fail = |error: std::io::Error| error.to_string();
    let length = file.metadata().map_err(fail)?.len();
    let most = length.saturating_mul(RATIO).saturating_add(1 << 20).min(LONGEST);
    let mut end = [0; 10];
    let tail = length.checked_sub(end.len() as u64).ok_or_else(damaged)?;
    file.read_exact_at(&mut end, tail).map_err(fail)?;
    let (footer, magic) = end.split_first_chunk::<4>().ok_or_else(damaged)?;
    let footer = u64::from(u32::from_le_bytes(*footer));
    let start = tail.checked_sub(footer).filter(|_| magic == MAGIC).ok_or_else(damaged)?;
    let bytes = part(file, start, footer)?;
    let footer = root_as_footer(&bytes).map_err(|error| format!("it is damaged: {error}"))?;
    for block in [footer.dictionaries(), footer.recordBatches()].into_iter().flatten().flatten() {
        let Some((start, metadata, body)) = place(block, length) else { return Err(damaged()) };
        let bytes = part(file, start, metadata)?;
        // A length of four bytes, and four of another kind before it in all but old files.
        let message = bytes.get(if bytes.starts_with(&[0xff; 4]) { 8.. } else { 4.. }).ok_or_else(damaged)?;
        let message = root_as_message(message).map_err(|error| format!("it is damaged: {error}"))?;
        let inner = message.header_as_dictionary_batch().and_then(|dictionary| dictionary.data());
        let Some(batch) = inner.or_else(|| message.header_as_record_batch()) else { return Err(damaged()) };
        if !fits(file, &batch, start + metadata, body, most)? {
            return Err(damaged());
        }
    }
    Ok(())
}

/// Where a block is, how long its metadata are, and its columns; nothing where it is not in the file.
fn place(block: &Block, length: u64) -> Option<(u64, u64, u64)> {
    let start = u64::try_from(block.offset()).ok()?;
    let metadata = u64::try_from(block.metaDataLength()).ok()?;
    let body = u64::try_from(block.bodyLength()).ok()?;
    let end = start.checked_add(metadata)?.checked_add(body)?;
    (metadata >= 8 && end <= length).then_some((start, metadata, body))
}

/// Whether columns lie within their block, and are not longer than is believed once they are unpacked.
fn fits(file: &File, batch: &RecordBatch<'_>, start: u64, body: u64, most: u64) -> Result<bool, String> {
    let is_packed = batch.compression().is_some();
    for buffer in batch.buffers().into_iter().flatten() {
        let (Ok(offset), Ok(length)) = (u64::try_from(buffer.offset()), u64::try_from(buffer.length()))
        else {
            return Ok(false);
        };
        if offset.checked_add(length).is_none_or(|end| end > body) {
            return Ok(false);
        }
        if !is_packed || length < 8 {
            continue;
        }
        let mut unpacked = [0; 8];
        file.read_exact_at(&mut unpacked, start + offset).map_err(|error| error.to_string())?;
        // One less than nothing says that it is not packed.
        let unpacked = i64::from_le_bytes(unpacked);
        if unpacked < -1 || unpacked.cast_unsigned() > most && unpacked != -1 {
            return Ok(false);
        }
    }
    Ok(true)
}

fn part(file: &File, start: u64, length: u64) -> Result<Vec<u8>, String> {
    use std::io::{Seek, SeekFrom};
    let mut file = file;
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(start))
        .and_then(|_| file.take(length).read_to_end(&mut bytes))
        .map_err(|error| error.to_string())?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{Int64Array, RecordBatch};
    use arrow_ipc::CompressionType;
    use arrow_ipc::writer::{FileWriter, IpcWriteOptions};

    use super::*;

    #[test]
    fn columns_that_say_they_are_larger_than_a_file_can_hold_are_damage() {
        let numbers = Arc::new(Int64Array::from_iter_values(0..5000)) as _;
        let batch = RecordBatch::try_from_iter([("number", numbers)]).expect("a batch");
        let options = IpcWriteOptions::default().try_with_compression(Some(CompressionType::ZSTD));
        let mut sound = Vec::new();
        let writer = FileWriter::try_new_with_options(&mut sound, &batch.schema(), options.expect("zstd"));
        let mut writer = writer.expect("a file");
        writer.write(&batch).and_then(|()| writer.finish()).expect("a file");
        drop(writer);
        let checked = |bytes: &[u8]| {
            let mut file = tempfile::tempfile().expect("a file");
            std::io::Write::write_all(&mut file, bytes).expect("a file");
            check(&file)
        };
        checked(&sound).expect("a sound file");
        // 40,000 bytes, before they are packed.
        let packed = sound.windows(8).position(|eight| eight == 40_000u64.to_le_bytes()).expect("a column");
        for wrong in [1i64 << 40, i64::MAX, -2] {
            let mut bytes = sound.clone();
            bytes[packed..packed + 8].copy_from_slice(&wrong.to_le_bytes());
            assert!(checked(&bytes).expect_err("damage").contains("damaged"), "{wrong}");
        }
        for length in [0, 9, 100, sound.len() - 1] {
            checked(&sound[..length]).expect_err("a file that is cut");
        }
    }
}
