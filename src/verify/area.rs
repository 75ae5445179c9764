//! Areas on the ellipsoid by a plain integral.

use crate::model::ellipsoid::{INVERSE_FLATTENING, SEMI_MAJOR_AXIS};

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

#[cfg(test)]
mod tests {
    #[test]
    fn agrees_with_the_closed_form() {
        for (south, size) in [(-90.0, 0.5), (-3.0, 0.5), (0.0, 2.0), (51.25, 0.25), (89.0, 1.0)] {
            let closed = crate::model::ellipsoid::cell_area(south, south + size, size);
            assert!((super::between(south, south + size, size) / closed - 1.0).abs() < 1e-11, "{south}");
        }
    }
}
