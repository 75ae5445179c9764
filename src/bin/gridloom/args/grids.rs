//! The forms of gridded files on the command line.

use crate::mistake::wrong;
use clap::ValueEnum;
use gridloom::plan::{Format, NETCDF, Settings};

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum GridFormat {
    /// CF NetCDF-4, a file a variable, or one of all.
    Netcdf,
    /// Zarr v3, a store of all variables.
    Zarr,
}

/// One form, or a list of them.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(untagged)]
pub(crate) enum GridFormats {
    One(GridFormat),
    Several(Vec<GridFormat>),
}

impl GridFormats {
    pub(crate) fn all(&self) -> &[GridFormat] {
        match self {
            GridFormats::One(one) => std::slice::from_ref(one),
            GridFormats::Several(several) => several,
        }
    }
}

/// Settings with these forms, of which NetCDF has all variables in one file where it `is_single`; without any it is NetCDF.
pub(crate) fn with_forms(
    settings: Settings,
    formats: &[GridFormat],
    is_single: bool,
) -> anyhow::Result<Settings> {
    if is_single && !formats.is_empty() && !formats.contains(&GridFormat::Netcdf) {
        return Err(wrong("--single", true, "is for NetCDF; a store of Zarr has all variables in any case"));
    }
    let name = |format: &GridFormat| match format {
        GridFormat::Netcdf => NETCDF,
        GridFormat::Zarr => "zarr",
    };
    let formats = if formats.is_empty() { &[GridFormat::Netcdf] } else { formats };
    let settings = settings.formats(formats.iter().map(|format| Format::named(name(format))).collect());
    Ok(if is_single { settings.in_one_file() } else { settings })
}
