//! Means of a region, or values of cells, over time.

use std::collections::BTreeSet;

use crate::draw::axes::Axes;
use crate::draw::scale;
use crate::draw::scene::{Colour, Line, Rect, Scene};
use crate::draw::time;
use crate::error::{Argument, Error, Result};
use crate::figure::data::gather::Gather;
use crate::figure::data::parts::{Every, Parts};
use crate::figure::data::reduce::Point;
use crate::figure::draft::Draft;
use crate::figure::spec::{Spec, Spread};
use crate::model::time_unit::TimeUnit;

use super::lines::{self, LineSource};
use super::mark::Mark;
use super::panels::{PanelLine, Panels, Ticks};
use super::scenarios::{self, Before, Track};

mod periods;

/// The colour of the run that goes before the others, which no line has.
const BEFORE: Colour = Colour::grey(20);

/// Drafts a series.
///
/// # Errors
/// Where inputs or options do not fit.
pub(crate) fn draft(spec: &Spec, gather: &mut Gather) -> Result<Draft> {
    if let Some(draft) = periods::draft(spec, gather)? {
        return Ok(draft);
    }
    let mut lines = lines::lines(spec, gather)?;
    let before = Before::of(spec, gather, &lines)?;
    // A line alone has no name, but beside what is before it.
    if let (Some(before), [line]) = (&before, lines.as_mut_slice())
        && line.name.is_empty()
    {
        line.name = scenarios::called(&line.field, before.lines().iter().map(|line| &*line.field));
    }
    if spec.is_ensemble() && spec.inputs.len() < 2 {
        let reason = "wants two inputs or more, and one is given";
        return Err(Error::selection(Argument::Spread, "ensemble", reason));
    }
    let spec = spec.clone();
    let others = before.as_ref().map(Before::lines).unwrap_or_default();
    let fields = lines.iter().chain(others).map(|line| line.field.clone()).collect();
    Ok(Draft::new(fields, move |gathered| {
        let of = |line: &LineSource| marks_of(&spec, line, &gathered.get(line.ticket).series, &lines);
        let joined = lines.iter().enumerate().map(|(index, line)| match &before {
            Some(before) => before.joined(index, of(line), &of),
            None => (of(line), 0),
        });
        let joined: Vec<(Vec<Mark>, usize)> = joined.collect();
        let members = spec.inputs.len();
        let tracks =
            lines.into_iter().zip(joined).map(|(line, (marks, before))| Track { line, marks, before });
        let tracks = match spec.is_ensemble() {
            true => scenarios::ensemble(&spec, tracks.collect())?,
            false => tracks.collect(),
        };
        let (mut lines, mut marks, mut joints) = (Vec::new(), Vec::new(), Vec::new());
        for Track { line, marks: own, before } in tracks {
            lines.push(line);
            marks.push(own);
            joints.push(before);
        }
        if marks.iter().flatten().all(|mark| mark.value.is_nan()) {
            let name = lines.first().map_or(String::new(), |line| line.field.name.clone());
            return Err(spec.nothing(&name, "these days and cells"));
        }
        spec.refuse_long_running(marks.iter().map(Vec::len).max().unwrap_or(0))?;
        let name = before.map(|before| before.name);
        Ok(scene(&spec, &lines, &marks, &Joints { joints, name, members }))
    }))
}

/// Where runs become lines.
struct Joints {
    /// How many marks of each line are of the run before.
    joints: Vec<usize>,
    /// What the run before is called.
    name: Option<String>,
    /// How many inputs there are.
    members: usize,
}

/// The marks of a line, on the time axis of the first.
fn marks_of(spec: &Spec, line: &LineSource, points: &[Point], lines: &[LineSource]) -> Vec<Mark> {
    let times = &line.field.times;
    let axis = lines.first().map_or(&times.unit, |first| &first.field.times.unit);
    let day = |step: i64| -> f64 {
        match times.unit.shift_to(axis) {
            Some(shift) => (step + shift) as f64,
            None => times.unit.position_in(axis, step),
        }
    };
    let length = |unit: &TimeUnit| unit.step().in_seconds().map_or(1.0, f64::from);
    let end = |end: i64| day(end - 1) + length(&times.unit) / length(axis);
    let spread = match (spec.spread, line.cells) {
        (Some(spread), _) => spread,
        // Shades over each other are no help.
        (None, 2..) if lines.len() == 1 => Spread::Std,
        (None, _) => Spread::None,
    };
    let steps = line.first..line.first + points.len();
    let parts = Parts::new(times, steps, spec.every.unwrap_or(Every::Step));
    let mut marks = Vec::with_capacity(parts.count());
    for range in parts.ranges.iter() {
        let own = points.get(range.start - line.first..range.end - line.first).unwrap_or_default();
        let known: Vec<&Point> = own.iter().filter(|point| point.cells > 0).collect();
        let mean = |of: &dyn Fn(&Point) -> f64| {
            known.iter().map(|point| of(point)).sum::<f64>() / known.len() as f64
        };
        let (first, last) = (times.steps.get(range.start), times.steps.get(range.end - 1));
        let (Some(first), Some(last)) = (first, last) else { continue };
        let days = (day(first.start), end(last.end));
        let value = mean(&|point| point.mean);
        let (low, high) = match spread {
            // Of an ensemble the spread is that of its members.
            Spread::None | Spread::Ensemble | Spread::EnsembleStd => (f64::NAN, f64::NAN),
            Spread::Std => {
                let std = mean(&|point| point.std);
                (value - std, value + std)
            }
            Spread::Range => (mean(&|point| point.low), mean(&|point| point.high)),
        };
        marks.push(Mark { x: (days.0 + days.1) / 2.0, days, value, low, high });
    }
    marks
}

/// A mean over so many neighbours; NaN where less than half of them are there.
fn running(marks: &[Mark], width: usize) -> Vec<[f64; 2]> {
    // No more than reaches over all of them from any.
    let width = width.min(2 * marks.len() + 1);
    let half = width / 2;
    (0..marks.len())
        .map(|index| {
            let from = index.saturating_sub(half);
            let near = marks.get(from..(index + width - half).min(marks.len())).unwrap_or_default();
            let known: Vec<f64> =
                near.iter().map(|mark| mark.value).filter(|value| !value.is_nan()).collect();
            let is_enough = known.len() * 2 > width;
            let mean = known.iter().sum::<f64>() / known.len() as f64;
            [marks.get(index).map_or(f64::NAN, |mark| mark.x), if is_enough { mean } else { f64::NAN }]
        })
        .collect()
}

fn scene(spec: &Spec, lines: &[LineSource], marks: &[Vec<Mark>], joints: &Joints) -> Scene {
    let finite = |value: &f64| value.is_finite();
    let all = || marks.iter().flatten();
    let x0 = all().map(|mark| mark.days.0).filter(finite).fold(f64::INFINITY, f64::min);
    let x1 = all().map(|mark| mark.days.1).filter(finite).fold(f64::NEG_INFINITY, f64::max);
    let plurals: BTreeSet<String> = lines.iter().map(|line| line.field.meaning.plural()).collect();
    let plural = plurals.first().filter(|_| plurals.len() == 1).cloned().unwrap_or_default();
    let of = if plural.is_empty() { String::new() } else { format!(" of {plural}") };
    let what = match spec.every {
        Some(Every::Month) => format!("monthly means{of}"),
        Some(Every::Year) => format!("yearly means{of}"),
        Some(Every::All) => format!("mean{of}"),
        _ => plural,
    };
    let running = spec.running.filter(|width| *width > 1);
    let mut words = vec![what];
    words.extend(running.map(|width| format!("running mean of {width}")));
    words.extend(scenarios::words(spec, joints.members));
    words.retain(|word| !word.is_empty());
    let x = if x0 < x1 { (x0, x1) } else { (0.0, 1.0) };
    let first = joints.name.clone().map(|name| (name, BEFORE));
    let titles = [lines::title(lines), lines::subtitle(spec, lines, &words.join(", "))];
    let drawn: Vec<PanelLine> = lines.iter().map(PanelLine::from).collect();
    let panels = Panels {
        spec,
        lines: &drawn,
        titles,
        width: 160.0,
        heights: [0.36, 0.22],
        x,
        right: 12.0,
        first,
        along: None,
    };
    let values = |line: usize| -> Vec<f64> {
        let marks = marks.get(line).map(Vec::as_slice).unwrap_or_default();
        marks.iter().flat_map(|mark| [mark.value, mark.low, mark.high]).collect()
    };
    let ticks = |width: f64| {
        let most = ((width / 46.0) as usize).clamp(2, 12);
        let dates =
            lines.first().map(|line| time::ticks(&line.field.times.unit, x.0, x.1, most)).unwrap_or_default();
        let (values, labels) = dates.into_iter().unzip();
        Ticks { values, labels, has_grid: true }
    };
    let (mut scene, title, subtitle) = panels.draw(values, ticks, |scene, axes, index| {
        let own = (lines.get(index), marks.get(index), joints.joints.get(index));
        if let (Some(line), Some(marks), Some(&joint)) = own {
            let of_before = is_first(lines, index).then_some(BEFORE);
            draw(scene, axes, (line.colour, of_before), (marks, joint), running);
        }
    });
    scene.description = describe(lines, marks, joints, &title, &subtitle);
    scene
}

/// Whether a line is the first of its variable and cell: what is before all of them is shown with it.
fn is_first(lines: &[LineSource], index: usize) -> bool {
    let key = |line: &LineSource| (line.variable, line.part);
    let own = lines.get(index).map(key);
    lines.iter().position(|line| Some(key(line)) == own) == Some(index)
}

fn describe(
    lines: &[LineSource],
    marks: &[Vec<Mark>],
    joints: &Joints,
    title: &str,
    subtitle: &str,
) -> String {
    let mut words = vec![format!("Lines over time of {title}, {subtitle}.")];
    let told = |name: &str, marks: &[Mark], line: &LineSource| {
        let known: Vec<f64> = marks.iter().map(|mark| mark.value).filter(|value| !value.is_nan()).collect();
        let mean = known.iter().sum::<f64>() / known.len() as f64;
        let (low, high) = scale::robust_range(known.into_iter(), 0.0).unwrap_or((f64::NAN, f64::NAN));
        format!(
            "{name}: mean {}, from {} to {} {}.",
            scale::label(mean),
            scale::label(low),
            scale::label(high),
            scale::units(&line.field.units)
        )
    };
    let is_one = |of: &dyn Fn(&LineSource) -> usize| lines.iter().all(|line| of(line) == 0);
    for (index, (line, marks)) in lines.iter().zip(marks).enumerate() {
        let joint = joints.joints.get(index).copied().unwrap_or(0);
        let (front, behind) = marks.split_at_checked(joint).unwrap_or((&[], marks.as_slice()));
        if let (false, true, Some(before)) = (front.is_empty(), is_first(lines, index), &joints.name) {
            let mut name = vec![before.clone()];
            name.extend((!is_one(&|line| line.variable)).then(|| line.field.label()));
            name.extend((!is_one(&|line| line.part)).then(|| line.place.clone()));
            words.push(told(&name.join(", "), front, line));
        }
        let name = if line.name.is_empty() { line.field.label() } else { line.name.clone() };
        words.push(told(&name, behind, line));
    }
    words.join(" ")
}

/// Draws a line: of marks so many at the front in the colour of what is before, where that is to be drawn.
fn draw(
    scene: &mut Scene,
    axes: &Axes,
    (colour, of_before): (Colour, Option<Colour>),
    (marks, joint): (&[Mark], usize),
    width: Option<usize>,
) {
    let points: Vec<[f64; 2]> = marks.iter().map(|mark| [mark.x, mark.value]).collect();
    let means = width.map(|width| running(marks, width));
    let thickness = if marks.len() > 500 { 0.7 } else { 1.1 };
    let (Some(front), Some(behind)) = (marks.get(..joint), marks.get(joint..)) else { return };
    // The line goes on from the last mark before it.
    let own = (colour, behind, joint.saturating_sub(1)..marks.len());
    let before = of_before.filter(|_| joint > 0).map(|colour| (colour, front, 0..joint));
    for (colour, shaded, range) in [own].into_iter().chain(before) {
        let of = |all: &[[f64; 2]]| all.get(range.clone()).unwrap_or_default().to_vec();
        stretch(scene, axes, (colour, thickness), shaded, of(&points), means.as_deref().map(of));
    }
}

/// Draws a stretch of a line in one colour: what is shaded, the values, and their running mean.
fn stretch(
    scene: &mut Scene,
    axes: &Axes,
    (colour, thickness): (Colour, f64),
    marks: &[Mark],
    values: Vec<[f64; 2]>,
    means: Option<Vec<[f64; 2]>>,
) {
    let clip = Rect { ..axes.rect };
    // More points than a line can show are drawn as the least and the greatest of those that fall together.
    let bins = (axes.rect.width() * 2.0) as usize;
    for part in marks.split(|mark| mark.low.is_nan() || mark.high.is_nan()) {
        let upper = thin(part.iter().map(|mark| [mark.x, mark.high]).collect(), bins, f64::max);
        let lower = thin(part.iter().map(|mark| [mark.x, mark.low]).collect(), bins, f64::min);
        let around: Vec<[f64; 2]> =
            upper.into_iter().chain(lower.into_iter().rev()).map(|[x, y]| axes.at(x, y)).collect();
        let around = crate::draw::outlines::clipped_area(&around, &clip);
        if around.len() > 2 {
            scene.shade(vec![Line::closed(around)], colour, 0.2);
        }
    }
    let mut line = |points: Vec<[f64; 2]>, colour: Colour, thickness: f64| {
        let mut lines = Vec::new();
        for part in points.split(|[_, y]| y.is_nan()) {
            let part: Vec<[f64; 2]> = extremes(part, bins).into_iter().map(|[x, y]| axes.at(x, y)).collect();
            match part.as_slice() {
                // A value between gaps would be no line at all.
                [[x, y]] => lines.push(Line::open(vec![[x - 1.0, *y], [x + 1.0, *y]])),
                part => lines.extend(crate::draw::outlines::clipped_line(part, &clip)),
            }
        }
        scene.stroke(lines, colour, thickness);
    };
    match means {
        None => line(values, colour, thickness),
        Some(means) => {
            line(values, colour.mixed(Colour::grey(255), 0.55), 0.5);
            line(means, colour, 1.3);
        }
    }
}

/// One point for those that fall together.
fn thin(points: Vec<[f64; 2]>, bins: usize, choose: impl Fn(f64, f64) -> f64) -> Vec<[f64; 2]> {
    let size = points.len().div_ceil(bins.max(1)).max(1);
    let one = |part: &[[f64; 2]]| {
        let x = part.iter().map(|point| point[0]).sum::<f64>() / part.len() as f64;
        part.iter().map(|point| point[1]).reduce(&choose).map(|y| [x, y])
    };
    points.chunks(size).filter_map(one).collect()
}

/// The first, least, greatest and last of the points that fall together, in their order.
fn extremes(points: &[[f64; 2]], bins: usize) -> Vec<[f64; 2]> {
    if points.len() <= bins * 2 {
        return points.to_vec();
    }
    let size = points.len().div_ceil(bins.max(1));
    let mut kept = Vec::new();
    for part in points.chunks(size) {
        let by = |one: &&[f64; 2], other: &&[f64; 2]| one[1].total_cmp(&other[1]);
        let mut few: Vec<&[f64; 2]> =
            [part.first(), part.iter().min_by(by), part.iter().max_by(by), part.last()]
                .into_iter()
                .flatten()
                .collect();
        few.sort_by(|one, other| one[0].total_cmp(&other[0]));
        few.dedup();
        kept.extend(few);
    }
    kept
}

/// Left, top, right, bottom of the first frame of a picture, in points.
pub(crate) fn frame_of(scene: &Scene) -> [f64; 4] {
    let corners = scene.items.iter().find_map(|item| match item {
        crate::draw::scene::Item::Stroke { lines, .. } => {
            lines.first().filter(|line| line.closed && line.points.len() == 4).map(|line| line.points.clone())
        }
        _ => None,
    });
    match corners.as_deref() {
        Some([[left, top], _, [right, bottom], _]) => [*left, *top, *right, *bottom],
        _ => [0.0, 0.0, scene.width, scene.height],
    }
}
