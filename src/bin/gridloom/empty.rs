//! Cells that are there and hold nothing, on the terminal and as a gridlist.

use std::path::Path;

use indicatif::HumanCount;

use gridloom::printable::printable;
use gridloom::run::gridlist;
use gridloom::run::silence::EmptyCells;
use gridloom::shared;

use super::mistake::Mistake;
use super::talk::tell;

/// Lines on the terminal; the report has all.
const SHOWN: usize = 12;

/// Names the cells that hold nothing, on stderr.
pub(super) fn tell(cells: &[EmptyCells]) {
    for line in lines(cells) {
        tell!("{line}");
    }
}

/// The first lines on cells that hold nothing, and a count of all.
pub(super) fn lines(cells: &[EmptyCells]) -> Vec<String> {
    let line = |cells: &EmptyCells| format!("{}: {cells}", cells.kind());
    let mut lines: Vec<String> = cells.iter().take(SHOWN).map(line).collect();
    if cells.len() > SHOWN {
        lines.push(format!(
            "… {} cells in all hold nothing, wholly or in part",
            HumanCount(EmptyCells::count(cells) as u64)
        ));
    }
    lines
}

/// Writes the cells that hold nothing as a gridlist.
pub(super) fn write(path: &Path, empty: &[EmptyCells], overwrite: bool) -> anyhow::Result<()> {
    shared::refuse_folder(path)?;
    // A former list is made anew; any other file may be somebody's work.
    let is_ours = || shared::read_input(path).is_ok_and(|bytes| bytes.starts_with(gridlist::HEAD.as_bytes()));
    if std::fs::symlink_metadata(path).is_ok() && !overwrite && (path.is_symlink() || !is_ours()) {
        let what = "a file that `gridloom inspect --write-empty` did not make";
        return Err(Mistake::Occupied { path: path.to_owned(), what }.into());
    }
    shared::write_whole(path, gridlist::of_empty(empty).as_bytes())?;
    let count = EmptyCells::count(empty) as u64;
    tell!("{}: {} cells", printable(&path.display().to_string()), HumanCount(count));
    Ok(())
}
