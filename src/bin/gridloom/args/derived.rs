//! Formulas and units on the command line.

use std::collections::BTreeMap;

use crate::mistake::wrong;
use clap::Args;
use gridloom::derive::{Change, Entry};

/// Variables that are made of others, and units.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct DerivedArguments {
    /// A variable that a formula makes: 'nep = npp - hresp', 'csoil_total = sum(csoil)'; several times for several. Units are checked and
    /// converted. See docs/derived.md.
    #[arg(long, value_name = "NAME = FORMULA")]
    pub derive: Vec<String>,
    /// The units of a variable: npp='g m-2 day-1'; several times for several. Values are converted.
    #[arg(long, value_name = "NAME=UNITS")]
    pub units: Vec<String>,
    /// Years and months in the units of --derive and --units are those of the run's calendar, not UDUNITS' (365.2422 days, and a twelfth).
    #[arg(long)]
    pub calendar_units: bool,
}

impl DerivedArguments {
    /// The formulas by the names that they make.
    pub(crate) fn entries(&self) -> anyhow::Result<BTreeMap<String, Entry>> {
        let mut entries = BTreeMap::new();
        for text in &self.derive {
            let (name, formula) = pair("--derive", text, "a name and a formula, as 'nep = npp - hresp'")?;
            let entry = Entry { calendar: self.calendar_units, ..Entry::of(formula) };
            if entries.insert(name, entry).is_some() {
                return Err(wrong("--derive", text, "the name is there twice"));
            }
        }
        Ok(entries)
    }

    /// The units by the names of variables.
    pub(crate) fn changes(&self) -> anyhow::Result<BTreeMap<String, Change>> {
        let mut changes = BTreeMap::new();
        for text in &self.units {
            let (name, units) = pair("--units", text, "a name and units, as npp='g m-2 day-1'")?;
            let change = Change { units, calendar: self.calendar_units };
            if changes.insert(name, change).is_some() {
                return Err(wrong("--units", text, "the name is there twice"));
            }
        }
        Ok(changes)
    }
}

fn pair(option: &'static str, text: &str, wanted: &str) -> anyhow::Result<(String, String)> {
    let parts = text.split_once('=').map(|(name, rest)| (name.trim().to_owned(), rest.trim().to_owned()));
    match parts.filter(|(name, rest)| !name.is_empty() && !rest.is_empty()) {
        Some(parts) => Ok(parts),
        None => Err(wrong(option, text, format!("wants {wanted}"))),
    }
}
