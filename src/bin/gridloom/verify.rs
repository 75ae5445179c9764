//! `gridloom verify`.

use gridloom::database::Target;
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
    let (source, preset) = (&arguments.source, arguments.config.preset.as_deref());
    let config = Config::of(arguments.config.config.as_deref(), source)?;
    let grid = config.grid()?;
    // What holds grids and no cells was a source of tables.
    let opened = match Source::new(source, preset, &config).open_for_proof(&Nobody) {
        Err(_) if arguments.to.is_none() && has_grids(source) => None,
        opened => Some(opened?),
    };
    let table = opened.as_ref().and_then(|run| run.source().variables());
    let table = table.map_or_else(|| config.table_or_default(), |known| config.beside(known));
    let limits = config::limits(&arguments.limits);
    let resources = Resources::detect();
    let mut result = Verification::default();
    if let Some(path) = &arguments.output {
        result = match &opened {
            Some(run) => verify::verify(run, path, &table, &limits, resources)?,
            None => verify::verify_grids(source, grid, path, &limits, resources)?,
        };
    }
    if let (Some(address), Some(run)) = (&arguments.to, &opened) {
        let target = Target::parse(address)?;
        for warning in target.warnings() {
            tell!("warning: {warning}");
        }
        let schema = arguments.schema.as_deref();
        result.merge(verify::verify_database(run, &target, schema, &limits, resources)?);
    }
    let account = opened.as_ref().and_then(|run| run.source().account());
    if arguments.talk.json {
        show::json(&result)?;
    }
    if !arguments.talk.quiet {
        account.into_iter().for_each(show::records);
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
        let losses = [(result.lost_periods.len(), show::PERIOD), (show::of_records(account), show::RECORDS)];
        show::incomplete(&losses, "without --quiet they are named");
    }
    Ok(match (result.differences, result.is_whole()) {
        (0, true) if result.lost_periods.is_empty() && !account.is_some_and(Account::is_loss) => {
            Exit::Complete
        }
        (0, _) => Exit::Incomplete,
        _ => Exit::Different,
    })
}

/// Whether a path is a NetCDF file, or a folder with one.
fn has_grids(path: &std::path::Path) -> bool {
    let is_grid = |path: &std::path::Path| path.extension().is_some_and(|extension| extension == "nc");
    match std::fs::read_dir(path) {
        Ok(entries) => entries.flatten().any(|entry| is_grid(&entry.path())),
        Err(_) => is_grid(path),
    }
}
