//! Tables in PostgreSQL: made or checked, and loaded so that every row is there exactly once.
//!
//! A load is cut into blocks: some gridcells with all their time. The rows of a block go in by binary COPY, in one
//! transaction with the block's record in the table `gridloom_journal`. A load that is killed anywhere, or whose server goes
//! away, is continued by the blocks that are not in the journal. Rows come as Arrow's record batches.
//!
//! ```no_run
//! # use gridloom::database::TableSchema;
//! # fn load(tables: &[TableSchema], batch: arrow_array::RecordBatch) -> gridloom::Result<()> {
//! use gridloom::database::{Database, Load, Target};
//!
//! let mut database = Database::connect(&Target::parse("postgres://me@host/maps")?)?;
//! let (id, run) = ("9f3c".into(), "my_run".into());
//! let load = Load { id, run, settings: "{}".into(), member: None, fresh: false };
//! database.prepare(Some("my_run"), tables, &load)?;
//! if !database.blocks()?.contains_key(&0) {
//!     let mut block = database.begin(0, None)?;
//!     block.copy(0, &batch)?;
//!     block.commit("digest of what went in", &[])?;
//! }
//! database.finish(&[])?.commit()
//! # }
//! ```
//!
//! A schema can hold several runs, each a load of its own, in the same tables: these begin with the column [`RUN`], and each load knows only
//! the rows of its run.
//!
//! Types: signed integers as they are, 8 bits in a smallint; unsigned ones in the next larger, 64 bits in numeric(20); floats
//! bit for bit; timestamps without time zone as `timestamp`, or `date` where the field's metadata says `kind` = `date`; texts
//! and dictionaries of texts as `text`. A null is NULL, and so is a missing value only where the caller made it a null: NaN
//! stays NaN.
//!
//! Server: PostgreSQL 12 or newer, by a connection of its own. A pooler has to work by sessions, since a lock is held as long
//! as one lasts.

mod address;
mod block;
mod check;
mod connect;
mod count;
mod division;
mod encode;
mod error;
mod journal;
mod lock;
mod moment;
mod partition;
mod passfile;
mod prepare;
mod read;
mod sql;
mod target;
mod tls;
mod types;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use arrow_schema::SchemaRef;
use postgres::fallible_iterator::FallibleIterator;
use postgres::{Client, Statement};

pub use address::redacted;
pub use block::{BlockLoad, Finish};
pub use error::DatabaseError;
pub(crate) use read::{Loaded, Order};
pub use target::Target;

use crate::error::{Error, Result};
use block::Rows;
use error::Doing;

/// The columns that tell which gridcell a row is of.
pub const CELL: [&str; 2] = ["grid_y", "grid_x"];

/// The column that tells which run a row is of, where a schema holds several.
pub const RUN: &str = "run";

/// A table as the database shall have it.
#[derive(Debug, Clone)]
pub struct TableSchema {
    /// Its name, up to 63 bytes.
    pub name: String,
    /// Its columns. `long_name`, `units` and `comment` in a field's metadata become the column's comment, `title` or
    /// `comment` in the schema's the table's.
    pub schema: SchemaRef,
    /// The columns of the natural key, in the order of its index; `grid_y` and `grid_x` first make replacing a block quick.
    pub key: Vec<String>,
    /// How its rows are divided. The column joins the key where it is not in it, as PostgreSQL wants it.
    pub partition: Option<Partition>,
}

/// Declarative partitions, made as rows need them: `daily_1979`, `daily_1979_03`, `daily_lat_m30`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Partition {
    /// One a year, by a date, a timestamp or the number of the year.
    Year {
        /// The column.
        column: String,
    },
    /// One a month, by a date or a timestamp.
    Month {
        /// The column.
        column: String,
    },
    /// One for so many degrees of latitude, counted from the equator; named by its southern edge.
    LatBand {
        /// The column of latitudes.
        column: String,
        /// Degrees, 1 to 180.
        degrees: u16,
    },
}

/// What is loaded.
#[derive(Debug, Clone)]
pub struct Load {
    /// A digest of everything that decides which rows there are and in which block; another one is another load.
    pub id: String,
    /// The run's name; of several in a schema, what is in the column [`RUN`] of its rows.
    pub run: String,
    /// The settings, for people: JSON.
    pub settings: String,
    /// What is known of the run where the schema holds several, each a load of its own with an [`id`](Load::id) of its own.
    pub member: Option<Member>,
    /// Replaces whatever gridloom has loaded into the schema, this load included. What others have put there stays.
    pub fresh: bool,
}

/// A run of several in one schema.
#[derive(Debug, Clone, Default)]
pub struct Member {
    /// Where it was read from.
    pub source: String,
    /// Columns that only other runs have, each with its table; null in the rows of this one.
    pub lacking: Vec<(String, String)>,
}

/// How far a load is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Standing {
    /// The schema did not hold it.
    New,
    /// Some blocks may be there.
    Begun,
    /// It was finished.
    Finished,
}

/// What all connections of a load share.
struct Shared {
    target: Target,
    journal: journal::Journal,
    tables: Vec<sql::Table>,
    partitions: Mutex<partition::Maker>,
}

/// A connection. Each thread that loads needs its own, see [`Database::worker`]. Buffers about 512 KiB.
pub struct Database {
    target: Target,
    client: Client,
    shared: Option<Arc<Shared>>,
    statements: Vec<Option<Statement>>,
    buffer: Vec<u8>,
}

impl Database {
    /// Connects.
    ///
    /// # Errors
    /// [`Database`](crate::ErrorKind::Database), as all functions here.
    pub fn connect(target: &Target) -> Result<Self> {
        let client = connect::open(target).map_err(|source| Error::database(target.redacted(), source))?;
        let target = target.clone();
        Ok(Database { target, client, shared: None, statements: Vec::new(), buffer: Vec::new() })
    }

    /// Makes the tables that are missing and checks those that are there: columns, types, key, partitions. Everything in one
    /// transaction. The schema is made if it is missing; without a name it is the first of the search path.
    ///
    /// Until this connection and all its workers are closed, no other may prepare a load in the schema. Where this holds several runs, the same
    /// connection may prepare the next of them when the one before is done.
    ///
    /// # Errors
    /// [`DatabaseError::Locked`], [`DatabaseError::HoldsAnother`], [`DatabaseError::Schema`], [`DatabaseError::Server`].
    pub fn prepare(&mut self, schema: Option<&str>, tables: &[TableSchema], load: &Load) -> Result<Standing> {
        self.prepare_load(schema, tables, load)
            .map_err(|source| Error::database(self.target.redacted(), source))
    }

    fn prepare_load(
        &mut self,
        schema: Option<&str>,
        tables: &[TableSchema],
        load: &Load,
    ) -> error::Result<Standing> {
        if self
            .shared
            .as_ref()
            .is_some_and(|shared| shared.journal.load.member.is_none() || load.member.is_none())
        {
            return Err(DatabaseError::Misuse { reason: "this connection has its load" });
        }
        let schema = prepare::schema(&mut self.client, schema)?;
        let tables = prepare::tables(&schema, tables)?;
        let journal = journal::Journal::new(&schema, load);
        lock::lead(&mut self.client, &schema)?;
        let standing = prepare::prepare(&mut self.client, &journal, &tables, load)?;
        let target = self.target.clone();
        self.statements.clear();
        self.shared = Some(Arc::new(Shared { target, journal, tables, partitions: Mutex::default() }));
        Ok(standing)
    }

    /// Another connection of the same load, for another thread. This one has to stay open as long: it has the lock.
    ///
    /// # Errors
    /// [`DatabaseError::Server`].
    pub fn worker(&self) -> Result<Database> {
        let mut worker = Database::connect(&self.target)?;
        prepared(&self.shared)
            .and_then(|shared| lock::join(&mut worker.client, &shared.journal.schema))
            .map_err(|source| Error::database(self.target.redacted(), source))?;
        worker.shared.clone_from(&self.shared);
        Ok(worker)
    }

    /// Takes the load of a schema of several runs, and tells which runs it holds, as far as they are begun. Nothing is changed.
    ///
    /// # Errors
    /// [`DatabaseError::Locked`], [`DatabaseError::Server`].
    pub fn members(&mut self, schema: Option<&str>) -> Result<Vec<String>> {
        self.find_members(schema).map_err(|source| Error::database(self.target.redacted(), source))
    }

    fn find_members(&mut self, schema: Option<&str>) -> error::Result<Vec<String>> {
        let schema = prepare::schema(&mut self.client, schema)?;
        lock::lead(&mut self.client, &schema)?;
        let loads = journal::loads(&mut self.client, &schema)?;
        Ok(loads.into_iter().filter(|load| load.member.is_some()).map(|load| load.run).collect())
    }

    /// The blocks that are loaded, with their digests.
    ///
    /// # Errors
    /// [`DatabaseError::Server`].
    pub fn blocks(&mut self) -> Result<HashMap<u32, String>> {
        let shared = prepared(&self.shared);
        shared
            .and_then(|shared| shared.journal.blocks(&mut self.client))
            .map_err(|source| Error::database(self.target.redacted(), source))
    }

    /// The blocks whose rows are not those any more that were loaded, by their number, with what differs in words. Looks at
    /// every row once; `cells` says which cells (`grid_y`, `grid_x`) a block has.
    ///
    /// # Errors
    /// [`DatabaseError::Schema`] where a table has rows of cells that are in no block that is loaded;
    /// [`DatabaseError::Server`].
    pub fn changed(
        &mut self,
        cells: impl Fn(u32) -> Vec<(u32, u32)>,
    ) -> Result<std::collections::BTreeMap<u32, String>> {
        let shared = prepared(&self.shared);
        shared
            .and_then(|shared| count::changed(&mut self.client, shared, &cells))
            .map_err(|source| Error::database(self.target.redacted(), source))
    }

    /// How many rows of the load a table has, given by its place in the list of tables.
    ///
    /// # Errors
    /// [`DatabaseError::Server`].
    pub fn count(&mut self, table: usize) -> Result<u64> {
        let shared = prepared(&self.shared);
        shared
            .and_then(|shared| {
                let table = shared.tables.get(table);
                let table = table.ok_or(DatabaseError::Misuse { reason: "there is no such table" })?;
                count::all(&mut self.client, table, &shared.journal)
            })
            .map_err(|source| Error::database(self.target.redacted(), source))
    }

    /// Begins to load a block. With `replaces` the rows of these cells (`grid_y`, `grid_x`) and the block's record are
    /// removed first, in the same transaction; their old state stays visible to others until the commit.
    ///
    /// # Errors
    /// [`DatabaseError::HoldsAnother`] if somebody replaced the load, [`DatabaseError::Server`].
    pub fn begin(&mut self, block: u32, replaces: Option<&[(u32, u32)]>) -> Result<BlockLoad<'_>> {
        let name = self.target.redacted();
        self.rows()
            .and_then(|rows| BlockLoad::begin(rows, block, replaces))
            .map_err(|source| Error::database(name, source))
    }

    fn rows(&mut self) -> error::Result<Rows<'_>> {
        let Database { client, shared, statements, buffer, .. } = self;
        let shared = prepared(shared)?;
        // Each statement has to see what others have committed before it: tables are looked at once they are locked.
        let level = postgres::IsolationLevel::ReadCommitted;
        let transaction = client.build_transaction().isolation_level(level).start();
        let mut transaction = transaction.doing(|| "begin a block".to_owned())?;
        shared.journal.hold(&mut transaction)?;
        let copied = vec![None; shared.tables.len()];
        Ok(Rows { transaction, shared, statements, buffer, failed: false, copied })
    }

    /// The `partial` of every block that is loaded, in the order of blocks. A few rows are in memory at a time.
    ///
    /// # Errors
    /// [`DatabaseError::Server`]; so for each item.
    pub fn partials(&mut self) -> Result<impl Iterator<Item = Result<(u32, Vec<u8>)>> + '_> {
        let name = self.target.redacted();
        let fail = move |source| Error::database(name.clone(), source);
        let shared = prepared(&self.shared);
        let rows = shared.and_then(|shared| shared.journal.partials(&mut self.client)).map_err(&fail)?;
        let doing = || "read the journal".to_owned();
        Ok(rows.iterator().map(move |row| {
            let row = row.doing(doing).map_err(&fail)?;
            let read = || Ok((journal::number(row.try_get(0).doing(doing)?)?, row.try_get(1).doing(doing)?));
            read().map_err(&fail)
        }))
    }

    /// Begins to finish the load, when all blocks are loaded: tables whose rows are made of all blocks are emptied of the load's, to be
    /// filled anew.
    ///
    /// # Errors
    /// [`DatabaseError::HoldsAnother`], [`DatabaseError::Server`].
    pub fn finish(&mut self, whole: &[usize]) -> Result<Finish<'_>> {
        let name = self.target.redacted();
        self.rows()
            .and_then(|rows| Finish::begin(rows, whole))
            .map_err(|source| Error::database(name, source))
    }
}

fn prepared(shared: &Option<Arc<Shared>>) -> error::Result<&Shared> {
    shared.as_deref().ok_or(DatabaseError::Misuse { reason: "the load was not prepared" })
}
