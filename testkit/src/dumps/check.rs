//! Reads outputs with the NetCDF library and compares every place of them with what the model says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Dump, Model, Variable};

/// What was compared.
#[derive(Debug, Default, Clone)]
pub struct Seen {
    /// Files.
    pub files: usize,
    /// Places that hold a value.
    pub values: usize,
    /// Places that are masked.
    pub masked: usize,
    /// The first day of the last file.
    pub first_day: i64,
    /// The days of the last file.
    pub days: usize,
    /// The latitudes of the last file.
    pub lat: Vec<f64>,
    /// The longitudes of the last file.
    pub lon: Vec<f64>,
}

/// The grids of a folder, sorted.
pub fn files(out: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(out)
        .expect("the output folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "nc"))
        .collect();
    files.sort();
    files
}

/// The file of an output variable.
pub fn file_of(out: &Path, name: &str) -> PathBuf {
    let prefix = format!("{name}_made_up_");
    let mut found = files(out)
        .into_iter()
        .filter(|path| path.file_name().expect("a name").to_string_lossy().starts_with(&prefix));
    found.next().unwrap_or_else(|| panic!("no file of {name} in {}", out.display()))
}

/// An attribute that is a text: of a variable, or of the file.
pub fn text(file: &netcdf::File, variable: Option<&str>, name: &str) -> String {
    let value = match variable {
        Some(variable) => file.variable(variable).and_then(|v| v.attribute_value(name)?.ok()),
        None => file.attribute(name).and_then(|attribute| attribute.value().ok()),
    };
    match value {
        Some(netcdf::AttributeValue::Str(text)) => text,
        other => panic!("{variable:?}:{name} is {other:?}"),
    }
}

/// All values of a variable of doubles.
pub fn doubles(file: &netcdf::File, name: &str) -> Vec<f64> {
    let variable = file.variable(name).unwrap_or_else(|| panic!("no {name}"));
    variable.get_raw_values(..).map(|bytes| to_doubles(&bytes)).unwrap_or_else(|_| {
        to_doubles(&variable.get_raw_values((.., ..)).unwrap_or_else(|error| panic!("{name}: {error}")))
    })
}

fn to_doubles(bytes: &[u8]) -> Vec<f64> {
    bytes.as_chunks::<8>().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect()
}

/// Compares all files of a folder with a run all of whose dumps are sound.
pub fn exact(model: &Model, out: &Path) -> Seen {
    exact_but(model, out, |_, _| true)
}

/// The same where some dumps, or some of their variables, must be missing.
pub fn exact_but(model: &Model, out: &Path, is_there: impl Fn(&Dump, &Variable) -> bool) -> Seen {
    let mut seen = Seen::default();
    for path in files(out) {
        file(model, &path, &is_there, &mut seen);
    }
    seen
}

/// The variable of a file and the rows that it holds, counted from 0.
fn content<'a>(model: &'a Model, file: &netcdf::File) -> (String, &'a Variable, Vec<usize>) {
    let data: Vec<_> = file
        .variables()
        .filter(|variable| variable.dimensions().first().is_some_and(|d| d.name() == "time"))
        .filter(|variable| variable.dimensions().len() >= 3)
        .collect();
    let [data] = &data[..] else { panic!("{} variables over time", data.len()) };
    let dimensions: Vec<String> = data.dimensions().iter().map(|dimension| dimension.name()).collect();
    let name = data.name();
    if let [time, rows, lat, lon] = &dimensions[..] {
        assert_eq!((time.as_str(), lat.as_str(), lon.as_str()), ("time", "lat", "lon"));
        let variable = model.variables.iter().find(|variable| variable.key == name).expect("a variable");
        let numbers: Vec<i32> = file.variable(rows).expect("labels").get_values(..).expect("labels");
        return (name, variable, numbers.iter().map(|&number| number as usize - 1).collect());
    }
    assert_eq!(dimensions, ["time", "lat", "lon"]);
    let found = model.variables.iter().find_map(|variable| {
        let count = variable.rows.unwrap_or(1);
        (0..count).map(|row| (variable, row)).find(|(variable, row)| match variable.rows {
            None => variable.key == name,
            Some(_) => format!("{}_{}", variable.key, row + 1) == name,
        })
    });
    let (variable, row) = found.unwrap_or_else(|| panic!("{name} is no variable of the run"));
    (name, variable, vec![row])
}

fn axes(file: &netcdf::File) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let axis = |name: &str| doubles(file, name);
    let (time, lat, lon) = (axis("time"), axis("lat"), axis("lon"));
    for pair in lat.windows(2) {
        assert_eq!(pair[0] - pair[1], 0.5, "lat runs from north to south without gaps");
    }
    for pair in lon.windows(2) {
        assert_eq!(pair[1] - pair[0], 0.5, "lon runs eastward without gaps");
    }
    for pair in time.windows(2) {
        assert_eq!(pair[1] - pair[0], 1.0, "time has every day");
    }
    let edges = |name: &str, values: &[f64], before: f64, after: f64| {
        let wanted: Vec<f64> = values.iter().flat_map(|value| [value - before, value + after]).collect();
        assert_eq!(doubles(file, name), wanted, "{name}");
    };
    edges("time_bnds", &time, 0.0, 1.0);
    edges("lat_bnds", &lat, 0.25, 0.25);
    edges("lon_bnds", &lon, 0.25, 0.25);
    (time, lat, lon)
}

fn file(model: &Model, path: &Path, is_there: &impl Fn(&Dump, &Variable) -> bool, seen: &mut Seen) {
    let file = netcdf::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (name, variable, row_numbers) = content(model, &file);
    let (time, lat, lon) = axes(&file);
    assert_eq!(text(&file, Some("time"), "units"), model.unit);
    assert_eq!(text(&file, Some("time"), "calendar"), model.calendar);
    let (size, fill) = (variable.kind.size(), variable.kind.fill());
    let data = file.variable(&name).expect("the data");
    let bytes = match data.dimensions().len() {
        4 => data.get_raw_values((.., .., .., ..)),
        _ => data.get_raw_values((.., .., ..)),
    };
    let bytes = bytes.unwrap_or_else(|error| panic!("{name}: {error}"));
    let shape = [time.len(), row_numbers.len(), lat.len(), lon.len()];
    assert_eq!(bytes.len(), shape.iter().product::<usize>() * size, "{name} is {shape:?}");

    let first_day = time[0] as i64;
    assert_eq!(first_day as f64, time[0], "a day starts at midnight");
    // Longitudes of a window across the date line count on past 180.
    let rows: BTreeMap<u32, usize> =
        lat.iter().enumerate().map(|(at, lat)| (((89.75 - lat) * 2.0) as u32, at)).collect();
    let columns: BTreeMap<u32, usize> =
        lon.iter().enumerate().map(|(at, lon)| (((lon + 179.75) * 2.0) as u32 % 720, at)).collect();
    let mut wanted = vec![fill; shape.iter().product()];
    for dump in model.dumps.iter().filter(|dump| is_there(dump, variable)) {
        let Some((y, x)) = rows.get(&dump.cell.0).zip(columns.get(&dump.cell.1)) else { continue };
        for day in dump.first.max(first_day)..(dump.first + dump.days).min(first_day + shape[0] as i64) {
            for (index, &row) in row_numbers.iter().enumerate() {
                let at = (((day - first_day) as usize * shape[1] + index) * shape[2] + y) * shape[3] + x;
                wanted[at] = model.expected(variable, row, dump.cell, day);
            }
        }
    }
    for (at, (&wanted, found)) in wanted.iter().zip(bytes.chunks_exact(size)).enumerate() {
        let found = variable.kind.bits(found);
        if found != wanted {
            let place = at / shape[3] / shape[2];
            panic!(
                "{name}: time {}, row {}, lat {}, lon {}: found {found:#x}, wanted {wanted:#x} (fill {fill:#x})",
                time[place / shape[1]],
                row_numbers[place % shape[1]],
                lat[at / shape[3] % shape[2]],
                lon[at % shape[3]],
            );
        }
        if wanted == fill {
            seen.masked += 1;
        } else {
            seen.values += 1;
        }
    }
    seen.files += 1;
    (seen.first_day, seen.days, seen.lat, seen.lon) = (first_day, time.len(), lat, lon);
}
