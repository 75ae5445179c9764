//! The axis of time that dates are on: its step, its calendar, where in their steps they are.

use std::collections::BTreeSet;

use crate::model::calendar::{Calendar, Date};
use crate::model::time_step::TimeStep;
use crate::records::description::{Label, TimeKeys, YEARS};
use crate::records::schema::TimeRule;

const DAY: i64 = 86_400;
/// Steps of an axis for one time, beyond which times are on none.
const SPARSE: i64 = 200;

/// The dates of records, as seconds of a calendar.
#[derive(Debug)]
pub struct Dates {
    calendar: Calendar,
    rule: TimeRule,
    seconds: BTreeSet<i64>,
    /// The finest part that records tell.
    pub finest: Finest,
}

/// The finest part of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finest {
    /// Years alone.
    Year,
    /// Months.
    Month,
    /// Days.
    Day,
    /// Hours and less.
    Moment,
}

impl Finest {
    /// Of the parts that keys name; a stamp may be a moment.
    pub fn of(keys: &TimeKeys) -> Self {
        let within = keys.hour.is_some() || keys.minute.is_some() || keys.second.is_some();
        match keys {
            _ if within => Finest::Moment,
            TimeKeys { stamp: Some(stamp), .. } => match stamp.format.as_deref() {
                Some(format) if format.contains("%H") || format.contains("%T") => Finest::Moment,
                Some(format) if format.contains("%d") || format.contains("%j") || format.contains("%F") => {
                    Finest::Day
                }
                Some(format) if format.contains("%m") || format.contains("%b") => Finest::Month,
                Some(_) => Finest::Year,
                None => Finest::Moment,
            },
            TimeKeys { day: Some(_), .. } | TimeKeys { day_of_year: Some(_), .. } => Finest::Day,
            TimeKeys { month: Some(_), .. } => Finest::Month,
            _ => Finest::Year,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Finest::Year => "a year",
            Finest::Month => "a year and a month",
            Finest::Day => "a date",
            Finest::Moment => "a date and a time",
        }
    }
}

/// What an axis is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundAxis {
    /// The length of its steps.
    pub step: TimeStep,
    /// Why.
    pub why: String,
    /// Where in their steps dates are, where that is not their start.
    pub label: Option<(Label, String)>,
    /// The first and the last date.
    pub ends: [Date; 2],
}

/// What tells a calendar from another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LeapDays {
    /// Leap years that have 29 February.
    pub with: u64,
    /// Leap years that have 28 February and 1 March, and no 29 February.
    pub without: u64,
    /// One of each.
    pub years: [Option<i32>; 2],
}

impl Dates {
    /// Dates that keys tell, in a calendar. Their own step and calendar do not count.
    ///
    /// # Errors
    /// Keys that are not understood.
    pub fn new(keys: &TimeKeys, calendar: Calendar) -> Result<Self, String> {
        let finest = Finest::of(keys);
        // Years with decimals tell nothing without their step and what of it they are.
        let is_of_years = keys.stamp.as_ref().is_some_and(|stamp| stamp.units.as_deref() == Some(YEARS));
        let open = TimeKeys {
            step: if is_of_years { keys.step.clone() } else { Some("second".to_owned()) },
            calendar: Some(calendar.name().to_owned()),
            label: if is_of_years { keys.label } else { None },
            ..keys.clone()
        };
        let rule = TimeRule::of(&open).map_err(|error| error.to_string())?;
        Ok(Dates { calendar, rule, seconds: BTreeSet::new(), finest })
    }

    /// How times are read.
    pub fn rule(&self) -> &TimeRule {
        &self.rule
    }

    /// Adds a time, in steps of [`Dates::rule`].
    pub fn add(&mut self, step: i64) {
        // Enough to tell all that is to be told.
        if self.seconds.len() < 1 << 20 {
            self.seconds.insert(step);
        }
    }

    /// How many different ones there are.
    pub fn count(&self) -> usize {
        self.seconds.len()
    }

    fn date(&self, seconds: i64) -> Option<Date> {
        self.rule.unit.date(seconds)
    }

    fn clock(&self, seconds: i64) -> i64 {
        let whole =
            self.rule.unit.day_and_milliseconds(seconds).map_or(0, |(_, milliseconds)| milliseconds / 1_000);
        whole.rem_euclid(DAY)
    }

    /// The axis of all dates; `None` where there are too few.
    ///
    /// # Errors
    /// Dates on no axis.
    pub fn axis(&self) -> Result<Option<FoundAxis>, String> {
        let all: Vec<(Date, i64)> = self
            .seconds
            .iter()
            .filter_map(|&seconds| Some((self.date(seconds)?, self.clock(seconds))))
            .collect();
        let (Some(&(first, clock)), Some(&(last, _))) = (all.first(), all.last()) else { return Ok(None) };
        let ends = [first, last];
        let found = |step: Option<TimeStep>, why: String, label: Option<(Label, String)>| {
            Ok(step.map(|step| FoundAxis { step, why, label, ends }))
        };
        if all.len() == 1 {
            let step = match self.finest {
                Finest::Year => TimeStep::years(1),
                Finest::Month => TimeStep::months(1),
                Finest::Day => Some(TimeStep::DAY),
                Finest::Moment => None,
            };
            return found(
                step,
                format!("records tell {}, which is the same in all", self.finest.words()),
                None,
            );
        }
        let months: Vec<i64> =
            all.iter().filter_map(|(date, _)| self.calendar.month_number(date.year, date.month)).collect();
        let apart = gaps(&months);
        let is_last = |date: &Date| self.calendar.days_in_month(date.year, date.month) == Some(date.day);
        let same_clock = all.iter().all(|(_, other)| *other == clock);
        let by_months = same_clock && apart > 0 && all.len() > 1;
        let of_months = |months: i64| u32::try_from(months).ok().and_then(TimeStep::months);
        let count = all.len();
        if by_months && all.iter().all(|(date, _)| date.day == first.day) {
            let step = of_months(apart);
            let why = match self.finest {
                Finest::Year => format!(
                    "{count} years from {} to {}, whose least common distance is {}",
                    first.year,
                    last.year,
                    words(step)
                ),
                _ => format!(
                    "{count} dates from {first} to {last}, all on the same day of a month, {} apart",
                    words(step)
                ),
            };
            let is_begin = first.day == 1 && clock == 0 && (apart % 12 != 0 || first.month == 1);
            let label = (!is_begin).then(|| {
                (Label::Middle, format!("dates such as {first} do not begin their steps, but lie in them"))
            });
            return found(step, why, label);
        }
        if by_months && all.iter().all(|(date, _)| is_last(date)) {
            let step = of_months(apart);
            let why = format!(
                "{count} dates from {first} to {last}, all on the last day of a month, {} apart",
                words(step)
            );
            return found(step, why, Some((Label::End, "dates are the last days of their steps".to_owned())));
        }
        if by_months && all.len() > 2 && all.iter().all(|(date, _)| (14..=17).contains(&date.day)) {
            let step = of_months(apart);
            let why = format!("{count} dates from {first} to {last}, all in the middle of a month");
            return found(
                step,
                why,
                Some((Label::Middle, "dates are in the middle of their steps".to_owned())),
            );
        }
        let seconds: Vec<i64> = self.seconds.iter().copied().collect();
        let apart = gaps(&seconds);
        let range = seconds.last().zip(seconds.first()).map_or(0, |(last, first)| last - first);
        if apart <= 0 || (range / apart > SPARSE * count as i64 && range / apart > 100_000) {
            return Err(format!(
                "{count} different times from {first} to {last} are on no axis: steps of {apart} seconds would make {} of them",
                range / apart.max(1)
            ));
        }
        let step = u32::try_from(apart).ok().and_then(TimeStep::seconds);
        let why =
            format!("{count} times from {first} to {last}, whose least common distance is {}", words(step));
        let within = seconds.first().map_or(0, |first| first.rem_euclid(apart));
        let label = (within != 0 && DAY % apart == 0).then(|| {
            (
                Label::Middle,
                format!(
                    "times begin {within} seconds behind the start of their steps, so that they lie in them"
                ),
            )
        });
        found(step, why, label)
    }

    /// What is known of leap days, where dates are days or less.
    pub fn leap_days(&self) -> LeapDays {
        let mut found = LeapDays::default();
        if self.finest < Finest::Day {
            return found;
        }
        let days: BTreeSet<(i32, u8, u8)> = self
            .seconds
            .iter()
            .filter_map(|&seconds| self.date(seconds))
            .filter(|date| matches!((date.month, date.day), (2, 28 | 29) | (3, 1)))
            .map(|date| (date.year, date.month, date.day))
            .collect();
        let years: BTreeSet<i32> = days.iter().map(|(year, ..)| *year).collect();
        for year in years.into_iter().filter(|year| Calendar::Standard.is_leap(*year)) {
            let has = |month, day| days.contains(&(year, month, day));
            let [with, without] = &mut found.years;
            if has(2, 29) {
                found.with += 1;
                with.get_or_insert(year);
            } else if has(2, 28) && has(3, 1) {
                found.without += 1;
                without.get_or_insert(year);
            }
        }
        found
    }
}

fn words(step: Option<TimeStep>) -> String {
    step.map_or("nothing".to_owned(), TimeStep::words)
}

/// The greatest common divisor of the gaps between numbers.
fn gaps(sorted: &[i64]) -> i64 {
    let pairs = sorted.windows(2).filter_map(|pair| Some(pair.get(1)? - pair.first()?));
    pairs.fold(0, |common, gap| {
        let (mut one, mut other) = (common, gap);
        while other != 0 {
            (one, other) = (other, one % other);
        }
        one
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::description::Description;

    fn dates(texts: &[&str], format: &str) -> Dates {
        let text = format!("[source.time]\nstamp = {{ column = \"t\", format = {format:?} }}");
        let keys = Description::from_toml(&text).expect("a description").time;
        let mut made = Dates::new(&keys, Calendar::Standard).expect("a rule");
        for text in texts {
            let step = made.rule().step_of_text(text.as_bytes()).expect(text);
            made.add(step);
        }
        made
    }

    #[test]
    fn steps_of_dates() {
        let day = "%Y-%m-%d";
        let moment = "%Y-%m-%dT%H:%M";
        for (texts, format, step, label) in [
            (vec!["2001-01-01", "2001-01-02", "2001-01-05"], day, "day", None),
            (vec!["2001-01-01", "2001-02-01", "2001-05-01"], day, "month", None),
            (vec!["2001-01-31", "2001-02-28", "2001-03-31"], day, "month", Some(Label::End)),
            (vec!["2001-01-16", "2001-02-15", "2001-03-16"], day, "month", Some(Label::Middle)),
            (vec!["2001-01-01", "2002-01-01", "2003-01-01"], day, "year", None),
            (vec!["2001-07-01", "2002-07-01"], day, "year", Some(Label::Middle)),
            (vec!["2001-12-31", "2002-12-31"], day, "year", Some(Label::Middle)),
            (vec!["2001", "2006", "2016"], "%Y", "5 years", None),
            (vec!["2001-02"], "%Y-%m", "month", None),
            (vec!["2001-02-03"], day, "day", None),
            (vec!["2001-01-01T00:00", "2001-01-01T00:10", "2001-01-01T01:30"], moment, "10 minutes", None),
            (vec!["2001-01-01T12:00", "2001-01-02T12:00"], moment, "day", Some(Label::Middle)),
        ] {
            let axis = dates(&texts, format).axis().expect("an axis").expect("a step");
            assert_eq!(
                (crate::records::step::words(axis.step).as_str(), axis.label.map(|(label, _)| label)),
                (step, label),
                "{texts:?}"
            );
        }
        assert_eq!(dates(&["2001-01-01T12:00"], moment).axis(), Ok(None));
        let odd = ["2001-01-01T12:00", "2001-01-01T12:01", "2031-01-05T12:34"];
        assert!(dates(&odd, moment).axis().expect_err("no axis").contains("3 different times"));
    }

    #[test]
    fn leap_days_are_counted() {
        let texts = [
            "2000-02-28",
            "2000-02-29",
            "2000-03-01",
            "2004-02-28",
            "2004-03-01",
            "2008-02-28",
            "2001-02-28",
            "2001-03-01",
        ];
        let found = dates(&texts, "%Y-%m-%d").leap_days();
        assert_eq!(found, LeapDays { with: 1, without: 1, years: [Some(2000), Some(2004)] });
        assert_eq!(dates(&["2000", "2001"], "%Y").leap_days(), LeapDays::default());
    }
}
