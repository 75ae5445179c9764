//! Tables that are drawn: yearly Parquet tables of gridloom, summed while they are read.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, Int64Type};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::error::{Error, Result};

/// Carbon and cells of the strategies.
#[derive(Debug, Default)]
pub(super) struct Biomass {
    /// For each year and strategy the sum of carbon over cells, kg m-2.
    pub carbon: BTreeMap<i32, BTreeMap<i64, f64>>,
    /// For each year the cells that have any strategy, and the strategies that live in each of them, summed.
    pub cells: BTreeMap<i32, (u64, u64)>,
    /// The run, by the table's metadata.
    pub run: String,
}

/// Reads `biomass.parquet`: a row a cell, year and strategy.
///
/// # Errors
/// [`Error::Table`] where it is no such table.
pub(super) fn biomass(path: &Path) -> Result<Biomass> {
    let fail = |reason: String| Error::Table { path: path.to_owned(), action: "draw the table", reason };
    let file = File::open(path).map_err(|source| Error::io("read", path, source))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| fail(error.to_string()))?;
    let names = ["grid_y", "grid_x", "year", "pls_id", "cveg"];
    let schema = builder.schema().clone();
    for name in names {
        if schema.field_with_name(name).is_err() {
            return Err(fail(format!("it has no column {name}; biomass.parquet of `gridloom tables` has")));
        }
    }
    let metadata = schema.metadata();
    let run = metadata.get("run").cloned().unwrap_or_default();
    let mask = ProjectionMask::columns(builder.parquet_schema(), names);
    let reader = builder
        .with_projection(mask)
        .with_batch_size(8192)
        .build()
        .map_err(|error| fail(error.to_string()))?;
    let mut biomass = Biomass { run, ..Biomass::default() };
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
                .ok_or_else(|| fail(format!("{name} is not int32")))
        };
        let (rows, columns, years) = (whole("grid_y")?, whole("grid_x")?, whole("year")?);
        let strategies = column("pls_id")?.as_primitive_opt::<Int64Type>().cloned();
        let strategies = strategies.ok_or_else(|| fail("pls_id is not int64".to_owned()))?;
        let carbon = column("cveg")?.as_primitive_opt::<Float64Type>().cloned();
        let carbon = carbon.ok_or_else(|| fail("cveg is not float64".to_owned()))?;
        let rows = rows.iter().zip(&columns).zip(&years).zip(&strategies).zip(&carbon);
        for ((((row, column), year), strategy), carbon) in rows {
            let (Some(row), Some(column), Some(year), Some(strategy)) = (row, column, year, strategy) else {
                continue;
            };
            let cells = biomass.cells.entry(year).or_default();
            // Rows of a cell and year stand together.
            cells.0 += u64::from(last != Some((row, column, year)));
            cells.1 += 1;
            last = Some((row, column, year));
            *biomass.carbon.entry(year).or_default().entry(strategy).or_insert(0.0) += carbon.unwrap_or(0.0);
        }
    }
    Ok(biomass)
}
