//! A model's grid beside observations.

use std::path::PathBuf;

use gridloom::evaluate::{AreaCells, Evaluated, Evaluation, EvaluationTable, Observed, ScoredArea};
use gridloom::grid::read::Interval;
use gridloom::mask::{self, TrueIs};
use gridloom::{Argument, Error, Result};
use pyo3::prelude::*;
use serde::Deserialize;

use super::errors::bug;
use super::json;
use super::work::work;

/// What is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    model: PathBuf,
    observed: PathBuf,
    is_table: bool,
    variable: Option<String>,
    observed_variable: Option<String>,
    observed_units: Option<String>,
    every: Option<String>,
    start: Option<String>,
    stop: Option<String>,
    coverage: f64,
    areas: Vec<(String, [f64; 4])>,
    masks: Vec<PathBuf>,
    true_is: Option<TrueIs>,
}

impl Asked {
    /// The evaluation, and what is to be told of its masks.
    fn evaluation(&self) -> Result<(Evaluation, Vec<String>)> {
        let mut remarks = Vec::new();
        let (path, variable) = (self.observed.clone(), self.observed_variable.clone());
        let observed = match self.is_table {
            true => Observed::Stations(path, variable),
            false => Observed::Map(path, variable),
        };
        let date = |argument: Argument, text: &Option<String>| {
            let parsed = text.as_deref().map(|text| {
                text.parse().map_err(|_| Error::selection(argument, text, "wants a date as YYYY-MM-DD"))
            });
            parsed.transpose()
        };
        let mut evaluation = Evaluation::new(&self.model, observed);
        evaluation.variable.clone_from(&self.variable);
        evaluation.observed_units.clone_from(&self.observed_units);
        evaluation.every = match self.every.as_deref() {
            None => None,
            Some("day") => Some(Interval::Day),
            Some("month") => Some(Interval::Month),
            Some("season") => Some(Interval::Season),
            Some("year") => Some(Interval::Year),
            Some(other) => {
                return Err(Error::selection(Argument::Every, other, "wants day, month, season or year"));
            }
        };
        evaluation.from = date(Argument::From, &self.start)?;
        evaluation.to = date(Argument::To, &self.stop)?;
        evaluation.coverage = self.coverage;
        let boxes = self.areas.iter();
        let boxes =
            boxes.map(|(name, degrees)| ScoredArea { name: name.clone(), cells: AreaCells::Box(*degrees) });
        evaluation.areas = boxes.collect();
        if !self.masks.is_empty() {
            let grid = evaluation.grid()?;
            for path in &self.masks {
                let mask = mask::read(path, grid, self.true_is)?;
                remarks.extend(mask.remarks);
                let regions = mask.regions.into_iter();
                evaluation.areas.extend(regions.map(|region| ScoredArea {
                    name: region.name,
                    cells: AreaCells::Around(region.cells.iter().map(|&cell| grid.centre(cell)).collect()),
                }));
            }
        }
        Ok((evaluation, remarks))
    }
}

/// Compares; what was found, and its tables as CSV.
#[pyfunction]
#[pyo3(signature = (asked, threads, progress=None))]
pub(crate) fn evaluate(
    py: Python<'_>,
    asked: &str,
    threads: usize,
    progress: Option<Bound<'_, PyAny>>,
) -> PyResult<(String, Vec<String>)> {
    let asked: Asked = serde_json::from_str(asked).map_err(|error| bug(error.to_string()))?;
    let found: Evaluated = work(py, threads, progress.as_ref(), |watch| {
        let (evaluation, remarks) = asked.evaluation()?;
        let mut found = evaluation.run(watch)?;
        found.remarks.splice(0..0, remarks);
        Ok(found)
    })?;
    let tables = EvaluationTable::ALL.map(|table| found.csv(table)).to_vec();
    Ok((json(&found)?, tables))
}
