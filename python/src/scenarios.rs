//! Several runs in one folder, or in one schema of a database.

use std::path::PathBuf;
use std::sync::Mutex;

use gridloom::database::Target;
use gridloom::pipeline;
use gridloom::plan::Plan;
use gridloom::scenarios::{JointLoad, Scenarios};
use pyo3::prelude::*;
use serde_json::json as object;

use super::errors::raise;
use super::make::{How, plan, told};
use super::source::open;

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
    let at = At::default();
    let made = told(py, (settings, how), progress.as_ref(), |wanted, how: &How, watch| {
        let mut all = Scenarios::begin(&output, &runs, separate, how.overwrite)?;
        let mut reports = Vec::new();
        for member in all.runs().to_vec() {
            at.is(Some(&member.name));
            let folder = all.folder(&member);
            let plan = plan(&member.source, &folder, wanted, how, None, watch)?;
            all.note(&member.name, &plan)?;
            let report = pipeline::grid(&plan, &folder, &how.options(None), watch)?;
            all.note_published(&member.name, watch)?;
            reports.push(object!({ "name": member.name, "folder": folder, "report": report }));
        }
        at.is(None);
        let remarks = all.join(watch)?;
        Ok(object!({ "runs": reports, "files": all.files(), "remarks": remarks }))
    });
    made.map_err(|error| at.noted(py, error))
}

/// Loads tables of several runs into one schema of a database. Returns the reports as JSON, and what is to be told of the address.
#[pyfunction]
#[pyo3(signature = (runs, address, schema, settings, how, progress=None))]
pub(crate) fn load_several(
    py: Python<'_>,
    runs: Vec<(String, PathBuf)>,
    address: &str,
    schema: Option<&str>,
    settings: &str,
    how: &str,
    progress: Option<Bound<'_, PyAny>>,
) -> PyResult<(String, String, Vec<String>)> {
    let target = Target::parse(address).map_err(|error| raise(&error))?;
    let at = At::default();
    let made = told(py, (settings, how), progress.as_ref(), |wanted, how: &How, watch| {
        let mut plans = Vec::new();
        for (name, source) in runs {
            at.is(Some(&name));
            let run = open(&source, how.opened(Some(wanted.resources()?)), None, watch)?;
            let (run, settings) = wanted.prepared(run)?;
            plans.push((name, source, Plan::new(run, settings)?));
        }
        wanted.remarks.tell(watch);
        at.is(None);
        let options = how.options(None);
        let mut all = JointLoad::begin(plans, &target, schema, options.fresh)?;
        let names: Vec<String> = all.runs().map(|(name, ..)| name.to_owned()).collect();
        let mut reports = Vec::new();
        for (place, name) in names.iter().enumerate() {
            at.is(Some(name));
            let report = all.load(place, &options, watch)?;
            reports.push(object!({ "name": name, "folder": target.redacted(), "report": report }));
        }
        let remarks: Vec<&str> = all.remarks().collect();
        let files = all.tables().map(|file| object!({ "file": file })).collect::<Vec<_>>();
        Ok(object!({ "runs": reports, "files": files, "remarks": remarks }))
    });
    let made = made.map_err(|error| at.noted(py, error))?;
    Ok((made, target.redacted(), target.warnings().to_vec()))
}

/// The run that work is at.
#[derive(Default)]
struct At(Mutex<Option<String>>);

impl At {
    fn is(&self, name: Option<&str>) {
        if let Ok(mut at) = self.0.lock() {
            *at = name.map(str::to_owned);
        }
    }

    /// The error with a note of the run.
    fn noted(self, py: Python<'_>, error: PyErr) -> PyErr {
        let name = self.0.into_inner().ok().flatten();
        let note = |name: String| error.value(py).call_method1("add_note", (format!("in run {name}"),));
        match name.map(note) {
            Some(Err(other)) => other,
            _ => error,
        }
    }
}
