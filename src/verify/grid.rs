//! A daily grid that is compared, whatever its form.

use std::ops::Range;
use std::path::Path;

use crate::error::{Error, Result};
use crate::grid::form::{Found, GridForm, GridReader};
use crate::grid::read::{Coordinates, DailyGrid, Extent, Findings};
use crate::plan::Plan;
use crate::write::{AttributeValue, ROW_NUMBERS, dimensions};

/// A daily grid, open.
pub(super) struct Grid {
    /// Its name.
    pub name: String,
    /// The name of its variable.
    pub variable: String,
    /// The name of the type of its values, where they are numbers.
    pub element: Option<&'static str>,
    /// Where its values are in time and space.
    pub extent: Extent,
    /// The numbers of its rows, counted from 1, where it has a dimension of them.
    rows: Option<Vec<i32>>,
    /// The shape of its chunks.
    chunk: Vec<usize>,
    path: std::path::PathBuf,
    reader: Box<dyn GridReader>,
}

/// The numbers of rows that have names; `None` of rows that are numbers.
fn row_numbers(found: &Found, dimension: &str) -> Option<Vec<i32>> {
    let attributes = &found.variable(dimension)?.attributes;
    let (_, numbers) = attributes.iter().find(|(name, _)| name == ROW_NUMBERS)?;
    let whole = |number: &i64| i32::try_from(*number).unwrap_or(0);
    Some(match numbers {
        AttributeValue::Int(number) => vec![*number],
        AttributeValue::Ints(numbers) => numbers.clone(),
        AttributeValue::Longlong(number) => vec![whole(number)],
        AttributeValue::Longlongs(numbers) => numbers.iter().map(whole).collect(),
        _ => return None,
    })
}

impl Grid {
    /// The product of a plan's variable, by what was found in it; also what in its coordinates is otherwise than gridloom writes it.
    ///
    /// # Errors
    /// Why it cannot be read, in words.
    pub fn of_product(
        form: &dyn GridForm,
        path: &Path,
        plan: &Plan,
        variable: &str,
        found: &Found,
    ) -> std::result::Result<(Self, Findings), String> {
        let names = &plan.settings.profile.names;
        let values = |name: &str| found.variable(name).and_then(|one| one.values.clone()).unwrap_or_default();
        let of_time = |name: &str| {
            let time = found.variable("time").map(|time| time.attributes.as_slice()).unwrap_or_default();
            match time.iter().find(|(own, _)| own == name) {
                Some((_, AttributeValue::Str(text))) => text.clone(),
                _ => String::new(),
            }
        };
        let [y, x] = dimensions(&plan.window);
        let (y_bounds, x_bounds) = match plan.window.grid.projection() {
            None => (&names.latitude_bounds, &names.longitude_bounds),
            Some(_) => (&names.y_bounds, &names.x_bounds),
        };
        let coordinates = Coordinates {
            time: values("time"),
            time_bounds: Ok(values(&names.time_bounds)),
            units: of_time("units"),
            calendar: of_time("calendar"),
            y: values(y),
            y_bounds: Ok(values(y_bounds)),
            x: values(x),
            x_bounds: Ok(values(x_bounds)),
            // What the grid mapping says was compared before.
            projection: plan.window.grid.projection().copied(),
            grid: None,
        };
        let (extent, findings) = Extent::of(&coordinates, &plan.window.grid)?;
        let own = found.variable(variable).ok_or("its variable is gone")?;
        let rows = match own.dimensions.as_slice() {
            [_, (rows, _), _, _] => Some(
                row_numbers(found, rows)
                    .unwrap_or_else(|| values(rows).iter().map(|&row| row as i32).collect()),
            ),
            _ => None,
        };
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let grid = Grid {
            name,
            variable: variable.to_owned(),
            element: own.element,
            extent,
            rows,
            chunk: own.chunk.clone(),
            path: path.to_owned(),
            reader: form.open(path, variable)?,
        };
        Ok((grid, findings))
    }

    /// A NetCDF file of which nothing is known but what stands in it.
    pub fn of_file(path: &Path, file: DailyGrid) -> Self {
        let chunk = file.file.chunk();
        Grid {
            name: file.name(),
            variable: file.file.variable().to_owned(),
            element: file.file.element(),
            rows: file.row_numbers().map(<[i32]>::to_vec),
            chunk: chunk.into_iter().flatten().collect(),
            path: path.to_owned(),
            extent: file.extent,
            reader: Box::new(file.file),
        }
    }

    /// How long its chunks are in rows and columns, where it is chunked.
    pub fn tile(&self) -> [Option<usize>; 2] {
        let from_end = |place: usize| self.chunk.len().checked_sub(place).and_then(|at| self.chunk.get(at));
        [from_end(2).copied(), from_end(1).copied()]
    }

    /// Whether the variable has a dimension of rows.
    pub fn has_rows(&self) -> bool {
        self.rows.is_some()
    }

    /// Where a row, counted from 0, is in the dimension of rows.
    pub fn row_of(&self, row: usize) -> Option<usize> {
        self.rows.as_ref()?.iter().position(|&number| usize::try_from(number) == Ok(row + 1))
    }

    /// Values as little-endian bytes, `[time, lat, lon]` of one index in the dimension of rows.
    ///
    /// # Errors
    /// [`Library`](crate::ErrorKind::Library), as when a checksum is wrong.
    pub fn read(&self, row: Option<usize>, wanted: [Range<usize>; 3], size: usize) -> Result<Vec<u8>> {
        self.reader
            .bytes(row, wanted, size)
            .map_err(|reason| Error::netcdf(self.path.clone(), format!("read {}", self.variable), reason))
    }
}
