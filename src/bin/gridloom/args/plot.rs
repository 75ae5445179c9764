//! The options of `gridloom plot`, `figures` and `report`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{TalkArguments, name};

mod reference;
mod strategies;

pub(crate) use reference::ReferenceArguments;
pub(crate) use strategies::{By, ByArguments, ShareWeight, StrategyWeight, TraitArguments, YearsArguments};

#[derive(Debug, Args)]
pub(crate) struct PlotArguments {
    #[command(subcommand)]
    pub kind: PlotKind,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PlotKind {
    /// A map of a day, or of a mean, sum, standard deviation or trend; or of its change from other days or another file.
    Map {
        #[command(flatten)]
        input: InputArguments,
        /// The one day that is shown, or time of day: 2013-11-01T06:10.
        #[arg(long, value_name = "DATE", conflicts_with_all = ["from", "to", "stat"])]
        date: Option<String>,
        #[command(flatten)]
        days: DaysArguments,
        /// What of the days is shown [default: mean].
        #[arg(long, value_enum, value_name = "STAT")]
        stat: Option<MapStat>,
        /// Subtract this file, or that of the same variable in this folder: the same as --reference.
        #[arg(long, value_name = "OTHER", conflicts_with = "reference")]
        difference: Option<PathBuf>,
        #[command(flatten)]
        reference: ReferenceArguments,
        #[command(flatten)]
        area: AreaArguments,
        #[command(flatten)]
        colours: ColourArguments,
        #[command(flatten)]
        look: LookArguments,
    },
    /// Means of a region or values of cells over time, of one or several variables or runs. Of tables that were made by period, over the
    /// periods of a spin-up.
    Series {
        #[command(flatten)]
        input: InputArguments,
        #[command(flatten)]
        days: DaysArguments,
        /// Means of each step, month or year [default: step; of tables by period all of a period].
        #[arg(long, value_enum, value_name = "PART")]
        every: Option<Every>,
        /// A running mean over so many steps, drawn over the values: 2 to as many as there are.
        #[arg(long, value_name = "N")]
        running: Option<usize>,
        /// Put the days of this run before those of each input, in one line: a historical run before scenarios.
        #[arg(long, value_name = "RUN")]
        after: Option<PathBuf>,
        /// What is shaded: nothing, one standard deviation over the cells, or all from the least to the greatest cell; or one line of the mean
        /// of all inputs, with all from the least to the greatest of them (ensemble) or one standard deviation between them (ensemble-std).
        #[arg(long, value_enum, value_name = "WHAT")]
        spread: Option<Spread>,
        /// The cell around LAT,LON, as a line of its own; may be given several times.
        #[arg(long, value_name = "LAT,LON", value_parser = pair, allow_hyphen_values = true)]
        cell: Vec<[f64; 2]>,
        #[command(flatten)]
        area: AreaArguments,
        #[command(flatten)]
        key: KeyArguments,
        #[command(flatten)]
        look: LookArguments,
    },
    /// Means of a region over the months of the year, with the spread between years.
    Climatology {
        #[command(flatten)]
        input: InputArguments,
        #[command(flatten)]
        days: DaysArguments,
        #[command(flatten)]
        area: AreaArguments,
        #[command(flatten)]
        key: KeyArguments,
        #[command(flatten)]
        look: LookArguments,
    },
    /// Time against latitude.
    Hovmoller {
        #[command(flatten)]
        input: InputArguments,
        #[command(flatten)]
        days: DaysArguments,
        /// How time is cut [default: days up to two years, months beyond].
        #[arg(long, value_enum, value_name = "PART")]
        every: Option<Every>,
        #[command(flatten)]
        area: AreaArguments,
        #[command(flatten)]
        colours: ColourArguments,
        #[command(flatten)]
        look: LookArguments,
    },
    /// A variable against another: a point a cell and year, counted where there are many. Or a model against what was observed: of the
    /// pairs.csv of an evaluation.
    Scatter {
        #[command(flatten)]
        input: InputArguments,
        #[command(flatten)]
        days: DaysArguments,
        /// What a point is the mean of: all days, a year or a month of a cell [default: year].
        #[arg(long, value_enum, value_name = "PART")]
        every: Option<Every>,
        #[command(flatten)]
        area: AreaArguments,
        #[command(flatten)]
        look: LookArguments,
    },
    /// Maps of two runs, or of two windows of one, with one scale, and of the second less the first.
    Compare {
        #[command(flatten)]
        input: InputArguments,
        #[command(flatten)]
        days: DaysArguments,
        /// What of the days is shown [default: mean].
        #[arg(long, value_enum, value_name = "STAT")]
        stat: Option<MapStat>,
        #[command(flatten)]
        reference: ReferenceArguments,
        #[command(flatten)]
        area: AreaArguments,
        #[command(flatten)]
        colours: ColourArguments,
        #[command(flatten)]
        key: KeyArguments,
        #[command(flatten)]
        look: LookArguments,
    },
    /// Carbon of the strategies over the years, stacked, and how many live: of the tables biomass.parquet.
    #[command(mut_arg("variable", |argument| argument.hide(true)))]
    Biomass {
        #[command(flatten)]
        input: InputArguments,
        #[command(flatten)]
        look: LookArguments,
    },
    /// Traits of the strategies that live, as boxes by year, cell or area: of the table biomass or strategies with traits.
    #[command(mut_arg("variable", |argument| argument.hide(true)))]
    Boxes {
        #[command(flatten)]
        input: InputArguments,
        #[command(flatten)]
        traits: TraitArguments,
        #[command(flatten)]
        by: ByArguments,
        #[command(flatten)]
        years: YearsArguments,
        /// The ends of the axis upwards [default: all that is drawn].
        #[arg(long, value_name = "LOW,HIGH", value_parser = pair, allow_hyphen_values = true)]
        range: Option<[f64; 2]>,
        #[command(flatten)]
        look: LookArguments,
    },
    /// How the strategies that live are spread over two traits, a panel a year: of the same tables.
    #[command(mut_arg("variable", |argument| argument.hide(true)))]
    Density {
        #[command(flatten)]
        input: InputArguments,
        #[command(flatten)]
        traits: TraitArguments,
        /// Up to six years of the table: 1979,1985-1990 [default: the first and the last].
        #[arg(long, value_name = "LIST")]
        years: Option<String>,
        #[command(flatten)]
        colours: ColourArguments,
        #[command(flatten)]
        look: LookArguments,
    },
    /// What limits growth, and how nutrients are taken up, over the years: of the table limitation.
    #[command(mut_arg("variable", |argument| argument.hide(true)))]
    Limitation {
        #[command(flatten)]
        input: InputArguments,
        /// What the shares are of [default: area].
        #[arg(long, value_enum, value_name = "WEIGHT")]
        weight: Option<ShareWeight>,
        #[command(flatten)]
        years: YearsArguments,
        #[command(flatten)]
        look: LookArguments,
    },
    /// Which cells and periods were missing or damaged: of report.json.
    #[command(mut_arg("variable", |argument| argument.hide(true)))]
    Health {
        #[command(flatten)]
        input: InputArguments,
        #[command(flatten)]
        look: LookArguments,
    },
    /// A model's mean year beside what was observed: of the cycle.csv of an evaluation.
    #[command(mut_arg("variable", |argument| argument.hide(true)))]
    Cycle {
        #[command(flatten)]
        input: InputArguments,
        #[command(flatten)]
        look: LookArguments,
    },
    /// States of a spin-up over its periods, how they drift, and where they are in equilibrium: of the table drift.
    #[command(mut_arg("variable", |argument| argument.help("States [default: all, up to 32].")))]
    Drift {
        #[command(flatten)]
        input: InputArguments,
        #[command(flatten)]
        look: LookArguments,
    },
    /// Scatter and correlation with observations (Taylor 2001): of the scores.csv of an evaluation.
    #[command(mut_arg("variable", |argument| argument.hide(true)))]
    Taylor {
        #[command(flatten)]
        input: InputArguments,
        #[command(flatten)]
        look: LookArguments,
    },
}

#[derive(Debug, Args)]
pub(crate) struct InputArguments {
    /// The files, or folders in which those of the variables are looked for.
    #[arg(required = true, value_name = "FILE")]
    pub inputs: Vec<PathBuf>,
    /// The picture: a name that ends in .png, .svg or .pdf.
    #[arg(short, long, value_name = "PICTURE")]
    pub output: PathBuf,
    /// Variables, or in a folder the beginning of a file's name; needed where a file has several, or a folder is given.
    #[arg(long, alias = "variables", value_name = "LIST", value_delimiter = ',', value_parser = name)]
    pub variable: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct DaysArguments {
    /// The first day.
    #[arg(long, value_name = "DATE")]
    pub from: Option<String>,
    /// The last day, included.
    #[arg(long, value_name = "DATE")]
    pub to: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct AreaArguments {
    /// Only cells whose centres are in this box of degrees.
    #[arg(long, value_name = "N,S,W,E", value_parser = quad, allow_hyphen_values = true)]
    pub bbox: Option<[f64; 4]>,
}

#[derive(Debug, Args)]
pub(crate) struct ColourArguments {
    /// The colour map: viridis, cividis, magma, batlow, lajolla, davos, or with a middle vik, broc, roma, berlin; _r turns it
    /// around.
    #[arg(long, value_name = "MAP")]
    pub cmap: Option<String>,
    /// The least and the greatest value that colours tell apart [default: round numbers around 2 to 98 % of the values].
    #[arg(long, value_name = "LOW,HIGH", value_parser = pair, allow_hyphen_values = true)]
    pub range: Option<[f64; 2]>,
    /// A number of classes from 2 to 100, their borders (0,1,2.5,5), or smooth [default: 10].
    #[arg(long, value_name = "LEVELS", allow_hyphen_values = true)]
    pub levels: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct KeyArguments {
    /// Names of the inputs in the key [default: those of the runs].
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub labels: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct LookArguments {
    /// Width, or width and height, in millimetres, each 30 to 2000.
    #[arg(long, value_name = "WxH", value_parser = size)]
    pub size: Option<[f64; 2]>,
    /// Dots per inch of PNG, 20 to 1200 [default: 200].
    #[arg(long, value_name = "N")]
    pub dpi: Option<f64>,
    /// The title.
    #[arg(long)]
    pub title: Option<String>,
    /// The line below it.
    #[arg(long, value_name = "TEXT")]
    pub subtitle: Option<String>,
    /// Words below the figure.
    #[arg(long, value_name = "TEXT")]
    pub caption: Option<String>,
    /// Print small what the figure was made of and by what; its metadata say so in any case.
    #[arg(long)]
    pub corner: bool,
    #[command(flatten)]
    pub work: DrawArguments,
}

/// How the work is done and told.
#[derive(Debug, Args)]
pub(crate) struct DrawArguments {
    /// Threads, up to 4096 [default: all that the machine or the batch job allows].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub threads: Option<u16>,
    /// Replace a file that none of `plot`, `figures` and `report` made.
    #[arg(long)]
    pub overwrite: bool,
    #[command(flatten)]
    pub talk: TalkArguments,
}

#[derive(Debug, Args)]
pub(crate) struct FiguresArguments {
    /// The list; see docs/figures.md.
    #[arg(value_name = "figures.toml")]
    pub list: PathBuf,
    /// Where pictures go, anywhere [default: the folder that the list names, which is below its own].
    #[arg(short, long, value_name = "FOLDER")]
    pub output: Option<PathBuf>,
    /// Only say what is out of date, and why; exit status 5 if anything is.
    #[arg(long)]
    pub check: bool,
    /// Draw all.
    #[arg(long, conflicts_with = "check")]
    pub force: bool,
    #[command(flatten)]
    pub work: DrawArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ReportArguments {
    /// The output folder of `grid`, `tables` or `run`.
    #[arg(value_name = "OUT")]
    pub folder: PathBuf,
    /// The page.
    #[arg(short, long, value_name = "PAGE.html")]
    pub output: PathBuf,
    /// Variables, with * and ? as wildcards [default: all].
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = name)]
    pub variables: Vec<String>,
    #[command(flatten)]
    pub work: DrawArguments,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum MapStat {
    Mean,
    Sum,
    Std,
    /// A year's change along the line of least squares.
    Trend,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Every {
    /// As the file has it.
    Step,
    Month,
    Year,
    All,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Spread {
    None,
    Std,
    Range,
    Ensemble,
    EnsembleStd,
}

fn numbers<const N: usize>(text: &str, form: &str) -> Result<[f64; N], String> {
    let numbers: Option<Vec<f64>> = text.split(',').map(|part| part.trim().parse().ok()).collect();
    let numbers = numbers.filter(|numbers| numbers.iter().all(|number| number.is_finite()));
    numbers.and_then(|numbers| numbers.try_into().ok()).ok_or_else(|| format!("wants {form}"))
}

fn pair(text: &str) -> Result<[f64; 2], String> {
    numbers(text, "two numbers: A,B")
}

pub(crate) fn quad(text: &str) -> Result<[f64; 4], String> {
    numbers(text, "north, south, west and east: N,S,W,E")
}

fn size(text: &str) -> Result<[f64; 2], String> {
    let (width, height) = text.split_once('x').unwrap_or((text, "0"));
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| (0.0..1e9).contains(number));
    match (number(width), number(height)) {
        (Some(width), Some(height)) => Ok([width, height]),
        _ => Err("wants millimetres: 160 or 160x90".to_owned()),
    }
}
