//! From the places that records tell to cells of a grid.
//!
//! The grid is the globe's where the cells fit it, so that cells have the same indices in all runs of one resolution; otherwise it is the
//! rectangle around the cells.

use std::collections::HashMap;

use crate::model::grid::{Cell, Grid, Lattice};
use crate::model::projection::Projection;

use super::description::{At, CellKeys, StepSize};

/// Cells of places.
#[derive(Debug, Clone)]
pub struct Placed {
    /// The grid.
    pub grid: Grid,
    /// The cell of each place; `None` of one that is not near the centre of any.
    pub cells: Vec<Option<Cell>>,
}

/// Why places are on no grid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PlacesError(pub String);

/// How far from a cell's centre a place may be, as a part of the cell, where nothing is said: two decimals of a name err by up to a twelfth
/// of a sixteenth of a degree.
const SNAP: f64 = 0.1;

/// Finds the cells of places: latitude and longitude, y and x, row and column, or a number and 0. `table` has the latitude and longitude of
/// numbers.
///
/// # Errors
/// [`PlacesError`] where the description lacks something, or the grid around the cells would be too large.
pub fn cells(
    keys: &CellKeys,
    table: Option<&HashMap<u64, [f64; 2]>>,
    places: &[[f64; 2]],
) -> Result<Placed, PlacesError> {
    let wrong = |text: &str| PlacesError(text.to_owned());
    if keys.id.is_some() {
        return match table {
            Some(table) => {
                let known: Vec<Option<[f64; 2]>> =
                    places.iter().map(|place| table.get(&place[0].to_bits()).copied()).collect();
                let own: Vec<[f64; 2]> = known.iter().flatten().copied().collect();
                let placed = by_centres(keys, &own)?;
                let mut cells = placed.cells.into_iter();
                let cells = known.iter().map(|place| place.and_then(|_| cells.next().flatten())).collect();
                Ok(Placed { grid: placed.grid, cells })
            }
            None => by_number(keys, places),
        };
    }
    if keys.lat.is_none() && keys.y.is_none() && keys.table.is_some() {
        // Columns are cells of the table.
        return by_centres(keys, places);
    }
    match (&keys.lat, &keys.y, &keys.crs) {
        (Some(_), ..) | (None, Some(_), Some(_)) => by_centres(keys, places),
        (None, Some(_), None) => by_indices(keys, places),
        _ => Err(wrong("nothing says where records are; give source.cell.lat and lon, y and x, or id")),
    }
}

fn projection(keys: &CellKeys) -> Result<Option<Projection>, PlacesError> {
    let parse = |text: &String| {
        Projection::parse(text).map_err(|error| PlacesError(format!("source.cell.crs: {error}")))
    };
    keys.crs.as_ref().map(parse).transpose()
}

/// The edges of a cell: its height and width.
fn steps(keys: &CellKeys) -> Result<[f64; 2], PlacesError> {
    let steps = match (keys.step, keys.size) {
        (Some(StepSize::Same(step)), _) => [step, step],
        (Some(StepSize::Each(steps)), _) => steps,
        (None, Some(size)) => [size, size],
        (None, None) => {
            return Err(PlacesError("the edge of a cell is not known; give source.cell.step".to_owned()));
        }
    };
    let is_size = |step: &f64| step.is_finite() && *step > 0.0;
    match steps.iter().all(is_size) {
        true => Ok(steps),
        false => Err(PlacesError("source.cell.step is not a positive number".to_owned())),
    }
}

/// Cells of coordinates.
fn by_centres(keys: &CellKeys, places: &[[f64; 2]]) -> Result<Placed, PlacesError> {
    let [height, width] = steps(keys)?;
    let projection = projection(keys)?;
    let to_centre = match keys.at.unwrap_or(At::Centre) {
        At::Centre => [0.0, 0.0],
        At::SouthWest => [height / 2.0, width / 2.0],
        At::NorthWest => [-height / 2.0, width / 2.0],
    };
    let snap = keys.snap.map_or([SNAP * height, SNAP * width], |snap| [snap, snap]);
    let centres: Vec<[f64; 2]> = places
        .iter()
        .map(|place| {
            let [y, x] = [place[0] + to_centre[0], place[1] + to_centre[1]];
            // One globe: longitudes from 0 to 360 are those from -180 to 180.
            [y, if projection.is_none() && x >= 180.0 { x - 360.0 } else { x }]
        })
        .collect();
    let is_place = |centre: &&[f64; 2]| {
        let is_on_globe =
            projection.is_some() || (centre[0].abs() <= 90.0 && (-180.0..180.0).contains(&centre[1]));
        centre.iter().all(|number| number.is_finite()) && is_on_globe
    };
    // Where between two multiples of the step centres are, as a part of it.
    let offset = |index: usize, step: f64| {
        let parts = centres.iter().filter(is_place).filter_map(|centre| centre.get(index));
        middle(
            parts.map(|value| (value / step - 0.5).rem_euclid(1.0)).collect(),
            snap.get(index).map_or(0.0, |snap| snap / step),
        )
    };
    let offsets = [offset(0, height), offset(1, width)];
    let is_aligned = offsets == [0.0, 0.0];
    let origin = |index: usize, step: f64| {
        let offset = offsets.get(index).copied().unwrap_or(0.0);
        (0.5 + if is_aligned { 0.0 } else { (offset * 1e6).round() / 1e6 }) * step
    };
    let origin = [origin(0, height), origin(1, width)];
    // Counted from the origin, north and east.
    let index = |centre: &[f64; 2]| {
        let at = [(centre[0] - origin[0]) / height, (centre[1] - origin[1]) / width];
        let whole = at.map(f64::round);
        let far = [(at[0] - whole[0]).abs() * height > snap[0], (at[1] - whole[1]).abs() * width > snap[1]];
        // Decimals of degrees are not exact: a cell's own rounding counts as none.
        (!far.contains(&true) || snap == [0.0, 0.0] && at == whole).then_some(whole)
    };
    let indices: Vec<Option<[f64; 2]>> =
        centres.iter().map(|centre| if is_place(&centre) { index(centre) } else { None }).collect();
    let global = (projection.is_none() && is_aligned && height == width)
        .then(|| Grid::from_resolution(height))
        .flatten();
    if let Some(grid) = global {
        let half = f64::from(grid.rows()) / 2.0;
        let cell = |[north, east]: [f64; 2]| {
            let (row, column) = (half - 1.0 - north, f64::from(grid.columns()) / 2.0 + east);
            let is_there = (0.0..f64::from(grid.rows())).contains(&row)
                && (0.0..f64::from(grid.columns())).contains(&column);
            is_there.then_some(Cell { row: row as u32, column: column as u32 })
        };
        return Ok(Placed { grid, cells: indices.into_iter().map(|index| index.and_then(cell)).collect() });
    }
    let ends = indices.iter().flatten().fold(None, |ends: Option<[f64; 4]>, &[y, x]| {
        let [south, north, west, east] = ends.unwrap_or([y, y, x, x]);
        Some([south.min(y), north.max(y), west.min(x), east.max(x)])
    });
    let Some([south, north, west, east]) = ends else {
        return Err(PlacesError("no record has a place on the grid".to_owned()));
    };
    let (rows, columns) = (north - south + 1.0, east - west + 1.0);
    let lattice = Lattice {
        north: origin[0] + (north + 0.5) * height,
        west: origin[1] + (west - 0.5) * width,
        height,
        width,
        projection,
    };
    let grid = Grid::regular(lattice, rows.min(1e9) as u32, columns.min(1e9) as u32).ok_or_else(|| {
        PlacesError(format!(
            "the places are on no grid: steps of {height} and {width} would make {rows:.0} rows and {columns:.0} columns for {} places",
            places.len()
        ))
    })?;
    let cell = |[y, x]: [f64; 2]| Cell { row: (north - y) as u32, column: (x - west) as u32 };
    Ok(Placed { grid, cells: indices.into_iter().map(|index| index.map(cell)).collect() })
}

/// The middle one of parts of a step, of which those near 1 are as near to 0; 0 where most are that near to it.
fn middle(parts: Vec<f64>, near: f64) -> f64 {
    let is_near = |part: &&f64| part.min(1.0 - **part) <= near;
    if 2 * parts.iter().filter(is_near).count() >= parts.len() {
        return 0.0;
    }
    let first = parts.first().copied().unwrap_or(0.0);
    let mut turned: Vec<f64> = parts.iter().map(|part| (part - first + 0.5).rem_euclid(1.0)).collect();
    turned.sort_unstable_by(f64::total_cmp);
    let middle = turned.get(turned.len() / 2).copied().unwrap_or(0.5);
    (middle - 0.5 + first).rem_euclid(1.0)
}

/// Cells of rows and columns, which count from the north-west.
fn by_indices(keys: &CellKeys, places: &[[f64; 2]]) -> Result<Placed, PlacesError> {
    let [height, width] = steps(keys)?;
    let [lat, lon] = keys.north_west.ok_or_else(|| {
        PlacesError("the first cell of y and x is not known; give source.cell.north_west".to_owned())
    })?;
    let first = keys.first.unwrap_or(0) as f64;
    let whole = |place: &[f64; 2]| {
        let place = place.map(|index| index - first);
        let is_index = |value: f64| value.fract() == 0.0 && (0.0..f64::from(u32::MAX)).contains(&value);
        (is_index(place[0]) && is_index(place[1]))
            .then_some(Cell { row: place[0] as u32, column: place[1] as u32 })
    };
    let cells: Vec<Option<Cell>> = places.iter().map(whole).collect();
    let (north, west) = (lat + height / 2.0, lon - width / 2.0);
    let is_global = height == width && (north - 90.0).abs() < 1e-9 && (west + 180.0).abs() < 1e-9;
    let grid = match is_global.then(|| Grid::from_resolution(height)).flatten() {
        Some(grid) => grid,
        None => {
            let most = |index: fn(&Cell) -> u32| cells.iter().flatten().map(index).max().unwrap_or(0);
            let [rows, columns] = keys.shape.unwrap_or([
                most(|cell| cell.row).saturating_add(1),
                most(|cell| cell.column).saturating_add(1),
            ]);
            let lattice = Lattice { north, west, height, width, projection: None };
            Grid::regular(lattice, rows, columns).ok_or_else(|| {
                PlacesError(format!(
                    "{rows} rows and {columns} columns of {height} and {width} degrees leave the globe"
                ))
            })?
        }
    };
    let cells = cells.into_iter().map(|cell| cell.filter(|cell| grid.contains(*cell))).collect();
    Ok(Placed { grid, cells })
}

/// Cells of numbers, which run through a rectangle.
fn by_number(keys: &CellKeys, places: &[[f64; 2]]) -> Result<Placed, PlacesError> {
    let missing = |key: &str| {
        PlacesError(format!("cells have numbers: source.cell.{key} is needed, or a table of cells"))
    };
    let [rows, columns] = keys.shape.ok_or_else(|| missing("shape"))?;
    let [height, width] = steps(keys)?;
    let (north, west) = match (keys.south_west, keys.north_west) {
        (Some([x, y]), _) => (y + height * f64::from(rows), x),
        (None, Some([lat, lon])) => (lat + height / 2.0, lon - width / 2.0),
        (None, None) => return Err(missing("south_west")),
    };
    let lattice = Lattice { north, west, height, width, projection: projection(keys)? };
    let grid = Grid::regular(lattice, rows, columns)
        .ok_or_else(|| PlacesError(format!("{rows} rows and {columns} columns are not a grid there")))?;
    let words = keys.order.clone().unwrap_or(["north-south".to_owned(), "west-east".to_owned()]);
    let directions = [words[0].as_str(), words[1].as_str()];
    let (by_rows, from_south, from_east) = match directions {
        [slow @ ("south-north" | "north-south"), fast @ ("west-east" | "east-west")] => {
            (true, slow == "south-north", fast == "east-west")
        }
        [slow @ ("west-east" | "east-west"), fast @ ("south-north" | "north-south")] => {
            (false, fast == "south-north", slow == "east-west")
        }
        _ => {
            let text = "source.cell.order wants two of south-north, north-south, west-east, east-west, the slower one first";
            return Err(PlacesError(text.to_owned()));
        }
    };
    let first = keys.first.unwrap_or(1) as f64;
    let all = f64::from(rows) * f64::from(columns);
    let cell = |place: &[f64; 2]| {
        let number = place[0] - first;
        if number.fract() != 0.0 || !(0.0..all).contains(&number) {
            return None;
        }
        let number = number as u64;
        let (rows_, columns_) = (u64::from(rows), u64::from(columns));
        let (row, column) =
            if by_rows { (number / columns_, number % columns_) } else { (number % rows_, number / rows_) };
        let row = if from_south { rows_ - 1 - row } else { row };
        let column = if from_east { columns_ - 1 - column } else { column };
        Some(Cell { row: row as u32, column: column as u32 })
    };
    Ok(Placed { grid, cells: places.iter().map(cell).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(step: f64) -> CellKeys {
        let name = |text: &str| Some(text.to_owned());
        CellKeys {
            lat: name("lat"),
            lon: name("lon"),
            step: Some(StepSize::Same(step)),
            ..CellKeys::default()
        }
    }

    fn found(keys: &CellKeys, places: &[[f64; 2]]) -> Vec<Option<(u32, u32)>> {
        let placed = cells(keys, None, places).expect("a grid");
        placed.cells.into_iter().map(|cell| cell.map(|cell| (cell.row, cell.column))).collect()
    }

    #[test]
    fn centres_and_corners_are_cells_of_the_globe() {
        assert_eq!(found(&keys(0.5), &[[89.75, -179.75], [-3.25, 58.75]]), [Some((0, 0)), Some((186, 477))]);
        let corner = CellKeys { at: Some(At::SouthWest), ..keys(0.5) };
        assert_eq!(found(&corner, &[[89.5, -180.0], [-3.5, 58.5]]), [Some((0, 0)), Some((186, 477))]);
        let north = CellKeys { at: Some(At::NorthWest), ..keys(0.5) };
        assert_eq!(found(&north, &[[90.0, -180.0]]), [Some((0, 0))]);
    }

    #[test]
    fn longitudes_to_360_and_rounded_names_find_their_cells() {
        assert_eq!(found(&keys(0.5), &[[0.25, 180.25], [0.25, 359.75]]), [Some((179, 0)), Some((179, 359))]);
        let halves = [[48.22, -120.72], [48.28, -120.66], [48.34, -120.59], [48.25, -120.59]];
        let cells = found(&keys(0.0625), &halves);
        assert_eq!(cells[3], None, "a place between two cells");
        assert!(cells[..3].iter().all(Option::is_some), "{cells:?}");
    }

    #[test]
    fn other_grids_are_the_rectangle_of_their_cells() {
        let placed = cells(&keys(0.5), None, &[[10.0, 20.0], [11.0, 20.5]]).expect("a grid");
        assert_eq!((placed.grid.rows(), placed.grid.columns()), (3, 2));
        assert_eq!(placed.grid.y(0), 11.0);
        assert_eq!(placed.cells, [Some(Cell { row: 2, column: 0 }), Some(Cell { row: 0, column: 1 })]);
    }

    #[test]
    fn places_everywhere_are_refused_with_their_number() {
        let far = [[0.0, 0.0], [89.0, 170.0]];
        let error = cells(&keys(0.0001), None, &far).expect_err("too many");
        assert!(error.0.contains("2 places"), "{error}");
    }

    #[test]
    fn numbers_run_through_a_square() {
        let square = CellKeys {
            id: Some("id".to_owned()),
            first: Some(1),
            order: Some(["south-north".to_owned(), "west-east".to_owned()]),
            shape: Some([100, 100]),
            crs: Some("EPSG:32632".to_owned()),
            south_west: Some([500_900.0, 5_022_575.0]),
            size: Some(235.0),
            ..CellKeys::default()
        };
        let ids = [
            [1.0, 0.0],
            [100.0, 0.0],
            [101.0, 0.0],
            [10_000.0, 0.0],
            [0.0, 0.0],
            [10_001.0, 0.0],
            [1.5, 0.0],
        ];
        let expected = [Some((99, 0)), Some((99, 99)), Some((98, 0)), Some((0, 99)), None, None, None];
        assert_eq!(found(&square, &ids), expected);
        let grid = cells(&square, None, &ids).expect("a grid").grid;
        assert_eq!((grid.y(99), grid.x(0)), (5_022_692.5, 501_017.5));
    }
}
