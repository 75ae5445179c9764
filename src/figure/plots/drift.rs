//! States of a spin-up: their means over the periods, how they drift, and how many cells are in equilibrium.

use crate::draw::axes::{self, Axes};
use crate::draw::colours::qualitative;
use crate::draw::font;
use crate::draw::scale;
use crate::draw::scene::{Anchor, Colour, Item, Line, Rect, Scene, Text, Weight};
use crate::error::{Argument, Error, Result};
use crate::figure::data::drift::{self, Drift, State};
use crate::figure::draft::{Draft, one_file};
use crate::figure::spec::Spec;
use crate::words::many;

/// States that can be told apart.
const MOST: usize = 32;
/// States beside each other: of few, and of many.
const ACROSS: [usize; 2] = [3, 4];

/// Drafts a figure of `drift.parquet`.
///
/// # Errors
/// [`Argument`](crate::ErrorKind::Argument) where no table is given.
pub(crate) fn draft(spec: &Spec) -> Result<Draft> {
    let path = one_file(spec, "drift.parquet")?;
    let spec = spec.clone();
    Ok(Draft::of_files(vec![path.clone()], move |_| {
        let drift = drift::drift(&path, &spec.variables)?;
        if drift.states.len() > MOST {
            let names: Vec<&str> = drift.states.iter().map(|state| state.name.as_str()).collect();
            let reason = format!(
                "{} states are more than the limit of {MOST}; name some of {}",
                names.len(),
                names.join(", ")
            );
            return Err(Error::selection(Argument::Variable, "", reason));
        }
        Ok(scene(&spec, &drift))
    }))
}

fn scene(spec: &Spec, drift: &Drift) -> Scene {
    let [few, many_states] = ACROSS;
    let columns = drift.states.len().clamp(1, if drift.states.len() > 9 { many_states } else { few });
    let width = spec.width(match columns {
        1 => 100.0,
        2 => 124.0,
        _ => 186.0,
    });
    let mut scene = Scene::new(width, 0.0);
    let title = spec.title.clone().unwrap_or_else(|| match drift.states.as_slice() {
        [state] => format!("Spin-up: {}", state.name),
        _ => "Spin-up: states by period".to_owned(),
    });
    let counts = || drift.states.iter().map(|state| state.cells);
    let means = match (counts().min().unwrap_or(0), counts().max().unwrap_or(0)) {
        (1, 1) => "1 cell".to_owned(),
        (least, most) if least == most => format!("means of {most} cells by area"),
        (least, most) => format!("means of {least} to {most} cells by area"),
    };
    let mut words = vec![means];
    let left = drift.states.iter().map(|state| state.left).max().unwrap_or(0);
    words.extend((left > 0).then(|| format!("{} without all periods left out", many(left, "cell"))));
    words.push("below: change in percent a year".to_owned());
    words.extend(Some(drift.run.clone()).filter(|run| !run.is_empty()));
    let subtitle = spec.subtitle.clone().unwrap_or_else(|| words.join(" · "));
    let top = axes::header(&mut scene, &title, &subtitle) + axes::LABEL * 2.0 + 4.0;
    let rows = drift.states.len().div_ceil(columns);
    let block = (width - axes::MARGIN * 2.0) / columns as f64;
    let line = axes::LABEL * 2.0 + 8.0;
    let whole = match spec.height() {
        Some(height) => ((height - top - axes::MARGIN) / rows as f64 - axes::BELOW - line - 6.0).max(50.0),
        None => block * 0.72,
    };
    let (first, last) = (drift.periods.first().copied(), drift.periods.last().copied());
    let ends = [first, last].map(|period| f64::from(period.unwrap_or(1)));
    let x = (ends[0] - 0.5, ends[1] + 0.5);
    let mut bottom = top;
    for (index, state) in drift.states.iter().enumerate() {
        let (row, column) = (index / columns, index % columns);
        let from = axes::MARGIN + column as f64 * block;
        let y = top + row as f64 * (whole + 6.0 + axes::BELOW + line);
        let tall = whole * 0.62;
        let upper = Rect::new(from, y, from + block - 8.0, y + tall);
        let lower = Rect::new(from, y + tall + 6.0, from + block - 8.0, y + 6.0 + whole);
        bottom = lower.bottom;
        let means = panel_ticks(&state.means, upper.height(), false);
        let changes = panel_ticks(&state.changes, lower.height(), true);
        let widest = axes::widest(&means.2).max(axes::widest(&changes.2));
        let left = from + widest + axes::TICK_LENGTH + 4.0;
        heading(&mut scene, &upper, state);
        for (rect, (range, ticks, labels), values, skipped) in
            [(upper, means, &state.means, 0), (lower, changes, &state.changes, 1)]
        {
            let is_lower = skipped == 1;
            let axes = Axes { rect: Rect { left, ..rect }, x, y: range };
            axes.grid(&mut scene, &[], &ticks);
            if is_lower && range.0 < 0.0 && range.1 > 0.0 {
                scene.rule(axes.at(x.0, 0.0), axes.at(x.1, 0.0), axes::RULE, 0.6);
            }
            let places = drift.periods.iter().skip(skipped).map(|&period| f64::from(period));
            let points: Vec<[f64; 2]> = places
                .zip(values)
                .filter(|(_, value)| !value.is_nan())
                .map(|(place, value)| axes.at(place, *value))
                .collect();
            draw(&mut scene, points, qualitative(usize::from(is_lower)));
            axes.frame(&mut scene);
            axes.ticks_y(&mut scene, &ticks, &labels);
            let marked: Vec<f64> = scale::ticks(ends[0], ends[1], (axes.rect.width() / 24.0) as usize)
                .into_iter()
                .filter(|period| period.fract() == 0.0)
                .collect();
            let marked = if marked.is_empty() { vec![ends[0]] } else { marked };
            let name = |period: &f64| if is_lower { format!("{period:.0}") } else { String::new() };
            axes.ticks_x(&mut scene, &marked, &marked.iter().map(name).collect::<Vec<_>>());
        }
    }
    let below = bottom + axes::BELOW + axes::LABEL;
    scene.text([width / 2.0, below], "period", axes::LABEL, Anchor::Middle, axes::INK);
    scene.height = below + 3.0;
    scene.title = format!("{title}, {subtitle}");
    let told: Vec<String> = drift.states.iter().map(in_words).collect();
    scene.description = format!(
        "Means over periods {:.0} to {:.0}, and their change below. {}.",
        ends[0],
        ends[1],
        told.join("; ")
    );
    scene
}

/// The ends, ticks and labels of an axis upwards; nought is seen where a change is shown.
fn panel_ticks(values: &[f64], height: f64, with_nought: bool) -> ((f64, f64), Vec<f64>, Vec<String>) {
    let nought = with_nought.then_some(0.0);
    let (low, high) = scale::robust_range(values.iter().copied().chain(nought), 0.0).unwrap_or((0.0, 1.0));
    // What hardly changes is a level line: no axis is of a thousandth of the mean, or of a hundredth of a percent.
    let least = if with_nought { 0.01 } else { 1e-3 * low.abs().max(high.abs()) };
    let (low, high) = match high - low < least {
        true => ((low + high - least) / 2.0, (low + high + least) / 2.0),
        false => (low, high),
    };
    let (low, high) = scale::widened(low, high);
    let room = (high - low) * 0.08;
    let range = (low - room, high + room);
    let ticks = |most: usize| scale::ticks(range.0, range.1, most);
    // Of a small panel the first round numbers may leave one within it, which is no scale.
    let most = ((height / 12.0) as usize).clamp(3, 5);
    let ticks = (most..=8).map(ticks).find(|ticks| ticks.len() > 1).unwrap_or_else(|| ticks(most));
    let labels = scale::labels(&ticks);
    (range, ticks, labels)
}

/// Two lines above a panel: the state and its units; how many cells are in equilibrium.
fn heading(scene: &mut Scene, rect: &Rect, state: &State) {
    let name = scale::with_units(&state.name, &state.units);
    let (left, room) = (rect.left, rect.width());
    let text = font::fitted(&name, axes::LABEL, Weight::Semibold, room);
    scene.items.push(Item::Text(Text {
        at: [left, rect.top - axes::SMALL - 6.0],
        text,
        size: axes::LABEL,
        weight: Weight::Semibold,
        anchor: Anchor::Start,
        upwards: false,
        colour: axes::INK,
    }));
    let told = font::fitted(&equilibrium(state), axes::SMALL, Weight::Regular, room);
    scene.text([left, rect.top - 4.0], told, axes::SMALL, Anchor::Start, axes::SOFT);
}

fn equilibrium(state: &State) -> String {
    match state.known {
        0 => "equilibrium not known".to_owned(),
        known => {
            let share = 100.0 * state.at_rest as f64 / known as f64;
            format!("{share:.0} % of {} in equilibrium", many(known, "cell"))
        }
    }
}

fn draw(scene: &mut Scene, points: Vec<[f64; 2]>, colour: Colour) {
    if points.len() > 1 {
        scene.stroke(vec![Line::open(points.clone())], colour, 1.2);
    }
    let square = |[x, y]: &[f64; 2]| Line::closed(Rect::new(x - 1.5, y - 1.5, x + 1.5, y + 1.5).corners());
    scene.fill(points.iter().map(square).collect(), colour);
}

fn in_words(state: &State) -> String {
    let end = |value: Option<&f64>| scale::label(value.copied().unwrap_or(f64::NAN));
    format!(
        "{}: {} and {} {}, last change {} % a year, {}",
        state.name,
        end(state.means.first()),
        end(state.means.last()),
        scale::units(&state.units),
        end(state.changes.last()),
        equilibrium(state)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_panels_have_a_scale() {
        // Of three ticks at most, 0 would be the only one.
        for values in [[-0.08, 0.07], [-0.0004, 0.0], [0.0, 0.0]] {
            let (range, ticks, _) = panel_ticks(&values, 30.0, true);
            assert!(ticks.len() > 1 && ticks.contains(&0.0), "{values:?}: {ticks:?} of {range:?}");
        }
    }
}
