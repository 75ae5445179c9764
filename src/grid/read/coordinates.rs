//! A file's coordinates, as they stand in it.

use netcdf::AttributeValue;

use crate::model::grid::Grid;
use crate::model::projection::Projection;

/// Bounds of an axis, two a step; none where the file has none, and words where they cannot be read.
pub(crate) type Bounds = std::result::Result<Vec<f64>, String>;

/// Values, bounds and texts of the axes of a file; nothing of it is understood yet.
pub(crate) struct Coordinates {
    pub time: Vec<f64>,
    pub time_bounds: Bounds,
    /// The attributes of time; empty where it has none.
    pub units: String,
    pub calendar: String,
    /// Latitudes of rows, or a projection's y.
    pub y: Vec<f64>,
    pub y_bounds: Bounds,
    /// Longitudes of columns, or a projection's x.
    pub x: Vec<f64>,
    pub x_bounds: Bounds,
    /// The projection whose y and x these are.
    pub projection: Option<Projection>,
    /// The grid that the file says that its cells are of, where it is not the globe's.
    pub grid: Option<Grid>,
}

impl Coordinates {
    /// # Errors
    /// In words, which coordinate is missing or cannot be read.
    pub(super) fn read(file: &netcdf::File) -> std::result::Result<Self, String> {
        let is_axis = |name: &str| file.variable(name).is_some_and(|axis| axis.dimensions().len() == 1);
        let is_projected = !is_axis("lat") && is_axis("y") && is_axis("x");
        let [y_name, x_name] = if is_projected { ["y", "x"] } else { ["lat", "lon"] };
        let (y, x, time) = (doubles(file, y_name)?, doubles(file, x_name)?, doubles(file, "time")?);
        let mapping = file.variables().find(|variable| variable.attribute("grid_mapping_name").is_some());
        let projection = match (is_projected, &mapping) {
            (false, _) => None,
            (true, None) => {
                return Err("it has y and x, but no grid mapping that says of which projection".to_owned());
            }
            (true, Some(mapping)) => Some(projection(mapping)?),
        };
        let grid = mapping.and_then(|mapping| text(mapping.attribute_value("gridloom_grid")));
        let of_time = |name: &str| {
            text(file.variable("time").and_then(|time| time.attribute_value(name))).unwrap_or_default()
        };
        Ok(Coordinates {
            units: of_time("units"),
            calendar: of_time("calendar"),
            time_bounds: bounds(file, "time"),
            y_bounds: bounds(file, y_name),
            x_bounds: bounds(file, x_name),
            projection,
            grid: grid.and_then(|text| serde_json::from_str(&text).ok()),
            time,
            y,
            x,
        })
    }
}

/// The projection of a grid mapping.
fn projection(mapping: &netcdf::Variable<'_>) -> std::result::Result<Projection, String> {
    let name = text(mapping.attribute_value("grid_mapping_name")).unwrap_or_default();
    let number = |name: &str| match mapping.attribute_value(name)?.ok()? {
        AttributeValue::Double(value) => Some(vec![value]),
        AttributeValue::Float(value) => Some(vec![f64::from(value)]),
        AttributeValue::Int(value) => Some(vec![f64::from(value)]),
        AttributeValue::Doubles(values) => Some(values),
        AttributeValue::Floats(values) => Some(values.into_iter().map(f64::from).collect()),
        _ => None,
    };
    Projection::from_grid_mapping(&name, &number).ok_or_else(|| {
        format!("its grid mapping {name:?} is not one that is understood, or lacks parameters")
    })
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
