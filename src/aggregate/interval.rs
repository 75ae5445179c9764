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

/// The length of the intervals that days are gathered in. Shown, parsed and serialized in lower case.
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

/// What of a calendar interval is on an axis: at least one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Interval {
    /// The first of its days on the axis, counted from the axis' first day.
    pub first: i64,
    /// The day after the last of them.
    pub end: i64,
    /// Where the calendar interval begins, be that on the axis or not.
    pub start_date: Date,
    /// Days of the whole calendar interval.
    pub full_days: u32,
}

impl Interval {
    /// Whether all of its days are on the axis.
    pub fn is_complete(&self) -> bool {
        self.days() == i64::from(self.full_days)
    }

    /// Its days on the axis.
    pub fn days(&self) -> i64 {
        self.end - self.first
    }

    /// Its days as indices into a series over the axis.
    pub fn range(&self) -> Range<usize> {
        let index = |day| usize::try_from(day).unwrap_or_default();
        index(self.first)..index(self.end)
    }
}

/// The intervals of an axis, in order and without gaps.
///
/// Days outside the [years](crate::model::calendar::YEARS) that dates may have belong to none.
pub fn intervals(axis: &Axis, step: Step) -> Vec<Interval> {
    let Some(date) = axis.date(0) else { return Vec::new() };
    if step == Step::Day {
        let day = |(index, start_date)| Interval { first: index, end: index + 1, start_date, full_days: 1 };
        return (0..i64::from(axis.days))
            .map_while(|index| Some((index, axis.date(index)?)))
            .map(day)
            .collect();
    }
    let mut month = Month { calendar: axis.unit.calendar(), year: date.year, month: date.month };
    let Some(day) = axis.unit.days_since(month.start()) else { return Vec::new() };
    let mut start = day - axis.first_day;
    for _ in 0..step.months_before(date.month) {
        month = month.previous();
        let Some(days) = month.days() else { return Vec::new() };
        start -= days;
    }
    let mut intervals = Vec::new();
    let days = days_with_dates(axis);
    while start < days {
        let start_date = month.start();
        let mut end = start;
        for _ in 0..step.months() {
            let Some(days) = month.days() else { return intervals };
            end += days;
            month = month.next();
        }
        let full_days = u32::try_from(end - start).unwrap_or_default();
        intervals.push(Interval { first: start.max(0), end: end.min(days), start_date, full_days });
        start = end;
    }
    intervals
}

/// The month of the year, from 1, of every day of an axis, for climatologies.
///
/// Shorter than the axis where that leaves the [years](crate::model::calendar::YEARS) that dates may have.
pub fn months(axis: &Axis) -> Vec<u8> {
    each_day(axis, Step::Month, |date| date.month)
}

/// The year of every day of an axis; as long as [`months`].
///
/// The years without repetition are the `start_date`s of its [`intervals`] of [`Step::Year`].
pub fn years(axis: &Axis) -> Vec<i32> {
    each_day(axis, Step::Year, |date| date.year)
}

/// Days of an axis before the end of all dates.
fn days_with_dates(axis: &Axis) -> i64 {
    let (year, month) = (*YEARS.end(), 12);
    let last = axis.unit.calendar().days_in_month(year, month).map(|day| Date { year, month, day });
    let last = last.and_then(|date| axis.unit.days_since(date)).unwrap_or(i64::MAX);
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
