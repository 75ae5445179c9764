//! How a series is stored: its filters, and where its chunks are in the file.

use super::codec::{DEFLATE, FLETCHER, SHUFFLE, ZSTD};
use super::variable::{Variable, number};
use crate::chunk::StoredFilter;
use crate::error::Result;
use crate::hdf5::dataset::{Filter, Storage};
use crate::model::element::Element;

/// A series as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct StoredSeries {
    pub element: Element,
    pub rows: Option<usize>,
    /// Values of a row.
    pub length: u64,
    /// Values of a row in a chunk, which holds all rows.
    pub chunk: u64,
    pub filters: Vec<StoredFilter>,
    /// What stands for a missing value, where there is one.
    pub fill: Option<f64>,
    /// Its attributes that are texts.
    pub attributes: Vec<(String, String)>,
    /// First byte and bytes of each chunk.
    pub places: Vec<(u64, u64)>,
}

impl StoredSeries {
    /// Whether both may be parts of one array.
    pub fn is_like(&self, other: &StoredSeries) -> bool {
        let form = |one: &StoredSeries| (one.element, one.rows, one.chunk);
        form(self) == form(other) && self.filters == other.filters
    }
}

impl Variable {
    /// How it is stored; none where it is not a series in chunks.
    ///
    /// # Errors
    /// [`Damaged`](crate::ErrorKind::Damaged).
    pub(crate) fn stored(&self) -> Result<Option<StoredSeries>> {
        let dataset = self.dataset();
        if !matches!(dataset.storage, Storage::Chunked { .. }) {
            return Ok(None);
        }
        let filter = |filter: &Filter| match filter.id {
            SHUFFLE => StoredFilter::Shuffle,
            DEFLATE => {
                let level = filter.values.first().and_then(|&level| u8::try_from(level).ok());
                StoredFilter::Deflate(level.unwrap_or(4))
            }
            ZSTD => StoredFilter::Zstd,
            FLETCHER => StoredFilter::Fletcher32,
            id => StoredFilter::Other(format!("{id} of HDF5")),
        };
        let attributes = self.attributes().map(|(name, text)| (name.to_owned(), text.to_owned()));
        Ok(Some(StoredSeries {
            element: self.element(),
            rows: self.rows(),
            length: self.length(),
            chunk: self.chunk_length(),
            filters: dataset.filters.iter().map(filter).collect(),
            fill: dataset.fill.as_deref().map(|bytes| number(self.element(), bytes)),
            attributes: attributes.collect(),
            places: self.chunks()?.iter().map(|chunk| (chunk.address, chunk.length)).collect(),
        }))
    }
}
