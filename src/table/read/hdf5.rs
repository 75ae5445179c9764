//! Rows of HDF5 tables: a dataset a column.

use std::path::Path;

use hdf5_metno::{Dataset, File, Group, H5Type, Location};

use super::super::groups::group_of;
use super::super::schema::Table;
use super::rows::{Bits, Column, Heading, Rows};
use super::{BATCH, Described, Description, Pairs, Reader, date, foreign};

/// What a file says of itself.
pub(in crate::table) fn describe(path: &Path) -> Result<Description, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut columns: Vec<Described> = Vec::new();
    for group in ["data", "coordinates", "time"] {
        let place = file.group(group).map_err(|error| error.to_string())?;
        for name in place.member_names().map_err(|error| error.to_string())? {
            let dataset = place.dataset(&name).map_err(|error| error.to_string())?;
            let attributes = attributes(&dataset);
            let texts = match attributes.contains_key("texts") {
                true => Some(texts(&file, &name)?),
                false => None,
            };
            let kind = dataset.dtype().and_then(|kind| kind.to_descriptor());
            let kind = kind.map_or_else(|error| error.to_string(), |kind| kind.to_string());
            columns.push(Described {
                name,
                group: Some(group.to_owned()),
                kind: Some(kind),
                is_nullable: None,
                pairs: Some(attributes),
                texts,
            });
        }
    }
    let about = file.group("metadata").map_err(|error| error.to_string())?;
    refuse_more(&file, &about, &columns)?;
    Ok(Description { file: Some(attributes(&about)), columns, is_ordered: false })
}

/// Refuses groups, datasets and attributes that a table does not have.
fn refuse_more(file: &File, about: &Group, columns: &[Described]) -> Result<(), String> {
    let members = |group: &Group| group.member_names().map_err(|error| error.to_string());
    let groups = ["data", "coordinates", "time", "metadata"];
    if let Some(name) = members(file)?.iter().find(|name| !groups.contains(&name.as_str())) {
        return Err(format!("it has {name:?}, which is not of a table"));
    }
    let has_texts =
        |name: &String| columns.iter().any(|column| column.name == *name && column.texts.is_some());
    if let Some(name) = members(about)?.iter().find(|name| !has_texts(name)) {
        return Err(format!("it has \"metadata/{name}\", which is not the texts of a column"));
    }
    for name in ["/", "data", "coordinates", "time"] {
        let place = file.group(name).map_err(|error| error.to_string())?;
        if let Some((attribute, _)) = attributes(&place).first_key_value() {
            return Err(format!("the group {name} has an attribute {attribute:?}"));
        }
    }
    Ok(())
}

fn attributes(place: &Location) -> Pairs {
    let names = place.attr_names().unwrap_or_default();
    names.into_iter().map(|name| (name.clone(), foreign::attribute(place, &name))).collect()
}

fn texts(file: &File, name: &str) -> Result<Vec<String>, String> {
    let dataset = file.dataset(&format!("metadata/{name}")).map_err(|error| error.to_string())?;
    foreign::texts(&dataset)
}

/// Rows of a file behind some.
pub(in crate::table) fn rows(path: &Path, heading: &Heading, skip: u64) -> Result<Box<dyn Reader>, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut columns = Vec::new();
    let mut length = None;
    for column in heading.columns.iter() {
        let find = |group: &str| file.dataset(&format!("{group}/{}", column.name)).ok();
        let dataset = ["data", "coordinates", "time"].iter().find_map(|group| find(group));
        let dataset = dataset.ok_or_else(|| format!("it has no column {}", column.name))?;
        let rows = dataset.size();
        if *length.get_or_insert(rows) != rows {
            return Err(format!("its columns have {} and {rows} rows", length.unwrap_or(0)));
        }
        let numbers = match &column.texts {
            None => Vec::new(),
            Some(known) => texts(&file, &column.name)?.iter().map(|text| known.number(text)).collect(),
        };
        columns.push((dataset, column.clone(), numbers));
    }
    let at = usize::try_from(skip).map_err(|error| error.to_string())?;
    Ok(Box::new(Datasets { columns, length: length.unwrap_or(0), at }))
}

struct Datasets {
    /// Dataset, column, and the numbers of the texts that its keys stand for.
    columns: Vec<(Dataset, Column, Vec<u64>)>,
    length: usize,
    at: usize,
}

impl Reader for Datasets {
    fn read(&mut self, rows: &mut Rows) -> Result<bool, String> {
        if self.at >= self.length {
            return Ok(false);
        }
        let range = self.at..(self.at + 8 * BATCH).min(self.length);
        let mut columns = Vec::new();
        for (dataset, column, numbers) in &self.columns {
            columns.push(bits(dataset, column, numbers, range.clone())?);
        }
        for row in 0..range.len() {
            for column in &columns {
                rows.push(column.get(row).copied().flatten());
            }
        }
        self.at = range.end;
        Ok(true)
    }
}

fn bits(
    dataset: &Dataset,
    column: &Column,
    numbers: &[u64],
    range: std::ops::Range<usize>,
) -> Result<Vec<Option<u64>>, String> {
    fn read<T: H5Type + Copy + PartialEq>(
        dataset: &Dataset,
        range: std::ops::Range<usize>,
        fill: Option<T>,
        bits: impl Fn(T) -> Option<u64>,
    ) -> Result<Vec<Option<u64>>, String> {
        let values = dataset.read_slice_1d::<T, _>(range).map_err(|error| error.to_string())?;
        Ok(values.iter().map(|&value| if Some(value) == fill { None } else { bits(value) }).collect())
    }
    macro_rules! of {
        ($number:ty, $fill:expr, |$value:ident| $bits:expr) => {
            read::<$number>(dataset, range, column.is_nullable.then_some($fill), |$value| $bits)
        };
    }
    match (column.bits, column.size) {
        (Bits::Float32, _) => of!(f32, 1e20, |value| Some(u64::from(value.to_bits()))),
        (Bits::Float64, _) => of!(f64, 1e20, |value| Some(value.to_bits())),
        (Bits::Signed, 1) | (Bits::Boolean, _) => of!(i8, i8::MIN, |value| Some(i64::from(value) as u64)),
        (Bits::Signed, 2) => of!(i16, i16::MIN, |value| Some(i64::from(value) as u64)),
        (Bits::Signed, 4) => of!(i32, i32::MIN, |value| Some(i64::from(value) as u64)),
        (Bits::Signed, _) => of!(i64, i64::MIN, |value| Some(value as u64)),
        (Bits::Unsigned, 1) => of!(u8, u8::MAX, |value| Some(u64::from(value))),
        (Bits::Unsigned, 2) => of!(u16, u16::MAX, |value| Some(u64::from(value))),
        (Bits::Unsigned, 4) => of!(u32, u32::MAX, |value| Some(u64::from(value))),
        (Bits::Unsigned, _) => of!(u64, u64::MAX, |value| Some(value)),
        (Bits::Date, _) => of!(i32, i32::MIN, |value| Some((i64::from(value) * date::DAY) as u64)),
        (Bits::Moment, _) => of!(i64, i64::MIN, |value| Some(value as u64)),
        (Bits::Text, _) => of!(i32, i32::MIN, |value| {
            let number = usize::try_from(value).ok().and_then(|index| numbers.get(index)).copied();
            let unknown = || column.texts.as_ref().map(|texts| texts.number(&format!("(key {value})")));
            number.or_else(unknown)
        }),
    }
}

/// What a file of a table should say of itself.
pub(in crate::table) fn expected(table: &Table, mut file: Pairs) -> Description {
    let names: Vec<&str> = table.schema.fields().iter().map(|field| field.name().as_str()).collect();
    file.insert("columns".to_owned(), names.join(","));
    let columns = table.schema.fields().iter().map(|field| expected_of(field)).collect();
    Description { file: Some(file), columns, is_ordered: false }
}

fn expected_of(field: &arrow_schema::Field) -> Described {
    let column = Column::of(field, None);
    let kind = match (column.bits, column.size) {
        (Bits::Float32, _) => "float32",
        (Bits::Float64, _) => "float64",
        (Bits::Signed, 1) | (Bits::Boolean, _) => "int8",
        (Bits::Signed, 2) => "int16",
        (Bits::Signed, 4) | (Bits::Date | Bits::Text, _) => "int32",
        (Bits::Signed | Bits::Moment, _) => "int64",
        (Bits::Unsigned, 1) => "uint8",
        (Bits::Unsigned, 2) => "uint16",
        (Bits::Unsigned, 4) => "uint32",
        (Bits::Unsigned, _) => "uint64",
    };
    let mut pairs: Pairs = field.metadata().iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    if column.bits == Bits::Date {
        pairs.insert("units".to_owned(), "days since 1970-01-01".to_owned());
    }
    if column.bits == Bits::Moment {
        pairs.insert("units".to_owned(), "milliseconds since 1970-01-01".to_owned());
    }
    if column.bits == Bits::Text {
        pairs.insert("texts".to_owned(), format!("/metadata/{}", column.name));
    }
    if column.is_nullable && !matches!(column.bits, Bits::Date | Bits::Moment) {
        let fill = match kind {
            "float32" => format!("{:e}", 1e20f32),
            "float64" => format!("{:e}", 1e20f64),
            "int8" => format!("{:e}", i8::MIN),
            "int16" => format!("{:e}", i16::MIN),
            "int32" => format!("{:e}", i32::MIN),
            "int64" => format!("{:e}", i64::MIN),
            "uint8" => format!("{:e}", u8::MAX),
            "uint16" => format!("{:e}", u16::MAX),
            "uint32" => format!("{:e}", u32::MAX),
            _ => format!("{:e}", u64::MAX),
        };
        pairs.insert("_FillValue".to_owned(), fill);
    }
    Described {
        group: Some(group_of(&column.name).to_owned()),
        kind: Some(kind.to_owned()),
        pairs: Some(pairs),
        name: column.name,
        ..Described::default()
    }
}
