//! Dates as they are written, before a calendar has judged them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A date, which only a [`Calendar`](super::Calendar) can call valid.
///
/// Shown, parsed and serialized as `YYYY-MM-DD`: four digits of the year at least, a minus sign before year
/// 0. Parsing also takes one digit for a month or day, and refuses months above 12 and days above 31.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// The year; 0 and below as in [the calendars' notes](super).
    pub year: i32,
    /// The month, from 1.
    pub month: u8,
    /// The day of the month, from 1.
    pub day: u8,
}

impl Date {
    /// `YYYYMMDD`, as in file names.
    pub fn compact(self) -> String {
        format!("{}{:02}{:02}", ShownYear(self.year), self.month, self.day)
    }
}

struct ShownYear(i32);

impl fmt::Display for ShownYear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:04}", if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs())
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:02}-{:02}", ShownYear(self.year), self.month, self.day)
    }
}

/// A text that is no date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a date")]
pub struct ParseDateError {
    text: String,
}

impl ParseDateError {
    /// What the user can do about it.
    pub fn hint(&self) -> &'static str {
        "write dates as YYYY-MM-DD, for example 1979-01-01"
    }
}

impl FromStr for Date {
    type Err = ParseDateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_date(text).ok_or_else(|| ParseDateError { text: excerpt(text) })
    }
}

fn parse_date(text: &str) -> Option<Date> {
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut parts = unsigned.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let is_number = |part: &str, most: usize| {
        (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    if parts.next().is_some() || !is_number(year, 9) || !is_number(month, 2) || !is_number(day, 2) {
        return None;
    }
    let date =
        Date { year: year.parse::<i32>().ok()? * sign, month: month.parse().ok()?, day: day.parse().ok()? };
    ((1..=12).contains(&date.month) && (1..=31).contains(&date.day)).then_some(date)
}

/// A text short enough for a message, whatever a damaged dump held.
pub(in super::super) fn excerpt(text: &str) -> String {
    const CHARACTERS: usize = 60;
    match text.char_indices().nth(CHARACTERS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn forms() {
        let date = |year, month, day| Ok(Date { year, month, day });
        assert_eq!("1979-01-01".parse(), date(1979, 1, 1));
        assert_eq!("1860-1-1".parse(), date(1860, 1, 1));
        assert_eq!("1-2-3".parse(), date(1, 2, 3));
        assert_eq!("-0044-03-15".parse(), date(-44, 3, 15));
        assert_eq!("+12024-02-30".parse(), date(12_024, 2, 30));
        for text in
            ["", "1979", "1979-01", "1979-01-01-01", "1979-00-01", "1979-13-01", "1979-01-32", "1979-01-00"]
        {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
        for text in
            ["19790101", "--1-01-01", "1979-+1-01", "1979-01-01 ", "4294967296-01-01", "１９７９-01-01"]
        {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
        assert_eq!(Date { year: -44, month: 3, day: 15 }.compact(), "-00440315");
        assert_eq!(Date { year: i32::MIN, month: 3, day: 15 }.to_string(), "-2147483648-03-15");
        assert_eq!(Date { year: 1979, month: 1, day: 2 }.compact(), "19790102");
    }

    #[test]
    fn a_message_stays_short() {
        let error = "é".repeat(100_000).parse::<Date>().unwrap_err();
        assert!(error.to_string().chars().count() < 100, "{error}");
        assert_eq!("a\n".parse::<Date>().unwrap_err().to_string(), r#""a\n" is not a date"#);
    }

    proptest! {
        #[test]
        fn any_text_is_taken_or_refused(text in ".*") {
            let _ = text.parse::<Date>();
        }

        #[test]
        fn shown_and_parsed(year in -99_999_999..=99_999_999_i32, month in 1..=12_u8, day in 1..=31_u8) {
            let date = Date { year, month, day };
            prop_assert_eq!(date.to_string().parse(), Ok(date));
            let sign = if year < 0 { "-" } else { "" };
            prop_assert_eq!(date.compact(), format!("{sign}{}", date.to_string().replace('-', "")));
        }

        #[test]
        fn serialized_as_text(year in -9_999..=99_999_i32, month in 1..=12_u8, day in 1..=31_u8) {
            #[derive(Debug, PartialEq, Serialize, Deserialize)]
            struct Holder {
                date: Date,
            }
            let holder = Holder { date: Date { year, month, day } };
            let text = toml::to_string(&holder).unwrap();
            prop_assert_eq!(&text, &format!("date = \"{}\"\n", holder.date));
            prop_assert_eq!(toml::from_str::<Holder>(&text).unwrap(), holder);
        }
    }
}
