//! Series of a cell on stdout: what CSV, JSON and numpy's files of them have in common.

use std::io::Write;

use gridloom::model::element::Element;

/// The head of a CSV file: names with a comma, quote or end of line in them are quoted.
pub(crate) fn csv_head<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    let quoted = |name: &String| match name.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", name.replace('"', "\"\"")),
        false => name.clone(),
    };
    names.into_iter().map(quoted).collect::<Vec<_>>().join(",")
}

/// Whether a value's text is a number in JSON, which knows no infinity and no NaN.
pub(crate) fn is_number(text: &str) -> bool {
    text.ends_with(|letter: char| letter.is_ascii_digit())
}

/// The head of numpy's format, version 1.0, of a multiple of 64 bytes; the values follow in C order.
pub(crate) fn npy_head(element: Element, shape: &[usize], out: &mut impl Write) -> std::io::Result<()> {
    let kind = match element {
        Element::Float32 | Element::Float64 => 'f',
        Element::UInt8 | Element::UInt16 | Element::UInt32 | Element::UInt64 => 'u',
        Element::Int8 | Element::Int16 | Element::Int32 | Element::Int64 => 'i',
    };
    let order = if element.size() == 1 { '|' } else { '<' };
    let lengths: Vec<String> = shape.iter().map(usize::to_string).collect();
    let shape = if shape.len() == 1 {
        format!("({},)", lengths.concat())
    } else {
        format!("({})", lengths.join(", "))
    };
    let head =
        format!("{{'descr': '{order}{kind}{}', 'fortran_order': False, 'shape': {shape}, }}", element.size());
    let length = (10 + head.len() + 1).next_multiple_of(64) - 10;
    out.write_all(b"\x93NUMPY\x01\x00")?;
    out.write_all(&(length as u16).to_le_bytes())?;
    writeln!(out, "{head:<width$}", width = length - 1)
}
