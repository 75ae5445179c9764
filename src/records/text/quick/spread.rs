//! Columns that are records of their own, in a line that is read from a cursor.

use super::*;

impl Quick {
    /// Finds the steps of the months of a year.
    pub(super) fn year(
        &mut self,
        plan: &Plan,
        parts: &Parts,
        rule: &TimeRule,
        steps: &mut Steps,
    ) -> Option<()> {
        if matches!(&self.months, Some((known, _)) if known == parts) {
            return Some(());
        }
        let numbers =
            plan.ops.iter().filter_map(|op| if let Op::Spread(number) = op { Some(*number) } else { None });
        let found = numbers.map(|number| {
            let mut month = *parts;
            month.set(Part::Month, number as i64 + 1);
            steps.of_parts(rule, &month).ok()
        });
        self.months = Some((*parts, found.collect::<Option<Vec<_>>>()?));
        Some(())
    }

    /// Reads the columns from the first one that is a record of its own, where all that follow are such.
    pub(super) fn spread<const B: bool>(
        &mut self,
        buffer: &[u8],
        (column, begin): (usize, usize),
        line: u32,
        (cell, step, label, key): (u32, i64, Option<u32>, Option<u64>),
        plan: &Plan,
        making: &mut Making<'_>,
    ) -> Option<usize> {
        let before = making.rows.steps.len();
        let next =
            self.spread_all::<B>(buffer, (column, begin), line, (cell, step, label, key), plan, making);
        if next.is_none() {
            making.drop_behind(before);
        }
        next
    }

    pub(super) fn spread_all<const B: bool>(
        &mut self,
        buffer: &[u8],
        (first, begin): (usize, usize),
        line: u32,
        (cell, step, label, key): (u32, i64, Option<u32>, Option<u64>),
        plan: &Plan,
        making: &mut Making<'_>,
    ) -> Option<usize> {
        let mut at = begin;
        let mut order = 0;
        for (column, &op) in plan.ops.iter().enumerate().skip(first) {
            if column > first {
                match B {
                    false if buffer.get(at) == Some(&self.separator) => at += 1,
                    true if matches!(buffer.get(at), Some(b' ' | b'\t')) => {
                        at = swar::skip_blanks(buffer, at)
                    }
                    _ => return None,
                }
            }
            let Op::Spread(number) = op else {
                // A column that is left out may follow; a key may not, since it is needed before.
                if op != Op::Skip {
                    return None;
                }
                at = self.skip::<B>(buffer, at)?;
                continue;
            };
            at = match plan.elements.first() {
                Some(_) => match making.rows.columns.first()? {
                    Column::F4(_) => self.value::<f32, B>(buffer, at, column, 0, plan, making)?,
                    Column::F8(_) => self.value::<f64, B>(buffer, at, column, 0, plan, making)?,
                    Column::Whole(_) => self.whole::<B>(buffer, at, 0, plan, making)?,
                },
                None => return None,
            };
            if making.rows.columns.len() > 1 {
                making.fill();
            }
            let cell = match &plan.cells {
                Some(cells) => making.place(*cells.get(number)?),
                None => cell,
            };
            let step = match &self.months {
                Some((_, months)) if plan.time == Times::Months => *months.get(order)?,
                _ => step,
            };
            if let Some(label) = label {
                making.rows.labels.push(label);
            }
            if let Some(key) = key {
                making.rows.keys.push(key);
            }
            making.row(cell, step, line);
            order += 1;
        }
        self.end::<B>(buffer, at)
    }
}
