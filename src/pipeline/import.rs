//! Tables from grids: the files that `gridloom grid` wrote, turned back into series of cells.
//!
//! A chunk of a file holds many cells and few days, a table wants a cell's days together. So the files are read once, tile
//! by tile and some days at a time, and each cell's part goes into the spool; blocks are made of these parts.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::derive;
use crate::error::{Argument, Error, Result};
use crate::grid::read::DailyGrid;
use crate::model::grid::Grid;
use crate::model::variables::VariableTable;
use crate::plan::{Input, Plan, Settings};
use crate::run::survey::{Span, Survey};
use crate::run::{Listing, Run, RunCell};
use crate::source::stamp;
use crate::spool::contents::Contents;
use crate::spool::record::RecordId;

use super::pass::Workshop;

mod compared;
mod derived;
mod names;
mod shelf;
mod silent;
mod slabs;

pub(crate) use compared::{ComparedGrids, GridSet};
use names::{name_of, part_rows, variables};
pub(crate) use shelf::{InSpool, Shelf, ShelfPart};
pub(super) use silent::silent;
use slabs::{Import, Slab};

/// Bytes of chunks that the library keeps of each file: as good as none, since slabs end with chunks where they can, and
/// there may be many files.
const CACHE: usize = 4 << 10;

/// What this kind of source is called.
pub(crate) const KIND: &str = "grids";

/// What tables are made of instead of dumps.
#[derive(Clone, Copy)]
pub(super) enum Imported<'a> {
    /// The days of grids.
    Days(&'a Grids),
    /// The change between windows of them.
    Compared(&'a ComparedGrids<'a>),
}

impl<'a> Imported<'a> {
    /// Grids whose windows are compared.
    pub fn compared(self) -> Option<&'a ComparedGrids<'a>> {
        match self {
            Imported::Days(_) => None,
            Imported::Compared(grids) => Some(grids),
        }
    }
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
    /// Those of the reference, where windows of time are compared and these are of other files.
    reference: Option<Box<Grids>>,
}

impl Grids {
    /// Opens files of one place and calendar. Files of the same days are a period. Where settings want the change to other grids, those are opened
    /// as well.
    ///
    /// # Errors
    /// [`Library`](crate::ErrorKind::Library) where a file cannot be read or is no daily grid, [`Argument`](crate::ErrorKind::Argument) where they do not fit
    /// together.
    pub fn open(paths: &[PathBuf], grid: Grid, settings: &Settings) -> Result<Self> {
        let change = settings.change.as_deref();
        let table = change.map_or(&settings.table, |change| &change.table);
        let mut grids = Grids::of_files(paths, grid, table)?;
        if let Some(path) = change.and_then(|change| change.reference_run.as_ref()) {
            let other = Grids::of_files(&compared::files_of(path)?, grid, table)?;
            grids.reference = Some(Box::new(other.counted_behind(&grids)));
        }
        Ok(grids)
    }

    fn of_files(paths: &[PathBuf], grid: Grid, table: &VariableTable) -> Result<Self> {
        let (mut files, mut inputs) = (Vec::new(), Vec::new());
        let mut known = BTreeSet::new();
        for path in paths {
            let metadata = std::fs::metadata(path).map_err(|source| Error::io("read", path, source))?;
            let path = path.canonicalize().map_err(|source| Error::io("read", path, source))?;
            // Patterns of a shell may name a file twice.
            if !known.insert(path.clone()) {
                continue;
            }
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
        let mut names: Vec<(String, Option<usize>)> = files.iter().map(|file| name_of(file, table)).collect();
        part_rows(&files, &mut names);
        refuse_twins(
            files.iter().zip(&names).map(|(file, (key, row))| (file, key.as_str(), *row, period_of(file))),
        )?;
        let variables = variables(&files, &names, table)?;
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
        let run = Run::new(
            Listing { kind, path, name, grid, cells, ignored, faults },
            Arc::new(InSpool::default()),
        );
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
        Ok(Grids { files, periods, names, run, survey, inputs, reference: None })
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
        if settings.change.is_some() {
            return self.compared(settings, derive).map(|compared| compared.plan);
        }
        let table = std::mem::take(&mut settings.table);
        settings.table = self.fitted(table, &settings.selection.variables, derive)?;
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
        settings.inputs.clone_from(&self.inputs);
        self.planned(self.run.clone(), settings)
    }

    /// The table of variables with the files' own units, and what formulas make of them.
    fn fitted(
        &self,
        table: VariableTable,
        variables: &[String],
        derive: impl FnOnce(VariableTable) -> Result<VariableTable>,
    ) -> Result<VariableTable> {
        let own = |table| derived::in_units_of(&self.files, &self.names, table);
        let mut table = derive(own(table))?;
        derive::add_sums(&mut table, variables);
        Ok(own(table))
    }

    /// A plan of a run of these files, by settings that fit them.
    fn planned(&self, run: Run, mut settings: Settings) -> Result<Plan> {
        if settings.selection.variables.is_empty() {
            settings.selection.variables = self.there(&settings.table);
        }
        let survey = derived::surveyed(self.survey.clone(), &settings.table)?;
        Plan::from_survey(run, survey, settings)
    }

    /// The variables and rows that files have, and those that formulas make.
    fn there(&self, table: &VariableTable) -> Vec<String> {
        let name = |(key, row): &(String, Option<usize>)| match row {
            Some(row) => format!("{key}_{}", row + 1),
            None => key.clone(),
        };
        let names: BTreeSet<String> = self.names.iter().map(name).collect();
        let made = table.formulas().map(|(key, _)| key.to_owned());
        names.into_iter().chain(made).collect()
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

    /// Puts the series of all cells of a plan of these files into the spool, those that are not there yet. Returns the units' records.
    ///
    /// # Errors
    /// [`Library`](crate::ErrorKind::Library), [`Io`](crate::ErrorKind::Io); [`Stopped`](crate::ErrorKind::Stopped) on request.
    pub(super) fn import(
        &self,
        shop: &Workshop<'_>,
        plan: &Plan,
        id: u64,
        contents: &Contents,
    ) -> Result<HashSet<RecordId>> {
        Import { grids: self, shop, plan, days: None }.run(id, contents)
    }
}

/// Refuses files that have a variable, or a row of it, on the days on which another one has it: which of them is meant cannot be told.
fn refuse_twins<'a>(files: impl Iterator<Item = (&'a DailyGrid, &'a str, Option<usize>, u32)>) -> Result<()> {
    type Rows<'a> = Vec<(Option<usize>, &'a DailyGrid)>;
    let mut known: BTreeMap<(&str, u32), Rows<'_>> = BTreeMap::new();
    for (file, key, row, period) in files {
        let others = known.entry((key, period)).or_default();
        // A file without a row of its own has all of them.
        let is_same = |other: &Option<usize>| row.is_none() || other.is_none() || *other == row;
        if let Some((_, other)) = others.iter().find(|(other, _)| is_same(other)) {
            let reason = format!(
                "has {key} on the same days as {}; give one of them, or the other one as the reference of a change",
                other.path().display()
            );
            return Err(Error::selection(Argument::Inputs, file.path().display(), reason));
        }
        others.push((row, file));
    }
    Ok(())
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
