//! Values as a tree, for people and as JSON.

use std::collections::HashSet;
use std::io::Write;

use serde_json::{Value as Json, json};

use gridloom::caete;
use gridloom::dump::{Value, ValueKind};
use gridloom::printable::printable;

/// Values of a list or a dict that are shown.
const ITEMS: usize = 60;

/// Values that are shown in all: a file can name one many times, in each of which it is named again.
const SHOWN: usize = 20_000;

/// A value as JSON: arrays by type and shape, long lists cut, objects by class.
pub(super) fn tree(value: Value<'_>, depth: usize) -> Json {
    Walk { above: HashSet::new(), left: SHOWN }.tree(value, depth)
}

/// A way through values.
struct Walk {
    /// The values that this one is in.
    above: HashSet<u32>,
    /// How many may still be shown.
    left: usize,
}

impl Walk {
    fn tree(&mut self, value: Value<'_>, depth: usize) -> Json {
        let Some(left) = self.left.checked_sub(1) else { return json!("…") };
        self.left = left;
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
            // JSON has no NaN.
            ValueKind::Float(value) if !value.is_finite() => Some(json!(value.to_string())),
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
        if depth == 0 || !self.above.insert(value.identity()) {
            return json!("…");
        }
        let items = |walk: &mut Walk| -> Vec<Json> {
            value.items().take(ITEMS).map(|item| walk.tree(item, depth - 1)).collect()
        };
        let result = match kind {
            ValueKind::List(count) => {
                nested(format!("list of {count}"), items(self), count.saturating_sub(ITEMS))
            }
            ValueKind::Tuple(count) => {
                nested(format!("tuple of {count}"), items(self), count.saturating_sub(ITEMS))
            }
            ValueKind::Set(count) => {
                nested(format!("set of {count}"), items(self), count.saturating_sub(ITEMS))
            }
            ValueKind::ObjectArray(shape) => nested(format!("objects {shape:?}"), items(self), 0),
            ValueKind::Object(module, name) => {
                if let Some(path) = caete::state::path_text(value) {
                    self.above.remove(&value.identity());
                    return json!(path);
                }
                // What it was made of, where it was given no state.
                let (arguments, state) = value.parts().unzip();
                let made_of = arguments.filter(|arguments| arguments.items().len() > 0);
                let shown = state.flatten().or(made_of).map(|shown| self.tree(shown, depth - 1));
                let mut object = serde_json::Map::from_iter([(format!("{module}.{name}"), json!(shown))]);
                if value.items().len() > 0 {
                    let more = value.items().len().saturating_sub(ITEMS);
                    object.insert("items".to_owned(), nested("list".to_owned(), items(self), more));
                }
                self.entries(value, depth, &mut object);
                Json::Object(object)
            }
            _ => {
                let mut object = serde_json::Map::new();
                self.entries(value, depth, &mut object);
                Json::Object(object)
            }
        };
        self.above.remove(&value.identity());
        result
    }

    /// The entries of a dict, or those set on an object; how many are left out.
    fn entries(&mut self, value: Value<'_>, depth: usize, object: &mut serde_json::Map<String, Json>) {
        for (key, value) in value.entries().take(ITEMS) {
            let name = match key.as_str() {
                Some(name) => name.chars().take(80).collect(),
                None => self.tree(key, 1).to_string(),
            };
            object.insert(name, self.tree(value, depth - 1));
        }
        let more = value.entries().len().saturating_sub(ITEMS);
        if more > 0 {
            object.insert("…".to_owned(), json!(format!("{more} more")));
        }
    }
}

pub(super) fn print_tree(
    out: &mut impl Write,
    name: &str,
    tree: &Json,
    indent: usize,
) -> std::io::Result<()> {
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
