//! Foreign text for people: what a terminal would obey, or what would turn a line around, is shown instead of done.
//!
//! Keys of dumps, names of folders, attributes and hosts of locks are whatever somebody wrote there. An escape sequence among
//! them could recolour, overwrite or retitle a terminal, or answer in the user's name.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

/// Whether a terminal or a page would do something other than show the letter: control characters of both sets, marks that
/// turn the direction of writing, letters without a width, and ends of lines that are not `\n`.
pub fn is_unprintable(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
        )
}

/// A piece of foreign text on one line: what is not printable is written as `\u{1b}`, ends of lines and tabs included.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unprintable) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    text.chars().for_each(|letter| push(&mut out, letter));
    Cow::Owned(out)
}

fn push(out: &mut String, letter: char) {
    match letter {
        letter if is_unprintable(letter) => _ = write!(out, "\\u{{{:x}}}", u32::from(letter)),
        letter => out.push(letter),
    }
}

/// A message of several lines at most. Lines after the first are indented: foreign text with an end of line in it cannot pass
/// for a message of ours.
pub fn message(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' => out.push_str("\n  "),
            letter => push(&mut out, letter),
        }
    }
    out
}

/// How [`Screened`] writes what is not printable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// As `\u{1b}`; ends of lines stay.
    Text,
    /// As JSON does within strings, `\u001b`; ends of lines stay.
    Json,
}

/// A writer that shows what is not printable in what passes through it.
#[derive(Debug)]
pub struct Screened<W> {
    inner: W,
    style: Style,
    /// The start of a letter whose rest has not come yet.
    rest: Vec<u8>,
}

impl<W: Write> Screened<W> {
    /// Screens what is written to `inner`.
    pub fn new(inner: W, style: Style) -> Self {
        Screened { inner, style, rest: Vec::new() }
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        let is_wrong = |letter: char| letter != '\n' && is_unprintable(letter);
        if !text.contains(is_wrong) {
            return self.inner.write_all(text.as_bytes());
        }
        let mut out = String::with_capacity(text.len() + 16);
        for letter in text.chars() {
            match (self.style, is_wrong(letter)) {
                (_, false) => out.push(letter),
                (Style::Text, true) => push(&mut out, letter),
                (Style::Json, true) => {
                    for unit in letter.encode_utf16(&mut [0; 2]) {
                        let _ = write!(out, "\\u{unit:04x}");
                    }
                }
            }
        }
        self.inner.write_all(out.as_bytes())
    }
}

impl<W: Write> Write for Screened<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let joined;
        let mut left = bytes;
        if !self.rest.is_empty() {
            joined = [std::mem::take(&mut self.rest), bytes.to_vec()].concat();
            left = &joined;
        }
        while !left.is_empty() {
            match std::str::from_utf8(left) {
                Ok(text) => {
                    self.text(text)?;
                    break;
                }
                Err(error) => {
                    let (good, bad) = left.split_at(error.valid_up_to());
                    self.text(std::str::from_utf8(good).unwrap_or_default())?;
                    let Some(length) = error.error_len() else {
                        self.rest = bad.to_vec();
                        break;
                    };
                    self.inner.write_all("\u{fffd}".as_bytes())?;
                    left = bad.get(length..).unwrap_or_default();
                }
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_passes() {
        assert_eq!(printable("npp"), "npp");
        assert_eq!(printable("a\u{1b}]0;x\u{7}b\r\n"), "a\\u{1b}]0;x\\u{7}b\\u{d}\\u{a}");
        assert_eq!(printable("\u{9b}31m \u{202e}cod.exe \u{7f}"), "\\u{9b}31m \\u{202e}cod.exe \\u{7f}");
        assert_eq!(printable("Ñandú 水 µ ✓"), "Ñandú 水 µ ✓");
    }

    #[test]
    fn foreign_lines_are_no_messages() {
        assert_eq!(message("cannot read x\nhint: rm -r ~"), "cannot read x\n  hint: rm -r ~");
    }

    #[test]
    fn a_screened_writer_keeps_lines_and_cut_letters() {
        let screened = |parts: &[&[u8]], style| {
            let mut out = Vec::new();
            let mut writer = Screened::new(&mut out, style);
            parts.iter().for_each(|part| writer.write_all(part).expect("memory"));
            String::from_utf8(out).expect("UTF-8")
        };
        assert_eq!(screened(&[b"a\x1b[1m\nb"], Style::Text), "a\\u{1b}[1m\nb");
        assert_eq!(screened(&[b"\"\xc2", b"\x9b\""], Style::Json), "\"\\u009b\"");
        assert_eq!(screened(&[b"\xc3", b"\xb1"], Style::Text), "ñ");
        assert_eq!(screened(&["\u{e0041}".as_bytes()], Style::Json), "\\udb40\\udc41");
        assert_eq!(screened(&[b"a\xffb"], Style::Text), "a\u{fffd}b");
    }
}
