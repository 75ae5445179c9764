//! An archive that is open for reading, and its cells.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::block::{ANNUAL, RECORDS};
use super::codec::Codec;
use super::gather::TIME;
use super::names::{ORDER, PERIOD, PLACE};
use super::read::{OpenFile, State};
use super::record::{self, DumpRecord};
use super::root::{self, Entry};
use super::tune::Tune;
use super::variable::Variable;
use crate::error::{Argument, Error, Result};
use crate::hdf5::Problem;
use crate::hdf5::group::Group;
use crate::model::calendar::{Calendar, Date};
use crate::model::grid::{Cell, Grid};
use crate::model::time_step::TimeStep;
use crate::model::time_unit::TimeUnit;

pub(super) mod periods;

/// Rows of an array without values at most; nothing else bounds them.
const MOST_ROWS: usize = 1 << 20;

/// An archive, open for reading, in the state in which it was opened.
#[derive(Debug, Clone)]
pub struct Archive {
    pub(super) source: Arc<OpenFile>,
    pub(super) root: Arc<Group>,
    cells: Arc<BTreeMap<Cell, u64>>,
    unit: TimeUnit,
    grid: Grid,
}

/// The root's word for the length of steps of time, where they are not days.
pub(super) const STEP: &str = "gridloom_time_step";

/// The root's word for the size of cells of the globe's grid.
pub(super) const RESOLUTION: &str = "gridloom_resolution_degrees";
/// The root's word for another grid.
pub(super) const GRID: &str = "gridloom_grid";

impl Archive {
    /// Opens an archive. Reads the names of its cells and attributes, no data: some milliseconds for thousands of cells.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io) where the file cannot be read, [`Damaged`](crate::ErrorKind::Damaged) where it is no archive or damaged.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::of(OpenFile::open(path.as_ref())?)
    }

    /// Opens an archive in a state that another one was opened in, here or in another process: cells that were added since are not seen.
    ///
    /// # Errors
    /// Those of [`Archive::open`], and [`Changed`](crate::ErrorKind::Changed) where another file has taken its place.
    pub fn open_in(path: impl AsRef<Path>, state: &State) -> Result<Self> {
        Self::of(OpenFile::open_in(path.as_ref(), state)?)
    }

    /// The state in which it was opened.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io).
    pub fn state(&self) -> Result<State> {
        self.source.known()
    }

    fn of(source: OpenFile) -> Result<Self> {
        let path = source.path.as_path();
        let wrong = |problem: Problem| problem.of(path);
        let root = source.group(source.state.root).map_err(wrong)?;
        let lacks = |what: &str| {
            wrong(Problem::other(format!("it is not an archive of a run: it does not say {what}")))
        };
        let calendar = root.text("gridloom_calendar").and_then(Calendar::parse);
        // Archives of days do not say it.
        let step = match root.text(STEP) {
            Some(text) => text.parse().map_err(|_| lacks("how long its steps of time are"))?,
            None => TimeStep::DAY,
        };
        let unit = calendar
            .zip(root.text("gridloom_time_units"))
            .and_then(|(calendar, text)| TimeUnit::of_steps(text, calendar, Some(step)).ok())
            .ok_or_else(|| lacks("its unit of time"))?;
        let grid = match root.text(GRID) {
            Some(text) => serde_json::from_str(text).ok(),
            None => root.text(RESOLUTION).and_then(|text| text.parse().ok()).and_then(Grid::from_resolution),
        };
        let grid: Grid = grid.ok_or_else(|| lacks("its grid"))?;
        let cells = root.links.iter().filter_map(|(name, address)| {
            let cell = root::cell_of(name)?;
            grid.contains(cell).then_some((cell, *address))
        });
        let cells = Arc::new(cells.collect());
        Ok(Archive { source: Arc::new(source), root: Arc::new(root), cells, unit, grid })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.source.path
    }

    /// The name of the run.
    pub fn run(&self) -> &str {
        self.root.text("gridloom_run").unwrap_or("run")
    }

    /// The unit and calendar that days are counted in.
    pub fn unit(&self) -> &TimeUnit {
        &self.unit
    }

    /// The grid of its cells.
    pub fn grid(&self) -> Grid {
        self.grid
    }

    /// How its chunks are made.
    pub fn tune(&self) -> Tune {
        let text = |name| self.root.text(name);
        let chunk_bytes = text("gridloom_chunk_bytes").and_then(|text| text.parse().ok());
        let codec = text("gridloom_codec").and_then(|text| text.parse::<Codec>().ok());
        let Tune { chunk_bytes: bytes, codec: other } = Tune::default();
        Tune { chunk_bytes: chunk_bytes.unwrap_or(bytes), codec: codec.unwrap_or(other) }
    }

    /// The global attributes that are texts.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.root.attributes.iter().filter_map(|one| Some((one.name.as_str(), one.as_text()?)))
    }

    /// Bytes of the file in this state.
    pub fn file_bytes(&self) -> u64 {
        self.source.state.end
    }

    /// Whether it has cells whose days are by the numbers of periods; see [`CellHandle::is_by_period`].
    pub fn is_by_period(&self) -> bool {
        self.root.text(ORDER) == Some(PERIOD)
    }

    /// Its cells, from north to south and west to east.
    pub fn cells(&self) -> impl ExactSizeIterator<Item = Cell> {
        self.cells.keys().copied()
    }

    /// Whether it has a cell.
    pub fn has(&self, cell: Cell) -> bool {
        self.cells.contains_key(&cell)
    }

    /// What the root says of all cells: days, bytes, faults. Reads five short lists.
    ///
    /// # Errors
    /// [`Damaged`](crate::ErrorKind::Damaged) where one of them is damaged.
    pub fn entries(&self) -> Result<BTreeMap<Cell, Entry>> {
        let list = |(name, ..): (&str, &str, &str)| -> Result<Vec<i64>> {
            let variable = self.at_root(name)?;
            let values = variable.all()?.to_i64();
            if values.len() == self.cells.len() {
                return Ok(values);
            }
            let reason = format!("{} values for {} cells", values.len(), self.cells.len());
            Err(Error::archive(self.path(), None, Some(name), reason))
        };
        let days = list(root::DAYS)?;
        let (first, last) = (list(root::FIRST)?, list(root::LAST)?);
        let (bytes, faults) = (list(root::BYTES)?, list(root::FAULTS)?);
        let entries = self.cells.iter().enumerate().map(|(index, (&cell, &address))| {
            let get = |values: &[i64]| values.get(index).copied().unwrap_or(0);
            let entry = Entry {
                address,
                days: get(&days) as u64,
                first: get(&first),
                last: get(&last),
                bytes: get(&bytes) as u64,
                faults: get(&faults) as u64,
            };
            (cell, entry)
        });
        Ok(entries.collect())
    }

    pub(super) fn at_root(&self, name: &str) -> Result<Variable> {
        Variable::open(&self.source, &self.root, None, name)
    }

    /// A cell. Reads the names of its variables.
    ///
    /// # Errors
    /// [`Damaged`](crate::ErrorKind::Damaged) where it is damaged, [`Argument`](crate::ErrorKind::Argument) where it is not there.
    pub fn cell(&self, cell: Cell) -> Result<CellHandle> {
        let Some(&address) = self.cells.get(&cell) else {
            let near = self.cells.range(cell..).next().or_else(|| self.cells.iter().next_back());
            let near = near.map(|(near, _)| format!("; the next is {near}")).unwrap_or_default();
            let reason = format!("the archive has {} cells, but not this one{near}", self.cells.len());
            return Err(Error::selection(Argument::Cell, cell, reason));
        };
        let wrong = |problem: Problem| Error::archive(self.path(), Some(cell), None, problem.to_string());
        let group = self.source.group(address).map_err(wrong)?;
        let unit = self.unit.clone();
        Ok(CellHandle { source: self.source.clone(), group: Arc::new(group), cell, unit })
    }
}

/// A cell of an archive.
#[derive(Debug, Clone)]
pub struct CellHandle {
    source: Arc<OpenFile>,
    group: Arc<Group>,
    cell: Cell,
    unit: TimeUnit,
}

impl CellHandle {
    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.source.path
    }

    /// Its indices.
    pub fn cell(&self) -> Cell {
        self.cell
    }

    /// The unit and calendar that days are counted in.
    pub fn unit(&self) -> &TimeUnit {
        &self.unit
    }

    /// The names of its daily series, in the order of the dumps.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        const OTHERS: [&str; 6] = [TIME, "lat", "lon", RECORDS, "dumps_length", ANNUAL];
        let of_periods: &[&str] = if self.is_by_period() { &[PERIOD, PLACE] } else { &[] };
        let names = self.group.links.iter().map(|(name, _)| name.as_str());
        names.filter(move |name| !OTHERS.contains(name) && !of_periods.contains(name))
    }

    /// A variable: a daily series, or `time`, the days. Reads a few hundred bytes.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where the cell has no such variable, [`Damaged`](crate::ErrorKind::Damaged) where it is damaged.
    pub fn variable(&self, name: &str) -> Result<Variable> {
        Variable::open(&self.source, &self.group, Some(self.cell), name)
    }

    /// The days, or steps of another length, that the cell has, in the archive's unit, in order; [by period](Self::is_by_period) those of each
    /// period are. All series have one value, or one a row, for each.
    ///
    /// # Errors
    /// [`Damaged`](crate::ErrorKind::Damaged).
    pub fn days(&self) -> Result<Vec<i64>> {
        let wrong = |value: f64| {
            let reason = format!("{value} is not the begin of a step of {}", self.unit.step().words());
            Error::archive(&self.source.path, Some(self.cell), Some(TIME), reason)
        };
        let values = self.variable(TIME)?.all()?.to_f64();
        values.into_iter().map(|value| self.unit.step_at(value).ok_or_else(|| wrong(value))).collect()
    }

    /// The places of the days from one date to another, both included. Without a date they are all days.
    ///
    /// # Errors
    /// [`Damaged`](crate::ErrorKind::Damaged); [`Argument`](crate::ErrorKind::Argument) where the calendar does not have a date, and where days are
    /// [by period](Self::is_by_period), so that several may have the same: [`range_of`](Self::range_of) is for these.
    pub fn range(&self, from: Option<Date>, to: Option<Date>) -> Result<std::ops::Range<u64>> {
        if from.is_some() || to.is_some() {
            self.refuse_repeats()?;
        }
        let days = self.days()?;
        let [first, last] = self.steps_of(from, to)?;
        let start = first.map_or(0, |first| days.partition_point(|&day| day < first));
        let end = last.map_or(days.len(), |last| days.partition_point(|&day| day <= last));
        Ok(start as u64..end.max(start) as u64)
    }

    /// The first step on a date and the last on another.
    fn steps_of(&self, from: Option<Date>, to: Option<Date>) -> Result<[Option<i64>; 2]> {
        let known = |argument, date: Date, step: Option<i64>| {
            let reason = || format!("the calendar {} has no such date", self.unit.calendar().name());
            step.ok_or_else(|| Error::selection(argument, date, reason()))
        };
        let first = from.map(|date| known(Argument::From, date, self.unit.first_on(date))).transpose()?;
        let last = to.map(|date| known(Argument::To, date, self.unit.last_on(date))).transpose()?;
        Ok([first, last])
    }

    /// What the archive says of the dumps that the cell was made of.
    ///
    /// # Errors
    /// [`Damaged`](crate::ErrorKind::Damaged).
    pub fn records(&self) -> Result<Vec<DumpRecord>> {
        let values = self.variable(RECORDS)?.all()?;
        let wrong = |reason| Error::archive(&self.source.path, Some(self.cell), Some(RECORDS), reason);
        let records = record::of_lines(&values.bytes)
            .map_err(|line| wrong(format!("its line {line} is not a record")))?;
        // Counts are not yet worth memory or time.
        let days = self.variable(TIME)?.length();
        for record in &records {
            let file = &record.file;
            if let Some((_, count)) = record.days.filter(|(_, count)| *count > days) {
                return Err(wrong(format!("{file} is said to have {count} days, the cell has {days}")));
            }
            if let Some((key, _, rows)) = record.empty.iter().find(|(_, _, rows)| *rows > Some(MOST_ROWS)) {
                let rows = rows.unwrap_or(0);
                return Err(wrong(format!("{file} is said to have {rows} rows of {key}")));
            }
        }
        Ok(records)
    }

    /// The columns of yearly communities: names, in groups of the same length.
    ///
    /// # Errors
    /// [`Damaged`](crate::ErrorKind::Damaged).
    pub fn annual(&self) -> Result<Vec<Variable>> {
        let Some(group) = self.annual_group()? else { return Ok(Vec::new()) };
        let names = group.links.iter().map(|(name, _)| name);
        let open = |name: &String| Variable::open(&self.source, &group, Some(self.cell), name);
        let variables = names.map(open).collect::<Result<Vec<_>>>()?;
        Ok(variables.into_iter().filter(|variable| !variable.is_dimension()).collect())
    }

    pub(super) fn annual_group(&self) -> Result<Option<Group>> {
        let Some(address) = self.group.find(ANNUAL) else { return Ok(None) };
        let wrong = |problem: Problem| {
            Error::archive(&self.source.path, Some(self.cell), Some(ANNUAL), problem.to_string())
        };
        self.source.group(address).map(Some).map_err(wrong)
    }
}
