//! The model's states: the region object (`RUN_result.psz` and others) and the files of cells beside it (`state_files_…/region_file_….z`).
//!
//! They say what a run was made of: climate, CO2, configuration, strategies, and which dumps each cell wrote. The paths in them are those of the
//! machine of the run. None of them is opened: files are looked for beside the state by their last names, so that a run that was moved is
//! read as it is.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use crate::dump::{Dump, Limits, Value, ValueKind};
use crate::error::{Error, Result};
use crate::model::calendar::Calendar;
use crate::model::fault::{Fault, FaultKind};
use crate::model::grid::Cell;
use crate::model::time_unit::TimeUnit;
use crate::source::Part;

use super::names;

mod values;

pub use values::path_text;
use values::{attribute, flat, last_name, number, text};

/// What stands before the names of attributes that a state gives.
pub const PREFIX: &str = "caete_";
/// Periods that are listed; of more the first and the last.
const MOST_PERIODS: usize = 24;
/// Settings of the configuration that are looked at.
const MOST_SETTINGS: usize = 500;
/// Dumps that are named in all.
const MOST_DUMPS: usize = 1 << 25;
/// Cells of a region; the globe has 259,200 of half a degree.
const MOST_CELLS: usize = 1 << 22;

/// What a state says of a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    /// The name of the region, which is that of the run's folder.
    pub name: Option<String>,
    /// All that people may want to know: names and texts, paths as they were.
    pub facts: Vec<(String, String)>,
    /// What outputs may say of their origin: names of attributes and texts, without folders.
    pub provenance: BTreeMap<String, String>,
    /// The cells of the region.
    pub cells: BTreeSet<Cell>,
    /// What cells wrote, as far as the state itself holds them.
    pub ran: Vec<CellRan>,
    /// The folders and names of the files that hold the other cells.
    files: Vec<(String, String)>,
}

/// What a cell wrote by its state.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CellRan {
    /// The cell.
    pub cell: Cell,
    /// The numbers of its periods.
    pub periods: BTreeSet<u32>,
    /// The years of its yearly files.
    pub years: BTreeSet<i32>,
    /// First and last day of what was run and saved, as the model was told.
    pub dates: Vec<(String, String)>,
}

/// A run's dumps beside what a state names.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Compared {
    /// The folder of the run.
    pub run: PathBuf,
    /// Dumps and cells that the state names and the folder lacks, by cell.
    pub missing: Vec<Fault>,
    /// Dumps that the state names.
    pub named: u64,
    /// Cells whose lists of dumps were found.
    pub listed: usize,
    /// Files of cells that the state names and that are not beside it, or cannot be read, and why.
    pub unread: Vec<(String, String)>,
}

impl State {
    /// Reads a state: a region object, or a file of its cells.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io), [`Damaged`](crate::ErrorKind::Damaged); [`Config`](crate::ErrorKind::Config) where a sound file holds
    /// something else.
    pub fn open(path: impl AsRef<Path>, limits: &Limits) -> Result<Self> {
        let path = path.as_ref();
        let dump = Dump::open(path, limits)?;
        State::of(dump.root()).ok_or_else(|| {
            Error::config(path, "it is not a state of CAETE-DVM: neither a region nor its cells")
        })
    }

    /// Sees a value as a state; nothing where it is none.
    pub fn of(root: Value<'_>) -> Option<Self> {
        match root.kind() {
            ValueKind::Object(_, "region") => Some(region(root)),
            ValueKind::List(_) => {
                let ran: Vec<CellRan> = cells_ran(root.items());
                if ran.is_empty() {
                    return None;
                }
                let mut state =
                    State { cells: ran.iter().map(|one| one.cell).collect(), ran, ..State::default() };
                if let Some(config) = root.items().find_map(|cell| attribute(cell, "config")) {
                    state.configured(config);
                }
                state.told_periods();
                Some(state)
            }
            _ => None,
        }
    }

    /// Adds what the files of cells say that lie beside a state, or in the folder of its run. One file after another is in memory. Returns
    /// those that cannot be read, and why.
    pub fn with_cells(&mut self, path: &Path, run: Option<&Path>, limits: &Limits) -> Vec<(String, String)> {
        let mut unread = Vec::new();
        for (folder, name) in std::mem::take(&mut self.files) {
            let beside = path.parent().map(|parent| parent.join(&folder).join(&name));
            let places = beside.into_iter().chain(run.map(|run| run.join(&folder).join(&name)));
            let found = places.into_iter().find(|place| place.is_file());
            let shown = format!("{folder}/{name}");
            let Some(found) = found else {
                unread.push((shown, "it is not there".to_owned()));
                continue;
            };
            match State::open(&found, limits) {
                Ok(cells) => self.ran.extend(cells.ran),
                Err(error) => unread.push((shown, error.to_string())),
            }
        }
        self.ran.sort_by_key(|one| one.cell);
        self.ran.dedup_by_key(|one| one.cell);
        self.cells.extend(self.ran.iter().map(|one| one.cell));
        self.told_periods();
        unread
    }

    /// Says which periods most cells saved.
    fn told_periods(&mut self) {
        let mut counts: BTreeMap<&[(String, String)], usize> = BTreeMap::new();
        for one in self.ran.iter().filter(|one| !one.dates.is_empty()) {
            *counts.entry(&one.dates).or_default() += 1;
        }
        let Some((dates, _)) = counts.into_iter().max_by_key(|(_, count)| *count) else { return };
        let words: Vec<String> = dates.iter().map(|(first, last)| format!("{first} to {last}")).collect();
        let words = match words.as_slice() {
            [first, .., last] if words.len() > MOST_PERIODS => {
                format!("{first}, …, {last}: {} periods", words.len())
            }
            _ => words.join(", "),
        };
        self.facts.retain(|(name, _)| name != "periods");
        self.say("periods", words.clone());
        self.provenance.insert(format!("{PREFIX}periods"), words);
    }

    fn say(&mut self, name: &str, words: impl Into<String>) {
        self.facts.push((name.to_owned(), words.into()));
    }

    /// Says something to people and in outputs alike.
    fn tell(&mut self, name: &str, words: impl Into<String>) {
        let words = words.into();
        self.provenance.insert(format!("{PREFIX}{name}"), words.clone());
        self.say(name, words);
    }

    /// Says where something is to people, and what it is called in outputs.
    fn place(&mut self, name: &str, path: &str) {
        self.say(name, path);
        self.provenance.insert(format!("{PREFIX}{name}"), last_name(path));
    }

    fn configured(&mut self, config: Value<'_>) {
        let settings = flat(config, MOST_SETTINGS);
        let known = [
            ("metacomm.n", "communities"),
            ("metacomm.npls_max", "strategies_of_a_community"),
            ("fertilization.afex_mode", "fertilization"),
        ];
        for (key, value) in settings {
            if let Some((_, name)) = known.iter().find(|(known, _)| *known == key) {
                self.provenance.insert(format!("{PREFIX}{name}"), value.clone());
            }
            self.say(&format!("config.{key}"), value);
        }
    }
}

/// What a region object says.
fn region(root: Value<'_>) -> State {
    let mut state = State::default();
    let field = |name: &str| attribute(root, name);
    if let Some(name) = field("name").and_then(path_text) {
        state.tell("region", last_name(&name));
        state.name = Some(last_name(&name));
    }
    if let Some(input) = field("input_data").and_then(path_text) {
        state.place("input", &input);
    }
    let kinds: Vec<String> =
        ["input_type", "input_method"].iter().filter_map(|name| text(field(name)?)).collect();
    if !kinds.is_empty() {
        state.tell("input_kind", kinds.join(", "));
    }
    if let Some(words) = field("stime").and_then(times) {
        state.tell("input_time", words);
    }
    if let Some(path) = field("co2_path").and_then(path_text) {
        state.place("co2", &path);
    }
    if let Some(words) = field("co2_data").and_then(concentrations) {
        state.tell("co2_values", words);
    }
    if let Some(count) = field("npls_main_table").and_then(Value::as_i64) {
        state.tell("strategies", count.to_string());
    }
    for name in ["epsg", "datum"] {
        if let Some(words) = field(name).and_then(text) {
            state.tell(name, words);
        }
    }
    for name in ["output_path", "state_path"] {
        if let Some(words) = field(name).and_then(path_text) {
            state.say(name, words);
        }
    }
    if let Some(indices) = field("yx_indices") {
        state.cells = indices.items().take(MOST_CELLS).filter_map(pair).collect();
    }
    if let Some(size) = field("region_size").and_then(Value::as_i64) {
        state.tell("cells", size.to_string());
    } else if !state.cells.is_empty() {
        state.tell("cells", state.cells.len().to_string());
    }
    if let Some(config) = field("config") {
        state.configured(config);
    }
    let mut seen = HashSet::new();
    let files =
        field("file_objects").into_iter().flat_map(Value::items).take(MOST_CELLS).filter_map(path_text);
    for (folder, name) in files.filter_map(|path| state_file(&path)) {
        if seen.insert((folder.clone(), name.clone())) {
            state.files.push((folder, name));
        }
    }
    if !state.files.is_empty() {
        state.say("files_of_cells", state.files.len().to_string());
    }
    state.ran = cells_ran(field("gridcells").into_iter().flat_map(Value::items));
    state.told_periods();
    state
}

/// The folder and the name of a file of cells. A name that leads elsewhere is none.
fn state_file(path: &str) -> Option<(String, String)> {
    let mut parts = path.rsplit(['/', '\\']);
    let (name, folder) = (parts.next()?, parts.next()?);
    let is_plain = |text: &str| !text.is_empty() && !text.starts_with('.') && !text.contains(['\0', ':']);
    (folder.starts_with(names::STATE_FILES) && is_plain(name) && is_plain(folder))
        .then(|| (folder.to_owned(), name.to_owned()))
}

/// What cells' objects say that they wrote. Dumps that are named are counted: a file can name one list for many cells.
fn cells_ran<'a>(cells: impl Iterator<Item = Value<'a>>) -> Vec<CellRan> {
    let mut left = MOST_DUMPS;
    let mut found = Vec::new();
    for cell in cells.take(MOST_CELLS) {
        let Some(ran) = cell_ran(cell, left) else { continue };
        left = left.saturating_sub(ran.periods.len() + ran.years.len() + ran.dates.len());
        found.push(ran);
    }
    found
}

/// What a cell's object says that it wrote, `most` of each.
fn cell_ran(value: Value<'_>, most: usize) -> Option<CellRan> {
    if !matches!(value.kind(), ValueKind::Object(..)) {
        return None;
    }
    let index = |name: &str| u32::try_from(attribute(value, name)?.as_i64()?).ok();
    let cell = Cell { row: index("y")?, column: index("x")? };
    let of = |name: &str| attribute(value, name).into_iter().flat_map(Value::entries).take(most);
    let part = |key: Value<'_>| names::part_of(key.as_str()?);
    let periods = of("outputs").filter_map(|(key, _)| match part(key)? {
        Part::Period(number) => Some(number),
        Part::Year(_) => None,
    });
    let years = of("metacomm_output").filter_map(|(key, _)| i32::try_from(key.as_i64()?).ok());
    let dates =
        attribute(value, "executed_iterations").into_iter().flat_map(Value::items).take(most).filter_map(
            |pair| {
                let mut ends = pair.items();
                Some((values::date(&text(ends.next()?)?), values::date(&text(ends.next()?)?)))
            },
        );
    Some(CellRan { cell, periods: periods.collect(), years: years.collect(), dates: dates.collect() })
}

/// A pair of row and column.
fn pair(value: Value<'_>) -> Option<Cell> {
    let mut items = value.items();
    let mut next = || u32::try_from(items.next()?.as_i64()?).ok();
    Some(Cell { row: next()?, column: next()? })
}

/// The calendar and the ends of the time that the input has.
fn times(value: Value<'_>) -> Option<String> {
    let calendar = attribute(value, "calendar").and_then(text)?;
    let units = attribute(value, "units").and_then(text)?;
    let ends = attribute(value, "time_index").and_then(Value::as_array).and_then(|array| {
        let numbers = array.to_f64()?;
        Some((*numbers.first()?, *numbers.last()?))
    });
    let unit = Calendar::parse(&calendar).and_then(|calendar| TimeUnit::parse(&units, calendar).ok());
    let dates = ends.zip(unit).and_then(|((first, last), unit)| {
        let date = |number: f64| unit.date(number.floor() as i64);
        Some(format!("{} to {}", date(first)?, date(last)?))
    });
    Some(match dates {
        Some(dates) => format!("{dates}, {calendar}"),
        None => format!("{units}, {calendar}"),
    })
}

/// The years of CO2 and its first and last value, in ppm.
fn concentrations(value: Value<'_>) -> Option<String> {
    let of = |(key, value): (Value<'_>, Value<'_>)| Some((key.as_i64()?, value.as_f64()?));
    let years: BTreeMap<i64, f64> = value.entries().filter_map(of).collect();
    let ((first, low), (last, high)) = (years.first_key_value()?, years.last_key_value()?);
    Some(format!("{} ppm in {first} to {} ppm in {last}", number(*low), number(*high)))
}

/// What a state of a run says of where its outputs come from, by names of global attributes, with what the files of its cells add.
///
/// # Errors
/// Those of [`State::open`].
pub fn attributes(path: &Path, limits: &Limits) -> Result<BTreeMap<String, String>> {
    let mut state = State::open(path, limits)?;
    let run = run_of(path, &state);
    // Cells know the periods; a state says the rest without them.
    state.with_cells(path, run.as_deref(), limits);
    Ok(state.provenance)
}

/// The folder of the run that a state is of: the one that its file is called after, or that of its name beside it.
pub fn run_of(path: &Path, state: &State) -> Option<PathBuf> {
    let named = || {
        let name = state.name.as_deref()?;
        let is_plain = !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0']);
        is_plain.then(|| path.with_file_name(name))
    };
    names::run_of(path).filter(|run| run.is_dir()).or_else(|| named().filter(|run| run.is_dir()))
}

/// Compares what the state names with what is in the folder of a run. No dump is read.
pub fn compare(state: &State, run: &Path, unread: Vec<(String, String)>) -> Compared {
    let mut compared =
        Compared { run: run.to_owned(), unread, listed: state.ran.len(), ..Compared::default() };
    let lists: BTreeMap<Cell, &CellRan> = state.ran.iter().map(|one| (one.cell, one)).collect();
    for &cell in &state.cells {
        let folder = run.join(names::folder_of(cell));
        let list = lists.get(&cell);
        let parts: Vec<Part> = list
            .map(|list| {
                let years = list.years.iter().map(|&year| Part::Year(year));
                list.periods.iter().map(|&number| Part::Period(number)).chain(years).collect()
            })
            .unwrap_or_default();
        compared.named += parts.len() as u64;
        if !folder.is_dir() {
            let count = parts.len();
            let words = match count {
                0 => "the state names the cell; its folder is missing".to_owned(),
                _ => format!(
                    "the state names {}; the cell's folder is missing",
                    crate::words::many(count as u64, "file")
                ),
            };
            compared.missing.push(Fault::of_cell(cell, FaultKind::Missing, words));
            continue;
        }
        for part in parts {
            if folder.join(names::file_of(part)).is_file() {
                continue;
            }
            let (period, year) = match part {
                Part::Period(number) => (Some(number), None),
                Part::Year(year) => (None, Some(year)),
            };
            let message = "the state names the file; it is missing".to_owned();
            let kind = FaultKind::Missing;
            compared.missing.push(Fault { cell, period, year, variable: None, kind, message });
        }
    }
    compared
}
