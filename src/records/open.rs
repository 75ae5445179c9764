//! Opening records: a description, or files and a preset, become a run.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::error::{Argument, Error, ErrorKind, Result};
use crate::model::variables::VariableTable;
use crate::observer::Observer;
use crate::plan::Resources;
use crate::run::{Listing, Run, RunCell};
use crate::source::account::Account;
use crate::spool::{Task, lock as locks};
use crate::sync::lock;
use crate::threads;

use super::assemble::{self, Known};
use super::description::{Absent, Description, FileFormat, Keep};
use super::detect::{self, Evidence, Note};
use super::files::{self, Files, RecordFile};
use super::gather::{self, Gathering};
use super::head;
use super::read::FileReader;
use super::schema::{Head, Schema, TimeRule};
use super::source::{Gathered, KIND, Own, PERIOD};
use super::store::arrange::Arranging;
use super::table::CellTable;

/// Files whose beginnings are read before any other is: all tables that differ should be among them.
const HEADS: usize = 2000;

/// Files that one thread looks at by itself.
const FEW: usize = 64;

/// How often a task that waits for others looks again.
const WAIT: std::time::Duration = std::time::Duration::from_millis(500);

/// How long a task waits for others to begin: those of a job array start within seconds of each other.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

/// The version of what is kept of records.
const VERSION: u32 = 1;

/// Files of records, and how they are read; nothing of them is read yet but some beginnings.
#[derive(Debug)]
pub struct Records {
    path: PathBuf,
    description: Description,
    files: Files,
    schema: Schema,
    account: Account,
    table: VariableTable,
    /// The places of cells that have numbers.
    by_number: Vec<(u64, [f64; 2])>,
    evidence: Vec<Evidence>,
    notes: Vec<Note>,
    /// Whether lines are read a second time, to prove something.
    is_proof: bool,
}

impl Records {
    /// Opens what a description says. Paths in it are relative to its own folder.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io), [`Config`](crate::ErrorKind::Config) where the description is none, or does not fit the files.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let text = crate::shared::read_text(path).map_err(|source| Error::io("read", path, source))?;
        let description = Description::from_toml(&text).map_err(|error| error.of(path))?;
        let table = own_variables(&text, path)?;
        Self::of(description, table, crate::shared::folder_of(path), path)
    }

    /// Opens files as a preset has them.
    ///
    /// # Errors
    /// Those of [`Records::open`].
    pub fn of_preset(preset: &str, files: &[String], base: &Path) -> Result<Self> {
        Self::of_files(Some(preset), files, base)
    }

    /// What a path names, where that is records: a description, a file of records, or a pattern of files (`run*/lai.out`); with a preset, whatever
    /// it is.
    ///
    /// # Errors
    /// Those of [`Records::open`].
    pub fn of_path(path: &Path, preset: Option<&str>) -> Result<Option<Self>> {
        if preset.is_none() && is_description(path) {
            return Ok(Some(Self::open(path)?));
        }
        let is_pattern = || path.to_string_lossy().contains(['*', '?', '[', '{']);
        let is_meant = match std::fs::metadata(path) {
            Ok(there) => there.is_file() && super::detect::is_records(path),
            Err(_) => is_pattern(),
        };
        if preset.is_none() && !is_meant {
            return Ok(None);
        }
        let pattern = match path.to_str() {
            // One that is there stands for itself, whatever letters it has.
            Some(text) if path.exists() => super::pattern::Pattern::escape(text),
            Some(text) => text.to_owned(),
            None => {
                let reason = "the name is not UTF-8; give a pattern with * in its place";
                return Err(Error::selection(Argument::Inputs, path.display(), reason));
            }
        };
        // The run is called by the path as it was given, by which its work is known again.
        let description = Description::of_files(preset, &[pattern]).map_err(|error| error.of(path))?;
        Self::of(description, VariableTable::default(), Path::new("."), path).map(Some)
    }

    /// Opens files as they are, or as a preset has them; all else is found out.
    ///
    /// # Errors
    /// Those of [`Records::open`].
    pub fn of_files(preset: Option<&str>, files: &[String], base: &Path) -> Result<Self> {
        let description = Description::of_files(preset, files).map_err(|error| error.of(base))?;
        let path = files.first().map_or_else(|| base.to_owned(), |first| base.join(first));
        Self::of(description, VariableTable::default(), base, &path)
    }

    fn of(description: Description, own: VariableTable, base: &Path, path: &Path) -> Result<Self> {
        let mut listed = files::list(&description, base)?;
        if description.format == Some(FileFormat::Lpjml) {
            // A grid belongs to other files.
            let grids: Vec<bool> =
                listed.files.iter().map(|file| super::lpjml::is_grid(&listed.path(file))).collect();
            let mut is_grid = grids.into_iter();
            listed.files.retain(|_| !is_grid.next().unwrap_or(false));
        }
        let found = detect::complete(&description, listed)?;
        let detect::Completed { description, files, evidence, notes, .. } = found;
        let mut account = Account { files: files.files.len() as u64, ..Account::default() };
        account.add_faults(files.faults.iter().cloned());
        let wrong = |reason: String| Error::config(path, reason);
        let time = TimeRule::of(&description.time).map_err(|error| wrong(format!("source.time: {error}")))?;
        let heads = heads(&files, &description);
        let table_of_cells = description.cell.table.as_ref();
        let table_of_cells = table_of_cells
            .map(|name| CellTable::read(&base.join(name), description.cell.id.as_deref()))
            .transpose()?;
        let by_number = table_of_cells.as_ref().map(CellTable::by_number).unwrap_or_default();
        let schema =
            Schema::of(&description, time, table_of_cells, heads.iter().map(|(file, head)| (*file, head)))
                .map_err(|error| wrong(error.0))?;
        drop(heads);
        let table = description.variables().extended_by(own);
        Ok(Records {
            path: path.to_owned(),
            description,
            files,
            schema,
            account,
            table,
            by_number,
            evidence,
            notes,
            is_proof: false,
        })
    }

    /// The description, with all that was found out.
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// Why each key that the description left open has its value.
    pub fn evidence(&self) -> &[Evidence] {
        &self.evidence
    }

    /// What was seen beside it.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// The files.
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// Lets lines be read by a second, simple reader, to prove what was made of the first one's.
    pub fn for_proof(self) -> Self {
        Records { is_proof: true, ..self }
    }

    /// What is known of the variables.
    pub fn table(&self) -> &VariableTable {
        &self.table
    }

    /// Reads the files that are not in a folder yet into it, and gives all as a run.
    ///
    /// # Errors
    /// [`Unfinished`](crate::ErrorKind::Unfinished) where other tasks have not read their share yet; [`Stopped`](crate::ErrorKind::Stopped),
    /// [`Io`](crate::ErrorKind::Io); [`Config`](crate::ErrorKind::Config) where the records are on no grid, or no axis of time.
    pub fn gather(&self, folder: &Path, how: Gathering, observer: &dyn Observer) -> Result<Run> {
        self.run(folder, how, observer, None)
    }

    /// The same in a folder of its own, among temporary files, that goes with the run.
    ///
    /// # Errors
    /// Those of [`Records::gather`].
    pub fn gather_aside(&self, how: Gathering, observer: &dyn Observer) -> Result<Run> {
        let folder = std::env::temp_dir().join(format!("gridloom-{}", crate::shared::unique()));
        let own = Own(folder.clone());
        self.run(&folder, how, observer, Some(own))
    }

    fn run(&self, folder: &Path, how: Gathering, observer: &dyn Observer, own: Option<Own>) -> Result<Run> {
        let reader = FileReader::new(&self.description, &self.files, &self.schema, self.is_proof);
        let elements = self.schema.elements();
        let looks_for_decimals = self.description.keep == Some(Keep::Decimals);
        let (repeated, is_keyed) = (self.schema.repeated, self.schema.is_keyed);
        let arranging = Arranging { repeated, looks_for_decimals, is_keyed };
        let once = || gather::gather(&self.files, &reader, arranging, &elements, folder, how, observer);
        let (mut gathered, mut patience) = (once()?, PATIENCE);
        // Other tasks read their share at the same time: what they do is waited for, not what they have not begun.
        while gathered.missing() > 0 {
            let own = Task::number(how.task.0);
            let is_alone = match locks::refuse_others(folder, |task, _| task != own, observer) {
                Ok(()) => true,
                Err(error) if error.kind() == ErrorKind::Busy => false,
                Err(error) => return Err(error),
            };
            if observer.is_stopped() {
                return Err(Error::stopped(0, 0));
            }
            std::thread::sleep(WAIT);
            patience = if is_alone { patience.saturating_sub(WAIT) } else { PATIENCE };
            gathered = once()?;
            let (missing, all) = (gathered.missing() as u64, gathered.batches.len() as u64);
            if patience.is_zero() && missing > 0 {
                let words = "; parts of the files are the share of tasks that do not run: start them, and this one again when they have read these";
                return Err(Error::unfinished(all - missing, all, words.to_owned()));
            }
        }
        let batches = std::mem::take(&mut gathered.batches).into_iter().flatten().collect();
        let known = self.known(gathered.keys, gathered.before);
        assemble::write(folder, &known)?;
        let assembled = assemble::assemble(folder, known, batches)?;
        let cells = assembled.listed().map(|cell| RunCell { cell, periods: vec![PERIOD], years: Vec::new() });
        let listing = Listing {
            kind: KIND.to_owned(),
            path: self.path.canonicalize().unwrap_or_else(|_| self.path.clone()),
            name: assembled.name.clone(),
            grid: assembled.grid,
            cells: cells.collect(),
            ignored: Vec::new(),
            faults: Vec::new(),
        };
        Ok(Run::new(listing, Arc::new(Gathered::of(folder, assembled, own))))
    }

    fn known(&self, keys: Vec<u64>, before: Vec<u64>) -> Known {
        let unit = &self.schema.time.unit;
        let name = self.description.name.clone().or_else(|| name_of(&self.path));
        Known {
            version: VERSION,
            path: self.path.display().to_string(),
            name: name.unwrap_or_else(|| "records".to_owned()),
            keys,
            before,
            files: self.files.files.iter().map(|file| file.name()).collect(),
            variables: self.schema.variables.clone(),
            keeps_decimals: self.description.keep == Some(Keep::Decimals),
            repeated: self.schema.repeated,
            is_keyed: self.schema.is_keyed,
            label: self.schema.label.clone(),
            absent: match self.description.absent {
                Some(Absent::Number(number)) => Some(number),
                _ => None,
            },
            cell: self.description.cell.clone(),
            table_of_cells: self.by_number.clone(),
            unit: unit.text().to_owned(),
            calendar: unit.calendar().name().to_owned(),
            step: unit.step(),
            table: self.table.clone(),
            account: self.account.clone(),
        }
    }
}

/// The beginnings of the files that schemas are made from, of those that have one.
fn heads<'a>(files: &'a Files, description: &Description) -> Vec<(&'a RecordFile, Head)> {
    let chosen: Vec<&RecordFile> = spread(&files.files).collect();
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::with_capacity(chosen.len()));
    let work = || {
        while let Some((index, file)) =
            Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|index| Some((index, chosen.get(index)?)))
        {
            if let Ok(head) = head::read(&files.path(file), description) {
                lock(&found).push((index, head));
            }
        }
    };
    let count = Resources::detect().threads.min(chosen.len() / FEW);
    std::thread::scope(|scope| {
        for _ in 1..count {
            // With fewer threads it only takes longer.
            if threads::spawn(scope, work).is_err() {
                break;
            }
        }
        work();
    });
    let mut found = std::mem::take(&mut *lock(&found));
    found.sort_unstable_by_key(|(index, _)| *index);
    found.into_iter().filter_map(|(index, head)| Some((*chosen.get(index)?, head))).collect()
}

/// The tables `[variables.*]` and `[model]` beside a description.
fn own_variables(text: &str, path: &Path) -> Result<VariableTable> {
    #[derive(serde::Deserialize)]
    struct Beside {
        #[serde(default)]
        variables: toml::Table,
        #[serde(default)]
        model: toml::Table,
    }
    let wrong = |reason: String| Error::config(path, reason);
    let beside: Beside = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
    let mut own = toml::Table::new();
    own.insert("variables".to_owned(), beside.variables.into());
    own.insert("model".to_owned(), beside.model.into());
    VariableTable::from_toml(&own.to_string()).map_err(|error| wrong(error.to_string()))
}

/// The first and the last of files, and so many between.
fn spread<T>(files: &[T]) -> impl Iterator<Item = &T> {
    let count = files.len().min(HEADS);
    let last = files.len().saturating_sub(1);
    (0..count).filter_map(move |index| files.get(index * last / (count.max(2) - 1)))
}

/// The name of a run by its path: that of a description without its ending, that of files without all endings and what a pattern leaves open.
fn name_of(path: &Path) -> Option<String> {
    if path.extension().is_some_and(|ending| ending == "toml") {
        return path.file_stem().map(|name| name.to_string_lossy().into_owned());
    }
    let name = path.file_name()?.to_string_lossy().into_owned();
    let mut depth = 0;
    let fixed = name.chars().filter(|letter| {
        depth += i32::from(matches!(letter, '{' | '['));
        let is_fixed = depth == 0 && !matches!(letter, '*' | '?');
        depth -= i32::from(matches!(letter, '}' | ']'));
        is_fixed
    });
    let fixed: String = fixed.collect();
    let name = fixed.split('.').next().unwrap_or_default().trim_matches(['_', '-', ' ']);
    if name.is_empty() { path.parent().and_then(name_of) } else { Some(name.to_owned()) }
}

/// A description, and the folder that its paths are relative to.
///
/// # Errors
/// [`Io`](crate::ErrorKind::Io), [`Config`](crate::ErrorKind::Config) where it is none.
pub fn read_description(path: &Path) -> Result<(Description, PathBuf)> {
    let text = crate::shared::read_text(path).map_err(|source| Error::io("read", path, source))?;
    let description = Description::from_toml(&text).map_err(|error| error.of(path))?;
    Ok((description, crate::shared::folder_of(path).to_owned()))
}

/// Whether a file is a description: TOML with a table `[source]`.
pub fn is_description(path: &Path) -> bool {
    #[derive(serde::Deserialize)]
    struct Source {
        #[serde(rename = "source")]
        _source: toml::Table,
    }
    let is_toml = path.extension().is_some_and(|extension| extension == "toml");
    let text = || crate::shared::read_text(path).ok();
    is_toml && path.is_file() && text().is_some_and(|text| toml::from_str::<Source>(&text).is_ok())
}

/// Where an output folder keeps the records that its files are made of.
///
/// # Errors
/// [`Io`](crate::ErrorKind::Io).
#[cfg(feature = "netcdf")]
pub fn folder_in(output: &Path) -> Result<PathBuf> {
    kept_in(output, super::FOLDER)
}

/// Where it keeps those that they are compared with.
///
/// # Errors
/// [`Io`](crate::ErrorKind::Io).
#[cfg(feature = "netcdf")]
pub fn folder_of_reference_in(output: &Path) -> Result<PathBuf> {
    kept_in(output, super::FOLDER_OF_REFERENCE)
}

#[cfg(feature = "netcdf")]
fn kept_in(output: &Path, name: &str) -> Result<PathBuf> {
    std::fs::create_dir_all(output).map_err(|source| Error::io("make the folder", output, source))?;
    let folder = crate::spool::find(output)?.join(name);
    std::fs::create_dir_all(&folder).map_err(|source| Error::io("make the folder", &folder, source))?;
    Ok(folder)
}
