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
        // Values are of whole steps, but for what is lost in fractions of days.
        let is_near = |steps: f64| scale != 1.0 && (steps - steps.round()).abs() < 1e-6;
        let step = |value: f64| match value * scale {
            steps if steps.is_nan() || steps.abs() >= far => 0,
            steps if is_near(steps) => steps.round() as i64,
            steps => steps.floor() as i64,
        };
        let whole = |value: f64| match value * scale {
            steps if scale.fract() != 0.0 && steps.abs() < far => steps.round() as i64,
            _ => step(value),
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
        let day = match self.unit.step().is_within_a_day() {
            true => self.unit.step_around(date, seconds)?,
            false => self.unit.first_on(date)?,
        };
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

/// The longest part of a day that all values are whole numbers of: a day where it can be one, else seconds. Without bounds, days and other
/// steps may be named by any moment of theirs.
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
    let Some(apart) = apart.reduce(greatest_divisor) else { return TimeStep::DAY };
    // Whole days may begin at any time of day.
    let begin = values.first().map_or(0.0, |&value| in_seconds(value).abs().round());
    let begin = if has_bounds && apart % 86_400 != 0 { begin as u64 } else { 0 };
    let divisor = greatest_divisor(greatest_divisor(apart, 86_400), begin);
    u32::try_from(divisor).ok().and_then(TimeStep::seconds).unwrap_or(TimeStep::DAY)
}

fn greatest_divisor(one: u64, other: u64) -> u64 {
    let (mut one, mut other) = (one, other);
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(units: &str, time: &[f64], has_bounds: bool) -> Times {
        let bounds = if has_bounds { time.windows(2).flatten().copied().collect() } else { Vec::new() };
        let time = if has_bounds { time[..time.len() - 1].to_vec() } else { time.to_vec() };
        let coordinates = Coordinates {
            time,
            time_bounds: Ok(bounds),
            units: units.to_owned(),
            calendar: "standard".to_owned(),
            y: Vec::new(),
            y_bounds: Ok(Vec::new()),
            x: Vec::new(),
            x_bounds: Ok(Vec::new()),
            projection: None,
            grid: None,
        };
        Times::of(&coordinates).expect("times")
    }

    #[test]
    fn steps_begin_where_the_file_says() {
        for (units, time, begins) in [
            // Steps that do not divide a day.
            ("hours since 2000-01-01", vec![0.0, 7.0, 14.0, 21.0, 28.0], "00:00 07:00 14:00 21:00"),
            ("days since 2000-01-01", vec![0.0, 1.5, 3.0, 4.5], "00:00 12:00 00:00"),
            // Steps that begin beside whole numbers of their length.
            ("hours since 2000-01-01", vec![1.5, 4.5, 7.5], "01:30 04:30"),
            ("minutes since 2000-01-01 12:00", vec![5.0, 15.0, 25.0], "12:05 12:15"),
        ] {
            let times = times(units, &time, true);
            let found: Vec<String> = (0..times.steps.len()).filter_map(|step| times.label(step)).collect();
            let found: Vec<&str> = found.iter().filter_map(|label| label.split('T').nth(1)).collect();
            assert_eq!(found.join(" "), begins, "{units} {time:?}");
            assert!(times.steps.windows(2).all(|pair| pair[0].end == pair[1].start), "{units} {time:?}");
        }
    }

    #[test]
    fn a_moment_is_in_the_step_around_it() {
        let date = "2000-01-02".parse().expect("a date");
        let hours: Vec<f64> = (0..48).map(f64::from).collect();
        let of = |units: &str, seconds: u32| {
            let times = times(units, &hours, true);
            times.at(date, seconds).and_then(|step| times.label(step))
        };
        assert_eq!(of("hours since 2000-01-01", 3_599).as_deref(), Some("2000-01-02T00:00"));
        assert_eq!(of("hours since 2000-01-01 12:30", 0).as_deref(), Some("2000-01-01T23:30"));
        assert_eq!(of("hours since 2000-01-01 12:30", 1_800).as_deref(), Some("2000-01-02T00:30"));
        assert_eq!(of("hours since 2000-01-01 12:30", 5_000).as_deref(), Some("2000-01-02T00:30"));
    }
}
