//! Numbers of binary files as rows: what readers of such files have in common.

use crate::model::element::Element;

use super::rows::{Column, MISSING, RecordFault, RecordFaultKind, Rows};
use super::schema::Table;
use super::text::Outcome;

/// A number as a file has it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Whole(i64),
    F4(f32),
    F8(f64),
}

impl Number {
    pub(super) fn to_f64(self) -> f64 {
        match self {
            Number::Whole(value) => value as f64,
            Number::F4(value) => value.into(),
            Number::F8(value) => value,
        }
    }

    /// A whole number; `None` of others.
    pub(super) fn to_whole(self) -> Option<i64> {
        match self {
            Number::Whole(value) => Some(value),
            other => {
                let value = other.to_f64();
                (value.fract() == 0.0 && value.abs() < 9.2e18).then_some(value as i64)
            }
        }
    }

    /// The number divided by another, rounded once where the type can hold both.
    pub(super) fn divided(self, by: f32) -> Number {
        match self {
            number if by == 1.0 => number,
            Number::Whole(value) if value.unsigned_abs() <= 1 << 24 => Number::F4(value as f32 / by),
            Number::Whole(value) => Number::F8(value as f64 / f64::from(by)),
            Number::F4(value) => Number::F4(value / by),
            Number::F8(value) => Number::F8(value / f64::from(by)),
        }
    }
}

/// The type of numbers in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    I1,
    U1,
    I2,
    U2,
    I4,
    U4,
    I8,
    U8,
    F4,
    F8,
}

impl Kind {
    pub(super) fn size(self) -> usize {
        match self {
            Kind::I1 | Kind::U1 => 1,
            Kind::I2 | Kind::U2 => 2,
            Kind::I4 | Kind::U4 | Kind::F4 => 4,
            Kind::I8 | Kind::U8 | Kind::F8 => 8,
        }
    }

    /// The number in the first bytes of some; `None` where they are too few.
    pub(super) fn read(self, bytes: &[u8], is_big: bool) -> Option<Number> {
        fn array<const N: usize>(bytes: &[u8], is_big: bool) -> Option<[u8; N]> {
            let mut array = *bytes.first_chunk::<N>()?;
            if is_big {
                array.reverse();
            }
            Some(array)
        }
        Some(match self {
            Kind::I1 => Number::Whole(i8::from_le_bytes(array(bytes, is_big)?).into()),
            Kind::U1 => Number::Whole(u8::from_le_bytes(array(bytes, is_big)?).into()),
            Kind::I2 => Number::Whole(i16::from_le_bytes(array(bytes, is_big)?).into()),
            Kind::U2 => Number::Whole(u16::from_le_bytes(array(bytes, is_big)?).into()),
            Kind::I4 => Number::Whole(i32::from_le_bytes(array(bytes, is_big)?).into()),
            Kind::U4 => Number::Whole(u32::from_le_bytes(array(bytes, is_big)?).into()),
            Kind::I8 => Number::Whole(i64::from_le_bytes(array(bytes, is_big)?)),
            Kind::U8 => {
                let value = u64::from_le_bytes(array(bytes, is_big)?);
                i64::try_from(value).map_or(Number::F8(value as f64), Number::Whole)
            }
            Kind::F4 => Number::F4(f32::from_le_bytes(array(bytes, is_big)?)),
            Kind::F8 => Number::F8(f64::from_le_bytes(array(bytes, is_big)?)),
        })
    }
}

/// Texts of missing values as numbers, by column of values.
pub(super) fn codes(table: &Table) -> Vec<Vec<f64>> {
    let numbers = |texts: &Vec<String>| texts.iter().filter_map(|text| text.trim().parse().ok()).collect();
    table.missing.iter().map(numbers).collect()
}

/// Makes rows ready for those of a table; false where there are some of other columns.
pub(super) fn begin(table: &Table, rows: &mut Rows) -> bool {
    let made = || table.elements.iter().map(|&(element, summed)| Column::new(element, summed));
    if !rows.is_empty() {
        let is_same =
            |(there, new): (&Column, Column)| std::mem::discriminant(there) == std::mem::discriminant(&new);
        return rows.fields == table.fields
            && rows.columns.len() == table.elements.len()
            && rows.columns.iter().zip(made()).all(is_same);
    }
    rows.clear();
    rows.fields.clone_from(&table.fields);
    rows.columns = made().collect();
    true
}

/// Puts a number behind the values of a column.
///
/// # Errors
/// In words, where the column's type cannot hold it.
pub(super) fn put(
    column: &mut Column,
    element: Element,
    codes: &[f64],
    number: Number,
) -> Result<(), String> {
    let value = number.to_f64();
    let is_missing =
        value.is_nan() || codes.iter().any(|&code| code == value || f64::from(code as f32) == value);
    match column {
        Column::F4(values) => {
            let near = match number {
                Number::F4(value) => value,
                Number::Whole(value) => value as f32,
                Number::F8(value) => value as f32,
            };
            if near.is_infinite() && value.is_finite() {
                return Err(format!("{value} is beyond the column's type"));
            }
            values.push(if is_missing { f32::NAN } else { near });
        }
        Column::F8(values) => values.push(if is_missing { f64::NAN } else { value }),
        Column::Whole(values) if is_missing => values.push(MISSING),
        Column::Whole(values) => {
            let whole = number.to_whole().ok_or_else(|| format!("{value} is no whole number"))?;
            let bits = 8 * element.size() as u32;
            let is_in = match element {
                Element::UInt8 | Element::UInt16 | Element::UInt32 | Element::UInt64 => {
                    whole >= 0 && (bits == 64 || whole < 1 << bits)
                }
                _ => {
                    bits == 64 && whole != MISSING
                        || bits < 64 && (-(1 << (bits - 1))..1 << (bits - 1)).contains(&whole)
                }
            };
            if !is_in {
                return Err(format!("{whole} is beyond the column's type"));
            }
            values.push(whole);
        }
    }
    Ok(())
}

/// Adds a fault, of a record that is counted from 0 or of the file.
pub(super) fn fault(
    outcome: &mut Outcome,
    name: &str,
    record: Option<u64>,
    kind: RecordFaultKind,
    message: String,
) {
    const MOST: usize = 1_000;
    if record.is_some() {
        outcome.lines.faulty += 1;
    }
    if outcome.faults.len() < MOST {
        let line = record.map(|record| record + 1);
        outcome.faults.push(RecordFault { file: name.to_owned(), line, kind, message });
    }
}
