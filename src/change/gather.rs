//! What the dumps of a cell hold of two windows of time, each read once.

use twox_hash::XxHash3_64;

use crate::model::fault::{FaultKind, Refusal};
use crate::model::grid::Cell;
use crate::place;
use crate::run::{Run, days};
use crate::source::stamp::Stamp;
use crate::source::{Content, Desk, Item, Memory, Series, Wanted};

use super::measure::{Gauge, Steps};
use super::{Kind, Side};

/// Two windows, and the runs that they are of.
#[derive(Debug)]
pub(super) struct Windows {
    /// The run, and the reference's where that is another one.
    pub runs: Vec<Run>,
    /// The reference, and the window.
    pub sides: [Side; 2],
    pub steps: [Steps; 2],
    /// Of the window's layers, the place of the reference's; `None` where it has none.
    pub pairs: Vec<Option<usize>>,
    /// What is read of a cell, each once.
    inputs: Vec<Input>,
    kind: Kind,
}

/// A dump that is read, and for which of the windows.
#[derive(Debug)]
struct Input {
    run: usize,
    period: u32,
    is_of: [bool; 2],
}

/// What a thread keeps.
#[derive(Default)]
struct Desktop {
    /// Of each run.
    memories: [Memory; 2],
    /// The values of a layer in a dump.
    values: Vec<f64>,
}

/// What is gathered of a cell.
pub(super) struct Gathered {
    /// Of each window what is known of each layer that is wanted.
    pub gauges: [Vec<Option<Gauge>>; 2],
    /// Of each window the values of each layer that is wanted, where they are kept.
    pub values: [Vec<Vec<f64>>; 2],
    /// Layers of the window that a dump lacks, and why.
    pub lacking: Vec<(usize, String)>,
    /// Bytes that were read, and those of the largest dump.
    pub read: u64,
    pub largest: u64,
    /// Steps that dumps have.
    covered: [Vec<(i64, i64)>; 2],
    known: Known,
}

/// How a cell's dumps are known again together.
#[derive(Default)]
struct Known {
    /// Bytes and times; those that are not there are told as well.
    seen: Vec<Option<(u64, i64)>>,
    digests: Vec<u8>,
    is_settled: bool,
}

impl Gathered {
    /// How the dumps are known again; `None` where none is there.
    pub fn stamp(&self) -> Option<Stamp> {
        let Known { seen, digests, is_settled } = &self.known;
        seen.iter().any(Option::is_some).then(|| Stamp {
            bytes: seen.iter().flatten().map(|(bytes, _)| bytes).sum(),
            modified: times(seen),
            is_settled: *is_settled,
            digest: XxHash3_64::oneshot(digests),
        })
    }
}

/// One number for the times of several files.
fn times(seen: &[Option<(u64, i64)>]) -> i64 {
    let mut bytes = Vec::with_capacity(17 * seen.len());
    for one in seen {
        bytes.push(u8::from(one.is_some()));
        let (length, time) = one.unwrap_or_default();
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&time.to_le_bytes());
    }
    XxHash3_64::oneshot(&bytes).cast_signed()
}

/// The dumps that both windows are made of, in the order of their dates.
fn inputs(sides: &[Side; 2]) -> Vec<Input> {
    let mut inputs: Vec<Input> = Vec::new();
    for (index, side) in sides.iter().enumerate() {
        for span in &side.periods {
            let known = inputs.iter_mut().find(|input| input.run == side.run && input.period == span.period);
            match known {
                Some(input) => input.is_of = [true, true],
                None => {
                    let is_of = std::array::from_fn(|one| one == index);
                    inputs.push(Input { run: side.run, period: span.period, is_of });
                }
            }
        }
    }
    inputs
}

impl Windows {
    pub fn new(
        runs: Vec<Run>,
        sides: [Side; 2],
        steps: [Steps; 2],
        pairs: Vec<Option<usize>>,
        kind: Kind,
    ) -> Self {
        let inputs = inputs(&sides);
        Windows { runs, sides, steps, pairs, inputs, kind }
    }

    /// Dumps of a cell.
    pub fn inputs(&self) -> usize {
        self.inputs.len()
    }

    /// Whether any dump of a cell is there.
    pub fn has(&self, cell: Cell) -> bool {
        self.of_each(cell, |run, item| run.source().has(item)).any(|is_there| is_there)
    }

    /// Whether the dumps of a cell are those of a stamp, by their sizes and times alone.
    pub fn holds(&self, cell: Cell, known: &Stamp) -> bool {
        let seen: Vec<_> = self.of_each(cell, |run, item| run.source().glance(item)).collect();
        known.is_settled && times(&seen) == known.modified
    }

    fn of_each<T>(&self, cell: Cell, of: impl Fn(&Run, Item) -> T) -> impl Iterator<Item = T> {
        let run = |input: &Input| self.runs.get(input.run).map(|run| (run, input.period));
        self.inputs.iter().filter_map(run).map(move |(run, period)| of(run, Item::period(cell, period)))
    }

    /// Reads the dumps of a cell, of the layers that are wanted. What cannot be used is told when all that is known of the dumps is.
    pub fn gather(&self, cell: Cell, wants: &[bool], desk: &mut Desk<'_>) -> (Gathered, Result<(), Refusal>) {
        let kept = desk.memory.kept.take().and_then(|kept| kept.downcast::<Desktop>().ok());
        let mut kept = kept.unwrap_or_default();
        let mut gathered = self.nothing(wants);
        let mut result = Ok(());
        for input in &self.inputs {
            let Some(run) = self.runs.get(input.run) else { continue };
            let item = Item::period(cell, input.period);
            if result.is_err() {
                gathered.known.seen.push(run.source().glance(item));
                continue;
            }
            let Desktop { memories, values } = &mut *kept;
            let Some(memory) = memories.get_mut(input.run) else { continue };
            let mut own = Desk { limits: desk.limits, memory, clock: desk.clock };
            let is_wanted = |key: &str| self.is_key_wanted(key, wants, input);
            let mut put = |content: &Content<'_>| {
                let sides = (0..2).filter(|&side| input.is_of.get(side) == Some(&true));
                sides.into_iter().try_for_each(|side| self.put(side, content, values, &mut gathered))
            };
            let wanted = Wanted::Keys(&is_wanted);
            let reading = run.source().period(cell, input.period, wanted, &mut own, &mut put);
            let known = &mut gathered.known;
            known.seen.push(reading.stamp.map(|stamp| (stamp.bytes, stamp.modified)));
            known.is_settled &= reading.stamp.is_none_or(|stamp| stamp.is_settled);
            known.digests.extend_from_slice(&reading.stamp.map_or(0, |stamp| stamp.digest).to_le_bytes());
            gathered.read += reading.read.unwrap_or(0);
            gathered.largest = gathered.largest.max(reading.decoded.unwrap_or(0));
            result = reading.result.map_err(|(kind, message)| {
                // What other files lack is told of each.
                let lacks = run.cells.iter().all(|one| one.cell != cell);
                let words = match lacks {
                    true if input.run > 0 => format!("the reference, {}, has no such cell", run.name),
                    true => format!("{} has no such cell", run.name),
                    false => format!("period {}{}: {message}", input.period, self.of_reference(input.run)),
                };
                (kind, words)
            });
        }
        desk.memory.kept = Some(kept);
        let result = result.and_then(|()| self.is_whole(&gathered));
        (gathered, result)
    }

    /// Of which run something is, where that is the reference's own.
    fn of_reference(&self, run: usize) -> String {
        let run = self.runs.get(run).filter(|_| run > 0);
        run.map_or_else(String::new, |run| format!(" of the reference, {}", run.name))
    }

    /// Room for the values of a cell, none of which is there yet.
    fn nothing(&self, wants: &[bool]) -> Gathered {
        let is_wanted = |layer: usize| wants.get(layer) == Some(&true);
        let wanted_before: Vec<usize> = self
            .pairs
            .iter()
            .enumerate()
            .filter(|(layer, _)| is_wanted(*layer))
            .filter_map(|(_, pair)| *pair)
            .collect();
        let wants: [&dyn Fn(usize) -> bool; 2] = [&|layer| wanted_before.contains(&layer), &is_wanted];
        let sides = || self.sides.iter().zip(&self.steps).zip(wants);
        let mut gathered = Gathered {
            gauges: Default::default(),
            values: Default::default(),
            lacking: Vec::new(),
            read: 0,
            largest: 0,
            covered: Default::default(),
            known: Known { is_settled: true, ..Known::default() },
        };
        for (((side, steps), is_wanted), gauges) in sides().zip(&mut gathered.gauges) {
            *gauges = (0..side.layers.len()).map(|layer| is_wanted(layer).then(|| steps.gauge())).collect();
        }
        for (((side, steps), is_wanted), values) in
            sides().zip(&mut gathered.values).filter(|_| self.kind.is_proof)
        {
            let room = |layer| vec![f64::NAN; if is_wanted(layer) { steps.count } else { 0 }];
            *values = (0..side.layers.len()).map(room).collect();
        }
        gathered
    }

    fn is_key_wanted(&self, key: &str, wants: &[bool], input: &Input) -> bool {
        let [before, window] = &self.sides;
        let [is_before, is_window] = input.is_of;
        let mut layers = window.layers.iter().zip(&self.pairs).zip(wants).filter(|(_, wants)| **wants);
        layers.any(|((layer, pair), _)| {
            let paired = pair.and_then(|pair| before.layers.get(pair));
            (is_window && layer.key == key) || (is_before && paired.is_some_and(|paired| paired.key == key))
        })
    }

    /// Puts the values of a dump where they are in a window.
    fn put(
        &self,
        side: usize,
        content: &Content<'_>,
        room: &mut Vec<f64>,
        gathered: &mut Gathered,
    ) -> Result<(), Refusal> {
        let Gathered { gauges, values, covered, lacking, .. } = gathered;
        let (Some(Side { axis, layers, .. }), Some(window)) = (self.sides.get(side), self.steps.get(side))
        else {
            return Ok(());
        };
        let (Some(gauges), Some(kept), Some(covered)) =
            (gauges.get_mut(side), values.get_mut(side), covered.get_mut(side))
        else {
            return Ok(());
        };
        let (first, steps) = place::span_on_axis(content, axis)?;
        let (from, until) = (first.max(0), (first + steps as i64).min(i64::from(axis.days)));
        if from >= until {
            return Ok(());
        }
        let own = (from, until - 1);
        if covered.iter().any(|&(first, last)| first <= own.1 && own.0 <= last) {
            let label = |step: i64| axis.label(step).unwrap_or_default();
            let dates = format!("{} to {}", label(own.0), label(own.1));
            let message = format!("its dates, {dates}, are those of another dump of the cell");
            return Err((FaultKind::Overlap, message));
        }
        covered.push(own);
        let on_axis = from as usize..until as usize;
        let own = (from - first) as usize..(until - first) as usize;
        room.resize(on_axis.len(), f64::NAN);
        for (layer, (gauge, planned)) in gauges.iter_mut().zip(layers).enumerate() {
            let Some(gauge) = gauge else { continue };
            match place::fitting(content, planned) {
                Ok(series) => {
                    widen(&series, planned.row, own.start, room);
                    window.add(gauge, on_axis.start, room);
                    if let Some(kept) = kept.get_mut(layer).and_then(|kept| kept.get_mut(on_axis.clone())) {
                        kept.copy_from_slice(room);
                    }
                }
                Err((_, reason)) => {
                    let of_window = match side {
                        0 => self.pairs.iter().position(|pair| *pair == Some(layer)),
                        _ => Some(layer),
                    };
                    lacking.extend(of_window.map(|layer| (layer, reason)));
                }
            }
        }
        Ok(())
    }

    /// Whether dumps cover both windows.
    fn is_whole(&self, gathered: &Gathered) -> Result<(), Refusal> {
        for ((Side { axis, run, .. }, steps), covered) in
            self.sides.iter().zip(&self.steps).zip(&gathered.covered)
        {
            let gaps = days::uncovered((0, i64::from(axis.days) - 1), covered.iter().copied());
            // Values that are missing in grids for less than a year may have been missing in dumps.
            let is_gap = |gap: &&(i64, i64)| {
                !self.kind.is_of_grids || covered.is_empty() || steps.has_year_within(**gap)
            };
            if let Some(&(first, last)) = gaps.iter().find(is_gap) {
                let label = |step: i64| axis.label(step).unwrap_or_default();
                let (of, days) = (self.of_reference(*run), format!("{} to {}", label(first), label(last)));
                let message = match self.kind.is_of_grids {
                    false => format!("its dumps{of} lack {days} of a window"),
                    true => format!("no variable{of} has a value on {days} of a window"),
                };
                return Err((FaultKind::Short, message));
            }
        }
        Ok(())
    }
}

/// A row's values from a day on, as many as there is room for; NaN where there are none.
fn widen(series: &Series<'_>, row: usize, first: usize, room: &mut [f64]) {
    let (start, step) = series.layout(row);
    let bytes = series.data().get(start + first * step..).unwrap_or_default();
    if bytes.len().div_ceil(step.max(1)) < room.len() {
        room.fill(f64::NAN);
    }
    match series.element() {
        Some(element) => element.widen_apart(bytes, (step, series.is_big_endian()), room),
        None => room.fill(f64::NAN),
    }
}
