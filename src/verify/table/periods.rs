//! The rows that tables of single periods should have, by the plain formulas of the tables' documentation.

use std::collections::BTreeMap;

use crate::aggregate::reduce::Stat;
use crate::model::calendar::Calendar;
use crate::model::variables::CellMethod;
use crate::plan::PlannedCell;
use crate::plan::tables::TableKind;
use crate::table::read::{Heading, Rows};

use super::super::cell::CellData;
use super::super::statistics::{self, Right};
use super::Made;
use super::daily::{begin, layer_stats, right};

/// The rows of `stats` of a cell, of each period by itself.
pub(super) fn stats(made: &Made<'_>, planned: PlannedCell, data: &CellData, rows: &mut Rows) {
    let days = made.plan.axis.days as usize;
    for (index, layer) in made.plan.layers.iter().enumerate() {
        for (period, first, values) in data.by_period(index, layer.element, days) {
            layer_stats(made, planned, (index, Some(period), first), &values, rows);
        }
    }
}

/// The rows of `drift`, or of `drifting`, of a cell.
pub(super) fn drift(heading: &Heading, made: &Made<'_>, planned: PlannedCell, data: &CellData) -> Rows {
    let plan = made.plan;
    let mut rows = heading.rows();
    if data.dumps.is_empty() {
        return rows;
    }
    // Days of each period, by its number.
    let lengths: BTreeMap<u32, i64> =
        plan.periods.iter().map(|span| (span.period, span.last_day - span.first_day + 1)).collect();
    let (variables, units) = (made.texts("drift", "variable"), made.texts("drift", "units"));
    let mut states = 0;
    for (index, layer) in plan.layers.iter().enumerate() {
        let info = plan.settings.table.get(&layer.key);
        if info.is_none_or(|info| info.cell_method != CellMethod::Point) {
            continue;
        }
        let found = data.by_period(index, layer.element, plan.axis.days as usize);
        let mean = |period: u32| {
            let own = found.iter().find(|(own, ..)| *own == period);
            own.map_or(Right::MISSING, |(.., values)| statistics::reduce(values, Stat::Mean))
        };
        let means: Vec<(u32, i64, Right)> =
            lengths.iter().map(|(&period, &length)| (period, length, mean(period))).collect();
        let changes: Vec<(u32, f64)> = means
            .iter()
            .zip(means.iter().skip(1))
            .map(|((_, days, before), (period, own_days, after))| {
                let years = (*days as f64 + *own_days as f64) / 2.0 / year(plan.axis.unit.calendar());
                (*period, change(before.best, after.best, years))
            })
            .collect();
        let is_known = means.len() > 1 && means.iter().rev().take(2).all(|(.., mean)| !mean.best.is_nan());
        let last = changes.last().map_or(f64::NAN, |(_, change)| *change);
        let is_equilibrium = is_known.then(|| last.abs() <= made.tables.equilibrium);
        states += i64::from(is_equilibrium == Some(false));
        if heading.kind == TableKind::Drifting {
            continue;
        }
        begin(&mut rows, plan, planned);
        rows.put("variable", Some(variables.number(&made.layer_name(index))));
        for (period, _, mean) in &means {
            right(&mut rows, &format!("mean_{period}"), *mean);
        }
        for (period, change) in &changes {
            // A mean of which two doubles are right moves it by as much.
            let near = 1e-9 * change.abs().max(1e-6);
            rows.between(&format!("change_{period}"), *change, (change - near, change + near));
        }
        rows.put("equilibrium", is_equilibrium.map(u64::from));
        let text = made.units(index);
        rows.put("units", (!text.is_empty()).then(|| units.number(&text)));
    }
    if heading.kind == TableKind::Drifting && states > 0 {
        let cell = planned.cell;
        begin(&mut rows, plan, planned);
        let mut cells: Vec<_> = plan.cells.iter().map(|planned| planned.cell).collect();
        cells.sort_unstable();
        rows.whole("station_id", cells.iter().position(|other| *other == cell).unwrap_or_default() as i64);
        let [latitude, longitude] = plan.window.grid.centre(cell);
        rows.double("lat", latitude);
        rows.double("lon", longitude);
        let named = made.tables.stations.get(&cell).cloned();
        let name = named.unwrap_or_else(|| format!("station_{}-{}", cell.row, cell.column));
        rows.put("station_name", Some(made.texts("drifting", "station_name").number(&name)));
        rows.whole("global_y", cell.row);
        rows.whole("global_x", cell.column);
        rows.whole("states", states);
    }
    rows
}

fn change(before: f64, after: f64, years: f64) -> f64 {
    if before == after {
        0.0
    } else if before == 0.0 {
        f64::NAN
    } else {
        (after - before) / before.abs() / years * 100.0
    }
}

/// Days of a calendar's year, on the average.
fn year(calendar: Calendar) -> f64 {
    match calendar {
        Calendar::Day360 => 360.0,
        Calendar::NoLeap => 365.0,
        Calendar::AllLeap => 366.0,
        Calendar::Julian => 365.25,
        _ => 365.2425,
    }
}
