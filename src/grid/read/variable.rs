//! The variable of a file that is meant: over time, latitude and longitude (or a projection's y and x), with or without a dimension of rows.

use std::path::Path;

use netcdf::AttributeValue;
use netcdf::types::{FloatType, IntType, NcVariableType};

use crate::error::{Argument, Error, Result};
use crate::write::ROW_NUMBERS;

/// Steps, rows or columns, and cells of the largest files that are read.
const MOST_STEPS: usize = 10_000_000;
const MOST_ROWS: usize = 200_000;
const MOST_CELLS: usize = 200_000_000;

/// Which variable of a file is meant.
#[derive(Clone, Copy)]
pub(super) enum Wanted<'a> {
    /// The one that is called so.
    Named(&'a str),
    /// The only one, or the one of a name. `csoil_2` is a variable or the second row of `csoil`.
    Only(Option<&'a str>),
}

/// The numbers of a variable's rows.
pub(super) struct Rows {
    /// As they stand in the file, or counted from 1.
    pub numbers: Vec<i32>,
    /// The dimension's name.
    pub name: String,
    /// Whether the file has the numbers.
    pub is_numbered: bool,
}

/// A variable over time, latitude and longitude.
pub(super) struct Variable {
    pub name: String,
    /// Lengths of its dimensions.
    pub lengths: Vec<usize>,
    /// The shape of its chunks; empty where it is not chunked.
    pub chunk: Vec<usize>,
    /// Its dimension of rows, where it has one.
    pub rows: Option<Rows>,
    /// The name of the type of its values, where they are numbers.
    pub kind: Option<&'static str>,
}

impl Variable {
    /// Finds a variable, and the row that a name means: its index and number.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where the name fits none, [`Library`](crate::ErrorKind::Library) where the file has none or it is too large.
    pub(super) fn find(
        path: &Path,
        file: &netcdf::File,
        wanted: Wanted<'_>,
    ) -> Result<(Self, Option<(usize, i32)>)> {
        let fail = |action: &str, reason: String| Error::netcdf(path, action, reason);
        let candidates = names_in(file);
        let (name, asked, number) = match wanted {
            Wanted::Named(name) => (name.to_owned(), "", None),
            Wanted::Only(asked) => {
                let (name, number) = choose(path, &candidates, asked)?;
                (name, asked.unwrap_or_default(), number)
            }
        };
        let data = file.variable(&name).ok_or_else(|| fail("find", name.clone()))?;
        let lengths: Vec<usize> = data.dimensions().iter().map(|dimension| dimension.len()).collect();
        // What a file says is not yet worth memory.
        let most = [MOST_STEPS, MOST_ROWS, MOST_ROWS, MOST_ROWS];
        let cells = lengths.iter().rev().take(2).try_fold(1usize, |cells, &length| cells.checked_mul(length));
        if lengths.iter().zip(most).any(|(&length, most)| length > most)
            || cells.is_none_or(|cells| cells > MOST_CELLS)
        {
            return Err(fail("use", format!("{name} is larger than any grid: {lengths:?}")));
        }
        let rows = match data.dimensions().get(1).filter(|_| lengths.len() == 4) {
            None => None,
            Some(dimension) => {
                let own = file.variable(&dimension.name());
                // Rows with names have their numbers in an attribute.
                let told = own.as_ref().and_then(|rows| match rows.attribute_value(ROW_NUMBERS)?.ok()? {
                    AttributeValue::Int(number) => Some(vec![number]),
                    AttributeValue::Ints(numbers) => Some(numbers),
                    _ => None,
                });
                let told = told.filter(|numbers| numbers.len() == dimension.len());
                let own =
                    own.filter(|rows| rows.dimensions().len() == 1 && type_name(&rows.vartype()).is_some());
                let is_numbered = told.is_some() || own.is_some();
                let read = match told {
                    Some(numbers) => Some(Ok(numbers)),
                    None => own.map(|rows| rows.get_values(..)),
                };
                let numbers = match read {
                    Some(read) => {
                        read.map_err(|error| fail("read", format!("{:?}: {error}", dimension.name())))?
                    }
                    None => (1..=dimension.len() as i32).collect(),
                };
                Some(Rows { numbers, name: dimension.name(), is_numbered })
            }
        };
        let row = match (&rows, number) {
            _ if matches!(wanted, Wanted::Named(_)) => None,
            (None, None) => None,
            (None, Some(_)) => return Err(missing(path, asked, &candidates)),
            (Some(Rows { numbers, .. }), number) => {
                let wanted = number.or(numbers.first().copied()).unwrap_or(1);
                let index = numbers.iter().position(|&number| number == wanted).ok_or_else(|| {
                    let reason = format!("{} has the rows {numbers:?} of {name}", path.display());
                    let asked = if asked.is_empty() { &name } else { asked };
                    Error::selection(Argument::Variable, asked, reason)
                })?;
                Some((index, wanted))
            }
        };
        let chunk = data.chunking().ok().flatten().unwrap_or_default();
        let kind = type_name(&data.vartype());
        Ok((Variable { name, lengths, chunk, rows, kind }, row))
    }
}

/// The names of a file's variables over time, latitude and longitude: gridloom's files have one, or are made to have several.
pub(super) fn names_in(file: &netcdf::File) -> Vec<String> {
    let is_grid = |variable: &netcdf::Variable<'_>| {
        let dimensions: Vec<String> = variable.dimensions().iter().map(|d| d.name()).collect();
        let names: Vec<&str> = dimensions.iter().map(String::as_str).collect();
        matches!(names.as_slice(), ["time", .., "lat", "lon"] | ["time", .., "y", "x"] if names.len() <= 4)
    };
    file.variables().filter(is_grid).map(|variable| variable.name()).collect()
}

fn missing(path: &Path, name: &str, candidates: &[String]) -> Error {
    let there = match candidates {
        [] => "it has none over time, lat and lon".to_owned(),
        candidates => format!("it has {}", candidates.join(", ")),
    };
    Error::selection(Argument::Variable, name, format!("is not in {}; {there}", path.display()))
}

/// The variable's name, and the number of its row where one is named.
fn choose(path: &Path, candidates: &[String], name: Option<&str>) -> Result<(String, Option<i32>)> {
    let Some(name) = name else {
        return match candidates {
            [only] => Ok((only.clone(), None)),
            [] => Err(Error::netcdf(path, "draw the file", "it has no variable over time, lat and lon")),
            several => {
                let reason = format!("is needed: {} has {}", path.display(), several.join(", "));
                Err(Error::selection(Argument::Variable, "", reason))
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

/// The name of a type of numbers.
pub(crate) fn type_name(kind: &NcVariableType) -> Option<&'static str> {
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
