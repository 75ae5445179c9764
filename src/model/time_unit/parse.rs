//! Texts of units of time: what they count, from when.

use super::NANOSECONDS;
use crate::model::calendar::{Calendar, Date, excerpt};

pub(super) fn split_word(text: &str) -> (&str, &str) {
    match text.split_once(char::is_whitespace) {
        Some((word, rest)) => (word, rest.trim_start()),
        None => (text, ""),
    }
}

/// Nanoseconds of the day from what follows a date: nothing, or a separator, a time and a zone, the last two
/// optional.
pub(super) fn parse_time(text: &str) -> Result<u64, Problem> {
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

/// A text that is not a unit of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("time unit {text:?}: {problem}")]
pub struct ParseTimeUnitError {
    pub(super) text: String,
    pub(super) problem: Problem,
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
            Problem::Unit { .. } => {
                "a time unit counts seconds, minutes, hours or days, as in `hours since 1860-01-01 00:00:00`"
            }
            Problem::Zone { .. } => "only UTC is understood; give the reference time in UTC",
            Problem::WithinMonth { .. } => "give the first of a month as the reference date",
            Problem::NoSuchDate { .. } => "check the calendar that is given beside the time unit",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Problem {
    #[error("not of the form `days since DATE`")]
    Form,
    #[error("counts {unit:?}, not days")]
    NotDays { unit: String },
    #[error("counts {unit:?}, not seconds, minutes, hours or days")]
    Unit { unit: String },
    #[error("the reference date cannot be read")]
    Date,
    #[error("the time of day cannot be read")]
    Time,
    #[error("time zone {zone:?} is not UTC")]
    Zone { zone: String },
    #[error("the {calendar} calendar has no {date}")]
    NoSuchDate { date: Date, calendar: Calendar },
    #[error("months are counted from the first of one, and {date} is not")]
    WithinMonth { date: Date },
}
