//! Files that have their names, and how they are known again.

use std::path::Path;

use crate::error::{Error, Result};
use crate::shared::{self, Draft, Ends, Inside};
use crate::source::stamp;
use crate::spool::contents::Contents;
use crate::spool::held::FileKind;
use crate::spool::record::{self, Record};
use crate::table::forms;

use super::pass::Workshop;
use super::stats::Stage;

/// A file that was published.
#[derive(Debug, Clone, serde::Serialize)]
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
    let path = file.below(folder);
    let (metadata, ends) = shop.stats.time(Stage::Sync, what, || {
        let make = || -> Result<_> {
            let metadata = draft.publish_inside(folder, &file)?;
            let opened = file.open(folder).and_then(|opened| Ends::of(&opened));
            Ok((metadata, opened.map_err(|source| shared::error("read", &path, source))?))
        };
        let made = make();
        let bytes = made.as_ref().map_or(0, |(metadata, _)| metadata.len());
        (made, bytes)
    })?;
    let bytes = metadata.len();
    let modified = stamp::modified(&metadata);
    let published = record::Published { file, bytes, modified, content, seal: ends.digest };
    shop.record(Record::Published(published), what)?;
    Ok(bytes)
}

/// Looks at a plain file of the output folder.
pub(super) fn look(folder: &Path, file: &Inside) -> Option<(std::fs::Metadata, Ends)> {
    let opened = file.open(folder).ok()?;
    Some((opened.metadata().ok()?, Ends::of(&opened).ok()?))
}

/// Whether a file of a name can be one that gridloom made, by what is in it.
pub(super) fn is_own_kind(name: &str, ends: &Ends) -> bool {
    let has = |ending: &str| name.strip_suffix(ending).is_some_and(|name| name.ends_with('.'));
    let is_grid = has("nc") && ends.is_marked;
    is_grid || forms::all().iter().any(|form| has(form.ending()) && (ends.is_marked || !form.is_marked()))
}

/// Whether a file is there as it should be; its size.
pub(super) fn is_there(contents: &Contents, folder: &Path, name: &str, content: u64) -> Option<u64> {
    let published = contents.published.get(name)?;
    let (there, ends) = look(folder, &Inside::new(name)?)?;
    let there = (content, there.len(), stamp::modified(&there), ends.digest);
    let is_there = |one: &&record::Published| (one.content, one.bytes, one.modified, one.seal) == there;
    published.iter().find(is_there).map(|one| one.bytes)
}
