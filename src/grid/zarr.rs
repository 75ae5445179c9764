//! Zarr v3 as a form of grids: a store of all variables that share their steps.
//!
//! A store is a folder: a group with a folder an array, whose metadata stand in its `zarr.json` and once more in the group's, so that one read
//! opens it. Chunks are those of the other forms: they lie in *shards*, files of many chunks with their places and a checksum at the end, so
//! that no file system sees a million files. A compressed chunk is a Blosc container of one block, whose content is what the pass has
//! encoded, shuffled and deflated or packed by zstd: every reader of Zarr knows it, and no chunk is encoded twice. CRC-32C stands
//! behind each. Specifications: zarr-specs, core 3.0 and `sharding_indexed`; Blosc's header is that of its version 1.

mod blosc;
mod decode;
mod find;
mod metadata;
mod read;
mod shards;
mod write;

use std::path::Path;

use crate::chunk::{Codec, Filters};
use crate::error::Failure;
use crate::shared::Site;
use crate::write::{AttributeValue, Skeleton};

use super::form::{Found, GridForm, GridReader, GridWriter};
use super::json;

/// The metadata of a node.
const METADATA: &str = "zarr.json";

/// Whether a text can be the name of an array, which is a folder's.
fn is_name(name: &str) -> bool {
    let is_reserved = name.starts_with('.') || name.starts_with("__") || name == METADATA;
    !name.is_empty() && !is_reserved && name.len() <= 255 && !name.contains(['/', '\0'])
}

/// Zarr v3, a store of all variables that share their steps.
#[derive(Debug)]
pub(super) struct Zarr;

impl GridForm for Zarr {
    fn name(&self) -> &'static str {
        "zarr"
    }

    fn is_folder(&self) -> bool {
        true
    }

    fn is_store(&self) -> bool {
        true
    }

    // Every dimension of an array may grow.
    fn tells_limits(&self) -> bool {
        false
    }

    fn kept(&self, value: AttributeValue) -> AttributeValue {
        json::kept(value)
    }

    fn filters(&self, codec: Codec) -> Result<Filters, String> {
        Ok(Filters { checksum: false, shuffle: codec.shuffles(), codec })
    }

    // A checksum behind a chunk is left out.
    fn takes(&self, filters: Filters) -> bool {
        filters.shuffle == filters.codec.shuffles()
    }

    fn create(
        &self,
        site: &Site<'_>,
        skeleton: &Skeleton,
        filters: Filters,
    ) -> Result<Box<dyn GridWriter>, Failure> {
        Ok(Box::new(write::Writer::create(site, skeleton, filters)?))
    }

    fn find(&self, path: &Path, variable: &str, wanted: &[&str]) -> Result<Found, String> {
        find::found(path, variable, wanted)
    }

    fn open(&self, path: &Path, variable: &str) -> Result<Box<dyn GridReader>, String> {
        Ok(Box::new(read::Reader::open(path, variable)?))
    }
}
