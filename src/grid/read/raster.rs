//! Where the cells of a file are.

use std::ops::Range;

use crate::model::ellipsoid;
use crate::model::grid::{Bounds as Extent, Grid, Lattice, Window};
use crate::model::projection::Projection;

use super::coordinates::{Bounds, Coordinates};

/// Rows and columns of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Raster {
    /// Centres of rows, in the order of the file: degrees north, or a projection's y in metres.
    pub y: Vec<f64>,
    /// Centres of columns: degrees east, or a projection's x in metres.
    pub x: Vec<f64>,
    /// Edges of rows, one more than rows.
    pub y_edges: Vec<f64>,
    /// Edges of columns.
    pub x_edges: Vec<f64>,
    /// The projection whose y and x these are; `None` of degrees.
    pub projection: Option<Projection>,
}

impl Raster {
    /// By a file's coordinates, with edges halfway between centres where it has no bounds.
    ///
    /// # Errors
    /// Where these are not degrees or metres, in words.
    pub(super) fn of(coordinates: &Coordinates) -> std::result::Result<Self, String> {
        let Coordinates { y, x, y_bounds, x_bounds, projection, .. } = coordinates;
        let most = if projection.is_some() { 1e9 } else { 720.0 };
        let is_plain = |values: &[f64]| {
            let steps: Vec<f64> =
                values.windows(2).filter_map(|pair| Some(pair.last()? - pair.first()?)).collect();
            values.iter().all(|value| value.is_finite() && value.abs() <= most)
                && (steps.iter().all(|&step| step > 0.0) || steps.iter().all(|&step| step < 0.0))
        };
        let is_on_globe = projection.is_some() || y.iter().all(|value| value.abs() <= 90.0);
        match (is_plain(y) && is_plain(x) && is_on_globe, projection.is_some()) {
            (true, _) => {}
            (false, false) => return Err("lat and lon must be degrees that ascend or descend".to_owned()),
            (false, true) => return Err("y and x must be metres that ascend or descend".to_owned()),
        }
        let (y_edges, x_edges) = (edges(y_bounds, y), edges(x_bounds, x));
        Ok(Raster { y: y.clone(), x: x.clone(), y_edges, x_edges, projection: *projection })
    }

    /// The cells of a window.
    pub fn of_window(window: &Window) -> Self {
        let grid = &window.grid;
        let edges = |bounds: Vec<[f64; 2]>, first: usize| -> Vec<f64> {
            let last = bounds.last().map(|bounds| bounds[1 - first]);
            bounds.iter().map(|bounds| bounds[first]).chain(last).collect()
        };
        Raster {
            y: window.ys(),
            x: window.xs(),
            y_edges: edges(window.grid_rows().map(|row| grid.y_bounds(row)).collect(), 1),
            x_edges: edges(window.grid_columns().map(|column| grid.x_bounds(column)).collect(), 0),
            projection: grid.projection().copied(),
        }
    }

    /// The grid that all cells are of, the globe's where its cells are these; `None` where they are not alike.
    pub fn grid(&self) -> Option<Grid> {
        let length =
            |edges: &[f64], count: usize| Some((edges.last()? - edges.first()?).abs() / count as f64);
        let (height, width) = (length(&self.y_edges, self.y.len())?, length(&self.x_edges, self.x.len())?);
        let is_like = |edges: &[f64], size: f64| {
            edges.windows(2).all(|pair| matches!(pair, [a, b] if ((a - b).abs() - size).abs() < 1e-6 * size))
        };
        if !(is_like(&self.y_edges, height) && is_like(&self.x_edges, width)) {
            return None;
        }
        let own = |centres: &[f64], nearest: &dyn Fn(f64) -> Option<f64>, size: f64| {
            let near = |centre: &f64| nearest(*centre).is_some_and(|own| (own - centre).abs() < 1e-6 * size);
            centres.iter().all(near)
        };
        let globe = Grid::from_resolution(height).filter(|grid| {
            let row = |y: f64| grid.row_at(y).map(|row| grid.y(row));
            let column = |x: f64| {
                let column = grid.column_at(x)?;
                let turns = ((x - grid.x(i64::from(column))) / 360.0).round();
                Some(grid.x(i64::from(column)) + 360.0 * turns)
            };
            self.projection.is_none() && own(&self.y, &row, height) && own(&self.x, &column, width)
        });
        let least = |edges: &[f64]| edges.iter().copied().fold(f64::INFINITY, f64::min);
        let lattice = Lattice {
            north: least(&self.y_edges) + height * self.y.len() as f64,
            west: least(&self.x_edges),
            height,
            width,
            projection: self.projection,
        };
        let counts = (u32::try_from(self.y.len()).ok()?, u32::try_from(self.x.len()).ok()?);
        globe.or_else(|| Grid::regular(lattice, counts.0, counts.1))
    }

    /// The number of cells.
    pub fn cells(&self) -> usize {
        self.y.len() * self.x.len()
    }

    /// Degrees north and east of each cell's centre, row by row.
    pub fn centres(&self) -> Vec<[f64; 2]> {
        let projector = self.projection.as_ref().and_then(Projection::projector);
        let place = |y: f64, x: f64| match (&projector, &self.projection) {
            (_, None) => [y, x],
            (Some(projector), _) => projector.degrees(y, x).unwrap_or([f64::NAN; 2]),
            (None, Some(_)) => [f64::NAN; 2],
        };
        self.y.iter().flat_map(|&y| self.x.iter().map(move |&x| (y, x))).map(|(y, x)| place(y, x)).collect()
    }

    /// Degrees north and east of a cell's centre.
    pub fn centre(&self, cell: usize) -> [f64; 2] {
        let columns = self.x.len().max(1);
        let at = |values: &[f64], index: usize| values.get(index).copied().unwrap_or(f64::NAN);
        let (y, x) = (at(&self.y, cell / columns), at(&self.x, cell % columns));
        match &self.projection {
            None => [y, x],
            Some(projection) => projection.degrees(y, x).unwrap_or([f64::NAN; 2]),
        }
    }

    /// Each cell's area in m2, row by row.
    pub fn areas(&self) -> Vec<f64> {
        let mut areas = Vec::with_capacity(self.cells());
        for rows in self.y_edges.windows(2) {
            for columns in self.x_edges.windows(2) {
                let (&[a, b], &[west, east]) = (rows, columns) else { continue };
                areas.push(match self.projection {
                    None => ellipsoid::cell_area(a.min(b), a.max(b), (east - west).abs()),
                    Some(projection) => {
                        let (height, width) = ((a - b).abs(), (east - west).abs());
                        let (north, west) = (a.max(b), west.min(east));
                        let lattice = Lattice { north, west, height, width, projection: Some(projection) };
                        let cell = Grid::regular(lattice, 1, 1).map(Window::whole);
                        cell.and_then(|cell| cell.areas().first().copied()).unwrap_or(f64::NAN)
                    }
                });
            }
        }
        areas
    }

    /// Each cell's area, 0 for cells whose centres are outside of a box (north, south, west, east).
    pub fn weights(&self, bbox: Option<[f64; 4]>) -> Vec<f64> {
        let mut weights = self.areas();
        let Some([north, south, west, east]) = bbox else { return weights };
        let extent = Extent { north, south, west, east };
        for (weight, [lat, lon]) in weights.iter_mut().zip(self.centres()) {
            if !extent.holds([lat, (lon + 540.0).rem_euclid(360.0) - 180.0]) {
                *weight = 0.0;
            }
        }
        weights
    }

    /// The cell around a point in degrees.
    pub fn cell_at(&self, lat: f64, lon: f64) -> Option<usize> {
        let find = |edges: &[f64], wanted: f64| {
            edges.windows(2).position(|pair| match pair {
                [a, b] => a.min(*b) <= wanted && wanted < a.max(*b),
                _ => false,
            })
        };
        let (y, xs) = self.on_axes(lat, lon)?;
        let (row, column) = (find(&self.y_edges, y)?, xs.into_iter().find_map(|x| find(&self.x_edges, x))?);
        Some(row * self.x.len() + column)
    }

    /// The cells around a point in degrees: its own and the eight that touch it, row by row, as far as there are such. A point beyond the
    /// edge still has those of the edge where it is within a cell's length of it, and otherwise none.
    pub fn cells_around(&self, lat: f64, lon: f64) -> Vec<usize> {
        let Some((y, xs)) = self.on_axes(lat, lon) else { return Vec::new() };
        let rows = near(&self.y_edges, y);
        let mut columns: Vec<usize> = xs.into_iter().flat_map(|x| near(&self.x_edges, x)).collect();
        columns.sort_unstable();
        columns.dedup();
        rows.flat_map(|row| columns.iter().map(move |column| row * self.x.len() + column)).collect()
    }

    /// A point in degrees on the axes of rows and of columns, whose degrees may be counted from anywhere.
    fn on_axes(&self, lat: f64, lon: f64) -> Option<(f64, Vec<f64>)> {
        match &self.projection {
            Some(projection) => projection.metres(lat, lon).map(|[y, x]| (y, vec![x])),
            None => Some((lat, [0.0, 360.0, -360.0].map(|turn| lon + turn).to_vec())),
        }
    }
}

/// The rows, or columns, that are at most one beside the one in which a place lies. Beyond either edge lies one more, as long as the last.
fn near(edges: &[f64], wanted: f64) -> Range<usize> {
    let count = edges.len().saturating_sub(1);
    let (Some([first, second]), Some([before, last])) = (edges.first_chunk(), edges.last_chunk()) else {
        return 0..0;
    };
    let ends = [2.0 * first - second].into_iter().chain(edges.iter().copied()).chain([2.0 * last - before]);
    let ends: Vec<f64> = ends.collect();
    let holds = |pair: &[f64]| match pair {
        [a, b] => a.min(*b) <= wanted && wanted <= a.max(*b),
        _ => false,
    };
    match ends.windows(2).position(holds) {
        // Among these it is one further.
        Some(at) => at.saturating_sub(2)..(at + 1).min(count),
        None => 0..0,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn raster(y_edges: &[f64], x_edges: &[f64]) -> Raster {
        let middles = |edges: &[f64]| edges.windows(2).map(|pair| (pair[0] + pair[1]) / 2.0).collect();
        let (y, x) = (middles(y_edges), middles(x_edges));
        Raster { y, x, y_edges: y_edges.to_vec(), x_edges: x_edges.to_vec(), projection: None }
    }

    #[test]
    fn cells_around_a_point() {
        // Four rows from north to south, three columns; cells are numbered row by row.
        let part = raster(&[4.0, 3.0, 2.0, 1.0, 0.0], &[10.0, 11.0, 12.0, 13.0]);
        let around = |lat: f64, lon: f64| part.cells_around(lat, lon);
        assert_eq!(around(2.5, 11.5), [0, 1, 2, 3, 4, 5, 6, 7, 8], "its own and eight");
        assert_eq!(around(3.5, 10.5), [0, 1, 3, 4], "in a corner");
        assert_eq!(around(2.5, 13.5), [2, 5, 8], "beyond the edge by less than a cell");
        assert_eq!(around(4.5, 9.5), [0], "beyond a corner");
        assert_eq!(around(2.5, 373.5), [2, 5, 8], "counted from elsewhere");
        for (lat, lon) in [(2.5, 14.5), (2.5, 8.9), (5.5, 11.5), (-1.5, 11.5), (45.0, 10.0)] {
            assert_eq!(around(lat, lon), [0; 0], "{lat}, {lon}");
        }
        let globe = raster(&[-90.0, 0.0, 90.0], &[-180.0, -90.0, 0.0, 90.0, 180.0]);
        assert_eq!(globe.cells_around(45.0, 179.0), [0, 2, 3, 4, 6, 7], "around the globe");
        assert_eq!(raster(&[1.0, 0.0], &[0.0, 2.0]).cells_around(1.5, 3.0), [0], "of one cell");
    }
}
