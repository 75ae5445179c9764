//! A product of a form of grids while it is being written.

use std::path::PathBuf;

use crate::error::{Error, Result};
use crate::grid::form::{Chunk, GridForm, GridWriter};
use crate::grid::products;
use crate::plan::Plan;
use crate::shared::{Draft, Site};
use crate::table::Map;
use crate::write::Skeleton;

use super::pass::Workshop;

/// The products of fields of one value an interval, whose numbers are their parts.
///
/// # Errors
/// [`Argument`](crate::ErrorKind::Argument) where two would have the same name.
pub(super) fn of_maps(plan: &Plan, maps: &[Map]) -> Result<Vec<products::Product>> {
    products::products(&plan.settings.formats, &maps.iter().map(|map| &map.output).collect::<Vec<_>>())
}

/// A product that is being written; its errors name the path that it will have.
pub(super) struct Product {
    form: &'static dyn GridForm,
    path: PathBuf,
    /// Made with all that it holds beside its chunks.
    writer: Option<Box<dyn GridWriter>>,
}

impl Product {
    pub fn new(form: &'static dyn GridForm, site: &Site<'_>) -> Self {
        Product { form, path: site.path(), writer: None }
    }

    /// Begins it, and its first variable.
    pub fn begin(&mut self, shop: &Workshop<'_>, site: &Site<'_>, skeleton: &Skeleton) -> Result<()> {
        let made = self.form.create(site, skeleton, shop.filters);
        let made = made.map_err(|failure| Error::in_grid(&self.path, "make the file", failure))?;
        self.writer = Some(made);
        Ok(())
    }

    /// Begins the next variable of a store.
    pub fn next(&mut self) -> Result<()> {
        let Some(writer) = &mut self.writer else { return Err(Error::bug("a variable before its product")) };
        writer.next().map_err(|failure| Error::in_grid(&self.path, "begin a variable", failure))
    }

    pub fn put(&mut self, chunk: Chunk<'_>) -> Result<()> {
        let Some(writer) = &mut self.writer else { return Err(Error::bug("a chunk before its product")) };
        writer.put(chunk).map_err(|failure| Error::in_grid(&self.path, "write a chunk", failure))
    }

    /// Completes it; it still has its temporary name.
    pub fn close(self) -> Result<Draft> {
        let Some(writer) = self.writer else { return Err(Error::bug("a product without a variable")) };
        writer.close().map_err(|failure| Error::in_grid(&self.path, "close", failure))
    }
}
