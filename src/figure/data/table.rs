//! Tables that are drawn: yearly Parquet tables of gridloom, summed while they are read.

use std::collections::BTreeMap;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, Int64Type};

use crate::error::{Error, Result};
use crate::model::ellipsoid;

use super::columns::{self, Opened};

/// Carbon and cells of the strategies.
#[derive(Debug, Default)]
pub(crate) struct Biomass {
    /// For each year and strategy the sum over cells of carbon on the cells' ground times their area, kg.
    pub carbon: BTreeMap<i32, BTreeMap<i64, f64>>,
    /// For each year the cells that have any strategy.
    pub cells: BTreeMap<i32, Cells>,
    /// The run, by the table's metadata.
    pub run: String,
}

/// The cells of a year.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub(crate) struct Cells {
    pub count: u64,
    /// Of all of them, m2.
    pub area: f64,
    /// The strategies that live in each of them, times its area.
    pub lives: f64,
    /// Strategies whose carbon is not known.
    pub unknown: u64,
}

/// The area of a cell by its row and the latitude of its centre, which tell the height of a row.
fn area(row: i32, latitude: f64) -> Option<f64> {
    let step = height_of_row(row, latitude);
    let fits = row >= 0 && step.is_finite() && step > 0.0 && step <= 180.0;
    let area = fits.then(|| ellipsoid::cell_area(latitude - step / 2.0, latitude + step / 2.0, step))?;
    (area.is_finite() && area > 0.0).then_some(area)
}

/// The degrees that a row of a grid is high.
pub(super) fn height_of_row(row: i32, latitude: f64) -> f64 {
    (90.0 - latitude) / (f64::from(row) + 0.5)
}

/// The area of a cell of a table, m2.
///
/// # Errors
/// [`Library`](crate::ErrorKind::Library) where no grid has such a cell.
pub(super) fn ground(path: &Path, row: i32, latitude: f64) -> Result<f64> {
    area(row, latitude).ok_or_else(|| {
        let reason = format!("the cell of row {row} and latitude {latitude} is on no grid");
        Error::in_table(path, "draw the table", reason)
    })
}

/// Reads `biomass.parquet`: a row a cell, year and strategy.
///
/// # Errors
/// [`Library`](crate::ErrorKind::Library) where it is no such table.
pub(crate) fn biomass(path: &Path) -> Result<Biomass> {
    columns::sound(path, || sound_biomass(path))
}

fn sound_biomass(path: &Path) -> Result<Biomass> {
    let fail = |reason: String| Error::in_table(path, "draw the table", reason);
    let names = ["grid_y", "grid_x", "latitude", "year", "pls_id", "carbon"];
    let Opened { reader, about } = columns::open(path, "biomass.parquet", &names)?;
    let mut biomass = Biomass { run: about.run, ..Biomass::default() };
    let mut last: Option<(i32, i32, i32)> = None;
    for batch in reader {
        let batch = batch.map_err(|error| fail(error.to_string()))?;
        let column =
            |name: &str| batch.column_by_name(name).ok_or_else(|| fail(format!("it has no column {name}")));
        let whole = |name: &'static str| -> Result<_> {
            let column = column(name)?;
            column
                .as_primitive_opt::<Int32Type>()
                .cloned()
                .ok_or_else(|| fail(format!("{name:?} is not int32")))
        };
        let (rows, columns, years) = (whole("grid_y")?, whole("grid_x")?, whole("year")?);
        let strategies = column("pls_id")?.as_primitive_opt::<Int64Type>().cloned();
        let strategies = strategies.ok_or_else(|| fail("\"pls_id\" is not int64".to_owned()))?;
        let double = |name: &'static str| -> Result<_> {
            let column = column(name)?;
            let column = column.as_primitive_opt::<Float64Type>().cloned();
            column.ok_or_else(|| fail(format!("{name:?} is not float64")))
        };
        let (latitudes, carbon) = (double("latitude")?, double("carbon")?);
        let rows = rows.iter().zip(&columns).zip(&years).zip(&strategies).zip(&latitudes).zip(&carbon);
        for (((((row, column), year), strategy), latitude), carbon) in rows {
            let (Some(row), Some(column), Some(year), Some(strategy)) = (row, column, year, strategy) else {
                continue;
            };
            let latitude = latitude.unwrap_or(f64::NAN);
            let area = ground(path, row, latitude)?;
            let cells = biomass.cells.entry(year).or_default();
            // Rows of a cell and year stand together.
            if last != Some((row, column, year)) {
                cells.count += 1;
                cells.area += area;
            }
            cells.lives += area;
            last = Some((row, column, year));
            let sum = biomass.carbon.entry(year).or_default().entry(strategy).or_insert(0.0);
            match carbon {
                Some(carbon) if !carbon.is_nan() => *sum += carbon * area,
                _ => cells.unknown += 1,
            }
        }
    }
    Ok(biomass)
}
