//! How the command line tells the library's errors: arguments are options, and cures are commands.

use std::error::Error as Cause;
use std::io::ErrorKind;

use gridloom::database::DatabaseError;
use gridloom::dump::DumpError;
use gridloom::{Argument, Error, NOT_NETCDF, Reason};

use super::mistake::Mistake;
use gridloom::model::fault::FaultKind;

/// What users of the program call an argument.
fn option(argument: Argument) -> &'static str {
    match argument {
        Argument::Named(name) => name,
        Argument::Area => "--bbox",
        Argument::Cell => "--cell",
        Argument::Cells => "--cells",
        Argument::Chunk => "--chunk",
        Argument::Colours => "--cmap",
        Argument::Date => "--date",
        Argument::Dates => "--from, --to",
        Argument::Difference => "--difference",
        Argument::Dots => "--dpi",
        Argument::DropSpool => "--drop-spool",
        Argument::Every => "--every",
        Argument::File => "FILE",
        Argument::Format => "--format",
        Argument::Fresh => "--fresh",
        Argument::From => "--from",
        Argument::Inputs => "INPUTS",
        Argument::Labels => "--labels",
        Argument::Levels => "--levels",
        Argument::Name => "--name",
        Argument::Output => "--output",
        Argument::OutputFolder => "OUT",
        Argument::Partition => "--partition",
        Argument::PerCell => "--per-cell",
        Argument::Periods => "--periods",
        Argument::Range => "--range",
        Argument::Run => "RUN",
        Argument::Running => "--running",
        Argument::Schema => "--schema",
        Argument::Share => "--shard",
        Argument::Size => "--size",
        Argument::Source => "SOURCE",
        Argument::Spread => "--spread",
        Argument::Stat => "--stat",
        Argument::Tables => "--tables",
        Argument::Threads => "--threads",
        Argument::To => "--to",
        Argument::Variable => "--variable",
        Argument::Variables => "--variables",
        Argument::Years => "--years",
        // No command takes the others by another name.
        _ => argument.name(),
    }
}

/// A reason, or a note, in the words of the command line.
pub(super) fn reason(reason: &Reason) -> String {
    reason.told(option)
}

/// An error with its causes, in the words of the command line.
pub(super) fn told(error: &Error) -> String {
    in_full(error)
}

/// The same with the cure.
pub(super) fn cured(error: &Error) -> String {
    let cure = hint(error).map_or(String::new(), |hint| format!(" ({hint})"));
    told(error) + &cure
}

/// Any error of the program with its causes.
pub(super) fn in_full(error: &(dyn Cause + 'static)) -> String {
    let (mut text, mut next) = (words(error), error.source());
    while let Some(cause) = next {
        text = text + ": " + &words(cause);
        next = cause.source();
    }
    text
}

/// One error of a chain.
fn words(error: &(dyn Cause + 'static)) -> String {
    let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    if let Some(reason) = inner.and_then(|inner| inner.downcast_ref::<Reason>()) {
        return self::reason(reason);
    }
    if let Some(DatabaseError::Address { reason }) = error.downcast_ref() {
        return self::reason(reason);
    }
    match error.downcast_ref() {
        Some(Error::Selection { argument, value, reason }) => {
            let (argument, reason) = (Argument::Named(option(*argument)), self::reason(reason).into());
            Error::Selection { argument, value: value.clone(), reason }.to_string()
        }
        Some(Error::Config { path, reason }) => {
            Error::Config { path: path.clone(), reason: self::reason(reason).into() }.to_string()
        }
        Some(Error::Spool { path, reason }) => {
            Error::Spool { path: path.clone(), reason: self::reason(reason).into() }.to_string()
        }
        _ => error.to_string(),
    }
}

/// What the user can do about any error of the program.
pub(super) fn of(error: &anyhow::Error) -> Option<String> {
    match error.downcast_ref::<Mistake>() {
        Some(mistake) => mistake.hint(),
        None => hint(error.downcast_ref()?),
    }
}

/// What the user can do about an error of the library.
fn hint(error: &Error) -> Option<String> {
    by_command(error).or_else(|| error.hint())
}

/// Cures that are commands and options.
fn by_command(error: &Error) -> Option<String> {
    Some(match error {
        Error::Io { source, path, .. }
            if source.kind() == ErrorKind::NotFound && path.ends_with("biomass.parquet") =>
        {
            "make the table: gridloom tables RUN -o OUT --tables biomass".into()
        }
        Error::Dump { source: DumpError::TooLarge { .. }, .. }
        | Error::NothingUsable { limit: Some(FaultKind::TooLarge), .. } => {
            "where the dumps are sound, give a larger --max-decoded; it is 1GiB without the option".into()
        }
        Error::Dump { source: DumpError::TooManyValues { .. }, .. }
        | Error::NothingUsable { limit: Some(FaultKind::TooManyValues), .. } => {
            "where the dumps are sound, give a larger --max-values; it is 4194304 without the option".into()
        }
        Error::Dump { .. } => "`gridloom inspect --deep RUN` lists all damaged dumps of a run".into(),
        Error::NothingUsable { .. } => {
            "`gridloom inspect --deep RUN` tells what each file of the run is".into()
        }
        Error::OverlappingPeriods { first, second } => format!(
            "repeated spin-ups hold the same dates; select one with --periods {} or --periods {}",
            second.0, first.0
        ),
        Error::OtherRun { .. } => {
            "--other-run puts its cells into the archive all the same; an archive of its own is made by `gridloom cells write`"
                .into()
        }
        Error::MixedRuns { parts, .. } => {
            let first = parts.first().map(|(periods, _)| periods.as_str()).unwrap_or_default();
            let others: Vec<String> =
                parts.iter().skip(1).map(|(periods, _)| format!("--periods {periods}")).collect();
            format!(
                "--periods {first} takes the first of them, {} the others, --periods all takes all as one run",
                others.join(" or ")
            )
        }
        Error::OutputNotEmpty { path } if !path.is_dir() => {
            "choose another name, or give --overwrite to replace the file".into()
        }
        Error::OutputNotEmpty { .. } => {
            "choose another folder, or give --overwrite to replace the outputs in this one".into()
        }
        Error::OutputExists { .. } => "choose another name, or give --overwrite to replace it".into(),
        Error::Memory { needed, .. } => {
            format!("give --memory {}MiB or more, or fewer --threads", needed.div_ceil(1 << 20))
        }
        Error::Archive { cell: Some(cell), .. } => format!(
            "`gridloom cells verify FILE` names all that is damaged; `gridloom cells replace RUN FILE --cells {cell}` makes a \
             cell again from its dumps"
        ),
        Error::Archive { reason, .. } if reason.contains("not an archive") => {
            "give a run, or an archive of `gridloom cells write`; grids are read by `gridloom tables` and `gridloom plot`".into()
        }
        Error::Netcdf { reason, .. } if reason == NOT_NETCDF => {
            "give a file that `gridloom grid` made, or the folder that it is in".into()
        }
        Error::Spool { .. } => "run again; if it stays so, start over with --fresh".into(),
        Error::SpoolVersion { .. } => {
            "finish with that version, start over with --fresh, or choose another folder".into()
        }
        Error::SettingsDiffer { .. } => {
            "give the same options to continue, --fresh to start over (before --shard: remove its .gridloom), or choose \
             another folder"
                .into()
        }
        Error::WouldLose { .. } => {
            "see whether the run is all there (a folder deleted, a disk not mounted, dumps that were cut); --fresh replaces the \
             files by what there is now, or choose another output"
                .into()
        }
        Error::Locked { path, .. } if !path.is_file() => {
            "wait for it, or choose another folder; `gridloom status` tells how far it is".into()
        }
        Error::LockLost { .. } => "the other process goes on with the work; see `gridloom status`".into(),
        Error::NoSpool { .. } => "give the output folder of `gridloom grid`".into(),
        Error::Database { source, .. } => {
            return source.downcast_ref().and_then(of_database);
        }
        Error::Stopped { .. } => "the same command continues".into(),
        Error::StoppedAnew { .. } => "the same command begins again; no file has changed".into(),
        _ => return None,
    })
}

/// Cures of a database that are commands and options.
fn of_database(error: &DatabaseError) -> Option<String> {
    Some(match error {
        DatabaseError::Server { lost: true, .. } => {
            "once the server answers, the same command continues".into()
        }
        DatabaseError::Server { code, .. } => match code.as_deref()? {
            "42501" => {
                "ask the database's owner for the right, or choose a schema of your own with --schema".into()
            }
            "53100" => "make room on the server's disk; the same command continues".into(),
            "53300" => "use fewer --threads, each takes a connection; the same command continues".into(),
            "55P03" => "another session holds the table; when it is done, the same command continues".into(),
            "40001" | "40P01" | "53200" => "the same command continues".into(),
            "23505" => {
                "the tables hold rows that this load did not write; give --fresh or another --schema".into()
            }
            _ => return None,
        },
        DatabaseError::Schema { .. } => {
            "choose another schema with --schema NAME; --fresh replaces tables that gridloom made itself"
                .into()
        }
        DatabaseError::HoldsAnother { .. } => {
            "choose another schema with --schema NAME, or give --fresh to replace what is there".into()
        }
        DatabaseError::Locked { .. } => "wait for it, or choose another schema with --schema NAME".into(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(source: DatabaseError) -> Error {
        let hint = source.hint();
        Error::Database { target: "postgres://".into(), source: Box::new(source), hint, is_usage: false }
    }

    /// What the library names in its own words is an option here, in the message and within reasons of all kinds.
    #[test]
    fn arguments_are_options() {
        let error = Error::selection(Argument::Area, "1,2", "wants N,S,W,E");
        assert_eq!(error.to_string(), "area \"1,2\": wants N,S,W,E");
        assert_eq!(told(&error), "--bbox \"1,2\": wants N,S,W,E");
        let reason = || Reason::from("choose larger ones with ").naming(Argument::Chunk).then("!");
        let path = || std::path::PathBuf::from("a.toml");
        for (error, plain, told_here) in [
            (
                Error::Config { path: path(), reason: reason() },
                "a.toml: choose larger ones with chunk!",
                "a.toml: choose larger ones with --chunk!",
            ),
            (
                Error::Spool { path: path(), reason: reason() },
                "the spool's file a.toml cannot be used: choose larger ones with chunk!",
                "the spool's file a.toml cannot be used: choose larger ones with --chunk!",
            ),
            (
                Error::io("write to", &path(), std::io::Error::other(reason())),
                "cannot write to a.toml: choose larger ones with chunk!",
                "cannot write to a.toml: choose larger ones with --chunk!",
            ),
            (
                database(DatabaseError::Address { reason: reason() }),
                "cannot use the database postgres://: choose larger ones with chunk!",
                "cannot use the database postgres://: choose larger ones with --chunk!",
            ),
        ] {
            assert_eq!((error.in_full().as_str(), told(&error).as_str()), (plain, told_here));
        }
    }

    #[test]
    fn no_two_arguments_are_one_option_and_none_is_one_in_the_library() {
        let mut options: Vec<&str> = Argument::ALL.iter().map(|&argument| option(argument)).collect();
        options.sort_unstable();
        options.dedup();
        assert_eq!(options.len(), Argument::ALL.len());
        assert!(Argument::ALL.iter().all(|argument| !argument.name().starts_with('-')));
    }

    /// A cure that is a command goes before the library's own, which stays where there is none.
    #[test]
    fn cures_are_commands_where_there_is_one() {
        let memory = Error::Memory { budget: 1, needed: 3 << 20 };
        assert_eq!(
            (memory.hint(), hint(&memory)),
            (None, Some("give --memory 3MiB or more, or fewer --threads".into()))
        );
        let lost = |path: &str| {
            Error::io(
                "read",
                std::path::Path::new(path),
                std::io::Error::from_raw_os_error(nix::libc::ENOENT),
            )
        };
        assert_eq!(hint(&lost("a/b")).as_deref(), Some("check the spelling of a/b"));
        assert!(hint(&lost("a/biomass.parquet")).is_some_and(|hint| hint.contains("gridloom tables RUN")));
        let locked = DatabaseError::Server {
            action: "load".into(),
            reason: "no".into(),
            code: Some("53300".into()),
            lost: false,
        };
        let error = database(locked);
        assert_eq!(
            error.hint().as_deref(),
            Some("use fewer threads, each takes a connection; the same load continues")
        );
        assert!(hint(&error).is_some_and(|hint| hint.contains("--threads")));
    }

    /// What users meet most has a cure that names the option.
    #[test]
    fn cures_name_options() {
        let cell = "160-231".parse().expect("a cell");
        let date = |text: &str| text.parse().expect("a date");
        let period = |number| (number, date("1979-01-01"), date("1979-12-31"));
        let path = std::path::PathBuf::from;
        for (error, words) in [
            (
                Error::NothingUsable { path: path("run"), reason: "empty".into(), limit: None },
                "inspect --deep",
            ),
            (Error::OutputNotEmpty { path: path("/") }, "--overwrite"),
            (Error::OverlappingPeriods { first: period(1), second: period(2) }, "--periods 2 or --periods 1"),
            (
                Error::Archive {
                    path: path("a.nc"),
                    cell: Some(cell),
                    variable: None,
                    reason: "checksum".into(),
                },
                "--cells 160-231",
            ),
        ] {
            assert!(hint(&error).is_some_and(|hint| hint.contains(words)), "{error}");
        }
    }
}
