//! Coasts and borders, in degrees or in the metres of a projection.

use crate::draw::outlines;
use crate::draw::scene::Rect;
use crate::model::projection::{Projection, Projector};

/// Degrees around the map within which outlines are projected: beyond, a projection may show nothing sensible.
const ROOM: f64 = 5.0;
/// Parts of each edge of the map by which its degrees are found.
const PARTS: u32 = 32;

/// How outlines become a map's own x and y.
pub(super) enum Globe {
    /// Degrees.
    Degrees,
    /// A projection's metres, of what is in a box of degrees.
    Projected(Box<Projector>, Rect),
    /// Of a place where there is nothing to be drawn.
    Nowhere,
}

impl Globe {
    /// For a map of an extent.
    pub fn of(projection: Option<&Projection>, extent: &Rect) -> Self {
        let Some(projection) = projection else { return Globe::Degrees };
        let Some(projector) = projection.projector() else { return Globe::Nowhere };
        let part = |from: f64, to: f64, index: u32| from + (to - from) * f64::from(index) / f64::from(PARTS);
        let edge = |index: u32| {
            let (x, y) = (part(extent.left, extent.right, index), part(extent.bottom, extent.top, index));
            [(y, extent.left), (y, extent.right), (extent.bottom, x), (extent.top, x)]
        };
        let points: Vec<[f64; 2]> =
            (0..=PARTS).flat_map(edge).filter_map(|(y, x)| projector.degrees(y, x)).collect();
        let ends = |axis: usize| {
            let values = points.iter().map(|point| point[axis]);
            (values.clone().fold(f64::INFINITY, f64::min), values.fold(f64::NEG_INFINITY, f64::max))
        };
        let ((mut south, mut north), (mut west, mut east)) = (ends(0), ends(1));
        if !(south.is_finite() && west.is_finite()) {
            return Globe::Nowhere;
        }
        for pole in [90.0, -90.0] {
            let is_shown = projector.metres(pole, 0.0).is_some_and(|[y, x]| {
                (extent.bottom..=extent.top).contains(&y) && (extent.left..=extent.right).contains(&x)
            });
            if is_shown {
                (south, north, west, east) = (south.min(pole), north.max(pole), -180.0, 180.0);
            }
        }
        // Rectangles grow downwards where they are cut; south is the smaller number.
        let (low, high) = ((south - ROOM).max(-90.0), (north + ROOM).min(90.0));
        Globe::Projected(Box::new(projector), Rect::new(west - ROOM, low, east + ROOM, high))
    }

    /// An area, turned around the globe by some degrees.
    pub fn area(&self, points: &[[f64; 2]], turn: f64) -> Vec<[f64; 2]> {
        let turned = turned(points, turn);
        match self {
            Globe::Degrees => turned,
            Globe::Nowhere => Vec::new(),
            Globe::Projected(projector, bounds) => {
                let area = outlines::clipped_area(&turned, bounds);
                area.iter().filter_map(|&[x, y]| projector.metres(y, x)).map(|[y, x]| [x, y]).collect()
            }
        }
    }

    /// A line, turned likewise.
    pub fn lines(&self, points: &[[f64; 2]], turn: f64) -> Vec<Vec<[f64; 2]>> {
        let turned = turned(points, turn);
        match self {
            Globe::Degrees => vec![turned],
            Globe::Nowhere => Vec::new(),
            Globe::Projected(projector, bounds) => {
                let parts = outlines::clipped_line(&turned, bounds).into_iter();
                let projected = |points: Vec<[f64; 2]>| {
                    points.iter().filter_map(|&[x, y]| projector.metres(y, x)).map(|[y, x]| [x, y]).collect()
                };
                parts.map(|part| projected(part.points)).collect()
            }
        }
    }
}

fn turned(points: &[[f64; 2]], turn: f64) -> Vec<[f64; 2]> {
    outlines::thinned(points, 0.0).iter().map(|&[x, y]| [x + turn, y]).collect()
}
