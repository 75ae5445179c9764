//! Rows of daily series, their statistics, and sums over regions.

use crate::aggregate::interval::{Interval, Step};
use crate::aggregate::reduce::{Stat, reduce, reduce_all, weighted_means};
use crate::aggregate::region::Weighted;
use crate::aggregate::stats::Stats;
use crate::model::element::Element;
use crate::place::CellSeries;

use super::columns::Columns;
use super::drift::Changes;
use super::layout::Layout;
use super::schema::{self, DayColumn, DaySource};
use super::upstream;

/// Adds the columns that say which cell a row is of.
pub(super) fn add_cell(columns: &mut Columns, layout: &Layout<'_>, index: usize, count: usize) {
    let Some(cell) = layout.cells.get(index) else { return };
    let own = cell.planned.cell;
    columns.repeat("grid_y", (own.row as i32).to_le_bytes(), count);
    columns.repeat("grid_x", (own.column as i32).to_le_bytes(), count);
    columns.repeat("latitude", cell.latitude.to_le_bytes(), count);
    columns.repeat("longitude", cell.longitude.to_le_bytes(), count);
    if !layout.settings.stations.is_empty() {
        columns.repeat_text("station", index, count);
    }
}

/// Adds some days of a cell's series to `daily`.
pub(super) fn add(
    columns: &mut Columns,
    layout: &Layout<'_>,
    cell: usize,
    series: &CellSeries,
    from: i64,
    until: i64,
) {
    let count = (until - from).max(0) as usize;
    add_cell(columns, layout, cell, count);
    columns.repeat("period", (series.period as i32).to_le_bytes(), count);
    let steps = from.max(0) as usize..until.max(0) as usize;
    if schema::has_timestamps(&layout.plan.axis) && !upstream::has_day_texts(layout.settings) {
        columns.values(layout.plan.axis.step_column(), layout.timestamps(from, until));
    } else {
        columns.texts(layout.plan.axis.step_column(), steps.clone());
    }
    if upstream::has_year_and_month(layout.settings) {
        columns.texts("year", steps.clone());
        columns.texts("month", steps);
    }
    for DayColumn { name, source } in &layout.day_columns {
        match source {
            DaySource::Layer(layer) => {
                let Some(planned) = layout.plan.layers.get(*layer) else { continue };
                match series.part(*layer, planned.element, from, until) {
                    Some((_, values)) => columns.extend(name, values, planned.element),
                    None => columns.nulls(name, count),
                }
            }
            DaySource::Sum(layers) => {
                let Some(planned) = layout.plan.layers.get(layers.start) else { continue };
                let parts = layers.clone().map(|layer| series.part(layer, planned.element, from, until));
                let parts: Option<Vec<&[u8]>> = parts.map(|part| part.map(|(_, values)| values)).collect();
                match parts {
                    Some(parts) => columns.extend(name, &sum(&parts, planned.element), planned.element),
                    None => columns.nulls(name, count),
                }
            }
        }
    }
}

/// The sum of rows, added up in double precision and rounded once to their own type; the fill value where one is masked.
fn sum(rows: &[&[u8]], element: Element) -> Vec<u8> {
    let count = rows.first().map_or(0, |row| row.len() / element.size());
    let mut total = vec![0.0; count];
    let mut values = vec![0.0; count];
    for row in rows {
        element.widen(row, &mut values);
        total.iter_mut().zip(&values).for_each(|(total, value)| *total += value);
    }
    narrow(&total, element)
}

/// Values of double precision as floats of a type, NaN as its fill value. Whole numbers are widened to double precision
/// by whoever makes fractions of them.
pub(super) fn narrow(values: &[f64], element: Element) -> Vec<u8> {
    match element {
        Element::Float32 => {
            let narrow = |&value: &f64| if value.is_nan() { 1e20f32 } else { value as f32 };
            values.iter().flat_map(|value| narrow(value).to_le_bytes()).collect()
        }
        _ => {
            let keep = |&value: &f64| if value.is_nan() { 1e20f64 } else { value };
            values.iter().flat_map(|value| keep(value).to_le_bytes()).collect()
        }
    }
}

/// Adds the rows of `stats` of a cell's layer: of a period where that is given, whose first value belongs to a day of the axis.
pub(super) fn add_stats(
    columns: &mut Columns,
    layout: &Layout<'_>,
    cell: usize,
    layer: usize,
    (period, first): (u32, usize),
    values: &[f64],
    scratch: &mut Vec<f64>,
) {
    let mut add = |month: i32, values: &[f64], days: usize| {
        let stats = Stats::of(values, 0, &layout.settings.quantiles, scratch);
        add_cell(columns, layout, cell, 1);
        columns.text("variable", layer);
        columns.push("period", (period as i32).to_le_bytes());
        columns.push("month", month.to_le_bytes());
        columns.push("count", (stats.count as i64).to_le_bytes());
        columns.push("missing", (days as i64 - stats.count as i64).to_le_bytes());
        columns.number("mean", Some(stats.mean));
        columns.number("std", Some(stats.std));
        columns.number("minimum", Some(stats.minimum));
        columns.number("maximum", Some(stats.maximum));
        for ((name, _), quantile) in layout.quantiles.iter().zip(stats.quantiles) {
            columns.number(name, Some(quantile));
        }
        columns.number("trend", Some(stats.trend.slope));
        columns.text("units", layer);
    };
    add(0, values, values.len());
    // Days keep their place, since a trend is over them.
    let mut chosen = vec![f64::NAN; if layout.days_of_months.is_empty() { 0 } else { values.len() }];
    for (month, days) in (1..).zip(&layout.days_of_months) {
        chosen.fill(f64::NAN);
        let mut count = 0;
        for day in days.iter().filter_map(|&day| (day as usize).checked_sub(first)) {
            if let (Some(chosen), Some(value)) = (chosen.get_mut(day), values.get(day)) {
                *chosen = *value;
                count += 1;
            }
        }
        add(month, &chosen, count);
    }
}

/// Adds the row of `drift` of a cell's layer, whose means over the periods by number are these; tells whether it is in equilibrium.
pub(super) fn add_drift(
    columns: &mut Columns,
    layout: &Layout<'_>,
    cell: usize,
    layer: usize,
    means: &[f64],
) -> Option<bool> {
    let periods = &layout.drift.periods;
    let Changes { changes, is_equilibrium } = layout.drift.of(means, layout.settings.equilibrium);
    add_cell(columns, layout, cell, 1);
    columns.text("variable", layer);
    for (period, mean) in periods.iter().zip(means) {
        columns.number(&format!("mean_{period}"), Some(*mean));
    }
    for (period, change) in periods.iter().skip(1).zip(&changes) {
        columns.number(&format!("change_{period}"), Some(*change));
    }
    match is_equilibrium {
        Some(is_equilibrium) => columns.push("equilibrium", [u8::from(is_equilibrium)]),
        None => columns.nulls("equilibrium", 1),
    }
    columns.text("units", layer);
    is_equilibrium
}

/// Adds the row of `drifting` of a cell of which so many states are not in equilibrium.
pub(super) fn add_drifting(columns: &mut Columns, layout: &Layout<'_>, cell: usize, states: i32) {
    let Some(known) = layout.cells.get(cell) else { return };
    let own = known.planned.cell;
    add_cell(columns, layout, cell, 1);
    columns.push("station_id", (cell as i32).to_le_bytes());
    columns.push("lat", known.latitude.to_le_bytes());
    columns.push("lon", known.longitude.to_le_bytes());
    columns.text("station_name", cell);
    columns.push("global_y", (own.row as i32).to_le_bytes());
    columns.push("global_x", (own.column as i32).to_le_bytes());
    columns.push("states", states.to_le_bytes());
}

/// The values of an interval, of those of the whole axis.
fn values_of<'a>(interval: &Interval, values: &'a [f64]) -> &'a [f64] {
    values.get(interval.range()).unwrap_or_default()
}

/// One number for each interval. Means of steps whose lengths are given are weighted by these.
pub(super) fn reduce_intervals(
    intervals: &[Interval],
    values: &[f64],
    stat: Stat,
    lengths: Option<&[f64]>,
) -> Vec<f64> {
    match (stat, lengths) {
        (Stat::Mean, Some(lengths)) => {
            let of = |interval: &Interval| (values_of(interval, values), values_of(interval, lengths));
            weighted_means(intervals.iter().map(of))
        }
        _ => reduce_all(intervals.iter().map(|interval| values_of(interval, values)), stat),
    }
}

/// The means of a cell's layer over the intervals of regions, of values on the whole axis.
pub(super) fn region_means(layout: &Layout<'_>, layer: usize, values: &[f64]) -> Vec<f64> {
    match layout.settings.every {
        Step::Day if !layout.plan.axis.unit.step().is_within_a_day() => values.to_vec(),
        _ => {
            let lengths = layout.lengths.as_deref().filter(|_| schema::is_mean(layout.plan, layer));
            reduce_intervals(&layout.region_intervals, values, Stat::Mean, lengths)
        }
    }
}

/// The mean of a cell's layer over its days of a period, of which the first is that day of the axis.
pub(super) fn period_mean(layout: &Layout<'_>, layer: usize, values: &[f64], first: usize) -> f64 {
    let lengths = layout.lengths.as_deref().filter(|_| schema::is_mean(layout.plan, layer));
    let own = lengths.and_then(|lengths| lengths.get(first..first + values.len()));
    let mean = |lengths| weighted_means(std::iter::once((values, lengths))).first().copied();
    own.map_or_else(|| reduce(values, Stat::Mean), |lengths| mean(lengths).unwrap_or(f64::NAN))
}

/// Adds the means of a cell's layer over all intervals to the sums of its regions.
pub(super) fn add_regions(
    sums: &mut [Weighted],
    layout: &Layout<'_>,
    cell: usize,
    layer: usize,
    means: &dyn Fn() -> Vec<f64>,
) {
    let count = layout.region_intervals.len();
    if count == 0 {
        return;
    }
    let area = layout.cells.get(cell).map_or(0.0, |cell| cell.area);
    let mut made: Option<Vec<f64>> = None;
    for (region, (_, cells)) in layout.regions.iter().enumerate() {
        if !cells.get(cell).copied().unwrap_or(false) {
            continue;
        }
        let first = (region * layout.plan.layers.len() + layer) * count;
        if let Some(sums) = sums.get_mut(first..first + count) {
            crate::aggregate::region::add_series(sums, made.get_or_insert_with(means), area);
        }
    }
}

impl Layout<'_> {
    /// The begins of steps of the axis as milliseconds since 1970.
    fn timestamps(&self, from: i64, until: i64) -> impl Iterator<Item = [u8; 8]> {
        let times = self.timestamps.get(from.max(0) as usize..until.max(0) as usize).unwrap_or_default();
        times.iter().map(|time| time.to_le_bytes())
    }
}
