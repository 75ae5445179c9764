//! Maps: of a file, or of the difference of two.

use crate::draw::axes;
use crate::draw::scale::{self, ColourScale};
use crate::draw::scene::{MapFrame, Rect, Scene};
use crate::error::{Argument, Result};
use crate::figure::data::gather::Gather;
use crate::figure::data::reduce::MapStat;
use crate::figure::draft::{Draft, DrawnGrid};
use crate::figure::spec::Spec;
use crate::grid::read::Raster;

use super::map_panel::{self, Panel, aspect, extent};
use super::pair;
use super::wanted::{self, aligned, within};

/// Drafts a map.
///
/// # Errors
/// Where inputs or options do not fit.
pub(crate) fn draft(spec: &Spec, gather: &mut Gather) -> Result<Draft> {
    let source = DrawnGrid::open(spec, gather, 0, 0)?;
    let field = source.field.clone();
    let wanted = wanted::wanted(&field, spec)?;
    let ticket = gather.want(source.id, wanted.reduction.clone());
    let other = match &spec.difference {
        Some(path) => {
            let other = DrawnGrid::of(gather, path, spec.variables.first().map(String::as_str))?;
            let wanted = wanted::wanted(&other.field, spec)?;
            Some((gather.want(other.id, wanted.reduction.clone()), wanted, other.field))
        }
        None => None,
    };
    let spec = spec.clone();
    let fields = [Some(field.clone()), other.as_ref().map(|(.., field)| field.clone())];
    let sources = fields.into_iter().flatten().collect();
    Ok(Draft::new(sources, move |gathered| {
        let mut values = gathered.get(ticket).values.clone();
        let mut title = field.label();
        let mut words = vec![wanted.words.clone(), field.run()];
        within(&field.place, spec.bbox, &mut values);
        if let Some((ticket, wanted_other, other)) = &other {
            let mut minus = aligned(&field.place, &other.place, &gathered.get(*ticket).values);
            let (one, two) = ((&*field, &wanted), (&**other, wanted_other));
            let converted = pair::converted(Argument::Difference, one, two, &mut minus)?;
            let count = |values: &[f64]| values.iter().filter(|value| !value.is_nan()).count();
            let all = count(&values);
            values.iter_mut().zip(minus).for_each(|(value, minus)| *value -= minus);
            title = match pair::joined(&title, " − ", &other.label()) {
                both if both == title => format!("{title}: difference"),
                both => both,
            };
            let [name, name_other] = pair::names([&field, other]);
            words = vec![pair::joined(&wanted.words, " − ", &wanted_other.words)];
            words.push(pair::joined(&name, " − ", &name_other));
            let common = count(&values);
            words.extend((common < all).then(|| format!("{common} of {all} cells, which both have")));
            words.extend(pair::differences([&*field, &**other].into_iter()));
            words.extend(converted);
        }
        if values.iter().all(|value| value.is_nan()) {
            let words = format!("{} ({})", field.file_name(), wanted.words);
            return Err(spec.nothing(&field.name, &words));
        }
        let diverging = other.is_some() || wanted.stat == MapStat::Trend;
        let scale = spec.colour_scale(&values, diverging)?;
        words.retain(|word| !word.is_empty());
        let title = spec.title.clone().unwrap_or(title);
        let subtitle = spec.subtitle.clone().unwrap_or_else(|| words.join(" · "));
        let mut scene = single(&spec, &title, &subtitle, &field.place, &values, &scale, &wanted.units);
        let span = scale::robust_range(values.iter().copied(), 0.0).unwrap_or_default();
        scene.title = format!("{title}, {subtitle}");
        scene.description = format!(
            "Map of {title}, {subtitle}. Values from {} to {} {}.",
            scale::label(span.0),
            scale::label(span.1),
            scale::units(&wanted.units)
        );
        Ok(scene)
    }))
}

/// One map with its colour bar, beside it or, where it is wide, below it.
fn single(
    spec: &Spec,
    title: &str,
    subtitle: &str,
    place: &Raster,
    values: &[f64],
    scale: &ColourScale,
    units: &str,
) -> Scene {
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
    Panel { place, values, scale, extent, frame, overhang: 14.0 }.draw(&mut scene, true, true);
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
