//! Count, sum, mean, spread and range of a series, which can be merged with those of another.
//!
//! ```
//! # use gridloom::aggregate::moments::Moments;
//! let moments = Moments::of(&[1.0, f64::NAN, 2.0, 6.0]);
//! assert_eq!((moments.count(), moments.missing(), moments.mean()), (3, 1, 3.0));
//! assert_eq!(moments.variance(), 14.0 / 3.0);
//! ```
//!
//! # Method
//! A series is in memory, so the mean is found first and the squares are taken of what deviates from it: two passes that
//! compile to vector code are faster than Welford's one with its division a value, and they err less. Two series
//! are merged by the formula of Chan, Golub and LeVeque (1979).

use super::lanes::{self, Squared, Value};
use super::sum::DoubleDouble;
use super::trend::Trend;

/// The moments of a series. Those of no value at all are NaN, but for the count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    count: u64,
    missing: u64,
    sum: DoubleDouble,
    /// The sum of squared deviations from the mean.
    squares: DoubleDouble,
    /// Infinite where there is no value, as the neutral element of merging.
    minimum: f64,
    maximum: f64,
}

impl Default for Moments {
    fn default() -> Self {
        Moments {
            count: 0,
            missing: 0,
            sum: DoubleDouble::ZERO,
            squares: DoubleDouble::ZERO,
            minimum: f64::INFINITY,
            maximum: f64::NEG_INFINITY,
        }
    }
}

impl Moments {
    /// The moments of values; NaN is a missing one.
    pub fn of(values: &[f64]) -> Self {
        let count = lanes::count(values);
        let sum = lanes::sum(values, Value);
        Moments {
            count: count as u64,
            missing: (values.len() - count) as u64,
            sum,
            squares: squares(values, sum / DoubleDouble::from(count as f64)),
            minimum: lanes::minimum(values),
            maximum: lanes::maximum(values),
        }
    }

    /// Takes in the moments of other values.
    pub fn merge(&mut self, other: &Moments) {
        if other.count > 0 && self.count > 0 {
            let apart = other.mean_exactly() - self.mean_exactly();
            let share = self.count as f64 / (self.count + other.count) as f64 * other.count as f64;
            self.squares += other.squares;
            self.squares += apart * apart * DoubleDouble::from(share);
        } else if other.count > 0 {
            self.squares = other.squares;
        }
        self.count += other.count;
        self.missing += other.missing;
        self.sum += other.sum;
        self.minimum = self.minimum.min(other.minimum);
        self.maximum = self.maximum.max(other.maximum);
    }

    /// Values that are not missing.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Missing values.
    pub fn missing(&self) -> u64 {
        self.missing
    }

    /// The sum of the values.
    pub fn sum(&self) -> f64 {
        if self.count > 0 { self.sum.to_f64() } else { f64::NAN }
    }

    /// Their mean.
    pub fn mean(&self) -> f64 {
        self.mean_exactly().to_f64()
    }

    /// The least value.
    pub fn minimum(&self) -> f64 {
        if self.count > 0 { self.minimum } else { f64::NAN }
    }

    /// The greatest value.
    pub fn maximum(&self) -> f64 {
        if self.count > 0 { self.maximum } else { f64::NAN }
    }

    /// The variance of the population, which divides by n, as CDO's `var` and numpy's do.
    pub fn variance(&self) -> f64 {
        self.squares.to_f64() / self.count as f64
    }

    /// The variance that a sample of n values lets expect of its population: it divides by n − 1, as CDO's `var1` and
    /// pandas' do. NaN for a single value.
    pub fn sample_variance(&self) -> f64 {
        if self.count > 1 { self.squares.to_f64() / (self.count - 1) as f64 } else { f64::NAN }
    }

    /// The standard deviation of the population, as CDO's `std` and numpy's.
    pub fn std(&self) -> f64 {
        self.variance().sqrt()
    }

    /// The standard deviation of a sample, as CDO's `std1` and pandas'. NaN for a single value.
    pub fn sample_std(&self) -> f64 {
        self.sample_variance().sqrt()
    }

    /// The trend of the values that these are the moments of.
    pub(super) fn trend(&self, values: &[f64], first_day: i64) -> Trend {
        Trend::about(values, first_day, self.count as usize, self.sum)
    }

    fn mean_exactly(&self) -> DoubleDouble {
        self.sum / DoubleDouble::from(self.count as f64)
    }
}

/// The sum of squared deviations from a mean.
pub(super) fn squares(values: &[f64], mean: DoubleDouble) -> DoubleDouble {
    let (mean, rest) = mean.parts();
    lanes::sum(values, Squared(mean, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// From numpy 2.4 on the values below, without the missing ones: mean, var, std, var with ddof=1, std with ddof=1.
    #[rustfmt::skip]
    const NUMPY: [f64; 5] =
        [9.90011111111111, 579.9472445432099, 24.082093857121517, 652.4406501111112, 25.54291780731229];

    #[test]
    fn agrees_with_numpy() {
        let moments = Moments::of(&[0.5, 1.25, f64::NAN, -3.0, 8.75, 2.0, 2.0, 1e-3, 77.5, f64::NAN, 0.1]);
        let found = [
            moments.mean(),
            moments.variance(),
            moments.std(),
            moments.sample_variance(),
            moments.sample_std(),
        ];
        for (found, numpy) in found.into_iter().zip(NUMPY) {
            assert!((found / numpy - 1.0).abs() < 1e-15, "{found} {numpy}");
        }
        assert_eq!((moments.minimum(), moments.maximum(), moments.missing()), (-3.0, 77.5, 2));
    }

    #[test]
    fn few_values() {
        let none = Moments::of(&[f64::NAN]);
        assert_eq!((none.count(), none.missing()), (0, 1));
        let all = [none.sum(), none.mean(), none.minimum(), none.maximum(), none.std(), none.sample_std()];
        assert!(all.into_iter().all(f64::is_nan), "{none:?}");
        let one = Moments::of(&[f64::NAN, 0.1]);
        assert_eq!((one.sum(), one.mean(), one.std()), (0.1, 0.1, 0.0));
        assert!(one.sample_std().is_nan());
        let infinite = Moments::of(&[1.0, f64::INFINITY]);
        assert_eq!((infinite.mean(), infinite.maximum()), (f64::INFINITY, f64::INFINITY));
        assert!(infinite.std().is_nan());
    }

    #[test]
    fn a_small_spread_around_a_large_mean() {
        let around = |mean: f64| -> Vec<f64> { (0..1000).map(|i| mean + f64::from(i % 2)).collect() };
        assert_eq!(Moments::of(&around(1e15)).variance(), 0.25);
        assert_eq!(Moments::of(&[0.1; 999]).variance(), 0.0);
        // The mean lies between two f64.
        let next = Moments::of(&[1.0, 1.0 + f64::EPSILON]);
        assert_eq!(next.std(), f64::EPSILON / 2.0);
        let mut merged = Moments::of(&[0.1; 7]);
        merged.merge(&Moments::of(&[0.1; 990]));
        assert!(merged.std() < 1e-30 && merged.mean() == 0.1, "{merged:?}");
    }

    proptest! {
        #[test]
        fn parts_make_the_whole(
            values in prop::collection::vec((-1e3..1e3_f64, any::<bool>()), 0..200),
            lift in prop::sample::select(vec![0.0, 1e6, -1e9]),
            cuts in (0..200_usize, 0..200_usize),
        ) {
            let values: Vec<f64> =
                values.into_iter().map(|(value, there)| if there { value + lift } else { f64::NAN }).collect();
            let (one, two) = (cuts.0.min(cuts.1).min(values.len()), cuts.0.max(cuts.1).min(values.len()));
            let whole = Moments::of(&values);
            let mut merged = Moments::default();
            for part in [&values[..one], &values[one..two], &values[two..]] {
                merged.merge(&Moments::of(part));
            }
            prop_assert_eq!((merged.count(), merged.missing()), (whole.count(), whole.missing()));
            let same = |a: f64, b: f64| a == b || a.is_nan() && b.is_nan();
            prop_assert!(same(merged.sum(), whole.sum()) && same(merged.mean(), whole.mean()));
            prop_assert!(same(merged.minimum(), whole.minimum()) && same(merged.maximum(), whole.maximum()));
            if whole.count() > 0 {
                let apart = (merged.variance() - whole.variance()).abs();
                prop_assert!(apart <= 1e-15 * whole.variance(), "{merged:?} {whole:?}");
            }
        }
    }
}
