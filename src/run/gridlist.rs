//! CAETE's gridlists: CSV files that name cells by indices or by coordinates.

use std::path::Path;

use crate::error::{Error, Result};
use crate::model::grid::{Cell, Grid};

/// Reads a gridlist: a header with the columns `global_y` and `global_x`, or `lat` and `lon`, in any order among others.
/// Indices win where both are there. Repeated cells count once; the result is in grid order.
///
/// # Errors
/// [`Error::Io`], or [`Error::Config`] with the line that cannot be understood.
pub fn read(path: &Path, grid: Grid) -> Result<Vec<Cell>> {
    let text = crate::files::read_text(path).map_err(|source| Error::io("read", path, source))?;
    parse(&text, grid).map_err(|reason| Error::Config { path: path.to_owned(), reason })
}

fn parse(text: &str, grid: Grid) -> std::result::Result<Vec<Cell>, String> {
    let mut lines =
        text.trim_start_matches('\u{feff}').lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let (_, header) = lines.next().ok_or("the gridlist is empty")?;
    let columns: Vec<String> = fields(header).map(|name| name.to_ascii_lowercase()).collect();
    let find = |name: &str| columns.iter().position(|column| column == name);
    let (by_index, first, second) = match (find("global_y"), find("global_x"), find("lat"), find("lon")) {
        (Some(y), Some(x), _, _) => (true, y, x),
        (_, _, Some(latitude), Some(longitude)) => (false, latitude, longitude),
        _ => return Err("line 1: wants the columns lat and lon, or global_y and global_x".into()),
    };
    let mut cells = Vec::new();
    for (index, line) in lines {
        let values: Vec<&str> = fields(line).collect();
        let number = |column: usize| values.get(column).and_then(|text| text.parse::<f64>().ok());
        let cell = match (number(first), number(second)) {
            (Some(y), Some(x)) if by_index => index_of(y)
                .zip(index_of(x))
                .map(|(row, column)| Cell { row, column })
                .filter(|&cell| grid.contains(cell)),
            (Some(latitude), Some(longitude)) => grid.cell_at(latitude, longitude),
            _ => None,
        };
        cells.push(cell.ok_or_else(|| format!("line {}: no cell of the grid: {line:?}", index + 1))?);
    }
    if cells.is_empty() {
        return Err("the gridlist names no cell".into());
    }
    cells.sort_unstable();
    cells.dedup();
    Ok(cells)
}

fn fields(line: &str) -> impl Iterator<Item = &str> {
    line.split([',', ';']).map(|field| field.trim().trim_matches('"'))
}

/// Spreadsheets write whole numbers as 185.0.
fn index_of(value: f64) -> Option<u32> {
    (value.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&value)).then_some(value as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn half_degree() -> Grid {
        Grid::from_resolution(0.5).expect("half a degree divides the globe")
    }

    #[test]
    fn both_ways_of_naming_a_cell_agree() {
        let indices = "station_id,global_y,global_x\n0,185,239\n1,182,263\n\n2,185,239\n";
        let points = "\u{feff}lat; lon\n-2.75; -60.25\n-1.25; -48.25\n";
        let cells = [Cell { row: 182, column: 263 }, Cell { row: 185, column: 239 }];
        assert_eq!(parse(indices, half_degree()).as_deref(), Ok(&cells[..]));
        assert_eq!(parse(points, half_degree()).as_deref(), Ok(&cells[..]));
    }

    #[test]
    fn what_cannot_be_understood_is_named_by_its_line() {
        for (text, line) in [
            ("", "empty"),
            ("a,b\n1,2\n", "line 1"),
            ("lat,lon\n1,2\n3\n", "line 3"),
            ("lat,lon\n95,0\n", "line 2"),
            ("global_y,global_x\n1,720\n", "line 2"),
            ("global_y,global_x\n1.5,7\n", "line 2"),
            ("lat,lon\n", "no cell"),
        ] {
            let error = parse(text, half_degree()).expect_err(text);
            assert!(error.contains(line), "{error}");
        }
    }
}
