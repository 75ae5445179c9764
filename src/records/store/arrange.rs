//! From rows in the order of a file to a segment: sorted by place and step, each place and step once.

use std::cell::Cell;
use std::collections::HashMap;

use crate::model::element::Element;
use crate::records::description::Repeated;
use crate::records::rows::{Column, Rows};

use super::decimals::needed;
use super::segment::{Built, ENTRY, Kept, Sorted, keys, ordered};

mod keyed;
mod reduced;

use keyed::blank;
use reduced::Reduced;

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
            let (parts, is_short) = (column.parts.len() as u8, !column.below.is_empty());
            built.columns.push(Kept { parts, is_short, decimals, ..kept });
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
    // All at once: room that grows is copied, and made anew by the system.
    let each: usize = built.columns.iter().map(Kept::size).sum();
    built.bytes.reserve(rows_out * each + rows_out / 8 + ENTRY * (rows.places.len() + rows_out / 1_024));
    let room = Cell::new(Vec::new());
    let keys = |row: usize, bytes: &mut Vec<u8>| {
        let first = group_of(row);
        let until =
            if by_label { heads.get(row + 1).map_or(groups.len(), |&head| head as usize) } else { row + 1 };
        let own = (first..until).filter_map(|group| groups.get(group)).flatten().map(|at| order.own_key(at));
        let mut free = room.take();
        keys::write(own, &mut free, bytes);
        room.set(free);
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
    /// For each row the rank of its place among all, and behind it the step, counted from the first.
    keys: Vec<u64>,
    /// For each entry of [`Rows::label_names`] its number among those that differ.
    labels: Vec<u32>,
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
        let ranks: Vec<u32> = keys.iter().map(|key| known.get(key).copied().unwrap_or(0)).collect();
        let first = rows.steps.iter().copied().min().unwrap_or(0);
        let mut numbers: HashMap<&str, u32> = HashMap::new();
        let number = |name: &'a String| {
            let next = numbers.len() as u32;
            *numbers.entry(name).or_insert(next)
        };
        let labels = rows.label_names.iter().map(number).collect();
        let key = |(&cell, &step): (&u32, &i64)| {
            let rank = ranks.get(cell as usize).copied().unwrap_or(0);
            u64::from(rank) << 32 | u64::from((step - first) as u32)
        };
        let keys: Vec<u64> = rows.cells.iter().zip(&rows.steps).map(key).collect();
        let mut order = Order { rows, keys, labels, order: None };
        // Files are sorted by place, or by time, or consist of parts that are: sorts that see runs.
        order.order = match rows.labels.is_empty() {
            true if order.keys.is_sorted() => None,
            true => {
                let mut keyed: Vec<(u64, u32)> = order.keys.iter().copied().zip(0u32..).collect();
                keyed.sort();
                Some(keyed.into_iter().map(|(_, row)| row).collect())
            }
            false => {
                let key = |row: usize| order.key(row);
                let mut keyed: Vec<((u64, u32), u32)> = (0..rows.len()).map(key).zip(0u32..).collect();
                if keyed.is_sorted() {
                    None
                } else {
                    keyed.sort();
                    Some(keyed.into_iter().map(|(_, row)| row).collect())
                }
            }
        };
        order
    }

    fn key(&self, row: usize) -> (u64, u32) {
        (self.keys.get(row).copied().unwrap_or(0), self.label_of(row))
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
        self.key(self.row(one)).0 == self.key(self.row(other)).0
    }

    /// Rows of the order that have one place, step and label.
    fn groups(&self) -> Groups {
        let mut ends = Vec::new();
        if self.order.is_none() && self.rows.labels.is_empty() {
            let pairs = self.keys.iter().zip(self.keys.iter().skip(1)).zip(1u32..);
            ends.extend(pairs.filter(|((one, next), _)| one != next).map(|(_, at)| at));
        } else {
            for at in 1..self.rows.len() {
                if self.key(self.row(at - 1)) != self.key(self.row(at)) {
                    ends.push(at as u32);
                }
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
