//! The command line's definition; man pages and completions are made from it.

pub(super) mod cells;
mod change;
mod derived;
pub(super) mod evaluate;
pub(super) mod get;
mod grids;
mod masks;
mod names;
pub(super) mod plot;
mod refs;
mod scenarios;
mod state;
mod tables;
mod verify;

use std::path::{Path, PathBuf};

use crate::mistake::wrong;
use cells::CellsCommand;
pub(super) use change::ChangeArguments;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
pub(super) use derived::DerivedArguments;
use gridloom::aggregate::interval::Step;
use gridloom::aggregate::reduce::Stat;
pub(super) use grids::{GridFormat, GridFormats, with_forms};
pub(super) use masks::MaskArguments;
pub(super) use names::{NamesArguments, TableNames};
pub(super) use refs::RefsArguments;
pub(super) use scenarios::ScenarioArguments;
pub(super) use state::{ProvenanceArguments, StateArguments};
pub(super) use tables::{By, Compress, PartitionBy, TableFormat, TablesArguments};
pub(super) use verify::VerifyArguments;

/// Turns the per-gridcell dumps of climate and vegetation models into files people can work with.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, propagate_version = true, arg_required_else_help = true)]
#[command(
    after_help = "Exit status: 0 complete; 1 failed; 2 wrong usage; 3 done, but some inputs were missing or \
                        damaged; 4 verify found differences; 5 publish: work is left; 75 stopped by a signal, the same \
                        command continues."
)]
pub struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Say what a run holds: cells, periods, variables, damage. Also shows a single dump or region file, and what files of records are.
    Inspect(InspectArguments),
    /// Write the description of files of records, found out from them, with the evidence.
    Describe(DescribeArguments),
    /// Say what `grid` would do with the same options: files, chunks, work, memory.
    #[command(mut_arg("trace", |argument| argument.hide(true)))]
    Plan(GridArguments),
    /// Make masked regional arrays (time, lat, lon) as CF NetCDF-4, a file a variable, or as a Zarr store.
    Grid(GridArguments),
    /// Make tables: a cell's days, yearly vegetation, means over regions, statistics.
    #[command(mut_arg("to", |argument| argument.value_name("DATE|URL").help(
        "Last day of the time axis, included [default: the last of the data]; or the address of a database to load: \
         postgres://user@host/database, completed by PGHOST, PGUSER, PGPASSWORD, PGSSLMODE and so on"
    )))]
    Tables(TablesArguments),
    /// Print the series of one place, of a run, an archive, records or grids, without writing a folder.
    Get(get::PointArguments),
    /// Archive a run in one file with a group a cell, and read, change and prove such archives.
    #[command(arg_required_else_help = true)]
    Cells {
        #[command(subcommand)]
        command: CellsCommand,
    },
    /// Make one data set of all grids of a folder, whose chunks stay in their files, for fsspec, xarray and VirtualiZarr.
    Refs(RefsArguments),
    /// Make all that a configuration names, in one pass over the dumps.
    Run(RunArguments),
    /// Write the files of what `grid --shard` or `tables --shard` did.
    Publish(PublishArguments),
    /// Say how far the work in an output folder is, while it goes on or after a crash.
    Status(StatusArguments),
    /// Prove that what was made holds exactly what the dumps do.
    Verify(VerifyArguments),
    /// Score a model's grid by what was observed: maps on other grids, or stations.
    Evaluate(evaluate::EvaluateArguments),
    /// Draw a figure of grids, tables or reports: PNG, SVG or PDF.
    Plot(plot::PlotArguments),
    /// Draw all figures of a list, those whose inputs or settings changed.
    Figures(plot::FiguresArguments),
    /// Make a page of a run's output: maps, series, health, tables, in one file.
    Report(plot::ReportArguments),
    /// Run inspect, grid and verify on the sample run.
    Demo(DemoArguments),
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Write the man pages into a folder.
    Man {
        /// The folder; it is made if it is not there.
        folder: PathBuf,
    },
}

impl Command {
    /// Whether it does work on several threads.
    pub(super) fn works_in_threads(&self) -> bool {
        use CellsCommand as Cells;
        match self {
            Command::Completions { .. } | Command::Man { .. } => false,
            Command::Cells { command } => {
                !matches!(command, Cells::List(_) | Cells::Get(_) | Cells::Stream(_))
            }
            _ => true,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct InspectArguments {
    /// A run folder, an archive of `cells`, a dump (*.pkz), or a region file (*.psz); or a description of records, or files of them, as names and
    /// patterns ('run*/lai.out').
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Read and check every dump of the run, not only a sample.
    #[arg(long)]
    pub deep: bool,
    #[command(flatten)]
    pub state: StateArguments,
    /// Write the cells that hold nothing, wholly or in part, to this gridlist.
    #[arg(long, value_name = "FILE", requires = "deep")]
    pub write_empty: Option<PathBuf>,
    /// Replace whatever FILE is.
    #[arg(long, requires = "write_empty")]
    pub overwrite: bool,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub limits: LimitArguments,
    #[command(flatten)]
    pub config: ConfigArguments,
}

#[derive(Debug, Args)]
pub(super) struct DescribeArguments {
    /// Files, or patterns of them in quotes: 'run*/{variable}.out'; or one description that is to be completed.
    #[arg(required = true, value_name = "FILES")]
    pub files: Vec<PathBuf>,
    /// Begin with a preset: lpj-guess, vic, vic-binary, lpjml, caete-csv or milan [default: found out where certain].
    #[arg(long, value_name = "NAME")]
    pub preset: Option<String>,
    /// Write the description to this file, with paths relative to its folder [default: stdout].
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Replace whatever FILE is.
    #[arg(long, requires = "output")]
    pub overwrite: bool,
    /// Print JSON.
    #[arg(long, conflicts_with = "output")]
    pub json: bool,
}

#[derive(Debug, Args)]
pub(super) struct ConfigArguments {
    /// Read settings from this file, or those in the program: builtin:pan-amazon, builtin:cities; see docs/configuration.md.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Take the path for files of records, as this preset has them; see docs/records.md.
    #[arg(long, value_name = "NAME")]
    pub preset: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct LimitArguments {
    /// Refuse dumps that decode to more than this [default: 1GiB].
    #[arg(long, value_name = "SIZE", value_parser = size_above_zero)]
    pub max_decoded: Option<u64>,
    /// Refuse dumps with more values than this (an array counts as one) [default: 4194304].
    #[arg(long, value_name = "N", value_parser = count_above_zero)]
    pub max_values: Option<usize>,
}

/// How talkative a command is.
#[derive(Debug, Args)]
pub(super) struct TalkArguments {
    /// Say nothing but errors, and in one line what was lost.
    #[arg(short, long)]
    pub quiet: bool,
    /// Print the result as JSON.
    #[arg(long)]
    pub json: bool,
}

/// What of a run is wanted.
#[derive(Debug, Args)]
pub(super) struct SelectionArguments {
    /// Variables, or rows of them, with * and ? as wildcards: npp,csoil_2,'litter*' [default: all].
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = name)]
    pub variables: Vec<String>,
    #[command(flatten)]
    pub derived: DerivedArguments,
    #[command(flatten)]
    pub provenance: ProvenanceArguments,
    /// Numbers of periods: 1,3-5. Those that seem to be of several runs are refused unless they are given, or `all`
    /// [default: all].
    #[arg(long, value_name = "LIST")]
    pub periods: Option<String>,
    /// First day of the time axis, YYYY-MM-DD [default: the first of the data].
    #[arg(long, value_name = "DATE")]
    pub from: Option<String>,
    /// Last day of the time axis, included [default: the last of the data].
    #[arg(long, value_name = "DATE", action = clap::ArgAction::Append)]
    pub to: Vec<String>,
    /// Only cells whose centres are in this box of degrees; the grid is the box. W > E crosses the date line.
    #[arg(long, value_name = "N,S,W,E", group = "area", allow_hyphen_values = true)]
    pub bbox: Option<String>,
    /// A box by its name: pan-amazon, or one of the configuration.
    #[arg(long, value_name = "NAME", group = "area")]
    pub region: Option<String>,
    #[command(flatten)]
    pub masks: MaskArguments,
    /// Write the whole globe.
    #[arg(long, group = "area")]
    pub global: bool,
    #[command(flatten)]
    pub change: ChangeArguments,
}

impl SelectionArguments {
    /// The last day.
    pub(super) fn last_day(&self) -> anyhow::Result<Option<&str>> {
        match self.to.iter().filter(|text| !is_address(text)).collect::<Vec<_>>()[..] {
            [] => Ok(None),
            [day] => Ok(Some(day)),
            [_, other, ..] => Err(wrong("--to", other, "there can be one last day only")),
        }
    }

    /// The database.
    pub(super) fn database(&self) -> anyhow::Result<Option<&str>> {
        match self.to.iter().filter(|text| is_address(text)).collect::<Vec<_>>()[..] {
            [] => Ok(None),
            [address] => Ok(Some(address)),
            _ => Err(wrong("--to", "", "there can be one database only")),
        }
    }
}

fn is_address(text: &str) -> bool {
    text.contains("://")
}

/// How a command begins in its output folder.
#[derive(Debug, Args)]
pub(super) struct StartArguments {
    /// Go ahead in a folder that holds other files, and replace those of the same names.
    #[arg(long)]
    pub overwrite: bool,
    /// Start over, even if the output folder has work to continue.
    #[arg(long, conflicts_with = "shard")]
    pub fresh: bool,
    /// Do one task's share of the work: I/N, I from 0 to N - 1, N up to 9999, or auto for what Slurm says of a job array.
    #[arg(long, value_name = "I/N")]
    pub shard: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct GridArguments {
    /// The run folder, which holds the grd_Y-X folders, or an archive of `cells`.
    pub run: PathBuf,
    /// The folder for the files.
    #[arg(short, long, value_name = "OUT")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub selection: SelectionArguments,
    /// What is made: netcdf, zarr, or both in one pass: netcdf,zarr [default: netcdf].
    #[arg(long, value_enum, value_name = "FORMATS", value_delimiter = ',', hide_possible_values = true)]
    pub format: Vec<GridFormat>,
    /// One NetCDF file of all variables instead of a file each.
    #[arg(long)]
    pub single: bool,
    /// Variables of several rows: a file a row, or one file with a dimension of rows [default: split].
    #[arg(long, value_enum, value_name = "MODE")]
    pub rows: Option<Rows>,
    /// Compress with deflate at this level, 1 to 12 [default: 4].
    #[arg(long, value_name = "LEVEL", group = "codec", value_parser = clap::value_parser!(u8).range(1..=12))]
    pub deflate: Option<u8>,
    /// Compress with zstd, 1 to 22; readers of NetCDF need HDF5's zstd plugin.
    #[arg(long, value_name = "LEVEL", group = "codec", num_args = 0..=1, require_equals = true,
          default_missing_value = "3", value_parser = clap::value_parser!(u8).range(1..=22))]
    pub zstd: Option<u8>,
    /// Do not compress.
    #[arg(long, group = "codec")]
    pub no_compress: bool,
    /// Leave out the checksum of each chunk: kerchunk and its like do not know HDF5's.
    #[arg(long)]
    pub no_checksum: bool,
    /// The shape of chunks in days, rows, columns [default: by the layout].
    #[arg(long, value_name = "T,Y,X")]
    pub chunk: Option<String>,
    /// For whom chunks are shaped: long series, whole maps, or both in files of their own [default: a
    /// middle that goes well with either].
    #[arg(long, value_enum, value_name = "LAYOUT", conflicts_with = "chunk")]
    pub layout: Option<Layout>,
    /// Template of file names [default: {variable}_{run}_{start}_{end}.nc].
    #[arg(long, value_name = "TEMPLATE")]
    pub name: Option<String>,
    /// One value an interval instead of daily ones: day, month, season or year; needs --stat.
    #[arg(long, value_name = "INTERVAL", value_parser = interval, requires = "stat")]
    pub every: Option<Step>,
    /// What of the days of an interval: mean, sum, min, max, std; several make as many files; needs --every.
    #[arg(long, value_name = "STAT", value_delimiter = ',', value_parser = stat, requires = "every")]
    pub stat: Vec<Stat>,
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

/// How the work is done; nothing in the files depends on it.
#[derive(Debug, Args)]
pub(super) struct WorkArguments {
    /// Threads, up to 4096 [default: all that the machine or the batch job allows].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub threads: Option<u16>,
    /// Memory budget, such as 2GiB [default: half of what is free, at most 512 MiB a thread].
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub memory: Option<u64>,
    /// How long what is begun may take after SIGINT, SIGTERM or SIGUSR1, at most 30days.
    #[arg(long, value_name = "TIME", default_value = "20s", value_parser = grace)]
    pub grace: std::time::Duration,
    /// Remove the checkpoint when all is published; new periods then cost as much as all.
    #[arg(long)]
    pub drop_spool: bool,
    /// Write a trace of all steps, for chrome://tracing or Perfetto.
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct RunArguments {
    /// The run folder; or several runs, such as scenarios, each made in a folder of its own, with tables of all that have a first column `run`.
    #[arg(required = true, value_name = "RUN")]
    pub inputs: Vec<PathBuf>,
    #[command(flatten)]
    pub scenarios: ScenarioArguments,
    /// The folder for the files.
    #[arg(short, long, value_name = "OUT")]
    pub output: PathBuf,
    /// The configuration, whose sections [grid], [tables] and [[aggregates]] name what is made.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Years of the yearly tables: 1979,1985-1990 [default: the configuration's].
    #[arg(long, value_name = "LIST")]
    pub years: Option<String>,
    #[command(flatten)]
    pub selection: SelectionArguments,
    #[command(flatten)]
    pub start: StartArguments,
    #[command(flatten)]
    pub work: WorkArguments,
    #[command(flatten)]
    pub limits: LimitArguments,
    #[command(flatten)]
    pub talk: TalkArguments,
}

#[derive(Debug, Args)]
pub(super) struct PublishArguments {
    /// The output folder of `grid --shard` or `tables --shard`.
    pub output: PathBuf,
    #[command(flatten)]
    pub work: WorkArguments,
    #[command(flatten)]
    pub talk: TalkArguments,
}

#[derive(Debug, Args)]
pub(super) struct StatusArguments {
    /// The output folder.
    pub output: PathBuf,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub(super) struct DemoArguments {
    /// The sample run.
    #[arg(long, value_name = "RUN", default_value = "data/sample_run")]
    pub run: PathBuf,
    /// The folder for the files.
    #[arg(short, long, value_name = "OUT", default_value = "out/demo")]
    pub output: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Layout {
    /// Chunks of 1 MiB, long in time.
    Series,
    /// Chunks of whole steps, about 4 MiB.
    Map,
    /// A file for series, and one for maps, which ends in _map.
    Both,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Rows {
    /// csoil_1, csoil_2, … in files of their own.
    Split,
    /// One file with [time, csoil_row, lat, lon].
    Dimension,
}

fn interval(text: &str) -> Result<Step, String> {
    text.parse().map_err(|error: gridloom::aggregate::interval::ParseStepError| error.to_string())
}

fn stat(text: &str) -> Result<Stat, String> {
    text.parse().map_err(|error: gridloom::aggregate::reduce::ParseStatError| error.to_string())
}

pub(super) fn size(text: &str) -> Result<u64, String> {
    let wrong = || "wants a size such as 512MiB or 2GiB, below 1000000TB".to_owned();
    gridloom::plan::resources::parse_size(text).ok_or_else(wrong)
}

/// A size that is a limit: nothing would come below a limit of 0.
pub(super) fn size_above_zero(text: &str) -> Result<u64, String> {
    match size(text)? {
        0 => Err("wants 1 byte or more".to_owned()),
        size => Ok(size),
    }
}

fn count_above_zero(text: &str) -> Result<usize, String> {
    match text.trim().parse() {
        Ok(count) if count > 0 => Ok(count),
        _ => Err(format!("wants a number from 1 to {}", usize::MAX)),
    }
}

/// A name in a list.
pub(super) fn name(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("a name in the list is empty".to_owned()),
        _ => Ok(text.to_owned()),
    }
}

/// Longer than any job that could be warned before.
const LONGEST_GRACE: std::time::Duration = std::time::Duration::from_secs(30 * 86_400);

fn grace(text: &str) -> Result<std::time::Duration, String> {
    let time = humantime::parse_duration(text).ok().filter(|time| *time <= LONGEST_GRACE);
    time.ok_or_else(|| "wants a time such as 20s or 5min, at most 30days".to_owned())
}

/// A shell's completion script.
pub(super) fn completions(shell: clap_complete::Shell) -> Vec<u8> {
    let (mut command, mut script) = (Arguments::command(), Vec::new());
    clap_complete::generate(shell, &mut command, "gridloom", &mut script);
    script
}

/// Writes `gridloom.1` and a page for each command.
pub(super) fn man_pages(folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)
        .map_err(|source| gridloom::Error::io("make the folder", folder, source))?;
    let mut command = Arguments::command().disable_help_subcommand(true);
    command.build();
    let mut commands = vec![command];
    while let Some(command) = commands.pop() {
        commands.extend(command.get_subcommands().filter(|one| !one.is_hide_set()).cloned());
        let page = clap_mangen::Man::new(command);
        let mut bytes = Vec::new();
        page.render(&mut bytes)?;
        gridloom::shared::write_whole(&folder.join(page.get_filename()), &bytes)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }
}
