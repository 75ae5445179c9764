//! The WGS 84 ellipsoid and areas on it.
//!
//! ```
//! # use gridloom::model::ellipsoid::cell_area;
//! let at_the_equator = cell_area(0.0, 0.5, 0.5);
//! assert!((at_the_equator - 3.077_23e9).abs() < 1e4);
//! ```

/// WGS 84's equatorial radius, in metres.
pub const SEMI_MAJOR_AXIS: f64 = 6_378_137.0;

/// WGS 84's inverse flattening.
pub const INVERSE_FLATTENING: f64 = 298.257_223_563;

/// EPSG:4326 in the well-known text of ISO 19162:2019, for CF's `crs_wkt` (CF conventions 1.11, §5.6.1).
pub const CRS_WKT: &str = concat!(
    r#"GEOGCRS["WGS 84",DATUM["World Geodetic System 1984","#,
    r#"ELLIPSOID["WGS 84",6378137,298.257223563,LENGTHUNIT["metre",1]]],"#,
    r#"PRIMEM["Greenwich",0,ANGLEUNIT["degree",0.0174532925199433]],"#,
    r#"CS[ellipsoidal,2],"#,
    r#"AXIS["geodetic latitude (Lat)",north,ORDER[1],ANGLEUNIT["degree",0.0174532925199433]],"#,
    r#"AXIS["geodetic longitude (Lon)",east,ORDER[2],ANGLEUNIT["degree",0.0174532925199433]],"#,
    r#"ID["EPSG",4326]]"#,
);

/// The area in m² between two parallels and two meridians `width_degrees` apart.
///
/// Latitudes are geodetic, in degrees; what lies beyond a pole does not count, and neither the order of the
/// two nor the width's sign matters. NaN where an argument is NaN.
///
/// The closed form (Snyder 1987, *Map projections: a working manual*, eq. 3-12) is a difference of two terms
/// that are nearly equal for thin cells. It is rearranged here into products, which keeps the relative error
/// near 1e-15 for cells of any size.
pub fn cell_area(south: f64, north: f64, width_degrees: f64) -> f64 {
    let (south, north) = (south.clamp(-90.0, 90.0), north.clamp(-90.0, 90.0));
    let (south, north) = if south + north < 0.0 { (-north, -south) } else { (south, north) };
    let flattening = 1.0 / INVERSE_FLATTENING;
    let e2 = flattening * (2.0 - flattening);
    let e = e2.sqrt();

    // Degrees from the nearer pole are exact close to it, where a cosine of the latitude has lost its digits.
    let cos_middle = (((90.0 - south) + (90.0 - north)) / 2.0).to_radians().sin();
    let sin_difference = 2.0 * cos_middle * ((north - south).abs() / 2.0).to_radians().sin();
    let (sin_south, sin_north) = (south.to_radians().sin(), north.to_radians().sin());

    let product = e2 * (sin_south * sin_north);
    let (below_south, below_north) = (1.0 - e2 * sin_south * sin_south, 1.0 - e2 * sin_north * sin_north);
    let rational = sin_difference * (1.0 + product) / (below_south * below_north);
    let logarithmic = (e * sin_difference / (1.0 - product)).atanh() / e;
    let authalic = (1.0 - e2) * (rational + logarithmic) / 2.0;

    (SEMI_MAJOR_AXIS * SEMI_MAJOR_AXIS * authalic * width_degrees.to_radians()).abs()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn assert_close(actual: f64, wanted: f64, tolerance: f64) {
        assert!((actual / wanted - 1.0).abs() <= tolerance, "{actual} is not {wanted}");
    }

    /// Computed with mpmath to 50 digits, where the closed form and the integral of the metric agree.
    #[test]
    fn agrees_with_many_digits() {
        for (south, north, width, area) in [
            (-90.0, 90.0, 360.0, 510_065_621_724_088.5),
            (0.0, 0.5, 0.5, 3_077_230_007.913_109_3),
            (-0.25, 0.25, 0.5, 3_077_258_516.825_556_4),
            (-3.5, -3.0, 0.5, 3_072_441_481.266_926),
            (59.5, 60.0, 0.5, 1_565_847_440.929_199_5),
            (89.5, 90.0, 0.5, 13_608_615.242_813_993),
            (-90.0, -89.5, 0.5, 13_608_615.242_813_993),
            (45.0, 45.000_976_562_5, 0.000_976_562_5, 8_356.395_011_998_623),
            (-10.0, 30.0, 1.0, 475_506_201_574.725_95),
        ] {
            assert_close(cell_area(south, north, width), area, 2e-15);
        }
        // Here the decimals of the arguments themselves are not exact, which moves the cell's height by
        // 1e-13.
        assert_close(cell_area(45.0, 45.01, 0.01), 876_163.449_138_951_3, 1e-12);
        assert_close(cell_area(89.99, 90.0, 0.01), 108.869_668_425_480_88, 1e-12);
    }

    #[test]
    fn beyond_the_pole_there_is_nothing() {
        assert_eq!(cell_area(89.75, 90.25, 0.5), cell_area(89.75, 90.0, 0.5));
        assert_eq!(cell_area(91.0, 92.0, 0.5), 0.0);
        assert!(cell_area(f64::NAN, 1.0, 1.0).is_nan());
    }

    #[test]
    fn the_reference_system_uses_the_same_ellipsoid() {
        assert!(CRS_WKT.contains(&format!(r#"ELLIPSOID["WGS 84",{SEMI_MAJOR_AXIS},{INVERSE_FLATTENING},"#)));
        assert_eq!(CRS_WKT.matches('[').count(), CRS_WKT.matches(']').count());
    }

    proptest! {
        #[test]
        fn parts_add_up(rows in 1..400_u32, south in -90.0..80.0_f64, height in 0.001..10.0_f64) {
            let width = 0.5;
            let edge = |row: u32| south + height * f64::from(row) / f64::from(rows);
            let parts: f64 = (0..rows).map(|row| cell_area(edge(row), edge(row + 1), width)).sum();
            assert_close(parts, cell_area(south, edge(rows), width), 1e-12);
        }

        #[test]
        fn symmetries(south in -90.0..90.0_f64, north in -90.0..90.0_f64, width in 0.0..360.0_f64) {
            let area = cell_area(south, north, width);
            prop_assert_eq!(area, cell_area(north, south, width));
            prop_assert_eq!(area, cell_area(-north, -south, -width));
            prop_assert!((0.0..=5.1007e14).contains(&area));
        }

        #[test]
        fn any_numbers(south: f64, north: f64, width: f64) {
            let area = cell_area(south, north, width);
            prop_assert!(area.is_nan() || area >= 0.0);
        }
    }
}
