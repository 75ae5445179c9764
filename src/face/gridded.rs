//! A gridded NetCDF file whose values are read chunk by chunk, beside the library of NetCDF and without its lock.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::chunk::{Buffer, Decoder, Filters, Shape};
use crate::error::{Argument, Error, Result};
use crate::grid::form::Found;
use crate::grid::forms;
use crate::grid::read::{Stored, stored};
use crate::model::element::Element;
use crate::observer::Observer;
use crate::plan::Format;
use crate::threads::Pool;
use crate::write::AttributeValue;

/// Larger chunks are not read here.
const LARGEST: usize = 1 << 30;

/// Variables up to so many bytes are read as a whole when the file is opened.
const SMALL: usize = 1 << 20;

/// Chunks that are decoded before their values are put into their places, for each thread.
const CHUNKS_AT_ONCE: usize = 4;

/// A gridded file of gridloom's, or another that is stored as they are, open for reading. Values are decoded on all cores at a time; a file that is
/// replaced meanwhile is an error.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let out = folder.path().join("maps");
/// let report = gridloom::open("data/sample_run")?.plan().variables(["npp"]).make(&out)?;
/// let file = gridloom::Gridded::open(out.join(&report.files[0].file))?;
/// let npp = file.variable("npp").ok_or("a variable")?;
/// let first_days: Vec<usize> = (0..3).collect();
/// let bytes = file.read(npp, &[&first_days, &[0, 1], &[5]], 1, &gridloom::Nobody)?;
/// assert_eq!(bytes.len(), 3 * 2 * 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Gridded {
    path: PathBuf,
    known: [i64; 4],
    found: Found,
    /// By the place of a variable in what was found; those that are read with the rest of the file have none.
    stored: BTreeMap<usize, Array>,
}

/// How a variable is stored.
#[derive(Debug)]
struct Array {
    element: Element,
    shape: Vec<usize>,
    chunk: Vec<usize>,
    filters: Filters,
    is_checked_first: bool,
    fill: Vec<u8>,
    /// First byte and bytes of each chunk that was written, by its place among the chunks.
    places: BTreeMap<Vec<usize>, (u64, u64)>,
}

/// A chunk of which something is wanted: its place, and for each dimension the elements within it and where they belong.
struct Piece<'a> {
    index: Vec<usize>,
    elements: Vec<&'a [(usize, usize)]>,
}

/// Of a dimension: the elements that are wanted of each chunk, within it, and where they belong.
type OfChunks = BTreeMap<usize, Vec<(usize, usize)>>;

impl Gridded {
    /// Opens a file: reads its attributes, and the values of what is small.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io), [`Library`](crate::ErrorKind::Library) where it is damaged or no NetCDF-4 file.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let wrong = |reason: String| Error::netcdf(path, "read", reason);
        let known = known(&std::fs::metadata(path).map_err(|source| Error::io("read", path, source))?);
        let form = forms::find(&Format::named("nc"))?;
        let found = form.find(path, "", &[]).map_err(wrong)?;
        let large: Vec<usize> = (0..found.variables.len())
            .filter(|&index| {
                found.variables.get(index).is_some_and(|one| !is_small(one.element, &one.dimensions))
            })
            .collect();
        let names = |is_large: bool| -> Vec<&str> {
            let all = found.variables.iter().enumerate();
            all.filter(|(index, _)| large.contains(index) == is_large)
                .map(|(_, one)| one.name.as_str())
                .collect()
        };
        let with_values = form.find(path, "", &names(false)).map_err(wrong)?;
        let places = stored(path, &names(true)).map_err(|verdict| wrong(verdict.to_string()))?;
        let mut arrays = BTreeMap::new();
        for (&index, stored) in large.iter().zip(&places) {
            let Some(variable) = with_values.variables.get(index) else { continue };
            let array = array(variable.element, &variable.attributes, stored);
            arrays.insert(index, array.map_err(|reason| wrong(format!("{}: {reason}", variable.name)))?);
        }
        let file = Gridded { path: path.to_owned(), known, found: with_values, stored: arrays };
        file.opened()?;
        Ok(file)
    }

    /// What it holds: dimensions, attributes, variables, and the values of those that are small.
    pub fn found(&self) -> &Found {
        &self.found
    }

    /// What tells the file from another one, for [`Gridded::as_of`].
    pub fn known(&self) -> [i64; 4] {
        self.known
    }

    /// The same file, if it is still the one that another process opened.
    ///
    /// # Errors
    /// [`Changed`](crate::ErrorKind::Changed).
    pub fn as_of(self, known: [i64; 4]) -> Result<Self> {
        match self.known == known {
            true => Ok(self),
            false => Err(self.changed()),
        }
    }

    /// The number of a variable whose values are read by [`Gridded::read`].
    pub fn variable(&self, name: &str) -> Option<usize> {
        self.stored
            .keys()
            .copied()
            .find(|&index| self.found.variables.get(index).is_some_and(|one| one.name == name))
    }

    /// The type of a variable's values, the shape of its chunks, and its fill value.
    pub fn form(&self, variable: usize) -> Option<(Element, &[usize], &[u8])> {
        self.stored.get(&variable).map(|array| (array.element, array.chunk.as_slice(), array.fill.as_slice()))
    }

    /// Reads values, little endian, on so many threads: for each dimension the places that are wanted, in any order and repeatedly.
    ///
    /// Memory: the result, and for each thread some chunks.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where there is no such variable or place, [`Library`](crate::ErrorKind::Library) where a chunk is
    /// damaged, [`Changed`](crate::ErrorKind::Changed), [`Stopped`](crate::ErrorKind::Stopped).
    pub fn read(
        &self,
        variable: usize,
        wanted: &[&[usize]],
        threads: usize,
        observer: &dyn Observer,
    ) -> Result<Vec<u8>> {
        let none =
            || Error::selection(Argument::Variable, variable, "the file has no such variable in chunks");
        let array = self.stored.get(&variable).ok_or_else(none)?;
        let is_inside = wanted.len() == array.shape.len()
            && wanted.iter().zip(&array.shape).all(|(list, length)| list.iter().all(|one| one < length));
        if !is_inside {
            return Err(Error::selection(
                Argument::Points,
                "",
                format!("the variable has the shape {:?}", array.shape),
            ));
        }
        let size = array.element.size();
        let mut strides = vec![0; wanted.len()];
        let count = wanted.iter().zip(&mut strides).rev().try_fold(1usize, |all, (list, stride)| {
            *stride = all;
            all.checked_mul(list.len())
        });
        let mut bytes = Vec::new();
        let room = count.and_then(|count| count.checked_mul(size));
        let room = room.filter(|&room| bytes.try_reserve_exact(room).is_ok());
        let Some(room) = room else {
            let values = wanted.iter().fold(size as u64, |all, list| all.saturating_mul(list.len() as u64));
            return Err(Error::memory(0, values));
        };
        (0..room / size).for_each(|_| bytes.extend_from_slice(&array.fill));
        if room == 0 {
            return Ok(bytes);
        }
        let file = self.opened()?;
        let of_chunks = array.of_chunks(wanted);
        let pieces = pieces(&of_chunks);
        let pool = if threads > 1 && pieces.len() > 1 { Some(Pool::new(threads)?) } else { None };
        let decode = |desk: &mut (Decoder, Buffer, Vec<u8>), piece: &Piece<'_>| {
            if observer.is_stopped() {
                return Err(Error::stopped(0, pieces.len() as u64));
            }
            self.decode(array, &file, &piece.index, desk)
        };
        let desk = || (Decoder::new(array.filters), Buffer::default(), Vec::new());
        let mut own = desk();
        for batch in pieces.chunks(CHUNKS_AT_ONCE * threads.max(1)) {
            let decoded: Vec<Option<Vec<u8>>> = match &pool {
                Some(pool) => {
                    pool.install(|| batch.par_iter().map_init(desk, decode).collect::<Result<_>>())?
                }
                None => batch.iter().map(|piece| decode(&mut own, piece)).collect::<Result<_>>()?,
            };
            for (piece, values) in batch.iter().zip(decoded) {
                if let Some(values) = values {
                    piece.put(&array.chunk, size, &strides, &values, &mut bytes);
                }
            }
        }
        // What was read before the file was replaced is of the old one.
        self.check(&file)?;
        Ok(bytes)
    }

    /// The values of a chunk in their order; none where it was not written.
    fn decode(
        &self,
        array: &Array,
        file: &File,
        index: &[usize],
        (decoder, buffer, bytes): &mut (Decoder, Buffer, Vec<u8>),
    ) -> Result<Option<Vec<u8>>> {
        let Some(&(address, length)) = array.places.get(index) else { return Ok(None) };
        let damaged = || {
            let reason = format!("the chunk {index:?} does not decode, or its checksum is wrong");
            Error::netcdf(self.path.clone(), "read", reason)
        };
        let length =
            usize::try_from(length).ok().filter(|&length| length <= 2 * LARGEST).ok_or_else(damaged)?;
        bytes.resize(length, 0);
        file.read_exact_at(bytes, address).map_err(|source| Error::io("read", &self.path, source))?;
        let elements = array.chunk.iter().product::<usize>();
        let days = u32::try_from(elements).map_err(|_| damaged())?;
        let shape = Shape { days, rows: 1, columns: 1 };
        match array.is_checked_first {
            true => buffer.lay_out_checked(array.element, shape, array.filters),
            false => buffer.lay_out(array.element, shape, array.filters),
        }
        match decoder.decode(bytes, buffer) {
            true => Ok(Some(buffer.values(0, elements))),
            false => Err(damaged()),
        }
    }

    /// The file, if it is still what was opened.
    fn opened(&self) -> Result<File> {
        let file =
            crate::shared::open_input(&self.path).map_err(|source| Error::io("read", &self.path, source))?;
        self.check(&file)?;
        Ok(file)
    }

    fn check(&self, file: &File) -> Result<()> {
        let now = file.metadata().map_err(|source| Error::io("read", &self.path, source))?;
        if known(&now) == self.known { Ok(()) } else { Err(self.changed()) }
    }

    fn changed(&self) -> Error {
        Error::changed(&self.path, "its size, its time of writing or its number is another")
    }
}

/// What tells a file from another one, on any machine that sees it.
fn known(found: &std::fs::Metadata) -> [i64; 4] {
    [found.ino().cast_signed(), found.len().cast_signed(), found.mtime(), found.mtime_nsec()]
}

/// Whether a variable's values are read with the rest of the file.
fn is_small(element: Option<&str>, dimensions: &[(String, usize)]) -> bool {
    let Some(element) = element.and_then(Element::parse) else { return true };
    let bytes = dimensions.iter().fold(element.size(), |all, (_, length)| all.saturating_mul(*length));
    // Of wide whole numbers a double does not hold all.
    let is_exact = !matches!(element, Element::Int64 | Element::UInt64);
    dimensions.len() < 3 && bytes <= SMALL && is_exact
}

fn array(
    element: Option<&str>,
    attributes: &[(String, AttributeValue)],
    stored: &Stored,
) -> std::result::Result<Array, String> {
    let element = element.and_then(Element::parse).ok_or("it has a type that is no number")?;
    if stored.is_big_endian {
        return Err("its values are big endian".to_owned());
    }
    let (filters, is_checked_first) = Filters::of_stored(&stored.filters)
        .ok_or_else(|| format!("its filters {:?} are not decoded here", stored.filters))?;
    let elements = stored.chunk.iter().try_fold(1usize, |all, length| all.checked_mul(*length));
    let bytes = elements.and_then(|elements| elements.checked_mul(element.size()));
    if bytes.is_none_or(|bytes| bytes == 0 || bytes > LARGEST) || stored.chunk.len() != stored.shape.len() {
        return Err(format!("its chunks of {:?} are not read here", stored.chunk));
    }
    let mut places = BTreeMap::new();
    for (offset, address, bytes) in &stored.places {
        let index = offset.iter().zip(&stored.chunk);
        let index = index.map(|(&first, &length)| usize::try_from(first).map(|first| first / length.max(1)));
        let index = index
            .collect::<std::result::Result<Vec<_>, _>>()
            .map_err(|_| "the index of its chunks is damaged")?;
        places.insert(index, (*address, *bytes));
    }
    let fill = fill_of(element, attributes);
    let (shape, chunk) = (stored.shape.clone(), stored.chunk.clone());
    Ok(Array { element, shape, chunk, filters, is_checked_first, fill, places })
}

/// What stands where nothing was written.
fn fill_of(element: Element, attributes: &[(String, AttributeValue)]) -> Vec<u8> {
    use AttributeValue::{Double, Float, Int, Longlong, Schar, Short, Uchar, Uint, Ulonglong, Ushort};
    let said = attributes.iter().find(|(name, _)| name == "_FillValue").map(|(_, value)| value);
    match (element, said) {
        (Element::Float32, Some(Float(value))) => value.to_le_bytes().to_vec(),
        (Element::Float64, Some(Double(value))) => value.to_le_bytes().to_vec(),
        (Element::Int8, Some(Schar(value))) => value.to_le_bytes().to_vec(),
        (Element::Int16, Some(Short(value))) => value.to_le_bytes().to_vec(),
        (Element::Int32, Some(Int(value))) => value.to_le_bytes().to_vec(),
        (Element::Int64, Some(Longlong(value))) => value.to_le_bytes().to_vec(),
        (Element::UInt8, Some(Uchar(value))) => vec![*value],
        (Element::UInt16, Some(Ushort(value))) => value.to_le_bytes().to_vec(),
        (Element::UInt32, Some(Uint(value))) => value.to_le_bytes().to_vec(),
        (Element::UInt64, Some(Ulonglong(value))) => value.to_le_bytes().to_vec(),
        // What the library of NetCDF fills with.
        (Element::Float32, _) => 9.969_21e36_f32.to_le_bytes().to_vec(),
        (Element::Float64, _) => 9.969_209_968_386_869e36_f64.to_le_bytes().to_vec(),
        (element, _) => element.fill_bytes().to_vec(),
    }
}

impl Array {
    fn of_chunks(&self, wanted: &[&[usize]]) -> Vec<OfChunks> {
        let of_dimension = |(list, &length): (&&[usize], &usize)| {
            let mut of = OfChunks::new();
            for (target, &place) in list.iter().enumerate() {
                let (chunk, within) = (place / length.max(1), place % length.max(1));
                of.entry(chunk).or_default().push((within, target));
            }
            of
        };
        wanted.iter().zip(&self.chunk).map(of_dimension).collect()
    }
}

/// The chunks that have something of what is wanted.
fn pieces(of_chunks: &[OfChunks]) -> Vec<Piece<'_>> {
    let mut pieces = vec![Piece { index: Vec::new(), elements: Vec::new() }];
    for of in of_chunks {
        let mut longer = Vec::with_capacity(pieces.len() * of.len());
        for piece in &pieces {
            for (&chunk, elements) in of {
                let (mut index, mut all) = (piece.index.clone(), piece.elements.clone());
                index.push(chunk);
                all.push(elements.as_slice());
                longer.push(Piece { index, elements: all });
            }
        }
        pieces = longer;
    }
    pieces
}

impl Piece<'_> {
    /// Puts a chunk's values where they belong.
    fn put(&self, chunk: &[usize], size: usize, strides: &[usize], values: &[u8], target: &mut [u8]) {
        let mut own = vec![1; chunk.len()];
        chunk.iter().zip(&mut own).rev().fold(1, |all, (length, stride)| {
            *stride = all;
            all * length
        });
        let Some((last, outer)) = self.elements.split_last() else { return };
        // Neighbours that stay neighbours are copied together.
        let mut runs: Vec<(usize, usize, usize)> = Vec::new();
        for &(from, to) in last.iter() {
            match runs.last_mut() {
                Some((first, place, count)) if *first + *count == from && *place + *count == to => {
                    *count += 1
                }
                _ => runs.push((from, to, 1)),
            }
        }
        let mut places = vec![(0, 0)];
        for (elements, (own, stride)) in outer.iter().zip(own.iter().zip(strides)) {
            places = places
                .iter()
                .flat_map(|&(from, to)| {
                    elements.iter().map(move |&(within, place)| (from + within * own, to + place * stride))
                })
                .collect();
        }
        for (from, to) in places {
            for &(first, place, count) in &runs {
                let (from, to) = ((from + first) * size, (to + place) * size);
                let (from, to) =
                    (values.get(from..from + count * size), target.get_mut(to..to + count * size));
                if let (Some(from), Some(to)) = (from, to) {
                    to.copy_from_slice(from);
                }
            }
        }
    }
}
