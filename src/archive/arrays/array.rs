//! Arrays that are open for reading.

use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};

use super::{ArrayAttribute, ValueType};
use crate::archive::Values;
use crate::archive::codec::{Codec, Decoder};
use crate::archive::memory::{self, Map};
use crate::archive::read::{OpenFile, State};
use crate::error::{Argument, Error, Result};
use crate::hdf5::Problem;
use crate::hdf5::chunks::Chunk;
use crate::hdf5::dataset::{Dataset, Storage};
use crate::hdf5::group::Group;
use crate::model::element::Element;

/// A file of arrays, open for reading, in the state in which it was opened.
#[derive(Debug, Clone)]
pub struct Arrays {
    pub(super) source: Arc<OpenFile>,
    pub(super) root: Arc<Group>,
    map: Arc<OnceLock<Map>>,
}

impl Arrays {
    /// Opens a file. Reads the names of its arrays, no data.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io) where the file cannot be read, [`Damaged`](crate::ErrorKind::Damaged) where it is none of gridloom's or damaged.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::of(OpenFile::open(path.as_ref())?)
    }

    /// Opens a file in a state in which it was open before, in another process for example.
    ///
    /// # Errors
    /// As [`Arrays::open`], and [`Changed`](crate::ErrorKind::Changed) where another file is in its place.
    pub fn open_in(path: impl AsRef<Path>, state: &State) -> Result<Self> {
        Self::of(OpenFile::open_in(path.as_ref(), state)?)
    }

    /// The state in which it was opened.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io).
    pub fn state(&self) -> Result<State> {
        self.source.known()
    }

    fn of(source: OpenFile) -> Result<Self> {
        let path = source.path.as_path();
        let root = source.group(source.state.root);
        let root = root.map_err(|problem| Error::archive(path, None, None, problem.to_string()))?;
        Ok(Arrays { source: Arc::new(source), root: Arc::new(root), map: Arc::default() })
    }

    /// The names of its datasets, in the order in which they were made.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.root.links.iter().map(|(name, _)| name.as_str())
    }

    /// The global attributes that are texts.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.root.attributes.iter().filter_map(|one| Some((one.name.as_str(), one.as_text()?)))
    }

    /// The global attributes that are texts or numbers.
    pub fn values(&self) -> impl Iterator<Item = (&str, ArrayAttribute)> {
        self.root.attributes.iter().filter_map(|one| Some((one.name.as_str(), ArrayAttribute::of(one)?)))
    }

    /// An array. Reads its header, no data.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where there is no such array, [`Damaged`](crate::ErrorKind::Damaged) where it is damaged.
    pub fn array(&self, name: &str) -> Result<Array> {
        let path = &self.source.path;
        let Some(address) = self.root.find(name) else {
            let names: Vec<&str> = self.names().take(60).collect();
            let reason = format!("{} has no such array; it has {}", path.display(), names.join(", "));
            return Err(Error::selection(Argument::Array, name, reason));
        };
        let wrong = |problem: Problem| Error::archive(path, None, Some(name), problem.to_string());
        let dataset = self.source.dataset(address).map_err(wrong)?;
        let form = match &dataset.storage {
            Storage::Chunked { shape, .. } => super::form(&dataset, shape),
            _ => None,
        };
        let (kind, row, chunk) = form.ok_or_else(|| wrong(Problem::new("it is not an array that grows")))?;
        let (source, map, name) = (self.source.clone(), self.map.clone(), name.to_owned());
        Ok(Array {
            source,
            map,
            name,
            dataset,
            kind,
            row,
            chunk,
            chunks: OnceLock::new(),
            last: Mutex::default(),
        })
    }
}

/// A handle to an array. Threads may share it.
#[derive(Debug)]
pub struct Array {
    pub(super) source: Arc<OpenFile>,
    pub(super) map: Arc<OnceLock<Map>>,
    pub(super) name: String,
    pub(super) dataset: Dataset,
    kind: ValueType,
    pub(super) row: usize,
    pub(super) chunk: u64,
    chunks: OnceLock<Arc<Vec<Chunk>>>,
    /// The chunk that was decoded last: its place, and its rows.
    last: Mutex<Option<(u64, Arc<Vec<u8>>)>>,
}

impl Array {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The type of its values.
    pub fn value_type(&self) -> ValueType {
        self.kind
    }

    /// The type as which they are read: [`ValueType::element`].
    pub fn element(&self) -> Element {
        self.kind.element()
    }

    /// `[rows, columns…]`.
    pub fn shape(&self) -> &[u64] {
        self.dataset.shape.as_deref().unwrap_or_default()
    }

    /// Rows.
    pub fn rows(&self) -> u64 {
        self.shape().first().copied().unwrap_or(0)
    }

    /// Bytes of a row.
    pub fn row_bytes(&self) -> usize {
        self.row
    }

    /// Rows of a chunk.
    pub fn chunk_rows(&self) -> u64 {
        self.chunk
    }

    /// Its attributes that are texts.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.dataset.attributes.iter().filter_map(|one| Some((one.name.as_str(), one.as_text()?)))
    }

    /// Its attributes that are texts or numbers.
    pub fn values(&self) -> impl Iterator<Item = (&str, ArrayAttribute)> {
        let own = self.dataset.attributes.iter().filter(|one| one.name != super::CODEC);
        own.filter_map(|one| Some((one.name.as_str(), ArrayAttribute::of(one)?)))
    }

    /// Its codec; `None` where rows are plain, or where it does not say it.
    pub fn codec(&self) -> Option<Codec> {
        super::codec_of(&self.dataset).ok().flatten()
    }

    /// Whether rows stand in the file as they are in memory.
    pub fn is_plain(&self) -> bool {
        self.dataset.filters.is_empty()
    }

    pub(super) fn wrong(&self, reason: impl ToString) -> Error {
        Error::archive(&self.source.path, None, Some(&self.name), reason.to_string())
    }

    fn outside(&self, value: impl ToString) -> Error {
        Error::selection(Argument::Rows, value.to_string(), format!("{} has {} rows", self.name, self.rows()))
    }

    /// Where its chunks are; read once.
    pub(super) fn chunks(&self) -> Result<&Arc<Vec<Chunk>>> {
        if let Some(chunks) = self.chunks.get() {
            return Ok(chunks);
        }
        let chunks = self.source.chunks(&self.dataset).map_err(|problem| self.wrong(problem))?;
        let wanted = self.rows().div_ceil(self.chunk);
        let is_whole = chunks.len() as u64 == wanted
            && chunks.iter().zip(0..).all(|(chunk, index): (_, u64)| chunk.index == index);
        if !is_whole {
            return Err(self.wrong(format!("{} of its {wanted} chunks are there", chunks.len())));
        }
        Ok(self.chunks.get_or_init(|| Arc::new(chunks)))
    }

    fn place(&self, index: u64) -> Result<Chunk> {
        let chunk = self.chunks()?.get(usize::try_from(index).unwrap_or(usize::MAX)).copied();
        chunk.ok_or_else(|| self.wrong(format!("it has no chunk {index}")))
    }

    /// Bytes of a chunk in memory.
    pub(super) fn chunk_bytes(&self) -> usize {
        self.row * self.chunk as usize
    }

    fn decode(&self, index: u64, output: &mut Vec<u8>) -> Result<()> {
        thread_local! {
            static DECODER: std::cell::RefCell<(Decoder, Vec<u8>)> = std::cell::RefCell::default();
        }
        let chunk = self.place(index)?;
        let start = output.len();
        DECODER.with_borrow_mut(|(decoder, stored)| {
            stored.clear();
            let length = usize::try_from(chunk.length).unwrap_or(usize::MAX);
            self.source.read(chunk.address, length, stored).map_err(|problem| self.wrong(problem))?;
            output.resize(start + self.chunk_bytes(), 0);
            let room = output.get_mut(start..).unwrap_or_default();
            let result = decoder.decode(stored, &self.dataset.filters, self.element().size(), room);
            result.map_err(|problem| self.wrong(format!("chunk {index}: {problem}")))
        })
    }

    /// A decoded chunk. The last one is remembered.
    fn decoded(&self, index: u64) -> Result<Arc<Vec<u8>>> {
        let last = || crate::sync::lock(&self.last);
        if let Some((_, rows)) = last().as_ref().filter(|(known, _)| *known == index) {
            return Ok(rows.clone());
        }
        let mut rows = Vec::new();
        self.decode(index, &mut rows)?;
        let rows = Arc::new(rows);
        *last() = Some((index, rows.clone()));
        Ok(rows)
    }

    /// Some rows, one after another: `[rows, columns…]`.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where there are fewer, [`Damaged`](crate::ErrorKind::Damaged) where a chunk is damaged or cannot be read.
    pub fn read(&self, rows: Range<u64>) -> Result<Values> {
        let mut bytes = Vec::new();
        self.read_into(rows.clone(), &mut bytes)?;
        Ok(self.rows_of(bytes))
    }

    fn rows_of(&self, bytes: Vec<u8>) -> Values {
        let (rows, count) = (bytes.len() / self.row, self.row / self.element().size());
        Values { element: self.element(), rows: Some(rows), count, bytes }
    }

    /// All rows.
    ///
    /// # Errors
    /// As [`Array::read`].
    pub fn all(&self) -> Result<Values> {
        self.read(0..self.rows())
    }

    /// Puts some rows behind what is in `output`.
    ///
    /// # Errors
    /// As [`Array::read`]. What is in `output` behind its former end is then undefined.
    pub fn read_into(&self, rows: Range<u64>, output: &mut Vec<u8>) -> Result<()> {
        if rows.start > rows.end || rows.end > self.rows() {
            return Err(self.outside(format!("{}..{}", rows.start, rows.end)));
        }
        // A damaged file may say any length: only what its chunks bear out is given memory.
        let chunks = self.chunks()?;
        let room = (rows.end - rows.start).saturating_mul(self.row as u64);
        if self.is_plain() && room > self.source.state.end {
            return Err(self.wrong("it has more rows than the file has bytes"));
        }
        if !self.is_plain() && !rows.is_empty() {
            self.decoded(rows.start / self.chunk)?;
        }
        if memory::reserve(output, usize::try_from(room).unwrap_or(usize::MAX)).is_err() {
            return Err(self.wrong(format!("there is no memory for {room} bytes")));
        }
        let mut next = rows.start;
        while next < rows.end {
            let index = next / self.chunk;
            let (first, mut end) = (index * self.chunk, ((index + 1) * self.chunk).min(rows.end));
            let skip = (next - first) as usize * self.row;
            if self.is_plain() {
                let start = self.place(index)?.address;
                // Chunks that follow one another in the file are read at once.
                let most = rows.end.div_ceil(self.chunk) - index;
                let step = self.chunk_bytes() as u64;
                let following = chunks.iter().skip(index as usize).zip(0..most);
                let run =
                    following.take_while(|(chunk, nth)| chunk.address == start + nth * step).count() as u64;
                end = rows.end.min((index + run) * self.chunk);
                let length = (end - next) as usize * self.row;
                let read = self.source.read(start + skip as u64, length, output);
                read.map_err(|problem| self.wrong(problem))?;
            } else if skip == 0 && end - next == self.chunk {
                self.decode(index, output)?;
            } else {
                let decoded = self.decoded(index)?;
                let range = skip..skip + (end - next) as usize * self.row;
                output.extend_from_slice(decoded.get(range).unwrap_or_default());
            }
            next = end;
        }
        Ok(())
    }

    /// Rows at some places, in the order of the places. Each chunk is decoded once.
    ///
    /// # Errors
    /// As [`Array::read`].
    pub fn points(&self, rows: &[u64]) -> Result<Values> {
        if let Some(row) = rows.iter().find(|&&row| row >= self.rows()) {
            return Err(self.outside(row));
        }
        let mut bytes = vec![0; rows.len() * self.row];
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by_key(|&place| rows.get(place));
        let mut current: Option<(u64, Arc<Vec<u8>>)> = None;
        let mut one = Vec::new();
        for place in order {
            let row = rows.get(place).copied().unwrap_or(0);
            let (index, skip) = (row / self.chunk, (row % self.chunk) as usize * self.row);
            let target = bytes.get_mut(place * self.row..(place + 1) * self.row).unwrap_or_default();
            if self.is_plain() {
                one.clear();
                let at = self.place(index)?.address + skip as u64;
                self.source.read(at, self.row, &mut one).map_err(|problem| self.wrong(problem))?;
                target.copy_from_slice(&one);
                continue;
            }
            let rows = match &current {
                Some((known, rows)) if *known == index => rows,
                _ => &current.insert((index, self.decoded(index)?)).1,
            };
            target.copy_from_slice(rows.get(skip..skip + self.row).unwrap_or_default());
        }
        Ok(self.rows_of(bytes))
    }

    /// All rows in slices that are at most so many bytes, but at least a row. Slices end with chunks where they can.
    pub fn slices(&self, bytes: usize) -> impl Iterator<Item = Result<(Range<u64>, Values)>> {
        let most = (bytes / self.row).max(1) as u64;
        let most = if most >= self.chunk { most / self.chunk * self.chunk } else { most };
        let mut next = 0;
        std::iter::from_fn(move || {
            let range = next..self.rows().min(next + most);
            next = range.end;
            (!range.is_empty()).then(|| self.read(range.clone()).map(|values| (range, values)))
        })
    }
}
