//! Pieces of tables, and the files they become.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use arrow_select::concat::concat_batches;

use crate::error::{Error, Result};
use crate::plan::tables::Format;
use crate::shared;

use super::layout::Layout;
use super::schema::Table;
use super::{csv, feather, hdf5, parquet};

/// Makes a piece of rows.
///
/// # Errors
/// [`Error::Table`].
pub fn encode(layout: &Layout<'_>, table: &Table, rows: &RecordBatch, bytes: &mut Vec<u8>) -> Result<()> {
    if layout.is_raw(table) {
        return feather::write(rows, bytes).map_err(Error::table);
    }
    encode_final(layout.settings.format, table, rows, bytes)
}

fn encode_final(format: Format, table: &Table, rows: &RecordBatch, bytes: &mut Vec<u8>) -> Result<()> {
    match format {
        Format::Parquet => parquet::encode(table, rows, bytes).map_err(Error::table),
        Format::Feather => feather::encode(rows, bytes).map_err(Error::table),
        Format::Csv(packing) => csv::encode(rows, packing, bytes).map_err(Error::table),
        Format::Hdf5 => feather::write(rows, bytes).map_err(Error::table),
    }
}

/// A file of a table that pieces are added to, in order.
pub struct Writer<'a> {
    path: PathBuf,
    table: &'a Table,
    format: Format,
    group_rows: usize,
    kind: Kind,
    /// Rows that are not enough for a group.
    waiting: Vec<RecordBatch>,
    waiting_rows: usize,
    is_raw: bool,
}

enum Kind {
    Parquet(Box<parquet::Writer>),
    Feather(feather::Writer),
    Csv(BufWriter<File>),
    Hdf5(hdf5::Writer),
}

impl<'a> Writer<'a> {
    /// Makes a file.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Table`].
    pub fn create(
        path: &Path,
        layout: &Layout<'_>,
        table: &'a Table,
        metadata: &[(String, String)],
    ) -> Result<Self> {
        let kind = match layout.settings.format {
            Format::Parquet => Kind::Parquet(Box::new(
                parquet::Writer::create(path, table, metadata)
                    .map_err(|error| Error::table_file(path, &error))?,
            )),
            Format::Feather => Kind::Feather(
                feather::Writer::create(path, table).map_err(|error| Error::table_file(path, &error))?,
            ),
            Format::Csv(packing) => {
                let create = || -> std::io::Result<_> {
                    let mut file =
                        BufWriter::with_capacity(1 << 20, shared::open(path, File::options().write(true))?);
                    let mut bytes = Vec::new();
                    csv::pack(csv::header(&table.schema), packing, &mut bytes)?;
                    file.write_all(&bytes)?;
                    Ok(file)
                };
                Kind::Csv(create().map_err(|source| Error::io("write", path, source))?)
            }
            Format::Hdf5 => Kind::Hdf5(
                hdf5::Writer::create(path, table, metadata)
                    .map_err(|error| Error::table_file(path, &error))?,
            ),
        };
        Ok(Writer {
            path: path.to_owned(),
            table,
            format: layout.settings.format,
            group_rows: layout.group_rows(table),
            kind,
            waiting: Vec::new(),
            waiting_rows: 0,
            is_raw: layout.is_raw(table),
        })
    }

    /// Adds a piece that [`encode`] made.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Table`].
    pub fn append(&mut self, bytes: Vec<u8>) -> Result<()> {
        if !self.is_raw {
            return self.put(bytes);
        }
        for rows in feather::read(&bytes).map_err(Error::table)? {
            self.rows(rows)?;
        }
        Ok(())
    }

    /// Adds rows.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Table`].
    pub fn rows(&mut self, rows: RecordBatch) -> Result<()> {
        if let Kind::Hdf5(writer) = &mut self.kind {
            return writer.append(&rows).map_err(|error| Error::table_file(&self.path, &error));
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
        let mut bytes = Vec::new();
        encode_final(self.format, self.table, &rows, &mut bytes)?;
        self.put(bytes)
    }

    fn put(&mut self, bytes: Vec<u8>) -> Result<()> {
        let path = &self.path;
        match &mut self.kind {
            Kind::Parquet(writer) => writer.append(bytes).map_err(|error| Error::table_file(path, &error)),
            Kind::Feather(writer) => writer.append(&bytes).map_err(|error| Error::table_file(path, &error)),
            Kind::Csv(file) => file.write_all(&bytes).map_err(|source| Error::io("write", path, source)),
            Kind::Hdf5(_) => Ok(()),
        }
    }

    /// Completes the file.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Table`].
    pub fn finish(mut self) -> Result<()> {
        if self.waiting_rows > 0 {
            self.encode_waiting()?;
        }
        let path = &self.path;
        match self.kind {
            Kind::Parquet(writer) => writer.finish().map_err(|error| Error::table_file(path, &error)),
            Kind::Feather(writer) => writer.finish().map_err(|error| Error::table_file(path, &error)),
            Kind::Csv(mut file) => file.flush().map_err(|source| Error::io("write", path, source)),
            Kind::Hdf5(writer) => writer.finish().map_err(|error| Error::table_file(path, &error)),
        }
    }
}
