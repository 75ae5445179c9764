//! Rows on their way: places and steps that were just found are not looked for again.

use std::collections::HashMap;

use crate::records::rows::{Column, MISSING, Rows};
use crate::records::schema::{Part, TimeRule};
use crate::records::times::Parts;

use super::plan::Plan;

/// Steps that were found, by what they were found for.
#[derive(Debug, Default)]
pub(in crate::records) struct Steps {
    months: Vec<Option<Month>>,
    parts: Vec<Option<(Parts, i64)>>,
    numbers: Vec<Option<(i64, i64)>>,
    last: Option<(Parts, i64)>,
}

/// A month in which each day has the same number of steps.
#[derive(Debug, Clone, Copy)]
struct Month {
    year: i64,
    month: i64,
    first: i64,
    days: i64,
    steps: i64,
    seconds: i64,
}

const MONTHS: usize = 512;
const TIMES: usize = 1_024;
const WAYS: usize = 4;

impl Steps {
    pub(super) fn clear(&mut self) {
        *self = Steps::default();
    }

    /// The step of parts, or why there is none.
    pub(in crate::records) fn of_parts(&mut self, rule: &TimeRule, parts: &Parts) -> Result<i64, String> {
        match self.last {
            Some((last, step)) if last == *parts => Ok(step),
            _ => {
                let step = self.of_new_parts(rule, parts)?;
                self.last = Some((*parts, step));
                Ok(step)
            }
        }
    }

    fn of_new_parts(&mut self, rule: &TimeRule, parts: &Parts) -> Result<i64, String> {
        if let (Some(year), Some(month), Some(day)) =
            (parts.get(Part::Year), parts.get(Part::Month), parts.get(Part::Day))
            && let Some(step) = self.of_date(rule, parts, [year, month, day])
        {
            return Ok(step);
        }
        let index = parts.mixed() as usize % TIMES;
        if let Some(Some((known, step))) = self.parts.get(index)
            && known == parts
        {
            return Ok(*step);
        }
        let step = rule.step_of_parts(parts).map_err(|fault| fault.to_string())?;
        keep(&mut self.parts, TIMES, index, (*parts, step));
        Ok(step)
    }

    /// The step of a date, where the step of the month's first day tells it.
    fn of_date(&mut self, rule: &TimeRule, parts: &Parts, [year, month, day]: [i64; 3]) -> Option<i64> {
        if !rule.add.is_empty() || parts.get(Part::DayOfYear).is_some() {
            return None;
        }
        let seconds = match (parts.get(Part::Hour), parts.get(Part::Minute), parts.get(Part::Second)) {
            (None, None, None) => 0,
            (None, None, Some(second)) => second,
            (Some(hour), minute, second) => {
                let (minute, second) = (minute.unwrap_or(0), second.unwrap_or(0));
                if !(0..24).contains(&hour) || !(0..60).contains(&minute) || !(0..60).contains(&second) {
                    return None;
                }
                3_600 * hour + 60 * minute + second
            }
            _ => return None,
        };
        let index = (year.wrapping_mul(12).wrapping_add(month)).cast_unsigned() as usize % MONTHS;
        let known =
            self.months.get(index).copied().flatten().filter(|at| (at.year, at.month) == (year, month));
        let at = match known {
            Some(at) => at,
            None => {
                let at = Month::of(rule, year, month)?;
                keep(&mut self.months, MONTHS, index, at);
                at
            }
        };
        if !(1..=at.days).contains(&day) || !(0..86_400).contains(&seconds) || seconds % at.seconds != 0 {
            return None;
        }
        Some(at.first + (day - 1) * at.steps + seconds / at.seconds)
    }

    /// The step of a number, or why there is none.
    pub(in crate::records) fn of_number(&mut self, rule: &TimeRule, number: i64) -> Result<i64, String> {
        let index = (number.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 54) as usize % TIMES;
        // Numbers of one place stand beside each other: those of a file come again and again.
        let places = (0..WAYS).map(|way| index ^ way);
        let mut free = index ^ (number as usize % WAYS);
        for place in places {
            match self.numbers.get(place) {
                Some(Some((known, step))) if *known == number => return Ok(*step),
                Some(Some(_)) => {}
                Some(None) | None => {
                    free = place;
                    break;
                }
            }
        }
        let step = rule.step_of_number(number).map_err(|fault| fault.to_string())?;
        keep(&mut self.numbers, TIMES, free, (number, step));
        Ok(step)
    }
}

/// Steps by a rule.
pub(in crate::records) struct StepsOf<'a> {
    rule: &'a TimeRule,
    steps: Steps,
}

impl<'a> StepsOf<'a> {
    pub(in crate::records) fn new(rule: &'a TimeRule) -> Self {
        StepsOf { rule, steps: Steps::default() }
    }

    /// The step of parts, or in words why there is none.
    pub(in crate::records) fn of_parts(&mut self, parts: &Parts) -> Result<i64, String> {
        self.steps.of_parts(self.rule, parts)
    }

    /// The step of a record by its number; `None` where records are not counted.
    pub(in crate::records) fn of_line(&self, number: u64) -> Option<i64> {
        self.rule.start?.checked_add(i64::try_from(number).ok()?)
    }
}

fn keep<T: Clone>(cache: &mut Vec<Option<T>>, size: usize, index: usize, value: T) {
    if cache.is_empty() {
        cache.resize(size, None);
    }
    if let Some(place) = cache.get_mut(index) {
        *place = Some(value);
    }
}

impl Month {
    /// A month, where records are dated by the beginning of steps that divide a day.
    fn of(rule: &TimeRule, year: i64, month: i64) -> Option<Month> {
        let seconds = i64::from(rule.unit.step().in_seconds()?);
        if rule.label != crate::records::description::Label::Start || 86_400 % seconds != 0 {
            return None;
        }
        let year_number = i32::try_from(year).ok()?;
        let days = i64::from(rule.unit.calendar().days_in_month(year_number, u8::try_from(month).ok()?)?);
        let step = |day: i64| {
            let mut parts = Parts::default();
            [(Part::Year, year), (Part::Month, month), (Part::Day, day)].iter().for_each(|&(part, value)| {
                parts.set(part, value);
            });
            rule.step_of_parts(&parts).ok()
        };
        let steps = 86_400 / seconds;
        let (first, last) = (step(1)?, step(days)?);
        // Not in a month that lacks days in its middle.
        (last == first + (days - 1) * steps).then_some(Month { year, month, first, days, steps, seconds })
    }
}

const PLACES: usize = 4_096;
const LABELS: usize = 4_096;

/// Rows of a file, of which the last may be half made.
#[derive(Debug)]
pub(in crate::records) struct Making<'a> {
    pub(in crate::records) rows: &'a mut Rows,
    last: Option<([u64; 2], u32)>,
    slots: Vec<u32>,
    labels: HashMap<Vec<u8>, u32>,
    label_bytes: usize,
}

impl<'a> Making<'a> {
    /// Behind rows that are there.
    pub(in crate::records) fn new(rows: &'a mut Rows) -> Self {
        let mut labels = HashMap::new();
        // Where there are many, names twice are less than looking at all of them for each small file.
        if rows.label_names.len() <= LABELS {
            labels.extend(
                (0u32..).zip(&rows.label_names).map(|(index, name)| (name.clone().into_bytes(), index)),
            );
        }
        Making { rows, last: None, slots: Vec::new(), labels, label_bytes: 0 }
    }

    /// Bytes that the rows take.
    pub(super) fn bytes(&self) -> usize {
        self.rows.bytes() + self.label_bytes
    }

    /// Goes on when what was there is elsewhere.
    pub(in crate::records) fn is_taken(&mut self) {
        self.last = None;
        self.labels.clear();
        self.label_bytes = 0;
    }

    /// The number of a place.
    #[inline]
    pub(in crate::records) fn place(&mut self, place: [f64; 2]) -> u32 {
        let bits = place.map(f64::to_bits);
        match self.last {
            Some((last, index)) if last == bits => index,
            _ => self.new_place(place, bits),
        }
    }

    fn new_place(&mut self, place: [f64; 2], bits: [u64; 2]) -> u32 {
        if self.slots.is_empty() {
            self.slots.resize(PLACES, 0);
        }
        let mixed = (bits[0] ^ bits[1].rotate_left(31)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 52;
        let slot = mixed as usize % PLACES;
        let known = self.slots.get(slot).copied().unwrap_or(0);
        let is_known =
            self.rows.places.get(known as usize).is_some_and(|there| there.map(f64::to_bits) == bits);
        let index = if is_known {
            known
        } else {
            let index = u32::try_from(self.rows.places.len()).unwrap_or(u32::MAX);
            self.rows.places.push(place);
            if let Some(slot) = self.slots.get_mut(slot) {
                *slot = index;
            }
            index
        };
        self.last = Some((bits, index));
        index
    }

    /// The number of a label; `None` where it is not a text.
    pub(in crate::records) fn label(&mut self, text: &[u8]) -> Option<u32> {
        if let Some(&known) = self.labels.get(text) {
            return Some(known);
        }
        let name = std::str::from_utf8(text).ok()?.to_owned();
        let index = u32::try_from(self.rows.label_names.len()).ok()?;
        self.label_bytes += 2 * name.len() + 128;
        self.rows.label_names.push(name);
        self.labels.insert(text.to_vec(), index);
        Some(index)
    }

    /// Ends a row whose values are there already.
    #[inline]
    pub(in crate::records) fn row(&mut self, cell: u32, step: i64, line: u32) {
        self.rows.cells.push(cell);
        self.rows.steps.push(step);
        self.rows.lines.push(line);
    }

    /// Drops values of a row that is not ended.
    pub(super) fn drop_half(&mut self) {
        let rows = self.rows.steps.len();
        self.rows.labels.truncate(rows);
        self.rows.keys.truncate(rows);
        for column in &mut self.rows.columns {
            truncate(column, rows);
        }
    }

    /// Drops the rows behind so many.
    pub(in crate::records) fn drop_behind(&mut self, rows: usize) {
        self.rows.cells.truncate(rows);
        self.rows.steps.truncate(rows);
        self.rows.lines.truncate(rows);
        self.drop_half();
    }

    /// Gives each column that has no value of the row a missing one.
    pub(in crate::records) fn fill(&mut self) {
        let rows = self.rows.steps.len() + 1;
        for column in &mut self.rows.columns {
            match column {
                Column::F4(values) => values.resize(rows, f32::NAN),
                Column::F8(values) => values.resize(rows, f64::NAN),
                Column::Whole(values) => values.resize(rows, MISSING),
            }
        }
    }
}

pub(in crate::records) fn truncate(column: &mut Column, rows: usize) {
    match column {
        Column::F4(values) => values.truncate(rows),
        Column::F8(values) => values.truncate(rows),
        Column::Whole(values) => values.truncate(rows),
    }
}

/// The whole-file constant of a label.
pub(in crate::records) fn fixed_label(plan: &Plan, making: &mut Making<'_>) -> Option<u32> {
    plan.label.as_deref().and_then(|label| making.label(label.as_bytes()))
}
