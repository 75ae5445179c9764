//! A variable against another.

use crate::draw::axes::{self, Axes};
use crate::draw::colours::{ColourMap, qualitative};
use crate::draw::scale::{self, ColourScale};
use crate::draw::scene::{Cells, Item, Line, Rect, Scene};
use crate::error::{Argument, Error, Reason, Result};
use crate::figure::data::gather::Gather;
use crate::figure::data::parts::{Every, Parts};
use crate::figure::data::reduce::Reduction;
use crate::figure::draft::{Draft, DrawnGrid};
use crate::figure::spec::Spec;
use crate::grid::read::Times;

use super::wanted;

/// More points than this are counted instead of drawn.
pub(super) const MOST_DOTS: usize = 1500;
/// More points than this are not held.
const MOST_VALUES: usize = 200_000_000;
/// Squares along an axis in which they are counted.
const BINS: usize = 48;

/// Drafts a scatter plot: the first variable to the right, the second upwards.
///
/// # Errors
/// Where inputs or options do not fit.
pub(crate) fn draft(spec: &Spec, gather: &mut Gather) -> Result<Draft> {
    if spec.variables.len() != 2 && spec.inputs.len() != 2 {
        let reason =
            Reason::from("wants two: ").naming(Argument::Variable).then(" A,B of one folder, or two files");
        return Err(Error::selection(Argument::Variable, spec.variables.join(","), reason));
    }
    // Two variables of one folder, of one file each, or one variable of two runs.
    let one = DrawnGrid::open(spec, gather, 0, 0)?;
    let other_input = spec.inputs.len().saturating_sub(1).min(1);
    let other = DrawnGrid::open(spec, gather, other_input, spec.variables.len().saturating_sub(1).min(1))?;
    let every = spec.every.unwrap_or_default();
    let mut tickets = Vec::new();
    for source in [&one, &other] {
        let steps = wanted::between(&source.field, spec)?;
        let parts = Parts::new(&source.field.times, steps, every);
        if parts.count().saturating_mul(source.field.place.cells()) > MOST_VALUES {
            let reason = format!(
                "makes {} times {} points of {}, which are more than fit; year or all does not",
                parts.count(),
                source.field.place.cells(),
                source.field.file_name()
            );
            return Err(Error::selection(Argument::Every, "", reason));
        }
        tickets.push((gather.want(source.id, Reduction::Cells { parts: parts.clone() }), parts));
    }
    let spec = spec.clone();
    let (x_field, y_field) = (one.field, other.field);
    Ok(Draft::new(vec![x_field.clone(), y_field.clone()], move |gathered| {
        let [(x_ticket, x_parts), (y_ticket, y_parts)] = tickets.as_slice() else {
            return Err(Error::selection(Argument::Variable, "", "wants two"));
        };
        let cells = x_field.place.cells();
        let mut points = Vec::new();
        let weights = x_field.place.weights(spec.bbox);
        let (xs, ys) = (&gathered.get(*x_ticket).values, &gathered.get(*y_ticket).values);
        for (part, range) in x_parts.ranges.iter().enumerate() {
            let Some(same) = same_part(&x_field.times, range.start, &y_field.times, y_parts, every) else {
                continue;
            };
            let all = y_field.place.cells();
            let y_values = ys.get(same * all..(same + 1) * all).unwrap_or_default();
            let y_values = match x_field.place == y_field.place {
                true => y_values.to_vec(),
                false => wanted::aligned(&x_field.place, &y_field.place, y_values),
            };
            let x_values = xs.get(part * cells..(part + 1) * cells).unwrap_or_default();
            for ((&x, &y), &weight) in x_values.iter().zip(&y_values).zip(&weights) {
                if !x.is_nan() && !y.is_nan() && weight > 0.0 {
                    points.push([x, y]);
                }
            }
        }
        if points.is_empty() {
            let names = format!("{},{}", x_field.name, y_field.name);
            let reason = "have no value in the same cell and time";
            return Err(match spec.bbox {
                Some(_) => spec.nothing(&names, "the same cell and time"),
                None => Error::selection(Argument::Variable, names, reason),
            });
        }
        let names = [(&x_field, &y_field), (&y_field, &x_field)].map(|(field, other)| {
            let name = scale::with_units(&field.label(), &field.units);
            match (field.label() == other.label(), field.run() == other.run()) {
                (false, true) => name,
                (true, true) => format!("{name}, {}", field.file_name()),
                (_, false) => format!("{name}, {}", field.run()),
            }
        });
        let what = match every {
            Every::All => "a cell",
            Every::Year => "a cell and year",
            Every::Month => "a cell and month",
            Every::Step => "a cell and step",
        };
        let correlation = correlation(&points);
        let title = spec.title.clone().unwrap_or_else(|| match y_field.label() == x_field.label() {
            true => y_field.label(),
            false => format!("{} and {}", y_field.label(), super::lines::lower(&x_field.label())),
        });
        let subtitle = spec.subtitle.clone().unwrap_or_else(|| {
            let count = points.len();
            let run =
                if x_field.run() == y_field.run() { format!(" · {}", x_field.run()) } else { String::new() };
            let differ = super::pair::differences([&*x_field, &*y_field].into_iter());
            let differ = differ.map_or(String::new(), |words| format!(" · {words}"));
            format!(
                "{count} points, each {what} · r = {}{run}{differ}",
                scale::label((correlation * 1000.0).round() / 1000.0)
            )
        });
        Ok(scene(&spec, &title, &subtitle, &names, &points))
    }))
}

/// The part of another axis that begins on the same date, or in the same month or year.
fn same_part(times: &Times, step: usize, other: &Times, parts: &Parts, every: Every) -> Option<usize> {
    if every == Every::All {
        return Some(0);
    }
    let date = times.date(step)?;
    parts.ranges.iter().position(|range| {
        other.date(range.start).is_some_and(|own| match every {
            Every::Year => own.year == date.year,
            Every::Month => (own.year, own.month) == (date.year, date.month),
            _ => own == date && other.label(range.start) == times.label(step),
        })
    })
}

fn correlation(points: &[[f64; 2]]) -> f64 {
    let count = points.len() as f64;
    let mean = |axis: usize| points.iter().map(|point| point[axis]).sum::<f64>() / count;
    let (x, y) = (mean(0), mean(1));
    let sum = |of: &dyn Fn(&[f64; 2]) -> f64| points.iter().map(of).sum::<f64>();
    let both = sum(&|point| (point[0] - x) * (point[1] - y));
    let (xx, yy) = (sum(&|point| (point[0] - x).powi(2)), sum(&|point| (point[1] - y).powi(2)));
    both / (xx * yy).sqrt()
}

/// How many points lie in each square, row by row from above.
pub(super) fn counted(points: impl Iterator<Item = [f64; 2]>, x: (f64, f64), y: (f64, f64)) -> Vec<f64> {
    let mut counts = vec![0.0f64; BINS * BINS];
    let bin = |value: f64, ends: (f64, f64)| ((value - ends.0) / (ends.1 - ends.0) * BINS as f64).floor();
    for point in points {
        let (column, row) = (bin(point[0], x), bin(point[1], y));
        let inside = |bin: f64| (0.0..BINS as f64).contains(&bin);
        if inside(column)
            && inside(row)
            && let Some(count) = counts.get_mut((BINS - 1 - row as usize) * BINS + column as usize)
        {
            *count += 1.0;
        }
    }
    counts
}

/// The colours of counts.
pub(super) fn scale_of(counts: &[f64]) -> ColourScale {
    let most = counts.iter().copied().fold(0.0, f64::max);
    let mut levels = vec![1.0];
    for level in [2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1e3, 2e3, 5e3, 1e4, 1e5, 1e6] {
        if levels.last().is_some_and(|&last| last < most) {
            levels.push(level);
        }
    }
    if levels.len() < 2 {
        levels.push(2.0);
    }
    ColourScale { levels, map: ColourMap::SEQUENTIAL, smooth: false, extends: (false, false) }
}

/// Counts in a frame.
pub(super) fn squares(rect: Rect, counts: &[f64], scale: &ColourScale) -> Item {
    let edges =
        |from: f64, to: f64| (0..=BINS).map(|step| from + (to - from) * step as f64 / BINS as f64).collect();
    let colours = counts.iter().map(|&count| if count > 0.0 { scale.colour(count) } else { None }).collect();
    let (x, y) = (edges(rect.left, rect.right), edges(rect.top, rect.bottom));
    Item::Cells(Cells { x, y, colours, clip: rect })
}

/// A dot around a place of the picture: an octagon of this size is one.
pub(super) fn dot([x, y]: [f64; 2]) -> Line {
    let (a, b) = (1.8, 0.75);
    Line::closed(
        [[-b, -a], [b, -a], [a, -b], [a, b], [b, a], [-b, a], [-a, b], [-a, -b]]
            .map(|[dx, dy]| [x + dx, y + dy])
            .to_vec(),
    )
}

fn scene(spec: &Spec, title: &str, subtitle: &str, names: &[String; 2], points: &[[f64; 2]]) -> Scene {
    let ends = |axis: usize| {
        let values = points.iter().map(|point| point[axis]);
        // Single far points must not press all others together.
        let share = if points.len() > MOST_DOTS { 0.0005 } else { 0.0 };
        let (low, high) = scale::robust_range(values, share).unwrap_or((0.0, 1.0));
        let (low, high) = scale::widened(low, high);
        let room = (high - low) * 0.03;
        (low - room, high + room)
    };
    let (x, y) = (ends(0), ends(1));
    let dense = points.len() > MOST_DOTS;
    let counts = if dense { counted(points.iter().copied(), x, y) } else { Vec::new() };
    let scale = scale_of(&counts);
    let width = spec.width(110.0);
    let mut scene = Scene::new(width, 0.0);
    let top = axes::header(&mut scene, title, subtitle);
    let bar = if dense { axes::bar_width(&scale, "points") } else { 4.0 };
    let height = match spec.height() {
        Some(height) => (height - top - axes::BELOW - axes::LABEL - axes::MARGIN - 6.0).max(30.0),
        None => width * 0.72,
    };
    let y_ticks = scale::ticks(y.0, y.1, ((height / 20.0) as usize).clamp(3, 8));
    let y_labels = scale::labels(&y_ticks);
    let left = axes::MARGIN + axes::LABEL + 6.0 + axes::widest(&y_labels) + axes::TICK_LENGTH + 2.5;
    let rect = Rect::new(left, top, width - axes::MARGIN - bar, top + height);
    let axes = Axes { rect, x, y };
    let x_ticks = scale::ticks(x.0, x.1, ((rect.width() / 30.0) as usize).clamp(4, 8));
    axes.grid(&mut scene, &x_ticks, &y_ticks);
    if dense {
        scene.items.push(squares(rect, &counts, &scale));
    } else {
        for point in points {
            scene.shade(vec![dot(axes.at(point[0], point[1]))], qualitative(0), 0.45);
        }
    }
    axes.frame(&mut scene);
    axes.ticks_x(&mut scene, &x_ticks, &scale::labels(&x_ticks));
    axes.ticks_y(&mut scene, &y_ticks, &y_labels);
    if dense {
        axes::bar_beside(&mut scene, &rect, &scale, "points");
    }
    axes::upwards(&mut scene, [axes::MARGIN + axes::LABEL, top + height / 2.0], &names[1], height);
    let below = rect.bottom + axes::BELOW + axes::LABEL + 1.0;
    let name = crate::draw::font::fitted(
        &names[0],
        axes::LABEL,
        crate::draw::scene::Weight::Regular,
        width - 2.0 * axes::MARGIN,
    );
    // Below the middle of the axis, but within the picture.
    let half = crate::draw::font::width(&name, axes::LABEL, crate::draw::scene::Weight::Regular) / 2.0;
    let ends = (axes::MARGIN + half, width - axes::MARGIN - half);
    let middle = ((rect.left + rect.right) / 2.0).min(ends.1).max(ends.0);
    scene.text([middle, below], name, axes::LABEL, crate::draw::scene::Anchor::Middle, axes::INK);
    scene.height = below + 3.0;
    scene.title = format!("{title}, {subtitle}");
    scene.description = format!("{} upwards against {} to the right, {subtitle}.", names[1], names[0]);
    scene
}
