//! Rows of text with commas, read as RFC 4180 has it.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use crate::plan::tables::Packing;

use super::merge::{BATCH, Reader};
use super::rows::{Bits, Column, Form, Rows};

/// A field, and whether it stood between quotes: nothing between two commas is null, an empty text is not.
type Field = (Vec<u8>, bool);

/// A longer record is no row.
const LONGEST: usize = 1 << 24;

fn open(path: &Path, packing: Packing) -> Result<Box<dyn BufRead + Send>, String> {
    let file = crate::shared::open_input(path).map_err(|error| error.to_string())?;
    let file = BufReader::with_capacity(1 << 16, file);
    Ok(match packing {
        Packing::Plain => Box::new(file),
        Packing::Gzip => Box::new(BufReader::new(flate2::bufread::MultiGzDecoder::new(file))),
        Packing::Zstd => {
            let decoder =
                zstd::stream::read::Decoder::with_buffer(file).map_err(|error| error.to_string())?;
            Box::new(BufReader::new(decoder))
        }
    })
}

/// The names in the first line.
pub(in super::super) fn names(path: &Path, packing: Packing) -> Result<Vec<String>, String> {
    let mut record = Vec::new();
    record_of(&mut open(path, packing)?, &mut record)?;
    Ok(record.into_iter().map(|(field, _)| String::from_utf8_lossy(&field).into_owned()).collect())
}

/// Rows of a file behind some.
pub(in super::super) fn rows(
    path: &Path,
    packing: Packing,
    form: &Form,
    skip: u64,
) -> Result<Box<dyn Reader>, String> {
    let mut reader = Lines { text: open(path, packing)?, form: form.clone(), record: Vec::new() };
    for _ in 0..=skip {
        record_of(&mut reader.text, &mut reader.record)?;
    }
    Ok(Box::new(reader))
}

/// Rows of text without a line of names.
#[cfg(feature = "postgres")]
pub(in super::super) fn of_text(text: Box<dyn Read + Send>, form: &Form) -> Box<dyn Reader> {
    Box::new(Lines { text: Box::new(BufReader::new(text)), form: form.clone(), record: Vec::new() })
}

struct Lines {
    text: Box<dyn BufRead + Send>,
    form: Form,
    record: Vec<Field>,
}

impl Reader for Lines {
    fn read(&mut self, rows: &mut Rows) -> Result<bool, String> {
        for _ in 0..BATCH {
            if !record_of(&mut self.text, &mut self.record)? {
                return Ok(false);
            }
            if self.record.len() != self.form.columns.len() {
                return Err(format!("a line has {} fields", self.record.len()));
            }
            for ((field, is_quoted), column) in self.record.iter().zip(&self.form.columns) {
                let text = String::from_utf8_lossy(field);
                let value = match text.is_empty() && !is_quoted {
                    true => None,
                    false => match value(&text, column) {
                        Some(bits) => Some(bits),
                        None => {
                            rows.problems.push(format!("{}: {text:?} is not a value", column.name));
                            None
                        }
                    },
                };
                rows.push(value);
            }
        }
        Ok(true)
    }
}

fn value(text: &str, column: &Column) -> Option<u64> {
    Some(match column.bits {
        Bits::Signed => text.parse::<i64>().ok()? as u64,
        Bits::Unsigned => text.parse::<u64>().ok()?,
        Bits::Float32 => u64::from(text.parse::<f32>().ok()?.to_bits()),
        Bits::Float64 => text.parse::<f64>().ok()?.to_bits(),
        Bits::Boolean => match text {
            "true" | "t" => 1,
            "false" | "f" => 0,
            _ => return None,
        },
        Bits::Date => super::date::parse(text)? as u64,
        Bits::Text => column.texts.as_ref()?.number(text),
    })
}

/// Reads the fields of a record, which a quoted field may carry over several lines; false at the end.
fn record_of(text: &mut dyn BufRead, record: &mut Vec<Field>) -> Result<bool, String> {
    record.clear();
    let mut line = Vec::new();
    let mut read = |line: &mut Vec<u8>| -> Result<usize, String> {
        let mut limited = Read::take(&mut *text, LONGEST as u64);
        let read = limited.read_until(b'\n', line).map_err(|error| error.to_string())?;
        if line.len() >= LONGEST {
            return Err(format!("a line is longer than {LONGEST} bytes"));
        }
        Ok(read)
    };
    if read(&mut line)? == 0 {
        return Ok(false);
    }
    let mut at = 0;
    loop {
        let mut field = Vec::new();
        let is_quoted = line.get(at) == Some(&b'"');
        if is_quoted {
            at += 1;
            loop {
                match (line.get(at).copied(), line.get(at + 1)) {
                    (Some(b'"'), Some(b'"')) => {
                        field.push(b'"');
                        at += 2;
                    }
                    (Some(b'"'), _) => {
                        at += 1;
                        break;
                    }
                    (Some(byte), _) => {
                        field.push(byte);
                        at += 1;
                    }
                    (None, _) => {
                        if read(&mut line)? == 0 {
                            return Err("a quote has no end".to_owned());
                        }
                    }
                }
            }
        }
        while let Some(&byte) = line.get(at).filter(|byte| !matches!(byte, b',' | b'\n' | b'\r')) {
            field.push(byte);
            at += 1;
        }
        record.push((field, is_quoted));
        match line.get(at) {
            Some(b',') => at += 1,
            _ => return Ok(true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_those_of_the_standard() {
        let mut text: &[u8] = b"a,\"b, \"\"c\"\"\n d\",,\"\"\r\n1,2\n";
        let mut record = Vec::new();
        assert!(record_of(&mut text, &mut record).expect("a record"));
        let fields: Vec<(String, bool)> = record
            .iter()
            .map(|(field, quoted)| (String::from_utf8_lossy(field).into_owned(), *quoted))
            .collect();
        let of = |text: &str, quoted| (text.to_owned(), quoted);
        assert_eq!(fields, [of("a", false), of("b, \"c\"\n d", true), of("", false), of("", true)]);
        assert!(record_of(&mut text, &mut record).expect("a record"));
        assert_eq!(record.len(), 2);
        assert!(!record_of(&mut text, &mut record).expect("the end"));
    }
}
