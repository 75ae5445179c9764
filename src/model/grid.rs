//! The global grid, its cells, and rectangles of it.

use std::fmt;
use std::str::FromStr;

/// A regular global latitude–longitude grid. Rows count from the north pole, columns from 180° W.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "Size")]
pub struct Grid {
    rows: u32,
    columns: u32,
}

/// What a file says that a grid is.
#[derive(serde::Deserialize)]
struct Size {
    rows: u32,
    columns: u32,
}

impl TryFrom<Size> for Grid {
    type Error = String;

    fn try_from(size: Size) -> Result<Self, String> {
        let Size { rows, columns } = size;
        let is_global = (1..=MOST_ROWS).contains(&rows) && columns == 2 * rows;
        is_global
            .then_some(Grid { rows, columns })
            .ok_or_else(|| format!("{rows} rows and {columns} columns are not a grid of the globe"))
    }
}

/// Cells of a thousandth of a degree.
const MOST_ROWS: u32 = 180_000;

impl Grid {
    /// The grid whose cells are so many degrees wide and high; `None` where that does not divide the globe evenly.
    pub fn from_resolution(degrees: f64) -> Option<Self> {
        let rows = (180.0 / degrees).round();
        if !((1.0..=f64::from(MOST_ROWS)).contains(&rows) && (rows * degrees - 180.0).abs() < 1e-6) {
            return None;
        }
        let rows = rows as u32;
        Some(Grid { rows, columns: rows * 2 })
    }

    /// Number of rows.
    pub fn rows(&self) -> u32 {
        self.rows
    }

    /// Number of columns.
    pub fn columns(&self) -> u32 {
        self.columns
    }

    /// Width and height of a cell in degrees.
    pub fn resolution(&self) -> f64 {
        180.0 / f64::from(self.rows)
    }

    /// Latitude of a row's centre in degrees north. Computed from the row alone, so nothing adds up over rows.
    pub fn latitude(&self, row: u32) -> f64 {
        self.latitude_edge(2 * i64::from(row) + 1)
    }

    /// Latitudes of a row's southern and northern edge, in degrees north.
    pub fn latitude_bounds(&self, row: u32) -> [f64; 2] {
        let row = i64::from(row);
        [self.latitude_edge(2 * row + 2), self.latitude_edge(2 * row)]
    }

    /// Longitude of a column's centre in degrees east. Columns past the last one go on past 180° E.
    pub fn longitude(&self, column: i64) -> f64 {
        self.longitude_edge(2 * column + 1)
    }

    /// Longitudes of a column's western and eastern edge, in degrees east.
    pub fn longitude_bounds(&self, column: i64) -> [f64; 2] {
        [self.longitude_edge(2 * column), self.longitude_edge(2 * column + 2)]
    }

    fn latitude_edge(&self, half_rows: i64) -> f64 {
        90.0 - 180.0 * half_rows as f64 / (2.0 * f64::from(self.rows))
    }

    fn longitude_edge(&self, half_columns: i64) -> f64 {
        -180.0 + 360.0 * half_columns as f64 / (2.0 * f64::from(self.columns))
    }

    /// The cell whose centre is nearest to a point; `None` off the globe.
    pub fn cell_at(&self, latitude: f64, longitude: f64) -> Option<Cell> {
        if !(latitude.abs() <= 90.0 && longitude.abs() <= 360.0) {
            return None;
        }
        let row = ((90.0 - latitude) / self.resolution()).floor().min(f64::from(self.rows - 1));
        let column = ((longitude + 180.0).rem_euclid(360.0) / self.resolution()).floor();
        Some(Cell { row: row as u32, column: column as u32 % self.columns })
    }

    /// Whether the grid has this cell.
    pub fn contains(&self, cell: Cell) -> bool {
        cell.row < self.rows && cell.column < self.columns
    }
}

/// A gridcell by its indices. Ordered from north to south, then from west to east.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell {
    /// Row, 0 in the north.
    pub row: u32,
    /// Column, 0 in the west.
    pub column: u32,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.row, self.column)
    }
}

impl FromStr for Cell {
    type Err = ();

    /// Reads `185-240`, digits only.
    fn from_str(text: &str) -> Result<Self, ()> {
        let number = |text: &str| match text.bytes().all(|byte| byte.is_ascii_digit()) {
            true => text.parse::<u32>().map_err(|_| ()),
            false => Err(()),
        };
        let (row, column) = text.split_once('-').ok_or(())?;
        Ok(Cell { row: number(row)?, column: number(column)? })
    }
}

impl serde::Serialize for Cell {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Cell {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|()| serde::de::Error::custom("a cell is written ROW-COLUMN"))
    }
}

/// A box in degrees. Where `west` is greater than `east` it crosses the date line.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    /// Northern edge, degrees north.
    pub north: f64,
    /// Southern edge.
    pub south: f64,
    /// Western edge, degrees east.
    pub west: f64,
    /// Eastern edge.
    pub east: f64,
}

/// A rectangle of the grid: the shape of an output. It may cross the date line.
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
    pub fn global(grid: Grid) -> Self {
        Window { grid, first_row: 0, rows: grid.rows, first_column: 0, columns: grid.columns }
    }

    /// Exactly the cells whose centres lie in a box, edges included; `None` where there is no such cell.
    pub fn from_bounds(grid: Grid, bounds: Bounds) -> Option<Self> {
        let inside = |row: &u32| {
            let latitude = grid.latitude(*row);
            latitude <= bounds.north && latitude >= bounds.south
        };
        let first_row = (0..grid.rows).find(inside)?;
        let rows = (first_row..grid.rows).take_while(inside).count();
        let east = if bounds.east < bounds.west { bounds.east + 360.0 } else { bounds.east };
        let columns = i64::from(grid.columns);
        let inside = |column: &i64| {
            let longitude = grid.longitude(*column);
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

    /// Centres of the rows in degrees north, from north to south.
    pub fn latitudes(&self) -> Vec<f64> {
        self.grid_rows().map(|row| self.grid.latitude(row)).collect()
    }

    /// Centres of the columns in degrees east, from west to east; past 180 where the window crosses the date line.
    pub fn longitudes(&self) -> Vec<f64> {
        self.grid_columns().map(|column| self.grid.longitude(column)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn half_degree() -> Grid {
        Grid::from_resolution(0.5).expect("half a degree divides the globe")
    }

    #[test]
    fn centres_are_exact_at_half_a_degree() {
        let grid = half_degree();
        for row in 0..360 {
            assert_eq!(grid.latitude(row), 89.75 - 0.5 * f64::from(row));
        }
        for column in 0..720 {
            assert_eq!(grid.longitude(column), -179.75 + 0.5 * column as f64);
        }
    }

    #[test]
    fn pan_amazon_is_the_cells_whose_centres_lie_inside() {
        let bounds = Bounds { north: 10.5, south: -21.5, west: -80.0, east: -43.0 };
        let window = Window::from_bounds(half_degree(), bounds).expect("a window");
        assert_eq!((window.first_row, window.rows), (159, 64));
        assert_eq!((window.first_column, window.columns), (200, 74));
    }

    #[test]
    fn a_box_includes_its_edges_and_may_cross_the_date_line() {
        let bounds = Bounds { north: 0.25, south: -0.25, west: 179.75, east: -179.75 };
        let window = Window::from_bounds(half_degree(), bounds).expect("a window");
        assert_eq!((window.rows, window.first_column, window.columns), (2, 719, 2));
        assert_eq!(window.longitudes(), [179.75, 180.25]);
        assert_eq!(window.position(Cell { row: 179, column: 0 }), Some((0, 1)));
        let empty = Bounds { north: 0.2, south: 0.1, west: 0.0, east: 1.0 };
        assert_eq!(Window::from_bounds(half_degree(), empty), None);
    }

    #[test]
    fn resolutions_that_do_not_divide_the_globe_are_refused() {
        for degrees in [0.7, 0.0, -0.5, f64::NAN, f64::INFINITY, 1e-9] {
            assert_eq!(Grid::from_resolution(degrees), None, "{degrees}");
        }
        assert_eq!(Grid::from_resolution(1.0 / 12.0).map(|grid| grid.rows()), Some(2160));
    }

    proptest! {
        #[test]
        fn a_window_around_cells_holds_each_of_them_once(
            cells in prop::collection::vec((0u32..360, 0u32..720), 1..30)
        ) {
            let grid = half_degree();
            let cells: Vec<Cell> = cells.into_iter().map(|(row, column)| Cell { row, column }).collect();
            let window = Window::around(grid, cells.iter().copied()).expect("there are cells");
            for cell in &cells {
                let (row, column) = window.position(*cell).expect("inside");
                let back = Cell {
                    row: window.first_row + row,
                    column: (window.first_column + column) % grid.columns(),
                };
                prop_assert_eq!(back, *cell);
            }
            let plain = cells.iter().map(|c| c.column).max().unwrap() - cells.iter().map(|c| c.column).min().unwrap();
            prop_assert!(window.columns <= plain + 1);
        }

        #[test]
        fn a_centre_belongs_to_its_own_cell(row in 0u32..360, column in 0u32..720) {
            let grid = half_degree();
            let found = grid.cell_at(grid.latitude(row), grid.longitude(i64::from(column)));
            prop_assert_eq!(found, Some(Cell { row, column }));
        }
    }
}
