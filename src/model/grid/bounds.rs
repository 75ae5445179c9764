//! Windows of boxes in degrees.

use super::{Bounds, Grid, Window};
use crate::model::projection::Projection;

/// Of the globe's grid, across the date line where the box does.
pub(super) fn of_globe(grid: Grid, bounds: Bounds) -> Option<Window> {
    let inside = |row: &u32| {
        let latitude = grid.y(*row);
        latitude <= bounds.north && latitude >= bounds.south
    };
    let first_row = (0..grid.rows).find(inside)?;
    let rows = (first_row..grid.rows).take_while(inside).count();
    let east = if bounds.east < bounds.west { bounds.east + 360.0 } else { bounds.east };
    let columns = i64::from(grid.columns);
    let inside = |column: &i64| {
        let longitude = grid.x(*column);
        longitude >= bounds.west && longitude <= east
    };
    let first_column = (-columns..2 * columns).find(inside)?;
    let width = (first_column..3 * columns).take_while(inside).count().min(grid.columns as usize);
    Some(Window {
        grid,
        first_row,
        rows: rows as u32,
        first_column: first_column.rem_euclid(columns) as u32,
        columns: width as u32,
    })
}

/// Of a grid of degrees that is not the globe's: the rectangle around the box. Its longitudes may be counted on, or be those of another turn.
pub(super) fn of_degrees(grid: Grid, bounds: Bounds) -> Option<Window> {
    let east = if bounds.east < bounds.west { bounds.east + 360.0 } else { bounds.east };
    let (first_row, rows) = run(grid.rows, |row| (bounds.south..=bounds.north).contains(&grid.y(row)))?;
    let turns = [0.0, 360.0, -360.0];
    let is_inside = |column: &u32| {
        let x = grid.x((*column).into());
        turns.iter().any(|turn| (bounds.west..=east).contains(&(x + turn)))
    };
    // A box across the grid's seam has a gap, around which a window of such a grid does not go.
    let first_column = (0..grid.columns).find(is_inside)?;
    let columns = (0..grid.columns).rfind(is_inside)? - first_column + 1;
    Some(Window { grid, first_row, rows, first_column, columns })
}

/// Points along each edge of a box that are looked at.
const POINTS: u32 = 64;

/// Of a projected grid: the rectangle around the box, whose edges are curves there.
pub(super) fn of_projection(grid: Grid, projection: &Projection, bounds: Bounds) -> Option<Window> {
    let projector = projection.projector()?;
    let east = if bounds.east < bounds.west { bounds.east + 360.0 } else { bounds.east };
    let part = |from: f64, to: f64, index: u32| from + (to - from) * f64::from(index) / f64::from(POINTS);
    let edge = |index: u32| {
        let (north, longitude) = (part(bounds.south, bounds.north, index), part(bounds.west, east, index));
        [(north, bounds.west), (north, east), (bounds.south, longitude), (bounds.north, longitude)]
    };
    let points: Option<Vec<[f64; 2]>> =
        (0..=POINTS).flat_map(edge).map(|(north, east)| projector.metres(north, east)).collect();
    // A box that is more than the projection can show is looked for in the whole grid.
    let Some(mut points) = points else { return around(Window::whole(grid), bounds) };
    // Where the box has a pole inside, its edges do not go around it.
    let poles = [90.0, -90.0].into_iter().filter(|pole| (bounds.south..=bounds.north).contains(pole));
    points.extend(poles.filter_map(|pole| projector.metres(pole, bounds.west)));
    let ends = |axis: usize| {
        let values = points.iter().map(|point| point[axis]);
        (values.clone().fold(f64::INFINITY, f64::min), values.fold(f64::NEG_INFINITY, f64::max))
    };
    let ((south, north), (west, east)) = (ends(0), ends(1));
    // Between two points an edge may bend out by a little.
    let (high, wide) = ((north - south) / f64::from(POINTS), (east - west) / f64::from(POINTS));
    let (first_row, rows) = run(grid.rows, |row| (south - high..=north + high).contains(&grid.y(row)))?;
    let (first_column, columns) =
        run(grid.columns, |column| (west - wide..=east + wide).contains(&grid.x(column.into())))?;
    around(Window { grid, first_row, rows, first_column, columns }, bounds)
}

/// The rectangle of the cells of a window that are inside indeed. Takes no memory of them, since a window may have very many.
fn around(window: Window, bounds: Bounds) -> Option<Window> {
    let Window { grid, first_row, rows, first_column, columns } = window;
    let projector = grid.projection()?.projector()?;
    let (last_row, last_column) = (first_row + rows - 1, first_column + columns - 1);
    let is_inside = |row: u32, column: u32| {
        projector.degrees(grid.y(row), grid.x(column.into())).is_some_and(|centre| bounds.holds(centre))
    };
    // From each side up to the first line that has a cell inside, so that hardly more is looked at than lies outside of it.
    let mut in_row = (first_row..=last_row).map(|row| (row, (first_column..=last_column)));
    let top = in_row.find(|(row, all)| all.clone().any(|column| is_inside(*row, column)))?.0;
    let bottom =
        (top..=last_row).rfind(|&row| (first_column..=last_column).any(|column| is_inside(row, column)))?;
    let left =
        (first_column..=last_column).find(|&column| (top..=bottom).any(|row| is_inside(row, column)))?;
    let right = (left..=last_column).rfind(|&column| (top..=bottom).any(|row| is_inside(row, column)))?;
    Some(Window {
        grid,
        first_row: top,
        rows: bottom - top + 1,
        first_column: left,
        columns: right - left + 1,
    })
}

/// The first of the indices that are inside, and how many follow it.
fn run(count: u32, is_inside: impl Fn(u32) -> bool) -> Option<(u32, u32)> {
    let first = (0..count).find(|&index| is_inside(index))?;
    Some((first, (first..count).take_while(|&index| is_inside(index)).count() as u32))
}
