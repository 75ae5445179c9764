//! What figures need of files, gathered in one pass over each file, however many figures there are.
//!
//! A file is read tile by tile, as it is chunked: no chunk is read twice, and no more is held than a chunk for each thread
//! and what the figures need. Sums are made in the order of the file, so that nothing depends on the number of threads.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use crate::error::{Error, Result};

use super::field::Field;
use super::reduce::{Outcome, Partial, Reduction};

/// Values that a thread holds at a time.
const SLAB: usize = 4 << 20;

/// Steps that are read at a time, where chunks are shorter.
const STEPS: usize = 1024;

/// Tiles whose partial sums are held at a time; fixed, since sums are added in their order.
const TILES: usize = 8;

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
}

/// What came of it.
pub struct Gathered {
    outcomes: Vec<Vec<Outcome>>,
    failures: BTreeMap<PathBuf, String>,
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
    pub(super) fn of_same_files(&self) -> Gather {
        let fields = self.fields.iter().map(|(field, _)| (field.clone(), Vec::new())).collect();
        Gather { fields, known: self.known.clone() }
    }

    /// Reads all files. What is wrong with one is known to the figures that are made of it.
    pub fn run(&self) -> Gathered {
        let mut gathered = Gathered { outcomes: Vec::new(), failures: BTreeMap::new() };
        for (field, wanted) in &self.fields {
            let outcomes = one(field, wanted).unwrap_or_else(|error| {
                gathered.failures.insert(field.path.clone(), error.to_string());
                Vec::new()
            });
            gathered.outcomes.push(outcomes);
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

    /// Whether a file could be read.
    ///
    /// # Errors
    /// [`Error::Netcdf`] where it could not.
    pub(super) fn check(&self, path: &Path) -> Result<()> {
        match self.failures.get(path) {
            None => Ok(()),
            Some(reason) => Err(Error::Netcdf {
                path: path.to_owned(),
                action: "draw the file".to_owned(),
                reason: reason.clone(),
            }),
        }
    }
}

/// A rectangle of cells that is read together.
struct Tile {
    rows: Range<usize>,
    columns: Range<usize>,
}

fn one(field: &Field, wanted: &[Reduction]) -> Result<Vec<Outcome>> {
    let mut outcomes: Vec<Outcome> = wanted.iter().map(|reduction| reduction.start(field)).collect();
    let starts = wanted.iter().map(|reduction| reduction.steps().start).min();
    let ends = wanted.iter().map(|reduction| reduction.steps().end).max();
    let (Some(start), Some(end)) = (starts, ends) else { return Ok(outcomes) };
    let [days, height, width] = field.chunk;
    let (rows, columns) = (field.place.lat.len(), field.place.lon.len());
    // Chunks of a whole map are read by rows where a map is too large.
    let height = height.min((SLAB / width.max(1)).max(1));
    let mut tiles = Vec::new();
    for top in (0..rows).step_by(height) {
        for left in (0..columns).step_by(width) {
            let bottom = (top + height).min(rows);
            tiles.push(Tile { rows: top..bottom, columns: left..(left + width).min(columns) });
        }
    }
    // Whole chunks, where they are not too large; several of those that are short.
    let fits = (SLAB / (height * width).max(1)).max(1);
    let step = match days >= STEPS || fits <= days {
        true => days.min(fits),
        false => (fits.min(STEPS) / days.max(1)).max(1) * days.max(1),
    };
    let steps: Vec<Range<usize>> = (start / step * step..end)
        .step_by(step)
        .map(|first| first.max(start)..(first + step).min(end))
        .collect();
    for batch in tiles.chunks(TILES) {
        let parts: Vec<Vec<Partial>> = batch
            .par_iter()
            .map_init(Vec::new, |values, tile| -> Result<Vec<Partial>> {
                let (height, width) = (tile.rows.len(), tile.columns.len());
                let mut parts: Vec<Partial> =
                    wanted.iter().map(|reduction| reduction.partial(height * width)).collect();
                for range in &steps {
                    if wanted.iter().all(|reduction| !reduction.overlaps(range)) {
                        continue;
                    }
                    let any = field.read(range.clone(), tile.rows.clone(), tile.columns.clone(), values)?;
                    if !any {
                        continue;
                    }
                    for (reduction, part) in wanted.iter().zip(&mut parts) {
                        let at = |cell: usize| {
                            (tile.rows.start + cell / width.max(1)) * columns
                                + tile.columns.start
                                + cell % width.max(1)
                        };
                        reduction.add(part, range, values, height * width, &at, field);
                    }
                }
                Ok(parts)
            })
            .collect::<Result<_>>()?;
        for (tile, parts) in batch.iter().zip(parts) {
            for ((reduction, part), outcome) in wanted.iter().zip(parts).zip(&mut outcomes) {
                let width = tile.columns.len().max(1);
                let at = |cell: usize| {
                    (tile.rows.start + cell / width) * columns + tile.columns.start + cell % width
                };
                reduction.merge(outcome, part, &at, field);
            }
        }
    }
    for (reduction, outcome) in wanted.iter().zip(&mut outcomes) {
        reduction.finish(outcome, field);
    }
    Ok(outcomes)
}
