//! Tables into a database. The database keeps the checkpoint: a block's rows and its record come with one transaction.

use std::collections::HashMap;
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use arrow_array::RecordBatch;

use crate::database::{BlockLoad, Database, Load, Member, Standing, TableSchema, Target};
use crate::error::{Error, Result};
use crate::observer::{Counted, Observer};
use crate::plan::Plan;
use crate::plan::tables::{TableKind, Tables};
use crate::spool::Task;
use crate::spool::contents::BlockState;
use crate::spool::held::FileKind;
use crate::spool::record::{Block, RecordId};
use crate::spool::snapshot;
use crate::table::{Batch, Layout, RUN, Regions, Remainder, Together};
use crate::threads::Pool;
use crate::write::Provenance;

use super::Options;
use super::checkpoint::Summary;
use super::progress::Progress;
use super::published::Published;
use super::report::Report;
use super::stats::Stats;
use super::stop::Halt;
use super::tables::{Blocks, OpenBlock, Sink, holds};
use super::work::{self, Delivery, Work};
use crate::sync::lock;

mod schemas;

pub(crate) use schemas::{of_runs, schemas};

/// Loads the tables of a plan into a database's schema, by default the first of the search path. Returns the report.
///
/// What is loaded stays: the same call again, after any end, continues there, and loads those blocks anew whose dumps
/// are others than before. [`Options::fresh`] replaces whatever gridloom has loaded into the schema.
///
/// Memory: [`Memory::budget`](crate::plan::Memory::budget), and some for the libraries.
///
/// # Errors
/// [`Database`](crate::ErrorKind::Database), [`Argument`](crate::ErrorKind::Argument) where a table cannot be one of a database, [`Stopped`](crate::ErrorKind::Stopped) on request.
pub fn load(
    plan: &Plan,
    target: &Target,
    schema: Option<&str>,
    options: &Options,
    observer: &dyn Observer,
) -> Result<Report> {
    let wanted = plan.settings.tables.clone().unwrap_or_default();
    let tables = schemas(plan, &wanted)?;
    let database = Mutex::new(Database::connect(target)?);
    load_into(plan, &database, schema, &tables, None, options, observer)
}

/// A run of several that are loaded into the same tables.
pub(crate) struct LoadedMember<'a> {
    /// What it is called.
    pub name: &'a str,
    /// Its place among the runs.
    pub place: usize,
    /// Where it was read from.
    pub source: &'a Path,
    /// The tables of all runs.
    pub tables: &'a [Together],
}

impl LoadedMember<'_> {
    /// What is told of it to the database.
    fn told(&self) -> Result<Member> {
        let mut lacking = Vec::new();
        for together in self.tables {
            let own = together.heading(self.place)?;
            let names = together.table.schema.fields().iter().map(|field| field.name());
            let names = names.filter(|name| *name != RUN && own.place_of(name).is_none());
            lacking.extend(names.map(|name| (together.table.kind.name().to_owned(), name.clone())));
        }
        Ok(Member { source: self.source.display().to_string(), lacking })
    }

    /// Its rows with the columns of all.
    fn rows(&self, table: usize, rows: &RecordBatch) -> Result<RecordBatch> {
        let together =
            self.tables.get(table).ok_or_else(|| Error::bug(format!("rows of a table {table}")))?;
        together.of_run(self.place, rows)
    }
}

/// Loads the tables of a plan, of which nothing else may be loaded by the same connection but other members of the same runs.
///
/// # Errors
/// Those of [`load`].
pub(crate) fn load_into(
    plan: &Plan,
    database: &Mutex<Database>,
    schema: Option<&str>,
    tables: &[TableSchema],
    member: Option<LoadedMember<'_>>,
    options: &Options,
    observer: &dyn Observer,
) -> Result<Report> {
    options.check_trace()?;
    let wanted = plan.settings.tables.clone().unwrap_or_default();
    // The server divides rows into partitions.
    let settings = Tables { partition: None, per_cell: false, ..wanted };
    let layout = Layout::new(plan, &settings)?;
    let stats = Stats::new(options.trace.is_some());
    let (progress, halt) = (Progress::new(observer), Halt::new(observer));
    let basis = snapshot::basis(plan)?;
    let load = Load {
        // The same run may be there under two names.
        id: member.as_ref().map_or(format!("{basis:016x}"), |member| format!("{basis:016x} {}", member.name)),
        run: member.as_ref().map_or(plan.run.name.clone(), |member| member.name.to_owned()),
        settings: serde_json::to_string(&plan.settings).unwrap_or_default(),
        member: member.as_ref().map(LoadedMember::told).transpose()?,
        fresh: options.fresh,
    };
    let (standing, there, changed) = {
        let mut database = lock(database);
        let standing = database.prepare(schema, tables, &load)?;
        let there = database.blocks()?;
        let changed = match there.is_empty() {
            true => Default::default(),
            false => database.changed(|number| cells_of(&layout, number))?,
        };
        (standing, there, changed)
    };
    for (block, difference) in &changed {
        progress.note(format!("block {block} is loaded anew: {difference}"));
    }
    let is_sound = |text: &String| serde_json::from_str(text).ok().filter(|block| holds(plan, block));
    let unchanged = there.iter().filter(|(number, _)| !changed.contains_key(number));
    let loaded: Vec<Block> = unchanged.filter_map(|(_, text)| is_sound(text)).collect();
    let found = loaded.len();
    let is_finished = found == layout.blocks.len() && standing == Standing::Finished;
    let work = Loading {
        layout: &layout,
        basis,
        stats: &stats,
        progress: &progress,
        halt: &halt,
        database,
        member: member.as_ref(),
        known: &there,
        found,
        is_finished,
    };
    let ((), mut loaded) = work::drive(&work, loaded)?;
    let files = layout.tables.iter().map(|table| Published {
        file: format!("{}{}", schema.map(|name| format!("{name}.")).unwrap_or_default(), table.kind.name()),
        kind: FileKind::Table,
        variable: table.kind.name().to_owned(),
        bytes: 0,
        chunks: 0,
    });
    let files: Vec<Published> = files.collect();
    progress.advance(Counted::Files, files.len() as u64);
    loaded.sort_by_key(|block| block.number);
    let states: Vec<BlockState> = loaded.into_iter().map(state).collect();
    let units = [layout.blocks.len() as u64, found as u64];
    let summary = Summary::of_blocks(&states);
    let created = Provenance::now();
    let report = Report::new(plan, &stats, summary, Default::default(), files, created, units);
    if let (Some(path), Some(trace)) = (&options.trace, stats.trace()) {
        super::options::write_trace(path, &trace)?;
    }
    Ok(report)
}

fn state(block: Block) -> BlockState {
    BlockState { id: RecordId { task: Task::number(0), at: 0 }, is_synced: true, block }
}

/// A load as work: what is done is known by the blocks whose records the database has.
struct Loading<'a> {
    layout: &'a Layout<'a>,
    basis: u64,
    stats: &'a Stats,
    progress: &'a Progress<'a>,
    halt: &'a Halt<'a>,
    database: &'a Mutex<Database>,
    member: Option<&'a LoadedMember<'a>>,
    /// Blocks that were there when the load began.
    known: &'a HashMap<u32, String>,
    found: usize,
    /// Whether the load was finished before, and nothing of it is left.
    is_finished: bool,
}

impl Loading<'_> {
    fn left(&self, loaded: &[Block]) -> Vec<u32> {
        let is_loaded = |number: &u32| loaded.iter().any(|block| block.number == *number);
        (0..self.layout.blocks.len() as u32).filter(|number| !is_loaded(number)).collect()
    }
}

impl Work for Loading<'_> {
    type State = Vec<Block>;
    /// A transaction is there or not.
    type Damage = Infallible;
    type Done = ();

    fn is_left(&self, loaded: &Vec<Block>) -> bool {
        loaded.len() < self.layout.blocks.len()
    }

    fn tell(&self, loaded: &Vec<Block>, _: usize) {
        let Loading { layout, progress, found, .. } = *self;
        let files = |numbers: &[u32]| numbers.iter().map(|&number| layout.files_of(number)).sum::<u64>();
        let all: Vec<u32> = (0..layout.blocks.len() as u32).collect();
        let (all, left) = (files(&all), files(&self.left(loaded)));
        progress.start(Counted::Units, layout.blocks.len() as u64, found as u64);
        progress.start(Counted::Dumps, all, all - left);
        progress.start(Counted::Files, layout.tables.len() as u64, 0);
        if found > 0 {
            progress.note(format!("found {found} of {} blocks loaded", layout.blocks.len()));
        }
    }

    fn check(&self, loaded: &Vec<Block>, round: usize) -> Result<()> {
        let (done, units) = (loaded.len() as u64, self.layout.blocks.len() as u64);
        match round > 0 && self.is_left(loaded) {
            true => Err(Error::stopped(done, units)),
            false => Ok(()),
        }
    }

    fn make(&self, mut loaded: Vec<Block>) -> Result<Vec<Block>> {
        let Loading { layout, basis, stats, progress, halt, .. } = *self;
        let left = self.left(&loaded);
        let threads = layout.plan.memory.threads;
        let pool = Pool::new(threads)?;
        let blocks = Blocks { layout, maps: &[], basis, stats, progress, halt, series: None, compared: None };
        let count = threads.min(left.len());
        let workers: Result<Vec<Database>> = {
            let database = lock(self.database);
            (0..count).map(|_| database.worker()).collect()
        };
        let workers = Mutex::new(workers?);
        let done = Mutex::new(Vec::new());
        let sink = || {
            let missing = || Error::bug("more threads load than there are connections".to_owned());
            let database = lock(&workers).pop().ok_or_else(missing)?;
            Ok(ToDatabase { database, layout, member: self.member, known: self.known, done: &done })
        };
        pool.install(|| blocks.run(&left, sink))?;
        halt.check()?;
        loaded.extend(std::mem::take(&mut *lock(&done)));
        Ok(loaded)
    }

    fn deliver(&self, _: &Vec<Block>) -> Result<Delivery<(), Infallible>> {
        finish(&mut lock(self.database), self)?;
        Ok(Delivery::Done(()))
    }

    fn mend(&self, _: Vec<Block>, damage: Infallible) -> Result<Vec<Block>> {
        match damage {}
    }

    fn unsound(&self) -> Error {
        Error::bug("a load ends without an end".to_owned())
    }
}

/// Fills the tables whose rows come from all blocks, and marks the load as finished; where it is already, only what is not
/// there as it should be.
fn finish(database: &mut Database, of: &Loading<'_>) -> Result<()> {
    let Loading { layout, is_finished, progress, member, .. } = *of;
    let Some(index) = layout.tables.iter().position(|table| table.kind == TableKind::Region) else {
        return if is_finished { Ok(()) } else { database.finish(&[])?.commit() };
    };
    let mut sums = Regions::new(layout);
    for partial in database.partials()? {
        sums.add(&partial?.1);
    }
    if is_finished {
        let (found, wanted) = (database.count(index)?, sums.count());
        if found == wanted {
            return Ok(());
        }
        progress.note(format!("region is filled anew: {found} of {wanted} rows are there"));
    }
    let mut finish = database.finish(&[index])?;
    if let Some(table) = layout.tables.get(index) {
        sums.rows(layout, table, &mut |rows| {
            let rows = member.map_or(Ok(None), |member| member.rows(index, &rows).map(Some))?.unwrap_or(rows);
            finish.copy(index, &rows).map(drop)
        })?;
    }
    finish.commit()
}

/// The cells of a block.
fn cells_of(layout: &Layout<'_>, number: u32) -> Vec<(u32, u32)> {
    // A number of a database, which a layout of other cells may not have.
    let cells = layout.block(number).map_or(&[][..], |(_, cells)| cells);
    cells.iter().map(|cell| (cell.planned.cell.row, cell.planned.cell.column)).collect()
}

/// Loads blocks by one connection.
struct ToDatabase<'s> {
    database: Database,
    layout: &'s Layout<'s>,
    member: Option<&'s LoadedMember<'s>>,
    /// Blocks that were there when the load began.
    known: &'s HashMap<u32, String>,
    done: &'s Mutex<Vec<Block>>,
}

/// A block that is being loaded.
struct Open<'a> {
    load: BlockLoad<'a>,
    member: Option<&'a LoadedMember<'a>>,
    done: &'a Mutex<Vec<Block>>,
}

impl<'s> Sink for ToDatabase<'s> {
    type Open<'a>
        = Open<'a>
    where
        's: 'a;

    fn begin(&mut self, number: u32) -> Result<Self::Open<'_>> {
        let cells = match self.known.contains_key(&number) {
            true => cells_of(self.layout, number),
            false => Vec::new(),
        };
        let replaces = (!cells.is_empty()).then_some(cells.as_slice());
        let (member, done) = (self.member, self.done);
        Ok(Open { load: self.database.begin(number, replaces)?, member, done })
    }
}

impl OpenBlock for Open<'_> {
    fn rows(&mut self, batch: Batch, _: &mut Block) -> Result<()> {
        match self.member {
            Some(member) => self.load.copy(batch.table, &member.rows(batch.table, &batch.rows)?).map(drop),
            None => self.load.copy(batch.table, &batch.rows).map(drop),
        }
    }

    fn end(self, remainder: Remainder, block: Block) -> Result<()> {
        // The record says what the rows were made of, and what is to be told of it.
        let text = serde_json::to_string(&block).map_err(|error| {
            let path = PathBuf::from("the journal");
            Error::io("write", &path, error.into())
        })?;
        self.load.commit(&text, &remainder.regions)?;
        lock(self.done).push(block);
        Ok(())
    }
}
