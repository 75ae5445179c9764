//! Periods that no sound dump was found of, and what can be known of their dates.

use crate::dump::Limits;
use crate::model::grid::Cell;
use crate::model::time_unit::TimeUnit;
use crate::run::{Run, RunCell};

use super::{Depth, Facts, Span, most_days, spread};

/// Dumps of cells outside of the selection that are read for the dates of a period at the most.
const TRIED: usize = 64;

/// A period that no sound dump was found of in the selected cells.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct LostPeriod {
    /// Its number.
    pub period: u32,
    /// Dumps of it that are there; none can be read.
    pub dumps: usize,
    /// What is known of its days, counted in the survey's unit.
    pub days: LostDays,
}

/// What is known of the days of a lost period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LostDays {
    /// Its first and last day, from the dump of a cell that was not selected.
    OfCell(Cell, i64, i64),
    /// Its first and last day: those between the periods before and after it.
    Between(u32, u32, i64, i64),
    /// It shares the days between the periods before and after it with others that are lost.
    Shared(u32, u32, i64, i64),
    /// The periods before and after it leave no day between them.
    None(u32, u32),
    /// It lies behind the last day of this period; where it ends is not known.
    After(u32, i64),
    /// It lies before the first day of this period; where it begins is not known.
    Before(u32, i64),
    /// The numbers of periods are not in the order of their dates.
    Unknown,
}

impl LostDays {
    /// First and last of the days that it names.
    pub(crate) fn named(self) -> Option<(i64, i64)> {
        match self {
            LostDays::OfCell(_, first, last)
            | LostDays::Between(_, _, first, last)
            | LostDays::Shared(_, _, first, last) => Some((first, last)),
            LostDays::After(_, day) | LostDays::Before(_, day) => Some((day, day)),
            LostDays::None(..) | LostDays::Unknown => None,
        }
    }
}

impl LostPeriod {
    /// Its first and last day, where they are known.
    pub fn span(&self) -> Option<Span> {
        match self.days {
            LostDays::OfCell(_, first_day, last_day) | LostDays::Between(_, _, first_day, last_day) => {
                Some(Span { period: self.period, first_day, last_day })
            }
            _ => None,
        }
    }

    /// Whether outputs lack days by it. A number that was left out between periods without a gap is only told.
    pub fn is_loss(&self) -> bool {
        self.dumps > 0 || !matches!(self.days, LostDays::None(..))
    }

    /// Whether it can have days from a first to a last one.
    pub fn may_reach(&self, first: i64, last: i64) -> bool {
        match self.days {
            LostDays::OfCell(_, from, until)
            | LostDays::Between(_, _, from, until)
            | LostDays::Shared(_, _, from, until) => from <= last && until >= first,
            LostDays::After(_, day) => day < last,
            LostDays::Before(_, day) => day > first,
            LostDays::None(..) | LostDays::Unknown => true,
        }
    }

    /// What is lost, and where, in words.
    pub fn words(&self, unit: &TimeUnit) -> String {
        let date = |day: i64| unit.label(day).unwrap_or_default();
        let why = match self.dumps {
            0 => "no cell has a dump of it".to_owned(),
            1 => "its only dump cannot be used".to_owned(),
            count => format!("none of its {count} dumps can be used"),
        };
        let place = match self.days {
            LostDays::OfCell(cell, first, last) => {
                format!("its days, {} to {} by the dump of cell {cell}, are masked", date(first), date(last))
            }
            LostDays::Between(before, after, first, last) => format!(
                "its days, {} to {} between periods {before} and {after}, are masked",
                date(first),
                date(last)
            ),
            LostDays::Shared(before, after, first, last) => format!(
                "its days cannot be told from those of other lost periods; all from {} to {}, between periods {before} and {after}, \
                 are masked",
                date(first),
                date(last)
            ),
            LostDays::None(before, after) => {
                format!("periods {before} and {after} leave no day between them")
            }
            LostDays::After(before, day) => format!(
                "its days are not known and not on the time axis: they are behind {}, where period {before} ends; a time axis \
                 that ends later takes them in, masked",
                date(day)
            ),
            LostDays::Before(after, day) => format!(
                "its days are not known and not on the time axis: they are before {}, where period {after} begins; a time \
                 axis that begins earlier takes them in, masked",
                date(day)
            ),
            LostDays::Unknown => {
                "its days are not known, since the periods' numbers are not in the order of their dates"
                    .to_owned()
            }
        };
        format!("period {}: {why}; {place}", self.period)
    }
}

/// Finds out what can be known of periods without a sound dump in the selected cells. `numbers` are all that are asked for,
/// with those that are left out between others.
pub(super) fn lost(
    run: &Run,
    cells: &[RunCell],
    numbers: &[u32],
    spans: &[Span],
    unit: &TimeUnit,
    limits: &Limits,
) -> Vec<LostPeriod> {
    let mut lost = Vec::new();
    // Spans of periods outside of the selection, which were looked for here.
    let mut others: Vec<Span> = Vec::new();
    for &period in numbers.iter().filter(|period| !spans.iter().any(|span| span.period == **period)) {
        let dumps = cells.iter().filter(|cell| cell.has(period)).count();
        let mut found = LostPeriod { period, dumps, days: LostDays::Unknown };
        if let Some((cell, span)) = elsewhere(run, cells, period, unit, limits) {
            found.days = LostDays::OfCell(cell, span.first_day, span.last_day);
            others.push(span);
        }
        lost.push(found);
    }
    let all = crate::run::numbers::with_holes(&run.periods());
    for index in 0..lost.len() {
        let Some(found) = lost.get(index).filter(|found| found.span().is_none()) else { continue };
        let period = found.period;
        let mut dated = |numbers: Vec<u32>| {
            numbers.into_iter().find_map(|number| {
                let known = spans.iter().chain(&others).find(|span| span.period == number).copied();
                known.or_else(|| {
                    let is_asked = lost.iter().any(|lost| lost.period == number);
                    let found = if is_asked { None } else { anywhere(run, cells, number, unit, limits) };
                    others.extend(found);
                    found
                })
            })
        };
        let before = dated(all.iter().rev().copied().filter(|&number| number < period).collect());
        let after = dated(all.iter().copied().filter(|&number| number > period).collect());
        let days = neighbours(&all, spans, before, after);
        if let Some(found) = lost.get_mut(index) {
            found.days = days;
        }
    }
    lost
}

/// What the periods before and after a lost one say of its days.
fn neighbours(all: &[u32], spans: &[Span], before: Option<Span>, after: Option<Span>) -> LostDays {
    let mut known: Vec<Span> = spans.to_vec();
    for span in before.iter().chain(&after) {
        if !known.iter().any(|one| one.period == span.period) {
            known.push(*span);
        }
    }
    known.sort_unstable_by_key(|span| span.period);
    if !known.is_sorted_by(|one, next| one.last_day < next.first_day) {
        return LostDays::Unknown;
    }
    match (before, after) {
        (Some(before), Some(after)) => {
            let (first, last) = (before.last_day + 1, after.first_day - 1);
            let between = all.iter().filter(|&&number| before.period < number && number < after.period);
            match between.count() {
                _ if first > last => LostDays::None(before.period, after.period),
                1 => LostDays::Between(before.period, after.period, first, last),
                _ => LostDays::Shared(before.period, after.period, first, last),
            }
        }
        (Some(before), None) => LostDays::After(before.period, before.last_day),
        (None, Some(after)) => LostDays::Before(after.period, after.first_day),
        (None, None) => LostDays::Unknown,
    }
}

/// The usual dates of a period in cells that are not selected, and one of them.
fn elsewhere(
    run: &Run,
    cells: &[RunCell],
    period: u32,
    unit: &TimeUnit,
    limits: &Limits,
) -> Option<(Cell, Span)> {
    let is_selected = |cell: Cell| cells.binary_search_by_key(&cell, |one| one.cell).is_ok();
    let having = run.cells.iter().filter(|cell| cell.has(period)).map(|cell| cell.cell);
    let having: Vec<Cell> = having.filter(|&cell| !is_selected(cell)).collect();
    dates_in(run, &having, period, unit, limits)
}

/// The usual dates of a period in any cells, the selected ones first.
fn anywhere(run: &Run, cells: &[RunCell], period: u32, unit: &TimeUnit, limits: &Limits) -> Option<Span> {
    let having: Vec<Cell> = cells.iter().filter(|cell| cell.has(period)).map(|cell| cell.cell).collect();
    let found = dates_in(run, &having, period, unit, limits);
    found.or_else(|| elsewhere(run, cells, period, unit, limits)).map(|(_, span)| span)
}

fn dates_in(
    run: &Run,
    having: &[Cell],
    period: u32,
    unit: &TimeUnit,
    limits: &Limits,
) -> Option<(Cell, Span)> {
    let sample = spread(having);
    let rest = having.iter().filter(|cell| !sample.contains(cell)).take(TRIED - sample.len());
    let rest: Vec<Cell> = rest.copied().collect();
    for cells in std::iter::once(sample.as_slice()).chain(rest.chunks(16)) {
        let (mut facts, mut faults) = (Vec::new(), Vec::new());
        super::read_all(run, cells, period, Depth::Sample, limits, &mut facts, &mut faults);
        let dates: Vec<(Cell, (i64, i64))> =
            facts.iter().filter_map(|facts| Some((facts.cell, days_of(facts, unit)?))).collect();
        if let Some((first_day, last_day)) = most_days(dates.iter().map(|(_, days)| *days)) {
            let cell =
                dates.iter().find(|(_, days)| *days == (first_day, last_day)).map(|(cell, _)| *cell)?;
            return Some((cell, Span { period, first_day, last_day }));
        }
    }
    None
}

/// First and last day of a dump in a unit.
pub(super) fn days_of(facts: &Facts, unit: &TimeUnit) -> Option<(i64, i64)> {
    let shift = facts.unit.shift_to(unit)?;
    Some((facts.first_day.checked_add(shift)?, facts.last_day.checked_add(shift)?))
}
