//! How the scatter of a model's values, and their correlation with what was observed, lie in one plane (Taylor 2001).
//!
//! The distance from the origin is the model's standard deviation over the observed one, the angle is that of the correlation; the distance from the
//! point *observed* is then the centred difference, over the same.

use std::f64::consts::{FRAC_PI_2, PI};
use std::io::Read;
use std::path::Path;

use crate::draw::axes::{self, GRID, INK, RULE, SMALL, SOFT, TICK};
use crate::draw::colours::qualitative;
use crate::draw::scale;
use crate::draw::scene::{Anchor, Colour, Item, Line, Rect, Scene};
use crate::error::{Error, Result};
use crate::figure::data::evaluation::{Quantity, without_twins};
use crate::figure::draft::{Draft, one_file};
use crate::figure::spec::Spec;

/// Names that have a colour of their own; more are written beside their points.
const COLOURED: usize = 7;
/// Points that can be told apart.
const MOST: usize = 200;
/// Bytes of a table.
const LONGEST: u64 = 64 << 20;

/// A part of the map, or a station.
struct Scored {
    name: String,
    /// The model's standard deviation over the observed one.
    ratio: f64,
    correlation: f64,
}

/// Drafts a figure of `scores.csv`.
///
/// # Errors
/// [`Argument`](crate::ErrorKind::Argument) where no table is given.
pub(crate) fn draft(spec: &Spec) -> Result<Draft> {
    let path = one_file(spec, "scores.csv")?;
    let spec = spec.clone();
    Ok(Draft::of_files(vec![path.clone()], move |_| {
        let (scored, left, of) = read(&path)?;
        Ok(scene(&spec, &scored, left, &of))
    }))
}

/// What a table has, how many of its rows have no such scores, and what they are of.
fn read(path: &Path) -> Result<(Vec<Scored>, usize, Quantity)> {
    let refuse = |reason: String| Error::in_table(path, "draw the table", reason);
    let mut text = String::new();
    let opened =
        crate::shared::open_input(path).and_then(|file| file.take(LONGEST).read_to_string(&mut text));
    opened.map_err(|source| Error::io("read", path, source))?;
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let header = rows.headers().map_err(|error| refuse(error.to_string()))?.clone();
    let column = |name: &str| {
        let found = header.iter().position(|own| own == name);
        found.ok_or_else(|| refuse(format!("it has no column {name}, as the scores of an evaluation have")))
    };
    let (name, model, observed, correlation) =
        (column("name")?, column("model_sd")?, column("observed_sd")?, column("correlation")?);
    let variable = header.iter().position(|own| own == "variable");
    let (mut scored, mut left, mut of) = (Vec::new(), 0, Quantity::default());
    for row in rows.records() {
        let row = row.map_err(|error| refuse(error.to_string()))?;
        if let Some(variable) = variable.and_then(|column| row.get(column)) {
            variable.clone_into(&mut of.variable);
        }
        let number = |column: usize| row.get(column)?.parse::<f64>().ok().filter(|number| number.is_finite());
        let ratio = number(model).zip(number(observed)).map(|(model, observed)| model / observed);
        match ratio.filter(|ratio| ratio.is_finite()).zip(number(correlation)) {
            Some((ratio, correlation)) => {
                let name = row.get(name).unwrap_or_default().to_owned();
                scored.push(Scored { name, ratio, correlation: correlation.clamp(-1.0, 1.0) });
            }
            None => left += 1,
        }
    }
    let same =
        |one: &Scored, other: &Scored| (one.ratio, one.correlation) == (other.ratio, other.correlation);
    without_twins(&mut scored, |one| &one.name, same);
    match scored.len() {
        0 => Err(refuse("it has no row with a correlation".to_owned())),
        count if count > MOST => Err(refuse(format!("it has {count} rows; {MOST} can be told apart"))),
        _ => Ok((scored, left, of)),
    }
}

/// The plane: polar coordinates around a point of the picture.
struct Plane {
    origin: [f64; 2],
    /// Points of a standard deviation of 1.
    unit: f64,
    most: f64,
    /// The largest angle: a right one where no correlation is below 0.
    widest: f64,
}

impl Plane {
    fn at(&self, ratio: f64, angle: f64) -> [f64; 2] {
        [self.origin[0] + self.unit * ratio * angle.cos(), self.origin[1] - self.unit * ratio * angle.sin()]
    }

    fn arc(&self, ratio: f64) -> Line {
        Line::open((0..=90).map(|step| self.at(ratio, self.widest * f64::from(step) / 90.0)).collect())
    }

    /// Where the centred difference is so large.
    fn differences(&self, size: f64) -> Vec<Line> {
        let mut lines = vec![Vec::new()];
        for step in 0..=180 {
            let angle = PI * f64::from(step) / 180.0;
            let (x, y) = (1.0 + size * angle.cos(), size * angle.sin());
            let is_inside = x.hypot(y) <= self.most && y.atan2(x) <= self.widest + 1e-9;
            match (is_inside, lines.last_mut()) {
                (true, Some(line)) => line.push(self.at(x.hypot(y), y.atan2(x))),
                (false, Some(line)) if !line.is_empty() => lines.push(Vec::new()),
                _ => {}
            }
        }
        lines.into_iter().filter(|line| line.len() > 1).map(Line::open).collect()
    }
}

fn dashed(scene: &mut Scene, lines: Vec<Line>, colour: Colour) {
    scene.items.push(Item::Stroke { lines, colour, width: 0.6, dash: Some([3.0, 2.0]) });
}

fn dot(at: [f64; 2], radius: f64) -> Line {
    Line::closed(
        (0..12)
            .map(|step| {
                let angle = PI * f64::from(step) / 6.0;
                [at[0] + radius * angle.cos(), at[1] + radius * angle.sin()]
            })
            .collect(),
    )
}

fn scene(spec: &Spec, scored: &[Scored], left: usize, of: &Quantity) -> Scene {
    let width = spec.width(120.0);
    let mut scene = Scene::new(width, 0.0);
    let titled = || of.titled("Scatter and correlation with what was observed");
    let title = spec.title.clone().unwrap_or_else(titled);
    let mut words = vec![match scored.len() {
        1 => "1 point".to_owned(),
        count => format!("{count} points"),
    }];
    if left > 0 {
        words.push(format!("{left} without a correlation left out"));
    }
    let subtitle = spec.subtitle.clone().unwrap_or_else(|| words.join(" · "));
    let mut top = axes::header(&mut scene, &title, &subtitle);
    let is_coloured = scored.len() <= COLOURED;
    if is_coloured {
        let names: Vec<(String, Colour)> =
            scored.iter().enumerate().map(|(index, one)| (one.name.clone(), qualitative(index))).collect();
        top = axes::key(&mut scene, &Rect::new(axes::MARGIN, 0.0, width - axes::MARGIN, 0.0), top, &names);
    }
    let is_half = scored.iter().any(|one| one.correlation < 0.0);
    let largest = scored.iter().map(|one| one.ratio).fold(0.0, f64::max);
    let most = (largest * 1.08).max(1.5);
    let (left_edge, right) = (axes::MARGIN + 26.0, width - axes::MARGIN - 26.0);
    let across = right - left_edge;
    let mut radius = if is_half { across / 2.0 } else { across };
    if let Some(height) = spec.height() {
        radius = radius.min((height - top - axes::BELOW - axes::MARGIN - 30.0).max(60.0));
    }
    let origin = [if is_half { left_edge + across / 2.0 } else { left_edge }, top + 14.0 + radius];
    let widest = if is_half { PI } else { FRAC_PI_2 };
    let plane = Plane { origin, unit: radius / most, most, widest };
    let ticks: Vec<f64> = scale::ticks(0.0, most, 6).into_iter().filter(|tick| *tick <= most).collect();
    scene.stroke(ticks.iter().filter(|&&tick| tick > 0.0).map(|&tick| plane.arc(tick)).collect(), GRID, 0.6);
    let sizes = scale::ticks(0.0, most + 1.0, 6).into_iter().filter(|&size| size > 0.0);
    dashed(
        &mut scene,
        sizes.flat_map(|size| plane.differences(size)).collect(),
        SOFT.mixed(Colour::grey(255), 0.6),
    );
    let steps = [0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.99];
    let below = steps.iter().rev().map(|step| -step).filter(|_| is_half).chain(is_half.then_some(0.0));
    for correlation in below.chain(steps) {
        let angle = f64::acos(correlation);
        scene.rule(origin, plane.at(most, angle), GRID, 0.5);
        scene.rule(plane.at(most, angle), plane.at(most * 1.012, angle), RULE, 0.6);
        let at = plane.at(most * 1.03, angle);
        let anchor = if correlation < -0.05 {
            Anchor::End
        } else if correlation > 0.05 {
            Anchor::Start
        } else {
            Anchor::Middle
        };
        scene.text(at, scale::label(correlation), SMALL, anchor, INK);
    }
    let middle = plane.at(most * 1.16, FRAC_PI_2 / 2.0);
    scene.text(middle, "correlation", TICK, Anchor::Start, SOFT);
    dashed(&mut scene, vec![plane.arc(1.0)], RULE);
    let mut edge = plane.arc(most).points;
    edge.insert(0, origin);
    scene.stroke(vec![Line::closed(edge)], RULE, 0.8);
    let labels = scale::labels(&ticks);
    let sides: &[f64] = if is_half { &[1.0, -1.0] } else { &[1.0] };
    for (&tick, label) in ticks.iter().zip(&labels) {
        for side in sides.iter().filter(|side| tick > 0.0 || **side > 0.0) {
            let x = origin[0] + side * tick * plane.unit;
            scene.rule([x, origin[1]], [x, origin[1] + axes::TICK_LENGTH], RULE, 0.6);
            scene.text(
                [x, origin[1] + axes::TICK_LENGTH + TICK + 0.5],
                label.clone(),
                TICK,
                Anchor::Middle,
                INK,
            );
        }
    }
    let mut bottom = origin[1] + axes::BELOW;
    scene.text(
        [origin[0] + if is_half { 0.0 } else { radius / 2.0 }, bottom + TICK],
        "standard deviation, observed = 1",
        TICK,
        Anchor::Middle,
        INK,
    );
    bottom += TICK + 4.0;
    let own = plane.at(1.0, 0.0);
    scene.fill(vec![dot(own, 3.2)], INK);
    scene.text([own[0], own[1] - 5.0], "observed", SMALL, Anchor::Middle, INK);
    for (index, one) in scored.iter().enumerate() {
        let at = plane.at(one.ratio, one.correlation.acos());
        scene.fill(vec![dot(at, 3.0)], if is_coloured { qualitative(index) } else { qualitative(0) });
        if !is_coloured {
            scene.text([at[0] + 4.0, at[1] + 2.5], one.name.clone(), 6.0, Anchor::Start, INK);
        }
    }
    let told = scored.iter().map(|one| {
        format!(
            "{}: standard deviation {} of the observed one, correlation {}",
            one.name,
            scale::label((one.ratio * 1e3).round() / 1e3),
            scale::label((one.correlation * 1e3).round() / 1e3)
        )
    });
    scene.description = format!("A Taylor diagram. {}.", told.collect::<Vec<_>>().join("; "));
    scene.title = format!("{title}, {subtitle}");
    scene.height = bottom;
    scene
}
