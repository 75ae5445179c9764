//! A change in percent of what it is a change of.

#[cfg(any(feature = "netcdf", test))]
use super::region::Weighted;

/// Means are near nought where they are this share of the largest value that they are made of: what is left of values that cancel each other.
pub(crate) const NOUGHT: f64 = 1e-6;

/// Whether a mean, the largest of whose values has this magnitude, is too near nought for percents of it; `least` is what must be exceeded in any case.
pub(crate) fn is_nought(mean: f64, largest: f64, least: f64) -> bool {
    mean.abs() <= least.max(NOUGHT * largest)
}

/// The change of a region's total in percent of the magnitude of what it was, of the same cells; NaN where that is near nought.
#[cfg(any(feature = "netcdf", test))]
pub(crate) fn of_region(change: &Weighted, before: &Weighted, least: f64) -> f64 {
    let largest = before.minimum.abs().max(before.maximum.abs());
    if before.cells == 0 || is_nought(before.mean(), largest, least) {
        return f64::NAN;
    }
    let percent = (change.sum * 100.0.into() / before.sum).to_f64();
    if before.total() < 0.0 { -percent } else { percent }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(cells: &[(f64, f64, f64)], least: f64) -> f64 {
        let (mut change, mut before) = (Weighted::default(), Weighted::default());
        for &(was, is, area) in cells {
            change.add(is - was, area);
            before.add(was, area);
        }
        of_region(&change, &before, least)
    }

    #[test]
    fn a_region_changes_by_its_totals() {
        // Percents of the cells are 100 and 10: their mean says nothing of the region.
        assert_eq!(of(&[(1.0, 2.0, 1.0), (100.0, 110.0, 3.0)], 0.0), 100.0 * 31.0 / 301.0);
        assert_eq!(of(&[(-2.0, -3.0, 2.0)], 0.0), -50.0, "of the magnitude");
        assert_eq!(of(&[(2.0, 2.0, 2.0)], 0.0), 0.0);
    }

    #[test]
    fn percents_of_nearly_nothing_are_masked() {
        assert!(of(&[], 0.0).is_nan());
        assert!(of(&[(0.0, 1.0, 1.0)], 0.0).is_nan());
        assert!(of(&[(1.0, 2.0, 1.0), (-1.0, 2.0, 1.0)], 0.0).is_nan(), "cells that cancel each other");
        assert!(of(&[(1.0, 2.0, 1.0)], 1.0).is_nan(), "no more than the least that counts");
        assert_eq!(of(&[(1.0, 2.0, 1.0)], 0.5), 100.0);
    }
}
