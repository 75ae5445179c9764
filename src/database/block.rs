//! Rows on their way: a transaction, and COPY into its tables.

use std::io::Write;

use arrow_array::RecordBatch;
use postgres::{Statement, Transaction};

use super::Shared;
use super::check;
use super::encode::{Encoder, HEADER, TRAILER};
use super::error::{DatabaseError, Doing, Result};
use super::sql::Table;
use crate::error::Error;

/// Bytes that are sent at a time.
const CHUNK: usize = 256 << 10;

/// A block on its way. Dropped without [`BlockLoad::commit`], nothing of it is there.
pub struct BlockLoad<'a> {
    rows: Rows<'a>,
    block: u32,
}

impl<'a> BlockLoad<'a> {
    pub(super) fn begin(mut rows: Rows<'a>, block: u32, replaces: Option<&[(u32, u32)]>) -> Result<Self> {
        if let Some(cells) = replaces {
            rows.remove(cells)?;
            rows.shared.journal.forget(&mut rows.transaction, block)?;
        }
        Ok(BlockLoad { rows, block })
    }

    /// Copies rows into a table, given by its place in the list of tables; returns how many. Each call is a COPY of its own,
    /// which costs two or three round trips: some thousand rows at a time are a good measure. The columns have to be those of
    /// the table's schema.
    ///
    /// # Errors
    /// [`DatabaseError::Value`], [`DatabaseError::Schema`], [`DatabaseError::Server`]; the block has to be begun anew then.
    pub fn copy(&mut self, table: usize, batch: &RecordBatch) -> crate::Result<u64> {
        let name = &self.rows.shared.target;
        self.rows.copy(table, batch).map_err(|source| Error::database(name.redacted(), source))
    }

    /// Makes the block's rows visible, with its record. When it fails with a lost connection, the block may be there
    /// nevertheless: its record tells.
    ///
    /// # Errors
    /// [`DatabaseError::Server`].
    pub fn commit(self, digest: &str, partial: &[u8]) -> crate::Result<()> {
        let (block, shared) = (self.block, self.rows.shared);
        let Rows { mut transaction, failed, copied, .. } = self.rows;
        let commit = || {
            unfailed(failed)?;
            let rows: Vec<i64> = copied.iter().map(|copied| copied.unwrap_or(0)).collect();
            shared.journal.record(&mut transaction, block, digest, partial, &rows)?;
            transaction.commit().doing(|| format!("commit block {block}"))
        };
        commit().map_err(|source| Error::database(shared.target.redacted(), source))
    }
}

/// The end of a load on its way. Dropped without [`Finish::commit`], nothing has changed.
pub struct Finish<'a> {
    rows: Rows<'a>,
}

impl<'a> Finish<'a> {
    pub(super) fn begin(mut rows: Rows<'a>, whole: &[usize]) -> Result<Self> {
        for table in whole.iter().filter_map(|&at| rows.shared.tables.get(at)) {
            let doing = || format!("empty {}", table.name);
            let own = rows.shared.journal.own("WHERE");
            rows.transaction.execute(&format!("DELETE FROM {}{own}", table.qualified), &[]).doing(doing)?;
        }
        Ok(Finish { rows })
    }

    /// Copies rows into a table, see [`BlockLoad::copy`].
    ///
    /// # Errors
    /// Those of [`BlockLoad::copy`].
    pub fn copy(&mut self, table: usize, batch: &RecordBatch) -> crate::Result<u64> {
        let name = &self.rows.shared.target;
        self.rows.copy(table, batch).map_err(|source| Error::database(name.redacted(), source))
    }

    /// Marks the load as finished, and makes the rows visible.
    ///
    /// # Errors
    /// [`DatabaseError::Server`].
    pub fn commit(self) -> crate::Result<()> {
        let shared = self.rows.shared;
        let Rows { mut transaction, failed, .. } = self.rows;
        let commit = || {
            unfailed(failed)?;
            shared.journal.finish(&mut transaction)?;
            transaction.commit().doing(|| "finish the load".to_owned())
        };
        commit().map_err(|source| Error::database(shared.target.redacted(), source))
    }
}

/// A transaction that takes rows. Once something failed, it takes no more: the server would not either.
pub(super) struct Rows<'a> {
    pub transaction: Transaction<'a>,
    pub shared: &'a Shared,
    /// The COPY of each table, as far as it was prepared.
    pub statements: &'a mut Vec<Option<Statement>>,
    /// Bytes that wait to be sent.
    pub buffer: &'a mut Vec<u8>,
    pub failed: bool,
    /// Rows of each table so far; nothing of those that were not looked at yet.
    pub copied: Vec<Option<i64>>,
}

impl Rows<'_> {
    pub fn copy(&mut self, table: usize, batch: &RecordBatch) -> Result<u64> {
        unfailed(self.failed)?;
        let written = self.write(table, batch);
        self.failed = written.is_err();
        written
    }

    fn write(&mut self, at: usize, batch: &RecordBatch) -> Result<u64> {
        let shared = self.shared;
        let table =
            shared.tables.get(at).ok_or(DatabaseError::Misuse { reason: "there is no such table" })?;
        let encoder = encoder(table, batch)?;
        if batch.num_rows() == 0 {
            return Ok(0);
        }
        if let Some(array) =
            table.partitioning.as_ref().and_then(|partitioning| batch.columns().get(partitioning.at))
        {
            // What it knows is as true after a panic elsewhere.
            let mut maker = crate::sync::lock(&shared.partitions);
            maker.make(&shared.target, &shared.journal.schema, table, array)?;
        }
        self.hold(at, table)?;
        let doing = || format!("copy rows into {}", table.name);
        let statement = match self.statements.get(at) {
            Some(Some(statement)) => statement.clone(),
            _ => {
                let statement = self.transaction.prepare(&table.copy()).doing(doing)?;
                self.statements.resize(shared.tables.len(), None);
                if let Some(place) = self.statements.get_mut(at) {
                    *place = Some(statement.clone());
                }
                statement
            }
        };
        let mut writer = self.transaction.copy_in(&statement).doing(doing)?;
        let buffer = &mut *self.buffer;
        buffer.clear();
        buffer.extend_from_slice(HEADER);
        for row in 0..batch.num_rows() {
            encoder.row(row, buffer).map_err(|refused| {
                let column = table.columns.get(refused.column).map_or("", |(name, _)| name.as_str());
                DatabaseError::value(&table.name, column, format!("row {}: {}", refused.row, refused.reason))
            })?;
            if buffer.len() >= CHUNK {
                writer.write_all(buffer).doing(doing)?;
                buffer.clear();
            }
        }
        buffer.extend_from_slice(TRAILER);
        writer.write_all(buffer).doing(doing)?;
        let rows = writer.finish().doing(doing)?;
        if rows != batch.num_rows() as u64 {
            let reason = format!("only {rows} of {} rows were taken; a trigger of it?", batch.num_rows());
            return Err(DatabaseError::schema(&table.name, reason));
        }
        if let Some(Some(copied)) = self.copied.get_mut(at) {
            *copied += batch.num_rows() as i64;
        }
        Ok(rows)
    }

    /// Has a table stay as it is until the transaction ends, and looks whether it is as the load needs it: it may have been
    /// changed since the load began, and binary rows would be taken for what they are not.
    fn hold(&mut self, at: usize, table: &Table) -> Result<()> {
        if self.copied.get(at).is_none_or(Option::is_some) {
            return Ok(());
        }
        let (doing, schema) = (|| format!("lock the table {}", table.name), &self.shared.journal.schema);
        let gone = || vec!["it is gone".to_owned()];
        if !check::exists(&mut self.transaction, schema, &table.name)? {
            return check::demand(table, gone());
        }
        // Without its partitions, whose columns are its own.
        let lock = format!("LOCK TABLE ONLY {} IN ROW EXCLUSIVE MODE", table.qualified);
        self.transaction.batch_execute(&lock).doing(doing)?;
        let differences = check::differences(&mut self.transaction, schema, table)?;
        check::demand(table, differences.unwrap_or_else(gone))?;
        if let Some(copied) = self.copied.get_mut(at) {
            *copied = Some(0);
        }
        Ok(())
    }

    /// Removes the load's rows of cells from every table that has cells.
    pub fn remove(&mut self, cells: &[(u32, u32)]) -> Result<()> {
        let rows: Vec<i64> = cells.iter().map(|cell| i64::from(cell.0)).collect();
        let columns: Vec<i64> = cells.iter().map(|cell| i64::from(cell.1)).collect();
        let [row, column] = super::CELL;
        for table in self.shared.tables.iter().filter(|table| table.has_cells()) {
            let sql = format!(
                "DELETE FROM {} t USING unnest($1::bigint[], $2::bigint[]) AS c (y, x) \
                 WHERE t.{row} = c.y AND t.{column} = c.x{}",
                table.qualified,
                self.shared.journal.own("AND")
            );
            let doing = || format!("remove rows from {}", table.name);
            self.transaction.execute(&sql, &[&rows, &columns]).doing(doing)?;
        }
        Ok(())
    }
}

fn unfailed(failed: bool) -> Result<()> {
    match failed {
        true => Err(DatabaseError::Misuse { reason: "a call for this block has failed before" }),
        false => Ok(()),
    }
}

/// The encoder of a batch whose columns are those of the table.
fn encoder<'a>(table: &Table, batch: &'a RecordBatch) -> Result<Encoder<'a>> {
    let schema = batch.schema();
    let names = schema.fields().iter().map(|field| field.name());
    if !names.eq(table.columns.iter().map(|(name, _)| name)) {
        return Err(DatabaseError::schema(&table.name, "the rows have other columns"));
    }
    let columns = batch.columns().iter().zip(table.columns.iter().map(|(_, sql)| *sql));
    Encoder::new(columns).map_err(|column| {
        let name = table.columns.get(column).map_or("", |(name, _)| name.as_str());
        DatabaseError::schema(&table.name, format!("the rows have another type in the column {name}"))
    })
}
