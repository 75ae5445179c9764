//! What this machine has: other programs, real runs, rights.
//!
//! A test that needs what is not here says so and is skipped. Where `GRIDLOOM_CI` is 1 it fails instead, unless
//! `GRIDLOOM_WITHOUT` names what is lacking: names between commas, as they stand in [`lack`]'s first argument.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::files::project;

/// Says that a test is skipped for lack of something, or fails, see above.
pub fn lack(name: &str, why: &str) {
    let variable = |name| std::env::var(name).unwrap_or_default();
    assert!(
        may_lack(name, &variable("GRIDLOOM_CI"), &variable("GRIDLOOM_WITHOUT")),
        "{why}. GRIDLOOM_CI=1 lets no test be skipped for it, unless GRIDLOOM_WITHOUT names {name}"
    );
    println!("skipped: {why}");
}

fn may_lack(name: &str, ci: &str, without: &str) -> bool {
    ci != "1" || without.split(',').any(|excused| excused.trim() == name)
}

/// Says that a test is skipped because this machine gives no right to do what it needs. Nothing that can be installed mends that.
pub fn no_right(what: &str) {
    println!("skipped: no right to {what}");
}

/// A Python with numpy and joblib, for what other programs must write or read. `scripts/test` names it.
pub fn python() -> Option<PathBuf> {
    let python = std::env::var_os("GRIDLOOM_PYTHON").filter(|path| !path.is_empty()).map(PathBuf::from);
    if python.is_none() {
        lack("python", "GRIDLOOM_PYTHON names no Python with numpy and joblib");
    }
    python
}

/// Runs one of the programs in `tests/python`, which must end well; what it printed.
pub fn script<S: AsRef<std::ffi::OsStr>>(python: &Path, name: &str, arguments: &[S]) -> String {
    let path = project("tests/python").join(name);
    // Without compiled files, which would lie about in the project.
    let output = Command::new(python).arg("-B").arg(path).args(arguments).output().expect("python");
    let arguments: Vec<_> = arguments.iter().map(|argument| argument.as_ref().to_string_lossy()).collect();
    assert!(output.status.success(), "{name} {arguments:?}: {}", words(&output));
    words(&output).trim_end().to_owned()
}

fn words(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A folder of runs that the model itself wrote; too large to be part of the repository.
pub fn real_runs() -> Option<PathBuf> {
    let folder = match std::env::var_os("GRIDLOOM_REAL_RUNS") {
        Some(folder) => PathBuf::from(folder),
        None => project("../shared/data"),
    };
    if folder.is_dir() {
        return Some(folder);
    }
    lack("real-runs", &format!("no real runs in {} (GRIDLOOM_REAL_RUNS)", folder.display()));
    None
}

/// Whether a program can be started. `scripts/peers-env` installs those of the tests.
pub fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    if !found {
        lack(program, &format!("{program} is not on PATH"));
    }
    found
}

/// Runs a command with a PostgreSQL server of its own. `GRIDLOOM` is the program there; `set` adds to that.
pub fn with_postgres(words: &[&str], set: impl FnOnce(&mut Command)) -> Option<Output> {
    let mut command = Command::new(project("scripts/postgres-here"));
    set(command.args(words).env("GRIDLOOM", crate::program::path()));
    let output = command.output().expect("a script that can be started");
    if output.status.code() == Some(77) {
        no_postgres();
        return None;
    }
    Some(output)
}

/// Says that there is no PostgreSQL.
pub fn no_postgres() {
    lack("postgresql", "there is no PostgreSQL here, see scripts/postgres-here");
}

#[cfg(test)]
mod tests {
    use super::may_lack;

    #[test]
    fn nothing_is_skipped_in_ci_unless_it_is_named() {
        for (ci, without, expected) in [
            ("", "", true),
            ("0", "", true),
            ("1", "", false),
            ("1", "cdo", false),
            ("1", "cdo, python", true),
            ("1", "pythons", false),
        ] {
            assert_eq!(may_lack("python", ci, without), expected, "{ci:?}, {without:?}");
        }
    }
}
