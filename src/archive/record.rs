//! What an archive says of each dump that it was made of: a line of JSON each, in the dataset `dumps` of its cell.

use crate::model::fault::{Fault, FaultKind};
use crate::source::Part;
use crate::source::stamp::Stamp;

/// One dump of a cell: a period's or a year's.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct DumpRecord {
    /// The file's name in the cell's folder.
    pub file: String,
    /// The number of the period.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub period: Option<u32>,
    /// The year of a community file.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub year: Option<i32>,
    /// Bytes of the file.
    pub bytes: u64,
    /// XXH3 (64 bits) of the file, in hexadecimal digits.
    pub digest: String,
    /// When the file was changed last, in nanoseconds since 1970.
    #[serde(default)]
    pub modified: i64,
    /// The first day, in the unit of the cell's time, and how many there are.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub days: Option<(i64, u64)>,
    /// Where its days begin among those of the cell, where that does not follow from the dates of the dumps before it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub place: Option<u64>,
    /// The text of the dump's own unit of time, where it is another one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub unit: Option<String>,
    /// Keys that the dump has, but without any value: key, type and rows.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub empty: Vec<(String, String, Option<usize>)>,
    /// Datasets of the cell that have no values on the days of the dump.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub missing: Vec<String>,
    /// Which of the cell's columns it gave values to, until that is known as what is missing.
    #[serde(skip)]
    pub(super) present: Option<Vec<usize>>,
    /// What of the dump could not be archived: the variable, where it is not all of it; what is wrong; and that in words.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub faults: Vec<(Option<String>, FaultKind, String)>,
}

impl DumpRecord {
    /// The faults of this dump, for a report.
    pub fn faults(&self, cell: crate::model::grid::Cell) -> impl Iterator<Item = Fault> + '_ {
        self.faults.iter().map(move |(variable, kind, message)| Fault {
            cell,
            period: self.period,
            year: self.year,
            variable: variable.clone(),
            kind: *kind,
            message: message.clone(),
        })
    }

    /// Whether nothing of the dump is in the archive.
    pub fn is_lost(&self) -> bool {
        self.lost().is_some()
    }

    /// Why nothing of the dump is in the archive, if so.
    pub(super) fn lost(&self) -> Option<(FaultKind, &str)> {
        let mut faults = self.faults.iter().filter(|(variable, ..)| variable.is_none());
        faults.next().map(|(_, kind, message)| (*kind, message.as_str()))
    }

    /// How the dump is known again.
    pub(super) fn stamp(&self) -> Stamp {
        let digest = u64::from_str_radix(&self.digest, 16).unwrap_or(0);
        Stamp { bytes: self.bytes, modified: self.modified, is_settled: true, digest }
    }

    /// Whether the dump was not there.
    pub(super) fn is_missing(&self) -> bool {
        self.faults.iter().any(|(variable, kind, _)| variable.is_none() && *kind == FaultKind::Missing)
    }

    /// Whether it is of an item.
    pub(super) fn is_of(&self, part: Part) -> bool {
        match part {
            Part::Period(number) => self.period == Some(number),
            Part::Year(year) => self.year == Some(year),
        }
    }

    /// The item that it is of; `None` where it does not say.
    pub(super) fn part(&self) -> Option<Part> {
        self.period.map(Part::Period).or(self.year.map(Part::Year))
    }

    /// Adds a fault of the dump, or of one of its variables.
    pub(super) fn refuse(&mut self, variable: Option<&str>, kind: FaultKind, message: String) {
        self.faults.push((variable.map(str::to_owned), kind, message));
    }
}

/// Writes records as lines.
pub(super) fn to_lines(records: &[DumpRecord]) -> Vec<u8> {
    let mut lines = Vec::new();
    for record in records {
        lines.extend(serde_json::to_vec(record).unwrap_or_default());
        lines.push(b'\n');
    }
    lines
}

/// Reads them back; the number of the line that is none, if so.
pub(super) fn of_lines(lines: &[u8]) -> Result<Vec<DumpRecord>, usize> {
    let lines = lines.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).enumerate();
    lines.map(|(number, line)| serde_json::from_slice(line).map_err(|_| number + 1)).collect()
}
