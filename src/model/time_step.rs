//! The length of a step of time: seconds, or calendar months.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use super::calendar::excerpt;

const DAY: u32 = 86_400;

/// How long each step of a time axis is. Shown, parsed and serialized as ISO 8601 has it: `PT10M`, `PT1H`, `P1D`, `P1M`, `P1Y`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum TimeStep {
    /// So many seconds.
    Seconds(NonZeroU32),
    /// So many months of the calendar, the first of which begins on its first day.
    Months(NonZeroU32),
}

impl TimeStep {
    /// A day.
    pub const DAY: TimeStep = TimeStep::Seconds(NonZeroU32::new(DAY).unwrap());

    /// So many seconds; `None` for 0.
    pub fn seconds(count: u32) -> Option<Self> {
        NonZeroU32::new(count).map(TimeStep::Seconds)
    }

    /// So many hours; `None` for 0 and beyond a century.
    pub fn hours(count: u32) -> Option<Self> {
        Self::seconds(count.checked_mul(3_600)?)
    }

    /// So many calendar months; `None` for 0.
    pub fn months(count: u32) -> Option<Self> {
        NonZeroU32::new(count).map(TimeStep::Months)
    }

    /// So many calendar years; `None` for 0.
    pub fn years(count: u32) -> Option<Self> {
        Self::months(count.checked_mul(12)?)
    }

    /// Whether it is a day.
    pub fn is_day(self) -> bool {
        self == Self::DAY
    }

    /// Whether several can begin on one date.
    pub fn is_within_a_day(self) -> bool {
        matches!(self, TimeStep::Seconds(seconds) if seconds.get() < DAY)
    }

    /// Count and unit, the largest unit that it is a whole number of.
    fn parts(self) -> (u32, Unit) {
        match self {
            TimeStep::Months(months) if months.get() % 12 == 0 => (months.get() / 12, Unit::Year),
            TimeStep::Months(months) => (months.get(), Unit::Month),
            TimeStep::Seconds(seconds) => {
                let seconds = seconds.get();
                let units = [(DAY, Unit::Day), (3_600, Unit::Hour), (60, Unit::Minute)];
                let whole = units.into_iter().find(|(length, _)| seconds % length == 0);
                whole.map_or((seconds, Unit::Second), |(length, unit)| (seconds / length, unit))
            }
        }
    }

    /// How long so many steps are, as ISO 8601 has it: `P365D`, `PT36H`, `P120M`.
    pub fn times(self, count: u64) -> String {
        let (each, unit) = self.parts();
        format!("{}{}{}", unit.iso().0, u64::from(each) * count, unit.iso().1)
    }

    /// Its length in words, as `cell_methods` has it: `1 day`, `10 minutes`.
    pub fn words(self) -> String {
        let (count, unit) = self.parts();
        format!("{count} {}{}", unit.noun(), if count == 1 { "" } else { "s" })
    }

    /// So many of them in words, days by their name: `1 day`, `365 days`, of others `1 step`, `144 steps`.
    pub fn counted(self, count: i64) -> String {
        let noun = if self.is_day() { "day" } else { "step" };
        format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
    }

    /// So many days as a number of steps, of which the last may be longer; 0 of less than a month where steps are months.
    pub fn within_days(self, days: u32) -> i64 {
        match self {
            TimeStep::Seconds(seconds) => {
                (i64::from(days) * i64::from(DAY)).div_euclid(seconds.get().into()).max(1)
            }
            TimeStep::Months(months) => i64::from(days / 30).div_euclid(months.get().into()),
        }
    }

    /// The seconds; `None` for months.
    pub fn in_seconds(self) -> Option<u32> {
        match self {
            TimeStep::Seconds(seconds) => Some(seconds.get()),
            TimeStep::Months(_) => None,
        }
    }

    /// How something is called that happens each step, to begin a sentence with: `Daily`, `10-minute`.
    pub fn adjective(self) -> String {
        let (count, unit) = self.parts();
        match count {
            1 => unit.adjective().to_owned(),
            3 if unit == Unit::Month => "Seasonal".to_owned(),
            _ => format!("{count}-{}", unit.noun()),
        }
    }

    /// The unit of a value times a step, in the syntax of UDUNITS: `day`, `h`, `10 min`; and the names by which it may stand in units
    /// already, where the count is 1.
    pub fn factor(self) -> (String, &'static [&'static str]) {
        let (count, unit) = self.parts();
        let names = unit.udunits();
        let name = names.first().copied().unwrap_or("s");
        if count == 1 { (name.to_owned(), names) } else { (format!("{count} {name}"), &[]) }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Month,
    Year,
}

impl Unit {
    fn noun(self) -> &'static str {
        match self {
            Unit::Second => "second",
            Unit::Minute => "minute",
            Unit::Hour => "hour",
            Unit::Day => "day",
            Unit::Month => "month",
            Unit::Year => "year",
        }
    }

    fn adjective(self) -> &'static str {
        match self {
            Unit::Second => "Secondly",
            Unit::Minute => "Minutely",
            Unit::Hour => "Hourly",
            Unit::Day => "Daily",
            Unit::Month => "Monthly",
            Unit::Year => "Yearly",
        }
    }

    /// What stands before and behind a count of it in ISO 8601.
    fn iso(self) -> (&'static str, char) {
        match self {
            Unit::Second => ("PT", 'S'),
            Unit::Minute => ("PT", 'M'),
            Unit::Hour => ("PT", 'H'),
            Unit::Day => ("P", 'D'),
            Unit::Month => ("P", 'M'),
            Unit::Year => ("P", 'Y'),
        }
    }

    fn udunits(self) -> &'static [&'static str] {
        match self {
            Unit::Second => &["s", "sec", "second", "seconds"],
            Unit::Minute => &["min", "minute", "minutes"],
            Unit::Hour => &["h", "hr", "hour", "hours"],
            Unit::Day => &["day", "days", "d"],
            Unit::Month => &["month", "months"],
            Unit::Year => &["year", "years", "yr", "a"],
        }
    }
}

impl fmt::Display for TimeStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.times(1))
    }
}

/// A text that is not a length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a step of time such as PT10M, PT1H, P1D, P1M or P1Y")]
pub struct ParseTimeStepError(String);

impl FromStr for TimeStep {
    type Err = ParseTimeStepError;

    /// Reads one count and one unit.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let step = || {
            let (rest, is_time) = match text.strip_prefix("PT") {
                Some(rest) => (rest, true),
                None => (text.strip_prefix('P')?, false),
            };
            let unit = rest.chars().next_back()?;
            let digits = rest.strip_suffix(unit)?;
            let count: u32 =
                digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
            let seconds = |length: u32| Self::seconds(count.checked_mul(length)?);
            match (is_time, unit) {
                (true, 'S') => seconds(1),
                (true, 'M') => seconds(60),
                (true, 'H') => seconds(3_600),
                (false, 'D') => seconds(DAY),
                (false, 'M') => Self::months(count),
                (false, 'Y') => Self::years(count),
                _ => None,
            }
        };
        step().ok_or_else(|| ParseTimeStepError(excerpt(text)))
    }
}

impl From<TimeStep> for String {
    fn from(step: TimeStep) -> String {
        step.to_string()
    }
}

impl TryFrom<String> for TimeStep {
    type Error = ParseTimeStepError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_of_steps() {
        for (text, words, adjective, factor) in [
            ("PT10M", "10 minutes", "10-minute", "10 min"),
            ("PT1H", "1 hour", "Hourly", "h"),
            ("PT3H", "3 hours", "3-hour", "3 h"),
            ("P1D", "1 day", "Daily", "day"),
            ("P5D", "5 days", "5-day", "5 day"),
            ("P1M", "1 month", "Monthly", "month"),
            ("P3M", "3 months", "Seasonal", "3 month"),
            ("P1Y", "1 year", "Yearly", "year"),
            ("PT90S", "90 seconds", "90-second", "90 s"),
        ] {
            let step: TimeStep = text.parse().expect(text);
            assert_eq!(
                (
                    step.to_string().as_str(),
                    step.words().as_str(),
                    step.adjective().as_str(),
                    step.factor().0.as_str()
                ),
                (text, words, adjective, factor)
            );
        }
        assert_eq!("P12M".parse(), Ok(TimeStep::years(1).expect("a year")));
        for text in
            ["", "P", "P1", "PT", "P0D", "P1H", "PT1D", "P-1D", "P1.5D", "P99999999D", "1D", "PTM", "P1é"]
        {
            assert!(text.parse::<TimeStep>().is_err(), "{text}");
        }
    }

    #[test]
    fn days_in_steps() {
        for (text, year, leap, words) in [
            ("P1D", 360, 2, "1 day, 2 days"),
            ("PT10M", 51_840, 288, "1 step, 2 steps"),
            ("P5D", 72, 1, "1 step, 2 steps"),
            ("P1M", 12, 0, "1 step, 2 steps"),
            ("P3M", 4, 0, "1 step, 2 steps"),
            ("P10Y", 0, 0, "1 step, 2 steps"),
        ] {
            let step: TimeStep = text.parse().expect(text);
            let both = format!("{}, {}", step.counted(1), step.counted(2));
            assert_eq!(
                (step.within_days(360), step.within_days(2), both.as_str()),
                (year, leap, words),
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_text_and_any_step(text in ".*", count in 1u32.., is_months: bool) {
            let _ = text.parse::<TimeStep>();
            let step = if is_months { TimeStep::months(count) } else { TimeStep::seconds(count) };
            let step = step.expect("not 0");
            prop_assert_eq!(step.to_string().parse(), Ok(step));
        }
    }
}
