//! Columns with one value a group of rows: the only one, one of them, or their sum.

use crate::model::element::Element;
use crate::records::description::Repeated;
use crate::records::exact::{ExactSum, ShortSum};
use crate::records::rows::{Column, MISSING};

use super::{Groups, Order};

/// A column with one value a group.
pub(super) struct Reduced<'a> {
    element: Element,
    values: Values<'a>,
    /// The parts of sums, one list for each part; NaN in the first where there is no term.
    pub(super) parts: Vec<Vec<f64>>,
    /// What is left below a part of eight bytes, where four hold it; NaN where there is no term.
    pub(super) below: Vec<f32>,
    /// The terms of means.
    counts: Vec<u32>,
}

enum Values<'a> {
    /// One row a group, in this order of rows.
    Rows(&'a Column, Option<&'a [u32]>),
    /// Made of several rows.
    Own(Column),
    /// In `parts`.
    Parts,
}

impl<'a> Reduced<'a> {
    pub(super) fn of(
        column: &'a Column,
        element: Element,
        repeated: Repeated,
        order: &'a Order<'_>,
        groups: &Groups,
    ) -> Self {
        let mut reduced = Reduced {
            element,
            values: Values::Parts,
            parts: Vec::new(),
            below: Vec::new(),
            counts: Vec::new(),
        };
        match (repeated, column) {
            (Repeated::Sum | Repeated::Mean, Column::F8(terms)) => {
                reduced.sum(terms, repeated == Repeated::Mean, order, groups);
            }
            _ if groups.is_single => {
                reduced.values = Values::Rows(column, order.order.as_deref());
            }
            _ => reduced.values = Values::Own(picked(column, repeated, order, groups)),
        }
        reduced
    }

    fn sum(&mut self, terms: &[f64], is_mean: bool, order: &Order<'_>, groups: &Groups) {
        if self.short_sums(terms, is_mean, order, groups).is_some() {
            return;
        }
        self.counts.clear();
        let mut exact = ExactSum::default();
        self.parts = vec![Vec::with_capacity(groups.len())];
        for (index, group) in groups.iter().enumerate() {
            let values = group.map(|at| terms.get(order.row(at)).copied().unwrap_or(f64::NAN));
            let mut count = 0u32;
            exact.clear();
            for value in values.filter(|value| !value.is_nan()) {
                exact.add(value);
                count += 1;
            }
            let parts = exact.parts();
            // A sum that has come to nought still is one.
            let nought = if count == 0 { f64::NAN } else { 0.0 };
            for part in self.parts.len()..parts.len() {
                self.parts.push(vec![0.0; index]);
                debug_assert!(part < 64, "an expansion of numbers of eight bytes has at most 40 parts");
            }
            for (part, list) in self.parts.iter_mut().enumerate() {
                let missing = if part == 0 { nought } else { 0.0 };
                list.push(parts.get(part).copied().unwrap_or(missing));
            }
            if is_mean {
                self.counts.push(count);
            }
        }
    }

    /// Sums of which each is a number of eight bytes and one of four, as those of few terms are; `None` where one is not.
    fn short_sums(&mut self, terms: &[f64], is_mean: bool, order: &Order<'_>, groups: &Groups) -> Option<()> {
        let mut high = Vec::with_capacity(groups.len());
        let mut below = Vec::with_capacity(groups.len());
        let mut is_exact = true;
        for group in groups.iter() {
            let (sum, count) = match &order.order {
                None => ShortSum::of(terms.get(group).unwrap_or_default().iter().copied()),
                Some(rows) => {
                    let rows = rows.get(group).unwrap_or_default().iter();
                    ShortSum::of(rows.map(|&row| terms.get(row as usize).copied().unwrap_or(f64::NAN)))
                }
            };
            let (one, rest) = sum?;
            is_exact &= rest == 0.0;
            high.push(if count == 0 { f64::NAN } else { one });
            below.push(if count == 0 { f32::NAN } else { rest });
            if is_mean {
                self.counts.push(count);
            }
        }
        self.parts = vec![high];
        self.below = if is_exact { Vec::new() } else { below };
        Some(())
    }

    /// Appends the values of groups that follow each other.
    pub(super) fn put_all(&self, groups: std::ops::Range<usize>, bytes: &mut Vec<u8>) {
        match &self.values {
            Values::Rows(Column::F4(values), None) => {
                let own = values.get(groups).unwrap_or_default();
                append(bytes, own.iter().map(|value| value.to_le_bytes()));
            }
            Values::Rows(Column::F8(values), None) if self.element == Element::Float64 => {
                let own = values.get(groups).unwrap_or_default();
                append(bytes, own.iter().map(|value| value.to_le_bytes()));
            }
            Values::Rows(Column::F4(values), Some(order)) => {
                let own = order.get(groups).unwrap_or_default().iter();
                let value = |&row: &u32| values.get(row as usize).copied().unwrap_or(f32::NAN).to_le_bytes();
                append(bytes, own.map(value));
            }
            Values::Parts if self.counts.is_empty() && self.parts.len() == 1 => {
                let high = self.parts.first().and_then(|high| high.get(groups.clone())).unwrap_or_default();
                match self.below.get(groups).filter(|below| !below.is_empty()) {
                    None => append(bytes, high.iter().map(|value| value.to_le_bytes())),
                    Some(below) => {
                        append(
                            bytes,
                            below.iter().zip(high).map(|(below, value)| {
                                let ([a, b, c, d], [e, f, g, h, i, j, k, l]) =
                                    (below.to_le_bytes(), value.to_le_bytes());
                                [a, b, c, d, e, f, g, h, i, j, k, l]
                            }),
                        );
                    }
                }
            }
            _ => groups.for_each(|group| self.put(Some(group), bytes)),
        }
    }

    /// Appends the value of a group, or what stands for a missing one.
    pub(super) fn put(&self, group: Option<usize>, bytes: &mut Vec<u8>) {
        let index = |group: usize, order: &Option<&[u32]>| match order {
            None => group,
            Some(order) => order.get(group).map_or(0, |&row| row as usize),
        };
        match &self.values {
            Values::Rows(column, order) => {
                put_value(column, group.map(|group| index(group, order)), self.element, bytes)
            }
            Values::Own(column) => put_value(column, group, self.element, bytes),
            Values::Parts => {
                if !self.below.is_empty() {
                    let value = group.and_then(|group| self.below.get(group).copied());
                    bytes.extend_from_slice(&value.unwrap_or(f32::NAN).to_le_bytes());
                }
                for (part, list) in self.parts.iter().enumerate() {
                    let missing = if part == 0 { f64::NAN } else { 0.0 };
                    let value = group.map_or(missing, |group| list.get(group).copied().unwrap_or(missing));
                    bytes.extend_from_slice(&value.to_le_bytes());
                }
                if !self.counts.is_empty() {
                    let count = group.and_then(|group| self.counts.get(group).copied()).unwrap_or(0);
                    bytes.extend_from_slice(&count.to_le_bytes());
                }
            }
        }
    }
}

/// Appends values of a size, all at once.
fn append<const N: usize>(bytes: &mut Vec<u8>, values: impl ExactSizeIterator<Item = [u8; N]>) {
    let start = bytes.len();
    bytes.resize(start + N * values.len(), 0);
    let (places, _) = bytes.get_mut(start..).unwrap_or_default().as_chunks_mut::<N>();
    places.iter_mut().zip(values).for_each(|(place, value)| *place = value);
}

fn put_value(column: &Column, row: Option<usize>, element: Element, bytes: &mut Vec<u8>) {
    match column {
        Column::F4(values) => {
            let value = row.and_then(|row| values.get(row).copied()).unwrap_or(f32::NAN);
            bytes.extend_from_slice(&value.to_le_bytes());
        }
        Column::F8(values) => {
            let value = row.and_then(|row| values.get(row).copied()).unwrap_or(f64::NAN);
            bytes.extend_from_slice(&value.to_le_bytes());
        }
        Column::Whole(values) => {
            let value = row.and_then(|row| values.get(row).copied()).unwrap_or(MISSING);
            let size = element.size();
            match value {
                MISSING => bytes.extend_from_slice(element.fill_bytes()),
                value => bytes.extend_from_slice(value.to_le_bytes().get(..size).unwrap_or_default()),
            }
        }
    }
}

/// One of the values of each group.
fn picked(column: &Column, repeated: Repeated, order: &Order<'_>, groups: &Groups) -> Column {
    fn pick<T: Copy + PartialOrd>(
        values: &[T],
        missing: T,
        is_missing: impl Fn(T) -> bool,
        repeated: Repeated,
        order: &Order<'_>,
        groups: &Groups,
    ) -> Vec<T> {
        let value = |at: usize| values.get(order.row(at)).copied().unwrap_or(missing);
        let of = |group: std::ops::Range<usize>| match repeated {
            Repeated::Last => value(group.end - 1),
            Repeated::Min | Repeated::Max => {
                let there = group.map(value).filter(|&value| !is_missing(value));
                let best =
                    there.reduce(|best, next| match (repeated == Repeated::Min, next < best, next > best) {
                        (true, true, _) | (false, _, true) => next,
                        _ => best,
                    });
                best.unwrap_or(missing)
            }
            _ => value(group.start),
        };
        groups.iter().map(of).collect()
    }
    match column {
        Column::F4(values) => Column::F4(pick(values, f32::NAN, f32::is_nan, repeated, order, groups)),
        Column::F8(values) => Column::F8(pick(values, f64::NAN, f64::is_nan, repeated, order, groups)),
        Column::Whole(values) => {
            Column::Whole(pick(values, MISSING, |value| value == MISSING, repeated, order, groups))
        }
    }
}
