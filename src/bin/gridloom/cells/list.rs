//! What an archive has: its cells, or one cell's variables and dumps.

use std::io::Write;

use super::super::args::cells::ListArguments;
use super::super::talk::{self, tell};
use super::super::{Exit, show};
use super::parse_cell;
use gridloom::archive::{self, Archive};
use gridloom::model::grid::Cell;
use gridloom::printable::printable;

pub(super) fn list(arguments: &ListArguments) -> anyhow::Result<Exit> {
    let archive = Archive::open(&arguments.file)?;
    match &arguments.cell {
        Some(cell) => list_cell(&archive, parse_cell(cell)?, arguments.json)?,
        None => list_cells(&archive, arguments.json)?,
    }
    Ok(Exit::Complete)
}

fn list_cells(archive: &Archive, is_json: bool) -> anyhow::Result<()> {
    let entries = archive.entries()?;
    let (grid, unit, tune) = (archive.grid(), archive.unit(), archive.tune());
    let date = |day| unit.label(day);
    if is_json {
        let cells: Vec<serde_json::Value> = entries
            .iter()
            .map(|(cell, entry)| {
                serde_json::json!({
                    "cell": cell,
                    "lat": grid.centre(*cell)[0],
                    "lon": grid.centre(*cell)[1],
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
            "by_period": archive.is_by_period(),
            "file_bytes": archive.file_bytes(),
            "attributes": attributes,
            "cells": cells,
        }))?;
        return Ok(());
    }
    let mut out = talk::text();
    writeln!(
        out,
        "{:<10} {:>8} {:>9} {:>8} {:<10} {:<10} {:>11} {:>6}",
        "cell", "lat", "lon", "days", "start", "end", "bytes", "faults"
    )?;
    for (cell, entry) in &entries {
        let ends = if entry.days > 0 { [entry.first, entry.last].map(date) } else { [None, None] };
        let [start, end] = ends.map(|date| date.unwrap_or_else(|| "-".to_owned()));
        let [lat, lon] = grid.centre(*cell);
        writeln!(
            out,
            "{:<10} {lat:>8} {lon:>9} {:>8} {start:<10} {end:<10} {:>11} {:>6}",
            cell.to_string(),
            entry.days,
            entry.bytes,
            entry.faults
        )?;
    }
    talk::finish(out, Ok(()))?;
    let used: u64 = entries.values().map(|entry| entry.bytes).sum();
    tell!(
        "{}: {}, {} in all, {} of cells; {}, chunks of {}{}",
        archive.run(),
        show::many(entries.len(), "cell"),
        show::bytes(archive.file_bytes()),
        show::bytes(used),
        tune.codec,
        show::bytes(u64::from(tune.chunk_bytes)),
        if archive.is_by_period() { "; days by period, whose dates are repeated" } else { "" }
    );
    Ok(())
}

fn list_cell(archive: &Archive, cell: Cell, is_json: bool) -> anyhow::Result<()> {
    let handle = archive.cell(cell)?;
    let names: Vec<&str> = handle.variables().collect();
    let variables = names.iter().map(|name| handle.variable(name)).collect::<gridloom::Result<Vec<_>>>()?;
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
    let mut out = talk::text();
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
        let name = format!("{group}{}", printable(variable.name()));
        writeln!(
            out,
            "{name:<34} {:<8} {rows:>5} {:>9} {:>7}  {}",
            variable.element().name(),
            variable.length(),
            variable.chunk_length(),
            printable(variable.attribute("long_name").unwrap_or_default())
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
            printable(&record.file),
            record.bytes,
            printable(&record.digest),
            printable(&faults.join("; "))
        )?;
    }
    Ok(talk::finish(out, Ok(()))?)
}
