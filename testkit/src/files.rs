//! Files of the project and of outputs: where they are, what they hold, whether they are the same.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A path below the project's folder.
pub fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the project's folder").join(path)
}

/// The run that comes with the project.
pub fn sample() -> PathBuf {
    project("data/sample_run")
}

/// Copies a folder with all that is in it. The copies are new files with new times.
pub fn copy(from: &Path, to: &Path) {
    for path in files_below(from, "") {
        let target = to.join(path.strip_prefix(from).expect("a path below"));
        std::fs::create_dir_all(target.parent().expect("a folder")).expect("a folder");
        std::fs::copy(&path, target).expect("a copy");
    }
}

/// The sample under two names, `hist` and `ssp126`, the second without a cell and its last period, so that its drift has fewer columns.
pub fn two_runs() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for run in ["hist", "ssp126"] {
        copy(&sample(), &folder.path().join(run));
    }
    let short = folder.path().join("ssp126");
    std::fs::remove_dir_all(short.join("grd_170-225")).expect("removed");
    for dump in files_below(&short, "spin0003.pkz") {
        std::fs::remove_file(dump).expect("removed");
    }
    folder
}

/// Changes a NetCDF file where other tests of the process start programs meanwhile. These inherit open files, and the locks that HDF5 has on
/// them, for as long as they run: so the file that is changed is a copy, and another copy of that takes the place of the first.
pub fn change_netcdf<T>(path: &Path, work: impl FnOnce(&mut netcdf::FileMut) -> netcdf::Result<T>) -> T {
    let (opened, made) = (path.with_extension("opened"), path.with_extension("made"));
    if path.exists() {
        std::fs::copy(path, &opened).expect("a copy");
    }
    let file = if path.exists() { netcdf::append(&opened) } else { netcdf::create(&opened) };
    let mut file = file.expect("a file");
    let result = work(&mut file).expect("a change");
    file.close().expect("a file");
    std::fs::copy(&opened, &made).expect("a copy");
    std::fs::rename(&made, path).expect("a file in the place of another");
    std::fs::remove_file(&opened).expect("a copy");
    result
}

/// The files at any depth whose names start with `prefix`, sorted.
pub fn files_below(folder: &Path, prefix: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix)) {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// Names of all entries of a folder, sorted; none where it is not there.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// A path as an argument.
pub fn name(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

/// Files with what they hold, by their paths below a folder.
pub type Bytes = BTreeMap<PathBuf, Vec<u8>>;

/// All files that were made: not the report, which has times, nor what is kept to go on with.
pub fn bytes(out: &Path) -> Bytes {
    let below = |path: &Path| path.strip_prefix(out).expect("a path below").to_owned();
    let is_made = |path: &PathBuf| {
        let path = below(path);
        !path.starts_with(".gridloom") && !path.ends_with("report.json")
    };
    let files = files_below(out, "").into_iter().filter(is_made);
    files.map(|path| (below(&path), std::fs::read(&path).expect("a file"))).collect()
}

/// That files have the same names and the same bytes.
pub fn assert_same(found: &Bytes, expected: &Bytes) {
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (name, bytes) in found {
        assert!(expected.get(name) == Some(bytes), "{} differs", name.display());
    }
}

/// The report of an output folder.
pub fn report(out: &Path) -> serde_json::Value {
    let bytes = std::fs::read(out.join("report.json")).expect("a report");
    serde_json::from_slice(&bytes).expect("JSON")
}

/// Lets a file be from 2001: younger dumps are read again by every run, whatever is known of them.
pub fn settle(path: &Path) {
    set_modified(path, UNIX_EPOCH + Duration::from_secs(1_000_000_000));
}

/// Lets a file have been changed at some time.
pub fn set_modified(path: &Path, time: SystemTime) {
    let file = File::options().write(true).open(path);
    file.and_then(|file| file.set_modified(time)).expect("a time");
}
