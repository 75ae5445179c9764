//! Files of records.

use std::ops::Range;
use std::path::PathBuf;

use gridloom::archive::arrays::{Arrays, Records};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

use super::arrays::short;
use super::{json, settings};

/// Records of a file, in the state in which it was opened.
#[pyclass(frozen, module = "gridloom._gridloom")]
pub(crate) struct RecordFile {
    records: Records,
    state: String,
}

#[pymethods]
impl RecordFile {
    #[staticmethod]
    #[pyo3(signature = (path, name, state=None))]
    fn open(py: Python<'_>, path: PathBuf, name: &str, state: Option<&str>) -> PyResult<Self> {
        let known = state.map(settings::parse).transpose()?;
        let (records, state) = short(py, || {
            let arrays = match &known {
                Some(state) => Arrays::open_in(&path, state)?,
                None => Arrays::open(&path)?,
            };
            Ok((arrays.records(name)?, arrays.state()?))
        })?;
        Ok(RecordFile { records, state: json(&state)? })
    }

    #[getter]
    fn state(&self) -> &str {
        &self.state
    }

    fn __len__(&self) -> usize {
        usize::try_from(self.records.len()).unwrap_or(usize::MAX)
    }

    fn get<'py>(&self, py: Python<'py>, index: u64) -> PyResult<Bound<'py, PyBytes>> {
        let record = short(py, || self.records.get(index))?;
        Ok(PyBytes::new(py, &record))
    }

    fn points<'py>(&self, py: Python<'py>, indices: Vec<u64>) -> PyResult<Bound<'py, PyList>> {
        let records = short(py, || self.records.points(&indices))?;
        PyList::new(py, records.iter().map(|record| PyBytes::new(py, record)))
    }

    fn range<'py>(&self, py: Python<'py>, start: u64, stop: u64) -> PyResult<Bound<'py, PyList>> {
        let (bytes, places) = short(py, || self.records.together(start..stop))?;
        let one = |place: Range<usize>| PyBytes::new(py, bytes.get(place).unwrap_or_default());
        PyList::new(py, places.into_iter().map(one))
    }
}
