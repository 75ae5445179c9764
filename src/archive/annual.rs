//! Yearly communities as columns: one value a year, a community of a year, or a plant strategy of a community.
//!
//! Columns are found, not listed: whatever keys the dumps have become columns, in double precision or 64-bit whole numbers, which hold
//! all that the model writes exactly. Tables are ragged: `communities` of a year says how many rows of the second table are
//! its, and `strategies` of a community how many of the third.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::dump::{Scalar, Value, ValueKind};
use crate::model::element::Element;
use crate::model::fault::FaultKind;

/// What a row of a table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Table {
    Year,
    /// A community, masked or not, of a year.
    Mask,
    Community,
    Strategy,
}

impl Table {
    pub const ALL: [Table; 4] = [Table::Year, Table::Mask, Table::Community, Table::Strategy];

    /// The name of its dimension.
    pub fn dimension(self) -> &'static str {
        match self {
            Table::Year => "year",
            Table::Mask => "member",
            Table::Community => "community",
            Table::Strategy => "strategy",
        }
    }
}

/// A column of a table: little-endian values of eight bytes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Values {
    /// 64-bit floats or whole numbers.
    pub element: Element,
    pub bytes: Vec<u8>,
    /// Rows without a value, in order.
    pub gaps: Vec<usize>,
}

/// The yearly communities of a cell.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Annual {
    /// By table and by the name of the dataset.
    pub columns: BTreeMap<(Table, String), Values>,
    rows: [usize; 4],
}

/// What of a year cannot be kept: key and reason.
type Refused = (Option<String>, FaultKind, String);

/// Why of two keys the later is refused.
const TWICE: &str = "the archive has another column of that name";

/// A number of a dump.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Float(f64),
    Whole(i64),
}

/// Values of a column, and the row of the year's own that they begin with.
type Part = (Table, String, usize, Vec<Number>);

/// Values of a year before they are added: all or nothing of a dump.
#[derive(Default)]
struct Year {
    parts: Vec<Part>,
    rows: [usize; 4],
}

impl Annual {
    /// Rows of a table.
    pub fn rows(&self, table: Table) -> usize {
        self.rows.get(table as usize).copied().unwrap_or(0)
    }

    /// Goes on with columns that were stored.
    pub fn resume(columns: BTreeMap<(Table, String), Values>, rows: [usize; 4]) -> Self {
        Annual { columns, rows }
    }

    /// Adds a year's dump: all of it, but for keys that are named.
    ///
    /// # Errors
    /// Why it is none.
    pub fn add(&mut self, root: Value<'_>, refused: &mut Vec<Refused>) -> Result<(), String> {
        let communities = root.get("communities").ok_or("it has no communities")?;
        if !matches!(communities.kind(), ValueKind::Dict(_)) {
            return Err("\"communities\" is not a dict".to_owned());
        }
        let mut year = Year { rows: [1, 0, 0, 0], ..Year::default() };
        let mut refuse = |key: &str, reason: &str| {
            refused.push((Some(key.to_owned()), FaultKind::Type, reason.to_owned()));
        };
        for (key, value) in last_entries(root) {
            match (key, number(value), value.as_array()) {
                ("communities", ..) => {}
                ("members", ..) => refuse(key, TWICE),
                ("mask", _, Some(array)) if array.shape().len() == 1 => match numbers(value) {
                    Some(mask) => {
                        year.add(Table::Year, "members", vec![Number::Whole(mask.len() as i64)]);
                        year.rows[Table::Mask as usize] = mask.len();
                        year.add(Table::Mask, "mask", mask);
                    }
                    None => refuse(key, "its values are not numbers that can be kept exactly"),
                },
                (_, Some(number), _) => year.add(Table::Year, key, vec![number]),
                _ => refuse(key, "it is neither a number nor the mask"),
            }
        }
        let mut count = 0i64;
        for (key, value) in communities.entries() {
            let index = key.as_i64().ok_or("a community has no number")?;
            if !matches!(value.kind(), ValueKind::Dict(_)) {
                return Err(format!("community {index} is not a dict"));
            }
            year.community(index, value, &mut refuse);
            count += 1;
        }
        year.rows[Table::Community as usize] = count as usize;
        year.add(Table::Year, "communities", vec![Number::Whole(count)]);
        for (table, name) in year.columns() {
            if !self.holds_exactly(&year, table, &name) {
                let key = year.drop_column(table, &name);
                let reason = "it has floats, and whole numbers that no double holds exactly";
                refused.push((Some(key), FaultKind::Type, reason.to_owned()));
            }
        }
        self.take(year);
        Ok(())
    }

    /// Whether a column stays exact with what a year adds to it: a column is all doubles or all whole numbers.
    fn holds_exactly(&self, year: &Year, table: Table, name: &str) -> bool {
        let known = self.columns.get(&(table, name.to_owned()));
        let is_whole = known.is_none_or(|column| column.element == Element::Int64);
        let added = || year.values(table, name);
        if is_whole && added().all(|value| matches!(value, Number::Whole(_))) {
            return true;
        }
        let is_exact = |value: Number| match value {
            Number::Whole(value) => is_double(value),
            Number::Float(_) => true,
        };
        let before = known.filter(|_| is_whole).map_or(&[][..], |column| column.bytes.as_chunks::<8>().0);
        added().all(is_exact) && before.iter().all(|&bytes| is_double(i64::from_le_bytes(bytes)))
    }

    fn take(&mut self, year: Year) {
        for (table, name, first, values) in year.parts {
            let rows = self.rows(table) + first;
            let empty = || Values { element: Element::Int64, bytes: Vec::new(), gaps: Vec::new() };
            let column = self.columns.entry((table, name)).or_insert_with(empty);
            column.fill_to(rows);
            for value in values {
                column.push(value);
            }
        }
        for (rows, more) in self.rows.iter_mut().zip(year.rows) {
            *rows += more;
        }
        let rows = self.rows;
        for ((table, _), column) in &mut self.columns {
            column.fill_to(rows.get(*table as usize).copied().unwrap_or(0));
        }
    }
}

impl Year {
    /// Its columns, each once.
    fn columns(&self) -> BTreeSet<(Table, String)> {
        self.parts.iter().map(|(table, name, ..)| (*table, name.clone())).collect()
    }

    fn values<'a>(&'a self, table: Table, name: &'a str) -> impl Iterator<Item = Number> + 'a {
        let is_it = move |(known, other, ..): &&Part| (*known, other.as_str()) == (table, name);
        self.parts.iter().filter(is_it).flat_map(|(.., values)| values.iter().copied())
    }

    /// Takes a column away, and that which it is a pair with; says what its key was.
    fn drop_column(&mut self, table: Table, name: &str) -> String {
        let stem = name.strip_suffix("_percent").unwrap_or(name);
        let is_pair =
            table == Table::Strategy && self.values(table, &format!("{stem}_percent")).next().is_some();
        let key = if is_pair { stem } else { name };
        let percent = format!("{stem}_percent");
        self.parts.retain(|(known, other, ..)| {
            (*known, other.as_str()) != (table, key) && !(is_pair && (*known, other) == (table, &percent))
        });
        match table {
            Table::Community => key.strip_prefix("community_").unwrap_or(key).to_owned(),
            _ => key.to_owned(),
        }
    }

    fn add(&mut self, table: Table, name: &str, values: Vec<Number>) {
        self.parts.push((table, name.to_owned(), 0, values));
    }

    fn community(&mut self, index: i64, value: Value<'_>, refuse: &mut impl FnMut(&str, &str)) {
        let ids = value.get("id").and_then(Value::as_array).filter(|array| array.shape().len() == 1);
        let count = ids.map_or(0, |array| array.len());
        let (row, first) = (self.rows[Table::Community as usize], self.rows[Table::Strategy as usize]);
        let before = self.parts.len();
        let mut put = |table: Table, name: String, values: Vec<Number>| {
            let own = self.parts.get(before..).unwrap_or_default();
            if own.iter().any(|(known, other, ..)| (*known, other) == (table, &name)) {
                return false;
            }
            let first = if table == Table::Community { row } else { first };
            self.parts.push((table, name, first, values));
            true
        };
        put(Table::Community, "community_number".to_owned(), vec![Number::Whole(index)]);
        put(Table::Community, "strategies".to_owned(), vec![Number::Whole(count as i64)]);
        for (key, value) in last_entries(value) {
            let is_new = if let Some(number) = number(value) {
                put(Table::Community, format!("community_{key}"), vec![number])
            } else if let Some(values) = numbers(value).filter(|values| values.len() == count) {
                put(Table::Strategy, key.to_owned(), values)
            } else if let Some((codes, percent)) = pairs(value).filter(|(codes, _)| codes.len() == count) {
                put(Table::Strategy, key.to_owned(), codes)
                    && put(Table::Strategy, format!("{key}_percent"), percent)
            } else {
                refuse(key, "it is neither a number nor one value or pair a strategy");
                continue;
            };
            if !is_new {
                refuse(key, TWICE);
            }
        }
        self.rows[Table::Community as usize] += 1;
        self.rows[Table::Strategy as usize] += count;
    }
}

/// The entries of a dict with texts as keys; of a key that is there twice the last.
fn last_entries<'a>(dict: Value<'a>) -> impl Iterator<Item = (&'a str, Value<'a>)> {
    let is_last = move |key: &str, value: Value<'a>| {
        dict.get(key).is_some_and(|last| last.identity() == value.identity())
    };
    dict.entries().filter_map(move |(key, value)| {
        let key = key.as_str()?;
        is_last(key, value).then_some((key, value))
    })
}

fn number(value: Value<'_>) -> Option<Number> {
    match value.kind() {
        ValueKind::Int(number) => Some(Number::Whole(number)),
        ValueKind::Bool(truth) => Some(Number::Whole(i64::from(truth))),
        ValueKind::Float(number) => Some(Number::Float(number)),
        ValueKind::Array(array) if array.shape().is_empty() => match array.dtype().scalar {
            Scalar::Float => value.as_f64().map(Number::Float),
            Scalar::Int | Scalar::UInt | Scalar::Bool => value.as_i64().map(Number::Whole),
            _ => None,
        },
        _ => None,
    }
}

fn numbers(value: Value<'_>) -> Option<Vec<Number>> {
    let array = value.as_array().filter(|array| array.shape().len() == 1)?;
    match array.dtype().scalar {
        Scalar::Float => Some(array.to_f64()?.into_iter().map(Number::Float).collect()),
        Scalar::Int | Scalar::UInt | Scalar::Bool => {
            Some(array.to_i64()?.into_iter().map(Number::Whole).collect())
        }
        _ => None,
    }
}

fn pairs(value: Value<'_>) -> Option<(Vec<Number>, Vec<Number>)> {
    if !matches!(value.kind(), ValueKind::Tuple(_) | ValueKind::List(_)) {
        return None;
    }
    let pair = |pair: Value<'_>| {
        if !matches!(pair.kind(), ValueKind::Tuple(2) | ValueKind::List(2)) {
            return None;
        }
        let mut items = pair.items();
        Some((number(items.next()?)?, number(items.next()?)?))
    };
    Some(value.items().map(pair).collect::<Option<Vec<_>>>()?.into_iter().unzip())
}

/// Whether a double holds a whole number exactly.
fn is_double(value: i64) -> bool {
    // Back from 2^63 is one less; no other double does that.
    value != i64::MAX && (value as f64) as i64 == value
}

impl Values {
    fn push(&mut self, value: Number) {
        match (self.element, value) {
            (Element::Int64, Number::Whole(value)) => self.bytes.extend_from_slice(&value.to_le_bytes()),
            (_, value) => {
                self.make_floats();
                let value = match value {
                    Number::Float(value) => value,
                    Number::Whole(value) => value as f64,
                };
                self.bytes.extend_from_slice(&value.to_le_bytes());
            }
        }
    }

    /// Where a float comes, whole numbers become floats, too.
    fn make_floats(&mut self) {
        if self.element == Element::Float64 {
            return;
        }
        for value in self.bytes.as_chunks_mut::<8>().0 {
            *value = (i64::from_le_bytes(*value) as f64).to_le_bytes();
        }
        self.element = Element::Float64;
    }

    fn fill_to(&mut self, rows: usize) {
        for row in self.bytes.len() / 8..rows {
            self.bytes.extend_from_slice(&[0; 8]);
            self.gaps.push(row);
        }
    }

    /// Puts a value into the gaps that no row has; `None` without gaps.
    pub fn fill(&mut self) -> Option<[u8; 8]> {
        if self.gaps.is_empty() {
            return None;
        }
        let (rows, _) = self.bytes.as_chunks_mut::<8>();
        let gaps: HashSet<usize> = self.gaps.iter().copied().collect();
        let values = rows.iter().enumerate().filter(|(row, _)| !gaps.contains(row));
        let values: HashSet<[u8; 8]> = values.map(|(_, value)| *value).collect();
        let mut fill = self.element.fill();
        while values.contains(&fill) {
            fill = u64::from_le_bytes(fill).wrapping_add(1).to_le_bytes();
        }
        for &gap in &self.gaps {
            if let Some(row) = rows.get_mut(gap) {
                *row = fill;
            }
        }
        Some(fill)
    }
}

#[cfg(test)]
mod tests;
