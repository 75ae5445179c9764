//! Parts of tables, and the files they become.

use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use arrow_select::concat::concat_batches;

use crate::error::{Error, Result};

use super::feather;
use super::form::{Parts, TableForm, TableWriter};
use super::layout::Layout;
use super::schema::Table;

/// Makes a part of rows.
///
/// # Errors
/// [`Library`](crate::ErrorKind::Library).
pub fn encode(layout: &Layout<'_>, table: &Table, rows: &RecordBatch, bytes: &mut Vec<u8>) -> Result<()> {
    if layout.is_gathered(table) {
        return feather::write_rows(rows, bytes).map_err(Error::table);
    }
    layout.form.encode(table, rows, bytes).map_err(Error::table)
}

/// A file of a table that parts are added to, in order.
pub struct Writer<'a> {
    path: PathBuf,
    table: &'a Table,
    form: &'static dyn TableForm,
    group_rows: usize,
    writer: Box<dyn TableWriter>,
    /// Rows that are not enough for a group.
    waiting: Vec<RecordBatch>,
    waiting_rows: usize,
    is_gathered: bool,
}

impl<'a> Writer<'a> {
    /// Begins a file in the place of an empty one.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io), [`Library`](crate::ErrorKind::Library).
    pub fn create(
        path: &Path,
        layout: &Layout<'_>,
        table: &'a Table,
        about: &[(String, String)],
    ) -> Result<Self> {
        let writer = Writer::of_form(path, layout.form, table, layout.group_rows(table), about)?;
        Ok(Writer { is_gathered: layout.is_gathered(table), ..writer })
    }

    /// Begins a file of a form, of row groups of so many rows.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io), [`Library`](crate::ErrorKind::Library).
    pub(super) fn of_form(
        path: &Path,
        form: &'static dyn TableForm,
        table: &'a Table,
        group_rows: usize,
        about: &[(String, String)],
    ) -> Result<Self> {
        let created = form.create(path, table, about);
        let writer = created.map_err(|error| Error::table_file(path, error.as_ref()))?;
        Ok(Writer {
            path: path.to_owned(),
            table,
            form,
            group_rows,
            writer,
            waiting: Vec::new(),
            waiting_rows: 0,
            is_gathered: false,
        })
    }

    /// Adds a part that [`encode`] made.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io), [`Library`](crate::ErrorKind::Library).
    pub fn append(&mut self, bytes: Vec<u8>) -> Result<()> {
        if !self.is_gathered {
            return self.add(bytes);
        }
        for rows in feather::read_rows(&bytes).map_err(Error::table)? {
            self.rows(rows)?;
        }
        Ok(())
    }

    /// Adds rows.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io), [`Library`](crate::ErrorKind::Library).
    pub fn rows(&mut self, rows: RecordBatch) -> Result<()> {
        if self.form.parts() == Parts::Rows {
            return self.encode(&rows);
        }
        let mut rows = rows;
        while self.waiting_rows + rows.num_rows() >= self.group_rows {
            let first = self.group_rows - self.waiting_rows;
            self.waiting.push(rows.slice(0, first));
            rows = rows.slice(first, rows.num_rows() - first);
            self.encode_waiting()?;
        }
        self.waiting_rows += rows.num_rows();
        self.waiting.push(rows);
        Ok(())
    }

    fn encode_waiting(&mut self) -> Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        self.waiting_rows = 0;
        let rows = concat_batches(&self.table.schema, &waiting).map_err(Error::table)?;
        if rows.num_rows() == 0 {
            return Ok(());
        }
        self.encode(&rows)
    }

    fn encode(&mut self, rows: &RecordBatch) -> Result<()> {
        let mut bytes = Vec::new();
        self.form.encode(self.table, rows, &mut bytes).map_err(Error::table)?;
        self.add(bytes)
    }

    fn add(&mut self, part: Vec<u8>) -> Result<()> {
        self.writer.add(part).map_err(|error| Error::table_file(&self.path, error.as_ref()))
    }

    /// Completes the file.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io), [`Library`](crate::ErrorKind::Library).
    pub fn finish(mut self) -> Result<()> {
        if self.waiting_rows > 0 {
            self.encode_waiting()?;
        }
        self.writer.finish().map_err(|error| Error::table_file(&self.path, error.as_ref()))
    }
}
