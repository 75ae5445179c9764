//! What cell data come from: one trait, which each kind of source implements.
//!
//! A source has *items*: what is read at once, a cell's period or a cell's year. Reading an item gives its [`Content`]: dates and series
//! that borrow the reader's own memory, so that nothing is copied on the way to their places in an output. Which items there are
//! is told by the listing of a [`Run`](crate::run::Run); what a source does not have any more is a refusal, never an error of the whole.

use std::any::Any;
use std::collections::BTreeSet;
use std::fmt::Debug;

use crate::dump::{Limits, Value};
use crate::error::Result;
use crate::model::fault::{Fault, Refusal};
use crate::model::grid::Cell;
use crate::model::variables::VariableTable;

pub mod account;
mod content;
pub mod stamp;

use account::Account;
pub use content::{Content, Series};
use stamp::Stamp;
pub(crate) use stamp::modified;

/// Which of a cell's items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// The daily series of a period, by its number.
    Period(u32),
    /// The yearly tables of a year.
    Year(i32),
}

/// What is read at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Item {
    /// The cell.
    pub cell: Cell,
    /// Which of its items.
    pub part: Part,
}

impl Item {
    /// A cell's period.
    pub fn period(cell: Cell, number: u32) -> Self {
        Item { cell, part: Part::Period(number) }
    }

    /// A cell's year.
    pub fn year(cell: Cell, year: i32) -> Self {
        Item { cell, part: Part::Year(year) }
    }
}

impl std::fmt::Display for Item {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.part {
            Part::Period(number) => write!(f, "cell {}, period {number}", self.cell),
            Part::Year(year) => write!(f, "cell {}, year {year}", self.cell),
        }
    }
}

/// Cells whose data lie together: a run folder, an archive.
pub trait CellSource: Send + Sync + Debug {
    /// The kind of source, by which a listing that was written down is opened again.
    fn kind(&self) -> &'static str;

    /// What an item is called in the source, for messages and records: the name of its file.
    fn name_of(&self, part: Part) -> String;

    /// Whether an item is there now, whatever was listed.
    fn has(&self, item: Item) -> bool;

    /// Whether an item is still the one of a stamp. Reads its content only where nothing else decides.
    fn holds(&self, item: Item, known: &Stamp) -> bool;

    /// Bytes of an item, and when it was changed last in nanoseconds since 1970, as its [`Stamp`] has them, without reading it. `None` where it is not
    /// there, and where that cannot be told.
    fn glance(&self, item: Item) -> Option<(u64, i64)> {
        let _ = item;
        None
    }

    /// What the source must know beside its listing to be opened again by another process; none where its path says all.
    ///
    /// # Errors
    /// [`Bug`](crate::ErrorKind::Bug) where that cannot be written down.
    fn kept(&self) -> Result<Option<serde_json::Value>> {
        Ok(None)
    }

    /// Names by which the run is known again, wherever its data are; none where the model leaves none.
    ///
    /// # Errors
    /// Where they cannot be listed.
    fn marks(&self) -> Result<BTreeSet<String>> {
        Ok(BTreeSet::new())
    }

    /// What is to be told of the source as a whole, beside what its listing and its items say.
    fn remarks(&self) -> Vec<String> {
        Vec::new()
    }

    /// Dumps of a cell that are older than those before them, where an item is made of several, whose stamp does not tell their times. Reads
    /// none of them.
    fn older(&self, cell: Cell) -> Vec<Fault> {
        let _ = cell;
        Vec::new()
    }

    /// What is known of the source's variables, where it knows more than a table that ships.
    fn variables(&self) -> Option<VariableTable> {
        None
    }

    /// Where the lines of the source's files went, where it is made of lines.
    fn account(&self) -> Option<&Account> {
        None
    }

    /// Reads a cell's period and shows it to `take`, whose refusal becomes the reading's.
    ///
    /// Memory: that of `desk`, and the values of a series that has to be made of something else.
    fn period(
        &self,
        cell: Cell,
        number: u32,
        wanted: Wanted<'_>,
        desk: &mut Desk<'_>,
        take: &mut dyn FnMut(&Content<'_>) -> std::result::Result<(), Refusal>,
    ) -> Reading;

    /// Reads the yearly tables of a cell and shows them to `take` as a tree of values. Most sources have none.
    fn year(
        &self,
        cell: Cell,
        year: i32,
        desk: &mut Desk<'_>,
        take: &mut dyn FnMut(Value<'_>) -> std::result::Result<(), Refusal>,
    ) -> Reading {
        let _ = (cell, desk, take);
        let message = format!("{} has no yearly tables: {year}", self.kind());
        Reading::refused(None, (crate::model::fault::FaultKind::Missing, message))
    }
}

/// Which values of a period are wanted. A source may leave out the others, but for [`Wanted::Only`] never their names, types and lengths.
#[derive(Clone, Copy)]
pub enum Wanted<'a> {
    /// All.
    All,
    /// Those of some keys.
    Keys(&'a dyn Fn(&str) -> bool),
    /// Those of these keys, and nothing is asked of others: a source that keeps its series apart need not look at them.
    Only(&'a [&'a str]),
    /// None: only what there is, and its dates.
    Dates,
}

impl Wanted<'_> {
    /// Whether the values of a key are wanted.
    pub fn has(&self, key: &str) -> bool {
        match self {
            Wanted::All => true,
            Wanted::Keys(is_wanted) => is_wanted(key),
            Wanted::Only(keys) => keys.contains(&key),
            Wanted::Dates => false,
        }
    }
}

/// Memory that is used for one item after another.
#[derive(Default)]
pub struct Memory {
    /// An item as it is stored.
    pub raw: Vec<u8>,
    /// The same, decoded.
    pub decoded: Vec<u8>,
    /// What a source keeps from one item of a cell to the next.
    pub kept: Option<Box<dyn Any + Send>>,
}

/// What reading an item is done with.
pub struct Desk<'a> {
    /// What an item may cost.
    pub limits: &'a Limits,
    /// Memory to be used again.
    pub memory: &'a mut Memory,
    /// Told of the time that each step takes.
    pub clock: &'a dyn Clock,
}

impl<'a> Desk<'a> {
    /// One whose time nobody wants to know.
    pub fn new(limits: &'a Limits, memory: &'a mut Memory) -> Self {
        Desk { limits, memory, clock: &Untimed }
    }
}

/// The steps of reading an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadStep {
    /// Bytes from the disk.
    Read,
    /// Bytes to values.
    Decode,
}

/// Times the steps of reading.
pub trait Clock: Sync {
    /// Does a step, which returns how many bytes came out of it.
    fn time(&self, step: ReadStep, item: Item, work: &mut dyn FnMut() -> u64);
}

/// A clock that nobody looks at.
#[derive(Debug, Clone, Copy)]
pub struct Untimed;

impl Clock for Untimed {
    fn time(&self, _: ReadStep, _: Item, work: &mut dyn FnMut() -> u64) {
        work();
    }
}

/// What became of reading an item.
#[derive(Debug)]
#[must_use]
pub struct Reading {
    /// How to know it again; `None` where it is not there.
    pub stamp: Option<Stamp>,
    /// Bytes that were read of it; `None` where it could not be read.
    pub read: Option<u64>,
    /// Bytes that these became; `None` where they could not be decoded.
    pub decoded: Option<u64>,
    /// How it was stored, for people.
    pub container: Option<crate::dump::Container>,
    /// Why it gives nothing.
    pub result: std::result::Result<(), Refusal>,
}

impl Reading {
    /// One that came to nothing.
    pub(crate) fn refused(stamp: Option<Stamp>, refusal: Refusal) -> Self {
        Reading { stamp, read: None, decoded: None, container: None, result: Err(refusal) }
    }
}
