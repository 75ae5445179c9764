//! Where the lines of records went: of sources that are files of records.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// What became of all files and lines of records. Every line is a record, was left out as the description says, or is a fault.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Account {
    /// Files that were read.
    pub files: u64,
    /// Bytes that were read.
    pub bytes: u64,
    /// Where their lines went.
    pub lines: Lines,
    /// Lines whose record repeats an earlier one where none may.
    pub repeated: u64,
    /// Records of files of which none counts, since these are damaged or changed while they were read.
    pub unused: u64,
    /// Records whose place is on no cell of the grid.
    pub off_grid: u64,
    /// What could not be used, the first thousand.
    pub faults: Vec<RecordFault>,
    /// All of that.
    pub fault_count: u64,
}

/// Faults that are kept.
const MOST: usize = 1000;

impl Account {
    /// Adds faults.
    pub(crate) fn add_faults(&mut self, faults: impl IntoIterator<Item = RecordFault>) {
        for fault in faults {
            self.fault_count += 1;
            if self.faults.len() < MOST {
                self.faults.push(fault);
            }
        }
    }

    /// Adds what became of the files of another source; `of` goes before its words.
    pub(crate) fn add(&mut self, other: &Account, of: &str) {
        self.files += other.files;
        self.bytes += other.bytes;
        self.lines += other.lines;
        self.repeated += other.repeated;
        self.unused += other.unused;
        self.off_grid += other.off_grid;
        let told =
            |fault: &RecordFault| RecordFault { message: format!("{of}{}", fault.message), ..fault.clone() };
        self.add_faults(other.faults.iter().map(told));
        self.fault_count += other.fault_count - other.faults.len() as u64;
    }

    /// Whether another one of the same files says the same: where each line went, and what is wrong with which. Words may differ, and records that
    /// repeat others are only counted, since it depends on how files are parted where they are named.
    pub fn agrees_with(&self, other: &Account) -> bool {
        let counts = |account: &Account| {
            let Account { files, lines, repeated, unused, off_grid, .. } = account;
            (
                *files,
                lines.lines,
                lines.records,
                lines.skipped,
                lines.heads,
                lines.headers,
                lines.faulty,
                *repeated,
                *unused,
                *off_grid,
            )
        };
        let is_one = |fault: &&RecordFault| !matches!(fault.kind, RecordFaultKind::Repeated | RecordFaultKind::Place if fault.line.is_some());
        let named = |account: &Account| -> BTreeSet<_> {
            account
                .faults
                .iter()
                .filter(is_one)
                .map(|fault| (fault.file.clone(), fault.line, fault.kind))
                .collect()
        };
        // Of too many the first ones may be others.
        let is_all = |account: &Account| account.fault_count == account.faults.len() as u64;
        counts(self) == counts(other) && (!is_all(self) || !is_all(other) || named(self) == named(other))
    }

    /// Whether some record could not be used, or some file.
    pub fn is_loss(&self) -> bool {
        self.fault_count > 0
    }
}

/// Where each line of a piece went. The sum is all lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Lines {
    /// All there are.
    pub lines: u64,
    /// Those that gave rows.
    pub records: u64,
    /// Left out as the description says: headers, comments, units, blank lines, lines of `skip`.
    pub skipped: u64,
    /// Those in front of a file's records, of the lines that were left out: its header, units and comments.
    #[serde(default)]
    pub heads: u64,
    /// Headers in the middle of a file, of the lines that were left out.
    pub headers: u64,
    /// Lines with glued columns that were split, of the lines that gave rows.
    pub split: u64,
    /// Lines that could not be read.
    pub faulty: u64,
}

impl Lines {
    /// Whether each line is a record, was left out, or is a fault.
    pub fn is_whole(&self) -> bool {
        self.lines == self.records + self.skipped + self.faulty
    }
}

impl std::ops::AddAssign for Lines {
    fn add_assign(&mut self, other: Lines) {
        self.lines += other.lines;
        self.records += other.records;
        self.skipped += other.skipped;
        self.heads += other.heads;
        self.headers += other.headers;
        self.split += other.split;
        self.faulty += other.faulty;
    }
}

/// A record that could not be used, or a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RecordFault {
    /// The path, as it is listed.
    pub file: String,
    /// The line, counted from 1; `None` of the file as a whole.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub line: Option<u64>,
    /// What is wrong.
    pub kind: RecordFaultKind,
    /// The same in words.
    pub message: String,
}

/// What is wrong with a record or a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RecordFaultKind {
    /// The file has no bytes.
    Empty,
    /// The file has a header and no record.
    NoRecords,
    /// No file fits a pattern.
    NoFiles,
    /// The file cannot be read from the disk, or unpacked.
    Unreadable,
    /// The file, a line or a number is longer than the limit.
    TooLarge,
    /// The file changed while it was read.
    Changed,
    /// The columns of the file are not those that the description needs.
    Columns,
    /// The line has another number of fields than there are columns.
    Fields,
    /// A field is no number, and none of the codes of missing values.
    Number,
    /// Columns without a separator between them.
    Glued,
    /// A header in the middle of a file.
    Header,
    /// The last line of a file ends in the middle.
    Partial,
    /// The date is none, or is not on a step of the axis.
    Time,
    /// The place is none, or is not on the grid.
    Place,
    /// Another record has the same cell, time and label.
    Repeated,
}

impl std::fmt::Display for RecordFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}, line {line}: {}", self.file, self.message),
            None if self.file.is_empty() => f.write_str(&self.message),
            None => write!(f, "{}: {}", self.file, self.message),
        }
    }
}
