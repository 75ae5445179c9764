//! The forms of grids that there are.

use std::sync::{PoisonError, RwLock};

use crate::chunk::Filters;
use crate::error::{Argument, Error, Result};
use crate::plan::{Format, Settings};

use super::form::GridForm;
use super::netcdf::Netcdf;
use super::zarr::Zarr;

/// gridloom's own.
static OWN: [&dyn GridForm; 3] = [&Netcdf { is_store: false }, &Netcdf { is_store: true }, &Zarr];

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

/// The forms that settings name, one at least.
///
/// # Errors
/// [`Argument`](crate::ErrorKind::Argument) where there is none, or the same one twice.
pub fn chosen(formats: &[Format]) -> Result<Vec<&'static dyn GridForm>> {
    let refuse = |reason: &str| {
        let names: Vec<&str> = formats.iter().map(Format::name).collect();
        Err(Error::selection(Argument::Format, names.join(","), reason))
    };
    if formats.is_empty() {
        return refuse("grids need a form");
    }
    let forms: Vec<&'static dyn GridForm> = formats.iter().map(find).collect::<Result<_>>()?;
    let is_twice = |(index, form): (usize, &&dyn GridForm)| {
        forms.iter().take(index).any(|other| other.name() == form.name())
    };
    if forms.iter().enumerate().any(is_twice) {
        return refuse("a form is named twice");
    }
    Ok(forms)
}

/// How chunks are encoded, once, for all forms that settings name: as one of them wants it, and the others can store it. A checksum that one wants the others
/// leave out, so that no product depends on which others there are.
///
/// # Errors
/// [`Argument`](crate::ErrorKind::Argument) where no form's chunks are such for all of them.
pub fn filters(settings: &Settings) -> Result<Filters> {
    let (forms, codec) = (chosen(&settings.formats)?, settings.codec);
    let refuse = |reason: String| Error::selection(Argument::Codec, codec, reason);
    let wanted: Vec<Filters> =
        forms.iter().map(|form| form.filters(codec).map_err(refuse)).collect::<Result<_>>()?;
    let is_for_all = |filters: &&Filters| forms.iter().all(|form| form.takes(**filters));
    let possible: Vec<&Filters> = wanted.iter().filter(is_for_all).collect();
    let with_checksum = possible.iter().find(|filters| filters.checksum);
    match with_checksum.or(possible.first()) {
        Some(filters) => Ok(Filters { checksum: filters.checksum && settings.checksum, ..**filters }),
        None => {
            let names: Vec<&str> = forms.iter().map(|form| form.name()).collect();
            let names = names.join(" and ");
            Err(refuse(format!(
                "chunks are encoded once, and {names} do not store the same; make them one by one"
            )))
        }
    }
}
