//! Variables that are made of others by a formula, and units that others are wanted in.
//!
//! A formula is part of a [table of variables](crate::model::variables): `nep` is `npp - hresp`. What it gives is a series like those of a source, made
//! while a dump is read, so that it goes wherever a variable goes. Units are checked before any work, and converted where they are of a
//! kind. The arithmetic is that of float64, in the order in which the formula is written, and its result is rounded once; a step is masked
//! where any of the values that it is made of is masked, and where the result is not a finite number.
//!
//! ```
//! # use std::collections::BTreeMap;
//! # use gridloom::{derive::{Entry, extended}, model::variables::VariableTable};
//! let entries = BTreeMap::from([("nep".to_owned(), Entry::of("npp - hresp"))]);
//! let table = extended(VariableTable::caete(), &entries, &BTreeMap::new())?;
//! let nep = table.get("nep").unwrap();
//! // The unit is that of the first term, to which the others are converted.
//! assert_eq!((nep.units.as_deref(), nep.cell_method.name()), (Some("kg m-2 year-1"), "mean"));
//! # Ok::<(), gridloom::Error>(())
//! ```

use std::sync::Arc;

use crate::error::{Argument, Error, Result};
use crate::model::variables::VariableTable;
use crate::run::Run;

mod again;
mod compile;
mod evaluate;
mod lengths;
mod names;
mod parse;
mod scope;
mod series;
mod shown;
mod table;

use compile::Node;
pub(crate) use names::check_names;
use parse::Expression;
#[cfg(feature = "netcdf")]
pub(crate) use series::{Over, fill_masked};
pub(crate) use table::add_sums;
pub use table::{Change, Entry, extended};

/// Why a formula is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
struct FormulaError {
    reason: String,
}

impl FormulaError {
    fn new(reason: impl Into<String>) -> Self {
        FormulaError { reason: reason.into() }
    }

    /// The same as an error of the whole, about the formula of a variable.
    fn about(self, key: &str, text: &str) -> Error {
        Error::selection(Argument::Formula, format!("{key} = {text}"), self.reason)
    }
}

impl std::fmt::Display for FormulaError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.reason)
    }
}

/// The formula of one variable.
#[derive(Debug, Clone, PartialEq)]
struct Formula {
    key: String,
    /// As it is calculated.
    node: Node,
    /// As it was written; what a proof is made of.
    expression: Expression,
    /// The keys of the source's own series that it needs.
    inputs: Vec<String>,
}

/// All formulas of a table of variables, ready to be calculated.
#[derive(Debug, PartialEq)]
pub(crate) struct Formulas {
    all: Vec<Formula>,
    table: VariableTable,
}

impl Formulas {
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where a formula cannot be read, has an unknown name, or its units do not fit.
    pub(crate) fn of(table: &VariableTable) -> Result<Self> {
        let mut all = Vec::new();
        for (key, text) in table.formulas() {
            let made = compile::compile(table, key).map_err(|error| error.about(key, text))?;
            let expression = parse::parse(text).map_err(|error| error.about(key, text))?;
            all.push(Formula { key: key.to_owned(), node: made.node, expression, inputs: made.inputs });
        }
        Ok(Formulas { all, table: table.clone() })
    }

    fn get(&self, key: &str) -> Option<&Formula> {
        self.all.iter().find(|formula| formula.key == key)
    }

    /// The keys of formulas.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(|formula| formula.key.as_str())
    }

    /// The keys of the source's own series that a variable is made of.
    pub(crate) fn inputs(&self, key: &str) -> &[String] {
        self.get(key).map_or(&[], |formula| formula.inputs.as_slice())
    }

    /// Whether a formula makes a variable, and does not just show the source's own in other units.
    fn is_made(&self, key: &str) -> bool {
        self.table.get(key).is_some_and(names::is_made)
    }

    /// Whether other formulas calculate the same for a key.
    pub(crate) fn is_same(&self, other: &Formulas, key: &str) -> bool {
        let of = |formulas: &Formulas| formulas.get(key).map(|formula| formula.node.clone());
        of(self) == of(other)
    }
}

/// The run with what the formulas of a table give beside its own series.
///
/// # Errors
/// Those of [`Formulas::of`].
pub(crate) fn applied(run: Run, table: &VariableTable) -> Result<Run> {
    if table.formulas().next().is_none() {
        return Ok(run.without_derived());
    }
    let formulas = Arc::new(Formulas::of(table)?);
    let source = shown::Derived::new(run.origin().clone(), formulas, run.is_for_proof());
    Ok(run.showing(Arc::new(source)))
}
