//! Several runs in one folder.

use std::path::PathBuf;
use std::sync::Mutex;

use gridloom::pipeline;
use gridloom::scenarios::Scenarios;
use pyo3::prelude::*;
use serde_json::json as object;

use super::make::{How, plan, told};

/// Makes tables, or all that settings name, of several runs: each in a folder of its own, and tables of all of them. Returns the reports as JSON.
#[pyfunction]
#[pyo3(signature = (runs, output, separate, settings, how, progress=None))]
pub(crate) fn several(
    py: Python<'_>,
    runs: Vec<(String, PathBuf)>,
    output: PathBuf,
    separate: bool,
    settings: &str,
    how: &str,
    progress: Option<Bound<'_, PyAny>>,
) -> PyResult<String> {
    // The run that work is at.
    let at: Mutex<Option<String>> = Mutex::default();
    let is_at = |name: Option<&str>| {
        if let Ok(mut at) = at.lock() {
            *at = name.map(str::to_owned);
        }
    };
    let made = told(py, (settings, how), progress.as_ref(), |wanted, how: &How, watch| {
        let mut all = Scenarios::begin(&output, &runs, separate, how.overwrite)?;
        let mut reports = Vec::new();
        for member in all.runs().to_vec() {
            is_at(Some(&member.name));
            let folder = all.folder(&member);
            let plan = plan(&member.source, &folder, wanted, how, None, watch)?;
            all.note(&member.name, &plan)?;
            let report = pipeline::grid(&plan, &folder, &how.options(None), watch)?;
            all.note_published(&member.name, watch)?;
            reports.push(object!({ "name": member.name, "folder": folder, "report": report }));
        }
        is_at(None);
        let remarks = all.join(watch)?;
        Ok(object!({ "runs": reports, "files": all.files(), "remarks": remarks }))
    });
    made.map_err(|error| {
        let name = at.into_inner().ok().flatten();
        if let Some(Err(other)) =
            name.map(|name| error.value(py).call_method1("add_note", (format!("in run {name}"),)))
        {
            return other;
        }
        error
    })
}
