//! A product of the plan's form of grids while it is being written.

use std::path::PathBuf;

use crate::error::{Error, Result};
use crate::grid::form::{Chunk, GridWriter};
use crate::shared::{Draft, Site};
use crate::write::Skeleton;

use super::pass::Workshop;

/// A product that is being written; its errors name the path that it will have.
pub(super) struct Product {
    path: PathBuf,
    writer: Box<dyn GridWriter>,
}

impl Product {
    pub fn create(shop: &Workshop<'_>, site: Site<'_>, skeleton: &Skeleton) -> Result<Self> {
        let path = site.path();
        let writer = shop.form.create(&site, skeleton, shop.filters);
        let writer = writer.map_err(|failure| Error::in_grid(&path, "make the file", failure))?;
        Ok(Product { path, writer })
    }

    pub fn put(&mut self, chunk: Chunk<'_>) -> Result<()> {
        self.writer.put(chunk).map_err(|failure| Error::in_grid(&self.path, "write a chunk", failure))
    }

    /// Completes it; it still has its temporary name.
    pub fn close(self) -> Result<Draft> {
        self.writer.close().map_err(|failure| Error::in_grid(&self.path, "close", failure))
    }
}
