//! Archives that are changed: cells and periods added, taken anew, taken out, and the file written anew.

use std::path::PathBuf;

use gridloom::archive::{self, Archive, Settings, Tune};
use gridloom::{Argument, Cell, Error, Run};
use pyo3::prelude::*;
use serde::Deserialize;

use super::arrays::codec_of;
use super::json;
use super::make::{How, told};
use super::settings::{Wanted, parse};
use super::source::open;
use super::work::{Watch, work};

/// How chunks are made.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Chunks {
    tune: Option<String>,
    codec: Option<String>,
    chunk_bytes: Option<u32>,
}

impl Chunks {
    /// What is asked for, on top of what it would be without that; `None` where nothing is.
    pub fn tune(&self, base: Tune) -> gridloom::Result<Option<Tune>> {
        let wrong = |argument, value: &str, reason: &str| Err(Error::selection(argument, value, reason));
        let mut wanted = match self.tune.as_deref() {
            None => base,
            Some("random") => Tune::RANDOM,
            Some("balanced") => Tune::BALANCED,
            Some("archive") => Tune::ARCHIVE,
            Some(other) => return wrong(Argument::Codec, other, "tune wants random, balanced or archive"),
        };
        wanted.codec = codec_of(self.codec.as_deref())?.unwrap_or(wanted.codec);
        if let Some(bytes) = self.chunk_bytes {
            if !(1 << 9..=1 << 28).contains(&bytes) {
                return wrong(Argument::Chunk, &bytes.to_string(), "a chunk has 512 bytes to 256 MiB");
            }
            wanted.chunk_bytes = bytes;
        }
        Ok((self.tune.is_some() || self.codec.is_some() || self.chunk_bytes.is_some()).then_some(wanted))
    }
}

/// A run, and the settings by which an archive is changed by it.
fn prepared(
    source: &std::path::Path,
    wanted: &Wanted,
    how: &How,
    watch: &Watch,
) -> gridloom::Result<(Run, Settings)> {
    let run = open(source, how.opened(Some(wanted.resources()?)), None, watch)?;
    let made = wanted.settings(&run)?;
    wanted.remarks.tell(watch);
    let settings = Settings::default()
        .selection(made.selection)
        .table(made.table)
        .attributes(made.attributes)
        .resources(made.resources)
        .limits(made.limits)
        .overwrite(how.overwrite)
        .fresh(how.fresh)
        .other_run(how.other_run);
    Ok((run, settings))
}

/// Keeps all of a run in one file.
#[pyfunction]
#[pyo3(signature = (source, output, settings, how, chunks, progress=None))]
pub(crate) fn archive_of(
    py: Python<'_>,
    source: PathBuf,
    output: PathBuf,
    settings: &str,
    how: &str,
    chunks: &str,
    progress: Option<Bound<'_, PyAny>>,
) -> PyResult<String> {
    let chunks: Chunks = parse(chunks)?;
    told(py, (settings, how), progress.as_ref(), |wanted, how, watch| {
        let (run, mut settings) = prepared(&source, wanted, how, watch)?;
        settings.tune = chunks.tune(Tune::default())?.unwrap_or_default();
        archive::write(&run, &output, &settings, watch)
    })
}

/// Adds to an archive what a run has more; where cells are given, takes these anew.
#[pyfunction]
#[pyo3(signature = (source, file, settings, how, cells=None, progress=None))]
pub(crate) fn extend_archive(
    py: Python<'_>,
    source: PathBuf,
    file: PathBuf,
    settings: &str,
    how: &str,
    cells: Option<Vec<(u32, u32)>>,
    progress: Option<Bound<'_, PyAny>>,
) -> PyResult<String> {
    told(py, (settings, how), progress.as_ref(), |wanted, how, watch| {
        let (run, settings) = prepared(&source, wanted, how, watch)?;
        match cells {
            Some(cells) => archive::replace(&run, &file, &cells_of(&cells), &settings, watch),
            None => archive::append(&run, &file, &settings, watch),
        }
    })
}

/// Takes cells out of an archive.
#[pyfunction]
pub(crate) fn drop_of_archive(py: Python<'_>, file: PathBuf, cells: Vec<(u32, u32)>) -> PyResult<String> {
    let report = work(py, 1, None, |_| archive::drop_cells(&file, &cells_of(&cells), &Settings::default()))?;
    json(&report)
}

/// Writes an archive anew; how many bytes it had and has.
#[pyfunction]
#[pyo3(signature = (file, settings, chunks, progress=None))]
pub(crate) fn repack_archive(
    py: Python<'_>,
    file: PathBuf,
    settings: &str,
    chunks: &str,
    progress: Option<Bound<'_, PyAny>>,
) -> PyResult<(u64, u64)> {
    let chunks: Chunks = parse(chunks)?;
    let wanted: Wanted = parse(settings)?;
    let repacked = work(py, wanted.threads(), progress.as_ref(), |watch| {
        let settings = Settings::default().resources(wanted.resources()?);
        let tune = chunks.tune(Archive::open(&file)?.tune())?;
        archive::repack(&file, tune, &settings, watch)
    })?;
    Ok((repacked.before, repacked.after))
}

fn cells_of(cells: &[(u32, u32)]) -> Vec<Cell> {
    let mut cells: Vec<Cell> = cells.iter().map(|&(row, column)| Cell { row, column }).collect();
    cells.sort_unstable();
    cells.dedup();
    cells
}
