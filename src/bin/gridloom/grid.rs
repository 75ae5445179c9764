//! `gridloom grid`, `gridloom publish` and `gridloom plan`.

use std::path::{Path, PathBuf};

use crate::mistake::wrong;
use gridloom::model::fault::Fault;
use gridloom::pipeline::{self, LostReport};
use gridloom::plan::{Output, OutputRows, Plan, Settings};
use gridloom::source::account::Account;

use super::Exit;
use super::args::{GridArguments, PublishArguments, RunArguments, SelectionArguments, TablesArguments};
use super::config::Config;
use super::job::{Job, options, resources, work};
use super::show;
use super::signals;
use super::source::{Source, prepared};
use super::talk::tell;

fn needed(output: &Option<PathBuf>) -> anyhow::Result<&Path> {
    match output {
        Some(output) => Ok(output),
        None => Err(wrong("--output", "", "is needed: -o OUT")),
    }
}

pub(super) fn grid(arguments: &GridArguments) -> anyhow::Result<Exit> {
    let GridArguments { run, start, work, talk, .. } = arguments;
    refuse_database(&arguments.selection)?;
    let output = needed(&arguments.output)?;
    let configured = arguments.config.config.as_deref();
    let config = Config::for_run(configured, run, &arguments.selection, &arguments.limits)?;
    let settings = config.settings(arguments)?;
    config.tell_remarks(arguments.talk.quiet);
    let preset = arguments.config.preset.as_deref();
    Job { run, preset, output, start, work, talk }.run(&config, settings)
}

/// Whether all inputs are files of grids, which archives are not.
pub(super) fn are_grids(inputs: &[PathBuf]) -> bool {
    let is_grid = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "nc");
    inputs.iter().all(is_grid) && !inputs.iter().all(gridloom::archive::is_archive)
}

pub(super) fn tables(arguments: &TablesArguments) -> anyhow::Result<Exit> {
    let TablesArguments { inputs, start, work, talk, .. } = arguments;
    let first = inputs.first().map_or(Path::new(""), PathBuf::as_path);
    let configured = arguments.config.config.as_deref();
    let config = Config::for_run(configured, first, &arguments.selection, &arguments.limits)?;
    let settings = config.table_settings(arguments)?;
    config.tell_remarks(arguments.talk.quiet);
    if are_grids(inputs) {
        return tables_of_grids(arguments, &config, settings);
    }
    let [run] = inputs.as_slice() else {
        return Err(wrong("INPUTS", "", "wants run folders, or NetCDF files"));
    };
    if let Some(address) = arguments.selection.database()? {
        return load(arguments, run, address, &config, settings);
    }
    let output = needed(&arguments.output)?;
    let preset = arguments.config.preset.as_deref();
    Job { run, preset, output, start, work, talk }.run(&config, settings)
}

/// Tables from files of grids.
fn tables_of_grids(arguments: &TablesArguments, config: &Config, settings: Settings) -> anyhow::Result<Exit> {
    let TablesArguments { inputs, start, work: how, talk, .. } = arguments;
    refuse_database(&arguments.selection)?;
    let output = needed(&arguments.output)?;
    if start.shard.is_some() {
        return Err(wrong("--shard", "", "is for tables made of a run"));
    }
    let stop = signals::watch(how.grace, talk.quiet)?;
    let (overwrite, fresh) = (start.overwrite, start.fresh);
    let options = options(how).overwrite(overwrite).fresh(fresh);
    let grids = pipeline::Grids::open(inputs, config.grid()?, &settings)?;
    let plan = grids.plan_with(settings, |table| config.derive(table))?;
    if !talk.quiet {
        show::plan_in_a_line(&plan);
    }
    work(talk, stop, output, None, |observer| {
        pipeline::tables_of_grids(&plan, &grids, output, &options, observer)
    })
}

/// No database where only files can be made.
pub(super) fn refuse_database(selection: &SelectionArguments) -> anyhow::Result<()> {
    match selection.database()? {
        Some(_) => Err(wrong("--to", "postgres://…", "only `gridloom tables` loads a database")),
        None => Ok(()),
    }
}

/// Tables into a database.
fn load(
    arguments: &TablesArguments,
    run: &Path,
    address: &str,
    config: &Config,
    settings: Settings,
) -> anyhow::Result<Exit> {
    let TablesArguments { start, work: how, talk, schema, .. } = arguments;
    refuse_files(arguments)?;
    let target = gridloom::database::Target::parse(address)?;
    let stop = signals::watch(how.grace, talk.quiet)?;
    let options = options(how).fresh(start.fresh);
    let plan = plan_to_load(arguments, run, config, settings)?;
    let name = target.redacted();
    if !talk.quiet {
        show::plan_in_a_line(&plan);
        target.warnings().iter().for_each(|warning| tell!("note: {warning}"));
    }
    work(talk, stop, Path::new(&name), None, |observer| {
        pipeline::load(&plan, &target, schema.as_deref(), &options, observer)
    })
}

/// Refuses what is for files, where a database is loaded.
pub(super) fn refuse_files(arguments: &TablesArguments) -> anyhow::Result<()> {
    let start = &arguments.start;
    for (option, is_given) in [
        ("--output", arguments.output.is_some()),
        ("--format", arguments.format.is_some()),
        ("--compress", arguments.compress.is_some()),
        ("--overwrite", start.overwrite),
        ("--per-cell", arguments.per_cell),
        ("--names", arguments.names.names.is_some()),
        ("--metadata", arguments.names.metadata),
        ("--shard", start.shard.is_some()),
    ] {
        if is_given {
            return Err(wrong(option, "", "is for files; --to loads a database"));
        }
    }
    Ok(())
}

/// The plan of a run whose tables go into a database.
pub(super) fn plan_to_load(
    arguments: &TablesArguments,
    run: &Path,
    config: &Config,
    settings: Settings,
) -> anyhow::Result<Plan> {
    let source = Source::new(run, arguments.config.preset.as_deref(), config);
    let (resources, quiet) = (settings.resources, arguments.talk.quiet);
    let run = Source { resources, quiet, ..source }.open(&gridloom::observer::Nobody)?;
    let (run, settings) = prepared(run, settings, config, None)?;
    Ok(Plan::new(run, settings)?)
}

pub(super) fn run(arguments: &RunArguments) -> anyhow::Result<Exit> {
    let RunArguments { inputs, output, start, work, talk, .. } = arguments;
    refuse_database(&arguments.selection)?;
    let [run] = inputs.as_slice() else { return Err(wrong("RUN", "", "wants a run")) };
    let config = Config::for_run(Some(&arguments.config), run, &arguments.selection, &arguments.limits)?;
    let settings = config.run_settings(arguments)?;
    config.tell_remarks(arguments.talk.quiet);
    Job { run, preset: None, output, start, work, talk }.run(&config, settings)
}

pub(super) fn publish(arguments: &PublishArguments) -> anyhow::Result<Exit> {
    let resources = resources(&arguments.work);
    let options = options(&arguments.work);
    let output = &arguments.output;
    let stop = signals::watch(arguments.work.grace, arguments.talk.quiet)?;
    work(&arguments.talk, stop, output, None, |observer| {
        pipeline::publish(output, resources, &options, observer)
    })
}

pub(super) fn plan(arguments: &GridArguments) -> anyhow::Result<Exit> {
    if let Some(trace) = &arguments.work.trace {
        let reason = "plan does no work that could be traced; grid does";
        return Err(wrong("--trace", trace.display(), reason));
    }
    let configured = arguments.config.config.as_deref();
    let config = Config::for_run(configured, &arguments.run, &arguments.selection, &arguments.limits)?;
    let settings = config.settings(arguments)?;
    config.tell_remarks(arguments.talk.quiet);
    let source = Source::new(&arguments.run, arguments.config.preset.as_deref(), &config);
    let (resources, quiet) = (settings.resources, arguments.talk.quiet);
    let run = Source { resources, quiet, ..source }.open(&gridloom::observer::Nobody)?;
    let (run, settings) = prepared(run, settings, &config, None)?;
    let plan = Plan::new(run, settings)?;
    if arguments.talk.json {
        show::json(&summary(&plan)?)?;
    } else {
        show::plan(&plan)?;
    }
    let account = plan.run().source().account();
    account.into_iter().for_each(show::records);
    // Of the dumps only a sample was read.
    let faults: Vec<Fault> = plan.missing().iter().chain(&plan.survey().faults).cloned().collect();
    show::faults(&faults);
    let lost = LostReport::of(&plan);
    show::lost(&lost);
    plan.absent().iter().for_each(|text| tell!("absent: {text}"));
    let is_loss = lost.iter().any(|lost| lost.is_loss) || account.is_some_and(Account::is_loss);
    Ok(if faults.is_empty() && plan.absent().is_empty() && !is_loss {
        Exit::Complete
    } else {
        Exit::Incomplete
    })
}

fn summary(plan: &Plan) -> anyhow::Result<serde_json::Value> {
    let date = |day: i64| plan.axis().label(day);
    let aggregates = match &plan.settings().tables {
        Some(tables) => gridloom::table::maps(plan, tables, &[]).unwrap_or_default(),
        None => Vec::new(),
    };
    let outputs: Vec<&Output> = plan.outputs().iter().filter(|_| plan.settings().grids).collect();
    let of_aggregates: Vec<&Output> = aggregates.iter().map(|map| &map.output).collect();
    let names = [show::files_of(plan, &outputs)?, show::files_of(plan, &of_aggregates)?].concat();
    let daily = outputs.into_iter().map(|output| (output, plan.axis().days as usize));
    let files: Vec<serde_json::Value> = daily
        .chain(aggregates.iter().map(|map| (&map.output, map.steps.intervals.len())))
        .zip(names)
        .map(|((output, steps), file)| {
            let rows = match &output.rows {
                OutputRows::None => None,
                OutputRows::One(row) => Some(vec![row + 1]),
                OutputRows::Dimension(rows) => Some(rows.iter().map(|row| row + 1).collect()),
            };
            let shape = output.map.filter(|map| map.is_only).map_or(output.chunk, |map| map.chunk);
            let dense = steps as u64
                * u64::from(plan.window().rows)
                * u64::from(plan.window().columns)
                * (output.rows.count() * output.element.size()) as u64;
            serde_json::json!({
                "file": file,
                "variable": output.name,
                "key": output.key,
                "rows": rows,
                "type": output.element.name(),
                "chunk": [shape.days, shape.rows, shape.columns],
                "dense_bytes": dense,
            })
        })
        .collect();
    let periods: Vec<serde_json::Value> = plan
        .periods()
        .iter()
        .map(|period| {
            let first = period.first_day - plan.axis().first_day;
            serde_json::json!({
                "period": period.period,
                "start": date(first),
                "end": date(first + period.days() - 1),
            })
        })
        .collect();
    Ok(serde_json::json!({
        "run": plan.run().name,
        "cells": plan.cells().len(),
        "window": {
            "rows": plan.window().rows,
            "columns": plan.window().columns,
            "first_row": plan.window().first_row,
            "first_column": plan.window().first_column,
        },
        "time": {
            "start": date(0),
            "end": date(i64::from(plan.axis().days) - 1),
            "days": plan.axis().days,
            "units": plan.axis().unit.text(),
            "calendar": plan.axis().unit.calendar().name(),
        },
        "periods": periods,
        "files": files,
        "tiles": plan.tiles().len(),
        "units": plan.units().len(),
        "dumps": plan.dumps(),
        "dumps_sampled": plan.survey().facts.len() + plan.survey().faults.len(),
        "missing": plan.missing(),
        "remarks": plan.mixture().lines(),
        "absent": plan.absent(),
        "lost_periods": LostReport::of(plan),
        "bytes_to_read": plan.bytes_to_read(),
        "value_bytes": plan.value_bytes(),
        "codec": plan.settings().codec.to_string(),
        "memory": plan.memory(),
    }))
}
