//! The tables of a job: blocks, and the files that are made of them.

use crate::error::{Error, Result};
use crate::observer::Counted;
use crate::plan::Tables;
use crate::spool::contents::{self, Contents, SeriesIndex};
use crate::spool::record::RecordId;
use crate::spool::snapshot;
use crate::table::{self, Layout, Map};

use super::super::checkpoint::Summary;
use super::super::import::{self, Imported};
use super::super::pass::Workshop;
use super::super::published::Published;
use super::super::table_files::Files;
use super::super::tables::{self, Accepted, Blocks, ToSpool};
use super::super::work::{self, Delivery, Work};
use super::{Done, Job, Role};

/// The tables of a job as work.
struct Tabling<'a, 'j> {
    job: &'a Job<'j>,
    shop: &'a Workshop<'a>,
    mark: &'a str,
    layout: &'a Layout<'a>,
    maps: &'a [Map],
    basis: u64,
    /// Where the series are that tables are made of, if they are in the spool.
    index: Option<SeriesIndex>,
    /// What was done before the tables.
    before: &'a Done,
    /// Blocks that were done when the work began.
    found: usize,
}

/// What is known of blocks.
struct State {
    contents: Contents,
    accepted: Accepted,
}

impl Tabling<'_, '_> {
    fn accept(&self, contents: &Contents, compares: bool) -> Accepted {
        let (layout, share) = (self.layout, self.job.share());
        tables::accept(layout, self.maps, self.basis, contents, share, compares, self.index.as_ref())
    }

    /// What is done already, compared with the dumps as they are now, and with what the disk kept.
    fn find(&self, mut contents: Contents) -> Result<State> {
        let compares = self.job.role != Role::Publisher;
        let mut accepted = self.accept(&contents, compares);
        let mut stale = std::mem::take(&mut accepted.stale);
        self.job.tell_short(&accepted.short);
        stale.append(&mut accepted.short);
        if compares {
            stale.extend(tables::damaged(self.shop, &accepted, false)?);
        }
        if !stale.is_empty() {
            self.job.retire(self.shop, &mut contents, stale)?;
            accepted = self.accept(&contents, false);
        }
        Ok(State { contents, accepted })
    }
}

impl Work for Tabling<'_, '_> {
    type State = State;
    type Damage = Vec<RecordId>;
    type Done = (Summary, Vec<Published>);

    fn is_left(&self, state: &State) -> bool {
        !state.accepted.left.is_empty()
    }

    fn tell(&self, state: &State, _: usize) {
        let files = Files::count(self.layout, self.maps);
        self.job.tell_blocks(self.layout, &state.accepted, self.found, files, self.before);
    }

    fn check(&self, state: &State, round: usize) -> Result<()> {
        let job = self.job;
        // What is left after the first time is damaged, and made again by whoever finds that.
        let is_others = job.role == Role::Publisher && !job.plan.settings.grids;
        if round == 0 && is_others && self.is_left(state) {
            return Err(job.unfinished(&state.contents, &state.accepted));
        }
        match job.progress.observer.is_stopped() {
            true => Err(job.stopped(Error::stopped(0, 0))),
            false => Ok(()),
        }
    }

    fn make(&self, state: State) -> Result<State> {
        let Tabling { job, shop, layout, maps, basis, .. } = *self;
        let Workshop { stats, progress, halt, spool, .. } = shop;
        let series = self.index.as_ref().map(|index| (spool.as_ref(), index));
        let compared = job.grids.and_then(|grids| grids.compared());
        let blocks = Blocks { layout, maps, basis, stats, progress, halt, series, compared };
        blocks.run(&state.accepted.left, || Ok(ToSpool::new(shop, layout)))?;
        halt.check()?;
        let contents = Contents::load(&job.folder, job.header().epoch)?;
        let state = State { accepted: self.accept(&contents, false), contents };
        match self.is_left(&state) {
            true => Err(job.stopped(Error::stopped(0, 0))),
            false => Ok(state),
        }
    }

    fn deliver(&self, state: &State) -> Result<Delivery<Self::Done, Self::Damage>> {
        let Tabling { job, shop, before, .. } = *self;
        let mut summary = Summary::of_blocks(&state.accepted.blocks);
        if matches!(job.grids, Some(Imported::Days(_))) {
            summary.silent.extend(import::silent(job.header().id, &state.contents));
        }
        if !job.publishes() {
            return Ok(Delivery::Done((summary, Vec::new())));
        }
        let faults = before.summary.faults.iter().chain(&summary.faults).cloned();
        job.hold(shop, &faults.collect::<Vec<_>>())?;
        let publisher = Files {
            shop,
            layout: self.layout,
            maps: self.maps,
            header: job.header(),
            contents: &state.contents,
            accepted: &state.accepted,
            folder: job.output,
            mark: self.mark,
            digest: match before.summary.digest.is_empty() {
                true => &summary.digest,
                false => &before.summary.digest,
            },
        };
        let files = match publisher.publish().map_err(|error| job.stopped(error))? {
            Delivery::Done(files) => files,
            Delivery::Damaged(records) => return Ok(Delivery::Damaged(records)),
        };
        shop.halt.check()?;
        self.check(state, 1)?;
        Ok(Delivery::Done((summary, files)))
    }

    fn mend(&self, mut state: State, damage: Vec<RecordId>) -> Result<State> {
        // Where every piece is sound when it is read once more, reading failed for a moment.
        if !damage.is_empty() {
            self.job.mend(self.shop, &mut state.contents, damage)?;
            state.accepted = self.accept(&state.contents, false);
        }
        Ok(state)
    }

    fn unsound(&self) -> Error {
        self.job.unsound()
    }
}

impl Job<'_> {
    /// Does the blocks of tables, and publishes their files where that is this process's to do.
    pub(super) fn tables(
        &self,
        shop: &Workshop<'_>,
        contents: Contents,
        mark: &str,
        settings: &Tables,
        done: &mut Done,
    ) -> Result<Contents> {
        let layout = Layout::new(self.plan, settings)?;
        let maps = table::maps(self.plan, settings, &layout.years)?;
        let epoch = self.header().epoch;
        let mut contents = contents;
        let id = self.header().id;
        let mut shelved = None;
        let imported = match self.grids {
            Some(Imported::Days(grids)) => {
                let imported = grids.import(shop, self.plan, id, &contents);
                let imported = imported.map_err(|error| self.stopped(error))?;
                contents = Contents::load(&self.folder, epoch)?;
                Some(imported)
            }
            Some(Imported::Compared(grids)) => {
                let imported = grids.import(shop, id, &contents);
                let imported = imported.map_err(|error| self.stopped(error))?;
                contents = Contents::load(&self.folder, epoch)?;
                shelved = Some(grids.shelve(shop.spool, epoch, &contents, &imported)?);
                Some(imported.into_iter().flatten().collect())
            }
            None => (self.plan.settings.grids && settings.needs_days()).then(|| done.units.clone()),
        };
        let index = match (shelved, &imported) {
            (Some(index), _) => Some(index),
            (None, Some(units)) => Some(contents::series(&self.folder, epoch, |id| units.contains(&id))?),
            (None, None) => None,
        };
        let mut work = Tabling {
            job: self,
            shop,
            mark,
            layout: &layout,
            maps: &maps,
            basis: snapshot::basis(self.plan)?,
            index,
            before: done,
            found: 0,
        };
        let state = work.find(contents)?;
        work.found = state.accepted.mine;
        let found = work.found;
        let ((summary, files), State { contents, accepted }) = work::drive(&work, state)?;
        done.found += found;
        done.others.extend(accepted.blocks.iter().map(|state| state.id));
        done.others.extend(imported.into_iter().flatten());
        done.add(summary, files, accepted.digest());
        Ok(contents)
    }

    /// Sets the counters for blocks of tables, which come after the units of grids.
    fn tell_blocks(
        &self,
        layout: &Layout<'_>,
        accepted: &tables::Accepted,
        found: usize,
        files: usize,
        done: &Done,
    ) {
        let progress = self.progress;
        let before = if self.plan.settings.grids { self.plan.units.len() as u64 } else { 0 };
        let blocks = Blocks::of(layout, self.share());
        let dumps_of = |numbers: &[u32]| numbers.iter().map(|&number| layout.files_of(number)).sum::<u64>();
        let (all, left) = (dumps_of(&blocks), dumps_of(&accepted.left));
        let read = if self.plan.settings.grids { self.plan.dumps() as u64 } else { 0 };
        progress.start(Counted::Units, before + blocks.len() as u64, before + accepted.mine as u64);
        progress.found((done.found + found) as u64);
        progress.start(Counted::Dumps, read + all, read + all - left);
        progress.start(Counted::Files, if self.publishes() { files as u64 } else { 0 }, 0);
        if found > 0 && accepted.mine == found {
            progress.note(format!("found {found} of {} blocks done", blocks.len()));
        }
    }

    /// That other tasks have left blocks.
    fn unfinished(&self, contents: &Contents, accepted: &tables::Accepted) -> Error {
        let shards = tables::missing_shards(contents, &accepted.left);
        let missing = match shards.is_empty() {
            true => "; the work was not finished".to_owned(),
            false => format!("; missing are the shards {}", shards.join(", ")),
        };
        let done = accepted.blocks.len() as u64;
        Error::unfinished(done, done + accepted.left.len() as u64, missing)
    }
}
