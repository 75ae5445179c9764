//! The summary of one series, as tables of statistics list it.
//!
//! ```
//! # use gridloom::aggregate::stats::Stats;
//! let stats = Stats::of(&[1.0, 2.0, f64::NAN, 4.0], 0, &[0.25, 0.5], &mut Vec::new());
//! assert_eq!((stats.count, stats.missing, stats.minimum, stats.maximum), (3, 1, 1.0, 4.0));
//! assert_eq!(stats.quantiles, [1.5, 2.0]);
//! assert_eq!(stats.trend.slope, 1.0);
//! ```

use super::moments::Moments;
use super::quantile::quantiles;
use super::trend::Trend;

/// The summary of a series. Numbers that too few values leave open are NaN.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Stats {
    /// Values that are not missing.
    pub count: u64,
    /// Missing values.
    pub missing: u64,
    /// The mean.
    pub mean: f64,
    /// The standard deviation of a sample, which divides by n − 1, as pandas gives it. NaN for a single value.
    pub std: f64,
    /// The standard deviation of the population, which divides by n, as numpy and CDO give it.
    pub population_std: f64,
    /// The least value.
    pub minimum: f64,
    /// The greatest value.
    pub maximum: f64,
    /// The quantiles that were wanted, in that order, by linear interpolation as numpy's and pandas' defaults.
    pub quantiles: Vec<f64>,
    /// The line of least squares, a day and on day 0.
    pub trend: Trend,
}

impl Stats {
    /// The summary of the values of consecutive days of which the first is `first_day`; NaN are missing. `wanted` are the
    /// quantiles, shares from 0 to 1; `scratch` is memory for a copy of the values, which can be used again and again.
    pub fn of(values: &[f64], first_day: i64, wanted: &[f64], scratch: &mut Vec<f64>) -> Self {
        let moments = Moments::of(values);
        Stats {
            count: moments.count(),
            missing: moments.missing(),
            mean: moments.mean(),
            std: moments.sample_std(),
            population_std: moments.std(),
            minimum: moments.minimum(),
            maximum: moments.maximum(),
            quantiles: quantiles(values, wanted, scratch),
            trend: moments.trend(values, first_day),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From pandas 3.0: `describe` with these percentiles; numpy's `nanstd` and, on the days with values, `polyfit`.
    #[test]
    fn agrees_with_pandas() {
        let values = [0.1, -7.3, 3.3, 1e3, 12.25, f64::NAN, 0.7, -0.2, 5.5, 5.5, 1e-9, 88.8];
        let stats = Stats::of(&values, -3, &[0.25, 0.5, 0.75], &mut Vec::new());
        assert_eq!((stats.count, stats.missing, stats.minimum, stats.maximum), (11, 1, -7.3, 1000.0));
        assert_eq!(stats.quantiles, [0.0500000005, 3.3, 8.875]);
        let pandas = [
            100.78636363645454,
            299.4033935102179,
            285.4699348051693,
            -14.198885350287267,
            136.92898089173127,
        ];
        let found = [stats.mean, stats.std, stats.population_std, stats.trend.slope, stats.trend.intercept];
        for (found, pandas) in found.into_iter().zip(pandas) {
            assert!((found / pandas - 1.0).abs() < 1e-14, "{found} {pandas}");
        }
    }

    #[test]
    fn no_values() {
        let stats = Stats::of(&[f64::NAN; 3], 0, &[0.5], &mut Vec::new());
        let Stats { mean, std, population_std, minimum, maximum, .. } = stats;
        assert!([mean, std, population_std, minimum, maximum].into_iter().all(f64::is_nan), "{stats:?}");
        assert!(stats.quantiles.iter().all(|quantile| quantile.is_nan()) && stats.trend.slope.is_nan());
        assert_eq!((stats.count, stats.missing, stats.quantiles.len()), (0, 3, 1));
    }
}
