//! Dots in cells of a map that are marked.

use crate::draw::axes::INK;
use crate::draw::scene::{Colour, Line, Scene};

use super::map_panel::Panel;

/// Points between dots, at least.
const APART: f64 = 3.0;
const DIAGONAL: f64 = std::f64::consts::FRAC_1_SQRT_2;
/// The corners of a dot around its middle, of radius 1: without functions of the machine's mathematics.
const CORNERS: [[f64; 2]; 8] = [
    [1.0, 0.0],
    [DIAGONAL, DIAGONAL],
    [0.0, 1.0],
    [-DIAGONAL, DIAGONAL],
    [-1.0, 0.0],
    [-DIAGONAL, -DIAGONAL],
    [0.0, -1.0],
    [DIAGONAL, -DIAGONAL],
];

/// Puts a dot into the middle of each marked cell; of cells that are too small into every second, third and so on. Dots are dark on pale
/// cells and pale on dark ones.
pub(super) fn stipple(panel: &Panel, scene: &mut Scene, marked: &[bool]) {
    let axes = panel.axes();
    let middles = |edges: &[f64], at: &dyn Fn(f64) -> f64| -> Vec<f64> {
        edges.windows(2).map(|pair| (at(pair[0]) + at(pair[1])) / 2.0).collect()
    };
    let x = middles(&panel.place.x_edges, &|value| axes.at_x(value));
    let y = middles(&panel.place.y_edges, &|value| axes.at_y(value));
    let (across, along) = (size(&x), size(&y));
    let stride = |size: f64| if size > 0.0 { (APART / size).ceil().max(1.0) as usize } else { 1 };
    let (columns, rows) = (stride(across), stride(along));
    let least = (across * columns as f64).min(along * rows as f64);
    let radius = (least * 0.12).clamp(0.5, 1.3);
    let (mut dark, mut pale) = (Vec::new(), Vec::new());
    let frame = &panel.frame;
    for (row, &y) in y.iter().enumerate().step_by(rows) {
        for (column, &x) in x.iter().enumerate().step_by(columns) {
            let cell = row * panel.place.x.len() + column;
            let is_seen = (frame.left..=frame.right).contains(&x) && (frame.top..=frame.bottom).contains(&y);
            if !is_seen || !marked.get(cell).copied().unwrap_or(false) {
                continue;
            }
            let value = panel.values.get(cell).copied().unwrap_or(f64::NAN);
            let is_dark = panel.scale.colour(value).is_some_and(|colour| colour.luma() < 0.45);
            let dot = CORNERS.iter().map(|[right, down]| [x + right * radius, y + down * radius]).collect();
            if is_dark { pale.push(Line::closed(dot)) } else { dark.push(Line::closed(dot)) }
        }
    }
    scene.fill(dark, INK);
    scene.fill(pale, Colour::grey(245));
}

/// How far middles lie from each other.
fn size(middles: &[f64]) -> f64 {
    match middles {
        [first, .., last] => (last - first).abs() / (middles.len() - 1) as f64,
        _ => f64::INFINITY,
    }
}
