//! From finished blocks to the files of tables.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::SecondsFormat;

use crate::error::{Error, Result};
use crate::observer::Counted;
use crate::plan::tables::TableKind;
use crate::shared::{self, Draft};
use crate::spool::Task;
use crate::spool::contents::Contents;
use crate::spool::digest::Digest;
use crate::spool::held::FileKind;
use crate::spool::record::{Content, RecordId, TablePiece};
use crate::spool::snapshot::Header;
use crate::table::{Layout, Map, Regions, Table, file};

use super::pass::Workshop;
use super::published::{Published, is_there, name};
use super::stats::Stage;
use super::tables::Accepted;
use super::work::Delivery;
use super::{identity, product};
use crate::sync::lock;

/// What a file that is being written takes beside its rows.
const WRITER_BYTES: u64 = 4 << 20;

/// Writes what finished blocks are made into.
pub(super) struct Files<'a> {
    pub shop: &'a Workshop<'a>,
    pub layout: &'a Layout<'a>,
    pub maps: &'a [Map],
    pub header: &'a Header,
    pub contents: &'a Contents,
    pub accepted: &'a Accepted,
    pub folder: &'a Path,
    /// What the names of temporary files bear.
    pub mark: &'a str,
    /// A digest of all files that were read, for the files' provenance.
    pub digest: &'a str,
}

/// Where the pieces of a file are, in their order.
type Pieces<'a> = Vec<(RecordId, &'a TablePiece)>;

/// A file of a table.
struct TableFile<'a> {
    table: &'a Table,
    name: String,
    pieces: Pieces<'a>,
}

impl<'a> Files<'a> {
    /// How many files there will be, as far as that is known before.
    pub fn count(layout: &Layout<'_>, maps: &[Map]) -> usize {
        usize::from(layout.metadata().is_some())
            + layout.tables.len()
            + product::of_maps(layout.plan, maps).map_or(0, |products| products.len())
    }

    /// Writes all files that are not there yet as they should be.
    pub fn publish(&self) -> Result<Delivery<Vec<Published>, Vec<RecordId>>> {
        let files = self.files();
        let products = product::of_maps(self.shop.plan, self.maps)?;
        let metadata = self.layout.metadata();
        let count = files.len() + products.len() + usize::from(metadata.is_some());
        self.shop.progress.start(Counted::Files, count as u64, 0);
        let mut published = Vec::new();
        let mut is_damaged = false;
        for file in self.write_all(&files) {
            match file? {
                Some(file) => published.push(file),
                None => is_damaged = true,
            }
        }
        self.shop.halt.check()?;
        if self.shop.halt.is_closing() {
            return Ok(Delivery::Done(published));
        }
        if let Some((name, text)) = metadata {
            published.push(self.text(&name, &text)?);
        }
        match self.publish_maps(&products)? {
            Some(maps) => published.extend(maps),
            None => is_damaged = true,
        }
        if is_damaged {
            return Ok(Delivery::Damaged(super::tables::damaged(self.shop, self.accepted, true)?));
        }
        shared::sync_folder(self.folder)?;
        Ok(Delivery::Done(published))
    }

    /// Writes files, as many at a time as memory is for.
    fn write_all(&self, files: &[TableFile<'a>]) -> Vec<Result<Option<Published>>> {
        let largest = |file: &TableFile<'a>| file.pieces.iter().map(|(_, piece)| piece.place.length).max();
        let needed = |file: &TableFile<'a>| {
            self.layout.file_bytes(file.table, u64::from(largest(file).unwrap_or(0))) + WRITER_BYTES
        };
        let needed = files.iter().map(needed).max().unwrap_or(1);
        let memory = &self.shop.plan.memory;
        let most = if self.layout.form.is_serial() { 1 } else { memory.threads };
        let writers = usize::try_from(memory.budget / needed).unwrap_or(most).clamp(1, most);
        let next = AtomicUsize::new(0);
        let written: Vec<Mutex<Option<Result<Option<Published>>>>> =
            files.iter().map(|_| Mutex::default()).collect();
        rayon::scope(|scope| {
            for _ in 0..writers {
                scope.spawn(|_| {
                    while !self.shop.halt.is_closing() {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        let Some((file, written)) = files.get(number).zip(written.get(number)) else { break };
                        *lock(written) = Some(self.file(file));
                    }
                });
            }
        });
        let result =
            |written: Mutex<Option<_>>| written.into_inner().unwrap_or_else(|poison| poison.into_inner());
        written.into_iter().map(|written| result(written).unwrap_or(Ok(None))).collect()
    }

    /// All pieces of a content, in the order of blocks.
    pub(super) fn pieces(&self) -> impl Iterator<Item = (RecordId, &'a TablePiece)> {
        let blocks = self.accepted.blocks.iter();
        blocks.flat_map(|state| state.block.pieces.iter().map(|piece| (state.id, piece)))
    }

    fn files(&self) -> Vec<TableFile<'a>> {
        let mut files: BTreeMap<(u32, u32), Pieces<'a>> = BTreeMap::new();
        for (index, table) in self.layout.tables.iter().enumerate() {
            // A table without rows is a table, too.
            let is_single = self.layout.settings.partition.is_none() && !self.layout.settings.is_per_cell();
            if is_single || matches!(table.kind, TableKind::Region) {
                files.insert((index as u32, 0), Vec::new());
            }
        }
        for (id, piece) in self.pieces() {
            if let Content::Rows(table, partition) = piece.content {
                files.entry((table, partition)).or_default().push((id, piece));
            }
        }
        files
            .into_iter()
            .filter_map(|((index, partition), pieces)| {
                let table = self.layout.tables.get(index as usize)?;
                let pieces = match table.kind {
                    TableKind::Region => {
                        self.pieces().filter(|(_, p)| p.content == Content::Regions).collect()
                    }
                    _ => pieces,
                };
                Some(TableFile { table, name: self.layout.file(table, partition), pieces })
            })
            .collect()
    }

    /// Publishes a file of text.
    fn text(&self, file: &str, text: &str) -> Result<Published> {
        let content = identity::of_file("text", self.shop.plan)?.text(file).text(text).finish();
        let bytes = match is_there(self.contents, self.folder, file, content) {
            Some(bytes) => bytes,
            None => {
                let draft = Draft::marked(self.folder, self.mark, file)?;
                let write = |source| Error::io("write", draft.path(), source);
                let mut opened =
                    shared::open(draft.path(), std::fs::File::options().write(true)).map_err(write)?;
                std::io::Write::write_all(&mut opened, text.as_bytes()).map_err(write)?;
                name(self.shop, self.folder, draft, file, content)?
            }
        };
        self.shop.progress.advance(Counted::Files, 1);
        let (kind, variable) = (FileKind::Table, "metadata".to_owned());
        Ok(Published { file: file.to_owned(), kind, variable, bytes, chunks: 1 })
    }

    /// Publishes a file; `None` where a piece is damaged.
    fn file(&self, file: &TableFile<'_>) -> Result<Option<Published>> {
        let Workshop { stats, progress, .. } = self.shop;
        let what = || file.name.clone();
        let content = self.content(file)?;
        let entry = |bytes| Published {
            file: file.name.clone(),
            kind: FileKind::Table,
            variable: file.table.kind.name().to_owned(),
            bytes,
            chunks: file.pieces.len(),
        };
        let known = is_there(self.contents, self.folder, &file.name, content);
        let bytes = match known {
            Some(bytes) => bytes,
            None => {
                let draft = Draft::marked(self.folder, self.mark, &file.name)?;
                let written = stats.time(Stage::Publish, what, || {
                    let bytes = file.pieces.iter().map(|(_, piece)| u64::from(piece.place.length)).sum();
                    (self.write(file, draft.path()), bytes)
                })?;
                if written.is_none() {
                    return Ok(None);
                }
                name(self.shop, self.folder, draft, &file.name, content)?
            }
        };
        progress.advance(Counted::Files, 1);
        Ok(Some(entry(bytes)))
    }

    /// A digest of all that a file is made of.
    fn content(&self, file: &TableFile<'_>) -> Result<u64> {
        let digest = identity::of_file("table", self.shop.plan)?.text(&file.name).text(self.digest);
        let digest = digest.text(&self.header.created.to_rfc3339());
        let digest = digest.list(file.table.schema.fields().iter(), |digest, field| {
            let digest = digest.text(field.name()).text(&field.data_type().to_string());
            texts(digest.number(u64::from(field.is_nullable())), field.metadata())
        });
        let digest = texts(digest, file.table.schema.metadata());
        let add = |digest: Digest, (_, piece): &(_, &TablePiece)| {
            digest.number(piece.place.checksum).number(piece.place.length)
        };
        Ok(digest.list(file.pieces.iter(), add).finish())
    }

    fn metadata(&self, table: &Table) -> Vec<(String, String)> {
        let created = self.header.created.to_rfc3339_opts(SecondsFormat::Secs, true);
        let mut metadata: BTreeMap<String, String> =
            table.schema.metadata().iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        let model = self.shop.plan.settings.table.model();
        let own = [
            ("date_created", created),
            ("gridloom_input_digest", self.digest.to_owned()),
            ("run", self.shop.plan.run.name.clone()),
            ("source", model.source.clone().or(model.name.clone()).unwrap_or_default()),
        ];
        metadata.extend(own.map(|(key, value)| (key.to_owned(), value)));
        // As in grids, they may replace others.
        metadata.extend(self.shop.plan.settings.attributes.clone());
        metadata.into_iter().collect()
    }

    /// Writes a file under its temporary name; `None` where a piece is damaged.
    fn write(&self, file: &TableFile<'_>, temporary: &Path) -> Result<Option<()>> {
        let metadata = self.metadata(file.table);
        let mut writer = file::Writer::create(temporary, self.layout, file.table, &metadata)?;
        if file.table.kind == TableKind::Region {
            let mut sums = Regions::new(self.layout);
            for (id, piece) in &file.pieces {
                let Some(bytes) = self.read(id.task, piece)? else { return Ok(None) };
                sums.add(&bytes);
            }
            sums.rows(self.layout, file.table, &mut |rows| writer.rows(rows))?;
        } else {
            for (id, piece) in &file.pieces {
                let Some(bytes) = self.read(id.task, piece)? else { return Ok(None) };
                writer.append(bytes)?;
            }
        }
        writer.finish().map(Some)
    }

    /// A piece's bytes; `None` where they are not what was written.
    pub(super) fn read(&self, task: Task, piece: &TablePiece) -> Result<Option<Vec<u8>>> {
        if self.shop.halt.is_over() {
            self.shop.halt.check()?;
            return Err(Error::stopped(0, 0));
        }
        let mut bytes = Vec::new();
        let is_sound = self.shop.spool.read(task, &piece.place, &mut bytes)?;
        Ok(is_sound.then_some(bytes))
    }
}

/// Adds named texts, in the order of their names.
fn texts(digest: Digest, texts: &HashMap<String, String>) -> Digest {
    let ordered: BTreeMap<&String, &String> = texts.iter().collect();
    digest.list(ordered.into_iter(), |digest, (name, text)| digest.text(name).text(text))
}
