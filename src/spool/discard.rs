//! Giving a spool up, so that a kill in between leaves one that can be continued, or none.

use std::path::Path;

use super::lock::{Owner, owner_of};
use super::snapshot::Snapshot;
use super::{FOLDER, RECORDS, RECORDS_OF_REFERENCE, Task, is_temporary};
use crate::error::{Error, Result};
use crate::shared;

/// Folders in it for what was read of records.
const KEPT: [&str; 2] = [RECORDS, RECORDS_OF_REFERENCE];

/// The name that a spool is given up under: nobody who starts to work finds it by that of a spool.
fn name_of(mark: &str) -> String {
    format!("{FOLDER}-{mark}")
}

/// Gives a spool up. Other files in it stay, and its folder with them. `mark` is the leaver's own.
///
/// # Errors
/// [`Io`](crate::ErrorKind::Io).
pub(crate) fn discard(output: &Path, folder: &Path, mark: &str) -> Result<()> {
    let away = output.join(name_of(mark));
    std::fs::rename(folder, &away).map_err(|source| Error::io("rename", folder, source))?;
    remove(&away)
}

/// The spool of an output folder, which need not be there yet. One that was being given up when its process was killed is
/// brought back; what is left of one without a plan is removed.
///
/// # Errors
/// [`Foreign`](crate::ErrorKind::Foreign) where something else has its name, [`Io`](crate::ErrorKind::Io).
pub(crate) fn find(output: &Path) -> Result<std::path::PathBuf> {
    let folder = output.join(FOLDER);
    for entry in std::fs::read_dir(output).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let mark = name.to_str().and_then(|name| name.strip_prefix(FOLDER)?.strip_prefix('-'));
        let is_given_up =
            mark.is_some_and(shared::is_mark) && entry.file_type().is_ok_and(|kind| kind.is_dir());
        let path = entry.path();
        if !is_given_up || !is_spool(&path) || is_held(&path) {
            continue;
        }
        if Snapshot::is_there(&path)? && std::fs::symlink_metadata(&folder).is_err() {
            // Another process may be faster.
            let _ = std::fs::rename(&path, &folder);
        } else {
            remove(&path)?;
        }
    }
    shared::refuse_strange_folder(&folder)?;
    Ok(folder)
}

/// How early a file of a spool is removed; `None` of others. As long as there is a plan the rest can be made again.
fn turn_of(name: &str) -> Option<u8> {
    let is_task = |kind: &str| Task::of_name(name, kind).is_some();
    let is_plan = || name.strip_prefix("plan-").is_some_and(|number| number.parse::<u32>().is_ok());
    match name {
        _ if is_task("segment") => Some(0),
        _ if is_task("journal") => Some(1),
        _ if is_temporary(name) => Some(2),
        _ if is_plan() => Some(3),
        _ if is_task("lock") => Some(4),
        _ => None,
    }
}

/// The files of a spool in a folder, in the order in which they are removed, and whether there are others.
fn files_of(folder: &Path) -> (Vec<(u8, std::path::PathBuf)>, bool) {
    let (mut own, mut others) = (Vec::new(), false);
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        let name = entry.file_name();
        if KEPT.iter().any(|kept| name == *kept) && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            let (records, foreign) = files_of_records(&entry.path());
            own.extend(records);
            others |= foreign;
            continue;
        }
        match entry.file_name().to_str().and_then(turn_of) {
            Some(turn) if is_file => own.push((turn, entry.path())),
            _ => others = true,
        }
    }
    own.sort();
    (own, others)
}

/// The files that are kept of records, of which there is nothing else in their folder.
fn files_of_records(folder: &Path) -> (Vec<(u8, std::path::PathBuf)>, bool) {
    let (mut own, mut others) = (Vec::new(), false);
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let is_kept = name.to_str().is_some_and(|name| {
            let kinds = ["segments-", "journal-", "lock-"];
            let is_number = |rest: &str| rest.bytes().all(|byte| byte.is_ascii_digit());
            name == "records.json"
                || is_temporary(name)
                || kinds.iter().any(|kind| name.strip_prefix(kind).is_some_and(is_number))
        });
        match is_kept && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            true => own.push((0, entry.path())),
            false => others = true,
        }
    }
    (own, others)
}

/// Whether a folder has nothing but what a spool has.
fn is_spool(folder: &Path) -> bool {
    !files_of(folder).1
}

/// Whether a living process, or one that may live, has a lock in it.
fn is_held(folder: &Path) -> bool {
    let me = Owner::me(None);
    let locks = files_of(folder).0.into_iter().filter(|(turn, _)| *turn == 4);
    locks.filter_map(|(_, path)| owner_of(&path)).any(|owner| owner.is_dead(&me) == Some(false))
}

fn remove(folder: &Path) -> Result<()> {
    for (_, path) in files_of(folder).0 {
        shared::remove(&path)?;
    }
    for kept in KEPT {
        let _ = std::fs::remove_dir(folder.join(kept));
    }
    match std::fs::remove_dir(folder) {
        Err(error)
            if !matches!(
                error.kind(),
                std::io::ErrorKind::NotFound | std::io::ErrorKind::DirectoryNotEmpty
            ) =>
        {
            Err(Error::io("remove", folder, error))
        }
        _ => Ok(()),
    }
}
