//! A line as fields: the way that knows all dialects and takes its time.

use std::borrow::Cow;
use std::ops::Range;

use crate::records::schema::Separator;

/// A field of a line: where it is, without blanks around it and quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) range: Range<usize>,
    /// Where its text has doubled quotes, so that it is not what stands there.
    pub(super) has_quotes: bool,
}

/// Why a line has no fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// A quote is not closed, or something follows the closed one.
    Quote,
    /// It is shorter than the widths.
    Short,
    /// It is longer than the widths.
    Long,
    /// There are more fields than so many.
    Many,
}

pub(super) fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// A line without blanks at both ends, but for those that are separators.
pub(super) fn trim<'a>(line: &'a [u8], separator: &Separator) -> &'a [u8] {
    let is_kept = |byte: &u8| !is_blank(*byte) || *separator == Separator::Byte(*byte);
    let begin = line.iter().position(is_kept).unwrap_or(line.len());
    let line = line.get(begin..).unwrap_or_default();
    let end = line.iter().rposition(is_kept).map_or(0, |last| last + 1);
    line.get(..end).unwrap_or_default()
}

/// Splits a line into at most `most` fields and one more.
pub(super) fn split(
    line: &[u8],
    separator: &Separator,
    most: usize,
    places: &mut Vec<Place>,
) -> Result<(), Cut> {
    places.clear();
    match separator {
        Separator::Blanks => blanks(line, most, places),
        Separator::Byte(byte) => by_byte(line, *byte, most, places),
        Separator::Fixed(widths) => fixed(line, widths, places),
    }
}

fn blanks(line: &[u8], most: usize, places: &mut Vec<Place>) -> Result<(), Cut> {
    let mut at = 0;
    loop {
        at += line.get(at..).unwrap_or_default().iter().take_while(|&&byte| is_blank(byte)).count();
        let Some(&first) = line.get(at) else { return Ok(()) };
        if places.len() > most {
            return Err(Cut::Many);
        }
        if first == b'"' {
            let (place, end) = quoted(line, at)?;
            if line.get(end).is_some_and(|&next| !is_blank(next)) {
                return Err(Cut::Quote);
            }
            places.push(place);
            at = end;
            continue;
        }
        let length = line.get(at..).unwrap_or_default().iter().take_while(|&&byte| !is_blank(byte)).count();
        places.push(Place { range: at..at + length, has_quotes: false });
        at += length;
    }
}

fn by_byte(line: &[u8], separator: u8, most: usize, places: &mut Vec<Place>) -> Result<(), Cut> {
    let mut at = 0;
    loop {
        if places.len() > most {
            return Err(Cut::Many);
        }
        let rest = line.get(at..).unwrap_or_default();
        let blanks = rest.iter().take_while(|&&byte| is_blank(byte) && byte != separator).count();
        let end = if line.get(at + blanks) == Some(&b'"') {
            let (place, end) = quoted(line, at + blanks)?;
            let behind = line.get(end..).unwrap_or_default();
            let blanks = behind.iter().take_while(|&&byte| is_blank(byte) && byte != separator).count();
            if line.get(end + blanks).is_some_and(|&next| next != separator) {
                return Err(Cut::Quote);
            }
            places.push(place);
            end + blanks
        } else {
            let length = memchr::memchr(separator, rest).unwrap_or(rest.len());
            let field = rest.get(..length).unwrap_or_default();
            let kept = field.len() - field.iter().rev().take_while(|&&byte| is_blank(byte)).count();
            places.push(Place { range: at + blanks.min(kept)..at + kept, has_quotes: false });
            at + length
        };
        if line.get(end).is_none() {
            return Ok(());
        }
        at = end + 1;
    }
}

/// A field in quotes and the byte behind them.
fn quoted(line: &[u8], begin: usize) -> Result<(Place, usize), Cut> {
    let mut at = begin + 1;
    let mut has_quotes = false;
    loop {
        let rest = line.get(at..).unwrap_or_default();
        at += memchr::memchr(b'"', rest).ok_or(Cut::Quote)?;
        if line.get(at + 1) != Some(&b'"') {
            return Ok((Place { range: begin + 1..at, has_quotes }, at + 1));
        }
        has_quotes = true;
        at += 2;
    }
}

fn fixed(line: &[u8], widths: &[u32], places: &mut Vec<Place>) -> Result<(), Cut> {
    let mut at = 0usize;
    for &width in widths {
        if at >= line.len() {
            return Err(Cut::Short);
        }
        let end = at.saturating_add(width as usize).min(line.len());
        places.push(trimmed(line, at..end));
        at = end;
    }
    let behind = line.get(at..).unwrap_or_default();
    if behind.iter().all(|&byte| is_blank(byte)) { Ok(()) } else { Err(Cut::Long) }
}

fn trimmed(line: &[u8], range: Range<usize>) -> Place {
    let field = line.get(range.clone()).unwrap_or_default();
    let blanks = field.iter().take_while(|&&byte| is_blank(byte)).count();
    let length = trim(field, &Separator::Blanks).len();
    Place { range: range.start + blanks..range.start + blanks + length, has_quotes: false }
}

/// Splits a line at the right edges of the header's words, where each column ends at its own and each has one text.
pub(super) fn at_edges(line: &[u8], edges: &[usize], places: &mut Vec<Place>) -> bool {
    let mut found = Vec::with_capacity(edges.len());
    let end = line.len() - line.iter().rev().take_while(|&&byte| is_blank(byte)).count();
    if edges.last() != Some(&end) {
        return false;
    }
    let mut begin = 0;
    for &edge in edges {
        if edge <= begin || edge > end {
            return false;
        }
        let place = trimmed(line, begin..edge);
        let text = line.get(place.range.clone()).unwrap_or_default();
        if text.is_empty() || place.range.end != edge || text.iter().any(|&byte| is_blank(byte)) {
            return false;
        }
        found.push(place);
        begin = edge;
    }
    *places = found;
    true
}

/// The text of a field.
pub(super) fn text<'a>(line: &'a [u8], place: &Place) -> Cow<'a, [u8]> {
    let text = line.get(place.range.clone()).unwrap_or_default();
    if !place.has_quotes {
        return Cow::Borrowed(text);
    }
    let mut plain = Vec::with_capacity(text.len());
    let mut was_quote = false;
    for &byte in text {
        was_quote = byte == b'"' && !was_quote;
        if !was_quote {
            plain.push(byte);
        }
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str, separator: Separator) -> Result<Vec<String>, Cut> {
        let mut places = Vec::new();
        split(line.as_bytes(), &separator, 100, &mut places)?;
        let texts = places.iter().map(|place| text(line.as_bytes(), place).into_owned());
        Ok(texts.map(|text| String::from_utf8(text).expect("a text")).collect())
    }

    #[test]
    fn dialects() {
        use Separator::*;
        for (line, separator, wanted) in [
            ("  a \t b  ", Blanks, Ok(vec!["a", "b"])),
            ("", Blanks, Ok(vec![])),
            ("\"a b\" c", Blanks, Ok(vec!["a b", "c"])),
            ("\"a\"c", Blanks, Err(Cut::Quote)),
            ("a, b ,,c,", Byte(b','), Ok(vec!["a", "b", "", "c", ""])),
            ("", Byte(b','), Ok(vec![""])),
            ("1\t\t 3", Byte(b'\t'), Ok(vec!["1", "", "3"])),
            (" \"a,\"\"b\"\"\" ,c", Byte(b','), Ok(vec!["a,\"b\"", "c"])),
            ("\"\",\"\"\"\"", Byte(b','), Ok(vec!["", "\""])),
            ("\"a,b", Byte(b','), Err(Cut::Quote)),
            ("\"a\"b,c", Byte(b','), Err(Cut::Quote)),
            ("a\"b,c", Byte(b','), Ok(vec!["a\"b", "c"])),
            ("  12 34", Fixed(vec![4, 3]), Ok(vec!["12", "34"])),
            ("  12  4   ", Fixed(vec![4, 3]), Ok(vec!["12", "4"])),
            ("  12   ", Fixed(vec![4, 3]), Ok(vec!["12", ""])),
            ("  12", Fixed(vec![4, 3]), Err(Cut::Short)),
            ("  12  4 5", Fixed(vec![4, 3]), Err(Cut::Long)),
        ] {
            let wanted = wanted.map(|texts| texts.into_iter().map(str::to_owned).collect::<Vec<_>>());
            assert_eq!(of(line, separator.clone()), wanted, "{line:?} {separator:?}");
        }
    }

    #[test]
    fn edges_of_headers() {
        let mut places = Vec::new();
        assert!(at_edges(b"  1.00-234.00", &[6, 13], &mut places));
        assert_eq!(places.iter().map(|place| place.range.clone()).collect::<Vec<_>>(), [2..6, 6..13]);
        for (line, edges) in [
            ("  1.00-234.00", [7, 13]),
            ("  1.00-234.000", [6, 13]),
            ("  1.00 2 4.00", [6, 13]),
            ("1.00", [4, 4]),
        ] {
            // The first is cut at other places: each part is a text by itself, and no number.
            let cut = at_edges(line.as_bytes(), &edges, &mut places);
            assert_eq!(cut, edges == [7, 13], "{line}");
        }
    }
}
