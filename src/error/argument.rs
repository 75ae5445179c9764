//! What callers ask for, by names that a library's users, a command line and other languages can each call their own way.

use std::fmt;

macro_rules! arguments {
    ($($(#[doc = $about:literal])* $variant:ident = $name:literal,)*) => {
        /// What a request was wrong in: a setting, an input, or a parameter of a function.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Argument {
            $($(#[doc = $about])* $variant,)*
        }

        impl Argument {
            /// All that the library has.
            pub const ALL: &'static [Argument] = &[$(Argument::$variant,)*];

            /// Its name in plain words.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Argument::$variant => $name,)*
                }
            }
        }
    };
}

arguments! {
    /// The run that goes before others.
    After = "after",
    /// An array of a file of arrays.
    Array = "array",
    /// The box of cells, in degrees.
    Area = "area",
    /// Boxes of degrees with names.
    Areas = "areas",
    /// An attribute of an array or of its file.
    Attribute = "attribute",
    /// What has a part of a figure of its own.
    By = "by",
    /// What is left of the run's cells by the area.
    CellsOfArea = "the area",
    /// The area as a whole: box and list of cells.
    SelectedArea = "the selected area",
    /// One cell.
    Cell = "cell",
    /// Cells.
    Cells = "cells",
    /// The shape of chunks.
    Chunk = "chunk",
    /// How values are compressed.
    Codec = "the codec",
    /// The map of colours.
    Colours = "cmap",
    /// One date.
    Date = "date",
    /// The first and the last day together.
    Dates = "dates",
    /// Days by their numbers.
    Days = "days",
    /// The input that another one is subtracted from.
    Difference = "difference",
    /// Dots per inch of a picture.
    Dots = "dpi",
    /// Whether the checkpoint goes when all is done.
    DropSpool = "drop_spool",
    /// Percent a year up to which a state counts as in equilibrium.
    Equilibrium = "equilibrium",
    /// The step of time.
    Every = "every",
    /// One file of input.
    File = "file",
    /// What makes a variable of others.
    Formula = "formula",
    /// What the files of a product are.
    Format = "format",
    /// The first day.
    From = "from",
    /// Work of before that is not continued.
    Fresh = "fresh",
    /// Files of input.
    Inputs = "inputs",
    /// The kind of a figure.
    Kind = "kind",
    /// Labels of inputs in a figure.
    Labels = "labels",
    /// What a reference is at least.
    Least = "least",
    /// Steps between colours.
    Levels = "levels",
    /// A mask of cells.
    Mask = "mask",
    /// How much memory the work may take.
    Memory = "memory",
    /// The template of files' names.
    Name = "name",
    /// By whose names tables are called.
    Names = "names",
    /// Where results go.
    Output = "output",
    /// The folder of results that are there.
    OutputFolder = "output folder",
    /// What tables are divided by.
    Partition = "partition",
    /// Whether each cell has files of its own.
    PerCell = "per_cell",
    /// Whether a change is in percent.
    Percent = "percent",
    /// Periods of the run.
    Periods = "periods",
    /// The file for the places of chunks.
    Places = "places",
    /// The place of a value in a series.
    Place = "place",
    /// A place in degrees.
    Point = "point",
    /// Coordinates of cells.
    Points = "points",
    /// The profile of gridded files.
    Profile = "profile",
    /// The quantiles of statistics.
    Quantiles = "quantiles",
    /// The ends of an axis or of a scale of colours.
    Range = "range",
    /// What a change is measured from: another run or file.
    Reference = "reference",
    /// The first and the last day of what a change is measured from.
    ReferenceDates = "reference dates",
    /// The first day of the reference.
    ReferenceFrom = "reference-from",
    /// The last day of the reference.
    ReferenceTo = "reference-to",
    /// The regions of tables.
    Regions = "regions",
    /// The size of the grid's cells.
    Resolution = "resolution_degrees",
    /// One row of an array.
    Row = "row",
    /// Rows of an array.
    Rows = "rows",
    /// The run.
    Run = "run",
    /// Steps of a running mean.
    Running = "running",
    /// The schema of a database.
    Schema = "schema",
    /// Whether the tables of several runs are kept apart.
    Separate = "separate",
    /// The share of the work that one of several processes does.
    Share = "share",
    /// Below which probability a change is marked.
    Significant = "significant",
    /// The size of a picture.
    Size = "size",
    /// What outputs are compared with.
    Source = "source",
    /// What is drawn around a mean.
    Spread = "spread",
    /// What a map shows of several steps.
    Stat = "stat",
    /// Tables.
    Tables = "tables",
    /// The number of threads.
    Threads = "threads",
    /// A table of traits.
    Traits = "traits",
    /// The last day.
    To = "to",
    /// Units.
    Units = "units",
    /// Values, or the places of values in a row.
    Values = "values",
    /// One variable.
    Variable = "variable",
    /// Variables.
    Variables = "variables",
    /// What strategies count by.
    Weight = "weight",
    /// Years.
    Years = "years",
}

impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why something is refused: a text, in which arguments stand apart so that a program can call them as its users do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reason {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Argument(Argument),
}

impl Reason {
    /// Adds a text.
    pub fn then(mut self, text: impl Into<String>) -> Self {
        self.parts.push(Part::Text(text.into()));
        self
    }

    /// Puts a text before it.
    pub(crate) fn after(mut self, text: String) -> Self {
        self.parts.insert(0, Part::Text(text));
        self
    }

    /// Adds the name of an argument.
    pub fn naming(mut self, argument: Argument) -> Self {
        self.parts.push(Part::Argument(argument));
        self
    }

    /// The text, with arguments by other names than the library's.
    pub fn told(&self, name: impl Fn(Argument) -> &'static str) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Argument(argument) => name(*argument).to_owned(),
        };
        self.parts.iter().map(part).collect()
    }
}

impl From<String> for Reason {
    fn from(text: String) -> Self {
        Reason::default().then(text)
    }
}

impl From<&str> for Reason {
    fn from(text: &str) -> Self {
        Reason::default().then(text)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.told(Argument::name))
    }
}

impl std::error::Error for Reason {}
