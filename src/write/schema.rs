//! What a file holds beside its chunks: coordinates, bounds, cell areas, grid mapping, attributes.
//!
//! Follows CF 1.11 and ACDD 1.3; `docs/formats-written.md` shows the result. Axis order: time, (rows,) lat from north to
//! south, lon from west to east. Coordinates are centres, in double precision, computed from the grid's indices.

use std::path::Path;

use chrono::{DateTime, SecondsFormat, Utc};
use netcdf::AttributeValue;

use crate::model::axis::Axis;
use crate::model::element::Element;
use crate::model::ellipsoid;
use crate::model::grid::Window;
use crate::plan::{Output, OutputRows, Plan};

use super::command::command;
use super::raw::Held;
use super::subject::Subject;

/// Values of time in one chunk of the coordinate.
const TIME_CHUNK: usize = 4096;

type Attributes = Vec<(&'static str, AttributeValue)>;

/// Where and when a file was made.
#[derive(Debug, Clone)]
pub struct Provenance {
    /// The time that the files name: SOURCE_DATE_EPOCH, or the start of the work.
    pub created: DateTime<Utc>,
    /// A digest of all dumps that were read.
    pub digest: String,
}

impl Provenance {
    /// The time to name: SOURCE_DATE_EPOCH where it is set, otherwise now.
    pub fn now() -> DateTime<Utc> {
        std::env::var("SOURCE_DATE_EPOCH")
            .ok()
            .and_then(|text| text.trim().parse().ok())
            .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
            .unwrap_or_else(Utc::now)
    }
}

/// What all files of a plan share.
#[derive(Debug, Clone)]
pub struct Schema {
    provenance: Provenance,
}

impl Schema {
    /// The schema of files that were made there and then.
    pub fn new(provenance: Provenance) -> Self {
        Schema { provenance }
    }

    /// Who made the files, and when.
    pub(crate) fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// Makes the file with its dimensions, coordinates and global attributes.
    pub(super) fn write(&self, path: &Path, subject: &Subject<'_>) -> netcdf::Result<Held> {
        let Subject { plan, output, steps, .. } = subject;
        let (axis, window) = (&plan.axis, &plan.window);
        let (rows, columns) = (window.rows as usize, window.columns as usize);
        // Declared first, so that it goes last, on errors too.
        let held;
        let mut file = netcdf::create(path)?;
        held = Held::open(path)?;
        file.add_unlimited_dimension("time")?;
        if let OutputRows::Dimension(rows) = &output.rows {
            file.add_dimension(&row_dimension(output), rows.len())?;
        }
        file.add_dimension("lat", rows)?;
        file.add_dimension("lon", columns)?;
        file.add_dimension("bnds", 2)?;

        let count = steps.values.len();
        let mut time = file.add_variable::<f64>("time", &["time"])?;
        time.set_chunking(&[TIME_CHUNK])?;
        time.set_compression(4, true)?;
        put(&mut time, time_attributes(axis))?;
        time.put_values(&steps.values, 0..count)?;
        let mut time_bounds = file.add_variable::<f64>("time_bnds", &["time", "bnds"])?;
        time_bounds.set_chunking(&[TIME_CHUNK, 2])?;
        time_bounds.set_compression(4, true)?;
        time_bounds.put_values(&steps.bounds, (0..count, ..))?;
        if let Some(coverage) = &steps.coverage {
            let mut days = file.add_variable::<i32>(axis.step_noun(), &["time"])?;
            days.set_chunking(&[TIME_CHUNK])?;
            put(&mut days, days_attributes(axis))?;
            days.put_values(&coverage.days, 0..count)?;
            let mut complete = file.add_variable::<i8>("complete", &["time"])?;
            complete.set_chunking(&[TIME_CHUNK])?;
            put(&mut complete, complete_attributes(axis))?;
            complete.put_values(&coverage.complete, 0..count)?;
        }

        if let OutputRows::Dimension(rows) = &output.rows {
            let name = row_dimension(output);
            let numbers: Vec<i32> = rows.iter().map(|&row| row as i32 + 1).collect();
            let mut variable = file.add_variable::<i32>(&name, &[&name])?;
            put(&mut variable, row_attributes(plan, output, rows))?;
            variable.put_values(&numbers, ..)?;
        }

        let grid = &window.grid;
        let latitudes: Vec<f64> = window.grid_rows().flat_map(|row| grid.latitude_bounds(row)).collect();
        let longitudes: Vec<f64> =
            window.grid_columns().flat_map(|column| grid.longitude_bounds(column)).collect();
        let mut lat = file.add_variable::<f64>("lat", &["lat"])?;
        put(&mut lat, horizontal("latitude", "degrees_north", "Y", "lat_bnds"))?;
        lat.put_values(&window.latitudes(), ..)?;
        file.add_variable::<f64>("lat_bnds", &["lat", "bnds"])?.put_values(&latitudes, (.., ..))?;
        let mut lon = file.add_variable::<f64>("lon", &["lon"])?;
        put(&mut lon, horizontal("longitude", "degrees_east", "X", "lon_bnds"))?;
        lon.put_values(&window.longitudes(), ..)?;
        file.add_variable::<f64>("lon_bnds", &["lon", "bnds"])?.put_values(&longitudes, (.., ..))?;

        let mut crs = file.add_variable::<i32>("crs", &[])?;
        put(&mut crs, crs_attributes(window))?;
        crs.put_value(0i32, ())?;

        let areas: Vec<f64> = window
            .grid_rows()
            .flat_map(|row| {
                let [south, north] = grid.latitude_bounds(row);
                std::iter::repeat_n(ellipsoid::cell_area(south, north, grid.resolution()), columns)
            })
            .collect();
        let mut area = file.add_variable::<f64>("cell_area", &["lat", "lon"])?;
        area.set_compression(4, true)?;
        put(&mut area, area_attributes())?;
        area.put_values(&areas, (.., ..))?;

        for (name, value) in self.global_attributes(subject) {
            file.add_attribute(&name, readable(value))?;
        }
        file.close()?;
        Ok(held)
    }

    /// Adds the attributes of the data variable.
    pub(super) fn write_attributes(&self, path: &Path, subject: &Subject<'_>) -> netcdf::Result<()> {
        let mut file = netcdf::append(path)?;
        if let Some(mut variable) = file.variable_mut(&subject.output.name) {
            put(&mut variable, data_attributes(subject))?;
        }
        file.close()
    }

    /// All attributes that a file has, by variable; its own stand under an empty name. What proves files compares them.
    pub(crate) fn attributes(&self, subject: &Subject<'_>) -> Vec<(String, Vec<(String, AttributeValue)>)> {
        let Subject { plan, output, steps, .. } = subject;
        let named = |attributes: Attributes| -> Vec<(String, AttributeValue)> {
            attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
        };
        let mut data = named(data_attributes(subject));
        data.push(("_FillValue".to_owned(), fill_value(output.element)));
        let mut all = vec![
            (String::new(), self.global_attributes(subject)),
            ("time".to_owned(), named(time_attributes(&plan.axis))),
            ("time_bnds".to_owned(), Vec::new()),
            ("lat".to_owned(), named(horizontal("latitude", "degrees_north", "Y", "lat_bnds"))),
            ("lat_bnds".to_owned(), Vec::new()),
            ("lon".to_owned(), named(horizontal("longitude", "degrees_east", "X", "lon_bnds"))),
            ("lon_bnds".to_owned(), Vec::new()),
            ("crs".to_owned(), named(crs_attributes(&plan.window))),
            ("cell_area".to_owned(), named(area_attributes())),
            (output.name.clone(), data),
        ];
        if steps.coverage.is_some() {
            all.push((plan.axis.step_noun().to_owned(), named(days_attributes(&plan.axis))));
            all.push(("complete".to_owned(), named(complete_attributes(&plan.axis))));
        }
        if let OutputRows::Dimension(rows) = &output.rows {
            all.push((row_dimension(output), named(row_attributes(plan, output, rows))));
        }
        all
    }

    fn global_attributes(&self, subject: &Subject<'_>) -> Vec<(String, AttributeValue)> {
        let Subject { plan, steps, data, .. } = subject;
        let created = self.provenance.created.to_rfc3339_opts(SecondsFormat::Secs, true);
        let model = plan.settings.table.model();
        let source = model.source.clone().or(model.name.clone()).unwrap_or_else(|| "unknown model".into());
        let axis = &plan.axis;
        let date = |date: Option<String>| date.unwrap_or_else(|| "0001-01-01".to_owned());
        let start = date(axis.label(steps.first));
        let end = date(match axis.unit.step().is_within_a_day() {
            true => axis.label(steps.end),
            false => axis.last_date(steps.end).map(|date| date.to_string()),
        });
        let grid = &plan.window.grid;
        let edge = |values: Option<[f64; 2]>, index: usize| values.map_or(0.0, |values| values[index]);
        let north = edge(plan.window.grid_rows().next().map(|row| grid.latitude_bounds(row)), 1);
        let south = edge(plan.window.grid_rows().next_back().map(|row| grid.latitude_bounds(row)), 0);
        let west = edge(plan.window.grid_columns().next().map(|column| grid.longitude_bounds(column)), 0);
        let east = west + grid.resolution() * f64::from(plan.window.columns);
        let polygon = format!(
            "POLYGON (({south} {west}, {north} {west}, {north} {east}, {south} {east}, {south} {west}))"
        );
        let mut attributes: Vec<(String, AttributeValue)> = Vec::new();
        let mut add = |name: &str, value: AttributeValue| attributes.push((name.to_owned(), value));
        add("Conventions", "CF-1.11, ACDD-1.3".into());
        add("title", format!("{} of {}", data.long_name, plan.run.name).into());
        add(
            "summary",
            format!(
                "{} {} from {start} to {end} on a grid of {} by {} cells of {} degrees, as simulated by {} in the \
                 run {}. Places without a dump are masked.",
                steps.word,
                lower_first(&data.long_name),
                plan.window.rows,
                plan.window.columns,
                grid.resolution(),
                model.name.as_deref().unwrap_or("the model"),
                plan.run.name
            )
            .into(),
        );
        let model_name = model.name.as_deref().unwrap_or("model");
        add("keywords", format!("{model_name}, vegetation model, {}", lower_first(&data.long_name)).into());
        add("source", source.into());
        add("history", format!("{created}: {}", command(subject)).into());
        add("date_created", created.clone().into());
        add("standard_name_vocabulary", "CF Standard Name Table v93".into());
        add("geospatial_lat_min", south.into());
        add("geospatial_lat_max", north.into());
        add("geospatial_lat_units", "degrees_north".into());
        add("geospatial_lat_resolution", grid.resolution().into());
        add("geospatial_lon_min", west.into());
        add("geospatial_lon_max", east.into());
        add("geospatial_lon_units", "degrees_east".into());
        add("geospatial_lon_resolution", grid.resolution().into());
        add("geospatial_bounds", polygon.into());
        add("geospatial_bounds_crs", "EPSG:4326".into());
        let unit = &axis.unit;
        let timestamp = |step: i64| unit.timestamp(axis.first_day + step);
        let begins = timestamp(steps.first).unwrap_or_else(|| format!("{start}T{}Z", unit.time_of_day()));
        // At the end of all dates there is none behind it.
        let ends = timestamp(steps.end).unwrap_or_else(|| format!("{end}T{}Z", unit.time_of_day()));
        add("time_coverage_start", begins.into());
        add("time_coverage_end", ends.into());
        add("time_coverage_duration", unit.step().times((steps.end - steps.first) as u64).into());
        add("time_coverage_resolution", steps.resolution.as_str().into());
        add("cdm_data_type", "Grid".into());
        add("gridloom_version", env!("CARGO_PKG_VERSION").into());
        add("gridloom_input_digest", self.provenance.digest.clone().into());
        for (name, value) in &plan.settings.attributes {
            match attributes.iter_mut().find(|(known, _)| known == name) {
                Some((_, known)) => *known = value.as_str().into(),
                None => attributes.push((name.clone(), value.as_str().into())),
            }
        }
        attributes
    }
}

/// The name of an output's dimension of rows.
pub(super) fn row_dimension(output: &Output) -> String {
    format!("{}_row", output.name)
}

fn put(variable: &mut netcdf::VariableMut<'_>, attributes: Attributes) -> netcdf::Result<()> {
    for (name, value) in attributes {
        variable.put_attribute(name, readable(value))?;
    }
    Ok(())
}

/// Names of runs and keys of dumps are foreign: what a terminal would obey does not get into files' texts, which are read on one.
fn readable(value: AttributeValue) -> AttributeValue {
    match value {
        AttributeValue::Str(text) => {
            let lines = text.split('\n').map(|line| {
                let words: Vec<_> = line.split('\t').map(crate::printable::printable).collect();
                words.join("\t")
            });
            AttributeValue::Str(lines.collect::<Vec<_>>().join("\n"))
        }
        other => other,
    }
}

fn time_attributes(axis: &Axis) -> Attributes {
    let mut attributes: Attributes = vec![
        ("standard_name", "time".into()),
        ("long_name", "time".into()),
        ("units", axis.unit.text().into()),
        ("calendar", axis.unit.calendar().name().into()),
        ("axis", "T".into()),
        ("bounds", "time_bnds".into()),
        ("coverage_content_type", "coordinate".into()),
    ];
    if axis.unit.calendar().is_real_world() {
        attributes.push(("units_metadata", "leap_seconds: none".into()));
    }
    attributes
}

fn horizontal(
    name: &'static str,
    units: &'static str,
    axis: &'static str,
    bounds: &'static str,
) -> Attributes {
    vec![
        ("standard_name", name.into()),
        ("long_name", name.into()),
        ("units", units.into()),
        ("axis", axis.into()),
        ("bounds", bounds.into()),
        ("coverage_content_type", "coordinate".into()),
    ]
}

fn crs_attributes(window: &Window) -> Attributes {
    let mut attributes: Attributes = vec![
        ("grid_mapping_name", "latitude_longitude".into()),
        ("long_name", "WGS 84".into()),
        ("semi_major_axis", ellipsoid::SEMI_MAJOR_AXIS.into()),
        ("inverse_flattening", ellipsoid::INVERSE_FLATTENING.into()),
        ("longitude_of_prime_meridian", 0.0f64.into()),
        ("crs_wkt", ellipsoid::CRS_WKT.into()),
        ("coverage_content_type", "referenceInformation".into()),
    ];
    if window.rows == 1 || window.columns == 1 {
        attributes.push(("GeoTransform", transform(window).into()));
        attributes.push(("comment", TRANSFORM.into()));
    }
    attributes
}

/// What is said of a transformation, which nobody adapts who cuts a part out of the file.
const TRANSFORM: &str = "GeoTransform is for GDAL, QGIS and terra, which do not take the place of a single row or column \
                         from its coordinates. It is that of this file: a part of the grid that is cut out needs another \
                         one, or none.";

/// Where the grid is, as GDAL writes it: west, width of a cell, 0, north, 0, height. Files of more rows and columns do
/// without, since their coordinates say it and can't go stale.
fn transform(window: &Window) -> String {
    let grid = &window.grid;
    let west = window.grid_columns().next().map_or(0.0, |column| grid.longitude_bounds(column)[0]);
    let north = window.grid_rows().next().map_or(0.0, |row| grid.latitude_bounds(row)[1]);
    let size = grid.resolution();
    format!("{west} {size} 0 {north} 0 -{size}")
}

fn area_attributes() -> Attributes {
    vec![
        ("standard_name", "cell_area".into()),
        ("long_name", "area of the grid cell on the WGS 84 ellipsoid".into()),
        ("units", "m2".into()),
        ("grid_mapping", "crs".into()),
        ("coverage_content_type", "auxiliaryInformation".into()),
    ]
}

fn row_attributes(plan: &Plan, output: &Output, rows: &[usize]) -> Attributes {
    let info = plan.settings.table.get(&output.key);
    let label = |row: usize| {
        let label = info.and_then(|info| info.row(row)).map(|row| row.label);
        label.unwrap_or_else(|| format!("row {}", row + 1)).replace(|c: char| !c.is_ascii_alphanumeric(), "_")
    };
    let numbers: Vec<i32> = rows.iter().map(|&row| row as i32 + 1).collect();
    let labels: Vec<String> = rows.iter().map(|&row| label(row)).collect();
    vec![
        ("long_name", format!("row of {}, counted from 1", output.name).into()),
        ("flag_values", numbers.into()),
        ("flag_meanings", labels.join(" ").into()),
        ("coverage_content_type", "coordinate".into()),
    ]
}

fn days_attributes(axis: &Axis) -> Attributes {
    let steps = if axis.unit.step().is_day() { "days" } else { "steps of time" };
    vec![
        ("long_name", format!("{steps} that the value is made of").into()),
        ("units", "1".into()),
        ("coverage_content_type", "auxiliaryInformation".into()),
    ]
}

fn complete_attributes(axis: &Axis) -> Attributes {
    let steps = if axis.unit.step().is_day() { "days" } else { "steps" };
    vec![
        ("long_name", format!("whether these are all {steps} of the interval").into()),
        ("flag_values", vec![0i8, 1].into()),
        ("flag_meanings", "incomplete complete".into()),
        ("coverage_content_type", "qualityInformation".into()),
    ]
}

fn data_attributes(subject: &Subject<'_>) -> Attributes {
    let Subject { output, steps, data, .. } = subject;
    let mut attributes: Attributes = vec![("long_name", data.long_name.as_str().into())];
    let mut add = |name, value: &Option<String>| {
        if let Some(value) = value {
            attributes.push((name, value.as_str().into()));
        }
    };
    add("standard_name", &data.standard_name);
    add("units", &data.units);
    add("units_metadata", &data.units_metadata);
    attributes.push(("missing_value", fill_value(output.element)));
    attributes.push(("cell_methods", data.cell_methods.as_str().into()));
    attributes.push(("cell_measures", "area: cell_area".into()));
    attributes.push(("grid_mapping", "crs".into()));
    if steps.coverage.is_some() {
        let names = format!("{} complete", subject.plan.axis.step_noun());
        attributes.push(("ancillary_variables", names.into()));
    }
    if let Some(comment) = &data.comment {
        attributes.push(("comment", comment.as_str().into()));
    }
    // Of aggregates, too, the layer knows the key.
    if let Some(key) = &data.dump_key {
        attributes.push(("dump_key", key.as_str().into()));
    }
    attributes.push(("coverage_content_type", "modelResult".into()));
    attributes
}

fn fill_value(element: Element) -> AttributeValue {
    let fill = element.fill();
    let [a, b, c, d, ..] = fill;
    match element {
        Element::Float32 => f32::from_le_bytes([a, b, c, d]).into(),
        Element::Float64 => f64::from_le_bytes(fill).into(),
        Element::Int8 => (a as i8).into(),
        Element::Int16 => i16::from_le_bytes([a, b]).into(),
        Element::Int32 => i32::from_le_bytes([a, b, c, d]).into(),
        Element::Int64 => i64::from_le_bytes(fill).into(),
        Element::UInt8 => a.into(),
        Element::UInt16 => u16::from_le_bytes([a, b]).into(),
        Element::UInt32 => u32::from_le_bytes([a, b, c, d]).into(),
        Element::UInt64 => u64::from_le_bytes(fill).into(),
    }
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        // A word that goes on in capitals is an abbreviation.
        (Some(first), Some(second)) if !second.is_uppercase() => {
            first.to_lowercase().chain([second]).chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}
