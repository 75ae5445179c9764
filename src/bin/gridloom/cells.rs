//! `gridloom cells`: archives.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::mistake::wrong;
use gridloom::archive::{self, Archive, Codec, Report, Settings, Tune};
use gridloom::model::grid::Cell;
use gridloom::observer::{Nobody, Observer};
use gridloom::plan::selection::parse_periods;
use gridloom::plan::{Area, Resources};
use gridloom::run::Run;
use gridloom::source::account::Account;

use super::Exit;
use super::args::cells::{
    CellsCommand, ChangeArguments, DropArguments, RepackArguments, ReplaceArguments, RunSelection,
    TuneArguments, TuneFor, VerifyArguments, WorkArguments, WriteArguments,
};
use super::args::{ConfigArguments, LimitArguments, TalkArguments};
use super::config::{self, Config};
use super::progress::Watch;
use super::source::Source;
use super::talk::tell;
use super::{empty, show, signals};

mod list;
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
        CellsCommand::List(arguments) => list::list(arguments),
        CellsCommand::Get(arguments) => values::get(arguments),
        CellsCommand::Stream(arguments) => values::stream(arguments),
        CellsCommand::Verify(arguments) => verify(arguments),
    }
}

/// The tune that options ask for, on top of what it would be without them; `None` where they ask for nothing.
fn tune(arguments: &TuneArguments, base: Tune) -> anyhow::Result<Option<Tune>> {
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
        wanted.chunk_bytes =
            bytes.ok_or_else(|| wrong("--chunk", chunk.unwrap_or(0), "a chunk has 512 bytes to 256 MiB"))?;
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
) -> anyhow::Result<Settings> {
    let mut settings = Settings::default()
        .table(config.table_or_default())
        .attributes(config.attributes().clone())
        .resources(resources(work))
        .limits(config::limits(limits));
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
    work: impl FnOnce(&dyn Observer) -> gridloom::Result<T>,
) -> anyhow::Result<T> {
    let stop = signals::watch(Duration::from_secs(20), talk.quiet)?;
    let watch = Watch::start(stop, talk.quiet);
    let result = work(&watch);
    drop(watch);
    Ok(result?)
}

/// Opens a run, and lets settings have what its source knows of its variables.
fn open(
    path: &Path,
    arguments: &ConfigArguments,
    config: &Config,
    settings: &mut Settings,
    quiet: bool,
) -> anyhow::Result<Run> {
    let source = Source::new(path, arguments.preset.as_deref(), config);
    let run = Source { resources: settings.resources, quiet, ..source }.open(&Nobody)?;
    if let Some(known) = run.source().variables() {
        settings.table = config.beside(known);
    }
    Ok(run)
}

fn write(arguments: &WriteArguments) -> anyhow::Result<Exit> {
    let WriteArguments { run, output, selection, work, limits, talk, .. } = arguments;
    let config = Config::of(arguments.config.config.as_deref(), run)?
        .with_provenance(&arguments.provenance, &arguments.limits)?;
    let mut settings = settings(&config, Some(selection), work, limits)?;
    if !arguments.cells.is_empty() {
        settings.selection.area = Area::List(cells(&arguments.cells, &config)?);
    }
    settings.tune = tune(&arguments.tune, Tune::default())?.unwrap_or_default();
    (settings.overwrite, settings.fresh) = (arguments.overwrite, arguments.fresh);
    config.tell_remarks(talk.quiet);
    let run = open(run, &arguments.config, &config, &mut settings, talk.quiet)?;
    let report = watched(talk, |observer| archive::write(&run, output, &settings, observer))?;
    finish(talk, &report, "written to", output)
}

fn append(arguments: &ChangeArguments) -> anyhow::Result<Exit> {
    let ChangeArguments { run, file, selection, other_run, work, limits, talk, config: given } = arguments;
    let config = Config::of(given.config.as_deref(), run)?;
    let mut settings = settings(&config, Some(selection), work, limits)?.other_run(*other_run);
    config.tell_remarks(talk.quiet);
    let run = open(run, given, &config, &mut settings, talk.quiet)?;
    let report = watched(talk, |observer| archive::append(&run, file, &settings, observer))?;
    finish(talk, &report, "extended in", file)
}

fn replace(arguments: &ReplaceArguments) -> anyhow::Result<Exit> {
    let ReplaceArguments { run, file, periods, work, limits, talk, config: given, .. } = arguments;
    let config = Config::of(given.config.as_deref(), run)?;
    let mut settings = settings(&config, None, work, limits)?;
    settings.other_run = arguments.other_run;
    if let Some(periods) = periods {
        settings.selection.periods = parse_periods(periods)?;
    }
    settings.fresh = arguments.fresh;
    let cells = cells(&arguments.cells, &config)?;
    config.tell_remarks(talk.quiet);
    let run = open(run, given, &config, &mut settings, talk.quiet)?;
    let report = watched(talk, |observer| archive::replace(&run, file, &cells, &settings, observer))?;
    finish(talk, &report, "replaced in", file)
}

fn drop_cells(arguments: &DropArguments) -> anyhow::Result<Exit> {
    let DropArguments { file, talk, .. } = arguments;
    let config = Config::default();
    let cells = cells(&arguments.cells, &config)?;
    config.tell_remarks(talk.quiet);
    let report = archive::drop_cells(file, &cells, &Settings::default())?;
    finish(talk, &report, "dropped from", file)
}

/// Cells by their indices, or those of gridlists.
fn cells(texts: &[String], config: &Config) -> anyhow::Result<Vec<Cell>> {
    let mut cells = Vec::new();
    for text in texts {
        match text.parse::<Cell>() {
            Ok(cell) => cells.push(cell),
            Err(_)
                if [".csv", ".npy", ".nc", "json"].iter().any(|ending| text.ends_with(ending))
                    || Path::new(text).is_file() =>
            {
                cells.extend(config.mask(Path::new(text))?.cells());
            }
            Err(_) => {
                return Err(wrong("--cells", text, "wants cells as 185-240, or a gridlist (*.csv)"));
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
        report.remarks.iter().for_each(|remark| tell!("note: {remark}"));
        report.absent.iter().for_each(|text| tell!("absent: {text}"));
        for (key, reason) in &report.unusable_variables {
            tell!("note: {key} is not written: {reason}");
        }
        report.records.iter().for_each(show::records);
        show::faults(&report.faults);
        for lost in &report.lost_periods {
            tell!("lost: {lost}");
        }
        empty::tell(&report.empty_cells);
        for changed in report.changed.iter().take(CHANGED_SHOWN) {
            tell!("changed: {changed} is another dump now than the one archived");
        }
        if !report.changed.is_empty() {
            tell!(
                "note: {} changed since they were archived; `gridloom cells replace` takes their cells anew",
                show::many(report.changed.len(), "dump")
            );
        }
        let many = show::many;
        tell!(
            "{} {done} {}: {} ({}), {}; {} in all ({:.2} s)",
            many(report.cells, "cell"),
            file.display(),
            many(report.dumps, "dump"),
            show::bytes(report.bytes_read),
            many(report.values, "value"),
            show::bytes(report.file_bytes),
            report.seconds
        );
    } else {
        show::incomplete(
            &[
                (report.faults.iter().filter(|fault| fault.is_loss()).count(), show::INPUT),
                (report.absent.len(), show::SELECTED),
                (show::of_records(report.records.as_ref()), show::RECORDS),
            ],
            "without --quiet they are named",
        );
    }
    Ok(if report.is_complete() { Exit::Complete } else { Exit::Incomplete })
}

fn repack(arguments: &RepackArguments) -> anyhow::Result<Exit> {
    let RepackArguments { file, work, talk, .. } = arguments;
    let settings = Settings::default().resources(resources(work));
    let wanted = tune(&arguments.tune, Archive::open(file)?.tune())?;
    let repacked = watched(talk, |observer| archive::repack(file, wanted, &settings, observer))?;
    if talk.json {
        show::json(&repacked)?;
    }
    if !talk.quiet {
        let (before, after) = (show::bytes(repacked.before), show::bytes(repacked.after));
        tell!("{}: {before} became {after} ({:.2} s)", file.display(), repacked.seconds);
    }
    Ok(Exit::Complete)
}

fn verify(arguments: &VerifyArguments) -> anyhow::Result<Exit> {
    let VerifyArguments { file, run, limits, config: given, talk } = arguments;
    let config = Config::of(given.config.as_deref(), run.as_deref().unwrap_or(Path::new("")))?;
    let open = |run: &PathBuf| Source::new(run, given.preset.as_deref(), &config).open_for_proof(&Nobody);
    let run = run.as_ref().map(open).transpose()?;
    let account = run.as_ref().and_then(|run| run.source().account());
    let found = archive::verify(file, run.as_ref(), &config::limits(limits))?;
    if talk.json {
        show::json(&found)?;
    }
    if found.is_own_source {
        let file = file.display();
        tell!(
            "not looked at: {file}: its dumps: it is the run itself, so that only its checksums were looked at"
        );
    }
    for difference in &found.differences {
        tell!("differs: {difference}");
    }
    if !talk.quiet {
        account.into_iter().for_each(show::records);
        show::faults(&found.faults);
        let many = show::many;
        if found.gone > 0 {
            tell!("note: the run has {} less than the archive; not compared", many(found.gone, "dump"));
        }
        let compared = match &run {
            Some(_) if !found.is_own_source => {
                format!("; {}, {} compared", many(found.dumps, "dump"), many(found.values, "value"))
            }
            _ => String::new(),
        };
        tell!(
            "{}, {}, {} sound or named{compared}; {} differ",
            many(found.cells, "cell"),
            many(found.variables, "variable"),
            many(found.chunks, "chunk"),
            show::number(found.differences.len() as u64)
        );
    } else {
        show::incomplete(&[(show::of_records(account), show::RECORDS)], "without --quiet they are named");
    }
    Ok(match found.differences.is_empty() {
        true if found.is_own_source || account.is_some_and(Account::is_loss) => Exit::Incomplete,
        true => Exit::Complete,
        false => Exit::Different,
    })
}

/// A cell by its indices.
fn parse_cell(text: &str) -> anyhow::Result<Cell> {
    text.parse().map_err(|_| wrong("--cell", text, "wants a cell's indices, as 185-240"))
}
