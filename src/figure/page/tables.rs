//! The tables of the page, of what `report.json` says.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::Value;

use super::escaped;

/// Faults that are listed; the report itself has all.
const MOST_FAULTS: usize = 500;

fn text(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => "–".to_owned(),
        Some(Value::Array(values)) => {
            values.iter().map(|value| text(Some(value))).collect::<Vec<_>>().join(", ")
        }
        Some(other) => other.to_string(),
    }
}

fn bytes(value: Option<&Value>) -> String {
    let mut size = value.and_then(Value::as_f64).unwrap_or(0.0);
    for unit in ["B", "kB", "MB", "GB"] {
        if size < 1000.0 {
            return if unit == "B" { format!("{size:.0} B") } else { format!("{size:.1} {unit}") };
        }
        size /= 1000.0;
    }
    format!("{size:.1} TB")
}

/// What one wants to know first.
pub(super) fn facts(html: &mut String, report: Option<&Value>, variables: usize) {
    let Some(report) = report else { return };
    let at = |path: &str| report.pointer(path);
    let faults = at("/faults").and_then(Value::as_array).map_or(0, Vec::len);
    let lost = at("/dumps/lost").and_then(Value::as_u64).unwrap_or(faults as u64);
    let lost = match at("/dumps/expected").and_then(Value::as_u64) {
        Some(expected) => format!("{lost} of {expected}"),
        None => lost.to_string(),
    };
    let empty = at("/empty_cells").and_then(Value::as_array).into_iter().flatten();
    let empty = empty.filter_map(|list| list.get("cells")?.as_array()).flatten();
    // One may be named for its daily series and for its yearly files.
    let empty = empty.map(|cell| text(cell.get("cell"))).collect::<BTreeSet<String>>().len();
    let facts = [
        ("Days", format!("{} to {}", text(at("/time/start")), text(at("/time/end")))),
        ("Cells", text(at("/window/cells"))),
        ("Variables", variables.to_string()),
        ("Inputs missing or damaged", lost),
        ("Cells that hold nothing", empty.to_string()),
        ("Time taken", format!("{:.1} s", at("/seconds").and_then(Value::as_f64).unwrap_or(0.0))),
        ("Peak memory", bytes(at("/peak_memory_bytes"))),
    ];
    html.push_str("<dl class=\"facts\">");
    for (name, value) in facts {
        // Dates are not broken at their hyphens.
        let words: Vec<String> =
            value.split(' ').map(|word| format!("<span>{}</span>", escaped(word))).collect();
        let _ = write!(html, "<div><dt>{name}</dt><dd>{}</dd></div>", words.join(" "));
    }
    html.push_str("</dl>\n");
}

/// Files that are missing on the page.
pub(super) fn omitted(html: &mut String, files: &[(String, String)]) {
    if files.is_empty() {
        return;
    }
    let word = if files.len() == 1 { "1 file is" } else { &format!("{} files are", files.len()) };
    let _ = writeln!(
        html,
        "<section class=\"lost\" aria-labelledby=\"lost\"><h2 id=\"lost\">{word} not shown</h2><ul>"
    );
    for (file, why) in files.iter().take(MOST_FAULTS) {
        let _ = writeln!(html, "<li><code>{}</code>: {}</li>", escaped(file), escaped(why));
    }
    html.push_str("</ul>");
    if files.len() > MOST_FAULTS {
        let _ = writeln!(html, "<p>These are the first {MOST_FAULTS}.</p>");
    }
    html.push_str("</section>\n");
}

/// A table whose headings sort; columns marked `true` are numbers.
fn table(html: &mut String, caption: &str, heads: &[(&str, bool)], rows: Vec<Vec<(String, Option<f64>)>>) {
    let _ = write!(
        html,
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\"><table class=\"sortable\"><caption hidden>{0}</caption><thead><tr>",
        escaped(caption)
    );
    let class = |number: bool| if number { " class=\"n\"" } else { "" };
    for (head, number) in heads {
        let _ = write!(html, "<th scope=\"col\"{}>{}</th>", class(*number), escaped(head));
    }
    html.push_str("</tr></thead><tbody>\n");
    for row in rows {
        html.push_str("<tr>");
        for ((text, key), (_, number)) in row.iter().zip(heads) {
            let key = key.map_or(String::new(), |key| format!(" data-v=\"{key}\""));
            let _ = write!(html, "<td{}{key}>{}</td>", class(*number), escaped(text));
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody></table></div>\n");
}

/// The inputs that were lost.
pub(super) fn faults(html: &mut String, report: Option<&Value>) {
    let faults = report.and_then(|report| report.get("faults")?.as_array());
    let Some(faults) = faults.filter(|faults| !faults.is_empty()) else { return };
    let rows = faults.iter().take(MOST_FAULTS).map(|fault| {
        let at = |name: &str| (text(fault.get(name)), None);
        vec![at("cell"), at("period"), at("year"), at("variable"), at("kind"), at("message")]
    });
    let heads = [
        ("Cell", false),
        ("Period", true),
        ("Year", true),
        ("Variable", false),
        ("Kind", false),
        ("What is wrong", false),
    ];
    table(html, "Inputs that were missing or damaged", &heads, rows.collect());
    if faults.len() > MOST_FAULTS {
        let _ = writeln!(html, "<p>The first {MOST_FAULTS} of {}; report.json has all.</p>", faults.len());
    }
}

/// Periods that were lost, and cells that hold nothing.
pub(super) fn empty(html: &mut String, report: Option<&Value>) {
    let list =
        |name: &str| report.and_then(|report| report.get(name)?.as_array()).cloned().unwrap_or_default();
    let lost = list("lost_periods");
    let at = |value: &Value, name: &str| (text(value.get(name)), None);
    if !lost.is_empty() {
        let names = ["period", "start", "end", "message"];
        let rows = lost.iter().map(|lost| names.map(|name| at(lost, name)).to_vec());
        let heads = [("Period", true), ("First day", false), ("Last day", false), ("What is lost", false)];
        table(html, "Periods that no dump could be used of", &heads, rows.collect());
    }
    let empty = list("empty_cells");
    let mut rows = Vec::new();
    for list in &empty {
        let cells = list.get("cells").and_then(Value::as_array).into_iter().flatten();
        let row = |cell| ["cell", "lat", "lon"].map(|name| at(cell, name)).to_vec();
        rows.extend(cells.map(|cell| [row(cell), vec![at(list, "message")]].concat()));
    }
    if rows.is_empty() {
        return;
    }
    let count = rows.len();
    rows.truncate(MOST_FAULTS);
    let heads = [("Cell", false), ("Latitude", true), ("Longitude", true), ("What it lacks", false)];
    table(html, "Cells that are there and hold nothing, wholly or in part", &heads, rows);
    if count > MOST_FAULTS {
        let _ = writeln!(html, "<p>The first {MOST_FAULTS} of {count} cells; report.json has all.</p>");
    }
}

/// Files, speed and provenance.
pub(super) fn tables(html: &mut String, report: Option<&Value>) {
    let Some(report) = report else { return };
    let list = |name: &str| report.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let number = |value: Option<&Value>| value.and_then(Value::as_f64);
    html.push_str("<h2 id=\"files\">Files</h2>\n");
    let rows = list("files").into_iter().map(|file| {
        let size = file.get("bytes");
        vec![
            (text(file.get("file").or(file.get("name"))), None),
            (bytes(size), number(size)),
            (text(file.get("chunks")), number(file.get("chunks"))),
        ]
    });
    table(html, "Files", &[("File", false), ("Size", true), ("Chunks", true)], rows.collect());
    html.push_str("<h2 id=\"speed\">Speed</h2>\n");
    let rows = list("stages").into_iter().map(|stage| {
        let seconds = number(stage.get("seconds")).unwrap_or(0.0);
        let size = stage.get("bytes");
        let rate = number(size).filter(|_| seconds > 0.0).map(|size| size / seconds / 1e6);
        vec![
            (text(stage.get("stage")), None),
            (format!("{seconds:.2}"), Some(seconds)),
            (bytes(size), number(size)),
            (rate.map_or("–".to_owned(), |rate| format!("{rate:.0}")), rate),
        ]
    });
    let heads = [("Stage", false), ("Seconds of all threads", true), ("Bytes", true), ("MB a second", true)];
    table(html, "Time that each stage took", &heads, rows.collect());
    html.push_str("<h2 id=\"provenance\">Provenance</h2>\n");
    let mut rows = Vec::new();
    let mut add =
        |name: &str, path: &str| rows.push(vec![(name.to_owned(), None), (text(report.pointer(path)), None)]);
    for (name, path) in [
        ("Run", "/run"),
        ("gridloom", "/version"),
        ("Made", "/created"),
        ("Calendar", "/time/calendar"),
        ("Time unit", "/time/units"),
        ("Rows", "/window/rows"),
        ("Columns", "/window/columns"),
        ("Periods", "/settings/periods"),
        ("Codec", "/settings/codec"),
        ("Threads", "/settings/threads"),
        ("Dumps planned", "/dumps/planned"),
        ("Dumps read", "/dumps/read"),
        ("Dumps missing", "/dumps/missing"),
        ("Chunks stored", "/chunks/stored"),
        ("Bound by", "/bound_by"),
    ] {
        add(name, path);
    }
    table(html, "Provenance", &[("What", false), ("Value", false)], rows);
}
