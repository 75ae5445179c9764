//! What gridded files hold beside their values, as Python's dictionaries.

use std::collections::HashSet;

use gridloom::write::{AttributeValue, Attributes, Data, Skeleton, Values};
use numpy::IntoPyArray;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

/// A file's dimensions, attributes, coordinates that were not given before, and its variable.
pub(crate) fn of<'py>(
    py: Python<'py>,
    skeleton: &Skeleton,
    own: &Data,
    given: &mut HashSet<String>,
) -> PyResult<Bound<'py, PyDict>> {
    let file = PyDict::new(py);
    let dimensions: Vec<(&str, usize)> =
        skeleton.dimensions.iter().map(|one| (one.name.as_str(), one.length)).collect();
    file.set_item("dimensions", dimensions)?;
    file.set_item("attributes", attributes(py, &skeleton.attributes)?)?;
    let variables = PyList::empty(py);
    for variable in skeleton.variables.iter().filter(|variable| given.insert(variable.name.clone())) {
        let one = PyDict::new(py);
        one.set_item("name", &variable.name)?;
        one.set_item("dimensions", &variable.dimensions)?;
        one.set_item("attributes", attributes(py, &variable.attributes)?)?;
        let values = match &variable.values {
            Values::Double(values) => values.clone().into_pyarray(py).into_any(),
            Values::Whole(values) => values.clone().into_pyarray(py).into_any(),
            Values::Flag(values) => values.clone().into_pyarray(py).into_any(),
            Values::Names(names, _) => {
                // Texts, whose letters are no dimension.
                let over = variable.dimensions.split_last().map_or(&[][..], |(_, over)| over);
                one.set_item("dimensions", over)?;
                py.import("numpy")?.call_method1("array", (names,))?
            }
        };
        one.set_item("values", values)?;
        variables.append(one)?;
    }
    file.set_item("variables", variables)?;
    let data = PyDict::new(py);
    data.set_item("name", &own.name)?;
    data.set_item("dimensions", &own.dimensions)?;
    data.set_item("shape", &own.extent)?;
    data.set_item("type", own.element.name())?;
    data.set_item("attributes", attributes(py, &own.attributes)?)?;
    let fill = own.element.fill();
    let fill = fill.get(..own.element.size()).unwrap_or_default();
    data.set_item("fill", fill.to_vec().into_pyarray(py))?;
    data.set_item("chunk", own.chunk_of_all())?;
    file.set_item("data", data)?;
    Ok(file)
}

/// Attributes by name: a text, or the name of a type and numbers of it.
pub(crate) fn attributes<'py>(py: Python<'py>, attributes: &Attributes) -> PyResult<Bound<'py, PyDict>> {
    use AttributeValue::*;
    let all = PyDict::new(py);
    for (name, value) in attributes {
        match value {
            Str(text) => all.set_item(name, text)?,
            Strs(texts) => all.set_item(name, texts)?,
            Uchar(one) => all.set_item(name, ("uint8", [*one as u64]))?,
            Uchars(some) => all.set_item(name, ("uint8", wide(some)))?,
            Schar(one) => all.set_item(name, ("int8", [*one]))?,
            Schars(some) => all.set_item(name, ("int8", some))?,
            Ushort(one) => all.set_item(name, ("uint16", [*one]))?,
            Ushorts(some) => all.set_item(name, ("uint16", some))?,
            Short(one) => all.set_item(name, ("int16", [*one]))?,
            Shorts(some) => all.set_item(name, ("int16", some))?,
            Uint(one) => all.set_item(name, ("uint32", [*one]))?,
            Uints(some) => all.set_item(name, ("uint32", some))?,
            Int(one) => all.set_item(name, ("int32", [*one]))?,
            Ints(some) => all.set_item(name, ("int32", some))?,
            Ulonglong(one) => all.set_item(name, ("uint64", [*one]))?,
            Ulonglongs(some) => all.set_item(name, ("uint64", some))?,
            Longlong(one) => all.set_item(name, ("int64", [*one]))?,
            Longlongs(some) => all.set_item(name, ("int64", some))?,
            Float(one) => all.set_item(name, ("float32", [*one]))?,
            Floats(some) => all.set_item(name, ("float32", some))?,
            Double(one) => all.set_item(name, ("float64", [*one]))?,
            Doubles(some) => all.set_item(name, ("float64", some))?,
        }
    }
    Ok(all)
}

/// Bytes as numbers, which Python would take for a text of bytes.
fn wide(bytes: &[u8]) -> Vec<u64> {
    bytes.iter().map(|&byte| byte.into()).collect()
}
