//! Where the rows of tables are read from: files in a folder; others have ways of their own.

use std::path::Path;

use crate::plan::tables::Format;

use super::super::Verification;
use super::made::Made;
use super::merge::Reader;
use super::rows::Form;
use super::{arrow, columns, csv, hdf5};

/// Where rows are read from.
pub(in super::super) trait Place: Sync {
    /// Whether a file is there.
    fn has(&self, file: &str) -> bool;
    /// Compares names, types and all that is said of columns and file; false where rows cannot be compared.
    fn describe(&self, made: &Described<'_>, file: &str, form: &Form, result: &mut Verification) -> bool;
    /// Opens a file behind some rows.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn open(&self, file: &str, form: &Form, skip: u64) -> Result<Box<dyn Reader>, String>;
}

/// What is known of a table, for its description.
pub(in super::super) struct Described<'a> {
    pub(super) table: &'a crate::table::Table,
    pub(super) made: &'a Made<'a>,
}

/// Tables in a folder.
pub(in super::super) struct Folder<'a> {
    pub root: &'a Path,
    pub format: Format,
    pub created: Option<String>,
}

impl Place for Folder<'_> {
    fn has(&self, file: &str) -> bool {
        self.root.join(file).is_file()
    }

    fn describe(
        &self,
        described: &Described<'_>,
        file: &str,
        form: &Form,
        result: &mut Verification,
    ) -> bool {
        let path = self.root.join(file);
        columns::compare(self, described, &path, file, form, result)
    }

    fn open(&self, file: &str, form: &Form, skip: u64) -> Result<Box<dyn Reader>, String> {
        let path = self.root.join(file);
        match self.format {
            Format::Parquet => arrow::parquet(&path, form, skip),
            Format::Feather => arrow::feather(&path, form, skip),
            Format::Csv(packing) => csv::rows(&path, packing, form, skip),
            Format::Hdf5 => hdf5::rows(&path, form, skip),
        }
    }
}
