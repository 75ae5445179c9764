//! `gridloom get` on the command line.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::cells::ValueSelection;
use super::{ConfigArguments, DerivedArguments, LimitArguments};

#[derive(Debug, Args)]
pub(crate) struct PointArguments {
    /// A run folder, an archive, a description or files of records; or gridded NetCDF files, or a folder of them,
    /// of whose files of one variable the daily one is taken.
    #[arg(required = true, value_name = "PATHS")]
    pub paths: Vec<PathBuf>,
    /// The cell, by its indices.
    #[arg(long, value_name = "Y-X", required_unless_present = "at", conflicts_with = "at")]
    pub cell: Option<String>,
    /// The cell around a place, in degrees north and east.
    #[arg(long, value_name = "LAT,LON", allow_hyphen_values = true)]
    pub at: Option<String>,
    #[command(flatten)]
    pub values: ValueSelection,
    #[command(flatten)]
    pub derived: DerivedArguments,
    /// Numbers of periods: 1,3-5; of a run [default: all].
    #[arg(long, value_name = "LIST")]
    pub periods: Option<String>,
    /// How values are printed.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "csv")]
    pub format: PointFormat,
    #[command(flatten)]
    pub limits: LimitArguments,
    #[command(flatten)]
    pub config: ConfigArguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PointFormat {
    /// A line a step, a column a variable or row; empty where there is no value.
    Csv,
    /// One object: the cell, steps, and of each variable units, type and values; null where there is none.
    Json,
    /// numpy's file of one array of one type: (steps), or (variables, steps); NaN where there is no value.
    Npy,
    /// A table as of csv, typed.
    Parquet,
}
