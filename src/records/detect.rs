//! What a description leaves open, found out from the files: each choice with its evidence, and where two answers fit, a question.
//!
//! Beginnings of up to 256 files are looked at for columns; then all records of up to 48 MiB, or parts of longer files, for places, dates and
//! values. What a description says is never changed, but refused where the files contradict it.

use std::io::Read;
use std::path::Path;

use crate::error::{Error, Result};
use crate::records::description::{Description, FileFormat, Header, Text};
use crate::records::files::{self, Files, RecordFile};
use crate::records::input::{Input, InputLimits, Packing};
use crate::records::rows::RecordFault;

mod axes;
mod columns;
mod dialect;
mod formats;
pub mod grid;
mod looked;
mod netcdf;
mod paths;
mod roles;
mod sample;
mod stamps;
mod stats;
pub mod times;
mod values;
mod written;

use sample::Beginning;

/// A description with nothing left open.
#[derive(Debug, Clone)]
pub struct Completed {
    /// The description.
    pub description: Description,
    /// Its files: listed anew where their pattern was found out.
    pub files: Files,
    /// Why each of the keys that were found out has its value, in the order in which they were.
    pub evidence: Vec<Evidence>,
    /// What else was seen: faults that are to come, and what is counted.
    pub notes: Vec<Note>,
    /// What was looked at.
    pub looked: Looked,
}

/// Why a key has its value.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Evidence {
    /// The key, without `source`: `cell.step`.
    pub key: String,
    /// What was seen.
    pub why: String,
    /// A file in which it was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
}

/// Something that was seen.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Note {
    /// In words.
    pub text: String,
    /// The file, where it is one's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
}

/// What was looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Looked {
    /// Files that there are.
    pub files: u64,
    /// Files that were scanned.
    pub scanned: u64,
    /// Records that were seen.
    pub records: u64,
    /// Different places that were seen.
    pub places: u64,
    /// Different times that were seen.
    pub times: u64,
    /// Whether these are all records.
    pub is_all: bool,
}

/// What is being found out.
struct Work {
    description: Description,
    files: Files,
    evidence: Vec<Evidence>,
    notes: Vec<Note>,
    looked: Looked,
}

/// Files as they are, or as a preset has them, with all that is found out. Patterns are relative to `base`.
///
/// # Errors
/// A preset that is not known, patterns that fit no file, and those of [`complete`].
pub fn describe(files: &[String], preset: Option<&str>, base: &Path) -> Result<Completed> {
    let description = Description::of_files(preset, files).map_err(|error| error.of(base))?;
    complete(&description, files::list(&description, base)?)
}

/// Whether a file is one of records for certain: text, or one of the formats that hold records. Reads its beginning.
pub fn is_records(path: &Path) -> bool {
    // Archives and grids are NetCDF, too: which files are of one cell each only a description, or a pattern, says.
    let mut start = Vec::new();
    let opened = crate::shared::open_input(path).map(|file| file.take(10).read_to_end(&mut start));
    if opened.is_ok() && Packing::detect(&start) == Packing::Netcdf {
        return false;
    }
    let Ok(mut input) = Input::open(path, &InputLimits::default()) else {
        // What begins as a columnar file and cannot be read is one that is damaged.
        return opened.is_ok() && matches!(Packing::detect(&start), Packing::Parquet | Packing::Arrow);
    };
    let mut bytes = Vec::new();
    let read = input.by_ref().take(1 << 12).read_to_end(&mut bytes);
    read.is_ok() && formats::is_known(&bytes)
}

/// Fills in what a description leaves open.
///
/// # Errors
/// [`Config`](crate::ErrorKind::Config) where two answers fit or none does, and where the files contradict the description: with the file, the line, and the keys that
/// would say it, and where no file can be read.
pub fn complete(description: &Description, files: Files) -> Result<Completed> {
    let looked = Looked { files: files.files.len() as u64, ..Looked::default() };
    let mut work =
        Work { description: description.clone(), files, evidence: Vec::new(), notes: Vec::new(), looked };
    work.format()?;
    work.netcdf()?;
    work.lines_of_columns();
    if work.is_told() {
        let mut seen = looked::Seen::default();
        seen.places_of_paths(&work.description.cell, &work.files);
        work.rounding(&seen);
        let Work { description, files, evidence, notes, looked } = work;
        return Ok(Completed { description, files, evidence, notes, looked });
    }
    match work.description.format {
        Some(FileFormat::Text | FileFormat::Parquet | FileFormat::Arrow | FileFormat::Netcdf) | None => {
            work.text()?;
        }
        Some(_) => work.packed_tables()?,
    }
    work.description.check().map_err(|error| error.of(&work.files.base))?;
    let Work { description, files, evidence, notes, looked } = work;
    Ok(Completed { description, files, evidence, notes, looked })
}

impl Work {
    /// Whether nothing is open that only files can tell, so that none need be looked at.
    fn is_told(&self) -> bool {
        let Description { text, cell, time, values, format, .. } = &self.description;
        let has_text = text.separator.is_some() && text.header.is_some();
        let has_text = has_text && (text.missing.is_some() || self.is_columnar());
        let has_cell = match (&cell.lat, &cell.y, &cell.id) {
            (Some(_), ..) => cell.step.is_some() && cell.at.is_some(),
            (None, y, id) => y.is_some() || id.is_some(),
        };
        let has_stamp =
            time.stamp.as_ref().is_none_or(|stamp| stamp.units.is_some() || stamp.format.is_some());
        let has_way = time.stamp.is_some() || time.start.is_some() || time.parts().next().is_some();
        let has_time = has_stamp && has_way && time.step.is_some() && time.calendar.is_some();
        let is_text = !matches!(format, Some(FileFormat::VicBinary | FileFormat::Lpjml));
        is_text && has_text && has_cell && has_time && values.type_.is_some()
    }

    /// Files of columns are looked at as lines below a line of names, whatever is said of text.
    fn lines_of_columns(&mut self) {
        if self.is_columnar() {
            let Text { missing, bad, .. } = std::mem::take(&mut self.description.text);
            let (separator, header) = (Some(",".to_owned()), Some(Header::Line));
            let comment = Some(String::new());
            self.description.text = Text { separator, header, comment, missing, bad, ..Text::default() };
        }
    }

    fn is_columnar(&self) -> bool {
        matches!(self.description.format, Some(FileFormat::Parquet | FileFormat::Arrow))
    }

    /// Tells why a key has its value.
    fn tell(&mut self, key: &str, why: impl Into<String>, at: Option<(&str, Option<u64>)>) {
        let (file, line) = at.map_or((None, None), |(file, line)| (Some(file.to_owned()), line));
        self.evidence.push(Evidence { key: key.to_owned(), why: why.into(), file, line });
    }

    fn note(&mut self, text: impl Into<String>, at: Option<(&str, Option<u64>)>) {
        let (file, line) = at.map_or((None, None), |(file, line)| (Some(file.to_owned()), line));
        self.notes.push(Note { text: text.into(), file, line });
    }

    /// A question: what cannot be found out, and the keys that say it.
    fn ask(&self, file: Option<&RecordFile>, text: impl Into<String>) -> Error {
        let path = file.map_or_else(|| self.files.base.clone(), |file| self.files.path(file));
        Error::config(path, text.into())
    }

    /// The beginnings of some files, without those that hold nothing or cannot be read.
    fn beginnings<'a>(&mut self, files: &'a Files) -> Result<Vec<Beginning<'a>>> {
        let (mut found, mut first): (Vec<Beginning<'a>>, Option<RecordFault>) = (Vec::new(), None);
        let mut empty = 0;
        for file in sample::spread(&files.files, sample::MOST_FILES) {
            match sample::beginning(files, file) {
                Ok(beginning) if beginning.bytes.iter().all(u8::is_ascii_whitespace) => {
                    empty += 1;
                    if empty == 1 {
                        self.note("it is empty", Some((&file.name(), None)));
                    }
                }
                Ok(beginning) => found.push(beginning),
                Err(fault) => {
                    self.note(fault.message.clone(), Some((&fault.file, fault.line)));
                    first.get_or_insert(fault);
                }
            }
        }
        if empty > 1 {
            self.note(format!("{empty} files are empty"), None);
        }
        if found.is_empty() {
            let reason = first.map_or_else(
                || "all files are empty".to_owned(),
                |fault| format!("{}: {}", fault.file, fault.message),
            );
            return Err(self.ask(None, reason));
        }
        Ok(found)
    }

    /// Lines of text.
    fn text(&mut self) -> Result<()> {
        let files = self.files.clone();
        let beginnings = self.beginnings(&files)?;
        self.preset(&beginnings)?;
        self.dialect(&beginnings)?;
        let tables = self.tables(&files, &beginnings)?;
        self.roles(&tables)?;
        drop((tables, beginnings));
        self.paths()?;
        let seen = self.look()?;
        self.places(&seen)?;
        self.axis(&seen)?;
        self.types(&seen)?;
        self.records_apart(&seen)
    }
}

#[cfg(test)]
mod tests;
