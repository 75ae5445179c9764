//! Rows of text with commas, read as RFC 4180 has it.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use super::super::packing::Packing;
use super::rows::{Heading, Rows};
use super::{BATCH, Reader};

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
pub(in crate::table) fn names(path: &Path, packing: Packing) -> Result<Vec<String>, String> {
    let mut record = Vec::new();
    record_of(&mut open(path, packing)?, &mut record)?;
    Ok(record.into_iter().map(|(field, _)| String::from_utf8_lossy(&field).into_owned()).collect())
}

/// Rows of a file behind some.
pub(in crate::table) fn rows(
    path: &Path,
    packing: Packing,
    heading: &Heading,
    skip: u64,
) -> Result<Box<dyn Reader>, String> {
    let mut reader = Lines::of(open(path, packing)?, heading);
    record_of(&mut reader.text, &mut reader.record)?;
    let place = |(name, _): &Field| heading.place_of(&String::from_utf8_lossy(name));
    reader.places = reader.record.iter().map(place).collect();
    for _ in 0..skip {
        record_of(&mut reader.text, &mut reader.record)?;
    }
    Ok(Box::new(reader))
}

/// Rows of text without a line of names.
#[cfg(feature = "postgres")]
pub(crate) fn of_text(text: Box<dyn Read + Send>, heading: &Heading) -> Box<dyn Reader> {
    Box::new(Lines::of(Box::new(BufReader::new(text)), heading))
}

struct Lines {
    text: Box<dyn BufRead + Send>,
    heading: Heading,
    /// Which column each field of a line is of.
    places: Vec<Option<usize>>,
    record: Vec<Field>,
}

impl Lines {
    /// Lines whose fields stand in the order of the columns.
    fn of(text: Box<dyn BufRead + Send>, heading: &Heading) -> Self {
        let places = (0..heading.columns.len()).map(Some).collect();
        Lines { text, heading: heading.clone(), places, record: Vec::new() }
    }
}

impl Reader for Lines {
    fn read(&mut self, rows: &mut Rows) -> Result<bool, String> {
        for _ in 0..BATCH {
            if !record_of(&mut self.text, &mut self.record)? {
                return Ok(false);
            }
            if self.record.len() != self.places.len() {
                return Err(format!("a line has {} fields", self.record.len()));
            }
            rows.begin();
            for ((field, is_quoted), place) in self.record.iter().zip(&self.places) {
                let Some(column) = place.and_then(|place| self.heading.columns.get(place)) else { continue };
                let text = String::from_utf8_lossy(field);
                let value = match text.is_empty() && !is_quoted {
                    true => None,
                    false => match column.parse(&text) {
                        Some(bits) => Some(bits),
                        None => {
                            rows.problems.push(format!("{}: {text:?} is not a value", column.name));
                            None
                        }
                    },
                };
                rows.put(&column.name, value);
            }
        }
        Ok(true)
    }
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
