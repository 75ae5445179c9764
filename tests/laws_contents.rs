//! What keys of dumps can hold, and be called: all of it is in the outputs, or named with the reason.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;
#[path = "common/dumps.rs"]
mod dumps;
#[path = "laws_contents/hours.rs"]
mod hours;
#[path = "laws_contents/kinds.rs"]
mod kinds;
#[path = "laws_contents/names.rs"]
mod names;

use std::path::Path;
use std::process::Output;
use std::sync::{Mutex, MutexGuard};

use dumps::{Folder, work};

/// A child process would inherit the files that another test has open.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(|poison| poison.into_inner())
}

fn program(arguments: &[&str], input: &Path, output: Option<&Path>, options: &[&str]) -> Output {
    let mut program = work::program();
    program.args(arguments).arg(input);
    if let Some(output) = output {
        program.arg("-o").arg(output);
    }
    program.args(options).output().expect("the program")
}

fn talk(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn out(folder: &Folder, name: &str) -> std::path::PathBuf {
    folder.path().join(name)
}
