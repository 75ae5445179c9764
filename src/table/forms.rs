//! The forms of tables that there are.

use std::sync::{PoisonError, RwLock};

use crate::error::{Argument, Error, Result};
use crate::plan::Format;

use super::csv::Csv;
use super::feather::Feather;
use super::form::TableForm;
use super::hdf5::Hdf5;
use super::packing::Packing;
use super::parquet::Parquet;

/// gridloom's own.
static OWN: [&dyn TableForm; 6] =
    [&Parquet, &Feather, &Csv(Packing::Plain), &Csv(Packing::Gzip), &Csv(Packing::Zstd), &Hdf5];

/// Those of others.
static OTHERS: RwLock<Vec<&'static dyn TableForm>> = RwLock::new(Vec::new());

/// Adds a form for as long as the process lives. What is added once more, or has the name of another, changes nothing.
pub fn add(form: &'static dyn TableForm) {
    let is_it = |other: &&dyn TableForm| (other.name(), other.packing()) == (form.name(), form.packing());
    if !all().iter().any(is_it) {
        OTHERS.write().unwrap_or_else(PoisonError::into_inner).push(form);
    }
}

/// All forms.
pub fn all() -> Vec<&'static dyn TableForm> {
    let others = OTHERS.read().unwrap_or_else(PoisonError::into_inner);
    OWN.iter().chain(others.iter()).copied().collect()
}

/// The form that settings name.
///
/// # Errors
/// [`Argument`](crate::ErrorKind::Argument) where there is none.
pub fn find(format: &Format) -> Result<&'static dyn TableForm> {
    let all = all();
    let is_it = |form: &&&dyn TableForm| (form.name(), form.packing()) == (format.name(), format.packing());
    all.iter().find(is_it).copied().ok_or_else(|| {
        let named = all.iter().map(|form| match form.packing() {
            None => Format::named(form.name()),
            Some(packing) => Format::packed(form.name(), packing),
        });
        let names: Vec<String> = named.map(|format| format.to_string()).collect();
        let reason = format!("no such form of tables; there are {}", names.join(", "));
        Error::selection(Argument::Format, format, reason)
    })
}
