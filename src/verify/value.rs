//! Single values, told from missing ones.

use crate::model::element::Element;

/// A value as a double; `None` where it is missing: NaN, or what stands for a missing value.
pub(super) fn number(element: Element, bytes: &[u8]) -> Option<f64> {
    let bits = bits(element, bytes)?;
    Some(match element {
        Element::Float32 => f64::from(f32::from_bits(bits as u32)),
        Element::Float64 => f64::from_bits(bits),
        Element::UInt8 | Element::UInt16 | Element::UInt32 | Element::UInt64 => bits as f64,
        _ => bits as i64 as f64,
    })
}

/// A value's bits, whole numbers with their sign in 64 bits; `None` where it is missing.
pub(super) fn bits(element: Element, bytes: &[u8]) -> Option<u64> {
    let mut word = [0; 8];
    word.get_mut(..bytes.len())?.copy_from_slice(bytes);
    let bits = u64::from_le_bytes(word);
    let is_nan = match element {
        Element::Float32 => f32::from_bits(bits as u32).is_nan(),
        Element::Float64 => f64::from_bits(bits).is_nan(),
        _ => false,
    };
    if is_nan || element.fill_bytes() == bytes {
        return None;
    }
    Some(match element {
        Element::Int8 => i64::from(bits as u8 as i8) as u64,
        Element::Int16 => i64::from(bits as u16 as i16) as u64,
        Element::Int32 => i64::from(bits as u32 as i32) as u64,
        _ => bits,
    })
}
