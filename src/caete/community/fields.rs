//! What a key of a dict must hold.

use crate::dump::{Array, ContentProblem, Scalar, Value, ValueKind};

/// What the model writes where an index is not defined.
const UNDEFINED: f64 = -9999.0;

const ARRAY: &str = "a one-dimensional array of numbers";

/// The value of a key that must be there.
pub(super) fn required<'a>(dict: Value<'a>, key: &'static str) -> Result<Value<'a>, ContentProblem> {
    dict.get(key).ok_or(ContentProblem::MissingKey(key))
}

/// A whole number.
pub(super) fn whole(dict: Value<'_>, key: &'static str) -> Result<i64, ContentProblem> {
    required(dict, key)?.as_i64().ok_or(ContentProblem::KeyType { key, wanted: "a whole number" })
}

/// A number; 32-bit floats are widened.
pub(super) fn number(dict: Value<'_>, key: &'static str) -> Result<f64, ContentProblem> {
    required(dict, key)?.as_f64().ok_or(ContentProblem::KeyType { key, wanted: "a number" })
}

/// A number that need not be there or defined.
pub(super) fn defined(dict: Value<'_>, key: &'static str) -> Result<Option<f64>, ContentProblem> {
    if dict.get(key).is_none() {
        return Ok(None);
    }
    let value = number(dict, key)?;
    Ok(Some(value).filter(|&value| value != UNDEFINED && !value.is_nan()))
}

/// An array of whole numbers, once `allow` has agreed to their count: a dump can name one large array many times.
pub(super) fn whole_numbers(
    dict: Value<'_>,
    key: &'static str,
    allow: impl FnOnce(usize) -> Result<(), ContentProblem>,
) -> Result<Vec<i64>, ContentProblem> {
    let wrong = ContentProblem::KeyType { key, wanted: "a one-dimensional array of whole numbers" };
    let Some((array, count)) = one_dimension(required(dict, key)?) else { return Err(wrong) };
    if !matches!(array.dtype().scalar, Scalar::Int | Scalar::UInt) {
        return Err(wrong);
    }
    allow(count)?;
    array.to_i64().ok_or(wrong)
}

/// An array of so many numbers of any type.
pub(super) fn numbers(dict: Value<'_>, key: &'static str, wanted: usize) -> Result<Vec<f64>, ContentProblem> {
    let wrong = ContentProblem::KeyType { key, wanted: ARRAY };
    let Some((array, actual)) = one_dimension(required(dict, key)?) else { return Err(wrong) };
    if !matches!(array.dtype().scalar, Scalar::Float | Scalar::Int | Scalar::UInt) {
        return Err(wrong);
    }
    if actual != wanted {
        return Err(ContentProblem::Length { key, wanted, actual });
    }
    array.to_f64().ok_or(wrong)
}

/// A mask of at most so many communities: whatever is not 0 is masked.
pub(super) fn mask(value: Value<'_>, limit: usize) -> Result<Vec<bool>, ContentProblem> {
    let wrong = ContentProblem::KeyType { key: "mask", wanted: "a one-dimensional array of whole numbers" };
    let Some((array, count)) = one_dimension(value) else { return Err(wrong) };
    if !matches!(array.dtype().scalar, Scalar::Int | Scalar::UInt | Scalar::Bool) {
        return Err(wrong);
    }
    if count > limit {
        return Err(ContentProblem::TooMany { what: "communities in its mask", count, limit });
    }
    Ok(array.to_i64().ok_or(wrong)?.into_iter().map(|masked| masked != 0).collect())
}

/// So many pairs of a code and a percentage.
pub(super) fn pairs(
    dict: Value<'_>,
    key: &'static str,
    wanted: usize,
) -> Result<Vec<(i32, f64)>, ContentProblem> {
    let value = required(dict, key)?;
    let wrong = ContentProblem::KeyType { key, wanted: "a tuple of pairs of a code and a percentage" };
    match value.kind() {
        ValueKind::Tuple(actual) | ValueKind::List(actual) if actual == wanted => {}
        ValueKind::Tuple(actual) | ValueKind::List(actual) => {
            return Err(ContentProblem::Length { key, wanted, actual });
        }
        _ => return Err(wrong),
    }
    value.items().map(pair).collect::<Option<_>>().ok_or(wrong)
}

fn pair(value: Value<'_>) -> Option<(i32, f64)> {
    if !matches!(value.kind(), ValueKind::Tuple(2) | ValueKind::List(2)) {
        return None;
    }
    let mut items = value.items();
    let code = i32::try_from(items.next()?.as_i64()?).ok()?;
    Some((code, items.next()?.as_f64()?))
}

fn one_dimension(value: Value<'_>) -> Option<(Array<'_>, usize)> {
    let array = value.as_array()?;
    match *array.shape() {
        [count] => Some((array, count)),
        _ => None,
    }
}
