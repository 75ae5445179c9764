//! Which steps and cells of a file options name.

use crate::aggregate::units::summed_over_steps;
use crate::error::{Argument, Error, Result};
use crate::figure::data::reduce::{MapStat, Reduction};
use crate::figure::spec::Spec;
use crate::grid::read::{Field, Interval, Raster};
use crate::model::calendar::Date;
use crate::model::time_step::TimeStep;

/// The steps that options name, and what is made of them.
pub(super) struct Wanted {
    pub reduction: Reduction,
    /// In words, for the line below the title.
    pub words: String,
    /// Units of the result.
    pub units: String,
    pub stat: MapStat,
    /// Whether values are differences or trends, whose 0 lies in the middle of the colours.
    pub is_signed: bool,
}

/// What a map shows of a file.
///
/// # Errors
/// [`Argument`](crate::ErrorKind::Argument) where the file has no such days.
pub(super) fn wanted(field: &Field, spec: &Spec) -> Result<Wanted> {
    let times = &field.times;
    let all = 0..times.steps.len();
    let none = |argument, value: &str| {
        let span = times.span(&all);
        let noun = if times.unit.step().is_within_a_day() { "time" } else { "day" };
        let reason = format!("no such {noun} in {}, which has {span}", field.file_name());
        Error::selection(argument, value, reason)
    };
    let stat = spec.stat.unwrap_or_default();
    let is_signed = match stat {
        MapStat::Trend => true,
        MapStat::Std => false,
        MapStat::Mean | MapStat::Sum => field.windows.as_ref().is_some_and(|windows| windows.is_signed),
    };
    if let Some(text) = &spec.date {
        let (date, seconds) = Spec::parse_moment(Argument::Date, text)?;
        let step = times.at(date, seconds).ok_or_else(|| none(Argument::Date, text))?;
        let (steps, stat) = (step..step + 1, MapStat::Mean);
        let words =
            field.windows.as_ref().map_or_else(|| times.span(&steps), |windows| windows.words.clone());
        let units = field.units.clone();
        return Ok(Wanted { reduction: Reduction::Map { steps, stat }, words, units, stat, is_signed });
    }
    let steps = between(field, spec)?;
    let units = match stat {
        MapStat::Sum if !field.meaning.is_sum() => match field.meaning.interval {
            Some(Interval::Day) => summed_over_steps(&field.units, TimeStep::DAY),
            Some(Interval::Within(step)) => summed_over_steps(&field.units, step),
            _ => field.units.clone(),
        },
        MapStat::Trend if field.units.is_empty() || field.units == "1" => "per year".to_owned(),
        MapStat::Trend => format!("{} per year", field.units),
        _ => field.units.clone(),
    };
    let words = match field.meaning.plural() {
        // Its one step has the days of one of the windows only.
        _ if let Some(windows) = &field.windows => windows.words.clone(),
        plural if plural.is_empty() => format!("{}, {}", stat.name(), times.span(&steps)),
        plural => format!("{} of {plural}, {}", stat.name(), times.span(&steps)),
    };
    Ok(Wanted { reduction: Reduction::Map { steps, stat }, words, units, stat, is_signed })
}

/// The steps from the first to the last day that is wanted.
pub(super) fn between(field: &Field, spec: &Spec) -> Result<std::ops::Range<usize>> {
    let (from, to) =
        (Spec::parse_date(Argument::From, &spec.from)?, Spec::parse_date(Argument::To, &spec.to)?);
    field.times.between(from, to).ok_or_else(|| {
        let words = |date: Option<_>| date.map_or("…".to_owned(), |date: Date| date.to_string());
        let span = field.times.span(&(0..field.times.steps.len()));
        let reason = format!("no day of {}, which has {span}", field.file_name());
        Error::selection(Argument::From, format!("{} to {}", words(from), words(to)), reason)
    })
}

/// Leaves only cells with centres in a box.
pub(super) fn within(place: &Raster, bbox: Option<[f64; 4]>, values: &mut [f64]) {
    let weights = place.weights(bbox);
    for (value, weight) in values.iter_mut().zip(weights) {
        if weight <= 0.0 {
            *value = f64::NAN;
        }
    }
}

/// Values of another file at the same cells; NaN where it has none.
pub(super) fn aligned(place: &Raster, other: &Raster, values: &[f64]) -> Vec<f64> {
    let find = |centres: &[f64], wanted: f64, turn: f64| {
        centres.iter().position(|&centre| {
            let apart = (centre - wanted).abs();
            apart < 1e-6 || (turn > 0.0 && (apart - turn).abs() < 1e-6)
        })
    };
    if place.projection != other.projection {
        return vec![f64::NAN; place.cells()];
    }
    let turn = if place.projection.is_some() { 0.0 } else { 360.0 };
    let columns: Vec<Option<usize>> = place.x.iter().map(|&lon| find(&other.x, lon, turn)).collect();
    let mut result = Vec::with_capacity(place.cells());
    for &lat in &place.y {
        let row = find(&other.y, lat, 0.0);
        for column in &columns {
            let at = row.zip(*column).map(|(row, column)| row * other.x.len() + column);
            result.push(at.and_then(|at| values.get(at)).copied().unwrap_or(f64::NAN));
        }
    }
    result
}
