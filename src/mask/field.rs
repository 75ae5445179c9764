//! Numbers over latitude and longitude, asked for at points.

use std::collections::BTreeMap;

use crate::model::grid::Grid;

/// How far a point may lie off an edge and count as on it, in cells.
const ON_EDGE: f64 = 1e-6;

/// A regular axis of centres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Axis {
    /// The first centre.
    pub first: f64,
    /// From one centre to the next; negative where they descend.
    pub step: f64,
    pub count: usize,
}

impl Axis {
    /// Of centres in degrees that stand in a file.
    #[cfg(feature = "netcdf")]
    pub fn of(centres: &[f64], name: &str) -> Result<Self, String> {
        let (Some(&first), Some(&second), Some(&last)) = (centres.first(), centres.get(1), centres.last())
        else {
            return Err(format!("{name} has {} values; 2 tell the size of a cell", centres.len()));
        };
        let count = centres.len();
        let step = (last - first) / (count - 1) as f64;
        let is_there = |(index, centre): (usize, &f64)| {
            (first + index as f64 * step - centre).abs() <= 1e-3 * step.abs()
        };
        let is_regular = step.is_finite() && step != 0.0 && centres.iter().enumerate().all(is_there);
        match is_regular {
            true => Ok(Axis { first, step, count }),
            false => {
                Err(format!("{name} is not regular: it begins with {first}, {second} and ends with {last}"))
            }
        }
    }

    /// The cell around a point. What lies on an edge belongs to the cell behind it, in the order of the axis.
    fn index(&self, at: f64) -> Option<usize> {
        let place = ((at - self.first) / self.step + 0.5 + ON_EDGE).floor();
        let is_last =
            place == self.count as f64 && ((at - self.first) / self.step + 0.5 - place).abs() <= ON_EDGE;
        let place = if is_last { place - 1.0 } else { place };
        (place >= 0.0 && place < self.count as f64).then_some(place as usize)
    }
}

/// A field.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    pub latitudes: Axis,
    pub longitudes: Axis,
    /// `[latitude][longitude]`; NaN where there is no value.
    pub values: Vec<f64>,
    /// What numbers are called.
    pub names: BTreeMap<i64, String>,
}

impl Field {
    /// The value of the cell around a point; `None` off the field, and where there is none.
    pub fn at(&self, [latitude, longitude]: [f64; 2]) -> Option<f64> {
        let row = self.latitudes.index(latitude)?;
        let turns = [longitude, longitude + 360.0, longitude - 360.0];
        let column = turns.into_iter().find_map(|longitude| self.longitudes.index(longitude))?;
        let value = self.values.get(row * self.longitudes.count + column).copied();
        value.filter(|value| value.is_finite())
    }

    /// How its cells are otherwise than those of a grid, in words; `None` where they are the same.
    pub fn differs_from(&self, grid: Grid) -> Option<String> {
        let [height, width] = grid.cell_size();
        let own = [self.latitudes.step.abs(), self.longitudes.step.abs()];
        let is_near = |one: f64, other: f64| (one - other).abs() <= 1e-6 * other;
        let is_whole = |places: f64| (places - places.round()).abs() <= 1e-3;
        let is_beside = grid.projection().is_none()
            && is_whole((self.latitudes.first - grid.y(0)) / height)
            && is_whole((self.longitudes.first - grid.x(0)) / width);
        if is_near(own[0], height) && is_near(own[1], width) && is_beside {
            return None;
        }
        Some(format!(
            "its cells of {:.6} by {:.6} degrees are not those of the grid of {}: each cell of the run has the value at its centre",
            own[0],
            own[1],
            grid.words()
        ))
    }
}
