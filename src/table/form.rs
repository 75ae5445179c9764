//! What a form of tables is: how rows become a file, and how a file is read again.
//!
//! Row groups are encoded by themselves, on any thread, and put behind each other when a file is published. So a form's files depend on
//! rows and settings alone. `examples/own_form.rs` has a form in one file.

use std::fmt::Debug;
use std::path::Path;

use arrow_array::RecordBatch;

use super::read::{Description, Heading, Pairs, Reader};
use super::schema::Table;

pub use crate::error::Failure;
pub use {arrow_array, arrow_schema};

/// What a form's files are put together from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parts {
    /// Row groups, which should have many rows: where a file gets a few of many blocks, rows wait until all are there.
    Groups,
    /// Parts of any length.
    Any,
    /// Rows as they come, one batch after another.
    Rows,
}

/// A form of tables.
pub trait TableForm: Debug + Sync {
    /// Its name in settings.
    fn name(&self) -> &'static str;

    /// How it packs files, where it can in more than one way.
    fn packing(&self) -> Option<&'static str> {
        None
    }

    /// The ending of its files' names, without a dot before it.
    fn ending(&self) -> &'static str;

    /// What its files are put together from.
    fn parts(&self) -> Parts {
        Parts::Groups
    }

    /// Rows of a part at most. Files depend on it.
    fn most_rows(&self) -> usize {
        // Enough for good compression and few groups, few enough that readers can share the work.
        122_880
    }

    /// Bytes of memory that encoding a row takes at most, beside the row itself.
    fn encoded_bytes(&self, table: &Table) -> usize {
        table.row_bytes()
    }

    /// Bytes of memory that a file takes while it is being written, beside the parts that it gets.
    fn open_bytes(&self, _table: &Table) -> u64 {
        0
    }

    /// Whether the library that writes lets one thread in.
    fn is_serial(&self) -> bool {
        false
    }

    /// Whether readers make columns of the names of folders (`year=1979`), so that files leave these out.
    fn has_partitions(&self) -> bool {
        true
    }

    /// Whether a file says in its first or last 64 KiB that gridloom made it.
    fn is_marked(&self) -> bool {
        true
    }

    /// Whether HDF5's library reads its files, which trusts what they say: they are looked at in another process first.
    fn is_hdf5(&self) -> bool {
        false
    }

    /// Encodes rows as a part. The same rows give the same bytes on any thread.
    ///
    /// # Errors
    /// What the library says.
    fn encode(&self, table: &Table, rows: &RecordBatch, bytes: &mut Vec<u8>) -> Result<(), Failure>;

    /// Begins a file in the place of one that is there and empty; `about` is said of the file.
    ///
    /// # Errors
    /// What the system or the library says.
    fn create(
        &self,
        path: &Path,
        table: &Table,
        about: &[(String, String)],
    ) -> Result<Box<dyn TableWriter>, Failure>;

    /// What a file should say of itself; `about` is what [`TableForm::create`] got, but for what nobody knows any more.
    fn expected(&self, table: &Table, about: Pairs) -> Description;

    /// What a file says of itself.
    ///
    /// # Errors
    /// Why it cannot be read, in words.
    fn describe(&self, path: &Path) -> Result<Description, String>;

    /// Reads the rows of a file behind some. Not the writer turned around: it is what proves files.
    ///
    /// # Errors
    /// Why it cannot be read, in words.
    fn open(&self, path: &Path, heading: &Heading, skip: u64) -> Result<Box<dyn Reader>, String>;
}

/// A file that is being written.
pub trait TableWriter: Send {
    /// Adds a part that [`TableForm::encode`] made. Parts come in the order of their rows.
    ///
    /// # Errors
    /// What the system or the library says.
    fn add(&mut self, part: Vec<u8>) -> Result<(), Failure>;

    /// Completes the file, and seals it where the form has seals.
    ///
    /// # Errors
    /// What the system or the library says.
    fn finish(self: Box<Self>) -> Result<(), Failure>;
}
