//! `figures.toml`: all figures of a paper or a report, and which of them have to be drawn again.
//!
//! A record beside the pictures says what each was made of. A figure is drawn again where its settings, an input, or gridloom have
//! changed, or its picture is not what was written.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::draw::{Format, encode};
use crate::error::{Error, Result};
use crate::words::matches;

use super::data::gather::Gather;
use super::data::stamp;
use super::draft::Draft;
use super::spec::{Plot, Spec};
use super::{output, publish};

/// The record's name, in the folder of the pictures.
pub const RECORD: &str = ".gridloom-figures.json";

/// A list of figures.
#[derive(Debug)]
pub struct FigureList {
    /// Where paths begin: the folder of the list.
    folder: PathBuf,
    /// Where pictures go.
    output: PathBuf,
    /// In the order of the list.
    pub figures: Vec<Figure>,
    /// Whether files that gridloom did not make are replaced.
    pub overwrite: bool,
    /// How the error of a figure that cannot be drawn is told.
    pub told: fn(&Error) -> String,
    /// The list, where its pictures have to be below its own folder.
    confined: Option<PathBuf>,
}

/// One of the list.
#[derive(Debug, Clone)]
pub struct Figure {
    /// Its name in the list.
    pub name: String,
    /// The pictures, one a format.
    pub outputs: Vec<PathBuf>,
    /// What it shows.
    pub spec: Spec,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    /// Where pictures go.
    #[serde(default)]
    output: Option<PathBuf>,
    /// The formats of all.
    #[serde(default)]
    formats: Vec<String>,
    /// Settings of all that do not say otherwise.
    #[serde(default)]
    defaults: toml::Table,
    /// The figures.
    #[serde(default)]
    figure: Vec<toml::Table>,
}

/// Whether a figure has to be drawn, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It is what it would be again.
    Current,
    /// It has to be drawn: why.
    Stale(String),
    /// It cannot be drawn: why.
    Failed(String),
}

/// The record; none where there is none yet, or where what is there is not one: then all is drawn again.
fn read_record(path: &Path) -> Result<Record> {
    match crate::shared::read_input(path) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes).unwrap_or_default()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Record::default()),
        Err(source) => Err(Error::io("read", path, source)),
    }
}

/// What the record says of a figure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Made {
    version: String,
    settings: String,
    /// For each input its size, time and digest.
    inputs: BTreeMap<String, Seen>,
    /// The digests of the pictures.
    pictures: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Seen {
    bytes: u64,
    modified: i64,
    digest: String,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Record {
    figures: BTreeMap<String, Made>,
}

impl FigureList {
    /// Reads a list. Input patterns (`*`, `?` in file names) are resolved; what they find is in alphabetical order.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io) where it cannot be read, [`Config`](crate::ErrorKind::Config) where it is wrong.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Self::read_into(path, None)
    }

    /// Reads a list whose pictures go into a folder, wherever that is. What a list itself names must be below its own folder.
    ///
    /// # Errors
    /// As [`FigureList::read`].
    pub fn read_into(path: &Path, output: Option<&Path>) -> Result<Self> {
        let text = crate::shared::read_text(path).map_err(|source| Error::io("read", path, source))?;
        let wrong = |reason: String| Error::config(path, reason);
        let written: Written = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let own = folder.join(written.output.unwrap_or_else(|| PathBuf::from("figures")));
        let confined = output.is_none().then(|| path.to_owned());
        if confined.is_some() {
            output::within(folder, &own, path)?;
        }
        let output = output.map_or(own, Path::to_owned);
        let mut figures: Vec<Figure> = Vec::new();
        let mut names = BTreeSet::new();
        for (index, mut table) in written.figure.into_iter().enumerate() {
            let number = index + 1;
            let name = match table.remove("name") {
                Some(toml::Value::String(name)) => name,
                _ => {
                    return Err(wrong(format!(
                        "figure {number} has no name; name = \"npp_mean\" names its picture"
                    )));
                }
            };
            let is_plain =
                !name.is_empty() && name.split('/').all(|part| !part.is_empty() && !part.starts_with('.'));
            if !is_plain || name.contains('\\') {
                return Err(wrong(format!("figure {number}: {name:?} cannot name a picture")));
            }
            let formats = match table.remove("formats") {
                None => written.formats.clone(),
                Some(formats) => {
                    formats.try_into().map_err(|error| wrong(format!("figure {name:?}: {error}")))?
                }
            };
            let mut merged = written.defaults.clone();
            // `input` and `inputs`, `variable` and `variables` are the same settings.
            for (one, other) in [("input", "inputs"), ("variable", "variables")] {
                if table.contains_key(one) || table.contains_key(other) {
                    merged.remove(one);
                    merged.remove(other);
                }
            }
            // Defaults are for figures that have such a setting.
            let kind = table.get("kind").or(merged.get("kind")).cloned();
            if let Some(kind) = kind.and_then(|kind| kind.try_into::<Plot>().ok()) {
                merged.retain(|setting, _| kind.has(setting));
            }
            if table.contains_key("date") {
                ["from", "to", "stat"].into_iter().for_each(|setting| drop(merged.remove(setting)));
            }
            if ["from", "to", "stat"].into_iter().any(|setting| table.contains_key(setting)) {
                merged.remove("date");
            }
            if table.contains_key("cells") {
                merged.remove("bbox");
            }
            merged.extend(table);
            let mut spec: Spec =
                merged.try_into().map_err(|error| wrong(format!("figure {name:?}: {error}")))?;
            let mut inputs = Vec::new();
            for input in &spec.inputs {
                inputs.extend(
                    resolve(folder, input).map_err(|reason| wrong(format!("figure {name:?}: {reason}")))?,
                );
            }
            spec.inputs = inputs;
            spec.difference = spec.difference.map(|path| folder.join(path));
            spec.reference = spec.reference.map(|path| folder.join(path));
            spec.mask = spec.mask.map(|path| folder.join(path));
            spec.after = spec.after.map(|path| folder.join(path));
            let formats = if formats.is_empty() { vec!["png".to_owned()] } else { formats };
            let outputs: Vec<PathBuf> =
                formats.iter().map(|format| output.join(format!("{name}.{format}"))).collect();
            for path in &outputs {
                Format::of(path)
                    .map_err(|_| wrong(format!("figure {name:?}: formats are png, svg and pdf")))?;
                if !names.insert(path.clone()) {
                    return Err(wrong(format!("two figures are named {name:?}")));
                }
            }
            figures.push(Figure { name, outputs, spec });
        }
        if figures.is_empty() {
            return Err(wrong("it has no [[figure]]".to_owned()));
        }
        Ok(FigureList {
            folder: folder.to_owned(),
            output,
            figures,
            overwrite: false,
            told: Error::in_full,
            confined,
        })
    }

    /// Draws what has to be drawn, or only says what that is. `tell` is called for each figure when it is known.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io) where the record cannot be read or written. Figures that cannot be drawn are told and do not stop others.
    pub fn build(&self, draw: bool, force: bool, tell: impl FnMut(&Figure, &State)) -> Result<Vec<State>> {
        self.build_with(draw, force, tell, |_, _| {})
    }

    /// As [`FigureList::build`]; `note` is called for each choice that was made for a figure that is drawn.
    ///
    /// # Errors
    /// As [`FigureList::build`].
    pub fn build_with(
        &self,
        draw: bool,
        force: bool,
        mut tell: impl FnMut(&Figure, &State),
        mut note: impl FnMut(&Figure, &str),
    ) -> Result<Vec<State>> {
        let record_path = self.output.join(RECORD);
        let mut record = read_record(&record_path)?;
        let mut seen = Gather::default();
        let mut digests: BTreeMap<PathBuf, Seen> = BTreeMap::new();
        let mut states: Vec<State> = Vec::new();
        let mut stale = Vec::new();
        for (index, figure) in self.figures.iter().enumerate() {
            // Whether a figure is current is found without reading grids: only those that are drawn are asked for values.
            let found = Draft::of(&figure.spec, &mut seen)
                .and_then(|draft| self.made(figure, &draft, &record, &mut digests));
            let state = match found {
                Ok((made, why)) => {
                    let why = if force { Some("it was asked for".to_owned()) } else { why };
                    match why {
                        None => State::Current,
                        Some(why) => {
                            stale.push((index, made));
                            State::Stale(why)
                        }
                    }
                }
                Err(error) => State::Failed((self.told)(&error)),
            };
            if state == State::Current || !draw || matches!(state, State::Failed(_)) {
                tell(figure, &state);
            }
            states.push(state);
        }
        if !draw {
            return Ok(states);
        }
        let mut gather = seen.of_same_files();
        digests.iter().for_each(|(path, seen)| gather.know(path, &seen.digest));
        let mut drafts = Vec::new();
        for (index, made) in stale {
            let Some(figure) = self.figures.get(index) else { continue };
            match Draft::of(&figure.spec, &mut gather) {
                Ok(draft) => drafts.push((index, figure, made, draft)),
                Err(error) => self.fail(index, figure, &error, &mut states, &mut tell),
            }
        }
        let gathered = gather.run();
        for (index, figure, mut made, draft) in drafts {
            let mut notes = draft.choices().to_vec();
            let scene = draft.draw(&figure.spec, &gathered);
            notes.extend(scene.iter().flat_map(|scene| scene.notes.clone()));
            match self.write(figure, &mut made, scene) {
                Ok(()) => {
                    notes.iter().for_each(|choice| note(figure, choice));
                    record.figures.insert(figure.name.clone(), made);
                    if let Some(state) = states.get(index) {
                        tell(figure, state);
                    }
                }
                Err(error) => {
                    record.figures.remove(&figure.name);
                    self.fail(index, figure, &error, &mut states, &mut tell);
                }
            }
        }
        record.figures.retain(|name, _| self.figures.iter().any(|figure| figure.name == *name));
        let bytes = serde_json::to_vec_pretty(&record).unwrap_or_default();
        publish(&record_path, &bytes)?;
        Ok(states)
    }

    fn fail(
        &self,
        index: usize,
        figure: &Figure,
        error: &Error,
        states: &mut [State],
        tell: &mut impl FnMut(&Figure, &State),
    ) {
        let state = State::Failed((self.told)(error));
        tell(figure, &state);
        if let Some(place) = states.get_mut(index) {
            *place = state;
        }
    }

    fn write(
        &self,
        figure: &Figure,
        made: &mut Made,
        scene: Result<crate::draw::scene::Scene>,
    ) -> Result<()> {
        let scene = scene?;
        let before = std::mem::take(&mut made.pictures);
        for path in &figure.outputs {
            let folder = path.parent().unwrap_or(&self.output);
            match &self.confined {
                Some(list) => output::within(&self.folder, folder, list)?,
                None => {
                    std::fs::create_dir_all(&self.output)
                        .map_err(|source| Error::io("create", &self.output, source))?;
                    output::within(&self.output, folder, &self.output)?;
                }
            }
            // What was drawn before is drawn again, whatever has become of it.
            output::check(path, self.overwrite || before.contains_key(&self.short(path)))?;
            publish(path, &encode(&scene, Format::of(path)?, figure.spec.dots())?)?;
            made.pictures.insert(self.short(path), stamp::digest(path)?);
        }
        Ok(())
    }

    /// What a figure would be made of now, and why it has to be drawn again.
    fn made(
        &self,
        figure: &Figure,
        draft: &Draft,
        record: &Record,
        digests: &mut BTreeMap<PathBuf, Seen>,
    ) -> Result<(Made, Option<String>)> {
        let before = record.figures.get(&figure.name);
        let mut inputs = BTreeMap::new();
        for path in draft.inputs() {
            let short = self.short(&path);
            let known = before.and_then(|before| before.inputs.get(&short));
            let seen = match digests.get(&path) {
                Some(seen) => seen.clone(),
                None => seen(&path, known)?,
            };
            digests.insert(path, seen.clone());
            inputs.insert(short, seen);
        }
        let settings = figure.spec.words();
        let made = Made { version: crate::VERSION.to_owned(), settings, inputs, pictures: BTreeMap::new() };
        let Some(before) = before else { return Ok((made, Some("it is new".to_owned()))) };
        let pictures: BTreeSet<String> = figure.outputs.iter().map(|path| self.short(path)).collect();
        let why = if made.version != before.version {
            Some(format!("gridloom {} drew it", before.version))
        } else if made.settings != before.settings {
            Some("its settings changed".to_owned())
        } else if let Some(why) = changed(&before.inputs, &made.inputs) {
            Some(why)
        } else if !pictures.iter().eq(before.pictures.keys()) {
            Some("its formats changed".to_owned())
        } else {
            figure.outputs.iter().find_map(|path| {
                let known = before.pictures.get(&self.short(path));
                match stamp::digest(path) {
                    Err(_) => Some(format!("{} is not there", self.short(path))),
                    Ok(digest) if Some(&digest) != known => {
                        Some(format!("{} is not what was drawn", self.short(path)))
                    }
                    Ok(_) => None,
                }
            })
        };
        Ok((Made { pictures: before.pictures.clone(), ..made }, why))
    }

    /// A path as the record has it: from the list's folder on.
    fn short(&self, path: &Path) -> String {
        path.strip_prefix(&self.folder).unwrap_or(path).display().to_string()
    }
}

fn changed(before: &BTreeMap<String, Seen>, now: &BTreeMap<String, Seen>) -> Option<String> {
    let new = now.keys().find(|path| !before.contains_key(*path));
    let gone = before.keys().find(|path| !now.contains_key(*path));
    let other =
        now.iter().find(|(path, seen)| before.get(*path).is_some_and(|old| old.digest != seen.digest));
    match (new, gone, other) {
        (Some(path), _, _) => Some(format!("{path} is a new input")),
        (_, Some(path), _) => Some(format!("{path} is not an input any more")),
        (_, _, Some((path, _))) => Some(format!("{path} changed")),
        _ => None,
    }
}

/// A file's digest; that of the record where size and time are those of the record.
fn seen(path: &Path, known: Option<&Seen>) -> Result<Seen> {
    let metadata = std::fs::metadata(path).map_err(|source| Error::io("read", path, source))?;
    let (bytes, modified) = (metadata.len(), crate::source::stamp::modified(&metadata));
    match known {
        Some(known) if (known.bytes, known.modified) == (bytes, modified) => Ok(known.clone()),
        _ => Ok(Seen { bytes, modified, digest: stamp::digest(path)? }),
    }
}

/// The files that a pattern names; `*` and `?` may stand in the last part.
fn resolve(folder: &Path, pattern: &Path) -> std::result::Result<Vec<PathBuf>, String> {
    let path = folder.join(pattern);
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if !name.contains(['*', '?']) {
        return Ok(vec![path]);
    }
    let parent = path.parent().unwrap_or(folder);
    let entries =
        std::fs::read_dir(parent).map_err(|error| format!("cannot list {}: {error}", parent.display()))?;
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            !file.starts_with('.') && matches(&name, &file)
        })
        .collect();
    found.sort();
    if found.is_empty() { Err(format!("{} finds no file", pattern.display())) } else { Ok(found) }
}
