//! `gridloom verify` on the command line.

use std::path::PathBuf;

use clap::Args;

use super::{ConfigArguments, LimitArguments, TalkArguments};

#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    /// The run folder, an archive of `cells`, or the grids that tables were made of.
    #[arg(value_name = "SOURCE")]
    pub source: PathBuf,
    /// What was made of it: a folder, one of its files, or an archive; of several runs at once the other ones, and their folder last; of a database the other ones alone.
    #[arg(value_name = "OUT", required_unless_present = "to")]
    pub outputs: Vec<PathBuf>,
    /// The database that was loaded, as `tables --to` has it.
    #[arg(long, value_name = "URL")]
    pub to: Option<String>,
    /// The database's schema [default: the first of the search path].
    #[arg(long, value_name = "NAME", requires = "to")]
    pub schema: Option<String>,
    #[command(flatten)]
    pub limits: LimitArguments,
    #[command(flatten)]
    pub config: ConfigArguments,
    #[command(flatten)]
    pub talk: TalkArguments,
}
