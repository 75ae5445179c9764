//! Calculating a formula for all steps of a series at once.

use crate::source::Series;

use super::compile::Node;
use super::parse::{Function, Sign};
use super::scope::{Scope, no_rows, numbers, unlike_rows};

/// A quantity.
enum Value {
    One(f64),
    /// Of each row, if it has rows, each step.
    Each {
        rows: Option<usize>,
        values: Vec<f64>,
    },
}

/// The values of a calculation: of each row each step. Numbers alone give a value a step.
///
/// # Errors
/// What is missing, or does not fit, in words.
pub(super) fn values(node: &Node, scope: &Scope<'_, '_>) -> Result<Vec<f64>, String> {
    Ok(match value(node, scope)? {
        Value::One(value) => vec![value; scope.count],
        Value::Each { values, .. } => values,
    })
}

fn value(node: &Node, scope: &Scope<'_, '_>) -> Result<Value, String> {
    Ok(match node {
        Node::Constant(number) => Value::One(*number),
        Node::Series(key, row) => {
            let series: Series<'_> = scope.series(key, *row)?;
            let rows = if row.is_some() { None } else { series.has_rows().then_some(series.rows()) };
            Value::Each { rows, values: numbers(&series, *row) }
        }
        Node::Negative(of) => each(value(of, scope)?, |value| -value),
        Node::Pair(sign, one, other) => {
            let (one, other) = (value(one, scope)?, value(other, scope)?);
            match sign {
                Sign::Plus => both(one, other, scope, |a, b| a + b)?,
                Sign::Minus => both(one, other, scope, |a, b| a - b)?,
                Sign::Times => both(one, other, scope, |a, b| a * b)?,
                Sign::Over => both(one, other, scope, |a, b| a / b)?,
            }
        }
        Node::Scaled(scale, of) => {
            let of = value(of, scope)?;
            if !scale.needs_calendar() {
                return Ok(each(of, |value| scale.of(value, [1.0; 2])));
            }
            let (rows, mut values) = match of {
                Value::One(value) => (None, vec![value; scope.count]),
                Value::Each { rows, values } => (rows, values),
            };
            for row in values.chunks_mut(scope.count.max(1)) {
                for (step, value) in row.iter_mut().enumerate() {
                    *value = scale.of(*value, scope.lengths_of(step));
                }
            }
            Value::Each { rows, values }
        }
        Node::Rows(function, of) => {
            let Value::Each { rows: Some(rows), values } = value(of, scope)? else {
                return Err(no_rows(*function));
            };
            let mut sums = vec![0.0; scope.count];
            for (index, row) in values.chunks(scope.count.max(1)).enumerate() {
                for (sum, value) in sums.iter_mut().zip(row) {
                    *sum = if index == 0 { *value } else { *sum + value };
                }
            }
            if *function == Function::Mean {
                sums.iter_mut().for_each(|sum| *sum /= rows as f64);
            }
            Value::Each { rows: None, values: sums }
        }
        Node::Each(function, of) => {
            let of = value(of, scope)?;
            match function {
                Function::Exp => each(of, libm::exp),
                Function::Log => each(of, libm::log),
                _ => each(of, f64::sqrt),
            }
        }
        Node::Extreme(function, all) => {
            let is_least = *function == Function::Min;
            let better = |a: f64, b: f64| match (a.is_nan() || b.is_nan(), is_least) {
                (true, _) => f64::NAN,
                (false, true) => {
                    if b < a {
                        b
                    } else {
                        a
                    }
                }
                (false, false) => {
                    if b > a {
                        b
                    } else {
                        a
                    }
                }
            };
            let mut all = all.iter().map(|one| value(one, scope));
            let first = all.next().unwrap_or(Ok(Value::One(f64::NAN)))?;
            all.try_fold(first, |best, next| both(best, next?, scope, better))?
        }
    })
}

fn each(value: Value, change: impl Fn(f64) -> f64) -> Value {
    match value {
        Value::One(value) => Value::One(change(value)),
        Value::Each { rows, mut values } => {
            values.iter_mut().for_each(|value| *value = change(*value));
            Value::Each { rows, values }
        }
    }
}

fn both(
    one: Value,
    other: Value,
    scope: &Scope<'_, '_>,
    join: impl Fn(f64, f64) -> f64,
) -> Result<Value, String> {
    Ok(match (one, other) {
        (Value::One(a), Value::One(b)) => Value::One(join(a, b)),
        (Value::One(a), each_b @ Value::Each { .. }) => each(each_b, |b| join(a, b)),
        (each_a @ Value::Each { .. }, Value::One(b)) => each(each_a, |a| join(a, b)),
        (Value::Each { rows: a, values: mut one }, Value::Each { rows: b, values: mut other }) => {
            match (a, b) {
                (Some(a), Some(b)) if a != b => return Err(unlike_rows(a, b)),
                // A value without rows is that of each row.
                (None, Some(_)) => {
                    for row in other.chunks_mut(scope.count.max(1)) {
                        row.iter_mut().zip(&one).for_each(|(b, a)| *b = join(*a, *b));
                    }
                    Value::Each { rows: b, values: other }
                }
                _ => {
                    let per = if a.is_some() && b.is_none() { scope.count.max(1) } else { one.len().max(1) };
                    for row in one.chunks_mut(per) {
                        row.iter_mut().zip(&other).for_each(|(a, b)| *a = join(*a, *b));
                    }
                    Value::Each { rows: a, values: one }
                }
            }
        }
    })
}
