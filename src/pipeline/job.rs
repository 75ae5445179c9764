//! One process's work on a spool, from what is done already to what is done then.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use crate::error::{Error, Result};
use crate::plan::{Plan, Share, Tables, Unit};
use crate::run::stamp;
use crate::spool::contents::{self, Contents};
use crate::spool::lock::{self, Lock, Patience, host};
use crate::spool::record::{ChunkKey, Counts, Record, RecordId, Session, Under};
use crate::spool::snapshot::{self, Header, Snapshot};
use crate::spool::{Spool, Task};
use crate::table::{self, Layout};

use super::checkpoint::{self, Accepted, Summary};
use super::import::Grids;
use super::join::Joined;
use super::pass::{self, Pass, Workshop};
use super::publish::{self, Outcome};
use super::report::Report;
use super::stats::{Monitor, Stage, Stats};
use super::stop::Halt;
use super::table_files::Files;
use super::tables::{self, Blocks, ToSpool};
use super::{Options, Temporary, keeper, write_whole};

/// Times that damaged pieces are made again before the disk is given up.
const MENDINGS: usize = 5;

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
    pub monitor: &'a Monitor,
    pub role: Role,
    pub task: Task,
    pub snapshot: Snapshot,
    /// The files of grids that tables are made of, where they are not made of dumps.
    pub grids: Option<&'a Grids>,
}

impl Job<'_> {
    /// Does the work and gives the lock back.
    pub fn run(self, lock: Lock) -> Result<Report> {
        let Job { plan, monitor, options, .. } = self;
        crate::write::register(plan.settings.codec)?;
        let stats = Stats::new(options.trace.is_some());
        let contents = Contents::load(&self.folder, self.header().epoch)?;
        // Others may be about to write their first line.
        let only = (self.role != Role::Alone).then_some(self.task);
        let kept = checkpoint::remove_outdated(&self.folder, &contents, only)?;
        let end = contents.ends.get(&self.task).copied().unwrap_or(0);
        let spool = Spool::open(&self.folder, self.task, self.under(), end)?;
        for published in kept {
            spool.record(Record::Published(published))?;
        }
        let pool =
            rayon::ThreadPoolBuilder::new().num_threads(plan.memory.threads).build().map_err(|error| {
                Error::selection(
                    "--threads",
                    plan.memory.threads,
                    format!("the threads cannot be started: {error}"),
                )
            })?;
        let halt = Halt::new(&options.stop);
        let shop = Workshop::new(plan, &spool, &stats, monitor, &halt)?;
        let temporary = Temporary { unique: lock.unique().to_owned() };
        let work = || pool.install(|| self.work(&shop, contents, &temporary));
        let (result, lock) = keeper::keep(lock, &spool, &stats, monitor, &halt, work);
        if result.is_err() && self.publishes() {
            // The error that led here is what counts. What others make under other names is theirs.
            let _ = temporary.remove_own(self.output);
        }
        let report = result?;
        halt.check()?;
        if let (Some(path), Some(trace)) = (&options.trace, stats.trace()) {
            write_whole(path, trace.to_string().as_bytes())?;
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
        let others = lock::refuse_others(&self.folder, |other, _| other != self.task, &Patience::UNWILLING);
        if others.is_err() {
            self.monitor.note("the checkpoint stays: other processes work on it".to_owned());
            return Ok(());
        }
        // Under its new name nobody finds it any more.
        let away = self.output.join(format!("{}-{}", crate::spool::FOLDER, lock.unique()));
        std::fs::rename(&self.folder, &away).map_err(|source| Error::io("rename", &self.folder, source))?;
        drop(lock);
        std::fs::remove_dir_all(&away).map_err(|source| Error::io("remove", &away, source))
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

    fn work(&self, shop: &Workshop<'_>, mut contents: Contents, temporary: &Temporary) -> Result<Report> {
        if self.publishes() {
            Temporary::remove_all(self.output)?;
        }
        shop.spool.record(Record::Session(self.session()))?;
        let settings = &self.plan.settings;
        let mut done = Done::default();
        if settings.grids {
            contents = self.grids(shop, contents, temporary, &mut done)?;
        }
        // Tables of the same dumps as grids are made of what the pass left in the spool, by whoever has all of it.
        if let Some(tables) = &settings.tables
            && (self.publishes() || !settings.grids)
        {
            contents = self.tables(shop, contents, temporary, tables, &mut done)?;
        }
        if self.publishes() {
            return self.finish(shop, &contents, done);
        }
        shop.spool.sync()?;
        Ok(self.report(shop, done))
    }

    /// Does the units of grids, and publishes their files where that is this process's to do.
    fn grids(
        &self,
        shop: &Workshop<'_>,
        contents: Contents,
        temporary: &Temporary,
        done: &mut Done,
    ) -> Result<Contents> {
        let (mut contents, mut accepted) = self.find(shop, contents)?;
        let found = accepted.mine.len();
        self.check_stopped(&contents, &accepted)?;
        for _ in 0..MENDINGS {
            let units = self.units_left(&accepted);
            self.tell(&accepted, &units, found);
            Pass::new(shop, &units).run();
            shop.halt.check()?;
            if !units.is_empty() {
                contents = Contents::load(&self.folder, self.header().epoch)?;
                *super::lock(&shop.joined) = Counts::default();
                accepted = self.accept(&contents, false);
            }
            self.check_stopped(&contents, &accepted)?;
            let damaged = match self.role {
                Role::Share(share) => match self.join_own(shop, &contents, &accepted, share)? {
                    None => {
                        let summary = Summary::new(&contents, &accepted.mine);
                        *done =
                            Done { summary, joined: *super::lock(&shop.joined), found, ..Done::default() };
                        return Ok(contents);
                    }
                    Some(records) => records,
                },
                _ => {
                    let summary = Summary::new(&contents, &accepted.units);
                    let outcome = publish::publish(
                        shop,
                        self.header(),
                        &contents,
                        &accepted,
                        &summary,
                        self.output,
                        temporary,
                    );
                    match outcome.map_err(|error| self.stopped(error))? {
                        Outcome::Done(files) => {
                            shop.halt.check()?;
                            self.check_stopped(&contents, &accepted)?;
                            let mut joined = contents.joined;
                            joined += *super::lock(&shop.joined);
                            let units = accepted.units.clone();
                            *done = Done {
                                summary,
                                joined,
                                files,
                                found,
                                grids: Some(accepted.digest()),
                                tables: None,
                                units,
                            };
                            return Ok(contents);
                        }
                        Outcome::Damaged(records) => records,
                    }
                }
            };
            // Where every piece is sound when it is read once more, reading failed for a moment.
            if !damaged.is_empty() {
                self.mend(shop, &mut contents, damaged)?;
                accepted = self.accept(&contents, false);
            }
        }
        Err(self.unsound())
    }

    /// Does the blocks of tables, and publishes their files where that is this process's to do.
    fn tables(
        &self,
        shop: &Workshop<'_>,
        mut contents: Contents,
        temporary: &Temporary,
        settings: &Tables,
        done: &mut Done,
    ) -> Result<Contents> {
        let layout = Layout::new(self.plan, settings);
        let maps = table::maps(self.plan, settings, &layout.years)?;
        let basis = snapshot::basis(self.plan);
        let accept = |contents: &Contents, compares: bool| {
            tables::accept(&layout, basis, contents, self.share(), compares)
        };
        let compares = self.role != Role::Publisher;
        let mut accepted = accept(&contents, compares);
        let mut stale = std::mem::take(&mut accepted.stale);
        if compares {
            stale.extend(tables::damaged(shop, &accepted, false)?);
        }
        if !stale.is_empty() {
            self.retire(shop, &mut contents, stale)?;
            accepted = accept(&contents, false);
        }
        let found = accepted.mine;
        let imported = match self.grids {
            Some(grids) => {
                let imported = grids.import(shop, self.header().id, &contents);
                Some(imported.map_err(|error| self.stopped(error))?)
            }
            None => (self.plan.settings.grids && settings.needs_days()).then(|| done.units.clone()),
        };
        let series = match imported {
            Some(units) => {
                let epoch = self.header().epoch;
                Some((shop.spool, contents::series(&self.folder, epoch, |id| units.contains(&id))?))
            }
            None => None,
        };
        let Workshop { stats, monitor, halt, .. } = shop;
        let blocks = Blocks { layout: &layout, maps: &maps, basis, stats, monitor, halt, series };
        for mending in 0..MENDINGS {
            self.tell_blocks(&layout, &accepted, found, Files::count(&layout, &maps), done);
            if !accepted.left.is_empty() {
                // What is left after the first time is damaged, and made again by whoever finds that.
                if mending == 0 && self.role == Role::Publisher && !self.plan.settings.grids {
                    return Err(self.unfinished(&contents, &accepted));
                }
                blocks.run(&accepted.left, || Ok(ToSpool::new(shop, &layout)))?;
                shop.halt.check()?;
                contents = Contents::load(&self.folder, self.header().epoch)?;
                accepted = accept(&contents, false);
            }
            if self.options.stop.is_requested() || !accepted.left.is_empty() {
                return Err(self.stopped(Error::Stopped { done: 0, units: 0 }));
            }
            let summary = Summary::of_blocks(&accepted.blocks);
            let mut files = Vec::new();
            if self.publishes() {
                let publisher = Files {
                    shop,
                    layout: &layout,
                    maps: &maps,
                    header: self.header(),
                    contents: &contents,
                    accepted: &accepted,
                    folder: self.output,
                    temporary,
                    digest: if done.summary.digest.is_empty() {
                        &summary.digest
                    } else {
                        &done.summary.digest
                    },
                };
                match publisher.publish().map_err(|error| self.stopped(error))? {
                    Outcome::Done(published) => files = published,
                    Outcome::Damaged(records) => {
                        if !records.is_empty() {
                            self.mend(shop, &mut contents, records)?;
                            accepted = accept(&contents, false);
                        }
                        continue;
                    }
                }
                shop.halt.check()?;
                if self.options.stop.is_requested() {
                    return Err(self.stopped(Error::Stopped { done: 0, units: 0 }));
                }
            }
            done.found += found;
            done.add(summary, files, accepted.digest());
            return Ok(contents);
        }
        Err(self.unsound())
    }

    /// Takes damaged records out of what counts.
    fn mend(&self, shop: &Workshop<'_>, contents: &mut Contents, damaged: Vec<RecordId>) -> Result<()> {
        let count = damaged.len();
        self.monitor.note(format!("{count} records of the spool are damaged; their units are done anew"));
        self.retire(shop, contents, damaged)
    }

    fn unsound(&self) -> Error {
        Error::Spool {
            path: self.folder.clone(),
            reason: "the disk returns other bytes than were written, again and again".to_owned(),
        }
    }

    /// Sets the counters for blocks of tables, which come after the units of grids.
    fn tell_blocks(
        &self,
        layout: &Layout<'_>,
        accepted: &tables::Accepted,
        found: usize,
        files: usize,
        done: &Done,
    ) {
        let monitor = self.monitor;
        let before = if self.plan.settings.grids { self.plan.units.len() as u64 } else { 0 };
        let blocks = Blocks::of(layout, self.share());
        let dumps_of = |numbers: &[u32]| numbers.iter().map(|&number| layout.files_of(number)).sum::<u64>();
        let (all, left) = (dumps_of(&blocks), dumps_of(&accepted.left));
        let read = if self.plan.settings.grids { self.plan.dumps() as u64 } else { 0 };
        for (counter, value) in [
            (&monitor.units, before + blocks.len() as u64),
            (&monitor.units_done, before + accepted.mine as u64),
            (&monitor.units_found, (done.found + found) as u64),
            (&monitor.dumps, read + all),
            (&monitor.dumps_done, read + all - left),
            (&monitor.dumps_recorded, read + all - left),
            (&monitor.dumps_found, read + all - left),
            (&monitor.files_done, 0),
            (&monitor.files, if self.publishes() { files as u64 } else { 0 }),
        ] {
            counter.store(value, Ordering::Relaxed);
        }
        if found > 0 && accepted.mine == found {
            monitor.note(format!("found {found} of {} blocks done", blocks.len()));
        }
    }

    /// That other tasks have left blocks.
    fn unfinished(&self, contents: &Contents, accepted: &tables::Accepted) -> Error {
        let shards = tables::missing_shards(contents, &accepted.left);
        let missing = match shards.is_empty() {
            true => "; the work was not finished: give the same command again".to_owned(),
            false => format!("; missing are the shards {}", shards.join(", ")),
        };
        let done = accepted.blocks.len() as u64;
        Error::Unfinished { done, units: done + accepted.left.len() as u64, missing }
    }

    fn accept(&self, contents: &Contents, compares: bool) -> Accepted {
        checkpoint::accept(self.plan, self.header().id, contents, self.share(), compares)
    }

    fn session(&self) -> Session {
        Session {
            share: match self.role {
                Role::Share(share) => Some(share),
                _ => None,
            },
            host: host(),
            process: std::process::id(),
            started: chrono::Utc::now().timestamp(),
        }
    }

    /// What is done already, compared with the dumps as they are now, and with what the disk kept.
    fn find(&self, shop: &Workshop<'_>, mut contents: Contents) -> Result<(Contents, Accepted)> {
        let compares = self.role != Role::Publisher;
        let what = || "what is done".to_owned();
        let mut accepted = shop.stats.time(Stage::Checkpoint, what, || (self.accept(&contents, compares), 0));
        let mut stale = std::mem::take(&mut accepted.stale);
        // Of what is published nothing is needed, until something is added to it.
        let digest = accepted.digest();
        let is_published =
            contents.done.iter().any(|(under, units)| under.plan == self.header().id && *units == digest);
        if compares && !is_published {
            let torn = shop.stats.time(Stage::Checkpoint, what, || {
                (checkpoint::torn(shop.spool, self.header().epoch, &contents, &accepted), 0)
            })?;
            stale.extend(torn);
        }
        if !stale.is_empty() {
            let changed = accepted.changed;
            self.retire(shop, &mut contents, stale)?;
            accepted = self.accept(&contents, false);
            accepted.changed = changed;
        }
        Ok((contents, accepted))
    }

    fn retire(&self, shop: &Workshop<'_>, contents: &mut Contents, records: Vec<RecordId>) -> Result<()> {
        contents.retired.extend(records.iter().copied());
        contents.drop_retired();
        shop.spool.record(Record::Retire(records)).map(drop)
    }

    fn units_left(&self, accepted: &Accepted) -> Vec<Unit> {
        self.plan.units_left(self.share(), |cell, period| accepted.covered.has(cell, period))
    }

    /// Sets the counters, and says what was found.
    fn tell(&self, accepted: &Accepted, units: &[Unit], found: usize) {
        let monitor = self.monitor;
        let left: u64 = units.iter().map(|unit| unit.cells.len() as u64).sum();
        let set = |counter: &std::sync::atomic::AtomicU64, value: usize| {
            counter.store(value as u64, Ordering::Relaxed)
        };
        set(&monitor.units, accepted.mine.len() + units.len());
        set(&monitor.units_done, accepted.mine.len());
        set(&monitor.units_found, found);
        set(&monitor.files, if self.publishes() { self.plan.outputs.len() } else { 0 });
        set(&monitor.files_done, 0);
        monitor.dumps.store(accepted.dumps + left, Ordering::Relaxed);
        monitor.dumps_done.store(accepted.dumps, Ordering::Relaxed);
        monitor.dumps_found.store(accepted.dumps, Ordering::Relaxed);
        monitor.dumps_recorded.store(accepted.dumps, Ordering::Relaxed);
        monitor.faults.store((self.plan.missing.len() + accepted.faults) as u64, Ordering::Relaxed);
        if found > 0 && accepted.mine.len() == found {
            let changed = match accepted.changed {
                0 => String::new(),
                count => format!("; {count} dumps are others than before"),
            };
            monitor
                .note(format!("found {found} of {} units done{changed}", accepted.mine.len() + units.len()));
        }
    }

    /// # Errors
    /// [`Error::Stopped`] where work was left on request, [`Error::Unfinished`] where others have left some.
    fn check_stopped(&self, contents: &Contents, accepted: &Accepted) -> Result<()> {
        if self.options.stop.is_requested() {
            return Err(self.stopped(Error::Stopped { done: 0, units: 0 }));
        }
        if self.role != Role::Publisher {
            return Ok(());
        }
        let left = self.units_left(accepted);
        if left.is_empty() {
            return Ok(());
        }
        let (done, units) = (accepted.mine.len() as u64, (accepted.mine.len() + left.len()) as u64);
        let shards = checkpoint::missing_shards(self.plan, contents, &left);
        let missing = match shards.is_empty() {
            true => "; the run was not finished: give the same `gridloom grid` command again".to_owned(),
            false => format!("; missing are the shards {}", shards.join(", ")),
        };
        Err(Error::Unfinished { done, units, missing })
    }

    /// Puts the numbers into an error of stopping.
    fn stopped(&self, error: Error) -> Error {
        let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        match error {
            Error::Stopped { .. } => {
                Error::Stopped { done: count(&self.monitor.units_done), units: count(&self.monitor.units) }
            }
            error => error,
        }
    }

    /// Puts together those chunks that are this task's alone. Returns records with damaged pieces, if there are any pieces
    /// that could not be read.
    fn join_own(
        &self,
        shop: &Workshop<'_>,
        contents: &Contents,
        accepted: &Accepted,
        share: Share,
    ) -> Result<Option<Vec<RecordId>>> {
        let tasks = crate::plan::units::tasks(self.plan, share.count);
        let tiles = checkpoint::tiles_by_place(self.plan);
        let is_own = |key: ChunkKey| {
            let Some(layer) = self.plan.layers.get(key.layer as usize) else { return false };
            let (from, until) = pass::chunk_days(self.plan, layer, key.days);
            let periods = tiles.get(&(key.row, key.column)).and_then(|&tile| tasks.get(tile));
            periods.is_some_and(|periods| {
                (0..periods.len()).any(|period| {
                    periods.get(period) == Some(&share.index) && shop.is_alone(period, from, until)
                })
            })
        };
        for batch in publish::batches(shop, contents) {
            let (index, joined) =
                publish::chunks_of(shop, self.header(), contents, &accepted.units, &batch, is_own)?;
            if self.options.stop.is_requested() {
                return Err(self.stopped(Error::Stopped { done: 0, units: 0 }));
            }
            if let Joined::Damaged(records) = joined {
                return publish::all_damaged(shop, &index, records).map(Some);
            }
        }
        Ok(None)
    }

    /// Writes the report, and that all is published.
    fn finish(&self, shop: &Workshop<'_>, contents: &Contents, done: Done) -> Result<Report> {
        let digest = checkpoint::digest_of_all(done.grids, done.tables);
        let report = self.report(shop, done);
        let json = serde_json::to_vec_pretty(&report).unwrap_or_default();
        write_whole(&self.output.join("report.json"), &json)?;
        self.remove_superseded(contents, &report)?;
        crate::write::sync_folder(self.output)?;
        shop.spool.record(Record::Done(digest))?;
        self.snapshot.remove_older(&self.folder);
        Ok(report)
    }

    /// Removes files that were published before the run went on, and whose days are now in files of other names. A file
    /// that somebody has touched since stays.
    fn remove_superseded(&self, contents: &Contents, report: &Report) -> Result<()> {
        let planned: HashSet<&str> = report.files.iter().map(|file| file.file.as_str()).collect();
        let is_planned = |file: &String| planned.contains(file.as_str());
        for (file, published) in contents.published.iter().filter(|(file, _)| !is_planned(file)) {
            let path = self.output.join(file);
            let Ok(there) = std::fs::metadata(&path) else { continue };
            let there = (there.len(), stamp::modified(&there));
            if published.iter().any(|published| (published.bytes, published.modified) == there) {
                std::fs::remove_file(&path).map_err(|source| Error::io("remove", &path, source))?;
                self.monitor.note(format!("removed {file}, which other files replace"));
            }
        }
        Ok(())
    }

    fn report(&self, shop: &Workshop<'_>, done: Done) -> Report {
        let units = self.monitor.units.load(Ordering::Relaxed);
        let created = self.header().created;
        let Done { summary, joined, files, found, .. } = done;
        Report::new(self.plan, shop.stats, summary, joined, files, created, [units, found as u64])
    }
}

/// What is done.
#[derive(Default)]
struct Done {
    summary: Summary,
    joined: Counts,
    files: Vec<publish::Published>,
    /// Units and blocks that were done before.
    found: usize,
    /// Digests of the units of grids and of the blocks of tables.
    grids: Option<u64>,
    tables: Option<u64>,
    /// The units of grids that count.
    units: HashSet<RecordId>,
}

impl Done {
    fn add(&mut self, summary: Summary, files: Vec<publish::Published>, digest: u64) {
        self.files.extend(files);
        self.tables = Some(digest);
        self.summary.add(summary);
    }
}
