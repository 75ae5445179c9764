//! Where chunks are, as a table: for virtual stores that others make.

use std::sync::Arc;

use arrow_array::builder::{ListBuilder, UInt32Builder};
use arrow_array::{ArrayRef, RecordBatch, StringArray, TimestampNanosecondArray, UInt64Array};

use crate::error::{Error, Result};

use super::{Content, References};

impl References {
    /// A row a chunk that is stored: `group`, `variable`, `index` (of the chunk, a number a dimension), `location`, `offset` and `length` in bytes without a checksum
    /// behind them, and when the file was `modified`.
    ///
    /// # Errors
    /// [`Library`](crate::ErrorKind::Library) where they are too many for a table.
    pub fn places(&self, base: Option<&str>) -> Result<RecordBatch> {
        let (mut groups, mut variables, mut locations) = (Vec::new(), Vec::new(), Vec::new());
        let (mut offsets, mut lengths, mut times) = (Vec::new(), Vec::new(), Vec::new());
        let mut indices = ListBuilder::new(UInt32Builder::new());
        for group in &self.groups {
            for array in &group.arrays {
                let Content::There(places) = &array.content else { continue };
                for (number, place) in places.iter().enumerate() {
                    let Some(place) = place else { continue };
                    groups.push(group.name.as_str());
                    variables.push(array.name.as_str());
                    for index in array.index(number) {
                        indices.values().append_value(u32::try_from(index).unwrap_or(u32::MAX));
                    }
                    indices.append(true);
                    locations.push(self.address(place.file, base));
                    offsets.push(place.offset);
                    lengths.push(place.bytes);
                    times.push(self.files.get(place.file as usize).map_or(0, |file| file.modified));
                }
            }
        }
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("group", Arc::new(StringArray::from(groups))),
            ("variable", Arc::new(StringArray::from(variables))),
            ("index", Arc::new(indices.finish())),
            ("location", Arc::new(StringArray::from(locations))),
            ("offset", Arc::new(UInt64Array::from(offsets))),
            ("length", Arc::new(UInt64Array::from(lengths))),
            ("modified", Arc::new(TimestampNanosecondArray::from(times).with_timezone("UTC"))),
        ];
        RecordBatch::try_from_iter(columns).map_err(Error::table)
    }
}
