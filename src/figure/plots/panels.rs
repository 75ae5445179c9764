//! Panels below each other, one for each unit, with lines in them: what series and climatologies share.

use crate::draw::axes::{self, Axes};
use crate::draw::font;
use crate::draw::scale;
use crate::draw::scene::{Anchor, Colour, Rect, Scene, Weight};
use crate::figure::spec::Spec;

use super::lines::LineSource;

/// What panels know of a line.
pub(super) struct PanelLine {
    /// What tells it from the others.
    pub name: String,
    pub colour: Colour,
    pub units: String,
    /// What it shows, for the axis.
    pub label: String,
}

impl From<&LineSource> for PanelLine {
    fn from(line: &LineSource) -> Self {
        let (units, label) = (line.field.units.clone(), line.field.label());
        PanelLine { name: line.name.clone(), colour: line.colour, units, label }
    }
}

/// What a figure of lines is.
pub(super) struct Panels<'a> {
    pub spec: &'a Spec,
    pub lines: &'a [PanelLine],
    /// Title and subtitle, where the settings have none.
    pub titles: [String; 2],
    /// Its width in millimetres where nobody says otherwise.
    pub width: f64,
    /// The height of the only panel, and of each of several, by the width.
    pub heights: [f64; 2],
    /// What the ends of the axis to the right are.
    pub x: (f64, f64),
    /// Room to the right, for the last label.
    pub right: f64,
    /// What stands first in the key, of what no line is of its own.
    pub first: Option<(String, Colour)>,
    /// What the axis to the right is of, where its labels do not tell.
    pub along: Option<&'a str>,
}

/// The labels of the axis to the right.
pub(super) struct Ticks {
    pub values: Vec<f64>,
    pub labels: Vec<String>,
    /// Whether there are lines upwards from them.
    pub has_grid: bool,
}

impl Panels<'_> {
    /// Draws titles, key, frames and axes, and lines by `draw`. `values` are all of a line that must be seen. Gives the scene, its
    /// title and subtitle.
    pub fn draw(
        &self,
        values: impl Fn(usize) -> Vec<f64>,
        ticks: impl Fn(f64) -> Ticks,
        draw: impl Fn(&mut Scene, &Axes, usize),
    ) -> (Scene, String, String) {
        let Panels { spec, lines, .. } = *self;
        let [title, subtitle] = self.titles.clone();
        let title = spec.title.clone().unwrap_or(title);
        let subtitle = spec.subtitle.clone().unwrap_or(subtitle);
        let groups = groups(lines);
        let along = if self.along.is_some() { axes::LABEL + 3.0 } else { 0.0 };
        let width = spec.width(self.width);
        let mut scene = Scene::new(width, 0.0);
        let mut y = axes::header(&mut scene, &title, &subtitle);
        let own = lines.iter().map(|line| (line.name.clone(), line.colour));
        let names: Vec<(String, Colour)> = match (lines, &self.first) {
            ([_], None) => Vec::new(),
            (_, first) => first.iter().cloned().chain(own).collect(),
        };
        y = axes::key(&mut scene, &Rect::new(axes::MARGIN, 0.0, width - axes::MARGIN, 0.0), y, &names);
        let height = match spec.height() {
            Some(height) => {
                let room = height - y - axes::BELOW - axes::MARGIN - along;
                (room / groups.len().max(1) as f64 - 8.0).max(20.0)
            }
            None => width * self.heights[usize::from(groups.len() > 1)],
        };
        let panels: Vec<_> = groups
            .iter()
            .map(|group| {
                let range = range(spec, group.1.iter().flat_map(|&line| values(line)));
                let ticks = scale::ticks(range.0, range.1, ((height / 16.0) as usize).clamp(4, 8));
                let labels = scale::labels(&ticks);
                (range, ticks, labels, axis_label(lines, group, height))
            })
            .collect();
        let widest = panels.iter().map(|(_, _, labels, _)| axes::widest(labels)).fold(0.0, f64::max);
        let left = axes::MARGIN + axes::LABEL + 6.0 + widest + axes::TICK_LENGTH + 2.5;
        let right = (width - axes::MARGIN - self.right).max(left + 20.0);
        let Ticks { values: below, labels: words, has_grid } = ticks(right - left);
        let blank = vec![String::new(); words.len()];
        let last = panels.len();
        for (index, ((range, ticks, labels, label), group)) in panels.into_iter().zip(&groups).enumerate() {
            let rect = Rect::new(left, y, right, y + height);
            let axes = Axes { rect, x: self.x, y: range };
            axes.grid(&mut scene, if has_grid { &below } else { &[] }, &ticks);
            group.1.iter().for_each(|&line| draw(&mut scene, &axes, line));
            axes.frame(&mut scene);
            axes.ticks_y(&mut scene, &ticks, &labels);
            axes.ticks_x(&mut scene, &below, if index + 1 == last { &words } else { &blank });
            axes::upwards(&mut scene, [axes::MARGIN + axes::LABEL, y + height / 2.0], &label, height);
            y += height + 8.0;
        }
        scene.height = y - 8.0 + axes::BELOW + along;
        if let Some(words) = self.along {
            let at = [(left + right) / 2.0, scene.height - 2.0];
            scene.text(at, words, axes::LABEL, Anchor::Middle, axes::INK);
        }
        scene.title = format!("{title}, {subtitle}");
        (scene, title, subtitle)
    }
}

/// The ends of the axis upwards: the range as it is, or all values and some room.
fn range(spec: &Spec, values: impl Iterator<Item = f64>) -> (f64, f64) {
    match spec.range {
        Some([low, high]) if low < high => (low, high),
        _ => {
            let (low, high) = scale::robust_range(values, 0.0).unwrap_or((0.0, 1.0));
            let (low, high) = scale::widened(low, high);
            let room = (high - low) * 0.04;
            (low - room, high + room)
        }
    }
}

/// Lines grouped by their units: those of one group share an axis.
fn groups(lines: &[PanelLine]) -> Vec<(String, Vec<usize>)> {
    let mut groups: Vec<(String, Vec<usize>)> = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        match groups.iter_mut().find(|(units, _)| *units == line.units) {
            Some((_, members)) => members.push(index),
            None => groups.push((line.units.clone(), vec![index])),
        }
    }
    groups
}

/// The words beside the axis of a group: the one variable with its units where there is room, otherwise the units.
fn axis_label(lines: &[PanelLine], (units, members): &(String, Vec<usize>), room: f64) -> String {
    let mut names = members.iter().filter_map(|&index| lines.get(index)).map(|line| line.label.clone());
    let first = names.next();
    let is_one = names.all(|name| Some(name) == first);
    let whole = first.filter(|_| is_one).map(|name| scale::with_units(&name, units));
    let fits = |text: &String| font::width(text, axes::LABEL, Weight::Regular) <= room;
    whole.filter(fits).unwrap_or_else(|| scale::units(units))
}
