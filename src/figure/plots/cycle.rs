//! The mean year of a model beside the observed one: of the mean months of an evaluation, a panel a station or area.

use crate::draw::axes::{self, Axes};
use crate::draw::colours::qualitative;
use crate::draw::font;
use crate::draw::scale;
use crate::draw::scene::{Anchor, Colour, Item, Line, Rect, Scene, Text, Weight};
use crate::error::{Error, Result};
use crate::figure::data::evaluation::{self, MeanYear, Quantity, Scores};
use crate::figure::draft::{Draft, one_file};
use crate::figure::spec::Spec;

/// Panels that can be told apart.
const MOST: usize = 24;
/// Panels beside each other.
const ACROSS: usize = 3;
/// Room between panels.
const GAP: f64 = 12.0;
const MONTHS: [&str; 12] = ["J", "F", "M", "A", "M", "J", "J", "A", "S", "O", "N", "D"];

/// Drafts mean years of `cycle.csv`.
///
/// # Errors
/// [`Argument`](crate::ErrorKind::Argument) where no evaluation is given.
pub(crate) fn draft(spec: &Spec) -> Result<Draft> {
    let (path, scores) = evaluation::with_scores(one_file(spec, "cycle.csv")?);
    let files = [Some(path.clone()), scores.clone()].into_iter().flatten().collect();
    let spec = spec.clone();
    Ok(Draft::of_files(files, move |_| {
        let (years, of) = evaluation::cycle(&path)?;
        if years.len() > MOST {
            let reason = format!("its {} names are more than the limit of {MOST} panels", years.len());
            return Err(Error::in_table(&path, "draw the table", reason));
        }
        let scores = scores.map(|path| evaluation::scores(&path)).transpose()?.unwrap_or_default();
        Ok(scene(&spec, &years, &of, &scores))
    }))
}

fn scene(spec: &Spec, years: &[MeanYear], of: &Quantity, scores: &Scores) -> Scene {
    let columns = years.len().clamp(1, ACROSS);
    let width = spec.width(if columns == 1 { 100.0 } else { 55.0 * columns as f64 + 15.0 });
    let mut scene = Scene::new(width, 0.0);
    let titled = || of.titled("Mean year of the model and of what was observed");
    let title = spec.title.clone().unwrap_or_else(titled);
    let units = of.units.as_str();
    let subtitle =
        spec.subtitle.clone().unwrap_or_else(|| "means of months over the same periods".to_owned());
    let (model, observed) = (qualitative(0), qualitative(1));
    let y = axes::header(&mut scene, &title, &subtitle);
    let names = [("model".to_owned(), model), ("observed".to_owned(), observed)];
    let top = axes::key(&mut scene, &Rect::new(axes::MARGIN, 0.0, width - axes::MARGIN, 0.0), y, &names);
    let top = top + axes::LABEL;
    // All panels have one axis, so that they can be compared.
    let values =
        years.iter().flat_map(|year| &year.months).flat_map(|(_, model, observed)| [*model, *observed]);
    let (low, high) = scale::robust_range(values, 0.0).unwrap_or((0.0, 1.0));
    let (low, high) = scale::widened(low, high);
    let room = (high - low) * 0.05;
    let ends = (low - room, high + room);
    let rows = years.len().div_ceil(columns);
    let line = axes::LABEL + 7.0;
    let ticks = scale::ticks(ends.0, ends.1, 5);
    let labels = scale::labels(&ticks);
    let left = axes::MARGIN + axes::LABEL + 6.0 + axes::widest(&labels) + axes::TICK_LENGTH + 2.5;
    let right = width - axes::MARGIN - 4.0;
    let across = ((right - left - GAP * (columns as f64 - 1.0)) / columns as f64).max(40.0);
    let height = match spec.height() {
        Some(height) => ((height - top - axes::MARGIN) / rows as f64 - axes::BELOW - line).max(30.0),
        None => across * 0.62,
    };
    let months: Vec<f64> = (1..=12).map(f64::from).collect();
    let mut bottom = top;
    for (index, year) in years.iter().enumerate() {
        let (row, column) = (index / columns, index % columns);
        let x = left + column as f64 * (across + GAP);
        let y = top + row as f64 * (height + axes::BELOW + line);
        let rect = Rect::new(x, y, x + across, y + height);
        let axes = Axes { rect, x: (0.5, 12.5), y: ends };
        bottom = rect.bottom;
        heading(&mut scene, &rect, &year.name, scores);
        axes.grid(&mut scene, &[], &ticks);
        let series = |of: fn(&(u32, f64, f64)) -> f64| -> Vec<(u32, [f64; 2])> {
            year.months.iter().map(|month| (month.0, axes.at(f64::from(month.0), of(month)))).collect()
        };
        draw(&mut scene, &series(|month| month.2), observed);
        draw(&mut scene, &series(|month| month.1), model);
        axes.frame(&mut scene);
        let blank = vec![String::new(); labels.len()];
        axes.ticks_y(&mut scene, &ticks, if column == 0 { &labels } else { &blank });
        axes.ticks_x(&mut scene, &months, &MONTHS.map(str::to_owned));
        if column == 0 {
            let place = [axes::MARGIN + axes::LABEL, y + height / 2.0];
            axes::upwards(&mut scene, place, &scale::units(units), height);
        }
    }
    scene.height = bottom + axes::BELOW;
    scene.title = format!("{title}, {subtitle}");
    let told: Vec<String> = years.iter().map(in_words).collect();
    scene.description =
        format!("Lines over the months of the year, in {}. {}.", scale::units(units), told.join("; "));
    scene
}

/// The name above a panel on the left, and scores in its right corner.
fn heading(scene: &mut Scene, rect: &Rect, name: &str, scores: &Scores) {
    let told = |words: &[&str]| {
        let wanted = scores.get(name).into_iter().flatten().filter(|(word, _)| words.contains(word));
        wanted.map(|(word, number)| format!("{word} {number}")).collect::<Vec<_>>().join(", ")
    };
    let room = rect.width() - font::width(name, axes::LABEL, Weight::Semibold) - 6.0;
    let choices = [&["r", "bias", "RMSE"][..], &["r", "RMSE"], &["r"]].map(told);
    // As many scores as the name leaves room for.
    let fits = |told: &String| font::width(told, axes::SMALL, Weight::Regular) <= room;
    let told = choices.into_iter().find(fits).unwrap_or_default();
    let taken = font::width(&told, axes::SMALL, Weight::Regular);
    let text = font::fitted(name, axes::LABEL, Weight::Semibold, (rect.width() - taken).max(20.0));
    scene.items.push(Item::Text(Text {
        at: [rect.left, rect.top - 4.0],
        text,
        size: axes::LABEL,
        weight: Weight::Semibold,
        anchor: Anchor::Start,
        upwards: false,
        colour: axes::INK,
    }));
    scene.text([rect.right, rect.top - 4.0], told, axes::SMALL, Anchor::End, axes::SOFT);
}

/// A line through months that follow each other, and a square for each.
fn draw(scene: &mut Scene, points: &[(u32, [f64; 2])], colour: Colour) {
    let parts = points.chunk_by(|one, other| other.0 == one.0 + 1);
    let lines = parts.map(|part| Line::open(part.iter().map(|(_, at)| *at).collect()));
    scene.stroke(lines.filter(|line| line.points.len() > 1).collect(), colour, 1.3);
    let square =
        |(_, [x, y]): &(u32, [f64; 2])| Line::closed(Rect::new(x - 1.4, y - 1.4, x + 1.4, y + 1.4).corners());
    scene.fill(points.iter().map(square).collect(), colour);
}

fn in_words(year: &MeanYear) -> String {
    let most = |of: fn(&(u32, f64, f64)) -> f64| {
        let most = year.months.iter().max_by(|one, other| of(one).total_cmp(&of(other)));
        most.map_or(String::new(), |month| format!("{} in month {}", scale::label(of(month)), month.0))
    };
    format!(
        "{}: the model has most with {}, observed is {}",
        year.name,
        most(|month| month.1),
        most(|month| month.2)
    )
}
