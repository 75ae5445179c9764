//! The months, seasons and years of a time axis.
//!
//! A season is DJF, MAM, JJA or SON, and December belongs to the season of the following January, as CDO's `seasmean`
//! has it. An axis may begin and end anywhere: its first and last interval are then clipped, and say so.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::model::axis::Axis;
use crate::model::calendar::{Calendar, Date, YEARS};
use crate::model::time_step::TimeStep;

/// The length of the intervals that the steps of an axis are gathered in. Shown, parsed and serialized in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// Days, as they are.
    Day,
    /// Calendar months.
    Month,
    /// DJF, MAM, JJA and SON.
    Season,
    /// Calendar years.
    Year,
}

impl Step {
    /// All steps, the shortest first.
    pub const ALL: [Step; 4] = [Step::Day, Step::Month, Step::Season, Step::Year];

    /// Its name in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Step::Day => "day",
            Step::Month => "month",
            Step::Season => "season",
            Step::Year => "year",
        }
    }

    /// Whether steps of a length can be gathered in such intervals: they are not longer.
    pub fn holds(self, step: TimeStep) -> bool {
        let most = match self {
            Step::Day => TimeStep::DAY,
            Step::Month => {
                return matches!(step, TimeStep::Seconds(s) if s.get() <= 28 * 86_400) || step == MONTH;
            }
            Step::Season => return Step::Month.holds(step) || step.to_string() == "P3M",
            Step::Year => {
                return Step::Month.holds(step) || matches!(step, TimeStep::Months(m) if 12 % m.get() == 0);
            }
        };
        step <= most && matches!(step, TimeStep::Seconds(_))
    }

    /// Calendar months in an interval; a day is looked up in its month.
    fn months(self) -> u8 {
        match self {
            Step::Day | Step::Month => 1,
            Step::Season => 3,
            Step::Year => 12,
        }
    }

    /// How many months before `month` its interval begins.
    fn months_before(self, month: u8) -> u8 {
        match self {
            Step::Day | Step::Month => 0,
            Step::Season => month % 3,
            Step::Year => month.saturating_sub(1),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A text that is no step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a step of time: day, month, season or year")]
pub struct ParseStepError {
    text: String,
}

impl ParseStepError {
    /// What the user can do about it.
    pub fn hint(&self) -> &'static str {
        "the steps are day, month, season and year"
    }
}

impl FromStr for Step {
    type Err = ParseStepError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let step = Step::ALL.into_iter().find(|step| step.name().eq_ignore_ascii_case(text));
        step.ok_or_else(|| ParseStepError { text: super::excerpt(text) })
    }
}

const MONTH: TimeStep = TimeStep::Months(std::num::NonZeroU32::MIN);

/// What of a calendar interval is on an axis: at least one step. A step belongs to the interval in which it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Interval {
    /// The first of its steps on the axis, counted from the axis' first.
    pub first: i64,
    /// The step after the last of them.
    pub end: i64,
    /// Where the calendar interval begins, be that on the axis or not.
    pub start_date: Date,
    /// Steps of the whole calendar interval.
    pub full_days: u32,
}

impl Interval {
    /// Whether all of its steps are on the axis.
    pub fn is_complete(&self) -> bool {
        self.days() == i64::from(self.full_days)
    }

    /// Its steps on the axis.
    pub fn days(&self) -> i64 {
        self.end - self.first
    }

    /// Its steps as indices into a series over the axis.
    pub fn range(&self) -> Range<usize> {
        let index = |day| usize::try_from(day).unwrap_or_default();
        index(self.first)..index(self.end)
    }
}

/// The intervals of an axis, in order and without gaps.
///
/// Steps outside the [years](crate::model::calendar::YEARS) that dates may have belong to none. Of steps that are longer than the
/// intervals, each is one for itself.
pub fn intervals(axis: &Axis, step: Step) -> Vec<Interval> {
    let Some(date) = axis.date(0) else { return Vec::new() };
    if step == Step::Day && !axis.unit.step().is_within_a_day() {
        let day = |(index, start_date)| Interval { first: index, end: index + 1, start_date, full_days: 1 };
        return (0..i64::from(axis.days))
            .map_while(|index| Some((index, axis.date(index)?)))
            .map(day)
            .collect();
    }
    let Some(mut begin) = Begin::before(axis.unit.calendar(), step, date) else { return Vec::new() };
    let on_axis = |begin: Begin| {
        let step = axis.unit.first_from(begin.day, begin.number, begin.date.day)?;
        step.checked_sub(axis.first_day)
    };
    let days = days_with_dates(axis);
    let mut intervals = Vec::new();
    let Some(mut start) = on_axis(begin) else { return Vec::new() };
    while start < days {
        let Some(next) = begin.next(step) else { break };
        let Some(end) = on_axis(next) else { break };
        let full_days = u32::try_from(end - start).unwrap_or_default();
        // Within steps that are longer than the interval none begins.
        if end > start.max(0) {
            let (first, end) = (start.max(0), end.min(days));
            intervals.push(Interval { first, end, start_date: begin.date, full_days });
        }
        (begin, start) = (next, end);
    }
    intervals
}

/// The month of the year, from 1, of every step of an axis, for climatologies.
///
/// Shorter than the axis where that leaves the [years](crate::model::calendar::YEARS) that dates may have.
pub fn months(axis: &Axis) -> Vec<u8> {
    each_day(axis, Step::Month, |date| date.month)
}

/// The year of every step of an axis; as long as [`months`].
///
/// The years without repetition are the `start_date`s of its [`intervals`] of [`Step::Year`].
pub fn years(axis: &Axis) -> Vec<i32> {
    each_day(axis, Step::Year, |date| date.year)
}

/// Steps of an axis before the end of all dates.
fn days_with_dates(axis: &Axis) -> i64 {
    let (year, month) = (*YEARS.end(), 12);
    let last = axis.unit.calendar().days_in_month(year, month).map(|day| Date { year, month, day });
    let last = last.and_then(|date| axis.unit.last_on(date)).unwrap_or(i64::MAX);
    i64::from(axis.days).min(last.saturating_sub(axis.first_day).saturating_add(1))
}

fn each_day<T: Clone>(axis: &Axis, step: Step, of: impl Fn(Date) -> T) -> Vec<T> {
    let intervals = intervals(axis, step);
    let days = intervals.last().map_or(0, |last| last.range().end);
    let mut all = Vec::with_capacity(days);
    for interval in intervals {
        all.resize(interval.range().end, of(interval.start_date));
    }
    all
}

/// Where a calendar interval begins, which may be before or after all dates.
#[derive(Clone, Copy)]
struct Begin {
    month: Month,
    date: Date,
    /// The day's number in the calendar.
    day: i64,
    /// The month's number in the calendar.
    number: i64,
}

impl Begin {
    /// The last that is not after a date.
    fn before(calendar: Calendar, step: Step, date: Date) -> Option<Self> {
        let mut month = Month { calendar, year: date.year, month: date.month };
        let number = calendar.month_number(date.year, date.month)?;
        if step == Step::Day {
            return Some(Begin { month, date, day: calendar.day_number(date)?, number });
        }
        let mut begin =
            Begin { month, date: month.start(), day: calendar.day_number(month.start())?, number };
        for _ in 0..step.months_before(date.month) {
            month = month.previous();
            begin = Begin {
                month,
                date: month.start(),
                day: begin.day.checked_sub(month.days()?)?,
                number: begin.number.checked_sub(1)?,
            };
        }
        Some(begin)
    }

    fn next(self, step: Step) -> Option<Self> {
        let Begin { mut month, mut day, mut number, .. } = self;
        if step == Step::Day {
            let date = month.calendar.date(day + 1)?;
            let number = month.calendar.month_number(date.year, date.month)?;
            return Some(Begin { month, date, day: day + 1, number });
        }
        for _ in 0..step.months() {
            day = day.checked_add(month.days()?)?;
            number = number.checked_add(1)?;
            month = month.next();
        }
        Some(Begin { month, date: month.start(), day, number })
    }
}

/// A month of a calendar, which may be one before or after the years that dates may have, so that seasons at both ends
/// of them are whole.
#[derive(Clone, Copy)]
struct Month {
    calendar: Calendar,
    year: i32,
    month: u8,
}

impl Month {
    fn start(self) -> Date {
        Date { year: self.year, month: self.month, day: 1 }
    }

    /// Far from the reform and from year 0, where the ends of dates are, leap years repeat after 400 years.
    fn days(self) -> Option<i64> {
        let years = [self.year, self.year.checked_sub(400)?, self.year.checked_add(400)?];
        years.into_iter().find_map(|year| self.calendar.days_in_month(year, self.month)).map(i64::from)
    }

    fn next(self) -> Self {
        if self.month < 12 {
            return Month { month: self.month + 1, ..self };
        }
        Month { year: self.skip_zero(self.year + 1, 1), month: 1, ..self }
    }

    fn previous(self) -> Self {
        if self.month > 1 {
            return Month { month: self.month - 1, ..self };
        }
        Month { year: self.skip_zero(self.year - 1, -1), month: 12, ..self }
    }

    /// Two calendars have no year 0.
    fn skip_zero(self, year: i32, step: i32) -> i32 {
        if year == 0 && self.calendar.days_in_month(0, 1).is_none() { step } else { year }
    }
}

#[cfg(test)]
mod tests;
