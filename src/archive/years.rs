//! The yearly communities of an archived cell, as the trees of values that its dumps held.

use std::collections::BTreeMap;

use super::annual::Table;
use super::handle::CellHandle;
use super::variable::{Values, Variable};
use crate::dump::{Piece, Tree, TreeBuilder};
use crate::error::{Error, Result};
use crate::model::element::Element;

/// A column of years in memory.
struct Column {
    key: String,
    values: Values,
    fill: Option<Vec<u8>>,
}

impl Column {
    fn whole(&self, row: usize) -> i64 {
        self.get(row).map_or(0, |bytes| i64::from_le_bytes(bytes.try_into().unwrap_or_default()))
    }

    fn get(&self, row: usize) -> Option<&[u8]> {
        self.values.bytes.get(row * 8..row * 8 + 8)
    }

    /// Whether the row has a value.
    fn has(&self, row: usize) -> bool {
        self.get(row).is_some_and(|bytes| self.fill.as_deref() != Some(bytes))
    }

    fn value(&self, row: usize, tree: &mut TreeBuilder) -> Piece {
        let bytes = self.get(row).and_then(|bytes| bytes.try_into().ok()).unwrap_or_default();
        match self.values.element {
            Element::Float64 => tree.float(f64::from_le_bytes(bytes)),
            _ => tree.whole(i64::from_le_bytes(bytes)),
        }
    }

    fn array(&self, first: usize, count: usize, tree: &mut TreeBuilder) -> Piece {
        let values = self.values.bytes.get(first * 8..(first + count) * 8).unwrap_or_default();
        tree.array(self.values.element, values)
    }
}

type Columns = BTreeMap<(Table, String), Column>;

/// The tables of years of a cell in memory.
pub(super) struct Years {
    columns: Columns,
    /// For tables whose rows stand in turns for rows of the table above: the first row of each turn, and the end of the last.
    turns: BTreeMap<Table, Vec<usize>>,
}

/// Tables whose rows stand in turns, and the column above that counts them.
const TURNS: [(Table, Table, &str); 3] = [
    (Table::Mask, Table::Year, "members"),
    (Table::Community, Table::Year, "communities"),
    (Table::Strategy, Table::Community, "strategies"),
];

/// Where turns begin and end; the column that counts more rows than there are, and that in words.
fn turns(
    columns: &Columns,
) -> std::result::Result<BTreeMap<Table, Vec<usize>>, (Table, &'static str, String)> {
    let mut turns = BTreeMap::new();
    for (table, above, key) in TURNS {
        let Some(counts) = columns.get(&(above, key.to_owned())) else { continue };
        let (mut ends, mut end) = (vec![0], 0usize);
        for row in 0..counts.values.count {
            let count = if counts.has(row) { counts.whole(row) } else { 0 };
            let Ok(count) = usize::try_from(count) else {
                return Err((above, key, format!("it counts {count} rows")));
            };
            end = end.saturating_add(count);
            ends.push(end);
        }
        let lengths = columns.iter().filter(|((of, _), _)| *of == table);
        // Without columns there is nothing to count.
        let Some(there) = lengths.map(|(_, column)| column.values.count).min() else { continue };
        // Rows that no turn has would vanish.
        if end != there {
            return Err((above, key, format!("it counts {end} rows, and there are {there}")));
        }
        turns.insert(table, ends);
    }
    Ok(turns)
}

impl Years {
    /// Reads them.
    ///
    /// # Errors
    /// [`Damaged`](crate::ErrorKind::Damaged) where one is damaged, or counts more rows than there are.
    pub fn read(cell: &CellHandle) -> Result<Self> {
        let mut columns = BTreeMap::new();
        let variables = cell.annual()?;
        for variable in &variables {
            let table = variable.table();
            let fill = variable.fill().map(<[u8]>::to_vec);
            let values = variable.all()?;
            let key = variable.key().to_owned();
            columns.insert((table, key.clone()), Column { key, values, fill });
        }
        let turns = turns(&columns).map_err(|(above, key, reason)| {
            match variables.iter().find(|one| one.table() == above && one.key() == key) {
                Some(variable) => variable.wrong(&reason),
                None => Error::archive(cell.path(), Some(cell.cell()), Some(key), reason),
            }
        })?;
        Ok(Years { columns, turns })
    }

    fn table(&self, table: Table) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(move |((of, _), _)| *of == table).map(|(_, column)| column)
    }

    fn column(&self, table: Table, key: &str) -> Option<&Column> {
        self.columns.get(&(table, key.to_owned()))
    }

    /// The first row of a table that belongs to a row of the table above it, and how many do.
    fn ragged(&self, table: Table, row: usize) -> (usize, usize) {
        let turn = self.turns.get(&table).and_then(|ends| Some((*ends.get(row)?, *ends.get(row + 1)?)));
        turn.map_or((0, 0), |(from, to)| (from, to - from))
    }

    /// What they take in memory.
    pub fn bytes(&self) -> usize {
        self.columns.values().map(|column| column.values.bytes.len()).sum()
    }

    /// The communities of a year as a tree of values; `None` where it has no such year.
    pub fn tree(&self, year: i32) -> Option<Tree> {
        let years = self.column(Table::Year, "year")?;
        let row = (0..years.values.count).find(|&row| years.whole(row) == i64::from(year))?;
        let mut tree = TreeBuilder::default();
        let mut entries = Vec::new();
        for column in self.table(Table::Year) {
            if !["members", "communities"].contains(&column.key.as_str()) && column.has(row) {
                entries.push((tree.text(&column.key), column.value(row, &mut tree)));
            }
        }
        if self.column(Table::Year, "members").is_some_and(|members| members.has(row))
            && let Some(mask) = self.column(Table::Mask, "mask")
        {
            let (first, count) = self.ragged(Table::Mask, row);
            entries.push((tree.text("mask"), mask.array(first, count, &mut tree)));
        }
        let (first, count) = self.ragged(Table::Community, row);
        let numbers = self.column(Table::Community, "community_number");
        let mut communities = Vec::with_capacity(count);
        for community in first..first + count {
            let number = tree.whole(numbers?.whole(community));
            communities.push((number, self.community(community, &mut tree)));
        }
        entries.push((tree.text("communities"), tree.dict(communities)));
        let root = tree.dict(entries);
        Some(tree.finish(root))
    }

    fn community(&self, row: usize, tree: &mut TreeBuilder) -> Piece {
        let mut entries = Vec::new();
        for column in self.table(Table::Community) {
            if let Some(key) = column.key.strip_prefix("community_")
                && key != "number"
                && column.has(row)
            {
                entries.push((tree.text(key), column.value(row, tree)));
            }
        }
        let (first, count) = self.ragged(Table::Strategy, row);
        let rows = first..first + count;
        for column in self.table(Table::Strategy) {
            let is_percent = |key: &str| {
                key.strip_suffix("_percent").is_some_and(|key| self.column(Table::Strategy, key).is_some())
            };
            if is_percent(&column.key) || rows.clone().any(|row| !column.has(row)) {
                continue;
            }
            let values = match self.column(Table::Strategy, &format!("{}_percent", column.key)) {
                Some(percent) => {
                    let pairs = rows.clone().map(|row| {
                        let pair = vec![column.value(row, tree), percent.value(row, tree)];
                        tree.tuple(pair)
                    });
                    let pairs = pairs.collect();
                    tree.tuple(pairs)
                }
                None => column.array(first, count, tree),
            };
            entries.push((tree.text(&column.key), values));
        }
        tree.dict(entries)
    }
}

impl Variable {
    /// Whether some of its values stand for none.
    pub(super) fn has_gaps(&self) -> bool {
        self.fill().is_some()
    }

    /// The value that stands for none, if some do.
    pub(super) fn fill(&self) -> Option<&[u8]> {
        let attribute = self.dataset().attributes.iter().find(|attribute| attribute.name == "_FillValue");
        attribute.map(|attribute| attribute.data.as_slice())
    }

    /// The table of years that it is a column of.
    pub(super) fn table(&self) -> Table {
        let list = self.dataset().attributes.iter().find(|attribute| attribute.name == "DIMENSION_LIST");
        let place = list.and_then(|list| list.data.get(12..16)?.try_into().ok()).map(u32::from_le_bytes);
        let table = place.and_then(|place| Table::ALL.get(place.checked_sub(1)? as usize));
        table.copied().unwrap_or(Table::Year)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_more_rows_than_there_are_cost_nothing() {
        let column = |key: &str, numbers: &[i64]| Column {
            key: key.to_owned(),
            values: Values {
                element: Element::Int64,
                rows: None,
                count: numbers.len(),
                bytes: numbers.iter().flat_map(|number| number.to_le_bytes()).collect(),
            },
            fill: None,
        };
        let columns = |counts: &[i64]| -> Columns {
            [(Table::Community, "strategies", counts), (Table::Strategy, "pls_id", &[7, 8, 9])]
                .into_iter()
                .map(|(table, key, numbers)| ((table, key.to_owned()), column(key, numbers)))
                .collect()
        };
        let found = turns(&columns(&[2, 0, 1])).expect("three rows");
        assert_eq!(found[&Table::Strategy], [0, 2, 2, 3]);
        for counts in [[1 << 47, 0], [i64::MAX, i64::MAX], [2, 2], [1, 1]] {
            let (_, key, reason) = turns(&columns(&counts)).expect_err("not three");
            assert!(key == "strategies" && reason.ends_with("there are 3"), "{reason}");
        }
        let (_, _, reason) = turns(&columns(&[4, -1])).expect_err("less than none");
        assert_eq!(reason, "it counts -1 rows");
    }
}
