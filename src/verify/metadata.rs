//! Everything in a grid but its values: dimensions, coordinates, bounds, areas, the grid mapping, and every attribute.

use std::collections::BTreeMap;
use std::path::Path;

use crate::grid::form::{Found, GridForm};
use crate::model::axis::Axis;
use crate::model::projection::{Projection, Projector};
use crate::plan::{OutputRows, Plan};
use crate::profile::{Names, Profile};
use crate::write::{
    AttributeValue, Provenance, RowNames, Schema, Subject, dimensions, letters_of, row_dimension, row_names,
};

use super::inputs::DIGEST;
use super::interval::Interval;
use super::made::Made;
use super::{Verification, area};

/// Attributes that a text is cut to in messages.
const SHOWN: usize = 120;

/// Where the steps of a file are in time.
pub(super) struct Steps {
    values: Vec<f64>,
    bounds: Vec<f64>,
    /// Days that go in, and whether these are all, of intervals.
    coverage: Option<(Vec<i32>, Vec<i8>)>,
}

impl Steps {
    /// All steps of the axis.
    pub fn daily(plan: &Plan) -> Self {
        let steps = 0..i64::from(plan.axis.days);
        Steps {
            values: steps.clone().map(|step| begin(&plan.written, step)).collect(),
            bounds: steps
                .flat_map(|step| [begin(&plan.written, step), begin(&plan.written, step + 1)])
                .collect(),
            coverage: None,
        }
    }

    /// Intervals of the axis.
    pub fn of(plan: &Plan, intervals: &[Interval]) -> Self {
        let spans: Vec<(i64, i64)> =
            intervals.iter().map(|interval| (interval.first as i64, interval.end as i64)).collect();
        let coverage = (
            intervals.iter().map(|interval| interval.days() as i32).collect(),
            intervals.iter().map(|interval| i8::from(interval.is_complete())).collect(),
        );
        Steps { coverage: Some(coverage), ..Steps::spans(plan, &spans) }
    }

    /// Whole spans of steps: the first, counted from the axis' first, and the one behind the last.
    pub fn spans(plan: &Plan, spans: &[(i64, i64)]) -> Self {
        let of = |step: i64| begin(&plan.written, step);
        Steps {
            values: spans.iter().map(|&(first, end)| (of(first) + of(end)) / 2.0).collect(),
            bounds: spans.iter().flat_map(|&(first, end)| [of(first), of(end)]).collect(),
            coverage: None,
        }
    }

    pub fn len(&self) -> usize {
        self.values.len()
    }
}

/// The value of time at which a step of the axis, counted from its first, begins: how far its date and time of day are from the reference's.
fn begin(axis: &Axis, step: i64) -> f64 {
    let unit = &axis.unit;
    let (Some((day, milliseconds)), Some((zero, after))) =
        (unit.day_and_milliseconds(axis.first_day + step), unit.day_and_milliseconds(0))
    else {
        // Behind the last of all dates.
        return (axis.first_day + step) as f64;
    };
    let seconds = (day - zero) as f64 * 86_400.0 + ((milliseconds - after) / 1_000) as f64;
    seconds / f64::from(unit.seconds_of_unit())
}

/// The name of a product.
pub(super) fn file_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Compares all that a product holds beside its values; nothing where these cannot be compared for it.
pub(super) fn compare(
    form: &dyn GridForm,
    path: &Path,
    subject: &Subject<'_>,
    steps: &Steps,
    made: &Made,
    result: &mut Verification,
) -> Option<Found> {
    let name = file_of(path);
    let names = &subject.plan.settings.profile.names;
    let rows = row_dimension(subject.plan, subject.output);
    let bounds = [&names.time_bounds, &names.latitude_bounds, &names.longitude_bounds];
    let others = [&names.y_bounds, &names.x_bounds, &names.area, &names.mapping, &names.complete];
    let mut wanted: Vec<&str> = bounds.into_iter().chain(others).map(AsRef::as_ref).collect();
    wanted.extend(["time", "lat", "lon", "y", "x", &rows, subject.plan.axis.step_noun()]);
    let found = match form.find(path, &subject.output.name, &wanted) {
        Ok(found) => found,
        Err(reason) => {
            result.differ_in(&name, "a grid that can be read", &reason);
            return None;
        }
    };
    let mut check = Check { form, name: &name, found: &found, subject, result };
    let is_placed = check.dimensions(steps);
    if is_placed {
        check.coordinates(steps);
    }
    check.attributes(made);
    check.groups();
    let is_placed = is_placed && check.has_type();
    is_placed.then_some(found)
}

struct Check<'a> {
    form: &'a dyn GridForm,
    name: &'a str,
    found: &'a Found,
    subject: &'a Subject<'a>,
    result: &'a mut Verification,
}

impl Check<'_> {
    fn differ(&mut self, expected: String, found: String) {
        self.result.differ_in(self.name, &expected, &found);
    }

    fn profile(&self) -> &Profile {
        &self.subject.plan.settings.profile
    }

    /// A grid has no groups.
    fn groups(&mut self) {
        for name in &self.found.groups {
            self.differ("no group".to_owned(), name.clone());
        }
    }

    /// The names of rows, where they have some.
    fn names(&self) -> Option<RowNames> {
        row_names(self.subject.plan, self.subject.output)
    }

    /// The dimension of rows, where there is one, and the rows, counted from 0.
    fn rows(&self) -> Option<(String, Vec<usize>)> {
        match &self.subject.output.rows {
            OutputRows::Dimension(rows) => {
                Some((row_dimension(self.subject.plan, self.subject.output), rows.clone()))
            }
            _ => None,
        }
    }

    /// Compares names, lengths and order of dimensions; false where values have other places than they should.
    fn dimensions(&mut self, steps: &Steps) -> bool {
        let window = &self.subject.plan.window;
        let mut expected = vec![("time".to_owned(), steps.len())];
        expected.extend(self.rows().map(|(name, rows)| (name, rows.len())));
        let [y, x] = dimensions(window);
        expected.extend([(y.to_owned(), window.rows as usize), (x.to_owned(), window.columns as usize)]);
        let mut all = expected.clone();
        all.push((self.profile().names.bounds.to_string(), 2));
        if window.grid.projection().is_some() {
            all.push((self.profile().names.corners.to_string(), 4));
        }
        if let Some(names) = self.names()
            && self.form.tells_limits()
        {
            all.push((letters_of(&names.dimension), names.width()));
        }
        let mut found: Vec<(String, usize)> =
            self.found.dimensions.iter().map(|one| (one.name.clone(), one.length)).collect();
        let is_unlimited = self.found.dimensions.iter().any(|one| one.name == "time" && one.is_unlimited);
        all.sort();
        found.sort();
        let mut is_same = true;
        if found != all {
            is_same = false;
            self.differ(format!("dimensions {}", list(&all)), list(&found));
        } else if self.form.tells_limits() && is_unlimited != self.profile().layout.is_time_unlimited {
            let word = |is_unlimited: bool| if is_unlimited { "an unlimited" } else { "a limited" };
            let expected = format!("{} dimension of time", word(!is_unlimited));
            self.differ(expected, format!("{} one", word(is_unlimited)));
        }
        let variable = &self.subject.output.name;
        let own = self.found.variable(variable).map(|variable| variable.dimensions.clone());
        match own {
            None => {
                self.differ(format!("a variable {variable:?}"), "there is none".to_owned());
                false
            }
            Some(own) if own != expected => {
                self.differ(format!("{variable} over {}", list(&expected)), list(&own));
                false
            }
            Some(_) => is_same,
        }
    }

    /// Whether the values have the type that they should have; the difference is told with the other types.
    fn has_type(&self) -> bool {
        let variable = self.found.variable(&self.subject.output.name);
        variable.is_some_and(|variable| variable.element == Some(self.subject.output.element.name()))
    }

    fn coordinates(&mut self, steps: &Steps) {
        let names = self.profile().names.clone();
        let window = &self.subject.plan.window;
        let grid = &window.grid;
        let (rows, columns) = (window.rows as usize, window.columns as usize);
        let (projection, lattice) = (grid.projection(), grid.lattice());
        let projector = projection.and_then(Projection::projector);
        let [height, width] = grid.cell_size();
        // From the edges of the grid, not from the planner's lists.
        let (top, left) = lattice.map_or((90.0, -180.0), |lattice| (lattice.north, lattice.west));
        let north = |row: usize| top - (window.first_row as usize + row) as f64 * height;
        let west = |column: usize| left + (window.first_column as usize + column) as f64 * width;
        let ys: Vec<f64> = (0..rows).map(|row| (north(row) + north(row + 1)) / 2.0).collect();
        let xs: Vec<f64> = (0..columns).map(|column| (west(column) + west(column + 1)) / 2.0).collect();
        let y_bounds: Vec<f64> = (0..rows).flat_map(|row| [north(row + 1), north(row)]).collect();
        let x_bounds: Vec<f64> = (0..columns).flat_map(|column| [west(column), west(column + 1)]).collect();
        self.doubles("time", &steps.values, 1, 0.0);
        self.doubles(&names.time_bounds, &steps.bounds, 2, 0.0);
        let [y, x] = dimensions(window);
        let (of_y, of_x) = match projection {
            None => (&names.latitude_bounds, &names.longitude_bounds),
            Some(_) => (&names.y_bounds, &names.x_bounds),
        };
        // Of resolutions that no double holds the last bit depends on the way.
        let largest =
            [north(0), north(rows), west(0), west(columns)].into_iter().map(f64::abs).fold(360.0, f64::max);
        let slack = largest * f64::EPSILON;
        self.doubles(y, &ys, 1, slack);
        self.doubles(x, &xs, 1, slack);
        self.doubles(of_y, &y_bounds, 2, slack);
        self.doubles(of_x, &x_bounds, 2, slack);
        self.doubles(y, &window.ys(), 1, 0.0);
        self.doubles(x, &window.xs(), 1, 0.0);
        let mut areas = window.areas();
        // The model's closed form stands against a plain integral.
        for (row, areas) in window.grid_rows().zip(areas.chunks_mut(columns.max(1))) {
            let of_y = grid.y_bounds(row);
            let plain = area::between(of_y[0], of_y[1], width);
            for (area, column) in areas.iter_mut().zip(window.grid_columns()) {
                let (other, most) = match projection.zip(projector.as_ref()) {
                    None => (plain, 1e-9),
                    Some((projection, projector)) => {
                        (area::projected(projector, projection.ellipsoid, of_y, grid.x_bounds(column)), 1e-4)
                    }
                };
                let apart = (*area / other - 1.0).abs();
                if apart.is_nan() || apart >= most {
                    *area = f64::NAN;
                }
            }
        }
        self.doubles(&names.area, &areas, columns, 0.0);
        if let Some(projector) = &projector {
            self.degrees(projector, &names);
        }
        if let Some((days, complete)) = &steps.coverage {
            self.whole(
                self.subject.plan.axis.step_noun(),
                &days.iter().map(|&days| i64::from(days)).collect::<Vec<_>>(),
            );
            self.whole(
                &names.complete,
                &complete.iter().map(|&complete| i64::from(complete)).collect::<Vec<_>>(),
            );
        }
        if let Some((name, rows)) = self.rows() {
            match self.names() {
                None => self.whole(&name, &rows.iter().map(|&row| row as i64 + 1).collect::<Vec<_>>()),
                Some(names) => {
                    let padded = names.labels.iter().flat_map(|label| {
                        let bytes = label.bytes().map(i64::from).chain(std::iter::repeat(0));
                        bytes.take(names.width()).collect::<Vec<_>>()
                    });
                    self.whole(&name, &padded.collect::<Vec<_>>());
                }
            }
        }
        self.whole(&names.mapping, &[0]);
    }

    /// Compares latitudes and longitudes of a projection's cells, each of which is projected back to where it should be.
    fn degrees(&mut self, projector: &Projector, names: &Names) {
        let window = &self.subject.plan.window;
        let (mut centres, mut corners) = (window.centres(), window.corners());
        let far = |[lat, lon]: [f64; 2], y: f64, x: f64| {
            let back = projector.metres(lat, lon).unwrap_or([f64::NAN; 2]);
            !((back[0] - y).abs() < 0.01 && (back[1] - x).abs() < 0.01)
        };
        for ((centre, corners), cell) in centres.iter_mut().zip(&mut corners).zip(window.cells()) {
            let ([south, north], [west, east]) =
                (window.grid.y_bounds(cell.row), window.grid.x_bounds(cell.column.into()));
            if far(*centre, (south + north) / 2.0, (west + east) / 2.0) {
                *centre = [f64::NAN; 2];
            }
            let places = [[south, west], [south, east], [north, east], [north, west]];
            for (corner, [y, x]) in corners.iter_mut().zip(places) {
                if far(*corner, y, x) {
                    *corner = [f64::NAN; 2];
                }
            }
        }
        let width = window.columns as usize;
        for (axis, (name, bounds)) in
            [("lat", &names.latitude_bounds), ("lon", &names.longitude_bounds)].into_iter().enumerate()
        {
            let of = |point: &[f64; 2]| point.get(axis).copied().unwrap_or(f64::NAN);
            self.doubles(name, &centres.iter().map(of).collect::<Vec<_>>(), width, 0.0);
            self.doubles(bounds, &corners.iter().flatten().map(of).collect::<Vec<_>>(), 4, 0.0);
        }
    }

    /// Compares all values of a variable of doubles; `width` are those of a row, for messages.
    fn doubles(&mut self, name: &str, expected: &[f64], width: usize, slack: f64) {
        self.result.coordinates += expected.len() as u64;
        let Some(found) = self.found.variable(name).and_then(|variable| variable.values.as_ref()) else {
            return self
                .differ(format!("{name} with {} values", expected.len()), "it cannot be read".to_owned());
        };
        if found.len() != expected.len() {
            return self.differ(format!("{name} with {} values", expected.len()), found.len().to_string());
        }
        for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
            let is_near = slack > 0.0 && (found - expected).abs() <= slack;
            if found.to_bits() != expected.to_bits() && !is_near {
                let place = match width {
                    1 => index.to_string(),
                    width => format!("{}, {}", index / width, index % width),
                };
                self.differ(format!("{name}[{place}] = {expected}"), found.to_string());
            }
        }
    }

    fn whole(&mut self, name: &str, expected: &[i64]) {
        self.result.coordinates += expected.len() as u64;
        let found = self.found.variable(name).and_then(|variable| variable.values.as_deref());
        let found = found.unwrap_or_default();
        if found.len() != expected.len() {
            return self.differ(format!("{name} with {} values", expected.len()), found.len().to_string());
        }
        for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
            if *found != *expected as f64 {
                self.differ(format!("{name}[{index}] = {expected}"), found.to_string());
            }
        }
    }

    /// Compares variables, their types, and all attributes.
    fn attributes(&mut self, made: &Made) {
        let digest = self.found.attributes.iter().find(|(name, _)| name == DIGEST);
        let digest = match digest {
            Some((_, AttributeValue::Str(text))) => text.clone(),
            _ => String::new(),
        };
        // A profile may leave it out; where it must be there, it is missed with the other attributes.
        if self.found.attributes.iter().any(|(name, _)| name == DIGEST) {
            self.result.named.entry(digest.clone()).or_insert_with(|| self.name.to_owned());
        }
        let created = made.created.unwrap_or_default();
        let expected = Schema::new(Provenance { created, digest }).attributes(self.subject);
        let mut found: BTreeMap<String, Vec<(String, AttributeValue)>> = BTreeMap::new();
        found.insert(String::new(), self.found.attributes.clone());
        for variable in &self.found.variables {
            found.insert(variable.name.clone(), variable.attributes.clone());
            let wanted = self.type_of(&variable.name);
            let is_names = self.names().is_some_and(|names| names.dimension == variable.name);
            let own = variable.element.unwrap_or(if is_names { "text" } else { "another type" });
            if own != wanted && expected.iter().any(|(name, _)| *name == variable.name) {
                self.differ(format!("{} of type {wanted}", variable.name), own.to_owned());
            }
        }
        for (variable, expected) in expected {
            match found.remove(&variable) {
                Some(found) => self.pairs(&variable, &expected, &found, made),
                None => self.differ(format!("a variable {variable:?}"), "there is none".to_owned()),
            }
        }
        for variable in found.into_keys() {
            self.differ(format!("no variable {variable:?}"), "there is one".to_owned());
        }
    }

    fn type_of(&self, variable: &str) -> &'static str {
        match variable {
            "days" | "steps" => "int32",
            name if *name == self.profile().names.mapping => "int32",
            name if *name == self.profile().names.complete => "int8",
            name if name == self.subject.output.name => self.subject.output.element.name(),
            name if self.names().is_some_and(|names| names.dimension == name) => "text",
            name if self.rows().is_some_and(|(rows, _)| rows == name) => "int32",
            _ => "float64",
        }
    }

    fn pairs(
        &mut self,
        variable: &str,
        expected: &[(String, AttributeValue)],
        found: &[(String, AttributeValue)],
        made: &Made,
    ) {
        let place =
            |name: &str| if variable.is_empty() { name.to_owned() } else { format!("{variable}:{name}") };
        for (name, value) in expected {
            self.result.attributes += 1;
            let own = found.iter().find(|(other, _)| other == name).map(|(_, own)| own);
            // Without a report nobody knows when the file was made.
            let is_free = made.created.is_none() && matches!(name.as_str(), "history" | "date_created");
            let value = self.form.kept(value.clone());
            match own {
                Some(own) if is_same(&value, own) || is_free => {}
                Some(own) => self.differ(format!("{} = {}", place(name), show(&value)), show(own)),
                None => {
                    self.differ(
                        format!("{} = {}", place(name), show(&value)),
                        "no such attribute".to_owned(),
                    );
                }
            }
        }
        for (name, own) in found {
            if !expected.iter().any(|(other, _)| other == name) {
                self.differ(format!("no attribute {}", place(name)), show(own));
            }
        }
    }
}

/// A list of one value is read as that value.
fn is_same(expected: &AttributeValue, found: &AttributeValue) -> bool {
    use AttributeValue::{Double, Doubles, Float, Floats, Int, Ints, Str, Strs};
    match (expected, found) {
        (Ints(list), Int(value)) => list.as_slice() == [*value],
        (Floats(list), Float(value)) => list.as_slice() == [*value],
        (Doubles(list), Double(value)) => list.as_slice() == [*value],
        (Strs(list), Str(value)) => list.as_slice() == [value.as_str()],
        _ => expected == found,
    }
}

fn list(dimensions: &[(String, usize)]) -> String {
    let texts: Vec<String> = dimensions.iter().map(|(name, length)| format!("{name} = {length}")).collect();
    format!("({})", texts.join(", "))
}

fn show(value: &AttributeValue) -> String {
    let text = match value {
        AttributeValue::Str(text) => format!("{text:?}"),
        other => format!("{other:?}"),
    };
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
