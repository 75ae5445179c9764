//! The command line: arguments to library calls, results to text. Nothing here that the library could not do.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

pub mod args;
mod cells;
mod config;
mod demo;
mod empty;
mod figures;
mod grid;
pub mod hints;
mod inspect;
mod map;
mod plot;
mod progress;
mod report;
mod show;
mod signals;
mod status;
mod talk;
mod verify;

use crate::error::ErrorKind;

use args::{Arguments, Command};
use talk::tell;

/// How the program ends. Scripts may rely on these numbers; `docs/exit-codes.md` lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
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

/// Runs the program with the arguments of the process.
pub fn run() -> ExitCode {
    // Without effect in a program that has threads already; the environment is then its own matter.
    crate::write::switch_off_locks();
    crate::write::give_memory_back();
    if std::env::args_os().nth(1).is_some_and(|word| word == crate::probe::WORD) {
        crate::probe::serve();
        return Exit::Complete.into();
    }
    signals::let_limits_be_errors();
    // The link is there even where the program has been replaced since it was started.
    let own = Path::new("/proc/self/exe");
    let program = if own.exists() { Ok(own.to_owned()) } else { std::env::current_exe() };
    program.into_iter().for_each(crate::probe::through);
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(answer) => return explain(&answer).into(),
    };
    let ready = match arguments.command.works_in_threads() {
        true => refuse_less_memory().and_then(|()| Ok(crate::threads::start()?)),
        false => Ok(()),
    };
    match ready.and_then(|()| dispatch(&arguments.command)) {
        Ok(exit) => exit.into(),
        Err(error) if is_broken_pipe(&error) => Exit::Complete.into(),
        Err(error) => {
            tell!("error: {}", hints::in_full(error.as_ref()));
            let library = error.downcast_ref::<crate::Error>();
            if let Some(hint) = library.and_then(hints::hint) {
                tell!("hint: {hint}");
            }
            library.map_or(Exit::Failed, |error| exit_of(error.kind())).into()
        }
    }
}

/// Refuses to begin where a limit leaves less memory than any work takes: the libraries of NetCDF and HDF5 crash where the
/// system gives them none.
fn refuse_less_memory() -> anyhow::Result<()> {
    const LEAST: u64 = 128;
    match crate::plan::resources::address_space().map(|bytes| bytes >> 20) {
        Some(left) if left < LEAST => anyhow::bail!(
            "the limit on address space (ulimit -v) leaves {left} MiB, less than the {LEAST} MiB that this command needs"
        ),
        _ => Ok(()),
    }
}

/// Prints what clap has to say: help and the version on stdout (0), mistakes on stderr (2).
fn explain(answer: &clap::Error) -> Exit {
    if answer.use_stderr() {
        // A shell puts names of files among the arguments, and clap prints them as they are.
        let mut given = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
        match given.any(|word| word.contains(crate::printable::is_unprintable)) {
            true => tell!("{}", answer.render().to_string().trim_end()),
            false => _ = answer.print(),
        }
        return Exit::Usage;
    }
    let mut out = talk::data();
    let text = answer.render();
    let written = match std::io::stdout().is_terminal() {
        true => write!(out, "{}", text.ansi()),
        false => write!(out, "{text}"),
    };
    match talk::finish(out, written) {
        Ok(()) => Exit::Complete,
        Err(error) => {
            tell!("error: {error}");
            Exit::Failed
        }
    }
}

fn dispatch(command: &Command) -> anyhow::Result<Exit> {
    if matches!(command, Command::Plot(_) | Command::Figures(_) | Command::Report(_) | Command::Man { .. }) {
        signals::leave_nothing()?;
    }
    match command {
        Command::Inspect(arguments) => inspect::run(arguments),
        Command::Plan(arguments) => grid::plan(arguments),
        Command::Grid(arguments) => grid::grid(arguments),
        Command::Tables(arguments) => grid::tables(arguments),
        Command::Run(arguments) => grid::run(arguments),
        Command::Cells { command } => cells::run(command),
        Command::Publish(arguments) => grid::publish(arguments),
        Command::Status(arguments) => status::run(arguments),
        Command::Verify(arguments) => verify::run(arguments),
        Command::Plot(arguments) => plot::run(arguments),
        Command::Figures(arguments) => figures::run(arguments),
        Command::Report(arguments) => report::run(arguments),
        Command::Demo(arguments) => demo::run(arguments),
        Command::Completions { shell } => {
            let mut out = talk::data();
            let written = out.write_all(&args::completions(*shell));
            talk::finish(out, written)?;
            Ok(Exit::Complete)
        }
        Command::Man { folder } => {
            args::man_pages(folder)?;
            Ok(Exit::Complete)
        }
    }
}

/// The exit code of a kind of errors.
fn exit_of(kind: ErrorKind) -> Exit {
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
        ErrorKind::Bug
        | ErrorKind::Busy
        | ErrorKind::Checkpoint
        | ErrorKind::Damaged
        | ErrorKind::Database
        | ErrorKind::Foreign
        | ErrorKind::Io
        | ErrorKind::Library
        | ErrorKind::Limit
        | ErrorKind::NothingUsable => Exit::Failed,
    }
}

/// Whether the reader of our output has gone, as `head` does.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}
