//! Datatype messages (§IV.A.2.d), of the types that are needed here.

use super::{Fields, Problem, Result};
use crate::model::element::Element;

/// The type of a dataset's or attribute's elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Datatype {
    /// Numbers, little endian.
    Number(Element),
    /// Halves of IEEE 754, little endian.
    Half,
    /// Pairs `r`, `i` of floats, as h5py has complex numbers.
    Complex(Element),
    /// `FALSE` and `TRUE`, as h5py has truth values.
    Truth,
    /// Texts of so many bytes, which end with a zero or with them.
    Text(u32),
    /// Addresses of objects.
    Reference,
    /// Lists of addresses of objects, in a heap.
    References,
    /// Pairs of an address and a number, which dimension scales have of those who use them.
    #[cfg(feature = "netcdf")]
    Users,
    /// Something else, of so many bytes.
    Other(u32),
}

impl Datatype {
    /// Bytes of an element.
    pub fn size(self) -> usize {
        match self {
            Datatype::Number(element) => element.size(),
            Datatype::Half => 2,
            Datatype::Complex(part) => 2 * part.size(),
            Datatype::Truth => 1,
            Datatype::Text(size) | Datatype::Other(size) => size as usize,
            Datatype::Reference => 8,
            Datatype::References => 16,
            #[cfg(feature = "netcdf")]
            Datatype::Users => 16,
        }
    }

    pub fn encode(self) -> Vec<u8> {
        let size = (self.size() as u32).to_le_bytes();
        let bits = (self.size() * 8) as u8;
        let head = |class: u8, bits: [u8; 3]| {
            let mut bytes = vec![0x10 | class, bits[0], bits[1], bits[2]];
            bytes.extend_from_slice(&size);
            bytes
        };
        match self {
            Datatype::Number(element) if element.is_float() => {
                let mut bytes = head(1, [0x20, bits - 1, 0]);
                let (exponent, bias) = if element.size() == 4 { (8u8, 127u32) } else { (11, 1023) };
                let mantissa = bits - 1 - exponent;
                bytes.extend_from_slice(&[0, 0, bits, 0, mantissa, exponent, 0, mantissa]);
                bytes.extend_from_slice(&bias.to_le_bytes());
                bytes
            }
            Datatype::Number(element) => {
                let mut bytes = head(0, [if is_signed(element) { 8 } else { 0 }, 0, 0]);
                bytes.extend_from_slice(&[0, 0, bits, 0]);
                bytes
            }
            Datatype::Half => {
                let mut bytes = head(1, [0x20, 15, 0]);
                bytes.extend_from_slice(&[0, 0, 16, 0, 10, 5, 0, 10]);
                bytes.extend_from_slice(&15u32.to_le_bytes());
                bytes
            }
            Datatype::Complex(part) => {
                let mut bytes = head(6, [2, 0, 0]);
                for (name, at) in [(b"r\0\0\0\0\0\0\0", 0), (b"i\0\0\0\0\0\0\0", part.size() as u32)] {
                    member(&mut bytes, name, at, Datatype::Number(part));
                }
                bytes
            }
            Datatype::Truth => {
                let mut bytes = head(8, [2, 0, 0]);
                bytes.extend(Datatype::Number(Element::Int8).encode());
                bytes.extend_from_slice(b"FALSE\0\0\0TRUE\0\0\0\0\x00\x01");
                bytes
            }
            Datatype::Text(_) => head(3, [0, 0, 0]),
            Datatype::Reference => head(7, [0, 0, 0]),
            Datatype::References => {
                let mut bytes = head(9, [0, 0, 0]);
                bytes.extend(Datatype::Reference.encode());
                bytes
            }
            #[cfg(feature = "netcdf")]
            Datatype::Users => {
                let mut bytes = head(6, [2, 0, 0]);
                member(&mut bytes, b"dataset\0", 0, Datatype::Reference);
                member(&mut bytes, b"dimension\0\0\0\0\0\0\0", 8, Datatype::Number(Element::Int32));
                bytes
            }
            Datatype::Other(_) => head(5, [0, 0, 0]),
        }
    }

    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let mut fields = Fields(bytes);
        let class = fields.byte()? & 0x0f;
        let bits = fields.byte()?;
        fields.take(2)?;
        let size = fields.number(4)? as u32;
        let unknown = || Problem::new(format!("a type of class {class} and {size} bytes is not known here"));
        if bits & 1 != 0 && class < 2 {
            return Err(Problem::new("numbers are big endian"));
        }
        if let Some(own) = OWN.into_iter().find(|kind| bytes.starts_with(&kind.encode())) {
            return Ok(own);
        }
        Ok(match (class, size) {
            (1, 4) => Datatype::Number(Element::Float32),
            (1, 8) => Datatype::Number(Element::Float64),
            (0, _) => {
                let signed = bits & 8 != 0;
                Datatype::Number(match (signed, size) {
                    (true, 1) => Element::Int8,
                    (true, 2) => Element::Int16,
                    (true, 4) => Element::Int32,
                    (true, 8) => Element::Int64,
                    (false, 1) => Element::UInt8,
                    (false, 2) => Element::UInt16,
                    (false, 4) => Element::UInt32,
                    (false, 8) => Element::UInt64,
                    _ => return Err(unknown()),
                })
            }
            (3, 1..) => Datatype::Text(size),
            (7, 8) => Datatype::Reference,
            (9, 16) if fields.byte()? & 0x0f == 7 => Datatype::References,
            (_, 1..) => Datatype::Other(size),
            _ => return Err(unknown()),
        })
    }
}

/// What is known by all of its bytes.
const OWN: [Datatype; 4] = [
    Datatype::Half,
    Datatype::Complex(Element::Float32),
    Datatype::Complex(Element::Float64),
    Datatype::Truth,
];

/// A part of a compound type. The name ends with a zero, and is padded to eight bytes.
fn member(bytes: &mut Vec<u8>, name: &[u8], at: u32, kind: Datatype) {
    bytes.extend_from_slice(name);
    bytes.extend_from_slice(&at.to_le_bytes());
    // It is no array, which version 1 says at length.
    bytes.extend_from_slice(&[0; 28]);
    bytes.extend(kind.encode());
}

fn is_signed(element: Element) -> bool {
    matches!(element, Element::Int8 | Element::Int16 | Element::Int32 | Element::Int64)
}
