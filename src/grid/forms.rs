//! The forms of grids that there are.

use std::sync::{PoisonError, RwLock};

use crate::error::{Argument, Error, Result};
use crate::plan::Format;

use super::form::GridForm;
use super::netcdf::Netcdf;

/// gridloom's own.
static OWN: [&dyn GridForm; 1] = [&Netcdf];

/// Those of others.
static OTHERS: RwLock<Vec<&'static dyn GridForm>> = RwLock::new(Vec::new());

/// Adds a form for as long as the process lives. What is added once more, or has the name of another, changes nothing.
pub fn add(form: &'static dyn GridForm) {
    if !all().iter().any(|other| other.name() == form.name()) {
        OTHERS.write().unwrap_or_else(PoisonError::into_inner).push(form);
    }
}

/// All forms.
pub fn all() -> Vec<&'static dyn GridForm> {
    let others = OTHERS.read().unwrap_or_else(PoisonError::into_inner);
    OWN.iter().chain(others.iter()).copied().collect()
}

/// The form that settings name.
///
/// # Errors
/// [`Argument`](crate::ErrorKind::Argument) where there is none.
pub fn find(format: &Format) -> Result<&'static dyn GridForm> {
    let all = all();
    let is_it = |form: &&&dyn GridForm| form.name() == format.name() && format.packing().is_none();
    all.iter().find(is_it).copied().ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|form| form.name()).collect();
        let reason = format!("no such form of grids; there are {}", names.join(", "));
        Error::selection(Argument::Format, format, reason)
    })
}
