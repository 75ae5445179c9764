//! Changes: of one window less another, or of one file less another; in percent, and where Welch's test marks cells.

use std::path::Path;

use gridloom::draw::scene::{Item, Line, Scene};
use gridloom::figure::{Draft, Gather, Spec};

use super::{alone, drawn, gridloom, write_grid};

const LAT: [f64; 3] = [3.0, 1.0, -1.0];
const LON: [f64; 4] = [-60.0, -58.0, -56.0, -54.0];

/// Five years, six years that differ by more from cell to cell, and a part of a year. All days of a year are alike.
fn value(day: usize, lat: f64, lon: f64) -> f32 {
    let cell = cell(lat, lon);
    let year = day / 365;
    let noise = ((year * 7 + cell * 5) % 11) as f32 / 4.0;
    10.0 + noise + if year >= 5 { cell as f32 / 4.0 } else { 0.0 } + if year > 10 { 100.0 } else { 0.0 }
}

fn cell(lat: f64, lon: f64) -> usize {
    ((3.0 - lat) / 2.0) as usize * 4 + ((lon + 60.0) / 2.0) as usize
}

/// scipy's `ttest_ind(equal_var=False)` of the years 2005 to 2010 and 2000 to 2004 of each cell: the means' difference, that in percent, and p.
const EXPECTED: [(f64, f64, f64); 12] = [
    (-0.0917, -0.811, 0.8691),
    (0.8917, 8.18, 0.1003),
    (-0.1417, -1.221, 0.7769),
    (0.8417, 7.515, 0.1572),
    (0.8167, 7.195, 0.15),
    (0.7917, 6.884, 0.1596),
    (1.775, 15.991, 0.007387),
    (1.75, 15.556, 0.00987),
    (1.725, 15.132, 0.008611),
    (2.7083, 24.621, 0.0006712),
    (2.6833, 24.066, 0.0005933),
    (2.6583, 23.525, 0.0012),
];

struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        Files(tempfile::tempdir().expect("a folder"))
    }

    fn grid(&self, name: &str, days: usize, value: impl Fn(usize, f64, f64) -> f32) -> String {
        let path = self.0.path().join(name);
        write_grid(&path, &LAT, &LON, days, value);
        path.display().to_string()
    }

    fn long(&self) -> String {
        self.grid("long.nc", 11 * 365 + 40, value)
    }
}

const WINDOWS: &str =
    "from = '2005-01-01'\nto = '2010-12-31'\nreference-from = '2000-01-01'\nreference-to = '2004-12-31'";

/// The cells in whose middle a dot lies.
fn dotted(scene: &Scene) -> Vec<usize> {
    let map = scene.map_frame.expect("a map");
    let (frame, extent) = (map.frame, map.extent);
    let mut cells: Vec<usize> = dots(scene)
        .into_iter()
        .map(|[x, y]| {
            let lon = extent.left + (x - frame.left) / frame.width() * extent.width();
            let lat = extent.top + (y - frame.top) / frame.height() * (extent.bottom - extent.top);
            let at = |values: &[f64], wanted: f64| {
                values.iter().copied().find(|value| (value - wanted).abs() < 0.01).expect("a middle")
            };
            cell(at(&LAT, lat), at(&LON, lon))
        })
        .collect();
    cells.sort_unstable();
    cells
}

/// The middles of dots: areas of eight corners.
fn dots(scene: &Scene) -> Vec<[f64; 2]> {
    let is_dot = |line: &&Line| line.closed && line.points.len() == 8;
    let lines = scene.items.iter().filter_map(|item| match item {
        Item::Fill { lines, .. } => Some(lines.iter().filter(is_dot)),
        _ => None,
    });
    let middle = |line: &Line| {
        let sum = line.points.iter().fold([0.0, 0.0], |sum, [x, y]| [sum[0] + x, sum[1] + y]);
        sum.map(|sum| sum / 8.0)
    };
    lines.flatten().map(middle).collect()
}

fn ends(expected: impl Iterator<Item = f64>) -> (f64, f64) {
    expected.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
}

/// The numbers behind `from` and `to`.
fn told(scene: &Scene) -> (f64, f64) {
    let words = scene.description.replace('−', "-");
    let (_, rest) = words.rsplit_once("rom ").expect("numbers");
    let (low, rest) = rest.split_once(" to ").expect("two");
    let high = rest.split_whitespace().next().expect("a number").trim_end_matches('.');
    (low.parse().expect("a number"), high.parse().expect("a number"))
}

fn near((low, high): (f64, f64), wanted: (f64, f64)) -> bool {
    (low - wanted.0).abs() < 2e-3 && (high - wanted.1).abs() < 6e-2
}

#[test]
fn marked_cells_are_those_of_scipy() {
    let _alone = alone();
    let files = Files::new();
    let long = files.long();
    for level in [0.5, 0.15005, 0.101, 0.009, 0.001] {
        let wanted: Vec<usize> = (0..12).filter(|&cell| EXPECTED[cell].2 < level).collect();
        let scene = drawn(&format!("kind = 'map'\ninput = '{long}'\nsignificant = {level}\n{WINDOWS}"));
        assert_eq!(dotted(&scene), wanted, "p < {level}");
        assert!(near(told(&scene), ends(EXPECTED.iter().map(|row| row.0))), "{}", scene.description);
        let words = format!(
            "dots: p < {level} in {} of 12 cells (Welch's t-test of 6 and 5 annual means)",
            wanted.len()
        );
        assert!(scene.title.contains(&words) && scene.title.contains("2005–2010 − "), "{}", scene.title);
        let scene = drawn(&format!("kind = 'compare'\ninput = '{long}'\nsignificant = {level}\n{WINDOWS}"));
        assert_eq!(dots(&scene).len(), wanted.len(), "in the third map alone");
        assert!(
            scene.title.contains(&words) && scene.title.contains(": 2000–2004 and 2005–2010"),
            "{}",
            scene.title
        );
    }
}

#[test]
fn whole_years_alone_are_tested() {
    let _alone = alone();
    let files = Files::new();
    let long = files.long();
    // Half of a year before and a part of one behind change the means that are shown, but not the test.
    let windows = "from = '2005-01-01'\nreference-from = '2000-01-01'\nreference-to = '2004-12-31'";
    let scene = drawn(&format!("kind = 'map'\ninput = '{long}'\nsignificant = 0.101\n{windows}"));
    assert_eq!(dotted(&scene).len(), 6 + 1);
    assert!(scene.title.contains("6 and 5 annual means"), "{}", scene.title);
    let refused = |more: &str| {
        let spec: Spec =
            toml::from_str(&format!("kind = 'map'\ninput = '{long}'\n{more}")).expect("settings");
        let mut gather = Gather::default();
        Draft::of(&spec, &mut gather).err().map(|error| error.to_string()).expect(more)
    };
    let few =
        "from = '2005-01-01'\nto = '2006-12-30'\nreference-from = '2000-01-01'\nreference-to = '2004-12-31'";
    let words = refused(&format!("significant = 0.05\n{few}"));
    assert!(words.contains("two whole calendar years") && words.contains("has 1 of 2 years"), "{words}");
    let over =
        "from = '2003-01-01'\nto = '2006-12-31'\nreference-from = '2000-01-01'\nreference-to = '2004-12-31'";
    assert!(refused(&format!("significant = 0.05\n{over}")).contains("overlap"));
    let same =
        "from = '2003-01-01'\nto = '2004-12-31'\nreference-from = '2003-01-01'\nreference-to = '2004-12-31'";
    assert!(refused(same).contains("of the same file"));
    assert!(
        refused("reference-from = '1980-01-01'\nreference-to = '1981-01-01'").contains("no day of long.nc")
    );
    for (settings, words) in [
        ("percent = true", "is of a change"),
        ("significant = 0.05", "is of a change"),
        ("reference-from = '2000-01-01'\nleast = 1", "goes with percent"),
        ("reference-from = '2000-01-01'\nleast = -1\npercent = true", "0 or more"),
        ("reference-from = '2000-01-01'\nsignificant = 5", "between 0 and 1"),
        ("reference = 'a'\ndifference = 'b'", "does not go with difference"),
        ("reference = 'a'\nsignificant = 0.1\nstat = 'std'", "is of means"),
        ("reference = 'a'\nsignificant = 0.1\ndate = '2000-01-01'", "does not go with date"),
    ] {
        assert!(refused(settings).contains(words), "{settings}: {}", refused(settings));
    }
}

#[test]
fn percent_are_of_the_reference_and_masked_where_it_is_nearly_nought() {
    let _alone = alone();
    let files = Files::new();
    let long = files.long();
    let scene = drawn(&format!("kind = 'map'\ninput = '{long}'\npercent = true\n{WINDOWS}"));
    assert!(near(told(&scene), ends(EXPECTED.iter().map(|row| row.1))), "{}", scene.description);
    assert!(scene.description.contains("24.62 %") && scene.notes.is_empty(), "{}", scene.description);
    // By the size of the reference: what grows from -2 to 1 grows by 150 percent.
    let [now, then] = [("now.nc", [1.0, 0.25, 5.0, 1.0]), ("then.nc", [-2.0, 0.0, 0.5, -0.25])]
        .map(|(name, values)| files.grid(name, 3, move |_, _, lon| values[((lon + 60.0) / 2.0) as usize]));
    for kind in ["map", "compare"] {
        let settings = format!("kind = '{kind}'\ninput = '{now}'\nreference = '{then}'\npercent = true\n");
        let scene = drawn(&settings);
        assert_eq!(told(&scene), (150.0, 900.0), "{}", scene.description);
        assert_eq!(scene.notes, ["3 cells masked: the reference is 0 there"]);
        let scene = drawn(&format!("{settings}least = 0.5\n"));
        assert_eq!(told(&scene), (150.0, 150.0), "{}", scene.description);
        assert!(scene.notes[0].contains("9 cells masked: the reference is at most 0.5, up or down"));
    }
}

#[test]
fn a_reference_is_a_file_or_days_or_both() {
    let _alone = alone();
    let files = Files::new();
    let long = files.long();
    let other = files.grid("other.nc", 5 * 365, |day, lat, lon| value(day, lat, lon) + 1.0);
    let both = |settings: &str| {
        let difference =
            drawn(&format!("kind = 'map'\ninput = '{long}'\ndifference = '{other}'\n{settings}"));
        let reference = drawn(&format!("kind = 'map'\ninput = '{long}'\nreference = '{other}'\n{settings}"));
        assert_eq!(difference.items, reference.items, "the same picture");
        told(&reference)
    };
    // The same days of both files.
    assert_eq!(both("from = '2000-01-01'\nto = '2003-12-31'"), (-1.0, -1.0));
    // Days of each.
    let windows =
        "from = '2005-01-01'\nto = '2010-12-31'\nreference-from = '2000-01-01'\nreference-to = '2004-12-31'";
    assert!(near(both(windows), ends(EXPECTED.iter().map(|row| row.0 - 1.0))));
    // The first of two inputs is the reference.
    let scene =
        drawn(&format!("kind = 'compare'\ninputs = ['{other}', '{long}']\nsignificant = 0.009\n{windows}"));
    assert!(near(told(&scene), ends(EXPECTED.iter().map(|row| row.0 - 1.0))), "{}", scene.description);
    // A file of other units is converted, for the test as well.
    let kilos = files.grid("kilos.nc", 5 * 365, |day, lat, lon| value(day, lat, lon) / 1000.0);
    for (path, units) in [(&kilos, "kg m-2"), (&long, "g m-2")] {
        let mut file = netcdf::append(Path::new(path)).expect("a grid");
        file.variable_mut("v").expect("v").put_attribute("units", units).expect("units");
    }
    let scene = drawn(&format!(
        "kind = 'map'\ninput = '{long}'\nreference = '{kilos}'\nsignificant = 0.009\n{windows}"
    ));
    assert_eq!(dotted(&scene), [6, 8, 9, 10, 11]);
    assert!(scene.title.contains("kilos.nc converted from kg m-2"), "{}", scene.title);
}

#[test]
fn steps_of_months_and_years_have_whole_years_as_well() {
    let _alone = alone();
    let files = Files::new();
    let (months, years) = (files.0.path().join("months.nc"), files.0.path().join("years.nc"));
    for (path, steps, length) in [(&months, 132, 365.0 / 12.0), (&years, 11, 365.0)] {
        let a_year = if steps == 11 { 1 } else { 12 };
        write_grid(path, &LAT, &LON, steps, |step, lat, lon| value(step / a_year * 365, lat, lon));
        let mut file = netcdf::append(path).expect("a grid");
        let middles: Vec<f64> = (0..steps).map(|step| (step as f64 + 0.5) * length).collect();
        file.variable_mut("time").expect("time").put_values(&middles, ..).expect("days");
    }
    for path in [months, years] {
        let path = path.display();
        let scene = drawn(&format!("kind = 'map'\ninput = '{path}'\nsignificant = 0.009\n{WINDOWS}"));
        assert_eq!(dotted(&scene), [6, 8, 9, 10, 11], "{path}");
    }
}

#[test]
fn the_program_tells_what_is_masked() {
    let _alone = alone();
    let files = Files::new();
    let (now, then) =
        (files.grid("now.nc", 3, |_, _, _| 2.0), files.grid("then.nc", 3, |_, _, lon| lon as f32 + 60.0));
    let picture = files.0.path().join("p.svg").display().to_string();
    let arguments =
        ["plot", "map", &now, "--reference", &then, "--percent", "--least", "2", "-o", &picture, "--json"];
    let output = gridloom(&arguments);
    let (error, json) = (String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout));
    assert_eq!(output.status.code(), Some(0), "{error}");
    assert!(
        error.contains("note: 6 cells masked: the reference is at most 2") && json.contains("6 cells masked"),
        "{error}"
    );
    let list = files.0.path().join("figures.toml");
    std::fs::write(
        &list,
        "[[figure]]\nname = 'p'\nkind = 'map'\ninput = 'now.nc'\nreference = 'then.nc'\npercent = true\n",
    )
    .expect("a list");
    let output = gridloom(&["figures", list.to_str().expect("UTF-8")]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && error.contains("note: p: 3 cells masked: the reference is 0"),
        "{error}"
    );
}

/// A grid of a change says what it compares: both windows stand below the title, and only what has a sign has colours with 0 in the middle.
#[test]
fn grids_of_a_change_name_both_windows() {
    let folder = tempfile::tempdir().expect("a folder");
    let both = "1989-01-01 to 1993-12-31 less 1979-01-01 to 1988-12-31 of hist.";
    for (made, comment, words, colours) in [
        ("change", format!("Mean of {both}"), "mean of 1989–1993 less 1979–1988 of hist", "vik"),
        ("change in percent", format!("Of it. Mean of {both}"), "1989–1993 less 1979–1988 of hist", "vik"),
        ("p-value of the change", format!("Welch's. {both}"), "1989–1993 less 1979–1988 of hist", "viridis"),
        ("gained", format!("The change. Mean of {both}"), "1989–1993 less 1979–1988 of hist", "viridis"),
        ("reference", "Mean of 1979-01-01 to 1988-12-31.".to_owned(), "mean of 1979–1988", "viridis"),
    ] {
        let path = folder.path().join(format!("{made}.nc"));
        super::write_grid(&path, &[1.0, 0.0], &[10.0, 11.0], 1, |_, lat, lon| (lat + lon - 9.5) as f32);
        gridloom_testkit::files::change_netcdf(&path, |file| {
            let mut variable = file.variable_mut("v").expect("v");
            variable.put_attribute("long_name", format!("Growth, {made}"))?;
            variable.put_attribute("cell_methods", "time: mean")?;
            variable.put_attribute("comment", comment.as_str()).map(drop)
        });
        let of = |more: &str| {
            let mut scene = super::drawn(&format!("kind = 'map'\ninput = '{}'\n{more}", path.display()));
            scene.origin.clear();
            scene
        };
        let scene = of("");
        assert_eq!(scene.title, format!("Growth, {made}, {words} · test"));
        let bytes = |scene: &gridloom::draw::scene::Scene| {
            gridloom::draw::encode(scene, gridloom::draw::Format::Svg, 100.0).expect("a picture")
        };
        assert!(bytes(&scene) == bytes(&of(&format!("cmap = '{colours}'"))), "{made} in {colours}");
    }
}
