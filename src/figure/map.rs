//! Maps: cells on their true positions, coasts and borders.

use crate::aggregate::units::summed_over_days;
use crate::error::{Error, Result};
use crate::grid::read::{Field, Interval, Place};

use super::draft::{Draft, Source};
use super::gather::Gather;
use super::pair;
use super::reduce::{MapStat, Reduction};
use super::spec::Spec;
use crate::draw::axes::{self, Axes};
use crate::draw::outlines::{self, Kind, Outlines};
use crate::draw::scale::{self, ColourScale};
use crate::draw::scene::{Cells, Colour, Item, Line, MapFrame, Rect, Scene};

const LAND: Colour = Colour::grey(228);
const COAST: Colour = Colour::grey(45);
const BORDER: Colour = Colour::grey(110);

/// The degrees that a map shows: left is west, top is north.
pub(super) fn extent(place: &Place, values: &[f64]) -> Rect {
    let columns = place.lon.len().max(1);
    let mut rect = Rect::new(f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY, f64::INFINITY);
    for (cell, _) in values.iter().enumerate().filter(|(_, value)| !value.is_nan()) {
        let edge = |edges: &[f64], at: usize| -> (f64, f64) {
            match (edges.get(at), edges.get(at + 1)) {
                (Some(&a), Some(&b)) => (a.min(b), a.max(b)),
                _ => (0.0, 0.0),
            }
        };
        let (south, north) = edge(&place.lat_edges, cell / columns);
        let (west, east) = edge(&place.lon_edges, cell % columns);
        rect.left = rect.left.min(west);
        rect.right = rect.right.max(east);
        rect.bottom = rect.bottom.min(south);
        rect.top = rect.top.max(north);
    }
    if !rect.left.is_finite() {
        return Rect::new(-180.0, 90.0, 180.0, -90.0);
    }
    // Some room around, and never less than a few degrees, so that one sees where one is.
    let (width, height) = (rect.width(), rect.top - rect.bottom);
    let room = |size: f64| (size * 0.04).max((4.0 - size) / 2.0).max(0.25);
    let whole = width > 350.0;
    let (x, y) = (if whole { 0.0 } else { room(width) }, room(height));
    let margin = |value: f64| (value * 4.0).round() / 4.0;
    Rect::new(
        margin(rect.left - x),
        margin(rect.top + y).min(90.0),
        margin(rect.right + x),
        margin(rect.bottom - y).max(-90.0),
    )
}

/// Width over height of a map: true in its middle, but for maps of half the globe and more.
pub(super) fn aspect(extent: &Rect) -> f64 {
    let (width, height) = (extent.width(), extent.top - extent.bottom);
    let middle = (extent.top + extent.bottom) / 2.0;
    let stretch = if height > 90.0 { 1.0 } else { cosine(middle).max(0.2) };
    (width / height * stretch).clamp(0.2, 5.0)
}

/// To three digits, which is the same on every machine.
fn cosine(degrees: f64) -> f64 {
    (degrees.to_radians().cos() * 1000.0).round() / 1000.0
}

/// One map in a frame.
pub(super) struct Panel<'a> {
    pub place: &'a Place,
    pub values: &'a [f64],
    pub scale: &'a ColourScale,
    pub extent: Rect,
    pub frame: Rect,
    /// How far a label below may reach out of the frame.
    pub overhang: f64,
}

impl Panel<'_> {
    pub fn axes(&self) -> Axes {
        Axes {
            rect: self.frame,
            x: (self.extent.left, self.extent.right),
            y: (self.extent.bottom, self.extent.top),
        }
    }

    /// Draws it, with degrees on the left and below where they are wanted.
    pub fn draw(&self, scene: &mut Scene, label_left: bool, label_below: bool) {
        let axes = self.axes();
        let outlines = Outlines::natural_earth();
        let place = |points: &[[f64; 2]], turn: f64| -> Vec<[f64; 2]> {
            outlines::thinned(points, 0.0).iter().map(|&[x, y]| axes.at(x + turn, y)).collect()
        };
        let turns = [-360.0, 0.0, 360.0];
        let mut land = Vec::new();
        for ring in outlines.land() {
            for turn in turns {
                let area = outlines::clipped_area(&place(&ring, turn), &self.frame);
                if area.len() > 2 {
                    land.push(Line::closed(outlines::thinned(&area, 0.15)));
                }
            }
        }
        scene.fill(land, LAND);
        scene.items.push(Item::Cells(self.cells(&axes)));
        for (kind, colour, width) in [(Kind::Border, BORDER, 0.4), (Kind::Coast, COAST, 0.55)] {
            let mut lines = Vec::new();
            for line in outlines.lines(kind) {
                for turn in turns {
                    for part in outlines::clipped_line(&place(line, turn), &self.frame) {
                        lines.push(Line::open(outlines::thinned(&part.points, 0.15)));
                    }
                }
            }
            scene.stroke(lines, colour, width);
        }
        axes.frame(scene);
        let most = |length: f64, room: f64| ((length / room) as usize).clamp(1, 9);
        let x = scale::degree_ticks(axes.x.0, axes.x.1, most(self.frame.width(), 34.0));
        let y = scale::degree_ticks(axes.y.0, axes.y.1, most(self.frame.height(), 24.0));
        let blank = |wanted: bool, labels: Vec<String>| match wanted {
            true => labels,
            false => labels.iter().map(|_| String::new()).collect(),
        };
        let x_label = |&value: &f64| {
            let text = scale::degrees(value, "E", "W");
            let (at, half) = (axes.at_x(value), axes::widest(std::slice::from_ref(&text)) / 2.0);
            let fits =
                at - half >= self.frame.left - self.overhang && at + half <= self.frame.right + self.overhang;
            if fits { text } else { String::new() }
        };
        let x_labels = x.iter().map(x_label).collect();
        let y_labels = y.iter().map(|&value| scale::degrees(value, "N", "S")).collect();
        axes.ticks_x(scene, &x, &blank(label_below, x_labels));
        axes.ticks_y(scene, &y, &blank(label_left, y_labels));
    }

    fn cells(&self, axes: &Axes) -> Cells {
        let columns = self.place.lon.len();
        let rows = self.place.lat.len();
        let (mut x, mut y): (Vec<f64>, Vec<f64>) = (
            self.place.lon_edges.iter().map(|&value| axes.at_x(value)).collect(),
            self.place.lat_edges.iter().map(|&value| axes.at_y(value)).collect(),
        );
        let (turn_x, turn_y) = (x.first() > x.last(), y.first() > y.last());
        if turn_x {
            x.reverse();
        }
        if turn_y {
            y.reverse();
        }
        let mut colours = Vec::with_capacity(rows * columns);
        for row in 0..rows {
            for column in 0..columns {
                let row = if turn_y { rows - 1 - row } else { row };
                let column = if turn_x { columns - 1 - column } else { column };
                let value = self.values.get(row * columns + column).copied().unwrap_or(f64::NAN);
                colours.push(self.scale.colour(value));
            }
        }
        Cells { x, y, colours, clip: self.frame }
    }
}

/// The steps that options name, and what is made of them.
pub(super) struct Wanted {
    pub reduction: Reduction,
    /// In words, for the line below the title.
    pub words: String,
    /// Units of the result.
    pub units: String,
    pub stat: MapStat,
}

/// What a map shows of a file.
///
/// # Errors
/// [`Error::Selection`] where the file has no such days.
pub(super) fn wanted(field: &Field, spec: &Spec) -> Result<Wanted> {
    let times = &field.times;
    let all = 0..times.steps.len();
    let none = |option: &'static str, value: &str| {
        let span = times.span(&all);
        Error::selection(option, value, format!("no such day in {}, which has {span}", field.file_name()))
    };
    let stat = spec.stat.unwrap_or_default();
    if let Some(date) = Spec::parse_date("--date", &spec.date)? {
        let step = times.at(date).ok_or_else(|| none("--date", &date.to_string()))?;
        let (steps, stat) = (step..step + 1, MapStat::Mean);
        let (words, units) = (times.span(&steps), field.units.clone());
        return Ok(Wanted { reduction: Reduction::Map { steps, stat }, words, units, stat });
    }
    let steps = between(field, spec)?;
    let units = match stat {
        MapStat::Sum if field.meaning.interval == Some(Interval::Day) => summed_over_days(&field.units),
        MapStat::Trend if field.units.is_empty() || field.units == "1" => "per year".to_owned(),
        MapStat::Trend => format!("{} per year", field.units),
        _ => field.units.clone(),
    };
    let words = match field.meaning.plural() {
        plural if plural.is_empty() => format!("{}, {}", stat.name(), times.span(&steps)),
        plural => format!("{} of {plural}, {}", stat.name(), times.span(&steps)),
    };
    Ok(Wanted { reduction: Reduction::Map { steps, stat }, words, units, stat })
}

/// The steps from `--from` to `--to`.
pub(super) fn between(field: &Field, spec: &Spec) -> Result<std::ops::Range<usize>> {
    let (from, to) = (Spec::parse_date("--from", &spec.from)?, Spec::parse_date("--to", &spec.to)?);
    field.times.between(from, to).ok_or_else(|| {
        let words = |date: Option<_>| {
            date.map_or("…".to_owned(), |date: crate::model::calendar::Date| date.to_string())
        };
        let span = field.times.span(&(0..field.times.steps.len()));
        let reason = format!("no day of {}, which has {span}", field.file_name());
        Error::selection("--from", format!("{} to {}", words(from), words(to)), reason)
    })
}

/// Leaves only cells with centres in a box.
pub(super) fn within(place: &Place, bbox: Option<[f64; 4]>, values: &mut [f64]) {
    let weights = place.weights(bbox);
    for (value, weight) in values.iter_mut().zip(weights) {
        if weight <= 0.0 {
            *value = f64::NAN;
        }
    }
}

/// Values of another file at the same cells; NaN where it has none.
pub(super) fn aligned(place: &Place, other: &Place, values: &[f64]) -> Vec<f64> {
    let find = |centres: &[f64], wanted: f64, turn: f64| {
        centres.iter().position(|&centre| {
            let apart = (centre - wanted).abs();
            apart < 1e-6 || (turn > 0.0 && (apart - turn).abs() < 1e-6)
        })
    };
    let columns: Vec<Option<usize>> = place.lon.iter().map(|&lon| find(&other.lon, lon, 360.0)).collect();
    let mut result = Vec::with_capacity(place.cells());
    for &lat in &place.lat {
        let row = find(&other.lat, lat, 0.0);
        for column in &columns {
            let at = row.zip(*column).map(|(row, column)| row * other.lon.len() + column);
            result.push(at.and_then(|at| values.get(at)).copied().unwrap_or(f64::NAN));
        }
    }
    result
}

/// Drafts a map.
///
/// # Errors
/// Where inputs or options do not fit.
pub(super) fn draft(spec: &Spec, gather: &mut Gather) -> Result<Draft> {
    let source = Source::open(spec, gather, 0, 0)?;
    let field = source.field.clone();
    let wanted = wanted(&field, spec)?;
    let ticket = gather.want(source.id, wanted.reduction.clone());
    let other = match &spec.difference {
        Some(path) => {
            let other = Source::of(gather, path, spec.variables.first().map(String::as_str))?;
            let wanted = self::wanted(&other.field, spec)?;
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
            let converted = pair::converted("--difference", one, two, &mut minus)?;
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
    place: &Place,
    values: &[f64],
    scale: &ColourScale,
    units: &str,
) -> Scene {
    let extent = extent(place, values);
    let aspect = aspect(&extent);
    let label = scale::units(units);
    let is_wide = aspect > 1.6;
    let left = axes::MARGIN + axes::TICK_LENGTH + 4.0 + axes::widest(&["00°W".to_owned()]);
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
    scene.map_frame = Some(MapFrame::new(&frame, extent));
    scene.height = y;
    scene
}
