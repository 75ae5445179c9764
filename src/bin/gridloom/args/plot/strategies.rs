//! The options of figures of strategies, and of what limits them.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::args::masks::Where;

#[derive(Debug, Args)]
pub(crate) struct YearsArguments {
    /// Years of the table: 1979,1985-1990 [default: all].
    #[arg(long, value_name = "LIST")]
    pub years: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct TraitArguments {
    /// Traits: columns of a table that was made with `--traits`.
    #[arg(long = "traits", alias = "trait", required = true, value_name = "LIST", value_delimiter = ',')]
    pub traits: Vec<String>,
    /// What strategies count by [default: occupation].
    #[arg(long, value_enum, value_name = "WEIGHT")]
    pub weight: Option<StrategyWeight>,
}

#[derive(Debug, Args)]
pub(crate) struct ByArguments {
    /// What has a box of its own [default: year].
    #[arg(long, value_enum, value_name = "PART")]
    pub by: Option<By>,
    /// A box of degrees with a name, for `--by area`; may be given several times.
    #[arg(long, value_name = "NAME=N,S,W,E", allow_hyphen_values = true)]
    pub area: Vec<String>,
    /// A gridlist or mask (.npy, NetCDF, GeoJSON) whose regions are areas; FILE#NAME for one of them. See docs/masks.md.
    #[arg(long, value_name = "FILE")]
    pub mask: Option<PathBuf>,
    /// What true means in .npy masks of truth values: the cell is inside the region, or outside of it.
    #[arg(long, value_enum, value_name = "WHERE", requires = "mask")]
    pub true_is: Option<Where>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum StrategyWeight {
    /// The area that they occupy.
    Occupation,
    /// Their carbon.
    Carbon,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ShareWeight {
    /// Of the occupied area.
    Area,
    /// Of the carbon in vegetation.
    Carbon,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum By {
    /// A year, of all cells.
    Year,
    /// A cell, of all years.
    Cell,
    /// An area or region, of all years.
    #[value(alias = "region")]
    Area,
}
