//! Kinds of errors, by names that do not change.

macro_rules! kinds {
    ($($(#[doc = $about:literal])* $variant:ident = $id:literal,)*) => {
        /// What kind an error is of. Programs and other languages tell errors apart by it, or by its name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorKind {
            $($(#[doc = $about])* $variant,)*
        }

        impl ErrorKind {
            /// All kinds.
            pub const ALL: &'static [ErrorKind] = &[$(ErrorKind::$variant,)*];

            /// The name of the kind, the same in all versions: `gridloom::busy`.
            pub const fn id(self) -> &'static str {
                match self {
                    $(ErrorKind::$variant => concat!("gridloom::", $id),)*
                }
            }
        }
    };
}

kinds! {
    /// What was asked for cannot be understood, or matches nothing.
    Argument = "argument",
    /// A configuration, gridlist, table of variables or list of figures is wrong.
    Config = "config",
    /// What was given as a source of data is not one.
    NotASource = "not_a_source",
    /// A file or folder that is to be read is not there.
    NotFound = "not_found",
    /// There is a file where a folder is wanted, or the other way round.
    WrongPlace = "wrong_place",
    /// The system could not read or write something.
    Io = "io",
    /// A source is there, but nothing of it can be used.
    NothingUsable = "nothing_usable",
    /// An input is damaged.
    Damaged = "damaged",
    /// What is read was changed or replaced since it was opened.
    Changed = "changed",
    /// An input is larger, or holds more values, than a limit allows.
    Limit = "limit",
    /// Periods hold the same days.
    Overlap = "overlap",
    /// Inputs are of more than one run.
    Mixed = "mixed",
    /// Results would take the place of something.
    Occupied = "occupied",
    /// Published files would be replaced by some that hold less.
    WouldLose = "would_lose",
    /// Something is in the place of gridloom's own files that it did not make.
    Foreign = "foreign",
    /// The work was begun with other settings, or by another version.
    Begun = "begun",
    /// There is no work to go on with or to publish.
    NoCheckpoint = "no_checkpoint",
    /// What is kept of unfinished work cannot be used.
    Checkpoint = "checkpoint",
    /// Another process works there.
    Busy = "busy",
    /// The memory that is allowed is too small.
    Memory = "memory",
    /// A library of files refused something.
    Library = "library",
    /// A database refused something, or cannot be reached.
    Database = "database",
    /// A request to a database is wrong.
    DatabaseRequest = "database_request",
    /// Work is left to do before files can be published.
    Unfinished = "unfinished",
    /// The work was stopped on request.
    Stopped = "stopped",
    /// A defect of gridloom.
    Bug = "bug",
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Argument, Error};

    /// Programs look for these names: to change one is to break them. New ones go where they belong.
    #[test]
    fn names_of_kinds_stay() {
        let ids: Vec<&str> = ErrorKind::ALL.iter().map(|kind| kind.id()).collect();
        let known = [
            "gridloom::argument",
            "gridloom::config",
            "gridloom::not_a_source",
            "gridloom::not_found",
            "gridloom::wrong_place",
            "gridloom::io",
            "gridloom::nothing_usable",
            "gridloom::damaged",
            "gridloom::changed",
            "gridloom::limit",
            "gridloom::overlap",
            "gridloom::mixed",
            "gridloom::occupied",
            "gridloom::would_lose",
            "gridloom::foreign",
            "gridloom::begun",
            "gridloom::no_checkpoint",
            "gridloom::checkpoint",
            "gridloom::busy",
            "gridloom::memory",
            "gridloom::library",
            "gridloom::database",
            "gridloom::database_request",
            "gridloom::unfinished",
            "gridloom::stopped",
            "gridloom::bug",
        ];
        assert_eq!(ids, known);
    }

    #[test]
    fn the_system_is_not_blamed_for_what_was_asked_for() {
        let kind = |action, number| {
            let source = std::io::Error::from_raw_os_error(number);
            Error::io(action, std::path::Path::new("a"), source).kind()
        };
        use nix::libc::{EACCES, EEXIST, EISDIR, ENOENT, ENOTDIR};
        assert_eq!(kind("read", ENOENT), ErrorKind::NotFound);
        assert_eq!(kind("write", ENOENT), ErrorKind::Io);
        assert_eq!(kind("make the folder", EEXIST), ErrorKind::WrongPlace);
        assert_eq!(kind("write", EEXIST), ErrorKind::Io);
        assert_eq!(
            (kind("write", ENOTDIR), kind("read", EISDIR)),
            (ErrorKind::WrongPlace, ErrorKind::WrongPlace)
        );
        assert_eq!(kind("read", EACCES), ErrorKind::Io);
    }

    #[test]
    fn an_error_tells_its_place() {
        let cell = crate::model::grid::Cell { row: 3, column: 4 };
        let path = std::path::Path::new("run.nc");
        let error = Error::archive(path, Some(cell), None, "cut");
        assert_eq!((error.path(), error.cell()), (Some(path), Some(cell)));
        let error = Error::archive(path, None, Some("npp"), "cut");
        assert_eq!((error.cell(), error.variable(), error.argument()), (None, Some("npp"), None));
        let error = Error::selection(Argument::Variable, "gpp", "there is none");
        assert_eq!((error.variable(), error.argument()), (Some("gpp"), Some(Argument::Variable)));
        let day = "1979-01-01".parse().expect("a date");
        let error = Error::overlapping_periods((1, day, day), (4, day, day));
        assert_eq!((error.period(), error.path()), (Some(4), None));
        let error = Error::stopped(1, 2);
        assert_eq!((error.path(), error.cell(), error.period(), error.variable()), (None, None, None, None));
    }

    /// Arguments within reasons of all kinds can be called as users know them.
    #[test]
    fn an_error_is_told_by_other_names() {
        let reason = || crate::error::Reason::from("give ").naming(Argument::Fresh).then("!");
        let path = std::path::Path::new("a");
        for (error, told) in [
            (Error::selection(Argument::Fresh, "x", reason()), "--fresh \"x\": give --fresh!"),
            (Error::config(path, reason()), "a: give --fresh!"),
            (Error::spool(path, reason()), "the spool's file a cannot be used: give --fresh!"),
            (Error::bug("fresh"), "this is a defect of gridloom: fresh"),
        ] {
            assert_eq!(error.told(|_| "--fresh"), told);
        }
    }
}
