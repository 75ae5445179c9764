//! What can go wrong, where, and what to do about it.

mod argument;
mod kind;

use std::path::{Path, PathBuf};

use crate::dump::DumpError;
use crate::model::calendar::Date;
use crate::model::fault::FaultKind;
use crate::model::grid::Cell;
use crate::words::many;

pub use argument::{Argument, Reason};
pub use kind::ErrorKind;

/// The library's error. [`Error::hint`] tells the cure where there is one that the library can give.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
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
    #[error("{} is not a run: it has no gridcell folders (grd_Y-X)", path.display())]
    NotARun {
        /// The folder.
        path: PathBuf,
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
        reason: String,
    },
    /// A table could not be made or written.
    #[error("{}: cannot {action}: {reason}", path.display())]
    Table {
        /// The file, or what was to become one.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// Why it failed.
        reason: String,
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

impl Error {
    /// What the system said when a file or folder was read, written, or what else `action` names.
    pub fn io(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        use std::io::ErrorKind;
        // The system's words do not say which is none.
        let words = match (action, source.kind()) {
            _ if source.raw_os_error().is_none() => None,
            ("list", ErrorKind::NotADirectory) => Some("it is not a folder"),
            ("make the folder", ErrorKind::AlreadyExists) => Some("it is a file, where a folder is wanted"),
            (_, ErrorKind::NotADirectory) => Some("a folder of its path is a file"),
            (_, ErrorKind::IsADirectory) => Some("it is a folder, where a file is wanted"),
            _ => None,
        };
        let source = words.map(|words| std::io::Error::new(source.kind(), words)).unwrap_or(source);
        Error::Io { action, path: path.to_owned(), source }
    }

    pub(crate) fn archive(
        path: &Path,
        cell: Option<Cell>,
        variable: Option<&str>,
        reason: impl Into<String>,
    ) -> Self {
        let (path, variable) = (path.to_owned(), variable.map(str::to_owned));
        Error::Archive { path, cell, variable, reason: reason.into() }
    }

    /// A request that cannot be understood, or matches nothing.
    pub fn selection(argument: Argument, value: impl ToString, reason: impl Into<Reason>) -> Self {
        Error::Selection { argument, value: value.to_string(), reason: reason.into() }
    }

    #[cfg(feature = "netcdf")]
    pub(crate) fn table(reason: impl ToString) -> Self {
        Error::Table { path: PathBuf::from("a table"), action: "encode rows", reason: reason.to_string() }
    }

    /// What a library says that writes a table. Where the system refused it something, that is among the causes; HDF5 tells
    /// it in its text alone.
    #[cfg(feature = "netcdf")]
    pub(crate) fn table_file(path: &Path, error: &(dyn std::error::Error + 'static)) -> Self {
        let mut causes = std::iter::successors(Some(error), |cause| cause.source());
        let by_system = causes.find_map(|cause| cause.downcast_ref::<std::io::Error>()?.raw_os_error());
        let reason = error.to_string();
        match by_system.or_else(|| errno_of_hdf5(&reason)) {
            Some(number) => Self::io("write", path, std::io::Error::from_raw_os_error(number)),
            None => Error::Table { path: path.to_owned(), action: "write", reason },
        }
    }

    /// The file or folder that it is about, where it is about one: of two, the one that is in the way.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Error::Io { path, .. }
            | Error::Dump { path, .. }
            | Error::NotARun { path, .. }
            | Error::NothingUsable { path, .. }
            | Error::MixedRuns { path, .. }
            | Error::OtherRun { path, .. }
            | Error::Config { path, .. }
            | Error::OutputNotEmpty { path }
            | Error::OutputIsFolder { path }
            | Error::OutputExists { path, .. }
            | Error::Netcdf { path, .. }
            | Error::Table { path, .. }
            | Error::Archive { path, .. }
            | Error::Spool { path, .. }
            | Error::Foreign { path, .. }
            | Error::SpoolVersion { path, .. }
            | Error::SettingsDiffer { path, .. }
            | Error::WouldLose { path, .. }
            | Error::Locked { path, .. }
            | Error::LockLost { path }
            | Error::NoSpool { path } => Some(path),
            Error::Bug(_)
            | Error::Selection { .. }
            | Error::OverlappingPeriods { .. }
            | Error::Memory { .. }
            | Error::Unfinished { .. }
            | Error::StoppedAnew { .. }
            | Error::Stopped { .. } => None,
            #[cfg(feature = "postgres")]
            Error::Database { .. } => None,
        }
    }

    /// The cell that it is about, where it is about one.
    pub fn cell(&self) -> Option<Cell> {
        match self {
            Error::Archive { cell, .. } => *cell,
            _ => None,
        }
    }

    /// The message with those of its causes, for a line in which nothing else names them.
    pub fn in_full(&self) -> String {
        let causes = std::iter::successors(std::error::Error::source(self), |cause| cause.source());
        causes.fold(self.to_string(), |text, cause| format!("{text}: {cause}"))
    }

    /// What can be done about it, where that takes no more than the library; a program has cures of its own.
    pub fn hint(&self) -> Option<String> {
        use std::io::ErrorKind;
        Some(match self {
            Error::Io { source, path, .. } => match source.kind() {
                ErrorKind::NotFound => format!("check the spelling of {}", path.display()),
                ErrorKind::PermissionDenied => {
                    "you may not do that there; choose another folder or ask for the rights".into()
                }
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                    "make room, or choose an output on another disk".into()
                }
                ErrorKind::FileTooLarge => {
                    "raise the limit on the size of a file (`ulimit -f`), or choose another disk".into()
                }
                ErrorKind::ReadOnlyFilesystem => "choose an output that can be written".into(),
                _ => return None,
            },
            Error::NotARun { nested: Some(nested), .. } => format!("did you mean {}?", nested.display()),
            Error::NotARun { .. } => "give the folder that holds the grd_Y-X folders".into(),
            Error::OutputIsFolder { path } => {
                format!("give the name of a file, which may be in it: {}", path.join("NAME").display())
            }
            Error::Netcdf { action, reason, .. } if action == "open" && reason.contains("open for writing") => {
                "wait until that is done; HDF5_USE_FILE_LOCKING=FALSE reads it all the same".into()
            }
            Error::Netcdf { reason, .. } | Error::Table { reason, .. } if reason.contains("damaged") => {
                "make the file again, or take it from a copy".into()
            }
            // HDF5 says no more of a file that is locked, nor of one that is none.
            Error::Netcdf { action, reason, .. } if action == "open" && reason.contains("HDF error") => {
                "it is damaged, or a program has it open for writing: wait until that is done, or make the file again"
                    .into()
            }
            Error::Foreign { .. } => {
                "look at what it is, and remove it or choose another folder; it was not touched".into()
            }
            // An archive is a file; it is locked while it is changed, which takes no longer than the change.
            Error::Locked { path, .. } if path.is_file() => "wait for it; reading goes on meanwhile".into(),
            Error::Unfinished { .. } => {
                "run what is missing, then publish again; nothing that is done is lost".into()
            }
            #[cfg(feature = "postgres")]
            Error::Database { hint, .. } => return hint.clone(),
            _ => return None,
        })
    }
}

/// What is said of a file that the library of NetCDF does not know.
#[cfg(feature = "netcdf")]
pub const NOT_NETCDF: &str = "it is not a NetCDF file";

/// The number of the system's error in what HDF5 says, which has no other way to tell it.
#[cfg(feature = "netcdf")]
pub(crate) fn errno_of_hdf5(text: &str) -> Option<i32> {
    let (_, rest) = text.split_once("errno = ")?;
    let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
    rest.get(..end)?.parse().ok().filter(|&number| number != 0)
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

/// The library's result.
pub type Result<T> = std::result::Result<T, Error>;
