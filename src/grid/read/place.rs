//! Where the cells of a file are.

use crate::model::ellipsoid;

use super::coordinates::{Bounds, Coordinates};

/// Rows and columns of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Centres of rows, in the order of the file.
    pub lat: Vec<f64>,
    /// Centres of columns.
    pub lon: Vec<f64>,
    /// Edges of rows, one more than rows.
    pub lat_edges: Vec<f64>,
    /// Edges of columns.
    pub lon_edges: Vec<f64>,
}

impl Place {
    /// By a file's coordinates, with edges halfway between centres where it has no bounds.
    ///
    /// # Errors
    /// Where these are not degrees, in words.
    pub(super) fn of(coordinates: &Coordinates) -> std::result::Result<Self, String> {
        let Coordinates { lat, lon, lat_bounds, lon_bounds, .. } = coordinates;
        let is_plain = |values: &[f64]| {
            let steps: Vec<f64> =
                values.windows(2).filter_map(|pair| Some(pair.last()? - pair.first()?)).collect();
            values.iter().all(|value| value.is_finite() && value.abs() <= 720.0)
                && (steps.iter().all(|&step| step > 0.0) || steps.iter().all(|&step| step < 0.0))
        };
        if !is_plain(lat) || !is_plain(lon) || lat.iter().any(|value| value.abs() > 90.0) {
            return Err("lat and lon must be degrees that ascend or descend".to_owned());
        }
        let (lat_edges, lon_edges) = (edges(lat_bounds, lat), edges(lon_bounds, lon));
        Ok(Place { lat: lat.clone(), lon: lon.clone(), lat_edges, lon_edges })
    }

    /// The number of cells.
    pub fn cells(&self) -> usize {
        self.lat.len() * self.lon.len()
    }

    /// Each cell's area in m2, row by row.
    pub fn areas(&self) -> Vec<f64> {
        let mut areas = Vec::with_capacity(self.cells());
        for rows in self.lat_edges.windows(2) {
            for columns in self.lon_edges.windows(2) {
                if let (&[a, b], &[west, east]) = (rows, columns) {
                    areas.push(ellipsoid::cell_area(a.min(b), a.max(b), (east - west).abs()));
                }
            }
        }
        areas
    }

    /// Each cell's area, 0 for cells whose centres are outside of a box (north, south, west, east).
    pub fn weights(&self, bbox: Option<[f64; 4]>) -> Vec<f64> {
        let mut weights = self.areas();
        let Some([north, south, west, east]) = bbox else { return weights };
        let columns = self.lon.len().max(1);
        for (cell, weight) in weights.iter_mut().enumerate() {
            let lat = self.lat.get(cell / columns).copied().unwrap_or(f64::NAN);
            let lon = self.lon.get(cell % columns).copied().unwrap_or(f64::NAN);
            let lon = (lon + 540.0).rem_euclid(360.0) - 180.0;
            let is_between =
                if west <= east { west <= lon && lon <= east } else { lon >= west || lon <= east };
            if !(south <= lat && lat <= north && is_between) {
                *weight = 0.0;
            }
        }
        weights
    }

    /// The cell around a point.
    pub fn cell_at(&self, lat: f64, lon: f64) -> Option<usize> {
        let find = |edges: &[f64], wanted: f64| {
            edges.windows(2).position(|pair| match pair {
                [a, b] => a.min(*b) <= wanted && wanted < a.max(*b),
                _ => false,
            })
        };
        let row = find(&self.lat_edges, lat)?;
        let column = [0.0, 360.0, -360.0].into_iter().find_map(|turn| find(&self.lon_edges, lon + turn))?;
        Some(row * self.lon.len() + column)
    }
}

fn edges(bounds: &Bounds, centres: &[f64]) -> Vec<f64> {
    match bounds.as_ref().ok().filter(|bounds| bounds.len() == 2 * centres.len()) {
        Some(bounds) => {
            let ascending = centres.last() >= centres.first();
            let (near, far) = if ascending { (0, 1) } else { (1, 0) };
            let pairs = bounds.chunks_exact(2);
            let last = bounds.len().saturating_sub(2) + far;
            let first = pairs.filter_map(|pair| pair.get(near).copied());
            first.chain(bounds.get(last).copied()).collect()
        }
        None => middles(centres),
    }
}

/// Edges halfway between centres.
fn middles(centres: &[f64]) -> Vec<f64> {
    let step = |a: Option<&f64>, b: Option<&f64>| match (a, b) {
        (Some(a), Some(b)) => b - a,
        _ => 0.5,
    };
    let (Some(first), Some(last)) = (centres.first(), centres.last()) else { return Vec::new() };
    let half = step(centres.first(), centres.get(1)) / 2.0;
    let end = step(centres.len().checked_sub(2).and_then(|index| centres.get(index)), centres.last());
    let end = if centres.len() > 1 { end / 2.0 } else { half };
    let inner = centres.windows(2).map(|pair| pair.iter().sum::<f64>() / 2.0);
    std::iter::once(first - half).chain(inner).chain([last + end]).collect()
}
