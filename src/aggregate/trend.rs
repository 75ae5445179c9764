//! The straight line through a series.

use super::lanes::{self, Index, Product, SquaredIndex, Value};
use super::sum::DoubleDouble;

/// Up to so many days the sums over their numbers are whole quarters that an `f64` holds, and have a formula.
const MOST_EXACT: usize = 200_000;

/// A line over day numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Trend {
    /// What a day adds.
    pub slope: f64,
    /// The line's value on day 0.
    pub intercept: f64,
}

impl Trend {
    /// The line of least squares through the values of consecutive days of which the first is `first_day`; NaN are missing
    /// and skipped. Two values at least make a line, otherwise slope and intercept are NaN.
    ///
    /// Days and values are taken from their means, so that far day numbers cost no precision. The intercept is on day 0
    /// of whatever counts the days: with `first_day` 0 it is the line's value on the first of them.
    pub fn of(values: &[f64], first_day: i64) -> Self {
        let count = lanes::count(values);
        Trend::about(values, first_day, count, lanes::sum(values, Value))
    }

    /// [`Trend::of`] where the number of values that are not missing is known, and their sum.
    pub(super) fn about(values: &[f64], first_day: i64, count: usize, sum: DoubleDouble) -> Self {
        if count < 2 {
            return Trend { slope: f64::NAN, intercept: f64::NAN };
        }
        let number = DoubleDouble::from(count as f64);
        let mean = sum / number;
        let is_complete = count == values.len() && count <= MOST_EXACT;
        let indices = match is_complete {
            true => DoubleDouble::from((count * (count - 1) / 2) as f64),
            false => lanes::sum(values, Index),
        };
        let mean_index = indices / number;
        let (centre, middle) = (mean.to_f64(), mean_index.to_f64());
        let of_days = match is_complete {
            true => DoubleDouble::from((count * (count * count - 1) / 3) as f64 / 4.0),
            false => lanes::sum(values, SquaredIndex(middle)),
        };
        let of_both = lanes::sum(values, Product(middle, centre));
        let slope = of_both / of_days;
        let mut day = mean_index;
        day += first_day as f64;
        Trend { slope: slope.to_f64(), intercept: (mean - slope * day).to_f64() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn few_values() {
        for values in [&[][..], &[1.0], &[f64::NAN, 1.0, f64::NAN]] {
            let trend = Trend::of(values, 5);
            assert!(trend.slope.is_nan() && trend.intercept.is_nan());
        }
        assert_eq!(Trend::of(&[1.0, f64::NAN, 2.0], 0), Trend { slope: 0.5, intercept: 1.0 });
        assert_eq!(Trend::of(&[7.0; 30], 43_464), Trend { slope: 0.0, intercept: 7.0 });
    }

    /// From Python's fractions, exact to the last digit; numpy's `polyfit` gives as much as it has.
    #[test]
    fn far_days() {
        let trend = Trend::of(&[0.3, 0.1, f64::NAN, 0.9, -0.4, 2.2, 1.7], 43_464);
        assert!((trend.slope / 0.26832298136645966 - 1.0).abs() < 1e-15, "{trend:?}");
        assert!((trend.intercept / -11662.439751552796 - 1.0).abs() < 1e-15, "{trend:?}");
    }

    /// The exact line through whole numbers, in fractions of integers.
    fn exact(points: &[(i128, i128)]) -> (f64, f64) {
        let sum = |of: fn(&(i128, i128)) -> i128| points.iter().map(of).sum::<i128>();
        let (n, x, y) = (points.len() as i128, sum(|p| p.0), sum(|p| p.1));
        let (xx, xy) = (sum(|p| p.0 * p.0), sum(|p| p.0 * p.1));
        let (over, under) = (n * xy - x * y, n * xx - x * x);
        (over as f64 / under as f64, (y * xx - x * xy) as f64 / under as f64)
    }

    /// A missing value at the end changes nothing but that all is summed up.
    #[test]
    fn formulas_are_what_sums_give() {
        for count in [2, 3, 4, 365, 10_958, MOST_EXACT - 1, MOST_EXACT] {
            let mut values: Vec<f64> = (0..count).map(|day| (day * day % 977) as f64 * 0.1).collect();
            let trend = Trend::of(&values, 43_464);
            values.push(f64::NAN);
            assert_eq!(trend, Trend::of(&values, 43_464), "{count} days");
        }
    }

    proptest! {
        #[test]
        fn exact_fractions(
            values in prop::collection::vec(prop::option::of(-100_000..100_000_i128), 2..300),
            first in -100_000..900_000_i64,
        ) {
            let floats: Vec<f64> = values.iter().map(|value| value.map_or(f64::NAN, |value| value as f64)).collect();
            let points: Vec<(i128, i128)> =
                values.iter().zip(i128::from(first)..).filter_map(|(value, day)| Some((day, (*value)?))).collect();
            prop_assume!(points.len() > 1);
            let (slope, intercept) = exact(&points);
            let trend = Trend::of(&floats, first);
            prop_assert!((trend.slope - slope).abs() <= 1e-13 * slope.abs() + 1e-11 / points.len() as f64);
            let lever = slope.abs() * first.abs() as f64 + 1e5;
            prop_assert!((trend.intercept - intercept).abs() <= 1e-13 * lever + 1e-11 * first.abs() as f64 / points.len() as f64);
        }
    }
}
