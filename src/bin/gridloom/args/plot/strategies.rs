//! The options of figures of strategies, and of what limits them.

use clap::{Args, ValueEnum};

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
    /// An area, of all years.
    Area,
}
