//! The work itself: one pass over the dumps, chunks put together, files published; all of it under a checkpoint.

use std::path::{Path, PathBuf};

use crate::error::{Argument, Error, Result};
use crate::observer::Observer;
use crate::plan::{Plan, Resources, Share};
use crate::run::Run;
use crate::shared;
use crate::spool::lock::Lock;
use crate::spool::snapshot::Snapshot;
use crate::spool::{self, Task};

mod checkpoint;
mod complete;
mod earlier;
mod expected;
mod fragment;
mod held;
mod identity;
pub(crate) mod import;
mod job;
mod join;
mod keeper;
mod load;
#[cfg(feature = "postgres")]
mod load_database;
mod map_files;
mod older;
mod options;
mod pass;
mod places;
mod product;
mod progress;
mod publish;
mod published;
mod report;
mod rows;
mod stats;
mod status;
mod stop;
mod table_files;
mod tables;
mod work;

pub use crate::spool::held::{FileKind, Held, HeldCells, HeldFile};
pub use checkpoint::shared_plan;
pub use import::Grids;
use import::Imported;
#[cfg(feature = "postgres")]
pub use load_database::load;
#[cfg(feature = "postgres")]
pub(crate) use load_database::{
    LoadedMember, load_into, of_runs as database_schemas_of_runs, schemas as database_schemas,
};
pub use options::Options;
pub use published::Published;
pub use report::{Bound, LostReport, Report};
pub use rows::{Rows, Waited};
pub use stats::{Stage, StageReport, Stats};
pub use status::{Status, TaskStatus, status};
pub(crate) use tables::no_traits;

use job::{Job, Role};
use progress::Progress;

/// What says which runs a folder of several has; each of these has its work in a folder below.
pub(crate) const RUNS: &str = "runs.json";

/// Makes the files of a plan in a folder, and `report.json` beside them. Returns the report.
///
/// What is finished is kept in the folder's spool: the same call again, after any end, continues there. With
/// [`Options::share`] only that share of the units is done, of a plan that [`shared_plan`] gave, and no file is made.
///
/// Memory: [`Memory::budget`](crate::plan::Memory::budget), and some for the libraries.
///
/// # Errors
/// [`Stopped`](crate::ErrorKind::Stopped) on request; [`Begun`](crate::ErrorKind::Begun), [`Busy`](crate::ErrorKind::Busy),
/// [`Occupied`](crate::ErrorKind::Occupied) before any work; [`Io`](crate::ErrorKind::Io) and [`Library`](crate::ErrorKind::Library) where something cannot be written.
/// Inputs that cannot be used are no error: they are in [`Report::faults`].
pub fn grid(
    plan: &Plan,
    output: impl AsRef<Path>,
    options: &Options,
    observer: &dyn Observer,
) -> Result<Report> {
    let output = output.as_ref();
    work(plan, None, output, options, observer)
}

/// Makes the tables of a plan that [`Grids::plan`] made of files of grids.
///
/// # Errors
/// Those of [`grid`].
pub fn tables_of_grids(
    plan: &Plan,
    grids: &Grids,
    output: impl AsRef<Path>,
    options: &Options,
    observer: &dyn Observer,
) -> Result<Report> {
    let output = output.as_ref();
    if plan.settings.change.is_some() {
        // What is compared is put where only this work finds it.
        let compared = grids.compared(plan.settings.clone(), Ok)?;
        return work(&compared.plan, Some(Imported::Compared(&compared)), output, options, observer);
    }
    work(plan, Some(Imported::Days(grids)), output, options, observer)
}

fn work(
    plan: &Plan,
    grids: Option<Imported<'_>>,
    output: &Path,
    options: &Options,
    observer: &dyn Observer,
) -> Result<Report> {
    options.check_trace()?;
    places::refuse_strange(plan, output)?;
    let folder = prepare(output, options)?;
    let (role, task) = match options.share {
        None => (Role::Alone, Task::number(0)),
        Some(share) => (Role::Share(share), Task::number(share.index)),
    };
    let is_in_the_way = |other: Task, share: Option<Share>| match role {
        Role::Share(_) => other == Task::number(0) && other != task && share.is_none(),
        _ => other != task,
    };
    let lock = enter(&folder, task, is_in_the_way, options, observer)?;
    let before = match role {
        Role::Alone => {
            // Files of other settings hold something else, not less.
            let latest = if options.fresh { None } else { Snapshot::latest(&folder)? };
            if let Some(latest) = latest {
                checkpoint::refuse_others(&latest, plan, output)?;
            }
            held::begin(&folder, plan, output, options)?
        }
        _ => None,
    };
    let snapshot = match role {
        Role::Share(_) => {
            Snapshot::latest(&folder)?.filter(|latest| latest.is_of(plan, &folder).unwrap_or(false))
        }
        _ => {
            let (snapshot, note) = checkpoint::freeze(&folder, output, plan, options.fresh)?;
            note.into_iter().for_each(|note| observer.note(&note.into()));
            Some(snapshot)
        }
    };
    let snapshot = snapshot.ok_or_else(|| Error::spool(folder.clone(), "its plan has just been replaced"))?;
    let progress = &Progress::new(observer);
    Job { plan, output, folder, options, progress, role, task, snapshot, grids, before }.run(lock)
}

/// Makes the files of what tasks did in a folder, each with its [`Options::share`].
///
/// # Errors
/// [`Unfinished`](crate::ErrorKind::Unfinished) where there is work left, [`NoCheckpoint`](crate::ErrorKind::NoCheckpoint), and those of [`grid`].
pub fn publish(
    output: impl AsRef<Path>,
    resources: Resources,
    options: &Options,
    observer: &dyn Observer,
) -> Result<Report> {
    let output = output.as_ref();
    options.check_trace()?;
    status::require_folder(output)?;
    let folder = spool::find(output)?;
    let missing = || Error::no_spool(output);
    if !folder.is_dir() || Snapshot::latest(&folder)?.is_none() {
        return Err(missing());
    }
    let (role, task) = (Role::Publisher, Task::PUBLISHER);
    let is_alone = |other, share: Option<Share>| other == Task::number(0) && share.is_none();
    let lock = enter(&folder, task, is_alone, options, observer)?;
    // While the lock was waited for, another publisher may have made way for a new plan.
    let snapshot = Snapshot::latest(&folder)?.ok_or_else(missing)?;
    let plan = snapshot.plan(resources, |listing, kept| Run::again(listing, kept, &folder))?;
    let before = held::Before::of(&folder, output)?.or_else(|| held::Before::reported(output));
    let progress = &Progress::new(observer);
    Job { plan: &plan, output, folder, options, progress, role, task, snapshot, grids: None, before }
        .run(lock)
}

/// Takes a task's lock, while nobody is in the way.
fn enter(
    folder: &Path,
    task: Task,
    is_in_the_way: impl Fn(Task, Option<Share>) -> bool,
    options: &Options,
    observer: &dyn Observer,
) -> Result<Lock> {
    let lock = Lock::take(folder, task, options.share, observer)?;
    spool::lock::refuse_others(folder, is_in_the_way, observer)?;
    Ok(lock)
}

/// Sees to it that the folders are there, and that nothing would be lost. Returns the spool's folder.
fn prepare(output: &Path, options: &Options) -> Result<PathBuf> {
    if output.to_str().is_none() {
        let reason = "the path is not UTF-8, which the NetCDF library wants; choose another folder";
        return Err(Error::selection(Argument::Output, output.display(), reason));
    }
    std::fs::create_dir_all(output).map_err(|source| Error::io("make the folder", output, source))?;
    let folder = spool::find(output)?;
    let is_begun = folder.is_dir() && Snapshot::is_there(&folder)?;
    if output.join(RUNS).is_file() {
        let reason = "holds several runs, each in its folder; choose another folder, or give all of them";
        return Err(Error::selection(Argument::Output, output.display(), reason));
    }
    if !is_begun && !options.overwrite {
        for entry in std::fs::read_dir(output).map_err(|source| Error::io("list", output, source))? {
            let name = entry.map_err(|source| Error::io("list", output, source))?.file_name();
            if shared::mark_of(&name.to_string_lossy()).is_none() && name != spool::FOLDER {
                return Err(Error::output_not_empty(output));
            }
        }
    }
    std::fs::create_dir_all(&folder).map_err(|source| Error::io("make the folder", &folder, source))?;
    shared::sync_folder(output)?;
    Ok(folder)
}

/// Removes the temporary files that bear a mark, as processes of this spool left them.
fn remove_marked(output: &Path, is_meant: impl Fn(&str) -> bool) -> Result<()> {
    let list = |source| Error::io("list", output, source);
    for entry in std::fs::read_dir(output).map_err(list)?.flatten() {
        let name = entry.file_name();
        let mark = name.to_str().and_then(shared::mark_of);
        if mark.is_some_and(&is_meant) && entry.file_type().is_ok_and(|kind| !kind.is_symlink()) {
            shared::remove_temporary(&entry.path())?;
        }
    }
    Ok(())
}
