//! The rule of times, from a description's words.

use super::*;
use crate::records::description::YEARS;
use crate::records::step;

/// What is wrong with the words about time in a description.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimesError {
    /// A key is not there that has to be.
    #[error("`{0}` is not given")]
    Missing(&'static str),
    /// The step is none.
    #[error("`step`: {0}; it is written as `year`, `month`, `day`, `10 minutes` or `PT10M`")]
    Step(String),
    /// The calendar is none.
    #[error("{0:?} is not a calendar of the CF conventions")]
    Calendar(String),
    /// The number of a first year.
    #[error("`first` says nothing of years; what is added to them is `year_offset`")]
    FirstYear,
    /// The stamp has neither units nor a format, or both.
    #[error("`stamp` needs either `units` or `format`")]
    Stamp,
    /// The units of the stamp are not understood.
    #[error("`units` of the stamp, {text:?}: {reason}")]
    Units {
        /// The units.
        text: String,
        /// What is wrong with them.
        reason: String,
    },
    /// The format of the stamp is not understood.
    #[error("`format` of the stamp, {text:?}: {reason}")]
    Format {
        /// The format.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The start is not understood.
    #[error("`start`, {text:?}: {reason}")]
    Start {
        /// The start.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The axis that would be made is none.
    #[error(transparent)]
    Axis(#[from] ParseTimeUnitError),
}

/// The unit in which an axis of a step is counted.
fn counted_in(step: TimeStep) -> &'static str {
    match step {
        TimeStep::Months(_) => "days",
        TimeStep::Seconds(seconds) => match seconds.get() {
            length if length % 86_400 == 0 => "days",
            length if length % 3_600 == 0 => "hours",
            length if length % 60 == 0 => "minutes",
            _ => "seconds",
        },
    }
}

impl TimeRule {
    /// The rule of a complete description of times: its step and its calendar are known.
    ///
    /// Steps are counted from the date of `start` or of the stamp's units, else from 1970-01-01.
    ///
    /// # Errors
    /// Words that are missing or not understood.
    pub fn of(keys: &TimeKeys) -> Result<TimeRule, TimesError> {
        let words = keys.step.as_deref().ok_or(TimesError::Missing("step"))?;
        let step = step::parse(words).map_err(TimesError::Step)?;
        let words = keys.calendar.as_deref().ok_or(TimesError::Missing("calendar"))?;
        let calendar = Calendar::parse(words).ok_or_else(|| TimesError::Calendar(words.to_owned()))?;
        let mut reference = "1970-01-01".to_owned();
        let stamp = match &keys.stamp {
            None => None,
            Some(stamp) => match (&stamp.units, &stamp.format) {
                (Some(units), None) if units == YEARS => match step {
                    TimeStep::Seconds(seconds) if seconds.get() % 86_400 != 0 => {
                        let reason = "years with decimals do not tell parts of a day".to_owned();
                        return Err(TimesError::Units { text: units.clone(), reason });
                    }
                    _ => Some(StampRule::Years),
                },
                (Some(units), None) => {
                    let (rule, since) = stamp_of_units(units, calendar)?;
                    // A stamp may count from any day, steps of months from a first one only.
                    if !matches!(step, TimeStep::Months(_)) {
                        reference = since;
                    }
                    Some(rule)
                }
                (None, Some(format)) => match format::problem(format) {
                    None => Some(StampRule::Text(format.clone())),
                    Some(reason) => return Err(TimesError::Format { text: format.clone(), reason }),
                },
                _ => return Err(TimesError::Stamp),
            },
        };
        if let Some(start) = &keys.start {
            reference = start.clone();
        }
        let text = format!("{} since {reference}", counted_in(step));
        let unit = match (TimeUnit::of_steps(&text, calendar, Some(step)), &keys.start) {
            (Ok(unit), _) => unit,
            (Err(error), Some(start)) => {
                return Err(TimesError::Start { text: start.clone(), reason: error.to_string() });
            }
            (Err(error), None) => return Err(error.into()),
        };
        Ok(TimeRule {
            unit,
            label: keys.label.unwrap_or_default(),
            add: added(keys)?,
            stamp,
            start: keys.start.as_ref().map(|_| 0),
        })
    }
}

/// What is added to the numbers of parts.
fn added(keys: &TimeKeys) -> Result<Vec<(Part, i64)>, TimesError> {
    if matches!(keys.year, Some(TimePart::From { .. })) {
        return Err(TimesError::FirstYear);
    }
    let parts = [
        (Part::Month, &keys.month, 1),
        (Part::Day, &keys.day, 1),
        (Part::DayOfYear, &keys.day_of_year, 1),
        (Part::Hour, &keys.hour, 0),
        (Part::Minute, &keys.minute, 0),
        (Part::Second, &keys.second, 0),
    ];
    let firsts = parts.into_iter().filter_map(|(part, key, usual)| match key {
        Some(TimePart::From { first, .. }) => Some((part, usual - first)),
        _ => None,
    });
    let years = keys.year_offset.map(|offset| (Part::Year, i64::from(offset)));
    Ok(years.into_iter().chain(firsts).filter(|&(_, add)| add != 0).collect())
}

/// Parts of a second and longer, by their names in units.
const UNITS: [(&[&str], i64, i64); 7] = [
    (&["nanoseconds", "nanosecond", "ns"], 1, 1_000_000_000),
    (&["microseconds", "microsecond", "us"], 1, 1_000_000),
    (&["milliseconds", "millisecond", "msec", "msecs", "ms"], 1, 1_000),
    (&["seconds", "second", "secs", "sec", "s"], 1, 1),
    (&["minutes", "minute", "mins", "min"], 60, 1),
    (&["hours", "hour", "hrs", "hr", "h"], 3_600, 1),
    (&["days", "day", "d"], 86_400, 1),
];

/// The rule of a stamp's units, and since when it counts.
fn stamp_of_units(text: &str, calendar: Calendar) -> Result<(StampRule, String), TimesError> {
    let refused = |reason: String| TimesError::Units { text: text.to_owned(), reason };
    let (unit, since) = text.trim().split_once(char::is_whitespace).unwrap_or((text, ""));
    let since = since.trim();
    let is_since = since.get(..5).is_some_and(|word| word.eq_ignore_ascii_case("since"));
    let moment = since.get(5..).map(str::trim).filter(|moment| is_since && !moment.is_empty());
    let moment =
        moment.ok_or_else(|| refused("it is not of the form `milliseconds since DATE`".to_owned()))?;
    let known = UNITS.iter().find(|(names, _, _)| names.iter().any(|name| unit.eq_ignore_ascii_case(name)));
    let &(_, numerator, denominator) =
        known.ok_or_else(|| refused(format!("{unit:?} is none of nanoseconds to days")))?;
    let axis = TimeUnit::of_steps(&format!("seconds since {moment}"), calendar, None);
    let axis = axis.map_err(|error| refused(error.to_string()))?;
    let reference =
        axis.day_and_milliseconds(0).zip(epoch(calendar)).and_then(|((day, milliseconds), first)| {
            let whole = (milliseconds % 1_000 == 0).then_some(milliseconds / 1_000)?;
            day.checked_sub(first)?.checked_mul(DAY)?.checked_add(whole)
        });
    let reference = reference.ok_or_else(|| refused("it does not begin with a second".to_owned()))?;
    Ok((StampRule::Number { numerator, denominator, reference }, moment.to_owned()))
}
