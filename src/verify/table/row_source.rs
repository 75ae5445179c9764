//! Where the rows of tables are read from.

use crate::table::Table;
use crate::table::read::{Heading, Reader};

use super::super::Verification;
use super::made::Made;

/// Where rows are read from.
pub(in super::super) trait RowSource: Sync {
    /// Whether a file is there.
    fn has(&self, file: &str) -> bool;
    /// Compares names, types and all that is said of columns and file; false where rows cannot be compared.
    fn describe(&self, seen: &Seen<'_>, file: &str, heading: &Heading, result: &mut Verification) -> bool;
    /// Opens a file behind some rows.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn open(&self, file: &str, heading: &Heading, skip: u64) -> Result<Box<dyn Reader>, String>;
}

/// What is known of a table, for its description.
pub(in super::super) struct Seen<'a> {
    pub(super) table: &'a Table,
    pub(super) made: &'a Made<'a>,
}
