//! The lines of a piece, one block after the other.

use std::ops::Range;

use crate::records::rows::{RecordFault, RecordFaultKind, Rows};

use super::fixed::Fixed;
use super::line::{Line, Lines};
use super::making::{Making, Steps};
use super::plan::{Plan, Times};
use super::quick::Quick;
use super::{Outcome, TextFile, TextLimits};

/// What is known in the middle of a piece.
pub(super) struct Work<'p, 'r> {
    pub(super) plan: &'p Plan,
    pub(super) lines: Lines<'p>,
    pub(super) making: Making<'r>,
    pub(super) outcome: Outcome,
    quick: Quick,
    fixed: Fixed,
    name: &'p str,
    limits: &'p TextLimits,
    /// Rows of lines whose columns are not known, which nobody gets.
    unused: Rows,
}

impl<'p, 'r> Work<'p, 'r> {
    pub(super) fn new(
        plan: &'p Plan,
        of: &TextFile<'p>,
        limits: &'p TextLimits,
        steps: &'p mut Steps,
        rows: &'r mut Rows,
    ) -> Self {
        let by_line = if let Times::Line(start) = plan.time { start } else { 0 };
        let quick = Quick::new(plan);
        Work {
            plan,
            lines: Lines { plan, rule: of.time, steps, by_line, places: Vec::new() },
            making: Making::new(rows),
            fixed: Fixed::new(plan, quick.is_able),
            quick,
            outcome: Outcome::default(),
            name: of.name,
            limits,
            unused: Rows::default(),
        }
    }

    /// Reads no line the quick way.
    pub(super) fn be_careful(&mut self) {
        self.quick.is_able = false;
    }

    /// Reads whole lines, each with its end.
    pub(super) fn lines<E>(
        &mut self,
        buffer: &[u8],
        range: Range<usize>,
        flush: &mut dyn FnMut(&mut Rows) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut at = range.start;
        while at < range.end {
            at = self.quick_lines(buffer, at, range.end);
            if at < range.end {
                let rest = buffer.get(at..range.end).unwrap_or_default();
                let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                self.line(rest.get(..end).unwrap_or_default(), false);
                at += end + 1;
            }
            self.flush_many(flush)?;
        }
        Ok(())
    }

    /// Reads lines as long as they are what most are, and not more than some; tells where the next one begins.
    fn quick_lines(&mut self, buffer: &[u8], begin: usize, end: usize) -> usize {
        const MOST: u64 = 1 << 12;
        let mut at = begin;
        if !self.quick.is_able || self.outcome.other_header.is_some() {
            return at;
        }
        let mut count = 0;
        while at < end && count < MOST {
            let Ok(number) = u32::try_from(self.outcome.lines.lines + count) else { break };
            let by_line = self.lines.by_line + count as i64;
            let before = self.making.rows.steps.len();
            let of = (self.plan, self.lines.rule, by_line);
            let (bytes, lines) =
                self.fixed.lines(buffer, (at, end), number, of, self.lines.steps, &mut self.making);
            if lines > 0 {
                at += bytes;
                count += lines as u64;
                continue;
            }
            match self.quick.line(buffer, at, number, of, self.lines.steps, &mut self.making) {
                // With the line's end, which does not count.
                Some(next) if next - at <= self.limits.line + 1 => {
                    if self.fixed.is_curious() {
                        self.fixed.learn(buffer.get(at..next).unwrap_or_default(), self.plan);
                    }
                    at = next;
                }
                Some(_) => {
                    self.making.drop_behind(before);
                    break;
                }
                None => {
                    self.making.drop_half();
                    break;
                }
            }
            count += 1;
        }
        self.outcome.lines.lines += count;
        self.outcome.lines.records += count;
        self.lines.by_line += count as i64;
        at
    }

    /// Reads the last line, which nothing ends.
    pub(super) fn last<E>(
        &mut self,
        line: &[u8],
        flush: &mut dyn FnMut(&mut Rows) -> Result<(), E>,
    ) -> Result<(), E> {
        self.line(line, true);
        self.flush_many(flush)
    }

    fn flush_many<E>(&mut self, flush: &mut dyn FnMut(&mut Rows) -> Result<(), E>) -> Result<(), E> {
        if self.making.bytes() >= self.limits.rows { self.flush(flush) } else { Ok(()) }
    }

    fn flush<E>(&mut self, flush: &mut dyn FnMut(&mut Rows) -> Result<(), E>) -> Result<(), E> {
        flush(self.making.rows)?;
        if self.making.rows.is_empty() {
            self.making.is_taken();
            self.quick.is_taken();
        }
        Ok(())
    }

    /// One line by the way that knows everything.
    pub(super) fn line(&mut self, line: &[u8], is_cut: bool) {
        let number = self.outcome.lines.lines;
        let raw = line;
        if raw.len() > self.limits.line {
            return self.too_long();
        }
        let line = raw.strip_suffix(b"\r").unwrap_or(raw);
        self.outcome.lines.lines += 1;
        let unread = |kind, message: String| Line::Fault { kind, message, is_other_header: false };
        let read = match (self.outcome.other_header, u32::try_from(number)) {
            (_, Err(_)) => {
                unread(RecordFaultKind::TooLarge, "there are more lines than can be counted".to_owned())
            }
            (Some(header), Ok(number)) => {
                match self.lines.read(line, number, is_cut, &mut Making::new(&mut self.unused)) {
                    Line::Record { .. } | Line::Fault { is_other_header: false, .. } => {
                        let message =
                            format!("it stands behind another header, in line {header} of the piece");
                        unread(RecordFaultKind::Columns, message)
                    }
                    other => other,
                }
            }
            (None, Ok(number)) => self.lines.read(line, number, is_cut, &mut self.making),
        };
        match read {
            Line::Record { is_split } => {
                self.outcome.lines.records += 1;
                self.outcome.lines.split += u64::from(is_split);
                self.lines.by_line += 1;
            }
            Line::Skipped => self.outcome.lines.skipped += 1,
            Line::Header => {
                self.outcome.lines.skipped += 1;
                self.outcome.lines.headers += 1;
                self.outcome.other_header = None;
            }
            Line::Fault { kind, message, is_other_header } => {
                if is_other_header {
                    self.outcome.other_header = Some(number + 1);
                }
                self.lines.by_line += 1;
                self.fault(number, kind, message);
            }
        }
    }

    /// A line that is longer than is allowed.
    pub(super) fn too_long(&mut self) {
        let number = self.outcome.lines.lines;
        self.outcome.lines.lines += 1;
        self.lines.by_line += 1;
        let message = format!("the line has more than {} bytes", self.limits.line);
        self.fault(number, RecordFaultKind::TooLarge, message);
    }

    fn fault(&mut self, number: u64, kind: RecordFaultKind, message: String) {
        self.outcome.lines.faulty += 1;
        if self.outcome.faults.len() < self.limits.faults {
            let line = Some(number + 1);
            self.outcome.faults.push(RecordFault { file: self.name.to_owned(), line, kind, message });
        }
    }
}
