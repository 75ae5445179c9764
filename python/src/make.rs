//! Work: grids, tables, archives, proofs, pictures.

use std::path::{Path, PathBuf};

use gridloom::database::Target;
use gridloom::draw::{self, Format};
use gridloom::figure::{self, Draft, Gather, Spec, page};
use gridloom::model::grid::Grid;
use gridloom::pipeline::{self, Options};
use gridloom::plan::{Plan, Resources, Settings, Share};
use gridloom::run::mixture;
use gridloom::run::numbers::with_holes;
use gridloom::run::survey::{self, Depth};
use gridloom::scenarios::Scenarios;
use gridloom::verify::Verification;
use gridloom::{Run, caete};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde::{Deserialize, Serialize};
use serde_json::json as object;

use super::errors::raise;
use super::json;
use super::settings::{Wanted, parse};
use super::source::{Opened, open, open_quietly, records_of};
use super::work::{Watch, work};

/// How work treats its folder.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct How {
    pub overwrite: bool,
    pub fresh: bool,
    pub other_run: bool,
    drop_spool: bool,
    trace: Option<PathBuf>,
    degrees: Option<f64>,
    preset: Option<String>,
}

impl How {
    pub fn opened(&self, resources: Option<Resources>) -> Opened<'_> {
        let preset = self.preset.as_deref();
        Opened { degrees: self.degrees, preset, resources, is_proof: false }
    }

    pub fn options(&self, share: Option<Share>) -> Options {
        let options = Options::default().overwrite(self.overwrite).fresh(self.fresh).share(share);
        options.drop_spool(self.drop_spool).trace(self.trace.clone())
    }
}

/// A part of work that several processes share.
fn share(part: Option<(u32, u32)>) -> gridloom::Result<Option<Share>> {
    part.map(|(index, count)| Share::parse(&format!("{index}/{count}"))).transpose()
}

/// Plans what one process makes, or all share.
pub(crate) fn plan(
    source: &Path,
    output: &Path,
    wanted: &Wanted,
    how: &How,
    share: Option<Share>,
    watch: &Watch,
) -> gridloom::Result<Plan> {
    let task = share.map_or((0, 1), |share| (share.index, share.count));
    let opened = how.opened(Some(wanted.resources()?));
    let Some(share) = share else {
        let kept = (output, task, how.fresh);
        let run = open(source, opened, Some(kept), watch)?;
        let (run, settings) = wanted.prepared_in(run, Some(kept), watch)?;
        wanted.remarks.tell(watch);
        return Plan::new(run, settings);
    };
    let options = how.options(Some(share));
    if wanted.is_change() || records_of(source, how.preset.as_deref())?.is_some() {
        let kept = (output, task, false);
        let run = open(source, opened, Some(kept), watch)?;
        let (run, settings) = wanted.prepared_in(run, Some(kept), watch)?;
        wanted.remarks.tell(watch);
        return pipeline::shared_plan(source, || Ok(run), settings, output, &options);
    }
    let (grid, known) = grid_of(source, how.degrees)?;
    let settings = wanted.settings_on(grid, known)?;
    wanted.remarks.tell(watch);
    pipeline::shared_plan(source, || open_quietly(source, opened), settings, output, &options)
}

type Known = Option<gridloom::model::variables::VariableTable>;

/// The grid of a source's cells, and what it knows of its variables, without listing a folder.
fn grid_of(source: &Path, degrees: Option<f64>) -> gridloom::Result<(Grid, Known)> {
    if source.is_file() {
        let run = open_quietly(source, Opened { degrees, ..Opened::default() })?;
        return Ok((run.grid, run.source().variables()));
    }
    let degrees = degrees.or(Settings::default().table.model().resolution_degrees).unwrap_or(0.5);
    let grid = Grid::from_resolution(degrees).ok_or_else(|| {
        gridloom::Error::selection(gridloom::Argument::Resolution, degrees, "does not divide the globe")
    })?;
    Ok((grid, None))
}

/// Does work that settings and the treatment of its folder are said of, and gives what it came to as JSON.
pub(crate) fn told<T: Serialize + Send>(
    py: Python<'_>,
    (settings, how): (&str, &str),
    progress: Option<&Bound<'_, PyAny>>,
    made: impl FnOnce(&Wanted, &How, &Watch) -> gridloom::Result<T> + Send,
) -> PyResult<String> {
    let (wanted, how): (Wanted, How) = (parse(settings)?, parse(how)?);
    json(&work(py, wanted.threads(), progress, |watch| made(&wanted, &how, watch))?)
}

/// Makes grids or tables of a run, or a part of the work on them. Returns the report as JSON.
#[pyfunction]
#[pyo3(signature = (source, output, settings, how, part=None, progress=None))]
pub(crate) fn grid(
    py: Python<'_>,
    source: PathBuf,
    output: PathBuf,
    settings: &str,
    how: &str,
    part: Option<(u32, u32)>,
    progress: Option<Bound<'_, PyAny>>,
) -> PyResult<String> {
    told(py, (settings, how), progress.as_ref(), |wanted, how, watch| {
        let share = share(part)?;
        let plan = plan(&source, &output, wanted, how, share, watch)?;
        pipeline::grid(&plan, &output, &how.options(share), watch)
    })
}

/// Makes a plan that processes share, and keeps it in the folder. Returns how many units of work it has.
#[pyfunction]
#[pyo3(signature = (source, output, settings, how, progress=None))]
pub(crate) fn freeze(
    py: Python<'_>,
    source: PathBuf,
    output: PathBuf,
    settings: &str,
    how: &str,
    progress: Option<Bound<'_, PyAny>>,
) -> PyResult<usize> {
    let (wanted, how): (Wanted, How) = (parse(settings)?, parse(how)?);
    work(py, wanted.threads(), progress.as_ref(), |watch| {
        let plan = plan(&source, &output, &wanted, &how, Some(Share::ALL), watch)?;
        Ok(plan.units().len())
    })
}

/// Makes the tables of files of grids.
#[pyfunction]
#[pyo3(signature = (inputs, output, settings, how, progress=None))]
pub(crate) fn tables_of_grids(
    py: Python<'_>,
    inputs: Vec<PathBuf>,
    output: PathBuf,
    settings: &str,
    how: &str,
    progress: Option<Bound<'_, PyAny>>,
) -> PyResult<String> {
    told(py, (settings, how), progress.as_ref(), |wanted, how, watch| {
        let (grid, known) = grid_of(Path::new(""), how.degrees)?;
        let settings = wanted.with_windows(wanted.settings_on(grid, known)?)?;
        wanted.remarks.tell(watch);
        let grids = pipeline::Grids::open(&inputs, grid, &settings)?;
        let plan = grids.plan(settings)?;
        pipeline::tables_of_grids(&plan, &grids, &output, &how.options(None), watch)
    })
}

/// Loads tables of a run into a database. Returns the report as JSON, and what is to be told of the address.
#[pyfunction]
#[pyo3(signature = (source, address, schema, settings, how, progress=None))]
pub(crate) fn load(
    py: Python<'_>,
    source: PathBuf,
    address: &str,
    schema: Option<&str>,
    settings: &str,
    how: &str,
    progress: Option<Bound<'_, PyAny>>,
) -> PyResult<(String, String, Vec<String>)> {
    let target = Target::parse(address).map_err(|error| raise(&error))?;
    let report = told(py, (settings, how), progress.as_ref(), |wanted, how, watch| {
        let run = open(&source, how.opened(Some(wanted.resources()?)), None, watch)?;
        let (run, settings) = wanted.prepared(run)?;
        wanted.remarks.tell(watch);
        let plan = Plan::new(run, settings)?;
        pipeline::load(&plan, &target, schema, &how.options(None), watch)
    })?;
    Ok((report, target.redacted(), target.warnings().to_vec()))
}

/// Proves the tables of a run that a database has.
#[pyfunction]
#[pyo3(signature = (source, address, schema, settings, how, progress=None))]
pub(crate) fn verify_loaded(
    py: Python<'_>,
    source: PathBuf,
    address: &str,
    schema: Option<&str>,
    settings: &str,
    how: &str,
    progress: Option<Bound<'_, PyAny>>,
) -> PyResult<(String, Vec<String>)> {
    let target = Target::parse(address).map_err(|error| raise(&error))?;
    let result = told(py, (settings, how), progress.as_ref(), |wanted, how, watch| {
        let run = for_proof(&source, wanted, how, watch)?;
        let (limits, resources) = (wanted.limits()?, wanted.resources()?);
        let result = gridloom::verify::verify_database(&run, &target, schema, &limits, resources)?;
        Ok(proved(&result))
    })?;
    Ok((result, target.warnings().to_vec()))
}

/// A run that something is proved by: records are read by another reader than they were.
fn for_proof(source: &Path, wanted: &Wanted, how: &How, watch: &Watch) -> gridloom::Result<Run> {
    let opened = how.opened(Some(wanted.resources()?));
    open(source, Opened { is_proof: true, ..opened }, None, watch)
}

/// What a proof came to.
fn proved(result: &Verification) -> serde_json::Value {
    object!({ "is_whole": result.is_whole(), "result": result })
}

/// Publishes what parts of work made.
#[pyfunction]
#[pyo3(signature = (output, settings, how, progress=None))]
pub(crate) fn publish(
    py: Python<'_>,
    output: PathBuf,
    settings: &str,
    how: &str,
    progress: Option<Bound<'_, PyAny>>,
) -> PyResult<String> {
    told(py, (settings, how), progress.as_ref(), |wanted, how, watch| {
        pipeline::publish(&output, wanted.resources()?, &how.options(None), watch)
    })
}

/// How far the work in a folder is.
#[pyfunction]
pub(crate) fn status(py: Python<'_>, output: PathBuf) -> PyResult<String> {
    let status = work(py, 1, None, |_| match Scenarios::open(&output)? {
        Some(mut all) => Ok(object!(all.status(Resources::detect())?)),
        None => Ok(object!(pipeline::status(&output)?)),
    })?;
    json(&status)
}

/// Proves what was made of a run.
#[pyfunction]
#[pyo3(signature = (source, made, settings, how, progress=None))]
pub(crate) fn verify(
    py: Python<'_>,
    source: PathBuf,
    made: PathBuf,
    settings: &str,
    how: &str,
    progress: Option<Bound<'_, PyAny>>,
) -> PyResult<String> {
    told(py, (settings, how), progress.as_ref(), |wanted, how, watch| {
        let resources: Resources = wanted.resources()?;
        let limits = wanted.limits()?;
        let kind = super::source::kind_of(source.clone());
        let is_records = || Ok::<_, gridloom::Error>(records_of(&source, how.preset.as_deref())?.is_some());
        let is_grids = matches!(kind, None | Some("grid")) && !is_records()?;
        if is_grids {
            let (grid, _) = grid_of(Path::new(""), how.degrees)?;
            return Ok(proved(&gridloom::verify::verify_grids(&source, grid, &made, &limits, resources)?));
        }
        let run = for_proof(&source, wanted, how, watch)?;
        let table = run.source().variables().unwrap_or(Settings::default().table);
        Ok(proved(&gridloom::verify::verify(&run, &made, &table, &limits, resources)?))
    })
}

/// Reads all dumps of a run, and tells what is missing or damaged.
#[pyfunction]
#[pyo3(signature = (source, settings, how, progress=None))]
pub(crate) fn check(
    py: Python<'_>,
    source: PathBuf,
    settings: &str,
    how: &str,
    progress: Option<Bound<'_, PyAny>>,
) -> PyResult<String> {
    told(py, (settings, how), progress.as_ref(), |wanted, how, watch| {
        let run: Run = open(&source, how.opened(Some(wanted.resources()?)), None, watch)?;
        let limits = wanted.limits()?;
        let survey = survey::survey(&run, &run.cells, &with_holes(&run.periods()), Depth::Deep, &limits)?;
        let mixture = mixture::look(&run, &survey, &survey.spans);
        let years = caete::look_at_years(&run, &run.cells, &limits);
        let table = run.source().variables().unwrap_or(Settings::default().table);
        let mut empty = survey.empty_cells(&run, &table);
        empty.extend(years.empty);
        let there = run.periods();
        let missing = run.cells.iter().flat_map(|cell| {
            let lacks = there.iter().filter(|&&period| !cell.has(period));
            lacks.map(|period| object!({ "cell": cell.cell, "period": period }))
        });
        let mut faults = run.faults.clone();
        faults.extend(survey.faults.iter().cloned());
        faults.extend(years.faults);
        let lost: Vec<String> = survey.lost.iter().map(|lost| lost.words(&survey.unit)).collect();
        Ok(object!({
            "run": run.name,
            "cells": run.cells.len(),
            "dumps": run.cells.iter().map(|cell| cell.periods.len()).sum::<usize>(),
            "missing": missing.collect::<Vec<_>>(),
            "faults": faults,
            "lost_periods": lost,
            "empty_cells": empty,
            "remarks": mixture.lines(),
            "is_doubtful": mixture.is_doubtful(),
            "records": run.source().account(),
        }))
    })
}

/// Draws a figure; its bytes, title, description and what was chosen.
#[pyfunction]
#[pyo3(signature = (spec, format, output=None, overwrite=false, threads=1, progress=None))]
pub(crate) fn picture<'py>(
    py: Python<'py>,
    spec: &str,
    format: &str,
    output: Option<PathBuf>,
    overwrite: bool,
    threads: usize,
    progress: Option<Bound<'py, PyAny>>,
) -> PyResult<(Bound<'py, PyBytes>, String, String, Vec<String>)> {
    let spec: Spec = parse(spec)?;
    let (bytes, title, description, choices) = work(py, threads, progress.as_ref(), |_| {
        let format = match &output {
            Some(output) => Format::of(output)?,
            None => Format::of(format!("figure.{format}"))?,
        };
        if let Some(output) = &output {
            figure::output::check(output, overwrite)?;
        }
        spec.refuse_too_wide(format)?;
        let mut gather = Gather::default();
        let draft = Draft::of(&spec, &mut gather)?;
        let choices = draft.choices().to_vec();
        let scene = draft.draw(&spec, &gather.run())?;
        let bytes = draw::encode(&scene, format, spec.dots())?;
        if let Some(output) = &output {
            figure::publish(output, &bytes)?;
        }
        Ok((bytes, scene.title, scene.description, choices))
    })?;
    Ok((PyBytes::new(py, &bytes), title, description, choices))
}

/// Makes the page of a folder of grids; its text, variables and what was left out.
#[pyfunction]
#[pyo3(signature = (folder, variables, output=None, overwrite=false, threads=1, progress=None))]
#[allow(clippy::type_complexity, reason = "a tuple that Python takes apart")]
pub(crate) fn report(
    py: Python<'_>,
    folder: PathBuf,
    variables: Vec<String>,
    output: Option<PathBuf>,
    overwrite: bool,
    threads: usize,
    progress: Option<Bound<'_, PyAny>>,
) -> PyResult<(String, Vec<String>, Vec<(String, String)>)> {
    let page = work(py, threads, progress.as_ref(), |_| {
        if let Some(output) = &output {
            figure::output::check(output, overwrite)?;
        }
        let page = page::of_folder(&folder, &variables)?;
        if let Some(output) = &output {
            figure::publish(output, page.html.as_bytes())?;
        }
        Ok(page)
    })?;
    Ok((page.html, page.variables, page.omitted))
}
