//! Stores: all outputs of a plan in one product, whichever batch they come in.

use std::ops::Range;
use std::path::Path;

use crate::error::{Error, Result};
use crate::grid::products::Product;
use crate::observer::Counted;
use crate::plan::Output;
use crate::shared::Site;
use crate::spool::contents::Contents;
use crate::spool::held::FileKind;

use super::super::identity;
use super::super::pass::Workshop;
use super::super::product::Product as Writing;
use super::super::published::{self, Published};
use super::super::stats::Stage;
use super::Publisher;

/// A store, and what of it is known so far.
pub(super) struct Store {
    product: Product,
    /// A digest of each of its outputs.
    contents: Vec<u64>,
    names: Vec<String>,
    /// How many chunks each has.
    chunks: Vec<usize>,
}

/// A store that is being written.
pub(super) struct StoreDraft<'a> {
    site: Site<'a>,
    file: Writing,
    is_begun: bool,
}

impl Store {
    pub fn new(product: Product) -> Self {
        Store { product, contents: Vec::new(), names: Vec::new(), chunks: Vec::new() }
    }

    fn outputs<'a>(&self, publisher: &Publisher<'a>, batch: &Range<usize>) -> Vec<&'a Output> {
        let parts = self.product.parts.iter().filter(|part| batch.contains(part));
        parts.filter_map(|&part| publisher.shop.plan.outputs.get(part)).collect()
    }

    /// Takes in what it is made of in a batch of outputs.
    pub fn add(&mut self, publisher: &Publisher<'_>, batch: &Range<usize>) -> Result<()> {
        for output in self.outputs(publisher, batch) {
            let chunks = publisher.chunks_of(output);
            self.contents.push(publisher.content(output, chunks, &self.product.file)?);
            self.names.push(output.name.clone());
            self.chunks.push(chunks.len());
        }
        Ok(())
    }

    fn published(&self, bytes: u64) -> Published {
        Published {
            file: self.product.file.clone(),
            kind: FileKind::Grid,
            variable: self.names.join(", "),
            bytes,
            chunks: self.chunks.iter().sum(),
        }
    }

    /// Whether it is there as it should be.
    pub fn there(&self, contents: &Contents, folder: &Path) -> Option<Published> {
        let content = identity::of_parts(&self.contents);
        let bytes = published::is_there(contents, folder, &self.product.file, content)?;
        Some(self.published(bytes))
    }

    /// Begins to write it, under a temporary name.
    pub fn begin<'a>(&'a self, folder: &'a Path, mark: &'a str) -> StoreDraft<'a> {
        let site = Site::new(folder, mark, &self.product.file);
        StoreDraft { file: Writing::new(self.product.form, &site), site, is_begun: false }
    }

    /// Writes the outputs of a batch; `false` where a piece is damaged.
    pub fn write(
        &self,
        draft: &mut StoreDraft<'_>,
        publisher: &Publisher<'_>,
        batch: &Range<usize>,
    ) -> Result<bool> {
        for output in self.outputs(publisher, batch) {
            let chunks = publisher.chunks_of(output);
            let what = || output.name.clone();
            let is_sound = publisher.shop.stats.time(Stage::Publish, what, || {
                let begun = self.next(draft, publisher);
                let result =
                    begun.and_then(|()| publisher.variable(&mut draft.file, &self.product, output, chunks));
                (result, chunks.iter().map(|chunk| u64::from(chunk.place.length)).sum())
            })?;
            if !is_sound {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Begins its next variable.
    fn next(&self, draft: &mut StoreDraft<'_>, publisher: &Publisher<'_>) -> Result<()> {
        if std::mem::replace(&mut draft.is_begun, true) {
            return draft.file.next();
        }
        let all = &publisher.shop.plan.outputs;
        let outputs: Vec<&Output> = self.product.parts.iter().filter_map(|&part| all.get(part)).collect();
        let Some((first, others)) = outputs.split_first() else {
            return Err(Error::bug("a store of no variable"));
        };
        let skeleton = publisher.skeleton(&self.product, first, others, &self.chunks);
        draft.file.begin(publisher.shop, &draft.site, &skeleton)
    }

    /// Completes it and gives it its name.
    pub fn finish(&self, draft: StoreDraft<'_>, shop: &Workshop<'_>, folder: &Path) -> Result<Published> {
        let content = identity::of_parts(&self.contents);
        let draft = draft.file.close()?;
        let bytes = published::name(shop, folder, draft, &self.product.file, content)?;
        shop.progress.advance(Counted::Files, 1);
        Ok(self.published(bytes))
    }
}
