//! Marks of cells that are there and hold nothing. They lie on the colours of lost inputs: a cell can have both.

use crate::draw::axes;
use crate::draw::font::fitted;
use crate::draw::scene::{Anchor, Colour, Line, Rect, Scene, Weight};
use crate::grid::read::Raster;
use crate::model::grid::Cell;
use crate::run::silence::EmptyCells;

/// Half a mark's size at the least, in points, so that it is seen on small cells.
const LEAST: f64 = 1.5;
/// Half a mark's size in the key.
const IN_KEY: f64 = 3.5;
/// Around a mark, so that it is seen on dark colours.
const HALO: Colour = Colour::grey(255);

/// The two kinds of marks: a cross where variables have no value, a stroke where they have and nothing lives.
fn lines([x, y]: [f64; 2], half: [f64; 2], is_dead: bool) -> Vec<Line> {
    let [width, height] = half;
    let mut lines = vec![Line::open(vec![[x - width, y + height], [x + width, y - height]])];
    if !is_dead {
        lines.push(Line::open(vec![[x - width, y - height], [x + width, y + height]]));
    }
    lines
}

/// Marks the cells on a map; `position` tells a cell's row and column in the window.
pub(super) fn draw(
    scene: &mut Scene,
    lists: &[EmptyCells],
    place: &Raster,
    position: impl Fn(Cell) -> Option<(u32, u32)>,
    at: impl Fn(f64, f64) -> [f64; 2],
) {
    let mut marks = Vec::new();
    for list in lists {
        for (row, column) in list.cells.iter().filter_map(|cell| position(cell.cell)) {
            let (row, column) = (row as usize, column as usize);
            let (Some(&[south, north]), Some(&[west, east])) = (
                place.y_edges.windows(2).nth(row).and_then(|pair| pair.first_chunk()),
                place.x_edges.windows(2).nth(column).and_then(|pair| pair.first_chunk()),
            ) else {
                continue;
            };
            let (one, other) = (at(west, south), at(east, north));
            let half = [0, 1].map(|axis| ((one[axis] - other[axis]).abs() / 4.0).max(LEAST));
            let centre = [0, 1].map(|axis| (one[axis] + other[axis]) / 2.0);
            marks.extend(lines(centre, half, list.kind() == "dead"));
        }
    }
    scene.stroke(marks.clone(), HALO, 2.2);
    scene.stroke(marks, axes::INK, 1.0);
}

/// The marks in words, below what the key has already.
pub(super) fn key(scene: &mut Scene, lists: &[EmptyCells], [x, mut y]: [f64; 2]) {
    let room = scene.width - x - 14.0 - axes::MARGIN;
    for kind in ["empty", "dead"] {
        if !lists.iter().any(|list| list.kind() == kind) {
            continue;
        }
        y += axes::TICK + 5.0;
        let square = Rect::new(x, y - axes::TICK + 1.0, x + 10.0, y + 1.0);
        scene.frame(&square, axes::RULE, 0.5);
        let centre = [(square.left + square.right) / 2.0, (square.top + square.bottom) / 2.0];
        scene.stroke(lines(centre, [IN_KEY; 2], kind == "dead"), axes::INK, 1.0);
        let words = fitted(kind, axes::TICK, Weight::Regular, room);
        scene.text([x + 14.0, y], words, axes::TICK, Anchor::Start, axes::INK);
    }
}
