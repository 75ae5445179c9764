//! What the parts of a formula take from outside of it: series, and how long years and months are.

use std::cell::OnceCell;

use crate::model::element::Element;
use crate::source::Series;

use super::parse::Function;

/// What the parts of a formula may ask for.
pub(super) struct Scope<'b, 'a> {
    fetch: &'b dyn Fn(&str) -> Option<Series<'a>>,
    pub count: usize,
    places: usize,
    lengths: &'b dyn Fn() -> Vec<[f64; 2]>,
    known: OnceCell<Vec<[f64; 2]>>,
}

impl<'b, 'a> Scope<'b, 'a> {
    /// Series of so many values a row, so many of which belong to a step.
    pub fn new(
        fetch: &'b dyn Fn(&str) -> Option<Series<'a>>,
        count: usize,
        places: usize,
        lengths: &'b dyn Fn() -> Vec<[f64; 2]>,
    ) -> Self {
        Scope { fetch, count, places: places.max(1), lengths, known: OnceCell::new() }
    }

    /// A series, which has a value a step and the row that is wanted.
    pub fn series(&self, key: &str, row: Option<usize>) -> Result<Series<'a>, String> {
        let series =
            (self.fetch)(key).ok_or_else(|| format!("it needs {key}, which the dump does not have"))?;
        if series.element().is_none() {
            return Err(format!(
                "it needs {key}, whose type is {}, which is not one of numbers",
                series.type_name()
            ));
        }
        if series.days() != self.count {
            let (own, all) = (series.days(), self.count);
            return Err(format!(
                "it needs {key}, which has {own} days, where the dump's dates are {all} days"
            ));
        }
        match row {
            Some(row) if !series.has_rows() || row >= series.rows() => {
                let rows = if series.has_rows() { series.rows() } else { 0 };
                Err(format!("it needs row {} of {key}, which has {rows} rows", row + 1))
            }
            _ => Ok(series),
        }
    }

    /// Seconds of the year and of the month of a value.
    pub fn lengths_of(&self, index: usize) -> [f64; 2] {
        let all = self.known.get_or_init(self.lengths);
        all.get(index / self.places).copied().unwrap_or([f64::NAN; 2])
    }
}

pub(super) fn no_rows(function: Function) -> String {
    format!("{} is of the rows of a variable, and this one has none", function.name())
}

pub(super) fn unlike_rows(one: usize, other: usize) -> String {
    format!("a variable of {one} rows stands beside one of {other}")
}

/// The values of a series, of each row each step, or of one row, as numbers of double precision; NaN where they are masked.
pub(super) fn numbers(series: &Series<'_>, row: Option<usize>) -> Vec<f64> {
    let Some(element) = series.element() else { return Vec::new() };
    let (rows, size, fill) = (series.rows(), element.size(), element.fill());
    let wanted = row.map_or(0..rows, |row| row..row + 1);
    let mut numbers = Vec::with_capacity(wanted.len() * series.days());
    for row in wanted {
        let (first, step) = series.layout(row);
        for day in 0..series.days() {
            let at = first + day * step;
            let mut wide = [0; 8];
            if let (Some(own), Some(target)) = (series.data().get(at..at + size), wide.get_mut(..size)) {
                target.copy_from_slice(own);
                if series.is_big_endian() {
                    target.reverse();
                }
            }
            let is_masked = wide.get(..size) == fill.get(..size);
            numbers.push(if is_masked { f64::NAN } else { number(element, wide) });
        }
    }
    numbers
}

fn number(element: Element, wide: [u8; 8]) -> f64 {
    let [a, b, c, d, ..] = wide;
    match element {
        Element::Float32 => f64::from(f32::from_le_bytes([a, b, c, d])),
        Element::Float64 => f64::from_le_bytes(wide),
        Element::Int8 => f64::from(a.cast_signed()),
        Element::Int16 => f64::from(i16::from_le_bytes([a, b])),
        Element::Int32 => f64::from(i32::from_le_bytes([a, b, c, d])),
        Element::Int64 => i64::from_le_bytes(wide) as f64,
        Element::UInt8 | Element::UInt16 | Element::UInt32 | Element::UInt64 => {
            u64::from_le_bytes(wide) as f64
        }
    }
}
