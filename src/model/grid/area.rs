//! Areas of a projection's cells.

use super::{Cell, Grid};
use crate::model::projection::{Ellipsoid, Projector};

/// Parts of an edge that are taken for straight.
const PARTS: u32 = 4;

/// The area in m² of a rectangle of y and x, to ten digits: that of its parts on the sphere of the same surface.
pub(super) fn projected(
    projector: &Projector,
    ellipsoid: Ellipsoid,
    [south, north]: [f64; 2],
    [west, east]: [f64; 2],
) -> f64 {
    let at = |from: f64, to: f64, index: u32| from + (to - from) * f64::from(index) / f64::from(PARTS);
    let sphere = Sphere::of(ellipsoid);
    let point = |row: u32, column: u32| {
        let place = projector.radians(at(south, north, row), at(west, east, column));
        place.map_or([f64::NAN; 3], |place| sphere.point(place))
    };
    // Parts that meet share their corners.
    let points: [[[f64; 3]; PARTS as usize + 1]; PARTS as usize + 1] =
        std::array::from_fn(|row| std::array::from_fn(|column| point(row as u32, column as u32)));
    let mut area = 0.0;
    for rows in points.windows(2) {
        let [low, high] = rows else { continue };
        for (low, high) in low.windows(2).zip(high.windows(2)) {
            let ([one, two], [three, four]) = (low, high) else { continue };
            let corners = [*one, *four, *two, *three];
            let difference = |one: [f64; 3], other: [f64; 3]| [0, 1, 2].map(|axis| other[axis] - one[axis]);
            let ([a, b, c], [d, e, f]) =
                (difference(corners[0], corners[1]), difference(corners[2], corners[3]));
            let cross = [b * f - c * e, c * d - a * f, a * e - b * d];
            area += cross.iter().map(|value| value * value).sum::<f64>().sqrt() / 2.0;
        }
    }
    let area = area * sphere.radius * sphere.radius;
    match area.is_normal() {
        true => {
            let digit = 10f64.powi(9 - area.log10().floor() as i32);
            (area * digit).round() / digit
        }
        false => area,
    }
}

/// The areas of some cells of a projected grid.
pub(super) fn of_cells(grid: &Grid, cells: impl Iterator<Item = Cell>) -> Vec<f64> {
    let projection = grid.projection();
    let projector = projection.and_then(|projection| projection.projector());
    let of = |cell: Cell| match (projection, &projector) {
        (Some(projection), Some(projector)) => {
            let (y, x) = (grid.y_bounds(cell.row), grid.x_bounds(cell.column.into()));
            projected(projector, projection.ellipsoid, y, x)
        }
        _ => f64::NAN,
    };
    cells.map(of).collect()
}

/// The sphere whose surface is as large as an ellipsoid's (Snyder 1987, *Map projections: a working manual*, eq. 3-11 to 3-13).
struct Sphere {
    radius: f64,
    e2: f64,
    pole: f64,
}

impl Sphere {
    fn of(ellipsoid: Ellipsoid) -> Self {
        let e2 = ellipsoid.eccentricity_squared();
        let pole = authalic(e2, 1.0);
        Sphere { radius: ellipsoid.semi_major_axis * (pole / 2.0).sqrt(), e2, pole }
    }

    /// A place as a point of the sphere of radius 1, such that areas are kept.
    fn point(&self, [north, east]: [f64; 2]) -> [f64; 3] {
        let z = (authalic(self.e2, north.sin()) / self.pole).clamp(-1.0, 1.0);
        let flat = ((1.0 - z) * (1.0 + z)).sqrt();
        [flat * east.cos(), flat * east.sin(), z]
    }
}

fn authalic(e2: f64, sine: f64) -> f64 {
    if e2 == 0.0 {
        return 2.0 * sine;
    }
    let e = e2.sqrt();
    (1.0 - e2) * (sine / (1.0 - e2 * sine * sine) + (e * sine).atanh() / e)
}
