//! An archive as a source: its cells in the place of a run folder's.

use std::any::Any;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;

use super::handle::periods::start_of;
use super::handle::{Archive, CellHandle};
use super::identity;
use super::read::OpenFile;
use super::record::DumpRecord;
use super::variable::{Values, Variable};
use super::years::Years;
use crate::dump::{DumpError, Limits, Value};
use crate::error::{Argument, Error, Result};
use crate::model::element::Element;
use crate::model::fault::{FaultKind, Refusal};
use crate::model::grid::{Cell, Grid};
use crate::model::time_unit::TimeUnit;
use crate::run::{Listing, Run, RunCell};
use crate::source::stamp::Stamp;
use crate::source::{CellSource, Content, Desk, Item, Part, ReadStep, Reading, Series, Wanted};

/// What this kind of source is called.
pub(crate) const KIND: &str = "archive";

/// Whether a file is an archive.
pub fn is_archive(path: impl AsRef<Path>) -> bool {
    let path = path.as_ref();
    path.is_file() && Archive::open(path).is_ok()
}

/// Whether a file begins as HDF5 files do.
pub fn is_hdf5(path: impl AsRef<Path>) -> bool {
    let path = path.as_ref();
    use std::io::Read;
    let mut start = [0; 8];
    path.is_file()
        && crate::shared::open_input(path).and_then(|mut file| file.read_exact(&mut start)).is_ok()
        && start == *b"\x89HDF\r\n\x1a\n"
}

/// Opens an archive as a run. Reads the records of all cells.
///
/// # Errors
/// Those of [`Archive::open`], and [`Argument`](crate::ErrorKind::Argument) where its grid is not the one that is expected.
pub(crate) fn open_run(path: &Path, grid: Grid) -> Result<Run> {
    let path = path.canonicalize().map_err(|source| Error::io("read", path, source))?;
    let archive = Archive::open(&path)?;
    if archive.grid() != grid {
        let reason = format!("the cells of {} are of {}", path.display(), archive.grid().words());
        return Err(Error::selection(Argument::Resolution, grid.cell_size()[0], reason));
    }
    run_of(archive)
}

/// The run that an archive holds, in the archive's state.
///
/// # Errors
/// [`Damaged`](crate::ErrorKind::Damaged) where what it says of its cells' dumps is damaged.
pub fn run_of(archive: Archive) -> Result<Run> {
    let (path, grid) = (archive.path().to_owned(), archive.grid());
    let cells: Vec<Cell> = archive.cells().collect();
    let list = |&cell: &Cell| {
        let records = archive.cell(cell)?.records()?;
        let there = || records.iter().filter(|record| !record.is_missing());
        let mut periods: Vec<u32> = there().filter_map(|record| record.period).collect();
        let mut years: Vec<i32> = there().filter_map(|record| record.year).collect();
        periods.sort_unstable();
        years.sort_unstable();
        Ok(RunCell { cell, periods, years })
    };
    let cells = cells.par_iter().map(list).collect::<Result<Vec<_>>>()?;
    let (kind, name) = (KIND.to_owned(), archive.run().to_owned());
    let source = Arc::new(Archived::of(archive));
    Ok(Run::new(Listing { kind, path, name, grid, cells, ignored: Vec::new(), faults: Vec::new() }, source))
}

/// An archive that is read as a run: opened when it is first asked for, and then read in that state.
#[derive(Debug)]
pub(crate) struct Archived {
    path: PathBuf,
    archive: OnceLock<std::result::Result<Archive, String>>,
}

/// A cell that a thread read last, with what was opened of it.
struct Kept {
    source: Arc<OpenFile>,
    handle: CellHandle,
    records: Vec<DumpRecord>,
    variables: Vec<Variable>,
    /// Whether these are all variables of the cell.
    is_all: bool,
    years: Option<Years>,
}

impl Archived {
    /// An archive that is open.
    pub fn of(archive: Archive) -> Self {
        Archived { path: archive.path().to_owned(), archive: OnceLock::from(Ok(archive)) }
    }

    /// The archive of a path.
    pub fn at(path: &Path) -> Self {
        Archived { path: path.to_owned(), archive: OnceLock::new() }
    }

    fn archive(&self) -> std::result::Result<&Archive, Refusal> {
        let open = || Archive::open(&self.path).map_err(|error| error.to_string());
        self.archive.get_or_init(open).as_ref().map_err(|reason| (FaultKind::Unreadable, reason.clone()))
    }

    /// The record of an item; `None` where the archive does not have it.
    fn record(&self, item: Item) -> Option<DumpRecord> {
        let archive = self.archive().ok()?;
        if !archive.has(item.cell) {
            return None;
        }
        let records = archive.cell(item.cell).and_then(|cell| cell.records()).ok()?;
        records.into_iter().find(|record| record.is_of(item.part) && !record.is_missing())
    }

    /// A cell and what is kept of it; `None` where the archive does not have it.
    fn cell<'m>(
        &self,
        cell: Cell,
        only: Option<&[&str]>,
        kept: &'m mut Option<Box<dyn Any + Send>>,
    ) -> std::result::Result<Option<&'m mut Kept>, Refusal> {
        let archive = self.archive()?;
        if !archive.has(cell) {
            return Ok(None);
        }
        let is_it = |kept: &Kept| {
            let is_enough = kept.is_all || only.is_some();
            is_enough && kept.handle.cell() == cell && Arc::ptr_eq(&kept.source, &archive.source)
        };
        if !kept.as_ref().and_then(|kept| kept.downcast_ref()).is_some_and(is_it) {
            let open = || -> Result<Kept> {
                let handle = archive.cell(cell)?;
                let records = handle.records()?;
                let is_all = only.is_none();
                let variables = if is_all { all(&handle)? } else { Vec::new() };
                Ok(Kept { source: archive.source.clone(), handle, records, variables, is_all, years: None })
            };
            *kept = Some(Box::new(open().map_err(unreadable)?));
        }
        let kept: Option<&mut Kept> = kept.as_mut().and_then(|kept| kept.downcast_mut());
        match (kept, only) {
            (Some(kept), Some(keys)) => {
                kept.open(keys).map_err(unreadable)?;
                Ok(Some(kept))
            }
            (kept, _) => Ok(kept),
        }
    }

    /// Finds an item and lets `read` make something of it.
    fn read(
        &self,
        item: Item,
        only: Option<&[&str]>,
        desk: &mut Desk<'_>,
        read: &mut dyn FnMut(&mut Kept, &DumpRecord, &mut Timed<'_>) -> std::result::Result<(), Refusal>,
    ) -> Reading {
        let missing =
            || Reading::refused(None, (FaultKind::Missing, "the archive does not have it".to_owned()));
        let kept = match self.cell(item.cell, only, &mut desk.memory.kept) {
            Ok(Some(kept)) => kept,
            Ok(None) => return missing(),
            Err(refusal) => {
                let unknown = Stamp { bytes: 0, modified: 0, is_settled: true, digest: 0 };
                return Reading::refused(Some(unknown), refusal);
            }
        };
        let Some(record) = kept.records.iter().find(|record| record.is_of(item.part)).cloned() else {
            return missing();
        };
        let stamp = Some(record.stamp());
        match record.lost() {
            Some((FaultKind::Missing, _)) => return missing(),
            Some((kind, message)) => return Reading::refused(stamp, (kind, message.to_owned())),
            None => {}
        }
        let mut timed = Timed { clock: desk.clock, item, limits: desk.limits, bytes: 0 };
        let result = read(kept, &record, &mut timed);
        let bytes = Some(timed.bytes);
        Reading { stamp, read: bytes, decoded: bytes, container: None, result }
    }
}

/// All series of a cell.
fn all(handle: &CellHandle) -> Result<Vec<Variable>> {
    handle.variables().map(|name| handle.variable(name)).collect()
}

impl Kept {
    /// Opens the series of some keys that are not open yet. Most are called by their keys; where one is not, all are looked at.
    fn open(&mut self, keys: &[&str]) -> Result<()> {
        for key in keys {
            if self.is_all || self.variables.iter().any(|variable| variable.key() == *key) {
                continue;
            }
            let is_there = self.handle.variables().any(|name| name == *key);
            let found = if is_there { Some(self.handle.variable(key)?) } else { None };
            match found.filter(|variable| variable.key() == *key) {
                Some(variable) => self.variables.push(variable),
                None => (self.variables, self.is_all) = (all(&self.handle)?, true),
            }
        }
        Ok(())
    }
}

/// Reads values and keeps count.
struct Timed<'a> {
    clock: &'a dyn crate::source::Clock,
    item: Item,
    limits: &'a Limits,
    bytes: u64,
}

impl Timed<'_> {
    fn decode<T>(
        &mut self,
        mut read: impl FnMut() -> Result<T>,
        bytes: impl Fn(&T) -> usize,
    ) -> std::result::Result<T, Refusal> {
        let mut found = None;
        self.clock.time(ReadStep::Decode, self.item, &mut || {
            let read = read();
            let count = read.as_ref().map_or(0, &bytes);
            found = Some(read);
            count as u64
        });
        let idle = || Err(Error::bug("a clock does not do the work that it times".to_owned()));
        let found = found.unwrap_or_else(idle).map_err(unreadable)?;
        self.take(bytes(&found) as u64)?;
        Ok(found)
    }

    /// Counts bytes; refuses more than an item may hold.
    fn take(&mut self, bytes: u64) -> std::result::Result<(), Refusal> {
        self.bytes = self.bytes.saturating_add(bytes);
        self.leaves(0)
    }

    /// Refuses what would be more than an item may hold.
    fn leaves(&self, bytes: u64) -> std::result::Result<(), Refusal> {
        let limit = self.limits.decoded_bytes;
        match self.bytes.saturating_add(bytes) > limit as u64 {
            true => Err(crate::caete::refuse(&DumpError::TooLarge { limit })),
            false => Ok(()),
        }
    }
}

fn unreadable(error: Error) -> Refusal {
    (FaultKind::Unreadable, error.to_string())
}

/// A series of a cell on the days of an item.
struct Column<'a> {
    variable: &'a Variable,
    /// Its values, where they are wanted.
    values: Option<Values>,
    /// Masked places, of whole numbers that have some.
    mask: Option<Vec<u8>>,
}

impl CellSource for Archived {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn name_of(&self, part: Part) -> String {
        crate::caete::names::file_of(part)
    }

    fn has(&self, item: Item) -> bool {
        self.record(item).is_some()
    }

    fn holds(&self, item: Item, known: &Stamp) -> bool {
        self.record(item).is_some_and(|record| {
            let now = record.stamp();
            (now.bytes, now.digest) == (known.bytes, known.digest)
        })
    }

    fn glance(&self, item: Item) -> Option<(u64, i64)> {
        self.record(item).map(|record| record.stamp()).map(|stamp| (stamp.bytes, stamp.modified))
    }

    fn marks(&self) -> Result<BTreeSet<String>> {
        match self.archive() {
            Ok(archive) => Ok(identity::states_in(archive)),
            Err((_, reason)) => Err(Error::archive(&self.path, None, None, reason)),
        }
    }

    fn period(
        &self,
        cell: Cell,
        number: u32,
        wanted: Wanted<'_>,
        desk: &mut Desk<'_>,
        take: &mut dyn FnMut(&Content<'_>) -> std::result::Result<(), Refusal>,
    ) -> Reading {
        let only = match wanted {
            Wanted::Only(keys) => Some(keys),
            _ => None,
        };
        self.read(Item::period(cell, number), only, desk, &mut |kept, record, timed| {
            let (first, count) = record.days.unwrap_or((0, 0));
            let start = record.place.unwrap_or_else(|| start_of(&kept.records, first));
            let range = start..start.saturating_add(count);
            let own = |variable: &&Variable| !record.missing.iter().any(|name| name == variable.name());
            let mut parts = Vec::with_capacity(kept.variables.len());
            // A dump is decoded as a whole, so that the limit is on all that it holds, whatever of it is wanted.
            let bytes_of = |variable: &Variable| {
                let step = variable.rows().unwrap_or(1).saturating_mul(variable.element().size());
                count.saturating_mul(step as u64)
            };
            let each = kept.variables.iter().filter(own).map(bytes_of);
            timed.leaves(each.fold(0, u64::saturating_add))?;
            for variable in kept.variables.iter().filter(own) {
                let mut part = Column { variable, values: None, mask: None };
                if range.end > variable.length() {
                    let reason = format!("it has {} days, {} are wanted", variable.length(), range.end);
                    return Err(unreadable(variable.wrong(reason)));
                }
                if wanted.has(variable.key()) {
                    let values =
                        timed.decode(|| variable.read(range.clone()), |values| values.bytes.len())?;
                    part.mask = mask(variable, &values);
                    part.values = Some(values);
                }
                parts.push(part);
            }
            let mut content = dates(&kept.handle, record, first, count).map_err(unreadable)?;
            for part in &parts {
                content.push(part.variable.key(), part.series(count as usize));
            }
            for (key, kind, rows) in &record.empty {
                content.push(key, without_values(kind, *rows, count as usize));
            }
            take(&content)
        })
    }

    fn year(
        &self,
        cell: Cell,
        year: i32,
        desk: &mut Desk<'_>,
        take: &mut dyn FnMut(Value<'_>) -> std::result::Result<(), Refusal>,
    ) -> Reading {
        self.read(Item::year(cell, year), None, desk, &mut |kept, _, timed| {
            if kept.years.is_none() {
                kept.years = Some(timed.decode(|| Years::read(&kept.handle), Years::bytes)?);
            }
            let tree = kept.years.as_ref().and_then(|years| years.tree(year));
            let lacks = || (FaultKind::Unreadable, format!("the archive lacks its year {year}"));
            take(tree.ok_or_else(lacks)?.root())
        })
    }
}

/// Content without series, with the dates of a dump in its own unit.
fn dates(cell: &CellHandle, record: &DumpRecord, first: i64, count: u64) -> Result<Content<'static>> {
    let unit = cell.unit();
    let own = match &record.unit {
        Some(text) => TimeUnit::of_steps(text, unit.calendar(), Some(unit.step())).ok(),
        None => Some(unit.clone()),
    };
    let days = own.as_ref().and_then(|own| {
        let first = first.checked_add(unit.shift_to(own)?)?;
        let last = first.checked_add(i64::try_from(count).ok()?)?.checked_sub(1)?;
        own.date(first).and(own.date(last)).map(|_| (first, last))
    });
    match own.zip(days) {
        Some((own, (first, last))) if count > 0 => Ok(Content::new(own, first, last)),
        _ => {
            let reason = format!("the days of {} are not dates of its unit", record.file);
            Err(Error::archive(cell.path(), Some(cell.cell()), None, reason))
        }
    }
}

/// Which places of whole numbers are masked. Floats that were masked are NaN.
fn mask(variable: &Variable, values: &Values) -> Option<Vec<u8>> {
    if !variable.has_gaps() || values.element.is_float() {
        return None;
    }
    let fill = values.element.fill_bytes();
    Some(values.bytes.chunks_exact(fill.len()).map(|value| u8::from(value == fill)).collect())
}

impl Column<'_> {
    fn series(&self, days: usize) -> Series<'_> {
        let element = self.variable.element();
        Series {
            element: Some(element),
            type_name: element.shared(),
            size: element.size(),
            big_endian: false,
            rows: self.variable.rows(),
            days,
            is_day_first: false,
            data: self.values.as_ref().map_or(&[], |values| &values.bytes),
            mask: self.mask.as_deref(),
        }
    }
}

/// A series of a key that a dump has without any value. Without rows there may be days, and without days rows.
fn without_values<'a>(kind: &'a String, rows: Option<usize>, days: usize) -> Series<'a> {
    // The name may say the order of bytes as well.
    let element = Element::parse(kind.split(',').next().unwrap_or(kind));
    Series {
        element,
        type_name: kind,
        size: element.map_or(1, Element::size),
        big_endian: false,
        rows,
        days: if rows == Some(0) { days } else { 0 },
        is_day_first: false,
        data: &[],
        mask: None,
    }
}
