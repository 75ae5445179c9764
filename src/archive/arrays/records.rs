//! Records: rows of different lengths.

use std::ops::Range;

use super::{Array, Arrays, Layout, Writer};
use crate::archive::codec::Codec;
use crate::error::Result;
use crate::model::element::Element;

/// The array of the places of records: for each the first byte, and how many.
fn places(name: &str) -> String {
    format!("{name}_places")
}

/// Bytes of a place.
const PLACE: usize = 16;

/// Records of a file: an array of bytes, and one of places.
#[derive(Debug)]
pub struct Records {
    bytes: Array,
    places: Array,
}

impl Arrays {
    /// Records, by the name under which they were written.
    ///
    /// # Errors
    /// As [`Arrays::array`].
    pub fn records(&self, name: &str) -> Result<Records> {
        let (bytes, places) = (self.array(name)?, self.array(&places(name))?);
        if (bytes.row_bytes(), places.row_bytes()) != (1, PLACE) {
            return Err(bytes.wrong("this is not a table of records"));
        }
        Ok(Records { bytes, places })
    }
}

impl Records {
    /// How many records there are.
    pub fn len(&self) -> u64 {
        self.places.rows()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes of a record.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where there are fewer, [`Damaged`](crate::ErrorKind::Damaged) where a chunk is damaged or cannot be read.
    pub fn get(&self, index: u64) -> Result<Vec<u8>> {
        let end = index.saturating_add(1);
        let mut records = self.range(index..end)?;
        records.pop().ok_or_else(|| self.bytes.wrong("a record is not there"))
    }

    /// Records that follow one another. Their chunks are decoded once.
    ///
    /// # Errors
    /// As [`Records::get`].
    pub fn range(&self, records: Range<u64>) -> Result<Vec<Vec<u8>>> {
        let (bytes, places) = self.together(records)?;
        Ok(places.into_iter().map(|place| bytes.get(place).unwrap_or_default().to_vec()).collect())
    }

    /// Records that follow one another as they lie in the file: bytes, and where each record is in them.
    ///
    /// # Errors
    /// As [`Records::get`].
    pub fn together(&self, records: Range<u64>) -> Result<(Vec<u8>, Vec<Range<usize>>)> {
        let places = self.places.read(records)?;
        let places = self.decode(&places.bytes)?;
        let Some((start, end)) =
            places.first().zip(places.last()).map(|(first, last)| (first.start, last.end))
        else {
            return Ok((Vec::new(), Vec::new()));
        };
        if !places.is_sorted_by(|one, next| one.end <= next.start) {
            return Err(self.places.wrong("its records are out of order"));
        }
        let bytes = self.bytes.read(start..end)?.bytes;
        let part = |place: Range<u64>| (place.start - start) as usize..(place.end - start) as usize;
        Ok((bytes, places.into_iter().map(part).collect()))
    }

    /// Records at some places, in the order of the places. Each chunk is decoded once.
    ///
    /// # Errors
    /// As [`Records::get`].
    pub fn points(&self, records: &[u64]) -> Result<Vec<Vec<u8>>> {
        let places = self.decode(&self.places.points(records)?.bytes)?;
        let mut order: Vec<usize> = (0..places.len()).collect();
        order.sort_by_key(|&index| places.get(index).map(|place| place.start));
        let mut found = vec![Vec::new(); places.len()];
        for index in order {
            if let (Some(place), Some(found)) = (places.get(index), found.get_mut(index)) {
                self.bytes.read_into(place.clone(), found)?;
            }
        }
        Ok(found)
    }

    /// All records in order, with memory for about so many bytes of them.
    pub fn all(&self, bytes: usize) -> impl Iterator<Item = Result<Vec<u8>>> {
        let mean = self.bytes.rows() / self.len().max(1);
        let step = (bytes as u64 / (mean + PLACE as u64)).max(1);
        let mut next = 0;
        let slices = std::iter::from_fn(move || {
            let range = next..self.len().min(next + step);
            next = range.end;
            (!range.is_empty()).then(|| self.range(range))
        });
        slices.flat_map(|slice| match slice {
            Ok(records) => records.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        })
    }

    fn decode(&self, places: &[u8]) -> Result<Vec<Range<u64>>> {
        let all = self.bytes.rows();
        let one = |place: &[u8; PLACE]| {
            let [start, length] = [place.first_chunk::<8>(), place.last_chunk::<8>()]
                .map(|bytes| bytes.map_or(u64::MAX, |bytes| u64::from_le_bytes(*bytes)));
            let end = start.checked_add(length).filter(|&end| end <= all);
            end.map(|end| start..end).ok_or_else(|| self.places.wrong("a record lies behind the end"))
        };
        places.as_chunks::<PLACE>().0.iter().map(one).collect()
    }
}

impl Writer {
    /// Adds records, of which about `group` of `typical` bytes are compressed together; a record by itself is fastest to read at random,
    /// many are smallest.
    ///
    /// # Errors
    /// As [`Writer::add`].
    pub fn add_records(
        &mut self,
        name: &str,
        group: usize,
        typical: usize,
        codec: Option<Codec>,
    ) -> Result<()> {
        let chunk_bytes = group.max(1).saturating_mul(typical.max(1));
        self.add(name, Element::UInt8, &[], Layout { chunk_bytes, codec })?;
        self.add(&places(name), Element::UInt64, &[2], Layout::PLAIN)
    }

    /// Adds records behind those that are there. No record of up to a chunk lies in two.
    ///
    /// # Errors
    /// As [`Writer::append`].
    pub fn append_records<'a>(
        &mut self,
        name: &str,
        records: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<()> {
        let places = places(name);
        let chunk = self.chunk_rows(name)?;
        let (mut bytes, mut found) = (Vec::new(), Vec::new());
        let mut start = self.rows(name)?;
        for record in records {
            let length = record.len() as u64;
            let left = chunk - start % chunk;
            // What would lie in two chunks begins with the next.
            if left < length.min(chunk) {
                bytes.resize(bytes.len() + left as usize, 0);
                start += left;
            }
            found.extend_from_slice(&start.to_le_bytes());
            found.extend_from_slice(&length.to_le_bytes());
            bytes.extend_from_slice(record);
            start += length;
            if bytes.len() >= 1 << 20 {
                self.append(name, &bytes)?;
                self.append(&places, &found)?;
                (bytes, found) = (Vec::new(), Vec::new());
            }
        }
        self.append(name, &bytes)?;
        self.append(&places, &found)
    }
}
