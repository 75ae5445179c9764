//! The command line of `gridloom evaluate`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::masks::Where;
use super::plot::quad;
use super::{TalkArguments, name};

#[derive(Debug, Args)]
pub(crate) struct EvaluateArguments {
    /// The model's gridded file, or a folder in which that of the variable is looked for.
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,
    /// What was observed: a gridded NetCDF file on any grid of degrees, or a folder of such, or a CSV file of stations (station, lat, lon, date, value).
    #[arg(value_name = "OBSERVED")]
    pub observed: PathBuf,
    /// The model's variable; needed where a file has several, or a folder is given.
    #[arg(long, value_name = "NAME", value_parser = name)]
    pub variable: Option<String>,
    /// The observed variable, or the column of values [default: the only one; value].
    #[arg(long, value_name = "NAME", value_parser = name)]
    pub observed_variable: Option<String>,
    /// The units of the observations, where their file does not say them [default: the file's; of stations the model's].
    #[arg(long, value_name = "UNITS")]
    pub observed_units: Option<String>,
    /// Compare means of these [default: the shortest that both have].
    #[arg(long, value_enum, value_name = "STEP")]
    pub every: Option<Every>,
    /// The first day.
    #[arg(long, value_name = "DATE")]
    pub from: Option<String>,
    /// The last day, included.
    #[arg(long, value_name = "DATE")]
    pub to: Option<String>,
    /// The least part of a cell, and of a period, that values must cover.
    #[arg(long, value_name = "PART", default_value_t = 0.5)]
    pub coverage: f64,
    /// Score the cells of a box of degrees by themselves, too; may be given several times.
    #[arg(long, value_name = "NAME=N,S,W,E", value_parser = area, allow_hyphen_values = true)]
    pub area: Vec<(String, [f64; 4])>,
    /// Score the cells of a gridlist, or of each region of a mask (.npy, NetCDF, GeoJSON; see docs/masks.md), by themselves, too; may be given several times.
    #[arg(long, value_name = "LIST|MASK")]
    pub mask: Vec<PathBuf>,
    /// What true means in .npy masks of truth values.
    #[arg(long, value_enum, value_name = "WHERE")]
    pub true_is: Option<Where>,
    /// Write scores.csv, cycle.csv and, of stations, pairs.csv into this folder.
    #[arg(short, long, value_name = "FOLDER")]
    pub output: Option<PathBuf>,
    /// Replace whatever is in their place.
    #[arg(long, requires = "output")]
    pub overwrite: bool,
    /// Threads [default: one for each core].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,
    #[command(flatten)]
    pub talk: TalkArguments,
}

/// What values are means of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Every {
    /// Days.
    Day,
    /// Months.
    Month,
    /// DJF, MAM, JJA, SON.
    Season,
    /// Years.
    Year,
}

fn area(text: &str) -> Result<(String, [f64; 4]), String> {
    let (name, degrees) = text.split_once('=').ok_or("wants NAME=N,S,W,E")?;
    match name.trim() {
        "" => Err("wants a name before the box".to_owned()),
        name => Ok((name.to_owned(), quad(degrees)?)),
    }
}
