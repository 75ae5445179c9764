//! A period's dump of CAETE-DVM: a dict of daily series, and the dates they belong to.

use crate::dump::{ContentProblem, DumpError, Value, ValueKind};
use crate::model::calendar::Calendar;
use crate::model::series::NotSeries;
use crate::model::time_unit::TimeUnit;
use crate::source::{Content, Series};

/// A longer period than this many days (2,700 years) is taken for damage.
const MAX_DAYS: i64 = 1 << 20;
/// The model writes 41 keys. Every key is looked for among all, so their number must not be a dump's to choose.
const MAX_KEYS: usize = 1 << 10;
/// The keys that tell the dates.
const DATES: [&str; 4] = ["calendar", "time_unit", "sind", "eind"];
/// Of a key that is not a text, so much is shown.
const SHOWN: usize = 40;

/// Sees a dict as a period. The keys `sind` and `eind` hold the first and the last day, both included, in the unit
/// `time_unit` of the calendar `calendar`. A series is an array of one or two dimensions, or a list of numbers or of such lists.
///
/// # Errors
/// [`DumpError::Content`] where one of those keys is missing or makes no sense.
pub fn period(root: Value<'_>) -> Result<Content<'_>, DumpError> {
    match root.kind() {
        ValueKind::Dict(0..=MAX_KEYS) => {}
        ValueKind::Dict(keys) => {
            return Err(DumpError::Content(ContentProblem::Keys { keys, limit: MAX_KEYS }));
        }
        _ => return Err(DumpError::Content(ContentProblem::NotADict)),
    }
    let calendar = text(root, "calendar")?;
    let calendar = Calendar::parse(calendar)
        .ok_or_else(|| DumpError::Content(ContentProblem::Calendar(shorten(calendar))))?;
    let unit = text(root, "time_unit")?;
    let unit = TimeUnit::parse(unit, calendar).map_err(|error| {
        DumpError::Content(ContentProblem::TimeUnit { reason: shorten(&error.to_string()) })
    })?;
    let (first, last) = (day(root, "sind")?, day(root, "eind")?);
    // Both ends must be dates, so that everything behind this point can name them.
    let dated = unit.date(first).is_some() && unit.date(last).is_some();
    let mut content = match last.checked_sub(first) {
        Some(0..MAX_DAYS) if dated => Content::new(unit, first, last),
        _ => return Err(DumpError::Content(ContentProblem::Span { first, last, limit: MAX_DAYS })),
    };
    for (key, value) in root.entries() {
        let Some(name) = key.as_str() else {
            let name = key.as_i64().map(|number| number.to_string());
            let name = name.unwrap_or_else(|| format!("{:?}", key.kind()));
            content.push_other(name.chars().take(SHOWN).collect(), NotSeries::Key);
            continue;
        };
        // Of a key that is there twice the last counts, as in Python.
        let is_last = root.get(name).is_some_and(|last| last.identity() == value.identity());
        if !is_last || DATES.contains(&name) {
            continue;
        }
        match series(value) {
            // One value under the same key twice.
            Ok(_) if content.series(name).is_some() => {}
            Ok(series) => content.push(name, series),
            Err(reason) => content.push_other(name.to_owned(), reason),
        }
    }
    Ok(content)
}

/// Sees an array of the shape `(days,)` or `(rows, days)`, or a list of numbers or of such lists, as a series.
///
/// # Errors
/// Why it is none.
pub fn series(value: Value<'_>) -> Result<Series<'_>, NotSeries> {
    let array = value.numbers()?;
    let (rows, days) = match *array.shape() {
        [days] => (None, days),
        [rows, days] => (Some(rows), days),
        _ => return Err(NotSeries::Dimensions(array.shape().len())),
    };
    let dtype = array.dtype();
    Ok(Series {
        element: dtype.element(),
        type_name: dtype,
        size: dtype.size,
        big_endian: dtype.big_endian,
        rows,
        days,
        is_day_first: array.is_fortran(),
        data: array.data(),
        mask: array.mask(),
    })
}

fn text<'a>(root: Value<'a>, key: &'static str) -> Result<&'a str, DumpError> {
    let value = root.get(key).ok_or(DumpError::Content(ContentProblem::MissingKey(key)))?;
    value.as_str().ok_or(DumpError::Content(ContentProblem::KeyType { key, wanted: "a text" }))
}

fn day(root: Value<'_>, key: &'static str) -> Result<i64, DumpError> {
    let value = root.get(key).ok_or(DumpError::Content(ContentProblem::MissingKey(key)))?;
    value.as_i64().ok_or(DumpError::Content(ContentProblem::KeyType { key, wanted: "a whole number" }))
}

fn shorten(text: &str) -> String {
    text.chars().take(120).collect()
}
