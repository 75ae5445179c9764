//! LPJmL's output: numbers without anything else (`raw`), behind a header (`clm`), or as text (`txt`), with a JSON that says what they are.
//!
//! Outputs hold for each year, each of its steps and each band all cells (`cellseq`); inputs, and grids, hold for each year and cell all bands
//! (`cellyear`), or for each cell all years (`yearcell`). Cells are where the grid says, a file of longitudes and latitudes of their centres. Years have 365
//! days; a step is a year, a month or a day, and where a file keeps means of several years, its date is the first of them.
//!
//! A record is a cell at a time. Its columns are `lat`, `lon`, `year`, `month` or `day_of_year` where years have such steps, and then the bands by their
//! names; without names by the variable's, and numbers from 1 where there are several.

use std::path::{Path, PathBuf};

use super::binary;
use super::input::InputFault;
use super::rows::{RecordFault, RecordFaultKind, Rows};
use super::schema::{Head, Part, Role, Separator, Table, TimeRule};
use super::text::Outcome;
use super::times::Parts;

mod data;
mod meta;
pub(super) mod simple;

use data::Data;
use meta::Meta;

/// Bytes of numbers that are held at a time.
const BLOCK: usize = 8 << 20;

/// Why a file is not read.
#[derive(Debug)]
struct Refused {
    kind: RecordFaultKind,
    message: String,
}

impl Refused {
    fn new(message: impl Into<String>) -> Self {
        Refused { kind: RecordFaultKind::Columns, message: message.into() }
    }

    fn io(path: &Path, error: &std::io::Error) -> Self {
        let fault = InputFault::of(error);
        Refused { kind: fault.kind, message: format!("{}: {}", path.display(), fault.message) }
    }
}

/// Whether a file is a grid, which says where the cells of others are, and has no records itself.
pub fn is_grid(path: &Path) -> bool {
    Meta::read(path).is_ok_and(|meta| meta.is_grid())
}

/// The columns of a file: its JSON, or a file with a header.
///
/// # Errors
/// A file that cannot be read, or is none of LPJmL.
pub fn head(path: &Path) -> Result<Head, RecordFault> {
    let refused = |Refused { kind, message }| RecordFault {
        file: path.display().to_string(),
        line: None,
        kind,
        message,
    };
    let meta = Meta::read(path).map_err(refused)?;
    let names = meta.columns();
    let units = vec![String::new(); names.len() - meta.bands.len()];
    let units = units.into_iter().chain(meta.bands.iter().map(|_| meta.unit.clone())).collect();
    Ok(Head {
        separator: Separator::Blanks,
        columns: names.len(),
        names: Some(names),
        edges: Vec::new(),
        header: Vec::new(),
        units: Some(units),
        comments: Vec::new(),
        start: 0,
        lines: 0,
    })
}

/// The names of a file's columns, and the length of its steps in the words of a description.
///
/// # Errors
/// Those of [`head`].
pub fn times(path: &Path) -> Result<(Vec<String>, String), RecordFault> {
    let names = head(path)?.names.unwrap_or_default();
    let step = Meta::read(path).map_or_else(
        |_| "year".to_owned(),
        |meta| match (meta.steps, meta.years_each) {
            (1, 1) => "year".to_owned(),
            (1, years) => format!("{years} years"),
            (12, _) => "month".to_owned(),
            _ => "day".to_owned(),
        },
    );
    Ok((names, step))
}

/// The edges of cells in latitude and longitude, where a file tells them.
pub fn cell_size(path: &Path) -> Option<[f64; 2]> {
    Meta::read(path).ok()?.cell_size
}

/// Reads a file; records, cell after cell of a step, are its lines. Rows come behind those that are there, and `flush` gets them when there are many, as it
/// does of [text](super::text::TextReader::read).
///
/// # Errors
/// Those of `flush` alone.
pub fn read<E>(
    path: &Path,
    name: &str,
    (table, time): (&Table, &TimeRule),
    most: usize,
    rows: &mut Rows,
    flush: &mut dyn FnMut(&mut Rows) -> Result<(), E>,
) -> Result<Outcome, E> {
    let mut outcome = Outcome::default();
    let opened = Meta::read(path).and_then(|meta| {
        let places = data::places(&meta, path)?;
        let data = Data::open(&meta, &data_path(path, &meta)?)?;
        if meta.columns().len() != table.roles.len() || !binary::begin(table, rows) {
            return Err(Refused::new("its columns are not those that were planned"));
        }
        Ok((meta, places, data))
    });
    let (meta, places, mut data) = match opened {
        Ok(opened) => opened,
        Err(Refused { kind, message }) => {
            binary::fault(&mut outcome, name, None, kind, message);
            return Ok(outcome);
        }
    };
    let codes = binary::codes(table);
    let keys = meta.keys();
    let bands: Vec<Option<usize>> = table
        .roles
        .iter()
        .skip(keys.len())
        .map(|role| if let Role::Value(column) = role { Some(*column as usize) } else { None })
        .collect();
    let per = (BLOCK / (8 * meta.bands.len().max(1))).clamp(1, places.len().max(1));
    for year in 0..meta.years {
        for step in 0..meta.steps {
            let found = step_of(&meta, (year, step), table, time);
            for first in (0..places.len()).step_by(per) {
                let cells = first..(first + per).min(places.len());
                let block = match data.block(&meta, (year, step), cells.clone()) {
                    Ok(block) => block,
                    Err(Refused { kind, message }) => {
                        binary::fault(&mut outcome, name, None, kind, message);
                        return Ok(outcome);
                    }
                };
                for (order, cell) in cells.enumerate() {
                    let number = outcome.lines.lines;
                    outcome.lines.lines += 1;
                    let before = rows.len();
                    let made = found.clone().and_then(|step| {
                        let line = u32::try_from(number)
                            .map_err(|_| "it has more records than four bytes count".to_owned())?;
                        for (band, column) in bands.iter().enumerate() {
                            let Some(index) = *column else { continue };
                            let value =
                                block.get(order * bands.len() + band).copied().ok_or("it has no value")?;
                            let (Some(column), Some(&(element, _))) =
                                (rows.columns.get_mut(index), table.elements.get(index))
                            else {
                                continue;
                            };
                            binary::put(
                                column,
                                element,
                                codes.get(index).map(Vec::as_slice).unwrap_or_default(),
                                value,
                            )?;
                        }
                        rows.cells.push(u32::try_from(rows.places.len()).unwrap_or(u32::MAX));
                        rows.places.push(places.get(cell).copied().unwrap_or([f64::NAN; 2]));
                        rows.steps.push(step);
                        rows.lines.push(line);
                        Ok(())
                    });
                    match made {
                        Ok(()) => outcome.lines.records += 1,
                        Err(message) => {
                            rows.columns.iter_mut().for_each(|column| super::text::truncate(column, before));
                            let kind =
                                if found.is_err() { RecordFaultKind::Time } else { RecordFaultKind::Number };
                            binary::fault(&mut outcome, name, Some(number), kind, message);
                        }
                    }
                    if number % 1_024 == 1_023 && rows.bytes() >= most {
                        flush(rows)?;
                    }
                }
            }
        }
    }
    match data.finish() {
        Ok(()) => outcome.is_whole = true,
        Err(Refused { kind, message }) => binary::fault(&mut outcome, name, None, kind, message),
    }
    Ok(outcome)
}

/// The step of a part of a year, by the columns of time that a table has.
fn step_of(meta: &Meta, (year, step): (u64, u64), table: &Table, time: &TimeRule) -> Result<i64, String> {
    let mut parts = Parts::default();
    for (key, role) in meta.keys().iter().zip(&table.roles) {
        let Role::Time(part) = role else { continue };
        parts.set(
            *part,
            match *key {
                "year" => meta.first_year.saturating_add((year as i64).saturating_mul(meta.years_each)),
                _ => step as i64 + 1,
            },
        );
    }
    if parts.get(Part::Year).is_none() {
        let start = time.start.ok_or("its columns of time are not used")?;
        return Ok(start + (year * meta.steps + step) as i64);
    }
    time.step_of_parts(&parts).map_err(|fault| fault.to_string())
}

/// The file with the numbers: beside the JSON, or the file itself.
fn data_path(path: &Path, meta: &Meta) -> Result<PathBuf, Refused> {
    match &meta.file {
        None => Ok(path.to_owned()),
        Some(file) => beside(path, file),
    }
}

/// A file beside another. Its name is foreign, and may not lead elsewhere.
fn beside(path: &Path, file: &str) -> Result<PathBuf, Refused> {
    let is_name = Path::new(file).file_name().is_some_and(|name| name == file);
    match path.parent().filter(|_| is_name) {
        Some(folder) => Ok(folder.join(file)),
        None => Err(Refused::new(format!("{file:?} is not the name of a file beside it"))),
    }
}

#[cfg(test)]
mod tests;
