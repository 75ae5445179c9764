//! Tables in a folder: files of one form.

use std::path::Path;

use crate::probe::tables;
use crate::table::form::TableForm;
use crate::table::read::{Heading, Reader};

use super::super::Verification;
use super::columns;
use super::row_source::{RowSource, Seen};

/// Tables in a folder.
pub(in super::super) struct Folder<'a> {
    pub root: &'a Path,
    pub form: &'static dyn TableForm,
    pub created: Option<String>,
}

impl RowSource for Folder<'_> {
    fn has(&self, file: &str) -> bool {
        self.root.join(file).is_file()
    }

    fn describe(&self, seen: &Seen<'_>, file: &str, heading: &Heading, result: &mut Verification) -> bool {
        match tables::describe(self.form, &self.root.join(file)) {
            Ok(found) => {
                let expected = self.form.expected(seen.table, columns::about(seen, self.created.clone()));
                columns::compare(file, heading, expected, found, result)
            }
            Err(error) => {
                result.differ_in(file, "a table that can be read", &error);
                false
            }
        }
    }

    fn open(&self, file: &str, heading: &Heading, skip: u64) -> Result<Box<dyn Reader>, String> {
        tables::open(self.form, &self.root.join(file), heading, skip)
    }
}
