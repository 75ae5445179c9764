//! Files of one cell by the libraries: netCDF-C, and for the proof of what it has read the values by HDF5 itself.

use std::path::Path;

use hdf5_metno::H5Type;
use netcdf::AttributeValue;
use netcdf::types::{FloatType, IntType, NcVariableType};

use crate::guard::guarded;

use super::super::rows::RecordFaultKind;
use super::{Attribute, Content, Dimension, Kind, MOST, Number, Refused, Values, Variable, damaged};

/// Reads a file that may be foreign or damaged: another process looks at it first. With `is_by_hdf5` numbers come from HDF5, whose type for each has to be the
/// same.
///
/// # Errors
/// What the library says, and a file that is too large or has groups.
pub(super) fn content(path: &Path, is_by_hdf5: bool) -> Result<Content, Refused> {
    let unread = |words: String| damaged(format!("as NetCDF it cannot be read: {words}"));
    crate::probe::look(path).map_err(|error| damaged(error.in_full()))?;
    // Without the filter only files that need it cannot be read; those then say so.
    let _ = crate::write::register_zstd();
    let read = || {
        let file = netcdf::open(path).map_err(|error| unread(error.to_string()))?;
        let length = std::fs::metadata(path).map_err(|error| Refused::of(&error))?.len();
        crate::probe::fits(&file, length).map_err(&unread)?;
        let by_hdf5 = match is_by_hdf5 {
            true => Some(hdf5_metno::File::open(path).map_err(|error| unread(error.to_string()))?),
            false => None,
        };
        all(&file, by_hdf5.as_ref())
    };
    guarded(read).unwrap_or_else(|| Err(unread("it is damaged".to_owned())))
}

fn all(file: &netcdf::File, by_hdf5: Option<&hdf5_metno::File>) -> Result<Content, Refused> {
    let unread = |name: &str, words: String| damaged(format!("as NetCDF it cannot be read: {name}: {words}"));
    if file.groups().is_ok_and(|mut groups| groups.next().is_some()) {
        return Err(damaged("it has groups, and a file of one cell has none"));
    }
    let mut content = Content::default();
    for dimension in file.dimensions() {
        content.dimensions.push(Dimension { name: dimension.name(), length: dimension.len() });
    }
    let mut bytes = 0u64;
    for variable in file.variables() {
        let name = variable.name();
        let number = |dimension: &netcdf::Dimension<'_>| {
            content.dimensions.iter().position(|known| known.name == dimension.name())
        };
        let dimensions: Option<Vec<usize>> = variable.dimensions().iter().map(number).collect();
        let dimensions =
            dimensions.ok_or_else(|| unread(&name, "its dimensions are not there".to_owned()))?;
        let mut attributes = Vec::new();
        for attribute in variable.attributes() {
            let value = attribute.value().map_err(|error| unread(&name, error.to_string()))?;
            if let Some(value) = value_of(value) {
                attributes.push((attribute.name().to_owned(), value));
            }
        }
        let kind = variable.vartype();
        bytes = bytes.saturating_add((variable.len() as u64).saturating_mul(kind.size() as u64));
        if bytes > MOST {
            let words =
                format!("it has more than the {MOST} bytes of values that a file of one cell may have");
            return Err(Refused::new(RecordFaultKind::TooLarge, words));
        }
        let values = match (kind_of(&kind), by_hdf5) {
            (Some(kind), Some(file)) => by_itself(file, &name, kind).map_err(|words| unread(&name, words))?,
            (Some(kind), None) => {
                let mut bytes = vec![0; variable.len() * kind.size()];
                let read = variable.get_raw_values_into(&mut bytes, ..);
                read.map_err(|error| unread(&name, error.to_string()))?;
                Values::Numbers { kind, is_big: cfg!(target_endian = "big"), bytes }
            }
            (None, _) => texts(&variable, &kind).map_err(|error| unread(&name, error.to_string()))?,
        };
        content.variables.push(Variable { name, dimensions, attributes, values });
    }
    Ok(content)
}

fn texts(variable: &netcdf::Variable<'_>, kind: &NcVariableType) -> netcdf::Result<Values> {
    match kind {
        NcVariableType::Char => {
            let mut bytes = vec![0; variable.len()];
            variable.get_raw_values_into(&mut bytes, ..)?;
            Ok(Values::Letters(bytes))
        }
        NcVariableType::String if variable.dimensions().len() <= 1 => {
            let length = variable.len();
            let one = |index: usize| match variable.dimensions().is_empty() {
                true => variable.get_string(()),
                false => variable.get_string([index]),
            };
            (0..length).map(one).collect::<netcdf::Result<_>>().map(Values::Texts)
        }
        NcVariableType::String => Ok(Values::Other("texts of several dimensions".to_owned())),
        _ => Ok(Values::Other("values of a type of the file's own".to_owned())),
    }
}

fn kind_of(kind: &NcVariableType) -> Option<Kind> {
    Some(match kind {
        NcVariableType::Int(IntType::I8) => Kind::I1,
        NcVariableType::Int(IntType::U8) => Kind::U1,
        NcVariableType::Int(IntType::I16) => Kind::I2,
        NcVariableType::Int(IntType::U16) => Kind::U2,
        NcVariableType::Int(IntType::I32) => Kind::I4,
        NcVariableType::Int(IntType::U32) => Kind::U4,
        NcVariableType::Int(IntType::I64) => Kind::I8,
        NcVariableType::Int(IntType::U64) => Kind::U8,
        NcVariableType::Float(FloatType::F32) => Kind::F4,
        NcVariableType::Float(FloatType::F64) => Kind::F8,
        _ => return None,
    })
}

/// Numbers of a dataset, by HDF5.
fn by_itself(file: &hdf5_metno::File, name: &str, kind: Kind) -> Result<Values, String> {
    let dataset = file.dataset(name).map_err(|error| error.to_string())?;
    fn raw<T: H5Type, const N: usize>(
        dataset: &hdf5_metno::Dataset,
        bytes: fn(T) -> [u8; N],
    ) -> Result<Vec<u8>, String> {
        let values = dataset.read_raw::<T>().map_err(|error| error.to_string())?;
        Ok(values.into_iter().flat_map(bytes).collect())
    }
    let bytes = match kind {
        Kind::I1 => raw(&dataset, i8::to_le_bytes),
        Kind::U1 => raw(&dataset, u8::to_le_bytes),
        Kind::I2 => raw(&dataset, i16::to_le_bytes),
        Kind::U2 => raw(&dataset, u16::to_le_bytes),
        Kind::I4 => raw(&dataset, i32::to_le_bytes),
        Kind::U4 => raw(&dataset, u32::to_le_bytes),
        Kind::I8 => raw(&dataset, i64::to_le_bytes),
        Kind::U8 => raw(&dataset, u64::to_le_bytes),
        Kind::F4 => raw(&dataset, f32::to_le_bytes),
        Kind::F8 => raw(&dataset, f64::to_le_bytes),
    };
    Ok(Values::Numbers { kind, is_big: false, bytes: bytes? })
}

/// An attribute; `None` of a list of texts.
fn value_of(value: AttributeValue) -> Option<Attribute> {
    fn whole<T: Into<i64>>(values: Vec<T>) -> Attribute {
        Attribute::Numbers(values.into_iter().map(|value| Number::Whole(value.into())).collect())
    }
    let long = |values: Vec<u64>| {
        let values = values.into_iter().filter_map(|value| i64::try_from(value).ok());
        Attribute::Numbers(values.map(Number::Whole).collect())
    };
    let floats = |values: Vec<f32>| Attribute::Numbers(values.into_iter().map(Number::F4).collect());
    let doubles = |values: Vec<f64>| Attribute::Numbers(values.into_iter().map(Number::F8).collect());
    Some(match value {
        AttributeValue::Str(text) => Attribute::Text(text),
        AttributeValue::Strs(texts) => match <[String; 1]>::try_from(texts) {
            Ok([text]) => Attribute::Text(text),
            Err(_) => return None,
        },
        AttributeValue::Uchar(value) => whole(vec![value]),
        AttributeValue::Uchars(values) => whole(values),
        AttributeValue::Schar(value) => whole(vec![value]),
        AttributeValue::Schars(values) => whole(values),
        AttributeValue::Ushort(value) => whole(vec![value]),
        AttributeValue::Ushorts(values) => whole(values),
        AttributeValue::Short(value) => whole(vec![value]),
        AttributeValue::Shorts(values) => whole(values),
        AttributeValue::Uint(value) => whole(vec![value]),
        AttributeValue::Uints(values) => whole(values),
        AttributeValue::Int(value) => whole(vec![value]),
        AttributeValue::Ints(values) => whole(values),
        AttributeValue::Longlong(value) => whole(vec![value]),
        AttributeValue::Longlongs(values) => whole(values),
        AttributeValue::Ulonglong(value) => long(vec![value]),
        AttributeValue::Ulonglongs(values) => long(values),
        AttributeValue::Float(value) => floats(vec![value]),
        AttributeValue::Floats(values) => floats(values),
        AttributeValue::Double(value) => doubles(vec![value]),
        AttributeValue::Doubles(values) => doubles(values),
    })
}
