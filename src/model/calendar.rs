//! The calendars of the CF conventions (1.11, §4.4.1) and dates in them.
//!
//! Everything here counts whole days. Each [`Calendar`] numbers its days from its own 0001-01-01, which is
//! day 0; day numbers of two calendars are not comparable.
//!
//! ```
//! # use gridloom::model::calendar::{Calendar, Date};
//! let date: Date = "1582-10-04".parse()?;
//! let next = Calendar::Standard.day_number(date).and_then(|day| Calendar::Standard.date(day + 1));
//! assert_eq!(next, Some(Date { year: 1582, month: 10, day: 15 }));
//! # Ok::<(), gridloom::model::calendar::ParseDateError>(())
//! ```
//!
//! # Before year 1
//! CF leaves these years open; cftime's defaults are followed. `standard` and `julian` have no year 0, so
//! that -1 comes before 1; the other calendars have one. Years outside [`YEARS`] are no dates.

mod date;

use std::fmt;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

pub(super) use date::excerpt;
pub use date::{Date, ParseDateError};

/// The years that dates may have.
pub const YEARS: RangeInclusive<i32> = -9_999..=99_999;

const LAST_JULIAN: Date = Date { year: 1582, month: 10, day: 4 };
const FIRST_GREGORIAN: Date = Date { year: 1582, month: 10, day: 15 };
/// The day number of `FIRST_GREGORIAN` in the standard calendar.
const GREGORIAN_FROM: i64 = 577_737;
/// The standard calendar's 0001-01-01 is Julian, two days before the proleptic Gregorian one.
const JULIAN_LEAD: i64 = 2;

/// A calendar of the CF conventions. Serialized as its CF name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Calendar {
    /// `standard`: Julian up to 1582-10-04, Gregorian from 1582-10-15, the next day.
    #[serde(rename = "standard", alias = "gregorian")]
    Standard,
    /// `proleptic_gregorian`: Gregorian at all times.
    #[serde(rename = "proleptic_gregorian")]
    ProlepticGregorian,
    /// `noleap`: every year has 365 days.
    #[serde(rename = "noleap", alias = "365_day")]
    NoLeap,
    /// `all_leap`: every year has 366 days.
    #[serde(rename = "all_leap", alias = "366_day")]
    AllLeap,
    /// `360_day`: every month has 30 days.
    #[serde(rename = "360_day")]
    Day360,
    /// `julian`: every fourth year is a leap year.
    #[serde(rename = "julian")]
    Julian,
}

impl Calendar {
    /// The calendar of a CF name or alias (`gregorian`, `365_day`, `366_day`), in any case.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "standard" | "gregorian" => Self::Standard,
            "proleptic_gregorian" => Self::ProlepticGregorian,
            "noleap" | "365_day" => Self::NoLeap,
            "all_leap" | "366_day" => Self::AllLeap,
            "360_day" => Self::Day360,
            "julian" => Self::Julian,
            _ => return None,
        })
    }

    /// The CF name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::ProlepticGregorian => "proleptic_gregorian",
            Self::NoLeap => "noleap",
            Self::AllLeap => "all_leap",
            Self::Day360 => "360_day",
            Self::Julian => "julian",
        }
    }

    /// Whether dates can be dates of the real world, so that leap seconds are a question at all.
    pub fn is_real_world(self) -> bool {
        matches!(self, Self::Standard | Self::ProlepticGregorian | Self::Julian)
    }

    /// Whether a year has a leap day: always in `all_leap`, never in `noleap` and `360_day`.
    pub fn is_leap(self, year: i32) -> bool {
        match self {
            Self::NoLeap | Self::Day360 => false,
            Self::AllLeap => true,
            Self::ProlepticGregorian => is_leap_gregorian(year),
            Self::Standard if year >= FIRST_GREGORIAN.year => is_leap_gregorian(year),
            Self::Standard | Self::Julian if year < 0 => year % 4 == -1,
            Self::Standard | Self::Julian => year != 0 && year % 4 == 0,
        }
    }

    /// How many days a month has; `None` for a month or year that the calendar lacks.
    ///
    /// October 1582 of the standard calendar has 21: 1 to 4 and 15 to 31. A day is therefore not valid
    /// because it is at most this number; ask [`Calendar::day_number`].
    pub fn days_in_month(self, year: i32, month: u8) -> Option<u8> {
        let last = self.last_day(year, month)?;
        let is_cut = self == Self::Standard && (year, month) == (FIRST_GREGORIAN.year, FIRST_GREGORIAN.month);
        Some(if is_cut { last - (FIRST_GREGORIAN.day - LAST_JULIAN.day - 1) } else { last })
    }

    /// Days from the calendar's 0001-01-01 to a date; `None` where the calendar has no such date.
    pub fn day_number(self, date: Date) -> Option<i64> {
        match self {
            Self::Standard if date >= FIRST_GREGORIAN => {
                Some(Self::ProlepticGregorian.day_number(date)? + JULIAN_LEAD)
            }
            Self::Standard if date > LAST_JULIAN => None,
            _ => {
                if date.day < 1 || date.day > self.last_day(date.year, date.month)? {
                    return None;
                }
                let months = (1..date.month).filter_map(|month| self.last_day(date.year, month));
                let day_of_year = months.map(i64::from).sum::<i64>() + i64::from(date.day);
                Some(self.days_before_year(self.to_astronomical(date.year)?) + day_of_year - 1)
            }
        }
    }

    /// The date of a day number, the inverse of [`Calendar::day_number`]; `None` outside [`YEARS`].
    pub fn date(self, day_number: i64) -> Option<Date> {
        if self == Self::Standard && day_number >= GREGORIAN_FROM {
            return Self::ProlepticGregorian.date(day_number - JULIAN_LEAD);
        }
        let days_in_400_years = match self {
            Self::NoLeap => 146_000,
            Self::AllLeap => 146_400,
            Self::Day360 => 144_000,
            Self::Standard | Self::Julian => 146_100,
            Self::ProlepticGregorian => 146_097,
        };
        // The mean year finds the year or a neighbour, since leap days never stray 3 days from their mean.
        let mut year = day_number.checked_mul(400)?.div_euclid(days_in_400_years) + 1;
        if self.days_before_year(year) > day_number {
            year -= 1;
        } else if self.days_before_year(year + 1) <= day_number {
            year += 1;
        }
        let mut day = day_number - self.days_before_year(year);
        let year = self.to_civil(year)?;
        for month in 1..=12 {
            let length = i64::from(self.last_day(year, month)?);
            if day < length {
                return Some(Date { year, month, day: u8::try_from(day + 1).ok()? });
            }
            day -= length;
        }
        None
    }

    /// Months from the January of year 1 to a month; `None` for one that the calendar lacks.
    pub(crate) fn month_number(self, year: i32, month: u8) -> Option<i64> {
        (1..=12).contains(&month).then_some(())?;
        Some((self.to_astronomical(year)? - 1) * 12 + i64::from(month) - 1)
    }

    /// Year and month of a month's number.
    pub(crate) fn month(self, number: i64) -> Option<(i32, u8)> {
        let year = self.to_civil(number.div_euclid(12).checked_add(1)?)?;
        Some((year, u8::try_from(number.rem_euclid(12)).ok()? + 1))
    }

    fn last_day(self, year: i32, month: u8) -> Option<u8> {
        self.to_astronomical(year)?;
        match month {
            1..=12 if self == Self::Day360 => Some(30),
            2 => Some(if self.is_leap(year) { 29 } else { 28 }),
            4 | 6 | 9 | 11 => Some(30),
            1..=12 => Some(31),
            _ => None,
        }
    }

    /// Days from 0001-01-01 to the first of January of an astronomical year (1 BC is 0). `Standard` counts as
    /// Julian here, which is what is left of it before 1582-10-15.
    fn days_before_year(self, year: i64) -> i64 {
        let years = year - 1;
        match self {
            Self::NoLeap => 365 * years,
            Self::AllLeap => 366 * years,
            Self::Day360 => 360 * years,
            Self::Standard | Self::Julian => 365 * years + years.div_euclid(4),
            Self::ProlepticGregorian => {
                365 * years + years.div_euclid(4) - years.div_euclid(100) + years.div_euclid(400)
            }
        }
    }

    fn to_astronomical(self, year: i32) -> Option<i64> {
        match (YEARS.contains(&year), self) {
            (false, _) => None,
            (_, Self::Standard | Self::Julian) if year == 0 => None,
            (_, Self::Standard | Self::Julian) if year < 0 => Some(i64::from(year) + 1),
            _ => Some(i64::from(year)),
        }
    }

    fn to_civil(self, year: i64) -> Option<i32> {
        let lacks_zero = matches!(self, Self::Standard | Self::Julian);
        let year = if lacks_zero && year <= 0 { year - 1 } else { year };
        i32::try_from(year).ok().filter(|year| YEARS.contains(year))
    }
}

impl fmt::Display for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

fn is_leap_gregorian(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Calendar::*;
    use super::*;

    const ALL: [Calendar; 6] = [Standard, ProlepticGregorian, NoLeap, AllLeap, Day360, Julian];

    type Row = (i64, i64, &'static str);

    /// From cftime 1.6.6: days since 1860-01-01, days since 0001-01-01, and the date.
    #[rustfmt::skip]
    const CFTIME: [(Calendar, &[Row]); 6] = [
        (Standard, &[
            (-2400411, -1721424, "-4713-01-01"), (-679294, -307, "-0001-02-29"), (-678988, -1, "-0001-12-31"),
            (-678987, 0, "0001-01-01"), (-677833, 1154, "0004-02-29"), (-131419, 547568, "1500-02-29"),
            (-101251, 577736, "1582-10-04"), (-101250, 577737, "1582-10-15"), (-94904, 584083, "1600-02-29"),
            (-1, 678986, "1859-12-31"), (0, 678987, "1860-01-01"), (14669, 693656, "1900-03-01"),
            (51193, 730180, "2000-02-29"), (87718, 766705, "2100-03-01"), (2973073, 3652060, "9999-12-31"),
        ]),
        (ProlepticGregorian, &[
            (-825389, -146404, "-0400-02-29"), (-679657, -672, "-0001-03-01"), (-679292, -307, "0000-02-29"),
            (-678986, -1, "0000-12-31"), (-678985, 0, "0001-01-01"), (-131428, 547557, "1500-03-01"),
            (-101255, 577730, "1582-10-10"), (-94904, 584081, "1600-02-29"), (-1, 678984, "1859-12-31"),
            (59, 679044, "1860-02-29"), (14668, 693653, "1900-02-28"), (14669, 693654, "1900-03-01"),
            (43464, 722449, "1979-01-01"), (48942, 727927, "1993-12-31"), (51193, 730178, "2000-02-29"),
            (87718, 766703, "2100-03-01"), (2973073, 3652058, "9999-12-31"),
        ]),
        (NoLeap, &[
            (-680301, -1766, "-0004-03-01"), (-678536, -1, "0000-12-31"), (-678535, 0, "0001-01-01"),
            (-101188, 577347, "1582-10-10"), (59, 678594, "1860-03-01"), (51158, 729693, "2000-02-28"),
            (51159, 729694, "2000-03-01"), (2971099, 3649634, "9999-12-31"),
        ]),
        (AllLeap, &[
            (-681067, -673, "-0001-02-29"), (-680395, -1, "0000-12-31"), (-680394, 0, "0001-01-01"),
            (-101465, 578929, "1582-10-10"), (-1, 680393, "1859-12-31"), (14699, 695093, "1900-02-29"),
            (51666, 732060, "2001-03-01"), (2979239, 3659633, "9999-12-31"),
        ]),
        (Day360, &[
            (-669901, -661, "-0001-02-30"), (-669241, -1, "0000-12-30"), (-669240, 0, "0001-01-01"),
            (-99801, 569439, "1582-10-10"), (-1, 669239, "1859-12-30"), (14459, 683699, "1900-02-30"),
            (50458, 719698, "2000-02-29"), (50820, 720060, "2001-03-01"), (2930399, 3599639, "9999-12-30"),
        ]),
        (Julian, &[
            (-680767, -1768, "-0005-02-29"), (-679306, -307, "-0001-02-29"), (-679000, -1, "-0001-12-31"),
            (-678999, 0, "0001-01-01"), (-131431, 547568, "1500-02-29"), (-101257, 577742, "1582-10-10"),
            (0, 678999, "1860-01-01"), (14669, 693668, "1900-02-29"), (14670, 693669, "1900-03-01"),
            (87719, 766718, "2100-02-29"), (2973134, 3652133, "9999-12-31"),
        ]),
    ];

    #[test]
    fn agrees_with_cftime() {
        for (calendar, rows) in CFTIME {
            let start = calendar.day_number("1860-01-01".parse().unwrap()).unwrap();
            for (since_1860, since_1, text) in rows {
                let date: Date = text.parse().unwrap();
                assert_eq!(calendar.day_number(date), Some(*since_1), "{calendar} {date}");
                assert_eq!(calendar.date(start + since_1860), Some(date), "{calendar} {date}");
            }
        }
    }

    #[test]
    fn missing_dates() {
        let missing = [
            (Standard, "1582-10-05 1582-10-14 1900-02-29 0000-01-01"),
            (Julian, "0000-06-01 1901-02-29"),
            (ProlepticGregorian, "1900-02-29 2023-02-29 -10000-01-01"),
            (NoLeap, "2000-02-29 2000-04-31"),
            (AllLeap, "2000-02-30 100000-01-01"),
            (Day360, "2000-01-31 2000-02-31"),
        ];
        for (calendar, dates) in missing {
            for date in dates.split(' ') {
                assert_eq!(calendar.day_number(date.parse().unwrap()), None, "{calendar} {date}");
            }
        }
        assert_eq!(Standard.days_in_month(1582, 10), Some(21));
        assert_eq!(ProlepticGregorian.days_in_month(1582, 10), Some(31));
        assert_eq!(Day360.days_in_month(2000, 13), None);
    }

    #[test]
    fn every_year_follows_the_one_before() {
        for calendar in ALL {
            let first = YEARS.filter_map(|year| calendar.day_number(Date { year, month: 1, day: 1 }));
            for day in first.skip(1) {
                let (eve, start) = (calendar.date(day - 1).unwrap(), calendar.date(day).unwrap());
                assert_eq!(
                    (start.month, start.day, eve.month, eve.day >= 30),
                    (1, 1, 12, true),
                    "{calendar} {eve}"
                );
                assert_eq!(calendar.day_number(eve), Some(day - 1));
            }
        }
    }

    proptest! {
        #[test]
        fn any_number_and_any_date(index in 0..6_usize, number: i64, year: i32, month: u8, day: u8) {
            let calendar = ALL[index];
            for number in [number, number % 40_000_000] {
                let back = calendar.date(number).and_then(|date| calendar.day_number(date));
                prop_assert!(back.is_none_or(|back| back == number));
            }
            for (year, month, day) in [(year, month, day), (year % 10_000, month % 13, day % 32)] {
                let date = Date { year, month, day };
                let back = calendar.day_number(date).and_then(|number| calendar.date(number));
                prop_assert!(back.is_none_or(|back| back == date));
                let _ = calendar.days_in_month(year, month);
            }
        }

        #[test]
        fn names(index in 0..6_usize, other in ".*") {
            let calendar = ALL[index];
            prop_assert_eq!(Calendar::parse(&calendar.name().to_uppercase()), Some(calendar));
            let text = toml::Value::try_from(calendar).unwrap();
            prop_assert_eq!(&text, &toml::Value::from(calendar.name()));
            prop_assert_eq!(text.try_into(), Ok(calendar));
            let _ = Calendar::parse(&other);
        }
    }
}
