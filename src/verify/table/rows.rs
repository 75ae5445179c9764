//! Rows of a table as bits, whoever they come from.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use arrow_schema::DataType;

use crate::model::grid::Cell;
use crate::plan::tables::Kind;
use crate::table::Table;

use super::super::statistics::Right;

/// Numbers of texts that nobody expects begin here.
const UNKNOWN: u64 = 1 << 62;
/// Such texts that are kept for messages.
const KEPT: usize = 1000;

/// What a column's bits are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Bits {
    Signed,
    Unsigned,
    Float32,
    Float64,
    Boolean,
    /// Milliseconds since 1970 at midnight.
    Date,
    /// The number of a text.
    Text,
}

/// Texts by their numbers: those that are expected in their order, others behind them.
#[derive(Debug, Default)]
pub(in super::super) struct Texts {
    list: Vec<String>,
    numbers: HashMap<String, u64>,
    unknown: Mutex<Vec<String>>,
}

impl Texts {
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

    pub fn is_known(&self, text: &str) -> bool {
        self.numbers.contains_key(text)
    }

    pub fn list(&self) -> &[String] {
        &self.list
    }

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
pub(in super::super) struct Column {
    pub name: String,
    pub bits: Bits,
    /// Bytes of a value, of numbers.
    pub size: usize,
    pub is_nullable: bool,
    pub texts: Option<Arc<Texts>>,
}

/// The columns of a table or of one of its files.
#[derive(Debug, Clone)]
pub(in super::super) struct Form {
    pub kind: Kind,
    pub columns: Vec<Column>,
    /// Columns of the key, in its order.
    pub key: Vec<usize>,
    /// Columns that stand in the path of a file and not in the file.
    pub in_path: Vec<&'static str>,
}

impl Form {
    /// The form of a table; `texts` are those that its columns of texts may have, in their order.
    pub fn new(table: &Table, texts: impl Fn(&str) -> Option<Arc<Texts>>) -> Self {
        let column = |field: &arrow_schema::FieldRef| {
            let (bits, size) = match field.data_type() {
                DataType::Float32 => (Bits::Float32, 4),
                DataType::Float64 => (Bits::Float64, 8),
                DataType::UInt8 => (Bits::Unsigned, 1),
                DataType::UInt16 => (Bits::Unsigned, 2),
                DataType::UInt32 => (Bits::Unsigned, 4),
                DataType::UInt64 => (Bits::Unsigned, 8),
                DataType::Boolean => (Bits::Boolean, 1),
                DataType::Timestamp(..) => (Bits::Date, 8),
                DataType::Int8 => (Bits::Signed, 1),
                DataType::Int16 => (Bits::Signed, 2),
                DataType::Int32 => (Bits::Signed, 4),
                DataType::Int64 => (Bits::Signed, 8),
                _ => (Bits::Text, 4),
            };
            let texts = (bits == Bits::Text).then(|| texts(field.name()).unwrap_or_default());
            Column { name: field.name().clone(), bits, size, is_nullable: field.is_nullable(), texts }
        };
        let mut columns: Vec<Column> = table.schema.fields().iter().map(column).collect();
        let mut in_path = Vec::new();
        if table.kind.is_yearly() && !columns.iter().any(|column| column.name == "year") {
            // Behind those of the cell.
            let (name, bits) = ("year".to_owned(), Bits::Signed);
            let at = columns.len().min(4);
            columns.insert(at, Column { name, bits, size: 4, is_nullable: false, texts: None });
            in_path.push("year");
        }
        let index = |name: &&str| columns.iter().position(|column| column.name == **name);
        let key = table.key.iter().filter_map(index).collect();
        Form { kind: table.kind, columns, key, in_path }
    }

    /// The form of a file, and which columns of the table it has.
    pub fn of_file(&self) -> (Form, Vec<usize>) {
        let names = &self.in_path;
        let kept: Vec<usize> = (0..self.columns.len())
            .filter(|&index| !names.contains(&self.columns[index].name.as_str()))
            .collect();
        let columns = kept.iter().map(|&index| self.columns[index].clone()).collect();
        let key = self.key.iter().filter_map(|index| kept.iter().position(|kept| kept == index)).collect();
        (Form { kind: self.kind, columns, key, in_path: Vec::new() }, kept)
    }

    /// A value as messages show it.
    pub fn show(&self, column: usize, value: Option<u64>) -> String {
        let (Some(column), Some(bits)) = (self.columns.get(column), value) else { return "null".to_owned() };
        match column.bits {
            Bits::Signed => (bits as i64).to_string(),
            Bits::Unsigned => bits.to_string(),
            Bits::Float32 => format!("{:e}", f32::from_bits(bits as u32)),
            Bits::Float64 => format!("{:e}", f64::from_bits(bits)),
            Bits::Boolean => (bits != 0).to_string(),
            Bits::Date => super::date::show(bits as i64),
            Bits::Text => column.texts.as_ref().map(|texts| texts.text(bits)).unwrap_or_default(),
        }
    }

    /// The cell of a row, and the rest of its key.
    pub fn place(&self, row: &[Option<u64>]) -> (Option<Cell>, String) {
        let of = |name: &str| {
            let index = self.columns.iter().position(|column| column.name == name)?;
            u32::try_from(row.get(index).copied().flatten()?).ok()
        };
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

    /// A row's key, to be compared: no key is null.
    pub fn key_of(&self, row: &[Option<u64>]) -> Vec<i64> {
        self.key
            .iter()
            .map(|&index| row.get(index).copied().flatten().map_or(i64::MIN, |bits| bits as i64))
            .collect()
    }
}

/// Rows, one value behind the other.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Rows {
    pub width: usize,
    values: Vec<Option<u64>>,
    /// What else is right of a double, by its place among values.
    ranges: HashMap<usize, (f64, f64)>,
    /// What a reader has to say of rows.
    pub problems: Vec<String>,
}

impl Rows {
    pub fn new(width: usize) -> Self {
        Rows { width, ..Rows::default() }
    }

    /// Bytes in memory.
    pub fn bytes(&self) -> u64 {
        (self.values.len() * std::mem::size_of::<Option<u64>>() + 32 * self.ranges.len()) as u64
    }

    pub fn len(&self) -> usize {
        self.values.len() / self.width.max(1)
    }

    pub fn row(&self, index: usize) -> Option<&[Option<u64>]> {
        self.values.get(index * self.width..(index + 1) * self.width)
    }

    pub fn push(&mut self, value: Option<u64>) {
        self.values.push(value);
    }

    pub fn whole(&mut self, value: impl Into<i64>) {
        self.push(Some(value.into() as u64));
    }

    /// A double; null where it is NaN.
    pub fn double(&mut self, value: f64) {
        self.push((!value.is_nan()).then_some(value.to_bits()));
    }

    pub fn right(&mut self, right: Right) {
        if right.low != right.high || right.best == 0.0 {
            self.ranges.insert(self.values.len(), (right.low, right.high));
        }
        self.double(right.best);
    }

    /// Takes the first rows away.
    pub fn drop_front(&mut self, rows: usize) {
        self.values.drain(..(rows * self.width).min(self.values.len()));
    }

    /// Some rows with some columns.
    pub fn part(&self, rows: &[usize], columns: &[usize]) -> Rows {
        let mut part = Rows::new(columns.len());
        for &row in rows {
            for &column in columns {
                let at = row * self.width + column;
                if let Some(range) = self.ranges.get(&at) {
                    part.ranges.insert(part.values.len(), *range);
                }
                part.push(self.values.get(at).copied().flatten());
            }
        }
        part
    }

    /// Whether a value is what stands here.
    pub fn has(&self, row: usize, column: usize, found: Option<u64>) -> bool {
        let at = row * self.width + column;
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
