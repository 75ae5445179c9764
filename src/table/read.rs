//! Tables, read again: row by row, whatever their form, and what files say of themselves.
//!
//! What proves tables reads them here. The readers know nothing of the writers beside them: text is read as its standard has it, the others
//! by their libraries' own readers.

pub(super) mod arrow;
mod bounds;
pub(super) mod csv;
pub(crate) mod date;
pub(crate) mod foreign;
pub(super) mod hdf5;
mod rows;

use std::collections::BTreeMap;

#[cfg(feature = "postgres")]
pub(crate) use csv::of_text;
pub use rows::{Bits, Column, Heading, Rows, Texts};

/// Rows that a reader gives at a time, about.
pub const BATCH: usize = 1024;

/// Pairs of key and value, in the order of keys.
pub type Pairs = BTreeMap<String, String>;

/// Reads the rows of a file, or of a database's table, in their order.
pub trait Reader: Send {
    /// Appends some rows; false where there are no more.
    ///
    /// # Errors
    /// Why no more can be read.
    fn read(&mut self, rows: &mut Rows) -> Result<bool, String>;
}

/// What a file says of itself, or should say. Nothing where its form has no place for it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Description {
    /// Of the file: title, run and so on.
    pub file: Option<Pairs>,
    /// Of its columns.
    pub columns: Vec<Described>,
    /// Whether columns have an order.
    pub is_ordered: bool,
}

/// What a file says of a column, or should say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Described {
    /// Its name.
    pub name: String,
    /// The group that it is in.
    pub group: Option<String>,
    /// Its type, in words.
    pub kind: Option<String>,
    /// Whether its values may be missing.
    pub is_nullable: Option<bool>,
    /// Units, long name and so on.
    pub pairs: Option<Pairs>,
    /// The texts that its keys stand for.
    pub texts: Option<Vec<String>>,
}
