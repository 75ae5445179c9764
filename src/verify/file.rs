//! A file that is verified: its coordinates, and where its variable's values are.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use netcdf::types::{FloatType, IntType, NcVariableType};

use crate::error::{Error, Result};
use crate::model::calendar::{Calendar, Date};
use crate::model::element::Element;
use crate::model::grid::{Bounds, Cell, Grid, Window};
use crate::model::time_unit::TimeUnit;
use crate::plan::Plan;

use super::{Difference, Verification};

/// Where the values of a file are in time and space, by its own coordinates. Files of one place share it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub units: String,
    pub calendar: String,
    /// First day in the units, number of days.
    pub first_day: i64,
    pub days: usize,
    /// Cells of the first row and of the first column.
    row_cells: Vec<u32>,
    column_cells: Vec<u32>,
    pub rows: usize,
    pub columns: usize,
    /// Hundredths of a second of arc, so that places can be ordered.
    edges: [i64; 4],
}

impl Place {
    fn unit(&self) -> Option<TimeUnit> {
        TimeUnit::parse(&self.units, Calendar::parse(&self.calendar)?).ok()
    }

    pub(crate) fn first_date(&self) -> Option<Date> {
        self.unit()?.date(self.first_day)
    }

    pub(crate) fn last_date(&self) -> Option<Date> {
        self.unit()?.date(self.first_day + self.days as i64 - 1)
    }

    /// A box around the centres.
    pub(crate) fn bounds(&self) -> Bounds {
        let [north, south, west, east] = self.edges.map(|edge| edge as f64 / 360_000.0);
        Bounds { north, south, west, east }
    }

    /// The cell in a row and column.
    pub(crate) fn cell(&self, row: usize, column: usize) -> Option<Cell> {
        Some(Cell { row: *self.row_cells.get(row)?, column: *self.column_cells.get(column)? })
    }

    /// Whether another place has the same grid cells and counts days alike.
    pub(crate) fn is_beside(&self, other: &Place) -> bool {
        (&self.units, &self.calendar, &self.row_cells, &self.column_cells)
            == (&other.units, &other.calendar, &other.row_cells, &other.column_cells)
    }

    /// All cells.
    pub(crate) fn cells(&self) -> impl Iterator<Item = Cell> + '_ {
        let columns = || self.column_cells.iter().copied();
        self.row_cells.iter().flat_map(move |&row| columns().map(move |column| Cell { row, column }))
    }

    /// Where a row and column of a window is; `None` outside.
    pub(crate) fn position_of(&self, window: &Window, row: u32, column: u32) -> Option<(usize, usize)> {
        let row = window.first_row + row;
        let column = (window.first_column + column) % window.grid.columns();
        let index = |cells: &[u32], wanted: u32| cells.iter().position(|&cell| cell == wanted);
        Some((index(&self.row_cells, row)?, index(&self.column_cells, column)?))
    }

    /// Tells row and column of cells.
    pub(crate) fn positions(&self) -> impl Fn(Cell) -> Option<(usize, usize)> {
        let index = |cells: &[u32]| -> HashMap<u32, usize> {
            cells.iter().enumerate().map(|(index, &cell)| (cell, index)).collect()
        };
        let (rows, columns) = (index(&self.row_cells), index(&self.column_cells));
        move |cell| Some((*rows.get(&cell.row)?, *columns.get(&cell.column)?))
    }
}

/// An open file.
pub(crate) struct GridFile {
    path: PathBuf,
    file: netcdf::File,
    pub place: Place,
    /// The name of the data variable.
    pub variable: String,
    /// The numbers of its rows, where it has a dimension of them.
    row_numbers: Option<Vec<i32>>,
    pub chunk_rows: Option<usize>,
    pub chunk_columns: Option<usize>,
    /// Whether most steps of time are a day.
    pub is_daily: bool,
}

impl GridFile {
    pub(crate) fn open(path: &Path, grid: &Grid, result: &mut Verification) -> Result<Self> {
        crate::probe::look(path)?;
        // The NetCDF crate panics where the library cannot tell an attribute.
        let open = || Self::open_sound(path, grid, result);
        crate::guard::guarded(open).unwrap_or_else(|| {
            let reason = "it is damaged".to_owned();
            Err(Error::Netcdf { path: path.to_owned(), action: "open".to_owned(), reason })
        })
    }

    fn open_sound(path: &Path, grid: &Grid, result: &mut Verification) -> Result<Self> {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let fail = |action: &str, reason: String| Error::Netcdf {
            path: path.to_owned(),
            action: action.to_owned(),
            reason,
        };
        let read = |error: netcdf::Error| fail("read", error.to_string());
        crate::shared::check_input(path).map_err(|source| Error::io("read", path, source))?;
        let file = netcdf::open(path).map_err(|error| fail("open", crate::guard::words(&error)))?;
        let length = std::fs::metadata(path).map_err(|source| Error::io("read", path, source))?.len();
        crate::probe::fits(&file, length).map_err(|reason| fail("use", reason))?;
        let doubles = |name: &str| -> Result<Vec<f64>> {
            let variable = file.variable(name).ok_or_else(|| fail("find", name.to_owned()))?;
            variable.get_values(..).map_err(read)
        };
        let text = |variable: &str, name: &str| -> String {
            let value = file.variable(variable).and_then(|variable| variable.attribute_value(name)?.ok());
            match value {
                Some(netcdf::AttributeValue::Str(text)) => text,
                _ => String::new(),
            }
        };
        let times = doubles("time")?;
        let (lat, lon) = (doubles("lat")?, doubles("lon")?);
        let first = times.first().copied().unwrap_or(0.0);
        let mut differ = |what: String, expected: f64, found: f64| {
            result.coordinates += 1;
            if expected.to_bits() != found.to_bits() {
                result.differ(Difference {
                    file: name.clone(),
                    cell: None,
                    date: None,
                    expected: format!("{what} = {expected}"),
                    found: found.to_string(),
                });
            }
        };
        for (index, &time) in times.iter().enumerate() {
            differ(format!("time[{index}]"), first.trunc() + index as f64, time);
        }
        for (index, &bound) in bounds_of(&file, "time_bnds").map_err(read)?.iter().enumerate() {
            let edge = first + (index / 2 + index % 2) as f64;
            differ(format!("time_bnds[{}, {}]", index / 2, index % 2), edge, bound);
        }
        let mut row_cells = Vec::new();
        let lat_bounds = bounds_of(&file, "lat_bnds").map_err(read)?;
        for (index, &latitude) in lat.iter().enumerate() {
            let row = grid.cell_at(latitude, 0.0).map_or(u32::MAX, |cell| cell.row);
            differ(format!("lat[{index}]"), grid.latitude(row), latitude);
            for (side, expected) in grid.latitude_bounds(row).into_iter().enumerate() {
                let found = lat_bounds.get(2 * index + side).copied().unwrap_or(f64::NAN);
                differ(format!("lat_bnds[{index}, {side}]"), expected, found);
            }
            row_cells.push(row);
        }
        let mut column_cells = Vec::new();
        let lon_bounds = bounds_of(&file, "lon_bnds").map_err(read)?;
        for (index, &longitude) in lon.iter().enumerate() {
            let column = grid.cell_at(0.0, longitude).map_or(u32::MAX, |cell| cell.column);
            // A window across the date line counts its longitudes on.
            let turns = if longitude >= 180.0 { i64::from(grid.columns()) } else { 0 };
            let unwrapped = i64::from(column) + turns;
            differ(format!("lon[{index}]"), grid.longitude(unwrapped), longitude);
            for (side, expected) in grid.longitude_bounds(unwrapped).into_iter().enumerate() {
                let found = lon_bounds.get(2 * index + side).copied().unwrap_or(f64::NAN);
                differ(format!("lon_bnds[{index}, {side}]"), expected, found);
            }
            column_cells.push(column);
        }
        let data = file
            .variables()
            .find(|variable| {
                let dimensions: Vec<String> = variable.dimensions().iter().map(|d| d.name()).collect();
                dimensions.first().is_some_and(|name| name == "time")
                    && dimensions.last().is_some_and(|name| name == "lon")
            })
            .ok_or_else(|| fail("find", "a variable over time, lat and lon".to_owned()))?;
        let variable = data.name();
        let chunk = data.chunking().ok().flatten();
        let rank = data.dimensions().len();
        let row_numbers = match (rank, data.dimensions().get(1)) {
            (4, Some(rows)) => {
                let numbers = file.variable(&rows.name()).ok_or_else(|| fail("find", rows.name()))?;
                Some(numbers.get_values(..).map_err(read)?)
            }
            _ => None,
        };
        let arc = |values: &[f64], last: bool| {
            let value = if last { values.last() } else { values.first() };
            (value.copied().unwrap_or(0.0) * 360_000.0).round() as i64
        };
        let place = Place {
            units: text("time", "units"),
            calendar: text("time", "calendar"),
            first_day: first as i64,
            days: times.len(),
            row_cells,
            column_cells,
            rows: lat.len(),
            columns: lon.len(),
            edges: [arc(&lat, false), arc(&lat, true), arc(&lon, false), arc(&lon, true)],
        };
        let chunk_of =
            |from_end: usize| chunk.as_ref().and_then(|c| c.get(c.len().checked_sub(from_end)?).copied());
        let (chunk_rows, chunk_columns) = (chunk_of(2), chunk_of(1));
        let steps = times.windows(2).filter(|pair| pair[1] - pair[0] == 1.0).count();
        let is_daily = 2 * steps + 1 >= times.len();
        let path = path.to_owned();
        Ok(GridFile { path, place, variable, row_numbers, chunk_rows, chunk_columns, is_daily, file })
    }

    pub(crate) fn name(&self) -> String {
        self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// The layers of the plan that the file holds: index in the plan, and index in the file's dimension of rows.
    pub(crate) fn layers(&self, plan: &Plan) -> Vec<(usize, Option<usize>)> {
        let mut layers = Vec::new();
        for (index, layer) in plan.layers.iter().enumerate() {
            match &self.row_numbers {
                Some(numbers) if layer.name == self.variable => {
                    if let Some(row) = numbers.iter().position(|&number| number == layer.row as i32 + 1) {
                        layers.push((index, Some(row)));
                    }
                }
                Some(_) => {}
                None => {
                    if plan.outputs.get(layer.output).is_some_and(|output| output.name == self.variable) {
                        layers.push((index, None));
                    }
                }
            }
        }
        layers
    }

    /// Reads values as raw bytes: `[time, lat, lon]` of one row.
    ///
    /// # Errors
    /// [`Error::Netcdf`], as when a checksum is wrong.
    pub(crate) fn read(
        &self,
        row: Option<usize>,
        days: std::ops::Range<usize>,
        rows: std::ops::Range<usize>,
        columns: std::ops::Range<usize>,
        size: usize,
    ) -> Result<Vec<u8>> {
        let fail = |reason: String| Error::Netcdf {
            path: self.path.clone(),
            action: format!("read {}", self.variable),
            reason,
        };
        let variable =
            self.file.variable(&self.variable).ok_or_else(|| fail("the variable is gone".to_owned()))?;
        let mut bytes = vec![0; days.len() * rows.len() * columns.len() * size];
        let extents: Vec<netcdf::Extent> = match row {
            Some(row) => vec![days.into(), (row..row + 1).into(), rows.into(), columns.into()],
            None => vec![days.into(), rows.into(), columns.into()],
        };
        variable.get_raw_values_into(&mut bytes, extents).map_err(|error| fail(error.to_string()))?;
        Ok(bytes)
    }

    /// How many rows the variable's dimension of rows has; `None` without one.
    pub(crate) fn rows(&self) -> Option<usize> {
        let numbers = self.row_numbers.as_ref()?;
        numbers.iter().max().and_then(|&last| usize::try_from(last).ok())
    }

    /// Where a row, counted from 0, is in the dimension of rows.
    pub(crate) fn row_of(&self, row: usize) -> Option<usize> {
        self.row_numbers.as_ref()?.iter().position(|&number| usize::try_from(number) == Ok(row + 1))
    }

    /// The key in the dumps, where the variable has another name.
    pub(crate) fn dump_key(&self) -> Option<String> {
        let variable = self.file.variable(&self.variable)?;
        match variable.attribute("dump_key")?.value().ok()? {
            netcdf::AttributeValue::Str(key) => Some(key),
            _ => None,
        }
    }

    /// The run that the file was made of.
    pub(crate) fn run_name(&self) -> Option<String> {
        match self.file.attribute("title")?.value().ok()? {
            netcdf::AttributeValue::Str(title) => title.rsplit_once(" of ").map(|(_, name)| name.to_owned()),
            _ => None,
        }
    }

    /// Whether masked values are what they are in grids.
    pub(crate) fn has_fill(&self, element: Element) -> bool {
        use netcdf::AttributeValue::{Double, Float};
        let fill = self.file.variable(&self.variable).and_then(|v| v.attribute_value("_FillValue")?.ok());
        match (element, fill) {
            (Element::Float32, Some(Float(fill))) => fill == 1e20,
            (Element::Float64, Some(Double(fill))) => fill == 1e20,
            (element, Some(_)) => !element.is_float(),
            (_, None) => false,
        }
    }

    /// The name of the type of its values, where they are numbers.
    pub(crate) fn element(&self) -> Option<&'static str> {
        type_name(&self.file.variable(&self.variable)?.vartype())
    }
}

/// The name of a type of numbers.
pub(super) fn type_name(kind: &NcVariableType) -> Option<&'static str> {
    Some(match kind {
        NcVariableType::Float(FloatType::F32) => "float32",
        NcVariableType::Float(FloatType::F64) => "float64",
        NcVariableType::Int(IntType::I8) => "int8",
        NcVariableType::Int(IntType::I16) => "int16",
        NcVariableType::Int(IntType::I32) => "int32",
        NcVariableType::Int(IntType::I64) => "int64",
        NcVariableType::Int(IntType::U8) => "uint8",
        NcVariableType::Int(IntType::U16) => "uint16",
        NcVariableType::Int(IntType::U32) => "uint32",
        NcVariableType::Int(IntType::U64) => "uint64",
        _ => return None,
    })
}

fn bounds_of(file: &netcdf::File, name: &str) -> netcdf::Result<Vec<f64>> {
    match file.variable(name) {
        Some(variable) => variable.get_values((.., ..)),
        None => Ok(Vec::new()),
    }
}
