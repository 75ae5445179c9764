//! Cells that hold nothing: found by the last days on which their dumps have values, and laid beside what a report says of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::grid::Cell;
use crate::plan::Plan;
use crate::run::silence::EmptyCells;
use crate::table::wanted_years;

use super::Verification;
use super::heard::YEARLY;
use super::inputs::{self, Input};
use super::made::{Made, Wanted};
use super::silences::{Heard, Last};

/// What a message names of many variables.
const NAMED: usize = 3;

/// What a cell lacks, and what lives in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Hollow {
    cell: Cell,
    is_yearly: bool,
    /// Variables, and since when they have no value; `None` where they never have any.
    empty: BTreeMap<String, Option<String>>,
    /// Since when nothing lives, where nothing does.
    dead: Option<Option<String>>,
}

/// Since when something has not been there.
#[derive(Clone, Copy, Default)]
struct Gone {
    was_heard: bool,
    since: Option<i64>,
}

impl Gone {
    fn hear(&mut self, heard: &Heard, last: Last) {
        match last {
            Last::Absent => {}
            Last::Never => self.since = self.since.or(Some(heard.first)),
            Last::On(day) => {
                let since = (day < heard.last).then(|| day + 1);
                *self = Gone { was_heard: true, since };
            }
        }
    }

    /// `None` where it is there at the end; otherwise since when, if not ever.
    fn at_end(self) -> Option<Option<i64>> {
        self.since.map(|day| self.was_heard.then_some(day))
    }
}

/// What is said of a cell: each field, and life.
type Said = (Vec<Option<Option<i64>>>, Option<Option<i64>>);

/// Puts a cell's dumps together, in their order; of plain ones nothing is known but that all is there. Single fields are said to be empty
/// after `year` days.
fn said<'a>(dumps: impl Iterator<Item = Option<&'a Heard>>, fields: usize, year: i64) -> Said {
    let (mut all, mut life, mut end) = (vec![Gone::default(); fields], Gone::default(), 0);
    for dump in dumps {
        let Some(heard) = dump else {
            let there = Gone { was_heard: true, since: None };
            (all, life) = (vec![there; fields], there);
            continue;
        };
        end = heard.last;
        all.iter_mut().zip(&heard.fields).for_each(|(field, &last)| field.hear(heard, last));
        match heard.life {
            Last::Absent => life = Gone { was_heard: true, since: None },
            last => life.hear(heard, last),
        }
    }
    let mut found: Vec<Option<Option<i64>>> = all.into_iter().map(Gone::at_end).collect();
    if !found.iter().all(Option::is_some) {
        for field in &mut found {
            // Of a ratio single days may be missing.
            *field = field.filter(|since| since.is_none_or(|day| end - day >= year - 1));
        }
    }
    (found, life.at_end())
}

/// The cells of a plan that hold nothing; `None` where not all dumps were read.
fn found(plan: &Plan, result: &Verification) -> Option<BTreeSet<Hollow>> {
    let mut all = BTreeSet::new();
    let names: Vec<String> = plan.layers.iter().map(|layer| layer.row_name.clone()).collect();
    let yearly = plan.settings.tables.as_ref().filter(|tables| tables.needs_years());
    let years = yearly.map_or(Vec::new(), |tables| wanted_years(plan, tables));
    for (index, planned) in plan.cells.iter().enumerate() {
        let cell = planned.cell;
        let mut add =
            |inputs: Vec<Input>, names: &[String], year: i64, date: &dyn Fn(i64) -> Option<String>| {
                if !inputs.iter().all(|input| result.inputs.contains_key(input)) {
                    return None;
                }
                let heard = inputs.iter().filter_map(|input| match result.silent.dumps.get(input) {
                    None => Some(None),
                    Some(None) => None,
                    Some(Some(heard)) => Some(Some(heard.as_ref())),
                });
                let (fields, life) = said(heard, names.len(), year);
                let named = names.iter().zip(fields).filter_map(|(name, since)| Some((name.clone(), since?)));
                let hollow = Hollow {
                    cell,
                    is_yearly: matches!(inputs.first(), Some(Input::Year(..))),
                    empty: named.map(|(name, since)| (name, since.and_then(date))).collect(),
                    dead: life.map(|since| since.and_then(date)),
                };
                if !inputs.is_empty() && (!hollow.empty.is_empty() || hollow.dead.is_some()) {
                    all.insert(hollow);
                }
                Some(())
            };
        if super::needs_days(plan) {
            let there = (0..plan.periods.len()).filter(|&period| plan.has_dump(index, period));
            let there = there.filter_map(|period| plan.periods.get(period));
            let inputs = there.map(|span| Input::Period(cell, span.period)).collect();
            add(inputs, &names, 365, &|day| plan.axis.label(day))?;
        }
        let there = plan.run.cells.get(planned.index);
        let there = years.iter().filter(|year| there.is_some_and(|there| there.years.contains(year)));
        let inputs = there.map(|&year| Input::Year(cell, year)).collect();
        add(inputs, &YEARLY.map(str::to_owned), 1, &|year| Some(year.to_string()))?;
    }
    Some(all)
}

/// What a report says.
fn named(lists: &[EmptyCells]) -> BTreeSet<Hollow> {
    let of_list = |list: &EmptyCells| {
        let of = |one: &crate::run::silence::EmptyVariables| {
            let since = one.since.clone();
            one.variables.iter().map(|name| (name.clone(), since.clone())).collect::<Vec<_>>()
        };
        let empty: BTreeMap<String, Option<String>> = list.empty.iter().flat_map(of).collect();
        let dead = list.is_dead.then(|| list.dead_since.clone());
        let (is_yearly, cells) = (list.is_yearly, list.cells.iter());
        let of_cell = |cell| Hollow { cell, is_yearly, empty: empty.clone(), dead: dead.clone() };
        cells.map(|one| of_cell(one.cell)).collect::<Vec<_>>()
    };
    lists.iter().flat_map(of_list).collect()
}

/// Compares what a report of all files says with what is found, where all dumps were read.
pub(super) fn compare_report(plan: &Plan, made: &Made, wanted: &Wanted, result: &mut Verification) {
    if !wanted.is_all() || !made.is_there {
        return;
    }
    if let Some(found) = found(plan, result) {
        inputs::differ(&found, &named(&made.empty_cells), ToString::to_string, result);
    }
}

impl std::fmt::Display for Hollow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cell {} among those that hold nothing:", self.cell)?;
        let since =
            |date: &Option<String>| date.as_ref().map_or(String::new(), |date| format!(" since {date}"));
        let mut dates: Vec<&Option<String>> = self.empty.values().collect();
        dates.dedup();
        let dates: BTreeSet<&Option<String>> = dates.into_iter().collect();
        let mut parts = Vec::new();
        for date in dates {
            let names = self.empty.iter().filter(|(_, other)| *other == date).map(|(name, _)| name.as_str());
            let names: Vec<&str> = names.collect();
            let shown = names.get(..NAMED).unwrap_or(&names).join(", ");
            let more =
                if names.len() > NAMED { format!(", … ({} in all)", names.len()) } else { String::new() };
            parts.push(format!("no value of {shown}{more}{}", since(date)));
        }
        if let Some(date) = &self.dead {
            parts.push(format!("nothing lives{}", since(date)));
        }
        let place = if self.is_yearly { " in yearly files" } else { "" };
        write!(f, "{place} {}", parts.join("; "))
    }
}
