//! A file that is drawn: what is in it, where, and when.

use std::ops::Range;
use std::path::{Path, PathBuf};

use netcdf::AttributeValue;

use crate::error::{Error, Result};
use crate::guard::{self, Open, Stamp};

use super::chunks::{Chunks, Reader};
use super::meaning::Meaning;
use super::place::{self, Place};
use super::times::{self, Times};

/// Steps, rows or columns, and cells of the largest files that are drawn.
const MOST_STEPS: usize = 10_000_000;
const MOST_ROWS: usize = 200_000;
const MOST_CELLS: usize = 200_000_000;

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
    /// What the values are, by the file's `cell_methods` and axis.
    pub meaning: Meaning,
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
    /// A second value that stands for none.
    missing: Option<f64>,
    /// What stored values are multiplied by, and what is added then.
    packing: [f64; 2],
    source: Source,
}

/// Where values come from.
enum Source {
    /// Chunks that are read beside the library.
    Chunks(Chunks),
    /// The library.
    Library(Open),
}

impl Field {
    /// Opens a file and finds a variable in it; without a name, the only one over time, latitude and longitude.
    ///
    /// # Errors
    /// [`Error::Netcdf`] where the file is none, or has no such axes; [`Error::Selection`] where it lacks the variable.
    pub fn open(path: &Path, name: Option<&str>) -> Result<Self> {
        let file = crate::shared::open_input(path).map_err(|source| Error::io("read", path, source))?;
        let stamp = Stamp::of(&file.metadata().map_err(|source| Error::io("read", path, source))?);
        drop(file);
        crate::probe::look(path)?;
        let look = || guard::library(|| Field::look_into(path, name, stamp));
        guard::guarded(look).unwrap_or_else(|| {
            let reason = "it is damaged".to_owned();
            Err(Error::Netcdf { path: path.to_owned(), action: "open".to_owned(), reason })
        })
    }

    fn look_into(path: &Path, name: Option<&str>, stamp: Stamp) -> Result<Self> {
        let _ = crate::write::register_zstd();
        let fail = |action: &str, reason: String| Error::Netcdf {
            path: path.to_owned(),
            action: action.to_owned(),
            reason,
        };
        let file = netcdf::open(path).map_err(|error| fail("open", guard::words(&error)))?;
        let length = std::fs::metadata(path).map_err(|source| Error::io("read", path, source))?.len();
        crate::probe::fits(&file, length).map_err(|reason| fail("use", reason))?;
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
        let lengths: Vec<usize> = data.dimensions().iter().map(|dimension| dimension.len()).collect();
        // What a file says is not yet worth memory.
        let most = [MOST_STEPS, MOST_ROWS, MOST_ROWS, MOST_ROWS];
        let cells = lengths.iter().rev().take(2).try_fold(1usize, |cells, &length| cells.checked_mul(length));
        if lengths.iter().zip(most).any(|(&length, most)| length > most)
            || cells.is_none_or(|cells| cells > MOST_CELLS)
        {
            return Err(fail("use", format!("{variable} is larger than any grid: {lengths:?}")));
        }
        let rows = data.dimensions().get(1).filter(|_| lengths.len() == 4).map(|d| d.name());
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
        let place = place::read(&file).map_err(|reason| fail("use", reason))?;
        let times = times::read(&file).map_err(|reason| fail("use", reason))?;
        let own = [times.steps.len(), place.lat.len(), place.lon.len()];
        let fits = match *lengths.as_slice() {
            [time, .., lat, lon] => [time, lat, lon] == own,
            _ => false,
        };
        if !fits || own.contains(&0) {
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
        let number =
            |name: &str| data.attribute_value(name).and_then(std::result::Result::ok).and_then(as_number);
        let (fill, missing) = (number("_FillValue"), number("missing_value"));
        let packing = [number("scale_factor").unwrap_or(1.0), number("add_offset").unwrap_or(0.0)];
        let is_plain = packing == [1.0, 0.0] && (missing.is_none() || missing == fill);
        let long_name = match (text("long_name"), row) {
            (name, Some((_, number))) if rows_are_named(&name) => format!("{name}, row {number}"),
            (name, _) if name.is_empty() => variable.clone(),
            (name, _) => name,
        };
        let kept = ["title", "source", "gridloom_version", "gridloom_input_digest"];
        let attributes = kept.into_iter().filter_map(|name| Some((name, global(name)?))).collect();
        let row = row.map(|(index, number)| (index, format!("{variable}_{number}")));
        let (units, meaning) = (text("units"), Meaning::of(&text("cell_methods"), &times));
        let title = global("title").unwrap_or_default();
        let index = row.as_ref().map(|(index, _)| *index);
        let chunks = || Chunks::open(path, &variable, index, &lengths, &shape, stamp);
        let source = match is_plain.then(chunks).flatten().transpose() {
            Ok(Some(chunks)) => Source::Chunks(chunks),
            Ok(None) => Source::Library(Open::new(path, stamp)),
            Err(reason) => return Err(fail("use", reason)),
        };
        Ok(Field {
            path: path.to_owned(),
            name: row.as_ref().map_or_else(|| variable.clone(), |(_, name)| name.clone()),
            long_name,
            units,
            meaning,
            title,
            attributes,
            times,
            place,
            chunk,
            row: index,
            variable,
            fill,
            missing,
            packing,
            source,
        })
    }

    /// The file's name.
    pub fn file_name(&self) -> String {
        self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// What it is and what its values are, in words: `Net primary productivity, monthly sum`.
    pub fn label(&self) -> String {
        match self.meaning.words() {
            words if words.is_empty() => self.long_name.clone(),
            words => format!("{}, {words}", self.long_name),
        }
    }

    /// Closes the file; whoever reads it again opens it. Many files of a list are known at a time, and few may be open.
    pub(super) fn close(&self) {
        if let Source::Library(open) = &self.source {
            open.close();
        }
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
        self.reader().read([&steps, &rows, &columns], values)
    }

    /// What reads the file piece by piece.
    pub(super) fn reader(&self) -> FieldReader<'_> {
        let chunks = match &self.source {
            Source::Chunks(chunks) => Some(Reader::new(chunks)),
            Source::Library(_) => None,
        };
        FieldReader { field: self, chunks }
    }

    /// The days of a chunk, where chunks are read beside the library and further days of the last one cost little.
    pub(super) fn days_kept(&self) -> Option<usize> {
        match &self.source {
            Source::Chunks(chunks) => Some(chunks.days()),
            Source::Library(_) => None,
        }
    }

    /// Bytes of chunks that were read so far; `None` where the library reads them.
    pub fn bytes_read(&self) -> Option<u64> {
        match &self.source {
            Source::Chunks(chunks) => Some(chunks.bytes_read()),
            Source::Library(_) => None,
        }
    }
}

/// Reads a file piece by piece, one for each thread.
pub(super) struct FieldReader<'a> {
    field: &'a Field,
    chunks: Option<Reader<'a>>,
}

impl FieldReader<'_> {
    /// As [`Field::read`].
    pub(super) fn read(&mut self, wanted: [&Range<usize>; 3], values: &mut Vec<f64>) -> Result<bool> {
        let field = self.field;
        let fail = |reason: String| Error::Netcdf {
            path: field.path.clone(),
            action: format!("read {}", field.variable),
            reason,
        };
        values.resize(wanted.iter().map(|range| range.len()).product(), f64::NAN);
        if let Some(chunks) = &mut self.chunks {
            let read = chunks.read(wanted, field.fill, values);
            return read.map_err(|reason| fail(format!("{reason}: the file is damaged")));
        }
        let Source::Library(open) = &field.source else { return Ok(false) };
        let [steps, rows, columns] = wanted.map(Clone::clone);
        let extents: Vec<netcdf::Extent> = match field.row {
            Some(row) => vec![steps.into(), (row..row + 1).into(), rows.into(), columns.into()],
            None => vec![steps.into(), rows.into(), columns.into()],
        };
        let read = guard::guarded(|| {
            open.with(|file| {
                let variable = file.variable(&field.variable).ok_or("the variable is gone")?;
                variable.get_values_into(values, extents).map_err(|error| error.to_string())
            })
        });
        let read = read.unwrap_or_else(|| Ok(Err("it is damaged".to_owned())));
        read.and_then(|read| read).map_err(fail)?;
        let mut any = mask(values, field.fill);
        if field.missing.is_some() && field.missing != field.fill {
            any = mask(values, field.missing);
        }
        let [scale, offset] = field.packing;
        if field.packing != [1.0, 0.0] {
            values.iter_mut().for_each(|value| *value = *value * scale + offset);
        }
        Ok(any)
    }
}

/// What is as large is no value of a model, whether the file says so or not: near the fill value of grids.
pub(super) const LARGEST: f64 = 1e19f32 as f64;

/// Makes NaN of values that stand for none; says whether others are left.
pub(super) fn mask(values: &mut [f64], fill: Option<f64>) -> bool {
    let mut any = false;
    let fill = fill.unwrap_or(f64::NAN);
    for value in values {
        *value = if *value == fill || value.abs() >= LARGEST { f64::NAN } else { *value };
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
