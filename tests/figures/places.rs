use gridloom::draw::scene::Colour;

use super::{Map, write_grid};

const SEA: Colour = Colour::grey(255);

/// A masked map around a place, and the way from a point on land to the first pixel of a coast.
fn coast_from(lat: f64, lon: f64, [north, south, west, east]: [f64; 4], eastwards: bool) -> (f64, f64) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("v.nc");
    // Two cells in corners of the wanted extent, all others masked.
    let lats = [north - 0.25, south + 0.25];
    let lons = [west + 0.25, east - 0.25];
    write_grid(&path, &lats, &lons, 1, |_, _, _| 1.0);
    // With cells so far apart edges lie between them: masked by a box that leaves only corners.
    let map =
        Map::of(&format!("kind = 'map'\ninput = '{}'\nlevels = '0,2,3'\ncmap = 'cividis_r'", path.display()));
    let step = map.step();
    let mut at = lon;
    for _ in 0..2000 {
        // Coasts are the only lines of this grey or darker.
        if map.at(lat, at, (0, 0)).luma() < 0.35 {
            return (at, step);
        }
        at += if eastwards { step } else { -step };
    }
    panic!("no coast from {lat} {lon}");
}

#[test]
fn coasts_are_where_they_are() {
    let _alone = super::alone();
    // A latitude, a point inland, what is drawn around, the way to the coast, and where that is.
    for (name, lat, inland, area, eastwards, coast) in [
        ("Chilaw in Sri Lanka", 7.576, 80.5, [11.0, 5.0, 78.0, 84.0], false, 79.79),
        ("Cabo Branco", -7.15, -35.5, [-4.0, -10.0, -38.0, -32.0], true, -34.80),
        ("Antofagasta", -23.65, -69.5, [-20.0, -26.0, -73.0, -67.0], false, -70.41),
        ("Durban", -29.86, 30.0, [-26.0, -33.0, 27.0, 34.0], true, 31.04),
    ] {
        let (found, step) = coast_from(lat, inland, area, eastwards);
        // The outlines are simplified to their scale; a pixel comes on top of that.
        assert!((found - coast).abs() < 0.06 + step, "{name}: {found} for {coast}");
    }
}

#[test]
fn islands_and_seas_of_the_globe_are_in_place() {
    let _alone = super::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("v.nc");
    let lat = super::centres(1.0, -90.0, 90.0);
    let lon = super::centres(1.0, -180.0, 180.0);
    // One cell in each corner of the world, so that the whole globe is shown.
    write_grid(
        &path,
        &lat,
        &lon,
        1,
        |_, lat, lon| if lat.abs() > 89.0 && lon.abs() > 179.0 { 1.0 } else { 1e20 },
    );
    let map = Map::of(&format!("kind = 'map'\ninput = '{}'\nsize = [300, 0]", path.display()));
    let land = Colour::grey(228);
    for (name, lat, lon) in [
        ("Madagascar", -19.5, 46.5),
        ("Iceland", 65.0, -19.0),
        ("Tasmania", -42.0, 146.5),
        ("Cuba", 21.5, -77.8),
        ("Chukotka, beyond the date line", 66.3, -174.0),
        ("Chukotka, before it", 67.0, 177.0),
        ("Antarctica", -80.0, 100.0),
        ("Manaus", -3.5, -60.5),
    ] {
        assert_eq!(map.around(lat, lon), land, "{name}");
    }
    for (name, lat, lon) in [
        ("the Gulf of Guinea", 0.0, 3.0),
        ("Hudson Bay", 60.0, -86.0),
        ("the Caspian Sea", 42.0, 50.7),
        ("the Baltic Sea", 57.7, 19.9),
        ("the sea north of Fiji", -14.5, 179.5),
        ("the Pacific at the date line", 30.0, -179.6),
        ("the Atlantic off the Amazon", 2.0, -47.0),
    ] {
        assert_eq!(map.around(lat, lon), SEA, "{name}");
    }
}
