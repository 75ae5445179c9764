//! What outputs say of a run's origin, by a state of the model.

use super::super::args::{LimitArguments, ProvenanceArguments};
use super::{Config, limits};
use gridloom::caete::state;

impl Config {
    /// The same with attributes of a state that the command line names, or the file; what the file says itself wins.
    pub(in super::super) fn with_provenance(
        mut self,
        arguments: &ProvenanceArguments,
        of_dumps: &LimitArguments,
    ) -> anyhow::Result<Self> {
        let Some(path) = arguments.provenance.as_ref().or(self.provenance.as_ref()) else { return Ok(self) };
        let origin = state::origin(path, &limits(of_dumps))?;
        for (name, words) in origin.attributes {
            self.attributes.entry(name).or_insert(words);
        }
        self.remarks.get_mut().extend(origin.remark);
        Ok(self)
    }
}
