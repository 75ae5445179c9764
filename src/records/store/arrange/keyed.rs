//! Rows that have keys, and those whose key an earlier one has.

use super::{Groups, Order};
use crate::records::rows::{Column, MISSING, key_of, key_with};

/// Rows that are compared with each other one by one.
const FEW: usize = 8;

impl Order<'_> {
    /// The key of a row of the order; of one with a label, with it.
    pub(super) fn own_key(&self, at: usize) -> u64 {
        let row = self.row(at);
        let key = self.rows.keys.get(row).copied().unwrap_or(0);
        let label = self.rows.labels.get(row).and_then(|&label| self.rows.label_names.get(label as usize));
        label.map_or(key, |label| key_with(Some(key), key_of(label.as_bytes())))
    }

    /// Rows that have place, step, label and key of an earlier one.
    pub(super) fn twice(&self, groups: &Groups) -> Vec<u32> {
        let (mut found, mut keys) = (Vec::new(), Vec::new());
        if groups.is_single {
            return found;
        }
        let key = |at: usize| self.rows.keys.get(self.row(at));
        // Most groups are so small that each is compared with each.
        let is_plain = |group: &std::ops::Range<usize>| {
            group.len() <= FEW && group.clone().all(|at| (group.start..at).all(|other| key(at) != key(other)))
        };
        for group in groups.iter().filter(|group| group.len() > 1 && !is_plain(group)) {
            keys.clear();
            keys.extend(group.map(|at| (self.rows.keys.get(self.row(at)).copied(), self.row(at) as u32)));
            keys.sort_unstable();
            let pairs = keys.iter().zip(keys.iter().skip(1));
            found.extend(pairs.filter(|(one, next)| one.0 == next.0).map(|(_, next)| next.1));
        }
        found.sort_unstable();
        found
    }
}

/// A column without the values of some rows.
pub(super) fn blank(column: &Column, rows: &[u32]) -> Column {
    let mut column = column.clone();
    fn clear<T: Copy>(values: &mut [T], rows: &[u32], missing: T) {
        for &row in rows {
            if let Some(value) = values.get_mut(row as usize) {
                *value = missing;
            }
        }
    }
    match &mut column {
        Column::F4(values) => clear(values, rows, f32::NAN),
        Column::F8(values) => clear(values, rows, f64::NAN),
        Column::Whole(values) => clear(values, rows, MISSING),
    }
    column
}
