//! The series of one place: a cell of a run, or of gridded files.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::error::{Argument, Error, Result};
use crate::grid::read::{Field, GridFile, Layers, of_folder};
use crate::model::element::Element;
use crate::model::fault::Fault;
use crate::model::grid::Cell;
use crate::plan::selection::matches;
use crate::plan::{Area, Plan, Settings};
use crate::run::Run;

use super::view::View;

/// Variables of one cell, on the same steps.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Point {
    /// The cell, where it is one of a run.
    pub cell: Option<Cell>,
    /// Degrees north and east of its centre.
    pub centre: [f64; 2],
    /// The steps: dates, and times of day where they are shorter.
    pub steps: Vec<String>,
    /// The variables, and the rows of those that have several.
    pub series: Vec<PointSeries>,
    /// What could not be read, or not wholly.
    pub faults: Vec<Fault>,
    /// Gridded files that could not be looked into.
    pub unread: Vec<Error>,
    /// Which files of a folder were taken where there was a choice, in words.
    pub choices: Vec<String>,
}

/// A variable of one cell, or a row of it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PointSeries {
    /// Its name; with the number or label of the row.
    pub name: String,
    /// What it is, in words.
    pub long_name: Option<String>,
    /// Its units, where they are known.
    pub units: Option<String>,
    /// The type of its values.
    pub element: Element,
    /// Its values, little endian, a step after another; [`Element::fill`] where there is none.
    pub bytes: Vec<u8>,
}

impl PointSeries {
    /// Whether no step has a value.
    pub fn is_empty(&self) -> bool {
        self.bytes.chunks_exact(self.element.size()).all(|value| value == self.element.fill_bytes())
    }

    /// The bytes of a step's value; none where there is no value.
    pub fn value(&self, step: usize) -> Option<&[u8]> {
        let size = self.element.size();
        let value = self.bytes.get(step * size..(step + 1) * size)?;
        (self.element.fill_bytes() != value).then_some(value)
    }

    /// A step's value with as many digits as tell it apart from all others of its type; none where there is no value.
    pub fn text(&self, step: usize) -> Option<String> {
        self.value(step).map(|value| self.element.text_of(value))
    }
}

impl Run {
    /// Reads the selected variables, periods and days of one cell, whatever area is selected.
    ///
    /// ```
    /// # use gridloom::plan::Settings;
    /// let run = gridloom::open("data/sample_run")?;
    /// let mut settings = Settings::default();
    /// settings.selection.variables = vec!["npp".into(), "csoil_2".into()];
    /// let point = run.point(run.cells[0].cell, settings)?;
    /// assert_eq!((point.steps[0].as_str(), point.series.len()), ("1979-01-01", 2));
    /// # Ok::<(), gridloom::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where the run has no such cell or variable; those of [`View::read`]. A dump that cannot be used is no error.
    pub fn point(&self, cell: Cell, mut settings: Settings) -> Result<Point> {
        if self.cells.binary_search_by_key(&cell, |one| one.cell).is_err() {
            return Err(Error::selection(Argument::Cell, cell, "the run does not have it"));
        }
        settings.selection.area = Area::List(vec![cell]);
        let view = View::new(Plan::new(self.clone(), settings)?);
        let plan = view.plan();
        let (bytes, faults) = view.of_first_cell()?;
        let mut point = Point {
            cell: Some(cell),
            centre: plan.window.grid.centre(cell),
            steps: (0..i64::from(plan.axis.days))
                .map(|step| plan.axis.label(step).unwrap_or_default())
                .collect(),
            faults: plan.missing.iter().cloned().chain(faults).collect(),
            ..Point::default()
        };
        let mut rest = bytes.as_slice();
        for layer in &plan.layers {
            let length = plan.axis.days as usize * layer.element.size();
            let (values, others) =
                rest.split_at_checked(length).ok_or_else(|| Error::bug("a layer without values"))?;
            rest = others;
            let info = plan.settings.table.get(&layer.key);
            point.series.push(PointSeries {
                name: layer.row_name.clone(),
                long_name: info.map(|info| info.long_name.clone()),
                units: info.and_then(|info| info.units.clone()),
                element: layer.element,
                bytes: values.to_vec(),
            });
        }
        Ok(point)
    }
}

impl Point {
    /// Reads what gridded NetCDF files have where a place is: of the variables that match one of the patterns, all where there are none. A file that cannot
    /// be looked into is no error where the others have what is wanted.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where the place is in no cell of a file, no variable matches, or files have other steps or cells than
    /// others; [`Io`](crate::ErrorKind::Io) and [`Library`](crate::ErrorKind::Library) where one of these cannot be read.
    pub fn of_grids(paths: &[PathBuf], place: [f64; 2], patterns: &[String]) -> Result<Self> {
        let mut point = Point::default();
        let mut known = Vec::new();
        for path in paths {
            let layers = match GridFile::layers(path) {
                Ok(layers) => layers,
                Err(error) => {
                    point.unread.push(error);
                    continue;
                }
            };
            let is_wanted = |name: &&String| {
                patterns.is_empty() || patterns.iter().any(|pattern| matches(pattern.trim(), name))
            };
            for name in layers.iter().filter(is_wanted) {
                point.add(&Field::open(path, Some(name))?, place)?;
            }
            known.extend(layers);
        }
        point.checked(patterns, known)
    }

    /// The same of all files of a folder, which may have a variable several times, daily and as means of months. Each is taken once: of a variable that
    /// several files have the daily one, or else the one of means, and of variables that no pattern names only such as are daily too, where any is.
    /// [`choices`](Point::choices) tells it.
    ///
    /// # Errors
    /// As [`Point::of_grids`]; [`Argument`](crate::ErrorKind::Argument) where several files of a variable fit alike.
    pub fn of_folder(paths: &[PathBuf], place: [f64; 2], patterns: &[String]) -> Result<Self> {
        let is_wanted =
            |name: &str| patterns.is_empty() || patterns.iter().any(|pattern| matches(pattern.trim(), name));
        let is_named = |name: &str| patterns.iter().any(|pattern| pattern.trim() == name);
        let Layers { fields, choices, mut known, unread } = of_folder(paths, &is_wanted, &is_named)?;
        let mut point = Point { choices, unread, ..Point::default() };
        for (path, name) in fields {
            point.add(&Field::open(&path, Some(&name))?, place)?;
        }
        let mut seen = BTreeSet::new();
        known.retain(|name| seen.insert(name.clone()));
        point.checked(patterns, known)
    }

    /// Refuses patterns that none of the names in files match.
    fn checked(mut self, patterns: &[String], known: Vec<String>) -> Result<Self> {
        let lacks = |pattern: &&String| !known.iter().any(|name| matches(pattern.trim(), name));
        let lacking = patterns.iter().find(lacks);
        match (lacking, self.unread.is_empty()) {
            // It may be what is wanted.
            (Some(_), false) => Err(self.unread.swap_remove(0)),
            (None, false) if known.is_empty() => Err(self.unread.swap_remove(0)),
            (Some(pattern), true) => {
                let reason = format!("is in none of the files; they have {}", known.join(", "));
                Err(Error::selection(Argument::Variables, pattern, reason))
            }
            (None, _) => Ok(self),
        }
    }

    /// The same on those of its steps that are wanted.
    #[must_use]
    pub fn between(mut self, is_wanted: impl Fn(&String) -> bool) -> Self {
        let wanted: Vec<bool> = self.steps.iter().map(is_wanted).collect();
        for one in &mut self.series {
            let values = one.bytes.chunks(one.element.size()).zip(&wanted);
            one.bytes = values.filter(|(_, wanted)| **wanted).flat_map(|(value, _)| value).copied().collect();
        }
        let mut wanted = wanted.into_iter();
        self.steps.retain(|_| wanted.next().unwrap_or(false));
        self
    }

    fn add(&mut self, field: &Field, [north, east]: [f64; 2]) -> Result<()> {
        let columns = field.place.x.len().max(1);
        let inside = field.place.cell_at(north, east).ok_or_else(|| {
            let reason = format!("is in no cell of {}", field.path.display());
            Error::selection(Argument::Point, format!("{north},{east}"), reason)
        })?;
        let count = field.times.steps.len();
        let steps: Vec<String> = (0..count).map(|step| field.times.label(step).unwrap_or_default()).collect();
        let centre = field.place.centre(inside);
        if self.series.is_empty() {
            (self.steps, self.centre) = (steps, centre);
        } else if (&self.steps, self.centre) != (&steps, centre) {
            let reason = format!(
                "{} has other steps or cells than the files before; ask for it by itself",
                field.path.display()
            );
            return Err(Error::selection(Argument::Variables, &field.name, reason));
        }
        if self.series.iter().any(|known| known.name == field.name) {
            let reason =
                format!("is in {} as well as in a file before; ask for it by itself", field.path.display());
            return Err(Error::selection(Argument::Variables, &field.name, reason));
        }
        let (row, column) = (inside / columns, inside % columns);
        let element = field.element();
        let fill = element.fill_bytes();
        let (mut values, mut bytes) = (Vec::new(), Vec::with_capacity(count * element.size()));
        field.read(0..count, row..row + 1, column..column + 1, &mut values)?;
        for value in values {
            match value.is_nan() {
                true => bytes.extend_from_slice(fill),
                false => bytes.extend(element.bytes_of(value)),
            }
        }
        self.series.push(PointSeries {
            name: field.name.clone(),
            long_name: Some(field.long_name.clone()),
            units: Some(field.units.clone()).filter(|units| !units.is_empty()),
            element,
            bytes,
        });
        Ok(())
    }
}
