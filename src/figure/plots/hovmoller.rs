//! Time against latitude.

use crate::draw::axes::{self, Axes};
use crate::draw::scale;
use crate::draw::scene::{Cells, Item, Rect, Scene};
use crate::draw::time;
use crate::error::{Argument, Error, Result};
use crate::figure::data::gather::Gather;
use crate::figure::data::parts::{Every, Parts};
use crate::figure::data::reduce::Reduction;
use crate::figure::draft::{Draft, DrawnGrid};
use crate::figure::spec::Spec;

use super::map_panel;
use super::wanted;

/// More steps than this are drawn as months.
const MOST_STEPS: usize = 800;
/// More values than this are not drawn.
const MOST_VALUES: usize = 50_000_000;

/// Drafts a Hovmöller diagram: means over each row of cells.
///
/// # Errors
/// Where inputs or options do not fit.
pub(crate) fn draft(spec: &Spec, gather: &mut Gather) -> Result<Draft> {
    if spec.bbox.is_some_and(|[_, _, west, east]| west > -180.0 || east < 180.0) {
        return Err(Error::selection(Argument::Area, "", "cannot leave out columns: give W,E as -180,180"));
    }
    let source = DrawnGrid::open(spec, gather, 0, 0)?;
    let field = source.field.clone();
    let steps = wanted::between(&field, spec)?;
    let every = match spec.every {
        Some(every) => every,
        None if steps.len() > MOST_STEPS => Every::Month,
        None => Every::Step,
    };
    let parts = Parts::new(&field.times, steps.clone(), every);
    if parts.count().saturating_mul(field.place.y.len()) > MOST_VALUES {
        let reason = format!(
            "makes {} times {} values, which no picture shows; month or year does not",
            parts.count(),
            field.place.y.len()
        );
        return Err(Error::selection(Argument::Every, "step", reason));
    }
    let ticket = gather.want(source.id, Reduction::Rows { parts: parts.clone() });
    let spec = spec.clone();
    Ok(Draft::new(vec![field.clone()], move |gathered| {
        let rows = field.place.y.len();
        let mut values = gathered.get(ticket).values.clone();
        for (index, value) in values.iter_mut().enumerate() {
            // Of a projection's row the latitude of its middle counts.
            let row = index % rows.max(1) * field.place.x.len() + field.place.x.len() / 2;
            let is_outside = |[north, south, ..]: [f64; 4]| {
                let [lat, _] = field.place.centre(row);
                !(south <= lat && lat <= north)
            };
            if spec.bbox.is_some_and(is_outside) {
                *value = f64::NAN;
            }
        }
        let seen: Vec<usize> = (0..rows)
            .filter(|row| values.iter().skip(*row).step_by(rows.max(1)).any(|value| !value.is_nan()))
            .collect();
        let (Some(&first), Some(&last)) = (seen.first(), seen.last()) else {
            return Err(spec.nothing(&field.name, "these days and cells"));
        };
        let is_signed = field.windows.as_ref().is_some_and(|windows| windows.is_signed);
        let scale = spec.colour_scale(&values, is_signed)?;
        let unit = &field.times.unit;
        let edges: Vec<f64> = parts
            .ranges
            .iter()
            .filter_map(|range| field.times.steps.get(range.start))
            .map(|days| days.start as f64)
            .chain(
                steps
                    .end
                    .checked_sub(1)
                    .and_then(|step| field.times.steps.get(step))
                    .map(|days| days.end as f64),
            )
            .collect();
        let words = match (every, field.meaning.plural()) {
            (Every::Month, _) => "means of months and rows of cells".to_owned(),
            (Every::Year, _) => "means of years and rows of cells".to_owned(),
            (Every::All, _) => "means of all steps and rows of cells".to_owned(),
            (Every::Step, plural) if plural.is_empty() || !field.meaning.words().is_empty() => {
                "means of rows of cells".to_owned()
            }
            (Every::Step, plural) => format!("{plural}, means of rows of cells"),
        };
        let title = spec.title.clone().unwrap_or_else(|| field.label());
        let subtitle = spec
            .subtitle
            .clone()
            .unwrap_or_else(|| format!("{words} · {} · {}", field.times.span(&steps), field.run()));
        let label = scale::units(&field.units);
        let width = spec.width(160.0);
        let mut scene = Scene::new(width, 0.0);
        let top = axes::header(&mut scene, &title, &subtitle);
        let lat_edges = &field.place.y_edges;
        let edge = |row: usize| lat_edges.get(row).copied().unwrap_or(0.0);
        let (one, other) = (edge(first), edge(last + 1));
        let (low, high) = (one.min(other), one.max(other));
        let left = axes::MARGIN
            + axes::TICK_LENGTH
            + 4.0
            + map_panel::label_width(&field.place, &Rect::new(0.0, high, 1.0, low));
        let right = width - axes::MARGIN - axes::bar_width(&scale, &label);
        let height = match spec.height() {
            Some(height) => (height - top - axes::BELOW - axes::MARGIN).max(30.0),
            None => (width * 0.4).min(rows as f64 * 14.0).max(width * 0.22),
        };
        let rect = Rect::new(left, top, right, top + height);
        let x = (edges.first().copied().unwrap_or(0.0), edges.last().copied().unwrap_or(1.0));
        let axes = Axes { rect, x, y: (low, high) };
        let mut y: Vec<f64> = (first..=last + 1).map(|row| axes.at_y(edge(row))).collect();
        let turned = y.first() > y.last();
        if turned {
            y.reverse();
        }
        let mut colours = Vec::new();
        for index in 0..=(last - first) {
            let row = if turned { last - index } else { first + index };
            for part in 0..parts.count() {
                let value = values.get(part * rows + row).copied().unwrap_or(f64::NAN);
                colours.push(scale.colour(value));
            }
        }
        let x = edges.iter().map(|&day| axes.at_x(day)).collect();
        scene.items.push(Item::Cells(Cells { x, y, colours, clip: rect }));
        axes.frame(&mut scene);
        let most = ((rect.width() / 46.0) as usize).clamp(2, 12);
        let (days, dates): (Vec<f64>, Vec<String>) =
            time::ticks(unit, axes.x.0, axes.x.1, most).into_iter().unzip();
        axes.ticks_x(&mut scene, &days, &dates);
        let most = ((height / 24.0) as usize).clamp(2, 9);
        let (lats, labels): (Vec<f64>, Vec<String>) = match field.place.projection {
            None => {
                let lats = scale::degree_ticks(low, high, most);
                lats.into_iter().map(|lat| (lat, scale::degrees(lat, "N", "S"))).unzip()
            }
            Some(_) => map_panel::kilometres(low, high, most).into_iter().unzip(),
        };
        axes.ticks_y(&mut scene, &lats, &labels);
        axes::bar_beside(&mut scene, &rect, &scale, &label);
        scene.height = rect.bottom + axes::BELOW;
        scene.title = format!("{title}, {subtitle}");
        scene.description = format!("Colours over time and latitude of {title}, {subtitle}.");
        Ok(scene)
    }))
}
