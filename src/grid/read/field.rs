//! A variable of a file as numbers: what it is, where, when, and its values.

use std::ops::Range;
use std::path::{Path, PathBuf};

use netcdf::AttributeValue;

use crate::error::{Error, Result, Verdict};
use crate::model::element::Element;

use super::chunks::{Chunks, Reader};
use super::file::{GridFile, Sight};
use super::meaning::Meaning;
use super::raster::Raster;
use super::times::Times;
use super::values::mask;
use super::variable::{Variable, Wanted};
use super::windows::Windows;

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
    /// The windows of time that it compares, of a variable of a change.
    pub windows: Option<Windows>,
    /// The file's title.
    pub title: String,
    /// What the file says of its own origin: attribute and value.
    pub attributes: Vec<(&'static str, String)>,
    /// The time axis.
    pub times: Times,
    /// Rows and columns.
    pub place: Raster,
    /// Days, rows and columns that are best read together.
    pub chunk: [usize; 3],
    /// Which row of a dimension of rows.
    row: Option<usize>,
    fill: Option<f64>,
    /// A second value that stands for none.
    missing: Option<f64>,
    /// What stored values are multiplied by, and what is added then.
    packing: [f64; 2],
    /// Chunks that are read beside the library; where there are none, the library reads.
    chunks: Option<Chunks>,
    file: GridFile,
}

impl Field {
    /// Opens a file and finds a variable in it; without a name, the only one over time, latitude and longitude.
    ///
    /// # Errors
    /// [`Library`](crate::ErrorKind::Library) where the file is none, or has no such axes; [`Argument`](crate::ErrorKind::Argument) where it lacks the variable.
    pub fn open(path: &Path, name: Option<&str>) -> Result<Self> {
        let (file, made) = GridFile::look(path, Wanted::Only(name), Field::look_into)?;
        let field = made(file);
        // Many are known at a time, and few may be open.
        field.close();
        Ok(field)
    }

    /// All that is known of a field once its file is open.
    fn look_into(sight: &Sight<'_>) -> Result<impl FnOnce(GridFile) -> Self + use<>> {
        let refuse = |reason: Verdict| Error::netcdf(sight.path, "use", reason);
        let fail = |reason: String| refuse(reason.into());
        let Variable { name: variable, lengths, chunk: shape, .. } = sight.variable;
        let place = Raster::of(sight.coordinates).map_err(fail)?;
        let times = Times::of(sight.coordinates).map_err(fail)?;
        let own = [times.steps.len(), place.y.len(), place.x.len()];
        let fits = match *lengths.as_slice() {
            [time, .., lat, lon] => [time, lat, lon] == own,
            _ => false,
        };
        if !fits || own.contains(&0) {
            return Err(fail(format!("{variable} is empty, or does not fit its coordinates")));
        }
        let part = |from_end: usize, length: usize| {
            let size = shape.len().checked_sub(from_end).and_then(|index| shape.get(index)).copied();
            size.unwrap_or(length).clamp(1, length.max(1))
        };
        let chunk = [
            shape.first().copied().unwrap_or(64).clamp(1, times.steps.len()),
            part(2, place.y.len()),
            part(1, place.x.len()),
        ];
        let text = |name: &str| sight.text(name).unwrap_or_default();
        let number = |name: &str| sight.attribute(name).and_then(as_number);
        let (fill, missing) = (number("_FillValue"), number("missing_value"));
        let packing = [number("scale_factor").unwrap_or(1.0), number("add_offset").unwrap_or(0.0)];
        let is_plain = packing == [1.0, 0.0] && (missing.is_none() || missing == fill);
        let long_name = match (text("long_name"), sight.row) {
            (name, Some((_, number))) if !name.is_empty() => format!("{name}, row {number}"),
            (name, _) if name.is_empty() => variable.clone(),
            (name, _) => name,
        };
        let name = match sight.row {
            Some((_, number)) => format!("{variable}_{number}"),
            None => variable.clone(),
        };
        let kept = ["title", "source", "gridloom_version", "gridloom_input_digest"];
        let attributes = kept.into_iter().filter_map(|name| Some((name, sight.global(name)?))).collect();
        let row = sight.row.map(|(index, _)| index);
        let windows = Windows::of(&text("long_name"), &text("comment"));
        let (units, meaning) = (text("units"), Meaning::of(&text("cell_methods"), &times));
        let title = sight.global("title").unwrap_or_default();
        let chunks = || Chunks::open(sight.path, sight.variable, row, sight.stamp);
        let chunks = is_plain.then(chunks).flatten().transpose().map_err(refuse)?;
        let path = sight.path.to_owned();
        Ok(move |file| Field {
            path,
            name,
            long_name,
            units,
            meaning,
            windows,
            title,
            attributes,
            times,
            place,
            chunk,
            row,
            fill,
            missing,
            packing,
            chunks,
            file,
        })
    }

    /// The type of its values; doubles where the file has them scaled.
    pub fn element(&self) -> Element {
        let own = self.file.element().and_then(Element::parse).filter(|_| self.packing == [1.0, 0.0]);
        own.unwrap_or(Element::Float64)
    }

    /// The file's name.
    pub fn file_name(&self) -> String {
        self.file.name()
    }

    /// What it is and what its values are, in words: `Net primary productivity, monthly sum`.
    pub fn label(&self) -> String {
        match self.meaning.words() {
            words if words.is_empty() || self.windows.is_some() => self.long_name.clone(),
            words => format!("{}, {words}", self.long_name),
        }
    }

    /// Closes the file; who reads it again opens it.
    pub(crate) fn close(&self) {
        self.file.close();
    }

    /// The run that the file was made of, by its title.
    pub fn run(&self) -> String {
        self.title.rsplit_once(" of ").map_or_else(|| self.title.clone(), |(_, run)| run.to_owned())
    }

    /// Reads some steps, rows and columns into `values`, `[time, lat, lon]`; NaN where there is none. Says whether there is
    /// any value at all.
    ///
    /// # Errors
    /// [`Library`](crate::ErrorKind::Library), as when a checksum is wrong.
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
    pub(crate) fn reader(&self) -> FieldReader<'_> {
        FieldReader { field: self, chunks: self.chunks.as_ref().map(Reader::new) }
    }

    /// The days of a chunk, where chunks are read beside the library and further days of the last one cost little.
    pub(crate) fn days_kept(&self) -> Option<usize> {
        self.chunks.as_ref().map(Chunks::days)
    }

    /// Bytes of chunks that were read so far; `None` where the library reads them.
    pub fn bytes_read(&self) -> Option<u64> {
        self.chunks.as_ref().map(Chunks::bytes_read)
    }
}

/// Reads a file piece by piece, one for each thread.
pub(crate) struct FieldReader<'a> {
    field: &'a Field,
    chunks: Option<Reader<'a>>,
}

impl FieldReader<'_> {
    /// As [`Field::read`].
    pub(crate) fn read(&mut self, wanted: [&Range<usize>; 3], values: &mut Vec<f64>) -> Result<bool> {
        let field = self.field;
        values.resize(wanted.iter().map(|range| range.len()).product(), f64::NAN);
        if let Some(chunks) = &mut self.chunks {
            let read = chunks.read(wanted, field.fill, values);
            return read.map_err(|reason| {
                field.file.unread(Verdict::damaged(format!("{reason}: the file is damaged")))
            });
        }
        let read = field.file.with(field.row, wanted.map(Clone::clone), |variable, extents| {
            variable.get_values_into(values, extents)
        });
        read.map_err(|reason| field.file.unread(reason))?;
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
