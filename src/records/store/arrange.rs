//! From rows in the order of a file to a segment: sorted by place and step, each place and step once.

use std::collections::HashMap;

use crate::model::element::Element;
use crate::records::description::Repeated;
use crate::records::exact::ExactSum;
use crate::records::rows::{Column, MISSING, Rows};

use super::decimals::needed;
use super::segment::{Built, Kept, Sorted, keys, ordered};

mod keyed;

use keyed::blank;

/// Arranges the rows of a piece. `elements` are the types that columns have in the end; `file_of` says which file a row is of.
///
/// Memory: that of the rows once more, and of what comes out.
pub fn arrange(rows: &Rows, elements: &[Element], how: Arranging, file_of: &dyn Fn(usize) -> u32) -> Built {
    let Arranging { repeated, looks_for_decimals, is_keyed } = how;
    let order = Order::of(rows);
    let groups = order.groups();
    let mut built = Built { steps: order.runs_of_steps(), ..Built::default() };
    // A reader may name a label twice.
    for (name, &number) in rows.label_names.iter().zip(&order.labels) {
        if number as usize == built.labels.len() {
            built.labels.push(name.clone());
        }
    }
    if repeated == Repeated::Error {
        let later = groups.iter().flat_map(|group| group.clone().skip(1));
        built.repeated = later.map(|at| order.row(at) as u32).collect();
    }
    built.has_keys = is_keyed && rows.keys.len() == rows.len();
    let mut without: Option<Vec<Column>> = None;
    if built.has_keys {
        built.repeated = order.twice(&groups);
        without = (!built.repeated.is_empty())
            .then(|| rows.columns.iter().map(|column| blank(column, &built.repeated)).collect());
    }
    let columns = without.as_deref().unwrap_or(&rows.columns);
    let labels = built.labels.len().max(1);
    let columns: Vec<Reduced> = columns
        .iter()
        .zip(elements)
        .map(|(column, &element)| Reduced::of(column, element, repeated, &order, &groups))
        .collect();
    let decimals: Vec<Option<u32>> =
        rows.columns.iter().map(|column| looks_for_decimals.then(|| decimals(column)).flatten()).collect();
    for label in 0..labels as u32 {
        let each = columns.iter().zip(&rows.fields).zip(elements).zip(&decimals);
        for (((column, &field), &element), &decimals) in each {
            let kept = Kept::of(field, label, element, repeated);
            let decimals = decimals.filter(|_| column.parts.is_empty());
            built.columns.push(Kept { parts: column.parts.len() as u8, decimals, ..kept });
        }
    }
    // With labels, several groups have one place and step, one a label.
    let mut heads: Vec<u32> = Vec::new();
    if labels > 1 || !rows.labels.is_empty() {
        for (index, group) in groups.iter().enumerate() {
            let is_new = index == 0
                || groups.get(index - 1).is_none_or(|last| !order.is_same(last.start, group.start));
            if is_new {
                heads.push(index as u32);
            }
        }
    }
    let by_label = !heads.is_empty();
    let rows_out = if by_label { heads.len() } else { groups.len() };
    let group_of = |row: usize| if by_label { heads.get(row).map_or(0, |&head| head as usize) } else { row };
    let start = |row: usize| groups.get(group_of(row)).map_or(0, |group| group.start);
    let place = |row: usize| order.place(start(row));
    let step = |row: usize| order.step(start(row));
    let origin = |row: usize| {
        let row = order.row(start(row));
        (file_of(row), rows.lines.get(row).copied().unwrap_or(0))
    };
    let width = columns.len().max(1);
    let put = |column: usize, out: Option<std::ops::Range<usize>>, bytes: &mut Vec<u8>| {
        let (label, column) = (column / width, column % width);
        let Some(column) = columns.get(column) else { return };
        let Some(out) = out else { return column.put(None, bytes) };
        if !by_label {
            return column.put_all(out, bytes);
        }
        for row in out {
            let first = group_of(row);
            let until = heads.get(row + 1).map_or(groups.len(), |&head| head as usize);
            let own = (first..until).find(|&group| {
                groups.get(group).is_some_and(|group| order.label(group.start) == label as u32)
            });
            column.put(own, bytes);
        }
    };
    let keys = |row: usize, bytes: &mut Vec<u8>| {
        let first = group_of(row);
        let until =
            if by_label { heads.get(row + 1).map_or(groups.len(), |&head| head as usize) } else { row + 1 };
        keys::write(
            (first..until).filter_map(|group| groups.get(group)).flatten().map(|at| order.own_key(at)),
            bytes,
        );
    };
    built.add(&Sorted {
        place: &place,
        step: &step,
        origin: &origin,
        rows: rows_out,
        put: &put,
        keys: &keys,
    });
    built
}

/// How rows are arranged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Arranging {
    /// What several records of one place, step and label become.
    pub repeated: Repeated,
    /// Whether the decimals of columns are looked for.
    pub looks_for_decimals: bool,
    /// Whether records have keys, which none of a place, step and label may have twice: the first of them counts.
    pub is_keyed: bool,
}

/// The decimals that tell all values of a column.
fn decimals(column: &Column) -> Option<u32> {
    match column {
        Column::F4(values) => needed(values, 0),
        Column::F8(values) => needed(values, 0),
        Column::Whole(_) => None,
    }
}

/// The order of rows by place, step and label; rows that are the same in these stay in their order.
struct Order<'a> {
    rows: &'a Rows,
    /// For each entry of [`Rows::places`] its rank among all.
    ranks: Vec<u32>,
    /// For each entry of [`Rows::label_names`] its number among those that differ.
    labels: Vec<u32>,
    first: i64,
    /// Indices of rows; `None` where they are in order.
    order: Option<Vec<u32>>,
}

impl<'a> Order<'a> {
    fn of(rows: &'a Rows) -> Self {
        let mut known: HashMap<[u64; 2], u32> = HashMap::new();
        let keys: Vec<[u64; 2]> = rows.places.iter().map(|place| place.map(ordered)).collect();
        keys.iter().for_each(|&key| {
            known.entry(key).or_insert(0);
        });
        let mut sorted: Vec<[u64; 2]> = known.keys().copied().collect();
        sorted.sort_unstable();
        for (rank, key) in sorted.iter().enumerate() {
            known.insert(*key, rank as u32);
        }
        let ranks = keys.iter().map(|key| known.get(key).copied().unwrap_or(0)).collect();
        let first = rows.steps.iter().copied().min().unwrap_or(0);
        let mut numbers: HashMap<&str, u32> = HashMap::new();
        let number = |name: &'a String| {
            let next = numbers.len() as u32;
            *numbers.entry(name).or_insert(next)
        };
        let labels = rows.label_names.iter().map(number).collect();
        let mut order = Order { rows, ranks, labels, first, order: None };
        let key = |row: usize| order.key(row);
        let is_sorted = (1..rows.len()).all(|row| key(row - 1) <= key(row));
        if !is_sorted {
            let mut keyed: Vec<((u64, u32, u32), u32)> =
                (0..rows.len()).map(|row| (key(row), row as u32)).collect();
            // Files are sorted by place, or by time, or consist of parts that are: a sort that sees runs.
            keyed.sort();
            order.order = Some(keyed.into_iter().map(|(_, row)| row).collect());
        }
        order
    }

    fn key(&self, row: usize) -> (u64, u32, u32) {
        let cell = self.rows.cells.get(row).copied().unwrap_or(0) as usize;
        let rank = self.ranks.get(cell).copied().unwrap_or(0);
        let step = self.rows.steps.get(row).map_or(0, |step| step - self.first);
        let label = self.label_of(row);
        (u64::from(rank), step as u32, label)
    }

    /// The row at a place of the order.
    fn row(&self, at: usize) -> usize {
        match &self.order {
            None => at,
            Some(order) => order.get(at).map_or(0, |&row| row as usize),
        }
    }

    fn place(&self, at: usize) -> [f64; 2] {
        let cell = self.rows.cells.get(self.row(at)).copied().unwrap_or(0);
        self.rows.places.get(cell as usize).copied().unwrap_or([f64::NAN; 2])
    }

    fn step(&self, at: usize) -> i64 {
        self.rows.steps.get(self.row(at)).copied().unwrap_or(0)
    }

    fn label(&self, at: usize) -> u32 {
        self.label_of(self.row(at))
    }

    fn label_of(&self, row: usize) -> u32 {
        let label = self.rows.labels.get(row).copied().unwrap_or(0);
        self.labels.get(label as usize).copied().unwrap_or(0)
    }

    /// Whether two rows of the order have one place and step.
    fn is_same(&self, one: usize, other: usize) -> bool {
        let ((place, step, _), (other_place, other_step, _)) =
            (self.key(self.row(one)), self.key(self.row(other)));
        (place, step) == (other_place, other_step)
    }

    /// Rows of the order that have one place, step and label.
    fn groups(&self) -> Groups {
        let mut ends = Vec::new();
        for at in 1..self.rows.len() {
            if self.key(self.row(at - 1)) != self.key(self.row(at)) {
                ends.push(at as u32);
            }
        }
        if !self.rows.is_empty() {
            ends.push(self.rows.len() as u32);
        }
        Groups { is_single: ends.len() == self.rows.len(), ends }
    }

    /// Runs of steps that some row has.
    fn runs_of_steps(&self) -> Vec<(i64, i64)> {
        let mut runs: Vec<(i64, i64)> = Vec::new();
        let mut last = None;
        for &step in &self.rows.steps {
            if last == Some(step) {
                continue;
            }
            last = Some(step);
            match runs.last_mut() {
                Some(run) if step == run.1 + 1 => run.1 = step,
                Some(run) if (run.0..=run.1).contains(&step) => {}
                _ => runs.push((step, step)),
            }
            if runs.len() > MOST_RUNS {
                runs = joined(runs);
            }
        }
        joined(runs)
    }
}

/// Runs of steps that are held before those that meet are joined.
const MOST_RUNS: usize = 1 << 12;

/// Runs in order, those that meet or overlap as one.
pub fn joined(mut runs: Vec<(i64, i64)>) -> Vec<(i64, i64)> {
    runs.sort_unstable();
    let mut joined: Vec<(i64, i64)> = Vec::new();
    for run in runs {
        match joined.last_mut() {
            Some(last) if run.0 <= last.1.saturating_add(1) => last.1 = last.1.max(run.1),
            _ => joined.push(run),
        }
    }
    joined
}

/// Rows that have one place, step and label, by where they end in the order.
struct Groups {
    ends: Vec<u32>,
    /// Whether each has one row.
    is_single: bool,
}

impl Groups {
    fn len(&self) -> usize {
        self.ends.len()
    }

    fn get(&self, index: usize) -> Option<std::ops::Range<usize>> {
        let end = *self.ends.get(index)? as usize;
        let start = if index == 0 { 0 } else { *self.ends.get(index - 1)? as usize };
        Some(start..end)
    }

    fn iter(&self) -> impl Iterator<Item = std::ops::Range<usize>> + '_ {
        (0..self.len()).filter_map(|index| self.get(index))
    }
}

/// A column with one value a group.
struct Reduced<'a> {
    element: Element,
    values: Values<'a>,
    /// The parts of sums, one list for each part; NaN in the first where there is no term.
    parts: Vec<Vec<f64>>,
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
    fn of(
        column: &'a Column,
        element: Element,
        repeated: Repeated,
        order: &'a Order<'_>,
        groups: &Groups,
    ) -> Self {
        let mut reduced = Reduced { element, values: Values::Parts, parts: Vec::new(), counts: Vec::new() };
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

    /// Appends the values of groups that follow each other.
    fn put_all(&self, groups: std::ops::Range<usize>, bytes: &mut Vec<u8>) {
        match &self.values {
            Values::Rows(Column::F4(values), None) => {
                let own = values.get(groups).unwrap_or_default();
                own.iter().for_each(|value| bytes.extend_from_slice(&value.to_le_bytes()));
            }
            Values::Rows(Column::F8(values), None) if self.element == Element::Float64 => {
                let own = values.get(groups).unwrap_or_default();
                own.iter().for_each(|value| bytes.extend_from_slice(&value.to_le_bytes()));
            }
            Values::Rows(Column::F4(values), Some(order)) => {
                for &row in order.get(groups).unwrap_or_default() {
                    let value = values.get(row as usize).copied().unwrap_or(f32::NAN);
                    bytes.extend_from_slice(&value.to_le_bytes());
                }
            }
            _ => groups.for_each(|group| self.put(Some(group), bytes)),
        }
    }

    /// Appends the value of a group, or what stands for a missing one.
    fn put(&self, group: Option<usize>, bytes: &mut Vec<u8>) {
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
                MISSING => bytes.extend_from_slice(element.fill().get(..size).unwrap_or_default()),
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
