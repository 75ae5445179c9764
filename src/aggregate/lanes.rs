//! The loops over values, eight at a time.
//!
//! Eight independent sums keep the processor's vector units busy, and the compiler turns them into vector code without
//! being told. Each lane adds what it lost to rounding beside its sum ("Sum2" of Ogita, Rump and Oishi, 2005).

use super::sum::{DoubleDouble, join, two_sum};

const LANES: usize = 8;

/// Values that are not missing.
pub(super) fn count(values: &[f64]) -> usize {
    values.iter().filter(|value| !value.is_nan()).count()
}

/// The sum of `term(index, value)` over all values that are not missing. The index is a whole number from 0.
///
/// The result errs by less than 2⁻⁵³ of itself + 2⁻¹⁰⁵ n² of the sum of the terms' magnitudes, and usually by far less.
#[inline]
pub(super) fn sum(values: &[f64], term: impl Fn(f64, f64) -> f64) -> DoubleDouble {
    let mut lanes = Lanes::new();
    let (blocks, rest) = values.as_chunks::<LANES>();
    for block in blocks {
        lanes.add(block, &term);
    }
    if !rest.is_empty() {
        lanes.add(&filled(rest), &term);
    }
    lanes.total()
}

struct Lanes {
    indices: [f64; LANES],
    sums: [f64; LANES],
    errors: [f64; LANES],
}

impl Lanes {
    fn new() -> Self {
        Lanes { indices: [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], sums: [0.0; LANES], errors: [0.0; LANES] }
    }

    #[inline]
    fn add(&mut self, block: &[f64; LANES], term: &impl Fn(f64, f64) -> f64) {
        let places = self.indices.iter_mut().zip(&mut self.sums).zip(&mut self.errors);
        for (((index, sum), error), &value) in places.zip(block) {
            let term = if value.is_nan() { 0.0 } else { term(*index, value) };
            let (total, lost) = two_sum(*sum, term);
            *sum = total;
            *error += lost;
            *index += LANES as f64;
        }
    }

    fn total(self) -> DoubleDouble {
        let (mut total, mut errors) = (0.0, 0.0);
        for (sum, error) in self.sums.into_iter().zip(self.errors) {
            let (next, lost) = two_sum(total, sum);
            total = next;
            errors += error + lost;
        }
        join(total, errors)
    }
}

/// The least value, infinity where there is none.
pub(super) fn minimum(values: &[f64]) -> f64 {
    extreme(values, f64::INFINITY, |value, least| value < least)
}

/// The greatest value, minus infinity where there is none.
pub(super) fn maximum(values: &[f64]) -> f64 {
    extreme(values, f64::NEG_INFINITY, |value, most| value > most)
}

/// `is_beyond` must be false for NaN.
#[inline]
fn extreme(values: &[f64], start: f64, is_beyond: impl Fn(f64, f64) -> bool) -> f64 {
    let mut found = [start; LANES];
    let mut look = |block: &[f64; LANES]| {
        for (found, &value) in found.iter_mut().zip(block) {
            *found = if is_beyond(value, *found) { value } else { *found };
        }
    };
    let (blocks, rest) = values.as_chunks::<LANES>();
    blocks.iter().for_each(&mut look);
    look(&filled(rest));
    found.into_iter().fold(start, |far, value| if is_beyond(value, far) { value } else { far })
}

/// Values, and missing ones after them.
fn filled(rest: &[f64]) -> [f64; LANES] {
    let mut block = [f64::NAN; LANES];
    for (to, from) in block.iter_mut().zip(rest) {
        *to = *from;
    }
    block
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Whole numbers, missing where they divide by 7.
    fn series() -> impl Strategy<Value = Vec<f64>> {
        let value = |value: i32| if value % 7 == 0 { f64::NAN } else { f64::from(value) };
        prop::collection::vec((-10_000..10_000).prop_map(value), 0..70)
    }

    #[test]
    fn large_numbers_that_cancel() {
        let values: Vec<f64> = (0..90).map(|i| [1e17, 1.0, -1e17][i % 3]).collect();
        assert_eq!(sum(&values, |_, value| value).parts(), (30.0, 0.0));
        assert_eq!(sum(&[1.0, f64::INFINITY], |_, value| value).to_f64(), f64::INFINITY);
    }

    proptest! {
        #[test]
        fn whole_numbers(values in series()) {
            let present = || values.iter().enumerate().filter(|(_, value)| !value.is_nan());
            let plain: f64 = present().map(|(_, value)| value).sum();
            let by_index: f64 = present().map(|(index, value)| index as f64 * value).sum();
            prop_assert_eq!(sum(&values, |_, value| value).to_f64(), plain);
            prop_assert_eq!(sum(&values, |index, value| index * value).to_f64(), by_index);
            prop_assert_eq!(count(&values), present().count());
            prop_assert_eq!(minimum(&values), present().fold(f64::INFINITY, |least, (_, value)| least.min(*value)));
            prop_assert_eq!(maximum(&values), present().fold(-f64::INFINITY, |most, (_, value)| most.max(*value)));
        }
    }
}
