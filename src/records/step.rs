//! Steps of time as people write them.

use crate::model::time_step::TimeStep;

/// The names of steps, their seconds, or their months.
const UNITS: [(&str, Option<u32>, u32); 7] = [
    ("second", Some(1), 0),
    ("minute", Some(60), 0),
    ("hour", Some(3_600), 0),
    ("day", Some(86_400), 0),
    ("week", Some(604_800), 0),
    ("month", None, 1),
    ("year", None, 12),
];

/// Reads `year`, `10 minutes`, `PT10M`.
///
/// # Errors
/// Any other text, in words.
pub fn parse(text: &str) -> Result<TimeStep, String> {
    let refused = || format!("{text:?} is not a step of time");
    let text = text.trim();
    if let Ok(step) = text.parse() {
        return Ok(step);
    }
    let (count, unit) = match text.split_once(char::is_whitespace) {
        None => (1, text),
        Some((count, unit)) => (count.parse::<u32>().map_err(|_| refused())?, unit.trim()),
    };
    let unit = unit.to_ascii_lowercase();
    let is_one = |name: &str| unit == name || unit.strip_suffix('s') == Some(name);
    let (_, seconds, months) = UNITS.iter().find(|(name, ..)| is_one(name)).ok_or_else(refused)?;
    let step = match seconds {
        Some(seconds) => seconds.checked_mul(count).and_then(TimeStep::seconds),
        None => months.checked_mul(count).and_then(TimeStep::months),
    };
    step.ok_or_else(refused)
}

/// A step as a description has it: `year`, `10 minutes`.
pub fn words(step: TimeStep) -> String {
    let words = step.words();
    words.strip_prefix("1 ").map_or(words.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_read_and_written() {
        for (text, iso, back) in [
            ("year", "P1Y", "year"),
            ("Months", "P1M", "month"),
            ("day", "P1D", "day"),
            ("10 minutes", "PT10M", "10 minutes"),
            (" 3  hours ", "PT3H", "3 hours"),
            ("PT600S", "PT10M", "10 minutes"),
            ("1 week", "P7D", "7 days"),
            ("24 hours", "P1D", "day"),
        ] {
            let step = parse(text).expect(text);
            assert_eq!((step.to_string(), words(step)), (iso.to_owned(), back.to_owned()));
            assert_eq!(parse(&words(step)), Ok(step));
        }
        for text in ["", "0 days", "decade", "-1 day", "1.5 hours", "day 2", "999999999 years"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
