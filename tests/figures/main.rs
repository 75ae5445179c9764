//! Figures: that what is drawn is what the files hold, in its place, and the same every time.
#![cfg(feature = "figures")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod biomass;
mod change;
mod choices;
mod evaluation;
mod foreign;
mod golden;
mod hostile;
mod list;
mod losses;
mod numbers;
mod once;
mod outputs;
mod pairs;
mod periods;
mod places;
mod report;
mod scenarios;
mod speed;
mod tables;
mod taylor;
mod values;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use gridloom::draw::png;
use gridloom::draw::scene::{Colour, Scene};
use gridloom::figure::{Draft, Gather, Spec};
use gridloom_testkit::files;
use gridloom_testkit::program::{self, alone};

/// Dots per inch of pictures that are sampled.
const DOTS: f64 = 200.0;

/// Runs the program.
fn gridloom(arguments: &[&str]) -> std::process::Output {
    assert_cmd::Command::new(program::path()).args(arguments).output().expect("the program")
}

/// Runs the program, which must end well.
fn complete(arguments: &[&str]) -> String {
    let output = gridloom(arguments);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {error}");
    error
}

/// Grids of the sample run: npp, csoil_2, made once.
fn grids() -> &'static Path {
    static GRIDS: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = GRIDS.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("grids");
        let run = files::sample();
        let output = gridloom(&[
            "grid",
            run.to_str().expect("UTF-8"),
            "-o",
            path.to_str().expect("UTF-8"),
            "--variables",
            "npp,lai,csoil_2",
            "-q",
        ]);
        assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
        (folder, path)
    });
    path
}

/// The grid of a variable.
fn grid(variable: &str) -> String {
    grids().join(format!("{variable}_sample_run_19790101_19810930.nc")).display().to_string()
}

/// A picture of settings in TOML.
fn drawn(settings: &str) -> Scene {
    let spec: Spec = toml::from_str(settings).expect("settings");
    let mut gather = Gather::default();
    let draft = Draft::of(&spec, &mut gather).expect("a draft");
    draft.draw(&spec, &gather.run()).expect("a picture")
}

/// A map that can be asked for the colour of a place.
struct Map {
    pixels: png::Pixels,
    frame: [f64; 4],
    extent: [f64; 4],
}

impl Map {
    fn of(settings: &str) -> Map {
        let scene = drawn(settings);
        let (_, words) = scene.origin.iter().find(|(key, _)| key == "frame").expect("a frame");
        let numbers: Vec<f64> = words.split([' ', '°']).filter_map(|word| word.parse().ok()).collect();
        let [left, right, west, east, top, bottom, north, south] = numbers[..] else { panic!("{words}") };
        let pixels = png::pixels(&scene, DOTS).expect("pixels");
        Map { pixels, frame: [left, top, right, bottom], extent: [west, north, east, south] }
    }

    /// Degrees in a pixel.
    fn step(&self) -> f64 {
        let [left, _, right, _] = self.frame;
        (self.extent[2] - self.extent[0]) / ((right - left) / 72.0 * DOTS)
    }

    /// The colour of the pixel at a place, moved by so many pixels.
    fn at(&self, lat: f64, lon: f64, (right, down): (i64, i64)) -> Colour {
        let [left, top, right_edge, bottom] = self.frame;
        let [west, north, east, south] = self.extent;
        let x = left + (lon - west) / (east - west) * (right_edge - left);
        let y = top + (lat - north) / (south - north) * (bottom - top);
        let pixel = |points: f64, by: i64| ((points / 72.0 * DOTS).floor() as i64 + by) as u32;
        self.pixels.colour(pixel(x, right), pixel(y, down)).expect("a place on the picture")
    }

    /// The colour that most of five pixels around a place have: a coast may cross it.
    fn around(&self, lat: f64, lon: f64) -> Colour {
        let colours = [(0, 0), (4, 0), (-4, 0), (0, 4), (0, -4)].map(|by| self.at(lat, lon, by));
        *colours.iter().max_by_key(|one| colours.iter().filter(|other| one == other).count()).expect("five")
    }
}

/// Writes a grid of one variable `v` as other programs write them: contiguous, without bounds.
fn write_grid(path: &Path, lat: &[f64], lon: &[f64], days: usize, value: impl Fn(usize, f64, f64) -> f32) {
    let mut file = netcdf::create(path).expect("a file");
    file.add_dimension("time", days).expect("time");
    file.add_dimension("lat", lat.len()).expect("lat");
    file.add_dimension("lon", lon.len()).expect("lon");
    let mut time = file.add_variable::<f64>("time", &["time"]).expect("time");
    time.put_attribute("units", "days since 2000-01-01").expect("units");
    time.put_attribute("calendar", "noleap").expect("calendar");
    let numbers: Vec<f64> = (0..days).map(|day| day as f64).collect();
    time.put_values(&numbers, ..).expect("days");
    file.add_variable::<f64>("lat", &["lat"]).expect("lat").put_values(lat, ..).expect("lat");
    file.add_variable::<f64>("lon", &["lon"]).expect("lon").put_values(lon, ..).expect("lon");
    let mut values = Vec::new();
    for day in 0..days {
        for &lat in lat {
            values.extend(lon.iter().map(|&lon| value(day, lat, lon)));
        }
    }
    let mut variable = file.add_variable::<f32>("v", &["time", "lat", "lon"]).expect("v");
    variable.put_attribute("_FillValue", 1e20f32).expect("a fill value");
    variable.put_attribute("units", "1").expect("units");
    variable.put_values(&values, ..).expect("values");
    file.add_attribute("title", "v of test").expect("a title");
}

/// Centres of a global grid.
fn centres(step: f64, from: f64, to: f64) -> Vec<f64> {
    let count = ((to - from) / step).round() as usize;
    (0..count).map(|index| from + (index as f64 + 0.5) * step).collect()
}
