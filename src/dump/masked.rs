//! Masked places of numpy's masked arrays.
//!
//! What stands under a mask means nothing, so it is replaced at once by what every product masks anyway: NaN, or the
//! fill value of whole numbers. All that reads dumps then masks these places without knowing of masks.

use super::dtype::{DType, Scalar};

/// The data with the masked places replaced; `mask` has a byte an element.
pub(super) fn fill(dtype: &DType, data: &[u8], mask: &[u8]) -> Vec<u8> {
    let mut filled = data.to_vec();
    let Some(mut value) = value(dtype) else { return filled };
    if dtype.big_endian {
        value.reverse();
    }
    let places = filled.chunks_exact_mut(dtype.size.max(1)).zip(mask);
    for (place, _) in places.filter(|(_, mask)| **mask != 0) {
        place.copy_from_slice(&value);
    }
    filled
}

/// What stands for a masked place, little endian; `None` of types that no product can have.
pub(crate) fn value(dtype: &DType) -> Option<Vec<u8>> {
    match (&dtype.scalar, dtype.size) {
        (Scalar::Float, 2) => Some(0x7e00_u16.to_le_bytes().to_vec()),
        (Scalar::Float, 4) => Some(f32::NAN.to_le_bytes().to_vec()),
        (Scalar::Float, 8) => Some(f64::NAN.to_le_bytes().to_vec()),
        _ => Some(dtype.element()?.fill_bytes().to_vec()),
    }
}
