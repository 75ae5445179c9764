//! The time axis of a file, as dates.

use std::ops::Range;

use crate::model::calendar::{Calendar, Date};
use crate::model::time_step::TimeStep;
use crate::model::time_unit::TimeUnit;

use super::coordinates::Coordinates;

/// A time axis: where each of a file's steps begins and ends, counted by the unit. The unit counts days, or fractions of a day where the file's
/// steps do not begin and end with days.
#[derive(Debug, Clone, PartialEq)]
pub struct Times {
    /// The unit and calendar.
    pub unit: TimeUnit,
    /// For each step its days, or what else the unit counts.
    pub steps: Vec<Range<i64>>,
    /// Whether the file has bounds; without them each step is taken for the day (or other step) that it names.
    pub has_bounds: bool,
}

impl Times {
    /// By a file's coordinates.
    ///
    /// # Errors
    /// Where the axis is not understood, in words.
    pub(super) fn of(coordinates: &Coordinates) -> std::result::Result<Self, String> {
        let Coordinates { time, units, calendar, .. } = coordinates;
        let calendar = match calendar.as_str() {
            "" => Calendar::parse("standard"),
            name => Calendar::parse(name),
        };
        let calendar =
            calendar.ok_or_else(|| format!("its calendar {:?} is not known", coordinates.calendar))?;
        let unit = TimeUnit::of_steps(units, calendar, None).map_err(|error| format!("its time: {error}"))?;
        let bounds = coordinates.time_bounds.as_ref().ok().filter(|bounds| bounds.len() == 2 * time.len());
        let has_bounds = bounds.is_some();
        let finest = finest(bounds.unwrap_or(time), unit.seconds_of_unit(), has_bounds);
        let unit = unit.with_step(finest).map_err(|error| format!("its time: {error}"))?;
        let scale = f64::from(unit.seconds_of_unit()) / f64::from(finest.in_seconds().unwrap_or(1));
        let far = 1e9 * scale.max(1.0);
        let step = |value: f64| if (value * scale).abs() < far { (value * scale).floor() as i64 } else { 0 };
        // Bounds are whole steps, but for what is lost in fractions of days.
        let whole = |value: f64| {
            if scale.fract() == 0.0 {
                step(value)
            } else {
                step((value * scale).round() / scale + 0.5 / scale)
            }
        };
        let steps: Vec<Range<i64>> = match bounds {
            Some(bounds) => bounds
                .chunks_exact(2)
                .map(|pair| {
                    let (first, end) = (pair.first().copied(), pair.last().copied());
                    let first = whole(first.unwrap_or(0.0));
                    first..whole(end.unwrap_or(0.0)).max(first + 1)
                })
                .collect(),
            None => time.iter().map(|&value| step(value)..step(value) + 1).collect(),
        };
        let ascends = steps.windows(2).all(|pair| match pair {
            [one, other] => one.start < other.start,
            _ => true,
        });
        if !ascends || time.iter().any(|value| value.is_nan() || (value * scale).abs() >= far) {
            return Err("its time does not ascend".to_owned());
        }
        Ok(Times { unit, steps, has_bounds })
    }

    /// The first day of a step.
    pub fn date(&self, step: usize) -> Option<Date> {
        self.unit.date(self.steps.get(step)?.start)
    }

    /// When a step begins: its date, or date and time of day.
    pub fn label(&self, step: usize) -> Option<String> {
        self.unit.label(self.steps.get(step)?.start)
    }

    /// The steps that begin within two dates, both included.
    pub fn between(&self, from: Option<Date>, to: Option<Date>) -> Option<Range<usize>> {
        let low = match from {
            Some(date) => self.unit.first_on(date)?,
            None => i64::MIN,
        };
        let high = match to {
            Some(date) => self.unit.last_on(date)?,
            None => i64::MAX,
        };
        let first = self.steps.partition_point(|days| days.start < low);
        let last = self.steps.partition_point(|days| days.start <= high);
        (first < last).then_some(first..last)
    }

    /// The step that so many seconds after the begin of a date are in. Of steps of a day and more only the date counts.
    pub fn at(&self, date: Date, seconds: u32) -> Option<usize> {
        let length = self.unit.step().in_seconds().filter(|_| self.unit.step().is_within_a_day());
        let day = self.unit.first_on(date)? + length.map_or(0, |length| i64::from(seconds / length));
        let after = self.steps.partition_point(|days| days.start <= day);
        let step = after.checked_sub(1)?;
        self.steps.get(step).filter(|days| days.contains(&day)).map(|_| step)
    }

    /// The days of a year, or the steps of the unit in one, in the mean of the calendar.
    pub fn steps_a_year(&self) -> f64 {
        let days = match self.unit.calendar() {
            Calendar::Day360 => 360.0,
            Calendar::NoLeap => 365.0,
            Calendar::AllLeap => 366.0,
            Calendar::Julian => 365.25,
            Calendar::Standard | Calendar::ProlepticGregorian => 365.2425,
        };
        self.unit.step().in_seconds().map_or(days, |seconds| days * (86_400.0 / f64::from(seconds)))
    }

    /// First and last day of some steps, as words: `1979`, `1979–1990`, `1979-01-01 to 1981-09-30`.
    pub fn span(&self, steps: &Range<usize>) -> String {
        let range =
            self.steps.get(steps.start).zip(steps.end.checked_sub(1).and_then(|last| self.steps.get(last)));
        let Some((begin, end)) = range.map(|(first, last)| (first.start, last.end)) else {
            return String::new();
        };
        let is_midnight = |step: i64| self.unit.label(step).is_none_or(|label| label.ends_with("T00:00"));
        if self.unit.step().is_within_a_day() && !(is_midnight(begin) && is_midnight(end)) {
            let (first, last) = (self.unit.label(begin), self.unit.label(end - 1));
            return match (first, last) {
                (Some(first), Some(last)) if first == last => first,
                (Some(first), Some(last)) => format!("{first} to {last}"),
                _ => String::new(),
            };
        }
        let (first, last) = (self.unit.date(begin), self.unit.date(end - 1));
        let end = self.unit.date(end);
        let (Some(first), Some(last)) = (first, last) else { return String::new() };
        let begins_year = |date: Date| date.month == 1 && date.day == 1;
        match begins_year(first) && end.is_some_and(begins_year) {
            true if first.year == last.year => first.year.to_string(),
            true => format!("{}–{}", first.year, last.year),
            false if first == last => first.to_string(),
            false => format!("{first} to {last}"),
        }
    }
}

/// The longest step that all values are whole numbers of: a day where it can be one, else seconds. Without bounds, days may be named by any
/// moment of theirs.
fn finest(values: &[f64], seconds: u32, has_bounds: bool) -> TimeStep {
    let in_seconds = |value: f64| value * f64::from(seconds);
    let is_day = |value: f64| in_seconds(value).rem_euclid(86_400.0) == 0.0;
    let are_days = match has_bounds {
        true => values.iter().all(|&value| is_day(value)),
        false => values.windows(2).all(|pair| in_seconds(pair[1] - pair[0]) >= 86_400.0),
    };
    if are_days {
        return TimeStep::DAY;
    }
    let apart = values.windows(2).map(|pair| in_seconds(pair[1] - pair[0]).abs().round());
    let apart = apart.filter(|&apart| (1.0..1e12).contains(&apart)).map(|apart| apart as u64);
    let divisor = apart.reduce(greatest_divisor).and_then(|divisor| u32::try_from(divisor).ok());
    divisor.filter(|divisor| 86_400 % divisor == 0).and_then(TimeStep::seconds).unwrap_or(TimeStep::DAY)
}

fn greatest_divisor(one: u64, other: u64) -> u64 {
    let (mut one, mut other) = (one, other);
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
}
