//! Fields by looking at one byte after the other.

use crate::records::rows::RecordFaultKind as Kind;
use crate::records::schema::Separator;

use super::is_blank;

/// Texts of fields, and where each ends. With a fault, those that were found before it.
pub(super) type Fields = Vec<(Vec<u8>, usize)>;

pub(super) fn fields_of(line: &[u8], separator: &Separator) -> Result<Fields, (Fields, Kind)> {
    if let Separator::Fixed(widths) = separator {
        let mut fields = Vec::new();
        let mut begin = 0;
        for &width in widths {
            if begin >= line.len() {
                return Err((fields, Kind::Fields));
            }
            let end = begin.saturating_add(width as usize).min(line.len());
            let text = line.get(begin..end).unwrap_or_default();
            let text: Vec<u8> =
                text.split(|&byte| is_blank(byte)).collect::<Vec<_>>().join(&b' ').trim_ascii().to_vec();
            fields.push((text, end));
            begin = end;
        }
        let is_more = line.get(begin..).is_some_and(|rest| rest.iter().any(|&byte| !is_blank(byte)));
        return if is_more { Err((fields, Kind::Fields)) } else { Ok(fields) };
    }
    let is_between = |byte: u8| match separator {
        Separator::Byte(separator) => byte == *separator,
        _ => is_blank(byte),
    };
    let is_blanks = *separator == Separator::Blanks;
    let (mut fields, mut rest, mut at) = (Fields::new(), line, 0);
    loop {
        let blanks =
            rest.iter().take_while(|&&byte| is_blank(byte) && (is_blanks || !is_between(byte))).count();
        rest = rest.get(blanks..).unwrap_or_default();
        at += blanks;
        if is_blanks && rest.is_empty() {
            return Ok(fields);
        }
        if let Some(quoted) = rest.strip_prefix(b"\"") {
            let mut text = Vec::new();
            let mut letters = quoted.iter().enumerate().peekable();
            let mut end = None;
            while let Some((index, &letter)) = letters.next() {
                if letter != b'"' {
                    text.push(letter);
                } else if letters.next_if(|(_, next)| **next == b'"').is_some() {
                    text.push(b'"');
                } else {
                    end = Some(index + 1);
                    break;
                }
            }
            let Some(end) = end else { return Err((fields, Kind::Fields)) };
            rest = quoted.get(end..).unwrap_or_default();
            at += 1 + end;
            fields.push((text, at));
            if !is_blanks {
                let blanks = rest.iter().take_while(|&&byte| is_blank(byte) && !is_between(byte)).count();
                rest = rest.get(blanks..).unwrap_or_default();
                at += blanks;
            }
            if rest.first().is_some_and(|&next| !is_between(next)) {
                fields.pop();
                return Err((fields, Kind::Fields));
            }
        } else {
            let length = rest.iter().position(|&byte| is_between(byte)).unwrap_or(rest.len());
            let (text, behind) = rest.split_at_checked(length).unwrap_or((rest, &[]));
            let kept = text.iter().rposition(|&byte| !is_blank(byte)).map_or(0, |last| last + 1);
            fields.push((text.get(..kept).unwrap_or_default().to_vec(), at + kept));
            rest = behind;
            at += length;
        }
        match rest.split_first() {
            None => return Ok(fields),
            Some((_, behind)) if !is_blanks => (rest, at) = (behind, at + 1),
            Some(_) => {}
        }
    }
}

pub(super) fn at_edges(line: &[u8], edges: &[u32], columns: usize) -> Option<Fields> {
    let line = line.get(..line.iter().rposition(|&byte| !is_blank(byte))? + 1)?;
    let mut fields = Fields::new();
    let mut begin = 0;
    for &edge in edges {
        let text = line.get(begin..edge as usize)?;
        let first = text.iter().position(|&byte| !is_blank(byte))?;
        let text = text.get(first..)?;
        if text.iter().any(|&byte| is_blank(byte)) {
            return None;
        }
        fields.push((text.to_vec(), edge as usize));
        begin = edge as usize;
    }
    (begin == line.len() && fields.len() == columns).then_some(fields)
}
