//! Values of a line that is read from a cursor.

use super::*;

impl Quick {
    /// A number of floats of a type, and where it ends.
    #[inline(always)]
    pub(super) fn number<T: Float, const B: bool>(
        &mut self,
        buffer: &[u8],
        at: usize,
        column: usize,
    ) -> Option<(T, usize)> {
        if self.is_long.get(column) == Some(&false)
            && let Some((digits, is_negative)) = self.digits(buffer, at)
            && self.is_end::<B>(buffer, digits.end)
            && let Some(value) = T::quotient(digits.mantissa, digits.decimals)
        {
            return Some((if is_negative { value.negative() } else { value }, digits.end));
        }
        self.long_number::<T, B>(buffer, at, column)
    }

    #[inline]
    pub(super) fn long_number<T: Float, const B: bool>(
        &mut self,
        buffer: &[u8],
        at: usize,
        column: usize,
    ) -> Option<(T, usize)> {
        let is_negative = buffer.get(at) == Some(&b'-');
        if let Some(digits) = swar::many_digits(buffer, at + usize::from(is_negative), self.point)
            && self.is_end::<B>(buffer, digits.end)
            && let Some(value) = T::divided(digits.mantissa, digits.decimals)
        {
            if let Some(is_long) = self.is_long.get_mut(column) {
                *is_long = digits.end - at > 13;
            }
            return Some((if is_negative { value.negative() } else { value }, digits.end));
        }
        let first = *buffer.get(at)?;
        let is_begin = first.is_ascii_digit() || (first == b'-' && buffer.get(at + 1)?.is_ascii_digit());
        if self.point != b'.' || !is_begin {
            return None;
        }
        let (value, length) = T::begin(buffer.get(at..)?)?;
        let end = at + length;
        if !self.is_end::<B>(buffer, end) || !value.is_finite() || length > number::LONGEST {
            return None;
        }
        if let Some(is_long) = self.is_long.get_mut(column) {
            *is_long = length > 13;
        }
        Some((value, end))
    }

    /// A value that is missing, and where its field ends.
    #[inline]
    pub(super) fn missing<const B: bool>(
        &self,
        buffer: &[u8],
        at: usize,
        index: usize,
        plan: &Plan,
    ) -> Option<usize> {
        if self.is_end::<B>(buffer, at) {
            return (!B).then_some(at);
        }
        let end = self.end_of::<B>(buffer, at)?;
        let text = buffer.get(at..end)?;
        let is_missing =
            plan.is_code(index, text) || number::float::<f64>(text, self.point) == Ok(Field::Missing);
        is_missing.then_some(end)
    }

    #[inline(always)]
    pub(super) fn value<T: Float + Value, const B: bool>(
        &mut self,
        buffer: &[u8],
        at: usize,
        column: usize,
        index: usize,
        plan: &Plan,
        making: &mut Making<'_>,
    ) -> Option<usize> {
        let found = match !B && self.is_end::<B>(buffer, at) {
            // Nothing stands between two separators.
            true => return T::MISSING.push(making.rows.columns.get_mut(index)?).map(|()| at),
            false => self.number::<T, B>(buffer, at, column),
        };
        let (value, end) = match found {
            Some((value, end)) => {
                let codes = plan.codes.get(index)?;
                let is_code = !codes.numbers.is_empty()
                    && codes.numbers.iter().any(|code| value.is(*code))
                    && plan.is_code(index, buffer.get(at..end)?);
                (if is_code { T::MISSING } else { value }, end)
            }
            None => (T::MISSING, self.missing::<B>(buffer, at, index, plan)?),
        };
        value.push(making.rows.columns.get_mut(index)?)?;
        Some(end)
    }

    #[inline]
    pub(super) fn whole<const B: bool>(
        &mut self,
        buffer: &[u8],
        at: usize,
        index: usize,
        plan: &Plan,
        making: &mut Making<'_>,
    ) -> Option<usize> {
        let found = self
            .digits(buffer, at)
            .filter(|(digits, _)| !digits.has_point && self.is_end::<B>(buffer, digits.end));
        let (value, end) = match found {
            Some((digits, is_negative)) => {
                let value = digits.mantissa as i64;
                let value =
                    in_range(plan.elements.get(index), if is_negative { -value } else { value }).ok()?;
                let is_code = plan.is_code(index, buffer.get(at..digits.end)?);
                (if is_code { MISSING } else { value }, digits.end)
            }
            None => (MISSING, self.missing::<B>(buffer, at, index, plan)?),
        };
        match making.rows.columns.get_mut(index)? {
            Column::Whole(values) => values.push(value),
            _ => return None,
        }
        Some(end)
    }
}

/// A float that goes into a column of its type.
pub(in crate::records::text) trait Value: Sized {
    const MISSING: Self;
    /// Whether it is the nearest to a number that was read as eight bytes.
    fn is(&self, code: f64) -> bool;
    fn push(self, column: &mut Column) -> Option<()>;
}

impl Value for f32 {
    const MISSING: f32 = f32::NAN;

    #[inline(always)]
    fn is(&self, code: f64) -> bool {
        // Texts decide; this only has to hold where they are the same, and the nearest of the nearest is at most a step off.
        f64::from(*self) == code || (f64::from(*self) - code).abs() <= code.abs() * 1e-6
    }

    #[inline(always)]
    fn push(self, column: &mut Column) -> Option<()> {
        if let Column::F4(values) = column {
            values.push(self);
            return Some(());
        }
        None
    }
}

impl Value for f64 {
    const MISSING: f64 = f64::NAN;

    #[inline(always)]
    fn is(&self, code: f64) -> bool {
        *self == code
    }

    #[inline(always)]
    fn push(self, column: &mut Column) -> Option<()> {
        if let Column::F8(values) = column {
            values.push(self);
            return Some(());
        }
        None
    }
}
