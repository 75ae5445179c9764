//! The spool: the checkpoint of all work, in the folder `.gridloom` of an output folder.
//!
//! | file | holds |
//! |---|---|
//! | `plan-NNNN` | the frozen plan: settings, listing of the run, survey ([`snapshot`]) |
//! | `segment-T` | pieces that task T made: encoded chunks, and raw fragments of chunks that are not complete yet |
//! | `journal-T` | what task T finished: a line a unit of work, written after its pieces ([`journal`], [`record`]) |
//! | `lock-T` | that a process works as task T, and how far it is ([`lock`]) |
//!
//! Nothing is ever changed in place. Whatever is read back is checked: a line of a journal by its own checksum, a piece by
//! the checksum in its line. So a record stands for what it says or for nothing, whatever the disk kept of it.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use twox_hash::XxHash3_64;

use crate::error::{Argument, Error, Reason, Result};
use crate::shared;

#[cfg(feature = "netcdf")]
mod compact;
pub mod contents;
pub(crate) mod coverage;
pub(crate) mod digest;
#[cfg(feature = "netcdf")]
mod discard;
pub mod held;
pub mod journal;
pub mod lock;
pub mod record;
pub mod snapshot;

use journal::Journal;
use record::{Line, Location, Record, RecordId, Under};

/// The folder inside of an output folder.
pub const FOLDER: &str = ".gridloom";

/// The folder inside of it for what was read of files of records.
pub(crate) const RECORDS: &str = "records";

/// The same of records that a run is compared with.
pub(crate) const RECORDS_OF_REFERENCE: &str = "records-of-reference";

#[cfg(feature = "netcdf")]
pub(crate) use compact::Compacted;
#[cfg(feature = "netcdf")]
pub(crate) use discard::{discard, find};

/// Segments of other tasks that are kept open at a time: job arrays may have more tasks than a process may have files.
const OPEN_SEGMENTS: usize = 64;

/// Who works on a spool: a task of a job array by its number, the only process of a run as number 0, or the publisher.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Task(u32);

impl Task {
    /// The one that publishes what tasks of a job array made.
    pub const PUBLISHER: Task = Task(u32::MAX);

    /// A task by its number.
    pub fn number(index: u32) -> Self {
        Task(index)
    }

    /// The task that a file's name says, such as `journal-0003`.
    fn of_name(name: &str, kind: &str) -> Option<Self> {
        let text = name.strip_prefix(kind)?.strip_prefix('-')?;
        let task = if text == "publish" { Task::PUBLISHER } else { Task(text.parse().ok()?) };
        (task.to_string() == text).then_some(task)
    }
}

impl std::fmt::Display for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if *self == Task::PUBLISHER { f.write_str("publish") } else { write!(f, "{:04}", self.0) }
    }
}

/// Whether a name in the spool's folder is one that a plan or a lock has while it is made or removed.
pub(crate) fn is_temporary(name: &str) -> bool {
    let Some((what, mark)) = name.strip_prefix('.').and_then(|name| name.rsplit_once('.')) else {
        return false;
    };
    let is_ours = what == "lock"
        || Task::of_name(what, "lock").is_some()
        || what.strip_prefix("plan-").is_some_and(|number| number.parse::<u32>().is_ok());
    is_ours && shared::is_mark(mark)
}

/// The tasks that have a file of a kind in the spool's folder, in order.
pub(crate) fn tasks(folder: &Path, kind: &str) -> Result<Vec<Task>> {
    let list = |source| Error::io("list", folder, source);
    let mut tasks = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(list)? {
        let name = entry.map_err(list)?.file_name();
        tasks.extend(name.to_str().and_then(|name| Task::of_name(name, kind)));
    }
    tasks.sort_unstable();
    Ok(tasks)
}

/// Where a task's file of a kind is.
pub(crate) fn path_of(folder: &Path, kind: &str, task: Task) -> PathBuf {
    folder.join(format!("{kind}-{task}"))
}

/// A task's own files, open for appending, and all tasks' pieces for reading. Threads write at the same time.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    task: Task,
    under: Under,
    path: PathBuf,
    segment: File,
    end: AtomicU64,
    journal: Journal,
    /// Records that were written, and how many of them were when the last sync began.
    recorded: AtomicU64,
    synced: AtomicU64,
    readers: Mutex<HashMap<Task, Arc<File>>>,
}

impl Spool {
    /// What ends the work where a series that was put into it is not what it was.
    pub fn damaged_series(&self) -> Error {
        let reason = Reason::from("a series in it is damaged; start over with ").naming(Argument::Fresh);
        Error::spool(self.folder(), reason)
    }

    /// Opens the files of a task whose lock is held, to work under a plan. `end` is where its last piece ends; bytes
    /// behind it belong to units that were never finished.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io); [`Foreign`](crate::ErrorKind::Foreign) where a file is a link, or not a plain file.
    pub fn open(folder: &Path, task: Task, under: Under, end: u64) -> Result<Self> {
        let path = path_of(folder, "segment", task);
        let mut options = File::options();
        let segment = shared::open_own(&path, options.read(true).write(true).create(true).truncate(false));
        let segment = segment.map_err(|source| shared::error("open", &path, source))?;
        let length = segment.metadata().map_err(|source| Error::io("look at", &path, source))?.len();
        // A piece that lies behind the end of the file is damaged, whatever its line says.
        let end = end.min(length);
        if length > end {
            segment.set_len(end).map_err(|source| Error::io("shorten", &path, source))?;
        }
        let journal = Journal::open(&path_of(folder, "journal", task))?;
        // Syncing a file need not sync its name.
        shared::sync_folder(folder)?;
        Ok(Spool {
            folder: folder.to_owned(),
            task,
            under,
            path,
            segment,
            end: AtomicU64::new(end),
            journal,
            recorded: AtomicU64::new(0),
            synced: AtomicU64::new(0),
            readers: Mutex::default(),
        })
    }

    /// Writes a piece.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io), as when the disk is full.
    pub fn append(&self, bytes: &[u8]) -> Result<Location> {
        let length = u32::try_from(bytes.len())
            .map_err(|_| Error::spool(self.path.clone(), "a piece is over 4 GiB"))?;
        let offset = self.end.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        self.segment
            .write_all_at(bytes, offset)
            .map_err(|source| Error::io("write to", &self.path, source))?;
        Ok(Location { offset, length, checksum: XxHash3_64::oneshot(bytes) })
    }

    /// Reads a piece of any task into `bytes`, whose old content is dropped. Says whether it is what was written: a piece
    /// that cannot be read is as good as a damaged one.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io) where the segment is there but cannot be opened.
    pub fn read(&self, task: Task, place: &Location, bytes: &mut Vec<u8>) -> Result<bool> {
        let other = if task == self.task { None } else { Some(self.reader(task)?) };
        let file = match &other {
            None => &self.segment,
            Some(None) => return Ok(false),
            Some(Some(file)) => file,
        };
        bytes.clear();
        // A damaged journal cannot ask for more memory than the segment has bytes.
        let end = place.offset.checked_add(u64::from(place.length));
        if end.is_none_or(|end| file.metadata().map_or(0, |file| file.len()) < end) {
            return Ok(false);
        }
        bytes.resize(place.length as usize, 0);
        // Network file systems fail once in a while; a unit is a high price for that.
        let mut read = || file.read_exact_at(bytes, place.offset);
        let is_read = read().or_else(|_| read()).is_ok();
        Ok(is_read && XxHash3_64::oneshot(bytes) == place.checksum)
    }

    /// Another task's segment; `None` where it is gone.
    fn reader(&self, task: Task) -> Result<Option<Arc<File>>> {
        let mut readers = crate::sync::lock(&self.readers);
        if let Some(file) = readers.get(&task) {
            return Ok(Some(file.clone()));
        }
        if readers.len() >= OPEN_SEGMENTS {
            readers.clear();
        }
        let path = path_of(&self.folder, "segment", task);
        let file = match shared::open(&path, File::options().read(true)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            file => Arc::new(file.map_err(|source| shared::error("open", &path, source))?),
        };
        readers.insert(task, file.clone());
        Ok(Some(file))
    }

    /// Writes a line of the journal. What it names must have been written before.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io).
    pub fn record(&self, record: Record) -> Result<RecordId> {
        let id = self.write(record)?;
        self.recorded.fetch_add(1, Ordering::Relaxed);
        Ok(id)
    }

    fn write(&self, record: Record) -> Result<RecordId> {
        let line = Line { under: self.under, record };
        Ok(RecordId { task: self.task, at: self.journal.append(&line)? })
    }

    /// Waits until all that is recorded is on the disk, and records that it is.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io).
    pub fn sync(&self) -> Result<()> {
        let recorded = self.recorded.load(Ordering::Relaxed);
        let until = self.journal.end();
        self.segment.sync_data().map_err(|source| Error::io("write to the disk", &self.path, source))?;
        self.journal.sync()?;
        self.write(Record::Synced(until))?;
        self.synced.store(recorded, Ordering::Relaxed);
        Ok(())
    }

    /// Whether something was recorded since the last sync began.
    pub fn has_news(&self) -> bool {
        self.recorded.load(Ordering::Relaxed) != self.synced.load(Ordering::Relaxed)
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}
