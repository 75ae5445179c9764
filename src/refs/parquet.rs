//! Kerchunk's references as Parquet: a folder with the store's metadata, and a few files of places an array.

use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, BinaryArray, Int64Array, RecordBatch, StringArray};
use parquet::arrow::arrow_writer::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::grid::json::Pairs;
use crate::shared::{self, Draft, Inside};

use super::{Array, Content, References};

/// References in a file, but for an array's last.
const RECORDS: usize = 100_000;

impl References {
    /// Writes kerchunk's references as Parquet: a folder, whole or not at all, in the place of one that gridloom made. `base` as for
    /// [`References::json`].
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io); [`Foreign`](crate::ErrorKind::Foreign) where another folder has its name.
    pub(super) fn write_parquet(&self, path: &Path, base: Option<&str>) -> Result<()> {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let inside = Inside::new(&name).ok_or_else(|| Error::foreign(path, "its name is not a plain one"))?;
        let root = shared::folder_of(path);
        let draft = Draft::marked_folder(root, &shared::unique(), &name)?;
        if !self.is_one_group() {
            describe(draft.path(), Pairs(self.root().into()))?;
        }
        for group in &self.groups {
            // A set by itself: readers know no groups in references as Parquet.
            let folder = draft.path().join(&group.name);
            make(&folder)?;
            describe(&folder, self.of_group(group, true))?;
            for array in &group.arrays {
                let folder = folder.join(&array.name);
                make(&folder)?;
                for (number, batch) in self.records(array, base)?.iter().enumerate() {
                    write(&folder.join(format!("refs.{number}.parq")), &packed(batch)?)?;
                }
            }
        }
        draft.publish_inside(root, &inside).map(drop)
    }

    fn records(&self, array: &Array, base: Option<&str>) -> Result<Vec<RecordBatch>> {
        let places = match &array.content {
            Content::Here(bytes) => {
                let raw: ArrayRef = Arc::new(BinaryArray::from_vec(vec![bytes.as_slice()]));
                return Ok(vec![RecordBatch::try_from_iter([("raw", raw)]).map_err(Error::table)?]);
            }
            Content::There(places) => places,
        };
        let of = |places: &[Option<super::Place>]| {
            let path = places.iter().map(|place| place.map(|place| self.address(place.file, base)));
            let number = |of: fn(super::Place) -> u64| {
                let of = places.iter().map(|place| place.map_or(0, of).cast_signed());
                Arc::new(of.collect::<Int64Array>()) as ArrayRef
            };
            // Readers take whole numbers that may be missing for floats.
            let columns: [(&str, ArrayRef, bool); 3] = [
                ("path", Arc::new(path.collect::<StringArray>()), true),
                ("offset", number(|place| place.offset), false),
                ("size", number(|place| place.bytes), false),
            ];
            RecordBatch::try_from_iter_with_nullable(columns).map_err(Error::table)
        };
        places.chunks(RECORDS).map(of).collect()
    }
}

fn make(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|source| Error::io("make the folder", folder, source))
}

/// Writes the metadata of a set.
fn describe(folder: &Path, metadata: Pairs<Value>) -> Result<()> {
    let metadata = Value::Object(metadata.0.into_iter().collect());
    let metadata = json!({ "metadata": metadata, "record_size": RECORDS });
    write(&folder.join(".zmetadata"), metadata.to_string().as_bytes())
}

pub(super) fn packed(batch: &RecordBatch) -> Result<Vec<u8>> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .build();
    let mut bytes = Vec::new();
    let mut writer =
        ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).map_err(Error::table)?;
    writer.write(batch).map_err(Error::table)?;
    writer.close().map_err(Error::table)?;
    Ok(bytes)
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let write = || std::io::Write::write_all(&mut shared::make(path)?, bytes);
    write().map_err(|source| Error::io("write", path, source))
}
