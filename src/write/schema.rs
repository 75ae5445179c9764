//! What a file holds beside its chunks: coordinates, bounds, cell areas, grid mapping, attributes, as its profile has them.
//!
//! `docs/formats-written.md` shows the result. Axis order: time, (rows,) lat from north to
//! south, lon from west to east. Coordinates are centres, in double precision, computed from the grid's indices.

use std::sync::{Arc, OnceLock};

use netcdf::AttributeValue;

use crate::model::grid::Window;
use crate::plan::{Output, OutputRows, Plan};

use super::provenance::Provenance;
use super::said::{Said, fill_value};
use super::skeleton::{Attributes, Data, Dimension, Skeleton, Values, Variable};
use super::subject::Subject;

/// What all files of a plan share.
#[derive(Debug, Clone)]
pub struct Schema {
    /// None of what is not made.
    provenance: Option<Provenance>,
    places: OnceLock<Arc<Places>>,
}

/// What files say of each cell of the window.
#[derive(Debug)]
struct Places {
    areas: Vec<f64>,
    /// The least and greatest latitude and longitude of a centre: south, north, west, east.
    ends: [f64; 4],
    /// Of a projection's cells.
    degrees: Option<Degrees>,
}

/// Latitudes and longitudes of cells.
#[derive(Debug)]
struct Degrees {
    centres: [Vec<f64>; 2],
    corners: [Vec<f64>; 2],
}

impl Schema {
    /// The schema of files that were made there and then.
    pub fn new(provenance: Provenance) -> Self {
        Schema { provenance: Some(provenance), places: OnceLock::new() }
    }

    /// The schema of what is not made: it says nothing of when, how and of which dumps.
    pub fn of_nothing_made() -> Self {
        Schema { provenance: None, places: OnceLock::new() }
    }

    /// Who made the files, and when.
    pub(crate) fn provenance(&self) -> Option<&Provenance> {
        self.provenance.as_ref()
    }

    fn places(&self, window: &Window) -> Arc<Places> {
        let make = || {
            let degrees = window.grid.projection().map(|_| {
                let (centres, corners) = (window.centres(), window.corners());
                Degrees {
                    centres: [0, 1].map(|axis| centres.iter().map(|centre| centre[axis]).collect()),
                    corners: [0, 1].map(|axis| corners.iter().flatten().map(|corner| corner[axis]).collect()),
                }
            });
            let (ys, xs) = (window.ys(), window.xs());
            let [lat, lon] = degrees.as_ref().map_or([&ys, &xs], |degrees| degrees.centres.each_ref());
            let least = |values: &[f64]| values.iter().copied().fold(f64::INFINITY, f64::min);
            let most = |values: &[f64]| values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let ends = [least(lat), most(lat), least(lon), most(lon)];
            Arc::new(Places { areas: window.areas(), ends, degrees })
        };
        self.places.get_or_init(make).clone()
    }

    /// What a file of a variable, and of others that share its steps, holds beside its chunks.
    pub fn skeleton(&self, first: &Subject<'_>, others: &[Subject<'_>]) -> Skeleton {
        let subjects = || [first].into_iter().chain(others);
        let Subject { plan, steps, .. } = first;
        let (window, profile) = (&plan.window, &plan.settings.profile);
        let (ends, made) = (self.places(window).ends, self.provenance.as_ref());
        let said = Said::of(first, made, ends);
        let [y, x] = dimensions(window);
        let (mut lengths, mut variables) = (vec![("time".to_owned(), steps.values.len())], Vec::new());
        variables.extend(of_time(first, &said));
        for subject in subjects() {
            let rows = of_rows(subject, &Said::of(subject, made, ends));
            // Variables whose rows have the same names share them.
            if let Some(rows) =
                rows.filter(|rows| !variables.iter().any(|one: &Variable| one.name == rows.name))
            {
                lengths.extend(rows_of(subject));
                variables.push(rows);
            }
        }
        variables.extend(self.of_place(first, &said));
        lengths.extend([(y.to_owned(), window.rows as usize), (x.to_owned(), window.columns as usize)]);
        lengths.push((profile.names.bounds.to_string(), 2));
        if window.grid.projection().is_some() {
            lengths.push((profile.names.corners.to_string(), 4));
        }
        for names in subjects().filter_map(|subject| row_names(plan, subject.output)) {
            let letters = (letters_of(&names.dimension), names.width());
            if !lengths.contains(&letters) {
                lengths.push(letters);
            }
        }
        let dimension = |(name, length): (String, usize)| {
            let is_unlimited = name == "time" && profile.layout.is_time_unlimited;
            Dimension { name, length, is_unlimited }
        };
        let attributes = match first.is_store {
            true => Said::of(&first.of_all(), made, ends).of_file(),
            false => said.of_file(),
        };
        let dimensions = lengths.into_iter().map(dimension).collect();
        let data = subjects().map(|subject| self.data(subject)).collect();
        Skeleton { dimensions, attributes, variables, data }
    }

    fn data(&self, subject: &Subject<'_>) -> Data {
        let Subject { plan, output, steps, .. } = subject;
        let (window, profile) = (&plan.window, &plan.settings.profile);
        let [y, x] = dimensions(window);
        let time = ("time".to_owned(), steps.values.len());
        let place = [(y.to_owned(), window.rows as usize), (x.to_owned(), window.columns as usize)];
        let (dimensions, extent) = [time].into_iter().chain(rows_of(subject)).chain(place).unzip();
        let said = Said::of(subject, self.provenance.as_ref(), self.places(window).ends);
        Data {
            name: output.name.clone(),
            element: output.element,
            dimensions,
            extent,
            attributes: said.attributes(&profile.data),
            chunk: output.chunk,
            stored: None,
        }
    }

    fn of_place(&self, subject: &Subject<'_>, said: &Said<'_>) -> Vec<Variable> {
        let Subject { plan, .. } = subject;
        let (window, profile) = (&plan.window, &plan.settings.profile);
        let (grid, names) = (&window.grid, &profile.names);
        let [y, x] = dimensions(window);
        let (of_y, of_x, y_bounds, x_bounds) = match grid.projection() {
            None => (&profile.latitude, &profile.longitude, &names.latitude_bounds, &names.longitude_bounds),
            Some(_) => (&profile.y, &profile.x, &names.y_bounds, &names.x_bounds),
        };
        let rows: Vec<f64> = window.grid_rows().flat_map(|row| grid.y_bounds(row)).collect();
        let columns: Vec<f64> = window.grid_columns().flat_map(|column| grid.x_bounds(column)).collect();
        let mut variables = vec![
            plain(y, &[y], Values::Double(window.ys()), said.attributes(of_y)),
            plain(y_bounds, &[y, &names.bounds], Values::Double(rows), Vec::new()),
            plain(x, &[x], Values::Double(window.xs()), said.attributes(of_x)),
            plain(x_bounds, &[x, &names.bounds], Values::Double(columns), Vec::new()),
        ];
        let places = self.places(window);
        if let Some(Degrees { centres: [lat, lon], corners: [of_lat, of_lon] }) = &places.degrees {
            let of = |values: &Vec<f64>| Values::Double(values.clone());
            let (lat_bounds, lon_bounds) = (&names.latitude_bounds, &names.longitude_bounds);
            let corners: [&str; 3] = [y, x, &names.corners];
            variables.extend([
                packed(plain("lat", &[y, x], of(lat), said.of_cells(&profile.latitude))),
                packed(plain(lat_bounds, &corners, of(of_lat), Vec::new())),
                packed(plain("lon", &[y, x], of(lon), said.of_cells(&profile.longitude))),
                packed(plain(lon_bounds, &corners, of(of_lon), Vec::new())),
            ]);
        }
        variables.push(plain(&names.mapping, &[], Values::Whole(vec![0]), said.mapping()));
        let areas = Values::Double(places.areas.clone());
        variables.push(packed(plain(&names.area, &[y, x], areas, said.attributes(&profile.area))));
        variables
    }

    /// All attributes that a file of a variable has, by variable; its own stand under an empty name. What proves files compares them.
    pub(crate) fn attributes(&self, subject: &Subject<'_>) -> Vec<(String, Vec<(String, AttributeValue)>)> {
        let Skeleton { attributes, variables, data, .. } = self.skeleton(subject, &[]);
        let variables = variables.into_iter().map(|variable| (variable.name, variable.attributes));
        let data = data.into_iter().map(|data| {
            let mut own = data.attributes;
            own.push(("_FillValue".to_owned(), fill_value(data.element)));
            (data.name, own)
        });
        [(String::new(), attributes)].into_iter().chain(variables).chain(data).collect()
    }
}

fn plain(name: &str, dimensions: &[&str], values: Values, attributes: Attributes) -> Variable {
    let dimensions = dimensions.iter().map(|&name| name.to_owned()).collect();
    Variable { name: name.to_owned(), dimensions, attributes, values, chunk: None, is_packed: false }
}

fn packed(variable: Variable) -> Variable {
    Variable { is_packed: true, ..variable }
}

fn of_time(subject: &Subject<'_>, said: &Said<'_>) -> Vec<Variable> {
    let Subject { plan, steps, .. } = subject;
    let profile = &plan.settings.profile;
    let (names, layout) = (&profile.names, &profile.layout);
    let chunk = layout.chunk_of_times(steps.values.len());
    let along = |variable: Variable| Variable { chunk: Some(vec![chunk]), ..variable };
    let time = Values::Double(steps.values.clone());
    let bounds = Values::Double(steps.bounds.clone());
    let bounds = plain(&names.time_bounds, &["time", &names.bounds], bounds, Vec::new());
    let mut variables = vec![
        packed(along(plain("time", &["time"], time, said.attributes(&profile.time)))),
        packed(Variable { chunk: Some(vec![chunk, 2]), ..bounds }),
    ];
    if let Some(coverage) = &steps.coverage {
        let days = Values::Whole(coverage.days.clone());
        let complete = Values::Flag(coverage.complete.clone());
        variables.extend([
            along(plain(plan.axis.step_noun(), &["time"], days, said.attributes(&profile.steps))),
            along(plain(&names.complete, &["time"], complete, said.attributes(&profile.complete))),
        ]);
    }
    variables
}

/// A variable's dimension of rows.
fn rows_of(subject: &Subject<'_>) -> Option<(String, usize)> {
    let OutputRows::Dimension(rows) = &subject.output.rows else { return None };
    Some((row_dimension(subject.plan, subject.output), rows.len()))
}

fn of_rows(subject: &Subject<'_>, said: &Said<'_>) -> Option<Variable> {
    let Subject { plan, output, .. } = subject;
    let OutputRows::Dimension(rows) = &output.rows else { return None };
    let name = row_dimension(plan, output);
    if let Some(names) = row_names(plan, output) {
        let letters = letters_of(&names.dimension);
        let width = names.width();
        let mut attributes = said.attributes(&plan.settings.profile.rows);
        attributes
            .retain(|(name, _)| !matches!(name.as_str(), "long_name" | "flag_values" | "flag_meanings"));
        let numbers: Vec<i32> = rows.iter().map(|&row| row as i32 + 1).collect();
        attributes.insert(0, ("long_name".to_owned(), names.dimension.clone().into()));
        attributes.push((ROW_NUMBERS.to_owned(), numbers.into()));
        return Some(plain(&name, &[&name, &letters], Values::Names(names.labels, width), attributes));
    }
    let numbers = Values::Whole(rows.iter().map(|&row| row as i32 + 1).collect());
    Some(plain(&name, &[&name], numbers, said.attributes(&plan.settings.profile.rows)))
}

/// The names of the dimensions of rows and columns of the grid.
pub(crate) fn dimensions(window: &Window) -> [&'static str; 2] {
    if window.grid.projection().is_some() { ["y", "x"] } else { ["lat", "lon"] }
}

/// The name of an output's dimension of rows.
pub(crate) fn row_dimension(plan: &Plan, output: &Output) -> String {
    match row_names(plan, output) {
        Some(names) => names.dimension,
        None => format!("{}{}", output.name, plan.settings.profile.names.rows),
    }
}

/// The attribute that has the numbers of rows with names.
pub(crate) const ROW_NUMBERS: &str = "row_numbers";

/// The names of rows, and of their dimension.
#[derive(Debug, PartialEq)]
pub(crate) struct RowNames {
    pub dimension: String,
    pub labels: Vec<String>,
}

impl RowNames {
    /// Bytes of the longest.
    pub fn width(&self) -> usize {
        self.labels.iter().map(String::len).max().unwrap_or(1).max(1)
    }
}

/// The dimension of letters of names.
pub(crate) fn letters_of(dimension: &str) -> String {
    format!("{dimension}_letters")
}

/// The names of an output's rows, where these and their dimension have names of their own; `None` of rows that are numbers. Outputs that have names of one
/// dimension share it if these are the same; otherwise each has its own.
pub(crate) fn row_names(plan: &Plan, output: &Output) -> Option<RowNames> {
    let of = |output: &Output| {
        let OutputRows::Dimension(rows) = &output.rows else { return None };
        let info = plan.settings.table.get(&output.key)?;
        let dimension = info.dimension.clone()?;
        let labels: Vec<String> =
            rows.iter().map(|&row| info.row(row).map(|row| row.label)).collect::<Option<_>>()?;
        let distinct: std::collections::BTreeSet<&String> = labels.iter().collect();
        let is_fit = distinct.len() == labels.len()
            && labels.iter().all(|label| !label.is_empty() && !label.contains('\0'))
            && labels.iter().any(|label| label.parse::<f64>().is_err());
        is_fit.then_some(RowNames { dimension, labels })
    };
    let own = of(output)?;
    let is_shared =
        plan.outputs.iter().filter_map(of).all(|other| other.dimension != own.dimension || other == own);
    let names = &plan.settings.profile.names;
    let taken = [&names.bounds, &names.corners, &names.mapping, &names.area, &names.complete];
    let is_name = own.dimension.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && own.dimension.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        && !["time", "lat", "lon", "y", "x", "steps", "days"].contains(&own.dimension.as_str())
        && !taken.into_iter().any(|name| **name == *own.dimension)
        && !plan.outputs.iter().any(|output| output.name == own.dimension);
    match is_shared && is_name {
        true => Some(own),
        false => Some(RowNames { dimension: format!("{}{}", output.name, names.rows), ..own }),
    }
}
