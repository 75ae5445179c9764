//! Maps of two runs with one scale, and of the second less the first.

use crate::draw::axes;
use crate::draw::scale;
use crate::draw::scene::{Anchor, Item, Rect, Scene, Text, Weight};
use crate::error::{Argument, Error, Reason, Result};
use crate::figure::data::gather::Gather;
use crate::figure::draft::{Draft, DrawnGrid};
use crate::figure::spec::Spec;

use super::change::{self, Change, Changed};
use super::map_panel::{self, Panel};
use super::pair;
use super::stipple::stipple;

/// Room between maps.
const GAP: f64 = 10.0;

/// Drafts a comparison.
///
/// # Errors
/// Where inputs or options do not fit.
pub(crate) fn draft(spec: &Spec, gather: &mut Gather) -> Result<Draft> {
    let is_one = spec.inputs.len() == 1 && change::is_wanted(spec);
    if spec.inputs.len() != 2 && !is_one {
        let reason = Reason::from(format!("{} given; two files, or two folders and a ", spec.inputs.len()));
        let reason = reason.naming(Argument::Variable).then(", are compared");
        return Err(Error::selection(Argument::File, "", reason));
    }
    let input = DrawnGrid::open(spec, gather, 0, 0)?;
    // The reference stands first.
    let (one, other) = match is_one {
        true => (change::reference(spec, gather, &input)?, input),
        false => (input, DrawnGrid::open(spec, gather, 1, 0)?),
    };
    let change = Change::open(spec, gather, &other, &one)?;
    let spec = spec.clone();
    Ok(Draft::new(vec![one.field, other.field], move |gathered| {
        let Changed { before: first, after: second, change: difference, marked, words: told, notes } =
            change.of(&spec, gathered, true)?;
        let [(field, wanted), (field_other, wanted_other)] =
            [&change.before, &change.after].map(|side| (&side.field, &side.wanted));
        if difference.iter().all(|value| value.is_nan()) {
            let reason = "has no value where the other file has one";
            return Err(match spec.bbox {
                Some(_) => spec.nothing(&field.name, "both files"),
                None => Error::selection(Argument::File, field_other.file_name(), reason),
            });
        }
        let both: Vec<f64> = first.iter().chain(&second).copied().collect();
        let scale = spec.colour_scale(&both, wanted.is_signed)?;
        // Range and levels are those of the values; the difference finds its own.
        let plain = Spec::default();
        let scale_difference = plain.colour_scale(&difference, true)?;
        let joined: Vec<f64> =
            first.iter().zip(&second).map(|(one, other)| if one.is_nan() { *other } else { *one }).collect();
        let extent = map_panel::extent(&field.place, &joined);
        let aspect = map_panel::aspect(&field.place, &extent);
        let mut index = 0..;
        let names = match change.is_of_one_file() {
            true => [&change.before, &change.after]
                .map(|side| side.field.times.span(side.wanted.reduction.steps())),
            false => pair::names([field, field_other]),
        };
        let names = names.map(|name| {
            index.next().and_then(|index: usize| spec.labels.get(index)).cloned().unwrap_or(name)
        });
        let (label, label_other) = (field.label(), field_other.label());
        let title = spec.title.clone().unwrap_or_else(|| pair::joined(&label, " and ", &label_other));
        let mut words = vec![pair::joined(&wanted.words, "; ", &wanted_other.words)];
        words.extend(change.is_of_one_file().then(|| field.run()).filter(|run| !run.is_empty()));
        words.extend(pair::differences([&**field, &**field_other].into_iter()));
        words.extend(told);
        let subtitle = spec.subtitle.clone().unwrap_or_else(|| words.join(" · "));
        let label = scale::units(&wanted.units);
        let width = spec.width(180.0);
        let mut scene = Scene::new(width, 0.0);
        let top = axes::header(&mut scene, &title, &subtitle) + axes::LABEL + 2.0;
        let left = axes::MARGIN + axes::TICK_LENGTH + 4.0 + map_panel::label_width(&field.place, &extent);
        // Maps that are wide lie below each other, others side by side.
        let stacked = aspect > 1.6;
        let room = width - left - axes::MARGIN - 6.0;
        let map_width = if stacked { room } else { (room - 2.0 * GAP) / 3.0 };
        let mut map_height = map_width / aspect;
        if let Some(height) = spec.height() {
            let rows = if stacked { 3.0 } else { 1.0 };
            let others = top
                + axes::BELOW * rows
                + axes::BAR_BELOW * if stacked { 2.0 } else { 1.0 }
                + axes::MARGIN
                + 12.0;
            map_height = ((height - others) / rows).clamp(20.0, map_height);
        }
        let map_width = map_width.min(map_height * aspect);
        let is_percent = spec.percent == Some(true);
        let third = format!("{} − {}{}", names[1], names[0], if is_percent { ", %" } else { "" });
        let units_of_change = if is_percent { "percent" } else { &wanted.units };
        let label_of_change = scale::units(units_of_change);
        let panels = [
            (&first, &scale, names[0].as_str()),
            (&second, &scale, names[1].as_str()),
            (&difference, &scale_difference, third.as_str()),
        ];
        let mut y = top;
        let mut frames = Vec::new();
        for (index, (values, scale, name)) in panels.into_iter().enumerate() {
            let x = if stacked { left } else { left + index as f64 * (map_width + GAP) };
            let frame = Rect::new(x, y, x + map_width, y + map_height);
            let text = crate::draw::font::fitted(name, axes::LABEL, Weight::Semibold, map_width);
            scene.items.push(Item::Text(Text {
                at: [x, y - 4.0],
                text,
                size: axes::LABEL,
                weight: Weight::Semibold,
                anchor: Anchor::Start,
                upwards: false,
                colour: axes::INK,
            }));
            let overhang = if stacked { 14.0 } else { GAP / 2.0 - 1.5 };
            let panel = Panel { place: &field.place, values, scale, extent, frame, overhang };
            panel.draw(&mut scene, stacked || index == 0, true);
            if index == 2 {
                stipple(&panel, &mut scene, &marked);
            }
            frames.push(frame);
            if stacked {
                y = frame.bottom + axes::BELOW + axes::LABEL + 6.0;
                if index > 0 {
                    let inset = map_width * 0.15;
                    let span = (frame.left + inset, frame.right - inset);
                    let label = if index == 2 { &label_of_change } else { &label };
                    axes::bar_below(&mut scene, span, y - axes::LABEL, scale, label);
                    y += axes::BAR_BELOW + 2.0;
                }
            }
        }
        if let (false, [one, two, three]) = (stacked, frames.as_slice()) {
            y = three.bottom + axes::BELOW + 5.0;
            let inset = map_width * 0.3;
            axes::bar_below(&mut scene, (one.left + inset, two.right - inset), y, &scale, &label);
            let label = match label_of_change {
                label if label.is_empty() || is_percent => label,
                label => format!("difference, {label}"),
            };
            axes::bar_below(&mut scene, (three.left + 4.0, three.right - 4.0), y, &scale_difference, &label);
            y += axes::BAR_BELOW;
        }
        scene.height = y;
        scene.notes = notes;
        scene.title = format!("{title}: {} and {}, {subtitle}", names[0], names[1]);
        let (low, high) = scale::robust_range(difference.iter().copied(), 0.0).unwrap_or_default();
        scene.description = format!(
            "Three maps of {title}: {}, {}, and the second less the first, which is from {} to {} {}.",
            names[0],
            names[1],
            scale::label(low),
            scale::label(high),
            scale::units(units_of_change)
        );
        Ok(scene)
    }))
}
