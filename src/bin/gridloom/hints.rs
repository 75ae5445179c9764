//! How the command line tells the library's errors: arguments are options, and cures are commands.

use std::error::Error as Cause;

use gridloom::database::DatabaseError;
use gridloom::{Argument, Cure, Error, Reason};

use super::mistake::Mistake;

/// What users of the program call an argument.
fn option(argument: Argument) -> &'static str {
    match argument {
        Argument::After => "--after",
        Argument::Area => "--bbox",
        Argument::Areas => "--area",
        Argument::By => "--by",
        Argument::Cell => "--cell",
        Argument::Cells => "--cells",
        Argument::Chunk => "--chunk",
        Argument::Colours => "--cmap",
        Argument::Date => "--date",
        Argument::Dates => "--from, --to",
        Argument::Difference => "--difference",
        Argument::Dots => "--dpi",
        Argument::DropSpool => "--drop-spool",
        Argument::Equilibrium => "--equilibrium",
        Argument::Every => "--every",
        Argument::File => "FILE",
        Argument::Formula => "formula",
        Argument::Format => "--format",
        Argument::Fresh => "--fresh",
        Argument::From => "--from",
        Argument::Inputs => "INPUTS",
        Argument::Labels => "--labels",
        Argument::Least => "--least",
        Argument::Levels => "--levels",
        Argument::Mask => "--mask",
        Argument::Memory => "--memory",
        Argument::Name => "--name",
        Argument::Output => "--output",
        Argument::OutputFolder => "OUT",
        Argument::Partition => "--partition",
        Argument::PerCell => "--per-cell",
        Argument::Names => "--names",
        Argument::Percent => "--percent",
        Argument::Periods => "--periods",
        Argument::Places => "--places",
        Argument::Point => "--at",
        Argument::Quantiles => "--quantiles",
        Argument::Range => "--range",
        Argument::Reference => "--reference",
        Argument::ReferenceDates => "--reference-from, --reference-to",
        Argument::ReferenceFrom => "--reference-from",
        Argument::ReferenceTo => "--reference-to",
        Argument::Regions => "--regions, --mask",
        Argument::Run => "RUN",
        Argument::Running => "--running",
        Argument::Schema => "--schema",
        Argument::Separate => "--separate",
        Argument::Share => "--shard",
        Argument::Significant => "--significant",
        Argument::Size => "--size",
        Argument::Source => "SOURCE",
        Argument::Spread => "--spread",
        Argument::Stat => "--stat",
        Argument::Tables => "--tables",
        Argument::Threads => "--threads",
        Argument::To => "--to",
        Argument::Traits => "--traits",
        Argument::Units => "--units",
        Argument::Variable => "--variable",
        Argument::Variables => "--variables",
        Argument::Weight => "--weight",
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
    error.downcast_ref::<Error>().map_or_else(|| error.to_string(), |error| error.told(option))
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
    let of_database = || of_database(error.source()?.downcast_ref()?);
    of_database().or_else(|| error.cure().map(|cure| cured_by(&cure)))
}

/// A cure in commands and options.
fn cured_by(cure: &Cure) -> String {
    match cure {
        Cure::MakeTable(name) => format!("make the table: gridloom tables RUN -o OUT --tables {name}"),
        Cure::AllowMoreBytes => {
            "where the dumps are sound, give a larger --max-decoded; it is 1GiB without the option".into()
        }
        Cure::AllowMoreValues => {
            "where the dumps are sound, give a larger --max-values; it is 4194304 without the option".into()
        }
        Cure::SurveyDumps => "`gridloom inspect --deep RUN` lists all damaged dumps of a run".into(),
        Cure::SurveyFiles => "`gridloom inspect --deep RUN` tells what each file of the run is".into(),
        Cure::SelectPeriod(one, other) => format!(
            "repeated spin-ups hold the same dates; select one with --periods {one} or --periods {other}, or take each \
             by itself: `gridloom tables` with --tables drift,drifting, or with --tables daily,stats,region --by period"
        ),
        Cure::SelectRun(parts) => {
            let first = parts.first().map(String::as_str).unwrap_or_default();
            let others: Vec<String> =
                parts.iter().skip(1).map(|periods| format!("--periods {periods}")).collect();
            format!(
                "--periods {first} takes the first of them, {} the others, --periods all takes all as one run",
                others.join(" or ")
            )
        }
        Cure::AllowOtherRun => {
            "--other-run puts its cells into the archive all the same; an archive of its own is made by `gridloom cells write`"
                .into()
        }
        Cure::ReplaceFile => "choose another name, or give --overwrite to replace the file".into(),
        Cure::ReplaceOutputs => {
            "choose another folder, or give --overwrite to replace the outputs in this one".into()
        }
        Cure::MoreMemory(bytes) => {
            format!("give --memory {}MiB or more, or fewer --threads", bytes.div_ceil(1 << 20))
        }
        Cure::RemakeCell(cell) => format!(
            "`gridloom cells verify FILE` names all that is damaged; `gridloom cells replace RUN FILE --cells {cell}` makes a \
             cell again from its dumps"
        ),
        Cure::GiveArchive => {
            "give a run, or an archive of `gridloom cells write`; grids are read by `gridloom tables` and `gridloom plot`".into()
        }
        Cure::GiveGrid => "give a file that `gridloom grid` made, or the folder that it is in".into(),
        Cure::StartAfresh => "run again; if it stays so, start over with --fresh".into(),
        Cure::FinishWithVersion => {
            "finish with that version, start over with --fresh, or choose another folder".into()
        }
        Cure::GiveSameSettings => {
            "give the same options to continue, --fresh to start over (before --shard: remove its .gridloom), or choose \
             another folder"
                .into()
        }
        Cure::AllowLess => {
            "see whether the run is all there (a folder deleted, a disk not mounted, dumps that were cut); --fresh replaces the \
             files by what there is now, or choose another output"
                .into()
        }
        Cure::Wait => "wait for it, or choose another folder; `gridloom status` tells how far it is".into(),
        Cure::LeaveToOther => "the other process goes on with the work; see `gridloom status`".into(),
        Cure::GiveBegun => "give the output folder of `gridloom grid`".into(),
        Cure::Continue => "the same command continues".into(),
        Cure::BeginAgain => "the same command begins again; no file has changed".into(),
        cure => cure.to_string(),
    }
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

    /// What the library names in its own words is an option here, in the message and within reasons of all kinds.
    #[test]
    fn arguments_are_options() {
        let error = Error::selection(Argument::Area, "1,2", "wants N,S,W,E");
        assert_eq!(error.to_string(), "area \"1,2\": wants N,S,W,E");
        assert_eq!(told(&error), "--bbox \"1,2\": wants N,S,W,E");
        let reason = || Reason::from("choose larger ones with ").naming(Argument::Chunk).then("!");
        let path = std::path::Path::new("a.toml");
        for (error, plain, told_here) in [
            (
                Error::config(path, reason()),
                "a.toml: choose larger ones with chunk!",
                "a.toml: choose larger ones with --chunk!",
            ),
            (
                Error::io("write to", path, std::io::Error::other(reason())),
                "cannot write to a.toml: choose larger ones with chunk!",
                "cannot write to a.toml: choose larger ones with --chunk!",
            ),
        ] {
            assert_eq!((error.in_full().as_str(), told(&error).as_str()), (plain, told_here));
        }
        let address = DatabaseError::Address { reason: reason() };
        assert_eq!(in_full(&address), "choose larger ones with --chunk!");
    }

    #[test]
    fn no_two_arguments_are_one_option_and_none_is_one_in_the_library() {
        let mut options: Vec<&str> = Argument::ALL.iter().map(|&argument| option(argument)).collect();
        options.sort_unstable();
        options.dedup();
        assert_eq!(options.len(), Argument::ALL.len());
        assert!(Argument::ALL.iter().all(|argument| !argument.name().starts_with('-')));
    }

    /// What the library says without options has them here; what needs none is as the library has it.
    #[test]
    fn cures_name_commands_and_options() {
        let cell = "160-231".parse().expect("a cell");
        for (cure, words) in [
            (Cure::MoreMemory(3 << 20), "give --memory 3MiB or more, or fewer --threads"),
            (Cure::MakeTable("biomass"), "gridloom tables RUN -o OUT --tables biomass"),
            (Cure::SurveyFiles, "inspect --deep"),
            (Cure::ReplaceOutputs, "--overwrite"),
            (Cure::SelectPeriod(2, 1), "--periods 2 or --periods 1"),
            (Cure::SelectRun(vec!["1".into(), "2-3".into()]), "--periods 2-3 the others"),
            (Cure::RemakeCell(cell), "--cells 160-231"),
        ] {
            assert!(cured_by(&cure).contains(words), "{cure}");
            assert!(!cure.to_string().contains("--"), "{cure}");
        }
        let spelling = Cure::Do("check the spelling of a/b".into());
        assert_eq!(cured_by(&spelling), spelling.to_string());
        let full = DatabaseError::Server {
            action: "load".into(),
            reason: "no".into(),
            code: Some("53300".into()),
            lost: false,
        };
        assert!(of_database(&full).is_some_and(|hint| hint.contains("--threads")));
    }
}
