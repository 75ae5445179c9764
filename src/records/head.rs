//! The beginning of a file of text: where its names are, and where its records begin.

use std::io::Read;
use std::path::Path;

use crate::records::about::About;
#[cfg(feature = "netcdf")]
use crate::records::columnar::Opened;
use crate::records::description::{Description, FileFormat, Header, Text, Units};
use crate::records::input::{Input, InputFault, InputLimits};
use crate::records::rows::{RecordFault, RecordFaultKind};
use crate::records::schema::{Head, Separator};
use crate::records::{lpjml, vic_binary};

mod names;
mod words;

pub use words::{Word, is_value, words};

/// Unpacked bytes of a file's beginning at the most, in which its header must be.
pub const MOST: usize = 16 << 20;
/// What is read at first; more where the header is not in it.
const FIRST: usize = 64 << 10;
/// Columns of a file at the most.
pub const MOST_COLUMNS: usize = 1 << 20;

/// Why a beginning is no head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadFault {
    /// What kind of fault it is.
    pub kind: RecordFaultKind,
    /// The line, counted from 1, where it is one's.
    pub line: Option<u64>,
    /// The same in words.
    pub message: String,
    /// Whether a longer beginning may be a head.
    is_short: bool,
}

impl HeadFault {
    fn new(kind: RecordFaultKind, line: Option<u64>, message: impl Into<String>) -> Self {
        HeadFault { kind, line, message: message.into(), is_short: false }
    }

    fn of(self, path: &Path) -> RecordFault {
        let HeadFault { kind, line, message, .. } = self;
        RecordFault { file: path.display().to_string(), line, kind, message }
    }
}

/// Reads the head of a file. What a description leaves open is taken as a file is: the separator and the header are those that its first lines
/// have.
///
/// # Errors
/// An empty file, one with a header alone, one whose columns are not to be known, and one that cannot be read. Reads 16 MiB at the most.
pub fn read(path: &Path, description: &Description) -> Result<Head, RecordFault> {
    match description.format {
        Some(FileFormat::VicBinary) => vic_binary::head(path),
        Some(FileFormat::Lpjml) => lpjml::head(path),
        #[cfg(feature = "netcdf")]
        Some(FileFormat::Parquet | FileFormat::Arrow) => match Opened::of(path) {
            Ok(Some(opened)) => Ok(opened.head()),
            Ok(None) => read_text(path, &description.text),
            Err(fault) => Err(HeadFault::new(fault.kind, None, fault.message).of(path)),
        },
        Some(FileFormat::Netcdf) => read_netcdf(path, &description.text),
        _ => read_text(path, &description.text),
    }
}

/// The head of a NetCDF file as a text. What is packed around it would have to be unpacked by its readers.
fn read_netcdf(path: &Path, text: &Text) -> Result<Head, RecordFault> {
    let head = read_text(path, text)?;
    match About::of(&head) {
        Some(_) => Ok(head),
        None => {
            let message = "it is not a NetCDF file; a packed one has to be unpacked first";
            Err(HeadFault::new(RecordFaultKind::Unreadable, None, message).of(path))
        }
    }
}

/// The same by what a description says of text alone.
///
/// # Errors
/// Those of [`read`].
pub fn read_text(path: &Path, text: &Text) -> Result<Head, RecordFault> {
    let refused = |fault: InputFault| HeadFault::new(fault.kind, None, fault.message).of(path);
    let mut file = Input::open(path, &InputLimits::default()).map_err(refused)?;
    let mut bytes = Vec::new();
    let mut most = FIRST;
    loop {
        let wanted = most.saturating_sub(bytes.len()) as u64;
        let got = file
            .by_ref()
            .take(wanted)
            .read_to_end(&mut bytes)
            .map_err(|error| refused(InputFault::of(&error)))?;
        let is_whole = (got as u64) < wanted;
        match of(&bytes, is_whole, text) {
            Err(fault) if fault.is_short && most < MOST => most = (most * 8).min(MOST),
            Err(fault) if fault.is_short => {
                let message = format!("its header is not within its first {MOST} bytes");
                return Err(HeadFault::new(RecordFaultKind::TooLarge, None, message).of(path));
            }
            Err(fault) => return Err(fault.of(path)),
            Ok(head) => return Ok(head),
        }
    }
}

/// The head of a beginning of a file, unpacked. `is_whole` says that it is the whole file.
///
/// # Errors
/// What [`read`] says of a file.
pub fn of(bytes: &[u8], is_whole: bool, text: &Text) -> Result<Head, HeadFault> {
    if bytes.is_empty() {
        return Err(HeadFault::new(RecordFaultKind::Empty, None, "the file is empty"));
    }
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(HeadFault::new(
            RecordFaultKind::Unreadable,
            None,
            "its text is UTF-16; convert it to UTF-8",
        ));
    }
    let lines = Lines::new(bytes, is_whole);
    names::head(lines, text)
}

/// A line: its number, counted from 0, where it begins, and its bytes without their end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    pub number: u64,
    pub start: usize,
    /// The first byte of the next line.
    pub end: usize,
    pub bytes: &'a [u8],
}

/// The lines of a beginning. The last one, if the file goes on, is none: its end is not there.
#[derive(Debug, Clone)]
pub(super) struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    number: u64,
    is_whole: bool,
}

impl<'a> Lines<'a> {
    fn new(bytes: &'a [u8], is_whole: bool) -> Self {
        let at = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        Lines { bytes, at, number: 0, is_whole }
    }

    /// That the beginning holds no more lines, of which one is wanted.
    fn end(&self) -> HeadFault {
        let message = "the file has no record";
        let fault = HeadFault::new(RecordFaultKind::NoRecords, None, message);
        HeadFault { is_short: !self.is_whole, ..fault }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        let rest = self.bytes.get(self.at..).filter(|rest| !rest.is_empty())?;
        let (length, end) = match rest.iter().position(|&byte| byte == b'\n') {
            Some(length) => (length, length + 1),
            None if self.is_whole => (rest.len(), rest.len()),
            None => return None,
        };
        let bytes = rest.get(..length).unwrap_or_default();
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        let line = Line { number: self.number, start: self.at, end: self.at + end, bytes };
        self.at += end;
        self.number += 1;
        Some(line)
    }
}

/// Whether a line holds nothing but blanks.
pub(super) fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r'))
}

/// The separator that a description says.
pub fn separator(text: &Text) -> Option<Separator> {
    Some(match text.separator.as_deref()? {
        "blanks" => Separator::Blanks,
        "fixed" => Separator::Fixed(text.widths.clone().unwrap_or_default()),
        one => Separator::Byte(*one.as_bytes().first()?),
    })
}

pub(super) fn units_below(text: &Text) -> bool {
    text.units == Some(Units::Line)
}

pub(super) fn header_of(text: &Text) -> Header {
    text.header.unwrap_or(Header::Any)
}

#[cfg(test)]
mod tests;
