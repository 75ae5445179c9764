//! Patterns of paths: globs, `{a,b}` alternatives, and `{field}` for parts that say something.
//!
//! | in a pattern | fits |
//! |---|---|
//! | `*`, `?`, `[a-z]`, `[!a-z]` | any run of characters of one name, one character, one of some, one that is none of them |
//! | `**` as a whole name | folders of any depth; links are not followed |
//! | `{a,b}` | either text, which may be a pattern or empty |
//! | `{name}` | a part that is kept under the name: a number where it is called lat, lon, y, x, year, month, day, day_of_year, hour, minute or second; any text otherwise, as long as possible |
//!
//! A name that begins with a dot is fitted by a pattern that begins with a dot alone. `[*]`, `[{]` and their like stand for the character.

pub(super) mod fit;
mod parse;

pub use parse::PatternError;

/// A pattern of paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    fields: Vec<String>,
    /// What is left when one of each alternative is taken.
    pub(super) ways: Vec<Vec<Name>>,
}

/// A part of a path between slashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Name {
    /// As it is.
    Literal(String),
    /// Fitted.
    Glob(Vec<Token>),
    /// Any folders.
    Deep,
}

/// A part of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// This character.
    Byte(u8),
    /// Any character.
    One,
    /// One of these ranges, or of no range.
    Class(Vec<(u8, u8)>, bool),
    /// Any run.
    Run,
    /// The field of this number, and whether it is a number.
    Field(usize, bool),
}

/// Where a field is in a path: its first byte and its length.
pub(super) type Span = (u16, u16);

impl Pattern {
    /// The text that it was read from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The names of its fields, in the order of the text.
    pub fn fields(&self) -> &[String] {
        &self.fields
    }

    /// Whether it has a field.
    pub fn has_field(&self, name: &str) -> bool {
        self.fields.iter().any(|field| field == name)
    }

    /// The texts of the fields of a single name that fits it, in the order of [`Pattern::fields`].
    pub fn fields_of(&self, name: &str) -> Option<Vec<String>> {
        let of = |way: &Vec<Name>| match way.as_slice() {
            [Name::Glob(tokens)] => fit::fit(tokens, name.as_bytes()),
            [Name::Literal(literal)] => (literal == name).then(Vec::new),
            _ => None,
        };
        let mut found = self.ways.iter().find_map(of)?;
        found.sort_unstable();
        let text = |(start, length): Span| name.get(start.into()..usize::from(start) + usize::from(length));
        found.into_iter().map(|(_, span)| text(span).map(str::to_owned)).collect()
    }

    /// A path as a pattern that fits itself alone.
    pub fn escape(path: &str) -> String {
        let mut text = String::with_capacity(path.len());
        for letter in path.chars() {
            match letter {
                '*' | '?' | '[' | '{' | '}' => text.extend(['[', letter, ']']),
                _ => text.push(letter),
            }
        }
        text
    }
}
