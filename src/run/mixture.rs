//! Whether the dumps of a folder look like those of one run. What an older run left behind does not: its numbers leave holes,
//! its dates do not go on where the others end, or its files are older than those that come before them.

use std::collections::HashMap;

use chrono::DateTime;

use crate::error::{Error, Result};
use crate::model::grid::Cell;

use super::Run;
use super::numbers::ranges;
use super::survey::{LostDays, LostPeriod, Span, Survey};
use crate::model::fault::{Fault, FaultKind};

/// Periods of which so many days are between them leave years out; 360 days are a year in the shortest calendar.
const YEAR: u32 = 360;

/// Days that a period may be longer or shorter than others of its run, for leap days.
const LEAP: u32 = 2;

/// A model writes a cell's dumps one after another. So a later one is not older; but what was copied without its times was
/// written in any order, within such a time (an hour, in nanoseconds).
const OLDER: i64 = 3_600_000_000_000;

/// What of a run's periods does not fit together.
#[derive(Debug, Clone, Default)]
pub struct Mixture {
    /// Periods that fit together, by number, with their dates and when they were written; one part where all do.
    pub parts: Vec<Part>,
    /// Why there are several parts: a sentence for each place where one ends.
    pub reasons: Vec<String>,
    /// What is not a reason to doubt, but to be told.
    pub remarks: Vec<String>,
    /// Periods whose dumps are older than those before them.
    pub older: Vec<u32>,
}

/// Periods of a run that fit together.
#[derive(Debug, Clone)]
pub struct Part {
    /// Their numbers, in order.
    pub periods: Vec<u32>,
    /// Dates and, where they are known, times of writing, in words.
    pub description: String,
}

/// A run's periods by number: do their dates and the times of their files go on from one to the next? `spans` are those that
/// are looked at.
pub fn look(run: &Run, survey: &Survey, spans: &[Span]) -> Mixture {
    // Dates that were only put between those of others say nothing of how these fit together.
    let is_put = |lost: &LostPeriod, span: &Span| {
        lost.period == span.period && matches!(lost.days, LostDays::Between(..))
    };
    let is_own = |span: &&Span| !survey.lost.iter().any(|lost| is_put(lost, span));
    let mut spans: Vec<Span> = spans.iter().filter(is_own).copied().collect();
    spans.sort_by_key(|span| span.period);
    let there = run.periods();
    let written = Written::of(survey);
    let date = |day: i64| survey.unit.label(day).unwrap_or_default();
    let lengths = || spans.iter().map(Span::days);
    let step = survey.unit.step();
    let (year, leap) = (step.within_days(YEAR).max(1), step.within_days(LEAP));
    let (shortest, longest) = (lengths().min().unwrap_or(0), lengths().max().unwrap_or(0));
    let mut found = Mixture::default();
    let mut parts: Vec<Vec<Span>> = Vec::new();
    for &span in &spans {
        let Some(before) = parts.last().and_then(|part| part.last()).copied() else {
            parts.push(vec![span]);
            continue;
        };
        let (one, two) = (before.period, span.period);
        let gap = span.first_day - before.last_day - 1;
        let between = there.iter().filter(|&&number| one < number && number < two).count() as i64;
        let hole = i64::from(two - one) - 1 - between;
        let reason = if span.last_day < before.first_day {
            Some(format!(
                "period {two} begins on {}, before period {one} ({})",
                date(span.first_day),
                date(before.first_day)
            ))
        } else if gap < 0 {
            // The same days twice are refused by themselves.
            None
        } else if between > 0 {
            // Of the dumps between them none can be read; what days they have is not known.
            None
        } else if hole > 0 {
            let room = hole * (shortest - leap)..=hole * (longest + leap);
            let missing = if hole == 1 { "period is".to_owned() } else { "periods are".to_owned() };
            (!room.contains(&gap) || gap == 0).then(|| {
                let (is, days) = (if gap == 1 { "is" } else { "are" }, step.counted(gap));
                format!(
                    "{hole} {missing} missing between {one} and {two}, but there {is} {days} between their dates"
                )
            })
        } else if gap >= year {
            Some(format!(
                "{} {} left out between period {one} (to {}) and {two} (from {})",
                step.counted(gap),
                if gap == 1 { "is" } else { "are" },
                date(before.last_day),
                date(span.first_day)
            ))
        } else {
            if gap > 0 {
                let days = format!("{} {}", step.counted(gap), if gap == 1 { "is" } else { "are" });
                found.remarks.push(format!(
                    "{days} left out between period {one} (to {}) and {two} (from {})",
                    date(before.last_day),
                    date(span.first_day)
                ));
            }
            None
        };
        let age = written.age(one, two);
        if let Some(age) = age {
            found.older.push(two);
            found.reasons.push(format!(
                "the dumps of period {two} were written {} before those of {one}",
                duration(age)
            ));
        }
        let is_apart = reason.is_some() || age.is_some();
        found.reasons.extend(reason);
        match parts.last_mut().filter(|_| !is_apart) {
            Some(part) => part.push(span),
            None => parts.push(vec![span]),
        }
    }
    found.parts = parts.iter().map(|part| Part::of(part, &date, &written)).collect();
    found
}

impl Mixture {
    /// Whether the periods may be of several runs.
    pub fn is_doubtful(&self) -> bool {
        !self.reasons.is_empty()
    }

    /// Everything that is to be told, a line each.
    pub fn lines(&self) -> Vec<String> {
        let parts = self.parts.iter().filter(|_| self.is_doubtful());
        let parts = parts.map(|part| format!("{}: {}", named(&part.periods), part.description));
        self.reasons.iter().chain(&self.remarks).cloned().chain(parts).collect()
    }

    /// Refuses periods that may be of several runs.
    ///
    /// # Errors
    /// [`Mixed`](crate::ErrorKind::Mixed).
    pub fn refuse(&self, run: &Run) -> Result<()> {
        if !self.is_doubtful() {
            return Ok(());
        }
        let parts = self.parts.iter().map(|part| (ranges(&part.periods), part.description.clone()));
        Err(Error::mixed_runs(run.path.clone(), self.reasons.clone(), parts.collect()))
    }
}

impl Part {
    fn of(spans: &[Span], date: &impl Fn(i64) -> String, written: &Written) -> Self {
        let periods: Vec<u32> = spans.iter().map(|span| span.period).collect();
        let first = spans.iter().map(|span| span.first_day).min().unwrap_or(0);
        let last = spans.iter().map(|span| span.last_day).max().unwrap_or(0);
        let times = periods.iter().flat_map(|period| written.times(*period));
        let times = match (times.clone().min(), times.max()) {
            (Some(first), Some(last)) if moment(first) == moment(last) => {
                format!(", written {}", moment(first))
            }
            (Some(first), Some(last)) => format!(", written {} to {}", moment(first), moment(last)),
            _ => String::new(),
        };
        Part { periods, description: format!("{} to {}{times}", date(first), date(last)) }
    }
}

/// When the dumps of a sample were written, by period and cell.
struct Written {
    periods: HashMap<u32, HashMap<Cell, i64>>,
}

impl Written {
    fn of(survey: &Survey) -> Self {
        let mut periods: HashMap<u32, HashMap<Cell, i64>> = HashMap::new();
        // An archive that does not know the times says 0.
        for facts in survey.facts.iter().filter(|facts| facts.modified != 0) {
            periods.entry(facts.period).or_default().insert(facts.cell, facts.modified);
        }
        Written { periods }
    }

    fn times(&self, period: u32) -> impl Iterator<Item = i64> + Clone + '_ {
        self.periods.get(&period).into_iter().flat_map(|cells| cells.values().copied())
    }

    /// How much older the dumps of the second period are, where they are in each cell.
    fn age(&self, one: u32, two: u32) -> Option<i64> {
        let (before, after) = (self.periods.get(&one)?, self.periods.get(&two)?);
        let both = || after.iter().filter_map(|(cell, after)| Some(before.get(cell)?.saturating_sub(*after)));
        let least = match both().min() {
            Some(least) => least,
            None => self.times(one).min()?.saturating_sub(self.times(two).max()?),
        };
        (least > OLDER).then_some(least)
    }
}

/// Dumps of single cells that are older than those of a period before: they may be another run's. `written` has cell, period
/// and time of each dump; periods that are older in all cells are left out.
pub fn older_dumps(mut written: Vec<(Cell, u32, i64)>, known: &[u32]) -> Vec<Fault> {
    written.retain(|&(_, _, time)| time != 0);
    written.sort_unstable();
    let pairs = written.windows(2).filter_map(|pair| match pair {
        [one, two] if one.0 == two.0 && !known.contains(&two.1) => Some((one, two)),
        _ => None,
    });
    let fault = |(one, two): (&(Cell, u32, i64), &(Cell, u32, i64))| {
        let age = one.2.saturating_sub(two.2);
        (age > OLDER).then(|| Fault {
            cell: two.0,
            period: Some(two.1),
            year: None,
            variable: None,
            kind: FaultKind::Older,
            message: format!(
                "the dump was written {} before that of period {}; it may be another run's",
                duration(age),
                one.1
            ),
        })
    };
    pairs.filter_map(fault).collect()
}

fn named(periods: &[u32]) -> String {
    let word = if periods.len() == 1 { "period" } else { "periods" };
    format!("{word} {}", ranges(periods))
}

fn moment(time: i64) -> String {
    let time = DateTime::from_timestamp_nanos(time);
    time.format("%Y-%m-%d %H:%M UTC").to_string()
}

fn duration(nanoseconds: i64) -> String {
    let hours = nanoseconds / OLDER;
    match hours {
        0..=1 => "an hour".to_owned(),
        2..48 => format!("{hours} hours"),
        _ => format!("{} days", hours / 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_told_in_hours_and_days() {
        assert_eq!(duration(OLDER * 3), "3 hours");
        assert_eq!(duration(OLDER * 49), "2 days");
    }

    #[test]
    fn a_single_dump_that_is_older_than_the_one_before_is_named() {
        let cell = |row| Cell { row, column: 1 };
        let day = 24 * OLDER;
        let written = vec![
            (cell(1), 2, 99 * day),
            (cell(1), 1, 100 * day),
            (cell(2), 1, 100 * day),
            (cell(2), 2, 100 * day - OLDER),
            (cell(3), 1, 100 * day),
            (cell(3), 2, 0),
        ];
        let faults = older_dumps(written.clone(), &[]);
        let named: Vec<_> = faults.iter().map(|fault| (fault.cell, fault.period)).collect();
        assert_eq!(named, [(cell(1), Some(2))]);
        assert!(older_dumps(written, &[2]).is_empty());
    }
}
