//! A model's values against what was observed at the same time and place: of the pairs of an evaluation.

use crate::draw::axes::{self, Axes};
use crate::draw::colours::qualitative;
use crate::draw::font;
use crate::draw::scale;
use crate::draw::scene::{Anchor, Colour, Item, Line, Rect, Scene, Weight};
use crate::error::{Argument, Error, Result};
use crate::figure::data::evaluation::{self, Pair, Pairs, Scores};
use crate::figure::draft::{Draft, one_file};
use crate::figure::spec::Spec;
use crate::words::many;

use super::scatter::{self, MOST_DOTS};

/// Stations that have a colour of their own.
const COLOURED: usize = 7;

/// Whether a scatter plot is of an evaluation: of one folder with scores, or of one table of text, and no variable.
pub(crate) fn is_meant(spec: &Spec) -> bool {
    let [path] = spec.inputs.as_slice() else { return false };
    let is_table = path.extension().is_some_and(|extension| extension == "csv");
    spec.variables.is_empty()
        && (is_table || path.join("scores.csv").is_file() || path.join("pairs.csv").is_file())
}

/// Drafts a scatter plot of `pairs.csv`.
///
/// # Errors
/// [`Argument`](crate::ErrorKind::Argument) where settings are of grids, or the evaluation is of maps.
pub(crate) fn draft(spec: &Spec) -> Result<Draft> {
    let path = one_file(spec, "pairs.csv")?;
    let given = [
        (Argument::From, spec.from.is_some()),
        (Argument::To, spec.to.is_some()),
        (Argument::Every, spec.every.is_some()),
        (Argument::Area, spec.bbox.is_some()),
    ];
    if let Some((argument, _)) = given.into_iter().find(|(_, is_given)| *is_given) {
        return Err(Error::selection(
            argument,
            "",
            "is of grids; pairs of an evaluation are drawn as they are",
        ));
    }
    if spec.inputs.iter().any(|input| input.is_dir()) && !path.exists() {
        let reason = "holds no pairs.csv: evaluations with maps have none, those with stations have";
        let folder = path.parent().unwrap_or(&path).display();
        return Err(Error::selection(Argument::File, folder, reason));
    }
    let (path, scores) = evaluation::with_scores(path);
    let files = [Some(path.clone()), scores.clone()].into_iter().flatten().collect();
    let spec = spec.clone();
    Ok(Draft::of_files(files, move |_| {
        let pairs = evaluation::pairs(&path)?;
        let scores = scores.map(|path| evaluation::scores(&path)).transpose()?.unwrap_or_default();
        Ok(scene(&spec, &pairs, &scores))
    }))
}

fn scene(spec: &Spec, pairs: &Pairs, scores: &Scores) -> Scene {
    let width = spec.width(100.0);
    let mut scene = Scene::new(width, 0.0);
    let title = spec.title.clone().unwrap_or_else(|| pairs.of.titled("Model against what was observed"));
    let stations = match pairs.stations.as_slice() {
        [station] => station.clone(),
        several => many(several.len() as u64, "station"),
    };
    let count = many(pairs.pairs.len() as u64, "pair");
    let subtitle = spec.subtitle.clone().unwrap_or_else(|| format!("{count} at {stations}"));
    let mut top = axes::header(&mut scene, &title, &subtitle);
    let is_dense = pairs.pairs.len() > MOST_DOTS;
    let is_coloured = (2..=COLOURED).contains(&pairs.stations.len()) && !is_dense;
    if is_coloured {
        let names: Vec<(String, Colour)> = pairs
            .stations
            .iter()
            .enumerate()
            .map(|(index, name)| (name.clone(), qualitative(index)))
            .collect();
        top = axes::key(&mut scene, &Rect::new(axes::MARGIN, 0.0, width - axes::MARGIN, 0.0), top, &names);
    }
    // Both axes are alike, so that the line of what agrees is the diagonal.
    let values = pairs.pairs.iter().flat_map(|pair| [pair.model, pair.observed]);
    let (low, high) = scale::robust_range(values, 0.0).unwrap_or((0.0, 1.0));
    let (low, high) = scale::widened(low, high);
    let room = (high - low) * 0.03;
    let ends = (low - room, high + room);
    let point = |pair: &Pair| [pair.observed, pair.model];
    let counts =
        if is_dense { scatter::counted(pairs.pairs.iter().map(point), ends, ends) } else { Vec::new() };
    let colours = scatter::scale_of(&counts);
    let ticks = scale::ticks(ends.0, ends.1, 6);
    let labels = scale::labels(&ticks);
    let left = axes::MARGIN + axes::LABEL + 6.0 + axes::widest(&labels) + axes::TICK_LENGTH + 2.5;
    let bar = if is_dense { axes::bar_width(&colours, "pairs") } else { 6.0 };
    let mut side = (width - left - axes::MARGIN - bar).max(40.0);
    if let Some(height) = spec.height() {
        side = side.min((height - top - axes::BELOW - axes::LABEL - axes::MARGIN - 6.0).max(40.0));
    }
    let rect = Rect::new(left, top, left + side, top + side);
    let axes = Axes { rect, x: ends, y: ends };
    axes.grid(&mut scene, &ticks, &ticks);
    if is_dense {
        scene.items.push(scatter::squares(rect, &counts, &colours));
    } else {
        for pair in &pairs.pairs {
            let colour = if is_coloured { qualitative(pair.station) } else { qualitative(0) };
            scene.shade(vec![scatter::dot(axes.at(pair.observed, pair.model))], colour, 0.5);
        }
    }
    scene.items.push(Item::Stroke {
        lines: vec![Line::open(vec![axes.at(ends.0, ends.0), axes.at(ends.1, ends.1)])],
        colour: axes::INK,
        width: 0.8,
        dash: Some([4.0, 2.5]),
    });
    axes.frame(&mut scene);
    axes.ticks_x(&mut scene, &ticks, &labels);
    axes.ticks_y(&mut scene, &ticks, &labels);
    if is_dense {
        axes::bar_beside(&mut scene, &rect, &colours, "pairs");
    }
    let own = if pairs.stations.len() == 1 { pairs.stations.first() } else { None };
    let told = own.and_then(|name| scores.get(name)).or_else(|| scores.get("all"));
    corner(&mut scene, &axes, pairs, told.map_or(&[][..], Vec::as_slice));
    let [model, observed] = ["model", "observed"].map(|name| scale::with_units(name, &pairs.of.units));
    axes::upwards(&mut scene, [axes::MARGIN + axes::LABEL, top + side / 2.0], &model, side);
    let below = rect.bottom + axes::BELOW + axes::LABEL + 1.0;
    scene.text([left + side / 2.0, below], &observed, axes::LABEL, Anchor::Middle, axes::INK);
    scene.height = below + 3.0;
    scene.title = format!("{title}, {subtitle}");
    let words: Vec<String> =
        told.into_iter().flatten().map(|(word, number)| format!("{word} = {number}")).collect();
    scene.description =
        format!("{model} upwards against {observed} to the right, {subtitle}; {}.", words.join(", "));
    scene
}

/// Scores in the corner, above or below the diagonal, that has fewer pairs.
fn corner(scene: &mut Scene, axes: &Axes, pairs: &Pairs, told: &[(&'static str, String)]) {
    if told.is_empty() {
        return;
    }
    let lines: Vec<String> = told.iter().map(|(word, number)| format!("{word} = {number}")).collect();
    let width = lines.iter().map(|line| font::width(line, axes::SMALL, Weight::Regular)).fold(0.0, f64::max);
    let step = axes::SMALL + 2.0;
    let height = step * lines.len() as f64;
    let rect = &axes.rect;
    let upper = Rect::new(rect.left + 4.0, rect.top + 4.0, rect.left + width + 10.0, rect.top + height + 8.0);
    let lower =
        Rect::new(rect.right - width - 10.0, rect.bottom - height - 8.0, rect.right - 4.0, rect.bottom - 4.0);
    let inside = |corner: &Rect| {
        let is_in = |pair: &&Pair| {
            let [x, y] = axes.at(pair.observed, pair.model);
            (corner.left..=corner.right).contains(&x) && (corner.top..=corner.bottom).contains(&y)
        };
        pairs.pairs.iter().filter(is_in).count()
    };
    let corner = if inside(&lower) < inside(&upper) { lower } else { upper };
    scene.shade(vec![Line::closed(corner.corners())], Colour::grey(255), 0.85);
    for (index, line) in lines.into_iter().enumerate() {
        let at = [corner.left + 3.0, corner.top + step * (index + 1) as f64];
        scene.text(at, line, axes::SMALL, Anchor::Start, axes::INK);
    }
}
