//! Tables that are wanted, and aggregates of the grids.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use crate::aggregate::interval::Step;
use crate::aggregate::reduce::Stat;
use crate::builder::setters;
use crate::error::{Argument, Error, Result};
use crate::model::grid::{Bounds, Cell};
use crate::model::traits::TraitTable;

use super::Format;

mod check;
mod names;
mod states;
mod uses;

pub use names::Names;
#[cfg(feature = "netcdf")]
pub(crate) use states::is_state;
pub use uses::TableSetting;

/// What is made of a run beside daily grids. Everything that the files depend on.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct Tables {
    /// Which tables.
    pub kinds: Vec<TableKind>,
    /// The form of the files.
    pub format: Format,
    /// Whether a table is cut into files, by what its rows have.
    pub partition: Option<Partition>,
    /// A file a cell, named as CAETE's users have it.
    pub per_cell: bool,
    /// The years of the yearly tables; empty for all.
    pub years: Vec<RangeInclusive<i32>>,
    /// The length of the intervals of `region`, but by period.
    pub every: Step,
    /// The regions of `region`; empty for all selected cells together.
    pub regions: Vec<Region>,
    /// Whether `stats` has a row for each month of the year, too.
    pub by_month: bool,
    /// The quantiles of `stats`, from 0 to 1.
    pub quantiles: Vec<f64>,
    /// Aggregates of the daily grids.
    pub aggregates: Vec<Aggregate>,
    /// Traits of plant life strategies, for columns of `biomass` and `strategies` and for what is made of traits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traits: Option<TraitTable>,
    /// Whether `daily`, `region` and `stats` are made of each period by itself, whatever its dates: a spin-up repeats them. The
    /// intervals of `region` are then its periods.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_period: bool,
    /// Percent a year up to which a state of `drift` counts as in equilibrium.
    #[serde(default = "equilibrium", skip_serializing_if = "is_usual")]
    pub equilibrium: f64,
    /// By whose names files and columns are called.
    #[serde(default, skip_serializing_if = "Names::is_own")]
    pub names: Names,
    /// Whether a file of text says what the columns of all tables are.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub metadata: bool,
    /// Names of cells. Where there are some, tables of cells have a column `station`, and files of single cells have them in their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub stations: BTreeMap<Cell, String>,
}

/// What most who judge spin-ups ask for.
const EQUILIBRIUM: f64 = 0.1;
/// Periods that have columns of their own at most; PostgreSQL has 1,600 columns.
const MOST_PERIODS: usize = 700;

fn equilibrium() -> f64 {
    EQUILIBRIUM
}

fn is_usual(equilibrium: &f64) -> bool {
    *equilibrium == EQUILIBRIUM
}

setters!(Tables {
    kinds: Vec<TableKind>,
    format: Format,
    partition: Option<Partition>,
    per_cell: bool,
    years: Vec<RangeInclusive<i32>>,
    every: Step,
    regions: Vec<Region>,
    by_month: bool,
    quantiles: Vec<f64>,
    aggregates: Vec<Aggregate>,
    traits: Option<TraitTable>,
    by_period: bool,
    equilibrium: f64,
    names: Names,
    metadata: bool,
    stations: BTreeMap<Cell, String>,
});

impl Default for Tables {
    fn default() -> Self {
        Tables {
            kinds: vec![TableKind::Daily],
            format: Format::named("parquet"),
            partition: None,
            per_cell: false,
            years: Vec::new(),
            every: Step::Month,
            regions: Vec::new(),
            by_month: false,
            quantiles: vec![0.05, 0.25, 0.5, 0.75, 0.95],
            aggregates: Vec::new(),
            traits: None,
            by_period: false,
            equilibrium: EQUILIBRIUM,
            names: Names::default(),
            metadata: false,
            stations: BTreeMap::new(),
        }
    }
}

impl Tables {
    /// Whether the daily series are needed at all.
    pub fn needs_days(&self) -> bool {
        let daily = |kind: &TableKind| {
            kind.is_by_period()
                || matches!(kind, TableKind::Daily | TableKind::Change | TableKind::Region | TableKind::Stats)
        };
        self.kinds.iter().any(daily) || !self.aggregates.is_empty()
    }

    /// Whether the yearly community files are needed.
    pub fn needs_years(&self) -> bool {
        self.kinds.iter().any(|kind| kind.is_yearly())
    }

    /// Whether periods may have the same dates: nothing that is made puts them on one axis.
    pub fn allows_repeats(&self, grids: bool) -> bool {
        let is_apart = |kind: &TableKind| match kind {
            TableKind::Daily | TableKind::Region | TableKind::Stats => self.by_period,
            TableKind::Change => false,
            _ => true,
        };
        !grids && self.aggregates.is_empty() && self.needs_days() && self.kinds.iter().all(is_apart)
    }

    /// Whether something is made of each period by itself.
    fn is_by_period(&self) -> bool {
        self.by_period || self.kinds.iter().any(|kind| kind.is_by_period())
    }

    /// Tables of the change between windows: its only step is the interval of regions.
    pub(crate) fn of_change(self) -> Self {
        self.every(Step::Day)
    }

    /// Reads years, as `1979,1985-1990`.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument).
    pub fn parse_years(text: &str) -> Result<Vec<RangeInclusive<i32>>> {
        let wrong = || {
            let reason = "wants years up to 2147483647 and ranges, as in 1979,1985-1990";
            Error::selection(Argument::Years, text, reason)
        };
        let year = |text: &str| text.trim().parse::<i32>().map_err(|_| wrong());
        let range = |part: &str| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (year(first)?, year(last)?);
            if first > last { Err(wrong()) } else { Ok(first..=last) }
        };
        text.split(',').map(range).collect()
    }

    /// Whether files are divided by time.
    pub fn by_time(&self) -> bool {
        matches!(self.partition, Some(Partition::Year | Partition::Month))
    }

    /// Whether a year is wanted.
    pub fn wants(&self, year: i32) -> bool {
        self.years.is_empty() || self.years.iter().any(|range| range.contains(&year))
    }
}

/// A table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TableKind {
    /// A row a cell and day.
    Daily,
    /// A row a cell: the change from one window of time to another.
    Change,
    /// A row a cell, year and plant life strategy: means over the communities.
    Biomass,
    /// A row a cell, year, community and strategy.
    Strategies,
    /// A row a cell, year and community.
    Community,
    /// A row a cell and year.
    CellYear,
    /// A row a cell and year: shares of area and carbon by what limits growth, and by how nutrients are taken up.
    Limitation,
    /// A row a cell and year: means and variances of traits, and functional diversity.
    Traits,
    /// Grids of a cell's vegetation, a value a year. No table, but of the same files.
    Annual,
    /// Grids of the shares of [`Limitation`](Self::Limitation), a value a year.
    AnnualLimitation,
    /// Grids of the columns of [`Traits`](Self::Traits), a value a year.
    AnnualTraits,
    /// A row a region, variable and interval.
    Region,
    /// A row a cell and variable.
    Stats,
    /// A row a cell and state: means of periods, and whether they drift.
    Drift,
    /// A row a cell of which a state is not in equilibrium, as a gridlist has it.
    Drifting,
}

impl TableKind {
    /// All, in the order in which they are made.
    pub const ALL: [TableKind; 15] = [
        TableKind::Daily,
        TableKind::Change,
        TableKind::Biomass,
        TableKind::Strategies,
        TableKind::Community,
        TableKind::CellYear,
        TableKind::Limitation,
        TableKind::Traits,
        TableKind::Annual,
        TableKind::AnnualLimitation,
        TableKind::AnnualTraits,
        TableKind::Region,
        TableKind::Stats,
        TableKind::Drift,
        TableKind::Drifting,
    ];

    /// The name: of the option's value, of the file, of the database's table.
    pub fn name(self) -> &'static str {
        match self {
            TableKind::Daily => "daily",
            TableKind::Change => "change",
            TableKind::Biomass => "biomass",
            TableKind::Strategies => "strategies",
            TableKind::Community => "community",
            TableKind::CellYear => "cell_year",
            TableKind::Limitation => "limitation",
            TableKind::Annual => "annual",
            TableKind::AnnualLimitation => "annual_limitation",
            TableKind::Traits => "traits",
            TableKind::AnnualTraits => "annual_traits",
            TableKind::Region => "region",
            TableKind::Stats => "stats",
            TableKind::Drift => "drift",
            TableKind::Drifting => "drifting",
        }
    }

    /// Whether it is made of the yearly community files.
    pub fn is_yearly(self) -> bool {
        matches!(
            self,
            TableKind::Biomass
                | TableKind::Strategies
                | TableKind::Community
                | TableKind::CellYear
                | TableKind::Limitation
                | TableKind::Traits
        ) || self.is_grid()
    }

    /// Whether its rows are steps of the time axis.
    pub fn is_of_steps(self) -> bool {
        matches!(self, TableKind::Daily | TableKind::Change)
    }

    /// Whether it is no table but grids of a value a year.
    pub fn is_grid(self) -> bool {
        matches!(self, TableKind::Annual | TableKind::AnnualLimitation | TableKind::AnnualTraits)
    }

    /// Whether its rows belong to no date.
    pub fn is_timeless(self) -> bool {
        matches!(self, TableKind::Stats | TableKind::Drift | TableKind::Drifting)
    }

    /// Whether it is made of each period by itself in any case.
    pub fn is_by_period(self) -> bool {
        matches!(self, TableKind::Drift | TableKind::Drifting)
    }

    /// Whether it cannot be made without a table of traits.
    pub fn is_of_traits(self) -> bool {
        matches!(self, TableKind::Traits | TableKind::AnnualTraits)
    }

    /// Whether a table of traits adds to it.
    pub fn has_traits(self) -> bool {
        self.is_of_traits() || matches!(self, TableKind::Biomass | TableKind::Strategies)
    }

    /// Reads a list of names. `community` brings `cell_year` along.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where there is no such table.
    pub fn parse_list(names: &[String]) -> Result<Vec<TableKind>> {
        let mut kinds = Vec::new();
        for name in names {
            let kind =
                TableKind::ALL.into_iter().find(|kind| kind.name() == name.trim()).ok_or_else(|| {
                    let all: Vec<&str> = TableKind::ALL.iter().map(|kind| kind.name()).collect();
                    Error::selection(
                        Argument::Tables,
                        name,
                        format!("no such table; there are {}", all.join(", ")),
                    )
                })?;
            kinds.push(kind);
            if kind == TableKind::Community {
                kinds.push(TableKind::CellYear);
            }
        }
        kinds.sort_unstable();
        kinds.dedup();
        Ok(kinds)
    }
}

/// How a table is cut into files, each in a folder that says which rows it has (`year=1979`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Partition {
    /// By year.
    Year,
    /// By year and month; yearly tables by year.
    Month,
    /// By bands of latitude, each ten degrees wide and named by its southern edge.
    LatBand,
}

/// Degrees of latitude in a band of [`Partition::LatBand`].
pub const BAND_DEGREES: u32 = 10;

/// A region whose means are wanted.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Region {
    /// Its name in the table.
    pub name: String,
    /// Its cells, of those that are selected.
    pub cells: RegionCells,
}

/// The cells of a region.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RegionCells {
    /// All.
    All,
    /// Those whose centres are in a box.
    Bounds(Bounds),
    /// These.
    Mask(Vec<Cell>),
}

/// An aggregate of the daily grids: one value an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aggregate {
    /// The intervals.
    pub every: Step,
    /// What of the days of an interval.
    pub stat: Stat,
}
