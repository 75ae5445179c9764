//! The loops that every value goes through, for whatever vectors the processor has.
//!
//! They are plain code that is compiled for wide vectors as well. A cell's sums are made in the order of time, and sums over cells
//! in a fixed number of lanes, so that results are the same to the bit with all of them.

#![allow(
    clippy::needless_range_loop,
    reason = "loops over indices of arrays become vectors, iterators less so"
)]

use pulp::{Arch, Simd, WithSimd};

use super::reduce::Point;

/// Adds rows of `cells` values to each cell's count and sum.
pub(super) fn add_sums(values: &[f64], cells: usize, counts: &mut [f64], sums: &mut [f64]) {
    Arch::new().dispatch(Rows { values, cells, columns: Sums { counts, sums } });
}

/// Adds rows of `width` values, one after another for each count and sum and then from the first again.
pub(super) fn add_rows(values: &[f64], width: usize, counts: &mut [f64], sums: &mut [f64]) {
    for map in values.chunks_exact((width * counts.len()).max(1)) {
        for ((row, count), sum) in map.chunks_exact(width.max(1)).zip(&mut *counts).zip(&mut *sums) {
            // Several sums at a time do not wait for each other.
            let mut lanes = [(0u32, 0.0); LANES];
            for values in row.chunks(LANES) {
                for ((number, sum), value) in
                    lanes.iter_mut().zip(values).filter(|(_, value)| !value.is_nan())
                {
                    *number += 1;
                    *sum += value;
                }
            }
            *count += f64::from(lanes.iter().map(|(number, _)| number).sum::<u32>());
            *sum += lanes.iter().map(|(_, sum)| sum).sum::<f64>();
        }
    }
}

/// What [`add_moments`] adds to, by cell.
pub(super) struct Moments<'a> {
    /// What values are counted from: the first of the cell.
    pub origins: &'a mut [f64],
    pub counts: &'a mut [f64],
    pub sums: &'a mut [f64],
    /// The day of each row.
    pub days: &'a [f64],
    pub more: More<'a>,
}

/// What is summed besides.
pub(super) enum More<'a> {
    /// Squares of values.
    Squares(&'a mut [f64]),
    /// Days, their squares, and their products with values.
    Days([&'a mut [f64]; 3]),
}

/// Adds rows of `cells` values.
pub(super) fn add_moments(values: &[f64], cells: usize, moments: Moments) {
    let Moments { origins, counts, sums, days, more } = moments;
    match more {
        More::Squares(squares) => {
            let columns = Squares { origins, counts, sums, squares };
            Arch::new().dispatch(Rows { values, cells, columns });
        }
        More::Days([day_sums, day_squares, products]) => {
            let columns = Trend { origins, counts, sums, days, day_sums, day_squares, products };
            Arch::new().dispatch(Rows { values, cells, columns });
        }
    }
}

/// Some cells' sums, which are held while all rows are added.
trait Columns<const LANES: usize> {
    type Held;
    fn take(&self, first: usize) -> Self::Held;
    fn add(&self, held: &mut Self::Held, row: usize, values: &[f64; LANES]);
    fn put(&mut self, first: usize, held: Self::Held);
}

struct Rows<'a, const LANES: usize, C> {
    values: &'a [f64],
    cells: usize,
    columns: C,
}

impl<const LANES: usize, C: Columns<LANES>> WithSimd for Rows<'_, LANES, C> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Rows { values, cells, mut columns } = self;
        for first in (0..cells).step_by(LANES) {
            let mut held = columns.take(first);
            if first + LANES <= cells {
                for (index, row) in values.chunks_exact(cells).enumerate() {
                    if let Some(values) = row.get(first..).and_then(|row| row.first_chunk()) {
                        columns.add(&mut held, index, values);
                    }
                }
            } else {
                for (index, row) in values.chunks_exact(cells).enumerate() {
                    columns.add(&mut held, index, &filled(row, first, f64::NAN));
                }
            }
            columns.put(first, held);
        }
    }
}

/// Values from a place on, and others behind their end.
#[inline(always)]
fn filled<const LANES: usize>(values: &[f64], first: usize, other: f64) -> [f64; LANES] {
    let mut lanes = [other; LANES];
    for (lane, value) in lanes.iter_mut().zip(values.get(first..).unwrap_or_default()) {
        *lane = *value;
    }
    lanes
}

#[inline(always)]
fn put<const LANES: usize>(values: &mut [f64], first: usize, lanes: [f64; LANES]) {
    for (value, lane) in values.get_mut(first..).unwrap_or_default().iter_mut().zip(lanes) {
        *value = lane;
    }
}

struct Sums<'a> {
    counts: &'a mut [f64],
    sums: &'a mut [f64],
}

impl Columns<16> for Sums<'_> {
    type Held = ([i64; 16], [f64; 16]);

    #[inline(always)]
    fn take(&self, first: usize) -> Self::Held {
        ([0; 16], filled(self.sums, first, 0.0))
    }

    #[inline(always)]
    fn add(&self, (counts, sums): &mut Self::Held, _: usize, values: &[f64; 16]) {
        for lane in 0..16 {
            let there = !values[lane].is_nan();
            counts[lane] += i64::from(there);
            sums[lane] += if there { values[lane] } else { 0.0 };
        }
    }

    #[inline(always)]
    fn put(&mut self, first: usize, (counts, sums): Self::Held) {
        put(self.sums, first, sums);
        for (count, more) in self.counts.get_mut(first..).unwrap_or_default().iter_mut().zip(counts) {
            *count += more as f64;
        }
    }
}

struct Squares<'a> {
    origins: &'a mut [f64],
    counts: &'a mut [f64],
    sums: &'a mut [f64],
    squares: &'a mut [f64],
}

impl Columns<8> for Squares<'_> {
    type Held = [[f64; 8]; 4];

    #[inline(always)]
    fn take(&self, first: usize) -> Self::Held {
        let take = |values: &[f64]| filled(values, first, f64::NAN);
        [take(self.origins), take(self.counts), take(self.sums), take(self.squares)]
    }

    #[inline(always)]
    fn add(&self, held: &mut Self::Held, _: usize, values: &[f64; 8]) {
        let [origins, counts, sums, squares] = held;
        for lane in 0..8 {
            let value = values[lane];
            origins[lane] = if origins[lane].is_nan() { value } else { origins[lane] };
            let apart = if value.is_nan() { 0.0 } else { value - origins[lane] };
            counts[lane] += if value.is_nan() { 0.0 } else { 1.0 };
            sums[lane] += apart;
            squares[lane] += apart * apart;
        }
    }

    #[inline(always)]
    fn put(&mut self, first: usize, [origins, counts, sums, squares]: Self::Held) {
        put(self.origins, first, origins);
        put(self.counts, first, counts);
        put(self.sums, first, sums);
        put(self.squares, first, squares);
    }
}

struct Trend<'a> {
    origins: &'a mut [f64],
    counts: &'a mut [f64],
    sums: &'a mut [f64],
    days: &'a [f64],
    day_sums: &'a mut [f64],
    day_squares: &'a mut [f64],
    products: &'a mut [f64],
}

impl Columns<4> for Trend<'_> {
    type Held = [[f64; 4]; 6];

    #[inline(always)]
    fn take(&self, first: usize) -> Self::Held {
        let take = |values: &[f64]| filled(values, first, f64::NAN);
        [
            take(self.origins),
            take(self.counts),
            take(self.sums),
            take(self.day_sums),
            take(self.day_squares),
            take(self.products),
        ]
    }

    #[inline(always)]
    fn add(&self, held: &mut Self::Held, row: usize, values: &[f64; 4]) {
        let day = self.days.get(row).copied().unwrap_or(0.0);
        let [origins, counts, sums, day_sums, day_squares, products] = held;
        for lane in 0..4 {
            let value = values[lane];
            let there = !value.is_nan();
            origins[lane] = if origins[lane].is_nan() { value } else { origins[lane] };
            let apart = if there { value - origins[lane] } else { 0.0 };
            let day = if there { day } else { 0.0 };
            counts[lane] += if there { 1.0 } else { 0.0 };
            sums[lane] += apart;
            day_sums[lane] += day;
            day_squares[lane] += day * day;
            products[lane] += day * apart;
        }
    }

    #[inline(always)]
    fn put(&mut self, first: usize, [origins, counts, sums, days, squares, products]: Self::Held) {
        put(self.origins, first, origins);
        put(self.counts, first, counts);
        put(self.sums, first, sums);
        put(self.day_sums, first, days);
        put(self.day_squares, first, squares);
        put(self.products, first, products);
    }
}

/// Adds rows of as many values as there are weights to a point each; values without a weight are left out.
pub(super) fn add_weighted(values: &[f64], weights: &[f64], points: &mut [Point]) {
    Arch::new().dispatch(Weighted { values, weights, points });
}

struct Weighted<'a> {
    values: &'a [f64],
    weights: &'a [f64],
    points: &'a mut [Point],
}

const LANES: usize = 4;

impl WithSimd for Weighted<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (row, point) in self.values.chunks_exact(self.weights.len().max(1)).zip(self.points) {
            let mut lanes = Lanes {
                cells: [0; LANES],
                sums: [[0.0; LANES]; 3],
                low: [f64::INFINITY; LANES],
                high: [f64::NEG_INFINITY; LANES],
            };
            let ((blocks, rest), (weights, rest_weights)) =
                (row.as_chunks::<LANES>(), self.weights.as_chunks::<LANES>());
            for (values, weights) in blocks.iter().zip(weights) {
                lanes.add(values, weights);
            }
            if !rest.is_empty() {
                lanes.add(&filled(rest, 0, f64::NAN), &filled(rest_weights, 0, 0.0));
            }
            let [weight, mean, std] = lanes.sums.map(|sums| sums.into_iter().sum());
            point.merge(&Point {
                cells: lanes.cells.into_iter().sum(),
                weight,
                mean,
                std,
                low: lanes.low.into_iter().fold(f64::INFINITY, f64::min),
                high: lanes.high.into_iter().fold(f64::NEG_INFINITY, f64::max),
            });
        }
    }
}

struct Lanes {
    cells: [u64; LANES],
    /// Of weights, weighted values, and weighted squares.
    sums: [[f64; LANES]; 3],
    low: [f64; LANES],
    high: [f64; LANES],
}

impl Lanes {
    #[inline(always)]
    fn add(&mut self, values: &[f64; LANES], weights: &[f64; LANES]) {
        let [weight_sums, sums, squares] = &mut self.sums;
        for lane in 0..LANES {
            let (value, weight) = (values[lane], weights[lane]);
            let there = !value.is_nan() & (weight > 0.0);
            let weight = if there { weight } else { 0.0 };
            let kept = if there { value } else { 0.0 };
            self.cells[lane] += u64::from(there);
            weight_sums[lane] += weight;
            sums[lane] += weight * kept;
            squares[lane] += weight * kept * kept;
            self.low[lane] = if there & (value < self.low[lane]) { value } else { self.low[lane] };
            self.high[lane] = if there & (value > self.high[lane]) { value } else { self.high[lane] };
        }
    }
}

#[cfg(test)]
mod tests;
