//! An archive that is being written: cells go to its end, the root follows when all are there.

use super::block::{Block, Encoded, Objects};
use super::codec::{Codec, Encoder};
use super::root::{Entry, Root};
use super::sink::Sink;
use crate::error::{Error, Result};
use crate::hdf5::Problem;
use crate::hdf5::attribute::Attribute;
use crate::model::grid::{Cell, Grid};
use crate::model::time_unit::TimeUnit;
use crate::model::variables::VariableTable;

/// How lists of cells are compressed, whatever the series are.
const LISTS: Codec = Codec::Deflate(4);

/// What all of an archive is written with.
pub(super) struct Editor<'a> {
    pub sink: Sink,
    pub root: Root,
    pub path: &'a std::path::Path,
    pub table: &'a VariableTable,
    pub unit: TimeUnit,
    pub grid: Grid,
    pub codec: Codec,
    /// The encoded days of the cell before, and where they stand.
    time: Option<(Vec<u8>, u64)>,
}

impl<'a> Editor<'a> {
    pub fn new(
        sink: Sink,
        root: Root,
        path: &'a std::path::Path,
        table: &'a VariableTable,
        (unit, grid, codec): (TimeUnit, Grid, Codec),
    ) -> Self {
        Editor { sink, root, path, table, unit, grid, codec, time: None }
    }

    fn wrong(&self, cell: Option<Cell>) -> impl Fn(Problem) -> Error + use<'a> {
        let path = self.path;
        move |problem| Error::archive(path, cell, None, problem.to_string())
    }

    /// Puts a cell behind what is there. It counts when the archive is finished.
    pub fn put(&mut self, encoded: &Encoded) -> Result<()> {
        let parts = &encoded.parts;
        let cell = parts.cell;
        let start = self.sink.end();
        let base = self.sink.append(&parts.encoded)?;
        let time = match &self.time {
            Some((bytes, at)) if *bytes == parts.encoded_time => *at,
            _ => {
                let at = self.sink.append(&parts.encoded_time)?;
                self.time = Some((parts.encoded_time.clone(), at));
                at
            }
        };
        let mut block = Block { address: self.sink.end(), bytes: Vec::new(), links: Vec::new() };
        let wrong = self.wrong(Some(cell));
        for column in &parts.series {
            if let Some(rows) = column.rows {
                self.root.row_dimension(&column.key, rows, self.table, &mut block).map_err(&wrong)?;
            }
        }
        self.sink.append(&block.bytes)?;
        let objects = Objects {
            table: self.table,
            unit: &self.unit,
            grid: self.grid,
            codec: self.codec,
            rows: &self.root.rows,
        };
        let (bytes, address) = encoded.objects(&objects, self.sink.end(), base, time).map_err(&wrong)?;
        self.sink.append(&bytes)?;
        let entry = Entry {
            address,
            days: parts.time.length,
            first: parts.start.unwrap_or(0),
            last: parts.end.map_or(0, |end| end - 1),
            bytes: parts.kept_bytes() + self.sink.end() - start,
            faults: parts.records.iter().map(|record| record.faults.len() as u64).sum(),
        };
        self.root.cells.insert(cell, entry);
        Ok(())
    }

    /// Writes the root and makes what was written the archive's state.
    /// Returns the bytes of it.
    pub fn finish(mut self) -> Result<u64> {
        let wrong = self.wrong(None);
        if self.root.crs == 0 {
            let mut block = Block { address: self.sink.end(), bytes: Vec::new(), links: Vec::new() };
            self.root.grid_mapping(&self.grid, &mut block).map_err(&wrong)?;
            self.sink.append(&block.bytes)?;
        }
        let mut encoder = Encoder::new(LISTS).map_err(|reason| wrong(Problem::new(reason)))?;
        let (bytes, root) =
            self.root.objects(self.sink.end(), self.grid, &self.unit, LISTS, &mut encoder).map_err(&wrong)?;
        self.sink.commit(bytes, root)
    }

    /// Sets a global attribute.
    pub fn set(&mut self, name: &str, text: &str) {
        let attribute = Attribute::text(name, text);
        match self.root.attributes.iter_mut().find(|known| known.name == name) {
            Some(known) => *known = attribute,
            None => self.root.attributes.push(attribute),
        }
    }
}
