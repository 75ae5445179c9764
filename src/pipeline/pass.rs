//! The pass over the dumps: units become encoded chunks and fragments in the spool.
//!
//! Work is spread over the threads by stealing: one task reads one dump, one task fills one chunk. A unit is admitted when
//! its cells fit into the memory that is left, and only finished tasks admit further units, so that no thread ever waits.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use rayon::Scope;

use crate::chunk::{Buffer, Decoder, Encoder, Filters};
use crate::error::{Argument, Error, Result};
use crate::grid::forms;
use crate::observer::Counted;
use crate::place::{self, CellSeries};
use crate::plan::{Layer, Plan, PlannedCell, Tables, Unit};
use crate::run::silence::{Silence, SilentDumps};
use crate::source::Memory;
use crate::spool::Spool;
use crate::spool::record::{self, ChunkKey, Counts, Location, Record, RecordId};

use super::load::Found;
use super::progress::Progress;
use super::stats::{Stage, Stats};
use super::stop::Halt;
use super::{fragment, load};
use crate::sync::lock;

/// What one thread needs for itself.
pub(super) struct Scratch {
    memory: Memory,
    pub chunk: Buffer,
    pub bytes: Vec<u8>,
    pub encoder: Encoder,
    pub decoder: Decoder,
}

impl Scratch {
    fn new(filters: Filters) -> Result<Self> {
        let encoder = Encoder::new(filters)
            .map_err(|error| Error::selection(Argument::Codec, filters.codec, error.to_string()))?;
        Ok(Scratch {
            memory: Memory::default(),
            chunk: Buffer::default(),
            bytes: Vec::new(),
            encoder,
            decoder: Decoder::new(filters),
        })
    }
}

/// What all work on the spool shares.
pub(super) struct Workshop<'a> {
    pub plan: &'a Plan,
    /// How chunks are encoded, for all forms of gridded files.
    pub filters: Filters,
    pub spool: &'a Arc<Spool>,
    pub stats: &'a Stats,
    pub progress: &'a Progress<'a>,
    pub halt: &'a Halt<'a>,
    /// What this process did outside of units.
    pub joined: Mutex<Counts>,
    scratch: Vec<Mutex<Scratch>>,
}

impl<'a> Workshop<'a> {
    pub fn new(
        plan: &'a Plan,
        spool: &'a Arc<Spool>,
        stats: &'a Stats,
        progress: &'a Progress<'a>,
        halt: &'a Halt<'a>,
    ) -> Result<Self> {
        let threads = plan.memory.threads;
        let filters = forms::filters(&plan.settings)?;
        let scratch = (0..=threads).map(|_| Scratch::new(filters).map(Mutex::new)).collect::<Result<_>>()?;
        Ok(Workshop { plan, filters, spool, stats, progress, halt, joined: Mutex::default(), scratch })
    }

    /// Runs some work with the thread's own scratch memory.
    pub fn with_scratch<T>(&self, work: impl FnOnce(&mut Scratch) -> T) -> Option<T> {
        let index = rayon::current_thread_index().map_or(0, |index| index + 1);
        let scratch = self.scratch.get(index)?;
        Some(work(&mut lock(scratch)))
    }

    /// Compresses the chunk in the scratch memory.
    pub fn encode(&self, scratch: &mut Scratch, what: impl Fn() -> String) -> Result<()> {
        self.progress.advance(Counted::Chunks, 1);
        self.stats
            .time(Stage::Encode, what, || {
                let result = scratch.encoder.encode(&scratch.chunk, &mut scratch.bytes);
                (result, scratch.chunk.bytes().len() as u64)
            })
            .map_err(|error| Error::selection(Argument::Codec, self.plan.settings.codec, error.to_string()))
    }

    /// Spools the bytes in the scratch memory.
    pub fn append(&self, scratch: &Scratch, what: impl Fn() -> String) -> Result<Location> {
        let bytes = scratch.bytes.len() as u64;
        self.stats.time(Stage::Spool, what, || (self.spool.append(&scratch.bytes), bytes))
    }

    /// Records what is finished.
    pub fn record(&self, record: Record, what: impl Fn() -> String) -> Result<RecordId> {
        self.stats.time(Stage::Checkpoint, what, || (self.spool.record(record), 0))
    }

    /// Whether a period is the only one with days in a chunk.
    pub fn is_alone(&self, period: usize, from: i64, until: i64) -> bool {
        self.plan.periods.iter().enumerate().all(|(index, span)| {
            let first = span.first_day - self.plan.axis.first_day;
            let end = first + span.days();
            (first < until && end > from) == (index == period)
        })
    }
}

/// The pass over some units, shared by all threads.
pub(super) struct Pass<'a> {
    shop: &'a Workshop<'a>,
    units: &'a [Unit],
    queue: Mutex<Queue>,
    /// Tasks that no thread has begun yet.
    waiting: AtomicUsize,
}

#[derive(Default)]
struct Queue {
    next: usize,
    held: u64,
}

/// A unit that is being worked on.
struct Active<'a> {
    unit: &'a Unit,
    cells: Vec<(PlannedCell, OnceLock<CellSeries>)>,
    dumps_left: AtomicUsize,
    chunks_left: AtomicUsize,
    bytes: u64,
    /// What will be written into the journal.
    record: Mutex<record::Unit>,
}

impl<'a> Pass<'a> {
    pub fn new(shop: &'a Workshop<'a>, units: &'a [Unit]) -> Self {
        Pass { shop, units, queue: Mutex::default(), waiting: AtomicUsize::new(0) }
    }

    /// Works through the units, until all are done or the work is halted; what is done is in the journal. Must run inside
    /// of the pool that the plan's threads are for.
    pub fn run(&'a self) {
        rayon::scope(|scope| self.admit(scope));
    }

    /// Starts as many units as fit, but no more than keep all threads busy: what is begun is lost with the process.
    fn admit<'scope>(&'scope self, scope: &Scope<'scope>) {
        let plan = self.shop.plan;
        let busy = 4 * plan.memory.threads;
        while !self.shop.halt.is_closing() && self.waiting.load(Ordering::Relaxed) < busy {
            let mut queue = lock(&self.queue);
            let Some(unit) = self.units.get(queue.next) else { return };
            let days = match plan.period(unit.period) {
                Ok(period) => period.days() as u64,
                Err(error) => return self.shop.halt.fail(error),
            };
            let bytes = unit.cells.len() as u64 * plan.memory.cell_bytes(days);
            if queue.held > 0 && queue.held + bytes > plan.memory.units_bytes {
                return;
            }
            queue.held += bytes;
            queue.next += 1;
            drop(queue);
            let active = match self.activate(unit, bytes) {
                Ok(active) => Arc::new(active),
                Err(error) => return self.shop.halt.fail(error),
            };
            self.waiting.fetch_add(active.cells.len(), Ordering::Relaxed);
            for index in 0..active.cells.len() {
                let active = active.clone();
                scope.spawn(move |scope| {
                    self.waiting.fetch_sub(1, Ordering::Relaxed);
                    if !self.shop.halt.is_over() {
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

    fn activate(&self, unit: &'a Unit, bytes: u64) -> Result<Active<'a>> {
        let plan = self.shop.plan;
        let planned = unit.cells.iter().map(|&cell| plan.cell(cell as usize));
        let cells: Vec<_> = planned.map(|planned| Ok((planned?, OnceLock::new()))).collect::<Result<_>>()?;
        let tile = plan.tile(unit.tile).map(|tile| (tile.row, tile.column))?;
        let span = plan.period(unit.period)?;
        let dumps_left = AtomicUsize::new(cells.len());
        let (period, usual) = (span.period, (span.first_day, span.last_day));
        let record = Mutex::new(record::Unit { tile, period, usual, ..record::Unit::default() });
        Ok(Active { unit, cells, dumps_left, chunks_left: AtomicUsize::new(0), bytes, record })
    }

    /// Reads one dump into the unit; a dump that cannot be used becomes a fault.
    fn read_cell(&self, active: &Active<'_>, index: usize) {
        let Some((planned, slot)) = active.cells.get(index) else { return };
        let mut found = Found::default();
        let mut series = CellSeries::default();
        let mut kept = None;
        let result = self.shop.with_scratch(|scratch| {
            let Workshop { plan, stats, .. } = self.shop;
            let memory = &mut scratch.memory;
            load::load(plan, stats, memory, *planned, active.unit.period, &mut series, &mut found)?;
            // Tables want all time of a cell; that is put together when all dumps are read.
            if plan.settings.tables.as_ref().is_some_and(Tables::needs_days) {
                series.write(&mut scratch.bytes);
                kept = Some(self.shop.append(scratch, || format!("series of cell {}", planned.cell)));
            }
            Ok(())
        });
        let mut record = lock(&active.record);
        match result {
            Some(Ok(())) => {
                let _ = slot.set(series);
            }
            Some(Err(refusal)) => {
                found.faults.push(place::fault_of(planned.cell, record.period, refusal));
                found.is_strict = true;
                found.silence = Some(Silence::unused());
            }
            None => {}
        }
        match kept {
            Some(Ok(place)) => {
                found.counts.bytes_spooled += u64::from(place.length);
                record.series.push((planned.cell, place));
            }
            Some(Err(error)) => self.shop.halt.fail(error),
            None => {}
        }
        let progress = self.shop.progress;
        progress.advance(Counted::Dumps, 1);
        progress.advance(Counted::Faults, found.faults.len() as u64);
        record.dumps.push((planned.cell, found.stamp));
        found.counts.dumps_peeked = found.peeked.len() as u64;
        record.peeked.extend(found.peeked);
        record.largest = record.largest.max(found.largest);
        record.faults.extend(found.faults);
        if let Some(silence) = found.silence {
            let period = record.period;
            SilentDumps::add(&mut record.silent, planned.cell, period, silence);
        }
        record.seen += found.seen;
        record.counts += found.counts;
        record.is_strict |= found.is_strict;
    }

    /// Starts a task for each chunk that the unit's cells have days in.
    fn start_chunks<'scope>(&'scope self, active: &Arc<Active<'scope>>, scope: &Scope<'scope>) {
        let plan = self.shop.plan;
        let axis_days = i64::from(plan.axis.days);
        let cells = || active.cells.iter().filter_map(|(_, series)| series.get());
        let first = cells().map(|series| series.first).min().unwrap_or(0).max(0);
        let last =
            cells().map(|series| series.first + series.days as i64).max().unwrap_or(0).min(axis_days) - 1;
        let (row, column) = lock(&active.record).tile;
        let mut keys = Vec::new();
        if first <= last && !self.shop.halt.is_over() {
            for (index, layer) in plan.layers.iter().enumerate() {
                let days = i64::from(layer.chunk.days);
                for chunk in first / days..=last / days {
                    keys.push(ChunkKey { layer: index as u32, days: chunk as u32, row, column });
                }
            }
        }
        if keys.is_empty() {
            return self.finish(active, scope);
        }
        active.chunks_left.store(keys.len(), Ordering::Release);
        self.waiting.fetch_add(keys.len(), Ordering::Relaxed);
        for key in keys {
            let active = active.clone();
            scope.spawn(move |scope| {
                self.waiting.fetch_sub(1, Ordering::Relaxed);
                if !self.shop.halt.is_over()
                    && let Some(Err(error)) =
                        self.shop.with_scratch(|scratch| self.fill_chunk(scratch, &active, key))
                {
                    self.shop.halt.fail(error);
                }
                if active.chunks_left.fetch_sub(1, Ordering::AcqRel) == 1 {
                    self.finish(&active, scope);
                } else {
                    self.admit(scope);
                }
            });
        }
    }

    /// Records a unit, unless it was dropped on the way, and gives its memory back.
    fn finish<'scope>(&'scope self, active: &Arc<Active<'scope>>, scope: &Scope<'scope>) {
        let Workshop { halt, progress, .. } = self.shop;
        if !halt.is_over() {
            let mut record = std::mem::take(&mut *lock(&active.record));
            record.dumps.sort_unstable_by_key(|&(cell, _)| cell);
            record.series.sort_unstable_by_key(|&(cell, _)| cell);
            SilentDumps::sort(&mut record.silent);
            let (tile, period) = (record.tile, record.period);
            let what = || format!("tile {}, {}, period {period}", tile.0, tile.1);
            match self.shop.record(Record::Unit(record), what) {
                Ok(_) => {
                    progress.finish_unit(active.cells.len() as u64);
                }
                Err(error) => halt.fail(error),
            }
        }
        lock(&self.queue).held -= active.bytes;
        self.admit(scope);
    }

    /// Makes one chunk of a unit's cells: encoded where nothing else can belong to it, otherwise a fragment.
    fn fill_chunk(&self, scratch: &mut Scratch, active: &Active<'_>, key: ChunkKey) -> Result<()> {
        let Workshop { plan, stats, .. } = self.shop;
        let layer = plan.layer(key.layer as usize)?;
        let (from, until) = chunk_days(plan, layer, key.days);
        let parts = active.cells.iter().filter_map(|(planned, series)| {
            let (first, values) = series.get()?.part(key.layer as usize, layer.element, from, until)?;
            Some(fragment::Part { place: planned.place as u32, first: (first - from) as u32, values })
        });
        let what = || describe(plan, key);
        let mut counts = Counts::default();
        let is_encoded = active.unit.is_whole && self.shop.is_alone(active.unit.period, from, until);
        let any = if is_encoded {
            let any = stats.time(Stage::Place, what, || {
                fragment::assemble(&mut scratch.chunk, layer, self.shop.filters, parts)
            });
            if any {
                self.shop.encode(scratch, what)?;
            }
            counts.chunks_encoded = u64::from(any);
            counts.chunks_of_fill = u64::from(!any);
            any
        } else {
            fragment::write(parts, layer.element.size(), &mut scratch.bytes);
            counts.fragments = u64::from(!scratch.bytes.is_empty());
            !scratch.bytes.is_empty()
        };
        let piece = match any {
            false => None,
            true => {
                let place = self.shop.append(scratch, what)?;
                counts.bytes_spooled = u64::from(place.length);
                Some(record::Piece { layer: key.layer, days: key.days, is_encoded, place })
            }
        };
        let mut record = lock(&active.record);
        record.pieces.extend(piece);
        record.counts += counts;
        Ok(())
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
    format!("{name}, chunk {} of tile {}, {}", key.days, key.row, key.column)
}
