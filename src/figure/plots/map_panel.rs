//! One map in a frame: cells on their true positions, coasts and borders.

use crate::draw::axes::{self, Axes};
use crate::draw::outlines::{self, Boundary, Outlines};
use crate::draw::scale::{self, ColourScale};
use crate::draw::scene::{Cells, Colour, Item, Line, Rect, Scene};
use crate::grid::read::Raster;

use super::globe::Globe;

const LAND: Colour = Colour::grey(228);
const COAST: Colour = Colour::grey(45);
const BORDER: Colour = Colour::grey(110);

/// The degrees, or metres of a projection, that a map shows: left is west, top is north.
pub(super) fn extent(place: &Raster, values: &[f64]) -> Rect {
    let columns = place.x.len().max(1);
    let mut rect = Rect::new(f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY, f64::INFINITY);
    for (cell, _) in values.iter().enumerate().filter(|(_, value)| !value.is_nan()) {
        let edge = |edges: &[f64], at: usize| -> (f64, f64) {
            match (edges.get(at), edges.get(at + 1)) {
                (Some(&a), Some(&b)) => (a.min(b), a.max(b)),
                _ => (0.0, 0.0),
            }
        };
        let (south, north) = edge(&place.y_edges, cell / columns);
        let (west, east) = edge(&place.x_edges, cell % columns);
        rect.left = rect.left.min(west);
        rect.right = rect.right.max(east);
        rect.bottom = rect.bottom.min(south);
        rect.top = rect.top.max(north);
    }
    if place.projection.is_some() {
        return metres(place, rect);
    }
    if !rect.left.is_finite() {
        return Rect::new(-180.0, 90.0, 180.0, -90.0);
    }
    // Some room around, and never less than a few degrees, so that one sees where one is.
    let (width, height) = (rect.width(), rect.top - rect.bottom);
    let room = |size: f64| (size * 0.04).max((4.0 - size) / 2.0).max(0.25);
    let whole = width > 350.0;
    let (x, y) = (if whole { 0.0 } else { room(width) }, room(height));
    let margin = |value: f64| (value * 4.0).round() / 4.0;
    Rect::new(
        margin(rect.left - x),
        margin(rect.top + y).min(90.0),
        margin(rect.right + x),
        margin(rect.bottom - y).max(-90.0),
    )
}

/// The metres that a map of a projection shows: some room around the cells that have values, or all cells.
fn metres(place: &Raster, rect: Rect) -> Rect {
    let ends = |edges: &[f64]| {
        let values = edges.iter().copied();
        (values.clone().fold(f64::INFINITY, f64::min), values.fold(f64::NEG_INFINITY, f64::max))
    };
    let ((south, north), (west, east)) = (ends(&place.y_edges), ends(&place.x_edges));
    let rect = if rect.left.is_finite() { rect } else { Rect::new(west, north, east, south) };
    let room = (rect.width().max(rect.top - rect.bottom) * 0.04).max(1.0);
    Rect::new(rect.left - room, rect.top + room, rect.right + room, rect.bottom - room)
}

/// Round places between two metres, and how many kilometres these are.
pub(super) fn kilometres(low: f64, high: f64, most: usize) -> Vec<(f64, String)> {
    let ticks = scale::ticks(low / 1000.0, high / 1000.0, most);
    let labels = scale::labels(&ticks);
    ticks.into_iter().zip(labels).map(|(tick, label)| (tick * 1000.0, format!("{label} km"))).collect()
}

/// How wide the labels on the left of a map are.
pub(super) fn label_width(place: &Raster, extent: &Rect) -> f64 {
    let labels = match place.projection {
        None => vec!["00°W".to_owned()],
        Some(_) => kilometres(extent.bottom, extent.top, 9).into_iter().map(|(_, label)| label).collect(),
    };
    axes::widest(&labels)
}

/// Width over height of a map: true in its middle, but for maps of half the globe and more; of a projection its own.
pub(super) fn aspect(place: &Raster, extent: &Rect) -> f64 {
    let (width, height) = (extent.width(), extent.top - extent.bottom);
    if place.projection.is_some() {
        return (width / height).clamp(0.2, 5.0);
    }
    let middle = (extent.top + extent.bottom) / 2.0;
    let stretch = if height > 90.0 { 1.0 } else { cosine(middle).max(0.2) };
    (width / height * stretch).clamp(0.2, 5.0)
}

/// To three digits, which is the same on every machine.
fn cosine(degrees: f64) -> f64 {
    (degrees.to_radians().cos() * 1000.0).round() / 1000.0
}

/// One map in a frame.
pub(super) struct Panel<'a> {
    pub place: &'a Raster,
    pub values: &'a [f64],
    pub scale: &'a ColourScale,
    pub extent: Rect,
    pub frame: Rect,
    /// How far a label below may reach out of the frame.
    pub overhang: f64,
}

impl Panel<'_> {
    pub fn axes(&self) -> Axes {
        Axes {
            rect: self.frame,
            x: (self.extent.left, self.extent.right),
            y: (self.extent.bottom, self.extent.top),
        }
    }

    /// Draws it, with degrees on the left and below where they are wanted.
    pub fn draw(&self, scene: &mut Scene, label_left: bool, label_below: bool) {
        let axes = self.axes();
        let outlines = Outlines::natural_earth();
        let globe = Globe::of(self.place.projection.as_ref(), &self.extent);
        let place =
            |points: &[[f64; 2]]| -> Vec<[f64; 2]> { points.iter().map(|&[x, y]| axes.at(x, y)).collect() };
        let turns = [-360.0, 0.0, 360.0];
        let mut land = Vec::new();
        for ring in outlines.land() {
            for turn in turns {
                let area = outlines::clipped_area(&place(&globe.area(&ring, turn)), &self.frame);
                if area.len() > 2 {
                    land.push(Line::closed(outlines::thinned(&area, 0.15)));
                }
            }
        }
        scene.fill(land, LAND);
        scene.items.push(Item::Cells(self.cells(&axes)));
        for (kind, colour, width) in [(Boundary::Border, BORDER, 0.4), (Boundary::Coast, COAST, 0.55)] {
            let mut lines = Vec::new();
            for line in outlines.lines(kind) {
                for line in turns.into_iter().flat_map(|turn| globe.lines(line, turn)) {
                    for part in outlines::clipped_line(&place(&line), &self.frame) {
                        lines.push(Line::open(outlines::thinned(&part.points, 0.15)));
                    }
                }
            }
            scene.stroke(lines, colour, width);
        }
        axes.frame(scene);
        let most = |length: f64, room: f64| ((length / room) as usize).clamp(1, 9);
        if self.place.projection.is_some() {
            let x = kilometres(axes.x.0, axes.x.1, most(self.frame.width(), 48.0));
            let y = kilometres(axes.y.0, axes.y.1, most(self.frame.height(), 24.0));
            for (ticks, is_below) in [(x, true), (y, false)] {
                let (at, labels): (Vec<f64>, Vec<String>) = ticks.into_iter().unzip();
                let wanted = if is_below { label_below } else { label_left };
                let labels = if wanted { labels } else { vec![String::new(); labels.len()] };
                if is_below { axes.ticks_x(scene, &at, &labels) } else { axes.ticks_y(scene, &at, &labels) }
            }
            return;
        }
        let x = scale::degree_ticks(axes.x.0, axes.x.1, most(self.frame.width(), 34.0));
        let y = scale::degree_ticks(axes.y.0, axes.y.1, most(self.frame.height(), 24.0));
        let blank = |wanted: bool, labels: Vec<String>| match wanted {
            true => labels,
            false => labels.iter().map(|_| String::new()).collect(),
        };
        let x_label = |&value: &f64| {
            let text = scale::degrees(value, "E", "W");
            let (at, half) = (axes.at_x(value), axes::widest(std::slice::from_ref(&text)) / 2.0);
            let fits =
                at - half >= self.frame.left - self.overhang && at + half <= self.frame.right + self.overhang;
            if fits { text } else { String::new() }
        };
        let x_labels = x.iter().map(x_label).collect();
        let y_labels = y.iter().map(|&value| scale::degrees(value, "N", "S")).collect();
        axes.ticks_x(scene, &x, &blank(label_below, x_labels));
        axes.ticks_y(scene, &y, &blank(label_left, y_labels));
    }

    fn cells(&self, axes: &Axes) -> Cells {
        let columns = self.place.x.len();
        let rows = self.place.y.len();
        let (mut x, mut y): (Vec<f64>, Vec<f64>) = (
            self.place.x_edges.iter().map(|&value| axes.at_x(value)).collect(),
            self.place.y_edges.iter().map(|&value| axes.at_y(value)).collect(),
        );
        let (turn_x, turn_y) = (x.first() > x.last(), y.first() > y.last());
        if turn_x {
            x.reverse();
        }
        if turn_y {
            y.reverse();
        }
        let mut colours = Vec::with_capacity(rows * columns);
        for row in 0..rows {
            for column in 0..columns {
                let row = if turn_y { rows - 1 - row } else { row };
                let column = if turn_x { columns - 1 - column } else { column };
                let value = self.values.get(row * columns + column).copied().unwrap_or(f64::NAN);
                colours.push(self.scale.colour(value));
            }
        }
        Cells { x, y, colours, clip: self.frame }
    }
}
