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
        Ok(Some(self.gathered(&records, &folder, &Kept { output, share, is_fresh, stop })?))
    }

    /// Opens it to compare a run with it: records are kept in an output folder, where there is one.
    fn open_reference(&self, kept: Option<&Kept<'_>>) -> anyhow::Result<Run> {
        match (self.records()?, kept) {
            (Some(records), Some(kept)) => {
                let folder = records::folder_of_reference_in(kept.output)?;
                self.gathered(&records, &folder, kept)
            }
            _ => self.open(&gridloom::observer::Nobody),
        }
    }

    /// Records that are read into a folder, as far as they are not there.
    fn gathered(&self, records: &Records, folder: &Path, kept: &Kept<'_>) -> anyhow::Result<Run> {
        if kept.is_fresh {
            records::forget(folder)?;
        }
        self.tell(records);
        let watch = Watch::start(kept.stop.clone(), self.quiet);
        let run = records.gather(folder, self.gathering(kept.share), &watch);
        drop(watch);
        Ok(run?)
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

/// Where and how work keeps records that it reads.
pub(super) struct Kept<'a> {
    /// The output folder.
    pub output: &'a Path,
    /// The share of a task.
    pub share: Option<Share>,
    /// Whether what was read before is read anew.
    pub is_fresh: bool,
    /// What stops it.
    pub stop: &'a Arc<Stop>,
}

/// A run and its settings, with what its source knows of its variables and what formulas make of them; where settings want it, the change between
/// windows of time. Records that are compared with are kept where `kept` says, or else as long as the run is there.
///
/// # Errors
/// As [`fitted`], and where windows cannot be compared.
pub(super) fn prepared(
    run: Run,
    settings: Settings,
    config: &Config,
    kept: Option<&Kept<'_>>,
) -> anyhow::Result<(Run, Settings)> {
    let settings = fitted(settings, &run, config)?;
    let Some(change) = settings.change.clone() else { return Ok((run, settings)) };
    let Some(path) = &change.reference_run else {
        let change = change.table(settings.table.clone());
        return Ok(gridloom::change::compared(run, None, settings.change(Some(Box::new(change))))?);
    };
    let own = config.of_reference(path)?;
    let of_reference = own.as_ref().unwrap_or(config);
    // What is found out of records is told of the run alone, of which it would be taken to be.
    let source =
        Source { resources: settings.resources, quiet: true, ..Source::new(path, None, of_reference) };
    let reference = source.open_reference(kept)?;
    let known = match (run.source().variables(), reference.source().variables()) {
        (_, Some(known)) => Some(of_reference.beside(known)),
        (Some(_), None) => Some(of_reference.table_or_default()),
        (None, None) => None,
    };
    let change = change.table(settings.table.clone()).reference_table(known);
    Ok(gridloom::change::compared(run, Some(reference), settings.change(Some(Box::new(change))))?)
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
