//! Rows of a table as they are made, for whoever takes them batch by batch. Nothing is written.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use crate::error::{Argument, Error, Reason, Result};
use crate::model::fault::Fault;
use crate::observer::Observer;
use crate::plan::Plan;
use crate::plan::tables::{TableKind, Tables};
use crate::spool::record::Block;
use crate::sync::lock;
use crate::table::{Batch, Layout, Remainder};
use crate::threads::{Pool, cannot_start};

use super::progress::Progress;
use super::stats::Stats;
use super::stop::Halt;
use super::tables::{Blocks, OpenBlock, Sink};

/// How long a finished block waits before it looks whether anybody still wants it.
const PATIENCE: Duration = Duration::from_millis(50);

/// The rows of one table of a plan, in the order and with the columns of its files ([`docs/tables.md`](https://docs.rs/gridloom)): null where a value is
/// masked. They are made on threads of their own, a little ahead of whoever takes them; dropped, the work ends.
///
/// Memory: that of [`Plan`]'s budget, and the rows of two blocks.
///
/// ```
/// use gridloom::plan::tables::Tables;
///
/// let rows = gridloom::open("data/sample_run")?.plan().variables(["npp"]).tables(Tables::default()).table_rows()?;
/// let names: Vec<_> = rows.schema().fields().iter().map(|field| field.name().clone()).collect();
/// assert_eq!(names, ["grid_y", "grid_x", "latitude", "longitude", "day", "npp"]);
/// let mut count = 0;
/// for batch in rows {
///     count += batch?.num_rows();
/// }
/// assert!(count > 10_000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Rows {
    schema: SchemaRef,
    blocks: Option<Receiver<Made>>,
    maker: Option<JoinHandle<Result<()>>>,
    gone: Arc<Gone>,
    ready: VecDeque<RecordBatch>,
    faults: Vec<Fault>,
    lost: Vec<String>,
    /// The process whose threads make the rows; a forked one has none of them.
    process: u32,
}

/// What a wait for rows came to.
#[derive(Debug)]
pub enum Waited {
    /// Rows, at least one.
    Rows(RecordBatch),
    /// There are no more.
    End,
    /// They are not made yet.
    Not,
}

impl fmt::Debug for Rows {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Rows").field("schema", &self.schema).finish_non_exhaustive()
    }
}

/// A block that is made.
#[derive(Default)]
struct Made {
    rows: Vec<RecordBatch>,
    faults: Vec<Fault>,
}

/// Whether nobody takes rows any more.
#[derive(Default)]
struct Gone(AtomicBool);

impl Observer for Gone {
    fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn is_over(&self) -> bool {
        true
    }
}

/// The settings of a plan of one table whose rows come block by block.
///
/// # Errors
/// [`Argument`](crate::ErrorKind::Argument) where it makes none, several, or a table that all blocks give together.
fn settings(plan: &Plan) -> Result<Tables> {
    let wanted = plan.settings.tables.clone().unwrap_or_default();
    let refuse =
        |name: &str, reason: &str| Err(Error::selection(Argument::Tables, name, Reason::from(reason)));
    match wanted.kinds.as_slice() {
        _ if plan.settings.grids || !wanted.aggregates.is_empty() => {
            refuse("", "grids have no rows; they are made in a folder")
        }
        [kind] if kind.is_grid() => {
            refuse(kind.name(), "it is a grid, which has no rows; it is made in a folder")
        }
        [kind @ TableKind::Region] => {
            refuse(kind.name(), "its rows are made of all cells together, in a folder or a database")
        }
        [_] if wanted.partition.is_some() || wanted.per_cell || wanted.metadata => {
            refuse("", "rows are in no files, of which there could be several")
        }
        [_] => Ok(wanted),
        several => {
            let names: Vec<&str> = several.iter().map(|kind| kind.name()).collect();
            refuse(&names.join(","), "wants one table, since all rows have the same columns")
        }
    }
}

impl Rows {
    /// The columns that the rows of a plan have, without making any. Units and long names are in the fields' metadata.
    ///
    /// # Errors
    /// As [`Rows::new`].
    pub fn schema_of(plan: &Plan) -> Result<SchemaRef> {
        let settings = settings(plan)?;
        let layout = Layout::new(plan, &settings)?;
        let table = layout.tables.first();
        table.map(|table| table.schema.clone()).ok_or_else(|| {
            Error::selection(
                Argument::Traits,
                "",
                Reason::from("are needed for this table: a file of traits"),
            )
        })
    }

    /// Begins to make rows of a plan that makes one table, and no grids.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where it makes none, several, or one that all blocks give together; [`Io`](crate::ErrorKind::Io) where no thread
    /// can be started.
    pub fn new(plan: Arc<Plan>) -> Result<Self> {
        let settings = settings(&plan)?;
        let schema = Rows::schema_of(&plan)?;
        let faults = plan.missing().to_vec();
        let lost = plan.lost_reasons().map(|(key, reason)| format!("{key}: {reason}")).collect();
        let gone = Arc::new(Gone::default());
        let (sender, blocks) = sync_channel(1);
        let own = gone.clone();
        let work = move || make(&plan, &settings, &own, sender);
        let maker = Builder::new().name("gridloom rows".to_owned()).spawn(work).map_err(cannot_start)?;
        let (ready, process) = (VecDeque::new(), std::process::id());
        Ok(Rows { schema, blocks: Some(blocks), maker: Some(maker), gone, ready, faults, lost, process })
    }

    /// The columns.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// What could not be read of all rows up to now, and was not taken before; at first what is known to be missing.
    pub fn take_faults(&mut self) -> Vec<Fault> {
        std::mem::take(&mut self.faults)
    }

    /// Variables that are wanted and of which there are no columns, and why; those that were not taken before.
    pub fn take_lost(&mut self) -> Vec<String> {
        std::mem::take(&mut self.lost)
    }

    /// Waits for rows, at most so long.
    ///
    /// # Errors
    /// What the work failed by; there are no rows behind an error.
    pub fn wait(&mut self, patience: Duration) -> Result<Waited> {
        loop {
            if let Some(rows) = self.ready.pop_front() {
                return Ok(Waited::Rows(rows));
            }
            let Some(blocks) = &self.blocks else { return Ok(Waited::End) };
            if self.process != std::process::id() {
                self.blocks = None;
                let reason = "these rows are made by another process; open the source in this one";
                return Err(Error::selection(Argument::Tables, "", Reason::from(reason)));
            }
            match blocks.recv_timeout(patience) {
                Ok(made) => {
                    self.ready.extend(made.rows);
                    self.faults.extend(made.faults);
                }
                Err(RecvTimeoutError::Timeout) => return Ok(Waited::Not),
                Err(RecvTimeoutError::Disconnected) => {
                    self.blocks = None;
                    self.ended()?;
                }
            }
        }
    }

    /// What the work came to.
    fn ended(&mut self) -> Result<()> {
        match self.maker.take().map(JoinHandle::join) {
            None | Some(Ok(Ok(()))) => Ok(()),
            Some(Ok(Err(error))) => Err(error),
            Some(Err(_)) => Err(Error::bug("the thread that makes rows ended by a panic")),
        }
    }
}

impl Iterator for Rows {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.wait(Duration::from_secs(3600)) {
                Ok(Waited::Rows(rows)) => return Some(Ok(rows)),
                Ok(Waited::Not) => {}
                Ok(Waited::End) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

impl Drop for Rows {
    fn drop(&mut self) {
        self.gone.0.store(true, Ordering::Relaxed);
        self.blocks = None;
        // There is no such thread to wait for in a process that was forked.
        if self.process == std::process::id() {
            let _ = self.ended();
        }
    }
}

/// Makes all blocks, and hands them over in their order.
fn make(plan: &Plan, settings: &Tables, gone: &Gone, sender: SyncSender<Made>) -> Result<()> {
    let layout = Layout::new(plan, settings)?;
    let (stats, progress, halt) = (Stats::new(false), Progress::new(gone), Halt::new(gone));
    let (stats, progress, halt) = (&stats, &progress, &halt);
    // Nothing is recorded that would have to be known again.
    let blocks =
        Blocks { layout: &layout, maps: &[], basis: 0, stats, progress, halt, series: None, compared: None };
    let numbers: Vec<u32> = (0..layout.blocks.len() as u32).collect();
    let turn = Turn { sender: Mutex::new((0, sender)), passed: Condvar::new() };
    let pool = Pool::new(plan.memory.threads)?;
    pool.install(|| blocks.run(&numbers, || Ok(ToTaker { turn: &turn, halt })))?;
    halt.check()
}

/// Whose block comes next.
struct Turn {
    sender: Mutex<(u32, SyncSender<Made>)>,
    passed: Condvar,
}

impl Turn {
    /// Hands a block over when all before it are; false where nobody wants it.
    fn hand_over(&self, number: u32, made: Made, halt: &Halt<'_>) -> bool {
        let mut own = lock(&self.sender);
        while own.0 != number {
            if halt.is_closing() {
                return false;
            }
            let waited = self.passed.wait_timeout(own, PATIENCE);
            own = waited.unwrap_or_else(std::sync::PoisonError::into_inner).0;
        }
        // Those behind it could do nothing else than wait for it.
        let is_taken = own.1.send(made).is_ok();
        own.0 += 1;
        self.passed.notify_all();
        is_taken
    }
}

/// Gives blocks to whoever takes rows.
struct ToTaker<'a> {
    turn: &'a Turn,
    halt: &'a Halt<'a>,
}

/// A block that is being made.
struct Open<'a> {
    turn: &'a Turn,
    halt: &'a Halt<'a>,
    made: Made,
}

impl Sink for ToTaker<'_> {
    type Open<'a>
        = Open<'a>
    where
        Self: 'a;

    fn begin(&mut self, _: u32) -> Result<Self::Open<'_>> {
        Ok(Open { turn: self.turn, halt: self.halt, made: Made::default() })
    }
}

impl OpenBlock for Open<'_> {
    fn rows(&mut self, batch: Batch, _: &mut Block) -> Result<()> {
        self.made.rows.push(batch.rows);
        Ok(())
    }

    fn end(self, _: Remainder, block: Block) -> Result<()> {
        let Open { turn, halt, mut made } = self;
        made.faults = block.faults;
        match turn.hand_over(block.number, made, halt) {
            true => Ok(()),
            false => Err(Error::stopped(u64::from(block.number), u64::from(block.number) + 1)),
        }
    }
}
