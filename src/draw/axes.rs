//! What figures share: titles, frames, ticks, colour bars, keys.

use super::font;
use super::scale::{self, ColourScale};
use super::scene::{Anchor, Colour, Item, Line, Rect, Scene, Text, Weight};

pub(crate) const INK: Colour = Colour::grey(30);
pub(crate) const SOFT: Colour = Colour::grey(90);
pub(crate) const RULE: Colour = Colour::grey(60);
pub(crate) const GRID: Colour = Colour::grey(226);
pub(crate) const MARGIN: f64 = 8.0;
pub(crate) const TITLE: f64 = 10.5;
pub(crate) const LABEL: f64 = 8.5;
pub(crate) const TICK: f64 = 8.0;
pub(crate) const SMALL: f64 = 7.5;
pub(crate) const TICK_LENGTH: f64 = 3.0;

/// Puts title and subtitle on top; returns where the rest begins.
pub(crate) fn header(scene: &mut Scene, title: &str, subtitle: &str) -> f64 {
    let room = scene.width - 2.0 * MARGIN;
    let mut y = MARGIN;
    for line in font::wrapped(title, TITLE, Weight::Semibold, room) {
        y += TITLE;
        let text = font::fitted(&line, TITLE, Weight::Semibold, room);
        scene.items.push(Item::Text(Text {
            at: [MARGIN, y],
            text,
            size: TITLE,
            weight: Weight::Semibold,
            anchor: Anchor::Start,
            upwards: false,
            colour: INK,
        }));
        y += 3.0;
    }
    for line in font::wrapped(subtitle, LABEL, Weight::Regular, room) {
        y += LABEL;
        let text = font::fitted(&line, LABEL, Weight::Regular, room);
        scene.text([MARGIN, y], text, LABEL, Anchor::Start, SOFT);
        y += 2.5;
    }
    y + 5.0
}

/// The height of [`header`].
pub(crate) fn header_height(width: f64, title: &str, subtitle: &str) -> f64 {
    header(&mut Scene::new(width, 0.0), title, subtitle)
}

/// Puts a caption, and the origin in the corner, below `y`; sets the scene's height.
pub(crate) fn footer(scene: &mut Scene, mut y: f64, caption: Option<&str>, corner: bool) {
    let room = scene.width - 2.0 * MARGIN;
    if let Some(caption) = caption {
        y += 4.0;
        for line in font::wrapped(caption, SMALL, Weight::Regular, room) {
            y += SMALL + 2.0;
            scene.text([MARGIN, y], line, SMALL, Anchor::Start, INK);
        }
        y += 2.0;
    }
    if corner {
        y += 3.0;
        let plain = |value: &str| value.replace(['{', '}', '[', ']', '"'], "").replace([',', ':'], " ");
        let words: Vec<String> = scene
            .origin
            .iter()
            .map(|(key, value)| match key.as_str() {
                "Settings" => plain(value),
                _ => value.clone(),
            })
            .collect();
        for line in font::wrapped(&words.join(" · "), 5.0, Weight::Regular, room) {
            y += 6.2;
            let line = font::fitted(&line, 5.0, Weight::Regular, room);
            scene.text([scene.width - MARGIN, y], line, 5.0, Anchor::End, SOFT);
        }
    }
    scene.height = y + MARGIN;
}

/// A text that runs upwards.
pub(crate) fn upwards(scene: &mut Scene, at: [f64; 2], text: &str, room: f64) {
    // A little smaller rather than cut.
    let length = font::width(text, LABEL, Weight::Regular);
    let size = (LABEL * room / length.max(1.0)).clamp(LABEL * 0.75, LABEL);
    let text = font::fitted(text, size, Weight::Regular, room);
    scene.items.push(Item::Text(Text {
        at,
        text,
        size,
        weight: Weight::Regular,
        anchor: Anchor::Middle,
        upwards: true,
        colour: INK,
    }));
}

/// The width of the widest of some labels.
pub(crate) fn widest(labels: &[String]) -> f64 {
    labels.iter().map(|label| font::width(label, TICK, Weight::Regular)).fold(0.0, f64::max)
}

/// A frame with two axes.
#[derive(Debug, Clone)]
pub(crate) struct Axes {
    pub rect: Rect,
    /// Values at the left and right edge.
    pub x: (f64, f64),
    /// Values at the lower and upper edge.
    pub y: (f64, f64),
}

impl Axes {
    pub fn at_x(&self, value: f64) -> f64 {
        self.rect.left + (value - self.x.0) / (self.x.1 - self.x.0) * self.rect.width()
    }

    pub fn at_y(&self, value: f64) -> f64 {
        self.rect.bottom - (value - self.y.0) / (self.y.1 - self.y.0) * self.rect.height()
    }

    pub fn at(&self, x: f64, y: f64) -> [f64; 2] {
        [self.at_x(x), self.at_y(y)]
    }

    /// Pale lines across, behind everything.
    pub fn grid(&self, scene: &mut Scene, x: &[f64], y: &[f64]) {
        for &value in y {
            let at = self.at_y(value);
            scene.rule([self.rect.left, at], [self.rect.right, at], GRID, 0.5);
        }
        for &value in x {
            let at = self.at_x(value);
            scene.rule([at, self.rect.top], [at, self.rect.bottom], GRID, 0.5);
        }
    }

    pub fn ticks_y(&self, scene: &mut Scene, values: &[f64], labels: &[String]) {
        for (&value, label) in values.iter().zip(labels) {
            let at = self.at_y(value);
            scene.rule([self.rect.left - TICK_LENGTH, at], [self.rect.left, at], RULE, 0.6);
            let place = [self.rect.left - TICK_LENGTH - 2.5, at + TICK * 0.35];
            scene.text(place, label.clone(), TICK, Anchor::End, INK);
        }
    }

    /// Leaves out labels that would touch the one before.
    pub fn ticks_x(&self, scene: &mut Scene, values: &[f64], labels: &[String]) {
        let mut end = f64::NEG_INFINITY;
        for (&value, label) in values.iter().zip(labels) {
            let at = self.at_x(value);
            scene.rule([at, self.rect.bottom], [at, self.rect.bottom + TICK_LENGTH], RULE, 0.6);
            let half = font::width(label, TICK, Weight::Regular) / 2.0;
            if at - half < end + 4.0 {
                continue;
            }
            end = at + half;
            let place = [at, self.rect.bottom + TICK_LENGTH + TICK + 0.5];
            scene.text(place, label.clone(), TICK, Anchor::Middle, INK);
        }
    }

    pub fn frame(&self, scene: &mut Scene) {
        scene.frame(&self.rect, RULE, 0.7);
    }
}

/// Room below a frame for the labels of its ticks.
pub(crate) const BELOW: f64 = TICK_LENGTH + TICK + 3.0;

fn bar_labels(scale: &ColourScale) -> (Vec<f64>, Vec<String>) {
    let (low, high) = scale.range();
    if scale.smooth {
        let values = scale::ticks(low, high, 8);
        let labels = scale::labels(&values);
        return (values, labels);
    }
    (scale.levels.clone(), scale::labels(&scale.levels))
}

/// The width that a bar at the right side takes, with its labels and its title.
pub(crate) fn bar_width(scale: &ColourScale, label: &str) -> f64 {
    let (_, labels) = bar_labels(scale);
    let title = if label.is_empty() { 0.0 } else { LABEL + 5.0 };
    12.0 + 10.0 + TICK_LENGTH + 2.5 + widest(&labels) + title
}

/// A colour bar along the right side of a frame.
pub(crate) fn bar_beside(scene: &mut Scene, frame: &Rect, scale: &ColourScale, label: &str) {
    let inset = (frame.height() * 0.04).min(10.0);
    let (left, right) = (frame.right + 12.0, frame.right + 22.0);
    let (top, bottom) = (frame.top + inset, frame.bottom - inset);
    let (values, labels) = bar_labels(scale);
    let along = |share: f64| bottom - share * (bottom - top);
    bar(
        scene,
        scale,
        |low, high| Rect::new(left, along(high), right, along(low)),
        |above| {
            let tip = if above { top - inset } else { bottom + inset };
            let base = if above { top } else { bottom };
            vec![[left, base], [right, base], [(left + right) / 2.0, tip]]
        },
    );
    let places: Vec<f64> = shares(scale, &values).into_iter().map(along).collect();
    let sizes = vec![TICK * 1.1; labels.len()];
    let shown = spaced(&places, &sizes, &values);
    for ((&y, text), shown) in places.iter().zip(&labels).zip(shown) {
        scene.rule([right, y], [right + TICK_LENGTH, y], RULE, 0.6);
        if shown {
            scene.text([right + TICK_LENGTH + 2.5, y + TICK * 0.35], text.clone(), TICK, Anchor::Start, INK);
        }
    }
    if !label.is_empty() {
        let x = right + TICK_LENGTH + 2.5 + widest(&labels) + LABEL + 3.0;
        upwards(scene, [x, (top + bottom) / 2.0], label, frame.height());
    }
}

/// The height of a bar below, with its labels and its title.
pub(crate) const BAR_BELOW: f64 = 9.0 + TICK_LENGTH + TICK + LABEL + 8.0;

/// A colour bar from `left` to `right`, below `y`.
pub(crate) fn bar_below(
    scene: &mut Scene,
    (left, right): (f64, f64),
    y: f64,
    scale: &ColourScale,
    label: &str,
) {
    let inset = ((right - left) * 0.04).min(10.0);
    let (from, to) = (left + inset, right - inset);
    let (top, bottom) = (y, y + 9.0);
    let along = |share: f64| from + share * (to - from);
    bar(
        scene,
        scale,
        |low, high| Rect::new(along(low), top, along(high), bottom),
        |above| {
            let (base, tip) = if above { (to, right) } else { (from, left) };
            vec![[base, top], [tip, (top + bottom) / 2.0], [base, bottom]]
        },
    );
    let (values, labels) = bar_labels(scale);
    let places: Vec<f64> = shares(scale, &values).into_iter().map(along).collect();
    let sizes: Vec<f64> = labels.iter().map(|text| font::width(text, TICK, Weight::Regular) + 4.0).collect();
    let shown = spaced(&places, &sizes, &values);
    for ((&x, text), shown) in places.iter().zip(&labels).zip(shown) {
        scene.rule([x, bottom], [x, bottom + TICK_LENGTH], RULE, 0.6);
        if shown {
            scene.text([x, bottom + TICK_LENGTH + TICK], text.clone(), TICK, Anchor::Middle, INK);
        }
    }
    let label = font::fitted(label, LABEL, Weight::Regular, right - left + 40.0);
    let at = [(left + right) / 2.0, bottom + TICK_LENGTH + TICK + LABEL + 4.0];
    scene.text(at, label, LABEL, Anchor::Middle, INK);
}

/// Which labels are written: every one, every second and so on, so that none touches another. Zero is among them.
fn spaced(places: &[f64], sizes: &[f64], values: &[f64]) -> Vec<bool> {
    let zero = values.iter().position(|value| *value == 0.0).unwrap_or(0);
    let chosen = |stride: usize| (0..places.len()).filter(move |index| index % stride == zero % stride);
    let fits = |stride: &usize| {
        chosen(*stride).zip(chosen(*stride).skip(1)).all(|(one, other)| {
            let at = |values: &[f64], index: usize| values.get(index).copied().unwrap_or(0.0);
            let apart = (at(places, other) - at(places, one)).abs();
            apart >= (at(sizes, one) + at(sizes, other)) / 2.0
        })
    };
    let stride = (1..=places.len().max(1)).find(fits).unwrap_or(1);
    (0..places.len()).map(|index| index % stride == zero % stride).collect()
}

/// Where values stand along a bar, 0 to 1. Classes are equally long, whatever their borders are.
fn shares(scale: &ColourScale, values: &[f64]) -> Vec<f64> {
    let (low, high) = scale.range();
    let classes = scale.classes() as f64;
    let share = |(index, &value): (usize, &f64)| match scale.smooth {
        true => (value - low) / (high - low),
        false => index as f64 / classes,
    };
    values.iter().enumerate().map(share).collect()
}

fn bar(
    scene: &mut Scene,
    scale: &ColourScale,
    part: impl Fn(f64, f64) -> Rect,
    tip: impl Fn(bool) -> Vec<[f64; 2]>,
) {
    let steps = if scale.smooth { 128 } else { scale.classes() };
    let share = |step: usize| step as f64 / steps as f64;
    for step in 0..steps {
        let colour = match scale.smooth {
            true => scale.map.at((step as f64 + 0.5) / steps as f64),
            false => scale.class_colour(step as i64),
        };
        // Steps lie over their neighbours, so that no seam shows between them.
        let rect = part(share(step), if scale.smooth { 1.0 } else { share(step + 1) });
        scene.fill(vec![Line::closed(rect.corners())], colour);
    }
    for (above, extends) in [(false, scale.extends.0), (true, scale.extends.1)] {
        if extends {
            let colour = match (scale.smooth, above) {
                (true, above) => scale.map.at(if above { 1.0 } else { 0.0 }),
                (false, true) => scale.class_colour(scale.classes() as i64),
                (false, false) => scale.class_colour(-1),
            };
            scene.fill(vec![Line::closed(tip(above))], colour);
            scene.stroke(vec![Line::closed(tip(above))], RULE, 0.6);
        }
    }
    scene.frame(&part(0.0, 1.0), RULE, 0.6);
}

/// A key: short lines or squares with names, in a row that is broken where it is full. Returns the y below it.
pub(crate) fn key(scene: &mut Scene, rect: &Rect, y: f64, names: &[(String, Colour)]) -> f64 {
    let (mut x, mut y) = (rect.left, y);
    for (name, colour) in names {
        let name = font::fitted(name, TICK, Weight::Regular, rect.width() - 20.0);
        let width = 16.0 + font::width(&name, TICK, Weight::Regular) + 12.0;
        if x > rect.left && x + width - 12.0 > rect.right {
            x = rect.left;
            y += TICK + 4.0;
        }
        let square = Rect::new(x, y + 1.0, x + 11.0, y + TICK);
        scene.fill(vec![Line::closed(square.corners())], *colour);
        scene.text([x + 15.0, y + TICK - 0.5], name, TICK, Anchor::Start, INK);
        x += width;
    }
    if names.is_empty() { y } else { y + TICK + 6.0 }
}
