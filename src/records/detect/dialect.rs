//! How lines are made of columns.

use std::collections::BTreeMap;

use super::Work;
use super::sample::{Beginning, is_nothing};
use crate::error::Result;
use crate::records::description::{Header, MissingCodes, Text, Units};
use crate::records::files::{Files, RecordFile};
use crate::records::head::{self, is_value};
use crate::records::schema::{Head, Separator};
use crate::words::many;

/// A file's head and its first records.
#[derive(Debug)]
pub(super) struct Sampled<'a> {
    pub file: &'a RecordFile,
    pub head: Head,
    pub records: Vec<Vec<String>>,
}

impl Sampled<'_> {
    /// The names of columns: their numbers where they have none.
    pub fn names(&self) -> Vec<String> {
        match &self.head.names {
            Some(names) => names.clone(),
            None => (1..=self.head.columns).map(|number| number.to_string()).collect(),
        }
    }
}

/// Fields that stand for a missing value in most programs.
const MISSING: [&str; 5] = ["", "NaN", "nan", "-nan", "NA"];

/// The form of a file by its first lines.
#[derive(Debug, Clone, PartialEq)]
struct Form {
    separator: Separator,
    header: Header,
    marker: Option<String>,
    comment: Option<String>,
    skip: u64,
    units: bool,
}

impl Work {
    /// Finds the dialect of text, that of most files.
    pub(super) fn dialect(&mut self, beginnings: &[Beginning<'_>]) -> Result<()> {
        let mut forms: Vec<(Form, &Beginning<'_>, usize)> = Vec::new();
        for beginning in beginnings {
            let Some(form) = form_of(beginning, &self.description.text) else { continue };
            match forms
                .iter_mut()
                .find(|(known, ..)| known.separator == form.separator && known.skip == form.skip)
            {
                Some((known, _, count)) => {
                    *count += 1;
                    // Files with a header of different shapes, or with none beside those with one, have any.
                    if known.header != form.header && known.marker == form.marker {
                        known.header = Header::Any;
                    }
                    known.units &= form.units;
                }
                None => forms.push((form, beginning, 1)),
            }
        }
        forms.sort_by_key(|(_, _, count)| std::cmp::Reverse(*count));
        let mut forms = forms.into_iter();
        let Some((form, first, count)) = forms.next() else {
            return Err(self.ask(
                None,
                "no file has a line with columns; give source.text.separator, as \",\" or \"blanks\"",
            ));
        };
        for (other, file, others) in forms {
            let text = format!(
                "{others} of the {} files looked at have columns between {} and begin otherwise, unlike most; they will be faults unless they are described by themselves",
                beginnings.len(),
                words(&other.separator)
            );
            self.note(text, Some((&file.file.name(), Some(1))));
        }
        self.keep(form, first, count);
        self.decimals(beginnings)
    }

    /// Keeps what was found of what is open.
    fn keep(&mut self, form: Form, first: &Beginning<'_>, count: usize) {
        let name = first.file.name();
        let mut told: Vec<(&str, String, u64)> = Vec::new();
        let text = &mut self.description.text;
        let header_line = form.skip + 1;
        if text.separator.is_none() {
            text.separator = Some(match form.separator {
                Separator::Byte(byte) => char::from(byte).to_string(),
                _ => "blanks".to_owned(),
            });
            told.push((
                "text.separator",
                format!(
                    "lines of {} have as many columns between {}",
                    many(count as u64, "file"),
                    words(&form.separator)
                ),
                header_line,
            ));
        }
        if text.header.is_none() {
            text.header = Some(form.header);
            let why = match form.header {
                Header::Line => "the first line has names, none of which is a number",
                Header::Comment => "the last line of comment has a name for each column",
                Header::None => "the first line is a record",
                Header::Marker => "a line begins with a marker, and has names",
                Header::Any => "files begin with comments, with names, or with records",
            };
            told.push(("text.header", why.to_owned(), header_line));
            if text.marker.is_none() && form.header == Header::Marker {
                text.marker = form.marker;
                told.push(("text.marker", "the line with names begins with it".to_owned(), header_line));
            }
        }
        if text.comment.is_none()
            && let Some(comment) = form.comment
        {
            told.push(("text.comment", format!("its first lines begin with {comment:?}"), 1));
            text.comment = Some(comment);
        }
        if text.skip.is_none() && form.skip > 0 {
            text.skip = Some(form.skip);
            told.push((
                "text.skip",
                format!("{} before the line with names have other numbers of words", many(form.skip, "line")),
                1,
            ));
        }
        if text.units.is_none() && form.units {
            text.units = Some(Units::Line);
            told.push(("text.units", "the line below the names has no number".to_owned(), header_line + 1));
        }
        if text.missing.is_none() {
            text.missing = Some(MissingCodes::All(MISSING.map(str::to_owned).to_vec()));
            told.push((
                "text.missing",
                "nothing says otherwise; what else stands for missing values is looked for below".to_owned(),
                0,
            ));
        }
        for (key, why, line) in told {
            match line {
                0 => self.tell(key, why, None),
                line => self.tell(key, why, Some((&name, Some(line)))),
            }
        }
    }

    /// Finds decimals with a comma.
    fn decimals(&mut self, beginnings: &[Beginning<'_>]) -> Result<()> {
        if self.description.text.decimal.is_some() || self.description.text.separator.as_deref() == Some(",")
        {
            return Ok(());
        }
        let has = |text: &str, mark: char| {
            let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            let unsigned = text.trim_start_matches(['-', '+']);
            unsigned.split_once(mark).is_some_and(|(whole, fraction)| is_number(whole) && is_number(fraction))
        };
        let (mut comma, mut point) = ((0u64, None), (0u64, None));
        for beginning in beginnings {
            let Ok(head) = head::of(&beginning.bytes, beginning.is_whole, &self.description.text) else {
                continue;
            };
            for (index, record) in beginning.records(&head).iter().enumerate() {
                for ((count, first), mark) in [(&mut comma, ','), (&mut point, '.')] {
                    let fields = record.iter().filter(|field| has(field, mark)).count() as u64;
                    *count += fields;
                    if fields > 0 {
                        first.get_or_insert_with(|| (beginning.file.name(), head.lines + index as u64 + 1));
                    }
                }
            }
        }
        let (commas, points) = (comma.0, point.0);
        let (Some((file, line)), other) = (comma.1, point.1) else { return Ok(()) };
        // Few of one kind among many of the other are mistakes, which are faults when they are read.
        match other {
            Some(_) if commas < points / 10 => {
                let text =
                    format!("{} with a decimal comma among {points} with a point", many(commas, "number"));
                self.note(text, Some((&file, Some(line))));
            }
            Some((other, second)) if commas / 10 <= points => {
                let text = format!(
                    "some numbers have a decimal comma ({file}, line {line}), others a point ({other}, line {second}); \
                     say which by source.text.decimal, or describe the files apart"
                );
                return Err(self.ask(None, text));
            }
            _ => {
                self.description.text.decimal = Some(',');
                self.tell(
                    "text.decimal",
                    "numbers have a comma before their decimals",
                    Some((&file, Some(line))),
                );
            }
        }
        Ok(())
    }

    /// Heads and first records of the files that have any.
    pub(super) fn tables<'a>(
        &mut self,
        files: &'a Files,
        beginnings: &[Beginning<'a>],
    ) -> Result<Vec<Sampled<'a>>> {
        let mut found = Vec::new();
        let mut nothing: BTreeMap<String, (String, u64)> = BTreeMap::new();
        for beginning in beginnings {
            match beginning.head(files, &self.description.text) {
                Ok(head) => {
                    found.push(Sampled { file: beginning.file, records: beginning.records(&head), head })
                }
                Err(fault) if is_nothing(&fault) => {
                    nothing.entry(fault.message).or_insert((fault.file, 0)).1 += 1;
                }
                Err(fault) => self.note(fault.message.clone(), Some((&fault.file, fault.line))),
            }
        }
        for (message, (file, count)) in nothing {
            let others = if count > 1 { format!(", as are {} others", count - 1) } else { String::new() };
            self.note(format!("{message}{others}"), Some((&file, None)));
        }
        match found.is_empty() {
            true => Err(self.ask(None, "no file has a record")),
            false => Ok(found),
        }
    }
}

fn words(separator: &Separator) -> String {
    match separator {
        Separator::Blanks => "blanks".to_owned(),
        Separator::Byte(b'\t') => "tabs".to_owned(),
        Separator::Byte(byte) => format!("{:?}", char::from(*byte)),
        Separator::Fixed(_) => "fixed places".to_owned(),
    }
}

/// The form of a file; `None` where it has no line of records.
fn form_of(beginning: &Beginning<'_>, text: &Text) -> Option<Form> {
    let lines = beginning.lines();
    let is_blank = |line: &&[u8]| line.iter().all(u8::is_ascii_whitespace);
    let first = lines.iter().position(|line| !is_blank(line))?;
    let comment = ["%", "!", "//"].into_iter().find(|mark| {
        lines.get(first).is_some_and(|line| line.trim_ascii_start().starts_with(mark.as_bytes()))
    });
    let comment = if text.comment.is_none() { comment.map(str::to_owned) } else { None };
    let mark = comment.as_deref().or(text.comment.as_deref()).unwrap_or("#");
    let is_comment = |line: &[u8]| !mark.is_empty() && line.trim_ascii_start().starts_with(mark.as_bytes());
    let data: Vec<(usize, &[u8])> = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| !is_blank(line) && !is_comment(line))
        .map(|(at, line)| (at, *line))
        .collect();
    let separator = match head::separator(text) {
        Some(separator) => separator,
        None => separator_of(&data)?,
    };
    let counts: Vec<usize> = data.iter().map(|(_, line)| head::words(line, &separator).len()).collect();
    let usual = usual(counts.get(counts.len() / 2..).unwrap_or(&counts))?;
    let skipped = text.skip.unwrap_or(0);
    let start = data.iter().position(|(at, _)| *at as u64 >= skipped)?;
    let is_names = |at: usize| {
        data.get(at).is_some_and(|(_, line)| {
            let words = head::words(line, &separator);
            let named = words.iter().filter(|word| {
                !word.text.is_empty()
                    && !is_value(&word.text)
                    && !word.text.starts_with(|one: char| one.is_ascii_digit())
            });
            2 * named.count() > words.len()
                && words.iter().all(|word| word.text.is_empty() || !is_value(&word.text))
        })
    };
    // The first line that has as many columns as most, and has names or is followed by such a line; titles may be before it.
    let begin = (start..counts.len()).find(|&at| {
        let below = counts.get(at + 1).or(counts.get(at));
        counts.get(at) == Some(&usual) && (is_names(at) || below == Some(&usual))
    });
    let begin = begin.unwrap_or(start);
    let marker = data.get(begin).and_then(|(_, line)| line.starts_with(b"@").then(|| "@".to_owned()));
    let marked = data.iter().position(|(_, line)| line.starts_with(b"@"));
    if text.header.is_none() && (marker.is_some() || marked.is_some_and(|at| at <= begin)) {
        return Some(Form {
            separator,
            header: Header::Marker,
            marker: Some("@".to_owned()),
            comment,
            skip: 0,
            units: false,
        });
    }
    let header = match text.header {
        Some(header) => header,
        None if is_names(begin) && lines.iter().take(data.get(begin)?.0).any(|line| is_comment(line)) => {
            Header::Any
        }
        None if is_names(begin) => Header::Line,
        None => {
            let head = head::of(
                &beginning.bytes,
                beginning.is_whole,
                &Text { separator: text_of(&separator), comment: Some(mark.to_owned()), ..text.clone() },
            );
            match head {
                Ok(Head { names: Some(_), .. }) if text.names.is_none() => Header::Comment,
                _ => Header::None,
            }
        }
    };
    let units = header == Header::Line && is_names(begin) && is_names(begin + 1) && !is_names(begin + 2);
    let skip = match text.skip {
        Some(_) => 0,
        None if begin > start => data.get(begin).map_or(0, |(at, _)| *at as u64),
        None => 0,
    };
    Some(Form { separator, header, marker: None, comment, skip, units })
}

fn text_of(separator: &Separator) -> Option<String> {
    Some(match separator {
        Separator::Byte(byte) => char::from(*byte).to_string(),
        _ => "blanks".to_owned(),
    })
}

/// The separator that gives most lines the same number of columns, more than one.
fn separator_of(data: &[(usize, &[u8])]) -> Option<Separator> {
    let lines: Vec<&[u8]> = data.iter().map(|(_, line)| *line).take(100).collect();
    let later = lines.get(lines.len().min(20) / 2..)?;
    let score = |separator: &Separator| {
        let counts: Vec<usize> = later.iter().map(|line| head::words(line, separator).len()).collect();
        let usual = usual(&counts)?;
        let same = counts.iter().filter(|count| **count == usual).count();
        (usual > 1).then_some((same, usual))
    };
    let tabs = score(&Separator::Byte(b'\t'));
    // Blanks behind tabs, as VIC has them: a run, unless a column between tabs is empty.
    let is_mixed = || {
        let has_blank = later.iter().any(|line| line.windows(2).any(|pair| pair == b"\t "));
        let is_empty = |line: &&&[u8]| {
            head::words(line, &Separator::Byte(b'\t')).iter().any(|word| word.text.is_empty())
        };
        has_blank && later.iter().find(is_empty).is_none()
    };
    // A comma may be one of decimals, so the others come first.
    let others = [b';', b'\t', b'|', b','].map(Separator::Byte);
    let is_steady =
        |separator: &Separator| score(separator).is_some_and(|(same, _)| 10 * same >= 9 * later.len());
    let best = others.into_iter().find(is_steady);
    match best {
        Some(Separator::Byte(b'\t')) if tabs.is_some() && is_mixed() => Some(Separator::Blanks),
        Some(Separator::Byte(b',')) if decimal_commas(later) => Some(Separator::Blanks),
        Some(separator) => Some(separator),
        None => score(&Separator::Blanks).map(|_| Separator::Blanks),
    }
}

/// Whether blanks separate numbers whose decimals follow a comma: no comma is anywhere else.
fn decimal_commas(lines: &[&[u8]]) -> bool {
    let is_number = |text: &str| {
        text.trim_start_matches(['-', '+']).bytes().all(|byte| byte.is_ascii_digit() || byte == b',')
            && !text.ends_with(',')
            && !text.starts_with(',')
    };
    lines.iter().all(|line| {
        let words = head::words(line, &Separator::Blanks);
        let mut with = words.iter().filter(|word| word.text.contains(',')).peekable();
        words.len() > 1
            && with.peek().is_some()
            && with.all(|word| word.text.matches(',').count() == 1 && is_number(&word.text))
    })
}

/// The number that is there most often.
fn usual(counts: &[usize]) -> Option<usize> {
    let mut times: BTreeMap<usize, usize> = BTreeMap::new();
    counts.iter().for_each(|count| *times.entry(*count).or_default() += 1);
    times.into_iter().max_by_key(|(count, times)| (*times, *count)).map(|(count, _)| count)
}
