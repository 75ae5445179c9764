//! Tables from grids: the files that `gridloom grid` wrote, turned back into series of cells.
//!
//! A chunk of a file holds many cells and few days, a table wants a cell's days together. So the files are read once, tile
//! by tile and some days at a time, and each cell's part goes into the spool; blocks are made of these parts.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use crate::derive::{self, Formulas};
use crate::error::{Argument, Error, Result};
use crate::grid::read::DailyGrid;
use crate::model::fault::{FaultKind, Refusal};
use crate::model::grid::{Cell, Grid};
use crate::model::variables::VariableTable;
use crate::observer::Counted;
use crate::place;
use crate::plan::{Input, Plan, Settings, Tile};
use crate::run::survey::{Span, Survey};
use crate::run::{Listing, Run, RunCell};
use crate::source::{CellSource, Content, Desk, Item, Part, Reading, Wanted, stamp};
use crate::spool::contents::Contents;
use crate::spool::record::{self, Record, RecordId};

use super::pass::Workshop;
use super::stats::Stage;

mod derived;
mod names;
mod silent;

use names::{name_of, part_rows, variables};
pub(super) use silent::silent;
use silent::{Ends, Silent};

/// Days that are read at a time, where they fit: those of a chunk.
const DAYS: u64 = 1024;

/// Bytes of chunks that the library keeps of each file: as good as none, since slabs end with chunks where they can, and
/// there may be many files.
const CACHE: usize = 4 << 10;

/// What this kind of source is called.
pub(crate) const KIND: &str = "grids";

/// Cells whose series are put into the spool before any is asked for.
#[derive(Debug)]
pub(crate) struct InSpool;

impl CellSource for InSpool {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn name_of(&self, part: Part) -> String {
        match part {
            Part::Period(number) => format!("period {number}"),
            Part::Year(year) => format!("year {year}"),
        }
    }

    fn has(&self, _: Item) -> bool {
        false
    }

    fn holds(&self, _: Item, _: &stamp::Stamp) -> bool {
        false
    }

    fn period(
        &self,
        _: Cell,
        _: u32,
        _: Wanted<'_>,
        _: &mut Desk<'_>,
        _: &mut dyn FnMut(&Content<'_>) -> std::result::Result<(), Refusal>,
    ) -> Reading {
        Reading::refused(None, elsewhere())
    }
}

fn elsewhere() -> Refusal {
    (FaultKind::Unreadable, "a cell of grids is not read by itself".to_owned())
}

/// Files of daily grids.
pub struct Grids {
    files: Vec<DailyGrid>,
    /// For each file the number of its period.
    periods: Vec<u32>,
    /// For each file its variable's key, and its row where the file holds one of several.
    names: Vec<(String, Option<usize>)>,
    run: Run,
    survey: Survey,
    inputs: Vec<Input>,
}

impl Grids {
    /// Opens files of one place and calendar. Files of the same days are a period.
    ///
    /// # Errors
    /// [`Library`](crate::ErrorKind::Library) where a file cannot be read or is no daily grid, [`Argument`](crate::ErrorKind::Argument) where they do not fit
    /// together.
    pub fn open(paths: &[PathBuf], grid: Grid, settings: &Settings) -> Result<Self> {
        let (mut files, mut inputs) = (Vec::new(), Vec::new());
        for path in paths {
            let metadata = std::fs::metadata(path).map_err(|source| Error::io("read", path, source))?;
            let path = path.canonicalize().map_err(|source| Error::io("read", path, source))?;
            let opened = crate::write::with_chunk_cache(CACHE, || DailyGrid::open_all(&path, &grid));
            for (file, findings) in opened? {
                if let Some(finding) = findings.first.first() {
                    let name = file.name();
                    let reason = format!("it is not a daily grid as gridloom writes it: {name}: {finding}");
                    return Err(Error::netcdf(path, "use the file", reason));
                }
                files.push(file);
            }
            inputs.push(Input {
                path: path.display().to_string(),
                bytes: metadata.len(),
                modified: stamp::modified(&metadata),
            });
        }
        let Some(first) = files.first() else {
            return Err(Error::selection(Argument::Inputs, "", "wants files of daily grids"));
        };
        let grid = first.grid;
        let fits = |file: &&DailyGrid| file.extent.is_beside(&first.extent) && file.grid == grid;
        if let Some(other) = files.iter().find(|file| !fits(file)) {
            let reason = format!("has another window, calendar or time unit than {}", first.name());
            return Err(Error::selection(Argument::Inputs, other.name(), reason));
        }
        let unit = first.extent.days.unit().ok_or_else(|| {
            Error::selection(Argument::Inputs, first.name(), "the variable time has no units of time")
        })?;
        let has_dates = |file: &&DailyGrid| {
            let days = &file.extent.days;
            days.first_date().is_some() && days.last_date().is_some()
        };
        if let Some(other) = files.iter().find(|file| !has_dates(file)) {
            let reason = format!("its times are not dates of its calendar, {}", unit.calendar().name());
            return Err(Error::selection(Argument::Inputs, other.name(), reason));
        }
        let days = |file: &DailyGrid| (file.extent.days.first, file.extent.days.last());
        let spans: BTreeSet<(i64, i64)> = files.iter().map(days).collect();
        let spans: Vec<Span> = (1..)
            .zip(spans)
            .map(|(period, (first_day, last_day))| Span { period, first_day, last_day })
            .collect();
        let period_of = |file: &DailyGrid| {
            spans
                .iter()
                .find(|span| (span.first_day, span.last_day) == days(file))
                .map_or(0, |span| span.period)
        };
        let mut names: Vec<(String, Option<usize>)> =
            files.iter().map(|file| name_of(file, settings)).collect();
        part_rows(&files, &mut names);
        let variables = variables(&files, &names, settings)?;
        let extent = (
            spans.iter().map(|span| span.first_day).min().unwrap_or(0),
            spans.iter().map(|span| span.last_day).max().unwrap_or(0),
        );
        let numbers: Vec<u32> = spans.iter().map(|span| span.period).collect();
        let mut cells: Vec<RunCell> = first
            .extent
            .cells
            .iter()
            .map(|cell| RunCell { cell, periods: numbers.clone(), years: Vec::new() })
            .collect();
        cells.sort_by_key(|cell| cell.cell);
        let folder = paths.first().and_then(|path| path.parent()).unwrap_or(Path::new("."));
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let path = folder.canonicalize().map_err(|source| Error::io("list", folder, source))?;
        let name = first.run_name.clone().unwrap_or_else(|| "grids".to_owned());
        let (kind, ignored, faults) = (KIND.to_owned(), Vec::new(), Vec::new());
        let run = Run::new(Listing { kind, path, name, grid, cells, ignored, faults }, Arc::new(InSpool));
        let unusable = Vec::new();
        let periods = files.iter().map(period_of).collect();
        let survey = Survey {
            unit,
            spans,
            lost: Vec::new(),
            extent,
            variables,
            unusable,
            facts: Vec::new(),
            faults: Vec::new(),
        };
        Ok(Grids { files, periods, names, run, survey, inputs })
    }

    /// Plans tables of the files.
    ///
    /// # Errors
    /// As [`Plan::new`]; [`Argument`](crate::ErrorKind::Argument) where tables need yearly files.
    pub fn plan(&self, settings: Settings) -> Result<Plan> {
        self.plan_with(settings, Ok)
    }

    /// Plans tables of the files, of which `derive` makes the table of variables with what formulas make, from the one with the files' own
    /// units.
    ///
    /// # Errors
    /// As [`Grids::plan`]; those of `derive`.
    pub fn plan_with(
        &self,
        mut settings: Settings,
        derive: impl FnOnce(VariableTable) -> Result<VariableTable>,
    ) -> Result<Plan> {
        let own = |table| derived::in_units_of(&self.files, &self.names, table);
        settings.table = derive(own(std::mem::take(&mut settings.table)))?;
        derive::add_sums(&mut settings.table, &settings.selection.variables);
        settings.table = own(std::mem::take(&mut settings.table));
        if let Some(tables) = &settings.tables
            && let Some(kind) = tables.kinds.iter().find(|kind| kind.is_by_period())
        {
            let reason = "is made of periods, which grids do not have; give the run folder";
            return Err(Error::selection(Argument::Tables, kind.name(), reason));
        }
        if let Some(tables) = &settings.tables
            && tables.by_period
        {
            let reason = "grids have no periods; give the run folder";
            return Err(Error::selection(Argument::Periods, "", reason));
        }
        if let Some(tables) = &settings.tables
            && let Some(kind) = tables.kinds.iter().find(|kind| kind.is_yearly())
        {
            let reason = "is made of yearly community files, which grids do not have; give the run folder";
            return Err(Error::selection(Argument::Tables, kind.name(), reason));
        }
        if settings.selection.variables.is_empty() {
            let name = |(key, row): &(String, Option<usize>)| match row {
                Some(row) => format!("{key}_{}", row + 1),
                None => key.clone(),
            };
            let names: BTreeSet<String> = self.names.iter().map(name).collect();
            let made = settings.table.formulas().map(|(key, _)| key.to_owned());
            settings.selection.variables = names.into_iter().chain(made).collect();
        }
        settings.inputs.clone_from(&self.inputs);
        let survey = derived::surveyed(self.survey.clone(), &settings.table)?;
        Plan::from_survey(self.run.clone(), survey, settings)
    }

    /// The file of a layer in a period, and the layer's place in the file's dimension of rows.
    fn file(&self, plan: &Plan, layer: usize, period: u32) -> Option<(&DailyGrid, Option<usize>)> {
        let layer = plan.layers.get(layer)?;
        self.file_of(&layer.key, layer.row, layer.rows, period)
    }

    fn file_of(
        &self,
        wanted: &str,
        wanted_row: usize,
        rows: Option<usize>,
        period: u32,
    ) -> Option<(&DailyGrid, Option<usize>)> {
        let files = self.files.iter().zip(&self.periods).zip(&self.names);
        files.filter(|((_, number), _)| **number == period).find_map(|((file, _), (key, row))| {
            if *key != wanted {
                return None;
            }
            match (row, file.row_of(wanted_row)) {
                (Some(row), _) => (*row == wanted_row).then_some((file, None)),
                (None, Some(index)) => Some((file, Some(index))),
                (None, None) => rows.is_none().then_some((file, None)),
            }
        })
    }

    /// Puts the series of all cells into the spool, those that are not there yet. Returns the units' records.
    ///
    /// # Errors
    /// [`Library`](crate::ErrorKind::Library), [`Io`](crate::ErrorKind::Io); [`Stopped`](crate::ErrorKind::Stopped) on request.
    pub(super) fn import(
        &self,
        shop: &Workshop<'_>,
        id: u64,
        contents: &Contents,
    ) -> Result<HashSet<RecordId>> {
        let plan = shop.plan;
        let mut done: HashMap<((u32, u32), u32), RecordId> = HashMap::new();
        for unit in contents.units.iter().filter(|unit| unit.plan == id) {
            done.entry((unit.tile, unit.period)).or_insert(unit.id);
        }
        let units = (plan.tiles.len() * plan.periods.len()) as u64;
        shop.progress.start(Counted::Units, units, done.len() as u64);
        for tile in &plan.tiles {
            for period in &plan.periods {
                let key = ((tile.row, tile.column), period.period);
                if !done.contains_key(&key) {
                    if shop.halt.is_closing() {
                        return Err(Error::stopped(done.len() as u64, units));
                    }
                    done.insert(key, self.unit(shop, tile, period)?);
                    shop.progress.advance(Counted::Units, 1);
                }
            }
        }
        Ok(done.into_values().collect())
    }

    fn unit(&self, shop: &Workshop<'_>, tile: &Tile, period: &Span) -> Result<RecordId> {
        let plan = shop.plan;
        let mut record = record::Unit {
            tile: (tile.row, tile.column),
            period: period.period,
            usual: (period.first_day, period.last_day),
            ..record::Unit::default()
        };
        let shape = plan.layers.first().map(|layer| layer.chunk);
        let Some(shape) = shape else { return shop.record(Record::Unit(record), String::new) };
        let row = tile.row * shape.rows;
        let column = tile.column * shape.columns;
        let rows = row..(row + shape.rows).min(plan.window.rows);
        let columns = column..(column + shape.columns).min(plan.window.columns);
        let tile_day = (rows.len() * columns.len()) as u64 * plan.memory.cell_day_bytes;
        // Formulas are calculated of whole slabs, in numbers of double precision.
        let formulas = Formulas::of(&plan.settings.table)?;
        let parts = if formulas.keys().next().is_some() { 32 } else { 4 };
        let step = (plan.memory.budget / parts / tile_day.max(1)).clamp(1, DAYS) as usize;
        let days = period.days() as usize;
        let mut silent = Silent::default();
        for first in (0..days).step_by(step) {
            let slab = Slab {
                first: period.first_day - plan.axis.first_day + first as i64,
                days: first..(first + step).min(days),
                rows: rows.clone(),
                columns: columns.clone(),
            };
            self.slab(shop, tile, (period.period, &formulas), &slab, &mut silent, &mut record)?;
        }
        record.silent = silent.finish(plan, period);
        let what = || format!("tile {}, {}, period {}", tile.row, tile.column, period.period);
        shop.record(Record::Unit(record), what)
    }

    fn slab(
        &self,
        shop: &Workshop<'_>,
        tile: &Tile,
        (period, formulas): (u32, &Formulas),
        slab: &Slab,
        silent: &mut Silent,
        record: &mut record::Unit,
    ) -> Result<()> {
        let plan = shop.plan;
        let mut layers: Vec<Option<Vec<u8>>> = Vec::new();
        let mut made = derived::MadeSlabs::default();
        for (index, layer) in plan.layers.iter().enumerate() {
            if formulas.keys().any(|key| key == layer.key) {
                let made = made.of(layer, || self.calculated(shop, &layer.key, (period, formulas), slab))?;
                layers.push(made);
                continue;
            }
            let Some((file, row)) = self.file(plan, index, period) else {
                layers.push(None);
                continue;
            };
            layers.push(Some(self.values(shop, (file, row), &layer.key, layer.element.size(), slab)?));
        }
        let cells = plan.cells.get(tile.cells.clone()).unwrap_or_default();
        let parts: Vec<(Cell, Vec<Vec<u8>>, Ends)> = cells
            .par_iter()
            .filter_map(|planned| {
                let (row, column) = plan.window.position(planned.cell)?;
                let at = ((row - slab.rows.start) as usize, (column - slab.columns.start) as usize);
                let (parts, ends) = parts(plan, slab, &layers, at);
                Some((planned.cell, parts, ends))
            })
            .collect();
        for (cell, parts, ends) in parts {
            silent.add(cell, ends);
            for part in parts {
                record.seen.values +=
                    part.len() as u64 / plan.memory.cell_day_bytes.max(1) * layers.len() as u64;
                let bytes = part.len() as u64;
                let what = || format!("series of cell {cell}");
                let place = shop.stats.time(Stage::Spool, what, || (shop.spool.append(&part), bytes))?;
                record.series.push((cell, place));
            }
        }
        Ok(())
    }
}

/// Some days of a tile.
struct Slab {
    /// The first day on the axis.
    first: i64,
    /// Days of the file.
    days: Range<usize>,
    /// Rows and columns of the window.
    rows: Range<u32>,
    columns: Range<u32>,
}

/// A cell's series in a slab, serialized: one for each run of days with any value; and what is silent at its end.
fn parts(
    plan: &Plan,
    slab: &Slab,
    layers: &[Option<Vec<u8>>],
    (row, column): (usize, usize),
) -> (Vec<Vec<u8>>, Ends) {
    let (height, width, days) = (slab.rows.len(), slab.columns.len(), slab.days.len());
    let mut has_value = vec![false; days];
    let mut series: Vec<Option<Vec<u8>>> = Vec::with_capacity(layers.len());
    for (layer, bytes) in plan.layers.iter().zip(layers) {
        let size = layer.element.size();
        let fill = layer.element.fill_bytes();
        series.push(bytes.as_ref().map(|bytes| {
            let mut own = Vec::with_capacity(days * size);
            for (day, has_value) in has_value.iter_mut().enumerate() {
                let at = ((day * height + row) * width + column) * size;
                let value = bytes.get(at..at + size).unwrap_or(fill);
                *has_value |= value != fill;
                own.extend_from_slice(value);
            }
            own
        }));
    }
    let mut parts = Vec::new();
    let mut from = 0;
    while let Some(start) = has_value.iter().skip(from).position(|&has| has).map(|start| from + start) {
        let end = has_value.iter().skip(start).position(|&has| !has).map_or(days, |length| start + length);
        let of = |layer: usize| -> Option<&[u8]> {
            let size = plan.layers.get(layer)?.element.size();
            series.get(layer)?.as_ref()?.get(start * size..end * size)
        };
        parts.push(place::series_bytes(slab.first + start as i64, end - start, &plan.layers, of));
        from = end;
    }
    (parts, Ends::of(plan, slab.first, days, &series, has_value.contains(&true)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of one cell and day.
    fn write(path: &Path, day: f64) -> netcdf::Result<()> {
        let mut file = netcdf::create(path)?;
        for (name, length) in [("time", 1), ("lat", 1), ("lon", 1), ("bnds", 2)] {
            file.add_dimension(name, length)?;
        }
        for (name, value, ends) in
            [("time", day, [day, day + 1.0]), ("lat", 0.25, [0.0, 0.5]), ("lon", 0.25, [0.0, 0.5])]
        {
            let mut own = file.add_variable::<f64>(name, &[name])?;
            own.put_values(&[value], ..)?;
            if name == "time" {
                own.put_attribute("units", "days since 2000-01-01")?;
                own.put_attribute("calendar", "standard")?;
            }
            file.add_variable::<f64>(&format!("{name}_bnds"), &[name, "bnds"])?.put_values(&ends, ..)?;
        }
        let mut own = file.add_variable::<f32>("npp", &["time", "lat", "lon"])?;
        own.set_fill_value(1e20_f32)?;
        own.put_values(&[1.0_f32], ..)
    }

    #[test]
    fn days_that_are_no_dates_are_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let grid = Grid::from_resolution(0.5).expect("a grid");
        let open = |days: &[f64]| {
            let path = |index: usize| folder.path().join(format!("{index}.nc"));
            let paths: Vec<PathBuf> = (0..days.len()).map(path).collect();
            for (path, &day) in paths.iter().zip(days) {
                write(path, day).expect("a file");
            }
            let grids = Grids::open(&paths, grid, &Settings::default())?;
            grids.plan(Settings::default()).map(|_| ())
        };
        assert!(open(&[3.0, 5.0]).is_ok());
        for far in [&[i64::MAX as f64][..], &[i64::MIN as f64, i64::MAX as f64], &[1e12]] {
            let error = open(far).expect_err("no dates").in_full();
            assert!(error.contains("not dates of its calendar"), "{error}");
        }
    }
}
