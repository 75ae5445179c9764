//! Two inputs in one picture: units agree, are converted, or it is refused; what else differs is told.

use std::path::{Path, PathBuf};

use super::{alone, drawn, gridloom, write_grid};

struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        Files(tempfile::tempdir().expect("a folder"))
    }

    /// A grid of one value, with attributes of its variable.
    fn grid(&self, name: &str, value: f32, attributes: &[(&str, &str)]) -> PathBuf {
        self.of(name, attributes, |_| value)
    }

    fn of(&self, name: &str, attributes: &[(&str, &str)], value: impl Fn(usize) -> f32) -> PathBuf {
        let path = self.0.path().join(name);
        write_grid(&path, &[0.25, -0.25], &[-60.0, -59.5], 4, |day, _, _| value(day));
        let mut file = netcdf::append(&path).expect("a grid");
        for (name, text) in attributes {
            let mut variable = file.variable_mut("v").expect("v");
            match *name {
                "calendar" => drop(file.variable_mut("time").expect("time").put_attribute("calendar", *text)),
                name => drop(variable.put_attribute(name, *text)),
            }
        }
        path
    }
}

fn difference(b: &Path, a: &Path, more: &str) -> gridloom::draw::scene::Scene {
    drawn(&format!("kind = 'map'\ninput = '{}'\ndifference = '{}'\n{more}", b.display(), a.display()))
}

fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let output = gridloom(arguments);
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn other_units_of_a_kind_are_converted_and_it_is_told() {
    let _alone = alone();
    let files = Files::new();
    let kilos = files.grid("kilos.nc", 3.0, &[("units", "kg m-2")]);
    let grams = files.grid("grams.nc", 1250.0, &[("units", "g m-2")]);
    let scene = difference(&kilos, &grams, "");
    assert!(scene.description.contains("from 1.75 to 1.75 kg m⁻²"), "{}", scene.description);
    assert!(scene.title.contains("grams.nc converted from g m-2"), "{}", scene.title);
    let scene = difference(&grams, &kilos, "");
    assert!(scene.description.contains("from −1750 to −1750 g m⁻²"), "{}", scene.description);
    let scene = drawn(&format!("kind = 'compare'\ninputs = ['{}', '{}']", kilos.display(), grams.display()));
    assert!(scene.description.contains("from −1.75 to −1.75 kg m⁻²"), "{}", scene.description);
    assert!(scene.title.contains("grams.nc converted from g m-2"), "{}", scene.title);
    // Sums over days: of the units that they make.
    let [daily, daily_grams] = [("daily.nc", 1.0, "kg m-2 day-1"), ("daily_grams.nc", 2.0, "g m-2 day-1")]
        .map(|(name, value, units)| files.grid(name, value, &[("units", units)]));
    let scene = difference(&daily, &daily_grams, "stat = 'sum'");
    assert!(scene.description.contains("from 3.992 to 3.992 kg m⁻²."), "{}", scene.description);
    assert!(scene.title.contains("daily_grams.nc converted from g m-2"), "{}", scene.title);

    // A temperature has a zero of its own; how it varies has not.
    let celsius = files.of("celsius.nc", &[("units", "degree_Celsius")], |day| 20.0 + day as f32);
    let kelvin = files.of("kelvin.nc", &[("units", "K")], |day| 290.15 + 2.0 * day as f32);
    let words = difference(&celsius, &kelvin, "").description;
    assert!(words.contains("from 1.5 to 1.5 °C"), "21.5 less 20: {words}");
    let words = difference(&celsius, &kelvin, "stat = 'std'").description;
    assert!(words.contains("from −1.291 to −1.291 °C"), "{words}");
    let (celsius, kelvin) = (celsius.display().to_string(), kelvin.display().to_string());
    let picture = files.0.path().join("p.png").display().to_string();
    let (code, words) =
        run(&["plot", "map", &celsius, "--difference", &kelvin, "--stat", "sum", "-o", &picture]);
    assert!(code == Some(2) && words.contains("no common zero"), "{words}");
    // Nor have files of sums.
    let [sums, sums_kelvin] =
        [("sums.nc", "degree_Celsius day"), ("sums_kelvin.nc", "K day")].map(|(name, units)| {
            files.grid(name, 1.0, &[("units", units), ("cell_methods", "time: sum")]).display().to_string()
        });
    let (code, words) = run(&["plot", "compare", &sums, &sums_kelvin, "-o", &picture]);
    assert!(code == Some(2) && words.contains("no common zero"), "{words}");
}

#[test]
fn units_of_other_kinds_are_refused_everywhere() {
    let _alone = alone();
    let files = Files::new();
    let picture = files.0.path().join("p.png").display().to_string();
    let state = files.grid("state.nc", 3.0, &[("units", "kg m-2")]).display().to_string();
    for (name, units) in
        [("flux.nc", "kg m-2 year-1"), ("lai.nc", "1"), ("none.nc", ""), ("odd.nc", "kg over m2")]
    {
        let other = files.grid(name, 1.0, &[("units", units)]).display().to_string();
        for arguments in [
            vec!["plot", "map", &state, "--difference", &other, "-o", &picture],
            vec!["plot", "compare", &state, &other, "-o", &picture],
        ] {
            let (code, words) = run(&arguments);
            assert_eq!(code, Some(2), "{units}: {words}");
            let shown = if units.is_empty() { "without units".to_owned() } else { format!("{units:?}") };
            assert!(
                words.contains(name) && words.contains("\"kg m-2\"") && words.contains(&shown),
                "{words}"
            );
            assert!(!Path::new(&picture).exists(), "{words}");
        }
    }
    // In a list as well.
    let list = files.0.path().join("figures.toml");
    std::fs::write(
        &list,
        "[[figure]]\nname = 'd'\nkind = 'map'\ninput = 'state.nc'\ndifference = 'flux.nc'\n",
    )
    .expect("a list");
    let (code, words) = run(&["figures", list.to_str().expect("UTF-8")]);
    assert!(code == Some(1) && words.contains("error: d: ") && words.contains("kg m-2 year-1"), "{words}");
    // Lines of other units have axes of their own.
    let flux = files.0.path().join("flux.nc").display().to_string();
    let scene = drawn(&format!("kind = 'series'\ninputs = ['{state}', '{flux}']"));
    let frames = scene.items.iter().filter(|item| {
        matches!(item, gridloom::draw::scene::Item::Text(text) if text.upwards && text.text.contains("kg m⁻²"))
    });
    assert_eq!(frames.count(), 2, "an axis for each unit");
}

#[test]
fn other_variables_calendars_days_and_cells_are_told() {
    let _alone = alone();
    let files = Files::new();
    let a = files.grid("a.nc", 3.0, &[("units", "kg m-2"), ("long_name", "Carbon in leaves")]);
    let b = files.grid(
        "b.nc",
        1.0,
        &[("units", "kg m-2"), ("long_name", "Carbon in wood"), ("calendar", "360_day")],
    );
    let title = difference(&a, &b, "").title;
    assert!(
        title.contains("Carbon in leaves − Carbon in wood") && title.contains("calendars noleap and 360_day"),
        "{title}"
    );
    assert!(title.contains("a.nc − b.nc"), "files tell where runs do not: {title}");
    let (a_text, b_text) = (a.display(), b.display());
    for kind in ["compare", "scatter", "series"] {
        let title = drawn(&format!(
            "kind = '{kind}'\ninputs = ['{a_text}', '{b_text}']\n{}",
            if kind == "scatter" { "every = 'all'" } else { "" }
        ))
        .title;
        assert!(title.contains("noleap and 360_day"), "{kind}: {title}");
        assert!(
            title.to_lowercase().contains("carbon in leaves and carbon in wood") || kind == "scatter",
            "{kind}: {title}"
        );
    }
    // Cells that only one has.
    let wide = files.0.path().join("wide.nc");
    write_grid(&wide, &[0.25, -0.25], &[-60.5, -60.0, -59.5], 4, |_, _, lon| lon as f32);
    let narrow = files.grid("narrow.nc", 1.0, &[]);
    let title = difference(&wide, &narrow, "").title;
    assert!(title.contains("4 of 6 cells, which both have"), "{title}");
}
