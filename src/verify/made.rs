//! What a folder says of how its files were made, and which files are there.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use crate::error::{Error, Result};
use crate::model::fault::Fault;
use crate::model::grid::Cell;
use crate::pipeline::FileKind;
use crate::plan::Settings;
use crate::run::silence::EmptyCells;
use crate::source::account::Account;

use super::Verification;

/// Files of a partition are in folders of folders of the one with the report.
const DEPTH: usize = 5;
/// Folders below folders that are looked into.
const DEEPEST: usize = 6;

/// `report.json`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Made {
    pub settings: MadeSettings,
    pub files: Vec<MadeFile>,
    pub created: Option<DateTime<Utc>>,
    /// What of the inputs it names as lost; `None` where it does not say.
    pub faults: Option<Vec<Fault>>,
    pub lost_periods: Option<Vec<MadeLost>>,
    pub lost_variables: Option<Vec<String>>,
    pub absent: Vec<String>,
    /// Cells that it says hold nothing.
    pub empty_cells: Vec<EmptyCells>,
    /// Where it says the lines of files of records went.
    pub records: Option<Account>,
    #[serde(skip)]
    pub is_there: bool,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct MadeFile {
    pub file: String,
    pub kind: FileKind,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct MadeLost {
    pub period: u32,
    pub is_loss: bool,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct MadeSettings {
    pub periods: Vec<u32>,
    pub cells: Option<Vec<Cell>>,
    /// All settings, as they were; older versions do not tell them.
    pub made_with: Option<serde_json::Value>,
}

impl Made {
    pub fn read(folder: &Path, result: &mut Verification) -> Self {
        let path = folder.join("report.json");
        let Ok(bytes) = crate::shared::read_input(&path) else { return Made::default() };
        match serde_json::from_slice::<Made>(&bytes) {
            Ok(made) => Made { is_there: true, ..made },
            Err(error) => {
                let found = format!("{error}");
                result.differ_in("report.json", "a report that can be read", &found);
                Made::default()
            }
        }
    }

    /// The settings that the files were made with, where they are known.
    pub fn settings(&self) -> Option<Settings> {
        serde_json::from_value(self.settings.made_with.clone()?).ok()
    }

    pub fn lists(&self, path: &str) -> bool {
        self.files.iter().any(|made| made.file == path)
    }
}

/// What is to be verified.
pub(super) struct Wanted {
    /// The folder with the report, or else the one that was named or that the file is in.
    pub root: PathBuf,
    /// Names below it that are wanted begin so.
    pub below: PathBuf,
}

impl Wanted {
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io) where there is no such file or folder.
    pub fn find(path: &Path) -> Result<Self> {
        let metadata = std::fs::metadata(path).map_err(|source| Error::io("read", path, source))?;
        let start = match metadata.is_dir() {
            true => path.to_owned(),
            false => match path.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
                _ => PathBuf::from("."),
            },
        };
        let mut root = start.canonicalize().map_err(|source| Error::io("read", &start, source))?;
        // A link is known by its own name, not by that of what it leads to.
        let full = match path.file_name() {
            Some(name) if !metadata.is_dir() => root.join(name),
            _ => root.clone(),
        };
        for _ in 0..DEPTH {
            if root.join("report.json").is_file() {
                let below = full.strip_prefix(&root).unwrap_or(&full).to_owned();
                return Ok(Wanted { root, below });
            }
            match root.parent() {
                Some(parent) => root = parent.to_owned(),
                None => break,
            }
        }
        let root = start.canonicalize().map_err(|source| Error::io("read", &start, source))?;
        let below = full.strip_prefix(&root).unwrap_or(&full).to_owned();
        Ok(Wanted { root, below })
    }

    /// Whether a file is wanted, by its name below the folder.
    pub fn has(&self, name: &str) -> bool {
        Path::new(name).starts_with(&self.below)
    }

    /// Whether all of the folder is.
    pub fn is_all(&self) -> bool {
        self.below.as_os_str().is_empty()
    }

    /// All wanted files that are there, by their names below the folder. Names that begin with a dot are of work that goes
    /// on or of other programs, and no products.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io) where a folder cannot be listed.
    pub fn files(&self) -> Result<Vec<String>> {
        let start = self.root.join(&self.below);
        if !start.is_dir() {
            return Ok(vec![self.below.to_string_lossy().into_owned()]);
        }
        let (mut files, mut folders) = (Vec::new(), vec![(start, 0)]);
        while let Some((folder, depth)) = folders.pop() {
            let list = |source| Error::io("list", &folder, source);
            for entry in std::fs::read_dir(&folder).map_err(list)? {
                let entry = entry.map_err(list)?;
                let path = entry.path();
                if entry.file_name().to_string_lossy().starts_with('.') {
                    continue;
                }
                let is_folder = entry.file_type().map_err(list)?.is_dir();
                if is_folder && depth < DEEPEST {
                    folders.push((path, depth + 1));
                    continue;
                }
                let name = path.strip_prefix(&self.root).unwrap_or(&path).to_string_lossy().into_owned();
                files.push(name);
            }
        }
        files.retain(|name| name != "report.json");
        files.sort();
        Ok(files)
    }
}
