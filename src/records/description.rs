//! The table `[source]`: what files of records are, as a user writes it.
//!
//! All keys may be left out: a preset has them, or they are found out from the files. What was found out is filled in, so that a
//! complete description can be written down and read again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::element::Element;

mod access;
mod check;
mod error;
mod keys;
mod lay;
mod parse;

pub use access::path_field;
pub use error::{DescriptionError, DescriptionProblem};

/// What files of records are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Description {
    /// The name of a description that this one is laid over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,
    /// The run's name in outputs; otherwise made of the path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What kind of files they are; found out from their beginnings otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<FileFormat>,
    /// Globs with fields of the path in braces and `{a,b}` alternatives.
    #[serde(with = "one_or_many")]
    pub files: Vec<String>,
    /// What two records of one cell, time and label are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeated: Option<Repeated>,
    /// The value where there is no record of a cell and time; missing otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub absent: Option<Absent>,
    /// Which bits of the values are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep: Option<Keep>,
    /// How lines are made of columns.
    pub text: Text,
    /// Where a record's cell is told.
    pub cell: CellKeys,
    /// Where a record's time is told.
    pub time: TimeKeys,
    /// Which columns are values, and of what.
    pub values: Values,
}

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileFormat {
    /// Lines of text.
    Text,
    /// VIC's binary output, of version 4 or 5.
    VicBinary,
    /// LPJmL's output with its JSON, or with a header in the file (clm).
    Lpjml,
    /// Parquet.
    Parquet,
    /// Arrow IPC files and streams.
    Arrow,
    /// NetCDF files of one cell each.
    Netcdf,
}

/// What two records of one cell, time and label are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Repeated {
    /// A fault: the first counts, the others are named.
    #[default]
    Error,
    /// Their sum.
    Sum,
    /// Their mean.
    Mean,
    /// The smaller.
    Min,
    /// The larger.
    Max,
    /// The first, in the order of names and lines.
    First,
    /// The last.
    Last,
}

/// The value where there is no record.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Absent {
    /// A number.
    Number(f64),
    /// The word `missing`.
    Word(Missing),
}

/// The word `missing`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Missing {
    /// Masked.
    Missing,
}

/// Which bits of the values are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Keep {
    /// All.
    All,
    /// Those that the decimals of the text need: the value still prints the same digits.
    Decimals,
}

/// How lines are made of columns.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Text {
    /// One character, or `blanks` (any run of blanks and tabs), or `fixed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub separator: Option<String>,
    /// The widths of fixed columns, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub widths: Option<Vec<u32>>,
    /// Where the names of columns are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<Header>,
    /// The character that a header begins with, where [`Header::Marker`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub marker: Option<String>,
    /// The names of columns, where no line has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
    /// Whether a line of units follows the header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub units: Option<Units>,
    /// What lines of comment begin with; an empty text where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Lines to leave out at the beginning of each file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip: Option<u64>,
    /// Fields that stand for a missing value, as they are written, for all columns or by globs of columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<MissingCodes>,
    /// The character of decimals: a point, or a comma.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal: Option<char>,
    /// What columns without a separator between them are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub glued: Option<Glued>,
    /// What a line like the header is in the middle of a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub again: Option<Again>,
    /// What a line is that cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bad: Option<Bad>,
}

/// Where the names of columns are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Header {
    /// In the first line that is not left out.
    Line,
    /// In the last line of comment at the beginning.
    Comment,
    /// In no line.
    None,
    /// In the line that begins with `marker`.
    Marker,
    /// In a comment, in a line, or in none: each file as it is.
    Any,
}

/// Whether a line of units follows the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Units {
    /// No.
    None,
    /// The line below it.
    Line,
}

/// Fields that stand for a missing value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum MissingCodes {
    /// In all columns of values.
    All(Vec<String>),
    /// By globs of columns.
    Columns(BTreeMap<String, Vec<String>>),
}

/// What columns without a separator between them are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Glued {
    /// They end where the header's words end.
    Split,
    /// The line is a fault.
    Fault,
}

/// What a line like the header is in the middle of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Again {
    /// It is left out, and counted.
    Skip,
    /// A fault.
    Fault,
}

/// What a line is that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bad {
    /// Named in the report; its cell and time are masked.
    Fault,
    /// The end of the work.
    Error,
}

/// Where a record's cell is told: by coordinates, by indices, by a number in a grid, or by a table of cells.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct CellKeys {
    /// The column, or `{field}` of the path, of latitudes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lat: Option<String>,
    /// The column or field of longitudes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lon: Option<String>,
    /// The column or field of rows, or with `crs` of the projection's y.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    /// The column or field of columns, or with `crs` of the projection's x.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// The column or field of a cell's number or name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// A file with `id, lat, lon`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// Which place of a cell its coordinates are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<At>,
    /// The edge of a cell in degrees: one number, or latitude and longitude.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<StepSize>,
    /// How far from a cell's centre coordinates may be, in the grid's units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snap: Option<f64>,
    /// The centre of the cell of row 0, column 0, in degrees: latitude, longitude.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub north_west: Option<[f64; 2]>,
    /// The number of the first cell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<i64>,
    /// How numbers run: first within a row of cells or a column of them, for example `["south-north", "west-east"]`, the slower one first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<[String; 2]>,
    /// Rows and columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shape: Option<[u32; 2]>,
    /// The projection: an EPSG code, or a text of PROJ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crs: Option<String>,
    /// The outer corner of the south-western cell in the projection: x (east), y (north).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub south_west: Option<[f64; 2]>,
    /// The edge of a cell in the projection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<f64>,
}

/// Which place of a cell its coordinates are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum At {
    /// Its centre.
    Centre,
    /// Its south-western corner.
    SouthWest,
    /// Its north-western corner.
    NorthWest,
}

/// The edge of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum StepSize {
    /// In both directions.
    Same(f64),
    /// In latitude (or y), in longitude (or x).
    Each([f64; 2]),
}

/// Where a record's time is told: by parts, by a stamp, or by the number of its line.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct TimeKeys {
    /// The column or field of years.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub year: Option<TimePart>,
    /// Of months, 1 to 12 or English names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub month: Option<TimePart>,
    /// Of days of the month.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<TimePart>,
    /// Of days of the year.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day_of_year: Option<TimePart>,
    /// Of hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hour: Option<TimePart>,
    /// Of minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minute: Option<TimePart>,
    /// Of seconds; of the day where there are neither hours nor minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second: Option<TimePart>,
    /// One column with all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stamp: Option<Stamp>,
    /// The time of the first record of each file that has no times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// The step of time: `year`, `month`, `day`, `hour`, `10 minutes`, or ISO 8601 as `PT10M`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// CF's name of the calendar.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calendar: Option<String>,
    /// Where in its step a record's date is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<Label>,
    /// What is added to years.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub year_offset: Option<i32>,
}

/// A column of time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TimePart {
    /// Its name.
    Column(String),
    /// Its name, and the number that stands for the first (`0` for days that are counted from 0).
    From {
        /// Its name.
        column: String,
        /// The number that stands for the first.
        first: i64,
    },
}

/// The units of a stamp that is a year with decimals.
pub const YEARS: &str = "years";

/// A column with all of a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stamp {
    /// Its name.
    pub column: String,
    /// CF's units, as `milliseconds since 1970-01-01`; `years` of years with decimals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub units: Option<String>,
    /// Its format in the words of strftime, as `%Y-%m-%d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
}

/// Where in its step a record's date is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Label {
    /// At its start.
    #[default]
    Start,
    /// In its middle.
    Middle,
    /// At its end.
    End,
}

/// Which columns are values, and of what.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Values {
    /// Names, numbers (from 1) and globs; `!` in front takes away. All otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<String>>,
    /// The dimension that the columns of a file are along: `month` and `cell` are known, any other word is a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub along: Option<String>,
    /// The variable's name where columns are along a dimension; the path's `{variable}`, or the file's name, otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether `NAME_0` … `NAME_n` are one variable with rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub numbered: Option<bool>,
    /// Columns that tell records of one cell and time apart, and what becomes of that.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub over: BTreeMap<String, Over>,
    /// Columns that are left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<String>,
    /// The type of all values, or types by globs of columns: `f4`, `f8`, `i1`, `i2`, `i4`, `i8`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub type_: Option<Types>,
}

/// What becomes of records that a column tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Over {
    /// Their sum.
    Sum,
    /// Their mean.
    Mean,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// A dimension with the column's texts as labels.
    Dimension,
}

/// Types of values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Types {
    /// Of all.
    All(String),
    /// By globs of columns; the one that fits with most letters of its own.
    Columns(BTreeMap<String, String>),
}

/// The type of a word of [`Values::type_`].
pub fn element_of(word: &str) -> Option<Element> {
    Some(match word {
        "f4" => Element::Float32,
        "f8" => Element::Float64,
        "i1" => Element::Int8,
        "i2" => Element::Int16,
        "i4" => Element::Int32,
        "i8" => Element::Int64,
        _ => return None,
    })
}

/// One text, or a list of them.
mod one_or_many {
    use serde::{Deserialize, Deserializer, Serializer};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany {
        One(String),
        Many(Vec<String>),
    }

    pub fn serialize<S: Serializer>(files: &[String], serializer: S) -> Result<S::Ok, S::Error> {
        match files {
            [one] => serializer.serialize_str(one),
            many => serializer.collect_seq(many),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
        Ok(match OneOrMany::deserialize(deserializer)? {
            OneOrMany::One(one) => vec![one],
            OneOrMany::Many(many) => many,
        })
    }
}

#[cfg(test)]
mod tests;
