//! `gridloom verify`.

use gridloom::database::Target;
use gridloom::observer::Nobody;
use gridloom::plan::Resources;
use gridloom::scenarios::{Member, Scenarios};
use gridloom::source::account::Account;
use gridloom::verify::{self, Difference, Unseen, Verification};

use super::Exit;
use super::args::VerifyArguments;
use super::config::{self, Config};
use super::show;
use super::source::Source;
use super::talk::tell;
use crate::mistake::wrong;

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
        let all = Scenarios::open(path)?;
        let of_run =
            all.as_ref().map(|all| member(all, source).map(|member| all.folder(member))).transpose()?;
        let made = of_run.as_ref().unwrap_or(path);
        result = match &opened {
            Some(run) => verify::verify(run, made, &table, &limits, resources)?,
            None => verify::verify_grids(source, grid, made, &limits, resources)?,
        };
        if let Some(mut all) = all {
            prove_all(&mut all, resources, &mut result)?;
        }
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
    }
    Ok(match (result.differences, result.is_whole()) {
        (0, true) if result.lost_periods.is_empty() && !account.is_some_and(Account::is_loss) => {
            Exit::Complete
        }
        (0, _) => Exit::Incomplete,
        _ => Exit::Different,
    })
}

/// The run among several that was made of a source.
fn member<'a>(all: &'a Scenarios, source: &std::path::Path) -> anyhow::Result<&'a Member> {
    let whole = |path: &std::path::Path| path.canonicalize().or_else(|_| std::path::absolute(path)).ok();
    let found = all.runs().iter().find(|member| whole(&member.source) == whole(source));
    found.ok_or_else(|| {
        let known: Vec<String> = all
            .runs()
            .iter()
            .map(|member| format!("{} of {}", member.name, member.source.display()))
            .collect();
        let reason = format!("is not one of the runs that were made there: {}", known.join(", "));
        wrong("SOURCE", source.display(), reason)
    })
}

/// Lays the tables of all runs beside those of each.
fn prove_all(all: &mut Scenarios, resources: Resources, result: &mut Verification) -> anyhow::Result<()> {
    match all.note_begun(resources) {
        Ok(()) => {}
        Err(error) if error.kind() == gridloom::ErrorKind::NoCheckpoint => {
            let files = all.files().iter().map(|file| file.file.as_str());
            let unseen = |file: &str| Unseen {
                file: file.to_owned(),
                reason: "a run's checkpoint is gone".to_owned(),
            };
            result.not_looked_at.extend(files.map(unseen));
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    }
    let proof = all.prove()?;
    result.files += proof.files as usize;
    result.rows += proof.rows;
    result.differences += proof.differences.len() as u64;
    result.first_differences.extend(proof.differences.into_iter().map(|(file, found)| Difference {
        file,
        cell: None,
        date: None,
        expected: "the rows of the runs' own files".to_owned(),
        found,
    }));
    Ok(())
}

/// Whether a path is a NetCDF file, or a folder with one.
fn has_grids(path: &std::path::Path) -> bool {
    let is_grid = |path: &std::path::Path| path.extension().is_some_and(|extension| extension == "nc");
    match std::fs::read_dir(path) {
        Ok(entries) => entries.flatten().any(|entry| is_grid(&entry.path())),
        Err(_) => is_grid(path),
    }
}
