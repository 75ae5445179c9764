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
use crate::write::StoredChunks;

/// Larger chunks are left to the library.
const LARGEST: usize = 64 << 20;

/// The chunks of a variable.
pub(super) struct Chunks {
    file: File,
    length: u64,
    stored: StoredChunks,
    element: Element,
    codec: Codec,
    shape: Shape,
    /// Whether there is a dimension of rows between time and latitude.
    has_rows: bool,
}

impl Chunks {
    /// `None` where the chunks have another form.
    pub(super) fn open(path: &Path, variable: &str, lengths: &[usize], chunk: &[usize]) -> Option<Self> {
        let (days, rows, columns, has_rows) = match *chunk {
            [days, rows, columns] => (days, rows, columns, false),
            [days, 1, rows, columns] => (days, rows, columns, true),
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
        Some(Chunks { file, length, stored: StoredChunks::of(dataset), element, codec, shape, has_rows })
    }

    /// Fills `values`, `[time, lat, lon]` and NaN before, from the chunks of some steps, rows and columns. Says whether there
    /// was any value.
    ///
    /// # Errors
    /// What is wrong with a chunk.
    pub(super) fn read(
        &self,
        row: Option<usize>,
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
                    let offset: Vec<u64> = match (self.has_rows, row) {
                        (true, row) => [day, row.unwrap_or(0), top, left].map(|at| at as u64).to_vec(),
                        (false, _) => [day, top, left].map(|at| at as u64).to_vec(),
                    };
                    if !self.decode(&offset, &mut bytes, &mut decoder, &mut buffer)? {
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
        offset: &[u64],
        bytes: &mut Vec<u8>,
        decoder: &mut Decoder,
        buffer: &mut Buffer,
    ) -> Result<bool, String> {
        let Some(chunk) = self.stored.at(offset)? else { return Ok(false) };
        let damaged = || format!("the chunk at {offset:?} does not decode, or its checksum is wrong");
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
