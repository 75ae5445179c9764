//! What limits growth, and how nutrients are taken up: shares of the vegetation over the years, stacked.

use crate::draw::axes::{self, Axes};
use crate::draw::scale;
use crate::draw::scene::{Anchor, Colour, Item, Line, Rect, Scene, Text, Weight};
use crate::error::Result;
use crate::figure::data::shares::{self, PROCESSES, Shares};
use crate::figure::draft::{Draft, one_file};
use crate::figure::spec::{Spec, WeighedBy};
use crate::words::many;

/// Room between panels.
const GAP: f64 = 12.0;
/// Panels of a row: growth above, uptake below.
const ROWS: [std::ops::Range<usize>; 2] = [0..3, 3..5];

/// Drafts a figure of `limitation.parquet`.
///
/// # Errors
/// [`Argument`](crate::ErrorKind::Argument) where no table is given, or years cannot be understood.
pub(crate) fn draft(spec: &Spec) -> Result<Draft> {
    let path = one_file(spec, "limitation.parquet")?;
    let (spec, years) = (spec.clone(), spec.wanted_years()?);
    Ok(Draft::of_files(vec![path.clone()], move |_| {
        let weight = spec.weight.unwrap_or(WeighedBy::Occupation);
        let shares = shares::shares(&path, weight, years.as_ref())?;
        Ok(scene(&spec, &shares, weight))
    }))
}

/// The colour of a share: AM is blue, EM orange, roots paler than hyphae; organic sources are green and purple.
fn colour(share: &str) -> Colour {
    match share {
        "nitrogen" | "am_hyphae" => Colour::new(0, 114, 178),
        "phosphorus" | "em_hyphae" => Colour::new(213, 94, 0),
        "colimited" => Colour::new(148, 75, 130),
        "am_roots" => Colour::new(143, 200, 236),
        "em_roots" => Colour::new(243, 190, 120),
        "organic_am" | "phosphatase_am_hyphae" => Colour::new(0, 128, 96),
        "phosphatase_am_roots" => Colour::new(134, 208, 180),
        "organic_em" | "exudates_em" => Colour::new(148, 75, 130),
        "phosphatase_em_roots" => Colour::new(224, 178, 206),
        _ => Colour::grey(214),
    }
}

fn scene(spec: &Spec, shares: &Shares, weight: WeighedBy) -> Scene {
    let width = spec.width(170.0);
    let mut scene = Scene::new(width, 0.0);
    let title =
        spec.title.clone().unwrap_or_else(|| "What limits growth, and how nutrients are taken up".to_owned());
    let of = match weight {
        WeighedBy::Occupation => "shares of the occupied area",
        WeighedBy::Carbon => "shares of the carbon in vegetation",
    };
    let mut words = vec![match shares.cells {
        (1, 1) => format!("{of}, 1 cell"),
        (least, most) if least == most => format!("{of}, means of {most} cells by area"),
        (least, most) => format!("{of}, means of {least} to {most} cells by area"),
    }];
    if shares.unknown > 0 {
        words.push(format!("{} not known and left out", many(shares.unknown, "value")));
    }
    words.extend(Some(shares.run.clone()).filter(|run| !run.is_empty()));
    let subtitle = spec.subtitle.clone().unwrap_or_else(|| words.join(" · "));
    let mut y = axes::header(&mut scene, &title, &subtitle);
    let years: Vec<f64> = shares.years.keys().map(|&year| f64::from(year)).collect();
    let (first, last) = (years.first().copied().unwrap_or(0.0), years.last().copied().unwrap_or(0.0));
    let ticks = [0.0, 25.0, 50.0, 75.0, 100.0];
    let labels = scale::labels(&ticks);
    let left = axes::MARGIN + axes::LABEL + 6.0 + axes::widest(&labels) + axes::TICK_LENGTH + 2.5;
    let right = width - axes::MARGIN - 8.0;
    let height = match spec.height() {
        Some(height) => ((height - y - axes::MARGIN) / 2.0 - axes::BELOW - axes::LABEL - 40.0).max(40.0),
        None => width * 0.22,
    };
    for row in ROWS {
        let keyed = PROCESSES.get(row.clone()).unwrap_or_default();
        // Growth has the same shares in all panels; uptake has those of both nutrients.
        let mut names: Vec<(&str, Colour, bool)> = Vec::new();
        for (index, process) in row.clone().zip(keyed) {
            for (at, (share, name)) in process.shares.iter().enumerate() {
                let value = |processes: &Vec<Vec<f64>>| processes.get(index)?.get(at).copied();
                let occurs = shares.years.values().filter_map(value).any(|value| value > 0.0);
                match names.iter_mut().find(|(known, ..)| known == name) {
                    Some((.., known)) => *known |= occurs,
                    None => names.push((name, colour(share), occurs)),
                }
            }
        }
        let names: Vec<(String, Colour)> = names
            .into_iter()
            .filter(|(.., occurs)| *occurs)
            .map(|(name, colour, _)| (name.to_owned(), colour))
            .collect();
        y = axes::key(&mut scene, &Rect::new(left, 0.0, right, 0.0), y, &names) + 2.0;
        let panels = row.len() as f64;
        let across = (right - left - (panels - 1.0) * GAP) / panels;
        y += axes::LABEL + 1.0;
        for (place, (index, process)) in row.clone().zip(keyed).enumerate() {
            let x = left + place as f64 * (across + GAP);
            let rect = Rect::new(x, y, x + across, y + height);
            let axes = Axes { rect, x: (first - 0.5, last + 0.5), y: (0.0, 100.0) };
            scene.items.push(Item::Text(Text {
                at: [x, y - 4.0],
                text: process.name.to_owned(),
                size: axes::LABEL,
                weight: Weight::Semibold,
                anchor: Anchor::Start,
                upwards: false,
                colour: axes::INK,
            }));
            axes.grid(&mut scene, &[], &ticks);
            let mut below = vec![0.0; years.len()];
            for (at, (share, _)) in process.shares.iter().enumerate() {
                let mut bars = Vec::new();
                for ((year, processes), below) in years.iter().zip(shares.years.values()).zip(&mut below) {
                    let value = processes.get(index).and_then(|parts| parts.get(at)).copied();
                    let Some(value) = value.filter(|value| *value > 0.0) else { continue };
                    let [x0, y0] = axes.at(year - 0.42, *below * 100.0);
                    *below += value;
                    let [x1, y1] = axes.at(year + 0.42, *below * 100.0);
                    bars.push(Line::closed(Rect::new(x0, y1, x1, y0).corners()));
                }
                scene.fill(bars, colour(share));
            }
            axes.frame(&mut scene);
            let marked: Vec<f64> = scale::ticks(first, last, ((across / 34.0) as usize).max(2))
                .into_iter()
                .filter(|year| year.fract() == 0.0)
                .collect();
            let marked = if marked.is_empty() { vec![first] } else { marked };
            let named: Vec<String> = marked.iter().map(|year| format!("{year:.0}")).collect();
            let blank = vec![String::new(); labels.len()];
            axes.ticks_y(&mut scene, &ticks, if place == 0 { &labels } else { &blank });
            axes.ticks_x(&mut scene, &marked, &named);
        }
        axes::upwards(&mut scene, [axes::MARGIN + axes::LABEL, y + height / 2.0], "%", height);
        y += height + axes::BELOW + 8.0;
    }
    scene.height = y - 6.0;
    scene.title = format!("{title}, {subtitle}");
    scene.description = description(shares, (first, last));
    scene
}

/// In words: the shares of the first and the last year.
fn description(shares: &Shares, (first, last): (f64, f64)) -> String {
    let ends = [shares.years.values().next(), shares.years.values().next_back()];
    let processes = PROCESSES.iter().enumerate().map(|(index, process)| {
        let share = |(at, (_, name)): (usize, &(&str, &str))| {
            let of = |end: &Option<&Vec<Vec<f64>>>| {
                let value = end.and_then(|processes| processes.get(index)?.get(at)).copied();
                scale::label((value.unwrap_or(f64::NAN) * 1e4).round() / 100.0)
            };
            let [one, other] = [of(&ends[0]), of(&ends[1])];
            (one != "0" || other != "0").then(|| format!("{name} {one} and {other} %"))
        };
        let parts: Vec<String> = process.shares.iter().enumerate().filter_map(share).collect();
        format!("{}: {}", process.name, parts.join(", "))
    });
    let processes: Vec<String> = processes.collect();
    format!("Stacked bars of shares in {first:.0} and {last:.0}. {}.", processes.join("; "))
}
