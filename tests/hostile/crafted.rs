//! Files that somebody made up: what they say is not worth memory or time before the file bears it out.

use super::*;

/// The most that a refusal may take: far below what the made-up numbers would.
const SECONDS: u64 = 30;
const MEBIBYTES: u64 = 600;

/// Runs commands with a limit on memory and processor time; says what the last one said.
fn bounded(words: &str, paths: &[&Path]) -> Output {
    let line = format!("ulimit -t {SECONDS}; ulimit -v {}; exec \"$@\"", (MEBIBYTES + 1400) << 10);
    let mut command = Command::new("sh");
    // Another test may have begun a process while a file was open here, which then has its lock as well.
    command.env("HDF5_USE_FILE_LOCKING", "FALSE");
    command.args(["-c", &line, "sh", PROGRAM]);
    let mut paths = paths.iter();
    for word in words.split(' ') {
        match word {
            "@" => command.arg(paths.next().expect("a path")),
            word => command.arg(word),
        };
    }
    command.output().expect("a shell")
}

/// Makes a NetCDF file.
fn netcdf(path: &Path, make: impl Fn(&mut netcdf::FileMut)) {
    let mut file = netcdf::create(path).expect("a file");
    make(&mut file);
    file.close().expect("a file");
}

fn axes(file: &mut netcdf::FileMut, days: usize, rows: usize, columns: usize) {
    for (name, length, units) in [
        ("time", days, "days since 1860-01-01"),
        ("lat", rows, "degrees_north"),
        ("lon", columns, "degrees_east"),
    ] {
        file.add_dimension(name, length).expect("a dimension");
        let mut variable = file.add_variable::<f64>(name, &[name]).expect("a variable");
        if length > 1000 {
            variable.set_chunking(&[length.min(1 << 16)]).expect("chunks");
            variable.set_compression(9, true).expect("a filter");
        } else {
            let values: Vec<f64> = (0..length).map(|index| 10.25 - 0.5 * index as f64).collect();
            variable.put_values(&values, ..).expect("values");
        }
        variable.put_attribute("units", units).expect("an attribute");
    }
    let mut data = file.add_variable::<f32>("npp", &["time", "lat", "lon"]).expect("a variable");
    data.set_chunking(&[1, rows.min(64), columns.min(64)]).expect("chunks");
    data.put_attribute("units", "kg m-2 s-1").expect("an attribute");
}

#[test]
fn small_grids_that_say_they_are_large_are_refused_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, picture) = (folder.path().join("large.nc"), folder.path().join("map.svg"));
    for [days, rows, columns] in [[1 << 40, 4, 4], [1 << 28, 4, 4], [2, 1 << 14, 1 << 14], [2, 4, 1 << 40]] {
        let _ = std::fs::remove_file(&path);
        netcdf(&path, |file| axes(file, days, rows, columns));
        assert!(path.metadata().expect("a file").len() < 100_000);
        for (words, paths) in [
            ("plot map @ -o @ -q", vec![path.as_path(), &picture]),
            ("tables @ -o @ -q", vec![path.as_path(), &folder.path().join("tables")]),
        ] {
            let output = bounded(words, &paths);
            let what = format!("{days} x {rows} x {columns}, {words}");
            assert_orderly(&output, &what);
            assert_eq!(output.status.code(), Some(1), "{what}: {}", talk(&output));
            assert!(talk(&output).contains("does not fit"), "{what}: {}", talk(&output));
        }
    }
}

#[test]
fn long_attributes_are_drawn_in_no_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, picture) = (folder.path().join("long.nc"), folder.path().join("map.svg"));
    let long = "a long name of many words ".repeat(16_000);
    netcdf(&path, |file| {
        axes(file, 1, 4, 4);
        file.add_attribute("title", long.as_str()).expect("an attribute");
        let mut data = file.variable_mut("npp").expect("the variable");
        data.put_attribute("long_name", long.as_str()).expect("an attribute");
        data.put_values(&[1f32; 16], ..).expect("values");
    });
    let output = bounded("plot map @ -o @ -q", &[&path, &picture]);
    assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
}
