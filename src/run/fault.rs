//! Inputs that could not be used: which, and why. They leave their cell masked and nothing else.

use std::io::Read;
use std::path::Path;

use crate::dump::community::CommunityYear;
use crate::dump::{Dump, DumpError, Limits, Period};
use crate::model::grid::Cell;

use super::stamp::Stamp;

/// One input that could not be used.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
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
        if let Some(period) = self.period {
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

impl FaultKind {
    /// The kind that fits an error of reading.
    pub fn of(error: &DumpError) -> Self {
        match error {
            DumpError::Empty => FaultKind::Empty,
            _ => FaultKind::Damaged,
        }
    }
}

/// Why a dump gives no period: the kind, and words for the report.
pub type Refusal = (FaultKind, String);

/// Reads a file into `raw` and tells why it cannot be, if so, and how to know it again. A file that is larger than what
/// it may decode to is not read at all.
pub(crate) fn read_file(
    path: &Path,
    limits: &Limits,
    raw: &mut Vec<u8>,
) -> (Option<Stamp>, Result<(), Refusal>) {
    raw.clear();
    let unreadable = |error: std::io::Error| (FaultKind::Unreadable, error.to_string());
    let unread = || std::fs::metadata(path).ok().map(|metadata| Stamp::of_unread(&metadata));
    let file = match crate::shared::open_input(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return (None, Err((FaultKind::Missing, "the file is missing".to_owned())));
        }
        // The run is an archive.
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => {
            return match crate::archive::read_dump(path, raw) {
                Some((stamp, result)) => (Some(stamp), result),
                None => (None, Err((FaultKind::Missing, "the archive does not have it".to_owned()))),
            };
        }
        Err(error) => return (unread(), Err(unreadable(error))),
    };
    let bound = (limits.decoded_bytes as u64).saturating_add(1 << 20);
    let mut read = || -> std::io::Result<_> {
        let before = file.metadata()?;
        let length = (&file).take(bound).read_to_end(raw)?;
        Ok((length, before, file.metadata()?))
    };
    match read() {
        Err(error) => (unread(), Err(unreadable(error))),
        Ok((length, _, after)) if length as u64 == bound => {
            let message = format!("the file is larger than {} bytes", limits.decoded_bytes);
            (Some(Stamp::of_unread(&after)), Err((FaultKind::Damaged, message)))
        }
        Ok((_, before, after)) => (Some(Stamp::of(&before, &after, raw)), Ok(())),
    }
}

/// Sees a dump as the communities of a year and tells why it is none, if so.
pub(crate) fn year_of(dump: &Dump, year: i32) -> Result<CommunityYear, Refusal> {
    let found = dump.community_year().map_err(|error| (FaultKind::of(&error), error.to_string()))?;
    if found.year == year {
        return Ok(found);
    }
    Err((FaultKind::Damaged, format!("it says that it is of the year {}", found.year)))
}

/// Sees a dump as a period and tells why it is none, if so.
pub(crate) fn period_of(dump: &Dump) -> Result<Period<'_>, Refusal> {
    dump.period().map_err(|error| (FaultKind::of(&error), error.to_string()))
}
