//! How far the work in an output folder is, seen from outside: from another terminal, or after a crash.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, SecondsFormat, Utc};

use crate::error::{Error, Result};
use crate::plan::{Resources, Share};
use crate::spool::contents::Contents;
use crate::spool::lock::{self, Owner};
use crate::spool::snapshot::Snapshot;
use crate::spool::{self, Task};

use super::checkpoint;

/// How far the work is.
#[derive(Debug, serde::Serialize)]
pub struct Status {
    /// The run's name.
    pub run: String,
    /// The time of the first start, which files name.
    pub created: String,
    /// Units of work.
    pub units: u64,
    /// Units done.
    pub units_done: u64,
    /// Dumps to read.
    pub dumps: u64,
    /// Dumps of units that are done, and those that units in work have read.
    pub dumps_done: u64,
    /// Dumps a second, of all processes that work; 0 where none does.
    pub dumps_per_second: f64,
    /// Seconds until all dumps are read, at that rate.
    pub seconds_left: Option<f64>,
    /// Files to publish.
    pub files: u64,
    /// Files published of what is done.
    pub files_done: u64,
    /// Whether all is done and published.
    pub is_published: bool,
    /// Inputs that were missing or damaged, by kind.
    pub faults: BTreeMap<String, u64>,
    /// Shards that have units left, where the work is shared.
    pub missing_shards: Vec<String>,
    /// Bytes of the spool.
    pub spool_bytes: u64,
    /// The processes that worked last as each task.
    pub tasks: Vec<TaskStatus>,
}

/// A process.
#[derive(Debug, serde::Serialize)]
pub struct TaskStatus {
    /// Its task: a number, or `publish`.
    pub task: String,
    /// Its share, where the work is shared.
    pub share: Option<String>,
    /// Where it runs, or ran last.
    pub host: String,
    /// Its number there.
    pub process: u32,
    /// When it started.
    pub started: String,
    /// Whether it works: `true`, `false`, or unknown, where it runs on another machine and gives no sign for the moment.
    pub is_alive: Option<bool>,
    /// Units of its share that are done.
    pub units_done: u64,
    /// Units of its share.
    pub units: u64,
}

/// Looks at an output folder. Reads journals and locks, changes nothing.
///
/// # Errors
/// [`Error::NoSpool`], [`Error::SpoolVersion`], [`Error::Io`].
pub fn status(output: &Path) -> Result<Status> {
    let folder = output.join(spool::FOLDER);
    let snapshot = if folder.is_dir() { Snapshot::latest(&folder)? } else { None };
    let snapshot = snapshot.ok_or_else(|| Error::NoSpool { path: output.to_owned() })?;
    let plan = snapshot.plan(Resources::detect())?;
    let contents = Contents::load(&folder, snapshot.header.epoch)?;
    let accepted = checkpoint::accept(&plan, snapshot.header.id, &contents, Share::ALL, false);
    let left = plan.units_left(Share::ALL, |cell, period| accepted.covered.has(cell, period));
    let owners = lock::owners(&folder)?;
    let me = Owner::me(None);
    let living: Vec<&Owner> = owners
        .iter()
        .filter_map(|(_, owner)| owner.as_ref())
        .filter(|owner| owner.is_dead(&me) != Some(true))
        .collect();
    let dumps = plan.dumps() as u64;
    let in_work: u64 =
        living.iter().map(|owner| owner.state.dumps_done.saturating_sub(owner.state.dumps_recorded)).sum();
    let dumps_done = (accepted.dumps + in_work).min(dumps);
    let dumps_per_second: f64 = living.iter().map(|owner| rate(owner)).fold(0.0, |sum, rate| sum + rate);
    let seconds_left = (dumps_per_second > 0.0).then(|| (dumps - dumps_done) as f64 / dumps_per_second);
    let mut faults = BTreeMap::new();
    let known = contents.units.iter().filter(|unit| accepted.units.contains(&unit.id));
    for fault in plan.missing.iter().chain(known.flat_map(|unit| &unit.faults)) {
        let kind = serde_json::to_value(fault.kind).ok();
        let kind = kind.and_then(|kind| Some(kind.as_str()?.to_owned())).unwrap_or_default();
        *faults.entry(kind).or_default() += 1;
    }
    let digest = accepted.digest();
    let is_done =
        contents.done.iter().any(|(under, units)| under.plan == snapshot.header.id && *units == digest);
    let is_published = left.is_empty() && is_done;
    let names = plan.outputs.iter().filter(|output| contents.published.contains_key(&output.file));
    let files_done = names.filter(|file| output.join(&file.file).exists()).count() as u64;
    Ok(Status {
        run: plan.run.name.clone(),
        created: snapshot.header.created.to_rfc3339_opts(SecondsFormat::Secs, true),
        units: (accepted.units.len() + left.len()) as u64,
        units_done: accepted.units.len() as u64,
        dumps,
        dumps_done,
        dumps_per_second,
        seconds_left,
        files: plan.outputs.len() as u64,
        files_done,
        is_published,
        faults,
        missing_shards: checkpoint::missing_shards(&plan, &contents, &left),
        spool_bytes: bytes_of(&folder),
        tasks: task_states(&plan, &snapshot, &contents, &owners, &me),
    })
}

fn rate(owner: &Owner) -> f64 {
    let state = owner.state;
    let read = state.dumps_done.saturating_sub(state.dumps_found) as f64;
    if state.seconds > 0.0 && state.dumps_done < state.dumps { read / state.seconds } else { 0.0 }
}

fn task_states(
    plan: &crate::plan::Plan,
    snapshot: &Snapshot,
    contents: &Contents,
    owners: &[(Task, Option<Owner>)],
    me: &Owner,
) -> Vec<TaskStatus> {
    let mut last = BTreeMap::new();
    for (task, session) in &contents.sessions {
        last.insert(*task, session);
    }
    let state = |(task, session): (Task, &crate::spool::record::Session)| {
        let owner = owners.iter().find(|(other, _)| *other == task);
        let is_alive = match owner {
            None => Some(false),
            Some((_, None)) => None,
            Some((_, Some(owner))) => owner.is_dead(me).map(|is_dead| !is_dead),
        };
        let share = session.share.unwrap_or(Share::ALL);
        let mine = checkpoint::accept(plan, snapshot.header.id, contents, share, false);
        let left = plan.units_left(share, |cell, period| mine.covered.has(cell, period));
        let started = DateTime::<Utc>::from_timestamp(session.started, 0).unwrap_or_default();
        TaskStatus {
            task: task.to_string(),
            share: session.share.map(|share| share.to_string()),
            host: session.host.clone(),
            process: session.process,
            started: started.to_rfc3339_opts(SecondsFormat::Secs, true),
            is_alive,
            units_done: mine.mine.len() as u64,
            units: (mine.mine.len() + left.len()) as u64,
        }
    };
    last.into_iter().map(state).collect()
}

fn bytes_of(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| Some(entry.metadata().ok()?.len())).sum()
}
