//! From the series and years of a block's cells to rows, sums and fields.

use std::collections::BTreeMap;

use arrow_array::RecordBatch;

use crate::aggregate::reduce::{Stat, reduce};
use crate::aggregate::region::Weighted;
use crate::caete::community::CommunityYear;
use crate::error::{Error, Result};
use crate::model::element::Element;
use crate::place::CellSeries;
use crate::plan::comparison::OfRegion;
use crate::plan::tables::TableKind;

use super::columns::Columns;
use super::layout::Layout;
use super::map::{self, Map};
use super::{days, years};

/// Rows that are ready.
pub struct Batch {
    /// The table in [`Layout::tables`].
    pub table: usize,
    /// Which file of the table; see [`Layout::file`].
    pub partition: u32,
    /// The rows.
    pub rows: RecordBatch,
}

/// All that is known of a cell.
pub struct CellInput<'a> {
    /// The cell in [`Layout::cells`].
    pub cell: usize,
    /// Its series, in the order of their days, which do not overlap.
    pub days: &'a [CellSeries],
    /// Its years, in order.
    pub years: &'a [CommunityYear],
}

/// What a block gives beside rows.
#[derive(Debug, Default)]
pub struct Remainder {
    /// Sums of regions, by region, layer and interval; see [`Weighted::to_bytes`].
    pub regions: Vec<u8>,
    /// For each map the values of the block's cells, all intervals of a cell together.
    pub maps: Vec<Vec<u8>>,
}

/// Makes blocks, one after another.
pub struct Maker<'a> {
    layout: &'a Layout<'a>,
    maps: &'a [Map],
    /// For each table the rows of its files that are not taken yet.
    waiting: Vec<BTreeMap<u32, Columns>>,
    sums: Vec<Weighted>,
    fields: Vec<Vec<u8>>,
    /// A layer's values on the whole axis, NaN where there is none.
    values: Vec<f64>,
    scratch: Vec<f64>,
}

impl<'a> Maker<'a> {
    /// Makes blocks of a layout.
    pub fn new(layout: &'a Layout<'a>, maps: &'a [Map]) -> Self {
        let waiting = layout.tables.iter().map(|_| BTreeMap::new()).collect();
        let sums = vec![Weighted::default(); layout.region_slots()];
        Maker {
            layout,
            maps,
            waiting,
            sums,
            fields: vec![Vec::new(); maps.len()],
            values: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// Adds a cell of the block; cells come in order. Full row groups are given to `emit`.
    ///
    /// # Errors
    /// Those of `emit`.
    pub fn cell(&mut self, input: &CellInput<'_>, emit: &mut dyn FnMut(Batch) -> Result<()>) -> Result<()> {
        let layout = self.layout;
        for (index, table) in layout.tables.iter().enumerate() {
            match table.kind {
                TableKind::Daily | TableKind::Change => self.daily(index, input, emit)?,
                kind if kind.is_yearly() && !kind.is_grid() => {
                    for year in input.years {
                        let partition = layout.year_partition(input.cell, year.year);
                        let rows = self.columns(index, partition);
                        years::add(kind, rows, layout, input.cell, year);
                        self.emit_full(index, partition, emit)?;
                    }
                }
                _ => {}
            }
        }
        self.layers(input);
        self.periods(input);
        map::add_years(self.maps, &mut self.fields, input.years, self.layout.indices.as_ref());
        if self.layout.settings.is_per_cell() {
            self.flush(emit)?;
        }
        Ok(())
    }

    /// Ends the block: gives all rows that are left to `emit`.
    ///
    /// # Errors
    /// Those of `emit`.
    pub fn end(&mut self, emit: &mut dyn FnMut(Batch) -> Result<()>) -> Result<Remainder> {
        self.flush(emit)?;
        let mut regions = Vec::new();
        if self.sums.iter().any(|sum| sum.cells > 0) {
            regions = self.sums.iter().flat_map(Weighted::to_bytes).collect();
        }
        self.sums.fill(Weighted::default());
        let maps = self.fields.iter_mut().map(std::mem::take).collect();
        Ok(Remainder { regions, maps })
    }

    fn columns(&mut self, table: usize, partition: u32) -> &mut Columns {
        // There is an entry for each table.
        if self.waiting.len() <= table {
            self.waiting.resize_with(table + 1, BTreeMap::new);
        }
        let layout = self.layout;
        let new = || match layout.tables.get(table) {
            Some(table) => Columns::new(table, layout.usual_rows(table)),
            None => Columns::none(),
        };
        #[allow(clippy::indexing_slicing)]
        self.waiting[table].entry(partition).or_insert_with(new)
    }

    fn emit_full(
        &mut self,
        table: usize,
        partition: u32,
        emit: &mut dyn FnMut(Batch) -> Result<()>,
    ) -> Result<()> {
        let most = self.layout.tables.get(table).map_or(usize::MAX, |table| self.layout.group_rows(table));
        let columns = self.columns(table, partition);
        if columns.rows() < most {
            return Ok(());
        }
        let rows = columns.take().map_err(Error::table)?;
        emit(Batch { table, partition, rows })
    }

    fn flush(&mut self, emit: &mut dyn FnMut(Batch) -> Result<()>) -> Result<()> {
        for (table, waiting) in self.waiting.iter_mut().enumerate() {
            for (partition, mut columns) in std::mem::take(waiting) {
                if columns.rows() > 0 {
                    emit(Batch { table, partition, rows: columns.take().map_err(Error::table)? })?;
                }
            }
        }
        Ok(())
    }

    /// The cell's days, cut where a row group is full or another partition begins.
    fn daily(
        &mut self,
        index: usize,
        input: &CellInput<'_>,
        emit: &mut dyn FnMut(Batch) -> Result<()>,
    ) -> Result<()> {
        let layout = self.layout;
        let axis_days = i64::from(layout.plan.axis.days);
        let most = layout.tables.get(index).map_or(1, |table| layout.group_rows(table)) as i64;
        for series in input.days {
            let mut from = series.first.max(0);
            let end = (series.first + series.days as i64).min(axis_days);
            while from < end {
                let (partition, border) = layout.day_partition(input.cell, from);
                let columns = self.columns(index, partition);
                let until = end.min(border).min(from + most - columns.rows() as i64);
                days::add(columns, layout, input.cell, series, from, until);
                from = until;
                self.emit_full(index, partition, emit)?;
            }
        }
        Ok(())
    }

    /// All that is made of one layer after another: statistics, regions, maps.
    fn layers(&mut self, input: &CellInput<'_>) {
        let layout = self.layout;
        // A cell without any day has no statistics, as it has no rows of days.
        let stats = layout.tables.iter().position(|table| table.kind == TableKind::Stats);
        let stats = stats.filter(|_| !input.days.is_empty() && !layout.settings.by_period);
        let has_layers = self.maps.iter().any(Map::is_of_days);
        let has_regions = !self.sums.is_empty() && !layout.settings.by_period;
        if stats.is_none() && !has_regions && !has_layers {
            return;
        }
        let mut values = std::mem::take(&mut self.values);
        let mut scratch = std::mem::take(&mut self.scratch);
        for (index, layer) in layout.plan.layers.iter().enumerate() {
            spread(&mut values, layout.plan.axis.days as usize, input.days, index, layer.element);
            if let Some(table) = stats {
                let partition = layout.cell_partition(input.cell);
                days::add_stats(
                    self.columns(table, partition),
                    layout,
                    input.cell,
                    index,
                    (0, 0),
                    &values,
                    &mut scratch,
                );
            }
            map::reduce_layer(layout.plan, self.maps, &mut self.fields, index, &values);
            if has_regions {
                // The rows of percents are made of what the cells with a change were before.
                if let Some(Some(OfRegion::Percent { change, reference })) = layout.of_regions.get(index) {
                    spread_before_change(&mut values, layout, input, [*change, *reference], &mut scratch);
                }
                let means = || days::region_means(layout, index, &values);
                days::add_regions(&mut self.sums, layout, input.cell, index, &means);
            }
        }
        self.values = values;
        self.scratch = scratch;
    }
}

impl Maker<'_> {
    /// All that is made of each period by itself.
    fn periods(&mut self, input: &CellInput<'_>) {
        let layout = self.layout;
        let place = |kind: TableKind| layout.tables.iter().position(|table| table.kind == kind);
        let stats = place(TableKind::Stats).filter(|_| layout.settings.by_period);
        let (drift, drifting) = (place(TableKind::Drift), place(TableKind::Drifting));
        let has_drift = drift.is_some() || drifting.is_some();
        let has_regions = !self.sums.is_empty() && layout.settings.by_period;
        if input.days.is_empty() || (stats.is_none() && !has_drift && !has_regions) {
            return;
        }
        let partition = layout.cell_partition(input.cell);
        let mut by_number: Vec<&CellSeries> = input.days.iter().collect();
        by_number.sort_by_key(|series| series.period);
        let (mut values, mut scratch) = (std::mem::take(&mut self.values), std::mem::take(&mut self.scratch));
        let mut states = 0;
        for (index, layer) in layout.plan.layers.iter().enumerate() {
            let mut means = vec![f64::NAN; layout.drift.periods.len()];
            let mut of_regions = means.clone();
            let is_state = has_drift && layout.drift.is_state.get(index).copied().unwrap_or(false);
            for series in &by_number {
                let first =
                    own_days(&mut values, layout.plan.axis.days as usize, series, index, layer.element);
                if let Some(table) = stats {
                    let own = (series.period, first);
                    let columns = self.columns(table, partition);
                    days::add_stats(columns, layout, input.cell, index, own, &values, &mut scratch);
                }
                let place = layout.drift.periods.iter().position(|&period| period == series.period);
                if let Some(mean) = place.filter(|_| is_state).and_then(|place| means.get_mut(place)) {
                    *mean = reduce(&values, Stat::Mean);
                }
                if let Some(mean) = place.filter(|_| has_regions).and_then(|place| of_regions.get_mut(place))
                {
                    *mean = days::period_mean(layout, index, &values, first);
                }
            }
            if has_regions {
                days::add_regions(&mut self.sums, layout, input.cell, index, &|| of_regions.clone());
            }
            if !is_state {
                continue;
            }
            let mut none = Columns::none();
            let columns = drift.map_or(&mut none, |table| self.columns(table, partition));
            let is_equilibrium = days::add_drift(columns, layout, input.cell, index, &means);
            states += i32::from(is_equilibrium == Some(false));
        }
        if let Some(table) = drifting.filter(|_| states > 0) {
            days::add_drifting(self.columns(table, partition), layout, input.cell, states);
        }
        (self.values, self.scratch) = (values, scratch);
    }
}

/// A layer's values on the days of a series that are on the axis; returns the first of these.
fn own_days(
    values: &mut Vec<f64>,
    axis_days: usize,
    series: &CellSeries,
    layer: usize,
    element: Element,
) -> usize {
    let first = series.first.max(0);
    let end = (series.first + series.days as i64).min(axis_days as i64);
    values.clear();
    values.resize((end - first).max(0) as usize, f64::NAN);
    if let Some((_, bytes)) = series.part(layer, element, first, end) {
        element.widen(bytes, values);
    }
    first as usize
}

impl Layout<'_> {
    /// The partition of a day's row, and the day at which the next one begins.
    fn day_partition(&self, cell: usize, day: i64) -> (u32, i64) {
        if self.is_by_file_of_days() {
            return self.files_of_days.file(cell, day);
        }
        let next = self.day_partitions.partition_point(|&(first, _)| first <= day);
        let own = next.checked_sub(1).and_then(|own| self.day_partitions.get(own));
        match own {
            Some(&(_, key)) => (key, self.day_partitions.get(next).map_or(i64::MAX, |&(first, _)| first)),
            None => (self.cell_partition(cell), i64::MAX),
        }
    }
}

/// Writes the reference of a change to the days on which there is a change, NaN elsewhere.
fn spread_before_change(
    values: &mut Vec<f64>,
    layout: &Layout<'_>,
    input: &CellInput<'_>,
    [change, reference]: [usize; 2],
    scratch: &mut Vec<f64>,
) {
    for (target, layer) in [(&mut *scratch, change), (&mut *values, reference)] {
        let Some(planned) = layout.plan.layers.get(layer) else { continue };
        spread(target, layout.plan.axis.days as usize, input.days, layer, planned.element);
    }
    for (value, change) in values.iter_mut().zip(scratch) {
        *value = if change.is_nan() { f64::NAN } else { *value };
    }
}

/// Writes a layer's values to their days of the axis, NaN elsewhere and where they are masked.
fn spread(values: &mut Vec<f64>, axis_days: usize, days: &[CellSeries], layer: usize, element: Element) {
    values.clear();
    values.resize(axis_days, f64::NAN);
    for series in days {
        let Some((first, bytes)) = series.part(layer, element, 0, axis_days as i64) else { continue };
        let Some(target) = values.get_mut(first.max(0) as usize..) else { continue };
        element.widen(bytes, target);
    }
}
