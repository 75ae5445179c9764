//! What keys of dumps can hold, and be called: all of it is in the outputs, or named with the reason.

mod hours;
mod kinds;
mod names;

use std::path::Path;
use std::process::Output;

use gridloom_testkit::dumps::Folder;
use gridloom_testkit::program::{self, alone, talk};

fn program(arguments: &[&str], input: &Path, output: Option<&Path>, options: &[&str]) -> Output {
    let mut program = program::command();
    program.args(arguments).arg(input);
    if let Some(output) = output {
        program.arg("-o").arg(output);
    }
    program.args(options).output().expect("the program")
}

fn out(folder: &Folder, name: &str) -> std::path::PathBuf {
    folder.path().join(name)
}
