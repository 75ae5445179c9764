//! An array that is being changed: which chunks are new, and where those that are written stand.

mod less;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::{CODEC, Layout, PLAIN, ValueType};
use crate::archive::codec::{Decoder, Encoder};
use crate::archive::read::OpenFile;
use crate::archive::sink::Sink;
use crate::error::{Error, Result};
use crate::hdf5::attribute::Attribute;
use crate::hdf5::chunks::Chunk;
use crate::hdf5::dataset::{Dataset, Storage};
use crate::hdf5::tree::{self, Nodes};
use crate::hdf5::{NONE, Problem};

/// Encoded chunks that are gathered for one write.
const GATHERED: usize = 1 << 20;

/// Plain rows of so many bytes begin with a page, so that they are copied to and from the file's memory page by page.
const LONG: usize = 64 << 10;
const PAGE: u64 = 4096;

/// Bytes in a file, and those that will stand behind them.
pub(super) struct GrowingFile<'a> {
    pub source: &'a mut OpenFile,
    pub sink: &'a mut Sink,
}

impl GrowingFile<'_> {
    fn append(&mut self, bytes: &[u8]) -> Result<u64> {
        let at = self.sink.append(bytes)?;
        self.source.state.end = self.sink.end();
        Ok(at)
    }

    fn align(&mut self) -> Result<()> {
        let end = self.sink.end();
        self.append(&vec![0; (end.next_multiple_of(PAGE) - end) as usize]).map(|_| ())
    }
}

/// An array as it will be.
pub(super) struct Store {
    name: String,
    dataset: Dataset,
    kind: ValueType,
    row: usize,
    chunk: u64,
    rows: u64,
    encoder: Option<Encoder>,
    decoder: Decoder,
    /// Chunks of the array; those without an address are changed and not written yet.
    chunks: Vec<Chunk>,
    nodes: Nodes,
    /// Rows of chunks that were changed and are not written yet.
    changed: BTreeMap<u64, Vec<u8>>,
    /// Chunks whose place is not in the index yet.
    moved: BTreeSet<u64>,
    is_new: bool,
}

impl Store {
    /// An array without rows.
    pub fn new(
        name: &str,
        kind: ValueType,
        columns: &[u64],
        layout: Layout,
    ) -> std::result::Result<Self, Problem> {
        let row = columns.iter().try_fold(kind.size() as u64, |bytes, &count| bytes.checked_mul(count));
        let row = row.filter(|row| (1..=super::LARGEST).contains(row));
        let row = row.ok_or_else(|| Problem::new("a row has no bytes, or too many"))?;
        if columns.len() > 7 {
            return Err(Problem::new("there are more than eight dimensions"));
        }
        let rows = (layout.chunk_bytes as u64).min(super::LARGEST) / row;
        let with = |rows: u64| std::iter::once(rows).chain(columns.iter().copied()).collect::<Vec<u64>>();
        let codec = layout.codec.map_or_else(|| PLAIN.to_owned(), |codec| codec.to_string());
        let dataset = Dataset {
            kind: kind.datatype(),
            shape: Some(with(0)),
            axis: 0,
            grows: true,
            filters: layout.filters(kind.element().size()),
            fill: None,
            storage: Storage::Chunked { shape: with(rows.max(1)), index: NONE },
            attributes: vec![Attribute::text(CODEC, &codec)],
        };
        let mut store = Store::of(name, dataset, (Vec::new(), Nodes::default()))?;
        store.is_new = true;
        Ok(store)
    }

    /// An array that is there.
    pub fn open(name: &str, source: &OpenFile, address: u64) -> std::result::Result<Self, Problem> {
        let dataset = source.dataset(address)?;
        let index = source.index(&dataset)?;
        Store::of(name, dataset, index)
    }

    fn of(
        name: &str,
        dataset: Dataset,
        (chunks, nodes): (Vec<Chunk>, Nodes),
    ) -> std::result::Result<Self, Problem> {
        let form = match &dataset.storage {
            Storage::Chunked { shape, .. } => super::form(&dataset, shape),
            _ => None,
        };
        let (kind, row, chunk) = form.ok_or_else(|| Problem::new("it is not an array that grows"))?;
        let rows = dataset.shape.as_ref().and_then(|shape| shape.first()).copied().unwrap_or(0);
        let is_whole = chunks.iter().zip(0..).all(|(chunk, index)| chunk.index == index);
        if chunks.len() as u64 != rows.div_ceil(chunk) || !is_whole {
            return Err(Problem::new("some of its chunks are not there"));
        }
        let codec = super::codec_of(&dataset)?;
        let ids = |filters: &[crate::hdf5::dataset::Filter]| -> Vec<u16> {
            filters.iter().map(|filter| filter.id).collect()
        };
        let expected = Layout { chunk_bytes: 0, codec }.filters(kind.element().size());
        if ids(&expected) != ids(&dataset.filters) {
            return Err(Problem::new("its filters are not those of its codec"));
        }
        let dataset = Dataset { filters: expected, ..dataset };
        Ok(Store {
            name: name.to_owned(),
            dataset,
            kind,
            row,
            chunk,
            rows,
            encoder: codec.map(Encoder::new).transpose().map_err(Problem::new)?,
            decoder: Decoder::default(),
            chunks,
            nodes,
            changed: BTreeMap::new(),
            moved: BTreeSet::new(),
            is_new: false,
        })
    }

    fn wrong(&self, source: &OpenFile, reason: impl ToString) -> Error {
        Error::archive(&source.path, None, Some(&self.name), reason.to_string())
    }

    pub fn row_bytes(&self) -> usize {
        self.row
    }

    pub fn chunk_rows(&self) -> u64 {
        self.chunk
    }

    pub fn columns(&self) -> &[u64] {
        self.dataset.shape.as_deref().and_then(|shape| shape.get(1..)).unwrap_or_default()
    }

    pub fn layout(&self) -> std::result::Result<Layout, Problem> {
        Ok(Layout { chunk_bytes: self.chunk_bytes(), codec: super::codec_of(&self.dataset)? })
    }

    pub fn rows(&self) -> u64 {
        self.rows
    }

    pub fn value_type(&self) -> ValueType {
        self.kind
    }

    /// Whether there is something that is not in the file's state.
    pub fn is_changed(&self) -> bool {
        self.is_new || !self.changed.is_empty() || !self.moved.is_empty()
    }

    pub fn attributes(&self) -> &[Attribute] {
        &self.dataset.attributes
    }

    /// Takes an attribute out; says whether it was there.
    pub fn unset(&mut self, name: &str) -> bool {
        let before = self.dataset.attributes.len();
        self.dataset.attributes.retain(|known| known.name != name);
        let is_gone = self.dataset.attributes.len() < before;
        self.is_new |= is_gone;
        is_gone
    }

    pub fn set(&mut self, attribute: Attribute) {
        match self.dataset.attributes.iter_mut().find(|known| known.name == attribute.name) {
            Some(known) => *known = attribute,
            None => self.dataset.attributes.push(attribute),
        }
        self.is_new = true;
    }

    /// Bytes of changed chunks in memory.
    pub fn held_bytes(&self) -> usize {
        self.changed.len() * self.chunk_bytes()
    }

    fn chunk_bytes(&self) -> usize {
        self.row * self.chunk as usize
    }

    /// The rows of a chunk as they are in the file; zeros where it is not there yet.
    fn load(&mut self, index: u64, source: &OpenFile) -> Result<Vec<u8>> {
        let chunk = self.chunks.get(index as usize).filter(|chunk| chunk.address != NONE).copied();
        let Some(chunk) = chunk else { return Ok(vec![0; self.chunk_bytes()]) };
        self.fetch(chunk, source)
    }

    /// The rows of a chunk that is in the file.
    fn fetch(&mut self, chunk: Chunk, source: &OpenFile) -> Result<Vec<u8>> {
        let length = usize::try_from(chunk.length).unwrap_or(usize::MAX);
        let stored = source.bytes(chunk.address, length);
        let stored = stored.map_err(|problem| self.wrong(source, problem))?;
        if self.encoder.is_none() {
            return Ok(stored);
        }
        let mut rows = vec![0; self.chunk_bytes()];
        let (filters, size, index) = (&self.dataset.filters, self.kind.element().size(), chunk.index);
        let decoded = self.decoder.decode(&stored, filters, size, &mut rows);
        decoded.map_err(|problem| self.wrong(source, format!("chunk {index}: {problem}")))?;
        Ok(rows)
    }

    /// The rows of a chunk, to be changed.
    fn chunk_mut(&mut self, index: u64, source: &OpenFile) -> Result<&mut Vec<u8>> {
        if !self.changed.contains_key(&index) {
            let rows = self.load(index, source)?;
            if index as usize >= self.chunks.len() {
                self.chunks.push(Chunk { address: NONE, length: 0, index });
            }
            self.changed.insert(index, rows);
        }
        let name = &self.name;
        let lost = || Error::archive(&source.path, None, Some(name), format!("chunk {index} is not there"));
        self.changed.get_mut(&index).ok_or_else(lost)
    }

    /// Adds whole rows.
    pub fn append(&mut self, mut bytes: &[u8], place: &mut GrowingFile<'_>) -> Result<()> {
        while !bytes.is_empty() {
            let (index, filled) = (self.rows / self.chunk, (self.rows % self.chunk) as usize * self.row);
            let full = bytes.len() / self.chunk_bytes();
            let done = if filled == 0 && full > 0 {
                let done = full * self.chunk_bytes();
                let (whole, rest) = bytes.split_at(done.min(bytes.len()));
                self.put(whole, place)?;
                self.put_rest(rest, whole.len(), place)?
            } else {
                let chunk = self.chunk_mut(index, place.source)?;
                let room = chunk.get_mut(filled..).unwrap_or_default();
                let done = room.len().min(bytes.len());
                if let (Some(room), Some(bytes)) = (room.get_mut(..done), bytes.get(..done)) {
                    room.copy_from_slice(bytes);
                }
                done
            };
            self.rows += (done / self.row) as u64;
            bytes = bytes.get(done..).unwrap_or_default();
        }
        Ok(())
    }

    /// Writes whole chunks behind all others.
    fn put(&mut self, bytes: &[u8], place: &mut GrowingFile<'_>) -> Result<()> {
        let length = self.chunk_bytes();
        if self.encoder.is_none() {
            // What follows the chunks before it stays with them, so that it can be mapped in one piece.
            let end = place.sink.end();
            let follows =
                self.chunks.last().is_some_and(|last| last.address.checked_add(last.length) == Some(end));
            if bytes.len() >= LONG && !follows {
                place.align()?;
            }
            let at = place.append(bytes)?;
            for nth in 0..(bytes.len() / length) as u64 {
                self.place_chunk(self.chunks.len() as u64, at + nth * length as u64, length as u64);
            }
            return Ok(());
        }
        let mut gathered = Gathered::default();
        for chunk in bytes.chunks_exact(length) {
            let index = self.chunks.len() as u64;
            self.chunks.push(Chunk { address: NONE, length: 0, index });
            self.encode(index, chunk, &mut gathered, place.source)?;
            if gathered.bytes.len() >= GATHERED {
                self.write(&mut gathered, place)?;
            }
        }
        self.write(&mut gathered, place)
    }

    /// Writes the rows behind many plain chunks right behind them, so that they stand together; of few ones behind others
    /// the last are held, since more may follow.
    /// Says how many bytes are done of both.
    fn put_rest(&mut self, rest: &[u8], before: usize, place: &mut GrowingFile<'_>) -> Result<usize> {
        let is_few = before < LONG && self.rows > 0;
        if self.encoder.is_some() || is_few || rest.is_empty() {
            return Ok(before);
        }
        let mut last = rest.to_vec();
        last.resize(self.chunk_bytes(), 0);
        let at = place.append(&last)?;
        self.place_chunk(self.chunks.len() as u64, at, last.len() as u64);
        Ok(before + rest.len())
    }

    fn encode(&mut self, index: u64, rows: &[u8], gathered: &mut Gathered, source: &OpenFile) -> Result<()> {
        let start = gathered.bytes.len();
        let result = match &mut self.encoder {
            Some(encoder) => encoder.encode(rows, self.kind.element().size(), &mut gathered.bytes),
            None => {
                gathered.bytes.extend_from_slice(rows);
                Ok(rows.len())
            }
        };
        let length = result.map_err(|reason| self.wrong(source, reason))?;
        gathered.places.push((index, start, length));
        Ok(())
    }

    fn write(&mut self, gathered: &mut Gathered, place: &mut GrowingFile<'_>) -> Result<()> {
        let at = place.append(&gathered.bytes)?;
        self.settle(gathered, at);
        gathered.bytes.clear();
        Ok(())
    }

    /// Says where the gathered chunks stand.
    fn settle(&mut self, gathered: &mut Gathered, base: u64) {
        for (index, start, length) in gathered.places.drain(..) {
            self.place_chunk(index, base + start as u64, length as u64);
        }
    }

    fn place_chunk(&mut self, index: u64, address: u64, length: u64) {
        let placed = Chunk { address, length, index };
        match self.chunks.get_mut(index as usize) {
            Some(chunk) => *chunk = placed,
            None => self.chunks.push(placed),
        }
        self.moved.insert(index);
    }

    /// Puts other rows in the place of those that are there, `rows[n]` by the n-th.
    pub fn replace(&mut self, rows: &[u64], bytes: &[u8], source: &OpenFile) -> Result<()> {
        let (length, chunk) = (self.row, self.chunk);
        let mut done = 0;
        while let Some(&row) = rows.get(done) {
            let index = row / chunk;
            // Rows of the same chunk are most often together.
            let same =
                rows.get(done..).unwrap_or_default().iter().take_while(|&&row| row / chunk == index).count();
            let target = self.chunk_mut(index, source)?;
            for nth in done..done + same {
                let skip = rows.get(nth).map_or(0, |row| (row % chunk) as usize * length);
                let target = target.get_mut(skip..skip + length);
                if let (Some(target), Some(bytes)) = (target, bytes.get(nth * length..(nth + 1) * length)) {
                    target.copy_from_slice(bytes);
                }
            }
            done += same;
        }
        Ok(())
    }

    /// A row, to be changed.
    pub fn row_mut(&mut self, row: u64, source: &OpenFile) -> Result<&mut [u8]> {
        let (length, chunk) = (self.row, self.chunk);
        let skip = (row % chunk) as usize * length;
        Ok(self.chunk_mut(row / chunk, source)?.get_mut(skip..skip + length).unwrap_or_default())
    }

    /// Some rows as they are now, changes included.
    pub fn read(&mut self, rows: Range<u64>, source: &OpenFile) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut next = rows.start;
        while next < rows.end {
            let index = next / self.chunk;
            let mut end = rows.end.min((index + 1) * self.chunk);
            let range = |row: u64| (row - index * self.chunk) as usize * self.row;
            if let Some((address, run)) = self.run(index, rows.end) {
                end = rows.end.min((index + run) * self.chunk);
                let (skip, length) = (range(next), (end - next) as usize * self.row);
                let read = source.read(address + skip as u64, length, &mut bytes);
                read.map_err(|problem| self.wrong(source, problem))?;
                next = end;
                continue;
            }
            let range = range(next)..range(end);
            match self.changed.get(&index) {
                Some(rows) => bytes.extend_from_slice(rows.get(range).unwrap_or_default()),
                None => bytes.extend_from_slice(self.load(index, source)?.get(range).unwrap_or_default()),
            }
            next = end;
        }
        Ok(bytes)
    }

    /// Where a plain chunk stands that was not changed, and how many such chunks up to a row follow one another in the file from it on.
    fn run(&self, index: u64, end: u64) -> Option<(u64, u64)> {
        let start = self.chunks.get(index as usize)?.address;
        if self.encoder.is_some() || start == NONE || self.changed.contains_key(&index) {
            return None;
        }
        let step = self.chunk_bytes() as u64;
        let most = end.div_ceil(self.chunk) - index;
        let following = self.chunks.iter().skip(index as usize).zip(0..most);
        let run = following.take_while(|(chunk, nth)| {
            Some(chunk.address) == start.checked_add(nth * step) && !self.changed.contains_key(&(index + nth))
        });
        Some((start, run.count() as u64))
    }

    /// Rows at some places as they are now, in the order of the places.
    pub fn points(&mut self, rows: &[u64], source: &OpenFile) -> Result<Vec<u8>> {
        let mut bytes = vec![0; rows.len() * self.row];
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by_key(|&place| rows.get(place));
        let mut current: Option<(u64, Vec<u8>)> = None;
        for place in order {
            let row = rows.get(place).copied().unwrap_or(0);
            let (index, skip) = (row / self.chunk, (row % self.chunk) as usize * self.row);
            let known = match (self.changed.get(&index), &mut current) {
                (Some(changed), _) => changed,
                (None, Some((known, rows))) if *known == index => rows,
                (None, current) => {
                    let loaded = self.load(index, source)?;
                    &current.insert((index, loaded)).1
                }
            };
            let found = known.get(skip..skip + self.row);
            if let (Some(target), Some(found)) =
                (bytes.get_mut(place * self.row..(place + 1) * self.row), found)
            {
                target.copy_from_slice(found);
            }
        }
        Ok(bytes)
    }

    /// Writes the chunks that were changed, so that they need no memory.
    pub fn flush(&mut self, place: &mut GrowingFile<'_>) -> Result<()> {
        let mut gathered = Gathered::default();
        for (index, rows) in std::mem::take(&mut self.changed) {
            self.encode(index, &rows, &mut gathered, place.source)?;
            if gathered.bytes.len() >= GATHERED {
                self.write(&mut gathered, place)?;
            }
        }
        self.write(&mut gathered, place)
    }

    /// Puts what is new of the array behind `block`, which will stand at `address`; says where its header is.
    pub fn finish(&mut self, address: u64, block: &mut Vec<u8>, source: &OpenFile) -> Result<u64> {
        let mut gathered = Gathered::default();
        for (index, rows) in std::mem::take(&mut self.changed) {
            self.encode(index, &rows, &mut gathered, source)?;
        }
        let base = address + block.len() as u64;
        block.append(&mut gathered.bytes);
        self.settle(&mut gathered, base);
        let rows = self.rows;
        if let Some(extent) = self.dataset.shape.as_mut().and_then(|shape| shape.first_mut()) {
            *extent = rows;
        }
        let mut write = || {
            let Some(form) = self.dataset.form()? else { return Ok(Vec::new()) };
            let moved = |covered: Range<u64>| self.moved.range(covered).next().is_some();
            let at = address + block.len() as u64;
            let (bytes, index) = tree::encode(at, form, &self.chunks, &mut self.nodes, &moved)?;
            block.extend(bytes);
            self.dataset.header(index, self.chunks.len())
        };
        let header = write().map_err(|problem: Problem| self.wrong(source, problem))?;
        let at = address + block.len() as u64;
        block.extend(header);
        self.moved.clear();
        self.is_new = false;
        Ok(at)
    }
}

/// Encoded chunks, and by index where they are among them.
#[derive(Default)]
struct Gathered {
    bytes: Vec<u8>,
    places: Vec<(u64, usize, usize)>,
}
