//! `gridloom refs`: grids and archives as data sets of references.

use std::path::Path;

use gridloom::refs::{References, Small, changed};

use super::Exit;
use super::args::RefsArguments;
use super::show::{self, many};
use super::talk::tell;

pub(super) fn run(arguments: &RefsArguments) -> anyhow::Result<Exit> {
    if let Some(references) = &arguments.check {
        return check(arguments, references);
    }
    let small = if arguments.no_inline { Small::InFiles } else { Small::Here };
    let references = References::of(&arguments.source, small)?;
    let (base, replaces) = (arguments.base.as_deref(), arguments.overwrite);
    for note in references.notes() {
        tell!("note: {note}");
    }
    if let Some(path) = &arguments.output {
        references.write(path, base, replaces)?;
    }
    if let Some(path) = &arguments.places {
        references.write_places(path, base, replaces)?;
    }
    let groups = references.variables();
    if arguments.talk.json {
        let of = |(group, variables): &(&str, Vec<&str>)| serde_json::json!({ "group": group, "variables": variables });
        show::json(&serde_json::json!({
            "files": references.files(),
            "chunks": references.chunks(),
            "groups": groups.iter().map(of).collect::<Vec<_>>(),
            "notes": references.notes(),
        }))?;
    }
    if !arguments.talk.quiet {
        for (group, variables) in groups.iter().filter(|(group, _)| !group.is_empty()) {
            tell!("group {group}: {}", many(variables.len(), "variable"));
        }
        tell!("{} in {} referred to", many(references.chunks(), "chunk"), many(references.files(), "file"));
    }
    Ok(Exit::Complete)
}

/// Says which files have changed since references to them were made.
fn check(arguments: &RefsArguments, references: &Path) -> anyhow::Result<Exit> {
    let (files, changes) = changed(references, &arguments.source)?;
    if arguments.talk.json {
        show::json(&serde_json::json!({ "files": files, "changes": changes }))?;
    }
    for change in &changes {
        tell!("differs: {change}");
    }
    if !arguments.talk.quiet {
        tell!("{} compared; {} differ", many(files, "file"), show::number(changes.len() as u64));
    }
    Ok(if changes.is_empty() { Exit::Complete } else { Exit::Different })
}
