//! Inputs that could not be used: which, and why. They leave their cell masked and nothing else.

use super::grid::Cell;

/// One input that could not be used.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct Fault {
    /// The cell.
    pub cell: Cell,
    /// The number of the period; `None` where the cell is missing as a whole.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub period: Option<u32>,
    /// The year, of a yearly community file.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub year: Option<i32>,
    /// The variable, where the rest of the dump is sound.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub variable: Option<String>,
    /// What is wrong.
    pub kind: FaultKind,
    /// The same in words.
    pub message: String,
}

/// What is wrong with an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FaultKind {
    /// The cell has no dump of the period, or no folder at all.
    Missing,
    /// The file has no bytes.
    Empty,
    /// The file cannot be read from the disk.
    Unreadable,
    /// The file is cut, damaged, or no dump.
    Damaged,
    /// The file, or what it decodes to, is larger than the limit.
    TooLarge,
    /// The pickle holds more values than the limit.
    TooManyValues,
    /// The dump has another calendar than the run, or a time unit that does not fit.
    Calendar,
    /// The dump's dates overlap those of another dump of the cell.
    Overlap,
    /// The dump is older than that of the cell's period before.
    Older,
    /// Some of its days are before or after the output's time axis.
    OffAxis,
    /// The grid does not have the cell.
    OffGrid,
    /// The dump's dates lack days of its period that other cells have.
    Short,
    /// The dump does not have the variable.
    NoVariable,
    /// The variable's values are of another type.
    Type,
    /// The variable has another number of rows.
    Rows,
    /// The variable has another number of days than the dump's dates say.
    Length,
    /// The table of traits lacks strategies of a yearly community file.
    NoTraits,
    /// The dump has a variable that the planned outputs do not have.
    Unplanned,
}

impl Fault {
    /// A fault of a cell as a whole.
    pub(crate) fn of_cell(cell: Cell, kind: FaultKind, message: String) -> Self {
        Fault { cell, period: None, year: None, variable: None, kind, message }
    }

    /// Whether the cell lost days of the output by it.
    pub fn is_loss(&self) -> bool {
        !matches!(self.kind, FaultKind::Unplanned | FaultKind::Older)
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cell {}", self.cell)?;
        // A source whose only item is no period of a run numbers it so.
        if let Some(period) = self.period.filter(|period| *period > 0) {
            write!(f, ", period {period}")?;
        }
        if let Some(year) = self.year {
            write!(f, ", year {year}")?;
        }
        if let Some(variable) = &self.variable {
            write!(f, ", {variable}")?;
        }
        write!(f, ": {}", self.message)
    }
}

/// Why an input gives nothing: the kind, and words for the report.
pub type Refusal = (FaultKind, String);
