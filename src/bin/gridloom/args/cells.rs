//! The command line of `gridloom cells`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{ConfigArguments, LimitArguments, ProvenanceArguments, TalkArguments, name, size};

#[derive(Debug, Subcommand)]
pub(crate) enum CellsCommand {
    /// Archive a run: all variables, rows and years of all cells, exactly, with where each came from.
    Write(WriteArguments),
    /// Add what the run has more by now: periods, years, cells, dumps that were missing or damaged.
    Append(ChangeArguments),
    /// Make cells anew that were run again, or add them.
    Replace(ReplaceArguments),
    /// Take cells out. `repack` gives their space back.
    Drop(DropArguments),
    /// Write the archive anew without what is not used any more, or with other chunks or another codec.
    Repack(RepackArguments),
    /// Say which cells an archive has; with --cell, what one of them has.
    List(ListArguments),
    /// Print values of a cell.
    Get(GetArguments),
    /// Print values of all cells, one after another.
    Stream(StreamArguments),
    /// Check every chunk; with a run, prove that nothing of its dumps is lost.
    Verify(VerifyArguments),
}

/// How chunks are made.
#[derive(Debug, Args)]
pub(crate) struct TuneArguments {
    /// What reading is to be good at: a few days from anywhere, or little space [default: balanced].
    #[arg(long, value_enum, value_name = "FOR")]
    pub tune: Option<TuneFor>,
    /// Compress with deflate at this level, 1 to 12.
    #[arg(long, value_name = "LEVEL", group = "codec", value_parser = clap::value_parser!(u8).range(1..=12))]
    pub deflate: Option<u8>,
    /// Compress with zstd, 1 to 22; readers need HDF5's zstd plugin.
    #[arg(long, value_name = "LEVEL", group = "codec", num_args = 0..=1, require_equals = true,
          default_missing_value = "3", value_parser = clap::value_parser!(u8).range(1..=22))]
    pub zstd: Option<u8>,
    /// Compress with LZ4; readers need HDF5's LZ4 plugin.
    #[arg(long, group = "codec")]
    pub lz4: bool,
    /// Do not compress.
    #[arg(long, group = "codec")]
    pub no_compress: bool,
    /// Bytes of a chunk before compression, about, such as 64KiB; 512 to 256MiB.
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub chunk: Option<u64>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum TuneFor {
    /// Chunks of 8 KiB, deflate 1.
    Random,
    /// Chunks of 64 KiB, deflate 4.
    Balanced,
    /// Chunks of 1 MiB, deflate 12.
    Archive,
}

/// How the work is done; nothing in the file depends on it.
#[derive(Debug, Args)]
pub(crate) struct WorkArguments {
    /// Threads, up to 4096 [default: all that the machine or the batch job allows].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub threads: Option<u16>,
    /// Memory budget, such as 2GiB [default: half of what is free, at most 512 MiB a thread].
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub memory: Option<u64>,
}

/// Which cells and periods of the run.
#[derive(Debug, Args)]
pub(crate) struct RunSelection {
    /// Numbers of periods: 1,3-5. Those that seem to be of several runs are refused unless they are given, or `all`
    /// [default: all].
    #[arg(long, value_name = "LIST")]
    pub periods: Option<String>,
    /// Only cells whose centres are in this box of degrees. W > E crosses the date line.
    #[arg(long, value_name = "N,S,W,E", group = "area", allow_hyphen_values = true)]
    pub bbox: Option<String>,
    /// A box by its name: pan-amazon, or one of the configuration.
    #[arg(long, value_name = "NAME", group = "area")]
    pub region: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct WriteArguments {
    /// The run folder, or an archive.
    pub run: PathBuf,
    /// The archive.
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    #[command(flatten)]
    pub selection: RunSelection,
    #[command(flatten)]
    pub provenance: ProvenanceArguments,
    /// Only these cells: 185-240,186-240, or those of a gridlist (*.csv).
    #[arg(long, value_name = "LIST", value_delimiter = ',', group = "area", value_parser = name)]
    pub cells: Vec<String>,
    #[command(flatten)]
    pub tune: TuneArguments,
    /// Replace the file if it is there.
    #[arg(long)]
    pub overwrite: bool,
    /// Replace it even where the new file has fewer cells, dumps or variables.
    #[arg(long, requires = "overwrite")]
    pub fresh: bool,
    #[command(flatten)]
    pub work: WorkArguments,
    #[command(flatten)]
    pub limits: LimitArguments,
    #[command(flatten)]
    pub config: ConfigArguments,
    #[command(flatten)]
    pub talk: TalkArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ChangeArguments {
    /// The run folder.
    pub run: PathBuf,
    /// The archive.
    pub file: PathBuf,
    #[command(flatten)]
    pub selection: RunSelection,
    /// Take the cells even if the run is not the one that the archive was made of.
    #[arg(long)]
    pub other_run: bool,
    #[command(flatten)]
    pub work: WorkArguments,
    #[command(flatten)]
    pub limits: LimitArguments,
    #[command(flatten)]
    pub config: ConfigArguments,
    #[command(flatten)]
    pub talk: TalkArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ReplaceArguments {
    /// The run folder.
    pub run: PathBuf,
    /// The archive.
    pub file: PathBuf,
    /// The cells: 185-240,186-240, or a gridlist (*.csv).
    #[arg(long, value_name = "LIST", value_delimiter = ',', required = true, value_parser = name)]
    pub cells: Vec<String>,
    /// Numbers of periods: 1,3-5. Those that seem to be of several runs are refused unless they are given, or `all`
    /// [default: all].
    #[arg(long, value_name = "LIST")]
    pub periods: Option<String>,
    /// Take the cells even if the run is not the one that the archive was made of.
    #[arg(long)]
    pub other_run: bool,
    /// Replace cells even by what has fewer dumps or variables.
    #[arg(long)]
    pub fresh: bool,
    #[command(flatten)]
    pub work: WorkArguments,
    #[command(flatten)]
    pub limits: LimitArguments,
    #[command(flatten)]
    pub config: ConfigArguments,
    #[command(flatten)]
    pub talk: TalkArguments,
}

#[derive(Debug, Args)]
pub(crate) struct DropArguments {
    /// The archive.
    pub file: PathBuf,
    /// The cells: 185-240,186-240, or a gridlist (*.csv).
    #[arg(long, value_name = "LIST", value_delimiter = ',', required = true, value_parser = name)]
    pub cells: Vec<String>,
    #[command(flatten)]
    pub talk: TalkArguments,
}

#[derive(Debug, Args)]
pub(crate) struct RepackArguments {
    /// The archive.
    pub file: PathBuf,
    #[command(flatten)]
    pub tune: TuneArguments,
    #[command(flatten)]
    pub work: WorkArguments,
    #[command(flatten)]
    pub talk: TalkArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// The archive.
    pub file: PathBuf,
    /// Say what this cell has: variables, dumps, what could not be archived.
    #[arg(long, value_name = "Y-X")]
    pub cell: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Which variables and days.
#[derive(Debug, Args)]
pub(crate) struct ValueSelection {
    /// Variables, with * and ? as wildcards [default: all].
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = name)]
    pub variables: Vec<String>,
    /// First day, YYYY-MM-DD [default: the first of the cell].
    #[arg(long, value_name = "DATE")]
    pub from: Option<String>,
    /// Last day, included [default: the last of the cell].
    #[arg(long, value_name = "DATE")]
    pub to: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct GetArguments {
    /// The archive.
    pub file: PathBuf,
    /// The cell, by its indices.
    #[arg(long, value_name = "Y-X")]
    pub cell: String,
    #[command(flatten)]
    pub values: ValueSelection,
    /// Numbers of periods: 1,3-5 [default: all].
    #[arg(long, value_name = "LIST")]
    pub periods: Option<String>,
    /// How values are printed; npy is for one variable.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "csv")]
    pub format: GetFormat,
}

#[derive(Debug, Args)]
pub(crate) struct StreamArguments {
    /// The archive.
    pub file: PathBuf,
    #[command(flatten)]
    pub values: ValueSelection,
    /// Numbers of periods: 1,3-5 [default: all].
    #[arg(long, value_name = "LIST")]
    pub periods: Option<String>,
    /// How values are printed.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "csv")]
    pub format: StreamFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GetFormat {
    /// A line a day, a column a variable or row; of a spin-up the period in front.
    Csv,
    /// One object.
    Json,
    /// numpy's file of one array: (days), or (rows, days).
    Npy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StreamFormat {
    /// A line a cell and day, a column a variable or row; of a spin-up with the period.
    Csv,
    /// An object a cell and day, one a line.
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    /// The archive.
    pub file: PathBuf,
    /// The run folder that it was made of, to be compared value by value.
    pub run: Option<PathBuf>,
    #[command(flatten)]
    pub limits: LimitArguments,
    #[command(flatten)]
    pub config: ConfigArguments,
    #[command(flatten)]
    pub talk: TalkArguments,
}
