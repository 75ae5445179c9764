//! What figures are made of, as numbers, against the plain formulas; and that colours stand where cells are, to the pixel.

use std::sync::Arc;

use gridloom::draw::colours::ColourMap;
use gridloom::figure::Gather;
use gridloom::figure::parts::{Every, Parts};
use gridloom::figure::reduce::{MapStat, Reduction};

use super::{DOTS, Map, drawn, write_grid};

/// What a gather makes of a file's only variable.
pub(crate) fn reduced(path: &std::path::Path, reduction: Reduction) -> Vec<f64> {
    let mut gather = Gather::default();
    let (id, _) = gather.field(path, None).expect("a field");
    let ticket = gather.want(id, reduction);
    let gathered = gather.run();
    let outcome = gathered.get(ticket);
    match outcome.series.as_slice() {
        [] => outcome.values.clone(),
        points => points.iter().flat_map(|point| [point.mean, point.std, point.low, point.high]).collect(),
    }
}

fn near(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= 1e-9 * expected.abs().max(1e-3)
}

/// Mean, sum, deviation of a sample, and slope a year of 365.2425 days, in two passes.
fn plainly(series: &[(f64, f64)]) -> [f64; 4] {
    let count = series.len() as f64;
    let mean = |of: &dyn Fn(&(f64, f64)) -> f64| series.iter().map(of).sum::<f64>() / count;
    let (day, value) = (mean(&|point| point.0), mean(&|point| point.1));
    let sum = |of: &dyn Fn(f64, f64) -> f64| series.iter().map(|(x, y)| of(x - day, y - value)).sum::<f64>();
    let std = (sum(&|_, y| y * y) / (count - 1.0)).sqrt();
    [value, value * count, std, sum(&|x, y| x * y) / sum(&|x, _| x * x) * 365.2425]
}

#[test]
fn maps_of_long_files_are_what_plain_formulas_give() {
    let _alone = super::alone();
    let path = super::once::long();
    let file = netcdf::open(path).expect("a file");
    let length = |name: &str| file.dimension(name).expect("a dimension").len();
    let (days, rows, columns) = (length("time"), length("lat"), length("lon"));
    let variable = file.variable("npp").expect("npp");
    // All days, and a stretch that begins and ends within chunks and units of work.
    for steps in [0..days, 8_000..17_003, 12..13] {
        let stats = [MapStat::Mean, MapStat::Sum, MapStat::Std, MapStat::Trend];
        let maps = stats.map(|stat| reduced(path, Reduction::Map { steps: steps.clone(), stat }));
        assert!(maps.iter().all(|map| map.len() == rows * columns));
        let mut seen = 0;
        for cell in (0..rows * columns).step_by(17) {
            let values: Vec<f32> = variable
                .get_values((
                    steps.clone(),
                    cell / columns..cell / columns + 1,
                    cell % columns..cell % columns + 1,
                ))
                .expect("values");
            let series: Vec<(f64, f64)> = steps
                .clone()
                .zip(&values)
                .filter(|(_, v)| **v < 1e19)
                .map(|(day, v)| (day as f64, f64::from(*v)))
                .collect();
            if series.is_empty() {
                assert!(maps.iter().all(|map| map[cell].is_nan()), "cell {cell} has no value");
                continue;
            }
            seen += 1;
            for ((stat, map), expected) in stats.iter().zip(&maps).zip(plainly(&series)) {
                let is_none = series.len() == 1 && matches!(stat, MapStat::Std | MapStat::Trend);
                let fits = if is_none { map[cell].is_nan() } else { near(map[cell], expected) };
                assert!(fits, "{stat:?} of cell {cell}, {steps:?}: {} for {expected}", map[cell]);
            }
        }
        assert!(seen > 5);
    }
}

#[test]
fn few_values_with_gaps() {
    let _alone = super::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("v.nc");
    let values = [1.0f32, 1e20, 2.0, 4.0, 1e20, 9.0];
    write_grid(&path, &[60.25, 0.25], &[10.0, 10.5], 6, |day, lat, lon| match (lat > 1.0, lon > 10.2) {
        (true, false) => values[day],
        (true, true) => 1e20,
        (false, _) => 3.0,
    });
    let map = |stat, steps| reduced(&path, Reduction::Map { steps, stat });
    let [mean, std] = [MapStat::Mean, MapStat::Std].map(|stat| map(stat, 0..6));
    assert_eq!((mean[0], mean[2]), (4.0, 3.0));
    assert!(mean[1].is_nan() && std[1].is_nan());
    // Squares of -3, -2, 0, 5, by three.
    assert!(near(std[0], (38.0f64 / 3.0).sqrt()) && std[2] == 0.0, "{std:?}");
    assert_eq!(map(MapStat::Sum, 2..4)[0], 6.0);
    assert!(map(MapStat::Mean, 1..2)[0].is_nan());

    // A series is weighted, and cells without a weight are not there.
    let weights = |weights: [f64; 4]| Arc::new(weights.to_vec());
    let series = |weights| reduced(&path, Reduction::Series { steps: 0..6, weights });
    assert_eq!(series(weights([1.0, 1.0, 3.0, 0.0]))[..4], [2.5, 0.75f64.sqrt(), 1.0, 3.0]);
    assert_eq!(series(weights([0.0, 5.0, 3.0, 3.0]))[..4], [3.0, 0.0, 3.0, 3.0]);
    assert!(series(weights([1.0, 1.0, 0.0, 0.0]))[4].is_nan(), "a day without any");

    // Means of rows, and of cells, by parts of time.
    let mut gather = Gather::default();
    let (_, field) = gather.field(&path, None).expect("a field");
    let parts = Parts::new(&field.times, 2..6, Every::All);
    assert_eq!(reduced(&path, Reduction::Rows { parts: parts.clone() }), [5.0, 3.0]);
    let cells = reduced(&path, Reduction::Cells { parts });
    assert_eq!((cells[0], cells[2], cells[3]), (5.0, 3.0, 3.0));
    assert!(cells[1].is_nan());
    let steps = Parts::new(&field.times, 0..6, Every::Step);
    let rows = reduced(&path, Reduction::Rows { parts: steps });
    assert_eq!((rows[0], rows[1], rows[6]), (1.0, 3.0, 4.0));
    assert!(rows[2].is_nan());
}

#[test]
fn a_region_is_weighted_by_area() {
    let _alone = super::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("v.nc");
    write_grid(&path, &[60.0, 30.0, 0.0], &[10.0, 40.0], 3, |_, lat, _| if lat > 50.0 { 1.0 } else { 0.0 });
    let text =
        drawn(&format!("kind = 'series'\ninput = '{}'\nbbox = [70.0, 20.0, 0.0, 50.0]", path.display()))
            .description;
    // Of a sphere: sin 75° - sin 45° by sin 75° - sin 15° is 0.366; the ellipsoid's cells are a little larger in the north.
    assert!(
        text.contains("mean 0.367") || text.contains("mean 0.3668") || text.contains("mean 0.3669"),
        "{text}"
    );
}

#[test]
fn days_from_and_to_are_both_included() {
    let _alone = super::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("v.nc");
    write_grid(&path, &[0.25, -0.25], &[10.0, 10.5], 10, |day, _, _| 10f32.powi(day as i32 % 10));
    let text = |more: &str| {
        drawn(&format!("kind = 'map'\ninput = '{}'\nstat = 'sum'\n{more}", path.display())).description
    };
    let words = text("from = '2000-01-03'\nto = '2000-01-05'");
    assert!(words.contains("from 11100 to 11100"), "{words}");
    assert!(text("from = '2000-01-10'").contains("1×10⁹"));
}

#[test]
fn a_difference_has_zero_in_the_middle() {
    let _alone = super::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let [a, b] = ["a.nc", "b.nc"].map(|name| folder.path().join(name));
    let lon: Vec<f64> = (0..9).map(f64::from).collect();
    write_grid(&a, &[10.0, 9.0], &lon, 1, |_, _, _| 5.0);
    // From -1 to 7: more above than below.
    write_grid(&b, &[10.0, 9.0], &lon, 1, |_, _, lon| 4.0 + lon as f32);
    let map = Map::of(&format!(
        "kind = 'map'\ninput = '{}'\ndifference = '{}'\nlevels = 'smooth'",
        b.display(),
        a.display()
    ));
    let ramp = ColourMap::parse("vik").expect("a map");
    let share = |lon: f64| {
        let colour = map.around(10.0, lon);
        let apart = |step: u32| {
            let other = ramp.at(f64::from(step) / 1000.0);
            let part = |one: u8, other: u8| (i32::from(one) - i32::from(other)).abs();
            part(colour.red, other.red) + part(colour.green, other.green) + part(colour.blue, other.blue)
        };
        (0..=1000).min_by_key(|step| apart(*step)).map_or(0.0, |step| f64::from(step) / 1000.0)
    };
    assert!((share(1.0) - 0.5).abs() < 0.01, "zero is in the middle: {}", share(1.0));
    assert!(
        (share(0.0) + share(2.0) - 1.0).abs() < 0.02,
        "as far below as above: {} {}",
        share(0.0),
        share(2.0)
    );
    assert!(share(8.0) > 0.85, "b less a, not a less b: {}", share(8.0));
}

#[test]
fn edges_of_cells_are_on_their_pixels() {
    let _alone = super::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("v.nc");
    // Where no coast is.
    let (lat, lon) = (super::centres(0.5, -50.0, -30.0), super::centres(0.5, -130.0, -105.0));
    let dark = |lat: f64, lon: f64| ((lat * 2.0).floor() as i64 + (lon * 2.0).floor() as i64) % 2 == 0;
    write_grid(&path, &lat, &lon, 1, |_, lat, lon| if dark(lat, lon) { 0.5 } else { 1.5 });
    let map = Map::of(&format!("kind = 'map'\ninput = '{}'\nlevels = '0,1,2'", path.display()));
    let ramp = ColourMap::parse("viridis").expect("a map");
    let [left, top, right, bottom] = map.frame;
    let [west, north, east, south] = map.extent;
    // The places of all pixels in some rows and columns: each has the colour of the cell around its centre.
    let (mut right_ones, mut others) = (0, 0);
    let point = |pixel: u32| (f64::from(pixel) + 0.5) / DOTS * 72.0;
    for x in (0..map.pixels.width).filter(|x| point(*x) > left && point(*x) < right) {
        for y in (0..map.pixels.height).step_by(7).filter(|y| point(*y) > top && point(*y) < bottom) {
            let place_lon = west + (point(x) - left) / (right - left) * (east - west);
            let place_lat = north + (point(y) - top) / (bottom - top) * (south - north);
            let is_inside = (-129.99..-105.01).contains(&place_lon) && (-49.99..-30.01).contains(&place_lat);
            // The frame's places are told to a thousandth of a point.
            let is_edge = |degrees: f64| (degrees * 2.0 - (degrees * 2.0).round()).abs() < 1e-3;
            if !is_inside || is_edge(place_lat) || is_edge(place_lon) {
                continue;
            }
            let expected = ramp.at(if dark(place_lat, place_lon) { 0.0 } else { 1.0 });
            match map.pixels.colour(x, y) == Some(expected) {
                true => right_ones += 1,
                false => others += 1,
            }
        }
    }
    assert!(right_ones > 20_000 && others == 0, "{right_ones} right, {others} wrong");
}
