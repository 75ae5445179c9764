//! A single dump, or region file, as a tree of values.

use std::collections::HashSet;
use std::io::Write;
use std::path::Path;

use serde_json::{Value as Json, json};

use gridloom::caete;
use gridloom::dump::{Dump, Limits, Value, ValueKind};
use gridloom::printable::printable;

use super::{Exit, show, talk};

/// How deep, and how wide, values are shown.
const DEPTH: usize = 4;
const ITEMS: usize = 60;

/// Shows what a single file holds.
pub(super) fn file(path: &Path, limits: &Limits, json: bool) -> anyhow::Result<Exit> {
    let dump = Dump::open(path, limits)?;
    let tree = tree(dump.root(), DEPTH, &mut HashSet::new());
    if json {
        show::json(&json!({
            "path": path.display().to_string(),
            "container": dump.container().to_string(),
            "decoded_bytes": dump.decoded_bytes(),
            "content": tree,
        }))?;
        return Ok(Exit::Complete);
    }
    let mut out = talk::text();
    let written = write_file(path, &dump, &tree, &mut out);
    talk::finish(out, written)?;
    Ok(Exit::Complete)
}

fn write_file(path: &Path, dump: &Dump, tree: &Json, out: &mut talk::Text) -> std::io::Result<()> {
    writeln!(
        out,
        "{}: {}, {} decoded",
        printable(&path.display().to_string()),
        dump.container(),
        show::bytes(dump.decoded_bytes() as u64)
    )?;
    if let Ok(period) = caete::period(dump.root()) {
        let dates = period.first_date().zip(period.last_date());
        writeln!(out, "a period: {}, {} days", show::dates(dates), period.days())?;
    }
    print_tree(out, "", tree, 0)
}

/// A value as JSON: arrays by type and shape, long lists cut, objects by class.
fn tree(value: Value<'_>, depth: usize, above: &mut HashSet<u32>) -> Json {
    let nested = |what: String, items: Vec<Json>, more: usize| match more {
        0 => json!({ what: items }),
        _ => json!({ what: items, "more": more }),
    };
    let kind = value.kind();
    let simple = match &kind {
        ValueKind::None => Some(Json::Null),
        ValueKind::Bool(value) => Some(json!(value)),
        ValueKind::Int(value) => Some(json!(value)),
        ValueKind::BigInt(bytes) => Some(json!(format!("integer of {} bytes", bytes.len()))),
        ValueKind::Float(value) => Some(json!(value)),
        ValueKind::Text(text) => Some(json!(text.chars().take(200).collect::<String>())),
        ValueKind::Bytes(bytes) => Some(json!(format!("{} bytes", bytes.len()))),
        ValueKind::Array(array) if array.shape().is_empty() => {
            Some(value.as_f64().map_or_else(|| json!(array.dtype().to_string()), |number| json!(number)))
        }
        ValueKind::Array(array) => {
            let masked = array.mask().map_or(0, |mask| mask.iter().filter(|&&place| place != 0).count());
            let masked = if masked > 0 { format!(", {masked} masked") } else { String::new() };
            Some(json!(format!("{} {:?}{masked}", array.dtype(), array.shape())))
        }
        ValueKind::DType(dtype) => Some(json!(format!("type {dtype}"))),
        ValueKind::Global(module, name) => Some(json!(format!("{module}.{name}"))),
        _ => None,
    };
    if let Some(simple) = simple {
        return simple;
    }
    if depth == 0 || !above.insert(value.identity()) {
        return json!("…");
    }
    let items = |above: &mut HashSet<u32>| -> Vec<Json> {
        value.items().take(ITEMS).map(|item| tree(item, depth - 1, above)).collect()
    };
    let result = match kind {
        ValueKind::List(count) => {
            nested(format!("list of {count}"), items(above), count.saturating_sub(ITEMS))
        }
        ValueKind::Tuple(count) => {
            nested(format!("tuple of {count}"), items(above), count.saturating_sub(ITEMS))
        }
        ValueKind::Set(count) => nested(format!("set of {count}"), items(above), count.saturating_sub(ITEMS)),
        ValueKind::ObjectArray(shape) => nested(format!("objects {shape:?}"), items(above), 0),
        ValueKind::Object(module, name) => {
            let state = value.parts().and_then(|(_, state)| state);
            json!({ format!("{module}.{name}"): state.map(|state| tree(state, depth - 1, above)) })
        }
        _ => {
            let mut object = serde_json::Map::new();
            for (key, value) in value.entries().take(ITEMS) {
                let name = match key.as_str() {
                    Some(name) => name.chars().take(80).collect(),
                    None => tree(key, 1, above).to_string(),
                };
                object.insert(name, tree(value, depth - 1, above));
            }
            Json::Object(object)
        }
    };
    above.remove(&value.identity());
    result
}

fn print_tree(out: &mut impl Write, name: &str, tree: &Json, indent: usize) -> std::io::Result<()> {
    let (space, shown) = ("  ".repeat(indent), printable(name));
    match tree {
        Json::Object(entries) => {
            if !name.is_empty() {
                writeln!(out, "{space}{shown}:")?;
            }
            let below = indent + usize::from(!name.is_empty());
            entries.iter().try_for_each(|(name, value)| print_tree(out, name, value, below))
        }
        Json::Array(items) => {
            writeln!(out, "{space}{shown}:")?;
            items.iter().try_for_each(|item| print_tree(out, "-", item, indent + 1))
        }
        Json::String(text) => writeln!(out, "{space}{shown}: {}", text.escape_debug()),
        other => writeln!(out, "{space}{shown}: {other}"),
    }
}
