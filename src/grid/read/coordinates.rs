//! A file's coordinates, as they stand in it.

use netcdf::AttributeValue;

/// Bounds of an axis, two a step; none where the file has none, and words where they cannot be read.
pub(super) type Bounds = std::result::Result<Vec<f64>, String>;

/// Values, bounds and texts of the axes of a file; nothing of it is understood yet.
pub(super) struct Coordinates {
    pub time: Vec<f64>,
    pub time_bounds: Bounds,
    /// The attributes of time; empty where it has none.
    pub units: String,
    pub calendar: String,
    pub lat: Vec<f64>,
    pub lat_bounds: Bounds,
    pub lon: Vec<f64>,
    pub lon_bounds: Bounds,
}

impl Coordinates {
    /// # Errors
    /// In words, which coordinate is missing or cannot be read.
    pub(super) fn read(file: &netcdf::File) -> std::result::Result<Self, String> {
        let (lat, lon, time) = (doubles(file, "lat")?, doubles(file, "lon")?, doubles(file, "time")?);
        let of_time = |name: &str| {
            text(file.variable("time").and_then(|time| time.attribute_value(name))).unwrap_or_default()
        };
        Ok(Coordinates {
            units: of_time("units"),
            calendar: of_time("calendar"),
            time_bounds: bounds(file, "time"),
            lat_bounds: bounds(file, "lat"),
            lon_bounds: bounds(file, "lon"),
            time,
            lat,
            lon,
        })
    }
}

fn doubles(file: &netcdf::File, name: &str) -> std::result::Result<Vec<f64>, String> {
    let variable = file.variable(name).ok_or_else(|| format!("it has no coordinate {name}"))?;
    variable.get_values(..).map_err(|error| format!("{name}: {error}"))
}

/// The bounds of a coordinate: those that it names, or else those of the usual name.
fn bounds(file: &netcdf::File, coordinate: &str) -> Bounds {
    let named = text(file.variable(coordinate).and_then(|own| own.attribute_value("bounds")));
    match file.variable(&named.unwrap_or_else(|| format!("{coordinate}_bnds"))) {
        Some(variable) => variable.get_values((.., ..)).map_err(|error| error.to_string()),
        None => Ok(Vec::new()),
    }
}

/// An attribute that is a text.
pub(super) fn text(value: Option<netcdf::Result<AttributeValue>>) -> Option<String> {
    match value?.ok()? {
        AttributeValue::Str(text) => Some(text),
        _ => None,
    }
}
