//! Areas on the ellipsoid by a plain integral.

use crate::model::ellipsoid::{INVERSE_FLATTENING, SEMI_MAJOR_AXIS};
use crate::model::projection::{Ellipsoid, Projector};

/// Strips of latitude in which a parallel's length hardly bends.
const STRIPS: u32 = 64;

/// The area in m² between two parallels and two meridians: length of a parallel times length along the meridian, by
/// Simpson's rule.
pub(super) fn between(south: f64, north: f64, width: f64) -> f64 {
    let (south, north) = (south.max(-90.0).to_radians(), north.min(90.0).to_radians());
    let flattening = 1.0 / INVERSE_FLATTENING;
    let squared = flattening * (2.0 - flattening);
    let strip = |latitude: f64| {
        let bent = 1.0 - squared * latitude.sin().powi(2);
        latitude.cos() / (bent * bent)
    };
    let step = (north - south) / f64::from(STRIPS);
    let sum: f64 = (0..STRIPS)
        .map(|index| {
            let from = south + f64::from(index) * step;
            (strip(from) + 4.0 * strip(from + step / 2.0) + strip(from + step)) / 6.0
        })
        .sum();
    SEMI_MAJOR_AXIS * SEMI_MAJOR_AXIS * (1.0 - squared) * sum * step * width.to_radians()
}

/// The area between two y and two x of a projection, by the midpoints of small parts: how far apart neighbouring points of the ellipsoid are.
pub(super) fn projected(
    projector: &Projector,
    ellipsoid: Ellipsoid,
    [south, north]: [f64; 2],
    [west, east]: [f64; 2],
) -> f64 {
    const PARTS: u32 = 4;
    let Ellipsoid { semi_major_axis, inverse_flattening } = ellipsoid;
    let flattening = if inverse_flattening == 0.0 { 0.0 } else { 1.0 / inverse_flattening };
    let e2 = flattening * (2.0 - flattening);
    let (high, wide) = ((north - south) / f64::from(PARTS), (east - west) / f64::from(PARTS));
    let point = |y: f64, x: f64| -> [f64; 3] {
        // Not rounded as degrees are, which a cell of a metre would show.
        let [lat, lon] = projector.radians(y, x).unwrap_or([f64::NAN; 2]);
        let normal = semi_major_axis / (1.0 - e2 * lat.sin() * lat.sin()).sqrt();
        let flat = normal * lat.cos();
        [flat * lon.cos(), flat * lon.sin(), normal * (1.0 - e2) * lat.sin()]
    };
    let mut area = 0.0;
    for part in 0..PARTS * PARTS {
        let (row, column) = (part / PARTS, part % PARTS);
        let (y, x) = (south + (f64::from(row) + 0.5) * high, west + (f64::from(column) + 0.5) * wide);
        let along = |one: [f64; 3], other: [f64; 3]| [0, 1, 2].map(|axis| other[axis] - one[axis]);
        let [a, b, c] = along(point(y - high / 2.0, x), point(y + high / 2.0, x));
        let [d, e, f] = along(point(y, x - wide / 2.0), point(y, x + wide / 2.0));
        let cross = [b * f - c * e, c * d - a * f, a * e - b * d];
        area += cross.iter().map(|value| value * value).sum::<f64>().sqrt();
    }
    area
}

#[cfg(test)]
mod tests {
    use crate::model::grid::{Grid, Lattice, Window};
    use crate::model::projection::Projection;

    #[test]
    fn agrees_with_the_closed_form() {
        for (south, size) in [(-90.0, 0.5), (-3.0, 0.5), (0.0, 2.0), (51.25, 0.25), (89.0, 1.0)] {
            let closed = crate::model::ellipsoid::cell_area(south, south + size, size);
            assert!((super::between(south, south + size, size) / closed - 1.0).abs() < 1e-11, "{south}");
        }
    }

    #[test]
    fn small_cells_of_projections_have_their_areas() {
        let projection = Projection::parse("EPSG:32632").expect("a projection");
        let projector = projection.projector().expect("a projector");
        for size in [1_000.0, 10.0, 1.0, 0.1] {
            let (north, west) = (5_034_000.0, 514_000.0);
            let lattice = Lattice { north, west, height: size, width: size, projection: Some(projection) };
            let grid = Grid::regular(lattice, 30, 30).expect("a grid");
            for cell in Window::whole(grid).cells() {
                let (y, x) = (grid.y_bounds(cell.row), grid.x_bounds(cell.column.into()));
                let own = super::projected(&projector, projection.ellipsoid, y, x);
                assert!((own / grid.area(cell) - 1.0).abs() < 1e-6, "{size}: {own}");
            }
        }
    }
}
