//! By whose names tables are called.

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(crate) struct NamesArguments {
    /// By whose names the files and columns of `daily` and `biomass` are called [default: gridloom]. See docs/from-dataframes.md.
    #[arg(long, value_enum, value_name = "WHOSE")]
    pub names: Option<TableNames>,
    /// Write metadata.csv, which says of all columns of all tables what they are: CSV has no place for it.
    #[arg(long)]
    pub metadata: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TableNames {
    /// grid_y, grid_x, latitude, longitude first; daily.parquet
    Gridloom,
    /// As CAETE's dataframes.py has them; OUT stands for its folder of outputs
    Upstream,
}
