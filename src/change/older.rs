//! Dumps of the windows that are older than those before them: a change is one item of many dumps, whose times its stamp does not tell.

use std::collections::BTreeSet;

use crate::model::fault::Fault;
use crate::model::grid::Cell;
use crate::plan::Plan;
use crate::run::Run;
use crate::run::mixture::older_dumps;
use crate::source::Item;

use super::PERIOD;

/// Periods of a run that windows are made of.
#[derive(Debug)]
pub(super) struct Periods {
    /// Which of the runs.
    run: usize,
    numbers: BTreeSet<u32>,
    /// Those whose dumps are older in all cells, which the windows' plans tell.
    known: Vec<u32>,
}

impl Periods {
    /// Those of each run. `runs` says which of them each plan is of.
    pub fn of(plans: [&Plan; 2], runs: [usize; 2]) -> Vec<Self> {
        let of = |run: usize| {
            let own = || runs.iter().zip(plans).filter(move |(of, _)| **of == run).map(|(_, plan)| plan);
            Periods {
                run,
                numbers: own().flat_map(|plan| plan.periods.iter().map(|span| span.period)).collect(),
                known: own().flat_map(|plan| plan.mixture.older.iter().copied()).collect(),
            }
        };
        BTreeSet::from(runs).into_iter().map(of).collect()
    }

    /// A cell's dumps among them that are older. No dump is read.
    pub fn older(&self, runs: &[Run], cell: Cell) -> Vec<Fault> {
        let Some(run) = runs.get(self.run) else { return Vec::new() };
        let written = self.numbers.iter().filter_map(|&period| {
            let (_, time) = run.source().glance(Item::period(cell, period))?;
            Some((cell, period, time))
        });
        let of = if self.run > 0 { format!(" of the reference, {}", run.name) } else { String::new() };
        let faults = older_dumps(written.collect(), &self.known).into_iter();
        let told = faults.map(|fault| {
            let number = fault.period.unwrap_or_default();
            let message = format!("period {number}{of}: {}", fault.message);
            Fault { period: Some(PERIOD), message, ..fault }
        });
        told.collect()
    }
}
