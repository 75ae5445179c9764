//! What users get wrong before the library has anything to do with it.

use std::path::{Path, PathBuf};

/// A mistake in options, arguments and the configuration.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Mistake {
    /// In an option or argument of a command, or a key of the configuration.
    #[error("{option}{}: {reason}", quoted(value))]
    Option {
        /// By the name that users know.
        option: &'static str,
        /// What they gave; nothing where they gave nothing.
        value: String,
        /// What is wrong with it.
        reason: String,
    },
    /// In a file of settings.
    #[error("{}: {reason}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the line where it can be told.
        reason: String,
    },
    /// A file would be replaced that may be somebody's work.
    #[error("{} is there already: {what}", path.display())]
    Occupied {
        /// The file.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
}

impl Mistake {
    /// What to do instead.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Mistake::Occupied { .. } => Some("choose another name, or give --overwrite to replace it".into()),
            _ => None,
        }
    }
}

/// A mistake in an option or argument.
pub(crate) fn wrong(option: &'static str, value: impl ToString, reason: impl Into<String>) -> anyhow::Error {
    Mistake::Option { option, value: value.to_string(), reason: reason.into() }.into()
}

/// A mistake in a file of settings.
pub(crate) fn misconfigured(path: &Path, reason: impl Into<String>) -> anyhow::Error {
    Mistake::Config { path: path.to_owned(), reason: reason.into() }.into()
}

/// A value in quotes; nothing where nothing was given.
fn quoted(value: &str) -> String {
    if value.is_empty() { String::new() } else { format!(" {value:?}") }
}
