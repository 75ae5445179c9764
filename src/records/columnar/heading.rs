//! The line of names that a file of columns has where it reads as text.

use std::fmt::Write as _;

use arrow_schema::Schema;

/// Writes the line of names.
pub(in crate::records) fn heading(schema: &Schema, text: &mut String) {
    for (index, field) in schema.fields().iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        word(text, field.name());
    }
    text.push('\n');
}

/// Its bytes.
pub(super) fn length(schema: &Schema) -> u64 {
    let mut text = String::new();
    heading(schema, &mut text);
    text.len() as u64
}

/// A text as a field: in quotes where it would not be one otherwise.
pub(in crate::records) fn word(text: &mut String, word: &str) {
    let is_plain = !word.contains([',', '"', '\n', '\r']) && word.trim() == word;
    match is_plain {
        true => text.push_str(word),
        // An end of a line inside would be one of the record.
        false => _ = write!(text, "\"{}\"", word.replace('"', "\"\"").replace(['\n', '\r'], " ")),
    }
}
