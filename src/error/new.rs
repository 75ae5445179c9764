//! Making errors: a function for each way in which something goes wrong.

use std::path::{Path, PathBuf};

use crate::dump::DumpError;
use crate::model::calendar::Date;
use crate::model::fault::FaultKind;
use crate::model::grid::Cell;

use super::trouble::Trouble;
#[cfg(feature = "netcdf")]
use super::verdict::Verdict;
use super::{Argument, Error, Reason};

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
        Trouble::Io { action, path: path.to_owned(), source }.into()
    }

    /// A request that cannot be understood, or matches nothing.
    pub fn selection(argument: Argument, value: impl ToString, reason: impl Into<Reason>) -> Self {
        Trouble::Selection { argument, value: value.to_string(), reason: reason.into() }.into()
    }

    /// A file of settings, or a list, is wrong.
    pub fn config(path: impl Into<PathBuf>, reason: impl Into<Reason>) -> Self {
        Trouble::Config { path: path.into(), reason: reason.into() }.into()
    }

    pub(crate) fn bug(text: impl Into<String>) -> Self {
        Trouble::Bug(text.into()).into()
    }

    pub(crate) fn archive(
        path: &Path,
        cell: Option<Cell>,
        variable: Option<&str>,
        reason: impl Into<String>,
    ) -> Self {
        let (path, variable) = (path.to_owned(), variable.map(str::to_owned));
        Trouble::Archive { path, cell, variable, reason: reason.into(), is_other: false }.into()
    }

    pub(crate) fn other_archive(path: &Path, reason: impl Into<String>) -> Self {
        let (path, reason) = (path.to_owned(), reason.into());
        Trouble::Archive { path, cell: None, variable: None, reason, is_other: true }.into()
    }

    pub(crate) fn dump(path: impl Into<PathBuf>, source: DumpError) -> Self {
        Trouble::Dump { path: path.into(), source }.into()
    }

    pub(crate) fn not_a_run(path: &Path, folders: &'static str, nested: Option<PathBuf>) -> Self {
        Trouble::NotARun { path: path.to_owned(), folders, nested }.into()
    }

    pub(crate) fn nothing_usable(
        path: impl Into<PathBuf>,
        reason: impl Into<String>,
        limit: Option<FaultKind>,
    ) -> Self {
        Trouble::NothingUsable { path: path.into(), reason: reason.into(), limit }.into()
    }

    pub(crate) fn overlapping_periods(first: (u32, Date, Date), second: (u32, Date, Date)) -> Self {
        Trouble::OverlappingPeriods { first, second }.into()
    }

    pub(crate) fn mixed_runs(
        path: impl Into<PathBuf>,
        reasons: Vec<String>,
        parts: Vec<(String, String)>,
    ) -> Self {
        Trouble::MixedRuns { path: path.into(), reasons, parts }.into()
    }

    pub(crate) fn other_run(
        path: impl Into<PathBuf>,
        of: String,
        run: impl Into<PathBuf>,
        reason: String,
    ) -> Self {
        Trouble::OtherRun { path: path.into(), of, run: run.into(), reason }.into()
    }

    pub(crate) fn output_not_empty(path: impl Into<PathBuf>) -> Self {
        Trouble::OutputNotEmpty { path: path.into() }.into()
    }

    pub(crate) fn output_is_folder(path: impl Into<PathBuf>) -> Self {
        Trouble::OutputIsFolder { path: path.into() }.into()
    }

    #[cfg_attr(not(feature = "figures"), allow(dead_code, reason = "what draws figures needs it"))]
    pub(crate) fn output_exists(path: impl Into<PathBuf>, what: &'static str) -> Self {
        Trouble::OutputExists { path: path.into(), what }.into()
    }

    pub(crate) fn memory(budget: u64, needed: u64) -> Self {
        Trouble::Memory { budget, needed }.into()
    }

    pub(crate) fn spool(path: impl Into<PathBuf>, reason: impl Into<Reason>) -> Self {
        Trouble::Spool { path: path.into(), reason: reason.into() }.into()
    }

    pub(crate) fn foreign(path: impl Into<PathBuf>, reason: impl Into<String>) -> Self {
        Trouble::Foreign { path: path.into(), reason: reason.into() }.into()
    }

    #[cfg(feature = "netcdf")]
    pub(crate) fn published(path: impl Into<PathBuf>, reason: impl Into<String>) -> Self {
        Trouble::Published { path: path.into(), reason: reason.into() }.into()
    }

    pub(crate) fn changed(path: impl Into<PathBuf>, reason: impl Into<String>) -> Self {
        Trouble::Changed { path: path.into(), reason: reason.into() }.into()
    }

    pub(crate) fn spool_version(path: impl Into<PathBuf>, version: String) -> Self {
        Trouble::SpoolVersion { path: path.into(), version }.into()
    }

    pub(crate) fn would_lose(
        path: impl Into<PathBuf>,
        files: impl Into<String>,
        losses: Vec<String>,
    ) -> Self {
        Trouble::WouldLose { path: path.into(), files: files.into(), losses }.into()
    }

    pub(crate) fn locked(path: impl Into<PathBuf>, owner: String) -> Self {
        Trouble::Locked { path: path.into(), owner }.into()
    }

    pub(crate) fn lock_lost(path: impl Into<PathBuf>) -> Self {
        Trouble::LockLost { path: path.into() }.into()
    }

    pub(crate) fn stopped(done: u64, units: u64) -> Self {
        Trouble::Stopped { done, units }.into()
    }

    pub(crate) fn stopped_anew(done: u64, cells: u64) -> Self {
        Trouble::StoppedAnew { done, cells }.into()
    }

    pub(crate) fn unfinished(done: u64, units: u64, missing: String) -> Self {
        Trouble::Unfinished { done, units, missing }.into()
    }
}

/// Those of work that writes NetCDF files and tables.
#[cfg(feature = "netcdf")]
impl Error {
    pub(crate) fn settings_differ(path: impl Into<PathBuf>, differences: Vec<String>) -> Self {
        Trouble::SettingsDiffer { path: path.into(), differences }.into()
    }

    pub(crate) fn no_spool(path: impl Into<PathBuf>) -> Self {
        Trouble::NoSpool { path: path.into() }.into()
    }

    pub(crate) fn netcdf(
        path: impl Into<PathBuf>,
        action: impl Into<String>,
        reason: impl Into<Verdict>,
    ) -> Self {
        Trouble::Netcdf { path: path.into(), action: action.into(), reason: reason.into() }.into()
    }

    pub(crate) fn table(reason: impl ToString) -> Self {
        Self::in_table("a table", "encode rows", reason.to_string())
    }

    pub(crate) fn in_table(
        path: impl Into<PathBuf>,
        action: &'static str,
        reason: impl Into<Verdict>,
    ) -> Self {
        Trouble::Table { path: path.into(), action, reason: reason.into() }.into()
    }

    /// What a library says that writes a table. Where the system refused it something, that is among the causes; HDF5 tells
    /// it in its text alone.
    pub(crate) fn table_file(path: &Path, error: &(dyn std::error::Error + 'static)) -> Self {
        let mut causes = std::iter::successors(Some(error), |cause| cause.source());
        let by_system = causes.find_map(|cause| cause.downcast_ref::<std::io::Error>()?.raw_os_error());
        let reason = error.to_string();
        match by_system.or_else(|| errno_of_hdf5(&reason)) {
            Some(number) => Self::io("write", path, std::io::Error::from_raw_os_error(number)),
            None => Self::in_table(path, "write", reason),
        }
    }

    /// What a form of grids says, gridloom's own or somebody else's.
    pub(crate) fn in_grid(path: &Path, action: &str, failure: super::Failure) -> Self {
        let failure = match failure.downcast::<Error>() {
            Ok(own) => return *own,
            Err(failure) => failure,
        };
        let error: &(dyn std::error::Error + 'static) = failure.as_ref();
        let mut causes = std::iter::successors(Some(error), |cause| cause.source());
        match causes.find_map(|cause| cause.downcast_ref::<std::io::Error>()?.raw_os_error()) {
            Some(number) => Self::io("write", path, std::io::Error::from_raw_os_error(number)),
            None => Self::netcdf(path, action, failure.to_string()),
        }
    }
}

/// The number of the system's error in what HDF5 says, which has no other way to tell it.
#[cfg(feature = "netcdf")]
fn errno_of_hdf5(text: &str) -> Option<i32> {
    let (_, rest) = text.split_once("errno = ")?;
    let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
    rest.get(..end)?.parse().ok().filter(|&number| number != 0)
}
