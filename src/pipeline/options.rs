//! How the work treats its output folder.

use std::path::PathBuf;
use std::sync::Arc;

use crate::plan::Share;

use super::Stop;

/// How [`grid`](super::grid) and [`publish`](super::publish) treat the output folder, and what they keep.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Go ahead in a folder that holds files, and replace those of the same names.
    pub overwrite: bool,
    /// Start over: drop what an earlier run left in the spool.
    pub fresh: bool,
    /// Remove the spool when all is published. New periods then cost as much as all.
    pub drop_spool: bool,
    /// Do only a share of the units, and leave publishing to [`publish`](super::publish).
    pub share: Option<Share>,
    /// Keep a trace of every step and write it here.
    pub trace: Option<PathBuf>,
    /// Where a request to stop comes from.
    pub stop: Arc<Stop>,
}
