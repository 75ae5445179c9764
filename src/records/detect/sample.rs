//! Samples of files: their beginnings, and as many of their records as are read in little time.

use std::io::Read;

use crate::records::description::Text;
use crate::records::files::{Files, RecordFile};
use crate::records::head;
use crate::records::input::{Input, InputFault, InputLimits, Packing};
use crate::records::rows::{RecordFault, RecordFaultKind};
use crate::records::schema::{Head, Separator};

/// Files whose beginnings are looked at: evenly spread over all.
pub const MOST_FILES: usize = 256;
/// Files that are scanned at the most, where all are short.
pub const MOST_SCANNED: usize = 20_000;
/// Bytes of a beginning.
const BEGINNING: usize = 64 << 10;
/// Lines of a beginning.
const MOST_LINES: usize = 400;
/// Records of all beginnings whose fields are looked at, and of each one at the least.
const MOST_RECORDS: usize = 8_192;
const LEAST_RECORDS: usize = 32;
/// Bytes of all files up to which every line is scanned.
pub const MOST_BYTES: u64 = 6 << 20;
/// Bytes that are scanned of all files where they have more.
const SHARED: u64 = 2 << 20;
/// Bytes of a part that is scanned where files are longer than that, and at the least where they are many.
const PART: u64 = 32 << 10;
const LEAST_PART: u64 = 8 << 10;

/// The beginning of a file.
#[derive(Debug, Clone)]
pub struct Beginning<'a> {
    /// The file.
    pub file: &'a RecordFile,
    /// Its bytes, unpacked.
    pub bytes: Vec<u8>,
    /// Whether they are all of it.
    pub is_whole: bool,
    /// What it is packed with.
    pub packing: Packing,
    /// Records whose fields are looked at.
    pub most: usize,
}

/// Files spread evenly over a listing: the first and the last are among them.
pub fn spread<T>(all: &[T], most: usize) -> Vec<&T> {
    let count = all.len().min(most.max(1));
    let at = |index: usize| if count < 2 { 0 } else { index * (all.len() - 1) / (count - 1) };
    (0..count).filter_map(|index| all.get(at(index))).collect()
}

/// Reads the beginning of a file.
///
/// # Errors
/// A file that cannot be read or unpacked.
pub fn beginning<'a>(files: &Files, file: &'a RecordFile) -> Result<Beginning<'a>, RecordFault> {
    let refused = |fault: InputFault| RecordFault {
        file: file.name(),
        line: None,
        kind: fault.kind,
        message: fault.message,
    };
    let mut input = Input::open(&files.path(file), &InputLimits::default()).map_err(refused)?;
    let packing = input.packing();
    let mut bytes = Vec::new();
    let got = input.by_ref().take(BEGINNING as u64).read_to_end(&mut bytes);
    got.map_err(|error| refused(InputFault::of(&error)))?;
    let most = (MOST_RECORDS / files.files.len().clamp(1, MOST_FILES)).max(LEAST_RECORDS);
    Ok(Beginning { file, is_whole: bytes.len() < BEGINNING, bytes, packing, most })
}

impl Beginning<'_> {
    /// Its whole lines, without their ends.
    pub fn lines(&self) -> Vec<&[u8]> {
        lines_of(&self.bytes, self.is_whole)
    }

    /// Its head. One that is longer than the beginning is read from the file.
    ///
    /// # Errors
    /// Those of [`head::read`].
    pub fn head(&self, files: &Files, text: &Text) -> Result<Head, RecordFault> {
        match head::of(&self.bytes, self.is_whole, text) {
            Ok(head) => Ok(head),
            Err(_) => head::read_text(&files.path(self.file), text)
                .map_err(|fault| RecordFault { file: self.file.name(), ..fault }),
        }
    }

    /// Its records, each as fields.
    pub fn records(&self, head: &Head) -> Vec<Vec<String>> {
        let bytes = self.bytes.get(head.start as usize..).unwrap_or_default();
        let lines = lines_of(bytes, self.is_whole);
        let records = lines.into_iter().filter(|line| !line.iter().all(u8::is_ascii_whitespace));
        records
            .take(self.most)
            .map(|line| head::words(line, &head.separator).into_iter().map(|word| word.text).collect())
            .collect()
    }
}

/// The first whole lines of bytes, without their ends.
fn lines_of(bytes: &[u8], is_whole: bool) -> Vec<&[u8]> {
    let mut rest = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut lines = Vec::new();
    while lines.len() < MOST_LINES {
        let (line, behind) = match memchr::memchr(b'\n', rest) {
            Some(end) => (rest.get(..end), rest.get(end + 1..).unwrap_or_default()),
            // What stands behind the last end of a line is none, or a part of one.
            None => (Some(rest).filter(|rest| is_whole && !rest.is_empty()), b"".as_slice()),
        };
        let Some(line) = line else { break };
        lines.push(line.strip_suffix(b"\r").unwrap_or(line));
        rest = behind;
    }
    lines
}

/// A line that is scanned.
pub struct Scanned<'a> {
    /// Its number in the file, counted from 1, where it is known.
    pub line: Option<u64>,
    /// Its bytes.
    pub bytes: &'a [u8],
    /// Its fields, without blanks and quotes around them.
    pub fields: &'a [&'a [u8]],
}

/// Scans files, or parts of them where they are long, line by line. Tells whether every line of the file was seen.
///
/// # Errors
/// A file that cannot be read.
pub fn scan(
    files: &Files,
    file: &RecordFile,
    head: &Head,
    share: u64,
    mut each: impl FnMut(&Scanned<'_>),
) -> Result<bool, RecordFault> {
    let refused = |fault: InputFault| RecordFault {
        file: file.name(),
        line: None,
        kind: fault.kind,
        message: fault.message,
    };
    let failed = |error: std::io::Error| refused(InputFault::of(&error));
    let path = files.path(file);
    let mut input = Input::open(&path, &InputLimits::default()).map_err(refused)?;
    let is_plain = input.packing() == Packing::Plain;
    let size = input.size();
    if !is_plain || size <= share {
        input.skip_to(head.start).map_err(refused)?;
        let mut bytes = Vec::new();
        let got = input.take(share.max(PART)).read_to_end(&mut bytes).map_err(failed)?;
        let is_all = (got as u64) < share.max(PART);
        lines(&bytes, Some(head.lines + 1), is_all, head, &mut each);
        return Ok(is_all);
    }
    let length = (share / 2).clamp(LEAST_PART, PART);
    let parts = (share / length).max(2);
    for part in 0..parts {
        let start =
            head.start + (size.saturating_sub(head.start).saturating_sub(length)) * part / (parts - 1);
        input.skip_to(start).map_err(refused)?;
        let mut bytes = Vec::new();
        input.by_ref().take(length).read_to_end(&mut bytes).map_err(failed)?;
        // The first line of a part in the middle begins before it.
        let (from, line) = match part {
            0 => (0, Some(head.lines + 1)),
            _ => (bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1), None),
        };
        let is_end = part + 1 == parts;
        lines(bytes.get(from..).unwrap_or_default(), line, is_end, head, &mut each);
    }
    Ok(false)
}

/// Bytes that each of so many files may have scanned.
pub fn share(files: usize, bytes: u64) -> u64 {
    if bytes <= MOST_BYTES { MOST_BYTES } else { (SHARED / files.max(1) as u64).max(2 * LEAST_PART) }
}

fn lines(bytes: &[u8], first: Option<u64>, is_end: bool, head: &Head, each: &mut impl FnMut(&Scanned<'_>)) {
    let mut fields = Vec::new();
    let mut rest = bytes;
    let mut line = first;
    while !rest.is_empty() {
        let (one, behind) = match memchr::memchr(b'\n', rest) {
            Some(at) => (rest.get(..at).unwrap_or_default(), rest.get(at + 1..).unwrap_or_default()),
            None if is_end => (rest, b"".as_slice()),
            None => return,
        };
        rest = behind;
        let one = one.strip_suffix(b"\r").unwrap_or(one);
        fields.clear();
        split(one, &head.separator, &mut fields);
        if !one.iter().all(u8::is_ascii_whitespace) {
            each(&Scanned { line, bytes: one, fields: &fields });
        }
        line = line.map(|line| line + 1);
    }
}

/// The fields of a line.
fn split<'a>(line: &'a [u8], separator: &Separator, fields: &mut Vec<&'a [u8]>) {
    let trim = |field: &'a [u8]| {
        let field = field.trim_ascii();
        field.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(field)
    };
    match separator {
        Separator::Byte(separator) => fields.extend(line.split(|byte| byte == separator).map(trim)),
        Separator::Fixed(widths) if !widths.is_empty() => {
            let mut start = 0usize;
            for &width in widths {
                let end = start.saturating_add(width as usize).min(line.len());
                fields.push(trim(line.get(start..end).unwrap_or_default()));
                start = end;
            }
        }
        _ => fields.extend(line.split(|byte| matches!(byte, b' ' | b'\t')).filter(|field| !field.is_empty())),
    }
}

/// The fault of a file that has nothing to look at.
pub fn is_nothing(fault: &RecordFault) -> bool {
    matches!(fault.kind, RecordFaultKind::Empty | RecordFaultKind::NoRecords)
}
