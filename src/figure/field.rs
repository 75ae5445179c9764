//! A file that is drawn: what is in it, where, and when.

use std::ops::Range;
use std::path::{Path, PathBuf};

use netcdf::AttributeValue;

use crate::error::{Error, Result};
use crate::model::ellipsoid;

use super::chunks::Chunks;
use super::guard::{self, Open};
use super::times::{self, Times};

/// A variable over time, latitude and longitude.
pub struct Field {
    /// The file.
    pub path: PathBuf,
    /// The variable's name, with the number of its row where it has several.
    pub name: String,
    /// What it is, in words.
    pub long_name: String,
    /// Its units as the file has them; empty where it has none.
    pub units: String,
    /// What the values are means or sums of, as the file says.
    pub cell_methods: String,
    /// The file's title.
    pub title: String,
    /// What the file says of its own origin: attribute and value.
    pub attributes: Vec<(&'static str, String)>,
    /// The time axis.
    pub times: Times,
    /// Rows and columns.
    pub place: Place,
    /// Days, rows and columns that are best read together.
    pub chunk: [usize; 3],
    variable: String,
    /// Which row of a dimension of rows.
    row: Option<usize>,
    fill: Option<f64>,
    source: Source,
}

/// Where values come from.
enum Source {
    /// Chunks that are read beside the library.
    Chunks(Chunks),
    /// The library.
    Library(Open),
}

/// Rows and columns of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Centres of rows, in the order of the file.
    pub lat: Vec<f64>,
    /// Centres of columns.
    pub lon: Vec<f64>,
    /// Edges of rows, one more than rows.
    pub lat_edges: Vec<f64>,
    /// Edges of columns.
    pub lon_edges: Vec<f64>,
}

impl Place {
    /// The number of cells.
    pub fn cells(&self) -> usize {
        self.lat.len() * self.lon.len()
    }

    /// Each cell's area in m2, row by row.
    pub fn areas(&self) -> Vec<f64> {
        let mut areas = Vec::with_capacity(self.cells());
        for rows in self.lat_edges.windows(2) {
            for columns in self.lon_edges.windows(2) {
                if let (&[a, b], &[west, east]) = (rows, columns) {
                    areas.push(ellipsoid::cell_area(a.min(b), a.max(b), (east - west).abs()));
                }
            }
        }
        areas
    }
}

impl Field {
    /// Opens a file and finds a variable in it; without a name, the only one over time, latitude and longitude.
    ///
    /// # Errors
    /// [`Error::Netcdf`] where the file is none, or has no such axes; [`Error::Selection`] where it lacks the variable.
    pub fn open(path: &Path, name: Option<&str>) -> Result<Self> {
        std::fs::File::open(path).map_err(|source| Error::io("read", path, source))?;
        let look = || guard::library(|| Field::look_into(path, name));
        guard::guarded(look).unwrap_or_else(|| {
            let reason = "it is damaged".to_owned();
            Err(Error::Netcdf { path: path.to_owned(), action: "open".to_owned(), reason })
        })
    }

    fn look_into(path: &Path, name: Option<&str>) -> Result<Self> {
        let _ = crate::write::register_zstd();
        let fail = |action: &str, reason: String| Error::Netcdf {
            path: path.to_owned(),
            action: action.to_owned(),
            reason,
        };
        let file = netcdf::open(path).map_err(|error| fail("open", error.to_string()))?;
        let candidates: Vec<String> = file
            .variables()
            .filter(|variable| {
                let dimensions: Vec<String> = variable.dimensions().iter().map(|d| d.name()).collect();
                let names: Vec<&str> = dimensions.iter().map(String::as_str).collect();
                matches!(names.as_slice(), ["time", "lat", "lon"] | ["time", _, "lat", "lon"])
            })
            .map(|variable| variable.name())
            .collect();
        let (variable, row) = choose(path, &candidates, name)?;
        let data = file.variable(&variable).ok_or_else(|| fail("find", variable.clone()))?;
        let rows = data.dimensions().get(1).filter(|_| data.dimensions().len() == 4).map(|d| d.name());
        let row = match (rows, row) {
            (None, None) => None,
            (None, Some(_)) => return Err(missing(path, name.unwrap_or_default(), &candidates)),
            (Some(rows), number) => {
                let numbers: Vec<i32> = match file.variable(&rows) {
                    Some(rows) => rows
                        .get_values(..)
                        .map_err(|error| fail("read", format!("{rows:?}: {error}", rows = rows.name())))?,
                    None => (1..=data.dimensions().get(1).map_or(0, |d| d.len()) as i32).collect(),
                };
                let wanted = number.or(numbers.first().copied()).unwrap_or(1);
                let index = numbers.iter().position(|&number| number == wanted).ok_or_else(|| {
                    let reason = format!("{} has the rows {numbers:?} of {variable}", path.display());
                    Error::selection("--variable", name.unwrap_or(&variable), reason)
                })?;
                Some((index, wanted))
            }
        };
        let text = |name: &str| attribute(data.attribute_value(name)).unwrap_or_default();
        let global = |name: &str| attribute(file.attribute(name).map(|found| found.value()));
        let place = place(&file).map_err(|reason| fail("use", reason))?;
        let times = times::read(&file).map_err(|reason| fail("use", reason))?;
        let lengths: Vec<usize> = data.dimensions().iter().map(|dimension| dimension.len()).collect();
        let fits = (lengths.first(), lengths.last()) == (Some(&times.steps.len()), Some(&place.lon.len()));
        if !fits || times.steps.is_empty() || place.cells() == 0 {
            return Err(fail("use", format!("{variable} is empty, or does not fit its coordinates")));
        }
        let shape = data.chunking().ok().flatten().unwrap_or_default();
        let part = |from_end: usize, length: usize| {
            let size = shape.len().checked_sub(from_end).and_then(|index| shape.get(index)).copied();
            size.unwrap_or(length).clamp(1, length.max(1))
        };
        let chunk = [
            shape.first().copied().unwrap_or(64).clamp(1, times.steps.len()),
            part(2, place.lat.len()),
            part(1, place.lon.len()),
        ];
        let fill = data.attribute_value("_FillValue").and_then(std::result::Result::ok).and_then(as_number);
        let long_name = match (text("long_name"), row) {
            (name, Some((_, number))) if rows_are_named(&name) => format!("{name}, row {number}"),
            (name, _) if name.is_empty() => variable.clone(),
            (name, _) => name,
        };
        let kept = ["title", "source", "gridloom_version", "gridloom_input_digest"];
        let attributes = kept.into_iter().filter_map(|name| Some((name, global(name)?))).collect();
        let row = row.map(|(index, number)| (index, format!("{variable}_{number}")));
        let (units, cell_methods) = (text("units"), text("cell_methods"));
        let title = global("title").unwrap_or_default();
        let index = row.as_ref().map(|(index, _)| *index);
        let source = match Chunks::open(path, &variable, index, &lengths, &shape) {
            Some(chunks) => Source::Chunks(chunks),
            None => Source::Library(Open::new(file)),
        };
        Ok(Field {
            path: path.to_owned(),
            name: row.as_ref().map_or_else(|| variable.clone(), |(_, name)| name.clone()),
            long_name,
            units,
            cell_methods,
            title,
            attributes,
            times,
            place,
            chunk,
            row: index,
            variable,
            fill,
            source,
        })
    }

    /// The file's name.
    pub fn file_name(&self) -> String {
        self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// The run that the file was made of, by its title.
    pub fn run(&self) -> String {
        self.title.rsplit_once(" of ").map_or_else(|| self.title.clone(), |(_, run)| run.to_owned())
    }

    /// Reads some steps, rows and columns into `values`, `[time, lat, lon]`; NaN where there is none. Says whether there is
    /// any value at all.
    ///
    /// # Errors
    /// [`Error::Netcdf`], as when a checksum is wrong.
    pub fn read(
        &self,
        steps: Range<usize>,
        rows: Range<usize>,
        columns: Range<usize>,
        values: &mut Vec<f64>,
    ) -> Result<bool> {
        let fail = |reason: String| Error::Netcdf {
            path: self.path.clone(),
            action: format!("read {}", self.variable),
            reason,
        };
        values.clear();
        values.resize(steps.len() * rows.len() * columns.len(), f64::NAN);
        let open = match &self.source {
            Source::Library(open) => open,
            Source::Chunks(chunks) => {
                let read = chunks.read([steps, rows, columns], self.fill, values);
                return read.map_err(|reason| fail(format!("{reason}: the file is damaged")));
            }
        };
        let extents: Vec<netcdf::Extent> = match self.row {
            Some(row) => vec![steps.into(), (row..row + 1).into(), rows.into(), columns.into()],
            None => vec![steps.into(), rows.into(), columns.into()],
        };
        let read = open.with(|file| {
            let variable = file.variable(&self.variable).ok_or("the variable is gone")?;
            variable.get_values_into(values, extents).map_err(|error| error.to_string())
        });
        read.unwrap_or_else(|| Err("the file is closed".to_owned())).map_err(fail)?;
        Ok(mask(values, self.fill))
    }
}

/// Makes NaN of values that stand for none; says whether others are left.
pub(super) fn mask(values: &mut [f64], fill: Option<f64>) -> bool {
    let mut any = false;
    let fill = fill.unwrap_or(f64::NAN);
    // What is as large as the fill value of grids is none of the model's either.
    for value in values {
        *value = if *value == fill || value.abs() >= 1e19 { f64::NAN } else { *value };
        any |= !value.is_nan();
    }
    any
}

fn rows_are_named(long_name: &str) -> bool {
    !long_name.is_empty()
}

fn missing(path: &Path, name: &str, candidates: &[String]) -> Error {
    let there = match candidates {
        [] => "it has none over time, lat and lon".to_owned(),
        candidates => format!("it has {}", candidates.join(", ")),
    };
    Error::selection("--variable", name, format!("is not in {}; {there}", path.display()))
}

/// The variable's name, and the number of its row where one is named.
fn choose(path: &Path, candidates: &[String], name: Option<&str>) -> Result<(String, Option<i32>)> {
    let Some(name) = name else {
        return match candidates {
            [only] => Ok((only.clone(), None)),
            [] => Err(Error::Netcdf {
                path: path.to_owned(),
                action: "draw the file".to_owned(),
                reason: "it has no variable over time, lat and lon".to_owned(),
            }),
            several => {
                let reason = format!("is needed: {} has {}", path.display(), several.join(", "));
                Err(Error::selection("--variable", "", reason))
            }
        };
    };
    if candidates.iter().any(|known| known == name) {
        return Ok((name.to_owned(), None));
    }
    let row = name.rsplit_once('_').and_then(|(base, number)| Some((base, number.parse::<i32>().ok()?)));
    match row {
        Some((base, number)) if candidates.iter().any(|known| known == base) => {
            Ok((base.to_owned(), Some(number)))
        }
        _ => Err(missing(path, name, candidates)),
    }
}

pub(super) fn attribute(value: Option<netcdf::Result<AttributeValue>>) -> Option<String> {
    match value?.ok()? {
        AttributeValue::Str(text) => Some(text),
        _ => None,
    }
}

fn as_number(value: AttributeValue) -> Option<f64> {
    Some(match value {
        AttributeValue::Float(value) => f64::from(value),
        AttributeValue::Double(value) => value,
        AttributeValue::Schar(value) => f64::from(value),
        AttributeValue::Uchar(value) => f64::from(value),
        AttributeValue::Short(value) => f64::from(value),
        AttributeValue::Ushort(value) => f64::from(value),
        AttributeValue::Int(value) => f64::from(value),
        AttributeValue::Uint(value) => f64::from(value),
        AttributeValue::Longlong(value) => value as f64,
        AttributeValue::Ulonglong(value) => value as f64,
        _ => return None,
    })
}

pub(super) fn doubles(file: &netcdf::File, name: &str) -> std::result::Result<Vec<f64>, String> {
    let variable = file.variable(name).ok_or_else(|| format!("it has no coordinate {name}"))?;
    variable.get_values(..).map_err(|error| format!("{name}: {error}"))
}

fn place(file: &netcdf::File) -> std::result::Result<Place, String> {
    let (lat, lon) = (doubles(file, "lat")?, doubles(file, "lon")?);
    let is_plain = |values: &[f64]| {
        let steps: Vec<f64> =
            values.windows(2).filter_map(|pair| Some(pair.last()? - pair.first()?)).collect();
        values.iter().all(|value| value.is_finite() && value.abs() <= 720.0)
            && (steps.iter().all(|&step| step > 0.0) || steps.iter().all(|&step| step < 0.0))
    };
    if !is_plain(&lat) || !is_plain(&lon) || lat.iter().any(|value| value.abs() > 90.0) {
        return Err("its lat or lon are no ascending or descending degrees".to_owned());
    }
    let edges = |name: &str, centres: &[f64]| -> Vec<f64> {
        let bounds: Option<Vec<f64>> =
            file.variable(name).and_then(|bounds| bounds.get_values((.., ..)).ok());
        match bounds.filter(|bounds| bounds.len() == 2 * centres.len()) {
            Some(bounds) => {
                let ascending = centres.last() >= centres.first();
                let (near, far) = if ascending { (0, 1) } else { (1, 0) };
                let pairs = bounds.chunks_exact(2);
                let last = bounds.len().saturating_sub(2) + far;
                let first = pairs.filter_map(|pair| pair.get(near).copied());
                first.chain(bounds.get(last).copied()).collect()
            }
            None => middles(centres),
        }
    };
    let (lat_edges, lon_edges) = (edges("lat_bnds", &lat), edges("lon_bnds", &lon));
    Ok(Place { lat, lon, lat_edges, lon_edges })
}

/// Edges halfway between centres.
fn middles(centres: &[f64]) -> Vec<f64> {
    let step = |a: Option<&f64>, b: Option<&f64>| match (a, b) {
        (Some(a), Some(b)) => b - a,
        _ => 0.5,
    };
    let (Some(first), Some(last)) = (centres.first(), centres.last()) else { return Vec::new() };
    let half = step(centres.first(), centres.get(1)) / 2.0;
    let end = step(centres.len().checked_sub(2).and_then(|index| centres.get(index)), centres.last());
    let end = if centres.len() > 1 { end / 2.0 } else { half };
    let inner = centres.windows(2).map(|pair| pair.iter().sum::<f64>() / 2.0);
    std::iter::once(first - half).chain(inner).chain([last + end]).collect()
}
