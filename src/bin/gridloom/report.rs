//! `gridloom report`.

use crate::mistake::wrong;
use gridloom::figure::{self, page};

use super::Exit;
use super::args::plot::ReportArguments;
use super::plot::in_threads;
use super::talk::tell;

pub(super) fn run(arguments: &ReportArguments) -> anyhow::Result<Exit> {
    let output = &arguments.output;
    let extension = output.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    if !matches!(extension.as_deref(), Some("html" | "htm")) {
        let reason = "wants a name that ends in .html or .htm";
        return Err(wrong("--output", output.display(), reason));
    }
    figure::output::check(output, arguments.work.overwrite)?;
    let page = in_threads(arguments.work.threads, || {
        Ok(page::of_folder_with(&arguments.folder, &arguments.variables, super::hints::cured)?)
    })?;
    figure::publish(&arguments.output, page.html.as_bytes())?;
    if arguments.work.talk.json {
        super::show::json(&serde_json::json!({
            "page": arguments.output,
            "bytes": page.html.len(),
            "variables": page.variables,
            "omitted": page.omitted,
        }))?;
    }
    if !arguments.work.talk.quiet {
        let size = super::show::bytes(page.html.len() as u64);
        let variables = super::show::many(page.variables.len(), "variable");
        tell!("{}: {variables}, {size}", arguments.output.display());
    }
    // What is missing is no talk, and stands last.
    for (file, why) in &page.omitted {
        tell!("left out: {file}: {why}");
    }
    Ok(if page.omitted.is_empty() { Exit::Complete } else { Exit::Incomplete })
}
