//! Means of a region over the months of the year, shaded by how years differ.

use crate::draw::axes::Axes;
use crate::draw::scene::{Colour, Line, Rect, Scene};
use crate::error::Result;
use crate::figure::data::gather::Gather;
use crate::figure::data::parts::{Every, Parts};
use crate::figure::data::reduce::Point;
use crate::figure::draft::Draft;
use crate::figure::spec::Spec;

use super::lines::{self, LineSource};
use super::panels::{PanelLine, Panels, Ticks};
use super::wanted;

/// For each month the mean over years and the standard deviation between them.
type Year = [[f64; 2]; 12];

/// Drafts a climatology.
///
/// # Errors
/// Where inputs or options do not fit.
pub(crate) fn draft(spec: &Spec, gather: &mut Gather) -> Result<Draft> {
    let lines = lines::lines(spec, gather)?;
    let spec = spec.clone();
    let fields = lines.iter().map(|line| line.field.clone()).collect();
    Ok(Draft::new(fields, move |gathered| {
        let years: Vec<Year> =
            lines.iter().map(|line| year(line, &gathered.get(line.ticket).series)).collect();
        if years.iter().flatten().all(|[mean, _]| mean.is_nan()) {
            let name = lines.first().map_or(String::new(), |line| line.field.name.clone());
            return Err(spec.nothing(&name, "these days and cells"));
        }
        Ok(scene(&spec, &lines, &years))
    }))
}

fn year(line: &LineSource, points: &[Point]) -> Year {
    let times = &line.field.times;
    let parts = Parts::new(times, line.first..line.first + points.len(), Every::Month);
    let mut months: [Vec<f64>; 12] = Default::default();
    for range in parts.ranges.iter() {
        let own = points.get(range.start - line.first..range.end - line.first).unwrap_or_default();
        let known: Vec<f64> = own.iter().filter(|point| point.cells > 0).map(|point| point.mean).collect();
        let month = times.date(range.start).map_or(0, |date| usize::from(date.month));
        if let (false, Some(values)) =
            (known.is_empty(), month.checked_sub(1).and_then(|month| months.get_mut(month)))
        {
            values.push(known.iter().sum::<f64>() / known.len() as f64);
        }
    }
    months.map(|values| {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>();
        [mean, if count > 1.0 { (squares / (count - 1.0)).sqrt() } else { f64::NAN }]
    })
}

fn scene(spec: &Spec, lines: &[LineSource], years: &[Year]) -> Scene {
    let mut spans: Vec<String> = Vec::new();
    for line in lines {
        let span = lines_span(spec, line).map_or(String::new(), |steps| line.field.times.span(&steps));
        if !spans.contains(&span) {
            spans.push(span);
        }
    }
    let span = spans.join("; ");
    let what = format!("months of {span}, shaded by the deviation between years");
    let x = (-0.5, 11.5);
    let titles = [lines::title(lines), lines::subtitle(spec, lines, &what)];
    let drawn: Vec<PanelLine> = lines.iter().map(PanelLine::from).collect();
    let panels = Panels {
        spec,
        lines: &drawn,
        titles,
        width: 120.0,
        heights: [0.5, 0.32],
        x,
        right: 4.0,
        first: None,
        along: None,
    };
    let values = |line: usize| -> Vec<f64> {
        let months = years.get(line).map(|year| year.as_slice()).unwrap_or_default();
        months.iter().flat_map(|&[mean, std]| [mean, mean - std, mean + std]).collect()
    };
    let ticks = |_| Ticks {
        values: (0..12).map(f64::from).collect(),
        labels: "JFMAMJJASOND".chars().map(String::from).collect(),
        has_grid: false,
    };
    let (mut scene, title, subtitle) = panels.draw(values, ticks, |scene, axes, index| {
        if let (Some(line), Some(year)) = (lines.get(index), years.get(index)) {
            draw(scene, axes, line.colour, year);
        }
    });
    scene.description = format!("Lines over the twelve months of {title}, {subtitle}.");
    scene
}

fn lines_span(spec: &Spec, line: &LineSource) -> Result<std::ops::Range<usize>> {
    wanted::between(&line.field, spec)
}

fn draw(scene: &mut Scene, axes: &Axes, colour: Colour, year: &Year) {
    let points: Vec<(f64, [f64; 2])> = (0..12).map(f64::from).zip(year.iter().copied()).collect();
    for part in points.split(|(_, [mean, std])| mean.is_nan() || std.is_nan()) {
        let upper = part.iter().map(|(x, [mean, std])| axes.at(*x, mean + std));
        let lower = part.iter().rev().map(|(x, [mean, std])| axes.at(*x, mean - std));
        let around = crate::draw::outlines::clipped_area(&upper.chain(lower).collect::<Vec<_>>(), &axes.rect);
        if around.len() > 2 {
            scene.shade(vec![Line::closed(around)], colour, 0.2);
        }
    }
    for part in points.split(|(_, [mean, _])| mean.is_nan()) {
        let part: Vec<[f64; 2]> = part.iter().map(|(x, [mean, _])| axes.at(*x, *mean)).collect();
        scene.stroke(crate::draw::outlines::clipped_line(&part, &axes.rect), colour, 1.2);
        for [x, y] in part {
            let dot = Rect::new(x - 1.6, y - 1.6, x + 1.6, y + 1.6);
            if y >= axes.rect.top && y <= axes.rect.bottom {
                scene.fill(vec![Line::closed(dot.corners())], colour);
            }
        }
    }
}
