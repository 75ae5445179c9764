//! What of the work is done already, and whether it still counts.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;

use rayon::prelude::*;
use twox_hash::XxHash3_64;

use crate::error::{Error, Result};
use crate::grid::forms;
use crate::model::fault::Fault;
use crate::model::grid::Cell;
use crate::place::Seen;
use crate::plan::{Plan, Settings, Share, Unit};
use crate::run::Run;
use crate::run::silence::SilentDumps;
use crate::shared::{self, unique};
use crate::source::stamp::Stamp;
use crate::source::{Item, Part};
use crate::spool::contents::{BlockState, Contents, Index, UnitState};
use crate::spool::digest::Digest;
use crate::spool::record::{Counts, Line, Record, RecordId};
use crate::spool::snapshot::{self, Snapshot};
use crate::spool::{self, Spool, Task, journal};
use crate::write::Provenance;

use super::Options;
use super::complete;
use super::identity;

/// The dumps that finished units cover, by cell and period of a plan.
#[derive(Default)]
pub(super) struct Covered {
    periods: usize,
    bits: Vec<bool>,
}

impl Covered {
    fn of(plan: &Plan) -> Self {
        let periods = plan.periods.len();
        Covered { periods, bits: vec![false; periods * plan.cells.len()] }
    }

    pub fn has(&self, cell: usize, period: usize) -> bool {
        self.bits.get(cell * self.periods + period).copied().unwrap_or(false)
    }

    fn set(&mut self, cell: usize, period: usize) {
        if let Some(bit) = self.bits.get_mut(cell * self.periods + period) {
            *bit = true;
        }
    }
}

/// The finished units that count for a plan.
#[derive(Default)]
pub(super) struct Accepted {
    /// Their records.
    pub units: HashSet<RecordId>,
    /// The dumps that they cover.
    pub covered: Covered,
    /// Records that do not count because dumps are others now.
    pub stale: Vec<RecordId>,
    /// Records that do not count because they lack pieces that their units leave.
    pub short: Vec<RecordId>,
    /// Dumps that are others now.
    pub changed: usize,
    /// Accepted units of the share.
    pub mine: HashSet<RecordId>,
    /// Their dumps.
    pub dumps: u64,
    /// The inputs among them that could not be used.
    pub faults: usize,
}

impl Accepted {
    /// A digest of the units.
    pub fn digest(&self) -> u64 {
        let mut units: Vec<RecordId> = self.units.iter().copied().collect();
        units.sort_unstable();
        identity::of_records("units", units.iter())
    }
}

/// Chooses the finished units that count for a plan. Those of the share are compared with their dumps, if that is asked
/// for.
pub(super) fn accept(plan: &Plan, id: u64, contents: &Contents, share: Share, compares: bool) -> Accepted {
    let index: HashMap<Cell, usize> =
        plan.cells.iter().enumerate().map(|(index, planned)| (planned.cell, index)).collect();
    let tiles = tiles_by_place(plan);
    let tasks = crate::plan::units::tasks(plan, share.count);
    let is_mine = |tile: usize, period: usize| {
        tasks.get(tile).and_then(|periods| periods.get(period)) == Some(&share.index)
    };
    // Where each unit's dumps are in the plan; `None` where it does not fit the plan any more.
    let fitting = |unit: &UnitState| -> Option<(usize, usize, Vec<usize>)> {
        let tile = *tiles.get(&unit.tile)?;
        let period = plan.periods.iter().position(|span| span.period == unit.period)?;
        let usual = plan.periods.get(period).map(|span| (span.first_day, span.last_day));
        let fits = (!unit.is_strict || unit.plan == id)
            && usual == Some(unit.usual)
            && unit.largest <= plan.memory.limits.decoded_bytes as u64
            && (unit.covered.last_layer() as usize) < plan.layers.len();
        let cells = unit.dumps.iter().map(|(cell, _)| {
            let cell = *index.get(cell)?;
            plan.has_dump(cell, period).then_some(cell)
        });
        fits.then(|| cells.collect::<Option<Vec<usize>>>()).flatten().map(|cells| (tile, period, cells))
    };
    let compared: Vec<_> = contents
        .units
        .par_iter()
        .map(|unit| {
            let (tile, period, cells) = fitting(unit)?;
            let is_mine = is_mine(tile, period);
            if !complete::is_unit(plan, unit) {
                return Some(Err(is_mine));
            }
            let changed = if is_mine && compares { changed(plan, unit) } else { 0 };
            Some(Ok((period, cells, is_mine, changed)))
        })
        .collect();
    let mut accepted = Accepted { covered: Covered::of(plan), ..Accepted::default() };
    for (unit, fit) in contents.units.iter().zip(compared) {
        match fit {
            Some(Err(is_mine)) => accepted.short.extend(is_mine.then_some(unit.id)),
            Some(Ok((_, _, _, changed))) if changed > 0 => {
                accepted.stale.push(unit.id);
                accepted.changed += changed;
            }
            // Two tasks may have done the same; the first counts.
            Some(Ok((period, cells, is_mine, _)))
                if !cells.iter().any(|&cell| accepted.covered.has(cell, period)) =>
            {
                cells.iter().for_each(|&cell| accepted.covered.set(cell, period));
                accepted.units.insert(unit.id);
                if is_mine {
                    accepted.mine.insert(unit.id);
                    accepted.dumps += cells.len() as u64;
                    accepted.faults += unit.faults.len();
                }
            }
            _ => {}
        }
    }
    accepted
}

/// The tiles' indices in [`Plan::tiles`] by row and column.
pub(super) fn tiles_by_place(plan: &Plan) -> HashMap<(u32, u32), usize> {
    plan.tiles.iter().enumerate().map(|(index, tile)| ((tile.row, tile.column), index)).collect()
}

/// Dumps of a unit, or such that decided about them, that are not what they were.
fn changed(plan: &Plan, unit: &UnitState) -> usize {
    let own = unit.dumps.iter().map(|(cell, stamp)| (*cell, unit.period, stamp));
    let peeked = unit.peeked.iter().map(|(cell, period, stamp)| (*cell, *period, stamp));
    let is_other = |&(cell, period, stamp): &(Cell, u32, &Option<Stamp>)| {
        !is_same(plan, Item::period(cell, period), stamp.as_ref())
    };
    own.chain(peeked).filter(is_other).count()
}

/// Whether an item is what it was when something was made of it, or is not there still.
pub(super) fn is_same(plan: &Plan, item: Item, stamp: Option<&Stamp>) -> bool {
    let source = plan.run.source();
    stamp.map_or_else(|| !source.has(item), |stamp| source.holds(item, stamp))
}

/// Records among accepted ones whose pieces are not what was written, as after a loss of power. Only those are looked at
/// that were not on the disk for certain.
pub(super) fn torn(
    spool: &Spool,
    epoch: u64,
    contents: &Contents,
    accepted: &Accepted,
) -> Result<Vec<RecordId>> {
    let doubtful: HashSet<RecordId> = contents
        .units
        .iter()
        .filter(|unit| !unit.is_synced && accepted.units.contains(&unit.id))
        .map(|unit| unit.id)
        .collect();
    let index = Index::load(spool.folder(), epoch, 0..u32::MAX, |id| doubtful.contains(&id), |_| false)?;
    damaged(spool, &index)
}

/// Records with pieces that are not what was written.
pub(super) fn damaged(spool: &Spool, index: &Index) -> Result<Vec<RecordId>> {
    let joined = index.joined.values().flatten().filter_map(|joined| Some((joined.id, joined.place?)));
    let pieces = index.pieces.iter().map(|piece| (piece.source, piece.place));
    let all: Vec<_> = pieces.chain(joined).collect();
    let bad: Result<HashSet<Option<RecordId>>> = all
        .par_iter()
        .map_init(Vec::new, |bytes, (id, place)| Ok((!spool.read(id.task, place, bytes)?).then_some(*id)))
        .collect();
    let mut bad: Vec<RecordId> = bad?.into_iter().flatten().collect();
    bad.sort_unstable();
    Ok(bad)
}

/// The shards that units are left of, as `I/N`; none where the work is not shared.
pub(super) fn missing_shards(plan: &Plan, contents: &Contents, left: &[Unit]) -> Vec<String> {
    let shares =
        contents.sessions.iter().filter_map(|(_, session)| Some((session.started, session.share?.count)));
    let Some((_, count)) = shares.max() else { return Vec::new() };
    let tasks = crate::plan::units::tasks(plan, count);
    let of = |unit: &Unit| tasks.get(unit.tile).and_then(|periods| periods.get(unit.period)).copied();
    let missing: BTreeSet<u32> = left.iter().filter_map(of).collect();
    missing.into_iter().map(|index| Share { index, count }.to_string()).collect()
}

/// What accepted units found, for files and report.
#[derive(Default)]
pub(super) struct Summary {
    pub faults: Vec<Fault>,
    /// Dumps that have no values up to their ends.
    pub silent: Vec<SilentDumps>,
    /// Yearly files that hold nothing.
    pub silent_years: Vec<SilentDumps>,
    pub seen: Seen,
    pub counts: Counts,
    /// When each dump was written: cell, period, time.
    pub written: Vec<(Cell, u32, i64)>,
    /// One digest of all dumps that were read, whatever the order in which they were.
    pub digest: String,
}

impl Summary {
    pub fn new(contents: &Contents, units: &HashSet<RecordId>) -> Self {
        let mut summary = Summary::default();
        let mut digests = Vec::new();
        for unit in contents.units.iter().filter(|unit| units.contains(&unit.id)) {
            summary.faults.extend_from_slice(&unit.faults);
            summary.silent.extend_from_slice(&unit.silent);
            summary.seen += unit.seen;
            summary.counts += unit.counts;
            let written =
                |(cell, stamp): &(Cell, Option<Stamp>)| Some((*cell, unit.period, stamp.as_ref()?.modified));
            summary.written.extend(unit.dumps.iter().filter_map(written));
            digests.extend(
                unit.dumps
                    .iter()
                    .filter_map(|(cell, stamp)| Some((*cell, unit.period, stamp.as_ref()?.digest))),
            );
        }
        summary.digest = digest_of(digests);
        summary
    }

    /// What blocks of tables found.
    pub fn of_blocks(blocks: &[BlockState]) -> Self {
        let mut summary = Summary::default();
        let mut digests = Vec::new();
        for BlockState { block, .. } in blocks {
            summary.faults.extend_from_slice(&block.faults);
            summary.silent.extend_from_slice(&block.silent);
            summary.silent_years.extend_from_slice(&block.silent_years);
            summary.seen += block.seen;
            summary.counts += block.counts;
            let digest = |(cell, source, stamp): &(Cell, Part, Option<Stamp>)| {
                let number = match source {
                    Part::Period(period) => *period,
                    // Apart from periods, which are far fewer.
                    Part::Year(year) => year.cast_unsigned() ^ (1 << 31),
                };
                Some((*cell, number, stamp.as_ref()?.digest))
            };
            digests.extend(block.files.iter().filter_map(digest));
            let written = |(cell, source, stamp): &(Cell, Part, Option<Stamp>)| match source {
                Part::Period(period) => Some((*cell, *period, stamp.as_ref()?.modified)),
                Part::Year(_) => None,
            };
            summary.written.extend(block.files.iter().filter_map(written));
        }
        summary.digest = digest_of(digests);
        summary
    }

    /// Adds what another part of the work found.
    pub fn add(&mut self, other: Summary) {
        self.faults.extend(other.faults);
        self.silent.extend(other.silent);
        self.silent_years.extend(other.silent_years);
        self.seen += other.seen;
        self.counts += other.counts;
        self.written.extend(other.written);
        if self.digest.is_empty() {
            self.digest = other.digest;
        }
    }
}

/// One digest of all files that were read, whatever the order in which they were.
fn digest_of(mut digests: Vec<(Cell, u32, u64)>) -> String {
    use std::hash::Hasher;
    digests.sort_unstable();
    // Some are read once more to compare dates.
    digests.dedup();
    let mut hasher = XxHash3_64::default();
    for (cell, period, digest) in &digests {
        hasher.write(format!("{cell} {period} {digest:016x}\n").as_bytes());
    }
    format!("xxh3:{:016x} of {} dumps", hasher.finish(), digests.len())
}

/// A digest of all that counts: of units of grids and of blocks of tables, where there are such.
pub(super) fn digest_of_all(grids: Option<u64>, tables: Option<u64>) -> u64 {
    match (grids, tables) {
        (Some(digest), None) | (None, Some(digest)) => digest,
        (grids, tables) => {
            let add = |digest: Digest, one: Option<u64>| match one {
                Some(one) => digest.number(1u64).number(one),
                None => digest.number(0u64),
            };
            add(add(Digest::of("all"), grids), tables).finish()
        }
    }
}

/// Freezes the plan of a process that works alone, or finds it frozen already.
pub(super) fn freeze(
    folder: &Path,
    output: &Path,
    plan: &Plan,
    fresh: bool,
) -> Result<(Snapshot, Option<String>)> {
    let latest = if fresh { None } else { Snapshot::latest(folder)? };
    let Some(latest) = latest else {
        // Before those that it replaces are gone, so that a kill leaves a folder with a plan. What stands in journals
        // does not count under the new epoch.
        let after = snapshot::last_number(folder)?;
        let snapshot = own(Snapshot::freeze(folder, plan, after, epoch(), Provenance::now())?, folder)?;
        snapshot.remove_older(folder);
        return Ok((snapshot, None));
    };
    refuse_others(&latest, plan, output)?;
    if latest.is_of(plan, folder)? {
        return Ok((latest, None));
    }
    let (epoch, note) = next_epoch(&latest, plan);
    // What was published says when; what was not keeps the time of its first start.
    let created = if is_done(folder, &latest)? { Provenance::now() } else { latest.header.created };
    let snapshot = own(Snapshot::freeze(folder, plan, latest.number, epoch, created)?, folder)?;
    snapshot.remove_older(folder);
    Ok((snapshot, note))
}

/// A task of a job array that starts at the same moment may have frozen another plan.
fn own((snapshot, is_own): (Snapshot, bool), folder: &Path) -> Result<Snapshot> {
    if is_own {
        return Ok(snapshot);
    }
    let reason = "another process has just put its own plan there".to_owned();
    Err(Error::spool(folder, reason))
}

/// The plan that tasks of a job array share, of the run at a path. The first task makes it: opens the run and surveys it; it holds until it is
/// published, and the next task after that makes the next one.
///
/// # Errors
/// Those of `open` and [`Plan::new`]; [`Begun`](crate::ErrorKind::Begun), [`Occupied`](crate::ErrorKind::Occupied),
/// [`Io`](crate::ErrorKind::Io).
pub fn shared_plan(
    run: impl AsRef<Path>,
    open: impl FnOnce() -> Result<Run>,
    settings: Settings,
    output: impl AsRef<Path>,
    options: &Options,
) -> Result<Plan> {
    let (run, output) = (run.as_ref(), output.as_ref());
    let folder = spool::find(output)?;
    let resources = settings.resources;
    let latest = Snapshot::latest(&folder)?;
    if let Some(latest) = &latest {
        refuse_other_settings(latest, (run, &name_of(run, latest)), &settings, output)?;
        if !is_done(&folder, latest)? {
            return latest.plan(resources, |listing, kept| Run::again(listing, kept, &folder));
        }
    }
    let plan = Plan::new(open()?, settings)?;
    super::prepare(output, options)?;
    super::held::begin(&folder, &plan, output, options)?;
    let snapshot = match &latest {
        Some(latest) => {
            let (epoch, _) = next_epoch(latest, &plan);
            let created =
                if latest.is_of(&plan, &folder)? { latest.header.created } else { Provenance::now() };
            Snapshot::freeze(&folder, &plan, latest.number, epoch, created)?.0
        }
        None => Snapshot::freeze(&folder, &plan, 0, epoch(), Provenance::now())?.0,
    };
    // Another task may have been faster, with other options or another listing.
    refuse_other_settings(&snapshot, (run, &plan.run.name), &plan.settings, output)?;
    snapshot.plan(resources, |listing, kept| Run::again(listing, kept, &folder))
}

/// The name of a run before it is opened: an archive's stands in it, and that of records is made of their files'.
fn name_of(run: &Path, latest: &Snapshot) -> String {
    if run.is_dir() { crate::run::name_of(run) } else { latest.run_name().to_owned() }
}

/// Refuses a plan where the folder was begun with other settings.
///
/// # Errors
/// [`Begun`](crate::ErrorKind::Begun).
pub(super) fn refuse_others(latest: &Snapshot, plan: &Plan, output: &Path) -> Result<()> {
    // Further forms are made beside those that are there.
    let has_all = latest.formats().iter().all(|format| plan.settings.formats.contains(format));
    let formats = if has_all { latest.formats() } else { &plan.settings.formats };
    let settings = plan.settings.clone().formats(formats.to_vec());
    refuse_other_settings(latest, (&plan.run.path, &plan.run.name), &settings, output)
}

fn refuse_other_settings(
    snapshot: &Snapshot,
    (run, name): (&Path, &str),
    settings: &Settings,
    output: &Path,
) -> Result<()> {
    let differences = snapshot.differences(run, name, settings);
    if differences.is_empty() {
        return Ok(());
    }
    Err(Error::settings_differ(output, differences))
}

fn next_epoch(latest: &Snapshot, plan: &Plan) -> (u64, Option<String>) {
    // Another form may store the chunks that are there.
    let encodes_alike = |one: &Settings, other: &Settings| {
        let [one, other] = [one, other].map(|settings| forms::filters(settings).ok());
        one.is_some() && one == other
    };
    match latest.change_of_chunks(plan, encodes_alike) {
        None => (latest.header.epoch, None),
        Some(change) => (epoch(), Some(format!("{change} is not what it was: all units are done anew"))),
    }
}

/// A number that no earlier plan of the folder has.
fn epoch() -> u64 {
    XxHash3_64::oneshot(unique().as_bytes())
}

/// Whether all files of a plan were published.
fn is_done(folder: &Path, snapshot: &Snapshot) -> Result<bool> {
    let mut done = false;
    for task in [Task::number(0), Task::PUBLISHER] {
        journal::read(&spool::path_of(folder, "journal", task), |_, line: Line| {
            let is_same = (line.under.epoch, line.under.number) == (snapshot.header.epoch, snapshot.number);
            done |= is_same && matches!(line.record, Record::Done(_));
        })?;
    }
    Ok(done)
}

/// Removes files of tasks that wrote nothing in this epoch. Returns what they say was published and what that holds, since it still
/// is there.
pub(super) fn remove_outdated(folder: &Path, contents: &Contents, only: Option<Task>) -> Result<Vec<Record>> {
    let mut kept = Vec::new();
    for kind in ["journal", "segment"] {
        for task in spool::tasks(folder, kind)? {
            if contents.tasks.contains(&task) || only.is_some_and(|only| only != task) {
                continue;
            }
            let path = spool::path_of(folder, kind, task);
            if kind == "journal" {
                journal::read(&path, |_, line: Line| {
                    if matches!(line.record, Record::Published(_) | Record::Held(_)) {
                        kept.push(line.record);
                    }
                })?;
            }
            // A link or a folder in its place is not a file of a spool.
            shared::refuse_strange_file(&path)?;
            shared::remove(&path)?;
        }
    }
    Ok(kept)
}
