//! What can be done about an error.

use std::fmt;

use crate::dump::DumpError;
use crate::model::fault::FaultKind;
use crate::model::grid::Cell;

use super::trouble::Trouble;
use super::verdict::Cause;

/// What can be done about an error. Its words name what the library has; a program that has commands, options or buttons for it says
/// the same in its own.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cure {
    /// Something outside of gridloom, in words.
    Do(String),
    /// Make the table of this name first.
    MakeTable(&'static str),
    /// Allow dumps to decode to more bytes.
    AllowMoreBytes,
    /// Allow dumps to hold more values.
    AllowMoreValues,
    /// Have all dumps of the run looked at, to see which are damaged.
    SurveyDumps,
    /// Have all files of the run looked at, to see what they are.
    SurveyFiles,
    /// Select one of two periods that hold the same dates.
    SelectPeriod(u32, u32),
    /// Select periods of one run, each given as numbers and ranges, or all to take them as one run.
    SelectRun(Vec<String>),
    /// Allow another run.
    AllowOtherRun,
    /// Allow the file to be replaced, or choose another name.
    ReplaceFile,
    /// Allow the outputs in the folder to be replaced, or choose another one.
    ReplaceOutputs,
    /// Allow so many bytes of memory, or fewer threads.
    MoreMemory(u64),
    /// Make this cell of the archive again.
    RemakeCell(Cell),
    /// Give a run or an archive of one in the place of this file.
    GiveArchive,
    /// Give a file of grids, or the folder that it is in.
    GiveGrid,
    /// Do it again, and afresh where that does not help.
    StartAfresh,
    /// Finish with the version of gridloom that began, or start afresh.
    FinishWithVersion,
    /// Give the settings that the work was begun with, or start afresh.
    GiveSameSettings,
    /// Look for what is missing, or allow files that hold less.
    AllowLess,
    /// Wait for the process that works there.
    Wait,
    /// Leave the work to the process that has taken it.
    LeaveToOther,
    /// Give a folder in which work was begun.
    GiveBegun,
    /// The same work continues.
    Continue,
    /// The same work begins again; no file has changed.
    BeginAgain,
}

impl Cure {
    pub(super) fn of(trouble: &Trouble) -> Option<Self> {
        use std::io::ErrorKind;
        Some(match trouble {
            Trouble::Io { source, path, .. } => match source.kind() {
                ErrorKind::NotFound if path.ends_with("biomass.parquet") => Cure::MakeTable("biomass"),
                ErrorKind::NotFound => Cure::Do(format!("check the spelling of {}", path.display())),
                ErrorKind::PermissionDenied => {
                    words("you may not do that there; choose another folder or ask for the rights")
                }
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                    words("make room, or choose an output on another disk")
                }
                ErrorKind::FileTooLarge => {
                    words("raise the limit on the size of a file (`ulimit -f`), or choose another disk")
                }
                ErrorKind::ReadOnlyFilesystem => words("choose an output that can be written"),
                _ => return None,
            },
            Trouble::Dump { source: DumpError::TooLarge { .. }, .. }
            | Trouble::NothingUsable { limit: Some(FaultKind::TooLarge), .. } => Cure::AllowMoreBytes,
            Trouble::Dump { source: DumpError::TooManyValues { .. }, .. }
            | Trouble::NothingUsable { limit: Some(FaultKind::TooManyValues), .. } => Cure::AllowMoreValues,
            Trouble::Dump { .. } => Cure::SurveyDumps,
            Trouble::NothingUsable { .. } => Cure::SurveyFiles,
            Trouble::OverlappingPeriods { first, second } => Cure::SelectPeriod(second.0, first.0),
            Trouble::OtherRun { .. } => Cure::AllowOtherRun,
            Trouble::MixedRuns { parts, .. } => {
                Cure::SelectRun(parts.iter().map(|(periods, _)| periods.clone()).collect())
            }
            Trouble::OutputNotEmpty { path } if path.is_dir() => Cure::ReplaceOutputs,
            Trouble::OutputNotEmpty { .. } | Trouble::OutputExists { .. } => Cure::ReplaceFile,
            Trouble::Memory { needed, .. } => Cure::MoreMemory(*needed),
            Trouble::Archive { cell: Some(cell), .. } => Cure::RemakeCell(*cell),
            Trouble::Archive { is_other: true, .. } => Cure::GiveArchive,
            Trouble::Spool { .. } => Cure::StartAfresh,
            Trouble::SpoolVersion { .. } => Cure::FinishWithVersion,
            Trouble::SettingsDiffer { .. } => Cure::GiveSameSettings,
            Trouble::WouldLose { .. } => Cure::AllowLess,
            // An archive is a file; it is locked while it is changed, which takes no longer than the change.
            Trouble::Locked { path, .. } if path.is_file() => words("wait for it; reading goes on meanwhile"),
            Trouble::Locked { .. } => Cure::Wait,
            Trouble::LockLost { .. } => Cure::LeaveToOther,
            Trouble::NoSpool { .. } => Cure::GiveBegun,
            Trouble::Stopped { .. } => Cure::Continue,
            Trouble::StoppedAnew { .. } => Cure::BeginAgain,
            Trouble::NotARun { nested: Some(nested), .. } => {
                Cure::Do(format!("did you mean {}?", nested.display()))
            }
            Trouble::NotARun { folders, .. } => {
                Cure::Do(format!("give the folder that holds the {folders} folders"))
            }
            Trouble::OutputIsFolder { path } => Cure::Do(format!(
                "give the name of a file, which may be in it: {}",
                path.join("NAME").display()
            )),
            Trouble::Netcdf { reason, .. } | Trouble::Table { reason, .. } => {
                return of_cause(reason.cause);
            }
            Trouble::Published { path, .. } => Cure::Do(format!(
                "remove {} and give the same command again, which makes it anew",
                path.display()
            )),
            Trouble::Changed { .. } => words("open it again"),
            Trouble::Foreign { .. } => {
                words("look at what it is, and remove it or choose another folder; it was not touched")
            }
            Trouble::Unfinished { .. } => {
                words("run what is missing, then publish again; nothing that is done is lost")
            }
            #[cfg(feature = "postgres")]
            Trouble::Database { hint, .. } => Cure::Do(hint.clone()?),
            _ => return None,
        })
    }
}

fn of_cause(cause: Cause) -> Option<Cure> {
    match cause {
        Cause::Unknown => None,
        #[cfg(feature = "netcdf")]
        Cause::NotNetcdf => Some(Cure::GiveGrid),
        #[cfg(feature = "netcdf")]
        Cause::Written => {
            Some(words("wait until that is done; HDF5_USE_FILE_LOCKING=FALSE reads it all the same"))
        }
        #[cfg(feature = "netcdf")]
        Cause::Damaged => Some(words("make the file again, or take it from a copy")),
        #[cfg(feature = "netcdf")]
        Cause::Unclear => Some(words(
            "it is damaged, or a program has it open for writing: wait until that is done, or make the file again",
        )),
    }
}

fn words(text: &str) -> Cure {
    Cure::Do(text.to_owned())
}

impl fmt::Display for Cure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Cure::Do(text) => text,
            Cure::MakeTable(name) => return write!(f, "make the table {name} of the run"),
            Cure::AllowMoreBytes => "where the dumps are sound, raise the limit of decoded bytes",
            Cure::AllowMoreValues => "where the dumps are sound, raise the limit of values",
            Cure::SurveyDumps => "a deep survey of the run lists all its damaged dumps",
            Cure::SurveyFiles => "a deep survey of the run tells what each of its files is",
            Cure::SelectPeriod(one, other) => {
                return write!(
                    f,
                    "repeated spin-ups hold the same dates; select period {one} or period {other}, or make tables of each period by itself"
                );
            }
            Cure::SelectRun(parts) => {
                return write!(
                    f,
                    "select the periods {}, or all to take them as one run",
                    parts.join(" or ")
                );
            }
            Cure::AllowOtherRun => {
                "allow another run to put its cells into the archive all the same, or write an archive of its own"
            }
            Cure::ReplaceFile => "choose another name, or allow to replace the file",
            Cure::ReplaceOutputs => "choose another folder, or allow to replace the outputs in this one",
            Cure::MoreMemory(bytes) => {
                return write!(
                    f,
                    "allow {} MiB of memory or more, or fewer threads",
                    bytes.div_ceil(1 << 20)
                );
            }
            Cure::RemakeCell(cell) => {
                return write!(
                    f,
                    "verifying the archive names all that is damaged; replace cell {cell} from its dumps"
                );
            }
            Cure::GiveArchive => "give a run, or an archive of one",
            Cure::GiveGrid => "give a file of grids that gridloom made, or the folder that it is in",
            Cure::StartAfresh => "do it again; if it stays so, start afresh",
            Cure::FinishWithVersion => "finish with that version, start afresh, or choose another folder",
            Cure::GiveSameSettings => {
                "give the same settings to continue, start afresh, or choose another folder"
            }
            Cure::AllowLess => {
                "see whether the run is all there (a folder deleted, a disk not mounted, dumps that were cut); start afresh to \
                 replace the files by what there is now, or choose another output"
            }
            Cure::Wait => "wait for it, or choose another folder; its status tells how far it is",
            Cure::LeaveToOther => "the other process goes on with the work; its status tells how far it is",
            Cure::GiveBegun => "give the folder that grids or tables were made in",
            Cure::Continue => "the same call continues",
            Cure::BeginAgain => "the same call begins again; no file has changed",
        };
        f.write_str(text)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::error::Error;

    /// What users meet most has a cure of its own, so that a program need not look at messages.
    #[test]
    fn cures_follow_from_what_is_wrong() {
        let cell: Cell = "160-231".parse().expect("a cell");
        let date = |text: &str| text.parse().expect("a date");
        let period = |number| (number, date("1979-01-01"), date("1979-12-31"));
        let parts = vec![("1".to_owned(), "old".to_owned()), ("2-3".to_owned(), "new".to_owned())];
        let lost = |path: &str| {
            let source = std::io::Error::from_raw_os_error(nix::libc::ENOENT);
            Error::io("read", Path::new(path), source)
        };
        let here = Path::new("/");
        for (error, cure) in [
            (Error::memory(1, 3 << 20), Cure::MoreMemory(3 << 20)),
            (lost("a/b"), Cure::Do("check the spelling of a/b".into())),
            (lost("a/biomass.parquet"), Cure::MakeTable("biomass")),
            (Error::nothing_usable(here, "empty", None), Cure::SurveyFiles),
            (Error::nothing_usable(here, "", Some(FaultKind::TooLarge)), Cure::AllowMoreBytes),
            (Error::dump(here, DumpError::TooManyValues { limit: 1 }), Cure::AllowMoreValues),
            (Error::output_not_empty(here), Cure::ReplaceOutputs),
            (Error::output_not_empty("no/such.nc"), Cure::ReplaceFile),
            (Error::overlapping_periods(period(1), period(2)), Cure::SelectPeriod(2, 1)),
            (Error::mixed_runs(here, Vec::new(), parts), Cure::SelectRun(vec!["1".into(), "2-3".into()])),
            (Error::archive(here, Some(cell), None, "its checksum is wrong"), Cure::RemakeCell(cell)),
            (Error::other_archive(here, "it is something else"), Cure::GiveArchive),
            (Error::stopped(1, 2), Cure::Continue),
        ] {
            assert_eq!(error.cure(), Some(cure), "{error}");
        }
        assert_eq!(Error::archive(here, None, None, "it is not an archive").cure(), None);
    }

    /// The library's numbers decide, and not its words.
    #[cfg(feature = "netcdf")]
    #[test]
    fn libraries_numbers_decide_of_cures() {
        use crate::error::Verdict;
        let of = |reason: Verdict| Error::netcdf(Path::new("a.nc"), "open", reason).cure();
        assert_eq!(of(netcdf::Error::Netcdf(-51).into()), Some(Cure::GiveGrid));
        assert_eq!(of("it is damaged, or open for writing: HDF error".into()), None);
        let said = |reason: Verdict| of(reason).map(|cure| cure.to_string()).unwrap_or_default();
        assert!(said(netcdf::Error::Netcdf(-101).into()).contains("damaged, or a program has it open"));
        assert!(said(Verdict::damaged("cut")).contains("make the file again"));
        assert!(said(Verdict::written("busy")).contains("wait until that is done"));
    }
}
