//! The units of a time coordinate, `days since 1860-01-01 00:00:00` (CF conventions 1.11, §4.4).
//!
//! ```
//! # use gridloom::model::{calendar::Calendar, time_unit::TimeUnit};
//! let unit = TimeUnit::parse("days since 1860-01-01 00:00:00", Calendar::ProlepticGregorian)?;
//! assert_eq!(unit.date(43_464), "1979-01-01".parse().ok());
//! # Ok::<(), gridloom::model::time_unit::ParseTimeUnitError>(())
//! ```
//!
//! # Steps
//! What is counted are *steps* since the reference: days, or [steps](TimeStep) of other lengths, each of which begins where the one before
//! ends. The value that a file has for a step is [`TimeUnit::value`].
//!
//! ```
//! # use gridloom::model::{calendar::Calendar, time_step::TimeStep, time_unit::TimeUnit};
//! let step = TimeStep::seconds(600).expect("10 minutes");
//! let unit = TimeUnit::of_steps("minutes since 2013-11-01", Calendar::Standard, Some(step))?;
//! assert_eq!((unit.label(6).as_deref(), unit.value(6)), (Some("2013-11-01T01:00"), 60.0));
//! # Ok::<(), gridloom::model::time_unit::ParseTimeUnitError>(())
//! ```
//!
//! # Limits
//! Only seconds, minutes, hours and days, and only UTC: months and years of UDUNITS, which are fractions of the tropical year, its other
//! spellings of `since` and of offsets are refused.

use super::calendar::{Calendar, Date, excerpt};
use super::time_step::TimeStep;

mod parse;

pub use parse::ParseTimeUnitError;
use parse::{Problem, parse_time, split_word};

const NANOSECONDS: u64 = 1_000_000_000;
const DAY: i128 = 86_400 * NANOSECONDS as i128;

/// Steps since a moment in a calendar.
///
/// Two units are equal when their texts are, too; [`TimeUnit::shift_to`] tells whether they mean the same.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(into = "Written", try_from = "Written")]
pub struct TimeUnit {
    text: String,
    calendar: Calendar,
    reference_day: i64,
    reference_nanoseconds: u64,
    /// Seconds of what the text counts.
    seconds: u32,
    step: TimeStep,
}

/// How a unit is kept: by what it was read from.
#[derive(serde::Serialize, serde::Deserialize)]
struct Written {
    text: String,
    calendar: Calendar,
    /// None for a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    step: Option<TimeStep>,
}

impl From<TimeUnit> for Written {
    fn from(unit: TimeUnit) -> Self {
        let step = Some(unit.step).filter(|step| !step.is_day());
        Written { text: unit.text, calendar: unit.calendar, step }
    }
}

impl TryFrom<Written> for TimeUnit {
    type Error = ParseTimeUnitError;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let step = written.step.unwrap_or(TimeStep::DAY);
        TimeUnit::of_steps(&written.text, written.calendar, Some(step))
    }
}

impl TimeUnit {
    /// Reads `days since DATE [TIME] [ZONE]`, of which each day is a step.
    ///
    /// `day` and `d` stand for `days`; case does not matter. The date is as [`Date`] parses it; the time,
    /// `HH`, `HH:MM` or `HH:MM:SS` with up to 9 decimals, follows a space or a `T`; the zone is `UTC`, `GMT`,
    /// `Z` or an offset of zero.
    ///
    /// # Errors
    /// Any other text, and a reference date that the calendar does not have.
    pub fn parse(text: &str, calendar: Calendar) -> Result<Self, ParseTimeUnitError> {
        let refused = |problem| ParseTimeUnitError { text: excerpt(text), problem };
        let unit = Self::of_steps(text, calendar, None).map_err(|error| match error.problem {
            Problem::Unit { unit } => refused(Problem::NotDays { unit }),
            problem => ParseTimeUnitError { problem, ..error },
        })?;
        match unit.step.is_day() {
            true => Ok(unit),
            false => Err(refused(Problem::NotDays { unit: excerpt(split_word(text.trim()).0) })),
        }
    }

    /// Reads `UNIT since DATE [TIME] [ZONE]`, where the unit is seconds, minutes, hours or days, and counts steps of some length from there:
    /// one of the unit where none is given. Steps of months begin on the first of a month.
    ///
    /// # Errors
    /// Any other text, a reference date that the calendar does not have, and one that is not the first of a month where months are
    /// counted.
    pub fn of_steps(
        text: &str,
        calendar: Calendar,
        step: Option<TimeStep>,
    ) -> Result<Self, ParseTimeUnitError> {
        let refused = |problem| ParseTimeUnitError { text: excerpt(text), problem };
        let (unit, rest) = split_word(text.trim());
        let (since, moment) = split_word(rest);
        if !since.eq_ignore_ascii_case("since") || moment.is_empty() {
            return Err(refused(Problem::Form));
        }
        let is_one = |names: &[&str]| names.iter().any(|known| unit.eq_ignore_ascii_case(known));
        let seconds = UNITS.iter().find(|(names, _)| is_one(names)).map(|&(_, seconds)| seconds);
        let seconds = seconds.ok_or_else(|| refused(Problem::Unit { unit: excerpt(unit) }))?;
        let date_end = moment.find(|c: char| c.is_whitespace() || c.is_alphabetic()).unwrap_or(moment.len());
        let (date, time) = moment.split_at_checked(date_end).unwrap_or((moment, ""));
        let date: Date = date.parse().map_err(|_| refused(Problem::Date))?;
        let reference_nanoseconds = parse_time(time).map_err(refused)?;
        let reference_day =
            calendar.day_number(date).ok_or_else(|| refused(Problem::NoSuchDate { date, calendar }))?;
        let step = match step {
            Some(step) => step,
            None => TimeStep::seconds(seconds).ok_or_else(|| refused(Problem::Form))?,
        };
        if matches!(step, TimeStep::Months(_)) && date.day != 1 {
            return Err(refused(Problem::WithinMonth { date }));
        }
        Ok(Self { text: text.to_owned(), calendar, reference_day, reference_nanoseconds, seconds, step })
    }

    /// The length of the steps.
    pub fn step(&self) -> TimeStep {
        self.step
    }

    /// The text that was parsed, unchanged.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The calendar in which days are counted.
    pub fn calendar(&self) -> Calendar {
        self.calendar
    }

    /// The time at which days begin, as ISO 8601 has it: `00:00:00`, or with decimals as far as they go.
    ///
    /// The value `d` is the day from this time on [`TimeUnit::date`] of `d` to the same time on the date after it.
    pub fn time_of_day(&self) -> String {
        clock(self.reference_nanoseconds)
    }

    /// Whether days begin at midnight.
    pub fn is_midnight(&self) -> bool {
        self.reference_nanoseconds == 0
    }

    /// The date on which a step begins (a day at the reference's time of day); `None` outside the
    /// [years](super::calendar::YEARS) that dates may have.
    pub fn date(&self, step: i64) -> Option<Date> {
        self.moment(step).map(|(date, _)| date)
    }

    /// The date and the nanoseconds after midnight at which a step begins.
    fn moment(&self, step: i64) -> Option<(Date, u64)> {
        match self.step {
            TimeStep::Seconds(seconds) => {
                let begin = self.begin(step, seconds.get());
                let day = self.reference_day.checked_add(i64::try_from(begin.div_euclid(DAY)).ok()?)?;
                Some((self.calendar.date(day)?, u64::try_from(begin.rem_euclid(DAY)).ok()?))
            }
            TimeStep::Months(months) => {
                let month = self.reference_month()?.checked_add(step.checked_mul(months.get().into())?)?;
                let (year, month) = self.calendar.month(month)?;
                Some((Date { year, month, day: 1 }, self.reference_nanoseconds))
            }
        }
    }

    /// When a step of seconds begins, in nanoseconds after the midnight before the reference.
    fn begin(&self, step: i64, seconds: u32) -> i128 {
        i128::from(step) * i128::from(seconds) * i128::from(NANOSECONDS)
            + i128::from(self.reference_nanoseconds)
    }

    fn reference_month(&self) -> Option<i64> {
        let date = self.calendar.date(self.reference_day)?;
        self.calendar.month_number(date.year, date.month)
    }

    /// The first step that begins on a date or later: of days, the one of that date, the inverse of [`TimeUnit::date`]. `None` where
    /// the calendar has no such date.
    pub fn first_on(&self, date: Date) -> Option<i64> {
        self.first_from(
            self.calendar.day_number(date)?,
            self.calendar.month_number(date.year, date.month)?,
            date.day,
        )
    }

    /// The last step that begins on a date or earlier.
    pub fn last_on(&self, date: Date) -> Option<i64> {
        let day = self.calendar.day_number(date)?;
        // Months begin on the first, so that none begins between it and the date.
        let month = self.calendar.month_number(date.year, date.month)?;
        self.first_from(day.checked_add(1)?, month.checked_add(1)?, 1)?.checked_sub(1)
    }

    /// The step that so many seconds after the midnight of a date are in; `None` of months, and where the calendar has no such date.
    pub fn step_around(&self, date: Date, seconds: u32) -> Option<i64> {
        let length = i128::from(self.step.in_seconds()?) * i128::from(NANOSECONDS);
        let day = i128::from(self.calendar.day_number(date)?.checked_sub(self.reference_day)?) * DAY;
        let within = i128::from(seconds) * i128::from(NANOSECONDS) - i128::from(self.reference_nanoseconds);
        i64::try_from((day + within).div_euclid(length)).ok()
    }

    /// The first step that does not begin before a day, which lies in a month of the calendar; both may be beyond the years that dates
    /// may have.
    pub(crate) fn first_from(&self, day: i64, month: i64, day_of_month: u8) -> Option<i64> {
        match self.step {
            TimeStep::Seconds(seconds) => {
                let day = i128::from(day.checked_sub(self.reference_day)?) * DAY;
                let length = i128::from(seconds.get()) * i128::from(NANOSECONDS);
                i64::try_from(ceiling(day - i128::from(self.reference_nanoseconds), length)).ok()
            }
            TimeStep::Months(months) => {
                let behind =
                    month.checked_sub(self.reference_month()?)?.checked_add((day_of_month > 1).into())?;
                i64::try_from(ceiling(behind.into(), i128::from(months.get()))).ok()
            }
        }
    }

    /// When a step begins: its date, and where steps are shorter than a day, `T` and the time of day, as far as it goes beyond minutes.
    pub fn label(&self, step: i64) -> Option<String> {
        let (date, nanoseconds) = self.moment(step)?;
        if !self.step.is_within_a_day() {
            return Some(date.to_string());
        }
        let clock = clock(nanoseconds);
        Some(format!("{date}T{}", clock.strip_suffix(":00").filter(|rest| rest.len() == 5).unwrap_or(&clock)))
    }

    /// When a step begins: `YYYYMMDD`, and where steps are shorter than a day, the hour and minute, as in file names.
    pub fn compact(&self, step: i64) -> Option<String> {
        let (date, nanoseconds) = self.moment(step)?;
        if !self.step.is_within_a_day() {
            return Some(date.compact());
        }
        let (seconds, fraction) = (nanoseconds / NANOSECONDS, nanoseconds % NANOSECONDS);
        let mut text = format!("{}{:02}{:02}", date.compact(), seconds / 3_600, seconds / 60 % 60);
        if seconds % 60 != 0 || fraction != 0 {
            text += &format!("{:02}", seconds % 60);
        }
        Some(text)
    }

    /// When a step begins, as ISO 8601 has it, in UTC.
    pub fn timestamp(&self, step: i64) -> Option<String> {
        let (date, nanoseconds) = self.moment(step)?;
        Some(format!("{date}T{}Z", clock(nanoseconds)))
    }

    /// The moment in the middle between the begins of two steps, as ISO 8601 has it, in UTC.
    pub fn timestamp_between(&self, first: i64, end: i64) -> Option<String> {
        const DAY: i128 = 86_400_000_000_000;
        let since = |step: i64| {
            let (date, nanoseconds) = self.moment(step)?;
            Some(i128::from(self.calendar.day_number(date)?) * DAY + i128::from(nanoseconds))
        };
        let middle = (since(first)? + since(end)?).div_euclid(2);
        let date = self.calendar.date(i64::try_from(middle.div_euclid(DAY)).ok()?)?;
        Some(format!("{date}T{}Z", clock(u64::try_from(middle.rem_euclid(DAY)).ok()?)))
    }

    /// When a step begins: its day number in the calendar, and the milliseconds after midnight.
    pub fn day_and_milliseconds(&self, step: i64) -> Option<(i64, i64)> {
        let (date, nanoseconds) = self.moment(step)?;
        Some((self.calendar.day_number(date)?, (nanoseconds / 1_000_000) as i64))
    }

    /// The value of a time coordinate at which a step begins, in what the text counts. The end of a step is the value of the next.
    pub fn value(&self, step: i64) -> f64 {
        let per = i128::from(self.seconds);
        let seconds = match self.step {
            TimeStep::Seconds(seconds) => i128::from(step) * i128::from(seconds.get()),
            TimeStep::Months(_) => {
                let day = self.date(step).and_then(|date| self.calendar.day_number(date));
                let Some(day) = day else { return f64::NAN };
                i128::from(day - self.reference_day) * 86_400
            }
        };
        match seconds % per {
            0 => (seconds / per) as f64,
            _ => seconds as f64 / per as f64,
        }
    }

    /// Where a step of this unit begins in another of the same calendar, as a number of its steps with a fraction, for drawings. NaN where
    /// there is no such place.
    pub fn position_in(&self, other: &TimeUnit, step: i64) -> f64 {
        let Some((date, nanoseconds)) = self.moment(step) else { return f64::NAN };
        let Some(first) = other.first_on(date) else { return f64::NAN };
        let Some((begin, within)) = other.moment(first) else { return first as f64 };
        let days = self.calendar.day_number(date).zip(other.calendar.day_number(begin));
        let apart = days.map_or(0.0, |(own, there)| (own - there) as f64 * 86_400.0)
            + (nanoseconds as f64 - within as f64) / NANOSECONDS as f64;
        let length = other.seconds_of(if apart < 0.0 { first - 1 } else { first });
        first as f64 + length.map_or(0.0, |length| apart / length as f64)
    }

    /// The same reference and calendar, with steps of another length.
    ///
    /// # Errors
    /// As [`TimeUnit::of_steps`].
    pub fn with_step(&self, step: TimeStep) -> Result<Self, ParseTimeUnitError> {
        Self::of_steps(&self.text, self.calendar, Some(step))
    }

    /// The seconds of what the text counts.
    pub fn seconds_of_unit(&self) -> u32 {
        self.seconds
    }

    /// The seconds that a step is long; `None` outside of the years that dates may have.
    pub fn seconds_of(&self, step: i64) -> Option<i64> {
        match self.step {
            TimeStep::Seconds(seconds) => Some(seconds.get().into()),
            TimeStep::Months(_) => {
                let day = |step| self.calendar.day_number(self.date(step)?);
                Some((day(step.checked_add(1)?)? - day(step)?) * 86_400)
            }
        }
    }

    /// The step that begins at a value of a time coordinate; `None` where none does.
    pub fn step_at(&self, value: f64) -> Option<i64> {
        // Beyond this there is no date, and no fraction of a day.
        if value.is_nan() || value.abs() >= 1e13 {
            return None;
        }
        let guess = match self.step {
            TimeStep::Seconds(seconds) => {
                (value * f64::from(self.seconds) / f64::from(seconds.get())).round() as i64
            }
            TimeStep::Months(_) => {
                let day = self
                    .reference_day
                    .checked_add((value * f64::from(self.seconds) / 86_400.0).round() as i64)?;
                self.first_on(self.calendar.date(day)?)?
            }
        };
        (self.value(guess) == value).then_some(guess)
    }

    /// The steps to add to a number in this unit to get the number in `other`; `None` where calendars or lengths of steps differ, or
    /// steps of one do not begin with steps of the other.
    pub fn shift_to(&self, other: &TimeUnit) -> Option<i64> {
        if self.calendar != other.calendar || self.step != other.step {
            return None;
        }
        let (apart, length) = match self.step {
            TimeStep::Seconds(seconds) => {
                let days = i128::from(self.reference_day.checked_sub(other.reference_day)?) * DAY;
                let within = i128::from(self.reference_nanoseconds) - i128::from(other.reference_nanoseconds);
                (days + within, i128::from(seconds.get()) * i128::from(NANOSECONDS))
            }
            TimeStep::Months(months) if self.reference_nanoseconds == other.reference_nanoseconds => {
                (i128::from(self.reference_month()? - other.reference_month()?), i128::from(months.get()))
            }
            TimeStep::Months(_) => return None,
        };
        if apart % length == 0 { i64::try_from(apart / length).ok() } else { None }
    }
}

/// What a unit may count, and its seconds.
const UNITS: [(&[&str], u32); 4] = [
    (&["days", "day", "d"], 86_400),
    (&["hours", "hour", "hrs", "hr", "h"], 3_600),
    (&["minutes", "minute", "mins", "min"], 60),
    (&["seconds", "second", "secs", "sec", "s"], 1),
];

fn ceiling(value: i128, by: i128) -> i128 {
    value.div_euclid(by) + i128::from(value.rem_euclid(by) != 0)
}

/// A time of day, with decimals as far as they go.
fn clock(nanoseconds: u64) -> String {
    let (seconds, fraction) = (nanoseconds / NANOSECONDS, nanoseconds % NANOSECONDS);
    let clock = format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if fraction == 0 {
        return clock;
    }
    let decimals = format!("{fraction:09}");
    format!("{clock}.{}", decimals.trim_end_matches('0'))
}

#[cfg(test)]
mod tests;
