//! Two streams of rows that are sorted alike, laid side by side.

use crate::table::read::{Heading, Reader, Rows};
use crate::verify::{Difference, Verification};

/// Makes a reader that begins behind so many rows.
pub(in super::super) type Open<'a> = dyn Fn(u64) -> Result<Box<dyn Reader>, String> + Sync + 'a;

/// How far a file's rows were compared.
pub(in super::super) struct Cursor {
    /// The file's name.
    pub name: String,
    pub heading: Heading,
    reader: Option<Box<dyn Reader>>,
    /// Rows that were taken.
    taken: u64,
    rows: Rows,
    /// Rows of `rows` that were taken.
    at: usize,
    has_ended: bool,
    is_broken: bool,
}

impl Cursor {
    pub fn new(name: &str, heading: Heading) -> Self {
        let rows = heading.rows();
        let name = name.to_owned();
        Cursor { name, heading, reader: None, taken: 0, rows, at: 0, has_ended: false, is_broken: false }
    }

    /// Nothing of the file can be compared any more.
    pub fn give_up(&mut self) {
        self.is_broken = true;
    }

    /// Closes the file, which is opened again when more of it is wanted.
    pub fn close(&mut self) {
        self.reader = None;
        self.rows = self.heading.rows();
        self.at = 0;
        // The end may have been read, and rows before it not taken.
        self.has_ended = false;
    }

    /// The next rows but so many.
    fn peek(&mut self, ahead: usize, open: &Open<'_>, result: &mut Verification) -> Option<usize> {
        while self.at + ahead >= self.rows.len() && !self.has_ended && !self.is_broken {
            self.rows.drop_front(self.at);
            self.at = 0;
            let read = match &mut self.reader {
                Some(reader) => reader.read(&mut self.rows),
                None => match open(self.taken) {
                    Ok(reader) => {
                        self.reader = Some(reader);
                        continue;
                    }
                    Err(error) => Err(error),
                },
            };
            for problem in std::mem::take(&mut self.rows.problems) {
                result.differ_in(&self.name, "a sound table", &problem);
            }
            match read {
                Ok(more) => self.has_ended = !more,
                Err(error) => {
                    self.is_broken = true;
                    result.differ_in(&self.name, "rows that can be read", &error);
                }
            }
        }
        (self.at + ahead < self.rows.len()).then_some(self.at + ahead)
    }

    fn take(&mut self) {
        self.at += 1;
        self.taken += 1;
    }

    fn key(&self, row: usize) -> Vec<i64> {
        self.heading.key_of(self.rows.row(row).unwrap_or_default())
    }

    fn differ(&self, row: &[Option<u64>], expected: String, found: String, result: &mut Verification) {
        let (cell, rest) = self.heading.cell_and_key(row);
        let date = (!rest.is_empty()).then_some(rest);
        result.differ(Difference { file: self.name.clone(), cell, date, expected, found });
    }

    fn surplus(&mut self, row: usize, result: &mut Verification) {
        let row = self.rows.row(row).unwrap_or_default().to_vec();
        self.differ(&row, "no such row here".to_owned(), "a row".to_owned(), result);
        self.take();
    }

    /// Compares the rows that come next.
    pub fn compare(&mut self, expected: &Rows, open: &Open<'_>, result: &mut Verification) {
        let mut index = 0;
        while index < expected.len() && !self.is_broken {
            let row = expected.row(index).unwrap_or_default();
            let key = self.heading.key_of(row);
            let Some(found) = self.peek(0, open, result) else {
                if !self.is_broken {
                    self.differ(row, "a row".to_owned(), "no such row".to_owned(), result);
                }
                index += 1;
                continue;
            };
            let found_key = self.key(found);
            if found_key == key {
                self.values(expected, index, found, result);
                self.take();
                index += 1;
            } else if found_key < key || self.is_astray(&key, open, result) {
                self.surplus(self.at, result);
            } else {
                self.differ(row, "a row".to_owned(), "no such row here".to_owned(), result);
                index += 1;
            }
        }
    }

    /// Whether the next row but one would be welcome, so that the next one is out of its place.
    fn is_astray(&mut self, key: &[i64], open: &Open<'_>, result: &mut Verification) -> bool {
        self.peek(1, open, result).is_some_and(|next| self.key(next).as_slice() <= key)
    }

    fn values(&self, expected: &Rows, index: usize, found: usize, result: &mut Verification) {
        let (row, own) = (expected.row(index).unwrap_or_default(), self.rows.row(found).unwrap_or_default());
        result.rows += 1;
        result.values += row.len() as u64;
        for (column, &value) in own.iter().enumerate() {
            if !expected.has(index, column, value) {
                let name = self.heading.columns.get(column).map_or("", |column| column.name.as_str());
                let right = row.get(column).copied().flatten();
                let expected = format!("{name} = {}", self.heading.show(column, right));
                self.differ(row, expected, self.heading.show(column, value), result);
            }
        }
    }

    /// Says what rows are left when all were compared.
    pub fn finish(&mut self, open: &Open<'_>, result: &mut Verification) {
        while self.peek(0, open, result).is_some() {
            self.surplus(self.at, result);
        }
    }
}
