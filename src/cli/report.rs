//! `gridloom report`.

use crate::figure::{self, report};

use super::Exit;
use super::args::plot::ReportArguments;
use super::plot::in_threads;

pub(super) fn run(arguments: &ReportArguments) -> anyhow::Result<Exit> {
    let page =
        in_threads(arguments.work.threads, || Ok(report::page(&arguments.folder, &arguments.variables)?))?;
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
        for (file, why) in &page.omitted {
            eprintln!("left out: {file}: {why}");
        }
        let size = super::show::bytes(page.html.len() as u64);
        eprintln!("{}: {} variables, {size}", arguments.output.display(), page.variables.len());
    }
    Ok(Exit::Complete)
}
