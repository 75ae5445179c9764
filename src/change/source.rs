//! The change of a run as a source: an item is all that is read of a cell, and shows one step.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use crate::dump::Limits;
use crate::error::{Argument, Error, Result};
use crate::model::element::Element;
use crate::model::fault::{Fault, FaultKind, Refusal};
use crate::model::grid::Cell;
use crate::model::series::NotSeries;
use crate::model::time_step::TimeStep;
use crate::model::time_unit::TimeUnit;
use crate::model::variables::VariableTable;
use crate::plan::{Comparison, Layer, Plan, Settings, Tables};
use crate::run::survey::{Survey, Unusable};
use crate::source::account::Account;
use crate::source::stamp::Stamp;
use crate::source::{CellSource, Content, Desk, Item, Part, Reading, Series, Wanted};

use super::gather::{Gathered, Windows};
use super::measure::{Made, Steps, changes};
use super::older::Periods;
use super::{KIND, Kept, Kind, PERIOD, Side, again, shown};

const DAY: u64 = 86_400;

/// Two windows of one run, or of two.
#[derive(Debug)]
pub(crate) struct Compared {
    change: Comparison,
    limits: Limits,
    windows: Windows,
    surveys: [Survey; 2],
    table: VariableTable,
    /// Of each layer of the window what its variables are called.
    names: Vec<[String; 7]>,
    /// What no change is made of, and why.
    others: Vec<(String, NotSeries)>,
    /// Keys of the window that have no values in any dump.
    empty: Vec<String>,
    /// What was told of the windows when they were planned.
    remarks: Vec<String>,
    /// The periods of each run.
    periods: Vec<Periods>,
    /// The window is the first step.
    unit: TimeUnit,
    /// What an item is likely to take: bytes on the disk, and at most at once.
    costs: (u64, u64),
    kind: Kind,
    /// Where the lines of records went, of both runs.
    account: OnceLock<Option<Account>>,
}

impl Compared {
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where nothing is selected, or the window is longer than 136 years.
    pub(super) fn new(mut plans: [Plan; 2], change: Comparison, limits: Limits, kind: Kind) -> Result<Self> {
        if kind.is_of_grids {
            for plan in &mut plans {
                plan.run = plan.run.clone().without_derived();
            }
        }
        let [before, window] = &plans;
        if window.layers.is_empty() {
            let reason = "nothing is selected";
            return Err(Error::selection(Argument::Variables, change.variables.join(","), reason));
        }
        let is_one = change.reference_run.is_none();
        let mut runs = vec![window.run.clone()];
        runs.extend((!is_one).then(|| before.run.clone()));
        let pair = |layer: &Layer| before.layers.iter().position(|other| other.row_name == layer.row_name);
        let pairs: Vec<Option<usize>> = window.layers.iter().map(pair).collect();
        let name = (!is_one).then(|| before.run.name.clone());
        let table = shown::table(&change, &window.layers, name.as_deref());
        let unit = unit(window, &change)?;
        let names =
            window.layers.iter().map(|layer| Made::ALL.map(|made| shown::name(layer, made))).collect();
        let others = others(&plans, &pairs);
        let has_all = change.variables.is_empty();
        let is_empty = |(key, reason): &(String, Unusable)| {
            (has_all && *reason == Unusable::NoValues).then(|| key.clone())
        };
        let empty = window.survey.unusable.iter().filter_map(is_empty).collect();
        let mut remarks = window.mixture.lines();
        let of_reference = before.mixture.lines().into_iter().map(|line| match &name {
            Some(name) => format!("of the reference, {name}: {line}"),
            None => line,
        });
        if change.is_overlapping() {
            remarks.push(format!("{change}: the windows have days in common, so that there is no p-value"));
        }
        // Both windows of one run may have the same to tell.
        remarks.extend(of_reference.filter(|line| !window.mixture.lines().contains(line)));
        let of_runs = [usize::from(!is_one), 0];
        let periods = Periods::of([before, window], of_runs);
        let facts = || plans.iter().flat_map(|plan| &plan.survey.facts);
        let bytes = facts().map(|facts| facts.file_bytes).sum::<u64>() / facts().count().max(1) as u64;
        let decoded = facts().map(|facts| facts.decoded_bytes).max();
        let decoded = decoded.unwrap_or_else(|| plans.iter().map(all_of_period).max().unwrap_or(0));
        // Values are kept for a proof only; otherwise there are those of a layer in a dump.
        let kept = |plan: &Plan| 8 * plan.layers.len() as u64 * u64::from(plan.axis.days);
        let room = |plan: &Plan| 8 * u64::from(plan.axis.days);
        let values = plans.iter().map(if kind.is_proof { kept } else { room }).sum::<u64>();
        let surveys = plans.each_ref().map(|plan| plan.survey.clone());
        let steps = plans.each_ref().map(|plan| Steps::of(&plan.axis));
        let [before, window] = plans;
        let side = |run: usize, plan: Plan| Side {
            run,
            axis: plan.axis,
            periods: plan.periods,
            layers: plan.layers,
        };
        let [of_before, of_window] = of_runs;
        let sides = [side(of_before, before), side(of_window, window)];
        let windows = Windows::new(runs, sides, steps, pairs, kind);
        let costs = (bytes * windows.inputs() as u64, decoded + values);
        Ok(Compared {
            change,
            limits,
            windows,
            surveys,
            table,
            names,
            others,
            empty,
            remarks,
            periods,
            unit,
            costs,
            kind,
            account: OnceLock::new(),
        })
    }

    /// The settings by which it is planned: all that it shows, of its only step.
    pub(super) fn settings(&self, mut settings: Settings) -> Settings {
        let selection = &mut settings.selection;
        (selection.variables, selection.periods) = (Vec::new(), Vec::new());
        (selection.from, selection.to) = (None, None);
        settings.tables = settings.tables.map(Tables::of_change);
        settings.table(self.table.clone())
    }

    /// What is shown of a layer.
    fn made(&self, layer: usize, gathered: &Gathered) -> [f64; 7] {
        let [before, window] = &self.windows.steps;
        let pair = self.windows.pairs.get(layer).copied().flatten();
        let of = |side: usize, steps: &Steps, layer: Option<usize>| {
            let gauge = gathered.gauges.get(side)?.get(layer?)?.as_ref()?;
            Some(steps.measured(gauge))
        };
        let nothing = || before.measured(&before.gauge());
        let then = of(0, before, pair).unwrap_or_else(nothing);
        let now = of(1, window, Some(layer)).unwrap_or_else(nothing);
        let made = changes(&then, &now, self.change.least);
        if !self.kind.is_proof {
            return self.without_test(made);
        }
        let [values_before, values] = &gathered.values;
        let then = pair.and_then(|pair| values_before.get(pair)).map(Vec::as_slice).unwrap_or_default();
        let now = values.get(layer).map(Vec::as_slice).unwrap_or_default();
        self.without_test(again::proved(made, (before, then), (window, now), self.change.least))
    }

    /// The same without a p-value where the windows have days in common.
    fn without_test(&self, mut made: [f64; 7]) -> [f64; 7] {
        if let (true, Some(last)) = (self.change.is_overlapping(), made.last_mut()) {
            *last = f64::NAN;
        }
        made
    }

    /// Why a layer has no change in a cell; `None` where it has one.
    fn lacking<'a>(&self, layer: usize, gathered: Option<&'a Gathered>) -> Option<&'a str> {
        let mut lacking = gathered.into_iter().flat_map(|gathered| &gathered.lacking);
        lacking.find(|(own, _)| *own == layer).map(|(_, reason)| reason.as_str())
    }
}

/// Bytes of the series of a cell in the longest period.
fn all_of_period(plan: &Plan) -> u64 {
    let longest = plan.periods.iter().map(|span| span.days().max(0) as u64).max();
    plan.memory.cell_bytes(longest.unwrap_or(0))
}

/// What the runs have and no change is made of: what is not a series of values, and what only one of them has.
fn others(plans: &[Plan; 2], pairs: &[Option<usize>]) -> Vec<(String, NotSeries)> {
    let [before, window] = plans;
    let of = &before.run.name;
    let mut others: Vec<(String, NotSeries)> = Vec::new();
    for plan in [window, before] {
        let lost = plan.lost_reasons();
        others.extend(lost.map(|(key, reason)| (key.to_owned(), NotSeries::Formula(reason.to_string()))));
    }
    for (layer, _) in window.layers.iter().zip(pairs).filter(|(_, pair)| pair.is_none()) {
        let reason = format!("the reference, {of}, does not have it");
        others.push((layer.row_name.clone(), NotSeries::Formula(reason)));
    }
    for (index, layer) in before.layers.iter().enumerate() {
        if !pairs.contains(&Some(index)) {
            let reason = format!("only the reference, {of}, has it");
            others.push((layer.row_name.clone(), NotSeries::Formula(reason)));
        }
    }
    let mut known = BTreeSet::new();
    others.retain(|(key, _)| known.insert(key.clone()));
    others
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
        item.part == Part::Period(PERIOD) && self.windows.has(item.cell)
    }

    fn holds(&self, item: Item, known: &Stamp) -> bool {
        item.part == Part::Period(PERIOD) && self.windows.holds(item.cell, known)
    }

    fn kept(&self) -> Result<Option<serde_json::Value>> {
        let written =
            |error: serde_json::Error| Error::bug(format!("a change that cannot be written down: {error}"));
        let runs = self.windows.runs.iter().map(|run| Ok((run.listing().clone(), run.source().kept()?)));
        let kept = Kept {
            change: self.change.clone(),
            limits: self.limits,
            runs: runs.collect::<Result<_>>()?,
            surveys: self.surveys.clone(),
            is_of_grids: self.kind.is_of_grids,
        };
        serde_json::to_value(kept).map(Some).map_err(written)
    }

    fn remarks(&self) -> Vec<String> {
        self.remarks.clone()
    }

    fn older(&self, cell: Cell) -> Vec<Fault> {
        self.periods.iter().flat_map(|periods| periods.older(&self.windows.runs, cell)).collect()
    }

    fn account(&self) -> Option<&Account> {
        let of_both = || {
            let mut all: Option<Account> = None;
            for run in &self.windows.runs {
                let Some(account) = run.source().account() else { continue };
                let of = match self.windows.runs.first() {
                    Some(first) if std::ptr::eq(first, run) => String::new(),
                    _ => format!("of the reference, {}: ", run.name),
                };
                all.get_or_insert_default().add(account, &of);
            }
            all
        };
        self.account.get_or_init(of_both).as_ref()
    }

    fn marks(&self) -> Result<BTreeSet<String>> {
        self.windows.runs.first().map_or_else(|| Ok(BTreeSet::new()), |run| run.source().marks())
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
        let names = &self.names;
        let wants: Vec<bool> = names.iter().map(|names| names.iter().any(|name| wanted.has(name))).collect();
        // What there is is known from the windows' plans.
        let (gathered, result) = match wanted {
            Wanted::Dates => (None, Ok(())),
            _ => {
                let (gathered, result) = self.windows.gather(cell, &wants, desk);
                (Some(gathered), result)
            }
        };
        let gathered = gathered.as_ref();
        let mut reading = Reading {
            stamp: gathered.and_then(Gathered::stamp),
            read: Some(gathered.map_or(self.costs.0, |gathered| gathered.read)),
            decoded: Some(gathered.map_or(self.costs.1, |gathered| gathered.largest)),
            container: None,
            result,
        };
        if reading.result.is_err() {
            return reading;
        }
        let numbers: Vec<[[u8; 8]; 7]> = (0..names.len())
            .map(|layer| match gathered {
                Some(gathered) if wants.get(layer) == Some(&true) => self.made(layer, gathered),
                _ => [f64::NAN; 7],
            })
            .map(|numbers| numbers.map(f64::to_le_bytes))
            .collect();
        let mut content = Content::new(self.unit.clone(), 0, 0);
        for key in &self.empty {
            content.push(key, Series::of_made(Element::Float64, None, 0, &[]));
        }
        for (key, reason) in &self.others {
            content.push_other(key.clone(), reason.clone());
        }
        let paired = names.iter().zip(&numbers).zip(&self.windows.pairs).enumerate();
        for (layer, ((names, numbers), _)) in paired.filter(|(_, (_, pair))| pair.is_some()) {
            for (name, number) in names.iter().zip(numbers) {
                match self.lacking(layer, gathered) {
                    Some(reason) => content.push_other(name.clone(), NotSeries::Formula(reason.to_owned())),
                    None => {
                        let bytes: &[u8] = if gathered.is_some() { number } else { &[] };
                        content.push(name, Series::of_made(Element::Float64, None, 1, bytes));
                    }
                }
            }
        }
        reading.result = take(&content);
        reading
    }
}
