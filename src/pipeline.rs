//! The work itself: one pass over the dumps, chunks put together, files published; all of it under a checkpoint.

use std::path::Path;
use std::sync::{Mutex, MutexGuard};

use crate::error::{Error, Result};
use crate::plan::{Plan, Resources};
use crate::spool::lock::Lock;
use crate::spool::snapshot::Snapshot;
use crate::spool::{self, Task};
use crate::write;

mod checkpoint;
mod fragment;
mod job;
mod join;
mod keeper;
mod options;
pub(crate) mod overlap;
mod pass;
mod publish;
mod report;
mod stats;
mod status;
mod stop;

pub use checkpoint::shared_plan;
pub use options::Options;
pub use publish::Published;
pub use report::{Bound, Report};
pub use stats::{Monitor, Stage, StageReport, Stats};
pub use status::{Status, TaskStatus, status};
pub use stop::Stop;

use job::{Job, Role};

/// Makes the files of a plan in a folder, and `report.json` beside them. Returns the report.
///
/// What is finished is kept in the folder's spool: the same call again, after any end, continues there. With
/// [`Options::share`] only that share of the units is done, of a plan that [`shared_plan`] gave, and no file is made.
///
/// Memory: [`Memory::budget`](crate::plan::Memory::budget), and some for the libraries.
///
/// # Errors
/// [`Error::Stopped`] on request; [`Error::SettingsDiffer`], [`Error::SpoolVersion`], [`Error::Locked`],
/// [`Error::OutputNotEmpty`] before any work; [`Error::Io`] and [`Error::Netcdf`] where something cannot be written.
/// Inputs that cannot be used are no error: they are in [`Report::faults`].
pub fn grid(plan: &Plan, output: &Path, options: &Options, monitor: &Monitor) -> Result<Report> {
    let folder = output.join(spool::FOLDER);
    prepare(output, &folder, options)?;
    let (role, task) = match options.share {
        None => (Role::Alone, Task::number(0)),
        Some(share) => (Role::Share(share), Task::number(share.index)),
    };
    let waiting = |text: &str| monitor.note(text.to_owned());
    let lock = Lock::take(&folder, task, options.share, &waiting)?;
    spool::lock::refuse_others(
        &folder,
        |other, share| match role {
            Role::Share(_) => other == Task::number(0) && other != task && share.is_none(),
            _ => other != task,
        },
        &waiting,
    )?;
    let snapshot = match role {
        Role::Share(_) => {
            Snapshot::latest(&folder)?.filter(|latest| latest.is_of(plan, &folder).unwrap_or(false))
        }
        _ => {
            let (snapshot, note) = checkpoint::freeze(&folder, output, plan, options.fresh)?;
            if let Some(note) = note {
                monitor.note(note.to_owned());
            }
            Some(snapshot)
        }
    };
    let snapshot = snapshot.ok_or_else(|| Error::Spool {
        path: folder.clone(),
        reason: "its plan has just been replaced".to_owned(),
    })?;
    Job { plan, output, folder, options, monitor, role, task, header: snapshot.header }.run(lock)
}

/// Makes the files of what tasks did in a folder, each with its [`Options::share`].
///
/// # Errors
/// [`Error::Unfinished`] where there is work left, [`Error::NoSpool`], and those of [`grid`].
pub fn publish(output: &Path, resources: Resources, options: &Options, monitor: &Monitor) -> Result<Report> {
    let folder = output.join(spool::FOLDER);
    let snapshot = if folder.is_dir() { Snapshot::latest(&folder)? } else { None };
    let snapshot = snapshot.ok_or_else(|| Error::NoSpool { path: output.to_owned() })?;
    let plan = snapshot.plan(resources)?;
    let waiting = |text: &str| monitor.note(text.to_owned());
    let lock = Lock::take(&folder, Task::PUBLISHER, None, &waiting)?;
    let is_alone = |other, share: Option<_>| other == Task::number(0) && share.is_none();
    spool::lock::refuse_others(&folder, is_alone, &waiting)?;
    let (role, task) = (Role::Publisher, Task::PUBLISHER);
    Job { plan: &plan, output, folder, options, monitor, role, task, header: snapshot.header }.run(lock)
}

/// Sees to it that the folders are there, and that nothing would be lost.
fn prepare(output: &Path, folder: &Path, options: &Options) -> Result<()> {
    std::fs::create_dir_all(output).map_err(|source| Error::io("make the folder", output, source))?;
    if !folder.exists() && !options.overwrite {
        for entry in std::fs::read_dir(output).map_err(|source| Error::io("list", output, source))? {
            let entry = entry.map_err(|source| Error::io("list", output, source))?;
            if !is_unfinished(&entry.file_name().to_string_lossy()) {
                return Err(Error::OutputNotEmpty { path: output.to_owned() });
            }
        }
    }
    std::fs::create_dir_all(folder).map_err(|source| Error::io("make the folder", folder, source))
}

/// Removes the temporary files that a run leaves behind when it is killed.
fn remove_unfinished(output: &Path) -> Result<()> {
    for entry in std::fs::read_dir(output).map_err(|source| Error::io("list", output, source))?.flatten() {
        if is_unfinished(&entry.file_name().to_string_lossy()) {
            std::fs::remove_file(entry.path())
                .map_err(|source| Error::io("remove", &entry.path(), source))?;
        }
    }
    Ok(())
}

fn is_unfinished(name: &str) -> bool {
    name.starts_with('.') && (name.ends_with(".nc.part") || name == ".report.json.part")
}

/// Writes a small file, whole or not at all.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let temporary = path.with_file_name(format!(".{name}.part"));
    std::fs::write(&temporary, bytes).map_err(|source| Error::io("write", &temporary, source))?;
    write::publish(&temporary, path).map(drop)
}

/// A lock whose holder cannot have left it in between: every holder only stores finished values.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poison| poison.into_inner())
}
