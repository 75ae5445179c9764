//! The units of a time coordinate, `days since 1860-01-01 00:00:00` (CF conventions 1.11, §4.4).
//!
//! ```
//! # use gridloom::model::{calendar::Calendar, time_unit::TimeUnit};
//! let unit = TimeUnit::parse("days since 1860-01-01 00:00:00", Calendar::ProlepticGregorian)?;
//! assert_eq!(unit.date(43_464), "1979-01-01".parse().ok());
//! # Ok::<(), gridloom::model::time_unit::ParseTimeUnitError>(())
//! ```
//!
//! # Limits
//! Only days, and only UTC: CF's other units and UDUNITS' other spellings of `since` and of offsets are
//! refused.

use super::calendar::{Calendar, Date, excerpt};

const NANOSECONDS: u64 = 1_000_000_000;

/// Days since a moment in a calendar.
///
/// Two units are equal when their texts are, too; [`TimeUnit::shift_to`] tells whether they mean the same.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(into = "Written", try_from = "Written")]
pub struct TimeUnit {
    text: String,
    calendar: Calendar,
    reference_day: i64,
    reference_nanoseconds: u64,
}

/// How a unit is kept: by what it was read from.
#[derive(serde::Serialize, serde::Deserialize)]
struct Written {
    text: String,
    calendar: Calendar,
}

impl From<TimeUnit> for Written {
    fn from(unit: TimeUnit) -> Self {
        Written { text: unit.text, calendar: unit.calendar }
    }
}

impl TryFrom<Written> for TimeUnit {
    type Error = ParseTimeUnitError;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        TimeUnit::parse(&written.text, written.calendar)
    }
}

impl TimeUnit {
    /// Reads `days since DATE [TIME] [ZONE]`.
    ///
    /// `day` and `d` stand for `days`; case does not matter. The date is as [`Date`] parses it; the time,
    /// `HH`, `HH:MM` or `HH:MM:SS` with up to 9 decimals, follows a space or a `T`; the zone is `UTC`, `GMT`,
    /// `Z` or an offset of zero.
    ///
    /// # Errors
    /// Any other text, and a reference date that the calendar does not have.
    pub fn parse(text: &str, calendar: Calendar) -> Result<Self, ParseTimeUnitError> {
        let refused = |problem| ParseTimeUnitError { text: excerpt(text), problem };
        let (unit, rest) = split_word(text.trim());
        let (since, moment) = split_word(rest);
        if !since.eq_ignore_ascii_case("since") || moment.is_empty() {
            return Err(refused(Problem::Form));
        }
        if !["days", "day", "d"].iter().any(|known| unit.eq_ignore_ascii_case(known)) {
            return Err(refused(Problem::NotDays { unit: excerpt(unit) }));
        }
        let date_end = moment.find(|c: char| c.is_whitespace() || c.is_alphabetic()).unwrap_or(moment.len());
        let (date, time) = moment.split_at_checked(date_end).unwrap_or((moment, ""));
        let date: Date = date.parse().map_err(|_| refused(Problem::Date))?;
        let reference_nanoseconds = parse_time(time).map_err(refused)?;
        let reference_day =
            calendar.day_number(date).ok_or_else(|| refused(Problem::NoSuchDate { date, calendar }))?;
        Ok(Self { text: text.to_owned(), calendar, reference_day, reference_nanoseconds })
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
        let (seconds, fraction) =
            (self.reference_nanoseconds / NANOSECONDS, self.reference_nanoseconds % NANOSECONDS);
        let clock = format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
        if fraction == 0 {
            return clock;
        }
        let decimals = format!("{fraction:09}");
        format!("{clock}.{}", decimals.trim_end_matches('0'))
    }

    /// Whether days begin at midnight.
    pub fn is_midnight(&self) -> bool {
        self.reference_nanoseconds == 0
    }

    /// The date on which the day `days_since` begins (at the reference's time of day); `None` outside the
    /// [years](super::calendar::YEARS) that dates may have.
    pub fn date(&self, days_since: i64) -> Option<Date> {
        self.calendar.date(self.reference_day.checked_add(days_since)?)
    }

    /// The inverse of [`TimeUnit::date`]; `None` where the calendar has no such date.
    pub fn days_since(&self, date: Date) -> Option<i64> {
        self.calendar.day_number(date)?.checked_sub(self.reference_day)
    }

    /// The days to add to an offset in this unit to get the offset in `other`; `None` where calendars or
    /// times of day differ, so that no whole number of days would do.
    pub fn shift_to(&self, other: &TimeUnit) -> Option<i64> {
        let is_whole =
            self.calendar == other.calendar && self.reference_nanoseconds == other.reference_nanoseconds;
        if is_whole { self.reference_day.checked_sub(other.reference_day) } else { None }
    }
}

fn split_word(text: &str) -> (&str, &str) {
    match text.split_once(char::is_whitespace) {
        Some((word, rest)) => (word, rest.trim_start()),
        None => (text, ""),
    }
}

/// Nanoseconds of the day from what follows a date: nothing, or a separator, a time and a zone, the last two
/// optional.
fn parse_time(text: &str) -> Result<u64, Problem> {
    let is_iso = text.starts_with(['T', 't']);
    let text = text.strip_prefix(['T', 't']).unwrap_or(text).trim();
    let zone_start =
        text.find(|c: char| matches!(c, '+' | '-') || c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (clock, zone) = text.split_at_checked(zone_start).unwrap_or((text, ""));
    if !is_utc(zone) {
        return Err(Problem::Zone { zone: excerpt(zone) });
    }
    let clock = clock.trim_end();
    match clock.is_empty() {
        true if is_iso => Err(Problem::Time),
        true => Ok(0),
        false => parse_clock(clock).ok_or(Problem::Time),
    }
}

fn is_utc(zone: &str) -> bool {
    if let Some(offset) = zone.strip_prefix(['+', '-']) {
        return matches!(offset, "0" | "00" | "0:00" | "00:00" | "0000");
    }
    zone.is_empty() || ["utc", "gmt", "z"].iter().any(|known| zone.eq_ignore_ascii_case(known))
}

fn parse_clock(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = whole.split(':');
    let mut next = |limit: u64| match parts.next() {
        Some(part) => digits(part, 2).filter(|value| *value < limit).map(Some),
        None => Some(None),
    };
    let (hour, minute, second) = (next(24)??, next(60)?, next(60)?);
    if parts.next().is_some() || (second.is_none() && text.contains('.')) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let nanoseconds = if fraction.is_empty() { 0 } else { digits(&format!("{fraction:0<9}"), 9)? };
    let seconds = hour * 3_600 + minute.unwrap_or(0) * 60 + second.unwrap_or(0);
    Some(seconds * NANOSECONDS + nanoseconds)
}

fn digits(text: &str, most: usize) -> Option<u64> {
    let is_number = (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

/// A text that is no unit of days.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("time unit {text:?}: {problem}")]
pub struct ParseTimeUnitError {
    text: String,
    problem: Problem,
}

impl ParseTimeUnitError {
    /// What the user can do about it.
    pub fn hint(&self) -> &'static str {
        match self.problem {
            Problem::Form | Problem::Date | Problem::Time => {
                "a time unit reads like `days since 1860-01-01 00:00:00`"
            }
            Problem::NotDays { .. } => {
                "only daily units are understood, for example `days since 1860-01-01 00:00:00`"
            }
            Problem::Zone { .. } => "only UTC is understood; give the reference time in UTC",
            Problem::NoSuchDate { .. } => "check the calendar that is given beside the time unit",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum Problem {
    #[error("not of the form `days since DATE`")]
    Form,
    #[error("counts {unit:?}, not days")]
    NotDays { unit: String },
    #[error("the reference date cannot be read")]
    Date,
    #[error("the time of day cannot be read")]
    Time,
    #[error("time zone {zone:?} is not UTC")]
    Zone { zone: String },
    #[error("the {calendar} calendar has no {date}")]
    NoSuchDate { date: Date, calendar: Calendar },
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MODEL: &str = "days since 1860-01-01 00:00:00";

    fn parse(text: &str) -> TimeUnit {
        TimeUnit::parse(text, Calendar::ProlepticGregorian).unwrap_or_else(|error| panic!("{error}"))
    }

    fn refusal(text: &str) -> String {
        TimeUnit::parse(text, Calendar::Standard).unwrap_err().to_string()
    }

    #[test]
    fn forms_of_one_unit() {
        for text in [
            "day since 1860-1-1",
            " d  since\t1860-01-01T00 ",
            "Days Since 1860-01-01T00:00:00Z",
            "days since 1860-01-01 0:0:0.0",
            "days since 1860-01-01 00:00:00.000000 UTC",
            "days since 1860-01-01 00:00:00.000000000000+00:00",
            "days since 1860-01-01 00:00 -0000",
            "days since 1860-01-01Z",
        ] {
            let unit = parse(text);
            assert_eq!(unit.shift_to(&parse(MODEL)), Some(0), "{text}");
            assert_eq!(unit.text(), text);
            assert_eq!(unit.days_since("1979-01-01".parse().unwrap()), Some(43_464));
        }
    }

    #[test]
    fn shifts() {
        let (model, other) = (parse(MODEL), parse("days since 1979-01-01"));
        assert_eq!((model.shift_to(&other), other.shift_to(&model)), (Some(-43_464), Some(43_464)));
        let noon = parse("days since 1979-01-01 12:00:00.5");
        assert_eq!((noon.reference_nanoseconds, noon.shift_to(&model)), (43_200_500_000_000, None));
        assert_eq!((noon.time_of_day().as_str(), noon.is_midnight()), ("12:00:00.5", false));
        assert_eq!((model.time_of_day().as_str(), model.is_midnight()), ("00:00:00", true));
        assert_eq!(parse("days since 1979-01-01 06:30").time_of_day(), "06:30:00");
        let noleap = TimeUnit::parse(MODEL, Calendar::NoLeap).unwrap();
        assert_eq!((noleap.shift_to(&model), noleap.calendar()), (None, Calendar::NoLeap));
    }

    #[test]
    fn refusals() {
        let hours = TimeUnit::parse("hours since 1860-01-01", Calendar::Standard).unwrap_err();
        assert_eq!(hours.to_string(), r#"time unit "hours since 1860-01-01": counts "hours", not days"#);
        assert!(hours.hint().starts_with("only daily units"));
        for text in ["", "days", "days since", "since 1860-01-01", "days from 1860-01-01"] {
            assert!(refusal(text).contains("not of the form"), "{text}");
        }
        for text in ["days since 1860", "days since 1860-13-01", "days since then"] {
            assert!(refusal(text).contains("reference date"), "{text}");
        }
        for time in
            ["24", "00:60", "00:00:60", "0:0:0:0", "T", "12.5", "T1:2.5", "0:0:0.0000000001", "0:0:1e0"]
        {
            assert!(
                TimeUnit::parse(&format!("days since 1860-01-01 {time}"), Calendar::Standard).is_err(),
                "{time}"
            );
        }
        assert!(
            refusal("days since 1860-01-01 00:00:00 +01:00").ends_with(r#"time zone "+01:00" is not UTC"#)
        );
        assert!(refusal("days since 1582-10-10").ends_with("the standard calendar has no 1582-10-10"));
    }

    proptest! {
        #[test]
        fn any_text_is_taken_or_refused(text in ".*", tail in "[-+0-9TZtz:. ]*", days: i64) {
            for text in [text.clone(), format!("days since {text}"), format!("days since 1860-01-01{tail}")] {
                if let Ok(unit) = TimeUnit::parse(&text, Calendar::Julian) {
                    prop_assert_eq!(unit.text(), text);
                    let _ = unit.date(days);
                }
            }
        }

        #[test]
        fn dates_and_days(reference in -3_000_000..30_000_000_i64, day in -3_000_000..30_000_000_i64) {
            for calendar in [Calendar::Standard, Calendar::Day360, Calendar::NoLeap] {
                let (reference, date) = (calendar.date(reference).unwrap(), calendar.date(day).unwrap());
                let unit = TimeUnit::parse(&format!("days since {reference}"), calendar).unwrap();
                prop_assert_eq!(unit.days_since(date).and_then(|days| unit.date(days)), Some(date));
                let other = TimeUnit::parse(&format!("days since {date} 00:00"), calendar).unwrap();
                let (days, shift) = (unit.days_since(date).unwrap(), unit.shift_to(&other).unwrap());
                prop_assert_eq!(days + shift, 0);
            }
        }
    }
}
