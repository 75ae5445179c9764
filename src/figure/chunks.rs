//! Chunks read and decoded beside HDF5, on all cores: HDF5 itself lets one thread in.
//!
//! Only chunks of the form that gridloom writes; whatever else a file has is read by the library.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

use hdf5_metno::filters::Filter;

use crate::chunk::{Buffer, Codec, Decoder, Shape};
use crate::model::element::Element;
use crate::write::{StoredChunk, StoredChunks};

/// Larger chunks are left to the library.
const LARGEST: usize = 64 << 20;

/// More chunks are left to the library.
const MOST: usize = 1 << 22;

/// The chunks of a variable.
pub(super) struct Chunks {
    file: File,
    length: u64,
    /// Where they are in the file, those of a day one after another, of a row one after another.
    places: Vec<Option<StoredChunk>>,
    /// Chunks in time, latitude and longitude.
    counts: [usize; 3],
    element: Element,
    codec: Codec,
    shape: Shape,
}

impl Chunks {
    /// The chunks of a variable, or of the row of it with an index. `None` where they have another form. Asks HDF5 for all
    /// places at once, so that nothing is left open.
    pub(super) fn open(
        path: &Path,
        variable: &str,
        row: Option<usize>,
        lengths: &[usize],
        chunk: &[usize],
    ) -> Option<Self> {
        let (days, rows, columns) = match (chunk, row) {
            (&[days, rows, columns], None) => (days, rows, columns),
            (&[days, 1, rows, columns], Some(_)) => (days, rows, columns),
            _ => return None,
        };
        let file = File::open(path).ok()?;
        let mut start = [0; 8];
        file.read_exact_at(&mut start, 0).ok()?;
        if &start != b"\x89HDF\r\n\x1a\n" || lengths.len() != chunk.len() {
            return None;
        }
        let dataset = hdf5_metno::File::open(path).ok()?.dataset(variable).ok()?;
        let element = if dataset.dtype().ok()?.is::<f32>() {
            Element::Float32
        } else if dataset.dtype().ok()?.is::<f64>() {
            Element::Float64
        } else {
            return None;
        };
        let codec = match dataset.filters().as_slice() {
            [Filter::Fletcher32] => Codec::None,
            [Filter::Fletcher32, Filter::Shuffle, Filter::Deflate(level)] => Codec::Deflate(*level),
            [Filter::Fletcher32, Filter::Shuffle, Filter::User(32015, _)] => Codec::Zstd(3),
            _ => return None,
        };
        let part = |size: usize| u32::try_from(size).ok().filter(|&size| size > 0);
        let shape = Shape { days: part(days)?, rows: part(rows)?, columns: part(columns)? };
        let elements = days.checked_mul(rows)?.checked_mul(columns)?;
        if elements.checked_mul(element.size())? > LARGEST {
            return None;
        }
        let length = file.metadata().ok()?.len();
        let counts = match (lengths, [days, rows, columns]) {
            ([time, .., lat, lon], sizes) => {
                [time.div_ceil(sizes[0]), lat.div_ceil(sizes[1]), lon.div_ceil(sizes[2])]
            }
            _ => return None,
        };
        let total = counts.iter().try_fold(1usize, |total, count| total.checked_mul(*count))?;
        if total > MOST {
            return None;
        }
        let stored = StoredChunks::of(dataset);
        let mut places = Vec::with_capacity(total);
        for day in 0..counts[0] {
            for top in 0..counts[1] {
                for left in 0..counts[2] {
                    let [day, top, left] = [day * days, top * rows, left * columns].map(|at| at as u64);
                    let place = match row {
                        Some(row) => stored.at(&[day, row as u64, top, left]),
                        None => stored.at(&[day, top, left]),
                    };
                    places.push(place.ok()?);
                }
            }
        }
        Some(Chunks { file, length, places, counts, element, codec, shape })
    }

    /// Fills `values`, `[time, lat, lon]` and NaN before, from the chunks of some steps, rows and columns. Says whether there
    /// was any value.
    ///
    /// # Errors
    /// What is wrong with a chunk.
    pub(super) fn read(
        &self,
        [steps, rows, columns]: [Range<usize>; 3],
        fill: Option<f64>,
        values: &mut [f64],
    ) -> Result<bool, String> {
        let Shape { days, rows: height, columns: width } = self.shape;
        let sizes = [days as usize, height as usize, width as usize];
        let firsts = |range: &Range<usize>, size: usize| (range.start / size * size..range.end).step_by(size);
        let (mut buffer, mut decoder) = (Buffer::default(), Decoder::new(self.codec));
        let mut bytes = Vec::new();
        let mut any = false;
        for day in firsts(&steps, sizes[0]) {
            for top in firsts(&rows, sizes[1]) {
                for left in firsts(&columns, sizes[2]) {
                    if !self.decode([day, top, left], &mut bytes, &mut decoder, &mut buffer)? {
                        continue;
                    }
                    let part = Part {
                        corner: [day, top, left],
                        sizes,
                        wanted: [&steps, &rows, &columns],
                        bytes: buffer.bytes(),
                        is_shuffled: self.codec.shuffles(),
                        fill,
                    };
                    any |= match self.element {
                        Element::Float64 => part.copy::<8>(values, f64::from_le_bytes),
                        _ => part.copy::<4>(values, |bytes| f64::from(f32::from_le_bytes(bytes))),
                    };
                }
            }
        }
        Ok(any)
    }

    /// `false` where nothing was written.
    fn decode(
        &self,
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
        self.file.read_exact_at(bytes, chunk.address).map_err(|error| error.to_string())?;
        buffer.lay_out(self.element, self.shape, self.codec.shuffles());
        if decoder.decode(bytes, buffer) { Ok(true) } else { Err(damaged()) }
    }
}

/// A decoded chunk, and what of it is wanted.
struct Part<'a> {
    corner: [usize; 3],
    sizes: [usize; 3],
    wanted: [&'a Range<usize>; 3],
    bytes: &'a [u8],
    is_shuffled: bool,
    fill: Option<f64>,
}

impl Part<'_> {
    fn copy<const N: usize>(&self, values: &mut [f64], number: impl Fn([u8; N]) -> f64) -> bool {
        let [days, rows, columns] = std::array::from_fn(|axis| {
            let (first, size) = (self.corner[axis], self.sizes[axis]);
            self.wanted[axis].start.max(first)..self.wanted[axis].end.min(first + size)
        });
        let [_, height, width] = self.wanted.map(|range| range.len());
        // Where a chunk's whole rows are wanted, a day of it is one piece, and so are its days.
        let is_whole = (height, width) == (self.sizes[1], self.sizes[2])
            && (rows.start, columns.start) == (self.corner[1], self.corner[2]);
        if is_whole {
            let day = height * width;
            let from = (days.start - self.corner[0]) * day;
            return self.piece(
                values,
                (days.start - self.wanted[0].start) * day,
                from,
                days.len() * day,
                number,
            );
        }
        let mut any = false;
        for day in days {
            for row in rows.clone() {
                let from = ((day - self.corner[0]) * self.sizes[1] + row - self.corner[1]) * self.sizes[2]
                    + columns.start
                    - self.corner[2];
                let to = ((day - self.wanted[0].start) * height + row - self.wanted[1].start) * width
                    + columns.start
                    - self.wanted[2].start;
                any |= self.piece(values, to, from, columns.len(), &number);
            }
        }
        any
    }

    /// Copies elements that stand together in the chunk and in the result.
    fn piece<const N: usize>(
        &self,
        values: &mut [f64],
        to: usize,
        from: usize,
        count: usize,
        number: impl Fn([u8; N]) -> f64,
    ) -> bool {
        let Some(target) = values.get_mut(to..to + count) else { return false };
        if self.is_shuffled {
            let stride = self.bytes.len() / N;
            let planes: [&[u8]; N] = std::array::from_fn(|byte| {
                self.bytes.get(byte * stride + from..byte * stride + from + count).unwrap_or_default()
            });
            if planes.iter().any(|plane| plane.len() != count) {
                return false;
            }
            // Some elements at a time, of one plane after the other: that is quick for the processor.
            const BLOCK: usize = 256;
            let mut gathered = [[0u8; N]; BLOCK];
            for (block, target) in target.chunks_mut(BLOCK).enumerate() {
                for (byte, plane) in planes.iter().enumerate() {
                    let plane = plane.get(block * BLOCK..).unwrap_or_default();
                    for (element, value) in gathered.iter_mut().zip(plane) {
                        element[byte] = *value;
                    }
                }
                for (target, bytes) in target.iter_mut().zip(&gathered) {
                    *target = number(*bytes);
                }
            }
        } else {
            let source = self.bytes.get(from * N..(from + count) * N).unwrap_or_default();
            for (target, bytes) in target.iter_mut().zip(source.as_chunks::<N>().0) {
                *target = number(*bytes);
            }
        }
        super::field::mask(target, self.fill)
    }
}
