//! From the spool to final files.

mod maps;
mod store;

use std::collections::HashSet;
use std::ops::Range;
use std::path::Path;

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::grid::form::Chunk;
use crate::grid::products::{self, Product};
use crate::observer::Counted;
use crate::plan::{Output, Plan};
use crate::shared::{self, Draft, Site};
use crate::spool::contents::{Contents, Index, Piece};
use crate::spool::digest::Digest;
use crate::spool::held::FileKind;
use crate::spool::record::{ChunkKey, RecordId};
use crate::spool::snapshot::Header;
use crate::write::{Provenance, Schema, Skeleton, Subject};

use super::checkpoint::{self, Accepted, Summary};
use super::identity;
use super::join::{self, Joined};
use super::pass::Workshop;
use super::product::Product as Writing;
use super::published::{self, Published};
use super::stats::Stage;
use super::work::Delivery;
use store::Store;

/// Bytes that the index takes for a piece.
const PIECE_BYTES: u64 = 160;

/// Files that have their names, and the records of the chunks in them that were put together; or records with pieces that are not what
/// was written.
pub(super) type Outcome = Delivery<(Vec<Published>, HashSet<RecordId>), Vec<RecordId>>;

/// The outputs, some at a time: so many that the index of their pieces fits into a part of the memory.
pub(super) fn batches(shop: &Workshop<'_>, contents: &Contents) -> Vec<Range<usize>> {
    let plan = shop.plan;
    let layer_bytes = PIECE_BYTES * contents.pieces / plan.layers.len().max(1) as u64;
    let layers = (plan.memory.budget / 4 / layer_bytes.max(1)).max(1);
    let mut batches: Vec<Range<usize>> = Vec::new();
    let mut held = 0;
    for (index, output) in plan.outputs.iter().enumerate() {
        let own = output.layers.len() as u64;
        match batches.last_mut() {
            Some(batch) if held + own <= layers => batch.end = index + 1,
            _ => {
                held = 0;
                batches.push(index..index + 1);
            }
        }
        held += own;
    }
    batches
}

/// The pieces of a batch of outputs, and the chunks that they give.
pub(super) fn chunks_of(
    shop: &Workshop<'_>,
    header: &Header,
    contents: &Contents,
    accepted: &HashSet<RecordId>,
    batch: &Range<usize>,
    wanted: impl Fn(ChunkKey) -> bool + Sync,
) -> Result<(Index, Joined)> {
    let outputs = shop.plan.outputs.get(batch.clone()).unwrap_or_default();
    let first = outputs.first().map_or(0, |output| output.layers.start) as u32;
    let last = outputs.last().map_or(0, |output| output.layers.end) as u32;
    let is_unit = |id: RecordId| accepted.contains(&id);
    let is_join = |id: RecordId| !contents.retired.contains(&id);
    let index = Index::load(shop.spool.folder(), header.epoch, first..last, is_unit, is_join)?;
    // Such a line has a right checksum, but nobody has written it.
    let is_planned = |piece: &Piece| {
        let layer = shop.plan.layers.get(piece.chunk.layer as usize);
        let [days, rows, columns] = layer.map_or([0; 3], |layer| shop.plan.chunk_counts(layer.chunk));
        piece.chunk.days < days && piece.chunk.row < rows && piece.chunk.column < columns
    };
    if let Some(piece) = index.pieces.iter().find(|piece| !is_planned(piece)) {
        let record = piece.source;
        return Ok((index, Joined::Damaged(vec![record])));
    }
    let joined = join::join(shop, &index, wanted)?;
    Ok((index, joined))
}

/// Puts together what came in pieces, and writes all files that are not there yet as they should be.
pub(super) fn publish(
    shop: &Workshop<'_>,
    header: &Header,
    contents: &Contents,
    accepted: &Accepted,
    summary: &Summary,
    folder: &Path,
    mark: &str,
) -> Result<Outcome> {
    let schema = Schema::new(Provenance { created: header.created, digest: summary.digest.clone() });
    let (mut files, mut joins) = (Vec::new(), HashSet::new());
    let (stores, products): (Vec<Product>, Vec<Product>) =
        products::of_plan(shop.plan)?.into_iter().partition(|product| product.form.is_store());
    let mut stores: Vec<Store> = stores.into_iter().map(Store::new).collect();
    let batches = batches(shop, contents);
    let load = |batch: &Range<usize>| chunks_of(shop, header, contents, &accepted.units, batch, |_| true);
    let common = (shop, header, &schema, contents, folder, mark);
    for batch in &batches {
        let (index, joined) = load(batch)?;
        let chunks = match joined {
            Joined::Chunks(chunks) => chunks,
            Joined::Damaged(records) => return all_damaged(shop, &index, records).map(Delivery::Damaged),
        };
        shop.halt.check()?;
        if shop.halt.is_closing() {
            return Ok(Delivery::Done((files, joins)));
        }
        joins.extend(chunks.iter().map(|chunk| chunk.source).filter(|id| !accepted.units.contains(id)));
        let publisher = Publisher::new(common, &chunks);
        for store in &mut stores {
            store.add(&publisher, batch)?;
        }
        match publisher.files(batch, &products)? {
            Some(published) => files.extend(published),
            None => return all_damaged(shop, &index, Vec::new()).map(Delivery::Damaged),
        }
    }
    // What a store is made of is known only now, and its chunks are looked up once more.
    for store in &stores {
        if shop.halt.is_closing() {
            break;
        }
        let mut draft = store.begin(folder, mark);
        if let Some(published) = store.there(contents, folder) {
            files.push(published);
            shop.progress.advance(Counted::Files, 1);
            continue;
        }
        for batch in &batches {
            let (index, joined) = load(batch)?;
            let Joined::Chunks(chunks) = joined else {
                return all_damaged(shop, &index, Vec::new()).map(Delivery::Damaged);
            };
            if !store.write(&mut draft, &Publisher::new(common, &chunks), batch)? {
                return all_damaged(shop, &index, Vec::new()).map(Delivery::Damaged);
            }
        }
        files.push(store.finish(draft, shop, folder)?);
        shared::sync_folder(folder)?;
    }
    Ok(Delivery::Done((files, joins)))
}

/// Records with damaged pieces: those that are known, and all others of an index.
pub(super) fn all_damaged(
    shop: &Workshop<'_>,
    index: &Index,
    mut known: Vec<RecordId>,
) -> Result<Vec<RecordId>> {
    known.extend(checkpoint::damaged(shop.spool, index)?);
    known.sort_unstable();
    known.dedup();
    Ok(known)
}

/// What all batches share.
type Common<'a> = (&'a Workshop<'a>, &'a Header, &'a Schema, &'a Contents, &'a Path, &'a str);

/// Writes the files of a batch.
struct Publisher<'a> {
    shop: &'a Workshop<'a>,
    header: &'a Header,
    schema: &'a Schema,
    chunks: &'a [Piece],
    contents: &'a Contents,
    folder: &'a Path,
    /// What the names of temporary files bear.
    mark: &'a str,
}

impl<'a> Publisher<'a> {
    fn new((shop, header, schema, contents, folder, mark): Common<'a>, chunks: &'a [Piece]) -> Self {
        Publisher { shop, header, schema, chunks, contents, folder, mark }
    }

    /// Publishes what there is of a batch of outputs; `None` where a piece is damaged.
    fn files(&self, batch: &Range<usize>, products: &[Product]) -> Result<Option<Vec<Published>>> {
        let is_here = |product: &&Product| product.parts.iter().all(|part| batch.contains(part));
        let all = &self.shop.plan.outputs;
        let outputs = products.iter().filter(is_here);
        let outputs = outputs.filter_map(|product| Some((product, all.get(*product.parts.first()?)?)));
        let outputs: Vec<(&Product, &Output)> = outputs.collect();
        let mut files = Vec::new();
        // Maps are made on all threads one after another.
        let at_once = if outputs.iter().any(|(product, _)| product.is_map) { 1 } else { self.at_once() };
        for outputs in outputs.chunks(at_once) {
            let published: Vec<Result<Option<Published>>> =
                outputs.par_iter().map(|(product, output)| self.file(product, output)).collect();
            for one in published {
                match one? {
                    Some(one) => files.push(one),
                    None if self.shop.halt.is_closing() => {}
                    None => return Ok(None),
                }
            }
        }
        self.shop.halt.check()?;
        shared::sync_folder(self.folder)?;
        Ok(Some(files))
    }

    /// Files that may be written at the same time: what each holds of all cells stands in memory until it is complete.
    fn at_once(&self) -> usize {
        let Plan { window, memory, .. } = self.shop.plan;
        let cell_bytes = if window.grid.projection().is_some() { 300 } else { 40 };
        let bytes = u64::from(window.rows) * u64::from(window.columns) * cell_bytes;
        usize::try_from(memory.budget / 8 / bytes.max(1)).unwrap_or(usize::MAX).clamp(1, 4 * memory.threads)
    }

    /// Publishes an output; `None` where a piece is damaged, or work is to end.
    fn file(&self, product: &Product, output: &Output) -> Result<Option<Published>> {
        let Workshop { stats, progress, halt, .. } = self.shop;
        if halt.is_closing() {
            return Ok(None);
        }
        let chunks = self.chunks_of(output);
        let content = self.content(output, chunks, &product.file)?;
        let bytes = match published::is_there(self.contents, self.folder, &product.file, content) {
            Some(bytes) => bytes,
            None => {
                let what = || product.file.clone();
                let written = stats.time(Stage::Publish, what, || {
                    let bytes = chunks.iter().map(|chunk| u64::from(chunk.place.length)).sum();
                    (self.write(product, output, chunks), bytes)
                })?;
                let Some(draft) = written else { return Ok(None) };
                published::name(self.shop, self.folder, draft, &product.file, content)?
            }
        };
        progress.advance(Counted::Files, 1);
        Ok(Some(Published {
            file: product.file.clone(),
            kind: FileKind::Grid,
            variable: output.name.clone(),
            bytes,
            chunks: chunks.len(),
        }))
    }

    fn chunks_of(&self, output: &Output) -> &[Piece] {
        let layers = &output.layers;
        let from = self.chunks.partition_point(|piece| (piece.chunk.layer as usize) < layers.start);
        let until = self.chunks.partition_point(|piece| (piece.chunk.layer as usize) < layers.end);
        self.chunks.get(from..until).unwrap_or_default()
    }

    /// A digest of all that a file is made of.
    fn content(&self, output: &Output, chunks: &[Piece], file: &str) -> Result<u64> {
        let Workshop { plan, .. } = self.shop;
        let digest = identity::output(identity::of_file("grid", plan)?, output, file).text(&plan.run.name);
        let digest = identity::place(digest, &plan.axis, &plan.window);
        let digest = identity::provenance(digest, self.schema.provenance()).number(self.header.epoch);
        let add = |digest: Digest, Piece { chunk, place, .. }: &Piece| {
            let numbers = [chunk.layer, chunk.days, chunk.row, chunk.column, place.length];
            numbers.into_iter().fold(digest, Digest::number).number(place.checksum)
        };
        Ok(digest.list(chunks.iter(), add).finish())
    }

    /// Writes a file under its temporary name; `None` where a piece is damaged.
    fn write(&self, product: &Product, output: &Output, chunks: &[Piece]) -> Result<Option<Draft>> {
        let site = Site::new(self.folder, self.mark, &product.file);
        let mut file = Writing::new(product.form, &site);
        file.begin(self.shop, &site, &self.skeleton(product, output, &[], &[chunks.len()]))?;
        match self.variable(&mut file, product, output, chunks)? {
            true => file.close().map(Some),
            false => Ok(None),
        }
    }

    /// What a product of outputs holds beside its chunks, of which there are so many of each in the spool.
    fn skeleton(&self, product: &Product, first: &Output, others: &[&Output], chunks: &[usize]) -> Skeleton {
        let subject = |output| {
            let subject = Subject::daily(self.shop.plan, output);
            subject.in_form(product.form.ending(), product.form.is_store())
        };
        let subjects: Vec<Subject<'_>> = others.iter().map(|&output| subject(output)).collect();
        let mut skeleton = self.schema.skeleton(&subject(first), &subjects);
        let outputs = [&first].into_iter().chain(others);
        for ((data, output), chunks) in skeleton.data.iter_mut().zip(outputs).zip(chunks) {
            data.chunk = product.chunk(output);
            // Those of maps are others.
            data.stored = (!product.is_map).then_some(*chunks as u64);
        }
        skeleton
    }

    /// Writes the chunks of a variable of a product; `false` where a piece is damaged.
    fn variable(
        &self,
        file: &mut Writing,
        product: &Product,
        output: &Output,
        chunks: &[Piece],
    ) -> Result<bool> {
        if product.is_map {
            return self.maps(file, output, product.chunk(output), chunks);
        }
        let mut bytes = Vec::new();
        for piece in chunks {
            if self.shop.halt.is_over() {
                self.shop.halt.check()?;
                return Err(Error::stopped(0, 0));
            }
            if !self.shop.spool.read(piece.source.task, &piece.place, &mut bytes)? {
                return Ok(false);
            }
            let layer = piece.chunk.layer - output.layers.start as u32;
            let index = [piece.chunk.days, piece.chunk.row, piece.chunk.column];
            file.put(Chunk { layer, index, bytes: &bytes, checksum: piece.place.checksum })?;
        }
        Ok(true)
    }
}
