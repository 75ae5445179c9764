//! The profile that is used where settings say nothing: CF 1.11 and ACDD 1.3.

use super::{Attribute, Layout, Names, Profile, Template, Value};

fn attribute(name: &'static str, value: Value) -> Attribute {
    Attribute { name: name.into(), value, only_with: None }
}

fn text(name: &'static str, text: &'static str) -> Attribute {
    attribute(name, Value::Text(Template::from(text)))
}

fn number(name: &'static str, fact: &'static str) -> Attribute {
    attribute(name, Value::Number(fact.into()))
}

fn texts<const N: usize>(texts: [(&'static str, &'static str); N]) -> Vec<Attribute> {
    texts.into_iter().map(|(name, own)| text(name, own)).collect()
}

fn with(fact: &'static str, attribute: Attribute) -> Attribute {
    Attribute { only_with: Some(fact.into()), ..attribute }
}

/// What is said of a transformation, which nobody adapts who cuts a part out of the file.
const TRANSFORM: &str = "GeoTransform is for GDAL, QGIS and terra, which do not take the place of a single row or column \
                         from its coordinates. It is that of this file: a part of the grid that is cut out needs another \
                         one, or none.";

impl Profile {
    /// CF 1.11 and ACDD 1.3; `docs/formats-written.md` shows the result.
    pub fn cf() -> Self {
        Profile {
            name: "cf".into(),
            names: Names {
                time_bounds: "time_bnds".into(),
                latitude_bounds: "lat_bnds".into(),
                longitude_bounds: "lon_bnds".into(),
                y_bounds: "y_bnds".into(),
                x_bounds: "x_bnds".into(),
                bounds: "bnds".into(),
                corners: "corners".into(),
                mapping: "crs".into(),
                area: "cell_area_lat_lon".into(),
                complete: "complete".into(),
                rows: "_row".into(),
            },
            time_units: None,
            layout: Layout { is_time_unlimited: true, time_chunk: 4096 },
            file: file(),
            data: vec![
                text("long_name", "{long_name}"),
                text("standard_name", "{standard_name}"),
                text("units", "{units}"),
                text("units_metadata", "{units_metadata}"),
                attribute("missing_value", Value::Missing),
                text("cell_methods", "{cell_methods}"),
                text("cell_measures", "area: {area_variable}"),
                text("grid_mapping", "{mapping_variable}"),
                with("projection", text("coordinates", "lat lon")),
                with("interval_steps", text("ancillary_variables", "{steps_variable} {complete_variable}")),
                text("comment", "{comment}"),
                text("dump_key", "{dump_key}"),
                text("coverage_content_type", "{content_type}"),
            ],
            time: texts([
                ("standard_name", "time"),
                ("long_name", "time"),
                ("units", "{time_units}"),
                ("calendar", "{calendar}"),
                ("axis", "T"),
                ("bounds", "{time_bounds}"),
                ("coverage_content_type", "coordinate"),
                ("units_metadata", "leap_seconds: {leap_seconds}"),
            ]),
            latitude: texts([
                ("standard_name", "latitude"),
                ("long_name", "latitude"),
                ("units", "degrees_north"),
                ("axis", "Y"),
                ("bounds", "{latitude_bounds}"),
                ("coverage_content_type", "coordinate"),
            ]),
            longitude: texts([
                ("standard_name", "longitude"),
                ("long_name", "longitude"),
                ("units", "degrees_east"),
                ("axis", "X"),
                ("bounds", "{longitude_bounds}"),
                ("coverage_content_type", "coordinate"),
            ]),
            y: texts([
                ("standard_name", "projection_y_coordinate"),
                ("long_name", "y coordinate of projection"),
                ("units", "m"),
                ("axis", "Y"),
                ("bounds", "{y_bounds}"),
                ("coverage_content_type", "coordinate"),
            ]),
            x: texts([
                ("standard_name", "projection_x_coordinate"),
                ("long_name", "x coordinate of projection"),
                ("units", "m"),
                ("axis", "X"),
                ("bounds", "{x_bounds}"),
                ("coverage_content_type", "coordinate"),
            ]),
            mapping: vec![
                with("degrees", text("grid_mapping_name", "latitude_longitude")),
                with("degrees", text("long_name", "WGS 84")),
                text("long_name", "{projection}"),
                with("degrees", number("semi_major_axis", "semi_major_axis")),
                with("degrees", number("inverse_flattening", "inverse_flattening")),
                attribute("longitude_of_prime_meridian", Value::Constant(0.0)),
                text("crs_wkt", "{crs_wkt}"),
                text("gridloom_grid", "{grid}"),
                text("coverage_content_type", "referenceInformation"),
                text("GeoTransform", "{geo_transform}"),
                with("geo_transform", text("comment", TRANSFORM)),
            ],
            area: texts([
                ("standard_name", "cell_area"),
                ("long_name", "area of the grid cell on the {ellipsoid}"),
                ("units", "m2"),
                ("grid_mapping", "{mapping_variable}"),
                ("coverage_content_type", "auxiliaryInformation"),
                ("coordinates", "{coordinates}"),
            ]),
            rows: vec![
                text("long_name", "row of {variable}, counted from 1"),
                attribute("flag_values", Value::RowNumbers),
                text("flag_meanings", "{row_labels}"),
                text("coverage_content_type", "coordinate"),
            ],
            steps: texts([
                ("long_name", "{steps_of_time} that the value is made of"),
                ("units", "1"),
                ("coverage_content_type", "auxiliaryInformation"),
            ]),
            complete: vec![
                text("long_name", "whether these are all {steps_word} of the interval"),
                attribute("flag_values", Value::Flags(vec![0, 1])),
                text("flag_meanings", "incomplete complete"),
                text("coverage_content_type", "qualityInformation"),
            ],
        }
    }
}

/// What files say of themselves.
fn file() -> Vec<Attribute> {
    vec![
        text("Conventions", "CF-1.11, ACDD-1.3"),
        text("title", "{heading} of {run}"),
        text(
            "summary",
            "{word} {long_name_within} from {dates_begin} to {dates_end} on a grid of {rows} by {columns} cells of {cell_size}, \
             as {simulated} {model|the model} in the run {run}. Places without a dump are masked.",
        ),
        text("keywords", "{model|model}, vegetation model, {long_name_within}"),
        text("source", "{source|unknown model}"),
        text("history", "{created}: {command}"),
        text("date_created", "{created}"),
        text("standard_name_vocabulary", "CF Standard Name Table v93"),
        number("geospatial_lat_min", "southernmost"),
        number("geospatial_lat_max", "northernmost"),
        text("geospatial_lat_units", "degrees_north"),
        number("geospatial_lat_resolution", "degrees"),
        number("geospatial_lon_min", "westernmost"),
        number("geospatial_lon_max", "easternmost"),
        text("geospatial_lon_units", "degrees_east"),
        number("geospatial_lon_resolution", "degrees_wide"),
        text("geospatial_bounds", "{polygon}"),
        text("geospatial_bounds_crs", "EPSG:4326"),
        text("time_coverage_start", "{time_begins}"),
        text("time_coverage_end", "{last_day}"),
        text("time_coverage_duration", "{duration}"),
        text("time_coverage_resolution", "{length_of_steps}"),
        text("cdm_data_type", "Grid"),
        text("gridloom_version", "{version}"),
        text("gridloom_input_digest", "{digest}"),
    ]
}
