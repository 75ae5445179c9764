//! Cells that are there and hold nothing: variables without a value, and cells in which nothing lives.
//!
//! Of each dump only what is silent up to its last day is looked at, from the end, so that ordinary dumps cost nothing. What a cell
//! is called is known when all of its dumps are put together; until then a dump with nothing to say has no record. A yearly file is a
//! dump of one step: its number is the year, and so is its day.

use std::collections::{BTreeMap, HashMap};

use crate::model::grid::{Cell, Grid};
use crate::model::time_unit::TimeUnit;
use crate::source::{Content, Series};

mod empty;

pub use empty::{EmptyCell, EmptyCells, EmptyVariables};

/// Single variables are named only where they have been silent for at least so many days; a ratio may lack its last value.
const YEAR: i64 = 365;

/// Some of the fields of a plan, by their numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
struct Fields(Vec<u64>);

impl Fields {
    fn add(&mut self, index: usize) {
        if self.0.len() <= index / 64 {
            self.0.resize(index / 64 + 1, 0);
        }
        if let Some(word) = self.0.get_mut(index / 64) {
            *word |= 1 << (index % 64);
        }
    }

    fn has(&self, index: usize) -> bool {
        self.0.get(index / 64).is_some_and(|word| word >> (index % 64) & 1 == 1)
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What is silent at the end of a dump.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Silence {
    /// The first and last of its days that were looked at, counted in the run's unit; the wrong way round where there are none.
    days: (i64, i64),
    /// Fields without a value on the last days, by how many these are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    ends: Vec<(u32, Fields)>,
    /// Fields that the dump does not have.
    #[serde(default, skip_serializing_if = "Fields::is_empty")]
    absent: Fields,
    /// The last days on which nothing lives.
    #[serde(default, skip_serializing_if = "is_zero")]
    dead: u32,
    /// Whether all of it is masked, as where there is no cell.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_blank: bool,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Silence {
    /// A dump that gave nothing, which is told elsewhere.
    pub fn unused() -> Self {
        Silence { days: (1, 0), ends: Vec::new(), absent: Fields::default(), dead: 0, is_blank: false }
    }

    /// The same of a part of a grid that is masked as a whole. A cell of which there is nothing else is none.
    pub fn blank(self) -> Self {
        Silence { is_blank: true, ..self }
    }

    /// Looks at a yearly file: whether each of its fields has a value, and whether nothing lives.
    pub fn of_year(year: i32, fields: impl Iterator<Item = bool>, is_dead: bool) -> Option<Self> {
        let days = (i64::from(year), i64::from(year));
        let ends = fields.map(|has_value| Some(usize::from(!has_value)));
        Silence::of_ends(days, ends, Some(usize::from(is_dead)))
    }

    /// Looks at a dump whose first day is `first`, on the days of an axis, ends included. `fields` are its series and rows, `None` where
    /// it does not have what is wanted; `living` are those that are 0 where nothing lives. `None` where nothing is silent.
    pub fn of<'a>(
        content: &Content<'_>,
        first: i64,
        axis: (i64, i64),
        fields: impl Iterator<Item = Option<(Series<'a>, usize)>>,
        living: impl Iterator<Item = Series<'a>>,
    ) -> Option<Self> {
        let last = first.saturating_add(content.days() as i64 - 1);
        let silence = Silence { days: (first.max(axis.0), last.min(axis.1)), ..Silence::unused() };
        let count = silence.count();
        if count == 0 {
            return Some(Silence::unused());
        }
        let until = (silence.days.1 - first + 1) as usize;
        let end =
            |(series, row): (Series<'_>, usize)| content.silent_end(series.empty_end(row, until), until);
        let fits = |series: &Series<'_>| series.days() == content.days() && series.rows() > 0;
        let rows = |series: Series<'a>| (0..series.rows()).map(move |row| series.still_end(row, until));
        // Nothing lives where all that is known of life says so.
        let dead = living.filter(fits).flat_map(rows).min();
        Silence::of_ends(silence.days, fields.map(|field| field.map(end)), dead)
    }

    /// The same, of what was counted before: how many of the last days each field has no value on, and nothing lives on.
    pub fn of_ends(
        days: (i64, i64),
        fields: impl Iterator<Item = Option<usize>>,
        dead: Option<usize>,
    ) -> Option<Self> {
        let mut silence = Silence { days, ..Silence::unused() };
        let count = silence.count();
        for (index, field) in fields.enumerate() {
            match field {
                None => silence.absent.add(index),
                Some(end) => silence.add_end(index, end.min(count)),
            }
        }
        silence.dead = dead.map_or(0, |days| days.min(count) as u32);
        let is_plain = silence.ends.is_empty() && silence.absent.is_empty() && silence.dead == 0;
        (!is_plain).then_some(silence)
    }

    fn add_end(&mut self, index: usize, days: usize) {
        let days = days as u32;
        match self.ends.iter_mut().find(|(known, _)| *known == days) {
            _ if days == 0 => {}
            Some((_, fields)) => fields.add(index),
            None => {
                let mut fields = Fields::default();
                fields.add(index);
                self.ends.push((days, fields));
            }
        }
    }

    /// Days that were looked at.
    fn count(&self) -> usize {
        usize::try_from(self.days.1.saturating_sub(self.days.0).saturating_add(1)).unwrap_or(0)
    }

    /// How many of the last days a field has no value on; `None` where the dump does not have it.
    fn end_of(&self, index: usize) -> Option<u32> {
        if self.absent.has(index) {
            return None;
        }
        Some(self.ends.iter().find(|(_, fields)| fields.has(index)).map_or(0, |(days, _)| *days))
    }
}

/// Dumps of which the same is to be said, by cell and period, or yearly files by cell and [number](year_number). Most of a run's silent dumps are alike.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SilentDumps {
    what: Silence,
    dumps: Vec<(Cell, u32)>,
}

impl SilentDumps {
    /// Adds a dump to a list.
    pub fn add(list: &mut Vec<SilentDumps>, cell: Cell, period: u32, what: Silence) {
        match list.iter_mut().find(|known| known.what == what) {
            Some(known) => known.dumps.push((cell, period)),
            None => list.push(SilentDumps { what, dumps: vec![(cell, period)] }),
        }
    }

    /// Puts a list into an order that does not depend on whose turn came first.
    pub fn sort(list: &mut [SilentDumps]) {
        list.iter_mut().for_each(|one| one.dumps.sort_unstable());
        list.sort_by(|one, other| one.dumps.cmp(&other.dumps));
    }
}

/// What stands for a year in the place of a period.
pub fn year_number(year: i32) -> u32 {
    year.cast_unsigned()
}

/// How long something has been silent, in the order of days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// No dump has it.
    Unknown,
    /// Since the first dump, which begins on this day.
    Ever(i64),
    /// Since this day.
    Since(i64),
    /// It is not silent.
    Heard,
}

impl State {
    /// What it is after a dump of some days, the last of which are silent.
    fn after(self, days: (i64, i64), silent: u32) -> Self {
        let from = days.1.saturating_add(1).saturating_sub(i64::from(silent));
        match self {
            _ if silent == 0 => State::Heard,
            State::Unknown if from <= days.0 => State::Ever(days.0),
            State::Heard | State::Unknown => State::Since(from),
            _ if from > days.0 => State::Since(from),
            known => known,
        }
    }

    /// Whether it is silent at the end, and since when if not ever.
    fn at_end(self) -> Option<Option<i64>> {
        match self {
            State::Unknown | State::Heard => None,
            State::Ever(_) => Some(None),
            State::Since(day) => Some(Some(day)),
        }
    }
}

/// What is said of a cell: variables by since when, and since when nothing lives.
type Said = (Vec<(Option<i64>, Vec<usize>)>, Option<Option<i64>>);

/// What the days of silence are.
#[derive(Debug, Clone, Copy)]
pub enum Steps<'a> {
    /// Days, counted in a unit.
    Days(&'a TimeUnit),
    /// Years of yearly files.
    Years,
}

impl Steps<'_> {
    fn date(self, day: i64) -> Option<String> {
        match self {
            Steps::Days(unit) => unit.label(day),
            Steps::Years => Some(day.to_string()),
        }
    }

    /// Single variables are named only where they have been silent for so long.
    fn year(self) -> i64 {
        match self {
            Steps::Days(_) => YEAR,
            Steps::Years => 1,
        }
    }
}

/// A run's cells and what their fields are called.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    /// The grid of the cells.
    pub grid: Grid,
    /// What days are.
    pub steps: Steps<'a>,
    /// The names of the fields.
    pub names: &'a [String],
}

impl Named<'_> {
    /// Finds the cells that hold nothing among those that have silent dumps. `periods` gives a cell's dumps in the order of their days.
    pub fn cells<P: IntoIterator<Item = u32>>(
        &self,
        lists: &[SilentDumps],
        periods: impl Fn(Cell) -> P,
    ) -> Vec<EmptyCells> {
        let mut of_cells: BTreeMap<Cell, Vec<(u32, &Silence)>> = BTreeMap::new();
        for list in lists {
            for &(cell, period) in &list.dumps {
                of_cells.entry(cell).or_default().push((period, &list.what));
            }
        }
        let mut groups = Groups::default();
        for (cell, silent) in of_cells {
            let silent: HashMap<u32, &Silence> = silent.into_iter().collect();
            let dumps = periods(cell).into_iter().map(|period| silent.get(&period).copied());
            if let Some(said) = said(self.names.len(), self.steps.year(), dumps) {
                groups.add(said, cell);
            }
        }
        groups.told(self)
    }
}

/// Puts a cell's dumps together, in the order of their days; `None` is one with nothing to say. Single fields are named after `year` days.
fn said<'a>(fields: usize, year: i64, dumps: impl Iterator<Item = Option<&'a Silence>>) -> Option<Said> {
    let mut states = vec![State::Unknown; fields];
    let (mut life, mut end, mut is_there) = (State::Unknown, i64::MIN, false);
    for dump in dumps {
        is_there |= dump.is_none_or(|dump| !dump.is_blank);
        let Some(dump) = dump else {
            states.iter_mut().for_each(|state| *state = State::Heard);
            life = State::Heard;
            continue;
        };
        if dump.count() == 0 {
            continue;
        }
        end = dump.days.1;
        life = life.after(dump.days, dump.dead);
        for (index, state) in states.iter_mut().enumerate() {
            if let Some(silent) = dump.end_of(index) {
                *state = state.after(dump.days, silent);
            }
        }
    }
    let is_all = states.iter().all(|state| state.at_end().is_some());
    let mut empty: BTreeMap<Option<i64>, Vec<usize>> = BTreeMap::new();
    for (index, state) in states.iter().enumerate() {
        let Some(since) = state.at_end() else { continue };
        if is_all || since.is_none_or(|day| end.saturating_sub(day) >= year - 1) {
            empty.entry(since).or_default().push(index);
        }
    }
    let life = life.at_end();
    (is_there && (!empty.is_empty() || life.is_some())).then(|| (empty.into_iter().collect(), life))
}

#[derive(Default)]
struct Groups(BTreeMap<Said, Vec<Cell>>);

impl Groups {
    fn add(&mut self, said: Said, cell: Cell) {
        self.0.entry(said).or_default().push(cell);
    }

    /// In words, in the order of the first cells.
    fn told(self, named: &Named<'_>) -> Vec<EmptyCells> {
        let mut told: Vec<EmptyCells> = Vec::with_capacity(self.0.len());
        let mut groups: Vec<(Said, Vec<Cell>)> = self.0.into_iter().collect();
        groups.sort_by(|one, other| one.1.cmp(&other.1));
        let date = |day: i64| named.steps.date(day);
        let is_yearly = matches!(named.steps, Steps::Years);
        for ((empty, life), cells) in groups {
            let name = |index: usize| named.names.get(index).cloned().unwrap_or_default();
            let of_days = |(since, fields): (Option<i64>, Vec<usize>)| EmptyVariables {
                since: since.and_then(date),
                variables: fields.into_iter().map(name).collect(),
            };
            let empty: Vec<EmptyVariables> = empty.into_iter().map(of_days).collect();
            let dead_since = life.flatten().and_then(date);
            let of = named.names.len();
            let mut message = empty::words(&empty, of, life.is_some(), dead_since.as_deref());
            if is_yearly {
                message.insert_str(0, "in yearly files ");
            }
            let place = |cell: Cell| EmptyCell {
                cell,
                lat: named.grid.centre(cell)[0],
                lon: named.grid.centre(cell)[1],
            };
            let cells = cells.into_iter().map(place).collect();
            told.push(EmptyCells {
                message,
                is_yearly,
                empty,
                of,
                is_dead: life.is_some(),
                dead_since,
                cells,
            });
        }
        told
    }
}

#[cfg(test)]
mod tests;
