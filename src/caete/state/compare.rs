//! The dumps that a state names beside those that are in the folder of a run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::caete::names;
use crate::model::fault::{Fault, FaultKind};
use crate::model::grid::Cell;
use crate::source::Part;
use crate::words::many;

use super::{CellRan, State};

/// A run's dumps beside what a state names.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Compared {
    /// The folder of the run.
    pub run: PathBuf,
    /// Dumps and cells that the state names and the folder lacks, by cell.
    pub missing: Vec<Fault>,
    /// Dumps that the state names.
    pub named: u64,
    /// Cells of the state.
    pub cells: usize,
    /// Those of them whose lists of dumps were read.
    pub listed: usize,
    /// Lists of cells that were not read, or not all of them, and why.
    pub unread: Vec<(String, String)>,
}

impl Compared {
    /// Whether all dumps of all cells are known and there.
    pub fn is_whole(&self) -> bool {
        self.missing.is_empty() && self.unread.is_empty() && self.listed >= self.cells
    }
}

/// Compares what the state names with what is in the folder of a run. No dump is read.
pub fn compare(state: &State, run: &Path) -> Compared {
    let mut compared = Compared {
        run: run.to_owned(),
        unread: state.unread.clone(),
        cells: state.count(),
        listed: state.ran.len(),
        ..Compared::default()
    };
    let lists: BTreeMap<Cell, &CellRan> = state.ran.iter().map(|one| (one.cell, one)).collect();
    for &cell in &state.cells {
        let folder = run.join(names::folder_of(cell));
        let list = lists.get(&cell);
        let parts: Vec<Part> = list
            .map(|list| {
                let years = list.years.iter().map(|&year| Part::Year(year));
                list.periods.iter().map(|&number| Part::Period(number)).chain(years).collect()
            })
            .unwrap_or_default();
        compared.named += parts.len() as u64;
        if !folder.is_dir() {
            let words = match parts.len() {
                0 => "the state names the cell; its folder is missing".to_owned(),
                count => {
                    let files = many(count as u64, "file");
                    format!("the state names {files}; the cell's folder is missing")
                }
            };
            compared.missing.push(Fault::of_cell(cell, FaultKind::Missing, words));
            continue;
        }
        for part in parts {
            if folder.join(names::file_of(part)).is_file() {
                continue;
            }
            let (period, year) = match part {
                Part::Period(number) => (Some(number), None),
                Part::Year(year) => (None, Some(year)),
            };
            let message = "the state names the file; it is missing".to_owned();
            let kind = FaultKind::Missing;
            compared.missing.push(Fault { cell, period, year, variable: None, kind, message });
        }
    }
    compared
}
