//! What reading a piece of a file gives: rows in columns.

use crate::model::element::Element;
pub use crate::source::account::{Lines, RecordFault, RecordFaultKind};

/// Rows of one file in its order. All lists of a row's parts have one entry a row.
#[derive(Debug, Default)]
pub struct Rows {
    /// The fields of the schema that [`Rows::columns`] are, in their order.
    pub fields: Vec<u32>,
    /// The places that rows name, each once or a few times: latitude and longitude, y and x, row and column, or a number and 0.
    pub places: Vec<[f64; 2]>,
    /// The place of each row in [`Rows::places`].
    pub cells: Vec<u32>,
    /// The step of each row on the schema's axis of time.
    pub steps: Vec<i64>,
    /// The label of each row in [`Rows::label_names`], where records have labels; empty otherwise.
    pub labels: Vec<u32>,
    /// The labels.
    pub label_names: Vec<String>,
    /// What tells each row from others of its place, step and label that become one with it ([`key_of`]); empty where nothing does.
    pub keys: Vec<u64>,
    /// The line (or record) of each row, counted from 0 at the beginning of the piece.
    pub lines: Vec<u32>,
    /// Values.
    pub columns: Vec<Column>,
}

/// The values of a column. A missing one is NaN, of whole numbers [`MISSING`].
#[derive(Debug, Clone)]
pub enum Column {
    /// Of four bytes.
    F4(Vec<f32>),
    /// Of eight bytes; also of whole columns that are summed or averaged, which are rounded once, at the end.
    F8(Vec<f64>),
    /// Whole numbers of any type.
    Whole(Vec<i64>),
}

/// The whole number that stands for a missing value while rows are on their way.
pub const MISSING: i64 = i64::MIN;

impl Column {
    /// An empty column for values of a type; of eight bytes where they are `summed`.
    pub fn new(element: Element, summed: bool) -> Self {
        match element {
            _ if summed => Column::F8(Vec::new()),
            Element::Float32 => Column::F4(Vec::new()),
            Element::Float64 => Column::F8(Vec::new()),
            _ => Column::Whole(Vec::new()),
        }
    }

    /// Rows.
    pub fn len(&self) -> usize {
        match self {
            Column::F4(values) => values.len(),
            Column::F8(values) => values.len(),
            Column::Whole(values) => values.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Drops the values, not their memory.
    pub fn clear(&mut self) {
        match self {
            Column::F4(values) => values.clear(),
            Column::F8(values) => values.clear(),
            Column::Whole(values) => values.clear(),
        }
    }
}

impl Rows {
    /// Rows.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Drops the rows, not their memory.
    pub fn clear(&mut self) {
        self.places.clear();
        self.cells.clear();
        self.steps.clear();
        self.labels.clear();
        self.label_names.clear();
        self.keys.clear();
        self.lines.clear();
        self.columns.iter_mut().for_each(Column::clear);
    }

    /// Bytes that the rows take.
    pub fn bytes(&self) -> usize {
        let values = self.columns.iter().map(|column| match column {
            Column::F4(values) => 4 * values.len(),
            Column::F8(values) => 8 * values.len(),
            Column::Whole(values) => 8 * values.len(),
        });
        values.sum::<usize>()
            + 16 * self.len()
            + 4 * self.labels.len()
            + 8 * self.keys.len()
            + 16 * self.places.len()
    }
}

/// A text as a number: those of up to seven bytes as they are, of longer ones a digest.
pub fn key_of(text: &[u8]) -> u64 {
    match text.len() {
        0..8 => {
            text.iter().rev().fold(0, |all, &byte| all << 8 | u64::from(byte)) | (text.len() as u64) << 56
        }
        _ => digest(text),
    }
}

/// The key of several texts, by those of all before and of the next.
pub fn key_with(before: Option<u64>, next: u64) -> u64 {
    match before {
        None => next,
        Some(before) => digest(&[before.to_le_bytes(), next.to_le_bytes()].concat()),
    }
}

/// Has the highest bit, which texts that stand for themselves have not.
fn digest(bytes: &[u8]) -> u64 {
    twox_hash::XxHash3_64::oneshot(bytes) | 1 << 63
}

/// A part of a file that is read at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The file's number in the listing.
    pub file: u32,
    /// Bytes of the file, from one that may be in the middle of a line: the line that begins before and ends behind it is not of the piece, the one
    /// that begins in it is. Of packed files and of files of records without an own place the whole file.
    pub range: std::ops::Range<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_tell_texts_apart() {
        let texts =
            ["", "0", "00", "39", "93", "1234567", "12345678", "12345679", "a long text", "\0", "\0\0"];
        let keys: std::collections::BTreeSet<u64> =
            texts.iter().map(|text| key_of(text.as_bytes())).collect();
        assert_eq!(keys.len(), texts.len());
        let both = [["1", "23"], ["12", "3"], ["23", "1"]]
            .map(|[one, other]| key_with(Some(key_of(one.as_bytes())), key_of(other.as_bytes())));
        assert!(both[0] != both[1] && both[0] != both[2] && both[1] != both[2]);
    }
}
