//! What a file holds beside its chunks: coordinates, bounds, cell areas, grid mapping, attributes, as its profile has them.
//!
//! `docs/formats-written.md` shows the result. Axis order: time, (rows,) lat from north to
//! south, lon from west to east. Coordinates are centres, in double precision, computed from the grid's indices.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use netcdf::AttributeValue;

use crate::model::grid::Window;
use crate::plan::{Output, OutputRows, Plan};

use super::provenance::Provenance;
use super::raw::Held;
use super::said::{Said, fill_value};
use super::subject::Subject;

type Attributes = Vec<(String, AttributeValue)>;

/// What all files of a plan share.
#[derive(Debug, Clone)]
pub struct Schema {
    provenance: Provenance,
    places: OnceLock<Arc<Places>>,
}

/// What files say of each cell of the window.
#[derive(Debug)]
struct Places {
    areas: Vec<f64>,
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
        Schema { provenance, places: OnceLock::new() }
    }

    /// Who made the files, and when.
    pub(crate) fn provenance(&self) -> &Provenance {
        &self.provenance
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
            Arc::new(Places { areas: window.areas(), degrees })
        };
        self.places.get_or_init(make).clone()
    }

    /// Makes the file with its dimensions, coordinates and global attributes.
    pub(super) fn write(&self, path: &Path, subject: &Subject<'_>) -> netcdf::Result<Held> {
        let Subject { plan, output, steps, .. } = subject;
        let (axis, window, profile) = (&plan.axis, &plan.window, &plan.settings.profile);
        let (names, time_chunk) = (&profile.names, profile.layout.time_chunk);
        let said = Said::of(subject, &self.provenance);
        let count = steps.values.len();
        // Declared first, so that it goes last, on errors too.
        let held;
        let mut file = netcdf::create(path)?;
        held = Held::open(path)?;
        match profile.layout.is_time_unlimited {
            true => file.add_unlimited_dimension("time")?,
            false => file.add_dimension("time", count)?,
        };
        if let OutputRows::Dimension(rows) = &output.rows {
            file.add_dimension(&row_dimension(plan, output), rows.len())?;
        }
        let [y, x] = dimensions(window);
        file.add_dimension(y, window.rows as usize)?;
        file.add_dimension(x, window.columns as usize)?;
        file.add_dimension(&names.bounds, 2)?;
        if window.grid.projection().is_some() {
            file.add_dimension(&names.corners, 4)?;
        }

        let mut time = file.add_variable::<f64>("time", &["time"])?;
        time.set_chunking(&[time_chunk])?;
        time.set_compression(4, true)?;
        put(&mut time, said.attributes(&profile.time))?;
        time.put_values(&steps.values, 0..count)?;
        let mut time_bounds = file.add_variable::<f64>(&names.time_bounds, &["time", &names.bounds])?;
        time_bounds.set_chunking(&[time_chunk, 2])?;
        time_bounds.set_compression(4, true)?;
        time_bounds.put_values(&steps.bounds, (0..count, ..))?;
        if let Some(coverage) = &steps.coverage {
            let mut days = file.add_variable::<i32>(axis.step_noun(), &["time"])?;
            days.set_chunking(&[time_chunk])?;
            put(&mut days, said.attributes(&profile.steps))?;
            days.put_values(&coverage.days, 0..count)?;
            let mut complete = file.add_variable::<i8>(&names.complete, &["time"])?;
            complete.set_chunking(&[time_chunk])?;
            put(&mut complete, said.attributes(&profile.complete))?;
            complete.put_values(&coverage.complete, 0..count)?;
        }

        if let OutputRows::Dimension(rows) = &output.rows {
            let name = row_dimension(plan, output);
            let numbers: Vec<i32> = rows.iter().map(|&row| row as i32 + 1).collect();
            let mut variable = file.add_variable::<i32>(&name, &[&name])?;
            put(&mut variable, said.attributes(&profile.rows))?;
            variable.put_values(&numbers, ..)?;
        }

        let grid = &window.grid;
        let (of_y, of_x, y_bounds, x_bounds) = match grid.projection() {
            None => (&profile.latitude, &profile.longitude, &names.latitude_bounds, &names.longitude_bounds),
            Some(_) => (&profile.y, &profile.x, &names.y_bounds, &names.x_bounds),
        };
        let rows: Vec<f64> = window.grid_rows().flat_map(|row| grid.y_bounds(row)).collect();
        let columns: Vec<f64> = window.grid_columns().flat_map(|column| grid.x_bounds(column)).collect();
        let mut variable = file.add_variable::<f64>(y, &[y])?;
        put(&mut variable, said.attributes(of_y))?;
        variable.put_values(&window.ys(), ..)?;
        file.add_variable::<f64>(y_bounds, &[y, &names.bounds])?.put_values(&rows, (.., ..))?;
        let mut variable = file.add_variable::<f64>(x, &[x])?;
        put(&mut variable, said.attributes(of_x))?;
        variable.put_values(&window.xs(), ..)?;
        file.add_variable::<f64>(x_bounds, &[x, &names.bounds])?.put_values(&columns, (.., ..))?;
        let places = self.places(window);
        if let Some(degrees) = &places.degrees {
            let of = [&profile.latitude, &profile.longitude];
            let bounds = [&names.latitude_bounds, &names.longitude_bounds];
            for (axis, name) in ["lat", "lon"].into_iter().enumerate() {
                let mut variable = file.add_variable::<f64>(name, &[y, x])?;
                variable.set_compression(4, true)?;
                put(&mut variable, said.of_cells(of[axis]))?;
                variable.put_values(&degrees.centres[axis], (.., ..))?;
                let mut variable = file.add_variable::<f64>(bounds[axis], &[y, x, &names.corners])?;
                variable.set_compression(4, true)?;
                variable.put_values(&degrees.corners[axis], (.., .., ..))?;
            }
        }

        let mut crs = file.add_variable::<i32>(&names.mapping, &[])?;
        put(&mut crs, said.mapping())?;
        crs.put_value(0i32, ())?;

        let mut area = file.add_variable::<f64>(&names.area, &[y, x])?;
        area.set_compression(4, true)?;
        put(&mut area, said.attributes(&profile.area))?;
        area.put_values(&places.areas, (.., ..))?;

        for (name, value) in said.of_file() {
            file.add_attribute(&name, readable(value))?;
        }
        file.close()?;
        Ok(held)
    }

    /// Adds the attributes of the data variable.
    pub(super) fn write_attributes(&self, path: &Path, subject: &Subject<'_>) -> netcdf::Result<()> {
        let mut file = netcdf::append(path)?;
        if let Some(mut variable) = file.variable_mut(&subject.output.name) {
            let said = Said::of(subject, &self.provenance);
            put(&mut variable, said.attributes(&subject.plan.settings.profile.data))?;
        }
        file.close()
    }

    /// All attributes that a file has, by variable; its own stand under an empty name. What proves files compares them.
    pub(crate) fn attributes(&self, subject: &Subject<'_>) -> Vec<(String, Vec<(String, AttributeValue)>)> {
        let Subject { plan, output, steps, .. } = subject;
        let profile = &plan.settings.profile;
        let names = &profile.names;
        let said = Said::of(subject, &self.provenance);
        let mut data = said.attributes(&profile.data);
        data.push(("_FillValue".to_owned(), fill_value(output.element)));
        let mut all = vec![
            (String::new(), said.of_file()),
            ("time".to_owned(), said.attributes(&profile.time)),
            (names.time_bounds.to_string(), Vec::new()),
            (names.latitude_bounds.to_string(), Vec::new()),
            (names.longitude_bounds.to_string(), Vec::new()),
            (names.mapping.to_string(), said.mapping()),
            (names.area.to_string(), said.attributes(&profile.area)),
            (output.name.clone(), data),
        ];
        match plan.window.grid.projection() {
            None => {
                all.push(("lat".to_owned(), said.attributes(&profile.latitude)));
                all.push(("lon".to_owned(), said.attributes(&profile.longitude)));
            }
            Some(_) => {
                all.push(("lat".to_owned(), said.of_cells(&profile.latitude)));
                all.push(("lon".to_owned(), said.of_cells(&profile.longitude)));
                all.push(("y".to_owned(), said.attributes(&profile.y)));
                all.push(("x".to_owned(), said.attributes(&profile.x)));
                all.push((names.y_bounds.to_string(), Vec::new()));
                all.push((names.x_bounds.to_string(), Vec::new()));
            }
        }
        if steps.coverage.is_some() {
            all.push((plan.axis.step_noun().to_owned(), said.attributes(&profile.steps)));
            all.push((names.complete.to_string(), said.attributes(&profile.complete)));
        }
        if let OutputRows::Dimension(_) = &output.rows {
            all.push((row_dimension(plan, output), said.attributes(&profile.rows)));
        }
        all
    }
}

/// The names of the dimensions of rows and columns of the grid.
pub(crate) fn dimensions(window: &Window) -> [&'static str; 2] {
    if window.grid.projection().is_some() { ["y", "x"] } else { ["lat", "lon"] }
}

/// The name of an output's dimension of rows.
pub(super) fn row_dimension(plan: &Plan, output: &Output) -> String {
    format!("{}{}", output.name, plan.settings.profile.names.rows)
}

fn put(variable: &mut netcdf::VariableMut<'_>, attributes: Attributes) -> netcdf::Result<()> {
    for (name, value) in attributes {
        variable.put_attribute(&name, readable(value))?;
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
