//! Several runs in one folder: each in a folder of its own, and tables of all of them.
//!
//! A run's folder, `run=NAME`, is what its work alone would make, with a checkpoint and a report of its own; readers of Hive's folders make
//! a column `run` of the name. Beside them stand the tables that are one file each, with the rows of all runs one after another and a
//! first column `run`. They are made of the runs' own files, which are read again as they stand, and follow them: a table is made anew
//! where one of these has changed. `runs.json` says which runs and which tables there are.

mod join;
#[cfg(feature = "postgres")]
mod load;
mod names;
mod parts;
mod status;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::error::{Argument, Error, Reason, Result};
use crate::observer::Observer;
use crate::pipeline::{self, RUNS};
use crate::plan::tables::Names;
use crate::plan::{Plan, Resources};
use crate::run::Run;
use crate::shared::{self, Inside, Standing};
use crate::spool;
use crate::spool::snapshot::Snapshot;
use crate::table::form::TableForm;
use crate::table::{Layout, Table, Together};

#[cfg(feature = "postgres")]
pub use load::JointLoad;
pub use names::name_of;
pub use status::{Condition, JoinedStatus, RunStatus, ScenariosStatus};

/// Bytes of `runs.json` at most.
const LONGEST: u64 = 1 << 26;

/// A run among several.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct Member {
    /// What it is called.
    pub name: String,
    /// Its folder, below that of all.
    pub folder: Inside,
    /// Where it was read from.
    pub source: PathBuf,
}

/// A file of all runs.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct Joined {
    /// Its name.
    pub file: Inside,
    /// Its rows.
    pub rows: u64,
    /// Its bytes.
    pub bytes: u64,
    modified: i64,
    seal: u64,
    /// What is known of the runs' own files that it is made of, by the names of the runs.
    made_of: Vec<(String, u64, u64)>,
}

impl Joined {
    fn is(&self, there: &Standing) -> bool {
        (self.bytes, self.modified, self.seal) == (there.bytes, there.modified, there.seal)
    }
}

/// What `runs.json` holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Listed {
    version: String,
    runs: Vec<Member>,
    /// Whether there are no tables of all runs.
    #[serde(default)]
    separate: bool,
    #[serde(default)]
    files: Vec<Joined>,
    /// The runs' own files of which these are made.
    #[serde(default)]
    published: Vec<parts::Published>,
}

/// What a run's plan makes that is one file each.
#[derive(Debug)]
struct Noted {
    form: &'static dyn TableForm,
    tables: Vec<(Inside, Table)>,
    /// Whether a file says what columns are.
    has_metadata: bool,
}

/// Several runs in one folder.
#[derive(Debug)]
pub struct Scenarios {
    output: PathBuf,
    listed: Listed,
    /// By the names of runs.
    noted: BTreeMap<String, Noted>,
    /// Files of runs whose bytes this process has looked at.
    sound: BTreeSet<(String, Inside)>,
}

impl Scenarios {
    /// Runs by their names and sources, whose work begins or goes on in a folder; with `separate` no tables of all are made. Nothing is
    /// written before a plan of a run is [noted](Scenarios::note).
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where names are not fit for folders, are there twice, or leave out a run that the folder has;
    /// [`Occupied`](crate::ErrorKind::Occupied) where the folder holds something else and `overwrites` is false; [`Io`](crate::ErrorKind::Io).
    pub fn begin(
        output: impl AsRef<Path>,
        runs: &[(String, PathBuf)],
        separate: bool,
        overwrites: bool,
    ) -> Result<Self> {
        let output = output.as_ref();
        let members = names::members(runs)?;
        let before = Scenarios::read(output)?;
        match &before {
            Some(before) => {
                let is_gone = |member: &&Member| !members.iter().any(|other| other.name == member.name);
                if let Some(gone) = before.runs.iter().find(is_gone) {
                    let reason = format!(
                        "{} holds the run {} of before, which is not given; give it as well, or choose another folder",
                        output.display(),
                        gone.name
                    );
                    return Err(Error::selection(Argument::Labels, "", reason));
                }
            }
            None if !overwrites => refuse_others(output)?,
            None => {}
        }
        let before = before.unwrap_or_default();
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let listed = Listed { version, runs: members, separate, ..before };
        Ok(Scenarios::of(output, listed))
    }

    /// The runs of a folder; `None` where it is not one of several runs.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io), [`Config`](crate::ErrorKind::Config).
    pub fn open(output: impl AsRef<Path>) -> Result<Option<Self>> {
        let output = output.as_ref();
        let listed = Scenarios::read(output)?;
        Ok(listed.map(|listed| Scenarios::of(output, listed)))
    }

    fn of(output: &Path, listed: Listed) -> Self {
        Scenarios { output: output.to_owned(), listed, noted: BTreeMap::new(), sound: BTreeSet::new() }
    }

    fn read(output: &Path) -> Result<Option<Listed>> {
        let path = output.join(RUNS);
        let bytes = match shared::read(&path, LONGEST) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => return Ok(None),
            Err(error) => return Err(shared::error("read", &path, error)),
        };
        let listed = serde_json::from_slice(&bytes);
        listed.map(Some).map_err(|error| Error::config(&path, error.to_string()))
    }

    fn write(&self, listed: &Listed) -> Result<()> {
        let path = self.output.join(RUNS);
        if Scenarios::read(&self.output)?.as_ref() == Some(listed) {
            return Ok(());
        }
        std::fs::create_dir_all(&self.output)
            .map_err(|source| Error::io("make the folder", &self.output, source))?;
        let mut bytes = serde_json::to_vec_pretty(listed).map_err(|error| Error::bug(error.to_string()))?;
        bytes.push(b'\n');
        shared::write_whole(&path, &bytes)?;
        shared::sync_folder(&self.output)
    }

    /// The runs, in their order.
    pub fn runs(&self) -> &[Member] {
        &self.listed.runs
    }

    /// The files of all runs.
    pub fn files(&self) -> &[Joined] {
        &self.listed.files
    }

    /// Whether files of all runs are wanted.
    pub fn is_joined(&self) -> bool {
        !self.listed.separate
    }

    /// The folder that all is in.
    pub fn output(&self) -> &Path {
        &self.output
    }

    /// The run that was made of a source.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where none was.
    pub fn made_of_source(&self, source: &Path) -> Result<&Member> {
        let whole = |path: &Path| path.canonicalize().or_else(|_| std::path::absolute(path)).ok();
        let found = self.listed.runs.iter().find(|member| whole(&member.source) == whole(source));
        found.ok_or_else(|| {
            let known = self.listed.runs.iter();
            let known = known.map(|member| format!("{} of {}", member.name, member.source.display()));
            let known: Vec<String> = known.collect();
            let reason = format!("is not one of the runs that were made there: {}", known.join(", "));
            Error::selection(Argument::Source, source.display(), reason)
        })
    }

    /// The folder of a run.
    pub fn folder(&self, member: &Member) -> PathBuf {
        member.folder.below(&self.output)
    }

    /// Notes which tables a run's plan makes, and that the run is one of the folder's. To be done before the work on it.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where its tables cannot be one with those of the runs that were noted before, or are not made
    /// of several runs; those of [`Layout::new`]; [`Io`](crate::ErrorKind::Io).
    pub fn note(&mut self, name: &str, plan: &Plan) -> Result<()> {
        self.know(name, plan)?;
        if self.is_joined() {
            for file in self.joint_files() {
                self.together(&file, |member| self.noted.contains_key(&member.name))?;
            }
        }
        // Other tasks work on the same, and may have made files of all meanwhile.
        let Listed { files, published, .. } = Scenarios::read(&self.output)?.unwrap_or_default();
        self.listed.published = published;
        self.write(&Listed { files, ..self.listed.clone() })
    }

    fn know(&mut self, name: &str, plan: &Plan) -> Result<()> {
        let Some(settings) = &plan.settings.tables else { return Ok(()) };
        if self.is_joined() && settings.names == Names::Upstream {
            let reason = Reason::from("upstream has no tables of several runs; keep the runs apart with ");
            return Err(Error::selection(Argument::Names, "upstream", reason.naming(Argument::Separate)));
        }
        let layout = Layout::new(plan, settings)?;
        let single = layout.tables.iter().filter(|table| layout.is_single(table));
        let tables = single.map(|table| {
            let name = layout.file(table, 0);
            let file =
                Inside::new(&name).ok_or_else(|| Error::bug(format!("a table in the file {name:?}")))?;
            Ok((file, table.clone()))
        });
        let tables = tables.collect::<Result<_>>()?;
        let noted = Noted { form: layout.form, tables, has_metadata: settings.metadata };
        self.noted.insert(name.to_owned(), noted);
        Ok(())
    }

    /// Knows the plans of all runs by what their checkpoints say.
    ///
    /// # Errors
    /// [`NoCheckpoint`](crate::ErrorKind::NoCheckpoint) where a run is not begun, or its checkpoint is gone.
    pub fn note_begun(&mut self, resources: Resources) -> Result<()> {
        for member in self.listed.runs.clone() {
            let folder = self.folder(&member);
            let spool = spool::find(&folder)?;
            let snapshot = if spool.is_dir() { Snapshot::latest(&spool)? } else { None };
            let snapshot = snapshot.ok_or_else(|| Error::no_spool(&folder))?;
            let plan = snapshot.plan(resources, |listing, kept| Run::again(listing, kept, &spool))?;
            self.know(&member.name, &plan)?;
        }
        Ok(())
    }

    /// Makes the files of what tasks did on each run, as [`pipeline::publish`] does; `publish` gets each run and its folder.
    ///
    /// # Errors
    /// Those of [`Scenarios::note_begun`], of `publish`, and of [`Scenarios::note_published`].
    pub fn publish(
        &mut self,
        resources: Resources,
        observer: &dyn Observer,
        publish: &mut dyn FnMut(&Member, &Path) -> Result<pipeline::Report>,
    ) -> Result<Vec<pipeline::Report>> {
        self.note_begun(resources)?;
        let runs = self.listed.runs.clone();
        let of = |member: &Member| {
            let report = publish(member, &self.folder(member))?;
            self.note_published(&member.name, observer)?;
            Ok(report)
        };
        runs.iter().map(of).collect()
    }

    /// The tables that plans make which are known, by their files.
    pub(crate) fn joint_files(&self) -> Vec<Inside> {
        let mut files: Vec<Inside> = Vec::new();
        for (file, _) in self.noted.values().flat_map(|noted| &noted.tables) {
            if !files.contains(file) {
                files.push(file.clone());
            }
        }
        files
    }

    /// A table of the runs that are meant, as one.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where it cannot be one.
    pub(crate) fn together(&self, file: &Inside, is_meant: impl Fn(&Member) -> bool) -> Result<Together> {
        let (mut runs, mut form) = (Vec::new(), None);
        for member in self.listed.runs.iter().filter(|member| is_meant(member)) {
            let noted = self.noted.get(&member.name);
            let table = noted
                .and_then(|noted| noted.tables.iter().find(|(other, _)| other == file))
                .map(|(_, table)| table);
            let lacking = || {
                let reason = format!(
                    "{} is not made of the run {}; give the command again with the same options",
                    file.as_str(),
                    member.name
                );
                Error::selection(Argument::Tables, "", reason)
            };
            runs.push((member.name.as_str(), table.ok_or_else(lacking)?));
            form = form.or(noted.map(|noted| noted.form));
        }
        let form = form.ok_or_else(|| Error::bug("a table of no runs"))?;
        Together::new(form, &runs, Argument::Separate)
    }
}

/// Refuses a folder that holds something.
fn refuse_others(output: &Path) -> Result<()> {
    let list = |source| Error::io("list", output, source);
    let entries = match std::fs::read_dir(output) {
        Err(source) if source.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(list)?,
    };
    for entry in entries {
        let name = entry.map_err(list)?.file_name();
        if shared::mark_of(&name.to_string_lossy()).is_none() {
            return Err(Error::output_not_empty(output));
        }
    }
    Ok(())
}
