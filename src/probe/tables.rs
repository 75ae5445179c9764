//! Tables of files that libraries read which trust them: a file is looked at before, and where a library panics it is damaged.

use std::path::Path;

use crate::guard::guarded;
use crate::table::form::TableForm;
use crate::table::read::{Description, Heading, Reader, Rows};

/// What a file says of itself.
///
/// # Errors
/// Why it cannot be read, in words.
pub(crate) fn describe(form: &dyn TableForm, path: &Path) -> Result<Description, String> {
    look(form, path)?;
    sound(|| form.describe(path))
}

/// Opens a file behind some rows.
///
/// # Errors
/// Why it cannot be read, in words.
pub(crate) fn open(
    form: &dyn TableForm,
    path: &Path,
    heading: &Heading,
    skip: u64,
) -> Result<Box<dyn Reader>, String> {
    look(form, path)?;
    let reader = sound(|| form.open(path, heading, skip))?;
    Ok(Box::new(Guarded(reader)))
}

fn look(form: &dyn TableForm, path: &Path) -> Result<(), String> {
    match form.is_hdf5() {
        true => super::look(path).map_err(|error| error.in_full()),
        false => Ok(()),
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
    guarded(read).unwrap_or_else(|| Err("it is damaged".to_owned()))
}
