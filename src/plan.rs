//! From a run and what is wanted of it to files, chunks and units of work, all of it before any work is done.
//!
//! A unit of work is (tile of cells) × (period); a tile is what one chunk covers in space. Shapes of chunks depend on
//! the data and the settings alone, so that the same dumps and settings give the same files everywhere. The memory
//! budget decides only how many cells are held at a time.

use std::ops::Range;

use crate::chunk::Shape;
use crate::derive;
use crate::error::Result;
use crate::model::axis::Axis;
use crate::model::element::Element;
use crate::model::fault::Fault;
use crate::model::grid::{Cell, Window};
use crate::model::variables::VariableTable;
use crate::run::mixture::{self, Mixture};
use crate::run::survey::{self, Depth, LostPeriod, Span, Survey, Unusable};
use crate::run::{Run, RunCell};

pub(crate) mod absent;
pub(crate) mod comparison;
mod describe;
mod extent;
mod format;
mod layout;
mod memory;
mod named;
mod outputs;
mod readers;
pub mod resources;
pub mod selection;
mod settings;
pub mod tables;
pub(crate) mod units;

pub use comparison::{Comparison, Dates};
pub use describe::Data;
pub(crate) use extent::run_faults;
pub use format::Format;
pub use layout::{ChunkLayout, MapFile, chunk_shape, series_shape};
pub use memory::Memory;
#[cfg(feature = "netcdf")]
pub(crate) use outputs::file_name;
#[cfg(feature = "netcdf")]
pub(crate) use outputs::shapes;
pub use resources::Resources;
pub use selection::{Area, Selection};
pub use settings::{Input, RowMode, Settings};
pub use tables::Tables;
pub use units::Share;

/// The name of a file where the settings do not say otherwise.
pub const DEFAULT_NAME: &str = "{variable}_{run}_{start}_{end}.nc";

/// The form of gridded files that is NetCDF-4, a file a variable.
pub const NETCDF: &str = "nc";

/// The form of gridded files that is NetCDF-4, one of all variables that share their steps.
pub const SINGLE: &str = "single";

/// Sums of rows that are asked for as variables keep the names that tables give to such sums.
pub(crate) fn name_sums(survey: &mut Survey, table: &VariableTable) {
    for variable in survey.variables.iter_mut().filter(|variable| variable.key.ends_with("_sum")) {
        if table.get(&variable.key).is_some_and(|info| info.formula.is_some()) {
            variable.name.clone_from(&variable.key);
        }
    }
}

/// A file that will be written.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Output {
    /// The name of its variable.
    pub name: String,
    /// The dump's key.
    pub key: String,
    /// What of the key's rows it holds.
    pub rows: OutputRows,
    /// The type of the values.
    pub element: Element,
    /// The shape of its chunks in time, lat and lon; a chunk never holds more than one row.
    pub chunk: Shape,
    /// Its file of maps, where there is one.
    pub map: Option<MapFile>,
    /// Its layers in [`Plan::layers`].
    pub layers: Range<usize>,
    /// The name of the file, without its ending.
    pub file: String,
    /// The name of a store of all outputs that share its steps, without its ending.
    pub store: String,
}

/// What of a variable's rows an output holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutputRows {
    /// The variable has no rows.
    None,
    /// One row, counted from 0.
    One(usize),
    /// Several, as a dimension.
    Dimension(Vec<usize>),
}

/// One two-dimensional field a day: a variable, or one row of it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Layer {
    /// The output in [`Plan::outputs`] that it belongs to.
    pub output: usize,
    /// The dump's key.
    pub key: String,
    /// The name of its variable, all rows together.
    pub name: String,
    /// The row, counted from 0.
    pub row: usize,
    /// The rows that the key has, `None` without a dimension of rows.
    pub rows: Option<usize>,
    /// The type of the values.
    pub element: Element,
    /// The shape of chunks.
    pub chunk: Shape,
    /// What it is called: its variable, and of several rows which one.
    pub row_name: String,
}

/// A cell that is planned.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct PlannedCell {
    /// The cell.
    pub cell: Cell,
    /// Its index in [`Listing::cells`](crate::run::Listing::cells).
    pub index: usize,
    /// Its element in a day of its tile's chunks.
    pub place: usize,
}

/// The cells that share their chunks.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Tile {
    /// Its row among tiles.
    pub row: u32,
    /// Its column among tiles.
    pub column: u32,
    /// Its cells in [`Plan::cells`].
    pub cells: Range<usize>,
}

/// A unit of work: cells of one tile in one period.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unit {
    /// The tile in [`Plan::tiles`].
    pub tile: usize,
    /// The period in [`Plan::periods`].
    pub period: usize,
    /// Cells in [`Plan::cells`], each of which has a dump of the period.
    pub cells: Vec<u32>,
    /// Whether these are all cells of the tile that have one.
    pub is_whole: bool,
}

/// What will be done.
#[derive(Debug)]
pub struct Plan {
    /// The run.
    pub(crate) run: Run,
    /// What its dumps hold.
    pub(crate) survey: Survey,
    /// What it was planned from.
    pub(crate) settings: Settings,
    /// The time axis.
    pub(crate) axis: Axis,
    /// The same steps as gridded files count them.
    pub(crate) written: Axis,
    /// The window of the grid that outputs cover.
    pub(crate) window: Window,
    /// The periods that are read, with their usual dates, by date.
    pub(crate) periods: Vec<Span>,
    /// The files.
    pub(crate) outputs: Vec<Output>,
    /// The fields in them.
    pub(crate) layers: Vec<Layer>,
    /// The cells, tile by tile.
    pub(crate) cells: Vec<PlannedCell>,
    /// The tiles that have cells, from north to south and west to east.
    pub(crate) tiles: Vec<Tile>,
    /// The units, those of most work first.
    pub(crate) units: Vec<Unit>,
    /// Dumps and cells that are known to be missing, and dumps of periods whose dates are not known.
    pub(crate) missing: Vec<Fault>,
    /// Whether the periods fit together.
    pub(crate) mixture: Mixture,
    /// Periods that no sound dump was found of. Those whose dates are known are among [`Plan::periods`].
    pub(crate) lost: Vec<LostPeriod>,
    /// Periods, years and masked regions that were asked for and are not in the run, in words.
    pub(crate) absent: Vec<String>,
    /// How the memory is used.
    pub(crate) memory: Memory,
}

impl Plan {
    /// Plans a run: reads a sample of its dumps, nothing else.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where the selection matches nothing, [`Overlap`](crate::ErrorKind::Overlap),
    /// [`Mixed`](crate::ErrorKind::Mixed) where periods are not selected and do not fit together,
    /// [`NothingUsable`](crate::ErrorKind::NothingUsable), [`Memory`](crate::ErrorKind::Memory) where not even one cell fits.
    pub fn new(run: Run, mut settings: Settings) -> Result<Self> {
        derive::add_sums(&mut settings.table, &settings.selection.variables);
        let run = derive::applied(run, &settings.table)?;
        let numbers = selection::select_periods(&settings.selection.periods, &run.periods())?;
        let (_, wanted, _) = extent::area(&run, &settings.selection.area)?;
        let cells: Vec<RunCell> = wanted.iter().filter_map(|&index| run.cells.get(index).cloned()).collect();
        let mut survey = survey::survey(&run, &cells, &numbers, Depth::Sample, &settings.limits)?;
        name_sums(&mut survey, &settings.table);
        let plan = Self::from_survey(run, survey, settings)?;
        if plan.settings.selection.periods.is_empty() {
            plan.mixture.refuse(&plan.run)?;
        }
        Ok(plan)
    }

    /// Plans a run that was listed and surveyed before, with the same settings. Reads nothing.
    ///
    /// # Errors
    /// As [`Plan::new`], but for periods that do not fit together: they are told.
    pub fn from_survey(run: Run, survey: Survey, settings: Settings) -> Result<Self> {
        let run = derive::applied(run, &settings.table)?;
        derive::check_names(&survey, &settings.table)?;
        let (window, wanted, mut missing) = extent::area(&run, &settings.selection.area)?;
        if let Some(tables) = &settings.tables {
            let cells = wanted.iter().filter_map(|&index| run.cells.get(index));
            tables.check_years(cells.flat_map(|cell| cell.years.iter().copied()))?;
        }
        if let Some(tables) = &settings.tables {
            tables.check_periods(settings.grids, survey.spans.len(), survey.unit.step())?;
        }
        let repeats = settings.allows_repeats();
        let (axis, periods) = extent::axis(&survey, &settings.selection, repeats)?;
        if let Some(tables) = &settings.tables {
            tables.check_traits()?;
            tables.check_columns()?;
            tables.check_change(settings.change.is_some())?;
            if settings.change.is_none() {
                tables.check_steps(axis.unit.step())?;
            }
            tables.check_names(&run.name, axis.unit.step())?;
        }
        let variables =
            selection::select_variables(&settings.selection.variables, &survey.variables, &survey.unusable)?;
        let left_out = match &settings.tables {
            Some(tables) => {
                let patterns = &settings.selection.variables;
                tables.check_states(patterns, (&variables, &survey), &settings.table, settings.grids)?
            }
            None => Vec::new(),
        };
        let written = extent::written(&axis, &settings)?;
        let (outputs, layers) = outputs::outputs(&run, &settings, &window, &axis, &variables)?;
        let shape = layers.first().map_or(Shape { days: 1, rows: 1, columns: 1 }, |layer| layer.chunk);
        let (cells, tiles) = extent::tiles(&run, &window, &wanted, shape);
        let lost = extent::lost(&survey, &settings.selection, &axis);
        missing.extend(extent::missing(&run, &survey, &cells, &periods, &lost));
        let mut mixture = mixture::look(&run, &survey, &periods);
        let own = wanted.iter().filter_map(|&index| run.cells.get(index)).map(|cell| cell.cell).collect();
        mixture.remarks.extend(run.source().remarks());
        mixture.remarks.extend(absent::remarks(&own, &survey, &axis, settings.tables.as_ref()));
        mixture.remarks.extend(left_out);
        let absent = absent::absent(&run, &survey, &settings.selection, settings.tables.as_ref(), &own);
        let longest = periods.iter().map(Span::days).max().unwrap_or(1) as u64;
        let memory = Memory::plan(&settings, &survey, &layers, longest)?;
        let mut plan = Plan {
            run,
            survey,
            settings,
            axis,
            written,
            window,
            periods,
            outputs,
            layers,
            cells,
            tiles,
            units: Vec::new(),
            missing,
            mixture,
            lost,
            absent,
            memory,
        };
        plan.units = units::units(&plan, Share::ALL, |_, _| false);
        Ok(plan)
    }

    /// The units of a share of the work, those of most work first, without the dumps for which `is_done` is true. It is
    /// asked with indices in [`Plan::cells`] and [`Plan::periods`].
    pub fn units_left(&self, share: Share, is_done: impl Fn(usize, usize) -> bool) -> Vec<Unit> {
        units::units(self, share, is_done)
    }

    /// Whether anything is made of the values of a key.
    pub(crate) fn wants(&self, key: &str) -> bool {
        self.layers.iter().any(|layer| layer.key == key) || self.settings.table.living().any(|one| one == key)
    }

    /// Whether a cell has a dump of a period, by indices in [`Plan::cells`] and [`Plan::periods`].
    pub fn has_dump(&self, cell: usize, period: usize) -> bool {
        let (Some(planned), Some(period)) = (self.cells.get(cell), self.periods.get(period)) else {
            return false;
        };
        self.run.cells.get(planned.index).is_some_and(|cell| cell.has(period.period))
    }

    /// Keys with data that are selected, by their names or with all others, and that no output can be made of.
    pub fn lost_variables(&self) -> impl Iterator<Item = &str> {
        self.lost_reasons().map(|(key, _)| key)
    }

    /// The same, and why.
    pub(crate) fn lost_reasons(&self) -> impl Iterator<Item = (&str, &Unusable)> {
        self.unusable_variables().filter(|(_, reason)| reason.is_loss())
    }

    /// Keys that are selected, by their names or with all others, and that no output can be made of, and why.
    pub(crate) fn unusable_variables(&self) -> impl Iterator<Item = (&str, &Unusable)> {
        let patterns = &self.settings.selection.variables;
        let needs_days = self.settings.grids || self.settings.tables.as_ref().is_some_and(Tables::needs_days);
        let is_wanted = move |key: &str| {
            let mut patterns = patterns.iter().map(|pattern| pattern.trim());
            needs_days && (patterns.len() == 0 || patterns.any(|pattern| crate::words::matches(pattern, key)))
        };
        let all = self.survey.unusable.iter();
        all.map(|(key, reason)| (key.as_str(), reason)).filter(move |(key, _)| is_wanted(key))
    }

    /// Selected keys that outputs call by another name, and that name.
    pub fn renamed_variables(&self) -> impl Iterator<Item = (&str, &str)> {
        let names = self.layers.iter().map(|layer| (layer.key.as_str(), layer.name.as_str()));
        names.filter(|(key, name)| key != name)
    }

    /// Dumps that will be read.
    pub fn dumps(&self) -> usize {
        self.units.iter().map(|unit| unit.cells.len()).sum()
    }

    /// Bytes of dumps that will be read, by the sizes of the sample.
    pub fn bytes_to_read(&self) -> u64 {
        let sampled = self.survey.facts.len().max(1) as u64;
        let bytes: u64 = self.survey.facts.iter().map(|facts| facts.file_bytes).sum();
        bytes / sampled * self.dumps() as u64
    }

    /// Bytes of the values that will be written, before compression and without masked places.
    pub fn value_bytes(&self) -> u64 {
        let days =
            |unit: &Unit| self.periods.get(unit.period).map_or(0, |period| period.days().max(0) as u64);
        let cell_days: u64 = self.units.iter().map(|unit| unit.cells.len() as u64 * days(unit)).sum();
        cell_days * self.memory.cell_day_bytes
    }

    /// Chunks in time, lat and lon of a layer.
    pub fn chunk_counts(&self, chunk: Shape) -> [u32; 3] {
        [
            self.axis.days.div_ceil(chunk.days),
            self.window.rows.div_ceil(chunk.rows),
            self.window.columns.div_ceil(chunk.columns),
        ]
    }
}
