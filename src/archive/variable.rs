//! A variable of an archive: opened by its header, read chunk by chunk.

use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock};

use super::codec::{ChunkProblem, Decoder};
use super::read::OpenFile;
use crate::error::{Argument, Error, Result};
use crate::hdf5::Problem;
use crate::hdf5::attribute::Attribute;
use crate::hdf5::chunks::Chunk;
use crate::hdf5::dataset::{Dataset, Storage};
use crate::hdf5::datatype::Datatype;
use crate::hdf5::group::Group;
use crate::model::element::Element;
use crate::model::grid::Cell;

/// A dimension of rows has no data of its own, and no more rows than this.
const MOST_WITHOUT_DATA: u64 = 1 << 24;

/// Bytes of a decoded chunk at most; a header that says more is damaged.
const LARGEST: u64 = 1 << 30;

/// A handle to a variable. Threads may share it.
#[derive(Debug)]
pub struct Variable {
    source: Arc<OpenFile>,
    cell: Option<Cell>,
    name: String,
    dataset: Dataset,
    chunks: OnceLock<Vec<Chunk>>,
    /// The chunk that was decoded last: its place, and its values.
    last: Mutex<Option<(u64, Arc<Vec<u8>>)>>,
}

/// Values of a variable: little endian, row after row.
#[derive(Debug, Clone, PartialEq)]
pub struct Values {
    /// Their type; bytes of texts count as `uint8`.
    pub element: Element,
    /// Rows; `None` without a dimension of rows.
    pub rows: Option<usize>,
    /// Values of a row.
    pub count: usize,
    /// `rows * count` values.
    pub bytes: Vec<u8>,
}

impl Values {
    /// The values of one row, counted from 0.
    pub fn row(&self, row: usize) -> &[u8] {
        let length = self.count * self.element.size();
        self.bytes.get(row * length..(row + 1) * length).unwrap_or_default()
    }

    /// All values as doubles; 64-bit whole numbers may round.
    pub fn to_f64(&self) -> Vec<f64> {
        let element = self.element;
        self.bytes.chunks_exact(element.size()).map(|bytes| number(element, bytes)).collect()
    }

    /// All values as whole numbers; floats are cut.
    pub fn to_i64(&self) -> Vec<i64> {
        match self.element {
            Element::Int64 | Element::UInt64 => {
                self.bytes.as_chunks::<8>().0.iter().map(|&bytes| i64::from_le_bytes(bytes)).collect()
            }
            _ => self.to_f64().into_iter().map(|value| value as i64).collect(),
        }
    }
}

/// A value of some type as a double.
pub(super) fn number(element: Element, bytes: &[u8]) -> f64 {
    let mut wide = [0; 8];
    for (target, byte) in wide.iter_mut().zip(bytes) {
        *target = *byte;
    }
    let [a, b, c, d, ..] = wide;
    match element {
        Element::Float32 => f64::from(f32::from_le_bytes([a, b, c, d])),
        Element::Float64 => f64::from_le_bytes(wide),
        Element::Int8 => f64::from(a as i8),
        Element::Int16 => f64::from(i16::from_le_bytes([a, b])),
        Element::Int32 => f64::from(i32::from_le_bytes([a, b, c, d])),
        Element::Int64 => i64::from_le_bytes(wide) as f64,
        _ => u64::from_le_bytes(wide) as f64,
    }
}

impl Variable {
    pub(super) fn open(
        source: &Arc<OpenFile>,
        group: &Group,
        cell: Option<Cell>,
        name: &str,
    ) -> Result<Self> {
        let Some(address) = group.find(name) else {
            let place = cell.map_or("the archive".to_owned(), |cell| format!("cell {cell}"));
            let names: Vec<&str> = group.links.iter().map(|(name, _)| name.as_str()).take(60).collect();
            let reason = format!("{place} has no such variable; it has {}", names.join(", "));
            return Err(Error::selection(Argument::Variables, name, reason));
        };
        let wrong = |problem: Problem| Error::archive(&source.path, cell, Some(name), problem.to_string());
        let dataset = source.dataset(address).map_err(wrong)?;
        let (source, name) = (source.clone(), name.to_owned());
        let variable =
            Variable { source, cell, name, dataset, chunks: OnceLock::new(), last: Mutex::default() };
        match &variable.dataset.storage {
            Storage::Chunked { .. } if variable.chunk_bytes().is_none_or(|bytes| bytes > LARGEST) => {
                Err(variable.wrong("its chunks are too large"))
            }
            Storage::Nothing if variable.length() > MOST_WITHOUT_DATA => {
                Err(variable.wrong("its data is not there"))
            }
            Storage::Small(data)
                if Some(data.len() as u64) != variable.length().checked_mul(variable.step()) =>
            {
                Err(variable.wrong("its data is not as long as it says"))
            }
            _ => Ok(variable),
        }
    }

    pub(super) fn wrong(&self, reason: impl ToString) -> Error {
        Error::archive(&self.source.path, self.cell, Some(&self.name), reason.to_string())
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key that the dumps have it under.
    pub fn key(&self) -> &str {
        self.attribute("dump_key").unwrap_or(&self.name)
    }

    /// The type of its values.
    pub fn element(&self) -> Element {
        match self.dataset.kind {
            Datatype::Number(element) => element,
            _ => Element::UInt8,
        }
    }

    /// Its rows; `None` without a dimension of rows.
    pub fn rows(&self) -> Option<usize> {
        match self.dataset.shape.as_deref() {
            Some([rows, _]) => usize::try_from(*rows).ok(),
            _ => None,
        }
    }

    /// Values of a row.
    pub fn length(&self) -> u64 {
        self.dataset.shape.as_ref().map_or(1, |shape| shape.last().copied().unwrap_or(1))
    }

    /// Values of a row in one chunk.
    pub fn chunk_length(&self) -> u64 {
        match &self.dataset.storage {
            Storage::Chunked { shape, .. } => shape.last().copied().unwrap_or(1),
            _ => self.length().max(1),
        }
    }

    /// Bytes of one value of all rows.
    fn step(&self) -> u64 {
        (self.rows().unwrap_or(1) as u64).saturating_mul(self.element().size() as u64)
    }

    fn chunk_bytes(&self) -> Option<u64> {
        self.chunk_length().checked_mul(self.step())
    }

    pub(super) fn dataset(&self) -> &Dataset {
        &self.dataset
    }

    pub(super) fn is_dimension(&self) -> bool {
        self.dataset.storage == Storage::Nothing
    }

    /// A text among its attributes.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.dataset.attributes.iter().find(|attribute| attribute.name == name)?.as_text()
    }

    /// Its attributes that are texts.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.dataset.attributes.iter().filter_map(|one: &Attribute| Some((one.name.as_str(), one.as_text()?)))
    }

    /// Where its chunks are; read once.
    pub(super) fn chunks(&self) -> Result<&[Chunk]> {
        if let Some(chunks) = self.chunks.get() {
            return Ok(chunks);
        }
        let chunks = self.source.chunks(&self.dataset).map_err(|problem| self.wrong(problem))?;
        let wanted = match self.dataset.storage {
            Storage::Chunked { .. } => self.length().div_ceil(self.chunk_length()),
            _ => 0,
        };
        let is_whole = chunks.len() as u64 == wanted
            && chunks.iter().zip(0..).all(|(chunk, index): (_, u64)| chunk.index == index);
        if !is_whole {
            return Err(self.wrong(format!("{} of its {wanted} chunks are there", chunks.len())));
        }
        Ok(self.chunks.get_or_init(|| chunks))
    }

    /// A chunk as it is stored. Its checksum is not looked at.
    pub(super) fn raw_chunk(&self, index: u64) -> Result<Vec<u8>> {
        let chunk = self.chunks()?.get(usize::try_from(index).unwrap_or(usize::MAX));
        let chunk = chunk.ok_or_else(|| self.wrong(format!("it has no chunk {index}")))?;
        let length = usize::try_from(chunk.length).unwrap_or(usize::MAX);
        self.source.bytes(chunk.address, length).map_err(|problem| self.wrong(problem))
    }

    fn decode(&self, index: u64) -> Result<Vec<u8>> {
        thread_local! {
            static DECODER: std::cell::RefCell<Decoder> = std::cell::RefCell::default();
        }
        let stored = self.raw_chunk(index)?;
        let mut values =
            vec![0; self.chunk_bytes().and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(0)];
        let (filters, size) = (&self.dataset.filters, self.element().size());
        let result = DECODER.with_borrow_mut(|decoder| decoder.decode(&stored, filters, size, &mut values));
        result.map_err(|problem: ChunkProblem| self.wrong(format!("chunk {index}: {problem}")))?;
        Ok(values)
    }

    /// A decoded chunk: rows of [`Variable::chunk_length`] values. The last one is remembered.
    pub(super) fn chunk(&self, index: u64) -> Result<Arc<Vec<u8>>> {
        let last = || crate::sync::lock(&self.last);
        if let Some((_, values)) = last().as_ref().filter(|(known, _)| *known == index) {
            return Ok(values.clone());
        }
        let values = Arc::new(self.decode(index)?);
        *last() = Some((index, values.clone()));
        Ok(values)
    }

    /// All values.
    ///
    /// # Errors
    /// As [`Variable::read`].
    pub fn all(&self) -> Result<Values> {
        self.read(0..self.length())
    }

    /// The values at some places of the last dimension, of all rows: `[rows, places]`.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where there are fewer values, [`Damaged`](crate::ErrorKind::Damaged) where a chunk is damaged or cannot be read.
    pub fn read(&self, range: Range<u64>) -> Result<Values> {
        if range.start > range.end || range.end > self.length() {
            let value = format!("{}..{}", range.start, range.end);
            return Err(Error::selection(
                Argument::Values,
                value,
                format!("there are {} values", self.length()),
            ));
        }
        let (rows, size) = (self.rows().unwrap_or(1), self.element().size());
        let count = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
        let chunk = self.chunk_length();
        // A damaged file may say any length: only what its chunks bear out is given memory.
        if matches!(self.dataset.storage, Storage::Chunked { .. }) && count > 0 {
            self.chunks()?;
            self.chunk(range.start / chunk)?;
        }
        let mut bytes = self.zeros(rows.saturating_mul(count).saturating_mul(size))?;
        let values = |bytes| Values { element: self.element(), rows: self.rows(), count, bytes };
        if count == 0 {
            return Ok(values(bytes));
        }
        if let Storage::Small(data) = &self.dataset.storage {
            copy_rows(
                data,
                (range.start as usize, chunk as usize),
                &mut bytes,
                (0, count),
                count,
                (rows, size),
            );
            return Ok(values(bytes));
        }
        if self.dataset.storage == Storage::Nothing {
            return Ok(values(bytes));
        }
        for index in range.start / chunk..range.end.div_ceil(chunk) {
            let from = range.start.max(index * chunk);
            let until = range.end.min((index + 1) * chunk);
            let source = self.chunk(index)?;
            let place = ((from - index * chunk) as usize, chunk as usize);
            let target = ((from - range.start) as usize, count);
            copy_rows(&source, place, &mut bytes, target, (until - from) as usize, (rows, size));
        }
        Ok(values(bytes))
    }

    fn zeros(&self, length: usize) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let reserved = bytes.try_reserve_exact(length);
        reserved.map_err(|_| self.wrong(format!("its {length} bytes do not fit into memory")))?;
        bytes.resize(length, 0);
        Ok(bytes)
    }

    /// The values at many places, in any order, of all rows: `[rows, places]`. Each chunk is decoded once.
    ///
    /// # Errors
    /// As [`Variable::read`].
    pub fn points(&self, places: &[u64]) -> Result<Values> {
        let (rows, size, count) = (self.rows().unwrap_or(1), self.element().size(), places.len());
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by_key(|&index| places.get(index).copied());
        let mut bytes = self.zeros(rows.saturating_mul(count).saturating_mul(size))?;
        let chunk = self.chunk_length();
        let mut current: Option<(u64, Values)> = None;
        for index in order {
            let place = places.get(index).copied().unwrap_or(0);
            let number = place / chunk;
            let values = match &current {
                Some((known, values)) if *known == number => values,
                _ => {
                    if place >= self.length() {
                        let reason = format!("there are {} values", self.length());
                        return Err(Error::selection(Argument::Place, place, reason));
                    }
                    let values = self.read(number * chunk..self.length().min((number + 1) * chunk))?;
                    &current.insert((number, values)).1
                }
            };
            if place >= self.length() {
                let reason = format!("there are {} values", self.length());
                return Err(Error::selection(Argument::Place, place, reason));
            }
            let from = ((place - number * chunk) as usize, values.count);
            copy_rows(&values.bytes, from, &mut bytes, (index, count), 1, (rows, size));
        }
        Ok(Values { element: self.element(), rows: self.rows(), count, bytes })
    }

    /// All values in slices that are at most so many bytes, but at least one value of all rows. Slices end with chunks where they
    /// can, so that each is decoded once.
    pub fn slices(&self, bytes: usize) -> Slices<'_> {
        let most = (bytes as u64 / self.step().max(1)).max(1);
        let chunk = self.chunk_length();
        let most = if most >= chunk { most / chunk * chunk } else { most };
        Slices { variable: self, most, next: 0 }
    }
}

/// Copies `count` values of each row: places are the first value and the values of a row in memory.
pub(super) fn copy_rows(
    source: &[u8],
    (from, from_row): (usize, usize),
    target: &mut [u8],
    (to, to_row): (usize, usize),
    count: usize,
    (rows, size): (usize, usize),
) {
    for row in 0..rows {
        let (start, at) = ((row * from_row + from) * size, (row * to_row + to) * size);
        if let (Some(source), Some(target)) =
            (source.get(start..start + count * size), target.get_mut(at..at + count * size))
        {
            target.copy_from_slice(source);
        }
    }
}

/// All values of a variable, slice by slice.
#[derive(Debug)]
pub struct Slices<'a> {
    variable: &'a Variable,
    most: u64,
    next: u64,
}

impl Iterator for Slices<'_> {
    type Item = Result<(Range<u64>, Values)>;

    fn next(&mut self) -> Option<Self::Item> {
        let range = self.next..self.variable.length().min(self.next + self.most);
        if range.is_empty() {
            return None;
        }
        self.next = range.end;
        Some(self.variable.read(range.clone()).map(|values| (range, values)))
    }
}
