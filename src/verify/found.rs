//! What was compared, what differs, and what was not looked at.

use std::collections::{BTreeMap, BTreeSet};

use crate::grid::read::{self, Findings};
use crate::model::fault::Fault;
use crate::model::grid::Cell;

use super::inputs::Inputs;
use super::silences::Silences;

/// Differences that are kept in full; all are counted.
pub(super) const SHOWN: usize = read::SHOWN;

/// What was compared, and what differs.
#[derive(Debug, Default, serde::Serialize)]
#[non_exhaustive]
pub struct Verification {
    /// Files read.
    pub files: usize,
    /// Dumps and yearly files read, as often as they were.
    pub dumps: u64,
    /// Values compared bit by bit.
    pub values: u64,
    /// NaN in dumps that are masked in files.
    pub nan: u64,
    /// Places without a value that were found masked.
    pub masked: u64,
    /// Values of aggregates and yearly grids that were computed anew.
    pub numbers: u64,
    /// Rows of tables compared.
    pub rows: u64,
    /// Coordinates, bounds and dates compared.
    pub coordinates: u64,
    /// Attributes compared.
    pub attributes: u64,
    /// Everything that differs.
    pub differences: u64,
    /// The first of them.
    pub first_differences: Vec<Difference>,
    /// What is there and was not looked at, and why.
    pub not_looked_at: Vec<Unseen>,
    /// Inputs that could not be used; their places must be, and are counted as, masked.
    pub faults: Vec<Fault>,
    /// Periods that no dump can be used of, in words. Their days must be masked.
    pub lost_periods: Vec<String>,
    /// Records that could not be used, of the run and of what it was compared with.
    pub lost_records: u64,
    /// The digests of all dumps that files name, and the first file of each.
    #[serde(skip)]
    pub(super) named: BTreeMap<String, String>,
    /// The digests of the dumps themselves.
    #[serde(skip)]
    pub(super) inputs: Inputs,
    /// What of them has no values at its end.
    #[serde(skip)]
    pub(super) silent: Silences,
    /// Files whose values cannot be read, which is told once.
    #[serde(skip)]
    pub(super) unreadable: BTreeSet<String>,
}

/// One difference between dumps and a file.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct Difference {
    /// The file.
    pub file: String,
    /// The cell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cell: Option<Cell>,
    /// The date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// What the dump says.
    pub expected: String,
    /// What the file says.
    pub found: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some(cell) = self.cell {
            write!(f, ", cell {cell}")?;
        }
        if let Some(date) = &self.date {
            write!(f, ", {date}")?;
        }
        match self.cell.is_some() {
            true => write!(f, ": the dumps say {}, the file says {}", self.expected, self.found),
            false => write!(f, ": expected is {}, found is {}", self.expected, self.found),
        }
    }
}

/// Something that was not looked at.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct Unseen {
    /// The file.
    pub file: String,
    /// Why.
    pub reason: String,
}

impl std::fmt::Display for Unseen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.file, self.reason)
    }
}

impl Verification {
    /// Whether all that is there was looked at.
    pub fn is_whole(&self) -> bool {
        self.not_looked_at.is_empty()
    }

    pub(super) fn differ(&mut self, difference: Difference) {
        self.differences += 1;
        if self.first_differences.len() < SHOWN {
            self.first_differences.push(difference);
        }
    }

    /// Something that differs and is of no cell.
    pub(super) fn differ_in(&mut self, file: &str, expected: &str, found: &str) {
        self.differ(Difference {
            file: file.to_owned(),
            cell: None,
            date: None,
            expected: expected.to_owned(),
            found: found.to_owned(),
        });
    }

    /// Takes in what was found when a file was opened.
    pub(super) fn add(&mut self, file: &str, findings: Findings) {
        let Findings { compared, differences, first } = findings;
        self.coordinates += compared;
        let told = first.len() as u64;
        for finding in first {
            self.differ_in(file, &finding.expected, &finding.found);
        }
        self.differences += differences - told;
    }

    /// Takes in what was found elsewhere.
    pub fn merge(&mut self, other: Verification) {
        self.files += other.files;
        self.dumps += other.dumps;
        self.values += other.values;
        self.nan += other.nan;
        self.masked += other.masked;
        self.numbers += other.numbers;
        self.rows += other.rows;
        self.coordinates += other.coordinates;
        self.attributes += other.attributes;
        self.differences += other.differences;
        let room = SHOWN.saturating_sub(self.first_differences.len());
        self.first_differences.extend(other.first_differences.into_iter().take(room));
        self.not_looked_at.extend(other.not_looked_at);
        self.faults.extend(other.faults);
        self.lost_periods.extend(other.lost_periods);
        self.lost_records += other.lost_records;
        for (digest, file) in other.named {
            self.named.entry(digest).or_insert(file);
        }
        self.inputs.extend(other.inputs);
        self.silent.extend(other.silent);
    }

    /// The same with files by the folder that they are in.
    pub(super) fn in_folder(mut self, folder: &str) -> Self {
        let whole = |file: &mut String| *file = format!("{folder}/{file}");
        self.first_differences.iter_mut().for_each(|difference| whole(&mut difference.file));
        self.not_looked_at.iter_mut().for_each(|unseen| whole(&mut unseen.file));
        self
    }

    /// The same with the name of the run wherever cells and dates say nothing of it.
    pub(super) fn of_run(mut self, run: &str) -> Self {
        for fault in &mut self.faults {
            fault.message = format!("of {run}: {}", fault.message);
        }
        self.lost_periods.iter_mut().for_each(|lost| *lost = format!("{run}: {lost}"));
        self
    }

    pub(super) fn unseen(&mut self, file: &str, reason: &str) {
        self.not_looked_at.push(Unseen { file: file.to_owned(), reason: reason.to_owned() });
    }
}
