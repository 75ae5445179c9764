//! The file of text that says what variables and columns are.

use std::path::Path;

use crate::caete::upstream as names;
use crate::model::element::Element;
use crate::plan::Plan;
use crate::plan::tables::{TableKind, Tables};
use crate::table::Layout;

use super::super::Verification;

/// Compares the file, if there should be one that is wanted; returns its name.
///
/// # Errors
/// Those of [`Layout::new`].
pub(in super::super) fn compare(
    plan: &Plan,
    tables: &Tables,
    root: &Path,
    is_wanted: &dyn Fn(&str) -> bool,
    result: &mut Verification,
) -> crate::Result<Option<String>> {
    let (name, text) = match (tables.is_upstream(TableKind::Daily), tables.metadata) {
        (true, _) if tables.kinds.contains(&TableKind::Daily) => {
            (format!("{}/{}", plan.run.name, names::METADATA), of_variables(plan))
        }
        (_, true) => ("metadata.csv".to_owned(), of_columns(&Layout::new(plan, tables)?)),
        _ => return Ok(None),
    };
    if !is_wanted(&name) {
        return Ok(None);
    }
    result.files += 1;
    match crate::shared::read_text(&root.join(&name)) {
        Err(error) => result.differ_in(&name, "a file of text", &error.to_string()),
        Ok(found) if found == text => {}
        Ok(found) => {
            let pairs = text.lines().zip(found.lines()).find(|(own, other)| own != other);
            let (own, other) = match pairs {
                Some((own, other)) => (own.to_owned(), other.to_owned()),
                None => {
                    let lines = |text: &str| format!("{} lines", text.lines().count());
                    (lines(&text), lines(&found))
                }
            };
            result.differ_in(&name, &own, &other);
        }
    }
    Ok(Some(name))
}

fn quoted(fields: &[String]) -> String {
    let one = |field: &String| match field.chars().any(|letter| ",\"\n\r".contains(letter)) {
        true => format!("\"{}\"", field.replace('"', "\"\"")),
        false => field.clone(),
    };
    fields.iter().map(one).collect::<Vec<_>>().join(",") + "\n"
}

fn of_variables(plan: &Plan) -> String {
    let mut text = names::METADATA_COLUMNS.join(",") + "\n";
    for output in &plan.outputs {
        let first = plan.layers.get(output.layers.start);
        // Rows of a variable are outputs by themselves, one after another.
        let name = first.map_or(output.name.clone(), |layer| layer.name.clone());
        let digits = match output.element {
            Element::Float32 => 6,
            Element::Float64 => 15,
            other => [2, 4, 9, 18]
                .get(other.size().ilog2() as usize)
                .map_or(0, |digits| *digits + u32::from(other == Element::UInt64)),
        };
        let info = plan.settings.table.get(&output.key);
        let or = |text: Option<String>| text.filter(|text| !text.is_empty()).unwrap_or("unknown".to_owned());
        let own = quoted(&[
            name,
            or(info.map(|info| info.long_name.clone())),
            or(info.and_then(|info| info.units.clone())),
            or(info.and_then(|info| info.standard_name.clone())),
            digits.to_string(),
        ]);
        if !text.ends_with(&format!("\n{own}")) {
            text += &own;
        }
    }
    text
}

fn of_columns(layout: &Layout<'_>) -> String {
    let mut text = "table,column,type,long_name,units,comment\n".to_owned();
    for table in &layout.tables {
        for field in table.schema.fields() {
            let of = |key: &str| field.metadata().get(key).cloned().unwrap_or_default();
            let kind = match field.data_type().to_string().as_str() {
                "Boolean" => "bool".to_owned(),
                kind if kind.starts_with("Timestamp") => match of("kind").as_str() {
                    "moment" => "time".to_owned(),
                    _ => "date".to_owned(),
                },
                kind if kind.starts_with("Dictionary") || kind == "Utf8" => "text".to_owned(),
                kind => kind.to_lowercase(),
            };
            let (name, own) = (table.kind.name().to_owned(), field.name().clone());
            text += &quoted(&[name, own, kind, of("long_name"), of("units"), of("comment")]);
        }
    }
    text
}
