use proptest::prelude::*;

use super::*;

/// From pyproj 3.7.2 (PROJ 9.5): y and x in metres, degrees north and east.
#[rustfmt::skip]
const PROJ: [(&str, [f64; 2], [f64; 2]); 8] = [
    ("EPSG:32632", [5_034_000.0, 514_000.0], [45.4593858532, 9.1790671792]),
    ("EPSG:32723", [7_400_000.0, 333_000.0], [-23.5016075084, -46.6355157640]),
    ("EPSG:3035", [2_700_000.0, 4_500_000.0], [47.3878302980, 12.3694889397]),
    ("EPSG:5070", [1_500_000.0, -700_000.0], [36.2879241585, -103.8741763430]),
    ("EPSG:3413", [-1_000_000.0, 500_000.0], [79.7057755379, -18.4349488229]),
    ("EPSG:3031", [1_000_000.0, -2_500_000.0], [-65.5799627682, -68.1985905136]),
    ("+proj=lcc +lat_1=33 +lat_2=45 +lat_0=40 +lon_0=-97 +R=6370000", [-300_000.0, 800_000.0], [36.9263349608, -87.9404588731]),
    ("EPSG:3395", [4_000_000.0, -5_000_000.0], [33.9632626781, -44.9157642060]),
];

#[test]
fn agrees_with_proj() {
    for (text, [y, x], [north, east]) in PROJ {
        let projection = Projection::parse(text).expect(text);
        let found = projection.degrees(y, x).expect(text);
        assert!((found[0] - north).abs() < 1e-8 && (found[1] - east).abs() < 1e-8, "{text}: {found:?}");
        let projector = projection.projector().expect(text);
        let back = projector.metres(north, east).expect(text);
        assert!((back[0] - y).abs() < 1e-3 && (back[1] - x).abs() < 1e-3, "{text}: {back:?}");
    }
}

#[test]
fn texts_and_grid_mappings_give_the_same_again() {
    for (text, ..) in PROJ {
        let projection = Projection::parse(text).expect(text);
        assert_eq!(Projection::parse(&projection.text()), Ok(projection), "{text}");
        let (name, numbers) = projection.grid_mapping();
        let number =
            |wanted: &str| numbers.iter().find(|(name, _)| *name == wanted).map(|(_, values)| values.clone());
        assert_eq!(Projection::from_grid_mapping(name, &number), Some(projection), "{text}");
    }
}

#[test]
fn what_would_move_cells_is_refused() {
    for (text, part) in [
        ("", "+proj is missing"),
        ("utm 32", "not a text of PROJ"),
        ("EPSG:4326", "the code is not one"),
        ("+proj=utm +datum=WGS84", "+zone is missing"),
        ("+proj=utm +zone=61 +datum=WGS84", "+zone=61 is not understood"),
        ("+proj=tmerc +lon_0=9", "+datum, +ellps or +R is missing"),
        ("+proj=tmerc +lon_0=9 +ellps=bessel", "+ellps=bessel is not understood"),
        ("+proj=tmerc +lon_0=9 +datum=WGS84 +units=us-ft", "+units=us-ft is not understood"),
        ("+proj=tmerc +lon_0=nine +datum=WGS84", "+lon_0=nine is not a number"),
        ("+proj=tmerc +lon_0=9 +datum=WGS84 +nadgrids=x", "+nadgrids=x is not understood"),
        ("+proj=stere +lat_0=45 +datum=WGS84", "the method \"stere\" is not one"),
        ("+proj=lcc +lat_0=45 +datum=WGS84", "+lat_1 is missing"),
        ("+proj=laea +lat_0=45 +k=0.9 +datum=WGS84", "+k=0.9 is not understood"),
    ] {
        let error = Projection::parse(text).expect_err(text).to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
}

proptest! {
    #[test]
    fn any_text_is_taken_or_refused(text in ".*", words in "(\\+(proj|lat_0|lon_0|lat_1|k|x_0|R|zone)=(utm|lcc|merc|stere|laea|[-0-9.e]{0,9}) ){0,8}") {
        let _ = (Projection::parse(&text), Projection::parse(&words), Projection::parse(&format!("EPSG:{text}")));
    }
}

#[test]
fn grid_mappings_that_would_move_cells_are_none() {
    let of = |name: &str, numbers: &[(&str, f64)]| {
        let number = |wanted: &str| {
            let found = numbers.iter().filter(|(known, _)| *known == wanted);
            found.map(|&(_, value)| vec![value]).next()
        };
        Projection::from_grid_mapping(name, &number)
    };
    let (pole, up) =
        (("latitude_of_projection_origin", 90.0), ("straight_vertical_longitude_from_pole", 0.0));
    let parallel = ("standard_parallel", 70.0);
    assert!(of("polar_stereographic", &[pole, up, parallel]).is_some());
    assert_eq!(of("polar_stereographic", &[up, parallel]), None, "no pole");
    let centre = ("longitude_of_projection_origin", 9.0);
    assert!(of("lambert_azimuthal_equal_area", &[centre]).is_some());
    for other in [
        ("longitude_of_projection_origin", f64::NAN),
        ("false_easting", f64::NAN),
        ("false_northing", f64::INFINITY),
        ("longitude_of_prime_meridian", 2.337),
        ("scale_factor_at_projection_origin", 0.9),
        ("earth_radius", -1.0),
        ("inverse_flattening", 0.5),
    ] {
        assert_eq!(of("lambert_azimuthal_equal_area", &[other, centre]), None, "{other:?}");
    }
    let axes = [centre, ("semi_major_axis", 6_377_397.155), ("semi_minor_axis", 6_356_078.963)];
    let bessel = of("lambert_azimuthal_equal_area", &axes).expect("an ellipsoid by its axes");
    assert!((bessel.ellipsoid.inverse_flattening - 299.152_8).abs() < 1e-3, "{bessel:?}");
    let axes = [centre, ("semi_major_axis", 6_370_000.0)];
    assert_eq!(of("lambert_azimuthal_equal_area", &axes), None, "an ellipsoid of which half is known");
}

#[test]
fn what_is_left_out_is_what_proj_takes() {
    let of = |text: &str| Projection::parse(text);
    assert_eq!(
        of("+proj=lcc +lat_1=46 +lon_0=2 +datum=WGS84"),
        of("+proj=lcc +lat_1=46 +lat_2=46 +lat_0=46 +lon_0=2 +datum=WGS84")
    );
    assert!(of("+proj=aea +lat_1=46 +lon_0=2 +datum=WGS84").is_err(), "PROJ takes the equator");
}
