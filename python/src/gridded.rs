//! Gridded files, read without the library of NetCDF.

use std::path::PathBuf;

use gridloom::Gridded;
use numpy::{IntoPyArray, PyArray1};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use super::schema::attributes;
use super::work::work;

/// A gridded file, open for reading.
#[pyclass(frozen, module = "gridloom._gridloom")]
pub(crate) struct Grid {
    file: Gridded,
}

#[pymethods]
impl Grid {
    /// Opens a file; the one that another process opened, where what tells it is given.
    #[staticmethod]
    #[pyo3(signature = (path, known=None))]
    fn open(py: Python<'_>, path: PathBuf, known: Option<[i64; 4]>) -> PyResult<Self> {
        let file = work(py, 1, None, |_| {
            let file = Gridded::open(&path)?;
            match known {
                Some(known) => file.as_of(known),
                None => Ok(file),
            }
        })?;
        Ok(Grid { file })
    }

    /// What tells the file from another one.
    #[getter]
    fn known(&self) -> [i64; 4] {
        self.file.known()
    }

    /// Dimensions, attributes and variables, those that are small with their values.
    fn schema<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let found = self.file.found();
        let file = PyDict::new(py);
        file.set_item("attributes", attributes(py, &found.attributes)?)?;
        let unlimited: Vec<&str> =
            found.dimensions.iter().filter(|one| one.is_unlimited).map(|one| one.name.as_str()).collect();
        file.set_item("unlimited", unlimited)?;
        let variables = PyList::empty(py);
        for (index, variable) in found.variables.iter().enumerate() {
            let one = PyDict::new(py);
            let (names, lengths): (Vec<&str>, Vec<usize>) =
                variable.dimensions.iter().map(|(name, length)| (name.as_str(), *length)).unzip();
            one.set_item("name", &variable.name)?;
            one.set_item("type", variable.element)?;
            one.set_item("dimensions", names)?;
            one.set_item("shape", lengths)?;
            one.set_item("attributes", attributes(py, &variable.attributes)?)?;
            match self.file.form(index) {
                Some((_, chunk, _)) => {
                    one.set_item("number", index)?;
                    one.set_item("chunk", chunk)?;
                }
                None => {
                    let values = variable.values.clone().map(|values| values.into_pyarray(py));
                    one.set_item("values", values)?;
                }
            }
            variables.append(one)?;
        }
        file.set_item("variables", variables)?;
        Ok(file)
    }

    /// Values as bytes: for each dimension the places that are wanted.
    #[pyo3(signature = (variable, wanted, threads=1, progress=None))]
    fn read<'py>(
        &self,
        py: Python<'py>,
        variable: usize,
        wanted: Vec<Vec<usize>>,
        threads: usize,
        progress: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyArray1<u8>>> {
        let lists: Vec<&[usize]> = wanted.iter().map(Vec::as_slice).collect();
        let bytes = work(py, 1, progress.as_ref(), |watch| self.file.read(variable, &lists, threads, watch))?;
        Ok(bytes.into_pyarray(py))
    }
}
