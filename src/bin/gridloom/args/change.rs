//! Two windows of time on the command line.

use std::path::PathBuf;

use clap::Args;

/// What a change is measured from.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ChangeArguments {
    /// The change of means from a window of time to another: from --reference-from and --reference-to to --from and --to, of one run or
    /// of two, with percent and significance. See docs/change.md.
    #[arg(long)]
    pub change: bool,
    /// First day of the window that is compared with; brings --change along [default: that of --from, with --reference].
    #[arg(long, value_name = "DATE")]
    pub reference_from: Option<String>,
    /// Last day of that window, included [default: that of --to, with --reference].
    #[arg(long, value_name = "DATE")]
    pub reference_to: Option<String>,
    /// The run that is compared with, where that is another one, or of grids the other grid or a folder of them; brings --change along.
    #[arg(long, value_name = "RUN")]
    pub reference: Option<PathBuf>,
    /// Changes in percent are masked where the mean of the reference is not further from 0, in the variable's units [default: where it
    /// is near nought].
    #[arg(long, value_name = "VALUE")]
    pub least: Option<f64>,
}

impl ChangeArguments {
    /// Whether a change is wanted.
    pub(crate) fn is_wanted(&self) -> bool {
        self.change
            || self.reference_from.is_some()
            || self.reference_to.is_some()
            || self.reference.is_some()
    }
}
