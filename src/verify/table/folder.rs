//! Tables in a folder: files of one form.

use std::path::Path;

use crate::table::form::TableForm;
use crate::table::read::{Heading, Reader, Rows};

use super::super::Verification;
use super::columns;
use super::row_source::{RowSource, Seen};

/// Tables in a folder.
pub(in super::super) struct Folder<'a> {
    pub root: &'a Path,
    pub form: &'static dyn TableForm,
    pub created: Option<String>,
}

impl Folder<'_> {
    /// Looks at a file before a library that trusts it does.
    fn look(&self, path: &Path) -> Result<(), String> {
        match self.form.is_hdf5() {
            true => crate::probe::look(path).map_err(|error| error.in_full()),
            false => Ok(()),
        }
    }
}

impl RowSource for Folder<'_> {
    fn has(&self, file: &str) -> bool {
        self.root.join(file).is_file()
    }

    fn describe(&self, seen: &Seen<'_>, file: &str, heading: &Heading, result: &mut Verification) -> bool {
        let path = self.root.join(file);
        match self.look(&path).and_then(|()| sound(|| self.form.describe(&path))) {
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
        let path = self.root.join(file);
        self.look(&path)?;
        let reader = sound(|| self.form.open(&path, heading, skip))?;
        Ok(Box::new(Guarded(reader)))
    }
}

/// A reader whose library may panic.
struct Guarded(Box<dyn Reader>);

impl Reader for Guarded {
    fn read(&mut self, rows: &mut Rows) -> Result<bool, String> {
        sound(|| self.0.read(rows))
    }
}

/// The libraries trust files without checksums, and panic where they are damaged.
fn sound<T>(read: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    crate::guard::guarded(read).unwrap_or_else(|| Err("it is damaged".to_owned()))
}
