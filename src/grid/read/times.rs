//! The time axis of a file, as dates.

use std::ops::Range;

use crate::model::calendar::{Calendar, Date};
use crate::model::time_unit::TimeUnit;

use super::coordinates::Coordinates;

/// A time axis: each step's first day and the day behind its last, counted by the unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Times {
    /// The unit and calendar.
    pub unit: TimeUnit,
    /// For each step its days.
    pub steps: Vec<Range<i64>>,
    /// Whether the file has bounds; without them each step is taken for the day that it names.
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
        let unit = TimeUnit::parse(units, calendar).map_err(|error| format!("its time: {error}"))?;
        let far = 1e9;
        let day = |value: f64| if value.abs() < far { value.floor() as i64 } else { 0 };
        let bounds = coordinates.time_bounds.as_ref().ok().filter(|bounds| bounds.len() == 2 * time.len());
        let has_bounds = bounds.is_some();
        let steps: Vec<Range<i64>> = match bounds {
            Some(bounds) => bounds
                .chunks_exact(2)
                .map(|pair| {
                    let (first, end) = (pair.first().copied(), pair.last().copied());
                    let first = day(first.unwrap_or(0.0));
                    first..day(end.unwrap_or(0.0)).max(first + 1)
                })
                .collect(),
            None => time.iter().map(|&value| day(value)..day(value) + 1).collect(),
        };
        let ascends = steps.windows(2).all(|pair| match pair {
            [one, other] => one.start < other.start,
            _ => true,
        });
        if !ascends || time.iter().any(|value| value.is_nan() || value.abs() >= far) {
            return Err("its time does not ascend".to_owned());
        }
        Ok(Times { unit, steps, has_bounds })
    }

    /// The first day of a step.
    pub fn date(&self, step: usize) -> Option<Date> {
        self.unit.date(self.steps.get(step)?.start)
    }

    /// The steps that begin within two dates, both included.
    pub fn between(&self, from: Option<Date>, to: Option<Date>) -> Option<Range<usize>> {
        let low = match from {
            Some(date) => self.unit.days_since(date)?,
            None => i64::MIN,
        };
        let high = match to {
            Some(date) => self.unit.days_since(date)?,
            None => i64::MAX,
        };
        let first = self.steps.partition_point(|days| days.start < low);
        let last = self.steps.partition_point(|days| days.start <= high);
        (first < last).then_some(first..last)
    }

    /// The step that a date is in.
    pub fn at(&self, date: Date) -> Option<usize> {
        let day = self.unit.days_since(date)?;
        let after = self.steps.partition_point(|days| days.start <= day);
        let step = after.checked_sub(1)?;
        self.steps.get(step).filter(|days| days.contains(&day)).map(|_| step)
    }

    /// First and last day of some steps, as words: `1979`, `1979–1990`, `1979-01-01 to 1981-09-30`.
    pub fn span(&self, steps: &Range<usize>) -> String {
        let first = self.steps.get(steps.start).and_then(|days| self.unit.date(days.start));
        let last = steps.end.checked_sub(1).and_then(|step| self.steps.get(step));
        let end = last.and_then(|days| self.unit.date(days.end));
        let last = last.and_then(|days| self.unit.date(days.end - 1));
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
