//! How stamps are written: as a number since 1970, as digits of a date, or as a text.

use crate::model::calendar::Calendar;
use crate::records::description::{Stamp, TimeKeys};
use crate::records::schema::TimeRule;

/// Formats that are tried, those that could be mistaken for each other in one group.
const FORMATS: [&[&str]; 14] = [
    &["%Y-%m-%d"],
    &["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%MZ", "%Y-%m-%dT%H:%M"],
    &["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"],
    &["%Y-%m"],
    &["%Y/%m/%d", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M"],
    &["%d/%m/%Y", "%m/%d/%Y"],
    &["%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"],
    &["%d.%m.%Y", "%d.%m.%Y %H:%M"],
    &["%d-%m-%Y", "%m-%d-%Y"],
    &["%d_%b_%Y", "%d-%b-%Y", "%d %b %Y", "%d%b%Y"],
    &["%Y%m%d", "%d%m%Y"],
    &["%Y%m%d%H", "%Y%m%d%H%M", "%Y%m%d%H%M%S"],
    &["%Y%j"],
    &["%Y%m"],
];

/// Units of numbers since 1970, and how many digits those of today have.
const UNITS: [(&str, usize); 4] = [
    ("seconds since 1970-01-01", 10),
    ("milliseconds since 1970-01-01", 13),
    ("microseconds since 1970-01-01", 16),
    ("nanoseconds since 1970-01-01", 19),
];

/// How stamps are written.
#[derive(Debug, Clone, PartialEq)]
pub enum Written {
    /// In one way.
    So(Stamp, String),
    /// In any of these.
    Any(Vec<Stamp>),
    /// In none that is known.
    Unknown,
}

/// How all stamps of a column are written.
pub fn written(column: &str, texts: &[&str]) -> Written {
    let texts: Vec<&str> = texts.iter().copied().filter(|text| !text.is_empty()).collect();
    let Some(first) = texts.first() else { return Written::Unknown };
    let mut fits = Vec::new();
    let of_format =
        |format: &str| Stamp { column: column.to_owned(), units: None, format: Some(format.to_owned()) };
    for format in FORMATS.into_iter().flatten() {
        let stamp = of_format(format);
        let is_long = |text: &&str| digits_of(format).is_none_or(|digits| text.len() == digits);
        if texts.iter().all(is_long)
            && let Some(rule) = rule(&stamp)
            && texts
                .iter()
                .all(|text| rule.step_of_text(text.as_bytes()).is_ok_and(|step| is_of_now(&rule, step)))
        {
            fits.push((stamp, format!("texts such as {first:?} are dates by {format:?}")));
        }
    }
    let is_whole = |text: &&&str| text.bytes().all(|byte| byte.is_ascii_digit());
    if texts.iter().all(|text| is_whole(&text)) {
        for (units, digits) in UNITS {
            // One digit less before 2001-09-09.
            if texts.iter().any(|text| !(digits - 1..=digits).contains(&text.len())) {
                continue;
            }
            let stamp = Stamp { column: column.to_owned(), units: Some(units.to_owned()), format: None };
            let Some(rule) = rule(&stamp) else { continue };
            let is_time = |text: &&str| text.parse().is_ok_and(|number| rule.step_of_number(number).is_ok());
            if texts.iter().all(|text| is_time(text) || units.starts_with('m') || units.starts_with('n')) {
                fits.push((stamp, format!("numbers such as {first} have the digits of {units}")));
            }
        }
    }
    match fits.len() {
        0 => Written::Unknown,
        1 => fits.pop().map_or(Written::Unknown, |(stamp, why)| Written::So(stamp, why)),
        _ => Written::Any(fits.into_iter().map(|(stamp, _)| stamp).collect()),
    }
}

/// Whether a text is a year with decimals.
pub fn is_of_years(text: &str) -> bool {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once('.').is_some_and(|(year, part)| year.len() == 4 && is_digits(year) && is_digits(part))
}

/// The digits of a format that is nothing but digits.
fn digits_of(format: &str) -> Option<usize> {
    let parts = format.strip_prefix('%')?.split('%');
    let length = |part: &str| match part {
        "Y" => Some(4),
        "j" => Some(3),
        "m" | "d" | "H" | "M" | "S" => Some(2),
        _ => None,
    };
    parts.map(length).sum()
}

fn rule(stamp: &Stamp) -> Option<TimeRule> {
    let of = |calendar: Calendar| {
        let keys = TimeKeys {
            stamp: Some(stamp.clone()),
            step: Some("second".to_owned()),
            calendar: Some(calendar.name().to_owned()),
            ..TimeKeys::default()
        };
        TimeRule::of(&keys).ok()
    };
    of(Calendar::Standard)
}

/// Whether a date is one that models and people have, so that digits by chance are none.
fn is_of_now(rule: &TimeRule, step: i64) -> bool {
    rule.unit.date(step).is_some_and(|date| (500..=3000).contains(&date.year))
}

/// The format or units of a stamp, to name it.
pub fn named(stamp: &Stamp) -> String {
    let units = stamp.units.as_ref().map(|units| format!("units = {units:?}"));
    units.or_else(|| stamp.format.as_ref().map(|format| format!("format = {format:?}"))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_known() {
        for (texts, wanted) in [
            (vec!["2001-01-31", "2001-02-28"], "format = \"%Y-%m-%d\""),
            (vec!["2013-11-01 00:00:00"], "format = \"%Y-%m-%d %H:%M:%S\""),
            (vec!["2013-11-01T00:00"], "format = \"%Y-%m-%dT%H:%M\""),
            (vec!["1383260400000", "1383261000000"], "units = \"milliseconds since 1970-01-01\""),
            (vec!["1383260400"], "units = \"seconds since 1970-01-01\""),
            (vec!["1383260400000000"], "units = \"microseconds since 1970-01-01\""),
            (vec!["01_jan_1980"], "format = \"%d_%b_%Y\""),
            (vec!["31/12/2001", "01/01/2002"], "format = \"%d/%m/%Y\""),
            (vec!["19790101", "19790131"], "format = \"%Y%m%d\""),
            (vec!["1979001", "1979365"], "format = \"%Y%j\""),
            (vec!["197901", "197912"], "format = \"%Y%m\""),
            (vec!["01/02/2001", "03/04/2001"], "format = \"%d/%m/%Y\" or format = \"%m/%d/%Y\""),
            (
                vec!["1979010100", "1979010200"],
                "format = \"%Y%m%d%H\" or units = \"seconds since 1970-01-01\"",
            ),
            (vec!["1990.08"], ""),
            (vec!["yesterday"], ""),
            (vec![], ""),
        ] {
            let told = match written("t", &texts) {
                Written::So(stamp, _) => named(&stamp),
                Written::Any(stamps) => stamps.iter().map(named).collect::<Vec<_>>().join(" or "),
                Written::Unknown => String::new(),
            };
            assert_eq!(told, wanted, "{texts:?}");
        }
    }
}
