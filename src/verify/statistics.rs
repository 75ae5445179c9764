//! Statistics by their plain definitions, with sums that lose nothing.
//!
//! The writer keeps 106 bits of a sum. So a mean or sum is the double that is nearest to the exact one, but where that lies
//! so near to the middle of two doubles that 106 bits do not tell which; then both are right. Of a standard deviation the
//! neighbouring doubles are right as well: its squares are summed so, divided and rooted, each of which rounds.

use crate::aggregate::exact::Exact;
use crate::aggregate::reduce::Stat;

/// A number as it should be, and what else is right in the last bit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Right {
    pub best: f64,
    pub low: f64,
    pub high: f64,
}

impl Right {
    /// Nothing else is right.
    pub fn only(best: f64) -> Self {
        Right { best, low: best, high: best }
    }

    pub const MISSING: Right = Right { best: f64::NAN, low: f64::NAN, high: f64::NAN };

    /// A sum divided by a number.
    pub fn quotient(sum: &Exact, divisor: f64) -> Self {
        let (best, rest) = sum.over(divisor);
        let other = if rest > 0.0 { best.next_up() } else { best.next_down() };
        if rest == 0.0 || !best.is_finite() || !sum.is_rounded(other, divisor) {
            return Right::only(best);
        }
        Right { best, low: best.min(other), high: best.max(other) }
    }

    /// So many units in the last place more and less.
    pub fn about(best: f64, units: u32) -> Self {
        let step = |of: fn(f64) -> f64| (0..units).fold(best, |value, _| of(value));
        Right { best, low: step(f64::next_down), high: step(f64::next_up) }
    }

    /// Whether a double is right. Zeros of either sign are the same.
    pub fn has(&self, found: f64) -> bool {
        found == self.best
            || (self.low <= found && found <= self.high)
            || (found.is_nan() && self.best.is_nan())
    }
}

/// Count, exact sum, and the mean in two doubles.
struct Mean {
    count: f64,
    sum: Exact,
    mean: (f64, f64),
}

impl Mean {
    fn of(values: &[f64]) -> Option<Self> {
        let present = || values.iter().copied().filter(|value| !value.is_nan());
        let count = present().count() as f64;
        if count == 0.0 {
            return None;
        }
        let sum = Exact::of(present());
        let mean = sum.over(count);
        Some(Mean { count, sum, mean })
    }

    /// The sum of squared deviations; each deviation and square is a double.
    fn squares(&self, values: &[f64]) -> f64 {
        let (mean, rest) = self.mean;
        let present = values.iter().filter(|value| !value.is_nan());
        let deviations = present.map(|value| (value - mean) - rest);
        Exact::of(deviations.map(|deviation| deviation * deviation)).value()
    }
}

/// What the values of an interval become.
pub(super) fn reduce(values: &[f64], stat: Stat) -> Right {
    let Some(mean) = Mean::of(values) else { return Right::MISSING };
    let present = values.iter().copied().filter(|value| !value.is_nan());
    match stat {
        Stat::Mean => Right::quotient(&mean.sum, mean.count),
        Stat::Sum => Right::quotient(&mean.sum, 1.0),
        Stat::Min => Right::only(present.fold(f64::INFINITY, f64::min)),
        Stat::Max => Right::only(present.fold(f64::NEG_INFINITY, f64::max)),
        Stat::Std => Right::about((mean.squares(values) / mean.count).sqrt(), 1),
    }
}

/// The mean of steps that are of several lengths, each as long as it counts.
pub(super) fn mean_by_length(values: &[f64], lengths: &[f64]) -> Right {
    let (mut sum, mut whole) = (Exact::default(), 0.0);
    for (value, length) in values.iter().zip(lengths).filter(|(value, _)| !value.is_nan()) {
        sum.add_product(*value, *length);
        whole += length;
    }
    if whole > 0.0 { Right::quotient(&sum, whole) } else { Right::MISSING }
}

/// The standard deviation of a sample.
pub(super) fn sample_std(values: &[f64]) -> Right {
    match Mean::of(values) {
        Some(mean) if mean.count > 1.0 => Right::about((mean.squares(values) / (mean.count - 1.0)).sqrt(), 1),
        _ => Right::MISSING,
    }
}

/// A quantile of sorted values, linear between neighbours.
pub(super) fn quantile(sorted: &[f64], share: f64) -> Right {
    let Some(last) = sorted.len().checked_sub(1) else { return Right::MISSING };
    let position = share * last as f64;
    let below = position.floor();
    let at = |index: usize| sorted.get(index.min(last)).copied().unwrap_or(f64::NAN);
    let (low, high) = (at(below as usize), at(below as usize + 1));
    let part = position - below;
    // numpy begins at the nearer neighbour.
    let value = match part >= 0.5 {
        _ if part == 0.0 || low == high => low,
        true => high - (high - low) * (1.0 - part),
        false => low + (high - low) * part,
    };
    Right::only(value)
}

/// The slope of the line of least squares through values and their days.
///
/// Days and values are taken from their means, each rounded to a double, and so is each product; so there may be some units
/// in the last place between two ways to add up products that cancel each other.
pub(super) fn slope(values: &[f64]) -> Right {
    let points: Vec<(f64, f64)> = (0u32..)
        .zip(values)
        .filter(|(_, value)| !value.is_nan())
        .map(|(day, &value)| (f64::from(day), value))
        .collect();
    if points.len() < 2 {
        return Right::MISSING;
    }
    let count = points.len() as f64;
    let day = Exact::of(points.iter().map(|point| point.0)).over(count).0;
    let mean = Exact::of(points.iter().map(|point| point.1)).over(count).0;
    let products = || points.iter().map(|point| (point.0 - day) * (point.1 - mean));
    let squares = Exact::of(points.iter().map(|point| (point.0 - day) * (point.0 - day))).value();
    let sum = Exact::of(products());
    let best = sum.value() / squares;
    let lost = products().map(f64::abs).sum::<f64>() * count * count * 2f64.powi(-103) / squares;
    let about = Right::about(best, 2);
    Right { best, low: about.low - lost, high: about.high + lost }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::aggregate::stats::Stats;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]
        #[test]
        fn both_ways_come_to_the_same(
            values in prop::collection::vec(prop::option::weighted(0.9, -1e3f32..1e3), 0..500),
            lift in prop::sample::select(vec![0.0f32, 1e6, 300.0]),
        ) {
            let values: Vec<f64> =
                values.into_iter().map(|value| value.map_or(f64::NAN, |value| f64::from(value + lift))).collect();
            for stat in Stat::ALL {
                let found = crate::aggregate::reduce::reduce(&values, stat);
                prop_assert!(reduce(&values, stat).has(found), "{stat}: {found} {:?}", reduce(&values, stat));
                let other = if found == 0.0 { 1e-300 } else { found * (1.0 + 1e-15) };
                prop_assert!(found.is_nan() || !reduce(&values, stat).has(other), "{stat}: {other}");
            }
            let stats = Stats::of(&values, 0, &[0.05, 0.3, 0.5, 1.0], &mut Vec::new());
            prop_assert!(sample_std(&values).has(stats.std));
            prop_assert!(slope(&values).has(stats.trend.slope), "{} {:?}", stats.trend.slope, slope(&values));
            let mut sorted: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
            sorted.sort_by(f64::total_cmp);
            for (share, found) in [0.05, 0.3, 0.5, 1.0].into_iter().zip(stats.quantiles) {
                prop_assert!(quantile(&sorted, share).has(found));
            }
        }
    }
}
