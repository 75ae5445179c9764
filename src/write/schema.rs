//! What a file holds beside its chunks: coordinates, bounds, cell areas, grid mapping, attributes, as its profile has them.
//!
//! `docs/formats-written.md` shows the result. Axis order: time, (rows,) lat from north to
//! south, lon from west to east. Coordinates are centres, in double precision, computed from the grid's indices.

use std::path::Path;

use netcdf::AttributeValue;

use crate::model::ellipsoid;
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
        let (axis, window, profile) = (&plan.axis, &plan.window, &plan.settings.profile);
        let (names, time_chunk) = (&profile.names, profile.layout.time_chunk);
        let (rows, columns) = (window.rows as usize, window.columns as usize);
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
        file.add_dimension("lat", rows)?;
        file.add_dimension("lon", columns)?;
        file.add_dimension(&names.bounds, 2)?;

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
        let latitudes: Vec<f64> = window.grid_rows().flat_map(|row| grid.latitude_bounds(row)).collect();
        let longitudes: Vec<f64> =
            window.grid_columns().flat_map(|column| grid.longitude_bounds(column)).collect();
        let mut lat = file.add_variable::<f64>("lat", &["lat"])?;
        put(&mut lat, said.attributes(&profile.latitude))?;
        lat.put_values(&window.latitudes(), ..)?;
        file.add_variable::<f64>(&names.latitude_bounds, &["lat", &names.bounds])?
            .put_values(&latitudes, (.., ..))?;
        let mut lon = file.add_variable::<f64>("lon", &["lon"])?;
        put(&mut lon, said.attributes(&profile.longitude))?;
        lon.put_values(&window.longitudes(), ..)?;
        file.add_variable::<f64>(&names.longitude_bounds, &["lon", &names.bounds])?
            .put_values(&longitudes, (.., ..))?;

        let mut crs = file.add_variable::<i32>(&names.mapping, &[])?;
        put(&mut crs, said.attributes(&profile.mapping))?;
        crs.put_value(0i32, ())?;

        let areas: Vec<f64> = window
            .grid_rows()
            .flat_map(|row| {
                let [south, north] = grid.latitude_bounds(row);
                std::iter::repeat_n(ellipsoid::cell_area(south, north, grid.resolution()), columns)
            })
            .collect();
        let mut area = file.add_variable::<f64>(&names.area, &["lat", "lon"])?;
        area.set_compression(4, true)?;
        put(&mut area, said.attributes(&profile.area))?;
        area.put_values(&areas, (.., ..))?;

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
            ("lat".to_owned(), said.attributes(&profile.latitude)),
            (names.latitude_bounds.to_string(), Vec::new()),
            ("lon".to_owned(), said.attributes(&profile.longitude)),
            (names.longitude_bounds.to_string(), Vec::new()),
            (names.mapping.to_string(), said.attributes(&profile.mapping)),
            (names.area.to_string(), said.attributes(&profile.area)),
            (output.name.clone(), data),
        ];
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
