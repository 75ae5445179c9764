//! What the tests share.
#![allow(dead_code, reason = "each test uses its part")]

use std::path::{Path, PathBuf};

/// A Python with numpy and joblib, for what other programs must write or read. `scripts/test` names it.
pub fn python() -> Option<PathBuf> {
    let python = std::env::var_os("GRIDLOOM_PYTHON").filter(|path| !path.is_empty()).map(PathBuf::from);
    if python.is_none() {
        println!("skipped: GRIDLOOM_PYTHON names no Python with numpy and joblib");
    }
    python
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
    println!("skipped: no real runs in {} (GRIDLOOM_REAL_RUNS)", folder.display());
    None
}

/// A path below the project's folder.
pub fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
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
