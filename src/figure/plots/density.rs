//! How the strategies that live are spread over two traits: the share of the weight in each square, a panel a year.

use std::collections::{BTreeMap, BTreeSet};

use crate::draw::axes::{self, Axes};
use crate::draw::font;
use crate::draw::scale::{self, ColourScale};
use crate::draw::scene::{Anchor, Cells, Item, Rect, Scene, Text, Weight};
use crate::error::{Argument, Error, Result};
use crate::figure::data::traits::{self, TraitTable};
use crate::figure::draft::{Draft, one_file};
use crate::figure::spec::{Spec, WeighedBy};
use crate::words::many;

/// Squares along an axis.
const BINS: usize = 20;
/// Years, a panel each.
const MOST: usize = 6;
/// Panels beside each other.
const ACROSS: usize = 3;
/// Room between panels.
const GAP: f64 = 10.0;

/// Weights by place in the plane of traits.
type Points = BTreeMap<[u64; 2], ([f64; 2], f64)>;

/// The weights of a year in squares, in percent, and the mean of both traits.
struct Panel {
    year: i32,
    squares: Vec<f64>,
    mean: [f64; 2],
}

/// Drafts densities of `biomass.parquet` or `strategies.parquet`.
///
/// # Errors
/// [`Argument`](crate::ErrorKind::Argument) where two traits are not named.
pub(crate) fn draft(spec: &Spec) -> Result<Draft> {
    let path = traits::table_of(one_file(spec, "biomass.parquet")?);
    if spec.traits.len() != 2 {
        let reason = format!("{} given; a density is of two, the first to the right", spec.traits.len());
        return Err(Error::selection(Argument::Traits, spec.traits.join(","), reason));
    }
    let (spec, wanted) = (spec.clone(), spec.wanted_years()?);
    Ok(Draft::of_files(vec![path.clone()], move |_| {
        let weight = spec.weight.unwrap_or(WeighedBy::Occupation);
        let mut years: BTreeMap<i32, Points> = BTreeMap::new();
        let mut there = BTreeSet::new();
        let table = traits::living(&path, &spec.traits, weight, |living| {
            let &[x, y] = living.traits.as_slice() else { return };
            let is_weighed = living.weight > 0.0;
            if is_weighed {
                there.insert(living.year);
            }
            if is_weighed && wanted.as_ref().is_none_or(|wanted| wanted.contains(living.year)) {
                let points = years.entry(living.year).or_default();
                points.entry([x.to_bits(), y.to_bits()]).or_insert(([x, y], 0.0)).1 += living.weight;
            }
        })?;
        if let Some(wanted) = &wanted {
            wanted.refuse_absent(&path, "living strategy", &there)?;
        }
        if wanted.is_none() && years.len() > 2 {
            // The first and the last tell most of what has changed.
            let ends = [years.pop_first(), years.pop_last()];
            years = ends.into_iter().flatten().collect();
        }
        match years.len() {
            0 => {
                let reason = "it has no row of a living strategy".to_owned();
                Err(Error::in_table(&path, "draw the table", reason))
            }
            count if count > MOST => {
                let reason = format!("{count} years are more than the limit of {MOST} panels");
                Err(Error::selection(Argument::Years, spec.years.clone().unwrap_or_default(), reason))
            }
            _ => scene(&spec, weight, &table, &years),
        }
    }))
}

/// The ends of an axis, the same for all years.
fn ends(years: &BTreeMap<i32, Points>, axis: usize) -> (f64, f64) {
    let values = years.values().flat_map(|points| points.values()).map(|(point, _)| point[axis]);
    let (low, high) = scale::robust_range(values, 0.0).unwrap_or((0.0, 1.0));
    scale::widened(low, high)
}

fn panel(year: i32, points: &Points, ends: [(f64, f64); 2]) -> Panel {
    let whole: f64 = points.values().map(|(_, weight)| weight).sum();
    let mut squares = vec![0.0; BINS * BINS];
    let mut mean = [0.0; 2];
    for (point, weight) in points.values() {
        let bin = |axis: usize| {
            let (low, high) = ends[axis];
            (((point[axis] - low) / (high - low) * BINS as f64) as usize).min(BINS - 1)
        };
        if let Some(square) = squares.get_mut((BINS - 1 - bin(1)) * BINS + bin(0)) {
            *square += 100.0 * weight / whole;
        }
        for (mean, value) in mean.iter_mut().zip(point) {
            *mean += value * weight / whole;
        }
    }
    Panel { year, squares, mean }
}

fn scene(spec: &Spec, weight: WeighedBy, table: &TraitTable, years: &BTreeMap<i32, Points>) -> Result<Scene> {
    let ends = [ends(years, 0), ends(years, 1)];
    let panels: Vec<Panel> = years.iter().map(|(&year, points)| panel(year, points, ends)).collect();
    let filled: Vec<f64> =
        panels.iter().flat_map(|panel| &panel.squares).copied().filter(|share| *share > 0.0).collect();
    // Dark is much: on white, where there is nothing.
    let cmap = Some(spec.cmap.clone().unwrap_or_else(|| "viridis_r".to_owned()));
    let colours = Spec { cmap, ..spec.clone() }.colour_scale(&filled, false)?;
    let columns = panels.len().min(ACROSS);
    let width = spec.width(if columns > 1 { 60.0 * columns as f64 + 20.0 } else { 100.0 });
    let mut scene = Scene::new(width, 0.0);
    let name = |axis: usize| table.traits.get(axis).map_or("", |[name, _]| name.as_str());
    let title =
        spec.title.clone().unwrap_or_else(|| format!("{} and {}", name(1), super::lines::lower(name(0))));
    let mut words = vec![format!("strategies that live, by {}", weight.name()), "cross: mean".to_owned()];
    if table.unknown > 0 {
        words.push(format!("{} without a trait or weight left out", many(table.unknown, "row")));
    }
    words.extend(Some(table.run.clone()).filter(|run| !run.is_empty()));
    let subtitle = spec.subtitle.clone().unwrap_or_else(|| words.join(" · "));
    let top = axes::header(&mut scene, &title, &subtitle) + axes::LABEL + 2.0;
    let rows = panels.len().div_ceil(columns.max(1));
    let bar = "% of the weight";
    let bar_width = axes::bar_width(&colours, bar);
    let y_guess = scale::ticks(ends[1].0, ends[1].1, 6);
    let left =
        axes::MARGIN + axes::LABEL + 6.0 + axes::widest(&scale::labels(&y_guess)) + axes::TICK_LENGTH + 2.5;
    let right = width - axes::MARGIN - bar_width;
    let across = ((right - left - GAP * (columns as f64 - 1.0)) / columns as f64).max(30.0);
    let line = axes::LABEL + 4.0;
    let height = match spec.height() {
        Some(height) => {
            let others = top + axes::MARGIN + line + (axes::BELOW + line) * rows as f64;
            ((height - others) / rows as f64).max(30.0)
        }
        None => across,
    };
    let mut bottom = top;
    let axis_names: [String; 2] = [0, 1].map(|axis| {
        table.traits.get(axis).map_or(String::new(), |[name, units]| scale::with_units(name, units))
    });
    for (index, panel) in panels.iter().enumerate() {
        let (row, column) = (index / columns, index % columns);
        let x = left + column as f64 * (across + GAP);
        let y = top + row as f64 * (height + axes::BELOW + line);
        let rect = Rect::new(x, y, x + across, y + height);
        bottom = rect.bottom;
        let axes = Axes { rect, x: ends[0], y: ends[1] };
        scene.items.push(Item::Text(Text {
            at: [x, y - 4.0],
            text: panel.year.to_string(),
            size: axes::LABEL,
            weight: Weight::Semibold,
            anchor: Anchor::Start,
            upwards: false,
            colour: axes::INK,
        }));
        let x_ticks = scale::ticks(ends[0].0, ends[0].1, ((across / 28.0) as usize).clamp(2, 8));
        let y_ticks = scale::ticks(ends[1].0, ends[1].1, ((height / 22.0) as usize).clamp(3, 8));
        axes.grid(&mut scene, &x_ticks, &y_ticks);
        squares(&mut scene, &rect, &colours, panel);
        let [at_x, at_y] = axes.at(panel.mean[0], panel.mean[1]);
        // A pale rim, so that it is seen on all colours.
        for (colour, thick) in [(crate::draw::scene::Colour::grey(255), 2.6), (axes::INK, 1.2)] {
            scene.rule([at_x - 4.0, at_y], [at_x + 4.0, at_y], colour, thick);
            scene.rule([at_x, at_y - 4.0], [at_x, at_y + 4.0], colour, thick);
        }
        axes.frame(&mut scene);
        axes.ticks_x(&mut scene, &x_ticks, &scale::labels(&x_ticks));
        let y_labels = scale::labels(&y_ticks);
        let blank = vec![String::new(); y_labels.len()];
        axes.ticks_y(&mut scene, &y_ticks, if column == 0 { &y_labels } else { &blank });
        if column == 0 {
            let place = [axes::MARGIN + axes::LABEL, y + height / 2.0];
            let label = short(&axis_names[1], spec.traits.get(1), height);
            axes::upwards(&mut scene, place, &label, height);
        }
    }
    let frame = Rect::new(left, top, right, top + height);
    axes::bar_beside(&mut scene, &frame, &colours, bar);
    let below = bottom + axes::BELOW + axes::LABEL + 1.0;
    let label = short(&axis_names[0], spec.traits.first(), right - left);
    let label = font::fitted(&label, axes::LABEL, Weight::Regular, right - left);
    scene.text([(left + right) / 2.0, below], label, axes::LABEL, Anchor::Middle, axes::INK);
    scene.height = below + 4.0;
    scene.title = format!("{title}, {subtitle}");
    let told: Vec<String> = panels
        .iter()
        .map(|panel| {
            let most = panel.squares.iter().copied().fold(0.0, f64::max);
            format!(
                "{}: mean {} and {}, up to {} % in a square",
                panel.year,
                scale::label(panel.mean[0]),
                scale::label(panel.mean[1]),
                scale::label(most)
            )
        })
        .collect();
    scene.description = format!(
        "Squares of {} upwards against {} to the right. {}.",
        axis_names[1],
        axis_names[0],
        told.join("; ")
    );
    Ok(scene)
}

/// The long name where it fits, else that of the column.
fn short(long: &str, name: Option<&String>, room: f64) -> String {
    let fits = font::width(long, axes::LABEL, Weight::Regular) * 0.75 <= room;
    if fits { long.to_owned() } else { name.cloned().unwrap_or_else(|| long.to_owned()) }
}

fn squares(scene: &mut Scene, rect: &Rect, colours: &ColourScale, panel: &Panel) {
    let edges = |from: f64, to: f64| -> Vec<f64> {
        (0..=BINS).map(|step| from + (to - from) * step as f64 / BINS as f64).collect()
    };
    let colour = |share: &f64| if *share > 0.0 { colours.colour(*share) } else { None };
    scene.items.push(Item::Cells(Cells {
        x: edges(rect.left, rect.right),
        y: edges(rect.top, rect.bottom),
        colours: panel.squares.iter().map(colour).collect(),
        clip: *rect,
    }));
}
