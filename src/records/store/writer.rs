//! Writing a store: segments behind each other, and a line of the journal for each batch.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use twox_hash::XxHash3_64;

use crate::error::{Error, Result};
use crate::shared;
use crate::spool::journal::{self, Journal};

use super::batch::{Batch, Segment};
use super::segment::{Built, ENTRY};

/// The file of a task's segments.
pub fn segments(folder: &Path, task: u32) -> PathBuf {
    folder.join(format!("segments-{task:04}"))
}

fn journal(folder: &Path, task: u32) -> PathBuf {
    folder.join(format!("journal-{task:04}"))
}

/// The tasks that have a journal in a folder, in order.
///
/// # Errors
/// [`Io`](crate::ErrorKind::Io).
pub fn tasks(folder: &Path) -> Result<Vec<u32>> {
    let list = |source| Error::io("list", folder, source);
    let mut tasks = Vec::new();
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(tasks),
        entries => entries.map_err(list)?,
    };
    for entry in entries {
        let name = entry.map_err(list)?.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix("journal-"));
        tasks.extend(number.and_then(|number| number.parse::<u32>().ok()));
    }
    tasks.sort_unstable();
    Ok(tasks)
}

/// Removes all that a folder keeps of records, so that they are read anew. It must be nobody's at that time.
///
/// # Errors
/// [`Io`](crate::ErrorKind::Io).
pub fn forget(folder: &Path) -> Result<()> {
    for task in tasks(folder)? {
        for path in [journal(folder, task), segments(folder, task)] {
            shared::refuse_strange_file(&path)?;
            shared::remove(&path)?;
        }
    }
    Ok(())
}

/// The batches that tasks recorded, by key, with the task; of one key the last.
///
/// # Errors
/// [`Io`](crate::ErrorKind::Io); [`Foreign`](crate::ErrorKind::Foreign) where a journal is a link.
pub fn recorded(folder: &Path) -> Result<HashMap<u64, (u32, Batch)>> {
    let mut batches = HashMap::new();
    for task in tasks(folder)? {
        journal::read(&journal(folder, task), |_, batch: Batch| {
            batches.insert(batch.key, (task, batch));
        })?;
    }
    Ok(batches)
}

/// A task's files, open for appending. Threads write at the same time.
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    file: File,
    end: AtomicU64,
    journal: Journal,
}

impl Writer {
    /// Opens the files of a task. What lies behind the last whole batch stays where it is: no record names it.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io); [`Foreign`](crate::ErrorKind::Foreign) where a file is a link, or not a plain file.
    pub fn open(folder: &Path, task: u32) -> Result<Self> {
        std::fs::create_dir_all(folder).map_err(|source| Error::io("make the folder", folder, source))?;
        let path = segments(folder, task);
        let mut options = File::options();
        let file = shared::open_own(&path, options.read(true).write(true).create(true).truncate(false));
        let file = file.map_err(|source| shared::error("open", &path, source))?;
        let end = file.metadata().map_err(|source| Error::io("look at", &path, source))?.len();
        let journal = Journal::open(&journal(folder, task))?;
        shared::sync_folder(folder)?;
        Ok(Writer { path, file, end: AtomicU64::new(end), journal })
    }

    /// Writes a segment.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io), as when the disk is full.
    pub fn append(&self, built: &mut Built, order: (u32, u64)) -> Result<Segment> {
        let blocks = built.bytes.len() as u64;
        let length = blocks + (built.entries.len() * ENTRY) as u64;
        let offset = self.end.fetch_add(length, Ordering::Relaxed);
        for entry in &mut built.entries {
            entry.offset += offset;
            entry.write(&mut built.bytes);
        }
        let index = built.bytes.get(blocks as usize..).unwrap_or_default();
        let checksum = XxHash3_64::oneshot(index);
        self.file
            .write_all_at(&built.bytes, offset)
            .map_err(|source| Error::io("write to", &self.path, source))?;
        Ok(Segment {
            offset,
            blocks,
            entries: built.entries.len() as u64,
            checksum,
            columns: std::mem::take(&mut built.columns),
            labels: std::mem::take(&mut built.labels),
            has_keys: built.has_keys,
            steps: std::mem::take(&mut built.steps),
            order,
        })
    }

    /// Records a batch whose segments were written.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io).
    pub fn record(&self, batch: &Batch) -> Result<()> {
        self.journal.append(batch).map(|_| ())
    }

    /// Waits until all is on the disk.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io).
    pub fn sync(&self) -> Result<()> {
        self.file.sync_data().map_err(|source| Error::io("write to the disk", &self.path, source))?;
        self.journal.sync()
    }
}
