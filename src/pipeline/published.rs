//! Files that have their names, and how they are known again.

use std::path::Path;

use crate::error::{Error, Result};
use crate::grid::form::GridForm;
use crate::shared::{Draft, Inside, Standing};
use crate::spool::contents::Contents;
use crate::spool::held::FileKind;
use crate::spool::record::{self, Record};
use crate::table::form::TableForm;
use crate::{grid, table};

use super::pass::Workshop;
use super::stats::Stage;

/// A file that was published.
#[derive(Debug, Clone, serde::Serialize)]
#[non_exhaustive]
pub struct Published {
    /// Its name.
    pub file: String,
    /// What it is.
    pub kind: FileKind,
    /// The name of its variable, or of its table.
    pub variable: String,
    /// Bytes of the file.
    pub bytes: u64,
    /// Chunks that have values; all others are masked and not stored. Of a table its pieces.
    pub chunks: usize,
}

/// Gives a complete file its name, and records that; returns its bytes.
pub(super) fn name(
    shop: &Workshop<'_>,
    folder: &Path,
    draft: Draft,
    name: &str,
    content: u64,
) -> Result<u64> {
    let what = || name.to_owned();
    let file = Inside::new(name)
        .ok_or_else(|| Error::foreign(folder.join(name), "its path leads out of the output folder"))?;
    let made = shop.stats.time(Stage::Sync, what, || {
        let made = draft.publish_inside(folder, &file);
        let bytes = made.as_ref().map_or(0, |made| made.bytes);
        (made, bytes)
    })?;
    let Standing { bytes, modified, seal, .. } = made;
    let published = record::Published { file, bytes, modified, content, seal };
    shop.record(Record::Published(published), what)?;
    Ok(bytes)
}

/// Whether a file of a name can be one that gridloom made, by what is in it.
pub(super) fn is_own_kind(name: &str, there: &Standing) -> bool {
    let has = |ending: &str| name.strip_suffix(ending).is_some_and(|name| name.ends_with('.'));
    let is_grid = |form: &&dyn GridForm| has(form.ending()) && (there.is_marked || !form.is_marked());
    let is_table = |form: &&dyn TableForm| has(form.ending()) && (there.is_marked || !form.is_marked());
    grid::forms::all().iter().any(is_grid) || table::forms::all().iter().any(is_table)
}

/// Whether a file is there as it should be; its size.
pub(super) fn is_there(contents: &Contents, folder: &Path, name: &str, content: u64) -> Option<u64> {
    let published = contents.published.get(name)?;
    let there = Standing::of(folder, &Inside::new(name)?).ok()?;
    let there = (content, there.bytes, there.modified, there.seal);
    let is_there = |one: &&record::Published| (one.content, one.bytes, one.modified, one.seal) == there;
    published.iter().find(is_there).map(|one| one.bytes)
}
