//! What is measured of a layer of a cell in both windows, and the change between them.

use std::ops::Range;

use crate::aggregate::interval::{Step, intervals};
use crate::aggregate::reduce::{Stat, reduce, weighted_means};
use crate::aggregate::welch::{Sample, p_value};
use crate::model::axis::Axis;

/// Means are near nought where they are this share of the largest value that they are made of: what is left of values that cancel each other.
const NOUGHT: f64 = 1e-6;

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
            Made::Reference => "_reference",
            Made::Change => "_change",
            Made::Gained => "_gained",
            Made::Lost => "_lost",
            Made::Percent => "_change_percent",
            Made::PValue => "_change_p_value",
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
}

impl Steps {
    pub fn of(axis: &Axis) -> Self {
        // Longer steps than a year are not gathered in years.
        let years = if Step::Year.holds(axis.unit.step()) { intervals(axis, Step::Year) } else { Vec::new() };
        let years = years.iter().filter(|year| year.is_complete()).map(|year| year.range());
        Steps { count: axis.days as usize, lengths: axis.lengths(), years: years.collect() }
    }

    /// The mean of the values of some steps that have one; NaN where none has.
    fn mean(&self, values: &[f64], range: Range<usize>) -> f64 {
        let Some(own) = values.get(range.clone()) else { return f64::NAN };
        match self.lengths.as_ref().and_then(|lengths| lengths.get(range)) {
            Some(lengths) => {
                weighted_means([(own, lengths)].into_iter()).first().copied().unwrap_or(f64::NAN)
            }
            None => reduce(own, Stat::Mean),
        }
    }

    /// What is measured of a layer's values, NaN where there are none.
    pub fn measure(&self, values: &[f64]) -> Measured {
        let years: Vec<f64> = self.years.iter().map(|year| self.mean(values, year.clone())).collect();
        let largest =
            values.iter().filter(|value| !value.is_nan()).fold(0.0f64, |most, value| most.max(value.abs()));
        Measured { mean: self.mean(values, 0..values.len()), largest, years: Sample::of(&years) }
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
    let is_nought = reference.mean.abs() <= least.max(NOUGHT * reference.largest);
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
