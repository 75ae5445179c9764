//! What of tables is refused before any work.

use std::collections::BTreeSet;

use crate::error::{Argument, Error, Reason, Result};
use crate::model::time_step::TimeStep;

use super::{MOST_PERIODS, Region, TableKind, Tables};

impl Tables {
    /// Refuses years of which the run has none.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument).
    pub(in crate::plan) fn check_years(&self, there: impl Iterator<Item = i32>) -> Result<()> {
        let there: BTreeSet<i32> = there.collect();
        if !self.needs_years() || self.years.is_empty() || there.iter().any(|&year| self.wants(year)) {
            return Ok(());
        }
        let years = self.years.iter().map(|range| match range.start() == range.end() {
            true => range.start().to_string(),
            false => format!("{}-{}", range.start(), range.end()),
        });
        let reason = match there.first().zip(there.last()) {
            Some((first, last)) => format!("the run has none of them; its years are {first} to {last}"),
            None => "the run has no yearly files, which these tables are made of".to_owned(),
        };
        Err(Error::selection(Argument::Years, years.collect::<Vec<_>>().join(","), reason))
    }

    /// Refuses what cannot be made of each period by itself.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument).
    pub(in crate::plan) fn check_periods(&self, grids: bool, periods: usize, step: TimeStep) -> Result<()> {
        if !self.is_by_period() {
            return Ok(());
        }
        if grids || !self.aggregates.is_empty() {
            let reason = "periods are taken by themselves, but grids and aggregates have all days on one axis; make \
                          these apart, in a folder of their own";
            return Err(Error::selection(Argument::Tables, "", reason));
        }
        let has_drift = self.kinds.iter().any(|kind| kind.is_by_period());
        if has_drift && !step.is_day() {
            let reason = format!("drift is made of daily values; the run has steps of {}", step.words());
            return Err(Error::selection(Argument::Tables, TableKind::Drift.name(), reason));
        }
        if has_drift && periods > MOST_PERIODS {
            let reason = format!(
                "there are {periods} periods, more than the limit of {MOST_PERIODS}; select some by "
            );
            return Err(Error::selection(
                Argument::Tables,
                TableKind::Drift.name(),
                Reason::from(reason).naming(Argument::Periods),
            ));
        }
        if !(self.equilibrium >= 0.0 && self.equilibrium.is_finite()) {
            return Err(Error::selection(
                Argument::Equilibrium,
                self.equilibrium,
                "is not a percentage of 0 or more",
            ));
        }
        Ok(())
    }

    /// Refuses tables that are made of traits where there are none.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument).
    pub(in crate::plan) fn check_traits(&self) -> Result<()> {
        match self.kinds.iter().find(|kind| kind.is_of_traits()) {
            Some(kind) if self.traits.is_none() => {
                let reason = Reason::from("is made of a table of traits, which is not given: see ");
                Err(Error::selection(Argument::Tables, kind.name(), reason.naming(Argument::Traits)))
            }
            _ => Ok(()),
        }
    }

    /// Refuses the change between windows where none are given, and what is not made of it.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument).
    pub(in crate::plan) fn check_change(&self, is_change: bool) -> Result<()> {
        let is_of_it = |kind: &TableKind| matches!(kind, TableKind::Change | TableKind::Region);
        let reason = match (is_change, self.aggregates.first()) {
            (false, _) if self.kinds.contains(&TableKind::Change) => {
                let reason =
                    Reason::from("is made of two windows of time; give the one that is compared with: see ");
                return Err(Error::selection(
                    Argument::Tables,
                    "change",
                    reason.naming(Argument::ReferenceDates),
                ));
            }
            (true, Some(_)) => "a change has one step, of which there are no aggregates",
            _ => "is not made of the change between windows of time; change and region are",
        };
        if is_change && self.by_period {
            let reason = "a change is of two windows of time and has no periods; leave one out";
            return Err(Error::selection(Argument::By, "period", reason));
        }
        match (is_change, self.aggregates.first(), self.kinds.iter().find(|kind| !is_of_it(kind))) {
            (true, Some(one), _) => Err(Error::selection(Argument::Every, one.every, reason)),
            (true, None, Some(kind)) => Err(Error::selection(Argument::Tables, kind.name(), reason)),
            _ => Ok(()),
        }
    }

    /// Refuses quantiles that no column can have, and regions that rows could not be told apart by.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument).
    pub(in crate::plan) fn check_columns(&self) -> Result<()> {
        if self.per_cell && self.partition.is_some() {
            let reason = "files are cut by cells already; leave one out";
            return Err(Error::selection(Argument::Partition, "", reason));
        }
        if let Some(other) = self.quantiles.iter().find(|quantile| !(0.0..=1.0).contains(*quantile)) {
            return Err(Error::selection(Argument::Quantiles, other, "quantiles are numbers from 0 to 1"));
        }
        let mut columns = BTreeSet::new();
        for quantile in &self.quantiles {
            if !columns.insert(format!("{:.4}", quantile * 100.0)) {
                let reason = "two quantiles would have the same column, named by percents with four digits";
                return Err(Error::selection(Argument::Quantiles, quantile, reason));
            }
        }
        let mut names = BTreeSet::new();
        match self.regions.iter().find(|region| !names.insert(&region.name)) {
            Some(Region { name, .. }) => {
                Err(Error::selection(Argument::Regions, name, "two regions have this name"))
            }
            None => Ok(()),
        }
    }

    /// Refuses intervals that are shorter than the run's steps of time.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument).
    pub(in crate::plan) fn check_steps(&self, step: TimeStep) -> Result<()> {
        let has_intervals = self.kinds.contains(&TableKind::Region) && !self.by_period;
        let of_region = has_intervals.then_some(self.every);
        let mut intervals = self.aggregates.iter().map(|aggregate| aggregate.every).chain(of_region);
        match intervals.find(|every| !every.holds(step)) {
            None => Ok(()),
            Some(every) => {
                let reason = format!("the run has steps of {}, which are not gathered in that", step.words());
                Err(Error::selection(Argument::Every, every, reason))
            }
        }
    }
}
