//! All that can go wrong, in the words of the library.

use std::path::{Path, PathBuf};

use crate::dump::DumpError;
use crate::model::calendar::Date;
use crate::model::fault::FaultKind;
use crate::model::grid::Cell;
use crate::words::many;

use super::verdict::Verdict;
use super::{Argument, ErrorKind, Reason};

/// What went wrong, with all that is known of it.
#[cfg_attr(not(feature = "netcdf"), allow(dead_code, reason = "what writes files meets more of it"))]
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// A file or folder could not be read or written.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Something inside of gridloom is not what it must be.
    #[error("this is a defect of gridloom: {0}")]
    Bug(String),
    /// A dump is damaged, or is none.
    #[error("cannot read the dump {}", path.display())]
    Dump {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: DumpError,
    },
    /// The folder holds no gridcells.
    #[error("{} is not a run: it has no gridcell folders ({folders})", path.display())]
    NotARun {
        /// The folder.
        path: PathBuf,
        /// How the source calls folders of gridcells.
        folders: &'static str,
        /// Folders of gridcells further down, if some were seen.
        nested: Option<PathBuf>,
    },
    /// No dump of the selection can be read.
    #[error("no usable dump in {}: {reason}", path.display())]
    NothingUsable {
        /// The run.
        path: PathBuf,
        /// What was found instead.
        reason: String,
        /// The limit that refuses most of the dumps, if one does.
        limit: Option<FaultKind>,
    },
    /// A selection matches nothing, or cannot be understood.
    #[error("{argument}{}: {reason}", quoted(value))]
    Selection {
        /// What was wrong.
        argument: Argument,
        /// Its value.
        value: String,
        /// What is wrong with it.
        reason: Reason,
    },
    /// Two selected periods hold the same days.
    #[error(
        "periods {} ({} to {}) and {} ({} to {}) overlap",
        first.0, first.1, first.2, second.0, second.1, second.2
    )]
    OverlappingPeriods {
        /// Number, first and last date.
        first: (u32, Date, Date),
        /// Number, first and last date.
        second: (u32, Date, Date),
    },
    /// The periods of a run do not fit together: some may be an older run's.
    #[error("{} seems to hold dumps of more than one run: {}{}", path.display(), reasons.join("; "), listed(parts))]
    MixedRuns {
        /// The run.
        path: PathBuf,
        /// Why.
        reasons: Vec<String>,
        /// Periods that fit together, as numbers and ranges, and their dates and times of writing in words.
        parts: Vec<(String, String)>,
    },
    /// A run is not the one that an archive was made of.
    #[error("{} is not the run that {} was made of ({of}): {reason}", run.display(), path.display())]
    OtherRun {
        /// The archive.
        path: PathBuf,
        /// The name of its run.
        of: String,
        /// The other run.
        run: PathBuf,
        /// What tells them apart.
        reason: String,
    },
    /// A configuration, gridlist or table of variables is wrong.
    #[error("{}: {reason}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the line where it can be told.
        reason: Reason,
    },
    /// The output folder holds files already, or the file is there.
    #[error("{} {}", path.display(), if path.is_dir() { "is not empty" } else { "is there already" })]
    OutputNotEmpty {
        /// The folder or file.
        path: PathBuf,
    },
    /// There is a folder where a file is to be written.
    #[error("{} is a folder, where a file is to be written", path.display())]
    OutputIsFolder {
        /// The folder.
        path: PathBuf,
    },
    /// There is something where a picture or page is to be written.
    #[error("{} is there already: {what}", path.display())]
    OutputExists {
        /// What is there.
        path: PathBuf,
        /// In words.
        what: &'static str,
    },
    /// One unit of work does not fit into the memory that is allowed.
    #[error("the memory budget of {} is too small: {} are needed at the least", many(*budget, "byte"), many(*needed, "byte"))]
    Memory {
        /// Bytes allowed.
        budget: u64,
        /// Bytes that the smallest unit of work needs.
        needed: u64,
    },
    /// The NetCDF or HDF5 library refused something.
    #[error("{}: cannot {action}: {reason}", path.display())]
    Netcdf {
        /// The file.
        path: PathBuf,
        /// What was tried.
        action: String,
        /// What the library said.
        reason: Verdict,
    },
    /// A table could not be made or written.
    #[error("{}: cannot {action}: {reason}", path.display())]
    Table {
        /// The file, or what was to become one.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// Why it failed.
        reason: Verdict,
    },
    /// An archive is damaged, or is none.
    #[error("{}{}: {reason}", path.display(), place(*cell, variable.as_deref()))]
    Archive {
        /// The file.
        path: PathBuf,
        /// The cell, where it is one's.
        cell: Option<Cell>,
        /// The variable, where it is one's.
        variable: Option<String>,
        /// What is wrong.
        reason: String,
        /// Whether it is a file of another kind.
        is_other: bool,
    },
    /// What stands in the spool is not what was written there.
    #[error("the spool's file {} cannot be used: {reason}", path.display())]
    Spool {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: Reason,
    },
    /// What lies in an output folder is not what gridloom puts there.
    #[error("{} is not used: {reason}", path.display())]
    Foreign {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file that was published, and that others are made of, is damaged.
    #[error("{} is damaged: {reason}", path.display())]
    Published {
        /// The file.
        path: PathBuf,
        /// What tells.
        reason: String,
    },
    /// What is read is not what was opened.
    #[error("{} was changed since it was opened: {reason}", path.display())]
    Changed {
        /// The file or folder.
        path: PathBuf,
        /// What tells.
        reason: String,
    },
    /// The spool is of another version of gridloom.
    #[error("the spool {} was made by gridloom {version}, this is {}", path.display(), env!("CARGO_PKG_VERSION"))]
    SpoolVersion {
        /// The spool's folder.
        path: PathBuf,
        /// The version.
        version: String,
    },
    /// The output folder holds work that was begun with other settings.
    #[error("{} was begun with other settings: {}", path.display(), differences.join("; "))]
    SettingsDiffer {
        /// The output folder.
        path: PathBuf,
        /// What differs.
        differences: Vec<String>,
    },
    /// Published files would be replaced by some that hold less.
    #[error("{} would lose what it holds: {}; in {files}", path.display(), losses.join("; "))]
    WouldLose {
        /// The output folder, or the archive.
        path: PathBuf,
        /// The files, in words.
        files: String,
        /// What would be lost, in words.
        losses: Vec<String>,
    },
    /// Another process works in the output folder.
    #[error("another gridloom works in {}: {owner}", path.display())]
    Locked {
        /// The output folder.
        path: PathBuf,
        /// Who.
        owner: String,
    },
    /// Another process took this one for dead and works in its place.
    #[error("{} is not this process's any more: it was silent for too long", path.display())]
    LockLost {
        /// The lock.
        path: PathBuf,
    },
    /// The output folder has no work to publish or to look at.
    #[error("{} has no checkpoint (.gridloom)", path.display())]
    NoSpool {
        /// The output folder.
        path: PathBuf,
    },
    /// There is work left before files can be published.
    #[error("{done} of {units} {} done{missing}", if *units == 1 { "unit is" } else { "units are" })]
    Unfinished {
        /// Units done.
        done: u64,
        /// All units.
        units: u64,
        /// Which tasks have to run again, in words.
        missing: String,
    },
    /// A database could not be loaded.
    #[cfg(feature = "postgres")]
    #[error("cannot use the database {target}")]
    Database {
        /// Its address, without the password.
        target: String,
        /// What is wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
        /// The cure, where there is one.
        hint: Option<String>,
        /// Whether what was asked for is wrong, and not the server.
        is_usage: bool,
    },
    /// Work that is kept whole or not at all was stopped on request.
    #[error("stopped with {done} of {cells} {} done; nothing is kept", if *cells == 1 { "cell" } else { "cells" })]
    StoppedAnew {
        /// Cells done.
        done: u64,
        /// All cells.
        cells: u64,
    },
    /// The work was stopped on request.
    #[error("stopped with {done} of {units} {} done", if *units == 1 { "unit" } else { "units" })]
    Stopped {
        /// Units done.
        done: u64,
        /// All units.
        units: u64,
    },
}

impl Trouble {
    /// The kind of the error.
    pub(super) fn kind(&self) -> ErrorKind {
        match self {
            Trouble::Io { action, source, .. } => kind_of_io(action, source.kind()),
            Trouble::Bug(_) => ErrorKind::Bug,
            Trouble::Dump {
                source: DumpError::TooLarge { .. } | DumpError::TooManyValues { .. }, ..
            } => ErrorKind::Limit,
            Trouble::Dump { .. } | Trouble::Archive { .. } | Trouble::Published { .. } => ErrorKind::Damaged,
            Trouble::NotARun { .. } => ErrorKind::NotASource,
            Trouble::NothingUsable { .. } => ErrorKind::NothingUsable,
            Trouble::Selection { .. } => ErrorKind::Argument,
            Trouble::OverlappingPeriods { .. } => ErrorKind::Overlap,
            Trouble::MixedRuns { .. } | Trouble::OtherRun { .. } => ErrorKind::Mixed,
            Trouble::Config { .. } => ErrorKind::Config,
            Trouble::OutputNotEmpty { .. } | Trouble::OutputExists { .. } => ErrorKind::Occupied,
            Trouble::OutputIsFolder { .. } => ErrorKind::WrongPlace,
            Trouble::Memory { .. } => ErrorKind::Memory,
            Trouble::Netcdf { .. } | Trouble::Table { .. } => ErrorKind::Library,
            Trouble::Spool { .. } => ErrorKind::Checkpoint,
            Trouble::Foreign { .. } => ErrorKind::Foreign,
            Trouble::Changed { .. } => ErrorKind::Changed,
            Trouble::SpoolVersion { .. } | Trouble::SettingsDiffer { .. } => ErrorKind::Begun,
            Trouble::WouldLose { .. } => ErrorKind::WouldLose,
            Trouble::Locked { .. } | Trouble::LockLost { .. } => ErrorKind::Busy,
            Trouble::NoSpool { .. } => ErrorKind::NoCheckpoint,
            Trouble::Unfinished { .. } => ErrorKind::Unfinished,
            #[cfg(feature = "postgres")]
            Trouble::Database { is_usage: true, .. } => ErrorKind::DatabaseRequest,
            #[cfg(feature = "postgres")]
            Trouble::Database { .. } => ErrorKind::Database,
            Trouble::StoppedAnew { .. } | Trouble::Stopped { .. } => ErrorKind::Stopped,
        }
    }

    /// The file or folder that it is about.
    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Trouble::Io { path, .. }
            | Trouble::Dump { path, .. }
            | Trouble::NotARun { path, .. }
            | Trouble::NothingUsable { path, .. }
            | Trouble::MixedRuns { path, .. }
            | Trouble::OtherRun { path, .. }
            | Trouble::Config { path, .. }
            | Trouble::OutputNotEmpty { path }
            | Trouble::OutputIsFolder { path }
            | Trouble::OutputExists { path, .. }
            | Trouble::Netcdf { path, .. }
            | Trouble::Table { path, .. }
            | Trouble::Archive { path, .. }
            | Trouble::Spool { path, .. }
            | Trouble::Foreign { path, .. }
            | Trouble::Changed { path, .. }
            | Trouble::Published { path, .. }
            | Trouble::SpoolVersion { path, .. }
            | Trouble::SettingsDiffer { path, .. }
            | Trouble::WouldLose { path, .. }
            | Trouble::Locked { path, .. }
            | Trouble::LockLost { path }
            | Trouble::NoSpool { path } => Some(path),
            Trouble::Bug(_)
            | Trouble::Selection { .. }
            | Trouble::OverlappingPeriods { .. }
            | Trouble::Memory { .. }
            | Trouble::Unfinished { .. }
            | Trouble::StoppedAnew { .. }
            | Trouble::Stopped { .. } => None,
            #[cfg(feature = "postgres")]
            Trouble::Database { .. } => None,
        }
    }

    /// The cell that it is about.
    pub(super) fn cell(&self) -> Option<Cell> {
        match self {
            Trouble::Archive { cell, .. } => *cell,
            Trouble::Selection { argument: Argument::Cell, value, .. } => value.parse().ok(),
            _ => None,
        }
    }

    /// The period that it is about: of two, the one that is in the way of the other.
    pub(super) fn period(&self) -> Option<u32> {
        match self {
            Trouble::OverlappingPeriods { second, .. } => Some(second.0),
            _ => None,
        }
    }

    /// The variable that it is about.
    pub(super) fn variable(&self) -> Option<&str> {
        match self {
            Trouble::Archive { variable, .. } => variable.as_deref(),
            Trouble::Selection { argument: Argument::Variable, value, .. } if !value.is_empty() => {
                Some(value)
            }
            _ => None,
        }
    }

    /// The argument that is wrong.
    pub(super) fn argument(&self) -> Option<Argument> {
        match self {
            Trouble::Selection { argument, .. } => Some(*argument),
            _ => None,
        }
    }

    /// The message, with arguments by other names than the library's.
    pub(super) fn told(&self, name: impl Fn(Argument) -> &'static str) -> String {
        match self {
            Trouble::Selection { argument, value, reason } => {
                format!("{}{}: {}", name(*argument), quoted(value), reason.told(name))
            }
            Trouble::Config { path, reason } => {
                Trouble::Config { path: path.clone(), reason: reason.told(name).into() }.to_string()
            }
            Trouble::Spool { path, reason } => {
                Trouble::Spool { path: path.clone(), reason: reason.told(name).into() }.to_string()
            }
            _ => self.to_string(),
        }
    }
}

fn kind_of_io(action: &str, kind: std::io::ErrorKind) -> ErrorKind {
    use std::io::ErrorKind as System;
    match (action, kind) {
        ("list" | "read", System::NotFound) => ErrorKind::NotFound,
        ("make the folder", System::AlreadyExists) => ErrorKind::WrongPlace,
        (_, System::NotADirectory | System::IsADirectory) => ErrorKind::WrongPlace,
        _ => ErrorKind::Io,
    }
}

/// A value in quotes; nothing where nothing was given.
fn quoted(value: &str) -> String {
    if value.is_empty() { String::new() } else { format!(" {value:?}") }
}

/// Parts of a run, a line each.
fn listed(parts: &[(String, String)]) -> String {
    parts.iter().map(|(periods, text)| format!("\n  periods {periods}: {text}")).collect()
}

/// A place in an archive, in words.
fn place(cell: Option<Cell>, variable: Option<&str>) -> String {
    let cell = cell.map(|cell| format!(", cell {cell}")).unwrap_or_default();
    variable.map_or(cell.clone(), |variable| format!("{cell}, {variable}"))
}
