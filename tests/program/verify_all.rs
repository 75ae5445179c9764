//! `verify` proves every product, and finds whatever is changed in one: a value, a mask, a date, a unit, a row, a key, a text.
//!
//! Everything is done by the program: a child process would inherit the files that a test has open.

#[cfg(feature = "postgres")]
mod database;
mod grids;
mod losses;
mod tables;
mod whole;

use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use gridloom_testkit::files::{self, name, sample};
use gridloom_testkit::program::{self, talk};

fn program(command: &str, arguments: &[&str]) -> Output {
    let mut program = program::command();
    // Programs that other tests start have a file as well that is open here meanwhile, and with it HDF5's lock of it.
    program.env("HDF5_USE_FILE_LOCKING", "FALSE");
    program.arg(command).args(arguments).timeout(Duration::from_secs(240));
    program.output().expect("the program")
}

fn made(command: &str, out: &Path, options: &[&str]) {
    let (run, out) = (sample(), name(out).to_owned());
    let output = program(command, &[&[name(&run), "-o", &out, "--quiet"], options].concat());
    assert!(matches!(output.status.code(), Some(0 | 3)), "{options:?}: {}", talk(&output));
}

/// Exit status and what was said.
fn verified(out: &Path, options: &[&str]) -> (i32, String) {
    let run = sample();
    let output = program("verify", &[&[name(&run), name(out)], options].concat());
    (output.status.code().expect("a status"), talk(&output))
}

fn assert_equal(out: &Path) {
    let (status, talk) = verified(out, &[]);
    assert_eq!(status, 0, "{}: {talk}", out.display());
}

fn file_of(folder: &Path, prefix: &str) -> PathBuf {
    let files = files::files_below(folder, prefix);
    files.into_iter().find(|path| !name(path).contains(".gridloom")).expect("a file")
}
