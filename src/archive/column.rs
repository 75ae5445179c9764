//! A series that is being put together: values in, encoded chunks out.

use std::collections::BTreeMap;
use std::ops::Range;

use super::codec::Encoder;
use crate::hdf5::chunks::Chunk;
use crate::model::element::Element;

/// An encoded chunk of a column.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stored {
    /// In the file already.
    There(Chunk),
    /// Among the encoded bytes of its cell: where, and how many.
    New(usize, usize),
}

/// Values of one key: a number of rows, each as long as the dimension that the column grows along.
///
/// Memory: one chunk, and the list of those that are done.
#[derive(Debug)]
pub(super) struct Column {
    pub key: String,
    pub element: Element,
    /// `None` without a dimension of rows.
    pub rows: Option<usize>,
    /// Values of a row in one chunk.
    pub chunk: usize,
    /// Values of a row in all.
    pub length: u64,
    /// Whether some values stand for none.
    pub has_gaps: bool,
    pub chunks: Vec<Stored>,
    /// Chunks of those that are changed, by their index.
    changed: BTreeMap<u64, Vec<u8>>,
    /// The chunk that is being filled, row after row, and the values of a row in it.
    pending: Vec<u8>,
    filled: usize,
}

/// Values of one row: the bytes of the first, and so many bytes from one to the next.
#[derive(Debug, Clone, Copy)]
pub(super) struct Strided<'a> {
    pub data: &'a [u8],
    pub step: usize,
    pub big_endian: bool,
}

impl Column {
    pub fn new(key: &str, element: Element, rows: Option<usize>, chunk: usize) -> Self {
        let (key, pending) = (key.to_owned(), Vec::new());
        let (chunks, changed) = (Vec::new(), BTreeMap::new());
        let chunk = chunk.max(1);
        Column { key, element, rows, chunk, length: 0, has_gaps: false, chunks, changed, pending, filled: 0 }
    }

    /// Goes on with a column of which all chunks are there; `last` is the decoded one at the end if it is not full.
    pub fn resume(mut self, length: u64, chunks: &[Chunk], last: Option<Vec<u8>>) -> Self {
        self.length = length;
        self.filled = usize::try_from(length % self.chunk as u64).unwrap_or(0);
        self.chunks = chunks.iter().copied().map(Stored::There).collect();
        if self.filled > 0 {
            self.chunks.pop();
            self.pending = last.unwrap_or_default();
            self.pending.resize(self.chunk_bytes(), 0);
        }
        self
    }

    pub fn is_fit(&self, element: Element, rows: Option<usize>) -> bool {
        (self.element, self.rows) == (element, rows)
    }

    /// Bytes of a chunk.
    pub fn chunk_bytes(&self) -> usize {
        self.rows.unwrap_or(1) * self.chunk * self.element.size()
    }

    /// Adds `count` values to each row; `row` says where they are.
    pub fn push<'a>(
        &mut self,
        count: usize,
        row: impl Fn(usize) -> Strided<'a>,
        encoder: &mut Encoder,
        encoded: &mut Vec<u8>,
    ) -> Result<(), String> {
        let mut done = 0;
        while done < count {
            let part = self.begin(count - done);
            let (size, chunk, filled) = (self.element.size(), self.chunk, self.filled);
            for index in 0..self.rows.unwrap_or(1) {
                let Strided { data, step, big_endian } = row(index);
                let start = (index * chunk + filled) * size;
                let Some(target) = self.pending.get_mut(start..start + part * size) else { continue };
                let source = data.get(done * step..).unwrap_or_default();
                if step == size && !big_endian {
                    if let Some(source) = source.get(..target.len()) {
                        target.copy_from_slice(source);
                    }
                    continue;
                }
                for (target, value) in target.chunks_exact_mut(size).zip(source.chunks(step.max(1))) {
                    let Some(value) = value.get(..size) else { continue };
                    target.copy_from_slice(value);
                    if big_endian {
                        target.reverse();
                    }
                }
            }
            self.end(part, encoder, encoded)?;
            done += part;
        }
        Ok(())
    }

    /// Adds places without values to each row.
    pub fn skip(&mut self, count: usize, encoder: &mut Encoder, encoded: &mut Vec<u8>) -> Result<(), String> {
        let mut left = count;
        while left > 0 {
            self.has_gaps = true;
            let part = self.begin(left);
            let filled = self.filled;
            self.fill(filled, filled + part);
            self.end(part, encoder, encoded)?;
            left -= part;
        }
        Ok(())
    }

    /// A chunk that is in memory, because it was changed or is not full.
    pub fn held(&mut self, index: u64) -> Option<&mut Vec<u8>> {
        if index == self.chunks.len() as u64 && self.filled > 0 {
            return Some(&mut self.pending);
        }
        self.changed.get_mut(&index)
    }

    /// Takes a decoded chunk into memory, where it can be changed.
    pub fn hold(&mut self, index: u64, values: Vec<u8>) {
        self.changed.insert(index, values);
    }

    /// The parts of some places by chunks: the chunk, the places in it, and where they begin among all.
    pub fn parts(&self, range: Range<u64>) -> impl Iterator<Item = (u64, Range<usize>, usize)> + use<> {
        let (chunk, mut next) = (self.chunk as u64, range.start);
        std::iter::from_fn(move || {
            let index = next / chunk;
            let part = next..range.end.min((index + 1) * chunk);
            next = part.end;
            let inside = (part.start - index * chunk) as usize..(part.end - index * chunk) as usize;
            (!part.is_empty()).then(|| (index, inside, (part.start - range.start) as usize))
        })
    }

    /// Encodes what is left.
    pub fn finish(&mut self, encoder: &mut Encoder, encoded: &mut Vec<u8>) -> Result<(), String> {
        for (index, values) in std::mem::take(&mut self.changed) {
            let start = encoded.len();
            let length = encoder.encode(&values, self.element.size(), encoded)?;
            if let Some(stored) = self.chunks.get_mut(index as usize) {
                *stored = Stored::New(start, length);
            }
        }
        if self.filled > 0 {
            let (filled, chunk) = (self.filled, self.chunk);
            self.fill(filled, chunk);
            self.store(encoder, encoded)?;
        }
        Ok(())
    }

    fn begin(&mut self, wanted: usize) -> usize {
        if self.pending.is_empty() {
            self.pending.resize(self.chunk_bytes(), 0);
        }
        wanted.min(self.chunk - self.filled)
    }

    fn fill(&mut self, from: usize, until: usize) {
        let (size, fill) = (self.element.size(), self.element.fill_bytes());
        for row in 0..self.rows.unwrap_or(1) {
            let start = row * self.chunk;
            let range = (start + from) * size..(start + until) * size;
            for value in self.pending.get_mut(range).unwrap_or_default().chunks_exact_mut(size) {
                value.copy_from_slice(fill);
            }
        }
    }

    fn end(&mut self, part: usize, encoder: &mut Encoder, encoded: &mut Vec<u8>) -> Result<(), String> {
        self.filled += part;
        self.length += part as u64;
        if self.filled == self.chunk { self.store(encoder, encoded) } else { Ok(()) }
    }

    fn store(&mut self, encoder: &mut Encoder, encoded: &mut Vec<u8>) -> Result<(), String> {
        let start = encoded.len();
        let length = encoder.encode(&self.pending, self.element.size(), encoded)?;
        self.chunks.push(Stored::New(start, length));
        self.filled = 0;
        Ok(())
    }

    /// Where the chunks are, once the encoded bytes of the cell stand at `base`.
    pub fn chunks_at(&self, base: u64) -> Vec<Chunk> {
        let place = |(index, stored): (usize, &Stored)| match *stored {
            Stored::There(chunk) => chunk,
            Stored::New(start, length) => {
                Chunk { address: base + start as u64, length: length as u64, index: index as u64 }
            }
        };
        self.chunks.iter().enumerate().map(place).collect()
    }
}
