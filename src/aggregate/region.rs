//! Area-weighted statistics over the cells of a region, gathered cell by cell.
//!
//! ```
//! # use gridloom::aggregate::region::{Weighted, add_series};
//! let mut days = [Weighted::default(); 2];
//! add_series(&mut days, &[1.0, f64::NAN], 2.0);
//! add_series(&mut days, &[4.0, 5.0], 1.0);
//! assert_eq!((days[0].mean(), days[0].total(), days[1].mean()), (2.0, 6.0, 5.0));
//! ```
//!
//! # Order
//! Weights, products and squares are kept to 106 bits, so that neither the order of cells nor how they were parted and
//! merged is seen in a result, but for a last bit once in a great many numbers; merge in a fixed order where that once
//! matters.

use super::sum::{DoubleDouble, two_product};

/// What is known of the cells of a region on one day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weighted {
    /// Cells with a value.
    pub cells: u64,
    /// The sum of their weights, such as their area in m2.
    pub weight: DoubleDouble,
    /// The sum of weights times values.
    pub sum: DoubleDouble,
    /// The sum of weights times squared values.
    pub squares: DoubleDouble,
    /// The least value; infinite where there is none.
    pub minimum: f64,
    /// The greatest value; minus infinity where there is none.
    pub maximum: f64,
}

impl Default for Weighted {
    fn default() -> Self {
        Weighted {
            cells: 0,
            weight: DoubleDouble::ZERO,
            sum: DoubleDouble::ZERO,
            squares: DoubleDouble::ZERO,
            minimum: f64::INFINITY,
            maximum: f64::NEG_INFINITY,
        }
    }
}

/// Adds a cell's series, a value for each accumulator, as [`Weighted::add`] does. What one of both is longer is left out.
pub fn add_series(accumulators: &mut [Weighted], values: &[f64], weight: f64) {
    if !is_weight(weight) {
        return;
    }
    for (accumulator, &value) in accumulators.iter_mut().zip(values) {
        accumulator.add_present(value, weight);
    }
}

fn is_weight(weight: f64) -> bool {
    weight > 0.0 && weight.is_finite()
}

impl Weighted {
    /// The length of [`Weighted::to_bytes`].
    pub const BYTES: usize = 72;

    /// Adds a cell. A value that is NaN is missing; a weight that is not a positive number gives the cell no part.
    pub fn add(&mut self, value: f64, weight: f64) {
        if is_weight(weight) {
            self.add_present(value, weight);
        }
    }

    #[inline]
    fn add_present(&mut self, value: f64, weight: f64) {
        if value.is_nan() {
            return;
        }
        let (product, error) = two_product(weight, value);
        let (square, square_error) = two_product(product, value);
        let crossed = error * value;
        self.cells += 1;
        self.weight.add_pair(weight, 0.0);
        self.sum.add_pair(product, error);
        self.squares.add_pair(square, square_error + crossed);
        self.minimum = if value < self.minimum { value } else { self.minimum };
        self.maximum = if value > self.maximum { value } else { self.maximum };
    }

    /// Takes in other cells.
    pub fn merge(&mut self, other: &Weighted) {
        self.cells = self.cells.saturating_add(other.cells);
        self.weight += other.weight;
        self.sum += other.sum;
        self.squares += other.squares;
        self.minimum = self.minimum.min(other.minimum);
        self.maximum = self.maximum.max(other.maximum);
    }

    /// The weighted mean, NaN without any cell.
    pub fn mean(&self) -> f64 {
        (self.sum / self.weight).to_f64()
    }

    /// The sum of weights times values: of a value per m2 weighted by m2, what the whole region holds. NaN without any
    /// cell.
    pub fn total(&self) -> f64 {
        if self.cells > 0 { self.sum.to_f64() } else { f64::NAN }
    }

    /// The standard deviation of the weighted population, as CDO's `fldstd`. NaN without any cell and where a value is
    /// infinite, never by rounding.
    pub fn std(&self) -> f64 {
        if self.minimum == self.maximum && self.minimum.is_finite() {
            return 0.0;
        }
        let mean = self.sum / self.weight;
        let variance = (self.squares / self.weight - mean * mean).to_f64();
        if variance < 0.0 { 0.0 } else { variance.sqrt() }
    }

    /// Its numbers in little endian, in the order of the fields.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let (weight, sum, squares) = (self.weight.parts(), self.sum.parts(), self.squares.parts());
        let numbers = [weight.0, weight.1, sum.0, sum.1, squares.0, squares.1, self.minimum, self.maximum];
        let mut bytes = [0; Self::BYTES];
        let words = std::iter::once(self.cells).chain(numbers.into_iter().map(f64::to_bits));
        for (place, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(words) {
            *place = word.to_le_bytes();
        }
        bytes
    }

    /// The inverse of [`Weighted::to_bytes`]. Any bytes are taken; what was not written there is as wrong as its bytes.
    pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> Self {
        let mut words = bytes.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word));
        let mut word = || words.next().unwrap_or_default();
        let cells = word();
        let mut number = || f64::from_bits(word());
        let mut sum = || DoubleDouble::from_parts(number(), number());
        let (weight, total, squares) = (sum(), sum(), sum());
        Weighted { cells, weight, sum: total, squares, minimum: number(), maximum: number() }
    }
}

#[cfg(test)]
mod tests;
