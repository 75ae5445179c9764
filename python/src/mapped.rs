//! Rows of plain arrays where they are in the mapped file. What Python is given of them keeps the map.
#![allow(unsafe_code)]

use std::ops::Range;

use gridloom::archive::arrays::{Array, Mapped};
use numpy::ndarray::ArrayView1;
use numpy::{PyArray1, PyArrayMethods};
use pyo3::prelude::*;

/// The rows of an array in the mapped file.
#[pyclass(frozen, module = "gridloom._gridloom")]
#[derive(Clone)]
pub(crate) struct Mapping {
    rows: Mapped,
}

impl Mapping {
    pub fn of(array: &Array) -> gridloom::Result<Self> {
        // SAFETY: users of Python ask for it, and are told that nobody else may write into the file or cut it meanwhile (docs/python.md), as of
        // NumPy's own memory maps. gridloom itself does neither.
        Ok(Mapping { rows: unsafe { array.map() }? })
    }

    pub fn together(&self, rows: Range<u64>) -> Option<&[u8]> {
        self.rows.together(rows)
    }

    pub fn points(&self, rows: &[u64]) -> Option<Vec<u8>> {
        self.rows.points(rows)
    }

    /// An array of NumPy over rows that stand together, which cannot be changed.
    pub fn view<'py>(self, py: Python<'py>, rows: Range<u64>) -> PyResult<Option<Bound<'py, PyArray1<u8>>>> {
        let owner = Bound::new(py, self)?;
        let Some(found) = owner.get().rows.together(rows) else { return Ok(None) };
        let view = ArrayView1::from(found);
        // SAFETY: the bytes lie in the map, which the owner keeps, and which the array keeps as its base. The array is made read-only before anybody
        // else has it, and the map's memory is read-only as well.
        let array = unsafe { PyArray1::borrow_from_array(&view, owner.clone().into_any()) };
        array.try_readwrite()?.make_nonwriteable();
        Ok(Some(array))
    }
}
