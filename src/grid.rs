//! Grids as files: their forms ([`form`], [`forms`]), and the one reader of gridded NetCDF ([`read`]).

pub mod form;
pub mod forms;
pub(crate) mod json;
mod netcdf;
pub mod products;
pub mod read;
mod zarr;
