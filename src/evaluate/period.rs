//! Periods of the calendar, which files and stations are compared by.

use crate::grid::read::{Interval, Times};
use crate::model::calendar::{Calendar, Date};

/// A day, month, season or year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Period {
    /// The year; of December's season the year of its January.
    pub year: i32,
    /// The number of the month or season; of a day, 32 times the month and the day; 0 of a year.
    part: u16,
}

const SEASONS: [&str; 4] = ["DJF", "MAM", "JJA", "SON"];

impl Period {
    /// That a date is in.
    pub fn of(date: Date, interval: Interval) -> Self {
        let Date { year, month, day } = date;
        let (year, part) = match interval {
            Interval::Within(_) | Interval::Day => (year, u16::from(month) * 32 + u16::from(day)),
            Interval::Month => (year, u16::from(month)),
            Interval::Season if month == 12 => (year.saturating_add(1), 0),
            Interval::Season => (year, u16::from(month / 3)),
            Interval::Year => (year, 0),
        };
        Period { year, part }
    }

    /// Its first date.
    pub fn first(self, interval: Interval) -> Date {
        let Period { year, part } = self;
        let date = |year: i32, month: u16, day: u16| Date { year, month: month as u8, day: day as u8 };
        match interval {
            Interval::Within(_) | Interval::Day => date(year, part / 32, part % 32),
            Interval::Month => date(year, part, 1),
            Interval::Season if part == 0 => date(year.saturating_sub(1), 12, 1),
            Interval::Season => date(year, 3 * part, 1),
            Interval::Year => date(year, 1, 1),
        }
    }

    /// Its days in a calendar; none where that lacks its dates.
    pub fn days(self, interval: Interval, calendar: Calendar) -> Option<f64> {
        let first = self.first(interval);
        let months = match interval {
            Interval::Within(_) | Interval::Day => return calendar.day_number(first).map(|_| 1.0),
            Interval::Month => 1,
            Interval::Season => 3,
            Interval::Year => 12,
        };
        let last = i32::from(first.month) - 1 + months;
        let end = Date { year: first.year + last / 12, month: (last % 12 + 1) as u8, day: 1 };
        Some((calendar.day_number(end)? - calendar.day_number(first)?) as f64)
    }

    /// As people write it.
    pub fn label(self, interval: Interval) -> String {
        let Period { year, part } = self;
        match interval {
            Interval::Within(_) | Interval::Day => self.first(interval).to_string(),
            Interval::Month => format!("{year:04}-{part:02}"),
            Interval::Season => format!("{year:04} {}", SEASONS.get(usize::from(part)).unwrap_or(&"")),
            Interval::Year => format!("{year:04}"),
        }
    }
}

/// Steps of a file that make up a period.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Steps {
    pub period: Period,
    pub range: std::ops::Range<usize>,
}

/// The periods that a file's steps fill from end to end, in order. Of a file without bounds whose steps are such periods, all of them.
pub(super) fn whole(times: &Times, own: Interval, wanted: Interval) -> Vec<Steps> {
    let period = |step: i64| Some(Period::of(times.unit.date(step)?, wanted));
    let mut found: Vec<Steps> = Vec::new();
    for (index, step) in times.steps.iter().enumerate() {
        let Some(period) = period(step.start) else { continue };
        match found.last_mut() {
            Some(last) if last.period == period => last.range.end = index + 1,
            _ => found.push(Steps { period, range: index..index + 1 }),
        }
    }
    if !times.has_bounds && own == wanted {
        return found;
    }
    found.retain(|steps| {
        let own = times.steps.get(steps.range.clone()).unwrap_or_default();
        let (Some(first), Some(last)) = (own.first(), own.last()) else { return false };
        let is_joined = own.windows(2).all(|pair| matches!(pair, [one, next] if one.end == next.start));
        let is_within = |step: i64| period(step) == Some(steps.period);
        is_joined && !is_within(first.start - 1) && is_within(last.end - 1) && !is_within(last.end)
    });
    found
}

/// How many steps of a file are in none of its whole periods, of those that are asked for.
pub(super) fn cut(times: &Times, whole: &[Steps], wanted: Interval, takes: impl Fn(Date) -> bool) -> usize {
    let mut is_taken = vec![false; times.steps.len()];
    for steps in whole {
        is_taken.get_mut(steps.range.clone()).into_iter().flatten().for_each(|one| *one = true);
    }
    let is_asked =
        |step: i64| times.unit.date(step).is_none_or(|date| takes(Period::of(date, wanted).first(wanted)));
    times.steps.iter().zip(is_taken).filter(|(step, is_taken)| !is_taken && is_asked(step.start)).count()
}

/// Periods of a longer kind, and for each which of some shorter ones it has, with the days of these.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Grouped {
    pub period: Period,
    /// All days of it.
    pub days: f64,
    /// Indices of the shorter ones, and their days.
    pub parts: Vec<(usize, f64)>,
}

/// Puts shorter periods, in order, into longer ones.
pub(super) fn grouped(periods: &[Period], from: Interval, to: Interval, calendar: Calendar) -> Vec<Grouped> {
    let mut groups: Vec<Grouped> = Vec::new();
    for (index, one) in periods.iter().enumerate() {
        let period = Period::of(one.first(from), to);
        let Some((days, own)) = period.days(to, calendar).zip(one.days(from, calendar)) else { continue };
        match groups.last_mut() {
            Some(last) if last.period == period => last.parts.push((index, own)),
            _ => groups.push(Grouped { period, days, parts: vec![(index, own)] }),
        }
    }
    groups
}

impl Grouped {
    /// The means of pairs over the period, weighted by days, where both values are there for so large a part of it.
    pub fn means(&self, pair: impl Fn(usize) -> Option<(f64, f64)>, least: f64) -> Option<(f64, f64)> {
        let (mut model, mut observed, mut days) = (0.0, 0.0, 0.0);
        let mut only = None;
        let mut count = 0;
        for &(index, own) in &self.parts {
            let Some(values) = pair(index) else { continue };
            model += own * values.0;
            observed += own * values.1;
            days += own;
            only = Some(values);
            count += 1;
        }
        match count {
            0 => None,
            _ if days < least * self.days => None,
            // As it is, without rounding.
            1 => only,
            _ => Some((model / days, observed / days)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time_unit::TimeUnit;

    fn date(text: &str) -> Date {
        text.parse().expect("a date")
    }

    #[test]
    fn periods_of_dates() {
        let of = |text: &str, interval: Interval| {
            let period = Period::of(date(text), interval);
            (
                period.label(interval),
                period.first(interval).to_string(),
                period.days(interval, Calendar::Standard),
            )
        };
        let known = |label: &str, first: &str, days: f64| (label.to_owned(), first.to_owned(), Some(days));
        assert_eq!(of("2000-02-29", Interval::Day), known("2000-02-29", "2000-02-29", 1.0));
        assert_eq!(of("2000-02-29", Interval::Month), known("2000-02", "2000-02-01", 29.0));
        assert_eq!(of("1999-12-31", Interval::Season), known("2000 DJF", "1999-12-01", 91.0));
        assert_eq!(of("2000-02-01", Interval::Season), known("2000 DJF", "1999-12-01", 91.0));
        assert_eq!(of("2000-11-30", Interval::Season), known("2000 SON", "2000-09-01", 91.0));
        assert_eq!(of("2000-12-31", Interval::Year), known("2000", "2000-01-01", 366.0));
        let day = Period::of(date("2000-02-29"), Interval::Day);
        assert_eq!(day.days(Interval::Day, Calendar::NoLeap), None, "a calendar without the day");
    }

    fn times(edges: &[i64], has_bounds: bool) -> Times {
        let unit = TimeUnit::parse("days since 2001-01-01", Calendar::Standard).expect("a unit");
        let steps =
            edges.windows(2).map(|pair| if has_bounds { pair[0]..pair[1] } else { pair[0]..pair[0] + 1 });
        Times { unit, steps: steps.collect(), has_bounds }
    }

    #[test]
    fn only_whole_periods_are_taken() {
        let days: Vec<i64> = (10..=100).collect();
        let found = whole(&times(&days, true), Interval::Day, Interval::Month);
        let labels: Vec<String> = found.iter().map(|steps| steps.period.label(Interval::Month)).collect();
        assert_eq!(labels, ["2001-02", "2001-03"], "January and April are cut");
        assert_eq!(found[0].range, 21..49);
        let cut_steps = |takes: fn(Date) -> bool| cut(&times(&days, true), &found, Interval::Month, takes);
        assert_eq!((cut_steps(|_| true), cut_steps(|date| date.month < 4)), (31, 21));
        let with_a_gap: Vec<i64> = (0..=10).chain(20..=60).collect();
        let of_days = times(&with_a_gap, false);
        assert_eq!(
            whole(&of_days, Interval::Day, Interval::Month)[0].period.label(Interval::Month),
            "2001-02"
        );
        let of_months = times(&[14, 45, 73, 104], false);
        assert_eq!(whole(&of_months, Interval::Month, Interval::Month).len(), 3, "the middles of months");
    }

    #[test]
    fn means_want_enough_days() {
        let days: Vec<Period> =
            (1..=31).map(|day| Period::of(Date { year: 2001, month: 1, day }, Interval::Day)).collect();
        let groups = grouped(&days, Interval::Day, Interval::Month, Calendar::Standard);
        let half = |index: usize| index.is_multiple_of(2).then_some((index as f64, 1.0));
        assert_eq!(groups[0].means(half, 0.5), Some((15.0, 1.0)));
        assert_eq!(groups[0].means(half, 0.6), None);
    }
}
