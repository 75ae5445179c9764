//! Lines over time: what series and climatologies share.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::draw::colours::qualitative;
use crate::draw::scale;
use crate::draw::scene::Colour;
use crate::error::{Argument, Error, Result};
use crate::figure::data::gather::{Gather, Ticket};
use crate::figure::data::parts::Every;
use crate::figure::data::reduce::Reduction;
use crate::figure::draft::DrawnGrid;
use crate::figure::spec::{Plot, Spec};
use crate::grid::read::{Field, Interval};

use super::wanted;

/// A line that is drawn: where it comes from and how it is called.
pub(super) struct LineSource {
    pub field: Arc<Field>,
    pub ticket: Ticket,
    /// The first step of the series.
    pub first: usize,
    pub name: String,
    pub colour: Colour,
    /// How many cells go in.
    pub cells: usize,
    /// How many steps it has.
    pub steps: usize,
    /// Which variable and which cell of those that are asked for.
    pub variable: usize,
    pub part: usize,
    /// What it is called of a cell.
    pub place: String,
}

/// Every input with every variable, and of these every cell that is named, or the region.
pub(super) fn lines(spec: &Spec, gather: &mut Gather) -> Result<Vec<LineSource>> {
    let mut lines: Vec<LineSource> = Vec::new();
    let variables = spec.variables.len().max(1);
    let mut runs = Vec::new();
    let (mut seen_inputs, mut seen_variables) = (BTreeSet::new(), BTreeSet::new());
    for input in 0..spec.inputs.len().max(1) {
        for variable in 0..variables {
            let path = spec.inputs.get(input);
            // Grids of one variable each, given with several variables, are not all asked for all of them.
            let is_file = path.is_some_and(|path| !path.is_dir());
            let source = match DrawnGrid::open(spec, gather, input, variable) {
                Ok(source) => source,
                Err(error) if is_file && variables > 1 && error.argument() == Some(Argument::Variable) => {
                    continue;
                }
                Err(error) => return Err(error),
            };
            seen_inputs.insert(input);
            seen_variables.insert(variable);
            refuse_coarse(&source.field, spec)?;
            let steps = wanted::between(&source.field, spec)?;
            let place = &source.field.place;
            let mut parts: Vec<(Vec<f64>, String)> = Vec::new();
            for &[lat, lon] in &spec.cells {
                if !(-90.0..=90.0).contains(&lat) || !(-360.0..=360.0).contains(&lon) {
                    let reason = "wants LAT,LON, from -90 to 90 and from -180 to 180 degrees";
                    return Err(Error::selection(Argument::Cell, format!("{lat},{lon}"), reason));
                }
                let cell = place.cell_at(lat, lon).ok_or_else(|| {
                    let reason = format!("no cell of {} is there", source.field.file_name());
                    Error::selection(Argument::Cell, format!("{lat},{lon}"), reason)
                })?;
                let mut weights = vec![0.0; place.cells()];
                if let Some(weight) = weights.get_mut(cell) {
                    *weight = 1.0;
                }
                let [lat, lon] = place.centre(cell);
                // A projection's cells have more digits than can be told apart.
                let round =
                    |value: f64| if place.projection.is_some() { (value * 1e4).round() / 1e4 } else { value };
                let (lat, lon) = (scale::degrees(round(lat), "N", "S"), scale::degrees(round(lon), "E", "W"));
                parts.push((weights, format!("{lat} {lon}")));
            }
            if parts.is_empty() {
                parts.push((place.weights(spec.bbox), String::new()));
            }
            for (part, (weights, name)) in parts.into_iter().enumerate() {
                let cells = weights.iter().filter(|weight| **weight > 0.0).count();
                if cells == 0 {
                    let [n, s, w, e] = spec.bbox.unwrap_or_default();
                    let reason = format!("no cell of {} is in the box", source.field.file_name());
                    return Err(Error::selection(Argument::Area, format!("{n},{s},{w},{e}"), reason));
                }
                let reduction = Reduction::Series { steps: steps.clone(), weights: Arc::new(weights) };
                let ticket = gather.want(source.id, reduction);
                let colour = qualitative(lines.len());
                let (field, first) = (source.field.clone(), steps.start);
                let (place, steps) = (name.clone(), steps.len());
                lines.push(LineSource {
                    field,
                    ticket,
                    first,
                    name,
                    colour,
                    cells,
                    steps,
                    variable,
                    part,
                    place,
                });
                runs.push(input);
            }
        }
    }
    let missing = spec.variables.iter().enumerate().find(|(variable, _)| !seen_variables.contains(variable));
    if let Some((_, variable)) = missing {
        return Err(Error::selection(Argument::Variable, variable, "is in none of the files"));
    }
    let empty = spec.inputs.iter().enumerate().find(|(input, _)| !seen_inputs.contains(input));
    if let Some((_, path)) = empty {
        let reason = format!("has none of {}", spec.variables.join(", "));
        return Err(Error::selection(Argument::File, path.display(), reason));
    }
    // An ensemble is drawn as one line.
    if lines.len() > 12 && !spec.is_ensemble() {
        return Err(Error::selection(
            Argument::File,
            "",
            format!("{} lines are more than the limit of 12 that can be told apart", lines.len()),
        ));
    }
    // The first of more labels than inputs is that of the run before.
    let own = spec.labels.len().saturating_sub(spec.inputs.len().max(1));
    name(&mut lines, &runs, spec.labels.get(own..).unwrap_or_default());
    Ok(lines)
}

/// Refuses to call what is of longer steps by months or years.
fn refuse_coarse(field: &Field, spec: &Spec) -> Result<()> {
    let finest = match (spec.kind, spec.every) {
        (Some(Plot::Climatology), _) | (_, Some(Every::Month)) => Interval::Month,
        (_, Some(Every::Year)) => Interval::Year,
        _ => return Ok(()),
    };
    match field.meaning.interval {
        Some(interval) if interval > finest => {
            let reason = format!("{} has {}", field.file_name(), field.meaning.plural());
            let words = finest.word();
            let (option, value) = match spec.kind {
                Some(Plot::Climatology) => (Argument::File, "months of the year"),
                _ => (Argument::Every, words.as_str()),
            };
            Err(Error::selection(option, value, reason))
        }
        _ => Ok(()),
    }
}

/// Says of each line what tells it from the others.
fn name(lines: &mut [LineSource], runs: &[usize], labels: &[String]) {
    let differ = |of: &dyn Fn(&LineSource) -> String| {
        let first = lines.first().map(of);
        lines.iter().any(|line| Some(of(line)) != first)
    };
    let variables = differ(&|line| line.field.label());
    let meanings = differ(&|line| line.field.meaning.words());
    let several_runs = differ(&|line| line.field.run());
    let several_inputs = runs.iter().any(|run| Some(run) != runs.first());
    for (line, &run) in lines.iter_mut().zip(runs) {
        let mut words = Vec::new();
        if variables {
            words.push(match (meanings, line.field.meaning.words()) {
                // Beside other values those of days are named as well.
                (true, words) if words.is_empty() => {
                    format!("{}, {}", line.field.long_name, usual(&line.field))
                }
                _ => line.field.label(),
            });
        }
        match labels.get(run) {
            Some(label) => words.push(label.clone()),
            None if several_runs => words.push(line.field.run()),
            None if several_inputs && !variables => words.push(line.field.file_name()),
            None => {}
        }
        if !line.name.is_empty() {
            words.push(line.name.clone());
        }
        line.name = words.join(", ");
    }
}

/// The title that fits all lines.
pub(super) fn title(lines: &[LineSource]) -> String {
    let mut names: Vec<String> = Vec::new();
    let mut meanings: Vec<String> = Vec::new();
    for field in lines.iter().map(|line| &line.field) {
        for (list, text) in [(&mut names, field.long_name.clone()), (&mut meanings, field.meaning.words())] {
            if !list.contains(&text) {
                list.push(text);
            }
        }
    }
    match (names.as_slice(), meanings.as_slice()) {
        (_, [one]) if one.is_empty() => listed(&names),
        (_, [one]) => format!("{}, {one}", listed(&names)),
        ([name], several) => {
            let other = lines.iter().find(|line| line.field.meaning.words().is_empty());
            let usual = other.map_or(String::new(), |line| usual(&line.field));
            let name_of = |words: &String| if words.is_empty() { usual.clone() } else { words.clone() };
            let several: Vec<String> = several.iter().map(name_of).collect();
            format!("{name}, {}", listed(&several))
        }
        _ => {
            let mut labels: Vec<String> = lines.iter().map(|line| line.field.label()).collect();
            labels.dedup();
            labels.join("; ")
        }
    }
}

/// What the values of a file are that are usually not named.
fn usual(field: &Field) -> String {
    match field.meaning.plural() {
        words if words.is_empty() => "values".to_owned(),
        words => words,
    }
}

/// `One, two and three`.
fn listed(names: &[String]) -> String {
    let Some((first, others)) = names.split_first() else { return String::new() };
    let others = others.iter().enumerate().map(|(index, name)| {
        let joint = if index + 1 == others.len() { " and " } else { ", " };
        format!("{joint}{}", lower(name))
    });
    std::iter::once(first.clone()).chain(others).collect()
}

/// A name within a line.
pub(super) fn lower(text: &str) -> String {
    let mut letters = text.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}

/// The line below the title: what of, when, which run.
pub(super) fn subtitle(spec: &Spec, lines: &[LineSource], what: &str) -> String {
    let mut words = vec![what.to_owned()];
    if let Some(line) = lines.first() {
        let most = lines.iter().map(|line| line.cells).max().unwrap_or(0);
        match (&spec.bbox, spec.cells.is_empty()) {
            (Some([n, s, w, e]), true) => {
                let (n, s) = (scale::degrees(*n, "N", "S"), scale::degrees(*s, "N", "S"));
                let (w, e) = (scale::degrees(*w, "E", "W"), scale::degrees(*e, "E", "W"));
                words.push(format!("{s} to {n}, {w} to {e}"));
            }
            (None, true) if most > 1 => words.push("all cells, weighted by area".to_owned()),
            // Its name may say which variable or run it is, and others are of the same cell.
            (_, false) if spec.cells.len() == 1 => words.push(line.place.clone()),
            _ => {}
        }
        let is_of_one = lines.iter().all(|other| other.field.run() == line.field.run());
        if is_of_one && spec.after.is_none() && !spec.is_ensemble() {
            words.push(line.field.run());
        }
    }
    words.extend(super::pair::differences(lines.iter().map(|line| &*line.field)));
    words.retain(|word| !word.is_empty());
    words.dedup();
    words.join(" · ")
}
