//! Several runs in one command.

use clap::Args;

use super::name;

/// How tables of several runs are made.
#[derive(Debug, Args)]
pub(crate) struct ScenarioArguments {
    /// What several runs are called, in their order, in the column `run` and in the names of their folders [default: the names of their
    /// paths].
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = name)]
    pub labels: Vec<String>,
    /// No tables of all runs, only those of each in its folder.
    #[arg(long)]
    pub separate: bool,
}
