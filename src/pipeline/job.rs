//! One process's work on a spool, from what is done already to what is done then.

mod grids;
mod tables;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Argument, Error, ErrorKind, Reason, Result};
use crate::model::fault::Fault;
use crate::plan::{Plan, Share};
use crate::shared::{self, Inside, Standing};
use crate::spool::contents::Contents;
use crate::spool::held::Held;
use crate::spool::lock::{self, Lock, host};
use crate::spool::record::{self, Counts, Record, RecordId, Session, Under};
use crate::spool::snapshot::{Header, Snapshot};
use crate::spool::{self, Compacted, Spool, Task};
use crate::table;
use crate::threads::Pool;

use super::checkpoint::{self, Summary};
use super::earlier;
use super::held::Before;
use super::import::Imported;
use super::pass::Workshop;
use super::progress::Progress;
use super::published;
use super::report::Report;
use super::stats::{Stage, Stats};
use super::stop::Halt;
use super::{Options, keeper, remove_marked};

/// What a process is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// All of the work.
    Alone,
    /// A share of the units.
    Share(Share),
    /// Publishing what others did; units only where their pieces are damaged.
    Publisher,
}

/// One process's work on a spool.
pub(super) struct Job<'a> {
    pub plan: &'a Plan,
    pub output: &'a Path,
    pub folder: PathBuf,
    pub options: &'a Options,
    pub progress: &'a Progress<'a>,
    pub role: Role,
    pub task: Task,
    pub snapshot: Snapshot,
    /// The files of grids that tables are made of, where they are not made of dumps.
    pub grids: Option<Imported<'a>>,
    /// What the files of the folder held before.
    pub before: Option<Before>,
}

impl Job<'_> {
    /// Does the work and gives the lock back.
    pub fn run(self, lock: Lock) -> Result<Report> {
        let Job { plan, progress, options, .. } = self;
        let stats = Stats::new(options.trace.is_some());
        let mut contents = Contents::load(&self.folder, self.header().epoch)?;
        // Others may be about to write their first line.
        let only = (self.role != Role::Alone).then_some(self.task);
        let mut kept = checkpoint::remove_outdated(&self.folder, &contents, only)?;
        if options.fresh {
            contents.published.clear();
            kept.retain(|record| match record {
                Record::Published(published) => self.is_part_of_a_table(&published.file),
                _ => false,
            });
            for record in &kept {
                if let Record::Published(one) = record {
                    contents.superseded.entry(one.file.clone()).or_default().push(one.clone());
                }
            }
        }
        let end = contents.ends.get(&self.task).copied().unwrap_or(0);
        let spool = Arc::new(Spool::open(&self.folder, self.task, self.under(), end)?);
        let mut held = None;
        for record in kept {
            match record {
                Record::Held(known) => held = Some(known),
                record => drop(spool.record(record)?),
            }
        }
        // What was known of the files stays known, also where only a report said it.
        let is_new = held.is_some() || self.before.as_ref().is_some_and(|before| before.is_reported);
        let held = self.before.as_ref().map(|before| before.held.clone()).or(held);
        if let Some(held) = held.filter(|_| is_new) {
            spool.record(Record::Held(held))?;
        }
        let pool = Pool::new(plan.memory.threads)?;
        let halt = Halt::new(progress.observer);
        let shop = Workshop::new(plan, &spool, &stats, progress, &halt)?;
        let mark = lock.unique().to_owned();
        let work = || pool.install(|| self.work(&shop, contents, &mark));
        let (result, lock) = keeper::keep(lock, &spool, &stats, progress, &halt, work)?;
        if result.is_err() && self.publishes() {
            // The error that led here is what counts. What others make under other names is theirs.
            let _ = remove_marked(self.output, |other| other == mark);
        }
        let report = result?;
        halt.check()?;
        if let (Some(path), Some(trace)) = (&options.trace, stats.trace()) {
            super::options::write_trace(path, &trace)?;
        }
        drop(spool);
        self.leave(lock)?;
        Ok(report)
    }

    /// Gives the lock back, and removes the spool where that is asked for and nobody else needs it.
    fn leave(&self, lock: Lock) -> Result<()> {
        if !self.options.drop_spool || !self.publishes() {
            return Ok(());
        }
        if !self.is_last() {
            self.progress.note("the checkpoint stays: other processes work on it".to_owned());
            return Ok(());
        }
        spool::discard(self.output, &self.folder, lock.unique())
    }

    fn header(&self) -> &Header {
        &self.snapshot.header
    }

    fn under(&self) -> Under {
        let Header { epoch, id, .. } = *self.header();
        Under { epoch, plan: id, number: self.snapshot.number }
    }

    fn publishes(&self) -> bool {
        !matches!(self.role, Role::Share(_))
    }

    /// Which units are this process's to do, and to compare with their dumps.
    fn share(&self) -> Share {
        match self.role {
            Role::Share(share) => share,
            _ => Share::ALL,
        }
    }

    fn work(&self, shop: &Workshop<'_>, mut contents: Contents, mark: &str) -> Result<Report> {
        shop.spool.record(Record::Session(self.session(mark)))?;
        if self.publishes() {
            // Without this the next one could not tell what is left of this one.
            shop.spool.sync()?;
            remove_marked(self.output, |other| contents.marks.contains(other))?;
        }
        if !contents.retired.is_empty() {
            self.compact(shop, &[self.task], |id| !contents.retired.contains(&id))?;
        }
        let settings = &self.plan.settings;
        let mut done = Done::default();
        if settings.grids {
            contents = self.grids(shop, contents, mark, &mut done)?;
        }
        // Tables of the same dumps as grids are made of what the pass left in the spool, by whoever has all of it.
        if let Some(tables) = &settings.tables
            && (self.publishes() || !settings.grids)
        {
            contents = self.tables(shop, contents, mark, tables, &mut done)?;
        }
        if self.publishes() {
            return self.finish(shop, &contents, done);
        }
        shop.spool.sync()?;
        Ok(self.report(shop, done))
    }

    /// Takes damaged records out of what counts.
    fn mend(&self, shop: &Workshop<'_>, contents: &mut Contents, damaged: Vec<RecordId>) -> Result<()> {
        let count = damaged.len();
        self.progress.note(format!("{count} records of the spool are damaged; their units are done anew"));
        self.retire(shop, contents, damaged)
    }

    /// Tells of records that name fewer pieces than their units leave. Nobody but others who write to the folder makes such.
    fn tell_short(&self, short: &[RecordId]) {
        if !short.is_empty() {
            let count = short.len();
            self.progress.note(format!(
                "{count} records of the spool lack pieces of their units, which are done anew"
            ));
        }
    }

    fn unsound(&self) -> Error {
        Error::spool(self.folder.clone(), "the disk returns other bytes than were written, again and again")
    }

    fn session(&self, mark: &str) -> Session {
        Session {
            share: match self.role {
                Role::Share(share) => Some(share),
                _ => None,
            },
            host: host(),
            process: std::process::id(),
            started: chrono::Utc::now().timestamp(),
            mark: if self.publishes() { mark.to_owned() } else { String::new() },
        }
    }

    fn retire(&self, shop: &Workshop<'_>, contents: &mut Contents, records: Vec<RecordId>) -> Result<()> {
        contents.retired.extend(records.iter().copied());
        contents.drop_retired();
        shop.spool.record(Record::Retire(records)).map(drop)
    }

    /// Before files get their names: refuses those that hold less than what they replace, and records what they hold.
    fn hold(&self, shop: &Workshop<'_>, faults: &[Fault]) -> Result<()> {
        let new = self.holds(faults)?;
        if let Some(before) = &self.before {
            before.refuse_less(&new, self.plan, self.output)?;
        }
        match &self.before {
            Some(before) if before.held == new => Ok(()),
            _ => shop.spool.record(Record::Held(new)).map(drop),
        }
    }

    /// What the files hold, by what is known of the dumps.
    fn holds(&self, faults: &[Fault]) -> Result<Held> {
        let faults: Vec<Fault> = self.plan.missing.iter().chain(faults).cloned().collect();
        Held::of(self.plan, &faults)
    }

    /// Puts the numbers into an error of stopping.
    fn stopped(&self, error: Error) -> Error {
        let (done, units) = self.progress.units();
        match error.kind() {
            ErrorKind::Stopped => Error::stopped(done, units),
            _ => error,
        }
    }

    /// Writes the report, and that all is published.
    fn finish(&self, shop: &Workshop<'_>, contents: &Contents, mut done: Done) -> Result<Report> {
        let digest = checkpoint::digest_of_all(done.grids, done.tables);
        let holds = self.holds(&done.summary.faults)?;
        let live = (std::mem::take(&mut done.units), std::mem::take(&mut done.others));
        let mut report = self.report(shop, done);
        report.holds = Some(holds);
        let planned: HashSet<&str> = report.files.iter().map(|file| file.file.as_str()).collect();
        let superseded = self.superseded(contents, &planned);
        let is_replaced = |file: &Inside| planned.contains(file.as_str()) || superseded.contains(file);
        report.earlier_files = earlier::earlier(self.output, is_replaced);
        earlier::words(&report.earlier_files).into_iter().for_each(|words| self.progress.note(words));
        let json = serde_json::to_vec_pretty(&report).unwrap_or_default();
        shared::write_whole(&self.output.join("report.json"), &json)?;
        for file in &superseded {
            file.remove(self.output)
                .map_err(|source| Error::io("remove", &file.below(self.output), source))?;
            self.progress.note(format!("removed {file}, which other files replace"));
        }
        shared::sync_folder(self.output)?;
        shop.spool.record(Record::Done(digest))?;
        self.snapshot.remove_older(&self.folder);
        if !self.options.drop_spool {
            let tasks = if self.is_last() { spool::tasks(&self.folder, "segment")? } else { vec![self.task] };
            self.compact(shop, &tasks, |id| live.0.contains(&id) || live.1.contains(&id))?;
        }
        Ok(report)
    }

    /// Whether nobody else works on the spool.
    fn is_last(&self) -> bool {
        lock::refuse_others(&self.folder, |other, _| other != self.task, &lock::Unwilling).is_ok()
    }

    /// Gives back what the disk holds of pieces that do not count any more.
    fn compact(&self, shop: &Workshop<'_>, tasks: &[Task], is_live: impl Fn(RecordId) -> bool) -> Result<()> {
        let what = || "dead pieces".to_owned();
        let Compacted { freed, kept } =
            shop.stats.time(Stage::Checkpoint, what, || (shop.spool.compact(tasks, is_live), 0))?;
        let megabytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        if freed > 0 {
            let megabytes = megabytes(freed);
            self.progress
                .note(format!("gave {megabytes:.2} MiB of the checkpoint back, of what was made anew"));
        }
        if let Some((bytes, error)) = kept {
            let (megabytes, folder) = (megabytes(bytes), self.folder.display());
            let note = Reason::from(format!(
                "{megabytes:.2} MiB in {folder} are not needed any more, but the file system does not take back parts of a \
                 file ({error}); "
            ));
            let note = note.naming(Argument::DropSpool);
            self.progress.note(note.then(" removes the whole checkpoint when all is done"));
        }
        Ok(())
    }

    /// Files that were published before the run went on, and whose days are now in files of other names. A file is none of them where
    /// anything tells that it is not the one that was published: its size, its time, its beginning and end.
    fn superseded(&self, contents: &Contents, planned: &HashSet<&str>) -> Vec<Inside> {
        let published = contents.published.iter().chain(&contents.superseded);
        let is_superseded = |(file, published): &(&Inside, &Vec<record::Published>)| {
            let there = Standing::of(self.output, file).ok();
            let there = there.filter(|there| published::is_own_kind(file.as_str(), there));
            there.is_some_and(|there| {
                let seen = (there.bytes, there.modified, there.seal);
                published.iter().any(|one| (one.bytes, one.modified, one.seal) == seen)
            })
        };
        let others = published.filter(|(file, _)| !planned.contains(file.as_str()));
        others.filter(is_superseded).map(|(file, _)| file.clone()).collect()
    }

    /// Whether a file lies in the folder of a table of this plan, which readers take as a whole.
    fn is_part_of_a_table(&self, file: &Inside) -> bool {
        let Some(tables) = &self.plan.settings.tables else { return false };
        let mut folders =
            tables.kinds.iter().filter_map(|&kind| table::folder_of_parts(self.plan, tables, kind));
        folders
            .any(|folder| file.as_str().strip_prefix(&folder).is_some_and(|inside| inside.starts_with('/')))
    }

    fn report(&self, shop: &Workshop<'_>, done: Done) -> Report {
        let (_, units) = self.progress.units();
        let created = self.header().created;
        let Done { mut summary, joined, files, found, .. } = done;
        if !self.publishes() {
            // Other tasks may have the cells' other dumps.
            summary.silent.clear();
            summary.silent_years.clear();
        }
        Report::new(self.plan, shop.stats, summary, joined, files, created, [units, found as u64])
    }
}

/// What is done.
#[derive(Default)]
struct Done {
    summary: Summary,
    joined: Counts,
    files: Vec<published::Published>,
    /// Units and blocks that were done before.
    found: usize,
    /// Digests of the units of grids and of the blocks of tables.
    grids: Option<u64>,
    tables: Option<u64>,
    /// The units of grids that count.
    units: HashSet<RecordId>,
    /// What counts beside them: chunks that were put together, blocks of tables, series of grids that tables were made of.
    others: HashSet<RecordId>,
}

impl Done {
    fn add(&mut self, summary: Summary, files: Vec<published::Published>, digest: u64) {
        self.files.extend(files);
        self.tables = Some(digest);
        self.summary.add(summary);
    }
}
