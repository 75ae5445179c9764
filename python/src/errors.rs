//! The library's errors as Python's: `gridloom.errors` has a class for each kind.

use gridloom::{Argument, Error, ErrorKind};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// What the library's arguments are called in Python.
fn name(argument: Argument) -> &'static str {
    match argument {
        Argument::From => "start",
        Argument::To => "stop",
        Argument::Area => "box",
        Argument::Stat => "stat",
        Argument::Variables | Argument::Variable => "variables",
        Argument::Share => "shards",
        other => other.name(),
    }
}

/// The kinds of errors, by their last names.
pub(crate) fn kinds() -> Vec<&'static str> {
    ErrorKind::ALL.iter().map(|kind| short(*kind)).collect()
}

fn short(kind: ErrorKind) -> &'static str {
    kind.id().rsplit(':').next().unwrap_or_default()
}

/// The exception of an error.
pub(crate) fn raise(error: &Error) -> PyErr {
    let mut message = error.told(name);
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    causes.for_each(|cause| message += &format!(": {cause}"));
    let source = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<std::io::Error>());
    let errno = source.and_then(std::io::Error::raw_os_error);
    Python::attach(|py| {
        let about = PyDict::new(py);
        let make = || -> PyResult<PyErr> {
            about.set_item("path", error.path().map(|path| path.to_string_lossy().into_owned()))?;
            about.set_item("hint", error.hint())?;
            about.set_item("cell", error.cell().map(|cell| (cell.row, cell.column)))?;
            about.set_item("period", error.period())?;
            about.set_item("variable", error.variable())?;
            about.set_item("errno", errno)?;
            let class = py.import("gridloom.errors")?.getattr("of_kind")?;
            Ok(PyErr::from_value(class.call((short(error.kind()), &message), Some(&about))?))
        };
        make().unwrap_or_else(|other| other)
    })
}

/// The exception of what must not be.
pub(crate) fn bug(text: String) -> PyErr {
    Python::attach(|py| {
        let make = || -> PyResult<PyErr> {
            let class = py.import("gridloom.errors")?.getattr("of_kind")?;
            Ok(PyErr::from_value(class.call1(("bug", format!("this is a defect of gridloom: {text}")))?))
        };
        make().unwrap_or_else(|_| PyRuntimeError::new_err(text.clone()))
    })
}
