//! Changing a few days of an archive's cells, or adding some, without a run.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::time::Instant;

use super::block::Encoded;
use super::codec::{Decoder, Encoder};
use super::column::{Column, Stored, Strided};
use super::edit::{Held, listed, resume_cell};
use super::gather::CellParts;
use super::settings::Settings;
use super::variable::{Values, copy_rows};
use super::write::Report;
use crate::error::{Argument, Error, Result};
use crate::model::grid::Cell;

/// An archive that is held for changes of its values. All of them become its state together, by [`Change::commit`]; readers see all or none,
/// and so does whoever opens it after a kill. One that is dropped leaves the archive as it was.
///
/// What the archive says of its dumps stays: values that were changed differ from them, which
/// [`verify`](super::verify()) then tells. Memory: the changed chunks, and the years of the cells that are changed.
///
/// ```no_run
/// # fn main() -> gridloom::Result<()> {
/// use gridloom::archive::{Change, Settings};
/// use gridloom::model::grid::Cell;
///
/// let (path, settings, cell) = ("run.nc".as_ref(), Settings::default(), Cell { row: 185, column: 240 });
/// let mut change = Change::open(path, &settings)?;
/// let mut week = change.read(cell, "npp", 100..107)?;
/// week.bytes[..4].copy_from_slice(&0.25f32.to_le_bytes());
/// change.replace(cell, "npp", 100..107, &week.bytes)?;
/// change.append(cell, &[18_262], &[("npp", &0.5f32.to_le_bytes())])?;
/// change.commit()?;
/// # Ok(())
/// # }
/// ```
pub struct Change<'a> {
    held: Held<'a>,
    path: &'a Path,
    cells: BTreeMap<Cell, CellParts>,
    encoder: Encoder,
    decoder: Decoder,
    start: Instant,
}

impl<'a> Change<'a> {
    /// Holds an archive for changes.
    ///
    /// # Errors
    /// [`Busy`](crate::ErrorKind::Busy) where another process changes it, [`Io`](crate::ErrorKind::Io), [`Damaged`](crate::ErrorKind::Damaged) where it is no archive or damaged.
    pub fn open(path: &'a Path, settings: &'a Settings) -> Result<Self> {
        let held = Held::open(path, settings)?;
        let encoder = Encoder::new(held.archive.tune().codec);
        let encoder = encoder.map_err(|reason| Error::archive(path, None, None, reason))?;
        let (cells, decoder, start) = (BTreeMap::new(), Decoder::default(), Instant::now());
        Ok(Change { held, path, cells, encoder, decoder, start })
    }

    fn parts(&mut self, cell: Cell) -> Result<&mut CellParts> {
        if !self.cells.contains_key(&cell) {
            let parts = resume_cell(&self.held.archive.cell(cell)?)?;
            self.cells.insert(cell, parts);
        }
        let gone = || Error::selection(Argument::Cell, cell, "it is not there");
        self.cells.get_mut(&cell).ok_or_else(gone)
    }

    /// The place of a series among those of its cell.
    fn find(&mut self, cell: Cell, name: &str) -> Result<usize> {
        let names = self.parts(cell)?.names();
        let place = names.iter().position(|known| known == name);
        place.ok_or_else(|| {
            let reason = format!("cell {cell} has no such series; it has {}", names.join(", "));
            Error::selection(Argument::Variable, name, reason)
        })
    }

    /// The length of all series of a cell, with days that are not committed yet.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where there is no such cell, [`Damaged`](crate::ErrorKind::Damaged) where it is damaged.
    pub fn days(&mut self, cell: Cell) -> Result<u64> {
        Ok(self.parts(cell)?.time.length)
    }

    /// A decoded chunk of a series, as it is now.
    fn chunk(&mut self, cell: Cell, (place, name): (usize, &str), index: u64) -> Result<Vec<u8>> {
        let wrong = |path: &Path, reason: String| Error::archive(path, Some(cell), Some(name), reason);
        let lost = || wrong(self.path, format!("chunk {index} is not there"));
        let codec = self.held.archive.tune().codec;
        let parts = self.cells.get_mut(&cell).ok_or_else(lost)?;
        let column = parts.series.get_mut(place).ok_or_else(lost)?;
        if let Some(values) = column.held(index) {
            return Ok(values.clone());
        }
        match column.chunks.get(index as usize).copied().ok_or_else(lost)? {
            Stored::There(_) => {
                let variable = self.held.archive.cell(cell)?.variable(name)?;
                Ok(variable.chunk(index)?.as_ref().clone())
            }
            Stored::New(start, length) => {
                let (mut values, size) = (vec![0; column.chunk_bytes()], column.element.size());
                let stored = parts.encoded.get(start..start + length).unwrap_or_default();
                let result = self.decoder.decode(stored, &codec.filters(size), size, &mut values);
                result.map_err(|problem| wrong(self.path, format!("chunk {index}: {problem}")))?;
                Ok(values)
            }
        }
    }

    fn series(&mut self, cell: Cell, place: usize) -> Result<&mut Column> {
        let gone = || Error::selection(Argument::Cell, cell, "it is not there");
        self.parts(cell)?.series.get_mut(place).ok_or_else(gone)
    }

    /// The places of some days, and what they take: rows, and bytes of a value.
    fn extent(&mut self, cell: Cell, place: usize, days: &Range<u64>) -> Result<(usize, usize)> {
        let column = self.series(cell, place)?;
        if days.start > days.end || days.end > column.length {
            let reason = format!("cell {cell} has {} days", column.length);
            return Err(Error::selection(Argument::Days, format!("{}..{}", days.start, days.end), reason));
        }
        Ok((column.rows.unwrap_or(1), column.element.size()))
    }

    /// Values of a series at some places of its days, of all rows: `[rows, days]`; with changes that are not committed yet.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where there is no such cell, series or day, [`Damaged`](crate::ErrorKind::Damaged) where a chunk is damaged.
    pub fn read(&mut self, cell: Cell, variable: &str, days: Range<u64>) -> Result<Values> {
        let place = self.find(cell, variable)?;
        let extent = self.extent(cell, place, &days)?;
        let count = (days.end - days.start) as usize;
        let mut bytes = vec![0; extent.0 * count * extent.1];
        let column = self.series(cell, place)?;
        let (element, rows, chunk) = (column.element, column.rows, column.chunk);
        for (index, inside, at) in column.parts(days) {
            let values = self.chunk(cell, (place, variable), index)?;
            copy_rows(&values, (inside.start, chunk), &mut bytes, (at, count), inside.len(), extent);
        }
        Ok(Values { element, rows, count, bytes })
    }

    /// Puts other values in the place of those that are there: `[rows, days]`, little endian.
    ///
    /// # Errors
    /// As [`Change::read`], and [`Argument`](crate::ErrorKind::Argument) where `values` are more or fewer.
    pub fn replace(&mut self, cell: Cell, variable: &str, days: Range<u64>, values: &[u8]) -> Result<()> {
        let place = self.find(cell, variable)?;
        let extent = self.extent(cell, place, &days)?;
        let count = (days.end - days.start) as usize;
        check(variable, values, count, extent)?;
        let column = self.series(cell, place)?;
        let chunk = column.chunk;
        for (index, inside, at) in column.parts(days) {
            if self.series(cell, place)?.held(index).is_none() {
                let decoded = self.chunk(cell, (place, variable), index)?;
                self.series(cell, place)?.hold(index, decoded);
            }
            if let Some(target) = self.series(cell, place)?.held(index) {
                copy_rows(values, (at, count), target, (inside.start, chunk), inside.len(), extent);
            }
        }
        Ok(())
    }

    /// Adds days behind those of a cell, in the archive's unit, with values of some of its series: `[rows, days]`, little endian. The others
    /// have their fill value there.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where days do not follow those that are there, or values are more or fewer; as [`Change::read`].
    pub fn append(&mut self, cell: Cell, days: &[i64], values: &[(&str, &[u8])]) -> Result<()> {
        let end = self.parts(cell)?.end;
        let (Some(&first), Some(&last)) = (days.first(), days.last()) else { return Ok(()) };
        if self.parts(cell)?.period.is_some() {
            let reason = format!(
                "days of cell {cell} are by period, and added ones would be of none; append them with a run"
            );
            return Err(Error::selection(Argument::Days, format!("{first}…{last}"), reason));
        }
        if end.is_some_and(|end| first < end) || !days.is_sorted_by(|one, next| one < next) {
            let reason = format!("days must follow one another, and the last of cell {cell}");
            return Err(Error::selection(Argument::Days, format!("{first}…{last}"), reason));
        }
        let mut given = BTreeMap::new();
        for &(name, bytes) in values {
            let place = self.find(cell, name)?;
            let extent = self.extent(cell, place, &(0..0))?;
            check(name, bytes, days.len(), extent)?;
            given.insert(place, bytes);
        }
        let wrong = |reason: String| Error::archive(self.path, Some(cell), None, reason);
        let Some(parts) = self.cells.get_mut(&cell) else { return Ok(()) };
        let CellParts { time, series, encoded, encoded_time, .. } = parts;
        let unit = self.held.archive.unit();
        let times: Vec<u8> = days.iter().flat_map(|&step| unit.value(step).to_le_bytes()).collect();
        let row = |_| Strided { data: &times, step: 8, big_endian: false };
        time.push(days.len(), row, &mut self.encoder, encoded_time).map_err(wrong)?;
        for (place, column) in series.iter_mut().enumerate() {
            let step = column.element.size();
            let added = match given.get(&place) {
                Some(bytes) => {
                    let start = |row: usize| row * days.len() * step;
                    let row = |row| {
                        let data = bytes.get(start(row)..).unwrap_or_default();
                        Strided { data, step, big_endian: false }
                    };
                    column.push(days.len(), row, &mut self.encoder, encoded)
                }
                None => column.skip(days.len(), &mut self.encoder, encoded),
            };
            added.map_err(wrong)?;
        }
        parts.start = parts.start.or(Some(first));
        parts.end = Some(last + 1);
        Ok(())
    }

    /// Makes all changes the archive's state: new data first, then one switch, which is on the disk when this returns.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io). The archive is then as before, or after a failure of the very last step as after this call.
    pub fn commit(mut self) -> Result<Report> {
        let mut report = Report::default();
        if self.cells.is_empty() {
            report.file_bytes = self.held.archive.file_bytes();
            return Ok(report);
        }
        let cells: Vec<Cell> = self.cells.keys().copied().collect();
        for (cell, parts) in std::mem::take(&mut self.cells) {
            let encoded = Encoded::new(parts, &mut self.encoder);
            let encoded = encoded.map_err(|reason| Error::archive(self.path, Some(cell), None, reason))?;
            self.held.editor.put(&encoded)?;
            report.cells += 1;
        }
        self.held.note(&format!("{}: values changed of cells {}", crate::VERSION, listed(&cells)));
        self.held.finish(&mut report, self.start)?;
        Ok(report)
    }
}

/// Whether there are as many values as days have.
fn check(name: &str, values: &[u8], days: usize, (rows, size): (usize, usize)) -> Result<()> {
    let wanted = rows.saturating_mul(days).saturating_mul(size);
    if values.len() == wanted {
        return Ok(());
    }
    let reason = format!("{days} days of {rows} rows are {wanted} bytes, not {}", values.len());
    Err(Error::selection(Argument::Values, name, reason))
}
