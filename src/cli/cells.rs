//! `gridloom cells`: archives.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::archive::{self, Archive, Codec, Report, Settings, Step, Tune};
use crate::error::Error;
use crate::model::grid::Cell;
use crate::pipeline::Monitor;
use crate::plan::selection::parse_periods;
use crate::plan::{Area, Resources};
use crate::run::{Run, gridlist};

use super::Exit;
use super::args::{ConfigArguments, LimitArguments, TalkArguments};
use super::config::{self, Config};
use super::progress::Watch;
use super::{show, signals};
use args::{
    CellsCommand, ChangeArguments, DropArguments, ListArguments, RepackArguments, ReplaceArguments,
    RunSelection, TuneArguments, TuneFor, VerifyArguments, WorkArguments, WriteArguments,
};

pub(super) mod args;
mod values;

/// Cells that are listed on the terminal by themselves are so many at most before a pipe is better.
const CHANGED_SHOWN: usize = 12;

pub(super) fn run(command: &CellsCommand) -> anyhow::Result<Exit> {
    match command {
        CellsCommand::Write(arguments) => write(arguments),
        CellsCommand::Append(arguments) => append(arguments),
        CellsCommand::Replace(arguments) => replace(arguments),
        CellsCommand::Drop(arguments) => drop_cells(arguments),
        CellsCommand::Repack(arguments) => repack(arguments),
        CellsCommand::List(arguments) => list(arguments),
        CellsCommand::Get(arguments) => values::get(arguments),
        CellsCommand::Stream(arguments) => values::stream(arguments),
        CellsCommand::Verify(arguments) => verify(arguments),
    }
}

/// The tune that options ask for, on top of what it would be without them; `None` where they ask for nothing.
fn tune(arguments: &TuneArguments, base: Tune) -> crate::Result<Option<Tune>> {
    let TuneArguments { tune, deflate, zstd, lz4, no_compress, chunk } = arguments;
    let mut wanted = match tune {
        Some(TuneFor::Random) => Tune::RANDOM,
        Some(TuneFor::Balanced) => Tune::BALANCED,
        Some(TuneFor::Archive) => Tune::ARCHIVE,
        None => base,
    };
    let codec = match (deflate, zstd, lz4, no_compress) {
        (Some(level), ..) => Some(Codec::Deflate(*level)),
        (_, Some(level), ..) => Some(Codec::Zstd(*level)),
        (.., true, _) => Some(Codec::Lz4),
        (.., true) => Some(Codec::None),
        _ => None,
    };
    wanted.codec = codec.unwrap_or(wanted.codec);
    if let Some(bytes) = chunk {
        let bounds = 1 << 9..=1 << 28;
        let bytes = u32::try_from(*bytes).ok().filter(|bytes| bounds.contains(bytes));
        wanted.chunk_bytes = bytes.ok_or_else(|| {
            Error::selection("--chunk", chunk.unwrap_or(0), "a chunk has 512 bytes to 256 MiB")
        })?;
    }
    Ok((tune.is_some() || codec.is_some() || chunk.is_some()).then_some(wanted))
}

fn resources(arguments: &WorkArguments) -> Resources {
    let mut resources = Resources::detect();
    resources.threads = arguments.threads.map_or(resources.threads, |threads| usize::from(threads.max(1)));
    resources.memory = arguments.memory.unwrap_or(resources.memory);
    resources
}

fn settings(
    config: &Config,
    selection: Option<&RunSelection>,
    work: &WorkArguments,
    limits: &LimitArguments,
) -> crate::Result<Settings> {
    let mut settings = Settings {
        table: config.table_or_default(),
        attributes: config.attributes().clone(),
        resources: resources(work),
        limits: config::limits(limits),
        ..Settings::default()
    };
    if let Some(selection) = selection {
        if let Some(periods) = &selection.periods {
            settings.selection.periods = parse_periods(periods)?;
        }
        if let Some(area) = config.area(selection.bbox.as_deref(), selection.region.as_deref())? {
            settings.selection.area = area;
        }
    }
    Ok(settings)
}

/// Work that signals stop and a progress bar shows.
fn watched<T>(
    talk: &TalkArguments,
    work: impl FnOnce(&archive::Monitor<'_>) -> crate::Result<T>,
) -> anyhow::Result<T> {
    let stop = signals::watch(Duration::from_secs(20), talk.quiet)?;
    let monitor = Arc::new(Monitor::default());
    let watch = Watch::start(monitor.clone(), talk.quiet);
    let is_stopped = || stop.is_requested();
    let tell = |step| match step {
        Step::Dumps(dumps) => monitor.dumps.store(dumps, Ordering::Relaxed),
        Step::Cell(dumps, faults) => {
            monitor.dumps_done.fetch_add(dumps, Ordering::Relaxed);
            monitor.faults.fetch_add(faults, Ordering::Relaxed);
        }
    };
    let result = work(&archive::Monitor { is_stopped: &is_stopped, tell: &tell });
    drop(watch);
    Ok(result?)
}

fn open(path: &Path, config: &Config) -> crate::Result<Run> {
    Run::open(path, config.grid()?)
}

fn read_config(arguments: &ConfigArguments) -> crate::Result<Config> {
    Config::read(arguments.config.as_deref())
}

fn write(arguments: &WriteArguments) -> anyhow::Result<Exit> {
    let WriteArguments { run, output, selection, work, limits, talk, .. } = arguments;
    let config = read_config(&arguments.config)?;
    let mut settings = settings(&config, Some(selection), work, limits)?;
    if let Some(list) = &arguments.cells {
        settings.selection.area = Area::List(gridlist::read(list, config.grid()?)?);
    }
    settings.tune = tune(&arguments.tune, Tune::default())?.unwrap_or_default();
    settings.overwrite = arguments.overwrite;
    let run = open(run, &config)?;
    let report = watched(talk, |monitor| archive::write(&run, output, &settings, monitor))?;
    finish(talk, &report, "written to", output)
}

fn append(arguments: &ChangeArguments) -> anyhow::Result<Exit> {
    let ChangeArguments { run, file, selection, work, limits, talk, config } = arguments;
    let config = read_config(config)?;
    let settings = settings(&config, Some(selection), work, limits)?;
    let run = open(run, &config)?;
    let report = watched(talk, |monitor| archive::append(&run, file, &settings, monitor))?;
    finish(talk, &report, "extended in", file)
}

fn replace(arguments: &ReplaceArguments) -> anyhow::Result<Exit> {
    let ReplaceArguments { run, file, periods, work, limits, talk, config, .. } = arguments;
    let config = read_config(config)?;
    let mut settings = settings(&config, None, work, limits)?;
    if let Some(periods) = periods {
        settings.selection.periods = parse_periods(periods)?;
    }
    let cells = cells(&arguments.cells, &config)?;
    let run = open(run, &config)?;
    let report = watched(talk, |monitor| archive::replace(&run, file, &cells, &settings, monitor))?;
    finish(talk, &report, "replaced in", file)
}

fn drop_cells(arguments: &DropArguments) -> anyhow::Result<Exit> {
    let DropArguments { file, talk, .. } = arguments;
    let cells = cells(&arguments.cells, &Config::default())?;
    let report = archive::drop_cells(file, &cells, &Settings::default())?;
    finish(talk, &report, "dropped from", file)
}

/// Cells by their indices, or those of gridlists.
fn cells(texts: &[String], config: &Config) -> crate::Result<Vec<Cell>> {
    let mut cells = Vec::new();
    for text in texts {
        match text.parse::<Cell>() {
            Ok(cell) => cells.push(cell),
            Err(()) if text.ends_with(".csv") => {
                cells.extend(gridlist::read(&PathBuf::from(text), config.grid()?)?);
            }
            Err(()) => {
                return Err(Error::selection(
                    "--cells",
                    text,
                    "wants cells as 185-240, or a gridlist (*.csv)",
                ));
            }
        }
    }
    cells.sort_unstable();
    cells.dedup();
    Ok(cells)
}

/// Tells what was done.
fn finish(talk: &TalkArguments, report: &Report, done: &str, file: &Path) -> anyhow::Result<Exit> {
    if talk.json {
        show::json(report)?;
    }
    if !talk.quiet {
        show::faults(&report.faults);
        for changed in report.changed.iter().take(CHANGED_SHOWN) {
            eprintln!("changed: {changed} is another dump now than the one archived");
        }
        if !report.changed.is_empty() {
            let count = report.changed.len();
            eprintln!(
                "note: {count} archived dumps have changed since; `gridloom cells replace` takes their cells anew"
            );
        }
        let number = show::number;
        eprintln!(
            "{} cells {done} {}: {} dumps ({}), {} values; {} in all ({:.2} s)",
            number(report.cells),
            file.display(),
            number(report.dumps),
            show::bytes(report.bytes_read),
            number(report.values),
            show::bytes(report.file_bytes),
            report.seconds
        );
    }
    Ok(if report.is_complete() { Exit::Complete } else { Exit::Incomplete })
}

fn repack(arguments: &RepackArguments) -> anyhow::Result<Exit> {
    let RepackArguments { file, work, talk, .. } = arguments;
    let settings = Settings { resources: resources(work), ..Settings::default() };
    let wanted = tune(&arguments.tune, Archive::open(file)?.tune())?;
    let repacked = watched(talk, |monitor| archive::repack(file, wanted, &settings, monitor))?;
    if talk.json {
        show::json(&repacked)?;
    }
    if !talk.quiet {
        let (before, after) = (show::bytes(repacked.before), show::bytes(repacked.after));
        eprintln!("{}: {before} became {after} ({:.2} s)", file.display(), repacked.seconds);
    }
    Ok(Exit::Complete)
}

fn verify(arguments: &VerifyArguments) -> anyhow::Result<Exit> {
    let VerifyArguments { file, run, limits, config, talk } = arguments;
    let config = read_config(config)?;
    let run = run.as_ref().map(|run| open(run, &config)).transpose()?;
    let found = archive::verify(file, run.as_ref(), &config::limits(limits))?;
    if talk.json {
        show::json(&found)?;
    }
    for difference in &found.differences {
        eprintln!("differs: {difference}");
    }
    if !talk.quiet {
        show::faults(&found.faults);
        let number = show::number;
        if found.gone > 0 {
            eprintln!(
                "note: {} archived dumps are not in the run any more and were not compared",
                number(found.gone)
            );
        }
        let compared = match run {
            Some(_) => format!("; {} dumps, {} values compared", number(found.dumps), number(found.values)),
            None => String::new(),
        };
        eprintln!(
            "{} cells, {} variables, {} chunks sound or named{compared}; {} differ",
            number(found.cells),
            number(found.variables),
            number(found.chunks),
            number(found.differences.len() as u64)
        );
    }
    Ok(if found.differences.is_empty() { Exit::Complete } else { Exit::Different })
}

fn list(arguments: &ListArguments) -> anyhow::Result<Exit> {
    let archive = Archive::open(&arguments.file)?;
    match &arguments.cell {
        Some(cell) => list_cell(&archive, parse_cell(cell)?, arguments.json)?,
        None => list_cells(&archive, arguments.json)?,
    }
    Ok(Exit::Complete)
}

/// A cell by its indices.
fn parse_cell(text: &str) -> crate::Result<Cell> {
    text.parse().map_err(|()| Error::selection("--cell", text, "wants a cell's indices, as 185-240"))
}

fn list_cells(archive: &Archive, is_json: bool) -> anyhow::Result<()> {
    let entries = archive.entries()?;
    let (grid, unit, tune) = (archive.grid(), archive.unit(), archive.tune());
    let date = |day| unit.date(day).map(|date| date.to_string());
    if is_json {
        let cells: Vec<serde_json::Value> = entries
            .iter()
            .map(|(cell, entry)| {
                serde_json::json!({
                    "cell": cell,
                    "lat": grid.latitude(cell.row),
                    "lon": grid.longitude(i64::from(cell.column)),
                    "days": entry.days,
                    "start": (entry.days > 0).then(|| date(entry.first)).flatten(),
                    "end": (entry.days > 0).then(|| date(entry.last)).flatten(),
                    "bytes": entry.bytes,
                    "faults": entry.faults,
                })
            })
            .collect();
        let attributes: serde_json::Map<String, serde_json::Value> =
            archive.attributes().map(|(name, text)| (name.to_owned(), text.into())).collect();
        show::json(&serde_json::json!({
            "run": archive.run(),
            "units": unit.text(),
            "calendar": unit.calendar().name(),
            "codec": tune.codec,
            "chunk_bytes": tune.chunk_bytes,
            "file_bytes": archive.file_bytes(),
            "attributes": attributes,
            "cells": cells,
        }))?;
        return Ok(());
    }
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    writeln!(
        out,
        "{:<10} {:>8} {:>9} {:>8} {:<10} {:<10} {:>11} {:>6}",
        "cell", "lat", "lon", "days", "start", "end", "bytes", "faults"
    )?;
    for (cell, entry) in &entries {
        let ends = if entry.days > 0 { [entry.first, entry.last].map(date) } else { [None, None] };
        let [start, end] = ends.map(|date| date.unwrap_or_else(|| "-".to_owned()));
        let (lat, lon) = (grid.latitude(cell.row), grid.longitude(i64::from(cell.column)));
        writeln!(
            out,
            "{:<10} {lat:>8} {lon:>9} {:>8} {start:<10} {end:<10} {:>11} {:>6}",
            cell.to_string(),
            entry.days,
            entry.bytes,
            entry.faults
        )?;
    }
    out.flush()?;
    let used: u64 = entries.values().map(|entry| entry.bytes).sum();
    eprintln!(
        "{}: {} cells, {} in all, {} of cells; {}, chunks of {}",
        archive.run(),
        show::number(entries.len() as u64),
        show::bytes(archive.file_bytes()),
        show::bytes(used),
        tune.codec,
        show::bytes(u64::from(tune.chunk_bytes))
    );
    Ok(())
}

fn list_cell(archive: &Archive, cell: Cell, is_json: bool) -> anyhow::Result<()> {
    let handle = archive.cell(cell)?;
    let names: Vec<&str> = handle.variables().collect();
    let variables = names.iter().map(|name| handle.variable(name)).collect::<crate::Result<Vec<_>>>()?;
    let annual = handle.annual()?;
    let records = handle.records()?;
    if is_json {
        let describe = |variable: &archive::Variable| {
            serde_json::json!({
                "name": variable.name(),
                "type": variable.element().name(),
                "rows": variable.rows(),
                "length": variable.length(),
                "chunk": variable.chunk_length(),
                "attributes": variable.attributes().filter(|(name, _)| !["CLASS", "NAME"].contains(name))
                    .map(|(name, text)| (name.to_owned(), text.into()))
                    .collect::<serde_json::Map<String, serde_json::Value>>(),
            })
        };
        show::json(&serde_json::json!({
            "cell": cell,
            "variables": variables.iter().map(describe).collect::<Vec<_>>(),
            "annual": annual.iter().map(describe).collect::<Vec<_>>(),
            "dumps": records,
        }))?;
        return Ok(());
    }
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    writeln!(
        out,
        "{:<34} {:<8} {:>5} {:>9} {:>7}  long name",
        "variable", "type", "rows", "length", "chunk"
    )?;
    for (variable, group) in variables
        .iter()
        .map(|variable| (variable, ""))
        .chain(annual.iter().map(|variable| (variable, "annual/")))
    {
        let rows = variable.rows().map_or("-".to_owned(), |rows| rows.to_string());
        let name = format!("{group}{}", variable.name());
        writeln!(
            out,
            "{name:<34} {:<8} {rows:>5} {:>9} {:>7}  {}",
            variable.element().name(),
            variable.length(),
            variable.chunk_length(),
            variable.attribute("long_name").unwrap_or_default()
        )?;
    }
    writeln!(out)?;
    writeln!(out, "{:<26} {:>10} {:<16}  what could not be archived", "dump", "bytes", "digest")?;
    for record in &records {
        let faults: Vec<String> = record
            .faults
            .iter()
            .map(|(variable, _, message)| match variable {
                Some(variable) => format!("{variable}: {message}"),
                None => message.clone(),
            })
            .collect();
        writeln!(
            out,
            "{:<26} {:>10} {:<16}  {}",
            record.file,
            record.bytes,
            record.digest,
            faults.join("; ")
        )?;
    }
    out.flush()?;
    Ok(())
}
