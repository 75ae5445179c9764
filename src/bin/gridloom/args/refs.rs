//! The command line of `gridloom refs`.

use std::path::PathBuf;

use clap::Args;

use super::TalkArguments;

#[derive(Debug, Args)]
pub(crate) struct RefsArguments {
    /// The folder of the grids, one of them, or an archive of `cells`.
    #[arg(value_name = "OUT")]
    pub source: PathBuf,
    /// The references: *.json, or a folder *.parquet for many chunks.
    #[arg(short, long, value_name = "FILE", required_unless_present_any = ["places", "check"])]
    pub output: Option<PathBuf>,
    /// What stands before the names of files, such as https://host/maps; '' for names alone [default: their folder].
    #[arg(long, value_name = "URL")]
    pub base: Option<String>,
    /// Leave coordinates in their files, too, for readers that know no values among references (VirtualiZarr).
    #[arg(long)]
    pub no_inline: bool,
    /// Write where each chunk is as a table: *.parquet, *.feather, *.arrow.
    #[arg(long, value_name = "FILE")]
    pub places: Option<PathBuf>,
    /// Say which files are not what they were when these references were made.
    #[arg(long, value_name = "REFS", conflicts_with_all = ["output", "places", "base"])]
    pub check: Option<PathBuf>,
    /// Replace whatever FILE is.
    #[arg(long)]
    pub overwrite: bool,
    #[command(flatten)]
    pub talk: TalkArguments,
}
