//! One number for the days of an interval, as CDO's `monmean`, `yearsum` and their like give it.

use std::fmt;
use std::ops::AddAssign;
use std::str::FromStr;

use pulp::{Arch, Simd, WithSimd};
use serde::{Deserialize, Serialize};

use super::sum::{DoubleDouble, two_product};
use super::{lanes, moments};

/// What the values of an interval become. Shown, parsed and serialized in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stat {
    /// Their mean.
    Mean,
    /// Their sum.
    Sum,
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// The standard deviation of the population, which divides by n; CDO's `std`, not `std1`.
    Std,
}

impl Stat {
    /// All of them.
    pub const ALL: [Stat; 5] = [Stat::Mean, Stat::Sum, Stat::Min, Stat::Max, Stat::Std];

    /// Its name in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Stat::Mean => "mean",
            Stat::Sum => "sum",
            Stat::Min => "min",
            Stat::Max => "max",
            Stat::Std => "std",
        }
    }

    /// Its name in words.
    pub fn noun(self) -> &'static str {
        match self {
            Stat::Mean => "mean",
            Stat::Sum => "sum",
            Stat::Min => "minimum",
            Stat::Max => "maximum",
            Stat::Std => "standard deviation",
        }
    }
}

impl fmt::Display for Stat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A text that is no statistic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a statistic: mean, sum, min, max or std")]
pub struct ParseStatError {
    text: String,
}

impl ParseStatError {
    /// What the user can do about it.
    pub fn hint(&self) -> &'static str {
        "the statistics are mean, sum, min, max and std"
    }
}

impl FromStr for Stat {
    type Err = ParseStatError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let stat = Stat::ALL.into_iter().find(|stat| stat.name().eq_ignore_ascii_case(text));
        stat.ok_or_else(|| ParseStatError { text: super::excerpt(text) })
    }
}

/// One number for values of which NaN are missing; NaN where all of them are.
///
/// Missing values are skipped, so that a sum is of fewer days and a mean divides by fewer. Sums and means are the exact
/// ones to the last bit, unless values cancel each other almost wholly.
pub fn reduce(values: &[f64], stat: Stat) -> f64 {
    reduce_all([values].into_iter(), stat).first().copied().unwrap_or(f64::NAN)
}

/// One number for each of many intervals, as [`reduce`] gives it, but faster.
pub fn reduce_all<'a>(intervals: impl ExactSizeIterator<Item = &'a [f64]>, stat: Stat) -> Vec<f64> {
    Arch::new().dispatch(All { intervals, stat })
}

/// Values that are put together of parts, which come one after another: how many are not missing, and their sum. A mean of them is
/// exact as [`reduce`] is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Parts {
    /// Values; of weighted ones the sum of the weights.
    weight: f64,
    sum: DoubleDouble,
}

impl Parts {
    /// What is known of some parts, each of values of which NaN are missing.
    pub fn of_all<'a>(parts: impl ExactSizeIterator<Item = &'a [f64]>) -> Vec<Self> {
        Arch::new().dispatch(Sums(parts))
    }

    /// The same of values that count as much as their weights say. There are as many of both.
    pub fn weighted(values: &[f64], weights: &[f64]) -> Self {
        let mut parts = Parts::default();
        for (&value, &weight) in values.iter().zip(weights).filter(|(value, _)| !value.is_nan()) {
            let (high, low) = two_product(value, weight);
            parts.sum.add_pair(high, low);
            parts.weight += weight;
        }
        parts
    }

    /// The mean; NaN where there is no value.
    pub fn mean(self) -> f64 {
        if self.weight == 0.0 { f64::NAN } else { self.sum.over(self.weight).to_f64() }
    }
}

impl AddAssign for Parts {
    fn add_assign(&mut self, other: Parts) {
        self.weight += other.weight;
        self.sum += other.sum;
    }
}

/// Means of intervals whose steps are of several lengths, such as months: each value counts as long as its step is. Every item has the
/// values, of which NaN are missing, and as many lengths.
///
/// Exact as [`reduce`] is.
pub fn weighted_means<'a>(intervals: impl Iterator<Item = (&'a [f64], &'a [f64])>) -> Vec<f64> {
    intervals.map(|(values, lengths)| Parts::weighted(values, lengths).mean()).collect()
}

/// The greatest magnitude of values of which NaN are missing; 0 where there is none.
pub fn magnitude(values: &[f64]) -> f64 {
    let mut found = [0.0; 8];
    let (blocks, rest) = values.as_chunks::<8>();
    let mut look = |block: &[f64]| {
        for (found, value) in found.iter_mut().zip(block) {
            // False for what is missing.
            if value.abs() > *found {
                *found = value.abs();
            }
        }
    };
    blocks.iter().for_each(|block| look(block));
    look(rest);
    found.into_iter().fold(0.0, f64::max)
}

struct Sums<I>(I);

impl<'a, I: ExactSizeIterator<Item = &'a [f64]>> WithSimd for Sums<I> {
    type Output = Vec<Parts>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<Parts> {
        let mut all = Vec::with_capacity(self.0.len());
        for values in self.0 {
            let (weight, sum) = lanes::count_and_sum_with(simd, values);
            all.push(Parts { weight, sum });
        }
        all
    }
}

struct All<I> {
    intervals: I,
    stat: Stat,
}

impl<'a, I: ExactSizeIterator<Item = &'a [f64]>> WithSimd for All<I> {
    type Output = Vec<f64>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<f64> {
        let mut reduced = Vec::with_capacity(self.intervals.len());
        for values in self.intervals {
            let (count, sum) = lanes::count_and_sum_with(simd, values);
            if count == 0.0 {
                reduced.push(f64::NAN);
                continue;
            }
            let mean = || sum.over(count);
            reduced.push(match self.stat {
                Stat::Mean => mean().to_f64(),
                Stat::Sum => sum.to_f64(),
                Stat::Min => lanes::minimum(values),
                Stat::Max => lanes::maximum(values),
                Stat::Std => (moments::squares(values, mean()).to_f64() / count).sqrt(),
            });
        }
        reduced
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::moments::Moments;
    use super::*;

    const NAN: f32 = f32::NAN;

    /// A month's values as float32 and what CDO 2.1.1 gives for it (`-b F64 monmean` and so on; its `std` is of
    /// squared sums and less exact). Two days are missing.
    #[rustfmt::skip]
    const CDO: ([f32; 31], [f64; 5]) = (
        [
            296.792, 294.703, 299.007, 301.682, NAN, 300.439, 297.789, 296.861, 302.995, 306.539, 301.091,
            295.067, 296.167, 306.4, 300.812, 293.071, 299.665, NAN, 297.483, 298.048, 297.147, 302.214,
            299.748, 297.642, 301.639, 303.319, 293.428, 298.973, 296.077, 299.307, 294.842,
        ],
        [298.92920658506193, 8668.946990966797, 293.0710144042969, 306.53900146484375, 3.397612067737585],
    );

    #[test]
    fn agrees_with_cdo() {
        let values: Vec<f64> = CDO.0.into_iter().map(f64::from).collect();
        for (stat, cdo) in Stat::ALL.into_iter().zip(CDO.1) {
            let (found, tolerance) = (reduce(&values, stat), if stat == Stat::Std { 1e-8 } else { 3e-16 });
            assert!((found / cdo - 1.0).abs() <= tolerance, "{stat} {found} {cdo}");
        }
    }

    #[test]
    fn missing_values() {
        for stat in Stat::ALL {
            assert!(reduce(&[], stat).is_nan() && reduce(&[f64::NAN; 9], stat).is_nan(), "{stat}");
            assert_eq!(reduce(&[f64::NAN, 3.0], stat), if stat == Stat::Std { 0.0 } else { 3.0 });
        }
        assert_eq!(reduce(&[f64::NAN, 3.0, 4.0], Stat::Mean), 3.5);
        assert_eq!(reduce(&[-0.5, f64::INFINITY, f64::NAN], Stat::Max), f64::INFINITY);
        assert_eq!(reduce(&[-0.5, f64::INFINITY, f64::NAN], Stat::Min), -0.5);
    }

    #[test]
    fn names() {
        for stat in Stat::ALL {
            assert_eq!(stat.to_string().to_uppercase().parse(), Ok(stat));
            assert_eq!(serde_json::to_string(&stat).unwrap(), format!("\"{stat}\""));
        }
        assert_eq!(
            "average".parse::<Stat>().unwrap_err().to_string(),
            r#""average" is not a statistic: mean, sum, min, max or std"#
        );
    }

    proptest! {
        #[test]
        fn exact_means_and_sums(values in prop::collection::vec(-1_000_000_000..1_000_000_000_i64, 1..400)) {
            // Millionths have errors of their own; their exact sum is one of 2⁻⁵³ steps.
            let floats: Vec<f64> = values.iter().map(|&value| value as f64 * 2f64.powi(-20) * 1e-3).collect();
            let exact: i128 = floats.iter().map(|&value| (value * 2f64.powi(90)) as i128).sum();
            let nearest = exact as f64 * 2f64.powi(-90);
            prop_assert_eq!(reduce(&floats, Stat::Sum), nearest);
            let mean = reduce(&floats, Stat::Mean);
            prop_assert!((mean - nearest / values.len() as f64).abs() <= mean.abs() * f64::EPSILON);
        }

        #[test]
        fn parts_have_the_mean_of_the_whole(
            values in prop::collection::vec(-5.0..5.0_f64, 1..400),
            cut in 0..400_usize,
        ) {
            let values: Vec<f64> = values.into_iter().map(|v| if v < -4.0 { f64::NAN } else { v * 1e9 }).collect();
            let (one, other) = values.split_at(cut.min(values.len()));
            let mut parts = Parts::default();
            Parts::of_all([one, other].into_iter()).into_iter().for_each(|part| parts += part);
            let (mean, whole) = (parts.mean(), reduce(&values, Stat::Mean));
            prop_assert!(mean == whole || mean.is_nan() && whole.is_nan(), "{mean} {whole}");
            let all = Moments::of(&values);
            let most = if all.count() == 0 { 0.0 } else { all.minimum().abs().max(all.maximum().abs()) };
            prop_assert_eq!(magnitude(&values), most);
            let twice: Vec<f64> = values.iter().map(|_| 2.0).collect();
            let mean = Parts::weighted(&values, &twice).mean();
            prop_assert!(mean == whole || mean.is_nan() && whole.is_nan(), "{mean} {whole}");
        }

        #[test]
        fn agrees_with_moments(values in prop::collection::vec(-5.0..5.0_f64, 0..50)) {
            let values: Vec<f64> = values.into_iter().map(|v| if v < -4.0 { f64::NAN } else { v }).collect();
            let all = Moments::of(&values);
            let moments = [all.mean(), all.sum(), all.minimum(), all.maximum(), all.std()];
            for (stat, moment) in Stat::ALL.into_iter().zip(moments) {
                let found = reduce(&values, stat);
                prop_assert!(found == moment || found.is_nan() && moment.is_nan(), "{stat} {found} {moment}");
            }
        }
    }
}
