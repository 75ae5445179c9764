//! Cells that hold nothing: found by the last days on which their dumps have values, and laid beside what a report says of them.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use crate::caete::CommunityYear;
use crate::model::element::Element;
use crate::model::grid::Cell;
use crate::plan::Plan;
use crate::run::silence::EmptyCells;
use crate::source::{Content, Series};
use crate::table::wanted_years;

use super::inputs::{Input, Inputs};
use super::slab::CellDump;
use super::value::number;
use super::{Verification, vegetation};

/// What a message names of many variables.
const NAMED: usize = 3;
/// Of the yearly grids those that say whether a year holds anything.
const YEARLY: [&str; 4] = ["cleaf", "croot", "cwood", "occupation"];

/// The last day on which something is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Last {
    /// The dump does not tell.
    Absent,
    Never,
    On(i64),
}

/// A dump's days on the axis, both ends included, and the last of them on which its fields have values. A yearly file has one day,
/// its year.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Heard {
    first: i64,
    last: i64,
    fields: Vec<Last>,
    /// On which anything lives.
    life: Last,
}

impl Heard {
    /// Days of a dump, where any are on the axis.
    fn on_axis(plan: &Plan, first: i64, days: usize) -> Option<(i64, i64)> {
        let end = first.saturating_add(days as i64).min(i64::from(plan.axis.days));
        (first.max(0) < end).then(|| (first.max(0), end - 1))
    }

    /// Looks at a dump's series, some of which it may have read for this only. `None` where it has no day on the axis.
    pub fn of_dump(plan: &Plan, content: &Content<'_>, dump: &CellDump) -> Option<Self> {
        let (first, last) = Heard::on_axis(plan, dump.first, dump.days)?;
        let living = plan.settings.table.living().filter_map(|key| content.series(key));
        let fits = |series: &Series<'_>| series.days() == content.days() && series.rows() > 0;
        let rows = |series: Series<'_>| {
            let days = (first - dump.first) as usize..=(last - dump.first) as usize;
            let of = |row| days.clone().rev().find(|&day| lives(&series, row, day));
            (0..series.rows())
                .filter_map(of)
                .max()
                .map_or(Last::Never, |day| Last::On(dump.first + day as i64))
        };
        let life = living.filter(fits).map(rows).max().unwrap_or(Last::Absent);
        Some(Heard { first, last, fields: fields(plan, &[dump], (first, last)), life })
    }

    /// Looks at the parts of a file's days that have any value in a cell. `has` tells which layers there are.
    pub fn of_parts(plan: &Plan, first: i64, days: usize, parts: &[CellDump], has: &[bool]) -> Option<Self> {
        let (first, last) = Heard::on_axis(plan, first, days)?;
        let parts: Vec<&CellDump> = parts.iter().collect();
        let mut found = fields(plan, &parts, (first, last));
        let (mut life, is_zero) = (Last::Absent, |value: f64| value == 0.0);
        for ((index, layer), (field, has)) in plan.layers.iter().enumerate().zip(found.iter_mut().zip(has)) {
            if !has {
                *field = Last::Absent;
                continue;
            }
            // Without a part nothing has a value.
            if *field == Last::Absent {
                *field = Last::Never;
            }
            if plan.settings.table.living().any(|key| key == layer.key) {
                let own = last_of(layer.element, &parts, index, (first, last), |value| !is_zero(value));
                life = life.max(if own == Last::Absent { Last::Never } else { own });
            }
        }
        Some(Heard { first, last, fields: found, life })
    }

    /// Looks at a year's communities.
    pub fn of_year(found: &CommunityYear) -> Self {
        let year = i64::from(found.year);
        let on = |is: bool| if is { Last::On(year) } else { Last::Never };
        let fields = YEARLY.map(|name| on(!vegetation::annual(name, found).is_nan()));
        let pools = vegetation::living(found);
        let mut pools = pools.iter().flat_map(|one| [&one.vp_cleaf, &one.vp_croot, &one.vp_cwood]).flatten();
        let life = on(pools.any(|carbon| carbon.abs() > 0.0));
        Heard { first: year, last: year, fields: fields.to_vec(), life }
    }

    /// Whether there is nothing to be said of it.
    fn is_plain(&self) -> bool {
        let is_heard = |last: &Last| *last == Last::On(self.last);
        self.fields.iter().all(is_heard) && (self.life == Last::Absent || is_heard(&self.life))
    }
}

/// For each layer the last day on which parts of a cell's time have a value.
fn fields(plan: &Plan, parts: &[&CellDump], days: (i64, i64)) -> Vec<Last> {
    let layers = plan.layers.iter().enumerate();
    layers.map(|(index, layer)| last_of(layer.element, parts, index, days, |_| true)).collect()
}

/// The last day of some on which a layer has a value that `counts`; absent where no part has the layer.
fn last_of(
    element: Element,
    parts: &[&CellDump],
    layer: usize,
    (first, last): (i64, i64),
    counts: impl Fn(f64) -> bool,
) -> Last {
    let of_part = |part: &&CellDump| {
        let Some(Some(bytes)) = part.layers.get(layer) else { return Last::Absent };
        let dated = (part.first..).zip(bytes.chunks_exact(element.size()));
        let mut days: Vec<(i64, &[u8])> = dated.filter(|(day, _)| (first..=last).contains(day)).collect();
        while let Some((day, bytes)) = days.pop() {
            if number(element, bytes).is_some_and(&counts) {
                return Last::On(day);
            }
        }
        Last::Never
    };
    parts.iter().map(of_part).max().unwrap_or(Last::Absent)
}

/// Whether a value is neither missing nor 0. One that cannot be told is taken for life.
fn lives(series: &Series<'_>, row: usize, day: usize) -> bool {
    let Some(element) = series.element() else { return true };
    let (start, step) = series.layout(row);
    let at = start + day * step;
    let mut value = series.data().get(at..at + series.size()).unwrap_or_default().to_vec();
    if series.is_big_endian() {
        value.reverse();
    }
    number(element, &value).is_some_and(|value| value != 0.0)
}

/// What was heard of dumps that were read; those of which nothing is to be said are left out.
#[derive(Debug, Default)]
pub(super) struct Silences {
    /// Most are alike.
    known: HashSet<Arc<Heard>>,
    /// `None` of a dump that could not be used.
    dumps: BTreeMap<Input, Option<Arc<Heard>>>,
}

impl Silences {
    pub fn add(&mut self, input: Input, heard: Option<Heard>) {
        let Some(heard) = heard else {
            self.dumps.insert(input, None);
            return;
        };
        if heard.is_plain() {
            return;
        }
        let heard = match self.known.get(&heard) {
            Some(known) => known.clone(),
            None => Arc::new(heard),
        };
        self.known.insert(heard.clone());
        self.dumps.insert(input, Some(heard));
    }

    /// Those of dumps of which none can be used.
    pub fn unused(inputs: &Inputs) -> Self {
        Silences { known: HashSet::new(), dumps: inputs.keys().map(|&input| (input, None)).collect() }
    }

    pub fn extend(&mut self, other: Silences) {
        for (input, heard) in other.dumps {
            self.add(input, heard.map(Arc::unwrap_or_clone));
        }
    }
}

/// What a cell lacks, and what lives in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hollow {
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
    let names = plan.layers.iter().map(|layer| match layer.rows {
        Some(_) => format!("{}_{}", layer.name, layer.row + 1),
        None => layer.name.clone(),
    });
    let names: Vec<String> = names.collect();
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

/// Cells that are found to hold nothing, and those of which a report says so; `None` where not all dumps were read.
pub(super) fn both(
    plan: &Plan,
    lists: &[EmptyCells],
    result: &Verification,
) -> Option<(BTreeSet<Hollow>, BTreeSet<Hollow>)> {
    Some((found(plan, result)?, named(lists)))
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
