//! Cells that are named by texts or told in metres, and times that are years with decimals.

use std::path::Path;

use gridloom_testkit::{files, program};

fn run(words: &[&str], folder: &Path) -> (Option<i32>, String) {
    let output = program::command().args(words).current_dir(folder).output().expect("the program");
    (output.status.code(), program::talk(&output))
}

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).expect("a file");
    files::settle(&folder.join(name));
}

/// A grid of a description, proved; its values, and what was said.
fn grid(folder: &Path, description: &str, status: i32) -> (Vec<f32>, String) {
    std::fs::write(folder.join("made.toml"), description).expect("a description");
    let _ = std::fs::remove_dir_all(folder.join("out"));
    let (code, said) = run(&["grid", "made.toml", "-o", "out"], folder);
    assert_eq!(code, Some(status), "{said}");
    let (code, proof) = run(&["verify", "made.toml", "out"], folder);
    assert_eq!(code, Some(status), "{proof}");
    assert!(proof.contains("0 differ"), "{proof}");
    let path = files::files_below(&folder.join("out"), "flow_").into_iter().next().expect("a grid");
    let file = netcdf::open(path).expect("NetCDF");
    (file.variable("flow").expect("flow").get_values(..).expect("values"), said)
}

const CELLS: &str = "id,lat,lon\nIvrea,45.25,7.75\nPont St Martin,45.75,7.75\n12,45.25,8.25\n";

#[test]
fn cells_have_names() {
    let _turn = program::alone();
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "cells.csv", CELLS);
    let lines = "station,year,flow\nIvrea,2001,1.5\nPont St Martin,2001,2.5\n12,2001,3.5\nIvrea,2002,4.5\n";
    write(folder.path(), "a.csv", lines);
    let description = "[source]\nfiles = \"a.csv\"\n[source.cell]\nid = \"station\"\ntable = \"cells.csv\"\nstep = 0.5\n[source.time]\nyear = \"year\"\n";
    let (values, _) = grid(folder.path(), description, 0);
    let wanted = [2.5, 1e20, 1.5, 3.5, 1e20, 1e20, 4.5, 1e20];
    assert_eq!(values, wanted);
    // A name that the table has not, letter by letter, is a fault.
    write(folder.path(), "a.csv", &(lines.to_owned() + "ivrea,2003,1\nIvrea,2003,5.5\n"));
    let (values, said) = grid(folder.path(), description, 3);
    assert_eq!(values[..8], wanted);
    assert_eq!(values[8 + 2], 5.5);
    assert!(said.contains("a.csv, line 6: the cell \"ivrea\" is not in the table of cells"), "{said}");
    // In paths, too.
    for (name, value) in [("Ivrea", "1.5"), ("12", "3.5"), ("nowhere", "9")] {
        write(folder.path(), &format!("of_{name}.csv"), &format!("year,flow\n2001,{value}\n"));
    }
    let description = description.replace("a.csv", "of_{id}.csv").replace("\"station\"", "\"{id}\"");
    let (values, said) = grid(folder.path(), &description, 3);
    assert_eq!(values, [1.5, 3.5]);
    assert!(said.contains("of_nowhere.csv") && said.contains("\"nowhere\""), "{said}");
}

#[test]
fn cells_are_in_metres_of_a_projection() {
    let _turn = program::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let lines = "easting,northing,year,flow\n500500,5030500,2001,1.5\n501500,5030500,2001,2.5\n500500.01,5032500,2001,3.5\n";
    write(folder.path(), "a.csv", lines);
    let description = "[source]\nfiles = \"a.csv\"\n[source.cell]\ny = \"northing\"\nx = \"easting\"\ncrs = \"EPSG:32632\"\nstep = 1000\n[source.time]\nyear = \"year\"\n";
    let (values, _) = grid(folder.path(), description, 0);
    assert_eq!(values, [3.5, 1e20, 1e20, 1e20, 1.5, 2.5]);
    let path = files::files_below(&folder.path().join("out"), "flow_").into_iter().next().expect("a grid");
    let file = netcdf::open(path).expect("NetCDF");
    let numbers =
        |name: &str| file.variable(name).expect("a coordinate").get_values::<f64, _>(..).expect("values");
    assert_eq!(
        (numbers("y"), numbers("x")),
        (vec![5_032_500.0, 5_031_500.0, 5_030_500.0], vec![500_500.0, 501_500.0])
    );
    // Zone 32 has its middle, of 500 km, at 9° east.
    assert!(
        (numbers("lon")[0] - 9.0066).abs() < 1e-3 && (numbers("lat")[0] - 45.4445).abs() < 1e-2,
        "{:?}",
        numbers("lat")
    );
    // Corners are others than cells' own places; one off the grid is named.
    let (values, _) =
        grid(folder.path(), &description.replace("step = 1000", "size = 1000\nat = \"south-west\""), 0);
    assert_eq!(values.len(), 6);
    write(folder.path(), "a.csv", &(lines.to_owned() + "500750,5030500,2001,9\n"));
    let (_, said) = grid(folder.path(), description, 3);
    assert!(said.contains("line 5: place 5030500, 500750 is not on the grid"), "{said}");
    for (more, cure) in [("south_west = [500000, 5030000]", "leave south_west out"), ("", "give step")] {
        let text = description.replace("step = 1000\n", &format!("{more}\n"));
        std::fs::write(folder.path().join("made.toml"), text).expect("a description");
        let (code, said) = run(&["grid", "made.toml", "-o", "other"], folder.path());
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(cure), "{said}");
    }
}

#[test]
fn years_have_decimals() {
    let _turn = program::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let text = |shift: f64, decimals: usize| {
        let mut text = "lat,lon,time,flow\n".to_owned();
        for (lat, month) in [45.25, 45.75].into_iter().flat_map(|lat| (0..24).map(move |month| (lat, month)))
        {
            let time = 1990.0 + (f64::from(month) + shift) / 12.0;
            text += &format!("{lat},7.75,{time:.decimals$},{}\n", f64::from(month) + lat);
        }
        text
    };
    let description = |label: &str| {
        format!(
            "[source]\nfiles = \"a.csv\"\n[source.time]\nstamp = {{ column = \"time\", units = \"years\" }}\nstep = \"month\"\ncalendar = \"noleap\"\nlabel = \"{label}\"\n"
        )
    };
    let wanted: Vec<f32> =
        (0..24).flat_map(|month| [45.75, 45.25].map(|lat| (f64::from(month) + lat) as f32)).collect();
    for (label, shift, decimals) in [("start", 0.0, 4), ("middle", 0.5, 4), ("end", 1.0, 2), ("end", 1.0, 9)]
    {
        write(folder.path(), "a.csv", &text(shift, decimals));
        let (values, said) = grid(folder.path(), &description(label), 0);
        assert_eq!(values, wanted, "{label} {decimals}: {said}");
    }
    // What is not told is asked for, and what cannot be told is a fault.
    write(folder.path(), "a.csv", &text(0.0, 4));
    let (code, said) = run(&["inspect", "a.csv"], folder.path());
    assert!(code == Some(2) && said.contains("units = \"years\""), "{code:?}: {said}");
    write(folder.path(), "a.csv", &(text(0.0, 4) + "45.25,7.75,1991.5123,7\n"));
    let (values, said) = grid(folder.path(), &description("start"), 3);
    assert_eq!(values, wanted);
    assert!(said.contains("a.csv, line 50: 1991.5123 has too few decimals, or others"), "{said}");
}
