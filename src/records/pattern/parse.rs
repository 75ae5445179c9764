//! A pattern from its text.

use super::{Name, Pattern, Token};

/// Ways that the alternatives of a pattern make at most.
const MOST_WAYS: usize = 256;
/// Bytes of a pattern at most.
const LONGEST: usize = 4096;
/// Fields whose places hold numbers.
const NUMBERS: [&str; 11] =
    ["lat", "lon", "y", "x", "year", "month", "day", "day_of_year", "hour", "minute", "second"];

/// What is wrong with a pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatternError {
    /// There is no text.
    #[error("the pattern is empty")]
    Empty,
    /// No path is as long.
    #[error("{0} bytes are more than the limit of {LONGEST} of a path")]
    TooLong(usize),
    /// A brace or bracket is not closed, or not opened.
    #[error("{0:?} stands without its other half")]
    Half(char),
    /// A field's name is not one.
    #[error("{{{0}}} is neither a field nor alternatives")]
    Field(String),
    /// A field is there twice.
    #[error("the field {{{0}}} is there twice")]
    Twice(String),
    /// A field is in some alternatives only.
    #[error("the field {{{0}}} is in some of the alternatives only")]
    Some(String),
    /// The alternatives make too many patterns.
    #[error("its alternatives make more than the limit of {MOST_WAYS} patterns")]
    TooMany,
}

impl PatternError {
    /// What to do about it.
    pub fn cure(&self) -> &'static str {
        match self {
            PatternError::TooLong(_) => "give shorter patterns in a list",
            PatternError::Empty => "give a path, or a pattern as \"run*/{variable}.out\"",
            PatternError::Half(_) => "put brackets around it where it is a part of the name, as [{]",
            PatternError::Field(_) => {
                "give {name} with letters, digits and _, or alternatives with a comma as {.txt,}; a brace of the name stands in brackets, as [{]"
            }
            PatternError::Twice(_) => "put * in the place of one of them",
            PatternError::Some(_) => "give two patterns in a list",
            PatternError::TooMany => "give several patterns in a list",
        }
    }
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Braces and brackets without their other half, fields that are no names or stand there twice, too many alternatives.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        if text.trim().is_empty() {
            return Err(PatternError::Empty);
        }
        if text.len() > LONGEST {
            return Err(PatternError::TooLong(text.len()));
        }
        let mut fields: Vec<String> = Vec::new();
        let mut ways = Vec::new();
        for way in expand(text)? {
            let mut own = Vec::new();
            let mut names = Vec::new();
            for name in way.split('/').enumerate().filter(|(index, name)| *index == 0 || !name.is_empty()) {
                names.push(parse_name(name.1, &mut fields, &mut own)?);
            }
            ways.push((names, own));
        }
        for (_, own) in &ways {
            if let Some(lacks) = (0..fields.len()).find(|field| !own.contains(field)) {
                return Err(PatternError::Some(fields.get(lacks).cloned().unwrap_or_default()));
            }
        }
        let ways = ways.into_iter().map(|(names, _)| names).collect();
        Ok(Pattern { text: text.to_owned(), fields, ways })
    }
}

/// The texts that alternatives make. Fields and classes stay as they are.
fn expand(text: &str) -> Result<Vec<String>, PatternError> {
    let mut done = Vec::new();
    let mut left = vec![text.to_owned()];
    while let Some(text) = left.pop() {
        match first_choice(&text)? {
            None => done.push(text),
            Some((open, close)) => {
                let (before, after) =
                    (text.get(..open).unwrap_or_default(), text.get(close + 1..).unwrap_or_default());
                let choices = split_choices(text.get(open + 1..close).unwrap_or_default());
                left.extend(choices.into_iter().rev().map(|choice| format!("{before}{choice}{after}")));
            }
        }
        if done.len() + left.len() > MOST_WAYS {
            return Err(PatternError::TooMany);
        }
    }
    Ok(done)
}

/// The first pair of braces that has a comma between them, at their own depth.
fn first_choice(text: &str) -> Result<Option<(usize, usize)>, PatternError> {
    let mut open: Vec<(usize, bool)> = Vec::new();
    let mut found: Option<(usize, usize)> = None;
    let mut class = false;
    for (at, letter) in text.char_indices() {
        match letter {
            ']' => class = false,
            _ if class => {}
            '[' => class = true,
            '{' => open.push((at, false)),
            ',' => {
                if let Some(inner) = open.last_mut() {
                    inner.1 = true;
                }
            }
            '}' => match open.pop() {
                None => return Err(PatternError::Half('}')),
                // The outermost counts, and of those the first.
                Some((begin, true)) if found.is_none_or(|(first, _)| begin < first) => {
                    found = Some((begin, at))
                }
                Some(_) => {}
            },
            _ => {}
        }
        if open.is_empty() && found.is_some() {
            return Ok(found);
        }
    }
    match (open.is_empty(), class) {
        (false, _) => Err(PatternError::Half('{')),
        (_, true) => Err(PatternError::Half('[')),
        _ => Ok(found),
    }
}

/// The parts between commas at the outermost depth.
fn split_choices(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth, mut class) = (Vec::new(), 0, 0usize, false);
    for (at, letter) in text.char_indices() {
        match letter {
            ']' => class = false,
            _ if class => {}
            '[' => class = true,
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(text.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text.get(start..).unwrap_or_default());
    parts
}

fn parse_name(text: &str, fields: &mut Vec<String>, own: &mut Vec<usize>) -> Result<Name, PatternError> {
    if text == "**" {
        return Ok(Name::Deep);
    }
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let after = rest.get(letter.len_utf8()..).unwrap_or_default();
        rest = match letter {
            '*' => {
                if tokens.last() != Some(&Token::Run) {
                    tokens.push(Token::Run);
                }
                after
            }
            '?' => {
                tokens.push(Token::One);
                after
            }
            '{' => {
                let (name, after) = after.split_once('}').ok_or(PatternError::Half('{'))?;
                tokens.push(field(name, fields, own)?);
                after
            }
            '}' => return Err(PatternError::Half('}')),
            '[' => {
                let (class, after) = class(after)?;
                tokens.push(class);
                after
            }
            letter => {
                tokens.extend(letter.encode_utf8(&mut [0; 4]).bytes().map(Token::Byte));
                after
            }
        };
    }
    let literal: Option<Vec<u8>> = tokens.iter().map(literal_byte).collect();
    match literal.and_then(|bytes| String::from_utf8(bytes).ok()) {
        Some(literal) => Ok(Name::Literal(literal)),
        None => Ok(Name::Glob(tokens)),
    }
}

fn literal_byte(token: &Token) -> Option<u8> {
    match token {
        Token::Byte(byte) => Some(*byte),
        Token::Class(ranges, false) => match ranges.as_slice() {
            [(first, last)] if first == last => Some(*first),
            _ => None,
        },
        _ => None,
    }
}

fn field(name: &str, fields: &mut Vec<String>, own: &mut Vec<usize>) -> Result<Token, PatternError> {
    let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    if !is_name {
        return Err(PatternError::Field(name.to_owned()));
    }
    let number = match fields.iter().position(|known| known == name) {
        Some(number) if own.contains(&number) => return Err(PatternError::Twice(name.to_owned())),
        Some(number) => number,
        None => {
            fields.push(name.to_owned());
            fields.len() - 1
        }
    };
    own.push(number);
    Ok(Token::Field(number, NUMBERS.contains(&name)))
}

/// A class, whose bracket is open, and what follows it.
fn class(text: &str) -> Result<(Token, &str), PatternError> {
    let (text, is_none) = match text.strip_prefix(['!', '^']) {
        Some(rest) => (rest, true),
        None => (text, false),
    };
    // A bracket that closes at once is one of the class.
    let first = text.chars().next().ok_or(PatternError::Half('['))?;
    let from = first.len_utf8();
    let end = text.get(from..).and_then(|rest| rest.find(']')).ok_or(PatternError::Half('['))? + from;
    let inner = text.get(..end).unwrap_or_default().as_bytes();
    let mut ranges = Vec::new();
    let mut at = 0;
    while let Some(&first) = inner.get(at) {
        match (inner.get(at + 1), inner.get(at + 2)) {
            (Some(b'-'), Some(&last)) => {
                ranges.push((first, last));
                at += 3;
            }
            _ => {
                ranges.push((first, first));
                at += 1;
            }
        }
    }
    Ok((Token::Class(ranges, is_none), text.get(end + 1..).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn alternatives_are_taken_apart() {
        let texts = |text: &str| expand(text).expect(text);
        assert_eq!(texts("a{.txt,}{.gz,}"), ["a.txt.gz", "a.txt", "a.gz", "a"]);
        assert_eq!(texts("{a,b{c,d}}_{lat}"), ["a_{lat}", "bc_{lat}", "bd_{lat}"]);
        assert_eq!(texts("[{,]x"), ["[{,]x"]);
        assert_eq!(texts("{lat}"), ["{lat}"]);
        for (text, error) in [
            ("", PatternError::Empty),
            ("a{b", PatternError::Half('{')),
            ("a}b", PatternError::Half('}')),
            ("a[b", PatternError::Half('[')),
            ("{}", PatternError::Field(String::new())),
            ("{1a}", PatternError::Field("1a".into())),
            ("{lat}_{lat}", PatternError::Twice("lat".into())),
            ("{a_{lat},b}", PatternError::Some("lat".into())),
            (&"{a,b}".repeat(9), PatternError::TooMany),
        ] {
            assert_eq!(Pattern::parse(text).expect_err(text), error);
        }
        let pattern = Pattern::parse("{variable}{.out,.txt}").expect("the field is in both");
        assert_eq!((pattern.fields(), pattern.ways.len()), (["variable".to_owned()].as_slice(), 2));
    }

    proptest! {
        #[test]
        fn any_text_is_a_pattern_or_none(text in ".{0,40}", other in "[{}a,*/\\[\\]]{0,30}") {
            let _ = Pattern::parse(&text);
            let _ = Pattern::parse(&other);
        }

        #[test]
        fn an_escaped_path_is_literal(path in "[a{}*?\\[\\]! .]{1,20}") {
            let pattern = Pattern::parse(&Pattern::escape(&path));
            prop_assume!(!path.trim().is_empty() && !path.contains('!'));
            let name = pattern.expect("a pattern").ways.remove(0).remove(0);
            prop_assert_eq!(name, Name::Literal(path));
        }
    }
}
