//! What the records of all files hold together: variables, and the role of each column of a file.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::element::Element;
use crate::model::time_unit::TimeUnit;

use super::description::Label;

mod build;
mod columns;

pub use build::{Schema, SchemaError};

/// A variable of the records.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct RecordVariable {
    /// Its key.
    pub key: String,
    /// The type of its values.
    pub element: Element,
    /// The name of its dimension, where it has rows.
    pub dimension: Option<String>,
    /// The labels of its rows; empty without rows.
    pub labels: Vec<String>,
    /// Its first field; each row is one.
    pub field: u32,
    /// Its units, where a file tells them.
    pub units: Option<String>,
}

/// How lines are made of columns.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Separator {
    /// Any run of blanks and tabs; those at the beginning of a line count for nothing.
    Blanks,
    /// One character; blanks around a field count for nothing.
    Byte(u8),
    /// Columns of these widths, in bytes.
    Fixed(Vec<u32>),
}

/// The beginning of a file of text.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    /// How its lines are made of columns.
    pub separator: Separator,
    /// The names of its columns: of its header, or of the description; `None` where neither has any (columns are then named by numbers from 1).
    pub names: Option<Vec<String>>,
    /// The number of columns.
    pub columns: usize,
    /// Where the words of the header end, in bytes from the line's beginning; empty where no line has names.
    pub edges: Vec<u32>,
    /// The header line itself, without its end, to know it again; empty where there is none.
    pub header: Vec<u8>,
    /// Units below the header.
    pub units: Option<Vec<String>>,
    /// Lines of comment at the beginning, without their ends.
    pub comments: Vec<String>,
    /// Unpacked bytes before the first line of data.
    pub start: u64,
    /// Lines before it.
    pub lines: u64,
}

/// What a column of a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Nothing that is read; not even looked at.
    Ignored,
    /// The first coordinate: latitude, y, row, or the cell's number.
    First,
    /// The cell's name in a table of cells.
    Name,
    /// The second: longitude, x, column.
    Second,
    /// A part of the time.
    Time(Part),
    /// All of the time.
    Stamp,
    /// What tells records of one cell and time apart, as a dimension.
    Label,
    /// What tells records apart that become one.
    Key,
    /// A value: the column in [`Rows::columns`](super::rows::Rows::columns).
    Value(u32),
    /// One of several records in a line, which all have one value: its number, counted from 0 (a month, or a cell of the table).
    Spread(u32),
}

/// A part of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The year.
    Year,
    /// The month, from 1.
    Month,
    /// The day of the month, from 1.
    Day,
    /// The day of the year, from 1.
    DayOfYear,
    /// The hour, from 0.
    Hour,
    /// The minute.
    Minute,
    /// The second, of the minute or, without hours and minutes, of the day.
    Second,
}

impl Part {
    /// The part that a key of `[source.time]` is; `None` of keys that are not parts.
    pub fn of_key(key: &str) -> Option<Self> {
        Some(match key {
            "year" => Part::Year,
            "month" => Part::Month,
            "day" => Part::Day,
            "day_of_year" => Part::DayOfYear,
            "hour" => Part::Hour,
            "minute" => Part::Minute,
            "second" => Part::Second,
            _ => return None,
        })
    }
}

/// What the numbers of a line that is spread over several records count.
#[derive(Debug, Clone, PartialEq)]
pub enum Spread {
    /// Months of the year that the line has.
    Months,
    /// Cells, by their places.
    Cells(Vec<[f64; 2]>),
}

/// How time is read.
#[derive(Debug, Clone)]
pub struct TimeRule {
    /// The axis: steps in a calendar.
    pub unit: TimeUnit,
    /// Where in its step a record's date is.
    pub label: Label,
    /// The numbers that stand for the first month, day, day of the year, hour …, where they are not the usual ones: what is added to a number read.
    pub add: Vec<(Part, i64)>,
    /// How a stamp is read.
    pub stamp: Option<StampRule>,
    /// The step of the first record of each file, where records have no time: each line is one step.
    pub start: Option<i64>,
}

/// How a stamp is read.
#[derive(Debug, Clone)]
pub enum StampRule {
    /// A number in units since a date: seconds (which may be a fraction: numerator, denominator) and the seconds of the reference date on the axis' calendar
    /// since 1970-01-01T00:00:00.
    Number {
        /// Seconds of a unit: numerator.
        numerator: i64,
        /// Denominator.
        denominator: i64,
        /// The reference.
        reference: i64,
    },
    /// Years with decimals.
    Years,
    /// A text in a format of strftime: `%Y %m %d %H %M %S %j %y %b` and literal characters.
    Text(String),
}

/// The columns of one file, ready to be read.
#[derive(Debug, Clone)]
pub struct Table {
    /// The file's beginning; of files that are no text a made-up one with names.
    pub head: Head,
    /// The role of each column.
    pub roles: Vec<Role>,
    /// The fields of [`Rows::columns`](super::rows::Rows::columns), in their order.
    pub fields: Vec<u32>,
    /// The types of these columns, and whether they are summed.
    pub elements: Vec<(Element, bool)>,
    /// For each of them the texts that stand for a missing value.
    pub missing: Vec<Vec<String>>,
    /// Coordinates that the path tells.
    pub place: [Option<f64>; 2],
    /// Parts of the time that the path tells.
    pub parts: Vec<(Part, i64)>,
    /// The label that the path tells.
    pub label: Option<String>,
    /// What the path tells that tells records apart which become one.
    pub key: Option<String>,
    /// Cells by their names, where records name them: the number of each in the table of cells.
    pub names: Option<Arc<HashMap<String, f64>>>,
    /// Records in a line.
    pub spread: Option<Spread>,
}
