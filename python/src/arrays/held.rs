//! What is known of a file of arrays between calls.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, PoisonError};

use gridloom::archive::arrays::{Array, Arrays, Writer};
use gridloom::{Argument, Error};

use super::super::mapped::Mapping;
use super::ArrayFile;

/// An array, and its rows in the mapped file where they are wanted there.
pub(super) struct Open {
    pub array: Array,
    pub mapping: Option<Mapping>,
}

/// What is known of the file. Whoever has changed something reads through the writer until it is committed.
pub(super) struct Held {
    pub writer: Option<Writer>,
    pub reader: Option<Arrays>,
    pub open: HashMap<String, Arc<Open>>,
    pub is_changed: bool,
    /// Whether the file is begun, and has no state yet.
    pub is_new: bool,
    pub is_closed: bool,
}

impl ArrayFile {
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut Held) -> gridloom::Result<T>) -> gridloom::Result<T> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.is_closed {
            return Err(Error::selection(Argument::Array, self.path.display(), "the file is closed"));
        }
        work(&mut held)
    }

    /// Does something to the writer.
    pub(super) fn change<T>(
        &self,
        work: impl FnOnce(&mut Writer) -> gridloom::Result<T>,
    ) -> gridloom::Result<T> {
        self.with(|held| {
            let Some(writer) = &mut held.writer else {
                let reason = "it is open for reading; open it with mode \"r+\" or \"a\" to change it";
                return Err(Error::selection(Argument::Array, self.path.display(), reason));
            };
            held.is_changed = true;
            held.open.clear();
            held.reader = None;
            work(writer)
        })
    }

    /// The state to read from, where nothing is changed in it.
    pub(super) fn reader<'a>(&self, held: &'a mut Held) -> gridloom::Result<Option<&'a Arrays>> {
        if held.is_changed {
            return Ok(None);
        }
        if held.reader.is_none() {
            held.reader = Some(Arrays::open(&self.path)?);
        }
        Ok(held.reader.as_ref())
    }

    /// An array of the state; `None` where it was changed.
    pub(super) fn open(&self, name: &str) -> gridloom::Result<Option<Arc<Open>>> {
        self.with(|held| {
            if let Some(open) = held.open.get(name) {
                return Ok(Some(open.clone()));
            }
            let Some(reader) = self.reader(held)? else { return Ok(None) };
            let array = reader.array(name)?;
            let is_mapped = self.is_mapped && array.is_plain() && array.rows() > 0;
            let mapping = if is_mapped { Some(Mapping::of(&array)?) } else { None };
            let open = Arc::new(Open { array, mapping });
            held.open.insert(name.to_owned(), open.clone());
            Ok(Some(open))
        })
    }

    pub(super) fn through_writer<T>(
        &self,
        work: impl FnOnce(&mut Writer) -> gridloom::Result<T>,
    ) -> gridloom::Result<T> {
        self.with(|held| match &mut held.writer {
            Some(writer) => work(writer),
            None => Err(Error::selection(Argument::Array, self.path.display(), "the file is closed")),
        })
    }

    pub(super) fn read(&self, name: &str, rows: Range<u64>, output: &mut Vec<u8>) -> gridloom::Result<()> {
        match self.open(name)? {
            Some(open) => match open.mapping.as_ref().and_then(|mapping| mapping.together(rows.clone())) {
                Some(found) => {
                    output.extend_from_slice(found);
                    Ok(())
                }
                None => open.array.read_into(rows, output),
            },
            None => {
                output.extend(self.through_writer(|writer| writer.read(name, rows))?.bytes);
                Ok(())
            }
        }
    }
}
