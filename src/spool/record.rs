//! What journals say.

use crate::model::fault::Fault;
use crate::model::grid::Cell;
use crate::place::Seen;
use crate::plan::Share;
use crate::run::silence::SilentDumps;
use crate::shared::Inside;
use crate::source::Part;
use crate::source::stamp::Stamp;

use super::Task;
use super::held::Held;

/// A line of a journal.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Line {
    /// Under which plan it was written.
    pub under: Under,
    /// What it says.
    pub record: Record,
}

/// The plan that a record belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(into = "(u64, u64, u32)", from = "(u64, u64, u32)")]
pub struct Under {
    /// See [`super::snapshot::Header::epoch`].
    pub epoch: u64,
    /// The plan's digest.
    pub plan: u64,
    /// The number of its file.
    pub number: u32,
}

impl From<Under> for (u64, u64, u32) {
    fn from(under: Under) -> Self {
        (under.epoch, under.plan, under.number)
    }
}

impl From<(u64, u64, u32)> for Under {
    fn from((epoch, plan, number): (u64, u64, u32)) -> Self {
        Under { epoch, plan, number }
    }
}

/// What a line says.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Record {
    /// A process started.
    Session(Session),
    /// A unit of work is finished.
    Unit(Unit),
    /// A block of a table's cells is finished.
    Block(Block),
    /// A chunk was put together from several pieces.
    Join(Join),
    /// Records that do not count any more: their dumps changed, or their pieces are damaged.
    Retire(Vec<RecordId>),
    /// A file has its final name.
    Published(Published),
    /// All files of the plan are published, of the units with this digest.
    Done(u64),
    /// What the files hold that are given their names from here on.
    Held(Held),
    /// What stands above this place of the journal is on the disk, pieces included.
    Synced(u64),
}

impl Record {
    /// Hands every place in a segment that it names to `each`.
    pub fn each_place(&self, each: &mut dyn FnMut(&Location)) {
        match self {
            Record::Unit(unit) => {
                unit.pieces.iter().for_each(|piece| each(&piece.place));
                unit.series.iter().for_each(|(_, place)| each(place));
            }
            Record::Block(block) => block.pieces.iter().for_each(|piece| each(&piece.place)),
            Record::Join(join) => join.place.iter().for_each(each),
            _ => {}
        }
    }
}

/// Which record: whose journal, and where its line starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct RecordId {
    /// Whose journal.
    pub task: Task,
    /// Where in it.
    pub at: u64,
}

/// A process that works on the spool.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Session {
    /// The task's share, where the work is shared.
    pub share: Option<Share>,
    /// The machine's name.
    pub host: String,
    /// The process.
    pub process: u32,
    /// When it started, in seconds since 1970.
    pub started: i64,
    /// The mark in the names of its temporary files; empty where it makes none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub mark: String,
}

/// A unit of work that is finished.
#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
pub struct Unit {
    /// Row and column of its tile among tiles.
    pub tile: (u32, u32),
    /// The number of its period.
    pub period: u32,
    /// Whether it would be another one under another plan: a dump was refused, has unusual dates, or is cut by the end
    /// of the time axis.
    pub is_strict: bool,
    /// The usual dates of its period, which decided about dumps: first and last day.
    pub usual: (i64, i64),
    /// Bytes that its largest dump decoded to.
    pub largest: u64,
    /// Its cells, and their dumps as they were read; `None` where there was nothing to read.
    pub dumps: Vec<(Cell, Option<Stamp>)>,
    /// Dumps of other periods that decided about its own, by cell and period.
    pub peeked: Vec<(Cell, u32, Option<Stamp>)>,
    /// Its pieces.
    pub pieces: Vec<Piece>,
    /// The series of its cells, raw, where tables are made of the same dumps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub series: Vec<(Cell, Location)>,
    /// Inputs that could not be used.
    pub faults: Vec<Fault>,
    /// Dumps that have no values up to their ends.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub silent: Vec<SilentDumps>,
    /// Values that were copied.
    pub seen: Seen,
    /// What was done.
    pub counts: Counts,
}

/// A block of a table's cells that is finished: all their time.
#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
pub struct Block {
    /// Its number.
    pub number: u32,
    /// A digest of all that decides which blocks and rows there are; see [`super::snapshot::basis`].
    pub basis: u64,
    /// The files that were read, or looked at to decide about others; `None` where there was nothing to read.
    pub files: Vec<(Cell, Part, Option<Stamp>)>,
    /// A digest of the series in the spool that it was made of; `None` where the dumps were read for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<u64>,
    /// How many of them were to be read.
    pub dumps: u64,
    /// Its pieces, in the order in which files have them.
    pub pieces: Vec<TablePiece>,
    /// How many pieces it left, and rows in them.
    #[serde(default)]
    pub left: (u64, u64),
    /// Inputs that could not be used.
    pub faults: Vec<Fault>,
    /// Dumps that have no values up to their ends.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub silent: Vec<SilentDumps>,
    /// Yearly files that hold nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub silent_years: Vec<SilentDumps>,
    /// Values that were copied.
    pub seen: Seen,
    /// What was done.
    pub counts: Counts,
}

/// What a piece of a block holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Content {
    /// Rows of a table, by its number among the plan's tables, and of which of its files.
    Rows(u32, u32),
    /// Sums of regions.
    Regions,
    /// A field's values, by its number among the plan's fields.
    Map(u32),
}

/// A piece of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(into = "(Content, u64, Location)", from = "(Content, u64, Location)")]
pub struct TablePiece {
    /// What it holds.
    pub content: Content,
    /// Its rows, of a table's rows.
    pub rows: u64,
    /// Where it is.
    pub place: Location,
}

impl From<TablePiece> for (Content, u64, Location) {
    fn from(piece: TablePiece) -> Self {
        (piece.content, piece.rows, piece.place)
    }
}

impl From<(Content, u64, Location)> for TablePiece {
    fn from((content, rows, place): (Content, u64, Location)) -> Self {
        TablePiece { content, rows, place }
    }
}

/// A piece of a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(into = "WrittenPiece", from = "WrittenPiece")]
pub struct Piece {
    /// The layer, counted in the plan.
    pub layer: u32,
    /// The chunk in time.
    pub days: u32,
    /// Whether it is a whole chunk, compressed; otherwise it is some cells and days of one, raw.
    pub is_encoded: bool,
    /// Where it is.
    pub place: Location,
}

type WrittenPiece = (u32, u32, bool, Location);

impl From<Piece> for WrittenPiece {
    fn from(piece: Piece) -> Self {
        (piece.layer, piece.days, piece.is_encoded, piece.place)
    }
}

impl From<WrittenPiece> for Piece {
    fn from((layer, days, is_encoded, place): WrittenPiece) -> Self {
        Piece { layer, days, is_encoded, place }
    }
}

/// Where a piece is in its task's segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(into = "(u64, u32, u64)", from = "(u64, u32, u64)")]
pub struct Location {
    /// Its first byte.
    pub offset: u64,
    /// Its bytes.
    pub length: u32,
    /// Their XXH3.
    pub checksum: u64,
}

impl Location {
    /// Where it ends.
    pub fn end(&self) -> u64 {
        self.offset.saturating_add(u64::from(self.length))
    }
}

impl From<Location> for (u64, u32, u64) {
    fn from(place: Location) -> Self {
        (place.offset, place.length, place.checksum)
    }
}

impl From<(u64, u32, u64)> for Location {
    fn from((offset, length, checksum): (u64, u32, u64)) -> Self {
        Location { offset, length, checksum }
    }
}

/// A chunk that was put together.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub struct Join {
    /// Layer and chunk in time; row and column of the tile.
    pub chunk: ChunkKey,
    /// A digest of the pieces that it was made of.
    pub source: u64,
    /// The encoded chunk; `None` where all of it is masked.
    pub place: Option<Location>,
    /// Whether a chunk that had been taken for complete was among the pieces.
    pub is_reopened: bool,
}

impl Join {
    /// What was done, for the report.
    pub fn counts(&self) -> Counts {
        Counts {
            chunks_encoded: u64::from(self.place.is_some()),
            chunks_of_fill: u64::from(self.place.is_none()),
            chunks_reopened: u64::from(self.is_reopened),
            bytes_spooled: self.place.map_or(0, |place| u64::from(place.length)),
            ..Counts::default()
        }
    }
}

/// Which chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(into = "(u32, u32, u32, u32)", from = "(u32, u32, u32, u32)")]
pub struct ChunkKey {
    /// The layer, counted in the plan.
    pub layer: u32,
    /// The chunk in time.
    pub days: u32,
    /// The tile's row among tiles.
    pub row: u32,
    /// The tile's column among tiles.
    pub column: u32,
}

impl From<ChunkKey> for (u32, u32, u32, u32) {
    fn from(key: ChunkKey) -> Self {
        (key.layer, key.days, key.row, key.column)
    }
}

impl From<(u32, u32, u32, u32)> for ChunkKey {
    fn from((layer, days, row, column): (u32, u32, u32, u32)) -> Self {
        ChunkKey { layer, days, row, column }
    }
}

/// A file that has its final name.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Published {
    /// Its name. A line with any other path is not a record.
    pub file: Inside,
    /// Its bytes.
    pub bytes: u64,
    /// When it was changed last, in nanoseconds since 1970.
    pub modified: i64,
    /// A digest of all that it was made of.
    pub content: u64,
    /// A digest of its beginning and end, by which it is known to be the same file.
    #[serde(default)]
    pub seal: u64,
}

/// What was done, for the report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Counts {
    /// Dumps read.
    pub dumps_read: u64,
    /// Dumps decoded.
    pub dumps_decoded: u64,
    /// Dumps read once more, to compare dates where those of a cell are unusual.
    pub dumps_peeked: u64,
    /// Chunks encoded.
    pub chunks_encoded: u64,
    /// Chunks without any value.
    pub chunks_of_fill: u64,
    /// Chunks encoded once more, because a cell with unusual dates, or of a later run, had days in them.
    pub chunks_reopened: u64,
    /// Parts of chunks that wait for the rest.
    pub fragments: u64,
    /// Bytes of dumps.
    pub bytes_read: u64,
    /// Bytes of the pieces.
    pub bytes_spooled: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Counts) {
        self.dumps_read += other.dumps_read;
        self.dumps_decoded += other.dumps_decoded;
        self.dumps_peeked += other.dumps_peeked;
        self.chunks_encoded += other.chunks_encoded;
        self.chunks_of_fill += other.chunks_of_fill;
        self.chunks_reopened += other.chunks_reopened;
        self.fragments += other.fragments;
        self.bytes_read += other.bytes_read;
        self.bytes_spooled += other.bytes_spooled;
    }
}
