//! Which cells and periods were missing or damaged, and which cells hold nothing, by `report.json`.

use std::collections::BTreeMap;

use crate::draw::axes;
use crate::draw::colours::ColourMap;
use crate::draw::font::fitted;
use crate::draw::scale::ColourScale;
use crate::draw::scene::{Anchor, Line, Rect, Scene, Weight};
use crate::error::{Error, Result};
use crate::figure::data::health::{self, Health};
use crate::figure::draft::{Draft, one_file};
use crate::figure::spec::Spec;
use crate::grid::read::Raster;
use crate::model::grid::{Cell, Grid, Window};
use crate::run::silence::EmptyCells;

use super::map_panel::{self, Panel};

mod cells;
mod marks;

/// Lines of each kind that stand below the map.
const SHOWN: usize = 8;

/// Drafts a map of what was lost.
///
/// # Errors
/// [`Argument`](crate::ErrorKind::Argument) where no report is given.
pub(crate) fn draft(spec: &Spec) -> Result<Draft> {
    let path = one_file(spec, "report.json")?;
    let spec = spec.clone();
    // What is wrong with the report is told when it is drawn.
    let grid = health::read(&path).ok().and_then(|health| cells::grid_beside(&health, &path));
    let files = [Some(path.clone()), grid.clone()].into_iter().flatten().collect();
    Ok(Draft::of_files(files, move |_| {
        let health = health::read(&path)?;
        let mut lost = losses(&health).ok_or_else(|| Error::config(path, "its window is on no grid"))?;
        // What was lost is shown whatever has become of the grids.
        let (read, why) = match cells::read_cells(&health, grid.as_deref(), (&lost.0, &lost.1)) {
            Ok(Some(read)) => (read, None),
            Ok(None) => (Vec::new(), Some("none of its grids lies beside it".to_owned())),
            Err(error) => (Vec::new(), Some(format!("its grid cannot be read: {error}"))),
        };
        show_healthy(&health, &mut lost, read);
        let mut scene = scene(&spec, &health, lost);
        let note =
            |why| format!("cells without a loss are not shown: the report does not list them, and {why}");
        scene.notes.extend(why.map(note));
        Ok(scene)
    }))
}

/// The cells that lost inputs, and which.
type Losses = Vec<(Cell, String)>;

/// The window and its cells: how many inputs each lost; NaN where nothing is known of a cell.
type Lost = (Window, Raster, Vec<f64>, Losses);

/// Cells that lost nothing: those that were read, and those that hold nothing.
fn show_healthy(health: &Health, (window, _, values, _): &mut Lost, read: Vec<bool>) {
    let columns = window.columns as usize;
    let empty = health.empty_cells.iter().flat_map(|list| &list.cells);
    let empty = empty.filter_map(|cell| window.position(cell.cell));
    let empty = empty.map(|(row, column)| row as usize * columns + column as usize);
    let read = read.into_iter().enumerate().filter(|(_, is_read)| *is_read).map(|(at, _)| at);
    for at in read.chain(empty) {
        if let Some(value) = values.get_mut(at).filter(|value| value.is_nan()) {
            *value = 0.0;
        }
    }
}

fn losses(health: &Health) -> Option<Lost> {
    let part = &health.window;
    let grid = part.grid.or_else(|| Grid::from_resolution(part.resolution))?;
    let is_within = |first: u32, count: u32, all: u32| first.checked_add(count).is_some_and(|end| end <= all);
    // Only the globe's windows go around.
    let is_across = match grid.lattice() {
        None => part.first_column < grid.columns() && part.columns <= grid.columns(),
        Some(_) => is_within(part.first_column, part.columns, grid.columns()),
    };
    if !(is_within(part.first_row, part.rows, grid.rows()) && is_across) {
        return None;
    }
    let window = Window {
        grid,
        rows: part.rows,
        columns: part.columns,
        first_row: part.first_row,
        first_column: part.first_column,
    };
    let place = Raster::of_window(&window);
    let mut values = vec![f64::NAN; place.cells()];
    let mut words: BTreeMap<Cell, Vec<String>> = BTreeMap::new();
    for fault in health.faults.iter().filter(|fault| fault.is_loss()) {
        words.entry(fault.cell).or_default().push(fault.to_string());
        let Some((row, column)) = window.position(fault.cell) else { continue };
        if let Some(value) = values.get_mut(row as usize * part.columns as usize + column as usize) {
            *value = if value.is_nan() { 1.0 } else { *value + 1.0 };
        }
    }
    let words = words.into_iter().map(|(cell, words)| (cell, words.join("; "))).collect();
    Some((window, place, values, words))
}

fn scene(spec: &Spec, health: &Health, (window, place, values, words): Lost) -> Scene {
    let most = values.iter().copied().filter(|value| !value.is_nan()).fold(0.0, f64::max);
    let title = spec.title.clone().unwrap_or_else(|| {
        let more = if health.empty_cells.is_empty() { "" } else { ", cells that hold nothing" };
        format!("Missing and damaged inputs{more}")
    });
    let (lost, expected) = health.inputs();
    let empty = match EmptyCells::count(&health.empty_cells) {
        0 => String::new(),
        1 => " · 1 cell holds nothing, wholly or in part".to_owned(),
        count => format!(" · {count} cells hold nothing, wholly or in part"),
    };
    let subtitle = spec.subtitle.clone().unwrap_or_else(|| {
        let cells = health.window.cells_expected.unwrap_or(health.window.cells as u64);
        let lossy = words.len();
        format!("{lost} of {expected} inputs lost, in {lossy} of {cells} cells{empty} · {}", health.run)
    });
    let width = spec.width(150.0);
    let mut scene = Scene::new(width, 0.0);
    let top = axes::header(&mut scene, &title, &subtitle);
    // Every cell of the window is shown, so that one sees where nothing is wrong.
    let shown = vec![0.0; place.cells()];
    let extent = map_panel::extent(&place, &shown);
    let left = axes::MARGIN + axes::TICK_LENGTH + 4.0 + map_panel::label_width(&place, &extent);
    let aspect = map_panel::aspect(&place, &extent);
    // Cells that lost nothing are a class of their own.
    let first = if values.contains(&0.0) { -1 } else { 0 };
    let levels: Vec<f64> = (first..=(most.clamp(1.0, 6.0) as i64)).map(|level| level as f64 + 0.5).collect();
    let scale = ColourScale {
        levels,
        map: ColourMap::parse("lajolla_r").unwrap_or(ColourMap::SEQUENTIAL),
        smooth: false,
        extends: (false, most > 6.5),
    };
    let bar = axes::MARGIN + 60.0;
    let map_width = (width - left - bar).max(40.0);
    let map_height = (map_width / aspect)
        .min(spec.height().map_or(map_width * 1.15, |height| (height - top - 40.0).max(30.0)));
    let map_width = map_width.min(map_height * aspect);
    let frame = Rect::new(left, top, left + map_width, top + map_height);
    let panel = Panel { place: &place, values: &values, scale: &scale, extent, frame, overhang: 14.0 };
    panel.draw(&mut scene, true, true);
    let axes = panel.axes();
    let position = |cell: Cell| window.position(cell);
    marks::draw(&mut scene, &health.empty_cells, &place, position, |x, y| axes.at(x, y));
    let x = frame.right + 12.0;
    let below = if lost > 0 || first < 0 { key(&mut scene, &frame, &scale, most) } else { frame.top };
    marks::key(&mut scene, &health.empty_cells, [x, below]);
    let told = lines(health, &words);
    let mut y = frame.bottom + axes::BELOW;
    for text in told.iter().flat_map(|part| shortened(part)) {
        y += axes::SMALL + 3.0;
        let text = fitted(&text, axes::SMALL, Weight::Regular, scene.width - 2.0 * axes::MARGIN);
        scene.text([axes::MARGIN, y], text, axes::SMALL, Anchor::Start, axes::SOFT);
    }
    scene.height = y + 2.0;
    scene.title = format!("{title}, {subtitle}");
    let list: Vec<&str> = told.iter().flat_map(|part| part.iter().take(20)).map(String::as_str).collect();
    scene.description = format!("Map of cells that lost inputs, {subtitle}. {}", list.join(". "));
    scene
}

/// What stands below the map: lost periods, cells with lost inputs, cells that hold nothing.
fn lines(health: &Health, words: &Losses) -> [Vec<String>; 3] {
    let periods = health.lost_periods.iter().filter(|lost| lost.is_loss);
    let mut lost: Vec<String> = periods.map(|lost| format!("lost: {}", lost.message)).collect();
    if !health.has_losses() {
        lost.push("Nothing was missing or damaged.".to_owned());
    }
    let empty = health.empty_cells.iter().map(|cells| format!("{}: {cells}", cells.kind()));
    [lost, words.iter().map(|(_, words)| words.clone()).collect(), empty.collect()]
}

/// The first lines of a part, and how many there are.
fn shortened(lines: &[String]) -> Vec<String> {
    let mut shown: Vec<String> = lines.iter().take(SHOWN).cloned().collect();
    if lines.len() > SHOWN {
        shown.push(format!("… and {} more", lines.len() - SHOWN));
    }
    shown
}

/// A key of counts; colours alone would not say that they are whole numbers. Returns where it ends.
fn key(scene: &mut Scene, frame: &Rect, scale: &ColourScale, most: f64) -> f64 {
    let mut y = frame.top + axes::TICK;
    let x = frame.right + 12.0;
    let room = scene.width - x - axes::MARGIN;
    scene.text(
        [x, y],
        fitted("inputs lost", axes::TICK, Weight::Regular, room),
        axes::TICK,
        Anchor::Start,
        axes::INK,
    );
    let first = scale.levels.first().map_or(1, |level| (level + 0.5) as i64);
    let shown = (most as i64 + 1 - first).max(1).min(scale.classes() as i64);
    for class in 0..shown {
        y += axes::TICK + 5.0;
        let square = Rect::new(x, y - axes::TICK + 1.0, x + 10.0, y + 1.0);
        scene.fill(vec![Line::closed(square.corners())], scale.class_colour(class));
        scene.frame(&square, axes::RULE, 0.5);
        scene.text([x + 14.0, y], format!("{}", class + first), axes::TICK, Anchor::Start, axes::INK);
    }
    y
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(window: &str) -> Option<Window> {
        let text =
            format!(r#"{{"run": "r", "window": {{"cells": 1, {window}}}, "dumps": {{"planned": 1}}}}"#);
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), text).expect("a report");
        losses(&health::read(file.path()).ok()?).map(|(window, ..)| window)
    }

    #[test]
    fn windows_are_on_their_grids() {
        let lattice = r#"{"north": 40, "west": 0, "height": 1, "width": 1}"#;
        let degrees = format!(r#""grid": {{"rows": 9, "columns": 10, "lattice": {lattice}}}"#);
        let fine = r#""resolution": 0.001, "rows": 5, "columns": 5, "first_row": 120000, "first_column": 3"#;
        assert!(of(fine).is_some(), "a small part of a fine grid");
        let across = r#""rows": 5, "columns": 5, "first_row": 1, "first_column": 718"#;
        assert!(of(across).is_some(), "across the date line");
        for wrong in [
            r#""rows": 5, "columns": 5, "first_row": 1, "first_column": 720"#.to_owned(),
            r#""rows": 5, "columns": 5, "first_row": 4294967295, "first_column": 4294967295"#.to_owned(),
            format!(r#"{degrees}, "rows": 5, "columns": 5, "first_row": 1, "first_column": 6"#),
            format!(r#"{degrees}, "rows": 5, "columns": 5, "first_row": 5, "first_column": 1"#),
        ] {
            assert_eq!(of(&wrong), None, "{wrong}");
        }
    }
}
