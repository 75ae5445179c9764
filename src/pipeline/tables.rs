//! Tables and fields, block by block: the units of work beside those of grids.

mod accepted;

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::caete::{self, CommunityYear};
use crate::dump::Limits;
use crate::error::{Error, Result};
use crate::model::fault::{Fault, FaultKind, Refusal};
use crate::model::grid::Cell;
use crate::observer::Counted;
use crate::place::{self, CellSeries};
use crate::plan::tables::Tables;
use crate::plan::{Plan, Share};
use crate::run::silence::{Silence, SilentDumps, year_number};
use crate::source::stamp::Stamp;
use crate::source::{Desk, Memory, Part};
use crate::spool::Spool;
use crate::spool::contents::SeriesIndex;
use crate::spool::record::{Block, Content, Counts, Location, Record, RecordId, TablePiece};
use crate::table::{self, Batch, CellInput, Layout, Maker, Map, TableCell, file};

use super::import::ComparedGrids;
use super::load::{self, Found};
use super::pass::Workshop;
use super::progress::Progress;
use super::stats::{Stage, Stats};
use super::stop::Halt;

#[cfg(feature = "postgres")]
pub(super) use accepted::holds;
pub(super) use accepted::{Accepted, accept, damaged, missing_shards};

/// The blocks of a plan's tables.
pub(super) struct Blocks<'a> {
    pub layout: &'a Layout<'a>,
    pub maps: &'a [Map],
    /// Of the plan; see [`basis`](crate::spool::snapshot::basis).
    pub basis: u64,
    pub stats: &'a Stats,
    pub progress: &'a Progress<'a>,
    pub halt: &'a Halt<'a>,
    /// Where series were put by whoever read the dumps before; `None` where they are read here.
    pub series: Option<(&'a Spool, &'a SeriesIndex)>,
    /// Grids whose windows are compared, of which these series are.
    pub compared: Option<&'a ComparedGrids<'a>>,
}

/// What one thread needs for itself.
struct Worker<'a> {
    maker: Maker<'a>,
    memory: Memory,
    series: Vec<CellSeries>,
    years: Vec<CommunityYear>,
    bytes: Vec<u8>,
}

/// What takes blocks, one after another.
pub(super) trait Sink {
    /// What takes one.
    type Open<'a>: OpenBlock
    where
        Self: 'a;

    /// Begins a block.
    fn begin(&mut self, number: u32) -> Result<Self::Open<'_>>;
}

/// What takes a block's rows and remainder. Dropped before its end, the block was never there.
pub(super) trait OpenBlock {
    /// Takes rows.
    fn rows(&mut self, batch: Batch, block: &mut Block) -> Result<()>;
    /// Takes the rest and ends the block.
    fn end(self, remainder: table::Remainder, block: Block) -> Result<()>;
}

/// Puts everything into the spool.
pub(super) struct ToSpool<'a> {
    shop: &'a Workshop<'a>,
    layout: &'a Layout<'a>,
    bytes: Vec<u8>,
}

impl<'a> ToSpool<'a> {
    pub fn new(shop: &'a Workshop<'a>, layout: &'a Layout<'a>) -> Self {
        ToSpool { shop, layout, bytes: Vec::new() }
    }
}

impl ToSpool<'_> {
    fn append(&mut self, content: Content, rows: u64, block: &mut Block) -> Result<()> {
        let bytes = self.bytes.len() as u64;
        let what = || format!("block {}", block.number);
        let place =
            self.shop.stats.time(Stage::Spool, what, || (self.shop.spool.append(&self.bytes), bytes))?;
        block.counts.bytes_spooled += bytes;
        block.pieces.push(TablePiece { content, rows, place });
        block.left = (block.left.0 + 1, block.left.1 + rows);
        Ok(())
    }
}

impl<'s> Sink for ToSpool<'s> {
    type Open<'a>
        = &'a mut ToSpool<'s>
    where
        's: 'a;

    fn begin(&mut self, _: u32) -> Result<Self::Open<'_>> {
        Ok(self)
    }
}

impl OpenBlock for &mut ToSpool<'_> {
    fn rows(&mut self, batch: Batch, block: &mut Block) -> Result<()> {
        let Batch { table, partition, rows } = batch;
        let known = self.layout.tables.get(table);
        let known = known.ok_or_else(|| Error::bug(format!("rows of a table {table} that is not made")))?;
        let what = || format!("{} of block {}", known.kind.name(), block.number);
        self.shop.stats.time(Stage::Encode, what, || {
            let result = file::encode(self.layout, known, &rows, &mut self.bytes);
            (result, rows.get_array_memory_size() as u64)
        })?;
        self.append(Content::Rows(table as u32, partition), rows.num_rows() as u64, block)
    }

    fn end(self, remainder: table::Remainder, mut block: Block) -> Result<()> {
        if !remainder.regions.is_empty() {
            self.bytes = remainder.regions;
            self.append(Content::Regions, 0, &mut block)?;
        }
        for (index, values) in remainder.maps.into_iter().enumerate() {
            self.bytes = values;
            self.append(Content::Map(index as u32), 0, &mut block)?;
        }
        let what = || format!("block {}", block.number);
        let record = Record::Block(block.clone());
        self.shop.record(record, what).map(drop)
    }
}

impl<'a> Blocks<'a> {
    /// The blocks of a share.
    pub fn of(layout: &Layout<'_>, share: Share) -> Vec<u32> {
        let is_mine = |number: &u32| number % share.count == share.index;
        (0..layout.blocks.len() as u32).filter(is_mine).collect()
    }

    /// How many blocks may be in work at the same time.
    ///
    /// # Errors
    /// [`Memory`](crate::ErrorKind::Memory) where not even one fits.
    fn workers(&self) -> Result<usize> {
        let memory = &self.layout.plan.memory;
        let needed = memory.thread_bytes + self.layout.block_bytes();
        match memory.budget / needed {
            0 => Err(Error::memory(memory.budget, needed)),
            fitting => Ok((fitting as usize).min(memory.threads)),
        }
    }

    /// Makes blocks and gives them to sinks, one a thread.
    ///
    /// # Errors
    /// [`Memory`](crate::ErrorKind::Memory); everything else that goes wrong is told to the halt.
    pub fn run<S: Sink>(&self, numbers: &[u32], sink: impl Fn() -> Result<S> + Sync) -> Result<()> {
        let workers = self.workers()?.min(numbers.len());
        let next = AtomicUsize::new(0);
        let halt = self.halt;
        rayon::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|_| {
                    let mut sink = match sink() {
                        Ok(sink) => sink,
                        Err(error) => return halt.fail(error),
                    };
                    let mut worker = Worker {
                        maker: Maker::new(self.layout, self.maps),
                        memory: Memory::default(),
                        series: Vec::new(),
                        years: Vec::new(),
                        bytes: Vec::new(),
                    };
                    while !halt.is_closing() {
                        let Some(&number) = numbers.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
                        match self.block(number, &mut worker, &mut sink) {
                            Ok(true) => {}
                            Ok(false) => break,
                            Err(error) => return halt.fail(error),
                        }
                    }
                });
            }
        });
        Ok(())
    }

    /// Makes a block; false where that was ended early.
    fn block(&self, number: u32, worker: &mut Worker<'_>, sink: &mut impl Sink) -> Result<bool> {
        let progress = self.progress;
        let digest = |(_, index): (_, _)| accepted::digest_of_series(self.layout, number, index);
        let series = self.series.map(digest).transpose()?;
        let mut block = Block { number, basis: self.basis, series, ..Block::default() };
        let mut open = sink.begin(number)?;
        let (cells, own) = self.layout.block(number)?;
        for (cell, &known) in cells.zip(own) {
            if self.halt.is_over() {
                return Ok(false);
            }
            let before = (block.dumps, block.faults.len());
            let days = self.days(known, worker, &mut block)?;
            self.years(known, worker, &mut block)?;
            progress.advance(Counted::Dumps, block.dumps - before.0);
            progress.advance(Counted::Faults, (block.faults.len() - before.1) as u64);
            let Worker { maker, series, years, .. } = worker;
            let days = series.get(..days).unwrap_or_default();
            let input = CellInput { cell, days, years };
            maker.cell(&input, &mut |batch| open.rows(batch, &mut block))?;
        }
        let remainder = worker.maker.end(&mut |batch| open.rows(batch, &mut block))?;
        let dumps = block.dumps;
        open.end(remainder, block)?;
        progress.finish_unit(dumps);
        Ok(true)
    }

    /// A cell's series, in the order of their days, at the front of the worker's; returns how many.
    fn days(&self, cell: TableCell, worker: &mut Worker<'_>, block: &mut Block) -> Result<usize> {
        if !self.layout.settings.needs_days() {
            return Ok(0);
        }
        let mut count = 0;
        match (&self.series, self.compared) {
            (Some((_, index)), Some(compared)) => {
                // A cell that is masked throughout may be the sea.
                if index.contains_key(&cell.planned.cell) {
                    for period in 0..self.layout.plan.periods.len() {
                        count += usize::from(self.dump(cell, period, count, worker, block));
                    }
                    compared.check()?;
                }
            }
            (None, _) => {
                let plan = self.layout.plan;
                for period in 0..plan.periods.len() {
                    if plan.has_dump(cell.index, period) {
                        count += usize::from(self.dump(cell, period, count, worker, block));
                    }
                }
            }
            (Some((spool, index)), None) => {
                for (id, place) in index.get(&cell.planned.cell).into_iter().flatten() {
                    self.kept(spool, *id, place, count, worker)?;
                    count += 1;
                }
            }
        }
        if let Some(series) = worker.series.get_mut(..count) {
            let is_by_number = self.layout.settings.by_period;
            series.sort_by_key(|series| {
                (if is_by_number { series.period } else { 0 }, series.first, series.period)
            });
        }
        Ok(count)
    }

    fn dump(
        &self,
        cell: TableCell,
        period: usize,
        slot: usize,
        worker: &mut Worker<'_>,
        block: &mut Block,
    ) -> bool {
        let (plan, stats) = (self.layout.plan, self.stats);
        let mut found = Found::default();
        let Worker { series, memory, .. } = worker;
        if series.len() <= slot {
            series.resize_with(slot + 1, CellSeries::default);
        }
        let Some(series) = series.get_mut(slot) else { return false };
        let result = load::load(plan, stats, memory, cell.planned, period, series, &mut found);
        let number = plan.periods.get(period).map_or(0, |period| period.period);
        series.period = number;
        let is_sound = result.is_ok();
        if let Err(refusal) = result {
            found.faults.push(place::fault_of(cell.planned.cell, number, refusal));
            found.silence = Some(Silence::unused());
        }
        if let Some(silence) = found.silence {
            SilentDumps::add(&mut block.silent, cell.planned.cell, number, silence);
        }
        block.faults.extend(found.faults);
        block.seen += found.seen;
        // Series in the spool are no dumps; the block is known by them.
        if self.compared.is_none() {
            found.counts.dumps_peeked = found.peeked.len() as u64;
            block.dumps += 1;
            block.files.push((cell.planned.cell, Part::Period(number), found.stamp));
            let peeked = found.peeked.into_iter();
            block.files.extend(peeked.map(|(cell, period, stamp)| (cell, Part::Period(period), stamp)));
            block.counts += found.counts;
        }
        is_sound
    }

    /// Reads a series that was put into the spool before.
    fn kept(
        &self,
        spool: &Spool,
        id: RecordId,
        place: &Location,
        slot: usize,
        worker: &mut Worker<'_>,
    ) -> Result<()> {
        let Worker { series, bytes, .. } = worker;
        if series.len() <= slot {
            series.resize_with(slot + 1, CellSeries::default);
        }
        let what = || "series".to_owned();
        let is_sound = self
            .stats
            .time(Stage::Spool, what, || (spool.read(id.task, place, bytes), u64::from(place.length)))?;
        let slot = series.get_mut(slot);
        let read = slot.and_then(|series| series.read(bytes, &self.layout.plan.layers));
        match read.filter(|()| is_sound) {
            Some(()) => Ok(()),
            None => Err(spool.damaged_series()),
        }
    }

    /// A cell's years, in order.
    fn years(&self, cell: TableCell, worker: &mut Worker<'_>, block: &mut Block) -> Result<()> {
        worker.years.clear();
        if !self.layout.settings.needs_years() {
            return Ok(());
        }
        let plan = self.layout.plan;
        let there = &plan.listed(cell.planned)?.years;
        for &year in &self.layout.years {
            let cell = cell.planned.cell;
            let mut fail = |kind: FaultKind, message: String| {
                block.faults.push(Fault {
                    cell,
                    period: None,
                    year: Some(year),
                    variable: None,
                    kind,
                    message,
                });
            };
            if there.binary_search(&year).is_err() {
                fail(FaultKind::Missing, "the file is missing".to_owned());
                continue;
            }
            block.dumps += 1;
            let (stamp, read) = self.year(plan, cell, year, &mut worker.memory, &mut block.counts);
            let silence = match read {
                Ok(found) => {
                    let silence = caete::silence(&found);
                    block.faults.extend(no_traits(self.layout.settings, cell, &found));
                    worker.years.push(found);
                    silence
                }
                Err((kind, message)) => {
                    fail(kind, message);
                    Some(Silence::unused())
                }
            };
            if let Some(silence) = silence {
                SilentDumps::add(&mut block.silent_years, cell, year_number(year), silence);
            }
            block.files.push((cell, Part::Year(year), stamp));
        }
        Ok(())
    }

    fn year(
        &self,
        plan: &Plan,
        cell: Cell,
        year: i32,
        memory: &mut Memory,
        counts: &mut Counts,
    ) -> (Option<Stamp>, std::result::Result<CommunityYear, Refusal>) {
        let limits = Limits { decoded_bytes: plan.settings.limits.decoded_bytes, ..plan.memory.limits };
        let mut desk = Desk { limits: &limits, memory, clock: self.stats };
        let mut found = None;
        let reading = plan.run.source().year(cell, year, &mut desk, &mut |root| {
            found = Some(caete::year_of(root, year)?);
            Ok(())
        });
        counts.dumps_read += u64::from(reading.read.is_some());
        counts.bytes_read += reading.read.unwrap_or(0);
        counts.dumps_decoded += u64::from(reading.decoded.is_some());
        let none = || (FaultKind::Damaged, "its source shows nothing of it".to_owned());
        (reading.stamp, reading.result.and_then(|()| found.ok_or_else(none)))
    }
}

/// What is wrong where a table of traits lacks strategies of a year.
pub(crate) fn no_traits(settings: &Tables, cell: Cell, year: &CommunityYear) -> Option<Fault> {
    if !settings.kinds.iter().any(|kind| kind.has_traits()) {
        return None;
    }
    let living = year.communities.iter().filter(|community| !community.is_masked);
    let message =
        settings.traits.as_ref()?.lacks(living.flat_map(|community| community.ids.iter().copied()))?;
    Some(Fault {
        cell,
        period: None,
        year: Some(year.year),
        variable: Some("traits".to_owned()),
        kind: FaultKind::NoTraits,
        message,
    })
}
