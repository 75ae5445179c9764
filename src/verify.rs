//! Proof that files hold what the dumps do: every value, mask, coordinate and date.
//!
//! Both sides are read anew, and by other ways than they were written: files through the NetCDF library, positions from the
//! coordinates that stand in them, values straight from the dumps. Shared with the writer are only the reader of dumps and
//! the rule which dumps count (`plan`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::dump::{Dump, Limits};
use crate::error::{Error, Result};
use crate::model::grid::{Cell, Grid};
use crate::model::variables::VariableTable;
use crate::pipeline::FileKind;
use crate::pipeline::overlap;
use crate::place;
use crate::plan::selection::ALL_PERIODS;
use crate::plan::{Area, Plan, Resources, Selection, Settings};
use crate::run::Run;
use crate::run::fault::{Fault, FaultKind};
use crate::threads::Pool;

pub(crate) mod file;
mod slab;

use file::GridFile;
use slab::{Slab, Tally};

/// Differences that are kept in full; all are counted.
const SHOWN: usize = 20;

/// What was compared, and what differs.
#[derive(Debug, Default, serde::Serialize)]
pub struct Verification {
    /// Files read.
    pub files: usize,
    /// Dumps read.
    pub dumps: u64,
    /// Values compared bit by bit.
    pub values: u64,
    /// NaN in dumps that are masked in files.
    pub nan: u64,
    /// Places without a dump that were found masked.
    pub masked: u64,
    /// Coordinates, bounds and dates compared.
    pub coordinates: u64,
    /// Everything that differs.
    pub differences: u64,
    /// The first of them.
    pub first_differences: Vec<Difference>,
    /// Files in the folder that `report.json` does not name; they were passed over.
    pub not_listed: Vec<String>,
    /// Files that are no daily grids, and hold nothing that stands in a dump as it is.
    pub not_compared: Vec<String>,
    /// Inputs that could not be used; their places must be, and are counted as, masked.
    pub faults: Vec<Fault>,
}

/// One difference between dumps and a file.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Difference {
    /// The file.
    pub file: String,
    /// The cell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cell: Option<Cell>,
    /// The date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// What the dump says.
    pub expected: String,
    /// What the file says.
    pub found: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some(cell) = self.cell {
            write!(f, ", cell {cell}")?;
        }
        if let Some(date) = &self.date {
            write!(f, ", {date}")?;
        }
        write!(f, ": the dumps say {}, the file says {}", self.expected, self.found)
    }
}

impl Verification {
    fn differ(&mut self, difference: Difference) {
        self.differences += 1;
        if self.first_differences.len() < SHOWN {
            self.first_differences.push(difference);
        }
    }
}

/// Compares files with the dumps of a run. `path` is a file or a folder of files that [`grid`](crate::pipeline::grid)
/// wrote; the selection of periods and cells is taken from `report.json` beside them, where there is one.
///
/// Memory: the dumps' selected series of some rows of cells in one period, within the budget of `resources`.
///
/// # Errors
/// [`Error::Io`], [`Error::Netcdf`] where a file cannot be read, and those of [`Plan::new`]. Differences are no error.
pub fn verify(
    run: &Run,
    path: &Path,
    table: &VariableTable,
    limits: &Limits,
    resources: Resources,
) -> Result<Verification> {
    let mut files = files(path)?;
    // Without the filter only files that need it cannot be read; those then say so.
    let _ = crate::write::register_zstd();
    let folder = if path.is_dir() { path } else { path.parent().unwrap_or(Path::new(".")) };
    let mut made = Made::read(&folder.join("report.json"));
    let mut result = Verification::default();
    let others = made.take_others();
    files.retain(|path| !others.iter().any(|made| path.ends_with(&made.file)));
    result.not_compared = others.into_iter().map(|made| made.file).collect();
    if path.is_dir() && !made.files.is_empty() {
        // Other files in the folder come from other runs of the program, whose selection is not known any more.
        let (listed, others) = files.into_iter().partition(|path| made.lists(path));
        files = listed;
        result.not_listed = others.iter().map(|path: &PathBuf| path.display().to_string()).collect();
        for made in &made.files {
            if !files.iter().any(|path| path.ends_with(&made.file)) {
                result.differ(Difference {
                    file: made.file.clone(),
                    cell: None,
                    date: None,
                    expected: "a file that report.json names".to_owned(),
                    found: "no such file".to_owned(),
                });
            }
        }
    }
    result.files = files.len();
    let mut groups: BTreeMap<file::Place, Vec<GridFile>> = BTreeMap::new();
    for path in files {
        let file = GridFile::open(&path, &run.grid, &mut result)?;
        groups.entry(file.place.clone()).or_default().push(file);
    }
    for (place, files) in groups {
        group(run, &place, &files, &made, table, limits, resources, &mut result)?;
    }
    result.faults.sort_by(|a, b| (a.cell, a.period, &a.variable).cmp(&(b.cell, b.period, &b.variable)));
    result.faults.dedup();
    Ok(result)
}

fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let list = |source| Error::io("list", path, source);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(list)? {
        let path = entry.map_err(list)?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if path.extension().is_some_and(|extension| extension == "nc") && !hidden {
            files.push(path);
        }
    }
    files.sort();
    match files.is_empty() {
        true => Err(Error::selection("OUT", path.display(), "has no .nc file")),
        false => Ok(files),
    }
}

/// What `report.json` says of the selection.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Made {
    settings: MadeSettings,
    files: Vec<MadeFile>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct MadeFile {
    file: String,
    kind: FileKind,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct MadeSettings {
    periods: Vec<u32>,
    cells: Option<Vec<Cell>>,
}

impl Made {
    fn lists(&self, path: &Path) -> bool {
        self.files.iter().any(|made| path.ends_with(&made.file))
    }

    fn read(path: &Path) -> Self {
        crate::files::read(path)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default()
    }

    /// Takes out what is no daily grid.
    fn take_others(&mut self) -> Vec<MadeFile> {
        let (grids, others) =
            std::mem::take(&mut self.files).into_iter().partition(|made| made.kind == FileKind::Grid);
        self.files = grids;
        others
    }
}

#[allow(clippy::too_many_arguments)]
fn group(
    run: &Run,
    place: &file::Place,
    files: &[GridFile],
    made: &Made,
    table: &VariableTable,
    limits: &Limits,
    resources: Resources,
    result: &mut Verification,
) -> Result<()> {
    let variables = files.iter().map(|file| file.variable.clone()).collect();
    let plan = Plan::new(
        run.clone(),
        Settings {
            selection: Selection {
                variables,
                // What was written is compared, however the periods fit together.
                periods: match made.settings.periods.as_slice() {
                    [] => vec![ALL_PERIODS],
                    periods => periods.iter().map(|&period| period..=period).collect(),
                },
                from: place.first_date(),
                to: place.last_date(),
                area: match &made.settings.cells {
                    Some(cells) => Area::List(cells.clone()),
                    None => Area::Bounds(place.bounds()),
                },
            },
            table: table.clone(),
            limits: *limits,
            resources,
            ..Settings::default()
        },
    )?;
    result.faults.extend(plan.missing.iter().cloned());
    if plan.axis.unit.text() != place.units || plan.axis.unit.calendar().name() != place.calendar {
        for file in files {
            result.differ(Difference {
                file: file.name(),
                cell: None,
                date: None,
                expected: format!(
                    "time in {:?}, {}",
                    plan.axis.unit.text(),
                    plan.axis.unit.calendar().name()
                ),
                found: format!("{:?}, {}", place.units, place.calendar),
            });
        }
        return Ok(());
    }
    let pool = Pool::new(resources.threads)?;
    pool.install(|| blocks(&plan, place, files, result))
}

/// Goes through the window in blocks of rows as high as chunks are, or less where the memory wants it.
fn blocks(plan: &Plan, place: &file::Place, files: &[GridFile], result: &mut Verification) -> Result<()> {
    let height = files.iter().filter_map(|file| file.chunk_rows).min().unwrap_or(16).max(1);
    let width = files.iter().filter_map(|file| file.chunk_columns).min().unwrap_or(16).max(1);
    let longest = plan.periods.iter().map(|period| period.days() as u64).max().unwrap_or(1);
    let cell = plan.memory.cell_bytes(longest).max(1);
    let width = width.min((plan.memory.units_bytes / cell).max(1) as usize);
    let height = height.min((plan.memory.units_bytes / cell / width as u64).max(1) as usize);
    let across = place.columns.div_ceil(width);
    let mut cells: Vec<Vec<Placed>> = vec![Vec::new(); across * place.rows.div_ceil(height)];
    let positions = place.positions();
    for &planned in &plan.cells {
        if let Some((row, column)) = positions(planned.cell)
            && let Some(block) = cells.get_mut(row / height * across + column / width)
        {
            block.push((planned, (row % height, column % width)));
        }
    }
    for (index, cells) in cells.iter().enumerate() {
        let (top, left) = (index / across * height, index % across * width);
        let rows = top..(top + height).min(place.rows);
        let columns = left..(left + width).min(place.columns);
        block(plan, files, cells, rows, columns, result)?;
    }
    Ok(())
}

/// A cell, and its row and column in a block.
type Placed = (crate::plan::PlannedCell, (usize, usize));

/// The selected series of a dump, as they stand in it.
struct CellDump {
    cell: Cell,
    /// Row and column in the block.
    position: (usize, usize),
    /// The day of the axis that the first value belongs to.
    first: i64,
    days: usize,
    /// Values of each layer, little endian; `None` where they cannot be used.
    layers: Vec<Option<Vec<u8>>>,
}

fn block(
    plan: &Plan,
    files: &[GridFile],
    cells: &[Placed],
    rows: std::ops::Range<usize>,
    columns: std::ops::Range<usize>,
    result: &mut Verification,
) -> Result<()> {
    let mut tallies: Vec<Tally> = files.iter().map(|_| Tally::default()).collect();
    let axis_days = i64::from(plan.axis.days);
    for (index, period) in plan.periods.iter().enumerate() {
        let read: Vec<_> = cells
            .par_iter()
            .filter(|(planned, _)| {
                plan.run.cells.get(planned.index).is_some_and(|cell| cell.has(period.period))
            })
            .map(|&(planned, position)| read_dump(plan, planned, position, index))
            .collect();
        let mut dumps = Vec::new();
        for (dump, faults) in read {
            result.faults.extend(faults);
            dumps.extend(dump);
        }
        result.dumps += dumps.len() as u64;
        // The slabs of all periods are the whole axis, so that every place is looked at once.
        let start = if index == 0 { 0 } else { (period.first_day - plan.axis.first_day).clamp(0, axis_days) };
        let next = plan.periods.get(index + 1).map(|next| next.first_day - plan.axis.first_day);
        let end = next.unwrap_or(axis_days).clamp(start, axis_days);
        for (file, tally) in files.iter().zip(&mut tallies) {
            for layer in file.layers(plan) {
                let slab = Slab { start, end, rows: rows.clone(), columns: columns.clone() };
                slab::compare(plan, file, layer, &slab, &dumps, tally, result)?;
            }
        }
    }
    for (file, tally) in files.iter().zip(tallies) {
        tally.finish(file, plan, result);
    }
    Ok(())
}

fn read_dump(
    plan: &Plan,
    planned: crate::plan::PlannedCell,
    position: (usize, usize),
    period: usize,
) -> (Option<CellDump>, Vec<Fault>) {
    let cell = planned.cell;
    let Some(span) = plan.periods.get(period) else { return (None, Vec::new()) };
    let mut faults = Vec::new();
    let mut read = || {
        let path = plan.run.dump_path(cell, span.period);
        let dump: Dump = place::load(&path, &plan.memory.limits, &mut Vec::new(), Vec::new())?;
        let content = crate::run::fault::period_of(&dump)?;
        let (first, days) = place::span_on_axis(&content, &plan.axis)?;
        overlap::check(plan, planned, period, (first, days), &mut |_, _| {})?;
        if let Some(message) = overlap::off_axis(plan, (first, days)) {
            faults.push(place::fault_of(cell, span.period, (FaultKind::OffAxis, message)));
        }
        let layers = plan.layers.iter().map(|layer| match place::fitting(&content, layer) {
            Ok(series) => {
                let (start, step) = series.layout(layer.row);
                let size = layer.element.size();
                let values = (0..days).filter_map(|day| {
                    let at = start + day * step;
                    let mut value = series.data().get(at..at + size)?.to_vec();
                    if series.dtype().big_endian {
                        value.reverse();
                    }
                    Some(value)
                });
                Some(values.flatten().collect())
            }
            Err((kind, message)) => {
                let variable = Some(layer.key.clone());
                let fault = Fault { cell, period: Some(span.period), year: None, variable, kind, message };
                if !faults.contains(&fault) {
                    faults.push(fault);
                }
                None
            }
        });
        Ok(CellDump { cell, position, first, days, layers: layers.collect() })
    };
    match read() {
        Ok(dump) => (Some(dump), faults),
        Err(refusal) => {
            faults.push(place::fault_of(cell, span.period, refusal));
            (None, faults)
        }
    }
}

/// The cell of a grid whose centre stands in the coordinates.
fn cell_of(grid: &Grid, latitude: f64, longitude: f64) -> Option<Cell> {
    grid.cell_at(latitude, longitude)
}
