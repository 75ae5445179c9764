//! What cells wrote by their states, and the files that say it.

use std::collections::{BTreeSet, HashSet};

use crate::caete::names;
use crate::dump::{Value, ValueKind};
use crate::model::grid::Cell;
use crate::source::Part;
use crate::words::many;

use super::values::{self, attribute, text};

/// Dumps that are named in all.
const MOST_DUMPS: usize = 1 << 25;
/// Cells of a region; the globe has 259,200 of half a degree.
pub(super) const MOST_CELLS: usize = 1 << 22;

/// What a cell wrote by its state.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CellRan {
    /// The cell.
    pub cell: Cell,
    /// The numbers of its periods.
    pub periods: BTreeSet<u32>,
    /// The years of its yearly files.
    pub years: BTreeSet<i32>,
    /// First and last day of what was run and saved, as the model was told.
    pub dates: Vec<(String, String)>,
}

impl CellRan {
    /// Adds what another list says of the same cell.
    fn add(&mut self, other: CellRan) {
        self.periods.extend(other.periods);
        self.years.extend(other.years);
        let known: HashSet<&(String, String)> = self.dates.iter().collect();
        let new: Vec<(String, String)> =
            other.dates.iter().filter(|dates| !known.contains(dates)).cloned().collect();
        // Files of cells are in no order of time.
        if !new.is_empty() {
            self.dates.extend(new);
            self.dates.sort();
        }
    }
}

/// A list of cells.
#[derive(Debug, Default)]
pub(super) struct Listed {
    /// What each of the cells wrote, in the order of cells.
    pub ran: Vec<CellRan>,
    /// What of the list was not read, in words.
    pub unread: Vec<String>,
}

/// One list a cell, in the order of cells: what several say of it is put together.
pub(super) fn merged(mut lists: Vec<CellRan>) -> Vec<CellRan> {
    lists.sort_by_key(|one| one.cell);
    let mut merged: Vec<CellRan> = Vec::with_capacity(lists.len());
    for list in lists {
        match merged.last_mut().filter(|known| known.cell == list.cell) {
            Some(known) => known.add(list),
            None => merged.push(list),
        }
    }
    merged
}

/// The folder and the name of a file of cells. A name that leads elsewhere is none.
pub(super) fn state_file(path: &str) -> Option<(String, String)> {
    let mut parts = path.rsplit(['/', '\\']);
    let (name, folder) = (parts.next()?, parts.next()?);
    let is_plain = |text: &str| !text.is_empty() && !text.starts_with('.') && !text.contains(['\0', ':']);
    (folder.starts_with(names::STATE_FILES) && is_plain(name) && is_plain(folder))
        .then(|| (folder.to_owned(), name.to_owned()))
}

/// What cells' objects say that they wrote. Dumps that are named are counted: a file can name one list for many cells.
pub(super) fn listed<'a>(mut cells: impl Iterator<Item = Value<'a>>) -> Listed {
    let (mut left, mut strange) = (MOST_DUMPS, 0);
    let mut listed = Listed::default();
    for cell in cells.by_ref().take(MOST_CELLS) {
        let Some(ran) = cell_ran(cell, left) else {
            strange += 1;
            continue;
        };
        left = left.saturating_sub(ran.periods.len() + ran.years.len() + ran.dates.len());
        listed.ran.push(ran);
    }
    let all = listed.ran.len() + strange;
    listed.ran = merged(listed.ran);
    if strange > 0 {
        listed
            .unread
            .push(format!("{strange} of its {} are not cells of the model", many(all as u64, "value")));
    }
    if cells.next().is_some() {
        listed.unread.push(format!("it has more values than the limit of {MOST_CELLS}"));
    }
    if left == 0 {
        listed.unread.push(format!("its cells name more files than the limit of {MOST_DUMPS}"));
    }
    listed
}

/// What a cell's object says that it wrote, `most` of each.
fn cell_ran(value: Value<'_>, most: usize) -> Option<CellRan> {
    if !matches!(value.kind(), ValueKind::Object(..)) {
        return None;
    }
    let index = |name: &str| u32::try_from(attribute(value, name)?.as_i64()?).ok();
    let cell = Cell { row: index("y")?, column: index("x")? };
    let of = |name: &str| attribute(value, name).into_iter().flat_map(Value::entries).take(most);
    let part = |key: Value<'_>| names::part_of(key.as_str()?);
    let periods = of("outputs").filter_map(|(key, _)| match part(key)? {
        Part::Period(number) => Some(number),
        Part::Year(_) => None,
    });
    let years = of("metacomm_output").filter_map(|(key, _)| i32::try_from(key.as_i64()?).ok());
    let dates =
        attribute(value, "executed_iterations").into_iter().flat_map(Value::items).take(most).filter_map(
            |pair| {
                let mut ends = pair.items();
                Some((values::date(&text(ends.next()?)?), values::date(&text(ends.next()?)?)))
            },
        );
    Some(CellRan { cell, periods: periods.collect(), years: years.collect(), dates: dates.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(row: u32, periods: &[u32], years: &[i32], dates: &[&str]) -> CellRan {
        CellRan {
            cell: Cell { row, column: 1 },
            periods: periods.iter().copied().collect(),
            years: years.iter().copied().collect(),
            dates: dates.iter().map(|&date| (date.to_owned(), date.to_owned())).collect(),
        }
    }

    #[test]
    fn what_several_lists_say_of_a_cell_is_put_together() {
        let found = merged(vec![
            ran(2, &[1], &[], &["1979"]),
            ran(1, &[3], &[1981], &["1981", "1981"]),
            ran(1, &[1, 3], &[1979], &["1979", "1981"]),
        ]);
        let both = ran(1, &[1, 3], &[1979, 1981], &["1979", "1981", "1981"]);
        assert_eq!(found, [both, ran(2, &[1], &[], &["1979"])]);
    }
}
