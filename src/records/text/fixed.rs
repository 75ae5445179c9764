//! Lines between blanks whose columns all end at the same bytes, as programs print tables: a block of lines is read a column at a time.
//!
//! Where columns end is learned from a line that was read from the cursor. Every line is held against it: a blank before each column, digits and
//! points where they have to be, the end of the line at its place. So a line that is read here has exactly these fields between its blanks, and
//! any other goes back to the cursor.

use crate::records::rows::Column;
use crate::records::schema::{Part, Separator, TimeRule};

use super::making::{Making, Steps, truncate};
use super::number::{self, Field, Float};
use super::plan::{Op, Plan, Times};
use super::quick::Value;
use super::swar;

/// Where a column begins and ends, from the beginning of its line.
#[derive(Debug, Clone, Copy)]
struct Cut {
    begin: usize,
    end: usize,
}

#[derive(Debug, Clone, Copy)]
enum Key {
    Coordinate(usize),
    Part(Part),
    Skip,
}

/// A column that is no value, and what the line before had there.
#[derive(Debug, Clone, Copy)]
struct KeyCut {
    key: Key,
    cut: Cut,
    mask: u128,
    text: u128,
    is_known: bool,
    coordinate: f64,
    part: i64,
}

#[derive(Debug, Clone, Copy)]
struct ValueCut {
    index: usize,
    cut: Cut,
    decimals: u32,
}

#[derive(Debug)]
struct Layout {
    /// Bytes of a line with its end.
    width: usize,
    has_return: bool,
    keys: Vec<KeyCut>,
    values: Vec<ValueCut>,
    /// Steps of the only part of time that lines have, by its value; empty where they have several.
    steps: Vec<Option<(i64, i64)>>,
}

/// Steps that are kept, by the last bits of the value.
const STEPS: usize = 256;

/// What is known of the places of columns.
#[derive(Debug)]
pub(super) struct Fixed {
    layout: Option<Layout>,
    is_able: bool,
    /// Lines in turn that were not as was learned.
    misses: u32,
    batch: usize,
}

const MOST_MISSES: u32 = 32;
const MOST_LINES: usize = 128;

impl Fixed {
    pub(super) fn new(plan: &Plan, is_able: bool) -> Self {
        let is_known =
            |op: &Op| matches!(op, Op::Skip | Op::First | Op::Second | Op::Time(_) | Op::F4(_) | Op::F8(_));
        // A comment could stand where a column is that is not looked at.
        let is_clear = plan.dialect.comment.is_empty() || plan.ops.first() != Some(&Op::Skip);
        let is_comment_a_number = plan
            .dialect
            .comment
            .first()
            .is_some_and(|&byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.'));
        let is_able = is_able
            && is_clear
            && !is_comment_a_number
            && plan.separator == Separator::Blanks
            && plan.dialect.decimal == b'.'
            && plan.ops.iter().all(is_known)
            && matches!(plan.time, Times::Parts | Times::Line(_))
            && !plan.has_labels
            && plan.cells.is_none();
        Fixed { layout: None, is_able, misses: 0, batch: 8 }
    }

    /// Whether a line would teach where columns end.
    #[inline]
    pub(super) fn is_curious(&self) -> bool {
        self.is_able && self.layout.is_none()
    }

    /// Learns from a line with its end.
    pub(super) fn learn(&mut self, line: &[u8], plan: &Plan) {
        self.layout = Layout::of(line, plan);
        if self.layout.is_none() {
            self.miss();
        }
    }

    fn miss(&mut self) {
        self.misses += 1;
        if self.misses > MOST_MISSES {
            (self.is_able, self.layout) = (false, None);
        }
    }

    /// Reads lines as long as they are as was learned. Tells how many bytes and lines.
    #[inline]
    pub(super) fn lines(
        &mut self,
        buffer: &[u8],
        (at, end): (usize, usize),
        line: u32,
        (plan, rule, by_line): (&Plan, &TimeRule, i64),
        steps: &mut Steps,
        making: &mut Making<'_>,
    ) -> (usize, usize) {
        let Some(layout) = &mut self.layout else { return (0, 0) };
        let width = layout.width;
        let most = self.batch.min((end - at) / width);
        let back = 1 + usize::from(layout.has_return);
        let is_line = |count: &usize| {
            let last = at + (count + 1) * width - back;
            match layout.has_return {
                false => buffer.get(last) == Some(&b'\n'),
                true => buffer.get(last..last + 2) == Some(b"\r\n"),
            }
        };
        let count = (0..most).take_while(is_line).count();
        let before = making.rows.steps.len();
        let mut kept = 0;
        while kept < count
            && layout
                .keys(buffer, (at + kept * width, kept), line, (plan, rule, by_line), steps, making)
                .is_some()
        {
            kept += 1;
        }
        for value in &layout.values {
            let column = making.rows.columns.get_mut(value.index);
            let codes = plan.codes.get(value.index).map(|codes| codes.numbers.as_slice()).unwrap_or_default();
            kept = match column {
                Some(Column::F4(values)) => value.read(buffer, (at, width, kept), codes, before, values),
                Some(Column::F8(values)) => value.read(buffer, (at, width, kept), codes, before, values),
                _ => 0,
            };
        }
        let rows = before + kept;
        if kept < count {
            making.rows.cells.truncate(rows);
            making.rows.steps.truncate(rows);
            making.rows.lines.truncate(rows);
            making.rows.columns.iter_mut().for_each(|column| truncate(column, rows));
        }
        if kept < most.max(1) {
            self.batch = 8;
        } else {
            self.batch = (2 * self.batch).min(MOST_LINES);
        }
        if kept >= 4 {
            self.misses = 0;
        } else if kept == 0 && most > 0 {
            self.miss();
        }
        (kept * width, kept)
    }
}

impl Layout {
    fn of(line: &[u8], plan: &Plan) -> Option<Layout> {
        let text = line.strip_suffix(b"\n")?;
        let (text, has_return) = text.strip_suffix(b"\r").map_or((text, false), |text| (text, true));
        let (mut keys, mut values) = (Vec::new(), Vec::new());
        let (mut begin, mut at) = (0, 0);
        for &op in &plan.ops {
            let blanks = text.get(at..)?.iter().take_while(|&&byte| byte == b' ').count();
            let field = text.get(at + blanks..)?;
            let field = field.get(..field.iter().take_while(|&&byte| byte > b' ').count())?;
            let end = at + blanks + field.len();
            if field.is_empty() {
                return None;
            }
            let cut = Cut { begin, end };
            let mut key = |key| {
                // The whole column, so that blanks in front are compared as well.
                let length = cut.end - cut.begin;
                let mask = if length < 16 { (1u128 << (8 * length)) - 1 } else { u128::MAX };
                keys.push(KeyCut { key, cut, mask, text: 0, is_known: false, coordinate: 0.0, part: 0 });
                (length <= 16).then_some(())
            };
            match op {
                Op::First => key(Key::Coordinate(0))?,
                Op::Second => key(Key::Coordinate(1))?,
                Op::Time(part) => key(Key::Part(part))?,
                Op::Skip => {
                    let _ = key(Key::Skip);
                }
                Op::F4(index) | Op::F8(index) => {
                    let digits = field.strip_prefix(b"-").unwrap_or(field);
                    let decimals = match digits.iter().position(|&byte| byte == b'.') {
                        Some(point) => digits.len() - point - 1,
                        None => 0,
                    };
                    let decimals = u32::try_from(decimals).ok().filter(|&decimals| decimals < 7)?;
                    values.push(ValueCut { index, cut, decimals });
                }
                _ => return None,
            }
            (begin, at) = (end, end);
        }
        let parts = keys.iter().filter(|cut| matches!(cut.key, Key::Part(_))).count();
        let steps = if parts == 1 { vec![None; STEPS] } else { Vec::new() };
        (at == text.len()).then_some(Layout { width: line.len(), has_return, keys, values, steps })
    }

    /// Reads the columns of a line that are no values, and makes a row.
    #[inline]
    fn keys(
        &mut self,
        buffer: &[u8],
        (at, count): (usize, usize),
        line: u32,
        (plan, rule, by_line): (&Plan, &TimeRule, i64),
        steps: &mut Steps,
        making: &mut Making<'_>,
    ) -> Option<()> {
        let mut place = plan.place;
        let mut parts = plan.parts;
        let mut last = 0;
        for key in &mut self.keys {
            let is_seen = swar::sixteen(buffer, at + key.cut.begin) & key.mask == key.text;
            if !is_seen || !key.is_known {
                key.read(buffer, at)?;
            }
            match key.key {
                Key::Coordinate(which) => *place.get_mut(which)? = key.coordinate,
                Key::Part(part) => {
                    parts.set(part, key.part);
                    last = key.part;
                }
                Key::Skip => {}
            }
        }
        let step = match plan.time {
            Times::Line(_) => by_line + count as i64,
            _ => match self.steps.get_mut(last.cast_unsigned() as usize % STEPS) {
                None => steps.of_parts(rule, &parts).ok()?,
                Some(Some((value, step))) if *value == last => *step,
                Some(slot) => {
                    let step = steps.of_parts(rule, &parts).ok()?;
                    *slot = Some((last, step));
                    step
                }
            },
        };
        let cell = making.place(place);
        making.row(cell, step, line + count as u32);
        Some(())
    }
}

impl KeyCut {
    /// Reads a text that the line before did not have.
    fn read(&mut self, buffer: &[u8], at: usize) -> Option<()> {
        let column = buffer.get(at + self.cut.begin..at + self.cut.end)?;
        let blanks = column.iter().take_while(|&&byte| byte == b' ').count();
        let text = column.get(blanks..)?;
        let is_apart = self.cut.begin == 0 || blanks > 0;
        if !is_apart || text.is_empty() || text.iter().any(|&byte| byte <= b' ' || byte == b'"') {
            return None;
        }
        match self.key {
            Key::Coordinate(_) => match number::float::<f64>(text, b'.') {
                Ok(Field::Number(value)) if value.is_finite() => self.coordinate = value,
                _ => return None,
            },
            Key::Part(_) => match number::whole(text, b'.') {
                Ok(Field::Number(value)) => self.part = value,
                _ => return None,
            },
            Key::Skip => return Some(()),
        }
        self.text = swar::sixteen(buffer, at + self.cut.begin) & self.mask;
        self.is_known = true;
        Some(())
    }
}

impl ValueCut {
    /// Reads the column of so many lines behind the values that are there; tells how many of them it could.
    #[inline]
    fn read<T: Float + Value + Default>(
        &self,
        buffer: &[u8],
        (at, width, lines): (usize, usize, usize),
        codes: &[f64],
        before: usize,
        values: &mut Vec<T>,
    ) -> usize {
        values.resize(before + lines, T::default());
        let slots = values.get_mut(before..).unwrap_or_default();
        let length = self.cut.end - self.cut.begin;
        let is_wide = length > 8;
        // Bytes of the columns before that are among the eight.
        let foreign = swar::below(8u32.saturating_sub(length as u32));
        let first_byte = 8 * 8usize.saturating_sub(length) as u32;
        let is_apart = self.cut.begin == 0;
        let left = 8 * 8usize.saturating_sub(self.cut.end) as u32;
        let offset = self.cut.end.saturating_sub(8);
        for (count, slot) in slots.iter_mut().enumerate() {
            let start = at + count * width;
            let text = swar::eight(buffer, start + offset) << left;
            let text = text & !foreign | swar::BLANKS & foreign;
            let is_apart = is_apart || is_wide || text >> first_byte & 0xff == u64::from(b' ');
            let is_blank = !is_wide || is_blank(buffer, start + self.cut.begin, start + offset);
            let found = swar::column(text, self.decimals).filter(|_| is_apart && is_blank);
            let value = found.and_then(|(mantissa, is_negative)| {
                let value = T::quotient(mantissa, self.decimals)?;
                Some(if is_negative { value.negative() } else { value })
            });
            match value {
                Some(value) if codes.is_empty() || !codes.iter().any(|&code| value.is(code)) => *slot = value,
                _ => return count,
            }
        }
        lines
    }
}

fn is_blank(buffer: &[u8], begin: usize, end: usize) -> bool {
    buffer.get(begin..end).is_some_and(|bytes| bytes.iter().all(|&byte| byte == b' '))
}
