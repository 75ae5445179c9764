//! VIC's binary output, as its classic driver writes it: a header that names the columns, and records of numbers, little endian and without gaps.
//!
//! Versions 4 and 5 have headers of different lengths, which tell them apart: in version 5 counts have eight bytes, the year four, month and day two.
//! Version 4 multiplies values by the multiplier of their column before it writes them, so that they are divided here; version 5 names multipliers and
//! applies none. How many records a header names is not looked at, since version 5 counts there what the model computed, not what it wrote.

use std::io::{self, Read};
use std::path::Path;

use super::binary::{self, Kind, Number};
use super::input::{Input, InputFault, InputLimits};
use super::rows::{RecordFault, RecordFaultKind, Rows};
use super::schema::{Head, Part, Role, Separator, Table, TimeRule};
use super::text::Outcome;
use super::times::Parts;

/// Bytes of both parts of a header at the most, which are counted in two bytes.
const MOST: usize = 1 << 16;

/// A column of a file.
#[derive(Debug, Clone, PartialEq)]
struct Variable {
    name: String,
    kind: Kind,
    /// What values were multiplied by.
    by: f32,
}

/// What a header says.
#[derive(Debug, Clone, PartialEq)]
struct Header {
    variables: Vec<Variable>,
    length: usize,
}

impl Header {
    fn record(&self) -> usize {
        self.variables.iter().map(|variable| variable.kind.size()).sum()
    }
}

/// Takes a header from the beginning of a file.
fn header(bytes: &[u8]) -> Result<Header, String> {
    let short = || "its header ends early".to_owned();
    let number = |at: usize| {
        let two = bytes.get(at..).and_then(|rest| rest.first_chunk::<2>());
        two.map(|two| usize::from(u16::from_le_bytes(*two))).ok_or_else(short)
    };
    if !bytes.starts_with(&[0xff; 8]) {
        return Err("it does not begin as VIC's binary files with headers do".to_owned());
    }
    let (length, first) = (number(8)?, number(10)?);
    // Two bytes of its own length, then counts and dates.
    let is_four = match first {
        28 => true,
        30 => false,
        other => {
            return Err(format!(
                "the first part of its header has {other} bytes, not the 28 or 30 of versions 4 and 5"
            ));
        }
    };
    let second = number(10 + first)?;
    if length != 10 + first + second || second < 2 {
        return Err(format!("its header has {length} bytes, and its parts {first} and {second}"));
    }
    let mut rest = bytes.get(12 + first..length).ok_or_else(short)?;
    let mut variables: Vec<Variable> = Vec::new();
    while let Some((&count, behind)) = rest.split_first() {
        let (name, behind) = behind.split_at_checked(usize::from(count)).ok_or_else(short)?;
        let (&code, behind) = behind.split_first().ok_or_else(short)?;
        let (by, behind) = behind.split_first_chunk::<4>().ok_or_else(short)?;
        let name =
            std::str::from_utf8(name).map_err(|_| "a name in its header is not text".to_owned())?.to_owned();
        let kind = match code {
            // What is left to the model is written as floats.
            0 | 5 => Kind::F4,
            1 => Kind::I1,
            2 => Kind::I2,
            3 => Kind::U2,
            4 => Kind::I4,
            6 => Kind::F8,
            other => return Err(format!("the column {name} has the unknown type {other}")),
        };
        let by = if is_four { f32::from_le_bytes(*by) } else { 1.0 };
        if !by.is_normal() {
            return Err(format!("the column {name} has the multiplier {by}"));
        }
        variables.push(Variable { name, kind, by });
        rest = behind;
    }
    if variables.is_empty() {
        return Err("its header names no columns".to_owned());
    }
    Ok(Header { variables, length })
}

fn read_header(input: &mut Input) -> Result<Header, (RecordFaultKind, String)> {
    let mut bytes = Vec::new();
    let read = input.take(12).read_to_end(&mut bytes).and_then(|_| {
        // No more than the header, so that records begin behind it.
        let length =
            bytes.get(8..10).and_then(|two| two.first_chunk::<2>()).map_or(0, |two| u16::from_le_bytes(*two));
        input
            .take(u64::from(length).min(MOST as u64).saturating_sub(bytes.len() as u64))
            .read_to_end(&mut bytes)
    });
    if let Err(error) = read {
        let fault = InputFault::of(&error);
        return Err((fault.kind, fault.message));
    }
    if bytes.is_empty() {
        return Err((RecordFaultKind::Empty, "it is empty".to_owned()));
    }
    header(&bytes).map_err(|message| (RecordFaultKind::Columns, message))
}

/// The columns of a file, by the names that its header has: `YEAR`, `MONTH`, `DAY`, `HOUR` or `SEC` (of the day), and variables.
///
/// # Errors
/// A file that cannot be read, is empty, or has no header of version 4 or 5.
pub fn head(path: &Path) -> Result<Head, RecordFault> {
    let refused = |(kind, message): (RecordFaultKind, String)| RecordFault {
        file: path.display().to_string(),
        line: None,
        kind,
        message,
    };
    let mut input =
        Input::open(path, &InputLimits::default()).map_err(|fault| refused((fault.kind, fault.message)))?;
    let header = read_header(&mut input).map_err(refused)?;
    Ok(Head {
        separator: Separator::Blanks,
        columns: header.variables.len(),
        names: Some(header.variables.into_iter().map(|variable| variable.name).collect()),
        edges: Vec::new(),
        header: Vec::new(),
        units: None,
        comments: Vec::new(),
        start: header.length as u64,
        lines: 0,
    })
}

/// Reads a file, plain or packed; records are its lines. Rows come behind those that are there, and `flush` gets them when there are many, as it does of
/// [text](super::text::TextReader::read).
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
    let mut refuse = |kind: RecordFaultKind, message: String| {
        binary::fault(&mut outcome, name, None, kind, message);
        Ok(std::mem::take(&mut outcome))
    };
    let mut input = match Input::open(path, &InputLimits::default()) {
        Ok(input) => input,
        Err(fault) => return refuse(fault.kind, fault.message),
    };
    let header = match read_header(&mut input) {
        Ok(header) => header,
        Err((kind, message)) => return refuse(kind, message),
    };
    if header.variables.len() != table.roles.len() || !binary::begin(table, rows) {
        return refuse(RecordFaultKind::Columns, "its columns are not those that were planned".to_owned());
    }
    let codes = binary::codes(table);
    let mut record = vec![0; header.record()];
    let mut reader = io::BufReader::with_capacity(256 << 10, &mut input);
    let mut steps = super::text::StepsOf::new(time);
    loop {
        let got = match fill(&mut reader, &mut record) {
            Ok(got) => got,
            Err(error) => {
                let fault = InputFault::of(&error);
                binary::fault(&mut outcome, name, None, fault.kind, fault.message);
                return Ok(outcome);
            }
        };
        if got == 0 {
            break;
        }
        let number = outcome.lines.lines;
        outcome.lines.lines += 1;
        let before = rows.len();
        let made = match got == record.len() {
            true => row(&record, &header, number, table, &codes, &mut steps, rows),
            false => Err((RecordFaultKind::Partial, "the last record ends in the middle".to_owned())),
        };
        match made {
            Ok(()) => outcome.lines.records += 1,
            Err((kind, message)) => {
                rows.columns.iter_mut().for_each(|column| super::text::truncate(column, before));
                rows.labels.truncate(before);
                binary::fault(&mut outcome, name, Some(number), kind, message);
            }
        }
        if number % 256 == 255 && rows.bytes() >= most {
            flush(rows)?;
        }
    }
    drop(reader);
    match input.finish() {
        Ok(()) => outcome.is_whole = true,
        Err(fault) => binary::fault(&mut outcome, name, None, fault.kind, fault.message),
    }
    Ok(outcome)
}

/// Fills a record, or what is left of one at the end.
fn fill(reader: &mut impl Read, record: &mut [u8]) -> io::Result<usize> {
    let mut got = 0;
    while let Some(rest) = record.get_mut(got..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest) {
            Ok(0) => break,
            Ok(read) => got += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(got)
}

fn row(
    record: &[u8],
    header: &Header,
    number: u64,
    table: &Table,
    codes: &[Vec<f64>],
    steps: &mut super::text::StepsOf<'_>,
    rows: &mut Rows,
) -> Result<(), (RecordFaultKind, String)> {
    let mut place = [table.place[0].unwrap_or(f64::NAN), table.place[1].unwrap_or(0.0)];
    let mut parts = Parts::default();
    let mut has_parts = !table.parts.is_empty();
    table.parts.iter().for_each(|&(part, value)| parts.set(part, value));
    let mut rest = record;
    for (variable, role) in header.variables.iter().zip(&table.roles) {
        let (bytes, behind) = rest.split_at_checked(variable.kind.size()).unwrap_or((&[], &[]));
        rest = behind;
        let value = variable.kind.read(bytes, false).unwrap_or(Number::F8(f64::NAN)).divided(variable.by);
        match *role {
            Role::First => place[0] = value.to_f64(),
            Role::Second => place[1] = value.to_f64(),
            Role::Time(part) => {
                let whole = value
                    .to_whole()
                    .ok_or((RecordFaultKind::Time, format!("{value:?} is no part of a time")))?;
                parts.set(part, whole);
                has_parts = true;
            }
            Role::Value(column) => {
                let index = column as usize;
                let (Some(column), Some(&(element, _))) =
                    (rows.columns.get_mut(index), table.elements.get(index))
                else {
                    continue;
                };
                let codes = codes.get(index).map(Vec::as_slice).unwrap_or_default();
                binary::put(column, element, codes, value).map_err(|message| {
                    (RecordFaultKind::Number, format!("column {}: {message}", variable.name))
                })?;
            }
            Role::Ignored | Role::Name | Role::Stamp | Role::Label | Role::Key | Role::Spread(_) => {}
        }
    }
    if !place.iter().all(|value| value.is_finite()) {
        return Err((RecordFaultKind::Place, "it has no place".to_owned()));
    }
    let step = match has_parts {
        true => steps.of_parts(&parts).map_err(|message| (RecordFaultKind::Time, message))?,
        false => steps.of_line(number).ok_or((RecordFaultKind::Time, "it has no time".to_owned()))?,
    };
    let line =
        u32::try_from(number).map_err(|_| (RecordFaultKind::TooLarge, "too many records".to_owned()))?;
    if let Some(label) = &table.label {
        let known = rows.label_names.iter().position(|known| known == label);
        let index = known.unwrap_or_else(|| {
            rows.label_names.push(label.clone());
            rows.label_names.len() - 1
        });
        rows.labels.push(index as u32);
    }
    if rows.places.last() != Some(&place) {
        rows.places.push(place);
    }
    rows.cells.push(rows.places.len() as u32 - 1);
    rows.steps.push(step);
    rows.lines.push(line);
    Ok(())
}

/// The names of a file's columns, and how far its first two records are apart, in the words of a description.
///
/// # Errors
/// Those of [`head`].
pub fn times(path: &Path) -> Result<(Vec<String>, Option<String>), RecordFault> {
    let names = head(path)?.names.unwrap_or_default();
    let step = || {
        let mut input = Input::open(path, &InputLimits::default()).ok()?;
        let header = read_header(&mut input).ok()?;
        let mut record = vec![0; header.record()];
        let mut next = || {
            input.read_exact(&mut record).ok()?;
            let (mut rest, mut parts) = (record.as_slice(), Parts::default());
            for variable in &header.variables {
                let (bytes, behind) = rest.split_at_checked(variable.kind.size())?;
                rest = behind;
                if let Some(part) = part_of(&variable.name) {
                    parts.set(part, variable.kind.read(bytes, false)?.to_whole()?);
                }
            }
            Some(parts)
        };
        super::times::apart(&next()?, &next()?)
    };
    let step = step();
    Ok((names, step))
}

/// The part of a time that a column of VIC is, by its name.
pub fn part_of(name: &str) -> Option<Part> {
    Some(match name {
        "YEAR" => Part::Year,
        "MONTH" => Part::Month,
        "DAY" => Part::Day,
        "HOUR" => Part::Hour,
        "SEC" => Part::Second,
        _ => return None,
    })
}

pub(super) mod simple;
#[cfg(test)]
mod tests;
