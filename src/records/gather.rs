//! Gathering: all files are read once, in pieces that threads take in turn, into a store.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use twox_hash::XxHash3_64;

use crate::builder::setters;
use crate::error::{Error, Result};
use crate::model::element::Element;
use crate::observer::{Counted, Observer};
use crate::plan::Resources;
use crate::source::stamp::COARSE;
use crate::spool::Task;
use crate::spool::lock::{Lock, State};
use crate::sync::lock;
use crate::threads;

use super::files::Files;
use super::rows::{RecordFault, RecordFaultKind, Rows};
use super::store::arrange::{Arranging, arrange};
use super::store::batch::{Batch, MOST_FAULTS, Segment};
use super::store::writer::{self, Writer};

/// Bytes of a plain file that are read as one piece.
const PIECE: u64 = 32 << 20;

/// Files that are read as one batch, and their bytes, at the most.
const MOST_FILES: usize = 512;
const MOST_BYTES: u64 = 8 << 20;

/// Bytes of rows that are put into a segment.
pub(super) const MOST_ROWS: usize = 48 << 20;

/// Memory that one thread needs.
const THREAD: u64 = 192 << 20;

/// A part of the files that is read, and recorded, by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The files, by their numbers in the listing.
    pub files: std::ops::Range<u32>,
    /// Bytes of the only file; `None` where files are read as a whole.
    pub range: Option<std::ops::Range<u64>>,
}

/// What reads the files of one description.
pub trait Reader: Sync {
    /// Whether a file can be read in parts: a plain text whose records say their own time.
    fn is_divisible(&self, file: u32) -> bool;

    /// Bytes of a part of a file, where parts of plain text have so many: fewer of files that hold more records in a byte.
    fn piece(&self, _file: u32, piece: u64) -> u64 {
        piece
    }

    /// A digest of all that decides what a file's rows are, beside the file.
    fn digest(&self) -> u64;

    /// Reads one file, or bytes of it, behind the rows of the file before. `give` takes them: whenever they are [many](is_full), and before rows of other
    /// fields come. What cannot be used is a fault in `batch`, where lines are counted too. Says whether the file is what it should be: of one that is damaged, or
    /// that changed meanwhile, no row counts.
    ///
    /// # Errors
    /// Those of `give`; and where the description wants a line that cannot be read to end the work.
    fn read(
        &self,
        file: u32,
        range: Option<std::ops::Range<u64>>,
        rows: &mut Rows,
        batch: &mut Batch,
        give: &mut dyn FnMut(&mut Rows) -> Result<()>,
    ) -> Result<bool>;
}

/// How files are gathered.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Gathering {
    /// Threads.
    pub threads: usize,
    /// Memory.
    pub memory: u64,
    /// The task, and how many there are: each reads its share of the jobs.
    pub task: (u32, u32),
    /// Bytes of a plain file that are read at once. What is read does not depend on it, but memory does: a thread takes about six times as much.
    pub piece: u64,
}

setters!(Gathering { threads: usize, memory: u64, task: (u32, u32), piece: u64 });

impl Gathering {
    /// All threads, and a part of the memory that this process may have.
    pub fn detect() -> Self {
        let resources = Resources::detect();
        Gathering { threads: resources.threads, memory: resources.memory, task: (0, 1), piece: PIECE }
    }
}

/// Divides files into jobs. Small ones are read together; where a group ends depends on names, so that a new file changes one group only.
pub fn jobs(files: &Files, reader: &dyn Reader, whole: &BTreeSet<u32>, piece: u64) -> Vec<Job> {
    let piece = piece.max(1);
    let mut jobs = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (number, file) in (0u32..).zip(&files.files) {
        let is_large = file.bytes > MOST_BYTES.min(piece);
        let is_full = (number - start) as usize >= MOST_FILES || bytes + file.bytes > MOST_BYTES;
        if number > start && (is_large || is_full || is_border(&file.path)) {
            jobs.push(Job { files: start..number, range: None });
            (start, bytes) = (number, 0);
        }
        bytes += file.bytes;
        if !is_large {
            continue;
        }
        let piece = reader.piece(number, piece).max(1);
        if file.bytes > piece.saturating_add(piece / 2)
            && !whole.contains(&number)
            && reader.is_divisible(number)
        {
            // Parts that are as long as each other.
            let parts = file.bytes.div_ceil(piece);
            let at = |part: u64| (u128::from(file.bytes) * u128::from(part) / u128::from(parts)) as u64;
            jobs.extend(
                (0..parts).map(|part| Job { files: number..number + 1, range: Some(at(part)..at(part + 1)) }),
            );
        } else {
            jobs.push(Job { files: number..number + 1, range: None });
        }
        (start, bytes) = (number + 1, 0);
    }
    let end = files.files.len() as u32;
    if end > start {
        jobs.push(Job { files: start..end, range: None });
    }
    jobs
}

/// How long ago a time was, in nanoseconds since 1970; of one to come nothing.
fn age(modified: i64) -> Duration {
    let then = UNIX_EPOCH + Duration::from_nanos(modified.max(0).cast_unsigned());
    SystemTime::now().duration_since(then).unwrap_or_default()
}

/// Whether a group of small files begins with a file, by its name.
fn is_border(path: &Path) -> bool {
    XxHash3_64::oneshot(path.as_os_str().as_encoded_bytes()).is_multiple_of(MOST_FILES as u64 / 2)
}

/// What a job is known by: its files as they are, and how they are read.
fn key(job: &Job, files: &Files, digest: u64) -> u64 {
    let mut text = format!("records 1 {digest:016x} {:?}", job.range);
    for file in files.files.get(job.files.start as usize..job.files.end as usize).unwrap_or_default() {
        text.push_str(&format!("\n{} {} {}", file.path.display(), file.bytes, file.modified));
    }
    XxHash3_64::oneshot(text.as_bytes())
}

/// What there is of all jobs, in their order.
#[derive(Debug, Default)]
pub struct Gathered {
    /// What each is known by.
    pub keys: Vec<u64>,
    /// Its batch, with the task that has it; `None` where nobody has read it yet.
    pub batches: Vec<Option<(u32, Batch)>>,
    /// Lines of its file before it.
    pub before: Vec<u64>,
}

impl Gathered {
    /// Jobs that nobody has read yet.
    pub fn missing(&self) -> usize {
        self.batches.iter().filter(|batch| batch.is_none()).count()
    }
}

/// Reads the files of a task that are not in the store yet, and gives all that is in it.
///
/// Memory: the budget, and what is known of each batch.
///
/// # Errors
/// [`Io`](crate::ErrorKind::Io), [`Busy`](crate::ErrorKind::Busy) where another process gathers as the same task,
/// [`Stopped`](crate::ErrorKind::Stopped) on request: what was read by then is kept.
pub fn gather(
    files: &Files,
    reader: &dyn Reader,
    arranging: Arranging,
    elements: &[Element],
    folder: &Path,
    how: Gathering,
    observer: &dyn Observer,
) -> Result<Gathered> {
    std::fs::create_dir_all(folder).map_err(|source| Error::io("make the folder", folder, source))?;
    let task = how.task.0;
    let lock = Mutex::new(Lock::take(folder, Task::number(task), None, observer)?);
    // What one task reads counts for the others.
    let newest = files.files.iter().map(|file| file.modified).max().unwrap_or(0);
    while how.task.1 > 1 && age(newest) < COARSE && !observer.is_stopped() {
        std::thread::sleep(Duration::from_millis(100));
    }
    observer.started(Counted::Inputs, files.files.len() as u64, 0);
    // Files in which a later header has other columns are read from their beginning.
    let mut whole = BTreeSet::new();
    loop {
        let jobs = jobs(files, reader, &whole, how.piece);
        let work = Work { files, reader, arranging, elements, jobs: &jobs, observer, lock: &lock };
        let gathered = work.gather(folder, how)?;
        let other = jobs.iter().zip(&gathered.batches).filter(|(job, batch)| {
            job.range.is_some() && batch.as_ref().is_some_and(|(_, batch)| batch.other_header)
        });
        let other: Vec<u32> = other.map(|(job, _)| job.files.start).collect();
        if other.is_empty() {
            return Ok(gathered);
        }
        whole.extend(other);
    }
}

struct Work<'a> {
    files: &'a Files,
    reader: &'a dyn Reader,
    arranging: Arranging,
    elements: &'a [Element],
    jobs: &'a [Job],
    observer: &'a dyn Observer,
    lock: &'a Mutex<Lock>,
}

impl Work<'_> {
    fn gather(&self, folder: &Path, how: Gathering) -> Result<Gathered> {
        let digest = self.reader.digest();
        let keys: Vec<u64> = self.jobs.iter().map(|job| key(job, self.files, digest)).collect();
        let (task, tasks) = how.task;
        let mut there = writer::recorded(folder)?;
        there.retain(|_, (_, batch)| !batch.is_fresh);
        let is_own = |index: usize| index as u32 % tasks.max(1) == task;
        let is_left =
            |index: &usize| is_own(*index) && keys.get(*index).is_some_and(|key| !there.contains_key(key));
        let left: Vec<usize> = (0..self.jobs.len()).filter(is_left).collect();
        if !left.is_empty() {
            let writer = Writer::open(folder, task)?;
            let made = self.all(&left, &keys, &writer, how)?;
            there.extend(made.into_iter().map(|batch| (batch.key, (task, batch))));
        }
        let batches = keys.iter().map(|key| there.remove(key)).collect();
        let mut gathered = Gathered { before: vec![0; keys.len()], keys, batches };
        // Lines of a part count from the file's beginning. Where a part is damaged, or was changed, no record of the file counts.
        let (mut before, mut unusable) = (0, BTreeSet::new());
        let each = gathered.batches.iter_mut().zip(&mut gathered.before);
        for (job, (batch, start)) in self.jobs.iter().zip(each) {
            let Some((_, batch)) = batch else { continue };
            if job.range.as_ref().is_none_or(|range| range.start == 0) {
                before = 0;
            }
            batch.faults.iter_mut().for_each(|fault| fault.line = fault.line.map(|line| line + before));
            *start = before;
            before += batch.lines.lines;
            if job.range.is_some() && batch.is_unusable {
                unusable.insert(job.files.start);
            }
        }
        for (job, batch) in self.jobs.iter().zip(&mut gathered.batches) {
            if let Some((_, batch)) = batch
                && job.range.is_some()
                && unusable.contains(&job.files.start)
            {
                batch.segments.clear();
                batch.unused += batch.lines.records;
            }
        }
        Ok(gathered)
    }

    /// Reads the jobs that are left, on all threads.
    fn all(&self, left: &[usize], keys: &[u64], writer: &Writer, how: Gathering) -> Result<Vec<Batch>> {
        let next = AtomicUsize::new(0);
        let made = Mutex::new(Vec::new());
        let failed: Mutex<Option<Error>> = Mutex::default();
        let most = usize::try_from(how.memory / THREAD).unwrap_or(usize::MAX);
        let count = how.threads.min(most).min(left.len()).max(1);
        let work = || {
            let mut rows = Rows::default();
            while lock(&failed).is_none() && !self.observer.is_stopped() {
                let index = left.get(next.fetch_add(1, Ordering::Relaxed));
                let job = index.and_then(|&index| self.jobs.get(index).zip(keys.get(index)));
                let Some((job, &key)) = job else { return };
                match self.one(job, key, writer, &mut rows) {
                    Ok(batch) => lock(&made).push(batch),
                    Err(error) => {
                        lock(&failed).get_or_insert(error);
                    }
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..count {
                // With fewer threads it only takes longer.
                if threads::spawn(scope, work).is_err() {
                    break;
                }
            }
            work();
        });
        let made = std::mem::take(&mut *lock(&made));
        if let Some(error) = lock(&failed).take() {
            return Err(error);
        }
        writer.sync()?;
        match made.len() < left.len() {
            true => Err(Error::stopped(made.len() as u64, left.len() as u64)),
            false => Ok(made),
        }
    }

    fn one(&self, job: &Job, key: u64, writer: &Writer, rows: &mut Rows) -> Result<Batch> {
        let mut left_out = Vec::new();
        let batch = loop {
            match self.files(job, key, writer, &mut left_out, rows)? {
                Some(batch) => break batch,
                None => continue,
            }
        };
        self.observer.advanced(Counted::Faults, batch.faults.len() as u64 + batch.more);
        writer.record(&batch)?;
        lock(self.lock).beat(State::default())?;
        Ok(batch)
    }

    /// Reads the files of a job but those that are left out; `None` where another one has to be.
    fn files(
        &self,
        job: &Job,
        key: u64,
        writer: &Writer,
        left_out: &mut Vec<(u32, Batch)>,
        rows: &mut Rows,
    ) -> Result<Option<Batch>> {
        let own = self.files.files.get(job.files.start as usize..job.files.end as usize).unwrap_or_default();
        let is_fresh = own.iter().any(|file| age(file.modified) < COARSE);
        let mut batch = Batch { key, is_fresh, ..Batch::default() };
        let mut made = Made::default();
        rows.clear();
        let start = job.range.as_ref().map_or(0, |range| range.start);
        for number in job.files.clone() {
            made.starts.push((rows.len(), number));
            if let Some((_, faults)) = left_out.iter().find(|(known, _)| *known == number) {
                batch.add(Batch { unused: faults.lines.records, ..faults.clone() });
                batch.is_unusable = true;
                continue;
            }
            let mut own = Batch::default();
            let mut give = |rows: &mut Rows| self.give(rows, &mut made, start, writer);
            if !self.reader.read(number, job.range.clone(), rows, &mut own, &mut give)? {
                left_out.push((number, own));
                return Ok(None);
            }
            batch.add(own);
            if start == 0 {
                self.observer.advanced(Counted::Inputs, 1);
            }
        }
        self.give(rows, &mut made, start, writer)?;
        batch.segments = made.segments;
        batch.repeated = made.repeated;
        batch.more += made.repeated - made.faults.len() as u64;
        batch.add_faults(made.faults);
        Ok(Some(batch))
    }

    /// Puts rows into a segment.
    fn give(&self, rows: &mut Rows, made: &mut Made, start: u64, writer: &Writer) -> Result<()> {
        let last = made.starts.last().map_or(0, |&(_, number)| number);
        let file = made.starts.first().map_or(0, |&(_, number)| number);
        if !rows.is_empty() {
            let elements = rows.fields.iter().filter_map(|&field| self.elements.get(field as usize).copied());
            let elements: Vec<Element> = elements.collect();
            let file_of = |row: usize| {
                let at = made.starts.partition_point(|&(first, _)| first <= row);
                at.checked_sub(1).and_then(|at| made.starts.get(at)).map_or(file, |&(_, number)| number)
            };
            let mut built = arrange(rows, &elements, self.arranging, &file_of);
            made.repeated += built.repeated.len() as u64;
            let room = MOST_FAULTS.saturating_sub(made.faults.len());
            let faults: Vec<RecordFault> = built
                .repeated
                .iter()
                .take(room)
                .map(|&row| RecordFault {
                    file: self.name(file_of(row as usize)),
                    line: rows.lines.get(row as usize).map(|&line| u64::from(line) + 1),
                    kind: RecordFaultKind::Repeated,
                    message: match self.arranging.is_keyed {
                        true => "an earlier line has the same cell, time and key; it is left out".to_owned(),
                        false => "an earlier line has the same cell, time and label".to_owned(),
                    },
                })
                .collect();
            made.faults.extend(faults);
            let order = (file, start + made.segments.len() as u64);
            made.segments.push(writer.append(&mut built, order)?);
            rows.clear();
        }
        made.starts.clear();
        made.starts.push((0, last));
        Ok(())
    }

    fn name(&self, number: u32) -> String {
        self.files.files.get(number as usize).map(|file| file.name()).unwrap_or_default()
    }
}

/// What was made of a job so far.
#[derive(Default)]
struct Made {
    segments: Vec<Segment>,
    /// Rows of which each file is the first, since the last segment.
    starts: Vec<(usize, u32)>,
    repeated: u64,
    faults: Vec<RecordFault>,
}

/// Whether rows are as many as a segment should have.
pub fn is_full(rows: &Rows) -> bool {
    rows.bytes() > MOST_ROWS
}
