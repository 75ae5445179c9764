//! What to do with each column of a file, made once for it.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::element::Element;
use crate::records::description::{Again, Glued, Text};
use crate::records::rows::{Column, Rows, key_of};
use crate::records::schema::{Part, Role, Separator, Spread, StampRule, Table, TimeRule};
use crate::records::times::Parts;

use super::number;

/// What lines of text are beside fields and separators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialect {
    /// What a line of comment begins with, behind blanks; empty where there are none.
    pub comment: Vec<u8>,
    /// The character of decimals.
    pub decimal: u8,
    /// What columns without a separator between them are.
    pub glued: Glued,
    /// What a line like the header is in the middle of a file.
    pub again: Again,
}

impl Dialect {
    /// The dialect of a description. What it leaves open: no comments, a point, glued columns are split, headers skipped.
    pub fn of(text: &Text) -> Self {
        Dialect {
            comment: text.comment.clone().unwrap_or_default().into_bytes(),
            decimal: text.decimal.and_then(|decimal| u8::try_from(decimal).ok()).unwrap_or(b'.'),
            glued: text.glued.unwrap_or(Glued::Split),
            again: text.again.unwrap_or(Again::Skip),
        }
    }
}

/// What a column is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::records) enum Op {
    Skip,
    First,
    Name,
    Second,
    Time(Part),
    Stamp,
    Label,
    Key,
    F4(usize),
    F8(usize),
    Whole(usize),
    Spread(usize),
}

/// The texts of a missing value in a column, and those of them that are numbers.
#[derive(Debug, Clone, Default)]
pub(in crate::records) struct Codes {
    pub(in crate::records) texts: Vec<Vec<u8>>,
    pub(in crate::records) numbers: Vec<f64>,
}

/// What is known of a file before its first line.
#[derive(Debug, Clone)]
pub(in crate::records) struct Plan {
    pub(in crate::records) separator: Separator,
    pub(in crate::records) columns: usize,
    pub(in crate::records) ops: Vec<Op>,
    pub(in crate::records) elements: Vec<(Element, bool)>,
    pub(in crate::records) codes: Vec<Codes>,
    pub(in crate::records) dialect: Dialect,
    pub(in crate::records) edges: Vec<usize>,
    pub(in crate::records) names: Vec<Vec<u8>>,
    pub(in crate::records) header: Vec<u8>,
    pub(in crate::records) place: [f64; 2],
    pub(in crate::records) parts: Parts,
    pub(in crate::records) time: Times,
    pub(in crate::records) label: Option<String>,
    /// Cells by their names.
    pub(in crate::records) cell_names: Option<Arc<HashMap<String, f64>>>,
    pub(in crate::records) has_labels: bool,
    /// The part of records' keys that the path tells.
    pub(in crate::records) key: Option<u64>,
    pub(in crate::records) has_keys: bool,
    pub(in crate::records) cells: Option<Vec<[f64; 2]>>,
    pub(in crate::records) spread: usize,
}

/// Where the time of a record comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::records) enum Times {
    /// From parts of the line and the path.
    Parts,
    /// From parts, with the month from the number of a column.
    Months,
    /// From a stamp that is a number.
    Number,
    /// From a stamp that is a text.
    Text,
    /// From the place of the line.
    Line(i64),
}

impl Plan {
    /// A plan, or in words why the columns of the file are not enough.
    pub(in crate::records) fn of(table: &Table, dialect: &Dialect, time: &TimeRule) -> Result<Plan, String> {
        let columns = match &table.head.separator {
            Separator::Fixed(widths) => widths.len(),
            _ => table.head.columns,
        };
        if table.roles.len() != columns {
            return Err(format!("it has {columns} columns, and {} were planned", table.roles.len()));
        }
        let op = |role: &Role| {
            Ok(match *role {
                Role::Ignored => Op::Skip,
                Role::First => Op::First,
                Role::Name => Op::Name,
                Role::Second => Op::Second,
                Role::Time(part) => Op::Time(part),
                Role::Stamp => Op::Stamp,
                Role::Label => Op::Label,
                Role::Key => Op::Key,
                Role::Spread(number) => Op::Spread(number as usize),
                Role::Value(column) => {
                    let index = column as usize;
                    match table.elements.get(index) {
                        Some(&(element, summed)) => match Column::new(element, summed) {
                            Column::F4(_) => Op::F4(index),
                            Column::F8(_) => Op::F8(index),
                            Column::Whole(_) => Op::Whole(index),
                        },
                        None => return Err(format!("there is no value {column}")),
                    }
                }
            })
        };
        let ops = table.roles.iter().map(op).collect::<Result<Vec<_>, String>>()?;
        let has = |wanted: Op| ops.contains(&wanted);
        let spread = ops.iter().filter(|op| matches!(op, Op::Spread(_))).count();
        let cells = match &table.spread {
            Some(Spread::Cells(cells)) => Some(cells.clone()),
            _ => None,
        };
        let most =
            ops.iter().filter_map(|op| if let Op::Spread(number) = op { Some(*number) } else { None }).max();
        if let (Some(most), Some(cells)) = (most, &cells)
            && most >= cells.len()
        {
            return Err(format!("it has more columns than the {} cells", cells.len()));
        }
        if spread > 0 && (table.spread.is_none() || table.elements.is_empty()) {
            return Err("its columns are spread over nothing".to_owned());
        }
        if spread > 0 && ops.iter().any(|op| matches!(op, Op::F4(_) | Op::F8(_) | Op::Whole(_))) {
            return Err("some of its columns are records and others values of all of them".to_owned());
        }
        if cells.is_none() && !has(Op::First) && !has(Op::Name) && table.place[0].is_none() {
            return Err("neither its columns nor its path tell a place".to_owned());
        }
        let has_parts = !table.parts.is_empty() || ops.iter().any(|op| matches!(op, Op::Time(_)));
        let is_month = matches!(table.spread, Some(Spread::Months));
        let times = match (has(Op::Stamp), &time.stamp, time.start) {
            (true, Some(StampRule::Number { .. }), _) => Times::Number,
            (true, Some(StampRule::Text(_) | StampRule::Years), _) => Times::Text,
            (true, None, _) => return Err("it is not said how its stamps are read".to_owned()),
            (false, _, _) if is_month => Times::Months,
            (false, _, _) if has_parts => Times::Parts,
            (false, _, Some(start)) => Times::Line(start),
            (false, _, None) => return Err("neither its columns nor its path tell a time".to_owned()),
        };
        let mut parts = Parts::default();
        table.parts.iter().for_each(|&(part, value)| parts.set(part, value));
        let codes = table.elements.iter().enumerate().map(|(index, _)| {
            let texts = table.missing.get(index).map(Vec::as_slice).unwrap_or_default();
            let texts: Vec<Vec<u8>> = texts.iter().map(|text| text.trim().as_bytes().to_vec()).collect();
            let numbers = texts.iter().filter_map(|text| match number::float::<f64>(text, dialect.decimal) {
                Ok(number::Field::Number(value)) => Some(value),
                _ => None,
            });
            let numbers = numbers.collect();
            Codes { texts: texts.into_iter().filter(|text| !text.is_empty()).collect(), numbers }
        });
        let edges: Vec<usize> = table.head.edges.iter().map(|&edge| edge as usize).collect();
        let names = table.head.names.as_deref().unwrap_or_default();
        Ok(Plan {
            separator: table.head.separator.clone(),
            columns,
            codes: codes.collect(),
            elements: table.elements.clone(),
            dialect: dialect.clone(),
            edges: if edges.len() == columns { edges } else { Vec::new() },
            names: names.iter().map(|name| name.as_bytes().to_vec()).collect(),
            header: table.head.header.trim_ascii().to_vec(),
            place: [table.place[0].unwrap_or(0.0), table.place[1].unwrap_or(0.0)],
            parts,
            time: times,
            label: table.label.clone(),
            cell_names: table.names.clone(),
            has_labels: has(Op::Label) || table.label.is_some(),
            key: table.key.as_deref().map(|key| key_of(key.as_bytes())),
            has_keys: has(Op::Key) || table.key.is_some(),
            cells,
            spread,
            ops,
        })
    }

    /// Makes rows ready to have rows of the plan behind them; false where there are some of other columns.
    pub(in crate::records) fn begin(&self, fields: &[u32], rows: &mut Rows) -> bool {
        let is_same = rows.columns.len() == self.elements.len()
            && rows.columns.iter().zip(&self.elements).all(|(column, &(element, summed))| {
                std::mem::discriminant(column) == std::mem::discriminant(&Column::new(element, summed))
            });
        if !rows.is_empty() {
            return is_same
                && rows.fields == fields
                && (rows.labels.is_empty() != self.has_labels)
                && (rows.keys.is_empty() != self.has_keys);
        }
        rows.clear();
        rows.fields.clear();
        rows.fields.extend_from_slice(fields);
        if !is_same {
            rows.columns =
                self.elements.iter().map(|&(element, summed)| Column::new(element, summed)).collect();
        }
        true
    }

    /// The number of a cell, by its name.
    pub(in crate::records) fn cell_of(&self, name: &[u8]) -> Option<f64> {
        self.cell_names.as_ref()?.get(std::str::from_utf8(name).ok()?).copied()
    }

    /// The codes of a value.
    pub(in crate::records) fn is_code(&self, column: usize, text: &[u8]) -> bool {
        self.codes.get(column).is_some_and(|codes| codes.texts.iter().any(|code| code == text))
    }
}
