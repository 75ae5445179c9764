//! Chunks read and decoded beside HDF5, on all cores: HDF5 itself lets one thread in.
//!
//! Only chunks of the form that gridloom writes; whatever else a file has is read by the library.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use hdf5_metno::filters::Filter;

use crate::chunk::{Buffer, Decoder, Filters, Shape, StoredFilter};
use crate::error::Verdict;
use crate::model::element::Element;

use super::handle::Stamp;
use super::values::{mask, unshuffled};
use super::variable::Variable;

/// Larger chunks are left to the library.
const LARGEST: usize = 64 << 20;

/// More chunks are left to the library.
const MOST: usize = 1 << 22;

/// Values that are unpacked at a time where not all of a day are wanted.
const SCRATCH: usize = 4096;

/// A chunk in a file.
#[derive(Clone, Copy)]
pub(super) struct StoredChunk {
    /// Its first byte.
    pub(super) address: u64,
    pub(super) bytes: u64,
    /// Filters that were skipped, a bit each.
    pub(super) skipped: u32,
}

/// The chunks of a variable.
pub(super) struct Chunks {
    path: PathBuf,
    stamp: Stamp,
    length: u64,
    /// Where they are in the file, those of a day one after another, of a row one after another.
    places: Vec<Option<StoredChunk>>,
    /// Chunks in time, latitude and longitude.
    counts: [usize; 3],
    element: Element,
    filters: Filters,
    /// Whether the checksum is of the values, not of what is stored.
    is_checked_first: bool,
    shape: Shape,
    read: AtomicU64,
}

impl Chunks {
    /// The chunks of a variable, or of the row of it with an index. `None` where they have another form; what is wrong, where
    /// their index is damaged. Nothing is left open in HDF5.
    pub(super) fn open(
        path: &Path,
        variable: &Variable,
        row: Option<usize>,
        stamp: Stamp,
    ) -> Option<Result<Self, Verdict>> {
        let Variable { name, lengths, chunk, .. } = variable;
        let (days, rows, columns) = match (chunk.as_slice(), row) {
            (&[days, rows, columns], None) => (days, rows, columns),
            (&[days, 1, rows, columns], Some(_)) => (days, rows, columns),
            _ => return None,
        };
        let file = crate::shared::open_input(path).ok()?;
        let mut start = [0; 8];
        file.read_exact_at(&mut start, 0).ok()?;
        if &start != b"\x89HDF\r\n\x1a\n" || lengths.len() != chunk.len() {
            return None;
        }
        let dataset = hdf5_metno::File::open(path).ok()?.dataset(name).ok()?;
        let element = if dataset.dtype().ok()?.is::<f32>() {
            Element::Float32
        } else if dataset.dtype().ok()?.is::<f64>() {
            Element::Float64
        } else {
            return None;
        };
        let (filters, is_checked_first) = Filters::of_stored(&filters_of(&dataset))?;
        let part = |size: usize| u32::try_from(size).ok().filter(|&size| size > 0);
        let shape = Shape { days: part(days)?, rows: part(rows)?, columns: part(columns)? };
        let elements = days.checked_mul(rows)?.checked_mul(columns)?;
        if elements.checked_mul(element.size())? > LARGEST {
            return None;
        }
        let length = file.metadata().ok()?.len();
        let counts = match (lengths.as_slice(), [days, rows, columns]) {
            ([time, .., lat, lon], sizes) => {
                [time.div_ceil(sizes[0]), lat.div_ceil(sizes[1]), lon.div_ceil(sizes[2])]
            }
            _ => return None,
        };
        let total = counts.iter().try_fold(1usize, |total, count| total.checked_mul(*count))?;
        if total > MOST {
            return None;
        }
        let mut places = vec![None; total];
        let mut is_sound = true;
        visit(&dataset, |offset, chunk| {
            // HDF5 gives all ones for an address that is none.
            if chunk.address == u64::MAX {
                return;
            }
            let (day, top, left) = match (offset, row) {
                (&[day, top, left], None) => (day, top, left),
                (&[day, of, top, left], Some(row)) if of == row as u64 => (day, top, left),
                _ => return,
            };
            let corner = [(day, days), (top, rows), (left, columns)];
            is_sound &= corner.iter().all(|&(at, size)| at % size as u64 == 0) && chunk.bytes > 0;
            let [day, top, left] = corner.map(|(at, size)| at as usize / size);
            // HDF5 removes chunks beyond a variable's end: an index that has some, or one twice, is damaged.
            let is_inside = day < counts[0] && top < counts[1] && left < counts[2];
            let place = places.get_mut((day * counts[1] + top) * counts[2] + left).filter(|_| is_inside);
            is_sound &= place.is_some_and(|place| place.replace(chunk).is_none());
        })?;
        if !is_sound {
            return Some(Err(Verdict::damaged(format!("the index of chunks of {name} is damaged"))));
        }
        let (read, path) = (AtomicU64::new(0), path.to_owned());
        let chunks =
            Chunks { path, stamp, length, places, counts, element, filters, is_checked_first, shape, read };
        Some(Ok(chunks))
    }

    /// Reads the bytes of a chunk and decodes them. `false` where nothing was written.
    fn decode(
        &self,
        file: &mut Option<File>,
        corner: [usize; 3],
        bytes: &mut Vec<u8>,
        decoder: &mut Decoder,
        buffer: &mut Buffer,
    ) -> Result<bool, String> {
        let [day, top, left] = corner;
        let Shape { days, rows, columns } = self.shape;
        let [_, tops, lefts] = self.counts;
        let index = (day / days as usize * tops + top / rows as usize) * lefts + left / columns as usize;
        let Some(&Some(chunk)) = self.places.get(index) else { return Ok(false) };
        let damaged = || format!("the chunk at {corner:?} does not decode, or its checksum is wrong");
        let is_inside = chunk.address.checked_add(chunk.bytes).is_some_and(|end| end <= self.length);
        if chunk.skipped != 0 || !is_inside || chunk.bytes > 2 * LARGEST as u64 {
            return Err(damaged());
        }
        bytes.resize(chunk.bytes as usize, 0);
        let file = match file.take() {
            Some(open) => file.insert(open),
            None => file.insert(self.file()?),
        };
        file.read_exact_at(bytes, chunk.address).map_err(|error| error.to_string())?;
        self.read.fetch_add(chunk.bytes, Ordering::Relaxed);
        match self.is_checked_first {
            true => buffer.lay_out_checked(self.element, self.shape, self.filters),
            false => buffer.lay_out(self.element, self.shape, self.filters),
        }
        if decoder.decode(bytes, buffer) { Ok(true) } else { Err(damaged()) }
    }

    fn file(&self) -> Result<File, String> {
        let file = crate::shared::open_input(&self.path).map_err(|error| error.to_string())?;
        self.stamp.check(file.metadata())?;
        Ok(file)
    }

    /// Bytes of chunks that were read so far.
    pub(super) fn bytes_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// The days of a chunk.
    pub(super) fn days(&self) -> usize {
        self.shape.days as usize
    }
}

/// The filters of a dataset, in their order.
pub(super) fn filters_of(dataset: &hdf5_metno::Dataset) -> Vec<StoredFilter> {
    let filter = |filter: &Filter| match filter {
        Filter::Shuffle => StoredFilter::Shuffle,
        Filter::Deflate(level) => StoredFilter::Deflate(*level),
        Filter::Fletcher32 => StoredFilter::Fletcher32,
        Filter::User(32015, _) => StoredFilter::Zstd,
        other => StoredFilter::Other(format!("{other:?}")),
    };
    dataset.filters().iter().map(filter).collect()
}

/// Tells where each chunk of a dataset is that was written. `None` where HDF5 cannot tell.
pub(super) fn visit(dataset: &hdf5_metno::Dataset, mut see: impl FnMut(&[u64], StoredChunk)) -> Option<()> {
    // All at once, where HDF5 is known to be 1.14 or later: asked for one it goes through all that are before it.
    #[cfg(feature = "static")]
    let seen = dataset.chunks_visit(|chunk| {
        see(chunk.offset, StoredChunk { address: chunk.addr, bytes: chunk.size, skipped: chunk.filter_mask });
        0
    });
    #[cfg(feature = "static")]
    return seen.ok();
    #[cfg(not(feature = "static"))]
    (0..dataset.num_chunks()?).try_for_each(|index| {
        let chunk = dataset.chunk_info(index)?;
        see(
            &chunk.offset,
            StoredChunk { address: chunk.addr, bytes: chunk.size, skipped: chunk.filter_mask },
        );
        Some(())
    })
}

/// Reads chunks, one at a time. It keeps the one that it decoded last, since the days that are wanted next are often of the
/// same.
pub(super) struct Reader<'a> {
    chunks: &'a Chunks,
    /// Opened for the first chunk.
    file: Option<File>,
    decoder: Decoder,
    bytes: Vec<u8>,
    buffer: Buffer,
    scratch: Vec<f64>,
    /// The chunk in the buffer, and whether it was written at all.
    held: Option<([usize; 3], bool)>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(chunks: &'a Chunks) -> Self {
        let decoder = Decoder::new(chunks.filters);
        Reader {
            chunks,
            file: None,
            decoder,
            bytes: Vec::new(),
            buffer: Buffer::default(),
            scratch: Vec::new(),
            held: None,
        }
    }

    /// Fills `values`, `[time, lat, lon]`, with some steps, rows and columns; NaN where there is no value. Says whether there
    /// was any.
    ///
    /// # Errors
    /// What is wrong with a chunk.
    pub(super) fn read(
        &mut self,
        wanted: [&Range<usize>; 3],
        fill: Option<f64>,
        values: &mut [f64],
    ) -> Result<bool, String> {
        let Shape { days, rows, columns } = self.chunks.shape;
        let sizes = [days as usize, rows as usize, columns as usize];
        let [days, tops, lefts] = std::array::from_fn(|axis| {
            (wanted[axis].start / sizes[axis] * sizes[axis]..wanted[axis].end).step_by(sizes[axis])
        });
        // One chunk writes all values; several may lie beside one that is not there.
        let is_one = [&days, &tops, &lefts].iter().all(|axis| axis.len() == 1);
        if !is_one {
            values.fill(f64::NAN);
        }
        let mut any = false;
        for day in days {
            for top in tops.clone() {
                for left in lefts.clone() {
                    any |= self.part([day, top, left], sizes, wanted, fill, values)?;
                }
            }
        }
        if is_one && !any {
            values.fill(f64::NAN);
        }
        Ok(any)
    }

    fn part(
        &mut self,
        corner: [usize; 3],
        sizes: [usize; 3],
        wanted: [&Range<usize>; 3],
        fill: Option<f64>,
        values: &mut [f64],
    ) -> Result<bool, String> {
        let is_there = match self.held {
            Some((held, is_there)) if held == corner => is_there,
            _ => {
                self.held = None;
                let is_there = self.chunks.decode(
                    &mut self.file,
                    corner,
                    &mut self.bytes,
                    &mut self.decoder,
                    &mut self.buffer,
                )?;
                self.held = Some((corner, is_there));
                is_there
            }
        };
        if !is_there {
            return Ok(false);
        }
        let Chunks { element, filters, .. } = *self.chunks;
        let bytes = self.buffer.bytes();
        let part = Part { corner, sizes, wanted, element, bytes, is_shuffled: filters.shuffle, fill };
        Ok(part.copy(values, &mut self.scratch))
    }
}

/// A decoded chunk, and what of it is wanted.
struct Part<'a> {
    corner: [usize; 3],
    sizes: [usize; 3],
    wanted: [&'a Range<usize>; 3],
    element: Element,
    bytes: &'a [u8],
    is_shuffled: bool,
    fill: Option<f64>,
}

impl Part<'_> {
    /// Copies the wanted elements to where they belong; says whether there may be a value among them.
    fn copy(&self, values: &mut [f64], scratch: &mut Vec<f64>) -> bool {
        let [days, rows, columns] = std::array::from_fn(|axis| {
            let (first, size) = (self.corner[axis], self.sizes[axis]);
            self.wanted[axis].start.max(first)..self.wanted[axis].end.min(first + size)
        });
        let [_, height, width] = self.wanted.map(|range| range.len());
        let day_size = self.sizes[1] * self.sizes[2];
        let first = |day: usize| (day - self.corner[0]) * day_size;
        // Where a chunk's whole rows are wanted, its days are one piece.
        let is_whole = (height, width) == (self.sizes[1], self.sizes[2])
            && (rows.start, columns.start) == (self.corner[1], self.corner[2]);
        if is_whole {
            let to = (days.start - self.wanted[0].start) * day_size;
            let target = values.get_mut(to..to + days.len() * day_size);
            return target.is_some_and(|target| self.elements(first(days.start), target));
        }
        // Otherwise whole days are taken all the same, and of them what is wanted: short pieces are slow.
        let mut any = false;
        let some = (SCRATCH / day_size.max(1)).max(1);
        for from in days.clone().step_by(some) {
            let to = (from + some).min(days.end);
            scratch.resize((to - from) * day_size, f64::NAN);
            any |= self.elements(first(from), scratch);
            // Rows that are wanted whole are one piece.
            let (rows, piece) = match columns.len() == self.sizes[2] && width == columns.len() {
                true => (rows.start..rows.start + 1, rows.len() * width),
                false => (rows.clone(), columns.len()),
            };
            for (day, scratch) in (from..to).zip(scratch.chunks_exact(day_size.max(1))) {
                for row in rows.clone() {
                    let source = (row - self.corner[1]) * self.sizes[2] + columns.start - self.corner[2];
                    let place = ((day - self.wanted[0].start) * height + row - self.wanted[1].start) * width
                        + columns.start
                        - self.wanted[2].start;
                    let target = values.get_mut(place..place + piece).unwrap_or_default();
                    let source = scratch.get(source..source + piece).unwrap_or_default();
                    for (value, source) in target.iter_mut().zip(source) {
                        *value = *source;
                    }
                }
            }
        }
        any
    }

    /// Elements that stand together in the chunk.
    fn elements(&self, from: usize, target: &mut [f64]) -> bool {
        let double = f64::from_le_bytes;
        let float = |bytes| f64::from(f32::from_le_bytes(bytes));
        match (self.element, self.is_shuffled) {
            (Element::Float64, false) => self.plain(from, target, double),
            (_, false) => self.plain(from, target, float),
            (Element::Float64, true) => {
                let planes: [&[u8]; 8] = self.planes(from, target.len());
                for (index, target) in target.iter_mut().enumerate() {
                    *target = double(planes.map(|plane| plane.get(index).copied().unwrap_or(0)));
                }
                mask(target, self.fill)
            }
            (_, true) => unshuffled(self.planes(from, target.len()), self.fill, target),
        }
    }

    /// The planes of a shuffled chunk, from an element on.
    fn planes<const N: usize>(&self, from: usize, count: usize) -> [&[u8]; N] {
        let stride = self.bytes.len() / N;
        std::array::from_fn(|byte| {
            let start = byte * stride + from;
            self.bytes.get(start..start + count).unwrap_or_default()
        })
    }

    fn plain<const N: usize>(
        &self,
        from: usize,
        target: &mut [f64],
        number: impl Fn([u8; N]) -> f64,
    ) -> bool {
        let source = self.bytes.get(from * N..(from + target.len()) * N).unwrap_or_default();
        for (target, bytes) in target.iter_mut().zip(source.as_chunks::<N>().0) {
            *target = number(*bytes);
        }
        mask(target, self.fill)
    }
}
