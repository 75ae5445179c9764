//! What figures need of files, gathered in one pass over each file, however many figures there are.
//!
//! A file is read tile by tile, as it is chunked: no chunk is read twice, and no more is held than a chunk for each thread
//! and what the figures need. Sums are made in the order of the file, so that nothing depends on the number of threads.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use rayon::prelude::*;

use crate::error::{Error, Result, Trouble};
use crate::grid::read::{Field, FieldReader};

use super::partial::{Partial, Tile, Whole};
use super::reduce::{Outcome, Reduction};
use super::stamp;

/// Values that the library reads at a time.
const SLAB: usize = 4 << 20;

/// Steps that the library reads at a time, where chunks are shorter.
const STEPS: usize = 1024;

/// Values that are taken of a decoded chunk at a time: they stay in the processor's cache while all figures' sums are made.
const BLOCK: usize = 4096;

/// Steps of a unit of work; several, where chunks are shorter.
const UNIT: usize = 8192;

/// Sums that wait for those before them, at most.
const WAITING: usize = 64;

/// A file and variable of a [`Gather`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldId(usize);

/// Something that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket(usize, usize);

/// Files, and what is wanted of them.
#[derive(Default)]
pub struct Gather {
    fields: Vec<(Arc<Field>, Vec<Reduction>)>,
    known: BTreeMap<(PathBuf, Option<String>), usize>,
    digests: BTreeMap<PathBuf, String>,
    /// What was chosen for the user since somebody asked.
    choices: Vec<String>,
}

/// What came of it.
pub struct Gathered {
    outcomes: Vec<Vec<Outcome>>,
    failures: BTreeMap<PathBuf, String>,
    digests: Mutex<BTreeMap<PathBuf, String>>,
}

impl Gather {
    /// Opens a file, once however often it is named.
    ///
    /// # Errors
    /// As [`Field::open`].
    pub fn field(&mut self, path: &Path, variable: Option<&str>) -> Result<(FieldId, Arc<Field>)> {
        let key = (path.to_owned(), variable.map(str::to_owned));
        if let Some(&index) = self.known.get(&key)
            && let Some((field, _)) = self.fields.get(index)
        {
            return Ok((FieldId(index), field.clone()));
        }
        let field = Arc::new(Field::open(path, variable)?);
        let same = |(other, _): &(Arc<Field>, _)| (&other.path, &other.name) == (&field.path, &field.name);
        let index = match self.fields.iter().position(same) {
            Some(index) => index,
            None => {
                self.fields.push((field.clone(), Vec::new()));
                self.fields.len() - 1
            }
        };
        self.known.insert(key, index);
        Ok((FieldId(index), field))
    }

    /// A file that was opened.
    pub fn of(&self, FieldId(index): FieldId) -> Option<Arc<Field>> {
        self.fields.get(index).map(|(field, _)| field.clone())
    }

    /// Asks for something of a file.
    pub fn want(&mut self, FieldId(index): FieldId, reduction: Reduction) -> Ticket {
        let Some((_, wanted)) = self.fields.get_mut(index) else { return Ticket(index, usize::MAX) };
        let at = wanted.iter().position(|known| *known == reduction).unwrap_or_else(|| {
            wanted.push(reduction);
            wanted.len() - 1
        });
        Ticket(index, at)
    }

    /// The same open files, of which nothing is wanted yet.
    pub(crate) fn of_same_files(&self) -> Gather {
        let fields = self.fields.iter().map(|(field, _)| (field.clone(), Vec::new())).collect();
        Gather { fields, known: self.known.clone(), digests: self.digests.clone(), choices: Vec::new() }
    }

    /// Keeps a choice that was made, to be told with the figure.
    pub(crate) fn chose(&mut self, words: String) {
        self.choices.push(words);
    }

    /// The choices that were made since this was asked.
    pub(crate) fn choices(&mut self) -> Vec<String> {
        std::mem::take(&mut self.choices)
    }

    /// Says a file's digest, which is then not taken again.
    pub(crate) fn know(&mut self, path: &Path, digest: &str) {
        self.digests.insert(path.to_owned(), digest.to_owned());
    }

    /// Reads all files. What is wrong with one is known to the figures that are made of it.
    pub fn run(&self) -> Gathered {
        let mut digests = self.digests.clone();
        let fields = self.fields.iter().filter(|(_, wanted)| !wanted.is_empty());
        let unknown: BTreeSet<&Path> = fields
            .map(|(field, _)| field.path.as_path())
            .filter(|path| !digests.contains_key(*path))
            .collect();
        let read = || -> Vec<Result<Vec<Outcome>>> {
            self.fields.iter().map(|(field, wanted)| one(field, wanted)).collect()
        };
        // What is wrong with a file is told where it is read for its values.
        let digest = || -> Vec<(PathBuf, String)> {
            unknown
                .par_iter()
                .filter_map(|path| Some((path.to_path_buf(), stamp::digest(path).ok()?)))
                .collect()
        };
        let (results, new) = rayon::join(read, digest);
        digests.extend(new);
        let mut gathered =
            Gathered { outcomes: Vec::new(), failures: BTreeMap::new(), digests: Mutex::new(digests) };
        for ((field, _), outcomes) in self.fields.iter().zip(results) {
            gathered.outcomes.push(outcomes.unwrap_or_else(|error| {
                gathered.failures.insert(field.path.clone(), reason_of(&error));
                Vec::new()
            }));
        }
        gathered
    }
}

impl Gathered {
    /// What was asked for by a ticket. Nothing where the ticket is of another [`Gather`].
    pub fn get(&self, Ticket(field, at): Ticket) -> &Outcome {
        static NOTHING: Outcome = Outcome { values: Vec::new(), counts: Vec::new(), series: Vec::new() };
        self.outcomes.get(field).and_then(|outcomes| outcomes.get(at)).unwrap_or(&NOTHING)
    }

    /// A file's digest, which is taken once.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io) where it cannot be read.
    pub(crate) fn digest(&self, path: &Path) -> Result<String> {
        let mut digests = self.digests.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(digest) = digests.get(path) {
            return Ok(digest.clone());
        }
        let digest = stamp::digest(path)?;
        digests.insert(path.to_owned(), digest.clone());
        Ok(digest)
    }

    /// Whether a file could be read.
    ///
    /// # Errors
    /// [`Library`](crate::ErrorKind::Library) where it could not.
    pub(crate) fn check(&self, path: &Path) -> Result<()> {
        match self.failures.get(path) {
            None => Ok(()),
            Some(reason) => Err(Error::netcdf(path, "draw the file", reason.clone())),
        }
    }
}

/// How the pass over a file is cut: tiles, stretches of time, and what is read at a time.
struct Cut {
    tiles: Vec<Tile>,
    units: Vec<Range<usize>>,
    /// Steps that are read at a time; each within one chunk, or of several whole ones.
    block: usize,
    chunk: usize,
}

impl Cut {
    fn new(field: &Field, wanted: &[Reduction]) -> Option<Self> {
        let start = wanted.iter().map(|reduction| reduction.steps().start).min()?;
        let end = wanted.iter().map(|reduction| reduction.steps().end).max()?;
        let [days, height, width] = field.chunk;
        let (rows, columns) = (field.place.y.len(), field.place.x.len());
        let kept = field.days_kept();
        // Chunks of a whole map are read by rows where a map is too large.
        let height = if kept.is_some() { height } else { height.min((SLAB / width.max(1)).max(1)) };
        let mut tiles = Vec::new();
        for top in (0..rows).step_by(height.max(1)) {
            for left in (0..columns).step_by(width.max(1)) {
                let (rows, right) = (top..(top + height).min(rows), (left + width).min(columns));
                tiles.push(Tile { rows, columns: left..right, across: columns });
            }
        }
        let cells = (height * width).max(1);
        let fits = (SLAB / cells).max(1);
        let (block, chunk) = match kept {
            Some(days) => ((BLOCK / cells).clamp(1, days.max(1)), days.max(1)),
            // Whole chunks, where they are not too large; several of those that are short.
            None if days >= STEPS || fits <= days => (days.min(fits), days.min(fits)),
            None => {
                let step = (fits.min(STEPS) / days.max(1)).max(1) * days.max(1);
                (step, step)
            }
        };
        // A mean by cell and part of time is made at once.
        let is_whole = wanted.iter().any(|reduction| matches!(reduction, Reduction::Cells { .. }));
        let unit = if is_whole { usize::MAX } else { UNIT.div_ceil(chunk).max(1) * chunk };
        let mut units = Vec::new();
        let mut from = start;
        while from < end {
            let to = (from / unit * unit).saturating_add(unit).min(end);
            units.push(from..to);
            from = to;
        }
        Some(Cut { tiles, units, block, chunk })
    }

    /// The pieces of some steps that are read at a time.
    fn blocks(&self, steps: &Range<usize>) -> impl Iterator<Item = Range<usize>> {
        let (block, chunk, end) = (self.block, self.chunk, steps.end);
        let mut from = steps.start;
        std::iter::from_fn(move || {
            let first = from / chunk * chunk;
            let to = (first + ((from - first) / block + 1) * block).min(first + chunk).min(end);
            let piece = from..to;
            from = to;
            (!piece.is_empty()).then_some(piece)
        })
    }
}

/// Sums of units of work, put together in their order, whichever is done first.
struct Merged {
    wholes: Vec<Whole>,
    next: usize,
    waiting: BTreeMap<usize, Vec<Partial>>,
    failure: Option<(usize, Error)>,
}

fn one(field: &Field, wanted: &[Reduction]) -> Result<Vec<Outcome>> {
    let wholes = wanted.iter().map(|reduction| Whole::new(reduction, field)).collect();
    let merged = Merged { wholes, next: 0, waiting: BTreeMap::new(), failure: None };
    let merged = match Cut::new(field, wanted) {
        Some(cut) => pass(field, wanted, &cut, merged),
        None => merged,
    };
    field.close();
    match merged.failure {
        Some((_, error)) => Err(error),
        None => {
            let wholes = merged.wholes.into_iter().zip(wanted);
            Ok(wholes.map(|(whole, reduction)| whole.finish(reduction, field)).collect())
        }
    }
}

/// All units of work, each by the next thread that is free.
fn pass(field: &Field, wanted: &[Reduction], cut: &Cut, merged: Merged) -> Merged {
    let (merged, room, next) = (Mutex::new(merged), Condvar::new(), AtomicUsize::new(0));
    let lock = || merged.lock().unwrap_or_else(PoisonError::into_inner);
    let count = cut.tiles.len() * cut.units.len();
    rayon::broadcast(|_| {
        let (mut reader, mut values) = (field.reader(), Vec::new());
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let unit = (cut.tiles.get(index / cut.units.len()), cut.units.get(index % cut.units.len()));
            let (Some(tile), Some(steps)) = unit else { break };
            let result = unit_of(field, wanted, cut, tile, steps, &mut reader, &mut values);
            let mut merged = lock();
            match result {
                Ok(parts) => _ = merged.waiting.insert(index, parts),
                Err(error) => {
                    // What is told is what is wrong with the first.
                    if merged.failure.as_ref().is_none_or(|(first, _)| index < *first) {
                        merged.failure = Some((index, error));
                    }
                    next.store(count, Ordering::Relaxed);
                    room.notify_all();
                    break;
                }
            }
            let Merged { wholes, next: at, waiting, .. } = &mut *merged;
            while let Some(parts) = waiting.remove(at) {
                let Some(tile) = cut.tiles.get(*at / cut.units.len()) else { break };
                for ((whole, reduction), part) in wholes.iter_mut().zip(wanted).zip(&parts) {
                    whole.merge(reduction, part, tile);
                }
                *at += 1;
            }
            room.notify_all();
            // The unit that all others wait for is never held up here: its thread is at it.
            while merged.waiting.len() >= WAITING && merged.failure.is_none() {
                merged = room.wait(merged).unwrap_or_else(PoisonError::into_inner);
            }
        }
    });
    merged.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// The sums of one tile and stretch of time.
fn unit_of(
    field: &Field,
    wanted: &[Reduction],
    cut: &Cut,
    tile: &Tile,
    steps: &Range<usize>,
    reader: &mut FieldReader,
    values: &mut Vec<f64>,
) -> Result<Vec<Partial>> {
    let mut parts: Vec<Partial> =
        wanted.iter().map(|reduction| Partial::new(reduction, tile, steps)).collect();
    for range in cut.blocks(steps) {
        if wanted.iter().all(|reduction| !reduction.overlaps(&range)) {
            continue;
        }
        if reader.read([&range, &tile.rows, &tile.columns], values)? {
            for (reduction, part) in wanted.iter().zip(&mut parts) {
                part.add(reduction, &range, values, tile, field);
            }
        }
    }
    Ok(parts)
}

/// What is wrong, where the file is named anyway.
fn reason_of(error: &Error) -> String {
    match error.trouble() {
        Trouble::Netcdf { action, reason, .. } => format!("cannot {action}: {reason}"),
        _ => error.in_full(),
    }
}
