use std::path::Path;

use gridloom::draw::colours::ColourMap;
use gridloom::draw::scene::Colour;
use gridloom::figure::reduce::{MapStat, Reduction};
use gridloom::grid::read::Field;
use gridloom_testkit::files::project;

use super::numbers::reduced;
use super::{Map, centres, grid, gridloom, write_grid};

const LAND: Colour = Colour::grey(228);

/// All values of a file, by the library alone: `[time, lat, lon]`.
fn values(path: &str, variable: &str) -> Vec<f32> {
    let file = netcdf::open(path).expect("a file");
    let variable = file.variable(variable).expect("the variable");
    variable.get_values(..).expect("values")
}

fn doubles(path: &str, name: &str) -> Vec<f64> {
    let file = netcdf::open(path).expect("a file");
    file.variable(name).expect("a coordinate").get_values(..).expect("values")
}

/// The colour of a class of borders that all values lie within.
fn colour(levels: &[f64], value: f64) -> Colour {
    let class = levels.windows(2).position(|pair| value >= pair[0] && value < pair[1]).expect("a class");
    let classes = levels.len() - 1;
    ColourMap::parse("viridis").expect("a map").at(class as f64 / (classes - 1) as f64)
}

#[test]
fn chunks_read_beside_the_library_hold_what_the_library_reads() {
    let _alone = super::alone();
    // One chunk in space; and several, of which the last have a row and columns beyond the grid.
    let folder = tempfile::tempdir().expect("a folder");
    let small = small_chunks(&folder.path().join("small"));
    for (variable, path) in [("npp", grid("npp")), ("csoil_2", grid("csoil_2")), ("npp", small)] {
        let field = Field::open(path.as_ref(), None).expect("a field");
        let expected = values(&path, variable);
        let [days, rows, columns] = [field.times.steps.len(), field.place.y.len(), field.place.x.len()];
        assert!(expected.iter().any(|value| *value < 1e19), "some values");
        // Whole, and parts that begin and end within chunks, or have their whole rows.
        for (steps, rows_wanted, columns_wanted) in [
            (0..days, 0..rows, 0..columns),
            (0..days, 0..rows, 1..columns),
            (100..days - 7, 1..rows - 1, 1..columns),
            (100..days - 7, 1..rows - 1, 0..columns),
            (5..days, 0..1, 0..4),
            (5..days, rows - 1..rows, 0..4),
            (5..days, 2..rows, 4..columns),
        ] {
            let mut found = Vec::new();
            field
                .read(steps.clone(), rows_wanted.clone(), columns_wanted.clone(), &mut found)
                .expect("values");
            let mut found = found.into_iter();
            for day in steps {
                for row in rows_wanted.clone() {
                    for column in columns_wanted.clone() {
                        let expected = expected[(day * rows + row) * columns + column];
                        let found = found.next().expect("a value");
                        match expected < 1e19 {
                            true => assert_eq!(found, f64::from(expected), "{variable} {day} {row} {column}"),
                            false => assert!(found.is_nan(), "{variable} {day} {row} {column}"),
                        }
                    }
                }
            }
        }
    }
}

/// The sample's npp in chunks that do not divide its 5 rows and 6 columns.
fn small_chunks(out: &Path) -> String {
    let run = project("data/sample_run");
    let [run, out] = [run.as_path(), out].map(|path| path.to_str().expect("UTF-8"));
    let made = gridloom(&["grid", run, "-o", out, "--variables", "npp", "--chunk", "256,2,4", "-q"]);
    assert_eq!(made.status.code(), Some(3), "{}", String::from_utf8_lossy(&made.stderr));
    format!("{out}/npp_sample_run_19790101_19810930.nc")
}

/// How a file is cut into chunks is not seen in what is made of it.
#[test]
fn chunks_make_no_difference() {
    let _alone = super::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let small = small_chunks(&folder.path().join("small"));
    for stat in [MapStat::Mean, MapStat::Sum, MapStat::Std, MapStat::Trend] {
        let [one, other] = [&grid("npp"), &small]
            .map(|path| reduced(path.as_ref(), Reduction::Map { steps: 0..900, stat }))
            .map(|map| map.into_iter().map(f64::to_bits).collect::<Vec<_>>());
        assert_eq!(one, other, "{stat:?}");
    }
}

#[test]
fn pixels_have_the_colour_of_their_cells_values() {
    let _alone = super::alone();
    let path = grid("npp");
    let (all, lat, lon) = (values(&path, "npp"), doubles(&path, "lat"), doubles(&path, "lon"));
    let cells = lat.len() * lon.len();
    let days = all.len() / cells;
    let mean = |cell: usize| {
        let own = (0..days).map(|day| all[day * cells + cell]).filter(|value| *value < 1e19);
        let (count, sum) = own.fold((0.0, 0.0), |(count, sum), value| (count + 1.0, sum + f64::from(value)));
        (count > 0.0).then(|| sum / count)
    };
    let levels: Vec<f64> = (0..=40).map(|step| f64::from(step) * 0.05).collect();
    let words: Vec<String> = levels.iter().map(|level| format!("{level}")).collect();
    let map = Map::of(&format!("kind = 'map'\ninput = '{path}'\nlevels = '{}'", words.join(",")));
    let (mut drawn, mut seen) = (0, std::collections::BTreeSet::new());
    for (row, &lat) in lat.iter().enumerate() {
        for (column, &lon) in lon.iter().enumerate() {
            let found = map.around(lat, lon);
            match mean(row * levels_columns(&path) + column) {
                Some(value) => {
                    assert_eq!(found, colour(&levels, value), "{lat} {lon}: {value}");
                    seen.insert(found);
                    drawn += 1;
                }
                None => assert_eq!(found, LAND, "{lat} {lon} is masked land"),
            }
        }
    }
    assert!(drawn >= 10 && seen.len() >= 4, "{drawn} cells in {} colours", seen.len());
}

fn levels_columns(path: &str) -> usize {
    doubles(path, "lon").len()
}

#[test]
fn one_day_is_that_day_and_a_difference_is_the_difference() {
    let _alone = super::alone();
    let path = grid("npp");
    let (all, lat, lon) = (values(&path, "npp"), doubles(&path, "lat"), doubles(&path, "lon"));
    let cells = lat.len() * lon.len();
    let levels: Vec<f64> = (0..=40).map(|step| f64::from(step) * 0.1).collect();
    let words: Vec<String> = levels.iter().map(|level| format!("{level}")).collect();
    // The last day of February of a leap year: 365 + 59 days after the first.
    let map = Map::of(&format!(
        "kind = 'map'\ninput = '{path}'\ndate = '1980-02-29'\nlevels = '{}'",
        words.join(",")
    ));
    let day = 365 + 59;
    let mut seen = 0;
    for (cell, value) in all[day * cells..(day + 1) * cells].iter().enumerate().filter(|(_, v)| **v < 1e19) {
        let found = map.around(lat[cell / lon.len()], lon[cell % lon.len()]);
        assert_eq!(found, colour(&levels, f64::from(*value)));
        seen += 1;
    }
    assert!(seen > 5);
    let same = Map::of(&format!("kind = 'map'\ninput = '{path}'\ndifference = '{path}'"));
    let zero = same.around(lat[2], lon[1]);
    assert!(zero.luma() > 0.8 || zero == LAND, "no difference is pale: {zero:?}");
}

#[test]
fn sums_deviations_and_trends_are_what_they_are_called() {
    let _alone = super::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("v.nc");
    // Two years that grow by 0.01 a day: 3.65 a year; from -3.65 to 3.64.
    write_grid(&path, &[-10.0, -10.5], &[-60.0, -59.5], 730, |day, lat, _| {
        if lat == -10.0 { day as f32 * 0.01 } else { 2.0 }
    });
    let cases = [("mean", 3.645, 2.0), ("sum", 2660.85, 1460.0), ("std", 2.108, 0.0), ("trend", 3.65, 0.0)];
    for (stat, first, second) in cases {
        let near = |value: f64| format!("{},{},{}", value - 0.01, value + 0.01, value + 0.02);
        for (lat, value) in [(-10.0, first), (-10.5, second)] {
            let map = Map::of(&format!(
                "kind = 'map'\ninput = '{}'\nstat = '{stat}'\ncmap = 'viridis'\nlevels = '{}'",
                path.display(),
                near(value)
            ));
            // The class from value - 0.01 to value + 0.01 is the first, or the second where there are values below.
            let found = map.around(lat, -60.0);
            let other = map.around(if lat == -10.0 { -10.5 } else { -10.0 }, -60.0);
            let ramp = ColourMap::parse("viridis").expect("a map");
            let classes = [ramp.at(0.0), ramp.at(0.5), ramp.at(1.0 / 3.0)];
            assert!(classes.contains(&found) && found != other, "{stat} at {lat}: {found:?} {other:?}");
            assert!(found != LAND);
        }
    }
}

#[test]
fn rows_from_south_to_north_are_drawn_north_up_as_well() {
    let _alone = super::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let (up, lon) = (centres(5.0, -90.0, 90.0), centres(5.0, -180.0, 180.0));
    let down: Vec<f64> = up.iter().rev().copied().collect();
    let mut pictures = Vec::new();
    for (name, lat) in [("up.nc", &up), ("down.nc", &down)] {
        let path = folder.path().join(name);
        // Values grow to the north and to the east; the tropics are masked.
        write_grid(
            &path,
            lat,
            &lon,
            2,
            |_, lat, lon| {
                if lat.abs() < 20.0 { 1e20 } else { (lat + lon / 1000.0) as f32 }
            },
        );
        let map = Map::of(&format!(
            "kind = 'map'\ninput = '{}'\ncmap = 'viridis'\nlevels = '-100,-50,0,50,100'",
            path.display()
        ));
        let ramp = ColourMap::parse("viridis").expect("a map");
        let class = |class: usize| ramp.at(class as f64 / 3.0);
        for lon in [-172.5, -2.5, 92.5, 177.5] {
            assert_eq!(map.around(82.5, lon), class(3), "{name} {lon}");
            assert_eq!(map.around(37.5, lon), class(2), "{name} {lon}");
            assert_eq!(map.around(-37.5, lon), class(1), "{name} {lon}");
            assert_eq!(map.around(-82.5, lon), class(0), "{name} {lon}");
        }
        assert_eq!(map.around(-2.5, -62.5), LAND, "masked land");
        assert_eq!(map.around(-2.5, -27.5), Colour::grey(255), "masked sea");
        pictures.push(map.pixels.bytes);
    }
    assert!(pictures[0] == pictures[1], "the order of rows is not seen");
}
