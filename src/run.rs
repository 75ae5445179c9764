//! A run folder: its gridcells, the periods each has, and what their dumps look like.
//!
//! [`Run::open`] lists folders and reads nothing; [`survey`](mod@survey) reads a few dumps to learn dates and variables.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::model::grid::{Cell, Grid};

pub(crate) mod days;
pub mod fault;
pub mod gridlist;
mod listing;
pub mod mixture;
pub mod silence;
pub mod stamp;
pub mod survey;

use fault::{Fault, FaultKind};

/// How the names of the folders begin that the model keeps its own states in.
pub(crate) const STATE_FILES: &str = "state_files_";

/// A run folder as it was found.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(into = "listing::Listing", try_from = "listing::Listing")]
pub struct Run {
    /// The folder.
    pub path: PathBuf,
    /// The folder's name, as it was given: a link's own, where it is one.
    pub name: String,
    /// The grid that the cells' indices count in.
    pub grid: Grid,
    /// Its gridcells, from north to south and west to east.
    pub cells: Vec<RunCell>,
    /// Entries that are neither gridcells nor anything else that the model writes.
    pub ignored: Vec<String>,
    /// Folders of gridcells that could not be listed, and those whose indices the grid does not have. The former are
    /// among the cells, with what was listed of them.
    pub faults: Vec<Fault>,
}

/// A gridcell of a run.
#[derive(Debug, Clone)]
pub struct RunCell {
    /// Its indices.
    pub cell: Cell,
    /// The numbers of the periods that it has a dump of, in order.
    pub periods: Vec<u32>,
    /// The years that it has a community file of, in order.
    pub years: Vec<i32>,
}

impl Run {
    /// Lists a run folder. Reads the folders of all cells, in parallel, but no file. An archive is taken for the run that it is of.
    ///
    /// # Errors
    /// [`Error::Io`] where the folder cannot be listed, [`Error::NotARun`] where it holds no gridcell,
    /// [`Error::NothingUsable`] where the grid has none of them. A cell's folder that cannot be listed is no error: it is
    /// in [`Run::faults`].
    pub fn open(path: &Path, grid: Grid) -> Result<Self> {
        if path.is_file() && crate::archive::is_hdf5(path) {
            return crate::archive::open_run(path, grid);
        }
        // A pipe, or a device: says which.
        let list = |source| Error::io("list", path, crate::shared::not_a_run(path).unwrap_or(source));
        let (mut cells, mut ignored, mut faults) = (Vec::new(), Vec::new(), Vec::new());
        for entry in std::fs::read_dir(path).map_err(list)? {
            let entry = entry.map_err(list)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            match cell_of(&name) {
                Some(cell) if grid.contains(cell) => cells.push(cell),
                Some(cell) => faults.push(off_grid(cell, grid)),
                _ if name.starts_with(STATE_FILES) => {}
                _ => ignored.push(name),
            }
        }
        cells.sort_unstable();
        let listed: Vec<_> = cells.par_iter().map(|&cell| RunCell::list(path, cell)).collect();
        let mut found = Vec::with_capacity(listed.len());
        for (cell, listed) in cells.into_iter().zip(listed) {
            match listed {
                Some((cell, fault)) => {
                    found.push(cell);
                    faults.extend(fault);
                }
                None => ignored.push(format!("grd_{cell}")),
            }
        }
        let cells = found;
        faults.sort_by_key(|fault: &Fault| fault.cell);
        ignored.sort_unstable();
        if let (true, Some(fault)) = (cells.is_empty(), faults.first()) {
            let reason = format!(
                "the grid has none of its {}; {fault}",
                crate::error::many(faults.len() as u64, "cell")
            );
            return Err(Error::NothingUsable { path: path.to_owned(), reason });
        }
        if cells.is_empty() {
            return Err(Error::NotARun { path: path.to_owned(), nested: nested_run(path) });
        }
        // A plan that is kept must name the folder from wherever it is looked at.
        let name = name_of(path);
        let path = path.canonicalize().map_err(list)?;
        Ok(Run { path, name, grid, cells, ignored, faults })
    }

    /// The numbers of all periods that any cell has, in order.
    pub fn periods(&self) -> Vec<u32> {
        let all: BTreeSet<u32> = self.cells.iter().flat_map(|cell| cell.periods.iter().copied()).collect();
        all.into_iter().collect()
    }

    /// Where a cell's dump of a period is, or would be.
    pub fn dump_path(&self, cell: Cell, period: u32) -> PathBuf {
        self.path.join(format!("grd_{cell}")).join(format!("spin{period:04}.pkz"))
    }

    /// Where a cell's communities of a year are, or would be.
    pub fn year_path(&self, cell: Cell, year: i32) -> PathBuf {
        self.path.join(format!("grd_{cell}")).join(format!("metacommunity_{year:04}.pkz"))
    }
}

impl RunCell {
    /// Lists a cell's folder; where that fails, what was listed and why it is not all. `None` where it is not a folder.
    fn list(run: &Path, cell: Cell) -> Option<(Self, Option<Fault>)> {
        let path = run.join(format!("grd_{cell}"));
        let (mut periods, mut years) = (Vec::new(), Vec::new());
        let mut list = || -> std::io::Result<()> {
            // A link to a folder counts as a folder.
            for entry in std::fs::read_dir(&path)? {
                let name = entry?.file_name();
                let Some(name) = name.to_str() else { continue };
                if let Some(period) = number_in(name, "spin", 4) {
                    periods.push(period);
                } else if let Some(year) = number_in(name, "metacommunity_", 4) {
                    years.extend(i32::try_from(year).ok());
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

    /// Whether the cell has a dump of a period.
    pub fn has(&self, period: u32) -> bool {
        self.periods.binary_search(&period).is_ok()
    }
}

/// What a run is called: the last part of its path as it was given, since people name runs by links; of `.` and such paths
/// that of the folder that is meant.
pub(crate) fn name_of(path: &Path) -> String {
    let name = |path: &Path| Some(path.file_name()?.to_string_lossy().into_owned());
    // The name in front of `/.` counts for `Path`, though that is the folder behind a link, not the link.
    name(path).or_else(|| name(&path.canonicalize().ok()?)).unwrap_or_else(|| "run".to_owned())
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

fn off_grid(cell: Cell, grid: Grid) -> Fault {
    let (rows, columns, degrees) = (grid.rows(), grid.columns(), grid.resolution());
    let message =
        format!("the grid of {degrees} degrees has no such cell: it has {rows} rows and {columns} columns");
    Fault::of_cell(cell, FaultKind::OffGrid, message)
}

/// The cell that a folder's name says, if it is written as the model writes it.
fn cell_of(name: &str) -> Option<Cell> {
    let text = name.strip_prefix("grd_")?;
    let cell: Cell = text.parse().ok()?;
    // `grd_007-1` would be a second folder of the same cell.
    (cell.to_string() == text).then_some(cell)
}

/// The number in `spin0001.pkz`, if it is written as the model writes it.
fn number_in(name: &str, prefix: &str, width: usize) -> Option<u32> {
    let digits = name.strip_prefix(prefix)?.strip_suffix(".pkz")?;
    let number: u32 = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
    (format!("{number:0width$}") == digits).then_some(number)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_count_only_as_the_model_writes_them() {
        assert_eq!(cell_of("grd_185-240"), Some(Cell { row: 185, column: 240 }));
        for name in
            ["grd_0185-240", "grd_185-240 ", "grd_-1-2", "grd_1-2-3", "grd_1", "state_files_ab", "grd_1-+2"]
        {
            assert_eq!(cell_of(name), None, "{name}");
        }
        assert_eq!(number_in("spin0001.pkz", "spin", 4), Some(1));
        assert_eq!(number_in("spin12345.pkz", "spin", 4), Some(12345));
        for name in ["spin1.pkz", "spin00001.pkz", "spin0001.pkz~", "spin.pkz", "spin99999999999.pkz"] {
            assert_eq!(number_in(name, "spin", 4), None, "{name}");
        }
    }
}
