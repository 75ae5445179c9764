//! Any bytes as a mask: NumPy's, GeoJSON's or a gridlist's, by the first byte; cells of the grid, or an error.
#![no_main]

use gridloom::mask::{self, TrueIs};
use gridloom::model::grid::Grid;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((&choice, content)) = bytes.split_first() else { return };
    let Some(grid) = Grid::from_resolution(5.0) else { return };
    let Ok(folder) = tempfile::tempdir() else { return };
    let ending = [".npy", ".geojson", ".csv"][usize::from(choice) % 3];
    let path = folder.path().join(format!("mask{ending}"));
    if std::fs::write(&path, content).is_err() {
        return;
    }
    let true_is = match choice / 3 % 3 {
        0 => None,
        1 => Some(TrueIs::Inside),
        _ => Some(TrueIs::Outside),
    };
    match mask::read(&path, grid, true_is) {
        Ok(found) => assert!(found.cells().iter().all(|&cell| grid.contains(cell))),
        Err(error) => assert!(!error.in_full().is_empty()),
    }
});
