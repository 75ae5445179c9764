//! Where the chunks of grids and archives are, for virtual stores.

use std::path::PathBuf;

use gridloom::refs::{References, Small};
use pyo3::prelude::*;

use super::work::work;

/// Kerchunk's references to a file or a folder as JSON, and what was left out of them. Addresses are those of this machine, or begin with `base`. Small arrays stand
/// among them, or stay in their files where they do not stand `inline`.
#[pyfunction]
#[pyo3(signature = (source, base=None, inline=true))]
pub(crate) fn references(
    py: Python<'_>,
    source: PathBuf,
    base: Option<&str>,
    inline: bool,
) -> PyResult<(String, Vec<String>)> {
    work(py, 1, None, |_| {
        let references = References::of(&source, if inline { Small::Here } else { Small::InFiles })?;
        let text = String::from_utf8_lossy(&references.json(base)?).into_owned();
        Ok((text, references.notes().iter().map(ToString::to_string).collect()))
    })
}
