//! Writing an archive of a run, under a temporary name until it is complete.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::Instant;

use chrono::{DateTime, SecondsFormat, Utc};

use super::block::Encoded;
use super::codec::Encoder;
use super::editor::Editor;
use super::gather::{CellParts, Gathering};
use super::handle::{Archive, GRID, RESOLUTION, STEP};
use super::identity;
use super::less::Losses;
use super::lock::Lock;
use super::names::{ORDER, PERIOD};
use super::root::Root;
use super::run::is_hdf5;
use super::selected::Selected;
use super::settings::Settings;
use super::silent::SilentCells;
use super::sink::{Sink, publish};
use super::tune::Tune;
use crate::error::{Argument, Error, Result};
use crate::model::fault::Fault;
use crate::observer::{Counted, Observer};
use crate::plan::{Area, absent};
use crate::run::silence::EmptyCells;
use crate::run::{Run, RunCell};
use crate::shared::Draft;
use crate::source::Memory;
use crate::source::account::Account;
use crate::sync::lock;

/// What was done to an archive.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Report {
    /// Cells that were written.
    pub cells: u64,
    /// Dumps that were read.
    pub dumps: u64,
    /// Their bytes.
    pub bytes_read: u64,
    /// Values of daily series.
    pub values: u64,
    /// Bytes of the archive.
    pub file_bytes: u64,
    /// Seconds it took.
    pub seconds: f64,
    /// What is to be told of the run's periods.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
    /// Periods that were asked for and are not in the run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub absent: Vec<String>,
    /// What could not be archived.
    pub faults: Vec<Fault>,
    /// Keys of the dumps that nothing is archived of, and why.
    pub unusable_variables: BTreeMap<String, String>,
    /// Periods that no dump could be used of, in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lost_periods: Vec<String>,
    /// Dumps that are others now than those that were archived, of cells that were not replaced.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
    /// Cells that hold nothing in the dumps that were read, those together of which the same is to be said.
    pub empty_cells: Vec<EmptyCells>,
    /// Where the lines of files of records went; nothing of other sources.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records: Option<Account>,
    #[serde(skip)]
    pub(super) silent: SilentCells,
}

/// Archives a run: all values of all dumps, exactly. The file has its name when it is complete and on the disk.
///
/// Periods that repeat dates, as those of a spin-up, are all kept: days of a cell are then [by period](super::CellHandle::is_by_period).
///
/// Dumps that are missing or damaged are named in the report and in the archive. Memory: for each thread a dump, and the encoded
/// series of one cell; nothing grows with the number of cells but a list of them. The same dumps and settings give the same file, for any
/// number of threads.
///
/// # Errors
/// [`WrongPlace`](crate::ErrorKind::WrongPlace), [`Occupied`](crate::ErrorKind::Occupied) where the file is there and may not be replaced, [`Mixed`](crate::ErrorKind::Mixed),
/// [`Argument`](crate::ErrorKind::Argument), [`Memory`](crate::ErrorKind::Memory) before any work; [`WouldLose`](crate::ErrorKind::WouldLose) where the file is an archive that holds what the new one
/// would not; [`Stopped`](crate::ErrorKind::Stopped); [`Io`](crate::ErrorKind::Io) where it cannot be written.
pub fn write(
    run: &Run,
    path: impl AsRef<Path>,
    settings: &Settings,
    observer: &dyn Observer,
) -> Result<Report> {
    let path = path.as_ref();
    let start = Instant::now();
    crate::shared::refuse_folder(path)?;
    if path.exists() && !settings.overwrite {
        return Err(Error::output_not_empty(path));
    }
    refuse_link(path)?;
    let selected = Selected::new(run, settings)?.by_period_with(None)?;
    // What is no archive, or damaged, has nothing that could be compared.
    let old = Archive::open(path).ok().filter(|_| path.exists() && !settings.fresh);
    let mut losses = Losses::default();
    if let Some(old) = &old {
        Losses::listed(old, &selected, &settings.selection.area)?.refuse(path)?;
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|source| Error::io("make the folder", folder, source))?;
    }
    let lock = Lock::take(path)?;
    // While the lock was waited for, or by a name that has just come to lead there, another process may have made it.
    if !settings.overwrite && lock.target().exists() {
        return Err(Error::output_not_empty(path));
    }
    let (draft, file) = Draft::beside(lock.target())?;
    let sink = Sink::begin(file, &draft.path);
    let parts = (selected.survey.unit.clone(), run.grid, settings.tune.codec);
    let mut editor = Editor::new(sink, Root::default(), path, &settings.table, parts);
    describe(&mut editor, run, settings);
    if selected.is_by_period {
        editor.set(ORDER, PERIOD);
    }
    if let Some((name, text)) = identity::states_text(run, None)? {
        editor.set(name, &text);
    }
    let mut report = selected.report(&settings.selection.area);
    let gathering = Gathering {
        run,
        unit: &selected.survey.unit,
        tune: &settings.tune,
        limits: &selected.limits,
        survey: &selected.survey,
        table: &settings.table,
        days: selected.days,
    };
    let dumps = |cell: &RunCell| (selected.periods.len() + cell.years.len()) as u64;
    observer.started(Counted::Dumps, selected.cells.iter().map(dumps).sum(), 0);
    let work = |worker: &mut Worker, index: usize| {
        let Some(cell) = selected.cells.get(index) else { return Ok(None) };
        let mut parts = CellParts::new(cell.cell, &settings.tune, selected.days, selected.is_by_period);
        gathering
            .add(&mut parts, &selected.periods, &cell.years, &mut worker.memory, &mut worker.encoder)
            .and_then(|()| Encoded::new(parts, &mut worker.encoder))
            .map(Some)
            .map_err(|reason| Error::archive(path, Some(cell.cell), None, reason))
    };
    let sink = |encoded: Option<Encoded>| {
        let Some(encoded) = encoded else { return Ok(()) };
        let cell = encoded.parts.cell;
        if let Some(old) = old.as_ref().filter(|old| old.has(cell)) {
            losses.gathered(&old.cell(cell)?, &selected, &encoded.parts)?;
        }
        report.add(&encoded, &selected, observer);
        editor.put(&encoded)
    };
    in_order(selected.cells.len(), selected.threads, settings.tune, observer, work, sink)?;
    report.empty_cells = report.silent.found(&selected);
    report.file_bytes = editor.finish()?;
    losses.refuse(path)?;
    publish(draft, lock.target())?;
    report.seconds = start.elapsed().as_secs_f64();
    Ok(report)
}

/// Refuses to put an archive where a link leads, unless there is a file of HDF5 already.
pub(super) fn refuse_link(path: &Path) -> Result<()> {
    if path.is_symlink() && !is_hdf5(path) {
        let reason = "it is a link, and does not lead to an archive".to_owned();
        return Err(Error::foreign(path, reason));
    }
    Ok(())
}

impl Selected<'_> {
    /// What is known before the work: lost periods, and what listing the run found in the way of its cells.
    pub fn report(&self, area: &Area) -> Report {
        let lost = self.survey.lost.iter().map(|lost| lost.words(&self.survey.unit));
        Report {
            remarks: self.mixture.lines(),
            absent: absent::periods(self.run, self.cells.iter(), &self.survey, &self.chosen),
            faults: self.faults(area),
            lost_periods: lost.collect(),
            unusable_variables: self.unusable(),
            records: self.run.source().account().cloned(),
            ..Report::default()
        }
    }
}

impl Report {
    pub(super) fn add(&mut self, encoded: &Encoded, selected: &Selected<'_>, observer: &dyn Observer) {
        let parts = &encoded.parts;
        self.cells += 1;
        self.values += parts.values;
        let before = self.faults.len();
        let mut dumps = 0;
        for record in parts.records.iter().skip(parts.known.0) {
            dumps += 1;
            self.bytes_read += record.bytes;
            self.dumps += u64::from(!record.is_lost());
            self.faults.extend(record.faults(parts.cell));
            self.faults.extend(selected.short(&parts.records, record, parts.cell));
        }
        self.silent.add(parts);
        observer.advanced(Counted::Dumps, dumps);
        observer.advanced(Counted::Faults, (self.faults.len() - before) as u64);
    }

    /// Whether all that was asked for is in the archive.
    pub fn is_complete(&self) -> bool {
        self.absent.is_empty()
            && self.faults.iter().all(|fault| !fault.is_loss())
            && !self.records.as_ref().is_some_and(Account::is_loss)
    }
}

/// The time that a file names: SOURCE_DATE_EPOCH where it is set, otherwise now.
pub(super) fn now() -> String {
    let set = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|text| text.trim().parse().ok());
    let time = set.and_then(|seconds| DateTime::from_timestamp(seconds, 0)).unwrap_or_else(Utc::now);
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn describe(editor: &mut Editor<'_>, run: &Run, settings: &Settings) {
    let model = settings.table.model();
    let name = model.name.as_deref().unwrap_or("the model");
    let now = now();
    let unit = editor.unit.clone();
    let texts = [
        ("Conventions", "CF-1.11, ACDD-1.3".to_owned()),
        ("title", format!("All dumps of {}", run.name)),
        (
            "summary",
            format!(
                "All daily series and yearly communities of the run {} of {name}, a group for each gridcell, exactly as dumped.",
                run.name
            ),
        ),
        ("source", model.source.clone().or(model.name.clone()).unwrap_or_else(|| "unknown model".into())),
        ("history", format!("{now}: gridloom cells write {}", run.name)),
        ("date_created", now),
        ("standard_name_vocabulary", "CF Standard Name Table v93".to_owned()),
        ("gridloom_version", crate::VERSION.to_owned()),
        ("gridloom_run", run.name.clone()),
        ("gridloom_time_units", unit.text().to_owned()),
        ("gridloom_calendar", unit.calendar().name().to_owned()),
        match run.grid.lattice() {
            None => (RESOLUTION, run.grid.cell_size()[0].to_string()),
            Some(_) => (GRID, serde_json::to_string(&run.grid).unwrap_or_default()),
        },
        ("gridloom_chunk_bytes", settings.tune.chunk_bytes.to_string()),
        ("gridloom_codec", settings.tune.codec.to_string()),
    ];
    for (name, text) in texts {
        editor.set(name, &text);
    }
    if !unit.step().is_day() {
        editor.set(STEP, &unit.step().to_string());
    }
    for (name, text) in &settings.attributes {
        if !name.starts_with("gridloom_") {
            editor.set(name, text);
        }
    }
}

/// What a thread has for itself.
pub(super) struct Worker {
    pub memory: Memory,
    pub encoder: Encoder,
}

#[derive(Default)]
struct Turn {
    next: usize,
    error: Option<Error>,
}

/// Does work on all threads and takes the results in their order, one at a time. No thread is more than one result ahead.
pub(super) fn in_order<T>(
    count: usize,
    threads: usize,
    tune: Tune,
    observer: &dyn Observer,
    work: impl Fn(&mut Worker, usize) -> Result<T> + Sync,
    sink: impl FnMut(T) -> Result<()> + Send,
) -> Result<()> {
    let next = AtomicUsize::new(0);
    let (turn, came) = (Mutex::new(Turn::default()), Condvar::new());
    let sink = Mutex::new(sink);
    let fail = |error: Error| {
        lock(&turn).error.get_or_insert(error);
        came.notify_all();
    };
    let thread = || {
        let encoder = Encoder::new(tune.codec);
        let mut worker = match encoder {
            Ok(encoder) => Worker { memory: Memory::default(), encoder },
            Err(reason) => return fail(Error::selection(Argument::Codec, tune.codec, reason)),
        };
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count || lock(&turn).error.is_some() {
                return;
            }
            if observer.is_stopped() {
                let (done, units) = (lock(&turn).next as u64, count as u64);
                return fail(Error::stopped_anew(done, units));
            }
            let result = match work(&mut worker, index) {
                Ok(result) => result,
                Err(error) => return fail(error),
            };
            let mut state = lock(&turn);
            while state.next != index && state.error.is_none() {
                state = came.wait(state).unwrap_or_else(|poison| poison.into_inner());
            }
            if state.error.is_some() {
                return;
            }
            drop(state);
            // Nobody else's turn comes before this one's is over.
            if let Err(error) = (lock(&sink))(result) {
                return fail(error);
            }
            lock(&turn).next += 1;
            came.notify_all();
        }
    };
    std::thread::scope(|scope| {
        for started in 0..threads.max(1) {
            match std::thread::Builder::new().spawn_scoped(scope, thread) {
                Ok(_) => {}
                // Where the system allows none, this one does the work; where it allows fewer, they do.
                Err(_) if started == 0 => return thread(),
                Err(_) => return,
            }
        }
    });
    let error = lock(&turn).error.take();
    error.map_or(Ok(()), Err)
}
