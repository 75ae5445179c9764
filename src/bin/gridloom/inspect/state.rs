//! What a state of the model says of its run, and whether the dumps that it names are there.

use std::io::Write;
use std::path::Path;

use serde_json::{Value as Json, json};

use gridloom::caete::state::{self, Compared, State};
use gridloom::dump::{Dump, Limits};
use gridloom::printable::printable;

use super::super::show::many;
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
    state.with_cells(path, run.as_deref(), limits);
    let compared = run.map(|run| state::compare(&state, &run));
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
    // Without its run nothing is compared, but all lists are read.
    let is_whole = compared.as_ref().map_or(state.unread.is_empty(), Compared::is_whole);
    Ok(if is_whole { Exit::Complete } else { Exit::Incomplete })
}

/// Compares a run with a state that is somewhere.
pub(super) fn compared(path: &Path, run: &Path, limits: &Limits) -> anyhow::Result<Compared> {
    let mut state = State::open(path, limits)?;
    state.with_cells(path, Some(run), limits);
    Ok(state::compare(&state, run))
}

fn json_of(state: &State) -> Json {
    let facts: serde_json::Map<String, Json> =
        state.facts.iter().map(|(name, words)| (name.clone(), json!(words))).collect();
    json!({
        "run": state.name,
        "facts": facts,
        "attributes": state.provenance,
        "cells": state.count(),
        "cells_listed": state.ran.len(),
        "unread": json_of_unread(&state.unread),
    })
}

/// Lists of cells that were not read, and why.
fn json_of_unread(unread: &[(String, String)]) -> Vec<Json> {
    unread.iter().map(|(file, reason)| json!({ "file": file, "reason": reason })).collect()
}

/// What a run lacks of what a state names.
pub(super) fn json_of_compared(compared: &Compared) -> Json {
    json!({
        "run": compared.run.display().to_string(),
        "named": compared.named,
        "cells": compared.cells,
        "cells_listed": compared.listed,
        "missing": compared.missing,
        "unread": json_of_unread(&compared.unread),
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
        Some(name) => writeln!(out, "a state of the run {}: {} cells\n", printable(name), state.count())?,
        None => writeln!(out, "states of {} cells\n", state.count())?,
    }
    for (name, words) in &state.facts {
        writeln!(out, "{:<30} {}", printable(name), printable(words))?;
    }
    writeln!(out)?;
    match compared {
        Some(compared) => write_compared(compared, out)?,
        None => {
            write_unread(&state.unread, out)?;
            writeln!(out, "note: the folder of its run is not beside it; give it: inspect RUN --state FILE")?
        }
    }
    writeln!(out)?;
    print_tree(out, "", tree, 0)
}

/// Says which lists of cells were not read.
fn write_unread(unread: &[(String, String)], out: &mut talk::Text) -> std::io::Result<()> {
    for (file, reason) in unread.iter().take(SHOWN) {
        writeln!(out, "not read: {}, which lists dumps of cells: {}", printable(file), printable(reason))?;
    }
    if unread.len() > SHOWN {
        writeln!(out, "not read: {} lists of cells in all", unread.len())?;
    }
    Ok(())
}

/// Says what a run lacks, and of which cells that is not known.
pub(super) fn write_compared(compared: &Compared, out: &mut talk::Text) -> std::io::Result<()> {
    for fault in compared.missing.iter().take(SHOWN) {
        writeln!(out, "missing: {}", printable(&fault.to_string()))?;
    }
    let missing = compared.missing.len();
    if missing > SHOWN {
        writeln!(out, "missing: {missing} files and folders in all")?;
    }
    write_unread(&compared.unread, out)?;
    let folder = compared.run.display().to_string();
    let folder = printable(&folder);
    let Compared { cells, listed, named, .. } = *compared;
    let of_cells = match listed < cells {
        true => format!("{listed} of {cells} cells"),
        false => many(listed, "cell"),
    };
    match (listed, missing) {
        (0, 0) => writeln!(
            out,
            "the cells of the state are all in {folder}; which dumps they have is known for 0 of {cells} cells"
        )?,
        (_, 0) => writeln!(out, "all {named} files that the state names for {of_cells} are in {folder}")?,
        (_, missing) => {
            writeln!(out, "{missing} files and folders that the state names are not in {folder}")?
        }
    }
    if listed < cells {
        let unknown = many(cells - listed, "cell");
        writeln!(out, "not compared: the dumps of {unknown}, of which the state has no list that was read")?;
    }
    Ok(())
}
