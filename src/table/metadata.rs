//! What variables and columns are, in a file of text of its own: text with commas has no place for it.

use super::csv;
use super::layout::Layout;
use super::schema::Table;
use crate::caete::upstream;
use crate::model::element::Element;
use crate::plan::tables::TableKind;

/// Where upstream knows nothing, it says so.
const UNKNOWN: &str = "unknown";

impl Layout<'_> {
    /// The name and the text of the file that says what columns are; nothing where none is wanted.
    pub fn metadata(&self) -> Option<(String, String)> {
        let has_days = self.tables.iter().any(|table| table.kind == TableKind::Daily);
        match (self.settings.is_upstream(TableKind::Daily) && has_days, self.settings.metadata) {
            (true, _) => {
                Some((format!("{}/{}", self.plan.run.name, upstream::METADATA), self.of_variables()))
            }
            (false, true) => Some(("metadata.csv".to_owned(), columns_of(&self.tables))),
            (false, false) => None,
        }
    }

    /// A line a variable, as upstream has them.
    fn of_variables(&self) -> String {
        let mut text = line(&upstream::METADATA_COLUMNS);
        let mut last = "";
        for layer in &self.plan.layers {
            if std::mem::replace(&mut last, layer.name.as_str()) == layer.name {
                continue;
            }
            let info = self.plan.settings.table.get(&layer.key);
            let said =
                |text: Option<&str>| text.filter(|text| !text.is_empty()).unwrap_or(UNKNOWN).to_owned();
            text += &line(&[
                &layer.name,
                &said(info.map(|info| info.long_name.as_str())),
                &said(info.and_then(|info| info.units.as_deref())),
                &said(info.and_then(|info| info.standard_name.as_deref())),
                &digits(layer.element).to_string(),
            ]);
        }
        text
    }
}

/// The text that says what columns of tables are: a line a column.
pub(crate) fn columns_of<'a>(tables: impl IntoIterator<Item = &'a Table>) -> String {
    let mut text = line(&["table", "column", "type", "long_name", "units", "comment"]);
    for table in tables {
        for field in table.schema.fields() {
            let said = |key: &str| field.metadata().get(key).cloned().unwrap_or_default();
            let kind = csv::type_name(field);
            let [long_name, units, comment] = ["long_name", "units", "comment"].map(said);
            text += &line(&[table.kind.name(), field.name(), kind, &long_name, &units, &comment]);
        }
    }
    text
}

/// Decimal digits that a type keeps whatever the number: nothing is rounded to fewer.
fn digits(element: Element) -> u32 {
    match element {
        Element::Float32 => f32::DIGITS,
        Element::Float64 => f64::DIGITS,
        Element::Int8 | Element::UInt8 => 2,
        Element::Int16 | Element::UInt16 => 4,
        Element::Int32 | Element::UInt32 => 9,
        Element::Int64 => 18,
        Element::UInt64 => 19,
    }
}

fn line(fields: &[&str]) -> String {
    let mut line = Vec::new();
    for (index, field) in fields.iter().enumerate() {
        if index > 0 {
            line.push(b',');
        }
        csv::text(&mut line, field);
    }
    line.push(b'\n');
    String::from_utf8_lossy(&line).into_owned()
}
