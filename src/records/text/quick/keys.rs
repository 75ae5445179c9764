//! Places, times and labels of a line that is read from a cursor.

use super::*;

impl Quick {
    #[inline(always)]
    pub(super) fn coordinate<const B: bool>(
        &mut self,
        buffer: &[u8],
        at: usize,
        column: usize,
        which: usize,
    ) -> Option<(f64, usize)> {
        let seen = self.coordinates.get(which)?;
        if seen.at(buffer, at) {
            return Some((seen.value, at + seen.length));
        }
        let (value, end) = self.number::<f64, B>(buffer, at, column)?;
        *self.coordinates.get_mut(which)? = Seen::new(buffer, at, end, value).unwrap_or_default();
        Some((value, end))
    }

    #[inline(always)]
    pub(super) fn part<const B: bool>(
        &mut self,
        buffer: &[u8],
        at: usize,
        column: usize,
    ) -> Option<(i64, usize)> {
        let seen = self.parts.get(column)?;
        if seen.at(buffer, at) {
            return Some((seen.value, at + seen.length));
        }
        let (value, end) = self.integer::<B>(buffer, at)?;
        *self.parts.get_mut(column)? = Seen::new(buffer, at, end, value).unwrap_or_default();
        Some((value, end))
    }

    #[inline(always)]
    pub(super) fn integer<const B: bool>(&self, buffer: &[u8], at: usize) -> Option<(i64, usize)> {
        let (digits, is_negative) = self.digits(buffer, at)?;
        if digits.has_point || !self.is_end::<B>(buffer, digits.end) {
            return None;
        }
        let value = digits.mantissa as i64;
        Some((if is_negative { -value } else { value }, digits.end))
    }

    #[inline]
    pub(super) fn stamp<const B: bool>(
        &mut self,
        buffer: &[u8],
        at: usize,
        plan: &Plan,
        rule: &TimeRule,
        steps: &mut Steps,
    ) -> Option<(i64, usize)> {
        if self.stamp.at(buffer, at) {
            return Some((self.stamp.value, at + self.stamp.length));
        }
        if plan.time == Times::Number {
            let (value, end) = self.integer::<B>(buffer, at)?;
            let step = steps.of_number(rule, value).ok()?;
            self.stamp = Seen::new(buffer, at, end, step).unwrap_or_default();
            return Some((step, end));
        }
        let end = self.end_of::<B>(buffer, at)?;
        let text = buffer.get(at..end)?;
        // What may have blanks behind it is left to the other way.
        if text.last().is_none_or(|&last| last == b' ' || last == b'\t') {
            return None;
        }
        match self.stamp_step {
            Some(step) if self.stamp_text == text => Some((step, end)),
            _ => {
                let step = rule.step_of_text(text).ok()?;
                self.stamp = Seen::new(buffer, at, end, step).unwrap_or_default();
                self.stamp_text.clear();
                self.stamp_text.extend_from_slice(text);
                self.stamp_step = Some(step);
                Some((step, end))
            }
        }
    }

    #[inline]
    pub(super) fn label<const B: bool>(
        &mut self,
        buffer: &[u8],
        at: usize,
        making: &mut Making<'_>,
    ) -> Option<(u32, usize)> {
        let end = self.end_of::<B>(buffer, at)?;
        let text = buffer.get(at..end)?;
        if text.last().is_some_and(|&last| last == b' ' || last == b'\t') || (text.is_empty() && B) {
            return None;
        }
        match self.label {
            Some(label) if self.label_text == text => Some((label, end)),
            _ => {
                let label = making.label(text)?;
                self.label = Some(label);
                self.label_text.clear();
                self.label_text.extend_from_slice(text);
                Some((label, end))
            }
        }
    }

    /// The number of a cell that a field names.
    #[inline]
    pub(super) fn name<const B: bool>(
        &mut self,
        buffer: &[u8],
        at: usize,
        plan: &Plan,
    ) -> Option<(f64, usize)> {
        let end = self.end_of::<B>(buffer, at)?;
        let text = buffer.get(at..end)?;
        match self.name {
            Some(known) if self.name_text == text => Some((known, end)),
            _ => {
                // What is in no table, or has blanks behind it, is left to the other way.
                let found = plan.cell_of(text)?;
                self.name = Some(found);
                self.name_text.clear();
                self.name_text.extend_from_slice(text);
                Some((found, end))
            }
        }
    }

    /// A field that tells records apart.
    #[inline]
    pub(super) fn key<const B: bool>(&self, buffer: &[u8], at: usize) -> Option<(u64, usize)> {
        let end = self.end_of::<B>(buffer, at)?;
        let text = buffer.get(at..end)?;
        // What may have blanks behind it is left to the other way.
        if text.last().is_some_and(|&last| last == b' ' || last == b'\t') || (text.is_empty() && B) {
            return None;
        }
        Some((key_of(text), end))
    }
}
