//! Fields of one value an interval and cell: aggregates of the daily grids, and the yearly vegetation.

use std::sync::Arc;

use crate::aggregate::interval::{Interval, Step, intervals};
use crate::aggregate::reduce::Stat;
use crate::aggregate::units;
use crate::caete::community::{Community, CommunityYear};
use crate::error::Result;
use crate::model::calendar::Date;
use crate::model::element::Element;
use crate::model::traits::TraitTable;
use crate::model::variables::CellMethod;
use crate::plan::tables::{Aggregate, TableKind, Tables};
use crate::plan::{Data, Layer, Output, OutputRows, Plan, file_name, shapes};

use super::days::{narrow, reduce_intervals};
use super::living::living;
use super::traits::{self, Indices};
use super::{schema, shares};

/// A field of one value an interval and cell, a file each.
#[derive(Debug, Clone)]
pub struct Map {
    /// Name, type, chunks and file.
    pub output: Output,
    /// Its steps in time.
    pub steps: Arc<Steps>,
    /// What is said of it.
    pub data: Data,
    source: MadeOf,
}

/// The steps in time of a field.
#[derive(Debug)]
pub struct Steps {
    /// The intervals; steps are counted from the first of the axis.
    pub intervals: Vec<Interval>,
    /// Their length.
    pub every: Step,
    /// The days that each step of the axis is long, where these differ.
    lengths: Option<Vec<f64>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MadeOf {
    Layer(usize, Stat),
    Year(Yearly),
}

/// What is made of a year's communities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Yearly {
    Vegetation(Vegetation),
    /// One of [`shares::list`].
    Share(usize),
    /// One of [`traits::list`].
    Trait(usize),
}

/// What is drawn from a year's communities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Vegetation {
    Leaf,
    Root,
    Wood,
    Carbon,
    Richness,
    Evenness,
    Occupation,
}

const VEGETATION: [(Vegetation, &str, &str, &str, &str); 7] = [
    (Vegetation::Leaf, "cleaf", "carbon in leaves, weighted by occupation", "kg m-2", WEIGHTED),
    (Vegetation::Root, "croot", "carbon in fine roots, weighted by occupation", "kg m-2", WEIGHTED),
    (Vegetation::Wood, "cwood", "carbon in wood, weighted by occupation", "kg m-2", WEIGHTED),
    (Vegetation::Carbon, "cveg", "carbon in vegetation, weighted by occupation", "kg m-2", WEIGHTED),
    (
        Vegetation::Richness,
        "richness",
        "number of living plant life strategies",
        "1",
        "Strategies that live in any unmasked community of the cell, each counted once.",
    ),
    (
        Vegetation::Evenness,
        "evenness",
        "evenness of occupation",
        "1",
        "Pielou's evenness of the strategies' occupation, mean over unmasked communities of two and more strategies.",
    ),
    (
        Vegetation::Occupation,
        "occupation",
        "total occupation by living plant life strategies",
        "1",
        "Sum over the strategies of a community, mean over unmasked communities.",
    ),
];

const WEIGHTED: &str = "Sum over the strategies of a community of their values times their occupation, mean over unmasked communities.";

/// All fields that are wanted.
///
/// # Errors
/// [`Argument`](crate::ErrorKind::Argument) where the template of names is none.
pub fn maps(plan: &Plan, tables: &Tables, found: &[i32]) -> Result<Vec<Map>> {
    let mut maps = Vec::new();
    for aggregate in &tables.aggregates {
        let Aggregate { every, .. } = *aggregate;
        let lengths = plan.axis.lengths();
        let steps = Arc::new(Steps { intervals: intervals(&plan.axis, every), every, lengths });
        for layer in 0..plan.layers.len() {
            maps.extend(of_layer(plan, *aggregate, layer, &steps)?);
        }
    }
    if let (true, Some(&first), Some(&last)) =
        (tables.kinds.iter().any(|kind| kind.is_grid()), found.first(), found.last())
    {
        let year = |year: i32| year_interval(plan, year);
        let steps = Arc::new(Steps {
            intervals: (first..=last).filter_map(year).collect(),
            every: Step::Year,
            lengths: None,
        });
        for kind in tables.kinds.iter().filter(|kind| kind.is_grid()) {
            for field in fields_of(*kind, tables.traits.as_ref()) {
                maps.push(of_year(plan, *kind, field, &steps)?);
            }
        }
    }
    Ok(maps)
}

/// A field of a value a year, as it is named.
struct Field {
    source: Yearly,
    name: String,
    long_name: String,
    units: Option<String>,
    comment: String,
}

/// The fields that a kind of yearly grids has.
fn fields_of(kind: TableKind, table: Option<&TraitTable>) -> Vec<Field> {
    match kind {
        TableKind::AnnualTraits => {
            let of = |(index, one): (usize, traits::Index)| Field {
                source: Yearly::Trait(index),
                name: one.name,
                long_name: one.long_name,
                units: one.units,
                comment: format!("State on day 365 of the year. {}", one.comment),
            };
            table.map(traits::list).into_iter().flatten().enumerate().map(of).collect()
        }
        TableKind::AnnualLimitation => {
            let of = |(index, share): (usize, shares::Share)| Field {
                source: Yearly::Share(index),
                name: share.name,
                long_name: share.long_name,
                units: Some("1".to_owned()),
                comment: shares::BY.to_owned(),
            };
            shares::list().into_iter().enumerate().map(of).collect()
        }
        _ => {
            let of =
                |(source, name, long_name, units, comment): &(Vegetation, &str, &str, &str, &str)| Field {
                    source: Yearly::Vegetation(*source),
                    name: (*name).to_owned(),
                    long_name: (*long_name).to_owned(),
                    units: Some((*units).to_owned()),
                    comment: format!("State on day 365 of the year. {comment}"),
                };
            VEGETATION.iter().map(of).collect()
        }
    }
}

fn of_year(plan: &Plan, kind: TableKind, field: Field, steps: &Arc<Steps>) -> Result<Map> {
    let Field { source, name, long_name, units, comment } = field;
    let names = [format!("annual_{name}"), kind.name().to_owned()];
    Ok(Map {
        output: output(plan, &name, names, Element::Float64, steps)?,
        steps: steps.clone(),
        data: Data {
            long_name,
            standard_name: None,
            units,
            units_metadata: None,
            cell_methods: "area: mean time: point".to_owned(),
            comment: Some(comment),
            dump_key: None,
        },
        source: MadeOf::Year(source),
    })
}

fn of_layer(plan: &Plan, aggregate: Aggregate, layer: usize, steps: &Arc<Steps>) -> Result<Option<Map>> {
    let planned = plan.layer(layer)?;
    let Aggregate { every, stat } = aggregate;
    let name = schema::layer_name(plan, layer);
    // Fractions of whole numbers need a float.
    let element = if planned.element.is_float() { planned.element } else { Element::Float64 };
    let names = [format!("{name}_{every}_{stat}"), format!("{every}_{stat}")];
    let output = output(plan, &name, names, element, steps)?;
    let (long_name, units) = schema::names(plan, layer);
    let info = plan.settings.table.get(&planned.key);
    let row = info.zip(planned.rows).and_then(|(info, _)| info.row(planned.row));
    let standard_name = match planned.rows {
        Some(_) => row.and_then(|row| row.standard_name),
        None => info.and_then(|info| info.standard_name.clone()),
    };
    let units = (!units.is_empty()).then_some(units);
    let method = stat.noun().replace(' ', "_");
    let is_sum = stat == Stat::Sum;
    // Values that are sums over their steps stay in their units when they are summed.
    let is_total = info.is_some_and(|info| info.cell_method == CellMethod::Sum);
    let step = plan.axis.unit.step();
    Ok(Some(Map {
        output,
        steps: steps.clone(),
        data: Data {
            long_name,
            // A sum over time is another quantity.
            standard_name: standard_name.filter(|_| !is_sum && stat != Stat::Std),
            units: units.map(|units| match is_sum && !is_total {
                true => units::summed_over_steps(&units, step),
                false => units,
            }),
            // Spread and sum do not know where a scale begins.
            units_metadata: info.and_then(|info| info.units_metadata.clone()).map(|text| match stat {
                Stat::Std | Stat::Sum => text.replace("on_scale", "difference"),
                _ => text,
            }),
            cell_methods: format!("area: mean time: {method} (interval: {})", step.words()),
            comment: info.and_then(|info| info.comment.clone()),
            dump_key: (planned.key != planned.name).then(|| planned.key.clone()),
        },
        source: MadeOf::Layer(layer, stat),
    }))
}

/// Name, type and chunks of a field; `names` are what its file and a store of all of its kind are called after.
fn output(plan: &Plan, name: &str, names: [String; 2], element: Element, steps: &Steps) -> Result<Output> {
    let count = steps.intervals.len() as u32;
    let (mut chunk, map) = shapes(&plan.settings, &plan.window, element, count);
    chunk.days = chunk.days.min(count.next_power_of_two()).max(1);
    chunk.days = chunk.days.min(plan.settings.profile.layout.most_steps(count));
    let ends = steps.intervals.first().zip(steps.intervals.last());
    let dates = ends.and_then(|(first, last)| plan.axis.compact(first.first, last.end));
    let named = |name: &String| file_name(&plan.settings, name, &plan.run.name, dates.clone());
    let [file, store] = [named(&names[0])?, named(&names[1])?];
    let (name, key) = (name.to_owned(), name.to_owned());
    Ok(Output { name, key, rows: OutputRows::None, element, chunk, map, layers: 0..1, file, store })
}

/// A year of the axis' calendar, which may lie off the axis.
fn year_interval(plan: &Plan, year: i32) -> Option<Interval> {
    let unit = &plan.axis.unit;
    let start_date = Date { year, month: 1, day: 1 };
    let first = unit.first_on(start_date)? - plan.axis.first_day;
    let day = unit.calendar().days_in_month(year, 12)?;
    let end = unit.last_on(Date { year, month: 12, day })? - plan.axis.first_day + 1;
    Some(Interval { first, end, start_date, full_days: u32::try_from(end - first).ok()? })
}

impl Map {
    /// The layer that a chunk of it is.
    pub(crate) fn layer(&self) -> Layer {
        let Output { key, element, chunk, name, .. } = &self.output;
        Layer {
            output: 0,
            key: key.clone(),
            name: name.clone(),
            row: 0,
            rows: None,
            element: *element,
            chunk: *chunk,
            row_name: name.clone(),
        }
    }

    /// What of the daily series it is; `None` where it is made of yearly files.
    pub fn aggregate(&self) -> Option<Aggregate> {
        match self.source {
            MadeOf::Layer(_, stat) => Some(Aggregate { every: self.steps.every, stat }),
            MadeOf::Year(_) => None,
        }
    }

    /// The layer of the plan that it is made of; `None` where it is made of yearly files.
    pub(crate) fn layer_index(&self) -> Option<usize> {
        match self.source {
            MadeOf::Layer(layer, _) => Some(layer),
            MadeOf::Year(_) => None,
        }
    }

    /// The kind of yearly grids that it belongs to; of others that of the vegetation.
    pub(crate) fn kind(&self) -> TableKind {
        match self.source {
            MadeOf::Year(Yearly::Share(_)) => TableKind::AnnualLimitation,
            MadeOf::Year(Yearly::Trait(_)) => TableKind::AnnualTraits,
            _ => TableKind::Annual,
        }
    }

    /// Whether it is made of daily series.
    pub fn is_of_days(&self) -> bool {
        matches!(self.source, MadeOf::Layer(..))
    }
}

/// Adds a cell's layer, on the whole axis, to the maps that are made of it.
pub(super) fn reduce_layer(plan: &Plan, maps: &[Map], fields: &mut [Vec<u8>], layer: usize, values: &[f64]) {
    for (map, field) in maps.iter().zip(fields) {
        let MadeOf::Layer(own, stat) = map.source else { continue };
        if own == layer {
            let lengths = map.steps.lengths.as_deref().filter(|_| schema::is_mean(plan, layer));
            let reduced = reduce_intervals(&map.steps.intervals, values, stat, lengths);
            field.extend_from_slice(&narrow(&reduced, map.output.element));
        }
    }
}

/// Adds a cell's years to the maps that are made of them.
pub(super) fn add_years(
    maps: &[Map],
    fields: &mut [Vec<u8>],
    found: &[CommunityYear],
    indices: Option<&Indices>,
) {
    let has = |kind: TableKind| maps.iter().any(|map| !map.is_of_days() && map.kind() == kind);
    let has_shares = has(TableKind::AnnualLimitation);
    let indices = indices.filter(|_| has(TableKind::AnnualTraits));
    // All of them are made at once.
    let shares: Vec<Vec<f64>> = match has_shares {
        true => found.iter().map(shares::shares).collect(),
        false => Vec::new(),
    };
    let traits: Vec<Vec<f64>> =
        indices.iter().flat_map(|indices| found.iter().map(|year| indices.of(year))).collect();
    for (map, field) in maps.iter().zip(fields) {
        let MadeOf::Year(what) = map.source else { continue };
        let of = |interval: &Interval| {
            let place = found.iter().position(|year| year.year == interval.start_date.year)?;
            match what {
                Yearly::Vegetation(what) => found.get(place).map(|year| what.of(year)),
                Yearly::Share(share) => shares.get(place)?.get(share).copied(),
                Yearly::Trait(index) => traits.get(place)?.get(index).copied(),
            }
        };
        let values: Vec<f64> =
            map.steps.intervals.iter().map(|interval| of(interval).unwrap_or(f64::NAN)).collect();
        field.extend_from_slice(&narrow(&values, map.output.element));
    }
}

impl Vegetation {
    /// Its value in a year; NaN where no community lives.
    fn of(self, year: &CommunityYear) -> f64 {
        let living = || living(year);
        let mean = |value: &dyn Fn(&Community) -> Option<f64>| {
            let values: Vec<f64> = living().filter_map(value).collect();
            values.iter().sum::<f64>() / values.len() as f64
        };
        let weighted = |pool: &dyn Fn(&Community) -> Vec<f64>| {
            mean(&|community| {
                let pairs = pool(community).into_iter().zip(community.vp_ocp.iter().copied());
                Some(pairs.map(|(value, share)| value * share).sum())
            })
        };
        match self {
            Vegetation::Leaf => weighted(&|community| community.vp_cleaf.clone()),
            Vegetation::Root => weighted(&|community| community.vp_croot.clone()),
            Vegetation::Wood => weighted(&|community| community.vp_cwood.clone()),
            Vegetation::Carbon => weighted(&|community| {
                let pools = community.vp_cleaf.iter().zip(&community.vp_croot).zip(&community.vp_cwood);
                pools.map(|((leaf, root), wood)| leaf + root + wood).collect()
            }),
            Vegetation::Richness => {
                let mut ids: Vec<i64> =
                    living().flat_map(|community| community.ids.iter().copied()).collect();
                ids.sort_unstable();
                ids.dedup();
                if living().next().is_none() { f64::NAN } else { ids.len() as f64 }
            }
            Vegetation::Evenness => mean(&|community| evenness(&community.vp_ocp)),
            Vegetation::Occupation => mean(&|community| Some(community.vp_ocp.iter().sum())),
        }
    }
}

/// Pielou's evenness; `None` of fewer than two shares.
fn evenness(shares: &[f64]) -> Option<f64> {
    let shares: Vec<f64> = shares.iter().copied().filter(|&share| share > 0.0).collect();
    let total: f64 = shares.iter().sum();
    let entropy: f64 = shares.iter().map(|share| -(share / total) * (share / total).ln()).sum();
    (shares.len() > 1).then(|| entropy / (shares.len() as f64).ln())
}
