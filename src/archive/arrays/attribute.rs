//! What is said of arrays, and of their file.

use crate::hdf5::attribute::Attribute;
use crate::hdf5::datatype::Datatype;
use crate::model::element::Element;

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum ArrayAttribute {
    /// A text, of at most 60,000 bytes and without zeros among them.
    Text(String),
    /// Numbers.
    Numbers {
        /// Their type.
        element: Element,
        /// Their bytes, little endian.
        bytes: Vec<u8>,
        /// Whether it is one number by itself, not a list.
        is_single: bool,
    },
}

/// Bytes of a value at most: what an object header has room for.
const LONGEST: usize = 60_000;

impl ArrayAttribute {
    pub(super) fn of(attribute: &Attribute) -> Option<Self> {
        match attribute.kind {
            Datatype::Text(_) => attribute.as_text().map(|text| ArrayAttribute::Text(text.to_owned())),
            Datatype::Number(element) => Some(ArrayAttribute::Numbers {
                element,
                bytes: attribute.data.clone(),
                is_single: attribute.shape.is_none(),
            }),
            _ => None,
        }
    }

    /// An attribute of that name; or why there cannot be one.
    pub(super) fn named(&self, name: &str) -> Result<Attribute, &'static str> {
        if name.is_empty() || name.len() > 255 || name.contains('\0') {
            return Err("HDF5 does not allow this name");
        }
        match self {
            ArrayAttribute::Text(text) if text.len() > LONGEST => Err("its text is longer than 60,000 bytes"),
            ArrayAttribute::Text(text) if text.contains('\0') => Err("its text has a zero in it"),
            ArrayAttribute::Text(text) => Ok(Attribute::text(name, text)),
            ArrayAttribute::Numbers { bytes, .. } if bytes.len() > LONGEST => {
                Err("its numbers take more than 60,000 bytes")
            }
            ArrayAttribute::Numbers { element, bytes, is_single } => {
                let attribute = Attribute::value(name, *element, bytes.clone());
                let size = element.size();
                match is_single {
                    true if bytes.len() == size => Ok(Attribute { shape: None, ..attribute }),
                    false if !bytes.is_empty() && bytes.len().is_multiple_of(size) => Ok(attribute),
                    _ => Err("its bytes are not whole numbers of its type"),
                }
            }
        }
    }
}
