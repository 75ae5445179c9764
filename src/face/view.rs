//! Values as a run's gridded files would hold them, read where they are asked for. Nothing is written.

mod cell;

use std::collections::HashMap;
use std::time::{SystemTime, UNIX_EPOCH};

use rayon::prelude::*;

use crate::error::{Argument, Error, Result};
use crate::model::element::Element;
use crate::model::fault::Fault;
use crate::model::grid::Cell;
use crate::observer::{Counted, Observer};
use crate::plan::{Layer, Output, Plan, PlannedCell};
use crate::source::Memory;
use crate::spool::snapshot;
use crate::threads::Pool;
use crate::write::{Schema, Skeleton, Subject};

/// Cells that are read before what they hold is put into its places, for each thread.
const CELLS_AT_ONCE: usize = 32;

/// What gridded files of a plan would hold, value by value as they hold it, read from the run itself.
///
/// A dump that was changed since the view was opened is an error; an archive is read in the state in which it was opened. What cannot be
/// read is masked and told.
///
/// ```
/// use gridloom::observer::Nobody;
/// use gridloom::{Places, Wanted};
///
/// let view = gridloom::open("data/sample_run")?.plan().variables(["npp"]).view()?;
/// let skeleton = view.skeleton(0, false).ok_or("a variable")?;
/// assert_eq!(skeleton.data[0].dimensions, ["time", "lat", "lon"]);
/// // Two days of two by three cells.
/// let wanted = Wanted { output: 0, rows: &[0], steps: &[10, 11], places: Places::Grid { ys: &[0, 1], xs: &[0, 1, 2] } };
/// let slab = view.read(&wanted, 1, &Nobody)?;
/// assert_eq!(slab.bytes.len(), 2 * 2 * 3 * skeleton.data[0].element.size());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct View {
    plan: Plan,
    schema: Schema,
    /// Indices in the plan's cells, from north to south and west to east.
    cells: Vec<usize>,
    /// In nanoseconds since 1970; what was changed later is not what was listed.
    opened: i64,
    /// Whether items are files that others may change meanwhile.
    is_loose: bool,
}

/// Which values are wanted, by numbers from 0 that may come in any order and repeatedly.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The variable, by its place in [`Plan::outputs`].
    pub output: usize,
    /// Its rows, by their places among those that the output has; 0 where it has none.
    pub rows: &'a [usize],
    /// Steps of the axis.
    pub steps: &'a [usize],
    /// Where.
    pub places: Places<'a>,
}

/// Where values are wanted.
#[derive(Debug, Clone, Copy)]
pub enum Places<'a> {
    /// On rows and columns of the window. Values are `[step, row, y, x]`.
    Grid {
        /// Rows of the window, from the north.
        ys: &'a [usize],
        /// Columns of the window, from the west.
        xs: &'a [usize],
    },
    /// Of cells, by their places in [`View::cells`]. Values are `[cell, row, step]`.
    Cells(&'a [usize]),
}

/// Values that were read.
#[derive(Debug, Clone)]
pub struct Slab {
    /// Little endian; [`Element::fill`] where a place is masked.
    pub bytes: Vec<u8>,
    /// What could not be read, or not wholly.
    pub faults: Vec<Fault>,
}

/// A cell that is read, and where its values belong.
struct Task {
    planned: PlannedCell,
    /// Places in a step, or the places of the cell.
    targets: Vec<usize>,
}

/// Bytes from a value to that of the next step, row and place.
struct Strides {
    step: usize,
    row: usize,
    place: usize,
}

impl View {
    /// A view of what a plan would make.
    pub fn new(plan: Plan) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos());
        let mut cells: Vec<usize> = (0..plan.cells.len()).collect();
        cells.sort_by_key(|&index| plan.cells.get(index).map(|planned| planned.cell));
        let is_loose = plan.run.path.is_dir();
        let opened = i64::try_from(now).unwrap_or(i64::MAX);
        View { plan, schema: Schema::of_nothing_made(), cells, opened, is_loose }
    }

    /// When it was opened, in nanoseconds since 1970.
    pub fn opened(&self) -> i64 {
        self.opened
    }

    /// The view that another one is, of the same run and settings, maybe in another process: with its time, and with all that it listed.
    ///
    /// # Errors
    /// [`Changed`](crate::ErrorKind::Changed) where that is another now.
    pub fn as_of(self, opened: i64, digest: u64) -> Result<Self> {
        match self.digest()? == digest {
            true => Ok(View { opened, ..self }),
            false => {
                Err(Error::changed(&self.plan.run.path, "its cells, periods, dates or variables are others"))
            }
        }
    }

    /// A digest of all that was listed and planned: cells, periods, steps, variables.
    ///
    /// # Errors
    /// [`Bug`](crate::ErrorKind::Bug) where the plan cannot be written down.
    pub fn digest(&self) -> Result<u64> {
        snapshot::basis(&self.plan)
    }

    /// All layers of the plan's first cell on all steps, one behind the other, and what could not be read. Each dump is read once.
    pub(super) fn of_first_cell(&self) -> Result<(Vec<u8>, Vec<Fault>)> {
        let cell = self.cells.first().and_then(|&index| self.plan.cells.get(index));
        let cell = cell.ok_or_else(|| Error::bug("a view without a cell"))?;
        let steps: Vec<usize> = (0..self.plan.axis.days as usize).collect();
        self.series(*cell, &self.plan.layers, &steps, &mut Memory::default())
    }

    /// The plan: run, axis, window, variables, and what is known to be missing.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The cells, from north to south and west to east.
    pub fn cells(&self) -> impl ExactSizeIterator<Item = Cell> {
        self.cells.iter().map(|&index| {
            let planned = self.plan.cells.get(index);
            planned.map_or(Cell { row: 0, column: 0 }, |planned| planned.cell)
        })
    }

    /// What the file of a variable would hold beside its values, but for what is said of its making; none where there is no such output. With
    /// `is_of_all` its own attributes are those of a set of all variables.
    pub fn skeleton(&self, output: usize, is_of_all: bool) -> Option<Skeleton> {
        let output = self.plan.outputs.get(output)?;
        let subject = Subject::daily(&self.plan, output);
        Some(self.schema.skeleton(&Subject { is_store: is_of_all, ..subject }, &[]))
    }

    /// Reads values, on so many threads.
    ///
    /// Memory: the result, and for each thread an item and some cells' series.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where a number is that of nothing; [`Changed`](crate::ErrorKind::Changed), [`Stopped`](crate::ErrorKind::Stopped).
    pub fn read(&self, wanted: &Wanted<'_>, threads: usize, observer: &dyn Observer) -> Result<Slab> {
        let outside = |what: &str, number: usize, count: usize| {
            let reason = format!("there are {count} {what}, counted from 0");
            Error::selection(Argument::Points, number, reason)
        };
        let count = self.plan.outputs.len();
        let output = self.plan.outputs.get(wanted.output);
        let output = output.ok_or_else(|| outside("variables", wanted.output, count))?;
        let layers =
            self.layers(output, wanted.rows).map_err(|row| outside("rows", row, output.layers.len()))?;
        let days = self.plan.axis.days as usize;
        if let Some(&step) = wanted.steps.iter().find(|&&step| step >= days) {
            return Err(outside("steps", step, days));
        }
        let (tasks, places, is_by_cell) = match wanted.places {
            Places::Grid { ys, xs } => {
                let (rows, columns) = (self.plan.window.rows as usize, self.plan.window.columns as usize);
                let beyond = |all: &[usize], most: usize| all.iter().copied().find(|&one| one >= most);
                if let Some(y) = beyond(ys, rows) {
                    return Err(outside("rows of the window", y, rows));
                }
                if let Some(x) = beyond(xs, columns) {
                    return Err(outside("columns of the window", x, columns));
                }
                (self.on_grid(ys, xs), ys.len() * xs.len(), false)
            }
            Places::Cells(cells) => {
                let count = self.cells.len();
                let tasks = self.of_cells(cells).map_err(|cell| outside("cells", cell, count))?;
                (tasks, cells.len(), true)
            }
        };
        let size = output.element.size();
        let (steps, rows) = (wanted.steps.len(), wanted.rows.len());
        let strides = match is_by_cell {
            true => Strides { step: size, row: steps * size, place: rows * steps * size },
            false => Strides { step: rows * places * size, row: places * size, place: size },
        };
        let mut slab = Slab { bytes: filled(output.element, [steps, rows, places])?, faults: Vec::new() };
        if slab.bytes.is_empty() {
            return Ok(slab);
        }
        let pool = if threads > 1 && tasks.len() > 1 { Some(Pool::new(threads)?) } else { None };
        let work = |memory: &mut Memory, task: &Task| {
            if observer.is_stopped() {
                return Err(Error::stopped(0, tasks.len() as u64));
            }
            let read = self.series(task.planned, &layers, wanted.steps, memory);
            observer.advanced(Counted::Cells, 1);
            read
        };
        observer.started(Counted::Cells, tasks.len() as u64, 0);
        let mut memory = Memory::default();
        for batch in tasks.chunks(CELLS_AT_ONCE * threads.max(1)) {
            let read: Vec<_> = match &pool {
                Some(pool) => pool.install(|| {
                    let each = batch.par_iter().map_init(Memory::default, work);
                    each.collect::<Result<_>>()
                })?,
                None => batch.iter().map(|task| work(&mut memory, task)).collect::<Result<_>>()?,
            };
            for (task, (series, faults)) in batch.iter().zip(read) {
                slab.faults.extend(faults);
                for &target in &task.targets {
                    scatter(&series, &mut slab.bytes, target * strides.place, &strides, [rows, steps, size]);
                }
            }
        }
        Ok(slab)
    }

    /// The layers of an output's rows.
    fn layers(&self, output: &Output, rows: &[usize]) -> std::result::Result<Vec<Layer>, usize> {
        let all = self.plan.layers.get(output.layers.clone()).unwrap_or_default();
        rows.iter().map(|&row| all.get(row).cloned().ok_or(row)).collect()
    }

    fn on_grid(&self, ys: &[usize], xs: &[usize]) -> Vec<Task> {
        let places = |wanted: &[usize]| {
            let mut of: HashMap<usize, Vec<usize>> = HashMap::new();
            wanted.iter().enumerate().for_each(|(place, &one)| of.entry(one).or_default().push(place));
            of
        };
        let (of_y, of_x) = (places(ys), places(xs));
        let task = |&index: &usize| {
            let planned = *self.plan.cells.get(index)?;
            let (row, column) = self.plan.window.position(planned.cell)?;
            let (tops, lefts) = (of_y.get(&(row as usize))?, of_x.get(&(column as usize))?);
            let targets = tops.iter().flat_map(|top| lefts.iter().map(move |left| top * xs.len() + left));
            Some(Task { planned, targets: targets.collect() })
        };
        self.cells.iter().filter_map(task).collect()
    }

    fn of_cells(&self, wanted: &[usize]) -> std::result::Result<Vec<Task>, usize> {
        let mut of: HashMap<usize, usize> = HashMap::new();
        let mut tasks: Vec<Task> = Vec::new();
        for (place, &cell) in wanted.iter().enumerate() {
            let index = self.cells.get(cell).ok_or(cell)?;
            let number = *of.entry(cell).or_insert(tasks.len());
            match tasks.get_mut(number) {
                Some(task) => task.targets.push(place),
                None => {
                    let planned = *self.plan.cells.get(*index).ok_or(cell)?;
                    tasks.push(Task { planned, targets: vec![place] });
                }
            }
        }
        Ok(tasks)
    }
}

/// As many masked values.
fn filled(element: Element, shape: [usize; 3]) -> Result<Vec<u8>> {
    let size = element.size();
    let bytes = shape.iter().try_fold(size, |all, length| all.checked_mul(*length));
    let mut filled = Vec::new();
    let room = bytes.and_then(|bytes| filled.try_reserve_exact(bytes).ok().map(|()| bytes));
    let Some(bytes) = room else {
        let [steps, rows, places] = shape.map(|length| length as u64);
        let needed = steps.saturating_mul(rows).saturating_mul(places).saturating_mul(size as u64);
        return Err(Error::memory(0, needed));
    };
    let fill = element.fill_bytes();
    (0..bytes / size).for_each(|_| filled.extend_from_slice(fill));
    Ok(filled)
}

/// Puts a cell's values, row after row, where they belong.
fn scatter(series: &[u8], target: &mut [u8], first: usize, strides: &Strides, shape: [usize; 3]) {
    let [rows, steps, size] = shape;
    let row_bytes = steps * size;
    for (row, values) in series.chunks_exact(row_bytes.max(1)).take(rows).enumerate() {
        let start = first + row * strides.row;
        if strides.step == size {
            if let Some(target) = target.get_mut(start..start + row_bytes) {
                target.copy_from_slice(values);
            }
            continue;
        }
        for (step, value) in values.chunks_exact(size).enumerate() {
            let at = start + step * strides.step;
            if let Some(target) = target.get_mut(at..at + size) {
                target.copy_from_slice(value);
            }
        }
    }
}
