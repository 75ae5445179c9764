//! The model's input: a folder with a file of climate a cell (`input_data_Y-X.pbz2`), and one of their dates (`METADATA.pbz2`).
//!
//! Each cell has one period. Its days are those that the model counts: from the first day of the dates on, one after another.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::dump::{Dump, Limits, Value, ValueKind};
use crate::error::{Error, Result};
use crate::model::calendar::Calendar;
use crate::model::fault::{FaultKind, Refusal};
use crate::model::grid::{Cell, Grid};
use crate::model::series::NotSeries;
use crate::model::time_unit::TimeUnit;
use crate::model::variables::VariableTable;
use crate::run::{self, Listing, Run, RunCell};
use crate::source::stamp::Stamp;
use crate::source::{CellSource, Content, Desk, Item, Part, Reading, Wanted, modified};

use super::list::{none_on_grid, off_grid};
use super::period::series;
use super::{names, read_dump, read_file, refuse};

/// What this kind of source is called.
pub const KIND: &str = "caete-input";

/// The only period of a cell.
const PERIOD: u32 = 1;
/// How the file of dates is called, or how its name ends.
const DATES: &str = "METADATA.pbz2";
/// A file has ten keys. Every key is looked at.
const MAX_KEYS: usize = 1 << 10;
/// More days (2,700 years) are taken for damage.
const MAX_DAYS: usize = 1 << 20;

/// The dates of all cells.
#[derive(Debug, Clone)]
struct Dates {
    unit: TimeUnit,
    first: i64,
    last: i64,
}

/// A folder of input that is read.
#[derive(Debug)]
pub struct Inputs {
    path: PathBuf,
    /// The dates, as they were read within some limits.
    dates: Mutex<Option<(Limits, std::result::Result<Dates, Refusal>)>>,
}

/// Whether a path is a folder of input: it has a file of one, and no folder of a run.
pub fn is_input(path: &Path) -> bool {
    let mut is_input = false;
    for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if names::cell_of(&name).is_some() {
            return false;
        }
        is_input |= names::input_of(&name).is_some();
    }
    is_input
}

/// Lists a folder of input, and reads its dates.
///
/// # Errors
/// [`Io`](crate::ErrorKind::Io) where the folder cannot be listed, [`Config`](crate::ErrorKind::Config) where its dates cannot be understood,
/// [`NothingUsable`](crate::ErrorKind::NothingUsable) where the grid has none of its cells.
pub fn open(path: &Path, grid: Grid) -> Result<Run> {
    let list = |source| Error::io("list", path, source);
    let (mut cells, mut ignored, mut faults) = (Vec::new(), Vec::new(), Vec::new());
    for entry in std::fs::read_dir(path).map_err(list)? {
        let name = entry.map_err(list)?.file_name().to_string_lossy().into_owned();
        match names::input_of(&name) {
            Some(cell) if grid.contains(cell) => cells.push(cell),
            Some(cell) => faults.push(off_grid(cell, grid)),
            None if name.ends_with(DATES) => {}
            None => ignored.push(name),
        }
    }
    cells.sort_unstable();
    ignored.sort_unstable();
    faults.sort_by_key(|fault| fault.cell);
    if let (true, Some(fault)) = (cells.is_empty(), faults.first()) {
        return Err(none_on_grid(path, &faults, fault));
    }
    let name = run::name_of(path);
    let path = path.canonicalize().map_err(list)?;
    let source = Arc::new(Inputs::new(&path));
    match source.dates(&Limits::default()) {
        // Whoever reads them has limits of their own.
        Ok(_) | Err((FaultKind::TooLarge | FaultKind::TooManyValues, _)) => {}
        Err((_, reason)) => return Err(Error::config(&path, reason)),
    }
    let of = |cell: Cell| RunCell { cell, periods: vec![PERIOD], years: Vec::new() };
    let cells = cells.into_iter().map(of).collect();
    Ok(Run::new(Listing { kind: KIND.to_owned(), path, name, grid, cells, ignored, faults }, source))
}

impl Inputs {
    /// The folder of a path; nothing is read.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Inputs { path: path.as_ref().to_owned(), dates: Mutex::default() }
    }

    fn path_of(&self, cell: Cell) -> PathBuf {
        self.path.join(names::input_file(cell))
    }

    /// The dates, read once within the same limits.
    fn dates(&self, limits: &Limits) -> std::result::Result<Dates, Refusal> {
        let mut known = self.dates.lock().unwrap_or_else(PoisonError::into_inner);
        match known.as_ref().filter(|(within, _)| within == limits) {
            Some((_, dates)) => dates.clone(),
            None => {
                let dates = read_dates(&self.path, limits);
                *known = Some((*limits, dates.clone()));
                dates
            }
        }
    }
}

/// The dates of a folder. Where several files have dates, the model takes the one without more in its name.
fn read_dates(folder: &Path, limits: &Limits) -> std::result::Result<Dates, Refusal> {
    let unreadable = |reason: String| (FaultKind::Unreadable, reason);
    let entries = std::fs::read_dir(folder).map_err(|error| unreadable(error.to_string()))?;
    let mut files: Vec<String> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.ends_with(DATES))
        .collect();
    files.sort_unstable_by_key(|name| (name.len(), name.clone()));
    let name = match files.as_slice() {
        [] => {
            let reason = format!("{DATES} is not there, which has the dates of its files; copy it there");
            return Err((FaultKind::Missing, reason));
        }
        [name] => name,
        [name, ..] if name == DATES => name,
        [one, other, ..] => {
            let reason = format!("{one} and {other} both have dates; leave one there, or name it {DATES}");
            return Err(unreadable(reason));
        }
    };
    let told = |(kind, reason): Refusal| (kind, format!("{name}: {reason}"));
    let mut raw = Vec::new();
    read_file(&folder.join(name), limits, &mut raw).1.map_err(told)?;
    let dump = Dump::decode(&raw, Vec::new(), limits).map_err(|error| told(refuse(&error)))?;
    dates_of(dump.root()).map_err(|reason| told((FaultKind::Damaged, reason)))
}

/// The dates of the first of the parts for time, latitudes and longitudes.
fn dates_of(root: Value<'_>) -> std::result::Result<Dates, String> {
    let time = root.items().next().unwrap_or(root);
    let text = |key: &str| {
        let value = time.get(key).and_then(Value::as_str);
        value.ok_or_else(|| format!("wants a text {key:?} of the time"))
    };
    let (calendar, units) = (text("calendar")?, text("units")?);
    let calendar = Calendar::parse(calendar).ok_or_else(|| format!("{calendar:?} is not a calendar"))?;
    let unit = TimeUnit::parse(units, calendar).map_err(|error| error.to_string())?;
    let index = time.get("time_index").and_then(Value::as_array).and_then(|array| array.to_f64());
    let index = index.filter(|index| (1..=MAX_DAYS).contains(&index.len()));
    let index = index.ok_or_else(|| format!("wants \"time_index\": 1 to {MAX_DAYS} numbers of days"))?;
    let days: Vec<i64> = index.iter().map(|day| day.floor() as i64).collect();
    if let Some(pair) = days.windows(2).find(|pair| pair.first().map(|day| day + 1) != pair.last().copied()) {
        let [one, other] = [pair.first(), pair.last()].map(|day| day.copied().unwrap_or_default());
        return Err(format!(
            "day {other} follows day {one} of \"time_index\", where days follow one another in the model"
        ));
    }
    let ends = days.first().copied().zip(days.last().copied());
    let ends = ends.filter(|(first, last)| unit.date(*first).is_some() && unit.date(*last).is_some());
    let (first, last) = ends.ok_or("its days are not dates of the calendar")?;
    Ok(Dates { unit, first, last })
}

/// Sees what a file holds as the period of its cell.
fn content<'a>(root: Value<'a>, dates: &Dates) -> std::result::Result<Content<'a>, Refusal> {
    let damaged = |reason: String| (FaultKind::Damaged, reason);
    match root.kind() {
        ValueKind::Dict(0..=MAX_KEYS) => {}
        ValueKind::Dict(keys) => {
            return Err(damaged(format!("{keys} keys are more than the limit of {MAX_KEYS}")));
        }
        _ => return Err(damaged("it is not a dict".to_owned())),
    }
    let mut content = Content::new(dates.unit.clone(), dates.first, dates.last);
    for (key, value) in root.entries() {
        let Some(name) = key.as_str() else {
            content.push_other(format!("{:?}", key.kind()).chars().take(40).collect(), NotSeries::Key);
            continue;
        };
        if root.get(name).is_none_or(|last| last.identity() != value.identity()) {
            continue;
        }
        match series(value) {
            Ok(_) if content.series(name).is_some() => {}
            Ok(series) => content.push(name, series),
            // The soil's nutrients are a number each.
            Err(reason) => content.push_other(name.to_owned(), reason),
        }
    }
    Ok(content)
}

impl CellSource for Inputs {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn name_of(&self, _: Part) -> String {
        names::INPUT.to_owned()
    }

    fn has(&self, item: Item) -> bool {
        item.part == Part::Period(PERIOD) && self.path_of(item.cell).exists()
    }

    fn holds(&self, item: Item, known: &Stamp) -> bool {
        known.holds(&self.path_of(item.cell))
    }

    fn glance(&self, item: Item) -> Option<(u64, i64)> {
        let metadata = std::fs::metadata(self.path_of(item.cell)).ok()?;
        Some((metadata.len(), modified(&metadata)))
    }

    fn variables(&self) -> Option<VariableTable> {
        // A test proves that the text is one.
        VariableTable::from_toml(include_str!("input.toml")).ok()
    }

    fn period(
        &self,
        cell: Cell,
        number: u32,
        _: Wanted<'_>,
        desk: &mut Desk<'_>,
        take: &mut dyn FnMut(&Content<'_>) -> std::result::Result<(), Refusal>,
    ) -> Reading {
        let dates = match self.dates(desk.limits) {
            Ok(dates) => dates,
            Err(refusal) => return Reading::refused(None, refusal),
        };
        read_dump(&self.path_of(cell), Item::period(cell, number), desk, &mut |dump| {
            take(&content(dump.root(), &dates)?)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_the_inputs_variables_is_one() {
        let table = Inputs::new("").variables().expect("a table");
        assert_eq!(table.get("tas").and_then(|info| info.units.clone()).as_deref(), Some("K"));
    }
}
