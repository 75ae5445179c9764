//! The program `gridloom`: arguments to calls of the library, results to text. It takes from the library what any program
//! could, and the library knows nothing of it.

// All that the program says goes through `talk`, which does not end the work where nobody listens.
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod args;
mod cells;
mod commands;
mod config;
mod demo;
mod describe;
mod empty;
mod evaluate;
mod exit;
mod figures;
mod get;
mod grid;
mod hints;
mod inspect;
mod job;
mod map;
mod mistake;
mod plot;
mod progress;
mod refs;
mod report;
mod scenarios;
mod series;
mod show;
mod signals;
mod source;
mod status;
mod talk;
mod threads;
mod verify;

use exit::Exit;

fn main() -> std::process::ExitCode {
    commands::run()
}
