//! A model's map against an observed one.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Range;

use rayon::prelude::*;

use crate::aggregate::convert::Conversion;
use crate::error::{Argument, Error, Result};
use crate::grid::read::{Field, FieldReader, Interval};
use crate::observer::{Counted, Observer};

use super::period::{Grouped, Period, Steps, grouped, whole};
use super::remap::{Overlaps, value};
use super::{AreaCells, Evaluated, Evaluation, Sums, month_of};

/// Bytes of values that all threads hold together.
const BYTES: usize = 256 << 20;

/// What all bands share.
struct Maps<'a> {
    evaluation: &'a Evaluation,
    model: &'a Field,
    observed: &'a Field,
    conversion: Conversion,
    /// The steps of each period that both have, of the model and of what was observed.
    periods: Vec<(Steps, Steps)>,
    groups: Vec<Grouped>,
    every: Interval,
    rows: Overlaps,
    columns: Overlaps,
    /// The weights of the model's cells, of all of it and of each part.
    weights: Vec<Vec<f64>>,
}

/// Compares.
pub(super) fn run(
    evaluation: &Evaluation,
    model: &Field,
    observed: &Field,
    observer: &dyn Observer,
) -> Result<Evaluated> {
    for field in [model, observed] {
        if field.place.projection.is_some() {
            let reason =
                "is on a projected grid; maps are compared on grids of degrees, projected ones with stations";
            return Err(Error::selection(Argument::File, field.path.display(), reason));
        }
    }
    if model.meaning.is_sum() != observed.meaning.is_sum() {
        let words = |field: &Field| match field.meaning.plural() {
            plural if plural.is_empty() => "values".to_owned(),
            plural => plural,
        };
        let reason = format!(
            "has {}, {} has {}: make means of both",
            words(observed),
            model.file_name(),
            words(model)
        );
        return Err(Error::selection(Argument::File, observed.path.display(), reason));
    }
    let (base, every) = evaluation.intervals(model, observed.meaning.interval)?;
    let (conversion, units) = evaluation.conversion(model, Some(&observed.units))?;
    if model.meaning.is_sum() && (base != every || conversion.mixes_zeros()) {
        let reason = match base != every {
            true => format!("has sums of {} periods, of which no longer means are made", base.word()),
            false => "has sums of temperatures with another zero".to_owned(),
        };
        return Err(Error::selection(Argument::File, model.path.display(), reason));
    }
    let steps = |field: &Field| whole(&field.times, field.meaning.interval.unwrap_or(base), base);
    let (own, others) = (steps(model), steps(observed));
    let by_period: BTreeMap<Period, &Steps> = others.iter().map(|steps| (steps.period, steps)).collect();
    let shared = own.iter().filter(|steps| evaluation.takes(steps.period.first(base)));
    let periods: Vec<(Steps, Steps)> =
        shared.filter_map(|steps| Some((steps.clone(), (*by_period.get(&steps.period)?).clone()))).collect();
    let span = |steps: &[Steps]| match (steps.first(), steps.last()) {
        (Some(first), Some(last)) => format!("{} to {}", first.period.label(base), last.period.label(base)),
        _ => format!("no whole {} one", base.word()),
    };
    if periods.is_empty() {
        let reason = format!(
            "has no period in common with {}: {} and {}",
            model.file_name(),
            span(&others),
            span(&own)
        );
        return Err(Error::selection(Argument::File, observed.path.display(), reason));
    }
    let keys: Vec<Period> = periods.iter().map(|(own, _)| own.period).collect();
    let calendar = model.times.unit.calendar();
    let (one, other) = (&model.place, &observed.place);
    let mut weights = vec![one.areas()];
    for area in &evaluation.areas {
        weights.push(match &area.cells {
            AreaCells::Box(degrees) => one.weights(Some(*degrees)),
            AreaCells::Around(places) => {
                let inside: HashSet<usize> =
                    places.iter().filter_map(|&[lat, lon]| one.cell_at(lat, lon)).collect();
                let each = one.areas().into_iter().enumerate();
                each.map(|(cell, area)| if inside.contains(&cell) { area } else { 0.0 }).collect()
            }
        });
    }
    let maps = Maps {
        evaluation,
        model,
        observed,
        conversion,
        groups: grouped(&keys, base, every, calendar),
        every,
        rows: Overlaps::of_rows(&one.y_edges, &other.y_edges),
        columns: Overlaps::of_columns(&one.x_edges, &other.x_edges),
        weights,
        periods,
    };
    let sums = maps.sums(observer)?;
    let mut remarks = Vec::new();
    if !conversion.is_none() {
        remarks.push(format!("{} is converted from {units}", observed.file_name()));
    }
    remarks.extend(evaluation.taken_for(model, Some(&observed.units)));
    if calendar != observed.times.unit.calendar() {
        let (own, other) = (calendar.name(), observed.times.unit.calendar().name());
        remarks.push(format!("the calendars are {own} and {other}; dates are compared by their names"));
    }
    if own.len() > keys.len() {
        let (left, all) = (own.len() - keys.len(), own.len());
        let file = model.file_name();
        remarks.push(format!(
            "{left} of {all} {} periods of {file} have no observation, or were not asked for",
            base.word()
        ));
    }
    let there: BTreeSet<Period> = own.iter().map(|steps| steps.period).collect();
    let takes = |date| evaluation.takes(date);
    let asked = || others.iter().filter(|steps| takes(steps.period.first(base)));
    let lost = asked().filter(|steps| !there.contains(&steps.period)).count();
    if lost > 0 {
        remarks.push(format!(
            "{lost} of {} {} periods of {} not compared: {} has no whole one at their dates",
            asked().count(),
            base.word(),
            observed.file_name(),
            model.file_name()
        ));
    }
    for (field, whole) in [(model, &own), (observed, &others)] {
        remarks.extend(evaluation.cut(field, whole, base));
    }
    let names = ["all"].into_iter().chain(evaluation.areas.iter().map(|part| part.name.as_str()));
    let scored: Vec<_> = names.zip(&sums).map(|(name, sums)| sums.scored(name, None)).collect();
    let left_out = scored
        .iter()
        .filter(|scored| scored.scores.pairs == 0)
        .map(|scored| format!("{}: no cell has both values", scored.name))
        .collect();
    let ends = keys.first().zip(keys.last());
    Ok(Evaluated {
        variable: model.name.clone(),
        units: model.units.clone(),
        every: every.word(),
        periods: ends.map(|(first, last)| (first.label(base), last.label(base))),
        scored,
        pairs: Vec::new(),
        remarks,
        left_out,
    })
}

impl Maps<'_> {
    /// Works through bands of rows, on all cores. Sums of bands are put together in their order.
    fn sums(&self, observer: &dyn Observer) -> Result<Vec<Sums>> {
        let heights = self.bands();
        observer.started(Counted::Units, heights.len() as u64, 0);
        let readers = || (self.model.reader(), self.observed.reader());
        let of_band = |(model, observed): &mut (FieldReader<'_>, FieldReader<'_>), rows: &Range<usize>| {
            if observer.is_stopped() {
                return Err(Error::stopped(0, heights.len() as u64));
            }
            let sums = self.band(rows.clone(), model, observed);
            observer.advanced(Counted::Units, 1);
            sums
        };
        let bands = heights.par_iter().map_init(readers, of_band).collect::<Result<Vec<Vec<Sums>>>>()?;
        let mut all = vec![Sums::default(); self.weights.len()];
        for band in bands {
            all.iter_mut().zip(&band).for_each(|(own, other)| own.join(other));
        }
        Ok(all)
    }

    /// An observed value in the model's units.
    fn convert(&self, value: f64) -> f64 {
        // How temperatures vary has no zero.
        match self.model.meaning.has_zero() {
            true => self.conversion.of(value),
            false => self.conversion.of_difference(value),
        }
    }

    /// Rows that are read together: whole chunks, unless these are too large.
    fn bands(&self) -> Vec<Range<usize>> {
        let width = self.model.place.x.len() * self.model.times.steps.len();
        let most = BYTES / rayon::current_num_threads().max(1) / (8 * width).max(1);
        let [_, rows, _] = self.model.chunk;
        let height = (most / rows.max(1) * rows).max(most.min(rows)).max(1);
        let all = self.model.place.y.len();
        (0..all).step_by(height).map(|first| first..(first + height).min(all)).collect()
    }

    fn band(
        &self,
        rows: Range<usize>,
        model: &mut FieldReader<'_>,
        observed: &mut FieldReader<'_>,
    ) -> Result<Vec<Sums>> {
        let mut sums = vec![Sums::default(); self.weights.len()];
        let width = self.model.place.x.len();
        let is_wanted = self.weights.iter().any(|weights| {
            weights
                .get(rows.start * width..rows.end * width)
                .is_some_and(|own| own.iter().any(|&weight| weight > 0.0))
        });
        let sources = self.rows.span(rows.clone());
        if !is_wanted || sources.is_empty() {
            return Ok(sums);
        }
        let own = reduced(self.model, model, self.periods.iter().map(|(own, _)| own), &rows)?;
        let others = reduced(self.observed, observed, self.periods.iter().map(|(_, other)| other), &sources)?;
        let (count, width_other) = (self.periods.len(), self.observed.place.x.len());
        let mut pairs = vec![None; count];
        for row in rows.clone() {
            for column in 0..width {
                let cell = row * width + column;
                let weights: Vec<f64> =
                    self.weights.iter().map(|weights| weights.get(cell).copied().unwrap_or(0.0)).collect();
                if weights.iter().all(|&weight| weight <= 0.0) {
                    continue;
                }
                for (index, pair) in pairs.iter_mut().enumerate() {
                    *pair = None;
                    let at = (index * rows.len() + row - rows.start) * width + column;
                    let Some(model) = own.get(at).copied().filter(|value| !value.is_nan()) else { continue };
                    let other = |y: usize, x: usize| {
                        let at = (index * sources.len() + y - sources.start) * width_other + x;
                        others.get(at).copied().unwrap_or(f64::NAN)
                    };
                    let found = value((&self.rows, row), (&self.columns, column), other);
                    let found = found.filter(|(_, part)| *part >= self.evaluation.coverage);
                    *pair = found.map(|(observed, _)| (model, self.convert(observed)));
                }
                let pair = |index: usize| pairs.get(index).copied().flatten();
                for group in &self.groups {
                    let Some(values) = group.means(pair, self.evaluation.coverage) else { continue };
                    let month = month_of(group.period, self.every);
                    for (sums, weight) in sums.iter_mut().zip(&weights).filter(|(_, weight)| **weight > 0.0) {
                        sums.add(month, weight * group.days, values);
                    }
                }
            }
        }
        Ok(sums)
    }
}

/// The means, or sums, of a field's rows over periods, `[period, row, column]`; NaN where a step has no value.
pub(super) fn reduced<'a>(
    field: &Field,
    reader: &mut FieldReader<'_>,
    periods: impl Iterator<Item = &'a Steps>,
    rows: &Range<usize>,
) -> Result<Vec<f64>> {
    let columns = 0..field.place.x.len();
    part(field, reader, periods, rows, &columns)
}

/// As [`reduced`], of some columns.
pub(super) fn part<'a>(
    field: &Field,
    reader: &mut FieldReader<'_>,
    periods: impl Iterator<Item = &'a Steps>,
    rows: &Range<usize>,
    columns: &Range<usize>,
) -> Result<Vec<f64>> {
    let (mut all, mut values) = (Vec::new(), Vec::new());
    let count = rows.len() * columns.len();
    for steps in periods {
        reader.read([&steps.range, rows, columns], &mut values)?;
        let lengths = field.times.steps.get(steps.range.clone()).unwrap_or_default();
        if lengths.len() == 1 {
            all.extend_from_slice(&values);
            continue;
        }
        let total: f64 = lengths.iter().map(|step| (step.end - step.start) as f64).sum();
        let start = all.len();
        all.resize(start + count, 0.0);
        let target = all.get_mut(start..).unwrap_or_default();
        for (step, values) in lengths.iter().zip(values.chunks(count.max(1))) {
            let weight = if field.meaning.is_sum() { 1.0 } else { (step.end - step.start) as f64 };
            target.iter_mut().zip(values).for_each(|(sum, value)| *sum += weight * value);
        }
        if !field.meaning.is_sum() {
            target.iter_mut().for_each(|sum| *sum /= total);
        }
    }
    Ok(all)
}
