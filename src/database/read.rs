//! Reading back what was loaded: the load's settings, how tables are described, and their rows in an order.

use std::io::Read;
use std::sync::mpsc::{Receiver, sync_channel};

use postgres::Client;

use super::error::{DatabaseError, Doing, Result};
use super::sql::Table;
use super::{TableSchema, Target, check, connect, journal, prepare, sql};
use crate::error::Error;

/// Pieces of text that wait for whoever reads them.
const WAITING: usize = 4;
/// Bytes of a piece.
const PIECE: usize = 1 << 16;

/// A schema that gridloom has loaded.
pub(crate) struct Loaded {
    target: Target,
    client: Client,
    schema: String,
    /// The settings of the load: JSON.
    pub settings: String,
    /// Whether all of it is there.
    pub is_finished: bool,
    /// Its tables.
    pub tables: Vec<String>,
}

impl Loaded {
    /// # Errors
    /// [`Database`](crate::ErrorKind::Database), also where the schema has no load.
    pub fn open(target: &Target, schema: Option<&str>) -> crate::Result<Self> {
        Self::find(target, schema).map_err(|source| Error::database(target.redacted(), source))
    }

    fn find(target: &Target, schema: Option<&str>) -> Result<Self> {
        let mut client = connect::open(target)?;
        let schema = prepare::schema(&mut client, schema)?;
        let doing = || "read the journal".to_owned();
        let mut transaction = client.transaction().doing(doing)?;
        let is_there = check::exists(&mut transaction, &schema, journal::LOADS)?;
        transaction.commit().doing(doing)?;
        let none = || {
            DatabaseError::schema(journal::LOADS, format!("the schema {schema} holds no load of gridloom"))
        };
        if !is_there {
            return Err(none());
        }
        let loads = format!("{}.{}", sql::name(&schema), sql::name(journal::LOADS));
        let query = format!(
            "SELECT settings::text, finished IS NOT NULL, tables FROM {loads} ORDER BY started DESC LIMIT 1"
        );
        let row = client.query_opt(&query, &[]).doing(doing)?.ok_or_else(none)?;
        let settings = row.try_get(0).doing(doing)?;
        let is_finished = row.try_get(1).doing(doing)?;
        let tables = row.try_get(2).doing(doing)?;
        Ok(Loaded { target: target.clone(), client, schema, settings, is_finished, tables })
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
        let query = "SELECT NULL::text, pg_catalog.obj_description($1::text::regclass, 'pg_class') UNION ALL \
            SELECT attname::text, pg_catalog.col_description(attrelid, attnum) FROM pg_catalog.pg_attribute \
            WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped";
        let rows = transaction.query(query, &[&table.qualified]).doing(doing)?;
        for row in &rows {
            let column: Option<String> = row.try_get(0).doing(doing)?;
            let own: Option<String> = row.try_get(1).doing(doing)?;
            let (what, expected) = match &column {
                None => ("the table".to_owned(), table.comment_of(None)),
                Some(name) if !table.columns.iter().any(|(column, _)| column == name) => continue,
                Some(name) => (format!("the column {name}"), table.comment_of(Some(name))),
            };
            if own != expected {
                let told = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
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
            "COPY (SELECT {} FROM {}.{}{order} OFFSET {skip}) TO STDOUT (FORMAT csv)",
            names.join(", "),
            sql::name(&self.schema),
            sql::name(table)
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
            .map_err(|source| Error::io("start a thread for", std::path::Path::new(table), source))?;
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
