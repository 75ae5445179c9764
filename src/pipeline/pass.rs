//! The pass over the dumps: units become encoded chunks and fragments in the spool.
//!
//! Work is spread over the threads by stealing: one task reads one dump, one task fills one chunk. A unit is admitted when
//! its cells fit into the memory that is left, and only finished tasks admit further units, so that no thread ever waits.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use rayon::Scope;
use twox_hash::XxHash3_64;

use crate::chunk::{Buffer, Decoder, Encoder};
use crate::error::{Error, Result};
use crate::place::{self, CellSeries, Seen};
use crate::plan::{Layer, Plan, PlannedCell, Unit};
use crate::run::fault::{Fault, FaultKind, Refusal};
use crate::run::survey::Unusable;
use crate::spool::{self, Spool};

use super::stats::{Monitor, Stage, Stats};
use super::{fragment, lock, overlap};

/// A piece of a chunk in the spool.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    /// Layer, chunk in time, tile: what chunk it belongs to.
    pub chunk: ChunkKey,
    pub kind: PieceKind,
    pub place: spool::Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ChunkKey {
    pub layer: u32,
    pub days: u32,
    pub tile: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum PieceKind {
    /// A whole chunk, compressed.
    Encoded,
    /// Some cells and days of it, raw.
    Fragment,
}

/// What one thread needs for itself.
pub(super) struct Scratch {
    raw: Vec<u8>,
    decoded: Vec<u8>,
    pub chunk: Buffer,
    pub bytes: Vec<u8>,
    pub encoder: Encoder,
    pub decoder: Decoder,
}

impl Scratch {
    fn new(plan: &Plan) -> Result<Self> {
        let codec = plan.settings.codec;
        let encoder = Encoder::new(codec).map_err(|reason| Error::selection("the codec", codec, reason))?;
        Ok(Scratch {
            raw: Vec::new(),
            decoded: Vec::new(),
            chunk: Buffer::default(),
            bytes: Vec::new(),
            encoder,
            decoder: Decoder::new(codec),
        })
    }
}

/// The pass, shared by all threads.
pub(super) struct Pass<'a> {
    pub plan: &'a Plan,
    pub spool: &'a Spool,
    pub stats: &'a Stats,
    pub monitor: &'a Monitor,
    pub counts: Counts,
    scratch: Vec<Mutex<Scratch>>,
    pieces: Mutex<Vec<Piece>>,
    found: Mutex<Found>,
    queue: Mutex<Queue>,
    waiting: AtomicUsize,
    failed: AtomicBool,
    error: Mutex<Option<Error>>,
}

#[derive(Default)]
struct Queue {
    next: usize,
    held: u64,
}

/// Counts for the report.
#[derive(Default)]
pub(super) struct Counts {
    pub dumps_read: AtomicU64,
    pub dumps_decoded: AtomicU64,
    /// Dumps read once more, to compare dates where those of a cell are unusual.
    pub dumps_peeked: AtomicU64,
    pub chunks_encoded: AtomicU64,
    pub chunks_of_fill: AtomicU64,
    pub chunks_reopened: AtomicU64,
    pub fragments: AtomicU64,
}

/// What the pass learnt beside the values.
#[derive(Default)]
pub(super) struct Found {
    pub faults: Vec<Fault>,
    pub seen: Seen,
    /// Cell, period and digest of every file that was read.
    pub digests: Vec<(PlannedCell, u32, u64)>,
}

/// A unit that is being worked on.
struct Active<'a> {
    unit: &'a Unit,
    cells: Vec<(PlannedCell, OnceLock<CellSeries>)>,
    dumps_left: AtomicUsize,
    chunks_left: AtomicUsize,
    bytes: u64,
}

impl<'a> Pass<'a> {
    pub fn new(plan: &'a Plan, spool: &'a Spool, stats: &'a Stats, monitor: &'a Monitor) -> Result<Self> {
        let threads = plan.memory.threads;
        Ok(Pass {
            plan,
            spool,
            stats,
            monitor,
            counts: Counts::default(),
            scratch: (0..=threads).map(|_| Scratch::new(plan).map(Mutex::new)).collect::<Result<_>>()?,
            pieces: Mutex::default(),
            found: Mutex::default(),
            queue: Mutex::default(),
            waiting: AtomicUsize::new(0),
            failed: AtomicBool::new(false),
            error: Mutex::default(),
        })
    }

    /// Works through all units. Must run inside of the pool that the plan's threads are for.
    pub fn run(&'a self) -> Result<()> {
        rayon::scope(|scope| self.admit(scope));
        match lock(&self.error).take() {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// The pieces that were made since this was called last.
    pub fn take_pieces(&self) -> Vec<Piece> {
        std::mem::take(&mut lock(&self.pieces))
    }

    /// What was learnt, and the counts.
    pub fn into_results(self) -> (Found, Counts) {
        (self.found.into_inner().unwrap_or_else(|poison| poison.into_inner()), self.counts)
    }

    /// Runs some work with the thread's own scratch memory.
    pub fn with_scratch<T>(&self, work: impl FnOnce(&mut Scratch) -> T) -> Option<T> {
        let index = rayon::current_thread_index().map_or(0, |index| index + 1);
        let scratch = self.scratch.get(index)?;
        Some(work(&mut lock(scratch)))
    }

    fn fail(&self, error: Error) {
        self.failed.store(true, Ordering::Relaxed);
        lock(&self.error).get_or_insert(error);
    }

    fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    /// Starts as many units as fit, but no more than keep all threads busy.
    fn admit<'scope>(&'scope self, scope: &Scope<'scope>) {
        let busy = 4 * self.plan.memory.threads;
        while !self.has_failed() && self.waiting.load(Ordering::Relaxed) < busy {
            let mut queue = lock(&self.queue);
            let Some(unit) = self.plan.units.get(queue.next) else { return };
            let days = self.plan.periods.get(unit.period).map_or(0, |period| period.days() as u64);
            let bytes = unit.dumps as u64 * self.plan.memory.cell_bytes(days);
            if queue.held > 0 && queue.held + bytes > self.plan.memory.units_bytes {
                return;
            }
            queue.held += bytes;
            queue.next += 1;
            drop(queue);
            let active = Arc::new(self.activate(unit, bytes));
            self.waiting.fetch_add(active.cells.len(), Ordering::Relaxed);
            for index in 0..active.cells.len() {
                let active = active.clone();
                scope.spawn(move |scope| {
                    self.waiting.fetch_sub(1, Ordering::Relaxed);
                    if !self.has_failed() {
                        self.read_cell(&active, index);
                    }
                    if active.dumps_left.fetch_sub(1, Ordering::AcqRel) == 1 {
                        self.start_chunks(&active, scope);
                    }
                    self.admit(scope);
                });
            }
        }
    }

    fn activate(&self, unit: &'a Unit, bytes: u64) -> Active<'a> {
        let period = self.plan.periods.get(unit.period).map_or(0, |period| period.period);
        let planned = self.plan.cells.get(unit.cells.clone()).unwrap_or_default();
        let cells: Vec<_> = planned
            .iter()
            .filter(|planned| self.plan.run.cells.get(planned.index).is_some_and(|cell| cell.has(period)))
            .map(|&planned| (planned, OnceLock::new()))
            .collect();
        let dumps_left = AtomicUsize::new(cells.len());
        Active { unit, cells, dumps_left, chunks_left: AtomicUsize::new(0), bytes }
    }

    /// Reads one dump into the unit; a dump that cannot be used becomes a fault.
    fn read_cell(&self, active: &Active<'_>, index: usize) {
        let Some((planned, slot)) = active.cells.get(index) else { return };
        let Some(period) = self.plan.periods.get(active.unit.period) else { return };
        let mut series = CellSeries::default();
        let mut faults = Vec::new();
        let result = self.with_scratch(|scratch| {
            self.load(scratch, *planned, active.unit.period, &mut series, &mut faults)
        });
        match result {
            Some(Ok(())) => {
                let _ = slot.set(series);
            }
            Some(Err(refusal)) => faults.push(place::fault_of(planned.cell, period.period, refusal)),
            None => {}
        }
        self.monitor.dumps_done.fetch_add(1, Ordering::Relaxed);
        if !faults.is_empty() {
            self.monitor.faults.fetch_add(faults.len() as u64, Ordering::Relaxed);
            lock(&self.found).faults.extend(faults);
        }
    }

    fn load(
        &self,
        scratch: &mut Scratch,
        planned: PlannedCell,
        period_index: usize,
        series: &mut CellSeries,
        faults: &mut Vec<Fault>,
    ) -> std::result::Result<(), Refusal> {
        let Some(&period) = self.plan.periods.get(period_index) else { return Ok(()) };
        let limits = &self.plan.memory.limits;
        let path = self.plan.run.dump_path(planned.cell, period.period);
        let what = || format!("cell {}, period {}", planned.cell, period.period);
        self.stats.time(Stage::Read, what, || {
            let result = crate::run::fault::read_file(&path, limits, &mut scratch.raw);
            (result, scratch.raw.len() as u64)
        })?;
        self.counts.dumps_read.fetch_add(1, Ordering::Relaxed);
        let digest = XxHash3_64::oneshot(&scratch.raw);
        lock(&self.found).digests.push((planned, period.period, digest));
        let buffer = std::mem::take(&mut scratch.decoded);
        let dump = self.stats.time(Stage::Decode, what, || {
            let dump = crate::dump::Dump::decode(&scratch.raw, buffer, limits);
            let bytes = dump.as_ref().map_or(0, |dump| dump.decoded_bytes() as u64);
            (dump, bytes)
        });
        let dump = dump.map_err(|error| (FaultKind::of(&error), error.to_string()))?;
        self.counts.dumps_decoded.fetch_add(1, Ordering::Relaxed);
        let content = crate::run::fault::period_of(&dump)?;
        let span = place::span_on_axis(&content, &self.plan.axis)?;
        overlap::check(self.plan, planned, period_index, span, &self.counts.dumps_peeked)?;
        let mut fault = |variable: Option<&str>, kind, message| {
            let (cell, variable) = (planned.cell, variable.map(str::to_owned));
            faults.push(Fault { cell, period: Some(period.period), variable, kind, message });
        };
        if let Some(message) = overlap::off_axis(self.plan, span) {
            fault(None, FaultKind::OffAxis, message);
        }
        let survey = &self.plan.survey;
        for (key, series) in content.all_series() {
            let is_planned = survey.variables.iter().any(|variable| variable.key == key);
            let is_refused =
                survey.unusable.iter().any(|(name, reason)| name == key && *reason != Unusable::NoValues);
            if series.days() > 0 && series.rows() > 0 && !is_planned && !is_refused {
                fault(
                    Some(key),
                    FaultKind::Unplanned,
                    "has values here, but not in the dumps sampled".into(),
                );
            }
        }
        let seen = self.stats.time(Stage::Extract, what, || {
            let seen = series.fill_from(&content, span.0, &self.plan.layers, &mut |key, kind, message| {
                fault(Some(key), kind, message);
            });
            (seen, self.plan.memory.cell_bytes(span.1 as u64))
        });
        lock(&self.found).seen += seen;
        scratch.decoded = dump.into_buffer();
        Ok(())
    }

    /// Starts a task for each chunk that the unit's cells have days in.
    fn start_chunks<'scope>(&'scope self, active: &Arc<Active<'scope>>, scope: &Scope<'scope>) {
        let axis_days = i64::from(self.plan.axis.days);
        let cells = || active.cells.iter().filter_map(|(_, series)| series.get());
        let first = cells().map(|series| series.first).min().unwrap_or(0).max(0);
        let last =
            cells().map(|series| series.first + series.days as i64).max().unwrap_or(0).min(axis_days) - 1;
        let mut keys = Vec::new();
        if first <= last && !self.has_failed() {
            for (index, layer) in self.plan.layers.iter().enumerate() {
                let days = i64::from(layer.chunk.days);
                for chunk in first / days..=last / days {
                    let (layer, days) = (index as u32, chunk as u32);
                    keys.push(ChunkKey { layer, days, tile: active.unit.tile as u32 });
                }
            }
        }
        if keys.is_empty() {
            return self.finish(active, scope);
        }
        active.chunks_left.store(keys.len(), Ordering::Release);
        for key in keys {
            let active = active.clone();
            scope.spawn(move |scope| {
                if !self.has_failed()
                    && let Some(Err(error)) =
                        self.with_scratch(|scratch| self.fill_chunk(scratch, &active, key))
                {
                    self.fail(error);
                }
                if active.chunks_left.fetch_sub(1, Ordering::AcqRel) == 1 {
                    self.finish(&active, scope);
                }
            });
        }
    }

    /// Gives a unit's memory back.
    fn finish<'scope>(&'scope self, active: &Arc<Active<'scope>>, scope: &Scope<'scope>) {
        lock(&self.queue).held -= active.bytes;
        self.admit(scope);
    }

    /// Makes one chunk of a unit's cells: encoded where nothing else can belong to it, otherwise a fragment.
    fn fill_chunk(&self, scratch: &mut Scratch, active: &Active<'_>, key: ChunkKey) -> Result<()> {
        let Some(layer) = self.plan.layers.get(key.layer as usize) else { return Ok(()) };
        let (from, until) = chunk_days(self.plan, layer, key.days);
        let parts = active.cells.iter().filter_map(|(planned, series)| {
            let (first, values) = series.get()?.part(key.layer as usize, layer.element, from, until)?;
            Some(fragment::Part { place: planned.place as u32, first: (first - from) as u32, values })
        });
        let what = || describe(self.plan, key);
        let kind = if self.is_whole(active.unit, from, until) {
            let any = self.stats.time(Stage::Place, what, || {
                fragment::assemble(&mut scratch.chunk, layer, self.plan.settings.codec, parts)
            });
            if !any {
                self.counts.chunks_of_fill.fetch_add(1, Ordering::Relaxed);
                return Ok(());
            }
            self.encode(scratch, what)?;
            PieceKind::Encoded
        } else {
            self.counts.fragments.fetch_add(1, Ordering::Relaxed);
            fragment::write(parts, layer.element.size(), &mut scratch.bytes);
            if scratch.bytes.is_empty() {
                return Ok(());
            }
            PieceKind::Fragment
        };
        self.append(scratch, key, kind, what)
    }

    /// Seals and compresses the chunk in the scratch memory.
    pub fn encode(&self, scratch: &mut Scratch, what: impl Fn() -> String) -> Result<()> {
        self.counts.chunks_encoded.fetch_add(1, Ordering::Relaxed);
        self.monitor.chunks.fetch_add(1, Ordering::Relaxed);
        self.stats
            .time(Stage::Encode, what, || {
                scratch.chunk.seal();
                let result = scratch.encoder.encode(&scratch.chunk, &mut scratch.bytes);
                (result, scratch.chunk.bytes().len() as u64)
            })
            .map_err(|reason| Error::selection("the codec", self.plan.settings.codec, reason))
    }

    /// Spools the bytes in the scratch memory.
    pub fn append(
        &self,
        scratch: &Scratch,
        chunk: ChunkKey,
        kind: PieceKind,
        what: impl Fn() -> String,
    ) -> Result<()> {
        let place = self
            .stats
            .time(Stage::Spool, what, || (self.spool.append(&scratch.bytes), scratch.bytes.len() as u64))?;
        lock(&self.pieces).push(Piece { chunk, kind, place });
        Ok(())
    }

    /// Whether a unit has all that can belong to the days of a chunk: all cells of the tile, and no other period there.
    fn is_whole(&self, unit: &Unit, from: i64, until: i64) -> bool {
        let tile = self.plan.tiles.get(unit.tile).map(|tile| tile.cells.clone());
        tile.as_ref() == Some(&unit.cells)
            && self.plan.periods.iter().enumerate().all(|(index, period)| {
                let first = period.first_day - self.plan.axis.first_day;
                let end = first + period.days();
                (first < until && end > from) == (index == unit.period)
            })
    }
}

/// First day of a chunk on the axis, and the day behind its last.
pub(super) fn chunk_days(plan: &Plan, layer: &Layer, chunk: u32) -> (i64, i64) {
    let from = i64::from(chunk) * i64::from(layer.chunk.days);
    (from, (from + i64::from(layer.chunk.days)).min(i64::from(plan.axis.days)))
}

/// A chunk in words, for the trace.
pub(super) fn describe(plan: &Plan, key: ChunkKey) -> String {
    let name = plan.layers.get(key.layer as usize).map_or("", |layer| layer.key.as_str());
    format!("{name}, chunk {} of tile {}", key.days, key.tile)
}
