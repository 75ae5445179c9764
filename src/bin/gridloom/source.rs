//! What a path on the command line names, opened as a run.

use std::path::Path;
use std::sync::Arc;

use gridloom::observer::Observer;
use gridloom::plan::{Resources, Settings, Share};
use gridloom::printable::printable;
use gridloom::records::{self, Gathering, Records};
use gridloom::run::Run;

use super::config::Config;
use super::progress::Watch;
use super::signals::Stop;
use super::talk::tell;

/// How a path is opened.
pub(super) struct Source<'a> {
    /// The path.
    pub path: &'a Path,
    /// The preset that files of records are read with, where one is given.
    pub preset: Option<&'a str>,
    /// The configuration.
    pub config: &'a Config,
    /// Threads and memory.
    pub resources: Resources,
    /// Whether nothing is told.
    pub quiet: bool,
}

impl<'a> Source<'a> {
    /// A path, with what a configuration says and all of the machine.
    pub(super) fn new(path: &'a Path, preset: Option<&'a str>, config: &'a Config) -> Self {
        Source { path, preset, config, resources: Resources::detect(), quiet: false }
    }

    /// Files of records, where the path names some.
    fn records(&self) -> anyhow::Result<Option<Records>> {
        Ok(Records::of_path(self.path, self.preset)?)
    }

    /// Opens it. Records are kept where nothing else is, as long as the run is there.
    pub(super) fn open(&self, observer: &dyn Observer) -> anyhow::Result<Run> {
        match self.records()? {
            Some(records) => {
                self.tell(&records);
                Ok(records.gather_aside(self.gathering(None), observer)?)
            }
            None => Ok(Run::open(self.path, self.config.grid()?)?),
        }
    }

    /// Says what was found out of the files, and by what.
    fn tell(&self, records: &Records) {
        if self.quiet {
            return;
        }
        let known = toml::from_str::<toml::Table>(&records.description().to_toml()).unwrap_or_default();
        for found in records.evidence() {
            let mut value = known.get("source");
            for part in found.key.split('.') {
                value = value.and_then(|value| value.get(part));
            }
            let value = value.map(|value| format!(" = {value}")).unwrap_or_default();
            tell!(
                "found out: {}{value}: {}{}",
                found.key,
                found.why,
                place(found.file.as_deref(), found.line)
            );
        }
        for note in records.notes() {
            tell!("note: {}{}", note.text, place(note.file.as_deref(), note.line));
        }
    }

    /// The same, to prove what was made of it: records are read by another reader than they were.
    pub(super) fn open_for_proof(&self, observer: &dyn Observer) -> anyhow::Result<Run> {
        match self.records()? {
            Some(records) => Ok(records.for_proof().gather_aside(self.gathering(None), observer)?),
            None => Ok(Run::open(self.path, self.config.grid()?)?),
        }
    }

    /// Opens it for work in an output folder, where records are kept too. `None` where it is neither records nor input of the model.
    pub(super) fn open_in(
        &self,
        output: &Path,
        share: Option<Share>,
        is_fresh: bool,
        stop: &Arc<Stop>,
    ) -> anyhow::Result<Option<Run>> {
        let Some(records) = self.records()? else {
            // It knows its variables itself, which settings are made of.
            return match gridloom::caete::input::is_input(self.path) {
                true => Ok(Some(Run::open(self.path, self.config.grid()?)?)),
                false => Ok(None),
            };
        };
        let folder = records::folder_in(output)?;
        if is_fresh {
            records::forget(&folder)?;
        }
        self.tell(&records);
        let watch = Watch::start(stop.clone(), self.quiet);
        let run = records.gather(&folder, self.gathering(share), &watch);
        drop(watch);
        Ok(Some(run?))
    }

    fn gathering(&self, share: Option<Share>) -> Gathering {
        let Resources { threads, memory, .. } = self.resources;
        let task = share.map_or((0, 1), |share| (share.index, share.count));
        Gathering::detect().threads(threads).memory(memory).task(task)
    }
}

/// Where something was seen.
fn place(file: Option<&str>, line: Option<u64>) -> String {
    match (file, line) {
        (None, _) => String::new(),
        (Some(file), None) => format!(" ({})", printable(file)),
        (Some(file), Some(line)) => format!(" ({}, line {line})", printable(file)),
    }
}

/// A run and its settings, with what its source knows of its variables and what formulas make of them; where settings want it, the change between
/// windows of time.
///
/// # Errors
/// As [`fitted`], and where windows cannot be compared.
pub(super) fn prepared(run: Run, settings: Settings, config: &Config) -> anyhow::Result<(Run, Settings)> {
    let settings = fitted(settings, &run, config)?;
    let Some(change) = settings.change.clone() else { return Ok((run, settings)) };
    let reference = match &change.reference_run {
        None => None,
        Some(path) => Some(Source::new(path, None, config).open(&gridloom::observer::Nobody)?),
    };
    let table = settings.table.clone();
    let change = change.table(table);
    Ok(gridloom::change::compared(run, reference, settings.change(Some(Box::new(change))))?)
}

/// Settings for a run: with what its source knows of its variables, and what formulas make of them.
///
/// # Errors
/// Where a formula or units do not fit the variables.
pub(super) fn fitted(settings: Settings, run: &Run, config: &Config) -> gridloom::Result<Settings> {
    let settings = match run.source().variables() {
        Some(known) => settings.table(config.beside(known)),
        None => settings,
    };
    derived(settings, config)
}

/// Settings with what formulas make of their variables.
///
/// # Errors
/// As [`fitted`].
pub(super) fn derived(settings: Settings, config: &Config) -> gridloom::Result<Settings> {
    let table = config.derive(settings.table.clone())?;
    Ok(settings.table(table))
}
