//! Places, times and labels of the rows of a batch.

use std::collections::HashMap;

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef};

use crate::records::rows::{RecordFaultKind as Fault, key_of, key_with};
use crate::records::schema::{Part, TimeRule};
use crate::records::text::{Bad, Field, Making, Plan, Steps, Times, float, whole};
use crate::records::times::month_of_name;

use super::bads::Bads;
use super::cells::{Cells, Kind, Texts, plain, wide};

/// Values that were looked at, by their bits: what follows from them is not found out again.
pub(super) struct Seen<T> {
    known: Vec<Option<(u64, T)>>,
}

const SEEN: usize = 1_024;

impl<T> Default for Seen<T> {
    fn default() -> Self {
        Seen { known: Vec::new() }
    }
}

impl<T: Copy> Seen<T> {
    #[inline]
    pub(super) fn get(&mut self, bits: u64, find: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
        if self.known.is_empty() {
            self.known.resize(SEEN, None);
        }
        let slot = (bits.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 54) as usize;
        match self.known.get(slot) {
            Some(Some((known, found))) if *known == bits => Ok(*found),
            _ => {
                let found = find()?;
                if let Some(place) = self.known.get_mut(slot) {
                    *place = Some((bits, found));
                }
                Ok(found)
            }
        }
    }
}

fn excerpt(text: &str) -> String {
    let short: String = text.chars().take(40).collect();
    crate::printable::printable(&short).to_string()
}

/// Sets one of the two numbers of each row's place.
pub(super) fn places(
    cells: &Cells<'_>,
    which: usize,
    places: &mut [[f64; 2]],
    seen: &mut Seen<f64>,
    bads: &mut Bads,
) {
    let mut text = String::new();
    for (row, place) in places.iter_mut().enumerate() {
        let number = match (&cells.kind, cells.is_missing(row)) {
            (_, true) => None,
            (Kind::F8(values), _) => values.get(row).copied(),
            (Kind::Whole(values), _) => values.get(row).map(|&value| value as f64),
            (Kind::F4(values), _) => {
                let value = values.get(row).copied().unwrap_or(f32::NAN);
                seen.get(u64::from(value.to_bits()), || Ok(wide(value))).ok()
            }
            _ => {
                cells.text(row, &mut text);
                match float::<f64>(text.as_bytes(), b'.') {
                    Ok(Field::Number(value)) => Some(value),
                    _ => None,
                }
            }
        };
        match (number.filter(|number| number.is_finite()), place.get_mut(which)) {
            (Some(number), Some(place)) => *place = number,
            _ => bads.add(row, || {
                cells.text(row, &mut text);
                (Fault::Place, format!("{:?} is no place", excerpt(&text)))
            }),
        }
    }
}

/// The text of a row, as it would stand in a line.
fn in_a_line(cells: &Cells<'_>, row: usize, text: &mut String) {
    cells.text(row, text);
    if text.contains(['\n', '\r']) {
        *text = text.replace(['\n', '\r'], " ");
    }
}

/// The place of each row whose cell has a name.
pub(super) fn names(cells: &Cells<'_>, plan: &Plan, places: &mut [[f64; 2]], bads: &mut Bads) {
    let mut text = String::new();
    for (row, place) in places.iter_mut().enumerate() {
        in_a_line(cells, row, &mut text);
        match plan.cell_of(text.as_bytes()) {
            Some(cell) => *place = [cell, 0.0],
            None => bads.add(row, || {
                (Fault::Place, format!("the cell {:?} is not in the table of cells", excerpt(&text)))
            }),
        }
    }
}

/// What tells each record from others of its place, step and label: what did before, and a further text.
pub(super) fn own(cells: &Cells<'_>, before: Option<Vec<u64>>, rows: usize) -> Vec<u64> {
    let (mut text, mut seen) = (String::new(), Seen::default());
    let mut key = |row: usize| {
        let mut find = || {
            in_a_line(cells, row, &mut text);
            key_of(text.as_bytes())
        };
        match cells.bits(row).filter(|_| !cells.is_missing(row)) {
            Some(bits) => seen.get(bits, || Ok(find())).unwrap_or_default(),
            None => find(),
        }
    };
    let keys = (0..rows).map(&mut key);
    match before {
        None => keys.collect(),
        Some(before) => keys.zip(before).map(|(key, before)| key_with(Some(before), key)).collect(),
    }
}

/// Whole numbers, one a row: a part of a time.
pub(super) fn parts(cells: &Cells<'_>, part: Part, rows: usize, bads: &mut Bads) -> Vec<i64> {
    let mut text = String::new();
    let number = |row: usize| {
        if let (Kind::Whole(values), false) = (&cells.kind, cells.is_missing(row))
            && let Some(&value) = values.get(row)
            && value != i64::MIN
        {
            return value;
        }
        cells.text(row, &mut text);
        let own = text.as_bytes();
        match whole(own, b'.') {
            Ok(Field::Number(value)) => value,
            _ => {
                let month = month_of_name(own).filter(|_| part == Part::Month);
                month.unwrap_or_else(|| {
                    bads.add(row, || (Fault::Time, format!("{:?} is no part of a time", excerpt(&text))));
                    0
                })
            }
        }
    };
    (0..rows).map(number).collect()
}

/// The step of each row by its stamp.
pub(super) fn stamps(
    cells: &Cells<'_>,
    rows: usize,
    (times, rule): (Times, &TimeRule),
    steps: &mut Steps,
    seen: &mut Seen<i64>,
    bads: &mut Bads,
) -> Vec<i64> {
    let mut text = String::new();
    let mut last: Option<(String, i64)> = None;
    let mut step = |row: usize| {
        if let Some(bits) = cells.bits(row).filter(|_| !cells.is_missing(row)) {
            return seen.get(bits, || {
                if let (Kind::Whole(values), Times::Number) = (&cells.kind, times)
                    && let Some(&value) = values.get(row)
                {
                    return steps.of_number(rule, value);
                }
                cells.text(row, &mut text);
                of_text(&text, times, rule, steps)
            });
        }
        cells.text(row, &mut text);
        match &last {
            Some((known, step)) if *known == text => Ok(*step),
            _ => {
                let step = of_text(&text, times, rule, steps)?;
                last = Some((text.clone(), step));
                Ok(step)
            }
        }
    };
    let each = (0..rows).map(|row| {
        step(row).unwrap_or_else(|message| {
            bads.add(row, || (Fault::Time, message));
            0
        })
    });
    each.collect()
}

fn of_text(text: &str, times: Times, rule: &TimeRule, steps: &mut Steps) -> Result<i64, String> {
    let own = text.as_bytes();
    if times != Times::Number {
        return rule.step_of_text(own).map_err(|fault| fault.to_string());
    }
    let none = || Err(format!("{:?} is no time", excerpt(text)));
    match whole(own, b'.') {
        Ok(Field::Number(value)) => steps.of_number(rule, value),
        Err(Bad::Fraction) => match float::<f64>(own, b'.') {
            Ok(Field::Number(value)) => rule.step_of_decimal(value).map_err(|fault| fault.to_string()),
            _ => none(),
        },
        _ => none(),
    }
}

/// Labels by the numbers that they have in a dictionary, as long as that is the same.
#[derive(Default)]
pub(super) struct Dictionary {
    of: Option<ArrayRef>,
    numbers: Vec<Option<u32>>,
    /// Texts that are no text of one line, as a line has them.
    lines: HashMap<String, String>,
}

/// A text in one line.
fn line<'a>(text: &'a str, lines: &'a mut HashMap<String, String>) -> &'a str {
    match text.contains(['\n', '\r']) {
        false => text,
        true => lines.entry(text.to_owned()).or_insert_with(|| text.replace(['\n', '\r'], " ")),
    }
}

impl Dictionary {
    /// Forgets the numbers of labels: what they are of was taken.
    pub(super) fn forget(&mut self) {
        self.of = None;
    }

    /// The label of each row.
    pub(super) fn labels(
        &mut self,
        column: &ArrayRef,
        rows: usize,
        making: &mut Making<'_>,
        bads: &mut Bads,
    ) -> Result<Vec<u32>, String> {
        let mut many = |row: usize| {
            bads.add(row, || (Fault::TooLarge, "there are more labels than can be counted".to_owned()));
            0
        };
        let mut labels = Vec::with_capacity(rows);
        if let Some(dictionary) = column.as_dictionary_opt::<Int32Type>()
            && let Some(texts) = dictionary.values().as_string_opt::<i32>()
        {
            let values = dictionary.values();
            if !self.of.as_ref().is_some_and(|known| known.to_data().ptr_eq(&values.to_data())) {
                self.numbers.clear();
                self.numbers.resize(values.len(), None);
                self.of = Some(values.clone());
            }
            let keys = dictionary.keys();
            for row in 0..rows {
                let key = usize::try_from(keys.values().get(row).copied().unwrap_or(0)).unwrap_or(0);
                let is_missing = keys.is_null(row) || key >= values.len() || values.is_null(key);
                let known = self.numbers.get(key).copied().flatten().filter(|_| !is_missing);
                let number = known.or_else(|| {
                    let text = if is_missing { "" } else { texts.value(key) };
                    let number = making.label(line(text, &mut self.lines).as_bytes())?;
                    if let Some(place) = self.numbers.get_mut(key).filter(|_| !is_missing) {
                        *place = Some(number);
                    }
                    Some(number)
                });
                labels.push(number.unwrap_or_else(|| many(row)));
            }
            return Ok(labels);
        }
        let column = plain(column)?;
        let cells = Cells::of(column.as_ref()).ok_or("it holds what is no single value")?;
        let (mut text, mut last): (String, Option<(String, u32)>) = (String::new(), None);
        for row in 0..rows {
            if let (Kind::Text(texts), false) = (&cells.kind, cells.is_missing(row)) {
                let own = Texts::get(texts, row);
                if let Some((known, number)) = &last
                    && known == own
                {
                    labels.push(*number);
                    continue;
                }
            }
            cells.text(row, &mut text);
            let number = making.label(line(&text, &mut self.lines).as_bytes());
            let number = number.unwrap_or_else(|| many(row));
            last = Some((text.clone(), number));
            labels.push(number);
        }
        Ok(labels)
    }
}
