//! Changing an archive: new data behind the old, then one switch of the root.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use super::annual::{Annual, Values};
use super::block::Encoded;
use super::column::Column;
use super::editor::Editor;
use super::gather::{CellParts, Gathering, TIME};
use super::handle::{Archive, CellHandle};
use super::identity;
use super::less::Losses;
use super::lock::Lock;
use super::names::{ORDER, PERIOD, PLACE};
use super::record::DumpRecord;
use super::root::{self, Root};
use super::selected::Selected;
use super::settings::Settings;
use super::sink::Sink;
use super::variable::Variable;
use super::write::{Report, in_order, now};
use crate::error::{Argument, Error, Result};
use crate::model::fault::{Fault, FaultKind};
use crate::model::grid::Cell;
use crate::observer::{Counted, Observer};
use crate::plan::{Area, absent};
use crate::run::{Run, RunCell};
use crate::source::Item;

/// An archive that is held for a change.
pub(super) struct Held<'a> {
    pub archive: Archive,
    pub editor: Editor<'a>,
    _lock: Lock,
}

impl<'a> Held<'a> {
    pub fn open(path: &'a Path, settings: &'a Settings) -> Result<Self> {
        let lock = Lock::take(path)?;
        let (sink, _) = Sink::resume(lock.target())?;
        let archive = Archive::open(lock.target())?;
        let root = Root::read(&archive)?;
        let parts = (archive.unit().clone(), archive.grid(), archive.tune().codec);
        let editor = Editor::new(sink, root, path, &settings.table, parts);
        Ok(Held { archive, editor, _lock: lock })
    }

    /// Refuses a run that is not the archive's, unless that is allowed. `replaced` are cells that are made anew.
    fn refuse_other_run(
        &self,
        selected: &Selected<'_>,
        replaced: &[Cell],
        settings: &Settings,
        report: &mut Report,
    ) -> Result<()> {
        if settings.other_run {
            return Ok(());
        }
        let calendar = selected.survey.unit.calendar();
        report.remarks.extend(identity::refuse_other(selected.run, &self.archive, replaced, calendar)?);
        Ok(())
    }

    /// Remembers by what the run can be known.
    fn remember_run(&mut self, run: &Run) -> Result<()> {
        if let Some((name, text)) = identity::states_text(run, Some(&self.archive))? {
            self.editor.set(name, &text);
        }
        Ok(())
    }

    /// Adds a line to the history.
    pub fn note(&mut self, what: &str) {
        let before = self.archive.attributes().find(|(name, _)| *name == "history");
        let before = before.map(|(_, text)| text.to_owned()).unwrap_or_default();
        let mut lines: Vec<&str> = before.lines().collect();
        // The first line says how the archive began; of the others the latest are kept.
        if lines.len() > 200 {
            lines.drain(1..lines.len() - 199);
        }
        let text = format!("{}\n{}: gridloom {what}", lines.join("\n"), now());
        self.editor.set("history", &text);
    }

    /// Makes the change the archive's state.
    pub fn finish(self, report: &mut Report, start: Instant) -> Result<()> {
        report.file_bytes = self.editor.finish()?;
        report.seconds = start.elapsed().as_secs_f64();
        Ok(())
    }
}

impl Root {
    /// The root of an archive, to be changed.
    pub fn read(archive: &Archive) -> Result<Self> {
        let mut root = Root {
            attributes: archive.root.attributes.clone(),
            crs: archive.root.find("crs").unwrap_or(0),
            cells: archive.entries()?,
            ..Root::default()
        };
        for (name, address) in &archive.root.links {
            if root::cell_of(name).is_some() || name == "crs" || name == "cell" {
                continue;
            }
            let variable = archive.at_root(name)?;
            if let Some(key) = variable.attribute("dump_key") {
                root.rows.insert((key.to_owned(), variable.length() as usize), (name.clone(), *address));
            }
        }
        Ok(root)
    }
}

/// A column that goes on.
fn resume(variable: &Variable) -> Result<Column> {
    let chunk = variable.chunk_length();
    let mut column = Column::new(variable.key(), variable.element(), variable.rows(), chunk as usize);
    column.has_gaps = variable.has_gaps();
    let length = variable.length();
    let last = match length % chunk {
        0 => None,
        _ => Some(variable.chunk(length / chunk)?.as_ref().clone()),
    };
    Ok(column.resume(length, variable.chunks()?, last))
}

impl Annual {
    /// The years of a cell in memory.
    pub fn read(cell: &CellHandle) -> Result<Self> {
        let mut columns = BTreeMap::new();
        let mut rows = [0; 4];
        for variable in cell.annual()? {
            let table = variable.table();
            let values = variable.all()?;
            if let Some(rows) = rows.get_mut(table as usize) {
                *rows = values.count;
            }
            let rows = || values.bytes.chunks_exact(8).enumerate();
            let is_gap = |(row, value)| (Some(value) == variable.fill()).then_some(row);
            let gaps = rows().filter_map(is_gap).collect();
            let values = Values { element: values.element, bytes: values.bytes, gaps };
            columns.insert((table, variable.key().to_owned()), values);
        }
        Ok(Annual::resume(columns, rows))
    }
}

impl CellParts {
    /// A cell of an archive with columns that hold what it has, and their chunks that are encoded but not in a file yet:
    /// those of series, and those of `time`.
    pub fn resume(
        cell: &CellHandle,
        time: Column,
        period: Option<Column>,
        series: Vec<Column>,
        (encoded, encoded_time): (Vec<u8>, Vec<u8>),
    ) -> Result<Self> {
        let (days, records) = (cell.days()?, cell.records()?);
        Ok(CellParts {
            cell: cell.cell(),
            time,
            period,
            known: (records.len(), series.len()),
            series,
            annual: Annual::read(cell)?,
            records,
            silent: Vec::new(),
            silent_years: Vec::new(),
            start: days.iter().min().copied(),
            end: days.iter().max().map(|day| day + 1),
            encoded,
            encoded_time,
            values: 0,
        })
    }
}

/// A cell that goes on.
pub(super) fn resume_cell(cell: &CellHandle) -> Result<CellParts> {
    let time = resume(&cell.variable(TIME)?)?;
    let is_by_period = cell.is_by_period();
    let period = is_by_period.then(|| resume(&cell.variable(PERIOD)?)).transpose()?;
    let series = cell.variables().map(|name| resume(&cell.variable(name)?)).collect::<Result<Vec<_>>>()?;
    CellParts::resume(cell, time, period, series, Default::default())
}

/// What is to be done with a cell.
enum Task {
    /// Add these periods and years behind what is there.
    Extend(Vec<u32>, Vec<i32>),
    /// Make it anew from all of its dumps.
    Rebuild,
}

/// Adds to an archive what its run has more by now: periods, years, cells, and dumps that were missing or damaged. Of a cell with a new
/// dump between old ones all dumps are read again.
///
/// Dumps that were archived and have changed since are not looked into; they are named in the report as a reason to
/// [`replace`] their cells.
///
/// # Errors
/// Those of [`write`](super::write()), [`Mixed`](crate::ErrorKind::Mixed), and [`Busy`](crate::ErrorKind::Busy) while another process changes the archive. After any error the archive is as
/// before.
pub fn append(
    run: &Run,
    path: impl AsRef<Path>,
    settings: &Settings,
    observer: &dyn Observer,
) -> Result<Report> {
    let path = path.as_ref();
    let start = Instant::now();
    let mut held = Held::open(path, settings)?;
    let settings = Settings { tune: held.archive.tune(), ..settings.clone() };
    let selected = Selected { unit: held.archive.unit().clone(), ..Selected::new(run, &settings)? };
    let selected = selected.by_period_with(Some(&held.archive))?;
    let mut report = selected.report(&settings.selection.area);
    held.refuse_other_run(&selected, &[], &settings, &mut report)?;
    let mut tasks: Vec<(&RunCell, Task)> = Vec::new();
    for cell in &selected.cells {
        let task = match held.archive.has(cell.cell) {
            false => Some(Task::Rebuild),
            true => extend(&selected, cell, &held.archive.cell(cell.cell)?, &mut report)?,
        };
        tasks.extend(task.map(|task| (cell, task)));
    }
    work(&selected, &mut held, &tasks, &settings, observer, &mut report)?;
    if tasks.is_empty() {
        report.file_bytes = held.archive.file_bytes();
        report.seconds = start.elapsed().as_secs_f64();
        return Ok(report);
    }
    held.remember_run(run)?;
    held.note(&format!("cells append {}{}", run.name, allowed(&settings)));
    held.finish(&mut report, start)?;
    Ok(report)
}

/// What a cell has more in the run than in the archive.
fn extend(
    selected: &Selected<'_>,
    cell: &RunCell,
    handle: &CellHandle,
    report: &mut Report,
) -> Result<Option<Task>> {
    let (run, records) = (selected.run, &handle.records()?);
    let holds = |record: &DumpRecord, item: Item| run.source().holds(item, &record.stamp());
    let mut is_new = |record: Option<&DumpRecord>, item: Item, is_there: bool| match record {
        None => is_there,
        Some(record) if record.is_lost() => is_there && !holds(record, item),
        Some(record) => {
            if is_there && !holds(record, item) {
                report.changed.push(format!("{}/{}", root::group_of(cell.cell), record.file));
            }
            false
        }
    };
    let mut periods = Vec::new();
    // By period, days of a lower number are before those of all higher ones, also where the run does not have these any more.
    let numbers = records.iter().filter(|record| !record.is_lost()).filter_map(|record| record.period);
    let highest = numbers.max().filter(|_| selected.is_by_period);
    // Series whose names are needed from now on get others.
    let begins = selected.is_by_period && !handle.is_by_period();
    let mut rebuild = begins && handle.variables().any(|name| [PERIOD, PLACE].contains(&name));
    for &period in &selected.periods {
        let record = records.iter().find(|record| record.period == Some(period));
        if is_new(record, Item::period(cell.cell, period), cell.has(period)) {
            periods.push(period);
            rebuild |= highest.is_some_and(|highest| period < highest);
        } else if record.is_some_and(|record| !record.is_lost()) && !periods.is_empty() {
            // A new one comes before it.
            rebuild = true;
        }
    }
    let mut years = Vec::new();
    let last = records.iter().filter(|record| !record.is_lost()).filter_map(|record| record.year).max();
    for &year in &cell.years {
        let record = records.iter().find(|record| record.year == Some(year));
        if is_new(record, Item::year(cell.cell, year), true) {
            rebuild |= last.is_some_and(|last| year < last);
            years.push(year);
        }
    }
    // What is asked for and neither archived nor read now stays missed.
    for record in records.iter().filter(|record| record.is_lost()) {
        let is_asked = record.period.is_none_or(|period| selected.periods.contains(&period));
        let is_read = record.period.is_some_and(|period| periods.contains(&period))
            || record.year.is_some_and(|year| years.contains(&year));
        if is_asked && !is_read {
            report.faults.extend(record.faults(cell.cell));
        }
    }
    for &period in &selected.periods {
        if !cell.has(period) && !records.iter().any(|record| record.period == Some(period)) {
            let (kind, message) = (FaultKind::Missing, "the file is missing".to_owned());
            let (cell, period) = (cell.cell, Some(period));
            report.faults.push(Fault { cell, period, year: None, variable: None, kind, message });
        }
    }
    if periods.is_empty() && years.is_empty() {
        return Ok(None);
    }
    if !rebuild {
        return Ok(Some(Task::Extend(periods, years)));
    }
    let has = |record: &&DumpRecord| {
        let there = |period| cell.has(period) && selected.periods.contains(&period);
        record.period.is_none_or(there) && record.year.is_none_or(|year| cell.years.contains(&year))
    };
    match records.iter().filter(|record| !record.is_lost()).find(|record| !has(record)) {
        None => Ok(Some(Task::Rebuild)),
        Some(gone) => {
            let reason = format!(
                "the run has a new dump that lies before others of the cell; to put it there, all of them are needed, but {} is \
                 not in the run any more",
                gone.file
            );
            Err(Error::archive(&run.path, Some(cell.cell), None, reason))
        }
    }
}

/// Makes cells anew from all of their dumps, or adds them.
///
/// # Errors
/// As [`append`].
pub fn replace(
    run: &Run,
    path: impl AsRef<Path>,
    cells: &[Cell],
    settings: &Settings,
    observer: &dyn Observer,
) -> Result<Report> {
    let path = path.as_ref();
    let start = Instant::now();
    let mut held = Held::open(path, settings)?;
    let mut settings = Settings { tune: held.archive.tune(), ..settings.clone() };
    settings.selection.area = Area::List(cells.to_vec());
    for &cell in cells {
        if run.cells.binary_search_by_key(&cell, |one| one.cell).is_err() {
            return Err(Error::selection(Argument::Cells, cell, "the run has no such cell"));
        }
    }
    let selected = Selected { unit: held.archive.unit().clone(), ..Selected::new(run, &settings)? };
    let selected = selected.by_period_with(Some(&held.archive))?;
    let mut report = Report {
        remarks: selected.mixture.lines(),
        absent: absent::periods(run, selected.cells.iter(), &selected.survey, &selected.chosen),
        unusable_variables: selected.unusable(),
        records: run.source().account().cloned(),
        ..Report::default()
    };
    held.refuse_other_run(&selected, cells, &settings, &mut report)?;
    let tasks: Vec<_> = selected.cells.iter().map(|cell| (cell, Task::Rebuild)).collect();
    work(&selected, &mut held, &tasks, &settings, observer, &mut report)?;
    held.remember_run(run)?;
    held.note(&format!("cells replace {} --cells {}{}", run.name, listed(cells), allowed(&settings)));
    held.finish(&mut report, start)?;
    Ok(report)
}

/// Takes cells out of an archive. The file gets no smaller by it; [`repack`](super::repack()) gives the space back.
///
/// # Errors
/// [`Argument`](crate::ErrorKind::Argument) where a cell is not there, and as [`append`].
pub fn drop_cells(path: impl AsRef<Path>, cells: &[Cell], settings: &Settings) -> Result<Report> {
    let path = path.as_ref();
    let start = Instant::now();
    let mut held = Held::open(path, settings)?;
    for cell in cells {
        if held.editor.root.cells.remove(cell).is_none() {
            return Err(Error::selection(Argument::Cells, cell, "the archive has no such cell"));
        }
    }
    held.note(&format!("cells drop --cells {}", listed(cells)));
    let mut report = Report { cells: cells.len() as u64, ..Report::default() };
    held.finish(&mut report, start)?;
    Ok(report)
}

/// The option that allowed another run, for the history.
fn allowed(settings: &Settings) -> &'static str {
    if settings.other_run { " --other-run" } else { "" }
}

pub(super) fn listed(cells: &[Cell]) -> String {
    let names: Vec<String> = cells.iter().take(20).map(Cell::to_string).collect();
    let more = if cells.len() > 20 { format!(",… ({} in all)", cells.len()) } else { String::new() };
    names.join(",") + &more
}

fn work(
    selected: &Selected<'_>,
    held: &mut Held<'_>,
    tasks: &[(&RunCell, Task)],
    settings: &Settings,
    observer: &dyn Observer,
    report: &mut Report,
) -> Result<()> {
    let Held { archive, editor, .. } = held;
    let mut losses = Losses::default();
    let path = archive.path().to_owned();
    let unit = archive.unit().clone();
    let gathering = Gathering {
        run: selected.run,
        unit: &unit,
        tune: &settings.tune,
        limits: &selected.limits,
        survey: &selected.survey,
        table: &settings.table,
        days: selected.days,
    };
    if selected.is_by_period && !tasks.is_empty() {
        editor.set(ORDER, PERIOD);
    }
    let dumps = |(cell, task): &(&RunCell, Task)| match task {
        Task::Extend(periods, years) => (periods.len() + years.len()) as u64,
        Task::Rebuild => (selected.periods.len() + cell.years.len()) as u64,
    };
    observer.started(Counted::Dumps, tasks.iter().map(dumps).sum(), 0);
    in_order(
        tasks.len(),
        selected.threads,
        settings.tune,
        observer,
        |worker, index| {
            let Some((cell, task)) = tasks.get(index) else { return Ok(None) };
            let (mut parts, periods, years) = match task {
                Task::Extend(periods, years) => {
                    let mut parts = resume_cell(&archive.cell(cell.cell)?)?;
                    // What was missing or damaged has a record, which is made anew.
                    parts.records.retain(|record| {
                        !record.period.is_some_and(|period| periods.contains(&period))
                            && !record.year.is_some_and(|year| years.contains(&year))
                    });
                    parts.known.0 = parts.records.len();
                    if selected.is_by_period && parts.period.is_none() {
                        parts
                            .begin_periods(&mut worker.encoder)
                            .map_err(|reason| Error::archive(&path, Some(cell.cell), None, reason))?;
                    }
                    (parts, periods, years)
                }
                Task::Rebuild => {
                    let is_by_period = selected.is_by_period;
                    let parts = CellParts::new(cell.cell, &settings.tune, selected.days, is_by_period);
                    (parts, &selected.periods, &cell.years)
                }
            };
            gathering
                .add(&mut parts, periods, years, &mut worker.memory, &mut worker.encoder)
                .and_then(|()| Encoded::new(parts, &mut worker.encoder))
                .map(Some)
                .map_err(|reason| Error::archive(&path, Some(cell.cell), None, reason))
        },
        |encoded: Option<Encoded>| {
            let Some(encoded) = encoded else { return Ok(()) };
            let cell = encoded.parts.cell;
            if archive.has(cell) && !settings.fresh {
                losses.gathered(&archive.cell(cell)?, selected, &encoded.parts)?;
            }
            report.add(&encoded, selected, observer);
            editor.put(&encoded)
        },
    )?;
    report.empty_cells = report.silent.found(selected);
    losses.refuse(&path)
}
