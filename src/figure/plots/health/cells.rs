//! Which cells of a report's window were read. Older reports count them and do not list them; a grid tells then.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use crate::error::Result;
use crate::figure::data::health::Health;
use crate::figure::plots::wanted::aligned;
use crate::grid::read::{Field, Raster};
use crate::model::grid::{Cell, Window};

/// The first grid that a report names and that lies beside it: what it has values of was read.
pub(super) fn grid_beside(health: &Health, report: &Path) -> Option<PathBuf> {
    if !health.window.cells_by_row.is_empty() {
        return None;
    }
    let files = health.files.iter().filter(|file| file.kind == "grid");
    // A report may come from somebody else, and name what is not beside it.
    let is_below = |path: &Path| path.components().all(|part| matches!(part, Component::Normal(_)));
    let below = files.map(|file| Path::new(&file.file)).filter(|path| is_below(path));
    let folder = report.parent().unwrap_or(Path::new(""));
    below.map(|path| folder.join(path)).find(|path| path.is_file())
}

/// For each place of the window whether a cell was read there; `None` where that is not known.
///
/// # Errors
/// [`Library`](crate::ErrorKind::Library) where the grid cannot be read.
pub(super) fn read_cells(
    health: &Health,
    grid: Option<&Path>,
    (window, place): (&Window, &Raster),
) -> Result<Option<Vec<bool>>> {
    if health.window.cells_expected == Some(place.cells() as u64) {
        return Ok(Some(vec![true; place.cells()]));
    }
    if let Some(listed) = listed(&health.window.cells_by_row, window) {
        return Ok(Some(listed));
    }
    let Some(path) = grid else { return Ok(None) };
    let variable = health.files.iter().find(|file| path.ends_with(&file.file)).map(|file| &file.variable);
    let field = Field::open(path, variable.map(String::as_str))?;
    let (steps, rows, columns) = (field.times.steps.len(), field.place.y.len(), field.place.x.len());
    let mut found = vec![false; place.cells()];
    let mut values = Vec::new();
    // A cell that lacks one of them has lost something, and is shown for that.
    for step in [0, steps.saturating_sub(1)] {
        field.read(step..step + 1, 0..rows, 0..columns, &mut values)?;
        let own = aligned(place, &field.place, &values);
        found.iter_mut().zip(own).for_each(|(found, value)| *found |= !value.is_nan());
    }
    Ok(Some(found))
}

/// The places of the window whose cells a report lists; `None` where it lists none, or what are none of the window's.
fn listed(rows: &BTreeMap<u32, String>, window: &Window) -> Option<Vec<bool>> {
    if rows.is_empty() {
        return None;
    }
    let mut found = vec![false; window.rows as usize * window.columns as usize];
    for (&row, columns) in rows {
        for part in columns.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            for column in first.parse::<u32>().ok()?..=last.parse().ok()? {
                // What is off the window ends it, however many columns there are.
                let (row, column) = window.position(Cell { row, column })?;
                *found.get_mut(row as usize * window.columns as usize + column as usize)? = true;
            }
        }
    }
    Some(found)
}
