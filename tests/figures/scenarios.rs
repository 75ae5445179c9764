//! A run before others in one line, and ensembles of runs.

use std::path::Path;

use gridloom::draw::scene::{Colour, Item, Scene};
use gridloom_testkit::files::{self, name};

use super::{complete, drawn, gridloom, write_grid};

/// A grid of one cell and days from one on, with a value for each.
fn run(folder: &Path, name: &str, first: usize, days: usize, value: impl Fn(usize) -> f32) -> String {
    let path = folder.join(format!("{name}.nc"));
    write_grid(&path, &[0.25], &[0.25], days, |day, _, _| value(day));
    files::change_netcdf(&path, |file| {
        let numbers: Vec<f64> = (first..first + days).map(|day| day as f64).collect();
        file.variable_mut("time").expect("time").put_values(&numbers, ..)
    });
    path.display().to_string()
}

/// What is drawn in a colour: of strokes their points, of shades the corners.
fn points(scene: &Scene, colour: Colour) -> (Vec<[f64; 2]>, Vec<[f64; 2]>) {
    let (mut strokes, mut shades) = (Vec::new(), Vec::new());
    for item in &scene.items {
        match item {
            Item::Stroke { lines, colour: own, .. } if *own == colour => {
                strokes.extend(lines.iter().flat_map(|line| line.points.iter().copied()));
            }
            Item::Fill { lines, colour: own, opacity } if *own == colour && *opacity < 1.0 => {
                shades.extend(lines.iter().flat_map(|line| line.points.iter().copied()));
            }
            _ => {}
        }
    }
    (strokes, shades)
}

/// The least and the greatest of numbers.
fn ends(numbers: impl Iterator<Item = f64>) -> (f64, f64) {
    numbers.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), one| (low.min(one), high.max(one)))
}

const BEFORE: Colour = Colour::grey(20);
const FIRST: Colour = gridloom::draw::colours::QUALITATIVE[0];

#[test]
fn a_run_goes_before_each_of_the_others_in_one_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let hist = run(folder.path(), "hist", 0, 60, |_| 2.0);
    let low = run(folder.path(), "low", 60, 30, |_| 8.0);
    let high = run(folder.path(), "high", 60, 30, |_| 12.0);
    let settings =
        format!("kind = 'series'\ninputs = ['{low}', '{high}']\nafter = '{hist}'\nspread = 'none'\n");
    let scene = drawn(&settings);
    // What goes before is told once, and each line by itself.
    for words in ["hist.nc: mean 2, from 2 to 2", "mean 8, from 8 to 8", "mean 12, from 12 to 12"] {
        assert_eq!(scene.description.matches(words).count(), 1, "{}", scene.description);
    }
    let (before, _) = points(&scene, BEFORE);
    let (own, _) = points(&scene, FIRST);
    let ((first, last), (from, to)) =
        (ends(before.iter().map(|[x, _]| *x)), ends(own.iter().map(|[x, _]| *x)));
    // 60 days of the one and 30 of the other; the line goes on from the last day before.
    assert!(first < last && (from - last).abs() < 1e-6 && to > from, "{first} {last} {from} {to}");
    let day = (last - first) / 59.0;
    assert!(((to - from) / day - 30.0).abs() < 1e-6, "{}", (to - from) / day);
    // The digest of what is before is among those of the inputs.
    let sources = scene.origin.iter().filter(|(key, _)| key == "Source").count();
    assert_eq!(sources, 3, "{:?}", scene.origin);
}

#[test]
fn an_ensemble_is_one_line_with_the_spread_of_its_inputs() {
    let folder = tempfile::tempdir().expect("a folder");
    let hist = run(folder.path(), "hist", 0, 60, |_| 2.0);
    let names = ["a", "b", "c"].iter().zip([6.0, 8.0, 13.0]);
    let inputs: Vec<String> =
        names.map(|(name, value)| format!("'{}'", run(folder.path(), name, 60, 30, |_| value))).collect();
    let settings =
        format!("kind = 'series'\ninputs = [{}]\nafter = '{hist}'\nrange = [0.0, 15.0]\n", inputs.join(","));
    // The middle is 9, the standard deviation of 6, 8 and 13 the root of 13.
    for (spread, low, high) in
        [("ensemble", 6.0, 13.0), ("ensemble-std", 9.0 - 13f64.sqrt(), 9.0 + 13f64.sqrt())]
    {
        let scene = drawn(&format!("{settings}spread = '{spread}'\n"));
        assert!(scene.description.contains("mean of 3 inputs: mean 9, from 9 to 9"), "{}", scene.description);
        let (before, _) = points(&scene, BEFORE);
        let (own, shade) = points(&scene, FIRST);
        // Heights by two that are known: 2 before, 9 behind.
        let two = before.first().expect("a line")[1];
        let nine = own.last().expect("a line")[1];
        let value = |y: f64| 2.0 + (y - two) / (nine - two) * 7.0;
        let (top, bottom) = ends(shade.iter().map(|[_, y]| *y));
        assert!((value(top) - high).abs() < 1e-6, "{spread}: {} is not {high}", value(top));
        assert!((value(bottom) - low).abs() < 1e-6, "{spread}: {} is not {low}", value(bottom));
    }
}

#[test]
fn what_does_not_follow_or_has_other_steps_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let hist = run(folder.path(), "hist", 0, 60, |_| 2.0);
    let next = run(folder.path(), "next", 60, 30, |_| 8.0);
    let late = run(folder.path(), "late", 70, 30, |_| 8.0);
    let early = run(folder.path(), "early", 50, 30, |_| 8.0);
    let picture = name(&folder.path().join("a.png")).to_owned();
    let told = complete(&["plot", "series", &late, "--after", &hist, "-o", &picture]);
    assert!(told.contains("note: gap:") && told.contains("the line is broken between them"), "{told}");
    let told = complete(&["plot", "series", &next, "--after", &hist, "-o", &picture, "--labels", "then,now"]);
    assert!(!told.contains("note:"), "{told}");
    let told = complete(&["plot", "series", &next, "--after", &hist, "-o", &picture, "--every", "year"]);
    assert!(told.contains("is drawn as two means"), "{told}");
    for (arguments, words) in [
        (vec!["series", &early, "--after", &hist], "which does not begin behind it"),
        (vec!["series", &next, &late, "--spread", "ensemble"], "are not the same steps"),
        (vec!["series", &next, "--spread", "ensemble-std"], "wants two inputs or more"),
        (vec!["climatology", &next, "--after", &hist], "--after"),
        (vec!["series", &next, "--after", &hist, "--labels", "a,b,c"], "a label names an input"),
        (vec!["series", &next, "--after", "no.nc"], "no.nc"),
    ] {
        let output = gridloom(&[&["plot"], &arguments[..], &["-o", &picture]].concat());
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() != Some(0) && error.contains(words), "{arguments:?}: {error}");
    }
    // The same words in a list, whose paths begin at its folder.
    let list = folder.path().join("figures.toml");
    let text = "output = 'out'\n[[figure]]\nname = 'a'\nkind = 'series'\ninputs = ['next.nc', 'late.nc']\nafter = 'hist.nc'\n\
                from = '2000-01-01'\nevery = 'month'\nspread = 'none'\n";
    std::fs::write(&list, text).expect("a list");
    complete(&["figures", name(&list)]);
    assert!(folder.path().join("out/a.png").is_file());
    // It is out of date when the run before has changed.
    run(folder.path(), "hist", 0, 60, |_| 3.0);
    let check = gridloom(&["figures", name(&list), "--check"]);
    assert_eq!(check.status.code(), Some(5), "{}", String::from_utf8_lossy(&check.stderr));
}

/// Numbers of an ensemble are those of its members, and not of what goes before them.
#[test]
fn an_ensemble_is_told_without_what_is_before_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let hist = run(folder.path(), "hist", 0, 60, |_| 90.0);
    let low = run(folder.path(), "low", 60, 30, |_| 8.0);
    let high = run(folder.path(), "high", 60, 30, |_| 12.0);
    let scene = drawn(&format!(
        "kind = 'series'\ninputs = ['{low}', '{high}']\nafter = '{hist}'\nspread = 'ensemble'\n"
    ));
    let words = "mean of 2 inputs: mean 10, from 10 to 10";
    assert!(scene.description.contains(words), "{}", scene.description);
    assert!(scene.description.contains("hist.nc: mean 90, from 90 to 90"), "{}", scene.description);
}

/// Below the title stands what is of all lines: the cell, and neither the variable nor the run of the first.
#[test]
fn a_cell_of_several_runs_is_named_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let [one, other] = ["one", "other"].map(|name| run(folder.path(), name, 0, 40, |day| day as f32));
    let scene = drawn(&format!("kind = 'series'\ninputs = ['{one}', '{other}']\ncells = [[0.25, 0.25]]\n"));
    assert!(scene.title.contains("· 0.25°N 0.25°E"), "{}", scene.title);
    assert!(!scene.title.contains("one.nc") && scene.description.contains("one.nc, 0.25"), "{}", scene.title);
}
