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
use crate::model::grid::Cell;
use crate::model::time_unit::TimeUnit;
use crate::words::many;

use super::names;

mod compare;
mod lists;
mod values;

pub use compare::{Compared, compare};
pub use lists::CellRan;
use lists::{Listed, MOST_CELLS, listed, merged, state_file};
pub use values::path_text;
use values::{attribute, flat, last_name, number, text};

/// What stands before the names of attributes that a state gives.
pub const PREFIX: &str = "caete_";
/// Periods that are listed; of more the first and the last.
const MOST_PERIODS: usize = 24;
/// Settings of the configuration that are looked at.
const MOST_SETTINGS: usize = 500;
/// Files that are named where several were not read.
const SHOWN: usize = 3;
/// What the list of cells is called that a state holds itself.
const OWN: &str = "the state itself";

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
    /// What cells wrote, as far as lists of it were read: a list a cell.
    pub ran: Vec<CellRan>,
    /// Lists of cells that were not read, or not all of them, and why.
    pub unread: Vec<(String, String)>,
    /// How many cells the region has, where it says so.
    size: Option<usize>,
    /// The folders and names of the files that hold the other cells.
    files: Vec<(String, String)>,
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
                let listed = listed(root.items());
                if listed.ran.is_empty() {
                    return None;
                }
                let mut state = State::default();
                state.add(listed, OWN);
                state.settle();
                if let Some(config) = root.items().find_map(|cell| attribute(cell, "config")) {
                    state.configured(config);
                }
                Some(state)
            }
            _ => None,
        }
    }

    /// Adds what the files of cells say that lie beside a state, or in the folder of its run. One file after another is in memory. Those
    /// that cannot be read are in [`State::unread`].
    pub fn with_cells(&mut self, path: &Path, run: Option<&Path>, limits: &Limits) {
        for (folder, name) in std::mem::take(&mut self.files) {
            let beside = path.parent().map(|parent| parent.join(&folder).join(&name));
            let places = beside.into_iter().chain(run.map(|run| run.join(&folder).join(&name)));
            let found = places.into_iter().find(|place| place.is_file());
            let shown = format!("{folder}/{name}");
            let Some(found) = found else {
                self.unread.push((shown, "it is not there".to_owned()));
                continue;
            };
            match State::open(&found, limits) {
                Ok(State { ran, unread, .. }) => {
                    let unread = unread.into_iter().map(|(_, reason)| reason).collect();
                    self.add(Listed { ran, unread }, &shown);
                }
                Err(error) => self.unread.push((shown, error.in_full())),
            }
        }
        self.settle();
    }

    /// Adds what a list of cells says, and what of it was not read.
    fn add(&mut self, listed: Listed, name: &str) {
        self.ran.extend(listed.ran);
        self.unread.extend(listed.unread.into_iter().map(|reason| (name.to_owned(), reason)));
    }

    /// Puts the lists together that were added.
    fn settle(&mut self) {
        self.ran = merged(std::mem::take(&mut self.ran));
        self.cells.extend(self.ran.iter().map(|one| one.cell));
        self.told_periods();
    }

    /// How many cells the region has: as many as it says, or as are named.
    pub fn count(&self) -> usize {
        self.cells.len().max(self.size.unwrap_or(0))
    }

    /// That lists of cells were not read, in words; `None` where all were.
    fn remark(&self, path: &Path) -> Option<String> {
        if self.unread.is_empty() {
            return None;
        }
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        let shown = self.unread.iter().take(SHOWN).map(|(file, reason)| format!("{file} ({reason})"));
        let shown = shown.collect::<Vec<_>>().join(", ");
        let more = match self.unread.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let (all, unknown) = (self.count(), self.count().saturating_sub(self.ran.len()));
        Some(format!(
            "{name}: what {unknown} of its {} saved is not known; of lists of cells this was not read: {shown}{more}",
            many(all as u64, "cell")
        ))
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
        state.size = usize::try_from(size).ok().filter(|size| *size <= MOST_CELLS);
        state.tell("cells", size.to_string());
    } else if !state.cells.is_empty() {
        state.tell("cells", state.cells.len().to_string());
    }
    if let Some(config) = field("config") {
        state.configured(config);
    }
    let mut seen = HashSet::new();
    let files = field("file_objects").into_iter().flat_map(Value::items).take(MOST_CELLS);
    for path in files.filter_map(path_text) {
        match state_file(&path) {
            Some(file) if seen.insert(file.clone()) => state.files.push(file),
            Some(_) => {}
            None => {
                let reason = format!("its folder is not called {}…", names::STATE_FILES);
                state.unread.push((path, reason));
            }
        }
    }
    if !state.files.is_empty() {
        state.say("files_of_cells", state.files.len().to_string());
    }
    let own = listed(field("gridcells").into_iter().flat_map(Value::items));
    // Other values in its place are not a list of cells: those that the region names have none then.
    if !own.ran.is_empty() {
        state.add(own, OWN);
    }
    state.settle();
    state
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

/// What a state says of where outputs come from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// Names of global attributes, and what they say.
    pub attributes: BTreeMap<String, String>,
    /// What is to be told: lists of cells that were not read.
    pub remark: Option<String>,
}

/// What a state of a run says of where its outputs come from, with what the files of its cells add.
///
/// # Errors
/// Those of [`State::open`].
pub fn origin(path: &Path, limits: &Limits) -> Result<Origin> {
    let mut state = State::open(path, limits)?;
    let run = run_of(path, &state);
    // Cells know the periods; a state says the rest without them.
    state.with_cells(path, run.as_deref(), limits);
    Ok(Origin { remark: state.remark(path), attributes: state.provenance })
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
