//! Attributes of NetCDF as those of HDF5.

use netcdf::AttributeValue;

use crate::hdf5::Problem;
use crate::hdf5::attribute::Attribute;
use crate::model::element::Element;

/// An attribute that NetCDF-4 hides: which dimension a scale is, and so on.
pub(super) fn hidden(name: &str, shape: Option<Vec<u64>>, numbers: &[usize]) -> Attribute {
    let data = numbers.iter().flat_map(|&number| (number as i32).to_le_bytes()).collect();
    Attribute { shape, ..Attribute::value(name, Element::Int32, data) }
}

/// An attribute with its value: texts are single, numbers arrays.
pub(super) fn attribute(name: &str, value: &AttributeValue) -> Result<Attribute, Problem> {
    use AttributeValue as Value;
    let numbers = |element, data: Vec<u8>| Attribute::value(name, element, data);
    macro_rules! many {
        ($values:expr, $element:ident) => {
            numbers(Element::$element, $values.iter().flat_map(|value| value.to_le_bytes()).collect())
        };
    }
    let made = match value {
        Value::Str(text) => Attribute::text(name, text),
        Value::Strs(_) => return Err(Problem::new(format!("the attribute {name} is a list of texts"))),
        Value::Uchar(value) => many!([value], UInt8),
        Value::Uchars(values) => many!(values, UInt8),
        Value::Schar(value) => many!([value], Int8),
        Value::Schars(values) => many!(values, Int8),
        Value::Ushort(value) => many!([value], UInt16),
        Value::Ushorts(values) => many!(values, UInt16),
        Value::Short(value) => many!([value], Int16),
        Value::Shorts(values) => many!(values, Int16),
        Value::Uint(value) => many!([value], UInt32),
        Value::Uints(values) => many!(values, UInt32),
        Value::Int(value) => many!([value], Int32),
        Value::Ints(values) => many!(values, Int32),
        Value::Ulonglong(value) => many!([value], UInt64),
        Value::Ulonglongs(values) => many!(values, UInt64),
        Value::Longlong(value) => many!([value], Int64),
        Value::Longlongs(values) => many!(values, Int64),
        Value::Float(value) => many!([value], Float32),
        Value::Floats(values) => many!(values, Float32),
        Value::Double(value) => many!([value], Float64),
        Value::Doubles(values) => many!(values, Float64),
    };
    match value {
        Value::Str(text) if made.data.len() < text.len() => Err(Problem::new(format!(
            "the text of the attribute {name} has {} bytes; 60,000 are the most",
            text.len()
        ))),
        _ => Ok(made),
    }
}
