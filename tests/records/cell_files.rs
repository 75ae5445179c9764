//! NetCDF files of one cell each.

use std::path::Path;

use gridloom_testkit::{files, program};

fn run(words: &[&str], folder: &Path) -> (Option<i32>, String, String) {
    let output = program::command().args(words).current_dir(folder).output().expect("the program");
    (output.status.code(), String::from_utf8(output.stdout.clone()).expect("UTF-8"), program::talk(&output))
}

fn value(row: usize, column: usize, year: usize) -> f32 {
    (row * 100 + column * 10 + year) as f32 / 8.0
}

/// A file as pSIMS writes it: one cell, growing seasons, in the format of 64-bit offsets.
fn part(path: &Path, row: usize, column: usize) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    let mut file = netcdf::create_with(path, netcdf::Options::_64BIT_OFFSET).expect("a file");
    file.add_unlimited_dimension("time").expect("time");
    file.add_dimension("lat", 1).expect("lat");
    file.add_dimension("lon", 1).expect("lon");
    let mut time = file.add_variable::<i32>("time", &["time"]).expect("time");
    time.put_attribute("units", "growing seasons since 1980-01-01 00:00:00").expect("units");
    for name in ["lat", "lon"] {
        // pSIMS numbers places here, too; the path tells the cell.
        file.add_variable::<f64>(name, &[name]).expect("a place");
    }
    let mut yields = file.add_variable::<f32>("yield", &["time", "lat", "lon"]).expect("yield");
    yields.put_attribute("_FillValue", -99.0f32).expect("a fill value");
    yields.put_attribute("units", "kg/ha").expect("units");
    file.enddef().expect("a header");
    file.variable_mut("lat").expect("lat").put_value(row as f64, [0]).expect("lat");
    file.variable_mut("lon").expect("lon").put_value(column as f64, [0]).expect("lon");
    file.variable_mut("time").expect("time").put_values(&[0i32, 1, 2], ..).expect("time");
    let own: Vec<f32> = (0..3)
        .map(|year| if year == 1 && row == column { -99.0 } else { value(row, column, year) })
        .collect();
    file.variable_mut("yield").expect("yield").put_values(&own, ..).expect("yield");
    file.close().expect("a file");
    files::settle(path);
}

#[test]
fn parts_of_psims_become_a_grid() {
    let _turn = program::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let cells = [(101, 301), (101, 302), (102, 301), (103, 103)];
    for (row, column) in cells {
        part(&folder.path().join(format!("parts/{row:04}/{column}.psims.nc")), row, column);
    }
    let text = "[source]\nfiles = \"parts/{y}/{x}.psims.nc\"\n[source.cell]\ny = \"{y}\"\nx = \"{x}\"\nfirst = 1\nnorth_west = [89.75, -179.75]\nstep = 0.5\n";
    std::fs::write(folder.path().join("psims.toml"), text).expect("a description");
    let (code, _, said) = run(&["grid", "psims.toml", "-o", "out"], folder.path());
    assert_eq!(code, Some(0), "{said}");
    let (code, _, said) = run(&["verify", "psims.toml", "out"], folder.path());
    assert_eq!(code, Some(0), "{said}");
    let path = files::files_below(&folder.path().join("out"), "yield_").into_iter().next().expect("a grid");
    let file = netcdf::open(path).expect("NetCDF");
    let of = |name: &str| -> Vec<f64> { file.variable(name).expect(name).get_values(..).expect("values") };
    let (lat, lon, values) = (of("lat"), of("lon"), of("yield"));
    // lat = 90 - d (i - 1/2), and so for lon.
    let place = |index: usize| 0.5 * (index as f64 - 0.5);
    let mut there = 0;
    for (row, column) in cells {
        let y = lat.iter().position(|lat| *lat == 90.0 - place(row)).expect("a row");
        let x = lon.iter().position(|lon| *lon == place(column) - 180.0).expect("a column");
        for year in 0..3 {
            let found = values[(year * lat.len() + y) * lon.len() + x];
            let wanted = if year == 1 && row == column { 1e20f32 } else { value(row, column, year) };
            assert_eq!(found, f64::from(wanted), "{row} {column} {year}");
            there += usize::from(found < 1e19);
        }
    }
    assert_eq!(values.iter().filter(|value| **value < 1e19).count(), there);
    let units =
        file.variable("yield").expect("yield").attribute_value("units").expect("units").expect("units");
    assert_eq!(units, netcdf::AttributeValue::Str("kg/ha".to_owned()));
}

/// A cell's file with its own place, a dimension of labels and packed values, in the format of HDF5.
fn cell(path: &Path, place: (f64, f64), year: i32, days: usize, kind: &str) {
    let (lat, lon) = place;
    files::change_netcdf(path, |file| {
        file.add_unlimited_dimension("time")?;
        file.add_dimension("pft", 2)?;
        let mut time = file.add_variable::<f64>("time", &["time"])?;
        time.put_attribute("units", format!("days since {year}-01-01"))?;
        time.put_attribute("calendar", kind)?;
        time.put_values(&(0..days).map(|day| day as f64).collect::<Vec<_>>(), ..days)?;
        for (name, units, value) in [("latitude", "degrees_north", lat), ("longitude", "degrees_east", lon)] {
            let mut own = file.add_variable::<f64>(name, &[])?;
            own.put_attribute("units", units)?;
            own.put_value(value, ())?;
        }
        file.add_string_variable("pft", &["pft"])?;
        let mut pft = file.variable_mut("pft").expect("pft");
        pft.put_string("BNE", [0])?;
        pft.put_string("TeBS", [1])?;
        let number =
            |day: usize, row: usize| (lat * 10.0) as f32 + (lon * 3.0) as f32 + (day * 2 + row) as f32 / 16.0;
        let own: Vec<f32> = (0..days * 2).map(|at| number(at / 2, at % 2)).collect();
        let mut lai = file.add_variable::<f32>("lai", &["time", "pft"])?;
        lai.put_values(&own, (..days, ..))?;
        let mut soil = file.add_variable::<i16>("tsoil", &["time"])?;
        soil.put_attribute("scale_factor", 0.01f32)?;
        soil.put_attribute("add_offset", 273.15f32)?;
        soil.put_values(&(0..days as i16).map(|day| day * 3 - 50).collect::<Vec<_>>(), ..days)?;
        Ok(())
    });
    files::settle(path);
}

#[test]
fn places_labels_and_parts_in_time_are_found_out() {
    let _turn = program::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let places = [(10.25, 20.25), (10.25, 20.75), (9.75, 20.25)];
    for (number, place) in places.into_iter().enumerate() {
        cell(&folder.path().join(format!("{number}_2003.nc")), place, 2003, 365, "noleap");
        cell(&folder.path().join(format!("{number}_2004.nc")), place, 2004, 365, "365_day");
    }
    let (code, text, said) = run(&["inspect", "*_*.nc"], folder.path());
    assert_eq!(code, Some(0), "{said}");
    for part in
        ["format = \"netcdf\"", "calendar = \"noleap\"", "step = 0.5", "step = \"day\"", "lat = \"lat\""]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    let (code, _, said) = run(&["grid", "*_*.nc", "-o", "out", "--rows", "dimension"], folder.path());
    assert_eq!(code, Some(0), "{said}");
    let (code, _, said) = run(&["verify", "*_*.nc", "out"], folder.path());
    assert_eq!(code, Some(0), "{said}");
    let open = |name: &str| {
        let path = files::files_below(&folder.path().join("out"), name).into_iter().next().expect("a grid");
        netcdf::open(path).expect("NetCDF")
    };
    let file = open("lai_");
    let lai = file.variable("lai").expect("lai");
    let sizes: Vec<usize> = lai.dimensions().iter().map(netcdf::Dimension::len).collect();
    assert_eq!((sizes.as_slice(), lai.dimensions()[1].name().as_str()), ([730, 2, 2, 2].as_slice(), "pft"));
    let values: Vec<f32> = lai.get_values(..).expect("values");
    for (time, row, (y, x), place) in
        [(0, 1, (0, 0), 0), (364, 0, (0, 1), 1), (365, 0, (1, 0), 2), (729, 1, (0, 0), 0)]
    {
        let (lat, lon) = places[place];
        let wanted = (lat * 10.0) as f32 + (lon * 3.0) as f32 + ((time % 365) * 2 + row) as f32 / 16.0;
        assert_eq!(values[((time * 2 + row) * 2 + y) * 2 + x], wanted, "{time} {row}");
    }
    let soil: Vec<f32> = open("tsoil_").variable("tsoil").expect("soil").get_values(..).expect("values");
    let unpacked = |day: i16| (f64::from(day * 3 - 50) * f64::from(0.01f32) + f64::from(273.15f32)) as f32;
    assert_eq!((soil[0], soil[4 * 364]), (unpacked(0), unpacked(364)));
}

#[test]
fn other_files_are_named_and_the_rest_is_read() {
    let _turn = program::alone();
    let folder = tempfile::tempdir().expect("a folder");
    let own = |name: &str| folder.path().join(name);
    cell(&own("a.nc"), (10.25, 20.25), 2003, 10, "noleap");
    cell(&own("b.nc"), (10.25, 20.75), 2003, 10, "noleap");
    let bytes = std::fs::read(own("a.nc")).expect("a file");
    std::fs::write(own("d.nc"), &bytes[..bytes.len() / 2]).expect("a file");
    std::fs::write(own("e.nc"), b"CDF\x01 and nothing that is a header").expect("a file");
    for name in ["d.nc", "e.nc"] {
        files::settle(&own(name));
    }
    let (code, _, said) = run(&["grid", "*.nc", "-o", "out"], folder.path());
    assert_eq!(code, Some(3), "{said}");
    for part in ["d.nc", "e.nc"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let (code, _, said) = run(&["verify", "*.nc", "out"], folder.path());
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("0 differ"), "{said}");
    // One run has one calendar.
    cell(&own("c.nc"), (9.75, 20.75), 2003, 10, "360_day");
    let (code, _, said) = run(&["plan", "*.nc"], folder.path());
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("c.nc") && said.contains("its calendar is 360_day"), "{said}");
}
