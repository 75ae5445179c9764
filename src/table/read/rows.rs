//! Rows of a table as bits, whoever they come from.
//!
//! A value is 64 bits wide, whatever its type ([`Bits`]), and nothing where it is missing. So rows of all forms can be laid side by side.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use arrow_schema::{DataType, Field};

use crate::model::grid::Cell;
use crate::plan::tables::TableKind;
use crate::table::schema::is_moment;

use super::super::schema::Table;
use super::date;

/// Numbers of texts that nobody expects begin here.
const UNKNOWN: u64 = 1 << 62;
/// Such texts that are kept for messages.
const KEPT: usize = 1000;

/// What a column's bits are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bits {
    /// A whole number of 64 bits with a sign, whatever its size.
    Signed,
    /// A whole number without.
    Unsigned,
    /// A float of 32 bits.
    Float32,
    /// A float of 64 bits.
    Float64,
    /// 0 or 1.
    Boolean,
    /// Milliseconds since 1970 at midnight.
    Date,
    /// Milliseconds since 1970.
    Moment,
    /// The number of a text.
    Text,
}

/// Texts by their numbers: those that are expected in their order, others behind them.
#[derive(Debug, Default)]
pub struct Texts {
    list: Vec<String>,
    numbers: HashMap<String, u64>,
    unknown: Mutex<Vec<String>>,
}

impl Texts {
    /// Texts that are expected.
    pub fn new(texts: impl IntoIterator<Item = String>) -> Self {
        let mut all = Texts::default();
        for text in texts {
            if !all.numbers.contains_key(&text) {
                all.numbers.insert(text.clone(), all.list.len() as u64);
                all.list.push(text);
            }
        }
        all
    }

    /// Whether a text is expected.
    pub fn is_known(&self, text: &str) -> bool {
        self.numbers.contains_key(text)
    }

    /// The texts that are expected.
    pub fn list(&self) -> &[String] {
        &self.list
    }

    /// The number of a text, expected or not.
    pub fn number(&self, text: &str) -> u64 {
        if let Some(&number) = self.numbers.get(text) {
            return number;
        }
        let mut unknown = crate::sync::lock(&self.unknown);
        let index = unknown.iter().position(|other| other == text).unwrap_or(unknown.len());
        if index == unknown.len() && index < KEPT {
            unknown.push(text.to_owned());
        }
        UNKNOWN + index as u64
    }

    fn text(&self, number: u64) -> String {
        match number.checked_sub(UNKNOWN) {
            None => self.list.get(number as usize).cloned().unwrap_or_default(),
            Some(index) => {
                let unknown = crate::sync::lock(&self.unknown);
                unknown.get(index as usize).cloned().unwrap_or_else(|| "(one of many)".to_owned())
            }
        }
    }
}

/// A column.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What its bits are.
    pub bits: Bits,
    /// Bytes of a value in a file, of numbers.
    pub size: usize,
    /// Whether values may be missing.
    pub is_nullable: bool,
    /// The texts that it may have, of a column of texts.
    pub texts: Option<Arc<Texts>>,
}

impl Column {
    /// The column of a field; `texts` are those that it may have.
    pub(crate) fn of(field: &Field, texts: Option<Arc<Texts>>) -> Self {
        let (bits, size) = match field.data_type() {
            DataType::Float32 => (Bits::Float32, 4),
            DataType::Float64 => (Bits::Float64, 8),
            DataType::UInt8 => (Bits::Unsigned, 1),
            DataType::UInt16 => (Bits::Unsigned, 2),
            DataType::UInt32 => (Bits::Unsigned, 4),
            DataType::UInt64 => (Bits::Unsigned, 8),
            DataType::Boolean => (Bits::Boolean, 1),
            DataType::Timestamp(..) if is_moment(field) => (Bits::Moment, 8),
            DataType::Timestamp(..) => (Bits::Date, 8),
            DataType::Int8 => (Bits::Signed, 1),
            DataType::Int16 => (Bits::Signed, 2),
            DataType::Int32 => (Bits::Signed, 4),
            DataType::Int64 => (Bits::Signed, 8),
            _ => (Bits::Text, 4),
        };
        let texts = (bits == Bits::Text).then(|| texts.unwrap_or_default());
        Column { name: field.name().clone(), bits, size, is_nullable: field.is_nullable(), texts }
    }

    /// The bits of a value that stands as text: numbers in decimal, days as YYYY-MM-DD, `true` and `false`. Nothing where the text is no
    /// such value.
    pub fn parse(&self, text: &str) -> Option<u64> {
        Some(match self.bits {
            Bits::Signed => text.parse::<i64>().ok()? as u64,
            Bits::Unsigned => text.parse::<u64>().ok()?,
            Bits::Float32 => u64::from(text.parse::<f32>().ok()?.to_bits()),
            Bits::Float64 => text.parse::<f64>().ok()?.to_bits(),
            Bits::Boolean => match text {
                "true" | "t" => 1,
                "false" | "f" => 0,
                _ => return None,
            },
            Bits::Date => date::parse(text)? as u64,
            Bits::Moment => date::parse_moment(text)? as u64,
            Bits::Text => self.texts.as_ref()?.number(text),
        })
    }
}

/// The columns of a table or of one of its files.
#[derive(Debug, Clone)]
pub struct Heading {
    /// The table.
    pub kind: TableKind,
    /// The columns, in the order in which files have them.
    pub columns: Arc<[Column]>,
    /// Places of the columns of the key, in its order.
    pub key: Vec<usize>,
    /// Columns that stand in the path of a file and not in the file.
    in_path: Vec<&'static str>,
}

impl Heading {
    /// The columns of a table; `texts` are those that its columns of texts may have, in their order.
    pub(crate) fn new(table: &Table, texts: impl Fn(&str) -> Option<Arc<Texts>>) -> Self {
        let fields = table.schema.fields().iter();
        let mut columns: Vec<Column> = fields.map(|field| Column::of(field, texts(field.name()))).collect();
        let mut in_path = Vec::new();
        if table.kind.is_yearly() && !columns.iter().any(|column| column.name == "year") {
            let (name, bits) = ("year".to_owned(), Bits::Signed);
            let behind = columns.iter().position(|column| column.name == "longitude").map_or(0, |at| at + 1);
            columns.insert(behind, Column { name, bits, size: 4, is_nullable: false, texts: None });
            in_path.push("year");
        }
        let index = |name: &&str| columns.iter().position(|column| column.name == **name);
        let key = table.key.iter().filter_map(index).collect();
        Heading { kind: table.kind, columns: columns.into(), key, in_path }
    }

    /// The columns of a file, and their places in the table.
    pub(crate) fn of_file(&self) -> (Heading, Vec<usize>) {
        let kept = self.columns.iter().enumerate();
        let kept = kept.filter(|(_, column)| !self.in_path.contains(&column.name.as_str()));
        let (kept, columns): (Vec<usize>, Vec<Column>) =
            kept.map(|(place, column)| (place, column.clone())).unzip();
        let key = self.key.iter().filter_map(|place| kept.iter().position(|kept| kept == place)).collect();
        (Heading { kind: self.kind, columns: columns.into(), key, in_path: Vec::new() }, kept)
    }

    /// Where a column is.
    pub fn place_of(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// A column.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// No rows yet.
    pub fn rows(&self) -> Rows {
        Rows { columns: self.columns.clone(), ..Rows::default() }
    }

    /// A value as messages show it.
    pub(crate) fn show(&self, column: usize, value: Option<u64>) -> String {
        let (Some(column), Some(bits)) = (self.columns.get(column), value) else { return "null".to_owned() };
        match column.bits {
            Bits::Signed => (bits as i64).to_string(),
            Bits::Unsigned => bits.to_string(),
            Bits::Float32 => format!("{:e}", f32::from_bits(bits as u32)),
            Bits::Float64 => format!("{:e}", f64::from_bits(bits)),
            Bits::Boolean => (bits != 0).to_string(),
            Bits::Date => date::show(bits as i64),
            Bits::Moment => date::show_moment(bits as i64),
            Bits::Text => column.texts.as_ref().map(|texts| texts.text(bits)).unwrap_or_default(),
        }
    }

    /// The cell of a row, and the rest of its key.
    pub(crate) fn cell_and_key(&self, row: &[Option<u64>]) -> (Option<Cell>, String) {
        let of = |name: &str| u32::try_from(self.value(row, name)?).ok();
        let cell = of("grid_y").zip(of("grid_x")).map(|(row, column)| Cell { row, column });
        let rest: Vec<String> = self
            .key
            .iter()
            .filter_map(|&index| {
                let name = &self.columns.get(index)?.name;
                let value = row.get(index).copied().flatten();
                (!matches!(name.as_str(), "grid_y" | "grid_x"))
                    .then(|| format!("{name} {}", self.show(index, value)))
            })
            .collect();
        (cell, rest.join(", "))
    }

    /// A value of a row.
    pub fn value(&self, row: &[Option<u64>], name: &str) -> Option<u64> {
        row.get(self.place_of(name)?).copied().flatten()
    }

    /// A row's key, to be compared: no key is null.
    pub(crate) fn key_of(&self, row: &[Option<u64>]) -> Vec<i64> {
        self.key
            .iter()
            .map(|&index| row.get(index).copied().flatten().map_or(i64::MIN, |bits| bits as i64))
            .collect()
    }
}

/// Rows of a table.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    columns: Arc<[Column]>,
    /// Row by row.
    values: Vec<Option<u64>>,
    /// The column behind the one that was put last.
    next: usize,
    /// What else is right of a double, by its place among values.
    ranges: HashMap<usize, (f64, f64)>,
    /// What a reader has to say of rows.
    pub problems: Vec<String>,
}

impl Rows {
    /// Bytes in memory.
    pub(crate) fn bytes(&self) -> u64 {
        (self.values.len() * std::mem::size_of::<Option<u64>>() + 32 * self.ranges.len()) as u64
    }

    fn width(&self) -> usize {
        self.columns.len()
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.values.len() / self.width().max(1)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// A row, in the order of the heading's columns.
    pub fn row(&self, index: usize) -> Option<&[Option<u64>]> {
        self.values.get(index * self.width()..(index + 1) * self.width())
    }

    /// Begins a row, in which all is missing at first.
    pub fn begin(&mut self) {
        self.values.resize(self.values.len() + self.width(), None);
        self.next = 0;
    }

    /// Puts a value into the row that was begun last. A name that is no column's is a problem of the rows.
    pub fn put(&mut self, name: &str, value: Option<u64>) {
        if let Some(target) = self.place(name).and_then(|place| self.values.get_mut(place)) {
            *target = value;
        }
    }

    /// Where a column of the last row is among values.
    fn place(&mut self, name: &str) -> Option<usize> {
        let width = self.width();
        // Rows are made column by column, so that the one behind the last is most often meant.
        let mut places = (self.next.min(width)..width).chain(0..self.next.min(width));
        let is_it = |&place: &usize| self.columns.get(place).is_some_and(|column| column.name == name);
        let Some(place) = places.find(is_it) else {
            let problem = format!("{name}: there is no such column");
            if !self.problems.contains(&problem) {
                self.problems.push(problem);
            }
            return None;
        };
        self.next = place + 1;
        Some(self.values.len().checked_sub(width)? + place)
    }

    /// Appends a value behind the last, in the order of the heading's columns.
    pub(crate) fn push(&mut self, value: Option<u64>) {
        self.values.push(value);
    }

    /// A whole number.
    pub(crate) fn whole(&mut self, name: &str, value: impl Into<i64>) {
        self.put(name, Some(value.into() as u64));
    }

    /// A text, of a column of texts.
    pub(crate) fn text(&mut self, name: &str, text: Option<&str>) {
        let texts =
            self.columns.iter().find(|column| column.name == name).and_then(|column| column.texts.clone());
        self.put(name, text.zip(texts).map(|(text, texts)| texts.number(text)));
    }

    /// A double; null where it is NaN.
    pub(crate) fn double(&mut self, name: &str, value: f64) {
        self.put(name, (!value.is_nan()).then_some(value.to_bits()));
    }

    /// A double, and what of its neighbours is right as well.
    pub(crate) fn between(&mut self, name: &str, value: f64, (low, high): (f64, f64)) {
        self.double(name, value);
        let behind = self.values.len().checked_sub(self.width()).map(|first| first + self.next);
        if let Some(place) = behind.and_then(|behind| behind.checked_sub(1)) {
            self.ranges.insert(place, (low, high));
        }
    }

    /// Takes the first rows away.
    pub(crate) fn drop_front(&mut self, rows: usize) {
        self.values.drain(..(rows * self.width()).min(self.values.len()));
    }

    /// Some rows, with the columns of a file, whose places in the table are told.
    pub(crate) fn part(&self, rows: &[usize], heading: &Heading, places: &[usize]) -> Rows {
        let mut part = heading.rows();
        for &row in rows {
            for &column in places {
                let at = row * self.width() + column;
                if let Some(range) = self.ranges.get(&at) {
                    part.ranges.insert(part.values.len(), *range);
                }
                part.push(self.values.get(at).copied().flatten());
            }
        }
        part
    }

    /// Whether a value is what stands here.
    pub(crate) fn has(&self, row: usize, column: usize, found: Option<u64>) -> bool {
        let at = row * self.width() + column;
        let expected = self.values.get(at).copied().flatten();
        if expected == found {
            return true;
        }
        let range = self.ranges.get(&at).zip(found);
        range.is_some_and(|(&(low, high), found)| {
            let found = f64::from_bits(found);
            low <= found && found <= high
        })
    }
}
