//! An archive in the place of a run folder: `RUN.nc/grd_Y-X/spin0001.pkz` is read as the dump that it was.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::handle::{Archive, CellHandle};
use super::pickle;
use super::record::DumpRecord;
use crate::error::{Error, Result};
use crate::model::grid::{Cell, Grid};
use crate::run::fault::{FaultKind, Refusal};
use crate::run::stamp::Stamp;
use crate::run::{Run, RunCell};

/// Archives that are open as runs: a run is read in the state in which it was opened.
static OPEN: Mutex<Vec<(PathBuf, Archive)>> = Mutex::new(Vec::new());
/// As many as stay open.
const MOST: usize = 16;

/// Whether a file is an archive.
pub fn is_archive(path: &Path) -> bool {
    path.is_file() && Archive::open(path).is_ok()
}

/// Whether a file begins as HDF5 files do.
pub(crate) fn is_hdf5(path: &Path) -> bool {
    use std::io::Read;
    let mut start = [0; 8];
    path.is_file()
        && crate::shared::open_input(path).and_then(|mut file| file.read_exact(&mut start)).is_ok()
        && start == *b"\x89HDF\r\n\x1a\n"
}

/// Opens an archive as a run. Reads the records of all cells.
///
/// # Errors
/// Those of [`Archive::open`], and [`Error::Selection`] where its grid is not the one that is expected.
pub(crate) fn run(path: &Path, grid: Grid) -> Result<Run> {
    let path = path.canonicalize().map_err(|source| Error::io("read", path, source))?;
    let archive = Archive::open(&path)?;
    if archive.grid() != grid {
        let reason =
            format!("the cells of {} are of {} degrees", path.display(), archive.grid().resolution());
        return Err(Error::selection("resolution_degrees", grid.resolution(), reason));
    }
    let cells: Vec<Cell> = archive.cells().collect();
    let list = |&cell: &Cell| {
        let records = archive.cell(cell)?.records()?;
        let is_there = |record: &&DumpRecord| {
            !record.faults.iter().any(|(variable, kind, _)| variable.is_none() && *kind == FaultKind::Missing)
        };
        let there = || records.iter().filter(is_there);
        let mut periods: Vec<u32> = there().filter_map(|record| record.period).collect();
        let mut years: Vec<i32> = there().filter_map(|record| record.year).collect();
        periods.sort_unstable();
        years.sort_unstable();
        Ok(RunCell { cell, periods, years })
    };
    let cells = cells.par_iter().map(list).collect::<Result<Vec<_>>>()?;
    let name = archive.run().to_owned();
    keep(&mut OPEN.lock().unwrap_or_else(PoisonError::into_inner), &path, archive);
    Ok(Run { path, name, grid, cells, ignored: Vec::new(), faults: Vec::new() })
}

/// Remembers an archive in the place of what was open under its path.
fn keep(open: &mut Vec<(PathBuf, Archive)>, path: &Path, archive: Archive) {
    open.retain(|(known, _)| known != path);
    if open.len() >= MOST {
        open.remove(0);
    }
    open.push((path.to_owned(), archive));
}

/// An archive that is open as a run. A plan that another process made and that is gone on with here does not open its run.
fn opened(path: &Path) -> Result<Archive> {
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, archive)) = open.iter().find(|(known, _)| known == path) {
        return Ok(archive.clone());
    }
    let archive = Archive::open(path)?;
    keep(&mut open, path, archive.clone());
    Ok(archive)
}

/// The archive and the record that a path inside of an archive names.
fn find(path: &Path) -> Option<Result<(CellHandle, DumpRecord)>> {
    let file = path.file_name()?.to_str()?;
    let folder = path.parent()?;
    let cell: Cell = folder.file_name()?.to_str()?.strip_prefix("grd_")?.parse().ok()?;
    let archive_path = folder.parent()?;
    let archive = match opened(archive_path) {
        Ok(archive) => archive,
        Err(error) => return Some(Err(error)),
    };
    if !archive.has(cell) {
        return None;
    }
    let find = || {
        let handle = archive.cell(cell)?;
        let record = handle.records()?.into_iter().find(|record| record.file == file);
        Ok(record.map(|record| (handle, record)))
    };
    find().transpose()
}

/// Reads the dump that a path inside of an archive names; `None` where there is none.
pub(crate) fn read(path: &Path, raw: &mut Vec<u8>) -> Option<(Stamp, std::result::Result<(), Refusal>)> {
    let unreadable = |error: Error| (FaultKind::Unreadable, error.to_string());
    let nothing = Stamp { bytes: 0, modified: 0, is_settled: true, digest: 0 };
    let (cell, record) = match find(path)? {
        Ok(found) => found,
        Err(error) => return Some((nothing, Err(unreadable(error)))),
    };
    let stamp = stamp(&record);
    if let Some((_, kind, message)) = record.faults.iter().find(|(variable, ..)| variable.is_none()) {
        return match kind {
            FaultKind::Missing => None,
            _ => Some((stamp, Err((*kind, message.clone())))),
        };
    }
    match pickle::dump(&cell, &record) {
        Ok(Some(bytes)) => {
            *raw = bytes;
            Some((stamp, Ok(())))
        }
        Ok(None) => Some((stamp, Err(unreadable(pickle::lacks(&cell, path, &record))))),
        Err(error) => Some((stamp, Err(unreadable(error)))),
    }
}

/// How a dump is known again: as what it was archived from.
fn stamp(record: &DumpRecord) -> Stamp {
    super::edit::stamp_of(record)
}

/// Whether a dump inside of an archive is the one of a stamp.
pub(crate) fn holds(path: &Path, known: &Stamp) -> bool {
    let Some(Ok((_, record))) = find(path) else { return false };
    let now = stamp(&record);
    (now.bytes, now.digest) == (known.bytes, known.digest)
}
