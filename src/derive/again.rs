//! Calculating a formula in another way than the pass does: straight from what was written, with the unit of each part at hand.

use std::collections::HashMap;

use crate::aggregate::measure::Measure;
use crate::model::calendar::Date;
use crate::model::time_unit::TimeUnit;
use crate::model::variables::VariableTable;

use super::compile::{Known, are_unknown, has_own_zero, is_source, measure_of_source, resolve, unit};
use super::parse::{Expression, Function, Sign, parse};
use super::scope::{Scope, numbers};

/// A quantity: of each row, one if it has none, each step.
struct Quantity {
    rows: Option<usize>,
    values: Vec<f64>,
    measure: Known,
}

/// The values of a formula.
///
/// # Errors
/// What is missing, or does not fit, in words.
pub(super) fn values<'b, 'a>(
    expression: &Expression,
    key: &str,
    table: &'b VariableTable,
    scope: &'b Scope<'b, 'a>,
) -> Result<Vec<f64>, String> {
    Again { table, scope, path: vec![key.to_owned()] }.entry(expression).map(|quantity| quantity.values)
}

/// As the pass's lengths of years and months, from the days that the calendar counts.
pub(super) fn lengths(unit: &TimeUnit, first: i64, count: usize) -> Vec<[f64; 2]> {
    let calendar = unit.calendar();
    let mut known: HashMap<(i32, u8), [f64; 2]> = HashMap::new();
    let between = |from: (i32, u8), to: (i32, u8)| {
        let day = |(year, month)| calendar.day_number(Date { year, month, day: 1 });
        let days = day(to).zip(day(from)).map_or(f64::NAN, |(to, from)| (to - from) as f64);
        days * 86_400.0
    };
    let of = |step: usize| {
        let Some(Date { year, month, .. }) = unit.date(first.saturating_add(step as i64)) else {
            return [f64::NAN; 2];
        };
        *known.entry((year, month)).or_insert_with(|| {
            let next = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
            [between((year, 1), (year + 1, 1)), between((year, month), next)]
        })
    };
    (0..count).map(of).collect()
}

struct Again<'b, 'a> {
    table: &'b VariableTable,
    scope: &'b Scope<'b, 'a>,
    path: Vec<String>,
}

impl Again<'_, '_> {
    fn calendar(&self) -> bool {
        self.path.last().and_then(|key| self.table.get(key)).is_some_and(|info| info.calendar)
    }

    /// In the units of the entry that the path ends with.
    fn entry(&mut self, expression: &Expression) -> Result<Quantity, String> {
        let quantity = self.quantity(expression)?;
        let units = self.path.last().and_then(|key| self.table.get(key)).and_then(|info| info.units.clone());
        match units {
            None => Ok(quantity),
            Some(units) => {
                let wanted = unit(&units).map_err(|error| error.to_string())?;
                match quantity.measure {
                    None => Ok(Quantity { measure: Some(wanted), ..quantity }),
                    Some(_) => self.to(quantity, &wanted),
                }
            }
        }
    }

    fn to(&self, quantity: Quantity, wanted: &Measure) -> Result<Quantity, String> {
        let own = quantity.measure.as_ref().ok_or("units that are not known")?;
        let scale = own.scale_to(wanted, self.calendar()).ok_or("units that do not fit")?;
        let mut values = quantity.values;
        for (index, value) in values.iter_mut().enumerate() {
            if !scale.is_none() {
                let lengths = if scale.needs_calendar() {
                    self.scope.lengths_of(index % self.scope.count)
                } else {
                    [1.0; 2]
                };
                *value = scale.of(*value, lengths);
            }
        }
        Ok(Quantity { rows: quantity.rows, values, measure: Some(wanted.clone()) })
    }

    fn quantity(&mut self, expression: &Expression) -> Result<Quantity, String> {
        match expression {
            Expression::Number(number, text) => {
                let measure = match text {
                    Some(text) => unit(text).map_err(|error| error.to_string())?,
                    None => Measure::one(),
                };
                Ok(Quantity { rows: None, values: vec![*number; self.scope.count], measure: Some(measure) })
            }
            Expression::Name(name) => self.named(name),
            Expression::Negative(of) => {
                let of = self.quantity(of)?;
                Ok(Quantity { values: of.values.iter().map(|value| -value).collect(), ..of })
            }
            Expression::Pair(sign, one, other) => {
                let (one, other) = (self.quantity(one)?, self.quantity(other)?);
                self.pair(*sign, one, other)
            }
            Expression::In { of, unit: text, is_bare } => {
                let of = self.quantity(of)?;
                let wanted = unit(text).map_err(|error| error.to_string())?;
                let of = self.to(of, &wanted)?;
                Ok(if *is_bare { Quantity { measure: Some(Measure::one()), ..of } } else { of })
            }
            Expression::Call(function, arguments) => {
                let all: Vec<Quantity> =
                    arguments.iter().map(|one| self.quantity(one)).collect::<Result<_, _>>()?;
                self.call(*function, all)
            }
        }
    }

    fn named(&mut self, name: &str) -> Result<Quantity, String> {
        let (key, row) = resolve(self.table, name).ok_or("a name that is not known")?;
        let info = self.table.get(&key).ok_or("a key that is not known")?;
        if is_source(info) {
            let series = self.scope.series(&key, row)?;
            let rows = if row.is_some() || !series.has_rows() { None } else { Some(series.rows()) };
            let measure = measure_of_source(&key, info).map_err(|error| error.to_string())?;
            return Ok(Quantity { rows, values: numbers(&series, row), measure });
        }
        let text = info.formula.clone().unwrap_or_default();
        let expression = parse(&text).map_err(|error| error.to_string())?;
        self.path.push(key);
        let quantity = self.entry(&expression);
        self.path.pop();
        quantity
    }

    /// Joins two value by value; one without rows stands beside each row of the other.
    fn joined(
        &self,
        one: &Quantity,
        other: &Quantity,
        join: impl Fn(f64, f64) -> f64,
    ) -> (Option<usize>, Vec<f64>) {
        let rows = one.rows.or(other.rows);
        let count = self.scope.count;
        let value = |of: &Quantity, row: usize, step: usize| {
            let row = if of.rows.is_some() { row } else { 0 };
            of.values.get(row * count + step).copied().unwrap_or(f64::NAN)
        };
        let all = (0..rows.unwrap_or(1)).flat_map(|row| (0..count).map(move |step| (row, step)));
        (rows, all.map(|(row, step)| join(value(one, row, step), value(other, row, step))).collect())
    }

    fn pair(&self, sign: Sign, one: Quantity, other: Quantity) -> Result<Quantity, String> {
        let is_difference = sign == Sign::Minus && has_own_zero(&one.measure) && one.measure == other.measure;
        let (measure, other) = match (sign, &one.measure, &other.measure) {
            _ if is_difference => (Measure::parse("K"), other),
            (Sign::Times, Some(a), Some(b)) => (Some(a.times(b)), other),
            (Sign::Over, Some(a), Some(b)) => (Some(a.over(b)), other),
            (Sign::Plus | Sign::Minus, a, b) if (a.is_none() || b.is_none()) && are_unknown(a, b) => {
                (None, other)
            }
            (Sign::Plus | Sign::Minus, Some(a), _) => (Some(a.clone()), self.to(other, a)?),
            _ => (None, other),
        };
        let (rows, values) = match sign {
            Sign::Plus => self.joined(&one, &other, |a, b| a + b),
            Sign::Minus => self.joined(&one, &other, |a, b| a - b),
            Sign::Times => self.joined(&one, &other, |a, b| a * b),
            Sign::Over => self.joined(&one, &other, |a, b| a / b),
        };
        Ok(Quantity { rows, values, measure })
    }

    fn call(&self, function: Function, mut all: Vec<Quantity>) -> Result<Quantity, String> {
        if all.is_empty() {
            return Err("a function of nothing".to_owned());
        }
        let first = all.remove(0);
        let count = self.scope.count;
        let plain = |quantity: Quantity, of: fn(f64) -> f64| -> Result<Quantity, String> {
            let quantity = match quantity.measure {
                Some(_) => self.to(quantity, &Measure::one())?,
                None => quantity,
            };
            let values = quantity.values.iter().map(|value| of(*value)).collect();
            Ok(Quantity { values, measure: Some(Measure::one()), ..quantity })
        };
        match function {
            Function::Sum | Function::Mean => {
                let rows = first.rows.ok_or("a sum of a variable without rows")?;
                let sum = |step: usize| {
                    let mut of_row =
                        (0..rows).filter_map(|row| first.values.get(row * count + step).copied());
                    let start = of_row.next().unwrap_or(f64::NAN);
                    let sum = of_row.fold(start, |sum, value| sum + value);
                    if function == Function::Mean { sum / rows as f64 } else { sum }
                };
                Ok(Quantity { rows: None, values: (0..count).map(sum).collect(), measure: first.measure })
            }
            Function::Exp => plain(first, libm::exp),
            Function::Log => plain(first, libm::log),
            Function::Sqrt => {
                let measure = first.measure.as_ref().and_then(Measure::root);
                Ok(Quantity {
                    values: first.values.iter().map(|value| libm::sqrt(*value)).collect(),
                    measure,
                    ..first
                })
            }
            Function::Min | Function::Max => all.into_iter().try_fold(first, |best, next| {
                let next = match &best.measure {
                    Some(wanted) => self.to(next, wanted)?,
                    None => next,
                };
                let is_least = function == Function::Min;
                let (rows, values) = self.joined(&best, &next, |a, b| {
                    if a.is_nan() || b.is_nan() {
                        f64::NAN
                    } else if (is_least && b < a) || (!is_least && b > a) {
                        b
                    } else {
                        a
                    }
                });
                Ok(Quantity { rows, values, measure: best.measure })
            }),
        }
    }
}
