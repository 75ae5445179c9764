//! The rows that tables of days should have: the series themselves, and the statistics of each.

use crate::model::element::Element;
use crate::plan::{Plan, PlannedCell};

use super::super::cell::{CellData, bits, number};
use super::super::statistics::{self, Right};
use super::rows::{Bits, Form, Rows};
use super::{Made, date};
use crate::aggregate::reduce::Stat;

/// The columns that say which cell it is.
pub(super) fn cell(rows: &mut Rows, plan: &Plan, planned: PlannedCell) {
    let cell = planned.cell;
    let size = plan.window.grid.resolution();
    rows.whole(cell.row);
    rows.whole(cell.column);
    // Centres by the model's grid; grids' coordinates are proven by their edges.
    rows.double(plan.window.grid.latitude(cell.row));
    let longitude = plan.window.grid.longitude(i64::from(cell.column));
    debug_assert!((longitude - (f64::from(cell.column) + 0.5) * size + 180.0).abs() < 1e-9);
    rows.double(longitude);
}

/// A column of `daily` behind those of the cell and the day.
enum Source {
    Layer(usize),
    /// The sum of all rows of a variable.
    Sum(std::ops::Range<usize>),
}

/// A column a layer; where all rows of a variable of floats are there, their sum follows them.
fn sources(plan: &Plan) -> Vec<Source> {
    let (mut sources, mut first) = (Vec::new(), 0);
    for (index, layer) in plan.layers.iter().enumerate() {
        sources.push(Source::Layer(index));
        if plan.layers.get(index + 1).is_some_and(|next| next.key == layer.key) {
            continue;
        }
        if layer.rows == Some(index + 1 - first)
            && matches!(layer.element, Element::Float32 | Element::Float64)
        {
            sources.push(Source::Sum(first..index + 1));
        }
        first = index + 1;
    }
    sources
}

/// The rows of `daily` of a cell: the days of its dumps that are on the axis.
pub(super) fn rows(form: &Form, plan: &Plan, planned: PlannedCell, data: &CellData) -> Rows {
    let mut rows = Rows::new(form.columns.len());
    let sources = sources(plan);
    let (is_date, texts) =
        form.columns.get(4).map_or((true, None), |column| (column.bits == Bits::Date, column.texts.clone()));
    for dump in &data.dumps {
        for index in 0..dump.days {
            let day = dump.first + index as i64;
            if day < 0 || day >= i64::from(plan.axis.days) {
                continue;
            }
            let Some(today) = plan.axis.date(day) else { continue };
            cell(&mut rows, plan, planned);
            match (is_date, &texts) {
                (true, _) => rows.whole(date::milliseconds(today)),
                (false, Some(texts)) => rows.push(Some(texts.number(&today.to_string()))),
                (false, None) => rows.push(None),
            }
            let value = |layer: usize| {
                let element = plan.layers.get(layer)?.element;
                let size = element.size();
                let bytes = dump.layers.get(layer)?.as_ref()?.get(index * size..(index + 1) * size)?;
                Some((element, bytes))
            };
            for source in &sources {
                match source {
                    Source::Layer(layer) => {
                        rows.push(value(*layer).and_then(|(element, bytes)| bits(element, bytes)));
                    }
                    Source::Sum(layers) => {
                        let parts: Option<Vec<f64>> = layers
                            .clone()
                            .map(|layer| value(layer).and_then(|(element, bytes)| number(element, bytes)))
                            .collect();
                        // One after the other in double precision, rounded once.
                        let sum = parts.map(|parts| parts.iter().fold(0.0, |sum, part| sum + part));
                        let element = plan.layers.get(layers.start).map(|layer| layer.element);
                        rows.push(sum.filter(|sum| !sum.is_nan()).and_then(|sum| match element {
                            Some(Element::Float32) => bits(Element::Float32, &(sum as f32).to_le_bytes()),
                            _ => bits(Element::Float64, &sum.to_le_bytes()),
                        }));
                    }
                }
            }
        }
    }
    rows
}

/// The rows of `stats` of a cell.
pub(super) fn stats(made: &Made<'_>, planned: PlannedCell, days: &[Vec<f64>], rows: &mut Rows) {
    let (plan, tables) = (made.plan, made.tables);
    let variables = made.texts("stats", "variable");
    let units = made.texts("stats", "units");
    for (layer, values) in days.iter().enumerate() {
        let mut add = |month: u8, chosen: &[f64], count: usize| {
            let mut sorted: Vec<f64> = chosen.iter().copied().filter(|value| !value.is_nan()).collect();
            sorted.sort_by(f64::total_cmp);
            cell(rows, plan, planned);
            rows.push(Some(variables.number(&made.layer_name(layer))));
            rows.whole(month);
            rows.whole(sorted.len() as i64);
            rows.whole(count as i64 - sorted.len() as i64);
            rows.right(statistics::reduce(chosen, Stat::Mean));
            rows.right(statistics::sample_std(chosen));
            rows.right(sorted.first().map_or(Right::MISSING, |&value| Right::only(value)));
            rows.right(sorted.last().map_or(Right::MISSING, |&value| Right::only(value)));
            for &share in &tables.quantiles {
                rows.right(statistics::quantile(&sorted, share));
            }
            rows.right(statistics::slope(chosen));
            let text = made.units(layer);
            rows.push((!text.is_empty()).then(|| units.number(&text)));
        };
        add(0, values, values.len());
        if !tables.by_month {
            continue;
        }
        for month in 1..=12 {
            let is_of = |day: usize| plan.axis.date(day as i64).is_some_and(|date| date.month == month);
            let chosen: Vec<f64> = values
                .iter()
                .enumerate()
                .map(|(day, &value)| if is_of(day) { value } else { f64::NAN })
                .collect();
            add(month, &chosen, (0..values.len()).filter(|&day| is_of(day)).count());
        }
    }
}
