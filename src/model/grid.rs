//! Regular grids, their cells, and rectangles of them.

use std::fmt;
use std::str::FromStr;

use super::ellipsoid;
use super::projection::Projection;

mod area;
mod bounds;
mod window;

pub use window::Window;

/// A regular grid: the globe's, one of latitudes and longitudes, or one of a projection's y and x. Rows count from the north, or from the
/// greatest y; columns from the west, or from the least x.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(into = "Written", try_from = "Written")]
pub struct Grid {
    rows: u32,
    columns: u32,
    /// Where the cells are; `None` of the globe's.
    lattice: Option<Lattice>,
}

/// Where the cells of a grid are that is not the globe's, in degrees or in a projection's metres.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lattice {
    /// The northern edge of the first row.
    pub north: f64,
    /// The western edge of the first column.
    pub west: f64,
    /// The height of a cell.
    pub height: f64,
    /// The width of a cell.
    pub width: f64,
    /// The projection whose y and x these are; `None` of degrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub projection: Option<Projection>,
}

// Numbers of a lattice are finite.
impl Eq for Lattice {}

/// How a grid is kept.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    rows: u32,
    columns: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lattice: Option<Lattice>,
}

impl From<Grid> for Written {
    fn from(grid: Grid) -> Self {
        let Grid { rows, columns, lattice } = grid;
        Written { rows, columns, lattice }
    }
}

impl TryFrom<Written> for Grid {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let Written { rows, columns, lattice } = written;
        let grid = match lattice {
            Some(lattice) => Grid::regular(lattice, rows, columns),
            None => {
                let is_global = (1..=MOST_ROWS).contains(&rows) && columns == 2 * rows;
                is_global.then_some(Grid { rows, columns, lattice: None })
            }
        };
        let place = if lattice.is_some() { "there" } else { "of the globe" };
        grid.ok_or_else(|| format!("{rows} rows and {columns} columns are not a grid {place}"))
    }
}

/// Cells of a thousandth of a degree.
const MOST_ROWS: u32 = 180_000;

impl Grid {
    /// The globe's grid whose cells are so many degrees wide and high; `None` where that does not divide it evenly.
    pub fn from_resolution(degrees: f64) -> Option<Self> {
        let rows = (180.0 / degrees).round();
        if !((1.0..=f64::from(MOST_ROWS)).contains(&rows) && (rows * degrees - 180.0).abs() < 1e-6) {
            return None;
        }
        let rows = rows as u32;
        Some(Grid { rows, columns: rows * 2, lattice: None })
    }

    /// A grid of any place and resolution; `None` where it is empty or too large, or degrees leave the globe.
    pub fn regular(lattice: Lattice, rows: u32, columns: u32) -> Option<Self> {
        let Lattice { north, west, height, width, projection } = lattice;
        let (south, east) = (north - height * f64::from(rows), west + width * f64::from(columns));
        let is_finite = [north, west, south, east].iter().all(|edge| edge.is_finite());
        let is_counted = (1..=MOST_ROWS).contains(&rows) && (1..=2 * MOST_ROWS).contains(&columns);
        // Decimal degrees do not add up to 90 and 360 exactly.
        let is_on_globe = projection.is_some()
            || (north <= 90.0 + 1e-6
                && south >= -90.0 - 1e-6
                && west.abs() <= 360.0
                && east - west <= 360.0 + 1e-6);
        let is_grid = is_finite && is_counted && is_on_globe && height > 0.0 && width > 0.0;
        is_grid.then_some(Grid { rows, columns, lattice: Some(lattice) })
    }

    /// Number of rows.
    pub fn rows(&self) -> u32 {
        self.rows
    }

    /// Number of columns.
    pub fn columns(&self) -> u32 {
        self.columns
    }

    /// Where the cells are, in degrees or in a projection's metres; `None` of the globe's grid.
    pub fn lattice(&self) -> Option<&Lattice> {
        self.lattice.as_ref()
    }

    /// The projection whose y and x the grid is regular in; `None` of latitude and longitude.
    pub fn projection(&self) -> Option<&Projection> {
        self.lattice.as_ref()?.projection.as_ref()
    }

    /// Height and width of a cell, in degrees or in a projection's metres.
    pub fn cell_size(&self) -> [f64; 2] {
        match &self.lattice {
            None => [180.0 / f64::from(self.rows); 2],
            Some(lattice) => [lattice.height, lattice.width],
        }
    }

    /// The size of its cells in words: `0.5 degrees`, `1000 by 500 metres`.
    pub fn words(&self) -> String {
        let [height, width] = self.cell_size();
        let noun = if self.projection().is_some() { "metres" } else { "degrees" };
        if height == width { format!("{height} {noun}") } else { format!("{width} by {height} {noun}") }
    }

    /// Latitude of a row's centre in degrees north, or its y in metres. Computed from the row alone, so nothing adds up over rows.
    pub fn y(&self, row: u32) -> f64 {
        self.y_edge(2 * i64::from(row) + 1)
    }

    /// The same of a row's southern and northern edge.
    pub fn y_bounds(&self, row: u32) -> [f64; 2] {
        let row = i64::from(row);
        [self.y_edge(2 * row + 2), self.y_edge(2 * row)]
    }

    /// Longitude of a column's centre in degrees east, or its x in metres. Columns past the last one of the globe go on past 180° E.
    pub fn x(&self, column: i64) -> f64 {
        self.x_edge(2 * column + 1)
    }

    /// The same of a column's western and eastern edge.
    pub fn x_bounds(&self, column: i64) -> [f64; 2] {
        [self.x_edge(2 * column), self.x_edge(2 * column + 2)]
    }

    fn y_edge(&self, half_rows: i64) -> f64 {
        match &self.lattice {
            None => 90.0 - 180.0 * half_rows as f64 / (2.0 * f64::from(self.rows)),
            Some(lattice) => lattice.north - lattice.height * half_rows as f64 / 2.0,
        }
    }

    fn x_edge(&self, half_columns: i64) -> f64 {
        match &self.lattice {
            None => -180.0 + 360.0 * half_columns as f64 / (2.0 * f64::from(self.columns)),
            Some(lattice) => lattice.west + lattice.width * half_columns as f64 / 2.0,
        }
    }

    /// Degrees north and east of a cell's centre; NaN where the projection has no such point.
    pub fn centre(&self, cell: Cell) -> [f64; 2] {
        let (y, x) = (self.y(cell.row), self.x(i64::from(cell.column)));
        match self.projection() {
            None => [y, x],
            Some(projection) => projection.degrees(y, x).unwrap_or([f64::NAN; 2]),
        }
    }

    /// A cell's area in m².
    pub fn area(&self, cell: Cell) -> f64 {
        let (south_north, west_east) = (self.y_bounds(cell.row), self.x_bounds(i64::from(cell.column)));
        match self.projection() {
            None => {
                let [south, north] = south_north;
                ellipsoid::cell_area(south, north, self.cell_size()[1])
            }
            Some(projection) => {
                let projector = projection.projector();
                projector.map_or(f64::NAN, |projector| {
                    area::projected(&projector, projection.ellipsoid, south_north, west_east)
                })
            }
        }
    }

    /// The cell around a point in degrees; `None` off the grid.
    pub fn cell_at(&self, latitude: f64, longitude: f64) -> Option<Cell> {
        if !(latitude.abs() <= 90.0 && longitude.abs() <= 360.0) {
            return None;
        }
        let Some(lattice) = &self.lattice else {
            let size = self.cell_size()[0];
            let row = ((90.0 - latitude) / size).floor().min(f64::from(self.rows - 1));
            let column = ((longitude + 180.0).rem_euclid(360.0) / size).floor();
            return Some(Cell { row: row as u32, column: column as u32 % self.columns });
        };
        match &lattice.projection {
            Some(projection) => {
                let [y, x] = projection.projector()?.metres(latitude, longitude)?;
                self.cell_around(y, x)
            }
            None => {
                [0.0, 360.0, -360.0].into_iter().find_map(|turn| self.cell_around(latitude, longitude + turn))
            }
        }
    }

    /// The cell around a point in the grid's own y and x; `None` off the grid.
    pub fn cell_around(&self, y: f64, x: f64) -> Option<Cell> {
        let [height, width] = self.cell_size();
        // The southern and eastern edge of the grid belong to its last row and column.
        let index = |distance: f64, count: u32| {
            let at = distance.floor();
            let last = f64::from(count) - 1.0;
            let at = if distance == f64::from(count) { last } else { at };
            (0.0..=last).contains(&at).then_some(at as u32)
        };
        let row = index((self.y_edge(0) - y) / height, self.rows)?;
        let column = index((x - self.x_edge(0)) / width, self.columns)?;
        Some(Cell { row, column })
    }

    /// The row around a latitude, or a projection's y; `None` off the grid.
    pub fn row_at(&self, y: f64) -> Option<u32> {
        match &self.lattice {
            None => self.cell_at(y, 0.0).map(|cell| cell.row),
            Some(_) => self.cell_around(y, self.x(0)).map(|cell| cell.row),
        }
    }

    /// The column around a longitude, or a projection's x; `None` off the grid.
    pub fn column_at(&self, x: f64) -> Option<u32> {
        match &self.lattice {
            None => self.cell_at(0.0, x).map(|cell| cell.column),
            Some(_) => self.cell_around(self.y(0), x).map(|cell| cell.column),
        }
    }

    /// Whether the grid has this cell.
    pub fn contains(&self, cell: Cell) -> bool {
        cell.row < self.rows && cell.column < self.columns
    }

    /// Tells of cells whether their centres are inside of a box, edges included; `None` where no cell's is.
    pub fn inside(&self, bounds: Bounds) -> Option<impl Fn(Cell) -> bool + use<>> {
        let (grid, window) = (*self, Window::from_bounds(*self, bounds)?);
        let is_inside = move |cell: Cell| {
            let is_in_window = window.position(cell).is_some();
            is_in_window && (grid.lattice.is_none() || bounds.holds(grid.centre(cell)))
        };
        Some(is_inside)
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

/// A text that does not name a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a cell is named by its indices, as in 185-240")]
pub struct ParseCellError;

impl FromStr for Cell {
    type Err = ParseCellError;

    /// Reads `185-240`, digits only.
    fn from_str(text: &str) -> Result<Self, ParseCellError> {
        let number = |text: &str| match text.bytes().all(|byte| byte.is_ascii_digit()) {
            true => text.parse::<u32>().map_err(|_| ParseCellError),
            false => Err(ParseCellError),
        };
        let (row, column) = text.split_once('-').ok_or(ParseCellError)?;
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
        text.parse().map_err(|_| serde::de::Error::custom("a cell is written ROW-COLUMN"))
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

impl Bounds {
    /// The Pan-Amazon region, as many studies of the basin have it.
    pub const PAN_AMAZON: Bounds = Bounds { north: 10.5, south: -21.5, west: -80.0, east: -43.0 };

    /// Whether a point in degrees north and east is inside, edges included.
    pub fn holds(&self, [latitude, longitude]: [f64; 2]) -> bool {
        let east = if self.east < self.west { self.east + 360.0 } else { self.east };
        let is_between =
            [0.0, 360.0, -360.0].iter().any(|turn| (self.west..=east).contains(&(longitude + turn)));
        (self.south..=self.north).contains(&latitude) && is_between
    }
}

#[cfg(test)]
mod tests;
