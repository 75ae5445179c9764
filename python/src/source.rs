//! Runs, archives of them and files of records, opened.

use std::path::{Path, PathBuf};

use gridloom::archive::{Archive, State, run_of};
use gridloom::observer::{Nobody, Observer};
use gridloom::plan::Resources;
use gridloom::records::{self, Gathering, Records};
use gridloom::{Error, Grid, Run};
use pyo3::prelude::*;

use super::json;
use super::settings::parse;
use super::table::Table;
use super::view::{Known, View};
use super::work::work;

/// What a path names: `run`, `archive`, `records`, `grid` (a file of grids), or nothing of these. Reads some bytes.
#[pyfunction]
pub(crate) fn kind_of(path: PathBuf) -> Option<&'static str> {
    if path.is_file() {
        return match () {
            () if gridloom::archive::is_archive(&path) => Some("archive"),
            () if records::is_description(&path) => Some("records"),
            () if gridloom::archive::is_hdf5(&path) => Some("grid"),
            () => None,
        };
    }
    (gridloom::caete::is_run(&path) || gridloom::caete::input::is_input(&path)).then_some("run")
}

/// Has another process look at gridded files before they are opened: some that are damaged end the process that opens them. The program is the one
/// that the wheel brought along.
#[pyfunction]
pub(crate) fn look_through(program: PathBuf) {
    gridloom::probe::through(program);
}

/// How a path is opened.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Opened<'a> {
    /// The size of a grid's cells where it is not the model's.
    pub degrees: Option<f64>,
    /// What files of records are read as.
    pub preset: Option<&'a str>,
    /// Threads and memory that files of records are read with, where these are said.
    pub resources: Option<Resources>,
    /// Whether records are read by another reader than before.
    pub is_proof: bool,
}

/// Where work on records keeps them: its folder, its part, and whether it begins anew.
pub(crate) type Kept<'a> = (&'a Path, (u32, u32), bool);

/// Opens a path; records are kept in a folder of work, where one is given, or aside.
pub(crate) fn open(
    path: &Path,
    how: Opened<'_>,
    kept: Option<Kept<'_>>,
    observer: &dyn Observer,
) -> gridloom::Result<Run> {
    if let Some(found) = records_of(path, how.preset)? {
        let found = if how.is_proof { found.for_proof() } else { found };
        let mut gathering = Gathering::detect();
        if let Some(Resources { threads, memory, .. }) = how.resources {
            gathering = gathering.threads(threads).memory(memory);
        }
        return match kept {
            Some((output, task, is_fresh)) => {
                let folder = records::folder_in(output)?;
                if is_fresh {
                    records::forget(&folder)?;
                }
                found.gather(&folder, gathering.task(task), observer)
            }
            None => found.gather_aside(gathering, observer),
        };
    }
    match how.degrees {
        Some(degrees) => {
            let grid = Grid::from_resolution(degrees).ok_or_else(|| {
                let reason = "does not divide the globe";
                Error::selection(gridloom::Argument::Resolution, degrees, reason)
            })?;
            gridloom::open_on(path, grid)
        }
        None => gridloom::open(path),
    }
}

/// The records that a path names, if it does; an archive is none, whatever its bytes look like.
pub(crate) fn records_of(path: &Path, preset: Option<&str>) -> gridloom::Result<Option<Records>> {
    match preset.is_none() && (path.is_dir() || gridloom::archive::is_archive(path)) {
        true => Ok(None),
        false => Records::of_path(path, preset),
    }
}

/// A run, an archive or records, open for reading. An archive is read in the state in which it was opened.
#[pyclass(frozen, module = "gridloom._gridloom")]
pub(crate) struct Source {
    run: Run,
    state: Option<State>,
    /// `run`, `archive` or `records`.
    form: &'static str,
}

#[pymethods]
impl Source {
    /// Opens a path; an archive in a state that is given, as `state` has it of one that was opened before.
    #[staticmethod]
    #[pyo3(signature = (path, degrees=None, state=None, preset=None, threads=1, progress=None))]
    fn open(
        py: Python<'_>,
        path: PathBuf,
        degrees: Option<f64>,
        state: Option<&str>,
        preset: Option<&str>,
        threads: usize,
        progress: Option<Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let state: Option<State> = state.map(parse).transpose()?;
        work(py, threads, progress.as_ref(), |watch| {
            let is_records = preset.is_some() || records_of(&path, None)?.is_some();
            if path.is_file() && !is_records {
                let archive = match &state {
                    Some(state) => Archive::open_in(&path, state)?,
                    None => Archive::open(&path)?,
                };
                let state = Some(archive.state()?);
                return Ok(Source { run: run_of(archive)?, state, form: "archive" });
            }
            let run = open(&path, Opened { degrees, preset, ..Opened::default() }, None, watch)?;
            Ok(Source { run, state: None, form: if is_records { "records" } else { "run" } })
        })
    }

    /// The kind of source, as the library calls it.
    #[getter]
    fn kind(&self) -> String {
        self.run.kind.clone()
    }

    /// What the path is: `run`, `archive` or `records`.
    #[getter]
    fn form(&self) -> &'static str {
        self.form
    }

    #[getter]
    fn name(&self) -> String {
        self.run.name.clone()
    }

    #[getter]
    fn path(&self) -> PathBuf {
        self.run.path.clone()
    }

    /// The state of an archive, for others who are to read the same.
    #[getter]
    fn state(&self) -> PyResult<Option<String>> {
        self.state.as_ref().map(json).transpose()
    }

    /// Row, column, latitude and longitude of each cell, from north to south and west to east.
    fn cells(&self) -> Vec<(u32, u32, f64, f64)> {
        let of = |cell: gridloom::Cell| {
            let [lat, lon] = self.run.grid.centre(cell);
            (cell.row, cell.column, lat, lon)
        };
        self.run.cells.iter().map(|own| of(own.cell)).collect()
    }

    /// The numbers of the periods that any cell has.
    fn periods(&self) -> Vec<u32> {
        self.run.periods()
    }

    /// The grid in words.
    fn grid(&self) -> String {
        self.run.grid.words()
    }

    /// What could not be listed, as JSON.
    fn faults(&self) -> PyResult<String> {
        json(&self.run.faults)
    }

    /// A view of values; the one of another process where its time and digest are given.
    #[pyo3(signature = (settings, known=None, threads=1, progress=None))]
    fn view(
        &self,
        py: Python<'_>,
        settings: &str,
        known: Option<Known>,
        threads: usize,
        progress: Option<Bound<'_, PyAny>>,
    ) -> PyResult<View> {
        let wanted: super::settings::Wanted = parse(settings)?;
        work(py, threads, progress.as_ref(), |watch| {
            let view = View::of(&self.run, &wanted, known);
            wanted.remarks.tell(watch);
            view
        })
    }

    /// Rows of the one table that is wanted.
    #[pyo3(signature = (name, settings, threads=1, progress=None))]
    fn table(
        &self,
        py: Python<'_>,
        name: &str,
        settings: &str,
        threads: usize,
        progress: Option<Bound<'_, PyAny>>,
    ) -> PyResult<Table> {
        let wanted: super::settings::Wanted = parse(settings)?;
        work(py, threads, progress.as_ref(), |watch| Table::of(&self.run, name, &wanted, watch))
    }

    /// The cell that a place in degrees is in.
    fn cell_at(&self, lat: f64, lon: f64) -> Option<(u32, u32)> {
        self.run.grid.cell_at(lat, lon).map(|cell| (cell.row, cell.column))
    }
}

/// Opens a path without telling anybody.
pub(crate) fn open_quietly(path: &Path, how: Opened<'_>) -> gridloom::Result<Run> {
    open(path, how, None, &Nobody)
}
