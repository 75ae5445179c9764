//! Values of a run where they are asked for.

use std::collections::HashSet;

use gridloom::model::fault::Fault;
use gridloom::pipeline::LostReport;
use gridloom::plan::{OutputRows, Plan};
use gridloom::{Places, Run, Wanted as WantedValues};
use numpy::{IntoPyArray, PyArray1};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::json as object;

use super::errors::raise;
use super::json;
use super::schema;
use super::settings::Wanted;
use super::work::work;

/// The time and digest of a view of another process.
pub(crate) type Known = (i64, u64);

/// Values as bytes, and as JSON what could not be read.
type Read<'py> = (Bound<'py, PyArray1<u8>>, Option<String>);

/// What gridded files of a run would hold.
#[pyclass(frozen, module = "gridloom._gridloom")]
pub(crate) struct View {
    view: gridloom::View,
}

impl View {
    pub fn of(run: &Run, wanted: &Wanted, known: Option<Known>) -> gridloom::Result<Self> {
        let (run, settings) = wanted.prepared(run.clone())?;
        let view = gridloom::View::new(Plan::new(run, settings)?);
        Ok(View {
            view: match known {
                Some((opened, digest)) => view.as_of(opened, digest)?,
                None => view,
            },
        })
    }

    fn read<'py>(
        &self,
        py: Python<'py>,
        wanted: &WantedValues<'_>,
        threads: usize,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Read<'py>> {
        let slab = work(py, 1, progress, |watch| self.view.read(wanted, threads, watch))?;
        let faults: &[Fault] = &slab.faults;
        let faults = if faults.is_empty() { None } else { Some(json(&faults)?) };
        Ok((slab.bytes.into_pyarray(py), faults))
    }
}

#[pymethods]
impl View {
    /// When it was opened, and a digest of all that was listed then.
    #[getter]
    fn known(&self) -> PyResult<Known> {
        let digest = self.view.digest().map_err(|error| raise(&error))?;
        Ok((self.view.opened(), digest))
    }

    /// Time, variables and losses as JSON.
    fn summary(&self) -> PyResult<String> {
        let plan = self.view.plan();
        let axis = plan.axis();
        let last = i64::from(axis.days) - 1;
        let variables: Vec<_> = plan
            .outputs()
            .iter()
            .map(|output| {
                let info = plan.settings().table.get(&output.key);
                object!({
                    "name": output.name,
                    "key": output.key,
                    "type": output.element.name(),
                    "fill": output.element.fill().get(..output.element.size()),
                    "rows": matches!(output.rows, OutputRows::Dimension(_)).then(|| output.layers.len()),
                    "units": info.and_then(|info| info.units.clone()),
                    "long_name": info.map(|info| info.long_name.clone()),
                })
            })
            .collect();
        let periods: Vec<_> = plan
            .periods()
            .iter()
            .map(|span| {
                let first = span.first_day - axis.first_day;
                let label = |step: i64| axis.label(step);
                let (start, end) = (label(first), label(first + span.days() - 1));
                object!({ "period": span.period, "first": first, "start": start, "end": end })
            })
            .collect();
        let account = plan.run().source().account();
        json(&object!({
            "time": {
                "start": axis.label(0),
                "end": axis.label(last),
                "steps": axis.days,
                "units": axis.unit.text(),
                "calendar": axis.unit.calendar().name(),
                "step": axis.unit.step().to_string(),
            },
            "variables": variables,
            "periods": periods,
            "faults": plan.missing(),
            "remarks": plan.mixture().lines(),
            "absent": plan.absent(),
            "lost_periods": LostReport::of(plan),
            "lost_variables": plan.lost_variables().collect::<Vec<_>>(),
            "records": account,
        }))
    }

    /// The date, and of shorter steps the time, of each step: ISO 8601 in the calendar of the run.
    fn labels(&self) -> Vec<Option<String>> {
        let axis = self.view.plan().axis();
        (0..i64::from(axis.days)).map(|step| axis.label(step)).collect()
    }

    /// Row and column of each cell of the view.
    fn cells(&self) -> Vec<(u32, u32)> {
        self.view.cells().map(|cell| (cell.row, cell.column)).collect()
    }

    /// What files would hold beside values: a list of variables with attributes, each with coordinates that those before it lack.
    fn schema<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyDict>>> {
        let count = self.view.plan().outputs().len();
        let skeletons = (0..count).filter_map(|output| self.view.skeleton(output, count > 1));
        let mut given = HashSet::new();
        let mut all = Vec::new();
        for skeleton in skeletons {
            for data in &skeleton.data {
                all.push(schema::of(py, &skeleton, data, &mut given)?);
            }
        }
        Ok(all)
    }

    /// `[step, row, y, x]`, as bytes.
    #[pyo3(signature = (output, rows, steps, ys, xs, threads=1, progress=None))]
    #[allow(clippy::too_many_arguments, reason = "Python gives them by position")]
    fn read_grid<'py>(
        &self,
        py: Python<'py>,
        output: usize,
        rows: Vec<usize>,
        steps: Vec<usize>,
        ys: Vec<usize>,
        xs: Vec<usize>,
        threads: usize,
        progress: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Read<'py>> {
        let places = Places::Grid { ys: &ys, xs: &xs };
        let wanted = WantedValues { output, rows: &rows, steps: &steps, places };
        self.read(py, &wanted, threads, progress.as_ref())
    }

    /// `[cell, row, step]`, as bytes.
    #[pyo3(signature = (output, rows, steps, cells, threads=1, progress=None))]
    #[allow(clippy::too_many_arguments, reason = "Python gives them by position")]
    fn read_cells<'py>(
        &self,
        py: Python<'py>,
        output: usize,
        rows: Vec<usize>,
        steps: Vec<usize>,
        cells: Vec<usize>,
        threads: usize,
        progress: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Read<'py>> {
        let wanted = WantedValues { output, rows: &rows, steps: &steps, places: Places::Cells(&cells) };
        self.read(py, &wanted, threads, progress.as_ref())
    }
}
