//! Tables that are drawn: yearly Parquet tables of gridloom, summed while they are read.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, Int64Type};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::error::{Error, Result, Verdict};
use crate::model::ellipsoid;
use crate::seal::Seal;

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
    let step = (90.0 - latitude) / (f64::from(row) + 0.5);
    let fits = row >= 0 && step.is_finite() && step > 0.0 && step <= 180.0;
    let area = fits.then(|| ellipsoid::cell_area(latitude - step / 2.0, latitude + step / 2.0, step))?;
    (area.is_finite() && area > 0.0).then_some(area)
}

/// Reads `biomass.parquet`: a row a cell, year and strategy.
///
/// # Errors
/// [`Library`](crate::ErrorKind::Library) where it is no such table.
pub(crate) fn biomass(path: &Path) -> Result<Biomass> {
    // The library panics at some damage of files without a seal.
    crate::guard::guarded(|| sound_biomass(path))
        .unwrap_or_else(|| Err(Error::in_table(path, "draw the table", Verdict::damaged("it is damaged"))))
}

/// What a file is that does not begin and end as Parquet does; the library tells no more than that it cannot read it.
fn refuse_others(file: &File) -> std::io::Result<Option<Verdict>> {
    const MARK: [u8; 4] = *b"PAR1";
    let length = file.metadata()?.len();
    let (mut start, mut end) = ([0; 4], [0; 4]);
    if length >= 8 {
        file.read_exact_at(&mut start, 0)?;
        file.read_exact_at(&mut end, length - 4)?;
    }
    Ok(match (start == MARK, end == MARK) {
        (true, true) => None,
        (true, false) => Some(Verdict::damaged("it is damaged: it is cut short")),
        (false, _) => {
            Some("it is not a Parquet file; give biomass.parquet, or the folder that it is in".into())
        }
    })
}

fn sound_biomass(path: &Path) -> Result<Biomass> {
    let refuse = |reason: Verdict| Error::in_table(path, "draw the table", reason);
    let fail = |reason: String| refuse(reason.into());
    let read = |source| Error::io("read", path, source);
    let file = crate::shared::open_input(path).map_err(read)?;
    if crate::table::seal_of_parquet(path).map_err(read)? == Seal::Broken {
        return Err(refuse(Verdict::damaged("it is damaged: its bytes are not what was published")));
    }
    refuse_others(&file).map_err(read)?.map_or(Ok(()), |reason| Err(refuse(reason)))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| fail(error.to_string()))?;
    let names = ["grid_y", "grid_x", "latitude", "year", "pls_id", "carbon"];
    let schema = builder.schema().clone();
    let has = |name: &str| schema.field_with_name(name).is_ok();
    // Carbon per area of the strategies' own ground does not add up.
    if !has("carbon") && has("cveg") && has("pls_id") {
        let reason = "it has no column \"carbon\", since an older gridloom made it; make it again";
        return Err(fail(reason.to_owned()));
    }
    for name in names {
        if !has(name) {
            return Err(fail(format!("it has no column {name:?}; gridloom's biomass.parquet has")));
        }
    }
    let title = schema.metadata().get("title").cloned().unwrap_or_default();
    let run = title.rsplit_once(" of ").map_or_else(String::new, |(_, run)| run.to_owned());
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
            let area = area(row, latitude).ok_or_else(|| {
                fail(format!("the cell of row {row} and latitude {latitude} is on no grid"))
            })?;
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
