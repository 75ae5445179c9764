//! What is wrong with the rows of a batch.

use std::collections::BTreeMap;

use crate::records::rows::RecordFaultKind;

/// Rows of a batch that cannot be used, with the first thing that is wrong with each.
#[derive(Debug, Default)]
pub(super) struct Bads {
    pub(super) found: BTreeMap<usize, (RecordFaultKind, String)>,
}

impl Bads {
    pub(super) fn add(&mut self, row: usize, what: impl FnOnce() -> (RecordFaultKind, String)) {
        self.found.entry(row).or_insert_with(what);
    }
}
