//! How far the work on several runs is, and how their files stand.

use std::path::PathBuf;

use crate::error::{ErrorKind, Result};
use crate::pipeline::{self, Status};
use crate::plan::Resources;
use crate::shared::{Inside, Standing};

use super::{Joined, Member, Scenarios};

/// How far the work on several runs is.
#[derive(Debug, serde::Serialize)]
#[non_exhaustive]
pub struct ScenariosStatus {
    /// The runs, in their order.
    pub runs: Vec<RunStatus>,
    /// Whether files of all runs are wanted.
    pub is_joined: bool,
    /// Those that were made.
    pub files: Vec<JoinedStatus>,
    /// Those that are still to be made; `None` where a run is not begun, or its checkpoint is gone.
    pub left: Option<Vec<Inside>>,
}

/// How far the work on one of several runs is.
#[derive(Debug, serde::Serialize)]
#[non_exhaustive]
pub struct RunStatus {
    /// What the run is called.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Nothing of a run that is not begun, or whose checkpoint was removed.
    pub status: Option<Status>,
}

/// A file of all runs, and how it stands.
#[derive(Debug, serde::Serialize)]
#[non_exhaustive]
pub struct JoinedStatus {
    /// The file.
    #[serde(flatten)]
    pub file: Joined,
    /// How it stands.
    pub condition: Condition,
}

/// How a file of all runs stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Condition {
    /// It is there, as it was made.
    Made,
    /// It is not there.
    Missing,
    /// Somebody has changed it.
    Changed,
    /// A run's own file has been made anew since, or is not there.
    Outdated,
}

impl Scenarios {
    /// How far the work is, and how the files stand.
    ///
    /// # Errors
    /// Those of [`pipeline::status`].
    pub fn status(&mut self, resources: Resources) -> Result<ScenariosStatus> {
        let is_known = match self.note_begun(resources) {
            Ok(()) => true,
            Err(error) if error.kind() == ErrorKind::NoCheckpoint => false,
            Err(error) => return Err(error),
        };
        let is_made = |file: &Inside| self.files().iter().any(|joined| joined.file == *file);
        let wanted = if self.is_joined() { self.joint_files() } else { Vec::new() };
        let left = is_known.then(|| wanted.into_iter().filter(|file| !is_made(file)).collect());
        let of_run = |member: &Member| {
            let folder = self.folder(member);
            let status = match pipeline::status(&folder) {
                Ok(status) => Some(status),
                Err(_) if !folder.exists() => None,
                Err(error) if error.kind() == ErrorKind::NoCheckpoint => None,
                Err(error) => return Err(error),
            };
            Ok(RunStatus { name: member.name.clone(), folder, status })
        };
        let of_file = |file: &Joined| JoinedStatus { file: file.clone(), condition: self.condition(file) };
        Ok(ScenariosStatus {
            runs: self.runs().iter().map(of_run).collect::<Result<_>>()?,
            is_joined: self.is_joined(),
            files: self.files().iter().map(of_file).collect(),
            left,
        })
    }

    fn condition(&self, joined: &Joined) -> Condition {
        match Standing::of(&self.output, &joined.file) {
            Err(_) => Condition::Missing,
            Ok(there) if !joined.is(&there) => Condition::Changed,
            Ok(_) => match self.made_of(&joined.file) {
                // A text of what columns are is made of no file.
                _ if joined.made_of.is_empty() => Condition::Made,
                Ok(made_of) if made_of == joined.made_of => Condition::Made,
                _ => Condition::Outdated,
            },
        }
    }

    /// What is known of the runs' own files.
    pub(super) fn made_of(&self, file: &Inside) -> Result<Vec<(String, u64, u64)>> {
        let of = |member: &Member| {
            let there = self.standing(member, file)?;
            Ok((member.name.clone(), there.bytes, there.seal ^ there.modified.cast_unsigned()))
        };
        self.runs().iter().map(of).collect()
    }
}
