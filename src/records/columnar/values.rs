//! Columns of values, each in the type of its own and in the one that is wanted.

use crate::model::element::Element;
use crate::records::rows::{Column, MISSING, RecordFaultKind};
use crate::records::text::{Bad, Codes, Field, float, in_range, whole};

use super::bads::Bads;
use super::cells::{Cells, Kind, wide};

/// The greatest whole number up to which floats of eight bytes hold all.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The texts of a missing value, as the values that they are of each kind: those that print as the text.
#[derive(Debug, Default)]
pub(super) struct Known {
    whole: Vec<i64>,
    natural: Vec<u64>,
    f4: Vec<u32>,
    f8: Vec<u64>,
    any: bool,
}

impl Known {
    pub(super) fn of(codes: &Codes) -> Self {
        let mut known = Known { any: !codes.texts.is_empty(), ..Known::default() };
        for text in codes.texts.iter().filter_map(|text| std::str::from_utf8(text).ok()) {
            let is = |value: &dyn std::fmt::Display| value.to_string() == text;
            known.whole.extend(text.parse::<i64>().ok().filter(|value| is(value)));
            known.natural.extend(text.parse::<u64>().ok().filter(|value| is(value)));
            known.f4.extend(text.parse::<f32>().ok().filter(|value| is(value)).map(f32::to_bits));
            known.f8.extend(text.parse::<f64>().ok().filter(|value| is(value)).map(f64::to_bits));
        }
        known
    }
}

/// What a column of values is read as.
pub(super) struct Wanted<'a> {
    pub(super) element: (Element, bool),
    pub(super) codes: &'a Codes,
    pub(super) known: &'a Known,
    /// The column's name, for faults.
    pub(super) name: &'a str,
}

/// Puts the values of a column behind those that are there: one a row, a missing one where it cannot be used.
pub(super) fn put(cells: &Cells<'_>, rows: usize, wanted: &Wanted<'_>, out: &mut Column, bads: &mut Bads) {
    match out {
        Column::F4(out) => {
            let begin = out.len();
            f4(cells, rows, wanted, out, bads);
            mask(cells, out.get_mut(begin..).unwrap_or_default(), f32::NAN);
        }
        Column::F8(out) => {
            let begin = out.len();
            f8(cells, rows, wanted, out, bads);
            mask(cells, out.get_mut(begin..).unwrap_or_default(), f64::NAN);
        }
        Column::Whole(out) => {
            let begin = out.len();
            whole_numbers(cells, rows, wanted, out, bads);
            mask(cells, out.get_mut(begin..).unwrap_or_default(), MISSING);
        }
    }
}

/// Makes the values of rows without one missing.
fn mask<T: Copy>(cells: &Cells<'_>, out: &mut [T], missing: T) {
    let Some(nulls) = cells.nulls else { return };
    for (row, value) in out.iter_mut().enumerate() {
        if nulls.is_null(row) {
            *value = missing;
        }
    }
}

fn bad(bads: &mut Bads, row: usize, name: &str, text: &str, bad: Bad) {
    bads.add(row, || {
        let excerpt: String = text.chars().take(40).collect();
        let excerpt = crate::printable::printable(&excerpt).to_string();
        let name = crate::printable::printable(name).to_string();
        let (kind, words) = match bad {
            Bad::Form => (RecordFaultKind::Number, format!("{excerpt:?} is no number")),
            Bad::Beyond => (RecordFaultKind::Number, format!("{excerpt} is beyond the column's type")),
            Bad::Fraction => (RecordFaultKind::Number, format!("{excerpt} is no whole number")),
            Bad::Long => (RecordFaultKind::TooLarge, "a number of too many characters".to_owned()),
        };
        (kind, format!("column {name}: {words}"))
    });
}

/// Values that are read as text, whatever they are.
fn slowly<T: Copy>(
    cells: &Cells<'_>,
    rows: usize,
    wanted: &Wanted<'_>,
    out: &mut Vec<T>,
    bads: &mut Bads,
    missing: T,
    read: impl Fn(&[u8]) -> Result<Field<T>, Bad>,
) {
    let mut text = String::new();
    for row in 0..rows {
        cells.text(row, &mut text);
        let own = text.as_bytes();
        let is_missing = own.is_empty() || wanted.codes.texts.iter().any(|code| code == own);
        out.push(match is_missing {
            true => missing,
            false => match read(own) {
                Ok(Field::Number(value)) => value,
                Ok(Field::Missing) => missing,
                Err(why) => {
                    bad(bads, row, wanted.name, &text, why);
                    missing
                }
            },
        });
    }
}

/// Tells the rows of values that are beyond a type, where they are any.
fn beyond(
    cells: &Cells<'_>,
    rows: usize,
    wanted: &Wanted<'_>,
    bads: &mut Bads,
    is_bad: impl Fn(usize) -> bool,
) {
    let mut text = String::new();
    for row in (0..rows).filter(|&row| is_bad(row) && !cells.is_missing(row)) {
        cells.text(row, &mut text);
        bad(bads, row, wanted.name, &text, Bad::Beyond);
    }
}

fn f4(cells: &Cells<'_>, rows: usize, wanted: &Wanted<'_>, out: &mut Vec<f32>, bads: &mut Bads) {
    let known = wanted.known;
    match &cells.kind {
        Kind::F4(values) => {
            let value = |&value: &f32| match value.is_nan() || known.f4.contains(&value.to_bits()) {
                true => f32::NAN,
                false => value,
            };
            out.extend(values.iter().map(value));
        }
        Kind::F8(values) => {
            // The nearest one; a text of the exact value of eight bytes gives no other.
            let value = |&value: &f64| match value.is_nan() || known.f8.contains(&value.to_bits()) {
                true => f32::NAN,
                false => value as f32,
            };
            let begin = out.len();
            out.extend(values.iter().map(value));
            let made = out.get(begin..).unwrap_or_default();
            if made.iter().any(|value| value.is_infinite()) {
                let is_bad = |row: usize| {
                    made.get(row).is_some_and(|value| value.is_infinite())
                        && values.get(row).is_some_and(|value| value.is_finite())
                };
                beyond(cells, rows, wanted, bads, is_bad);
            }
        }
        Kind::Whole(values) => out.extend(values.iter().map(|value| match known.whole.contains(value) {
            true => f32::NAN,
            false => *value as f32,
        })),
        Kind::Natural(values) => out.extend(values.iter().map(|value| match known.natural.contains(value) {
            true => f32::NAN,
            false => *value as f32,
        })),
        _ => slowly(cells, rows, wanted, out, bads, f32::NAN, |text| float(text, b'.')),
    }
}

fn f8(cells: &Cells<'_>, rows: usize, wanted: &Wanted<'_>, out: &mut Vec<f64>, bads: &mut Bads) {
    let known = wanted.known;
    match &cells.kind {
        Kind::F8(values) => {
            let value = |&value: &f64| match value.is_nan() || known.f8.contains(&value.to_bits()) {
                true => f64::NAN,
                false => value,
            };
            out.extend(values.iter().map(value));
        }
        Kind::F4(values) => {
            let value = |&value: &f32| match value.is_nan() || known.f4.contains(&value.to_bits()) {
                true => f64::NAN,
                false => wide(value),
            };
            out.extend(values.iter().map(value));
        }
        Kind::Whole(values) => out.extend(values.iter().map(|value| match known.whole.contains(value) {
            true => f64::NAN,
            false => *value as f64,
        })),
        Kind::Natural(values) => out.extend(values.iter().map(|value| match known.natural.contains(value) {
            true => f64::NAN,
            false => *value as f64,
        })),
        // One division of two numbers that are exact is the nearest.
        Kind::Decimal(values, scale @ 0..=22) if !known.any => {
            let by = 10f64.powi(i32::from(*scale));
            let mut text = String::new();
            for (row, &value) in values.iter().enumerate() {
                out.push(match value.unsigned_abs() <= 1 << 53 {
                    true => value as f64 / by,
                    false => {
                        cells.text(row, &mut text);
                        text.parse().unwrap_or(f64::NAN)
                    }
                });
            }
        }
        _ => slowly(cells, rows, wanted, out, bads, f64::NAN, |text| float(text, b'.')),
    }
}

fn whole_numbers(cells: &Cells<'_>, rows: usize, wanted: &Wanted<'_>, out: &mut Vec<i64>, bads: &mut Bads) {
    let known = wanted.known;
    let read = |text: &[u8]| match whole(text, b'.')? {
        Field::Number(value) => in_range(Some(&wanted.element), value).map(Field::Number),
        Field::Missing => Ok(Field::Missing),
    };
    let Kind::Whole(values) = &cells.kind else {
        let float = |row: usize| match &cells.kind {
            Kind::F4(values) => values.get(row).map(|&value| wide(value)),
            Kind::F8(values) => values.get(row).copied(),
            _ => None,
        };
        // Of floats, most are whole and have few digits.
        let is_plain = |row: usize| {
            float(row).is_some_and(|value| value.fract() == 0.0 && value.abs() < EXACT) && !known.any
        };
        if matches!(cells.kind, Kind::F4(_) | Kind::F8(_))
            && (0..rows).all(|row| is_plain(row) || cells.is_missing(row))
        {
            let begin = out.len();
            out.extend((0..rows).map(|row| float(row).map_or(MISSING, |value| value as i64)));
            return ranges(cells, rows, wanted, out, begin, bads);
        }
        return slowly(cells, rows, wanted, out, bads, MISSING, read);
    };
    let begin = out.len();
    out.extend(values.iter().copied());
    ranges(cells, rows, wanted, out, begin, bads);
    if !known.whole.is_empty() {
        let made = out.get_mut(begin..).unwrap_or_default();
        made.iter_mut().filter(|value| known.whole.contains(value)).for_each(|value| *value = MISSING);
    }
}

/// Tells the rows whose whole numbers the type does not hold.
fn ranges(
    cells: &Cells<'_>,
    rows: usize,
    wanted: &Wanted<'_>,
    out: &mut [i64],
    begin: usize,
    bads: &mut Bads,
) {
    let made = out.get_mut(begin..).unwrap_or_default();
    let is_out = |value: i64| value == MISSING || in_range(Some(&wanted.element), value).is_err();
    if !made.iter().any(|&value| is_out(value)) {
        return;
    }
    let is_bad = |row: usize| {
        made.get(row).is_some_and(|&value| is_out(value) && !wanted.known.whole.contains(&value))
    };
    beyond(cells, rows, wanted, bads, is_bad);
    made.iter_mut().filter(|value| is_out(**value)).for_each(|value| *value = MISSING);
}
