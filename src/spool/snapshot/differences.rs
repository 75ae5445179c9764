//! In what two settings differ, in few words.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// Characters of a value that are told.
const LONGEST: usize = 32;

/// Lines that are told.
const MOST: usize = 3;

/// What differs between settings and others, the first of it a line each; the last line counts the rest.
pub(super) fn lines(old: &Value, new: &Value) -> Vec<String> {
    let mut all = Vec::new();
    compare("", old, new, &mut all);
    // What is said of the variables of a change follows from its windows and from the runs' own variables.
    let is_of_change = |name: &str| name == "change" || name.starts_with("change.");
    if all.iter().any(|(name, _)| is_of_change(name)) {
        all.retain(|(name, _)| !name.starts_with("table."));
    }
    let is_said_first = |name: &str| !name.contains("table.");
    all.sort_by_key(|(name, _)| !is_said_first(name));
    let more = all.len().saturating_sub(MOST);
    let mut lines: Vec<String> =
        all.into_iter().take(MOST).map(|(name, line)| format!("{name}: {line}")).collect();
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines
}

fn compare(name: &str, old: &Value, new: &Value, all: &mut Vec<(String, String)>) {
    match (old, new) {
        (Value::Object(one), Value::Object(other)) if !(is_span(one) && is_span(other)) => {
            let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for key in keys {
                let name = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                let of = |map: &Map<String, Value>| map.get(key).cloned().unwrap_or_default();
                compare(&name, &of(one), &of(other), all);
            }
        }
        _ if old == new => {}
        _ => {
            let [old, new] = shown([text(old), text(new)]);
            all.push((name.to_owned(), format!("{old} then, {new} now")));
        }
    }
}

/// Whether it is no more than two dates.
fn is_span(map: &Map<String, Value>) -> bool {
    map.len() == 2 && ["from", "to"].iter().all(|key| map.get(*key).is_some_and(Value::is_string))
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Object(map) => {
            let end = |key: &str| map.get(key).and_then(Value::as_str).unwrap_or_default();
            let has_window = || text(map.get("window").filter(|window| window.is_object()).unwrap_or(value));
            match (is_span(map), map.contains_key("window")) {
                (true, _) => format!("{} to {}", end("from"), end("to")),
                (false, true) => has_window(),
                (false, false) => value.to_string(),
            }
        }
        _ => value.to_string(),
    }
}

/// Two texts, no longer than are told; where they begin alike, from a little before they differ.
fn shown(texts: [String; 2]) -> [String; 2] {
    let [one, other] = texts.each_ref();
    let alike = one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count();
    texts.each_ref().map(|text| {
        let count = text.chars().count();
        if count <= LONGEST {
            return text.clone();
        }
        let first = alike.saturating_sub(LONGEST / 4).min(count - LONGEST);
        let part: String = text.chars().skip(first).take(LONGEST).collect();
        let before = if first > 0 { "…" } else { "" };
        let behind = if first + LONGEST < count { "…" } else { "" };
        format!("{before}{part}{behind}")
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_window_is_told_and_not_what_follows_from_it() {
        let of = |from: &str, comment: &str| {
            let comparison = json!({ "window": { "from": from, "to": "1990-12-31" }, "least": 0.0 });
            json!({ "change": comparison, "codec": 4, "table": { "npp_mean": comment, "npp_change": comment } })
        };
        assert_eq!(
            lines(&of("1985-03-01", "a"), &of("1986-01-01", "b")),
            ["change.window: 1985-03-01 to 1990-12-31 then, 1986-01-01 to 1990-12-31 now"]
        );
        let without = json!({ "codec": 6, "table": { "npp": "c" } });
        assert_eq!(
            lines(&without, &of("1985-03-01", "a")),
            ["change: nothing then, 1985-03-01 to 1990-12-31 now", "codec: 6 then, 4 now"]
        );
    }

    #[test]
    fn long_values_and_many_lines_are_cut() {
        let long = |end: &str| format!("{}{end}{}", "x".repeat(500), "y".repeat(500));
        let settings = |end: &str| json!({ "a": long(end), "b": 1, "c": end, "d": end, "e": end });
        let lines = lines(&settings("1"), &settings("2"));
        assert_eq!(lines.len(), 4);
        assert_eq!(lines.last().map(String::as_str), Some("and 1 more"));
        assert!(lines.iter().all(|line| line.chars().count() < 110), "{lines:?}");
        assert!(lines[0].contains("xxx1yyy") && lines[0].contains("xxx2yyy"), "{lines:?}");
    }
}
