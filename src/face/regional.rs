//! Values of scattered cells as one masked array of a region.

use ndarray::{Array2, Array3, ArrayView2};

use crate::error::{Argument, Error, Result};
use crate::model::grid::{Cell, Grid, Window};

/// Values on a window of a grid.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Regional<T> {
    /// `[step, lat, lon]`, from north to south and west to east; the fill value where no cell is.
    pub values: Array3<T>,
    /// `[lat, lon]`: where no cell is.
    pub mask: Array2<bool>,
    /// Degrees north of the centres of rows.
    pub lat: Vec<f64>,
    /// Degrees east of the centres of columns; beyond 180 where the window crosses the date line.
    pub lon: Vec<f64>,
}

/// Places values of points, `[step, point]`, on the smallest window of a grid that has all of them. `points` are latitudes and longitudes
/// in degrees, each anywhere in its cell.
///
/// # Errors
/// [`Argument`](crate::ErrorKind::Argument) where there are no points or another number of them than of values, a point is not on the globe, or two are in one
/// cell.
///
/// ```
/// use gridloom::model::grid::Grid;
/// use ndarray::array;
///
/// let grid = Grid::from_resolution(0.5).expect("half a degree divides the globe");
/// let points = [(-2.75, -59.75), (-3.25, -60.25)];
/// let values = array![[1.0, 2.0], [3.0, 4.0]];
/// let region = gridloom::regional(grid, &points, values.view(), f64::NAN)?;
/// assert_eq!(region.values.dim(), (2, 2, 2));
/// assert_eq!((region.values[[0, 0, 1]], region.values[[1, 1, 0]]), (1.0, 4.0));
/// assert!(region.mask[[0, 0]] && !region.mask[[0, 1]]);
/// # Ok::<(), gridloom::Error>(())
/// ```
pub fn regional<T: Copy>(
    grid: Grid,
    points: &[(f64, f64)],
    values: ArrayView2<'_, T>,
    fill: T,
) -> Result<Regional<T>> {
    let refuse = |value: String, reason: &str| Err(Error::selection(Argument::Points, value, reason));
    if points.len() != values.ncols() {
        let reason = format!("there are values of {}", values.ncols());
        return refuse(points.len().to_string(), &reason);
    }
    let mut cells: Vec<Cell> = Vec::with_capacity(points.len());
    for &(lat, lon) in points {
        match grid.cell_at(lat, lon) {
            Some(cell) => cells.push(cell),
            None => return refuse(format!("{lat}, {lon}"), "is not on the globe"),
        }
    }
    let Some(window) = Window::around(grid, cells.iter().copied()) else {
        return refuse(String::new(), "there are none");
    };
    let (rows, columns) = (window.rows as usize, window.columns as usize);
    let mut placed = Array3::from_elem((values.nrows(), rows, columns), fill);
    let mut mask = Array2::from_elem((rows, columns), true);
    for ((series, &cell), &(lat, lon)) in values.columns().into_iter().zip(&cells).zip(points) {
        let Some((row, column)) = window.position(cell) else {
            return Err(Error::bug(format!("a window around cell {cell} does not have it")));
        };
        let place = (row as usize, column as usize);
        match mask.get_mut(place) {
            Some(is_masked) if *is_masked => *is_masked = false,
            _ => return refuse(format!("{lat}, {lon}"), "is in the cell of another point"),
        }
        for (step, &value) in series.iter().enumerate() {
            if let Some(target) = placed.get_mut((step, place.0, place.1)) {
                *target = value;
            }
        }
    }
    Ok(Regional { values: placed, mask, lat: window.ys(), lon: window.xs() })
}
