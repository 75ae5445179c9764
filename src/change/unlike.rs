//! What two runs call alike and must not be compared: values in units that nobody knows, and sums over steps of other lengths.

use crate::error::{Argument, Error, Result};
use crate::model::time_step::TimeStep;
use crate::model::variables::{CellMethod, VariableInfo, VariableTable};
use crate::plan::{Comparison, Plan};
use crate::run::Run;

use super::own_series;

/// A series that both runs have: what is known of it, by the reference and by the run.
struct Pair<'a> {
    key: &'a str,
    runs: [&'a Run; 2],
    known: [Option<&'a VariableInfo>; 2],
    steps: [TimeStep; 2],
}

/// Refuses what is not alike in both; `known` is what is known of the reference's variables, where they do not go by the run's table.
///
/// # Errors
/// [`Argument`](crate::ErrorKind::Argument).
pub(super) fn refuse(change: &Comparison, plans: [&Plan; 2], known: Option<VariableTable>) -> Result<()> {
    let [before, window] = plans;
    let (theirs, known) = (own_series(change, before)?, known.as_ref().unwrap_or(&change.table));
    for key in own_series(change, window)?.intersection(&theirs) {
        let pair = Pair {
            key,
            runs: plans.map(|plan| &plan.run),
            known: [known.get(key), change.table.get(key)],
            steps: plans.map(|plan| plan.axis.unit.step()),
        };
        pair.units()?;
        pair.sums()?;
    }
    Ok(())
}

impl Pair<'_> {
    fn error(&self, reason: String) -> Error {
        Error::selection(Argument::Variable, self.key, reason)
    }

    /// Units are known on both sides where records are one of them: models tell those of their variables, records need not.
    fn units(&self) -> Result<()> {
        if self.runs.iter().all(|run| run.source().account().is_none()) {
            return Ok(());
        }
        let [other, run] = self.runs;
        let units =
            self.known.map(|info| info.and_then(|info| info.source_units.as_ref().or(info.units.as_ref())));
        let (of, says) = match units {
            [Some(_), Some(_)] => return Ok(()),
            [None, Some(units)] => (other, format!(", and are {units:?} in the run, {}", run.name)),
            [Some(units), None] => (run, format!(", and are {units:?} in the reference, {}", other.name)),
            [None, None] => (other, format!(", nor in the run, {}", run.name)),
        };
        let method = self.known.iter().flatten().next().map_or(CellMethod::Mean, |info| info.cell_method);
        Err(self.error(format!(
            "its units are not known in {}{says}; give them in an entry [variables.{}] of the description of the records, or of the \
             configuration: long_name = \"…\", units = \"…\", cell_method = \"{}\"",
            of.name,
            self.key,
            method.name()
        )))
    }

    /// Sums are over steps of one length.
    fn sums(&self) -> Result<()> {
        let methods = self.known.map(|info| info.map_or(CellMethod::Mean, |info| info.cell_method));
        let [one, other] = self.steps;
        if !methods.contains(&CellMethod::Sum) || (methods == [CellMethod::Sum; 2] && one == other) {
            return Ok(());
        }
        let words = |method: CellMethod, step: TimeStep| match method {
            CellMethod::Sum => format!("the sum over {}", step.words()),
            method => format!("a {} value", method.name()),
        };
        let [of_reference, of_run] = methods;
        let [reference, run] = self.runs;
        Err(self.error(format!(
            "it is {} in {}, and {} in the reference, {}; make both of the same step, or compare values that do not depend on it",
            words(of_run, other),
            run.name,
            words(of_reference, one),
            reference.name
        )))
    }
}
