//! The options of a change: what it is reckoned from, and how it is shown.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct ReferenceArguments {
    /// Show the change from this file, or from that of the same variable in this folder.
    #[arg(long, value_name = "OTHER")]
    pub reference: Option<PathBuf>,
    /// The first day of the reference, of OTHER or of the same file [default: the same days].
    #[arg(long, value_name = "DATE")]
    pub reference_from: Option<String>,
    /// The last day of the reference, included.
    #[arg(long, value_name = "DATE")]
    pub reference_to: Option<String>,
    /// Show the change in percent of the reference.
    #[arg(long)]
    pub percent: bool,
    /// Mask percent where the reference is VALUE at most, up or down [default: 0].
    #[arg(long, value_name = "VALUE", requires = "percent")]
    pub least: Option<f64>,
    /// Mark cells with a dot where Welch's t-test of the annual means has a p below this, as 0.05.
    #[arg(long, value_name = "P")]
    pub significant: Option<f64>,
}
