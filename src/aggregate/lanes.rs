//! The loops over values, eight at a time.
//!
//! Eight independent sums keep the processor's vector units busy. They are eight whatever vectors it has, so that results
//! are the same to the bit everywhere. Each lane adds what it lost to rounding beside its sum ("Sum2" of Ogita, Rump and
//! Oishi, 2005).

use pulp::{Arch, Simd, WithSimd};

use super::sum::{DoubleDouble, join, two_sum};

const LANES: usize = 8;

/// What is summed up of a value and its index, which is a whole number from 0.
pub(super) trait Term {
    fn of<S: Simd>(&self, simd: S, index: S::f64s, value: S::f64s) -> S::f64s;
}

/// The value itself.
pub(super) struct Value;

impl Term for Value {
    #[inline(always)]
    fn of<S: Simd>(&self, _: S, _: S::f64s, value: S::f64s) -> S::f64s {
        value
    }
}

/// The value's deviation from a mean of high and low part, squared.
pub(super) struct Squared(pub f64, pub f64);

impl Term for Squared {
    #[inline(always)]
    fn of<S: Simd>(&self, simd: S, _: S::f64s, value: S::f64s) -> S::f64s {
        let deviation = simd.sub_f64s(value, simd.splat_f64s(self.0));
        let deviation = simd.sub_f64s(deviation, simd.splat_f64s(self.1));
        simd.mul_f64s(deviation, deviation)
    }
}

/// The index.
pub(super) struct Index;

impl Term for Index {
    #[inline(always)]
    fn of<S: Simd>(&self, _: S, index: S::f64s, _: S::f64s) -> S::f64s {
        index
    }
}

/// The index's deviation from a mean, squared.
pub(super) struct SquaredIndex(pub f64);

impl Term for SquaredIndex {
    #[inline(always)]
    fn of<S: Simd>(&self, simd: S, index: S::f64s, _: S::f64s) -> S::f64s {
        let deviation = simd.sub_f64s(index, simd.splat_f64s(self.0));
        simd.mul_f64s(deviation, deviation)
    }
}

/// The product of the deviations of index and value from their means.
pub(super) struct Product(pub f64, pub f64);

impl Term for Product {
    #[inline(always)]
    fn of<S: Simd>(&self, simd: S, index: S::f64s, value: S::f64s) -> S::f64s {
        let index = simd.sub_f64s(index, simd.splat_f64s(self.0));
        simd.mul_f64s(index, simd.sub_f64s(value, simd.splat_f64s(self.1)))
    }
}

/// Values that are not missing.
#[inline(always)]
pub(super) fn count(values: &[f64]) -> usize {
    values.iter().filter(|value| !value.is_nan()).count()
}

/// The sum of the terms of all values that are not missing.
///
/// The result errs by less than 2⁻⁵³ of itself + 2⁻¹⁰⁵ n² of the sum of the terms' magnitudes, and usually by far less.
pub(super) fn sum(values: &[f64], term: impl Term) -> DoubleDouble {
    struct Sum<'a, T>(&'a [f64], T);
    impl<T: Term> WithSimd for Sum<'_, T> {
        type Output = DoubleDouble;

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> DoubleDouble {
            sum_with(simd, self.0, &self.1)
        }
    }
    Arch::new().dispatch(Sum(values, term))
}

/// [`sum`] inside of what is dispatched already.
#[inline(always)]
pub(super) fn sum_with<S: Simd>(simd: S, values: &[f64], term: &impl Term) -> DoubleDouble {
    lanes_of(simd, values, term).total(simd)
}

/// How many values are not missing, and their sum, inside of what is dispatched already.
#[inline(always)]
pub(super) fn count_and_sum_with<S: Simd>(simd: S, values: &[f64]) -> (f64, DoubleDouble) {
    let lanes = lanes_of(simd, values, &Value);
    let [a, b, c, d, e, f, g, h] = spread(simd, &lanes.counts);
    (((a + b) + (c + d)) + ((e + f) + (g + h)), lanes.total(simd))
}

#[inline(always)]
fn lanes_of<S: Simd>(simd: S, values: &[f64], term: &impl Term) -> Lanes<S> {
    let mut lanes = Lanes::new(simd);
    let (blocks, rest) = values.as_chunks::<LANES>();
    for block in blocks {
        lanes.add(simd, block, term);
    }
    if !rest.is_empty() {
        lanes.add(simd, &filled(rest), term);
    }
    lanes
}

/// Eight sums, in as many vectors as that takes; further ones are not used.
struct Lanes<S: Simd> {
    indices: [S::f64s; LANES],
    sums: [S::f64s; LANES],
    errors: [S::f64s; LANES],
    /// Values that are not missing.
    counts: [S::f64s; LANES],
}

impl<S: Simd> Lanes<S> {
    #[inline(always)]
    fn new(simd: S) -> Self {
        let zeros = [simd.splat_f64s(0.0); LANES];
        let mut indices = zeros;
        let first = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];
        for (index, &first) in indices.iter_mut().zip(S::as_simd_f64s(&first).0) {
            *index = first;
        }
        Lanes { indices, sums: zeros, errors: zeros, counts: zeros }
    }

    #[inline(always)]
    fn add(&mut self, simd: S, block: &[f64; LANES], term: &impl Term) {
        let (zero, width) = (simd.splat_f64s(0.0), simd.splat_f64s(LANES as f64));
        let one = simd.splat_f64s(1.0);
        let sums = self.sums.iter_mut().zip(&mut self.errors);
        let places = self.indices.iter_mut().zip(&mut self.counts).zip(sums);
        for (((index, count), (sum, error)), &value) in places.zip(S::as_simd_f64s(block).0) {
            // What is missing does not equal itself.
            let is_there = simd.equal_f64s(value, value);
            let term = simd.select_f64s(is_there, term.of(simd, *index, value), zero);
            // `two_sum` of many.
            let total = simd.add_f64s(*sum, term);
            let of_term = simd.sub_f64s(total, *sum);
            let of_sum = simd.sub_f64s(*sum, simd.sub_f64s(total, of_term));
            let lost = simd.add_f64s(of_sum, simd.sub_f64s(term, of_term));
            *sum = total;
            *error = simd.add_f64s(*error, lost);
            *index = simd.add_f64s(*index, width);
            *count = simd.add_f64s(*count, simd.select_f64s(is_there, one, zero));
        }
    }

    #[inline(always)]
    fn total(&self, simd: S) -> DoubleDouble {
        let (mut sums, mut errors) = (spread(simd, &self.sums), spread(simd, &self.errors));
        // In pairs, which do not wait for each other.
        for half in [4, 2, 1] {
            let ((sums, upper), (errors, lost)) = (sums.split_at_mut(half), errors.split_at_mut(half));
            for ((sum, upper), (error, lost)) in sums.iter_mut().zip(upper).zip(errors.iter_mut().zip(lost)) {
                let (total, rounding) = two_sum(*sum, *upper);
                *sum = total;
                *error += *lost + rounding;
            }
        }
        let ([total, ..], [errors, ..]) = (sums, errors);
        join(total, errors)
    }
}

/// The eight numbers of vectors.
#[inline(always)]
fn spread<S: Simd>(_: S, vectors: &[S::f64s; LANES]) -> [f64; LANES] {
    let mut numbers = [0.0; LANES];
    for (to, &from) in S::as_mut_simd_f64s(&mut numbers).0.iter_mut().zip(vectors) {
        *to = from;
    }
    numbers
}

/// The least value, infinity where there is none.
pub(super) fn minimum(values: &[f64]) -> f64 {
    Arch::new().dispatch(Extreme::<false>(values))
}

/// The greatest value, minus infinity where there is none.
pub(super) fn maximum(values: &[f64]) -> f64 {
    Arch::new().dispatch(Extreme::<true>(values))
}

/// The least or the greatest value.
pub(super) struct Extreme<'a, const GREATEST: bool>(pub &'a [f64]);

impl<const GREATEST: bool> WithSimd for Extreme<'_, GREATEST> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let start = if GREATEST { f64::NEG_INFINITY } else { f64::INFINITY };
        let mut found = [simd.splat_f64s(start); LANES];
        let (blocks, rest) = self.0.as_chunks::<LANES>();
        let last = [filled(rest)];
        for block in blocks.iter().chain(&last) {
            for (found, &value) in found.iter_mut().zip(S::as_simd_f64s(block).0) {
                // False for what is missing.
                let is_beyond = match GREATEST {
                    true => simd.greater_than_f64s(value, *found),
                    false => simd.less_than_f64s(value, *found),
                };
                *found = simd.select_f64s(is_beyond, value, *found);
            }
        }
        let is_beyond = |value: f64, far: f64| if GREATEST { value > far } else { value < far };
        spread(simd, &found)
            .into_iter()
            .fold(start, |far, value| if is_beyond(value, far) { value } else { far })
    }
}

/// Values, and missing ones after them.
#[inline(always)]
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
        assert_eq!(sum(&values, Value).parts(), (30.0, 0.0));
        assert_eq!(sum(&[1.0, f64::INFINITY], Value).to_f64(), f64::INFINITY);
    }

    proptest! {
        #[test]
        fn whole_numbers(values in series()) {
            let present = || values.iter().enumerate().filter(|(_, value)| !value.is_nan());
            let plain: f64 = present().map(|(_, value)| value).sum();
            let by_index: f64 = present().map(|(index, value)| index as f64 * value).sum();
            prop_assert_eq!(sum(&values, Value).to_f64(), plain);
            prop_assert_eq!(sum(&values, Product(0.0, 0.0)).to_f64(), by_index);
            prop_assert_eq!(count(&values), present().count());
            // The plain code of other processors gives the same bits.
            let thirds: Vec<f64> = values.iter().map(|value| value / 3.0).collect();
            let plainly = sum_with(pulp::Scalar, &thirds, &Product(0.7, 0.1));
            prop_assert_eq!(sum(&thirds, Product(0.7, 0.1)).parts(), plainly.parts());
            let counted = count_and_sum_with(pulp::Scalar, &values);
            prop_assert_eq!(counted, (count(&values) as f64, sum(&values, Value)));
            prop_assert_eq!(minimum(&values), present().fold(f64::INFINITY, |least, (_, value)| least.min(*value)));
            prop_assert_eq!(maximum(&values), present().fold(-f64::INFINITY, |most, (_, value)| most.max(*value)));
        }
    }
}
