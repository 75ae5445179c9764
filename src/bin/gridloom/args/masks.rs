//! Masks on the command line.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use gridloom::mask::TrueIs;

/// A list or mask of cells, and how masks are read.
#[derive(Debug, Args)]
pub(crate) struct MaskArguments {
    /// Only the cells of a gridlist (a CSV file with columns lat, lon or global_y, global_x), or of a mask: .npy, NetCDF or GeoJSON; FILE#NAME for one
    /// of its regions. See docs/masks.md.
    #[arg(long, value_name = "LIST|MASK", group = "area")]
    pub cells: Option<PathBuf>,
    /// What true means in .npy masks of truth values: the cell is inside the region, or outside of it, as in numpy's masked arrays.
    #[arg(long, value_enum, value_name = "WHERE")]
    true_is: Option<Where>,
}

/// Where a cell is of which a mask says true.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Where {
    Inside,
    Outside,
}

impl MaskArguments {
    /// What true means, where it is said.
    pub(crate) fn true_is(&self) -> Option<TrueIs> {
        self.true_is.map(TrueIs::from)
    }
}

impl From<Where> for TrueIs {
    fn from(place: Where) -> Self {
        match place {
            Where::Inside => TrueIs::Inside,
            Where::Outside => TrueIs::Outside,
        }
    }
}
