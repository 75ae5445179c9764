//! `gridloom verify`.

use std::path::Path;

use gridloom::Run;
use gridloom::database::Target;
use gridloom::model::variables::VariableTable;
use gridloom::observer::Nobody;
use gridloom::plan::Resources;
use gridloom::source::account::Account;
use gridloom::verify::{self, Verification};

use super::Exit;
use super::args::VerifyArguments;
use super::config::{self, Config};
use super::show;
use super::source::Source;
use super::talk::tell;

pub(super) fn run(arguments: &VerifyArguments) -> anyhow::Result<Exit> {
    // Several runs stand before what was made of them.
    let (output, others) = match arguments.outputs.split_last() {
        Some((output, others)) if arguments.to.is_none() || is_made(output) => (Some(output), others),
        _ => (None, &*arguments.outputs),
    };
    let mut opened: Vec<(Option<Run>, VariableTable)> = Vec::new();
    for source in [&arguments.source].into_iter().chain(others) {
        opened.push(open(arguments, source, others.is_empty())?);
    }
    let limits = config::limits(&arguments.limits);
    let resources = Resources::detect();
    let mut result = Verification::default();
    if let Some(path) = output {
        result = match opened.as_slice() {
            [(Some(run), table)] => verify::verify(run, path, table, &limits, resources)?,
            [_] => {
                let source = &arguments.source;
                let grid = Config::of(arguments.config.config.as_deref(), source)?.grid()?;
                verify::verify_grids(source, grid, path, &limits, resources)?
            }
            several => {
                let runs = several.iter().filter_map(|(run, table)| Some((run.clone()?, table.clone())));
                verify::verify_runs(&runs.collect::<Vec<_>>(), path, &limits, resources)?
            }
        };
    }
    if let Some(address) = &arguments.to {
        let target = Target::parse(address)?;
        for warning in target.warnings() {
            tell!("warning: {warning}");
        }
        let schema = arguments.schema.as_deref();
        for run in opened.iter().filter_map(|(run, _)| run.as_ref()) {
            result.merge(verify::verify_database(run, &target, schema, &limits, resources)?);
        }
    }
    told(arguments, &opened, &result)
}

/// Opens a source, with what is known of its variables; `None` in the place of grids that tables were made of.
fn open(
    arguments: &VerifyArguments,
    source: &Path,
    is_only: bool,
) -> anyhow::Result<(Option<Run>, VariableTable)> {
    let config = Config::of(arguments.config.config.as_deref(), source)?;
    // What holds grids and no cells was a source of tables.
    let opened = Source::new(source, arguments.config.preset.as_deref(), &config).open_for_proof(&Nobody);
    let opened = match opened {
        Err(_) if is_only && arguments.to.is_none() && has_grids(source) => None,
        opened => Some(opened?),
    };
    let table = opened.as_ref().and_then(|run| run.source().variables());
    let table = table.map_or_else(|| config.table_or_default(), |known| config.beside(known));
    Ok((opened, table))
}

/// Tells what came of it.
fn told(
    arguments: &VerifyArguments,
    opened: &[(Option<Run>, VariableTable)],
    result: &Verification,
) -> anyhow::Result<Exit> {
    let runs = opened.iter().filter_map(|(run, _)| run.as_ref());
    let accounts: Vec<&Account> = runs.filter_map(|run| run.source().account()).collect();
    if arguments.talk.json {
        show::json(result)?;
    }
    if !arguments.talk.quiet {
        accounts.iter().copied().for_each(show::records);
    }
    if !arguments.talk.quiet {
        show::faults(&result.faults);
    }
    for unseen in &result.not_looked_at {
        tell!("not looked at: {unseen}");
    }
    for lost in result.lost_periods.iter().filter(|_| !arguments.talk.quiet) {
        tell!("lost: {lost}");
    }
    for difference in &result.first_differences {
        tell!("differs: {difference}");
    }
    if !arguments.talk.quiet {
        let (number, many) = (show::number, show::many);
        let counted = [
            (result.files as u64, many(result.files as u64, "file")),
            (result.dumps, many(result.dumps, "dump")),
            (result.values, many(result.values, "value")),
            (result.nan, format!("{} NaN, masked", number(result.nan))),
            (result.masked, many(result.masked, "masked place")),
            (result.numbers, many(result.numbers, "aggregated value")),
            (result.rows, many(result.rows, "row")),
            (result.coordinates, many(result.coordinates, "coordinate")),
            (result.attributes, many(result.attributes, "attribute")),
        ];
        let counted: Vec<String> =
            counted.into_iter().filter(|(count, _)| *count > 0).map(|(_, words)| words).collect();
        let unseen = match result.not_looked_at.len() as u64 {
            0 => String::new(),
            count => format!(", {} not looked at", number(count)),
        };
        let counted = if counted.is_empty() { "nothing".to_owned() } else { counted.join(", ") };
        tell!("{counted} compared; {} differ{unseen}", number(result.differences));
    } else {
        let records = accounts.iter().map(|account| show::of_records(Some(account))).sum();
        let losses = [(result.lost_periods.len(), show::PERIOD), (records, show::RECORDS)];
        show::incomplete(&losses, "without --quiet they are named");
    }
    let is_used = result.lost_records == 0 && !accounts.iter().any(|account| account.is_loss());
    Ok(match (result.differences, result.is_whole()) {
        (0, true) if result.lost_periods.is_empty() && is_used => Exit::Complete,
        (0, _) => Exit::Incomplete,
        _ => Exit::Different,
    })
}

/// Whether a path can be what was made, beside a database: a run has no report, and a description of records is none.
fn is_made(path: &Path) -> bool {
    match path.is_dir() {
        true => ["report.json", "runs.json"].iter().any(|name| path.join(name).exists()) || has_grids(path),
        false => !gridloom::records::is_description(path),
    }
}

/// Whether a path is a NetCDF file, or a folder with one.
fn has_grids(path: &Path) -> bool {
    let is_grid = |path: &Path| path.extension().is_some_and(|extension| extension == "nc");
    match std::fs::read_dir(path) {
        Ok(entries) => entries.flatten().any(|entry| is_grid(&entry.path())),
        Err(_) => is_grid(path),
    }
}
