//! Files of arrays. Calls are short and many, so that they are done in the calling thread, without the interpreter's lock.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use gridloom::archive::Codec;
use gridloom::archive::arrays::{ArrayAttribute, Arrays, Durability, Layout, ValueType, Writer, repack};
use gridloom::model::element::Element;
use gridloom::{Argument, Error};
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

use super::errors::{bug, raise};
use super::mapped::Mapping;
use super::work::words;
use super::{json, settings};

mod held;

use held::Held;

/// Does something short without the interpreter's lock.
pub(crate) fn short<T: Send>(
    py: Python<'_>,
    work: impl FnOnce() -> gridloom::Result<T> + Send,
) -> PyResult<T> {
    match py.detach(|| catch_unwind(AssertUnwindSafe(work))) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(raise(&error)),
        Err(panic) => Err(bug(words(&*panic))),
    }
}

/// Bytes that are read at once, so that a signal is soon heard.
const SLICE: u64 = 256 << 20;

/// Bytes that are compared at once.
const BLOCK: usize = 16 << 10;

/// A file of arrays.
#[pyclass(frozen, module = "gridloom._gridloom")]
pub(crate) struct ArrayFile {
    path: PathBuf,
    is_mapped: bool,
    held: Mutex<Held>,
}

/// An attribute: its name; a text, or a type, bytes, and whether it is one number.
type Said = (String, Option<String>, Option<(String, Vec<u8>, bool)>);

/// Name of the type, shape, shape of chunks, codec, whether rows are plain.
type About = (&'static str, Vec<u64>, Vec<u64>, Option<String>);

fn said((name, value): (&str, ArrayAttribute)) -> Said {
    match value {
        ArrayAttribute::Text(text) => (name.to_owned(), Some(text), None),
        ArrayAttribute::Numbers { element, bytes, is_single } => {
            (name.to_owned(), None, Some((element.name().to_owned(), bytes, is_single)))
        }
    }
}

pub(crate) fn codec_of(text: Option<&str>) -> gridloom::Result<Option<Codec>> {
    let refused = |text: &str| {
        Error::selection(
            Argument::Codec,
            text,
            "is not none, lz4, deflate:1 to deflate:12, or zstd:1 to zstd:22",
        )
    };
    text.map(|text| text.parse().map_err(|_| refused(text))).transpose()
}

fn durability(is_synced: bool) -> Durability {
    if is_synced { Durability::Disk } else { Durability::Process }
}

#[pymethods]
impl ArrayFile {
    /// Opens a file: `r`, `r+`, `w` (a new one in its place), `x` (a new one) or `a` (either); to read the state that another process read.
    #[staticmethod]
    #[pyo3(signature = (path, mode, is_mapped=false, state=None))]
    fn open_in(
        py: Python<'_>,
        path: PathBuf,
        mode: &str,
        is_mapped: bool,
        state: Option<&str>,
    ) -> PyResult<Self> {
        let state = state.map(settings::parse).transpose()?;
        let held = short(py, || {
            let exists = path.exists();
            let writer = match mode {
                "w" => Some(Writer::create(&path, true)?),
                "x" => Some(Writer::create(&path, false)?),
                "a" if !exists => Some(Writer::create(&path, false)?),
                "r+" | "a" => {
                    // What is not there, or no such file, is told as it is of one that is to be read.
                    Arrays::open(&path)?;
                    Some(Writer::open(&path)?)
                }
                _ => None,
            };
            let reader = match (&writer, &state) {
                (Some(_), _) => None,
                (None, Some(state)) => Some(Arrays::open_in(&path, state)?),
                (None, None) => Some(Arrays::open(&path)?),
            };
            let is_new = writer.is_some() && (!exists || matches!(mode, "w" | "x"));
            Ok(Held { writer, reader, open: HashMap::new(), is_changed: is_new, is_new, is_closed: false })
        })?;
        Ok(ArrayFile { path, is_mapped, held: Mutex::new(held) })
    }

    /// The state that is read, for other processes.
    fn state(&self, py: Python<'_>) -> PyResult<Option<String>> {
        let state = short(py, || self.with(|held| self.reader(held)?.map(Arrays::state).transpose()))?;
        state.map(|state| json(&state)).transpose()
    }

    fn names(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        short(py, || {
            self.with(|held| {
                let own = |names: &mut dyn Iterator<Item = &str>| names.map(str::to_owned).collect();
                Ok(match (&held.writer, &held.reader) {
                    (Some(writer), _) => own(&mut writer.names()),
                    (None, Some(reader)) => own(&mut reader.names()),
                    (None, None) => Vec::new(),
                })
            })
        })
    }

    fn has(&self, py: Python<'_>, name: &str) -> PyResult<bool> {
        short(py, || {
            self.with(|held| {
                Ok(match (&held.writer, &held.reader) {
                    (Some(writer), _) => writer.names().any(|known| known == name),
                    (None, Some(reader)) => reader.names().any(|known| known == name),
                    (None, None) => false,
                })
            })
        })
    }

    /// What an array is.
    fn about(&self, py: Python<'_>, name: &str) -> PyResult<About> {
        short(py, || {
            // A writer knows it already; to read it again from the file after each change would cost more than the change.
            let is_writer = self.with(|held| Ok(held.writer.is_some()))?;
            let open = if is_writer { None } else { self.open(name)? };
            if let Some(open) = open {
                let (array, shape) = (&open.array, open.array.shape().to_vec());
                let chunk =
                    std::iter::once(array.chunk_rows()).chain(shape.iter().skip(1).copied()).collect();
                let codec =
                    (!array.is_plain()).then(|| array.codec().map(|codec| codec.to_string())).flatten();
                return Ok((array.value_type().name(), shape, chunk, codec));
            }
            self.through_writer(|writer| {
                let [shape, chunk] = writer.shapes(name)?;
                let codec = writer.layout(name)?.codec.map(|codec| codec.to_string());
                Ok((writer.value_type(name)?.name(), shape, chunk, codec))
            })
        })
    }

    /// Adds an array without rows.
    #[pyo3(signature = (name, dtype, columns, codec=None, chunk_bytes=None))]
    fn add(
        &self,
        py: Python<'_>,
        name: &str,
        dtype: &str,
        columns: Vec<u64>,
        codec: Option<&str>,
        chunk_bytes: Option<usize>,
    ) -> PyResult<()> {
        short(py, || {
            let unknown = || Error::selection(Argument::Array, name, format!("arrays have no {dtype}"));
            let kind = ValueType::parse(dtype).ok_or_else(unknown)?;
            let codec = codec_of(codec)?;
            // A packed chunk is decoded whole: large enough to be worth it, small enough for a few rows.
            let usual = if codec.is_some() { 64 << 10 } else { Layout::PLAIN.chunk_bytes };
            let layout = Layout { chunk_bytes: chunk_bytes.unwrap_or(usual), codec };
            self.change(|writer| writer.add(name, kind, &columns, layout))
        })
    }

    fn remove(&self, py: Python<'_>, name: &str) -> PyResult<()> {
        short(py, || self.change(|writer| writer.remove(name)))
    }

    fn append(&self, py: Python<'_>, name: &str, data: PyReadonlyArray1<'_, u8>) -> PyResult<()> {
        let data = data.as_slice()?;
        short(py, || self.change(|writer| writer.append(name, data)))
    }

    fn replace(
        &self,
        py: Python<'_>,
        name: &str,
        rows: PyReadonlyArray1<'_, u64>,
        data: PyReadonlyArray1<'_, u8>,
    ) -> PyResult<()> {
        let (rows, data) = (rows.as_slice()?, data.as_slice()?);
        short(py, || self.change(|writer| writer.replace(name, rows, data)))
    }

    fn delete(&self, py: Python<'_>, name: &str, rows: PyReadonlyArray1<'_, u64>) -> PyResult<()> {
        let rows = rows.as_slice()?;
        short(py, || self.change(|writer| writer.delete(name, rows)))
    }

    /// Replaces those of the rows from `start` on that are others now. Returns how many are.
    fn settle(
        &self,
        py: Python<'_>,
        name: &str,
        start: u64,
        row_bytes: usize,
        data: PyReadonlyArray1<'_, u8>,
    ) -> PyResult<u64> {
        let data = data.as_slice()?;
        short(py, || {
            let (row, mut changed) = (row_bytes.max(1), 0);
            // As many rows at once as are worth a call, and cost little memory.
            let step = (8 << 20) / row + 1;
            let mut next = start;
            for part in data.chunks(step * row) {
                let end = next + (part.len() / row) as u64;
                let mut before = Vec::new();
                self.read(name, next..end, &mut before)?;
                // Most are the same: many at once are soon compared.
                let many = BLOCK / row + 1;
                let blocks =
                    part.chunks(many * row).zip(before.chunks(many * row)).zip((next..end).step_by(many));
                let others = blocks.filter(|((new, old), _)| new != old).flat_map(|((new, old), first)| {
                    new.chunks(row).zip(old.chunks(row)).zip(first..).filter(|((new, old), _)| new != old)
                });
                let (rows, bytes): (Vec<u64>, Vec<&[u8]>) = others.map(|((new, _), at)| (at, new)).unzip();
                if !rows.is_empty() {
                    changed += rows.len() as u64;
                    self.change(|writer| writer.replace(name, &rows, &bytes.concat()))?;
                }
                next = end;
            }
            Ok(changed)
        })
    }

    /// Rows as bytes.
    fn rows<'py>(
        &self,
        py: Python<'py>,
        name: &str,
        start: u64,
        stop: u64,
    ) -> PyResult<Bound<'py, PyArray1<u8>>> {
        let (mut bytes, mut next, mut step) = (Vec::new(), start, stop.saturating_sub(start));
        loop {
            let end = stop.min(next.saturating_add(step.max(1)));
            let row = short(py, || {
                let about = self.open(name)?.map(|open| open.array.row_bytes() as u64);
                // One call where all of it is soon read.
                let all = about.map_or(0, |row| row.saturating_mul(stop - next));
                let end = about.filter(|_| all > SLICE).map_or(end, |row| stop.min(next + SLICE / row + 1));
                if bytes.is_empty() && end < stop {
                    bytes.try_reserve_exact(usize::try_from(all).unwrap_or(usize::MAX)).map_err(|_| {
                        Error::selection(
                            Argument::Rows,
                            format!("{start}..{stop}"),
                            "there is no memory for them",
                        )
                    })?;
                }
                self.read(name, next..end, &mut bytes)?;
                Ok(end)
            })?;
            (next, step) = (row, row.saturating_sub(next));
            if next >= stop {
                return Ok(bytes.into_pyarray(py));
            }
            py.check_signals()?;
        }
    }

    /// Rows at some places, as bytes.
    fn points<'py>(
        &self,
        py: Python<'py>,
        name: &str,
        rows: PyReadonlyArray1<'_, u64>,
    ) -> PyResult<Bound<'py, PyArray1<u8>>> {
        let rows = rows.as_slice()?;
        let bytes = short(py, || match self.open(name)? {
            Some(open) => match open.mapping.as_ref().and_then(|mapping| mapping.points(rows)) {
                Some(bytes) => Ok(bytes),
                None => Ok(open.array.points(rows)?.bytes),
            },
            None => Ok(self.through_writer(|writer| writer.points(name, rows))?.bytes),
        })?;
        Ok(bytes.into_pyarray(py))
    }

    /// Rows where they are in the mapped file, as bytes that cannot be changed; `None` where they do not stand together. What is given keeps
    /// the map.
    fn view<'py>(
        &self,
        py: Python<'py>,
        name: &str,
        start: u64,
        stop: u64,
    ) -> PyResult<Option<Bound<'py, PyArray1<u8>>>> {
        let mapping = short(py, || match self.open(name)? {
            Some(open) => match &open.mapping {
                Some(mapping) => Ok(mapping.clone()),
                None => Mapping::of(&open.array),
            },
            None => {
                let reason = "it has changes that are not committed: commit them before it is viewed";
                Err(Error::selection(Argument::Array, name, reason))
            }
        })?;
        mapping.view(py, start..stop)
    }

    /// Attributes of an array, or of the file.
    #[pyo3(signature = (name=None))]
    fn attributes(&self, py: Python<'_>, name: Option<&str>) -> PyResult<Vec<Said>> {
        short(py, || {
            let open = name.map(|name| self.open(name)).transpose()?.flatten();
            if let Some(open) = open {
                return Ok(open.array.values().map(said).collect());
            }
            self.with(|held| match (&mut held.writer, &held.reader) {
                (Some(writer), _) => {
                    Ok(writer.values(name)?.into_iter().map(|(name, value)| said((&name, value))).collect())
                }
                (None, Some(reader)) => Ok(reader.values().map(said).collect()),
                (None, None) => Ok(Vec::new()),
            })
        })
    }

    /// Sets an attribute of an array or of the file, or takes it out where there is no value.
    #[pyo3(signature = (name, attribute, text=None, numbers=None))]
    fn set_attribute(
        &self,
        py: Python<'_>,
        name: Option<&str>,
        attribute: &str,
        text: Option<String>,
        numbers: Option<(String, Vec<u8>, bool)>,
    ) -> PyResult<()> {
        short(py, || {
            let value = match (text, numbers) {
                (Some(text), _) => Some(ArrayAttribute::Text(text)),
                (None, Some((dtype, bytes, is_single))) => {
                    let unknown = || {
                        Error::selection(
                            Argument::Attribute,
                            attribute,
                            format!("attributes have no {dtype}"),
                        )
                    };
                    let element = Element::parse(&dtype).ok_or_else(unknown)?;
                    Some(ArrayAttribute::Numbers { element, bytes, is_single })
                }
                (None, None) => None,
            };
            self.change(|writer| match &value {
                Some(value) => writer.set_value(name, attribute, value),
                None => writer.unset(name, attribute),
            })
        })
    }

    /// Makes what was changed the file's state.
    fn commit(&self, py: Python<'_>, is_synced: bool) -> PyResult<()> {
        short(py, || {
            self.with(|held| {
                if let Some(writer) = &mut held.writer {
                    writer.commit(durability(is_synced))?;
                    (held.is_changed, held.is_new) = (false, false);
                }
                Ok(())
            })
        })
    }

    /// Gives up what was changed.
    fn revert(&self, py: Python<'_>) -> PyResult<()> {
        short(py, || {
            self.with(|held| {
                if let Some(writer) = &mut held.writer {
                    writer.revert()?;
                    held.is_changed = held.is_new;
                    held.open.clear();
                    held.reader = None;
                }
                Ok(())
            })
        })
    }

    /// Closes the file. Views stay.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        short(py, || {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            held.is_closed = true;
            (held.writer, held.reader) = (None, None);
            held.open.clear();
            Ok(())
        })
    }

    /// Begins a table of records.
    fn add_records(
        &self,
        py: Python<'_>,
        name: &str,
        group: usize,
        typical: usize,
        codec: Option<&str>,
    ) -> PyResult<()> {
        short(py, || {
            let codec = codec_of(codec)?;
            self.change(|writer| writer.add_records(name, group, typical, codec))
        })
    }

    /// Adds records to a table.
    fn append_records(&self, py: Python<'_>, name: &str, records: &Bound<'_, PyList>) -> PyResult<()> {
        let records: Vec<Bound<'_, PyBytes>> =
            records.iter().map(|one| Ok(one.cast_into()?)).collect::<PyResult<_>>()?;
        let records: Vec<&[u8]> = records.iter().map(|one| one.as_bytes()).collect();
        short(py, || self.change(|writer| writer.append_records(name, records)))
    }
}

/// Writes a file of arrays anew, without what was replaced. Returns its bytes before and after.
#[pyfunction]
pub(crate) fn repack_arrays(py: Python<'_>, path: PathBuf) -> PyResult<(u64, u64)> {
    let report = short(py, || repack(&path))?;
    Ok((report.before, report.after))
}
