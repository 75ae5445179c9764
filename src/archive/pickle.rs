//! Dumps made again from an archive: pickles as joblib writes them, without compression.
//!
//! All that reads dumps reads archives through these, and `verify` compares them with the dumps they come from.

use std::collections::BTreeMap;

use super::annual::Table;
use super::handle::CellHandle;
use super::record::DumpRecord;
use super::variable::{Values, Variable};
use crate::error::{Error, Result};
use crate::model::element::Element;

/// A pickle that is being written, protocol 4.
pub(super) struct Pickler(Vec<u8>);

impl Pickler {
    pub fn new() -> Self {
        Pickler(vec![0x80, 4, b'}'])
    }

    pub fn put(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub fn text(&mut self, text: &str) {
        self.put(b"X");
        self.put(&(text.len() as u32).to_le_bytes());
        self.put(text.as_bytes());
    }

    pub fn whole(&mut self, number: i64) {
        self.put(&[0x8a, 8]);
        self.put(&number.to_le_bytes());
    }

    pub fn float(&mut self, number: f64) {
        self.put(b"G");
        self.put(&number.to_be_bytes());
    }

    fn global(&mut self, module: &str, name: &str) {
        self.text(module);
        self.text(name);
        self.put(&[0x93]);
    }

    /// Puts the value that was written last under the key before it.
    pub fn set(&mut self) {
        self.put(b"s");
    }

    /// An array; `(rows, count)` is in C order, row after row.
    pub fn array(&mut self, element: Element, rows: Option<usize>, count: usize, bytes: &[u8]) {
        self.global("joblib.numpy_pickle", "NumpyArrayWrapper");
        self.put(b")\x81}(");
        self.text("subclass");
        self.global("numpy", "ndarray");
        self.text("shape");
        self.shape(rows, count);
        self.text("order");
        self.text("C");
        self.text("dtype");
        self.dtype(element);
        self.text("allow_mmap");
        self.put(&[0x88]);
        self.text("numpy_array_alignment_bytes");
        self.put(b"K\x10ub");
        let padding = 16 - (self.0.len() + 1) % 16;
        self.0.push(padding as u8);
        self.0.resize(self.0.len() + padding, 0xff);
        self.put(bytes);
    }

    /// A numpy masked array; the places that hold the fill value are masked.
    fn masked(&mut self, element: Element, rows: Option<usize>, count: usize, bytes: &[u8]) {
        let fill = element.fill();
        let fill = fill.get(..element.size()).unwrap_or_default();
        let mask: Vec<u8> = bytes.chunks_exact(element.size()).map(|value| u8::from(value == fill)).collect();
        self.global("numpy.ma.core", "_mareconstruct");
        self.put(b"(");
        self.global("numpy.ma", "MaskedArray");
        self.global("numpy", "ndarray");
        self.put(b"K\x00\x85C\x01btR(K\x01");
        self.shape(rows, count);
        self.dtype(element);
        self.put(&[0x89]);
        for bytes in [bytes, &mask] {
            self.put(&[0x8e]);
            self.put(&(bytes.len() as u64).to_le_bytes());
            self.put(bytes);
        }
        self.put(b"Ntb");
    }

    fn shape(&mut self, rows: Option<usize>, count: usize) {
        rows.iter().for_each(|&rows| self.whole(rows as i64));
        self.whole(count as i64);
        self.put(if rows.is_some() { &[0x86] } else { &[0x85] });
    }

    fn dtype(&mut self, element: Element) {
        self.global("numpy", "dtype");
        let kind = if element.is_float() {
            'f'
        } else if is_unsigned(element) {
            'u'
        } else {
            'i'
        };
        self.text(&format!("{kind}{}", element.size()));
        self.put(&[0x89, 0x88, 0x87, b'R']);
        self.put(b"(K\x03");
        self.text(if element.size() == 1 { "|" } else { "<" });
        self.put(b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb");
    }

    pub fn finish(mut self) -> Vec<u8> {
        self.put(b".");
        self.0
    }
}

fn is_unsigned(element: Element) -> bool {
    matches!(element, Element::UInt8 | Element::UInt16 | Element::UInt32 | Element::UInt64)
}

/// The dump of a period, made again.
pub(super) fn period(cell: &CellHandle, record: &DumpRecord) -> Result<Vec<u8>> {
    let mut pickle = Pickler::new();
    let (first, count) = record.days.unwrap_or((0, 0));
    let days = cell.days()?;
    let start = days.partition_point(|&day| day < first) as u64;
    let range = start..start.saturating_add(count);
    for name in cell.variables() {
        let variable = cell.variable(name)?;
        if record.missing.iter().any(|missing| missing == name) {
            continue;
        }
        let values = variable.read(range.clone())?;
        pickle.text(variable.key());
        // Floats that were masked are NaN; of whole numbers the fill value says so.
        if variable.has_gaps() && !values.element.is_float() {
            pickle.masked(values.element, values.rows, values.count, &values.bytes);
        } else {
            pickle.array(values.element, values.rows, values.count, &values.bytes);
        }
        pickle.set();
    }
    for (key, kind, rows) in &record.empty {
        let element = element_of(kind);
        pickle.text(key);
        // Without rows there may be days, and without days rows.
        let count = if *rows == Some(0) { count as usize } else { 0 };
        pickle.array(element, *rows, count, &[]);
        pickle.set();
    }
    let unit = cell.unit();
    let text = record.unit.as_deref().unwrap_or(unit.text());
    let shift = crate::model::time_unit::TimeUnit::parse(text, unit.calendar()).ok();
    let shift = shift.and_then(|own| unit.shift_to(&own)).unwrap_or(0);
    for (key, text) in [("calendar", unit.calendar().name()), ("time_unit", text)] {
        pickle.text(key);
        pickle.text(text);
        pickle.set();
    }
    for (key, day) in [("sind", first + shift), ("eind", first + shift + count as i64 - 1)] {
        pickle.text(key);
        pickle.whole(day);
        pickle.set();
    }
    Ok(pickle.finish())
}

fn element_of(name: &str) -> Element {
    let name = name.split(',').next().unwrap_or(name);
    let all = [
        Element::Float32,
        Element::Float64,
        Element::Int8,
        Element::Int16,
        Element::Int32,
        Element::Int64,
        Element::UInt8,
        Element::UInt16,
        Element::UInt32,
        Element::UInt64,
    ];
    all.into_iter().find(|element| element.name() == name).unwrap_or(Element::Float64)
}

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

    fn put(&self, row: usize, pickle: &mut Pickler) {
        let bytes = self.get(row).and_then(|bytes| bytes.try_into().ok()).unwrap_or_default();
        match self.values.element {
            Element::Float64 => pickle.float(f64::from_le_bytes(bytes)),
            _ => pickle.whole(i64::from_le_bytes(bytes)),
        }
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
    /// [`Error::Archive`] where one is damaged, or counts more rows than there are.
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

    /// The dump of a year, made again; `None` where there is none.
    pub fn dump(&self, year: i32) -> Option<Vec<u8>> {
        let years = self.column(Table::Year, "year")?;
        let row = (0..years.values.count).find(|&row| years.whole(row) == i64::from(year))?;
        let mut pickle = Pickler::new();
        for column in self.table(Table::Year) {
            if !["members", "communities"].contains(&column.key.as_str()) && column.has(row) {
                pickle.text(&column.key);
                column.put(row, &mut pickle);
                pickle.set();
            }
        }
        if self.column(Table::Year, "members").is_some_and(|members| members.has(row))
            && let Some(mask) = self.column(Table::Mask, "mask")
        {
            let (first, count) = self.ragged(Table::Mask, row);
            pickle.text("mask");
            let bytes = mask.values.bytes.get(first * 8..(first + count) * 8).unwrap_or_default();
            pickle.array(mask.values.element, None, count, bytes);
            pickle.set();
        }
        pickle.text("communities");
        pickle.put(b"}");
        let (first, count) = self.ragged(Table::Community, row);
        for community in first..first + count {
            pickle.whole(self.column(Table::Community, "community_number")?.whole(community));
            self.community(community, &mut pickle);
            pickle.set();
        }
        pickle.set();
        Some(pickle.finish())
    }

    fn community(&self, row: usize, pickle: &mut Pickler) {
        pickle.put(b"}");
        for column in self.table(Table::Community) {
            if let Some(key) = column.key.strip_prefix("community_")
                && key != "number"
                && column.has(row)
            {
                pickle.text(key);
                column.put(row, pickle);
                pickle.set();
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
            pickle.text(&column.key);
            match self.column(Table::Strategy, &format!("{}_percent", column.key)) {
                Some(percent) => {
                    pickle.put(b"(");
                    for row in rows.clone() {
                        column.put(row, pickle);
                        percent.put(row, pickle);
                        pickle.put(&[0x86]);
                    }
                    pickle.put(b"t");
                }
                None => {
                    let bytes = column.values.bytes.get(first * 8..(first + count) * 8).unwrap_or_default();
                    pickle.array(column.values.element, None, count, bytes);
                }
            }
            pickle.set();
        }
    }
}

/// The dump that a record is of, made again.
pub(super) fn dump(cell: &CellHandle, record: &DumpRecord) -> Result<Option<Vec<u8>>> {
    match (record.is_lost(), record.period, record.year) {
        (false, Some(_), _) => period(cell, record).map(Some),
        (false, _, Some(year)) => Ok(Years::read(cell)?.dump(year)),
        _ => Ok(None),
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

/// Where a record's dump is not in the archive, though nothing is wrong with it.
pub(super) fn lacks(cell: &CellHandle, path: &std::path::Path, record: &DumpRecord) -> Error {
    Error::archive(path, Some(cell.cell()), None, format!("{} is not in it", record.file))
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
