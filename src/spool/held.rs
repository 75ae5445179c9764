//! What published files hold, as journals and `report.json` tell it.

use std::collections::BTreeSet;

use crate::model::grid::Cell;
use crate::model::time_unit::TimeUnit;
use crate::run::survey::Span;

/// What the published files of a folder hold.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct Held {
    /// The unit and calendar of days.
    pub unit: TimeUnit,
    /// First and last day of the time axis.
    pub days: (i64, i64),
    /// The periods and their usual dates.
    pub periods: Vec<Span>,
    /// The variables of daily series.
    pub variables: Vec<String>,
    /// The files.
    pub files: Vec<HeldFile>,
    /// The cells, by what they have.
    pub cells: Vec<HeldCells>,
    /// Variables that single dumps lack: by cell, period and key.
    pub lacking: BTreeSet<(Cell, u32, String)>,
}

/// A file of a folder.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct HeldFile {
    /// Its name; of a table of many files that of their folder.
    pub file: String,
    /// What it is.
    pub kind: FileKind,
    /// The name of its variable, or of its table.
    pub variable: String,
}

/// Cells that have the same.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct HeldCells {
    /// Periods with a sound dump.
    pub periods: Vec<u32>,
    /// Years with a sound community file.
    pub years: Vec<i32>,
    /// The cells, as `185-240 185-241`.
    pub cells: String,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FileKind {
    /// A daily grid.
    #[default]
    Grid,
    /// A grid of one value an interval.
    Aggregate,
    /// A table.
    Table,
}
