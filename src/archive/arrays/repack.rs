//! Giving back the space of rows that were replaced.

use std::path::Path;
use std::time::Instant;

use super::{Arrays, Durability, Layout, Writer};
use crate::archive::Repacked;
use crate::error::Result;

/// Rows that are copied at once take about so many bytes.
const SLICE: usize = 8 << 20;

/// Writes all arrays into a new file, which takes the place of the old one when it is on the disk. Who has the old one open goes on reading
/// that.
///
/// # Errors
/// [`Busy`](crate::ErrorKind::Busy) where another process changes the file, [`Damaged`](crate::ErrorKind::Damaged) where
/// something in it is no array or damaged, [`Io`](crate::ErrorKind::Io). The file is then as before.
pub fn repack(path: impl AsRef<Path>) -> Result<Repacked> {
    let path = path.as_ref();
    let start = Instant::now();
    // This holds the lock, so that the old file stays as it is.
    let mut writer = Writer::create(path, true)?;
    writer.lock.refuse_names()?;
    let arrays = Arrays::open(path)?;
    writer.describe(&arrays.root.attributes);
    for name in arrays.names() {
        let array = arrays.array(name)?;
        let codec = super::codec_of(&array.dataset).map_err(|problem| array.wrong(problem))?;
        let rows = usize::try_from(array.chunk_rows()).unwrap_or(usize::MAX);
        let layout = Layout { chunk_bytes: rows.saturating_mul(array.row_bytes()), codec };
        writer.add(name, array.value_type(), array.shape().get(1..).unwrap_or_default(), layout)?;
        writer.take_attributes(name, &array.dataset.attributes)?;
        for slice in array.slices(SLICE) {
            writer.append(name, &slice?.1.bytes)?;
        }
    }
    writer.commit(Durability::Disk)?;
    let after = Arrays::open(path)?.source.state.end;
    Ok(Repacked { before: arrays.source.state.end, after, seconds: start.elapsed().as_secs_f64() })
}
