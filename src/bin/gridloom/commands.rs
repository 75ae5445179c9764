//! What the program does with the arguments that it was given: calls of the library, and its results as text.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

use super::Exit;
use super::args::{self, Arguments, Command};
use super::talk::{self, tell};
use super::{
    cells, demo, describe, evaluate, figures, get, grid, hints, inspect, plot, refs, report, scenarios,
    signals, status, threads, verify,
};

/// Runs the program with the arguments of the process.
pub(super) fn run() -> ExitCode {
    // Without effect in a program that has threads already; the environment is then its own matter.
    gridloom::write::switch_off_locks();
    gridloom::write::give_memory_back();
    if std::env::args_os().nth(1).is_some_and(|word| word == gridloom::probe::WORD) {
        gridloom::probe::serve();
        return Exit::Complete.into();
    }
    signals::let_limits_be_errors();
    // The link is there even where the program has been replaced since it was started.
    let own = Path::new("/proc/self/exe");
    let program = if own.exists() { Ok(own.to_owned()) } else { std::env::current_exe() };
    program.into_iter().for_each(gridloom::probe::through);
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(answer) => return explain(&answer).into(),
    };
    let ready = match arguments.command.works_in_threads() {
        true => refuse_less_memory().and_then(|()| Ok(threads::start()?)),
        false => Ok(()),
    };
    match ready.and_then(|()| dispatch(&arguments.command)) {
        Ok(exit) => exit.into(),
        Err(error) if is_broken_pipe(&error) => Exit::Complete.into(),
        Err(error) => {
            tell!("error: {}", hints::in_full(error.as_ref()));
            if let Some(hint) = hints::of(&error) {
                tell!("hint: {hint}");
            }
            Exit::of(&error).into()
        }
    }
}

/// Refuses to begin where a limit leaves less memory than any work takes: the libraries of NetCDF and HDF5 crash where the
/// system gives them none.
fn refuse_less_memory() -> anyhow::Result<()> {
    const LEAST: u64 = 128;
    match gridloom::plan::resources::address_space().map(|bytes| bytes >> 20) {
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
        match given.any(|word| word.contains(gridloom::printable::is_unprintable)) {
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

pub(super) fn dispatch(command: &Command) -> anyhow::Result<Exit> {
    if matches!(
        command,
        Command::Evaluate(_)
            | Command::Plot(_)
            | Command::Figures(_)
            | Command::Report(_)
            | Command::Man { .. }
    ) {
        signals::leave_nothing()?;
    }
    match command {
        Command::Inspect(arguments) => inspect::run(arguments),
        Command::Describe(arguments) => describe::run(arguments),
        Command::Plan(arguments) => grid::plan(arguments),
        Command::Grid(arguments) => grid::grid(arguments),
        Command::Get(arguments) => get::run(arguments),
        Command::Tables(arguments) if scenarios::are_wanted(arguments) => scenarios::tables(arguments),
        Command::Run(arguments) if scenarios::are_several(&arguments.scenarios, &arguments.inputs) => {
            scenarios::run(arguments)
        }
        Command::Tables(arguments) => grid::tables(arguments),
        Command::Run(arguments) => grid::run(arguments),
        Command::Cells { command } => cells::run(command),
        Command::Publish(arguments) => scenarios::publish(arguments),
        Command::Status(arguments) => status::run(arguments),
        Command::Refs(arguments) => refs::run(arguments),
        Command::Verify(arguments) => verify::run(arguments),
        Command::Evaluate(arguments) => evaluate::run(arguments),
        Command::Plot(arguments) => plot::run(arguments),
        Command::Figures(arguments) => figures::run(arguments),
        Command::Report(arguments) => report::run(arguments),
        Command::Demo(arguments) => demo::run(arguments, dispatch),
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

/// Whether the reader of our output has gone, as `head` does.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}
