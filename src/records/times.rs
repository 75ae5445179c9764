//! Which step of the axis of time a record is of.
//!
//! A record tells its time by parts (year, month, day …), by one stamp (a number in units since a date, or a text in a format), or by the
//! place of its line in the file. A date without a time of day is the whole day, a month the whole month, and names the step that it is
//! or that it ends, begins or lies in, as [`Label`] says; what has a time of day is a moment.

use crate::model::calendar::{Calendar, Date};
use crate::model::time_step::TimeStep;
use crate::model::time_unit::{ParseTimeUnitError, TimeUnit};

use super::description::{Label, TimeKeys, TimePart};
use super::schema::{Part, StampRule, TimeRule};

mod format;
mod rule;
mod years;

pub use rule::TimesError;

const DAY: i64 = 86_400;

/// The parts of a time that a record has, each in the numbers of its column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Parts {
    values: [i64; 7],
    known: u8,
}

impl Parts {
    /// Sets a part.
    pub fn set(&mut self, part: Part, value: i64) {
        let index = index(part);
        if let Some(place) = self.values.get_mut(index) {
            *place = value;
            self.known |= 1 << index;
        }
    }

    /// A part.
    pub fn get(&self, part: Part) -> Option<i64> {
        let index = index(part);
        (self.known & (1 << index) != 0).then(|| self.values.get(index).copied()).flatten()
    }

    /// A number that times near each other mostly do not share.
    pub(super) fn mixed(&self) -> u64 {
        let [year, month, day, day_of_year, hour, minute, second] = self.values.map(i64::cast_unsigned);
        let date = year.wrapping_add(month.wrapping_mul(31)).wrapping_add(day.wrapping_mul(419));
        let time = hour.wrapping_mul(60).wrapping_add(minute).wrapping_add(second.wrapping_mul(7));
        date.wrapping_add(day_of_year.wrapping_mul(17)).wrapping_add(time.wrapping_mul(13))
    }
}

fn index(part: Part) -> usize {
    match part {
        Part::Year => 0,
        Part::Month => 1,
        Part::Day => 2,
        Part::DayOfYear => 3,
        Part::Hour => 4,
        Part::Minute => 5,
        Part::Second => 6,
    }
}

fn name(part: Part) -> &'static str {
    match part {
        Part::Year => "year",
        Part::Month => "month",
        Part::Day => "day",
        Part::DayOfYear => "day of the year",
        Part::Hour => "hour",
        Part::Minute => "minute",
        Part::Second => "second",
    }
}

/// A time that is none, or is not on a step of the axis.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TimeFault(String);

fn fault<T>(words: String) -> Result<T, TimeFault> {
    Err(TimeFault(words))
}

/// How far two times are apart, in the words of a description; `None` where they are no times, or the second is not behind the first.
pub(super) fn apart(first: &Parts, second: &Parts) -> Option<String> {
    let part = |of: &Parts, part: Part, usual: i64| of.get(part).unwrap_or(usual);
    let day = |of: &Parts| {
        let date = Date {
            year: i32::try_from(part(of, Part::Year, 1)).ok()?,
            month: u8::try_from(part(of, Part::Month, 1)).ok()?,
            day: u8::try_from(part(of, Part::Day, 1)).ok()?,
        };
        Calendar::Standard.day_number(date)
    };
    let clock = |of: &Parts| {
        3_600 * part(of, Part::Hour, 0).clamp(0, 24)
            + 60 * part(of, Part::Minute, 0).clamp(0, 60)
            + part(of, Part::Second, 0).clamp(0, DAY)
    };
    let months =
        |of: &Parts| part(of, Part::Year, 1).saturating_mul(12).saturating_add(part(of, Part::Month, 1));
    let days = day(second)?.checked_sub(day(first)?)?;
    let seconds = days.checked_mul(DAY)?.checked_add(clock(second) - clock(first))?;
    let months = months(second).saturating_sub(months(first));
    let same_day = part(first, Part::Day, 1) == part(second, Part::Day, 1) && clock(first) == clock(second);
    Some(match seconds {
        ..=0 => return None,
        _ if same_day && months % 12 == 0 && days > 1 => format!("{} years", months / 12),
        _ if same_day && months > 0 && days > 1 => format!("{months} months"),
        seconds if seconds % DAY == 0 => format!("{} days", seconds / DAY),
        seconds if seconds % 3_600 == 0 => format!("{} hours", seconds / 3_600),
        seconds => format!("{seconds} seconds"),
    })
}

/// How long a time is by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    Year,
    Month,
    Day,
    Moment,
}

/// The number of a month by its English name or the first three letters of that, in any case.
pub fn month_of_name(text: &[u8]) -> Option<i64> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let is_short = text.len() == 3;
    let known = MONTHS.iter().position(|month| {
        let wanted = if is_short { month.as_bytes().get(..3) } else { Some(month.as_bytes()) };
        wanted.is_some_and(|wanted| wanted.eq_ignore_ascii_case(text))
    })?;
    i64::try_from(known + 1).ok()
}

impl TimeRule {
    /// The step of a record that tells its time by parts.
    ///
    /// # Errors
    /// No such time in the calendar, or none on a step.
    pub fn step_of_parts(&self, parts: &Parts) -> Result<i64, TimeFault> {
        let mut moved = *parts;
        for &(part, add) in &self.add {
            if let Some(value) = parts.get(part) {
                moved.set(part, value.saturating_add(add));
            }
        }
        let (day, seconds, extent) = self.day_of(&moved)?;
        self.step_of_day(day, seconds, extent)
    }

    /// The day in the calendar, the seconds after midnight, and how long the time is.
    fn day_of(&self, parts: &Parts) -> Result<(i64, i64, Extent), TimeFault> {
        let calendar = self.unit.calendar();
        let Some(year) = parts.get(Part::Year) else { return fault("it has no year".to_owned()) };
        let small = |part: Part, range: std::ops::RangeInclusive<i64>| match parts.get(part) {
            Some(value) if !range.contains(&value) => fault(format!("there is no {} {value}", name(part))),
            value => Ok(value),
        };
        let (month, day) = (small(Part::Month, 1..=12)?, small(Part::Day, 1..=31)?);
        let day_of_year = small(Part::DayOfYear, 1..=366)?;
        let (hour, minute) = (small(Part::Hour, 0..=24)?, small(Part::Minute, 0..=59)?);
        let of_day = hour.is_none() && minute.is_none();
        let second = small(Part::Second, 0..=if of_day { DAY - 1 } else { 60 })?;
        let seconds = 3_600 * hour.unwrap_or(0) + 60 * minute.unwrap_or(0) + second.unwrap_or(0);
        if seconds > DAY {
            return fault(format!("no day has {seconds} seconds"));
        }
        let number = |month: i64, day: i64| {
            let date = Date {
                year: i32::try_from(year).ok()?,
                month: u8::try_from(month).ok()?,
                day: u8::try_from(day).ok()?,
            };
            calendar.day_number(date)
        };
        let found = match day_of_year {
            Some(count) => number(1, 1).and_then(|first| {
                let found = first.checked_add(count - 1)?;
                (i64::from(calendar.date(found)?.year) == year).then_some(found)
            }),
            None => number(month.unwrap_or(1), day.unwrap_or(1)),
        };
        let Some(found) = found else {
            let text = match day_of_year {
                Some(count) => format!("day {count} of {year}"),
                None => format!("{year:04}-{:02}-{:02}", month.unwrap_or(1), day.unwrap_or(1)),
            };
            return fault(format!("the {calendar} calendar has no {text}"));
        };
        let extent = match (hour.or(minute).or(second), day_of_year.or(day), month) {
            (Some(_), _, _) => Extent::Moment,
            (None, Some(_), _) => Extent::Day,
            (None, None, Some(_)) => Extent::Month,
            (None, None, None) => Extent::Year,
        };
        Ok((found, seconds, extent))
    }

    /// The step of a stamp that is a whole number.
    ///
    /// # Errors
    /// No such time in the calendar, or none on a step.
    pub fn step_of_number(&self, value: i64) -> Result<i64, TimeFault> {
        let Some(StampRule::Number { numerator, denominator, reference }) = self.stamp else {
            return fault("a number is no stamp here".to_owned());
        };
        let denominator = i128::from(denominator.max(1));
        let scaled = i128::from(value) * i128::from(numerator);
        if scaled % denominator != 0 {
            return fault(format!("{value} is not on a step of {}", self.unit.step().words()));
        }
        let seconds = scaled / denominator + i128::from(reference);
        match i64::try_from(seconds) {
            Ok(seconds) => self.step_of_seconds(seconds),
            Err(_) => fault(format!("{value} is no time")),
        }
    }

    /// The step of a stamp that is a number with decimals, which may be off by what they are too few for: a second, or a hundredth of a step
    /// where that is less.
    ///
    /// # Errors
    /// No such time in the calendar, or none on a step.
    pub fn step_of_decimal(&self, value: f64) -> Result<i64, TimeFault> {
        let Some(StampRule::Number { numerator, denominator, reference }) = self.stamp else {
            return fault("a number is no stamp here".to_owned());
        };
        let seconds = value * numerator as f64 / denominator.max(1) as f64;
        let near = seconds.round();
        let length = self.unit.step().in_seconds().unwrap_or(u32::MAX);
        let allowed = (f64::from(length) / 100.0).min(1.0);
        // With long steps the nearest whole second need not be the moment that was meant.
        let meant = match (length, self.label) {
            (60..=86_400, Label::Start | Label::End) => {
                let length = f64::from(length);
                let whole = (seconds / length).round() * length;
                if (whole - seconds).abs() <= allowed { whole } else { near }
            }
            _ => near,
        };
        // Negated, so that NaN is refused.
        if !((meant - seconds).abs() <= allowed && meant.abs() < 1e15) {
            return fault(format!("{value} is not on a step of {}", self.unit.step().words()));
        }
        self.step_of_seconds((meant as i64).saturating_add(reference))
    }

    /// The step of a moment, in seconds since 1970.
    fn step_of_seconds(&self, seconds: i64) -> Result<i64, TimeFault> {
        let calendar = self.unit.calendar();
        let day = epoch(calendar).and_then(|first| first.checked_add(seconds.div_euclid(DAY)));
        match day {
            Some(day) => self.step_of_day(day, seconds.rem_euclid(DAY), Extent::Moment),
            None => fault(format!("{seconds} seconds since 1970 is no time")),
        }
    }

    /// The step of a stamp that is a text.
    ///
    /// # Errors
    /// A text that is not of the format, no such time in the calendar, or none on a step.
    pub fn step_of_text(&self, text: &[u8]) -> Result<i64, TimeFault> {
        if matches!(self.stamp, Some(StampRule::Years)) {
            return self.step_of_years(text);
        }
        let Some(StampRule::Text(format)) = &self.stamp else {
            return fault("a text is no stamp here".to_owned());
        };
        match format::parse(format.as_bytes(), text) {
            Some(parts) => self.step_of_parts(&parts),
            None => {
                let text = String::from_utf8_lossy(text.get(..text.len().min(40)).unwrap_or_default());
                fault(format!("{text:?} is not of the format {format:?}"))
            }
        }
    }

    /// The step of a day of the calendar and seconds after its midnight.
    fn step_of_day(&self, day: i64, seconds: i64, extent: Extent) -> Result<i64, TimeFault> {
        let calendar = self.unit.calendar();
        let (around, is_begin) = self.around(day, seconds)?;
        let step = match self.label {
            Label::Middle => return Ok(around),
            Label::Start if is_begin => return Ok(around),
            Label::Start => None,
            // A whole day, month or year at the end of a step is in it.
            Label::End => {
                let behind = behind(calendar, day, extent);
                let ends = behind.is_some_and(|next| matches!(self.around(next, 0), Ok((_, true))));
                match (ends, is_begin) {
                    (true, _) => Some(around),
                    (false, true) => around.checked_sub(1),
                    (false, false) => None,
                }
            }
        };
        match step {
            Some(step) => Ok(step),
            None => {
                let date = calendar.date(day).map(|date| date.to_string()).unwrap_or_default();
                let clock = format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
                let time = if extent == Extent::Moment { format!("{date} {clock}") } else { date };
                let side = if self.label == Label::End { "end" } else { "start" };
                fault(format!("{time} is not the {side} of a step of {}", self.unit.step().words()))
            }
        }
    }

    /// The step that a moment is in, and whether it begins there.
    fn around(&self, day: i64, seconds: i64) -> Result<(i64, bool), TimeFault> {
        let (day, seconds) = (day.saturating_add(seconds.div_euclid(DAY)), seconds.rem_euclid(DAY));
        let found = self.unit.calendar().date(day).and_then(|date| {
            let step = match self.unit.step() {
                TimeStep::Seconds(_) => self.unit.step_around(date, u32::try_from(seconds).ok()?)?,
                TimeStep::Months(_) => self.unit.last_on(date)?,
            };
            Some((step, self.unit.day_and_milliseconds(step) == Some((day, seconds * 1_000))))
        });
        found.ok_or_else(|| TimeFault(format!("day {day} is in no year that dates may have")))
    }
}

/// The day behind a whole day, month or year that begins with a day; none behind a moment.
fn behind(calendar: Calendar, day: i64, extent: Extent) -> Option<i64> {
    let date = calendar.date(day)?;
    match extent {
        Extent::Moment => None,
        Extent::Day => day.checked_add(1),
        Extent::Month => {
            let number = calendar.month_number(date.year, date.month)?.checked_add(1)?;
            let (year, month) = calendar.month(number)?;
            calendar.day_number(Date { year, month, day: 1 })
        }
        Extent::Year => {
            let number = calendar.month_number(date.year, date.month)?.checked_add(12)?;
            let (year, month) = calendar.month(number)?;
            calendar.day_number(Date { year, month, day: 1 })
        }
    }
}

/// The day number of 1970-01-01.
fn epoch(calendar: Calendar) -> Option<i64> {
    calendar.day_number(Date { year: 1970, month: 1, day: 1 })
}

#[cfg(test)]
mod tests;
