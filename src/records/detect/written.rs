//! A completed description as text: every key that was found out with its evidence above it.

use std::fmt::Write as _;

use super::{Completed, Evidence, Note};
use crate::printable::printable;
use crate::words::many;

impl Completed {
    /// The description as TOML, with comments that tell the evidence and what else was seen. It is read as the same description.
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        for line in self.summary() {
            _ = writeln!(text, "# {line}");
        }
        for note in &self.notes {
            _ = writeln!(text, "# note: {}", printable(&note.words()));
        }
        text.push('\n');
        let mut table = String::new();
        for line in self.description.to_toml().lines() {
            let key = match line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                Some(header) => {
                    table =
                        header.strip_prefix("source").unwrap_or(header).trim_start_matches('.').to_owned();
                    table.clone()
                }
                None => {
                    let name = line.split(" = ").next().unwrap_or_default();
                    if table.is_empty() { name.to_owned() } else { format!("{table}.{name}") }
                }
            };
            for evidence in self.evidence.iter().filter(|evidence| !key.is_empty() && evidence.key == key) {
                _ = writeln!(text, "# {}", printable(&evidence.words()));
            }
            _ = writeln!(text, "{line}");
        }
        text
    }

    /// What was looked at, in words.
    pub fn summary(&self) -> Vec<String> {
        let looked = &self.looked;
        let all = if looked.is_all { "all of them" } else { "a sample" };
        let files = format!("{}, {}", many(looked.files, "file"), many(self.files.bytes(), "byte"));
        if looked.records == 0 {
            return vec![files];
        }
        let seen = format!(
            "looked at: {} of {} with {} and {}, {all}",
            many(looked.records, "record"),
            many(looked.scanned, "file"),
            many(looked.places, "place"),
            many(looked.times, "time")
        );
        vec![files, seen]
    }
}

fn at(file: Option<&str>, line: Option<u64>) -> String {
    match (file, line) {
        (Some(file), Some(line)) => format!("{file}, line {line}"),
        (Some(file), None) => file.to_owned(),
        _ => String::new(),
    }
}

impl Evidence {
    /// What was seen, and where.
    pub fn words(&self) -> String {
        match at(self.file.as_deref(), self.line) {
            place if place.is_empty() => self.why.clone(),
            place => format!("{} ({place})", self.why),
        }
    }
}

impl Note {
    /// What was seen, and where.
    pub fn words(&self) -> String {
        match at(self.file.as_deref(), self.line) {
            place if place.is_empty() => self.text.clone(),
            place => format!("{place}: {}", self.text),
        }
    }
}
