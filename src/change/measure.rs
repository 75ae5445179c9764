//! What is measured of a layer of a cell in both windows, and the change between them.

use std::ops::Range;

use crate::aggregate::interval::{Step, intervals};
use crate::aggregate::percent::is_nought;
use crate::aggregate::reduce::{Parts, magnitude};
use crate::aggregate::welch::{Sample, p_value};
use crate::model::axis::Axis;
use crate::plan::comparison::{CHANGE, P_VALUE, PERCENT, REFERENCE};

/// What is shown of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Made {
    Mean,
    Reference,
    Change,
    Gained,
    Lost,
    Percent,
    PValue,
}

impl Made {
    pub const ALL: [Made; 7] =
        [Made::Mean, Made::Reference, Made::Change, Made::Gained, Made::Lost, Made::Percent, Made::PValue];

    /// What it adds to the name of the layer.
    pub fn suffix(self) -> &'static str {
        match self {
            Made::Mean => "_mean",
            Made::Reference => REFERENCE,
            Made::Change => CHANGE,
            Made::Gained => "_gained",
            Made::Lost => "_lost",
            Made::Percent => PERCENT,
            Made::PValue => P_VALUE,
        }
    }
}

/// How the steps of a window are put together.
#[derive(Debug)]
pub(super) struct Steps {
    /// All there are.
    pub count: usize,
    /// The days that each is long, where these differ.
    lengths: Option<Vec<f64>>,
    /// Whole calendar years.
    years: Vec<Range<usize>>,
    /// All steps, cut where a whole year begins or ends; and which of these are one.
    cuts: Vec<(Range<usize>, bool)>,
}

/// What is known of a layer's values in a window, of those steps that were added.
#[derive(Debug, Clone)]
pub(super) struct Gauge {
    /// Of each part of the window.
    parts: Vec<Parts>,
    /// The largest magnitude of a value.
    largest: f64,
}

impl Steps {
    pub fn of(axis: &Axis) -> Self {
        // Longer steps than a year are not gathered in years.
        let years = if Step::Year.holds(axis.unit.step()) { intervals(axis, Step::Year) } else { Vec::new() };
        let years = years.iter().filter(|year| year.is_complete()).map(|year| year.range());
        let (years, count): (Vec<Range<usize>>, _) = (years.collect(), axis.days as usize);
        let mut cuts = Vec::new();
        let mut end = 0;
        for year in &years {
            cuts.push((end..year.start, false));
            cuts.push((year.clone(), true));
            end = year.end;
        }
        cuts.push((end..count, false));
        cuts.retain(|(part, _)| !part.is_empty());
        Steps { count, lengths: axis.lengths(), years, cuts }
    }

    /// One to which nothing was added.
    pub fn gauge(&self) -> Gauge {
        Gauge { parts: vec![Parts::default(); self.cuts.len()], largest: 0.0 }
    }

    /// Adds the values of some steps, NaN where there are none.
    pub fn add(&self, gauge: &mut Gauge, first: usize, values: &[f64]) {
        let within = |part: &Range<usize>| {
            let inside = part.start.max(first)..part.end.min(first + values.len());
            (inside.start - first..inside.end.max(inside.start) - first, inside)
        };
        let cuts = self.cuts.iter().zip(&mut gauge.parts).map(|((part, _), known)| (within(part), known));
        let own = cuts.filter(|((_, inside), _)| !inside.is_empty());
        let (ranges, known): (Vec<_>, Vec<_>) = own.unzip();
        let of = |(own, _): &(Range<usize>, Range<usize>)| values.get(own.clone()).unwrap_or_default();
        let parts = match &self.lengths {
            None => Parts::of_all(ranges.iter().map(of)),
            Some(lengths) => {
                let lengths_of = |inside: &Range<usize>| lengths.get(inside.clone()).unwrap_or_default();
                ranges.iter().map(|range| Parts::weighted(of(range), lengths_of(&range.1))).collect()
            }
        };
        known.into_iter().zip(parts).for_each(|(known, part)| *known += part);
        gauge.largest = gauge.largest.max(magnitude(values));
    }

    /// What is measured of a layer.
    pub fn measured(&self, gauge: &Gauge) -> Measured {
        let years = self.cuts.iter().zip(&gauge.parts).filter(|((_, is_year), _)| *is_year);
        let years: Vec<f64> = years.map(|(_, part)| part.mean()).collect();
        let mut whole = Parts::default();
        gauge.parts.iter().for_each(|part| whole += *part);
        Measured { mean: whole.mean(), largest: gauge.largest, years: Sample::of(&years) }
    }

    /// Whether a whole calendar year lies within steps, both ends included.
    pub fn has_year_within(&self, (first, last): (i64, i64)) -> bool {
        let inside = |year: &Range<usize>| first <= year.start as i64 && year.end as i64 - 1 <= last;
        self.years.iter().any(inside)
    }

    /// Its parts, for a proof.
    pub fn parts(&self) -> (Option<&[f64]>, &[Range<usize>]) {
        (self.lengths.as_deref(), &self.years)
    }
}

/// What is measured of a layer in a window.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measured {
    /// The mean; NaN where there is no value.
    pub mean: f64,
    /// The largest magnitude of a value.
    pub largest: f64,
    /// The means of whole calendar years.
    pub years: Sample,
}

/// The change from a reference; NaN where it is masked.
pub(super) fn changes(reference: &Measured, window: &Measured, least: f64) -> [f64; 7] {
    let change = window.mean - reference.mean;
    let is_nought = is_nought(reference.mean, reference.largest, least);
    Made::ALL.map(|made| match made {
        Made::Mean => window.mean,
        Made::Reference => reference.mean,
        Made::Change => change,
        // NaN stays.
        Made::Gained if change <= 0.0 => 0.0,
        Made::Gained => change,
        Made::Lost if change >= 0.0 => 0.0,
        Made::Lost => -change,
        Made::Percent if is_nought => f64::NAN,
        Made::Percent => 100.0 * change / reference.mean.abs(),
        Made::PValue => p_value(window.years, reference.years).unwrap_or(f64::NAN),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(mean: f64, largest: f64) -> Measured {
        Measured { mean, largest, years: Sample { count: 0, mean: f64::NAN, variance: f64::NAN } }
    }

    fn of(reference: f64, window: f64, largest: f64, least: f64) -> [f64; 6] {
        let [mean, before, change, gained, lost, percent, p] =
            changes(&measured(reference, largest), &measured(window, largest), least);
        assert!(p.is_nan(), "without years there is no test");
        [mean, before, change, gained, lost, percent]
    }

    #[test]
    fn gained_and_lost_are_the_change_without_its_sign() {
        assert_eq!(of(2.0, 3.0, 3.0, 0.0), [3.0, 2.0, 1.0, 1.0, 0.0, 50.0]);
        assert_eq!(of(-2.0, -3.0, 3.0, 0.0), [-3.0, -2.0, -1.0, 0.0, 1.0, -50.0]);
        assert_eq!(of(2.0, 2.0, 3.0, 0.0), [2.0, 2.0, 0.0, 0.0, 0.0, 0.0]);
        let [_, _, change, gained, lost, percent] = of(f64::NAN, 2.0, 3.0, 0.0);
        assert!([change, gained, lost, percent].iter().all(|value| value.is_nan()));
    }

    #[test]
    fn percents_of_nearly_nothing_are_masked() {
        assert!(of(0.0, 2.0, 3.0, 0.0)[5].is_nan());
        assert!(of(1e-6, 2.0, 1.0, 0.0)[5].is_nan(), "what values that cancel each other leave");
        assert_eq!(of(1.0, 2.0, 1.0, 0.5)[5], 100.0);
        assert!(of(0.5, 2.0, 1.0, 0.5)[5].is_nan(), "no more than the least that counts");
    }
}
