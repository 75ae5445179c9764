//! Attribute and dataspace messages (§IV.A.2.m, §IV.A.2.b).

use super::datatype::Datatype;
use super::{Fields, NONE, Problem, Result};
use crate::model::element::Element;

/// The character set of a text.
const UTF_8: u8 = 0x10;

/// An attribute: a name, and a value of some shape.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Attribute {
    pub name: String,
    pub kind: Datatype,
    /// `None` for a single value.
    pub shape: Option<Vec<u64>>,
    pub data: Vec<u8>,
}

impl Attribute {
    /// A text; what does not fit into an object header is cut.
    pub fn text(name: &str, text: &str) -> Self {
        const LONGEST: usize = 60_000;
        let end = (0..=LONGEST.min(text.len())).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
        let mut data = text.as_bytes().get(..end).unwrap_or_default().to_vec();
        if data.is_empty() {
            data.push(0);
        }
        Attribute { name: name.to_owned(), kind: Datatype::Text(data.len() as u32), shape: None, data }
    }

    /// A number in double precision. The library of netCDF has numbers in arrays.
    pub fn number(name: &str, number: f64) -> Self {
        Self::value(name, Element::Float64, number.to_le_bytes().to_vec())
    }

    /// A whole number.
    pub fn whole(name: &str, number: i32) -> Self {
        Self::value(name, Element::Int32, number.to_le_bytes().to_vec())
    }

    /// Numbers of some type, in an array.
    pub fn value(name: &str, element: Element, data: Vec<u8>) -> Self {
        let count = (data.len() / element.size()) as u64;
        Attribute { name: name.to_owned(), kind: Datatype::Number(element), shape: Some(vec![count]), data }
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self.kind {
            Datatype::Text(_) => {
                let end = self.data.iter().position(|&byte| byte == 0).unwrap_or(self.data.len());
                std::str::from_utf8(self.data.get(..end)?).ok()
            }
            _ => None,
        }
    }

    pub fn encode(&self) -> Vec<u8> {
        let (mut kind, space) = (self.kind.encode(), space(self.shape.as_deref(), None));
        if let (Datatype::Text(_), false, Some(bits)) = (self.kind, self.data.is_ascii(), kind.get_mut(1)) {
            *bits |= UTF_8;
        }
        let mut bytes = vec![3, 0];
        for length in [self.name.len() + 1, kind.len(), space.len()] {
            bytes.extend_from_slice(&(length as u16).to_le_bytes());
        }
        bytes.push(u8::from(!self.name.is_ascii()));
        bytes.extend_from_slice(self.name.as_bytes());
        bytes.push(0);
        bytes.extend(kind);
        bytes.extend(space);
        bytes.extend_from_slice(&self.data);
        bytes
    }

    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let mut fields = Fields(bytes);
        fields.require(&[3, 0], "an attribute")?;
        let (name, kind, space) = (fields.number(2)?, fields.number(2)?, fields.number(2)?);
        fields.byte()?;
        let name = fields.take(name as usize)?;
        let name = name.strip_suffix(&[0]).unwrap_or(name);
        let name = std::str::from_utf8(name).map_err(|_| Problem::new("a name is not UTF-8"))?.to_owned();
        let kind = Datatype::decode(fields.take(kind as usize)?)?;
        let (shape, _) = decode_space(fields.take(space as usize)?)?;
        let count = count(shape.as_deref().unwrap_or(&[]))?;
        let length = count.checked_mul(kind.size() as u64).and_then(|bytes| usize::try_from(bytes).ok());
        let data = fields.take(length.ok_or_else(|| Problem::new("an attribute is too long"))?)?.to_vec();
        Ok(Attribute { name, kind, shape, data })
    }
}

/// The product of extents.
pub(crate) fn count(shape: &[u64]) -> Result<u64> {
    let product = shape.iter().try_fold(1u64, |product, &extent| product.checked_mul(extent));
    product.ok_or_else(|| Problem::new("there are more elements than can be counted"))
}

/// A dataspace; `None` is a single value. `limits` are the extents that it may grow to.
pub(super) fn space(shape: Option<&[u64]>, limits: Option<&[u64]>) -> Vec<u8> {
    let Some(shape) = shape else { return vec![2, 0, 0, 0] };
    let mut bytes = vec![2, shape.len() as u8, u8::from(limits.is_some()), 1];
    for extent in shape.iter().chain(limits.unwrap_or_default()) {
        bytes.extend_from_slice(&extent.to_le_bytes());
    }
    bytes
}

type Space = (Option<Vec<u64>>, Option<Vec<u64>>);

pub(super) fn decode_space(bytes: &[u8]) -> Result<Space> {
    let mut fields = Fields(bytes);
    fields.require(&[2], "a dataspace")?;
    let (rank, flags, kind) = (fields.byte()?, fields.byte()?, fields.byte()?);
    match (kind, rank) {
        (0, _) => return Ok((None, None)),
        (1, 1..=8) => {}
        _ => return Err(Problem::new(format!("a dataspace of {rank} dimensions is not known here"))),
    }
    let mut extents = || (0..rank).map(|_| fields.number(8)).collect::<Result<Vec<u64>>>();
    let shape = extents()?;
    if shape.contains(&NONE) {
        return Err(Problem::new("an extent is not finite"));
    }
    let limits = if flags & 1 != 0 { Some(extents()?) } else { None };
    Ok((Some(shape), limits))
}
