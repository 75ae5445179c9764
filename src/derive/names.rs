//! Names of variables that formulas make: none is another variable's, nor one that outputs need.

use crate::error::{Argument, Error, Result};
use crate::model::series::NotSeries;
use crate::model::variables::{VariableInfo, VariableTable};
use crate::run::survey::{Survey, Unusable};

/// Why a source that has a variable of its own of this name gives none.
pub(super) const TAKEN: &str = "the run has a variable of that name; give it another one";

/// Whether a formula makes a variable, and does not just show one in other units.
pub(super) fn is_made(info: &VariableInfo) -> bool {
    info.formula.is_some() && info.source_units.is_none()
}

/// Refuses formulas whose names are taken in a run.
///
/// # Errors
/// [`Argument`](crate::ErrorKind::Argument) where the run has a variable of the name, or outputs would have to call it otherwise.
pub(crate) fn check_names(survey: &Survey, table: &VariableTable) -> Result<()> {
    let refuse = |key: &str, reason: String| {
        let formula = table.get(key).and_then(|info| info.formula.clone()).unwrap_or_default();
        Err(Error::selection(Argument::Formula, format!("{key} = {formula}"), reason))
    };
    let is_taken = |reason: &Unusable| matches!(reason, Unusable::Content(NotSeries::Formula(reason)) if reason == TAKEN);
    if let Some((key, _)) = survey.unusable.iter().find(|(_, reason)| is_taken(reason)) {
        return refuse(key, TAKEN.to_owned());
    }
    let made = survey.variables.iter().filter(|variable| table.get(&variable.key).is_some_and(is_made));
    match made.into_iter().find(|variable| variable.name != variable.key) {
        Some(variable) => refuse(
            &variable.key,
            format!(
                "outputs need {0} for something else, or another variable has it or makes it; give it another name than {0}",
                variable.key
            ),
        ),
        None => Ok(()),
    }
}
