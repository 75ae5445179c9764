//! What is known of a file, and what its attributes say of it by a profile.

use std::collections::BTreeMap;

use chrono::SecondsFormat;
use netcdf::AttributeValue;

use crate::model::element::Element;
use crate::model::ellipsoid;
use crate::model::grid::Window;
use crate::model::projection::Ellipsoid;
use crate::plan::tables::Aggregate;
use crate::plan::{Output, OutputRows, Plan};
use crate::profile::{Attribute, Value};

use super::command::command;
use super::provenance::Provenance;
use super::skeleton::Attributes;
use super::subject::{MadeBy, Subject};

/// All that attributes may say of a file.
pub(super) struct Said<'a> {
    subject: &'a Subject<'a>,
    texts: BTreeMap<&'static str, String>,
    numbers: BTreeMap<&'static str, f64>,
}

impl<'a> Said<'a> {
    /// What is known of a file; its names are those of the profiles' facts.
    /// `ends` are the least and greatest latitude and longitude of the cells' centres.
    pub fn of(subject: &'a Subject<'a>, provenance: Option<&Provenance>, ends: [f64; 4]) -> Self {
        let numbers = numbers(&subject.plan.window, ends);
        let mut texts: BTreeMap<&'static str, String> =
            numbers.iter().map(|(&name, number)| (name, number.to_string())).collect();
        for known in [of_place, of_time, of_data, of_names] {
            texts.extend(known(subject).into_iter().filter_map(|(name, text)| Some((name, text?))));
        }
        texts.insert("version", env!("CARGO_PKG_VERSION").to_owned());
        // What nobody made has no time of making.
        if let Some(made) = provenance {
            texts.extend([
                ("command", command(subject)),
                ("created", made.created.to_rfc3339_opts(SecondsFormat::Secs, true)),
                ("digest", made.digest.clone()),
            ]);
        }
        Said { subject, texts, numbers }
    }

    /// What attributes say; those of which something is not known are left out.
    pub fn attributes(&self, attributes: &[Attribute]) -> Attributes {
        let is_known =
            |one: &&Attribute| one.only_with.as_deref().is_none_or(|fact| self.texts.contains_key(fact));
        let of = |one: &Attribute| Some((one.name.to_string(), readable(self.value(&one.value)?)));
        attributes.iter().filter(is_known).filter_map(of).collect()
    }

    /// What the grid mapping says: the parameters of its projection, and what the profile says.
    pub fn mapping(&self) -> Vec<(String, AttributeValue)> {
        let mut attributes = Vec::new();
        if let Some(projection) = self.subject.plan.window.grid.projection() {
            let (name, numbers) = projection.grid_mapping();
            attributes.push(("grid_mapping_name".to_owned(), name.into()));
            attributes.extend(numbers.into_iter().map(|(name, values)| {
                let value = match values.as_slice() {
                    [one] => (*one).into(),
                    _ => values.into(),
                };
                (name.to_owned(), value)
            }));
        }
        attributes.extend(self.attributes(&self.subject.plan.settings.profile.mapping));
        attributes
    }

    /// What latitudes or longitudes of single cells say: they are no axis.
    pub fn of_cells(&self, attributes: &[Attribute]) -> Vec<(String, AttributeValue)> {
        let mut attributes = self.attributes(attributes);
        attributes.retain(|(name, _)| name != "axis");
        attributes
    }

    /// What the file says of itself: by its profile, and by settings.
    pub fn of_file(&self) -> Attributes {
        let settings = &self.subject.plan.settings;
        let mut attributes = self.attributes(&settings.profile.file);
        for (name, value) in &settings.attributes {
            let value = readable(value.as_str().into());
            match attributes.iter_mut().find(|(known, _)| known == name) {
                Some((_, known)) => *known = value,
                None => attributes.push((name.clone(), value)),
            }
        }
        attributes
    }

    fn value(&self, value: &Value) -> Option<AttributeValue> {
        Some(match value {
            Value::Text(text) => text.filled(&self.texts)?.into(),
            Value::Number(fact) => (*self.numbers.get(fact.as_ref())?).into(),
            Value::Constant(number) => (*number).into(),
            Value::Flags(numbers) => numbers.clone().into(),
            Value::Missing => fill_value(self.subject.output.element),
            Value::RowNumbers => {
                let OutputRows::Dimension(rows) = &self.subject.output.rows else { return None };
                rows.iter().map(|&row| row as i32 + 1).collect::<Vec<i32>>().into()
            }
        })
    }
}

fn numbers(window: &Window, ends: [f64; 4]) -> BTreeMap<&'static str, f64> {
    let grid = &window.grid;
    let [south, north, west, east] = edges(window);
    let mut numbers = BTreeMap::from([("north", north), ("south", south), ("west", west), ("east", east)]);
    let names = ["southernmost", "northernmost", "westernmost", "easternmost"];
    numbers.extend(names.into_iter().zip(ends));
    if grid.projection().is_none() {
        let [height, width] = grid.cell_size();
        numbers.extend([
            ("degrees", height),
            ("degrees_wide", width),
            ("semi_major_axis", ellipsoid::SEMI_MAJOR_AXIS),
            ("inverse_flattening", ellipsoid::INVERSE_FLATTENING),
        ]);
    }
    numbers
}

/// The box around all cells in degrees: south, north, west, east.
fn edges(window: &Window) -> [f64; 4] {
    let grid = &window.grid;
    let Some(projection) = grid.projection() else {
        let edge = |values: Option<[f64; 2]>, index: usize| values.map_or(0.0, |values| values[index]);
        let west = edge(window.grid_columns().next().map(|column| grid.x_bounds(column)), 0);
        return [
            edge(window.grid_rows().next_back().map(|row| grid.y_bounds(row)), 0),
            edge(window.grid_rows().next().map(|row| grid.y_bounds(row)), 1),
            west,
            west + grid.cell_size()[1] * f64::from(window.columns),
        ];
    };
    let corners = window.outline();
    let ends = |axis: usize| {
        let values = corners.iter().map(|corner| corner[axis]).filter(|value| !value.is_nan());
        (values.clone().fold(f64::INFINITY, f64::min), values.fold(f64::NEG_INFINITY, f64::max))
    };
    let (mut south, mut north) = ends(0);
    let [mut west, mut east] = around(corners.iter().map(|corner| corner[1]), ends(1));
    for pole in [90.0, -90.0] {
        let place = projection.metres(pole, 0.0).and_then(|[y, x]| grid.cell_around(y, x));
        if place.is_some_and(|cell| window.position(cell).is_some()) {
            (south, north) = (south.min(pole), north.max(pole));
            (west, east) = (-180.0, 180.0);
        }
    }
    [south, north, west, east]
}

/// From the westernmost of some longitudes to the easternmost: across the date line, and counted on, where they leave out more than half of
/// the globe on this side.
fn around(longitudes: impl Iterator<Item = f64>, (west, east): (f64, f64)) -> [f64; 2] {
    let mut sorted: Vec<f64> = longitudes.filter(|longitude| !longitude.is_nan()).collect();
    sorted.sort_by(f64::total_cmp);
    let gap = sorted.windows(2).filter_map(|pair| Some((*pair.first()?, *pair.last()?)));
    match gap.into_iter().find(|(before, after)| after - before > 180.0) {
        Some((before, after)) => [after, before + 360.0],
        None => [west, east],
    }
}

type Known = Vec<(&'static str, Option<String>)>;

fn of_names(subject: &Subject<'_>) -> Known {
    let names = &subject.plan.settings.profile.names;
    let of = |name: &str| Some(name.to_owned());
    vec![
        ("area_variable", of(&names.area)),
        ("complete_variable", of(&names.complete)),
        ("mapping_variable", of(&names.mapping)),
        ("time_bounds", of(&names.time_bounds)),
        ("latitude_bounds", of(&names.latitude_bounds)),
        ("longitude_bounds", of(&names.longitude_bounds)),
        ("y_bounds", of(&names.y_bounds)),
        ("x_bounds", of(&names.x_bounds)),
    ]
}

fn of_place(subject: &Subject<'_>) -> Known {
    let window = &subject.plan.window;
    let grid = &window.grid;
    let [south, north, west, east] = edges(window);
    let polygon =
        format!("POLYGON (({south} {west}, {north} {west}, {north} {east}, {south} {east}, {south} {west}))");
    let projection = grid.projection();
    let ellipsoid = projection.map_or(Ellipsoid::WGS84, |projection| projection.ellipsoid).words();
    vec![
        ("polygon", Some(polygon)),
        ("rows", Some(window.rows.to_string())),
        ("columns", Some(window.columns.to_string())),
        ("cell_size", Some(grid.words())),
        ("ellipsoid", Some(ellipsoid.to_owned())),
        ("projection", projection.map(|projection| projection.text())),
        ("coordinates", projection.map(|_| "lat lon".to_owned())),
        ("grid", grid.lattice().and_then(|_| serde_json::to_string(grid).ok())),
        (
            "crs_wkt",
            Some(projection.map_or_else(|| ellipsoid::CRS_WKT.to_owned(), |projection| projection.wkt())),
        ),
        ("geo_transform", (window.rows == 1 || window.columns == 1).then(|| transform(window))),
    ]
}

/// Where the grid is, as GDAL writes it: west, width of a cell, 0, north, 0, height. Files of more rows and columns do
/// without, since their coordinates say it and can't go stale.
fn transform(window: &Window) -> String {
    let grid = &window.grid;
    let west = window.grid_columns().next().map_or(0.0, |column| grid.x_bounds(column)[0]);
    let north = window.grid_rows().next().map_or(0.0, |row| grid.y_bounds(row)[1]);
    let [height, width] = grid.cell_size();
    format!("{west} {width} 0 {north} 0 -{height}")
}

fn of_time(subject: &Subject<'_>) -> Known {
    let Subject { plan, steps, .. } = subject;
    let axis = &plan.axis;
    let unit = &axis.unit;
    let date = |date: Option<String>| date.unwrap_or_else(|| "0001-01-01".to_owned());
    let start = date(axis.label(steps.first));
    let end = date(match unit.step().is_within_a_day() {
        true => axis.label(steps.end),
        false => axis.last_date(steps.end).map(|date| date.to_string()),
    });
    let timestamp = |step: i64| unit.timestamp(axis.first_day + step);
    let begins = timestamp(steps.first).unwrap_or_else(|| format!("{start}T{}Z", unit.time_of_day()));
    // At the end of all dates there is none behind it.
    let ends = timestamp(steps.end).unwrap_or_else(|| format!("{end}T{}Z", unit.time_of_day()));
    // The last day, or the last shorter step; a day stands for all of it.
    let last = match unit.step().is_within_a_day() {
        true => timestamp(steps.end - 1),
        false => axis.last_date(steps.end).map(|date| format!("{date}T{}Z", unit.time_of_day())),
    };
    let by_day = unit.step().is_day();
    let word = |of_days: &str, of_others: &str| Some(if by_day { of_days } else { of_others }.to_owned());
    vec![
        ("time_units", Some(plan.written.unit.text().to_owned())),
        ("calendar", Some(unit.calendar().name().to_owned())),
        ("leap_seconds", unit.calendar().is_real_world().then(|| "none".to_owned())),
        ("dates_begin", Some(start)),
        ("dates_end", Some(end)),
        ("time_begins", Some(begins)),
        ("time_ends", Some(ends)),
        ("last_day", last),
        ("time_first", steps.ends[0].clone()),
        ("time_last", steps.ends[1].clone()),
        ("duration", Some(unit.step().times((steps.end - steps.first) as u64))),
        ("length_of_steps", Some(steps.resolution.clone())),
        ("word", Some(steps.word.clone())),
        ("interval_steps", steps.coverage.is_some().then(String::new)),
        ("steps_of_time", word("days", "steps of time")),
        ("steps_word", word("days", "steps")),
        ("steps_variable", Some(axis.step_noun().to_owned())),
    ]
}

fn of_data(subject: &Subject<'_>) -> Known {
    let Subject { plan, output, data, .. } = subject;
    let model = plan.settings.table.model();
    let (content_type, simulated) = match model.input {
        true => ("physicalMeasurement", "given to"),
        false => ("modelResult", "simulated by"),
    };
    vec![
        ("variable", (!subject.is_store || !data.cell_methods.is_empty()).then(|| output.name.clone())),
        ("content_type", Some(content_type.to_owned())),
        ("simulated", Some(simulated.to_owned())),
        ("heading", Some(heading(subject))),
        ("long_name", Some(data.long_name.clone())),
        ("long_name_within", Some(lower_first(&data.long_name))),
        ("standard_name", data.standard_name.clone()),
        ("units", data.units.clone()),
        ("units_metadata", data.units_metadata.clone()),
        ("cell_methods", Some(data.cell_methods.clone()).filter(|methods| !methods.is_empty())),
        ("comment", data.comment.clone()),
        // Of aggregates, too, the layer knows the key.
        ("dump_key", data.dump_key.clone()),
        ("row_labels", row_labels(plan, output)),
        ("run", Some(plan.run.name.clone())),
        ("model", model.name.clone()),
        ("source", model.source.clone().or_else(|| model.name.clone())),
    ]
}

/// What a title begins with: the variable, and of intervals what of it their values are.
fn heading(subject: &Subject<'_>) -> String {
    let within = lower_first(&subject.data.long_name);
    match subject.made_by {
        MadeBy::Daily => subject.data.long_name.clone(),
        MadeBy::Aggregate(Aggregate { stat, .. }) => {
            format!("{} {} of {within}", subject.steps.word, stat.noun())
        }
        MadeBy::Annual(_) => format!("Annual {within}"),
    }
}

fn row_labels(plan: &Plan, output: &Output) -> Option<String> {
    let OutputRows::Dimension(rows) = &output.rows else { return None };
    let info = plan.settings.table.get(&output.key);
    let label = |&row: &usize| {
        let label = info.and_then(|info| info.row(row)).map(|row| row.label);
        label.unwrap_or_else(|| format!("row {}", row + 1)).replace(|c: char| !c.is_ascii_alphanumeric(), "_")
    };
    Some(rows.iter().map(label).collect::<Vec<_>>().join(" "))
}

/// A text as it goes on within a sentence.
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

/// What stands for a missing value.
pub(super) fn fill_value(element: Element) -> AttributeValue {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::grid::{Grid, Lattice};
    use crate::model::projection::Projection;

    #[test]
    fn the_box_of_a_projection_goes_across_the_date_line() {
        let of = |text: &str, north: f64, west: f64, size: f64| {
            let projection = Projection::parse(text).expect(text);
            let lattice = Lattice { north, west, height: size, width: size, projection: Some(projection) };
            edges(&Window::whole(Grid::regular(lattice, 10, 10).expect("a grid"))).map(f64::round)
        };
        assert_eq!(of("EPSG:32601", 5_000_000.0, 100_000.0, 40_000.0), [41.0, 45.0, 178.0, 183.0]);
        assert_eq!(of("EPSG:32632", 5_000_000.0, 300_000.0, 40_000.0), [42.0, 45.0, 6.0, 12.0]);
        assert_eq!(of("EPSG:3395", 4_000_000.0, -20_000_000.0, 4_000_000.0)[2..], [-180.0, 180.0]);
        assert_eq!(of("EPSG:3413", 1_000_000.0, -1_000_000.0, 200_000.0)[1..], [90.0, -180.0, 180.0]);
    }
}
