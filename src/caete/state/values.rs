//! Values of a state as texts: paths, numbers, settings in settings.

use std::collections::HashSet;

use crate::dump::{Value, ValueKind};

/// Characters of a text that are kept.
const LONGEST: usize = 200;
/// Attributes of an object, in each of which one is looked for; the model's have about a hundred.
const MOST_ATTRIBUTES: usize = 512;
/// Names of a path.
const MOST_NAMES: usize = 256;
/// How deep settings lie in settings.
const DEEPEST: usize = 6;
/// Values of a list of a setting that are told.
const SHOWN: usize = 12;

/// What an object, or a dict, holds under a name.
pub(super) fn attribute<'a>(value: Value<'a>, key: &str) -> Option<Value<'a>> {
    let state = value.parts().and_then(|(_, state)| state).unwrap_or(value);
    // An object with slots has a pair of states, one of pydantic a dict in a dict.
    let is_small = |dict: &Value<'_>| dict.entries().len() <= MOST_ATTRIBUTES;
    let inner = Some(state).filter(is_small).and_then(|state| state.get("__dict__"));
    let dicts = [state].into_iter().chain(inner).chain(state.items().take(2));
    dicts.filter(is_small).find_map(|dict| dict.get(key))
}

/// A path, or a text, as it was on the machine that wrote it; nothing where a value is neither.
pub fn path_text(value: Value<'_>) -> Option<String> {
    if let Some(text) = value.as_str() {
        return Some(shortened(text));
    }
    let ValueKind::Object(module, name) = value.kind() else { return None };
    if !(module == "pathlib" || module.starts_with("pathlib.")) || !name.ends_with("Path") {
        return None;
    }
    let (arguments, _) = value.parts()?;
    let separator = if name.contains("Windows") { "\\" } else { "/" };
    let mut path = String::new();
    for part in arguments.items().take(MOST_NAMES).filter_map(Value::as_str) {
        if !path.is_empty() && !path.ends_with(separator) {
            path += separator;
        }
        path += part;
        if path.len() > 4 * LONGEST {
            break;
        }
    }
    Some(if path.is_empty() { ".".to_owned() } else { shortened(&path) })
}

/// The last name of a path of any system.
pub(super) fn last_name(path: &str) -> String {
    let trimmed = path.trim_end_matches(['/', '\\']);
    trimmed.rsplit(['/', '\\']).next().unwrap_or(trimmed).to_owned()
}

/// A number without noughts that say nothing.
pub(super) fn number(value: f64) -> String {
    value.to_string()
}

/// A simple value as text.
pub(super) fn text(value: Value<'_>) -> Option<String> {
    Some(match value.kind() {
        ValueKind::Bool(value) => value.to_string(),
        ValueKind::Int(value) => value.to_string(),
        ValueKind::Float(value) => number(value),
        ValueKind::Text(text) => shortened(text),
        ValueKind::Array(array) if array.shape().is_empty() => number(value.as_f64()?),
        ValueKind::Array(_) => return None,
        _ => return path_text(value),
    })
}

/// A date as the model is told it, with dashes.
pub(super) fn date(text: &str) -> String {
    let is_digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    match (is_digits, text.get(..4), text.get(4..6), text.get(6..)) {
        (true, Some(year), Some(month), Some(day)) => format!("{year}-{month}-{day}"),
        _ => text.replace(['/', '.'], "-"),
    }
}

/// Without what a terminal or a file's attribute would not like.
fn shortened(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).take(LONGEST).collect()
}

/// Settings in settings, by names with dots between them. Each object is looked at once: a file can name one many times.
pub(super) fn flat(value: Value<'_>, most: usize) -> Vec<(String, String)> {
    let mut found = Vec::new();
    flatten(value, "", DEEPEST, &mut HashSet::new(), most, &mut found);
    found
}

fn flatten(
    value: Value<'_>,
    name: &str,
    deep: usize,
    seen: &mut HashSet<u32>,
    most: usize,
    found: &mut Vec<(String, String)>,
) {
    if found.len() >= most {
        return;
    }
    if let Some(text) = text(value) {
        found.push((name.to_owned(), text));
        return;
    }
    let Some(next) = deep.checked_sub(1).filter(|_| seen.insert(value.identity())) else { return };
    if let ValueKind::List(count) | ValueKind::Tuple(count) | ValueKind::Set(count) = value.kind() {
        let texts: Option<Vec<String>> = value.items().take(SHOWN).map(text).collect();
        if let Some(texts) = texts {
            let more = if count > SHOWN { format!(" and {} more", count - SHOWN) } else { String::new() };
            found.push((name.to_owned(), texts.join(", ") + &more));
        }
        return;
    }
    let state = value.parts().and_then(|(_, state)| state).unwrap_or(value);
    let state =
        state.entries().find(|(key, _)| key.as_str() == Some("__dict__")).map_or(state, |(_, inner)| inner);
    for (key, value) in state.entries().chain(value.entries()) {
        let Some(key) = text(key).filter(|key| !key.starts_with("__")) else { continue };
        let name = if name.is_empty() { key } else { format!("{name}.{key}") };
        flatten(value, &name, next, seen, most, found);
    }
}
