//! The batches of a part in the columns that are needed, cut into as many rows as are looked at at once.

use std::io;

use arrow_array::RecordBatch;

use crate::guard::guarded;

use super::{Batches, Opened};

/// Bytes of a batch of rows, and rows of it at the most: all of it stays near the processor.
const BYTES: usize = 1 << 20;
const MOST: usize = 8_192;

/// Batches one after the other.
pub(super) struct Rest {
    batches: Batches,
    batch: Option<RecordBatch>,
    rows: usize,
}

impl Rest {
    /// Those of a part of a file.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub(super) fn of(
        opened: &Opened,
        groups: &[usize],
        columns: &[usize],
        label: Option<usize>,
    ) -> io::Result<Self> {
        let rows = (BYTES / (8 * columns.len().max(1))).clamp(64, MOST);
        let batches = opened.batches(groups, columns, label, rows)?;
        Ok(Rest { batches, batch: None, rows })
    }

    /// The next rows.
    ///
    /// # Errors
    /// That the file is damaged.
    pub(super) fn next(&mut self) -> io::Result<Option<RecordBatch>> {
        loop {
            if let Some(batch) = self.batch.take().filter(|batch| batch.num_rows() > 0) {
                let count = batch.num_rows().min(self.rows);
                if count < batch.num_rows() {
                    self.batch = Some(batch.slice(count, batch.num_rows() - count));
                }
                return Ok(Some(batch.slice(0, count)));
            }
            let batches = &mut self.batches;
            match guarded(|| batches.next()) {
                None => return Err(io::Error::other("it is damaged")),
                Some(None) => return Ok(None),
                Some(Some(Err(error))) => return Err(io::Error::other(error)),
                Some(Some(Ok(batch))) => self.batch = Some(batch),
            }
        }
    }
}
