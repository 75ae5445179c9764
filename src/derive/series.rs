//! Series that a formula is calculated of, and the series that it gives.

use crate::model::element::Element;
use crate::model::time_unit::TimeUnit;
use crate::source::Series;

use super::compile::Node;
use super::scope::{Scope, no_rows, unlike_rows};
use super::{Formulas, again, evaluate, lengths};

/// What formulas are calculated over.
pub(crate) struct Over<'a> {
    /// The source's own series, by their keys.
    pub fetch: &'a dyn Fn(&str) -> Option<Series<'a>>,
    /// Values of a row.
    pub count: usize,
    /// Values that follow each other in a row and are of the same step: 1, or the places of a field.
    pub places: usize,
    /// The unit of the steps, and the first of them.
    pub steps: (&'a TimeUnit, i64),
    /// Whether it is calculated anew, in another way, as a proof.
    pub is_proof: bool,
}

/// What a formula gives, but for its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Made {
    /// The type of its values: float64 where one of the inputs needs it, otherwise float32.
    pub element: Element,
    /// Its rows; `None` without a dimension of rows.
    pub rows: Option<usize>,
}

impl<'a> Over<'a> {
    fn scope<'b>(&'b self, lengths: &'b dyn Fn() -> Vec<[f64; 2]>) -> Scope<'b, 'a> {
        Scope::new(self.fetch, self.count, self.places, lengths)
    }

    /// What the formula of a key gives, but for its values.
    ///
    /// # Errors
    /// What is missing, or does not fit, in words.
    pub(crate) fn made(&self, formulas: &Formulas, key: &str) -> Result<Made, String> {
        let formula = formulas.get(key).ok_or_else(|| format!("{key} has no formula"))?;
        let scope = self.scope(&Vec::new);
        let rows = rows(&formula.node, &scope)?;
        let mut element = Element::Float32;
        for key in &formula.inputs {
            let input = scope.series(key, None)?;
            if matches!(input.element(), Some(own) if own.size() == 8 || (own.size() == 4 && !own.is_float()))
            {
                element = Element::Float64;
            }
        }
        Ok(Made { element, rows })
    }

    /// The values of a key's formula, of each row each step, as bytes of its type; NaN where they are masked.
    ///
    /// # Errors
    /// As [`Over::made`].
    pub(crate) fn values(&self, formulas: &Formulas, key: &str) -> Result<Vec<u8>, String> {
        let formula = formulas.get(key).ok_or_else(|| format!("{key} has no formula"))?;
        let made = self.made(formulas, key)?;
        let (unit, first) = self.steps;
        let count = self.count / self.places.max(1);
        let values = match self.is_proof {
            false => {
                let lengths = || lengths::lengths(unit, first, count);
                evaluate::values(&formula.node, &self.scope(&lengths))?
            }
            true => {
                let lengths = || again::lengths(unit, first, count);
                again::values(&formula.expression, key, &formulas.table, &self.scope(&lengths))?
            }
        };
        let mut bytes = Vec::with_capacity(values.len() * made.element.size());
        for value in values {
            match made.element {
                Element::Float64 => {
                    let value = if value.is_finite() { value } else { f64::NAN };
                    bytes.extend_from_slice(&value.to_le_bytes());
                }
                _ => {
                    let value = value as f32;
                    let value = if value.is_finite() { value } else { f32::NAN };
                    bytes.extend_from_slice(&value.to_le_bytes());
                }
            }
        }
        Ok(bytes)
    }
}

/// Puts the value that marks masked places where values are NaN.
#[cfg(feature = "netcdf")]
pub(crate) fn fill_masked(values: &mut [u8], element: Element) {
    let fill = element.fill();
    for value in values.chunks_exact_mut(element.size()) {
        let is_nan = match *value {
            [a, b, c, d] => f32::from_le_bytes([a, b, c, d]).is_nan(),
            [a, b, c, d, e, f, g, h] => f64::from_le_bytes([a, b, c, d, e, f, g, h]).is_nan(),
            _ => false,
        };
        if is_nan {
            value.iter_mut().zip(fill).for_each(|(byte, own)| *byte = own);
        }
    }
}

/// The rows that a calculation gives.
fn rows(node: &Node, scope: &Scope<'_, '_>) -> Result<Option<usize>, String> {
    let joined = |one: Option<usize>, other: Option<usize>| match (one, other) {
        (Some(one), Some(other)) if one != other => Err(unlike_rows(one, other)),
        _ => Ok(one.or(other)),
    };
    match node {
        Node::Constant(_) => Ok(None),
        Node::Series(key, row) => {
            let series = scope.series(key, *row)?;
            Ok(if row.is_some() || !series.has_rows() { None } else { Some(series.rows()) })
        }
        Node::Negative(of) | Node::Scaled(_, of) | Node::Each(_, of) => rows(of, scope),
        Node::Pair(_, one, other) => joined(rows(one, scope)?, rows(other, scope)?),
        Node::Rows(function, of) => match rows(of, scope)? {
            Some(_) => Ok(None),
            None => Err(no_rows(*function)),
        },
        Node::Extreme(_, all) => all.iter().try_fold(None, |known, one| joined(known, rows(one, scope)?)),
    }
}
