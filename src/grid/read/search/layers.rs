//! The variables of all files of a folder, each of one file.

use std::path::PathBuf;

use crate::error::{Argument, Error, Result};
use crate::grid::read::{Field, GridFile};

use super::{Candidate, candidate, choose, is_daily, listed};

/// What is read of a folder.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    /// The file of each variable, or of each of its rows, and its name.
    pub fields: Vec<(PathBuf, String)>,
    /// What was chosen among what, in words.
    pub choices: Vec<String>,
    /// The names that all files have.
    pub known: Vec<String>,
    /// Files that could not be looked into.
    pub unread: Vec<Error>,
}

/// A variable, and the files that have it.
struct Found {
    name: String,
    candidates: Vec<Candidate>,
}

/// Opens the wanted variables of some files. Among several of a variable the daily one is taken, or else the one of means; where a variable is daily, those
/// that have no daily file are left out but for those that are `named`. All of that is told.
///
/// # Errors
/// [`Argument`](crate::ErrorKind::Argument) where several files of a variable fit alike; those of [`Field::open`].
pub(crate) fn of_folder(
    paths: &[PathBuf],
    is_wanted: &dyn Fn(&str) -> bool,
    is_named: &dyn Fn(&str) -> bool,
) -> Result<Layers> {
    let mut layers = Layers::default();
    let mut all: Vec<Found> = Vec::new();
    for path in paths {
        let names = match GridFile::layers(path) {
            Ok(names) => names,
            Err(error) => {
                layers.unread.push(error);
                continue;
            }
        };
        for name in names.iter().filter(|name| is_wanted(name)) {
            let field = Field::open(path, Some(name))?;
            let stem = super::name_of(path).trim_end_matches(".nc").to_owned();
            let own = candidate(path.clone(), stem, &field);
            match all.iter_mut().find(|found| found.name == *name) {
                Some(found) => found.candidates.push(own),
                None => all.push(Found { name: name.clone(), candidates: vec![own] }),
            }
        }
        layers.known.extend(names);
    }
    let mut chosen = Vec::new();
    for Found { name, mut candidates } in all {
        let Some(own) = choose(&candidates) else {
            let words = listed(candidates.iter().map(Candidate::words).collect());
            let reason =
                format!("{} files of it fit: {words}; give the file that is meant", candidates.len());
            return Err(Error::selection(Argument::Variables, name, reason));
        };
        let place = candidates.iter().position(|one| one.path == own.path).unwrap_or(0);
        let own = candidates.remove(place);
        if !candidates.is_empty() {
            let others = listed(candidates.iter().map(Candidate::words).collect());
            layers.choices.push(format!("{} is taken, not {others}", own.words()));
        }
        chosen.push((own, name));
    }
    let has_days = chosen.iter().any(|(own, _)| is_daily(own));
    for (own, name) in chosen {
        if has_days && !is_daily(&own) && !is_named(&name) {
            layers.choices.push(format!(
                "{} is left out: other variables are daily; name it to have it by itself",
                own.words()
            ));
        } else {
            layers.fields.push((own.path, name));
        }
    }
    Ok(layers)
}
