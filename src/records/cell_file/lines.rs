//! A file of one cell as lines of text.

use std::fmt::Write as _;
use std::io::{self, Read};

use super::Content;
use super::meaning::Meaning;

/// Bytes of text that are made at once, about.
const BLOCK: usize = 64 << 10;

/// A file that reads as text.
pub(in crate::records) struct Lines {
    content: Content,
    meaning: Meaning,
    text: String,
    at: usize,
    /// Steps that are written.
    step: usize,
}

impl Lines {
    pub(super) fn of(content: Content) -> Result<Self, String> {
        let meaning = Meaning::of(&content)?;
        let about = meaning.about();
        let mut text = about.line();
        text.push('\n');
        text.push_str(&about.names().iter().map(|name| word(name)).collect::<Vec<_>>().join(","));
        text.push('\n');
        Ok(Lines { content, meaning, text, at: 0, step: 0 })
    }

    /// Makes the next lines; none where there are no more.
    fn next(&mut self) {
        self.text.clear();
        self.at = 0;
        let mut place = String::new();
        for value in self.meaning.place.iter().flatten() {
            _ = write!(place, ",{value}");
        }
        while self.text.len() < BLOCK && self.step < self.meaning.steps {
            self.text.push_str(&self.meaning.time(&self.content, self.step).unwrap_or_default());
            self.text.push_str(&place);
            for series in &self.meaning.series {
                for row in 0..series.rows {
                    self.text.push(',');
                    series.write(&self.content, (self.step, row), &mut self.text);
                }
            }
            self.text.push('\n');
            self.step += 1;
        }
    }
}

/// A name of a column, in quotes where it would not be one otherwise.
fn word(name: &str) -> String {
    let is_plain = !name.contains([',', '"', '\n', '\r']) && name.trim() == name;
    if is_plain {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\"").replace(['\n', '\r'], " "))
    }
}

impl Read for Lines {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.text.len() {
            self.next();
        }
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        self.at += count;
        Ok(count)
    }
}
