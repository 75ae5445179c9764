//! Years with decimals: which step of days, months or years one is of.
//!
//! A text of so many decimals stands for all times that it is when they are rounded, or cut, to as many: `2001.08` for those from 2001.075 up to 2001.09. A
//! step is known by its begin or its end where that, and of no other step, is among these times; and in its middle where all of them lie in it. Months begin where
//! twelfths of a year do, or where their first day does; a text that these two take to different steps is refused. More than nine decimals are rounded to as many,
//! since numbers of eight bytes do not have more; a year without a point is its begin.

use super::*;

/// Decimals that are looked at.
const MOST: usize = 9;

/// Times between two numbers of years, as parts of a year: from `low` up to below `high`, times twice the power of ten.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Between {
    year: i64,
    low: i128,
    high: i128,
    /// Twice ten to the power of the decimals.
    one: i128,
}

impl Between {
    fn parse(text: &str) -> Option<Between> {
        let (whole, decimals) = text.split_once(['.', ',']).unwrap_or((text, ""));
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let is_year = (1..=6).contains(&whole.len()) && is_digits(whole);
        if !is_year || !is_digits(decimals) || text.len() > 64 {
            return None;
        }
        let year = whole.parse().ok()?;
        if !text.contains(['.', ',']) {
            return Some(Between { year, low: 0, high: 1, one: 2 * 10i128.pow(MOST as u32) });
        }
        let kept = decimals.get(..decimals.len().min(MOST))?;
        let mut number: i128 = if kept.is_empty() { 0 } else { kept.parse().ok()? };
        if decimals.as_bytes().get(MOST).is_some_and(|digit| *digit >= b'5') {
            number += 1;
        }
        let one = 2 * 10i128.pow(u32::try_from(kept.len()).ok()?);
        // What was rounded before may be rounded a second time.
        let below = if decimals.len() > MOST { 2 } else { 1 };
        Some(Between { year, low: 2 * number - below, high: 2 * number + 2, one })
    }

    /// Whether a part of the year is among them.
    fn has(&self, part: i128, parts: i128) -> bool {
        let place = self.one * part;
        place >= self.low * parts && place < self.high * parts
    }

    /// The numbers of the parts of the year that the first and the last of them are in.
    fn within(&self, parts: i128) -> [i128; 2] {
        let last = (self.high * parts - 1).max(self.low * parts);
        [(self.low * parts).div_euclid(self.one), last.div_euclid(self.one)]
    }
}

impl TimeRule {
    /// The step of a year with decimals.
    ///
    /// # Errors
    /// A text that is none, and one of which it cannot be told which step it means.
    pub(super) fn step_of_years(&self, text: &[u8]) -> Result<i64, TimeFault> {
        let shown =
            || String::from_utf8_lossy(text.get(..text.len().min(40)).unwrap_or_default()).into_owned();
        let found = std::str::from_utf8(text).ok().and_then(|text| Between::parse(text.trim()));
        let Some(mut between) = found else {
            return fault(format!("{:?} is not a year with decimals", shown()));
        };
        let add = self.add.iter().find(|(part, _)| *part == Part::Year).map_or(0, |(_, add)| *add);
        between.year = between.year.saturating_add(add);
        let unclear = || {
            let step = self.unit.step().words();
            TimeFault(format!("{} has too few decimals, or others, to tell its step of {step}", shown()))
        };
        let days = self.days_of_year(between.year).ok_or_else(unclear)?;
        // Days on which a step begins or ends, or in which the time lies: all have to mean one step.
        let candidates: Vec<i64> = match (self.label, self.unit.step()) {
            (Label::Middle, TimeStep::Seconds(_)) => {
                between.within(days.1 - days.0).map(|day| days.0 + day).to_vec()
            }
            (Label::Middle, TimeStep::Months(_)) => {
                let of_day = between.within(days.1 - days.0).map(|day| Some(days.0 + day));
                let of_month = between.within(12).map(|month| self.first_of_month(between.year, month));
                let all: Option<Vec<i128>> = of_day.into_iter().chain(of_month).collect();
                all.ok_or_else(unclear)?
            }
            (_, TimeStep::Seconds(_)) => {
                let count = days.1 - days.0;
                (0..=count).filter(|&day| between.has(day, count)).map(|day| days.0 + day).collect()
            }
            (_, TimeStep::Months(_)) => {
                let begins: Option<Vec<(i128, i128)>> =
                    (0..=12).map(|month| Some((month, self.first_of_month(between.year, month)?))).collect();
                let count = days.1 - days.0;
                let is_near =
                    |&(month, day): &(i128, i128)| between.has(month, 12) || between.has(day - days.0, count);
                begins.ok_or_else(unclear)?.into_iter().filter(is_near).map(|(_, day)| day).collect()
            }
        }
        .into_iter()
        .map(|day| i64::try_from(day).unwrap_or(i64::MAX))
        .collect();
        // Days on which no step of several months or days begins, or ends, mean none.
        let mut steps = candidates.iter().filter_map(|&day| self.step_of_day(day, 0, Extent::Moment).ok());
        let first = steps.next().ok_or_else(unclear)?;
        if steps.all(|other| other == first) { Ok(first) } else { Err(unclear()) }
    }

    /// The numbers of the first day of a year, and of that of the next.
    fn days_of_year(&self, year: i64) -> Option<(i128, i128)> {
        Some((self.first_of_month(year, 0)?, self.first_of_month(year, 12)?))
    }

    /// The number of the first day of a month, counted from 0 in January of a year.
    fn first_of_month(&self, year: i64, month: i128) -> Option<i128> {
        let calendar = self.unit.calendar();
        let year = i32::try_from(year.checked_add(i64::try_from(month.div_euclid(12)).ok()?)?).ok()?;
        let date = Date { year, month: u8::try_from(month.rem_euclid(12) + 1).ok()?, day: 1 };
        calendar.day_number(date).map(i128::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::description::Stamp;

    fn rule(step: &str, label: Label, calendar: &str) -> TimeRule {
        let stamp = Stamp { column: "t".to_owned(), units: Some("years".to_owned()), format: None };
        let keys = TimeKeys {
            stamp: Some(stamp),
            step: Some(step.to_owned()),
            calendar: Some(calendar.to_owned()),
            label: Some(label),
            ..TimeKeys::default()
        };
        TimeRule::of(&keys).expect("a rule")
    }

    fn told(rule: &TimeRule, text: &str) -> Option<String> {
        rule.unit.label(rule.step_of_text(text.as_bytes()).ok()?)
    }

    #[test]
    fn months_are_known_by_twelfths_and_by_days() {
        for calendar in ["standard", "noleap", "360_day"] {
            let [start, middle, end] =
                [Label::Start, Label::Middle, Label::End].map(|label| rule("month", label, calendar));
            for (year, month) in (1999..2005).flat_map(|year| (0..12).map(move |month| (year, month))) {
                let wanted = Some(format!("{year}-{:02}-01", month + 1));
                for decimals in [2, 4, 6, 12] {
                    let of = |part: f64| format!("{:.decimals$}", f64::from(year) + part);
                    let cut = |part: f64| {
                        let text = format!("{:.15}", f64::from(year) + part + 1e-12);
                        text[..text.find('.').expect("a point") + 1 + decimals].to_owned()
                    };
                    let part = f64::from(month) / 12.0;
                    for text in [of(part), cut(part)] {
                        assert_eq!(told(&start, &text), wanted, "{text} {calendar}");
                    }
                    let text = of(part + 1.0 / 24.0);
                    assert_eq!(told(&middle, &text), wanted, "{text} {calendar}");
                    for text in [of(part + 1.0 / 12.0), cut(part + 1.0 / 12.0)] {
                        assert_eq!(told(&end, &text), wanted, "{text} {calendar}");
                    }
                }
            }
            // DayCent's January ends here.
            assert_eq!(told(&end, "1990.08").as_deref(), Some("1990-01-01"));
            assert_eq!(told(&end, "1991.00").as_deref(), Some("1990-12-01"));
            assert_eq!(told(&start, "2001").as_deref(), Some("2001-01-01"));
            assert_eq!(told(&middle, "2001.0417").as_deref(), Some("2001-01-01"));
            for text in ["2001.1", "2001.05", "2001.45", "x", "", "-1.5", "2001.0.1", "2e3", "1234567.5"] {
                assert_eq!(told(&start, text), None, "{text}");
            }
            // Between two months, by one way to count or the other.
            for text in ["2001.0833", "2001.1", "2001.0"] {
                assert_eq!(told(&middle, text), None, "{text} {calendar}");
            }
        }
    }

    #[test]
    fn days_are_known_by_enough_decimals() {
        for (calendar, days) in [("noleap", [365, 365]), ("standard", [365, 366]), ("360_day", [360, 360])] {
            let [start, middle, end] =
                [Label::Start, Label::Middle, Label::End].map(|label| rule("day", label, calendar));
            for (year, days) in [2003, 2004].into_iter().zip(days) {
                let first = start.step_of_text(format!("{year}").as_bytes()).expect("a day");
                for day in 0..days {
                    let wanted = Some(first + day);
                    for decimals in [3, 4, 10, 15] {
                        let of = |part: f64| format!("{:.decimals$}", f64::from(year) + part / days as f64);
                        let step = |rule: &TimeRule, text: &str| rule.step_of_text(text.as_bytes()).ok();
                        assert_eq!(step(&start, &of(day as f64)), wanted, "{day} {decimals}");
                        assert_eq!(step(&end, &of(day as f64 + 1.0)), wanted, "{day} {decimals}");
                        if decimals > 3 {
                            assert_eq!(step(&middle, &of(day as f64 + 0.5)), wanted, "{day} {decimals}");
                        }
                    }
                }
            }
            // Several days have these decimals.
            assert_eq!(told(&start, "2003.08"), None);
            assert_eq!(told(&middle, "2003.5"), None);
        }
    }

    #[test]
    fn years_and_steps_that_cannot_be() {
        assert_eq!(told(&rule("year", Label::Start, "noleap"), "2001.0").as_deref(), Some("2001-01-01"));
        assert_eq!(told(&rule("year", Label::End, "noleap"), "2001.00").as_deref(), Some("2000-01-01"));
        assert_eq!(told(&rule("year", Label::Middle, "noleap"), "2001.5").as_deref(), Some("2001-01-01"));
        let stamp = Stamp { column: "t".to_owned(), units: Some("years".to_owned()), format: None };
        let keys = TimeKeys {
            stamp: Some(stamp),
            step: Some("hour".to_owned()),
            calendar: Some("noleap".to_owned()),
            ..TimeKeys::default()
        };
        let refused = TimeRule::of(&keys).expect_err("no hours").to_string();
        assert!(refused.contains("parts of a day"), "{refused}");
    }
}
