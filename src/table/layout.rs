//! What tables a plan makes, in which blocks of cells, and what that takes.
//!
//! A block is some cells with all their time: the unit of work of tables. Its rows follow those of the block before, so
//! that files are sorted by cell without being sorted. Blocks depend on plan and settings alone, never on the machine.

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

use crate::aggregate::interval::{Interval, Step, intervals};
use crate::aggregate::region::Weighted;
use crate::aggregate::units;
use crate::error::{Error, Result};
use crate::model::calendar::{Calendar, Date};
use crate::model::grid::Cell;
use crate::plan::comparison::OfRegion;
use crate::plan::tables::{RegionCells, TableKind, Tables};
use crate::plan::{Plan, PlannedCell};
use crate::run::numbers::with_holes;

use super::columns::DAY;
use super::drift::{self, Drift};
use super::form::{Parts, TableForm};
use super::forms;
use super::partitions::day_partitions;
use super::schema::{self, DayColumn, RegionTexts, Table};
use super::traits::Indices;
use super::upstream::{self, FilesOfDays};

/// Bytes of a row group before it is encoded, for tables of many columns.
const GROUP_BYTES: usize = 32 << 20;
/// Days of a cell in a file of a partition by time at most.
const DAYS_OF_A_FILE: u64 = 366;
/// Most cells of a block whose table needs no more: what a kill costs.
const BLOCK_CELLS: usize = 32;

/// The tables of a plan.
#[derive(Debug)]
pub struct Layout<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// What is wanted.
    pub settings: &'a Tables,
    /// The form of the files.
    pub form: &'static dyn TableForm,
    /// The cells, in order.
    pub cells: Vec<TableCell>,
    /// Blocks, as ranges of [`Layout::cells`].
    pub blocks: Vec<Range<usize>>,
    /// The tables of rows, and `region`.
    pub tables: Vec<Table>,
    /// The years of yearly tables, in order.
    pub years: Vec<i32>,
    pub(super) day_columns: Vec<DayColumn>,
    /// The columns of quantiles, and which quantile each is.
    pub(crate) quantiles: Vec<(String, f64)>,
    /// The regions by name, and for each cell whether it belongs to them.
    pub(super) regions: Vec<(String, Vec<bool>)>,
    /// The intervals of `region`; by period those of the periods by number, which may overlap.
    pub(super) region_intervals: Vec<Interval>,
    /// For each layer what regions have of it where that is not the mean of their cells.
    pub(super) of_regions: Vec<Option<OfRegion>>,
    /// The days at which a new partition begins, and the partition's key.
    pub(super) day_partitions: Vec<(i64, u32)>,
    /// When each step of the axis begins, as milliseconds since 1970-01-01; empty where dates are texts.
    pub(super) timestamps: Vec<i64>,
    /// The days that each step of the axis is long, where these differ.
    pub(super) lengths: Option<Vec<f64>>,
    /// For each month of the year its days of the axis.
    pub(super) days_of_months: Vec<Vec<u32>>,
    /// What is made of traits.
    pub(super) indices: Option<Indices>,
    /// What drift is made of.
    pub(super) drift: Drift,
    /// The steps of each of a cell's files of days, by upstream's names; empty by others.
    pub(super) files_of_days: FilesOfDays,
}

/// A cell of the tables.
#[derive(Debug, Clone, Copy)]
pub struct TableCell {
    /// The cell as it is planned.
    pub planned: PlannedCell,
    /// Its index in [`Plan::cells`].
    pub index: usize,
    /// Degrees north of its centre.
    pub latitude: f64,
    /// Degrees east of its centre.
    pub longitude: f64,
    /// Square metres.
    pub area: f64,
}

impl<'a> Layout<'a> {
    /// The tables of a plan that wants some.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where there is no such form of tables.
    pub fn new(plan: &'a Plan, settings: &'a Tables) -> Result<Self> {
        let form = forms::find(&settings.format)?;
        let grid = &plan.window.grid;
        let mut cells: Vec<TableCell> = plan
            .cells
            .iter()
            .enumerate()
            .map(|(index, &planned)| {
                let [latitude, longitude] = grid.centre(planned.cell);
                TableCell { planned, index, latitude, longitude, area: grid.area(planned.cell) }
            })
            .collect();
        cells.sort_by_key(|cell| cell.planned.cell);
        let day_columns = schema::day_columns(plan);
        let regions = regions(plan, settings, &cells);
        let region_intervals = match (settings.kinds.contains(&TableKind::Region), settings.by_period) {
            (true, true) => drift::by_number(plan),
            (true, false) => intervals(&plan.axis, settings.every),
            (false, _) => Vec::new(),
        };
        let day_partitions = day_partitions(plan, settings.partition);
        let mut layout = Layout {
            plan,
            settings,
            form,
            cells,
            blocks: Vec::new(),
            tables: Vec::new(),
            years: wanted_years(plan, settings),
            day_columns,
            quantiles: settings.quantiles.iter().map(|&one| (schema::quantile_name(one), one)).collect(),
            regions,
            region_intervals,
            of_regions: plan.of_regions(),
            day_partitions,
            timestamps: Vec::new(),
            lengths: plan.axis.lengths(),
            days_of_months: Vec::new(),
            indices: settings.traits.as_ref().map(Indices::new),
            drift: Drift::new(plan),
            files_of_days: FilesOfDays::new(plan, settings),
        };
        layout.list_days();
        layout.tables = settings.kinds.iter().filter_map(|&kind| layout.table(kind)).collect();
        for table in &mut layout.tables {
            // The name of their folder says it.
            if settings.is_upstream(table.kind) {
                continue;
            }
            if form.has_partitions() && settings.by_time() && table.kind.is_yearly() {
                *table = table.clone().without("year");
            }
        }
        let size = layout.block_cells();
        let count = layout.cells.len();
        layout.blocks = (0..count).step_by(size).map(|first| first..(first + size).min(count)).collect();
        Ok(layout)
    }

    fn list_days(&mut self) {
        let axis = &self.plan.axis;
        let dates = || (0..i64::from(axis.days)).filter_map(|day| axis.date(day));
        if schema::has_timestamps(axis) {
            // A day is its date, whenever it begins; a part of one has a time.
            let is_within = axis.unit.step().is_within_a_day();
            let within = |step: i64| match is_within {
                true => axis.unit.day_and_milliseconds(axis.first_day + step).map_or(0, |(_, within)| within),
                false => 0,
            };
            let time = |(step, date): (i64, Date)| self.days_since_1970(date) * DAY + within(step);
            self.timestamps = (0..).zip(dates()).map(time).collect();
        }
        if self.settings.by_month {
            let mut months = vec![Vec::new(); 12];
            for (day, date) in dates().enumerate() {
                if let Some(days) = months.get_mut(usize::from(date.month) - 1) {
                    days.push(day as u32);
                }
            }
            self.days_of_months = months;
        }
    }

    /// A date of a calendar whose dates are all Gregorian ones.
    pub(super) fn days_since_1970(&self, date: Date) -> i64 {
        const EPOCH: i64 = 719_162;
        Calendar::ProlepticGregorian.day_number(date).unwrap_or(EPOCH) - EPOCH
    }

    fn table(&self, kind: TableKind) -> Option<Table> {
        let table = self.own_table(kind)?;
        Some(match self.settings.is_upstream(kind) {
            true => upstream::arranged(table, self.plan, self.settings, &self.day_columns),
            false => table,
        })
    }

    fn own_table(&self, kind: TableKind) -> Option<Table> {
        let plan = self.plan;
        let layers = 0..plan.layers.len();
        let of_layers = |of: &dyn Fn(usize) -> String| layers.clone().map(of).collect::<Vec<String>>();
        let units_of = |layer: usize| schema::names(plan, layer).1;
        Some(match kind {
            TableKind::Daily | TableKind::Change => {
                schema::daily(plan, kind, &self.day_columns, self.settings.by_period)
            }
            TableKind::Biomass => schema::biomass(plan, self.settings.traits.as_ref()),
            TableKind::Strategies => schema::strategies(plan, self.settings.traits.as_ref()),
            TableKind::Community => schema::community(plan),
            TableKind::CellYear => schema::cell_year(plan),
            TableKind::Limitation => schema::limitation(plan),
            TableKind::Traits => schema::traits(plan, self.settings.traits.as_ref()?),
            TableKind::Annual | TableKind::AnnualLimitation | TableKind::AnnualTraits => return None,
            TableKind::Region => {
                let start = |interval: &Interval| interval.start_date.to_string();
                schema::region(
                    plan,
                    RegionTexts {
                        regions: self.regions.iter().map(|(name, _)| name.clone()).collect(),
                        variables: of_layers(&|layer| schema::layer_name(plan, layer)),
                        starts: self.region_intervals.iter().map(start).collect(),
                        units: of_layers(&units_of),
                        sum_units: of_layers(&|layer| match units_of(layer) {
                            _ if plan.of_regions().get(layer).is_some_and(Option::is_some) => String::new(),
                            text if text.is_empty() => text,
                            text => units::summed_over_area(&text),
                        }),
                    },
                    self.settings.by_period,
                )
            }
            TableKind::Stats => {
                let variables = of_layers(&|layer| schema::layer_name(plan, layer));
                schema::stats(plan, &self.quantiles, variables, of_layers(&units_of), self.settings.by_period)
            }
            TableKind::Drift => {
                let variables = of_layers(&|layer| schema::layer_name(plan, layer));
                schema::drift(plan, &self.drift.periods, variables, of_layers(&units_of))
            }
            TableKind::Drifting => schema::drifting(plan, self.cells.iter().map(|cell| cell.planned.cell)),
        })
    }

    /// The rows of a table's row group.
    pub(super) fn group_rows(&self, table: &Table) -> usize {
        group_rows(self.form, table)
    }

    /// Bytes that encoding a row makes at most, beside the row itself.
    fn encoded_bytes(&self, table: &Table) -> u64 {
        self.form.encoded_bytes(table) as u64
    }

    /// Bytes of memory that writing a file of a table takes.
    pub(crate) fn file_bytes(&self, table: &Table, largest_piece: u64) -> u64 {
        let (rows, row) = (self.group_rows(table) as u64, table.row_bytes() as u64);
        let encoding = rows * (2 * row + self.encoded_bytes(table));
        let pieces = match self.form.parts() {
            // A piece as it comes, and its rows.
            Parts::Rows => 3 * largest_piece,
            _ if self.is_gathered(table) => 2 * largest_piece + encoding,
            _ if table.kind == TableKind::Region => {
                self.region_slots() as u64 * Weighted::BYTES as u64 + largest_piece + encoding
            }
            _ => 2 * largest_piece,
        };
        pieces + self.form.open_bytes(table)
    }

    /// Cells of a block: as many as give a row group of days, otherwise few, but not so few that partial results of
    /// regions are more than what they are made of.
    fn block_cells(&self) -> usize {
        let shared = self.cells.len().div_ceil(64).clamp(1, BLOCK_CELLS);
        let days = self.plan.axis.days as usize;
        let daily = self.tables.iter().find(|table| table.kind.is_of_steps());
        let for_days = daily.map_or(1, |table| (self.group_rows(table) / days.max(1)).max(1));
        let is_by_day = self.settings.every == Step::Day && !self.settings.by_period;
        let is_wide = !self.region_intervals.is_empty() && is_by_day;
        let for_regions = if is_wide { 8 * BLOCK_CELLS } else { 1 };
        shared.max(for_days).max(for_regions)
    }

    /// The cells of a block, and their indices.
    pub(crate) fn block(&self, number: u32) -> Result<(Range<usize>, &[TableCell])> {
        let range = self.blocks.get(number as usize).cloned();
        let found = range.and_then(|range| Some((range.clone(), self.cells.get(range)?)));
        found.ok_or_else(|| Error::bug(format!("a layout without its block {number}")))
    }

    /// How many files are read for a block, for those who watch the work.
    pub(crate) fn files_of(&self, number: u32) -> u64 {
        let (plan, settings) = (self.plan, self.settings);
        let of = |cell: &TableCell| {
            let there = plan.run.cells.get(cell.planned.index);
            let periods = match settings.needs_days() && !plan.settings.grids {
                true => (0..plan.periods.len()).filter(|&period| plan.has_dump(cell.index, period)).count(),
                false => 0,
            };
            let is_there = |year: &&i32| there.is_some_and(|there| there.years.binary_search(year).is_ok());
            let years = if settings.needs_years() { self.years.iter().filter(is_there).count() } else { 0 };
            (periods + years) as u64
        };
        self.block(number).map_or(0, |(_, cells)| cells.iter().map(of).sum())
    }

    /// Bytes that a thread needs for a block, beside its buffers for a dump.
    pub(crate) fn block_bytes(&self) -> u64 {
        let plan = self.plan;
        let days = u64::from(plan.axis.days);
        let series =
            if self.settings.needs_days() { 2 * plan.memory.cell_bytes(days) + 24 * days } else { 0 };
        let tables = self.tables.iter().map(|table| {
            let row = table.row_bytes() as u64;
            // Rows that wait, the rows of a batch, and what encoding makes of these.
            let (waiting, batch) = match table.kind {
                // Some rows of all files wait for the block's end.
                TableKind::Daily | TableKind::Change if self.is_scattered(table) => {
                    let cells = self.block_cells() as u64;
                    (days * cells, (DAYS_OF_A_FILE * cells).min(self.most_rows(table) as u64))
                }
                TableKind::Daily | TableKind::Change => {
                    (self.most_rows(table) as u64, self.most_rows(table) as u64)
                }
                TableKind::Region => (0, 0),
                _ => (self.group_rows(table) as u64 / 4, self.group_rows(table) as u64 / 4),
            };
            waiting * row + batch * (row + self.encoded_bytes(table))
        });
        let regions = self.region_slots() as u64 * 2 * Weighted::BYTES as u64;
        series + tables.sum::<u64>() + regions + (4 << 20)
    }

    /// Rows of days of which a block has no more at once.
    fn most_rows(&self, table: &Table) -> usize {
        self.group_rows(table).min(self.plan.axis.days as usize * self.block_cells())
    }

    /// Rows that memory is taken for before they come; none where nobody knows.
    pub(super) fn usual_rows(&self, table: &Table) -> usize {
        match table.kind {
            TableKind::Daily | TableKind::Change
                if self.settings.partition.is_none() && !self.settings.is_per_cell() =>
            {
                self.most_rows(table)
            }
            _ => 0,
        }
    }

    /// Sums of regions: one a region, layer and interval.
    pub(super) fn region_slots(&self) -> usize {
        self.regions.len() * self.plan.layers.len() * self.region_intervals.len()
    }
}

/// The rows of a row group of a table in a form.
pub(super) fn group_rows(form: &dyn TableForm, table: &Table) -> usize {
    (GROUP_BYTES / table.row_bytes().max(1)).clamp(8_192, form.most_rows().max(8_192))
}

/// The years of a plan's yearly tables, in order.
pub fn wanted_years(plan: &Plan, settings: &Tables) -> Vec<i32> {
    let cells = plan.cells.iter().filter_map(|planned| plan.run.cells.get(planned.index));
    let there = cells.flat_map(|cell| cell.years.iter().filter_map(|&year| u32::try_from(year).ok()));
    let there: BTreeSet<u32> = there.collect();
    let there: Vec<u32> = there.into_iter().collect();
    // A year that no cell has, between others, is missed.
    let years = with_holes(&there).into_iter().filter_map(|year| i32::try_from(year).ok());
    years.filter(|&year| settings.wants(year) && is_on_axis(plan, year)).collect()
}

/// Whether the days that were chosen have a part of a year.
pub(crate) fn is_on_axis(plan: &Plan, year: i32) -> bool {
    let selection = &plan.settings.selection;
    selection.from.is_none_or(|date| year >= date.year) && selection.to.is_none_or(|date| year <= date.year)
}

fn regions(plan: &Plan, settings: &Tables, cells: &[TableCell]) -> Vec<(String, Vec<bool>)> {
    if !settings.kinds.contains(&TableKind::Region) {
        return Vec::new();
    }
    if settings.regions.is_empty() {
        return vec![("all".to_owned(), vec![true; cells.len()])];
    }
    let of = |region: &RegionCells| -> Vec<bool> {
        let inside = match region {
            RegionCells::Bounds(bounds) => plan.window.grid.inside(*bounds),
            _ => None,
        };
        let mask: HashSet<Cell> = match region {
            RegionCells::Mask(mask) => mask.iter().copied().collect(),
            _ => HashSet::new(),
        };
        let is_inside = |cell: Cell| match region {
            RegionCells::All => true,
            RegionCells::Bounds(_) => inside.as_ref().is_some_and(|is_inside| is_inside(cell)),
            RegionCells::Mask(_) => mask.contains(&cell),
        };
        cells.iter().map(|cell| is_inside(cell.planned.cell)).collect()
    };
    settings.regions.iter().map(|region| (region.name.clone(), of(&region.cells))).collect()
}
