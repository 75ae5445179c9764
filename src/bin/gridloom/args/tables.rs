//! The command line of `gridloom tables`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{
    ConfigArguments, LimitArguments, NamesArguments, ScenarioArguments, SelectionArguments, StartArguments,
    TalkArguments, WorkArguments, interval, name,
};
use gridloom::aggregate::interval::Step;

#[derive(Debug, Args)]
pub(crate) struct TablesArguments {
    /// The run folder, an archive of `cells`, or NetCDF files that `grid` made; or several runs, such as scenarios, for tables with a first
    /// column `run`.
    #[arg(required = true)]
    pub inputs: Vec<PathBuf>,
    #[command(flatten)]
    pub scenarios: ScenarioArguments,
    /// The folder for the files.
    #[arg(short, long, value_name = "OUT")]
    pub output: Option<PathBuf>,
    /// The database's schema; it is made if it is not there [default: the first of the search path].
    #[arg(long, value_name = "NAME")]
    pub schema: Option<String>,
    /// Which: daily, biomass, strategies, community, cell_year, limitation, traits, annual, annual_limitation, annual_traits, region,
    /// stats, change, drift, drifting [default: daily].
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = name)]
    pub tables: Vec<String>,
    #[command(flatten)]
    pub selection: SelectionArguments,
    /// Years of the yearly tables: 1979,1985-1990 [default: all].
    #[arg(long, value_name = "LIST")]
    pub years: Option<String>,
    /// What the files are [default: parquet].
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<TableFormat>,
    /// Compress CSV files.
    #[arg(long, value_enum, value_name = "CODEC")]
    pub compress: Option<Compress>,
    /// Cut tables into files, in folders that say which rows they hold (year=1979).
    #[arg(long, value_enum, value_name = "BY", conflicts_with = "per_cell")]
    pub partition: Option<PartitionBy>,
    /// A file a cell, grd_Y_X_start_end.
    #[arg(long)]
    pub per_cell: bool,
    #[command(flatten)]
    pub names: NamesArguments,
    /// The intervals of `region`: day, month, season or year [default: month].
    #[arg(long, value_name = "INTERVAL", value_parser = interval)]
    pub every: Option<Step>,
    /// The regions of `region`: names of the configuration's boxes and masks, pan-amazon, or all [default: all].
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = name)]
    pub regions: Vec<String>,
    /// Regions for `region`: a gridlist or mask (.npy, NetCDF, GeoJSON), named like the file, its labels or its features; FILE#NAME for one of
    /// them. May be given several times. See docs/masks.md.
    #[arg(long, value_name = "LIST|MASK")]
    pub mask: Vec<PathBuf>,
    /// `stats` for each month of the year, too.
    #[arg(long)]
    pub by_month: bool,
    /// The quantiles of `stats` [default: 0.05,0.25,0.5,0.75,0.95].
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub quantiles: Vec<f64>,
    /// `daily`, `region` and `stats` of each period by itself, by its number: a spin-up repeats its dates.
    #[arg(long, value_enum, value_name = "WHAT")]
    pub by: Option<By>,
    /// Percent a year up to which a state of `drift` is in equilibrium [default: 0.1].
    #[arg(long, value_name = "PERCENT")]
    pub equilibrium: Option<f64>,
    /// The traits of plant life strategies: pls_attrs-N.csv, or the region file RUN_result.psz that holds them; for `traits`, `annual_traits`,
    /// `biomass` and `strategies`.
    #[arg(long, value_name = "FILE")]
    pub traits: Option<PathBuf>,
    #[command(flatten)]
    pub start: StartArguments,
    #[command(flatten)]
    pub work: WorkArguments,
    #[command(flatten)]
    pub limits: LimitArguments,
    #[command(flatten)]
    pub config: ConfigArguments,
    #[command(flatten)]
    pub talk: TalkArguments,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum By {
    /// The number of the period.
    Period,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum TableFormat {
    /// Apache Parquet, zstd.
    Parquet,
    /// Arrow's file format, zstd.
    Feather,
    /// Text with commas.
    Csv,
    /// HDF5, a dataset a column.
    Hdf5,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Compress {
    /// *.csv.gz
    Gzip,
    /// *.csv.zst
    Zstd,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum PartitionBy {
    /// year=1979
    Year,
    /// year=1979/month=1
    Month,
    /// lat_band=-10: ten degrees from there to the north
    LatBand,
}
