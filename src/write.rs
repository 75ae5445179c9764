//! Writing gridded files: what they hold beside their chunks ([`Skeleton`]), and NetCDF files of it.
//!
//! A file is made under a temporary name in the output folder: dimensions, coordinates and attributes first, then the
//! encoded chunks in a fixed order, copied as they are. It is synced to the disk and only then gets its name.

mod command;
mod netcdf;
mod provenance;
mod raw;
mod said;
mod schema;
mod skeleton;
mod subject;

use std::path::PathBuf;

use crate::chunk::Codec;
use crate::error::{Error, Result};

pub use self::netcdf::NetcdfWriter;
pub use ::netcdf::AttributeValue;
pub use provenance::Provenance;
pub use raw::{give_memory_back, switch_off_locks};
pub(crate) use raw::{ignores_locks, register_zstd, with_chunk_cache};
pub use schema::Schema;
pub(crate) use schema::{ROW_NUMBERS, RowNames, dimensions, letters_of, row_dimension, row_names};
pub use skeleton::{Attributes, Data, Dimension, Skeleton, Values, Variable};
pub use subject::{Coverage, MadeBy, Steps, Subject};

/// Registers the codec with HDF5, where it is not one of HDF5's own.
pub(crate) fn register(codec: Codec) -> Result<()> {
    match codec {
        Codec::Zstd(_) => {
            register_zstd().map_err(|reason| Error::netcdf(PathBuf::from("HDF5"), "register zstd", reason))
        }
        _ => Ok(()),
    }
}
