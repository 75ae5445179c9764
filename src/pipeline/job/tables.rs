//! The tables of a job: blocks, and the files that are made of them.

use std::sync::atomic::Ordering;

use crate::error::{Error, Result};
use crate::plan::Tables;
use crate::spool::contents::{self, Contents};
use crate::spool::snapshot;
use crate::table::{self, Layout};

use super::super::checkpoint::Summary;
use super::super::pass::Workshop;
use super::super::publish::Outcome;
use super::super::table_files::Files;
use super::super::tables::{self, Blocks, ToSpool};
use super::{Done, Job, MENDINGS, Role};

impl Job<'_> {
    /// Does the blocks of tables, and publishes their files where that is this process's to do.
    pub(super) fn tables(
        &self,
        shop: &Workshop<'_>,
        mut contents: Contents,
        mark: &str,
        settings: &Tables,
        done: &mut Done,
    ) -> Result<Contents> {
        let layout = Layout::new(self.plan, settings);
        let maps = table::maps(self.plan, settings, &layout.years)?;
        let basis = snapshot::basis(self.plan)?;
        let imported = match self.grids {
            Some(grids) => {
                let imported = grids.import(shop, self.header().id, &contents);
                Some(imported.map_err(|error| self.stopped(error))?)
            }
            None => (self.plan.settings.grids && settings.needs_days()).then(|| done.units.clone()),
        };
        let epoch = self.header().epoch;
        let index = match &imported {
            Some(units) => Some(contents::series(&self.folder, epoch, |id| units.contains(&id))?),
            None => None,
        };
        let accept = |contents: &Contents, compares: bool| {
            tables::accept(&layout, basis, contents, self.share(), compares, index.as_ref())
        };
        let compares = self.role != Role::Publisher;
        let mut accepted = accept(&contents, compares);
        let mut stale = std::mem::take(&mut accepted.stale);
        if compares {
            stale.extend(tables::damaged(shop, &accepted, false)?);
        }
        if !stale.is_empty() {
            self.retire(shop, &mut contents, stale)?;
            accepted = accept(&contents, false);
        }
        let found = accepted.mine;
        let series = index.as_ref().map(|index| (shop.spool, index));
        let Workshop { stats, monitor, halt, .. } = shop;
        let blocks = Blocks { layout: &layout, maps: &maps, basis, stats, monitor, halt, series };
        for mending in 0..MENDINGS {
            self.tell_blocks(&layout, &accepted, found, Files::count(&layout, &maps), done);
            if !accepted.left.is_empty() {
                // What is left after the first time is damaged, and made again by whoever finds that.
                if mending == 0 && self.role == Role::Publisher && !self.plan.settings.grids {
                    return Err(self.unfinished(&contents, &accepted));
                }
                blocks.run(&accepted.left, || Ok(ToSpool::new(shop, &layout)))?;
                shop.halt.check()?;
                contents = Contents::load(&self.folder, self.header().epoch)?;
                accepted = accept(&contents, false);
            }
            if self.options.stop.is_requested() || !accepted.left.is_empty() {
                return Err(self.stopped(Error::Stopped { done: 0, units: 0 }));
            }
            let summary = Summary::of_blocks(&accepted.blocks);
            let mut files = Vec::new();
            if self.publishes() {
                let faults = done.summary.faults.iter().chain(&summary.faults).cloned();
                self.hold(shop, &faults.collect::<Vec<_>>())?;
                let publisher = Files {
                    shop,
                    layout: &layout,
                    maps: &maps,
                    header: self.header(),
                    contents: &contents,
                    accepted: &accepted,
                    folder: self.output,
                    mark,
                    digest: if done.summary.digest.is_empty() {
                        &summary.digest
                    } else {
                        &done.summary.digest
                    },
                };
                match publisher.publish().map_err(|error| self.stopped(error))? {
                    Outcome::Done(published, _) => files = published,
                    Outcome::Damaged(records) => {
                        if !records.is_empty() {
                            self.mend(shop, &mut contents, records)?;
                            accepted = accept(&contents, false);
                        }
                        continue;
                    }
                }
                shop.halt.check()?;
                if self.options.stop.is_requested() {
                    return Err(self.stopped(Error::Stopped { done: 0, units: 0 }));
                }
            }
            done.found += found;
            done.others.extend(accepted.blocks.iter().map(|state| state.id));
            done.others.extend(imported.into_iter().flatten());
            done.add(summary, files, accepted.digest());
            return Ok(contents);
        }
        Err(self.unsound())
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
        let monitor = self.monitor;
        let before = if self.plan.settings.grids { self.plan.units.len() as u64 } else { 0 };
        let blocks = Blocks::of(layout, self.share());
        let dumps_of = |numbers: &[u32]| numbers.iter().map(|&number| layout.files_of(number)).sum::<u64>();
        let (all, left) = (dumps_of(&blocks), dumps_of(&accepted.left));
        let read = if self.plan.settings.grids { self.plan.dumps() as u64 } else { 0 };
        for (counter, value) in [
            (&monitor.units, before + blocks.len() as u64),
            (&monitor.units_done, before + accepted.mine as u64),
            (&monitor.units_found, (done.found + found) as u64),
            (&monitor.dumps, read + all),
            (&monitor.dumps_done, read + all - left),
            (&monitor.dumps_recorded, read + all - left),
            (&monitor.dumps_found, read + all - left),
            (&monitor.files_done, 0),
            (&monitor.files, if self.publishes() { files as u64 } else { 0 }),
        ] {
            counter.store(value, Ordering::Relaxed);
        }
        if found > 0 && accepted.mine == found {
            monitor.note(format!("found {found} of {} blocks done", blocks.len()));
        }
    }

    /// That other tasks have left blocks.
    fn unfinished(&self, contents: &Contents, accepted: &tables::Accepted) -> Error {
        let shards = tables::missing_shards(contents, &accepted.left);
        let missing = match shards.is_empty() {
            true => "; the work was not finished: give the same command again".to_owned(),
            false => format!("; missing are the shards {}", shards.join(", ")),
        };
        let done = accepted.blocks.len() as u64;
        Error::Unfinished { done, units: done + accepted.left.len() as u64, missing }
    }
}
