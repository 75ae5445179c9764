//! Series over the periods of a spin-up: of tables that were made by period.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::draw::colours::qualitative;
use crate::draw::scale;
use crate::draw::scene::{Line, Rect, Scene};
use crate::error::{Argument, Error, Reason, Result};
use crate::figure::data::gather::Gather;
use crate::figure::data::parts::Every;
use crate::figure::data::periods::{self, PeriodLine, PeriodPoint, PeriodSource, PeriodTable, Wanted};
use crate::figure::draft::Draft;
use crate::figure::plots::mark::Mark;
use crate::figure::plots::panels::{PanelLine, Panels, Ticks};
use crate::figure::spec::{Spec, Spread};

/// Lines that can be told apart.
const MOST: usize = 12;

/// A line, by the table that it is of.
struct Drawn {
    input: usize,
    run: String,
    line: PeriodLine,
    marks: Vec<Mark>,
}

/// Drafts a series of tables by period, where the inputs are tables.
///
/// # Errors
/// [`Argument`](crate::ErrorKind::Argument) where tables and grids are given, where a table has no periods, or where a setting is of grids only.
pub(super) fn draft(spec: &Spec, gather: &mut Gather) -> Result<Option<Draft>> {
    if !spec.inputs.iter().any(|path| periods::is_table(path)) {
        return Ok(None);
    }
    if let Some(path) = spec.inputs.iter().find(|path| !periods::is_table(path)) {
        let reason = "is no table, where other inputs are; draw grids and tables apart";
        return Err(Error::selection(Argument::File, path.display(), reason));
    }
    check(spec)?;
    let wanted = wanted(spec);
    let sources = spec.inputs.iter().map(|path| periods::find(path, &wanted));
    let sources = sources.collect::<Result<Vec<PeriodSource>>>()?;
    for source in sources.iter().filter(|source| !source.others.is_empty()) {
        gather.chose(format!(
            "{} is taken, not {}",
            periods::file_name(&source.path),
            source.others.join(", ")
        ));
    }
    let paths: Vec<PathBuf> = sources.iter().map(|source| source.path.clone()).collect();
    let spec = spec.clone();
    let draft = Draft::of_files(paths, move |_| {
        let drawn = lines(&spec, &sources)?;
        spec.refuse_long_running(drawn.iter().map(|line| line.marks.len()).max().unwrap_or(0))?;
        Ok(scene(&spec, &drawn, &sources))
    });
    Ok(Some(draft))
}

fn wanted(spec: &Spec) -> Wanted<'_> {
    let every = spec.every.unwrap_or(Every::All);
    Wanted { variables: &spec.variables, bbox: spec.bbox, cells: &spec.cells, every }
}

/// Refuses what has no meaning where dates are repeated.
fn check(spec: &Spec) -> Result<()> {
    let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
    let dated = [(Argument::From, &spec.from), (Argument::To, &spec.to)];
    if let Some((argument, Some(value))) = dated.into_iter().find(|(_, value)| value.is_some()) {
        let reason = Reason::from(
            "is of series over dates, and these tables are by period; make them of the days or periods that are wanted, see ",
        );
        return Err(Error::selection(argument, value, reason.naming(Argument::Periods)));
    }
    if let Some(value) = path(&spec.after) {
        let reason = "is of series over dates, and these tables are by period";
        return Err(Error::selection(Argument::After, value, reason));
    }
    if spec.is_ensemble() {
        let reason = "is of series over dates, and these tables are by period; std, range and none are of them as well";
        return Err(Error::selection(Argument::Spread, "ensemble", reason));
    }
    for &[lat, lon] in &spec.cells {
        if !(-90.0..=90.0).contains(&lat) || !(-360.0..=360.0).contains(&lon) {
            let reason = "wants LAT,LON, from -90 to 90 and from -180 to 180 degrees";
            return Err(Error::selection(Argument::Cell, format!("{lat},{lon}"), reason));
        }
    }
    Ok(())
}

/// All lines of all tables.
fn lines(spec: &Spec, sources: &[PeriodSource]) -> Result<Vec<Drawn>> {
    let wanted = wanted(spec);
    let mut drawn = Vec::new();
    for (input, source) in sources.iter().enumerate() {
        let lines = source.lines(&wanted)?;
        let known = |point: &PeriodPoint| !point.mean.is_nan();
        if !lines.iter().flat_map(|line| line.points.values()).any(known) {
            let name = spec.variables.first().map_or("the table", String::as_str);
            return Err(spec.nothing(name, &format!("the periods of {}", periods::file_name(&source.path))));
        }
        drawn.extend(lines.into_iter().map(|line| {
            let run = if line.run.is_empty() { source.about.run.clone() } else { line.run.clone() };
            Drawn { input, run, line, marks: Vec::new() }
        }));
    }
    if drawn.len() > MOST {
        let mut names: Vec<&str> = drawn.iter().map(|drawn| drawn.line.variable.as_str()).collect();
        names.dedup();
        let reason = format!(
            "{} lines are more than the limit of {MOST} that can be told apart; name some of {}",
            drawn.len(),
            names.join(", ")
        );
        return Err(Error::selection(Argument::Variable, "", reason));
    }
    let is_one = drawn.len() == 1;
    for input in 0..sources.len() {
        let own = || drawn.iter().filter(|drawn| drawn.input == input);
        let keys: BTreeSet<(u32, i64)> = own().flat_map(|drawn| drawn.line.points.keys().copied()).collect();
        let mut parts: BTreeMap<u32, Vec<i64>> = BTreeMap::new();
        keys.into_iter().for_each(|(period, part)| parts.entry(period).or_default().push(part));
        for drawn in drawn.iter_mut().filter(|drawn| drawn.input == input) {
            drawn.marks = marks(spec, &drawn.line, &parts, is_one);
        }
    }
    Ok(drawn)
}

/// The marks of a line: a period is as long as its number, and its parts are alike. Where a line has none, and others have, it is broken.
fn marks(spec: &Spec, line: &PeriodLine, parts: &BTreeMap<u32, Vec<i64>>, is_one: bool) -> Vec<Mark> {
    let spread = match spec.spread {
        Some(spread) => spread,
        None if is_one && line.points.values().any(|point| point.cells > 1) => Spread::Std,
        None => Spread::None,
    };
    let mut marks = Vec::new();
    for (&period, parts) in parts {
        let width = 1.0 / parts.len() as f64;
        for (place, part) in parts.iter().enumerate() {
            let from = f64::from(period) - 0.5 + place as f64 * width;
            let nothing = Mark::nothing(from, from + width);
            let Some(point) = line.points.get(&(period, *part)) else {
                marks.push(nothing);
                continue;
            };
            let (low, high) = match spread {
                Spread::Std => (point.mean - point.std, point.mean + point.std),
                Spread::Range => (point.low, point.high),
                Spread::None | Spread::Ensemble | Spread::EnsembleStd => (f64::NAN, f64::NAN),
            };
            marks.push(Mark { value: point.mean, low, high, ..nothing });
        }
    }
    marks
}

/// What tells each line from the others.
fn names(spec: &Spec, drawn: &[Drawn]) -> Vec<String> {
    let differ = |of: &dyn Fn(&Drawn) -> String| {
        let first = drawn.first().map(of);
        drawn.iter().any(|line| Some(of(line)) != first)
    };
    let variables = differ(&|drawn| drawn.line.variable.clone());
    let parts = differ(&|drawn| drawn.line.part.clone());
    let (inputs, runs) = (differ(&|drawn| drawn.input.to_string()), differ(&|drawn| drawn.run.clone()));
    let file = |drawn: &Drawn| spec.inputs.get(drawn.input).map(|path| periods::file_name(path));
    let name = |drawn: &Drawn| {
        let variable = variables.then(|| drawn.line.variable.clone());
        let input = match spec.labels.get(drawn.input) {
            Some(label) => Some(label.clone()),
            None if runs => Some(drawn.run.clone()),
            None => file(drawn).filter(|_| inputs),
        };
        let part = Some(drawn.line.part.clone()).filter(|_| parts);
        [variable, input, part].into_iter().flatten().collect::<Vec<_>>().join(", ")
    };
    drawn.iter().map(name).collect()
}

fn scene(spec: &Spec, drawn: &[Drawn], sources: &[PeriodSource]) -> Scene {
    let names = names(spec, drawn);
    let panel_lines: Vec<PanelLine> = (0..)
        .zip(drawn.iter().zip(&names))
        .map(|(index, (drawn, name))| PanelLine {
            name: name.clone(),
            colour: qualitative(index),
            units: drawn.line.units.clone(),
            label: drawn.line.variable.clone(),
        })
        .collect();
    let all = || drawn.iter().flat_map(|drawn| &drawn.marks);
    let first = all().map(|mark| mark.days.0).fold(f64::INFINITY, f64::min);
    let last = all().map(|mark| mark.days.1).fold(f64::NEG_INFINITY, f64::max);
    let x = if first < last { (first, last) } else { (0.5, 1.5) };
    let panels = Panels {
        spec,
        lines: &panel_lines,
        titles: titles(spec, drawn, sources),
        width: 160.0,
        heights: [0.36, 0.22],
        x,
        right: 12.0,
        first: None,
        along: Some("period"),
    };
    let values = |line: usize| -> Vec<f64> {
        let marks = drawn.get(line).map(|drawn| drawn.marks.as_slice()).unwrap_or_default();
        marks.iter().flat_map(|mark| [mark.value, mark.low, mark.high]).collect()
    };
    let ticks = |width: f64| {
        let most = ((width / 24.0) as usize).clamp(2, 24);
        let (from, to) = ((x.0 + 0.5).round(), (x.1 - 0.5).round());
        let whole = scale::ticks(from, to, most).into_iter().filter(|period| period.fract() == 0.0);
        let mut values: Vec<f64> = whole.collect();
        if values.is_empty() {
            values.push(from);
        }
        let labels = values.iter().map(|period| format!("{period:.0}")).collect();
        Ticks { values, labels, has_grid: true }
    };
    let running = spec.running.filter(|width| *width > 1);
    let is_whole = spec.every.unwrap_or(Every::All) == Every::All;
    let (mut scene, title, subtitle) = panels.draw(values, ticks, |scene, axes, index| {
        let (Some(line), Some(drawn)) = (panel_lines.get(index), drawn.get(index)) else { return };
        super::draw(scene, axes, (line.colour, None), (&drawn.marks, 0), running);
        if is_whole && drawn.marks.len() <= 120 {
            let square = |mark: &Mark| {
                let [x, y] = axes.at(mark.x, mark.value);
                let is_inside = !y.is_nan() && y >= axes.rect.top && y <= axes.rect.bottom;
                is_inside.then(|| Line::closed(Rect::new(x - 1.5, y - 1.5, x + 1.5, y + 1.5).corners()))
            };
            scene.fill(drawn.marks.iter().filter_map(square).collect(), line.colour);
        }
    });
    scene.description = describe(drawn, &names, &title, &subtitle);
    // What is the same of several lines is told once.
    let mut uneven: Vec<(String, Vec<&str>)> = Vec::new();
    for (drawn, name) in drawn.iter().zip(&names) {
        let name = if name.is_empty() { &drawn.line.variable } else { name };
        let Some(words) = uneven_periods(drawn) else { continue };
        match uneven.iter_mut().find(|(known, _)| *known == words) {
            Some((_, names)) => names.push(name),
            None => uneven.push((words, vec![name])),
        }
    }
    scene.notes.extend(uneven.iter().map(|(words, names)| format!("{}: {words}", names.join("; "))));
    scene
}

/// Title and subtitle.
fn titles(spec: &Spec, drawn: &[Drawn], sources: &[PeriodSource]) -> [String; 2] {
    let mut variables: Vec<&str> = drawn.iter().map(|drawn| drawn.line.variable.as_str()).collect();
    variables.sort_unstable();
    variables.dedup();
    let title = match variables.as_slice() {
        [one] => format!("{one} by period"),
        _ => "Means by period".to_owned(),
    };
    let what = match spec.every {
        Some(Every::Step) => "values of each period",
        Some(Every::Month) => "monthly means of each period",
        Some(Every::Year) => "yearly means of each period",
        _ => "means of each period",
    };
    let mut words = vec![what.to_owned()];
    words.extend(spec.running.filter(|width| *width > 1).map(|width| format!("running mean of {width}")));
    let has_cells = sources.iter().any(|source| source.table != PeriodTable::Region);
    let most = drawn.iter().flat_map(|drawn| drawn.line.points.values()).map(|point| point.cells).max();
    let parts: BTreeSet<&str> = drawn.iter().map(|drawn| drawn.line.part.as_str()).collect();
    match (spec.bbox, parts.into_iter().collect::<Vec<_>>().as_slice()) {
        (Some([n, s, w, e]), _) => {
            let (n, s) = (scale::degrees(n, "N", "S"), scale::degrees(s, "N", "S"));
            let (w, e) = (scale::degrees(w, "E", "W"), scale::degrees(e, "E", "W"));
            words.push(format!("{s} to {n}, {w} to {e}"));
        }
        (None, [""]) if has_cells && most > Some(1) => words.push("all cells, weighted by area".to_owned()),
        (None, [one]) if !one.is_empty() && !has_cells => words.push(format!("region {one}")),
        (None, [one]) if !one.is_empty() => words.push(format!("cell {one}")),
        _ => {}
    }
    let runs: BTreeSet<&str> = drawn.iter().map(|drawn| drawn.run.as_str()).collect();
    words.extend(runs.first().filter(|run| runs.len() == 1 && !run.is_empty()).map(|run| (*run).to_owned()));
    [title, words.join(" · ")]
}

/// That means of some periods are over fewer cells than those of others.
fn uneven_periods(drawn: &Drawn) -> Option<String> {
    let points = || drawn.line.points.iter();
    let most = points().map(|(_, point)| point.cells).max()?;
    let fewer: BTreeSet<u32> =
        points().filter(|(_, point)| point.cells < most).map(|((period, _), _)| *period).collect();
    if fewer.is_empty() {
        return None;
    }
    let listed: Vec<String> = fewer.iter().take(8).map(u32::to_string).collect();
    let more = if fewer.len() > 8 { ", …" } else { "" };
    let noun = if fewer.len() == 1 { "period" } else { "periods" };
    Some(format!(
        "means of {noun} {}{more} are over fewer than the {most} cells of others: a step may be theirs",
        listed.join(", ")
    ))
}

fn describe(drawn: &[Drawn], names: &[String], title: &str, subtitle: &str) -> String {
    let mut words = vec![format!("Lines over periods of {title}, {subtitle}.")];
    for (drawn, name) in drawn.iter().zip(names) {
        let known = || drawn.marks.iter().filter(|mark| !mark.value.is_nan());
        let (first, last) = (known().next(), known().next_back());
        let end = |mark: Option<&Mark>| {
            let (value, place) = mark.map_or((f64::NAN, 0.0), |mark| (mark.value, mark.x.round()));
            format!("{} in period {place:.0}", scale::label(value))
        };
        let name = if name.is_empty() { &drawn.line.variable } else { name };
        let units = scale::units(&drawn.line.units);
        words.push(format!("{name}: {} and {}, {units}.", end(first), end(last)));
    }
    words.join(" ")
}
