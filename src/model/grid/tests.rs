use super::*;
use proptest::prelude::*;

fn half_degree() -> Grid {
    Grid::from_resolution(0.5).expect("half a degree divides the globe")
}

#[test]
fn centres_are_exact_at_half_a_degree() {
    let grid = half_degree();
    for row in 0..360 {
        assert_eq!(grid.y(row), 89.75 - 0.5 * f64::from(row));
    }
    for column in 0..720 {
        assert_eq!(grid.x(column), -179.75 + 0.5 * column as f64);
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
    assert_eq!(window.xs(), [179.75, 180.25]);
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
        let found = grid.cell_at(grid.y(row), grid.x(i64::from(column)));
        prop_assert_eq!(found, Some(Cell { row, column }));
    }
}

fn degrees(north: f64, west: f64, size: f64, rows: u32, columns: u32) -> Grid {
    let lattice = Lattice { north, west, height: size, width: size, projection: None };
    Grid::regular(lattice, rows, columns).expect("a grid")
}

#[test]
fn a_box_across_the_seam_of_a_grid_of_degrees_loses_no_cell() {
    let grid = degrees(90.0, 0.0, 10.0, 18, 36);
    let bounds = Bounds { north: 30.0, south: 0.0, west: -20.0, east: 20.0 };
    let is_inside = grid.inside(bounds).expect("cells");
    let whole = Window::whole(grid);
    let found: Vec<u32> =
        whole.cells().filter(|cell| cell.row == 8 && is_inside(*cell)).map(|cell| cell.column).collect();
    assert_eq!(found, [0, 1, 34, 35]);
    let window = Window::from_bounds(grid, bounds).expect("a window");
    assert_eq!((window.first_column, window.columns, window.first_row, window.rows), (0, 36, 6, 3));
}

fn mercator(north: f64, size: f64, rows: u32, columns: u32) -> Grid {
    let projection = crate::model::projection::Projection::parse("EPSG:3395").ok();
    let west = -size * f64::from(columns) / 2.0;
    let lattice = Lattice { north, west, height: size, width: size, projection };
    Grid::regular(lattice, rows, columns).expect("a grid")
}

/// A box that reaches the pole is nowhere in Mercator's plane, so that the grid itself is looked through.
#[test]
fn a_box_that_a_projection_does_not_show_is_looked_for_on_the_grid() {
    let bounds = |south: f64, west: f64| Bounds { north: 90.0, south, west, east: 30.0 };
    let of = |grid: Grid, bounds: Bounds| {
        let window = Window::from_bounds(grid, bounds)?;
        Some([window.first_row, window.rows, window.first_column, window.columns])
    };
    let small = mercator(8_000_000.0, 100_000.0, 160, 400);
    let inside: Vec<Cell> =
        Window::whole(small).cells().filter(|cell| bounds(10.0, -20.0).holds(small.centre(*cell))).collect();
    let around = Window::around(small, inside).expect("cells");
    assert_eq!(Window::from_bounds(small, bounds(10.0, -20.0)), Some(around));
    // The same place in a grid of very many cells, and a box that is beyond it.
    let large = mercator(8_000_000.0, 100.0, 160_000, 360_000);
    let [row, rows, column, columns] = of(large, bounds(10.0, -20.0)).expect("a window");
    let [y, x] = large.projection().and_then(|it| it.metres(10.0, -20.0)).expect("a place");
    let corner = large.cell_around(y, x).expect("a cell");
    assert!(row == 0 && rows.abs_diff(corner.row) <= 80, "{rows} {corner}");
    assert!(column <= corner.column && column.abs_diff(corner.column) <= 180, "{column} {corner}");
    assert!(column + columns > 180_000);
    assert_eq!(of(large, bounds(89.9, -20.0)), None);
}
