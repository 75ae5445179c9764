//! Traits of the strategies that live, as boxes: by year, by cell or by area.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::draw::axes::{self, Axes};
use crate::draw::colours::qualitative;
use crate::draw::font;
use crate::draw::scale;
use crate::draw::scene::{Anchor, Colour, Item, Line, Rect, Scene, Text, Weight};
use crate::error::{Argument, Error, Result};
use crate::figure::data::areas::Areas;
use crate::figure::data::traits::{self, Living, TraitTable};
use crate::figure::draft::{Draft, one_file};
use crate::figure::spec::{By, Spec, WeighedBy};
use crate::words::many;

/// Boxes that can be told apart.
const MOST: usize = 120;
/// Traits, a panel each.
const MOST_TRAITS: usize = 6;
/// The quantiles that are drawn: ends of the whiskers, edges of the box, its line.
const QUANTILES: [f64; 5] = [0.05, 0.25, 0.5, 0.75, 0.95];

/// What has a box: its place in the order, and its name.
type Group = (i64, i64, String);

/// Weights by value, the values in ascending order.
#[derive(Default)]
struct Weighed {
    values: BTreeMap<Ordered, f64>,
}

/// A number by its order; none is NaN.
#[derive(Clone, Copy, PartialEq)]
struct Ordered(f64);

impl Eq for Ordered {}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ordered {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// What is drawn of a group and trait.
struct Drawn {
    quantiles: [f64; 5],
    mean: f64,
}

impl Weighed {
    fn add(&mut self, value: f64, weight: f64) {
        // Both zeros are one value.
        *self.values.entry(Ordered(value + 0.0)).or_insert(0.0) += weight;
    }

    /// The least value up to which a share of the weight lies; nothing where there is no weight.
    fn drawn(&self) -> Option<Drawn> {
        let whole: f64 = self.values.values().sum();
        if whole <= 0.0 {
            return None;
        }
        let quantile = |share: f64| {
            let mut below = 0.0;
            let mut last = f64::NAN;
            for (Ordered(value), weight) in self.values.iter().filter(|(_, weight)| **weight > 0.0) {
                below += weight;
                last = *value;
                if below >= share * whole {
                    break;
                }
            }
            last
        };
        let sum: f64 = self.values.iter().map(|(Ordered(value), weight)| value * weight).sum();
        Some(Drawn { quantiles: QUANTILES.map(quantile), mean: sum / whole })
    }
}

/// Drafts boxes of `biomass.parquet` or `strategies.parquet`.
///
/// # Errors
/// [`Argument`](crate::ErrorKind::Argument) where no trait is named, or settings contradict each other.
pub(crate) fn draft(spec: &Spec) -> Result<Draft> {
    let path = traits::table_of(one_file(spec, "biomass.parquet")?);
    if spec.traits.is_empty() || spec.traits.len() > MOST_TRAITS {
        let reason = format!("wants 1 to {MOST_TRAITS} traits, the columns of a table made with traits");
        return Err(Error::selection(Argument::Traits, spec.traits.join(","), reason));
    }
    let by = spec.by.unwrap_or_default();
    spec.wanted_areas()?;
    if (by == By::Area) == (spec.areas.is_empty() && spec.mask.is_none()) {
        let reason = match by {
            By::Area => "area wants boxes, NAME=N,S,W,E, or a mask",
            _ => "boxes of degrees and masks are for area",
        };
        return Err(Error::selection(Argument::By, "", reason));
    }
    let mask = spec.mask.as_deref().map(crate::mask::file_of);
    let files = [Some(path.clone()), mask].into_iter().flatten().collect();
    let (spec, years) = (spec.clone(), spec.wanted_years()?);
    Ok(Draft::of_files(files, move |_| {
        let weight = spec.weight.unwrap_or(WeighedBy::Occupation);
        let areas = Areas::read(&spec, &path)?;
        let groups_of = |living: &Living| -> Vec<Group> {
            match by {
                By::Year => vec![(i64::from(living.year), 0, living.year.to_string())],
                By::Cell => {
                    let name = format!("{}-{}", living.row, living.column);
                    vec![(i64::from(living.row), i64::from(living.column), name)]
                }
                By::Area => {
                    let areas = areas.around(living);
                    areas.map(|(index, name)| (index as i64, 0, name.to_owned())).collect()
                }
            }
        };
        let mut seen = BTreeSet::new();
        let mut groups: BTreeMap<Group, Vec<Weighed>> = BTreeMap::new();
        let table = traits::living(&path, &spec.traits, weight, |living| {
            seen.insert(living.year);
            if years.as_ref().is_some_and(|years| !years.contains(living.year)) {
                return;
            }
            for group in groups_of(living) {
                let traits = groups.entry(group).or_default();
                traits.resize_with(living.traits.len(), Weighed::default);
                for (weighed, value) in traits.iter_mut().zip(&living.traits) {
                    weighed.add(*value, living.weight);
                }
            }
        })?;
        if let Some(years) = &years {
            years.refuse_absent(&path, "living strategy", &seen)?;
        }
        let filled = groups.keys().filter_map(|(index, ..)| usize::try_from(*index).ok()).collect();
        let empty = if by == By::Area { areas.refuse_empty(&path, &filled)? } else { None };
        refuse(&path, by, groups.len())?;
        let mut scene = scene(&spec, by, weight, &table, &groups);
        scene.notes = areas.remarks;
        scene.notes.extend(empty);
        Ok(scene)
    }))
}

/// Refuses what has nothing to show, or too much of it.
fn refuse(path: &Path, by: By, boxes: usize) -> Result<()> {
    match boxes {
        0 => {
            let reason = "it has no row of a living strategy".to_owned();
            Err(Error::in_table(path, "draw the table", reason))
        }
        count if count > MOST => {
            let reason = format!("{count} boxes are more than the limit of {MOST} that can be told apart");
            let argument = if by == By::Year { Argument::Years } else { Argument::By };
            Err(Error::selection(argument, "", reason))
        }
        _ => Ok(()),
    }
}

fn scene(
    spec: &Spec,
    by: By,
    weight: WeighedBy,
    table: &TraitTable,
    groups: &BTreeMap<Group, Vec<Weighed>>,
) -> Scene {
    let width = spec.width(if groups.len() > 24 { 170.0 } else { 120.0 });
    let mut scene = Scene::new(width, 0.0);
    let title = spec.title.clone().unwrap_or_else(|| match table.traits.as_slice() {
        [[name, _]] => format!("{name} of the strategies that live"),
        _ => "Traits of the strategies that live".to_owned(),
    });
    let what = match by {
        By::Year => "of all cells, by year",
        By::Cell => "by cell (row-column), of all years",
        By::Area => "by area, of all years",
    };
    let what = match (&spec.years, by) {
        (Some(years), By::Cell | By::Area) => what.replace("all years", years),
        _ => what.to_owned(),
    };
    let mut words = vec![
        format!("weighted by {}, {what}", weight.name()),
        "box: quartiles and median, whiskers: 5 and 95 %, dot: mean".to_owned(),
    ];
    if table.unknown > 0 {
        words.push(format!("{} without a trait or weight left out", many(table.unknown, "row")));
    }
    words.extend(Some(table.run.clone()).filter(|run| !run.is_empty()));
    let subtitle = spec.subtitle.clone().unwrap_or_else(|| words.join(" · "));
    let mut y = axes::header(&mut scene, &title, &subtitle);
    let count = table.traits.len();
    let names: Vec<String> = groups.keys().map(|(_, _, name)| name.clone()).collect();
    let widest = axes::widest(&names);
    let panels: Vec<Vec<Option<Drawn>>> = (0..count)
        .map(|index| groups.values().map(|traits| traits.get(index).and_then(Weighed::drawn)).collect())
        .collect();
    // Far values without weight do not stretch the axis: whiskers and means are all that is drawn.
    let ranges: Vec<(f64, f64)> = panels
        .iter()
        .map(|boxes| match spec.range {
            Some([low, high]) if low < high => (low, high),
            _ => {
                let values =
                    boxes.iter().flatten().flat_map(|one| [one.quantiles[0], one.quantiles[4], one.mean]);
                let (low, high) = scale::robust_range(values, 0.0).unwrap_or((0.0, 1.0));
                let (low, high) = scale::widened(low, high);
                let room = (high - low) * 0.05;
                (low - room, high + room)
            }
        })
        .collect();
    let height = match spec.height() {
        Some(height) => ((height - y - axes::BELOW - axes::MARGIN) / count.max(1) as f64 - 8.0).max(30.0),
        None => width * if count > 1 { 0.28 } else { 0.48 },
    };
    let ticks: Vec<(Vec<f64>, Vec<String>)> = ranges
        .iter()
        .map(|range| {
            let ticks = scale::ticks(range.0, range.1, ((height / 18.0) as usize).clamp(3, 8));
            let labels = scale::labels(&ticks);
            (ticks, labels)
        })
        .collect();
    let labels = ticks.iter().map(|(_, labels)| axes::widest(labels)).fold(0.0, f64::max);
    let left = axes::MARGIN + axes::LABEL + 6.0 + labels + axes::TICK_LENGTH + 2.5;
    let right = width - axes::MARGIN - 6.0;
    // Years stand where they are in time, others beside each other.
    let places: Vec<f64> = match by {
        By::Year => groups.keys().map(|(year, ..)| *year as f64).collect(),
        _ => (0..groups.len()).map(|index| index as f64).collect(),
    };
    let ends = (places.first().copied().unwrap_or(0.0) - 0.6, places.last().copied().unwrap_or(0.0) + 0.6);
    let apart = (right - left) / (ends.1 - ends.0);
    let half = (apart * 0.32).min(14.0);
    let is_upright = by != By::Year && widest + 6.0 > apart;
    for (index, (boxes, range)) in panels.iter().zip(&ranges).enumerate() {
        let rect = Rect::new(left, y, right, y + height);
        let axes = Axes { rect, x: ends, y: *range };
        let Some((values, labels)) = ticks.get(index) else { continue };
        axes.grid(&mut scene, &[], values);
        let colour = qualitative(0);
        for (place, one) in places.iter().zip(boxes) {
            if let Some(one) = one {
                draw_box(&mut scene, &axes, axes.at_x(*place), half, one, colour);
            }
        }
        axes.frame(&mut scene);
        axes.ticks_y(&mut scene, values, labels);
        let is_last = index + 1 == count;
        below(&mut scene, &axes, by, &places, &names, (is_last, is_upright));
        if let Some([name, units]) = table.traits.get(index) {
            let label = scale::with_units(name, units);
            let label = match font::width(&label, axes::LABEL, Weight::Regular) * 0.75 > height {
                true => spec.traits.get(index).map_or(label.clone(), |name| scale::with_units(name, units)),
                false => label,
            };
            axes::upwards(&mut scene, [axes::MARGIN + axes::LABEL, y + height / 2.0], &label, height);
        }
        y += height + 8.0;
    }
    scene.height = y - 8.0 + if is_upright { widest + axes::TICK_LENGTH + 6.0 } else { axes::BELOW };
    scene.title = format!("{title}, {subtitle}");
    scene.description = description(table, &names, &panels);
    scene
}

fn draw_box(scene: &mut Scene, axes: &Axes, x: f64, half: f64, one: &Drawn, colour: Colour) {
    let inside = |value: f64| axes.at_y(value).clamp(axes.rect.top, axes.rect.bottom);
    let [low, lower, middle, upper, high] = one.quantiles.map(inside);
    let ink = axes::INK;
    scene.rule([x, low], [x, high], ink, 0.7);
    for end in [low, high] {
        scene.rule([x - half * 0.5, end], [x + half * 0.5, end], ink, 0.7);
    }
    let rect = Rect::new(x - half, upper, x + half, lower);
    scene.fill(vec![Line::closed(rect.corners())], colour.mixed(Colour::grey(255), 0.6));
    scene.frame(&rect, ink, 0.7);
    scene.rule([x - half, middle], [x + half, middle], ink, 1.4);
    let (mean, size) = (inside(one.mean), half.clamp(0.9, 1.8));
    let dot = [[x, mean - size], [x + size, mean], [x, mean + size], [x - size, mean]];
    scene.fill(vec![Line::closed(dot.to_vec())], qualitative(1));
}

/// The labels below a panel.
fn below(
    scene: &mut Scene,
    axes: &Axes,
    by: By,
    places: &[f64],
    names: &[String],
    (is_last, is_upright): (bool, bool),
) {
    let blank = |count: usize| vec![String::new(); count];
    if by == By::Year {
        let (first, last) = (places.first().copied().unwrap_or(0.0), places.last().copied().unwrap_or(0.0));
        let years = scale::ticks(first, last, ((axes.rect.width() / 34.0) as usize).max(2));
        let years: Vec<f64> = years.into_iter().filter(|year| year.fract() == 0.0).collect();
        let years = if years.is_empty() { vec![first] } else { years };
        let named: Vec<String> = years.iter().map(|year| format!("{year:.0}")).collect();
        let named = if is_last { named } else { blank(named.len()) };
        axes.ticks_x(scene, &years, &named);
        return;
    }
    let is_level = is_last && !is_upright;
    let named = if is_level { names.to_vec() } else { blank(names.len()) };
    axes.ticks_x(scene, places, &named);
    if !is_last || is_level {
        return;
    }
    let mut end = f64::NEG_INFINITY;
    for (place, name) in places.iter().zip(names) {
        let x = axes.at_x(*place);
        if x - end < axes::TICK {
            continue;
        }
        end = x;
        scene.items.push(Item::Text(Text {
            at: [x + axes::TICK * 0.35, axes.rect.bottom + axes::TICK_LENGTH + 3.0],
            text: name.clone(),
            size: axes::TICK,
            weight: Weight::Regular,
            anchor: Anchor::End,
            upwards: true,
            colour: axes::INK,
        }));
    }
}

fn description(table: &TraitTable, names: &[String], panels: &[Vec<Option<Drawn>>]) -> String {
    let of = |(name, one): (&String, &Option<Drawn>)| {
        let one = one.as_ref()?;
        let [low, lower, middle, upper, high] = one.quantiles.map(scale::label);
        let mean = scale::label(one.mean);
        Some(format!("{name}: {low}, {lower}, {middle}, {upper}, {high}, mean {mean}"))
    };
    let panels = table.traits.iter().zip(panels).map(|([trait_name, units], boxes)| {
        // The first and the last are told of many.
        let told: Vec<String> = names.iter().zip(boxes).filter_map(of).collect();
        let told = match told.as_slice() {
            [first, .., last] if told.len() > 12 => vec![first.clone(), last.clone()],
            _ => told,
        };
        format!("{}: {}", scale::with_units(trait_name, units), told.join("; "))
    });
    let panels: Vec<String> = panels.collect();
    format!("Boxes of 5, 25, 50, 75 and 95 % of the weight. {}.", panels.join(". "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_weights() {
        let mut weighed = Weighed::default();
        for (value, weight) in [(3.0, 1.0), (1.0, 1.0), (2.0, 7.0), (9.0, 0.0), (3.0, 1.0), (-0.0, 0.0)] {
            weighed.add(value, weight);
        }
        let drawn = weighed.drawn().unwrap();
        assert_eq!(drawn.quantiles, [1.0, 2.0, 2.0, 2.0, 3.0]);
        assert!((drawn.mean - 2.1).abs() < 1e-12);
        assert!(Weighed::default().drawn().is_none());
    }
}
