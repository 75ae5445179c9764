//! How variables are stored in a file: shapes of chunks, filters, and where each piece is.

use std::path::Path;

use hdf5_metno::datatype::ByteOrder;

use crate::chunk::StoredFilter;
use crate::error::Verdict;
use crate::guard::guarded;

use super::chunks::{filters_of, visit};
use super::handle::library;

/// How a variable is stored.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub is_big_endian: bool,
    pub shape: Vec<usize>,
    /// The shape of its chunks: its own, where it is one piece.
    pub chunk: Vec<usize>,
    pub filters: Vec<StoredFilter>,
    /// First element, address and bytes of each chunk that was written.
    pub places: Vec<(Vec<u64>, u64, u64)>,
}

/// How some variables of a file are stored. The file was looked at before ([`crate::probe::look`]).
///
/// # Errors
/// What HDF5 says; that a variable is stored in a way that has no places.
pub(crate) fn stored(path: &Path, names: &[&str]) -> Result<Vec<Stored>, Verdict> {
    let read = || {
        let file = hdf5_metno::File::open(path).map_err(|error| error.to_string())?;
        names.iter().map(|name| of_variable(&file, name)).collect::<Result<Vec<_>, String>>()
    };
    let read = guarded(|| library(read)).unwrap_or_else(|| Err("it is damaged".to_owned()));
    read.map_err(Verdict::from)
}

fn of_variable(file: &hdf5_metno::File, name: &str) -> Result<Stored, String> {
    let fail = |error: hdf5_metno::Error| format!("{name}: {error}");
    let dataset = file.dataset(name).map_err(fail)?;
    let shape = dataset.shape();
    let filters = filters_of(&dataset);
    let is_big_endian = dataset.dtype().map_err(fail)?.byte_order() == ByteOrder::BigEndian;
    let mut places = Vec::new();
    let chunk = match dataset.chunk() {
        Some(chunk) => {
            let mut is_whole = true;
            let mut see = |offset: &[u64], address: u64, bytes: u64, skipped: u32| {
                is_whole &= skipped == 0;
                // All ones are an address that is none.
                if address != u64::MAX {
                    places.push((offset.to_vec(), address, bytes));
                }
            };
            let seen =
                visit(&dataset, |offset, chunk| see(offset, chunk.address, chunk.bytes, chunk.skipped));
            if seen.is_none() || !is_whole {
                return Err(format!(
                    "{name}: HDF5 does not tell where its chunks are, or some passed other filters"
                ));
            }
            chunk
        }
        None => {
            let address =
                dataset.offset().ok_or_else(|| format!("{name}: it has no place of its own in the file"))?;
            places.push((vec![0; shape.len()], address, dataset.storage_size()));
            shape.clone()
        }
    };
    places.sort();
    Ok(Stored { is_big_endian, shape, chunk, filters, places })
}
