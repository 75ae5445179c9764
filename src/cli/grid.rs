//! `gridloom grid`, `gridloom publish` and `gridloom plan`.

use std::path::Path;
use std::sync::Arc;

use crate::error::Error;
use crate::pipeline::{self, Monitor, Options, Report, Stop};
use crate::plan::{OutputRows, Plan, Resources, Share};
use crate::run::Run;

use super::Exit;
use super::args::{GridArguments, PublishArguments, TalkArguments, WorkArguments};
use super::config::Config;
use super::progress::Watch;
use super::{show, signals};

fn make_plan(arguments: &GridArguments, shared: Option<(&Path, &Options)>) -> anyhow::Result<Plan> {
    let config = Config::read(arguments.config.config.as_deref())?;
    let settings = config.settings(arguments)?;
    let grid = config.grid()?;
    Ok(match shared {
        Some((output, options)) => pipeline::shared_plan(&arguments.run, grid, settings, output, options)?,
        None => Plan::new(Run::open(&arguments.run, grid)?, settings)?,
    })
}

pub(super) fn grid(arguments: &GridArguments) -> anyhow::Result<Exit> {
    let Some(output) = &arguments.output else {
        return Err(Error::selection("--output", "", "is needed: -o OUT").into());
    };
    let share = arguments.shard.as_deref().map(Share::parse).transpose()?;
    let stop = signals::watch(arguments.work.grace, arguments.talk.quiet)?;
    let options = Options {
        overwrite: arguments.overwrite,
        fresh: arguments.fresh,
        share,
        ..options(&arguments.work, stop)
    };
    let plan = make_plan(arguments, share.map(|_| (output.as_path(), &options)))?;
    if !arguments.talk.quiet {
        show::plan_in_a_line(&plan);
    }
    work(&arguments.talk, output, share, |monitor| pipeline::grid(&plan, output, &options, monitor))
}

pub(super) fn publish(arguments: &PublishArguments) -> anyhow::Result<Exit> {
    let mut resources = Resources::detect();
    resources.threads =
        arguments.work.threads.map_or(resources.threads, |threads| usize::from(threads.max(1)));
    resources.memory = arguments.work.memory.unwrap_or(resources.memory);
    let options = options(&arguments.work, signals::watch(arguments.work.grace, arguments.talk.quiet)?);
    let output = &arguments.output;
    work(&arguments.talk, output, None, |monitor| pipeline::publish(output, resources, &options, monitor))
}

fn options(arguments: &WorkArguments, stop: Arc<Stop>) -> Options {
    let (drop_spool, trace) = (arguments.drop_spool, arguments.trace.clone());
    Options { drop_spool, trace, stop, ..Options::default() }
}

/// Does the work under a progress bar and tells what came of it.
fn work(
    talk: &TalkArguments,
    output: &Path,
    share: Option<Share>,
    work: impl FnOnce(&Monitor) -> crate::Result<Report>,
) -> anyhow::Result<Exit> {
    let monitor = Arc::new(Monitor::default());
    let watch = Watch::start(monitor.clone(), talk.quiet);
    let report = work(&monitor);
    drop(watch);
    let report = report?;
    if talk.json {
        show::json(&report)?;
    }
    if !talk.quiet {
        show::report(&report, output, share);
    }
    Ok(if report.is_complete() { Exit::Complete } else { Exit::Incomplete })
}

pub(super) fn plan(arguments: &GridArguments) -> anyhow::Result<Exit> {
    let plan = make_plan(arguments, None)?;
    if arguments.talk.json {
        show::json(&summary(&plan))?;
    } else {
        show::plan(&plan)?;
    }
    Ok(Exit::Complete)
}

fn summary(plan: &Plan) -> serde_json::Value {
    let date = |day: i64| plan.axis.date(day).map(|date| date.to_string());
    let files: Vec<serde_json::Value> = plan
        .outputs
        .iter()
        .map(|output| {
            let rows = match &output.rows {
                OutputRows::None => None,
                OutputRows::One(row) => Some(vec![row + 1]),
                OutputRows::Dimension(rows) => Some(rows.iter().map(|row| row + 1).collect()),
            };
            let shape = output.chunk;
            let dense = u64::from(plan.axis.days)
                * u64::from(plan.window.rows)
                * u64::from(plan.window.columns)
                * (output.rows.count() * output.element.size()) as u64;
            serde_json::json!({
                "file": output.file,
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
        .periods
        .iter()
        .map(|period| {
            let first = period.first_day - plan.axis.first_day;
            serde_json::json!({
                "period": period.period,
                "start": date(first),
                "end": date(first + period.days() - 1),
            })
        })
        .collect();
    serde_json::json!({
        "run": plan.run.name,
        "cells": plan.cells.len(),
        "window": {
            "rows": plan.window.rows,
            "columns": plan.window.columns,
            "first_row": plan.window.first_row,
            "first_column": plan.window.first_column,
        },
        "time": {
            "start": date(0),
            "end": date(i64::from(plan.axis.days) - 1),
            "days": plan.axis.days,
            "units": plan.axis.unit.text(),
            "calendar": plan.axis.unit.calendar().name(),
        },
        "periods": periods,
        "files": files,
        "tiles": plan.tiles.len(),
        "units": plan.units.len(),
        "dumps": plan.dumps(),
        "dumps_sampled": plan.survey.facts.len() + plan.survey.faults.len(),
        "missing": plan.missing,
        "bytes_to_read": plan.bytes_to_read(),
        "value_bytes": plan.value_bytes(),
        "codec": plan.settings.codec.to_string(),
        "memory": plan.memory,
    })
}
