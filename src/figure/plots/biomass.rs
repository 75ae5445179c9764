//! Carbon of the strategies over the years, stacked, and how many live in a cell.

use std::collections::BTreeMap;

use crate::draw::axes::{self, Axes};
use crate::draw::colours::{ColourMap, qualitative};
use crate::draw::scale;
use crate::draw::scene::{Colour, Line, Rect, Scene};
use crate::error::{Error, Result};
use crate::figure::data::table::{self, Biomass};
use crate::figure::draft::{Draft, one_file};
use crate::figure::spec::Spec;

/// Strategies that have a colour of their own; the others are one.
const SHOWN: usize = 10;

/// Drafts a figure of `biomass.parquet`.
///
/// # Errors
/// [`Argument`](crate::ErrorKind::Argument) where no table is given.
pub(crate) fn draft(spec: &Spec) -> Result<Draft> {
    let path = one_file(spec, "biomass.parquet")?;
    let spec = spec.clone();
    Ok(Draft::of_files(vec![path.clone()], move |_| {
        let biomass = table::biomass(&path)?;
        if biomass.cells.is_empty() {
            let reason = "it has no row of a living strategy".to_owned();
            return Err(Error::in_table(path, "draw the table", reason));
        }
        Ok(scene(&spec, &biomass))
    }))
}

/// Carbon of each layer by year, lowest first: the strategies that have most of it, and all others.
fn layers(biomass: &Biomass) -> Vec<(String, Colour, Vec<f64>)> {
    let area = |year: &i32| biomass.cells.get(year).map_or(1.0, |cells| cells.area);
    // The sum of the bars: which strategies are the largest does not depend on how many cells a year has.
    let mut totals: BTreeMap<i64, f64> = BTreeMap::new();
    for (year, strategies) in &biomass.carbon {
        for (strategy, carbon) in strategies {
            *totals.entry(*strategy).or_insert(0.0) += carbon / area(year);
        }
    }
    let mut order: Vec<(i64, f64)> = totals.into_iter().collect();
    order.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
    let shown: Vec<i64> = order.iter().take(SHOWN).map(|(strategy, _)| *strategy).collect();
    let of = |wanted: &dyn Fn(i64) -> bool| -> Vec<f64> {
        let sum = |carbon: &BTreeMap<i64, f64>| -> f64 {
            carbon.iter().filter(|(strategy, _)| wanted(**strategy)).map(|(_, carbon)| carbon).sum()
        };
        biomass.carbon.iter().map(|(year, carbon)| sum(carbon) / area(year)).collect()
    };
    let mut layers = Vec::new();
    let map = ColourMap::parse("batlow").unwrap_or(ColourMap::SEQUENTIAL);
    for (index, strategy) in shown.iter().enumerate() {
        let place = index as f64 / (shown.len().max(2) - 1) as f64;
        layers.push((format!("{strategy}"), map.at(place * 0.92), of(&|other| other == *strategy)));
    }
    let others = order.len() - shown.len();
    if others > 0 {
        layers.push((format!("{others} others"), Colour::grey(200), of(&|other| !shown.contains(&other))));
    }
    layers
}

fn scene(spec: &Spec, biomass: &Biomass) -> Scene {
    let layers = layers(biomass);
    let years: Vec<f64> = biomass.carbon.keys().map(|&year| f64::from(year)).collect();
    let totals: Vec<f64> = (0..years.len())
        .map(|year| layers.iter().filter_map(|(_, _, values)| values.get(year)).sum())
        .collect();
    let most = totals.iter().copied().fold(0.0, f64::max);
    let richness: Vec<f64> = biomass.cells.values().map(|cells| cells.lives / cells.area).collect();
    let width = spec.width(140.0);
    let mut scene = Scene::new(width, 0.0);
    let title = spec.title.clone().unwrap_or_else(|| "Vegetation carbon by plant life strategy".to_owned());
    let counts = || biomass.cells.values().map(|cells| cells.count);
    let cells = match (counts().min().unwrap_or(0), counts().max().unwrap_or(0)) {
        (1, 1) => "state of 1 cell at the end of the year".to_owned(),
        (least, most) if least == most => format!("means of {most} cells by area at the end of the year"),
        (least, most) => format!("means of {least} to {most} cells by area at the end of the year"),
    };
    let mut words = vec![cells];
    // What is not known is not in the bars.
    let unknown: u64 = biomass.cells.values().map(|cells| cells.unknown).sum();
    if unknown > 0 {
        words.push(format!("{unknown} values are not known and left out"));
    }
    if !biomass.run.is_empty() {
        words.push(biomass.run.clone());
    }
    let subtitle = spec.subtitle.clone().unwrap_or_else(|| words.join(" · "));
    let mut y = axes::header(&mut scene, &title, &subtitle);
    let names: Vec<(String, Colour)> =
        layers.iter().map(|(name, colour, _)| (name.clone(), *colour)).collect();
    y = axes::key(&mut scene, &Rect::new(axes::MARGIN, 0.0, width - axes::MARGIN, 0.0), y, &names);
    let (first, last) = (years.first().copied().unwrap_or(0.0), years.last().copied().unwrap_or(0.0));
    let (tall, low) = match spec.height() {
        Some(height) => {
            let room = (height - y - axes::BELOW - axes::MARGIN - 10.0).max(60.0);
            (room * 0.7, room * 0.3)
        }
        None => (width * 0.4, width * 0.17),
    };
    let ticks = |low: f64, high: f64, height: f64| {
        let values = scale::ticks(low, high, ((height / 20.0) as usize).clamp(2, 8));
        let labels = scale::labels(&values);
        (values, labels)
    };
    let top = if most > 0.0 { most * 1.04 } else { 1.0 };
    let rich = richness.iter().copied().fold(0.0, f64::max) * 1.1;
    let rich = if rich > 0.0 { rich } else { 1.0 };
    let (carbon_ticks, carbon_labels) = ticks(0.0, top, tall);
    let (rich_ticks, rich_labels) = ticks(0.0, rich, low);
    let widest = axes::widest(&carbon_labels).max(axes::widest(&rich_labels));
    let left = axes::MARGIN + axes::LABEL + 6.0 + widest + axes::TICK_LENGTH + 2.5;
    let right = width - axes::MARGIN - 8.0;
    let upper =
        Axes { rect: Rect::new(left, y, right, y + tall), x: (first - 0.5, last + 0.5), y: (0.0, top) };
    let rect = Rect::new(left, y + tall + 10.0, right, y + tall + 10.0 + low);
    let lower = Axes { rect, x: upper.x, y: (0.0, rich) };
    let count = ((right - left) / 34.0) as usize;
    let marked: Vec<f64> =
        scale::ticks(first, last, count).into_iter().filter(|year| year.fract() == 0.0).collect();
    let marked = if marked.is_empty() { vec![first] } else { marked };
    let year_labels: Vec<String> = marked.iter().map(|year| format!("{year:.0}")).collect();
    upper.grid(&mut scene, &[], &carbon_ticks);
    lower.grid(&mut scene, &[], &rich_ticks);
    // Bars rather than areas: the table knows the ends of years, not what is between.
    let mut below = vec![0.0; years.len()];
    for (_, colour, values) in &layers {
        let mut bars = Vec::new();
        for ((year, value), below) in years.iter().zip(values).zip(&mut below) {
            let [x0, y0] = upper.at(year - 0.4, *below);
            let [x1, y1] = upper.at(year + 0.4, *below + value);
            if *value > 0.0 {
                bars.push(Line::closed(Rect::new(x0, y1, x1, y0).corners()));
            }
            *below += value;
        }
        scene.fill(bars, *colour);
    }
    let line: Vec<[f64; 2]> =
        years.iter().zip(&richness).map(|(year, value)| lower.at(*year, *value)).collect();
    if line.len() > 1 {
        scene.stroke(vec![Line::open(line.clone())], qualitative(0), 1.2);
    }
    for [x, y] in line {
        scene.fill(
            vec![Line::closed(Rect::new(x - 1.6, y - 1.6, x + 1.6, y + 1.6).corners())],
            qualitative(0),
        );
    }
    upper.frame(&mut scene);
    lower.frame(&mut scene);
    upper.ticks_y(&mut scene, &carbon_ticks, &carbon_labels);
    lower.ticks_y(&mut scene, &rich_ticks, &rich_labels);
    let blank = vec![String::new(); marked.len()];
    upper.ticks_x(&mut scene, &marked, &blank);
    lower.ticks_x(&mut scene, &marked, &year_labels);
    let middle = |axes: &Axes| (axes.rect.top + axes.rect.bottom) / 2.0;
    axes::upwards(&mut scene, [axes::MARGIN + axes::LABEL, middle(&upper)], &scale::units("kg m-2"), tall);
    axes::upwards(&mut scene, [axes::MARGIN + axes::LABEL, middle(&lower)], "strategies", low + 10.0);
    scene.height = rect.bottom + axes::BELOW;
    scene.title = format!("{title}, {subtitle}");
    let shown: Vec<&str> = layers.iter().take(SHOWN).map(|(name, ..)| name.as_str()).collect();
    let total = |index: Option<&f64>| scale::label(index.copied().unwrap_or(f64::NAN));
    scene.description = format!(
        "Stacked bars of carbon by strategy from {first:.0} to {last:.0}, in all {} kg m⁻² in the first and {} in the last year; \
         {} have most of it: {}; \
         below, strategies that live in a cell: {} and {}.",
        total(totals.first()),
        total(totals.last()),
        shown.len(),
        shown.join(", "),
        total(richness.first()),
        total(richness.last())
    );
    scene
}
