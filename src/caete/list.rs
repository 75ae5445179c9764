//! Listing a run folder: which cells it has, and which dumps each.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::model::fault::{Fault, FaultKind};
use crate::model::grid::{Cell, Grid};
use crate::run::{self, Listing, Run, RunCell};
use crate::source::Part;

use super::names::{self, cell_of, folder_of};

/// Lists a run folder, or the one beside a region object (`RUN_result.psz`). Reads the folders of all cells, in parallel, but no file.
///
/// # Errors
/// [`Io`](crate::ErrorKind::Io) where the folder cannot be listed, [`NotASource`](crate::ErrorKind::NotASource) where it holds no gridcell,
/// [`NothingUsable`](crate::ErrorKind::NothingUsable) where the grid has none of them. A cell's folder that cannot be listed is no error: it is
/// in [`Listing::faults`].
pub fn open(path: &Path, grid: Grid) -> Result<Run> {
    let beside = names::run_of(path);
    if let Some(run) = beside.as_deref().filter(|run| !run.is_dir()) {
        let reason = format!(
            "the dumps of {} are in the folder of its run, which should be beside it",
            path.display()
        );
        return Err(Error::io("list", run, std::io::Error::new(std::io::ErrorKind::NotFound, reason)));
    }
    let path = beside.as_deref().unwrap_or(path);
    // A pipe, or a device: says which.
    let list = |source| Error::io("list", path, crate::shared::not_a_run(path).unwrap_or(source));
    let (mut cells, mut ignored, mut faults) = (Vec::new(), Vec::new(), Vec::new());
    for entry in std::fs::read_dir(path).map_err(list)? {
        let entry = entry.map_err(list)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        match cell_of(&name) {
            Some(cell) if grid.contains(cell) => cells.push(cell),
            Some(cell) => faults.push(off_grid(cell, grid)),
            _ if name.starts_with(names::STATE_FILES) => {}
            _ => ignored.push(name),
        }
    }
    cells.sort_unstable();
    let listed: Vec<_> = cells.par_iter().map(|&cell| list_cell(path, cell)).collect();
    let mut found = Vec::with_capacity(listed.len());
    for (cell, listed) in cells.into_iter().zip(listed) {
        match listed {
            Some((cell, fault)) => {
                found.push(cell);
                faults.extend(fault);
            }
            None => ignored.push(folder_of(cell)),
        }
    }
    let cells = found;
    faults.sort_by_key(|fault: &Fault| fault.cell);
    ignored.sort_unstable();
    if let (true, Some(fault)) = (cells.is_empty(), faults.first()) {
        return Err(none_on_grid(path, &faults, fault));
    }
    if cells.is_empty() {
        return Err(Error::not_a_run(path, names::FOLDERS, nested_run(path)));
    }
    // A plan that is kept must name the folder from wherever it is looked at.
    let name = run::name_of(path);
    let path = path.canonicalize().map_err(list)?;
    let source = Arc::new(super::Folder::new(&path));
    let kind = super::KIND.to_owned();
    Ok(Run::new(Listing { kind, path, name, grid, cells, ignored, faults }, source))
}

/// Whether a path is a folder of a run: one of a cell's name is in it.
pub fn is_run(path: &Path) -> bool {
    let is_cell = |entry: std::fs::DirEntry| cell_of(&entry.file_name().to_string_lossy()).is_some();
    std::fs::read_dir(path).is_ok_and(|entries| entries.flatten().any(is_cell))
}

/// Lists a cell's folder; where that fails, what was listed and why it is not all. `None` where it is not a folder.
fn list_cell(run: &Path, cell: Cell) -> Option<(RunCell, Option<Fault>)> {
    let path = run.join(folder_of(cell));
    let (mut periods, mut years) = (Vec::new(), Vec::new());
    let mut list = || -> std::io::Result<()> {
        // A link to a folder counts as a folder.
        for entry in std::fs::read_dir(&path)? {
            match entry?.file_name().to_str().and_then(names::part_of) {
                Some(Part::Period(number)) => periods.push(number),
                Some(Part::Year(year)) => years.push(year),
                None => {}
            }
        }
        Ok(())
    };
    let error = list().err();
    if error.as_ref().is_some_and(|error| error.kind() == std::io::ErrorKind::NotADirectory) {
        return None;
    }
    let fault = error.map(|error| unlisted(cell, &path, &error));
    periods.sort_unstable();
    years.sort_unstable();
    Some((RunCell { cell, periods, years }, fault))
}

/// Why a cell's folder could not be listed.
fn unlisted(cell: Cell, path: &Path, error: &std::io::Error) -> Fault {
    use std::io::ErrorKind;
    let (kind, message) = match (error.kind(), std::fs::read_link(path)) {
        (ErrorKind::NotFound, Ok(target)) => {
            let target = target.display().to_string();
            (
                FaultKind::Missing,
                format!("its folder is a link to {}, which is not there", target.escape_debug()),
            )
        }
        _ => (FaultKind::Unreadable, format!("its folder cannot be listed: {error}")),
    };
    Fault::of_cell(cell, kind, message)
}

/// That a cell is named that the grid does not have.
pub(super) fn off_grid(cell: Cell, grid: Grid) -> Fault {
    let (rows, columns, degrees) = (grid.rows(), grid.columns(), grid.cell_size()[0]);
    let message =
        format!("the grid of {degrees} degrees has no such cell: it has {rows} rows and {columns} columns");
    Fault::of_cell(cell, FaultKind::OffGrid, message)
}

/// That all cells that are named are off the grid.
pub(super) fn none_on_grid(path: &Path, faults: &[Fault], first: &Fault) -> Error {
    let cells = crate::words::many(faults.len() as u64, "cell");
    Error::nothing_usable(path, format!("the grid has none of its {cells}; {first}"), None)
}

/// A run one level further down, for the hint.
fn nested_run(path: &Path) -> Option<PathBuf> {
    let is_run = |path: &PathBuf| {
        std::fs::read_dir(path).is_ok_and(|entries| {
            entries.flatten().take(1000).any(|entry| cell_of(&entry.file_name().to_string_lossy()).is_some())
        })
    };
    if path.file_name().is_some_and(|name| cell_of(&name.to_string_lossy()).is_some()) {
        return path.parent().map(Path::to_owned);
    }
    std::fs::read_dir(path).ok()?.flatten().take(1000).map(|entry| entry.path()).find(is_run)
}
