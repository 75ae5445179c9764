//! Dimensions: datasets that are scales of others (*HDF5 Dimension Scale Specification*), as NetCDF-4 has them.

use super::attribute::Attribute;
use super::datatype::Datatype;
use super::heap;

/// What makes a dataset a dimension. A name that is no variable's says so.
pub(crate) fn scale(name: &str, is_variable: bool, length: u64) -> Vec<Attribute> {
    let name = match is_variable {
        true => name.to_owned(),
        false => format!("This is a netCDF dimension but not a netCDF variable.{length:>10}"),
    };
    vec![Attribute::text("CLASS", "DIMENSION_SCALE\0"), Attribute::text("NAME", &format!("{name}\0"))]
}

/// The dimensions of a dataset: their places in a heap collection.
pub(crate) fn dimensions(collection: u64, places: &[usize]) -> Attribute {
    let data = places.iter().flat_map(|&place| heap::list_of_one(collection, place)).collect();
    let shape = Some(vec![places.len() as u64]);
    Attribute { name: "DIMENSION_LIST".to_owned(), kind: Datatype::References, shape, data }
}

/// What a dimension says of the datasets that have it: their addresses, and which of their dimensions it is.
#[cfg(feature = "netcdf")]
pub(crate) fn users(users: &[(u64, usize)]) -> Attribute {
    let pair = |&(address, place): &(u64, usize)| [address, place as u64].map(u64::to_le_bytes).concat();
    let shape = Some(vec![users.len() as u64]);
    let data = users.iter().flat_map(pair).collect();
    Attribute { name: "REFERENCE_LIST".to_owned(), kind: Datatype::Users, shape, data }
}
