//! How an archive is made.

use std::collections::BTreeMap;

use super::tune::Tune;
use crate::builder::setters;
use crate::dump::Limits;
use crate::model::variables::VariableTable;
use crate::plan::{Resources, Selection};

/// How an archive is made.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Settings {
    /// Chunks and codec.
    pub tune: Tune,
    /// Which periods and cells; variables and dates are not selected, an archive has all.
    pub selection: Selection,
    /// What is known of variables.
    pub table: VariableTable,
    /// Global attributes that the user adds.
    pub attributes: BTreeMap<String, String>,
    /// Threads and memory.
    pub resources: Resources,
    /// What a dump may cost.
    pub limits: Limits,
    /// Whether an archive that is there may be replaced.
    pub overwrite: bool,
    /// Whether the cells of another run may come into an archive.
    pub other_run: bool,
    /// Whether what is there may be replaced by what has fewer cells, dumps or variables.
    pub fresh: bool,
}

setters!(Settings {
    tune: Tune,
    selection: Selection,
    table: VariableTable,
    attributes: BTreeMap<String, String>,
    resources: Resources,
    limits: Limits,
    overwrite: bool,
    other_run: bool,
    fresh: bool,
});

impl Default for Settings {
    fn default() -> Self {
        Settings {
            tune: Tune::default(),
            selection: Selection::default(),
            table: VariableTable::caete(),
            attributes: BTreeMap::new(),
            resources: Resources::detect(),
            limits: Limits::default(),
            overwrite: false,
            other_run: false,
            fresh: false,
        }
    }
}
