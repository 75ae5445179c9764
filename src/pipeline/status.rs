//! How far the work in an output folder is, seen from outside: from another terminal, or after a crash.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use chrono::{DateTime, SecondsFormat, Utc};

use crate::error::{Error, Result};
use crate::grid::products;
use crate::model::fault::Fault;
use crate::plan::{Plan, Resources, Share};
use crate::run::Run;
use crate::run::silence::{EmptyCells, SilentDumps};
use crate::shared;
use crate::spool::contents::Contents;
use crate::spool::lock::{self, Owner};
use crate::spool::snapshot::{self, Snapshot};
use crate::spool::{self, Task};
use crate::table::{self, Layout};

use super::tables::{self, Blocks};
use super::{checkpoint, expected, import, product};

/// How far the work is.
#[derive(Debug, serde::Serialize)]
#[non_exhaustive]
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
    /// Cells that are there and hold nothing, once all dumps are done.
    pub empty_cells: Vec<EmptyCells>,
    /// Shards that have units left, where the work is shared.
    pub missing_shards: Vec<String>,
    /// Bytes that the spool takes on the disk.
    pub spool_bytes: u64,
    /// The processes that worked last as each task.
    pub tasks: Vec<TaskStatus>,
}

/// A process.
#[derive(Debug, serde::Serialize)]
#[non_exhaustive]
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

/// Refuses an output folder that is not there, or that is a file.
pub(super) fn require_folder(output: &Path) -> Result<()> {
    std::fs::read_dir(output).map(drop).map_err(|source| Error::io("list", output, source))
}

/// Looks at an output folder. Reads journals and locks, changes nothing.
///
/// # Errors
/// [`NoCheckpoint`](crate::ErrorKind::NoCheckpoint), [`Begun`](crate::ErrorKind::Begun), [`Io`](crate::ErrorKind::Io).
pub fn status(output: impl AsRef<Path>) -> Result<Status> {
    let output = output.as_ref();
    require_folder(output)?;
    let folder = output.join(spool::FOLDER);
    shared::refuse_strange_folder(&folder)?;
    let snapshot = if folder.is_dir() { Snapshot::latest(&folder)? } else { None };
    let snapshot = snapshot.ok_or_else(|| Error::no_spool(output))?;
    let plan = snapshot.plan(Resources::detect(), |listing, kept| Run::again(listing, kept, &folder))?;
    let contents = Contents::load(&folder, snapshot.header.epoch)?;
    let accepted = checkpoint::accept(&plan, snapshot.header.id, &contents, Share::ALL, false);
    let parts = Parts::of(&plan, &contents, Share::ALL)?;
    let left = plan.units_left(Share::ALL, |cell, period| accepted.covered.has(cell, period));
    let owners = lock::owners(&folder)?;
    let me = Owner::me(None);
    let living: Vec<&Owner> = owners
        .iter()
        .filter_map(|(_, owner)| owner.as_ref())
        .filter(|owner| owner.is_dead(&me) != Some(true))
        .collect();
    let grids = if plan.settings.grids { (plan.dumps() as u64, accepted.dumps) } else { (0, 0) };
    let dumps = grids.0 + parts.files;
    let in_work: u64 =
        living.iter().map(|owner| owner.state.dumps_done.saturating_sub(owner.state.dumps_recorded)).sum();
    let dumps_done = (grids.1 + parts.files_done + in_work).min(dumps);
    let dumps_per_second: f64 = living.iter().map(|owner| rate(owner)).fold(0.0, |sum, rate| sum + rate);
    let seconds_left = (dumps_per_second > 0.0).then(|| (dumps - dumps_done) as f64 / dumps_per_second);
    let mut faults = BTreeMap::new();
    let known = || contents.units.iter().filter(|unit| accepted.units.contains(&unit.id));
    let missing = super::report::missing(&plan);
    for fault in missing.iter().chain(known().flat_map(|unit| &unit.faults)).chain(&parts.faults) {
        let kind = serde_json::to_value(fault.kind).ok();
        let kind = kind.and_then(|kind| Some(kind.as_str()?.to_owned())).unwrap_or_default();
        *faults.entry(kind).or_default() += 1;
    }
    let digest = checkpoint::digest_of_all(plan.settings.grids.then(|| accepted.digest()), parts.digest);
    let is_done =
        contents.done.iter().any(|(under, units)| under.plan == snapshot.header.id && *units == digest);
    let units_left = if plan.settings.grids { left.len() as u64 } else { 0 };
    let is_published = units_left + parts.left == 0 && is_done;
    let empty_cells = match units_left + parts.left {
        0 => {
            let mut silent = match plan.run.kind == import::KIND {
                true => import::silent(snapshot.header.id, &contents),
                false => known().flat_map(|unit| &unit.silent).cloned().collect(),
            };
            silent.extend(parts.silent);
            expected::empty_cells(&plan, &silent, &parts.silent_years)
        }
        _ => Vec::new(),
    };
    let daily = products::of_plan(&plan)?;
    let mut names: Vec<&str> = parts.names.iter().map(String::as_str).collect();
    names.extend(daily.iter().map(|product| product.file.as_str()));
    let is_there = |name: &&&str| contents.published.contains_key(**name) && output.join(name).exists();
    let files_done = names.iter().filter(is_there).count() as u64;
    let mut missing_shards = match plan.settings.grids {
        true => checkpoint::missing_shards(&plan, &contents, &left),
        false => parts.missing_shards.clone(),
    };
    missing_shards.sort();
    Ok(Status {
        run: plan.run.name.clone(),
        created: snapshot.header.created.to_rfc3339_opts(SecondsFormat::Secs, true),
        units: accepted.units.len() as u64 + units_left + parts.done + parts.left,
        units_done: accepted.units.len() as u64 + parts.done,
        dumps,
        dumps_done,
        dumps_per_second,
        seconds_left,
        files: names.len() as u64,
        files_done,
        is_published,
        faults,
        empty_cells,
        missing_shards,
        spool_bytes: bytes_of(&folder),
        tasks: task_states(&plan, &snapshot, &contents, &owners, &me)?,
    })
}

/// What there is to be said of the blocks of tables.
#[derive(Default)]
struct Parts {
    done: u64,
    left: u64,
    files: u64,
    files_done: u64,
    digest: Option<u64>,
    faults: Vec<Fault>,
    silent: Vec<SilentDumps>,
    silent_years: Vec<SilentDumps>,
    names: Vec<String>,
    missing_shards: Vec<String>,
}

impl Parts {
    fn of(plan: &Plan, contents: &Contents, share: Share) -> Result<Self> {
        let Some(settings) = &plan.settings.tables else { return Ok(Parts::default()) };
        let layout = Layout::new(plan, settings)?;
        let maps = table::maps(plan, settings, &layout.years)?;
        let accepted = tables::accept(&layout, &maps, snapshot::basis(plan)?, contents, share, false, None);
        let files = |numbers: &[u32]| numbers.iter().map(|&number| layout.files_of(number)).sum::<u64>();
        let all = files(&Blocks::of(&layout, share));
        let products = product::of_maps(plan, &maps)?;
        let is_single = settings.partition.is_none() && !settings.is_per_cell();
        let tables = layout.tables.iter().filter(|_| is_single).map(|table| layout.file(table, 0));
        Ok(Parts {
            done: accepted.mine as u64,
            left: accepted.left.len() as u64,
            files: all,
            files_done: all - files(&accepted.left),
            digest: Some(accepted.digest()),
            faults: accepted.blocks.iter().flat_map(|state| state.block.faults.clone()).collect(),
            silent: accepted.blocks.iter().flat_map(|state| state.block.silent.clone()).collect(),
            silent_years: accepted.blocks.iter().flat_map(|state| state.block.silent_years.clone()).collect(),
            names: tables.chain(products.into_iter().map(|product| product.file)).collect(),
            missing_shards: tables::missing_shards(contents, &accepted.left),
        })
    }
}

fn rate(owner: &Owner) -> f64 {
    let state = owner.state;
    let read = state.dumps_done.saturating_sub(state.dumps_found) as f64;
    if state.seconds > 0.0 && state.dumps_done < state.dumps { read / state.seconds } else { 0.0 }
}

fn task_states(
    plan: &Plan,
    snapshot: &Snapshot,
    contents: &Contents,
    owners: &[(Task, Option<Owner>)],
    me: &Owner,
) -> Result<Vec<TaskStatus>> {
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
        let (mut units_done, mut units) = (mine.mine.len() as u64, (mine.mine.len() + left.len()) as u64);
        if !plan.settings.grids {
            let parts = Parts::of(plan, contents, share)?;
            (units_done, units) = (parts.done, parts.done + parts.left);
        }
        let started = DateTime::<Utc>::from_timestamp(session.started, 0).unwrap_or_default();
        Ok(TaskStatus {
            task: task.to_string(),
            share: session.share.map(|share| share.to_string()),
            host: session.host.clone(),
            process: session.process,
            started: started.to_rfc3339_opts(SecondsFormat::Secs, true),
            is_alive,
            units_done,
            units,
        })
    };
    last.into_iter().map(state).collect()
}

fn bytes_of(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| Some(entry.metadata().ok()?.blocks() * 512)).sum()
}
