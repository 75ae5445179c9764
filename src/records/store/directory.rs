//! The directory of a store: the entries of all segments in one order, by place, so that a cell's blocks are found at once.
//!
//! The indexes of all segments are merged, each some entries at a time, into a list of a place's entries behind each other. Short ones are held in
//! memory; longer ones are in a file, and only places and where theirs begin are held.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use twox_hash::XxHash3_64;

use crate::error::{Error, Result};
use crate::shared;

use super::batch::Segment;
use super::segment::{ENTRY, Entry};

/// Entries of a segment's index that are read at a time.
const AT_ONCE: usize = 64;

/// Bytes of the directory's file that are written at a time.
const AT_ONCE_OUT: usize = 1 << 18;

/// Bytes of an entry of the directory: one of an index, and the segment's number.
const SIZE: usize = ENTRY + 8;

/// Entries that are held in memory at the most: 18 MB.
const HELD: u64 = 1 << 18;

/// A segment to be read: its file, and what is known of it.
#[derive(Debug)]
pub struct Part {
    /// The file of its task.
    pub file: Arc<File>,
    /// Itself.
    pub segment: Segment,
    /// Lines of its file before its piece.
    pub before: u64,
}

impl Part {
    /// The byte behind its blocks.
    pub fn end(&self) -> u64 {
        self.segment.offset.saturating_add(self.segment.blocks)
    }
}

/// Where the blocks of each place are.
#[derive(Debug)]
pub struct Directory {
    entries: Entries,
    /// The places, in order.
    pub places: Vec<[f64; 2]>,
    /// The first entry of each, and behind them the number of entries.
    starts: Vec<u64>,
}

/// All entries, in the order of places.
#[derive(Debug)]
enum Entries {
    Held(Vec<u8>),
    /// In a file without a name.
    In(File),
}

/// Entries of a segment that wait to be merged.
struct Cursor {
    number: u32,
    next: u64,
    entries: std::vec::IntoIter<Entry>,
}

impl Directory {
    /// Makes the directory of segments in a folder. `damaged` is told of segments whose index is not what was written.
    ///
    /// Memory: four kilobytes a segment, 24 bytes a place, 18 MB.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io); [`Checkpoint`](crate::ErrorKind::Checkpoint) where an index is damaged.
    pub fn make(folder: &Path, parts: &[Part]) -> Result<Self> {
        let mut cursors: Vec<Cursor> = (0..parts.len() as u32)
            .map(|number| Cursor { number, next: 0, entries: Vec::new().into_iter() })
            .collect();
        let mut heap = BinaryHeap::new();
        for (part, cursor) in parts.iter().zip(&mut cursors) {
            check(folder, part)?;
            if let Some(entry) = cursor.next(folder, part)? {
                heap.push(Reverse((key(&entry, cursor.number), Held(entry))));
            }
        }
        let (mut places, mut starts, mut count) = (Vec::new(), Vec::new(), 0u64);
        let mut last = None;
        let mut out = Out::begin(folder, parts)?;
        while let Some(Reverse((key_of, Held(entry)))) = heap.pop() {
            let place = (key_of.0, key_of.1);
            if last != Some(place) {
                places.push(entry.place);
                starts.push(count);
                last = Some(place);
            }
            out.write(&entry, key_of.2)?;
            count += 1;
            let number = key_of.2 as usize;
            if let (Some(cursor), Some(part)) = (cursors.get_mut(number), parts.get(number))
                && let Some(entry) = cursor.next(folder, part)?
            {
                heap.push(Reverse((key(&entry, cursor.number), Held(entry))));
            }
        }
        starts.push(count);
        Ok(Directory { entries: out.end()?, places, starts })
    }

    /// The entries of a place, each with its segment's number, in the order of segments.
    ///
    /// # Errors
    /// Those of reading.
    pub fn entries(&self, place: usize) -> std::io::Result<Vec<(u32, Entry)>> {
        let (start, end) = match (self.starts.get(place), self.starts.get(place + 1)) {
            (Some(&start), Some(&end)) => (start, end),
            _ => return Ok(Vec::new()),
        };
        let mut read = Vec::new();
        let bytes = match &self.entries {
            Entries::Held(bytes) => bytes.get(start as usize * SIZE..end as usize * SIZE).unwrap_or_default(),
            Entries::In(file) => {
                read.resize((end - start) as usize * SIZE, 0);
                file.read_exact_at(&mut read, start * SIZE as u64)?;
                read.as_slice()
            }
        };
        let entries = bytes.chunks_exact(SIZE).filter_map(|bytes| {
            let (entry, number) = bytes.split_first_chunk::<ENTRY>()?;
            let number = u64::from_le_bytes(*number.first_chunk::<8>()?);
            Some((number as u32, Entry::read(entry)))
        });
        Ok(entries.collect())
    }
}

/// A directory that is being written.
struct Out {
    path: PathBuf,
    file: Option<File>,
    /// What is not in the file yet.
    bytes: Vec<u8>,
}

impl Out {
    fn begin(folder: &Path, parts: &[Part]) -> Result<Self> {
        let path = folder.join(format!(".directory.{}", shared::unique()));
        let count = parts.iter().fold(0u64, |sum, part| sum.saturating_add(part.segment.entries));
        if count <= HELD {
            return Ok(Out { path, file: None, bytes: Vec::with_capacity(count as usize * SIZE) });
        }
        let file = shared::make(&path).map_err(|source| shared::error("make", &path, source))?;
        // Nobody else needs the name; the file goes with this process.
        std::fs::remove_file(&path).map_err(|source| Error::io("remove", &path, source))?;
        Ok(Out { path, file: Some(file), bytes: Vec::with_capacity(AT_ONCE_OUT + SIZE) })
    }

    fn write(&mut self, entry: &Entry, number: u32) -> Result<()> {
        entry.write(&mut self.bytes);
        self.bytes.extend_from_slice(&u64::from(number).to_le_bytes());
        if self.bytes.len() >= AT_ONCE_OUT { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        file.write_all(&self.bytes).map_err(|source| Error::io("write to", &self.path, source))?;
        self.bytes.clear();
        Ok(())
    }

    fn end(mut self) -> Result<Entries> {
        self.flush()?;
        Ok(self.file.map_or(Entries::Held(self.bytes), Entries::In))
    }
}

/// What the directory is in the order of: places, then segments, then steps.
fn key(entry: &Entry, number: u32) -> (u64, u64, u32, i64) {
    let (first, second, step) = entry.key();
    (first, second, number, step)
}

/// An entry that does not take part in comparisons.
struct Held(Entry);

impl PartialEq for Held {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Held {}

impl PartialOrd for Held {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Held {
    fn cmp(&self, _: &Self) -> std::cmp::Ordering {
        std::cmp::Ordering::Equal
    }
}

impl Cursor {
    fn next(&mut self, folder: &Path, part: &Part) -> Result<Option<Entry>> {
        if let Some(entry) = self.entries.next() {
            return Ok(Some(entry));
        }
        let count = AT_ONCE.min((part.segment.entries - self.next) as usize);
        if count == 0 {
            return Ok(None);
        }
        let mut bytes = vec![0; count * ENTRY];
        let at = part.segment.offset + part.segment.blocks + self.next * ENTRY as u64;
        part.file.read_exact_at(&mut bytes, at).map_err(|source| Error::io("read", folder, source))?;
        let (entries, _) = bytes.as_chunks::<ENTRY>();
        self.entries = entries.iter().map(Entry::read).collect::<Vec<_>>().into_iter();
        self.next += count as u64;
        Ok(self.entries.next())
    }
}

/// Refuses an index that is not what was written.
fn check(folder: &Path, part: &Part) -> Result<()> {
    use std::hash::Hasher;
    let Segment { offset, blocks, entries, checksum, .. } = part.segment;
    let damaged = || {
        Error::spool(
            folder,
            "what was read of the records is damaged; remove the folder, and they are read anew",
        )
    };
    let length = entries.checked_mul(ENTRY as u64).ok_or_else(damaged)?;
    let start = offset.checked_add(blocks).ok_or_else(damaged)?;
    let end = start.checked_add(length).ok_or_else(damaged)?;
    if part.file.metadata().map_or(0, |file| file.len()) < end {
        return Err(damaged());
    }
    let mut hash = XxHash3_64::new();
    let mut bytes = vec![0; 1 << 16];
    let mut at = start;
    while at < end {
        let count = (end - at).min(bytes.len() as u64) as usize;
        let bytes = bytes.get_mut(..count).unwrap_or_default();
        part.file.read_exact_at(bytes, at).map_err(|source| Error::io("read", folder, source))?;
        hash.write(bytes);
        at += count as u64;
    }
    if hash.finish() == checksum { Ok(()) } else { Err(damaged()) }
}
