//! What the dumps of a run hold, learnt from a sample of them: dates, calendar, variables, sizes.

use rayon::prelude::*;

use crate::dump::{Container, Limits};
use crate::error::{Error, Result};
use crate::model::element::Element;
use crate::model::fault::{Fault, FaultKind, Refusal};
use crate::model::grid::Cell;
use crate::model::names;
use crate::model::series::NotSeries;
use crate::model::time_unit::TimeUnit;
use crate::source::{Desk, Memory, Wanted};

use super::{Run, RunCell};

mod faulty;
mod label;
mod lost;
mod possible;
mod silence;

pub use lost::{LostDays, LostPeriod};

/// Dumps that are read of each period, spread evenly over its cells.
const SAMPLE: usize = 5;

/// How many dumps a survey reads, and what of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// A few of each period: which series there are, and their dates. A source that can leaves their values unread.
    Sample,
    /// All, with their values.
    Deep,
}

impl Depth {
    fn wanted(self) -> Wanted<'static> {
        match self {
            Depth::Sample => Wanted::Dates,
            Depth::Deep => Wanted::All,
        }
    }
}

/// What one sound dump holds.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Facts {
    /// The cell.
    pub cell: Cell,
    /// The number of the period.
    pub period: u32,
    /// The container of the file; `None` where it has none.
    pub container: Option<Container>,
    /// Bytes of the file; those of its values where it has none of its own.
    pub file_bytes: u64,
    /// Bytes of the decompressed stream, or of its values where these are more.
    pub decoded_bytes: u64,
    /// When the file was changed last, in nanoseconds since 1970; 0 where that is not known. A frozen plan does not keep it.
    #[serde(skip)]
    pub modified: i64,
    /// Unit and calendar of its days.
    pub unit: TimeUnit,
    /// First day, in the dump's unit.
    pub first_day: i64,
    /// Last day, included.
    pub last_day: i64,
    /// Its series, in the order of the dump. A frozen plan does not keep them.
    #[serde(skip)]
    pub series: Vec<SeriesFacts>,
    /// Rows of its series that have no value, or nothing but 0, up to its end, where its values were read. A frozen plan does not keep
    /// them.
    #[serde(skip)]
    pub ends: Vec<SeriesEnd>,
    /// What is not a series: key, and why. A frozen plan does not keep them.
    #[serde(skip)]
    pub others: Vec<(String, NotSeries)>,
}

/// What a dump says of a series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesFacts {
    /// Its key.
    pub key: String,
    /// The type of its values; `None` where no output holds it exactly.
    pub element: Option<Element>,
    /// What the dump calls that type.
    pub type_name: String,
    /// Its rows; `None` without a dimension of rows.
    pub rows: Option<usize>,
    /// Its days.
    pub days: usize,
}

/// The end of a row of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeriesEnd {
    /// The series, by its place among those of the dump.
    pub series: u32,
    /// The row.
    pub row: u32,
    /// How many of the last days have no value.
    pub empty: u32,
    /// How many of them have none, or 0.
    pub still: u32,
}

/// The usual dates of a period, counted in the survey's unit: those of most dumps that were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Span {
    /// The number of the period.
    pub period: u32,
    /// First day.
    pub first_day: i64,
    /// Last day, included.
    pub last_day: i64,
}

impl Span {
    /// Number of days.
    pub fn days(&self) -> i64 {
        self.last_day - self.first_day + 1
    }
}

/// A variable that outputs can be made of.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Variable {
    /// The dump's key.
    pub key: String,
    /// Its name in outputs: the key, where that can be one.
    pub name: String,
    /// The type of its values.
    pub element: Element,
    /// Its rows; `None` without a dimension of rows.
    pub rows: Option<usize>,
    /// The names of its rows, where these have some; otherwise they have numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
}

/// Why no output can be made of a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
pub enum Unusable {
    /// It is empty in every dump that was read.
    #[error("it has no values in any dump that was read")]
    NoValues,
    /// NetCDF has no type that holds its values exactly.
    #[error("its type, {0}, has no exact counterpart in NetCDF")]
    Type(String),
    /// It is not a series.
    #[error("{0}")]
    Content(NotSeries),
}

impl Unusable {
    /// Whether data may be lost where it is left out.
    pub fn is_loss(&self) -> bool {
        match self {
            Self::NoValues => false,
            Self::Content(reason) => reason.is_loss(),
            Self::Type(_) => true,
        }
    }
}

/// What the dumps of a run hold.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Survey {
    /// The unit and calendar of most dumps. All days below are counted in it.
    pub unit: TimeUnit,
    /// The usual dates of each period that they are known of, in the order that was asked for.
    pub spans: Vec<Span>,
    /// Periods without a sound dump. Those whose dates are known all the same are among the spans.
    #[serde(default)]
    pub lost: Vec<LostPeriod>,
    /// First and last day of any sampled dump, without those that are far off the usual dates.
    pub extent: (i64, i64),
    /// The variables, in the order of the dumps.
    pub variables: Vec<Variable>,
    /// Keys that no output can be made of, and why.
    pub unusable: Vec<(String, Unusable)>,
    /// The dumps that were read.
    pub facts: Vec<Facts>,
    /// Those that could not be read.
    pub faults: Vec<Fault>,
}

/// Reads dumps of some cells and periods and says what they hold.
///
/// `periods` may have numbers that no cell has. Of a period without a sound dump all dumps are read, and some of other cells
/// and periods for its dates.
///
/// Memory: one dump a thread; `Facts` of every dump read are kept.
///
/// # Errors
/// [`NothingUsable`](crate::ErrorKind::NothingUsable) where no dump is sound.
pub fn survey(
    run: &Run,
    cells: &[RunCell],
    periods: &[u32],
    depth: Depth,
    limits: &Limits,
) -> Result<Survey> {
    let mut facts = Vec::new();
    let mut faults = Vec::new();
    for &period in periods {
        let having: Vec<Cell> = cells.iter().filter(|cell| cell.has(period)).map(|cell| cell.cell).collect();
        let first: Vec<Cell> = match depth {
            Depth::Deep => having.clone(),
            Depth::Sample => spread(&having),
        };
        let before = facts.len();
        read_all(run, &first, period, depth, limits, &mut facts, &mut faults);
        if depth == Depth::Sample && facts.len() == before {
            // The whole sample is damaged: look on until one dump is sound.
            let rest: Vec<Cell> = having.iter().filter(|cell| !first.contains(cell)).copied().collect();
            for cells in rest.chunks(16) {
                read_all(run, cells, period, depth, limits, &mut facts, &mut faults);
                if facts.len() > before {
                    break;
                }
            }
        }
    }
    let nothing = |(reason, limit): (String, _)| Error::nothing_usable(run.path.clone(), reason, limit);
    if facts.is_empty() {
        return Err(nothing(match faults.is_empty() {
            true => ("the selected cells have none of the selected periods".to_owned(), None),
            false => faulty::all_damaged(&faults, limits),
        }));
    }
    let unit = most(facts.iter().map(|facts| &facts.unit)).cloned();
    let unit = unit.ok_or_else(|| nothing(("no dump has dates".to_owned(), None)))?;
    let (mut spans, mut extent) = spans(&facts, &unit, periods);
    if depth == Depth::Deep {
        faults.extend(faulty::short_dumps(&facts, &unit, &spans));
    }
    let lost = lost::lost(run, cells, periods, &spans, &unit, limits);
    for span in lost.iter().filter_map(LostPeriod::span) {
        extent = (extent.0.min(span.first_day), extent.1.max(span.last_day));
        spans.push(span);
    }
    spans.sort_by_key(|span| periods.iter().position(|&period| period == span.period));
    let (mut variables, unusable) = variables(&facts);
    if let Some(table) = run.source().variables() {
        label::label(&mut variables, &table);
    }
    Ok(Survey { unit, spans, lost, extent, variables, unusable, facts, faults })
}

/// What one dump holds. Without its values nothing is known of their ends, nor whether they can be read.
///
/// # Errors
/// The fault, where it is not sound.
pub fn read_facts(
    run: &Run,
    cell: Cell,
    period: u32,
    depth: Depth,
    limits: &Limits,
) -> std::result::Result<Facts, Fault> {
    let refuse = |(kind, message): Refusal| Fault {
        cell,
        period: Some(period),
        year: None,
        variable: None,
        kind,
        message,
    };
    let (mut memory, mut facts, mut bytes) = (Memory::default(), None, 0u64);
    let mut desk = Desk::new(limits, &mut memory);
    let reading = run.source().period(cell, period, depth.wanted(), &mut desk, &mut |content| {
        let each = content.all_series().map(|(_, series)| series.bytes());
        bytes = each.fold(0, u64::saturating_add);
        let series = content.all_series().map(|(key, series)| SeriesFacts {
            key: key.to_owned(),
            element: series.element(),
            type_name: series.type_name().to_string(),
            rows: series.has_rows().then_some(series.rows()),
            days: series.days(),
        });
        facts = Some(Facts {
            cell,
            period,
            container: None,
            file_bytes: 0,
            modified: 0,
            decoded_bytes: 0,
            unit: content.unit().clone(),
            first_day: content.first_day(),
            last_day: content.last_day(),
            series: series.collect(),
            ends: if depth == Depth::Deep { silence::ends(content) } else { Vec::new() },
            others: content.others().map(|(key, reason)| (key.to_owned(), reason.clone())).collect(),
        });
        Ok(())
    });
    reading.result.map_err(refuse)?;
    let none = || (FaultKind::Damaged, "its source shows nothing of it".to_owned());
    let facts = facts.ok_or_else(|| refuse(none()))?;
    let read = reading.read.unwrap_or(0);
    Ok(Facts {
        container: reading.container,
        file_bytes: if reading.container.is_some() { read } else { read.max(bytes) },
        decoded_bytes: reading.decoded.unwrap_or(0).max(bytes),
        modified: reading.stamp.map_or(0, |stamp| stamp.modified),
        ..facts
    })
}

fn read_all(
    run: &Run,
    cells: &[Cell],
    period: u32,
    depth: Depth,
    limits: &Limits,
    facts: &mut Vec<Facts>,
    faults: &mut Vec<Fault>,
) {
    let results: Vec<_> =
        cells.par_iter().map(|&cell| read_facts(run, cell, period, depth, limits)).collect();
    for result in results {
        match result {
            Ok(found) => facts.push(found),
            Err(fault) => faults.push(fault),
        }
    }
}

/// A few of many, evenly spread, the first and the last among them.
fn spread(cells: &[Cell]) -> Vec<Cell> {
    if cells.len() <= SAMPLE {
        return cells.to_vec();
    }
    (0..SAMPLE).filter_map(|index| cells.get(index * (cells.len() - 1) / (SAMPLE - 1)).copied()).collect()
}

/// The most frequent values, in the order in which they came.
fn most_frequent<T: PartialEq + Copy>(values: impl Iterator<Item = T>) -> impl Iterator<Item = T> {
    let mut counts: Vec<(T, usize)> = Vec::new();
    for value in values {
        match counts.iter_mut().find(|(known, _)| *known == value) {
            Some((_, count)) => *count += 1,
            None => counts.push((value, 1)),
        }
    }
    let best = counts.iter().map(|&(_, count)| count).max();
    counts.into_iter().filter(move |&(_, count)| Some(count) == best).map(|(value, _)| value)
}

/// The most frequent value; of several, the one that came first.
fn most<T: PartialEq + Copy>(values: impl Iterator<Item = T>) -> Option<T> {
    most_frequent(values).next()
}

/// The most frequent first and last day; of several, those of most days, so that a dump that is cut short is told.
fn most_days(values: impl Iterator<Item = (i64, i64)>) -> Option<(i64, i64)> {
    let longest =
        |best: (i64, i64), next: (i64, i64)| if next.1 - next.0 > best.1 - best.0 { next } else { best };
    most_frequent(values).reduce(longest)
}

/// The usual dates of periods. Where the longest of those that are equally frequent overlap, the first of them.
fn spans(facts: &[Facts], unit: &TimeUnit, periods: &[u32]) -> (Vec<Span>, (i64, i64)) {
    let longest = spans_by(facts, unit, periods, |days| most_days(days.iter().copied()));
    let mut ordered = longest.0.clone();
    ordered.sort_unstable_by_key(|span| span.first_day);
    match ordered.is_sorted_by(|one, next| one.last_day < next.first_day) {
        true => longest,
        false => spans_by(facts, unit, periods, |days| most(days.iter().copied())),
    }
}

fn spans_by(
    facts: &[Facts],
    unit: &TimeUnit,
    periods: &[u32],
    usual: impl Fn(&[(i64, i64)]) -> Option<(i64, i64)>,
) -> (Vec<Span>, (i64, i64)) {
    let mut spans = Vec::new();
    let mut extent = (i64::MAX, i64::MIN);
    for &period in periods {
        let of_period = facts.iter().filter(|facts| facts.period == period);
        let found = of_period.filter_map(|facts| lost::days_of(facts, unit));
        let found: Vec<(i64, i64)> = found.collect();
        let Some((first_day, last_day)) = usual(&found) else { continue };
        let span = Span { period, first_day, last_day };
        spans.push(span);
        for (first, last) in found {
            // Dates that are off by more than the period's own length are not trusted with the length of the axis.
            if first >= first_day - span.days() && last <= last_day + span.days() {
                extent = (extent.0.min(first), extent.1.max(last));
            }
        }
    }
    (spans, extent)
}

fn variables(facts: &[Facts]) -> (Vec<Variable>, Vec<(String, Unusable)>) {
    let mut keys: Vec<&str> = Vec::new();
    for series in facts.iter().flat_map(|facts| &facts.series) {
        if !keys.contains(&series.key.as_str()) {
            keys.push(&series.key);
        }
    }
    let (mut variables, mut unusable): (Vec<Variable>, _) = (Vec::new(), Vec::new());
    for key in keys {
        let with_values = facts
            .iter()
            .flat_map(|facts| &facts.series)
            .filter(|series| series.key == key && series.days > 0 && series.rows != Some(0));
        // Types that no output holds are told apart by their names.
        let kinds = with_values.map(|series| {
            let other = if series.element.is_none() { Some(series.type_name.as_str()) } else { None };
            (series.element, other, series.rows)
        });
        match most(kinds) {
            None => unusable.push((key.to_owned(), Unusable::NoValues)),
            Some((Some(element), _, rows)) => {
                let (key, name) = (key.to_owned(), String::new());
                variables.push(Variable { key, name, element, rows, labels: Vec::new() });
            }
            Some((None, name, _)) => {
                unusable.push((key.to_owned(), Unusable::Type(name.unwrap_or_default().to_owned())));
            }
        }
    }
    for (key, reason) in facts.iter().flat_map(|facts| &facts.others) {
        if variables.iter().any(|variable| variable.key == *key) {
            continue;
        }
        let reason = Unusable::Content(reason.clone());
        match unusable.iter_mut().find(|(name, _)| name == key) {
            None => unusable.push((key.clone(), reason)),
            // The worst of what dumps hold is told.
            Some((_, known)) if !known.is_loss() && reason.is_loss() => *known = reason,
            Some(_) => {}
        }
    }
    name(&mut variables);
    (variables, unusable)
}

/// Gives variables the names that outputs call them by.
fn name(variables: &mut [Variable]) {
    let keys = variables.iter().map(|variable| (variable.key.as_str(), variable.rows));
    let names = names::assign(keys);
    variables.iter_mut().zip(names).for_each(|(variable, name)| variable.name = name);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_wins_and_the_first_breaks_a_tie() {
        assert_eq!(most([3, 1, 1, 3, 2].into_iter()), Some(3));
        assert_eq!(most([3, 1, 1].into_iter()), Some(1));
        assert_eq!(most(std::iter::empty::<u8>()), None);
    }

    #[test]
    fn a_sample_has_the_first_and_the_last() {
        let cells: Vec<Cell> = (0..101).map(|row| Cell { row, column: 0 }).collect();
        let rows: Vec<u32> = spread(&cells).iter().map(|cell| cell.row).collect();
        assert_eq!(rows, [0, 25, 50, 75, 100]);
        assert_eq!(spread(&cells[..3]), &cells[..3]);
    }

    #[test]
    fn an_array_of_three_dimensions_is_named_as_unusable() {
        let unit = TimeUnit::parse("days since 1860-01-01", crate::model::calendar::Calendar::NoLeap);
        let facts = Facts {
            cell: Cell { row: 1, column: 2 },
            period: 1,
            container: None,
            file_bytes: 0,
            decoded_bytes: 0,
            modified: 0,
            unit: unit.expect("a unit"),
            first_day: 0,
            last_day: 9,
            series: Vec::new(),
            ends: Vec::new(),
            others: vec![("cube".to_owned(), NotSeries::Dimensions(3))],
        };
        let (variables, unusable) = variables(&[facts.clone(), facts]);
        assert!(variables.is_empty());
        assert_eq!(unusable, [("cube".to_owned(), Unusable::Content(NotSeries::Dimensions(3)))]);
    }
}
