//! `gridloom demo`: the three main commands on the sample run.

use clap::Parser;

use super::Exit;
use super::args::{Arguments, Command, DemoArguments};
use super::talk::tell;

pub(super) fn run(
    arguments: &DemoArguments,
    dispatch: impl Fn(&Command) -> anyhow::Result<Exit>,
) -> anyhow::Result<Exit> {
    let (run, output) = (arguments.run.display().to_string(), arguments.output.display().to_string());
    let mut worst = Exit::Complete;
    for command in [
        vec!["inspect", &run],
        vec!["grid", &run, "-o", &output, "--overwrite", "--fresh"],
        vec!["verify", &run, &output],
    ] {
        tell!("");
        tell!("$ gridloom {}", command.join(" "));
        let parsed = Arguments::try_parse_from(std::iter::once("gridloom").chain(command))?;
        match dispatch(&parsed.command)? {
            // The sample run has a damaged and a missing dump, so that one can see what becomes of them.
            Exit::Complete | Exit::Incomplete => {}
            other => worst = other,
        }
    }
    Ok(worst)
}
