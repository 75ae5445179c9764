//! Lines that are as most are, read from a cursor: each column as what it is, with what the line before had compared first.
//!
//! What is read here is what the way that knows everything reads; anything that might not be goes there.

use crate::records::rows::{Column, MISSING, key_of, key_with};
use crate::records::schema::{Part, Separator, TimeRule};
use crate::records::times::Parts;

use super::line::in_range;
use super::making::{Making, Steps, fixed_label};
use super::number::{self, Field, Float};
use super::plan::{Op, Plan, Times};
use super::swar::{self, Digits};

mod keys;
mod spread;
mod values;

pub(super) use values::Value;

/// A short field with the byte that ends it, and its value.
#[derive(Debug, Clone, Copy, Default)]
struct Seen<T> {
    text: u128,
    mask: u128,
    length: usize,
    value: T,
}

impl<T: Copy> Seen<T> {
    /// A field that ends with the byte at `end`.
    fn new(buffer: &[u8], begin: usize, end: usize, value: T) -> Option<Self> {
        let length = end - begin;
        let mask = match length {
            0..15 => (1u128 << (8 * (length + 1))) - 1,
            15 => u128::MAX,
            _ => return None,
        };
        Some(Seen { text: swar::sixteen(buffer, begin) & mask, mask, length, value })
    }

    #[inline(always)]
    fn at(&self, buffer: &[u8], at: usize) -> bool {
        swar::sixteen(buffer, at) & self.mask == self.text && self.mask != 0
    }
}

/// What the lines before had.
#[derive(Debug)]
pub(super) struct Quick {
    /// Whether lines of this dialect can be read this way.
    pub(super) is_able: bool,
    /// The separator, where it is not any run of blanks.
    separator: u8,
    is_blanks: bool,
    point: u8,
    /// The first byte of a comment.
    comment: Option<u8>,
    coordinates: [Seen<f64>; 2],
    parts: Vec<Seen<i64>>,
    stamp: Seen<i64>,
    stamp_text: Vec<u8>,
    stamp_step: Option<i64>,
    label_text: Vec<u8>,
    label: Option<u32>,
    name_text: Vec<u8>,
    name: Option<f64>,
    /// Columns whose last value had more digits than are quick to read.
    is_long: Vec<bool>,
    months: Option<(Parts, Vec<i64>)>,
}

impl Quick {
    pub(super) fn new(plan: &Plan) -> Self {
        let dialect = &plan.dialect;
        let separator = if let Separator::Byte(byte) = plan.separator { byte } else { b' ' };
        let is_plain = |byte: u8| {
            !byte.is_ascii_alphanumeric() && !matches!(byte, b'+' | b'-' | b'.' | b'"' | b'\n' | b'\r' | b' ')
        };
        let is_able = match plan.separator {
            Separator::Fixed(_) => false,
            Separator::Blanks => true,
            Separator::Byte(byte) => byte != dialect.decimal && byte.is_ascii() && is_plain(byte),
        };
        // A header that is a line of numbers is told by the other way only.
        let words: Vec<&[u8]> =
            plan.header.split(|byte| b" \t,;|\"".contains(byte)).filter(|word| !word.is_empty()).collect();
        let is_number = |word: &&[u8]| number::is_number(word, dialect.decimal);
        let is_like_a_row = !words.is_empty()
            && match words.len() == plan.ops.len() {
                true => words.iter().zip(&plan.ops).all(|(word, op)| {
                    matches!(op, Op::Skip | Op::Name | Op::Label | Op::Key) || is_number(word)
                }),
                false => words.iter().all(is_number),
            };
        let comment = dialect.comment.first().copied();
        Quick {
            is_able: is_able && matches!(dialect.decimal, b'.' | b',') && !is_like_a_row,
            separator,
            is_blanks: plan.separator == Separator::Blanks,
            point: dialect.decimal,
            comment,
            coordinates: Default::default(),
            parts: vec![Seen::default(); plan.ops.len()],
            stamp: Seen::default(),
            stamp_text: Vec::new(),
            stamp_step: None,
            label_text: Vec::new(),
            label: None,
            name_text: Vec::new(),
            name: None,
            is_long: vec![false; plan.ops.len()],
            months: None,
        }
    }

    /// Forgets labels, which are numbers of rows that were taken.
    pub(super) fn is_taken(&mut self) {
        self.label = None;
    }

    /// Reads a line and tells where the next begins; `None` where it is not one of those that are read here, with half a row left behind.
    #[inline]
    pub(super) fn line(
        &mut self,
        buffer: &[u8],
        start: usize,
        line: u32,
        of: (&Plan, &TimeRule, i64),
        steps: &mut Steps,
        making: &mut Making<'_>,
    ) -> Option<usize> {
        match self.is_blanks {
            true => self.read::<true>(buffer, start, line, of, steps, making),
            false => self.read::<false>(buffer, start, line, of, steps, making),
        }
    }

    /// The same for columns between blanks (`B`), or another separator.
    #[inline(always)]
    fn read<const B: bool>(
        &mut self,
        buffer: &[u8],
        start: usize,
        line: u32,
        (plan, rule, by_line): (&Plan, &TimeRule, i64),
        steps: &mut Steps,
        making: &mut Making<'_>,
    ) -> Option<usize> {
        let mut at = start;
        let mut place = plan.place;
        let mut parts = plan.parts;
        let mut step = by_line;
        let mut label = None;
        let mut key = plan.key;
        let mut spread = None;
        if let Some(comment) = self.comment {
            let first = swar::skip_blanks(buffer, at);
            if buffer.get(first) == Some(&comment) {
                return None;
            }
        }
        let mut is_first = true;
        for (column, &op) in plan.ops.iter().enumerate() {
            if !is_first {
                // Behind the field before.
                let is_apart = match B {
                    true => matches!(buffer.get(at), Some(b' ' | b'\t')),
                    false => buffer.get(at) == Some(&self.separator),
                };
                if !is_apart {
                    return None;
                }
                at += usize::from(!B);
            }
            at = if B {
                swar::skip_blanks(buffer, at)
            } else if buffer.get(at) == Some(&b' ') {
                at + buffer.get(at..)?.iter().take_while(|&&byte| byte == b' ').count()
            } else {
                at
            };
            if is_first && matches!(buffer.get(at), Some(b'\n' | b'\r')) {
                return None;
            }
            is_first = false;
            at = match op {
                Op::F4(index) => self.value::<f32, B>(buffer, at, column, index, plan, making)?,
                Op::F8(index) => self.value::<f64, B>(buffer, at, column, index, plan, making)?,
                Op::Whole(index) => self.whole::<B>(buffer, at, index, plan, making)?,
                Op::Skip => self.skip::<B>(buffer, at)?,
                Op::First | Op::Second => {
                    let which = usize::from(op == Op::Second);
                    let (value, end) = self.coordinate::<B>(buffer, at, column, which)?;
                    place[which] = value;
                    end
                }
                Op::Name => {
                    let (value, end) = self.name::<B>(buffer, at, plan)?;
                    place = [value, 0.0];
                    end
                }
                Op::Time(part) => {
                    let (value, end) = self.part::<B>(buffer, at, column)?;
                    parts.set(part, value);
                    end
                }
                Op::Stamp => {
                    let (found, end) = self.stamp::<B>(buffer, at, plan, rule, steps)?;
                    step = found;
                    end
                }
                Op::Label => {
                    let (found, end) = self.label::<B>(buffer, at, making)?;
                    label = Some(found);
                    end
                }
                Op::Key => {
                    let (found, end) = self.key::<B>(buffer, at)?;
                    key = Some(key_with(key, found));
                    end
                }
                Op::Spread(_) => {
                    spread = Some((column, at));
                    break;
                }
            };
        }
        if plan.has_labels && label.is_none() {
            label = fixed_label(plan, making);
        }
        match plan.time {
            Times::Parts => step = steps.of_parts(rule, &parts).ok()?,
            Times::Months => self.year(plan, &parts, rule, steps)?,
            Times::Number | Times::Text | Times::Line(_) => {}
        }
        if !place.iter().all(|value| value.is_finite()) {
            return None;
        }
        let cell = if plan.cells.is_some() { 0 } else { making.place(place) };
        if let Some((column, begin)) = spread {
            return self.spread::<B>(buffer, (column, begin), line, (cell, step, label, key), plan, making);
        }
        let next = self.end::<B>(buffer, at)?;
        if let Some(label) = label {
            making.rows.labels.push(label);
        }
        if let Some(key) = key {
            making.rows.keys.push(key);
        }
        making.row(cell, step, line);
        Some(next)
    }

    /// The beginning of the next line, where this one ends.
    #[inline(always)]
    fn end<const B: bool>(&self, buffer: &[u8], at: usize) -> Option<usize> {
        let at = if B {
            swar::skip_blanks(buffer, at)
        } else {
            at + usize::from(buffer.get(at) == Some(&self.separator))
        };
        match buffer.get(at)? {
            b'\n' => Some(at + 1),
            b'\r' if buffer.get(at + 1) == Some(&b'\n') => Some(at + 2),
            _ => None,
        }
    }

    /// Whether a field ends at a byte.
    #[inline(always)]
    fn is_end<const B: bool>(&self, buffer: &[u8], at: usize) -> bool {
        match buffer.get(at) {
            Some(b'\n') => true,
            Some(b'\r') => buffer.get(at + 1) == Some(&b'\n'),
            Some(&byte) => {
                if B {
                    byte == b' ' || byte == b'\t'
                } else {
                    byte == self.separator
                }
            }
            None => false,
        }
    }

    /// Where a field that begins here ends.
    #[inline]
    fn end_of<const B: bool>(&self, buffer: &[u8], at: usize) -> Option<usize> {
        if buffer.get(at) == Some(&b'"') {
            return None;
        }
        let end = match B {
            false => {
                let end = swar::to_separator(buffer, at, self.separator);
                if buffer.get(end) == Some(&b'\n') && end > at && buffer.get(end - 1) == Some(&b'\r') {
                    end - 1
                } else {
                    end
                }
            }
            true => swar::to_blank(buffer, at),
        };
        self.is_end::<B>(buffer, end).then_some(end)
    }

    #[inline(always)]
    fn digits(&self, buffer: &[u8], at: usize) -> Option<(Digits, bool)> {
        let is_negative = buffer.get(at) == Some(&b'-');
        Some((swar::digits(buffer, at + usize::from(is_negative), self.point)?, is_negative))
    }

    /// Passes by a field.
    #[inline]
    fn skip<const B: bool>(&self, buffer: &[u8], at: usize) -> Option<usize> {
        let end = self.end_of::<B>(buffer, at)?;
        // Between blanks there is no empty field.
        (end > at || !B).then_some(end)
    }
}
