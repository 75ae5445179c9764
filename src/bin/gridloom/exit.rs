//! How the program ends, and with which error.

use std::process::ExitCode;

use gridloom::ErrorKind;

use super::mistake::Mistake;

/// How the program ends. Scripts may rely on these numbers; `docs/exit-codes.md` lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All that was asked for is done.
    Complete = 0,
    /// It could not be done: disk, memory, a library.
    Failed = 1,
    /// The command line or a configuration is wrong, or selects nothing.
    Usage = 2,
    /// Done, but some inputs were missing or damaged; the report names them.
    Incomplete = 3,
    /// `verify` found differences.
    Different = 4,
    /// `publish` found work that is left to do; `figures --check` figures that are out of date.
    Unfinished = 5,
    /// Stopped by a signal; the same command continues. EX_TEMPFAIL of sysexits.h.
    Stopped = 75,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

impl Exit {
    /// How an error ends it.
    pub(crate) fn of(error: &anyhow::Error) -> Self {
        match (error.downcast_ref::<gridloom::Error>(), error.is::<Mistake>()) {
            (Some(error), _) => Exit::of_kind(error.kind()),
            (_, true) => Exit::Usage,
            _ => Exit::Failed,
        }
    }

    /// How a kind of the library's errors ends it.
    fn of_kind(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Argument
            | ErrorKind::Begun
            | ErrorKind::Config
            | ErrorKind::DatabaseRequest
            | ErrorKind::Memory
            | ErrorKind::Mixed
            | ErrorKind::NoCheckpoint
            | ErrorKind::NotASource
            | ErrorKind::NotFound
            | ErrorKind::Occupied
            | ErrorKind::Overlap
            | ErrorKind::WouldLose
            | ErrorKind::WrongPlace => Exit::Usage,
            ErrorKind::Unfinished => Exit::Unfinished,
            ErrorKind::Stopped => Exit::Stopped,
            _ => Exit::Failed,
        }
    }
}
