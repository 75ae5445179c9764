//! What a state of the model says of its run, and whether the dumps that it names are there.

use std::io::Write;
use std::path::Path;

use serde_json::{Value as Json, json};

use gridloom::caete::state::{self, Compared, State};
use gridloom::dump::{Dump, Limits};
use gridloom::printable::printable;

use super::super::{Exit, show, talk};
use super::SHOWN;
use super::tree::{print_tree, tree};

/// How deep states are shown: settings of settings of the region.
const DEPTH: usize = 8;

/// Shows a state: what it says, whether its dumps are there, and its values.
pub(super) fn show_state(
    path: &Path,
    dump: &Dump,
    mut state: State,
    limits: &Limits,
    json: bool,
) -> anyhow::Result<Exit> {
    let run = state::run_of(path, &state);
    let unread = state.with_cells(path, run.as_deref(), limits);
    let compared = run.map(|run| state::compare(&state, &run, unread));
    let tree = tree(dump.root(), DEPTH);
    if json {
        show::json(&json!({
            "path": path.display().to_string(),
            "container": dump.container().to_string(),
            "decoded_bytes": dump.decoded_bytes(),
            "state": json_of(&state),
            "dumps": compared.as_ref().map(json_of_compared),
            "content": tree,
        }))?;
    } else {
        let mut out = talk::text();
        let written = write(path, dump, &state, compared.as_ref(), &tree, &mut out);
        talk::finish(out, written)?;
    }
    Ok(exit(compared.as_ref()))
}

/// Compares a run with a state that is somewhere.
pub(super) fn compared(path: &Path, run: &Path, limits: &Limits) -> anyhow::Result<Compared> {
    let mut state = State::open(path, limits)?;
    let unread = state.with_cells(path, Some(run), limits);
    Ok(state::compare(&state, run, unread))
}

pub(super) fn exit(compared: Option<&Compared>) -> Exit {
    match compared.is_some_and(|compared| !compared.missing.is_empty()) {
        true => Exit::Incomplete,
        false => Exit::Complete,
    }
}

fn json_of(state: &State) -> Json {
    let facts: serde_json::Map<String, Json> =
        state.facts.iter().map(|(name, words)| (name.clone(), json!(words))).collect();
    json!({ "run": state.name, "facts": facts, "attributes": state.provenance, "cells": state.cells.len() })
}

/// What a run lacks of what a state names.
pub(super) fn json_of_compared(compared: &Compared) -> Json {
    json!({
        "run": compared.run.display().to_string(),
        "named": compared.named,
        "cells_listed": compared.listed,
        "missing": compared.missing,
        "unread": compared.unread.iter().map(|(file, reason)| json!({ "file": file, "reason": reason })).collect::<Vec<_>>(),
    })
}

fn write(
    path: &Path,
    dump: &Dump,
    state: &State,
    compared: Option<&Compared>,
    tree: &Json,
    out: &mut talk::Text,
) -> std::io::Result<()> {
    let decoded = show::bytes(dump.decoded_bytes() as u64);
    writeln!(out, "{}: {}, {decoded} decoded", printable(&path.display().to_string()), dump.container())?;
    match &state.name {
        Some(name) => writeln!(out, "a state of the run {}: {} cells\n", printable(name), state.cells.len())?,
        None => writeln!(out, "states of {} cells\n", state.cells.len())?,
    }
    for (name, words) in &state.facts {
        writeln!(out, "{:<30} {}", printable(name), printable(words))?;
    }
    writeln!(out)?;
    match compared {
        Some(compared) => write_compared(compared, out)?,
        None => {
            writeln!(out, "note: the folder of its run is not beside it; give it: inspect RUN --state FILE")?
        }
    }
    writeln!(out)?;
    print_tree(out, "", tree, 0)
}

/// Says what a run lacks.
pub(super) fn write_compared(compared: &Compared, out: &mut talk::Text) -> std::io::Result<()> {
    for fault in compared.missing.iter().take(SHOWN) {
        writeln!(out, "missing: {}", printable(&fault.to_string()))?;
    }
    let missing = compared.missing.len();
    if missing > SHOWN {
        writeln!(out, "missing: {missing} files and folders in all")?;
    }
    for (file, reason) in compared.unread.iter().take(SHOWN) {
        writeln!(out, "note: {}, which lists dumps of cells: {}", printable(file), printable(reason))?;
    }
    let folder = compared.run.display().to_string();
    let folder = printable(&folder);
    match (compared.listed, missing) {
        (0, 0) => {
            writeln!(out, "the cells of the state are all in {folder}; no list of their dumps was found")
        }
        (listed, 0) => writeln!(
            out,
            "all {} files that the state names for {listed} cells are in {folder}",
            compared.named
        ),
        (_, missing) => writeln!(out, "{missing} files and folders that the state names are not in {folder}"),
    }
}
