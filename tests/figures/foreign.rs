//! Files by other programs, and files that are hardly files: a picture without a number that is none, or a refusal that names the
//! file, of every kind of figure.

use std::path::Path;

use gridloom::Argument;
use gridloom::draw::{Format, encode};
use gridloom::figure::{Draft, Gather, Spec};
use gridloom_testkit::files;
use netcdf::FileMut;

use super::{Map, complete, gridloom};

/// What is unusual about a file.
struct Odd<'a> {
    time: &'a [f64],
    units: &'a str,
    calendar: &'a str,
    lat: &'a [f64],
    lon: &'a [f64],
    values: &'a dyn Fn(usize) -> f32,
    /// The axis that has no coordinates.
    without: &'a str,
    more: &'a dyn Fn(&mut FileMut),
}

const USUAL: Odd = Odd {
    time: &[0.0, 1.0, 2.0, 3.0],
    units: "days since 2001-01-01",
    calendar: "noleap",
    lat: &[1.0, 0.0],
    lon: &[10.0, 11.0],
    values: &|index| index as f32,
    without: "",
    more: &|_| {},
};

impl Odd<'_> {
    fn write(&self, path: &Path) {
        let mut file = netcdf::create(path).expect("a file");
        let mut axis = |name: &str, values: &[f64]| {
            file.add_dimension(name, values.len()).expect("a dimension");
            if name == self.without {
                return;
            }
            let mut variable = file.add_variable::<f64>(name, &[name]).expect("a variable");
            if !values.is_empty() {
                variable.put_values(values, ..).expect("values");
            }
        };
        axis("time", self.time);
        axis("lat", self.lat);
        axis("lon", self.lon);
        if let Some(mut time) = file.variable_mut("time") {
            time.put_attribute("units", self.units).expect("units");
            time.put_attribute("calendar", self.calendar).expect("a calendar");
        }
        let values: Vec<f32> = (0..self.time.len() * self.lat.len() * self.lon.len())
            .map(|index| (self.values)(index))
            .collect();
        let mut variable = file.add_variable::<f32>("v", &["time", "lat", "lon"]).expect("v");
        if !values.is_empty() {
            variable.put_values(&values, ..).expect("values");
        }
        (self.more)(&mut file);
    }
}

/// Draws all kinds of a file, in all formats. Gives the kinds that were drawn, and why others were not.
fn all_kinds(path: &Path) -> (Vec<&'static str>, Vec<String>) {
    let (mut drawn, mut refused) = (Vec::new(), Vec::new());
    let name = path.file_name().expect("a name").to_string_lossy().into_owned();
    for (kind, more) in [
        ("map", ""),
        ("map", "stat = 'trend'"),
        ("map", "stat = 'std'"),
        ("map", "stat = 'sum'"),
        ("series", ""),
        ("series", "running = 2"),
        ("climatology", ""),
        ("hovmoller", ""),
        ("hovmoller", "every = 'year'"),
        ("scatter", "every = 'month'"),
        ("compare", ""),
    ] {
        let inputs = if matches!(kind, "scatter" | "compare") { 2 } else { 1 };
        let inputs = vec![format!("'{}'", path.display()); inputs].join(", ");
        let spec: Spec = toml::from_str(&format!("kind = '{kind}'\ninputs = [{inputs}]\ndpi = 40\n{more}"))
            .expect("settings");
        let mut gather = Gather::default();
        let scene = Draft::of(&spec, &mut gather).and_then(|draft| draft.draw(&spec, &gather.run()));
        match scene {
            Ok(scene) => {
                for format in [Format::Png, Format::Pdf] {
                    encode(&scene, format, 40.0).expect("a file");
                }
                let svg =
                    String::from_utf8(encode(&scene, Format::Svg, 40.0).expect("a file")).expect("UTF-8");
                let body = svg.split_once("</metadata>").expect("metadata").1;
                assert!(!body.contains("NaN") && !body.contains("inf"), "{name} {kind} {more}: {body}");
                drawn.push(kind);
            }
            // Of a single step.
            Err(error) if error.argument() == Some(Argument::Running) => {}
            Err(error) => refused.push(format!("{kind}: {error}")),
        }
    }
    (drawn, refused)
}

#[test]
fn unusual_files_are_drawn() {
    let _alone = super::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let many: Vec<f64> = (0..800).map(f64::from).collect();
    let cases = [
        ("usual", USUAL),
        ("one_time", Odd { time: &[7.0], ..USUAL }),
        ("one_cell", Odd { lat: &[3.25], lon: &[-60.25], ..USUAL }),
        ("one_cell_and_time", Odd { time: &[7.0], lat: &[3.25], lon: &[-60.25], ..USUAL }),
        ("ascending", Odd { lat: &[0.0, 1.0], ..USUAL }),
        ("east_of_the_date_line", Odd { lon: &[200.0, 201.0], ..USUAL }),
        ("360_day", Odd { calendar: "360_day", time: &many, ..USUAL }),
        ("julian", Odd { calendar: "julian", time: &many, ..USUAL }),
        ("all_leap", Odd { calendar: "all_leap", time: &many, ..USUAL }),
        ("standard", Odd { calendar: "standard", units: "days since 1582-10-01", time: &many, ..USUAL }),
        ("constant", Odd { values: &|_| 7.0, ..USUAL }),
        ("zero", Odd { values: &|_| 0.0, ..USUAL }),
        ("tiny", Odd { values: &|index| index as f32 * 1e-40, ..USUAL }),
        ("large", Odd { values: &|index| index as f32 * 1e18, ..USUAL }),
        ("gaps", Odd { values: &|index| if index % 3 == 0 { f32::NAN } else { index as f32 }, ..USUAL }),
        ("beyond", Odd { values: &|index| if index % 3 == 0 { f32::INFINITY } else { 1.0 }, ..USUAL }),
        ("far_apart", Odd { time: &[0.0, 1e8], ..USUAL }),
        ("at_the_poles", Odd { lat: &[90.0, 0.0, -90.0], ..USUAL }),
    ];
    for (name, odd) in cases {
        let path = folder.path().join(format!("{name}.nc"));
        odd.write(&path);
        let (drawn, refused) = all_kinds(&path);
        // The only reason: a trend and a deviation of one value are none, and zero days have no month but one.
        let is_known = |why: &String| why.contains("no value") || why.contains("has no day");
        assert!(refused.iter().all(is_known), "{name}: {refused:?}");
        for kind in ["map", "series", "hovmoller", "compare", "scatter", "climatology"] {
            assert!(drawn.contains(&kind), "{name} {kind}: {refused:?}");
        }
    }
}

#[test]
fn files_that_make_no_sense_are_refused_by_name() {
    let _alone = super::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let cases: [(&str, Odd); 14] = [
        ("no_time", Odd { time: &[], ..USUAL }),
        ("no_rows", Odd { lat: &[], ..USUAL }),
        ("no_columns", Odd { lon: &[], ..USUAL }),
        ("without_lat", Odd { without: "lat", ..USUAL }),
        ("without_time", Odd { without: "time", ..USUAL }),
        ("calendar", Odd { calendar: "lunar", ..USUAL }),
        ("units", Odd { units: "fortnights", ..USUAL }),
        ("no_units", Odd { units: "", ..USUAL }),
        ("time_falls", Odd { time: &[3.0, 2.0, 1.0, 0.0], ..USUAL }),
        ("time_is_nan", Odd { time: &[0.0, f64::NAN, 2.0, 3.0], ..USUAL }),
        ("time_is_far", Odd { time: &[0.0, 1e300, 2e300, 3e300], ..USUAL }),
        ("lat_is_nan", Odd { lat: &[f64::NAN, 0.0], ..USUAL }),
        ("lat_is_far", Odd { lat: &[1000.0, 0.0], ..USUAL }),
        ("lon_turns", Odd { lon: &[0.0, 1.0, 0.5], ..USUAL }),
    ];
    for (name, odd) in cases {
        let path = folder.path().join(format!("{name}.nc"));
        odd.write(&path);
        let (drawn, refused) = all_kinds(&path);
        assert!(drawn.is_empty(), "{name}: {drawn:?}");
        for why in refused {
            assert!(why.contains(&format!("{name}.nc")), "{name}: {why}");
        }
    }
    for (name, value) in [("masked", 1e20f32), ("nan", f32::NAN)] {
        let path = folder.path().join(format!("{name}.nc"));
        Odd { values: &move |_| value, ..USUAL }.write(&path);
        let (drawn, refused) = all_kinds(&path);
        assert!(
            drawn.is_empty() && refused.iter().all(|why| why.contains("no value")),
            "{name}: {drawn:?} {refused:?}"
        );
    }
}

#[test]
fn coordinates_and_attributes_of_other_types_do_no_harm() {
    let _alone = super::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("types.nc");
    let more = |file: &mut FileMut| {
        let mut v = file.variable_mut("v").expect("v");
        v.put_attribute("units", 7i32).expect("an attribute");
        v.put_attribute("long_name", vec![1.0f64, 2.0]).expect("an attribute");
        v.put_attribute("missing_value", f32::NAN).expect("an attribute");
        file.add_attribute("title", 3.5f32).expect("an attribute");
        // Bounds of a wrong shape are not believed.
        file.add_dimension("three", 3).expect("a dimension");
        let mut bounds = file.add_variable::<f64>("lat_bnds", &["lat", "three"]).expect("bounds");
        bounds.put_values(&[0.0; 6], ..).expect("values");
    };
    Odd { more: &more, ..USUAL }.write(&path);
    let (_, refused) = all_kinds(&path);
    assert!(refused.is_empty(), "{refused:?}");

    // A coordinate of text, and one of two dimensions.
    for (name, dimensions) in [("text.nc", &["lat", "lon"][..]), ("plane.nc", &["lat"][..])] {
        let path = folder.path().join(name);
        let mut file = netcdf::create(&path).expect("a file");
        for (name, length) in [("time", 2), ("lat", 2), ("lon", 2)] {
            file.add_dimension(name, length).expect("a dimension");
        }
        match dimensions {
            [_, _] => _ = file.add_variable::<f64>("lat", dimensions).expect("lat"),
            _ => _ = file.add_string_variable("lat", dimensions).expect("lat"),
        }
        file.add_variable::<f32>("v", &["time", "lat", "lon"]).expect("v");
        drop(file);
        let (drawn, refused) = all_kinds(&path);
        assert!(
            drawn.is_empty() && refused.iter().all(|why| why.contains(name)),
            "{name}: {drawn:?} {refused:?}"
        );
    }
}

#[test]
fn what_a_header_promises_takes_no_memory() {
    let _alone = super::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("vast.nc");
    let mut file = netcdf::create(&path).expect("a file");
    for name in ["time", "lat", "lon"] {
        file.add_dimension(name, 1_000_000_000).expect("a dimension");
        let mut axis = file.add_variable::<f64>(name, &[name]).expect("an axis");
        axis.set_chunking(&[1 << 16]).expect("chunks");
    }
    let mut variable = file.add_variable::<f32>("v", &["time", "lat", "lon"]).expect("v");
    variable.set_chunking(&[1, 1024, 1024]).expect("chunks");
    drop(file);
    let (drawn, refused) = all_kinds(&path);
    assert!(drawn.is_empty() && refused.iter().all(|why| why.contains("does not fit into")), "{refused:?}");
}

#[test]
fn packed_values_and_a_second_missing_value_are_understood() {
    let _alone = super::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("packed.nc");
    let mut file = netcdf::create(&path).expect("a file");
    for (name, values) in [("time", &[0.0][..]), ("lat", &[1.0, 0.0]), ("lon", &[10.0, 11.0])] {
        file.add_dimension(name, values.len()).expect("a dimension");
        file.add_variable::<f64>(name, &[name]).expect("an axis").put_values(values, ..).expect("values");
    }
    file.variable_mut("time").expect("time").put_attribute("units", "days since 2000-01-01").expect("units");
    let mut v = file.add_variable::<i16>("v", &["time", "lat", "lon"]).expect("v");
    v.put_attribute("_FillValue", -1i16).expect("a fill value");
    v.put_attribute("missing_value", -2i16).expect("a fill value");
    v.put_attribute("scale_factor", 0.5f32).expect("a scale");
    v.put_attribute("add_offset", 100.0f32).expect("an offset");
    v.put_values(&[-1i16, -2, 4, 10], ..).expect("values");
    drop(file);
    let map = Map::of(&format!("kind = 'map'\ninput = '{}'\nlevels = '0,101,103,104,106'", path.display()));
    let ramp = gridloom::draw::colours::ColourMap::parse("viridis").expect("a map");
    assert_eq!(map.around(0.0, 10.0), ramp.at(1.0 / 3.0), "102");
    assert_eq!(map.around(0.0, 11.0), ramp.at(1.0), "105");
    for lon in [10.0, 11.0] {
        let colour = map.around(1.0, lon);
        assert_eq!((colour.red, colour.green), (colour.green, colour.blue), "masked");
    }
}

#[test]
fn damage_in_files_by_others_never_makes_it_panic() {
    let _alone = super::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("whole.nc");
    let many: Vec<f64> = (0..60).map(f64::from).collect();
    Odd { time: &many, ..USUAL }.write(&path);
    let whole = std::fs::read(&path).expect("a file");
    let changed = folder.path().join("changed.nc");
    let picture = folder.path().join("p.svg").display().to_string();
    for turn in 0..40 {
        let mut bytes = whole.clone();
        let at = bytes.len() * turn / 40;
        match turn % 4 {
            0 => bytes.truncate(at),
            1 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << (turn % 8)),
            2 => bytes.iter_mut().skip(at).take(16).for_each(|byte| *byte = 0),
            _ => bytes.iter_mut().skip(at).take(8).for_each(|byte| *byte = 0xff),
        }
        std::fs::write(&changed, bytes).expect("a file");
        let kind = ["map", "series", "hovmoller"][turn % 3];
        let output = gridloom(&["plot", kind, changed.to_str().expect("UTF-8"), "-o", &picture, "-q"]);
        let error = String::from_utf8_lossy(&output.stderr);
        // Old versions of HDF5 crash by themselves on some damage of their own structures, as in ncdump; that is a signal.
        let code = output.status.code();
        assert!(
            matches!(code, None | Some(0..=2)) && !error.contains("panicked"),
            "{turn}: {code:?} {error}"
        );
        assert!(
            !matches!(code, Some(1 | 2)) || error.contains("changed.nc") || error.contains("no value"),
            "{turn}: {error}"
        );
    }
}

#[test]
fn rows_and_aggregates_of_gridloom_are_drawn() {
    let _alone = super::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let run = files::sample().display().to_string();
    let mut drawn = 0;
    for (name, variables, more) in [
        ("rows", ["csoil_2", "csoil_1"], &["--variables", "csoil", "--rows", "dimension"][..]),
        (
            "months",
            ["csoil_2", "csoil_2"],
            &["--variables", "csoil_2", "--every", "month", "--stat", "mean,max"][..],
        ),
    ] {
        let out = folder.path().join(name);
        let output = gridloom(&[&["grid", &run, "-o", &out.display().to_string(), "-q"], more].concat());
        assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
        for entry in std::fs::read_dir(&out).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.extension().is_none_or(|extension| extension != "nc") {
                continue;
            }
            for (index, kind) in ["map", "series", "climatology", "hovmoller"].into_iter().enumerate() {
                let picture = folder.path().join("p.png").display().to_string();
                let (path, variable) = (path.display().to_string(), variables[index % 2]);
                complete(&["plot", kind, &path, "--variable", variable, "-o", &picture, "-q"]);
                drawn += 1;
            }
        }
    }
    assert_eq!(drawn, 12, "pictures of three files");
}
