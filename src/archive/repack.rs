//! Writing an archive anew without what is not used any more, or with other chunks and another codec.

use std::path::Path;
use std::time::Instant;

use super::block::Encoded;
use super::codec::{self, Encoder};
use super::column::{Column, Stored, Strided};
use super::editor::Editor;
use super::gather::{CellParts, TIME};
use super::handle::{Archive, CellHandle};
use super::lock::Lock;
use super::names::PERIOD;
use super::root::Root;
use super::settings::Settings;
use super::sink::{Sink, publish};
use super::tune::Tune;
use super::variable::Variable;
use super::write::in_order;
use crate::error::{Error, Result};
use crate::observer::{Counted, Observer};
use crate::shared::Draft;

/// Bytes of values that are in memory at once while a series is encoded anew.
const SLICE: usize = 4 << 20;

/// What repacking came to.
#[derive(Debug, Clone, Copy, Default, serde::Serialize)]
pub struct Repacked {
    /// Bytes of the file before.
    pub before: u64,
    /// Bytes of it now.
    pub after: u64,
    /// Seconds it took.
    pub seconds: f64,
}

/// Writes an archive anew. Chunks are copied as they are, after a look at their checksums, unless `tune` wants others. The new file takes
/// the place of the old one when it is complete; who has the old one open goes on reading that.
///
/// # Errors
/// [`Damaged`](crate::ErrorKind::Damaged) that names the cell and variable where something is damaged, [`Busy`](crate::ErrorKind::Busy), [`Io`](crate::ErrorKind::Io),
/// [`Foreign`](crate::ErrorKind::Foreign) where the file has other names. After any error the archive is as before.
pub fn repack(
    path: impl AsRef<Path>,
    tune: Option<Tune>,
    settings: &Settings,
    observer: &dyn Observer,
) -> Result<Repacked> {
    let path = path.as_ref();
    let start = Instant::now();
    let lock = Lock::take(path)?;
    lock.refuse_names()?;
    let archive = Archive::open(lock.target())?;
    let before = std::fs::metadata(path).map_err(|source| Error::io("look at", path, source))?.len();
    let own = archive.tune();
    let tune = tune.filter(|tune| *tune != own);
    let (unit, codec) = (archive.unit().clone(), tune.unwrap_or(own).codec);
    let root = Root { attributes: archive.root.attributes.clone(), ..Root::default() };
    let (draft, file) = Draft::beside(lock.target())?;
    let sink = Sink::begin(file, &draft.path);
    let mut editor = Editor::new(sink, root, path, &settings.table, (unit, archive.grid(), codec));
    if let Some(tune) = tune {
        editor.set("gridloom_chunk_bytes", &tune.chunk_bytes.to_string());
        editor.set("gridloom_codec", &tune.codec.to_string());
    }
    let cells: Vec<_> = archive.cells().collect();
    observer.started(Counted::Cells, cells.len() as u64, 0);
    let threads = settings.resources.threads.clamp(1, cells.len().max(1));
    in_order(
        cells.len(),
        threads,
        tune.unwrap_or(own),
        observer,
        |worker, index| {
            let Some(&cell) = cells.get(index) else { return Ok(None) };
            let parts = copy_cell(&archive.cell(cell)?, tune, &mut worker.encoder)?;
            let encoded = Encoded::new(parts, &mut worker.encoder);
            encoded.map(Some).map_err(|reason| Error::archive(path, Some(cell), None, reason))
        },
        |encoded: Option<Encoded>| {
            let Some(encoded) = encoded else { return Ok(()) };
            observer.advanced(Counted::Cells, 1);
            editor.put(&encoded)
        },
    )?;
    let after = editor.finish()?;
    publish(draft, lock.target())?;
    Ok(Repacked { before, after, seconds: start.elapsed().as_secs_f64() })
}

fn copy_cell(cell: &CellHandle, tune: Option<Tune>, encoder: &mut Encoder) -> Result<CellParts> {
    let (mut encoded, mut encoded_time) = (Vec::new(), Vec::new());
    let time = copy(&cell.variable(TIME)?, tune, encoder, &mut encoded_time)?;
    let is_by_period = cell.is_by_period();
    let period = || copy(&cell.variable(PERIOD)?, tune, encoder, &mut encoded_time);
    let period = is_by_period.then(period).transpose()?;
    let names: Vec<&str> = cell.variables().collect();
    let mut series = Vec::with_capacity(names.len());
    for name in names {
        series.push(copy(&cell.variable(name)?, tune, encoder, &mut encoded)?);
    }
    CellParts::resume(cell, time, period, series, (encoded, encoded_time))
}

fn copy(
    variable: &Variable,
    tune: Option<Tune>,
    encoder: &mut Encoder,
    encoded: &mut Vec<u8>,
) -> Result<Column> {
    let (element, rows) = (variable.element(), variable.rows());
    let Some(tune) = tune else {
        let chunk = variable.chunk_length() as usize;
        let mut column = Column::new(variable.key(), element, rows, chunk);
        column.length = variable.length();
        column.has_gaps = variable.has_gaps();
        for chunk in variable.chunks()? {
            let bytes = variable.raw_chunk(chunk.index)?;
            codec::check(&bytes)
                .map_err(|problem| variable.wrong(format!("chunk {}: {problem}", chunk.index)))?;
            column.chunks.push(Stored::New(encoded.len(), bytes.len()));
            encoded.extend_from_slice(&bytes);
        }
        return Ok(column);
    };
    let day = element.size() * rows.unwrap_or(1);
    let mut column = Column::new(variable.key(), element, rows, tune.chunk(day, variable.length()));
    column.has_gaps = variable.has_gaps();
    for slice in variable.slices(SLICE) {
        let (_, values) = slice?;
        let row = |row: usize| Strided { data: values.row(row), step: element.size(), big_endian: false };
        column.push(values.count, row, encoder, encoded).map_err(|reason| variable.wrong(reason))?;
    }
    Ok(column)
}
