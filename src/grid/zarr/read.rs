//! Reads the values of a store's variable.

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, Mutex};

use crate::shared;
use crate::sync::lock;

use super::super::form::GridReader;
use super::decode;
use super::find::{Layout, group};
use super::shards::path_of;

/// Indexes of shards that are kept.
const KEPT: usize = 16;

/// A decoded chunk of more bytes is not kept.
const SMALL: usize = 4 << 20;

/// The values of a variable.
pub(super) struct Reader {
    layout: Layout,
    fill: Vec<u8>,
    /// Where the chunks of shards are.
    indexes: Mutex<BTreeMap<Vec<usize>, Arc<Index>>>,
    /// The chunk that was decoded last.
    last: Mutex<Option<(Vec<usize>, Chunk)>>,
}

/// First byte and length of each chunk; none where no file is.
type Index = Option<Vec<(u64, u64)>>;

/// The values of a chunk; none where it is not stored.
type Chunk = Arc<Option<Vec<u8>>>;

impl Reader {
    pub fn open(store: &Path, variable: &str) -> Result<Self, String> {
        let (_, arrays) = group(store)?;
        let array = arrays.get(variable).ok_or_else(|| format!("it has no variable {variable}"))?;
        let layout = Layout::of(store, variable, array)?;
        match *layout.chunk.as_slice() {
            [_, _, _] | [_, 1, _, _] => {}
            _ => {
                return Err(format!(
                    "{variable} has other dimensions than gridloom writes, or chunks of several rows"
                ));
            }
        }
        let fill = layout.element.fill_bytes().to_vec();
        Ok(Reader { layout, fill, indexes: Mutex::default(), last: Mutex::default() })
    }

    /// Where the chunks of a shard are in its file.
    fn index(&self, shard: &[usize]) -> Result<Arc<Index>, String> {
        if let Some(known) = lock(&self.indexes).get(shard) {
            return Ok(known.clone());
        }
        let Layout { folder, file, chunk, is_sharded, .. } = &self.layout;
        let path = path_of(folder, shard);
        let all: usize = file.iter().zip(chunk).map(|(file, chunk)| file / chunk).product();
        let index = match open(&path)? {
            None => None,
            Some(file) => {
                let length = file.metadata().map_err(|error| error.to_string())?.len();
                Some(match is_sharded {
                    true => read_index(&file, length, all)
                        .map_err(|reason| format!("{}: {reason}", path.display()))?,
                    false => vec![(0, length)],
                })
            }
        };
        let index = Arc::new(index);
        let mut indexes = lock(&self.indexes);
        if indexes.len() >= KEPT {
            indexes.pop_first();
        }
        indexes.insert(shard.to_vec(), index.clone());
        Ok(index)
    }

    /// The values of a chunk.
    fn chunk(&self, index: &[usize]) -> Result<Chunk, String> {
        if let Some((_, chunk)) = lock(&self.last).as_ref().filter(|(last, _)| last == index) {
            return Ok(chunk.clone());
        }
        let Layout { folder, file, chunk, steps, element, .. } = &self.layout;
        let counts: Vec<usize> = file.iter().zip(chunk).map(|(file, chunk)| file / chunk).collect();
        let shard: Vec<usize> = index.iter().zip(&counts).map(|(index, count)| index / count).collect();
        let within = index.iter().zip(&counts).fold(0, |place, (index, count)| place * count + index % count);
        let places = self.index(&shard)?;
        let place = places.as_ref().as_ref().and_then(|places| places.get(within)).copied();
        let all = self.layout.chunk_bytes();
        let values = match place.filter(|place| *place != (u64::MAX, u64::MAX)) {
            None => None,
            Some((first, length)) => {
                let path = path_of(folder, &shard);
                let wrong = |reason: String| format!("the chunk {index:?} in {}: {reason}", path.display());
                if length > 2 * all as u64 + 1024 {
                    return Err(wrong("it is too long".to_owned()));
                }
                let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
                let file = open(&path)?.ok_or_else(|| wrong("its file is gone".to_owned()))?;
                file.read_exact_at(&mut bytes, first).map_err(|error| wrong(error.to_string()))?;
                Some(decode::decoded(bytes, steps, element.size(), all).map_err(wrong)?)
            }
        };
        let values = Arc::new(values);
        if all <= SMALL {
            *lock(&self.last) = Some((index.to_vec(), values.clone()));
        }
        Ok(values)
    }
}

fn open(path: &Path) -> Result<Option<File>, String> {
    match shared::open(path, File::options().read(true)) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

/// The table at the end of a shard.
fn read_index(file: &File, length: u64, chunks: usize) -> Result<Vec<(u64, u64)>, String> {
    let bytes =
        chunks.checked_mul(16).and_then(|bytes| bytes.checked_add(4)).ok_or("its index is too long")?;
    let start = length.checked_sub(bytes as u64).ok_or("it is too short for its index")?;
    let mut index = vec![0; bytes];
    file.read_exact_at(&mut index, start).map_err(|error| error.to_string())?;
    let index = decode::checked(index).map_err(|reason| format!("its index: {reason}"))?;
    let both = |both: &[u8; 16]| {
        let both = u128::from_le_bytes(*both);
        (both as u64, (both >> 64) as u64)
    };
    let places: Vec<(u64, u64)> = index.as_chunks::<16>().0.iter().map(both).collect();
    let is_inside = |(first, bytes): &(u64, u64)| {
        (*first, *bytes) == (u64::MAX, u64::MAX) || first.checked_add(*bytes).is_some_and(|end| end <= start)
    };
    if places.iter().all(is_inside) { Ok(places) } else { Err("its index is damaged".to_owned()) }
}

impl GridReader for Reader {
    fn bytes(&self, row: Option<usize>, wanted: [Range<usize>; 3], size: usize) -> Result<Vec<u8>, String> {
        let Layout { shape, chunk, element, .. } = &self.layout;
        if size != element.size() {
            return Err(format!("its values have {} bytes", element.size()));
        }
        let lengths = |of: &[usize]| match *of {
            [time, _, lat, lon] | [time, lat, lon] => [time, lat, lon],
            _ => [0; 3],
        };
        let (all, sizes) = (lengths(shape), lengths(chunk));
        if row.is_some() != (shape.len() == 4) || wanted.iter().zip(all).any(|(wanted, all)| wanted.end > all)
        {
            return Err("it has no such values".to_owned());
        }
        let [days, rows, columns] = wanted.clone().map(|range| range.len());
        let mut values = self.fill.repeat(days * rows * columns);
        let [times, tops, lefts] =
            [0, 1, 2].map(|axis| wanted[axis].start / sizes[axis]..wanted[axis].end.div_ceil(sizes[axis]));
        for time in times {
            for top in tops.clone() {
                for left in lefts.clone() {
                    let index = match row {
                        Some(row) => vec![time, row, top, left],
                        None => vec![time, top, left],
                    };
                    if let Some(chunk) = self.chunk(&index)?.as_ref() {
                        copy(chunk, [time, top, left], sizes, &wanted, size, &mut values);
                    }
                }
            }
        }
        Ok(values)
    }
}

/// Copies what is wanted of a chunk.
fn copy(
    chunk: &[u8],
    index: [usize; 3],
    sizes: [usize; 3],
    wanted: &[Range<usize>; 3],
    size: usize,
    values: &mut [u8],
) {
    let [days, rows, columns] = [0, 1, 2].map(|axis| {
        let first = index[axis] * sizes[axis];
        wanted[axis].start.max(first)..wanted[axis].end.min(first + sizes[axis])
    });
    let [_, height, width] = wanted.clone().map(|range| range.len());
    let length = columns.len() * size;
    let at = |axis: usize, place: [usize; 3]| place[axis] - index[axis] * sizes[axis];
    for day in days {
        for row in rows.clone() {
            let place = |place: usize, axis: usize| place * sizes[axis] + at(axis, [day, row, columns.start]);
            let from = [0, 1, 2].into_iter().fold(0, place) * size;
            let to = ((day - wanted[0].start) * height + row - wanted[1].start) * width + columns.start;
            let to = (to - wanted[2].start) * size;
            if let (Some(from), Some(to)) = (chunk.get(from..from + length), values.get_mut(to..to + length))
            {
                to.copy_from_slice(from);
            }
        }
    }
}
