//! Attributes and texts of HDF5 files as the crate does not read them: whatever their types, and damaged ones too.

use hdf5_metno::types::{FixedAscii, FixedUnicode, TypeDescriptor, VarLenAscii, VarLenUnicode};
use hdf5_metno::{Dataset, Location};

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// All texts of a dataset.
///
/// # Errors
/// What the library says.
pub(crate) fn texts(dataset: &Dataset) -> Result<Vec<String>, String> {
    let texts = dataset.read_raw::<VarLenUnicode>().map_err(|error| error.to_string())?;
    Ok(texts.iter().map(|text| lossy(text.as_bytes())).collect())
}

/// An attribute as text, whatever it is.
pub(crate) fn attribute(place: &Location, name: &str) -> String {
    let unknown = || "(another type)".to_owned();
    let Ok(attribute) = place.attr(name) else { return unknown() };
    let kind = attribute.dtype().and_then(|kind| kind.to_descriptor());
    macro_rules! number {
        ($number:ty) => {
            attribute.read_scalar::<$number>().map_or_else(|_| unknown(), |value| format!("{value:e}"))
        };
    }
    // A text that is damaged may not be UTF-8, which the crate does not look at.
    macro_rules! text {
        ($text:ty) => {
            attribute.read_scalar::<$text>().map_or_else(|_| unknown(), |text| lossy(text.as_bytes()))
        };
    }
    match kind {
        Ok(TypeDescriptor::VarLenUnicode) => text!(VarLenUnicode),
        Ok(TypeDescriptor::VarLenAscii) => text!(VarLenAscii),
        Ok(TypeDescriptor::FixedUnicode(_)) => text!(FixedUnicode<256>),
        Ok(TypeDescriptor::FixedAscii(_)) => text!(FixedAscii<256>),
        Ok(kind) => match kind.to_string().as_str() {
            "float32" => number!(f32),
            "float64" => number!(f64),
            "int8" => number!(i8),
            "int16" => number!(i16),
            "int32" => number!(i32),
            "int64" => number!(i64),
            "uint8" => number!(u8),
            "uint16" => number!(u16),
            "uint32" => number!(u32),
            "uint64" => number!(u64),
            _ => unknown(),
        },
        Err(_) => unknown(),
    }
}
