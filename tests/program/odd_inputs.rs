//! What lies in and around a run and is not of it: pipes with the names of files, odd names, an older run's dumps, another
//! run's cells.

mod archives;
mod mixtures;
mod names;
mod pipes;
mod words;

use std::ffi::OsStr;
use std::path::Path;
use std::time::{Duration, SystemTime};

use gridloom_testkit::dumps::{Cell, Folder, Kind, Model, Variable};
use gridloom_testkit::{files, program};

const CELLS: [Cell; 3] = [(160, 230), (160, 231), (161, 230)];

/// Three cells with these periods.
fn model(periods: &[(i64, i64)]) -> Model {
    Model::new(&CELLS, periods, vec![Variable::new("npp", Kind::F32, None)])
}

/// What the program said: its status, and stdout and stderr together. One that waits for ever has no status.
fn run<S: AsRef<OsStr>>(arguments: &[S]) -> (Option<i32>, String) {
    let output =
        program::command().args(arguments).timeout(Duration::from_secs(60)).output().expect("the program");
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&text).into_owned())
}

/// The same with a run or whatever else is in a folder, named by `{}` in the arguments.
fn within(folder: &Path, arguments: &str) -> (Option<i32>, String) {
    let of = |word: &str| word.replace("{}", folder.to_str().expect("a path"));
    run(&arguments.split_whitespace().map(of).collect::<Vec<_>>())
}

/// Lets a file be so many hours old.
fn set_age(path: &Path, hours: u64) {
    let time = SystemTime::now() - Duration::from_secs(3600 * hours);
    files::set_modified(path, time);
}
