//! A description from its text, and its text.

use serde::{Deserialize, Serialize};
use toml::de::{DeTable, DeValue};

use super::error::{DescriptionError, DescriptionProblem};
use super::keys::{Keys, PART_KEYS, PARTS};
use super::{Description, lay, path_field};
use crate::model::variables::VariableTable;
use crate::records::pattern::Pattern;
use crate::records::presets::Preset;
use crate::words::nearest;

/// The one table of a file that is looked at.
#[derive(Deserialize, Serialize)]
struct File {
    source: Description,
}

impl Description {
    /// Reads the table `[source]` of a text, laid over the preset that it names. Tables beside it are not looked at.
    ///
    /// # Errors
    /// Broken TOML, a key that is not known, a value of another kind than the key's, keys that exclude each other: with the line where it can be told.
    pub fn from_toml(text: &str) -> Result<Self, DescriptionError> {
        let file = DeTable::parse(text).map_err(|error| broken(text, &error))?;
        let file = file.get_ref();
        let Some((_, source)) = find(file, "source") else {
            let names: Vec<&str> = file.keys().map(|key| key.get_ref().as_ref()).collect();
            let nearest = nearest("source", &names).map(str::to_owned);
            let problem = DescriptionProblem::NoSource { nearest };
            return Err(DescriptionError { line: None, key: String::new(), problem });
        };
        let mut path = vec!["source"];
        check_keys(text, source, &mut path)?;
        let own = toml::from_str::<File>(text).map_err(|error| misfit(text, file, &error))?.source;
        let whole = match &own.preset {
            None => own,
            Some(name) => {
                let preset = Preset::find(name).ok_or_else(|| {
                    let names = Preset::names();
                    let near = nearest(name, &names).map(|near| format!("; did you mean {near:?}?"));
                    let reason = format!("{name:?} is not a preset{}", near.unwrap_or_default());
                    let cure = format!("there are {}", names.join(", "));
                    placed(text, file, DescriptionError::wrong("source.preset", reason, cure))
                })?;
                lay::over(preset.description(), own)
            }
        };
        whole.check().map_err(|error| placed(text, file, error))?;
        Ok(whole)
    }

    /// A description that is a preset and files.
    ///
    /// # Errors
    /// A preset that is not known.
    pub fn of_preset(name: &str, files: &[String]) -> Result<Self, DescriptionError> {
        Self::of_files(Some(name), files)
    }

    /// A description that is files, and a preset where one is given.
    ///
    /// # Errors
    /// A preset that is not known, a pattern that is none.
    pub fn of_files(preset: Option<&str>, files: &[String]) -> Result<Self, DescriptionError> {
        let named = preset.and_then(Preset::find).map(Preset::description);
        let files = named.map_or_else(|| files.to_vec(), |preset| with_fields(&preset, files));
        let preset = preset.map(str::to_owned);
        let source = Description { preset, files, ..Description::default() };
        let text = toml::to_string(&File { source }).unwrap_or_default();
        // The text is nobody's, so that its lines tell nothing.
        Self::from_toml(&text).map_err(|error| DescriptionError { line: None, ..error })
    }

    /// The text that [`Description::from_toml`] reads the same description from.
    pub fn to_toml(&self) -> String {
        // Every key is a text, and no table comes before a value.
        let text = toml::to_string(&File { source: self.clone() }).unwrap_or_default();
        // Tables without a key say nothing.
        let mut tables: Vec<&str> = text.split("\n\n").collect();
        tables.retain(|table| {
            !(table.starts_with("[source.") && table.trim_end().ends_with(']') && !table.contains('\n'))
        });
        let mut text = tables.join("\n\n");
        text.truncate(text.trim_end().len());
        text + "\n"
    }

    /// Names and units of the preset's variables; none where there is no preset.
    pub fn variables(&self) -> VariableTable {
        let preset = self.preset.as_deref().and_then(Preset::find);
        preset.map(Preset::variables).unwrap_or_default()
    }
}

/// Files with names as the preset has them, where these tell what the preset needs and the given ones do not.
fn with_fields(preset: &Description, files: &[String]) -> Vec<String> {
    // A slash may be one of alternatives.
    let name = |pattern: &str| {
        let last = pattern.rsplit('/').next().unwrap_or_default();
        let is_cut = last.matches('}').count() > last.matches('{').count();
        let rest = last.split_once('}').filter(|_| is_cut).map(|(_, rest)| rest);
        rest.unwrap_or(last).to_owned()
    };
    let wanted = preset.files.first().map(|pattern| name(pattern)).unwrap_or_default();
    let needs: Vec<&str> = [&preset.cell.lat, &preset.cell.y, &preset.cell.id]
        .into_iter()
        .flatten()
        .filter_map(|key| path_field(key))
        .collect();
    let mut found: Vec<String> = Vec::new();
    for file in files {
        let has =
            Pattern::parse(file).is_ok_and(|pattern| needs.iter().all(|field| pattern.has_field(field)));
        let own = name(file);
        let fits = own.contains('*')
            || Pattern::parse(&wanted).is_ok_and(|pattern| pattern.fields_of(&own).is_some());
        let file = match file.strip_suffix(&own).filter(|_| !has && fits) {
            Some(folder) => format!("{folder}{wanted}"),
            None => file.clone(),
        };
        if !found.contains(&file) {
            found.push(file);
        }
    }
    found
}

type Place<'a, 'i> = (&'a toml::Spanned<std::borrow::Cow<'i, str>>, &'a toml::Spanned<DeValue<'i>>);

fn find<'a, 'i>(table: &'a DeTable<'i>, name: &str) -> Option<Place<'a, 'i>> {
    table.iter().find(|(key, _)| key.get_ref() == name)
}

/// Refuses keys that no table has.
fn check_keys<'a>(
    text: &str,
    value: &'a toml::Spanned<DeValue<'_>>,
    path: &mut Vec<&'a str>,
) -> Result<(), DescriptionError> {
    let is_part = matches!(path.as_slice(), ["source", "time", part] if PARTS.contains(part));
    let keys = if is_part { Some(&PART_KEYS) } else { Keys::at(path) };
    let Some(keys) = keys else { return Ok(()) };
    let at = |span: std::ops::Range<usize>| Some(line_of(text, span.start));
    let DeValue::Table(table) = value.get_ref() else {
        if is_part || path.len() == 3 {
            return Ok(());
        }
        let problem = DescriptionProblem::Wants { wants: "a table" };
        return Err(DescriptionError { line: at(value.span()), key: path.join("."), problem });
    };
    for (key, value) in table.iter() {
        let name: &str = key.get_ref();
        if keys.wants(name).is_none() {
            let known = keys.names();
            let nearest = nearest(name, &known).map(str::to_owned);
            let problem = DescriptionProblem::Unknown { nearest, known };
            return Err(DescriptionError {
                line: at(key.span()),
                key: format!("{}.{name}", path.join(".")),
                problem,
            });
        }
        path.push(name);
        check_keys(text, value, path)?;
        path.pop();
    }
    Ok(())
}

fn broken(text: &str, error: &toml::de::Error) -> DescriptionError {
    let line = error.span().map(|span| line_of(text, span.start));
    let problem = DescriptionProblem::Toml(error.message().to_owned());
    DescriptionError { line, key: String::new(), problem }
}

/// A value that is not what its key wants: told by the key's own words.
fn misfit(text: &str, file: &DeTable<'_>, error: &toml::de::Error) -> DescriptionError {
    let Some(span) = error.span() else { return broken(text, error) };
    let mut path: Vec<&str> = Vec::new();
    locate(file, span.start, &mut path);
    let line = Some(line_of(text, span.start));
    while let Some((last, above)) = path.split_last() {
        let is_part = matches!(above, ["source", "time", part] if PARTS.contains(part));
        let keys = if is_part { Some(&PART_KEYS) } else { Keys::at(above) };
        if let Some(wants) = keys.and_then(|keys| keys.wants(last)) {
            return DescriptionError {
                line,
                key: path.join("."),
                problem: DescriptionProblem::Wants { wants },
            };
        }
        path.pop();
    }
    broken(text, error)
}

/// The keys to the innermost value that a byte is in. The span of a table is that of its header alone.
fn locate<'a>(table: &'a DeTable<'_>, at: usize, path: &mut Vec<&'a str>) -> bool {
    for (key, value) in table.iter() {
        path.push(key.get_ref());
        let is_inside = matches!(value.get_ref(), DeValue::Table(inner) if locate(inner, at, path));
        if is_inside || value.span().contains(&at) || key.span().contains(&at) {
            return true;
        }
        path.pop();
    }
    false
}

/// An error with the line of its key, or of the nearest table around it that the text has.
fn placed(text: &str, file: &DeTable<'_>, mut error: DescriptionError) -> DescriptionError {
    let mut table = file;
    for name in error.key.split('.') {
        let Some((key, value)) = find(table, name) else { break };
        error.line = Some(line_of(text, key.span().start));
        match value.get_ref() {
            DeValue::Table(inner) => table = inner,
            _ => break,
        }
    }
    error
}

/// The line of a byte, counted from 1.
fn line_of(text: &str, at: usize) -> u64 {
    text.bytes().take(at).filter(|&byte| byte == b'\n').count() as u64 + 1
}
