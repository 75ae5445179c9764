//! The file of a variable in a folder.

use std::path::{Path, PathBuf};

use crate::error::{Argument, Error, ErrorKind, Reason, Result};

use super::{Field, GridFile, Interval, Meaning};

mod layers;

pub(crate) use layers::{Layers, of_folder};

/// A file that was found.
#[derive(Debug)]
pub(crate) struct Found {
    pub path: PathBuf,
    /// The variable in it; `None` for its only one.
    pub variable: Option<String>,
    /// What was chosen among what, in words, where there was a choice.
    pub choice: Option<String>,
}

struct Candidate {
    path: PathBuf,
    stem: String,
    meaning: Meaning,
    span: String,
}

impl Candidate {
    fn words(&self) -> String {
        let plural = self.meaning.plural();
        let what = if plural.is_empty() { "values" } else { plural.as_str() };
        format!("{} ({what}, {})", name_of(&self.path), self.span)
    }
}

/// Why nothing is read of a store.
pub(crate) const UNREAD: &str = "NetCDF files are read, not stores of Zarr; make both of one pass";

/// What ends the names of files whose chunks are maps, beside files of series.
const MAP: &str = "_map";

/// Finds the file of a variable: `{variable}_….nc`, or the file whose name, or the beginning of it, `variable` is. Among several of a
/// variable the daily one is taken, or else the one of means, and the choice is told.
///
/// # Errors
/// [`Argument`](crate::ErrorKind::Argument) where there is none, or where several fit alike; [`Library`](crate::ErrorKind::Library) where the only one is damaged.
pub(crate) fn in_folder(folder: &Path, variable: Option<&str>) -> Result<Found> {
    let Some(name) = variable else {
        return Err(Error::selection(Argument::Variable, "", "is needed where a folder is given"));
    };
    let entries = std::fs::read_dir(folder).map_err(|source| Error::io("list", folder, source))?;
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(|source| Error::io("list", folder, source))?.path());
    }
    let has_grids = paths.iter().any(|path| name_of(path).ends_with(".nc"));
    let has_store = paths.iter().any(|path| name_of(path).ends_with(".zarr"));
    let all = paths.clone();
    // Yearly grids of `gridloom tables` have a word before the variable.
    let called = |stem: &str, variable: &str| {
        let rest = stem.strip_prefix("annual_").unwrap_or(stem).strip_prefix(variable);
        stem == variable || rest.is_some_and(|rest| rest.starts_with('_'))
    };
    // A row may be in the file of all rows.
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let base = name.rsplit_once('_').filter(|(_, row)| is_number(row)).map(|(base, _)| base);
    paths.retain(|path| {
        let file = name_of(path);
        let stem = file.strip_suffix(".nc").unwrap_or_default();
        called(stem, name) || base.is_some_and(|base| called(stem, base))
    });
    paths.sort_by_key(|path| (path.as_os_str().len(), path.clone()));
    let (mut of_variable, mut of_stem, mut broken) = (Vec::new(), Vec::new(), Vec::new());
    for path in paths {
        let stem = name_of(&path).trim_end_matches(".nc").to_owned();
        // `csoil_2` must not find `csoil_2_…` of another variable: the variable decides.
        match Field::open(&path, Some(name)) {
            Ok(field) => of_variable.push(candidate(path, stem, &field)),
            Err(error) if error.kind() == ErrorKind::Argument && !called(&stem, name) => {}
            Err(error) if error.kind() == ErrorKind::Argument => match Field::open(&path, None) {
                Ok(field) => of_stem.push(candidate(path, stem, &field)),
                Err(error) if error.kind() == ErrorKind::Argument => {}
                Err(error) => broken.push((path, error)),
            },
            Err(error) => broken.push((path, error)),
        }
    }
    // Files of several variables are called after none of them.
    if of_variable.is_empty() && of_stem.is_empty() && broken.is_empty() {
        for path in all.into_iter().filter(|path| name_of(path).ends_with(".nc")) {
            let is_of_several = GridFile::variables(&path).is_ok_and(|names| names.len() > 1);
            if let (true, Ok(field)) = (is_of_several, Field::open(&path, Some(name))) {
                let stem = name_of(&path).trim_end_matches(".nc").to_owned();
                of_variable.push(candidate(path, stem, &field));
            }
        }
    }
    let is_exact = |candidate: &Candidate| candidate.stem == name;
    let (candidates, variable) = match of_variable.is_empty() {
        false => (of_variable, Some(name.to_owned())),
        true => (of_stem, None),
    };
    // A file that is called just so is meant.
    if let Some(exact) = candidates.iter().find(|candidate| is_exact(candidate)) {
        return Ok(Found { path: exact.path.clone(), variable, choice: None });
    }
    let chosen = choose(&candidates);
    match (chosen, candidates.as_slice(), broken.is_empty()) {
        (Some(chosen), [_], true) => Ok(Found { path: chosen.path.clone(), variable, choice: None }),
        // A damaged file may be the one that would have been taken.
        (Some(chosen), _, is_whole) if is_whole || is_daily(chosen) => {
            let others = candidates.iter().filter(|other| other.path != chosen.path).map(Candidate::words);
            let broken =
                broken.iter().map(|(path, error)| format!("{} ({})", name_of(path), error.in_full()));
            let others: Vec<String> = others.chain(broken).collect();
            let choice = format!("{} is taken, not {}", chosen.words(), listed(others));
            Ok(Found { path: chosen.path.clone(), variable, choice: Some(choice) })
        }
        _ if !broken.is_empty() => Err(broken.swap_remove(0).1),
        (_, [], _) => {
            let mut reason = format!("there is no file {name}_….nc in {}", folder.display());
            if !has_grids {
                reason.push_str("; figures are drawn of grids and tables, which are made of a run before");
            }
            if has_store {
                reason = format!("{reason}; {UNREAD}");
            }
            Err(Error::selection(Argument::Variable, name, reason))
        }
        _ => {
            let words = listed(candidates.iter().map(Candidate::words).collect());
            let reason = Reason::from(format!(
                "{} files of {} fit: {words}; name the file, or the beginning of its name by ",
                candidates.len(),
                folder.display()
            ));
            let reason = reason.naming(Argument::Variable);
            Err(Error::selection(Argument::Variable, name, reason))
        }
    }
}

/// Whether a file has the days, or shorter steps, of a daily grid.
fn is_daily(candidate: &Candidate) -> bool {
    candidate.meaning.interval.is_some_and(Interval::is_at_most_a_day)
}

/// The daily file, or else the one of means, or the only one; none where several fit alike.
fn choose(candidates: &[Candidate]) -> Option<&Candidate> {
    let only = |fits: &dyn Fn(&Candidate) -> bool| {
        let fitting: Vec<&Candidate> = candidates.iter().filter(|candidate| fits(candidate)).collect();
        // A file of maps has the same values as the one that it is made beside.
        let is_copy = |one: &&&Candidate| {
            let of = one.stem.strip_suffix(MAP);
            of.is_some_and(|of| fitting.iter().any(|other| other.stem == of))
        };
        let mut own = fitting.iter().filter(|one| !is_copy(one));
        (own.next().copied(), own.next().is_some())
    };
    let is_mean = |candidate: &Candidate| candidate.meaning.is_mean();
    for fits in [
        &(|candidate: &Candidate| is_daily(candidate) && is_mean(candidate)) as &dyn Fn(&Candidate) -> bool,
        &(|candidate: &Candidate| is_daily(candidate)),
        &is_mean,
        &|_| true,
    ] {
        match only(fits) {
            (None, _) => {}
            (first, false) => return first,
            (_, true) => return None,
        }
    }
    None
}

fn candidate(path: PathBuf, stem: String, field: &Field) -> Candidate {
    let span = field.times.span(&(0..field.times.steps.len()));
    Candidate { path, stem, meaning: field.meaning, span }
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The first of many.
fn listed(words: Vec<String>) -> String {
    const MOST: usize = 12;
    let more = words.len().saturating_sub(MOST);
    let mut words: Vec<String> = words.into_iter().take(MOST).collect();
    if more > 0 {
        words.push(format!("{more} more"));
    }
    words.join(", ")
}
