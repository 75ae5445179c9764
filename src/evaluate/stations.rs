//! A model's map against stations.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{Argument, Error, Result};
use crate::grid::read::{Field, FieldReader};
use crate::model::calendar::Calendar;
use crate::observer::{Counted, Observer};

use super::maps::part;
use super::period::{Period, Steps, grouped, whole};
use super::points::{Points, Station};
use super::{Evaluated, Evaluation, Pair, Place, Sums, month_of};

/// The earth's mean radius in km.
const RADIUS: f64 = 6_371.0;

/// Compares.
pub(super) fn run(
    evaluation: &Evaluation,
    model: &Field,
    points: &Points,
    observer: &dyn Observer,
) -> Result<Evaluated> {
    if model.meaning.is_sum() {
        let reason = "has sums over time, which stations are not compared with: make means";
        return Err(Error::selection(Argument::File, model.path.display(), reason));
    }
    let (base, every) = evaluation.intervals(model, Some(points.interval))?;
    let (conversion, units) = evaluation.conversion(model, None)?;
    let calendar = model.times.unit.calendar();
    let steps = whole(&model.times, model.meaning.interval.unwrap_or(base), base);
    let cut = evaluation.cut(model, &steps, base);
    let steps: Vec<Steps> =
        steps.into_iter().filter(|steps| evaluation.takes(steps.period.first(base))).collect();
    let there: BTreeSet<Period> = steps.iter().map(|steps| steps.period).collect();
    // A day may be one of the world's calendar or of the model's.
    let is_date = |period: &Period| {
        [calendar, Calendar::Standard].iter().any(|&one| period.days(points.interval, one).is_some())
    };
    let (mut undated, mut outside, mut thin, mut masked) = (0, 0, 0, 0);
    let centres = model.place.centres();
    let mut reader = model.reader();
    let (mut all, mut scored, mut pairs, mut left_out) =
        (Sums::default(), Vec::new(), Vec::new(), Vec::new());
    let mut ends: Option<(Period, Period)> = None;
    observer.started(Counted::Units, points.stations.len() as u64, 0);
    for station in &points.stations {
        if observer.is_stopped() {
            return Err(Error::stopped(scored.len() as u64, points.stations.len() as u64));
        }
        observer.advanced(Counted::Units, 1);
        // Values of shorter times than are compared are put together first.
        let mut observed: BTreeMap<Period, Vec<f64>> = BTreeMap::new();
        let mut lines: BTreeMap<Period, u64> = BTreeMap::new();
        for (period, &(sum, count)) in &station.values {
            if !is_date(period) {
                undated += u64::from(count);
                continue;
            }
            let of = Period::of(period.first(points.interval), base);
            observed.entry(of).or_default().push(conversion.of(sum / f64::from(count)));
            *lines.entry(of).or_default() += u64::from(count);
        }
        let enough = |period: &Period, values: &Vec<f64>| {
            let own = period.days(base, calendar).zip(first_days(*period, base, points, calendar));
            own.is_some_and(|(days, each)| values.len() as f64 * each >= evaluation.coverage * days)
        };
        let wanted: Vec<(&Steps, f64)> = steps
            .iter()
            .filter_map(|steps| {
                let values = observed.get(&steps.period).filter(|values| enough(&steps.period, values))?;
                let mean = match values.as_slice() {
                    [only] => *only,
                    several => several.iter().sum::<f64>() / several.len() as f64,
                };
                Some((steps, mean))
            })
            .collect();
        let mut leave = |why: String| left_out.push(format!("station {}: {why}", station.name));
        if wanted.is_empty() {
            leave(match station.values.is_empty() {
                true => "it has no value".to_owned(),
                false => format!("none of its times is a {} period of {}", base.word(), model.file_name()),
            });
            continue;
        }
        for (period, lines) in lines.iter().filter(|(period, _)| evaluation.takes(period.first(base))) {
            if !there.contains(period) {
                outside += lines;
            } else if observed.get(period).is_none_or(|values| !enough(period, values)) {
                thin += lines;
            }
        }
        let (place, values) = match nearest(model, &mut reader, &centres, station, &wanted)? {
            Ok(found) => found,
            Err(why) => {
                leave(why);
                continue;
            }
        };
        let of_masked = values.iter().zip(&wanted).filter(|(value, _)| value.is_nan());
        masked += of_masked.filter_map(|(_, (steps, _))| lines.get(&steps.period)).sum::<u64>();
        let keys: Vec<Period> = wanted.iter().map(|(steps, _)| steps.period).collect();
        let pair = |index: usize| {
            let model = values.get(index).copied().filter(|value| !value.is_nan())?;
            Some((model, wanted.get(index)?.1))
        };
        let mut own = Sums::default();
        for group in grouped(&keys, base, every, calendar) {
            let Some(values) = group.means(pair, evaluation.coverage) else { continue };
            let month = month_of(group.period, every);
            own.add(month, group.days, values);
            let (period, station) = (group.period.label(every), station.name.clone());
            pairs.push(Pair { station, period, model: values.0, observed: values.1 });
            let (first, last) = ends.get_or_insert((group.period, group.period));
            (*first, *last) = ((*first).min(group.period), (*last).max(group.period));
        }
        if own.all.means().is_none() {
            leave(format!("too little of each {} period has both values", every.word()));
        }
        all.join(&own);
        scored.push(own.scored(&station.name, Some(place)));
    }
    let mut remarks = Vec::new();
    if !conversion.is_none() {
        remarks.push(format!("observations are converted from {units}"));
    }
    remarks.extend(evaluation.taken_for(model, None));
    if points.missing > 0 {
        remarks.push(format!("{} lines have no value", points.missing));
    }
    let (file, word) = (model.file_name(), base.word());
    for (lines, why) in [
        (undated, "their dates are days that no calendar has".to_owned()),
        (outside, format!("{file} has no whole {word} period at their dates")),
        (thin, format!("they are too few of their {word} period")),
        (masked, format!("{file} has no value there at their dates")),
    ] {
        if lines > 0 {
            let noun = if lines == 1 { "line" } else { "lines" };
            remarks.push(format!("{lines} {noun} not compared: {why}"));
        }
    }
    remarks.extend(cut);
    scored.insert(0, all.scored("all", None));
    Ok(Evaluated {
        variable: model.name.clone(),
        units: model.units.clone(),
        every: every.word(),
        periods: ends.map(|(first, last)| (first.label(every), last.label(every))),
        scored,
        pairs,
        remarks,
        left_out,
    })
}

/// The days of each of a station's own times within a period.
fn first_days(
    period: Period,
    base: crate::grid::read::Interval,
    points: &Points,
    calendar: Calendar,
) -> Option<f64> {
    Period::of(period.first(base), points.interval).days(points.interval, calendar)
}

/// The nearest of the cells around a station that has values at the wanted times, and these; why there is none, otherwise.
fn nearest(
    model: &Field,
    reader: &mut FieldReader<'_>,
    centres: &[[f64; 2]],
    station: &Station,
    wanted: &[(&Steps, f64)],
) -> Result<std::result::Result<(Place, Vec<f64>), String>> {
    let Station { lat, lon, .. } = *station;
    let away = |cell: usize| centres.get(cell).map(|&centre| (distance([lat, lon], centre), cell));
    let around = model.place.cells_around(lat, lon);
    if around.is_empty() {
        let file = model.file_name();
        return Ok(Err(format!(
            "{lat}, {lon} is outside of {file}: it is in no cell, and in none beside one"
        )));
    }
    let mut near: Vec<(f64, usize)> =
        around.into_iter().filter_map(away).filter(|(away, _)| !away.is_nan()).collect();
    near.sort_by(|one, other| one.0.total_cmp(&other.0));
    let count = near.len();
    let width = model.place.x.len().max(1);
    for (away, cell) in near {
        let (row, column) = (cell / width, cell % width);
        let steps = wanted.iter().map(|(steps, _)| *steps);
        let values = part(model, reader, steps, &(row..row + 1), &(column..column + 1))?;
        if values.iter().any(|value| !value.is_nan()) {
            let [cell_lat, cell_lon] = centres.get(cell).copied().unwrap_or([f64::NAN; 2]);
            return Ok(Ok((Place { lat, lon, cell_lat, cell_lon, distance_km: away }, values)));
        }
    }
    Ok(Err(match count {
        1 => "the cell beside it has no value at its times".to_owned(),
        _ => format!("none of the {count} cells around it has a value at its times"),
    }))
}

/// Along a great circle, in km.
fn distance(one: [f64; 2], other: [f64; 2]) -> f64 {
    let [[north, east], [y, x]] = [one, other].map(|place| place.map(f64::to_radians));
    let half = ((y - north) / 2.0).sin().powi(2) + north.cos() * y.cos() * ((x - east) / 2.0).sin().powi(2);
    2.0 * RADIUS * half.sqrt().min(1.0).asin()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_along_great_circles() {
        let degree = std::f64::consts::PI * RADIUS / 180.0;
        assert!((distance([0.0, 0.0], [1.0, 0.0]) - degree).abs() < 1e-9);
        assert!((distance([0.0, 179.5], [0.0, -179.5]) - degree).abs() < 1e-9, "across the date line");
        assert!((distance([90.0, 0.0], [-90.0, 50.0]) - 180.0 * degree).abs() < 1e-6);
    }
}
