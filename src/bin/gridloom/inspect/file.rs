//! A single dump, or region file, as a tree of values.

use std::io::Write;
use std::path::Path;

use serde_json::{Value as Json, json};

use gridloom::caete::{self, state::State};
use gridloom::dump::{Dump, Limits};
use gridloom::printable::printable;

use super::tree::{print_tree, tree};
use super::{Exit, show, state, talk};

/// How deep values are shown.
const DEPTH: usize = 4;

/// Shows what a single file holds.
pub(super) fn file(path: &Path, limits: &Limits, json: bool) -> anyhow::Result<Exit> {
    let dump = Dump::open(path, limits)?;
    if let Some(found) = State::of(dump.root()) {
        return state::show_state(path, &dump, found, limits, json);
    }
    let tree = tree(dump.root(), DEPTH);
    if json {
        show::json(&json!({
            "path": path.display().to_string(),
            "container": dump.container().to_string(),
            "decoded_bytes": dump.decoded_bytes(),
            "content": tree,
        }))?;
        return Ok(Exit::Complete);
    }
    let mut out = talk::text();
    let written = write_file(path, &dump, &tree, &mut out);
    talk::finish(out, written)?;
    Ok(Exit::Complete)
}

fn write_file(path: &Path, dump: &Dump, tree: &Json, out: &mut talk::Text) -> std::io::Result<()> {
    writeln!(
        out,
        "{}: {}, {} decoded",
        printable(&path.display().to_string()),
        dump.container(),
        show::bytes(dump.decoded_bytes() as u64)
    )?;
    if let Ok(period) = caete::period(dump.root()) {
        let dates = period.first_date().zip(period.last_date());
        writeln!(out, "a period: {}, {} days", show::dates(dates), period.days())?;
    }
    print_tree(out, "", tree, 0)
}
