//! The forms of gridded files on the command line.

use clap::ValueEnum;
use gridloom::plan::Format;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum GridFormat {
    /// CF NetCDF-4, a file a variable.
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
    /// The forms, as settings name them.
    pub(crate) fn named(&self) -> Vec<Format> {
        match self {
            GridFormats::One(one) => named(std::slice::from_ref(one)),
            GridFormats::Several(several) => named(several),
        }
    }
}

/// Forms as settings name them.
pub(crate) fn named(formats: &[GridFormat]) -> Vec<Format> {
    let name = |format: &GridFormat| match format {
        GridFormat::Netcdf => "nc",
        GridFormat::Zarr => "zarr",
    };
    formats.iter().map(|format| Format::named(name(format))).collect()
}
