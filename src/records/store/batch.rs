//! What a store keeps of each batch of pieces: a line of its journal.

use serde::{Deserialize, Serialize};

use crate::records::rows::{Lines, RecordFault};

use super::segment::Kept;

/// Faults that are kept in full of a batch; more are counted.
pub const MOST_FAULTS: usize = 1000;

/// A batch that was read: where its segments are, and where its lines went.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Batch {
    /// What it was made of: a digest of files, their stamps, and how they are read.
    pub key: u64,
    /// Its segments, in the order of its files and lines.
    pub segments: Vec<Segment>,
    /// Where its lines went.
    pub lines: Lines,
    /// Lines whose record repeats an earlier one where none may.
    #[serde(default)]
    pub repeated: u64,
    /// Bytes that were read.
    pub bytes: u64,
    /// Records of files of which none counts, since these are damaged or changed meanwhile.
    #[serde(default)]
    pub unused: u64,
    /// Whether there is such a file.
    #[serde(default)]
    pub is_unusable: bool,
    /// Whether a file was written so shortly before it was read that it may have been written again without a trace: the batch is of use to its own process only.
    #[serde(default)]
    pub is_fresh: bool,
    /// Whether there is a header of other columns than the first.
    #[serde(default)]
    pub other_header: bool,
    /// What could not be used.
    pub faults: Vec<RecordFault>,
    /// Faults that were too many to be kept.
    pub more: u64,
}

impl Batch {
    /// Adds what became of a file.
    pub fn add(&mut self, other: Batch) {
        self.lines += other.lines;
        self.bytes += other.bytes;
        self.unused += other.unused;
        self.is_unusable |= other.is_unusable;
        self.other_header |= other.other_header;
        self.more += other.more;
        self.add_faults(other.faults);
    }

    /// Adds faults; of too many only their number.
    pub fn add_faults(&mut self, faults: impl IntoIterator<Item = RecordFault>) {
        for fault in faults {
            match self.faults.len() < MOST_FAULTS {
                true => self.faults.push(fault),
                false => self.more += 1,
            }
        }
    }
}

/// A segment of a batch.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Segment {
    /// Where it begins in the task's file.
    pub offset: u64,
    /// Bytes of blocks; the index follows.
    pub blocks: u64,
    /// Entries of the index.
    pub entries: u64,
    /// XXH3 of the index.
    pub checksum: u64,
    /// How columns are kept.
    pub columns: Vec<Kept>,
    /// The labels that columns name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// Whether blocks end with the keys of their records.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_keys: bool,
    /// Runs of steps that some record has.
    pub steps: Vec<(i64, i64)>,
    /// The number of the piece's first file, and where in it the piece begins: what order repeated records are in.
    pub order: (u32, u64),
}
