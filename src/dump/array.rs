//! Arrays as views of the decompressed stream.

use super::dtype::{DType, Scalar};

/// An array in a dump: shape, order and data, nothing copied.
///
/// The data need not be aligned; elements are read byte by byte.
#[derive(Debug, Clone, Copy)]
pub struct Array<'a> {
    dtype: &'a DType,
    shape: &'a [usize],
    fortran: bool,
    data: &'a [u8],
    mask: Option<&'a [u8]>,
}

impl<'a> Array<'a> {
    pub(super) fn new(
        dtype: &'a DType,
        shape: &'a [usize],
        fortran: bool,
        data: &'a [u8],
        mask: Option<&'a [u8]>,
    ) -> Self {
        Array { dtype, shape, fortran, data, mask }
    }

    /// The type of the elements.
    pub fn dtype(&self) -> &'a DType {
        self.dtype
    }

    /// The sizes of the dimensions, slowest first in C order; empty for a numpy scalar.
    pub fn shape(&self) -> &'a [usize] {
        self.shape
    }

    /// Whether the first dimension runs fastest in memory.
    pub fn is_fortran(&self) -> bool {
        self.fortran
    }

    /// The raw bytes, in the order of memory.
    pub fn data(&self) -> &'a [u8] {
        self.data
    }

    /// Of a numpy masked array with masked places: a byte an element in the order of memory, not 0 where it is masked.
    ///
    /// Such places hold NaN in [`Array::data`], or the fill value of whole numbers
    /// ([`Element::fill`](crate::model::element::Element::fill)), whatever the dump has there.
    pub fn mask(&self) -> Option<&'a [u8]> {
        self.mask
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        // The product was checked against the data when the array was read.
        self.shape.iter().product()
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.shape.contains(&0)
    }

    /// The elements as `f64`, in the order of memory; `None` where they are no numbers.
    ///
    /// Whole numbers of 64 bits may round; everything else is exact.
    pub fn to_f64(&self) -> Option<Vec<f64>> {
        self.elements().map(|bytes| element_f64(self.dtype, bytes)).collect()
    }

    /// The elements as `i64`, in the order of memory; `None` where they are no whole numbers or one is too large.
    pub fn to_i64(&self) -> Option<Vec<i64>> {
        self.elements().map(|bytes| element_i64(self.dtype, bytes)).collect()
    }

    /// One field of a structured array, copied, with the same shape and order; `None` where there is no such field.
    pub fn field(&self, name: &str) -> Option<(&'a DType, Vec<u8>)> {
        let Scalar::Record(fields) = &self.dtype.scalar else { return None };
        let field = fields.iter().find(|field| field.name == name)?;
        let end = field.offset.checked_add(field.dtype.size)?;
        let mut bytes = Vec::with_capacity(self.len().checked_mul(field.dtype.size)?.min(self.data.len()));
        for element in self.elements() {
            bytes.extend_from_slice(element.get(field.offset..end)?);
        }
        Some((&field.dtype, bytes))
    }

    pub(super) fn scalar_i64(&self) -> Option<i64> {
        if self.shape.is_empty() { element_i64(self.dtype, self.data) } else { None }
    }

    pub(super) fn scalar_f64(&self) -> Option<f64> {
        if self.shape.is_empty() { element_f64(self.dtype, self.data) } else { None }
    }

    fn elements(&self) -> std::slice::ChunksExact<'a, u8> {
        self.data.chunks_exact(self.dtype.size.max(1))
    }
}

fn element_i64(dtype: &DType, bytes: &[u8]) -> Option<i64> {
    // Sign or zero extension to eight bytes covers every width.
    let negative = match dtype.scalar {
        // A masked truth value is -127, as in all products.
        Scalar::Int | Scalar::Time | Scalar::Bool => {
            let top = if dtype.big_endian { bytes.first() } else { bytes.last() };
            top? & 0x80 != 0
        }
        Scalar::UInt => false,
        _ => return None,
    };
    let mut wide = [if negative { 0xff } else { 0 }; 8];
    if dtype.big_endian {
        for (target, byte) in wide.iter_mut().zip(bytes.iter().rev()) {
            *target = *byte;
        }
    } else {
        wide.get_mut(..bytes.len())?.copy_from_slice(bytes);
    }
    let value = i64::from_le_bytes(wide);
    if dtype.scalar == Scalar::UInt && value < 0 { None } else { Some(value) }
}

fn element_f64(dtype: &DType, bytes: &[u8]) -> Option<f64> {
    if dtype.scalar != Scalar::Float {
        return match (dtype.scalar == Scalar::UInt, <[u8; 8]>::try_from(bytes)) {
            (true, Ok(wide)) if dtype.big_endian => Some(u64::from_be_bytes(wide) as f64),
            (true, Ok(wide)) => Some(u64::from_le_bytes(wide) as f64),
            _ => element_i64(dtype, bytes).map(|value| value as f64),
        };
    }
    let mut wide = [0u8; 8];
    let target = wide.get_mut(..bytes.len())?;
    target.copy_from_slice(bytes);
    if dtype.big_endian {
        target.reverse();
    }
    let bits = u64::from_le_bytes(wide);
    match bytes.len() {
        2 => Some(half_to_f64(bits as u16)),
        4 => Some(f64::from(f32::from_bits(bits as u32))),
        8 => Some(f64::from_bits(bits)),
        _ => None,
    }
}

/// The bytes of an array; `None` where elements or bytes cannot be counted.
pub(super) fn byte_count(shape: &[usize], size: usize) -> Option<usize> {
    // As numpy: an array without elements must still have countable other dimensions.
    shape
        .iter()
        .filter(|&&length| length > 0)
        .try_fold(size.max(1), |bytes, &length| bytes.checked_mul(length))?;
    Some(shape.iter().product::<usize>() * size)
}

fn half_to_f64(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let exponent = i32::from(bits >> 10 & 0x1f);
    let fraction = f64::from(bits & 0x3ff);
    match exponent {
        0 => sign * fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => sign * f64::INFINITY,
        31 => f64::NAN,
        _ => sign * (1.0 + fraction / 1024.0) * 2f64.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_follow_ieee_754() {
        for (bits, value) in [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0001, 5.960464477539063e-8),
            (0x3555, 0.333251953125),
        ] {
            assert_eq!(half_to_f64(bits), value);
        }
        assert_eq!(half_to_f64(0xfc00), f64::NEG_INFINITY);
        assert!(half_to_f64(0x7e01).is_nan());
    }

    #[test]
    fn whole_numbers_extend_their_sign_in_both_byte_orders() {
        let dtype = |text| DType::parse(text).expect("a type");
        assert_eq!(element_i64(&dtype("<i2"), &[0xfe, 0xff]), Some(-2));
        assert_eq!(element_i64(&dtype(">i2"), &[0xff, 0xfe]), Some(-2));
        assert_eq!(element_i64(&dtype("<u2"), &[0xfe, 0xff]), Some(65534));
        assert_eq!(element_i64(&dtype(">u4"), &[0, 0, 1, 2]), Some(258));
        assert_eq!(element_i64(&dtype("<u8"), &[0xff; 8]), None);
        assert_eq!(element_f64(&dtype("<u8"), &[0xff; 8]), Some(u64::MAX as f64));
    }
}
