//! A second reader of LPJmL's output, to prove the first one by: number by number, each from the place that its year, step, band and cell have by the words of
//! the format. It shares no code with the first but for the words of a plan.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use crate::model::element::Element;
use crate::records::rows::{Column, MISSING, RecordFault, RecordFaultKind as Kind, Rows};
use crate::records::schema::{Part, Role, Table, TimeRule};
use crate::records::text::Outcome;
use crate::records::times::Parts;

/// What is said of a file.
struct Said {
    cells: u64,
    bands: u64,
    years: u64,
    steps: u64,
    first_year: i64,
    years_each: i64,
    /// `cellyear`, `yearcell` or `cellseq`.
    order: String,
    /// `byte`, `short`, `int`, `float` or `double`.
    kind: String,
    is_big: bool,
    scalar: f64,
    offset: u64,
    /// The separator of text.
    text: Option<u8>,
    numbers: PathBuf,
    grid: Option<String>,
}

/// A number as the file has it.
#[derive(Clone, Copy)]
enum Number {
    Whole(i64),
    Short(f32),
    Long(f64),
}

/// Reads a file. Rows come behind those that are there; faults have kinds and lines, and no other words.
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
    let told = |outcome: &mut Outcome, line: Option<u64>, kind: Kind| {
        outcome.lines.faulty += u64::from(line.is_some());
        if outcome.faults.len() < 1_000 {
            let (file, message) = (name.to_owned(), String::new());
            outcome.faults.push(RecordFault { file, line: line.map(|line| line + 1), kind, message });
        }
    };
    let opened = said(path).and_then(|said| Some((places(&said, path)?, Numbers::open(&said)?, said)));
    let Some((places, mut numbers, said)) = opened else {
        told(&mut outcome, None, Kind::Columns);
        return Ok(outcome);
    };
    let keys = table.roles.len().saturating_sub(said.bands as usize);
    if rows.is_empty() {
        rows.clear();
        rows.fields.clone_from(&table.fields);
        rows.columns = table.elements.iter().map(|&(element, summed)| Column::new(element, summed)).collect();
    }
    for year in 0..said.years {
        for step in 0..said.steps {
            let own = moment(&said, (year, step), table, time);
            for cell in 0..said.cells {
                let line = outcome.lines.lines;
                outcome.lines.lines += 1;
                let mut values = Vec::new();
                for band in 0..said.bands {
                    match numbers.at(&said, [year, step, band, cell]) {
                        Ok(number) => values.push(scaled(number, said.scalar)),
                        Err(kind) => {
                            told(&mut outcome, None, kind);
                            return Ok(outcome);
                        }
                    }
                }
                let of_bands = table.roles.iter().skip(keys).zip(values);
                let wanted: Vec<(usize, Number)> = of_bands
                    .filter_map(|(role, value)| match role {
                        Role::Value(index) => Some((*index as usize, value)),
                        _ => None,
                    })
                    .collect();
                let is_held = wanted.iter().all(|&(index, value)| holds(value, index, table));
                match (own, is_held) {
                    (None, _) => told(&mut outcome, Some(line), Kind::Time),
                    (Some(_), false) => told(&mut outcome, Some(line), Kind::Number),
                    (Some(own), true) => {
                        outcome.lines.records += 1;
                        rows.cells.push(rows.places.len() as u32);
                        rows.places.push(places.get(cell as usize).copied().unwrap_or([f64::NAN; 2]));
                        rows.steps.push(own);
                        rows.lines.push(line as u32);
                        wanted.into_iter().for_each(|(index, value)| put(value, index, table, rows));
                    }
                }
                if rows.bytes() >= most {
                    flush(rows)?;
                }
            }
        }
    }
    outcome.is_whole = true;
    Ok(outcome)
}

/// What a JSON or the header of a file says; `None` of what is neither.
fn said(path: &Path) -> Option<Said> {
    let mut bytes = Vec::new();
    crate::shared::open_input(path).ok()?.take(16 << 20).read_to_end(&mut bytes).ok()?;
    let Ok(json) = serde_json::from_slice::<Json>(&bytes) else { return header(&bytes, path) };
    let whole = |key: &str, usual: u64| json.get(key).map_or(Some(usual), Json::as_u64);
    let signed = |key: &str, usual: i64| json.get(key).map_or(Some(usual), Json::as_i64);
    let text = |key: &str, usual: &str| json.get(key).map_or(Some(usual), Json::as_str).map(str::to_owned);
    let numbers = path.parent()?.join(Path::new(json.get("filename")?.as_str()?).file_name()?);
    let form = text("format", "raw")?;
    let offset = match (form.as_str(), json.get("offset")) {
        ("clm", None) => {
            let mut start = Vec::new();
            crate::shared::open_input(&numbers).ok()?.take(64).read_to_end(&mut start).ok()?;
            header(&start, &numbers)?.offset
        }
        _ => whole("offset", 0)?,
    };
    Some(Said {
        cells: whole("ncell", 0)?,
        bands: whole("nbands", 1)?,
        years: whole("nyear", 1)?,
        steps: whole("nstep", 1)?,
        first_year: signed("firstyear", 1901)?,
        years_each: signed("timestep", 1)?,
        order: text("order", "cellseq")?,
        kind: text("datatype", "")?,
        is_big: json.get("bigendian").is_some_and(|is_big| is_big == &Json::Bool(true)),
        scalar: json.get("scalar").map_or(Some(1.0), Json::as_f64)?,
        offset,
        text: if form == "txt" { text("delimiter", ",")?.bytes().next() } else { None },
        numbers,
        grid: json.get("grid").and_then(|grid| grid.get("filename")?.as_str()).map(str::to_owned),
    })
}

/// A header of letters, a version, and words of four bytes; the version's order of bytes is that of all.
fn header(bytes: &[u8], path: &Path) -> Option<Said> {
    let letters = bytes.iter().position(|byte| !(byte.is_ascii_uppercase() || *byte == b'_'))?;
    let word =
        |number: usize| -> Option<[u8; 4]> { bytes.get(letters + 4 * number..)?.first_chunk::<4>().copied() };
    // A version is a small number.
    let is_big = word(0)?[0] == 0;
    let whole = |number: usize| {
        Some(if is_big { i32::from_be_bytes(word(number)?) } else { i32::from_le_bytes(word(number)?) })
    };
    let float = |number: usize| {
        Some(if is_big { f32::from_be_bytes(word(number)?) } else { f32::from_le_bytes(word(number)?) })
    };
    let count = |number: usize| whole(number).and_then(|value| u64::try_from(value).ok());
    let version = whole(0)?;
    let names = ["byte", "short", "int", "float", "double"];
    let orders = ["", "cellyear", "yearcell", "", "cellseq"];
    let words = match version {
        1 => 7,
        2 => 9,
        3 => 11,
        4 => 13,
        _ => return None,
    };
    Some(Said {
        order: (*orders.get(usize::try_from(whole(1)?).ok()?)?).to_owned(),
        first_year: whole(2)?.into(),
        years: count(3)?,
        cells: count(5)?,
        bands: count(6)?,
        scalar: if version > 1 { float(8)?.into() } else { 1.0 },
        kind: if version > 2 {
            (*names.get(usize::try_from(whole(10)?).ok()?)?).to_owned()
        } else {
            "short".to_owned()
        },
        steps: if version > 3 { count(11)? } else { 1 },
        years_each: if version > 3 { whole(12)?.into() } else { 1 },
        is_big,
        offset: letters as u64 + 4 * words,
        text: None,
        numbers: path.to_owned(),
        grid: None,
    })
}

/// Latitude and longitude of cells: the grid has for each its longitude, then its latitude.
fn places(of: &Said, path: &Path) -> Option<Vec<[f64; 2]>> {
    let folder = path.parent()?;
    let usual = ["grid.bin.json", "grid.json", "grid.clm.json", "grid.clm"].map(|name| folder.join(name));
    let grid = match &of.grid {
        Some(name) => folder.join(Path::new(name).file_name()?),
        None => usual.into_iter().find(|path| path.exists())?,
    };
    let grid = said(&grid)?;
    let mut numbers = Numbers::open(&grid)?;
    let mut degree = |cell: u64, band: u64| {
        let number = numbers.at(&grid, [0, 0, band, cell]).ok()?;
        Some(double(scaled(number, grid.scalar)))
    };
    (0..of.cells).map(|cell| Some([degree(cell, 1)?, degree(cell, 0)?])).collect()
}

/// The numbers of a file, by their places.
struct Numbers {
    file: File,
    /// Parts of the file that were read lately.
    parts: HashMap<u64, Vec<u8>>,
    lines: Option<BufReader<File>>,
    /// Of text, the numbers of a step, and which step it is.
    step: Option<([u64; 2], Vec<Vec<f64>>)>,
}

/// Bytes of a part, and how many are kept.
const PART: u64 = 4_096;
const PARTS: usize = 4_096;

impl Numbers {
    fn open(said: &Said) -> Option<Numbers> {
        let file = crate::shared::open_input(&said.numbers).ok()?;
        let lines = said.text.and_then(|_| file.try_clone().ok()).map(BufReader::new);
        Some(Numbers { file, parts: HashMap::new(), lines, step: None })
    }

    /// The number of a year, a step, a band and a cell.
    fn at(&mut self, said: &Said, [year, step, band, cell]: [u64; 4]) -> Result<Number, Kind> {
        if let Some(separator) = said.text {
            return self.of_text(said, separator, [year, step, band, cell]).map(Number::Long);
        }
        let Said { cells, bands, years, steps, .. } = *said;
        let before = match said.order.as_str() {
            "cellseq" => ((year * steps + step) * bands + band) * cells + cell,
            "cellyear" => ((year * cells + cell) * steps + step) * bands + band,
            "yearcell" => ((cell * years + year) * steps + step) * bands + band,
            _ => return Err(Kind::Columns),
        };
        let size = match said.kind.as_str() {
            "byte" => 1,
            "short" => 2,
            "int" | "float" => 4,
            "double" => 8,
            _ => return Err(Kind::Columns),
        };
        let mut bits = 0u64;
        for place in 0..size {
            let byte = self.byte(said.offset + before * size + place)?;
            let shift = if said.is_big { size - 1 - place } else { place };
            bits |= u64::from(byte) << (8 * shift);
        }
        Ok(match said.kind.as_str() {
            "byte" => Number::Whole(bits as i64),
            "short" => Number::Whole((bits as u16 as i16).into()),
            "int" => Number::Whole((bits as u32 as i32).into()),
            "float" => Number::Short(f32::from_bits(bits as u32)),
            _ => Number::Long(f64::from_bits(bits)),
        })
    }

    fn byte(&mut self, at: u64) -> Result<u8, Kind> {
        let (number, within) = (at / PART, (at % PART) as usize);
        if !self.parts.contains_key(&number) {
            if self.parts.len() >= PARTS {
                self.parts.clear();
            }
            let mut part = vec![0; PART as usize];
            let mut known = 0;
            while let Some(rest) = part.get_mut(known..).filter(|rest| !rest.is_empty()) {
                match self.file.read_at(rest, number * PART + known as u64) {
                    Ok(0) => break,
                    Ok(read) => known += read,
                    Err(_) => return Err(Kind::Unreadable),
                }
            }
            part.truncate(known);
            self.parts.insert(number, part);
        }
        self.parts.get(&number).and_then(|part| part.get(within)).copied().ok_or(Kind::Partial)
    }

    /// A number of text: a line has a band of a step, its fields are cells.
    fn of_text(
        &mut self,
        said: &Said,
        separator: u8,
        [year, step, band, cell]: [u64; 4],
    ) -> Result<f64, Kind> {
        if self.step.as_ref().is_none_or(|(own, _)| *own != [year, step]) {
            let mut bands = Vec::new();
            for _ in 0..said.bands {
                let mut line = String::new();
                let lines = self.lines.as_mut().ok_or(Kind::Columns)?;
                lines.take(256 << 20).read_line(&mut line).map_err(|_| Kind::Unreadable)?;
                let line = line.strip_suffix('\n').ok_or(Kind::Partial)?;
                let fields: Result<Vec<f64>, _> = line
                    .trim()
                    .split(char::from(separator))
                    .map(|field| field.trim().parse::<f64>())
                    .collect();
                let fields = fields.map_err(|_| Kind::Number)?;
                if fields.len() as u64 != said.cells {
                    return Err(Kind::Fields);
                }
                bands.push(fields);
            }
            self.step = Some(([year, step], bands));
        }
        let bands = self.step.as_ref().map(|(_, bands)| bands).ok_or(Kind::Columns)?;
        bands.get(band as usize).and_then(|cells| cells.get(cell as usize)).copied().ok_or(Kind::Fields)
    }
}

fn double(number: Number) -> f64 {
    match number {
        Number::Whole(value) => value as f64,
        Number::Short(value) => value.into(),
        Number::Long(value) => value,
    }
}

/// Times the scalar, which stands for a part of one where it nearly is: 0.01 for the hundredth.
fn scaled(number: Number, scalar: f64) -> Number {
    let parts = (1.0 / scalar).round();
    match scalar {
        1.0 => number,
        _ if parts.abs() >= 2.0 && (parts * scalar - 1.0).abs() < 1e-6 => {
            Number::Long(double(number) / parts)
        }
        scalar => Number::Long(double(number) * scalar),
    }
}

/// The step of the axis that a year and a step of it are.
fn moment(said: &Said, (year, step): (u64, u64), table: &Table, time: &TimeRule) -> Option<i64> {
    let mut parts = Parts::default();
    for role in &table.roles {
        if let Role::Time(part) = role {
            let value = match part {
                Part::Year => said.first_year + i64::try_from(year).ok()? * said.years_each,
                _ => i64::try_from(step).ok()? + 1,
            };
            parts.set(*part, value);
        }
    }
    match parts.get(Part::Year) {
        Some(_) => time.step_of_parts(&parts).ok(),
        None => time.start?.checked_add(i64::try_from(year * said.steps + step).ok()?),
    }
}

fn is_missing(number: Number, index: usize, table: &Table) -> bool {
    let value = double(number);
    let codes =
        table.missing.get(index).into_iter().flatten().filter_map(|text| text.trim().parse::<f64>().ok());
    let mut codes = codes.flat_map(|code| [code, f64::from(code as f32)]);
    value.is_nan() || codes.any(|code| code == value)
}

/// A number without a fraction.
fn whole(number: Number) -> Option<i64> {
    match number {
        Number::Whole(value) => Some(value),
        number => {
            let value = double(number);
            (value == value.floor() && value.abs() < 9.2e18).then_some(value as i64)
        }
    }
}

/// Whether the type of a column holds a number.
fn holds(number: Number, index: usize, table: &Table) -> bool {
    let Some(&(element, summed)) = table.elements.get(index) else { return true };
    let value = double(number);
    let (least, most) = match element {
        _ if summed => return true,
        Element::Float64 => return true,
        Element::Float32 => return !value.is_finite() || (value as f32).is_finite(),
        _ if is_missing(number, index, table) => return true,
        Element::Int8 => (i64::from(i8::MIN), i64::from(i8::MAX)),
        Element::Int16 => (i16::MIN.into(), i16::MAX.into()),
        Element::Int32 => (i32::MIN.into(), i32::MAX.into()),
        Element::Int64 => (i64::MIN + 1, i64::MAX),
        Element::UInt8 => (0, u8::MAX.into()),
        Element::UInt16 => (0, u16::MAX.into()),
        Element::UInt32 => (0, u32::MAX.into()),
        Element::UInt64 => (0, i64::MAX),
    };
    whole(number).is_some_and(|value| value >= least && value <= most)
}

fn put(number: Number, index: usize, table: &Table, rows: &mut Rows) {
    let is_missing = is_missing(number, index, table);
    match rows.columns.get_mut(index) {
        Some(Column::F4(values)) => values.push(match number {
            _ if is_missing => f32::NAN,
            Number::Short(value) => value,
            Number::Whole(value) => value as f32,
            Number::Long(value) => value as f32,
        }),
        Some(Column::F8(values)) => values.push(if is_missing { f64::NAN } else { double(number) }),
        Some(Column::Whole(values)) => values.push(whole(number).filter(|_| !is_missing).unwrap_or(MISSING)),
        None => {}
    }
}
