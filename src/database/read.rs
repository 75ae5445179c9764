//! Reading back what was loaded: the load's settings, how tables are described, and their rows in an order.

use std::io::Read;
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};

use postgres::Client;

use super::error::{DatabaseError, Doing, Result};
use super::journal::Recorded;
use super::sql::Table;
use super::{TableSchema, Target, check, connect, count, journal, prepare, sql};
use crate::error::{Argument, Error};

/// Pieces of text that wait for whoever reads them.
const WAITING: usize = 4;
/// Bytes of a piece.
const PIECE: usize = 1 << 16;

/// A schema that gridloom has loaded.
pub(crate) struct Loaded {
    target: Target,
    client: Client,
    schema: String,
    /// The run whose rows are meant, where the schema holds several.
    pub run: Option<String>,
    /// Columns of tables that only other runs have.
    pub lacking: Vec<(String, String)>,
    /// The settings of the load: JSON.
    pub settings: String,
    /// Whether all of it is there.
    pub is_finished: bool,
    /// Its tables.
    pub tables: Vec<String>,
}

impl Loaded {
    /// Of several runs that which was read from `source`, or is called `name`.
    ///
    /// # Errors
    /// [`Database`](crate::ErrorKind::Database), also where the schema has no load; [`Argument`](crate::ErrorKind::Argument) where it has
    /// several, and none of them is meant.
    pub fn open(target: &Target, schema: Option<&str>, source: &Path, name: &str) -> crate::Result<Self> {
        let fail = |source| Error::database(target.redacted(), source);
        let (client, schema, mut loads) = Self::find(target, schema).map_err(fail)?;
        let whole = |path: &Path| path.canonicalize().or_else(|_| std::path::absolute(path)).ok();
        let wanted = whole(source);
        let is_read = |load: &Recorded| {
            load.member.as_ref().is_some_and(|member| whole(Path::new(&member.source)) == wanted)
        };
        let place = match loads.iter().any(|load| load.member.is_some()) {
            true => loads.iter().position(is_read).or_else(|| loads.iter().position(|load| load.run == name)),
            false => loads.len().checked_sub(1),
        };
        let Some(place) = place else {
            let known = loads.iter().filter_map(|load| {
                let member = load.member.as_ref()?;
                Some(format!("{} of {}", load.run, member.source))
            });
            let known: Vec<String> = known.collect();
            let reason = format!("is not one of the runs that were loaded there: {}", known.join(", "));
            return Err(Error::selection(Argument::Source, source.display(), reason));
        };
        let Recorded { run, member, settings, is_finished, tables } = loads.swap_remove(place);
        let run = member.is_some().then_some(run);
        let lacking = member.map(|member| member.lacking).unwrap_or_default();
        Ok(Loaded { target: target.clone(), client, schema, run, lacking, settings, is_finished, tables })
    }

    fn find(target: &Target, schema: Option<&str>) -> Result<(Client, String, Vec<Recorded>)> {
        let mut client = connect::open(target)?;
        let schema = prepare::schema(&mut client, schema)?;
        let loads = journal::loads(&mut client, &schema)?;
        if loads.is_empty() {
            let text = format!("the schema {schema} holds no load of gridloom");
            return Err(DatabaseError::schema(journal::LOADS, text));
        }
        Ok((client, schema, loads))
    }

    /// What a table has that belongs to no load of several runs, or where a run has no values.
    ///
    /// # Errors
    /// [`Database`](crate::ErrorKind::Database).
    pub fn strange(&mut self, wanted: &TableSchema) -> crate::Result<Vec<String>> {
        let name = self.target.redacted();
        self.find_strange(wanted).map_err(|source| Error::database(name, source))
    }

    fn find_strange(&mut self, wanted: &TableSchema) -> Result<Vec<String>> {
        let Some(run) = self.run.clone() else { return Ok(Vec::new()) };
        let (table, mut found) = (Table::new(&self.schema, wanted)?, Vec::new());
        let loads = journal::loads(&mut self.client, &self.schema)?;
        for other in count::runs(&mut self.client, &table.qualified)? {
            if !loads.iter().any(|load| load.run == other) {
                found.push(format!("rows of the run {other:?}, which was not loaded"));
            }
        }
        let own = sql::of_run("AND", Some(&run));
        for (_, column) in self.lacking.iter().filter(|(of, _)| *of == table.name) {
            let query = format!(
                "SELECT EXISTS (SELECT FROM {} WHERE {} IS NOT NULL{own})",
                table.qualified,
                sql::name(column)
            );
            let doing = || format!("look at the column {column} of {}", table.name);
            if self.client.query_one(&query, &[]).doing(doing)?.try_get(0).doing(doing)? {
                found.push(format!("values of {column} in rows of {run}, which has none"));
            }
        }
        Ok(found)
    }

    /// What differs between a table and how it should be: columns, types, key, partitions, comments.
    ///
    /// # Errors
    /// [`Database`](crate::ErrorKind::Database).
    pub fn differences(&mut self, wanted: &TableSchema) -> crate::Result<Vec<String>> {
        let name = self.target.redacted();
        self.find_differences(wanted).map_err(|source| Error::database(name, source))
    }

    fn find_differences(&mut self, wanted: &TableSchema) -> Result<Vec<String>> {
        let table = Table::new(&self.schema, wanted)?;
        let doing = || format!("look at the table {}", table.name);
        let mut transaction = self.client.transaction().doing(doing)?;
        let Some(mut found) = check::differences(&mut transaction, &self.schema, &table)? else {
            return Ok(vec!["there is no such table".to_owned()]);
        };
        for (column, own) in check::comments(&mut transaction, &table)? {
            let what =
                column.as_ref().map_or_else(|| "the table".to_owned(), |name| format!("the column {name}"));
            let mut expected = table.comments_of(column.as_deref());
            if self.run.is_none() {
                expected.truncate(1);
            }
            if !expected.contains(&own) {
                let told = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
                let expected = expected.into_iter().next().flatten();
                found.push(format!("the comment of {what} is {:?}, not {:?}", told(&own), told(&expected)));
            }
        }
        transaction.commit().doing(doing)?;
        Ok(found)
    }

    /// The rows of a table as text with commas, in an order, behind some.
    ///
    /// # Errors
    /// [`Database`](crate::ErrorKind::Database). What fails later is an error of reading.
    pub fn rows(
        &self,
        table: &str,
        columns: &[String],
        order: &[Order],
        skip: u64,
    ) -> crate::Result<Box<dyn Read + Send>> {
        let fail = |source| Error::database(self.target.redacted(), source);
        let mut client = connect::open(&self.target).map_err(fail)?;
        let doing = || format!("read the table {table}");
        let settings = "SET datestyle = 'ISO, YMD'; SET extra_float_digits = 3; SET client_encoding = 'UTF8'";
        client.batch_execute(settings).doing(doing).map_err(fail)?;
        let names: Vec<String> = columns.iter().map(|column| sql::name(column)).collect();
        let order: Vec<String> = order.iter().map(Order::sql).collect();
        let order = if order.is_empty() { String::new() } else { format!(" ORDER BY {}", order.join(", ")) };
        let query = format!(
            "COPY (SELECT {} FROM {}.{}{}{order} OFFSET {skip}) TO STDOUT (FORMAT csv)",
            names.join(", "),
            sql::name(&self.schema),
            sql::name(table),
            sql::of_run("WHERE", self.run.as_deref())
        );
        let (send, pieces) = sync_channel::<std::io::Result<Vec<u8>>>(WAITING);
        // The reader borrows its client; so both live in a thread that ends when nobody reads any more.
        let work = move || {
            let fail = |error: &dyn std::fmt::Display| Err(std::io::Error::other(error.to_string()));
            match client.copy_out(&query) {
                Err(error) => {
                    let text =
                        error.as_db_error().map_or_else(|| error.to_string(), |error| error.to_string());
                    let _ = send.send(fail(&text));
                }
                Ok(mut reader) => loop {
                    let mut piece = vec![0; PIECE];
                    let read = reader.read(&mut piece);
                    let is_over = !matches!(read, Ok(1..));
                    let piece = read.map(|length| {
                        piece.truncate(length);
                        piece
                    });
                    if send.send(piece).is_err() || is_over {
                        break;
                    }
                },
            };
        };
        std::thread::Builder::new()
            .name("rows".to_owned())
            .spawn(work)
            .map_err(|source| Error::io("start a thread for", Path::new(table), source))?;
        Ok(Box::new(Pieces { pieces, piece: Vec::new(), at: 0 }))
    }
}

/// What rows are sorted by.
pub(crate) enum Order {
    /// A number or date.
    Value(String),
    /// A text, letter by letter.
    Letters(String),
    /// A text, by its place in a list; others come last.
    List(String, Vec<String>),
}

impl Order {
    fn sql(&self) -> String {
        match self {
            Order::Value(column) => sql::name(column),
            Order::Letters(column) => format!("{} COLLATE \"C\"", sql::name(column)),
            Order::List(column, list) => {
                let list: Vec<String> = list.iter().map(|text| sql::literal(text)).collect();
                let list = format!("ARRAY[{}]::text[]", list.join(", "));
                format!("pg_catalog.array_position({list}, {}) NULLS LAST", sql::name(column))
            }
        }
    }
}

struct Pieces {
    pieces: Receiver<std::io::Result<Vec<u8>>>,
    piece: Vec<u8>,
    at: usize,
}

impl Read for Pieces {
    fn read(&mut self, target: &mut [u8]) -> std::io::Result<usize> {
        if self.at >= self.piece.len() {
            // The last piece is empty; a thread that ended without one has failed.
            let lost = || std::io::Error::other("the connection is gone");
            self.piece = self.pieces.recv().map_err(|_| lost())??;
            self.at = 0;
        }
        let rest = self.piece.get(self.at..).unwrap_or_default();
        let length = rest.len().min(target.len());
        if let (Some(target), Some(rest)) = (target.get_mut(..length), rest.get(..length)) {
            target.copy_from_slice(rest);
        }
        self.at += length;
        Ok(length)
    }
}
