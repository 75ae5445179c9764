//! Writing gridded files: what they hold beside their chunks ([`Skeleton`]), and NetCDF files of it.
//!
//! A file is made under a temporary name in the output folder: dimensions, coordinates and attributes first, by netCDF-C, then the
//! encoded chunks in a fixed order, copied as they are by HDF5. It is synced to the disk and only then gets its name.

mod command;
mod netcdf;
mod provenance;
mod raw;
mod said;
mod schema;
mod skeleton;
mod subject;

use std::path::{Path, PathBuf};

use crate::chunk::Codec;
use crate::error::{Error, Result, Trouble, errno_of_hdf5};
use crate::shared::Draft;

pub use self::netcdf::NetcdfWriter;
pub use ::netcdf::AttributeValue;
pub use provenance::Provenance;
pub use raw::{give_memory_back, switch_off_locks};
pub(crate) use raw::{ignores_locks, register_zstd, with_chunk_cache};
pub use schema::Schema;
pub(crate) use schema::dimensions;
pub use skeleton::{Attributes, Data, Dimension, Skeleton, Values, Variable};
pub use subject::{Coverage, MadeBy, Steps, Subject};

/// What the system said, where a library that writes for us only says that it failed.
pub(crate) fn explain(error: Error) -> Error {
    let Trouble::Netcdf { path, action, reason } = error.trouble() else { return error };
    // HDF5 tells the number deep in its text; netCDF-C does not, so try the same folder.
    let source = match errno_of_hdf5(&reason.to_string()) {
        Some(number) => Some(std::io::Error::from_raw_os_error(number)),
        None => path.parent().and_then(|folder| probe(folder).err()),
    };
    match source {
        Some(source) => Error::io("write", path, source),
        None => Error::netcdf(path, action.as_str(), reason.clone()),
    }
}

/// Writes as much as a small file into a folder, and removes it.
fn probe(folder: &Path) -> std::io::Result<()> {
    let (_draft, mut file) = match Draft::beside(&folder.join("probe.nc")) {
        Ok(made) => made,
        Err(error) => {
            return match error.into_trouble() {
                Trouble::Io { source, .. } => Err(source),
                _ => Ok(()),
            };
        }
    };
    std::io::Write::write_all(&mut file, &vec![1; 1 << 18])?;
    file.sync_all()
}

/// Registers the codec with HDF5, where it is not one of HDF5's own.
pub(crate) fn register(codec: Codec) -> Result<()> {
    match codec {
        Codec::Zstd(_) => {
            register_zstd().map_err(|reason| Error::netcdf(PathBuf::from("HDF5"), "register zstd", reason))
        }
        _ => Ok(()),
    }
}
