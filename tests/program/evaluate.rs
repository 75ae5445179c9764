//! A model's grid beside observations: scores that numpy, xarray and CDO come to as well, and what cannot be compared told.

use gridloom_testkit::files::{self, name};
use gridloom_testkit::{here, program};

use super::zarr::{grid, gridloom};

fn npp() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("out");
    grid(&files::sample(), &out, &["--variables", "npp"]);
    let file = files::names(&out).into_iter().find(|name| name.starts_with("npp_") && name.ends_with(".nc"));
    let path = out.join(file.expect("a grid"));
    (folder, path)
}

#[test]
fn scores_are_those_of_numpy_xarray_and_cdo() {
    let Some(python) = here::python() else { return };
    let (folder, model) = npp();
    let program = program::path();
    let arguments = [program.as_path(), &model, folder.path()];
    let compared: usize = here::script(&python, "check_evaluate.py", &arguments).parse().expect("a number");
    assert!(compared > 60, "{compared}");
}

/// Against itself a model is perfect, whatever the number of threads.
#[test]
fn a_model_is_as_near_to_itself_as_can_be() {
    let (_folder, model) = npp();
    let found = |threads: &str| {
        let (status, said) =
            gridloom(&["evaluate", name(&model), name(&model), "--json", "-q", "--threads", threads]);
        assert_eq!(status, Some(0), "{said}");
        said
    };
    let said = found("1");
    assert_eq!(said, found("3"));
    let value: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    let scores = &value["scored"][0]["scores"];
    assert!(scores["pairs"].as_u64() > Some(1_000), "{scores}");
    for (key, wanted) in [("bias", 0.0), ("rmse", 0.0), ("ubrmse", 0.0), ("nse", 1.0)] {
        assert_eq!(scores[key].as_f64(), Some(wanted), "{key}");
    }
    for key in ["correlation", "kge"] {
        assert!(scores[key].as_f64().is_some_and(|found| (found - 1.0).abs() < 1e-12), "{key}: {scores}");
    }
}

#[test]
fn what_cannot_be_compared_is_refused_with_the_cure() {
    let (folder, model) = npp();
    let stations = folder.path().join("stations.csv");
    std::fs::write(&stations, "station,lat,lon,date,value\nA,4.0,-67.0,1800-01-01,1\n").expect("a file");
    let run = files::sample();
    let cases: [(&[&str], i32, &str); 7] = [
        (&[name(&stations), "--observed-units", "K"], 2, "one is not to be had from the other"),
        (&[name(&stations), "--observed-units", "gC/m2/d/K"], 2, "write \"g m-2 day-1 K-1\""),
        (&[name(&stations)], 3, "left out: station A: none of its times"),
        (&[name(&stations), "--coverage", "2"], 2, "0 to 1"),
        (&[name(&stations), "--observed-variable", "gpp"], 2, "wants a column gpp"),
        (&[name(&stations), "--from", "soon"], 2, "wants a date"),
        (&[name(&run)], 2, ""),
    ];
    for (arguments, wanted, words) in cases {
        let (status, said) = gridloom(&[&["evaluate", name(&model)], arguments].concat());
        assert!(
            status.is_some_and(|status| status == wanted || words.is_empty() && status != 0)
                && said.contains(words),
            "{arguments:?}: {status:?} {said}"
        );
    }
}

/// A station that is in no cell, and in none beside one, is not compared with the cell at the edge that is nearest.
#[test]
fn a_station_far_from_all_cells_is_left_out() {
    let (folder, model) = npp();
    let axis = |name: &str| -> Vec<f64> {
        let file = netcdf::open(&model).expect("the grid");
        file.variable(name).expect("coordinates").get_values(..).expect("numbers")
    };
    let (lats, lon) = (axis("lat"), axis("lon"));
    let (north, south) = (lats[0].max(lats[lats.len() - 1]), lats[0].min(lats[lats.len() - 1]));
    let (_, said) = gridloom(&["evaluate", name(&model), name(&model), "--json", "-q"]);
    let value: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    let day = value["periods"][0].as_str().expect("a day").to_owned();
    let stations = folder.path().join("stations.csv");
    let rows: String = [("alps", 45.0, 10.0), ("north", north + 0.6, lon[0]), ("south", south - 1.1, lon[0])]
        .map(|(station, lat, lon)| format!("{station},{lat},{lon},{day},1\n"))
        .concat();
    std::fs::write(&stations, format!("station,lat,lon,date,value\n{rows}")).expect("a file");
    let (status, said) = gridloom(&["evaluate", name(&model), name(&stations)]);
    assert_eq!(status, Some(3), "{said}");
    assert!(said.contains("left out: station alps: 45, 10 is outside of npp_"), "{said}");
    assert!(said.contains("left out: station south: ") && said.contains("is outside of"), "{said}");
    assert!(!said.contains(&format!("station north: {}", north + 0.6)), "within a cell of the edge: {said}");
}

/// What is not said to have units is taken for the model's, and that is told: of maps as of stations.
#[test]
fn observations_without_units_are_told() {
    let (folder, model) = npp();
    let map = folder.path().join("map.nc");
    std::fs::copy(&model, &map).expect("a copy");
    let mut file = netcdf::append(&map).expect("the copy");
    file.variable_mut("npp").expect("npp").put_attribute("units", "").expect("no units");
    drop(file);
    let told = "observations are taken for kg m-2 year-1, as the model's are";
    let (status, said) = gridloom(&["evaluate", name(&model), name(&map)]);
    assert!(status == Some(0) && said.contains(told), "{status:?} {said}");
    let (_, said) = gridloom(&["evaluate", name(&model), name(&map), "--json", "-q"]);
    let value: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert!(value["remarks"].to_string().contains(told), "{said}");
    for arguments in [&[name(&model)][..], &[name(&map), "--observed-units", "kg m-2 year-1"]] {
        let (_, said) = gridloom(&[&["evaluate", name(&model)], arguments].concat());
        assert!(!said.contains("taken for"), "{arguments:?}: {said}");
    }
}

/// Observations at times that the model lacks are counted, of maps as of stations; those that were not asked for are not.
#[test]
fn observations_outside_of_the_model_are_told() {
    let (folder, observed) = npp();
    let out = folder.path().join("short");
    grid(&files::sample(), &out, &["--variables", "npp", "--to", "1979-12-31"]);
    let file = files::names(&out).into_iter().find(|name| name.starts_with("npp_") && name.ends_with(".nc"));
    let model = out.join(file.expect("a grid"));
    let steps =
        |path: &std::path::Path| netcdf::open(path).expect("a grid").dimension("time").expect("time").len();
    let (all, own) = (steps(&observed), steps(&model));
    let lost = format!("{} of {all} daily periods of npp_", all - own);
    let (status, said) = gridloom(&["evaluate", name(&model), name(&observed)]);
    assert!(status == Some(0) && said.contains(&lost) && said.contains("not compared"), "{status:?} {said}");
    let (_, said) = gridloom(&["evaluate", name(&model), name(&observed), "--to", "1979-12-31"]);
    assert!(!said.contains("not compared"), "{said}");
    let (_, said) = gridloom(&["evaluate", name(&model), name(&observed), "--json", "-q"]);
    let value: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    let day = value["periods"][1].as_str().expect("a day").to_owned();
    let file = netcdf::open(&model).expect("the grid");
    let axis = |name: &str| file.variable(name).expect("an axis").get_value::<f64, _>(0).expect("a number");
    let place = format!("A,{},{}", axis("lat"), axis("lon"));
    let stations = folder.path().join("stations.csv");
    let rows =
        [day.as_str(), "1980-05-01", "1980-05-02", "1981-02-29"].map(|day| format!("{place},{day},1\n"));
    std::fs::write(&stations, format!("station,lat,lon,date,value\n{}", rows.concat())).expect("a file");
    let (status, said) = gridloom(&["evaluate", name(&model), name(&stations)]);
    for told in
        ["2 lines not compared: npp_", "1 line not compared: their dates are days that no calendar has"]
    {
        assert!(status == Some(0) && said.contains(told), "{told}: {status:?} {said}");
    }
    // A cell without its second dump has no value on that dump's days.
    let (_whole, whole) = npp();
    let degrees = |index: f64, first: f64, step: f64| first + step * index;
    let (lat, lon) = (degrees(171.0, 89.75, -0.5), degrees(226.0, -179.75, 0.5));
    let rows = ["1979-03-01", "1979-03-02", "1980-06-01"].map(|day| format!("B,{lat},{lon},{day},1\n"));
    std::fs::write(&stations, format!("station,lat,lon,date,value\n{}", rows.concat())).expect("a file");
    let (status, said) = gridloom(&["evaluate", name(&whole), name(&stations)]);
    assert!(
        status == Some(0)
            && said.contains("1 line not compared: npp_")
            && said.contains("has no value there"),
        "{status:?} {said}"
    );
}
