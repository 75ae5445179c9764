//! Formulas and units in the table of variables.

use std::collections::BTreeMap;

use crate::aggregate::spelling;
use crate::error::{Argument, Error, Result};
use crate::model::variables::{CellMethod, VariableInfo, VariableTable};
use crate::words;

use super::compile;

/// What is said of a variable that a formula makes.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The formula.
    pub formula: String,
    /// The units that it is wanted in; those that the formula gives where nothing is said.
    pub units: Option<String>,
    /// CF's `long_name`; the formula where nothing is said.
    pub long_name: Option<String>,
    /// CF's `standard_name`.
    pub standard_name: Option<String>,
    /// How a value stands for its step; as those of all inputs where nothing is said.
    pub cell_method: Option<CellMethod>,
    /// CF's `comment`.
    pub comment: Option<String>,
    /// Whether years and months in units are those of the run's calendar, not those of UDUNITS.
    #[serde(default)]
    pub calendar: bool,
}

impl Entry {
    /// A formula, of which nothing else is said.
    pub fn of(formula: impl Into<String>) -> Self {
        Entry {
            formula: formula.into(),
            units: None,
            long_name: None,
            standard_name: None,
            cell_method: None,
            comment: None,
            calendar: false,
        }
    }
}

/// Units that a variable is wanted in.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The units.
    pub units: String,
    /// Whether years and months in them are those of the run's calendar, not those of UDUNITS.
    #[serde(default)]
    pub calendar: bool,
}

/// A table of variables with others that formulas make, and with variables in other units.
///
/// # Errors
/// [`Argument`](crate::ErrorKind::Argument) where a name is taken or not known, a formula cannot be read, or units do not fit.
pub fn extended(
    mut table: VariableTable,
    entries: &BTreeMap<String, Entry>,
    units: &BTreeMap<String, Change>,
) -> Result<VariableTable> {
    for (key, entry) in entries {
        check_name(&table, key, &entry.formula)?;
        let info = VariableInfo {
            units: entry.units.clone(),
            standard_name: entry.standard_name.clone(),
            cell_method: entry.cell_method.unwrap_or(CellMethod::Mean),
            comment: entry.comment.clone(),
            formula: Some(entry.formula.trim().to_owned()),
            calendar: entry.calendar,
            ..VariableInfo::called(entry.long_name.as_deref().unwrap_or(key))
        };
        table.set(key, info);
    }
    for (key, change) in units {
        change_units(&mut table, key, change)?;
    }
    let mut whole = table.clone();
    for (key, text) in table.formulas() {
        let made = compile::compile(&table, key).map_err(|error| error.about(key, text))?;
        let (Some(entry), Some(info)) = (entries.get(key), table.get(key)) else { continue };
        let refuse =
            |reason: String| Err(Error::selection(Argument::Formula, format!("{key} = {text}"), reason));
        let units = match (&info.units, &made.measure) {
            (Some(units), _) => Some(units.clone()),
            (None, None) => None,
            (None, Some(measure)) => match measure.text() {
                Some(text) => Some(text.to_owned()),
                None => {
                    return refuse("its units have no short name; give them: units = \"kg m-2\"".to_owned());
                }
            },
        };
        let cell_method = match (entry.cell_method, made.methods.as_slice()) {
            (Some(method), _) | (None, &[method]) => method,
            (None, methods) => {
                let names: Vec<&str> = methods.iter().map(|method| method.name()).collect();
                return refuse(format!(
                    "its inputs stand for their steps in several ways ({}); give the one of the result: cell_method = \"mean\", \"point\" \
                     or \"sum\"",
                    names.join(", ")
                ));
            }
        };
        whole.set(key, VariableInfo { units, cell_method, ..info.clone() });
    }
    Ok(whole)
}

fn check_name(table: &VariableTable, key: &str, formula: &str) -> Result<()> {
    let refuse =
        |reason: &str| Err(Error::selection(Argument::Formula, format!("{key} = {formula}"), reason));
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    if !key.starts_with(|first: char| first.is_ascii_alphabetic()) || !key.chars().all(is_letter) {
        return refuse("its name is not one of letters, digits and _ that begins with a letter");
    }
    match table.get(key) {
        None => Ok(()),
        Some(_) => refuse("there is a variable of that name; give it another one"),
    }
}

/// Has a variable in other units.
fn change_units(table: &mut VariableTable, key: &str, change: &Change) -> Result<()> {
    let refuse = |reason: String| {
        Err(Error::selection(Argument::Units, format!("{key} = {:?}", change.units), reason))
    };
    let Some(info) = table.get(key).cloned() else {
        let keys: Vec<&str> = table.keys().collect();
        let near =
            words::nearest(key, &keys).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        return refuse(format!("there is no such variable in the table of variables{near}"));
    };
    let Some(own) = info.units.clone() else {
        if info.formula.is_some() {
            table.set(
                key,
                VariableInfo { units: Some(change.units.clone()), calendar: change.calendar, ..info },
            );
            return Ok(());
        }
        return refuse(format!("its own units are not known; give them in an entry [variables.{key}]"));
    };
    let measure = |text: &str| crate::aggregate::measure::Measure::parse(text);
    let Some((from, to)) = measure(&own).zip(measure(&change.units)) else {
        let wrong = if measure(&own).is_none() { &own } else { &change.units };
        return refuse(compile::not_units(&format!("{wrong:?}"), wrong));
    };
    let Some(scale) = from.scale_to(&to, change.calendar) else {
        let cure = match spelling::cure(&[&change.units, &own]) {
            cure if cure.is_empty() => {
                "; a formula can multiply or divide it by what they differ in".to_owned()
            }
            cure => cure,
        };
        return refuse(format!("it is in {own:?}, which is of another kind and cannot be converted{cure}"));
    };
    // Formulas of the table are in the new units; the source's own series are converted from theirs.
    if info.formula.is_some() {
        let (units, calendar) = (Some(change.units.clone()), info.calendar || change.calendar);
        table.set(key, VariableInfo { units, calendar, ..info });
    } else if !scale.is_none() {
        let told =
            format!("Converted from {own}{}.", if scale.needs_calendar() { " by the calendar" } else { "" });
        let changed = VariableInfo {
            units: Some(change.units.trim().to_owned()),
            formula: Some(key.to_owned()),
            source_units: Some(own),
            calendar: change.calendar,
            comment: Some(info.comment.map_or_else(|| told.clone(), |comment| format!("{comment} {told}"))),
            ..info
        };
        table.set(key, changed);
    } else {
        table.set(key, VariableInfo { units: Some(change.units.trim().to_owned()), ..info });
    }
    Ok(())
}

/// What is added to the name of a variable for the sum of its rows.
const SUM: &str = "_sum";

/// Adds the sums of rows that patterns name, as `csoil_sum`.
pub(crate) fn add_sums(table: &mut VariableTable, patterns: &[String]) {
    for pattern in patterns.iter().map(|pattern| pattern.trim()) {
        let Some(key) = pattern.strip_suffix(SUM).filter(|_| table.get(pattern).is_none()) else { continue };
        let Some(info) = table.get(key).filter(|info| !info.rows.is_empty()).cloned() else { continue };
        let sum = VariableInfo {
            long_name: format!("{}, sum of its rows", info.long_name),
            // Rows of different quantities have no standard name together.
            standard_name: info
                .standard_name
                .filter(|_| info.rows.iter().all(|row| row.standard_name.is_none())),
            units: info.units,
            cell_method: info.cell_method,
            comment: info.comment,
            units_metadata: info.units_metadata,
            formula: Some(format!("sum({key})")),
            ..VariableInfo::called(pattern)
        };
        table.set(pattern, sum);
    }
}
