//! What a file of LPJmL is, by its JSON or its header.

use std::io::Read;
use std::path::Path;

use super::super::binary::Kind;
use super::super::rows::RecordFaultKind;
use super::{Refused, beside};

/// Bytes of a JSON at the most.
const MOST_JSON: u64 = 16 << 20;
/// Cells, bands, years and steps of a file at the most.
pub(super) const MOST: u64 = 1 << 28;

/// How numbers follow each other, the slowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// Year, cell, step, band.
    CellYear,
    /// Cell, year, step, band.
    YearCell,
    /// Year, step, band, cell.
    CellSeq,
}

/// How numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Binary { kind: Kind, is_big: bool },
    Text { separator: u8 },
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Meta {
    pub(super) variable: String,
    pub(super) unit: String,
    pub(super) bands: Vec<String>,
    pub(super) cells: u64,
    pub(super) steps: u64,
    pub(super) years: u64,
    pub(super) years_each: i64,
    pub(super) first_year: i64,
    pub(super) order: Order,
    pub(super) form: Form,
    pub(super) scalar: f64,
    /// Bytes before the numbers.
    pub(super) offset: u64,
    /// The file of the numbers, where it is not the one that was opened.
    pub(super) file: Option<String>,
    pub(super) grid: Option<String>,
    /// Edges of a cell in latitude and longitude.
    pub(super) cell_size: Option<[f64; 2]>,
}

#[derive(serde::Deserialize)]
struct Json {
    #[serde(default)]
    cellsize_lat: Option<f64>,
    #[serde(default)]
    cellsize_lon: Option<f64>,
    #[serde(default)]
    variable: Option<String>,
    #[serde(default)]
    name: Option<String>,
    ncell: u64,
    #[serde(default)]
    nstep: Option<u64>,
    #[serde(default)]
    timestep: Option<i64>,
    #[serde(default)]
    nbands: Option<u64>,
    #[serde(default)]
    band_names: Option<Vec<String>>,
    #[serde(default)]
    unit: Option<String>,
    #[serde(default)]
    firstyear: Option<i64>,
    #[serde(default)]
    nyear: Option<u64>,
    datatype: String,
    #[serde(default)]
    scalar: Option<f64>,
    #[serde(default)]
    order: Option<String>,
    #[serde(default)]
    bigendian: bool,
    #[serde(default)]
    offset: Option<u64>,
    #[serde(default)]
    format: Option<String>,
    #[serde(default)]
    delimiter: Option<String>,
    #[serde(default)]
    grid: Option<Grid>,
    filename: String,
}

#[derive(serde::Deserialize)]
struct Grid {
    filename: String,
}

impl Meta {
    /// Reads a JSON, or the header of another file.
    pub(super) fn read(path: &Path) -> Result<Meta, Refused> {
        let failed = |error: std::io::Error| Refused::io(path, &error);
        let mut bytes = Vec::new();
        let file = crate::shared::open_input(path).map_err(failed)?;
        (&file).take(64).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.is_empty() {
            return Err(Refused { kind: RecordFaultKind::Empty, message: "it is empty".to_owned() });
        }
        if !bytes.trim_ascii_start().starts_with(b"{") {
            return header(&bytes, path);
        }
        (&file).take(MOST_JSON).read_to_end(&mut bytes).map_err(failed)?;
        let json: Json = serde_json::from_slice(&bytes)
            .map_err(|error| Refused::new(format!("it is not the JSON of an output of LPJmL: {error}")))?;
        of_json(json, path)
    }

    pub(super) fn is_grid(&self) -> bool {
        matches!(self.variable.as_str(), "grid" | "LPJGRID" | "coord") && self.bands.len() == 2
    }

    /// The columns before bands.
    pub(super) fn keys(&self) -> &'static [&'static str] {
        match self.steps {
            1 => &["lat", "lon", "year"],
            12 => &["lat", "lon", "year", "month"],
            _ => &["lat", "lon", "year", "day_of_year"],
        }
    }

    pub(super) fn columns(&self) -> Vec<String> {
        self.keys().iter().map(|&key| key.to_owned()).chain(self.bands.iter().cloned()).collect()
    }

    fn check(self) -> Result<Meta, Refused> {
        let counts = [self.cells, self.steps, self.years, self.bands.len() as u64];
        if counts.iter().any(|&count| count == 0 || count > MOST) {
            let message =
                format!("it has {counts:?} cells, steps of a year, years and bands, which cannot be");
            return Err(Refused::new(message));
        }
        if !matches!(self.steps, 1 | 12 | 365) {
            return Err(Refused::new(format!("its years have {} steps, not 1, 12 or 365", self.steps)));
        }
        if !self.scalar.is_normal() || self.years_each < 1 {
            return Err(Refused::new(format!(
                "its scalar is {}, its steps of {} years",
                self.scalar, self.years_each
            )));
        }
        if self.order != Order::CellSeq && self.steps > 1 && self.bands.len() > 1 {
            return Err(Refused::new(
                "in which order steps and bands of a cell are is known of one of them alone",
            ));
        }
        Ok(self)
    }
}

fn of_json(json: Json, path: &Path) -> Result<Meta, Refused> {
    let variable = json.variable.or(json.name).unwrap_or_else(|| "value".to_owned());
    let bands = json.nbands.unwrap_or(1);
    let form = json.format.as_deref().unwrap_or("raw");
    let kind = match json.datatype.as_str() {
        "byte" => Kind::U1,
        "short" => Kind::I2,
        "int" => Kind::I4,
        "float" => Kind::F4,
        "double" => Kind::F8,
        other => return Err(Refused::new(format!("its type {other:?} is unknown"))),
    };
    let order = match json.order.as_deref() {
        Some("cellyear") => Order::CellYear,
        Some("yearcell") => Order::YearCell,
        Some("cellseq") | None => Order::CellSeq,
        Some(other) => return Err(Refused::new(format!("the order {other:?} is not understood"))),
    };
    let mut offset = json.offset.unwrap_or(0);
    let form = match form {
        "raw" => Form::Binary { kind, is_big: json.bigendian },
        "clm" => {
            if json.offset.is_none() {
                offset = Meta::read(&beside(path, &json.filename)?)?.offset;
            }
            Form::Binary { kind, is_big: json.bigendian }
        }
        "txt" => {
            let separator = json.delimiter.as_deref().unwrap_or(",").as_bytes();
            match separator {
                [separator] => Form::Text { separator: *separator },
                _ => return Err(Refused::new("its delimiter is not one character")),
            }
        }
        other => return Err(Refused::new(format!("the format {other:?} is not read here"))),
    };
    let names = match json.band_names {
        Some(names) if names.len() as u64 == bands => names,
        Some(names) => {
            return Err(Refused::new(format!("it has {bands} bands and {} names of bands", names.len())));
        }
        None => named(&variable, bands)?,
    };
    let names = if bands == 1 { vec![variable.clone()] } else { names };
    let meta = Meta {
        variable,
        unit: json.unit.unwrap_or_default(),
        bands: names,
        cells: json.ncell,
        steps: json.nstep.unwrap_or(1),
        years: json.nyear.unwrap_or(1),
        years_each: json.timestep.unwrap_or(1),
        first_year: json.firstyear.unwrap_or(1901),
        order,
        form,
        scalar: json.scalar.unwrap_or(1.0),
        offset,
        file: Some(json.filename),
        grid: json.grid.map(|grid| grid.filename),
        cell_size: json.cellsize_lat.zip(json.cellsize_lon).map(|(lat, lon)| [lat, lon]),
    };
    meta.check()
}

fn named(variable: &str, bands: u64) -> Result<Vec<String>, Refused> {
    match bands {
        1 => Ok(vec![variable.to_owned()]),
        2..=65_536 => Ok((1..=bands).map(|band| band.to_string()).collect()),
        _ => Err(Refused::new(format!("it has {bands} bands"))),
    }
}

/// Takes the header of a clm file apart: a name of letters, a version in the byte order of the file, and numbers, more in later versions.
fn header(bytes: &[u8], path: &Path) -> Result<Meta, Refused> {
    let refused = || Refused::new("it is neither a JSON nor a file with a header of LPJmL");
    let length = bytes.iter().take_while(|&&byte| byte.is_ascii_uppercase() || byte == b'_').count();
    let (name, rest) = bytes.split_at_checked(length).filter(|_| length >= 3).ok_or_else(refused)?;
    let word = |at: usize| rest.get(4 * at..).and_then(|rest| rest.first_chunk::<4>()).copied();
    let version = word(0).ok_or_else(refused)?;
    let is_big = match (u32::from_le_bytes(version), u32::from_be_bytes(version)) {
        (1..=4, _) => false,
        (_, 1..=4) => true,
        _ => return Err(refused()),
    };
    let version = if is_big { u32::from_be_bytes(version) } else { u32::from_le_bytes(version) };
    let whole = |at: usize| -> Result<i64, Refused> {
        let word = word(at).ok_or_else(refused)?;
        Ok(i64::from(if is_big { i32::from_be_bytes(word) } else { i32::from_le_bytes(word) }))
    };
    let float = |at: usize| -> Result<f32, Refused> {
        let word = word(at).ok_or_else(refused)?;
        Ok(if is_big { f32::from_be_bytes(word) } else { f32::from_le_bytes(word) })
    };
    let order = match whole(1)? {
        1 => Order::CellYear,
        2 => Order::YearCell,
        4 => Order::CellSeq,
        other => return Err(Refused::new(format!("the order {other} is not understood"))),
    };
    let count = |at: usize| whole(at).map(|value| u64::try_from(value).unwrap_or(0));
    let kind = match if version < 3 { 1 } else { whole(10)? } {
        0 => Kind::U1,
        1 => Kind::I2,
        2 => Kind::I4,
        3 => Kind::F4,
        4 => Kind::F8,
        other => return Err(Refused::new(format!("the type {other} is unknown"))),
    };
    let words = [7, 9, 11, 13].get(version as usize - 1).copied().unwrap_or(13);
    word(words - 1).ok_or_else(refused)?;
    let letters = String::from_utf8_lossy(name).into_owned();
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let variable = if letters == "LPJGRID" { "grid".to_owned() } else { stem };
    let meta = Meta {
        bands: named(&variable, count(6)?)?,
        variable,
        unit: String::new(),
        cells: count(5)?,
        years: count(3)?,
        first_year: whole(2)?,
        steps: if version < 4 { 1 } else { count(11)? },
        years_each: if version < 4 { 1 } else { whole(12)? },
        order,
        form: Form::Binary { kind, is_big },
        scalar: if version < 2 { 1.0 } else { f64::from(float(8)?) },
        offset: (length + 4 * words) as u64,
        file: None,
        grid: None,
        cell_size: None,
    };
    meta.check()
}
