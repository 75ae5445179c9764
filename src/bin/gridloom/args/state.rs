//! States of the model on the command line.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct StateArguments {
    /// Compare the run with the dumps that a state of the model names: RUN_result.psz; those that are not there are named.
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
}

#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ProvenanceArguments {
    /// Write into the attributes of all files what a state of the model says of the run: its input, CO2, periods and settings:
    /// RUN_result.psz. See docs/states.md.
    #[arg(long, value_name = "FILE")]
    pub provenance: Option<PathBuf>,
}
