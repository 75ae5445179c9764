//! The files that patterns of paths fit: listed once, with what their paths tell.

use std::cmp::Ordering;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::records::description::Description;
use crate::records::pattern::Pattern;
use crate::records::rows::{RecordFault, RecordFaultKind};

mod natural;
mod walk;

pub use natural::natural;

/// Files of records, in the natural order of their paths, which is the order of records.
#[derive(Debug, Clone, Default)]
pub struct Files {
    /// The folder that paths are relative to.
    pub base: PathBuf,
    /// The files.
    pub files: Vec<RecordFile>,
    /// What could not be listed, or is no file: the first thousand.
    pub faults: Vec<RecordFault>,
    /// All of these.
    pub fault_count: u64,
}

/// A file of records. Takes about a hundred bytes, since there may be millions.
#[derive(Debug, Clone)]
pub struct RecordFile {
    /// Its path, relative to the listing's folder where the pattern is.
    pub path: Box<Path>,
    /// Bytes.
    pub bytes: u64,
    /// When it was changed, in nanoseconds since 1970.
    pub modified: i64,
    names: Arc<Vec<String>>,
    spans: Box<[(u16, u16)]>,
}

impl RecordFile {
    /// What the path tells: names of fields and their texts, in the order of the pattern.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        let text = self.path.as_os_str().as_encoded_bytes();
        self.names.iter().zip(&self.spans).filter_map(move |(name, &(start, length))| {
            let bytes = text.get(start.into()..usize::from(start) + usize::from(length))?;
            Some((name.as_str(), std::str::from_utf8(bytes).ok()?))
        })
    }

    /// The text of a field.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields().find(|(known, _)| *known == name).map(|(_, text)| text)
    }

    /// The path in words.
    pub fn name(&self) -> String {
        self.path.display().to_string()
    }
}

/// Faults that are named at the most; all are counted.
pub const MOST_FAULTS: usize = 1_000;

impl Files {
    /// Where a file is.
    pub fn path(&self, file: &RecordFile) -> PathBuf {
        self.locate(&file.path)
    }

    fn locate(&self, path: &Path) -> PathBuf {
        if self.base == Path::new(".") { path.to_owned() } else { self.base.join(path) }
    }

    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    fn fault(&mut self, file: &Path, kind: RecordFaultKind, message: impl Into<String>) {
        self.fault_count += 1;
        if self.faults.len() < MOST_FAULTS {
            let file = file.display().to_string();
            self.faults.push(RecordFault { file, line: None, kind, message: message.into() });
        }
    }

    fn add(&mut self, path: &Path, metadata: &Metadata, names: &Arc<Vec<String>>, spans: Box<[(u16, u16)]>) {
        let (bytes, modified) = (metadata.len(), crate::source::modified(metadata));
        self.files.push(RecordFile { path: path.into(), bytes, modified, names: names.clone(), spans });
    }
}

/// Lists the files of a description. Paths are relative to `base`, the folder that the description is in.
///
/// A folder that cannot be listed, a link that leads nowhere, something that only has a file's name such as a pipe, and a pattern that fits
/// no file are in [`Files::faults`]. A file that several patterns fit is taken once, with the fields of the first.
///
/// # Errors
/// [`Argument`](crate::ErrorKind::Argument) and [`Config`](crate::ErrorKind::Config) where there is no pattern, or one that is none;
/// [`NotFound`](crate::ErrorKind::NotFound) where no file fits.
pub fn list(description: &Description, base: &Path) -> Result<Files> {
    let mut files = Files { base: base.to_owned(), ..Files::default() };
    if description.files.is_empty() {
        return Err(Error::config(
            base,
            "nothing says which files hold the records; give source.files, as \"run*/{variable}.out\"",
        ));
    }
    for text in &description.files {
        let pattern = Pattern::parse(text).map_err(|error| {
            Error::config(base, format!("source.files: {text:?}: {error}; {}", error.cure()))
        })?;
        let before = files.files.len();
        walk::walk(&pattern, &mut files);
        if files.files.len() == before {
            files.fault(
                Path::new(text),
                RecordFaultKind::NoFiles,
                "no file has a name that the pattern fits",
            );
        }
    }
    // The order of patterns decides of a file that several of them fit, since sorting is stable.
    files.files.sort_by(|one, other| by_name(&one.path, &other.path));
    files.files.dedup_by(|one, other| one.path == other.path);
    if files.files.is_empty() {
        let reason = match files.faults.iter().find(|fault| fault.kind != RecordFaultKind::NoFiles) {
            Some(fault) => format!("no file fits; {}: {}", fault.file, fault.message),
            None => "no file has a name that the pattern fits".to_owned(),
        };
        let path = files.locate(Path::new(description.files.first().map_or("", String::as_str)));
        return Err(Error::io("read", &path, std::io::Error::new(std::io::ErrorKind::NotFound, reason)));
    }
    Ok(files)
}

fn by_name(one: &Path, other: &Path) -> Ordering {
    natural(one.as_os_str().as_encoded_bytes(), other.as_os_str().as_encoded_bytes())
}

#[cfg(test)]
mod tests;
