//! Object headers of version 2 (§IV.A.1.b), each in one piece.

use super::attribute::Attribute;
use super::{Fields, Problem, Result, checked, seal};

pub(super) const DATASPACE: u8 = 0x01;
pub(super) const LINK_INFO: u8 = 0x02;
pub(super) const DATATYPE: u8 = 0x03;
pub(super) const FILL: u8 = 0x05;
pub(super) const LINK: u8 = 0x06;
pub(super) const LAYOUT: u8 = 0x08;
pub(super) const GROUP_INFO: u8 = 0x0a;
pub(super) const FILTERS: u8 = 0x0b;
pub(super) const ATTRIBUTE: u8 = 0x0c;
#[cfg(feature = "netcdf")]
const ATTRIBUTE_INFO: u8 = 0x15;
const CONTINUATION: u8 = 0x10;

/// Bytes in front of the messages.
const PREFIX: usize = 10;

/// A header that is being made.
#[derive(Debug, Default)]
pub(super) struct Header {
    messages: Vec<u8>,
    attributes: u16,
    /// Whether attributes that others add shall be found in the order in which they were made.
    is_indexed: bool,
}

impl Header {
    /// A header as netCDF-C makes them, to which it can add.
    #[cfg(feature = "netcdf")]
    pub fn indexed() -> Self {
        Header { is_indexed: true, ..Header::default() }
    }

    /// Adds a message; one that is `constant` never changes while the object is there.
    pub fn message(&mut self, kind: u8, constant: bool, body: &[u8]) -> Result<()> {
        self.push(kind, constant, 0, body)
    }

    /// Adds attributes, in their order.
    pub fn attributes(&mut self, attributes: &[Attribute]) -> Result<()> {
        #[cfg(feature = "netcdf")]
        if self.is_indexed {
            // They stand in the header, and have neither heap nor trees.
            let count = (attributes.len() as u16).to_le_bytes();
            let info = [&[0, 3][..], &count, &super::NONE.to_le_bytes().repeat(3)].concat();
            self.message(ATTRIBUTE_INFO, false, &info)?;
        }
        for attribute in attributes {
            self.push(ATTRIBUTE, false, self.attributes, &attribute.encode())?;
            self.attributes = self.attributes.saturating_add(1);
        }
        Ok(())
    }

    fn push(&mut self, kind: u8, constant: bool, order: u16, body: &[u8]) -> Result<()> {
        let length = u16::try_from(body.len())
            .map_err(|_| Problem::new(format!("a message of {} bytes fits no object header", body.len())))?;
        self.messages.push(kind);
        self.messages.extend_from_slice(&length.to_le_bytes());
        self.messages.push(u8::from(constant));
        self.messages.extend_from_slice(&order.to_le_bytes());
        self.messages.extend_from_slice(body);
        Ok(())
    }

    /// The header's bytes.
    pub fn finish(self) -> Vec<u8> {
        // The order of attributes is kept; the size of the messages takes four bytes.
        let mut bytes = b"OHDR\x02".to_vec();
        bytes.push(if self.is_indexed { 0x0e } else { 0x06 });
        bytes.extend_from_slice(&(self.messages.len() as u32).to_le_bytes());
        bytes.extend(self.messages);
        seal(bytes)
    }
}

/// How long a header is, by its first bytes.
pub(crate) fn length(start: &[u8]) -> Result<usize> {
    let mut fields = Fields(start);
    fields.require(b"OHDR\x02", "an object header")?;
    match fields.byte()? {
        0x06 => Ok(PREFIX + fields.number(4)? as usize + 4),
        _ => Err(Problem::other(
            "it is not an archive of gridloom but another HDF5 or NetCDF file, or its metadata are damaged",
        )),
    }
}

/// The messages of a header: kind and body.
pub(super) fn messages(bytes: &[u8]) -> Result<Vec<(u8, &[u8])>> {
    let body = checked(bytes, "an object header")?;
    let mut fields = Fields(body.get(PREFIX..).unwrap_or_default());
    let mut messages = Vec::new();
    while !fields.0.is_empty() {
        let kind = fields.byte()?;
        let length = fields.number(2)? as usize;
        let flags = fields.byte()?;
        fields.number(2)?;
        if flags & 2 != 0 || kind == CONTINUATION {
            return Err(Problem::new("an object header was changed by another program"));
        }
        messages.push((kind, fields.take(length)?));
    }
    Ok(messages)
}
