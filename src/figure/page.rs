//! A page of a run's output in one file: maps, series, health, tables, provenance. It needs no network and no other file.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::draw::scene::Scene;
use crate::draw::svg::{self, escaped};
use crate::draw::{png, scale};
use crate::error::{Argument, Error, Result};
use crate::grid::read::{GridFile, Interval, UNREAD};
use crate::words::matches;

use super::data::gather::Gather;
use super::data::parts::{Every, Parts};
use super::data::reduce::{MapStat, Reduction};
use super::draft::{Draft, DrawnGrid};
use super::spec::{Plot, Spec, Spread};

mod tables;

/// Dots per inch of maps.
const DOTS: f64 = 130.0;

/// A page.
#[derive(Debug)]
#[non_exhaustive]
pub struct Page {
    /// The page.
    pub html: String,
    /// The variables that it shows.
    pub variables: Vec<String>,
    /// Files of the folder that should be on it and are not, and why.
    pub omitted: Vec<(String, String)>,
}

/// A variable on the page.
struct Section {
    /// The variable's name, and what its values are where they are not daily.
    name: String,
    title: String,
    text: String,
}

/// Makes the page of an output folder. Each grid is read once, and is open only while it is: there may be thousands of them.
///
/// # Errors
/// [`Io`](crate::ErrorKind::Io) where the folder cannot be listed; [`Argument`](crate::ErrorKind::Argument) where there is nothing in it to show, or nothing of the
/// variables.
pub fn of_folder(folder: impl AsRef<Path>, patterns: &[String]) -> Result<Page> {
    let folder = folder.as_ref();
    of_folder_with(folder, patterns, told)
}

/// As [`of_folder`]; `told` says what is wrong with a file that is left out.
///
/// # Errors
/// As [`of_folder`].
pub fn of_folder_with(
    folder: impl AsRef<Path>,
    patterns: &[String],
    told: impl Fn(&Error) -> String,
) -> Result<Page> {
    let folder = folder.as_ref();
    let list = std::fs::read_dir(folder).map_err(|source| Error::io("list", folder, source))?;
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in list {
        paths.push(entry.map_err(|source| Error::io("list", folder, source))?.path());
    }
    paths.sort();
    let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let is_store = |path: &&PathBuf| name(path).ends_with(".zarr") && path.join("zarr.json").is_file();
    let stores: Vec<String> = paths.iter().filter(is_store).map(name).collect();
    paths.retain(|path| name(path).ends_with(".nc") && !name(path).starts_with('.'));
    let (mut shown, mut omitted): (Vec<Section>, Vec<(String, String)>) = (Vec::new(), Vec::new());
    if paths.is_empty() {
        omitted.extend(stores.into_iter().map(|store| (store, UNREAD.to_owned())));
    }
    for path in &paths {
        // Most have one variable, which need not be named.
        let variables = match GridFile::variables(path) {
            Ok(names) if names.len() > 1 => names.into_iter().map(Some).collect(),
            _ => vec![None],
        };
        for variable in variables {
            match section(path, variable.as_deref(), patterns, shown.len()) {
                Ok(Some(section)) => shown.push(section),
                Ok(None) => {}
                Err(error) => match &variable {
                    Some(own) if is_wanted(own, patterns) => {
                        omitted.push((format!("{own} in {}", name(path)), told(&error)));
                    }
                    // What cannot be opened is known by its name alone.
                    None if is_perhaps_wanted(&name(path), patterns) => {
                        omitted.push((name(path), told(&error)));
                    }
                    _ => {}
                },
            }
        }
    }
    let report_path = folder.join("report.json");
    let health = health(&report_path);
    if let (true, true, Some(first)) = (shown.is_empty(), omitted.is_empty(), patterns.first()) {
        let reason = format!("matches none of the {} grids in {}", paths.len(), folder.display());
        return Err(Error::selection(Argument::Variables, first, reason));
    }
    if shown.is_empty() && omitted.is_empty() && matches!(health, Ok(None)) {
        let reason = "has neither grids nor a report.json to show";
        return Err(Error::selection(Argument::OutputFolder, folder.display(), reason));
    }
    let (report, health) = match health {
        Ok(Some((report, health))) => (Some(report), health),
        Ok(None) => {
            (None, "<p>There is no report.json: what was missing or damaged is not known.</p>\n".to_owned())
        }
        Err(error) => {
            omitted.push(("report.json".to_owned(), told(&error)));
            let words = "report.json cannot be read: what was missing or damaged is not known.";
            (None, format!("<p class=\"lost\">{words}</p>\n"))
        }
    };
    let mut html = String::new();
    let run = report.as_ref().and_then(|report| report.get("run")?.as_str()).map(str::to_owned);
    let run = run.unwrap_or_else(|| folder.file_name().unwrap_or_default().to_string_lossy().into_owned());
    head(&mut html, &run);
    tables::facts(&mut html, report.as_ref(), shown.len());
    tables::omitted(&mut html, &omitted);
    html.push_str("<nav aria-label=\"On this page\"><ul>");
    for (index, Section { name, title, .. }) in shown.iter().enumerate() {
        let _ =
            write!(html, "<li><a href=\"#v{index}\" title=\"{}\">{}</a></li>", escaped(title), escaped(name));
    }
    html.push_str("</ul></nav></header>\n<main>\n<h2 id=\"health\">Health</h2>\n");
    html.push_str(&health);
    if report.is_some() {
        tables::faults(&mut html, report.as_ref());
        tables::empty(&mut html, report.as_ref());
    }
    if !shown.is_empty() {
        html.push_str("<h2>Variables</h2>\n<p>Means over all steps of a file, and means over all cells by area, of months where steps are \
                       days, shaded by one standard deviation over the cells. Point at a picture, or choose it and use the arrow keys, \
                       to read values.</p>\n");
    }
    shown.iter().for_each(|section| html.push_str(&section.text));
    tables::tables(&mut html, report.as_ref());
    let _ = write!(
        html,
        "</main>\n<footer>Made by gridloom {}. Outlines: Natural Earth.</footer>\n<script>\n{}</script>\n</body>\n</html>\n",
        crate::VERSION,
        include_str!("page/page.js")
    );
    let variables = shown.into_iter().map(|section| section.name).collect();
    Ok(Page { html, variables, omitted })
}

/// What is wrong, and what to do about it.
fn told(error: &Error) -> String {
    let hint = error.hint().map_or(String::new(), |hint| format!(" ({hint})"));
    error.in_full() + &hint
}

fn is_wanted(name: &str, patterns: &[String]) -> bool {
    let base = name.rsplit_once('_').map_or(name, |(base, _)| base);
    patterns.is_empty() || patterns.iter().any(|pattern| matches(pattern, name) || matches(pattern, base))
}

/// Whether a file may have one of the variables, by its name.
fn is_perhaps_wanted(file: &str, patterns: &[String]) -> bool {
    let fits = |pattern: &String| {
        [format!("{pattern}_*"), format!("annual_{pattern}_*")].iter().any(|pattern| matches(pattern, file))
    };
    patterns.is_empty() || patterns.iter().any(fits)
}

fn head(html: &mut String, run: &str) {
    let run = escaped(run);
    let _ = write!(
        html,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'; \
         script-src 'unsafe-inline'\">\n<title>{run} – gridloom</title>\n<style>\n{}</style>\n</head>\n<body>\n<header>\n<h1>{run}</h1>\n",
        include_str!("page/page.css")
    );
}

/// The part of a file's variable, or of its only one: read, drawn, and closed again. `None` where it is not wanted.
fn section(
    path: &Path,
    variable: Option<&str>,
    patterns: &[String],
    index: usize,
) -> Result<Option<Section>> {
    let mut gather = Gather::default();
    let source = DrawnGrid::of(&mut gather, path, variable)?;
    let field = source.field.clone();
    if !is_wanted(&field.name, patterns) {
        return Ok(None);
    }
    let plain = |kind: Plot, width: f64| Spec {
        kind: Some(kind),
        inputs: vec![path.to_owned()],
        variables: variable.map(str::to_owned).into_iter().collect(),
        size: Some([width, 0.0]),
        subtitle: None,
        ..Spec::default()
    };
    let every = match field.meaning.interval {
        // Longer steps are not means of months.
        Some(interval) if interval > Interval::Day => Every::Step,
        _ => Every::Month,
    };
    let map_spec = plain(Plot::Map, 105.0);
    let series_spec = Spec { every: Some(every), spread: Some(Spread::Std), ..plain(Plot::Series, 140.0) };
    let steps = 0..field.times.steps.len();
    let draft = Draft::of(&map_spec, &mut gather)?;
    let ticket = gather.want(source.id, Reduction::Map { steps: steps.clone(), stat: MapStat::Mean });
    let weights = std::sync::Arc::new(field.place.weights(None));
    let draft_series = Draft::of(&series_spec, &mut gather)?;
    let ticket_series = gather.want(source.id, Reduction::Series { steps, weights });
    let gathered = gather.run();
    let map = draft.draw(&map_spec, &gathered)?;
    let series = draft_series.draw(&series_spec, &gathered)?;
    let name = match field.meaning.words() {
        words if words.is_empty() => field.name.clone(),
        words => format!("{}, {words}", field.name),
    };
    let units = scale::units(&field.units);
    let mut out = String::new();
    let title = scale::with_units(&field.label(), &field.units);
    let _ = writeln!(
        out,
        "<section id=\"v{index}\" aria-labelledby=\"t{index}\"><h3 id=\"t{index}\">{} <code>{}</code></h3><div class=\"pair\">",
        escaped(&title),
        escaped(&field.name)
    );
    // The map.
    let values: Vec<Value> = gathered.get(ticket).values.iter().map(|&value| short(value)).collect();
    let place = &field.place;
    let half =
        |edges: &[f64]| edges.windows(2).map(|pair| (pair[1] - pair[0]).abs() / 2.0).fold(0.0, f64::max);
    let [frame, extent] = map.map_frame.map_or([[0.0; 4]; 2], |map| [map.frame.edges(), map.extent.edges()]);
    let data = json!({
        "kind": if place.projection.is_some() { "plane" } else { "map" }, "width": map.width, "height": map.height, "frame": frame, "extent": extent, "units": units,
        "lat": place.y, "lon": place.x, "half": [half(&place.y_edges) * 1.001, half(&place.x_edges) * 1.001],
        "values": values,
    });
    let picture = png::encode(&map, DOTS)
        .map_err(|reason| Error::selection(Argument::OutputFolder, &field.name, reason))?;
    let _ = writeln!(
        out,
        "<figure data-for=\"m{index}\"><img alt=\"{}\" width=\"{:.0}\" height=\"{:.0}\" loading=\"lazy\" src=\"data:image/png;base64,{}\">\
         <output aria-live=\"polite\"></output>{}</figure>",
        escaped(&map.description),
        map.width * 4.0 / 3.0,
        map.height * 4.0 / 3.0,
        base64(&picture),
        script(&format!("m{index}"), &data)
    );
    // The series.
    let points = &gathered.get(ticket_series).series;
    let parts = Parts::new(&field.times, 0..points.len(), every);
    let (mut days, mut dates, mut means) = (Vec::new(), Vec::new(), Vec::new());
    for range in parts.ranges.iter() {
        let known: Vec<f64> = points
            .get(range.clone())
            .unwrap_or_default()
            .iter()
            .map(|point| point.mean)
            .filter(|mean| !mean.is_nan())
            .collect();
        let (first, last) = (field.times.steps.get(range.start), field.times.steps.get(range.end - 1));
        let (Some(first), Some(last)) = (first, last) else { continue };
        days.push((first.start + last.end) as f64 / 2.0);
        let date = field.times.date(range.start);
        dates.push(date.map_or(String::new(), |date| format!("{:04}-{:02}", date.year, date.month)));
        means.push(short(known.iter().sum::<f64>() / known.len() as f64));
    }
    let frame = super::plots::series::frame_of(&series);
    let ends =
        [field.times.steps.first().map(|days| days.start), field.times.steps.last().map(|days| days.end)];
    let data = json!({
        "kind": "series", "width": series.width, "height": series.height, "frame": frame, "x": ends, "units": units,
        "days": days, "dates": dates, "values": means,
    });
    let _ = writeln!(
        out,
        "<figure data-for=\"s{index}\">{}<output aria-live=\"polite\"></output>{}</figure></div></section>",
        inline(&series, &format!("s{index}-")),
        script(&format!("s{index}"), &data)
    );
    Ok(Some(Section { name, title, text: out }))
}

/// A number with four digits that count; `null` for none.
fn short(value: f64) -> Value {
    if !value.is_finite() {
        return Value::Null;
    }
    format!("{value:.3e}").parse::<f64>().map_or(Value::Null, |value| json!(value))
}

/// Data for the page's script. Nothing in it can end the element.
fn script(id: &str, data: &Value) -> String {
    format!(
        "<script type=\"application/json\" id=\"{id}\">{}</script>",
        data.to_string().replace('<', "\\u003c")
    )
}

fn inline(scene: &Scene, prefix: &str) -> String {
    let (width, height) = (svg::number(scene.width), svg::number(scene.height));
    let mut out = format!(
        "<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{}\">",
        escaped(&scene.description)
    );
    svg::body(scene, &mut out, prefix);
    out.push_str("</svg>");
    out
}

/// What `report.json` says, and the part of the page on what was lost; nothing where there is none.
fn health(path: &Path) -> Result<Option<(Value, String)>> {
    if std::fs::symlink_metadata(path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
        return Ok(None);
    }
    let health = super::data::health::read(path)?;
    let bytes = crate::shared::read_input(path).map_err(|source| Error::io("read", path, source))?;
    let report: Value =
        serde_json::from_slice(&bytes).map_err(|error| Error::config(path, error.to_string()))?;
    if !health.is_told() {
        return Ok(Some((report, "<p>Nothing was missing or damaged.</p>\n".to_owned())));
    }
    health_picture(path).map(|text| Some((report, text)))
}

fn health_picture(path: &Path) -> Result<String> {
    let spec = Spec {
        kind: Some(Plot::Health),
        inputs: vec![path.to_owned()],
        size: Some([130.0, 0.0]),
        ..Spec::default()
    };
    let mut gather = Gather::default();
    let scene = Draft::of(&spec, &mut gather)?.draw(&spec, &gather.run())?;
    let picture = png::encode(&scene, DOTS)
        .map_err(|reason| Error::selection(Argument::OutputFolder, path.display(), reason))?;
    Ok(format!(
        "<figure><img alt=\"{}\" width=\"{:.0}\" height=\"{:.0}\" style=\"max-width: 42rem\" src=\"data:image/png;base64,{}\"></figure>\n",
        escaped(&scene.description),
        scene.width * 4.0 / 3.0,
        scene.height * 4.0 / 3.0,
        base64(&picture)
    ))
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let at = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for index in 0..4 {
            let letter = LETTERS.get((bits >> (18 - 6 * index)) as usize & 63).copied().unwrap_or(b'=');
            out.push(if index <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn bytes_become_base64() {
        for (bytes, text) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(super::base64(bytes.as_bytes()), text);
        }
    }
}
