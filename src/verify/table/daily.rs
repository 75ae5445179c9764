//! The rows that tables of days should have: the series themselves, and the statistics of each.

use crate::model::element::Element;
use crate::plan::{Plan, PlannedCell};

use super::super::cell::CellData;
use super::super::statistics::{self, Right};
use super::super::value::{bits, number};
use super::Made;
use crate::aggregate::reduce::Stat;
use crate::table::read::{Bits, Column, Heading, Rows, date};

/// Begins a row with the columns that say which cell it is of.
pub(super) fn begin(rows: &mut Rows, plan: &Plan, planned: PlannedCell) {
    let cell = planned.cell;
    rows.begin();
    rows.whole("grid_y", cell.row);
    rows.whole("grid_x", cell.column);
    // Centres by the model's grid; grids' coordinates are proven by their edges.
    let [latitude, longitude] = plan.window.grid.centre(cell);
    rows.double("latitude", latitude);
    rows.double("longitude", longitude);
    let stations = plan.settings.tables.as_ref().map(|tables| &tables.stations);
    if let Some(stations) = stations.filter(|stations| !stations.is_empty()) {
        rows.text("station", stations.get(&cell).map(String::as_str));
    }
}

/// Puts a double of which more than one may be right.
pub(super) fn right(rows: &mut Rows, name: &str, right: Right) {
    match right.low != right.high || right.best == 0.0 {
        true => rows.between(name, right.best, (right.low, right.high)),
        false => rows.double(name, right.best),
    }
}

/// A column of `daily` behind those of the cell and the day.
enum ColumnOf {
    Layer(usize),
    /// The sum of all rows of a variable.
    Sum(std::ops::Range<usize>),
}

/// A column a layer; where all rows of a variable of floats are there, their sum follows them.
fn sources(made: &Made<'_>) -> Vec<(String, ColumnOf)> {
    let plan = made.plan;
    let (mut sources, mut first) = (Vec::new(), 0);
    for (index, layer) in plan.layers.iter().enumerate() {
        sources.push((made.layer_name(index), ColumnOf::Layer(index)));
        if plan.layers.get(index + 1).is_some_and(|next| next.key == layer.key) {
            continue;
        }
        let is_layer = plan.layers.iter().any(|one| one.row_name == format!("{}_sum", layer.name));
        if layer.rows == Some(index + 1 - first)
            && !is_layer
            && matches!(layer.element, Element::Float32 | Element::Float64)
        {
            sources.push((format!("{}_sum", layer.name), ColumnOf::Sum(first..index + 1)));
        }
        first = index + 1;
    }
    sources
}

/// The rows of `daily` of a cell: the days of its dumps that are on the axis.
pub(super) fn rows(heading: &Heading, made: &Made<'_>, planned: PlannedCell, data: &CellData) -> Rows {
    let plan = made.plan;
    let mut rows = heading.rows();
    let sources = sources(made);
    let name = plan.axis.step_column();
    let of_text = |column: &&Column| !matches!(column.bits, Bits::Date | Bits::Moment);
    let texts = heading.column(name).filter(of_text).map(|column| column.texts.clone());
    let is_within = plan.axis.unit.step().is_within_a_day();
    for dump in &data.dumps {
        for index in 0..dump.days {
            let day = dump.first + index as i64;
            if day < 0 || day >= i64::from(plan.axis.days) {
                continue;
            }
            let Some(today) = plan.axis.date(day) else { continue };
            begin(&mut rows, plan, planned);
            if made.tables.by_period {
                rows.whole("period", dump.period);
            }
            let within = match plan.axis.unit.day_and_milliseconds(plan.axis.first_day + day) {
                Some((_, within)) if is_within => within,
                _ => 0,
            };
            let label = || match is_within {
                true => plan.axis.label(day).unwrap_or_default(),
                false => today.to_string(),
            };
            let begin = match &texts {
                None => Some((date::milliseconds(today) + within) as u64),
                Some(texts) => texts.as_ref().map(|texts| texts.number(&label())),
            };
            rows.put(name, begin);
            for (name, range) in [("year", 0..4), ("month", 5..7)] {
                if let Some(texts) = heading.column(name).and_then(|column| column.texts.as_ref()) {
                    rows.put(name, label().get(range).map(|text| texts.number(text)));
                }
            }
            let value = |layer: usize| {
                let element = plan.layers.get(layer)?.element;
                let size = element.size();
                let bytes = dump.layers.get(layer)?.as_ref()?.get(index * size..(index + 1) * size)?;
                Some((element, bytes))
            };
            for (name, source) in &sources {
                match source {
                    ColumnOf::Layer(layer) => {
                        rows.put(name, value(*layer).and_then(|(element, bytes)| bits(element, bytes)));
                    }
                    ColumnOf::Sum(layers) => {
                        let parts: Option<Vec<f64>> = layers
                            .clone()
                            .map(|layer| value(layer).and_then(|(element, bytes)| number(element, bytes)))
                            .collect();
                        // One after the other in double precision, rounded once.
                        let sum = parts.map(|parts| parts.iter().fold(0.0, |sum, part| sum + part));
                        let element = plan.layers.get(layers.start).map(|layer| layer.element);
                        rows.put(
                            name,
                            sum.filter(|sum| !sum.is_nan()).and_then(|sum| match element {
                                Some(Element::Float32) => bits(Element::Float32, &(sum as f32).to_le_bytes()),
                                _ => bits(Element::Float64, &sum.to_le_bytes()),
                            }),
                        );
                    }
                }
            }
        }
    }
    rows
}

/// The rows of `stats` of a cell.
pub(super) fn stats(made: &Made<'_>, planned: PlannedCell, days: &[Vec<f64>], rows: &mut Rows) {
    for (layer, values) in days.iter().enumerate() {
        layer_stats(made, planned, (layer, None, 0), values, rows);
    }
}

/// The rows of `stats` of a layer, or of a period of it: the period, and the day of the axis that its first value belongs to.
pub(super) fn layer_stats(
    made: &Made<'_>,
    planned: PlannedCell,
    (layer, period, first): (usize, Option<u32>, usize),
    values: &[f64],
    rows: &mut Rows,
) {
    let (plan, tables) = (made.plan, made.tables);
    let variables = made.texts("stats", "variable");
    let units = made.texts("stats", "units");
    {
        let mut add = |month: u8, chosen: &[f64], count: usize| {
            let mut sorted: Vec<f64> = chosen.iter().copied().filter(|value| !value.is_nan()).collect();
            sorted.sort_by(f64::total_cmp);
            begin(rows, plan, planned);
            rows.put("variable", Some(variables.number(&made.layer_name(layer))));
            if let Some(period) = period {
                rows.whole("period", period);
            }
            rows.whole("month", month);
            rows.whole("count", sorted.len() as i64);
            rows.whole("missing", count as i64 - sorted.len() as i64);
            right(rows, "mean", statistics::reduce(chosen, Stat::Mean));
            right(rows, "std", statistics::sample_std(chosen));
            let only = |value: Option<&f64>| value.map_or(Right::MISSING, |&value| Right::only(value));
            right(rows, "minimum", only(sorted.first()));
            right(rows, "maximum", only(sorted.last()));
            for (name, share) in &made.layout.quantiles {
                right(rows, name, statistics::quantile(&sorted, *share));
            }
            right(rows, "trend", statistics::slope(chosen));
            let text = made.units(layer);
            rows.put("units", (!text.is_empty()).then(|| units.number(&text)));
        };
        add(0, values, values.len());
        if !tables.by_month {
            return;
        }
        for month in 1..=12 {
            let date = |day: usize| plan.axis.date((first + day) as i64);
            let is_of = |day: usize| date(day).is_some_and(|date| date.month == month);
            let chosen: Vec<f64> = values
                .iter()
                .enumerate()
                .map(|(day, &value)| if is_of(day) { value } else { f64::NAN })
                .collect();
            add(month, &chosen, (0..values.len()).filter(|&day| is_of(day)).count());
        }
    }
}
