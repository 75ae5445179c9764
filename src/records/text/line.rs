//! One line, by the way that knows everything: what it is, its fields, its rows, or its fault.

use crate::model::element::Element;
use crate::records::description::{Again, Glued};
use crate::records::rows::{Column, MISSING, RecordFaultKind, key_of, key_with};
use crate::records::schema::{Part, Separator, TimeRule};
use crate::records::times::month_of_name;

use super::fields::{self, Cut, Place};
use super::making::{Making, Steps, fixed_label};
use super::number::{self, Bad, Field};
use super::plan::{Op, Plan, Times};

/// What a line is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    /// It gave rows.
    Record { is_split: bool },
    /// A blank line or a comment.
    Skipped,
    /// A header like the first.
    Header,
    /// It cannot be read.
    Fault { kind: RecordFaultKind, message: String, is_other_header: bool },
}

fn fault(kind: RecordFaultKind, message: impl Into<String>) -> Line {
    Line::Fault { kind, message: message.into(), is_other_header: false }
}

/// The beginning of a foreign text, for a message.
pub(super) fn excerpt(text: &[u8]) -> String {
    const MOST: usize = 40;
    let short = String::from_utf8_lossy(text.get(..text.len().min(MOST)).unwrap_or_default()).into_owned();
    let text = if text.len() > MOST { format!("{short}…") } else { short };
    crate::printable::printable(&text).to_string()
}

/// What reads lines of one file.
pub(super) struct Lines<'a> {
    pub(super) plan: &'a Plan,
    pub(super) rule: &'a TimeRule,
    pub(super) steps: &'a mut Steps,
    /// Of a record without a time of its own.
    pub(super) by_line: i64,
    pub(super) places: Vec<Place>,
}

/// Where fields of a line belong, but for its values.
struct Keys {
    cell: u32,
    step: i64,
    label: Option<u32>,
    key: Option<u64>,
}

impl Lines<'_> {
    /// Reads a line without its end, as line number `number`; `is_cut` where nothing ends it.
    pub(super) fn read(&mut self, line: &[u8], number: u32, is_cut: bool, making: &mut Making<'_>) -> Line {
        let plan = self.plan;
        let trimmed = fields::trim(line, &plan.separator);
        if trimmed.is_empty() {
            return Line::Skipped;
        }
        if !plan.dialect.comment.is_empty() && trimmed.starts_with(&plan.dialect.comment) {
            return Line::Skipped;
        }
        if !plan.header.is_empty() && trimmed.trim_ascii() == plan.header {
            return match plan.dialect.again {
                Again::Skip => Line::Header,
                Again::Fault => fault(RecordFaultKind::Header, "the header stands here once more"),
            };
        }
        let mut places = std::mem::take(&mut self.places);
        let read = match self.split(line, is_cut, &mut places) {
            Ok(is_split) => match self.record(line, &places, number, making) {
                Ok(()) => Line::Record { is_split },
                Err(line_fault) => self.otherwise(line, &places, is_cut, line_fault),
            },
            Err(line_fault) => self.otherwise(line, &places, is_cut, line_fault),
        };
        self.places = places;
        if !matches!(read, Line::Record { .. }) {
            making.drop_half();
        }
        read
    }

    /// The fields of a line, and whether they were glued.
    fn split(&self, line: &[u8], is_cut: bool, places: &mut Vec<Place>) -> Result<bool, Line> {
        let plan = self.plan;
        let wanted = plan.columns;
        if let Err(cut) = fields::split(line, &plan.separator, wanted, places) {
            return Err(match cut {
                Cut::Quote => fault(RecordFaultKind::Fields, "a quoted field does not end where it should"),
                Cut::Short if is_cut => partial(),
                Cut::Short => {
                    fault(RecordFaultKind::Fields, format!("it is shorter than its {wanted} columns"))
                }
                Cut::Long => {
                    fault(RecordFaultKind::Fields, format!("it is longer than its {wanted} columns"))
                }
                Cut::Many => {
                    fault(RecordFaultKind::Fields, format!("it has more fields than the {wanted} columns"))
                }
            });
        }
        match plan.separator {
            Separator::Fixed(ref widths) => {
                let whole: usize = widths.iter().map(|&width| width as usize).sum();
                if is_cut && line.len() < whole { Err(partial()) } else { Ok(false) }
            }
            // A separator at the end of each line is no column.
            Separator::Byte(_)
                if places.len() == wanted + 1
                    && places.last().is_some_and(|place| place.range.is_empty()) =>
            {
                places.pop();
                Ok(false)
            }
            _ if places.len() == wanted => match is_cut && self.ends_early(places) {
                true => Err(partial()),
                false => Ok(false),
            },
            _ if places.len() < wanted => {
                let found = places.len();
                let is_blanks = plan.separator == Separator::Blanks;
                let is_glued = is_blanks
                    && places.iter().any(|place| {
                        let text = line.get(place.range.clone()).unwrap_or_default();
                        !number::is_number(text, plan.dialect.decimal)
                            && looks_glued(text, plan.dialect.decimal)
                    });
                if is_glued
                    && plan.dialect.glued == Glued::Split
                    && fields::at_edges(line, &plan.edges, places)
                {
                    return Ok(true);
                }
                let message = format!("it has {found} fields, and there are {wanted} columns");
                Err(match (is_cut, is_glued) {
                    (true, _) => partial(),
                    (false, true) => {
                        let message = format!("{message}: some have no separator between them");
                        fault(RecordFaultKind::Glued, message)
                    }
                    (false, false) => fault(RecordFaultKind::Fields, message),
                })
            }
            _ => {
                let message = format!("it has more fields than the {wanted} columns");
                Err(fault(RecordFaultKind::Fields, message))
            }
        }
    }

    /// Whether a line without an end ends before its last column does: all fields before the last end where the header's words do.
    fn ends_early(&self, places: &[Place]) -> bool {
        let Some((&last, edges)) = self.plan.edges.split_last() else { return false };
        self.plan.separator == Separator::Blanks
            && edges.len() > 1
            && places.iter().zip(edges).all(|(place, &edge)| place.range.end == edge)
            && places.last().is_some_and(|place| place.range.end < last)
    }

    /// Tells a header with other columns, and half a line, from other lines that cannot be read.
    fn otherwise(&self, line: &[u8], places: &[Place], is_cut: bool, line_fault: Line) -> Line {
        let decimal = self.plan.dialect.decimal;
        let texts: Vec<_> = places.iter().map(|place| fields::text(line, place)).collect();
        let is_header = texts.iter().any(|text| self.plan.names.iter().any(|name| name == text.as_ref()))
            && texts.iter().all(|text| !text.is_empty() && !number::is_number(text, decimal));
        if is_header {
            let message =
                "another header than the first: which columns the lines behind it have is not known";
            return Line::Fault {
                kind: RecordFaultKind::Header,
                message: message.to_owned(),
                is_other_header: true,
            };
        }
        match line_fault {
            Line::Fault { kind: RecordFaultKind::Number, message, .. }
                if is_cut && texts.last().is_some_and(|text| !number::is_number(text, decimal)) =>
            {
                fault(RecordFaultKind::Partial, format!("the last line has no end, and {message}"))
            }
            line_fault => line_fault,
        }
    }

    /// Makes rows of fields.
    fn record(
        &mut self,
        line: &[u8],
        places: &[Place],
        number: u32,
        making: &mut Making<'_>,
    ) -> Result<(), Line> {
        let plan = self.plan;
        let keys = self.keys(line, places, making)?;
        for (column, (place, &op)) in places.iter().zip(&plan.ops).enumerate() {
            if let Op::F4(index) | Op::F8(index) | Op::Whole(index) = op {
                let text = fields::text(line, place);
                push(plan, index, &text, making).map_err(|bad| self.bad_number(column, &text, bad))?;
            }
        }
        if plan.spread == 0 {
            if let Some(label) = keys.label {
                making.rows.labels.push(label);
            }
            making.rows.keys.extend(keys.key);
            making.row(keys.cell, keys.step, number);
            return Ok(());
        }
        self.spread(line, places, number, &keys, making)
    }

    /// Makes a row of each column that is a record of its own.
    fn spread(
        &mut self,
        line: &[u8],
        places: &[Place],
        number: u32,
        keys: &Keys,
        making: &mut Making<'_>,
    ) -> Result<(), Line> {
        let plan = self.plan;
        let before = making.rows.steps.len();
        let mut all = || {
            for (column, (place, &op)) in places.iter().zip(&plan.ops).enumerate() {
                let Op::Spread(count) = op else { continue };
                let cell = match &plan.cells {
                    Some(cells) => making.place(cells.get(count).copied().unwrap_or([f64::NAN; 2])),
                    None => keys.cell,
                };
                let step = match plan.time {
                    Times::Months => self.month(line, places, count)?,
                    _ => keys.step,
                };
                let text = fields::text(line, place);
                push(plan, 0, &text, making).map_err(|bad| self.bad_number(column, &text, bad))?;
                making.fill();
                if let Some(label) = keys.label {
                    making.rows.labels.push(label);
                }
                making.rows.keys.extend(keys.key);
                making.row(cell, step, number);
            }
            Ok(())
        };
        let made = all();
        if made.is_err() {
            making.rows.cells.truncate(before);
            making.rows.steps.truncate(before);
            making.rows.lines.truncate(before);
        }
        made
    }

    /// The step of a column that is a month.
    fn month(&mut self, line: &[u8], places: &[Place], count: usize) -> Result<i64, Line> {
        let mut parts = self.parts(line, places)?;
        parts.set(Part::Month, count as i64 + 1);
        self.steps.of_parts(self.rule, &parts).map_err(|message| fault(RecordFaultKind::Time, message))
    }

    fn parts(&self, line: &[u8], places: &[Place]) -> Result<crate::records::times::Parts, Line> {
        let mut parts = self.plan.parts;
        for (place, &op) in places.iter().zip(&self.plan.ops) {
            let Op::Time(part) = op else { continue };
            let text = fields::text(line, place);
            let value = match number::whole(&text, self.plan.dialect.decimal) {
                Ok(Field::Number(value)) => Some(value),
                _ if part == Part::Month => month_of_name(&text),
                _ => None,
            };
            match value {
                Some(value) => parts.set(part, value),
                None => {
                    return Err(fault(
                        RecordFaultKind::Time,
                        format!("{:?} is no part of a time", excerpt(&text)),
                    ));
                }
            }
        }
        Ok(parts)
    }

    fn keys(&mut self, line: &[u8], places: &[Place], making: &mut Making<'_>) -> Result<Keys, Line> {
        let plan = self.plan;
        let mut place = plan.place;
        let mut stamp = None;
        let mut label = fixed_label(plan, making);
        let mut key = plan.key;
        for (field, &op) in places.iter().zip(&plan.ops) {
            match op {
                Op::First | Op::Second => {
                    let text = fields::text(line, field);
                    match number::float::<f64>(&text, plan.dialect.decimal) {
                        Ok(Field::Number(value)) if value.is_finite() => {
                            place[usize::from(op == Op::Second)] = value;
                        }
                        _ => {
                            let message = format!("{:?} is no place", excerpt(&text));
                            return Err(fault(RecordFaultKind::Place, message));
                        }
                    }
                }
                Op::Name => {
                    let text = fields::text(line, field);
                    let Some(cell) = plan.cell_of(&text) else {
                        let message = format!("the cell {:?} is not in the table of cells", excerpt(&text));
                        return Err(fault(RecordFaultKind::Place, message));
                    };
                    place = [cell, 0.0];
                }
                Op::Stamp => stamp = Some(fields::text(line, field)),
                Op::Key => key = Some(key_with(key, key_of(&fields::text(line, field)))),
                Op::Label => {
                    let text = fields::text(line, field);
                    label = making.label(&text);
                    if label.is_none() {
                        let message = format!("{:?} is no label: it is not text (UTF-8)", excerpt(&text));
                        return Err(fault(RecordFaultKind::Number, message));
                    }
                }
                _ => {}
            }
        }
        let step = match plan.time {
            Times::Line(_) => Ok(self.by_line),
            Times::Months => Ok(0),
            Times::Parts => {
                let parts = self.parts(line, places)?;
                self.steps.of_parts(self.rule, &parts)
            }
            Times::Number => self.number_stamp(&stamp.unwrap_or_default()),
            Times::Text => {
                let stamp = stamp.unwrap_or_default();
                self.rule.step_of_text(&stamp).map_err(|fault| fault.to_string())
            }
        };
        let step = step.map_err(|message| fault(RecordFaultKind::Time, message))?;
        let cell = if plan.cells.is_some() { 0 } else { making.place(place) };
        Ok(Keys { cell, step, label, key })
    }

    fn number_stamp(&mut self, text: &[u8]) -> Result<i64, String> {
        match number::whole(text, self.plan.dialect.decimal) {
            Ok(Field::Number(value)) => self.steps.of_number(self.rule, value),
            Err(Bad::Fraction) => match number::float::<f64>(text, self.plan.dialect.decimal) {
                Ok(Field::Number(value)) => {
                    self.rule.step_of_decimal(value).map_err(|fault| fault.to_string())
                }
                _ => Err(format!("{:?} is no time", excerpt(text))),
            },
            _ => Err(format!("{:?} is no time", excerpt(text))),
        }
    }

    fn bad_number(&self, column: usize, text: &[u8], bad: Bad) -> Line {
        let name = match self.plan.names.get(column) {
            Some(name) => format!("column {}", excerpt(name)),
            None => format!("column {}", column + 1),
        };
        let text = excerpt(text);
        let (kind, message) = match bad {
            Bad::Form => (RecordFaultKind::Number, format!("{name}: {text:?} is no number")),
            Bad::Beyond => (RecordFaultKind::Number, format!("{name}: {text} is beyond the column's type")),
            Bad::Fraction => (RecordFaultKind::Number, format!("{name}: {text} is no whole number")),
            Bad::Long => {
                let message = format!("{name}: a number of more than {} characters", number::LONGEST);
                (RecordFaultKind::TooLarge, message)
            }
        };
        fault(kind, message)
    }
}

fn partial() -> Line {
    fault(RecordFaultKind::Partial, "the last line ends in the middle")
}

/// Whether a text may be several numbers: a sign behind a digit, or two decimal points.
fn looks_glued(text: &[u8], decimal: u8) -> bool {
    let points = text.iter().filter(|&&byte| byte == decimal).count();
    let signs = text.windows(2).filter(|pair| matches!(pair, [b'0'..=b'9' | b'*', b'-' | b'*'])).count();
    points > 1 || signs > 0
}

/// Puts a field behind the values of its column.
pub(super) fn push(plan: &Plan, index: usize, text: &[u8], making: &mut Making<'_>) -> Result<(), Bad> {
    let decimal = plan.dialect.decimal;
    let is_missing = text.is_empty() || plan.is_code(index, text);
    match making.rows.columns.get_mut(index) {
        Some(Column::F4(values)) => values.push(match is_missing {
            true => f32::NAN,
            false => match number::float(text, decimal)? {
                Field::Number(value) => value,
                Field::Missing => f32::NAN,
            },
        }),
        Some(Column::F8(values)) => values.push(match is_missing {
            true => f64::NAN,
            false => match number::float(text, decimal)? {
                Field::Number(value) => value,
                Field::Missing => f64::NAN,
            },
        }),
        Some(Column::Whole(values)) => values.push(match is_missing {
            true => MISSING,
            false => match number::whole(text, decimal)? {
                Field::Number(value) => in_range(plan.elements.get(index), value)?,
                Field::Missing => MISSING,
            },
        }),
        None => {}
    }
    Ok(())
}

/// A whole number, if it is in the range of its type.
pub(in crate::records) fn in_range(element: Option<&(Element, bool)>, value: i64) -> Result<i64, Bad> {
    let is_in = match element.map(|(element, _)| element) {
        Some(Element::Int8) => i8::try_from(value).is_ok(),
        Some(Element::Int16) => i16::try_from(value).is_ok(),
        Some(Element::Int32) => i32::try_from(value).is_ok(),
        Some(Element::UInt8) => u8::try_from(value).is_ok(),
        Some(Element::UInt16) => u16::try_from(value).is_ok(),
        Some(Element::UInt32) => u32::try_from(value).is_ok(),
        Some(Element::UInt64) => value >= 0,
        _ => true,
    };
    if is_in { Ok(value) } else { Err(Bad::Beyond) }
}
