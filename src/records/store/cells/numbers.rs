//! Values of cells as numbers, and numbers as values.

use crate::model::element::Element;
use crate::records::description::Repeated;
use crate::records::exact;

use super::Kept;

/// A value as a number to be compared; `None` where it is missing. Whole numbers of eight bytes beyond 2⁵³ are rounded.
pub(super) fn number_of(bits: u64, element: Element) -> Option<f64> {
    let is_fill = || bits.to_le_bytes().get(..element.size()) == Some(element.fill_bytes());
    let number = match element {
        Element::Float32 => f64::from(f32::from_bits(bits as u32)),
        Element::Float64 => f64::from_bits(bits),
        _ if is_fill() => return None,
        Element::Int8 => f64::from(bits as i8),
        Element::Int16 => f64::from(bits as i16),
        Element::Int32 => f64::from(bits as i32),
        Element::Int64 => bits as i64 as f64,
        Element::UInt8 | Element::UInt16 | Element::UInt32 | Element::UInt64 => bits as f64,
    };
    (!number.is_nan()).then_some(number)
}

pub(super) fn put_bits(bits: u64, target: &mut [u8]) {
    let bytes = bits.to_le_bytes();
    target.copy_from_slice(bytes.get(..target.len()).unwrap_or_default());
}

/// Puts a number, or what stands for a missing value.
pub(super) fn put_number(number: Option<f64>, element: Element, target: &mut [u8]) {
    let bits = match (element, number) {
        (Element::Float32, number) => u64::from((number.unwrap_or(f64::NAN) as f32).to_bits()),
        (Element::Float64, number) => number.unwrap_or(f64::NAN).to_bits(),
        (_, Some(number)) if fits(number, element) => number as i64 as u64,
        _ => u64::from_le_bytes(element.fill()),
    };
    put_bits(bits, target);
}

/// Whether a number is a whole one of a type.
fn fits(number: f64, element: Element) -> bool {
    let bits = 8 * element.size() as i32 - 1;
    number == number.trunc() && number >= -(2f64.powi(bits)) && number < 2f64.powi(bits)
}

/// Parts that a sum of numbers of eight bytes has at most: 2,098 bits in parts of 53, and one of four bytes below.
pub(super) const MOST_PARTS: usize = 41;

/// The parts of a sum that was kept, and how many terms it has; 0 where it is missing.
pub(super) fn parts_of<'a>(bytes: &[u8], kept: &Kept, parts: &'a mut [f64; MOST_PARTS]) -> (&'a [f64], u64) {
    let length = usize::from(kept.parts).min(MOST_PARTS - 1);
    let (short, bytes) = bytes.split_at_checked(4 * usize::from(kept.is_short)).unwrap_or_default();
    let (own, rest) = bytes.split_at_checked(8 * length).unwrap_or_default();
    let (short, own) = (short.as_chunks::<4>().0, own.as_chunks::<8>().0);
    let short = short.iter().map(|&bytes| f64::from(f32::from_le_bytes(bytes)));
    let all = short.chain(own.iter().map(|&bytes| f64::from_le_bytes(bytes)));
    let mut count = 0;
    for (part, value) in parts.iter_mut().zip(all) {
        *part = value;
        count += 1;
    }
    let parts = parts.get(..count).unwrap_or_default();
    match (parts.first().is_none_or(|part| part.is_nan()), rest.first_chunk::<4>()) {
        // A sum of a number that is none is missing, as one without terms.
        (true, _) => (&[], 0),
        (false, None) => (parts, 1),
        (false, Some(&count)) => (parts, u64::from(u32::from_le_bytes(count))),
    }
}

pub(super) fn put_sum(parts: &[f64], count: u64, repeated: Repeated, element: Element, target: &mut [u8]) {
    match (count, repeated, element) {
        (0, ..) => put_number(None, element, target),
        (_, Repeated::Mean, _) => put_number(Some(exact::to_f64(parts) / count as f64), element, target),
        (_, _, Element::Float32) => put_bits(u64::from(exact::to_f32(parts).to_bits()), target),
        _ => put_number(Some(exact::to_f64(parts)), element, target),
    }
}
