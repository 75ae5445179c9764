//! Rows of a table of a run, by Arrow's C interface: no file, and no copy.

use std::sync::Arc;
use std::time::Duration;

use gridloom::pipeline::{Rows, Waited};
use gridloom::table::form::arrow_array::ffi_stream::FFI_ArrowArrayStream;
use gridloom::table::form::arrow_array::{RecordBatch, RecordBatchReader};
use gridloom::table::form::arrow_schema::ffi::FFI_ArrowSchema;
use gridloom::table::form::arrow_schema::{ArrowError, SchemaRef};
use gridloom::{Plan, Run};
use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use super::errors::{bug, raise};
use super::json;
use super::settings::Wanted;
use super::work::Watch;

/// How long rows are waited for before Python's signals are looked after.
const PATIENCE: Duration = Duration::from_millis(50);

/// A table that is planned.
#[pyclass(frozen, module = "gridloom._gridloom")]
pub(crate) struct Table {
    plan: Arc<Plan>,
    schema: SchemaRef,
}

impl Table {
    pub fn of(run: &Run, name: &str, wanted: &Wanted, watch: &Watch) -> gridloom::Result<Self> {
        let (run, mut settings) = wanted.prepared(run.clone())?;
        wanted.remarks.tell(watch);
        // Of a word that means several tables, that which has it for a name.
        let kinds = settings.tables.as_mut().map(|tables| &mut tables.kinds);
        if let Some(kinds) = kinds.filter(|kinds| kinds.iter().any(|kind| kind.name() == name)) {
            kinds.retain(|kind| kind.name() == name);
        }
        let plan = Plan::new(run, settings)?;
        let schema = Rows::schema_of(&plan)?;
        Ok(Table { plan: Arc::new(plan), schema })
    }
}

#[pymethods]
impl Table {
    /// The columns: name, type, units and long name.
    fn columns(&self) -> Vec<(String, String, Option<String>, Option<String>)> {
        let fields = self.schema.fields().iter();
        let columns = fields.map(|field| {
            let said = |key: &str| field.metadata().get(key).filter(|text| !text.is_empty()).cloned();
            (field.name().clone(), field.data_type().to_string(), said("units"), said("long_name"))
        });
        columns.collect()
    }

    /// A capsule of the schema.
    fn schema<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let schema = FFI_ArrowSchema::try_from(self.schema.as_ref());
        let schema = schema.map_err(|error| bug(error.to_string()))?;
        PyCapsule::new_with_value(py, schema, c"arrow_schema")
    }

    /// A capsule of a stream of all rows, which begins anew each time.
    fn stream<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let plan = self.plan.clone();
        let rows = py.detach(|| Rows::new(plan)).map_err(|error| raise(&error))?;
        let stream = FFI_ArrowArrayStream::new(Box::new(Stream { rows }));
        PyCapsule::new_with_value(py, stream, c"arrow_array_stream")
    }
}

/// Rows for whoever reads the stream, on any thread.
struct Stream {
    rows: Rows,
}

impl Stream {
    /// The next rows. The interpreter's lock is let go while they are waited for, whether or not the reader holds it.
    fn next_in(&mut self, py: Python<'_>) -> Result<Option<RecordBatch>, ArrowError> {
        loop {
            let waited = py.detach(|| self.rows.wait(PATIENCE));
            py.check_signals().map_err(|error| interrupted(py, &error))?;
            // A signal can come while Python is told as well.
            self.tell(py).map_err(|error| match error.is_instance_of::<PyKeyboardInterrupt>(py) {
                true => interrupted(py, &error),
                false => failed(error.to_string()),
            })?;
            match waited {
                Ok(Waited::Rows(rows)) => return Ok(Some(rows)),
                Ok(Waited::End) => return Ok(None),
                Ok(Waited::Not) => {}
                Err(error) => return Err(failed(raise(&error).value(py).to_string())),
            }
        }
    }

    /// Warns of what could not be read.
    fn tell(&mut self, py: Python<'_>) -> PyResult<()> {
        let open = || py.import("gridloom._open");
        let lost = self.rows.take_lost();
        if !lost.is_empty() {
            open()?.call_method1("tell", (lost, 2))?;
        }
        let faults = self.rows.take_faults();
        if !faults.is_empty() {
            open()?.call_method1("warn", (json(&faults)?, 2))?;
        }
        Ok(())
    }
}

fn failed(text: String) -> ArrowError {
    ArrowError::ExternalError(text.into())
}

/// The reader has a way for a text only, so that an interrupt is raised once more, behind it.
fn interrupted(py: Python<'_>, error: &PyErr) -> ArrowError {
    let name = error.get_type(py).name().map_or_else(|_| "a signal".to_owned(), |name| name.to_string());
    let failure = failed(format!("the rows are not read to their end: {name}"));
    if error.is_instance_of::<PyKeyboardInterrupt>(py)
        && let Ok(threads) = py.import("_thread")
    {
        // From here on no code of Python may run: it would be where the interrupt is raised.
        let _ = threads.call_method0("interrupt_main");
    }
    failure
}

impl Iterator for Stream {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = Python::try_attach(|py| self.next_in(py));
        let ended = || Err(failed("the interpreter has ended".to_owned()));
        next.unwrap_or_else(ended).transpose()
    }
}

impl RecordBatchReader for Stream {
    fn schema(&self) -> SchemaRef {
        self.rows.schema().clone()
    }
}
