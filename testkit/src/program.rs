//! gridloom as a program, and what it says.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The program that was built with the tests. Cargo names it to newer tests; else it is above the folder of the test's own program.
///
/// That holds as well for tests of another package than the program's, if both are built, as `cargo test --workspace` does.
pub fn path() -> PathBuf {
    if let Some(path) = std::env::var_os("CARGO_BIN_EXE_gridloom") {
        return path.into();
    }
    let test = std::env::current_exe().expect("the test's own program");
    let folder = test.parent().and_then(|folder| folder.parent()).expect("a folder of programs");
    let path = folder.join(format!("gridloom{}", std::env::consts::EXE_SUFFIX));
    assert!(path.is_file(), "{} is not there: build it with `cargo build`", path.display());
    path
}

/// The program, with a fixed time in the files that it makes.
pub fn command() -> assert_cmd::Command {
    let mut command = assert_cmd::Command::new(path());
    command.env("SOURCE_DATE_EPOCH", "1700000000").env("COLUMNS", "100").env_remove("RUST_BACKTRACE");
    command
}

/// What a program said on stderr.
pub fn talk(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// That a program ended well: complete, or complete but for what is missing in its inputs.
pub fn assert_done(output: &Output) {
    assert!(matches!(output.status.code(), Some(0 | 3)), "{:?} {}", output.status, talk(output));
}

/// An ignored test of this program as a process of its own. `module` is `module_path!()`.
pub fn of_test(module: &str, test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("the test's own program"));
    // Names of tests lack the crate's.
    let name = module.split_once("::").map_or(test.to_owned(), |(_, module)| format!("{module}::{test}"));
    command.args(["--exact", &name, "--ignored", "--nocapture", "--test-threads=1"]);
    command
}

/// A turn: tests that hold one run one after another.
///
/// HDF5 lets one thread in, and what tests do with it themselves knows nothing of gridloom's own lock. And a process that is
/// started while a test has a file open for writing has that file open, too: it keeps HDF5's lock of it for as long as it
/// runs, so that the test cannot open its own file again.
pub fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}
