//! Runs that belong together in a series: one that goes before each of the others, and all of them as an ensemble.

use std::path::Path;

use crate::draw::colours::qualitative;
use crate::error::{Argument, Error, Reason, Result};
use crate::figure::data::gather::Gather;
use crate::figure::data::parts::Every;
use crate::figure::spec::{Spec, Spread};
use crate::grid::read::Field;
use crate::words::many;

use super::lines::{self, LineSource};
use super::mark::Mark;

/// What is not told apart: rounding of positions in time.
const NEAR: f64 = 1e-3;

/// A line with what is drawn of it.
pub(super) struct Track {
    pub line: LineSource,
    pub marks: Vec<Mark>,
    /// How many of the marks are of the run before, at the front.
    pub before: usize,
}

/// A run that goes before the others: a line for each of theirs.
pub(super) struct Before {
    lines: Vec<LineSource>,
    /// Of each of their lines the one before it, and whether there is a gap between them.
    of: Vec<(usize, bool)>,
    /// What it is called.
    pub name: String,
}

impl Before {
    /// The run before some lines, where one is wanted.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where a line cannot follow it: other steps or units, or days that it has as well.
    pub fn of(spec: &Spec, gather: &mut Gather, lines: &[LineSource]) -> Result<Option<Self>> {
        let Some(path) = &spec.after else { return Ok(None) };
        let alone = Spec { inputs: vec![path.clone()], labels: Vec::new(), after: None, ..spec.clone() };
        let mut own = lines::lines(&alone, gather)?;
        let mut of = Vec::new();
        for line in lines {
            let same = |other: &LineSource| (other.variable, other.part) == (line.variable, line.part);
            let place = own.iter().position(same).ok_or_else(|| {
                let reason =
                    format!("has no {} to go before that of {}", line.field.name, line.field.file_name());
                refused(path, reason)
            })?;
            let Some(before) = own.get(place) else { continue };
            of.push((place, follow(spec, path, before, line, gather)?));
        }
        let label = spec.labels.first().filter(|_| spec.labels.len() > spec.inputs.len());
        let known = || own.first().map(|line| called(&line.field, lines.iter().map(|line| &*line.field)));
        let name = label.cloned().or_else(known).unwrap_or_default();
        own.iter_mut().for_each(|line| line.name.clone_from(&name));
        Ok(Some(Before { lines: own, of, name }))
    }

    /// Its lines.
    pub fn lines(&self) -> &[LineSource] {
        &self.lines
    }

    /// The marks of a line with those before it, and how many these are.
    pub fn joined(
        &self,
        index: usize,
        own: Vec<Mark>,
        of: &dyn Fn(&LineSource) -> Vec<Mark>,
    ) -> (Vec<Mark>, usize) {
        let found = self.of.get(index).and_then(|&(place, is_gap)| Some((self.lines.get(place)?, is_gap)));
        let Some((line, is_gap)) = found else { return (own, 0) };
        let mut marks = of(line);
        if let (true, Some(last), Some(first)) = (is_gap, marks.last().copied(), own.first()) {
            marks.push(Mark::nothing(last.days.1, first.days.0));
        }
        let before = marks.len();
        marks.extend(own);
        (marks, before)
    }
}

fn refused(path: &Path, reason: impl Into<Reason>) -> Error {
    Error::selection(Argument::After, path.display(), reason)
}

/// What a run is called beside others: by its name, or by its file where they have the same.
pub(super) fn called<'a>(field: &Field, others: impl IntoIterator<Item = &'a Field>) -> String {
    let run = field.run();
    if run.is_empty() || others.into_iter().any(|other| other.run() == run) { field.file_name() } else { run }
}

/// Whether there is a gap between a line and the one before it, which is told.
fn follow(
    spec: &Spec,
    path: &Path,
    before: &LineSource,
    line: &LineSource,
    gather: &mut Gather,
) -> Result<bool> {
    let [one, other] = [&before.field, &line.field];
    for (what, first, second) in [
        ("units", one.units.clone(), other.units.clone()),
        ("values", one.meaning.words(), other.meaning.words()),
        ("steps", one.meaning.plural(), other.meaning.plural()),
        ("steps", one.times.unit.step().words(), other.times.unit.step().words()),
    ] {
        if first != second {
            let said = |text: &str| if text.is_empty() { "none".to_owned() } else { text.to_owned() };
            let (name, first, second) = (other.file_name(), said(&first), said(&second));
            let reason = format!("its {what} are {first}, those of {name} {second}; one line has one kind");
            return Err(refused(path, reason));
        }
    }
    let steps = |line: &LineSource| line.first..line.first + line.steps;
    let spans = || (one.times.span(&steps(before)), other.times.span(&steps(line)));
    let end = one.times.steps.get((before.first + before.steps).saturating_sub(1)).map(|step| step.end);
    let begin = other.times.steps.get(line.first).map(|step| step.start);
    let (Some(end), Some(begin)) = (end, begin) else { return Ok(false) };
    let (from, to) = (&one.times.unit, &other.times.unit);
    // The end of the last step is the beginning of one that the file need not have.
    let apart = match from.shift_to(to) {
        Some(shift) => (begin - end - shift) as f64,
        None => begin as f64 - from.position_in(to, end - 1) - 1.0,
    };
    let (before_run, run) = (called(one, [&**other]), called(other, [&**one]));
    if apart < -NEAR {
        let (first, second) = spans();
        let reason = format!(
            "it has {first} and {run} has {second}, which does not begin behind it; cut one of the grids with "
        );
        return Err(refused(path, Reason::from(reason).naming(Argument::Dates)));
    }
    if apart > NEAR {
        let (first, second) = spans();
        gather.chose(format!(
            "gap: {} has {first}, {run} has {second}; the line is broken between them",
            before_run
        ));
    }
    let part = |line: &LineSource, step: usize| {
        let times = &line.field.times;
        let date = times.unit.date(times.steps.get(step)?.start)?;
        Some((date.year, if spec.every == Some(Every::Month) { date.month } else { 0 }))
    };
    let is_cut = part(before, (before.first + before.steps).saturating_sub(1)) == part(line, line.first);
    if is_cut && matches!(spec.every, Some(Every::Month | Every::Year)) {
        let what = if spec.every == Some(Every::Month) { "month" } else { "year" };
        gather
            .chose(format!("the {what} in which {} ends and {run} begins is drawn as two means", before_run));
    }
    Ok(apart > NEAR)
}

/// What is said of an ensemble below the title.
pub(super) fn words(spec: &Spec, members: usize) -> Option<String> {
    let shaded = match spec.spread {
        Some(Spread::Ensemble) => "least to greatest shaded",
        Some(Spread::EnsembleStd) => "one standard deviation between them shaded",
        _ => return None,
    };
    Some(format!("mean of {}, {shaded}", many(members as u64, "input")))
}

/// A line for all inputs: their mean, and their spread around it. A step that one of them has no value of has none.
///
/// # Errors
/// [`Argument`](crate::ErrorKind::Argument) where inputs have other steps or units.
pub(super) fn ensemble(spec: &Spec, tracks: Vec<Track>) -> Result<Vec<Track>> {
    let mut groups: Vec<Vec<Track>> = Vec::new();
    for track in tracks {
        let key = (track.line.variable, track.line.part);
        let of = |group: &&mut Vec<Track>| {
            group.first().is_some_and(|first| (first.line.variable, first.line.part) == key)
        };
        match groups.iter_mut().find(of) {
            Some(group) => group.push(track),
            None => groups.push(vec![track]),
        }
    }
    let is_one = groups.len() == 1;
    let merge = |(index, group): (usize, Vec<Track>)| {
        let marks = members(&group)?;
        let marks = marks.into_iter().map(|(mark, values)| spread(mark, &values, spec.spread)).collect();
        let count = group.len();
        let mut track = group.into_iter().next().ok_or_else(|| Error::bug("an ensemble of nothing"))?;
        let mut words = Vec::new();
        if !is_one {
            words.extend([track.line.field.label(), track.line.place.clone()]);
            words.retain(|word| !word.is_empty());
        }
        words.push(format!("mean of {}", many(count as u64, "input")));
        track.line.name = words.join(", ");
        track.line.colour = qualitative(index);
        track.marks = marks;
        Ok(track)
    };
    groups.into_iter().enumerate().map(merge).collect()
}

/// The marks of a group's first line, each with the values of all members.
fn members(group: &[Track]) -> Result<Vec<(Mark, Vec<f64>)>> {
    let Some((first, others)) = group.split_first() else { return Ok(Vec::new()) };
    let refuse = |other: &Track, why: String| {
        let [one, two] =
            [(first, other), (other, first)].map(|(one, two)| called(&one.line.field, [&*two.line.field]));
        let reason = format!("{one} and {two} cannot be one ensemble: {why}");
        Err(Error::selection(Argument::Spread, "ensemble", reason))
    };
    for other in others {
        let [one, two] = [first, other].map(|track| track.line.field.units.clone());
        if one != two {
            return refuse(other, format!("their units are {one:?} and {two:?}"));
        }
        let near = |one: &Mark, two: &Mark| {
            (one.days.0 - two.days.0).abs() < NEAR && (one.days.1 - two.days.1).abs() < NEAR
        };
        let is_same = first.marks.len() == other.marks.len()
            && first.marks.iter().zip(&other.marks).all(|(one, two)| near(one, two));
        if !is_same {
            let span = |track: &Track| {
                let (line, steps) = (&track.line, many(track.marks.len() as u64, "step"));
                format!("{steps} of {}", line.field.times.span(&(line.first..line.first + line.steps)))
            };
            let why = format!(
                "{} and {} are not the same steps; choose days that all have by from and to, or other parts by every",
                span(first),
                span(other)
            );
            return refuse(other, why);
        }
    }
    if others.is_empty() {
        let reason = "wants two inputs or more, and one is given";
        return Err(Error::selection(Argument::Spread, "ensemble", reason));
    }
    let values =
        |index: usize| group.iter().filter_map(|track| Some(track.marks.get(index)?.value)).collect();
    Ok(first.marks.iter().enumerate().map(|(index, mark)| (*mark, values(index))).collect())
}

/// A mark with the mean of all values and their spread.
fn spread(mark: Mark, values: &[f64], wanted: Option<Spread>) -> Mark {
    let count = values.len() as f64;
    let value = values.iter().sum::<f64>() / count;
    let (low, high) = match wanted {
        Some(Spread::EnsembleStd) => {
            let squares: f64 = values.iter().map(|one| (one - value).powi(2)).sum();
            let std = (squares / (count - 1.0)).sqrt();
            (value - std, value + std)
        }
        _ if value.is_nan() => (f64::NAN, f64::NAN),
        _ => values
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), one| (low.min(*one), high.max(*one))),
    };
    Mark { value, low, high, ..mark }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ensemble_is_the_mean_of_its_members_and_their_spread() {
        let mark = Mark::nothing(0.0, 1.0);
        let of = |values: &[f64], wanted| {
            let Mark { value, low, high, .. } = spread(mark, values, Some(wanted));
            [value, low, high]
        };
        assert_eq!(of(&[1.0, 2.0, 6.0], Spread::Ensemble), [3.0, 1.0, 6.0]);
        let std = 7f64.sqrt();
        assert_eq!(of(&[1.0, 2.0, 6.0], Spread::EnsembleStd), [3.0, 3.0 - std, 3.0 + std]);
        // A step that a member lacks is a gap, and no mean of the others.
        assert!(of(&[1.0, f64::NAN], Spread::Ensemble).iter().all(|value| value.is_nan()));
        assert!(of(&[1.0, f64::NAN], Spread::EnsembleStd).iter().all(|value| value.is_nan()));
    }
}
