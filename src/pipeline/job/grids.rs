//! The grids of a job: units, and the files that are made of them.

use crate::error::{Error, Result};
use crate::grid::products;
use crate::observer::Counted;
use crate::plan::{Share, Unit};
use crate::spool::contents::Contents;
use crate::spool::record::{ChunkKey, Counts, RecordId};

use super::super::checkpoint::{self, Accepted, Summary};
use super::super::join::Joined;
use super::super::pass::{self, Pass, Workshop};
use super::super::publish;
use super::super::stats::Stage;
use super::super::work::{self, Delivery, Work};
use super::{Done, Job, Role};
use crate::sync::lock;

/// The grids of a job as work.
struct Grids<'a, 'j> {
    job: &'a Job<'j>,
    shop: &'a Workshop<'a>,
    mark: &'a str,
    /// Units that were done when the work began.
    found: usize,
}

/// What is known of units.
struct State {
    contents: Contents,
    accepted: Accepted,
}

impl Work for Grids<'_, '_> {
    type State = State;
    type Damage = Vec<RecordId>;
    type Done = Done;

    fn is_left(&self, state: &State) -> bool {
        !self.job.units_left(&state.accepted).is_empty()
    }

    fn tell(&self, state: &State, _: usize) {
        self.job.tell(&state.accepted, &self.job.units_left(&state.accepted), self.found);
    }

    fn check(&self, state: &State, _: usize) -> Result<()> {
        self.job.check_stopped(&state.contents, &state.accepted)
    }

    fn make(&self, state: State) -> Result<State> {
        let job = self.job;
        Pass::new(self.shop, &job.units_left(&state.accepted)).run();
        self.shop.halt.check()?;
        let contents = Contents::load(&job.folder, job.header().epoch)?;
        *lock(&self.shop.joined) = Counts::default();
        Ok(State { accepted: job.accept(&contents, false), contents })
    }

    fn deliver(&self, State { contents, accepted }: &State) -> Result<Delivery<Done, Vec<RecordId>>> {
        let Grids { job, shop, found, .. } = *self;
        if let Role::Share(share) = job.role {
            return Ok(match job.join_own(shop, contents, accepted, share)? {
                None => {
                    let summary = Summary::new(contents, &accepted.mine);
                    Delivery::Done(Done { summary, joined: *lock(&shop.joined), found, ..Done::default() })
                }
                Some(records) => Delivery::Damaged(records),
            });
        }
        let summary = Summary::new(contents, &accepted.units);
        job.hold(shop, &summary.faults)?;
        let delivery =
            publish::publish(shop, job.header(), contents, accepted, &summary, job.output, self.mark);
        let (files, joins) = match delivery.map_err(|error| job.stopped(error))? {
            Delivery::Done(files) => files,
            Delivery::Damaged(records) => return Ok(Delivery::Damaged(records)),
        };
        shop.halt.check()?;
        job.check_stopped(contents, accepted)?;
        let mut joined = contents.joined;
        joined += *lock(&shop.joined);
        Ok(Delivery::Done(Done {
            summary,
            joined,
            files,
            found,
            grids: Some(accepted.digest()),
            tables: None,
            units: accepted.units.clone(),
            others: joins,
        }))
    }

    fn mend(&self, mut state: State, damage: Vec<RecordId>) -> Result<State> {
        // Where every piece is sound when it is read once more, reading failed for a moment.
        if !damage.is_empty() {
            self.job.mend(self.shop, &mut state.contents, damage)?;
            state.accepted = self.job.accept(&state.contents, false);
        }
        Ok(state)
    }

    fn unsound(&self) -> Error {
        self.job.unsound()
    }
}

impl Job<'_> {
    /// Does the units of grids, and publishes their files where that is this process's to do.
    pub(super) fn grids(
        &self,
        shop: &Workshop<'_>,
        contents: Contents,
        mark: &str,
        done: &mut Done,
    ) -> Result<Contents> {
        let (contents, accepted) = self.find(shop, contents)?;
        let found = accepted.mine.len();
        let work = Grids { job: self, shop, mark, found };
        let (delivered, state) = work::drive(&work, State { contents, accepted })?;
        *done = delivered;
        Ok(state.contents)
    }

    fn accept(&self, contents: &Contents, compares: bool) -> Accepted {
        checkpoint::accept(self.plan, self.header().id, contents, self.share(), compares)
    }

    /// What is done already, compared with the dumps as they are now, and with what the disk kept.
    fn find(&self, shop: &Workshop<'_>, mut contents: Contents) -> Result<(Contents, Accepted)> {
        let compares = self.role != Role::Publisher;
        let what = || "what is done".to_owned();
        let mut accepted = shop.stats.time(Stage::Checkpoint, what, || (self.accept(&contents, compares), 0));
        let mut stale = std::mem::take(&mut accepted.stale);
        self.tell_short(&accepted.short);
        stale.append(&mut accepted.short);
        // Of what is published nothing is needed, until something is added to it.
        let digest = accepted.digest();
        let is_published =
            contents.done.iter().any(|(under, units)| under.plan == self.header().id && *units == digest);
        if compares && !is_published {
            let torn = shop.stats.time(Stage::Checkpoint, what, || {
                (checkpoint::torn(shop.spool, self.header().epoch, &contents, &accepted), 0)
            })?;
            stale.extend(torn);
        }
        if !stale.is_empty() {
            let changed = accepted.changed;
            self.retire(shop, &mut contents, stale)?;
            accepted = self.accept(&contents, false);
            accepted.changed = changed;
        }
        Ok((contents, accepted))
    }

    fn units_left(&self, accepted: &Accepted) -> Vec<Unit> {
        self.plan.units_left(self.share(), |cell, period| accepted.covered.has(cell, period))
    }

    /// Sets the counters, and says what was found.
    fn tell(&self, accepted: &Accepted, units: &[Unit], found: usize) {
        let progress = self.progress;
        let left: u64 = units.iter().map(|unit| unit.cells.len() as u64).sum();
        let files = products::of_plan(self.plan).map_or(0, |products| products.len() as u64);
        let mine = accepted.mine.len() as u64;
        progress.start(Counted::Units, mine + units.len() as u64, mine);
        progress.found(found as u64);
        progress.start(Counted::Files, if self.publishes() { files } else { 0 }, 0);
        progress.start(Counted::Dumps, accepted.dumps + left, accepted.dumps);
        progress.start(Counted::Faults, 0, (self.plan.missing.len() + accepted.faults) as u64);
        if found > 0 && accepted.mine.len() == found {
            let changed = match accepted.changed {
                0 => String::new(),
                1 => "; 1 dump changed since the last run".to_owned(),
                count => format!("; {count} dumps changed since the last run"),
            };
            let all = accepted.mine.len() + units.len();
            let units = if all == 1 { "unit" } else { "units" };
            progress.note(format!("found {found} of {all} {units} done{changed}"));
        }
    }

    /// # Errors
    /// [`Stopped`](crate::ErrorKind::Stopped) where work was left on request, [`Unfinished`](crate::ErrorKind::Unfinished) where others have left some.
    fn check_stopped(&self, contents: &Contents, accepted: &Accepted) -> Result<()> {
        if self.progress.observer.is_stopped() {
            return Err(self.stopped(Error::stopped(0, 0)));
        }
        if self.role != Role::Publisher {
            return Ok(());
        }
        let left = self.units_left(accepted);
        if left.is_empty() {
            return Ok(());
        }
        let (done, units) = (accepted.mine.len() as u64, (accepted.mine.len() + left.len()) as u64);
        let shards = checkpoint::missing_shards(self.plan, contents, &left);
        let missing = match shards.is_empty() {
            true => "; the run was not finished".to_owned(),
            false => format!("; missing are the shards {}", shards.join(", ")),
        };
        Err(Error::unfinished(done, units, missing))
    }

    /// Puts together those chunks that are this task's alone. Returns records with damaged pieces, if there are any pieces
    /// that could not be read.
    fn join_own(
        &self,
        shop: &Workshop<'_>,
        contents: &Contents,
        accepted: &Accepted,
        share: Share,
    ) -> Result<Option<Vec<RecordId>>> {
        let tasks = crate::plan::units::tasks(self.plan, share.count);
        let tiles = checkpoint::tiles_by_place(self.plan);
        let is_own = |key: ChunkKey| {
            let Some(layer) = self.plan.layers.get(key.layer as usize) else { return false };
            let (from, until) = pass::chunk_days(self.plan, layer, key.days);
            let periods = tiles.get(&(key.row, key.column)).and_then(|&tile| tasks.get(tile));
            periods.is_some_and(|periods| {
                (0..periods.len()).any(|period| {
                    periods.get(period) == Some(&share.index) && shop.is_alone(period, from, until)
                })
            })
        };
        for batch in publish::batches(shop, contents) {
            let (index, joined) =
                publish::chunks_of(shop, self.header(), contents, &accepted.units, &batch, is_own)?;
            if self.progress.observer.is_stopped() {
                return Err(self.stopped(Error::stopped(0, 0)));
            }
            if let Joined::Damaged(records) = joined {
                return publish::all_damaged(shop, &index, records).map(Some);
            }
        }
        Ok(None)
    }
}
