//! Series over the periods of a spin-up: of the tables `region`, `stats` and `daily` that were made by period.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::error::{Argument, Error, Result};
use crate::model::calendar::{Calendar, Date};

use super::columns::{self, About, Batch};
use super::parts::Every;

mod sums;

use sums::{Place, Sums};

/// The tables that have periods, in the order in which they are looked for.
const TABLES: [(&str, PeriodTable); 3] =
    [("region", PeriodTable::Region), ("stats", PeriodTable::Stats), ("daily", PeriodTable::Daily)];

/// Columns of `daily` that are no variables.
const PLACES: [&str; 9] =
    [RUN, "grid_y", "grid_x", "latitude", "longitude", "station", "period", "day", "time"];

/// The column of the run, of tables of several.
const RUN: &str = "run";

const DAY: f64 = 86_400_000.0;

/// Which table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PeriodTable {
    /// A row a region, variable and period.
    Region,
    /// A row a cell, variable and period.
    Stats,
    /// A row a cell, period and day.
    Daily,
}

/// A table that was found.
#[derive(Debug, Clone)]
pub(crate) struct PeriodSource {
    pub path: PathBuf,
    pub table: PeriodTable,
    pub about: About,
    /// Tables of the same folder that are not taken.
    pub others: Vec<String>,
}

/// What of a table is wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    /// Variables; none for all.
    pub variables: &'a [String],
    /// North, south, west, east.
    pub bbox: Option<[f64; 4]>,
    /// Cells by a latitude and longitude in them.
    pub cells: &'a [[f64; 2]],
    /// How periods are cut.
    pub every: Every,
}

impl Wanted<'_> {
    fn is_of_cells(&self) -> bool {
        self.bbox.is_some() || !self.cells.is_empty()
    }
}

/// What is known of a period or a part of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PeriodPoint {
    pub cells: u64,
    pub mean: f64,
    pub std: f64,
    pub low: f64,
    pub high: f64,
}

/// A variable of a region, of all cells or of one.
#[derive(Debug, Clone)]
pub(crate) struct PeriodLine {
    pub variable: String,
    pub units: String,
    /// The run, of a table of several; the region, or the cell: nothing of all cells.
    pub run: String,
    pub part: String,
    /// By period and part of it.
    pub points: BTreeMap<(u32, i64), PeriodPoint>,
}

/// Whether a path is a table, by the first bytes of a file; or a folder that has tables and no grids.
pub(crate) fn is_table(path: &Path) -> bool {
    match path.is_dir() {
        true => !has_grids(path) && TABLES.iter().any(|(name, _)| in_folder(path, name).is_file()),
        false => columns::is_parquet(path),
    }
}

fn in_folder(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.parquet"))
}

fn has_grids(folder: &Path) -> bool {
    let is_grid = |name: &std::ffi::OsStr| name.to_string_lossy().ends_with(".nc");
    std::fs::read_dir(folder)
        .is_ok_and(|mut all| all.any(|one| one.is_ok_and(|one| is_grid(&one.file_name()))))
}

/// Finds the table of a path that [is one](is_table).
///
/// # Errors
/// [`Argument`](crate::ErrorKind::Argument) where none has periods, [`Library`](crate::ErrorKind::Library) where it is damaged.
pub(crate) fn find(path: &Path, wanted: &Wanted<'_>) -> Result<PeriodSource> {
    let (mut found, mut without): (Vec<PeriodSource>, Option<PathBuf>) = (Vec::new(), None);
    let paths: Vec<PathBuf> = match path.is_dir() {
        true => TABLES.iter().map(|(name, _)| in_folder(path, name)).filter(|path| path.is_file()).collect(),
        false => vec![path.to_owned()],
    };
    for path in paths {
        let about = columns::about(&path, "region.parquet")?;
        let has = |name: &str| about.columns.contains_key(name);
        let table = match (has("region"), has("month") && has("mean"), has("day") || has("time")) {
            (true, ..) => PeriodTable::Region,
            (_, true, _) => PeriodTable::Stats,
            (.., true) => PeriodTable::Daily,
            _ => {
                let reason = "it is none of the tables region, stats and daily, of which series are drawn";
                return Err(Error::in_table(&path, "draw the table", reason.to_owned()));
            }
        };
        match has("period") {
            true => found.push(PeriodSource { path, table, about, others: Vec::new() }),
            false => without = without.or(Some(path)),
        }
    }
    let fits = |source: &PeriodSource| match (wanted.every, wanted.is_of_cells()) {
        (Every::All, false) => true,
        (Every::All, true) => source.table != PeriodTable::Region,
        _ => source.table == PeriodTable::Daily,
    };
    // Where none fits, the first is refused for what it lacks.
    let place = found.iter().position(fits).unwrap_or(0);
    let others = |place: usize| {
        let others = found.iter().enumerate().filter(|(other, _)| *other != place);
        others.map(|(_, other)| file_name(&other.path)).collect()
    };
    match (found.get(place), without) {
        (Some(source), _) => Ok(PeriodSource { others: others(place), ..source.clone() }),
        (None, Some(path)) => {
            let reason = "has no column \"period\": series of tables are over the periods of a spin-up; make the table by period, \
                          and grids for series over dates";
            Err(Error::selection(Argument::File, path.display(), reason))
        }
        (None, None) => Err(Error::selection(
            Argument::File,
            path.display(),
            "has none of the tables region, stats and daily",
        )),
    }
}

pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

impl PeriodSource {
    /// Reads the lines that are wanted, in the order of the variables and of the table.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where it has no such variable or cell, [`Library`](crate::ErrorKind::Library) where it is damaged.
    pub fn lines(&self, wanted: &Wanted<'_>) -> Result<Vec<PeriodLine>> {
        self.check(wanted)?;
        let mut lines = match self.table {
            PeriodTable::Region => self.of_regions(wanted)?,
            PeriodTable::Stats => self.of_stats(wanted)?,
            PeriodTable::Daily => self.of_days(wanted)?,
        };
        let place = |line: &PeriodLine| wanted.variables.iter().position(|name| *name == line.variable);
        lines.sort_by_key(place);
        let absent = wanted.variables.iter().find(|name| lines.iter().all(|line| line.variable != **name));
        if let Some(name) = absent {
            let reason = format!("is not a variable of {}", self.path.display());
            return Err(Error::selection(Argument::Variable, name, reason));
        }
        Ok(lines)
    }

    /// The column of the run, where there is one.
    fn run(&self) -> Option<&'static str> {
        self.about.columns.contains_key(RUN).then_some(RUN)
    }

    fn check(&self, wanted: &Wanted<'_>) -> Result<()> {
        let name = file_name(&self.path);
        if self.table == PeriodTable::Region && wanted.is_of_cells() {
            let reason = format!("{name} has regions and no cells; stats.parquet by period has");
            let argument = if wanted.bbox.is_some() { Argument::Area } else { Argument::Cell };
            return Err(Error::selection(argument, "", reason));
        }
        if self.table != PeriodTable::Daily && wanted.every != Every::All {
            let reason = format!("{name} has one value a period; daily.parquet by period has days");
            return Err(Error::selection(Argument::Every, "", reason));
        }
        Ok(())
    }

    fn of_regions(&self, wanted: &Wanted<'_>) -> Result<Vec<PeriodLine>> {
        const NAMES: [&str; 9] =
            ["region", "variable", "period", "cells", "mean", "std", "minimum", "maximum", "units"];
        let names: Vec<&str> = NAMES.into_iter().chain(self.run()).collect();
        let mut lines: Vec<PeriodLine> = Vec::new();
        columns::each(&self.path, "region.parquet", &names, |batch| {
            for row in 0..batch.rows {
                let (region, variable) = (batch.text(0, row), batch.text(1, row));
                let Some(period) = period(batch, 2, row).filter(|_| is_wanted(wanted, variable)) else {
                    continue;
                };
                let number = |column| batch.number(column, row);
                let point = PeriodPoint {
                    cells: number(3) as u64,
                    mean: number(4),
                    std: number(5),
                    low: number(6),
                    high: number(7),
                };
                let line = line_of(&mut lines, variable, [batch.text(9, row), region], batch.text(8, row));
                if let Some(line) = lines.get_mut(line) {
                    line.points.insert((period, 0), point);
                }
            }
            Ok(())
        })?;
        Ok(lines)
    }

    fn of_stats(&self, wanted: &Wanted<'_>) -> Result<Vec<PeriodLine>> {
        const NAMES: [&str; 8] =
            ["grid_y", "grid_x", "latitude", "longitude", "variable", "period", "month", "mean"];
        let names: Vec<&str> = NAMES.into_iter().chain(["units"]).chain(self.run()).collect();
        let mut sums = Sums::new(wanted);
        columns::each(&self.path, "stats.parquet", &names, |batch| {
            for row in 0..batch.rows {
                let variable = batch.text(4, row);
                // Rows of months of the year are parts of that of all days.
                let period = period(batch, 5, row).filter(|_| batch.number(6, row) == 0.0);
                let Some(period) = period.filter(|_| is_wanted(wanted, variable)) else { continue };
                let Some(place) = Place::of(&self.path, batch, row)? else { continue };
                sums.turn_to(batch.text(9, row));
                sums.add(&place, variable, batch.text(8, row), (period, 0), batch.number(7, row));
            }
            Ok(())
        })?;
        sums.lines(&self.path)
    }

    fn of_days(&self, wanted: &Wanted<'_>) -> Result<Vec<PeriodLine>> {
        let is_variable = |name: &&String| !PLACES.contains(&name.as_str()) && is_wanted(wanted, name);
        let variables: Vec<&String> = self.about.columns.keys().filter(is_variable).collect();
        let step = if self.about.columns.contains_key("day") { "day" } else { "time" };
        let mut names = vec!["grid_y", "grid_x", "latitude", "longitude", "period", step];
        let first = names.len();
        names.extend(variables.iter().map(|name| name.as_str()));
        let run = names.len();
        names.extend(self.run());
        let mut sums = Sums::new(wanted);
        // Sums and counts of the values of one cell: rows of a cell stand together.
        let mut own: BTreeMap<(usize, u32, i64), [f64; 2]> = BTreeMap::new();
        let mut last: Option<Place> = None;
        let units = |variable: &str| self.about.columns.get(variable).map_or("", |[_, units]| units);
        type Own = BTreeMap<(usize, u32, i64), [f64; 2]>;
        let end = |sums: &mut Sums<'_>, place: &Place, own: &mut Own| {
            for ((index, period, part), [sum, count]) in std::mem::take(own) {
                let Some(variable) = variables.get(index) else { continue };
                let mean = if count > 0.0 { sum / count } else { f64::NAN };
                sums.add(place, variable, units(variable), (period, part), mean);
            }
        };
        columns::each(&self.path, "daily.parquet", &names, |batch| {
            for row in 0..batch.rows {
                let Some(period) = period(batch, 4, row) else { continue };
                let Some(place) = Place::of(&self.path, batch, row)? else { continue };
                let is_same = sums.run == batch.text(run, row);
                if let Some(before) = last.replace(place).filter(|before| *before != place || !is_same) {
                    end(&mut sums, &before, &mut own);
                }
                if !is_same {
                    sums.turn_to(batch.text(run, row));
                }
                let part = part(batch, row, wanted.every);
                for index in 0..variables.len() {
                    let value = batch.number(first + index, row);
                    let [sum, count] = own.entry((index, period, part)).or_default();
                    if !value.is_nan() {
                        *sum += value;
                        *count += 1.0;
                    }
                }
            }
            Ok(())
        })?;
        if let Some(place) = last {
            end(&mut sums, &place, &mut own);
        }
        sums.lines(&self.path)
    }
}

fn is_wanted(wanted: &Wanted<'_>, variable: &str) -> bool {
    wanted.variables.is_empty() || wanted.variables.iter().any(|name| name == variable)
}

fn period(batch: &Batch, column: usize, row: usize) -> Option<u32> {
    batch.whole(column, row).and_then(|period| u32::try_from(period).ok())
}

/// The part of a period that a row of `daily` belongs to, in the order of dates; its date is in the sixth column.
fn part(batch: &Batch, row: usize, every: Every) -> i64 {
    const COLUMN: usize = 5;
    let (milliseconds, text) = (batch.number(COLUMN, row), batch.text(COLUMN, row));
    if every == Every::All {
        return 0;
    }
    if every == Every::Step {
        // Texts of dates are in the order of their digits.
        let digits = || text.bytes().filter(u8::is_ascii_digit).take(18);
        let number = || digits().fold(0_i64, |number, digit| number * 10 + i64::from(digit - b'0'));
        return if text.is_empty() { milliseconds as i64 } else { number() };
    }
    const EPOCH: i64 = 719_162;
    let date = match text.get(..10).map(str::parse::<Date>) {
        Some(date) => date.ok(),
        None => Calendar::ProlepticGregorian.date((milliseconds / DAY).floor() as i64 + EPOCH),
    };
    let (year, month) = date.map_or((0, 1), |date| (i64::from(date.year), i64::from(date.month)));
    if every == Every::Year { year } else { year * 12 + month - 1 }
}

/// The line of a variable and part, which is made where there is none.
fn line_of(lines: &mut Vec<PeriodLine>, variable: &str, [run, part]: [&str; 2], units: &str) -> usize {
    let same = |line: &PeriodLine| line.variable == variable && line.part == part && line.run == run;
    lines.iter().position(same).unwrap_or_else(|| {
        let [variable, units, run, part] = [variable, units, run, part].map(str::to_owned);
        lines.push(PeriodLine { variable, units, run, part, points: BTreeMap::new() });
        lines.len() - 1
    })
}

/// Why a table is drawn as nothing but series.
pub(crate) fn refuse_table(path: &Path) -> Error {
    let what = if path.is_dir() { "holds tables and no grids" } else { "is a table" };
    let reason = format!(
        "{what}; this figure is drawn of grids, and of tables by period only series over the periods of a spin-up"
    );
    Error::selection(Argument::File, path.display(), reason)
}
