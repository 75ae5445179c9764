//! What all journals of a spool say together: which units are done, and where their pieces are.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Range;
use std::path::Path;

use crate::error::Result;
use crate::model::fault::Fault;
use crate::model::grid::Cell;
use crate::place::Seen;
use crate::plan::Share;
use crate::run::silence::SilentDumps;
use crate::shared::{Inside, is_mark};
use crate::source::stamp::Stamp;

use super::coverage::Coverage;
use super::journal;
use super::record::{self, ChunkKey, Counts, Line, Location, Published, Record, RecordId, Session, Under};
use super::{Task, path_of, tasks};

/// A finished unit, without its pieces.
#[derive(Debug, Clone)]
pub struct UnitState {
    /// Its record.
    pub id: RecordId,
    /// The plan that it was done under.
    pub plan: u64,
    /// Row and column of its tile.
    pub tile: (u32, u32),
    /// The number of its period.
    pub period: u32,
    /// Whether it holds under its own plan only.
    pub is_strict: bool,
    /// Whether it was on the disk for certain when the journal was read.
    pub is_synced: bool,
    /// The usual dates of its period, which decided about dumps.
    pub usual: (i64, i64),
    /// Bytes that its largest dump decoded to.
    pub largest: u64,
    /// The chunks of its pieces.
    pub covered: Coverage,
    /// How many cells' series it left.
    pub series: usize,
    /// Cells and their dumps.
    pub dumps: Vec<(Cell, Option<Stamp>)>,
    /// Dumps of other periods that decided about its own.
    pub peeked: Vec<(Cell, u32, Option<Stamp>)>,
    /// Inputs that could not be used.
    pub faults: Vec<Fault>,
    /// Dumps that have no values up to their ends.
    pub silent: Vec<SilentDumps>,
    /// Values that were copied.
    pub seen: Seen,
    /// What was done.
    pub counts: Counts,
}

/// A finished block of tables.
#[derive(Debug, Clone)]
pub struct BlockState {
    /// Its record.
    pub id: RecordId,
    /// Whether it was on the disk for certain when the journal was read.
    pub is_synced: bool,
    /// What it says.
    pub block: record::Block,
}

/// What all journals say. Of everything in them only what belongs to the current epoch.
#[derive(Debug, Default)]
pub struct Contents {
    /// Finished units that are not retired, by record.
    pub units: Vec<UnitState>,
    /// Finished blocks of tables that are not retired.
    pub blocks: Vec<BlockState>,
    /// Files that were given their final names, of all epochs; of each all that was ever said.
    pub published: BTreeMap<Inside, Vec<Published>>,
    /// Files of parts of tables that are made anew whatever the spool says: a part that is no more must not stay among them.
    pub superseded: BTreeMap<Inside, Vec<Published>>,
    /// The marks of temporary files of all who ever worked here.
    pub marks: BTreeSet<String>,
    /// What was published whole: the plan, and the digest of its units.
    pub done: HashSet<(Under, u64)>,
    /// Tasks that have written under the epoch.
    pub tasks: BTreeSet<Task>,
    /// Sessions, in the order of the journals.
    pub sessions: Vec<(Task, Session)>,
    /// Where the last piece of each task ends, retired or not.
    pub ends: HashMap<Task, u64>,
    /// What the joins of chunks did.
    pub joined: Counts,
    /// Records that do not count any more.
    pub retired: HashSet<RecordId>,
    /// Pieces of all units.
    pub pieces: u64,
}

impl Contents {
    /// Reads all journals of a spool.
    ///
    /// Memory: about 50 bytes a dump.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io). Damaged lines are passed over.
    pub fn load(folder: &Path, epoch: u64) -> Result<Self> {
        let mut contents = Contents::default();
        for task in tasks(folder, "journal")? {
            let mut reading = Reading::new(&mut contents, task, epoch);
            journal::read(&path_of(folder, "journal", task), |at, record| reading.add(at, record))?;
            reading.end();
        }
        contents.drop_retired();
        Ok(contents)
    }

    /// The same of one journal that is not in a file.
    pub fn of_journal(bytes: &[u8], task: Task, epoch: u64) -> Self {
        let mut contents = Contents::default();
        let mut reading = Reading::new(&mut contents, task, epoch);
        // Memory gives no errors.
        let _ = journal::read_from(bytes, |at, record| reading.add(at, record));
        reading.end();
        contents.drop_retired();
        contents
    }

    /// Drops what is retired.
    pub fn drop_retired(&mut self) {
        let Contents { units, blocks, retired, .. } = self;
        units.retain(|unit| !retired.contains(&unit.id));
        blocks.retain(|block| !retired.contains(&block.id));
    }

    fn add(&mut self, under: Under, id: RecordId, record: Record) {
        record.each_place(&mut |place| {
            let end = self.ends.entry(id.task).or_default();
            *end = (*end).max(place.end());
        });
        match record {
            Record::Session(mut session) => {
                if is_mark(&session.mark) {
                    self.marks.insert(std::mem::take(&mut session.mark));
                }
                let is_share = |share: Share| share.index < share.count && share.count <= Share::MOST;
                if session.share.is_none_or(is_share) {
                    self.sessions.push((id.task, session));
                }
            }
            Record::Unit(unit) => {
                self.pieces += unit.pieces.len() as u64;
                self.units.push(UnitState {
                    id,
                    plan: under.plan,
                    tile: unit.tile,
                    period: unit.period,
                    is_strict: unit.is_strict,
                    is_synced: false,
                    usual: unit.usual,
                    largest: unit.largest,
                    covered: Coverage::of(&unit.pieces),
                    series: unit.series.len(),
                    dumps: unit.dumps,
                    peeked: unit.peeked,
                    faults: unit.faults,
                    silent: unit.silent,
                    seen: unit.seen,
                    counts: unit.counts,
                });
            }
            Record::Block(block) => self.blocks.push(BlockState { id, is_synced: false, block }),
            Record::Join(join) => self.joined += join.counts(),
            Record::Retire(records) => self.retired.extend(records),
            Record::Published(published) => {
                self.published.entry(published.file.clone()).or_default().push(published);
            }
            Record::Done(units) => drop(self.done.insert((under, units))),
            Record::Synced(_) | Record::Held(_) => {}
        }
    }
}

/// A journal that is being read.
struct Reading<'a> {
    contents: &'a mut Contents,
    task: Task,
    epoch: u64,
    /// Units and blocks of the journals before.
    first: (usize, usize),
    /// How far the journal was on the disk for certain.
    synced: u64,
}

impl<'a> Reading<'a> {
    fn new(contents: &'a mut Contents, task: Task, epoch: u64) -> Self {
        let first = (contents.units.len(), contents.blocks.len());
        Reading { contents, task, epoch, first, synced: 0 }
    }

    fn add(&mut self, at: u64, Line { under, record }: Line) {
        let is_current = under.epoch == self.epoch;
        if is_current {
            self.contents.tasks.insert(self.task);
        }
        match record {
            Record::Synced(until) => self.synced = until,
            Record::Session(session) if !is_current && is_mark(&session.mark) => {
                self.contents.marks.insert(session.mark);
            }
            record if is_current || matches!(record, Record::Published(_)) => {
                self.contents.add(under, RecordId { task: self.task, at }, record);
            }
            _ => {}
        }
    }

    fn end(self) {
        for unit in self.contents.units.iter_mut().skip(self.first.0) {
            unit.is_synced = unit.id.at < self.synced;
        }
        for block in self.contents.blocks.iter_mut().skip(self.first.1) {
            block.is_synced = block.id.at < self.synced;
        }
    }
}

/// A piece of a chunk, and where to find it.
#[derive(Debug, Clone, Copy)]
pub struct Piece {
    /// The chunk it belongs to.
    pub chunk: ChunkKey,
    /// Whether it is a whole chunk, compressed; otherwise it is some cells and days of one, raw.
    pub is_encoded: bool,
    /// The record that names it: of a unit, or of a join.
    pub source: RecordId,
    /// Where it is in the segment of the unit's task.
    pub place: Location,
}

/// A chunk that was put together earlier.
#[derive(Debug, Clone, Copy)]
pub struct Joined {
    /// A digest of the pieces that it was made of.
    pub source: u64,
    /// Its record.
    pub id: RecordId,
    /// Where; `None` where all of it is masked.
    pub place: Option<Location>,
}

/// Where the pieces of some layers are.
#[derive(Debug, Default)]
pub struct Index {
    /// Pieces by chunk, then by what does not depend on who made them.
    pub pieces: Vec<Piece>,
    /// Chunks that were put together.
    pub joined: HashMap<ChunkKey, Vec<Joined>>,
}

impl Index {
    /// Reads the pieces of some layers from all journals, of those units and joins that are accepted.
    ///
    /// Memory: about 70 bytes a piece.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io).
    pub fn load(
        folder: &Path,
        epoch: u64,
        layers: Range<u32>,
        counts: impl Fn(RecordId) -> bool,
        counts_join: impl Fn(RecordId) -> bool,
    ) -> Result<Self> {
        let mut index = Index::default();
        for task in tasks(folder, "journal")? {
            journal::read(&path_of(folder, "journal", task), |at, line: Line| {
                let id = RecordId { task, at };
                match line.record {
                    _ if line.under.epoch != epoch => {}
                    Record::Unit(unit) if counts(id) => {
                        let (row, column) = unit.tile;
                        let mine = unit.pieces.iter().filter(|piece| layers.contains(&piece.layer));
                        index.pieces.extend(mine.map(|piece| Piece {
                            chunk: ChunkKey { layer: piece.layer, days: piece.days, row, column },
                            is_encoded: piece.is_encoded,
                            source: id,
                            place: piece.place,
                        }));
                    }
                    Record::Join(join) if layers.contains(&join.chunk.layer) && counts_join(id) => {
                        let joined = Joined { source: join.source, id, place: join.place };
                        index.joined.entry(join.chunk).or_default().push(joined);
                    }
                    _ => {}
                }
            })?;
        }
        index.pieces.sort_unstable_by_key(|piece| {
            (piece.chunk, !piece.is_encoded, piece.place.checksum, piece.place.length)
        });
        Ok(index)
    }
}

/// Where raw series are in the spool, by cell.
pub type SeriesIndex = HashMap<Cell, Vec<(RecordId, Location)>>;

/// Where the raw series of cells are, of those units that are accepted. Memory: about 60 bytes a cell and period.
///
/// # Errors
/// [`Io`](crate::ErrorKind::Io).
pub fn series(folder: &Path, epoch: u64, counts: impl Fn(RecordId) -> bool) -> Result<SeriesIndex> {
    let mut index = SeriesIndex::new();
    for task in tasks(folder, "journal")? {
        journal::read(&path_of(folder, "journal", task), |at, line: Line| {
            let id = RecordId { task, at };
            if let Record::Unit(unit) = line.record
                && line.under.epoch == epoch
                && counts(id)
            {
                for (cell, place) in unit.series {
                    index.entry(cell).or_default().push((id, place));
                }
            }
        })?;
    }
    Ok(index)
}
