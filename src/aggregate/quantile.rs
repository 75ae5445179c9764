//! Quantiles by linear interpolation, bit for bit those of numpy's default method.
//!
//! # Limits
//! numpy may give a zero the other sign. Where values are infinite, numpy gives NaN throughout; here a quantile is NaN only
//! between a finite and an infinite value.

use super::lanes;

/// The quantiles of values, in the order of `wanted`; NaN among the values are missing and skipped.
///
/// `wanted` are shares from 0 to 1; for any other one, and where there is no value, the quantile is NaN. `scratch` is
/// memory for a copy of the values, which can be used again and again.
pub fn quantiles(values: &[f64], wanted: &[f64], scratch: &mut Vec<f64>) -> Vec<f64> {
    scratch.clear();
    scratch.extend(values.iter().copied().filter(|value| !value.is_nan()));
    let last = scratch.len().saturating_sub(1);
    let mut order: Vec<(f64, usize)> =
        wanted.iter().enumerate().map(|(place, share)| (share * last as f64, place)).collect();
    order.sort_unstable_by(|one, other| one.0.total_cmp(&other.0));
    let mut found = vec![f64::NAN; wanted.len()];
    // What is left of `above` holds the greater values only, so that each selection has less to look at.
    let (mut above, mut done) = (scratch.as_mut_slice(), 0);
    let mut known: Option<(usize, f64, f64)> = None;
    for (position, place) in order {
        let is_share = wanted.get(place).is_some_and(|share| (0.0..=1.0).contains(share));
        let rank = position.floor() as usize;
        if !is_share || rank > last {
            continue;
        }
        if known.is_none_or(|(known, ..)| known != rank) {
            let Some(here) = rank.checked_sub(done).filter(|&here| here < above.len()) else { continue };
            let (_, value, greater) = std::mem::take(&mut above).select_nth_unstable_by(here, f64::total_cmp);
            let next = if greater.is_empty() { *value } else { lanes::minimum(greater) };
            known = Some((rank, *value, next));
            (above, done) = (greater, rank + 1);
        }
        if let (Some((_, value, next)), Some(found)) = (known, found.get_mut(place)) {
            *found = between(value, next, position - rank as f64);
        }
    }
    found
}

/// numpy's `_lerp`: from the nearer end, so that it grows with `share` and meets both ends.
fn between(low: f64, high: f64, share: f64) -> f64 {
    if low == high || share == 0.0 {
        return low;
    }
    let apart = high - low;
    if share >= 0.5 { high - apart * (1.0 - share) } else { low + apart * share }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: &[f64], wanted: &[f64]) -> Vec<f64> {
        quantiles(values, wanted, &mut vec![5.0; 3])
    }

    /// From numpy 2.4's `nanquantile`; pandas 3.0's `quantile` gives the same.
    #[test]
    fn agrees_with_numpy() {
        let values = [0.1, -7.3, 3.3, 1e3, 12.25, f64::NAN, 0.7, -0.2, 5.5, 5.5, 1e-9, 88.8];
        let wanted = [0.0, 1.0, 0.5, 0.25, 0.95, 0.05, 0.333, 0.1, 0.9, 0.51, 0.999];
        #[rustfmt::skip]
        let numpy = [
            -7.3, 1000.0, 3.3, 0.0500000005, 544.4, -3.75, 0.29800000000000004, -0.2, 88.8, 3.519999999999999,
            990.8880000000001,
        ];
        assert_eq!(of(&values, &wanted), numpy);
    }

    #[test]
    fn edges() {
        assert_eq!(of(&[3.0], &[0.0, 0.3, 1.0, 0.3]), [3.0; 4]);
        assert!(of(&[f64::NAN], &[0.0, 0.5]).into_iter().all(f64::is_nan));
        let found = of(&[1.0, 2.0], &[-0.1, 1.1, f64::NAN, 0.5, f64::INFINITY, -0.0]);
        assert!([0, 1, 2, 4].into_iter().all(|place: usize| found[place].is_nan()), "{found:?}");
        assert_eq!((found[3], found[5]), (1.5, 1.0));
        let (inf, found) = (f64::INFINITY, of(&[1.0, f64::INFINITY, f64::INFINITY, 2.0], &[0.0, 1.0, 0.75]));
        assert_eq!(found, [1.0, inf, inf]);
    }

    proptest! {
        #[test]
        fn as_if_sorted(
            values in prop::collection::vec(-20..20_i32, 1..60),
            mut wanted in prop::collection::vec(0.0..=1.0_f64, 0..12),
            scale in 0.1..3.0_f64,
        ) {
            let values: Vec<f64> = values.into_iter().map(|value| f64::from(value) * scale).collect();
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            let last = sorted.len() - 1;
            let expected = |share: f64| {
                let position = share * last as f64;
                let (low, high) = (sorted[position.floor() as usize], sorted[position.ceil() as usize]);
                let share = position - position.floor();
                if share < 0.5 { low + (high - low) * share } else { high - (high - low) * (1.0 - share) }
            };
            let found = of(&values, &wanted);
            prop_assert_eq!(&found, &wanted.iter().map(|&share| expected(share)).collect::<Vec<_>>());
            wanted.sort_by(f64::total_cmp);
            prop_assert!(of(&values, &wanted).is_sorted());
        }
    }
}
