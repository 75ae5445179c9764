//! The sections `[derived]` and `[units]`.

use std::collections::BTreeMap;

use gridloom::derive::{Change, Entry, extended};
use gridloom::model::variables::VariableTable;

use super::super::args::DerivedArguments;
use super::Config;

/// A formula, or a table of what is said of it.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(
    untagged,
    expecting = "a variable of [derived] is a formula in quotes, or a table of formula, units, long_name, standard_name, cell_method, comment and calendar"
)]
pub(super) enum DerivedEntry {
    Formula(String),
    Table(Entry),
}

/// Units, or a table of them and of what is said of years and months.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(untagged, expecting = "a variable of [units] is a text of units, or a table of units and calendar")]
pub(super) enum UnitsEntry {
    Units(String),
    Table(Change),
}

impl Config {
    /// The same with what a command line says of formulas and units, which wins.
    pub(in super::super) fn with_derived(mut self, arguments: &DerivedArguments) -> anyhow::Result<Self> {
        let entries = arguments.entries()?;
        self.derived.extend(entries.into_iter().map(|(name, entry)| (name, DerivedEntry::Table(entry))));
        let changes = arguments.changes()?;
        self.units.extend(changes.into_iter().map(|(name, change)| (name, UnitsEntry::Table(change))));
        Ok(self)
    }

    /// A table of variables with those that formulas make, and in the units that are wanted.
    pub(in super::super) fn derive(&self, table: VariableTable) -> gridloom::Result<VariableTable> {
        let entries: BTreeMap<String, Entry> = self
            .derived
            .iter()
            .map(|(name, entry)| {
                let entry = match entry {
                    DerivedEntry::Formula(formula) => Entry::of(formula),
                    DerivedEntry::Table(entry) => entry.clone(),
                };
                (name.clone(), entry)
            })
            .collect();
        let units: BTreeMap<String, Change> = self
            .units
            .iter()
            .map(|(name, entry)| {
                let change = match entry {
                    UnitsEntry::Units(units) => Change { units: units.clone(), calendar: false },
                    UnitsEntry::Table(change) => change.clone(),
                };
                (name.clone(), change)
            })
            .collect();
        extended(table, &entries, &units)
    }
}
