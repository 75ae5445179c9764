//! What is wrong with a description.

use std::path::Path;

use crate::error::Error;

/// What is wrong with a description: where, and what to do about it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}{}{problem}", line.map(|line| format!("line {line}: ")).unwrap_or_default(), named(key))]
#[non_exhaustive]
pub struct DescriptionError {
    /// The line, counted from 1, where the text has one that tells.
    pub line: Option<u64>,
    /// The key with those of its tables, as `source.cell.step`; empty of the text as a whole.
    pub key: String,
    /// What is wrong.
    pub problem: DescriptionProblem,
}

/// What is wrong with a key of a description.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DescriptionProblem {
    /// The text is not TOML.
    #[error("the TOML is broken: {0}")]
    Toml(String),
    /// There is no table of records.
    #[error("there is no table [source]{}", nearest.as_ref().map(|name| format!("; did you mean {name:?}?")).unwrap_or_default())]
    NoSource {
        /// The table that looks like it.
        nearest: Option<String>,
    },
    /// There is no such key.
    #[error("there is no such key; {}", alternatives(nearest.as_deref(), known))]
    Unknown {
        /// The key that is spelt most like it.
        nearest: Option<String>,
        /// All keys of the table.
        known: Vec<&'static str>,
    },
    /// The value is of another kind than the key's.
    #[error("its value is to be {wants}")]
    Wants {
        /// What is wanted.
        wants: &'static str,
    },
    /// The value cannot be used, or not with those of other keys.
    #[error("{reason}")]
    Wrong {
        /// What is wrong.
        reason: String,
        /// What to do.
        cure: String,
    },
}

fn named(key: &str) -> String {
    if key.is_empty() { String::new() } else { format!("{key}: ") }
}

fn alternatives(nearest: Option<&str>, known: &[&str]) -> String {
    match nearest {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("there are {}", known.join(", ")),
    }
}

impl DescriptionError {
    pub(super) fn wrong(key: impl Into<String>, reason: impl Into<String>, cure: impl Into<String>) -> Self {
        let problem = DescriptionProblem::Wrong { reason: reason.into(), cure: cure.into() };
        DescriptionError { line: None, key: key.into(), problem }
    }

    /// What the user can do about it, where the message does not say it.
    pub fn hint(&self) -> Option<&str> {
        match &self.problem {
            DescriptionProblem::Wrong { cure, .. } => Some(cure),
            DescriptionProblem::NoSource { .. } => Some(
                "the keys of records stand in a table [source], and in tables below it, as [source.text]",
            ),
            _ => None,
        }
    }

    /// The same as an error of a file.
    pub fn of(self, path: &Path) -> Error {
        let cure = self.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
        Error::config(path, format!("{self}{cure}"))
    }
}
