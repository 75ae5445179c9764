//! What `report.json` says of inputs that were missing or damaged, and of cells that hold nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::model::fault::{Fault, FaultKind};
use crate::model::grid::Grid;
use crate::run::silence::EmptyCells;

/// What of the report is drawn.
#[derive(Debug, Deserialize)]
pub(crate) struct Health {
    pub run: String,
    pub window: WindowPart,
    pub dumps: DumpPart,
    #[serde(default)]
    pub faults: Vec<Fault>,
    #[serde(default)]
    pub lost_periods: Vec<LostPart>,
    #[serde(default)]
    pub empty_cells: Vec<EmptyCells>,
    #[serde(default)]
    pub files: Vec<FilePart>,
}

/// A file that was made.
#[derive(Debug, Deserialize)]
pub(crate) struct FilePart {
    pub file: String,
    #[serde(default)]
    pub kind: String,
    #[serde(default)]
    pub variable: String,
}

/// A period that no dump could be used of.
#[derive(Debug, Deserialize)]
pub(crate) struct LostPart {
    pub is_loss: bool,
    pub message: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct WindowPart {
    pub rows: u32,
    pub columns: u32,
    pub first_row: u32,
    pub first_column: u32,
    #[serde(default = "half")]
    pub resolution: f64,
    #[serde(default)]
    pub grid: Option<Grid>,
    pub cells: usize,
    /// The columns of these cells, by row; nothing in older reports.
    #[serde(default)]
    pub cells_by_row: BTreeMap<u32, String>,
    /// Older reports do not have this, nor what dumps were expected.
    pub cells_expected: Option<u64>,
}

/// Older reports do not name it.
fn half() -> f64 {
    0.5
}

#[derive(Debug, Deserialize)]
pub(crate) struct DumpPart {
    pub planned: u64,
    expected: Option<u64>,
    lost: Option<u64>,
}

impl Health {
    /// Whether any cell lost anything.
    pub fn has_losses(&self) -> bool {
        self.faults.iter().any(Fault::is_loss) || self.lost_periods.iter().any(|lost| lost.is_loss)
    }

    /// Whether there is anything to be drawn.
    pub fn is_told(&self) -> bool {
        self.has_losses() || !self.empty_cells.is_empty()
    }

    /// Inputs that were lost, and those that were expected, the missing ones included.
    pub fn inputs(&self) -> (u64, u64) {
        let losses = self.faults.iter().filter(|fault| fault.is_loss());
        let lost: BTreeSet<_> = losses.map(|fault| (fault.cell, fault.period, fault.year)).collect();
        let missing = self.faults.iter().filter(|fault| fault.kind == FaultKind::Missing);
        let expected = self.dumps.planned.saturating_add(missing.count() as u64);
        (self.dumps.lost.unwrap_or(lost.len() as u64), self.dumps.expected.unwrap_or(expected))
    }
}

/// Reads a report.
pub(crate) fn read(path: &Path) -> Result<Health> {
    let fail = |reason: String| Error::config(path, reason);
    let text = crate::shared::read_text(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::InvalidData => fail(format!("it is not a report of gridloom: {source}")),
        _ => Error::io("read", path, source),
    })?;
    let health: Health = serde_json::from_str(&text)
        .map_err(|error| fail(format!("it is not a report of gridloom: {error}")))?;
    let window = &health.window;
    // Where on its grid it is, is looked at by who knows the grid.
    match u64::from(window.rows) * u64::from(window.columns) {
        1..=100_000_000 => Ok(health),
        cells => Err(fail(format!("its window has {cells} cells, which no map shows"))),
    }
}
