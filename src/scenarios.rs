//! Several runs in one folder: each in a folder of its own, and tables of all of them.
//!
//! A run's folder, `run=NAME`, is what its work alone would make, with a checkpoint and a report of its own; readers of Hive's folders make
//! a column `run` of the name. Beside them stand the tables that are one file each, with the rows of all runs one after another and a
//! first column `run`. They are made of the runs' own files, which are read again as they stand, and follow them: a table is made anew
//! where one of these has changed. `runs.json` says which runs and which tables there are.

mod names;
mod proof;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::error::{Argument, Error, Reason, Result};
use crate::guard::guarded;
use crate::observer::{Counted, Observer};
use crate::pipeline;
use crate::plan::{Plan, Resources};
use crate::run::Run;
use crate::shared::{self, Draft, Inside, Standing};
use crate::spool::lock::Lock;
use crate::spool::snapshot::Snapshot;
use crate::spool::{self, Task};
use crate::table::form::TableForm;
use crate::table::read::{Description, Heading, Reader, Rows};
use crate::table::{Layout, Table, Together};

pub use names::name_of;
pub use proof::Proof;

/// What says which runs there are.
pub const FILE: &str = "runs.json";
/// Bytes of it at most.
const LONGEST: u64 = 1 << 26;

/// A run among several.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Member {
    /// What it is called.
    pub name: String,
    /// Its folder, below that of all.
    pub folder: Inside,
    /// Where it was read from.
    pub source: PathBuf,
}

/// A table of all runs.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Joined {
    /// Its file.
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
}

/// Several runs in one folder.
#[derive(Debug)]
pub struct Scenarios {
    output: PathBuf,
    listed: Listed,
    /// The tables of each run that are one file, by its name.
    tables: BTreeMap<String, Vec<(Inside, Table)>>,
    form: Option<&'static dyn TableForm>,
}

impl Scenarios {
    /// Begins, or goes on with, work on runs by their names and sources; with `separate` no tables of all are made.
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
        std::fs::create_dir_all(output).map_err(|source| Error::io("make the folder", output, source))?;
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
            None if !overwrites => {
                let list = |source| Error::io("list", output, source);
                for entry in std::fs::read_dir(output).map_err(list)? {
                    let name = entry.map_err(list)?.file_name();
                    if shared::mark_of(&name.to_string_lossy()).is_none() {
                        return Err(Error::output_not_empty(output));
                    }
                }
            }
            None => {}
        }
        let files = before.map(|before| before.files).unwrap_or_default();
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let listed = Listed { version, runs: members, separate, files };
        let scenarios = Scenarios { output: output.to_owned(), listed, tables: BTreeMap::new(), form: None };
        scenarios.write()?;
        Ok(scenarios)
    }

    /// The runs of a folder; `None` where it is not one of several runs.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io), [`Config`](crate::ErrorKind::Config).
    pub fn open(output: impl AsRef<Path>) -> Result<Option<Self>> {
        let output = output.as_ref();
        let listed = Scenarios::read(output)?;
        let of =
            |listed| Scenarios { output: output.to_owned(), listed, tables: BTreeMap::new(), form: None };
        Ok(listed.map(of))
    }

    fn read(output: &Path) -> Result<Option<Listed>> {
        let path = output.join(FILE);
        let bytes = match shared::read(&path, LONGEST) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => return Ok(None),
            Err(error) => return Err(shared::error("read", &path, error)),
        };
        let listed = serde_json::from_slice(&bytes);
        listed.map(Some).map_err(|error| Error::config(&path, error.to_string()))
    }

    fn write(&self) -> Result<()> {
        let path = self.output.join(FILE);
        if Scenarios::read(&self.output)?.as_ref() == Some(&self.listed) {
            return Ok(());
        }
        let mut bytes =
            serde_json::to_vec_pretty(&self.listed).map_err(|error| Error::bug(error.to_string()))?;
        bytes.push(b'\n');
        shared::write_whole(&path, &bytes)?;
        shared::sync_folder(&self.output)
    }

    /// The runs, in their order.
    pub fn runs(&self) -> &[Member] {
        &self.listed.runs
    }

    /// The tables of all runs.
    pub fn files(&self) -> &[Joined] {
        &self.listed.files
    }

    /// The folder of a run.
    pub fn folder(&self, member: &Member) -> PathBuf {
        member.folder.below(&self.output)
    }

    /// Notes which tables a run's plan makes. Of all runs that is known before they become one.
    ///
    /// # Errors
    /// Those of [`Layout::new`].
    pub fn note(&mut self, name: &str, plan: &Plan) -> Result<()> {
        let Some(settings) = &plan.settings.tables else { return Ok(()) };
        let layout = Layout::new(plan, settings)?;
        let single = layout.tables.iter().filter(|table| layout.is_single(table));
        let tables = single.map(|table| {
            let name = layout.file(table, 0);
            let file =
                Inside::new(&name).ok_or_else(|| Error::bug(format!("a table in the file {name:?}")))?;
            Ok((file, table.clone()))
        });
        self.tables.insert(name.to_owned(), tables.collect::<Result<_>>()?);
        self.form = Some(layout.form);
        Ok(())
    }

    /// The same of all runs, by what their checkpoints say.
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
            self.note(&member.name, &plan)?;
        }
        Ok(())
    }

    /// Makes the files of what tasks did on each run, as [`pipeline::publish`] does; `publish` gets each run and its folder.
    ///
    /// # Errors
    /// Those of [`Scenarios::note_begun`] and of `publish`.
    pub fn publish(
        &mut self,
        resources: Resources,
        publish: &mut dyn FnMut(&Member, &Path) -> Result<pipeline::Report>,
    ) -> Result<Vec<pipeline::Report>> {
        self.note_begun(resources)?;
        let runs = self.listed.runs.clone();
        runs.iter().map(|member| publish(member, &self.folder(member))).collect()
    }

    /// Makes the tables of all runs that are not there as they should be, of the files that each has published, and removes those that are
    /// not made any more. Returns what is to be told.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) where tables of the runs cannot be one; [`Busy`](crate::ErrorKind::Busy) where another process does the
    /// same; [`Stopped`](crate::ErrorKind::Stopped), [`Io`](crate::ErrorKind::Io), [`Library`](crate::ErrorKind::Library).
    pub fn join(&mut self, observer: &dyn Observer) -> Result<Vec<String>> {
        let spool = self.output.join(spool::FOLDER);
        shared::refuse_strange_folder(&spool)?;
        std::fs::create_dir_all(&spool).map_err(|source| Error::io("make the folder", &spool, source))?;
        let lock = Lock::take(&spool, Task::PUBLISHER, None, observer)?;
        let done = self.join_all(observer);
        drop(lock);
        // It holds nothing else.
        let _ = std::fs::remove_dir(&spool);
        done
    }

    fn join_all(&mut self, observer: &dyn Observer) -> Result<Vec<String>> {
        let (mut files, mut remarks) = (Vec::new(), Vec::new());
        let all = if self.listed.separate { Vec::new() } else { self.together()? };
        observer.started(Counted::Files, all.len() as u64, 0);
        for (file, together) in &all {
            remarks.extend(together.remarks.iter().cloned());
            files.push(self.file(file, together, observer)?);
            observer.advanced(Counted::Files, 1);
        }
        for old in self.listed.files.iter().filter(|old| !files.iter().any(|new| new.file == old.file)) {
            // What somebody has put in its place is theirs.
            if Standing::of(&self.output, &old.file).is_ok_and(|there| is_same(old, &there)) {
                shared::remove(&old.file.below(&self.output))?;
            }
        }
        self.listed.files = files;
        self.write()?;
        Ok(remarks)
    }

    /// The tables that all runs have, as one each.
    fn together(&self) -> Result<Vec<(Inside, Together)>> {
        let runs = &self.listed.runs;
        let of = |member: &Member| {
            let tables = self.tables.get(&member.name);
            tables.ok_or_else(|| Error::bug(format!("the tables of {} are not known", member.name)))
        };
        let (Some(first), Some(form)) = (runs.first(), self.form) else { return Ok(Vec::new()) };
        let files = of(first)?.iter().map(|(file, _)| file.clone());
        files
            .map(|file| {
                let own = |member: &'_ Member| {
                    let found = of(member)?.iter().find(|(other, _)| *other == file);
                    let missing = || Error::bug(format!("{} has no table {}", member.name, file.as_str()));
                    Ok(found.ok_or_else(missing)?.1.clone())
                };
                let tables: Vec<Table> = runs.iter().map(own).collect::<Result<_>>()?;
                let named = runs.iter().map(|member| member.name.as_str()).zip(&tables);
                let together = Together::new(form, &named.collect::<Vec<_>>())?;
                Ok((file, together))
            })
            .collect()
    }

    /// Makes a table of all runs, unless it is there.
    fn file(&self, file: &Inside, together: &Together, observer: &dyn Observer) -> Result<Joined> {
        let path = file.below(&self.output);
        let mut made_of = Vec::new();
        for member in &self.listed.runs {
            let folder = self.folder(member);
            let own = file.below(&folder);
            let there = Standing::of(&folder, file).map_err(|source| shared::error("read", &own, source))?;
            made_of.push((member.name.clone(), there.bytes, there.seal ^ there.modified.cast_unsigned()));
        }
        let known = self.listed.files.iter().find(|known| known.file == *file && known.made_of == made_of);
        if let Some(known) = known
            && Standing::of(&self.output, file).is_ok_and(|there| is_same(known, &there))
        {
            return Ok(known.clone());
        }
        shared::remove_left(&self.output, file.as_str());
        let draft = Draft::marked(&self.output, &shared::unique(), file.as_str())?;
        let sources: Vec<PathBuf> =
            self.listed.runs.iter().map(|member| file.below(&self.folder(member))).collect();
        let described = sources.iter().map(|source| describe(together.form, source));
        let about = together.about(&described.collect::<Result<Vec<Description>>>()?);
        let open = |run: usize, heading: &Heading| {
            let source = sources.get(run).ok_or_else(|| Error::bug(format!("no run {run}")))?;
            open(together.form, source, heading)
        };
        let go_on = || match observer.is_stopped() {
            true => Err(Error::stopped(0, 0)),
            false => Ok(()),
        };
        let rows = together.write(draft.path(), &about, open, go_on)?;
        let there = draft.publish_inside(&self.output, file)?;
        shared::sync_folder(shared::folder_of(&path))?;
        let Standing { bytes, modified, seal, .. } = there;
        Ok(Joined { file: file.clone(), rows, bytes, modified, seal, made_of })
    }
}

fn is_same(known: &Joined, there: &Standing) -> bool {
    (known.bytes, known.modified, known.seal) == (there.bytes, there.modified, there.seal)
}

/// Looks at a file before a library that trusts it does.
fn look(form: &dyn TableForm, path: &Path) -> Result<()> {
    if form.is_hdf5() { crate::probe::look(path) } else { Ok(()) }
}

/// What a run's file says of itself.
fn describe(form: &dyn TableForm, path: &Path) -> Result<Description> {
    look(form, path)?;
    sound(|| form.describe(path)).map_err(|reason| damaged(path, reason))
}

/// Opens the rows of a file.
fn open(form: &dyn TableForm, path: &Path, heading: &Heading) -> Result<Box<dyn Reader>> {
    look(form, path)?;
    let reader = sound(|| form.open(path, heading, 0)).map_err(|reason| damaged(path, reason))?;
    Ok(Box::new(Guarded(reader)))
}

fn damaged(path: &Path, reason: String) -> Error {
    let reason = format!("{reason}; make the file again with ");
    Error::config(path, Reason::from(reason).naming(Argument::Fresh))
}

/// A reader whose library may panic.
struct Guarded(Box<dyn Reader>);

impl Reader for Guarded {
    fn read(&mut self, rows: &mut Rows) -> std::result::Result<bool, String> {
        sound(|| self.0.read(rows))
    }
}

/// The libraries trust files without checksums, and panic where they are damaged.
fn sound<T>(read: impl FnOnce() -> std::result::Result<T, String>) -> std::result::Result<T, String> {
    guarded(read).unwrap_or_else(|| Err("it is damaged".to_owned()))
}
