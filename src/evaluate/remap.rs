//! First-order conservative remapping between grids whose rows are parallels and whose columns are meridians.
//!
//! A target cell's value is the mean of the source cells that it lies on, weighted by the area that they share, on the sphere; source
//! cells without a value have no share.

/// For each target row (or column) those of the source that it lies on, with what they share: of rows the difference of the sines of
/// their edges, of columns degrees.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Overlaps {
    shares: Vec<Vec<(usize, f64)>>,
    whole: Vec<f64>,
}

fn pairs(edges: &[f64]) -> impl Iterator<Item = (f64, f64)> + '_ {
    edges.windows(2).filter_map(|pair| match *pair {
        [one, other] => Some((one.min(other), one.max(other))),
        _ => None,
    })
}

impl Overlaps {
    /// Of rows, by their edges in degrees north.
    pub fn of_rows(target: &[f64], source: &[f64]) -> Self {
        let sine = |edge: &f64| edge.clamp(-90.0, 90.0).to_radians().sin();
        let (target, source): (Vec<f64>, Vec<f64>) =
            (target.iter().map(sine).collect(), source.iter().map(sine).collect());
        Overlaps::of(&target, &source, &[0.0])
    }

    /// Of columns, by their edges in degrees east, which may be counted from anywhere.
    pub fn of_columns(target: &[f64], source: &[f64]) -> Self {
        Overlaps::of(target, source, &[-720.0, -360.0, 0.0, 360.0, 720.0])
    }

    fn of(target: &[f64], source: &[f64], turns: &[f64]) -> Self {
        let source: Vec<(f64, f64)> = pairs(source).collect();
        let share = |(low, high): (f64, f64)| {
            let each = source.iter().enumerate().map(|(index, &(from, to))| {
                let shared = turns.iter().map(|turn| (high.min(to + turn) - low.max(from + turn)).max(0.0));
                (index, shared.sum::<f64>())
            });
            // Edges that should be the same differ in their last bits.
            each.filter(|(_, shared)| *shared > 1e-9 * (high - low)).collect()
        };
        let whole = pairs(target).map(|(low, high)| high - low).collect();
        Overlaps { shares: pairs(target).map(share).collect(), whole }
    }

    /// The source's that some of the target's lie on: the first, and the one behind the last.
    pub fn span(&self, targets: std::ops::Range<usize>) -> std::ops::Range<usize> {
        let shares = self.shares.get(targets).unwrap_or_default().iter().flatten();
        let all = shares.map(|(index, _)| *index);
        let (first, last) =
            all.fold((usize::MAX, 0), |(first, end), index| (first.min(index), end.max(index + 1)));
        first.min(last)..last
    }

    fn get(&self, target: usize) -> (&[(usize, f64)], f64) {
        let whole = self.whole.get(target).copied().unwrap_or(f64::NAN);
        (self.shares.get(target).map_or(&[], Vec::as_slice), whole)
    }
}

/// The value of a target cell, and the part of it that has one; none where no source cell has. `value` tells a source cell's by row and column; NaN
/// is none.
pub(super) fn value(
    rows: (&Overlaps, usize),
    columns: (&Overlaps, usize),
    value: impl Fn(usize, usize) -> f64,
) -> Option<(f64, f64)> {
    let ((rows, height), (columns, width)) = (rows.0.get(rows.1), columns.0.get(columns.1));
    let (mut sum, mut area, mut count, mut only) = (0.0, 0.0, 0, f64::NAN);
    for &(row, of_row) in rows {
        for &(column, of_column) in columns {
            let value = value(row, column);
            if !value.is_nan() {
                let share = of_row * of_column;
                (sum, area, count, only) = (sum + share * value, area + share, count + 1, value);
            }
        }
    }
    let mean = if count == 1 { only } else { sum / area };
    (count > 0).then(|| (mean, (area / (height * width)).min(1.0)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_same_grid_stays_as_it_is() {
        let (lat, lon) = ([10.0, 9.5, 9.0], [0.0, 0.5, 1.0]);
        let (rows, columns) =
            (Overlaps::of_rows(&lat, &lat), Overlaps::of_columns(&lon, &[360.0, 360.5, 361.0]));
        for row in 0..2 {
            for column in 0..2 {
                let own =
                    value((&rows, row), (&columns, column), |row, column| (10 * row + column) as f64 + 0.1);
                assert_eq!(own.map(|own| own.0), Some((10 * row + column) as f64 + 0.1));
            }
        }
        assert_eq!(rows.span(1..2), 1..2);
    }

    #[test]
    fn cells_without_a_value_have_no_share() {
        // Two degrees of the target on four half-degree columns.
        let (rows, columns) = (
            Overlaps::of_rows(&[0.0, 1.0], &[0.0, 1.0]),
            Overlaps::of_columns(&[0.0, 2.0], &[0.0, 0.5, 1.0, 1.5, 2.0]),
        );
        let values = [1.0, f64::NAN, 3.0, f64::NAN];
        assert_eq!(value((&rows, 0), (&columns, 0), |_, column| values[column]), Some((2.0, 0.5)));
        assert_eq!(value((&rows, 0), (&columns, 0), |_, _| f64::NAN), None);
    }

    proptest! {
        /// What is remapped over the whole globe keeps its integral.
        #[test]
        fn the_integral_stays(values in prop::collection::vec(-5.0..5.0f64, 12 * 24), shift in 0..5u32) {
            let edges = |first: f64, step: f64, count: usize| -> Vec<f64> { (0..=count).map(|index| first + step * index as f64).collect() };
            let shift = f64::from(shift) * 3.7 - 180.0;
            let (source_lat, source_lon) = (edges(-90.0, 15.0, 12), edges(0.0, 15.0, 24));
            let (target_lat, target_lon) = (edges(90.0, -9.0, 20), edges(shift, 10.0, 36));
            let (rows, columns) = (Overlaps::of_rows(&target_lat, &source_lat), Overlaps::of_columns(&target_lon, &source_lon));
            let area = |lat: &[f64], row: usize, width: f64| (lat[row].to_radians().sin() - lat[row + 1].to_radians().sin()).abs() * width;
            let mut remapped = 0.0;
            for row in 0..20 {
                for column in 0..36 {
                    let (mean, part) = value((&rows, row), (&columns, column), |row, column| values[row * 24 + column]).expect("a value");
                    prop_assert!((part - 1.0).abs() < 1e-9);
                    remapped += mean * area(&target_lat, row, 10.0);
                }
            }
            let whole: f64 = (0..12 * 24).map(|index| values[index] * area(&source_lat, index / 24, 15.0)).sum();
            prop_assert!((remapped - whole).abs() < 1e-9 * 720.0, "{remapped} {whole}");
        }
    }
}
