//! NetCDF files of one cell each, as lines of text, a step a line, so that they are read as any table is.
//!
//! A file is taken apart as it is ([`Content`]) and then understood ([`meaning`]): which variable tells the time, where the cell is, which variables are
//! series. Both are done twice, in ways that share nothing but these words: files are read by [`classic`] or by the library, and become lines; for a proof
//! the library reads what [`classic`] has read, HDF5 what netCDF-C has, and [`again`] makes rows of it without any text.
//!
//! Without the feature `netcdf` the classic formats alone are read, and not proved.
//!
//! # Limits
//! A file of a cell is in memory at once, [`MOST`] bytes of values at the most.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use super::number::{Kind, Number};
use super::rows::RecordFaultKind;

pub(super) mod again;
mod classic;
#[cfg(feature = "netcdf")]
mod library;
mod lines;
mod meaning;
#[cfg(test)]
mod tests;

pub(super) use lines::Lines;

/// Bytes of a file's values at the most.
const MOST: u64 = 64 << 20;

/// What a file holds.
#[derive(Debug, Default, PartialEq)]
struct Content {
    dimensions: Vec<Dimension>,
    variables: Vec<Variable>,
}

#[derive(Debug, Clone, PartialEq)]
struct Dimension {
    name: String,
    length: usize,
}

#[derive(Debug, PartialEq)]
struct Variable {
    name: String,
    /// Indices of dimensions, the slowest first.
    dimensions: Vec<usize>,
    attributes: Vec<(String, Attribute)>,
    values: Values,
}

#[derive(Debug, Clone, PartialEq)]
enum Attribute {
    Text(String),
    Numbers(Vec<Number>),
}

#[derive(Debug, PartialEq)]
#[cfg_attr(not(feature = "netcdf"), expect(dead_code, reason = "classic files have no texts"))]
enum Values {
    /// One after another.
    Numbers {
        kind: Kind,
        is_big: bool,
        bytes: Vec<u8>,
    },
    /// Characters of one byte.
    Letters(Vec<u8>),
    Texts(Vec<String>),
    /// Of another type, in words.
    Other(String),
}

impl Variable {
    fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    fn text(&self, name: &str) -> Option<&str> {
        match self.attribute(name)? {
            Attribute::Text(text) => Some(text.trim_end_matches('\0').trim()),
            Attribute::Numbers(_) => None,
        }
    }

    fn numbers(&self, name: &str) -> &[Number] {
        match self.attribute(name) {
            Some(Attribute::Numbers(numbers)) => numbers,
            _ => &[],
        }
    }

    /// A number as it is stored.
    fn number(&self, index: usize) -> Option<Number> {
        let Values::Numbers { kind, is_big, bytes } = &self.values else { return None };
        kind.read(bytes.get(index.checked_mul(kind.size())?..)?, *is_big)
    }
}

/// Why a file is not read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Refused {
    pub kind: RecordFaultKind,
    pub message: String,
}

impl Refused {
    fn new(kind: RecordFaultKind, message: impl Into<String>) -> Self {
        Refused { kind, message: message.into() }
    }

    fn of(error: &io::Error) -> Self {
        damaged(error.to_string())
    }
}

fn damaged(words: impl Into<String>) -> Refused {
    Refused::new(RecordFaultKind::Unreadable, words)
}

/// Whether a file is of the classic formats, by its first bytes.
fn is_classic(bytes: &[u8]) -> bool {
    matches!(bytes, [b'C', b'D', b'F', 1 | 2 | 5, ..])
}

/// What is in an open file, read for work or for its proof.
fn content(path: &Path, file: &File, is_proof: bool) -> Result<Content, Refused> {
    let failed = |error: io::Error| Refused::of(&error);
    let mut start = [0; 4];
    let known = file.read_at(&mut start, 0).map_err(failed)?;
    match (is_classic(start.get(..known).unwrap_or_default()), is_proof) {
        (true, false) => {
            let length = file.metadata().map_err(failed)?.len();
            if length > MOST {
                let words =
                    format!("it has {length} bytes, more than the {MOST} that a file of one cell may have");
                return Err(Refused::new(RecordFaultKind::TooLarge, words));
            }
            let mut bytes = vec![0; length as usize];
            file.read_exact_at(&mut bytes, 0).map_err(failed)?;
            classic::content(&bytes).map_err(|words| damaged(format!("as NetCDF it cannot be read: {words}")))
        }
        (is_classic, _) => {
            let content = by_library(path, is_proof && !is_classic)?;
            // The library opens the name, which may be another file's by now.
            let own = file.metadata().map_err(failed)?;
            let there = std::fs::metadata(path).map_err(failed)?;
            match (own.dev(), own.ino()) == (there.dev(), there.ino()) {
                true => Ok(content),
                false => Err(Refused::new(RecordFaultKind::Changed, "it was replaced while it was read")),
            }
        }
    }
}

#[cfg(feature = "netcdf")]
fn by_library(path: &Path, is_by_hdf5: bool) -> Result<Content, Refused> {
    library::content(path, is_by_hdf5)
}

#[cfg(not(feature = "netcdf"))]
fn by_library(_: &Path, _: bool) -> Result<Content, Refused> {
    Err(damaged("it is read by the libraries of NetCDF, which need the feature netcdf"))
}

/// A file as lines, of which the first two say what it holds and what columns are called.
pub(super) fn open(path: &Path, file: &File) -> Result<Lines, Refused> {
    Lines::of(content(path, file, false)?).map_err(damaged)
}

/// The variables of a file and their own types, as a description has them.
pub(super) fn types(path: &Path) -> Option<Vec<(String, &'static str)>> {
    let file = crate::shared::open_input(path).ok()?;
    let content = content(path, &file, false).ok()?;
    let meaning = meaning::Meaning::of(&content).ok()?;
    Some(
        meaning
            .about()
            .series
            .into_iter()
            .map(|series| series.name)
            .zip(meaning.series.iter().map(|series| series.word))
            .collect(),
    )
}

#[cfg(test)]
fn text_of(path: &Path) -> Result<String, String> {
    use std::io::Read;
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut text = String::new();
    let mut lines = open(path, &file).map_err(|refused| refused.message)?;
    lines.read_to_string(&mut text).map_err(|error| error.to_string())?;
    Ok(text)
}
