//! The change of a run as a source: an item is a cell's dumps of both windows, read once each.

use std::collections::BTreeSet;

use twox_hash::XxHash3_64;

use crate::dump::{Limits, Value};
use crate::error::{Argument, Error, Result};
use crate::model::element::Element;
use crate::model::fault::{FaultKind, Refusal};
use crate::model::grid::Cell;
use crate::model::series::NotSeries;
use crate::model::time_step::TimeStep;
use crate::model::time_unit::TimeUnit;
use crate::model::variables::VariableTable;
use crate::place::{self, CellSeries};
use crate::plan::{Comparison, Plan, Settings, Tables};
use crate::run::survey::Survey;
use crate::run::{Run, days};
use crate::source::stamp::Stamp;
use crate::source::{CellSource, Content, Desk, Item, Memory, Part, Reading, Series, Wanted};

use super::measure::{Made, Measured, Steps, changes};
use super::{KIND, Kept, PERIOD, Side, again, shown};

const DAY: u64 = 86_400;

/// Two windows of one run, or of two.
#[derive(Debug)]
pub(crate) struct Compared {
    change: Comparison,
    limits: Limits,
    runs: Vec<Run>,
    /// The reference, and the window.
    sides: [Side; 2],
    steps: [Steps; 2],
    surveys: [Survey; 2],
    /// What is read of a cell, each once.
    items: Vec<Input>,
    /// Of the source's own layers, the place of the reference's; `None` where it has none.
    pairs: Vec<Option<usize>>,
    table: VariableTable,
    /// The window is the first step.
    unit: TimeUnit,
    /// What an item is likely to take: bytes on the disk, and at most at once.
    costs: (u64, u64),
    is_proof: bool,
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
    series: CellSeries,
}

/// What is gathered of a cell.
struct Gathered {
    /// Of each window the values of each layer, where they are wanted.
    values: [Vec<Vec<f64>>; 2],
    /// Steps that dumps have.
    covered: [Vec<(i64, i64)>; 2],
    /// Layers that a dump lacks, and why.
    lacking: Vec<(usize, String)>,
    known: Known,
    read: u64,
    largest: u64,
}

/// How a cell's dumps are known again together.
#[derive(Default)]
struct Known {
    /// Bytes and times; those that are not there are told as well.
    seen: Vec<Option<(u64, i64)>>,
    digests: Vec<u8>,
    is_settled: bool,
}

impl Known {
    fn stamp(&self) -> Option<Stamp> {
        self.seen.iter().any(Option::is_some).then(|| Stamp {
            bytes: self.seen.iter().flatten().map(|(bytes, _)| bytes).sum(),
            modified: times(&self.seen),
            is_settled: self.is_settled,
            digest: XxHash3_64::oneshot(&self.digests),
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

impl Compared {
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where nothing is selected, or the window is longer than 136 years.
    pub(super) fn new(plans: [Plan; 2], change: Comparison, limits: Limits, is_proof: bool) -> Result<Self> {
        let [before, window] = &plans;
        let is_one = change.reference_run.is_none();
        let runs = match is_one {
            true => vec![window.run.clone()],
            false => vec![window.run.clone(), before.run.clone()],
        };
        if window.layers.is_empty() {
            return Err(Error::selection(
                Argument::Variables,
                change.variables.join(","),
                "nothing is selected",
            ));
        }
        let pair = |layer: &crate::plan::Layer| {
            before.layers.iter().position(|other| other.row_name == layer.row_name)
        };
        let pairs = window.layers.iter().map(pair).collect();
        let name = (!is_one).then(|| before.run.name.clone());
        let table = shown::table(&change, &window.layers, name.as_deref());
        let unit = unit(window, &change)?;
        let sum = |plan: &Plan| plan.survey.facts.iter().map(|facts| facts.file_bytes).sum::<u64>();
        let count = plans.iter().map(|plan| plan.survey.facts.len() as u64).sum::<u64>().max(1);
        let decoded = plans.iter().flat_map(|plan| &plan.survey.facts).map(|facts| facts.decoded_bytes).max();
        let series =
            plans.iter().map(|plan| 8 * plan.layers.len() as u64 * u64::from(plan.axis.days)).sum::<u64>();
        let bytes = plans.iter().map(sum).sum::<u64>() / count;
        let surveys = plans.each_ref().map(|plan| plan.survey.clone());
        let of = usize::from(!is_one);
        let steps = plans.each_ref().map(|plan| Steps::of(&plan.axis));
        let [before, window] = plans;
        let side = |run: usize, plan: Plan| Side {
            run,
            axis: plan.axis,
            periods: plan.periods,
            layers: plan.layers,
        };
        let sides = [side(of, before), side(0, window)];
        let items = inputs(&sides);
        let costs = (bytes * items.len() as u64, decoded.unwrap_or(0) + series);
        Ok(Compared {
            change,
            limits,
            runs,
            sides,
            steps,
            surveys,
            items,
            pairs,
            table,
            unit,
            costs,
            is_proof,
        })
    }

    /// The settings by which it is planned: all that it shows, of its only step.
    pub(super) fn settings(&self, mut settings: Settings) -> Settings {
        settings.selection.variables = Vec::new();
        settings.selection.periods = Vec::new();
        settings.selection.from = None;
        settings.selection.to = None;
        settings.tables = settings.tables.map(Tables::of_change);
        settings.table(self.table.clone())
    }

    fn name(&self, side: usize) -> &str {
        self.sides.get(side).and_then(|side| self.runs.get(side.run)).map_or("", |run| &run.name)
    }

    /// Reads the dumps of a cell. What cannot be used is told when all that is known of them is.
    fn gather(
        &self,
        cell: Cell,
        wants: &[bool],
        desk: &mut Desk<'_>,
    ) -> (Gathered, std::result::Result<(), Refusal>) {
        let kept = desk.memory.kept.take().and_then(|kept| kept.downcast::<Desktop>().ok());
        let mut kept = kept.unwrap_or_default();
        let empty = |side: &Side, steps: &Steps, wanted: &dyn Fn(usize) -> bool| {
            let of = |layer: usize| vec![f64::NAN; if wanted(layer) { steps.count } else { 0 }];
            (0..side.layers.len()).map(of).collect::<Vec<_>>()
        };
        let [before, window] = &self.sides;
        let wants_before =
            |layer: usize| self.pairs.iter().zip(wants).any(|(pair, wants)| *wants && *pair == Some(layer));
        let wants_window = |layer: usize| wants.get(layer).copied().unwrap_or(false);
        let mut gathered = Gathered {
            values: [
                empty(before, &self.steps[0], &wants_before),
                empty(window, &self.steps[1], &wants_window),
            ],
            covered: Default::default(),
            lacking: Vec::new(),
            known: Known { is_settled: true, ..Known::default() },
            read: 0,
            largest: 0,
        };
        let mut result = Ok(());
        for input in &self.items {
            let Some(run) = self.runs.get(input.run) else { continue };
            let item = Item::period(cell, input.period);
            if result.is_err() {
                gathered.known.seen.push(run.source().glance(item));
                continue;
            }
            let Desktop { memories, series } = &mut *kept;
            let Some(memory) = memories.get_mut(input.run) else { continue };
            let mut own = Desk { limits: desk.limits, memory, clock: desk.clock };
            let is_wanted = |key: &str| self.is_key_wanted(key, wants, input);
            let reading =
                run.source().period(cell, input.period, Wanted::Keys(&is_wanted), &mut own, &mut |content| {
                    (0..2)
                        .filter(|&side| input.is_of.get(side) == Some(&true))
                        .try_for_each(|side| self.put(side, content, series, &mut gathered))
                });
            let known = &mut gathered.known;
            known.seen.push(reading.stamp.map(|stamp| (stamp.bytes, stamp.modified)));
            known.is_settled &= reading.stamp.is_none_or(|stamp| stamp.is_settled);
            known.digests.extend_from_slice(&reading.stamp.map_or(0, |stamp| stamp.digest).to_le_bytes());
            gathered.read += reading.read.unwrap_or(0);
            gathered.largest = gathered.largest.max(reading.decoded.unwrap_or(0));
            result = reading.result.map_err(|(kind, message)| {
                let of =
                    if input.run > 0 { format!(" of the reference, {}", run.name) } else { String::new() };
                (kind, format!("period {}{of}: {message}", input.period))
            });
        }
        desk.memory.kept = Some(kept);
        let result = result.and_then(|()| self.is_whole(&gathered));
        (gathered, result)
    }

    fn is_key_wanted(&self, key: &str, wants: &[bool], input: &Input) -> bool {
        let [before, window] = &self.sides;
        let is_in_window =
            || window.layers.iter().zip(wants).any(|(layer, wants)| *wants && layer.key == key);
        let is_before = || {
            let mut pairs = self.pairs.iter().zip(wants).filter(|(_, wants)| **wants);
            pairs.any(|(pair, _)| {
                pair.and_then(|pair| before.layers.get(pair)).is_some_and(|layer| layer.key == key)
            })
        };
        (input.is_of[1] && is_in_window()) || (input.is_of[0] && is_before())
    }

    /// Puts the values of a dump where they are in a window.
    fn put(
        &self,
        side: usize,
        content: &Content<'_>,
        series: &mut CellSeries,
        gathered: &mut Gathered,
    ) -> std::result::Result<(), Refusal> {
        let Some(Side { axis, layers, .. }) = self.sides.get(side) else { return Ok(()) };
        let (first, steps) = place::span_on_axis(content, axis)?;
        let (Some(values), Some(covered)) = (gathered.values.get_mut(side), gathered.covered.get_mut(side))
        else {
            return Ok(());
        };
        let (from, until) = (first.max(0), (first + steps as i64).min(i64::from(axis.days)));
        if from >= until {
            return Ok(());
        }
        let own = (from, until - 1);
        if covered.iter().any(|&(first, last)| first <= own.1 && own.0 <= last) {
            let label = |step: i64| axis.label(step).unwrap_or_default();
            let message = format!(
                "its dates, {} to {}, are those of another dump of the cell",
                label(own.0),
                label(own.1)
            );
            return Err((FaultKind::Overlap, message));
        }
        covered.push(own);
        let wanted: Vec<usize> =
            (0..layers.len()).filter(|&layer| values.get(layer).is_some_and(|own| !own.is_empty())).collect();
        let only: Vec<crate::plan::Layer> =
            wanted.iter().filter_map(|&layer| layers.get(layer).cloned()).collect();
        let mut lacking: Vec<(String, String)> = Vec::new();
        series
            .fill_from(content, first, &only, &mut |key, _, message| lacking.push((key.to_owned(), message)));
        for (index, (&layer, planned)) in wanted.iter().zip(&only).enumerate() {
            let part = series.part(index, planned.element, from, until);
            let target = values.get_mut(layer).and_then(|own| own.get_mut(from as usize..until as usize));
            match (part, target) {
                (Some((_, bytes)), Some(target)) => planned.element.widen(bytes, target),
                _ => {
                    let why = lacking
                        .iter()
                        .find(|(key, _)| *key == planned.key)
                        .map(|(_, message)| message.clone());
                    let own = if side == 1 {
                        Some(layer)
                    } else {
                        self.pairs.iter().position(|pair| *pair == Some(layer))
                    };
                    gathered
                        .lacking
                        .extend(own.map(|own| (own, why.unwrap_or_else(|| "a dump lacks it".to_owned()))));
                }
            }
        }
        Ok(())
    }

    /// Whether dumps cover both windows.
    fn is_whole(&self, gathered: &Gathered) -> std::result::Result<(), Refusal> {
        for (side, covered) in gathered.covered.iter().enumerate() {
            let Some(Side { axis, .. }) = self.sides.get(side) else { continue };
            let gaps = days::uncovered((0, i64::from(axis.days) - 1), covered.iter().copied());
            if let Some(&(first, last)) = gaps.first() {
                let label = |step: i64| axis.label(step).unwrap_or_default();
                let of = match self.sides.get(side) {
                    Some(own) if own.run > 0 => format!(" of the reference, {},", self.name(side)),
                    _ => String::new(),
                };
                let message = format!("its dumps{of} lack {} to {} of a window", label(first), label(last));
                return Err((FaultKind::Short, message));
            }
        }
        Ok(())
    }

    /// What is shown of a layer.
    fn made(&self, layer: usize, gathered: &Gathered) -> [f64; 7] {
        let none: &[f64] = &[];
        let own = |side: usize, layer: Option<usize>| {
            let values = gathered.values.get(side).zip(layer).and_then(|(values, layer)| values.get(layer));
            values.map_or(none, Vec::as_slice)
        };
        let [before, window] = &self.steps;
        let (then, now) = (own(0, self.pairs.get(layer).copied().flatten()), own(1, Some(layer)));
        let of = |steps: &Steps, values: &[f64]| -> Measured { steps.measure(values) };
        let made = changes(&of(before, then), &of(window, now), self.change.least);
        match self.is_proof {
            true => again::proved(made, (before, then), (window, now), self.change.least),
            false => made,
        }
    }
}

/// The dumps that both windows are made of, in the order of their dates.
fn inputs(sides: &[Side; 2]) -> Vec<Input> {
    let mut items: Vec<Input> = Vec::new();
    for (index, side) in sides.iter().enumerate() {
        for span in &side.periods {
            let known = items.iter_mut().find(|item| item.run == side.run && item.period == span.period);
            let is_of = std::array::from_fn(|one| one == index);
            match known {
                Some(item) => item.is_of = [true, true],
                None => items.push(Input { run: side.run, period: span.period, is_of }),
            }
        }
    }
    items
}

/// The unit whose step is as long as the window, which begins with it.
fn unit(window: &Plan, change: &Comparison) -> Result<TimeUnit> {
    let calendar = window.axis.unit.calendar();
    let dates = change.window;
    let days =
        calendar.day_number(dates.to).zip(calendar.day_number(dates.from)).map(|(to, from)| to - from + 1);
    let seconds = days.and_then(|days| u64::try_from(days).ok()?.checked_mul(DAY));
    let step = seconds.and_then(|seconds| TimeStep::seconds(u32::try_from(seconds).ok()?));
    let Some(step) = step else {
        return Err(Error::selection(Argument::Dates, dates, "windows are at most 136 years long"));
    };
    let unit = TimeUnit::of_steps(&format!("days since {}", dates.from), calendar, Some(step));
    unit.map_err(|error| Error::selection(Argument::Dates, dates, error.to_string()))
}

impl CellSource for Compared {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn name_of(&self, part: Part) -> String {
        match part {
            Part::Period(_) => format!("{} less {}", self.change.window, self.change.reference),
            Part::Year(year) => format!("year {year}"),
        }
    }

    fn has(&self, item: Item) -> bool {
        let is_there = |input: &Input| {
            let run = self.runs.get(input.run);
            run.is_some_and(|run| run.source().has(Item::period(item.cell, input.period)))
        };
        item.part == Part::Period(PERIOD) && self.items.iter().any(is_there)
    }

    fn holds(&self, item: Item, known: &Stamp) -> bool {
        let glance = |input: &Input| {
            let run = self.runs.get(input.run)?;
            run.source().glance(Item::period(item.cell, input.period))
        };
        let seen: Vec<_> = self.items.iter().map(glance).collect();
        known.is_settled && times(&seen) == known.modified
    }

    fn kept(&self) -> Result<Option<serde_json::Value>> {
        let written =
            |error: serde_json::Error| Error::bug(format!("a change that cannot be written down: {error}"));
        let of = |run: &Run| Ok((run.listing().clone(), run.source().kept()?));
        let kept = Kept {
            change: self.change.clone(),
            limits: self.limits,
            runs: self.runs.iter().map(of).collect::<Result<_>>()?,
            surveys: self.surveys.clone(),
        };
        serde_json::to_value(kept).map(Some).map_err(written)
    }

    fn marks(&self) -> Result<BTreeSet<String>> {
        self.runs.first().map_or_else(|| Ok(BTreeSet::new()), |run| run.source().marks())
    }

    fn variables(&self) -> Option<VariableTable> {
        Some(self.table.clone())
    }

    fn period(
        &self,
        cell: Cell,
        number: u32,
        wanted: Wanted<'_>,
        desk: &mut Desk<'_>,
        take: &mut dyn FnMut(&Content<'_>) -> std::result::Result<(), Refusal>,
    ) -> Reading {
        if number != PERIOD {
            return Reading::refused(None, (FaultKind::Missing, "a change has one period".to_owned()));
        }
        let window = &self.sides[1];
        let names: Vec<[String; 7]> =
            window.layers.iter().map(|layer| Made::ALL.map(|made| shown::name(layer, made))).collect();
        let wants: Vec<bool> = names.iter().map(|names| names.iter().any(|name| wanted.has(name))).collect();
        let is_sample = matches!(wanted, Wanted::Dates);
        let (gathered, result) = match is_sample {
            true => (None, Ok(())),
            false => {
                let (gathered, result) = self.gather(cell, &wants, desk);
                (Some(gathered), result)
            }
        };
        let mut reading = Reading {
            stamp: gathered.as_ref().and_then(|gathered| gathered.known.stamp()),
            read: Some(gathered.as_ref().map_or(self.costs.0, |gathered| gathered.read)),
            decoded: Some(gathered.as_ref().map_or(self.costs.1, |gathered| gathered.largest)),
            container: None,
            result,
        };
        if reading.result.is_err() {
            return reading;
        }
        let numbers: Vec<[[u8; 8]; 7]> = (0..names.len())
            .map(|layer| match &gathered {
                Some(gathered) if wants.get(layer) == Some(&true) => {
                    self.made(layer, gathered).map(f64::to_le_bytes)
                }
                _ => [f64::NAN.to_le_bytes(); 7],
            })
            .collect();
        let mut content = Content::new(self.unit.clone(), 0, 0);
        for (layer, (names, numbers)) in names.iter().zip(&numbers).enumerate() {
            let lacking =
                gathered.as_ref().and_then(|gathered| gathered.lacking.iter().find(|(own, _)| *own == layer));
            let reason = match (lacking, self.pairs.get(layer)) {
                (Some((_, message)), _) => Some(message.clone()),
                (None, Some(None)) => Some(format!("the reference, {}, does not have it", self.name(0))),
                _ => None,
            };
            for (name, number) in names.iter().zip(numbers) {
                match &reason {
                    Some(reason) => content.push_other(name.clone(), NotSeries::Formula(reason.clone())),
                    None => {
                        let bytes: &[u8] = if is_sample { &[] } else { number };
                        content.push(name, Series::of_made(Element::Float64, None, 1, bytes));
                    }
                }
            }
        }
        reading.result = take(&content);
        reading
    }

    fn year(
        &self,
        _: Cell,
        _: i32,
        _: &mut Desk<'_>,
        _: &mut dyn FnMut(Value<'_>) -> std::result::Result<(), Refusal>,
    ) -> Reading {
        Reading::refused(None, (FaultKind::Missing, "a change has no yearly files".to_owned()))
    }
}
