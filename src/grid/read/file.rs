//! An open file of gridded values.

use std::ops::Range;
use std::path::{Path, PathBuf};

use netcdf::AttributeValue;

use crate::error::{Error, Result, Verdict};
use crate::guard::guarded;

use super::coordinates::{Coordinates, text};
use super::handle::{Handle, Stamp};
use super::variable::{Variable, Wanted, names_in};

/// A file of a variable over time, latitude and longitude. It stays open until it is dropped.
pub struct GridFile {
    /// The file.
    pub(super) path: PathBuf,
    handle: Handle,
    pub(super) variable: Variable,
    pub(super) coordinates: Coordinates,
}

/// A file that is being opened: what can be told of it without reading values.
pub(super) struct Sight<'a> {
    pub path: &'a Path,
    file: &'a netcdf::File,
    pub stamp: Stamp,
    pub variable: &'a Variable,
    /// The row that the wanted name means: its index and number.
    pub row: Option<(usize, i32)>,
    pub coordinates: &'a Coordinates,
}

impl Sight<'_> {
    /// An attribute of the variable.
    pub fn attribute(&self, name: &str) -> Option<AttributeValue> {
        self.file.variable(&self.variable.name)?.attribute_value(name)?.ok()
    }

    /// An attribute of the variable that is a text.
    pub fn text(&self, name: &str) -> Option<String> {
        text(self.attribute(name).map(Ok))
    }

    /// An attribute of the file that is a text.
    pub fn global(&self, name: &str) -> Option<String> {
        text(self.file.attribute(name).map(|found| found.value()))
    }
}

impl GridFile {
    /// Opens a file, foreign or not, and looks into it.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io) where it cannot be read, [`Library`](crate::ErrorKind::Library) where it is damaged or not such a file,
    /// [`Argument`](crate::ErrorKind::Argument) where it lacks the wanted variable.
    pub(super) fn look<T>(
        path: &Path,
        wanted: Wanted<'_>,
        look: impl FnOnce(&Sight<'_>) -> Result<T>,
    ) -> Result<(Self, T)> {
        let (handle, (variable, coordinates, seen)) = Handle::open(path, |file, stamp| {
            let (variable, row) = Variable::find(path, file, wanted)?;
            let coordinates = Coordinates::read(file).map_err(|reason| Error::netcdf(path, "use", reason))?;
            let (sight_of, own) = (&variable, &coordinates);
            let seen = look(&Sight { path, file, stamp, variable: sight_of, row, coordinates: own })?;
            Ok((variable, coordinates, seen))
        })?;
        Ok((GridFile { path: path.to_owned(), handle, variable, coordinates }, seen))
    }

    /// Opens a file of a variable; without a name, of its only one.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io) where it cannot be read, [`Library`](crate::ErrorKind::Library) where it is damaged or not a grid,
    /// [`Argument`](crate::ErrorKind::Argument) where it lacks the variable.
    pub fn open(path: &Path, variable: Option<&str>) -> Result<Self> {
        GridFile::look(path, Wanted::Only(variable), |_| Ok(())).map(|(file, ())| file)
    }

    /// The names of a file's variables over time, latitude and longitude; one at least.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io) where it cannot be read, [`Library`](crate::ErrorKind::Library) where it is damaged or has none.
    pub fn variables(path: &Path) -> Result<Vec<String>> {
        let (handle, names) = Handle::open(path, |file, _| Ok(names_in(file)))?;
        handle.close();
        match names.is_empty() {
            true => Err(Error::netcdf(path, "find", "a variable over time, lat and lon")),
            false => Ok(names),
        }
    }

    /// What a field of a file can be: the names of its variables, with the number of each row of those that have several.
    ///
    /// # Errors
    /// Those of [`variables`](GridFile::variables).
    pub fn layers(path: &Path) -> Result<Vec<String>> {
        let (handle, layers) = Handle::open(path, |file, _| {
            let mut layers = Vec::new();
            for name in names_in(file) {
                match Variable::find(path, file, Wanted::Named(&name))?.0.rows {
                    None => layers.push(name),
                    Some(rows) => layers.extend(rows.numbers.iter().map(|row| format!("{name}_{row}"))),
                }
            }
            Ok(layers)
        })?;
        handle.close();
        Ok(layers)
    }

    /// The file's name.
    pub fn name(&self) -> String {
        self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// The variable's name.
    pub fn variable(&self) -> &str {
        &self.variable.name
    }

    /// The name of the type of its values, where they are numbers.
    pub fn element(&self) -> Option<&'static str> {
        self.variable.kind
    }

    /// How long its chunks are in rows and columns, where it is chunked.
    pub fn chunk(&self) -> [Option<usize>; 2] {
        let chunk = &self.variable.chunk;
        let from_end = |place: usize| chunk.len().checked_sub(place).and_then(|at| chunk.get(at)).copied();
        [from_end(2), from_end(1)]
    }

    /// Reads values as the file's raw bytes, by the library: `[time, lat, lon]` of one index in the dimension of rows.
    ///
    /// # Errors
    /// In words, as when a checksum is wrong.
    pub(crate) fn bytes(
        &self,
        row: Option<usize>,
        [days, rows, columns]: [Range<usize>; 3],
        size: usize,
    ) -> std::result::Result<Vec<u8>, Verdict> {
        let mut bytes = vec![0; days.len() * rows.len() * columns.len() * size];
        self.with(row, [days, rows, columns], |variable, extents| {
            variable.get_raw_values_into(&mut bytes, extents)
        })?;
        Ok(bytes)
    }

    /// Bytes of values, little endian, some steps, rows and columns of one index in the dimension of rows.
    ///
    /// # Errors
    /// [`Library`](crate::ErrorKind::Library).
    pub fn read(&self, row: Option<usize>, wanted: [Range<usize>; 3], size: usize) -> Result<Vec<u8>> {
        self.bytes(row, wanted, size).map_err(|reason| self.unread(reason))
    }

    /// That values cannot be read.
    pub(super) fn unread(&self, reason: impl Into<Verdict>) -> Error {
        Error::netcdf(self.path.clone(), format!("read {}", self.variable.name), reason)
    }

    /// Has the library read values, some steps, rows and columns of one index in the dimension of rows.
    pub(super) fn with<T>(
        &self,
        row: Option<usize>,
        [days, rows, columns]: [Range<usize>; 3],
        get: impl FnOnce(&netcdf::Variable<'_>, Vec<netcdf::Extent>) -> netcdf::Result<T>,
    ) -> std::result::Result<T, Verdict> {
        let extents: Vec<netcdf::Extent> = match row {
            Some(row) => vec![days.into(), (row..row + 1).into(), rows.into(), columns.into()],
            None => vec![days.into(), rows.into(), columns.into()],
        };
        let read = guarded(|| {
            self.handle.with(|file| {
                let variable = file.variable(&self.variable.name).ok_or("the variable is gone")?;
                get(&variable, extents).map_err(Verdict::from)
            })
        });
        read.unwrap_or_else(|| Ok(Err(Verdict::damaged("it is damaged")))).and_then(|read| read)
    }

    /// Closes the file; who reads it again opens it.
    pub(super) fn close(&self) {
        self.handle.close();
    }
}
