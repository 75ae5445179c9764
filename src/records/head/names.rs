//! The names of columns: in a line, in a comment, behind a marker, in the description, or nowhere.

use super::words::{Word, is_value, words};
use super::{HeadFault, Line, Lines, MOST_COLUMNS, header_of, is_blank, separator, units_below};
use crate::records::description::{Header, Text};
use crate::records::rows::RecordFaultKind;
use crate::records::schema::{Head, Separator};

/// Separators that are tried where nothing says which, the likeliest first.
const TRIED: [u8; 4] = [b';', b'\t', b',', b'|'];

/// A line with names, and where records begin behind it.
struct Named<'a> {
    line: Line<'a>,
    /// Bytes before the first word: those of a comment's mark.
    mark: usize,
}

pub(super) fn head(mut lines: Lines<'_>, text: &Text) -> Result<Head, HeadFault> {
    for _ in 0..text.skip.unwrap_or(0) {
        let Some(_) = lines.next() else { return Err(lines.end()) };
    }
    let comment = text.comment.as_deref().unwrap_or("#");
    let is_comment =
        |line: &Line<'_>| !comment.is_empty() && trimmed(line.bytes).starts_with(comment.as_bytes());
    let header = header_of(text);
    let mut comments: Vec<Line<'_>> = Vec::new();
    // Comments, and with a marker all that is before it.
    let mut first = None;
    let mut start = (lines.at, lines.number);
    let mut ahead = lines.clone();
    for line in ahead.by_ref() {
        let is_marked = header == Header::Marker && is_marked(&line, text);
        if !is_marked && (is_comment(&line) || header == Header::Marker) {
            comments.push(line);
            start = (line.end, line.number + 1);
        } else if !is_blank(line.bytes) || is_marked {
            first = Some(line);
            break;
        }
    }
    let fault = ahead.end();
    let Some(first) = first else { return Err(fault) };
    let separator = match separator(text) {
        Some(separator) => separator,
        None => guess(&first, ahead.clone().find(|line| !is_blank(line.bytes) && !is_comment(line)).as_ref()),
    };
    let found = words(first.bytes, &separator);
    let named = match header {
        Header::Line => Some(Named { line: first, mark: 0 }),
        Header::Marker => Some(Named { line: first, mark: marker_length(&first, text) }),
        Header::None => None,
        Header::Comment => Some(of_comment(comments.last(), comment).ok_or_else(|| {
            let message = format!("no line that begins with {comment:?} is before its records; names of columns were to be in one");
            HeadFault::new(RecordFaultKind::Columns, Some(first.number + 1), message)
        })?),
        Header::Any if is_names(&found) => Some(Named { line: first, mark: 0 }),
        // A comment that has a name for each column.
        Header::Any => of_comment(comments.last(), comment).filter(|named| {
            let names = words(named.line.bytes.get(named.mark..).unwrap_or_default(), &separator);
            names.len() == found.len() && is_names(&names)
        }),
    };
    let line_of_names =
        named.as_ref().filter(|named| named.line.start == first.start).map(|named| named.line);
    let mut after = ahead;
    let mut units = None;
    let (start, lines) = match line_of_names {
        None => start,
        Some(line) => {
            let below = units_below(text).then(|| after.next());
            match below {
                None => (line.end, line.number + 1),
                Some(None) => return Err(after.end()),
                Some(Some(line)) => {
                    units = Some(
                        words(line.bytes, &separator).into_iter().map(|word| bare(&word.text)).collect(),
                    );
                    (line.end, line.number + 1)
                }
            }
        }
    };
    // A record, or it is a file without any.
    let record = match line_of_names {
        None => Some(first),
        Some(_) => after.find(|line| !is_blank(line.bytes) && !is_comment(line)),
    };
    let Some(record) = record else { return Err(after.end()) };
    let (names, edges, separator, line) = match named {
        None => (text.names.clone(), Vec::new(), separator, Vec::new()),
        Some(Named { line, mark }) => {
            let of_names = words(line.bytes.get(mark..).unwrap_or_default(), &separator);
            if of_names.is_empty() {
                let message = "the line that is to name its columns names none";
                return Err(HeadFault::new(RecordFaultKind::Columns, Some(line.number + 1), message));
            }
            let edges: Vec<u32> = of_names.iter().map(|word| (word.end + mark) as u32).collect();
            let separator = with_widths(separator, &edges);
            (
                Some(of_names.into_iter().map(|word| word.text).collect()),
                edges,
                separator,
                line.bytes.to_vec(),
            )
        }
    };
    let columns = names.as_ref().map_or_else(|| words(record.bytes, &separator).len(), Vec::len);
    if columns > MOST_COLUMNS {
        let message = format!("{columns} columns are more than the limit of {MOST_COLUMNS}");
        return Err(HeadFault::new(RecordFaultKind::TooLarge, Some(record.number + 1), message));
    }
    let comments = comments.iter().map(|line| String::from_utf8_lossy(line.bytes).into_owned()).collect();
    Ok(Head { separator, names, columns, edges, header: line, units, comments, start: start as u64, lines })
}

/// Fixed columns whose widths nothing says end where the header's words do.
fn with_widths(separator: Separator, edges: &[u32]) -> Separator {
    match separator {
        Separator::Fixed(widths) if widths.is_empty() => {
            let before = [0].iter().chain(edges);
            Separator::Fixed(
                edges.iter().zip(before).map(|(edge, before)| edge.saturating_sub(*before)).collect(),
            )
        }
        other => other,
    }
}

fn of_comment<'a>(comment: Option<&Line<'a>>, mark: &str) -> Option<Named<'a>> {
    let line = *comment?;
    let blanks = line.bytes.len() - trimmed(line.bytes).len();
    Some(Named { line, mark: blanks + mark.len() })
}

fn is_marked(line: &Line<'_>, text: &Text) -> bool {
    text.marker.as_deref().is_some_and(|marker| trimmed(line.bytes).starts_with(marker.as_bytes()))
}

/// Bytes of a marker that stands by itself; it may be the beginning of the first name, and then is a part of it.
fn marker_length(line: &Line<'_>, text: &Text) -> usize {
    let marker = text.marker.as_deref().unwrap_or_default();
    let is_name = marker.chars().any(char::is_alphanumeric);
    let blanks = line.bytes.len() - trimmed(line.bytes).len();
    if is_name { 0 } else { blanks + marker.len() }
}

/// Whether words are names, none of which is a number.
fn is_names(words: &[Word]) -> bool {
    words.iter().any(|word| !word.text.is_empty())
        && words.iter().all(|word| word.text.is_empty() || !is_value(&word.text))
        && {
            // A record of texts and dates alone has digits in most of them.
            let dated = words
                .iter()
                .filter(|word| word.text.starts_with(|first: char| first.is_ascii_digit()))
                .count();
            2 * dated < words.len()
        }
}

/// Units without brackets.
fn bare(text: &str) -> String {
    let inner = text.strip_prefix('(').and_then(|text| text.strip_suffix(')'));
    let inner = inner.or_else(|| text.strip_prefix('[').and_then(|text| text.strip_suffix(']')));
    inner.unwrap_or(text).trim().to_owned()
}

fn trimmed(bytes: &[u8]) -> &[u8] {
    let begin = bytes.iter().position(|byte| !matches!(byte, b' ' | b'\t')).unwrap_or(bytes.len());
    bytes.get(begin..).unwrap_or_default()
}

/// The separator that cuts a line, and the one below it, into as many columns, more than one; blanks otherwise.
fn guess(line: &Line<'_>, below: Option<&Line<'_>>) -> Separator {
    let count = |line: &Line<'_>, separator: &Separator| words(line.bytes, separator).len();
    let fits = |separator: &Separator| {
        let columns = count(line, separator);
        columns > 1 && below.is_none_or(|below| count(below, separator) == columns)
    };
    let blanks = count(line, &Separator::Blanks);
    let one = TRIED.into_iter().map(Separator::Byte).find(fits);
    match one {
        // Tabs with blanks behind them, or with another number of them, are a run.
        Some(Separator::Byte(b'\t'))
            if blanks == count(line, &Separator::Byte(b'\t')) && !has_empty(line, below) =>
        {
            let mixed = [Some(line), below].into_iter().flatten().any(|line| line.bytes.contains(&b' '));
            if mixed { Separator::Blanks } else { Separator::Byte(b'\t') }
        }
        Some(one) => one,
        None => Separator::Blanks,
    }
}

/// Whether a column between tabs is empty in one of the lines.
fn has_empty(line: &Line<'_>, below: Option<&Line<'_>>) -> bool {
    let lines = [Some(line), below].into_iter().flatten();
    lines.flat_map(|line| words(line.bytes, &Separator::Byte(b'\t'))).any(|word| word.text.is_empty())
}
