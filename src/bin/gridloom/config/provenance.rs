//! What outputs say of a run's origin, by a state of the model.

use super::super::args::{LimitArguments, ProvenanceArguments};
use super::{Config, limits};
use gridloom::caete::state::{self, State};

impl Config {
    /// The same with attributes of a state that the command line names, or the file; what the file says itself wins.
    pub(in super::super) fn with_provenance(
        mut self,
        arguments: &ProvenanceArguments,
        of_dumps: &LimitArguments,
    ) -> anyhow::Result<Self> {
        let Some(path) = arguments.provenance.as_ref().or(self.provenance.as_ref()) else { return Ok(self) };
        let limits = limits(of_dumps);
        let mut state = State::open(path, &limits)?;
        let run = state::run_of(path, &state);
        // Cells know the periods; a state says the rest without them.
        state.with_cells(path, run.as_deref(), &limits);
        for (name, words) in state.provenance {
            self.attributes.entry(name).or_insert(words);
        }
        Ok(self)
    }
}
