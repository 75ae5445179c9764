//! What values are: their type, what stands for missing ones, and texts among them.

use std::collections::BTreeMap;

use super::Work;
use super::looked::Seen;
use super::stats::{DIGITS, Stats};
use crate::error::Result;
use crate::records::description::{FileFormat, MissingCodes, TimePart, Types};
use crate::records::input::types_of;

impl Work {
    /// Finds types, and codes of missing values.
    pub(super) fn types(&mut self, seen: &Seen) -> Result<()> {
        self.codes(seen);
        if self.description.values.type_.is_some() || self.own_types(seen) {
            return Ok(());
        }
        let numbers = || seen.columns.iter().filter(|(_, stats)| !stats.is_text() && stats.numbers > 0);
        let longest =
            numbers().filter(|(_, stats)| stats.needs_eight()).max_by_key(|(_, stats)| stats.digits);
        let along = self.description.values.along.is_some();
        let all_eight = numbers().all(|(_, stats)| stats.needs_eight());
        let Some((name, stats)) = longest else {
            self.description.values.type_ = Some(Types::All("f4".to_owned()));
            self.tell(
                "values.type",
                format!("no number has more than {DIGITS} digits, which floats of four bytes tell apart"),
                None,
            );
            return Ok(());
        };
        let (text, file, line) = stats.longest.clone().unwrap_or_default();
        let why = format!(
            "the column {name} has {text}, which floats of four bytes do not tell from its neighbours; give f4 where that is enough"
        );
        let types = if along || all_eight {
            Types::All("f8".to_owned())
        } else {
            let stems = numbers().filter(|(_, stats)| stats.needs_eight()).map(|(name, _)| self.stem(name));
            let mut types: BTreeMap<String, String> = stems.map(|name| (name, "f8".to_owned())).collect();
            types.insert("*".to_owned(), "f4".to_owned());
            Types::Columns(types)
        };
        self.description.values.type_ = Some(types);
        self.tell("values.type", why, Some((&file, line)));
        Ok(())
    }

    /// Whether files tell the types of their columns, which then are kept.
    fn own_types(&mut self, seen: &Seen) -> bool {
        let is_netcdf = self.description.format == Some(FileFormat::Netcdf);
        let is_told =
            is_netcdf || matches!(self.description.format, Some(FileFormat::Parquet | FileFormat::Arrow));
        let first = self
            .files
            .files
            .iter()
            .filter(|_| is_told)
            .find_map(|file| Some((file.name(), types_of(&self.files.path(file), is_netcdf)?)));
        let Some((file, types)) = first else { return false };
        let own: Vec<(String, &str)> =
            types.into_iter().filter(|(name, _)| is_netcdf || seen.columns.contains_key(name)).collect();
        let Some((_, one)) = own.first() else { return false };
        let is_one = own.iter().all(|(_, kind)| kind == one);
        let is_wide = own.iter().any(|(_, kind)| !matches!(*kind, "f4" | "i1" | "i2"));
        self.description.values.type_ = Some(match self.description.values.along {
            _ if is_one => Types::All((*one).to_owned()),
            // Columns of one variable have one type, which holds all of them.
            Some(_) => Types::All(if is_wide { "f8" } else { "f4" }.to_owned()),
            None => {
                Types::Columns(own.iter().map(|(name, kind)| (self.stem(name), (*kind).to_owned())).collect())
            }
        });
        self.tell("values.type", "columns have types of their own", Some((&file, None)));
        true
    }

    /// The glob of a numbered column's variable, or the column itself.
    fn stem(&self, name: &str) -> String {
        let numbered = self.description.values.numbered == Some(true);
        match super::roles::numbered(name).filter(|_| numbered) {
            Some((stem, _)) => format!("{stem}*"),
            None => name.to_owned(),
        }
    }

    fn codes(&mut self, seen: &Seen) {
        let Some(MissingCodes::All(mut known)) = self.description.text.missing.clone() else { return };
        let mut told = Vec::new();
        for (name, stats) in &seen.columns {
            for (text, (count, number)) in &stats.codes {
                let is_far = stats.numbers == 0
                    || if *number < 0.0 {
                        stats.least > number / 10.0
                    } else {
                        stats.greatest < number / 10.0
                    };
                if known.contains(text) {
                    continue;
                }
                match is_far {
                    true => {
                        told.push(format!("{text} is there {count} times in the column {name}, whose other values are {} to {}", stats.least, stats.greatest));
                        known.push(text.clone());
                    }
                    false => {
                        let text = format!(
                            "{text} is there {count} times in the column {name}, among other values of its size; it is taken as a value"
                        );
                        self.note(text, None);
                    }
                }
            }
            for (text, (count, file, line)) in &stats.words {
                let is_value = text.trim_start_matches(['+', '-']).to_ascii_lowercase().starts_with("inf");
                if !known.contains(text) && !is_value && !stats.is_text() {
                    let at = line.map(|line| format!(", line {line}")).unwrap_or_default();
                    told.push(format!("{text} is there {count} times in the column {name} ({file}{at})"));
                    known.push(text.clone());
                }
            }
        }
        for why in told {
            self.tell("text.missing", why, None);
        }
        self.description.text.missing = Some(MissingCodes::All(known));
    }

    /// Finds columns that are texts, and asks what they are where they tell records apart.
    pub(super) fn records_apart(&mut self, seen: &Seen) -> Result<()> {
        let columns = self.description.values.columns.clone();
        let is_open =
            columns.as_ref().is_none_or(|columns| columns.iter().all(|pattern| pattern.contains('*')));
        let texts: Vec<(&String, &Stats)> =
            seen.columns.iter().filter(|(_, stats)| is_open && stats.is_text()).collect();
        let is_apart = 100 * seen.twice > seen.records && self.description.repeated.is_none();
        let at = seen.first_twice.as_ref().map(|(file, line)| (file.as_str(), *line));
        let names: Vec<&str> = match texts.is_empty() {
            false => texts.iter().map(|(name, _)| name.as_str()).collect(),
            true => whole_names(seen),
        };
        if is_apart && let Some(of) = names.first() {
            let (file, line) = at.unwrap_or(("", None));
            let line = line.map(|line| format!(", line {line}")).unwrap_or_default();
            let text = format!(
                "{} of {} records have the cell and the time of another one (first {file}{line}), so that something else tells them apart, perhaps by {}: \
                 give source.values.over = {{ {of} = \"dimension\" }} where each is to be kept, {{ {of} = \"sum\" }} or \"mean\" where they are parts of one, or source.repeated",
                seen.twice,
                seen.records,
                names.join(" or ")
            );
            return Err(self.ask(None, text));
        }
        if seen.twice > 0 {
            self.note(
                format!(
                    "{} have the cell and the time of another one",
                    crate::words::many(seen.twice, "record")
                ),
                at,
            );
        }
        let mut ignored = Vec::new();
        for (name, stats) in texts {
            let example = stats.texts.first().cloned().unwrap_or_default();
            ignored.push((name.clone(), format!("the column {name} has texts such as {example:?}, which are not values, and do not tell records apart")));
        }
        for (name, why) in ignored {
            self.description.values.ignore.push(name);
            self.tell("values.ignore", why, None);
        }
        Ok(())
    }
}

/// Columns of few whole numbers, which may tell records apart.
fn whole_names(seen: &Seen) -> Vec<&str> {
    let is_whole = |stats: &Stats| {
        stats.numbers > 0 && stats.longest.as_ref().is_none_or(|(text, ..)| !text.contains('.'))
    };
    seen.columns.iter().filter(|(_, stats)| is_whole(stats)).map(|(name, _)| name.as_str()).collect()
}

impl Work {
    /// Files that are no text: what their columns are is found out when they are read; what their paths tell, here.
    pub(super) fn packed_tables(&mut self) -> Result<()> {
        let first = self.files.files.first().map(|file| (self.files.path(file), file.name()));
        match (self.description.format, first) {
            (Some(FileFormat::VicBinary), Some((path, name))) => {
                if let Ok((names, step)) = crate::records::vic_binary::times(&path) {
                    self.times_of_columns(&names, step, &name);
                }
            }
            (Some(FileFormat::Lpjml), Some((path, name))) => {
                if let Ok((names, step)) = crate::records::lpjml::times(&path) {
                    let cell = &mut self.description.cell;
                    if cell.lat.is_none() && cell.y.is_none() && cell.id.is_none() {
                        (cell.lat, cell.lon) = (Some("lat".to_owned()), Some("lon".to_owned()));
                        cell.at.get_or_insert(crate::records::description::At::Centre);
                    }
                    if let Some([lat, lon]) = crate::records::lpjml::cell_size(&path) {
                        cell.step.get_or_insert(crate::records::description::StepSize::Each([lat, lon]));
                    }
                    self.times_of_columns(&names, Some(step), &name);
                }
                return Ok(());
            }
            _ => return Ok(()),
        }
        self.paths()?;
        let mut seen = Seen::default();
        seen.places_of_paths(&self.description.cell, &self.files);
        self.places(&seen)
    }

    /// Fills in columns of time by the names that formats with headers of their own give them.
    fn times_of_columns(&mut self, names: &[String], step: Option<String>, file: &str) {
        let time = &mut self.description.time;
        let is_open = time.stamp.is_none() && time.start.is_none() && time.parts().next().is_none();
        let mut told = Vec::new();
        if is_open {
            let mut set = |slot: &mut Option<TimePart>, key: &'static str, known: &[&str]| {
                if let Some(name) = names.iter().find(|name| known.contains(&name.as_str())) {
                    *slot = Some(TimePart::Column(name.clone()));
                    told.push((key, format!("the header names {name}")));
                }
            };
            set(&mut time.year, "time.year", &["YEAR", "year"]);
            set(&mut time.month, "time.month", &["MONTH", "month"]);
            set(&mut time.day, "time.day", &["DAY"]);
            set(&mut time.day_of_year, "time.day_of_year", &["day_of_year"]);
            set(&mut time.hour, "time.hour", &["HOUR"]);
            set(&mut time.second, "time.second", &["SEC"]);
        }
        if let (None, Some(step)) = (&time.step, step) {
            told.push(("time.step", format!("its records are {step} apart")));
            time.step = Some(step);
        }
        if time.calendar.is_none() {
            told.push(("time.calendar", "the file names none".to_owned()));
            time.calendar = Some("standard".to_owned());
        }
        for (key, why) in told {
            self.tell(key, why, Some((file, None)));
        }
    }
}
