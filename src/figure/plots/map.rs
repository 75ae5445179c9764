//! Maps: of a file, or of the difference of two.

use crate::draw::axes;
use crate::draw::scale::{self, ColourScale};
use crate::draw::scene::{MapFrame, Rect, Scene};
use crate::error::Result;
use crate::figure::data::gather::{Gather, Gathered, Ticket};
use crate::figure::draft::{Draft, DrawnGrid};
use crate::figure::spec::Spec;
use crate::grid::read::Raster;

use super::change::{self, Change, Changed};
use super::map_panel::{self, Panel, aspect, extent};
use super::pair;
use super::stipple::stipple;
use super::wanted::{self, Wanted, within};

/// Drafts a map.
///
/// # Errors
/// Where inputs or options do not fit.
pub(crate) fn draft(spec: &Spec, gather: &mut Gather) -> Result<Draft> {
    let source = DrawnGrid::open(spec, gather, 0, 0)?;
    let shown = match change::is_wanted(spec) {
        true => {
            let reference = change::reference(spec, gather, &source)?;
            Shown::Change(Box::new(Change::open(spec, gather, &source, &reference)?))
        }
        false => {
            let wanted = wanted::wanted(&source.field, spec)?;
            Shown::Values(gather.want(source.id, wanted.reduction.clone()), wanted)
        }
    };
    let spec = spec.clone();
    let field = source.field;
    let mut sources = vec![field.clone()];
    if let Shown::Change(change) = &shown {
        sources.push(change.before.field.clone());
    }
    Ok(Draft::new(sources, move |gathered| {
        let Drawn { values, marked, title, mut words, notes, wanted, units } = match &shown {
            Shown::Values(ticket, wanted) => {
                let mut values = gathered.get(*ticket).values.clone();
                within(&field.place, spec.bbox, &mut values);
                let (title, words) = (field.label(), vec![wanted.words.clone(), field.run()]);
                let (marked, notes, units) = (Vec::new(), Vec::new(), wanted.units.clone());
                Drawn { values, marked, title, words, notes, wanted, units }
            }
            Shown::Change(change) => changed(&spec, gathered, change)?,
        };
        if values.iter().all(|value| value.is_nan()) {
            let words = format!("{} ({})", field.file_name(), wanted.words);
            return Err(spec.nothing(&field.name, &words));
        }
        let diverging = matches!(shown, Shown::Change(_)) || wanted.is_signed;
        let scale = spec.colour_scale(&values, diverging)?;
        words.retain(|word| !word.is_empty());
        let title = spec.title.clone().unwrap_or(title);
        let subtitle = spec.subtitle.clone().unwrap_or_else(|| words.join(" · "));
        let map = Drawing { place: &field.place, values: &values, marked: &marked, scale: &scale };
        let mut scene = single(&spec, &title, &subtitle, &map, &units);
        scene.notes = notes;
        let span = scale::robust_range(values.iter().copied(), 0.0).unwrap_or_default();
        scene.title = format!("{title}, {subtitle}");
        scene.description = format!(
            "Map of {title}, {subtitle}. Values from {} to {} {}.",
            scale::label(span.0),
            scale::label(span.1),
            scale::units(&units)
        );
        Ok(scene)
    }))
}

/// What a map is of.
enum Shown {
    Values(Ticket, Wanted),
    Change(Box<Change>),
}

/// What a map shows, when it has been read.
struct Drawn<'a> {
    values: Vec<f64>,
    marked: Vec<bool>,
    title: String,
    words: Vec<String>,
    notes: Vec<String>,
    wanted: &'a Wanted,
    units: String,
}

fn changed<'a>(spec: &Spec, gathered: &Gathered, change: &'a Change) -> Result<Drawn<'a>> {
    let Change { after, before } = change;
    let Changed { after: values, change: difference, marked, words: told, notes, .. } =
        change.of(spec, gathered, false)?;
    let is_percent = spec.percent == Some(true);
    let title = match pair::joined(&after.field.label(), " − ", &before.field.label()) {
        both if both != after.field.label() => both,
        both if is_percent => format!("{both}: change in percent"),
        both if change.is_of_one_file() => format!("{both}: change"),
        both => format!("{both}: difference"),
    };
    let names = match change.is_of_one_file() {
        true => [after.field.run(), after.field.run()],
        false => pair::names([&after.field, &before.field]),
    };
    let mut words = vec![pair::joined(&after.wanted.words, " − ", &before.wanted.words)];
    words.push(pair::joined(&names[0], " − ", &names[1]));
    let count = |values: &[f64]| values.iter().filter(|value| !value.is_nan()).count();
    let (common, all) = (count(&difference), count(&values));
    words.extend((common < all && !is_percent).then(|| format!("{common} of {all} cells, which both have")));
    words.extend(pair::differences([&*after.field, &*before.field].into_iter()));
    words.extend(told);
    let units = if is_percent { "percent".to_owned() } else { after.wanted.units.clone() };
    Ok(Drawn { values: difference, marked, title, words, notes, wanted: &after.wanted, units })
}

/// The cells of a map and their colours.
struct Drawing<'a> {
    place: &'a Raster,
    values: &'a [f64],
    marked: &'a [bool],
    scale: &'a ColourScale,
}

/// One map with its colour bar, beside it or, where it is wide, below it.
fn single(spec: &Spec, title: &str, subtitle: &str, map: &Drawing, units: &str) -> Scene {
    let Drawing { place, values, marked, scale } = *map;
    let extent = extent(place, values);
    let aspect = aspect(place, &extent);
    let label = scale::units(units);
    let is_wide = aspect > 1.6;
    let left = axes::MARGIN + axes::TICK_LENGTH + 4.0 + map_panel::label_width(place, &extent);
    let right = if is_wide { axes::MARGIN + 6.0 } else { axes::MARGIN + axes::bar_width(scale, &label) };
    let mut width = spec.width(150.0);
    let below = axes::BELOW + if is_wide { axes::BAR_BELOW + 4.0 } else { 0.0 };
    let top = axes::header_height(width, title, subtitle);
    let mut map_width = (width - left - right).max(40.0);
    let tallest = match spec.height() {
        Some(height) => (height - top - below - axes::MARGIN).max(30.0),
        None => map_width * 1.15,
    };
    let map_height = (map_width / aspect).min(tallest);
    map_width = map_width.min(map_height * aspect);
    width = width.min((map_width + left + right).max(200.0));
    let mut scene = Scene::new(width, 0.0);
    let top = axes::header(&mut scene, title, subtitle);
    let frame = Rect::new(left, top, left + map_width, top + map_height);
    let panel = Panel { place, values, scale, extent, frame, overhang: 14.0 };
    panel.draw(&mut scene, true, true);
    stipple(&panel, &mut scene, marked);
    let mut y = frame.bottom + axes::BELOW;
    if is_wide {
        let inset = frame.width() * 0.15;
        axes::bar_below(&mut scene, (frame.left + inset, frame.right - inset), y + 4.0, scale, &label);
        y += axes::BAR_BELOW + 4.0;
    } else {
        axes::bar_beside(&mut scene, &frame, scale, &label);
    }
    scene.map_frame = Some(MapFrame::new(&frame, extent, place.projection.is_some()));
    scene.height = y;
    scene
}
