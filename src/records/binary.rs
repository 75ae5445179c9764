//! Numbers of binary files as rows: what readers of such files have in common.

use crate::model::element::Element;

pub(super) use super::number::{Kind, Number};
use super::rows::{Column, MISSING, RecordFault, RecordFaultKind, Rows};
use super::schema::Table;
use super::text::Outcome;

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
