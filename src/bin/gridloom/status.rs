//! `gridloom status`.

use std::io::Write;
use std::path::Path;

use gridloom::pipeline::{self, Status, TaskStatus};
use gridloom::plan::Resources;
use gridloom::printable::printable;
use gridloom::scenarios::{Condition, JoinedStatus, RunStatus, Scenarios, ScenariosStatus};

use super::Exit;
use super::args::StatusArguments;
use super::empty;
use super::show;
use super::talk;

/// Tasks that are named on the terminal; `--json` has all.
const TASKS_SHOWN: usize = 24;

pub(super) fn run(arguments: &StatusArguments) -> anyhow::Result<Exit> {
    if let Some(all) = Scenarios::open(&arguments.output)? {
        return of_runs(arguments, all);
    }
    let status = pipeline::status(&arguments.output)?;
    if arguments.json {
        show::json(&status)?;
    } else {
        print(&status, &arguments.output)?;
    }
    Ok(Exit::Complete)
}

fn of_runs(arguments: &StatusArguments, mut all: Scenarios) -> anyhow::Result<Exit> {
    let status = all.status(Resources::detect())?;
    if arguments.json {
        show::json(&status)?;
        return Ok(Exit::Complete);
    }
    let mut out = talk::text();
    let written = write_all(&status, &mut out);
    talk::finish(out, written)?;
    Ok(Exit::Complete)
}

fn write_all(all: &ScenariosStatus, out: &mut talk::Text) -> std::io::Result<()> {
    for RunStatus { name, folder, status, .. } in &all.runs {
        writeln!(out, "== {}", printable(name))?;
        match status {
            Some(status) => write(status, folder, true, out)?,
            None if folder.exists() => writeln!(out, "state    its checkpoint is gone, or it is not begun")?,
            None => writeln!(out, "state    it is not begun")?,
        }
    }
    let left = all.left.as_deref();
    match (all.files.is_empty(), all.is_joined, left) {
        (true, false, _) => writeln!(out, "== tables of all runs: not wanted")?,
        (true, true, None) => writeln!(out, "== tables of all runs: none yet")?,
        (true, true, Some([])) => writeln!(out, "== tables of all runs: none, since no table is one file")?,
        _ => writeln!(out, "== tables of all runs")?,
    }
    for JoinedStatus { file, condition, .. } in &all.files {
        let is = match condition {
            Condition::Made => show::many(file.rows, "row"),
            Condition::Missing => "is gone; the same command makes it again".to_owned(),
            Condition::Changed => "somebody has changed it; the same command makes it again".to_owned(),
            _ => "is older than the runs' own; the same command makes it anew".to_owned(),
        };
        writeln!(out, "file     {}: {is}", printable(file.file.as_str()))?;
    }
    for file in left.unwrap_or_default() {
        writeln!(out, "file     {}: is not made yet", printable(file.as_str()))?;
    }
    Ok(())
}

fn print(status: &Status, output: &Path) -> std::io::Result<()> {
    let mut out = talk::text();
    let written = write(status, output, false, &mut out);
    talk::finish(out, written)
}

/// Of one run, or of one among several.
fn write(status: &Status, output: &Path, is_among: bool, out: &mut talk::Text) -> std::io::Result<()> {
    let (number, many) = (show::number, show::many);
    writeln!(out, "run      {}, begun {}", printable(&status.run), printable(&status.created))?;
    writeln!(out, "units    {} of {} done", number(status.units_done), number(status.units))?;
    writeln!(out, "dumps    {} of {} read", number(status.dumps_done), number(status.dumps))?;
    if let Some(seconds) = status.seconds_left {
        let left = indicatif::HumanDuration(std::time::Duration::from_secs_f64(seconds.min(1e9)));
        writeln!(out, "rate     {:.0} dumps a second, about {left} left", status.dumps_per_second)?;
    }
    writeln!(out, "files    {} of {} published", status.files_done, status.files)?;
    let faults: Vec<String> = status.faults.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    writeln!(out, "faults   {}", if faults.is_empty() { "none".to_owned() } else { faults.join(", ") })?;
    for line in empty::lines(&status.empty_cells) {
        writeln!(out, "cells    {line}")?;
    }
    writeln!(out, "spool    {}", show::bytes(status.spool_bytes))?;
    if !status.missing_shards.is_empty() {
        writeln!(out, "missing  shards {}", printable(&status.missing_shards.join(", ")))?;
    }
    let is_at_work = |task: &&TaskStatus| task.is_alive != Some(false);
    let tasks =
        status.tasks.iter().filter(is_at_work).chain(status.tasks.iter().filter(|task| !is_at_work(task)));
    for task in tasks.take(TASKS_SHOWN) {
        let state = match task.is_alive {
            Some(true) => "works",
            Some(false) => "is not there any more",
            None => "works, as far as can be told from here",
        };
        let share = task.share.as_ref().map(|share| format!(", shard {}", printable(share)));
        let share = share.unwrap_or_default();
        writeln!(
            out,
            "task     process {} on {}{share}, since {}: {state}; {} of {}",
            task.process,
            printable(&task.host),
            printable(&task.started),
            number(task.units_done),
            many(task.units, "unit")
        )?;
    }
    if status.tasks.len() > TASKS_SHOWN {
        writeln!(out, "… {} tasks in all", status.tasks.len())?;
    }
    let is_idle = status.tasks.iter().all(|task| task.is_alive == Some(false));
    let next = match (status.is_published, is_idle, status.units_done == status.units) {
        (true, ..) => "all is published".to_owned(),
        (_, false, _) => return Ok(()),
        (_, _, true) if is_among => "nobody works here; the same command, or `gridloom publish` with the folder of all, writes the files".to_owned(),
        (_, _, true) => format!(
            "nobody works here; `gridloom publish {}` or the same `gridloom grid` command writes the files",
            printable(&output.display().to_string())
        ),
        _ => "nobody works here; the same command continues".to_owned(),
    };
    writeln!(out, "state    {next}")
}
