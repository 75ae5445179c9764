//! The names of the model's folders and files.

use std::path::{Path, PathBuf};

use crate::model::grid::Cell;
use crate::source::Part;

/// How the names of the folders begin that the model keeps its own states in.
pub(crate) const STATE_FILES: &str = "state_files_";

/// How the name of the model's region object ends, which lies beside the folder of its run.
const REGION: &str = "_result.psz";

/// The folder of the run that a region object is of.
pub(super) fn run_of(path: &Path) -> Option<PathBuf> {
    let run = path.file_name()?.to_str()?.strip_suffix(REGION)?;
    (!run.is_empty() && path.is_file()).then(|| path.with_file_name(run))
}

/// How cells' folders are called, in messages.
pub(super) const FOLDERS: &str = "grd_Y-X";

/// How a cell's folder is called.
pub(crate) fn folder_of(cell: Cell) -> String {
    format!("grd_{cell}")
}

/// How a cell's own tables begin to be called, as the model's post-processing has it.
#[cfg(feature = "netcdf")]
pub(crate) fn table_of(cell: Cell) -> String {
    format!("grd_{}_{}", cell.row, cell.column)
}

/// How an item's file is called.
pub(crate) fn file_of(part: Part) -> String {
    match part {
        Part::Period(number) => format!("spin{number:04}.pkz"),
        Part::Year(year) => format!("metacommunity_{year:04}.pkz"),
    }
}

/// What files of input are called, in messages.
pub(super) const INPUT: &str = "input_data_Y-X.pbz2";

/// How a cell's file of input is called.
pub(super) fn input_file(cell: Cell) -> String {
    format!("input_data_{cell}.pbz2")
}

/// The cell that a file of input is of, if its name is written as the model writes it.
pub(super) fn input_of(name: &str) -> Option<Cell> {
    let cell: Cell = name.strip_prefix("input_data_")?.strip_suffix(".pbz2")?.parse().ok()?;
    (input_file(cell) == name).then_some(cell)
}

/// The cell that a folder's name says, if it is written as the model writes it.
pub(super) fn cell_of(name: &str) -> Option<Cell> {
    let cell: Cell = name.strip_prefix("grd_")?.parse().ok()?;
    // `grd_007-1` would be a second folder of the same cell.
    (folder_of(cell) == name).then_some(cell)
}

/// What a file's name says of it, if it is written as the model writes it.
pub(super) fn part_of(name: &str) -> Option<Part> {
    let number = |prefix: &str| -> Option<u32> {
        let digits = name.strip_prefix(prefix)?.strip_suffix(".pkz")?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    let part = match number("spin") {
        Some(number) => Part::Period(number),
        None => Part::Year(i32::try_from(number("metacommunity_")?).ok()?),
    };
    (file_of(part) == name).then_some(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_count_only_as_the_model_writes_them() {
        assert_eq!(cell_of("grd_185-240"), Some(Cell { row: 185, column: 240 }));
        for name in
            ["grd_0185-240", "grd_185-240 ", "grd_-1-2", "grd_1-2-3", "grd_1", "state_files_ab", "grd_1-+2"]
        {
            assert_eq!(cell_of(name), None, "{name}");
        }
        assert_eq!(part_of("spin0001.pkz"), Some(Part::Period(1)));
        assert_eq!(part_of("spin12345.pkz"), Some(Part::Period(12345)));
        assert_eq!(part_of("metacommunity_1979.pkz"), Some(Part::Year(1979)));
        for name in ["spin1.pkz", "spin00001.pkz", "spin0001.pkz~", "spin.pkz", "spin99999999999.pkz"] {
            assert_eq!(part_of(name), None, "{name}");
        }
    }
}
