//! Whether files are still what they were when references to them were made.

use std::path::Path;

use serde_json::Value;

use crate::error::{Error, Result};
use crate::shared::{self, Inside, Standing};

use super::FileStamp;

/// Where references say which files they were made of.
pub(super) const ATTRIBUTE: &str = "gridloom_references";

/// References are not longer.
const LONGEST: u64 = 4 << 30;

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub enum Change {
    /// It is not there.
    Gone(String),
    /// It is another one, or has other bytes.
    Changed(String),
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Change::Gone(file) => write!(f, "{file} is gone"),
            Change::Changed(file) => write!(f, "{file} was changed since"),
        }
    }
}

/// What references say of files.
pub(super) fn text(files: &[FileStamp]) -> String {
    let of = |file: &FileStamp| {
        let known = serde_json::json!([file.bytes, file.modified, format!("{:016x}", file.seal)]);
        (file.name.clone(), known)
    };
    Value::Object(files.iter().map(of).collect()).to_string()
}

/// Looks at the files that references were made of, in their folder: how many there are, and which are not any more what they were. A file is known by its size, its
/// beginning and its end; a copy with another time is as good.
///
/// # Errors
/// [`Io`](crate::ErrorKind::Io) where the references cannot be read, [`Foreign`](crate::ErrorKind::Foreign) where they are not gridloom's.
pub fn changed(references: impl AsRef<Path>, folder: impl AsRef<Path>) -> Result<(usize, Vec<Change>)> {
    let (references, folder) = (references.as_ref(), folder.as_ref());
    let is_folder = references.is_dir();
    let path = if is_folder { references.join(".zmetadata") } else { references.to_owned() };
    let foreign = || Error::foreign(references, "it does not hold references that gridloom made");
    let bytes = shared::read(&path, LONGEST).map_err(|source| Error::io("read", &path, source))?;
    let all: Value = serde_json::from_slice(&bytes).map_err(|_| foreign())?;
    let attributes = match is_folder {
        true => all["metadata"][".zattrs"].clone(),
        false => {
            let text = all["refs"][".zattrs"].as_str().ok_or_else(foreign)?;
            serde_json::from_str(text).map_err(|_| foreign())?
        }
    };
    let known = attributes[ATTRIBUTE].as_str().ok_or_else(foreign)?;
    let known: serde_json::Map<String, Value> = serde_json::from_str(known).map_err(|_| foreign())?;
    let root = if folder.is_dir() { folder } else { shared::folder_of(folder) };
    let mut changes = Vec::new();
    for (name, was) in &known {
        let there = Inside::new(name).map(|inside| Standing::of(root, &inside));
        changes.extend(match there {
            Some(Ok(there)) => {
                let own = (Some(there.bytes), Some(format!("{:016x}", there.seal)));
                let is_it = own == (was[0].as_u64(), was[2].as_str().map(str::to_owned));
                (!is_it).then(|| Change::Changed(name.clone()))
            }
            _ => Some(Change::Gone(name.clone())),
        });
    }
    Ok((known.len(), changes))
}
