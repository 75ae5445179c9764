//! Which variables tables take: drift is of states, and yearly tables are of no variable of the dumps.

use crate::error::{Argument, Error, Result};
use crate::model::variables::{CellMethod, VariableTable};
use crate::plan::selection::Wanted;
use crate::run::survey::Survey;

use super::{TableKind, Tables};

/// Whether values of a key are states, which hold at a moment.
pub(crate) fn is_state(table: &VariableTable, key: &str) -> bool {
    table.get(key).is_some_and(|info| info.cell_method == CellMethod::Point)
}

impl Tables {
    /// Variables that are asked for by name and that tables leave out, and why, in words.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where a table of states has none.
    pub(in crate::plan) fn check_states(
        &self,
        patterns: &[String],
        (wanted, survey): (&[Wanted<'_>], &Survey),
        table: &VariableTable,
        grids: bool,
    ) -> Result<Vec<String>> {
        let named =
            |kinds: &[&TableKind]| kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(" and ");
        let keys = || wanted.iter().map(|wanted| wanted.variable.key.as_str());
        let mut remarks = Vec::new();
        if !patterns.is_empty() && !grids && !self.needs_days() && !self.kinds.is_empty() {
            let names = keys().collect::<Vec<_>>().join(", ");
            remarks.push(format!("{names} left out: the tables are made of the yearly files of communities"));
        }
        let of_states: Vec<&TableKind> = self.kinds.iter().filter(|kind| kind.is_by_period()).collect();
        if of_states.is_empty() {
            return Ok(remarks);
        }
        let others: Vec<&str> = keys().filter(|key| !is_state(table, key)).collect();
        let kinds = named(&of_states);
        if others.len() == wanted.len() {
            let there: Vec<&str> = survey.variables.iter().map(|variable| variable.key.as_str()).collect();
            let states: Vec<&str> = there.into_iter().filter(|key| is_state(table, key)).collect();
            let cure = match states.is_empty() {
                true => "the run has none, and cell_method = \"point\" in an entry [variables.NAME] says that a variable is one".to_owned(),
                false => format!("the run's states are {}", states.join(", ")),
            };
            let reason = format!(
                "{kinds} would be empty: no selected variable is a state, whose values hold at a moment; {cure}"
            );
            return Err(match patterns.is_empty() {
                true => Error::selection(Argument::Tables, kinds, reason),
                false => Error::selection(Argument::Variables, patterns.join(","), reason),
            });
        }
        if !patterns.is_empty() && !others.is_empty() {
            let others = others.join(", ");
            remarks.push(format!("{others} left out of {kinds}: not states, whose values hold at a moment"));
        }
        Ok(remarks)
    }
}
