//! What surrounds the program, and what lies in its way: terminals, full disks under logs, flipped bits, crafted files.
//!
//! A child process inherits the files that this one has open, and with them HDF5's locks: no test here opens one itself.

mod crafted;
mod flips;
mod surroundings;
mod terminal;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use gridloom_testkit::files::{self, sample};
use gridloom_testkit::program::{self, talk};
use gridloom_testkit::{dumps, here};

/// The program, with a limit on its time: nothing here takes a tenth of it.
fn program() -> Command {
    let mut command = Command::new("timeout");
    command.args(["-s", "KILL", "100"]).arg(program::path());
    command.env("SOURCE_DATE_EPOCH", "1");
    command
}

/// The words of a line, but for paths.
fn run(words: &str, paths: &[&Path]) -> Output {
    let mut paths = paths.iter();
    let mut command = program();
    for word in words.split(' ') {
        match word {
            "@" => command.arg(paths.next().expect("a path")),
            word => command.arg(word),
        };
    }
    command.output().expect("the program")
}

/// Whether the program came to an end of its own: not by a signal, a panic or the limit of time.
fn assert_orderly(output: &Output, what: &str) {
    let code = output.status.code();
    assert!(code.is_some_and(|code| code < 100), "{what}: {:?}\n{}", output.status, talk(output));
    assert!(!talk(output).contains("panicked"), "{what}: {}", talk(output));
}
