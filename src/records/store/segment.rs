//! A segment: the rows of a piece in the order of places and steps, as blocks of columns.
//!
//! | part | holds |
//! |---|---|
//! | blocks | for each place, runs of steps with small gaps: a bit a step where there are gaps, then column after column, step after step; then the [keys] of each step that has a record, where records have some |
//! | index | an [`Entry`] a block, by place and step |
//!
//! All numbers are little endian. A block and the index have each a checksum.

use twox_hash::XxHash3_64;

pub mod keys;

use crate::model::element::Element;
use crate::records::description::Repeated;

/// Steps without a record inside of a block at the most; a longer gap ends it, and one that takes more bytes than another entry.
const GAP: usize = 16;

/// Bytes of an entry.
pub const ENTRY: usize = 64;

/// A block of a segment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entry {
    /// The place, as records tell it.
    pub place: [f64; 2],
    /// The first step.
    pub first: i64,
    /// Steps, those of gaps included.
    pub count: u32,
    /// Whether some of them have no record.
    pub has_gaps: bool,
    /// Where the block begins in the file.
    pub offset: u64,
    /// Its bytes.
    pub length: u32,
    /// XXH3 of them.
    pub checksum: u64,
    /// The file of its first record, by its number.
    pub file: u32,
    /// The line of that, counted from 0 at the piece's beginning.
    pub line: u32,
}

impl Entry {
    /// Its bytes.
    pub fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.place[0].to_le_bytes());
        bytes.extend_from_slice(&self.place[1].to_le_bytes());
        bytes.extend_from_slice(&self.first.to_le_bytes());
        bytes.extend_from_slice(&self.count.to_le_bytes());
        bytes.extend_from_slice(&u32::from(self.has_gaps).to_le_bytes());
        bytes.extend_from_slice(&self.offset.to_le_bytes());
        bytes.extend_from_slice(&u64::from(self.length).to_le_bytes());
        bytes.extend_from_slice(&self.checksum.to_le_bytes());
        bytes.extend_from_slice(&self.file.to_le_bytes());
        bytes.extend_from_slice(&self.line.to_le_bytes());
    }

    /// The entry of such bytes.
    pub fn read(bytes: &[u8; ENTRY]) -> Self {
        let part = |at: usize| {
            let mut part = [0; 8];
            part.copy_from_slice(bytes.get(at..at + 8).unwrap_or(&[0; 8]));
            part
        };
        let pair = u64::from_le_bytes(part(24));
        let origin = u64::from_le_bytes(part(56));
        Entry {
            place: [f64::from_le_bytes(part(0)), f64::from_le_bytes(part(8))],
            first: i64::from_le_bytes(part(16)),
            count: pair as u32,
            has_gaps: pair >> 32 != 0,
            offset: u64::from_le_bytes(part(32)),
            length: u64::from_le_bytes(part(40)) as u32,
            checksum: u64::from_le_bytes(part(48)),
            file: origin as u32,
            line: (origin >> 32) as u32,
        }
    }

    /// The step behind its last.
    pub fn end(&self) -> i64 {
        self.first.saturating_add(i64::from(self.count))
    }

    /// What entries are sorted by.
    pub fn key(&self) -> (u64, u64, i64) {
        (ordered(self.place[0]), ordered(self.place[1]), self.first)
    }
}

/// Whole numbers that are in the order of numbers.
pub fn ordered(value: f64) -> u64 {
    let bits = value.to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

/// How a column's values are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Kept {
    /// The field.
    pub field: u32,
    /// The label, as an index of the segment's labels.
    pub label: u32,
    /// The type of the values in the end.
    pub element: Element,
    /// The parts of a sum; 0 where the value itself is kept.
    pub parts: u8,
    /// Whether a number of four bytes is kept before the parts of a sum: what is left below them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_short: bool,
    /// Whether the number of terms is kept as well.
    pub is_counted: bool,
    /// The decimals that tell all values, where they were looked for and are not too many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decimals: Option<u32>,
}

impl Kept {
    /// Bytes a value.
    pub fn size(&self) -> usize {
        match self.parts {
            0 => self.element.size(),
            parts => {
                8 * usize::from(parts) + 4 * usize::from(self.is_short) + 4 * usize::from(self.is_counted)
            }
        }
    }
}

/// A segment in memory: its blocks, and the entries of its index, whose offsets count from the segment's beginning.
#[derive(Debug, Default)]
pub struct Built {
    /// Blocks.
    pub bytes: Vec<u8>,
    /// Their entries.
    pub entries: Vec<Entry>,
    /// How columns are kept.
    pub columns: Vec<Kept>,
    /// The labels that columns name.
    pub labels: Vec<String>,
    /// Runs of steps that some record has: first and last, in order.
    pub steps: Vec<(i64, i64)>,
    /// Rows that repeat an earlier one where none may.
    pub repeated: Vec<u32>,
    /// Whether blocks end with the keys of their records.
    pub has_keys: bool,
}

/// What appends a column's values of some rows to bytes.
pub type Put<'a> = dyn Fn(usize, Option<std::ops::Range<usize>>, &mut Vec<u8>) + 'a;

/// Values in the order of places and steps, one a row and column.
pub struct Sorted<'a> {
    /// The place of each row.
    pub place: &'a dyn Fn(usize) -> [f64; 2],
    /// The step of each row.
    pub step: &'a dyn Fn(usize) -> i64,
    /// The file and the line of each row.
    pub origin: &'a dyn Fn(usize) -> (u32, u32),
    /// Rows.
    pub rows: usize,
    /// Appends a column's values of some rows; of a row without a record, `None`, what stands for a missing one.
    pub put: &'a Put<'a>,
    /// Appends the keys of the records that a row was made of, where they have some.
    pub keys: &'a dyn Fn(usize, &mut Vec<u8>),
}

impl Built {
    /// Adds the blocks of rows, which are in order and differ in place or step. `columns` must be set.
    pub fn add(&mut self, sorted: &Sorted<'_>) {
        let width: usize = self.columns.iter().map(Kept::size).sum();
        let gap = (ENTRY / width.max(1)).min(GAP) as i64;
        let mut start = 0;
        while start < sorted.rows {
            let place = (sorted.place)(start);
            let bits = place.map(f64::to_bits);
            let mut end = start + 1;
            while end < sorted.rows
                && (sorted.place)(end).map(f64::to_bits) == bits
                && (sorted.step)(end) - (sorted.step)(end - 1) - 1 <= gap
                && end - start < MOST_STEPS
            {
                end += 1;
            }
            self.block(sorted, place, start..end);
            start = end;
        }
    }

    fn block(&mut self, sorted: &Sorted<'_>, place: [f64; 2], rows: std::ops::Range<usize>) {
        let first = (sorted.step)(rows.start);
        let count = ((sorted.step)(rows.end - 1) - first + 1) as usize;
        let has_gaps = count > rows.len();
        let begin = self.bytes.len();
        if has_gaps {
            self.bytes.resize(begin + count.div_ceil(8), 0);
            for row in rows.clone() {
                let step = ((sorted.step)(row) - first) as usize;
                if let Some(byte) = self.bytes.get_mut(begin + step / 8) {
                    *byte |= 1 << (step % 8);
                }
            }
        }
        for column in 0..self.columns.len() {
            if !has_gaps {
                (sorted.put)(column, Some(rows.clone()), &mut self.bytes);
                continue;
            }
            let mut next = first;
            for row in rows.clone() {
                let step = (sorted.step)(row);
                while next < step {
                    (sorted.put)(column, None, &mut self.bytes);
                    next += 1;
                }
                (sorted.put)(column, Some(row..row + 1), &mut self.bytes);
                next += 1;
            }
        }
        if self.has_keys {
            rows.clone().for_each(|row| (sorted.keys)(row, &mut self.bytes));
        }
        let block = self.bytes.get(begin..).unwrap_or_default();
        let (file, line) = (sorted.origin)(rows.start);
        self.entries.push(Entry {
            file,
            line,
            place,
            first,
            count: count as u32,
            has_gaps,
            offset: begin as u64,
            length: block.len() as u32,
            checksum: XxHash3_64::oneshot(block),
        });
    }
}

/// Rows of a block: fewer than a number of four bytes counts, with the gaps between them.
const MOST_STEPS: usize = 1 << 16;

impl Kept {
    /// How a field is kept where several records of a place, step and label become what `repeated` says.
    pub fn of(field: u32, label: u32, element: Element, repeated: Repeated) -> Self {
        let parts = u8::from(matches!(repeated, Repeated::Sum | Repeated::Mean));
        let is_counted = repeated == Repeated::Mean;
        Kept { field, label, element, parts, is_short: false, is_counted, decimals: None }
    }
}
