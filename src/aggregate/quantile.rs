//! Quantiles by linear interpolation, bit for bit those of numpy's default method.
//!
//! # Limits
//! numpy may give a zero the other sign. Where values are infinite, numpy gives NaN throughout; here a quantile is NaN only
//! between a finite and an infinite value.

use super::lanes;

/// Parts of the range of a series.
const BUCKETS: usize = 1024;

/// The quantiles of values, in the order of `wanted`; NaN among the values are missing and skipped.
///
/// `wanted` are shares from 0 to 1; for any other one, and where there is no value, the quantile is NaN. `scratch` is
/// memory for a copy of the values, which can be used again and again.
pub fn quantiles(values: &[f64], wanted: &[f64], scratch: &mut Vec<f64>) -> Vec<f64> {
    let count = lanes::count(values);
    let last = count.saturating_sub(1);
    let mut order: Vec<(f64, usize)> = wanted
        .iter()
        .enumerate()
        .filter(|(_, share)| count > 0 && (0.0..=1.0).contains(*share))
        .map(|(place, share)| (share * last as f64, place))
        .collect();
    order.sort_unstable_by(|one, other| one.0.total_cmp(&other.0));
    let ranks: Vec<usize> = order.iter().map(|&(position, _)| position.floor() as usize).collect();
    let left_out = gather(values, count, &ranks, scratch);
    let mut found = vec![f64::NAN; wanted.len()];
    // What is left of `above` holds the greater values only, so that each selection has less to look at.
    let (mut above, mut done) = (scratch.as_mut_slice(), 0);
    let mut known: Option<(usize, f64, f64)> = None;
    for (((position, place), rank), left_out) in order.into_iter().zip(ranks).zip(left_out) {
        if known.is_none_or(|(known, ..)| known != rank) {
            let here = rank.checked_sub(left_out + done).filter(|&here| here < above.len());
            let Some(here) = here else { continue };
            let (_, value, greater) = std::mem::take(&mut above).select_nth_unstable_by(here, f64::total_cmp);
            let next = if greater.is_empty() { *value } else { lanes::minimum(greater) };
            known = Some((rank, *value, next));
            (above, done) = (greater, done + here + 1);
        }
        if let (Some((_, value, next)), Some(found)) = (known, found.get_mut(place)) {
            *found = between(value, next, position - rank as f64);
        }
    }
    found
}

/// Copies the values of these ranks, which ascend, and those that follow them, among others, to `scratch`: `count` values
/// are not missing. Returns for each rank how many lesser values were left out.
///
/// Of many values few are near enough to a rank to be looked at twice; which ones, counting them in parts of their range
/// tells. A value's part never falls where values rise, whatever rounding does.
fn gather(values: &[f64], count: usize, ranks: &[usize], scratch: &mut Vec<f64>) -> Vec<usize> {
    scratch.clear();
    let present = || values.iter().copied().filter(|value| !value.is_nan());
    let least = lanes::minimum(values);
    let scale = (BUCKETS - 1) as f64 / (lanes::maximum(values) - least);
    // Few values, equal ones and infinite ones.
    if count < BUCKETS / 2 || scale <= 0.0 || !scale.is_finite() {
        scratch.extend(present());
        return vec![0; ranks.len()];
    }
    // So large a number has its ones in its last bits.
    let bucket =
        |value: f64| ((value - least) * scale + 4_503_599_627_370_496.0).to_bits() as usize % BUCKETS;
    // Days that follow each other are often of the same part, which would wait for itself in a single table.
    let mut tables = [[0_u32; BUCKETS]; 4];
    let mut tell = |values: &[f64]| {
        for (counts, &value) in tables.iter_mut().zip(values) {
            if let (false, Some(count)) = (value.is_nan(), counts.get_mut(bucket(value))) {
                *count += 1;
            }
        }
    };
    let (fours, rest) = values.as_chunks::<4>();
    fours.iter().for_each(|four| tell(four));
    tell(rest);
    let counts = (0..BUCKETS).map(|part| tables.iter().filter_map(|counts| counts.get(part)).sum::<u32>());
    let mut is_kept = [false; BUCKETS];
    let mut left_out = Vec::with_capacity(ranks.len());
    let mut ranks = ranks.iter().copied().peekable();
    let (mut lesser, mut left, mut following) = (0, 0, None);
    for (is_kept, count) in is_kept.iter_mut().zip(counts) {
        if count == 0 {
            continue;
        }
        *is_kept = following == Some(lesser);
        let end = lesser + count as usize;
        while let Some(rank) = ranks.next_if(|&rank| rank < end) {
            *is_kept = true;
            left_out.push(left);
            following = Some(rank + 1);
        }
        left += if *is_kept { 0 } else { count as usize };
        lesser = end;
    }
    // Without branches, which would be guessed wrong as often as values rise and fall.
    scratch.resize(count, 0.0);
    let mut length = 0;
    for &value in values {
        let is_kept = !value.is_nan() && is_kept.get(bucket(value)) == Some(&true);
        if let Some(target) = scratch.get_mut(length) {
            *target = value;
        }
        length += usize::from(is_kept);
    }
    scratch.truncate(length);
    left_out
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

    /// Enough values to be counted in parts first.
    #[test]
    fn many_values() {
        let hash = |index: u64| (index.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as f64;
        let series: [fn(f64) -> f64; 6] = [
            |value| value,
            |value| (value - 8e6) * 1e-30,
            // Nearly all in one part, and many equal ones.
            |value| if value < 1.5e7 { (value * 1e-5).floor() } else { value * 1e9 },
            |value| (value * 1e-6).floor() - 8.0,
            |value| if value < 1e7 { f64::NAN } else { -value.powi(9) },
            |value| if value < 1e5 { f64::INFINITY } else { (value - 8e6).powi(40) },
        ];
        let wanted: Vec<f64> = (0..=40).map(|part| f64::from(part) / 40.0).chain([0.05, 0.5, 1e-9]).collect();
        for (number, of) in series.into_iter().enumerate() {
            let values: Vec<f64> = (0..9_001).map(|index| of(hash(index))).collect();
            let mut sorted: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
            sorted.sort_by(f64::total_cmp);
            let last = (sorted.len() - 1) as f64;
            let expected = |&share: &f64| {
                let position = share * last;
                let (low, high) = (sorted[position.floor() as usize], sorted[position.ceil() as usize]);
                between(low, high, position - position.floor())
            };
            let expected: Vec<u64> = wanted.iter().map(expected).map(f64::to_bits).collect();
            let found: Vec<u64> = of_bits(&values, &wanted);
            assert_eq!(found, expected, "series {number}");
        }
    }

    fn of_bits(values: &[f64], wanted: &[f64]) -> Vec<u64> {
        of(values, wanted).into_iter().map(f64::to_bits).collect()
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
