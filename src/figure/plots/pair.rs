//! Two inputs in one picture: that they can be set beside each other, and what has to be told of how they differ.

use crate::aggregate::convert::Conversion;
use crate::aggregate::spelling;
use crate::error::{Argument, Error, Result};
use crate::figure::data::reduce::MapStat;
use crate::grid::read::Field;

use super::wanted::Wanted;

/// Brings values of a second map to the units of the first; says so where they had others.
///
/// # Errors
/// [`Argument`](crate::ErrorKind::Argument) where the units are not of one kind.
pub(super) fn converted(
    argument: Argument,
    (one, wanted): (&Field, &Wanted),
    (other, wanted_other): (&Field, &Wanted),
    values: &mut [f64],
) -> Result<Option<String>> {
    let (to, from) = (&wanted.units, &wanted_other.units);
    let shown = |units: &str| match units {
        "" => "without units".to_owned(),
        units => format!("in {units:?}"),
    };
    let refuse = |why: &str| {
        let reason = format!("is {}, {} is {}: {why}", shown(from), one.file_name(), shown(to));
        Err(Error::selection(argument, other.file_name(), reason))
    };
    let Some(conversion) = Conversion::between(from, to) else {
        let cure = spelling::cure(&[from, to]);
        return refuse(&format!("one is not to be had from the other{cure}"));
    };
    // A sum of temperatures has a zero for each of its days.
    let is_sum = other.meaning.is_sum() || wanted_other.stat == MapStat::Sum;
    if is_sum && conversion.mixes_zeros() {
        return refuse("sums of them have no common zero");
    }
    if conversion.is_none() {
        return Ok(None);
    }
    // How temperatures vary has no zero.
    let is_difference =
        matches!(wanted_other.stat, MapStat::Std | MapStat::Trend) || !other.meaning.has_zero();
    values.iter_mut().for_each(|value| {
        *value = if is_difference { conversion.of_difference(*value) } else { conversion.of(*value) };
    });
    Ok(Some(format!("{} converted from {from}", other.file_name())))
}

/// What differs between the files of a picture and is seen in none of its names.
pub(super) fn differences<'a>(fields: impl Iterator<Item = &'a Field>) -> Option<String> {
    let mut calendars: Vec<&str> = Vec::new();
    for field in fields {
        let name = field.times.unit.calendar().name();
        if !calendars.contains(&name) {
            calendars.push(name);
        }
    }
    (calendars.len() > 1).then(|| format!("calendars {}", calendars.join(" and ")))
}

/// Two texts as one where they are the same.
pub(super) fn joined(one: &str, joint: &str, other: &str) -> String {
    if one == other { one.to_owned() } else { format!("{one}{joint}{other}") }
}

/// What tells two files from each other: their runs, or their names where those are the same.
pub(super) fn names(fields: [&Field; 2]) -> [String; 2] {
    let runs = fields.map(Field::run);
    if runs[0] != runs[1] { runs } else { fields.map(Field::file_name) }
}
