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

/// Rows and columns of which each is looked at.
const LINES: u32 = 2_048;

/// The rectangle of the cells of a window that are inside indeed. Of a window of more than 2,048 rows or columns not every cell is looked at,
/// since a grid may have very many: the rectangle is then larger by as many as are left out between two.
fn around(window: Window, bounds: Bounds) -> Option<Window> {
    let Window { grid, first_row, rows, first_column, columns } = window;
    let projector = grid.projection()?.projector()?;
    let is_inside = |row: u32, column: u32| {
        projector.degrees(grid.y(row), grid.x(column.into())).is_some_and(|centre| bounds.holds(centre))
    };
    let seen = |first: u32, count: u32| {
        let apart = count.div_ceil(LINES).max(1);
        ((0..count).step_by(apart as usize).map(move |line| first + line).collect::<Vec<u32>>(), apart)
    };
    let ((seen_rows, down), (seen_columns, across)) = (seen(first_row, rows), seen(first_column, columns));
    // From each side up to the first line that has a cell inside, so that hardly more is looked at than lies outside of it.
    let has_row = |row: &&u32| seen_columns.iter().any(|&column| is_inside(**row, column));
    let (top, bottom) = (*seen_rows.iter().find(has_row)?, *seen_rows.iter().rfind(has_row)?);
    let between: Vec<u32> = seen_rows.iter().copied().filter(|row| (top..=bottom).contains(row)).collect();
    let has_column = |column: &&u32| between.iter().any(|&row| is_inside(row, **column));
    let (left, right) = (*seen_columns.iter().find(has_column)?, *seen_columns.iter().rfind(has_column)?);
    let ends = |low: u32, high: u32, apart: u32, first: u32, count: u32| {
        let low = low.saturating_sub(apart - 1).max(first);
        (low, (high + apart - 1).min(first + count - 1) - low + 1)
    };
    let (first_row, rows) = ends(top, bottom, down, first_row, rows);
    let (first_column, columns) = ends(left, right, across, first_column, columns);
    Some(Window { grid, first_row, rows, first_column, columns })
}

/// The first of the indices that are inside, and how many follow it.
fn run(count: u32, is_inside: impl Fn(u32) -> bool) -> Option<(u32, u32)> {
    let first = (0..count).find(|&index| is_inside(index))?;
    Some((first, (first..count).take_while(|&index| is_inside(index)).count() as u32))
}
