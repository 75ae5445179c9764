//! A little map of cells for the terminal: two rows of the grid in a line of text, by half blocks.

use gridloom::model::grid::Window;

/// Columns and lines that a map may take.
const WIDTH: usize = 72;
const LINES: usize = 24;

/// Draws the cells that `has` says are there, north up. Large windows are drawn with several cells to a place.
pub(super) fn draw(window: &Window, cells: &[(u32, u32)]) -> String {
    let step =
        (window.columns as usize).div_ceil(WIDTH).max((window.rows as usize).div_ceil(2 * LINES)).max(1);
    let (rows, columns) = ((window.rows as usize).div_ceil(step), (window.columns as usize).div_ceil(step));
    let mut marked = vec![false; rows * columns];
    for &(row, column) in cells {
        if let Some(place) = marked.get_mut(row as usize / step * columns + column as usize / step) {
            *place = true;
        }
    }
    let mut text = String::new();
    for pair in marked.chunks(2 * columns) {
        let (upper, lower) = pair.split_at(columns);
        for (index, &up) in upper.iter().enumerate() {
            text.push(match (up, lower.get(index).copied().unwrap_or(false)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => '·',
            });
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use gridloom::model::grid::Grid;

    #[test]
    fn two_rows_share_a_line() {
        let grid = Grid::from_resolution(0.5).expect("half a degree divides the globe");
        let window = Window { grid, first_row: 0, rows: 3, first_column: 0, columns: 4 };
        assert_eq!(draw(&window, &[(0, 0), (1, 0), (0, 1), (1, 2), (2, 3)]), "█▀▄·\n···▀\n");
    }
}
