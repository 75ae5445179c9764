//! numpy's data types, as pickles describe them.

use std::fmt;
use std::sync::Arc;

use crate::model::element::Element;

/// What an array's elements are.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scalar {
    /// IEEE 754 binary floats of 2, 4 or 8 bytes.
    Float,
    /// Signed whole numbers of 1, 2, 4 or 8 bytes.
    Int,
    /// Unsigned whole numbers of 1, 2, 4 or 8 bytes.
    UInt,
    /// One byte, 0 or 1.
    Bool,
    /// Two floats of half the size each.
    Complex,
    /// Bytes, padded with zeros.
    Bytes,
    /// UTF-32, padded with zeros.
    Text,
    /// A date or a duration: 8 bytes; the unit is not read.
    Time,
    /// Bytes without a meaning, or fields.
    Record(Vec<Field>),
    /// Python objects, which are values of their own.
    Object,
    /// Numbers of a form that only some machines have, such as floats of 16 bytes; their values are not read.
    Other,
}

/// A field of a structured type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its type.
    pub dtype: Arc<DType>,
    /// Bytes from the start of an element.
    pub offset: usize,
}

/// A data type: kind, size and byte order of one element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DType {
    /// What an element is.
    pub scalar: Scalar,
    /// Bytes of an element.
    pub size: usize,
    /// Whether elements are stored with the most significant byte first.
    pub big_endian: bool,
}

impl DType {
    /// The type of an element, in little endian.
    pub(super) fn of(element: Element) -> Self {
        let scalar = match element {
            Element::Float32 | Element::Float64 => Scalar::Float,
            Element::UInt8 | Element::UInt16 | Element::UInt32 | Element::UInt64 => Scalar::UInt,
            Element::Int8 | Element::Int16 | Element::Int32 | Element::Int64 => Scalar::Int,
        };
        DType { scalar, size: element.size(), big_endian: false }
    }

    /// The element that holds the type exactly; truth values become `int8`. `None` where NetCDF has none, as for
    /// `float16`.
    pub fn element(&self) -> Option<Element> {
        Some(match (&self.scalar, self.size) {
            (Scalar::Float, 4) => Element::Float32,
            (Scalar::Float, 8) => Element::Float64,
            (Scalar::Int | Scalar::Bool, 1) => Element::Int8,
            (Scalar::Int, 2) => Element::Int16,
            (Scalar::Int, 4) => Element::Int32,
            (Scalar::Int, 8) => Element::Int64,
            (Scalar::UInt, 1) => Element::UInt8,
            (Scalar::UInt, 2) => Element::UInt16,
            (Scalar::UInt, 4) => Element::UInt32,
            (Scalar::UInt, 8) => Element::UInt64,
            _ => return None,
        })
    }

    /// Reads numpy's short form: `f4`, `<f8`, `>i2`, `|b1`, `V24`, `O8`, `S5`, `U3`, `M8`.
    pub fn parse(text: &str) -> Option<Self> {
        let (big_endian, text) = match text.as_bytes().first()? {
            b'>' => (true, text.get(1..)?),
            b'<' | b'|' | b'=' => (false, text.get(1..)?),
            _ => (false, text),
        };
        let kind = text.get(..1)?;
        let digits = text.get(1..)?;
        let digits = digits.split('[').next().unwrap_or(digits);
        let size: usize = if digits.is_empty() { 0 } else { digits.parse().ok()? };
        let (scalar, size) = match (kind, size) {
            ("f", 2 | 4 | 8) => (Scalar::Float, size),
            ("i", 1 | 2 | 4 | 8) => (Scalar::Int, size),
            ("u", 1 | 2 | 4 | 8) => (Scalar::UInt, size),
            ("b", 1) => (Scalar::Bool, 1),
            ("?", 0) => (Scalar::Bool, 1),
            ("c", 8 | 16) => (Scalar::Complex, size),
            ("f", 10 | 12 | 16) | ("c", 20 | 24 | 32) => (Scalar::Other, size),
            ("S", _) => (Scalar::Bytes, size),
            ("U", _) => (Scalar::Text, size.checked_mul(4)?),
            ("M" | "m", 8) => (Scalar::Time, 8),
            ("V", _) => (Scalar::Record(Vec::new()), size),
            ("O", _) => (Scalar::Object, 8),
            _ => return None,
        };
        Some(DType { scalar, size, big_endian })
    }

    /// How many records stand inside of each other.
    pub(super) fn depth(&self) -> usize {
        match &self.scalar {
            Scalar::Record(fields) => 1 + fields.iter().map(|field| field.dtype.depth()).max().unwrap_or(0),
            _ => 0,
        }
    }

    /// The number of fields, and fields of fields.
    pub(super) fn field_count(&self) -> usize {
        match &self.scalar {
            Scalar::Record(fields) => fields.iter().map(|field| 1 + field.dtype.field_count()).sum(),
            _ => 0,
        }
    }

    /// Whether elements are Python objects, or records that hold some.
    pub fn has_objects(&self) -> bool {
        match &self.scalar {
            Scalar::Object => true,
            Scalar::Record(fields) => fields.iter().any(|field| field.dtype.has_objects()),
            _ => false,
        }
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = self.size.saturating_mul(8);
        match &self.scalar {
            Scalar::Float => write!(f, "float{bits}")?,
            Scalar::Int => write!(f, "int{bits}")?,
            Scalar::UInt => write!(f, "uint{bits}")?,
            Scalar::Bool => f.write_str("bool")?,
            Scalar::Complex => write!(f, "complex{bits}")?,
            Scalar::Bytes => write!(f, "bytes{}", self.size)?,
            Scalar::Text => write!(f, "text{}", self.size / 4)?,
            Scalar::Time => f.write_str("datetime64")?,
            Scalar::Record(fields) => {
                f.write_str("record(")?;
                for (index, field) in fields.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}{}: {}", field.name, field.dtype)?;
                }
                f.write_str(")")?;
            }
            Scalar::Object => f.write_str("object")?,
            Scalar::Other => write!(f, "long double of {} bytes", self.size)?,
        }
        if self.big_endian && self.size > 1 { f.write_str(", big endian") } else { Ok(()) }
    }
}
