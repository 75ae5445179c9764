//! Rectangles of grids.

use super::{Bounds, Cell, Grid, area, bounds};
use crate::model::projection::Projection;

/// A rectangle of the grid: the shape of an output. It may cross the date line where the grid is the globe's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Window {
    /// The grid it is cut from.
    pub grid: Grid,
    /// First (northernmost) row.
    pub first_row: u32,
    /// Number of rows.
    pub rows: u32,
    /// First (westernmost) column.
    pub first_column: u32,
    /// Number of columns.
    pub columns: u32,
}

impl Window {
    /// The whole grid.
    pub fn whole(grid: Grid) -> Self {
        Window { grid, first_row: 0, rows: grid.rows, first_column: 0, columns: grid.columns }
    }

    /// Exactly the cells whose centres lie in a box in degrees, edges included; of other grids than the globe's the rectangle around them.
    /// `None` where there is no such cell.
    pub fn from_bounds(grid: Grid, bounds: Bounds) -> Option<Self> {
        match (&grid.lattice, grid.projection()) {
            (_, Some(projection)) => bounds::of_projection(grid, projection, bounds),
            (Some(_), None) => bounds::of_degrees(grid, bounds),
            (None, None) => bounds::of_globe(grid, bounds),
        }
    }

    /// The smallest window around some cells: the one that leaves out the widest gap between columns, so that cells on
    /// both sides of the date line stay together. `None` without cells.
    pub fn around(grid: Grid, cells: impl IntoIterator<Item = Cell>) -> Option<Self> {
        let (mut rows, mut columns) = (Vec::new(), Vec::new());
        for cell in cells {
            rows.push(cell.row);
            columns.push(cell.column);
        }
        let (first_row, last_row) = (rows.iter().min().copied()?, rows.iter().max().copied()?);
        columns.sort_unstable();
        columns.dedup();
        let (first, last) = (columns.first().copied()?, columns.last().copied()?);
        if grid.lattice.is_some() {
            let (rows, columns) = (last_row - first_row + 1, last - first + 1);
            return Some(Window { grid, first_row, rows, first_column: first, columns });
        }
        // The gap across the date line comes first, so that it wins a tie.
        let mut widest = (first + grid.columns - last, first, last);
        for pair in columns.windows(2) {
            if let &[before, after] = pair
                && after - before > widest.0
            {
                widest = (after - before, after, before);
            }
        }
        let (_, west, east) = widest;
        Some(Window {
            grid,
            first_row,
            rows: last_row - first_row + 1,
            first_column: west,
            columns: (east + grid.columns - west) % grid.columns + 1,
        })
    }

    /// Where a cell is in the window: (row, column) from its north-west corner; `None` outside.
    pub fn position(&self, cell: Cell) -> Option<(u32, u32)> {
        if !self.grid.contains(cell) {
            return None;
        }
        let row = cell.row.checked_sub(self.first_row).filter(|&row| row < self.rows)?;
        let column = (cell.column + self.grid.columns - self.first_column) % self.grid.columns;
        (column < self.columns).then_some((row, column))
    }

    /// The rows of the grid that the window has, from north to south.
    pub fn grid_rows(&self) -> impl DoubleEndedIterator<Item = u32> + use<> {
        self.first_row..self.first_row + self.rows
    }

    /// The columns of the grid, from west to east, counted on past the date line.
    pub fn grid_columns(&self) -> impl Iterator<Item = i64> + use<> {
        i64::from(self.first_column)..i64::from(self.first_column) + i64::from(self.columns)
    }

    /// Centres of the rows, from north to south: degrees north, or a projection's y in metres.
    pub fn ys(&self) -> Vec<f64> {
        self.grid_rows().map(|row| self.grid.y(row)).collect()
    }

    /// Centres of the columns, from west to east: degrees east, past 180 where the window crosses the date line, or a projection's x in metres.
    pub fn xs(&self) -> Vec<f64> {
        self.grid_columns().map(|column| self.grid.x(column)).collect()
    }

    /// The cells, row by row.
    pub fn cells(&self) -> impl Iterator<Item = Cell> + use<> {
        let (window, columns) = (*self, self.grid.columns);
        self.grid_rows().flat_map(move |row| {
            let column =
                move |column: i64| Cell { row, column: column.rem_euclid(i64::from(columns)) as u32 };
            window.grid_columns().map(column)
        })
    }

    /// Each cell's area in m², row by row.
    pub fn areas(&self) -> Vec<f64> {
        let of_row = |row: u32| -> Vec<f64> {
            let cells = self.cells_of(row);
            match self.grid.projection() {
                // Cells of a row are alike.
                None => {
                    let area = cells.clone().next().map_or(f64::NAN, |cell| self.grid.area(cell));
                    cells.map(|_| area).collect()
                }
                Some(_) => area::of_cells(&self.grid, cells),
            }
        };
        self.grid_rows().flat_map(of_row).collect()
    }

    fn cells_of(&self, row: u32) -> impl Iterator<Item = Cell> + Clone + use<> {
        let (columns, first) = (self.grid.columns, i64::from(self.first_column));
        (first..first + i64::from(self.columns))
            .map(move |column| Cell { row, column: column.rem_euclid(i64::from(columns)) as u32 })
    }

    /// Degrees north and east of each cell's centre, row by row.
    pub fn centres(&self) -> Vec<[f64; 2]> {
        let projector = self.grid.projection().and_then(Projection::projector);
        let of = |cell: Cell| {
            let (y, x) = (self.grid.y(cell.row), self.grid.x(i64::from(cell.column)));
            match (&projector, self.grid.projection()) {
                (_, None) => [y, x],
                (Some(projector), _) => projector.degrees(y, x).unwrap_or([f64::NAN; 2]),
                (None, Some(_)) => [f64::NAN; 2],
            }
        };
        self.cells().map(of).collect()
    }

    /// Degrees north and east of the corners of cells at the window's edge.
    pub fn outline(&self) -> Vec<[f64; 2]> {
        let projector = self.grid.projection().and_then(Projection::projector);
        let (rows, columns) = (i64::from(self.rows), i64::from(self.columns));
        let along_rows = (0..=rows).flat_map(|row| [(row, 0), (row, columns)]);
        let around = along_rows.chain((0..=columns).flat_map(|column| [(0, column), (rows, column)]));
        let point = |(row, column): (i64, i64)| {
            let y = self.grid.y_edge(2 * (i64::from(self.first_row) + row));
            let x = self.grid.x_edge(2 * (i64::from(self.first_column) + column));
            match (&projector, self.grid.projection()) {
                (_, None) => [y, x],
                (Some(projector), _) => projector.degrees(y, x).unwrap_or([f64::NAN; 2]),
                (None, Some(_)) => [f64::NAN; 2],
            }
        };
        around.map(point).collect()
    }

    /// Degrees north and east of each cell's corners, row by row: from the south-west one, counter-clockwise.
    pub fn corners(&self) -> Vec<[[f64; 2]; 4]> {
        let projector = self.grid.projection().and_then(Projection::projector);
        let of = |cell: Cell| {
            let ([south, north], [west, east]) =
                (self.grid.y_bounds(cell.row), self.grid.x_bounds(i64::from(cell.column)));
            [[south, west], [south, east], [north, east], [north, west]].map(|[y, x]| {
                match (&projector, self.grid.projection()) {
                    (_, None) => [y, x],
                    (Some(projector), _) => projector.degrees(y, x).unwrap_or([f64::NAN; 2]),
                    (None, Some(_)) => [f64::NAN; 2],
                }
            })
        };
        self.cells().map(of).collect()
    }
}
