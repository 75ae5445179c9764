//! Maps of two runs with one scale, and of the second less the first.

use crate::draw::axes;
use crate::draw::scale;
use crate::draw::scene::{Anchor, Item, Rect, Scene, Text, Weight};
use crate::error::{Argument, Error, Reason, Result};
use crate::figure::data::gather::Gather;
use crate::figure::draft::{Draft, DrawnGrid};
use crate::figure::spec::Spec;

use super::map_panel::{self, Panel};
use super::pair;
use super::wanted;

/// Room between maps.
const GAP: f64 = 10.0;

/// Drafts a comparison.
///
/// # Errors
/// Where inputs or options do not fit.
pub(crate) fn draft(spec: &Spec, gather: &mut Gather) -> Result<Draft> {
    if spec.inputs.len() != 2 {
        let reason = Reason::from(format!("{} given; two files, or two folders and a ", spec.inputs.len()));
        let reason = reason.naming(Argument::Variable).then(", are compared");
        return Err(Error::selection(Argument::File, "", reason));
    }
    let (one, other) = (DrawnGrid::open(spec, gather, 0, 0)?, DrawnGrid::open(spec, gather, 1, 0)?);
    let (wanted, wanted_other) = (wanted::wanted(&one.field, spec)?, wanted::wanted(&other.field, spec)?);
    let ticket = gather.want(one.id, wanted.reduction.clone());
    let ticket_other = gather.want(other.id, wanted_other.reduction.clone());
    let spec = spec.clone();
    let (field, field_other) = (one.field, other.field);
    Ok(Draft::new(vec![field.clone(), field_other.clone()], move |gathered| {
        let mut first = gathered.get(ticket).values.clone();
        let second = &gathered.get(ticket_other).values;
        let mut second = wanted::aligned(&field.place, &field_other.place, second);
        let (one, two) = ((&*field, &wanted), (&*field_other, &wanted_other));
        let converted = pair::converted(Argument::File, one, two, &mut second)?;
        wanted::within(&field.place, spec.bbox, &mut first);
        wanted::within(&field.place, spec.bbox, &mut second);
        let difference: Vec<f64> = second.iter().zip(&first).map(|(second, first)| second - first).collect();
        if difference.iter().all(|value| value.is_nan()) {
            let reason = "has no value where the other file has one";
            return Err(match spec.bbox {
                Some(_) => spec.nothing(&field.name, "both files"),
                None => Error::selection(Argument::File, field_other.file_name(), reason),
            });
        }
        let both: Vec<f64> = first.iter().chain(&second).copied().collect();
        let scale = spec.colour_scale(&both, wanted.stat == crate::figure::data::reduce::MapStat::Trend)?;
        // Range and levels are those of the values; the difference finds its own.
        let plain = Spec::default();
        let scale_difference = plain.colour_scale(&difference, true)?;
        let joined: Vec<f64> =
            first.iter().zip(&second).map(|(one, other)| if one.is_nan() { *other } else { *one }).collect();
        let extent = map_panel::extent(&field.place, &joined);
        let aspect = map_panel::aspect(&field.place, &extent);
        let mut index = 0..;
        let names = pair::names([&field, &field_other]).map(|name| {
            index.next().and_then(|index: usize| spec.labels.get(index)).cloned().unwrap_or(name)
        });
        let (label, label_other) = (field.label(), field_other.label());
        let title = spec.title.clone().unwrap_or_else(|| pair::joined(&label, " and ", &label_other));
        let mut words = vec![pair::joined(&wanted.words, "; ", &wanted_other.words)];
        words.extend(pair::differences([&*field, &*field_other].into_iter()));
        words.extend(converted);
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
        let third = format!("{} − {}", names[1], names[0]);
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
            Panel { place: &field.place, values, scale, extent, frame, overhang }.draw(
                &mut scene,
                stacked || index == 0,
                true,
            );
            frames.push(frame);
            if stacked {
                y = frame.bottom + axes::BELOW + axes::LABEL + 6.0;
                if index > 0 {
                    let inset = map_width * 0.15;
                    let span = (frame.left + inset, frame.right - inset);
                    axes::bar_below(&mut scene, span, y - axes::LABEL, scale, &label);
                    y += axes::BAR_BELOW + 2.0;
                }
            }
        }
        if let (false, [one, two, three]) = (stacked, frames.as_slice()) {
            y = three.bottom + axes::BELOW + 5.0;
            let inset = map_width * 0.3;
            axes::bar_below(&mut scene, (one.left + inset, two.right - inset), y, &scale, &label);
            let label = if label.is_empty() { String::new() } else { format!("difference, {label}") };
            axes::bar_below(&mut scene, (three.left + 4.0, three.right - 4.0), y, &scale_difference, &label);
            y += axes::BAR_BELOW;
        }
        scene.height = y;
        scene.title = format!("{title}: {} and {}, {subtitle}", names[0], names[1]);
        let (low, high) = scale::robust_range(difference.iter().copied(), 0.0).unwrap_or_default();
        scene.description = format!(
            "Three maps of {title}: {}, {}, and the second less the first, which is from {} to {} {}.",
            names[0],
            names[1],
            scale::label(low),
            scale::label(high),
            scale::units(&wanted.units)
        );
        Ok(scene)
    }))
}
