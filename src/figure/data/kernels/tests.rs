//! The loops give what plain formulas give, and the same bits with vectors and without.

use proptest::prelude::*;
use pulp::Scalar;

use super::*;

/// Values of some days, some of them missing, and how many a day has: vectors are not filled evenly.
fn series() -> impl Strategy<Value = (Vec<f64>, usize)> {
    let value = prop_oneof![4 => (-1e4..1e4).prop_map(|value| value / 3.0), 1 => Just(f64::NAN)];
    (1usize..40, 0usize..12)
        .prop_flat_map(move |(cells, days)| (prop::collection::vec(value.clone(), cells * days), Just(cells)))
}

/// Does some work with the processor's vectors, or without any.
fn run<W: WithSimd>(wide: bool, work: W) -> W::Output {
    if wide { Arch::new().dispatch(work) } else { work.with_simd(Scalar) }
}

fn bits(columns: &[Vec<f64>]) -> Vec<Vec<u64>> {
    columns.iter().map(|column| column.iter().map(|value| value.to_bits()).collect()).collect()
}

/// The values of each cell that are there, with their days.
fn present(values: &[f64], cells: usize) -> Vec<Vec<(f64, f64)>> {
    let mut present = vec![Vec::new(); cells];
    for (day, row) in values.chunks_exact(cells).enumerate() {
        for (cell, value) in row.iter().enumerate().filter(|(_, value)| !value.is_nan()) {
            present[cell].push((day as f64 + 0.5, *value));
        }
    }
    present
}

/// A sum in the order of time.
fn summed(cells: &[Vec<(f64, f64)>], of: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    let one = |series: &Vec<(f64, f64)>| {
        let origin = series.first().map_or(0.0, |(_, value)| *value);
        series.iter().fold(0.0, |sum, (day, value)| sum + of(*day, *value - origin))
    };
    cells.iter().map(one).collect()
}

proptest! {
    #[test]
    fn sums_by_cell((values, cells) in series()) {
        let present = present(&values, cells);
        let first = present.iter().map(|series| series.first().map_or(f64::NAN, |(_, value)| *value)).collect();
        let counts: Vec<f64> = present.iter().map(|series| series.len() as f64).collect();
        let plain = present.iter().map(|series| series.iter().fold(0.0, |sum, (_, value)| sum + value)).collect();
        let apart = summed(&present, |_, apart| apart);
        let squares = summed(&present, |_, apart| apart * apart);
        let day_sums = summed(&present, |day, _| day);
        let day_squares = summed(&present, |day, _| day * day);
        let products = summed(&present, |day, apart| day * apart);
        let days: Vec<f64> = (0..values.len() / cells).map(|day| day as f64 + 0.5).collect();
        for wide in [true, false] {
            let zeros = || vec![0.0; cells];
            let mut made = vec![zeros(), zeros()];
            if let [counts, sums] = made.as_mut_slice() {
                run(wide, Rows { values: &values, cells, columns: Sums { counts, sums } });
            }
            prop_assert_eq!(bits(&made), bits(&[counts.clone(), Vec::clone(&plain)]));
            let mut made = vec![vec![f64::NAN; cells], zeros(), zeros(), zeros()];
            if let [origins, counts, sums, squares] = made.as_mut_slice() {
                run(wide, Rows { values: &values, cells, columns: Squares { origins, counts, sums, squares } });
            }
            prop_assert_eq!(bits(&made), bits(&[Vec::clone(&first), counts.clone(), apart.clone(), squares.clone()]));
            let mut made = vec![vec![f64::NAN; cells], zeros(), zeros(), zeros(), zeros(), zeros()];
            if let [origins, counts, sums, day_sums, day_squares, products] = made.as_mut_slice() {
                let columns = Trend { origins, counts, sums, days: &days, day_sums, day_squares, products };
                run(wide, Rows { values: &values, cells, columns });
            }
            let wanted = [first.clone(), counts.clone(), apart.clone(), day_sums.clone(), day_squares.clone(), products.clone()];
            prop_assert_eq!(bits(&made), bits(&wanted));
        }
    }

    #[test]
    fn weighted_means((values, cells) in series(), seed in 0u32..100) {
        let weights: Vec<f64> = (0..cells as u32).map(|cell| f64::from((cell * 7 + seed) % 5) / 7.0).collect();
        let [wide, plain] = [true, false].map(|wide| {
            let mut points = vec![Point::NONE; values.len() / cells];
            run(wide, Weighted { values: &values, weights: &weights, points: &mut points });
            points
        });
        prop_assert_eq!(format!("{wide:?}"), format!("{plain:?}"));
        for (row, point) in values.chunks_exact(cells).zip(wide) {
            let there: Vec<(f64, f64)> =
                row.iter().copied().zip(weights.iter().copied()).filter(|(value, weight)| !value.is_nan() && *weight > 0.0).collect();
            let sum = |of: fn(f64) -> f64| there.iter().map(|(value, weight)| of(*value) * weight).sum::<f64>();
            let near = |a: f64, b: f64, size: f64| (a - b).abs() <= 1e-12 * size;
            prop_assert_eq!(point.cells as usize, there.len());
            prop_assert!(near(point.weight, sum(|_| 1.0), 1e3));
            prop_assert!(near(point.mean, sum(|value| value), 1e6));
            prop_assert!(near(point.std, sum(|value| value * value), 1e9));
            prop_assert_eq!(point.low, there.iter().fold(f64::INFINITY, |low, (value, _)| low.min(*value)));
            prop_assert_eq!(point.high, there.iter().fold(f64::NEG_INFINITY, |high, (value, _)| high.max(*value)));
        }
    }
}
