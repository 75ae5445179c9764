//! What a description says of single columns.

use std::collections::BTreeMap;

use crate::model::element::Element;
use crate::records::description::{Description, MissingCodes, Types, Values, element_of};
use crate::records::files::RecordFile;
use crate::words::matches;

use super::Role;

/// The column of a name, in whatever letters where only one is so.
pub(super) fn find(names: &[String], column: &str) -> Option<usize> {
    if let Some(index) = names.iter().position(|name| name == column) {
        return Some(index);
    }
    let mut alike = names.iter().enumerate().filter(|(_, name)| name.eq_ignore_ascii_case(column));
    match (alike.next(), alike.next()) {
        (Some((index, _)), None) => Some(index),
        (None, _) => column.parse::<usize>().ok()?.checked_sub(1).filter(|&index| index < names.len()),
        _ => None,
    }
}

pub(super) fn listed(names: &[String]) -> String {
    let more = if names.len() > 20 { format!(", … ({} in all)", names.len()) } else { String::new() };
    names.iter().take(20).cloned().collect::<Vec<_>>().join(", ") + &more
}

/// Whether a column is a value. A column that no pattern speaks of is an error.
pub(super) fn is_wanted(values: &Values, name: &str, index: usize) -> Result<bool, String> {
    let Some(patterns) = &values.columns else { return Ok(true) };
    let number = (index + 1).to_string();
    let mut wanted = None;
    for pattern in patterns {
        let (pattern, is_in) = match pattern.strip_prefix('!') {
            Some(pattern) => (pattern, false),
            None => (pattern.as_str(), true),
        };
        if matches(pattern, name) || pattern == number {
            wanted = Some(is_in);
        }
    }
    wanted.ok_or_else(|| {
        format!("its column {name} is neither a value, nor a place or time, nor ignored; add it to source.values.columns, or to source.values.ignore")
    })
}

/// The variable that a file's columns are rows of.
pub(super) fn variable_of(values: &Values, file: &RecordFile) -> String {
    let of_path = || file.field("variable").map(str::to_owned);
    let of_name = || {
        let name = file.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        name.split('.').next().unwrap_or_default().to_owned()
    };
    values.name.clone().or_else(of_path).unwrap_or_else(of_name)
}

pub(super) fn type_of(description: &Description, name: &str) -> Result<Element, String> {
    let word = match &description.values.type_ {
        None => return Ok(Element::Float32),
        Some(Types::All(word)) => word,
        Some(Types::Columns(types)) => {
            // The one that says most of the name: `csoil*` before `*`.
            let letters =
                |pattern: &str| pattern.chars().filter(|letter| !matches!(letter, '*' | '?')).count();
            let fit = types.iter().filter(|(pattern, _)| matches(pattern, name));
            match fit.max_by_key(|(pattern, _)| letters(pattern)) {
                Some((_, word)) => word,
                None => return Ok(Element::Float32),
            }
        }
    };
    element_of(word).ok_or_else(|| format!("{word:?} is no type; there are f4, f8, i1, i2, i4 and i8"))
}

pub(super) fn missing_of(description: &Description, name: &str) -> Vec<String> {
    match &description.text.missing {
        None => Vec::new(),
        Some(MissingCodes::All(codes)) => codes.clone(),
        Some(MissingCodes::Columns(columns)) => {
            let own = columns.iter().filter(|(pattern, _)| matches(pattern, name));
            own.flat_map(|(_, codes)| codes.iter().cloned()).collect()
        }
    }
}

/// Columns `NAME_0`, `NAME_1` …, from 0 or 1 on without holes: for each its variable and number.
pub(super) fn numbered(names: &[String], roles: &[Option<Role>]) -> BTreeMap<String, (String, String)> {
    let mut groups: BTreeMap<&str, Vec<(u32, &String)>> = BTreeMap::new();
    for (name, role) in names.iter().zip(roles) {
        let parts = name.rsplit_once('_').filter(|_| role.is_none());
        if let Some((base, number)) = parts
            && let Ok(number) = number.parse::<u32>()
            && !base.is_empty()
        {
            groups.entry(base).or_default().push((number, name));
        }
    }
    let mut found = BTreeMap::new();
    for (base, mut numbers) in groups {
        numbers.sort_unstable();
        let first = numbers.first().map_or(2, |(number, _)| *number);
        let is_run = numbers.iter().zip(first..).all(|((number, _), expected)| *number == expected);
        if first <= 1 && is_run {
            for (number, name) in numbers {
                found.insert(name.clone(), (base.to_owned(), number.to_string()));
            }
        }
    }
    found
}
