//! What tables say of themselves: names, types and order of columns, what is said of each, and of the file.

use std::collections::HashSet;

use crate::table::read::{Described, Description, Heading, Pairs};

use super::row_source::Seen;
use crate::verify::Verification;
use crate::verify::inputs::DIGEST;

/// Compares what a file says of itself with what it should say; false where its rows cannot be compared for it.
pub(in super::super) fn compare(
    name: &str,
    heading: &Heading,
    expected: Description,
    found: Description,
    result: &mut Verification,
) -> bool {
    Check { name, heading, result }.compare(expected, found)
}

/// What is said of a file; nothing of what nobody knows any more.
pub(super) fn about(seen: &Seen<'_>, created: Option<String>) -> Pairs {
    let plan = seen.made.plan;
    let model = plan.settings.table.model();
    let source = model.source.clone().or(model.name.clone()).unwrap_or_default();
    let pairs = seen.table.schema.metadata().iter();
    let mut pairs: Pairs = pairs.map(|(key, value)| (key.clone(), value.clone())).collect();
    pairs.insert("run".to_owned(), plan.run.name.clone());
    pairs.insert("source".to_owned(), source);
    pairs.insert("date_created".to_owned(), created.unwrap_or_default());
    pairs.insert(DIGEST.to_owned(), String::new());
    pairs.extend(plan.settings.attributes.clone());
    pairs
}

struct Check<'a> {
    name: &'a str,
    heading: &'a Heading,
    result: &'a mut Verification,
}

/// A column with its group, where it has one.
fn full_name(column: &Described) -> String {
    column.group.iter().chain([&column.name]).map(String::as_str).collect::<Vec<_>>().join("/")
}

impl Check<'_> {
    fn differ(&mut self, expected: String, found: &str) {
        self.result.differ_in(self.name, &expected, found);
    }

    fn compare(&mut self, expected: Description, found: Description) -> bool {
        if let Some(expected) = &expected.file {
            self.pairs("the file", expected, found.file.unwrap_or_default());
        }
        let names = |of: &Description| -> Vec<String> {
            of.columns.iter().map(|column| column.name.clone()).collect()
        };
        let (own, mut columns) = (names(&expected), found.columns);
        let there: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        if expected.is_ordered && there != own {
            let there = there.join(",");
            self.differ(format!("columns {}", own.join(",")), &there);
            return false;
        }
        let mut is_same = true;
        for expected in expected.columns {
            let place = columns.iter().position(|column| column.name == expected.name);
            match place.map(|place| columns.remove(place)) {
                Some(found) => is_same &= self.column(&expected, found),
                None => {
                    is_same = false;
                    self.differ(format!("a column {}", full_name(&expected)), "no such column");
                }
            }
        }
        for column in columns {
            self.differ(format!("no column {}", column.name), &full_name(&column));
        }
        is_same
    }

    /// Compares what is said of a column; false where its values have another type.
    fn column(&mut self, expected: &Described, found: Described) -> bool {
        let name = &expected.name;
        if expected.group != found.group {
            self.differ(format!("a column {}", full_name(expected)), &full_name(&found));
        }
        let is_same = expected.kind == found.kind;
        if !is_same {
            let kind = |of: &Described| of.kind.clone().unwrap_or_default();
            self.differ(format!("{name} of type {}", kind(expected)), &kind(&found));
        }
        if let (Some(own), Some(there)) = (expected.is_nullable, found.is_nullable)
            && own != there
        {
            let word = |is_nullable: bool| if is_nullable { "may be null" } else { "is never null" };
            self.differ(format!("{name} {}", word(own)), word(there));
        }
        let known = self.heading.column(name).and_then(|column| column.texts.clone());
        if let (Some(texts), Some(known)) = (&found.texts, known) {
            for text in astray(texts, known.list()) {
                self.differ(format!("each text of {name} once"), &format!("{text:?} among them"));
            }
        }
        if let Some(expected) = &expected.pairs {
            self.pairs(&format!("the column {name}"), expected, found.pairs.unwrap_or_default());
        }
        is_same
    }

    /// Compares pairs of key and value, both ways.
    fn pairs(&mut self, of: &str, expected: &Pairs, mut found: Pairs) {
        for (key, value) in expected {
            self.result.attributes += 1;
            match found.remove(key) {
                Some(digest) if key == DIGEST && value.is_empty() => {
                    self.result.named.entry(digest).or_insert_with(|| self.name.to_owned());
                }
                Some(_) if key == "date_created" && value.is_empty() => {}
                Some(own) if own == *value => {}
                Some(own) => self.differ(format!("{key} = {value:?} of {of}"), &format!("{own:?}")),
                None => self.differ(format!("{key} = {value:?} of {of}"), "no such key"),
            }
        }
        for (key, value) in found {
            self.differ(format!("no {key} of {of}"), &format!("{value:?}"));
        }
    }
}

/// Texts that stand twice in a list, and those that nobody expects there.
fn astray(texts: &[String], known: &[String]) -> Vec<String> {
    let (mut seen, mut astray) = (HashSet::new(), Vec::new());
    for text in texts {
        if !seen.insert(text) || !known.contains(text) {
            astray.push(text.clone());
        }
    }
    astray
}
